/* Parallel moves put in sequence: all small cases, then random large ones, against a simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/map.h"
#include "code/alloc.h"

enum { SCRATCH = 15, LOCS = 400 };

/* Cycles of the moves, each of which costs one move more; self-moves cost none. */
static uint32_t expected_count(const Move *m, uint32_t n) {
    uint32_t count = 0, into[LOCS];
    for (uint32_t l = 0; l < LOCS; l++) into[l] = UINT32_MAX;
    for (uint32_t k = 0; k < n; k++) into[m[k].to] = m[k].from;
    for (uint32_t k = 0; k < n; k++) count += m[k].from != m[k].to;
    bool seen[LOCS] = {false};
    for (uint32_t k = 0; k < n; k++) {
        uint32_t l = m[k].to, length = 0;
        if (seen[l] || into[l] == l) continue;
        do {
            l = into[l];
            length++;
        } while (l != m[k].to && into[l] != UINT32_MAX && length <= n);
        if (l != m[k].to) continue;
        count++;
        do {
            seen[l] = true;
            l = into[l];
        } while (l != m[k].to);
    }
    return count;
}

static void check(Arena *a, const Move *m, uint32_t n) {
    uint32_t before[LOCS], after[LOCS], nout = 0;
    Move *out = NULL;
    for (uint32_t l = 0; l < LOCS; l++) before[l] = after[l] = l * 7 + 1;
    for (uint32_t k = 0; k < n; k++) after[m[k].to] = before[m[k].from];
    moves_sequence(a, m, n, SCRATCH, &out, &nout);
    assert_int_equal(nout, expected_count(m, n));
    for (uint32_t k = 0; k < nout; k++) {
        assert_int_not_equal(out[k].from, out[k].to);
        before[out[k].to] = before[out[k].from];
    }
    before[SCRATCH] = after[SCRATCH];
    assert_memory_equal(before, after, sizeof before);
}

static void test_all_small(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    static const Loc place[5] = {0, 1, 2, LOC_SLOT, LOC_SLOT + 1};
    uint32_t cases = 6 * 6 * 6 * 6 * 6;
    for (uint32_t c = 0; c < cases; c++) { /* where each of the five places is filled from; 5: it is not written */
        Move m[5];
        uint32_t n = 0;
        for (uint32_t k = 0, x = c; k < 5; k++, x /= 6)
            if (x % 6 < 5) m[n++] = (Move){place[x % 6], place[k], T_I64};
        check(&a, m, n);
        arena_reset(&a);
    }
    arena_free(&a);
}

static void test_random(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    uint64_t rng = 1;
    for (uint32_t round = 0; round < 3000; round++) {
        Loc dest[LOCS];
        Move m[LOCS];
        uint32_t nloc = 0, n, spread;
        for (uint32_t l = 0; l < LOCS; l++)
            if (l != SCRATCH && (l < 64 || l % 3 == 0)) dest[nloc++] = l;
        for (uint32_t k = nloc; k > 1; k--) {
            uint32_t j = (uint32_t)(hash_mix(++rng) % k);
            Loc t = dest[j];
            dest[j] = dest[k - 1];
            dest[k - 1] = t;
        }
        n = (uint32_t)(hash_mix(++rng) % nloc);
        spread = round % 2 ? n : nloc; /* permutations, or anything */
        for (uint32_t k = 0; k < n; k++) m[k] = (Move){dest[hash_mix(++rng) % (spread ? spread : 1)], dest[k], T_I64};
        if (round % 4 == 3)
            for (uint32_t k = 0; k < n; k++) m[k].from = dest[(k * 5 + 1) % n];
        check(&a, m, n);
        arena_reset(&a);
    }
    arena_free(&a);
}

static void test_appends(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    Move *out = NULL;
    uint32_t n = 0;
    moves_sequence(&a, &(Move){1, 2, T_I32}, 1, SCRATCH, &out, &n);
    moves_sequence(&a, (Move[]){{3, 4, T_I64}, {4, 3, T_I64}}, 2, SCRATCH, &out, &n);
    moves_sequence(&a, NULL, 0, SCRATCH, &out, &n);
    assert_int_equal(n, 4);
    assert_int_equal(out[0].from, 1);
    assert_int_equal(out[0].type, T_I32);
    assert_int_equal(out[1].to, SCRATCH);
    assert_int_equal(out[3].from, SCRATCH);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
