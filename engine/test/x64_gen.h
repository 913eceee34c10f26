/* Small and random IR functions for tests that run code: they take their arguments from the execution state's slots and
 * leave their results there, so that they can be entered directly.  Random ones are pure but for loads and stores of a
 * scratch area of the state; every value is defined to the bit, since fcanon stands behind what leaves NaNs open. */
#pragma once
#include "code/es.h"
#include "x64_eval.h"

static const uint8_t param_types[] = {T_I64};
static inline Fn *new_fn(Arena *a) { return fn_new(a, "f", 0, &(IrSig){.param = param_types, .nparam = 1}); }

static inline uint32_t arg_at(uint32_t i) { return ES_ARGS_OFFSET + ES_SLOT_BYTES * i; }
static inline uint32_t result_at(uint32_t i) { return ES_RESULTS_OFFSET + ES_SLOT_BYTES * i; }

static inline uint8_t access_of(IrType t) {
    return t == T_I32 ? ACC_32 : t == T_I64 ? ACC_64 : t == T_F32 ? ACC_F32 : t == T_F64 ? ACC_F64 : ACC_V128;
}

static inline Val load_state(Fn *f, BlkId b, IrType t, uint32_t at) {
    Val es = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
    return fn_ins(
        f, b, 1, (Ins){.op = IR_load, .type = (uint8_t)t, .aux = access_of(t), .flags = MEM_CONTEXT, .a = es, .b = at});
}
static inline void store_state(Fn *f, BlkId b, Val v, uint32_t at) {
    Val es = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
    fn_ins(f, b, 1,
           (Ins){.op = IR_store,
                 .aux = access_of((IrType)f->ins.at[v].type),
                 .flags = MEM_CONTEXT,
                 .a = es,
                 .b = v,
                 .c = at});
}
static inline void finish_fn(Fn *f, BlkId b) { fn_ins(f, b, 1, (Ins){.op = IR_ret}); }

static inline Val constant(Fn *f, BlkId b, IrType t, uint64_t v) {
    if (t == T_I32 || t == T_I64) return fn_iconst(f, b, 1, t, v);
    return fn_ins(f, b, 1, (Ins){.op = IR_fconst, .type = (uint8_t)t, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)});
}

/* -- Random functions ------------------------------------------------------------- */

typedef struct Random {
    uint64_t s;
} Random;
static inline uint32_t rnd(Random *r, uint32_t n) { /* splitmix64 */
    uint64_t z = (r->s += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 20) % n;
}

enum { NARGS = 8, SCRATCH_AT = 8192, SCRATCH_BYTES = 256, MAX_VALS = 400 };

typedef struct Gen {
    Random r;
    Fn *f;
    BlkId b;
    Val val[MAX_VALS]; /* what may be used here */
    uint32_t n;
    uint32_t budget;
} Gen;

static inline Val pick(Gen *g, IrType t) {
    uint32_t start = rnd(&g->r, g->n), near = g->n > 12 && rnd(&g->r, 2) ? g->n - 12 : 0;
    for (uint32_t k = 0; k < g->n; k++) {
        uint32_t x = near ? near + (start + k) % (g->n - near) : (start + k) % g->n;
        if (g->f->ins.at[g->val[x]].type == t && rnd(&g->r, 8)) return g->val[x];
    }
    uint32_t n;
    const uint64_t *v = values_of(t, &n);
    return constant(g->f, g->b, t, v[rnd(&g->r, n)]);
}

static inline void add_val(Gen *g, Val v) {
    if (g->n < MAX_VALS)
        g->val[g->n++] = v;
    else
        g->val[rnd(&g->r, MAX_VALS)] = v;
}

static inline Val ins(Gen *g, Ins i) { return fn_ins(g->f, g->b, 1, i); }

/* An address inside of the scratch bytes: es + SCRATCH_AT + (zext(i32 & mask) << k) + disp, in many shapes. */
static inline Val scratch_address(Gen *g, uint32_t *disp) {
    Val es = ins(g, (Ins){.op = IR_es, .type = T_I64});
    Val index = ins(g, (Ins){.op = IR_iand, .a = pick(g, T_I32), .b = fn_iconst(g->f, g->b, 1, T_I32, 15)});
    Val wide = ins(g, (Ins){.op = IR_zext, .type = T_I64, .a = index});
    if (rnd(&g->r, 2))
        wide = ins(g, (Ins){.op = IR_shl, .a = wide, .b = fn_iconst(g->f, g->b, 1, T_I64, rnd(&g->r, 4))});
    *disp = SCRATCH_AT + rnd(&g->r, 64);
    if (rnd(&g->r, 2)) {
        uint32_t k = rnd(&g->r, 32);
        wide = ins(g, (Ins){.op = IR_iadd, .a = wide, .b = fn_iconst(g->f, g->b, 1, T_I64, k)});
        *disp -= k;
    }
    if (rnd(&g->r, 8) == 0) { /* a far displacement, taken back */
        wide = ins(g, (Ins){.op = IR_iadd, .a = wide, .b = fn_iconst(g->f, g->b, 1, T_I64, 0 - UINT64_C(0x70000000))});
        *disp += 0x70000000;
    }
    return rnd(&g->r, 2) ? ins(g, (Ins){.op = IR_iadd, .a = es, .b = wide})
                         : ins(g, (Ins){.op = IR_iadd, .a = wide, .b = es});
}

