/* The builder: what operations an instruction becomes, and, on random functions, that the IR does what the
 * interpreter does: results, traps and their places, fuel, depth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include "base/leb128.h"
#include "base/text.h"
#include "interp/interp.h"
#include "ir/build.h"
#include "ir/cfg.h"
#include "ir/verify.h"
#include "test/ir_run.h"
#include "wasm/validate.h"

/* -- Modules, byte by byte --------------------------------------------------------- */

enum { /* the byte of each opcode */
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) B_##id = (code),
#include "wasm/opcode.def"
#undef OP
       I32 = VT_I32,
       I64 = VT_I64,
       F32 = VT_F32,
       F64 = VT_F64,
       FUNCREF = 0x70,
       VOID = 0x40
};

typedef struct Bytes {
    uint8_t *at;
    uint32_t n, cap;
} Bytes;

static Arena arena, tmp; /* of a test; of one function in it */

static void put(Bytes *b, uint32_t byte) { vec_push(&arena, b, (uint8_t)byte); }
static void put_leb(Bytes *b, uint32_t v) {
    uint8_t buf[10];
    uint32_t n = leb_put_u64(buf, v);
    for (uint32_t i = 0; i < n; i++) put(b, buf[i]);
}
static void put_sleb(Bytes *b, int64_t v) {
    uint8_t buf[10];
    uint32_t n = leb_put_s64(buf, v);
    for (uint32_t i = 0; i < n; i++) put(b, buf[i]);
}
static void put_all(Bytes *b, const uint8_t *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) put(b, p[i]);
}
static void put_op(Bytes *b, uint32_t op, uint32_t index) {
    put(b, op);
    put_leb(b, index);
}
static void put_const(Bytes *b, int32_t v) {
    put(b, B_I32_CONST);
    put_sleb(b, v);
}
static void put_section(Bytes *b, uint8_t id, const Bytes *body) {
    put(b, id);
    put_leb(b, body->n);
    put_all(b, body->at, body->n);
}

/* Types: letters i l f d r, results behind `_`. */
static void put_type(Bytes *b, const char *t) {
    const char *result = strchr(t, '_');
    put(b, 0x60);
    put_leb(b, (uint32_t)(result - t));
    for (const char *p = t; *p; p++) {
        if (p == result)
            put_leb(b, (uint32_t)strlen(p + 1));
        else
            put(b, *p == 'i' ? I32 : *p == 'l' ? I64 : *p == 'f' ? F32 : *p == 'd' ? F64 : FUNCREF);
    }
}

enum { NTYPES = 12 };
static const char *const types[NTYPES] = {"_",   "i_i", "ii_i", "_i",   "i_",     "ii_ii",
                                          "l_l", "_il", "i_i",  "fd_d", "iiii_i", "ii_iii"};

/* Imports: function 0 of type 1, memory 0, table 0, global 0 (i32, mutable).  Own: memory 1, table 1 (20), globals i32
 * and f64 and funcref.  Defined functions: the given one, of type `type` with `nlocal` i32 locals, then those of
 * `more`. */
typedef struct Spec {
    uint32_t type, nlocal;
    Bytes code;
    bool plain; /* no imports, nothing of its own but the functions */
} Spec;

static void put_head(Bytes *m, bool plain) {
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    static const uint8_t imports[] = {4, 0, 0, 0, 1, 0, 0, 2, 0, 1, 0, 0, 1, FUNCREF, 0, 20, 0, 0, 3, I32, 1};
    Bytes s = {0};
    put_all(m, magic, sizeof magic);
    put_leb(&s, NTYPES);
    for (uint32_t i = 0; i < NTYPES; i++) put_type(&s, types[i]);
    put_section(m, 1, &s);
    s = (Bytes){0};
    put_all(&s, imports, sizeof imports);
    if (!plain) put_section(m, 2, &s);
}

static void put_own(Bytes *m) {
    static const uint8_t tables[] = {1, FUNCREF, 0, 20}, memories[] = {1, 0, 1};
    static const uint8_t globals[] = {3, I32, 1, B_I32_CONST, 0, B_END, F64,     1, B_F64_CONST, 0,       0,    0,
                                      0, 0,   0, 0,           0, B_END, FUNCREF, 0, B_REF_NULL,  FUNCREF, B_END};
    Bytes s = {0};
    put_all(&s, tables, sizeof tables);
    put_section(m, 4, &s);
    s = (Bytes){0};
    put_all(&s, memories, sizeof memories);
    put_section(m, 5, &s);
    s = (Bytes){0};
    put_all(&s, globals, sizeof globals);
    put_section(m, 6, &s);
    s = (Bytes){0}; /* a passive segment, which declares the functions too */
    put_all(&s, (const uint8_t[]){1, 1, 0, 2, 0, 1}, 6);
    put_section(m, 9, &s);
    s = (Bytes){0};
    put(&s, 1);
    put_section(m, 12, &s);
}

