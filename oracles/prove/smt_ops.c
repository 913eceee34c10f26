/* The meaning of the pure operations, as terms.  All values are bit vectors of their type's width, floats too. */
#include <stdio.h>
#include <string.h>
#include "oracles/prove/smt.h"

Z3_ast smt_num(Smt *s, uint32_t width, uint64_t value) {
    if (width < 64) value &= (UINT64_C(1) << width) - 1;
    return Z3_mk_unsigned_int64(s->z, value, Z3_mk_bv_sort(s->z, width));
}

Z3_ast smt_and(Smt *s, Z3_ast a, Z3_ast b) { return Z3_mk_and(s->z, 2, (Z3_ast[]){a, b}); }
Z3_ast smt_or(Smt *s, Z3_ast a, Z3_ast b) { return Z3_mk_or(s->z, 2, (Z3_ast[]){a, b}); }
Z3_ast smt_nonzero(Smt *s, Z3_ast x) { return Z3_mk_not(s->z, Z3_mk_eq(s->z, x, smt_num(s, 32, 0))); }

static Z3_ast number_of(Smt *s, Z3_ast condition) { /* 0 or 1, an i32 */
    return Z3_mk_ite(s->z, condition, smt_num(s, 32, 1), smt_num(s, 32, 0));
}

/* -- Integers --------------------------------------------------------------------------- */

static Z3_ast bit_of(Smt *s, Z3_ast x, uint32_t k) { return Z3_mk_extract(s->z, k, k, x); }

static Z3_ast is_one(Smt *s, Z3_ast bit) { return Z3_mk_eq(s->z, bit, smt_num(s, 1, 1)); }

/* Leading (or trailing) zeros: the first bit that is 1 decides. */
static Z3_ast zeros(Smt *s, Z3_ast x, uint32_t w, bool leading) {
    Z3_ast n = smt_num(s, w, w);
    for (uint32_t k = w; k-- > 0;)
        n = Z3_mk_ite(s->z, is_one(s, bit_of(s, x, leading ? w - 1 - k : k)), smt_num(s, w, k), n);
    return n;
}

static Z3_ast popcount(Smt *s, Z3_ast x, uint32_t w) {
    Z3_ast n = smt_num(s, w, 0);
    for (uint32_t k = 0; k < w; k++) n = Z3_mk_bvadd(s->z, n, Z3_mk_zero_ext(s->z, w - 1, bit_of(s, x, k)));
    return n;
}

static Z3_ast extend(Smt *s, Z3_ast x, uint32_t from, uint32_t to) {
    return Z3_mk_sign_ext(s->z, to - from, Z3_mk_extract(s->z, from - 1, 0, x));
}

/* x / c for a constant c: the q and r with x = q * c + r, which is easier to the solver than a divider. */
static Z3_ast divide_by_constant(Smt *s, uint32_t w, Z3_ast x, Z3_ast c, bool remainder) {
    Z3_context z = s->z;
    Z3_sort sort = Z3_mk_bv_sort(z, w);
    Z3_ast q = Z3_mk_fresh_const(z, "q", sort), r = Z3_mk_fresh_const(z, "r", sort);
    Z3_ast product = Z3_mk_bvmul(z, Z3_mk_zero_ext(z, w, q), Z3_mk_zero_ext(z, w, c));
    Z3_ast sum = Z3_mk_bvadd(z, product, Z3_mk_zero_ext(z, w, r));
    Z3_solver_assert(z, s->solver, Z3_mk_eq(z, sum, Z3_mk_zero_ext(z, w, x)));
    Z3_solver_assert(z, s->solver, Z3_mk_bvult(z, r, c));
    return remainder ? r : q;
}

