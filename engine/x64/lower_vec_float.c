/* Lowering for x86-64: float lanes and conversions, what takes several instructions.
 *
 * minps and maxps give their second operand when one is NaN or both are zero.  Conversions to integers give 0x80000000
 * for what they cannot do, which saturation has to tell apart; those from NaN are 0. */
#include <assert.h>
#include "x64/vec.h"

static X64Const lanes(uint32_t size, uint64_t v) { return size == 4 ? x64_k32((uint32_t)v) : x64_k64(v); }

static bool is_f32(uint8_t op) {
    switch (op) {
    case VOP_f32x4_canon:
    case VOP_f32x4_abs:
    case VOP_f32x4_neg:
    case VOP_f32x4_min:
    case VOP_f32x4_max:
    case VOP_f32x4_ceil:
    case VOP_f32x4_floor:
    case VOP_f32x4_trunc:
    case VOP_f32x4_nearest: return true;
    default: return false;
    }
}

static void lower_sign(Lower *l, Val v, bool negate) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = is_f32(i->aux) ? 4 : 8;
    uint64_t sign = size == 4 ? 0x80000000 : UINT64_C(1) << 63;
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    x64_hit(l, negate ? X64_RULE_vec_fneg : X64_RULE_vec_fabs);
    x64_v2k(l, d, negate ? X64_XORPS : X64_ANDPS, a, lanes(size, negate ? sign : ~sign));
}

/* d = a with canonical NaNs */
static void canonicalize(Lower *l, uint32_t size, Reg d, Reg a) {
    X64Const nan = lanes(size, size == 4 ? 0x7fc00000 : UINT64_C(0x7ff8000000000000));
    if (x64_avx(l)) {
        x64_hit(l, X64_RULE_vec_canon_vex);
        Reg unordered = x64_f2(l, X64_NEW, X64_CMPUNORDP, size, a, a);
        X64Addr addr = x64_const_addr(l, nan.low, nan.high);
        x64_ins(l, X64_VBLENDVP_M, size);
        LOWER_DEF(l, d);
        LOWER_USE(l, a);
        LOWER_USE(l, unordered);
        x64_use_addr(l, &addr);
        return;
    }
    x64_hit(l, X64_RULE_vec_canon); /* blendvps wants its mask in xmm0, which costs more moves than it saves */
    Reg number = x64_f2(l, X64_NEW, X64_CMPORDP, size, a, a);
    Reg t = x64_v2(l, X64_NEW, X64_ANDPS, a, number);
    Reg other = x64_v2k(l, X64_NEW, X64_ANDNPS, number, nan);
    x64_v2(l, d, X64_ORPS, t, other);
}

static void lower_canon(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = is_f32(i->aux) ? 4 : 8;
    Reg d = lower_def(l, v);
    canonicalize(l, size, d, lower_use(l, x64_skip_canon(l, i->a, size)));
}

/* Both ways round: equal but for zeros and NaNs.  min: "or" makes -0 of a pair of zeros and keeps NaNs.  max: the
 * difference is a sign or NaN bits; with it or'ed in and subtracted, zeros become +0 and NaNs stay NaN.
 * "or" puts bits of the other operand into a NaN, and may leave a signalling one, which the specification does not
 * allow: where no canon comes behind, it is part of this. */
static void lower_min_max(Lower *l, Val v, bool max) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = is_f32(i->aux) ? 4 : 8, op = max ? X64_MAXP : X64_MINP;
    Reg def = lower_def(l, v), a = lower_use(l, x64_skip_canon(l, i->a, size)),
        b = lower_use(l, x64_skip_canon(l, i->b, size));
    Reg x = x64_f2(l, X64_NEW, op, size, a, b), y = x64_f2(l, X64_NEW, op, size, b, a);
    Reg d = l->o->nan_canon ? def : X64_NEW;
    if (!max) {
        x64_hit(l, X64_RULE_vec_fmin);
        d = x64_v2(l, d, X64_ORPS, x, y);
    } else {
        x64_hit(l, X64_RULE_vec_fmax);
        Reg differ = x64_v2(l, X64_NEW, X64_XORPS, y, x);
        Reg both = x64_v2(l, X64_NEW, X64_ORPS, x, differ);
        d = x64_f2(l, d, X64_SUBP, size, both, differ);
    }
    if (!l->o->nan_canon) canonicalize(l, size, def, d);
}

