/* What the operations of the IR mean, in plain C and apart from the engine: oracles of the tests of x86-64.
 * Values are bits; an i32 or f32 is zero-extended. */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/bits.h"
#include "ir/ir.h"

static inline float as_f32(uint64_t v) {
    float f;
    uint32_t u = (uint32_t)v;
    memcpy(&f, &u, 4);
    return f;
}
static inline double as_f64(uint64_t v) {
    double f;
    memcpy(&f, &v, 8);
    return f;
}
static inline uint64_t of_f32(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return u;
}
static inline uint64_t of_f64(double f) {
    uint64_t u;
    memcpy(&u, &f, 8);
    return u;
}
static inline bool is_nan(IrType t, uint64_t v) { return t == T_F32 ? isnan(as_f32(v)) : isnan(as_f64(v)); }

static inline uint64_t int_binary(uint8_t op, uint32_t w, uint64_t a, uint64_t b) {
    uint64_t mask = w == 32 ? UINT32_MAX : UINT64_MAX;
    int64_t sa = w == 32 ? (int32_t)a : (int64_t)a, sb = w == 32 ? (int32_t)b : (int64_t)b;
    uint32_t n = (uint32_t)b & (w - 1);
    switch (op) {
    case IR_iadd: return (a + b) & mask;
    case IR_isub: return (a - b) & mask;
    case IR_imul: return (a * b) & mask;
    case IR_sdiv: return (uint64_t)(sa / sb) & mask;
    case IR_udiv: return a / b;
    case IR_srem: return sb == -1 ? 0 : (uint64_t)(sa % sb) & mask;
    case IR_urem: return a % b;
    case IR_iand: return a & b;
    case IR_ior: return a | b;
    case IR_ixor: return a ^ b;
    case IR_shl: return (a << n) & mask;
    case IR_sshr: return (uint64_t)(sa >> n) & mask;
    case IR_ushr: return a >> n;
    case IR_mask: return a < b ? a : 0;
    case IR_rotl: return ((a << n) | (n ? a >> (w - n) : 0)) & mask;
    default: return ((a >> n) | (n ? a << (w - n) : 0)) & mask;
    }
}

static inline bool int_compare(uint8_t c, uint32_t w, uint64_t a, uint64_t b) {
    int64_t sa = w == 32 ? (int32_t)a : (int64_t)a, sb = w == 32 ? (int32_t)b : (int64_t)b;
    switch (c) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_SLT: return sa < sb;
    case C_SGE: return sa >= sb;
    case C_SGT: return sa > sb;
    case C_SLE: return sa <= sb;
    case C_ULT: return a < b;
    case C_UGE: return a >= b;
    case C_UGT: return a > b;
    default: return a <= b;
    }
}

static inline uint64_t int_unary(const Ins *i, IrType from, uint64_t a) {
    uint32_t w = from == T_I32 ? 32 : 64, n = 0;
    uint64_t mask = i->type == T_I32 ? UINT32_MAX : UINT64_MAX;
    switch (i->op) {
    case IR_clz:
        while (n < w && !(a >> (w - 1 - n) & 1)) n++;
        return n;
    case IR_ctz:
        while (n < w && !(a >> n & 1)) n++;
        return n;
    case IR_popcnt:
        for (; a; a &= a - 1) n++;
        return n;
    case IR_sext8: return (uint64_t)(int64_t)(int8_t)a & mask;
    case IR_sext16: return (uint64_t)(int64_t)(int16_t)a & mask;
    case IR_sext32:
    case IR_sext: return (uint64_t)(int64_t)(int32_t)a;
    case IR_eqz: return a == 0;
    default: return a & mask; /* wrap, zext */
    }
}

static inline double pick_min_max(double a, double b, bool max) { /* also for f32: exact */
    if (isnan(a) || isnan(b)) return NAN;
    if (a == b) return max ? (signbit(a) ? b : a) : (signbit(a) ? a : b);
    return (a < b) == max ? b : a;
}

