/* Findings: a fault planted through the stage interface must come out as a folder that can be replayed, under the right
 * bucket, and a campaign must find it, survive legs that crash or hang, and go on where it stopped. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "a64/target.h"
#include "code/mach.h"
#include "fuzz/campaign/campaign.h"
#include "fuzz/case.h"
#include "fuzz/finding.h"
#include "fuzz/gen/gen.h"
#include "fuzz/reduce/folder.h"
#include "fuzz/test/scratch.h"
#include "oracles/test/modules.h"
#include "run/signals.h"
#include "x64/target.h"

/* (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))) */
static const uint8_t module_bytes[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x07, 0x01,
                                       0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00, 0x07,
                                       0x07, 0x01, 0x03, 'a',  'd',  'd',  0x00, 0x00, 0x0a, 0x09, 0x01,
                                       0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6a, 0x0b};
static const CaseCaps caps = CASE_CAPS_FUZZ;

/* -- Plants ---------------------------------------------------------------------------------- */

/* Additions of 32 bits are the module's: addresses, where a fault might take the process down, have 64. */
static void subtract(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == IR_iadd && f->ins.at[v].type == T_I32) f->ins.at[v].op = IR_isub;
}
static void in_build(void *user, const char *pass, Fn *f) {
    (void)user;
    if (strcmp(pass, "build") == 0) subtract(f);
}
/* Behind the first pass: nothing at O0. */
static void in_pass(void *user, const char *pass, Fn *f) {
    (void)user;
    if (strcmp(pass, "build") != 0) subtract(f);
}
static void crash(void *user, const char *pass, Fn *f) {
    (void)user, (void)pass, (void)f;
    abort();
}
static void hang(void *user, const char *pass, Fn *f) {
    (void)user, (void)pass, (void)f;
    for (volatile uint32_t spin = 0;; spin++) {
    }
}

/* -- Folders --------------------------------------------------------------------------------------- */

typedef struct World {
    Arena arena;
    char root[64]; /* of findings; removed with all in it */
    Panel *panel;
    Case *c;
} World;

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    arena_init(&w->arena, NULL);
    w->panel = calloc(1, sizeof *w->panel);
    w->c = calloc(1, sizeof *w->c);
    strcpy(w->root, "/tmp/test_finding.XXXXXX");
    assert_non_null(mkdtemp(w->root));
    *state = w;
    return 0;
}
static int close_world(void **state) {
    World *w = *state;
    scratch_remove(w->root);
    arena_free(&w->arena);
    free(w->panel);
    free(w->c);
    free(w);
    return 0;
}

