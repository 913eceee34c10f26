/* Lowering of integer operations.
 *
 * Register 31 is zr in the shifted-register forms and sp in those with an immediate or an extended register, so
 * a64_reg_or_zero is for the first kind only.  Amounts of shifts are taken modulo the width before anything else is
 * decided. */
#include <assert.h>
#include "a64/lower.h"
#include "base/bits.h"

static uint32_t width_of(const Lower *l, Val v) { return type_bytes(a64_type(l, v)) * 8; }
static bool is_low_mask(uint64_t c) { return c != 0 && (c & (c + 1)) == 0; }

/* In the same block, so that the fold moves no work into a loop. */
static bool sole_near(const Lower *l, Val v, IrOp op) { return a64_sole(l, v, op) && l->val[v].home == l->blk; }

static void constant(Lower *l, const Ins *i, Reg d) {
    A64_HIT(l, const_int);
    a64_constant_to(l, d, type_bytes((IrType)i->type), ins_imm(i));
}

/* -- Add, subtract, multiply ------------------------------------------------------- */

/* Both factors are 32-bit values widened alike: the registers to multiply, and whether they are signed. */
static bool match_widened(const Lower *l, const Ins *mul, Val *x, Val *y, bool *is_signed) {
    const Ins *a = lower_ins(l, mul->a), *b = lower_ins(l, mul->b);
    if (a->op != b->op || (a->op != IR_sext && a->op != IR_zext)) return false;
    if (l->val[mul->a].vreg != REG_NONE || l->val[mul->b].vreg != REG_NONE) return false;
    *x = a->a, *y = b->a, *is_signed = a->op == IR_sext;
    return true;
}

/* d = sum + x * y or, with `sub`, sum - x * y; v is the product */
static void multiply_add(Lower *l, Val v, uint32_t size, Reg d, Reg sum, bool sub) {
    const Ins *mul = lower_ins(l, v);
    Val x, y;
    bool is_signed;
    uint32_t op = sub ? A64_MSUB : A64_MADD;
    if (match_widened(l, mul, &x, &y, &is_signed)) {
        op = is_signed ? (sub ? A64_SMSUBL : A64_SMADDL) : (sub ? A64_UMSUBL : A64_UMADDL);
        if (sub) {
            A64_HIT(l, msubl);
        } else {
            A64_HIT(l, maddl);
        }
    } else {
        x = mul->a, y = mul->b;
        if (sub) {
            A64_HIT(l, msub);
        } else {
            A64_HIT(l, madd);
        }
    }
    Reg a = a64_reg(l, x), b = a64_reg(l, y);
    a64_ins3(l, op, size, d, a, b, sum);
}

/* x + c or, with `sub`, x - c, where that needs no constant in a register. */
static bool add_constant(Lower *l, uint32_t size, Reg d, Val x, uint64_t c, bool sub) {
    uint64_t minus = (0 - c) & a64_mask(size);
    uint32_t words[4];
    if (!a64_arith_imm(c) && a64_arith_imm(minus)) sub = !sub, c = minus;
    if (a64_arith_imm(c)) {
        if (sub) {
            A64_HIT(l, sub_imm);
        } else {
            A64_HIT(l, add_imm);
        }
        a64_imm(l, sub ? A64_SUBI : A64_ADDI, size, d, a64_reg(l, x), c);
        return true;
    }
    if (c > 0xffffff && minus <= 0xffffff) sub = !sub, c = minus;
    if (c > 0xffffff || a64_const_words(sub ? minus : c, size, 0, words) == 1) return false;
    if (sub) {
        A64_HIT(l, sub_imm24);
    } else {
        A64_HIT(l, add_imm24);
    }
    uint32_t op = sub ? A64_SUBI : A64_ADDI;
    Reg high = lower_temp(l, size == 4 ? T_I32 : T_I64);
    a64_imm(l, op, size, high, a64_reg(l, x), c & 0xfff000);
    a64_imm(l, op, size, d, high, c & 0xfff);
    return true;
}

