/* Operands are drawn from few parameters and telling constants, so that the same value, or one and its negation, often
 * meet.  Float arithmetic stands under an fcanon, as the builder puts it. */
#include "oracles/prove/sample.h"
#include <assert.h>
#include "base/map.h"
#include "ir/cfg.h"
#include "ir/verify.h"

enum { MAX_DEPTH = 3, PER_TYPE = 2 };

typedef struct Sample {
    Fn *f;
    BlkId blk;
    uint64_t state;
    Val param[T_COUNT][PER_TYPE];
    Val last[T_COUNT]; /* constant made */
} Sample;

static uint64_t next(Sample *s) {
    s->state += UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix(s->state);
}
static uint32_t below(Sample *s, uint32_t n) { return (uint32_t)((next(s) >> 33) % n); }
static bool chance(Sample *s, uint32_t percent) { return below(s, 100) < percent; }
static bool is_float(IrType t) { return t == T_F32 || t == T_F64; }
static Val emit(Sample *s, Ins i) { return fn_ins(s->f, s->blk, 1 + s->f->ins.n, i); }

/* -- Leaves ----------------------------------------------------------------------------- */

static uint64_t int_bits(Sample *s, uint32_t w) {
    static const uint64_t telling[] = {0, 1, 2, 3, 5, 7, 10, 31, 32, 63, 255, 65535, 0xffffffff, 0x80000000};
    uint64_t bit = UINT64_C(1) << below(s, w);
    switch (below(s, 8)) {
    case 0: return bit;
    case 1: return bit - 1;
    case 2: return 0 - bit;
    case 3: return next(s);
    case 4: return 0 - (uint64_t)below(s, 1000);
    case 5: return below(s, 1000);
    default: return telling[below(s, sizeof telling / sizeof *telling)];
    }
}

static uint64_t float_bits(Sample *s, IrType t) {
    static const uint64_t telling[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x40000000,
                                       0x7f800000, 0x7fc00000, 0x7fa00000, 0xffc00000, 1};
    uint64_t bits = telling[below(s, sizeof telling / sizeof *telling)];
    if (chance(s, 30)) bits = (uint64_t)(1 + below(s, 254)) << 23 | (uint64_t)below(s, 2) << 31; /* a power of two */
    if (chance(s, 20)) bits = next(s) & UINT32_MAX;
    if (t == T_F32) return bits;
    uint64_t exponent = bits >> 23 & 0xff, sign = bits >> 31 << 63, fraction = (bits & 0x7fffff) << 29;
    exponent = exponent == 0xff ? 0x7ff : exponent ? exponent + 1023 - 127 : 0;
    return sign | exponent << 52 | fraction;
}

static Val constant(Sample *s, IrType t) {
    if (s->last[t] && chance(s, 25)) return s->last[t];
    uint64_t bits = is_float(t) ? float_bits(s, t) : int_bits(s, t == T_I32 ? 32 : 64);
    Ins i = {.op = IR_fconst, .type = (uint8_t)t, .a = (uint32_t)bits, .b = (uint32_t)(bits >> 32)};
    s->last[t] = is_float(t) ? emit(s, i) : fn_iconst(s->f, s->blk, 1, t, t == T_I32 ? (uint32_t)bits : bits);
    return s->last[t];
}

/* -- Trees ------------------------------------------------------------------------------ */

static Val value(Sample *s, IrType t, uint32_t depth);

static Val unary(Sample *s, uint8_t op, IrType result, IrType operand, uint32_t depth) {
    Val a = value(s, operand, depth);
    return emit(s, (Ins){.op = op, .type = (uint8_t)result, .a = a});
}

static Val binary(Sample *s, uint8_t op, uint8_t aux, IrType operand, uint32_t depth) {
    Val a = value(s, operand, depth), b = chance(s, 15) ? a : value(s, operand, depth);
    if (chance(s, 10)) { /* one the other's operand */
        const Ins *i = &s->f->ins.at[a];
        if (ir_info[i->op].nargs && s->f->ins.at[i->a].type == operand) b = i->a;
    }
    return emit(s, (Ins){.op = op, .aux = aux, .a = a, .b = b});
}