static Module *module_of(const Spec *spec) {
    Bytes m = {0}, s = {0}, body = {0};
    put_head(&m, spec->plain);
    put_leb(&s, 1);
    put_leb(&s, spec->type);
    put_section(&m, 3, &s);
    if (!spec->plain) put_own(&m);
    put_leb(&body, 1);
    put_leb(&body, spec->nlocal);
    put(&body, I32);
    put_all(&body, spec->code.at, spec->code.n);
    put(&body, B_END);
    s = (Bytes){0};
    put_leb(&s, 1);
    put_leb(&s, body.n);
    put_all(&s, body.at, body.n);
    put_section(&m, 10, &s);
    s = (Bytes){0};
    put_all(&s, (const uint8_t[]){1, 1, 1, 'x'}, 4);
    if (!spec->plain) put_section(&m, 11, &s);
    Err e;
    err_clear(&e);
    Module *r = module_decode(&arena, m.at, m.n, FEATURES_WASM3, &e);
    if (!r || !module_validate(r, &e)) fail_msg("%s at %u", e.text, e.at);
    return r;
}

static Fn *build_checked(const Module *m, const BuildOptions *o) {
    char msg[160] = "";
    InstLayout l = instance_layout(m);
    Fn *f = ir_build(&tmp, &tmp, m, &l, m->nimported[EXT_FUNC], o);
    if (!ir_verify(f, msg, sizeof msg)) fail_msg("%s", msg);
    cfg_build(f);
    assert_int_equal(f->rpo.n, f->blk.n);
    return f;
}

static int setup(void **state) {
    (void)state;
    arena_init(&arena, NULL);
    arena_init(&tmp, NULL);
    return 0;
}
static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    arena_free(&tmp);
    return 0;
}

/* -- What an instruction becomes ---------------------------------------------------- */

/* All operations but the entry's charge and constants and the return's refund, with what matters in Ins.aux. */
static const char *listing(const Fn *f) {
    Text t;
    text_init(&t, &tmp);
    for (BlkId b = 0; b < f->blk.n; b++)
        for (uint32_t k = 0; k < f->blk.at[b].list.n; k++) {
            const Ins *i = &f->ins.at[f->blk.at[b].list.at[k]];
            if (i->op == IR_iconst || i->op == IR_charge || i->op == IR_refund || i->op == IR_ret) continue;
            text_printf(&t, "%s%s", t.n ? " " : "", ir_info[i->op].name);
            if (i->op == IR_icmp) text_printf(&t, ".%s", cond_name[i->aux]);
            if (i->op == IR_fcmp) text_printf(&t, ".%s", fcond_name[i->aux]);
            if (i->op == IR_trapz || i->op == IR_trapnz || i->op == IR_trap)
                text_printf(&t, ".%s", trap_name((TrapKind)i->aux));
            if (i->op == IR_load || i->op == IR_store) {
                text_printf(&t, ".%u", access_bytes[i->aux]);
                if (i->flags & MEM_CONST) text_putc(&t, 'c');
                if (i->flags & MEM_CONTEXT) text_putc(&t, 'x');
                if (i->flags & MEM_HEAP) text_putc(&t, 'h');
                if (i->flags & MEM_TRAPS) text_putc(&t, 't');
            }
        }
    return t.at;
}

static const BuildOptions guard = {.bounds = BOUNDS_GUARD, .tables = TABLES_INDIRECT, .fuel = true, .nan_canon = true},
                          explicit = {.bounds = BOUNDS_EXPLICIT, .fuel = true, .nan_canon = true};

static Fn *build_code(uint32_t type, const uint8_t *code, uint32_t n, const BuildOptions *o) {
    Spec s = {.type = type, .nlocal = 1};
    put_all(&s.code, code, n);
    return build_checked(module_of(&s), o);
}
#define CODE(...) (const uint8_t[]){__VA_ARGS__}, (uint32_t)sizeof((const uint8_t[]){__VA_ARGS__})
#define EXPECT(o, type, want, ...) assert_string_equal(listing(build_code(type, CODE(__VA_ARGS__), o)), want)
#define GET(i) B_LOCAL_GET, (i)

static void test_numbers(void **state) {
    (void)state;
    EXPECT(&guard, 2, "trapz.div-zero icmp.eq icmp.eq iand trapnz.int-overflow sdiv", GET(0), GET(1), B_I32_DIV_S);
    EXPECT(&guard, 2, "trapz.div-zero srem", GET(0), GET(1), B_I32_REM_S);
    EXPECT(&guard, 6, "eqz trapnz.div-zero udiv", GET(0), GET(0), B_I64_DIV_U);
    EXPECT(&guard, 9, "fpromote fcanon fmax fcanon fsqrt fcanon fcopysign fneg", GET(0), B_F64_PROMOTE_F32, GET(1),
           B_F64_MAX, B_F64_SQRT, GET(1), B_F64_COPYSIGN, B_F64_NEG);
    EXPECT((&(BuildOptions){.bounds = BOUNDS_GUARD}), 9, "fpromote fadd", GET(0), B_F64_PROMOTE_F32, GET(1), B_F64_ADD);
    EXPECT(&guard, 1,
           "icvt_u fcmp.ne trapnz.invalid-conversion fconst fcmp.gt trapz.int-overflow fconst fcmp.lt "
           "trapz.int-overflow fcvt_u",
           GET(0), B_F32_CONVERT_I32_U, B_I32_TRUNC_F32_U);
    EXPECT(&guard, 1, "icvt_s fcvt_s icmp.ult select", GET(0), GET(0), B_F32_CONVERT_I32_S, 0xfc, B_I32_TRUNC_SAT_F32_S,
           GET(0), GET(0), B_I32_LT_U, B_SELECT);
}

