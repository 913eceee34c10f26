#define _GNU_SOURCE
#include "fuzz/campaign/child.h"
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/map.h"
#include "base/os.h"
#include "fuzz/case.h"
#include "fuzz/explain/folder.h"
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/metamorph.h"
#include "run/signals.h"

/* An explanation takes some tenths of a second: the first cases of each verdict get one, and its bucket, and later one
 * in so many.  The others are counted, and not written where such ones have been explained: they would show what is
 * known once more, under another name. */
#define EXPLAIN_NS UINT64_C(15000000000)
enum { MOST_EXPLAINED = 16, LATER_EXPLAINED = 16, MOST_VERDICTS = 32 };

typedef struct Seen {
    Bucket verdict;
    uint32_t cases;
    bool told; /* an explanation told more of one */
} Seen;

typedef struct Child {
    const CampaignOptions *o;
    CampaignShared *sh;
    CampaignSlot *slot;
    Panel panel;
    Arena arena;
    Case c;
    uint8_t entropy[GEN_ENTROPY_MAX];
    Seen seen[MOST_VERDICTS];
    uint32_t nseen;
} Child;

/* The time limit is for each leg: what one took must not be held against the next. */
static void on_leg(void *user, uint32_t leg) {
    CampaignSlot *s = ((Child *)user)->slot;
    s->since = os_time_of(0);
    __atomic_store_n(&s->leg, leg, __ATOMIC_RELEASE);
}

FindingStatus campaign_write(const CampaignOptions *o, CampaignShared *sh, const Finding *f, char path[FINDING_PATH]) {
    uint64_t place = __atomic_add_fetch(&sh->places, 1, __ATOMIC_ACQ_REL);
    bool last = o->finds && place == o->finds;
    FindingStatus s = o->finds && place > o->finds ? FINDING_FULL : finding_write(o->findings, f, o->most, path);
    if (s != FINDING_NEW) __atomic_sub_fetch(&sh->places, 1, __ATOMIC_ACQ_REL);
    if (s == FINDING_NEW && last) __atomic_store_n(&sh->stop, 1, __ATOMIC_RELEASE);
    return s;
}

/* Made from the seed, when it has no other input.  `x`: NULL when it is not explained. */
static void save_finding(Child *k, Finding *f, uint32_t entropy_n, const Explanation *x) {
    char path[FINDING_PATH], name[BUCKET_NAME];
    f->origin = "fuzz";
    if (!f->input) {
        f->input = k->entropy;
        f->input_n = entropy_n;
        f->seeded = true;
        f->seed = k->slot->seed;
    }
    f->features = k->o->features;
    if (x) f->explained = explain_done(x);
    bucket_name(&f->bucket, name);
    tally_bucket(&k->slot->tally, name, 1);
    FindingStatus s = campaign_write(k->o, k->sh, f, path);
    if (s == FINDING_NEW) {
        k->slot->tally.saved++;
        if (x && explain_tells(x))
            explain_write(path, k->c.module, x, NULL, NULL); /* it has the verdict in words already */
    }
    if (s != FINDING_FAILED) return;
    /* A campaign that cannot keep what it finds is no good; its seed stays the one to go on with. */
    fprintf(stderr, "parallax: %s\n", path);
    _exit(1);
}

static Seen *seen_of(Child *k, const Bucket *b) {
    uint32_t i = 0;
    while (i < k->nseen && !bucket_equal(&k->seen[i].verdict, b)) i++;
    if (i == MOST_VERDICTS) return NULL;
    if (i == k->nseen) k->seen[k->nseen++] = (Seen){.verdict = *b};
    return &k->seen[i];
}

/* It looks after its own time: the watch of this process waits. */
static bool explain_now(Child *k, const uint8_t *bytes, uint32_t n, uint32_t nlegs, Bucket *b, Explanation *x) {
    __atomic_store_n(&k->slot->explains, 1, __ATOMIC_RELEASE);
    bool known = explain_bytes(bytes, n, k->panel.spec, nlegs, k->o->features, EXPLAIN_NS, k->slot->skip, b, x);
    k->slot->since = os_time_of(0);
    __atomic_store_n(&k->slot->explains, 0, __ATOMIC_RELEASE);
    return known;
}

/* "x64-value?": one more of a verdict that was explained before. */
static void count_unexplained(Child *k, const Bucket *b) {
    char name[BUCKET_NAME + 1];
    bucket_name(b, name);
    strcat(name, "?");
    tally_bucket(&k->slot->tally, name, 1);
}