static Z3_ast divide(Smt *s, const Ins *i, uint32_t w, const Z3_ast *x, Z3_ast *defined) {
    Z3_context z = s->z;
    *defined = smt_and(s, *defined, Z3_mk_not(z, Z3_mk_eq(z, x[1], smt_num(s, w, 0))));
    Z3_ast least = Z3_mk_eq(z, x[0], smt_num(s, w, UINT64_C(1) << (w - 1)));
    Z3_ast overflow = smt_and(s, least, Z3_mk_eq(z, x[1], smt_num(s, w, UINT64_MAX)));
    uint64_t c;
    bool numeral = Z3_is_numeral_ast(z, x[1]) && Z3_get_numeral_uint64(z, x[1], &c) && c;
    if (numeral && (i->op == IR_udiv || i->op == IR_urem))
        return divide_by_constant(s, w, x[0], x[1], i->op == IR_urem);
    switch (i->op) {
    case IR_sdiv: *defined = smt_and(s, *defined, Z3_mk_not(z, overflow)); return Z3_mk_bvsdiv(z, x[0], x[1]);
    case IR_udiv: return Z3_mk_bvudiv(z, x[0], x[1]);
    case IR_srem: return Z3_mk_ite(z, overflow, smt_num(s, w, 0), Z3_mk_bvsrem(z, x[0], x[1]));
    default: return Z3_mk_bvurem(z, x[0], x[1]);
    }
}

static Z3_ast compare(Smt *s, uint8_t condition, Z3_ast a, Z3_ast b) {
    switch ((Cond)condition) {
    case C_EQ: return Z3_mk_eq(s->z, a, b);
    case C_NE: return Z3_mk_not(s->z, Z3_mk_eq(s->z, a, b));
    case C_SLT: return Z3_mk_bvslt(s->z, a, b);
    case C_SGE: return Z3_mk_bvsge(s->z, a, b);
    case C_SGT: return Z3_mk_bvsgt(s->z, a, b);
    case C_SLE: return Z3_mk_bvsle(s->z, a, b);
    case C_ULT: return Z3_mk_bvult(s->z, a, b);
    case C_UGE: return Z3_mk_bvuge(s->z, a, b);
    case C_UGT: return Z3_mk_bvugt(s->z, a, b);
    default: return Z3_mk_bvule(s->z, a, b);
    }
}

static Z3_ast int_op(Smt *s, const Ins *i, uint32_t w, const Z3_ast *x, Z3_ast *defined) {
    Z3_context z = s->z;
    Z3_ast count = ir_info[i->op].nargs == 2 ? Z3_mk_bvand(z, x[1], smt_num(s, w, w - 1)) : NULL;
    switch (i->op) {
    case IR_iadd: return Z3_mk_bvadd(z, x[0], x[1]);
    case IR_isub: return Z3_mk_bvsub(z, x[0], x[1]);
    case IR_imul: return Z3_mk_bvmul(z, x[0], x[1]);
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem: return divide(s, i, w, x, defined);
    case IR_iand: return Z3_mk_bvand(z, x[0], x[1]);
    case IR_ior: return Z3_mk_bvor(z, x[0], x[1]);
    case IR_ixor: return Z3_mk_bvxor(z, x[0], x[1]);
    case IR_shl: return Z3_mk_bvshl(z, x[0], count);
    case IR_sshr: return Z3_mk_bvashr(z, x[0], count);
    case IR_ushr: return Z3_mk_bvlshr(z, x[0], count);
    case IR_rotl: return Z3_mk_ext_rotate_left(z, x[0], count);
    case IR_rotr: return Z3_mk_ext_rotate_right(z, x[0], count);
    case IR_clz: return zeros(s, x[0], w, true);
    case IR_ctz: return zeros(s, x[0], w, false);
    case IR_popcnt: return popcount(s, x[0], w);
    case IR_sext8: return extend(s, x[0], 8, w);
    case IR_sext16: return extend(s, x[0], 16, w);
    case IR_sext32: return extend(s, x[0], 32, w);
    case IR_sext: return Z3_mk_sign_ext(z, 32, x[0]);
    case IR_zext: return Z3_mk_zero_ext(z, 32, x[0]);
    case IR_wrap: return Z3_mk_extract(z, 31, 0, x[0]);
    case IR_icmp: return number_of(s, compare(s, i->aux, x[0], x[1]));
    case IR_eqz: return number_of(s, Z3_mk_eq(z, x[0], smt_num(s, w, 0)));
    default: return NULL;
    }
}

