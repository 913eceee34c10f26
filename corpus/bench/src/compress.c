/* LZ77 with hash chains, then canonical Huffman coding of its bytes, then both undone and compared with the input.
   Stresses bit readers and writers, match loops over bytes, overlapping copies, and table building. */
#include "bench.h"

enum { INPUT = 400, PACKED_MAX = 512, CODED_MAX = 1024, WINDOW_HASH = 256, SYMBOLS = 256, LENGTH_MAX = 16 };

typedef struct Bits {
    uint8_t *at;
    uint64_t pending;
    uint32_t count;
} Bits;

typedef struct Huffman {
    uint8_t length[SYMBOLS];
    uint32_t code[SYMBOLS];
} Huffman;

static uint8_t input[INPUT], packed[PACKED_MAX], coded[CODED_MAX], unpacked[PACKED_MAX], output[INPUT];
static uint16_t head[WINDOW_HASH], previous[INPUT];
static Huffman huffman;

static void fill(Rng *rng) {
    static const char words[] = "the quick brown fox jumps over the lazy dog and runs away from the other dogs ";
    uint32_t at = 0;
    while (at < INPUT) {
        uint32_t start = rng_below(rng, sizeof words - 12), size = 3 + rng_below(rng, 9);
        if (rng_below(rng, 10) == 0) input[at++] = (uint8_t)rng_next(rng);
        for (uint32_t i = 0; i < size && at < INPUT; i++) input[at++] = (uint8_t)words[start + i];
    }
}

static uint32_t match_length(uint32_t a, uint32_t b) {
    uint32_t size = 0;
    while (b + size < INPUT && size < 66 && input[a + size] == input[b + size]) size++;
    return size;
}

static uint32_t find_match(uint32_t at, uint32_t *distance) {
    uint32_t best = 0, tries = 16;
    uint32_t hash = (input[at] * 0x9e5u ^ input[at + 1] * 0x3du ^ input[at + 2] * 0x7f1u) % WINDOW_HASH;
    for (uint32_t from = head[hash]; from != 0 && tries > 0; from = previous[from - 1], tries--) {
        uint32_t size = match_length(from - 1, at);
        if (size > best) best = size, *distance = at - (from - 1);
    }
    previous[at] = head[hash];
    head[hash] = (uint16_t)(at + 1);
    return best;
}

/* 0x00..0x7f: that many literals plus one follow; 0x80 and up: length minus 3, then the distance in two bytes. */
static uint32_t lz_pack(void) {
    uint32_t out = 0, at = 0, literals = 0;
    __builtin_memset(head, 0, sizeof head);
    while (at < INPUT) {
        uint32_t distance = 0, size = at + 3 <= INPUT ? find_match(at, &distance) : 0;
        if (size >= 4) {
            packed[out] = (uint8_t)(0x80 | (size - 3));
            packed[out + 1] = (uint8_t)distance;
            packed[out + 2] = (uint8_t)(distance >> 8);
            out += 3, at += size, literals = 0;
            continue;
        }
        if (literals == 0 || literals == 128) packed[out++] = 0xff, literals = 0;
        packed[out++] = input[at++];
        literals++;
        packed[out - literals - 1] = (uint8_t)(literals - 1);
    }
    return out;
}

static uint32_t lz_unpack(const uint8_t *in, uint32_t size) {
    uint32_t out = 0;
    for (uint32_t at = 0; at < size;) {
        uint32_t token = in[at++];
        if (token < 0x80) {
            __builtin_memcpy(output + out, in + at, token + 1);
            out += token + 1, at += token + 1;
            continue;
        }
        uint32_t length = (token & 0x7f) + 3, distance = in[at] | (uint32_t)in[at + 1] << 8;
        at += 2;
        for (uint32_t i = 0; i < length; i++, out++) output[out] = output[out - distance];
    }
    return out;
}

/* Takes the lightest node out of the list of nodes that have no parent yet. */
static uint32_t take_lightest(uint16_t *open, uint32_t *count, const uint32_t *weight) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < *count; i++)
        if (weight[open[i]] < weight[open[best]]) best = i;
    uint32_t node = open[best];
    open[best] = open[--*count];
    return node;
}