static inline double float_unary_f64(uint8_t op, double a) {
    switch (op) {
    case IR_fceil: return ceil(a);
    case IR_ffloor: return floor(a);
    case IR_ftrunc: return trunc(a);
    default: return nearbyint(a);
    }
}

static inline uint64_t float_to_int(double x, bool is_signed, bool is32) { /* an f32 is exact as a double */
    if (isnan(x)) return 0;
    double t = trunc(x);
    if (is_signed && is32) return (uint32_t)(t < -0x1p31 ? INT32_MIN : t >= 0x1p31 ? INT32_MAX : (int32_t)t);
    if (is_signed) return (uint64_t)(t < -0x1p63 ? INT64_MIN : t >= 0x1p63 ? INT64_MAX : (int64_t)t);
    if (is32) return t <= 0 ? 0 : t >= 0x1p32 ? UINT32_MAX : (uint32_t)t;
    return t <= 0 ? 0 : t >= 0x1p64 ? UINT64_MAX : (uint64_t)t;
}

static inline uint64_t float_binary(uint8_t op, IrType t, uint64_t a, uint64_t b) {
    uint64_t sign = t == T_F32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63;
    if (op == IR_fcopysign) return (a & ~sign) | (b & sign);
    if (t == T_F32) {
        float x = as_f32(a), y = as_f32(b);
        switch (op) {
        case IR_fadd: return of_f32(x + y);
        case IR_fsub: return of_f32(x - y);
        case IR_fmul: return of_f32(x * y);
        case IR_fdiv: return of_f32(x / y);
        default: return of_f32((float)pick_min_max((double)x, (double)y, op == IR_fmax));
        }
    }
    double x = as_f64(a), y = as_f64(b);
    switch (op) {
    case IR_fadd: return of_f64(x + y);
    case IR_fsub: return of_f64(x - y);
    case IR_fmul: return of_f64(x * y);
    case IR_fdiv: return of_f64(x / y);
    default: return of_f64(pick_min_max(x, y, op == IR_fmax));
    }
}

static inline uint64_t float_unary(const Ins *i, IrType t, uint64_t a) {
    uint64_t sign = t == T_F32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63;
    bool s = t == T_F32;
    switch (i->op) {
    case IR_fabs: return a & ~sign;
    case IR_fneg: return a ^ sign;
    case IR_fcanon: return !is_nan(t, a) ? a : s ? 0x7fc00000 : UINT64_C(0x7ff8000000000000);
    case IR_fsqrt: return s ? of_f32(sqrtf(as_f32(a))) : of_f64(sqrt(as_f64(a)));
    case IR_fdemote: return of_f32((float)as_f64(a));
    case IR_fpromote: return of_f64((double)as_f32(a));
    case IR_fcvt_s:
    case IR_fcvt_u: return float_to_int(s ? (double)as_f32(a) : as_f64(a), i->op == IR_fcvt_s, i->type == T_I32);
    case IR_bitcast: return a;
    default:
        return s ? of_f32((float)float_unary_f64(i->op, (double)as_f32(a))) : of_f64(float_unary_f64(i->op, as_f64(a)));
    }
}

static inline uint64_t int_to_float(const Ins *i, IrType from, uint64_t a) {
    bool is_signed = i->op == IR_icvt_s;
    int64_t s = from == T_I32 ? (int32_t)a : (int64_t)a;
    if (i->type == T_F32) return of_f32(is_signed ? (float)s : (float)a);
    return of_f64(is_signed ? (double)s : (double)a);
}

static inline bool float_compare(uint8_t c, IrType t, uint64_t a, uint64_t b) {
    double x = t == T_F32 ? (double)as_f32(a) : as_f64(a), y = t == T_F32 ? (double)as_f32(b) : as_f64(b);
    switch (c) {
    case FC_EQ: return x == y;
    case FC_NE: return x != y;
    case FC_LT: return x < y;
    case FC_GT: return x > y;
    case FC_LE: return x <= y;
    default: return x >= y;
    }
}

