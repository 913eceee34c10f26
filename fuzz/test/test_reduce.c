/* The reducer as a whole: what it gives is valid, small, shows the same, and is the same with any number of jobs; what
 * slips is kept; a leg that crashes or hangs, and a command that fails or hangs, are survived.  Its passes have golden
 * tests (golden/reduce). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz/campaign/campaign.h"
#include "fuzz/case.h"
#include "fuzz/edit/edit.h"
#include "fuzz/gen/gen.h"
#include "fuzz/reduce/folder.h"
#include "fuzz/reduce/raw.h"
#include "ir/ir.h"
#include "fuzz/test/scratch.h"
#include "oracles/test/modules.h"
#include "run/signals.h"

enum { SMALL = 30 };
static const CaseCaps caps = CASE_CAPS_FUZZ;

typedef struct World {
    Arena arena;
    char root[64];
} World;

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    arena_init(&w->arena, NULL);
    strcpy(w->root, "/tmp/test_reduce.XXXXXX");
    assert_non_null(mkdtemp(w->root));
    signals_reinstall(); /* cmocka puts its own on top for each test */
    *state = w;
    return 0;
}
static int close_world(void **state) {
    World *w = *state;
    scratch_remove(w->root);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static ReduceBytes generated(World *w, uint64_t seed) {
    uint32_t n = gen_entropy_size(seed);
    uint8_t *entropy = arena_alloc(&w->arena, n + 1, 1);
    gen_entropy(seed, entropy, n);
    CaseBytes c = case_of_input(&w->arena, entropy, n, FEATURES_WASM3, &caps);
    return (ReduceBytes){c.at, c.n};
}

static bool valid(World *w, ReduceBytes b) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(&w->arena, b.at, b.n, FEATURES_WASM3, &err);
    return m && module_validate(m, &err);
}

/* Instructions of this opcode in the module. */
static uint32_t count_op(World *w, ReduceBytes b, Op op) {
    Module *m = decode_valid(&w->arena, (Bytes){b.at, b.n});
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->bodies.n; i++) {
        EditSeq s = edit_read_seq(&w->arena, m, m->bodies.at[i].code, m->bodies.at[i].end);
        for (uint32_t k = 0; k < s.n; k++) count += s.at[k].in.op == op;
    }
    return count;
}

static uint32_t legs_of(LegSpec *leg, const char *text) {
    char why[200];
    uint32_t n;
    if (!leg_specs_parse(leg, MAX_LEGS, &n, text, why, sizeof why)) fail_msg("%s", why);
    return n;
}

/* -- Oracles of the test's own -------------------------------------------------------------------- */

typedef struct Judge {
    World *w;
    uint32_t asked;
    bool all_valid;
    ReduceBucket (*of)(World *w, ReduceBytes b);
} Judge;

static void ask(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown) {
    Judge *j = user;
    for (uint32_t i = 0; i < n; i++) {
        j->asked++;
        j->all_valid &= valid(j->w, module[i]);
        shown[i] = j->of(j->w, module[i]);
    }
}

static ReduceEnd reduce_with(World *w, ReduceBytes module, ReduceBucket (*of)(World *, ReduceBytes), uint32_t width,
                             const ReduceOptions *o, ReduceResult *r) {
    Judge j = {.w = w, .all_valid = true, .of = of};
    ReduceOracle oracle = {&j, width, ask, NULL};
    const char *why = "";
    ReduceEnd end = reduce_module(module, &oracle, o, r, &why);
    assert_true(j.all_valid || end == REDUCE_INVALID);
    return end;
}

static const ReduceOptions wasm3 = {.features = FEATURES_WASM3};
static const ReduceBucket shown_value = {.differs = true, .legs = 2, .field = FIELD_VALUE},
                          shown_memory = {.differs = true, .legs = 2, .field = FIELD_MEMORY};

/* As if by chance: every fourth candidate does not show it.  So passes are left in the middle of everything. */
static ReduceBucket by_hash(World *w, ReduceBytes b) {
    (void)w;
    return (hash_bytes(b.at, b.n, 7) & 3) != 0 || b.n > 1000 ? shown_value : (ReduceBucket){0};
}

