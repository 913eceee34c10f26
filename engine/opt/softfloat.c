/* Float arithmetic in integers.  Each operation: unpack, compute exactly (or with a sticky bit that says that something
 * nonzero was cut off), then round once in pack().  Textbook: Muller et al., "Handbook of floating-point arithmetic",
 * 2nd edition, chapter 8.
 *
 * Unpacked numbers are normalised: value = m * 2^(e - 63) with bit 63 of m set. */
#include "opt/softfloat.h"
#include "base/bits.h"

__extension__ typedef unsigned __int128 U128;

const FloatFormat sf_f32 = {23, 32, 127}, sf_f64 = {52, 64, 1023};

typedef struct Number {
    bool sign;
    bool zero, inf;
    int32_t e;
    uint64_t m;
} Number;

static uint64_t sign_bit(const FloatFormat *t) { return UINT64_C(1) << (t->width - 1); }
static uint64_t infinity(const FloatFormat *t) { return sign_bit(t) - (UINT64_C(1) << t->mant); }
static uint64_t signed_bits(const FloatFormat *t, bool sign, uint64_t a) { return sign ? a | sign_bit(t) : a; }

bool sf_is_nan(const FloatFormat *t, uint64_t a) { return (a & (sign_bit(t) - 1)) > infinity(t); }
uint64_t sf_nan(const FloatFormat *t) { return infinity(t) | UINT64_C(1) << (t->mant - 1); }
uint64_t sf_abs(const FloatFormat *t, uint64_t a) { return a & ~sign_bit(t); }
uint64_t sf_neg(const FloatFormat *t, uint64_t a) { return a ^ sign_bit(t); }
uint64_t sf_copysign(const FloatFormat *t, uint64_t a, uint64_t sign) {
    return (a & ~sign_bit(t)) | (sign & sign_bit(t));
}

/* Not for NaNs. */
static Number unpack(const FloatFormat *t, uint64_t a) {
    uint64_t fraction = a & ((UINT64_C(1) << t->mant) - 1);
    int32_t biased = (int32_t)((a & (sign_bit(t) - 1)) >> t->mant);
    Number n = {.sign = (a & sign_bit(t)) != 0, .inf = sf_abs(t, a) == infinity(t), .zero = sf_abs(t, a) == 0};
    if (n.zero || n.inf) return n;
    if (biased)
        fraction |= UINT64_C(1) << t->mant;
    else
        biased = 1;
    uint32_t up = bits_clz64(fraction);
    n.m = fraction << up;
    n.e = biased - t->bias + 63 - (int32_t)t->mant - (int32_t)up;
    return n;
}

/* Round m * 2^(e - 63), where bit 63 of m is set, and a bit more if `sticky`. */
static uint64_t pack(const FloatFormat *t, bool sign, int32_t e, uint64_t m, bool sticky) {
    int32_t least = 1 - t->bias; /* exponent of the smallest normal number */
    int32_t cut = 63 - (int32_t)t->mant + (e < least ? least - e : 0);
    uint64_t kept = 0, half = UINT64_C(1) << 63, rest = m;
    if (cut > 64) {
        rest = 0; /* less than half of the smallest number */
    } else if (cut < 64) {
        kept = m >> cut;
        rest = m << (64 - cut);
    }
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    /* The implicit bit, and a carry of the rounding, add to the exponent. */
    if (e < least) return signed_bits(t, sign, kept);
    if (e > t->bias) return signed_bits(t, sign, infinity(t));
    return signed_bits(t, sign, ((uint64_t)(e + t->bias - 1) << t->mant) + kept);
}

/* Round m * 2^(e - 127), any m but 0. */
static uint64_t pack_wide(const FloatFormat *t, bool sign, int32_t e, U128 m, bool sticky) {
    uint64_t high = (uint64_t)(m >> 64);
    uint32_t up = high ? bits_clz64(high) : 64 + bits_clz64((uint64_t)m);
    m <<= up;
    return pack(t, sign, e - (int32_t)up, (uint64_t)(m >> 64), sticky || (uint64_t)m != 0);
}

