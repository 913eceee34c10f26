/* Recursion of many shapes: fib, tak, Ackermann, mutual recursion, queens, Hanoi, permutations, flood fill, and a
   deep plain descent with f64 and i64 values live across the call. Stresses calls, prologues, spills, and the call
   depth. */
#include "bench.h"

enum { BOARD = 12, PERMUTED = 4 };

static uint64_t sum;
static uint8_t board[BOARD][BOARD];

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

__attribute__((noinline)) static int32_t tak(int32_t x, int32_t y, int32_t z) {
    return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

__attribute__((noinline)) static double tak_real(double x, double y, double z) {
    return y >= x ? z : tak_real(tak_real(x - 1, y, z), tak_real(y - 1, z, x), tak_real(z - 1, x, y));
}

__attribute__((noinline)) static uint32_t ackermann(uint32_t m, uint32_t n) {
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

/* Hofstadter's female and male sequences. */
static uint32_t male(uint32_t n);

__attribute__((noinline)) static uint32_t female(uint32_t n) {
    return n == 0 ? 1 : n - male(female(n - 1));
}

__attribute__((noinline)) static uint32_t male(uint32_t n) {
    return n == 0 ? 0 : n - female(male(n - 1));
}

static uint32_t queens(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    uint32_t found = columns == all;
    for (uint32_t open = all & ~(columns | left | right); open != 0; open &= open - 1) {
        uint32_t bit = open & -open;
        found += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

static void hanoi(uint32_t discs, uint32_t from, uint32_t to, uint32_t spare) {
    if (discs == 0) return;
    hanoi(discs - 1, from, spare, to);
    sum = fold(sum, discs << 4 | from << 2 | to);
    hanoi(discs - 1, spare, to, from);
}

static void permute(uint8_t *item, uint32_t count) {
    if (count == 1) {
        for (uint32_t i = 0; i < PERMUTED; i++) sum = fold(sum, item[i]);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        permute(item, count - 1);
        uint32_t j = count % 2 == 0 ? i : 0;
        uint8_t old = item[j];
        item[j] = item[count - 1], item[count - 1] = old;
    }
}

static uint32_t flood(int32_t x, int32_t y, uint8_t colour) {
    if (x < 0 || y < 0 || x >= BOARD || y >= BOARD || board[y][x] != 0) return 0;
    board[y][x] = colour;
    uint32_t area = 1;
    area += flood(x + 1, y, colour);
    area += flood(x - 1, y, colour);
    area += flood(x, y + 1, colour);
    area += flood(x, y - 1, colour);
    return area;
}

static uint32_t flood_all(Rng *rng) {
    uint32_t areas = 0;
    uint8_t colour = 1;
    for (uint32_t i = 0; i < BOARD * BOARD; i++) board[i / BOARD][i % BOARD] = rng_below(rng, 5) < 2 ? 255 : 0;
    for (int32_t i = 0; i < BOARD * BOARD; i++) {
        uint32_t area = flood(i % BOARD, i / BOARD, colour);
        if (area != 0) areas = areas * 31 + area, colour++;
    }
    return areas;
}

/* Many values of both classes live across the call, so the allocator has to keep or spill them. */
__attribute__((noinline)) static double descend(uint32_t depth, uint64_t a, uint64_t b, double x, double y) {
    if (depth == 0) return x - y;
    uint64_t c = a * 5 + depth, d = b ^ c >> 3;
    double z = x * 0.5 + (double)(uint32_t)c, w = y + z * 0.25;
    double below = descend(depth - 1, c, d, z, w);
    sum = fold(sum, a + d);
    return below * 0.5 + (x - w) + (double)(uint32_t)(b + c) + y * z * 0x1p-40;
}

int64_t run(int32_t n) {
    Rng rng = {0x726563};
    sum = 0;
    for (int32_t round = 0; round < n; round++) {
        uint32_t small = (uint32_t)round % 3;
        uint8_t item[PERMUTED];
        for (uint32_t i = 0; i < PERMUTED; i++) item[i] = (uint8_t)(i + small);
        sum = fold(sum, fib(9 + small));
        sum = fold(sum, (uint32_t)tak(7, 4 + (int32_t)small, 1));
        sum = fold_f64(sum, tak_real(6 + small, 4, 1));
        sum = fold(sum, ackermann(2, 3 + small));
        sum = fold(sum, (uint64_t)female(20 + small) << 32 | male(30 + small));
        sum = fold(sum, queens((1u << (4 + small)) - 1, 0, 0, 0));
        hanoi(5, small, (small + 1) % 3, (small + 2) % 3);
        permute(item, PERMUTED);
        sum = fold(sum, flood_all(&rng));
        double x = rng_unit(&rng), deep = descend(100 + 50 * small, rng_next(&rng), sum, x, 1);
        sum = fold_f64(sum, deep);
    }
    return (int64_t)sum;
}
