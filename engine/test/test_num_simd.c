/* wasm/num_simd.h against an oracle that reads what an operation does out of its name and shares no code with it:
 * lanes are 128-bit integers, shifts are divisions, bits are looked at one by one, floats are opt/softfloat.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "opt/softfloat.h"
#include "wasm/num_simd.h"

__extension__ typedef __int128 Wide;

/* -- The functions, by number ----------------------------------------------------------- */

/* Arguments: the vectors from arg[0] on; behind them a shift's count, a test's nothing; of a lane: its scalar, then its
 * number. */
typedef Value Call(const Value *arg);
#define CALL_UNARY(id) \
    static Value call_##id(const Value *arg) { return num_##id(arg[0]); }
#define CALL_FUNARY(id) CALL_UNARY(id)
#define CALL_BINARY(id) \
    static Value call_##id(const Value *arg) { return num_##id(arg[0], arg[1]); }
#define CALL_FBINARY(id) CALL_BINARY(id)
#define CALL_TERNARY(id) \
    static Value call_##id(const Value *arg) { return num_##id(arg[0], arg[1], arg[2]); }
#define CALL_SHIFT(id) \
    static Value call_##id(const Value *arg) { return num_##id(arg[0], arg[1].i32); }
#define CALL_TEST(id) \
    static Value call_##id(const Value *arg) { return (Value){.u64x2 = {num_##id(arg[0]), 0}}; }
#define CALL_EXTRACT(id) \
    static Value call_##id(const Value *arg) { return (Value){.u64x2 = {num_##id(arg[0], arg[2].i32), 0}}; }
#define CALL_SPLAT(id)
#define CALL_REPLACE(id)
#define VOP(id, name, shape) CALL_##shape(id)
#include "ir/simd.def"
#undef VOP
/* The scalar is i32 or i64. */
#define CALL_LANES(shape, in)                                                                      \
    static Value call_##shape##_splat(const Value *arg) { return num_##shape##_splat(arg[0].in); } \
    static Value call_##shape##_replace_lane(const Value *arg) {                                   \
        return num_##shape##_replace_lane(arg[0], arg[1].in, arg[2].i32);                          \
    }
CALL_LANES(i8x16, i32)
CALL_LANES(i16x8, i32)
CALL_LANES(i32x4, i32)
CALL_LANES(i64x2, i64)
CALL_LANES(f32x4, i32)
CALL_LANES(f64x2, i64)

static const struct {
    const char *name, *shape;
    Call *call;
} ops[] = {
#define VOP(id, name, shape) {name, #shape, call_##id},
#include "ir/simd.def"
#undef VOP
};
enum { NOPS = sizeof ops / sizeof ops[0] };

/* -- The oracle --------------------------------------------------------------------------- */

static uint64_t get(const Value *v, uint32_t bits, uint32_t lane) {
    uint64_t x = 0;
    memcpy(&x, v->bytes + lane * bits / 8, bits / 8);
    return x;
}
static Wide get_s(const Value *v, uint32_t bits, uint32_t lane) {
    Wide x = get(v, bits, lane), top = (Wide)1 << (bits - 1);
    return x >= top ? x - 2 * top : x;
}
static Wide get_by(const Value *v, uint32_t bits, uint32_t lane, bool is_signed) {
    return is_signed ? get_s(v, bits, lane) : (Wide)get(v, bits, lane);
}
static void set(Value *v, uint32_t bits, uint32_t lane, Wide x) {
    uint64_t low = (uint64_t)x;
    memcpy(v->bytes + lane * bits / 8, &low, bits / 8);
}

static Wide power(uint32_t n) { return (Wide)1 << n; }
static Wide floor_div(Wide a, Wide b) { return a / b - (a % b < 0); }
static Wide saturate(Wide x, uint32_t bits, bool is_signed) {
    Wide low = is_signed ? -power(bits - 1) : 0, high = is_signed ? power(bits - 1) - 1 : power(bits) - 1;
    return x < low ? low : x > high ? high : x;
}

typedef struct Name { /* "i16x8." op, whose sign its last letters tell */
    bool is_float, is_signed;
    uint32_t bits, n;
    const char *op;
} Name;

static Name read_name(const char *name) {
    Name r = {.is_float = name[0] == 'f', .op = strchr(name, '.') + 1};
    r.bits = (uint32_t)strtoul(name + 1, NULL, 10);
    r.n = 128 / r.bits;
    r.is_signed = strstr(r.op, "_s_zero") || strcmp(r.op + strlen(r.op) - 2, "_s") == 0;
    return r;
}
static bool is(const char *op, const char *name) { return strcmp(op, name) == 0; }
static bool begins(const char *op, const char *name) { return strncmp(op, name, strlen(name)) == 0; }

