/* Division by a constant as a multiplication (Granlund and Montgomery, "Division by invariant integers using
 * multiplication", PLDI 1994).
 *
 * With m = ceil(2^(N+p) / d) and e = m * d - 2^(N+p), floor(x * m / 2^(N+p)) is x / d for all 0 <= x < 2^n if
 * e <= 2^(N+p-n).  For n = N there may be no such m of N bits; then d is odd (else x and d are halved first), and
 * m - 2^N is used and x added.  Signed: n = N - 1, the quotient rounds down, so 1 is added for negative x. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Reciprocal {
    uint64_t m; /* its lower N bits */
    uint32_t p;
    bool wide; /* m has bit N */
} Reciprocal;

/* The least p for which m is right for `bits` (n) bits of a dividend of `width` (N) bits; d is no power of 2. */
Reciprocal reciprocal(uint32_t width, uint32_t bits, uint64_t d);
