/* Lowering for x86-64: division.
 *
 * By a constant it becomes a multiplication (code/reciprocal.h): N = 32 multiplies in 64 bits, where nothing overflows;
 * N = 64 takes the upper half of the product (mul, imul). A remainder is x - quotient * d.
 *
 * Otherwise div and idiv, pinned to rax and rdx.  That the divisor is neither 0 nor -1 with the smallest dividend has
 * been checked by instructions before; only srem must give 0 for -1 by itself. */
#include <assert.h>
#include "base/bits.h"
#include "code/reciprocal.h"
#include "x64/match.h"

/* -- Instructions on virtual registers ------------------------------------------------ */

/* A result to be defined: in the given register, or (REG_NONE) in a new one. */
static Reg place(Lower *l, Reg d) { return d != REG_NONE ? d : lower_temp(l, T_I64); }

static Reg op_imm(Lower *l, X64Op op, uint32_t size, Reg d, Reg a, int64_t imm) {
    d = place(l, d);
    x64_ins(l, op, size)->imm = imm;
    x64_def_same(l, d, a);
    return d;
}

static Reg op_reg(Lower *l, X64Op op, uint32_t size, Reg d, Reg a, Reg b) {
    d = place(l, d);
    x64_ins(l, op, size);
    x64_def_same(l, d, a);
    x64_use_any(l, b);
    return d;
}

static Reg op_one(Lower *l, X64Op op, uint32_t size, Reg d, Reg a) { return op_imm(l, op, size, d, a, 0); }

static Reg constant(Lower *l, uint64_t v) {
    Reg d = lower_temp(l, T_I64);
    x64_ins(l, X64_MOV_I, 8)->imm = (int64_t)v;
    LOWER_DEF(l, d);
    return d;
}

/* a * k */
static Reg times(Lower *l, uint32_t size, Reg d, Reg a, uint64_t k) {
    int64_t imm = size == 4 ? (int32_t)k : (int64_t)k;
    if (!x64_fits_s32(imm)) return op_reg(l, X64_IMUL, size, d, constant(l, k), a);
    d = place(l, d);
    x64_ins(l, X64_IMUL_I, size)->imm = imm;
    LOWER_DEF(l, d);
    x64_use_any(l, a);
    return d;
}

/* Upper half of the 128-bit product. */
static Reg high_product(Lower *l, X64Op op, Reg a, uint64_t k) {
    Reg b = constant(l, k), d = lower_temp(l, T_I64);
    x64_ins(l, op, 8)->clobber = X64_CLOBBER_RAX;
    lower_opnd(l, d, OPND_DEF, OC_FIXED, X64_RDX);
    lower_opnd(l, b, OPND_USE, OC_FIXED, X64_RAX);
    x64_use_any(l, a);
    return d;
}

/* -- Quotients -------------------------------------------------------------------------- */

/* x / d for a d that is no power of 2 */
static Reg unsigned_quotient(Lower *l, uint32_t width, Reg d, Reg x, uint64_t by) {
    Reciprocal k = reciprocal(width, width, by);
    uint32_t shift = 0;
    if (k.wide && !(by & 1)) { /* x and d halved: one bit less is enough */
        shift = bits_ctz64(by);
        x = op_imm(l, X64_SHR_I, width / 8, REG_NONE, x, shift);
        k = reciprocal(width, width - shift, by >> shift);
        assert(!k.wide);
    }
    if (width == 32) {
        Reg t = op_reg(l, X64_IMUL, 8, REG_NONE, constant(l, k.m), x);
        if (!k.wide) return op_imm(l, X64_SHR_I, 8, d, t, 32 + k.p);
        t = op_imm(l, X64_SHR_I, 8, REG_NONE, t, 32);
        t = op_reg(l, X64_ADD, 8, REG_NONE, t, x); /* 33 bits */
        return op_imm(l, X64_SHR_I, 8, d, t, k.p);
    }
    Reg t = high_product(l, X64_UMULH, x, k.m);
    if (!k.wide) return k.p ? op_imm(l, X64_SHR_I, 8, d, t, k.p) : t;
    Reg rest = op_reg(l, X64_SUB, 8, REG_NONE, x, t); /* (t + x) >> p, where t + x has 65 bits */
    rest = op_imm(l, X64_SHR_I, 8, REG_NONE, rest, 1);
    rest = op_reg(l, X64_ADD, 8, REG_NONE, rest, t);
    return op_imm(l, X64_SHR_I, 8, d, rest, k.p - 1);
}

/* x / d, rounded to zero, for d > 2 that is no power of 2 */
static Reg signed_quotient(Lower *l, uint32_t width, Reg d, Reg x, uint64_t by) {
    Reciprocal k = reciprocal(width, width - 1, by);
    uint32_t size = width / 8;
    assert(!k.wide);
    Reg t;
    if (width == 32) {
        Reg wide = lower_temp(l, T_I64);
        x64_ins(l, X64_SX32, 8);
        LOWER_DEF(l, wide);
        x64_use_any(l, x);
        t = op_imm(l, X64_SAR_I, 8, REG_NONE, times(l, 8, REG_NONE, wide, k.m), 32 + k.p);
    } else {
        t = high_product(l, X64_SMULH, x, k.m);
        if (k.m >> 63) t = op_reg(l, X64_ADD, 8, REG_NONE, t, x); /* it was taken for m - 2^64 */
        if (k.p) t = op_imm(l, X64_SAR_I, 8, REG_NONE, t, k.p);
    }
    Reg sign = op_imm(l, X64_SHR_I, size, REG_NONE, x, width - 1);
    return op_reg(l, X64_ADD, size, d, t, sign);
}