static inline void gen_memory(Gen *g) {
    static const struct {
        uint8_t access, type;
    } kind[] = {{ACC_8S, T_I32},  {ACC_8U, T_I32}, {ACC_16S, T_I32}, {ACC_16U, T_I32}, {ACC_32, T_I32},
                {ACC_8S, T_I64},  {ACC_8U, T_I64}, {ACC_16S, T_I64}, {ACC_16U, T_I64}, {ACC_32S, T_I64},
                {ACC_32U, T_I64}, {ACC_64, T_I64}, {ACC_F32, T_F32}, {ACC_F64, T_F64}};
    uint32_t k = rnd(&g->r, COUNT(kind)), disp;
    Val address = scratch_address(g, &disp);
    Ins load = {.op = IR_load, .type = kind[k].type, .aux = kind[k].access, .flags = MEM_HEAP, .a = address, .b = disp};
    if (rnd(&g->r, 3)) {
        add_val(g, ins(g, load));
        return;
    }
    Val v = pick(g, (IrType)kind[k].type);
    uint8_t access = kind[k].access;
    if (access == ACC_8S || access == ACC_16S || access == ACC_32S) access++; /* stores use the U forms */
    if (rnd(&g->r, 3) == 0 && (access == ACC_32 || access == ACC_64)) {       /* read, change, write */
        static const uint8_t op[] = {IR_iadd, IR_isub, IR_iand, IR_ior, IR_ixor};
        Val old = ins(g, load);
        bool swap = rnd(&g->r, 3) == 0;
        v = ins(g, (Ins){.op = op[rnd(&g->r, 5)], .a = swap ? v : old, .b = swap ? old : v});
    }
    ins(g, (Ins){.op = IR_store, .aux = access, .flags = MEM_HEAP, .a = address, .b = v, .c = disp});
}

static inline Val small(Gen *g, IrType t) { return fn_iconst(g->f, g->b, 1, t, rnd(&g->r, 11)); }
static inline Val binary(Gen *g, uint8_t op, Val a, Val b) { return ins(g, (Ins){.op = op, .a = a, .b = b}); }

/* Shapes that rules look for. */
static inline void gen_idiom(Gen *g) {
    IrType t = rnd(&g->r, 2) ? T_I32 : T_I64;
    Val x = pick(g, t), y = pick(g, t), v;
    switch (rnd(&g->r, 9)) {
    case 0: /* and not */
        y = binary(g, IR_ixor, y, fn_iconst(g->f, g->b, 1, t, UINT64_MAX));
        v = rnd(&g->r, 2) ? binary(g, IR_iand, x, y) : binary(g, IR_iand, y, x);
        break;
    case 1: v = binary(g, (uint8_t)(IR_shl + rnd(&g->r, 5)), x, small(g, t)); break;
    case 2: v = rnd(&g->r, 2) ? binary(g, IR_imul, x, small(g, t)) : binary(g, IR_imul, small(g, t), x); break;
    case 3: /* lea */
        v = binary(g, IR_iadd, binary(g, IR_iadd, x, binary(g, IR_shl, y, small(g, t))), small(g, t));
        break;
    case 4: v = binary(g, IR_isub, fn_iconst(g->f, g->b, 1, t, 0), x); break;
    case 5: v = binary(g, IR_isub, x, small(g, t)); break;
    case 6: { /* a narrow load against a constant */
        uint32_t disp;
        Val address = scratch_address(g, &disp);
        v = ins(g, (Ins){.op = IR_load,
                         .type = (uint8_t)t,
                         .aux = rnd(&g->r, 2) ? ACC_8U : ACC_16U,
                         .flags = MEM_HEAP,
                         .a = address,
                         .b = disp});
        v = ins(g, (Ins){.op = IR_icmp,
                         .aux = (uint8_t)rnd(&g->r, C_COUNT),
                         .a = v,
                         .b = fn_iconst(g->f, g->b, 1, t, rnd(&g->r, 512))});
        break;
    }
    case 7: { /* masks */
        static const uint64_t mask[] = {0xff, 0xffff, 0xffffffff, 31, 63, 0x80000000};
        v = binary(g, IR_iand, x, fn_iconst(g->f, g->b, 1, t, mask[rnd(&g->r, 6)]));
        break;
    }
    default: /* the state's address in arithmetic; its value must not reach results */
        v = ins(g, (Ins){.op = IR_es, .type = T_I64});
        v = ins(g, (Ins){.op = IR_icmp, .aux = C_UGT, .a = v, .b = fn_iconst(g->f, g->b, 1, T_I64, rnd(&g->r, 2))});
    }
    add_val(g, v);
}