static void add(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    Val x = i->a, y = i->b;
    A64Operand o;
    uint64_t c;
    if (lower_is_const(l, x, &c)) x = i->b, y = i->a;
    if (lower_is_const(l, y, &c) && add_constant(l, size, d, x, c, false)) return;
    x = i->a, y = i->b;
    for (uint32_t k = 0; k < 2; k++, x = i->b, y = i->a) {
        if (!sole_near(l, y, IR_imul)) continue;
        Reg sum = a64_reg(l, x);
        multiply_add(l, y, size, d, sum, false);
        return;
    }
    x = i->a, y = i->b;
    for (uint32_t k = 0; k < 2; k++, x = i->b, y = i->a) {
        bool ext = a64_match_ext(l, y, &o);
        if (!ext && !a64_match_shift(l, y, false, &o)) continue;
        if (ext) {
            A64_HIT(l, add_ext);
        } else {
            A64_HIT(l, add_shift);
        }
        Reg a = a64_reg(l, x);
        a64_operand(l, A64_ADD, A64_ADDX, size, d, a, &o);
        return;
    }
    A64_HIT(l, add);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
    a64_ins2(l, A64_ADD, size, d, a, b);
}

static void subtract(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    bool negate = a64_is_const(l, i->a, 0);
    A64Operand o;
    uint64_t c;
    if (!negate && lower_is_const(l, i->b, &c) && add_constant(l, size, d, i->a, c, true)) return;
    if (sole_near(l, i->b, IR_imul)) {
        if (negate) A64_HIT(l, mneg);
        Reg sum = a64_reg_or_zero(l, i->a);
        multiply_add(l, i->b, size, d, sum, true);
    } else if (!negate && a64_match_ext(l, i->b, &o)) {
        A64_HIT(l, sub_ext);
        Reg a = a64_reg(l, i->a);
        a64_operand(l, A64_SUB, A64_SUBX, size, d, a, &o);
    } else if (a64_match_shift(l, i->b, false, &o)) {
        A64_HIT(l, sub_shift);
        Reg a = a64_reg_or_zero(l, i->a);
        a64_operand(l, A64_SUB, A64_SUBX, size, d, a, &o);
    } else {
        if (negate) {
            A64_HIT(l, neg);
        } else {
            A64_HIT(l, sub);
        }
        Reg a = a64_reg_or_zero(l, i->a), b = a64_reg(l, i->b);
        a64_ins2(l, A64_SUB, size, d, a, b);
    }
}

static void shift_left(Lower *l, uint32_t size, Reg d, Reg a, uint32_t by);

static void multiply(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    Val x = i->a, y = i->b;
    bool is_signed;
    uint64_t c;
    if (lower_is_const(l, x, &c)) x = i->b, y = i->a;
    if (lower_is_const(l, y, &c) && bits_is_pow2(c) && c != 1) {
        A64_HIT(l, mul_pow2);
        shift_left(l, size, d, a64_reg(l, x), bits_ctz64(c));
        return;
    }
    if (lower_is_const(l, y, &c) && c > 2 && bits_is_pow2(c - 1)) {
        A64_HIT(l, mul_pow2_add1);
        Reg a = a64_reg(l, x);
        MInsn *m = a64_ins2(l, A64_ADD, size, d, a, a);
        m->aux = A64_LSL, m->imm = bits_ctz64(c - 1);
        return;
    }
    Val p, q;
    if (match_widened(l, i, &p, &q, &is_signed)) {
        A64_HIT(l, mull);
        Reg a = a64_reg(l, p), b = a64_reg(l, q);
        a64_ins3(l, is_signed ? A64_SMADDL : A64_UMADDL, size, d, a, b, A64_ZR);
        return;
    }
    for (uint32_t k = 0; k < 2; k++, x = i->b, y = i->a) {
        if (!a64_sole(l, y, IR_isub) || !a64_is_const(l, lower_ins(l, y)->a, 0)) continue;
        A64_HIT(l, mneg);
        Reg a = a64_reg(l, x), b = a64_reg(l, lower_ins(l, y)->b);
        a64_ins3(l, A64_MSUB, size, d, a, b, A64_ZR);
        return;
    }
    A64_HIT(l, mul);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
    a64_ins3(l, A64_MADD, size, d, a, b, A64_ZR);
}

