/* Folding rules for integers.  Each function implements the rows of fold.def that name it; the pattern stands there.
 * Constants are on the right of commutative operations by now (FOLD_commute), and no operation has constants only. */
#include "base/bits.h"
#include "opt/eval.h"
#include "opt/fold.h"

/* v is `op` of two values: i is its definition. */
static bool is_op(const Fold *x, Val v, uint8_t op, const Ins **i) {
    *i = fold_def(x, v);
    return (*i)->op == op;
}

/* v is `op` of a value and a constant on the right. */
static bool is_op_const(const Fold *x, Val v, uint8_t op, Val *a, uint64_t *c) {
    const Ins *i = fold_def(x, v);
    if (i->op != op || !fold_is_const(x, i->b, c)) return false;
    *a = i->a;
    return true;
}

/* v is 0 - y. */
static bool is_negation(const Fold *x, Val v, Val *y) {
    const Ins *i = fold_def(x, v);
    uint64_t c;
    if (i->op != IR_isub || !fold_is_const(x, i->a, &c) || c != 0) return false;
    *y = i->b;
    return true;
}

static bool is_bool(const Fold *x, Val v) { return fold_possible(x, v) <= 1; }
static uint32_t log2_of(uint64_t c) { return bits_ctz64(c); }

static Val set_const(Fold *x, Val v, const Ins *i, uint64_t imm) {
    imm &= fold_ones(i->type);
    x->f->ins.at[v] = (Ins){.op = IR_iconst, .type = i->type, .a = (uint32_t)imm, .b = (uint32_t)(imm >> 32)};
    return v;
}

/* -- What many operations share ------------------------------------------- */

Val fold_identity_zero(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->b, &c) && c == 0 ? i->a : NO_FOLD;
}

Val fold_identity_one(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->b, &c) && c == 1 ? i->a : NO_FOLD;
}

Val fold_annul_zero(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->b, &c) && c == 0 ? i->b : NO_FOLD;
}

Val fold_annul_ones(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->b, &c) && c == fold_ones(i->type) ? i->b : NO_FOLD;
}

Val fold_same_operands(Fold *x, Val v, const Ins *i) {
    (void)x, (void)v;
    return i->a == i->b ? i->a : NO_FOLD;
}

Val fold_self_zero(Fold *x, Val v, const Ins *i) { return i->a == i->b ? set_const(x, v, i, 0) : NO_FOLD; }

/* (x op c1) op c2 -> x op (c1 op c2), op associative */
Val fold_chain_same(Fold *x, Val v, const Ins *i) {
    Val a;
    uint64_t c1, c2, c;
    if (!fold_is_const(x, i->b, &c2) || !is_op_const(x, i->a, i->op, &a, &c1)) return NO_FOLD;
    const uint8_t type[2] = {i->type, i->type};
    const uint64_t value[2] = {c1, c2};
    if (!eval_ins(i, type, value, &c)) return NO_FOLD;
    return fold_set(x, v, i->op, 0, a, fold_iconst(x, i->type, c));
}

/* -- Addition ------------------------------------------------------------- */

Val fold_iadd_chain(Fold *x, Val v, const Ins *i) { return fold_chain_same(x, v, i); }

Val fold_iadd_subc(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    uint64_t c1, c2;
    if (!fold_is_const(x, i->b, &c2) || !is_op(x, i->a, IR_isub, &s) || !fold_is_const(x, s->a, &c1)) return NO_FOLD;
    Val b = s->b;
    return fold_set(x, v, IR_isub, 0, fold_iconst(x, i->type, c1 + c2), b);
}

Val fold_iadd_neg(Fold *x, Val v, const Ins *i) {
    Val y;
    if (is_negation(x, i->b, &y)) return fold_set(x, v, IR_isub, 0, i->a, y);
    if (is_negation(x, i->a, &y)) return fold_set(x, v, IR_isub, 0, i->b, y);
    return NO_FOLD;
}

Val fold_iadd_sub(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    (void)v;
    if (is_op(x, i->a, IR_isub, &s) && s->b == i->b) return s->a;
    if (is_op(x, i->b, IR_isub, &s) && s->b == i->a) return s->a;
    return NO_FOLD;
}

