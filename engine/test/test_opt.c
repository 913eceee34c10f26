/* The optimizer: constant arithmetic against the interpreter's, random functions before and after, and time.  What
 * each rule does is shown by golden tests (engine/test/opt; engine/docs/golden.md). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "ir_gen.h"
#include "opt/eval.h"
#include "opt/fold.h"
#include "opt/opt.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

/* -- Running passes ------------------------------------------------------- */

static char *print(const Fn *f) {
    Text t;
    text_init(&t, f->arena);
    ir_print(&t, f);
    return t.at;
}

static void verify(const Fn *f, const char *when) {
    char msg[200];
    if (!ir_verify(f, msg, sizeof msg)) fail_msg("after %s: %s\n%s", when, msg, print(f));
}

typedef struct Watch {
    uint32_t calls;
} Watch;

static void on_ir(void *user, const char *pass, Fn *f) {
    ((Watch *)user)->calls++;
    verify(f, pass);
}

static void run_level(Fn *f, uint32_t level, Rewrites *rewrites) {
    Watch w = {0};
    Stages s = {.user = &w, .on_ir = on_ir};
    opt_run(f, &(OptOptions){.level = level, .stages = &s, .rewrites = rewrites});
    assert_true((w.calls != 0) == (level != 0));
}

static void run_pass(Fn *f, const char *name, Rewrites *rewrites) {
    OptPass *pass = opt_find(name);
    if (!pass) fail_msg("there is no pass %s", name);
    cfg_build(f);
    f->rewrites = rewrites;
    pass(f);
    f->rewrites = NULL;
    verify(f, name);
}

/* -- Pipeline ------------------------------------------------------------- */

static void test_pipeline(void **state) {
    (void)state;
    uint32_t n = 0;
    for (; opt_name(n); n++) assert_non_null(opt_find(opt_name(n)));
    assert_int_equal(n, 10);
    assert_null(opt_find("none"));
    Arena a;
    arena_init(&a, NULL);
    Fn *f = gen_fn(&a, 1, 100, true, true);
    char *before = print(f);
    run_level(f, 0, NULL);
    assert_string_equal(print(f), before); /* level 0 changes nothing, */
    assert_int_equal(f->blk.at[0].rpo, 0); /* but builds the facts */
    arena_free(&a);
}

/* -- Constant arithmetic -------------------------------------------------- */

/* All pure operations on boundary values and random ones against num.h; and whatever the rounding mode is. */
static void test_eval(void **state) {
    (void)state;
    Machine m = {.default_nan = true};
    Arena a;
    arena_init(&a, NULL);
    m.arena = &a;
    Gen g = {.state = 42};
    g.f = fn_new(&a, "", 0, &(IrSig){0});
    m.f = g.f;
    uint32_t folded = 0;
    for (uint32_t n = 0; n < 400000; n++) {
        uint8_t op = (uint8_t)(IR_iadd + n % (IR_select - IR_iadd + 1));
        Ins i = {.op = op, .type = T_I32};
        bool is_float = op >= IR_fadd && op <= IR_fcmp;
        uint8_t type[3] = {(uint8_t)(is_float ? gen_float_type(&g) : gen_int_type(&g))};
        if (op == IR_sext32) type[0] = T_I64;
        if (op >= IR_fdemote && op <= IR_fcvt_u)
            type[0] = op == IR_fdemote ? T_F64 : op == IR_fpromote ? T_F32 : (uint8_t)gen_float_type(&g);
        if (op == IR_sext || op == IR_zext) type[0] = T_I32;
        if (op == IR_wrap) type[0] = T_I64;
        if (op == IR_bitcast) type[0] = (uint8_t)gen_type(&g);
        type[1] = type[2] = type[0];
        if (op == IR_select) type[0] = T_I32;
        if (ir_info[op].result == RES_SAME) i.type = type[0];
        if (op == IR_select) i.type = type[1];
        if (op == IR_sext || op == IR_zext) i.type = T_I64;
        if (op == IR_fdemote || op == IR_fpromote) i.type = op == IR_fdemote ? T_F32 : T_F64;
        if (op == IR_fcvt_s || op == IR_fcvt_u) i.type = (uint8_t)gen_int_type(&g);
        if (op == IR_icvt_s || op == IR_icvt_u) i.type = (uint8_t)gen_float_type(&g);
        if (op == IR_bitcast)
            i.type = type[0] == T_I32 ? T_F32 : type[0] == T_I64 ? T_F64 : type[0] == T_F32 ? T_I32 : T_I64;
        i.aux = (uint8_t)gen_below(&g, op == IR_fcmp ? FC_COUNT : C_COUNT);
        uint64_t x[3], got = 0;
        for (uint32_t k = 0; k < 3; k++) {
            x[k] = type[k] == T_F32 || type[k] == T_F64 ? gen_float_bits(&g, type[k]) : gen_int_bits(&g);
            if (type[k] == T_I32) x[k] = (uint32_t)x[k];
        }
        m.event.n = 0;
        m.done = false;
        m.default_nan = op != IR_fcanon;
        uint64_t want = machine_pure(&m, &i, 1, type, x);
        bool ok = eval_ins(&i, type, x, &got);
        uint64_t upward = 0;
        fesetround(FE_UPWARD);
        eval_ins(&i, type, x, &upward);
        fesetround(FE_TONEAREST);
        if (ok && got != upward) fail_msg("%s depends on the rounding mode", ir_info[op].name);
        if (ok != !m.done) fail_msg("%s: folds %d, defined %d", ir_info[op].name, ok, !m.done);
        if (ok && got != want)
            fail_msg("%s.%u type %u -> %u: %llx %llx is %llx, must be %llx", ir_info[op].name, i.aux, type[0], i.type,
                     (unsigned long long)x[0], (unsigned long long)x[1], (unsigned long long)got,
                     (unsigned long long)want);
        folded += ok;
    }
    assert_true(folded > 300000);
    arena_free(&a);
}

