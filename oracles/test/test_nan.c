/* nan=native: what is let through is what the specification leaves open, and nothing else. */
#include <stdio.h>
#include "interp/nanprobe.h"
#include "ir/ir.h"
#include "oracles/differ.h"
#include "oracles/test/modules.h"
#include "run/signals.h"

/* (module
 *  (memory 1)
 *  (global $g (mut f64) (f64.const 0))
 *  (func (export "min") (param f32 f32) (result f32) (f32.min (local.get 0) (local.get 1)))
 *  (func (export "sum") (param f64) (result f64) (global.set $g (f64.add (local.get 0) (f64.const 1))) (global.get $g))
 *  (func (export "lanes") (param f32) (result v128) (f32x4.div (f32x4.splat (local.get 0)) (v128.const f32x4 0 1 2 0)))
 *  (func (export "sub") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
 *  (func (export "bits") (param f64 f64) (result i64) (i64.reinterpret_f64 (f64.div (local.get 0) (local.get 1))))) */
static const uint8_t makes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x1d, 0x05, 0x60, 0x02, 0x7d, 0x7d, 0x01, 0x7d, 0x60,
    0x01, 0x7c, 0x01, 0x7c, 0x60, 0x01, 0x7d, 0x01, 0x7b, 0x60, 0x02, 0x7e, 0x7e, 0x01, 0x7e, 0x60, 0x02, 0x7c,
    0x7c, 0x01, 0x7e, 0x03, 0x06, 0x05, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x03, 0x01, 0x00, 0x01, 0x06, 0x0d,
    0x01, 0x7c, 0x01, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x07, 0x22, 0x05, 0x03, 0x6d,
    0x69, 0x6e, 0x00, 0x00, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x01, 0x05, 0x6c, 0x61, 0x6e, 0x65, 0x73, 0x00, 0x02,
    0x03, 0x73, 0x75, 0x62, 0x00, 0x03, 0x04, 0x62, 0x69, 0x74, 0x73, 0x00, 0x04, 0x0a, 0x49, 0x05, 0x07, 0x00,
    0x20, 0x00, 0x20, 0x01, 0x96, 0x0b, 0x12, 0x00, 0x20, 0x00, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0,
    0x3f, 0xa0, 0x24, 0x00, 0x23, 0x00, 0x0b, 0x1b, 0x00, 0x20, 0x00, 0xfd, 0x13, 0xfd, 0x0c, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0xfd, 0xe7, 0x01, 0x0b, 0x07,
    0x00, 0x20, 0x00, 0x20, 0x01, 0x7d, 0x0b, 0x08, 0x00, 0x20, 0x00, 0x20, 0x01, 0xa3, 0xbd, 0x0b,
};
/* (module
 *  (import "env" "log" (func $log (param f32)))
 *  (memory 1)
 *  (func $nan (result f32) (f32.div (f32.const 0) (f32.const 0)))
 *  (func $wide (result f64) (f64.div (f64.const 0) (f64.const 0)))
 *  (func (export "reinterpret") (drop (i32.reinterpret_f32 (call $nan))))
 *  (func (export "store") (f64.store (i32.const 8) (call $wide)))
 *  (func (export "copysign") (drop (f32.copysign (f32.const 1) (call $nan))))
 *  (func (export "log") (call $log (call $nan)))
 *  (func (export "lanes") (drop (i32x4.add (f32x4.splat (call $nan)) (v128.const i32x4 0 0 0 0))))
 *  (func (export "half") (drop (f32x4.extract_lane 1 (f64x2.splat (call $wide)))))
 *  (func (export "vstore") (v128.store (i32.const 0) (f64x2.splat (call $wide))))
 *  (func (export "moved") (result f32 i32)
 *    (f32.neg (select (call $nan) (f32.const 1) (f32.lt (call $nan) (f32.const 0))))
 *    (f32.eq (f32.sqrt (call $nan)) (f32x4.extract_lane 0 (f32x4.pmin (f32x4.splat (call $nan)) (f32x4.splat (f32.const
 * 1)))))) (func (export "exact") (result f32 i32 i32) (f32.neg (f32.const nan:0x12345)) (i32.reinterpret_f32 (f32.const
 * nan:0x12345)) (i32.trunc_sat_f32_s (call $nan)))) */