Val fold_isub_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c)) return NO_FOLD;
    return fold_set(x, v, IR_iadd, 0, i->a, fold_iconst(x, i->type, 0 - c));
}

Val fold_isub_addc(Fold *x, Val v, const Ins *i) {
    Val a;
    uint64_t c1, c2;
    if (!fold_is_const(x, i->a, &c1) || !is_op_const(x, i->b, IR_iadd, &a, &c2)) return NO_FOLD;
    return fold_set(x, v, IR_isub, 0, fold_iconst(x, i->type, c1 - c2), a);
}

Val fold_isub_neg(Fold *x, Val v, const Ins *i) {
    Val y;
    return is_negation(x, i->b, &y) ? fold_set(x, v, IR_iadd, 0, i->a, y) : NO_FOLD;
}

Val fold_isub_add(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    (void)v;
    if (!is_op(x, i->a, IR_iadd, &s)) return NO_FOLD;
    return s->b == i->b ? s->a : s->a == i->b ? s->b : NO_FOLD;
}

Val fold_isub_sub(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    (void)v;
    return is_op(x, i->b, IR_isub, &s) && s->a == i->a ? s->b : NO_FOLD;
}

/* -- Multiplication and division ------------------------------------------ */

Val fold_negate_minus_one(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c) || c != fold_ones(i->type)) return NO_FOLD;
    return fold_set(x, v, IR_isub, 0, fold_iconst(x, i->type, 0), i->a);
}

Val fold_imul_pow2(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c) || !bits_is_pow2(c)) return NO_FOLD;
    return fold_set(x, v, IR_shl, 0, i->a, fold_iconst(x, i->type, log2_of(c)));
}

Val fold_udiv_pow2(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c) || !bits_is_pow2(c)) return NO_FOLD;
    return fold_set(x, v, IR_ushr, 0, i->a, fold_iconst(x, i->type, log2_of(c)));
}

Val fold_urem_pow2(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c) || !bits_is_pow2(c)) return NO_FOLD;
    return fold_set(x, v, IR_iand, 0, i->a, fold_iconst(x, i->type, c - 1));
}

/* The magnitude of a constant divisor, and whether it is negative. */
static bool is_divisor(const Fold *x, Val v, uint64_t *magnitude, bool *negative) {
    const Ins *i = fold_def(x, v);
    if (!fold_is_const(x, v, magnitude)) return false;
    *negative = (*magnitude >> (fold_width(i->type) - 1)) & 1;
    if (*negative) *magnitude = (0 - *magnitude) & fold_ones(i->type);
    return true;
}

/* x, plus 2^k - 1 if x is negative: so that shifting right rounds towards zero (Warren, "Hacker's delight", 10-1). */
static Val add_bias(Fold *x, uint32_t type, Val a, uint32_t k) {
    uint32_t w = fold_width(type);
    Val sign = fold_new(x, IR_sshr, type, a, fold_iconst(x, type, w - 1));
    Val bias = fold_new(x, IR_ushr, type, sign, fold_iconst(x, type, w - k));
    return fold_new(x, IR_iadd, type, a, bias);
}

Val fold_sdiv_pow2(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    if (!is_divisor(x, i->b, &c, &negative) || negative || !bits_is_pow2(c) || c == 1) return NO_FOLD;
    Val biased = add_bias(x, i->type, i->a, log2_of(c));
    return fold_set(x, v, IR_sshr, 0, biased, fold_iconst(x, i->type, log2_of(c)));
}

Val fold_srem_one(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    return is_divisor(x, i->b, &c, &negative) && c == 1 ? set_const(x, v, i, 0) : NO_FOLD;
}

Val fold_srem_pow2(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    if (!is_divisor(x, i->b, &c, &negative) || !bits_is_pow2(c) || c == 1) return NO_FOLD;
    Val biased = add_bias(x, i->type, i->a, log2_of(c));
    Val multiple = fold_new(x, IR_iand, i->type, biased, fold_iconst(x, i->type, 0 - c));
    return fold_set(x, v, IR_isub, 0, i->a, multiple);
}

