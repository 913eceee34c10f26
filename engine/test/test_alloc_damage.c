/* The allocation checker against damage, on real functions: programs are compiled for both ISAs by both allocators, and
 * each allocation is damaged at random, one change at a time, thousands of times.
 *
 * Whether a damage changes what the function means is decided without the checker: machgen_run executes machine IR over
 * locations, with each instruction an unknown function of all that it reads, and what clobbered and narrow writes leave
 * behind as garbage.  Where that sees a difference from the same function over virtual registers, the checker must
 * reject: 100 %.  A difference on a path that no run took, or none at all (a dead move), it may reject or not; how
 * often is printed. */
#define _GNU_SOURCE
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
#include "code/print.h"
#include "machgen.h"
#include "run/compile.h"
#include "wasm/validate.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

enum { DAMAGES = 60, RUNS = 4, STEPS = 1500, LARGEST = 600 /* instructions */, HOSTILE_REGS = 4 };

/* DAMAGE(id, text) */
#define DAMAGE_LIST(D)                                      \
    D(drop, "a move left out")                              \
    D(swap, "two moves in a row exchanged")                 \
    D(from, "a move from a wrong register or slot")         \
    D(to, "a move to a wrong register or slot")             \
    D(narrow, "a move of too few bytes")                    \
    D(late, "a move behind the next instruction")           \
    D(early, "a move in front of the instruction before")   \
    D(double, "a move where none was")                      \
    D(operand, "an operand in a wrong register or slot")    \
    D(operands, "two operands of an instruction exchanged") \
    D(unsaved, "a callee-saved register that is not saved")

typedef enum Damage {
#define D(id, text) DAMAGE_##id,
    DAMAGE_LIST(D)
#undef D
        DAMAGE_COUNT
} Damage;
static const char *const damage_text[DAMAGE_COUNT] = {
#define D(id, text) text,
    DAMAGE_LIST(D)
#undef D
};

typedef struct Figures {
    uint64_t done, told, rejected, told_and_accepted;
} Figures;

typedef struct Test {
    Figures by[DAMAGE_COUNT];
    uint64_t rng, functions;
} Test;

static uint32_t roll(Test *t, uint32_t n) { return (uint32_t)(hash_mix(++t->rng) % n); }

static RegClass loc_class(Loc l) { return l < 64 && l >= REG_FLOAT ? RC_FLOAT : RC_INT; }

/* A register that may be allocated, or a slot. */
static Loc other_loc(Test *t, const Alloc *ra, const Target *target, RegClass c) {
    if (ra->nslots && roll(t, 2)) return LOC_SLOT + roll(t, ra->nslots);
    return target->order[c][roll(t, target->norder[c])];
}

static void swap_edits(Edit *a, Edit *b) {
    Edit e = *a;
    *a = *b;
    *b = e;
}

/* Put edit k where it is sorted again, behind those of its new place. */
static void move_edit(Alloc *ra, uint32_t k, uint32_t at) {
    Edit *e = ra->edit.at;
    e[k].at = at;
    for (; k + 1 < ra->edit.n && e[k + 1].at <= at; k++) swap_edits(&e[k], &e[k + 1]);
    for (; k > 0 && e[k - 1].at > at; k--) swap_edits(&e[k], &e[k - 1]);
}