/* Value of a pure instruction; from: type of operand a.  Operands as bits, i32 zero-extended. */
static inline uint64_t eval(const Ins *i, IrType from, uint64_t a, uint64_t b, uint64_t c) {
    uint32_t w = from == T_I32 ? 32 : 64;
    switch (i->op) {
    case IR_icmp: return int_compare(i->aux, w, a, b);
    case IR_fcmp: return float_compare(i->aux, from, a, b);
    case IR_select: return a ? b : c;
    case IR_icvt_s:
    case IR_icvt_u: return int_to_float(i, from, a);
    case IR_bitcast: return a;
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
    case IR_sext:
    case IR_zext:
    case IR_wrap:
    case IR_eqz: return int_unary(i, from, a);
    default: break;
    }
    if (from == T_I32 || from == T_I64) return int_binary(i->op, w, a, b);
    return ir_info[i->op].nargs == 2 ? float_binary(i->op, from, a, b) : float_unary(i, from, a);
}

static inline bool defined(const Ins *i, IrType from, uint64_t a, uint64_t b) {
    bool smallest = from == T_I32 ? (uint32_t)a == UINT32_C(1) << 31 && (uint32_t)b == UINT32_MAX
                                  : a == UINT64_C(1) << 63 && b == UINT64_MAX;
    switch (i->op) {
    case IR_sdiv: return b && !smallest;
    case IR_udiv:
    case IR_srem:
    case IR_urem: return b != 0;
    default: return true;
    }
}

/* NaN results: which bits is left open until fcanon, but they are quiet. */
static inline bool same_value(IrType t, uint8_t op, uint64_t want, uint64_t got) {
    bool exact =
        op == IR_fcanon || op == IR_fabs || op == IR_fneg || op == IR_fcopysign || op == IR_bitcast || op == IR_select;
    if (exact || (t != T_F32 && t != T_F64) || !is_nan(t, want)) return want == got;
    return is_nan(t, got) && (got >> (t == T_F32 ? 22 : 51) & 1);
}

/* -- Boundary values ------------------------------------------------------------- */

static const uint64_t i32_values[] = {0,          1,          2,          3,          5,         7,          31,
                                      32,         33,         63,         64,         127,       128,        255,
                                      256,        0x7fff,     0x8000,     0xffff,     0x10000,   0x12345678, 0x7fffffff,
                                      0x80000000, 0x80000001, 0xdeadbeef, 0xfffffffe, 0xffffffff};
static const uint64_t i64_values[] = {0,
                                      1,
                                      2,
                                      3,
                                      5,
                                      31,
                                      32,
                                      63,
                                      64,
                                      65,
                                      127,
                                      128,
                                      255,
                                      0xffff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      0x123456789abcdef0,
                                      INT64_MAX,
                                      (uint64_t)INT64_MIN,
                                      (uint64_t)INT64_MIN + 1,
                                      0xffffffff80000000,
                                      0xffffffff7fffffff,
                                      0xdeadbeefcafebabe,
                                      0xfffffffffffffffe,
                                      UINT64_MAX,
                                      0x8000000000000401,
                                      0x20000000000001,
                                      0x7ffffffffffffdff,
                                      0x7fffffbfffffffff};
static const uint64_t f32_values[] = {
    0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000, 0x3f000000, 0xbf000000,
    0x3effffff, 0x3f800000, 0xbf800000, 0x3fc00000, 0xbfc00000, 0x40200000, 0xc0200000, 0x4effffff,
    0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000,
    0xdf000001, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
    0xffc00000, 0x7f800001, 0xffa12345, 0x4b000001, 0xbf7fffff};
