/* A wrong instruction put into one back end by hand, through the stage interface: the verdict must blame that leg and
 * name what the instruction broke.  Each plant is put into x64 and into a64 (skipped where no worker for it can be
 * had). */
#include <stdlib.h>
#include "code/mach.h"
#include "oracles/differ.h"
#include "oracles/test/modules.h"
#include "run/signals.h"

/* (module
 *   (import "env" "log" (func $log (param i32)))
 *   (memory 1 4)
 *   (table 8 16 funcref)
 *   (global $g (mut i32) (i32.const 0))
 *   (elem (i32.const 0) func $one $two)
 *   (elem funcref (ref.func $one))
 *   (elem funcref (ref.func $two))
 *   (data "first")
 *   (data "second")
 *   (func $one (result i32) (i32.const 1))
 *   (func $two (result i32) (i32.const 2))
 *   (func $fail (unreachable))
 *   (func (export "value") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
 *   (func (export "less") (param i32 i32) (result i32) (i32.lt_s (local.get 0) (local.get 1)))
 *   (func (export "constant") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1234)))
 *   (func (export "select") (param f64 f64 i32) (result f64)
 *     (if (result f64) (i32.eqz (local.get 2)) (then (local.get 0)) (else (local.get 1))))
 *   (func (export "store") (param i32 i32) (i32.store offset=8 (local.get 0) (local.get 1)))
 *   (func (export "grow") (drop (memory.grow (i32.const 1))))
 *   (func (export "divide") (param i32 i32) (result i32) (nop) (i32.div_u (local.get 0) (local.get 1)))
 *   (func (export "outer") (nop) (call $fail))
 *   (func (export "set") (param i32) (global.set $g (i32.mul (local.get 0) (i32.const 77))))
 *   (func (export "put") (param i32) (table.set 0 (local.get 0) (ref.func $two)))
 *   (func (export "table_grow") (drop (table.grow 0 (ref.null func) (i32.const 1))))
 *   (func (export "data_drop") (data.drop 1))
 *   (func (export "elem_drop") (elem.drop 2))
 *   (func (export "log") (param i32) (call $log (i32.add (local.get 0) (i32.const 99))))) */
