/* Memory traffic on pages that the program asks for itself: overlapping moves in both directions, copies and fills
   of all small sizes, gather and scatter, a transpose, a ring of pointers, and growth that must fail. Stresses
   memory.grow, memory.copy, memory.fill, and loads and stores of every width at every alignment. */
#include "bench.h"
#include "platform.h"

enum { PAGES = 2, WORDS = 1024, SIDE = 16, RING = 256 };

typedef struct Link {
    struct Link *next;
    uint32_t value;
} Link;

typedef struct Areas {
    uint8_t *bytes;    /* 8 KiB that overlapping moves work in */
    uint64_t *words;   /* WORDS */
    uint32_t *index;   /* WORDS, a permutation */
    uint16_t *tile;    /* SIDE * SIDE, twice */
    Link *ring;        /* RING, from the end of the first page into the second */
} Areas;

static uint32_t heap_ensure(uint32_t pages) {
    uint32_t have = heap_pages();
    if (have >= pages) return 1;
    return (uint32_t)heap_grow(pages - have);
}

static Areas areas_init(void) {
    uint8_t *base = heap_start();
    Areas areas = {
        .bytes = base,
        .words = (uint64_t *)(void *)(base + 8192),
        .index = (uint32_t *)(void *)(base + 8192 + 8 * WORDS),
        .tile = (uint16_t *)(void *)(base + 8192 + 12 * WORDS),
        .ring = (Link *)(void *)(base + PAGE - RING * sizeof(Link) / 2),
    };
    for (uint32_t i = 0; i < 8192; i++) areas.bytes[i] = (uint8_t)(i ^ i >> 5);
    for (uint32_t i = 0; i < WORDS; i++) areas.words[i] = i * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < WORDS; i++) areas.index[i] = i * 389 % WORDS;
    for (uint32_t i = 0; i < 2 * SIDE * SIDE; i++) areas.tile[i] = (uint16_t)(i * 40503u);
    for (uint32_t i = 0; i < RING; i++) areas.ring[i] = (Link){&areas.ring[(i * 5 + 1) % RING], i};
    return areas;
}

static void move_bytes(uint8_t *to, const uint8_t *from, uint32_t size) {
    if (to < from) {
        for (uint32_t i = 0; i < size; i++) to[i] = from[i];
    } else {
        for (uint32_t i = size; i-- > 0;) to[i] = from[i];
    }
}

/* The same move by instruction and by loop, in two halves of the area, which must stay equal. */
static uint32_t overlap(uint8_t *bytes, Rng *rng) {
    uint32_t size = rng_below(rng, 300), from = rng_below(rng, 600), to = from + rng_below(rng, 200) - 100;
    if (to > 4096 - 300) to = 0;
    __builtin_memcpy(bytes + 4096, bytes, 1024);
    __builtin_memmove(bytes + to, bytes + from, size);
    move_bytes(bytes + 4096 + to, bytes + 4096 + from, size);
    uint32_t different = 0;
    for (uint32_t i = 0; i < 1024; i += 8) {
        uint64_t a, b;
        __builtin_memcpy(&a, bytes + i, 8);
        __builtin_memcpy(&b, bytes + 4096 + i, 8);
        different += a != b;
    }
    return different;
}

static uint64_t small_blocks(uint64_t sum, uint8_t *bytes, Rng *rng) {
    for (uint32_t size = 0; size <= 40; size += 1 + (size & 2)) {
        uint8_t *p = bytes + rng_below(rng, 2000);
        __builtin_memset(p, (int)(sum & 0xff), size);
        __builtin_memcpy(p + 2048, p + 41, size);
        sum = fold(sum, (uint64_t)p[size] << 8 | p[2048]);
    }
    return sum;
}

static uint64_t gather_scatter(uint64_t sum, uint64_t *words, const uint32_t *index, uint32_t start) {
    for (uint32_t i = start; i < start + 128; i++) {
        uint32_t at = index[i % WORDS];
        uint64_t value = words[at];
        words[index[at]] = value << 9 | value >> 55;
        sum += value;
    }
    return fold(sum, words[start % WORDS]);
}

static void transpose(uint16_t *tile, uint32_t step) {
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) tile[SIDE * SIDE + x * SIDE + y] = (uint16_t)(tile[y * SIDE + x] + step);
    __builtin_memcpy(tile, tile + SIDE * SIDE, SIDE * SIDE * sizeof *tile);
}

/* Every width, signed and unsigned, at every offset from natural alignment. */
static uint64_t unaligned(uint64_t sum, uint8_t *bytes) {
    for (uint32_t i = 0; i < 16; i++) {
        int16_t half;
        int32_t word;
        int64_t wide;
        float single = (float)(int32_t)(sum >> 40);
        double real = (double)(int64_t)(sum >> 12);
        __builtin_memcpy(&half, bytes + i, 2);
        __builtin_memcpy(&word, bytes + i + 3, 4);
        __builtin_memcpy(&wide, bytes + i + 7, 8);
        sum = fold(sum, (uint64_t)half + (uint64_t)word + (uint64_t)wide);
        sum += (uint64_t)(int64_t)(int8_t)bytes[i] ^ (uint64_t)(uint16_t)half << 17 ^ (uint64_t)(uint32_t)word << 9;
        half = (int16_t)sum, word = (int32_t)(sum >> 8), wide = (int64_t)(sum ^ sum >> 7);
        __builtin_memcpy(bytes + i + 64, &wide, 8);
        __builtin_memcpy(bytes + i + 97, &word, 4);
        __builtin_memcpy(bytes + i + 131, &half, 2);
        __builtin_memcpy(bytes + i + 161, &single, 4);
        __builtin_memcpy(bytes + i + 195, &real, 8);
        bytes[i + 33] = (uint8_t)(sum >> 3);
    }
    return sum;
}

static uint64_t walk(uint64_t sum, Link *ring, uint32_t steps) {
    Link *link = &ring[steps % RING];
    for (uint32_t i = 0; i < steps; i++) {
        link->value += i;
        sum += link->value;
        link = link->next;
    }
    return fold(sum, link->value);
}

int64_t run(int32_t n) {
    Rng rng = {0x6d656d};
    uint64_t sum = heap_ensure(PAGES);
    if (sum == 0) return -1;
    Areas areas = areas_init();
    for (int32_t round = 0; round < n; round++) {
        sum = fold(sum, overlap(areas.bytes, &rng));
        sum = small_blocks(sum, areas.bytes, &rng);
        sum = unaligned(sum, areas.bytes + (round & 7));
        sum = gather_scatter(sum, areas.words, areas.index, (uint32_t)round);
        transpose(areas.tile, (uint32_t)sum & 0xff);
        sum = walk(sum, areas.ring, (uint32_t)round % 64);
        if (round % 64 == 63) sum = fold(sum, heap_ensure(65536) * 2 + heap_ensure(PAGES));
    }
    sum = fold_bytes(sum, areas.bytes, 8192);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) sum = fold(sum, areas.tile[i]);
    return (int64_t)sum;
}