/* The high half of a product of two 32-bit numbers, shifted right by `shift` more. */
static Val high_product(Fold *x, Val a, uint64_t factor, uint32_t shift, bool is_signed) {
    Val wide = fold_new(x, is_signed ? IR_sext : IR_zext, T_I64, a, 0);
    Val product = fold_new(x, IR_imul, T_I64, wide, fold_iconst(x, T_I64, factor));
    Val high = fold_new(x, is_signed ? IR_sshr : IR_ushr, T_I64, product, fold_iconst(x, T_I64, 32 + shift));
    return fold_new(x, IR_wrap, T_I32, high, 0);
}

/* a /u c for c not a power of two (Granlund, Montgomery, "Division by invariant integers using multiplication", 1994).
 * With 2^s > c > 2^(s-1) the factor ceil(2^(32+s) / c) is exact for all a, and takes 33 bits: its top bit is
 * added by hand.  A smaller factor of 32 bits is taken where its error is small enough. */
static Val quotient_unsigned(Fold *x, Val a, uint64_t c) {
    uint32_t s = 32 - bits_clz32((uint32_t)c);
    for (uint32_t k = 0; k < s; k++) {
        uint64_t top = UINT64_C(1) << (32 + k);
        uint64_t factor = (top + c - 1) / c, error = factor * c - top;
        if (factor <= UINT32_MAX && error <= UINT64_C(1) << k) return high_product(x, a, factor, k, false);
    }
    /* 2^(32+s) / c - 2^32 = 2^32 * (2^s - c) / c */
    uint64_t factor = (((UINT64_C(1) << s) - c) << 32) / c + 1;
    Val t = high_product(x, a, factor, 0, false);
    Val difference = fold_new(x, IR_isub, T_I32, a, t);
    Val half = fold_new(x, IR_ushr, T_I32, difference, fold_iconst(x, T_I32, 1));
    Val sum = fold_new(x, IR_iadd, T_I32, half, t);
    return fold_new(x, IR_ushr, T_I32, sum, fold_iconst(x, T_I32, s - 1));
}

/* a / c for |c| not a power of two: with 2^s < |c| the factor is below 2^32, its product with a below 2^63. */
static Val quotient_signed(Fold *x, Val a, uint64_t c, bool negative) {
    uint32_t s = 31 - bits_clz32((uint32_t)c);
    uint64_t factor = (UINT64_C(1) << (32 + s)) / c + 1;
    Val floored = high_product(x, a, factor, s, true);
    Val sign = fold_new(x, IR_sshr, T_I32, a, fold_iconst(x, T_I32, 31));
    return negative ? fold_new(x, IR_isub, T_I32, sign, floored) : fold_new(x, IR_isub, T_I32, floored, sign);
}

static bool divides_by_product(const Fold *x, const Ins *i, uint64_t *c, bool *negative) {
    if (i->type != T_I32 || !is_divisor(x, i->b, c, negative)) return false;
    if (*negative && (i->op == IR_udiv || i->op == IR_urem)) *c = (0 - *c) & UINT32_MAX;
    return *c != 0 && !bits_is_pow2(*c);
}

Val fold_udiv_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    (void)v;
    return divides_by_product(x, i, &c, &negative) ? quotient_unsigned(x, i->a, c) : NO_FOLD;
}

Val fold_sdiv_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    (void)v;
    return divides_by_product(x, i, &c, &negative) ? quotient_signed(x, i->a, c, negative) : NO_FOLD;
}

/* a - q * c */
static Val remainder_of(Fold *x, Val v, Val a, Val q, uint64_t c) {
    Val product = fold_new(x, IR_imul, T_I32, q, fold_iconst(x, T_I32, c));
    return fold_set(x, v, IR_isub, 0, a, product);
}

Val fold_urem_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    if (!divides_by_product(x, i, &c, &negative)) return NO_FOLD;
    return remainder_of(x, v, i->a, quotient_unsigned(x, i->a, c), c);
}

/* The sign of the divisor does not matter. */
Val fold_srem_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    bool negative;
    if (!divides_by_product(x, i, &c, &negative)) return NO_FOLD;
    return remainder_of(x, v, i->a, quotient_signed(x, i->a, c, false), c);
}

/* -- Bits ----------------------------------------------------------------- */

Val fold_iand_mask(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->b, &c) && (fold_possible(x, i->a) & ~c) == 0 ? i->a : NO_FOLD;
}