/* -- Logic ---------------------------------------------------------------------------- */

typedef struct LogicRows {
    uint16_t reg, reg_not, imm;
} LogicRows;

static LogicRows logic_rows(IrOp op) {
    switch (op) {
    case IR_iand: return (LogicRows){A64_AND, A64_BIC, A64_ANDI};
    case IR_ior: return (LogicRows){A64_ORR, A64_ORN, A64_ORRI};
    default: return (LogicRows){A64_EOR, A64_EON, A64_EORI};
    }
}

void a64_bit_field(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, uint32_t immr, uint32_t imms) {
    a64_ins1(l, op, size, d, a)->imm = (int64_t)(immr | imms << 8);
}

/* v is (ixor y -1) with no other user */
static bool match_not(const Lower *l, Val v, Val *y) {
    const Ins *i = lower_ins(l, v);
    if (!a64_sole(l, v, IR_ixor) || !a64_is_const(l, i->b, UINT64_MAX)) return false;
    *y = i->a;
    return true;
}

/* (ior (shl x a) (ushr y N-a)), 0 < a < N: with a = 0 both shifts are by 0, which extr cannot say. */
static bool match_extr(Lower *l, Val p, Val q, uint32_t size, Reg d) {
    A64Operand left, right;
    if (!a64_match_shift(l, p, false, &left) || !a64_match_shift(l, q, false, &right)) return false;
    if (left.kind != A64_LSL || right.kind != A64_LSR || left.amount + right.amount != (int)size * 8) return false;
    A64_HIT(l, extr);
    Reg a = a64_reg(l, left.v), b = a64_reg(l, right.v);
    a64_ins2(l, A64_EXTR, size, d, a, b)->imm = right.amount;
    return true;
}

/* v computes bits [at, at + n) as bits [from, from + n) of *y, and 0 elsewhere. */
static bool match_field(const Lower *l, Val v, uint32_t width, Val *y, uint32_t *at, uint32_t *from, uint32_t *n) {
    A64Operand shift;
    uint64_t c;
    const Ins *i = lower_ins(l, v);
    if (a64_sole(l, v, IR_iand) && lower_is_const(l, i->b, &c) && is_low_mask(c)) {
        *y = i->a, *at = 0, *from = 0, *n = bits_popcount64(c);
        return true;
    }
    if (!a64_match_shift(l, v, false, &shift)) return false;
    *y = shift.v;
    if (shift.kind == A64_LSR) {
        *at = 0, *from = shift.amount, *n = width - shift.amount;
        return true;
    }
    if (shift.kind != A64_LSL) return false;
    *at = shift.amount, *from = 0, *n = width - shift.amount;
    i = lower_ins(l, shift.v);
    if (a64_sole(l, shift.v, IR_iand) && lower_is_const(l, i->b, &c) && is_low_mask(c) && bits_popcount64(c) <= *n) {
        *y = i->a, *n = bits_popcount64(c);
    }
    return true;
}

/* (ior (iand x ~field) field-of-y) */
static bool match_insert(Lower *l, Val p, Val q, uint32_t size, Reg d) {
    uint32_t width = size * 8, at, from, n;
    uint64_t keep;
    Val y;
    if (!a64_sole(l, p, IR_iand) || !lower_is_const(l, lower_ins(l, p)->b, &keep)) return false;
    if (!match_field(l, q, width, &y, &at, &from, &n) || n >= width) return false;
    if (keep != (~(((UINT64_C(1) << n) - 1) << at) & a64_mask(size))) return false;
    if (at) {
        A64_HIT(l, bfi);
    } else {
        A64_HIT(l, bfxil);
    }
    uint32_t immr = at ? width - at : from, imms = at ? n - 1 : from + n - 1;
    Reg old = a64_reg(l, lower_ins(l, p)->a), src = a64_reg(l, y);
    MInsn *m = lower_emit(l, A64_BFM);
    m->size = (uint8_t)size;
    m->imm = (int64_t)(immr | imms << 8);
    LOWER_DEF_SAME(l, d, 1);
    LOWER_USE(l, old);
    LOWER_USE(l, src);
    return true;
}

