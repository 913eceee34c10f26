/* wasm/num.h against oracles that share no code with it: 128-bit integers, single bits, an exact software
 * implementation of IEEE 754 arithmetic (below), and the C library's rounding functions. */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/num.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UWide;

/* -- Operands ----------------------------------------------------------------- */

/* clang-format off */
static const uint64_t ints[] = {
    0, 1, 2, 3, 5, 7, 8, 10, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 0x7ffe, 0x7fff, 0x8000,
    0x8001, 0xfffe, 0xffff, 0x10000, 0x12345678, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xdeadbeef,
    0xfffffff0, 0xffffffff, 0x100000000, 0x100000001, 0x123456789abcdef0, 0x7ffffffffffffffe,
    0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xffffffff00000000, 0xffffffff7fffffff,
    0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff};
/* clang-format on */

static const uint32_t f32s[] = {0x00000000, 0x00000001, 0x00000002, 0x00400000, 0x007fffff, 0x00800000, 0x00800001,
                                0x00ffffff, 0x01000000, 0x33ffffff, 0x34000000, 0x3e800000, 0x3effffff, 0x3f000000,
                                0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fbfffff, 0x3fc00000, 0x3fc00001,
                                0x40000000, 0x40200000, 0x40490fdb, 0x40600000, 0x40a00000, 0x4a7fffff, 0x4a800000,
                                0x4a800001, 0x4affffff, 0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff,
                                0x4f000000, 0x4f000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0x5f000001,
                                0x5f7fffff, 0x5f800000, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0x7f800000,
                                0x7f800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0x7fc00001, 0x7fffffff};

static const uint64_t f64s[] = {
    0x0000000000000000, 0x0000000000000001, 0x0000000000000002, 0x0008000000000000, 0x000fffffffffffff,
    0x0010000000000000, 0x0010000000000001, 0x0020000000000000, 0x3690000000000000, 0x36a0000000000000,
    0x36a0000000000001, 0x3800000000000000, 0x380fffffe0000000, 0x380fffffffffffff, 0x3810000000000000,
    0x3ca0000000000000, 0x3cb0000000000000, 0x3fd0000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000,
    0x3fe0000000000001, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff0000010000000,
    0x3ff0000010000001, 0x3ff0000030000000, 0x3ff8000000000000, 0x3ff8000000000001, 0x4000000000000000,
    0x4004000000000000, 0x400921fb54442d18, 0x400c000000000000, 0x4014000000000000, 0x41dfffffffbfffff,
    0x41dfffffffc00000, 0x41dfffffffffffff, 0x41e0000000000000, 0x41e0000000000001, 0x41e00000001fffff,
    0x41e0000000200000, 0x41efffffffe00000, 0x41efffffffffffff, 0x41f0000000000000, 0x432fffffffffffff,
    0x4330000000000000, 0x4330000000000001, 0x433fffffffffffff, 0x4340000000000000, 0x4340000000000001,
    0x43dfffffffffffff, 0x43e0000000000000, 0x43e0000000000001, 0x43efffffffffffff, 0x43f0000000000000,
    0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000, 0x47effffff0000001, 0x47f0000000000000,
    0x7fe0000000000000, 0x7feffffffffffffe, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
    0x7ff4000000000000, 0x7ff7ffffffffffff, 0x7ff8000000000000, 0x7ff8000000000001, 0x7fffffffffffffff};

/* The tables hold the positive ones; odd indices are the negative ones. */
enum { N_INT = COUNT(ints), N_F32 = 2 * COUNT(f32s), N_F64 = 2 * COUNT(f64s) };
static uint64_t float_bits(bool f64, uint32_t i) {
    if (f64) return f64s[i / 2] | (i & 1 ? UINT64_C(1) << 63 : 0);
    return f32s[i / 2] | (i & 1 ? UINT32_C(1) << 31 : 0);
}