static const uint8_t observes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x1b, 0x06, 0x60, 0x01, 0x7d, 0x00, 0x60, 0x00, 0x01, 0x7d,
    0x60, 0x00, 0x01, 0x7c, 0x60, 0x00, 0x00, 0x60, 0x00, 0x02, 0x7d, 0x7f, 0x60, 0x00, 0x03, 0x7d, 0x7f, 0x7f, 0x02,
    0x0b, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x00, 0x03, 0x0c, 0x0b, 0x01, 0x02, 0x03, 0x03,
    0x03, 0x03, 0x03, 0x03, 0x03, 0x04, 0x05, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x50, 0x09, 0x0b, 0x72, 0x65, 0x69,
    0x6e, 0x74, 0x65, 0x72, 0x70, 0x72, 0x65, 0x74, 0x00, 0x03, 0x05, 0x73, 0x74, 0x6f, 0x72, 0x65, 0x00, 0x04, 0x08,
    0x63, 0x6f, 0x70, 0x79, 0x73, 0x69, 0x67, 0x6e, 0x00, 0x05, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x06, 0x05, 0x6c, 0x61,
    0x6e, 0x65, 0x73, 0x00, 0x07, 0x04, 0x68, 0x61, 0x6c, 0x66, 0x00, 0x08, 0x06, 0x76, 0x73, 0x74, 0x6f, 0x72, 0x65,
    0x00, 0x09, 0x05, 0x6d, 0x6f, 0x76, 0x65, 0x64, 0x00, 0x0a, 0x05, 0x65, 0x78, 0x61, 0x63, 0x74, 0x00, 0x0b, 0x0a,
    0xba, 0x01, 0x0b, 0x0d, 0x00, 0x43, 0x00, 0x00, 0x00, 0x00, 0x43, 0x00, 0x00, 0x00, 0x00, 0x95, 0x0b, 0x15, 0x00,
    0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa3,
    0x0b, 0x06, 0x00, 0x10, 0x01, 0xbc, 0x1a, 0x0b, 0x09, 0x00, 0x41, 0x08, 0x10, 0x02, 0x39, 0x03, 0x00, 0x0b, 0x0b,
    0x00, 0x43, 0x00, 0x00, 0x80, 0x3f, 0x10, 0x01, 0x98, 0x1a, 0x0b, 0x06, 0x00, 0x10, 0x01, 0x10, 0x00, 0x0b, 0x1c,
    0x00, 0x10, 0x01, 0xfd, 0x13, 0xfd, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xfd, 0xae, 0x01, 0x1a, 0x0b, 0x0a, 0x00, 0x10, 0x02, 0xfd, 0x14, 0xfd, 0x1f, 0x01, 0x1a,
    0x0b, 0x0c, 0x00, 0x41, 0x00, 0x10, 0x02, 0xfd, 0x14, 0xfd, 0x0b, 0x04, 0x00, 0x0b, 0x28, 0x00, 0x10, 0x01, 0x43,
    0x00, 0x00, 0x80, 0x3f, 0x10, 0x01, 0x43, 0x00, 0x00, 0x00, 0x00, 0x5d, 0x1b, 0x8c, 0x10, 0x01, 0x91, 0x10, 0x01,
    0xfd, 0x13, 0x43, 0x00, 0x00, 0x80, 0x3f, 0xfd, 0x13, 0xfd, 0xea, 0x01, 0xfd, 0x1f, 0x00, 0x5b, 0x0b, 0x12, 0x00,
    0x43, 0x45, 0x23, 0x81, 0x7f, 0x8c, 0x43, 0x45, 0x23, 0x81, 0x7f, 0xbc, 0x10, 0x01, 0xfc, 0x00, 0x0b,
};