static inline void gen_op(Gen *g) {
    Ins i = {0};
    IrType t = (IrType)(T_I32 + rnd(&g->r, 4)), from = t;
    bool is_int = t == T_I32 || t == T_I64;
    switch (rnd(&g->r, 6)) {
    case 0:
    case 1:
        if (t == T_I32 && !rnd(&g->r, 12))
            i.op = IR_mask;
        else if (is_int)
            i.op = (uint8_t)(IR_iadd + rnd(&g->r, IR_rotr - IR_iadd + 1));
        else
            i.op = (uint8_t)(IR_fadd + rnd(&g->r, IR_fcopysign - IR_fadd + 1));
        break;
    case 2:
        if (is_int)
            i.op = (uint8_t)(IR_clz + rnd(&g->r, IR_sext16 - IR_clz + 1));
        else
            i.op = (uint8_t)(IR_fabs + rnd(&g->r, IR_fcanon - IR_fabs + 1));
        break;
    case 3:
        i.op = is_int ? (rnd(&g->r, 4) ? IR_icmp : IR_eqz) : IR_fcmp;
        i.aux = (uint8_t)rnd(&g->r, is_int ? C_COUNT : FC_COUNT);
        break;
    case 4: {
        static const struct {
            uint8_t op, from, to;
        } cvt[] = {{IR_sext, T_I32, T_I64},    {IR_zext, T_I32, T_I64},    {IR_wrap, T_I64, T_I32},
                   {IR_sext32, T_I64, T_I64},  {IR_fdemote, T_F64, T_F32}, {IR_fpromote, T_F32, T_F64},
                   {IR_bitcast, T_F32, T_I32}, {IR_bitcast, T_I64, T_F64}, {IR_fcvt_s, T_F64, T_I32},
                   {IR_fcvt_u, T_F64, T_I64},  {IR_fcvt_s, T_F32, T_I64},  {IR_fcvt_u, T_F32, T_I32},
                   {IR_icvt_s, T_I32, T_F32},  {IR_icvt_u, T_I32, T_F64},  {IR_icvt_u, T_I64, T_F32},
                   {IR_icvt_s, T_I64, T_F64},  {IR_wrap, T_I64, T_I32},    {IR_zext, T_I32, T_I64}};
        uint32_t k = rnd(&g->r, COUNT(cvt));
        i.op = cvt[k].op;
        from = (IrType)cvt[k].from;
        t = (IrType)cvt[k].to;
        break;
    }
    default:
        i.op = IR_select;
        i.type = (uint8_t)t;
        i.a = pick(g, T_I32);
        i.b = pick(g, t);
        i.c = pick(g, t);
        add_val(g, ins(g, i));
        return;
    }
    i.type = (uint8_t)t;
    i.a = pick(g, from);
    if (ir_info[i.op].nargs > 1) i.b = pick(g, from);
    if (i.op >= IR_sdiv && i.op <= IR_urem) { /* a divisor that is neither 0 nor -1 */
        Val two = fn_iconst(g->f, g->b, 1, from, 2), max = fn_iconst(g->f, g->b, 1, from, 0x7ffffff);
        i.b = ins(g, (Ins){.op = IR_iand, .a = i.b, .b = max});
        i.b = ins(g, (Ins){.op = IR_ior, .a = i.b, .b = two});
    }
    Val v = ins(g, i);
    bool is_float = g->f->ins.at[v].type >= T_F32;
    bool bits_are_open = is_float && i.op != IR_bitcast && i.op != IR_fabs && i.op != IR_fneg && i.op != IR_fcopysign &&
                         i.op != IR_fcanon;
    if (bits_are_open) v = ins(g, (Ins){.op = IR_fcanon, .a = v});
    add_val(g, v);
}

static inline void gen_body(Gen *g, uint32_t depth);

