/* The knobs that change how a run is bounded: what is compared then, and that an interruption comes.  And that each
 * knob has its note. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include "oracles/differ.h"
#include "oracles/test/modules.h"
#include "run/signals.h"

/* (module
 *   (func (export "a") (result i32) (i32.const 5))
 *   (func (export "loop") (loop (br 0)))
 *   (func (export "b") (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
 *   (func $rec (export "rec") (param i32) (result i32) (call $rec (i32.add (local.get 0) (i32.const 1))))) */
static const uint8_t looping[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0d, 0x03, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x00,
    0x60, 0x01, 0x7f, 0x01, 0x7f, 0x03, 0x05, 0x04, 0x00, 0x01, 0x02, 0x02, 0x07, 0x16, 0x04, 0x01, 0x61, 0x00,
    0x00, 0x04, 0x6c, 0x6f, 0x6f, 0x70, 0x00, 0x01, 0x01, 0x62, 0x00, 0x02, 0x03, 0x72, 0x65, 0x63, 0x00, 0x03,
    0x0a, 0x20, 0x04, 0x04, 0x00, 0x41, 0x05, 0x0b, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b, 0x07, 0x00,
    0x20, 0x00, 0x41, 0x05, 0x6a, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x10, 0x03, 0x0b};
enum { LOOP_FUNC = 1, LOOP_AT = 0x40 };

static bool foreign_runs(void) {
    char emulator[256], binary[256], why[200];
    const char *other = strcmp(worker_host_isa(), "x64") == 0 ? "a64" : "x64";
    return worker_command(other, emulator, binary, why, sizeof why);
}

/* -- Legs that count no fuel ---------------------------------------------------------------------- */