static void test_memory(void **state) {
    (void)state;
    EXPECT(&guard, 1, "zext load.8cx iadd load.1ht zext iadd load.2ht iadd", GET(0), B_I32_LOAD8_S, 0, 0, GET(0),
           B_I32_LOAD16_U, 0, 5, B_I32_ADD);
    /* the imported memory's length is two loads away, the own one's (number 1) at a fixed place */
    EXPECT(&explicit, 1, "zext load.8cx load.8x iadd icmp.ugt trapnz.memory-bounds load.8cx iadd load.4h", GET(0),
           B_I32_LOAD, 0, 0);
    EXPECT(&explicit, 1, "zext load.8x iadd icmp.ugt trapnz.memory-bounds load.8cx iadd store.1h", GET(0), GET(0),
           B_I32_STORE8, 0x40, 1, 0, GET(0));
    EXPECT(&guard, 3, "load.8x wrap", B_MEMORY_SIZE, 1);
    EXPECT(&guard, 1, "zext call wrap", GET(0), B_MEMORY_GROW, 0);
    EXPECT(&guard, 1, "zext zext zext call icmp.eq trapnz.fuel trapnz.memory-bounds", GET(0), GET(0), GET(0), GET(0),
           0xfc, B_MEMORY_COPY, 0, 1);
    EXPECT(&guard, 1, "zext call icmp.eq trapnz.fuel trapnz.memory-bounds call", GET(0), GET(0), GET(0), GET(0), 0xfc,
           B_MEMORY_INIT, 0, 1, 0xfc, B_DATA_DROP, 0);
    /* offsets: up to 2 GiB - 1 in the displacement, else in the address */
    Fn *f = build_code(1, CODE(GET(0), B_I32_LOAD, 0, 0xff, 0xff, 0xff, 0xff, 7), &guard);
    assert_int_equal(f->ins.at[f->ins.n - 3].b, 0x7fffffff);
    f = build_code(1, CODE(GET(0), B_I32_LOAD, 0, 0x80, 0x80, 0x80, 0x80, 8), &guard);
    assert_string_equal(listing(f), "zext load.8cx iadd iadd load.4ht");
    assert_int_equal(f->ins.at[f->ins.n - 3].b, 0);
}

static void test_globals_tables(void **state) {
    (void)state;
    EXPECT(&guard, 3, "load.8cx load.4x store.4x load.4x", B_GLOBAL_GET, 0, B_GLOBAL_SET, 1, B_GLOBAL_GET, 1);
    EXPECT(&guard, 3, "load.8cx eqz", B_GLOBAL_GET, 3, B_REF_IS_NULL); /* immutable */
    EXPECT(&guard, 1, "load.4x icmp.uge trapnz.table-bounds load.8x zext shl iadd load.8x eqz", GET(0), B_TABLE_GET, 1,
           B_REF_IS_NULL);
    EXPECT(&guard, 4, "iadd load.8cx load.4x icmp.uge trapnz.table-bounds load.8x zext shl iadd store.8x", GET(0),
           B_REF_FUNC, 1, B_TABLE_SET, 0);
    EXPECT(&guard, 1, "zext call wrap load.4x iadd", B_REF_NULL, FUNCREF, GET(0), 0xfc, B_TABLE_GROW, 1, 0xfc,
           B_TABLE_SIZE, 1, B_I32_ADD);
    EXPECT(&guard, 4, "zext zext call icmp.eq trapnz.fuel trapnz.table-bounds", GET(0), B_REF_NULL, FUNCREF, GET(0),
           0xfc, B_TABLE_FILL, 1);
    EXPECT(&guard, 4, "zext call icmp.eq trapnz.fuel trapnz.table-bounds call", GET(0), GET(0), GET(0), 0xfc,
           B_TABLE_INIT, 0, 1, 0xfc, B_ELEM_DROP, 0);
}

static void test_calls(void **state) {
    (void)state;
    /* table 1 keeps its size: no load finds it; spectre: its index is masked */
    EXPECT(&explicit, 1, "icmp.uge trapnz.table-bounds zext shl iadd load.8x eqz", GET(0), B_TABLE_GET, 1,
           B_REF_IS_NULL);
    EXPECT((&(BuildOptions){.spectre = true}), 1, "icmp.uge trapnz.table-bounds mask zext shl iadd load.8x eqz", GET(0),
           B_TABLE_GET, 1, B_REF_IS_NULL);
    EXPECT(&explicit, 3, "", 0xfc, B_TABLE_SIZE, 1);
    EXPECT(&guard, 1, "call", GET(0), B_CALL, 1);
    EXPECT(&guard, 1, "load.8cx load.8cx load.8cx call", GET(0), B_CALL, 0);
    EXPECT(&guard, 1, "tailcall", GET(0), B_RETURN_CALL, 1);
    EXPECT(&guard, 5,
           "load.4x icmp.uge trapnz.undefined-element load.8x zext shl iadd load.8x eqz trapnz.uninitialized-element "
           "load.4x load.4cx icmp.ne trapnz.indirect-type load.8x load.8x call proj proj",
           GET(0), GET(1), GET(0), B_CALL_INDIRECT, 5, 1);
    /* the frame is given back before the callee takes its own */
    Fn *f = build_code(1, CODE(GET(0), B_RETURN_CALL, 1), &guard);
    const Blk *b = &f->blk.at[0];
    assert_int_equal(f->ins.at[b->list.at[b->list.n - 2]].op, IR_refund);
    assert_int_equal(f->ins.at[b->list.at[0]].op, IR_charge);
    assert_int_equal(f->ins.at[b->list.at[0]].a, f->frame_cost);
    /* one entry for a callee, however often it is called */
    f = build_code(1, CODE(GET(0), B_CALL, 1, B_CALL, 1, B_CALL, 0, B_CALL, 0), &guard);
    assert_int_equal(f->calls.n, 2);
}

