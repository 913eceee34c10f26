/* AES-128, ChaCha20, XTEA and RC4: every message is encrypted and decrypted again. Stresses byte tables, 32-bit
   rotates and xors, in-place permutations, and loops whose trip counts are small constants. */
#include "bench.h"

enum { MESSAGE = 64, ROUNDS = 10 };

static uint8_t sbox[256], inverse_sbox[256], round_key[16 * (ROUNDS + 1)], rc4_state[256];
static uint8_t message[MESSAGE], plain[MESSAGE];

static uint32_t rotl(uint32_t x, uint32_t by) {
    return x << by | x >> (32 - by);
}

static uint8_t rotl8(uint8_t x, uint32_t by) {
    return (uint8_t)(x << by | x >> (8 - by));
}

static uint8_t twice(uint8_t x) {
    return (uint8_t)(x << 1 ^ (x >> 7) * 0x1b);
}

/* Walks the multiplicative group of GF(2^8): q runs through the inverses of p. */
static void sbox_init(void) {
    uint8_t p = 1, q = 1;
    do {
        p = (uint8_t)(p ^ twice(p));
        q = (uint8_t)(q ^ q << 1);
        q = (uint8_t)(q ^ q << 2);
        q = (uint8_t)(q ^ q << 4);
        if (q & 0x80) q ^= 0x09;
        sbox[p] = (uint8_t)(q ^ rotl8(q, 1) ^ rotl8(q, 2) ^ rotl8(q, 3) ^ rotl8(q, 4) ^ 0x63);
    } while (p != 1);
    sbox[0] = 0x63;
    for (uint32_t i = 0; i < 256; i++) inverse_sbox[sbox[i]] = (uint8_t)i;
}

static void aes_expand(const uint8_t *key) {
    uint8_t constant = 1;
    __builtin_memcpy(round_key, key, 16);
    for (uint32_t i = 16; i < sizeof round_key; i += 4) {
        uint8_t word[4];
        __builtin_memcpy(word, round_key + i - 4, 4);
        if (i % 16 == 0) {
            uint8_t first = word[0];
            for (int k = 0; k < 3; k++) word[k] = sbox[word[k + 1]];
            word[3] = sbox[first];
            word[0] ^= constant;
            constant = twice(constant);
        }
        for (uint32_t k = 0; k < 4; k++) round_key[i + k] = round_key[i + k - 16] ^ word[k];
    }
}

static void add_key(uint8_t *block, uint32_t round) {
    for (uint32_t i = 0; i < 16; i++) block[i] ^= round_key[16 * round + i];
}

/* Substitutes, and shifts row r of the column-major block by r places; the inverse undoes both. */
static void substitute_shift(uint8_t *block, const uint8_t *box, uint32_t direction) {
    uint8_t old[16];
    __builtin_memcpy(old, block, 16);
    for (uint32_t i = 0; i < 16; i++) block[i] = box[old[(i + 4 * direction * (i % 4)) % 16]];
}

static void mix_columns(uint8_t *block) {
    for (uint32_t i = 0; i < 16; i += 4) {
        uint8_t *c = block + i, first = c[0], all = c[0] ^ c[1] ^ c[2] ^ c[3];
        for (int k = 0; k < 3; k++) c[k] ^= all ^ twice(c[k] ^ c[k + 1]);
        c[3] ^= all ^ twice(c[3] ^ first);
    }
}

static void aes_encrypt(uint8_t *block) {
    add_key(block, 0);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        substitute_shift(block, sbox, 1);
        if (round < ROUNDS) mix_columns(block);
        add_key(block, round);
    }
}

static void aes_decrypt(uint8_t *block) {
    for (uint32_t round = ROUNDS; round > 0; round--) {
        add_key(block, round);
        if (round < ROUNDS) /* the matrix has order four */
            mix_columns(block), mix_columns(block), mix_columns(block);
        substitute_shift(block, inverse_sbox, 3);
    }
    add_key(block, 0);
}

static void quarter(uint32_t *s, int a, int b, int c, int d) {
    s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 7);
}

