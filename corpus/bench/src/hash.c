/* Table-driven CRC-32, and the 32- and 64-bit mixing hashes (FNV-1a, MurmurHash3, xxHash64, SipHash-2-4, Adler-32)
   over unaligned slices of one buffer. Stresses narrow and unaligned loads, multiplication, rotation, and small
   tail loops. */
#include "bench.h"

enum { BUFFER = 512 };

static uint32_t crc_table[256];
static uint8_t buffer[BUFFER];

static uint32_t rotl32(uint32_t x, uint32_t by) {
    return (x << by) | (x >> (32 - by));
}

static uint64_t rotl64(uint64_t x, uint32_t by) {
    return (x << by) | (x >> (64 - by));
}

static uint32_t load32(const uint8_t *p) {
    uint32_t x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

static uint64_t load64(const uint8_t *p) {
    uint64_t x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

static void crc_init(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
        crc_table[i] = c;
    }
}

static uint32_t crc32(const uint8_t *p, uint32_t size) {
    uint32_t c = 0xffffffff;
    for (uint32_t i = 0; i < size; i++) c = crc_table[(c ^ p[i]) & 0xff] ^ c >> 8;
    return ~c;
}

static uint32_t adler32(const uint8_t *p, uint32_t size) {
    uint32_t a = 1, b = 0;
    for (uint32_t i = 0; i < size; i++) {
        a = (a + p[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static uint64_t fnv1a(const uint8_t *p, uint32_t size) {
    uint64_t h = 0xcbf29ce484222325;
    for (uint32_t i = 0; i < size; i++) h = (h ^ p[i]) * 0x100000001b3;
    return h;
}

static uint32_t murmur_scramble(uint32_t k) {
    return rotl32(k * 0xcc9e2d51, 15) * 0x1b873593;
}

static uint32_t murmur3(const uint8_t *p, uint32_t size, uint32_t seed) {
    uint32_t h = seed, k = 0, i = 0;
    for (; i + 4 <= size; i += 4) h = rotl32(h ^ murmur_scramble(load32(p + i)), 13) * 5 + 0xe6546b64;
    switch (size & 3) {
    case 3: k ^= (uint32_t)p[i + 2] << 16; /* fall through */
    case 2: k ^= (uint32_t)p[i + 1] << 8;  /* fall through */
    case 1: h ^= murmur_scramble(k ^ p[i]);
    }
    h ^= size;
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    return h ^ h >> 16;
}

static const uint64_t xx1 = 0x9e3779b185ebca87, xx2 = 0xc2b2ae3d27d4eb4f, xx3 = 0x165667b19e3779f9,
                      xx4 = 0x85ebca77c2b2ae63, xx5 = 0x27d4eb2f165667c5;

static uint64_t xx_round(uint64_t acc, uint64_t lane) {
    return rotl64(acc + lane * xx2, 31) * xx1;
}

static uint64_t xx_merge(uint64_t h, uint64_t acc) {
    return (h ^ xx_round(0, acc)) * xx1 + xx4;
}

static uint64_t xxhash64(const uint8_t *p, uint32_t size, uint64_t seed) {
    const uint8_t *end = p + size;
    uint64_t h = seed + xx5;
    if (size >= 32) {
        uint64_t a = seed + xx1 + xx2, b = seed + xx2, c = seed, d = seed - xx1;
        for (; end - p >= 32; p += 32) {
            a = xx_round(a, load64(p)), b = xx_round(b, load64(p + 8));
            c = xx_round(c, load64(p + 16)), d = xx_round(d, load64(p + 24));
        }
        h = rotl64(a, 1) + rotl64(b, 7) + rotl64(c, 12) + rotl64(d, 18);
        h = xx_merge(xx_merge(xx_merge(xx_merge(h, a), b), c), d);
    }
    h += size;
    for (; end - p >= 8; p += 8) h = rotl64(h ^ xx_round(0, load64(p)), 27) * xx1 + xx4;
    for (; end - p >= 4; p += 4) h = rotl64(h ^ load32(p) * xx1, 23) * xx2 + xx3;
    for (; p < end; p++) h = rotl64(h ^ *p * xx5, 11) * xx1;
    h = (h ^ h >> 33) * xx2;
    h = (h ^ h >> 29) * xx3;
    return h ^ h >> 32;
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotl64(v[1], 13) ^ v[0], v[0] = rotl64(v[0], 32);
    v[2] += v[3], v[3] = rotl64(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl64(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl64(v[1], 17) ^ v[2], v[2] = rotl64(v[2], 32);
}

static uint64_t siphash(const uint8_t *p, uint32_t size, uint64_t k0, uint64_t k1) {
    uint64_t v[4] = {0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573};
    uint32_t whole = size & ~7u;
    uint64_t last = (uint64_t)size << 56;
    for (int i = 0; i < 4; i++) v[i] ^= i % 2 == 0 ? k0 : k1;
    for (uint32_t i = whole; i < size; i++) last |= (uint64_t)p[i] << 8 * (i - whole);
    for (uint32_t i = 0; i <= whole; i += 8) {
        uint64_t word = i < whole ? load64(p + i) : last;
        v[3] ^= word;
        sip_round(v), sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int64_t run(int32_t n) {
    Rng rng = {0x68617368};
    uint64_t sum = 0;
    crc_init();
    for (uint32_t i = 0; i < BUFFER; i++) buffer[i] = (uint8_t)rng_next(&rng);
    for (int32_t round = 0; round < n; round++) {
        uint32_t size = rng_below(&rng, BUFFER), start = rng_below(&rng, BUFFER - size);
        const uint8_t *p = buffer + start;
        sum = fold(sum, (uint64_t)crc32(p, size) << 32 | adler32(p, size));
        sum = fold(sum, fnv1a(p, size));
        sum = fold(sum, murmur3(p, size, (uint32_t)sum));
        sum = fold(sum, xxhash64(p, size, sum));
        sum = fold(sum, siphash(p, size, sum, ~sum));
        buffer[start] ^= (uint8_t)sum;
    }
    return (int64_t)sum;
}
