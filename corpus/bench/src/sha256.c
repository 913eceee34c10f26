/* SHA-256 of messages of all lengths around the block boundary, each starting with the digest before it. Stresses
   32-bit rotates and adds, big-endian byte access, and a loop with many live values. */
#include "bench.h"

enum { BLOCK = 64, MESSAGE_MAX = 260 };

typedef struct Sha {
    uint32_t state[8];
    uint32_t schedule[64];
} Sha;

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t initial_state[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotr(uint32_t x, uint32_t by) {
    return (x >> by) | (x << (32 - by));
}

static uint32_t load_be(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void sha_schedule(uint32_t *w, const uint8_t *block) {
    for (uint32_t i = 0; i < 16; i++) w[i] = load_be(block + 4 * i);
    for (uint32_t i = 16; i < 64; i++) {
        uint32_t s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void sha_block(Sha *sha, const uint8_t *block) {
    uint32_t *s = sha->state;
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    sha_schedule(sha->schedule, block);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constant[i] + sha->schedule[i];
        uint32_t s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    s[0] += a, s[1] += b, s[2] += c, s[3] += d, s[4] += e, s[5] += f, s[6] += g, s[7] += h;
}

static void sha256(Sha *sha, const uint8_t *message, uint32_t size) {
    uint8_t tail[2 * BLOCK] = {0};
    uint32_t whole = size / BLOCK * BLOCK, rest = size - whole;
    uint32_t tail_size = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    __builtin_memcpy(sha->state, initial_state, sizeof initial_state);
    for (uint32_t at = 0; at < whole; at += BLOCK) sha_block(sha, message + at);
    __builtin_memcpy(tail, message + whole, rest);
    tail[rest] = 0x80;
    for (uint32_t i = 0; i < 4; i++) tail[tail_size - 1 - i] = (uint8_t)(size * 8 >> 8 * i);
    for (uint32_t at = 0; at < tail_size; at += BLOCK) sha_block(sha, tail + at);
}

int64_t run(int32_t n) {
    static Sha sha;
    static uint8_t message[MESSAGE_MAX];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MESSAGE_MAX; i++) message[i] = (uint8_t)(i * 7);
    for (int32_t round = 0; round < n; round++) {
        uint32_t size = (uint32_t)round * 11 % MESSAGE_MAX;
        sha256(&sha, message, size);
        for (uint32_t i = 0; i < 8; i++) sum = fold(sum, sha.state[i]);
        for (uint32_t i = 0; i < 32; i++) message[i] ^= (uint8_t)(sha.state[i / 4] >> 8 * (i % 4));
    }
    return (int64_t)sum;
}
