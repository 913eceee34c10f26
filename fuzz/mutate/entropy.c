/* Mutations of entropy: it is cut into a function a chunk (gen/gen.h), so whole chunks are what is worth moving. */
#include <string.h>
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"

typedef struct Slice {
    uint32_t from, to;
} Slice;

/* A chunk between two delimiters, or before the first, or behind the last. */
static Slice chunk(Mutator *m, const uint8_t *at, uint32_t n) {
    Slice s = {0, n};
    if (!n) return s;
    uint32_t k = mut_pick(m, n);
    for (s.from = k; s.from && at[s.from - 1] != GEN_DELIMITER; s.from--) {
    }
    for (s.to = k; s.to < n && at[s.to] != GEN_DELIMITER; s.to++) {
    }
    if (s.to < n) s.to++;
    return s;
}

static void change_bytes(Mutator *m, uint8_t *at, uint32_t n) {
    for (uint32_t i = 1 + mut_pick(m, 4); n && i--;) {
        uint32_t k = mut_pick(m, n);
        at[k] = mut_one_in(m, 2) ? (uint8_t)mut_next(m) : (uint8_t)(at[k] ^ 1u << mut_pick(m, 8));
    }
}

/* [from, to) of `in` replaced. */
static void splice(Mutator *m, Mutant *out, const uint8_t *in, uint32_t n, Slice cut, const uint8_t *by,
                   uint32_t by_n) {
    uint8_t *at = arena_alloc(m->a, (size_t)n + by_n + 1, 1);
    memcpy(at, in, cut.from);
    if (by_n) memcpy(at + cut.from, by, by_n);
    memcpy(at + cut.from + by_n, in + cut.to, n - cut.to);
    out->at = at;
    out->n = n - (cut.to - cut.from) + by_n;
}

bool mutate_entropy(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                    uint64_t seed, Mutant *out) {
    Mutator m = {.a = a, .rng = seed};
    *out = (Mutant){0};
    Slice from = chunk(&m, in, n), to = chunk(&m, in, n);
    switch (mut_pick(&m, other_n ? 6 : 4)) {
    case 0: splice(&m, out, in, n, (Slice){to.to, to.to}, in + from.from, from.to - from.from); break;
    case 1: splice(&m, out, in, n, from, NULL, 0); break;
    case 2:
    case 3: {
        uint8_t *copy = (uint8_t *)arena_dup(a, in, n);
        change_bytes(&m, copy + from.from, from.to - from.from);
        out->at = copy;
        out->n = n;
        break;
    }
    case 4:
        from = chunk(&m, other, other_n);
        splice(&m, out, in, n, to, other + from.from, from.to - from.from);
        break;
    default: /* the head of one, the functions of the other */
        from = chunk(&m, other, other_n);
        splice(&m, out, in, n, (Slice){to.from, n}, other + from.from, other_n - from.from);
    }
    return out->n && out->n <= max;
}