static bool compare(const char *op, Wide a, Wide b, Wide *r) {
    if (begins(op, "eq"))
        *r = -(a == b);
    else if (begins(op, "ne") && op[2] != 'g' && op[2] != 'a')
        *r = -(a != b);
    else if (begins(op, "lt"))
        *r = -(a < b);
    else if (begins(op, "gt"))
        *r = -(a > b);
    else if (begins(op, "le"))
        *r = -(a <= b);
    else if (begins(op, "ge"))
        *r = -(a >= b);
    else
        return false;
    return true;
}

/* A lane from the same lane of the operands. */
static bool lane_of(const Name *t, Wide a, Wide b, Wide ua, Wide *r) {
    const char *op = t->op;
    uint32_t bits = t->bits;
    if (is(op, "add"))
        *r = a + b;
    else if (is(op, "sub"))
        *r = a - b;
    else if (is(op, "mul"))
        *r = (Wide)((uint64_t)ua * (uint64_t)b);
    else if (is(op, "neg"))
        *r = power(bits) - ua;
    else if (is(op, "abs"))
        *r = ua >= power(bits - 1) ? power(bits) - ua : ua;
    else if (begins(op, "add_sat"))
        *r = saturate(a + b, bits, t->is_signed);
    else if (begins(op, "sub_sat"))
        *r = saturate(a - b, bits, t->is_signed);
    else if (begins(op, "min_"))
        *r = a < b ? a : b;
    else if (begins(op, "max_"))
        *r = a > b ? a : b;
    else if (is(op, "avgr_u"))
        *r = (a + b + 1) / 2;
    else if (is(op, "q15mulr_sat_s"))
        *r = saturate(floor_div(a * b + power(14), power(15)), bits, true);
    else if (is(op, "popcnt"))
        for (*r = 0; ua; ua /= 2) *r += ua % 2;
    else
        return compare(op, a, b, r);
    return true;
}

/* A lane from lanes of another width. */
static bool lane_from(const Name *t, const Value *a, const Value *b, uint32_t i, Wide *r) {
    const char *op = t->op;
    uint32_t half = t->bits / 2, at = strstr(op, "_high_") ? t->n + i : i;
    bool s = op[strlen(op) - 1] == 's';
    if (begins(op, "extend_"))
        *r = get_by(a, half, at, s);
    else if (begins(op, "extmul_"))
        *r = get_by(a, half, at, s) * get_by(b, half, at, s);
    else if (begins(op, "extadd_"))
        *r = get_by(a, half, 2 * i, s) + get_by(a, half, 2 * i + 1, s);
    else if (is(op, "dot_i16x8_s"))
        *r = get_s(a, 16, 2 * i) * get_s(b, 16, 2 * i) + get_s(a, 16, 2 * i + 1) * get_s(b, 16, 2 * i + 1);
    else if (begins(op, "narrow_"))
        *r = saturate(get_s(i < t->n / 2 ? a : b, 2 * t->bits, i % (t->n / 2)), t->bits, s);
    else
        return false;
    return true;
}

static const FloatFormat *format(uint32_t bits) { return bits == 32 ? &sf_f32 : &sf_f64; }

static bool float_lane(const Name *t, uint64_t a, uint64_t b, Wide *r) {
    const FloatFormat *f = format(t->bits);
    const char *op = t->op;
    int c = sf_compare(f, a, b);
    if (is(op, "canon"))
        *r = sf_is_nan(f, a) ? sf_nan(f) : a;
    else if (is(op, "abs"))
        *r = sf_abs(f, a);
    else if (is(op, "neg"))
        *r = sf_neg(f, a);
    else if (is(op, "sqrt"))
        *r = sf_sqrt(f, a);
    else if (is(op, "ceil"))
        *r = sf_round(f, a, SF_CEIL);
    else if (is(op, "floor"))
        *r = sf_round(f, a, SF_FLOOR);
    else if (is(op, "trunc"))
        *r = sf_round(f, a, SF_TRUNC);
    else if (is(op, "nearest"))
        *r = sf_round(f, a, SF_NEAREST);
    else if (is(op, "add"))
        *r = sf_add(f, a, b);
    else if (is(op, "sub"))
        *r = sf_sub(f, a, b);
    else if (is(op, "mul"))
        *r = sf_mul(f, a, b);
    else if (is(op, "div"))
        *r = sf_div(f, a, b);
    else if (is(op, "min"))
        *r = sf_min(f, a, b);
    else if (is(op, "max"))
        *r = sf_max(f, a, b);
    else if (is(op, "pmin"))
        *r = c == 1 ? b : a;
    else if (is(op, "pmax"))
        *r = c == -1 ? b : a;
    else if (is(op, "ne"))
        *r = -(c != 0);
    else if (c == 2)
        *r = 0;
    else
        return compare(op, c, 0, r);
    return true;
}