/* A diamond or a jump table, with values passed to the block behind. */
static inline void gen_control(Gen *g, uint32_t depth) {
    uint32_t before = g->n, arms = rnd(&g->r, 3) ? 2 : 2 + rnd(&g->r, 4), nparams = 1 + rnd(&g->r, 4);
    IrType type[4];
    BlkId join = fn_block(g->f), arm[8];
    for (uint32_t k = 0; k < nparams; k++) type[k] = (IrType)(T_I32 + rnd(&g->r, 4));
    Val c = pick(g, T_I32);
    BlkId from = g->b;
    if (arms == 2 && rnd(&g->r, 4)) {
        ins(g, (Ins){.op = IR_brif, .a = c});
    } else {
        if (rnd(&g->r, 2)) c = ins(g, (Ins){.op = IR_iand, .a = c, .b = fn_iconst(g->f, g->b, 1, T_I32, 7)});
        ins(g, (Ins){.op = IR_brtable, .a = c});
    }
    for (uint32_t k = 0; k < arms; k++) {
        arm[k] = fn_block(g->f);
        fn_edge(g->f, from, arm[k], NULL, 0);
    }
    for (uint32_t k = 0; k < arms; k++) {
        Val out[4];
        g->b = arm[k];
        g->n = before;
        gen_body(g, depth + 1);
        for (uint32_t p = 0; p < nparams; p++) out[p] = pick(g, type[p]);
        ins(g, (Ins){.op = IR_jump});
        fn_edge(g->f, g->b, join, out, nparams);
    }
    g->n = before;
    g->b = join;
    for (uint32_t p = 0; p < nparams; p++) add_val(g, fn_param(g->f, join, type[p]));
}

/* A loop that counts down from 4 at most. */
static inline void gen_loop(Gen *g, uint32_t depth) {
    uint32_t before = g->n;
    IrType type[4];
    Val in[4], out[4];
    uint32_t nparams = 1 + rnd(&g->r, 3);
    BlkId head = fn_block(g->f), back = fn_block(g->f), out_block = fn_block(g->f);
    type[0] = T_I32;
    in[0] = fn_iconst(g->f, g->b, 1, T_I32, 1 + rnd(&g->r, 4));
    for (uint32_t k = 1; k < nparams; k++) {
        type[k] = (IrType)(T_I32 + rnd(&g->r, 4));
        in[k] = pick(g, type[k]);
    }
    ins(g, (Ins){.op = IR_jump});
    fn_edge(g->f, g->b, head, in, nparams);
    g->b = head;
    Val counter = 0;
    for (uint32_t k = 0; k < nparams; k++) {
        Val p = fn_param(g->f, head, type[k]);
        if (k == 0) counter = p;
        add_val(g, p);
    }
    gen_body(g, depth + 1);
    out[0] = ins(g, (Ins){.op = IR_isub, .a = counter, .b = fn_iconst(g->f, g->b, 1, T_I32, 1)});
    for (uint32_t k = 1; k < nparams; k++) out[k] = pick(g, type[k]);
    ins(g, (Ins){.op = IR_brif, .a = out[0]});
    fn_edge(g->f, g->b, back, NULL, 0);
    fn_edge(g->f, g->b, out_block, NULL, 0);
    g->b = back;
    ins(g, (Ins){.op = IR_jump});
    fn_edge(g->f, back, head, out, nparams);
    g->b = out_block;
    if (g->n > before + nparams + 40) g->n = before + nparams + 40;
}

static inline void gen_body(Gen *g, uint32_t depth) {
    uint32_t n = 3 + rnd(&g->r, depth ? 8 : 25);
    while (n-- && g->budget) {
        g->budget--;
        uint32_t what = rnd(&g->r, 20);
        if (what < 2 && depth < 3)
            gen_control(g, depth);
        else if (what == 2 && depth < 3)
            gen_loop(g, depth);
        else if (what < 7)
            gen_memory(g);
        else if (what < 9)
            gen_idiom(g);
        else
            gen_op(g);
    }
}

static inline Fn *gen_fn(Arena *a, uint64_t seed) {
    Gen *g = ARENA_NEW(a, Gen);
    g->r.s = seed;
    g->f = new_fn(a);
    g->b = fn_block(g->f);
    g->budget = 40 + rnd(&g->r, 200);
    add_val(g, fn_param(g->f, g->b, T_I64));
    for (uint32_t k = 0; k < NARGS; k++) add_val(g, load_state(g->f, g->b, (IrType)(T_I32 + k % 4), arg_at(k)));
    gen_body(g, 0);
    for (uint32_t k = 0; k < NARGS; k++) store_state(g->f, g->b, pick(g, (IrType)(T_I32 + k % 4)), result_at(k));
    for (uint32_t k = 0; k < 4; k++) { /* the upper halves, too */
        Val wide = ins(g, (Ins){.op = IR_zext, .type = T_I64, .a = pick(g, T_I32)});
        store_state(g->f, g->b, wide, result_at(NARGS + k));
    }
    finish_fn(g->f, g->b);
    return g->f;
}
