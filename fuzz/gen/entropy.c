/* Entropy: streams of deciding bytes. */
#include "fuzz/gen/entropy.h"
#include <assert.h>
#include "base/map.h"
#include "fuzz/gen/gen.h"

uint64_t splitmix(uint64_t *state) { return hash_mix(*state += UINT64_C(0x9e3779b97f4a7c15)); }

Entropy entropy_of(const uint8_t *at, uint32_t n, bool tail) {
    Entropy e = {at, at + n, 0};
    if (tail) e.tail = hash_bytes(at, n, 1) | 1;
    return e;
}

uint32_t entropy_tail(Entropy *e) {
    uint32_t b = (uint32_t)(splitmix(&e->tail) >> 56);
    e->tail += e->tail == 0; /* 0 would mean that there is none */
    return b;
}

uint64_t entropy_bits(Entropy *e, uint32_t n) {
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++) v |= (uint64_t)entropy_u8(e) << (8 * i);
    return v;
}

uint32_t entropy_pick(Entropy *e, uint32_t n) {
    assert(n > 0 && n <= 65536);
    if (n == 1) return 0;
    if (n <= 256) return entropy_u8(e) * n >> 8;
    uint32_t high = entropy_u8(e);
    return (high << 8 | entropy_u8(e)) * n >> 16;
}

uint32_t entropy_weighted(Entropy *e, const uint8_t *weight, uint32_t n) {
    uint32_t sum = 0, k = 0;
    for (uint32_t i = 0; i < n; i++) sum += weight[i];
    uint32_t r = entropy_pick(e, sum);
    while (r >= weight[k]) r -= weight[k++];
    return k;
}

/* -- The default stream ----------------------------------------------------------- */

void gen_entropy(uint64_t seed, uint8_t *out, uint32_t n) {
    uint64_t state = hash_mix(seed), word = 0;
    for (uint32_t i = 0; i < n; i++) {
        if ((i & 7) == 0) word = splitmix(&state);
        out[i] = (uint8_t)(word >> (8 * (i & 7)));
    }
    if (n) out[0] = GEN_VERSION;
}

/* Skewed to the middle, with a tail of large ones: the sum of two numbers, now and then doubled. */
uint32_t gen_entropy_size(uint64_t seed) {
    uint64_t state = hash_mix(seed ^ UINT64_C(0x5eed5123));
    uint32_t n = 160 + (uint32_t)(splitmix(&state) % 480);
    n += (uint32_t)(splitmix(&state) % 480);
    uint64_t r = splitmix(&state) % 32;
    return r == 0 ? n * 4 : r < 4 ? n * 2 : r < 7 ? n / 3 : n;
}