static const uint8_t module_bytes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x23, 0x07, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x00, 0x01, 0x7f,
    0x60, 0x00, 0x00, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f, 0x60, 0x01, 0x7e, 0x01, 0x7e, 0x60, 0x03, 0x7c, 0x7c, 0x7f,
    0x01, 0x7c, 0x60, 0x02, 0x7f, 0x7f, 0x00, 0x02, 0x0b, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x6c, 0x6f, 0x67, 0x00,
    0x00, 0x03, 0x12, 0x11, 0x01, 0x01, 0x02, 0x03, 0x03, 0x04, 0x05, 0x06, 0x02, 0x03, 0x02, 0x00, 0x00, 0x02, 0x02,
    0x02, 0x00, 0x04, 0x05, 0x01, 0x70, 0x01, 0x08, 0x10, 0x05, 0x04, 0x01, 0x01, 0x01, 0x04, 0x06, 0x06, 0x01, 0x7f,
    0x01, 0x41, 0x00, 0x0b, 0x07, 0x7b, 0x0e, 0x05, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x00, 0x04, 0x04, 0x6c, 0x65, 0x73,
    0x73, 0x00, 0x05, 0x08, 0x63, 0x6f, 0x6e, 0x73, 0x74, 0x61, 0x6e, 0x74, 0x00, 0x06, 0x06, 0x73, 0x65, 0x6c, 0x65,
    0x63, 0x74, 0x00, 0x07, 0x05, 0x73, 0x74, 0x6f, 0x72, 0x65, 0x00, 0x08, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x09,
    0x06, 0x64, 0x69, 0x76, 0x69, 0x64, 0x65, 0x00, 0x0a, 0x05, 0x6f, 0x75, 0x74, 0x65, 0x72, 0x00, 0x0b, 0x03, 0x73,
    0x65, 0x74, 0x00, 0x0c, 0x03, 0x70, 0x75, 0x74, 0x00, 0x0d, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x5f, 0x67, 0x72,
    0x6f, 0x77, 0x00, 0x0e, 0x09, 0x64, 0x61, 0x74, 0x61, 0x5f, 0x64, 0x72, 0x6f, 0x70, 0x00, 0x0f, 0x09, 0x65, 0x6c,
    0x65, 0x6d, 0x5f, 0x64, 0x72, 0x6f, 0x70, 0x00, 0x10, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x11, 0x09, 0x10, 0x03, 0x00,
    0x41, 0x00, 0x0b, 0x02, 0x01, 0x02, 0x01, 0x00, 0x01, 0x01, 0x01, 0x00, 0x01, 0x02, 0x0c, 0x01, 0x02, 0x0a, 0x8d,
    0x01, 0x11, 0x04, 0x00, 0x41, 0x01, 0x0b, 0x04, 0x00, 0x41, 0x02, 0x0b, 0x03, 0x00, 0x00, 0x0b, 0x07, 0x00, 0x20,
    0x00, 0x20, 0x01, 0x6a, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x48, 0x0b, 0x08, 0x00, 0x20, 0x00, 0x42, 0xd2,
    0x09, 0x7c, 0x0b, 0x0d, 0x00, 0x20, 0x02, 0x45, 0x04, 0x7c, 0x20, 0x00, 0x05, 0x20, 0x01, 0x0b, 0x0b, 0x09, 0x00,
    0x20, 0x00, 0x20, 0x01, 0x36, 0x02, 0x08, 0x0b, 0x07, 0x00, 0x41, 0x01, 0x40, 0x00, 0x1a, 0x0b, 0x08, 0x00, 0x01,
    0x20, 0x00, 0x20, 0x01, 0x6e, 0x0b, 0x05, 0x00, 0x01, 0x10, 0x03, 0x0b, 0x0a, 0x00, 0x20, 0x00, 0x41, 0xcd, 0x00,
    0x6c, 0x24, 0x00, 0x0b, 0x08, 0x00, 0x20, 0x00, 0xd2, 0x02, 0x26, 0x00, 0x0b, 0x0a, 0x00, 0xd0, 0x70, 0x41, 0x01,
    0xfc, 0x0f, 0x00, 0x1a, 0x0b, 0x05, 0x00, 0xfc, 0x09, 0x01, 0x0b, 0x05, 0x00, 0xfc, 0x0d, 0x02, 0x0b, 0x0a, 0x00,
    0x20, 0x00, 0x41, 0xe3, 0x00, 0x6a, 0x10, 0x00, 0x0b, 0x0b, 0x10, 0x02, 0x01, 0x05, 0x66, 0x69, 0x72, 0x73, 0x74,
    0x01, 0x06, 0x73, 0x65, 0x63, 0x6f, 0x6e, 0x64,
};

/* -- Plants ------------------------------------------------------------------------------- */

typedef struct Plant {
    const char *name;
    FieldKind field;      /* what it breaks */
    const char *function; /* export that has it and is called */
    uint32_t nargs;
    uint64_t args[3];
    uint32_t (*in_ir)(Fn *f); /* how many places were changed; must be 1 */
    uint32_t (*in_mach)(MFn *m);
} Plant;

static Ins *find_ins(const Fn *f, IrOp op, Val *v) {
    for (*v = 1; *v < f->ins.n; ++*v)
        if (f->ins.at[*v].op == op) return &f->ins.at[*v];
    return NULL;
}

static uint32_t change_const(Fn *f, uint64_t from, uint64_t to) {
    uint32_t n = 0;
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_iconst || ins_imm(i) != from || n) continue;
        i->a = (uint32_t)to;
        i->b = (uint32_t)(to >> 32);
        n++;
    }
    return n;
}

static uint32_t change_op(Fn *f, IrOp from, IrOp to) {
    Val v;
    Ins *i = find_ins(f, from, &v);
    if (i) i->op = (uint8_t)to;
    return i != NULL;
}