/* -- Floats ----------------------------------------------------------------------------- */

static Z3_sort float_sort(Smt *s, uint32_t w) { return w == 32 ? Z3_mk_fpa_sort_32(s->z) : Z3_mk_fpa_sort_64(s->z); }
static Z3_ast number(Smt *s, Z3_ast bits, uint32_t w) { return Z3_mk_fpa_to_fp_bv(s->z, bits, float_sort(s, w)); }
static uint64_t sign_bit(uint32_t w) { return UINT64_C(1) << (w - 1); }
static uint64_t infinity(uint32_t w) { return w == 32 ? 0x7f800000 : UINT64_C(0x7ff0000000000000); }
static uint64_t canonical(uint32_t w) { return w == 32 ? 0x7fc00000 : UINT64_C(0x7ff8000000000000); }

static Z3_ast magnitude(Smt *s, Z3_ast bits, uint32_t w) {
    return Z3_mk_bvand(s->z, bits, smt_num(s, w, sign_bit(w) - 1));
}

static Z3_ast is_nan(Smt *s, Z3_ast bits, uint32_t w) {
    return Z3_mk_bvugt(s->z, magnitude(s, bits, w), smt_num(s, w, infinity(w)));
}

/* Some NaN, nobody knows which: some function of the operation at hand and of its operands. */
static Z3_ast any_nan(Smt *s, uint32_t w) {
    char text[40];
    Z3_sort domain[3];
    uint32_t n = ir_info[s->at->op].nargs;
    for (uint32_t k = 0; k < n; k++) domain[k] = Z3_get_sort(s->z, s->operand[k]);
    snprintf(text, sizeof text, "nan.%s.%u.%u", ir_info[s->at->op].name, w, s->at->aux);
    Z3_func_decl f = Z3_mk_func_decl(s->z, Z3_mk_string_symbol(s->z, text), n, domain, Z3_mk_bv_sort(s->z, w));
    Z3_ast nan = Z3_mk_app(s->z, f, n, s->operand);
    Z3_solver_assert(s->z, s->solver, is_nan(s, nan, w));
    return nan;
}

/* The bits of the result of an arithmetic operation. */
static Z3_ast bits_of(Smt *s, Z3_ast value, uint32_t w) {
    return Z3_mk_ite(s->z, Z3_mk_fpa_is_nan(s->z, value), any_nan(s, w), Z3_mk_fpa_to_ieee_bv(s->z, value));
}

/* -- Comparisons, by the bits: without the solver's floats, which are slow -- */

static Z3_ast is_zero(Smt *s, Z3_ast bits, uint32_t w) {
    return Z3_mk_eq(s->z, magnitude(s, bits, w), smt_num(s, w, 0));
}

static Z3_ast number_equal(Smt *s, Z3_ast a, Z3_ast b, uint32_t w) {
    return smt_or(s, Z3_mk_eq(s->z, a, b), smt_and(s, is_zero(s, a, w), is_zero(s, b, w)));
}

/* In the order of these, the smallest number has the smallest. */
static Z3_ast order_of(Smt *s, Z3_ast bits, uint32_t w) {
    Z3_ast sign = smt_num(s, w, sign_bit(w)), negative = Z3_mk_bvuge(s->z, bits, sign);
    return Z3_mk_ite(s->z, negative, Z3_mk_bvnot(s->z, bits), Z3_mk_bvor(s->z, bits, sign));
}

