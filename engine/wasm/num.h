/* Numeric semantics (spec 4.3), in one place: the interpreter executes these, and constants are folded by them.
 *
 * All operands and results are BITS: i32 and f32 are a uint32_t, i64 and f64 a uint64_t, so no value passes
 * through a float variable where the specification says that its bits do not change (abs, neg, copysign).
 * Comparisons and tests give 0 or 1.  Nothing here depends on libm (but sqrt, which IEEE 754 defines
 * exactly), on the compiler's choice for undefined behaviour, or on fused operations.
 *
 * NaN: the deterministic profile (spec 4.3.3).  Arithmetic that yields a NaN yields the positive canonical one.
 * Traps: a function that can trap sets *trap and returns 0; else it leaves *trap alone.
 * Requires: the default floating-point environment (round to nearest even, no flush to zero). */
#pragma once
#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/bits.h"
#include "wasm/trap.h"

_Static_assert(FLT_EVAL_METHOD == 0, "float operations must round to their own type");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53, "IEEE 754");

#define NUM_F32_NAN UINT32_C(0x7fc00000)
#define NUM_F64_NAN UINT64_C(0x7ff8000000000000)
#define NUM_F32_SIGN UINT32_C(0x80000000)
#define NUM_F64_SIGN UINT64_C(0x8000000000000000)

/* -- Bits and floats ---------------------------------------------------------- */

static inline float num_to_f32(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline double num_to_f64(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline uint32_t num_bits_f32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline uint64_t num_bits_f64(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline bool num_f32_is_nan(uint32_t a) { return (a & ~NUM_F32_SIGN) > UINT32_C(0x7f800000); }
static inline bool num_f64_is_nan(uint64_t a) { return (a & ~NUM_F64_SIGN) > UINT64_C(0x7ff0000000000000); }
/* The bits of an arithmetic result. */
static inline uint32_t num_f32_canon(float x) { return x == x ? num_bits_f32(x) : NUM_F32_NAN; }
static inline uint64_t num_f64_canon(double x) { return x == x ? num_bits_f64(x) : NUM_F64_NAN; }

/* -- Integers (4.3.2) --------------------------------------------------------- */

/* T: an integer type's name, U and S: unsigned and signed C type, N: bits. */
#define NUM_INT(T, U, S, N)                                                                               \
    static inline U num_##T##_add(U a, U b) { return a + b; }                                             \
    static inline U num_##T##_sub(U a, U b) { return a - b; }                                             \
    static inline U num_##T##_mul(U a, U b) { return a * b; }                                             \
    static inline U num_##T##_and(U a, U b) { return a & b; }                                             \
    static inline U num_##T##_or(U a, U b) { return a | b; }                                              \
    static inline U num_##T##_xor(U a, U b) { return a ^ b; }                                             \
    /* Shift counts are modulo the width. */                                                              \
    static inline U num_##T##_shl(U a, U b) { return a << (b & (N - 1)); }                                \
    static inline U num_##T##_shr_u(U a, U b) { return a >> (b & (N - 1)); }                              \
    static inline U num_##T##_shr_s(U a, U b) { return (U)((S)a >> (b & (N - 1))); }                      \
    static inline U num_##T##_rotl(U a, U b) { return a << (b & (N - 1)) | a >> ((0 - b) & (N - 1)); }    \
    static inline U num_##T##_rotr(U a, U b) { return a >> (b & (N - 1)) | a << ((0 - b) & (N - 1)); }    \
    static inline U num_##T##_clz(U a) { return bits_clz##N(a); }                                         \
    static inline U num_##T##_ctz(U a) { return bits_ctz##N(a); }                                         \
    static inline U num_##T##_popcnt(U a) { return bits_popcount64(a); }                                  \
    static inline U num_##T##_extend8_s(U a) { return (U)(S)(int8_t)a; }                                  \
    static inline U num_##T##_extend16_s(U a) { return (U)(S)(int16_t)a; }                                \
    static inline uint32_t num_##T##_eqz(U a) { return a == 0; }                                          \
    static inline uint32_t num_##T##_eq(U a, U b) { return a == b; }                                      \
    static inline uint32_t num_##T##_ne(U a, U b) { return a != b; }                                      \
    static inline uint32_t num_##T##_lt_s(U a, U b) { return (S)a < (S)b; }                               \
    static inline uint32_t num_##T##_lt_u(U a, U b) { return a < b; }                                     \
    static inline uint32_t num_##T##_gt_s(U a, U b) { return (S)a > (S)b; }                               \
    static inline uint32_t num_##T##_gt_u(U a, U b) { return a > b; }                                     \
    static inline uint32_t num_##T##_le_s(U a, U b) { return (S)a <= (S)b; }                              \
    static inline uint32_t num_##T##_le_u(U a, U b) { return a <= b; }                                    \
    static inline uint32_t num_##T##_ge_s(U a, U b) { return (S)a >= (S)b; }                              \
    static inline uint32_t num_##T##_ge_u(U a, U b) { return a >= b; }                                    \
    static inline U num_##T##_div_s(U a, U b, TrapKind *trap) {                                           \
        if (b == 0) return *trap = TRAP_DIV_ZERO, (U)0;                                                   \
        if ((S)b == -1 && a == (U)1 << (N - 1)) return *trap = TRAP_INT_OVERFLOW, (U)0;                   \
        return (U)((S)a / (S)b);                                                                          \
    }                                                                                                     \
    static inline U num_##T##_div_u(U a, U b, TrapKind *trap) {                                           \
        return b == 0 ? (*trap = TRAP_DIV_ZERO, (U)0) : a / b;                                            \
    }                                                                                                     \
    static inline U num_##T##_rem_s(U a, U b, TrapKind *trap) {                                           \
        if (b == 0) return *trap = TRAP_DIV_ZERO, (U)0;                                                   \
        return (S)b == -1 ? 0 : (U)((S)a % (S)b); /* the least integer % -1 is 0, but C leaves it open */ \
    }                                                                                                     \
    static inline U num_##T##_rem_u(U a, U b, TrapKind *trap) { return b == 0 ? (*trap = TRAP_DIV_ZERO, (U)0) : a % b; }