/* Modules of all features, with any number of candidates at a time. */
static void test_any_module(void **state) {
    World *w = *state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        ReduceResult a, b;
        ReduceBytes module = generated(w, seed);
        ReduceEnd end = reduce_with(w, module, by_hash, 1, &wasm3, &a);
        if (end == REDUCE_NOTHING) continue;
        assert_int_equal(end, REDUCE_DONE);
        assert_int_equal(reduce_with(w, module, by_hash, 7, &wasm3, &b), REDUCE_DONE);
        assert_true(valid(w, (ReduceBytes){a.bytes, a.n}));
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.bytes, b.bytes, a.n);
        assert_true(a.n < module.n);
        assert_false(a.stats.stopped);
        /* what passes propose is nearly always valid, or they would have found nothing */
        assert_true(a.stats.invalid * 5 < (a.stats.tried + a.stats.invalid + a.stats.known) * 3);
        reduce_free(&a);
        reduce_free(&b);
        arena_reset(&w->arena);
    }
}

/* -- Slips ------------------------------------------------------------------------------------------ */

/* (module (func (export "a") (param i64) (result i64)
 *    (i64.add (i64.sub (local.get 0) (i64.const 9)) (i64.mul (local.get 0) (i64.const 77))))) */
static const uint8_t sub_module[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60,
                                     0x01, 0x7e, 0x01, 0x7e, 0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01,
                                     0x61, 0x00, 0x00, 0x0a, 0x10, 0x01, 0x0e, 0x00, 0x20, 0x00, 0x42, 0x09,
                                     0x7d, 0x20, 0x00, 0x42, 0xcd, 0x00, 0x7e, 0x7c, 0x0b};
static const ReduceBytes sub_bytes = {sub_module, sizeof sub_module};

static ReduceBucket by_op(World *w, ReduceBytes b) {
    return count_op(w, b, OP_I64_SUB) ? shown_value : count_op(w, b, OP_I64_MUL) ? shown_memory : (ReduceBucket){0};
}

static void test_slip(void **state) {
    World *w = *state;
    ReduceResult r;
    assert_int_equal(reduce_with(w, sub_bytes, by_op, 1, &wasm3, &r), REDUCE_DONE);
    assert_true(reduce_bucket_equal(&r.bucket, &shown_value));
    assert_int_equal(count_op(w, (ReduceBytes){r.bytes, r.n}, OP_I64_SUB), 1);
    assert_int_equal(r.stats.instr_after, 4);
    /* the smallest that showed the other thing is kept */
    assert_int_equal(r.nslips, 1);
    assert_true(r.stats.slipped > 0);
    assert_true(reduce_bucket_equal(&r.slip[0].bucket, &shown_memory));
    ReduceBytes slip = {r.slip[0].bytes, r.slip[0].n};
    assert_int_equal(count_op(w, slip, OP_I64_SUB), 0);
    assert_int_equal(count_op(w, slip, OP_I64_MUL), 1);
    reduce_free(&r);
}

/* Whatever it is, it runs until its fuel is out. */
static ReduceBucket by_endless(World *w, ReduceBytes b) {
    (void)w, (void)b;
    ReduceBucket shown = shown_value;
    shown.out = true;
    return shown;
}

/* Without the multiplication it does not end. */
static ReduceBucket by_end(World *w, ReduceBytes b) {
    ReduceBucket shown = count_op(w, b, OP_I64_SUB) ? shown_value : (ReduceBucket){0};
    shown.out = shown.differs && !count_op(w, b, OP_I64_MUL);
    return shown;
}

/* A small case that ends is better than a smaller one that does not. */
static void test_ends(void **state) {
    World *w = *state;
    ReduceResult r;
    assert_int_equal(reduce_with(w, sub_bytes, by_end, 1, &wasm3, &r), REDUCE_DONE);
    assert_int_equal(count_op(w, (ReduceBytes){r.bytes, r.n}, OP_I64_MUL), 1);
    reduce_free(&r);
}

static int64_t fuel_of(World *w, ReduceBytes b) {
    Err err;
    Plan plan;
    const char *why;
    Module *m = module_decode_valid(&w->arena, b.at, b.n, FEATURES_WASM3, &err);
    assert_true(m && plan_of(&w->arena, m, &plan, &why));
    return plan.limits.fuel;
}

