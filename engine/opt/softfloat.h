/* IEEE 754 binary32 and binary64 arithmetic on bits, in integers: round to nearest, ties to even, whatever the host's
 * rounding mode, flush mode or float unit are.  So constants fold the same everywhere.
 *
 * Values are bits (binary32 zero-extended to 64).  A NaN result is the positive canonical NaN, whatever NaN went in;
 * only what is defined on bits (sf_abs, sf_neg, sf_copysign) lets a NaN through. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct FloatFormat {
    uint32_t mant;  /* bits of the stored mantissa */
    uint32_t width; /* bits in all */
    int32_t bias;
} FloatFormat;

extern const FloatFormat sf_f32, sf_f64;

bool sf_is_nan(const FloatFormat *t, uint64_t a);
uint64_t sf_nan(const FloatFormat *t); /* positive, canonical */

uint64_t sf_abs(const FloatFormat *t, uint64_t a);
uint64_t sf_neg(const FloatFormat *t, uint64_t a);
uint64_t sf_copysign(const FloatFormat *t, uint64_t a, uint64_t sign);

uint64_t sf_add(const FloatFormat *t, uint64_t a, uint64_t b);
uint64_t sf_sub(const FloatFormat *t, uint64_t a, uint64_t b);
uint64_t sf_mul(const FloatFormat *t, uint64_t a, uint64_t b);
uint64_t sf_div(const FloatFormat *t, uint64_t a, uint64_t b);
uint64_t sf_sqrt(const FloatFormat *t, uint64_t a);
uint64_t sf_min(const FloatFormat *t, uint64_t a, uint64_t b); /* -0 < +0 */
uint64_t sf_max(const FloatFormat *t, uint64_t a, uint64_t b);

typedef enum SfRound { SF_CEIL, SF_FLOOR, SF_TRUNC, SF_NEAREST } SfRound;
uint64_t sf_round(const FloatFormat *t, uint64_t a, SfRound how); /* to an integral value, keeping the sign */

/* -1, 0, 1, or 2 when one is a NaN */
int sf_compare(const FloatFormat *t, uint64_t a, uint64_t b);

uint64_t sf_convert(const FloatFormat *to, const FloatFormat *from, uint64_t a);
/* Integers of `bits` (32, 64); to_int truncates and saturates, NaN gives 0. */
uint64_t sf_from_int(const FloatFormat *to, uint64_t a, uint32_t bits, bool is_signed);
uint64_t sf_to_int(const FloatFormat *from, uint64_t a, uint32_t bits, bool is_signed);
