/* Convolution three ways: complex FFT in f64, the same in f32, and a number-theoretic transform modulo a prime,
   whose exact result the rounded f64 one must equal. Stresses strided float access, butterflies, and 64-bit
   remainders. */
#include "bench.h"

enum { LOG = 6, SIZE = 1 << LOG, PRIME = 998244353, GENERATOR = 3 };

typedef struct Complex64 {
    double re, im;
} Complex64;

typedef struct Complex32 {
    float re, im;
} Complex32;

static Complex64 twiddle[SIZE];
static uint32_t root[SIZE], root_inverse[SIZE];
static Complex64 left64[SIZE], right64[SIZE];
static Complex32 left32[SIZE], right32[SIZE];
static uint32_t left_mod[SIZE], right_mod[SIZE];

static uint32_t mod_mul(uint32_t a, uint32_t b) {
    return (uint32_t)((uint64_t)a * b % PRIME);
}

static uint32_t mod_pow(uint32_t base, uint32_t exponent) {
    uint32_t result = 1;
    for (; exponent != 0; exponent >>= 1, base = mod_mul(base, base))
        if (exponent & 1) result = mod_mul(result, base);
    return result;
}

/* Angles of at most a quarter turn, where the series converges fast; libm would not be the same everywhere. */
static Complex64 unit_circle(double angle) {
    double term = 1, re = 0, im = 0;
    for (int k = 0; k < 24; k += 2) {
        re += (k & 2) != 0 ? -term : term;
        term = term * angle / (k + 1);
        im += (k & 2) != 0 ? -term : term;
        term = term * angle / (k + 2);
    }
    return (Complex64){re, im};
}

static void tables_init(void) {
    const double turn = 6.283185307179586;
    uint32_t step = mod_pow(GENERATOR, (PRIME - 1) / SIZE), step_inverse = mod_pow(step, PRIME - 2);
    for (int i = 0; i < SIZE / 4; i++) {
        Complex64 w = unit_circle(turn * i / SIZE);
        twiddle[i] = w;
        twiddle[i + SIZE / 4] = (Complex64){-w.im, w.re};
        twiddle[i + SIZE / 2] = (Complex64){-w.re, -w.im};
        twiddle[i + SIZE * 3 / 4] = (Complex64){w.im, -w.re};
    }
    root[0] = root_inverse[0] = 1;
    for (int i = 1; i < SIZE; i++) {
        root[i] = mod_mul(root[i - 1], step);
        root_inverse[i] = mod_mul(root_inverse[i - 1], step_inverse);
    }
}

static uint32_t bit_reverse(uint32_t x) {
    uint32_t out = 0;
    for (int i = 0; i < LOG; i++, x >>= 1) out = out << 1 | (x & 1);
    return out;
}

static void fft64(Complex64 *at, int inverse) {
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t j = bit_reverse(i);
        Complex64 old = at[i];
        if (i < j) at[i] = at[j], at[j] = old;
    }
    for (uint32_t half = 1; half < SIZE; half *= 2) {
        for (uint32_t start = 0; start < SIZE; start += 2 * half) {
            for (uint32_t k = 0; k < half; k++) {
                Complex64 w = twiddle[SIZE / 2 / half * k], *a = &at[start + k], *b = a + half;
                if (inverse) w.im = -w.im;
                Complex64 t = {b->re * w.re - b->im * w.im, b->re * w.im + b->im * w.re};
                *b = (Complex64){a->re - t.re, a->im - t.im};
                *a = (Complex64){a->re + t.re, a->im + t.im};
            }
        }
    }
}

static void fft32(Complex32 *at, int inverse) {
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t j = bit_reverse(i);
        Complex32 old = at[i];
        if (i < j) at[i] = at[j], at[j] = old;
    }
    for (uint32_t half = 1; half < SIZE; half *= 2) {
        for (uint32_t start = 0; start < SIZE; start += 2 * half) {
            for (uint32_t k = 0; k < half; k++) {
                Complex64 exact = twiddle[SIZE / 2 / half * k];
                Complex32 w = {(float)exact.re, (float)exact.im}, *a = &at[start + k], *b = a + half;
                if (inverse) w.im = -w.im;
                Complex32 t = {b->re * w.re - b->im * w.im, b->re * w.im + b->im * w.re};
                *b = (Complex32){a->re - t.re, a->im - t.im};
                *a = (Complex32){a->re + t.re, a->im + t.im};
            }
        }
    }
}

static void ntt(uint32_t *at, const uint32_t *power) {
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t j = bit_reverse(i), old = at[i];
        if (i < j) at[i] = at[j], at[j] = old;
    }
    for (uint32_t half = 1; half < SIZE; half *= 2) {
        for (uint32_t start = 0; start < SIZE; start += 2 * half) {
            for (uint32_t k = 0; k < half; k++) {
                uint32_t a = at[start + k], t = mod_mul(at[start + k + half], power[SIZE / 2 / half * k]);
                at[start + k] = a + t >= PRIME ? a + t - PRIME : a + t;
                at[start + k + half] = a >= t ? a - t : a + PRIME - t;
            }
        }
    }
}

static void convolve(void) {
    fft64(left64, 0), fft64(right64, 0);
    fft32(left32, 0), fft32(right32, 0);
    ntt(left_mod, root), ntt(right_mod, root);
    for (int i = 0; i < SIZE; i++) {
        Complex64 a = left64[i], b = right64[i];
        Complex32 c = left32[i], d = right32[i];
        left64[i] = (Complex64){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
        left32[i] = (Complex32){c.re * d.re - c.im * d.im, c.re * d.im + c.im * d.re};
        left_mod[i] = mod_mul(left_mod[i], right_mod[i]);
    }
    fft64(left64, 1), fft32(left32, 1), ntt(left_mod, root_inverse);
}

int64_t run(int32_t n) {
    Rng rng = {0x666674};
    uint64_t sum = 0;
    uint32_t scale = mod_pow(SIZE, PRIME - 2);
    tables_init();
    for (int32_t round = 0; round < n; round++) {
        for (int i = 0; i < SIZE; i++) {
            left_mod[i] = rng_below(&rng, 1000), right_mod[i] = rng_below(&rng, 1000);
            left64[i] = (Complex64){left_mod[i], 0}, right64[i] = (Complex64){right_mod[i], 0};
            left32[i] = (Complex32){(float)left_mod[i], 0}, right32[i] = (Complex32){(float)right_mod[i], 0};
        }
        convolve();
        for (int i = 0; i < SIZE; i++) {
            uint32_t exact = mod_mul(left_mod[i], scale), rounded = (uint32_t)(left64[i].re / SIZE + 0.5);
            sum = fold(sum, exact);
            sum = fold(sum, exact == rounded);
            sum = fold_f64(sum, left64[i].im);
            sum = fold_f32(sum, left32[i].re - left32[i].im);
        }
    }
    return (int64_t)sum;
}