/* (iand (ushr x c) 2^w-1) */
static bool match_extract(Lower *l, Val p, uint64_t mask, uint32_t size, Reg d) {
    A64Operand shift;
    if (!is_low_mask(mask) || !a64_match_shift(l, p, false, &shift) || shift.kind != A64_LSR) return false;
    A64_HIT(l, ubfx);
    uint32_t top = shift.amount + bits_popcount64(mask);
    a64_bit_field(l, A64_UBFM, size, d, a64_reg(l, shift.v), shift.amount, (top > size * 8 ? size * 8 : top) - 1);
    return true;
}

static void logic(Lower *l, const Ins *i, Reg d) {
    IrOp op = (IrOp)i->op;
    LogicRows rows = logic_rows(op);
    uint32_t size = type_bytes((IrType)i->type), bits;
    Val x = i->a, y = i->b, inner;
    A64Operand o;
    uint64_t c;
    if (lower_is_const(l, x, &c)) x = i->b, y = i->a;
    if (lower_is_const(l, y, &c)) {
        if (op == IR_iand && match_extract(l, x, c, size, d)) return;
        if (op == IR_ixor && c == a64_mask(size)) {
            A64_HIT(l, mvn);
            if (!a64_match_shift(l, x, true, &o)) o = (A64Operand){.v = x};
            a64_operand(l, A64_ORN, 0, size, d, A64_ZR, &o);
            return;
        }
        if (a64_logical_imm(c, size, &bits)) {
            A64_HIT(l, logic_imm);
            a64_imm(l, rows.imm, size, d, a64_reg(l, x), c);
            return;
        }
    }
    x = i->a, y = i->b;
    for (uint32_t k = 0; k < 2; k++, x = i->b, y = i->a) {
        if (op == IR_ior && (match_extr(l, x, y, size, d) || match_insert(l, x, y, size, d))) return;
        if (match_not(l, y, &inner)) {
            A64_HIT(l, logic_not);
            if (!a64_match_shift(l, inner, true, &o)) o = (A64Operand){.v = inner};
            Reg a = a64_reg(l, x);
            a64_operand(l, rows.reg_not, 0, size, d, a, &o);
            return;
        }
    }
    x = i->a, y = i->b;
    for (uint32_t k = 0; k < 2; k++, x = i->b, y = i->a) {
        if (!a64_match_shift(l, y, true, &o)) continue;
        A64_HIT(l, logic_shift);
        Reg a = a64_reg(l, x);
        a64_operand(l, rows.reg, 0, size, d, a, &o);
        return;
    }
    A64_HIT(l, logic);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
    a64_ins2(l, rows.reg, size, d, a, b);
}

/* -- Shifts, rotations ----------------------------------------------------------------- */

/* 0 < by < width */
static void shift_left(Lower *l, uint32_t size, Reg d, Reg a, uint32_t by) {
    uint32_t width = size * 8;
    assert(by > 0 && by < width);
    a64_bit_field(l, A64_UBFM, size, d, a, width - by, width - 1 - by);
}

/* (shl x c) where only a low field of x reaches the result anyway */
static bool shift_field(Lower *l, const Ins *i, uint32_t by, uint32_t size, Reg d) {
    uint32_t width = size * 8, n = 32;
    const Ins *x = lower_ins(l, i->a);
    uint64_t c;
    if (a64_sole(l, i->a, IR_iand) && lower_is_const(l, x->b, &c) && is_low_mask(c)) {
        n = bits_popcount64(c);
    } else if (!a64_sole(l, i->a, IR_zext) && !a64_sole(l, i->a, IR_sext)) {
        return false;
    }
    A64_HIT(l, shl_field);
    if (n > width - by) n = width - by;
    a64_bit_field(l, x->op == IR_sext ? A64_SBFM : A64_UBFM, size, d, a64_reg(l, x->a), width - by, n - 1);
    return true;
}

