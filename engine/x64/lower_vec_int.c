/* Lowering for x86-64: integer lanes, what takes several instructions.  SSE has no unsigned and no "or equal"
 * comparison, no shifts of bytes, no arithmetic shift, multiplication, minimum or absolute value of 64-bit lanes. */
#include <assert.h>
#include "x64/vec.h"

typedef struct Operands {
    Reg d, a, b;
} Operands;

static Operands operands(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = lower_use(l, i->a), b = ir_info[i->op].nargs > 1 ? lower_use(l, i->b) : REG_NONE;
    return (Operands){d, a, b};
}

/* -- Comparisons -------------------------------------------------------------------- */

typedef struct Compare {
    uint16_t first, equal; /* equal 0: the negation of `first` alone */
    bool negate, swap;
} Compare;

/* x <= y is min(x, y) == x; x > y unsigned is its negation.  For 64 bits the negation of pcmpgtq. */
#define ORDERED(t, s, S)                                            \
    [VOP_##t##_le_s] = {X64_PMINS##S, X64_PCMPEQ##S, false, false}, \
    [VOP_##t##_ge_s] = {X64_PMAXS##S, X64_PCMPEQ##S, false, false}, \
    [VOP_##t##_le_u] = {X64_PMINU##S, X64_PCMPEQ##S, false, false}, \
    [VOP_##t##_ge_u] = {X64_PMAXU##S, X64_PCMPEQ##S, false, false}, \
    [VOP_##t##_gt_u] = {X64_PMINU##S, X64_PCMPEQ##S, true, false},  \
    [VOP_##t##_lt_u] = {X64_PMAXU##S, X64_PCMPEQ##S, true, false}, [VOP_##t##_ne] = {X64_PCMPEQ##S, 0, true, false}
static const Compare compare[VOP_COUNT] = {
    ORDERED(i8x16, b, B),
    ORDERED(i16x8, w, W),
    ORDERED(i32x4, d, D),
    [VOP_i64x2_ne] = {X64_PCMPEQQ, 0, true, false},
    [VOP_i64x2_le_s] = {X64_PCMPGTQ, 0, true, false},
    [VOP_i64x2_ge_s] = {X64_PCMPGTQ, 0, true, true},
};
#undef ORDERED

static Reg invert(Lower *l, Reg d, Reg a) { return x64_v2(l, d, X64_PXOR, x64_vones(l), a); }

static void lower_compare(Lower *l, Val v, const Compare *c) {
    Operands o = operands(l, v);
    x64_hit(l, c->equal ? (c->negate ? X64_RULE_vec_compare_min_max_not : X64_RULE_vec_compare_min_max)
                        : X64_RULE_vec_compare_not);
    Reg r = x64_v2(l, X64_NEW, c->first, c->swap ? o.b : o.a, c->swap ? o.a : o.b);
    if (c->equal) r = x64_v2(l, c->negate ? X64_NEW : o.d, c->equal, r, o.a);
    if (c->negate) invert(l, o.d, r);
}

/* -- Bits ------------------------------------------------------------------------------ */

static void lower_bitselect(Lower *l, Val v) { /* ((a ^ b) & c) ^ b */
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = lower_use(l, i->a), b = lower_use(l, i->b), c = lower_use(l, i->c);
    x64_hit(l, X64_RULE_vec_bitselect);
    Reg t = x64_v2(l, X64_NEW, X64_PXOR, a, b);
    t = x64_v2(l, X64_NEW, X64_PAND, t, c);
    x64_v2(l, d, X64_PXOR, t, b);
}

/* Bits of a nibble by table, both nibbles of each byte. */
static void lower_popcnt(Lower *l, Val v) {
    static const X64Const table = {0x0302020102010100, 0x0403030203020201};
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_popcnt);
    Reg low = x64_v2k(l, X64_NEW, X64_PAND, o.a, x64_k8(15));
    Reg high = x64_vshift(l, X64_NEW, X64_PSRLW_I, o.a, 4);
    high = x64_v2k(l, X64_NEW, X64_PAND, high, x64_k8(15));
    Reg bits = x64_vconst(l, X64_NEW, table);
    low = x64_v2(l, X64_NEW, X64_PSHUFB, bits, low);
    high = x64_v2(l, X64_NEW, X64_PSHUFB, bits, high);
    x64_v2(l, o.d, X64_PADDB, low, high);
}

/* -- Arithmetic -------------------------------------------------------------------------- */

static void lower_neg(Lower *l, Val v) {
    uint8_t op = lower_ins(l, v)->aux;
    uint32_t sub = op == VOP_i8x16_neg   ? X64_PSUBB
                   : op == VOP_i16x8_neg ? X64_PSUBW
                   : op == VOP_i32x4_neg ? X64_PSUBD
                                         : X64_PSUBQ;
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_neg);
    x64_v2(l, o.d, sub, x64_vzero(l), o.a);
}

static void lower_abs64(Lower *l, Val v) { /* (a ^ sign) - sign */
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_abs64);
    Reg sign = x64_v2(l, X64_NEW, X64_PCMPGTQ, x64_vzero(l), o.a);
    Reg t = x64_v2(l, X64_NEW, X64_PXOR, o.a, sign);
    x64_v2(l, o.d, X64_PSUBQ, t, sign);
}

static void lower_mul64(Lower *l, Val v) { /* low * low + ((high * low + low * high) << 32) */
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_mul64);
    Reg ah = x64_vshift(l, X64_NEW, X64_PSRLQ_I, o.a, 32), bh = x64_vshift(l, X64_NEW, X64_PSRLQ_I, o.b, 32);
    ah = x64_v2(l, X64_NEW, X64_PMULUDQ, ah, o.b);
    bh = x64_v2(l, X64_NEW, X64_PMULUDQ, bh, o.a);
    Reg middle = x64_v2(l, X64_NEW, X64_PADDQ, ah, bh);
    middle = x64_vshift(l, X64_NEW, X64_PSLLQ_I, middle, 32);
    Reg low = x64_v2(l, X64_NEW, X64_PMULUDQ, o.a, o.b);
    x64_v2(l, o.d, X64_PADDQ, low, middle);
}

/* pmulhrsw gives 0x8000 for one pair of operands, -1 * -1, where the result is 0x7fff. */
static void lower_q15mulr(Lower *l, Val v) {
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_q15mulr);
    Reg t = x64_v2(l, X64_NEW, X64_PMULHRSW, o.a, o.b);
    Reg over = x64_v2k(l, X64_NEW, X64_PCMPEQW, t, x64_k16(0x8000));
    x64_v2(l, o.d, X64_PXOR, t, over);
}

/* -- Extension ------------------------------------------------------------------------------ */

/* Lanes of the lower or upper half extended to twice their width. */
static Reg extend(Lower *l, Reg d, uint32_t op, bool high, Reg a) {
    if (high) a = x64_v1i(l, X64_NEW, X64_PSHUFD, 16, a, 0xee);
    return x64_v1(l, d, op, a);
}

static void lower_extend_high(Lower *l, Val v) {
    static const struct {
        uint8_t vop;
        uint16_t op;
    } row[] = {{VOP_i16x8_extend_high_i8x16_s, X64_PMOVSXBW}, {VOP_i16x8_extend_high_i8x16_u, X64_PMOVZXBW},
               {VOP_i32x4_extend_high_i16x8_s, X64_PMOVSXWD}, {VOP_i32x4_extend_high_i16x8_u, X64_PMOVZXWD},
               {VOP_i64x2_extend_high_i32x4_s, X64_PMOVSXDQ}, {VOP_i64x2_extend_high_i32x4_u, X64_PMOVZXDQ}};
    uint32_t k = 0;
    while (row[k].vop != lower_ins(l, v)->aux) k++;
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_extend_high);
    extend(l, o.d, row[k].op, true, o.a);
}