/* Save the case in k->c, which the panel has run; explained, where it is its turn: then in the explanation's bucket. */
static void save_case(Child *k, Finding *f, uint32_t entropy_n) {
    Explanation x;
    Bucket verdict = bucket_of(k->panel.spec, &k->c);
    Seen *seen = seen_of(k, &verdict);
    bool turn = seen && (++seen->cases <= MOST_EXPLAINED || seen->cases % LATER_EXPLAINED == 0);
    if (seen && !turn && seen->told) {
        count_unexplained(k, &verdict);
        return;
    }
    f->bucket = verdict;
    f->leg = k->panel.spec;
    f->nlegs = panel_legs(&k->c);
    f->c = &k->c;
    bool known = turn && explain_now(k, k->c.bytes, k->c.size, f->nlegs, &f->bucket, &x);
    if (known && !x.cut && explain_tells(&x)) seen->told = true;
    save_finding(k, f, entropy_n, known ? &x : NULL);
}

/* All legs agreed on the original.  When they do not on the mutant, it is a case like any other, and its bucket the one
 * that its fault has without mutants.  False: only the one leg tells the two apart.  If true, k->c is the mutant's. */
static bool save_as_case(Child *k, const uint8_t *bytes, uint32_t n) {
    panel_run(&k->panel, bytes, n, &k->c);
    if (!verdict_differs(k->c.verdict.kind)) return false;
    Finding f = {.input = bytes, .input_n = n};
    save_case(k, &f, 0);
    return true;
}

/* One leg alone told the two apart: does it again, with a fresh worker?  What was seen the first time is kept in any
 * case. */
static void save_pair(Child *k, const uint8_t *bytes, uint32_t size, const uint8_t *mutant, uint32_t n, uint32_t leg,
                      const Difference *seen) {
    static Metamorph x; /* large */
    static Case report;
    const LegSpec *spec = &k->panel.spec[leg];
    panel_run(&k->panel, bytes, size, &k->c);
    leg_renew(&k->panel.differ.leg[leg], false);
    bool again = metamorph_pair(&x, &k->panel.differ, leg, &k->c, mutant, n) && x.diff.differs;
    if (!again) x.diff = *seen;
    metamorph_report(&x, leg, &k->c, &report);
    Finding f = {.bucket = {.legs = 1u << spec->kind, .what = WHAT_METAMORPHIC},
                 .leg = spec,
                 .nlegs = 1,
                 .mutant = mutant,
                 .mutant_n = n,
                 .once = !again,
                 .c = &report};
    save_finding(k, &f, gen_entropy_size(k->slot->seed), NULL);
}

static void save_crash(Child *k, const Metamorph *x, uint32_t leg) {
    static Case report; /* large */
    const LegSpec *spec = &k->panel.spec[leg];
    metamorph_report(x, leg, &x->c, &report);
    Finding f = {.bucket = bucket_of(spec, &report), .leg = spec, .nlegs = 1, .c = &report};
    save_finding(k, &f, gen_entropy_size(k->slot->seed), NULL);
}

/* A mutant that took the leg down is a case of its own. */
static void save_mutant(Child *k, const Metamorph *x, uint32_t leg) {
    if (x->c.obs[leg].crashed && !k->c.obs[leg].crashed) {
        save_crash(k, x, leg);
        return;
    }
    uint32_t size = k->c.size, n = x->mutant.n;
    const uint8_t *bytes = (const uint8_t *)arena_dup(&k->arena, k->c.bytes, size);
    const uint8_t *mutant = (const uint8_t *)arena_dup(&k->arena, x->mutant.at, n);
    if (!save_as_case(k, mutant, n)) save_pair(k, bytes, size, mutant, n, leg, &x->diff);
}

/* One case in so many: compiled legs in turn. */
static void run_mutant(Child *k, uint32_t skip, uint32_t hung) {
    CampaignSlot *s = k->slot;
    static Metamorph x; /* large */
    uint64_t every = k->o->metamorph;
    if (!every || s->seed % every || !k->c.module || k->c.verdict.kind != VERDICT_AGREE) return;
    uint32_t leg = 1 + (uint32_t)(s->seed / every % 2);
    k->panel.differ.skip = skip;
    k->panel.differ.hung = hung;
    s->mutant = true;
    bool ran = metamorph_run(&x, &k->panel.differ, leg, &k->c, hash_mix(s->seed));
    s->mutant = false;
    if (!ran) return;
    s->tally.mutants++;
    if (x.diff.differs) save_mutant(k, &x, leg);
}

static bool hangs_without_fuel(const Child *k) {
    for (uint32_t i = 0; i < panel_legs(&k->c); i++)
        if (k->c.obs[i].hung && !leg_counts_fuel(&k->panel.spec[i])) return true;
    return false;
}

/* A leg that counts no fuel hangs where a fault keeps a loop from its end, which says nothing of the fault. With fuel
 * it shows as something that can be compared, explained and reduced.  If it does, k->c is that; else what it was. */