static Z3_ast number_less(Smt *s, Z3_ast a, Z3_ast b, uint32_t w) {
    Z3_ast below = Z3_mk_bvult(s->z, order_of(s, a, w), order_of(s, b, w));
    return smt_and(s, below, Z3_mk_not(s->z, number_equal(s, a, b, w)));
}

/* wasm's: a NaN if either is; -0 is less than +0. */
static Z3_ast min_max(Smt *s, const Z3_ast *x, uint32_t w, bool max) {
    Z3_context z = s->z;
    Z3_ast first = max ? number_less(s, x[1], x[0], w) : number_less(s, x[0], x[1], w);
    Z3_ast both = max ? Z3_mk_bvand(z, x[0], x[1]) : Z3_mk_bvor(z, x[0], x[1]);
    Z3_ast r = Z3_mk_ite(z, first, x[0], Z3_mk_ite(z, number_equal(s, x[0], x[1], w), both, x[1]));
    return Z3_mk_ite(z, smt_or(s, is_nan(s, x[0], w), is_nan(s, x[1], w)), any_nan(s, w), r);
}

static Z3_ast float_compare(Smt *s, uint8_t condition, Z3_ast a, Z3_ast b, uint32_t w) {
    Z3_ast numbers = Z3_mk_not(s->z, smt_or(s, is_nan(s, a, w), is_nan(s, b, w)));
    Z3_ast equal = smt_and(s, numbers, number_equal(s, a, b, w));
    switch ((FCond)condition) {
    case FC_EQ: return equal;
    case FC_NE: return Z3_mk_not(s->z, equal);
    case FC_LT: return smt_and(s, numbers, number_less(s, a, b, w));
    case FC_GT: return smt_and(s, numbers, number_less(s, b, a, w));
    case FC_LE: return smt_or(s, equal, smt_and(s, numbers, number_less(s, a, b, w)));
    default: return smt_or(s, equal, smt_and(s, numbers, number_less(s, b, a, w)));
    }
}

/* NaN to 0, what is too large or too small to the largest or smallest, the rest cut to an integer. */
static Z3_ast to_integer(Smt *s, Z3_ast bits, uint32_t w, uint32_t to, bool is_signed) {
    Z3_context z = s->z;
    Z3_ast x = number(s, bits, w), cut = Z3_mk_fpa_rtz(z);
    double above = (double)(UINT64_C(1) << (to - 1)) * (is_signed ? 1 : 2), below = is_signed ? -above : 0;
    Z3_ast most = smt_num(s, to, is_signed ? sign_bit(to) - 1 : UINT64_MAX);
    Z3_ast least = smt_num(s, to, is_signed ? sign_bit(to) : 0);
    Z3_ast inside = is_signed ? Z3_mk_fpa_to_sbv(z, cut, x, to) : Z3_mk_fpa_to_ubv(z, cut, x, to);
    Z3_ast high = Z3_mk_fpa_geq(z, x, Z3_mk_fpa_numeral_double(z, above, float_sort(s, w)));
    Z3_ast low = Z3_mk_fpa_lt(z, x, Z3_mk_fpa_numeral_double(z, below, float_sort(s, w)));
    Z3_ast r = Z3_mk_ite(z, high, most, Z3_mk_ite(z, low, least, inside));
    return Z3_mk_ite(z, is_nan(s, bits, w), smt_num(s, to, 0), r);
}

static Z3_ast conversion(Smt *s, const Ins *i, uint32_t w, Z3_ast x) {
    Z3_context z = s->z;
    uint32_t to = smt_width(i->type);
    Z3_ast nearest = Z3_mk_fpa_rne(z);
    switch (i->op) {
    case IR_fdemote:
    case IR_fpromote: return bits_of(s, Z3_mk_fpa_to_fp_float(z, nearest, number(s, x, w), float_sort(s, to)), to);
    case IR_fcvt_s:
    case IR_fcvt_u: return to_integer(s, x, w, to, i->op == IR_fcvt_s);
    case IR_icvt_s: return Z3_mk_fpa_to_ieee_bv(z, Z3_mk_fpa_to_fp_signed(z, nearest, x, float_sort(s, to)));
    default: return Z3_mk_fpa_to_ieee_bv(z, Z3_mk_fpa_to_fp_unsigned(z, nearest, x, float_sort(s, to)));
    }
}