/* Parameters only where values differ, and only for what is read. */
static void test_params(void **state) {
    (void)state;
    Fn *f = build_code(1, CODE(GET(0), B_IF, VOID, GET(0), B_LOCAL_SET, 1, B_ELSE, B_NOP, B_END, GET(1)), &guard);
    assert_int_equal(f->blk.at[3].param.n, 1);
    f = build_code(1, CODE(GET(0), B_IF, VOID, GET(0), B_LOCAL_SET, 1, B_END, GET(0)), &guard);
    for (BlkId b = 1; b < f->blk.n; b++) assert_int_equal(f->blk.at[b].param.n, 0);
    /* a loop: local 1 is written and read, 0 is only read; a carried value */
    f = build_code(
        1, CODE(GET(0), B_LOOP, 1, GET(0), B_I32_ADD, GET(1), B_I32_ADD, B_LOCAL_TEE, 1, GET(0), B_BR_IF, 0, B_END),
        &guard);
    assert_int_equal(f->blk.at[1].param.n, 2);
    /* a loop that nothing branches to is no loop; equal results need no parameter */
    f = build_code(
        1, CODE(B_LOOP, VOID, GET(0), B_LOCAL_SET, 1, B_END, B_BLOCK, I32, GET(1), GET(0), B_BR_IF, 0, B_END), &guard);
    for (BlkId b = 1; b < f->blk.n; b++) assert_int_equal(f->blk.at[b].param.n, 0);
    /* written before all branches out of a nest: known behind it without parameters */
    f = build_code(
        1,
        CODE(B_BLOCK, VOID, B_BLOCK, VOID, GET(0), B_LOCAL_SET, 1, GET(0), B_BR_TABLE, 1, 0, 1, B_END, B_END, GET(1)),
        &guard);
    for (BlkId b = 1; b < f->blk.n; b++) assert_int_equal(f->blk.at[b].param.n, 0);
}

/* -- A small store ------------------------------------------------------------------- */

enum { PAGES = 1, DEPTH = 100000, FUEL = 3000 };

static uint32_t host(ExecState *es, FuncInst *f) {
    (void)f;
    if (es->args[0].i32 == 13) return TRAP_HOST;
    es->results[0] = (Value){.i64 = es->args[0].i32 * 3u + 1};
    return TRAP_NONE;
}

static Instance *instance_of(const Module *m, ExecState *es) {
    InstLayout l = instance_layout(m);
    uint8_t *p = arena_zalloc(&arena, l.size, 64);
    Instance *i = (Instance *)(void *)p;
    *i = (Instance){.es = es, .module = m, .nmems = m->memories.n, .ntables = m->tables.n, .nglobals = m->globals.n};
    i->mems = (MemView *)(void *)(p + l.mems);
    i->tables = (TableInst **)(void *)(p + l.tables);
    i->globals = (GlobalInst **)(void *)(p + l.globals);
    i->funcs = (FuncInst **)(void *)(p + l.funcs);
    i->sigs = (uint32_t *)(void *)(p + l.sigs);
    for (uint32_t k = 0; k < m->types.n; k++) {
        i->sigs[k] = k;
        for (uint32_t j = 0; j < k; j++)
            if (functype_equal(&m->types.at[j].func, &m->types.at[k].func)) i->sigs[k] = j;
    }
    for (uint32_t k = 0; k < m->memories.n; k++) {
        MemInst *own = (MemInst *)(void *)(p + l.own_mems) + (k - m->nimported[EXT_MEMORY]);
        MemInst *mem = k < m->nimported[EXT_MEMORY] ? ARENA_NEW(&arena, MemInst) : own;
        *mem =
            (MemInst){.base = arena_zalloc(&arena, PAGES * WASM_PAGE, 64), .length = PAGES * WASM_PAGE, .pages = PAGES};
        i->mems[k] = (MemView){mem->base, mem};
    }
    for (uint32_t k = 0; k < m->tables.n; k++) {
        TableInst *own = (TableInst *)(void *)(p + l.own_tables) + (k - m->nimported[EXT_TABLE]);
        i->tables[k] = k < m->nimported[EXT_TABLE] ? ARENA_NEW(&arena, TableInst) : own;
        uint32_t in_place = m->tables.at[k].inline_at, size = (uint32_t)m->tables.at[k].limits.min;
        *i->tables[k] = (TableInst){.elem = ARENA_ARRAY(&arena, uint64_t, 20), .size = 20, .type = VT_FUNCREF};
        if (in_place == NO_INDEX) continue;
        i->tables[k]->elem = (uint64_t *)(void *)(p + l.table_elems) + in_place;
        i->tables[k]->size = size;
    }
    for (uint32_t k = 0; k < m->globals.n; k++) {
        GlobalInst *own = (GlobalInst *)(void *)(p + l.own_globals) + (k - m->nimported[EXT_GLOBAL]);
        i->globals[k] = k < m->nimported[EXT_GLOBAL] ? ARENA_NEW(&arena, GlobalInst) : own;
        i->globals[k]->type = m->globals.at[k].type.type;
    }
    for (uint32_t k = 0; k < m->funcs.n; k++) {
        bool own = k >= m->nimported[EXT_FUNC];
        FuncInst *f =
            own ? (FuncInst *)(void *)(p + l.own_funcs) + (k - m->nimported[EXT_FUNC]) : ARENA_NEW(&arena, FuncInst);
        *f = (FuncInst){.ctx = own ? (void *)i : (void *)f, .sig = i->sigs[m->funcs.at[k].type], .index = k};
        f->inst = own ? i : NULL;
        i->funcs[k] = f;
    }
    return i;
}

