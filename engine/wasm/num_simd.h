/* Semantics of the vector instructions (spec 4.3.2 to 4.3.4, lane by lane), as num.h has those of numbers.
 *
 * A function is called num_ and the instruction's name, or, where two instructions mean the same (loads that splat or
 * replace a lane), that of the lane operation in ir/simd.def.  Vectors are Values; a scalar lane is its BITS, a
 * uint32_t (i32 f32, and i8 i16 extended) or uint64_t (i64 f64).  Lane 0 is the lowest bytes: the host is
 * little-endian (base/bits.h).
 *
 * Float lanes are num.h's scalars, so NaN is the deterministic profile: arithmetic, rounding, sqrt, min, max, demote
 * and promote yield the positive canonical NaN; abs, neg, pmin and pmax move bits.  Nothing traps. */
#pragma once
#include "wasm/num.h"
#include "wasm/types.h"

typedef union NumLanes {
    Value v;
    uint8_t u8[16];
    int8_t s8[16];
    uint16_t u16[8];
    int16_t s16[8];
    uint32_t u32[4];
    int32_t s32[4];
    uint64_t u64[2];
    int64_t s64[2];
} NumLanes;

static inline int64_t num_clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* Functions that make N lanes of W bits.  `lane` is the expression for lane i; operands are a, b, c, and `n`, a shift's
 * count. */
#define NUM_V1(name, W, N, lane)                                            \
    static inline Value num_##name(Value a_) {                              \
        NumLanes a = {.v = a_}, r;                                          \
        for (uint32_t i = 0; i < (N); i++) r.u##W[i] = (uint##W##_t)(lane); \
        return r.v;                                                         \
    }
#define NUM_V2(name, W, N, lane)                                            \
    static inline Value num_##name(Value a_, Value b_) {                    \
        NumLanes a = {.v = a_}, b = {.v = b_}, r;                           \
        for (uint32_t i = 0; i < (N); i++) r.u##W[i] = (uint##W##_t)(lane); \
        return r.v;                                                         \
    }
#define NUM_V3(name, W, N, lane)                                            \
    static inline Value num_##name(Value a_, Value b_, Value c_) {          \
        NumLanes a = {.v = a_}, b = {.v = b_}, c = {.v = c_}, r;            \
        for (uint32_t i = 0; i < (N); i++) r.u##W[i] = (uint##W##_t)(lane); \
        return r.v;                                                         \
    }
#define NUM_VSHIFT(name, W, N, lane)                                        \
    static inline Value num_##name(Value a_, uint32_t count) {              \
        NumLanes a = {.v = a_}, r;                                          \
        uint32_t n = count % (W);                                           \
        for (uint32_t i = 0; i < (N); i++) r.u##W[i] = (uint##W##_t)(lane); \
        return r.v;                                                         \
    }
#define NUM_MASK(condition) ((condition) ? UINT64_MAX : 0)

/* -- Bits ------------------------------------------------------------------------ */

NUM_V1(v128_not, 64, 2, ~a.u64[i])
NUM_V2(v128_and, 64, 2, a.u64[i] & b.u64[i])
NUM_V2(v128_andnot, 64, 2, a.u64[i] & ~b.u64[i])
NUM_V2(v128_or, 64, 2, a.u64[i] | b.u64[i])
NUM_V2(v128_xor, 64, 2, a.u64[i] ^ b.u64[i])
NUM_V3(v128_bitselect, 64, 2, (a.u64[i] & c.u64[i]) | (b.u64[i] & ~c.u64[i]))
static inline uint32_t num_v128_any_true(Value a) { return (a.u64x2[0] | a.u64x2[1]) != 0; }

/* -- Lanes as they are ------------------------------------------------------------- */

#define NUM_SPLAT(T, U, W, N)                                                 \
    static inline Value num_##T##_splat(U x) {                                \
        NumLanes r;                                                           \
        for (uint32_t i = 0; i < (N); i++) r.u##W[i] = (uint##W##_t)x;        \
        return r.v;                                                           \
    }                                                                         \
    static inline Value num_##T##_replace_lane(Value a, U x, uint32_t lane) { \
        NumLanes r = {.v = a};                                                \
        r.u##W[lane] = (uint##W##_t)x;                                        \
        return r.v;                                                           \
    }
