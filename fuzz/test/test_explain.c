/* Explanation: for each third fault that can be planted (EXPLAIN_ALL=1: each), a case of the generator's that shows it
 * is explained, and the opcode named is the one planted; a second case has the same bucket, other faults have other
 * ones.  Of faults planted in passes the pass, the rule and the number of the rewrite are named, too. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/case.h"
#include "fuzz/explain/explain.h"
#include "fuzz/gen/gen.h"
#include "run/signals.h"
#include "wasm/validate.h"

enum { MAX_SEEDS = 8000 };

typedef struct World {
    Arena arena;
    Differ *differ;
    Case *c;
    bool a64;
} World;

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    char emulator[256], binary[256], why[300];
    arena_init(&w->arena, NULL);
    w->differ = calloc(1, sizeof *w->differ);
    w->c = calloc(1, sizeof *w->c);
    w->a64 = worker_command("a64", emulator, binary, why, sizeof why);
    if (!w->a64) print_message("a64 is skipped: %s\n", why);
    *state = w;
    return 0;
}

static int close_world(void **state) {
    World *w = *state;
    arena_free(&w->arena);
    free(w->differ);
    free(w->c);
    free(w);
    return 0;
}

/* The next case, from *seed on, on which the legs differ; a case's fuel is that of a campaign. */
static CaseBytes find_case(World *w, const LegSpec *leg, uint32_t n, uint64_t *seed) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    uint8_t entropy[GEN_ENTROPY_MAX];
    char why[300];
    memset(w->differ, 0, sizeof *w->differ);
    signals_reinstall(); /* cmocka puts its own on top for each test */
    if (!differ_open(w->differ, leg, n, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
    w->differ->once = true;
    CaseBytes found = {NULL, 0, INPUT_GENERATED};
    for (uint32_t i = 0; i < MAX_SEEDS && !found.at; i++, ++*seed) {
        uint32_t size = gen_entropy_size(*seed);
        ArenaMark mark = arena_mark(&w->arena);
        gen_entropy(*seed, entropy, size);
        CaseBytes m = case_of_input(&w->arena, entropy, size, FEATURES_WASM3, &caps);
        differ_run(w->differ, m.at, m.n, w->c);
        if (w->c->module && verdict_differs(w->c->verdict.kind))
            found = m;
        else
            arena_rewind(&w->arena, mark);
    }
    differ_close(w->differ);
    return found;
}

static ExplainEnd explain(const CaseBytes *m, const LegSpec *leg, uint32_t n, Explanation *x) {
    char why[300] = "";
    ExplainOptions o = {.bytes = m->at, .n = m->n, .features = FEATURES_WASM3, .leg = leg, .nlegs = n};
    ExplainEnd end = explain_apart(&o, x, why, sizeof why);
    if (end != EXPLAIN_DONE) print_error("%s\n", why);
    return end;
}

static void parse(LegSpec *leg, const char *isa, const char *options) {
    char text[100], why[300];
    snprintf(text, sizeof text, "interp,%s:%s,interp", isa, options);
    uint32_t n;
    if (!leg_specs_parse(leg, 3, &n, text, why, sizeof why)) fail_msg("%s", why);
    assert_int_equal(n, 3);
}

/* The first finds of a plant: opcode and bucket. */
static void check_plant(World *w, const char *isa, const PlantInfo *p, uint32_t finds, Bucket *bucket) {
    LegSpec leg[3];
    char options[60];
    uint64_t seed = 0;
    snprintf(options, sizeof options, "O1,plant=%s", p->name);
    parse(leg, isa, options);
    for (uint32_t i = 0; i < finds; i++) {
        Explanation x;
        arena_reset(&w->arena);
        CaseBytes m = find_case(w, leg, 3, &seed);
        if (!m.at) fail_msg("%s:%s: no case of %u shows it", isa, p->name, MAX_SEEDS);
        assert_int_equal(explain(&m, leg, 3, &x), EXPLAIN_DONE);
        if (!x.has_op || strcmp(op_info[x.op].text, p->opcode) != 0)
            fail_msg("%s:%s, seed %llu: %s instead of %s", isa, p->name, (unsigned long long)seed - 1,
                     x.has_op ? op_info[x.op].text : "nothing", p->opcode);
        Bucket b = explain_bucket(&x);
        char name[BUCKET_NAME], other[BUCKET_NAME];
        bucket_name(&b, name);
        if (i) bucket_name(bucket, other);
        if (i && !bucket_equal(&b, bucket)) fail_msg("%s:%s: %s, then %s", isa, p->name, other, name);
        *bucket = b;
    }
}

/* Wrong in some uses of the instruction alone, or by a crash: it takes long to find a case. */
static bool is_rare(const PlantInfo *p) {
    static const char *const rare[] = {"popcnt-crashes", "shl-far",     "load-far",  "br_table-long",
                                       "select-f64",     "mul-merged",  "call-many", "lane-15",
                                       "fold-rotl",      "load-merged", "entry-arg"}; /* these: below */
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (strcmp(p->name, rare[i]) == 0) return true;
    return false;
}

static void check_isa(World *w, const char *isa, LegKind kind) {
    Bucket bucket[PLANT_COUNT];
    uint32_t n = 0;
    for (uint32_t i = 0; i < PLANT_COUNT; i++) {
        if (!(plant_info[i].legs >> kind & 1) || is_rare(&plant_info[i])) continue;
        if (i % 3 != kind % 3 && !getenv("EXPLAIN_ALL")) continue;
        check_plant(w, isa, &plant_info[i], i % 2 + 1, &bucket[n]);
        for (uint32_t k = 0; k < n; k++) assert_false(bucket_equal(&bucket[k], &bucket[n]));
        n++;
    }
    assert_true(n >= 5);
}

static void test_x64(void **state) { check_isa(*state, "x64", LEG_X64); }
static void test_a64(void **state) {
    World *w = *state;
    if (w->a64)
        check_isa(w, "a64", LEG_A64);
    else
        skip();
}

/* -- Wrong passes ------------------------------------------------------------------------------------- */

/* Does the case show it, when the optimizer makes so many rewrites alone? */
static bool shows_limited(World *w, const CaseBytes *m, const char *isa, const char *plant, uint32_t limit) {
    LegSpec leg[3];
    char options[80], why[300];
    snprintf(options, sizeof options, "O2,plant=%s,opt-limit=%u", plant, limit);
    parse(leg, isa, options);
    memset(w->differ, 0, sizeof *w->differ);
    if (!differ_open(w->differ, leg, 3, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
    differ_run(w->differ, m->at, m->n, w->c);
    bool yes = verdict_differs(w->c->verdict.kind);
    differ_close(w->differ);
    return yes;
}

/* The function before and after the rewrite: of the value that the rule changes a line goes and another comes. */
static void check_diff(World *w, const CaseBytes *m, const Explanation *x) {
    Err err;
    Text t;
    char mark[24], *save;
    bool gone = false, come = false;
    text_init(&t, &w->arena);
    snprintf(mark, sizeof mark, "@0x%x", x->rule_offset);
    explain_text(&t, module_decode_valid(&w->arena, m->at, m->n, FEATURES_WASM3, &err), x, NULL, NULL);
    char *diff = strstr(t.at, "```diff\n");
    assert_non_null(diff);
    for (char *line = strtok_r(diff, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        gone |= line[0] == '-' && strstr(line, mark);
        come |= line[0] == '+' && strstr(line, mark);
    }
    assert_true(gone && come);
}

/* A wrong rewrite, not a wrong instruction: its pass, rule, number and opcode are named, and the number is the one. */
static void check_pass(World *w, const char *isa, const char *plant, const char *pass, OptRule rule, const char *op) {
    LegSpec leg[3];
    char options[60], name[BUCKET_NAME];
    uint64_t seed = 0;
    Explanation x;
    snprintf(options, sizeof options, "O2,plant=%s", plant);
    parse(leg, isa, options);
    arena_reset(&w->arena);
    CaseBytes m = find_case(w, leg, 3, &seed);
    if (!m.at) fail_msg("%s:%s: no case of %u shows it", isa, plant, MAX_SEEDS);
    assert_int_equal(explain(&m, leg, 3, &x), EXPLAIN_DONE);
    assert_true(x.has_func && x.has_op);
    assert_int_equal(x.stage, STAGE_REWRITE);
    assert_int_equal(x.rule, rule);
    assert_string_equal(explain_pass(&x), pass);
    assert_string_equal(op_info[x.op].text, op);
    Bucket b = explain_bucket(&x);
    bucket_name(&b, name);
    assert_string_equal(b.pass, pass);
    assert_non_null(strstr(name, pass));
    assert_in_range(x.rewrite, 1, x.nrewrite);
    check_diff(w, &m, &x);
    if (!x.alone) return; /* its rewrites are numbered with other functions interpreted */
    char plant_alone[100];
    snprintf(plant_alone, sizeof plant_alone, "%s,interp=!%u", plant, x.func);
    assert_true(shows_limited(w, &m, isa, plant_alone, x.rewrite));
    assert_false(shows_limited(w, &m, isa, plant_alone, x.rewrite - 1));
}

static void test_passes(void **state) {
    World *w = *state;
    for (uint32_t i = 0; i < (w->a64 ? 2u : 1u); i++) {
        const char *isa = i ? "a64" : "x64";
        check_pass(w, isa, "fold-rotl", "fold", FOLD_rotl_count, "i64.rotl");
        check_pass(w, isa, "load-merged", "load", RULE_load_heap, "i32.load");
    }
}

/* -- Outside of functions ---------------------------------------------------------------------------- */

static void check_outside(World *w, const char *isa) {
    LegSpec leg[3];
    uint64_t seed = 0;
    Explanation x;
    Text t;
    parse(leg, isa, "O1,plant=entry-arg");
    arena_reset(&w->arena);
    CaseBytes m = find_case(w, leg, 3, &seed);
    if (!m.at) fail_msg("%s: no case of %u shows it", isa, MAX_SEEDS);
    assert_int_equal(explain(&m, leg, 3, &x), EXPLAIN_DONE);
    assert_int_equal(x.stage, STAGE_OUTSIDE);
    assert_false(x.has_func || x.has_op);
    assert_true(x.has_entry);
    assert_string_equal(explain_bucket(&x).pass, "outside");
    Err err;
    err_clear(&err);
    Module *module = module_decode(&w->arena, m.at, m.n, FEATURES_WASM3, &err);
    assert_true(module && module_validate(module, &err));
    assert_true(module_func_type(module, x.entry)->nparam >= 2);
    text_init(&t, &w->arena);
    explain_text(&t, module, &x, NULL, NULL);
    assert_non_null(strstr(t.at, "outside of functions"));
    assert_non_null(strstr(t.at, "func \"entry\""));
    /* without a fault planted in adaptors most calls go by the stub, and there is none to show */
    assert_false(x.by_stub);
    x.by_stub = true;
    text_init(&t, &w->arena);
    explain_text(&t, module, &x, NULL, NULL);
    assert_null(strstr(t.at, "func \"entry\""));
    assert_non_null(strstr(t.at, "stub `apply`"));
}

static void test_outside(void **state) {
    World *w = *state;
    check_outside(w, "x64");
    if (w->a64) check_outside(w, "a64");
}

/* -- Time -------------------------------------------------------------------------------------------- */

/* (module (import "env" "f" (func (param i64)))
 *   (func (export "a") (local i64)
 *     (loop
 *       (local.set 0 (i64.add (local.get 0) (i64.const 1)))
 *       (call 0 (i64.sub (local.get 0) (i64.const 9)))
 *       (br 0)))) */
static const uint8_t endless[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x01, 0x7e,
                                  0x00, 0x60, 0x00, 0x00, 0x02, 0x09, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x01, 0x66, 0x00,
                                  0x00, 0x03, 0x02, 0x01, 0x01, 0x07, 0x05, 0x01, 0x01, 0x61, 0x00, 0x01, 0x0a, 0x19,
                                  0x01, 0x17, 0x01, 0x01, 0x7e, 0x03, 0x40, 0x20, 0x00, 0x42, 0x01, 0x7c, 0x21, 0x00,
                                  0x20, 0x00, 0x42, 0x09, 0x7d, 0x10, 0x00, 0x0c, 0x00, 0x0b, 0x0b};

static ExplainEnd explain_endless(World *w, uint64_t limit_ns, Explanation *x) {
    LegSpec leg[3];
    char why[300] = "";
    static const CaseCaps caps = {.fuel = 20000000};
    CaseBytes m = case_of_input(&w->arena, endless, sizeof endless, FEATURES_WASM3, &caps);
    parse(leg, "x64", "plant=sub-adds");
    ExplainOptions o = {
        .bytes = m.at, .n = m.n, .features = FEATURES_WASM3, .leg = leg, .nlegs = 3, .limit_ns = limit_ns};
    signals_reinstall();
    return explain_apart(&o, x, why, sizeof why);
}

/* Twenty million instructions a run: some thousand of them tell the same.  Where time is cut
 * short all the same, it is said, and the bucket is the vote's, not that of half an explanation. */
static void test_time(void **state) {
    World *w = *state;
    Explanation x;
    assert_int_equal(explain_endless(w, UINT64_C(2000000000), &x), EXPLAIN_DONE);
    assert_int_equal(x.cut, CUT_NOT);
    assert_true(x.has_op);
    assert_int_equal(x.op, OP_I64_SUB);
    assert_int_equal(explain_endless(w, 1, &x), EXPLAIN_DONE);
    Bucket b = explain_bucket(&x);
    assert_int_equal(x.cut, CUT_TIME);
    assert_int_equal(explain_done(&x), EXPLAINED_TIME);
    assert_true(bucket_equal(&b, &x.verdict));
}

/* (module (func (export "a") (result i64) (local i64)
 *   (local.set 0 (i64.const 3))
 *   (loop (br_if 0 (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
 *   (local.get 0))) */
static const uint8_t down[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01,
                               0x7e, 0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x61, 0x00, 0x00, 0x0a, 0x1b,
                               0x01, 0x19, 0x01, 0x01, 0x7e, 0x42, 0x03, 0x21, 0x00, 0x03, 0x40, 0x20, 0x00, 0x42,
                               0x01, 0x7d, 0x22, 0x00, 0x42, 0x00, 0x52, 0x0d, 0x00, 0x0b, 0x20, 0x00, 0x0b};

/* A leg that counts no fuel hangs where its juror's fuel ends: the juror tells what is wrong with both. */
static void test_hang(void **state) {
    static const char text[] = "interp,x64:plant=sub-adds,interrupt=none,x64:plant=sub-adds,O0,interp";
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    World *w = *state;
    LegSpec leg[MAX_LEGS];
    uint32_t n;
    char why[300] = "";
    Explanation x;
    assert_true(leg_specs_parse(leg, MAX_LEGS, &n, text, why, sizeof why));
    assert_int_equal(n, 4);
    CaseBytes m = case_of_input(&w->arena, down, sizeof down, FEATURES_WASM3, &caps);
    ExplainOptions o = {.bytes = m.at, .n = m.n, .features = FEATURES_WASM3, .leg = leg, .nlegs = n, .skip = 1 << 1};
    signals_reinstall();
    assert_int_equal(explain_apart(&o, &x, why, sizeof why), EXPLAIN_DONE);
    assert_true(x.has_op);
    assert_int_equal(x.op, OP_I64_SUB);
    assert_int_equal(explain_bucket(&x).what, WHAT_VALUE);
    if (getenv("EXPLAIN_ALL")) { /* it finds out itself, in ten seconds */
        o.skip = 0;
        assert_int_equal(explain_apart(&o, &x, why, sizeof why), EXPLAIN_DONE);
        assert_int_equal(x.op, OP_I64_SUB);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_x64),     cmocka_unit_test(test_passes),
                                       cmocka_unit_test(test_outside), cmocka_unit_test(test_a64),
                                       cmocka_unit_test(test_time),    cmocka_unit_test(test_hang)};
    return cmocka_run_group_tests_name("explain", tests, open_world, close_world);
}
