/* Evaluation of pure operations.  Integers are computed in 64 bits and cut to the width; floats are softfloat's.
 * All that is undefined in C is spelled out. */
#include "opt/eval.h"
#include "base/bits.h"
#include "opt/softfloat.h"

static uint32_t width_of(uint32_t type) { return type == T_I64 || type == T_F64 ? 64 : 32; }
static uint64_t cut(uint64_t v, uint32_t width) { return width == 64 ? v : (uint32_t)v; }

static uint64_t sign_extend(uint64_t v, uint32_t bits) {
    uint64_t sign = UINT64_C(1) << (bits - 1);
    uint64_t low = bits == 64 ? v : v & ((sign << 1) - 1);
    return (low ^ sign) - sign;
}

static bool less_signed(uint64_t a, uint64_t b) {
    uint64_t flip = UINT64_C(1) << 63;
    return (a ^ flip) < (b ^ flip);
}

bool eval_icmp(Cond c, IrType type, uint64_t a, uint64_t b) {
    uint64_t sa = sign_extend(a, width_of(type)), sb = sign_extend(b, width_of(type));
    switch (c) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_SLT: return less_signed(sa, sb);
    case C_SGE: return !less_signed(sa, sb);
    case C_SGT: return less_signed(sb, sa);
    case C_SLE: return !less_signed(sb, sa);
    case C_ULT: return a < b;
    case C_UGE: return a >= b;
    case C_UGT: return a > b;
    case C_ULE: return a <= b;
    default: return false;
    }
}

static const FloatFormat *format(uint32_t type) { return type == T_F32 ? &sf_f32 : type == T_F64 ? &sf_f64 : NULL; }

bool eval_fcmp(FCond c, IrType type, uint64_t a, uint64_t b) {
    int r = sf_compare(format(type), a, b); /* 2: unordered */
    switch (c) {
    case FC_EQ: return r == 0;
    case FC_NE: return r != 0;
    case FC_LT: return r == -1;
    case FC_GT: return r == 1;
    case FC_LE: return r == -1 || r == 0;
    case FC_GE: return r == 1 || r == 0;
    default: return false;
    }
}

/* Signed division of magnitudes; C's operator overflows for the smallest dividend. */
static bool divide(uint8_t op, uint32_t w, uint64_t a, uint64_t b, uint64_t *out) {
    if (b == 0) return false;
    if (op == IR_udiv || op == IR_urem) {
        *out = op == IR_udiv ? a / b : a % b;
        return true;
    }
    uint64_t sa = sign_extend(a, w), sb = sign_extend(b, w);
    bool minus_a = sa >> 63, minus_b = sb >> 63;
    uint64_t ma = minus_a ? 0 - sa : sa, mb = minus_b ? 0 - sb : sb;
    if (op == IR_srem) {
        *out = minus_a ? 0 - ma % mb : ma % mb;
        return true;
    }
    if (a == UINT64_C(1) << (w - 1) && sb == UINT64_MAX) return false;
    *out = minus_a != minus_b ? 0 - ma / mb : ma / mb;
    return true;
}

static bool eval_int2(uint8_t op, uint32_t w, uint64_t a, uint64_t b, uint64_t *out) {
    uint32_t n = (uint32_t)b & (w - 1);
    uint32_t back = (w - n) & (w - 1);
    switch (op) {
    case IR_iadd: *out = a + b; break;
    case IR_isub: *out = a - b; break;
    case IR_imul: *out = a * b; break;
    case IR_iand: *out = a & b; break;
    case IR_ior: *out = a | b; break;
    case IR_ixor: *out = a ^ b; break;
    case IR_shl: *out = a << n; break;
    case IR_ushr: *out = a >> n; break;
    case IR_sshr: {
        uint64_t fill = sign_extend(a, w) >> 63 ? ~(UINT64_MAX >> n) : 0;
        *out = sign_extend(a, w) >> n | fill;
        break;
    }
    case IR_rotl: *out = a << n | a >> back; break;
    case IR_rotr: *out = a >> n | a << back; break;
    case IR_mask: *out = a < b ? a : 0; break;
    default:
        if (!divide(op, w, a, b, out)) return false;
    }
    *out = cut(*out, w);
    return true;
}

