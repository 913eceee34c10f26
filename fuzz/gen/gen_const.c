/* Constants: the values at which engines have gone wrong.
 *
 * Integers around powers of two and the limits of immediates (8, 12, 16, 32 bits, and the bit masks that aarch64 can
 * encode); floats that are zero, subnormal, at the limits of conversions, infinite or NaN with a payload. */
#include "fuzz/gen/gen_impl.h"

// clang-format off
static const uint64_t special_int[] = {
    /* small ones, and shift counts */
    0, 1, UINT64_MAX, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 31, 32, 33, 63, 64, 65, 100, 1000,
    /* immediates of 7, 8, 12, 16 and 24 bits */
    127, 128, 129, 255, 256, 257, 4095, 4096, 4097, 0x7fff, 0x8000, 0x8001, 0xffff, 0x10000, 0x10001, 0xfff000,
    0xffffff, 0x1000000,
    /* around 2^31 and 2^32 */
    0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
    0xffffffff00000000, 0xffffffff80000000, 0xffffffff7fffffff,
    /* around 2^63 */
    0x7ffffffffffffffe, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xfffffffffffffffe,
    /* negative ones, and bytes with their sign */
    0xffffffffffffff80, 0xffffffffffffff7f, 0xffffffffffff8000, 0xffffffffffff0000, 0xfffffffffffff000, 0xff80,
    0xfffe, 0xff00, 0xff0000, 0xff000000,
    /* repeating bits */
    0x00ff00ff00ff00ff, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x0f0f0f0f0f0f0f0f, 0x0101010101010101,
    0x8080808080808080, 0x3333333333333333, 0x00000000ffff0000, 0x0000ffff0000ffff,
    /* rounding to floats */
    0x20000000000001, 0x8000000000000401, 0x8000000000000c00, 0x8000008000000001, 0x4000004000000001,
    0x7fffffbfffffffff, 0xfffffffffffffbff,
    /* no pattern */
    0xdeadbeefcafef00d, 0x123456789abcdef0, 0x1234567812345678};

static const uint32_t special_f32[] = {
    /* +-0 +-1 +-.5 2 1.5 2.5 3.5, next to .5 and 1, pi */
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x40000000, 0x3fc00000, 0x40200000,
    0x40600000, 0x3effffff, 0x3f7fffff, 0xbf7fffff, 0x3f800001, 0xbf800001, 0x40490fdb,
    /* infinities and NaNs */
    0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fa00000, 0x7f800001, 0xff800001, 0x7fffffff, 0x7fc00001,
    0x7fd12345,
    /* subnormal, smallest and largest */
    0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x807fffff, 0x7f7fffff, 0xff7fffff,
    /* 2^23, 2^24 */
    0x4b000000, 0x4b000001, 0x4affffff, 0xcb000001, 0x4b800000, 0x4b7fffff, 0x4b800001,
    /* 2^31, 2^32 */
    0x4effffff, 0x4f000000, 0x4f000001, 0xcf000000, 0xcf000001, 0xcefffffe, 0x4f7fffff, 0x4f800000, 0x4f800001,
    /* 2^63, 2^64 */
    0x5effffff, 0x5f000000, 0xdf000000, 0xdf000001, 0x5f7fffff, 0x5f800000, 0x5f800001,
    /* 100, 2^15 and just below */
    0x42c80000, 0x47000000, 0x46fffe00};

static const uint64_t special_f64[] = {
    /* +-0 +-1 +-.5 2 1.5 2.5 3.5, next to .5 and 1, pi */
    0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000, 0xbfe0000000000000,
    0x4000000000000000, 0x3ff8000000000000, 0x4004000000000000, 0x400c000000000000, 0x3fdfffffffffffff,
    0x3fefffffffffffff, 0xbfefffffffffffff, 0x3ff0000000000001, 0xbff0000000000001, 0x400921fb54442d18,
    /* infinities and NaNs */
    0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff4000000000000,
    0x7ff0000000000001, 0xfff0000000000001, 0x7fffffffffffffff, 0x7ff8000000000001, 0x7ffa123456789abc,
    /* subnormal, smallest and largest */
    1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x800fffffffffffff, 0x7fefffffffffffff,
    0xffefffffffffffff,
    /* 2^52, 2^53 */
    0x4330000000000000, 0x4330000000000001, 0x432fffffffffffff, 0xc330000000000001, 0x4340000000000000,
    0x433fffffffffffff, 0x4340000000000001,
    /* 2^31, 2^32 */
    0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0x41dfffffffffffff, 0xc1e0000000000000,
    0xc1e0000000200000, 0xc1e00000001fffff, 0x41efffffffe00000, 0x41f0000000000000, 0x41efffffffffffff,
    /* 2^63, 2^64 */
    0x43dfffffffffffff, 0x43e0000000000000, 0xc3e0000000000000, 0xc3e0000000000001, 0x43efffffffffffff,
    0x43f0000000000000,
    /* limits of f32, and halfway between two of them */
    0x36a0000000000000, 0x369fffffffffffff, 0x380fffffe0000000, 0x47efffffe0000000, 0x47efffffefffffff,
    0x47effffff0000000, 0x3ff0000010000000, 0x3ff0000030000000,
    /* 100 */
    0x4059000000000000};