static uint32_t sub_for_add(Fn *f) { return change_op(f, IR_iadd, IR_isub); }
static uint32_t other_constant(Fn *f) { return change_const(f, 1234, UINT64_C(1234) | UINT64_C(1) << 40); }
static uint32_t other_arm(Fn *f) {
    for (uint32_t b = 0; b < f->blk.n; b++) {
        Blk *k = &f->blk.at[b];
        if (k->succ.n != 2) continue;
        Edge e = k->succ.at[0];
        k->succ.at[0] = k->succ.at[1];
        k->succ.at[1] = e;
        return 1;
    }
    return 0;
}
static uint32_t move_store(Fn *f, uint8_t flags, uint32_t by) {
    uint32_t n = 0;
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_store || (i->flags & flags) != flags) continue;
        i->c += by;
        n++;
    }
    return n;
}
static uint32_t store_elsewhere(Fn *f) { return move_store(f, MEM_HEAP, 4); }
static uint32_t store_narrow(Fn *f) {
    Val v;
    Ins *i = find_ins(f, IR_store, &v);
    if (i) i->aux = ACC_16U;
    return i != NULL;
}
static uint32_t other_entry(Fn *f) { return move_store(f, MEM_CONTEXT, 8); }
static uint32_t grow_more(Fn *f) { return change_const(f, 1, 2); }
static uint32_t other_trap(Fn *f) {
    Val v;
    Ins *i = find_ins(f, IR_trapz, &v);
    if (i) i->aux = TRAP_INT_OVERFLOW;
    return i != NULL;
}
static uint32_t other_site(Fn *f) {
    Val v;
    if (!find_ins(f, IR_trapz, &v)) return 0;
    f->loc.at[v]--;
    return 1;
}
static uint32_t trap_if_not(Fn *f) { return change_op(f, IR_trapz, IR_trapnz); }
static uint32_t check_the_dividend(Fn *f) {
    Val v, udiv;
    Ins *i = find_ins(f, IR_trapz, &v), *d = find_ins(f, IR_udiv, &udiv);
    if (i && d) i->a = d->a;
    return i && d;
}
static uint32_t other_call_site(Fn *f) {
    Val v;
    if (!find_ins(f, IR_call, &v)) return 0;
    f->loc.at[v]--;
    return 1;
}
static uint32_t other_factor(Fn *f) { return change_const(f, 77, 78); }
static uint32_t drop_other_data(Fn *f) { return change_const(f, 1, 0); }
static uint32_t drop_other_elem(Fn *f) { return change_const(f, 2, 1); }
static uint32_t log_other(Fn *f) { return change_const(f, 99, 100); }
static uint32_t charge(Fn *f, uint8_t counter, uint32_t more) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_charge || i->aux != counter) continue;
        i->a += more;
        return 1;
    }
    return 0;
}
static uint32_t charge_more(Fn *f) { return charge(f, 0, 1); }
static uint32_t frame_kept(Fn *f) {
    Val v;
    Ins *i = find_ins(f, IR_refund, &v);
    if (i) i->a -= 16;
    return i != NULL;
}
static uint32_t frame_too_dear(Fn *f) { return charge(f, 1, 1 << 30); }

/* The comparison is the one operation between the charges and the return: its last instruction makes 0 or 1 of the
 * flags. */
static uint32_t negate_condition(MFn *m) {
    uint32_t first = m->insn.at[0].loc, end = m->insn.at[m->insn.n - 1].loc, last = UINT32_MAX;
    for (uint32_t i = 0; i < m->insn.n; i++)
        if (m->insn.at[i].loc > first && m->insn.at[i].loc < end) last = i;
    if (last == UINT32_MAX) return 0;
    m->insn.at[last].cc ^= 1;
    return 1;
}
static uint32_t other_immediate(MFn *m) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->insn.n; i++)
        if (m->insn.at[i].imm == 1234) m->insn.at[i].imm++, n++;
    return n;
}
static uint32_t other_displacement(MFn *m) {
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < m->insn.n; i++) /* the store itself comes behind what makes its address */
        if (m->insn.at[i].flags & MF_FAULTS) last = i;
    if (last == UINT32_MAX) return 0;
    m->insn.at[last].imm += 4;
    return 1;
}
static uint32_t other_successor(MFn *m) {
    for (uint32_t b = 0; b < m->block.n; b++) {
        MBlock *k = &m->block.at[b];
        if (k->succ.n != 2) continue;
        MEdge e = k->succ.at[0];
        k->succ.at[0] = k->succ.at[1];
        k->succ.at[1] = e;
        return 1;
    }
    return 0;
}
static uint32_t nothing(Fn *f) { return f != NULL; }

