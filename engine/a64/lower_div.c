/* Lowering of integer division.
 *
 * By a constant it becomes a multiplication (code/reciprocal.h): of 32 bits in 64,
 * where nothing overflows; of 64 bits by the upper half of the product.  A remainder is x - quotient * d.  That the
 * divisor is neither 0 nor -1 with the smallest dividend has been checked by instructions before. */
#include <assert.h>
#include "a64/lower.h"
#include "base/bits.h"
#include "code/reciprocal.h"

/* A division by the constant `by`, a magnitude; `type` of dividend, divisor and results. */
typedef struct Division {
    Lower *l;
    IrType type;
    uint32_t width, size;
    Reg x;
    uint64_t by;
} Division;

static Reg temp(const Division *v) { return lower_temp(v->l, v->type); }

static void shift_right(Lower *l, bool is_signed, uint32_t size, Reg d, Reg a, uint32_t by) {
    a64_bit_field(l, is_signed ? A64_SBFM : A64_UBFM, size, d, a, by, size * 8 - 1);
}

/* d = a + (b >> by), zeros coming in */
static void add_shifted(Lower *l, uint32_t size, Reg d, Reg a, Reg b, uint32_t by) {
    MInsn *m = a64_ins2(l, A64_ADD, size, d, a, b);
    m->aux = A64_LSR;
    m->imm = by;
}

/* -- Quotients ------------------------------------------------------------------------- */

/* x * m >> (32 + p).  A wide m has 33 bits: x is added by hand for the uppermost, and that sum has 33 bits, too. */
static void unsigned_32(const Division *v, Reg d, Reg x, Reciprocal k) {
    Lower *l = v->l;
    Reg product = lower_temp(l, T_I64);
    a64_ins3(l, A64_UMADDL, 8, product, x, a64_constant(l, 4, k.m), A64_ZR);
    if (!k.wide) {
        shift_right(l, false, 8, d, product, 32 + k.p);
        return;
    }
    Reg high = lower_temp(l, T_I64), wide = lower_temp(l, T_I64), sum = lower_temp(l, T_I64);
    shift_right(l, false, 8, high, product, 32);
    a64_ins2(l, A64_ORR, 4, wide, A64_ZR, x); /* the upper half of an i32 is anything */
    a64_ins2(l, A64_ADD, 8, sum, high, wide);
    shift_right(l, false, 8, d, sum, k.p);
}

/* The same with 64 for 32; the sum of 65 bits is halved before it is made. */
static void unsigned_64(const Division *v, Reg d, Reg x, Reciprocal k) {
    Lower *l = v->l;
    Reg high = lower_temp(l, T_I64);
    a64_ins2(l, A64_UMULH, 8, high, x, a64_constant(l, 8, k.m));
    if (!k.wide) {
        shift_right(l, false, 8, d, high, k.p);
        return;
    }
    Reg rest = lower_temp(l, T_I64), sum = lower_temp(l, T_I64);
    a64_ins2(l, A64_SUB, 8, rest, x, high);
    add_shifted(l, 8, sum, high, rest, 1);
    shift_right(l, false, 8, d, sum, k.p - 1);
}

static void unsigned_quotient(const Division *v, Reg d) {
    Reciprocal k = reciprocal(v->width, v->width, v->by);
    Reg x = v->x;
    if (k.wide && !(v->by & 1)) { /* dividend and divisor halved: one bit less is enough */
        uint32_t shift = bits_ctz64(v->by);
        x = temp(v);
        shift_right(v->l, false, v->size, x, v->x, shift);
        k = reciprocal(v->width, v->width - shift, v->by >> shift);
        assert(!k.wide);
    }
    if (v->width == 32)
        unsigned_32(v, d, x, k);
    else
        unsigned_64(v, d, x, k);
}