// clang-format on

#define PICK(e, table) (table)[entropy_pick(e, (uint32_t)(sizeof(table) / sizeof *(table)))]

static uint64_t const_int(Entropy *e, uint32_t bits) {
    uint32_t form = entropy_u8(e);
    if (form < 80) return (uint64_t)(int8_t)entropy_u8(e);
    if (form < 180) return PICK(e, special_int);
    if (form < 225) return (UINT64_C(1) << entropy_pick(e, bits)) + (form & 1) - (form >> 1 & 1);
    if (form < 240) return (uint64_t)(int16_t)entropy_bits(e, 2);
    return entropy_bits(e, bits / 8);
}

/* Small whole numbers are common: arithmetic on them stays away from infinity. */
static uint64_t const_float(Entropy *e, Ti t) {
    uint32_t form = entropy_u8(e);
    if (form < 110) {
        Value v = {.u64x2 = {0, 0}};
        double x = (double)((int)entropy_u8(e) - 100) / (double)(1u << (form & 3));
        if (t == TI_F64)
            v.f64 = form ? x : 0;
        else
            v.f32 = form ? (float)x : 0;
        return v.i64;
    }
    if (form >= 240) return entropy_bits(e, t == TI_F64 ? 8 : 4);
    return t == TI_F64 ? PICK(e, special_f64) : PICK(e, special_f32);
}

Value const_value(Entropy *e, Ti t) {
    Value v = {.u64x2 = {0, 0}};
    switch (t) {
    case TI_I32: v.i32 = (uint32_t)const_int(e, 32); break;
    case TI_I64: v.i64 = const_int(e, 64); break;
    case TI_F32:
    case TI_F64: v.i64 = const_float(e, t); break;
    case TI_V128: {
        if (entropy_chance(e, 8)) return (Value){.u64x2 = {UINT64_MAX, UINT64_MAX}};
        uint32_t form = entropy_pick(e, 5);
        Ti lane = form == 4 ? TI_F64 : (Ti)form; /* two lanes, or four */
        uint64_t a = const_value(e, lane).i64, b = const_value(e, lane).i64;
        bool wide = lane == TI_I64 || lane == TI_F64;
        v.u64x2[0] = wide ? a : (a & UINT32_MAX) | b << 32;
        v.u64x2[1] = wide ? b : (b & UINT32_MAX) | a << 32;
        break;
    }
    default: break;
    }
    return v;
}

Value gen_const(uint64_t random, ValType t) {
    Entropy e = {.tail = random | 1};
    return const_value(&e, ti_of(t));
}

Value const_shift(Entropy *e, uint32_t bits) {
    static const int8_t around[] = {0,  1,  2,  3,  4,  5,  7,  8,  12, 15, 16, 17,  20, 24, 30,  31,
                                    32, 33, 40, 47, 48, 56, 62, 63, 64, 65, 96, 127, -1, -2, -31, -32};
    int64_t n = PICK(e, around);
    Value v = {.u64x2 = {0, 0}};
    if (bits == 32)
        v.i32 = (uint32_t)n;
    else
        v.i64 = (uint64_t)n;
    return v;
}

Value const_divisor(Entropy *e, Ti t, bool minus_one) {
    static const int64_t divisor[] = {
        1,       2,          3,          4,          5,          6,         7,         8,
        9,       10,         11,         12,         13,         16,        25,        32,
        60,      64,         100,        125,        127,        128,       255,       256,
        625,     641,        1000,       1024,       4096,       10000,     65535,     65536,
        1000000, 16777216,   1000000007, 1073741824, INT32_MAX,  INT32_MIN, -2,        -3,
        -5,      -7,         -8,         -10,        -16,        -100,      -128,      -1000,
        -65536,  4294967295, 4294967296, 4294967297, 6442450944, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    int64_t n = PICK(e, divisor);
    Value v = {.u64x2 = {0, 0}};
    if (minus_one && entropy_chance(e, 70)) n = -1;
    if (t == TI_I32)
        v.i32 = (uint32_t)n;
    else
        v.i64 = (uint64_t)n;
    /* as 32 bits it may have become 0 or -1 */
    if (t == TI_I32 && (v.i32 == 0 || (v.i32 == UINT32_MAX && !minus_one))) v.i32 = 3;
    return v;
}