/* -- Random functions ----------------------------------------------------- */

typedef struct Random {
    uint32_t functions, runs, stopped, kind[EV_STEPS + 1];
} Random;

static void random_args(Gen *g, uint64_t *args) {
    args[0] = EVAL_CONTEXT;
    args[1] = (uint32_t)gen_int_bits(g);
    args[2] = (uint32_t)gen_int_bits(g);
    args[3] = gen_int_bits(g);
    args[4] = gen_int_bits(g);
    args[5] = gen_float_bits(g, T_F32);
    args[6] = gen_float_bits(g, T_F64);
}

static void show(const Machine *m, const char *name) {
    print_error("%s:", name);
    for (uint32_t k = 0; k < m->event.n; k++) {
        const Event *e = &m->event.at[k];
        print_error(" [%d %u @%x %llx %llx]", e->kind, e->what, e->loc, (unsigned long long)e->x,
                    (unsigned long long)e->y);
    }
    print_error("\n");
}

static void compare_runs(Random *r, const Fn *before, const Fn *after, Gen *g, uint64_t seed) {
    Arena *a = before->arena;
    for (uint32_t n = 0; n < 4; n++) {
        ArenaMark mark = arena_mark(a);
        uint64_t args[7];
        random_args(g, args);
        Machine *x = ARENA_NEW(a, Machine), *y = ARENA_NEW(a, Machine);
        int64_t fuel = n == 3 ? 20 : 400;
        machine_init(x, a, seed + n, fuel);
        machine_init(y, a, seed + n, fuel);
        x->default_nan = y->default_nan = n & 1;
        machine_run(x, before, args, 20000);
        machine_run(y, after, args, 20000);
        const Event *last = &x->event.at[x->event.n - 1];
        r->kind[last->kind]++;
        if (last->kind == EV_CRASH)
            fail_msg("seed %llu: the function is wrong\n%s", (unsigned long long)seed, print(before));
        if (last->kind == EV_STEPS)
            r->stopped++;
        else if (!machine_same(x, y)) {
            show(x, "before");
            show(y, "after");
            fail_msg("seed %llu, run %u:\n%s\n%s", (unsigned long long)seed, n, print(before), print(after));
        }
        r->runs++;
        arena_rewind(a, mark);
    }
}

/* A level, or some passes in any order. */
static void optimize(Fn *f, Gen *g) {
    uint32_t how = gen_below(g, 4), limit = gen_below(g, 2) ? gen_below(g, 30) : REWRITES_ALL;
    Rewrites rewrites = {.limit = limit};
    if (how) {
        run_level(f, how == 3 ? 2 : how, &rewrites);
        assert_true(rewrites.made <= limit);
        return;
    }
    for (uint32_t n = 1 + gen_below(g, 4); n; n--) run_pass(f, opt_name(gen_below(g, 8)), NULL);
}

static void random_functions(Random *r, uint64_t first, uint32_t n, uint32_t budget, bool effects, bool control) {
    for (uint64_t seed = first; seed < first + n; seed++) {
        Arena a, b;
        arena_init(&a, NULL);
        arena_init(&b, NULL);
        Fn *before = gen_fn(&a, seed, budget, effects, control), *after = gen_fn(&b, seed, budget, effects, control);
        verify(before, "generation");
        Gen g = {.state = seed + 1};
        optimize(after, &g);
        compare_runs(r, before, after, &g, seed);
        r->functions++;
        arena_free(&a);
        arena_free(&b);
    }
}

static uint32_t scale(uint32_t n) {
    const char *s = getenv("OPT_TEST_SCALE");
    return s ? n * (uint32_t)atoi(s) : n;
}