static Val load(Sample *s, IrType t, uint32_t depth) {
    static const uint8_t of_i32[] = {ACC_8S, ACC_8U, ACC_16S, ACC_16U, ACC_32};
    static const uint8_t of_i64[] = {ACC_8S, ACC_8U, ACC_16S, ACC_16U, ACC_32S, ACC_32U, ACC_64};
    uint8_t access = t == T_F32   ? ACC_F32
                     : t == T_F64 ? ACC_F64
                     : t == T_I32 ? of_i32[below(s, 5)]
                                  : of_i64[below(s, 7)];
    Val address = value(s, T_I64, depth);
    return emit(s, (Ins){.op = IR_load,
                         .type = (uint8_t)t,
                         .aux = access,
                         .flags = MEM_HEAP,
                         .a = address,
                         .b = chance(s, 50) ? below(s, 5000) : 0});
}

static bool rounds(uint8_t op) {
    return (op >= IR_fadd && op <= IR_fmax) || (op >= IR_fsqrt && op <= IR_fnearest) || op == IR_fdemote ||
           op == IR_fpromote;
}

static Val canonical(Sample *s, Val v) {
    const Ins *i = &s->f->ins.at[v];
    return rounds(i->op) ? emit(s, (Ins){.op = IR_fcanon, .type = i->type, .a = v}) : v;
}

/* One operation that gives t; operands of `from` where there is a choice. */
static Val operation(Sample *s, uint8_t op, IrType t, IrType from, uint32_t depth) {
    switch (op) {
    case IR_icmp: return binary(s, op, (uint8_t)below(s, C_COUNT), from, depth);
    case IR_fcmp: return binary(s, op, (uint8_t)below(s, FC_COUNT), from, depth);
    case IR_sext:
    case IR_zext: return unary(s, op, T_I64, T_I32, depth);
    case IR_wrap: return unary(s, op, T_I32, T_I64, depth);
    case IR_fdemote: return unary(s, op, T_F32, T_F64, depth);
    case IR_fpromote: return unary(s, op, T_F64, T_F32, depth);
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u: return unary(s, op, t, from, depth);
    case IR_bitcast:
        from = t == T_I32 ? T_F32 : t == T_F32 ? T_I32 : t == T_I64 ? T_F64 : T_I64;
        return unary(s, op, t, from, depth);
    case IR_select: {
        Val c = value(s, T_I32, depth), a = value(s, t, depth), b = chance(s, 15) ? a : value(s, t, depth);
        return emit(s, (Ins){.op = op, .type = (uint8_t)t, .a = c, .b = a, .c = b});
    }
    case IR_load: return load(s, t, depth);
    default: return ir_info[op].nargs == 2 ? binary(s, op, 0, t, depth) : unary(s, op, t, t, depth);
    }
}

static uint8_t int_operation(Sample *s, IrType t) {
    static const uint8_t common[] = {IR_iadd, IR_isub, IR_iand, IR_ior,    IR_ixor,    IR_shl,    IR_sshr,
                                     IR_ushr, IR_imul, IR_rotl, IR_rotr,   IR_sext8,   IR_sext16, IR_select,
                                     IR_load, IR_clz,  IR_ctz,  IR_popcnt, IR_bitcast, IR_fcvt_s};
    uint32_t n = below(s, 28);
    if (n < sizeof common) return common[n];
    if (t == T_I64) return n < 22 ? IR_sext32 : n < 25 ? IR_sext : IR_zext;
    return n < 22 ? IR_wrap : n < 24 ? IR_icmp : n < 25 ? IR_fcmp : n < 27 ? IR_eqz : IR_urem;
}

static uint8_t float_operation(Sample *s, IrType t) {
    static const uint8_t common[] = {IR_fadd,   IR_fsub,   IR_fmul,      IR_fneg,    IR_fneg,
                                     IR_fneg,   IR_fabs,   IR_fcopysign, IR_fmin,    IR_fceil,
                                     IR_ftrunc, IR_icvt_s, IR_icvt_u,    IR_bitcast, IR_select};
    uint32_t n = below(s, 18);
    if (n < sizeof common) return common[n];
    return t == T_F32 ? IR_fdemote : IR_fpromote;
}