#define NAN32(payload) (UINT64_C(0x7f800000) | (payload))
#define NAN64(payload) (UINT64_C(0x7ff0000000000000) | (payload))
static const PlanStep steps[] = {
    {{"min", 3}, 2, (Value[]){{.i64 = 0xffc00000}, {.i64 = 0x3f800000}}},      /* NaN, 1 */
    {{"min", 3}, 2, (Value[]){{.i64 = 0x3f800000}, {.i64 = NAN32(0x200001)}}}, /* 1, a signalling NaN */
    {{"min", 3}, 2, (Value[]){{.i64 = 0x3f800000}, {.i64 = 0x40000000}}},      /* 1, 2 */
    {{"sum", 3}, 1, (Value[]){{.i64 = NAN64(UINT64_C(0x8000000000123))}}},
    {{"lanes", 5}, 1, (Value[]){{.i64 = 0}}},
    {{"sub", 3}, 2, (Value[]){{.i64 = 7}, {.i64 = 5}}},
    {{"bits", 4}, 2, (Value[]){{.i64 = UINT64_C(0x3ff0000000000000)}, {.i64 = UINT64_C(0x3ff0000000000000)}}},
    {{"bits", 4}, 2, (Value[]){{.i64 = 0}, {.i64 = 0}}},
    {{"sub", 3}, 2, (Value[]){{.i64 = 9}, {.i64 = 5}}},
};
enum { NSTEPS = sizeof steps / sizeof *steps, MIN_NUMBERS = 2, SUB = 5, OBSERVED = 7 };

static bool foreign_runs(void) {
    char emulator[256], binary[256], why[200];
    const char *other = strcmp(worker_host_isa(), "x64") == 0 ? "a64" : "x64";
    return worker_command(other, emulator, binary, why, sizeof why);
}

typedef struct World {
    Differ d;
    Case c;
    Arena arena;
    LegSpec spec[MAX_LEGS];
} World;