/* The tables: some functions of either type, some holes. */
static void fill_tables(Instance *i) {
    for (uint32_t t = 0; t < i->ntables; t++)
        for (uint32_t k = 0; k < 6; k++) i->tables[t]->elem[k] = k < 4 ? (uint64_t)(uintptr_t)i->funcs[k & 1] : 0;
}

typedef struct Seen { /* what came of a call */
    TrapKind trap;
    uint32_t at, func;
    int64_t fuel, depth;
    Value result[4], global[4];
    uint64_t memory;
} Seen;

static void start(Instance *i, const uint32_t *args, uint32_t nargs) {
    ExecState *es = i->es;
    memset(es->args, 0, sizeof es->args);
    memset(es->results, 0, sizeof es->results);
    for (uint32_t k = 0; k < nargs; k++) es->args[k].i32 = args[k];
    es->fuel = FUEL;
    es->depth = DEPTH;
    for (uint32_t k = 0; k < i->nmems; k++) memset(i->mems[k].base, 0, PAGES * WASM_PAGE);
    for (uint32_t k = 0; k < i->nglobals; k++) i->globals[k]->value = (Value){.i64 = 0};
}

static void look(const Instance *i, Seen *s) {
    s->fuel = i->es->fuel;
    s->depth = s->trap ? 0 : i->es->depth;
    if (!s->trap) memcpy(s->result, i->es->results, sizeof s->result);
    for (uint32_t k = 0; k < i->nglobals && k < 4; k++) s->global[k] = i->globals[k]->value;
    for (uint32_t k = 0; k < i->nmems; k++)
        for (uint32_t n = 0; n < PAGES * WASM_PAGE; n += 8)
            s->memory = s->memory * 31 + bits_load_u64(i->mems[k].base + n);
}

static Seen run_interp(Instance *i, InterpStack *stack, const uint32_t *args, uint32_t nargs) {
    Seen s = {0};
    Backtrace bt = {0};
    start(i, args, nargs);
    s.trap = interp_call(stack, i->es, i->funcs[i->module->nimported[EXT_FUNC]], &bt);
    if (s.trap && s.trap != TRAP_HOST) s.at = bt.frame[0].offset, s.func = bt.frame[0].func;
    look(i, &s);
    return s;
}

static Seen run_ir(Instance *i, const Fn *entry, const uint32_t *args, uint32_t nargs) {
    Seen s = {0};
    IrRun r = {.es = i->es, .arena = &tmp};
    start(i, args, nargs);
    ir_enter(&r, entry, i->funcs[i->module->nimported[EXT_FUNC]]);
    s.trap = r.trap;
    if (s.trap != TRAP_HOST) s.at = r.loc, s.func = r.func; /* that one is in the adaptor, which has no place */
    look(i, &s);
    return s;
}

/* Functions have code (or, for the interpreter, none). */
static void set_code(const Instance *i, const Module *m, const Fn *f) {
    for (uint32_t k = 0; k < m->funcs.n; k++) {
        const Fn *own = i->funcs[k]->inst ? f : ir_build_host_adaptor(&tmp, module_func_type(m, k));
        i->funcs[k]->code = f ? own : NULL;
    }
}

