/* All conversions between i32, i64, f32 and f64, saturating and trapping ones, and the float instructions that C
   has only as builtins: rounding, minimum, maximum, copysign, absolute value, square root. Operands lie on and
   around every boundary: powers of two, halves, signed zeros, subnormals, infinities; NaN goes into saturating
   conversions and compares only. */
#include "bench.h"
#include "platform.h"

enum { SPECIALS = 24 };

static const double special[SPECIALS] = {
    0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 0x1.fffffep-2, 0x1.fffffffffffffp-2, 0x1p23, 0x1p24, 0x1p31,
    0x1p32, -0x1p31, 0x1p52, -0x1p53, 0x1p63, -0x1p63, 0x1p64, 0x1p-149, 0x1p-1074, 0x1.fffffep127,
    0x1.fffffffffffffp1023, 1e300,
};

static float to_f32(double x) {
    return (float)x;
}

static double operand(Rng *rng) {
    uint64_t random = rng_next(rng);
    double x = special[random % SPECIALS];
    int32_t exponent = (int32_t)(random >> 8 & 127) - 32;
    switch (random >> 16 & 3) {
    case 0: return random >> 20 & 1 ? -x : x;
    case 1: return __builtin_fabs(x) < 0x1p60 ? x + (double)((int32_t)(random >> 32 & 15) - 8) * 0.25 : x;
    case 2: return (double)(int32_t)(random >> 32) * 0.001953125;
    default: {
        F64Bits pun = {.bits = (random & 0x800fffffffffffff) | (uint64_t)(1023 + exponent) << 52};
        return pun.value;
    }
    }
}

static uint64_t saturating(uint64_t sum, double x, float y) {
    sum = fold(sum, (uint64_t)trunc_sat_s_i32_f64(x) + ((uint64_t)trunc_sat_u_i32_f64(x) << 32));
    sum = fold(sum, (uint64_t)trunc_sat_s_i32_f32(y) + ((uint64_t)trunc_sat_u_i32_f32(y) << 32));
    sum = fold(sum, (uint64_t)trunc_sat_s_i64_f64(x));
    sum = fold(sum, trunc_sat_u_i64_f64(x));
    sum = fold(sum, (uint64_t)trunc_sat_s_i64_f32(y));
    return fold(sum, trunc_sat_u_i64_f32(y));
}

/* The trapping conversions, kept in range; the unsigned ones get magnitudes. */
static uint64_t in_range(uint64_t sum, double x, float y) {
    double size = __builtin_fabs(x);
    float size32 = __builtin_fabsf(y);
    if (size < 0x1p31) sum = fold(sum, (uint64_t)trunc_s_i32_f64(x));
    if (size32 < 0x1p31f) sum = fold(sum, (uint64_t)trunc_s_i32_f32(y));
    if (size < 0x1p32) sum = fold(sum, trunc_u_i32_f64(size));
    if (size32 < 0x1p32f) sum = fold(sum, trunc_u_i32_f32(size32));
    if (size < 0x1p63) sum = fold(sum, (uint64_t)trunc_s_i64_f64(x));
    if (size32 < 0x1p63f) sum = fold(sum, (uint64_t)trunc_s_i64_f32(y));
    if (size < 0x1p64) sum = fold(sum, trunc_u_i64_f64(size));
    if (size32 < 0x1p64f) sum = fold(sum, trunc_u_i64_f32(size32));
    return sum;
}

static uint64_t from_integers(uint64_t sum, uint64_t bits) {
    for (uint32_t shift = 0; shift < 64; shift += 9) {
        uint64_t x = bits >> shift;
        sum = fold_f64(sum, (double)(int32_t)x);
        sum = fold_f64(sum, (double)(uint32_t)x);
        sum = fold_f64(sum, (double)(int64_t)x);
        sum = fold_f64(sum, (double)x);
        sum = fold_f32(sum, (float)(int32_t)x);
        sum = fold_f32(sum, (float)(uint32_t)x);
        sum = fold_f32(sum, (float)(int64_t)x);
        sum = fold_f32(sum, (float)x);
    }
    return sum;
}

static uint64_t rounding(uint64_t sum, double x, float y) {
    sum = fold_f64(sum, __builtin_floor(x));
    sum = fold_f64(sum, __builtin_ceil(x));
    sum = fold_f64(sum, __builtin_trunc(x));
    sum = fold_f64(sum, __builtin_nearbyint(x));
    sum = fold_f32(sum, __builtin_floorf(y));
    sum = fold_f32(sum, __builtin_ceilf(y));
    sum = fold_f32(sum, __builtin_truncf(y));
    sum = fold_f32(sum, __builtin_nearbyintf(y));
    sum = fold_f64(sum, __builtin_sqrt(__builtin_fabs(x)));
    return fold_f32(sum, __builtin_sqrtf(__builtin_fabsf(y)));
}

static uint64_t pairs(uint64_t sum, double a, double b, float c, float d) {
    sum = fold_f64(fold_f64(sum, min_f64(a, b)), max_f64(a, b));
    sum = fold_f32(fold_f32(sum, min_f32(c, d)), max_f32(c, d));
    sum = fold_f64(sum, __builtin_copysign(a, b));
    sum = fold_f32(sum, __builtin_copysignf(c, d));
    sum = fold(sum, (uint64_t)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5));
    sum = fold(sum, (uint64_t)((c < d) | (c <= d) << 1 | (c > d) << 2 | (c >= d) << 3 | (c == d) << 4 | (c != d) << 5));
    return sum;
}

/* Promotion, demotion, and the bit patterns taken as integers and back. */
static uint64_t crossing(uint64_t sum, double x, float y) {
    F64Bits wide = {.value = x};
    F32Bits narrow = {.value = y};
    sum = fold_f64(sum, (double)y);
    sum = fold_f32(sum, to_f32(x * 0x1.000001p0));
    wide.bits = (wide.bits & 0x800fffffffffffff) | (uint64_t)(1000 + (wide.bits >> 52 & 31)) << 52;
    narrow.bits = (narrow.bits & 0x807fffff) | (uint32_t)(100 + (narrow.bits >> 23 & 31)) << 23;
    sum = fold_f64(sum, wide.value + 1);
    return fold_f32(sum, narrow.value - (float)wide.value);
}

static uint64_t not_a_number(uint64_t sum, uint64_t payload) {
    F64Bits wide = {.bits = 0x7ff0000000000001 | payload};
    F32Bits narrow = {.bits = 0x7f800001 | (uint32_t)payload};
    sum = saturating(sum, wide.value, narrow.value);
    sum = fold(sum, (uint64_t)((wide.value < 1) | (wide.value >= 1) << 1 | (wide.value != wide.value) << 2));
    return fold(sum, (uint64_t)((narrow.value > 1) | (narrow.value <= 1) << 1 | (narrow.value == narrow.value) << 2));
}

int64_t run(int32_t n) {
    Rng rng = {0x636f6e76};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        double a = operand(&rng), b = operand(&rng);
        float c = to_f32(a), d = to_f32(b);
        sum = saturating(sum, a, d);
        sum = in_range(sum, b, c);
        sum = from_integers(sum, rng_next(&rng));
        sum = rounding(sum, a, d);
        sum = pairs(sum, a, b, c, d);
        sum = crossing(sum, a, d);
        sum = not_a_number(sum, rng_next(&rng) & 0x800fffffffffffff);
    }
    return (int64_t)sum;
}