/* Legs of both ISAs where both run, with `stages` on leg number `planted` (0: none), run `n` steps of a module. */
static void run(World *w, const char *legs, uint32_t planted, const Stages *stages, Bytes module, const PlanStep *step,
                uint32_t n) {
    Plan plan = {.limits = STORE_LIMITS_DEFAULT};
    Bytes section;
    char why[200];
    uint32_t nlegs;
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, NULL);
    for (uint32_t i = 0; i < n; i++) vec_push(&w->arena, &plan.step, step[i]);
    section.at = plan_encode(&w->arena, &plan, &section.n);
    module = append_custom(&w->arena, module, PLAN_SECTION, section);
    assert_true(leg_specs_parse(w->spec, MAX_LEGS, &nlegs, legs, why, sizeof why));
    if (planted) w->d.leg[planted].plant = stages;
    if (!differ_open(&w->d, w->spec, nlegs, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
    signals_reinstall(); /* the test framework's are on top, on no stack of their own */
    differ_run(&w->d, module.at, module.n, &w->c);
    assert_null(w->c.plan_error);
    assert_non_null(w->c.module);
}

static void end(World *w) {
    differ_close(&w->d);
    arena_free(&w->arena);
}

/* -- Legs that are right ------------------------------------------------------------------------------- */

static void test_native_agrees(void **state) {
    (void)state;
    static World w;
    for (uint32_t k = 0; k < (foreign_runs() ? 2u : 1u); k++) {
        run(&w,
            k ? "interp,a64,x64:O0,nan=native,a64:O0,nan=native,x64:O2,nan=native,a64:O2,nan=native,x64:nan=explicit,"
                "a64:nan=explicit"
              : "interp,x64,x64:O0,nan=native,x64:O2,nan=native,x64:O1,nan=native,interrupt=none",
            0, NULL, BYTES(makes), steps, NSTEPS);
        assert_int_equal(w.c.verdict.kind, VERDICT_AGREE);
        assert_true(w.c.native);
        assert_non_null(w.c.open); /* they do differ: x64 makes a negative NaN of 0/0 */
        assert_true(w.c.open->observed);
        assert_int_equal(w.c.open->step, OBSERVED);
        assert_int_equal(w.c.open->value.n, 5); /* steps 0, 1, 3, 4 and the global */
        assert_true(w.c.verdict.nans > 0);
        assert_true(w.c.verdict.open >> 2 & 1);
        assert_false(w.c.verdict.open & 3); /* canonical legs are compared to the end */
        assert_int_equal(w.c.verdict.open_step, OBSERVED);
        end(&w);
    }
}

/* Where no bits of a NaN differ nobody asks the probe, and all is compared by bits. */
static void test_no_nan(void **state) {
    (void)state;
    static World w;
    run(&w, "interp,x64:O2,nan=native", 0, NULL, BYTES(makes), steps + MIN_NUMBERS, 1);
    assert_int_equal(w.c.verdict.kind, VERDICT_AGREE);
    assert_null(w.c.open);
    assert_int_equal(w.d.probed, 0);
    assert_int_equal(w.c.verdict.nans + w.c.verdict.open, 0);
    end(&w);
}

/* -- Legs that are wrong --------------------------------------------------------------------------------- */

/* min as x86's minss has it: b when one of them is NaN */
static void min_drops_nan(void *user, const char *pass, Fn *f) {
    (void)user;
    if (strcmp(pass, "build") != 0) return;
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_fmin) *i = (Ins){.op = IR_fcopysign, .type = i->type, .a = i->b, .b = i->b}; /* b itself */
    }
}
static void other_op(void *user, const char *pass, Fn *f) {
    const uint8_t *op = user; /* from, to */
    if (strcmp(pass, "build") != 0) return;
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == op[0]) f->ins.at[v].op = op[1];
}

static void check_found(const Stages *stages, const PlanStep *step, uint32_t n, FieldKind field, uint32_t at) {
    static World w;
    static const char *const legs[] = {"interp,x64,x64:O1,nan=native", "interp,a64,a64:O1,nan=native"};
    for (uint32_t k = 0; k < (foreign_runs() ? 2u : 1u); k++) {
        run(&w, legs[k], 2, stages, BYTES(makes), step, n);
        assert_int_equal(w.c.verdict.kind, VERDICT_DISAGREE);
        assert_int_equal(w.c.verdict.deviates, 1u << 2);
        assert_int_equal(w.c.verdict.field, field);
        assert_int_equal(w.c.verdict.diff.b.step, at);
        end(&w);
    }
}

/* A number where a NaN belongs, and the other way round. */
static void test_nan_or_not(void **state) {
    (void)state;
    const Stages drops = {.on_ir = min_drops_nan}, product = {.user = (uint8_t[]){IR_fmin, IR_fmul}, .on_ir = other_op};
    const PlanStep infinity[] = {{{"min", 3}, 2, (Value[]){{.i64 = 0x7f800000}, {.i64 = 0}}}};
    check_found(&drops, steps, 1, FIELD_VALUE, 0); /* 1 instead of NaN */
    check_found(&drops, steps, NSTEPS, FIELD_VALUE, 0);
    check_found(&product, infinity, 1, FIELD_VALUE, 0); /* inf * 0 instead of 0 */
}

/* A signalling NaN goes through, which no arithmetic may make. */
static void test_not_quiet(void **state) {
    (void)state;
    const Stages drops = {.on_ir = min_drops_nan};
    check_found(&drops, steps + 1, 1, FIELD_VALUE, 0);
}