/* Both on a few arguments; a failure shows `number`. */
static void compare(const Spec *spec, const BuildOptions *o, uint32_t number, uint32_t *traps) {
    ExecState *es = aligned_alloc(64, bits_align(sizeof *es, 64));
    memset(es, 0, sizeof *es);
    es->lib.host_call = host;
    InterpStack *stack = interp_stack_new(DEPTH);
    const Module *m = module_of(spec);
    Instance *i = instance_of(m, es);
    const FuncType *t = module_func_type(m, m->nimported[EXT_FUNC]);
    fill_tables(i);
    Fn *f = build_checked(m, o), *entry = ir_build_entry_adaptor(&tmp, t);
    for (uint32_t k = 0; k < 6; k++) {
        static const uint32_t values[] = {0, 1, 2, 3, 13, 0xffffffff, 0x80000000};
        uint32_t args[4];
        for (uint32_t p = 0; p < 4; p++) args[p] = values[(k * (p + 1) + p) % 7];
        set_code(i, m, NULL);
        Seen a = run_interp(i, stack, args, t->nparam);
        set_code(i, m, f);
        Seen b = run_ir(i, entry, args, t->nparam);
        if (a.trap != b.trap || a.func != b.func || a.at != b.at)
            fail_msg("#%u: interp %s @%u:%u, ir %s @%u:%u", number, trap_name(a.trap), a.func, a.at, trap_name(b.trap),
                     b.func, b.at);
        if (a.fuel != b.fuel || a.depth != b.depth)
            fail_msg("#%u: fuel %ld %ld, depth %ld %ld", number, (long)a.fuel, (long)b.fuel, (long)a.depth,
                     (long)b.depth);
        if (memcmp(&a, &b, sizeof a))
            fail_msg("#%u: result or state differs (%x, %x)", number, a.result[0].i32, b.result[0].i32);
        *traps += a.trap != TRAP_NONE;
    }
    interp_stack_free(stack);
    free(es);
}

/* -- Random functions ------------------------------------------------------------------ */

typedef struct Gen {
    Bytes *b;
    uint64_t seed;
    uint32_t left;      /* constructs and statements still to be made */
    uint32_t label[64]; /* number of i32 a branch to the label carries, outermost first */
    uint32_t depth, nlocal;
    bool rich; /* memory, calls, and what else may trap */
} Gen;

static uint32_t below(Gen *g, uint32_t n) {
    g->seed = g->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(g->seed >> 33) % n;
}
static uint32_t some_local(Gen *g) { return below(g, g->nlocal); }

/* One more i32 on the stack. */
static void value(Gen *g) {
    switch (below(g, g->rich ? 10 : 6)) {
    case 0: put_const(g->b, (int32_t)below(g, 9) - 2); break;
    case 1:
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put(g->b, below(g, 2) ? B_I32_ADD : B_I32_XOR);
        break;
    case 2:
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put_op(g->b, B_LOCAL_TEE, some_local(g));
        break;
    case 6:
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put(g->b, B_I32_DIV_S + below(g, 4));
        break;
    case 7:
        put_op(g->b, B_LOCAL_GET, some_local(g));
        put(g->b, B_I32_LOAD8_U + below(g, 2));
        put_all(g->b, (const uint8_t[]){0x40, 1, 0xf0, 1}, 4); /* memory 1, offset */
        break;
    case 8:
        put_op(g->b, B_LOCAL_GET, some_local(g));
        if (below(g, 2)) {
            put_op(g->b, B_CALL, below(g, 2));
        } else {
            uint32_t type = below(g, 4) ? 1 : 2; /* one or two parameters; none in the tables has two */
            for (uint32_t i = 0; i < type; i++) put_op(g->b, B_LOCAL_GET, some_local(g));
            put_op(g->b, B_CALL_INDIRECT, type);
            put_leb(g->b, below(g, 2));
        }
        break;
    case 9: put_op(g->b, B_GLOBAL_GET, below(g, 2)); break;
    default: put_op(g->b, B_LOCAL_GET, some_local(g)); break;
    }
}

static void values(Gen *g, uint32_t n) {
    while (n--) value(g);
}

static void body(Gen *g, uint32_t nresult);

/* A construct with some parameters and results, all of them on, or dropped from, the stack. */
static void construct(Gen *g) {
    static const struct {
        uint8_t type, nparam, nresult;
    } shapes[] = {{0, 0, 0}, {3, 0, 1}, {4, 1, 0}, {1, 1, 1}, {2, 2, 1}, {5, 2, 2}, {11, 2, 3}};
    uint32_t s = below(g, 4) ? below(g, 2) : below(g, 7), kind = below(g, 3);
    uint32_t op = kind == 0 ? B_BLOCK : kind == 1 ? B_LOOP : B_IF;
    values(g, shapes[s].nparam);
    if (op == B_IF) value(g);
    put_op(g->b, op, shapes[s].type);
    g->label[g->depth++] = op == B_LOOP ? shapes[s].nparam : shapes[s].nresult;
    for (uint32_t i = 0; i < shapes[s].nparam; i++) put(g->b, B_DROP);
    body(g, shapes[s].nresult);
    if (op == B_IF && (shapes[s].nresult != shapes[s].nparam || below(g, 2))) {
        put(g->b, B_ELSE);
        for (uint32_t i = 0; i < shapes[s].nparam; i++) put_op(g->b, B_LOCAL_SET, some_local(g));
        body(g, shapes[s].nresult);
    }
    put(g->b, B_END);
    g->depth--;
    for (uint32_t i = 0; i < shapes[s].nresult; i++) put_op(g->b, B_LOCAL_SET, some_local(g));
}

/* Dead code of any kind: constructs, branches, what pops from nothing. */
static void dead(Gen *g) {
    if (below(g, 2)) put(g->b, B_I32_ADD), put(g->b, B_DROP);
    if (below(g, 2) && g->depth < 40) construct(g);
    if (below(g, 4) == 0) put_op(g->b, B_BR, below(g, g->depth));
}