static bool is_file(const char *dir, const char *name) {
    char path[FINDING_PATH + 40];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* -- Cases ------------------------------------------------------------------------------------------- */

static void test_case(void **state) {
    World *w = *state;
    CaseBytes c = case_of_input(&w->arena, module_bytes, sizeof module_bytes, FEATURES_WASM3, &caps);
    assert_int_equal(c.kind, INPUT_MODULE);
    Module *m = decode_valid(&w->arena, (Bytes){c.at, c.n});
    Plan p;
    const char *why;
    assert_non_null(module_find_custom(m, PLAN_SECTION));
    assert_true(plan_of(&w->arena, m, &p, &why));
    assert_true(p.step.n > 1);
    assert_int_equal(p.limits.fuel, caps.fuel);
    assert_int_equal(p.limits.max_pages, caps.pages);
    /* what has a plan within the caps is taken as it is */
    CaseBytes again = case_of_input(&w->arena, c.at, c.n, FEATURES_WASM3, &caps);
    assert_ptr_equal(again.at, c.at);
    /* another plan takes the place of the old one */
    uint32_t size;
    p.step.n = 1;
    const uint8_t *one = case_with_plan(&w->arena, m, &p, &size);
    Module *shorter = decode_valid(&w->arena, (Bytes){one, size});
    assert_int_equal(shorter->customs.n, 1);
    assert_true(plan_of(&w->arena, shorter, &p, &why));
    assert_int_equal(p.step.n, 1);
    assert_true(size < c.n);
    /* what is not valid stays what it is; anything else means a module */
    assert_int_equal(case_of_input(&w->arena, module_bytes, sizeof module_bytes - 1, FEATURES_WASM3, &caps).kind,
                     INPUT_REJECTED);
    for (uint32_t n = 0; n < 4; n++) {
        CaseBytes g = case_of_input(&w->arena, module_bytes, n, FEATURES_WASM3, &caps);
        assert_int_equal(g.kind, INPUT_GENERATED);
        decode_valid(&w->arena, (Bytes){g.at, g.n});
    }
}

/* -- Buckets ------------------------------------------------------------------------------------------- */

static void test_names(void **state) {
    char name[8 * WHAT_COUNT][BUCKET_NAME];
    uint32_t n = 0;
    (void)state;
    for (uint32_t legs = 0; legs < 1u << LEG_KINDS; legs++)
        for (uint32_t what = 0; what < WHAT_COUNT; what++) {
            Bucket b = {.legs = legs, .what = what};
            bucket_name(&b, name[n]);
            assert_null(strpbrk(name[n], "/ \n"));
            for (uint32_t i = 0; i < n; i++) assert_string_not_equal(name[i], name[n]);
            n++;
        }
    Bucket b = {.legs = 1u << LEG_A64, .what = WHAT_VALUE, .op = "i32.rem_s"};
    bucket_name(&b, name[0]);
    assert_string_equal(name[0], "a64-value-i32.rem_s");
    b = (Bucket){.legs = 1u << LEG_X64 | 1u << LEG_A64, .what = WHAT_SITE};
    bucket_name(&b, name[0]);
    assert_string_equal(name[0], "x64+a64-trap-site");
    b = (Bucket){.what = WHAT_CRASH};
    bucket_name(&b, name[0]);
    assert_string_equal(name[0], "harness-crash");
}

/* -- A planted fault -------------------------------------------------------------------------------------- */

/* A mixed leg may interpret the function with the fault, or compile it without optimization. */
static bool shows_fault(const LegSpec *s, bool optimized) {
    return s->mix == LEG_NO_LIMIT && (!optimized || s->level > 0);
}

/* The module on a panel with stages planted in one ISA or both; numbers of legs until one shows the fault. */
static Bucket run_planted(World *w, const Stages *x64, const Stages *a64, bool optimized) {
    const PanelFaults faults = {.stages = {NULL, x64, a64}};
    char why[300];
    if (!panel_open(w->panel, FEATURES_WASM3, &faults, why, sizeof why)) fail_msg("%s", why);
    signals_reinstall(); /* cmocka puts its own on top for each test */
    CaseBytes c = case_of_input(&w->arena, module_bytes, sizeof module_bytes, FEATURES_WASM3, &caps);
    do { /* levels and knobs with which every planted leg shows it */
        static uint64_t number;
        panel_choose(w->panel, number++);
    } while (!shows_fault(&w->panel->spec[1], optimized) || !shows_fault(&w->panel->spec[2], optimized));
    panel_run(w->panel, c.at, c.n, w->c);
    assert_non_null(w->c->module);
    assert_int_equal(w->c->verdict.kind, VERDICT_DISAGREE);
    assert_true(w->c->verdict.majority);
    assert_int_equal(w->panel->juries, 1);
    assert_int_equal(w->c->verdict.nlegs, w->panel->nall);
    return bucket_of(w->panel->spec, w->c);
}

static Finding finding_of(const World *w, Bucket b) {
    return (Finding){.bucket = b,
                     .origin = "test",
                     .input = module_bytes,
                     .input_n = sizeof module_bytes,
                     .features = FEATURES_WASM3,
                     .leg = w->panel->spec,
                     .nlegs = panel_legs(w->c),
                     .c = w->c};
}

static const Stages subtracting = {.on_ir = in_build}, subtracting_later = {.on_ir = in_pass};

static void check_folder(World *w, const char *path) {
    static const char *const file[] = {"case.wasm",    "case.wat",   "input",   "settings",
                                       "verdict.json", "explain.md", "repro.sh"};
    uint32_t n;
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        if (!is_file(path, file[i])) fail_msg("%s is not in %s", file[i], path);
    const char *input = scratch_read(&w->arena, path, "input", &n);
    assert_int_equal(n, sizeof module_bytes);
    assert_memory_equal(input, module_bytes, n);
    const char *json = scratch_read(&w->arena, path, "verdict.json", &n);
    assert_non_null(strstr(json, "\"bucket\": \"x64-value\""));
    assert_non_null(strstr(json, "\"field\": \"value\""));
    assert_non_null(strstr(json, "\"export\": \"add\""));
    assert_non_null(strstr(json, "\"majority\": true"));
    const char *text = scratch_read(&w->arena, path, "explain.md", &n);
    assert_non_null(strstr(text, "i32.add"));
    assert_non_null(strstr(text, "`add(i32:"));
    assert_non_null(strstr(scratch_read(&w->arena, path, "case.wat", &n), "i32.add"));
}

/* What the folder says, run on the legs that it says; its verdict. */
static VerdictKind run_recorded(World *w, const char *path, const Stages *x64, Bucket *b) {
    FindingInfo info;
    LegSpec leg[MAX_LEGS];
    uint32_t n, size;
    char why[300];
    if (!finding_read(&w->arena, path, &info, why, sizeof why)) fail_msg("%s", why);
    assert_string_equal(info.bucket, "x64-value");
    if (!leg_specs_parse(leg, MAX_LEGS, &n, info.legs, why, sizeof why)) fail_msg("%s", why);
    const uint8_t *bytes = (const uint8_t *)scratch_read(&w->arena, path, "case.wasm", &size);
    Differ *d = calloc(1, sizeof *d);
    for (uint32_t i = 0; i < n; i++)
        if (leg[i].kind == LEG_X64) d->leg[i].plant = x64;
    if (!differ_open(d, leg, n, FEATURES_WASM3, why, sizeof why)) fail_msg("%s", why);
    signals_reinstall();
    differ_run(d, bytes, size, w->c);
    VerdictKind k = w->c->verdict.kind;
    if (k == VERDICT_DISAGREE) *b = bucket_of(leg, w->c);
    differ_close(d);
    free(d);
    return k;
}

static void test_finding(void **state) {
    World *w = *state;
    char path[FINDING_PATH], again[FINDING_PATH];
    Bucket b = run_planted(w, &subtracting, NULL, false);
    assert_true(bucket_equal(&b, &(Bucket){.legs = 1u << LEG_X64, .what = WHAT_VALUE}));
    Finding f = finding_of(w, b);
    assert_int_equal(finding_write(w->root, &f, 1, path), FINDING_NEW);
    assert_int_equal(finding_write(w->root, &f, 1, again), FINDING_KNOWN);
    assert_string_equal(path, again);
    panel_close(w->panel);
    assert_true(finding_is(path));
    assert_false(finding_is(w->root));
    check_folder(w, path);
    /* replayed with the fault, and without it */
    Bucket now = {0};
    assert_int_equal(run_recorded(w, path, &subtracting, &now), VERDICT_DISAGREE);
    assert_true(bucket_equal(&b, &now));
    assert_int_equal(run_recorded(w, path, NULL, &now), VERDICT_AGREE);
}

static void test_full(void **state) {
    World *w = *state;
    char path[FINDING_PATH];
    Bucket b = run_planted(w, &subtracting, NULL, false);
    Finding f = finding_of(w, b);
    finding_write(w->root, &f, 1, path);
    /* another case in the same bucket */
    Plan p = w->c->plan;
    uint32_t size;
    p.step.n--;
    const uint8_t *other = case_with_plan(&w->arena, w->c->module, &p, &size);
    w->c->bytes = other;
    w->c->size = size;
    assert_int_equal(finding_write(w->root, &f, 1, path), FINDING_FULL);
    assert_int_equal(finding_write(w->root, &f, 0, path), FINDING_NEW);
    assert_int_equal(finding_write("/dev/null/nowhere", &f, 0, path), FINDING_FAILED);
    panel_close(w->panel);
}

/* A pass that both compilers share is wrong: the jury finds for the interpreter, though two of three legs were against
 * it. */
static void test_jury(void **state) {
    World *w = *state;
    Bucket b = run_planted(w, &subtracting_later, &subtracting_later, true);
    bool foreign = w->panel->foreign;
    panel_close(w->panel);
    if (!foreign) skip();
    assert_int_equal(b.legs, 1u << LEG_X64 | 1u << LEG_A64);
    assert_int_equal(b.what, WHAT_VALUE);
}

/* Number `juror` of the panel, of an ISA: it sees what the leg of the other ISA does, no less and no more. */
static void check_juror(const LegSpec *juror, const LegSpec *beside, const LegSpec *other) {
    assert_int_equal(juror->kind, beside->kind);
    assert_int_equal(juror->level, 0);
    assert_int_equal(leg_counts_fuel(juror), leg_counts_fuel(other));
    assert_int_equal(leg_nan_is_native(juror), leg_nan_is_native(other));
    assert_true(leg_counts_fuel(juror) || juror->interrupt == INTERRUPT_NONE);
}

/* Each ISA has as many votes as the other on what not all legs see. */
static void test_jurors(void **state) {
    World *w = *state;
    Panel *p = w->panel;
    run_planted(w, &subtracting, &subtracting, false);
    uint32_t seen = 0; /* a bit for each thing that a leg of this machine's ISA, or of the other, does not see */
    CaseBytes c = case_of_input(&w->arena, module_bytes, sizeof module_bytes, FEATURES_WASM3, &caps);
    for (uint64_t n = 0; p->foreign && n < 400 && seen != 15; n++) {
        const LegSpec *here = &p->spec[1], *there = &p->spec[2];
        panel_choose(p, n);
        if (!shows_fault(here, false)) continue;
        uint32_t lacks = (leg_counts_fuel(here) ? 0u : 1u) | (leg_nan_is_native(here) ? 2u : 0u) |
                         (leg_counts_fuel(there) ? 0u : 4u) | (leg_nan_is_native(there) ? 8u : 0u);
        if (!(lacks & ~seen)) continue;
        uint64_t before = p->juries;
        panel_run(p, c.at, c.n, w->c);
        assert_int_equal(p->juries, before + 1);
        check_juror(&p->spec[3], here, there);
        check_juror(&p->spec[4], there, here);
        seen |= lacks;
    }
    bool foreign = p->foreign;
    panel_close(p);
    if (!foreign) skip();
    assert_int_equal(seen, 15);
}

/* In about half of the cases the compilers share the front half, where each other knob may be as it likes. */
static void test_shared_front(void **state) {
    World *w = *state;
    Panel *p = w->panel;
    char why[300];
    if (!panel_open(p, FEATURES_WASM3, NULL, why, sizeof why)) fail_msg("%s", why);
    uint32_t n = 0, alike = 0, differ = 0;
    for (; n < 1000; n++) {
        LegSpec again;
        FrontKey here, there;
        panel_choose(p, n);
        const LegSpec *s = &p->spec[2];
        assert_true(leg_spec_parse(&again, s->text, strlen(s->text), why, sizeof why));
        for (uint32_t i = 0; leg_knob_exists(i); i++)
            assert_int_equal(leg_knob_is_default(s, i), leg_knob_is_default(&again, i));
        bool same = true;
        for (uint32_t i = 0; leg_knob_exists(i); i++) {
            LegSpec copy = *s;
            if (!leg_knob_is_front(i)) continue;
            assert_true(leg_knob_copy(&copy, i, &p->spec[1]));
            same = same && strcmp(copy.text, s->text) == 0;
        }
        bool both = leg_front_key(&p->differ.leg[1], &here) && leg_front_key(&p->differ.leg[2], &there);
        if (same && both) assert_int_equal(front_share(&here, &there), FRONT_OPTIMIZED);
        alike += same;
        differ += s->level != p->spec[1].level;
    }
    panel_close(p);
    assert_in_range(alike, n * 45 / 100, n * 65 / 100);
    assert_in_range(differ, n * 25 / 100, n * 40 / 100);
}

/* Sets of extensions are drawn in all sizes, and what is written says what is meant. */
static void test_joined_values(void **state) {
    uint64_t number = 1;
    uint32_t sizes = 0;
    (void)state;
    for (uint32_t n = 0; n < 20000 && sizes != 31; n++) {
        LegSpec s, again;
        char why[200];
        panel_choose_leg(&s, "x64", &number);
        assert_true(leg_spec_parse(&again, s.text, strlen(s.text), why, sizeof why));
        for (uint32_t i = 0; leg_knob_exists(i); i++)
            assert_int_equal(leg_knob_is_default(&s, i), leg_knob_is_default(&again, i));
        assert_int_equal(s.cpu, again.cpu);
        if (!(s.cpu & VALUE_JOINS)) continue;
        uint32_t names = 1;
        for (const char *at = strstr(s.text, "cpu="); *at && *at != ','; at++) names += *at == '+';
        sizes |= 1u << (names - 1);
    }
    assert_int_equal(sizes, 31); /* one to five */
}

/* -- The command ----------------------------------------------------------------------------------------------- */

/* Exit status of `parallax replay PATH`; -1: the program is not beside this one. */
static int replay(const char *path) {
    char self[2000], program[2100];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return -1;
    self[n] = 0;
    *strrchr(self, '/') = 0;
    snprintf(program, sizeof program, "%s/parallax", self);
    if (access(program, X_OK) != 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(126);
        execl(program, program, "replay", path, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void test_replay(void **state) {
    World *w = *state;
    char path[FINDING_PATH], file[FINDING_PATH + 20];
    Bucket b = run_planted(w, &subtracting, NULL, false);
    Finding f = finding_of(w, b);
    finding_write(w->root, &f, 0, path);
    bool foreign = w->panel->foreign;
    panel_close(w->panel);
    if (replay(path) == -1) skip();
    assert_int_equal(replay(path), 0); /* no fault is planted there: gone */
    assert_int_equal(replay("/no/such/path"), 2);
    if (!foreign) return;
    assert_int_equal(replay(w->root), 0);
    snprintf(file, sizeof file, "%s/input", path);
    assert_int_equal(replay(file), 0);
    snprintf(file, sizeof file, "%s/case.wasm", path); /* damaged is not gone */
    assert_int_equal(truncate(file, 30), 0);
    assert_int_equal(replay(path), 2);
}

/* -- Campaigns ------------------------------------------------------------------------------------------------------
 */

typedef struct Seen {
    uint32_t buckets, cases;
    char name[BUCKET_NAME];
} Seen;
static void see(void *user, const char *name, uint32_t n) {
    Seen *s = user;
    s->buckets++;
    s->cases += n;
    snprintf(s->name, sizeof s->name, "%s", name);
}

static CampaignOptions campaign_options(const World *w, uint64_t cases) {
    return (CampaignOptions){.jobs = 1,
                             .features = FEATURES_WASM3,
                             .cases = cases,
                             .findings = w->root,
                             .most = 3,
                             .timeout_ns = UINT64_C(60000000000)};
}

static void test_campaign(void **state) {
    World *w = *state;
    char file[80];
    static CampaignReport r;
    snprintf(file, sizeof file, "%s/.state", w->root);
    CampaignOptions o = campaign_options(w, 40);
    o.state = file;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_int_equal(r.session.cases, 40);
    assert_int_equal(r.session.disagree, 0);
    assert_int_equal(r.session.invalid, 0);
    assert_int_equal(r.next, 40);
    assert_false(r.resumed);
    assert_true(r.session.useful > 20);
    assert_in_range(r.x64_rules, X64_RULE_COUNT / 2, X64_RULE_COUNT - 1); /* not yet all of them */
    assert_in_range(r.a64_rules, A64_RULE_COUNT / 2, A64_RULE_COUNT - 1);
    /* on where it stopped */
    o.jobs = 2;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_true(r.resumed);
    assert_int_equal(r.next, 80);
    assert_int_equal(r.session.cases, 40);
    assert_int_equal(r.total.cases, 80);
    assert_int_equal(access(w->root, F_OK), 0);
    Seen s = {0};
    findings_count(&w->arena, w->root, see, &s);
    assert_int_equal(s.buckets, 0);
}

static void test_campaign_finds(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 60);
    o.timeout_ns = UINT64_C(5000000000); /* where a counter of a loop went the wrong way, it is a hang */
    o.faults.stages[LEG_X64] = &subtracting;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_int_equal(r.session.cases, 60);
    assert_true(r.session.disagree > 5);
    assert_true(r.session.saved > 0);
    Seen s = {0};
    findings_count(&w->arena, w->root, see, &s);
    assert_int_equal(s.cases, r.session.saved);
    assert_true(s.cases <= s.buckets * 3);
    for (uint32_t i = 0; i < r.session.nbucket; i++)
        if (strncmp(r.session.bucket[i].name, "x64-", 4) != 0) fail_msg("bucket %s", r.session.bucket[i].name);
}

/* What a mutant alone shows is told by the vote on the mutant: a case like any other. */
static void test_campaign_mutants(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 120);
    o.most = 0;
    o.faults.plant[LEG_X64] = plant_find(LEG_X64, "store-16", 8);
    assert_int_not_equal(o.faults.plant[LEG_X64], 0);
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_true(r.session.saved > 0);
    /* the same cases again, and what their mutants show besides */
    o.metamorph = 1;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_true(r.session.saved > 0);
    for (uint32_t i = 0; i < r.session.nbucket; i++)
        if (strstr(r.session.bucket[i].name, "metamorphic")) fail_msg("bucket %s", r.session.bucket[i].name);
}

/* Both legs of this seed count no fuel, and its loop never ends: with fuel the fault has its usual bucket. */
static void test_hang_without_fuel(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 1);
    o.first = 1000000;
    o.timeout_ns = UINT64_C(2000000000);
    o.faults.plant[LEG_X64] = plant_find(LEG_X64, "sub-adds", 8);
    assert_int_not_equal(o.faults.plant[LEG_X64], 0);
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_true(r.session.lost > 0);
    assert_int_equal(r.session.nbucket, 1);
    assert_string_equal(r.session.bucket[0].name, "x64-value-i64.sub-codegen");
}

static void check_lost(World *w, void (*stage)(void *, const char *, Fn *), const char *bucket) {
    Stages s = {.on_ir = stage};
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 3);
    /* how fast it is here, under a sanitizer or beside others: a leg that is slow must not count as one that hangs */
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    o.timeout_ns = UINT64_C(1000000) * (1500 + 4 * r.session.milliseconds);
    o.faults.stages[LEG_X64] = &s;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_int_equal(r.session.cases, 3);
    assert_true(r.session.lost >= 3);
    Seen seen = {0};
    findings_count(&w->arena, w->root, see, &seen);
    assert_int_equal(seen.buckets, 1);
    assert_string_equal(seen.name, bucket);
    assert_int_equal(seen.cases, 3);
}
static void test_crashing_leg(void **state) { check_lost(*state, crash, "x64-crash"); }
static void test_hanging_leg(void **state) { check_lost(*state, hang, "x64-hang"); }

