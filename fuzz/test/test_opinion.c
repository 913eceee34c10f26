/* Two validators: each kind of opinion, and that a census counts all of a range, whoever does it, and keeps what
 * differs. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka.h needs the ones above */
#include <cmocka.h>
#include "fuzz/opinion/census.h"
#include "fuzz/opinion/wabt.h"

#define HEADER 0x00, 'a', 's', 'm', 1, 0, 0, 0

static Opinion ask(const uint8_t *bytes, uint32_t n) {
    Arena a;
    arena_init(&a, NULL);
    Opinion o = opinion_of(&a, bytes, n);
    arena_free(&a);
    return o;
}

static void each_kind(void **state) {
    (void)state;
    static const uint8_t valid[] = {HEADER, 1, 4, 1, 0x60, 0, 0}, invalid[] = {HEADER, 3, 2, 1, 0};
    static const uint8_t refs[] = {HEADER, 1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0}; /* a parameter (ref null 0) */
    static const uint8_t count[] = {HEADER, 12, 1, 1}; /* of data segments, of which there are none */
    if (!wabt_here()) skip();
    assert_int_equal(ask(valid, sizeof valid).kind, OPINION_VALID);
    assert_int_equal(ask(invalid, sizeof invalid).kind, OPINION_INVALID);
    assert_int_equal(ask(count, sizeof count).kind, OPINION_LAX);
    Opinion o = ask(refs, sizeof refs);
    assert_int_equal(o.kind, OPINION_UNKNOWN);
    assert_string_equal(o.what, "function-references");
}

/* -- A census --------------------------------------------------------------------------------------- */

enum { FIRST = 1000, COUNT = 700 };

static void quiet(void *user, const CensusCounts *c) { (void)user, (void)c; }

static CensusCounts census(uint32_t jobs, Opinion (*asked)(Arena *, const uint8_t *, uint32_t), const char *out) {
    static const volatile int stop;
    CensusOptions o = {
        .first = FIRST, .count = COUNT, .jobs = jobs, .out = out, .ask = asked, .stop = &stop, .progress = quiet};
    CensusCounts c;
    uint64_t next;
    assert_true(census_run(&o, &c, &next));
    assert_int_equal(next, FIRST + COUNT);
    return c;
}

static void counts_depend_on_the_range_alone(void **state) {
    (void)state;
    if (!wabt_here()) skip();
    CensusCounts one = census(1, opinion_of, "/nonexistent"), three = census(3, opinion_of, "/nonexistent");
    assert_int_equal(one.modules, COUNT);
    assert_int_equal(one.ours, COUNT);
    assert_int_equal(one.valid + one.unknown, COUNT);
    assert_memory_equal(&one, &three, sizeof one);
}

/* As if wabt knew some modules not at all, and rejected some. */
static Opinion odd(Arena *a, const uint8_t *bytes, uint32_t n) {
    (void)a;
    switch (n % 4) {
    case 0: return (Opinion){.kind = OPINION_UNKNOWN, .what = "this"};
    case 1: return (Opinion){.kind = OPINION_UNKNOWN, .what = "that"};
    case 2: return (Opinion){.kind = bytes[n - 1] % 64 ? OPINION_VALID : OPINION_ONLY_WE, .text = "made up"};
    default: return (Opinion){.kind = OPINION_VALID};
    }
}

static void what_differs_is_kept(void **state) {
    (void)state;
    char root[] = "/tmp/test_opinion-XXXXXX", above[48], dir[64], path[100];
    assert_non_null(mkdtemp(root));
    snprintf(above, sizeof above, "%s/findings", root);
    snprintf(dir, sizeof dir, "%s/validate", above); /* neither is there */
    CensusCounts c = census(1, odd, dir), again = census(3, odd, dir);
    assert_memory_equal(&c, &again, sizeof c);
    uint64_t files = 0;
    for (uint64_t seed = FIRST; seed < FIRST + COUNT; seed++) {
        snprintf(path, sizeof path, "%s/%llu.wasm", dir, (unsigned long long)seed);
        files += unlink(path) == 0;
    }
    assert_true(rmdir(dir) == 0 && rmdir(above) == 0 && rmdir(root) == 0);
    assert_int_equal(files, c.disagreements);
    assert_true(c.disagreements > 0 && c.valid > 0 && c.unknowns[0] > 0 && c.unknowns[1] > 0);
    assert_int_equal(c.unknown, c.unknowns[0] + c.unknowns[1]);
    assert_int_equal(c.valid + c.unknown + c.disagreements, COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_kind), cmocka_unit_test(counts_depend_on_the_range_alone),
                                       cmocka_unit_test(what_differs_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