/* Changes to the moves; false when there was nothing to change. */
static bool damage_edits(Test *t, Damage what, Alloc *ra, const MFn *m, const Target *target) {
    uint32_t n = ra->edit.n, k = n ? roll(t, n) : 0;
    if (!n) return false;
    Edit *e = &ra->edit.at[k];
    RegClass c = type_class((IrType)e->type);
    switch (what) {
    case DAMAGE_drop:
        memmove(e, e + 1, (n - k - 1) * sizeof *e);
        ra->edit.n--;
        return true;
    case DAMAGE_swap:
        if (k == n - 1 || e[0].at != e[1].at) return false;
        swap_edits(&e[0], &e[1]);
        return true;
    case DAMAGE_from: e->from = other_loc(t, ra, target, c); return true;
    case DAMAGE_to: e->to = other_loc(t, ra, target, c); return true;
    case DAMAGE_narrow:
        if (e->type == T_I32 || e->type == T_F32) return false;
        e->type = e->type == T_I64 ? T_I32 : T_F32;
        return true;
    case DAMAGE_late:
        if (e->at + 1 >= m->insn.n) return false;
        move_edit(ra, k, e->at + 1);
        return true;
    case DAMAGE_early:
        if (e->at == 0) return false;
        move_edit(ra, k, e->at - 1);
        return true;
    default: { /* DAMAGE_double: there is room for one more */
        Edit more = {roll(t, m->insn.n), other_loc(t, ra, target, c), other_loc(t, ra, target, c), e->type};
        ra->edit.at[ra->edit.n++] = more;
        move_edit(ra, ra->edit.n - 1, more.at);
        return true;
    }
    }
}

static bool damage(Test *t, Damage what, Alloc *ra, const MFn *m, const Target *target) {
    uint32_t k = m->opnd.n ? roll(t, m->opnd.n) : 0;
    if (what < DAMAGE_operand) return damage_edits(t, what, ra, m, target);
    if (what == DAMAGE_unsaved) {
        if (!ra->saved) return false;
        ra->saved &= ra->saved - 1;
        return true;
    }
    if (!m->opnd.n || !reg_is_virtual(m->opnd.at[k].reg)) return false;
    if (what == DAMAGE_operand) {
        ra->opnd[k] = other_loc(t, ra, target, type_class(vreg_type(m, m->opnd.at[k].reg)));
        return true;
    }
    if (k + 1 >= m->opnd.n || !reg_is_virtual(m->opnd.at[k + 1].reg)) return false;
    if (loc_class(ra->opnd[k]) != loc_class(ra->opnd[k + 1])) return false;
    Loc l = ra->opnd[k];
    ra->opnd[k] = ra->opnd[k + 1];
    ra->opnd[k + 1] = l;
    return true;
}

static bool same_behaviour(Arena *a, const MFn *m, const Target *t, const Alloc *ra, const MachTrace *want) {
    for (uint32_t k = 0; k < RUNS; k++) {
        MachTrace got = machgen_run(a, m, t, ra, k, STEPS);
        if (want[k].hash != got.hash || want[k].steps != got.steps || !got.preserved) return false;
    }
    return true;
}

static Alloc copy_alloc(Arena *a, const MFn *m, const Alloc *from) {
    Alloc to = *from;
    to.opnd = ARENA_ARRAY(a, Loc, m->opnd.n);
    to.edit.at = ARENA_ARRAY(a, Edit, from->edit.n + 1);
    if (m->opnd.n) memcpy(to.opnd, from->opnd, m->opnd.n * sizeof(Loc));
    if (from->edit.n) memcpy(to.edit.at, from->edit.at, from->edit.n * sizeof(Edit));
    return to;
}

static void show(Arena *a, const MFn *m, const Target *target, const Alloc *good, const Alloc *bad, Damage what) {
    Text text;
    text_init(&text, a);
    mach_print(&text, m, target, good);
    text_puts(&text, "--- damaged:\n");
    mach_print(&text, m, target, bad);
    print_error("%s: %s\n%s", target->name, damage_text[what], text.at);
}

static void damage_function(Test *t, const Target *target, MFn *m, const Alloc *good) {
    Arena a;
    char msg[200];
    MachTrace want[RUNS];
    arena_init(&a, NULL);
    for (uint32_t k = 0; k < RUNS; k++) want[k] = machgen_run(&a, m, target, NULL, k, STEPS);
    if (!same_behaviour(&a, m, target, good, want)) fail_msg("%s: an allocation is wrong", target->name);
    for (uint32_t k = 0; k < DAMAGES; k++) {
        ArenaMark mark = arena_mark(&a);
        Damage what = (Damage)(k % DAMAGE_COUNT);
        Alloc bad = copy_alloc(&a, m, good);
        if (damage(t, what, &bad, m, target)) {
            Figures *f = &t->by[what];
            bool accepted = alloc_check(m, target, &bad, msg, sizeof msg);
            bool told = !same_behaviour(&a, m, target, &bad, want);
            f->done++;
            f->rejected += !accepted;
            f->told += told;
            f->told_and_accepted += told && accepted;
            if (told && accepted) show(&a, m, target, good, &bad, what);
        }
        arena_rewind(&a, mark);
    }
    t->functions++;
    arena_free(&a);
}