/* As a user does, or the system for want of memory: that is no crash of the leg that was at work. */
static void killed(void *user, const char *pass, Fn *f) {
    uint32_t *times = user; /* shared with all processes */
    (void)pass, (void)f;
    if (__atomic_fetch_add(times, 1, __ATOMIC_RELAXED) < 3) kill(getpid(), SIGKILL);
}
static void test_killed(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 3);
    uint32_t *times = mmap(NULL, sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(times != MAP_FAILED);
    Stages s = {.user = times, .on_ir = killed};
    o.faults.stages[LEG_X64] = &s;
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_int_equal(r.session.lost, 3);
    assert_int_equal(r.session.cases, 3);
    assert_int_equal(r.session.disagree, 0);
    munmap(times, sizeof *times);
}

/* What is found cannot be kept: then it ends, and the next one begins with that seed. */
static void test_cannot_write(void **state) {
    World *w = *state;
    static CampaignReport r;
    CampaignOptions o = campaign_options(w, 60);
    o.findings = "/proc/self/findings";
    o.faults.plant[LEG_X64] = plant_find(LEG_X64, "store-16", 8);
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_FAILED);
    assert_int_equal(r.session.saved, 0);
    assert_int_equal(r.next, r.session.cases);
    assert_true(r.next < 60);
}

