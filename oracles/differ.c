#include "oracles/differ.h"
#include <stdio.h>
#include <string.h>
#include "base/os.h"
#include "wasm/validate.h"

enum { WORKER_TRIES = 6 };
enum { PROBE_REGION = MAX_LEGS + 1 }; /* MAX_LEGS itself is the reducer's interpreter (fuzz/reduce/oracle.c) */
/* Front halves of larger modules are not kept: that takes some hundred times the module. */
enum { FRONT_MAX_BYTES = 1 << 18 };

static uint64_t lap(const Differ *d, uint64_t *since, uint64_t *sum) {
    if (!d->timing) return 0;
    uint64_t now = os_now_ns();
    *sum += now - *since;
    return *since = now;
}

bool differ_open(Differ *d, const LegSpec *spec, uint32_t n, Features features, char *why, size_t why_size) {
    d->nlegs = 0;
    d->features = features;
    arena_init(&d->arena, NULL);
    front_init(&d->front);
    compile_space_init(&d->space);
    for (uint32_t i = 0; i < n; i++) {
        char reason[200];
        if (!leg_open(&d->leg[i], &spec[i], i, reason, sizeof reason)) {
            snprintf(why, why_size, "leg %s: %s", spec[i].text, reason);
            differ_close(d);
            return false;
        }
        d->nlegs++;
    }
    return true;
}

void differ_close(Differ *d) {
    for (uint32_t i = 0; i < d->nlegs; i++) leg_close(&d->leg[i]);
    d->nlegs = 0;
    leg_close(&d->probe);
    arena_free(&d->arena);
    front_free(&d->front);
    compile_space_free(&d->space);
}

/* -- One leg -------------------------------------------------------------------------------- */

static void step_done(void *user, uint32_t i, const StepResult *r) { observe_step(user, (uint16_t)i, r); }

static void run_steps(Differ *d, Leg *l, const Case *c, Observation *o, const LegModule *lm) {
    StepResult r;
    uint64_t t = d->timing ? os_now_ns() : 0;
    int32_t inst = leg_instantiate(l, lm, &r);
    lap(d, &t, &d->times.instantiate);
    observe_step(o, STEP_INSTANTIATE, &r);
    if (o->crashed || o->resource) return;
    if (r.kind == OUT_RETURN) {
        uint32_t n = o->partial ? o->end : c->plan.step.n;
        LegCall *call = ARENA_ARRAY(&d->arena, LegCall, n);
        for (uint32_t i = 0; i < n; i++) {
            const PlanStep *s = &c->plan.step.at[i];
            call[i] = (LegCall){s->name, s->args, s->nargs};
        }
        leg_invoke_all(l, &d->arena, inst, call, n, step_done, o);
        if (o->crashed || o->resource) return;
    }
    if (o->partial) return;
    lap(d, &t, &d->times.execute);
    leg_observe(l, o);
    lap(d, &t, &d->times.observe);
}

/* The module was rejected here.  A leg with an engine of its own decides for itself, and where. */
static void observe_rejected(Differ *d, Leg *l, const Case *c, Observation *o) {
    StepResult r;
    LegModule lm;
    Err err = c->err;
    if (l->remote && leg_reset(l, &(StoreLimits)STORE_LIMITS_DEFAULT)) {
        Module *m = ARENA_NEW(&d->arena, Module);
        m->bytes = c->bytes;
        m->size = c->size;
        m->features = d->features;
        err_clear(&err);
        if (!leg_load(l, &d->arena, m, &lm, &r) && r.kind != OUT_UNLINKABLE) {
            observe_step(o, STEP_MODULE, &r);
            return;
        }
        if (r.kind == OUT_UNLINKABLE) err = r.err;
    }
    observe_module(o, &err);
}

/* The first compiled leg that comes later and can use what this one's compiler does decides what is kept of it. Nothing
 * is shared outside of a run of all legs, when c is NULL. */