uint64_t sf_add(const FloatFormat *t, uint64_t a, uint64_t b) {
    if (sf_is_nan(t, a) || sf_is_nan(t, b)) return sf_nan(t);
    Number x = unpack(t, a), y = unpack(t, b);
    if (x.inf) return y.inf && x.sign != y.sign ? sf_nan(t) : a;
    if (y.inf) return b;
    if (x.zero && y.zero) return x.sign && y.sign ? a : 0;
    if (x.zero) return b;
    if (y.zero) return a;
    if (x.e < y.e || (x.e == y.e && x.m < y.m)) {
        Number swap = x;
        x = y;
        y = swap;
    }
    /* One bit of headroom; y is shifted to x's exponent. */
    U128 big = (U128)x.m << 63, small = (U128)y.m << 63;
    int32_t shift = x.e - y.e;
    bool sticky = false;
    if (shift > 126) {
        small = 0;
        sticky = true;
    } else if (shift) {
        sticky = (small & (((U128)1 << shift) - 1)) != 0;
        small >>= shift;
    }
    if (x.sign == y.sign) return pack_wide(t, x.sign, x.e + 1, big + small, sticky);
    U128 difference = big - small - (sticky ? 1 : 0);
    if (difference == 0) return 0;
    return pack_wide(t, x.sign, x.e + 1, difference, sticky);
}

uint64_t sf_sub(const FloatFormat *t, uint64_t a, uint64_t b) { return sf_add(t, a, sf_neg(t, b)); }

uint64_t sf_mul(const FloatFormat *t, uint64_t a, uint64_t b) {
    if (sf_is_nan(t, a) || sf_is_nan(t, b)) return sf_nan(t);
    Number x = unpack(t, a), y = unpack(t, b);
    bool sign = x.sign != y.sign;
    if (x.inf || y.inf) return x.zero || y.zero ? sf_nan(t) : signed_bits(t, sign, infinity(t));
    if (x.zero || y.zero) return signed_bits(t, sign, 0);
    return pack_wide(t, sign, x.e + y.e + 1, (U128)x.m * y.m, false);
}

uint64_t sf_div(const FloatFormat *t, uint64_t a, uint64_t b) {
    if (sf_is_nan(t, a) || sf_is_nan(t, b)) return sf_nan(t);
    Number x = unpack(t, a), y = unpack(t, b);
    bool sign = x.sign != y.sign;
    if ((x.inf && y.inf) || (x.zero && y.zero)) return sf_nan(t);
    if (x.inf || y.zero) return signed_bits(t, sign, infinity(t));
    if (x.zero || y.inf) return signed_bits(t, sign, 0);
    U128 dividend = (U128)x.m << 63;
    U128 quotient = dividend / y.m; /* below 2^64, as x.m < 2 * y.m */
    return pack_wide(t, sign, x.e - y.e + 64, quotient, quotient * y.m != dividend);
}