NUM_INT(i32, uint32_t, int32_t, 32)
NUM_INT(i64, uint64_t, int64_t, 64)
#undef NUM_INT

static inline uint64_t num_i64_extend32_s(uint64_t a) { return (uint64_t)(int64_t)(int32_t)a; }
static inline uint32_t num_i32_wrap_i64(uint64_t a) { return (uint32_t)a; }
static inline uint64_t num_i64_extend_i32_s(uint32_t a) { return (uint64_t)(int64_t)(int32_t)a; }
static inline uint64_t num_i64_extend_i32_u(uint32_t a) { return a; }

/* -- Floats (4.3.3) ----------------------------------------------------------- */

/* T: the type's name, U: bits, F: C float type, I: signed integer as wide, SIGN: sign bit, EXACT: the
 * least number from which all are integers (2^23, 2^52), SQRT: correctly rounded square root. */
#define NUM_FLOAT(T, U, F, I, SIGN, EXACT, SQRT)                                                       \
    static inline U num_##T##_abs(U a) { return a & ~SIGN; }                                           \
    static inline U num_##T##_neg(U a) { return a ^ SIGN; }                                            \
    static inline U num_##T##_copysign(U a, U b) { return (a & ~SIGN) | (b & SIGN); }                  \
    static inline U num_##T##_add(U a, U b) { return num_##T##_canon(num_to_##T(a) + num_to_##T(b)); } \
    static inline U num_##T##_sub(U a, U b) { return num_##T##_canon(num_to_##T(a) - num_to_##T(b)); } \
    static inline U num_##T##_mul(U a, U b) { return num_##T##_canon(num_to_##T(a) * num_to_##T(b)); } \
    static inline U num_##T##_div(U a, U b) { return num_##T##_canon(num_to_##T(a) / num_to_##T(b)); } \
    static inline U num_##T##_sqrt(U a) { return num_##T##_canon(SQRT(num_to_##T(a))); }               \
    /* Equal operands are the same bits, or zeros: -0 is less than +0 here. */                         \
    static inline U num_##T##_min(U a, U b) {                                                          \
        F x = num_to_##T(a), y = num_to_##T(b);                                                        \
        if (x == y) return a | b;                                                                      \
        return x < y ? a : y < x ? b : num_##T##_canon(x + y);                                         \
    }                                                                                                  \
    static inline U num_##T##_max(U a, U b) {                                                          \
        F x = num_to_##T(a), y = num_to_##T(b);                                                        \
        if (x == y) return a & b;                                                                      \
        return x > y ? a : y > x ? b : num_##T##_canon(x + y);                                         \
    }                                                                                                  \
    /* The four roundings keep the sign, also that of a zero result.  `t` is the value rounded         \
     * towards zero, all of whose neighbours, and whose distance from `x`, are exact. */               \
    static inline bool num_##T##_is_integral(U a) { return !(num_to_##T(a & ~SIGN) < EXACT); }         \
    static inline U num_##T##_trunc(U a) {                                                             \
        F x = num_to_##T(a);                                                                           \
        if (num_##T##_is_integral(a)) return num_##T##_canon(x);                                       \
        return num_##T##_copysign(num_bits_##T((F)(I)x), a);                                           \
    }                                                                                                  \
    static inline U num_##T##_ceil(U a) {                                                              \
        F x = num_to_##T(a), t;                                                                        \
        if (num_##T##_is_integral(a)) return num_##T##_canon(x);                                       \
        t = (F)(I)x;                                                                                   \
        return num_##T##_copysign(num_bits_##T(t < x ? t + 1 : t), a);                                 \
    }                                                                                                  \
    static inline U num_##T##_floor(U a) {                                                             \
        F x = num_to_##T(a), t;                                                                        \
        if (num_##T##_is_integral(a)) return num_##T##_canon(x);                                       \
        t = (F)(I)x;                                                                                   \
        return num_##T##_copysign(num_bits_##T(t > x ? t - 1 : t), a);                                 \
    }                                                                                                  \
    static inline U num_##T##_nearest(U a) { /* ties to even */                                        \
        F x = num_to_##T(a & ~SIGN), t;                                                                \
        if (num_##T##_is_integral(a)) return num_##T##_canon(num_to_##T(a));                           \
        t = (F)(I)x;                                                                                   \
        if (x - t > (F)0.5 || (x - t == (F)0.5 && ((I)x & 1))) t += 1;                                 \
        return num_##T##_copysign(num_bits_##T(t), a);                                                 \
    }                                                                                                  \
    /* A comparison with a NaN is false, `ne` is true. */                                              \
    static inline uint32_t num_##T##_eq(U a, U b) { return num_to_##T(a) == num_to_##T(b); }           \
    static inline uint32_t num_##T##_ne(U a, U b) { return num_to_##T(a) != num_to_##T(b); }           \
    static inline uint32_t num_##T##_lt(U a, U b) { return num_to_##T(a) < num_to_##T(b); }            \
    static inline uint32_t num_##T##_gt(U a, U b) { return num_to_##T(a) > num_to_##T(b); }            \
    static inline uint32_t num_##T##_le(U a, U b) { return num_to_##T(a) <= num_to_##T(b); }           \
    static inline uint32_t num_##T##_ge(U a, U b) { return num_to_##T(a) >= num_to_##T(b); }
