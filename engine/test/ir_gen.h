/* Random IR functions for the optimizer's tests: well-formed by construction, made of what the builder makes (fcanon
 * directly behind float arithmetic, divisions behind their checks, bounds checks in front of heap accesses, charges at
 * loop heads), with few values and the constants at which things happen, so that operations meet patterns. */
#pragma once
#include "ir_eval.h"

typedef struct Gen {
    Fn *f;
    uint64_t state;
    BlkId blk;              /* being filled */
    VEC(Val) pool[T_COUNT]; /* values that may be used here */
    uint32_t budget;        /* instructions still to make, about */
    uint32_t loc;
    bool effects, control;
} Gen;

static inline uint64_t gen_bits(Gen *g) { return hash_mix(g->state += UINT64_C(0x9e3779b97f4a7c15)); }
static inline uint32_t gen_below(Gen *g, uint32_t n) { return (uint32_t)(gen_bits(g) % n); }

static inline Val gen_ins(Gen *g, Ins i) {
    if (g->budget) g->budget--;
    return fn_ins(g->f, g->blk, ++g->loc, i);
}

static inline Val gen_give(Gen *g, Val v) {
    vec_push(g->f->arena, &g->pool[g->f->ins.at[v].type], v);
    return v;
}

static inline uint64_t gen_int_bits(Gen *g) {
    uint64_t r = gen_bits(g), one = UINT64_C(1) << (r >> 8) % 64;
    switch (r % 12) {
    case 0: return 0;
    case 1: return 1;
    case 2: return UINT64_MAX;
    case 3: return one;
    case 4: return one - 1;
    case 5: return 0 - one;
    case 6: return r >> 60;
    case 7: return (uint64_t[]){31, 32, 63, 64, 24, 16, 8, 56, 48, 0xff, 0xffff, UINT32_MAX}[(r >> 8) % 12];
    case 8: return (r >> 8) % 1000;
    case 9: return UINT64_C(1) << 31 | UINT64_C(1) << 63;
    default: return gen_bits(g);
    }
}

static inline uint64_t gen_float_bits(Gen *g, uint32_t type) {
    static const double value[] = {
        0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -4.0, 1.5, 3.0, 1e10, 2147483648.0, -9223372036854775808.0, 0.1};
    uint64_t r = gen_bits(g), bits;
    switch (r % 8) {
    case 0: return type == T_F32 ? NUM_F32_NAN : NUM_F64_NAN;
    case 1: return type == T_F32 ? 0xff800001 : UINT64_C(0x7ff0000000000001);
    case 2: return type == T_F32 ? 0x7f800000 | (r >> 8 & 1) << 31 : UINT64_C(0x7ff0000000000000) | (r >> 8 & 1) << 63;
    case 3: bits = gen_bits(g); return type == T_F32 ? (uint32_t)bits : bits;
    case 4: return type == T_F32 ? (r >> 8) % 16 : (r >> 8) % 16; /* subnormal */
    default: break;
    }
    double d = value[(r >> 8) % (sizeof value / sizeof *value)];
    return type == T_F32 ? num_bits_f32((float)d) : num_bits_f64(d);
}

static inline Val gen_const(Gen *g, uint32_t type) {
    bool is_float = type == T_F32 || type == T_F64;
    uint64_t v = is_float ? gen_float_bits(g, type) : gen_int_bits(g);
    if (type == T_I32) v = (uint32_t)v;
    return gen_ins(
        g,
        (Ins){
            .op = is_float ? IR_fconst : IR_iconst, .type = (uint8_t)type, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)});
}

/* A value of a type: a recent one by preference, or a constant. */
static inline Val gen_use(Gen *g, uint32_t type) {
    uint32_t n = g->pool[type].n;
    if (n == 0 || gen_below(g, 10) < 3) return gen_const(g, type);
    uint32_t back = gen_below(g, gen_below(g, n) + 1);
    return g->pool[type].at[n - 1 - back];
}

static inline uint32_t gen_int_type(Gen *g) { return gen_below(g, 3) ? T_I32 : T_I64; }
static inline uint32_t gen_float_type(Gen *g) { return gen_below(g, 2) ? T_F32 : T_F64; }
static inline uint32_t gen_type(Gen *g) { return gen_below(g, 3) ? gen_int_type(g) : gen_float_type(g); }