static const Plant plants[] = {
    {"a subtraction for an addition", FIELD_VALUE, "value", 2, {7, 3, 0}, sub_for_add, NULL},
    {"a constant's upper half", FIELD_VALUE, "constant", 1, {5, 0, 0}, other_constant, NULL},
    {"the arms of an if", FIELD_VALUE, "select", 3, {1, 2, 1}, other_arm, NULL},
    {"fuel of a segment", FIELD_FUEL, "value", 2, {7, 3, 0}, charge_more, NULL},
    {"what a frame gives back", FIELD_DEPTH, "value", 2, {7, 3, 0}, frame_kept, NULL},
    {"cost of a frame", FIELD_OUTCOME, "value", 2, {7, 3, 0}, frame_too_dear, NULL},
    {"place of a store", FIELD_MEMORY, "store", 2, {100, 0x01020304, 0}, store_elsewhere, NULL},
    {"width of a store", FIELD_MEMORY, "store", 2, {100, 0x01020304, 0}, store_narrow, NULL},
    {"growth of a memory", FIELD_MEMORY_SIZE, "grow", 0, {0}, grow_more, NULL},
    {"kind of a trap", FIELD_TRAP, "divide", 2, {7, 0, 0}, other_trap, NULL},
    {"place of a trap", FIELD_SITE, "divide", 2, {7, 0, 0}, other_site, NULL},
    {"condition of a trap", FIELD_OUTCOME, "divide", 2, {7, 1, 0}, trap_if_not, NULL},
    {"a check of the wrong operand", FIELD_OUTCOME, "divide", 2, {7, 0, 0}, check_the_dividend, NULL},
    {"place of a call", FIELD_BACKTRACE, "outer", 0, {0}, other_call_site, NULL},
    {"a value of a global", FIELD_GLOBAL, "set", 1, {5, 0, 0}, other_factor, NULL},
    {"an entry of a table", FIELD_TABLE, "put", 1, {3, 0, 0}, other_entry, NULL},
    {"growth of a table", FIELD_TABLE_SIZE, "table_grow", 0, {0}, grow_more, NULL},
    {"which data segment is dropped", FIELD_DATA, "data_drop", 0, {0}, drop_other_data, NULL},
    {"which element segment is dropped", FIELD_ELEM, "elem_drop", 0, {0}, drop_other_elem, NULL},
    {"an argument of a host function", FIELD_HOST_CALLS, "log", 1, {5, 0, 0}, log_other, NULL},
    {"condition of a comparison, in machine code", FIELD_VALUE, "less", 2, {3, 4, 0}, NULL, negate_condition},
    {"an immediate, in machine code", FIELD_VALUE, "constant", 1, {5, 0, 0}, NULL, other_immediate},
    {"a displacement, in machine code", FIELD_MEMORY, "store", 2, {100, 0x01020304, 0}, NULL, other_displacement},
    {"a branch, in machine code", FIELD_VALUE, "select", 3, {1, 2, 1}, NULL, other_successor},
};
enum { NPLANTS = sizeof plants / sizeof *plants };

/* -- The world ------------------------------------------------------------------------------- */

typedef struct Slot {        /* of one leg */
    const Plant *plant;      /* NULL: none */
    uint32_t func;           /* function that gets it */
    uint32_t compiled, hits; /* times the function was compiled, places changed in all */
    Stages stages;
} Slot;

typedef struct World {
    Arena arena;
    Differ *differ;
    Case *c;
    Slot slot[3]; /* by leg; that of the interpreter is not used */
    bool a64;
    char why[300]; /* there is no a64 */
} World;

static void on_ir(void *user, const char *pass, Fn *f) {
    Slot *s = user;
    if (!s->plant || f->index != s->func || strcmp(pass, "build") != 0) return;
    s->compiled++;
    if (s->plant->in_ir) s->hits += s->plant->in_ir(f);
}
static void on_mach(void *user, const struct Target *t, MFn *m) {
    Slot *s = user;
    (void)t;
    if (s->plant && s->plant->in_mach && m->index == s->func) s->hits += s->plant->in_mach(m);
}