static void chacha(uint8_t *bytes, const uint32_t *key, uint32_t counter) {
    uint32_t initial[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, s[16];
    __builtin_memcpy(initial + 4, key, 32);
    initial[12] = counter;
    __builtin_memcpy(s, initial, sizeof s);
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 4; k++) quarter(s, k, k + 4, k + 8, k + 12);
        for (int k = 0; k < 4; k++) quarter(s, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4);
    }
    for (uint32_t i = 0; i < 64; i++) bytes[i] ^= (uint8_t)((s[i / 4] + initial[i / 4]) >> 8 * (i % 4));
}

static uint64_t xtea_encrypt(uint64_t block, const uint32_t *key) {
    uint32_t a = (uint32_t)block, b = (uint32_t)(block >> 32), total = 0;
    for (int i = 0; i < 32; i++) {
        a += ((b << 4 ^ b >> 5) + b) ^ (total + key[total & 3]);
        total += 0x9e3779b9;
        b += ((a << 4 ^ a >> 5) + a) ^ (total + key[total >> 11 & 3]);
    }
    return (uint64_t)b << 32 | a;
}

static uint64_t xtea_decrypt(uint64_t block, const uint32_t *key) {
    uint32_t a = (uint32_t)block, b = (uint32_t)(block >> 32), total = 0x9e3779b9u * 32;
    for (int i = 0; i < 32; i++) {
        b -= ((a << 4 ^ a >> 5) + a) ^ (total + key[total >> 11 & 3]);
        total -= 0x9e3779b9;
        a -= ((b << 4 ^ b >> 5) + b) ^ (total + key[total & 3]);
    }
    return (uint64_t)b << 32 | a;
}

static void rc4(uint8_t *bytes, uint32_t size, const uint8_t *key, uint32_t key_size) {
    for (uint32_t i = 0; i < 256; i++) rc4_state[i] = (uint8_t)i;
    for (uint32_t i = 0, j = 0; i < 256; i++) {
        uint8_t old = rc4_state[i];
        j = (j + old + key[i % key_size]) & 255;
        rc4_state[i] = rc4_state[j], rc4_state[j] = old;
    }
    for (uint32_t k = 0, i = 0, j = 0; k < size; k++) {
        i = (i + 1) & 255;
        uint8_t old = rc4_state[i];
        j = (j + old) & 255;
        rc4_state[i] = rc4_state[j], rc4_state[j] = old;
        bytes[k] ^= rc4_state[(rc4_state[i] + old) & 255];
    }
}

int64_t run(int32_t n) {
    Rng rng = {0x6b6579};
    uint64_t sum = 0;
    sbox_init();
    for (int32_t round = 0; round < n; round++) {
        uint32_t key[8];
        uint8_t short_key[16];
        for (uint32_t i = 0; i < 8; i++) key[i] = (uint32_t)rng_next(&rng);
        for (uint32_t i = 0; i < 16; i++) short_key[i] = (uint8_t)(key[i / 4] >> 8 * (i % 4));
        for (uint32_t i = 0; i < MESSAGE; i++) plain[i] = message[i] = (uint8_t)rng_next(&rng);
        aes_expand(short_key);
        for (uint32_t at = 0; at < MESSAGE; at += 16) aes_encrypt(message + at);
        sum = fold_bytes(sum, message, MESSAGE);
        chacha(message, key, (uint32_t)round);
        rc4(message, MESSAGE, short_key, 1 + (uint32_t)round % 16);
        sum = fold_bytes(sum, message, MESSAGE);
        rc4(message, MESSAGE, short_key, 1 + (uint32_t)round % 16);
        chacha(message, key, (uint32_t)round);
        for (uint32_t at = 0; at < MESSAGE; at += 16) aes_decrypt(message + at);
        for (uint32_t i = 0; i < MESSAGE; i++) sum += message[i] != plain[i];
        uint64_t hidden = xtea_encrypt(sum, key + 4);
        sum = fold(hidden, xtea_decrypt(hidden, key + 4) - sum);
    }
    return (int64_t)sum;
}