/* Limits become the default ones at the end; but fuel is not given back to one that uses all of it. */
static void test_fuel(void **state) {
    World *w = *state;
    static const CaseCaps small = {.fuel = 1000};
    CaseBytes little = case_of_input(&w->arena, sub_module, sizeof sub_module, FEATURES_WASM3, &small);
    ReduceBytes module = {little.at, little.n};
    ReduceResult r;
    assert_int_equal(fuel_of(w, module), 1000);
    assert_int_equal(reduce_with(w, module, by_op, 1, &wasm3, &r), REDUCE_DONE);
    assert_true(fuel_of(w, (ReduceBytes){r.bytes, r.n}) > 1000);
    reduce_free(&r);
    assert_int_equal(reduce_with(w, module, by_endless, 1, &wasm3, &r), REDUCE_DONE);
    assert_true(fuel_of(w, (ReduceBytes){r.bytes, r.n}) <= 30);
    reduce_free(&r);
}

static ReduceBucket by_nothing(World *w, ReduceBytes b) {
    (void)w, (void)b;
    return (ReduceBucket){0};
}

static void test_bad_input(void **state) {
    World *w = *state;
    ReduceResult r;
    assert_int_equal(reduce_with(w, sub_bytes, by_nothing, 1, &wasm3, &r), REDUCE_NOTHING);
    assert_null(r.bytes);
    for (uint32_t n = 0; n < sub_bytes.n; n++) {
        ReduceBytes cut = {sub_module, n}; /* between sections it is still a module, of which nothing is to be seen */
        ReduceEnd end = valid(w, cut) ? REDUCE_NOTHING : REDUCE_INVALID;
        assert_int_equal(reduce_with(w, cut, by_nothing, 1, &wasm3, &r), end);
        assert_null(r.bytes);
    }
}

/* -- Stopping ------------------------------------------------------------------------------------------- */

static volatile int stop;
static void stop_now(void *user, const char *pass, const ReduceStats *s, ReduceBytes best) {
    (void)user, (void)pass, (void)s, (void)best;
    stop = 1;
}

static void test_stop(void **state) {
    World *w = *state;
    ReduceResult whole, r;
    ReduceOptions o = {.features = FEATURES_WASM3, .stop = &stop, .progress = stop_now};
    ReduceBytes module = generated(w, 3);
    assert_int_equal(reduce_with(w, module, by_hash, 1, &wasm3, &whole), REDUCE_DONE);
    stop = 0;
    assert_int_equal(reduce_with(w, module, by_hash, 1, &o, &r), REDUCE_DONE);
    assert_true(r.stats.stopped);
    assert_true(valid(w, (ReduceBytes){r.bytes, r.n}));
    assert_true(r.stats.tried < whole.stats.tried);
    assert_true(by_hash(w, (ReduceBytes){r.bytes, r.n}).differs);
    reduce_free(&whole);
    reduce_free(&r);
    o = (ReduceOptions){.features = FEATURES_WASM3, .limit_ns = 1};
    assert_int_equal(reduce_with(w, module, by_hash, 1, &o, &r), REDUCE_DONE);
    assert_true(r.stats.stopped);
    reduce_free(&r);
}

/* -- Planted faults ----------------------------------------------------------------------------------------- */

static ReduceRunEnd run_on(World *w, ReduceBytes module, const char *legs, uint32_t jobs, ReduceReport *out) {
    LegSpec leg[MAX_LEGS];
    ReduceRun run = {.module = module, .leg = leg, .jobs = jobs, .o = wasm3};
    run.nlegs = legs_of(leg, legs);
    return reduce_run(&w->arena, &run, out);
}

/* The first seeds that show the fault, reduced: little is left, the wrong instruction among it, and always the same. */
static void check_plant(World *w, const char *legs, Op op) {
    uint32_t found = 0;
    for (uint64_t seed = 0; found < 2 && seed < 3000; seed++) {
        ReduceReport a, b;
        ReduceBytes module = generated(w, seed);
        if (!count_op(w, module, op)) continue;
        ReduceRunEnd end = run_on(w, module, legs, 1, &a);
        if (end == RUN_NOTHING) continue;
        if (end != RUN_DONE) fail_msg("seed %u: %s", (unsigned)seed, a.why);
        ReduceBytes small = {a.result.bytes, a.result.n};
        found++;
        assert_true(a.confirmed);
        if (a.result.stats.instr_after > SMALL)
            fail_msg("seed %u: %u instructions", (unsigned)seed, (unsigned)a.result.stats.instr_after);
        assert_int_equal(reduce_count(small, FEATURES_WASM3), a.result.stats.instr_after);
        assert_true(count_op(w, small, op) > 0);
        assert_int_equal(run_on(w, module, legs, 2, &b), RUN_DONE);
        assert_int_equal(a.result.n, b.result.n);
        assert_memory_equal(a.result.bytes, b.result.bytes, a.result.n);
        reduce_free(&a.result);
        reduce_free(&b.result);
    }
    assert_int_equal(found, 2);
}