static void test_random_pure(void **state) {
    (void)state;
    Random r = {0};
    random_functions(&r, 1000000, scale(20000), 20, false, false);
    assert_true(r.kind[EV_RET] > r.runs / 3);
}

static void test_random_effects(void **state) {
    (void)state;
    Random r = {0};
    random_functions(&r, 2000000, scale(5000), 40, true, false);
    assert_true(r.kind[EV_RET] > r.runs / 10);
}

static void test_random_control(void **state) {
    (void)state;
    Random r = {0};
    random_functions(&r, 3000000, scale(5000), 60, true, true);
    random_functions(&r, 4000000, scale(2000), 80, false, true);
    random_functions(&r, 5000000, scale(200), 1000, true, true);
    assert_true(r.kind[EV_RET] > r.runs / 10 && r.kind[EV_TRAP] > r.runs / 10);
    assert_true(r.stopped < r.runs / 100);
}

/* -- Passes that are left out --------------------------------------------- */

typedef struct Shadow {
    Fn *all; /* the same function, on which every pass is run */
    bool found;
} Shadow;

static void run_shadow(void *user, const char *pass, Fn *f) {
    Shadow *s = user;
    if (s->found) return;
    opt_find(pass)(s->all);
    s->found = strcmp(print(s->all), print(f)) != 0;
    if (s->found) print_error("%s would have found more\n", pass);
}

/* What the pipeline leaves out, because nothing has changed that the pass looks at, would have found nothing. */
static void test_left_out(void **state) {
    (void)state;
    uint32_t found = 0;
    for (uint64_t seed = 6000000; seed < 6000000 + scale(600); seed++) {
        Arena a, b, scratch;
        arena_init(&a, NULL);
        arena_init(&b, NULL);
        arena_init(&scratch, NULL);
        Fn *f = gen_fn(&a, seed, 40, true, true);
        Shadow s = {.all = gen_fn(&b, seed, 40, true, true)};
        Stages stages = {.user = &s, .on_ir = run_shadow};
        cfg_build(s.all);
        opt_run(f, &(OptOptions){.level = 1 + seed % 2, .stages = &stages, .scratch = &scratch});
        arena_free(&a);
        arena_free(&b);
        arena_free(&scratch);
        found += s.found;
    }
    assert_int_equal(found, 0);
}

/* -- Time ----------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct Timer {
    double last;
    bool show;
} Timer;

static void time_pass(void *user, const char *pass, Fn *f) {
    Timer *t = user;
    double at = now();
    if (t->show) print_message("  %-8s %7.2f ms, %u blocks\n", pass, (at - t->last) * 1e3, f->blk.n);
    t->last = now();
}

/* The shapes that make quadratic algorithms show: 10,000 blocks or 100,000 instructions each. */
static Val add_const(Fn *f, BlkId b, Val v, uint32_t c) {
    Val k = fn_iconst(f, b, 1, T_I32, c);
    return fn_ins(f, b, 1, (Ins){.op = IR_iadd, .a = v, .b = k});
}

static void end_brif(Fn *f, BlkId b, Val c, BlkId yes, BlkId no, const Val *args, uint32_t n) {
    fn_ins(f, b, 1, (Ins){.op = IR_brif, .a = c});
    fn_edge(f, b, yes, args, n);
    fn_edge(f, b, no, NULL, 0);
}

static Fn *new_shape(Arena *a, BlkId *b, Val *x) {
    static const uint8_t type[] = {T_I64, T_I32};
    Fn *f = fn_new(a, "shape", 0, &(IrSig){.param = type, .nparam = 2, .result = type + 1, .nresult = 1});
    *b = fn_block(f);
    fn_param(f, *b, T_I64);
    *x = fn_param(f, *b, T_I32);
    return f;
}

static Fn *finish_shape(Fn *f, BlkId b, Val x) {
    fn_ins(f, b, 1, (Ins){.op = IR_ret, .a = fn_pool(f, &x, 1), .b = 1});
    return f;
}

/* A row of exits to one block. */
static Fn *shape_exits(Arena *a) {
    BlkId b;
    Val x;
    Fn *f = new_shape(a, &b, &x);
    BlkId exit = fn_block(f);
    Val p = fn_param(f, exit, T_I32);
    for (uint32_t n = 0; n < 10000; n++) {
        BlkId next = fn_block(f);
        Val y = add_const(f, b, x, n);
        end_brif(f, b, y, exit, next, &y, 1);
        b = next;
        x = y;
    }
    finish_shape(f, exit, p);
    return finish_shape(f, b, x);
}

