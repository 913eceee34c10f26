/* The generator: total, valid, deterministic, complete, local, and of use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h needs the ones above */
#include <cmocka.h>
#include "base/os.h"
#include "fuzz/gen/entropy.h"
#include "fuzz/gen/gen.h"
#include "fuzz/gen/use.h"
#include "wasm/encode.h"
#include "wasm/validate.h"

enum { MAX_BYTES = 4096 };

typedef struct Fixture {
    Arena arena;
    uint8_t entropy[GEN_ENTROPY_MAX];
} Fixture;

static int setup(void **state) {
    Fixture *x = calloc(1, sizeof *x);
    arena_init(&x->arena, NULL);
    *state = x;
    return 0;
}

static int teardown(void **state) {
    Fixture *x = *state;
    arena_free(&x->arena);
    free(x);
    return 0;
}

/* -- Validity -------------------------------------------------------------------------- */

static Module *decoded(Arena *a, const uint8_t *bytes, uint32_t size) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(a, bytes, size, FEATURES_WASM3, &err);
    if (!m || !module_validate(m, &err)) {
        print_error("%s at 0x%x, function %d\n", err.text, err.at, (int)err.func);
        return NULL;
    }
    return m;
}

static void check_plan(Arena *a, const Module *m) {
    Plan p;
    const char *why;
    uint32_t n;
    const Custom *c = module_find_custom(m, PLAN_SECTION);
    assert_non_null(c);
    assert_true(plan_of(a, m, &p, &why));
    assert_in_range(p.step.n, 1, PLAN_MAX_STEPS);
    uint64_t most = 16; /* pages */
    for (uint32_t i = 0; i < m->memories.n; i++)
        if (m->memories.at[i].limits.min > most) most = 65536;
    assert_true(p.limits.fuel > 0 && p.limits.max_pages <= most && p.limits.synthesize);
    uint8_t *again = plan_encode(a, &p, &n);
    assert_int_equal(n, c->n);
    assert_memory_equal(again, m->bytes + c->at, n);
}

/* Valid, with a plan that fits, and in canonical form: encoding the decoded module gives the same bytes. */
static void check_case(Fixture *x, const uint8_t *entropy, uint32_t n, GenStats *stats) {
    uint32_t size, again_size;
    arena_reset(&x->arena);
    uint8_t *bytes = gen_module(&x->arena, entropy, n, &size, stats);
    assert_true(size < 40 * n + 250000);
    Module *m = decoded(&x->arena, bytes, size);
    assert_non_null(m);
    check_plan(&x->arena, m);
    uint8_t *again = module_encode(&x->arena, m, &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
}

static void test_extremes(void **state) {
    Fixture *x = *state;
    static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 16, 31, 64, 100, 256, 640, 1000, 4096};
    static const uint8_t fills[] = {0x00, 0xff, 0x01, 0x7f, 0x80, 0xc3, 0xfe, 0x55};
    for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint32_t k = 0; k < sizeof fills; k++) {
            memset(x->entropy, fills[k], sizes[i]);
            check_case(x, x->entropy, sizes[i], NULL);
        }
}

static void print_missing(const GenStats *s) {
    for (uint32_t i = 0; i < OP_COUNT; i++)
        if (!s->op[i]) print_error("never generated: %s\n", op_info[i].text);
    for (uint32_t i = 0; i < GEN_STMT_COUNT; i++)
        if (!s->stmt[i]) print_error("never generated: %s\n", gen_stmt_text(i));
    for (uint32_t i = 0; i < GEN_EXPR_COUNT; i++)
        if (!s->expr[i]) print_error("never generated: %s\n", gen_expr_text(i));
    for (uint32_t i = 0; i < GEN_ADDR_COUNT; i++)
        if (!s->addr[i]) print_error("never generated: %s\n", gen_addr_text(i));
}

/* All sizes, and everything that there is comes up. */
static void test_valid_and_complete(void **state) {
    Fixture *x = *state;
    enum { CASES = 20000 };
    GenStats stats = {0};
    uint64_t rng = 42;
    for (uint32_t i = 0; i < CASES; i++) {
        uint32_t n = (uint32_t)(splitmix(&rng) % (i % 4 ? 1500 : MAX_BYTES + 1));
        gen_entropy(1000000 + i, x->entropy, n);
        check_case(x, x->entropy, n, &stats);
    }
    assert_int_equal(stats.modules, CASES);
    uint32_t missing = 0;
    for (uint32_t i = 0; i < OP_COUNT; i++) missing += !stats.op[i];
    for (uint32_t i = 0; i < GEN_STMT_COUNT; i++) missing += !stats.stmt[i];
    for (uint32_t i = 0; i < GEN_EXPR_COUNT; i++) missing += !stats.expr[i];
    for (uint32_t i = 0; i < GEN_ADDR_COUNT; i++) missing += !stats.addr[i];
    print_missing(&stats);
    assert_int_equal(missing, 0);
}