static void test_plants(void **state) {
    check_plant(*state, "interp,x64:plant=sub-adds,O2,bounds=explicit,x64:O0", OP_I64_SUB);
    check_plant(*state, "interp,x64:plant=load8_s-zeros,x64:O0", OP_I32_LOAD8_S);
    check_plant(*state, "interp,x64:plant=i16x8-add-subtracts,x64:O0", OP_I16X8_ADD);
}

/* Options that the outcome does not need are left out, those that it needs stay. */
static void test_plain_legs(void **state) {
    World *w = *state;
    ReduceReport r;
    assert_int_equal(run_on(w, sub_bytes, "interp,x64:regs=hostile,plant=sub-adds,O2,pad=far,x64", 1, &r), RUN_DONE);
    assert_int_equal(r.nlegs, 3);
    assert_string_equal(r.leg[1].text, "x64:regs=hostile,plant=sub-adds,O2,pad=far");
    assert_string_equal(r.plain[1].text, "x64:plant=sub-adds");
    reduce_free(&r.result);
}

/* -- Legs that crash or hang -------------------------------------------------------------------------------- */

static bool has_mul(const Fn *f) {
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == IR_imul) return true;
    return false;
}
static void crash(void *user, const char *pass, Fn *f) {
    (void)user, (void)pass;
    if (has_mul(f)) abort();
}
static void hang(void *user, const char *pass, Fn *f) {
    (void)user, (void)pass;
    while (has_mul(f)) pause();
}
static void plant_stages(void *user, Differ *d) { d->leg[1].plant = user; }

static void check_lost(World *w, const Stages *s, uint32_t outcome, uint64_t timeout_ns) {
    LegSpec leg[MAX_LEGS];
    ReduceOracle oracle;
    ReduceResult r;
    char why[300];
    const char *reason;
    ServerOptions o = {.leg = leg,
                       .nlegs = legs_of(leg, "interp,x64,x64:O0"),
                       .features = FEATURES_WASM3,
                       .jobs = 2,
                       .timeout_ns = timeout_ns,
                       .setup = plant_stages,
                       .user = (void *)(uintptr_t)s};
    ServerOracle *server = oracle_server_open(&o, &oracle, why, sizeof why);
    if (!server) fail_msg("%s", why);
    assert_int_equal(reduce_module(sub_bytes, &oracle, &wasm3, &r, &reason), REDUCE_DONE);
    assert_int_equal(r.bucket.legs, 2);
    assert_int_equal(r.bucket.field, FIELD_OUTCOME);
    assert_int_equal(r.bucket.got, outcome);
    assert_int_equal(count_op(w, (ReduceBytes){r.bytes, r.n}, OP_I64_MUL), 1);
    assert_int_equal(count_op(w, (ReduceBytes){r.bytes, r.n}, OP_I64_SUB), 0);
    assert_true(oracle_server_lost(server) > 2);
    reduce_free(&r);
    oracle_server_close(server);
}
static void test_crashing_leg(void **state) {
    static const Stages s = {.on_ir = crash};
    check_lost(*state, &s, OUT_CRASH, 0);
}
static void test_hanging_leg(void **state) {
    static const Stages s = {.on_ir = hang};
    check_lost(*state, &s, OUT_HANG, UINT64_C(200000000)); /* of processor time; some 70 candidates hang */
}

/* -- Commands ---------------------------------------------------------------------------------------------------- */

static ReduceRunEnd run_command(World *w, ReduceBytes module, const char *command, uint32_t jobs, uint64_t timeout_ns,
                                ReduceReport *out) {
    ReduceRun run = {.module = module, .jobs = jobs, .predicate = command, .timeout_ns = timeout_ns, .o = wasm3};
    return reduce_run(&w->arena, &run, out);
}