NUM_FLOAT(f32, uint32_t, float, int32_t, NUM_F32_SIGN, 0x1p23f, __builtin_sqrtf)
NUM_FLOAT(f64, uint64_t, double, int64_t, NUM_F64_SIGN, 0x1p52, __builtin_sqrt)
#undef NUM_FLOAT

/* -- Conversions (4.3.4) ------------------------------------------------------ */

/* Float to integer: trunc traps, trunc_sat does not.  The numbers that may be converted are those with
 * IN_RANGE; U and C are the result's bits and the C type that has its range, MIN and MAX its ends as bits. */
#define NUM_TRUNC(TO, FROM, SIGN, U, C, FU, IN_RANGE, MIN, MAX)                     \
    static inline U num_##TO##_trunc_##FROM##_##SIGN(FU a, TrapKind *trap) {        \
        if (num_##FROM##_is_nan(a)) return *trap = TRAP_INVALID_CONVERSION, (U)0;   \
        if (!(IN_RANGE(num_to_##FROM(a)))) return *trap = TRAP_INT_OVERFLOW, (U)0;  \
        return (U)(C)num_to_##FROM(a);                                              \
    }                                                                               \
    static inline U num_##TO##_trunc_sat_##FROM##_##SIGN(FU a) {                    \
        if (num_##FROM##_is_nan(a)) return 0;                                       \
        if (!(IN_RANGE(num_to_##FROM(a)))) return num_to_##FROM(a) < 0 ? MIN : MAX; \
        return (U)(C)num_to_##FROM(a);                                              \
    }
/* The bounds are exact in their type; where the number below the least integer has no float, `>=`. */
#define NUM_S32_OF_F32(x) ((x) >= -0x1p31f && (x) < 0x1p31f)
#define NUM_U32_OF_F32(x) ((x) > -1.0f && (x) < 0x1p32f)
#define NUM_S32_OF_F64(x) ((x) > -2147483649.0 && (x) < 0x1p31)
#define NUM_U32_OF_F64(x) ((x) > -1.0 && (x) < 0x1p32)
#define NUM_S64_OF_F32(x) ((x) >= -0x1p63f && (x) < 0x1p63f)
#define NUM_U64_OF_F32(x) ((x) > -1.0f && (x) < 0x1p64f)
#define NUM_S64_OF_F64(x) ((x) >= -0x1p63 && (x) < 0x1p63)
#define NUM_U64_OF_F64(x) ((x) > -1.0 && (x) < 0x1p64)
NUM_TRUNC(i32, f32, s, uint32_t, int32_t, uint32_t, NUM_S32_OF_F32, UINT32_C(0x80000000), UINT32_C(0x7fffffff))
NUM_TRUNC(i32, f32, u, uint32_t, uint32_t, uint32_t, NUM_U32_OF_F32, 0, UINT32_MAX)
NUM_TRUNC(i32, f64, s, uint32_t, int32_t, uint64_t, NUM_S32_OF_F64, UINT32_C(0x80000000), UINT32_C(0x7fffffff))
NUM_TRUNC(i32, f64, u, uint32_t, uint32_t, uint64_t, NUM_U32_OF_F64, 0, UINT32_MAX)
NUM_TRUNC(i64, f32, s, uint64_t, int64_t, uint32_t, NUM_S64_OF_F32, NUM_F64_SIGN, ~NUM_F64_SIGN)
NUM_TRUNC(i64, f32, u, uint64_t, uint64_t, uint32_t, NUM_U64_OF_F32, 0, UINT64_MAX)
NUM_TRUNC(i64, f64, s, uint64_t, int64_t, uint64_t, NUM_S64_OF_F64, NUM_F64_SIGN, ~NUM_F64_SIGN)
NUM_TRUNC(i64, f64, u, uint64_t, uint64_t, uint64_t, NUM_U64_OF_F64, 0, UINT64_MAX)
#undef NUM_TRUNC

/* Integer to float: rounds to nearest, ties to even, which C leaves to the floating-point environment. */
static inline uint32_t num_f32_convert_i32_s(uint32_t a) { return num_bits_f32((float)(int32_t)a); }
static inline uint32_t num_f32_convert_i32_u(uint32_t a) { return num_bits_f32((float)a); }
static inline uint32_t num_f32_convert_i64_s(uint64_t a) { return num_bits_f32((float)(int64_t)a); }
static inline uint32_t num_f32_convert_i64_u(uint64_t a) { return num_bits_f32((float)a); }
static inline uint64_t num_f64_convert_i32_s(uint32_t a) { return num_bits_f64((double)(int32_t)a); }
static inline uint64_t num_f64_convert_i32_u(uint32_t a) { return num_bits_f64((double)a); }
static inline uint64_t num_f64_convert_i64_s(uint64_t a) { return num_bits_f64((double)(int64_t)a); }
static inline uint64_t num_f64_convert_i64_u(uint64_t a) { return num_bits_f64((double)a); }

static inline uint32_t num_f32_demote_f64(uint64_t a) { return num_f32_canon((float)num_to_f64(a)); }
static inline uint64_t num_f64_promote_f32(uint32_t a) { return num_f64_canon((double)num_to_f32(a)); }

static inline uint32_t num_i32_reinterpret_f32(uint32_t a) { return a; }
static inline uint64_t num_i64_reinterpret_f64(uint64_t a) { return a; }
static inline uint32_t num_f32_reinterpret_i32(uint32_t a) { return a; }
static inline uint64_t num_f64_reinterpret_i64(uint64_t a) { return a; }