static void lower_round(Lower *l, Val v, uint32_t mode) {
    enum { QUIET = 8 }; /* without the inexact exception */
    const Ins *i = lower_ins(l, v);
    uint32_t size = is_f32(i->aux) ? 4 : 8;
    Reg d = lower_def(l, v), a = lower_use(l, x64_skip_canon(l, i->a, size));
    x64_hit(l, X64_RULE_vec_round);
    x64_v1i(l, d, X64_ROUNDP, size, a, mode | QUIET);
}

/* -- Conversions ------------------------------------------------------------------------ */

static const uint32_t two31_f32 = 0x4f000000;

/* NaN becomes 0; where 2^31 or more gave 0x80000000, all bits change. */
static void trunc_sat_f32_s(Lower *l, Reg d, Reg a) {
    Reg number = x64_f2(l, X64_NEW, X64_CMPORDP, 4, a, a);
    Reg x = x64_v2(l, X64_NEW, X64_ANDPS, a, number);
    Reg limit = x64_vconst(l, X64_NEW, x64_k32(two31_f32));
    Reg over = x64_f2(l, X64_NEW, X64_CMPLEP, 4, limit, x);
    Reg r = x64_v1(l, X64_NEW, X64_CVTTPS2DQ, x);
    x64_v2(l, d, X64_PXOR, r, over);
}

/* With x not negative, the conversion of x (0x80000000 from 2^31 on) plus that of x - 2^31, between 0 and 2^31 - 1. */
static void trunc_sat_f32_u(Lower *l, Reg d, Reg a) {
    Reg x = x64_f2(l, X64_NEW, X64_MAXP, 4, a, x64_vzero(l)); /* NaN: the second operand, 0 */
    Reg limit = x64_vconst(l, X64_NEW, x64_k32(two31_f32));
    Reg above = x64_f2(l, X64_NEW, X64_SUBP, 4, x, limit);
    Reg over = x64_f2(l, X64_NEW, X64_CMPLEP, 4, limit, above);
    Reg low = x64_v1(l, X64_NEW, X64_CVTTPS2DQ, x);
    Reg high = x64_v1(l, X64_NEW, X64_CVTTPS2DQ, above);
    high = x64_v2(l, X64_NEW, X64_PXOR, high, over);
    high = x64_v2(l, X64_NEW, X64_PMAXSD, high, x64_vzero(l));
    x64_v2(l, d, X64_PADDD, low, high);
}

/* min(a, limit) with the limit 0 where a is NaN: then minpd gives that. */
static void trunc_sat_f64_s(Lower *l, Reg d, Reg a) {
    Reg number = x64_f2(l, X64_NEW, X64_CMPORDP, 8, a, a);
    Reg limit = x64_v2k(l, X64_NEW, X64_ANDPS, number, x64_k64(UINT64_C(0x41dfffffffc00000))); /* 2^31 - 1 */
    Reg x = x64_f2(l, X64_NEW, X64_MINP, 8, a, limit);
    x64_v1i(l, d, X64_CVTTPD2DQ, 16, x, 0);
}

/* Between 0 and 2^32 - 1, whole; added to 2^52 it is the low word of the sum. */
static void trunc_sat_f64_u(Lower *l, Reg d, Reg a) {
    enum { TRUNCATE = 3, QUIET = 8 };
    Reg zero = x64_vzero(l), x = x64_f2(l, X64_NEW, X64_MAXP, 8, a, zero);
    x = x64_f2k(l, X64_NEW, X64_MINP, 8, x, x64_k64(UINT64_C(0x41efffffffe00000)));
    x = x64_v1i(l, X64_NEW, X64_ROUNDP, 8, x, TRUNCATE | QUIET);
    x = x64_f2k(l, X64_NEW, X64_ADDP, 8, x, x64_k64(UINT64_C(0x4330000000000000)));
    x64_v2i(l, d, X64_SHUFPS, x, zero, 0x88);
}

