/* Plans: there and back through the custom section, and what a damaged section does. */
#include "oracles/plan.h"
#include "oracles/test/modules.h"

/* (module
 *   (memory (export "memory") 1)
 *   (func (export "numbers") (param i32 i64 f32 f64))
 *   (func (export "references") (param externref funcref))
 *   (func (export ""))) */
static const uint8_t module_bytes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x10, 0x03, 0x60, 0x04, 0x7f, 0x7e, 0x7d, 0x7c, 0x00,
    0x60, 0x02, 0x6f, 0x70, 0x00, 0x60, 0x00, 0x00, 0x03, 0x04, 0x03, 0x00, 0x01, 0x02, 0x05, 0x03, 0x01, 0x00,
    0x01, 0x07, 0x24, 0x04, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x07, 0x6e, 0x75, 0x6d, 0x62,
    0x65, 0x72, 0x73, 0x00, 0x00, 0x0a, 0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0x73, 0x00, 0x01,
    0x00, 0x00, 0x02, 0x0a, 0x0a, 0x03, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b};

#define NAME(text) ((Name){(text), sizeof(text) - 1})

static void add_step(Arena *a, Plan *p, Name name, uint32_t nargs, const uint64_t *args) {
    PlanStep s = {name, nargs, ARENA_ARRAY(a, Value, nargs)};
    for (uint32_t i = 0; i < nargs; i++) s.args[i].u64x2[0] = args[i];
    vec_push(a, &p->step, s);
}

static Plan some_plan(Arena *a) {
    Plan p = {
        .limits = {.fuel = STORE_FUEL_MAX, .depth = 12345, .max_pages = 65536, .max_elems = 300, .spectest = true}};
    add_step(a, &p, NAME("numbers"), 4, (uint64_t[]){UINT32_MAX, UINT64_MAX, 0x7fa00001, UINT64_C(0xfff0000000000001)});
    add_step(a, &p, NAME("references"), 2, (uint64_t[]){UINT64_MAX, 0});
    add_step(a, &p, NAME(""), 0, NULL);
    add_step(a, &p, NAME("numbers"), 4, (uint64_t[]){0, 1, 2, 3});
    return p;
}

/* The plan in module_bytes with this section. */
static bool read_section(Arena *a, Bytes section, Plan *p, const char **why) {
    Module *m = decode_valid(a, append_custom(a, BYTES(module_bytes), PLAN_SECTION, section));
    *why = NULL;
    return plan_of(a, m, p, why);
}

static Bytes section_of(Arena *a, const Plan *p) {
    Bytes b;
    b.at = plan_encode(a, p, &b.n);
    return b;
}

static void check_equal(const Plan *x, const Plan *y) {
    assert_true(x->limits.fuel == y->limits.fuel && x->limits.depth == y->limits.depth);
    assert_true(x->limits.max_pages == y->limits.max_pages && x->limits.max_elems == y->limits.max_elems);
    assert_true(x->limits.synthesize == y->limits.synthesize && x->limits.spectest == y->limits.spectest);
    assert_int_equal(x->step.n, y->step.n);
    for (uint32_t i = 0; i < x->step.n; i++) {
        const PlanStep *s = &x->step.at[i], *t = &y->step.at[i];
        assert_int_equal(s->name.n, t->name.n);
        assert_memory_equal(s->name.at, t->name.at, s->name.n);
        assert_int_equal(s->nargs, t->nargs);
        if (s->nargs) assert_memory_equal(s->args, t->args, s->nargs * sizeof(Value));
    }
}

static int open_arena(void **state) {
    static Arena arena;
    arena_init(&arena, NULL);
    *state = &arena;
    return 0;
}
static int close_arena(void **state) {
    arena_free(*state);
    return 0;
}

/* -- Tests ------------------------------------------------------------------------------ */

static void test_round_trip(void **state) {
    Arena *a = *state;
    const char *why;
    Plan p = some_plan(a), q;
    assert_true(read_section(a, section_of(a, &p), &q, &why));
    check_equal(&p, &q);
    p.limits.synthesize = !p.limits.synthesize;
    p.limits.spectest = !p.limits.spectest;
    p.limits.fuel = 0;
    p.step.n = 0;
    assert_true(read_section(a, section_of(a, &p), &q, &why));
    check_equal(&p, &q);
}

