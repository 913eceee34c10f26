/* The functions that carry a bucket in their name: one for each set of ISAs and each way to deviate. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include "fuzz/finding_text.h"
#include "fuzz/targets/counters.h"
#include "fuzz/targets/target.h"

/* L(name, bit set of LegKind) */
#define LEG_SETS(L) \
    L(harness, 0) L(interp, 1) L(x64, 2) L(interp_x64, 3) L(a64, 4) L(interp_a64, 5) L(x64_a64, 6) L(interp_x64_a64, 7)
_Static_assert(LEG_INTERP == 0 && LEG_X64 == 1 && LEG_A64 == 2 && LEG_KINDS == 3, "the sets above");

#define FUNCTION(legs, id, NAME)                                                             \
    __attribute__((noinline)) static _Noreturn void parallax_finding__##legs##__##id(void) { \
        fputs("parallax_finding__" #legs "__" #id "\n", stderr);                             \
        abort();                                                                             \
    }
#define FUNCTIONS(legs, set) BUCKET_FIELD_LIST(FUNCTION, legs) BUCKET_OTHER_LIST(FUNCTION, legs)
LEG_SETS(FUNCTIONS)

_Noreturn void target_abort(const Bucket *b) {
#define ENTRY(legs, id, NAME) parallax_finding__##legs##__##id,
#define ROW(legs, set) [set] = {BUCKET_FIELD_LIST(ENTRY, legs) BUCKET_OTHER_LIST(ENTRY, legs)},
    static void (*const function[1 << LEG_KINDS][WHAT_COUNT])(void) = {LEG_SETS(ROW)};
    function[b->legs][b->what]();
    abort();
}

Bucket target_say(const char *target, const Panel *p, const Case *c) {
    Bucket b = bucket_of(p->spec, c);
    char name[BUCKET_NAME];
    Arena a;
    Text t;
    arena_init(&a, NULL);
    text_init(&t, &a);
    bucket_name(&b, name);
    difference_print(&t, &c->verdict.diff);
    fprintf(stderr, "%s: %s: %s\n", target, name, t.at);
    for (uint32_t i = 0; i < panel_legs(c); i++)
        fprintf(stderr, "  %-8s %s%s%s\n", c->verdict.deviates >> i & 1 ? "deviates" : "agrees", p->spec[i].text,
                c->obs[i].why[0] ? ": " : "", c->obs[i].why);
    arena_free(&a);
    return b;
}

_Noreturn void target_report(const char *target, const uint8_t *input, uint32_t n, const Panel *p, const Case *c) {
    Finding f = {.bucket = target_say(target, p, c),
                 .input = input,
                 .input_n = n,
                 .features = p->differ.features,
                 .leg = p->spec,
                 .nlegs = panel_legs(c),
                 .c = c};
    target_report_finding(target, &f);
}

_Noreturn void target_report_finding(const char *target, Finding *f) {
    char path[FINDING_PATH];
    const char *root = getenv("PARALLAX_FINDINGS");
    f->origin = target;
    if (root && *root) {
        FindingStatus s = finding_write(root, f, 0, path);
        fprintf(stderr, "%s%s\n", s == FINDING_FAILED ? "not written: " : "", path);
    }
    target_abort(&f->bucket);
}

/* $PARALLAX_PLANT; an experiment with another fault than was asked for, or with none, says nothing. */
static PanelFaults planted_faults(void) {
    PanelFaults faults = {0};
    const char *plant = getenv("PARALLAX_PLANT"), *colon = plant ? strchr(plant, ':') : NULL;
    if (!plant || !*plant) return faults;
    for (uint32_t k = LEG_X64; colon && k <= LEG_A64; k++) {
        const char *isa = leg_kind_name((LegKind)k);
        if (strlen(isa) != (size_t)(colon - plant) || memcmp(plant, isa, strlen(isa)) != 0) continue;
        faults.plant[k] = plant_find((LegKind)k, colon + 1, strlen(colon + 1));
        if (faults.plant[k]) return faults;
    }
    fprintf(stderr, "parallax: $PARALLAX_PLANT names no fault: %s (`parallax legs` lists them, ISA:NAME)\n", plant);
    exit(2);
}

Arena *target_arena(void) {
    static Arena a;
    static bool began;
    /* AFL++ stops a persistent process between two inputs: when the fork server goes, it would wait for ever. */
    if (!began && getenv("__AFL_SHM_ID")) prctl(PR_SET_PDEATHSIG, SIGKILL);
    began = true;
    arena_reset(&a);
    return &a;
}

Panel *target_panel(void) {
    static Panel panel; /* the one state a target keeps: an engine gives it nothing to hang it on */
    static enum { CLOSED, OPEN, BROKEN } state;
    char why[300];
    if (state == CLOSED) {
        PanelFaults faults = planted_faults();
        state = panel_open(&panel, FEATURES_WASM3, &faults, why, sizeof why) ? OPEN : BROKEN;
        if (state == BROKEN)
            fprintf(stderr, "parallax: %s\n", why);
        else
            counters_attach(&panel);
        if (state == OPEN && !panel.foreign)
            fprintf(stderr, "parallax: going on without the other ISA: %s\n", panel.lacks);
    }
    return state == OPEN ? &panel : NULL;
}