static void test_fuel_ends_the_comparison(void **state) {
    (void)state;
    static const char *const with[] = {"interp,x64:interrupt=none,x64:interrupt=epoch,x64",
                                       "interp,a64:interrupt=none,a64:interrupt=epoch,x64:interrupt=none"};
    for (uint32_t k = 0; k < (foreign_runs() ? 2u : 1u); k++) {
        LegSpec spec[MAX_LEGS];
        Differ d = {.max_fuel = 1000};
        uint32_t n;
        char why[200];
        Case c;
        assert_true(leg_specs_parse(spec, MAX_LEGS, &n, with[k], why, sizeof why));
        if (!differ_open(&d, spec, n, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
        differ_run(&d, looping, sizeof looping, &c);
        assert_int_equal(c.verdict.kind, VERDICT_AGREE);
        assert_int_equal(c.fuel_out, 1); /* the second step is the loop */
        for (uint32_t i = 0; i < n; i++) {
            const Observation *o = &c.obs[i];
            assert_int_equal(o->partial, !leg_counts_fuel(&spec[i]));
            /* "a" has been seen on all, what comes behind the loop only by those that went on */
            assert_true(o->partial ? o->field.at[o->field.n - 1].step == 0 : o->field.at[o->field.n - 1].step > 1);
            assert_int_equal(o->lacks, o->partial ? 1u << FIELD_FUEL : 0);
        }
        differ_close(&d);
    }
}

static Observation seen(Arena *a, uint64_t value, uint64_t fuel) {
    Observation o;
    observation_init(&o, a);
    observe_step(&o, 0,
                 &(StepResult){.kind = OUT_RETURN, .fuel = (int64_t)fuel, .nresult = 1, .result = {{.i64 = value}}});
    return o;
}

/* A leg without fuel has no vote on fuel, but on everything else. */
static void test_vote(void **state) {
    (void)state;
    Arena a;
    Verdict v;
    arena_init(&a, NULL);
    Observation o[4] = {seen(&a, 7, 100), seen(&a, 7, 99), seen(&a, 7, 0), seen(&a, 7, 0)};
    const Observation *p[4] = {&o[0], &o[1], &o[2], &o[3]};
    o[2].lacks = o[3].lacks = 1u << FIELD_FUEL;
    verdict_make(&v, p, 4);
    assert_int_equal(v.kind, VERDICT_DISAGREE);
    assert_int_equal(v.field, FIELD_FUEL);
    assert_false(v.majority);
    assert_int_equal(v.deviates, 3); /* either of the two that count it */
    o[1] = seen(&a, 8, 100);         /* now a value: the two that lack fuel decide */
    verdict_make(&v, p, 4);
    assert_int_equal(v.field, FIELD_VALUE);
    assert_true(v.majority);
    /* two that see all against one and another that does not: as wrong as each other, or each in its way */
    for (uint64_t value = 8; value <= 9; value++) {
        Observation q[4] = {seen(&a, 8, 100), seen(&a, 7, 100), seen(&a, value, 0), seen(&a, 7, 100)};
        const Observation *r[4] = {&q[0], &q[1], &q[2], &q[3]};
        Verdict w;
        q[2].lacks = 1u << FIELD_FUEL;
        verdict_make(&w, r, 4);
        assert_true(w.majority);
        assert_int_equal(w.deviates, 5);
    }
    assert_int_equal(v.deviates, 2);
    /* what is behind the end of a partial one is no difference, what is in front of it is */
    o[1] = seen(&a, 7, 100);
    o[2].partial = true;
    o[2].field.n = 1;
    assert_false(compare(&o[1], &o[2]).differs);
    o[2].field.at[0].v[0] = OUT_TRAP;
    assert_true(compare(&o[1], &o[2]).differs);
    arena_free(&a);
}

/* -- Interruption ----------------------------------------------------------------------------------- */

typedef struct One {
    Leg leg;
    Arena arena;
    int32_t inst;
} One;

/* `stack`: bytes of native stack, 0: enough */
static void open_one(One *w, const char *text, Bytes module, uint32_t stack) {
    LegSpec spec;
    LegModule lm;
    StepResult r;
    char why[200];
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, NULL);
    assert_true(leg_spec_parse(&spec, text, strlen(text), why, sizeof why));
    if (!leg_open(&w->leg, &spec, 0, why, sizeof why)) fail_msg("%s", why);
    ExecState *es = region_es(&w->leg.store.region);
    if (stack) es->stack_top = (uint8_t *)(uintptr_t)es->stack_limit + stack;
    assert_true(leg_reset(&w->leg, &(StoreLimits)STORE_LIMITS_DEFAULT));
    assert_true(leg_load(&w->leg, &w->arena, decode_valid(&w->arena, module), &lm, &r));
    w->inst = leg_instantiate(&w->leg, &lm, &r);
    assert_int_equal(r.kind, OUT_RETURN);
}

static void close_one(One *w) {
    leg_close(&w->leg);
    arena_free(&w->arena);
}

static StepResult call(One *w, const char *name, uint32_t arg, uint32_t nargs) {
    StepResult r;
    Value v = {.i32 = arg};
    assert_true(leg_invoke(&w->leg, w->inst, (Name){name, (uint32_t)strlen(name)}, &v, nargs, &r));
    return r;
}

static void check_interrupted(One *w) {
    StepResult r = call(w, "loop", 0, 0);
    assert_int_equal(r.kind, OUT_TRAP);
    assert_int_equal(r.trap, TRAP_INTERRUPT);
    assert_int_equal(r.site.func, LOOP_FUNC);
    assert_int_equal(r.site.offset, LOOP_AT);
    r = call(w, "b", 37, 1); /* and all is well again */
    assert_int_equal(r.kind, OUT_RETURN);
    assert_int_equal(r.result[0].i32, 42);
}

static void test_interrupt(void **state) {
    (void)state;
    const char *const leg[] = {"x64:O0,interrupt=epoch", "x64:O2,interrupt=epoch", "a64:O0,interrupt=epoch",
                               "a64:O2,interrupt=epoch"};
    for (uint32_t k = 0; k < 4; k++) {
        bool here = strncmp(leg[k], worker_host_isa(), 3) == 0;
        if (!here && !foreign_runs()) continue;
        One w;
        open_one(&w, leg[k], BYTES(looping), 0);
        w.leg.store.o.time_ns = here ? 30000000 : 0;
        w.leg.worker.timeout_ns = 300000000;
        for (uint32_t i = 0; i < 3; i++) check_interrupted(&w);
        assert_int_equal(w.leg.worker.stats.hung, 0); /* it came back by itself */
        Observation o;
        observation_init(&o, &w.arena);
        observe_step(&o, 0, &(StepResult){.kind = OUT_TRAP, .trap = TRAP_INTERRUPT});
        assert_true(o.crashed && o.hung);
        close_one(&w);
    }
}

/* -- Native stack ---------------------------------------------------------------------------------------
 *
 * Depth runs out first on the stack that a store has; here it has a small one, so that the native checks are what stops
 * a recursion: of a function with a small frame, with a frame larger than the guard, of one that calls C at each
 * level, and of one that calls C at the last of them alone, with nearly a page at the end of its frame, the arguments
 * of another call, not touched before.
 *
 * (module (memory 1)
 *   (func (export "a") (param i32) (result i32) (i32.add (i32.const 1) (call 0 (local.get 0))))
 *   (func (export "b") (param i32) (result i32)
 *     (i32.load offset=0 (local.get 0)) .. (i32.load offset=4*(LIVE-1) (local.get 0))
 *     (call 1 (local.get 0)) i32.add ..)
 *   (func (export "c") (param i32) (result i32)
 *     (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (i32.add (i32.const 1) (call 2 (local.get 0))))
 *   (func (export "d") (param i32) (result i32)
 *     (if (result i32) (local.get 0)
 *       (then (i32.add (i32.const 1) (call 3 (i32.sub (local.get 0) (i32.const 1)))))
 *       (else
 *         (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
 *         (if (i32.load (i32.const 0)) (then
 *           (return (call 4 (local.get 0) .. (local.get 0)))))
 *         (i32.const 1))))
 *   (func (param i32 ..) (result i32) (i32.const 0))) */
enum { LIVE = 26000, UNTOUCHED = 230, SMALL_STACK = 64 * 1024 };

typedef struct Out {
    uint8_t at[1 << 19];
    uint32_t n;
} Out;

static void put(Out *o, const uint8_t *at, uint32_t n) {
    memcpy(o->at + o->n, at, n);
    o->n += n;
}
static void put_leb(Out *o, uint32_t v) { o->n += leb_put_u64(o->at + o->n, v); }
#define PUT(o, ...) put((o), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_body(Out *code, const Out *body) {
    put_leb(code, body->n + 2);
    PUT(code, 0);
    put(code, body->at, body->n);
    PUT(code, 0x0b);
}