static bool open_differ(World *w, const char *legs) {
    LegSpec spec[3];
    uint32_t n;
    memset(w->differ, 0, sizeof *w->differ);
    if (!leg_specs_parse(spec, 3, &n, legs, w->why, sizeof w->why)) fail_msg("%s", w->why);
    for (uint32_t i = 1; i < 3; i++) {
        w->slot[i] = (Slot){.stages = {.user = &w->slot[i], .on_ir = on_ir, .on_mach = on_mach}};
        w->differ->leg[i].plant = &w->slot[i].stages;
    }
    return differ_open(w->differ, spec, n, FEATURES_WASM3, w->why, sizeof w->why);
}

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    arena_init(&w->arena, NULL);
    w->differ = calloc(1, sizeof *w->differ);
    w->c = calloc(1, sizeof *w->c);
    w->a64 = open_differ(w, "interp,x64,a64");
    if (!w->a64) {
        char why[300];
        memcpy(why, w->why, sizeof why);
        print_message("a64 is skipped: %s\n", why);
        if (!open_differ(w, "interp,x64,x64:O0")) fail_msg("%s", w->why);
        memcpy(w->why, why, sizeof why);
    }
    *state = w;
    return 0;
}
static int close_world(void **state) {
    World *w = *state;
    differ_close(w->differ);
    arena_free(&w->arena);
    free(w->differ);
    free(w->c);
    free(w);
    return 0;
}

/* Run the plant's function; its verdict. */
static const Verdict *run(World *w, const Plant *p) {
    Plan plan = {.limits = STORE_LIMITS_DEFAULT};
    Value args[3] = {{.u64x2 = {p->args[0], 0}}, {.u64x2 = {p->args[1], 0}}, {.u64x2 = {p->args[2], 0}}};
    Bytes section;
    vec_push(&w->arena, &plan.step, ((PlanStep){{p->function, (uint32_t)strlen(p->function)}, p->nargs, args}));
    section.at = plan_encode(&w->arena, &plan, &section.n);
    Bytes module = append_custom(&w->arena, BYTES(module_bytes), PLAN_SECTION, section);
    Module *m = decode_valid(&w->arena, module);
    uint32_t func = module_find_export(m, p->function, (uint32_t)strlen(p->function))->index;
    for (uint32_t i = 1; i < 3; i++) w->slot[i].func = func, w->slot[i].compiled = w->slot[i].hits = 0;
    signals_reinstall(); /* cmocka puts its own on top for each test */
    differ_run(w->differ, module.at, module.n, w->c);
    assert_null(w->c->plan_error);
    assert_non_null(w->c->module);
    return &w->c->verdict;
}

static void check_plant(World *w, const Plant *p, uint32_t leg) {
    Text t;
    w->slot[leg].plant = p;
    const Verdict *v = run(w, p);
    w->slot[leg].plant = NULL;
    if (!w->slot[leg].compiled || w->slot[leg].hits != w->slot[leg].compiled)
        fail_msg("%s: changed %u places in %u compilations", p->name, w->slot[leg].hits, w->slot[leg].compiled);
    if (v->kind != VERDICT_DISAGREE) fail_msg("%s in leg %u: %s", p->name, leg, verdict_name(v->kind));
    text_init(&t, &w->arena);
    difference_print(&t, &v->diff);
    if (v->deviates != 1u << leg) fail_msg("%s in leg %u: legs %x are blamed: %s", p->name, leg, v->deviates, t.at);
    assert_true(v->majority);
    if (v->field != p->field)
        fail_msg("%s: called %s, not %s: %s", p->name, field_name(v->field), field_name(p->field), t.at);
    assert_non_null(strstr(t.at, field_name(p->field)));
    /* and nothing stays behind */
    if (run(w, p)->kind != VERDICT_AGREE) fail_msg("%s: without it the legs do not agree", p->name);
}

/* -- Tests ----------------------------------------------------------------------------------------- */

static void test_nothing_planted(void **state) {
    World *w = *state;
    for (uint32_t i = 0; i < NPLANTS; i++)
        if (run(w, &plants[i])->kind != VERDICT_AGREE) fail_msg("%s does not agree", plants[i].function);
}