static Val leaf(Sample *s, IrType t) { return chance(s, 55) ? s->param[t][chance(s, 70) ? 0 : 1] : constant(s, t); }

static Val value(Sample *s, IrType t, uint32_t depth) {
    if (depth == 0 || chance(s, 35)) return leaf(s, t);
    depth--;
    uint8_t op = is_float(t) ? float_operation(s, t) : int_operation(s, t);
    if (op == IR_urem) { /* of what is not 0 */
        Val a = value(s, t, depth), b = fn_iconst(s->f, s->blk, 1, t, 1 + below(s, 100));
        return emit(s, (Ins){.op = op, .a = a, .b = b});
    }
    IrType from = t;
    if (op == IR_icmp) from = chance(s, 50) ? T_I32 : T_I64;
    if (op == IR_fcmp || op == IR_fcvt_s) from = chance(s, 50) ? T_F32 : T_F64;
    if (op == IR_icvt_s || op == IR_icvt_u) from = chance(s, 50) ? T_I32 : T_I64;
    if (op == IR_eqz) {
        Val a = value(s, chance(s, 50) ? T_I32 : T_I64, depth);
        return emit(s, (Ins){.op = op, .a = a});
    }
    return canonical(s, operation(s, op, t, from, depth));
}

/* -- Functions -------------------------------------------------------------------------- */

/* Two blocks, or three, that return different things; the block at hand ends with `op`. */
static void branch(Sample *s, uint8_t op, uint32_t depth) {
    Val index = chance(s, 25) ? fn_iconst(s->f, s->blk, 1, T_I32, below(s, 4)) : value(s, T_I32, depth);
    BlkId from = s->blk;
    emit(s, (Ins){.op = op, .a = index});
    for (uint32_t k = 0; k < (op == IR_brif ? 2u : 3u); k++) {
        BlkId to = fn_block(s->f);
        fn_edge(s->f, from, to, NULL, 0);
        Val result = fn_iconst(s->f, to, 1, T_I64, 100 + k);
        fn_ins(s->f, to, 1, (Ins){.op = IR_ret, .a = fn_pool(s->f, &result, 1), .b = 1});
    }
}

static void effect(Sample *s, uint8_t op, IrType t, uint32_t depth) {
    if (op != IR_store) {
        Val c = chance(s, 25) ? fn_iconst(s->f, s->blk, 1, T_I32, below(s, 2)) : value(s, T_I32, depth);
        emit(s, (Ins){.op = op, .aux = 3, .a = c});
        return;
    }
    static const uint8_t of_i32[] = {ACC_8U, ACC_16U, ACC_32}, of_i64[] = {ACC_8U, ACC_16U, ACC_32U, ACC_64};
    uint8_t access = t == T_F32   ? ACC_F32
                     : t == T_F64 ? ACC_F64
                     : t == T_I32 ? of_i32[below(s, 3)]
                                  : of_i64[below(s, 4)];
    Val address = value(s, T_I64, depth), v = value(s, t, depth);
    emit(s, (Ins){.op = op, .aux = access, .flags = MEM_HEAP, .a = address, .b = v, .c = below(s, 5000)});
}

static IrType type_of_result(Sample *s, uint8_t op, IrType t) {
    if (op == IR_fcvt_s || op == IR_fcvt_u) return chance(s, 50) ? T_I32 : T_I64;
    if (op == IR_icvt_s || op == IR_icvt_u) return chance(s, 50) ? T_F32 : T_F64;
    if (op == IR_wrap || op == IR_icmp || op == IR_fcmp || op == IR_eqz) return T_I32;
    if (op == IR_sext || op == IR_zext) return T_I64;
    if (op == IR_fdemote) return T_F32;
    return op == IR_fpromote ? T_F64 : t;
}