static bool branch(Gen *g) { /* false: what follows is dead */
    uint32_t label = below(g, g->depth), n = g->label[g->depth - 1 - label];
    switch (below(g, 6)) {
    case 0:
    case 1:
    case 2:
        values(g, n + 1);
        put_op(g->b, B_BR_IF, label);
        while (n--) put(g->b, B_DROP);
        return true;
    case 3: {
        uint32_t list[8], count = 0;
        for (uint32_t k = 0; k < g->depth && count < 8; k++)
            if (g->label[g->depth - 1 - k] == n && below(g, 2)) list[count++] = k;
        values(g, n + 1);
        put_op(g->b, B_BR_TABLE, count);
        for (uint32_t k = 0; k < count; k++) put_leb(g->b, list[k]);
        put_leb(g->b, label);
        return false;
    }
    case 4:
        values(g, n);
        put_op(g->b, B_BR, label);
        return false;
    default:
        value(g);
        if (g->rich && below(g, 3) == 0)
            put_op(g->b, B_RETURN_CALL, below(g, 2));
        else
            put(g->b, below(g, 2) ? B_RETURN : B_UNREACHABLE);
        return false;
    }
}

static void statement(Gen *g) {
    if (g->rich && below(g, 6) == 0) {
        value(g), value(g);
        put(g->b, B_I32_STORE);
        put_all(g->b, (const uint8_t[]){0, 1}, 2);
    } else if (g->rich && below(g, 8) == 0) {
        value(g);
        put_op(g->b, B_GLOBAL_SET, below(g, 2));
    } else {
        value(g);
        put_op(g->b, B_LOCAL_SET, some_local(g));
    }
}

static void body(Gen *g, uint32_t nresult) {
    bool live = true;
    for (uint32_t n = below(g, 5); n-- > 0 && g->left && live;) {
        g->left--;
        uint32_t what = below(g, 10);
        if (what < 4)
            statement(g);
        else if (what < 7 && g->depth < 30)
            construct(g);
        else
            live = branch(g);
    }
    if (!live) dead(g);
    values(g, nresult);
}

static void random_function(uint32_t number, bool rich, uint32_t *traps) {
    Spec s = {.type = 10, .nlocal = 4};
    Gen g = {.b = &s.code, .seed = number, .left = 60, .label = {1}, .depth = 1, .nlocal = 8, .rich = rich};
    s.type = rich ? 1 : 10;
    g.nlocal = rich ? 5 : 8;
    body(&g, 0);
    body(&g, 0);
    body(&g, 1);
    compare(&s, number & 1 ? &explicit : &guard, number, traps);
}

static void test_random(void **state) {
    (void)state;
    uint32_t traps = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        random_function(i, i % 3 == 0, &traps);
        arena_reset(&arena);
        arena_reset(&tmp);
    }
    assert_true(traps > 3000 && traps < 15000); /* of 18,000 calls: some of both kinds */
}

/* A nest of blocks; a branch to one of them past a write, then branches to all: which ends are reached past the
 * write must be seen however deep they are. */
static void nest(uint32_t depth, uint32_t past, uint32_t *traps) {
    Spec s = {.type = 10, .nlocal = 1};
    for (uint32_t i = 0; i < depth; i++) put_op(&s.code, B_BLOCK, 0);
    put_op(&s.code, B_LOCAL_GET, 1);
    put_op(&s.code, B_BR_IF, past);
    put_op(&s.code, B_LOCAL_GET, 2);
    put_op(&s.code, B_LOCAL_SET, 4);
    put_op(&s.code, B_LOCAL_GET, 0);
    put_op(&s.code, B_BR_TABLE, depth - 1);
    for (uint32_t i = 0; i < depth; i++) put_leb(&s.code, i);
    for (uint32_t i = 0; i < depth; i++) {
        put(&s.code, B_END);
        if (i % 5 == 3) put_op(&s.code, B_LOCAL_GET, 4), put_op(&s.code, B_LOCAL_SET, 3);
    }
    put_op(&s.code, B_LOCAL_GET, 3), put_op(&s.code, B_LOCAL_GET, 4), put(&s.code, B_I32_SUB);
    compare(&s, &guard, depth * 100 + past, traps);
}

static void test_nests(void **state) {
    (void)state;
    uint32_t traps = 0;
    for (uint32_t depth = 1; depth < 24; depth++)
        for (uint32_t past = 0; past < depth; past++) {
            nest(depth, past, &traps);
            arena_reset(&arena);
            arena_reset(&tmp);
        }
    assert_int_equal(traps, 0);
}

/* -- Long inputs -------------------------------------------------------------------------- */

typedef void Shape(Bytes *b, uint32_t n, uint32_t nlocal);