static bool eval_int1(uint8_t op, uint32_t w, uint64_t a, uint64_t *out) {
    switch (op) {
    case IR_clz: *out = bits_clz64(a) - (64 - w); break;
    case IR_ctz: *out = a ? bits_ctz64(a) : w; break;
    case IR_popcnt: *out = bits_popcount64(a); break;
    case IR_sext8: *out = sign_extend(a, 8); break;
    case IR_sext16: *out = sign_extend(a, 16); break;
    case IR_sext32: *out = sign_extend(a, 32); break;
    default: return false;
    }
    *out = cut(*out, w);
    return true;
}

static bool eval_float(const Ins *i, const FloatFormat *t, const uint64_t *v, uint64_t *out) {
    switch (i->op) {
    case IR_fadd: *out = sf_add(t, v[0], v[1]); return true;
    case IR_fsub: *out = sf_sub(t, v[0], v[1]); return true;
    case IR_fmul: *out = sf_mul(t, v[0], v[1]); return true;
    case IR_fdiv: *out = sf_div(t, v[0], v[1]); return true;
    case IR_fmin: *out = sf_min(t, v[0], v[1]); return true;
    case IR_fmax: *out = sf_max(t, v[0], v[1]); return true;
    case IR_fcopysign: *out = sf_copysign(t, v[0], v[1]); return true;
    case IR_fabs: *out = sf_abs(t, v[0]); return true;
    case IR_fneg: *out = sf_neg(t, v[0]); return true;
    case IR_fsqrt: *out = sf_sqrt(t, v[0]); return true;
    case IR_fceil: *out = sf_round(t, v[0], SF_CEIL); return true;
    case IR_ffloor: *out = sf_round(t, v[0], SF_FLOOR); return true;
    case IR_ftrunc: *out = sf_round(t, v[0], SF_TRUNC); return true;
    case IR_fnearest: *out = sf_round(t, v[0], SF_NEAREST); return true;
    case IR_fcanon: *out = sf_is_nan(t, v[0]) ? sf_nan(t) : v[0]; return true;
    default: return false;
    }
}

static bool eval_conversion(const Ins *i, uint32_t from, uint64_t a, uint64_t *out) {
    uint32_t w = width_of(i->type);
    switch (i->op) {
    case IR_sext: *out = sign_extend(a, 32); return true;
    case IR_zext: *out = a; return true;
    case IR_wrap: *out = (uint32_t)a; return true;
    case IR_bitcast: *out = a; return i->type != T_V128;
    case IR_fdemote: *out = sf_convert(&sf_f32, &sf_f64, a); return true;
    case IR_fpromote: *out = sf_convert(&sf_f64, &sf_f32, a); return true;
    case IR_fcvt_s:
    case IR_fcvt_u: *out = sf_to_int(format(from), a, w, i->op == IR_fcvt_s); return true;
    case IR_icvt_s:
    case IR_icvt_u: *out = sf_from_int(format(i->type), a, width_of(from), i->op == IR_icvt_s); return true;
    default: return false;
    }
}

bool eval_ins(const Ins *i, const uint8_t *type, const uint64_t *v, uint64_t *out) {
    uint32_t w = width_of(type[0]);
    switch (i->op) {
    case IR_icmp: *out = eval_icmp((Cond)i->aux, (IrType)type[0], v[0], v[1]); return true;
    case IR_fcmp: *out = eval_fcmp((FCond)i->aux, (IrType)type[0], v[0], v[1]); return true;
    case IR_eqz: *out = v[0] == 0; return true;
    case IR_select: *out = v[0] ? v[1] : v[2]; return i->type != T_V128;
    default: break;
    }
    if (i->op >= IR_iadd && i->op <= IR_rotr) return eval_int2(i->op, w, v[0], v[1], out);
    if (i->op >= IR_clz && i->op <= IR_sext32) return eval_int1(i->op, w, v[0], out);
    if (i->op >= IR_fadd && i->op <= IR_fcanon) return eval_float(i, format(type[0]), v, out);
    return eval_conversion(i, type[0], v[0], out);
}
