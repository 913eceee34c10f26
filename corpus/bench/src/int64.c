/* 64-bit integers: high halves of products, division by variable divisors of every size, rotates, bit counts,
   modular powers and inverses, primality, gcd, integer square root, and xorshift generators. */
#include "bench.h"

typedef struct Wide {
    uint64_t low, high;
} Wide;

static uint64_t rotl(uint64_t x, uint64_t by) {
    return x << (by & 63) | x >> (-by & 63);
}

static uint64_t rotr(uint64_t x, uint64_t by) {
    return x >> (by & 63) | x << (-by & 63);
}

static uint32_t leading(uint64_t x) {
    return x != 0 ? (uint32_t)__builtin_clzll(x) : 64;
}

static uint32_t trailing(uint64_t x) {
    return x != 0 ? (uint32_t)__builtin_ctzll(x) : 64;
}

static Wide multiply(uint64_t a, uint64_t b) {
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), cross = a0 * b1 + (uint32_t)middle;
    return (Wide){cross << 32 | (uint32_t)low, a1 * b1 + (middle >> 32) + (cross >> 32)};
}

static uint64_t mul_mod(uint64_t a, uint64_t b, uint64_t modulus) {
    Wide product = multiply(a, b);
    uint64_t rest = product.high % modulus;
    for (int i = 0; i < 64; i++) {
        uint64_t carry = rest >> 63;
        rest = rest << 1 | product.low >> 63;
        product.low <<= 1;
        if (carry != 0 || rest >= modulus) rest -= modulus;
    }
    return rest;
}

static uint64_t pow_mod(uint64_t base, uint64_t exponent, uint64_t modulus) {
    uint64_t result = 1;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1) result = mul_mod(result, base, modulus);
        if (exponent > 1) base = mul_mod(base, base, modulus);
    }
    return result;
}

/* Miller-Rabin; the bases decide every 32-bit number. */
static uint32_t is_prime(uint32_t x) {
    static const uint32_t bases[] = {2, 7, 61};
    if (x < 3 || x % 2 == 0) return x == 2;
    uint32_t twos = trailing(x - 1);
    for (int i = 0; i < 3; i++) {
        uint64_t power = 1, square = bases[i] % x;
        for (uint32_t e = (x - 1) >> twos; e != 0; e >>= 1, square = square * square % x)
            if (e & 1) power = power * square % x;
        if (power <= 1 || power == x - 1) continue;
        uint32_t k = 1;
        while (k < twos && (power = power * power % x) != x - 1) k++;
        if (k == twos) return 0;
    }
    return 1;
}

static uint64_t gcd_binary(uint64_t a, uint64_t b) {
    if (a == 0 || b == 0) return a | b;
    uint32_t shift = trailing(a | b);
    a >>= trailing(a);
    do {
        b >>= trailing(b);
        if (a > b) {
            uint64_t old = a;
            a = b, b = old;
        }
        b -= a;
    } while (b != 0);
    return a << shift;
}

static uint64_t gcd_euclid(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

static uint64_t square_root(uint64_t x) {
    uint64_t root = 0, bit = (uint64_t)1 << 62;
    while (bit > x) bit >>= 2;
    for (; bit != 0; bit >>= 2) {
        if (x >= root + bit) {
            x -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

/* The inverse of an odd number modulo 2^64 by Newton's iteration. */
static uint64_t inverse(uint64_t x) {
    uint64_t y = x * 3 ^ 2;
    for (int i = 0; i < 4; i++) y *= 2 - x * y;
    return y;
}

static uint64_t divide_all(uint64_t sum, uint64_t x, uint64_t y) {
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        uint64_t divisor = (y >> shift) | 1;
        int64_t s = (int64_t)x, t = (int64_t)(rotl(y, shift) & ~(uint64_t)0 >> shift) | 1;
        if (shift & 1) t = -t;
        if (t == -1) t = 3; /* the quotient of the smallest number would overflow */
        sum = fold(sum, x / divisor + x % divisor);
        sum = fold(sum, (uint64_t)(s / t) ^ (uint64_t)(s % t));
        sum += x / 10 + x % 1000000007 + (uint64_t)(s / 7) + (uint64_t)(s % 16) + (uint64_t)(s / -1024);
        sum += (uint64_t)((int32_t)x % ((int32_t)(y >> 40 & 0xffff) + 2)); /* 32-bit, never by -1 */
        x = rotl(x, 11) + sum;
    }
    return sum;
}

static uint64_t bits_all(uint64_t sum, uint64_t x) {
    for (uint32_t shift = 0; shift < 64; shift += 5) {
        uint64_t y = x >> shift, z = (uint64_t)((int64_t)x >> shift);
        sum += (uint64_t)leading(y) << 40 | (uint64_t)trailing(x << shift) << 20 | (uint64_t)__builtin_popcountll(z);
        sum = rotl(sum, y) ^ rotr(x, sum);
        sum ^= (uint64_t)(int64_t)(int8_t)y ^ (uint64_t)(int64_t)(int16_t)z ^ (uint64_t)(int64_t)(int32_t)y;
        sum += ((int64_t)y < (int64_t)z) + 2 * (uint64_t)(y <= sum) + 4 * (uint64_t)((int64_t)z >= (int64_t)sum);
    }
    return sum;
}

int64_t run(int32_t n) {
    Rng rng = {0x696e74};
    uint64_t sum = 0, shifting = 88172645463325252u;
    for (int32_t round = 0; round < n; round++) {
        uint64_t x = rng_next(&rng), y = rng_next(&rng) >> (round & 31);
        Wide product = multiply(x, y);
        shifting ^= shifting << 13;
        shifting ^= shifting >> 7;
        shifting ^= shifting << 17;
        sum = fold(sum, product.high ^ product.low ^ shifting);
        sum = divide_all(sum, x, y);
        sum = bits_all(sum, shifting);
        sum = fold(sum, pow_mod(x % (y | 1), shifting >> 56, y | 1));
        sum = fold(sum, is_prime((uint32_t)x | 1));
        sum = fold(sum, gcd_binary(x, y) - gcd_euclid(x, y));
        sum = fold(sum, gcd_euclid(x << 3, y << 5 | x >> 60));
        sum = fold(sum, square_root(x));
        sum = fold(sum, inverse(x | 1) * (x | 1) + inverse(y | 1));
    }
    return (int64_t)sum;
}
