#include "oracles/digest.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t digest(const void *p, uint64_t n) { return XXH3_64bits(p, n); }

uint64_t digest_mix(uint64_t h, uint64_t v) {
    uint64_t x = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 32;
    return (x + h) * UINT64_C(0xd6e8feb86659fd93) + 1;
}