static void put_late_call(Out *code, Out *body) {
    body->n = 0;
    PUT(body, 0x20, 0, 0x04, 0x7f, 0x41, 1, 0x20, 0, 0x41, 1, 0x6b, 0x10, 3, 0x6a, 0x05);
    PUT(body, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, 0x41, 0, 0x28, 2, 0, 0x04, 0x40);
    for (uint32_t k = 0; k < UNTOUCHED; k++) PUT(body, 0x20, 0);
    PUT(body, 0x10, 4);
    PUT(body, 0x0f, 0x0b, 0x41, 1, 0x0b);
    put_body(code, body);
    body->n = 0;
    PUT(body, 0x41, 0);
    put_body(code, body);
}

static void put_recursions(Out *m) {
    static Out code, body;
    code.n = body.n = 0;
    PUT(m, 0, 'a', 's', 'm', 1, 0, 0, 0, 1);
    put_leb(m, 11 + UNTOUCHED);
    PUT(m, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60);
    put_leb(m, UNTOUCHED);
    for (uint32_t k = 0; k < UNTOUCHED; k++) PUT(m, 0x7f);
    PUT(m, 1, 0x7f, 3, 6, 5, 0, 0, 0, 0, 1, 5, 3, 1, 0, 1);
    PUT(m, 7, 17, 4, 1, 'a', 0, 0, 1, 'b', 0, 1, 1, 'c', 0, 2, 1, 'd', 0, 3);
    PUT(&code, 5);
    PUT(&body, 0x41, 1, 0x20, 0, 0x10, 0, 0x6a);
    put_body(&code, &body);
    body.n = 0;
    for (uint32_t k = 0; k < LIVE; k++) {
        PUT(&body, 0x20, 0, 0x28, 2);
        put_leb(&body, 4 * k);
    }
    PUT(&body, 0x20, 0, 0x10, 1);
    for (uint32_t k = 0; k < LIVE; k++) PUT(&body, 0x6a);
    put_body(&code, &body);
    body.n = 0;
    PUT(&body, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, 0x41, 1, 0x20, 0, 0x10, 2, 0x6a);
    put_body(&code, &body);
    put_late_call(&code, &body);
    PUT(m, 10);
    put_leb(m, code.n);
    put(m, code.at, code.n);
}

typedef struct Overflows {
    uint32_t n, wrong, func;
} Overflows;

static void count_overflow(void *user, uint32_t i, const StepResult *r) {
    Overflows *o = user;
    (void)i;
    o->n++;
    /* depth was not what ran out: there is some left */
    if (r->kind != OUT_TRAP || r->trap != TRAP_EXHAUSTION || r->site.func != o->func || r->depth_left < 0) o->wrong++;
}

static void overflow(One *w, uint32_t func, uint32_t times) {
    static const Value arg = {.i32 = 0};
    const char *name[] = {"a", "b", "c"};
    LegCall *c = ARENA_ARRAY(&w->arena, LegCall, times);
    for (uint32_t i = 0; i < times; i++) c[i] = (LegCall){{name[func], 1}, &arg, 1};
    Overflows o = {.func = func};
    leg_invoke_all(&w->leg, &w->arena, w->inst, c, times, count_overflow, &o);
    assert_int_equal(o.n, times);
    assert_int_equal(o.wrong, 0);
}