static void test_command(void **state) {
    World *w = *state;
    ReduceReport a, b;
    static const char command[] = "LC_ALL=C grep -q -a '\xcd'"; /* of the constant 77; and the file */
    assert_int_equal(run_command(w, sub_bytes, command, 1, 0, &a), RUN_DONE);
    assert_int_equal(run_command(w, sub_bytes, command, 2, 0, &b), RUN_DONE);
    assert_non_null(memchr(a.result.bytes, 0xcd, a.result.n));
    assert_int_equal(a.result.stats.instr_after, 2); /* the constant and the end */
    assert_int_equal(a.result.n, b.result.n);
    assert_memory_equal(a.result.bytes, b.result.bytes, a.result.n);
    reduce_free(&a.result);
    reduce_free(&b.result);
    assert_int_equal(run_command(w, sub_bytes, "false", 1, 0, &a), RUN_NOTHING);
    assert_int_equal(run_command(w, sub_bytes, "sleep 30; true", 1, UINT64_C(400000000), &a), RUN_NOTHING);
    assert_int_equal(run_command(w, sub_bytes, "/no/such/command", 1, 0, &a), RUN_NOTHING);
    assert_int_equal(run_command(w, (ReduceBytes){sub_module, 20}, "true", 1, 0, &a), RUN_DONE);
    assert_int_equal(a.result.n, 0); /* it was no module before, and nothing is wanted of it */
    reduce_free(&a.result);
}

/* -- Findings ------------------------------------------------------------------------------------------------------ */

static uint32_t count_text(const char *in, const char *what) {
    uint32_t n = 0;
    while ((in = strstr(in, what))) in += strlen(what), n++;
    return n;
}

/* Make the finding that the module is on these legs; its folder. */
static void make_finding(World *w, const char *legs, char path[FINDING_PATH]) {
    LegSpec leg[MAX_LEGS];
    ReduceOracle oracle;
    char why[300];
    ServerOptions o = {.leg = leg, .nlegs = legs_of(leg, legs), .features = FEATURES_WASM3};
    ServerOracle *s = oracle_server_open(&o, &oracle, why, sizeof why);
    if (!s) fail_msg("%s", why);
    assert_int_equal(oracle_server_save(s, sub_bytes, w->root, false, path), FINDING_NEW);
    char again[FINDING_PATH];
    assert_int_equal(oracle_server_save(s, sub_bytes, w->root, false, again), FINDING_KNOWN);
    assert_string_equal(path, again);
    oracle_server_close(s);
}

/* What is explained has the explanation's bucket, and another module with the same fault is not written. */
static void test_save_explained(void **state) {
    World *w = *state;
    LegSpec leg[MAX_LEGS];
    ReduceOracle oracle;
    char why[300], path[FINDING_PATH];
    ServerOptions o = {
        .leg = leg, .nlegs = legs_of(leg, "interp,x64:plant=sub-adds,x64:O0"), .features = FEATURES_WASM3};
    ServerOracle *s = oracle_server_open(&o, &oracle, why, sizeof why);
    if (!s) fail_msg("%s", why);
    assert_int_equal(oracle_server_save(s, sub_bytes, w->root, true, path), FINDING_NEW);
    assert_non_null(strstr(path, "/x64-value-i64.sub-codegen/"));
    uint8_t other[sizeof sub_module];
    memcpy(other, sub_module, sizeof other);
    assert_int_equal(other[35], 9);
    other[35] = 10;
    assert_int_equal(oracle_server_save(s, (ReduceBytes){other, sizeof other}, w->root, true, path), FINDING_FULL);
    oracle_server_close(s);
}

/* -- What is not valid ------------------------------------------------------------------------------ */

typedef struct Rejects { /* the error that makes a module interesting */
    World *w;
    uint32_t code;
} Rejects;

static Err error_of(World *w, ReduceBytes b) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(&w->arena, b.at, b.n, FEATURES_WASM3, &err);
    if (m && module_validate(m, &err)) err_clear(&err);
    return err;
}

static void ask_rejects(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown) {
    const Rejects *x = user;
    for (uint32_t i = 0; i < n; i++) shown[i] = (ReduceBucket){.differs = error_of(x->w, module[i]).code == x->code};
}

/* Damage to a byte in the second half that gives the error. */
static ReduceBytes damaged(World *w, uint64_t seed, ErrCode code) {
    ReduceBytes b = generated(w, seed);
    uint8_t *at = arena_alloc(&w->arena, b.n, 1);
    for (uint32_t i = b.n / 2; i < b.n; i++) {
        memcpy(at, b.at, b.n);
        at[i] ^= 0x11;
        if (error_of(w, (ReduceBytes){at, b.n}).code == code) return (ReduceBytes){at, b.n};
    }
    fail_msg("no damage gives the error");
    return b;
}

static ReduceResult reduced_raw(World *w, ReduceBytes b, ErrCode code, uint32_t width) {
    Rejects x = {w, code};
    ReduceOracle oracle = {.user = &x, .width = width, .ask = ask_rejects};
    ReduceResult r;
    const char *why;
    assert_int_equal(reduce_raw(b, &oracle, &wasm3, &r, &why), REDUCE_DONE);
    assert_int_equal(error_of(w, (ReduceBytes){r.bytes, r.n}).code, code);
    return r;
}

