/* Resource failure.  Each request for memory fails in turn, from decoding to the comparison, on both ISAs: what failed
 * says so in one line, nothing stays behind, and the next case runs as if nothing had been.  Then the limits: code
 * space, adaptors, the store's memory, a function's compilation. */
#define _GNU_SOURCE
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/os.h"
#include "oracles/differ.h"
#include "oracles/test/modules.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

/* Generated programs: calls and a table; memory, globals and imports that the store makes up. */
static const char *const file[] = {"004-memory.wasm", "101-table.wasm"};
enum { NFILES = sizeof file / sizeof *file, MOST_REQUESTS = 200000, AGREE_EVERY = 5, LEAK_BYTES = 32 << 10 };

static Bytes read_file(Arena *a, const char *name) {
    char path[512];
    uint8_t buf[65536];
    snprintf(path, sizeof path, "%s/corpus/bench/small/%s", SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("cannot read %s", path);
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    return (Bytes){(const uint8_t *)arena_dup(a, buf, n), (uint32_t)n};
}

/* What is held of the system: bytes of malloc's, descriptors, mappings.  malloc counts what it keeps for the next
 * request, too; so what is compared is after a first round and after a second one.  (Under AddressSanitizer it counts
 * nothing, and each lost byte is found at exit.) */
typedef struct Held {
    size_t bytes, fds, maps;
} Held;

static Held held_now(void) {
    Held h = {0};
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d)) h.fds++;
    closedir(d);
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    for (int c; (c = fgetc(f)) != EOF;) h.maps += c == '\n';
    fclose(f);
    h.bytes = mallinfo2().uordblks;
    return h;
}

static bool one_line(const char *why) { return why[0] && !strchr(why, '\n'); }

/* -- Decoding and validation ------------------------------------------------------------- */

static uint64_t fail_decoding(Bytes b) {
    for (uint64_t n = 1;; n++) {
        Arena a;
        Err err;
        assert_true(n < MOST_REQUESTS);
        arena_init(&a, NULL);
        os_fail_alloc_after(n);
        Module *m = module_decode(&a, b.at, b.n, FEATURES_WASM3, &err);
        bool valid = m && module_validate(m, &err);
        bool failed = !os_alloc_may_fail();
        os_fail_alloc_after(0);
        arena_free(&a);
        if (!failed) {
            assert_true(valid);
            return n - 1;
        }
        assert_false(valid);
        assert_int_equal(err.code, ERR_NO_MEMORY);
        assert_int_equal(err_class(err.code), CLASS_LIMIT);
        assert_true(one_line(err.text));
    }
}

static void test_decode(void **state) {
    (void)state;
    uint64_t failures = 0;
    for (uint32_t k = 0; k < NFILES; k++) {
        Arena keep;
        arena_init(&keep, NULL);
        Bytes b = read_file(&keep, file[k]);
        failures += fail_decoding(b);
        Held before = held_now();
        fail_decoding(b);
        Held after = held_now();
        assert_int_equal(before.bytes, after.bytes);
        arena_free(&keep);
    }
    print_message("%llu failures of decoding and validation\n", (unsigned long long)failures);
    assert_true(failures > 30);
}

/* -- A case on all legs ---------------------------------------------------------------------- */

static const char legs[] = "interp,x64:O2,a64:O0";