/* A stream of numbers of all magnitudes (xorshift). */
static uint64_t next_random(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* -- Integers ------------------------------------------------------------------ */

static uint64_t mask(uint32_t n) { return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1; }
static Wide as_signed(uint64_t a, uint32_t n) {
    a &= mask(n);
    return (a >> (n - 1) & 1) ? (Wide)a - ((Wide)1 << n) : (Wide)a;
}
static Wide as_unsigned(uint64_t a, uint32_t n) { return (Wide)(a & mask(n)); }
static uint64_t low(Wide v, uint32_t n) { return (uint64_t)(UWide)v & mask(n); }

/* What instruction `op` gives for n-bit operands, one clause an instruction. */
static uint64_t int_oracle(const char *op, uint64_t a, uint64_t b, uint32_t n, TrapKind *trap) {
    Wide sa = as_signed(a, n), sb = as_signed(b, n), ua = as_unsigned(a, n), ub = as_unsigned(b, n);
    uint32_t k = (uint32_t)(ub % n), i;
    uint64_t r = 0;
#define IS(name) (strcmp(op, name) == 0)
    if (IS("add")) return low(ua + ub, n);
    if (IS("sub")) return low(ua - ub, n);
    if (IS("mul")) return (uint64_t)((UWide)ua * (UWide)ub) & mask(n);
    if (IS("lt_s")) return sa < sb;
    if (IS("lt_u")) return ua < ub;
    if (IS("gt_s")) return sa > sb;
    if (IS("gt_u")) return ua > ub;
    if (IS("le_s")) return sa <= sb;
    if (IS("le_u")) return ua <= ub;
    if (IS("ge_s")) return sa >= sb;
    if (IS("ge_u")) return ua >= ub;
    if (IS("eq")) return ua == ub;
    if (IS("ne")) return ua != ub;
    if (IS("eqz")) return ua == 0;
    if (IS("extend8_s")) return low(as_signed(a, 8), n);
    if (IS("extend16_s")) return low(as_signed(a, 16), n);
    if (IS("extend32_s")) return low(as_signed(a, 32), n);
    if (IS("div_s") || IS("div_u") || IS("rem_s") || IS("rem_u")) {
        Wide x = op[4] == 's' ? sa : ua, y = op[4] == 's' ? sb : ub, q;
        if (y == 0) return *trap = TRAP_DIV_ZERO, UINT64_C(0);
        q = x / y;
        if (op[0] == 'r') return low(x - q * y, n);
        if (op[4] == 's' && q == (Wide)1 << (n - 1)) return *trap = TRAP_INT_OVERFLOW, UINT64_C(0);
        return low(q, n);
    }
    if (IS("clz")) {
        for (i = 0; i < n && !(a >> (n - 1 - i) & 1); i++) continue;
        return i;
    }
    if (IS("ctz")) {
        for (i = 0; i < n && !(a >> i & 1); i++) continue;
        return i;
    }
    /* The rest, bit by bit. */
    for (i = 0; i < n; i++) {
        uint64_t x = a >> i & 1, y = b >> i & 1, to = i;
        if (IS("popcnt")) {
            r += x;
            continue;
        }
        if (IS("and"))
            x &= y;
        else if (IS("or"))
            x |= y;
        else if (IS("xor"))
            x = x != y;
        else if (IS("rotl"))
            to = (i + k) % n;
        else if (IS("rotr"))
            to = (i + n - k) % n;
        else if (IS("shl"))
            x = i >= k ? a >> (i - k) & 1 : 0;
        else if (IS("shr_u"))
            x = i + k < n ? a >> (i + k) & 1 : 0;
        else if (IS("shr_s"))
            x = a >> (i + k < n ? i + k : n - 1) & 1;
        else
            fail_msg("no oracle for %s", op);
        r |= x << to;
    }
    return r;
}

#define INT_BINARY(_)                                                                                           \
    _(add)                                                                                                      \
    _(sub)                                                                                                      \
    _(mul)                                                                                                      \
    _(and)                                                                                                      \
    _(or)                                                                                                       \
    _(xor) _(shl) _(shr_s) _(shr_u) _(rotl) _(rotr) _(eq) _(ne) _(lt_s) _(lt_u) _(gt_s) _(gt_u) _(le_s) _(le_u) \
        _(ge_s) _(ge_u)
#define INT_DIVIDE(_) _(div_s) _(div_u) _(rem_s) _(rem_u)
#define INT_UNARY(_) _(clz) _(ctz) _(popcnt) _(eqz) _(extend8_s) _(extend16_s)

static void check_int(const char *op, uint32_t n, uint64_t a, uint64_t b, uint64_t got, TrapKind trap) {
    TrapKind want_trap = TRAP_NONE;
    uint64_t want = int_oracle(op, a, b, n, &want_trap);
    if (got != want || trap != want_trap)
        fail_msg("i%u.%s(%#llx, %#llx) = %#llx, trap %d, not %#llx, %d", n, op, (unsigned long long)a,
                 (unsigned long long)b, (unsigned long long)got, trap, (unsigned long long)want, want_trap);
}

static void check_int_pair(uint64_t a, uint64_t b) {
    uint32_t a4 = (uint32_t)a, b4 = (uint32_t)b;
    uint64_t r4, r8;
    TrapKind t4, t8;
#define _(op)                                                    \
    check_int(#op, 32, a4, b4, num_i32_##op(a4, b4), TRAP_NONE); \
    check_int(#op, 64, a, b, num_i64_##op(a, b), TRAP_NONE);
    INT_BINARY(_)
#undef _
#define _(op)                           \
    t4 = t8 = TRAP_NONE;                \
    r4 = num_i32_##op(a4, b4, &t4);     \
    r8 = num_i64_##op(a, b, &t8);       \
    check_int(#op, 32, a4, b4, r4, t4); \
    check_int(#op, 64, a, b, r8, t8);
    INT_DIVIDE(_)
#undef _
#define _(op)                                               \
    check_int(#op, 32, a4, 0, num_i32_##op(a4), TRAP_NONE); \
    check_int(#op, 64, a, 0, num_i64_##op(a), TRAP_NONE);
    INT_UNARY(_)
#undef _
    check_int("extend32_s", 64, a, 0, num_i64_extend32_s(a), TRAP_NONE);
    check_int("extend32_s", 64, a4, 0, num_i64_extend_i32_s(a4), TRAP_NONE);
    assert_true(num_i64_extend_i32_u(a4) == (a & 0xffffffff));
    assert_true(num_i32_wrap_i64(a) == (a & 0xffffffff));
}

static void test_integers(void **state) {
    (void)state;
    for (uint32_t i = 0; i < N_INT; i++)
        for (uint32_t j = 0; j < N_INT; j++) check_int_pair(ints[i], ints[j]);
    uint64_t s = 88172645463325252;
    for (uint32_t i = 0; i < 2000; i++) {
        uint64_t a = next_random(&s), b = next_random(&s), m = next_random(&s);
        check_int_pair(a >> (m & 63), b >> (m >> 8 & 63));
    }
}

/* -- Exact arithmetic ------------------------------------------------------------ */

typedef struct Format {
    uint32_t p;         /* bits of the significand */
    int32_t emin, emax; /* exponents of the last bit: of subnormals, and of the largest number */
    uint32_t width;
} Format;
static const Format formats[2] = {{24, -149, 104, 32}, {53, -1074, 971, 64}}; /* f32 f64 */

/* A number +-m * 2^e, or what is none. */
typedef struct Exact {
    bool nan, inf, neg;
    UWide m;
    int32_t e;
} Exact;

static uint64_t sign_bit(const Format *f) { return UINT64_C(1) << (f->width - 1); }
static uint64_t inf_bits(const Format *f) { return mask(f->width - 1) & ~mask(f->p - 1); }
static uint64_t nan_bits(const Format *f) { return inf_bits(f) | UINT64_C(1) << (f->p - 2); }

static Exact unpack(const Format *f, uint64_t bits) {
    uint64_t magnitude = bits & ~sign_bit(f), fraction = bits & mask(f->p - 1);
    int32_t biased = (int32_t)(magnitude >> (f->p - 1));
    Exact x = {magnitude > inf_bits(f), magnitude == inf_bits(f), (bits & sign_bit(f)) != 0, fraction, f->emin};
    if (biased) x.m |= (UWide)1 << (f->p - 1), x.e += biased - 1;
    return x;
}

/* Round to nearest, ties to even.  When m has more than p + 2 bits, its last may stand for any non-zero
 * rest that is below it. */
static uint64_t pack(const Format *f, Exact x) {
    uint64_t sign = x.neg ? sign_bit(f) : 0;
    bool half = false, below = false;
    if (x.nan) return nan_bits(f);
    if (x.inf) return sign | inf_bits(f);
    for (; x.m >> f->p || x.e < f->emin; x.m >>= 1, x.e++) {
        below = below || half;
        half = x.m & 1;
    }
    if (half && (below || (x.m & 1))) x.m++;
    if (x.m == 0) return sign;
    for (; !(x.m >> (f->p - 1)) && x.e > f->emin; x.e--) x.m <<= 1;
    if (x.m >> f->p) x.m >>= 1, x.e++;
    if (x.e > f->emax) return sign | inf_bits(f);
    if (!(x.m >> (f->p - 1))) return sign | (uint64_t)x.m; /* subnormal */
    return sign | (uint64_t)(x.e - f->emin + 1) << (f->p - 1) | ((uint64_t)x.m & mask(f->p - 1));
}

static Exact exact_nan(void) { return (Exact){.nan = true}; }

static Exact exact_add(Exact x, Exact y) {
    if (x.nan || y.nan || (x.inf && y.inf && x.neg != y.neg)) return exact_nan();
    if (x.inf || y.inf) return x.inf ? x : y;
    if (x.m == 0 && y.m == 0) return (Exact){.neg = x.neg && y.neg};
    if (x.m == 0 || y.m == 0) return x.m ? x : y;
    if (x.e < y.e) {
        Exact t = x;
        x = y;
        y = t;
    }
    int32_t d = x.e - y.e, up = d < 70 ? d : 70, down = d - up;
    x.m <<= up;
    x.e -= up;
    bool rest = down >= 64 ? true : (y.m & (((UWide)1 << down) - 1)) != 0;
    y.m = (down >= 64 ? 0 : y.m >> down) | rest;
    if (x.neg == y.neg) return x.m += y.m, x;
    if (x.m == y.m) return (Exact){.neg = false};
    if (x.m < y.m) return (Exact){.neg = y.neg, .m = y.m - x.m, .e = x.e};
    return (Exact){.neg = x.neg, .m = x.m - y.m, .e = x.e};
}

static Exact exact_sub(Exact x, Exact y) {
    y.neg = !y.neg;
    return exact_add(x, y);
}

static Exact exact_mul(Exact x, Exact y) {
    bool x0 = !x.inf && x.m == 0, y0 = !y.inf && y.m == 0;
    if (x.nan || y.nan || (x.inf && y0) || (x0 && y.inf)) return exact_nan();
    return (Exact){.inf = x.inf || y.inf, .neg = x.neg != y.neg, .m = x.m * y.m, .e = x.e + y.e};
}

static void normalize(Exact *x) {
    for (; !(x->m >> 52); x->e--) x->m <<= 1;
}

static Exact exact_div(Exact x, Exact y) {
    bool x0 = !x.inf && x.m == 0, y0 = !y.inf && y.m == 0, neg = x.neg != y.neg;
    if (x.nan || y.nan || (x.inf && y.inf) || (x0 && y0)) return exact_nan();
    if (x.inf || y0) return (Exact){.inf = true, .neg = neg};
    if (y.inf || x0) return (Exact){.neg = neg};
    normalize(&x);
    UWide n = x.m << 70;
    return (Exact){.neg = neg, .m = n / y.m | (n % y.m != 0), .e = x.e - 70 - y.e};
}

static Exact exact_sqrt(Exact x) {
    if (x.nan || (x.neg && (x.inf || x.m))) return exact_nan();
    if (x.inf || x.m == 0) return x;
    normalize(&x);
    int32_t up = 64 + (x.e & 1);
    UWide n = x.m << up, r = 0;
    for (UWide bit = (UWide)1 << 63; bit; bit >>= 1)
        if ((r | bit) * (r | bit) <= n) r |= bit;
    return (Exact){.m = r | (r * r != n), .e = (x.e - up) / 2};
}

/* The exact oracle itself, on cases worked out by hand. */
static void test_oracle(void **state) {
    (void)state;
    const Format *f = &formats[0];
    for (uint32_t i = 0; i < N_F32; i++) { /* unpack and pack are inverse */
        uint64_t bits = float_bits(false, i);
        if (!unpack(f, bits).nan) assert_int_equal(pack(f, unpack(f, bits)), bits);
    }
    assert_int_equal(pack(f, (Exact){.m = 0xffffff, .e = 104}), 0x7f7fffff);
    assert_int_equal(pack(f, (Exact){.m = 0x1ffffff, .e = 103}), 0x7f800000); /* a tie, to even: overflow */
    assert_int_equal(pack(f, (Exact){.m = ((UWide)0x1ffffff << 20) - 1, .e = 83}), 0x7f7fffff);
    assert_int_equal(pack(f, (Exact){.m = 1, .e = -150}), 0);
    assert_int_equal(pack(f, (Exact){.m = 3, .e = -151}), 1);
    assert_int_equal(pack(f, (Exact){.m = 3, .e = -150, .neg = true}), 0x80000002);
    assert_int_equal(pack(f, (Exact){.m = 0x1000001, .e = 0}), 0x4b800000);
    assert_int_equal(pack(f, (Exact){.m = 0x1000003, .e = 0}), 0x4b800002);
}

/* -- Floats ---------------------------------------------------------------------- */

static void check_float(const char *op, const Format *f, uint64_t a, uint64_t b, uint64_t got, uint64_t want) {
    if (got != want)
        fail_msg("f%u.%s(%#llx, %#llx) = %#llx, not %#llx", f->width, op, (unsigned long long)a, (unsigned long long)b,
                 (unsigned long long)got, (unsigned long long)want);
}

/* Order of the numbers; `zeros`: -0 is less than +0. */
static Wide order(const Format *f, uint64_t a, bool zeros) {
    Wide magnitude = (Wide)(a & ~sign_bit(f));
    return a & sign_bit(f) ? -magnitude - (zeros ? 1 : 0) : magnitude;
}

#define BOTH(op) (f->p == 24 ? num_f32_##op((uint32_t)a, (uint32_t)b) : num_f64_##op(a, b))
#define BOTH1(op) (f->p == 24 ? num_f32_##op((uint32_t)a) : num_f64_##op(a))

static void check_float_pair(const Format *f, uint64_t a, uint64_t b) {
    Exact x = unpack(f, a), y = unpack(f, b);
    bool nan = x.nan || y.nan;
    check_float("add", f, a, b, BOTH(add), pack(f, exact_add(x, y)));
    check_float("sub", f, a, b, BOTH(sub), pack(f, exact_sub(x, y)));
    check_float("mul", f, a, b, BOTH(mul), pack(f, exact_mul(x, y)));
    check_float("div", f, a, b, BOTH(div), pack(f, exact_div(x, y)));
    bool less = order(f, a, true) < order(f, b, true);
    check_float("min", f, a, b, BOTH(min), nan ? nan_bits(f) : less ? a : b);
    check_float("max", f, a, b, BOTH(max), nan ? nan_bits(f) : less ? b : a);
    check_float("copysign", f, a, b, BOTH(copysign), (a | sign_bit(f)) - (y.neg ? 0 : sign_bit(f)));
    Wide oa = order(f, a, false), ob = order(f, b, false);
    check_float("eq", f, a, b, BOTH(eq), !nan && oa == ob);
    check_float("ne", f, a, b, BOTH(ne), nan || oa != ob);
    check_float("lt", f, a, b, BOTH(lt), !nan && oa < ob);
    check_float("gt", f, a, b, BOTH(gt), !nan && oa > ob);
    check_float("le", f, a, b, BOTH(le), !nan && oa <= ob);
    check_float("ge", f, a, b, BOTH(ge), !nan && oa >= ob);
}

/* The C library's rounding of `a`, a NaN made canonical. */
#define ROUNDED(fn)                                                  \
    (unpack(f, a).nan ? nan_bits(f)                                  \
     : f->p == 24     ? num_bits_f32(fn##f(num_to_f32((uint32_t)a))) \
                      : num_bits_f64(fn(num_to_f64(a))))

static void check_float_one(const Format *f, uint64_t a) {
    Exact x = unpack(f, a);
    check_float("sqrt", f, a, 0, BOTH1(sqrt), pack(f, exact_sqrt(x)));
    check_float("abs", f, a, 0, BOTH1(abs), x.neg ? a - sign_bit(f) : a);
    check_float("neg", f, a, 0, BOTH1(neg), x.neg ? a - sign_bit(f) : a + sign_bit(f));
    check_float("ceil", f, a, 0, BOTH1(ceil), ROUNDED(ceil));
    check_float("floor", f, a, 0, BOTH1(floor), ROUNDED(floor));
    check_float("trunc", f, a, 0, BOTH1(trunc), ROUNDED(trunc));
    check_float("nearest", f, a, 0, BOTH1(nearest), ROUNDED(nearbyint));
}

static void test_floats(void **state) {
    (void)state;
    assert_int_equal(fegetround(), FE_TONEAREST);
    for (uint32_t k = 0; k < 2; k++) {
        const Format *f = &formats[k];
        uint32_t n = k ? N_F64 : N_F32;
        for (uint32_t i = 0; i < n; i++) {
            check_float_one(f, float_bits(k, i));
            for (uint32_t j = 0; j < n; j++) check_float_pair(f, float_bits(k, i), float_bits(k, j));
        }
        uint64_t s = 88172645463325252;
        for (uint32_t i = 0; i < 20000; i++) {
            uint64_t a = next_random(&s) & mask(f->width), b = next_random(&s) & mask(f->width);
            check_float_one(f, a);
            check_float_pair(f, a, b);
            /* Near each other, so that sums cancel and quotients are near one. */
            b = (a & ~mask(f->p - 1)) | (b & mask(f->p - 1));
            check_float_pair(f, a, b);
            check_float_pair(f, a, b ^ sign_bit(f));
        }
        for (uint32_t i = 0; i < 4000; i++) { /* all halves around 0, and their neighbours */
            int64_t half = (int64_t)i - 2000;
            uint64_t a = k ? num_bits_f64((double)half * 0.5) : num_bits_f32((float)half * 0.5f);
            for (uint64_t d = 0; d < 3; d++) check_float_one(f, (a + d - 1) & mask(f->width));
        }
    }
}

/* -- Conversions ----------------------------------------------------------------- */

/* Towards zero, to an n-bit integer. */
static uint64_t to_int(Exact x, uint32_t n, bool is_signed, bool saturate, TrapKind *trap) {
    Wide least = is_signed ? -((Wide)1 << (n - 1)) : 0, most = ((Wide)1 << (is_signed ? n - 1 : n)) - 1, v;
    if (x.nan) return *trap = saturate ? TRAP_NONE : TRAP_INVALID_CONVERSION, UINT64_C(0);
    if (x.inf || x.e > 70)
        v = (Wide)1 << 100;
    else
        v = x.e >= 0 ? (Wide)(x.m << x.e) : x.e > -128 ? (Wide)(x.m >> -x.e) : 0;
    if (x.neg) v = -v;
    if (v >= least && v <= most) return low(v, n);
    if (!saturate) return *trap = TRAP_INT_OVERFLOW, UINT64_C(0);
    return low(v < least ? least : most, n);
}

static void check_to_int(const char *op, uint64_t a, uint64_t got, TrapKind trap, uint64_t want, TrapKind want_trap) {
    if (got != want || trap != want_trap)
        fail_msg("%s(%#llx) = %#llx, trap %d, not %#llx, %d", op, (unsigned long long)a, (unsigned long long)got, trap,
                 (unsigned long long)want, want_trap);
}

#define TO_INT(T, N, F, S, is_signed)                                                                              \
    do {                                                                                                           \
        TrapKind trap_ = TRAP_NONE, want_trap_ = TRAP_NONE;                                                        \
        uint64_t got_ = num_##T##_trunc_##F##_##S(a, &trap_), want_ = to_int(x, N, is_signed, false, &want_trap_); \
        check_to_int(#T ".trunc_" #F "_" #S, a, got_, trap_, want_, want_trap_);                                   \
        want_trap_ = TRAP_NONE;                                                                                    \
        got_ = num_##T##_trunc_sat_##F##_##S(a), want_ = to_int(x, N, is_signed, true, &want_trap_);               \
        check_to_int(#T ".trunc_sat_" #F "_" #S, a, got_, TRAP_NONE, want_, want_trap_);                           \
    } while (0)

static void check_trunc_f32(uint32_t a) {
    Exact x = unpack(&formats[0], a);
    TO_INT(i32, 32, f32, s, true);
    TO_INT(i32, 32, f32, u, false);
    TO_INT(i64, 64, f32, s, true);
    TO_INT(i64, 64, f32, u, false);
    check_float("promote", &formats[1], a, 0, num_f64_promote_f32(a), pack(&formats[1], x));
}

static void check_trunc_f64(uint64_t a) {
    Exact x = unpack(&formats[1], a);
    TO_INT(i32, 32, f64, s, true);
    TO_INT(i32, 32, f64, u, false);
    TO_INT(i64, 64, f64, s, true);
    TO_INT(i64, 64, f64, u, false);
    check_float("demote", &formats[0], a, 0, num_f32_demote_f64(a), pack(&formats[0], x));
}

static uint64_t from_int(const Format *f, Wide v) {
    return pack(f, (Exact){.neg = v < 0, .m = (UWide)(v < 0 ? -v : v)});
}

static void check_convert(uint64_t a) {
    const Format *f = &formats[0], *d = &formats[1];
    uint32_t a4 = (uint32_t)a;
    check_float("convert_i32_s", f, a4, 0, num_f32_convert_i32_s(a4), from_int(f, as_signed(a, 32)));
    check_float("convert_i32_u", f, a4, 0, num_f32_convert_i32_u(a4), from_int(f, as_unsigned(a, 32)));
    check_float("convert_i64_s", f, a, 0, num_f32_convert_i64_s(a), from_int(f, as_signed(a, 64)));
    check_float("convert_i64_u", f, a, 0, num_f32_convert_i64_u(a), from_int(f, as_unsigned(a, 64)));
    check_float("convert_i32_s", d, a4, 0, num_f64_convert_i32_s(a4), from_int(d, as_signed(a, 32)));
    check_float("convert_i32_u", d, a4, 0, num_f64_convert_i32_u(a4), from_int(d, as_unsigned(a, 32)));
    check_float("convert_i64_s", d, a, 0, num_f64_convert_i64_s(a), from_int(d, as_signed(a, 64)));
    check_float("convert_i64_u", d, a, 0, num_f64_convert_i64_u(a), from_int(d, as_unsigned(a, 64)));
}

static void test_conversions(void **state) {
    (void)state;
    for (uint32_t i = 0; i < N_F32; i++) check_trunc_f32((uint32_t)float_bits(false, i));
    for (uint32_t i = 0; i < N_F64; i++) check_trunc_f64(float_bits(true, i));
    for (uint32_t i = 0; i < N_INT; i++) check_convert(ints[i]);
    uint64_t s = 88172645463325252;
    for (uint32_t i = 0; i < 50000; i++) {
        uint64_t a = next_random(&s), m = next_random(&s);
        check_convert(a >> (m & 63));
        /* Exponents near those of the integers' ends. */
        check_trunc_f32((uint32_t)((a & 0x807fffff) | ((120 + (m & 127) % 70) << 23)));
        check_trunc_f64((a & 0x800fffffffffffff) | (1015 + (m & 127) % 70) << 52);
        check_trunc_f32((uint32_t)a);
        check_trunc_f64(a);
    }
    for (uint32_t shift = 20; shift < 64; shift++) { /* ties of the roundings, and both sides of them */
        uint64_t one = UINT64_C(1) << shift;
        for (uint32_t bit = 8; bit < shift; bit++)
            for (uint64_t d = 0; d < 3; d++)
                check_convert(one + (UINT64_C(1) << bit) + d - 1), check_convert(one + (UINT64_C(3) << bit) + d - 1);
    }
}

/* Bits pass through unchanged, also those of signalling NaNs. */
static void test_bits(void **state) {
    (void)state;
    assert_int_equal(num_i32_reinterpret_f32(0x7fa00001), 0x7fa00001);
    assert_int_equal(num_f32_reinterpret_i32(0xffa00001), 0xffa00001);
    assert_true(num_i64_reinterpret_f64(UINT64_C(0xfff4000000000001)) == UINT64_C(0xfff4000000000001));
    assert_true(num_f64_reinterpret_i64(UINT64_C(0x7ff4000000000001)) == UINT64_C(0x7ff4000000000001));
    assert_int_equal(num_f32_abs(0xffa00001), 0x7fa00001);
    assert_int_equal(num_f32_neg(0x7fa00001), 0xffa00001);
    assert_int_equal(num_f32_copysign(0x7fa00001, 0xff800001), 0xffa00001);
    assert_int_equal(num_f32_add(0xffa00001, 0), NUM_F32_NAN);
    assert_true(num_f64_mul(UINT64_C(0xfff4000000000001), 0) == NUM_F64_NAN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),    cmocka_unit_test(test_oracle), cmocka_unit_test(test_floats),
        cmocka_unit_test(test_conversions), cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