static void test_x64(void **state) {
    World *w = *state;
    for (uint32_t i = 0; i < NPLANTS; i++) check_plant(w, &plants[i], 1);
    assert_int_equal(w->differ->flaky, 0);
}

static void test_a64(void **state) {
    World *w = *state;
    if (!w->a64) {
        print_message("skipped: %s\n", w->why);
        skip();
    }
    for (uint32_t i = 0; i < NPLANTS; i++) check_plant(w, &plants[i], 2);
    assert_int_equal(w->differ->flaky, 0);
}

/* A plant in code that is not called, or that changes nothing, is no disagreement. */
static void test_harmless(void **state) {
    World *w = *state;
    Plant p = plants[0];
    p.in_ir = nothing;
    w->slot[1].plant = w->slot[2].plant = &p;
    assert_int_equal(run(w, &p)->kind, VERDICT_AGREE);
    p = plants[0];
    p.args[1] = 0; /* x - 0 is x + 0 */
    assert_int_equal(run(w, &p)->kind, VERDICT_AGREE);
    assert_int_equal(w->slot[1].hits, 1);
    w->slot[1].plant = w->slot[2].plant = NULL;
}

/* Different faults in both back ends: nobody has a majority. */
static void test_two_faults(void **state) {
    World *w = *state;
    w->slot[1].plant = &plants[0];
    w->slot[2].plant = &plants[3];
    const Verdict *v = run(w, &plants[0]);
    w->slot[1].plant = w->slot[2].plant = NULL;
    assert_int_equal(v->kind, VERDICT_DISAGREE);
    assert_int_equal(v->deviates, 7);
    assert_false(v->majority);
    assert_int_equal(v->field, FIELD_VALUE);
}

static void store_to_constant(void *user, const char *pass, Fn *f) {
    (void)user;
    for (Val v = 1; strcmp(pass, "build") == 0 && v < f->ins.n; v++)
        if (f->ins.at[v].op == IR_store) f->ins.at[v].flags |= MEM_CONST;
}

/* With verify=on adaptors are verified like functions. */
static void test_verified_adaptor(void **state) {
    World *w = *state;
    static const Stages bad = {.on_ir = store_to_constant};
    const Plant *value = &plants[0], *other[] = {NULL, &plants[1], &plants[2]}; /* of different types: other adaptors */
    const char *legs = w->a64 ? "interp,x64:O0,verify=on,a64:O0,verify=on" : "interp,x64:O0,verify=on,x64:O1,verify=on";
    differ_close(w->differ);
    if (!open_differ(w, legs)) fail_msg("%s", w->why);
    for (uint32_t leg = 1; leg < 3; leg++) {
        CheckStages *check = &w->differ->leg[leg].check_adaptors;
        assert_int_equal(run(w, value)->kind, VERDICT_AGREE);
        check->next = &bad;
        assert_int_equal(run(w, value)->kind, VERDICT_AGREE); /* that one is made already */
        const Verdict *v = run(w, other[leg]);
        assert_int_equal(v->kind, VERDICT_DISAGREE);
        assert_int_equal(v->deviates, 1u << leg);
        assert_non_null(strstr(w->c->obs[leg].why, "a store to a constant location"));
        check_stages_init(check, NULL);
    }
    differ_close(w->differ);
    if (!open_differ(w, w->a64 ? "interp,x64,a64" : "interp,x64,x64:O0")) fail_msg("%s", w->why);
}

/* All kinds of fields that code can break are among the plants. */
static void test_all_fields(void **state) {
    (void)state;
    for (uint32_t k = FIELD_MODULE + 1; k < FIELD_COUNT; k++) {
        bool here = false;
        for (uint32_t i = 0; i < NPLANTS; i++) here |= plants[i].field == k;
        if (!here) fail_msg("no plant breaks %s", field_name((FieldKind)k));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_planted),
                                       cmocka_unit_test(test_x64),
                                       cmocka_unit_test(test_a64),
                                       cmocka_unit_test(test_harmless),
                                       cmocka_unit_test(test_two_faults),
                                       cmocka_unit_test(test_verified_adaptor),
                                       cmocka_unit_test(test_all_fields)};
    return cmocka_run_group_tests_name("plant", tests, open_world, close_world);
}