static Z3_ast rounding(Smt *s, uint8_t op) {
    switch (op) {
    case IR_fceil: return Z3_mk_fpa_rtp(s->z);
    case IR_ffloor: return Z3_mk_fpa_rtn(s->z);
    case IR_ftrunc: return Z3_mk_fpa_rtz(s->z);
    default: return Z3_mk_fpa_rne(s->z);
    }
}

/* -- The same without knowing how floats work ------------------------------------------------ */

static Z3_ast canon_of(Smt *s, Z3_ast bits, uint32_t w) {
    return Z3_mk_ite(s->z, is_nan(s, bits, w), smt_num(s, w, canonical(w)), bits);
}

/* Some function of the operation, its type and its operands, of which NaNs are all alike, and the order of those of a
 * commutative operation does not matter. */
static Z3_ast unknown(Smt *s, const Ins *i, uint8_t op, uint32_t w, uint32_t to, const Z3_ast *x) {
    char text[40];
    uint32_t n = ir_info[op].nargs;
    bool of_float = op != IR_icvt_s && op != IR_icvt_u, to_float = op != IR_fcvt_s && op != IR_fcvt_u;
    Z3_sort from = Z3_mk_bv_sort(s->z, w), domain[] = {from, from};
    snprintf(text, sizeof text, "%s.%u.%u.%u", ir_info[op].name, w, to, i->aux);
    Z3_func_decl f = Z3_mk_func_decl(s->z, Z3_mk_string_symbol(s->z, text), n, domain, Z3_mk_bv_sort(s->z, to));
    Z3_ast arg[2] = {of_float ? canon_of(s, x[0], w) : x[0], n == 2 ? canon_of(s, x[1], w) : NULL};
    if (ir_has(op, IRF_C)) {
        Z3_ast ordered = Z3_mk_bvule(s->z, arg[0], arg[1]), a = arg[0], b = arg[1];
        arg[0] = Z3_mk_ite(s->z, ordered, a, b);
        arg[1] = Z3_mk_ite(s->z, ordered, b, a);
    }
    Z3_ast r = Z3_mk_app(s->z, f, n, arg);
    for (uint32_t k = 0; of_float && to_float && k < n; k++)
        r = Z3_mk_ite(s->z, is_nan(s, x[k], w), smt_num(s, to, canonical(to)), r);
    return r;
}

static Z3_ast any_if_nan(Smt *s, Z3_ast bits, uint32_t w) {
    return Z3_mk_ite(s->z, is_nan(s, bits, w), any_nan(s, w), bits);
}

static Z3_ast unknown_op(Smt *s, const Ins *i, uint32_t w, const Z3_ast *x) {
    Z3_context z = s->z;
    Z3_ast sign = smt_num(s, w, sign_bit(w));
    switch (i->op) {
    case IR_fadd: return any_if_nan(s, unknown(s, i, IR_fadd, w, w, x), w);
    case IR_fsub: {
        const Z3_ast sum[] = {x[0], Z3_mk_bvxor(z, x[1], sign)};
        return any_if_nan(s, unknown(s, i, IR_fadd, w, w, sum), w);
    }
    case IR_fmul:
    case IR_fdiv: {
        const Z3_ast size[] = {magnitude(s, x[0], w), magnitude(s, x[1], w)};
        Z3_ast r = unknown(s, i, i->op, w, w, size);
        return any_if_nan(s, Z3_mk_bvxor(z, r, Z3_mk_bvand(z, sign, Z3_mk_bvxor(z, x[0], x[1]))), w);
    }
    case IR_fdemote:
    case IR_fpromote: return any_if_nan(s, unknown(s, i, i->op, w, smt_width(i->type), x), smt_width(i->type));
    case IR_fcvt_s:
    case IR_fcvt_u: return unknown(s, i, i->op, w, smt_width(i->type), x);
    case IR_icvt_s:
    case IR_icvt_u: { /* never a NaN */
        Z3_ast r = unknown(s, i, i->op, w, smt_width(i->type), x);
        Z3_solver_assert(z, s->solver, Z3_mk_not(z, is_nan(s, r, smt_width(i->type))));
        return r;
    }
    default: return any_if_nan(s, unknown(s, i, i->op, w, w, x), w);
    }
}

