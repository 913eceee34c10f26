#include "oracles/nan.h"
#include <stdio.h>
#include "interp/nanprobe.h"

typedef struct Probe {
    NanOpen *out;
    const uint64_t *state; /* ExecState.nan_probe */
} Probe;

static void add_open(NanOpen *n, FieldKind kind, uint16_t step, uint32_t index, ValType type, const Value *v) {
    if (!nan_marked(type, v)) return;
    OpenValue o = {(uint16_t)kind, step, index, type, *v};
    vec_push(n->arena, &n->value, o);
}

static void look(const Probe *p, uint16_t step, const StepResult *r) {
    NanOpen *n = p->out;
    uint32_t fields = r->nresult < 16 ? r->nresult : 16;
    /* results beyond those are seen as a digest, that is by bits */
    bool digested = r->nresult > fields && (*p->state & PROBE_OPEN);
    if (!n->observed && ((*p->state & PROBE_OBSERVED) || digested)) {
        n->observed = true;
        n->step = step;
    }
    if (r->kind == OUT_RESOURCE || r->kind == OUT_CRASH) n->failed = true;
    for (uint32_t i = 0; i < fields; i++) add_open(n, FIELD_VALUE, step, i, (ValType)r->type[i], &r->result[i]);
}

static void step_done(void *user, uint32_t i, const StepResult *r) { look(user, (uint16_t)i, r); }

void nan_probe(NanOpen *out, Arena *a, Leg *l, const Module *m, const Plan *plan) {
    StepResult r;
    LegModule lm;
    *out = (NanOpen){.arena = a, .failed = true};
    if (!leg_reset(l, &plan->limits) || !leg_load(l, a, m, &lm, &r)) return;
    out->failed = false;
    ExecState *es = region_es(&l->store.region);
    Probe p = {out, &es->nan_probe};
    es->nan_probe = PROBE_ON;
    int32_t inst = leg_instantiate(l, &lm, &r);
    look(&p, STEP_INSTANTIATE, &r);
    if (r.kind == OUT_RETURN) {
        LegCall *call = ARENA_ARRAY(a, LegCall, plan->step.n);
        for (uint32_t i = 0; i < plan->step.n; i++) {
            const PlanStep *s = &plan->step.at[i];
            call[i] = (LegCall){s->name, s->args, s->nargs};
        }
        leg_invoke_all(l, a, inst, call, plan->step.n, step_done, &p);
    }
    for (uint32_t i = 0; i < l->store.globals.n; i++) {
        const GlobalInst *g = l->store.globals.at[i];
        add_open(out, FIELD_GLOBAL, STEP_STATE, i, (ValType)g->type, &g->value);
    }
}

static uint32_t order(uint32_t step) { return (step + 3) & 0xffff; } /* module, instantiation, steps */

bool nan_open_ends(const NanOpen *n, const Field *f) {
    if (n->failed) return f->step != STEP_MODULE;
    if (!n->observed) return false;
    return f->step == STEP_STATE || order(f->step) >= order(n->step);
}

static bool fits(const OpenValue *o, const Field *f) {
    bool ok = true;
    for (uint32_t i = 0; i < 2; i++) {
        NanClass wide = o->type == VT_F32 ? NAN_EXACT : nan_mark_f64(o->v.u64x2[i]);
        if (wide != NAN_EXACT) {
            ok &= nan_fits_f64(wide, f->v[i]);
            continue;
        }
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t want = o->v.u32x4[2 * i + k], have = (uint32_t)(f->v[i] >> 32 * k);
            NanClass c = o->type == VT_F64 ? NAN_EXACT : nan_mark_f32(want);
            ok &= c == NAN_EXACT ? have == want : nan_fits_f32(c, have);
        }
    }
    return ok;
}

bool nan_open_allows(const NanOpen *n, const Field *a, const Field *b) {
    for (uint32_t i = 0; i < n->value.n; i++) {
        const OpenValue *o = &n->value.at[i];
        if (o->kind == a->kind && o->step == a->step && o->index == a->index) return fits(o, a) && fits(o, b);
    }
    return false;
}