static inline void gen_trap_if(Gen *g, Val condition, uint8_t op, uint8_t kind) {
    gen_ins(g, (Ins){.op = op, .aux = kind, .a = condition});
}

/* Divisions stand behind the checks that make them defined. */
static inline Val gen_division(Gen *g, uint8_t op, uint32_t type) {
    Val a = gen_use(g, type), b = gen_use(g, type);
    Val zero = gen_ins(g, (Ins){.op = IR_eqz, .type = T_I32, .a = b});
    gen_trap_if(g, zero, IR_trapnz, 7);
    if (op == IR_sdiv) {
        uint64_t least = type == T_I32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63,
                 ones = type == T_I32 ? UINT32_MAX : UINT64_MAX;
        Val min = fn_iconst(g->f, g->blk, 0, (IrType)type, least),
            minus = fn_iconst(g->f, g->blk, 0, (IrType)type, ones);
        Val is_min = gen_ins(g, (Ins){.op = IR_icmp, .aux = C_EQ, .type = T_I32, .a = a, .b = min});
        Val is_minus = gen_ins(g, (Ins){.op = IR_icmp, .aux = C_EQ, .type = T_I32, .a = b, .b = minus});
        gen_trap_if(g, gen_ins(g, (Ins){.op = IR_iand, .type = T_I32, .a = is_min, .b = is_minus}), IR_trapnz, 8);
    }
    return gen_give(g, gen_ins(g, (Ins){.op = op, .type = (uint8_t)type, .a = a, .b = b}));
}

static inline Val gen_conversion(Gen *g, uint8_t op) {
    uint32_t from = T_I32, to = T_I64;
    switch (op) {
    case IR_wrap: from = T_I64, to = T_I32; break;
    case IR_fdemote: from = T_F64, to = T_F32; break;
    case IR_fpromote: from = T_F32, to = T_F64; break;
    case IR_fcvt_s:
    case IR_fcvt_u: from = gen_float_type(g), to = gen_int_type(g); break;
    case IR_icvt_s:
    case IR_icvt_u: from = gen_int_type(g), to = gen_float_type(g); break;
    case IR_bitcast:
        from = gen_type(g);
        to = from == T_I32 ? T_F32 : from == T_I64 ? T_F64 : from == T_F32 ? T_I32 : T_I64;
        break;
    default: break;
    }
    Val v = gen_ins(g, (Ins){.op = op, .type = (uint8_t)to, .a = gen_use(g, from)});
    if (op == IR_fdemote || op == IR_fpromote) v = gen_ins(g, (Ins){.op = IR_fcanon, .type = (uint8_t)to, .a = v});
    return gen_give(g, v);
}

static inline Val gen_pure(Gen *g) {
    uint8_t op = (uint8_t)(IR_iadd + gen_below(g, IR_select - IR_iadd + 1));
    if (gen_below(g, 4) == 0) op = (uint8_t)(IR_iadd + gen_below(g, IR_rotr - IR_iadd + 1));
    if (op == IR_fcanon) op = IR_fadd;
    if (op >= IR_sdiv && op <= IR_urem) return gen_division(g, op, gen_int_type(g));
    if ((op >= IR_sext && op <= IR_wrap) || (op >= IR_fdemote && op <= IR_bitcast)) return gen_conversion(g, op);
    if (op == IR_select) {
        uint32_t type = gen_type(g);
        Val c = gen_use(g, T_I32), x = gen_use(g, type), y = gen_use(g, type);
        return gen_give(g, gen_ins(g, (Ins){.op = IR_select, .type = (uint8_t)type, .a = c, .b = x, .c = y}));
    }
    bool is_float = op >= IR_fadd && op <= IR_fcmp;
    uint32_t type = is_float ? gen_float_type(g) : op == IR_sext32 ? T_I64 : gen_int_type(g);
    Ins i = {.op = op, .type = (uint8_t)type};
    i.a = gen_use(g, type);
    if (ir_info[op].nargs == 2) i.b = gen_below(g, 12) ? gen_use(g, type) : i.a;
    if (op == IR_icmp) i.aux = (uint8_t)gen_below(g, C_COUNT);
    if (op == IR_fcmp) i.aux = (uint8_t)gen_below(g, FC_COUNT);
    Val v = gen_ins(g, i);
    bool raw = is_float && op != IR_fcmp && op != IR_fabs && op != IR_fneg && op != IR_fcopysign;
    if (raw) v = gen_ins(g, (Ins){.op = IR_fcanon, .type = (uint8_t)type, .a = v});
    return gen_give(g, v);
}