static void share_front(Differ *d, uint32_t leg, const Case *c) {
    Leg *l = &d->leg[leg];
    FrontKey mine, other;
    l->compile.front = NULL;
    if (!c || c->size > FRONT_MAX_BYTES || !leg_front_key(l, &mine)) return;
    l->compile.front = &d->front;
    d->front.keep = FRONT_NOTHING;
    for (uint32_t i = leg + 1; i < d->nlegs && d->front.keep == FRONT_NOTHING; i++)
        if (!(d->skip >> i & 1) && leg_front_key(&d->leg[i], &other)) d->front.keep = front_share(&mine, &other);
}

/* How many steps a leg can run that counts no fuel, UINT32_MAX: all; *starts: does it get as far as instantiation?
 * Others ran out of fuel there, or its NaNs may send it somewhere else, where it may run for ever. */
static uint32_t steps_without_fuel(const Case *c, const NanOpen *open, bool *starts) {
    uint32_t end = c->fuel_out;
    *starts = !c->start_out;
    if (open && open->failed) return *starts = false, 0;
    if (!open || !open->observed || open->step == STEP_STATE) return end;
    if (open->step == STEP_INSTANTIATE) return *starts = false, 0;
    return open->step < end ? open->step : end;
}

static void run_once(Differ *d, uint32_t leg, const Case *c, Observation *o, bool share) {
    Leg *l = &d->leg[leg];
    StepResult fail;
    LegModule lm;
    observation_init(o, &d->arena);
    l->compile.space = &d->space;
    if (!c->module) {
        observe_rejected(d, l, c, o);
        return;
    }
    observe_module(o, &c->err);
    if (leg_nan_is_native(&l->spec)) o->open = c->open;
    if (!leg_counts_fuel(&l->spec)) {
        bool starts = true;
        o->lacks = 1u << FIELD_FUEL;
        o->end = steps_without_fuel(c, o->open, &starts);
        o->partial = o->end != UINT32_MAX;
        if (!starts) return;
    }
    if (!leg_reset(l, &c->plan.limits)) {
        o->resource = true;
        snprintf(o->why, sizeof o->why, "the leg has broken down");
        return;
    }
    uint64_t t = d->timing ? os_now_ns() : 0;
    share_front(d, leg, share ? c : NULL);
    bool loaded = leg_load(l, &d->arena, c->module, &lm, &fail);
    lap(d, &t, &d->times.compile[leg]);
    if (loaded) {
        run_steps(d, l, c, o, &lm);
        lap(d, &t, &d->times.run[leg]);
    } else {
        observe_step(o, STEP_INSTANTIATE, &fail);
    }
}

/* Nothing is known of its NaNs, so there is nothing that it could be held to: it says nothing, unless it crashed. */
static void note_unknown_nans(Observation *o) {
    if (!o->open || !o->open->failed || o->crashed || o->resource) return;
    observe_resource(o, "which NaNs it may give could not be found out");
}

/* Memory of the case that runs out while a leg has it is that leg's failure. */
static void run_or_fail(Differ *d, uint32_t leg, const Case *c, Observation *o, bool share) {
    Bail here, *const outer = d->arena.bail;
    if (BAIL_CATCH(&here)) {
        observe_resource(o, here.what);
    } else {
        d->arena.bail = &here;
        run_once(d, leg, c, o, share);
        note_unknown_nans(o);
    }
    d->arena.bail = outer;
}

static void run_leg(Differ *d, uint32_t leg, const Case *c, Observation *o, bool share) {
    Leg *l = &d->leg[leg];
    if (d->skip >> leg & 1) {
        observation_init(o, &d->arena);
        observe_module(o, &c->err);
        observe_step(o, STEP_INSTANTIATE, &(StepResult){.kind = d->hung >> leg & 1 ? OUT_HANG : OUT_CRASH});
        return;
    }
    /* A worker that was ended from outside says nothing about the case: again with a fresh one. */
    for (int tries = 0; tries < WORKER_TRIES; tries++) {
        uint32_t died = l->worker.stats.died;
        run_or_fail(d, leg, c, o, share);
        if (!o->crashed || l->worker.stats.died == died) return;
    }
}