/* Halves of 16 bits are exact, and so is the upper one times 2^16: one rounding, in the addition. */
static void convert_u32_f32(Lower *l, Reg d, Reg a) {
    Reg low = x64_v2k(l, X64_NEW, X64_PAND, a, x64_k32(0xffff)), high = x64_vshift(l, X64_NEW, X64_PSRLD_I, a, 16);
    low = x64_v1(l, X64_NEW, X64_CVTDQ2PS, low);
    high = x64_v1(l, X64_NEW, X64_CVTDQ2PS, high);
    high = x64_f2k(l, X64_NEW, X64_MULP, 4, high, x64_k32(0x47800000));
    x64_f2(l, d, X64_ADDP, 4, high, low);
}

/* With 0x43300000 as upper words these are 2^52 + x. */
static void convert_u32_f64(Lower *l, Reg d, Reg a) {
    Reg x = x64_v2k(l, X64_NEW, X64_UNPCKLPS, a, x64_k32(0x43300000));
    x64_f2k(l, d, X64_SUBP, 8, x, x64_k64(UINT64_C(0x4330000000000000)));
}

static void lower_trunc_sat(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    bool f32 = i->aux == VOP_i32x4_trunc_sat_f32x4_s || i->aux == VOP_i32x4_trunc_sat_f32x4_u;
    bool is_signed = i->aux == VOP_i32x4_trunc_sat_f32x4_s || i->aux == VOP_i32x4_trunc_sat_f64x2_s_zero;
    Reg d = lower_def(l, v), a = lower_use(l, x64_skip_canon(l, i->a, f32 ? 4 : 8));
    x64_hit(l, f32 ? X64_RULE_vec_trunc_f32 : X64_RULE_vec_trunc_f64);
    if (f32)
        (is_signed ? trunc_sat_f32_s : trunc_sat_f32_u)(l, d, a);
    else
        (is_signed ? trunc_sat_f64_s : trunc_sat_f64_u)(l, d, a);
}

static void lower_convert_unsigned(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    x64_hit(l, X64_RULE_vec_convert_unsigned);
    if (i->aux == VOP_f32x4_convert_i32x4_u) {
        convert_u32_f32(l, d, a);
    } else {
        assert(i->aux == VOP_f64x2_convert_low_i32x4_u);
        convert_u32_f64(l, d, a);
    }
}

void x64_lower_vec_float(Lower *l, Val v) {
    enum { NEAREST, DOWN, UP, TRUNCATE };
    switch (lower_ins(l, v)->aux) {
    case VOP_f32x4_canon:
    case VOP_f64x2_canon: lower_canon(l, v); break;
    case VOP_f32x4_abs:
    case VOP_f64x2_abs: lower_sign(l, v, false); break;
    case VOP_f32x4_neg:
    case VOP_f64x2_neg: lower_sign(l, v, true); break;
    case VOP_f32x4_min:
    case VOP_f64x2_min: lower_min_max(l, v, false); break;
    case VOP_f32x4_max:
    case VOP_f64x2_max: lower_min_max(l, v, true); break;
    case VOP_f32x4_ceil:
    case VOP_f64x2_ceil: lower_round(l, v, UP); break;
    case VOP_f32x4_floor:
    case VOP_f64x2_floor: lower_round(l, v, DOWN); break;
    case VOP_f32x4_trunc:
    case VOP_f64x2_trunc: lower_round(l, v, TRUNCATE); break;
    case VOP_f32x4_nearest:
    case VOP_f64x2_nearest: lower_round(l, v, NEAREST); break;
    case VOP_i32x4_trunc_sat_f32x4_s:
    case VOP_i32x4_trunc_sat_f32x4_u:
    case VOP_i32x4_trunc_sat_f64x2_s_zero:
    case VOP_i32x4_trunc_sat_f64x2_u_zero: lower_trunc_sat(l, v); break;
    default: lower_convert_unsigned(l, v);
    }
}
