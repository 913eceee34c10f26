/* Pictures of bytes: brightness, box blur, Sobel edges in signed 16 bits, error-diffusion dithering, a colour
   transform and back, an 8x8 integer cosine transform, and the game of life on bit rows. Stresses 8- and 16-bit
   loads and stores, clamping, and short inner loops. */
#include "bench.h"

enum { SIDE = 16, LIFE_WIDTH = 24, LIFE_MASK = (1 << LIFE_WIDTH) - 1 };

static uint8_t grey[SIDE][SIDE], blurred[SIDE][SIDE], rgb[SIDE * SIDE][3];
static int16_t edge[SIDE][SIDE], error[SIDE + 1][SIDE + 2];
static int8_t chroma[SIDE * SIDE][2];
static uint32_t life[SIDE];

static uint8_t clamp(int32_t x) {
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

static void fill(Rng *rng) {
    for (int32_t y = 0; y < SIDE; y++) {
        for (int32_t x = 0; x < SIDE; x++) {
            uint64_t random = rng_next(rng);
            int32_t distance = (x - 8) * (x - 8) + (y - 6) * (y - 6);
            grey[y][x] = clamp((distance < 30 ? 200 : 40) + (int32_t)(random & 31) + x);
            for (int c = 0; c < 3; c++) rgb[y * SIDE + x][c] = (uint8_t)(random >> (8 + 8 * c));
        }
        life[y] ^= (uint32_t)rng_next(rng) & LIFE_MASK;
    }
}

static void brighten(int32_t gain, int32_t offset) {
    for (int32_t i = 0; i < SIDE * SIDE; i++) {
        uint8_t *pixel = &grey[0][0] + i;
        *pixel = clamp((*pixel * gain >> 6) + offset);
    }
}

static void blur(void) {
    for (int32_t y = 0; y < SIDE; y++) {
        for (int32_t x = 0; x < SIDE; x++) {
            uint32_t total = 0, count = 0;
            for (int32_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < SIDE; v++)
                for (int32_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < SIDE; u++) total += grey[v][u], count++;
            blurred[y][x] = (uint8_t)((total + count / 2) / count);
        }
    }
}

static void sobel(void) {
    for (int32_t y = 1; y < SIDE - 1; y++) {
        for (int32_t x = 1; x < SIDE - 1; x++) {
            const uint8_t *above = &grey[y - 1][x], *here = &grey[y][x], *below = &grey[y + 1][x];
            int32_t across = above[1] + 2 * here[1] + below[1] - above[-1] - 2 * here[-1] - below[-1];
            int32_t down = below[-1] + 2 * below[0] + below[1] - above[-1] - 2 * above[0] - above[1];
            edge[y][x] = (int16_t)(across * across > down * down ? across : down);
        }
    }
}

/* Floyd-Steinberg; the picture becomes black and white, and the last errors stay in the table. */
static void dither(void) {
    __builtin_memset(error, 0, sizeof error);
    for (int32_t y = 0; y < SIDE; y++) {
        for (int32_t x = 0; x < SIDE; x++) {
            int32_t wanted = blurred[y][x] + error[y][x + 1] / 16;
            int32_t given = wanted < 128 ? 0 : 255, rest = wanted - given;
            blurred[y][x] = (uint8_t)given;
            error[y][x + 2] = (int16_t)(error[y][x + 2] + rest * 7);
            error[y + 1][x] = (int16_t)(error[y + 1][x] + rest * 3);
            error[y + 1][x + 1] = (int16_t)(error[y + 1][x + 1] + rest * 5);
            error[y + 1][x + 2] = (int16_t)(error[y + 1][x + 2] + rest);
        }
    }
}

/* To luma and chroma in fixed point, and back with the rounding loss that this has. */
static void colours(void) {
    for (int32_t i = 0; i < SIDE * SIDE; i++) {
        int32_t r = rgb[i][0], g = rgb[i][1], b = rgb[i][2];
        int32_t luma = (77 * r + 150 * g + 29 * b + 128) >> 8;
        chroma[i][0] = (int8_t)(((b - luma) * 144 + 128) >> 8);
        chroma[i][1] = (int8_t)(((r - luma) * 183 + 128) >> 8);
        rgb[i][0] = clamp(luma + ((359 * chroma[i][1] + 128) >> 8));
        rgb[i][1] = clamp(luma - ((88 * chroma[i][0] + 183 * chroma[i][1] + 128) >> 8));
        rgb[i][2] = clamp(luma + ((454 * chroma[i][0] + 128) >> 8));
    }
}

/* One 8-point pass over a row or a column: a Walsh-like even part and a rotated odd part, in integers. */
static void transform(int16_t *at, int32_t stride) {
    int32_t sum[4], difference[4];
    for (int i = 0; i < 4; i++) {
        int32_t first = at[i * stride], last = at[(7 - i) * stride];
        sum[i] = first + last, difference[i] = first - last;
    }
    at[0] = (int16_t)((sum[0] + sum[1] + sum[2] + sum[3]) >> 1);
    at[4 * stride] = (int16_t)((sum[0] - sum[1] - sum[2] + sum[3]) >> 1);
    at[2 * stride] = (int16_t)(((sum[0] - sum[3]) * 335 + (sum[1] - sum[2]) * 139) >> 9);
    at[6 * stride] = (int16_t)(((sum[0] - sum[3]) * 139 - (sum[1] - sum[2]) * 335) >> 9);
    int32_t a = difference[0], b = difference[1], c = difference[2], d = difference[3];
    at[1 * stride] = (int16_t)((a * 355 + b * 301 + c * 201 + d * 71) >> 9);
    at[3 * stride] = (int16_t)((a * 301 - b * 71 - c * 355 - d * 201) >> 9);
    at[5 * stride] = (int16_t)((a * 201 - b * 355 + c * 71 + d * 301) >> 9);
    at[7 * stride] = (int16_t)((a * 71 - b * 201 + c * 301 - d * 355) >> 9);
}

static void transform_blocks(void) {
    for (int32_t y = 0; y < SIDE; y += 8) {
        for (int32_t x = 0; x < SIDE; x += 8) {
            for (int32_t i = 0; i < 8; i++) transform(&edge[y + i][x], 1);
            for (int32_t i = 0; i < 8; i++) transform(&edge[y][x + i], SIDE);
        }
    }
}

/* All cells of a row at once: three neighbouring rows are added in bit-sliced counters. */
static void live(void) {
    uint32_t before[SIDE];
    __builtin_memcpy(before, life, sizeof life);
    for (int32_t y = 0; y < SIDE; y++) {
        uint32_t ones = 0, twos = 0, fours = 0;
        for (int32_t v = -1; v <= 1; v++) {
            uint32_t row = before[(y + v + SIDE) % SIDE];
            uint32_t left = (row << 1 | row >> (LIFE_WIDTH - 1)) & LIFE_MASK;
            uint32_t right = row >> 1 | (row & 1) << (LIFE_WIDTH - 1);
            uint32_t side[3] = {left, right, v != 0 ? row : 0};
            for (int i = 0; i < 3; i++) {
                uint32_t carry = ones & side[i], carry_twos = twos & carry;
                ones ^= side[i], twos ^= carry, fours |= carry_twos;
            }
        }
        life[y] = twos & ~fours & (ones | before[y]);
    }
}

int64_t run(int32_t n) {
    Rng rng = {0x696d67};
    uint64_t sum = 0;
    __builtin_memset(life, 0, sizeof life);
    __builtin_memset(edge, 0, sizeof edge);
    for (int32_t round = 0; round < n; round++) {
        fill(&rng);
        brighten(48 + (round & 31), (round & 15) * 4 - 30);
        blur(), sobel(), dither(), colours(), transform_blocks();
        for (int i = 0; i < 4; i++) live();
        for (int32_t i = 0; i < SIDE * SIDE; i++) {
            const uint8_t *c = rgb[i];
            uint32_t pixel = (uint32_t)blurred[i / SIDE][i % SIDE] << 24 | (uint32_t)(c[0] << 16 | c[1] << 8 | c[2]);
            sum = fold(sum, (uint64_t)(edge[i / SIDE][i % SIDE] * 256 + chroma[i][0] * chroma[i][1]) + pixel);
        }
        for (int32_t y = 0; y < SIDE; y++) sum = fold(sum, (uint64_t)life[y] << 16 ^ (uint64_t)error[y][y]);
    }
    return (int64_t)sum;
}