NUM_SPLAT(i8x16, uint32_t, 8, 16)
NUM_SPLAT(i16x8, uint32_t, 16, 8)
NUM_SPLAT(i32x4, uint32_t, 32, 4)
NUM_SPLAT(i64x2, uint64_t, 64, 2)
NUM_SPLAT(f32x4, uint32_t, 32, 4)
NUM_SPLAT(f64x2, uint64_t, 64, 2)
#undef NUM_SPLAT

static inline uint32_t num_i8x16_extract_lane_s(Value a, uint32_t lane) { return (uint32_t)(int8_t)a.bytes[lane]; }
static inline uint32_t num_i8x16_extract_lane_u(Value a, uint32_t lane) { return a.bytes[lane]; }
static inline uint32_t num_i16x8_extract_lane_s(Value a, uint32_t lane) {
    return (uint32_t)((NumLanes){.v = a}).s16[lane];
}
static inline uint32_t num_i16x8_extract_lane_u(Value a, uint32_t lane) { return ((NumLanes){.v = a}).u16[lane]; }
static inline uint32_t num_i32x4_extract_lane(Value a, uint32_t lane) { return a.u32x4[lane]; }
static inline uint64_t num_i64x2_extract_lane(Value a, uint32_t lane) { return a.u64x2[lane]; }
static inline uint32_t num_f32x4_extract_lane(Value a, uint32_t lane) { return a.u32x4[lane]; }
static inline uint64_t num_f64x2_extract_lane(Value a, uint32_t lane) { return a.u64x2[lane]; }

/* Each lane a byte of both operands: 0 to 15 of the first, 16 to 31 of the second. */
static inline Value num_i8x16_shuffle(Value a, Value b, const uint8_t lane[16]) {
    Value r;
    for (uint32_t i = 0; i < 16; i++) r.bytes[i] = lane[i] < 16 ? a.bytes[lane[i]] : b.bytes[lane[i] & 15];
    return r;
}
NUM_V2(i8x16_swizzle, 8, 16, b.u8[i] < 16 ? a.u8[b.u8[i]] : 0)

/* -- Integers ----------------------------------------------------------------------- */