/* x / 2^k, rounded to zero: 2^k - 1 is added to a negative x */
static Reg signed_shift(Lower *l, uint32_t width, Reg d, Reg x, uint32_t k) {
    uint32_t size = width / 8;
    Reg t = k > 1 ? op_imm(l, X64_SAR_I, size, REG_NONE, x, width - 1) : x;
    t = op_imm(l, X64_SHR_I, size, REG_NONE, t, width - k);
    t = op_reg(l, X64_ADD, size, REG_NONE, t, x);
    return op_imm(l, X64_SAR_I, size, d, t, k);
}

/* d = x & mask */
static void mask_low(Lower *l, uint32_t width, Reg d, Reg x, uint64_t mask) {
    int64_t imm = width == 32 ? (int32_t)mask : (int64_t)mask;
    if (x64_fits_s32(imm))
        op_imm(l, X64_AND_I, width / 8, d, x, imm);
    else
        op_reg(l, X64_AND, width / 8, d, constant(l, mask), x);
}

/* -- By constants -------------------------------------------------------------------------- */

static void lower_unsigned_const(Lower *l, Val v, uint64_t by, bool rem) {
    const Ins *i = lower_ins(l, v);
    uint32_t width = i->type == T_I32 ? 32 : 64, size = width / 8;
    Reg d = lower_def(l, v), x = lower_use(l, i->a); /* all 64 bits count */
    if (bits_is_pow2(by)) {
        if (rem)
            mask_low(l, width, d, x, by - 1);
        else
            op_imm(l, X64_SHR_I, size, d, x, bits_ctz64(by));
        return;
    }
    Reg q = unsigned_quotient(l, width, rem ? REG_NONE : d, x, by);
    if (rem)
        op_reg(l, X64_SUB, size, d, x, times(l, size, REG_NONE, q, by));
    else if (q != d)
        x64_move(l, d, q);
}

static void lower_signed_const(Lower *l, Val v, int64_t by, bool rem) {
    const Ins *i = lower_ins(l, v);
    uint32_t width = i->type == T_I32 ? 32 : 64, size = width / 8;
    Reg d = lower_def(l, v), x = x64_use_low(l, i->a);
    uint64_t magnitude = by < 0 ? 0 - (uint64_t)by : (uint64_t)by;
    bool negate = by < 0 && !rem; /* the remainder's sign is the dividend's */
    Reg to = rem || negate ? REG_NONE : d, q;
    if (bits_is_pow2(magnitude))
        q = signed_shift(l, width, to, x, bits_ctz64(magnitude));
    else
        q = signed_quotient(l, width, to, x, magnitude);
    if (negate) op_one(l, X64_NEG, size, d, q);
    if (!rem) return;
    Reg product = bits_is_pow2(magnitude) ? op_imm(l, X64_SHL_I, size, REG_NONE, q, bits_ctz64(magnitude))
                                          : times(l, size, REG_NONE, q, magnitude);
    op_reg(l, X64_SUB, size, d, x, product);
}

/* 0, 1 and -1 are left to the instructions: they are folded elsewhere or never executed. */
static bool lower_by_const(Lower *l, Val v, bool is_signed, bool rem) {
    const Ins *i = lower_ins(l, v);
    uint64_t k;
    if (!lower_is_const(l, i->b, &k)) return false;
    int64_t by = i->type == T_I32 ? (int32_t)k : (int64_t)k;
    if (k <= 1 || (is_signed && by == -1)) return false;
    x64_hit(l, is_signed ? X64_RULE_div_signed_const : X64_RULE_div_unsigned_const);
    if (is_signed)
        lower_signed_const(l, v, by, rem);
    else
        lower_unsigned_const(l, v, k, rem);
    return true;
}

/* -- In general ------------------------------------------------------------------------------ */

void x64_lower_div(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    bool is_signed = i->op == IR_sdiv || i->op == IR_srem, rem = i->op == IR_srem || i->op == IR_urem;
    if (lower_by_const(l, v, is_signed, rem)) return;
    X64Op op = rem ? (is_signed ? X64_SREM : X64_UREM) : is_signed ? X64_SDIV : X64_UDIV;
    x64_hit(l, rem ? X64_RULE_rem : X64_RULE_div);
    Reg d = lower_def(l, v), a = x64_use_low(l, i->a), b = x64_use_low(l, i->b);
    MInsn *m = x64_ins(l, op, x64_type_size((IrType)i->type));
    if (rem) {
        m->clobber = X64_CLOBBER_RAX;
        lower_opnd(l, d, OPND_DEF_EARLY, OC_FIXED, X64_RDX);
        lower_opnd(l, a, OPND_USE, OC_FIXED, X64_RAX);
        x64_use_any(l, b);
    } else {
        lower_opnd(l, d, OPND_DEF, OC_FIXED, X64_RAX);
        lower_opnd(l, a, OPND_USE, OC_FIXED, X64_RAX);
        x64_use_any(l, b);
        lower_opnd(l, lower_temp(l, T_I64), OPND_DEF_EARLY, OC_FIXED, X64_RDX);
    }
}
