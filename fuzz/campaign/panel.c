#include "fuzz/campaign/panel.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/map.h"

enum { LEG_HERE = 1, LEG_THERE = 2, JURY_HERE = 3, JURY_THERE = 4 }; /* places in the panel; 0 is the interpreter */

static const char *other_isa(void) { return strcmp(worker_host_isa(), "x64") == 0 ? "a64" : "x64"; }

static bool parse(LegSpec *s, const char *text) {
    char why[200];
    return leg_spec_parse(s, text, strlen(text), why, sizeof why);
}

static const char *base_of(const Panel *p, const char *isa) {
    return p->base[strcmp(isa, leg_kind_name(LEG_X64)) == 0 ? LEG_X64 : LEG_A64];
}

static void attach_counters(Panel *p) {
    for (uint32_t i = 0; i < p->nall; i++) p->differ.leg[i].rule_hits = p->rule_hits[p->spec[i].kind];
}

void panel_count_rules(Panel *p, uint32_t *x64, uint32_t *a64) {
    p->rule_hits[LEG_X64] = x64;
    p->rule_hits[LEG_A64] = a64;
    attach_counters(p);
}

static bool open_legs(Panel *p, Features features, bool foreign, char *why, size_t why_size) {
    char jury_here[sizeof p->base[0] + 4], jury_there[sizeof p->base[0] + 4];
    const char *here = base_of(p, worker_host_isa()), *there = base_of(p, other_isa());
    snprintf(jury_here, sizeof jury_here, "%s%cO0", here, strchr(here, ':') ? ',' : ':');
    snprintf(jury_there, sizeof jury_there, "%s%cO0", there, strchr(there, ':') ? ',' : ':');
    const char *const text[] = {"interp", here, foreign ? there : here, jury_here, jury_there};
    p->nlegs = 3;
    p->nall = foreign ? 5 : 4;
    p->foreign = foreign;
    for (uint32_t i = 0; i < p->nall; i++) {
        if (!parse(&p->spec[i], text[i])) return false;
        p->differ.leg[i].plant = p->plant[p->spec[i].kind];
    }
    if (!differ_open(&p->differ, p->spec, p->nall, features, why, why_size)) return false;
    attach_counters(p);
    return true;
}

bool panel_open(Panel *p, Features features, const PanelFaults *faults, char *why, size_t why_size) {
    *p = (Panel){0};
    for (uint32_t k = 0; k < LEG_KINDS; k++) {
        uint32_t plant = faults ? faults->plant[k] : 0;
        snprintf(p->base[k], sizeof p->base[k], "%s%s%s", leg_kind_name((LegKind)k), plant ? ":plant=" : "",
                 plant ? plant_info[plant - 1].name : "");
        if (faults) p->plant[k] = faults->stages[k];
    }
    if (open_legs(p, features, true, p->lacks, sizeof p->lacks)) return true;
    return open_legs(p, features, false, why, why_size);
}

void panel_close(Panel *p) { differ_close(&p->differ); }

/* -- Choosing --------------------------------------------------------------------------- */

static uint64_t next(uint64_t *r) { return *r = hash_mix(*r + UINT64_C(0x9e3779b97f4a7c15)); }

/* With the set that knob i has go others, each as often as not. */
static void join_sets(LegSpec *s, uint32_t i, uint32_t k, uint32_t n, uint64_t *r) {
    uint64_t dice = next(r);
    for (uint32_t other = 0; other < n; other++)
        if (other != k && leg_knob_joins(i, other) && (dice >> other & 1) && !leg_knob_join(s, i, other)) break;
}

/* A level as good as any other; the rest of the knobs mostly at their default, so that two cases differ in little.
 * Knobs come from the table, so a new one takes part.  With `like`, what the front half of the compiler depends on is
 * as that leg has it. */
static void choose_knobs(LegSpec *s, const char *isa, const LegSpec *like, uint64_t *r) {
    bool ok = parse(s, isa);
    assert(ok);
    for (uint32_t i = 0, n; ok && (n = leg_knob_values(i)) > 0; i++) {
        uint64_t dice = next(r);
        uint32_t k = (uint32_t)(dice >> 32) % n, number = 0;
        if (like && leg_knob_is_front(i)) {
            if (!leg_knob_copy(s, i, like)) break;
            continue;
        }
        if ((dice & 15) >= 16 / leg_knob_seldom(i) || k == 0) continue;
        if (leg_knob_takes_number(i, k)) { /* small ones and large ones alike */
            number = (uint32_t)next(r);
            number >>= next(r) % 32;
            if (number == LEG_NO_LIMIT) number--;
        }
        if (!leg_knob_set(s, i, k, number)) break; /* no room for all of them */
        if (leg_knob_joins(i, k)) join_sets(s, i, k, n, r);
    }
}