uint64_t sf_sqrt(const FloatFormat *t, uint64_t a) {
    if (sf_is_nan(t, a)) return sf_nan(t);
    Number x = unpack(t, a);
    if (x.zero) return a;
    if (x.sign) return sf_nan(t);
    if (x.inf) return a;
    /* An even exponent and a radicand of 127 or 128 bits make a root of 64 bits. */
    bool odd = x.e & 1;
    U128 rest = (U128)x.m << (odd ? 64 : 63), root = 0;
    for (U128 bit = (U128)1 << 126; bit; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return pack(t, false, (x.e - odd) / 2, (uint64_t)root, rest != 0);
}

int sf_compare(const FloatFormat *t, uint64_t a, uint64_t b) {
    if (sf_is_nan(t, a) || sf_is_nan(t, b)) return 2;
    if (sf_abs(t, a) == 0 && sf_abs(t, b) == 0) return 0;
    if (a == b) return 0;
    bool negative_a = (a & sign_bit(t)) != 0, negative_b = (b & sign_bit(t)) != 0;
    if (negative_a != negative_b) return negative_a ? -1 : 1;
    return (a < b) != negative_a ? -1 : 1;
}

uint64_t sf_min(const FloatFormat *t, uint64_t a, uint64_t b) {
    int c = sf_compare(t, a, b);
    if (c == 2) return sf_nan(t);
    return c == 0 ? a | b : c < 0 ? a : b; /* equal: the same bits, or zeros */
}

uint64_t sf_max(const FloatFormat *t, uint64_t a, uint64_t b) {
    int c = sf_compare(t, a, b);
    if (c == 2) return sf_nan(t);
    return c == 0 ? a & b : c > 0 ? a : b;
}

uint64_t sf_round(const FloatFormat *t, uint64_t a, SfRound how) {
    if (sf_is_nan(t, a)) return sf_nan(t);
    uint64_t magnitude = sf_abs(t, a);
    bool sign = magnitude != a;
    int32_t e = (int32_t)(magnitude >> t->mant) - t->bias;
    if (e >= (int32_t)t->mant) return a; /* integral, or infinite */
    if (magnitude == 0) return a;
    uint64_t one = (uint64_t)t->bias << t->mant, unit, low, half;
    if (e < 0) {
        /* between 0 and 1: as if the whole mantissa were below the point */
        bool up = how == SF_CEIL    ? !sign
                  : how == SF_FLOOR ? sign
                                    : how == SF_NEAREST && magnitude > one - (UINT64_C(1) << t->mant);
        return signed_bits(t, sign, up ? one : 0);
    }
    unit = UINT64_C(1) << (t->mant - (uint32_t)e);
    low = magnitude & (unit - 1);
    half = unit / 2;
    magnitude -= low;
    bool up = false;
    switch (how) {
    case SF_CEIL: up = low && !sign; break;
    case SF_FLOOR: up = low && sign; break;
    case SF_TRUNC: break;
    case SF_NEAREST: up = low > half || (low == half && (e == 0 || (magnitude & unit))); break;
    }
    return signed_bits(t, sign, magnitude + (up ? unit : 0));
}

uint64_t sf_convert(const FloatFormat *to, const FloatFormat *from, uint64_t a) {
    if (sf_is_nan(from, a)) return sf_nan(to);
    Number x = unpack(from, a);
    if (x.inf || x.zero) return signed_bits(to, x.sign, x.inf ? infinity(to) : 0);
    return pack(to, x.sign, x.e, x.m, false);
}

uint64_t sf_from_int(const FloatFormat *to, uint64_t a, uint32_t bits, bool is_signed) {
    if (bits == 32) a = is_signed ? (uint64_t)(int64_t)(int32_t)a : (uint32_t)a;
    bool sign = is_signed && a >> 63;
    if (sign) a = 0 - a;
    if (a == 0) return 0;
    uint32_t up = bits_clz64(a);
    return pack(to, sign, 63 - (int32_t)up, a << up, false);
}

uint64_t sf_to_int(const FloatFormat *from, uint64_t a, uint32_t bits, bool is_signed) {
    if (sf_is_nan(from, a)) return 0;
    Number x = unpack(from, a);
    uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX;
    uint64_t most = is_signed ? mask >> 1 : mask;                   /* of positive numbers */
    uint64_t least = !x.sign ? 0 : is_signed ? (mask >> 1) + 1 : 0; /* magnitude of the least one */
    uint64_t limit = x.sign ? least : most;
    uint64_t magnitude = x.zero || (!x.inf && x.e < 0) ? 0 : x.inf || x.e > 63 ? limit : x.m >> (63 - x.e);
    if (magnitude > limit) magnitude = limit;
    return (x.sign ? 0 - magnitude : magnitude) & mask;
}