static void open_legs(Differ *d) {
    LegSpec spec[MAX_LEGS];
    uint32_t n;
    char why[300];
    assert_true(leg_specs_parse(spec, MAX_LEGS, &n, legs, why, sizeof why));
    *d = (Differ){.once = true};
    if (!differ_open(d, spec, n, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
}

static void check_agreement(Differ *d, Bytes b, Case *c, uint64_t n) {
    differ_run(d, b.at, b.n, c);
    if (c->failed || c->plan_error || c->verdict.kind != VERDICT_AGREE)
        fail_msg("after failure %llu", (unsigned long long)n);
    for (uint32_t i = 0; i < d->nlegs; i++)
        if (c->obs[i].resource || c->obs[i].crashed)
            fail_msg("after failure %llu: leg %u: %s", (unsigned long long)n, i, c->obs[i].why);
}

/* The case failed, or exactly one leg did; nobody is blamed. */
static void check_failure(const Differ *d, const Case *c, uint64_t n) {
    uint32_t without = 0;
    assert_null(c->plan_error);
    for (uint32_t i = 0; i < d->nlegs; i++) {
        if (c->obs[i].crashed) fail_msg("failure %llu: leg %u crashed: %s", (unsigned long long)n, i, c->obs[i].why);
        without += c->obs[i].resource;
        if (c->obs[i].resource) assert_true(one_line(c->obs[i].why));
    }
    if (without != (c->failed ? d->nlegs : 1)) fail_msg("failure %llu: %u legs failed", (unsigned long long)n, without);
    if (c->verdict.kind == VERDICT_DISAGREE) fail_msg("failure %llu: legs disagree", (unsigned long long)n);
}

static uint64_t fail_each(Differ *d, Bytes b) {
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    check_agreement(d, b, c, 0);
    uint64_t n = 1;
    for (;; n++) {
        assert_true(n < MOST_REQUESTS);
        os_fail_alloc_after(n);
        differ_run(d, b.at, b.n, c);
        bool failed = !os_alloc_may_fail();
        os_fail_alloc_after(0);
        if (!failed) break;
        check_failure(d, c, n);
        if (n % AGREE_EVERY == 0) check_agreement(d, b, c, n);
    }
    assert_int_equal(c->verdict.kind, VERDICT_AGREE);
    free(c);
    return n - 1;
}

static void test_differ(void **state) {
    (void)state;
    Arena keep;
    arena_init(&keep, NULL);
    Differ *d = calloc(1, sizeof *d);
    assert_non_null(d);
    open_legs(d);
    uint64_t all = 0;
    for (uint32_t k = 0; k < NFILES; k++) {
        Bytes b = read_file(&keep, file[k]);
        uint64_t failures = fail_each(d, b);
        Held before = held_now();
        if (k == 0) fail_each(d, b);
        Held after = held_now();
        /* A store keeps the signatures of what failed until it has many, which is not yet a kilobyte. */
        assert_true(after.bytes < before.bytes + LEAK_BYTES);
        assert_int_equal(before.fds, after.fds);
        print_message("%s on %s: %llu failures\n", file[k], legs, (unsigned long long)failures);
        all += failures;
    }
    assert_true(all > 2000);
    differ_close(d);
    free(d);
    arena_free(&keep);
}

static uint64_t fail_opening(const LegSpec *spec) {
    Leg *l = calloc(1, sizeof *l);
    char why[300];
    assert_non_null(l);
    for (uint64_t n = 1;; n++) {
        assert_true(n < MOST_REQUESTS);
        *l = (Leg){0};
        os_fail_alloc_after(n);
        bool ok = leg_open(l, spec, 0, why, sizeof why), failed = !os_alloc_may_fail();
        os_fail_alloc_after(0);
        if (ok) leg_close(l);
        if (!failed) {
            if (!ok) fail_msg("%s after %llu: %s", spec->text, (unsigned long long)n, why);
            free(l);
            return n - 1;
        }
        if (ok) fail_msg("%s opens in spite of failure %llu", spec->text, (unsigned long long)n);
        assert_true(one_line(why));
    }
}

/* Legs themselves: the region, its mappings, stubs, the interpreter's stack. */
static void test_open(void **state) {
    (void)state;
    uint64_t failures = 0;
    static const char *const leg[] = {"interp", "x64", "a64"};
    for (uint32_t k = 0; k < sizeof leg / sizeof *leg; k++) {
        LegSpec spec;
        char why[300];
        assert_true(leg_spec_parse(&spec, leg[k], strlen(leg[k]), why, sizeof why));
        failures += fail_opening(&spec);
        Held before = held_now();
        fail_opening(&spec);
        Held after = held_now();
        assert_int_equal(before.bytes, after.bytes);
        assert_int_equal(before.fds, after.fds);
        assert_int_equal(before.maps, after.maps);
    }
    print_message("%llu failures to open a leg\n", (unsigned long long)failures);
    assert_true(failures >= 10);
}

/* -- Compilation --------------------------------------------------------------------------------- */

/* With memory kept from compilations before, whether they failed or not, the code is the same. */
static void check_with_space(Arena *a, const Module *m, CompileOptions o, CompileSpace *space, const Code *want) {
    CompileError e;
    o.space = space;
    if (want) o.memory *= 2; /* what is lost to alignment differs */
    Code *c = compile_module(a, m, &o, NULL, &e);
    assert_true(!want || (c && c->size == want->size && memcmp(c->bytes, want->bytes, c->size) == 0));
    assert_true(arena_used(&space->fn) == 0 && arena_used(&space->pass) == 0 && !space->fn.bail && !space->pass.bail);
}

/* A limit on the memory of one function's compilation, at each size up to what is needed. */
static void test_compile(void **state) {
    (void)state;
    static const char *const leg[] = {"x64:O0", "x64:O2", "a64:O0", "a64:O2"};
    Arena keep;
    CompileSpace space;
    arena_init(&keep, NULL);
    compile_space_init(&space);
    Module *m = decode_valid(&keep, read_file(&keep, file[0]));
    for (uint32_t k = 0; k < sizeof leg / sizeof *leg; k++) {
        LegSpec spec;
        char why[300];
        assert_true(leg_spec_parse(&spec, leg[k], strlen(leg[k]), why, sizeof why));
        CompileOptions o = leg_compile_options(&spec);
        uint32_t failures = 0;
        for (o.memory = 64;; o.memory += o.memory / 64 + 8) {
            Arena a;
            CompileError e = {BAIL_NONE, NULL, 0};
            arena_init(&a, NULL);
            Code *c = compile_module(&a, m, &o, NULL, &e);
            check_with_space(&a, m, o, &space, c);
            arena_free(&a);
            if (c) break;
            failures++;
            assert_int_equal(e.code, BAIL_MEMORY);
            assert_true(one_line(e.what) && e.func < m->funcs.n);
        }
        print_message("%s: %u limits too low, %zu bytes suffice\n", leg[k], failures, o.memory);
        assert_true(failures > 50);
    }
    compile_space_free(&space);
    arena_free(&keep);
}

/* -- Space in the store --------------------------------------------------------------------------------- */

static StepResult instantiate(Leg *l, Arena *a, Module *m, int32_t *inst) {
    LegModule lm;
    StepResult r;
    assert_true(leg_reset(l, &(StoreLimits)STORE_LIMITS_DEFAULT));
    assert_true(leg_load(l, a, m, &lm, &r));
    *inst = leg_instantiate(l, &lm, &r);
    return r;
}

typedef void Exhaust(Store *s);
static void exhaust_code(Store *s) { s->region.code_at = REGION_CODE_SIZE - 64; }
static void exhaust_stubs(Store *s) {
    s->stubs_at = REGION_STUBS_SIZE - 16;
    for (uint32_t i = 0; i < s->sigs.n; i++) memset(s->sigs.at[i].adaptor, 0, sizeof s->sigs.at[i].adaptor);
}
static void exhaust_heap(Store *s) { region_header(&s->region)->heap_at = REGION_HEAP + REGION_HEAP_SIZE - 64; }
static void exhaust_slots(Store *s) {
    while (region_take_slot(&s->region, 0) < REGION_SLOTS_MAX) {
    }
}

/* What was used up between the reset and the instantiation, or the first call. */
static void test_store_space(void **state) {
    (void)state;
    static const struct {
        Exhaust *exhaust;
        const char *why;
    } row[] = {{exhaust_code, "implementation limit exceeded: code space is used up"},
               {exhaust_stubs, "implementation limit exceeded: no room for an adaptor"},
               {exhaust_heap, "implementation limit exceeded: the store's memory is used up"},
               {exhaust_slots, "implementation limit exceeded: too many memories"}};
    static const char *const leg[] = {"x64:O1,verify=on", "a64:O1,verify=on"}; /* so that calls go by adaptors */
    Arena keep;
    arena_init(&keep, NULL);
    Module *m = decode_valid(&keep, read_file(&keep, file[0]));
    for (uint32_t k = 0; k < 2; k++) {
        LegSpec spec;
        char why[300];
        Leg *l = calloc(1, sizeof *l);
        assert_non_null(l);
        assert_true(leg_spec_parse(&spec, leg[k], strlen(leg[k]), why, sizeof why));
        if (!leg_open(l, &spec, 0, why, sizeof why)) fail_msg("%s", why);
        for (uint32_t i = 0; i < sizeof row / sizeof *row; i++) {
            LegModule lm;
            StepResult r;
            int32_t inst;
            const Export *e = &m->exports.at[0];
            Value args[MAX_PARAMS] = {{.u64x2 = {0, 0}}};
            assert_true(leg_reset(l, &(StoreLimits)STORE_LIMITS_DEFAULT));
            assert_true(leg_load(l, &keep, m, &lm, &r));
            row[i].exhaust(&l->store);
            inst = leg_instantiate(l, &lm, &r);
            if (r.kind == OUT_RETURN && e->kind == EXT_FUNC)
                assert_true(leg_invoke(l, inst, e->name, args, module_func_type(m, e->index)->nparam, &r));
            assert_int_equal(r.kind, OUT_RESOURCE);
            assert_string_equal(r.err.text, row[i].why);
            r = instantiate(l, &keep, m, &inst); /* and the next one is fine */
            assert_int_equal(r.kind, OUT_RETURN);
            assert_true(leg_invoke(l, inst, e->name, args, module_func_type(m, e->index)->nparam, &r));
            assert_true(r.kind == OUT_RETURN || r.kind == OUT_TRAP);
        }
        leg_close(l);
        free(l);
    }
    arena_free(&keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),  cmocka_unit_test(test_open),        cmocka_unit_test(test_differ),
        cmocka_unit_test(test_compile), cmocka_unit_test(test_store_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