void panel_choose_leg(LegSpec *s, const char *isa, uint64_t *number) { choose_knobs(s, isa, NULL, number); }

/* An option that comes later counts. */
static void make_plain(LegSpec *s) {
    char text[sizeof s->text + 40];
    if (leg_counts_fuel(s) && !leg_nan_is_native(s)) return;
    snprintf(text, sizeof text, "%s,nan=canonical,interrupt=fuel", s->text);
    if (strlen(text) >= sizeof s->text) snprintf(text, sizeof text, "%s", leg_kind_name(s->kind));
    bool ok = parse(s, text);
    assert(ok);
    (void)ok;
}

void panel_choose(Panel *p, uint64_t number) {
    uint64_t r = hash_mix(number);
    choose_knobs(&p->spec[LEG_HERE], base_of(p, worker_host_isa()), NULL, &r);
    const LegSpec *like = next(&r) & 1 ? &p->spec[LEG_HERE] : NULL;
    choose_knobs(&p->spec[LEG_THERE], base_of(p, p->foreign ? other_isa() : worker_host_isa()), like, &r);
    for (uint32_t i = LEG_HERE; i <= LEG_THERE && p->by_bits; i++) make_plain(&p->spec[i]);
    leg_set_knobs(&p->differ.leg[LEG_HERE], &p->spec[LEG_HERE]);
    leg_set_knobs(&p->differ.leg[LEG_THERE], &p->spec[LEG_THERE]);
}

/* A leg that counts no fuel, or leaves the bits of NaNs open, has no vote on what it does not see.  So that each ISA
 * has as many votes as the other, the juror beside the other ISA's leg then does not see the same: else two wrong legs
 * of one ISA could tie with the rest. */
static void set_juror(Panel *p, uint32_t juror, const char *isa, const LegSpec *other) {
    char text[sizeof p->spec[0].text];
    const char *base = base_of(p, isa);
    snprintf(text, sizeof text, "%s%cO0%s%s", base, strchr(base, ':') ? ',' : ':',
             leg_counts_fuel(other) ? "" : ",interrupt=none", leg_nan_is_native(other) ? ",nan=native" : "");
    bool ok = parse(&p->spec[juror], text);
    assert(ok);
    (void)ok;
    leg_set_knobs(&p->differ.leg[juror], &p->spec[juror]);
}

static void call_jury(Panel *p) {
    p->juries++;
    p->differ.nlegs = p->nall;
    if (!p->foreign) return;
    set_juror(p, JURY_HERE, worker_host_isa(), &p->spec[LEG_THERE]);
    set_juror(p, JURY_THERE, other_isa(), &p->spec[LEG_HERE]);
}

/* -- Running -------------------------------------------------------------------------------- */

/* A worker that never came up will not do so later: go on without it.  What was set in the differ stays. */
static void without_foreign(Panel *p) {
    Worker *w = &p->differ.leg[LEG_THERE].worker;
    char why[300], lacks[300];
    Differ *d = &p->differ;
    snprintf(lacks, sizeof lacks, "leg %.80s: %s", p->spec[LEG_THERE].text, w->why);
    Features features = d->features;
    d->nlegs = p->nall;
    differ_close(d);
    if (!open_legs(p, features, false, why, sizeof why)) p->nlegs = p->nall = 0;
    memcpy(p->lacks, lacks, sizeof lacks);
}

void panel_run(Panel *p, const uint8_t *bytes, uint32_t size, Case *c) {
    Differ *d = &p->differ;
    d->nlegs = p->nlegs;
    differ_run(d, bytes, size, c);
    if (p->foreign && c->verdict.kind == VERDICT_INCOMPLETE && d->leg[LEG_THERE].worker.lacks) {
        without_foreign(p);
        d->nlegs = p->nlegs;
        differ_run(d, bytes, size, c);
    }
    if (c->module && c->verdict.kind == VERDICT_DISAGREE) {
        call_jury(p);
        differ_run(d, bytes, size, c);
    }
    d->nlegs = p->nall; /* for closing */
}