static void see_opcode(void *user, const char *name, uint32_t n) {
    uint32_t *cases = user;
    if (!strstr(name, "i32.store")) fail_msg("bucket %s", name);
    *cases += n;
}

/* Of one fault there are many cases, and not all are explained; but all that is written has the fault's bucket. */
static void test_one_bucket(void **state) {
    World *w = *state;
    static CampaignReport r;
    uint32_t cases = 0, unexplained = 0;
    CampaignOptions o = campaign_options(w, 150);
    o.most = 0;
    o.faults.plant[LEG_X64] = plant_find(LEG_X64, "store-16", 8);
    assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    findings_count(&w->arena, w->root, see_opcode, &cases);
    for (uint32_t i = 0; i < r.session.nbucket; i++)
        if (strchr(r.session.bucket[i].name, '?')) unexplained += (uint32_t)r.session.bucket[i].cases;
    assert_int_equal(cases, r.session.saved);
    assert_true(unexplained > 0);
    assert_int_equal(cases + unexplained, r.session.disagree);
}

/* A fault of the second module that is compiled alone: the first case's mutant, and never again. */
static void second_module(void *user, const char *pass, Fn *f) {
    static uint32_t modules, last;
    (void)user;
    if (strcmp(pass, "build") != 0) return;
    modules += modules == 0 || f->index <= last;
    last = f->index;
    if (modules == 2) subtract(f);
}
static const Stages not_again = {.on_ir = second_module};