/* -- Effects -------------------------------------------------------------- */

static inline Val gen_context(const Gen *g) { return g->f->blk.at[0].param.at[0]; }

static inline Val gen_field(Gen *g, uint32_t offset, uint8_t flags, uint32_t type) {
    uint8_t access = type == T_I32 ? ACC_32 : type == T_I64 ? ACC_64 : type == T_F32 ? ACC_F32 : ACC_F64;
    return gen_ins(
        g,
        (Ins){.op = IR_load, .type = (uint8_t)type, .aux = access, .flags = flags, .a = gen_context(g), .b = offset});
}

/* An access to the heap: explicitly checked, or of the kind that may fault. */
static inline void gen_heap(Gen *g) {
    Val index = gen_use(g, T_I32), mask = fn_iconst(g->f, g->blk, 0, T_I32, 63);
    if (gen_below(g, 4)) index = gen_ins(g, (Ins){.op = IR_iand, .type = T_I32, .a = index, .b = mask});
    Val wide = gen_ins(g, (Ins){.op = IR_zext, .type = T_I64, .a = index});
    uint32_t offset = gen_below(g, 3) * 8, type = gen_type(g), n = type == T_I32 || type == T_F32 ? 4 : 8;
    uint8_t access = type == T_I32 ? ACC_32 : type == T_I64 ? ACC_64 : type == T_F32 ? ACC_F32 : ACC_F64;
    uint8_t flags = MEM_HEAP;
    if (type == T_I32 && gen_below(g, 2)) access = gen_below(g, 2) ? ACC_8U : ACC_16U, n = 2;
    if (gen_below(g, 3)) {
        Val length = gen_field(g, CTX_LENGTH, MEM_CONTEXT, T_I64);
        Val size = fn_iconst(g->f, g->blk, 0, T_I64, offset + n);
        Val end = gen_ins(g, (Ins){.op = IR_iadd, .type = T_I64, .a = wide, .b = size});
        Val out = gen_ins(g, (Ins){.op = IR_icmp, .type = T_I32, .aux = C_UGT, .a = end, .b = length});
        gen_trap_if(g, out, IR_trapnz, 2);
    } else {
        flags |= MEM_TRAPS;
    }
    Val base = gen_field(g, CTX_HEAP, MEM_CONST | MEM_CONTEXT, T_I64);
    Val at = gen_ins(g, (Ins){.op = IR_iadd, .type = T_I64, .a = base, .b = wide});
    Ins i = {.op = IR_load, .type = (uint8_t)type, .aux = access, .flags = flags, .a = at, .b = offset};
    if (gen_below(g, 2))
        i = (Ins){.op = IR_store, .aux = access, .flags = flags, .a = at, .b = gen_use(g, type), .c = offset};
    Val v = gen_ins(g, i);
    if (i.op == IR_load) gen_give(g, v);
}

/* A pointer that may be null, checked, and a constant behind it. */
static inline void gen_object(Gen *g) {
    Val p = gen_field(g, CTX_OBJ, MEM_CONTEXT, T_I64);
    gen_trap_if(g, gen_ins(g, (Ins){.op = IR_eqz, .type = T_I32, .a = p}), IR_trapnz, 12);
    gen_give(g, gen_ins(g, (Ins){.op = IR_load,
                                 .type = T_I32,
                                 .aux = ACC_32,
                                 .flags = MEM_CONST | MEM_CONTEXT,
                                 .a = p,
                                 .b = 4 * gen_below(g, 4)}));
}