/* Code lengths from the tree that joins the two lightest nodes until one is left. */
static void huffman_lengths(const uint8_t *bytes, uint32_t size) {
    uint32_t weight[2 * SYMBOLS] = {0}, nodes = SYMBOLS, count = 0;
    uint16_t parent[2 * SYMBOLS] = {0}, open[SYMBOLS];
    for (uint32_t i = 0; i < size; i++) weight[bytes[i]]++;
    for (uint32_t i = 0; i < SYMBOLS; i++)
        if (weight[i] != 0) open[count++] = (uint16_t)i;
    for (; count > 1; nodes++) {
        uint32_t a = take_lightest(open, &count, weight), b = take_lightest(open, &count, weight);
        weight[nodes] = weight[a] + weight[b];
        parent[a] = parent[b] = open[count++] = (uint16_t)nodes;
    }
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        uint32_t length = 0;
        for (uint32_t node = i; parent[node] != 0; node = parent[node]) length++;
        huffman.length[i] = (uint8_t)length;
    }
}

static void huffman_codes(void) {
    uint32_t next = 0;
    for (uint32_t length = 1; length <= LENGTH_MAX; length++, next <<= 1)
        for (uint32_t i = 0; i < SYMBOLS; i++)
            if (huffman.length[i] == length) huffman.code[i] = next++;
}

static void bits_put(Bits *bits, uint32_t value, uint32_t count) {
    bits->pending = bits->pending << count | value;
    for (bits->count += count; bits->count >= 8;) {
        bits->count -= 8;
        *bits->at++ = (uint8_t)(bits->pending >> bits->count);
    }
}

static uint32_t bits_get(Bits *bits) {
    if (bits->count == 0) bits->pending = *bits->at++, bits->count = 8;
    return bits->pending >> --bits->count & 1;
}

static uint32_t huffman_pack(uint32_t size) {
    Bits bits = {coded, 0, 0};
    huffman_lengths(packed, size);
    huffman_codes();
    for (uint32_t i = 0; i < size; i++) bits_put(&bits, huffman.code[packed[i]], huffman.length[packed[i]]);
    bits_put(&bits, 0, 7);
    return (uint32_t)(bits.at - coded);
}

static void huffman_unpack(uint32_t size) {
    uint32_t first[LENGTH_MAX + 2] = {0}, offset[LENGTH_MAX + 2] = {0}, count[LENGTH_MAX + 2] = {0}, fill_at = 0;
    uint8_t order[SYMBOLS];
    for (uint32_t length = 1; length <= LENGTH_MAX; length++) {
        offset[length] = fill_at;
        first[length] = (first[length - 1] + count[length - 1]) << 1;
        for (uint32_t i = 0; i < SYMBOLS; i++)
            if (huffman.length[i] == length) order[fill_at++] = (uint8_t)i, count[length]++;
    }
    Bits bits = {coded, 0, 0};
    for (uint32_t i = 0; i < size; i++) {
        uint32_t code = 0, length = 0;
        do {
            code = code << 1 | bits_get(&bits);
            length++;
        } while (length < LENGTH_MAX && code - first[length] >= count[length]);
        unpacked[i] = order[offset[length] + code - first[length]];
    }
}

int64_t run(int32_t n) {
    Rng rng = {0x6c7a};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        fill(&rng);
        uint32_t packed_size = lz_pack(), coded_size = huffman_pack(packed_size), wrong = 0;
        huffman_unpack(packed_size);
        uint32_t size = lz_unpack(unpacked, packed_size);
        for (uint32_t i = 0; i < INPUT; i++) wrong += output[i] != input[i];
        sum = fold(sum, (uint64_t)packed_size << 32 | coded_size);
        sum = fold(sum, (uint64_t)size << 32 | wrong);
        sum = fold_bytes(sum, coded, coded_size);
    }
    return (int64_t)sum;
}
