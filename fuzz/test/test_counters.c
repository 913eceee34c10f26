/* Extra counters, as libFuzzer and Centipede read them: both sections, behind one case. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fuzz/case.h"
#include "fuzz/gen/gen.h"
#include "fuzz/targets/counters.h"
#include "wasm/validate.h"

extern uint8_t __start___libfuzzer_extra_counters[], __stop___libfuzzer_extra_counters[];
extern uint64_t __start___centipede_extra_features[], __stop___centipede_extra_features[];

/* What an engine does before an input; counts of what is set behind it. */
static void clear(void) {
    memset(__start___libfuzzer_extra_counters, 0,
           (size_t)(__stop___libfuzzer_extra_counters - __start___libfuzzer_extra_counters));
    memset(__start___centipede_extra_features, 0,
           (size_t)(__stop___centipede_extra_features - __start___centipede_extra_features) * sizeof(uint64_t));
}
static uint32_t counters_set(void) {
    uint32_t n = 0;
    for (uint8_t *p = __start___libfuzzer_extra_counters; p < __stop___libfuzzer_extra_counters; p++) n += *p != 0;
    return n;
}
static uint32_t features_set(void) {
    uint32_t n = 0;
    for (uint64_t *p = __start___centipede_extra_features; p < __stop___centipede_extra_features; p++) n += *p != 0;
    return n;
}

/* The opcodes of a generated module under a leg, and rules that were hit. */
static void count(uint64_t seed, const char *leg) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    char why[200];
    uint32_t n = gen_entropy_size(seed), size;
    Arena a;
    Err err;
    LegSpec spec;
    assert_true(leg_spec_parse(&spec, leg, strlen(leg), why, sizeof why));
    arena_init(&a, NULL);
    gen_entropy(seed, entropy, n);
    uint8_t *bytes = gen_module(&a, entropy, n, &size, NULL);
    Module *m = module_decode_valid(&a, bytes, size, FEATURES_WASM3, &err);
    assert_non_null(m);
    counters_module(m, &spec);
    counters_rules(spec.kind)[seed] += 3;
    counters_flush_rules();
    counters_hand_over();
    arena_free(&a);
}

static void test_libfuzzer(void **state) {
    (void)state;
    unsetenv("CENTIPEDE_RUNNER_FLAGS");
    clear();
    count(1, "x64:O1");
    uint32_t one = counters_set();
    assert_true(one > 20);
    count(1, "x64:O1");
    assert_int_equal(counters_set(), one); /* whether, not how often */
    count(1, "x64:O2,spectre=on");
    assert_true(counters_set() > one + 20); /* each opcode, under a knob */
    uint32_t x64 = counters_set();
    count(1, "a64:O1");
    assert_true(counters_set() > x64 + 20);
    assert_int_equal(features_set(), 0);
}

static void test_centipede(void **state) {
    (void)state;
    unsetenv("CENTIPEDE_RUNNER_FLAGS");
    clear();
    count(1, "a64:O2,spectre=on");
    uint32_t want = counters_set();
    setenv("CENTIPEDE_RUNNER_FLAGS", ":", 1);
    clear();
    count(1, "a64:O2,spectre=on");
    assert_int_equal(features_set(), want);
    assert_int_equal(counters_set(), 0);
    uint32_t rules = 0;
    for (uint64_t *p = __start___centipede_extra_features; p < __stop___centipede_extra_features; p++) {
        rules += *p >> 32 == 1;
        assert_true(*p >> 32 <= 1);
        for (uint64_t *q = __start___centipede_extra_features; *p && q < p; q++) assert_true(*p != *q);
    }
    assert_int_equal(rules, 1);
    clear();
    count(2, "a64:O2,spectre=on"); /* nothing of the last input is in the next one's */
    for (uint64_t *p = __start___centipede_extra_features; p < __stop___centipede_extra_features; p++)
        if (*p >> 32 == 1) rules++;
    assert_int_equal(rules, 2);
    unsetenv("CENTIPEDE_RUNNER_FLAGS");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_libfuzzer), cmocka_unit_test(test_centipede)};
    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