/* Loops in loops. */
static Fn *shape_loops(Arena *a) {
    enum { DEPTH = 3000 };
    static BlkId head[DEPTH];
    BlkId b;
    Val x;
    Fn *f = new_shape(a, &b, &x);
    for (uint32_t n = 0; n < DEPTH; n++) {
        head[n] = fn_block(f);
        fn_ins(f, b, 1, (Ins){.op = IR_jump});
        fn_edge(f, b, head[n], &x, 1);
        b = head[n];
        x = fn_param(f, b, T_I32);
        fn_ins(f, b, 1, (Ins){.op = IR_charge, .a = 1});
        x = add_const(f, b, x, n);
    }
    for (uint32_t n = DEPTH; n-- > 0;) {
        BlkId exit = fn_block(f);
        end_brif(f, b, x, head[n], exit, &x, 1);
        b = exit;
        Val y = fn_ins(f, b, 1, (Ins){.op = IR_imul, .a = f->blk.at[0].param.at[1], .b = f->blk.at[0].param.at[1]});
        x = fn_ins(f, b, 1, (Ins){.op = IR_iadd, .a = x, .b = y});
    }
    return finish_shape(f, b, x);
}

/* A table to 10,000 blocks that meet in one with parameters. */
static Fn *shape_table(Arena *a) {
    BlkId b;
    Val x;
    Fn *f = new_shape(a, &b, &x);
    BlkId join = fn_block(f);
    Val p = fn_param(f, join, T_I32), q = fn_param(f, join, T_I32);
    fn_ins(f, b, 1, (Ins){.op = IR_brtable, .a = x});
    for (uint32_t n = 0; n < 10000; n++) {
        BlkId arm = fn_block(f);
        fn_edge(f, b, arm, NULL, 0);
        Val args[2] = {x, add_const(f, arm, x, n)};
        fn_ins(f, arm, 1, (Ins){.op = IR_jump});
        fn_edge(f, arm, join, args, 2);
    }
    return finish_shape(f, join, fn_ins(f, join, 1, (Ins){.op = IR_iadd, .a = p, .b = q}));
}

/* A chain of empty blocks, and a long one of operations. */
static Fn *shape_chain(Arena *a) {
    BlkId b;
    Val x;
    Fn *f = new_shape(a, &b, &x);
    for (uint32_t n = 0; n < 10000; n++) {
        BlkId next = fn_block(f);
        fn_ins(f, b, 1, (Ins){.op = IR_jump});
        fn_edge(f, b, next, &x, 1);
        b = next;
        x = fn_param(f, b, T_I32);
    }
    for (uint32_t n = 0; n < 50000; n++)
        x = fn_ins(f, b, 1, (Ins){.op = n % 2 ? IR_imul : IR_ixor, .a = x, .b = add_const(f, b, x, n)});
    return finish_shape(f, b, x);
}

/* Random code, in arms of a table: one of them that always traps does not end all. */
static Fn *shape_random(Arena *a) {
    BlkId b;
    Val x;
    Fn *f = new_shape(a, &b, &x);
    Gen g = {.f = f, .state = 4711, .effects = true, .control = true};
    fn_ins(f, b, 1, (Ins){.op = IR_brtable, .a = x});
    for (uint32_t n = 0; n < 1000; n++) {
        BlkId arm = fn_block(f);
        fn_edge(f, b, arm, NULL, 0);
        gen_release(&g, (GenMark){0});
        gen_give(&g, x);
        g.blk = arm;
        for (g.budget = 120; g.budget;) gen_region(&g, 0);
        finish_shape(f, g.blk, gen_use(&g, T_I32));
    }
    return f;
}

static void test_time(void **state) {
    (void)state;
    static const struct {
        const char *name;
        Fn *(*make)(Arena *a);
    } shapes[] = {{"exits", shape_exits},
                  {"loops", shape_loops},
                  {"table", shape_table},
                  {"chain", shape_chain},
                  {"random", shape_random}};
    bool show = getenv("OPT_TEST_TIMES") != NULL;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        Arena a;
        arena_init(&a, NULL);
        Fn *f = shapes[k].make(&a);
        verify(f, shapes[k].name);
        uint32_t nblk = f->blk.n, nins = f->ins.n;
        Timer t = {.show = show};
        Stages s = {.user = &t, .on_ir = time_pass};
        double start = t.last = now();
        opt_run(f, &(OptOptions){.level = 2, .stages = &s});
        double ms = (now() - start) * 1e3;
        if (show) print_message("%s: %u blocks, %u instructions: %.1f ms\n", shapes[k].name, nblk, nins, ms);
        assert_true(ms < 3000); /* a quadratic pass takes minutes; sanitizers and slow machines take their share */
        verify(f, "all passes");
        arena_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline),       cmocka_unit_test(test_eval),
        cmocka_unit_test(test_random_pure),    cmocka_unit_test(test_random_effects),
        cmocka_unit_test(test_random_control), cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
