/* Bit counting, alignment and unaligned little-endian access. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bits_clz32(uint32_t x) { return x ? (uint32_t)__builtin_clz(x) : 32; }
static inline uint32_t bits_clz64(uint64_t x) { return x ? (uint32_t)__builtin_clzll(x) : 64; }
static inline uint32_t bits_ctz32(uint32_t x) { return x ? (uint32_t)__builtin_ctz(x) : 32; }
static inline uint32_t bits_ctz64(uint64_t x) { return x ? (uint32_t)__builtin_ctzll(x) : 64; }
static inline uint32_t bits_popcount64(uint64_t x) { return (uint32_t)__builtin_popcountll(x); }
static inline bool bits_is_pow2(uint64_t x) { return x && !(x & (x - 1)); }
static inline uint64_t bits_align(uint64_t x, uint64_t to) { return (x + to - 1) & ~(to - 1); }

/* wasm memory is little-endian, and so are both hosts. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "big-endian hosts need byte swaps here");
#define BITS_ACCESS(name, T)                          \
    static inline T bits_load_##name(const void *p) { \
        T v;                                          \
        memcpy(&v, p, sizeof v);                      \
        return v;                                     \
    }                                                 \
    static inline void bits_store_##name(void *p, T v) { memcpy(p, &v, sizeof v); }
BITS_ACCESS(u8, uint8_t)
BITS_ACCESS(u16, uint16_t)
BITS_ACCESS(u32, uint32_t)
BITS_ACCESS(u64, uint64_t)
#undef BITS_ACCESS

/* A set of up to any number of small integers. */
typedef struct BitSet {
    uint64_t *word;
    uint32_t nbits;
} BitSet;
static inline bool bitset_has(const BitSet *s, uint32_t i) { return s->word[i >> 6] >> (i & 63) & 1; }
static inline void bitset_add(BitSet *s, uint32_t i) { s->word[i >> 6] |= UINT64_C(1) << (i & 63); }
static inline void bitset_del(BitSet *s, uint32_t i) { s->word[i >> 6] &= ~(UINT64_C(1) << (i & 63)); }
