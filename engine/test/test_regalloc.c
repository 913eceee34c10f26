/* Both allocators on random machine functions over made-up targets: the machine verifier accepts the function, the
 * checker accepts the allocation, and an interpreter sees the same values before and after.  Then damaged allocations:
 * the checker must reject each one that the interpreter can tell from the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/map.h"
#include "base/text.h"
#include "code/print.h"
#include "machgen.h"

typedef Alloc *Allocator(Arena *a, MFn *m, const Target *t);

static void dump(const char *why, Arena *a, const MFn *m, const Target *t, const Alloc *ra, uint64_t seed) {
    Text text;
    text_init(&text, a);
    if (getenv("REGALLOC_DUMP")) {
        mach_print(&text, m, t, NULL);
        if (ra) mach_print(&text, m, t, ra);
    }
    print_error("seed %llu: %s\n%s", (unsigned long long)seed, why, text.at);
}

static void make_target(MachTarget *t, uint64_t seed) {
    uint32_t n[RC_COUNT] = {4 + (uint32_t)(hash_mix(seed) % 9), 4 + (uint32_t)(hash_mix(seed + 1) % 9)};
    if (seed % 3 == 0) n[0] = n[1] = 4;
    machgen_target(t, n);
    t->target.dear_memory = seed & 1;
}

static bool same_behaviour(Arena *a, const MFn *m, const Target *t, const Alloc *ra, uint32_t runs) {
    for (uint32_t k = 0; k < runs; k++) {
        MachTrace want = machgen_run(a, m, t, NULL, k, 600), got = machgen_run(a, m, t, ra, k, 600);
        if (want.hash != got.hash || want.steps != got.steps || !got.preserved) return false;
    }
    return true;
}

static void check_one(Allocator *allocate, uint64_t seed, uint32_t size) {
    char msg[200] = "";
    Arena a;
    MachTarget t;
    arena_init(&a, NULL);
    make_target(&t, seed);
    MFn *m = machgen_fn(&a, &t, seed, size, seed % 4 == 1, seed % 5 == 1);
    if (!mach_verify(m, &t.target, msg, sizeof msg)) {
        dump(msg, &a, m, &t.target, NULL, seed);
        fail();
    }
    Alloc *ra = allocate(&a, m, &t.target);
    if (!alloc_check(m, &t.target, ra, msg, sizeof msg)) {
        dump(msg, &a, m, &t.target, ra, seed);
        fail();
    }
    if (!same_behaviour(&a, m, &t.target, ra, 3)) {
        dump("the interpreter disagrees", &a, m, &t.target, ra, seed);
        fail();
    }
    arena_free(&a);
}

static void check_many(Allocator *allocate) {
    for (uint64_t seed = 0; seed < 3000; seed++) check_one(allocate, seed, 10 + (uint32_t)(seed % 97));
    for (uint64_t seed = 0; seed < 40; seed++) check_one(allocate, seed + 100000, 2000);
}

static void test_fast(void **state) {
    (void)state;
    check_many(regalloc_fast);
}

static void test_linear(void **state) {
    (void)state;
    check_many(regalloc_linear);
}

/* A long function, with operands near their definitions as in real ones: still correct, and in few slots. */
static void test_large(void **state) {
    (void)state;
    static const uint32_t nregs[RC_COUNT] = {12, 12};
    Allocator *const allocator[2] = {regalloc_fast, regalloc_linear};
    char msg[200] = "";
    Arena a;
    MachTarget t;
    arena_init(&a, NULL);
    machgen_target(&t, nregs);
    MFn *m = machgen_fn(&a, &t, 7, 50000, false, true);
    assert_true(m->insn.n >= 50000 && m->block.n > 10000);
    for (uint32_t k = 0; k < 4; k++) {
        t.target.dear_memory = k >= 2;
        Alloc *ra = allocator[k % 2](&a, m, &t.target);
        assert_true(alloc_check(m, &t.target, ra, msg, sizeof msg));
        assert_true(ra->nslots < 200);
    }
    arena_free(&a);
}