static void extmul_bytes(Lower *l, Val v, bool high, bool is_signed) {
    Operands o = operands(l, v);
    uint32_t op = is_signed ? X64_PMOVSXBW : X64_PMOVZXBW;
    x64_hit(l, X64_RULE_vec_extmul_bytes);
    Reg a = extend(l, X64_NEW, op, high, o.a), b = extend(l, X64_NEW, op, high, o.b);
    x64_v2(l, o.d, X64_PMULLW, a, b);
}

static void extmul_words(Lower *l, Val v, bool high, bool is_signed) {
    Operands o = operands(l, v);
    x64_hit(l, X64_RULE_vec_extmul_words);
    Reg lower = x64_v2(l, X64_NEW, X64_PMULLW, o.a, o.b);
    Reg upper = x64_v2(l, X64_NEW, is_signed ? X64_PMULHW : X64_PMULHUW, o.a, o.b);
    x64_v2(l, o.d, high ? X64_PUNPCKHWD : X64_PUNPCKLWD, lower, upper);
}

static void extmul_dwords(Lower *l, Val v, bool high, bool is_signed) {
    Operands o = operands(l, v);
    uint32_t spread = high ? 0xfa : 0x50; /* lanes 2 2 3 3 or 0 0 1 1: even lanes are multiplied */
    x64_hit(l, X64_RULE_vec_extmul_dwords);
    Reg a = x64_v1i(l, X64_NEW, X64_PSHUFD, 16, o.a, spread), b = x64_v1i(l, X64_NEW, X64_PSHUFD, 16, o.b, spread);
    x64_v2(l, o.d, is_signed ? X64_PMULDQ : X64_PMULUDQ, a, b);
}