static void test_default(void **state) {
    Arena *a = *state;
    const char *why;
    Module *m = decode_valid(a, BYTES(module_bytes));
    Plan p, q;
    assert_true(plan_of(a, m, &p, &why));
    plan_default(a, m, &q);
    check_equal(&p, &q);
    assert_int_equal(p.step.n, 6 + 6 + 1);
    assert_memory_equal(p.step.at[0].name.at, "numbers", 7);
    assert_memory_equal(p.step.at[6].name.at, "references", 10);
    for (uint32_t i = 0; i < 4; i++) assert_true(p.step.at[0].args[i].u64x2[0] == 0);
    bool differ = false;
    for (uint32_t k = 1; k < 6; k++) differ |= memcmp(p.step.at[0].args, p.step.at[k].args, 4 * sizeof(Value)) != 0;
    assert_true(differ);
    /* it can be stored like any other */
    assert_true(read_section(a, section_of(a, &p), &q, &why));
    check_equal(&p, &q);
}

/* A module of more exported functions than a plan may have steps: still a plan that can be stored. */
static void test_default_is_bounded(void **state) {
    Arena *a = *state;
    enum { N = 700, BODY = N * 3 + 2, EXPORTS = N * 6 + 2 }; /* two-byte LEB128 numbers throughout */
    const uint8_t head[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x01, 0x7f, 0x00};
    uint8_t *out = arena_alloc(a, 12 * N + 100, 1), *at = out;
    memcpy(at, head, sizeof head);
    at += sizeof head;
#define PUT2(v) (*at++ = (uint8_t)(((v)&0x7f) | 0x80), *at++ = (uint8_t)((v) >> 7))
    *at++ = 3, PUT2(N + 2), PUT2(N);
    for (uint32_t i = 0; i < N; i++) *at++ = 0;
    *at++ = 7, PUT2(EXPORTS), PUT2(N);
    for (uint32_t i = 0; i < N; i++)
        *at++ = 2, *at++ = (uint8_t)('0' + i % 64), *at++ = (uint8_t)('0' + i / 64), *at++ = 0, PUT2(i);
    *at++ = 10, PUT2(BODY), PUT2(N);
    for (uint32_t i = 0; i < N; i++) *at++ = 2, *at++ = 0, *at++ = 0x0b;
#undef PUT2
    Module *m = decode_valid(a, (Bytes){out, (uint32_t)(at - out)});
    Plan p, q;
    const char *why;
    assert_true(plan_of(a, m, &p, &why));
    assert_int_equal(p.step.n, PLAN_MAX_STEPS);
    m = decode_valid(a, append_custom(a, (Bytes){out, (uint32_t)(at - out)}, PLAN_SECTION, section_of(a, &p)));
    assert_true(plan_of(a, m, &q, &why));
    check_equal(&p, &q);
}

static void test_truncated(void **state) {
    Arena *a = *state;
    const char *why;
    Plan p = some_plan(a), q;
    Bytes whole = section_of(a, &p);
    for (uint32_t n = 0; n < whole.n; n++) {
        /* a copy of exactly that size, so that a sanitizer sees what reads on */
        ArenaMark mark = arena_mark(a);
        assert_false(read_section(a, (Bytes){whole.at, n}, &q, &why));
        assert_non_null(why);
        arena_rewind(a, mark);
    }
}

/* Every change of one byte: an error, or a plan within the limits that says the same when stored again. */
static void test_changed(void **state) {
    Arena *a = *state;
    const char *why;
    Plan p = some_plan(a), q, again;
    Bytes whole = section_of(a, &p);
    uint8_t *copy = arena_alloc(a, whole.n, 1);
    uint32_t accepted = 0, rejected = 0;
    for (uint32_t i = 0; i < whole.n; i++)
        for (uint32_t change = 1; change < 256; change++) {
            ArenaMark mark = arena_mark(a);
            memcpy(copy, whole.at, whole.n);
            copy[i] ^= (uint8_t)change;
            if (read_section(a, (Bytes){copy, whole.n}, &q, &why)) {
                accepted++;
                assert_true(q.limits.fuel >= 0 && q.limits.depth >= 0 && q.limits.max_pages <= 65536);
                assert_true(q.step.n <= PLAN_MAX_STEPS);
                assert_true(read_section(a, section_of(a, &q), &again, &why));
                check_equal(&q, &again);
            } else {
                rejected++;
                assert_non_null(why);
            }
            arena_rewind(a, mark);
        }
    /* arguments may be anything of their type; all else must fit */
    assert_true(accepted > 255 * 2 * (4 + 8 + 4 + 8));
    assert_true(rejected > 255 * 64);
}

