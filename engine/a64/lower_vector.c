/* Lowering of lane operations: arithmetic, comparisons, shifts, tests.  lower_lane.c has what moves lanes.
 *
 * Most are one instruction with wasm's semantics, and `row` has it; the rest are sequences below.  Float instructions
 * are as their scalar forms (lower_float.c): they round, saturate and order zeros as wasm wants, and make the default
 * NaN when FPCR.DN is on.  What narrows to the lower half of a register clears the upper one, and where that is not
 * what an operation means, the second half follows. */
#include <assert.h>
#include <string.h>
#include "a64/lower.h"

enum { SEQUENCE, PLAIN, COMPARE, FCOMPARE }; /* VectorRow.how */

typedef struct VectorRow {
    uint16_t op;  /* PLAIN: of the instruction, all operands in order */
    uint8_t size; /* of a lane, as the instruction has it */
    uint8_t how;
    uint8_t cond; /* comparisons: enum Cond, the signed ones for floats */
} VectorRow;

#define P1(vop, insn, bytes) [VOP_##vop] = {A64_##insn, bytes, PLAIN, 0}
#define BH(vop, insn) P1(i8x16_##vop, insn, 1), P1(i16x8_##vop, insn, 2)
#define BHS(vop, insn) BH(vop, insn), P1(i32x4_##vop, insn, 4)
#define BHSD(vop, insn) BHS(vop, insn), P1(i64x2_##vop, insn, 8)
#define SD(vop, insn) P1(f32x4_##vop, insn, 4), P1(f64x2_##vop, insn, 8)
/* lanes of `bytes` in the lower or upper half of the operands */
#define EXTEND(to, from, bytes)                                                                         \
    P1(to##_extend_low_##from##_s, VSSHLL, bytes), P1(to##_extend_high_##from##_s, VSSHLL2, bytes),     \
        P1(to##_extend_low_##from##_u, VUSHLL, bytes), P1(to##_extend_high_##from##_u, VUSHLL2, bytes), \
        P1(to##_extmul_low_##from##_s, VSMULL, bytes), P1(to##_extmul_high_##from##_s, VSMULL2, bytes), \
        P1(to##_extmul_low_##from##_u, VUMULL, bytes), P1(to##_extmul_high_##from##_u, VUMULL2, bytes)
#define C1(vop, bytes, how, cond) [VOP_##vop] = {0, bytes, how, cond}
#define COMPARE_S(shape, bytes)                                                           \
    C1(shape##_eq, bytes, COMPARE, C_EQ), C1(shape##_ne, bytes, COMPARE, C_NE),           \
        C1(shape##_lt_s, bytes, COMPARE, C_SLT), C1(shape##_gt_s, bytes, COMPARE, C_SGT), \
        C1(shape##_le_s, bytes, COMPARE, C_SLE), C1(shape##_ge_s, bytes, COMPARE, C_SGE)
#define COMPARE_U(shape, bytes)                                                       \
    C1(shape##_lt_u, bytes, COMPARE, C_ULT), C1(shape##_gt_u, bytes, COMPARE, C_UGT), \
        C1(shape##_le_u, bytes, COMPARE, C_ULE), C1(shape##_ge_u, bytes, COMPARE, C_UGE)
#define COMPARE_F(shape, bytes)                                                         \
    C1(shape##_eq, bytes, FCOMPARE, C_EQ), C1(shape##_ne, bytes, FCOMPARE, C_NE),       \
        C1(shape##_lt, bytes, FCOMPARE, C_SLT), C1(shape##_gt, bytes, FCOMPARE, C_SGT), \
        C1(shape##_le, bytes, FCOMPARE, C_SLE), C1(shape##_ge, bytes, FCOMPARE, C_SGE)

static const VectorRow row[VOP_COUNT] = {
    /* integer */
    BHSD(abs, VABS),
    BHSD(neg, VNEG),
    BHSD(add, VADD),
    BHSD(sub, VSUB),
    P1(i16x8_mul, VMUL, 2),
    P1(i32x4_mul, VMUL, 4),
    BHS(min_s, VSMIN),
    BHS(min_u, VUMIN),
    BHS(max_s, VSMAX),
    BHS(max_u, VUMAX),
    BH(add_sat_s, VSQADD),
    BH(add_sat_u, VUQADD),
    BH(sub_sat_s, VSQSUB),
    BH(sub_sat_u, VUQSUB),
    BH(avgr_u, VURHADD),
    P1(i16x8_q15mulr_sat_s, VSQRDMULH, 2),
    P1(i8x16_popcnt, CNT, 16),
    P1(i16x8_extadd_pairwise_i8x16_s, VSADDLP, 1),
    P1(i16x8_extadd_pairwise_i8x16_u, VUADDLP, 1),
    P1(i32x4_extadd_pairwise_i16x8_s, VSADDLP, 2),
    P1(i32x4_extadd_pairwise_i16x8_u, VUADDLP, 2),
    EXTEND(i16x8, i8x16, 1),
    EXTEND(i32x4, i16x8, 2),
    EXTEND(i64x2, i32x4, 4),
    COMPARE_S(i8x16, 1),
    COMPARE_U(i8x16, 1),
    COMPARE_S(i16x8, 2),
    COMPARE_U(i16x8, 2),
    COMPARE_S(i32x4, 4),
    COMPARE_U(i32x4, 4),
    COMPARE_S(i64x2, 8),
    /* bits, bytes */
    P1(v128_not, VNOT, 1),
    P1(v128_and, VAND, 1),
    P1(v128_andnot, VBIC, 1),
    P1(v128_or, VORR, 1),
    P1(v128_xor, VEOR, 1),
    P1(i8x16_swizzle, TBL, 1),
    /* float */
    SD(abs, VFABS),
    SD(neg, VFNEG),
    SD(sqrt, VFSQRT),
    SD(ceil, VFRINTP),
    SD(floor, VFRINTM),
    SD(trunc, VFRINTZ),
    SD(nearest, VFRINTN),
    SD(add, VFADD),
    SD(sub, VFSUB),
    SD(mul, VFMUL),
    SD(div, VFDIV),
    SD(min, VFMIN),
    SD(max, VFMAX),
    COMPARE_F(f32x4, 4),
    COMPARE_F(f64x2, 8),
    P1(f32x4_demote_f64x2_zero, VFCVTN, 4),
    P1(f64x2_promote_low_f32x4, VFCVTL, 4),
    P1(i32x4_trunc_sat_f32x4_s, VFCVTZS, 4),
    P1(i32x4_trunc_sat_f32x4_u, VFCVTZU, 4),
    P1(f32x4_convert_i32x4_s, VSCVTF, 4),
    P1(f32x4_convert_i32x4_u, VUCVTF, 4),
};

static Reg vector_temp(Lower *l) { return lower_temp(l, T_V128); }

static bool is_lanes(const Lower *l, Val v, IrOp op, VOp vop) {
    const Ins *i = lower_ins(l, v);
    return i->op == op && i->aux == vop;
}

static bool is_sole_lanes(const Lower *l, Val v, IrOp op, VOp vop) {
    return is_lanes(l, v, op, vop) && a64_sole(l, v, op);
}

static bool is_zero(const Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (i->op == IR_vsplat) {
        const Ins *x = lower_ins(l, i->a);
        return (x->op == IR_iconst || x->op == IR_fconst) && ins_imm(x) == 0;
    }
    if (i->op != IR_vconst) return false;
    const uint32_t *w = l->f->pool.at + i->a;
    return (w[0] | w[1] | w[2] | w[3]) == 0;
}

static void plain1(Lower *l, const Ins *i, Reg d, uint32_t op, uint32_t size) {
    A64_HIT(l, vplain);
    a64_ins1(l, op, size, d, a64_reg(l, i->a));
}

static void plain2(Lower *l, const Ins *i, Reg d, uint32_t op, uint32_t size) {
    A64_HIT(l, vplain);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
    a64_ins2(l, op, size, d, a, b);
}

/* -- NaNs -------------------------------------------------------------------------- */

static bool is_canon(const Ins *i) {
    return i->op == IR_vunary && (i->aux == VOP_f32x4_canon || i->aux == VOP_f64x2_canon);
}

/* The shape of a float operation's result is the first word of its name. */
bool a64_vcanon_free(const Lower *l, const Ins *i) {
    if (!l->o->nan_canon || !is_canon(i)) return false;
    const Ins *x = lower_ins(l, i->a);
    if (x->op != IR_vunary && x->op != IR_vbinary) return false;
    bool arithmetic = is_canon(x) || vop_info[x->aux].shape == V_FUNARY || vop_info[x->aux].shape == V_FBINARY;
    return arithmetic && strncmp(vop_info[x->aux].name, vop_info[i->aux].name, 5) == 0;
}

static void canonicalize(Lower *l, const Ins *i, Reg d) {
    uint32_t size = i->aux == VOP_f32x4_canon ? 4 : 8;
    Reg a = a64_reg(l, i->a);
    if (a64_vcanon_free(l, i)) {
        A64_HIT(l, vcanon_free);
        a64_move(l, d, a);
    } else {
        A64_HIT(l, vcanon);
        Reg nan = vector_temp(l), number = vector_temp(l);
        uint64_t bits = size == 4 ? UINT64_C(0x7fc000007fc00000) : UINT64_C(0x7ff8000000000000);
        a64_vector_const(l, bits, bits, nan);
        a64_ins2(l, A64_VFCMEQ, size, number, a, a);
        a64_tied(l, A64_BSL, 16, d, number);
        LOWER_USE(l, a);
        LOWER_USE(l, nan);
    }
}

/* -- Comparisons --------------------------------------------------------------------- */

/* Lanes of x that are not 0, or have bits in common with y where x is (and z y). */
static void test_bits(Lower *l, Val v, Reg d, uint32_t size) {
    A64_HIT(l, vcmtst);
    const Ins *i = lower_ins(l, v);
    bool and = is_sole_lanes(l, v, IR_vbinary, VOP_v128_and);
    Reg a = a64_reg(l, and? i->a : v), b = and? a64_reg(l, i->b) : a;
    a64_ins2(l, A64_VCMTST, size, d, a, b);
}

static void compare(Lower *l, const Ins *i, Reg d) {
    static const uint16_t with_zero[2][C_COUNT] = {
        {[C_EQ] = A64_VCMEQ0, [C_SLT] = A64_VCMLT0, [C_SGT] = A64_VCMGT0, [C_SLE] = A64_VCMLE0, [C_SGE] = A64_VCMGE0},
        {[C_EQ] = A64_VFCMEQ0,
         [C_SLT] = A64_VFCMLT0,
         [C_SGT] = A64_VFCMGT0,
         [C_SLE] = A64_VFCMLE0,
         [C_SGE] = A64_VFCMGE0}};
    static const uint16_t plain[2][C_COUNT] = {
        {[C_EQ] = A64_VCMEQ, [C_SGT] = A64_VCMGT, [C_SGE] = A64_VCMGE, [C_UGT] = A64_VCMHI, [C_UGE] = A64_VCMHS},
        {[C_EQ] = A64_VFCMEQ, [C_SGT] = A64_VFCMGT, [C_SGE] = A64_VFCMGE}};
    bool fp = row[i->aux].how == FCOMPARE;
    uint32_t size = row[i->aux].size;
    Cond cond = (Cond)row[i->aux].cond;
    Val x = i->a, y = i->b;
    if (is_zero(l, x)) x = i->b, y = i->a, cond = cond_swap(cond);
    bool zero = is_zero(l, y);
    if (zero && !fp && (cond == C_NE || cond == C_UGT)) {
        test_bits(l, x, d, size);
        return;
    }
    Reg r = d;
    bool ne = cond == C_NE; /* the opposite of eq, also where an operand is a NaN */
    if (ne) {
        A64_HIT(l, vcmp_ne);
        cond = C_EQ, r = vector_temp(l);
    }
    if (zero && with_zero[fp][cond]) {
        A64_HIT(l, vcmp_zero);
        a64_ins1(l, with_zero[fp][cond], size, r, a64_reg(l, x));
    } else {
        A64_HIT(l, vcmp);
        if (!plain[fp][cond]) {
            Val s = x;
            x = y, y = s, cond = cond_swap(cond);
        }
        Reg a = a64_reg(l, x), b = a64_reg(l, y);
        a64_ins2(l, plain[fp][cond], size, r, a, b);
    }
    if (ne) a64_ins1(l, A64_VNOT, 1, d, r);
}

/* -- Sequences of two operands --------------------------------------------------------- */

/* (and x (not y)), (or x (not y)) */
static bool with_not(Lower *l, const Ins *i, Reg d) {
    if (i->aux != VOP_v128_and && i->aux != VOP_v128_or) return false;
    Val x = i->a, y = i->b;
    if (is_sole_lanes(l, x, IR_vunary, VOP_v128_not)) x = i->b, y = i->a;
    if (!is_sole_lanes(l, y, IR_vunary, VOP_v128_not)) return false;
    A64_HIT(l, vlogic_not);
    Reg a = a64_reg(l, x), b = a64_reg(l, lower_ins(l, y)->a);
    a64_ins2(l, i->aux == VOP_v128_and ? A64_VBIC : A64_VORN, 1, d, a, b);
    return true;
}

/* (add x (mul y z)), (sub x (mul y z)) */
static bool multiply_add(Lower *l, const Ins *i, Reg d) {
    bool sub = i->aux == VOP_i16x8_sub || i->aux == VOP_i32x4_sub;
    if (!sub && i->aux != VOP_i16x8_add && i->aux != VOP_i32x4_add) return false;
    uint32_t size = row[i->aux].size;
    VOp mul = size == 2 ? VOP_i16x8_mul : VOP_i32x4_mul;
    Val x = i->a, y = i->b;
    if (!sub && is_sole_lanes(l, x, IR_vbinary, mul)) x = i->b, y = i->a;
    if (!is_sole_lanes(l, y, IR_vbinary, mul)) return false;
    A64_HIT(l, vmla);
    const Ins *m = lower_ins(l, y);
    Reg sum = a64_reg(l, x), a = a64_reg(l, m->a), b = a64_reg(l, m->b);
    a64_tied(l, sub ? A64_VMLS : A64_VMLA, size, d, sum);
    LOWER_USE(l, a);
    LOWER_USE(l, b);
    return true;
}

/* By halves: the low ones' product, and the sum of the mixed products 32 bits up. */
static void multiply_64(Lower *l, const Ins *i, Reg d) {
    A64_HIT(l, vmul_64);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), swapped = vector_temp(l), mixed = vector_temp(l),
        sum = vector_temp(l), high = vector_temp(l), al = vector_temp(l), bl = vector_temp(l);
    a64_ins1(l, A64_VREV64, 4, swapped, b);
    a64_ins2(l, A64_VMUL, 4, mixed, a, swapped);
    a64_ins1(l, A64_VUADDLP, 4, sum, mixed);
    a64_imm(l, A64_VSHL, 8, high, sum, 32);
    a64_ins1(l, A64_VXTN, 4, al, a);
    a64_ins1(l, A64_VXTN, 4, bl, b);
    a64_tied(l, A64_VUMLAL, 4, d, high);
    LOWER_USE(l, al);
    LOWER_USE(l, bl);
}

static void narrow(Lower *l, const Ins *i, Reg d, uint32_t op, uint32_t op2, uint32_t size) {
    A64_HIT(l, vnarrow);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), low = vector_temp(l);
    a64_ins1(l, op, size, low, a);
    a64_tied(l, op2, size, d, low);
    LOWER_USE(l, b);
}

/* Sums of neighbours, and of products there are half as many: addp puts those of both registers into one.  A sum of
 * two products of the least numbers is 2^31 and wraps, as wasm's does. */
static void dot(Lower *l, const Ins *i, Reg d) {
    A64_HIT(l, vdot);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), low = vector_temp(l), high = vector_temp(l);
    a64_ins2(l, A64_VSMULL, 2, low, a, b);
    a64_ins2(l, A64_VSMULL2, 2, high, a, b);
    a64_ins2(l, A64_VADDP, 4, d, low, high);
}

/* b < a ? b : a, a < b ? b : a: false on NaN and on zeros of either sign */
static void pseudo_min_max(Lower *l, const Ins *i, Reg d, bool max, uint32_t size) {
    A64_HIT(l, vpmin);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), mask = vector_temp(l);
    a64_ins2(l, A64_VFCMGT, size, mask, max ? b : a, max ? a : b);
    a64_tied(l, A64_BSL, 16, d, mask);
    LOWER_USE(l, b);
    LOWER_USE(l, a);
}

static void unary(Lower *l, const Ins *i, Reg d) {
    const VectorRow *r = &row[i->aux];
    if (r->how == PLAIN) {
        plain1(l, i, d, r->op, r->size);
        return;
    }
    Reg t;
    switch ((VOp)i->aux) {
    case VOP_f32x4_canon:
    case VOP_f64x2_canon: canonicalize(l, i, d); break;
    case VOP_i32x4_trunc_sat_f64x2_s_zero:
    case VOP_i32x4_trunc_sat_f64x2_u_zero: { /* saturated twice */
        bool s = i->aux == VOP_i32x4_trunc_sat_f64x2_s_zero;
        A64_HIT(l, vtrunc_64);
        t = vector_temp(l);
        a64_ins1(l, s ? A64_VFCVTZS : A64_VFCVTZU, 8, t, a64_reg(l, i->a));
        a64_ins1(l, s ? A64_VSQXTN : A64_VUQXTN, 4, d, t);
        break;
    }
    case VOP_f64x2_convert_low_i32x4_s:
    case VOP_f64x2_convert_low_i32x4_u: { /* exact */
        bool s = i->aux == VOP_f64x2_convert_low_i32x4_s;
        A64_HIT(l, vconvert_64);
        t = vector_temp(l);
        a64_ins1(l, s ? A64_VSSHLL : A64_VUSHLL, 4, t, a64_reg(l, i->a));
        a64_ins1(l, s ? A64_VSCVTF : A64_VUCVTF, 8, d, t);
        break;
    }
    default: assert(false && "not an operation of one vector");
    }
}

static void binary(Lower *l, const Ins *i, Reg d) {
    const VectorRow *r = &row[i->aux];
    if (r->how == COMPARE || r->how == FCOMPARE) {
        compare(l, i, d);
        return;
    }
    if (with_not(l, i, d) || multiply_add(l, i, d)) return;
    if (r->how == PLAIN) {
        plain2(l, i, d, r->op, r->size);
        return;
    }
    switch ((VOp)i->aux) {
    case VOP_i64x2_mul: multiply_64(l, i, d); break;
    case VOP_i8x16_narrow_i16x8_s: narrow(l, i, d, A64_VSQXTN, A64_VSQXTN2, 1); break;
    case VOP_i8x16_narrow_i16x8_u: narrow(l, i, d, A64_VSQXTUN, A64_VSQXTUN2, 1); break;
    case VOP_i16x8_narrow_i32x4_s: narrow(l, i, d, A64_VSQXTN, A64_VSQXTN2, 2); break;
    case VOP_i16x8_narrow_i32x4_u: narrow(l, i, d, A64_VSQXTUN, A64_VSQXTUN2, 2); break;
    case VOP_i32x4_dot_i16x8_s: dot(l, i, d); break;
    case VOP_f32x4_pmin: pseudo_min_max(l, i, d, false, 4); break;
    case VOP_f64x2_pmin: pseudo_min_max(l, i, d, false, 8); break;
    case VOP_f32x4_pmax: pseudo_min_max(l, i, d, true, 4); break;
    case VOP_f64x2_pmax: pseudo_min_max(l, i, d, true, 8); break;
    default: assert(false && "not an operation of two vectors");
    }
}

/* Bits of a where c has ones, else of b.  Three instructions differ in which operand they overwrite: best one that
 * nobody reads afterwards. */
static void bitselect(Lower *l, const Ins *i, Reg d) {
    assert(i->aux == VOP_v128_bitselect);
    A64_HIT(l, vbitselect);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), c = a64_reg(l, i->c);
    if (l->val[i->c].uses == 1 || (l->val[i->a].uses != 1 && l->val[i->b].uses != 1)) {
        a64_tied(l, A64_BSL, 16, d, c);
        LOWER_USE(l, a);
        LOWER_USE(l, b);
    } else if (l->val[i->b].uses == 1) {
        a64_tied(l, A64_BIT, 16, d, b);
        LOWER_USE(l, a);
        LOWER_USE(l, c);
    } else {
        a64_tied(l, A64_BIF, 16, d, a);
        LOWER_USE(l, b);
        LOWER_USE(l, c);
    }
}

/* -- Shifts ------------------------------------------------------------------------------- */

typedef struct ShiftKind {
    uint16_t by_imm, by_reg;
    bool right;
    uint8_t size;
} ShiftKind;

static ShiftKind shift_kind(VOp op) {
#define SHIFTS(shape, bytes)                                                         \
    case VOP_##shape##_shl: return (ShiftKind){A64_VSHL, A64_VUSHL, false, bytes};   \
    case VOP_##shape##_shr_s: return (ShiftKind){A64_VSSHR, A64_VSSHL, true, bytes}; \
    case VOP_##shape##_shr_u: return (ShiftKind) { A64_VUSHR, A64_VUSHL, true, bytes \
        }
    switch (op) {
        SHIFTS(i8x16, 1);
        SHIFTS(i16x8, 2);
        SHIFTS(i32x4, 4);
        SHIFTS(i64x2, 8);
    default: assert(false && "not a shift"); return (ShiftKind){0};
    }
#undef SHIFTS
}

/* sshl and ushl take the signed lowest byte of each lane as a shift to the left. */
static void shift(Lower *l, const Ins *i, Reg d) {
    ShiftKind k = shift_kind((VOp)i->aux);
    uint64_t c, mask = k.size * 8u - 1;
    if (lower_is_const(l, i->b, &c)) {
        c &= mask;
        if (c == 0) {
            A64_HIT(l, vshift_0);
            a64_move(l, d, a64_reg(l, i->a));
        } else {
            A64_HIT(l, vshift_imm);
            a64_imm(l, k.by_imm, k.size, d, a64_reg(l, i->a), c);
        }
        return;
    }
    A64_HIT(l, vshift);
    const Ins *n = lower_ins(l, i->b);
    bool masked = n->op == IR_iand && lower_is_const(l, n->b, &c) && c <= mask;
    Reg count = a64_reg(l, i->b), a = a64_reg(l, i->a), all = vector_temp(l);
    if (!masked) {
        Reg low = lower_temp(l, T_I32);
        a64_imm(l, A64_ANDI, 4, low, count, mask);
        count = low;
    }
    if (k.right) {
        Reg minus = lower_temp(l, T_I32);
        a64_ins2(l, A64_SUB, 4, minus, A64_ZR, count);
        count = minus;
    }
    a64_ins1(l, A64_DUP, 1, all, count);
    a64_ins2(l, k.by_reg, k.size, d, a, all);
}

/* -- Tests ----------------------------------------------------------------------------------- */

static bool is_bitmask(uint8_t op) {
    return op == VOP_i8x16_bitmask || op == VOP_i16x8_bitmask || op == VOP_i32x4_bitmask || op == VOP_i64x2_bitmask;
}

bool a64_is_vtest(const Lower *l, Val v) { return a64_sole(l, v, IR_vtest) && !is_bitmask(lower_ins(l, v)->aux); }

static uint32_t test_size(VOp op) {
    switch (op) {
    case VOP_i8x16_all_true:
    case VOP_i8x16_bitmask: return 1;
    case VOP_i16x8_all_true:
    case VOP_i16x8_bitmask: return 2;
    case VOP_i32x4_all_true:
    case VOP_i32x4_bitmask: return 4;
    default: return 8;
    }
}

/* A general register that says by being 0 or not whether any, or all, lanes are not 0. */
A64Test a64_vtest(Lower *l, const Ins *i) {
    uint32_t size = test_size((VOp)i->aux);
    Reg a = a64_reg(l, i->a), t = vector_temp(l);
    A64Test test = {.form = A64_TEST_ZERO, .set = true};
    if (i->aux == VOP_v128_any_true) { /* the four lanes' greatest of both halves */
        A64_HIT(l, vany_true);
        a64_ins2(l, A64_VUMAXP, 4, t, a, a);
        test.size = 8;
    } else if (size < 8) {
        A64_HIT(l, vall_true);
        a64_ins1(l, A64_VUMINV, size, t, a);
        test.size = 4;
    } else { /* the number of lanes that are 0, negative */
        A64_HIT(l, vall_true);
        Reg zeros = vector_temp(l);
        a64_ins1(l, A64_VCMEQ0, 8, zeros, a);
        a64_ins1(l, A64_VADDP_D, 8, t, zeros);
        test.size = 8, test.set = false;
    }
    test.reg = lower_temp(l, test.size == 4 ? T_I32 : T_I64);
    a64_ins1(l, A64_FMOV_IF, test.size, test.reg, t);
    return test;
}

/* Each lane's sign as the bit of its number, then their sum.  Of bytes, the upper eight join the lower ones pair by
 * pair, so that sums are of halfwords. */
static void bitmask(Lower *l, const Ins *i, Reg d) {
    static const uint64_t bit[][2] = {[1] = {UINT64_C(0x8040201008040201), UINT64_C(0x8040201008040201)},
                                      [2] = {UINT64_C(0x0008000400020001), UINT64_C(0x0080004000200010)},
                                      [4] = {UINT64_C(0x0000000200000001), UINT64_C(0x0000000800000004)}};
    uint32_t size = test_size((VOp)i->aux);
    A64_HIT(l, vbitmask);
    Reg a = a64_reg(l, i->a), sign = vector_temp(l);
    if (size == 8) {
        Reg low = lower_temp(l, T_I64), high = lower_temp(l, T_I64);
        a64_imm(l, A64_VUSHR, 8, sign, a, 63);
        a64_imm(l, A64_UMOV, 8, low, sign, 0);
        a64_imm(l, A64_UMOV, 8, high, sign, 1);
        MInsn *m = a64_ins2(l, A64_ADD, 4, d, low, high);
        m->aux = A64_LSL, m->imm = 1;
        return;
    }
    Reg weight = vector_temp(l), bits = vector_temp(l), sum = vector_temp(l);
    a64_vector_const(l, bit[size][0], bit[size][1], weight);
    a64_ins1(l, A64_VCMLT0, size, sign, a);
    a64_ins2(l, A64_VAND, 1, bits, sign, weight);
    if (size == 1) {
        Reg upper = vector_temp(l), pairs = vector_temp(l);
        a64_ins2(l, A64_EXT, 1, upper, bits, bits)->imm = 8;
        a64_ins2(l, A64_VZIP1, 1, pairs, bits, upper);
        bits = pairs, size = 2;
    }
    a64_ins1(l, A64_VADDV, size, sum, bits);
    a64_ins1(l, A64_FMOV_IF, 4, d, sum);
}

static void test(Lower *l, const Ins *i, Reg d) {
    if (is_bitmask(i->aux)) {
        bitmask(l, i, d);
        return;
    }
    A64Test t = a64_vtest(l, i);
    a64_imm(l, A64_SUBSI, t.size, A64_ZR, t.reg, 0);
    a64_ins2(l, A64_CSINC, 4, d, A64_ZR, A64_ZR)->cc = t.set ? CC_EQ : CC_NE; /* cset of the opposite */
}

void a64_lower_vector(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    switch ((IrOp)i->op) {
    case IR_vunary: unary(l, i, d); break;
    case IR_vbinary: binary(l, i, d); break;
    case IR_vternary: bitselect(l, i, d); break;
    case IR_vshift: shift(l, i, d); break;
    case IR_vtest: test(l, i, d); break;
    default: assert(false && "not an operation of vectors");
    }
}
