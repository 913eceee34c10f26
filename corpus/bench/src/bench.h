/* What every program of the corpus shares: the entry point, a checksum that all results are folded into, and a
   source of pseudo-random numbers. No libc is needed, so one source compiles to wasm and to native code and must
   give the same bits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Does work proportional to n (nothing for n <= 0) from a fresh state, and returns the checksum of all of it. */
int64_t run(int32_t n);

typedef union F64Bits {
    double value;
    uint64_t bits;
} F64Bits;

typedef union F32Bits {
    float value;
    uint32_t bits;
} F32Bits;

typedef struct Rng {
    uint64_t state; /* any value is a valid seed */
} Rng;

/* splitmix64 */
static inline uint64_t rng_next(Rng *rng) {
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint32_t rng_below(Rng *rng, uint32_t limit) {
    return (uint32_t)(((rng_next(rng) >> 32) * limit) >> 32);
}

/* Uniform in [0, 1), exact. */
static inline double rng_unit(Rng *rng) {
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* Each fold is a bijection of the running sum, so no later step can hide an earlier difference. */
static inline uint64_t fold(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0xff51afd7ed558ccdu;
    return sum ^ (sum >> 32);
}

static inline uint64_t fold_f64(uint64_t sum, double value) {
    F64Bits pun = {.value = value};
    return fold(sum, pun.bits);
}

static inline uint64_t fold_f32(uint64_t sum, float value) {
    F32Bits pun = {.value = value};
    return fold(sum, pun.bits);
}

static inline uint64_t fold_bytes(uint64_t sum, const uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) sum = fold(sum, bytes[i]);
    return sum;
}