static void test_wrong_number(void **state) {
    (void)state;
    const Stages max = {.user = (uint8_t[]){IR_fmin, IR_fmax}, .on_ir = other_op},
                 add = {.user = (uint8_t[]){IR_isub, IR_iadd}, .on_ir = other_op};
    check_found(&max, steps, NSTEPS, FIELD_VALUE, MIN_NUMBERS); /* steps 0 and 1 have the same class of NaN */
    check_found(&add, steps, NSTEPS, FIELD_VALUE, SUB);
}

/* -- The comparison by itself ---------------------------------------------------------------------------- */

static bool allows(ValType type, Value mark, uint64_t a, uint64_t a_high, uint64_t b, uint64_t b_high) {
    OpenValue o = {FIELD_VALUE, 3, 0, type, mark};
    NanOpen n = {.value = {.at = &o, .n = 1, .cap = 1}};
    Field f = {FIELD_VALUE, 3, 0, 0, {a, a_high}}, g = {FIELD_VALUE, 3, 0, 0, {b, b_high}};
    return nan_open_allows(&n, &f, &g);
}

/* The marks, as the probe makes them: of sqrt(-1) and of a NaN with a payload. */
static Value marked(uint32_t bits) {
    enum { F32_SQRT_CODE = 0x91 };
    Value v = {.u64x2 = {bits, 0}}; /* all of it: the comparison looks at 16 bytes */
    uint64_t on = PROBE_ON;
    assert_true(probe_number(F32_SQRT_CODE, &v + 1, &on));
    assert_int_equal(on, PROBE_ON | PROBE_OPEN);
    return v;
}

static void test_classes(void **state) {
    (void)state;
    Value any_sign = marked(0xbf800000), quiet = marked(0x7fc00001);
    assert_int_equal(nan_mark_f32(any_sign.i32), NAN_ANY_SIGN);
    assert_int_equal(nan_mark_f32(quiet.i32), NAN_QUIET);
    assert_int_equal(nan_mark_f32(0x7fc00000), NAN_EXACT);
    assert_true(allows(VT_F32, any_sign, 0x7fc00000, 0, 0xffc00000, 0));
    assert_false(allows(VT_F32, any_sign, 0x7fc00000, 0, 0xffc00001, 0)); /* not canonical */
    assert_false(allows(VT_F32, any_sign, 0x7fc00000, 0, 0x7f800000, 0)); /* infinity */
    assert_false(allows(VT_F32, any_sign, 0x7fc00000, 0, 0x3f800000, 0));
    assert_true(allows(VT_F32, quiet, 0x7fc00000, 0, 0xffc12345, 0));
    assert_false(allows(VT_F32, quiet, 0x7fc00000, 0, 0x7fa12345, 0));  /* signalling */
    assert_false(allows(VT_F32, quiet, 0x7fc00000, 0, 0x1ffc12345, 0)); /* bytes that an f32 does not have */
    /* one lane open, the others by bits */
    Value v = {.u32x4 = {7, any_sign.i32, 9, 0}};
    uint64_t low = UINT64_C(0x7fc0000000000007), negative = low | UINT64_C(1) << 63;
    assert_true(allows(VT_V128, v, low, 9, negative, 9));
    assert_false(allows(VT_V128, v, low, 9, negative, 10));
    assert_false(allows(VT_V128, v, low, 9, negative + 1, 9));
    /* of another place nothing is known */
    OpenValue o = {FIELD_VALUE, 3, 1, VT_F32, any_sign};
    NanOpen n = {.observed = true, .step = 4, .value = {.at = &o, .n = 1, .cap = 1}};
    Field f = {FIELD_VALUE, 3, 0, 0, {0x7fc00000, 0}}, g = {FIELD_VALUE, 3, 0, 0, {0xffc00000, 0}};
    assert_false(nan_open_allows(&n, &f, &g));
    const uint16_t before[] = {STEP_MODULE, STEP_INSTANTIATE, 0, 3}, behind[] = {4, 5, STEP_STATE};
    for (uint32_t i = 0; i < 4; i++) assert_false(nan_open_ends(&n, &(Field){.step = before[i]}));
    for (uint32_t i = 0; i < 3; i++) assert_true(nan_open_ends(&n, &(Field){.step = behind[i]}));
}