/* Rounded to zero, for a divisor > 2 that is no power of 2. */
static void signed_quotient(const Division *v, Reg d) {
    Lower *l = v->l;
    Reciprocal k = reciprocal(v->width, v->width - 1, v->by);
    Reg floored = lower_temp(l, T_I64), high = lower_temp(l, T_I64);
    assert(!k.wide);
    if (v->width == 32) {
        Reg wide = lower_temp(l, T_I64);
        a64_bit_field(l, A64_SBFM, 8, wide, v->x, 0, 31);
        a64_ins3(l, A64_MADD, 8, high, wide, a64_constant(l, 8, k.m), A64_ZR);
        shift_right(l, true, 8, floored, high, 32 + k.p);
    } else {
        a64_ins2(l, A64_SMULH, 8, high, v->x, a64_constant(l, 8, k.m));
        if (k.m >> 63) { /* it was taken for m - 2^64 */
            Reg sum = lower_temp(l, T_I64);
            a64_ins2(l, A64_ADD, 8, sum, high, v->x);
            high = sum;
        }
        shift_right(l, true, 8, floored, high, k.p);
    }
    add_shifted(l, v->size, d, floored, v->x, v->width - 1);
}

/* x / 2^k, rounded to zero: 2^k - 1 is added to a negative x. */
static void signed_shift(const Division *v, Reg d) {
    Lower *l = v->l;
    uint32_t k = bits_ctz64(v->by);
    Reg sign = v->x, biased = temp(v);
    if (k > 1) {
        sign = temp(v);
        shift_right(l, true, v->size, sign, v->x, v->width - 1);
    }
    add_shifted(l, v->size, biased, v->x, sign, v->width - k);
    shift_right(l, true, v->size, d, biased, k);
}

/* -- By constants ------------------------------------------------------------------------ */

static void quotient(const Division *v, Reg d, bool is_signed) {
    if (bits_is_pow2(v->by) && is_signed)
        signed_shift(v, d);
    else if (bits_is_pow2(v->by))
        shift_right(v->l, false, v->size, d, v->x, bits_ctz64(v->by));
    else if (is_signed)
        signed_quotient(v, d);
    else
        unsigned_quotient(v, d);
}

static void by_const(const Division *v, Reg d, bool is_signed, bool negative, bool rem) {
    Lower *l = v->l;
    if (rem && !is_signed && bits_is_pow2(v->by)) {
        a64_imm(l, A64_ANDI, v->size, d, v->x, v->by - 1);
    } else if (rem) { /* its sign is the dividend's: that of the divisor does not matter */
        Reg q = temp(v);
        quotient(v, q, is_signed);
        a64_ins3(l, A64_MSUB, v->size, d, q, a64_constant(l, v->size, v->by), v->x);
    } else if (negative) {
        Reg q = temp(v);
        quotient(v, q, is_signed);
        a64_ins2(l, A64_SUB, v->size, d, A64_ZR, q);
    } else {
        quotient(v, d, is_signed);
    }
}

/* 0, 1 and -1 are left to the instructions: they are folded elsewhere or never executed. */
static bool divide_by_const(Lower *l, const Ins *i, Reg d, bool is_signed, bool rem) {
    uint64_t by;
    if (!lower_is_const(l, i->b, &by)) return false;
    uint32_t size = type_bytes((IrType)i->type);
    bool negative = is_signed && (by >> (size * 8 - 1) & 1);
    if (negative) by = (0 - by) & a64_mask(size);
    if (by <= 1) return false;
    if (is_signed) {
        A64_HIT(l, div_signed_const);
    } else {
        A64_HIT(l, div_unsigned_const);
    }
    Division v = {l, (IrType)i->type, size * 8, size, a64_reg(l, i->a), by};
    by_const(&v, d, is_signed, negative, rem);
    return true;
}

/* sdiv of the smallest value by -1 gives the smallest value, so the remainder comes out as 0. */
void a64_lower_div(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    bool is_signed = i->op == IR_sdiv || i->op == IR_srem, rem = i->op == IR_srem || i->op == IR_urem;
    if (divide_by_const(l, i, d, is_signed, rem)) return;
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), q = rem ? lower_temp(l, (IrType)i->type) : d;
    a64_ins2(l, is_signed ? A64_SDIV : A64_UDIV, size, q, a, b);
    if (rem) {
        A64_HIT(l, rem);
        a64_ins3(l, A64_MSUB, size, d, q, b, a);
    } else {
        A64_HIT(l, div);
    }
}