/* Multiply by ones and add neighbours; pmaddubsw has an unsigned first and a signed second operand. */
static void lower_extadd(Lower *l, Val v) {
    uint8_t op = lower_ins(l, v)->aux;
    Operands o = operands(l, v);
    switch (op) {
    case VOP_i16x8_extadd_pairwise_i8x16_s:
        x64_hit(l, X64_RULE_vec_extadd_bytes);
        x64_v2(l, o.d, X64_PMADDUBSW, x64_vconst(l, X64_NEW, x64_k8(1)), o.a);
        break;
    case VOP_i16x8_extadd_pairwise_i8x16_u:
        x64_hit(l, X64_RULE_vec_extadd_bytes);
        x64_v2k(l, o.d, X64_PMADDUBSW, o.a, x64_k8(1));
        break;
    case VOP_i32x4_extadd_pairwise_i16x8_s:
        x64_hit(l, X64_RULE_vec_extadd_words);
        x64_v2k(l, o.d, X64_PMADDWD, o.a, x64_k16(1));
        break;
    default: { /* as signed words of x - 2^15: the sum is 2^16 too small */
        x64_hit(l, X64_RULE_vec_extadd_words_unsigned);
        Reg t = x64_v2k(l, X64_NEW, X64_PXOR, o.a, x64_k16(0x8000));
        t = x64_v2k(l, X64_NEW, X64_PMADDWD, t, x64_k16(1));
        x64_v2k(l, o.d, X64_PADDD, t, x64_k32(0x10000));
    }
    }
}

/* -- Shifts ------------------------------------------------------------------------------------ */

typedef enum ShiftKind { LEFT, RIGHT_SIGNED, RIGHT } ShiftKind;

typedef struct Shift {
    uint8_t lane; /* bytes */
    ShiftKind kind;
} Shift;

static Shift shift_of(uint8_t op) {
    switch (op) {
    case VOP_i8x16_shl: return (Shift){1, LEFT};
    case VOP_i8x16_shr_s: return (Shift){1, RIGHT_SIGNED};
    case VOP_i8x16_shr_u: return (Shift){1, RIGHT};
    case VOP_i16x8_shl: return (Shift){2, LEFT};
    case VOP_i16x8_shr_s: return (Shift){2, RIGHT_SIGNED};
    case VOP_i16x8_shr_u: return (Shift){2, RIGHT};
    case VOP_i32x4_shl: return (Shift){4, LEFT};
    case VOP_i32x4_shr_s: return (Shift){4, RIGHT_SIGNED};
    case VOP_i32x4_shr_u: return (Shift){4, RIGHT};
    case VOP_i64x2_shl: return (Shift){8, LEFT};
    case VOP_i64x2_shr_s: return (Shift){8, RIGHT_SIGNED};
    default: assert(op == VOP_i64x2_shr_u); return (Shift){8, RIGHT};
    }
}

/* Rows by lane size 2, 4, 8; none for signed 64 bits. */
static uint32_t shift_row(Shift s, bool imm) {
    static const uint16_t by_xmm[3][3] = {{X64_PSLLW, X64_PSLLD, X64_PSLLQ},
                                          {X64_PSRAW, X64_PSRAD, 0},
                                          {X64_PSRLW, X64_PSRLD, X64_PSRLQ}},
                          by_imm[3][3] = {{X64_PSLLW_I, X64_PSLLD_I, X64_PSLLQ_I},
                                          {X64_PSRAW_I, X64_PSRAD_I, 0},
                                          {X64_PSRLW_I, X64_PSRLD_I, X64_PSRLQ_I}};
    uint32_t width = s.lane == 2 ? 0 : s.lane == 4 ? 1 : 2;
    return imm ? by_imm[s.kind][width] : by_xmm[s.kind][width];
}

