/* Mutators: what they make of a valid module is valid, always; the same seed makes the same; every mutation of the
 * table finds something to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/map.h"
#include "fuzz/case.h"
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate.h"
#include "wasm/validate.h"

enum { MUTATIONS = 100000, POOL = 64, MAX_SIZE = 3 << 10, SAMPLES = 30 };

typedef struct Bytes {
    uint8_t *at;
    uint32_t n;
} Bytes;

static Bytes keep(const uint8_t *at, uint32_t n) {
    Bytes b = {malloc(n ? n : 1), n};
    assert_non_null(b.at);
    if (n) memcpy(b.at, at, n);
    return b;
}

static void check_valid(Arena *a, const Mutant *x, uint64_t seed) {
    Err err;
    Plan p;
    const char *why = "";
    err_clear(&err);
    Module *m = module_decode(a, x->at, x->n, FEATURES_WASM3, &err);
    if (m && module_validate(m, &err) && plan_of(a, m, &p, &why)) return;
    for (uint32_t i = 0; i < x->ndone; i++) print_error("%s ", mutation_name((MutationId)x->done[i]));
    fail_msg("seed %llu: %s%s", (unsigned long long)seed, err.text, why);
}

static Bytes generated(Arena *a, uint64_t seed) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    uint32_t n = gen_entropy_size(seed), size;
    gen_entropy(seed, entropy, n);
    const uint8_t *bytes = gen_module(a, entropy, n, &size, NULL);
    return keep(bytes, size);
}

/* Generated modules, and real ones from the corpus. */
static void fill(Arena *a, Bytes *pool) {
    DIR *d = opendir(SOURCE_DIR "/corpus/seeds");
    assert_non_null(d);
    uint32_t n = 0;
    for (struct dirent *e; n < POOL / 2 && (e = readdir(d));) {
        char path[4096];
        static uint8_t bytes[MAX_SIZE];
        snprintf(path, sizeof path, SOURCE_DIR "/corpus/seeds/%s", e->d_name);
        FILE *f = strstr(e->d_name, ".wasm") ? fopen(path, "rb") : NULL;
        if (!f) continue;
        uint32_t size = (uint32_t)fread(bytes, 1, sizeof bytes, f);
        if (size < sizeof bytes) pool[n++] = keep(bytes, size);
        fclose(f);
    }
    closedir(d);
    for (uint64_t seed = 1; n < POOL; seed++) pool[n++] = generated(a, seed);
}

/* A pool of modules that mutants take the place of, so that chains of mutations come about. */
static void mutants_are_valid(void **state) {
    (void)state;
    Bytes pool[POOL];
    Arena a;
    uint64_t done[MUTATION_COUNT] = {0}, total = 0;
    arena_init(&a, NULL);
    fill(&a, pool);
    for (uint64_t seed = 0; total < MUTATIONS; seed++) {
        uint64_t r = hash_mix(seed);
        Bytes *b = &pool[r % POOL], *other = &pool[(r >> 8) % POOL];
        Mutant m;
        arena_reset(&a);
        if (!mutate_module(&a, b->at, b->n, other->at, r >> 16 & 1 ? other->n : 0, MAX_SIZE, r, &m)) continue;
        check_valid(&a, &m, seed);
        assert_true(m.n <= MAX_SIZE);
        for (uint32_t i = 0; i < m.ndone; i++) done[m.done[i]]++;
        total += m.ndone;
        free(b->at);
        *b = r % 97 == 0 ? generated(&a, r) : keep(m.at, m.n);
    }
    for (uint32_t i = 0; i < MUTATION_COUNT; i++)
        if (!done[i]) fail_msg("%s was never done", mutation_name((MutationId)i));
    for (uint32_t i = 0; i < POOL; i++) free(pool[i].at);
    arena_free(&a);
}