static void test_mutant_once(void **state) {
    World *w = *state;
    static CampaignReport r = {.session = {.saved = 0}};
    CampaignOptions o = campaign_options(w, 1);
    char path[FINDING_PATH];
    bool reduced;
    o.metamorph = 1;
    o.faults.stages[LEG_X64] = &not_again;
    if (strcmp(worker_host_isa(), "x64") != 0)
        skip(); /* of an even seed it is this machine's leg that runs the mutant */
    for (o.first = 0; o.first < 80 && r.session.saved == 0; o.first += 2)
        assert_int_equal(campaign_run(&o, NULL, NULL, &r), CAMPAIGN_DONE);
    assert_int_equal(r.session.saved, 1);
    snprintf(path, sizeof path, "%s/x64-metamorphic", w->root);
    assert_true(finding_pick(path, path, &reduced));
    assert_non_null(strstr(scratch_read(&w->arena, path, "verdict.json", NULL), "\"repeats\": false"));
    assert_non_null(strstr(scratch_read(&w->arena, path, "explain.md", NULL), "did not differ"));
    scratch_read(&w->arena, path, "mutant.wasm", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_case),         TEST(test_names),          TEST(test_finding),
                                       TEST(test_full),         TEST(test_jury),           TEST(test_replay),
                                       TEST(test_jurors),       TEST(test_shared_front),   TEST(test_joined_values),
                                       TEST(test_campaign),     TEST(test_campaign_finds), TEST(test_campaign_mutants),
                                       TEST(test_crashing_leg), TEST(test_hanging_leg),    TEST(test_hang_without_fuel),
                                       TEST(test_killed),       TEST(test_cannot_write),   TEST(test_one_bucket),
                                       TEST(test_mutant_once)};
    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
