/* Multiple-precision arithmetic in 32-bit limbs: digits of pi by Machin's formula, factorials divided back down,
   Karatsuba against schoolbook products, and decimal conversion. Stresses carries through 32x32 to 64 multiplies
   and 64 by 32 divisions. */
#include "bench.h"

enum { LIMBS = 24, WIDE = 2 * LIMBS };

static uint32_t one[WIDE], two[WIDE], three[WIDE], scratch[4 * WIDE];

static uint32_t add(uint32_t *to, const uint32_t *from, uint32_t count) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < count; i++) {
        carry += (uint64_t)to[i] + from[i];
        to[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

static uint32_t subtract(uint32_t *to, const uint32_t *from, uint32_t count) {
    uint32_t borrow = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t difference = (uint64_t)to[i] - from[i] - borrow;
        to[i] = (uint32_t)difference;
        borrow = difference >> 63 != 0;
    }
    return borrow;
}

static uint32_t multiply_small(uint32_t *to, uint32_t factor, uint32_t count) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < count; i++) {
        carry += (uint64_t)to[i] * factor;
        to[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

static uint32_t divide_small(uint32_t *to, uint32_t divisor, uint32_t count) {
    uint64_t rest = 0;
    for (uint32_t i = count; i-- > 0;) {
        rest = rest << 32 | to[i];
        to[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static int is_zero(const uint32_t *limbs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (limbs[i] != 0) return 0;
    return 1;
}

static void multiply(uint32_t *to, const uint32_t *a, const uint32_t *b, uint32_t count) {
    __builtin_memset(to, 0, 2 * count * sizeof *to);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < count; j++) {
            carry += (uint64_t)a[i] * b[j] + to[i + j];
            to[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        to[i + count] = (uint32_t)carry;
    }
}

/* |a - b|, and whether it was negative. */
static uint32_t absolute_difference(uint32_t *to, const uint32_t *a, const uint32_t *b, uint32_t count) {
    __builtin_memcpy(to, a, count * sizeof *to);
    if (subtract(to, b, count) == 0) return 0;
    __builtin_memcpy(to, b, count * sizeof *to);
    subtract(to, a, count);
    return 1;
}

static void propagate(uint32_t *to, uint32_t carry) {
    for (; carry != 0; to++) {
        *to += carry;
        carry = *to < carry;
    }
}

/* Needs 4 * count limbs of work space; count is a power of two times a small number. */
static void karatsuba(uint32_t *to, const uint32_t *a, const uint32_t *b, uint32_t count, uint32_t *work) {
    if (count <= 6) {
        multiply(to, a, b, count);
        return;
    }
    uint32_t half = count / 2, *middle = work, *sum = work + count, *rest = work + 2 * count;
    karatsuba(to, a, b, half, rest);
    karatsuba(to + count, a + half, b + half, half, rest);
    uint32_t negative = absolute_difference(sum, a, a + half, half);
    negative ^= absolute_difference(sum + half, b, b + half, half);
    karatsuba(middle, sum, sum + half, half, rest);
    /* a0 b1 + a1 b0 = a0 b0 + a1 b1 - (a0 - a1)(b0 - b1) */
    __builtin_memcpy(sum, to, count * sizeof *to);
    uint32_t carry = add(sum, to + count, count);
    carry += negative ? add(sum, middle, count) : 0u - subtract(sum, middle, count);
    carry += add(to + half, sum, count);
    propagate(to + half + count, carry);
}

/* to += sign * scale * arctan(1 / x), in fixed point with the integer part in the top limb. */
static void add_arctan(uint32_t *to, uint32_t scale, uint32_t x, uint32_t count, int negative) {
    uint32_t *power = scratch, *term = scratch + WIDE;
    __builtin_memset(power, 0, count * sizeof *power);
    power[count - 1] = scale;
    divide_small(power, x, count);
    for (uint32_t k = 1; !is_zero(power, count); k += 2, negative = !negative) {
        __builtin_memcpy(term, power, count * sizeof *term);
        divide_small(term, k, count);
        if (negative) subtract(to, term, count);
        else add(to, term, count);
        divide_small(power, x * x, count);
    }
}

static uint64_t pi(uint64_t sum, uint32_t count) {
    __builtin_memset(one, 0, sizeof one);
    add_arctan(one, 16, 5, count, 0);
    add_arctan(one, 4, 239, count, 1);
    for (uint32_t i = 0; i < count; i++) {
        sum = fold(sum, one[count - 1]); /* nine digits at a time, but for the 3 at the start */
        one[count - 1] = 0;
        multiply_small(one, 1000000000, count);
    }
    return sum;
}

static uint64_t factorial(uint64_t sum, uint32_t n) {
    __builtin_memset(two, 0, sizeof two);
    two[0] = 1;
    for (uint32_t i = 2; i <= n; i++) multiply_small(two, i, LIMBS);
    for (uint32_t i = 0; i < LIMBS; i++) sum = fold(sum, two[i]);
    for (uint32_t i = n; i >= 2; i--) sum += divide_small(two, i, LIMBS);
    return fold(sum, two[0]);
}

static uint64_t products(uint64_t sum, Rng *rng) {
    for (uint32_t i = 0; i < LIMBS; i++) one[i] = (uint32_t)rng_next(rng), one[i + LIMBS] = (uint32_t)rng_next(rng);
    if (sum & 1) __builtin_memset(one, 0xff, LIMBS * sizeof *one);
    multiply(two, one, one + LIMBS, LIMBS);
    karatsuba(three, one, one + LIMBS, LIMBS, scratch);
    sum = fold(sum, subtract(three, two, WIDE));
    sum = fold(sum, (uint64_t)is_zero(three, WIDE));
    for (uint32_t i = 0; i < WIDE; i++) sum = fold(sum, two[i]);
    while (!is_zero(two, LIMBS)) sum = fold(sum, divide_small(two, 1000000000, LIMBS));
    return sum;
}

int64_t run(int32_t n) {
    Rng rng = {0x626967};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        sum = products(sum, &rng);
        sum = factorial(sum, 20 + (uint32_t)round % 100);
        if (round % 4 == 0) sum = pi(sum, 4 + (uint32_t)round % 16);
    }
    return (int64_t)sum;
}
