/* Sound mutations: what they make is valid and does the same on each leg; and the oracle that rests on them finds, with
 * one leg alone, a fault of that leg.  And bits flipped in generated cases show. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/map.h"
#include "fuzz/campaign/score.h"
#include "fuzz/finding.h"
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/metamorph.h"
#include "fuzz/mutate/sound.h"
#include "fuzz/mutate/flip.h"
#include "run/signals.h"

enum { SEEDS = 150, MUTANTS = 4, FIND_SEEDS = 3000 };

static void open_leg(Differ *d, const char *text) {
    LegSpec spec;
    char why[300] = "";
    memset(d, 0, sizeof *d);
    if (!leg_spec_parse(&spec, text, strlen(text), why, sizeof why) ||
        !differ_open(d, &spec, 1, FEATURES_WASM3, why, sizeof why)) {
        print_message("%s: %s\n", text, why);
        skip();
    }
    signals_reinstall(); /* cmocka puts its own on top for each test */
}

static const uint8_t *generated(Arena *a, uint64_t seed, uint32_t *size) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    uint32_t n = gen_entropy_size(seed);
    gen_entropy(seed, entropy, n);
    return gen_module(a, entropy, n, size, NULL);
}

static void run_generated(Differ *d, Arena *a, uint64_t seed, Case *c) {
    uint32_t size;
    arena_reset(a);
    const uint8_t *bytes = generated(a, seed, &size);
    differ_run(d, bytes, size, c);
}

/* Each kind of mutation, and all of them together, on one leg; how many were compared to their end. */
static uint32_t same_on(const char *leg, uint64_t seeds) {
    Differ d;
    Arena a;
    uint32_t whole = 0, done[SOUND_COUNT] = {0};
    arena_init(&a, NULL);
    open_leg(&d, leg);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        Case c;
        run_generated(&d, &a, seed, &c);
        for (uint32_t k = 0; k < MUTANTS; k++) {
            Metamorph x;
            if (!metamorph_run(&x, &d, 0, &c, hash_mix(seed * MUTANTS + k))) continue;
            for (uint32_t i = 0; i < x.mutant.ndone; i++) done[x.mutant.done[i]]++;
            if (x.diff.differs) {
                Text t;
                text_init(&t, &a);
                difference_print(&t, &x.diff);
                for (uint32_t i = 0; i < x.mutant.ndone; i++) print_error("%s ", sound_name((SoundId)x.mutant.done[i]));
                fail_msg("%s, seed %llu, mutant %u: %s", leg, (unsigned long long)seed, k, t.at);
            }
            whole += x.whole;
        }
    }
    for (uint32_t i = 0; i < SOUND_COUNT; i++)
        if (!done[i]) fail_msg("%s was never done", sound_name((SoundId)i));
    differ_close(&d);
    arena_free(&a);
    return whole;
}

static void mutants_do_the_same(void **state) {
    (void)state;
    static const char *const leg[] = {"interp", "x64:O0", "x64:O2", "a64:O2,regs=hostile"};
    for (size_t i = 0; i < sizeof leg / sizeof *leg; i++) {
        uint32_t whole = same_on(leg[i], SEEDS);
        print_message("%s: %u of %d compared to the end\n", leg[i], whole, SEEDS * MUTANTS);
        assert_true(whole > SEEDS * MUTANTS * 3 / 4);
    }
}