static void tell_with_fuel(Child *k, const CaseBytes *m) {
    CampaignSlot *s = k->slot;
    if (s->with_fuel != FUEL_NOT_YET || !hangs_without_fuel(k)) return;
    uint32_t skip = 0;
    for (uint32_t i = 0; i < panel_legs(&k->c); i++) skip |= (uint32_t)k->c.obs[i].hung << i;
    k->panel.differ.skip = k->panel.differ.hung = 0;
    k->panel.by_bits = true;
    panel_choose(&k->panel, s->seed);
    k->panel.by_bits = false;
    s->with_fuel = FUEL_NOW;
    panel_run(&k->panel, m->at, m->n, &k->c);
    s->with_fuel = FUEL_TRIED;
    if (verdict_differs(k->c.verdict.kind)) {
        s->skip = s->hung = 0; /* these legs come back */
        return;
    }
    panel_choose(&k->panel, s->seed);
    k->panel.differ.skip = k->panel.differ.hung = skip;
    panel_run(&k->panel, m->at, m->n, &k->c);
}

static void run_one(Child *k) {
    CampaignSlot *s = k->slot;
    uint32_t n = gen_entropy_size(s->seed);
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    arena_reset(&k->arena);
    gen_entropy(s->seed, k->entropy, n);
    CaseBytes m = case_of_input(&k->arena, k->entropy, n, k->o->features, &caps);
    panel_choose(&k->panel, s->seed);
    bool lost_mutant = s->mutant; /* not this case, but the mutant of it */
    k->panel.differ.skip = lost_mutant ? 0 : s->skip;
    k->panel.differ.hung = lost_mutant ? 0 : s->hung;
    s->mutant = false;
    uint64_t juries = k->panel.juries;
    panel_run(&k->panel, m.at, m.n, &k->c);
    if (verdict_differs(k->c.verdict.kind)) tell_with_fuel(k, &m);
    s->tally.juries += k->panel.juries - juries;
    if (!k->c.failed && (!k->c.module || k->c.plan_error)) {
        Finding f = {.bucket = {.what = WHAT_MODULE}, .leg = k->panel.spec, .nlegs = panel_legs(&k->c), .c = &k->c};
        save_finding(k, &f, n, NULL);
    } else if (verdict_differs(k->c.verdict.kind)) {
        Finding f = {0};
        save_case(k, &f, n);
    }
    if (k->panel.lacks[0]) memcpy(k->sh->lacks, k->panel.lacks, sizeof k->sh->lacks); /* all children say the same */
    tally_case(&s->tally, &k->c);
    if (lost_mutant || !s->skip) run_mutant(k, s->skip, s->hung);
}

/* The next seed: one that took the process down comes first. */
static bool take(Child *k) {
    CampaignSlot *s = k->slot;
    if (__atomic_load_n(&k->sh->stop, __ATOMIC_ACQUIRE)) return false;
    if (s->again) {
        s->again = false;
    } else {
        uint64_t seed = __atomic_load_n(&k->sh->next, __ATOMIC_RELAXED);
        /* in hand before it counts as taken: so no seed is forgotten when this process is killed in between */
        do {
            if (seed >= k->sh->end) {
                __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
                return false;
            }
            s->seed = seed;
            s->since = os_time_of(0);
            __atomic_store_n(&s->leg, UINT32_MAX, __ATOMIC_RELEASE);
            __atomic_store_n(&s->busy, 1, __ATOMIC_RELEASE);
        } while (
            !__atomic_compare_exchange_n(&k->sh->next, &seed, seed + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
        s->skip = s->hung = s->kills = 0;
        s->with_fuel = FUEL_NOT_YET;
        s->mutant = false;
    }
    s->since = os_time_of(0);
    __atomic_store_n(&s->leg, UINT32_MAX, __ATOMIC_RELEASE);
    return true;
}

static void pin(uint32_t number) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number % (uint32_t)(n > 0 ? n : 1), &set);
    sched_setaffinity(0, sizeof set, &set); /* a worker takes its client's processor */
}

_Noreturn void campaign_child(const CampaignOptions *o, CampaignShared *sh, uint32_t number, uint32_t jobs,
                              pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    signal(SIGTERM, SIG_IGN);
    if (jobs > 1) pin(number);
    char why[300];
    Child *k = calloc(1, sizeof *k);
    if (!k) _exit(1);
    k->o = o;
    k->sh = sh;
    k->slot = &sh->slot[number];
    arena_init(&k->arena, NULL);
    if (!panel_open(&k->panel, o->features, &o->faults, why, sizeof why)) {
        fprintf(stderr, "parallax: %s\n", why);
        _exit(1);
    }
    panel_count_rules(&k->panel, k->slot->x64, k->slot->a64);
    signals_reinstall(); /* whoever forked us may have put its own on top */
    k->panel.differ.on_leg = on_leg;
    k->panel.differ.on_leg_user = k;
    while (take(k)) {
        run_one(k);
        __atomic_store_n(&k->slot->busy, 0, __ATOMIC_RELEASE);
    }
    panel_close(&k->panel);
    _exit(0);
}