/* A crash deviates, also where nothing is compared. */
static void test_crash(void **state) {
    (void)state;
    Arena a;
    Verdict v;
    arena_init(&a, NULL);
    NanOpen open = {.observed = true, .step = 0};
    Observation o[3];
    const Observation *p[3] = {&o[0], &o[1], &o[2]};
    for (uint32_t i = 0; i < 3; i++) {
        observation_init(&o[i], &a);
        observe_step(&o[i], 0, &(StepResult){.kind = OUT_RETURN, .nresult = 1, .result = {{.i64 = i / 2}}});
    }
    o[2].open = &open;
    verdict_make(&v, p, 3);
    assert_int_equal(v.kind, VERDICT_AGREE);
    assert_int_equal(v.open, 1u << 2);
    o[2].field.n = 0;
    observe_step(&o[2], 0, &(StepResult){.kind = OUT_CRASH});
    verdict_make(&v, p, 3);
    assert_int_equal(v.kind, VERDICT_DISAGREE);
    assert_int_equal(v.deviates, 1u << 2);
    arena_free(&a);
}

/* Without the probe nothing is known, which is not called agreement. */
static void test_no_probe(void **state) {
    (void)state;
    static World w;
    static const char *const legs[] = {"interp,x64,x64:O1,nan=native", "interp,x64,x64:O1,nan=native,interrupt=none"};
    for (uint32_t k = 0; k < 2; k++) {
        run(&w, legs[k], 0, NULL, BYTES(makes), steps, NSTEPS);
        assert_int_equal(w.c.verdict.kind, VERDICT_AGREE);
        leg_close(&w.d.probe);
        w.d.first_region = 1 << 10; /* where nothing can be mapped */
        const uint8_t *bytes = w.c.bytes;
        differ_run(&w.d, bytes, w.c.size, &w.c);
        assert_true(w.c.open->failed);
        assert_int_equal(w.c.verdict.kind, VERDICT_INCOMPLETE);
        assert_int_equal(w.c.verdict.lacking, 1u << 2);
        assert_int_equal(w.c.verdict.deviates, 0);
        end(&w);
    }
}

/* -- What observes bits ------------------------------------------------------------------------------------ */

static void test_observers(void **state) {
    (void)state;
    static const char *const name[] = {"reinterpret", "store", "copysign", "log", "lanes", "half", "vstore"};
    static World w;
    for (uint32_t i = 0; i < sizeof name / sizeof *name; i++) {
        const PlanStep step = {{name[i], (uint32_t)strlen(name[i])}, 0, NULL};
        run(&w, "interp", 0, NULL, BYTES(observes), &step, 1);
        const NanOpen *n = differ_nans(&w.d, &w.c);
        assert_false(n->failed);
        if (!n->observed) fail_msg("%s observes bits", name[i]);
        end(&w);
    }
    /* moves, signs, comparisons and arithmetic do not */
    const PlanStep rest[] = {{{"moved", 5}, 0, NULL}, {{"exact", 5}, 0, NULL}};
    run(&w, "interp", 0, NULL, BYTES(observes), rest, 2);
    const NanOpen *n = differ_nans(&w.d, &w.c);
    assert_false(n->failed || n->observed);
    assert_int_equal(n->value.n, 0); /* moved's select takes the number, exact's NaN is the module's own */
    end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_agrees), cmocka_unit_test(test_no_nan),       cmocka_unit_test(test_nan_or_not),
        cmocka_unit_test(test_not_quiet),     cmocka_unit_test(test_wrong_number), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_crash),         cmocka_unit_test(test_no_probe),     cmocka_unit_test(test_observers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