/* Of every shape T of N lanes with W bits.  Sums and products are modulo 2^64 before they are cut. */
#define NUM_VINT(T, W, N)                                                                 \
    NUM_V1(T##_abs, W, N, a.s##W[i] < 0 ? 0 - (uint64_t)a.u##W[i] : a.u##W[i])            \
    NUM_V1(T##_neg, W, N, 0 - (uint64_t)a.u##W[i])                                        \
    NUM_V2(T##_add, W, N, (uint64_t)a.u##W[i] + b.u##W[i])                                \
    NUM_V2(T##_sub, W, N, (uint64_t)a.u##W[i] - b.u##W[i])                                \
    NUM_VSHIFT(T##_shl, W, N, (uint64_t)a.u##W[i] << n)                                   \
    NUM_VSHIFT(T##_shr_s, W, N, (int64_t)a.s##W[i] >> n)                                  \
    NUM_VSHIFT(T##_shr_u, W, N, (uint64_t)a.u##W[i] >> n)                                 \
    NUM_V2(T##_eq, W, N, NUM_MASK(a.u##W[i] == b.u##W[i]))                                \
    NUM_V2(T##_ne, W, N, NUM_MASK(a.u##W[i] != b.u##W[i]))                                \
    NUM_V2(T##_lt_s, W, N, NUM_MASK(a.s##W[i] < b.s##W[i]))                               \
    NUM_V2(T##_gt_s, W, N, NUM_MASK(a.s##W[i] > b.s##W[i]))                               \
    NUM_V2(T##_le_s, W, N, NUM_MASK(a.s##W[i] <= b.s##W[i]))                              \
    NUM_V2(T##_ge_s, W, N, NUM_MASK(a.s##W[i] >= b.s##W[i]))                              \
    static inline uint32_t num_##T##_all_true(Value a_) {                                 \
        NumLanes a = {.v = a_};                                                           \
        for (uint32_t i = 0; i < (N); i++)                                                \
            if (a.u##W[i] == 0) return 0;                                                 \
        return 1;                                                                         \
    }                                                                                     \
    static inline uint32_t num_##T##_bitmask(Value a_) {                                  \
        NumLanes a = {.v = a_};                                                           \
        uint32_t mask = 0;                                                                \
        for (uint32_t i = 0; i < (N); i++) mask |= (uint32_t)(a.u##W[i] >> (W - 1)) << i; \
        return mask;                                                                      \
    }
NUM_VINT(i8x16, 8, 16)
NUM_VINT(i16x8, 16, 8)
NUM_VINT(i32x4, 32, 4)
NUM_VINT(i64x2, 64, 2)
#undef NUM_VINT
NUM_V2(i16x8_mul, 16, 8, (uint64_t)a.u16[i] * b.u16[i])
NUM_V2(i32x4_mul, 32, 4, (uint64_t)a.u32[i] * b.u32[i])
NUM_V2(i64x2_mul, 64, 2, a.u64[i] * b.u64[i])
NUM_V1(i8x16_popcnt, 8, 16, bits_popcount64(a.u8[i]))

/* What lanes of 64 bits do not have. */
#define NUM_VORDER(T, W, N)                                                \
    NUM_V2(T##_lt_u, W, N, NUM_MASK(a.u##W[i] < b.u##W[i]))                \
    NUM_V2(T##_gt_u, W, N, NUM_MASK(a.u##W[i] > b.u##W[i]))                \
    NUM_V2(T##_le_u, W, N, NUM_MASK(a.u##W[i] <= b.u##W[i]))               \
    NUM_V2(T##_ge_u, W, N, NUM_MASK(a.u##W[i] >= b.u##W[i]))               \
    NUM_V2(T##_min_s, W, N, a.s##W[i] < b.s##W[i] ? a.u##W[i] : b.u##W[i]) \
    NUM_V2(T##_min_u, W, N, a.u##W[i] < b.u##W[i] ? a.u##W[i] : b.u##W[i]) \
    NUM_V2(T##_max_s, W, N, a.s##W[i] > b.s##W[i] ? a.u##W[i] : b.u##W[i]) \
    NUM_V2(T##_max_u, W, N, a.u##W[i] > b.u##W[i] ? a.u##W[i] : b.u##W[i])
NUM_VORDER(i8x16, 8, 16)
NUM_VORDER(i16x8, 16, 8)
NUM_VORDER(i32x4, 32, 4)
#undef NUM_VORDER

/* Saturation, and the average rounded up: of 8 and 16 bits. */
#define NUM_VSAT(T, W, N)                                                                              \
    NUM_V2(T##_add_sat_s, W, N, num_clamp((int64_t)a.s##W[i] + b.s##W[i], INT##W##_MIN, INT##W##_MAX)) \
    NUM_V2(T##_sub_sat_s, W, N, num_clamp((int64_t)a.s##W[i] - b.s##W[i], INT##W##_MIN, INT##W##_MAX)) \
    NUM_V2(T##_add_sat_u, W, N, num_clamp((int64_t)a.u##W[i] + b.u##W[i], 0, UINT##W##_MAX))           \
    NUM_V2(T##_sub_sat_u, W, N, num_clamp((int64_t)a.u##W[i] - b.u##W[i], 0, UINT##W##_MAX))           \
    NUM_V2(T##_avgr_u, W, N, ((uint32_t)a.u##W[i] + b.u##W[i] + 1) >> 1)
NUM_VSAT(i8x16, 8, 16)
NUM_VSAT(i16x8, 16, 8)
#undef NUM_VSAT
/* A product of numbers with 15 fractional bits, rounded; saturates for -1 * -1 alone. */
NUM_V2(i16x8_q15mulr_sat_s, 16, 8, num_clamp(((int64_t)a.s16[i] * b.s16[i] + 0x4000) >> 15, INT16_MIN, INT16_MAX))

/* From lanes of H bits to N lanes of W = 2 * H bits. */
#define NUM_VWIDEN(T, H, W, N, FROM)                                                 \
    NUM_V1(T##_extend_low_##FROM##_s, W, N, a.s##H[i])                               \
    NUM_V1(T##_extend_high_##FROM##_s, W, N, a.s##H[i + N])                          \
    NUM_V1(T##_extend_low_##FROM##_u, W, N, a.u##H[i])                               \
    NUM_V1(T##_extend_high_##FROM##_u, W, N, a.u##H[i + N])                          \
    NUM_V2(T##_extmul_low_##FROM##_s, W, N, (int64_t)a.s##H[i] * b.s##H[i])          \
    NUM_V2(T##_extmul_high_##FROM##_s, W, N, (int64_t)a.s##H[i + N] * b.s##H[i + N]) \
    NUM_V2(T##_extmul_low_##FROM##_u, W, N, (uint64_t)a.u##H[i] * b.u##H[i])         \
    NUM_V2(T##_extmul_high_##FROM##_u, W, N, (uint64_t)a.u##H[i + N] * b.u##H[i + N])
NUM_VWIDEN(i16x8, 8, 16, 8, i8x16)
NUM_VWIDEN(i32x4, 16, 32, 4, i16x8)
NUM_VWIDEN(i64x2, 32, 64, 2, i32x4)
#undef NUM_VWIDEN
NUM_V1(i16x8_extadd_pairwise_i8x16_s, 16, 8, a.s8[2 * i] + a.s8[2 * i + 1])
NUM_V1(i16x8_extadd_pairwise_i8x16_u, 16, 8, a.u8[2 * i] + a.u8[2 * i + 1])
NUM_V1(i32x4_extadd_pairwise_i16x8_s, 32, 4, a.s16[2 * i] + a.s16[2 * i + 1])
NUM_V1(i32x4_extadd_pairwise_i16x8_u, 32, 4, a.u16[2 * i] + a.u16[2 * i + 1])
/* The sum of two products wraps for four times -2^15 alone. */
NUM_V2(i32x4_dot_i16x8_s, 32, 4, (int64_t)a.s16[2 * i] * b.s16[2 * i] + (int64_t)a.s16[2 * i + 1] * b.s16[2 * i + 1])

/* To lanes of half the width, saturating by the sign of the result; a gives the low lanes. */
#define NUM_VNARROW(T, W, N, D, FROM)                                                                          \
    NUM_V2(T##_narrow_##FROM##_s, W, N,                                                                        \
           num_clamp(i < (N) / 2 ? a.s##D[i % ((N) / 2)] : b.s##D[i % ((N) / 2)], INT##W##_MIN, INT##W##_MAX)) \
    NUM_V2(T##_narrow_##FROM##_u, W, N,                                                                        \
           num_clamp(i < (N) / 2 ? a.s##D[i % ((N) / 2)] : b.s##D[i % ((N) / 2)], 0, UINT##W##_MAX))
NUM_VNARROW(i8x16, 8, 16, 16, i16x8)
NUM_VNARROW(i16x8, 16, 8, 32, i32x4)
#undef NUM_VNARROW

/* -- Floats -------------------------------------------------------------------------- */

/* F: the scalar type.  pmin and pmax are selections by `<` alone, of bits. */
#define NUM_VFLOAT(T, F, W, N)                                                                                \
    NUM_V1(T##_canon, W, N, num_##F##_is_nan(a.u##W[i]) ? num_##F##_canon(num_to_##F(a.u##W[i])) : a.u##W[i]) \
    NUM_V1(T##_abs, W, N, num_##F##_abs(a.u##W[i]))                                                           \
    NUM_V1(T##_neg, W, N, num_##F##_neg(a.u##W[i]))                                                           \
    NUM_V1(T##_sqrt, W, N, num_##F##_sqrt(a.u##W[i]))                                                         \
    NUM_V1(T##_ceil, W, N, num_##F##_ceil(a.u##W[i]))                                                         \
    NUM_V1(T##_floor, W, N, num_##F##_floor(a.u##W[i]))                                                       \
    NUM_V1(T##_trunc, W, N, num_##F##_trunc(a.u##W[i]))                                                       \
    NUM_V1(T##_nearest, W, N, num_##F##_nearest(a.u##W[i]))                                                   \
    NUM_V2(T##_add, W, N, num_##F##_add(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_sub, W, N, num_##F##_sub(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_mul, W, N, num_##F##_mul(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_div, W, N, num_##F##_div(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_min, W, N, num_##F##_min(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_max, W, N, num_##F##_max(a.u##W[i], b.u##W[i]))                                                \
    NUM_V2(T##_pmin, W, N, num_##F##_lt(b.u##W[i], a.u##W[i]) ? b.u##W[i] : a.u##W[i])                        \
    NUM_V2(T##_pmax, W, N, num_##F##_lt(a.u##W[i], b.u##W[i]) ? b.u##W[i] : a.u##W[i])                        \
    NUM_V2(T##_eq, W, N, NUM_MASK(num_##F##_eq(a.u##W[i], b.u##W[i])))                                        \
    NUM_V2(T##_ne, W, N, NUM_MASK(num_##F##_ne(a.u##W[i], b.u##W[i])))                                        \
    NUM_V2(T##_lt, W, N, NUM_MASK(num_##F##_lt(a.u##W[i], b.u##W[i])))                                        \
    NUM_V2(T##_gt, W, N, NUM_MASK(num_##F##_gt(a.u##W[i], b.u##W[i])))                                        \
    NUM_V2(T##_le, W, N, NUM_MASK(num_##F##_le(a.u##W[i], b.u##W[i])))                                        \
    NUM_V2(T##_ge, W, N, NUM_MASK(num_##F##_ge(a.u##W[i], b.u##W[i])))
NUM_VFLOAT(f32x4, f32, 32, 4)
NUM_VFLOAT(f64x2, f64, 64, 2)
#undef NUM_VFLOAT

/* -- Conversions ----------------------------------------------------------------------- */

NUM_V1(i32x4_trunc_sat_f32x4_s, 32, 4, num_i32_trunc_sat_f32_s(a.u32[i]))
NUM_V1(i32x4_trunc_sat_f32x4_u, 32, 4, num_i32_trunc_sat_f32_u(a.u32[i]))
NUM_V1(f32x4_convert_i32x4_s, 32, 4, num_f32_convert_i32_s(a.u32[i]))
NUM_V1(f32x4_convert_i32x4_u, 32, 4, num_f32_convert_i32_u(a.u32[i]))
NUM_V1(f64x2_convert_low_i32x4_s, 64, 2, num_f64_convert_i32_s(a.u32[i]))
NUM_V1(f64x2_convert_low_i32x4_u, 64, 2, num_f64_convert_i32_u(a.u32[i]))
NUM_V1(f64x2_promote_low_f32x4, 64, 2, num_f64_promote_f32(a.u32[i]))
/* Two lanes; the upper two are 0. */
NUM_V1(i32x4_trunc_sat_f64x2_s_zero, 32, 4, i < 2 ? num_i32_trunc_sat_f64_s(a.u64[i % 2]) : 0)
NUM_V1(i32x4_trunc_sat_f64x2_u_zero, 32, 4, i < 2 ? num_i32_trunc_sat_f64_u(a.u64[i % 2]) : 0)
NUM_V1(f32x4_demote_f64x2_zero, 32, 4, i < 2 ? num_f32_demote_f64(a.u64[i % 2]) : 0)

#undef NUM_V1
#undef NUM_V2
#undef NUM_V3
#undef NUM_VSHIFT
#undef NUM_MASK