static int status_of(const char *command) {
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The finding in a folder: `parallax replay` sees it again, exit status 1; `parallax reduce` makes one module of the
 * pair, on which the leg differs from the interpreter, and that is replayed, too. */
static void check_replay(const Metamorph *x, const Case *c, const LegSpec *leg) {
    static Case said;
    char dir[] = "/tmp/metamorph.XXXXXX", path[FINDING_PATH], self[400], command[FINDING_PATH + 600];
    assert_non_null(mkdtemp(dir));
    metamorph_report(x, 0, c, &said);
    Finding f = {.bucket = {.legs = 1u << leg->kind, .what = WHAT_METAMORPHIC},
                 .origin = "test",
                 .input = c->bytes,
                 .input_n = c->size,
                 .mutant = x->mutant.at,
                 .mutant_n = x->mutant.n,
                 .features = FEATURES_WASM3,
                 .leg = leg,
                 .nlegs = 1,
                 .c = &said};
    assert_int_equal(finding_write(dir, &f, 0, path), FINDING_NEW);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = 0;
    *strrchr(self, '/') = 0;
    snprintf(command, sizeof command, "%s/parallax replay --quiet %s", self, path);
    assert_int_equal(status_of(command), 1);
    snprintf(command, sizeof command, "%s/parallax reduce --quiet %s", self, path);
    assert_int_equal(status_of(command), 0);
    snprintf(command, sizeof command, "grep -q '^reduced_legs interp,x64:.*plant=add-of-load$' %s/settings", path);
    assert_int_equal(status_of(command), 0);
    snprintf(command, sizeof command, "grep -q i32.load %s/reduced.wat", path);
    assert_int_equal(status_of(command), 0);
    snprintf(command, sizeof command, "%s/parallax replay %s | grep -q '^disagree .*/reduced.wasm'", self, path);
    assert_int_equal(status_of(command), 0);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

/* No other leg to compare with. */
static void one_leg_finds_its_fault(void **state) {
    (void)state;
    Differ d;
    uint32_t found = 0;
    uint64_t seed = 0;
    Arena a;
    arena_init(&a, NULL);
    open_leg(&d, "x64:O0,plant=add-of-load");
    for (; seed < FIND_SEEDS && !found; seed++) {
        Case c;
        Metamorph x;
        uint32_t size;
        arena_reset(&a);
        const uint8_t *bytes = generated(&a, seed, &size);
        differ_run(&d, bytes, size, &c);
        if (!metamorph_run(&x, &d, 0, &c, seed) || !x.diff.differs) continue;
        found++;
        check_replay(&x, &c, &d.leg[0].spec);
    }
    print_message("found with seed %llu\n", (unsigned long long)seed);
    assert_true(found);
    differ_close(&d);
    arena_free(&a);
}

/* -- Bit flips ------------------------------------------------------------------------------------ */

/* (func (export "f") (param i32) (result i32) local.get 0, local.get 0, i32.add, and `tail`) */
static const uint8_t *module_of(Arena *a, const uint8_t *tail, uint8_t n, uint32_t *size) {
    static const uint8_t head[] = {0, 'a',  's', 'm', 1, 0, 0, 0, 1, 6, 1,   0x60, 1, 0x7f,
                                   1, 0x7f, 3,   2,   1, 0, 7, 5, 1, 1, 'f', 0,    0, 10};
    uint8_t *out = arena_alloc(a, sizeof head + 64, 1), *p = out + sizeof head;
    memcpy(out, head, sizeof head);
    const uint8_t body[] = {(uint8_t)(11 + n), 1, (uint8_t)(9 + n), 1, 1, 0x7f, 0x20, 0, 0x20, 0, 0x6a};
    memcpy(p, body, sizeof body);
    memcpy(p + sizeof body, tail, n);
    p[sizeof body + n] = 0x0b;
    *size = (uint32_t)(sizeof head + sizeof body + n + 1);
    return out;
}

static Score score_of(const uint8_t *bytes, uint32_t size, uint32_t times) {
    Score s = {0};
    Differ d;
    open_leg(&d, "interp");
    for (uint32_t i = 0; i < times; i++) {
        Case c;
        differ_run(&d, bytes, size, &c);
        assert_non_null(c.module);
        score_add(&s, &d, &c, i);
    }
    differ_close(&d);
    return s;
}

/* The sum is the result: each flip shows.  It is masked: two of its bits do.  Nobody reads it: none does. */
static void flips_are_counted(void **state) {
    (void)state;
    enum { TIMES = 400 };
    static const uint8_t whole[] = {0x01}, masked[] = {0x21, 1, 0x20, 1, 0x41, 3, 0x71}, unread[] = {0x21, 1, 0x20, 0};
    Arena a;
    uint32_t n;
    arena_init(&a, NULL);
    const uint8_t *bytes = module_of(&a, whole, sizeof whole, &n);
    Score s = score_of(bytes, n, TIMES);
    assert_int_equal(s.executed, TIMES);
    assert_int_equal(s.shown, TIMES);
    assert_int_equal(s.field[FIELD_VALUE], TIMES);
    bytes = module_of(&a, unread, sizeof unread, &n);
    s = score_of(bytes, n, TIMES);
    assert_int_equal(s.executed, TIMES);
    assert_int_equal(s.shown, 0);
    bytes = module_of(&a, masked, sizeof masked, &n); /* half of the sites are the mask itself, whose bits all show */
    s = score_of(bytes, n, TIMES);
    assert_in_range(s.shown * 100 / TIMES, 45, 62);
    arena_free(&a);
}

/* Entanglement: most of what is computed wrongly in a generated case shows. */
static void flips_show(void **state) {
    (void)state;
    enum { CASES = 3000 };
    Score s = {0};
    Differ d;
    Arena a;
    arena_init(&a, NULL);
    open_leg(&d, "interp");
    for (uint64_t seed = 0; seed < CASES; seed++) {
        Case c;
        run_generated(&d, &a, seed, &c);
        score_add(&s, &d, &c, seed);
    }
    differ_close(&d);
    arena_free(&a);
    score_print(stdout, &s);
    assert_true(s.executed * 100 >= CASES * 60);
    assert_true(s.shown * 100 >= s.executed * 75);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutants_do_the_same),
        cmocka_unit_test(one_leg_finds_its_fault),
        cmocka_unit_test(flips_are_counted),
        cmocka_unit_test(flips_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