/* Two operations one of which undoes the other are too rare by chance. */
static Val pair(Sample *s, uint8_t op, IrType t) {
    if (op == IR_fcanon) {
        Val inner = canonical(s, operation(s, IR_fadd, T_F32, T_F32, 1));
        Val wide = emit(s, (Ins){.op = IR_fpromote, .type = T_F64, .a = inner});
        return emit(s, (Ins){.op = IR_fdemote, .type = T_F32, .a = wide});
    }
    uint32_t bits = op == IR_ushr ? below(s, 64) : chance(s, 50) ? 24 : t == T_I32 ? 16 : 32 + 8 * below(s, 4);
    Val c = fn_iconst(s->f, s->blk, 1, t, bits);
    Val v = emit(s, (Ins){.op = IR_shl, .a = leaf(s, t), .b = c});
    return emit(s, (Ins){.op = op, .a = v, .b = c});
}

static Val looked_at(Sample *s, uint8_t op, IrType t, uint32_t depth) {
    if (op == IR_COUNT) return value(s, t, MAX_DEPTH);
    if ((op == IR_sshr || op == IR_ushr) && chance(s, 10)) return pair(s, op, t);
    if (op == IR_fcanon && t == T_F32 && chance(s, 10))
        return emit(s, (Ins){.op = op, .type = T_F32, .a = pair(s, op, t)});
    if (op == IR_fcanon) { /* stands behind arithmetic, and by chance elsewhere */
        Val v = value(s, t, depth), inner = s->f->ins.at[v].op == IR_fcanon ? s->f->ins.at[v].a : v;
        return emit(s, (Ins){.op = op, .type = (uint8_t)t, .a = chance(s, 60) ? inner : v});
    }
    if (op == IR_eqz) return unary(s, op, T_I32, t, depth);
    if (op >= IR_sdiv && op <= IR_urem) {
        Val a = value(s, t, depth), b = chance(s, 80) ? constant(s, t) : value(s, t, depth);
        return emit(s, (Ins){.op = op, .a = a, .b = b});
    }
    Val v = operation(s, op, type_of_result(s, op, t), t, depth);
    return canonical(s, v);
}

/* The type nearest to t that the operation can have as its operand's. */
static IrType operand_type(uint8_t op, IrType t) {
    bool wide = t == T_I64 || t == T_F64;
    bool of_float = (op >= IR_fadd && op <= IR_fcvt_u), of_int = (op >= IR_iadd && op <= IR_eqz);
    if (op == IR_sext32 || op == IR_wrap) return T_I64;
    if (op == IR_sext || op == IR_zext) return T_I32;
    if (of_float) return wide ? T_F64 : T_F32;
    return of_int || op == IR_icvt_s || op == IR_icvt_u ? (wide ? T_I64 : T_I32) : t;
}

Fn *sample_fn(Arena *a, uint8_t op, IrType type, uint64_t seed) {
    static const uint8_t params[] = {T_I32, T_I32, T_I64, T_I64, T_F32, T_F32, T_F64, T_F64};
    Sample s = {.state = hash_mix(seed * T_COUNT + type) ^ op};
    type = operand_type(op, type);
    bool ends = op == IR_brif || op == IR_brtable, acts = op == IR_store || op == IR_trapz || op == IR_trapnz;
    uint8_t *result = ARENA_ARRAY(a, uint8_t, 1);
    s.f = fn_new(a, "sample", 0, &(IrSig){params, result, sizeof params, 1});
    s.blk = fn_block(s.f);
    for (uint32_t k = 0; k < sizeof params; k++)
        s.param[params[k]][k % PER_TYPE] = fn_param(s.f, s.blk, (IrType)params[k]);
    uint32_t depth = below(&s, MAX_DEPTH);
    *result = T_I64;
    if (ends) {
        branch(&s, op, depth);
    } else {
        Val v = acts ? s.param[T_I64][0] : looked_at(&s, op, type, depth);
        if (acts) effect(&s, op, type, depth);
        *result = s.f->ins.at[v].type;
        emit(&s, (Ins){.op = IR_ret, .a = fn_pool(s.f, &v, 1), .b = 1});
    }
    cfg_build(s.f);
    assert(ir_verify(s.f, NULL, 0));
    return s.f;
}