static void each_is_valid_and_repeatable(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint32_t id = 0; id < MUTATION_COUNT; id++) {
        uint32_t done = 0;
        for (uint64_t seed = 0; seed < SAMPLES; seed++) {
            Mutant m, again;
            arena_reset(&a);
            Bytes b = generated(&a, seed), other = generated(&a, seed + 1000);
            bool ok = mutate_module_by(&a, (MutationId)id, b.at, b.n, other.at, other.n, MAX_SIZE, seed, &m);
            bool same = mutate_module_by(&a, (MutationId)id, b.at, b.n, other.at, other.n, MAX_SIZE, seed, &again);
            assert_true(ok == same);
            if (ok) {
                check_valid(&a, &m, seed);
                assert_true(m.n == again.n && memcmp(m.at, again.at, m.n) == 0);
                done++;
            }
            free(b.at);
            free(other.at);
        }
        if (!done) fail_msg("%s found nothing to do", mutation_name((MutationId)id));
    }
    arena_free(&a);
}

/* What adds and what takes away balance: a chain of mutations leaves modules as large as they were, more or less. */
static void modules_do_not_grow(void **state) {
    (void)state;
    enum { MODULES = 60, ROUNDS = 30, ROOM = 64 << 10 };
    uint64_t before = 0, after = 0;
    Arena a;
    arena_init(&a, NULL);
    for (uint64_t seed = 0; seed < MODULES; seed++) {
        Bytes b = generated(&a, seed);
        before += b.n;
        for (uint64_t round = 0; round < ROUNDS; round++) {
            Mutant m;
            arena_reset(&a);
            if (!mutate_module(&a, b.at, b.n, NULL, 0, ROOM, hash_mix(seed * ROUNDS + round), &m)) continue;
            free(b.at);
            b = keep(m.at, m.n);
        }
        after += b.n;
        free(b.at);
    }
    arena_free(&a);
    if (after > before * 3 / 2 || after < before / 2)
        fail_msg("%llu bytes became %llu", (unsigned long long)before, (unsigned long long)after);
}

/* Any bytes at all, with any room. */
static void total(void **state) {
    (void)state;
    Arena a;
    uint8_t in[300], other[300];
    arena_init(&a, NULL);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        uint64_t r = hash_mix(seed);
        uint32_t n = (uint32_t)(r % sizeof in), k = (uint32_t)((r >> 16) % sizeof other);
        uint32_t max = (uint32_t)(r >> 32) % 500;
        Mutant m, again;
        for (uint32_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)hash_mix(r + i), other[i] = (uint8_t)hash_mix(r - i);
        if (seed & 1) memcpy(in, "\0asm\1\0\0\0", 8);
        arena_reset(&a);
        bool ok = mutate_input(&a, in, n, other, k, max, seed, &m);
        assert_true(ok == mutate_input(&a, in, n, other, k, max, seed, &again));
        if (!ok) continue;
        assert_true(m.n <= max && m.n == again.n && memcmp(m.at, again.at, m.n) == 0);
    }
    arena_free(&a);
}

/* Legs stay when the module changes, and only the knobs' own mutation changes them. */
static void legs_stay(void **state) {
    (void)state;
    Arena a;
    Mutant m, next;
    uint64_t first, second;
    arena_init(&a, NULL);
    Bytes b = generated(&a, 5);
    assert_false(case_legs_of(b.at, b.n, &first));
    assert_true(mutate_module_by(&a, MUTATION_knobs, b.at, b.n, NULL, 0, MAX_SIZE, 1, &m));
    assert_true(case_legs_of(m.at, m.n, &first));
    assert_int_equal(first, case_number(m.at, m.n));
    assert_true(mutate_module_by(&a, MUTATION_constant, m.at, m.n, NULL, 0, MAX_SIZE, 2, &next));
    assert_int_equal(first, case_number(next.at, next.n));
    assert_true(mutate_module_by(&a, MUTATION_knobs, next.at, next.n, NULL, 0, MAX_SIZE, 3, &m));
    assert_true(case_legs_of(m.at, m.n, &second) && first != second);
    free(b.at);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_valid_and_repeatable),
        cmocka_unit_test(mutants_are_valid),
        cmocka_unit_test(modules_do_not_grow),
        cmocka_unit_test(total),
        cmocka_unit_test(legs_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