static bool conversion(const Name *t, const Value *a, uint32_t i, Wide *r) {
    const char *op = t->op;
    bool s = t->is_signed, zero = strstr(op, "_zero") && i >= 2;
    if (is(op, "demote_f64x2_zero"))
        *r = zero ? 0 : sf_convert(&sf_f32, &sf_f64, get(a, 64, i));
    else if (is(op, "promote_low_f32x4"))
        *r = sf_convert(&sf_f64, &sf_f32, get(a, 32, i));
    else if (begins(op, "convert_"))
        *r = sf_from_int(format(t->bits), get(a, 32, i), 32, s);
    else if (begins(op, "trunc_sat_f32x4_"))
        *r = sf_to_int(&sf_f32, get(a, 32, i), 32, s);
    else if (begins(op, "trunc_sat_f64x2_"))
        *r = zero ? 0 : sf_to_int(&sf_f64, get(a, 64, i), 32, s);
    else
        return false;
    return true;
}

static Wide shifted(const Name *t, const Value *a, uint32_t count, uint32_t i) {
    Wide by = power(count % t->bits);
    if (is(t->op, "shl")) return get(a, t->bits, i) * by;
    return floor_div(get_by(a, t->bits, i, is(t->op, "shr_s")), by);
}

static uint32_t tested(const Name *t, const Value *a) {
    uint32_t all = 1, any = 0, mask = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        all &= get(a, t->bits, i) != 0;
        any |= get(a, t->bits, i) != 0;
        mask |= (uint32_t)(get_s(a, t->bits, i) < 0) << i;
    }
    return is(t->op, "all_true") ? all : is(t->op, "any_true") ? any : mask;
}

static bool bit(const Value *v, uint32_t i) { return v->bytes[i / 8] >> i % 8 & 1; }

static Value bitwise(const char *op, const Value *a, const Value *b, const Value *c) {
    Value r = {.u64x2 = {0, 0}};
    for (uint32_t i = 0; i < 128; i++) {
        bool x = bit(a, i), y = bit(b, i), z = false;
        if (is(op, "not"))
            z = !x;
        else if (is(op, "and"))
            z = x && y;
        else if (is(op, "andnot"))
            z = x && !y;
        else if (is(op, "or"))
            z = x || y;
        else if (is(op, "xor"))
            z = x != y;
        else if (is(op, "bitselect"))
            z = bit(c, i) ? x : y;
        else
            fail_msg("v128.%s", op);
        r.bytes[i / 8] |= (uint8_t)(z << i % 8);
    }
    return r;
}

static Wide any_lane(const Name *t, const Value *arg, uint32_t i, const char *name) {
    const Value *a = &arg[0], *b = &arg[1];
    Wide r = 0;
    if (is(t->op, "swizzle")) return b->bytes[i] < 16 ? a->bytes[b->bytes[i]] : 0;
    if (conversion(t, a, i, &r)) return r;
    if (t->is_float) {
        if (!float_lane(t, get(a, t->bits, i), get(b, t->bits, i), &r)) fail_msg("%s is not known", name);
        return r;
    }
    if (lane_from(t, a, b, i, &r)) return r;
    Wide x = get_by(a, t->bits, i, t->is_signed), y = get_by(b, t->bits, i, t->is_signed);
    if (!lane_of(t, x, y, get(a, t->bits, i), &r)) fail_msg("%s is not known", name);
    return r;
}

static Value expected(uint32_t op, const Value *arg) {
    Name t = read_name(ops[op].name);
    Value r = {.u64x2 = {0, 0}};
    if (is(ops[op].shape, "TEST")) {
        if (is(t.op, "any_true")) t.bits = 8, t.n = 16;
        r.i64 = tested(&t, &arg[0]);
    } else if (ops[op].name[0] == 'v') {
        r = bitwise(t.op, &arg[0], &arg[1], &arg[2]);
    } else if (is(ops[op].shape, "EXTRACT")) {
        Wide x = get_by(&arg[0], t.bits, arg[2].i32, t.is_signed);
        r.i64 = t.bits == 64 ? (uint64_t)x : (uint32_t)x;
    } else if (is(ops[op].shape, "REPLACE")) {
        r = arg[0];
        set(&r, t.bits, arg[2].i32, get(&arg[1], t.bits, 0));
    } else {
        for (uint32_t i = 0; i < t.n; i++) {
            if (is(ops[op].shape, "SPLAT"))
                set(&r, t.bits, i, get(&arg[0], t.bits, 0));
            else if (is(ops[op].shape, "SHIFT"))
                set(&r, t.bits, i, shifted(&t, &arg[0], arg[1].i32, i));
            else
                set(&r, t.bits, i, any_lane(&t, arg, i, ops[op].name));
        }
    }
    return r;
}