/* Bytes: shift words and clear what came from the neighbour; for the sign widen bytes to the upper halves of words. */
static void shift_bytes_imm(Lower *l, Reg d, Reg a, ShiftKind kind, uint32_t count) {
    x64_hit(l, X64_RULE_vec_shift_bytes_const);
    if (kind == RIGHT_SIGNED) {
        Reg low = x64_v2(l, X64_NEW, X64_PUNPCKLBW, a, a), high = x64_v2(l, X64_NEW, X64_PUNPCKHBW, a, a);
        low = x64_vshift(l, X64_NEW, X64_PSRAW_I, low, count + 8);
        high = x64_vshift(l, X64_NEW, X64_PSRAW_I, high, count + 8);
        x64_v2(l, d, X64_PACKSSWB, low, high);
    } else if (kind == LEFT && count == 1) {
        x64_v2(l, d, X64_PADDB, a, a);
    } else {
        Reg t = x64_vshift(l, X64_NEW, kind == LEFT ? X64_PSLLW_I : X64_PSRLW_I, a, count);
        uint32_t mask = kind == LEFT ? 0xffu << count : 0xffu >> count;
        x64_v2k(l, d, X64_PAND, t, x64_k8((uint8_t)mask));
    }
}

static void shift_bytes(Lower *l, Reg d, Reg a, ShiftKind kind, Reg count) {
    x64_hit(l, X64_RULE_vec_shift_bytes);
    if (kind == RIGHT_SIGNED) {
        Reg more = lower_temp(l, T_I32);
        x64_ins(l, X64_ADD_I, 4)->imm = 8;
        x64_def_same(l, more, count);
        Reg n = x64_to_vector(l, more, 4);
        Reg low = x64_v2(l, X64_NEW, X64_PUNPCKLBW, a, a), high = x64_v2(l, X64_NEW, X64_PUNPCKHBW, a, a);
        low = x64_v2(l, X64_NEW, X64_PSRAW, low, n);
        high = x64_v2(l, X64_NEW, X64_PSRAW, high, n);
        x64_v2(l, d, X64_PACKSSWB, low, high);
        return;
    }
    uint32_t op = kind == LEFT ? X64_PSLLW : X64_PSRLW;
    Reg n = x64_to_vector(l, count, 4), t = x64_v2(l, X64_NEW, op, a, n);
    Reg mask = x64_v2(l, X64_NEW, op, x64_vones(l), n); /* the byte wanted is the lower one, or the upper one */
    mask = kind == LEFT ? x64_v2(l, X64_NEW, X64_PSHUFB, mask, x64_vzero(l))
                        : x64_v2k(l, X64_NEW, X64_PSHUFB, mask, x64_k8(1));
    x64_v2(l, d, X64_PAND, t, mask);
}

/* Signed 64-bit lanes: shift without sign, then extend from where the sign bit has gone. */
static void extend_sign64(Lower *l, Reg d, Reg shifted, Reg sign) {
    Reg t = x64_v2(l, X64_NEW, X64_PXOR, shifted, sign);
    x64_v2(l, d, X64_PSUBQ, t, sign);
}

static void shift_const(Lower *l, Reg d, Reg a, Shift s, uint32_t count) {
    if (count == 0) {
        x64_hit(l, X64_RULE_vec_shift_zero);
        x64_move(l, d, a);
    } else if (s.lane == 1) {
        shift_bytes_imm(l, d, a, s.kind, count);
    } else if (s.lane == 8 && s.kind == RIGHT_SIGNED) {
        x64_hit(l, X64_RULE_vec_shift_signed64_const);
        if (count == 63) {
            x64_v2(l, d, X64_PCMPGTQ, x64_vzero(l), a);
            return;
        }
        Reg t = x64_vshift(l, X64_NEW, X64_PSRLQ_I, a, count),
            sign = x64_vconst(l, X64_NEW, x64_k64(UINT64_C(1) << (63 - count)));
        extend_sign64(l, d, t, sign);
    } else {
        x64_hit(l, X64_RULE_vec_shift_const);
        x64_vshift(l, d, shift_row(s, true), a, count);
    }
}

/* The count modulo the lane's width, in an integer register. */
static Reg use_count(Lower *l, Val count, uint32_t width) {
    const Ins *i = lower_ins(l, count);
    uint64_t k;
    if (i->op == IR_iand && lower_is_const(l, i->b, &k) && k < width) {
        x64_hit(l, X64_RULE_vec_shift_masked);
        return lower_use(l, count);
    }
    Reg r = x64_use_low(l, count), masked = lower_temp(l, T_I32);
    x64_ins(l, X64_AND_I, 4)->imm = width - 1;
    x64_def_same(l, masked, r);
    return masked;
}