static const uint64_t f64_values[] = {0,
                                      0x8000000000000000,
                                      1,
                                      0x8000000000000001,
                                      0x000fffffffffffff,
                                      0x0010000000000000,
                                      0x3fe0000000000000,
                                      0xbfe0000000000000,
                                      0x3fdfffffffffffff,
                                      0x3ff0000000000000,
                                      0xbff0000000000000,
                                      0x3ff8000000000000,
                                      0xbff8000000000000,
                                      0x4004000000000000,
                                      0xc004000000000000,
                                      0x41dfffffffc00000,
                                      0x41dfffffffe00000,
                                      0x41e0000000000000,
                                      0xc1e0000000000000,
                                      0xc1e0000000200000,
                                      0xc1e00000001fffff,
                                      0x41efffffffe00000,
                                      0x41effffffff00000,
                                      0x41f0000000000000,
                                      0x43dfffffffffffff,
                                      0x43e0000000000000,
                                      0xc3e0000000000000,
                                      0xc3e0000000000001,
                                      0x43efffffffffffff,
                                      0x43f0000000000000,
                                      0x7fefffffffffffff,
                                      0xffefffffffffffff,
                                      0x7ff0000000000000,
                                      0xfff0000000000000,
                                      0x7ff8000000000000,
                                      0xfff8000000000000,
                                      0x7ff0000000000001,
                                      0xfff123456789abcd,
                                      0x47efffffe0000000,
                                      0x47effffff0000000,
                                      0x380fffffffffffff,
                                      0x36a0000000000000,
                                      0xbfefffffffffffff,
                                      0x4330000000000001};
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

static const uint64_t *values_of(IrType t, uint32_t *n) {
    switch (t) {
    case T_I32: *n = COUNT(i32_values); return i32_values;
    case T_I64: *n = COUNT(i64_values); return i64_values;
    case T_F32: *n = COUNT(f32_values); return f32_values;
    default: *n = COUNT(f64_values); return f64_values;
    }
}

/* -- Functions --------------------------------------------------------------------- */

static inline uint64_t eval_load(uint8_t access, IrType t, const uint8_t *p) {
    uint64_t v = 0;
    uint32_t n = access_bytes[access];
    memcpy(&v, p, n);
    if (access == ACC_8S) v = (uint64_t)(int64_t)(int8_t)v;
    if (access == ACC_16S) v = (uint64_t)(int64_t)(int16_t)v;
    if (access == ACC_32S) v = (uint64_t)(int64_t)(int32_t)v;
    return t == T_I32 ? (uint32_t)v : v;
}

/* Run f over a copy of the execution state, whose address is `base` to the code. */
static inline void interpret(Arena *tmp, const Fn *f, uint8_t *state, uint64_t base) {
    uint64_t *v = ARENA_ARRAY(tmp, uint64_t, f->ins.n);
    uint64_t pass[8];
    BlkId b = 0;
    for (;;) {
        const Blk *blk = &f->blk.at[b];
        uint32_t taken = 0;
        for (uint32_t k = 0; k < blk->list.n; k++) {
            Val x = blk->list.at[k];
            const Ins *i = &f->ins.at[x];
            uint32_t nargs = ir_info[i->op].nargs;
            uint64_t a = nargs > 0 ? v[i->a] : 0, bb = nargs > 1 ? v[i->b] : 0, c = nargs > 2 ? v[i->c] : 0;
            switch (i->op) {
            case IR_iconst: v[x] = i->type == T_I32 ? i->a : ins_imm(i); break;
            case IR_fconst: v[x] = ins_imm(i); break;
            case IR_es: v[x] = base; break;
            case IR_load: v[x] = eval_load(i->aux, (IrType)i->type, state + (a + i->b - base)); break;
            case IR_store: memcpy(state + (a + i->c - base), &bb, access_bytes[i->aux]); break;
            case IR_jump: break;
            case IR_brif: taken = a ? 0 : 1; break;
            case IR_brtable: taken = a < blk->succ.n ? (uint32_t)a : blk->succ.n - 1; break;
            case IR_ret: return;
            default: v[x] = eval(i, (IrType)f->ins.at[i->a].type, a, bb, c);
            }
        }
        const Edge *e = &blk->succ.at[taken];
        for (uint32_t k = 0; k < e->nargs; k++) pass[k] = v[f->pool.at[e->args + k]];
        for (uint32_t k = 0; k < e->nargs; k++) v[f->blk.at[e->to].param.at[k]] = pass[k];
        b = e->to;
    }
}