static void shift_by(Lower *l, const Ins *i, uint32_t by, uint32_t size, Reg d) {
    uint32_t width = size * 8, op = i->op == IR_sshr ? A64_SBFM : A64_UBFM;
    A64Operand left;
    if (by == 0) {
        A64_HIT(l, shift_0);
        a64_move(l, d, a64_reg(l, i->a));
    } else if (i->op == IR_shl) {
        if (shift_field(l, i, by, size, d)) return;
        A64_HIT(l, shift_imm);
        shift_left(l, size, d, a64_reg(l, i->a), by);
    } else if (a64_match_shift(l, i->a, false, &left) && left.kind == A64_LSL) {
        A64_HIT(l, shift_pair);
        a64_bit_field(l, op, size, d, a64_reg(l, left.v), (by - left.amount) & (width - 1), width - 1 - left.amount);
    } else {
        A64_HIT(l, shift_imm);
        a64_bit_field(l, op, size, d, a64_reg(l, i->a), by, width - 1);
    }
}

/* The hardware takes counts modulo the width, so a mask that does the same is not needed. */
static Reg count_reg(Lower *l, Val v, uint32_t width) {
    const Ins *i = lower_ins(l, v);
    uint64_t c;
    if (l->val[v].vreg == REG_NONE && i->op == IR_iand && lower_is_const(l, i->b, &c) &&
        (c & (width - 1)) == width - 1) {
        A64_HIT(l, shift_mask);
        return a64_reg(l, i->a);
    }
    return a64_reg(l, v);
}

static void shift(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type), width = size * 8;
    uint64_t c;
    if (lower_is_const(l, i->b, &c)) {
        shift_by(l, i, (uint32_t)c & (width - 1), size, d);
        return;
    }
    A64_HIT(l, shift);
    Reg a = a64_reg(l, i->a), b = count_reg(l, i->b, width);
    a64_ins2(l, i->op == IR_shl ? A64_LSLV : i->op == IR_ushr ? A64_LSRV : A64_ASRV, size, d, a, b);
}

static void rotate(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type), width = size * 8;
    uint64_t c;
    Reg a = a64_reg(l, i->a);
    if (lower_is_const(l, i->b, &c)) {
        A64_HIT(l, rot_imm);
        uint32_t right = (uint32_t)(i->op == IR_rotl ? 0 - c : c) & (width - 1);
        a64_ins2(l, A64_EXTR, size, d, a, a)->imm = right; /* both operands alike: 0 is no rotation */
        return;
    }
    Reg by = count_reg(l, i->b, width);
    if (i->op == IR_rotl) {
        A64_HIT(l, rotl);
        Reg right = lower_temp(l, (IrType)i->type);
        a64_ins2(l, A64_SUB, size, right, A64_ZR, by);
        by = right;
    } else {
        A64_HIT(l, rotr);
    }
    a64_ins2(l, A64_RORV, size, d, a, by);
}

/* -- Bits, widths ----------------------------------------------------------------------- */

static void count(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    Reg a = a64_reg(l, i->a);
    if (i->op == IR_clz) {
        A64_HIT(l, clz);
        a64_ins1(l, A64_CLZ, size, d, a);
    } else if (i->op == IR_ctz) {
        A64_HIT(l, ctz);
        Reg t = lower_temp(l, (IrType)i->type);
        a64_ins1(l, A64_RBIT, size, t, a);
        a64_ins1(l, A64_CLZ, size, d, t);
    } else {
        A64_HIT(l, popcnt);
        Reg bits = lower_temp(l, T_F64), bytes = lower_temp(l, T_F64), sum = lower_temp(l, T_F64);
        a64_ins1(l, A64_FMOV_FI, size, bits, a); /* clears what is above */
        a64_ins1(l, A64_CNT, 8, bytes, bits);
        a64_ins1(l, A64_ADDV, 8, sum, bytes);
        a64_ins1(l, A64_FMOV_IF, 4, d, sum);
    }
}