Val fold_iand_nothing(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    return fold_is_const(x, i->b, &c) && (fold_possible(x, i->a) & c) == 0 ? set_const(x, v, i, 0) : NO_FOLD;
}

Val fold_iand_low(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c)) return NO_FOLD;
    Val low = fold_low_bits(x, i->a, 64 - bits_clz64(c));
    return low != i->a ? fold_set(x, v, IR_iand, 0, low, i->b) : NO_FOLD;
}

Val fold_iand_or(Fold *x, Val v, const Ins *i) {
    Val a;
    uint64_t c1, c2;
    if (!fold_is_const(x, i->b, &c2) || !is_op_const(x, i->a, IR_ior, &a, &c1)) return NO_FOLD;
    if ((c1 & c2) == c2) return i->b;
    return (c1 & c2) == 0 ? fold_set(x, v, IR_iand, 0, a, i->b) : NO_FOLD;
}

Val fold_absorb(Fold *x, Val v, const Ins *i) {
    uint8_t other = i->op == IR_iand ? IR_ior : IR_iand;
    const Ins *s;
    (void)v;
    if (is_op(x, i->b, other, &s) && (s->a == i->a || s->b == i->a)) return i->a;
    if (is_op(x, i->a, other, &s) && (s->a == i->b || s->b == i->b)) return i->b;
    return NO_FOLD;
}

Val fold_ixor_bool(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (i->type != T_I32 || !fold_is_const(x, i->b, &c) || c != 1 || !is_bool(x, i->a)) return NO_FOLD;
    return fold_set(x, v, IR_eqz, 0, i->a, 0);
}

Val fold_ixor_xor(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    (void)v;
    if (is_op(x, i->a, IR_ixor, &s)) {
        if (s->b == i->b) return s->a;
        if (s->a == i->b) return s->b;
    }
    if (is_op(x, i->b, IR_ixor, &s)) {
        if (s->b == i->a) return s->a;
        if (s->a == i->a) return s->b;
    }
    return NO_FOLD;
}

/* -- Shifts: counts are modulo the width ---------------------------------- */

static bool is_count(const Fold *x, Val v, uint32_t *n) {
    uint64_t c;
    if (!fold_is_const(x, v, &c)) return false;
    *n = (uint32_t)c & (fold_width(fold_def(x, v)->type) - 1);
    return true;
}

/* v is `op` of a value and a constant count. */
static bool is_shift(const Fold *x, Val v, uint8_t op, Val *a, uint32_t *n) {
    const Ins *i = fold_def(x, v);
    if (i->op != op || !is_count(x, i->b, n)) return false;
    *a = i->a;
    return true;
}

Val fold_shift_zero(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    uint32_t n;
    (void)v;
    if (is_count(x, i->b, &n) && n == 0) return i->a;
    return fold_is_const(x, i->a, &c) && c == 0 ? i->a : NO_FOLD;
}

Val fold_shift_count(Fold *x, Val v, const Ins *i) {
    Val low = fold_low_bits(x, i->b, log2_of(fold_width(i->type)));
    return low != i->b ? fold_set(x, v, i->op, 0, i->a, low) : NO_FOLD;
}

Val fold_shift_chain(Fold *x, Val v, const Ins *i) {
    uint32_t n1, n2, w = fold_width(i->type);
    Val a;
    if (!is_count(x, i->b, &n2) || !is_shift(x, i->a, i->op, &a, &n1)) return NO_FOLD;
    uint32_t n = n1 + n2;
    if (n >= w && i->op != IR_sshr) return set_const(x, v, i, 0);
    if (n >= w) n = w - 1;
    return fold_set(x, v, i->op, 0, a, fold_iconst(x, i->type, n));
}

Val fold_rot_chain(Fold *x, Val v, const Ins *i) {
    uint32_t n1, n2;
    Val a;
    if (!is_count(x, i->b, &n2) || !is_shift(x, i->a, i->op, &a, &n1)) return NO_FOLD;
    return fold_set(x, v, i->op, 0, a, fold_iconst(x, i->type, (n1 + n2) & (fold_width(i->type) - 1)));
}

