/* Escape times in f64 and f32, and in 32-bit fixed point, one row of pixels a step, zooming in. Stresses float
   compare and branch with hardly any memory access, and 64-bit multiply and arithmetic shift. */
#include "bench.h"

enum { WIDTH = 32, LIMIT = 48, FRACTION = 26 };

static uint64_t escape64(uint64_t sum, double cx, double cy) {
    double x = 0, y = 0;
    uint32_t k = 0;
    while (k < LIMIT && x * x + y * y <= 4) {
        double next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        k++;
    }
    return fold_f64(fold_f64(sum, x), y) + k;
}

static uint64_t escape32(uint64_t sum, float cx, float cy) {
    float x = 0, y = 0;
    uint32_t k = 0;
    while (k < LIMIT && x * x + y * y <= 4) {
        float next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        k++;
    }
    return fold_f32(fold_f32(sum, x), y) + k;
}

static int32_t fixed_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b) >> FRACTION);
}

static uint64_t escape_fixed(uint64_t sum, int32_t cx, int32_t cy) {
    int32_t x = 0, y = 0;
    uint32_t k = 0;
    while (k < LIMIT && (int64_t)x * x + (int64_t)y * y <= (int64_t)4 << 2 * FRACTION) {
        int32_t next = fixed_mul(x, x) - fixed_mul(y, y) + cx;
        y = 2 * fixed_mul(x, y) + cy;
        x = next;
        k++;
    }
    return fold(sum, (uint64_t)(uint32_t)x << 32 | (uint32_t)y) + k;
}

int64_t run(int32_t n) {
    uint64_t sum = 0;
    double scale = 1;
    for (int32_t row = 0; row < n; row++) {
        double cy = -0.1 + scale * ((row & 31) - 16) / 16;
        if ((row & 31) == 31) scale = scale < 1e-3 ? 1 : scale * 0.75;
        for (int32_t column = 0; column < WIDTH; column++) {
            double cx = -0.75 + scale * (column - WIDTH / 2) / 16;
            sum = escape64(sum, cx, cy);
            sum = escape32(sum, (float)cx, (float)cy);
            sum = escape_fixed(sum, (int32_t)(cx * (1 << FRACTION)), (int32_t)(cy * (1 << FRACTION)));
        }
    }
    return (int64_t)sum;
}