/* Computed by instructions of 32 bits, which clear the upper half of the register. */
static bool clears_upper(IrOp op) {
    switch (op) {
    case IR_iadd:
    case IR_isub:
    case IR_imul:
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem:
    case IR_iand:
    case IR_ior:
    case IR_ixor:
    case IR_rotl:
    case IR_rotr:
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
    case IR_sext8:
    case IR_sext16:
    case IR_icmp:
    case IR_eqz:
    case IR_fcmp:
    case IR_select:
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_vtest:
    case IR_vextract: return true;
    default: return false;
    }
}

/* Shifts, too, unless they are moves. */
static bool clears_upper_shift(const Lower *l, const Ins *i) {
    uint64_t c;
    if (i->op != IR_shl && i->op != IR_ushr && i->op != IR_sshr) return false;
    return !lower_is_const(l, i->b, &c) || (c & 31) != 0;
}

static void extend(Lower *l, Val v, const Ins *i, Reg d) {
    const Ins *x = lower_ins(l, i->a);
    if (lower_can_sink(l, i->a, v)) {
        static const uint8_t zero_extended[ACC_COUNT] = {
            [ACC_8S] = ACC_8S,   [ACC_8U] = ACC_8U,   [ACC_16S] = ACC_16S, [ACC_16U] = ACC_16U,
            [ACC_32S] = ACC_32U, [ACC_32U] = ACC_32U, [ACC_32] = ACC_32U};
        Access access = (Access)x->aux;
        A64_HIT(l, ext_load);
        if (i->op == IR_zext) {
            /* a signed part is extended to 32 bits, then with zeros */
            a64_load_into(l, i->a, d, (Access)zero_extended[access], T_I32);
        } else {
            a64_load_into(l, i->a, d, access == ACC_32 || access == ACC_32U ? ACC_32S : access, T_I64);
        }
        return;
    }
    if (i->op == IR_sext) {
        A64_HIT(l, sext);
        a64_bit_field(l, A64_SBFM, 8, d, a64_reg(l, i->a), 0, 31);
        return;
    }
    if (sole_near(l, i->a, (IrOp)x->op) && (clears_upper((IrOp)x->op) || clears_upper_shift(l, x))) {
        A64_HIT(l, zext_free);
        switch ((IrOp)x->op) {
        case IR_icmp:
        case IR_eqz:
        case IR_fcmp:
        case IR_select: a64_lower_cond(l, i->a, d); break;
        case IR_fcvt_s:
        case IR_fcvt_u: a64_lower_float(l, i->a, d); break;
        case IR_vtest: a64_lower_vector(l, i->a, d); break;
        case IR_vextract: a64_lower_lane(l, i->a, d); break;
        default: a64_lower_int(l, i->a, d);
        }
        return;
    }
    A64_HIT(l, zext);
    a64_ins2(l, A64_ORR, 4, d, A64_ZR, a64_reg(l, i->a));
}

void a64_lower_int(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    switch ((IrOp)i->op) {
    case IR_iconst: constant(l, i, d); break;
    case IR_es:
        A64_HIT(l, es);
        a64_move(l, d, A64_ES);
        break;
    case IR_iadd: add(l, i, d); break;
    case IR_isub: subtract(l, i, d); break;
    case IR_imul: multiply(l, i, d); break;
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem: a64_lower_div(l, i, d); break;
    case IR_iand:
    case IR_ior:
    case IR_ixor: logic(l, i, d); break;
    case IR_shl:
    case IR_sshr:
    case IR_ushr: shift(l, i, d); break;
    case IR_rotl:
    case IR_rotr: rotate(l, i, d); break;
    case IR_clz:
    case IR_ctz:
    case IR_popcnt: count(l, i, d); break;
    case IR_sext8:
    case IR_sext16:
    case IR_sext32: {
        A64_HIT(l, sext_part);
        uint32_t bits = i->op == IR_sext8 ? 8 : i->op == IR_sext16 ? 16 : 32;
        a64_bit_field(l, A64_SBFM, width_of(l, v) / 8, d, a64_reg(l, i->a), 0, bits - 1);
        break;
    }
    case IR_sext:
    case IR_zext: extend(l, v, i, d); break;
    case IR_wrap:
        A64_HIT(l, wrap);
        a64_move(l, d, a64_reg(l, i->a));
        break;
    default: assert(false && "not an integer operation");
    }
}