/* Deeper and deeper, until the last level's frame ends where the stack does and beyond. */
static void count_late_call(void *user, uint32_t i, const StepResult *r) {
    Overflows *o = user;
    bool ok = r->kind == OUT_RETURN ? r->nresult == 1 && r->result[0].i32 == i + 1
                                    : r->kind == OUT_TRAP && r->trap == TRAP_EXHAUSTION && r->depth_left >= 0;
    o->n++;
    o->wrong += !ok;
    o->func += r->kind == OUT_TRAP;
}

static void late_calls(One *w) {
    enum { TIMES = 60 };
    LegCall *c = ARENA_ARRAY(&w->arena, LegCall, TIMES);
    Value *arg = ARENA_ARRAY(&w->arena, Value, TIMES);
    for (uint32_t i = 0; i < TIMES; i++) {
        arg[i].i32 = i;
        c[i] = (LegCall){{"d", 1}, &arg[i], 1};
    }
    Overflows o = {0};
    leg_invoke_all(&w->leg, &w->arena, w->inst, c, TIMES, count_late_call, &o);
    assert_int_equal(o.n, TIMES);
    assert_int_equal(o.wrong, 0);
    assert_true(o.func > 0);
}

static void check_stack(const char *leg, uint32_t times, bool tail) {
    static Out m;
    One w;
    m.n = 0;
    put_recursions(&m);
    open_one(&w, leg, (Bytes){m.at, m.n}, SMALL_STACK);
    signals_reinstall(); /* the test framework's are on top, on no stack of their own */
    for (uint32_t func = 0; func < 3; func++) overflow(&w, func, func == 0 ? times : 20);
    if (tail) late_calls(&w);
    assert_int_equal(w.leg.worker.stats.died + w.leg.worker.stats.hung, 0);
    close_one(&w);
}

static void test_stack(void **state) {
    (void)state;
    static const char *const isa[] = {"x64", "a64"};
    for (uint32_t k = 0; k < 2; k++) {
        if (strcmp(isa[k], worker_host_isa()) != 0 && !foreign_runs()) continue;
        for (uint32_t level = 0; level < 3; level++)
            for (uint32_t limit = 0; limit < 2; limit++) {
                char leg[60];
                snprintf(leg, sizeof leg, "%s:O%u,stack=%s", isa[k], level, limit ? "limit" : "guard");
                /* a fault on the alternate stack, ten thousand times in a row, under the emulator too */
                check_stack(leg, !limit && level == 1 ? 10000 : 20, false);
                strcat(leg, ",callconv=tail,inline=off");
                check_stack(leg, 20, true);
            }
    }
}

/* -- Notes -------------------------------------------------------------------------------------------- */

static char *read_text(const char *path) {
    static char text[1 << 16];
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing", path);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    return text;
}

/* Each knob has its note, which names all its values and has all parts, and the index leads to it. */
static void test_notes(void **state) {
    (void)state;
    static const char *const part[] = {"## The code", "## What it costs", "## Who chose what"};
    static char index[1 << 16];
    const char *name, *what;
    char values[200], path[500];
    strcpy(index, read_text(SOURCE_DIR "/engine/docs/abi.md"));
    for (uint32_t i = 0; knob_describe(i, &name, &what, values, sizeof values); i++) {
        char head[40], link[60];
        assert_true(strlen(what) > 0);
        snprintf(path, sizeof path, SOURCE_DIR "/engine/docs/abi/%s.md", name);
        char *text = read_text(path);
        snprintf(head, sizeof head, "# `%s`: ", name);
        if (strncmp(text, head, strlen(head)) != 0) fail_msg("%s does not begin with \"%s\"", path, head);
        for (size_t k = 0; k < sizeof part / sizeof *part; k++)
            if (!strstr(text, part[k])) fail_msg("%s has no \"%s\"", path, part[k]);
        snprintf(link, sizeof link, "](abi/%s.md)", name);
        if (!strstr(index, link)) fail_msg("engine/docs/abi.md has no link to %s", path);
        text[strcspn(text, "\n")] = 0;
        for (char *save = NULL, *v = strtok_r(values, "|", &save); v; v = strtok_r(NULL, "|", &save))
            if (!strstr(text + strlen(head), v)) fail_msg("the first line of %s does not name %s", path, v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fuel_ends_the_comparison), cmocka_unit_test(test_vote),
                                       cmocka_unit_test(test_interrupt), cmocka_unit_test(test_stack),
                                       cmocka_unit_test(test_notes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