static void test_invalid(void **state) {
    World *w = *state;
    for (uint64_t seed = 4; seed < 9; seed++) {
        ReduceBytes b = damaged(w, seed, ERR_TYPE_MISMATCH);
        ReduceResult one = reduced_raw(w, b, ERR_TYPE_MISMATCH, 1), many = reduced_raw(w, b, ERR_TYPE_MISMATCH, 7);
        assert_true(one.n <= 40 && b.n > 400);
        assert_int_equal(one.n, many.n);
        assert_memory_equal(one.bytes, many.bytes, one.n);
        reduce_free(&one);
        reduce_free(&many);
    }
    /* the point is how a size is written: in five bytes, the last of them too large; no frame must be made anew */
    static const uint8_t frame[] = {0x00, 'a', 's', 'm', 1, 0, 0, 0, 0, 3, 1, 'x', 7, 1, 0x84, 0x80, 0x80, 0x80, 0x10};
    ReduceBytes b = {frame, sizeof frame};
    ReduceResult r = reduced_raw(w, b, error_of(w, b).code, 1);
    assert_true(r.n < b.n);
    reduce_free(&r);
}

static void test_finding(void **state) {
    World *w = *state;
    char path[FINDING_PATH];
    ReduceReport r;
    make_finding(w, "interp,x64:plant=sub-adds,O2,x64", path);
    assert_false(finding_is_reduced(path));
    for (uint32_t i = 0; i < 2; i++) { /* a second time changes nothing */
        ReduceRun run = {.o = wasm3};
        if (reduce_finding(&w->arena, path, &run, &r) != RUN_DONE) fail_msg("%s", r.why);
        reduce_free(&r.result);
        assert_true(finding_is_reduced(path));
        const char *settings = scratch_read(&w->arena, path, "settings", NULL);
        assert_int_equal(count_text(settings, "\nreduced_legs interp,x64:plant=sub-adds,x64\n"), 1);
        assert_int_equal(count_text(settings, "\nreduced_instructions 4\n"), 1);
        assert_int_equal(count_text(settings, "\nreduced_complete yes\n"), 1);
        assert_int_equal(count_text(settings, "bucket x64-value\n"), 1);
        const char *wat = scratch_read(&w->arena, path, "reduced.wat", NULL);
        assert_non_null(strstr(wat, "i64.sub"));
        assert_null(strstr(wat, "i64.mul"));
    }
    ReduceRun run = {.o = wasm3};
    assert_int_equal(reduce_finding(&w->arena, w->root, &run, &r), RUN_BAD_INPUT);
}

/* A campaign reduces a finding of each bucket. */
static void see(void *user, const char *name, uint32_t n) {
    World *w = user;
    char bucket[FINDING_PATH], path[FINDING_PATH];
    bool reduced;
    (void)n;
    snprintf(bucket, sizeof bucket, "%s/%s", w->root, name);
    assert_true(finding_pick(bucket, path, &reduced));
    if (!reduced) fail_msg("%s: nothing is reduced", name);
    assert_true(count_text(scratch_read(&w->arena, path, "reduced.wat", NULL), "i64.sub") > 0);
}

static void test_campaign(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = {.jobs = 1,
                         .features = FEATURES_WASM3,
                         .cases = 200,
                         .finds = 1,
                         .findings = w->root,
                         .most = 3,
                         .reduce_seconds = 60,
                         .timeout_ns = UINT64_C(60000000000)};
    o.faults.plant[LEG_X64] = plant_find(LEG_X64, "sub-adds", strlen("sub-adds"));
    assert_true(o.faults.plant[LEG_X64] > 0);
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_true(r.session.saved > 0);
    findings_count(&w->arena, w->root, see, w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_any_module),   TEST(test_slip),        TEST(test_save_explained),
                                       TEST(test_fuel),         TEST(test_ends),        TEST(test_bad_input),
                                       TEST(test_stop),         TEST(test_plants),      TEST(test_plain_legs),
                                       TEST(test_crashing_leg), TEST(test_hanging_leg), TEST(test_command),
                                       TEST(test_invalid),      TEST(test_finding),     TEST(test_campaign)};
    return cmocka_run_group_tests_name("reduce", tests, NULL, NULL);
}