static void on_alloc(void *user, const Target *target, MFn *m, Alloc *ra) {
    if (m->insn.n <= LARGEST) damage_function(user, target, m, ra);
}

/* -- Real functions -------------------------------------------------------------------------- */

static void damage_module(Test *t, const char *path, uint32_t level, const char *isa, bool hostile) {
    uint8_t buf[1 << 16];
    Arena a;
    Err err;
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("cannot read %s", path);
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    arena_init(&a, NULL);
    Module *m = module_decode(&a, buf, (uint32_t)n, FEATURES_WASM3, &err);
    if (!m || !module_validate(m, &err)) fail_msg("%s: %s", path, err.text);
    Target target = *target_find(isa);
    for (uint32_t c = 0; hostile && c < RC_COUNT; c++)
        if (target.norder[c] > HOSTILE_REGS) target.norder[c] = HOSTILE_REGS;
    Stages stages = {.user = t, .on_alloc = on_alloc};
    CompileOptions o = {.target = &target,
                        .level = level,
                        .build = {.fuel = true, .nan_canon = true},
                        .to = {.nan_canon = true},
                        .stages = &stages};
    CompileError e;
    if (!compile_module(&a, m, &o, NULL, &e)) fail_msg("%s: %s", path, e.what);
    arena_free(&a);
}

static void report(const Test *t, const char *title) {
    Figures all = {0};
    print_message("%s, %llu functions\n  damage done   changes meaning   rejected   of those that change it\n", title,
                  (unsigned long long)t->functions);
    for (uint32_t k = 0; k <= DAMAGE_COUNT; k++) {
        const Figures *f = k < DAMAGE_COUNT ? &t->by[k] : &all;
        print_message("  %11llu  %16llu  %9llu  %6.2f %%  %s\n", (unsigned long long)f->done,
                      (unsigned long long)f->told, (unsigned long long)f->rejected,
                      f->told ? 100.0 * (double)(f->told - f->told_and_accepted) / (double)f->told : 100.0,
                      k < DAMAGE_COUNT ? damage_text[k] : "all");
        all.done += f->done;
        all.told += f->told;
        all.rejected += f->rejected;
        all.told_and_accepted += f->told_and_accepted;
    }
}

static void damage_all(const char *isa, uint32_t level) {
    static const char folder[] = SOURCE_DIR "/corpus/bench/small";
    Test t = {.rng = level * 1000 + (uint8_t)isa[0]};
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort);
    uint32_t files = 0;
    char title[64];
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        size_t len = strlen(path);
        if (len > 5 && strcmp(path + len - 5, ".wasm") == 0 && files++ % 2 == 0)
            damage_module(&t, path, level, isa, files % 4 == 1);
        free(entry[i]);
    }
    free(entry);
    snprintf(title, sizeof title, "%s, %s allocator", isa, level ? "linear" : "fast");
    report(&t, title);
    uint64_t told = 0;
    for (uint32_t k = 0; k < DAMAGE_COUNT; k++) {
        told += t.by[k].told;
        assert_int_equal(t.by[k].told_and_accepted, 0);
    }
    assert_true(told > 3000);
}

static void test_x64_fast(void **state) {
    (void)state;
    damage_all("x64", 0);
}
static void test_x64_linear(void **state) {
    (void)state;
    damage_all("x64", 2);
}
static void test_a64_fast(void **state) {
    (void)state;
    damage_all("a64", 0);
}
static void test_a64_linear(void **state) {
    (void)state;
    damage_all("a64", 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x64_fast),
        cmocka_unit_test(test_x64_linear),
        cmocka_unit_test(test_a64_fast),
        cmocka_unit_test(test_a64_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