static void test_deterministic(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        Arena a[2];
        MachTarget t;
        Alloc *ra[2];
        make_target(&t, seed);
        for (uint32_t k = 0; k < 2; k++) {
            arena_init(&a[k], NULL);
            arena_alloc(&a[k], k * 4096, 1);
            ra[k] = regalloc_linear(&a[k], machgen_fn(&a[k], &t, seed, 300, true, false), &t.target);
        }
        assert_int_equal(ra[0]->edit.n, ra[1]->edit.n);
        if (ra[0]->edit.n) assert_memory_equal(ra[0]->edit.at, ra[1]->edit.at, ra[0]->edit.n * sizeof(Edit));
        for (uint32_t k = 0; k < 2; k++) arena_free(&a[k]);
    }
}

/* -- Damage -------------------------------------------------------------------------- */

static uint64_t rng_state;
static uint32_t roll(uint32_t n) { return (uint32_t)(hash_mix(++rng_state) % n); }

static Loc other_loc(const Alloc *ra, const MachTarget *t, RegClass c) {
    if (ra->nslots && roll(2)) return LOC_SLOT + roll(ra->nslots);
    return t->order[c][roll(t->target.norder[c])];
}

static RegClass loc_class(Loc l) { return l < 64 && l >= REG_FLOAT ? RC_FLOAT : RC_INT; }

/* One change at random; false when there was nothing to change. */
static bool damage(Alloc *ra, const MFn *m, const MachTarget *t) {
    uint32_t n = ra->edit.n, k = n ? roll(n) : 0;
    switch (roll(6)) {
    case 0:
        if (!n) return false;
        memmove(ra->edit.at + k, ra->edit.at + k + 1, (n - k - 1) * sizeof(Edit));
        ra->edit.n--;
        return true;
    case 1:
        if (n < 2 || k == n - 1 || ra->edit.at[k].at != ra->edit.at[k + 1].at) return false;
        {
            Edit e = ra->edit.at[k];
            ra->edit.at[k] = ra->edit.at[k + 1];
            ra->edit.at[k + 1] = e;
        }
        return true;
    case 2:
        if (!n) return false;
        ra->edit.at[k].from = other_loc(ra, t, type_class((IrType)ra->edit.at[k].type));
        return true;
    case 3:
        if (!n) return false;
        ra->edit.at[k].to = other_loc(ra, t, type_class((IrType)ra->edit.at[k].type));
        return true;
    case 4:
        if (!n || ra->edit.at[k].type == T_I32 || ra->edit.at[k].type == T_F32) return false;
        ra->edit.at[k].type = ra->edit.at[k].type == T_I64 ? T_I32 : T_F32;
        return true;
    default:
        if (!m->opnd.n) return false;
        k = roll(m->opnd.n);
        if (!reg_is_virtual(m->opnd.at[k].reg)) return false;
        ra->opnd[k] = t->order[loc_class(ra->opnd[k])][roll(t->target.norder[loc_class(ra->opnd[k])])];
        return true;
    }
}

static void damage_many(Allocator *allocate) {
    uint32_t told = 0, rejected = 0;
    for (uint64_t seed = 0; seed < 250; seed++) {
        char msg[200];
        Arena a;
        MachTarget t;
        arena_init(&a, NULL);
        make_target(&t, seed);
        MFn *m = machgen_fn(&a, &t, seed, 40, seed % 4 == 1, seed % 5 == 1);
        Alloc *good = allocate(&a, m, &t.target);
        for (uint32_t k = 0; k < 12; k++) {
            Alloc bad = *good;
            bad.opnd = ARENA_ARRAY(&a, Loc, m->opnd.n);
            bad.edit.at = ARENA_ARRAY(&a, Edit, good->edit.n);
            if (m->opnd.n) memcpy(bad.opnd, good->opnd, m->opnd.n * sizeof(Loc));
            if (good->edit.n) memcpy(bad.edit.at, good->edit.at, good->edit.n * sizeof(Edit));
            if (!damage(&bad, m, &t)) continue;
            bool ok = alloc_check(m, &t.target, &bad, msg, sizeof msg);
            rejected += !ok;
            if (same_behaviour(&a, m, &t.target, &bad, 3)) continue;
            told++;
            if (ok) dump("damage that the checker accepts", &a, m, &t.target, &bad, seed);
            assert_false(ok);
        }
        arena_free(&a);
    }
    assert_true(told > 300 && rejected >= told);
}

static void test_damage(void **state) {
    (void)state;
    damage_many(regalloc_fast);
    damage_many(regalloc_linear);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast),          cmocka_unit_test(test_linear), cmocka_unit_test(test_large),
        cmocka_unit_test(test_deterministic), cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