Val fold_shl_shr(Fold *x, Val v, const Ins *i) {
    uint32_t n1, n2;
    Val a;
    if (!is_count(x, i->b, &n2)) return NO_FOLD;
    if (!is_shift(x, i->a, IR_ushr, &a, &n1) && !is_shift(x, i->a, IR_sshr, &a, &n1)) return NO_FOLD;
    if (n1 != n2) return NO_FOLD;
    return fold_set(x, v, IR_iand, 0, a, fold_iconst(x, i->type, fold_ones(i->type) << n1));
}

Val fold_shl_low(Fold *x, Val v, const Ins *i) {
    uint32_t n;
    if (!is_count(x, i->b, &n)) return NO_FOLD;
    Val low = fold_low_bits(x, i->a, fold_width(i->type) - n);
    return low != i->a ? fold_set(x, v, IR_shl, 0, low, i->b) : NO_FOLD;
}

Val fold_ushr_nothing(Fold *x, Val v, const Ins *i) {
    uint32_t n;
    return is_count(x, i->b, &n) && fold_possible(x, i->a) >> n == 0 ? set_const(x, v, i, 0) : NO_FOLD;
}

Val fold_ushr_shl(Fold *x, Val v, const Ins *i) {
    uint32_t n1, n2;
    Val a;
    if (!is_count(x, i->b, &n2) || !is_shift(x, i->a, IR_shl, &a, &n1) || n1 != n2) return NO_FOLD;
    return fold_set(x, v, IR_iand, 0, a, fold_iconst(x, i->type, fold_ones(i->type) >> n1));
}

Val fold_sshr_positive(Fold *x, Val v, const Ins *i) {
    if (fold_possible(x, i->a) >> (fold_width(i->type) - 1)) return NO_FOLD;
    return fold_set(x, v, IR_ushr, 0, i->a, i->b);
}

Val fold_sshr_shl(Fold *x, Val v, const Ins *i) {
    uint32_t n1, n2;
    Val a;
    if (!is_count(x, i->b, &n2) || !is_shift(x, i->a, IR_shl, &a, &n1) || n1 != n2) return NO_FOLD;
    switch (fold_width(i->type) - n1) {
    case 8: return fold_set(x, v, IR_sext8, 0, a, 0);
    case 16: return fold_set(x, v, IR_sext16, 0, a, 0);
    case 32: return fold_set(x, v, IR_sext32, 0, a, 0);
    default: return NO_FOLD;
    }
}

/* -- Widths --------------------------------------------------------------- */

static uint32_t sext_bits(uint8_t op) { return op == IR_sext8 ? 8 : op == IR_sext16 ? 16 : 32; }

Val fold_sext_same(Fold *x, Val v, const Ins *i) {
    (void)v;
    return fold_signed_bits(x, i->a) <= sext_bits(i->op) ? i->a : NO_FOLD;
}

Val fold_sext_low(Fold *x, Val v, const Ins *i) {
    Val low = fold_low_bits(x, i->a, sext_bits(i->op));
    return low != i->a ? fold_set(x, v, i->op, 0, low, 0) : NO_FOLD;
}

Val fold_sext_wrap(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    return is_op(x, i->a, IR_wrap, &s) ? fold_set(x, v, IR_sext32, 0, s->a, 0) : NO_FOLD;
}

Val fold_sext_positive(Fold *x, Val v, const Ins *i) {
    return fold_possible(x, i->a) >> 31 ? NO_FOLD : fold_set(x, v, IR_zext, 0, i->a, 0);
}

Val fold_zext_wrap(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    if (!is_op(x, i->a, IR_wrap, &s)) return NO_FOLD;
    Val a = s->a;
    return fold_set(x, v, IR_iand, 0, a, fold_iconst(x, T_I64, UINT32_MAX));
}

Val fold_wrap_ext(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    (void)v;
    return is_op(x, i->a, IR_zext, &s) || is_op(x, i->a, IR_sext, &s) ? s->a : NO_FOLD;
}

Val fold_wrap_low(Fold *x, Val v, const Ins *i) {
    Val low = fold_low_bits(x, i->a, 32);
    return low != i->a ? fold_set(x, v, IR_wrap, 0, low, 0) : NO_FOLD;
}

/* -- Comparisons ---------------------------------------------------------- */