/* What may be left unknown: the others are cheap to the solver. */
static bool is_arithmetic(uint8_t op) {
    return (op >= IR_fadd && op <= IR_fdiv) || (op >= IR_fsqrt && op <= IR_fnearest) ||
           (op >= IR_fdemote && op <= IR_icvt_u);
}

static Z3_ast float_op(Smt *s, const Ins *i, uint32_t w, const Z3_ast *x) {
    Z3_context z = s->z;
    Z3_ast a = number(s, x[0], w), b = ir_info[i->op].nargs == 2 ? number(s, x[1], w) : NULL, rne = Z3_mk_fpa_rne(z);
    Z3_ast sign = smt_num(s, w, sign_bit(w));
    switch (i->op) {
    case IR_fadd: return bits_of(s, Z3_mk_fpa_add(z, rne, a, b), w);
    case IR_fsub: return bits_of(s, Z3_mk_fpa_sub(z, rne, a, b), w);
    case IR_fmul: return bits_of(s, Z3_mk_fpa_mul(z, rne, a, b), w);
    case IR_fdiv: return bits_of(s, Z3_mk_fpa_div(z, rne, a, b), w);
    case IR_fsqrt: return bits_of(s, Z3_mk_fpa_sqrt(z, rne, a), w);
    case IR_fmin:
    case IR_fmax: return min_max(s, x, w, i->op == IR_fmax);
    case IR_fceil:
    case IR_ffloor:
    case IR_ftrunc:
    case IR_fnearest: return bits_of(s, Z3_mk_fpa_round_to_integral(z, rounding(s, i->op), a), w);
    case IR_fabs: return magnitude(s, x[0], w);
    case IR_fneg: return Z3_mk_bvxor(z, x[0], sign);
    case IR_fcopysign: return Z3_mk_bvor(z, magnitude(s, x[0], w), Z3_mk_bvand(z, x[1], sign));
    case IR_fcanon: return Z3_mk_ite(z, is_nan(s, x[0], w), smt_num(s, w, canonical(w)), x[0]);
    case IR_fcmp: return number_of(s, float_compare(s, i->aux, x[0], x[1], w));
    default: return NULL;
    }
}

Z3_ast smt_op(Smt *s, const Ins *i, const uint8_t *type, const Z3_ast *x, Z3_ast *defined) {
    uint32_t w = smt_width(type[0]);
    s->at = i;
    s->operand = x;
    if (i->op >= IR_iadd && i->op <= IR_eqz) return int_op(s, i, w, x, defined);
    if (is_arithmetic(i->op) && !(s->exact >> (i->op - IR_fadd) & 1)) return unknown_op(s, i, w, x);
    if (i->op >= IR_fadd && i->op <= IR_fcmp) return float_op(s, i, w, x);
    if (i->op >= IR_fdemote && i->op <= IR_icvt_u) return conversion(s, i, w, x[0]);
    if (i->op == IR_bitcast) return x[0];
    if (i->op == IR_select) return Z3_mk_ite(s->z, smt_nonzero(s, x[0]), x[1], x[2]);
    return NULL;
}