static inline void gen_call(Gen *g) {
    static const uint8_t types[] = {T_I64, T_I32, T_F64};
    static const uint8_t results[] = {T_I32, T_I64};
    Callee c = {.kind = gen_below(g, 2) ? CALLEE_FUNC : CALLEE_LIB};
    c.index = gen_below(g, 5);
    c.sig = (IrSig){.param = types,
                    .nparam = c.kind == CALLEE_LIB ? 2 : 3,
                    .result = results,
                    .nresult = gen_below(g, c.kind == CALLEE_LIB ? 2 : 3)};
    Val args[3] = {gen_context(g)};
    for (uint32_t k = 1; k < c.sig.nparam; k++) args[k] = gen_use(g, types[k]);
    vec_push(g->f->arena, &g->f->calls, c);
    Ins i = {.op = IR_call, .a = fn_pool(g->f, args, c.sig.nparam), .b = c.sig.nparam, .c = g->f->calls.n - 1};
    if (c.sig.nresult == 1) i.type = results[0];
    Val v = gen_ins(g, i);
    if (c.sig.nresult == 1) gen_give(g, v);
    for (uint32_t k = 0; c.sig.nresult == 2 && k < 2; k++)
        gen_give(g, gen_ins(g, (Ins){.op = IR_proj, .type = results[k], .a = v, .b = k}));
}

static inline void gen_effect(Gen *g) {
    uint32_t type = gen_type(g), offset = CTX_GLOBALS + 8 * gen_below(g, 4);
    switch (gen_below(g, 12)) {
    case 0:
    case 1: gen_heap(g); return;
    case 2: gen_object(g); return;
    case 3: gen_call(g); return;
    case 4: gen_ins(g, (Ins){.op = IR_charge, .aux = offset / 8 % 2, .a = gen_below(g, 4)}); return;
    case 5: gen_ins(g, (Ins){.op = IR_refund, .aux = 1, .a = gen_below(g, 4)}); return;
    case 6:
    case 7: gen_give(g, gen_field(g, CTX_RANDOM + 8 * gen_below(g, 8), MEM_CONST | MEM_CONTEXT, type)); return;
    case 8: gen_give(g, gen_field(g, offset + gen_below(g, 5), MEM_CONTEXT, type)); return;
    case 9:
    case 10: {
        uint8_t access = type == T_I32   ? (gen_below(g, 4) ? ACC_32 : ACC_8U)
                         : type == T_I64 ? ACC_64
                         : type == T_F32 ? ACC_F32
                                         : ACC_F64;
        Val v = gen_use(g, type);
        gen_ins(g,
                (Ins){.op = IR_store, .aux = access, .flags = MEM_CONTEXT, .a = gen_context(g), .b = v, .c = offset});
        return;
    }
    default: gen_trap_if(g, gen_use(g, T_I32), type % 2 ? IR_trapz : IR_trapnz, (uint8_t)(1 + offset / 8 % 3)); return;
    }
}

/* -- Control -------------------------------------------------------------- */

typedef struct GenMark {
    uint32_t n[T_COUNT];
} GenMark;

static inline GenMark gen_mark(const Gen *g) {
    GenMark m;
    for (uint32_t t = 0; t < T_COUNT; t++) m.n[t] = g->pool[t].n;
    return m;
}
static inline void gen_release(Gen *g, GenMark m) {
    for (uint32_t t = 0; t < T_COUNT; t++) g->pool[t].n = m.n[t];
}

static inline void gen_region(Gen *g, uint32_t depth);

/* Parameters of a block to come, and values for them. */
static inline uint32_t gen_param_types(Gen *g, uint8_t *type) {
    uint32_t n = gen_below(g, 4);
    for (uint32_t k = 0; k < n; k++) type[k] = (uint8_t)gen_type(g);
    return n;
}
static inline void gen_go(Gen *g, BlkId from, BlkId to, const uint8_t *type, uint32_t n) {
    Val args[4];
    for (uint32_t k = 0; k < n; k++) args[k] = gen_use(g, type[k]);
    fn_edge(g->f, from, to, args, n);
}
static inline void gen_jump(Gen *g, BlkId to, const uint8_t *type, uint32_t n) {
    gen_go(g, g->blk, to, type, n);
    gen_ins(g, (Ins){.op = IR_jump});
}
static inline void gen_enter(Gen *g, BlkId b, const uint8_t *type, uint32_t n) {
    g->blk = b;
    for (uint32_t k = 0; k < n; k++) gen_give(g, fn_param(g->f, b, (IrType)type[k]));
}