Val fold_icmp_swap(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->a, &c) || fold_is_const(x, i->b, &c)) return NO_FOLD;
    return fold_set(x, v, IR_icmp, (uint8_t)cond_swap((Cond)i->aux), i->b, i->a);
}

Val fold_icmp_self(Fold *x, Val v, const Ins *i) {
    return i->a == i->b ? set_const(x, v, i, eval_icmp((Cond)i->aux, T_I64, 0, 0)) : NO_FOLD;
}

/* Orders are monotone in x, so if both ends of its range agree, all of it does. */
Val fold_icmp_range(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c)) return NO_FOLD;
    Cond cond = (Cond)i->aux;
    IrType type = (IrType)fold_def(x, i->a)->type;
    uint64_t most = fold_possible(x, i->a), ones = fold_ones(type);
    if (cond == C_EQ || cond == C_NE) return c & ~most ? set_const(x, v, i, cond == C_NE) : NO_FOLD;
    uint64_t low = 0, high = most; /* unsigned: a value is at most the number of its possible bits */
    bool is_signed = cond == C_SLT || cond == C_SGE || cond == C_SGT || cond == C_SLE;
    if (is_signed && most >> (fold_width(type) - 1)) {
        uint32_t n = fold_signed_bits(x, i->a) - 1;
        high = (UINT64_C(1) << n) - 1;
        low = ~high & ones;
    }
    bool first = eval_icmp(cond, type, low, c), last = eval_icmp(cond, type, high, c);
    return first == last ? set_const(x, v, i, first) : NO_FOLD;
}

Val fold_icmp_bool(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if ((i->aux != C_EQ && i->aux != C_NE) || !fold_is_const(x, i->b, &c) || c > 1) return NO_FOLD;
    if (fold_def(x, i->a)->type != T_I32 || !is_bool(x, i->a)) return NO_FOLD;
    return (i->aux == C_EQ) == (c == 1) ? i->a : fold_set(x, v, IR_eqz, 0, i->a, 0);
}

Val fold_icmp_eqz(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c)) return NO_FOLD;
    bool eqz = (c == 0 && (i->aux == C_EQ || i->aux == C_ULE)) || (c == 1 && i->aux == C_ULT);
    return eqz ? fold_set(x, v, IR_eqz, 0, i->a, 0) : NO_FOLD;
}

Val fold_icmp_nez(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->b, &c)) return NO_FOLD;
    if (!(c == 0 && i->aux == C_UGT) && !(c == 1 && i->aux == C_UGE)) return NO_FOLD;
    Val zero = c == 0 ? i->b : fold_iconst(x, fold_def(x, i->a)->type, 0);
    return fold_set(x, v, IR_icmp, C_NE, i->a, zero);
}

static Cond unsigned_cond(Cond c) {
    switch (c) {
    case C_SLT: return C_ULT;
    case C_SGE: return C_UGE;
    case C_SGT: return C_UGT;
    case C_SLE: return C_ULE;
    default: return c;
    }
}

/* Zero extension makes numbers that are not negative; sign extension keeps both orders. */
Val fold_icmp_ext(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = fold_def(x, i->b);
    uint64_t c;
    if (a->op != IR_zext && a->op != IR_sext) return NO_FOLD;
    Val left = a->a, right;
    Cond cond = a->op == IR_zext ? unsigned_cond((Cond)i->aux) : (Cond)i->aux;
    if (b->op == a->op) {
        right = b->a;
    } else if (fold_is_const(x, i->b, &c)) {
        uint64_t extended = a->op == IR_zext ? (uint32_t)c : (uint64_t)(int64_t)(int32_t)(uint32_t)c;
        if (extended != c) return NO_FOLD;
        right = fold_iconst(x, T_I32, c);
    } else {
        return NO_FOLD;
    }
    return fold_set(x, v, IR_icmp, (uint8_t)cond, left, right);
}

