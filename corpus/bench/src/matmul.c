/* Dense matrices: plain and blocked products in f64, f32 and i32, then LU factorization with pivoting and a solve.
   Stresses nested loops over linear memory, float accumulation in a fixed order, and address arithmetic. */
#include "bench.h"

enum { N = 16, BLOCK = 4 };

static double a64[N][N], b64[N][N], c64[N][N];
static float a32[N][N], b32[N][N], c32[N][N];
static int32_t ai[N][N], bi[N][N], ci[N][N];

static void fill(Rng *rng) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a64[i][j] = rng_unit(rng) - 0.5;
            b64[i][j] = rng_unit(rng) - 0.5;
            a32[i][j] = (float)a64[i][j];
            b32[i][j] = (float)b64[i][j];
            ai[i][j] = (int32_t)(a64[i][j] * 0x1p20);
            bi[i][j] = (int32_t)(b64[i][j] * 0x1p20);
        }
    }
}

static void multiply64(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double acc = 0;
            for (int k = 0; k < N; k++) acc += a64[i][k] * b64[k][j];
            c64[i][j] = acc;
        }
    }
}

static void multiply32_block(int i0, int j0, int k0) {
    for (int i = i0; i < i0 + BLOCK; i++) {
        for (int j = j0; j < j0 + BLOCK; j++) {
            float acc = c32[i][j];
            for (int k = k0; k < k0 + BLOCK; k++) acc += a32[i][k] * b32[k][j];
            c32[i][j] = acc;
        }
    }
}

static void multiply32(void) {
    __builtin_memset(c32, 0, sizeof c32);
    for (int i = 0; i < N; i += BLOCK)
        for (int j = 0; j < N; j += BLOCK)
            for (int k = 0; k < N; k += BLOCK) multiply32_block(i, j, k);
}

static void multiply_int(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            uint32_t acc = 0;
            for (int k = 0; k < N; k++) acc += (uint32_t)ai[i][k] * (uint32_t)bi[k][j];
            ci[i][j] = (int32_t)acc;
        }
    }
}

/* In place in c64; the determinant comes back, and the right-hand side is replaced by the solution. */
static double solve(double *rhs) {
    double determinant = 1;
    for (int k = 0; k < N; k++) {
        int pivot = k;
        for (int i = k + 1; i < N; i++)
            if (__builtin_fabs(c64[i][k]) > __builtin_fabs(c64[pivot][k])) pivot = i;
        if (pivot != k) {
            double old = rhs[k];
            rhs[k] = rhs[pivot], rhs[pivot] = old, determinant = -determinant;
            for (int j = 0; j < N; j++) old = c64[k][j], c64[k][j] = c64[pivot][j], c64[pivot][j] = old;
        }
        determinant *= c64[k][k];
        for (int i = k + 1; i < N; i++) {
            double factor = c64[i][k] / c64[k][k];
            for (int j = k; j < N; j++) c64[i][j] -= factor * c64[k][j];
            rhs[i] -= factor * rhs[k];
        }
    }
    for (int i = N - 1; i >= 0; i--) {
        for (int j = i + 1; j < N; j++) rhs[i] -= c64[i][j] * rhs[j];
        rhs[i] /= c64[i][i];
    }
    return determinant;
}

int64_t run(int32_t n) {
    Rng rng = {0x6d6174};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        double rhs[N];
        fill(&rng);
        multiply64(), multiply32(), multiply_int();
        for (int i = 0; i < N; i++) {
            rhs[i] = a64[0][i];
            for (int j = 0; j < N; j++) {
                sum = fold_f64(sum, c64[i][j]);
                sum = fold(sum, (uint32_t)ci[i][j]);
                sum = fold_f32(sum, c32[i][j]);
            }
        }
        for (int i = 0; i < N; i++) c64[i][i] += 8; /* well conditioned, so no pivot comes near zero */
        sum = fold_f64(sum, solve(rhs));
        for (int i = 0; i < N; i++) sum = fold_f64(sum, rhs[i]);
    }
    return (int64_t)sum;
}
