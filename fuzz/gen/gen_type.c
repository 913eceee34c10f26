/* Function types: a pool that functions, imports, blocks and indirect calls choose from.
 *
 * The pool is fixed before bodies are made, so no body can shift the numbers that another one uses. */
#include <string.h>
#include "base/map.h"
#include "fuzz/gen/gen_impl.h"

bool types_equal(const ValType *a, uint32_t na, const ValType *b, uint32_t nb) {
    return na == nb && (na == 0 || memcmp(a, b, na * sizeof *a) == 0);
}

/* A value type from a hash: mostly numbers. */
static ValType value_type(const Gen *g, uint64_t h) {
    static const uint8_t weight[TI_COUNT] = {10, 8, 6, 6, 5, 1, 1};
    uint32_t r = (uint32_t)(h % 37), i = 0;
    while (r >= weight[i]) r -= weight[i++];
    bool ok = g->swarm.type[i] && (!ti_is_ref((Ti)i) || gen_has(g, FEAT_REF_TYPES));
    return ti_type[ok ? i : h >> 32 & 1];
}

static const ValType *value_types(Gen *g, uint32_t n, uint64_t seed) {
    ValType *t = ARENA_ARRAY(g->a, ValType, n);
    for (uint32_t i = 0; i < n; i++) t[i] = value_type(g, hash_mix(seed + i));
    return t;
}

static uint32_t param_count(Entropy *e) {
    static const uint8_t weight[] = {6, 40, 50, 44, 34, 22, 16, 10, 8, 6, 8};
    uint32_t n = entropy_weighted(e, weight, sizeof weight);
    return n < 10 ? n : 10 + entropy_u8(e) % 30;
}

static uint32_t result_count(const Gen *g, Entropy *e) {
    static const uint8_t weight[] = {30, 130, 30, 16, 10, 4, 6};
    uint32_t n = entropy_weighted(e, weight, sizeof weight);
    if (!gen_has(g, FEAT_MULTI_VALUE) && n > 1) return 1;
    return n < 6 ? n : 6 + entropy_u8(e) % 20;
}

static void add_type(Gen *g, Entropy *e) {
    FuncType t = {0};
    t.nparam = param_count(e);
    t.nresult = result_count(g, e);
    uint64_t seed = (uint64_t)entropy_u8(e) << 8;
    t.param = value_types(g, t.nparam, seed);
    t.result = value_types(g, t.nresult, hash_mix(seed));
    /* What a loop or an if without else needs. */
    if (gen_has(g, FEAT_MULTI_VALUE) && t.nparam && entropy_chance(e, 48)) {
        t.result = t.param;
        t.nresult = t.nparam;
    }
    vec_push(g->a, &g->type, t);
}

void gen_types(Gen *g) {
    Entropy *e = &g->stream[STREAM_TYPES];
    FuncType none = {0}, one = {&ti_type[TI_I32], &ti_type[TI_I32], 1, 1};
    vec_push(g->a, &g->type, none); /* of start functions */
    vec_push(g->a, &g->type, one);  /* of loops with a counter on the stack */
    uint32_t n = entropy_empty(e) ? 0 : 3 + entropy_pick(e, 9);
    while (n-- > 0) add_type(g, e);
}