static void reject(Arena *a, const Plan *p) {
    Plan q;
    const char *why;
    assert_false(read_section(a, section_of(a, p), &q, &why));
    assert_non_null(why);
}

static void test_does_not_fit(void **state) {
    Arena *a = *state;
    Plan p = {.limits = STORE_LIMITS_DEFAULT};
    const uint64_t zeros[5] = {0};
#define REJECT(...)                   \
    do {                              \
        p.step.n = 0;                 \
        add_step(a, &p, __VA_ARGS__); \
        reject(a, &p);                \
    } while (0)
    REJECT(NAME("nobody"), 0, NULL);
    REJECT(NAME("memory"), 0, NULL);
    REJECT(NAME("numbers"), 3, zeros);
    REJECT(NAME("numbers"), 5, zeros);
    REJECT(NAME("numbers"), 4, ((uint64_t[]){UINT64_C(1) << 32, 0, 0, 0}));
    REJECT(NAME("numbers"), 4, ((uint64_t[]){0, 0, UINT64_C(1) << 63, 0}));
    /* an address of a function that is none would be followed */
    REJECT(NAME("references"), 2, ((uint64_t[]){0, 0x200000100000}));
#undef REJECT
    p.step.n = 0;
    add_step(a, &p, NAME("numbers"), 4, zeros);
    p.step.at[0].args[1].u64x2[1] = 1; /* bytes that no i64 has */
    reject(a, &p);
    p.step.n = 0;
    p.limits.fuel = STORE_FUEL_MAX + 1;
    reject(a, &p);
    p.limits = (StoreLimits)STORE_LIMITS_DEFAULT;
    p.limits.depth = STORE_DEPTH_MAX + 1;
    reject(a, &p);
    p.limits.depth = -1;
    reject(a, &p);
    p.limits = (StoreLimits)STORE_LIMITS_DEFAULT;
    p.limits.max_pages = 65537;
    reject(a, &p);
    p.limits = (StoreLimits)STORE_LIMITS_DEFAULT;
    for (uint32_t i = 0; i <= PLAN_MAX_STEPS; i++) add_step(a, &p, NAME(""), 0, NULL);
    reject(a, &p);
}

static void test_other_bytes(void **state) {
    Arena *a = *state;
    Plan p = some_plan(a), q;
    const char *why;
    Bytes whole = section_of(a, &p);
    uint8_t *longer = arena_zalloc(a, whole.n + 1, 1);
    memcpy(longer, whole.at, whole.n);
    assert_false(read_section(a, (Bytes){longer, whole.n + 1}, &q, &why)); /* a byte too many */
    longer[0] = PLAN_VERSION + 1;
    assert_false(read_section(a, (Bytes){longer, whole.n}, &q, &why));
    assert_non_null(strstr(why, "version"));
    /* numbers beyond 32 and 64 bits, flags and steps that nobody knows */
    const uint8_t bad[][24] = {{1, 1, 1, 1, 0x81, 0x80, 0x80, 0x80, 0x10, 0, 0},
                               {1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 1, 1, 1, 0, 0},
                               {1, 1, 1, 1, 1, 4, 0},
                               {1, 1, 1, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}};
    const uint32_t size[] = {11, 16, 7, 16};
    for (int i = 0; i < 4; i++) assert_false(read_section(a, (Bytes){bad[i], size[i]}, &q, &why));
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
    const struct CMUnitTest tests[] = {T(test_round_trip), T(test_default), T(test_default_is_bounded),
                                       T(test_truncated),  T(test_changed), T(test_does_not_fit),
                                       T(test_other_bytes)};
#undef T
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