/* Two or more arms that meet in a block with parameters. */
static inline void gen_arms(Gen *g, uint32_t depth, bool table) {
    uint8_t type[4];
    uint32_t n = gen_param_types(g, type), narm = table ? 1 + gen_below(g, 4) : 2;
    BlkId from = g->blk, arm[5], join = fn_block(g->f);
    Val c = gen_use(g, T_I32);
    bool direct = gen_below(g, 3) == 0; /* the last arm is the join itself */
    for (uint32_t k = 0; k < narm; k++) arm[k] = direct && k + 1 == narm ? join : fn_block(g->f);
    for (uint32_t k = 0; k < narm; k++) gen_go(g, from, arm[k], type, arm[k] == join ? n : 0);
    gen_ins(g, (Ins){.op = table ? IR_brtable : IR_brif, .a = c});
    for (uint32_t k = 0; k < narm; k++) {
        if (arm[k] == join) continue;
        GenMark mark = gen_mark(g);
        g->blk = arm[k];
        if (gen_below(g, 3)) gen_region(g, depth + 1);
        gen_jump(g, join, type, n);
        gen_release(g, mark);
    }
    gen_enter(g, join, type, n);
}

static inline void gen_loop(Gen *g, uint32_t depth) {
    uint8_t type[4], out[4];
    uint32_t n = gen_param_types(g, type), nout = gen_param_types(g, out);
    BlkId head = fn_block(g->f), exit = fn_block(g->f);
    gen_jump(g, head, type, n);
    GenMark mark = gen_mark(g);
    gen_enter(g, head, type, n);
    gen_ins(g, (Ins){.op = IR_charge, .aux = 0, .a = 5});
    gen_region(g, depth + 1);
    Val c = gen_use(g, T_I32);
    bool back_first = gen_below(g, 2);
    BlkId from = g->blk;
    for (uint32_t k = 0; k < 2; k++) {
        if ((k == 0) == back_first)
            gen_go(g, from, head, type, n);
        else
            gen_go(g, from, exit, out, nout);
    }
    gen_ins(g, (Ins){.op = IR_brif, .a = c});
    gen_release(g, mark);
    gen_enter(g, exit, out, nout);
}

static inline void gen_region(Gen *g, uint32_t depth) {
    uint32_t n = 1 + gen_below(g, 6);
    for (uint32_t k = 0; k < n && g->budget; k++) {
        uint32_t r = gen_below(g, 10);
        if (g->control && depth < 5 && r == 0)
            gen_arms(g, depth, false);
        else if (g->control && depth < 5 && r == 1)
            gen_arms(g, depth, true);
        else if (g->control && depth < 5 && r == 2)
            gen_loop(g, depth);
        else if (g->effects && r < 6)
            gen_effect(g);
        else
            gen_pure(g);
    }
}

/* A function (context, i32, i32, i64, i64, f32, f64) -> 4 results. */
static inline Fn *gen_fn(Arena *a, uint64_t seed, uint32_t budget, bool effects, bool control) {
    static const uint8_t params[] = {T_I64, T_I32, T_I32, T_I64, T_I64, T_F32, T_F64},
                         results[] = {T_I32, T_I64, T_F32, T_F64};
    IrSig sig = {.param = params, .nparam = 7, .result = results, .nresult = 4};
    Gen g = {
        .f = fn_new(a, "random", 0, &sig), .state = seed, .budget = budget, .effects = effects, .control = control};
    fn_block(g.f);
    for (uint32_t k = 0; k < 7; k++) {
        Val p = fn_param(g.f, 0, (IrType)params[k]);
        if (k) gen_give(&g, p);
    }
    while (g.budget) gen_region(&g, 0);
    Val ret[4];
    for (uint32_t k = 0; k < 4; k++) ret[k] = gen_use(&g, results[k]);
    gen_ins(&g, (Ins){.op = IR_ret, .a = fn_pool(g.f, ret, 4), .b = 4});
    return g.f;
}