/* -- Operands ---------------------------------------------------------------------------------- */

static uint64_t seed;
static uint64_t random_bits(void) {
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static uint32_t below(uint32_t n) { return (uint32_t)(random_bits() % n); }

/* A number where something changes, in `bits` bits: near powers of two, or a float at the edge of its kind. */
static uint64_t edge(uint32_t bits, bool is_float) {
    static const uint64_t f64s[] = {0,
                                    1,
                                    0x000fffffffffffff,
                                    0x0010000000000000,
                                    0x36a0000000000000,
                                    0x36a0000000000001,
                                    0x3fe0000000000000,
                                    0x3fefffffffffffff,
                                    0x3ff0000000000000,
                                    0x3ff8000000000000,
                                    0x4004000000000000,
                                    0x41dfffffffc00000,
                                    0x41e0000000000000,
                                    0x41e0000000200000,
                                    0x41efffffffe00000,
                                    0x41f0000000000000,
                                    0x432fffffffffffff,
                                    0x4330000000000000,
                                    0x47efffffefffffff,
                                    0x47effffff0000000,
                                    0x7fefffffffffffff,
                                    0x7ff0000000000000,
                                    0x7ff0000000000001,
                                    0x7ff8000000000000,
                                    0x7ffc000000000005};
    static const uint32_t f32s[] = {0,          1,          0x007fffff, 0x00800000, 0x3effffff, 0x3f000000,
                                    0x3f7fffff, 0x3f800000, 0x3fc00000, 0x40200000, 0x4affffff, 0x4b000000,
                                    0x4b000001, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x7f7fffff,
                                    0x7f800000, 0x7f800001, 0x7fc00000, 0x7fe00005};
    uint64_t sign = random_bits() << 63;
    if (is_float && bits == 64) return f64s[below(sizeof f64s / sizeof *f64s)] | sign;
    if (is_float) return f32s[below(sizeof f32s / sizeof *f32s)] | sign >> 32;
    uint64_t near = UINT64_C(1) << below(bits);
    return (random_bits() & 1 ? 0 - near : near) + below(3) - 1;
}

static Value operand(uint32_t bits, bool is_float) {
    Value v;
    for (uint32_t i = 0; i < 128 / bits; i++) set(&v, bits, i, below(4) ? edge(bits, is_float) : random_bits());
    return v;
}

/* -- Tests ------------------------------------------------------------------------------------- */

enum { ROUNDS = 4000 };

static void check(uint32_t op, const Value *arg) {
    Value have = ops[op].call(arg), want = expected(op, arg);
    if (memcmp(&have, &want, sizeof have) == 0) return;
    fail_msg("%s of %016llx%016llx %016llx%016llx %016llx%016llx: %016llx%016llx, should be %016llx%016llx",
             ops[op].name, (unsigned long long)arg[0].u64x2[1], (unsigned long long)arg[0].u64x2[0],
             (unsigned long long)arg[1].u64x2[1], (unsigned long long)arg[1].u64x2[0],
             (unsigned long long)arg[2].u64x2[1], (unsigned long long)arg[2].u64x2[0],
             (unsigned long long)have.u64x2[1], (unsigned long long)have.u64x2[0], (unsigned long long)want.u64x2[1],
             (unsigned long long)want.u64x2[0]);
}

static void test_operations(void **state) {
    (void)state;
    for (uint32_t op = 0; op < NOPS; op++) {
        Name t = read_name(ops[op].name);
        bool bits_alone = ops[op].name[0] == 'v';
        bool lane = is(ops[op].shape, "EXTRACT") || is(ops[op].shape, "REPLACE");
        for (uint32_t k = 0; k < ROUNDS; k++) {
            /* lanes of the operation's own shape, or of another: conversions read them, the others do not care */
            uint32_t width = bits_alone || below(3) == 0 ? 8u << below(4) : t.bits;
            bool floats = width >= 32 && below(2);
            Value arg[3] = {operand(width, floats), operand(width, floats), operand(width, floats)};
            if (below(4) == 0) arg[1] = arg[0];
            if (below(16) == 0) arg[0] = (Value){.u64x2 = {0, 0}};
            if (is(t.op, "swizzle"))
                for (uint32_t i = 0; i < 16; i++) arg[1].bytes[i] = (uint8_t)(below(8) ? below(24) : below(256));
            if (lane) arg[2] = (Value){.u64x2 = {k % t.n, 0}};
            check(op, arg);
        }
    }
}

/* All pairs of 8-bit lanes, 256 vectors each of a pair of rows: nothing left to chance. */
static void test_bytes(void **state) {
    (void)state;
    for (uint32_t op = 0; op < NOPS; op++) {
        if (strncmp(ops[op].name, "i8x16.", 6) != 0 || !strstr(ops[op].shape, "ARY")) continue;
        for (uint32_t a = 0; a < 256; a += 16)
            for (uint32_t b = 0; b < 256; b++) {
                Value arg[3] = {0};
                for (uint32_t i = 0; i < 16; i++) arg[0].bytes[i] = (uint8_t)(a + i), arg[1].bytes[i] = (uint8_t)b;
                check(op, arg);
            }
    }
}

static void test_shuffle(void **state) {
    (void)state;
    for (uint32_t k = 0; k < ROUNDS; k++) {
        Value a = operand(8, false), b = operand(8, false);
        uint8_t both[32], lane[16];
        memcpy(both, &a, 16);
        memcpy(both + 16, &b, 16);
        for (uint32_t i = 0; i < 16; i++) lane[i] = (uint8_t)below(32);
        Value r = num_i8x16_shuffle(a, b, lane);
        for (uint32_t i = 0; i < 16; i++) assert_int_equal(r.bytes[i], both[lane[i]]);
    }
}

/* What the specification says in words, as numbers. */
static void test_known(void **state) {
    (void)state;
    Value nan = {.u32x4 = {0x7fa00001, 0xffc00000, 0x80000000, 0xff800001}}, one = {.u32x4 = {0x3f800000, 0, 0, 0}};
    Value r = num_f32x4_add(nan, one); /* arithmetic: the canonical NaN, whatever came in */
    assert_int_equal(r.u32x4[0], 0x7fc00000);
    assert_int_equal(r.u32x4[1], 0x7fc00000);
    assert_int_equal(r.u32x4[2], 0);
    r = num_f32x4_pmin(nan, one); /* a selection: the first operand, bit for bit, unless the second is less */
    assert_int_equal(r.u32x4[0], 0x7fa00001);
    r = num_f32x4_pmax(one, nan);
    assert_int_equal(r.u32x4[0], 0x3f800000);
    assert_int_equal(r.u32x4[2], 0);
    r = num_f32x4_neg(nan);
    assert_int_equal(r.u32x4[0], 0xffa00001);
    assert_int_equal(r.u32x4[2], 0);
    r = num_f32x4_min((Value){.u32x4 = {0, 0x80000000, 0, 0}}, (Value){.u32x4 = {0x80000000, 0, 0, 0}});
    assert_int_equal(r.u32x4[0], 0x80000000);
    assert_int_equal(r.u32x4[1], 0x80000000);
    r = num_f64x2_promote_low_f32x4(nan);
    assert_true(r.u64x2[0] == UINT64_C(0x7ff8000000000000) && r.u64x2[1] == UINT64_C(0x7ff8000000000000));
    r = num_i16x8_q15mulr_sat_s(num_i16x8_splat(0x8000), num_i16x8_splat(0x8000)); /* -1 * -1: the one that saturates */
    assert_int_equal(r.u32x4[0], 0x7fff7fff);
    r = num_i32x4_dot_i16x8_s(num_i16x8_splat(0x8000), num_i16x8_splat(0x8000)); /* the one that wraps */
    assert_int_equal(r.u32x4[3], 0x80000000);
    r = num_i8x16_avgr_u(num_i8x16_splat(255), num_i8x16_splat(254));
    assert_int_equal(r.bytes[7], 255);
    r = num_i8x16_shl(num_i8x16_splat(0x81), 9); /* counts are modulo the lanes' width */
    assert_int_equal(r.bytes[0], 2);
    r = num_i8x16_abs(num_i8x16_splat(0x80));
    assert_int_equal(r.bytes[0], 0x80);
    r = num_i32x4_trunc_sat_f32x4_u(nan);
    assert_true(r.u64x2[0] == 0 && r.u64x2[1] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
