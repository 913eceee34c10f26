#include "fuzz/mutate/metamorph.h"
#include <assert.h>
#include "wasm/validate.h"

static bool open(Case *c, Arena *a, Features features, const uint8_t *bytes, uint32_t n) {
    *c = (Case){.bytes = bytes, .size = n};
    c->module = module_decode_valid(a, bytes, n, features, &c->err);
    return c->module && plan_of(a, c->module, &c->plan, &c->plan_error);
}

static bool compare_with(Metamorph *x, Differ *d, uint32_t leg, const Case *c) {
    const Observation *original = &c->obs[leg], *mutant = &x->c.obs[leg];
    if (original->resource) return false;
    if (d->on_leg) d->on_leg(d->on_leg_user, leg);
    differ_run_leg(d, leg, &x->c, &x->c.obs[leg]);
    if (d->on_leg) d->on_leg(d->on_leg_user, UINT32_MAX);
    if (mutant->resource) return false;
    Observation before = *original; /* which agreed with all others, so that nobody asked yet */
    if (leg_nan_is_native(&d->leg[leg].spec) && !before.open) before.open = differ_nans(d, c);
    x->diff = metamorph_compare(&before, mutant, &d->arena);
    x->whole = metamorph_whole(original, mutant);
    return true;
}

bool metamorph_pair(Metamorph *x, Differ *d, uint32_t leg, const Case *c, const uint8_t *mutant, uint32_t n) {
    *x = (Metamorph){.mutant = {.at = mutant, .n = n}};
    return c->module && open(&x->c, &d->arena, d->features, mutant, n) && compare_with(x, d, leg, c);
}

bool metamorph_run(Metamorph *x, Differ *d, uint32_t leg, const Case *c, uint64_t seed) {
    *x = (Metamorph){0};
    if (!c->module || !sound_mutate(&d->arena, c->bytes, c->size, seed, &x->mutant)) return false;
    bool valid = open(&x->c, &d->arena, d->features, x->mutant.at, x->mutant.n);
    assert(valid);
    return valid && compare_with(x, d, leg, c);
}

bool metamorph_alone(Metamorph *x, Differ *d, uint32_t leg, const uint8_t *bytes, uint32_t n, uint64_t seed, Case *c) {
    arena_reset(&d->arena);
    if (!open(c, &d->arena, d->features, bytes, n)) return false;
    if (d->on_leg) d->on_leg(d->on_leg_user, leg);
    differ_run_leg(d, leg, c, &c->obs[leg]);
    return metamorph_run(x, d, leg, c, seed);
}

void metamorph_report(const Metamorph *x, uint32_t leg, const Case *c, Case *out) {
    const Field *f = x->diff.has_b ? &x->diff.b : &x->diff.a;
    *out = *c;
    out->obs[0] = x->c.obs[leg];
    out->verdict =
        (Verdict){.kind = VERDICT_DISAGREE, .nlegs = 1, .deviates = 1, .diff = x->diff, .field = (FieldKind)f->kind};
}