/* -- Open NaNs --------------------------------------------------------------------------------- */

/* Reads the case alone.  What cannot be found out is said to be open, and that the leg lacks something. */
const NanOpen *differ_nans(Differ *d, const Case *c) {
    NanOpen *n = ARENA_NEW(&d->arena, NanOpen);
    LegSpec spec;
    char why[200];
    *n = (NanOpen){.failed = true};
    if (!d->probe.open) {
        bool ok = leg_spec_parse(&spec, "interp", 6, why, sizeof why);
        if (!ok || !leg_open(&d->probe, &spec, d->first_region + PROBE_REGION, why, sizeof why)) return n;
    }
    nan_probe(n, &d->arena, &d->probe, c->module, &c->plan);
    d->probed++;
    return n;
}

/* Does the case have a leg that leaves bits of NaNs open?  `endless`: one that counts no fuel besides. */
static bool has_native(const Differ *d, bool endless) {
    for (uint32_t i = 0; i < d->nlegs; i++) {
        const LegSpec *s = &d->leg[i].spec;
        if (leg_nan_is_native(s) && !(endless && leg_counts_fuel(s))) return true;
    }
    return false;
}

/* Find out what is open in the case, if that is not known yet, and tell the observations. */
static void know_nans(Differ *d, Case *c) {
    Bail here, *const outer = d->arena.bail;
    if (c->open || !c->module) return;
    if (BAIL_CATCH(&here)) {
        c->open = NULL; /* memory is out, and will be for the leg, too */
    } else {
        d->arena.bail = &here;
        c->open = differ_nans(d, c);
    }
    d->arena.bail = outer;
    for (uint32_t i = 0; i < d->nlegs; i++)
        if (leg_nan_is_native(&d->leg[i].spec)) c->obs[i].open = c->open, note_unknown_nans(&c->obs[i]);
}

void differ_run_leg(Differ *d, uint32_t leg, Case *c, Observation *o) {
    if (leg_nan_is_native(&d->leg[leg].spec)) know_nans(d, c);
    run_leg(d, leg, c, o, false);
}

/* -- All legs --------------------------------------------------------------------------------- */

static bool decode_case(Differ *d, Case *c) {
    uint64_t t = d->timing ? os_now_ns() : 0;
    c->module = module_decode(&d->arena, c->bytes, c->size, d->features, &c->err);
    lap(d, &t, &d->times.decode);
    if (c->module && !module_validate(c->module, &c->err)) c->module = NULL;
    lap(d, &t, &d->times.validate);
    if (c->module && !plan_of(&d->arena, c->module, &c->plan, &c->plan_error)) return false;
    c->plan_error = NULL;
    if (d->max_fuel && c->plan.limits.fuel > d->max_fuel) c->plan.limits.fuel = d->max_fuel;
    if (!c->module && c->err.code == ERR_NO_MEMORY) bail(d->arena.bail, BAIL_MEMORY, c->err.text);
    if (!c->module) d->rejected++;
    return true;
}

/* False: the plan is damaged, or there is no memory for the case. */
static bool decode(Differ *d, Case *c) {
    Bail here, *const outer = d->arena.bail;
    volatile bool ok = false;
    if (BAIL_CATCH(&here)) {
        c->failed = true;
        c->module = NULL;
        for (uint32_t i = 0; i < d->nlegs; i++) observe_resource(&c->obs[i], here.what);
        c->verdict = (Verdict){.kind = VERDICT_INCOMPLETE, .nlegs = d->nlegs, .lacking = (1u << d->nlegs) - 1};
    } else {
        d->arena.bail = &here;
        ok = decode_case(d, c);
    }
    d->arena.bail = outer;
    return ok;
}

static void told(const Differ *d, uint32_t leg) {
    if (d->on_leg) d->on_leg(d->on_leg_user, leg);
}

