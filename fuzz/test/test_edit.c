/* The editing layer: opening and encoding a module changes nothing but its form, and the flow of a body says what the
 * validator says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "fuzz/edit/flow.h"
#include "fuzz/gen/gen.h"
#include "wasm/encode.h"
#include "wasm/validate.h"

enum { SEEDS = 200 };

static Module *decode(Arena *a, const uint8_t *bytes, uint32_t n) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(a, bytes, n, FEATURES_WASM3, &err);
    assert_non_null(m);
    if (!module_validate(m, &err)) fail_msg("%s", err.text);
    return m;
}

static Module *generated(Arena *a, uint64_t seed, Plan *plan) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    uint32_t n = gen_entropy_size(seed), size;
    const char *why;
    gen_entropy(seed, entropy, n);
    const uint8_t *bytes = gen_module(a, entropy, n, &size, NULL);
    Module *m = decode(a, bytes, size);
    assert_true(plan_of(a, m, plan, &why));
    return m;
}

/* What is encoded is valid and in the encoder's form, and a copy gives the same. */
static void open_and_encode(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Plan plan;
        Edit e, copy;
        uint32_t n, again;
        arena_reset(&a);
        Module *m = generated(&a, seed, &plan);
        edit_open(&e, &a, m, &plan);
        edit_copy(&copy, &a, &e);
        const uint8_t *first = edit_encode(&e, &n), *second = edit_encode(&copy, &again);
        assert_int_equal(n, again);
        assert_memory_equal(first, second, n);
        second = module_encode(&a, decode(&a, first, n), &again); /* it is in the encoder's form already */
        assert_int_equal(n, again);
        assert_memory_equal(first, second, n);
    }
    arena_free(&a);
}

/* What stands on the stack at the end of a body that can be reached is its results, and closed ranges are balanced. */
static void flow_agrees(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Plan plan;
        Edit e;
        Flow f;
        arena_reset(&a);
        edit_open(&e, &a, generated(&a, seed, &plan), &plan);
        for (uint32_t i = 0; i < e.m.bodies.n; i++) {
            flow_make(&f, &a, &e, i);
            const FlowAt *last = &f.at[f.n - 1];
            const FuncType *t = edit_func_type(&e, edit_func_of(&e, i));
            assert_int_equal(last->depth, 0);
            if (!last->dead) assert_int_equal(flow_height(&f, f.n - 1), t->nresult);
            for (uint32_t k = 0; k < f.n; k++) {
                if (f.at[k].dead) continue;
                assert_true(f.at[k].start <= k);
                assert_true(flow_height(&f, k) <= e.m.bodies.at[i].max_height);
            }
        }
    }
    arena_free(&a);
}

/* Without the exports of what is no function (those declare what ref.func may name), what remains is in use. */
static void collect(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Plan plan;
        Edit e;
        uint32_t n;
        arena_reset(&a);
        edit_open(&e, &a, generated(&a, seed, &plan), &plan);
        for (uint32_t i = e.m.exports.n; i--;)
            if (e.m.exports.at[i].kind != EXT_FUNC) edit_remove_export(&e, i);
        edit_collect(&e, UINT32_MAX);
        const uint8_t *bytes = edit_encode(&e, &n);
        Module *m = decode(&a, bytes, n);
        assert_true(m->funcs.n == e.m.funcs.n && m->types.n == e.m.types.n);
        edit_open(&e, &a, m, &plan);
        assert_false(edit_collect(&e, UINT32_MAX));
    }
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_and_encode),
        cmocka_unit_test(flow_agrees),
        cmocka_unit_test(collect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