/* Where the sum lives on (a loop's counter, say), comparing what it was made of would keep both alive. */
Val fold_icmp_undo(Fold *x, Val v, const Ins *i) {
    uint64_t c1, c2;
    const Ins *s = fold_def(x, i->a);
    if ((i->aux != C_EQ && i->aux != C_NE) || !fold_is_const(x, i->b, &c2)) return NO_FOLD;
    bool sub = s->op == IR_isub;
    if (s->op != IR_iadd && s->op != IR_ixor && !sub) return NO_FOLD;
    Val term = sub ? s->b : s->a;
    uint32_t type = s->type;
    if (!fold_is_const(x, sub ? s->a : s->b, &c1) || !fold_sole_use(x, i->a)) return NO_FOLD;
    uint64_t undone = sub ? c1 - c2 : s->op == IR_iadd ? c2 - c1 : c2 ^ c1;
    return fold_set(x, v, IR_icmp, i->aux, term, fold_iconst(x, type, undone));
}

Val fold_icmp_sub(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    const Ins *s;
    if (i->aux != C_NE || !fold_is_const(x, i->b, &c) || c != 0) return NO_FOLD;
    if (!is_op(x, i->a, IR_isub, &s) && !is_op(x, i->a, IR_ixor, &s)) return NO_FOLD;
    return fold_set(x, v, IR_icmp, C_NE, s->a, s->b);
}

Val fold_eqz_icmp(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    return is_op(x, i->a, IR_icmp, &s) ? fold_set(x, v, IR_icmp, (uint8_t)cond_not((Cond)s->aux), s->a, s->b) : NO_FOLD;
}

Val fold_eqz_fcmp(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    if (!is_op(x, i->a, IR_fcmp, &s) || (s->aux != FC_EQ && s->aux != FC_NE)) return NO_FOLD;
    return fold_set(x, v, IR_fcmp, s->aux == FC_EQ ? FC_NE : FC_EQ, s->a, s->b);
}

Val fold_eqz_eqz(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    if (!is_op(x, i->a, IR_eqz, &s)) return NO_FOLD;
    Val a = s->a;
    return fold_set(x, v, IR_icmp, C_NE, a, fold_iconst(x, fold_def(x, a)->type, 0));
}

Val fold_eqz_ext(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    return is_op(x, i->a, IR_zext, &s) || is_op(x, i->a, IR_sext, &s) ? fold_set(x, v, IR_eqz, 0, s->a, 0) : NO_FOLD;
}

Val fold_eqz_sub(Fold *x, Val v, const Ins *i) {
    const Ins *s;
    if (!is_op(x, i->a, IR_isub, &s) && !is_op(x, i->a, IR_ixor, &s)) return NO_FOLD;
    return fold_set(x, v, IR_icmp, C_EQ, s->a, s->b);
}

/* -- Selections ----------------------------------------------------------- */

static Val set_select(Fold *x, Val v, Val condition, Val b, Val c) {
    x->f->ins.at[v].a = condition;
    x->f->ins.at[v].b = b;
    x->f->ins.at[v].c = c;
    return v;
}

Val fold_select_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    (void)v;
    return fold_is_const(x, i->a, &c) ? (c ? i->b : i->c) : NO_FOLD;
}

Val fold_select_same(Fold *x, Val v, const Ins *i) {
    (void)v;
    return val_equal(x->f, i->b, i->c) ? i->b : NO_FOLD;
}

Val fold_select_eqz(Fold *x, Val v, const Ins *i) {
    Val a;
    return fold_is_test(x, i->a, IR_eqz, &a) ? set_select(x, v, a, i->c, i->b) : NO_FOLD;
}

Val fold_select_nez(Fold *x, Val v, const Ins *i) {
    Val a;
    return fold_is_test(x, i->a, IR_icmp, &a) ? set_select(x, v, a, i->b, i->c) : NO_FOLD;
}

Val fold_select_bool(Fold *x, Val v, const Ins *i) {
    uint64_t b, c;
    if (!fold_is_const(x, i->b, &b) || !fold_is_const(x, i->c, &c) || b > 1 || b + c != 1) return NO_FOLD;
    if (b == 1 && !is_bool(x, i->a)) return NO_FOLD;
    if (b == 1) return i->type == T_I32 ? i->a : fold_set(x, v, IR_zext, 0, i->a, 0);
    if (i->type == T_I32) return fold_set(x, v, IR_eqz, 0, i->a, 0);
    return fold_set(x, v, IR_zext, 0, fold_new(x, IR_eqz, T_I32, i->a, 0), 0);
}