/* Run the case once more on some legs, in fresh processes. */
static void run_again(Differ *d, Case *c, uint32_t legs, bool second) {
    for (uint32_t i = 0; i < d->nlegs; i++) {
        if (!(legs >> i & 1)) continue;
        told(d, i);
        leg_renew(&d->leg[i], second);
        differ_run_leg(d, i, c, &c->obs[i]);
    }
    told(d, UINT32_MAX);
}

/* Only emulated legs deviate: does that go away under another emulator?  The observations stay the first one's. */
static bool emulator_is_suspect(Differ *d, Case *c, const Observation *const *obs) {
    Observation before[MAX_LEGS];
    Verdict other;
    uint32_t deviates = c->verdict.deviates;
    if (!c->verdict.majority || (deviates & d->skip)) return false;
    for (uint32_t i = 0; i < d->nlegs; i++) {
        before[i] = c->obs[i];
        if (deviates >> i & 1 && !leg_has_second_emulator(&d->leg[i])) return false;
    }
    run_again(d, c, deviates, true);
    verdict_make(&other, obs, d->nlegs);
    for (uint32_t i = 0; i < d->nlegs; i++) {
        c->obs[i] = before[i];
        if (deviates >> i & 1) leg_renew(&d->leg[i], false);
    }
    return other.kind == VERDICT_AGREE;
}

/* A deviation that does not come again is no bug of the leg's code: a fresh worker tells. */
static void try_again(Differ *d, Case *c, const Observation *const *obs) {
    Verdict first = c->verdict;
    run_again(d, c, first.deviates & ~d->skip, false);
    verdict_make(&c->verdict, obs, d->nlegs);
    if (c->verdict.kind != VERDICT_DISAGREE) {
        c->verdict = first;
        c->verdict.kind = VERDICT_FLAKY;
        d->flaky++;
    } else if (emulator_is_suspect(d, c, obs)) {
        c->verdict.kind = VERDICT_QEMU_SUSPECT;
    }
}

/* A step ran out of fuel: what comes from there on is not for legs that do not count it. */
static void note_fuel(Case *c, const Observation *o) {
    for (uint32_t i = 0; i < o->field.n; i++) {
        const Field *f = &o->field.at[i];
        if (f->kind != FIELD_TRAP || f->v[0] != TRAP_FUEL) continue;
        if (f->step == STEP_INSTANTIATE) c->start_out = true;
        uint32_t step = c->start_out ? 0 : f->step;
        if (step < c->fuel_out) c->fuel_out = step;
        return;
    }
}

static void run_legs(Differ *d, Case *c, bool fuel) {
    for (uint32_t i = 0; i < d->nlegs; i++) {
        Observation *o = &c->obs[i];
        if (leg_counts_fuel(&d->leg[i].spec) != fuel) continue;
        if (!(d->skip >> i & 1)) told(d, i);
        run_leg(d, i, c, o, true);
        if (fuel) note_fuel(c, o);
    }
}

void differ_run(Differ *d, const uint8_t *bytes, uint32_t size, Case *c) {
    const Observation *obs[MAX_LEGS];
    arena_reset(&d->arena);
    front_reset(&d->front);
    *c = (Case){.bytes = bytes, .size = size, .fuel_out = UINT32_MAX};
    err_clear(&c->err);
    d->cases++;
    c->native = has_native(d, false);
    if (!decode(d, c)) return;
    for (uint32_t i = 0; i < d->nlegs; i++) obs[i] = &c->obs[i];
    run_legs(d, c, true); /* first: they say which steps end */
    if (has_native(d, true)) know_nans(d, c);
    run_legs(d, c, false);
    told(d, UINT32_MAX);
    d->steps += c->plan.step.n;
    uint64_t t = d->timing ? os_now_ns() : 0;
    verdict_make(&c->verdict, obs, d->nlegs);
    if (c->verdict.kind == VERDICT_DISAGREE && c->native && !c->open) {
        know_nans(d, c);
        verdict_make(&c->verdict, obs, d->nlegs);
    }
    if (c->verdict.kind == VERDICT_DISAGREE && !d->once) try_again(d, c, obs);
    lap(d, &t, &d->times.compare);
}