/* Locals written before branches out of a deep nest, all read behind it. */
static void shape_nest(Bytes *b, uint32_t n, uint32_t nlocal) {
    for (uint32_t i = 0; i < n; i++) put_op(b, B_BLOCK, 0);
    for (uint32_t i = 0; i < nlocal; i++) put_const(b, (int32_t)i), put_op(b, B_LOCAL_SET, 1 + i);
    put_op(b, B_LOCAL_GET, 0);
    put_op(b, B_BR_TABLE, n - 1);
    for (uint32_t i = 0; i < n; i++) put_leb(b, i);
    for (uint32_t i = 0; i < n; i++) put(b, B_END);
}
/* Conditional writes one after the other: a chain of joins for one local. */
static void shape_chain(Bytes *b, uint32_t n, uint32_t nlocal) {
    for (uint32_t i = 0; i < n; i++) {
        put_op(b, B_LOCAL_GET, 0), put_op(b, B_IF, 0), put_const(b, (int32_t)i);
        put_op(b, B_LOCAL_SET, 1 + (i < n / 2 ? 0 : i % nlocal)), put(b, B_END);
    }
}
/* Loops in a row and loops in loops. */
static void shape_loops(Bytes *b, uint32_t n, uint32_t nlocal) {
    for (uint32_t i = 0; i < n; i++) {
        put_op(b, B_LOOP, 0), put_op(b, B_LOCAL_GET, 1 + i % nlocal), put_op(b, B_LOCAL_SET, 1 + (i + 1) % nlocal);
        put_op(b, B_LOCAL_GET, 0), put_op(b, B_BR_IF, 0), put(b, B_END);
    }
    for (uint32_t i = 0; i < n; i++) put_op(b, B_LOOP, 0);
    put_op(b, B_LOCAL_GET, 0), put_op(b, B_LOCAL_SET, 1);
    for (uint32_t i = 0; i < n; i++) put_op(b, B_LOCAL_GET, 1), put_op(b, B_BR_IF, 0), put(b, B_END);
}
/* A row of exits to one block, a write before each. */
static void shape_exits(Bytes *b, uint32_t n, uint32_t nlocal) {
    (void)nlocal;
    put_op(b, B_BLOCK, 0);
    for (uint32_t i = 0; i < n; i++)
        put_op(b, B_LOCAL_GET, 0), put_op(b, B_LOCAL_SET, 1 + i % 7), put_op(b, B_LOCAL_GET, 0), put_op(b, B_BR_IF, 0);
    put(b, B_END);
}

static size_t memory_used(Shape *shape, uint32_t n) {
    Spec s = {.type = 1, .nlocal = n, .plain = true};
    shape(&s.code, n, n);
    put_const(&s.code, 0);
    for (uint32_t i = 0; i < n; i++) put_op(&s.code, B_LOCAL_GET, 1 + i), put(&s.code, B_I32_ADD);
    const Module *m = module_of(&s);
    InstLayout l = instance_layout(m);
    char msg[160] = "";
    Fn *f = ir_build(&tmp, &tmp, m, &l, 0, &guard);
    size_t used = arena_used(&tmp);
    if (!ir_verify(f, msg, sizeof msg)) fail_msg("%s", msg);
    arena_reset(&arena);
    arena_reset(&tmp);
    return used;
}

/* Memory is what a test can count on; all that is quadratic in the builder would show in it. */
static void test_long(void **state) {
    (void)state;
    Shape *const shapes[] = {shape_nest, shape_chain, shape_loops, shape_exits};
    for (uint32_t k = 0; k < 4; k++) {
        size_t small = memory_used(shapes[k], 5000), large = memory_used(shapes[k], 20000);
        if (large > small * 6) fail_msg("shape %u: %zu and %zu bytes", k, small, large);
    }
}

/* -- Adaptors ------------------------------------------------------------------------------ */

static void test_adaptors(void **state) {
    (void)state;
    static const ValType some[] = {VT_I32, VT_F32, VT_I64, VT_F64, VT_EXTERNREF};
    ValType many[64];
    for (uint32_t i = 0; i < 64; i++) many[i] = some[i % 5];
    FuncType t = {many, many, 64, 64};
    char msg[160] = "";
    Fn *entry = ir_build_entry_adaptor(&tmp, &t), *adaptor = ir_build_host_adaptor(&tmp, &t);
    if (!ir_verify(entry, msg, sizeof msg) || !ir_verify(adaptor, msg, sizeof msg)) fail_msg("%s", msg);
    /* the one called through the other: arguments arrive, results come back, zero-extended to their slots */
    ExecState *es = aligned_alloc(64, bits_align(sizeof *es, 64));
    memset(es, 0xff, sizeof *es);
    es->lib.host_call = host;
    for (uint32_t i = 0; i < 64; i++) es->args[i].i64 = 5;
    FuncInst f = {.code = adaptor, .ctx = &f};
    IrRun r = {.es = es, .arena = &tmp};
    assert_true(ir_enter(&r, entry, &f));
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(es->args[i].u64x2[0], 5);
        assert_int_equal(es->args[i].u64x2[1], 0);
        uint64_t want = i == 0 ? 16 : i % 5 < 2 ? UINT32_MAX : UINT64_MAX; /* what the host wrote, or was there */
        assert_int_equal(es->results[i].u64x2[0], want);
        assert_int_equal(es->results[i].u64x2[1], 0);
    }
    es->args[0].i32 = 13;
    assert_false(ir_enter(&r, entry, &f));
    assert_int_equal(r.trap, TRAP_HOST);
    free(es);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_memory), cmocka_unit_test(test_globals_tables),
        cmocka_unit_test(test_calls),   cmocka_unit_test(test_params), cmocka_unit_test(test_adaptors),
        cmocka_unit_test(test_random),  cmocka_unit_test(test_nests),  cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