void x64_lower_vec_shift(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Shift s = shift_of(i->aux);
    uint32_t width = 8u * s.lane;
    uint64_t k;
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    if (lower_is_const(l, i->b, &k)) {
        shift_const(l, d, a, s, (uint32_t)k & (width - 1));
        return;
    }
    Reg count = use_count(l, i->b, width);
    if (s.lane == 1) {
        shift_bytes(l, d, a, s.kind, count);
    } else if (s.lane == 8 && s.kind == RIGHT_SIGNED) {
        x64_hit(l, X64_RULE_vec_shift_signed64);
        Reg n = x64_to_vector(l, count, 4), t = x64_v2(l, X64_NEW, X64_PSRLQ, a, n);
        Reg sign = x64_vconst(l, X64_NEW, x64_k64(UINT64_C(1) << 63));
        sign = x64_v2(l, X64_NEW, X64_PSRLQ, sign, n);
        extend_sign64(l, d, t, sign);
    } else {
        x64_hit(l, X64_RULE_vec_shift);
        x64_v2(l, d, shift_row(s, false), a, x64_to_vector(l, count, 4));
    }
}

/* -- Dispatch ------------------------------------------------------------------------------------ */

void x64_lower_vec_int(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (compare[i->aux].first) {
        lower_compare(l, v, &compare[i->aux]);
        return;
    }
    switch (i->aux) {
    case VOP_v128_not: {
        Operands o = operands(l, v);
        x64_hit(l, X64_RULE_vec_not);
        invert(l, o.d, o.a);
        break;
    }
    case VOP_v128_bitselect: lower_bitselect(l, v); break;
    case VOP_i8x16_swizzle: x64_lower_swizzle(l, v); break;
    case VOP_i8x16_popcnt: lower_popcnt(l, v); break;
    case VOP_i8x16_neg:
    case VOP_i16x8_neg:
    case VOP_i32x4_neg:
    case VOP_i64x2_neg: lower_neg(l, v); break;
    case VOP_i64x2_abs: lower_abs64(l, v); break;
    case VOP_i64x2_mul: lower_mul64(l, v); break;
    case VOP_i16x8_q15mulr_sat_s: lower_q15mulr(l, v); break;
    case VOP_i16x8_extend_high_i8x16_s:
    case VOP_i16x8_extend_high_i8x16_u:
    case VOP_i32x4_extend_high_i16x8_s:
    case VOP_i32x4_extend_high_i16x8_u:
    case VOP_i64x2_extend_high_i32x4_s:
    case VOP_i64x2_extend_high_i32x4_u: lower_extend_high(l, v); break;
    case VOP_i16x8_extmul_low_i8x16_s: extmul_bytes(l, v, false, true); break;
    case VOP_i16x8_extmul_high_i8x16_s: extmul_bytes(l, v, true, true); break;
    case VOP_i16x8_extmul_low_i8x16_u: extmul_bytes(l, v, false, false); break;
    case VOP_i16x8_extmul_high_i8x16_u: extmul_bytes(l, v, true, false); break;
    case VOP_i32x4_extmul_low_i16x8_s: extmul_words(l, v, false, true); break;
    case VOP_i32x4_extmul_high_i16x8_s: extmul_words(l, v, true, true); break;
    case VOP_i32x4_extmul_low_i16x8_u: extmul_words(l, v, false, false); break;
    case VOP_i32x4_extmul_high_i16x8_u: extmul_words(l, v, true, false); break;
    case VOP_i64x2_extmul_low_i32x4_s: extmul_dwords(l, v, false, true); break;
    case VOP_i64x2_extmul_high_i32x4_s: extmul_dwords(l, v, true, true); break;
    case VOP_i64x2_extmul_low_i32x4_u: extmul_dwords(l, v, false, false); break;
    case VOP_i64x2_extmul_high_i32x4_u: extmul_dwords(l, v, true, false); break;
    case VOP_i16x8_extadd_pairwise_i8x16_s:
    case VOP_i16x8_extadd_pairwise_i8x16_u:
    case VOP_i32x4_extadd_pairwise_i16x8_s:
    case VOP_i32x4_extadd_pairwise_i16x8_u: lower_extadd(l, v); break;
    default: x64_lower_vec_float(l, v);
    }
}