/* Short input makes small modules, and size follows. */
static void test_size_follows(void **state) {
    Fixture *x = *state;
    static const uint32_t sizes[] = {0, 64, 256, 1024, 4096};
    uint64_t sum[5] = {0};
    for (uint32_t k = 0; k < 5; k++)
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t size;
            arena_reset(&x->arena);
            gen_entropy(i, x->entropy, sizes[k]);
            gen_module(&x->arena, x->entropy, sizes[k], &size, NULL);
            sum[k] += size;
        }
    assert_true(sum[0] / 200 < 200);
    for (uint32_t k = 1; k < 5; k++) assert_true(sum[k] > 2 * sum[k - 1] || (k == 1 && sum[1] > sum[0]));
}

static void test_deterministic(void **state) {
    Fixture *x = *state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        uint32_t n = gen_entropy_size(seed), size, again_size;
        GenStats stats = {0};
        assert_in_range(n, 1, GEN_ENTROPY_MAX);
        arena_reset(&x->arena);
        gen_entropy(seed, x->entropy, n);
        assert_int_equal(x->entropy[0], GEN_VERSION);
        uint8_t *bytes = gen_module(&x->arena, x->entropy, n, &size, NULL);
        uint8_t *again = gen_module(&x->arena, x->entropy, n, &again_size, &stats);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
    }
}

/* -- Locality ------------------------------------------------------------------------------ */

static bool same_body(const Module *a, const Module *b, uint32_t i) {
    if (i >= a->bodies.n || i >= b->bodies.n) return false;
    const Body *x = &a->bodies.at[i], *y = &b->bodies.at[i];
    return x->end - x->at == y->end - y->at && memcmp(a->bytes + x->at, b->bytes + y->at, x->end - x->at) == 0;
}

/* A changed byte behind the head changes one function, mostly. */
static void test_local(void **state) {
    Fixture *x = *state;
    enum { CASES = 300, CHANGES = 8, SIZE = 1500, HEAD = 161 };
    uint64_t rng = 7, others = 0, unchanged = 0, one = 0, changes = 0;
    for (uint32_t i = 0; i < CASES; i++)
        for (uint32_t k = 0; k < CHANGES; k++) {
            uint32_t size, other_size;
            arena_reset(&x->arena);
            gen_entropy(5000 + i, x->entropy, SIZE);
            uint8_t *bytes = gen_module(&x->arena, x->entropy, SIZE, &size, NULL);
            x->entropy[HEAD + splitmix(&rng) % (SIZE - HEAD)] ^= (uint8_t)(1 + splitmix(&rng) % 255);
            uint8_t *other_bytes = gen_module(&x->arena, x->entropy, SIZE, &other_size, NULL);
            Module *a = decoded(&x->arena, bytes, size), *b = decoded(&x->arena, other_bytes, other_size);
            assert_non_null(a);
            assert_non_null(b);
            uint32_t same = 0;
            for (uint32_t f = 0; f < a->bodies.n; f++) same += same_body(a, b, f);
            if (a->bodies.n < 2) continue;
            others += a->bodies.n - 1;
            unchanged += same < a->bodies.n ? same : a->bodies.n - 1;
            one += same + 1 >= a->bodies.n;
            changes++;
        }
    print_message("locality: %.1f %% of the other functions unchanged; %.1f %% of the changes touch at most one\n",
                  100.0 * (double)unchanged / (double)others, 100.0 * (double)one / (double)changes);
    assert_true(unchanged * 100 >= others * 93);
    assert_true(one * 100 >= changes * 90);
}

/* -- Use ---------------------------------------------------------------------------------------- */

static void test_use(void **state) {
    Fixture *x = *state;
    enum { CASES = 4000 };
    static Use use; /* large */
    Differ *d = calloc(1, sizeof *d);
    LegSpec spec;
    char why[300];
    uint64_t ns = 0;
    assert_true(leg_spec_parse(&spec, "interp", strlen("interp"), why, sizeof why));
    assert_true(differ_open(d, &spec, 1, FEATURES_WASM3, why, sizeof why));
    for (uint32_t seed = 0; seed < CASES; seed++) {
        uint32_t n = gen_entropy_size(seed), size;
        Case c;
        arena_reset(&x->arena);
        gen_entropy(seed, x->entropy, n);
        uint64_t t = os_now_ns();
        uint8_t *bytes = gen_module(&x->arena, x->entropy, n, &size, NULL);
        ns += os_now_ns() - t;
        differ_run(d, bytes, size, &c);
        assert_false(c.obs[0].resource);
        use_add(&use, &c, &c.obs[0]);
    }
    differ_close(d);
    free(d);
    print_message("generated %.0f modules a second\n", CASES * 1e9 / (double)ns);
    use_print(stdout, &use);
    assert_int_equal(use.invalid, 0);
    assert_true(use.useful * 100 >= use.cases * 90);
    assert_true(use.immediate * 100 <= use.steps * 10);
    assert_true(use.trapped * 100 >= use.steps * 4 && use.trapped * 100 <= use.steps * 25);
    assert_true(use.not_instantiated * 200 <= use.cases);
    assert_true(use.executed / use.cases >= 2000 && use.executed / use.cases <= 25000);
    assert_true(use.most <= 300000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_extremes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_valid_and_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_size_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deterministic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_local, setup, teardown),
        cmocka_unit_test_setup_teardown(test_use, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
