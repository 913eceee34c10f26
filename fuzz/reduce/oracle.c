/* Buckets, and the oracle in this process. */
#include "fuzz/reduce/oracle.h"
#include <string.h>
#include "wasm/validate.h"

/* -- Buckets ------------------------------------------------------------------------------- */

bool reduce_bucket_equal(const ReduceBucket *a, const ReduceBucket *b) {
    return a->differs == b->differs && a->legs == b->legs && a->field == b->field && a->want == b->want &&
           a->got == b->got;
}

enum { TRAP_SHIFT = 8 };

/* An outcome with the kind of its trap, which is the field behind it. */
static uint32_t outcome_at(const Observation *o, uint32_t field) {
    if (field >= o->field.n || o->field.at[field].kind != FIELD_OUTCOME) return 0;
    uint32_t v = (uint32_t)o->field.at[field].v[0];
    if (v == OUT_TRAP && field + 1 < o->field.n) v |= (uint32_t)o->field.at[field + 1].v[0] << TRAP_SHIFT;
    return v;
}

ReduceBucket reduce_bucket_of(const Case *c) {
    const Verdict *v = &c->verdict;
    if (!c->module || c->plan_error || !verdict_differs(v->kind)) return (ReduceBucket){0};
    ReduceBucket b = {true, v->deviates, v->field, 0, 0, c->start_out || c->fuel_out != UINT32_MAX};
    if (v->field == FIELD_TRAP) {
        b.want = v->diff.has_a ? (uint32_t)v->diff.a.v[0] : 0;
        b.got = v->diff.has_b ? (uint32_t)v->diff.b.v[0] : 0;
    } else if (v->field == FIELD_OUTCOME) {
        uint32_t first = 0;
        while (first + 1 < v->nlegs && (!(v->deviates >> first & 1) || first == v->with)) first++;
        b.want = outcome_at(&c->obs[v->with], v->diff.field);
        b.got = outcome_at(&c->obs[first], v->diff.field);
    }
    return b;
}

static void print_outcome(Text *t, uint32_t v) {
    static const char *const name[] = {"return", "trap", "unlinkable", "crash", "hang", "resource"};
    text_puts(t, (v & 0xff) < sizeof name / sizeof *name ? name[v & 0xff] : "?");
    if ((v & 0xff) == OUT_TRAP) text_printf(t, " (%s)", trap_name((TrapKind)(v >> TRAP_SHIFT)));
}

void reduce_bucket_print(Text *t, const ReduceBucket *b, const LegSpec *leg, uint32_t nlegs) {
    if (!b->differs) {
        text_puts(t, "nothing");
        return;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < nlegs; i++)
        if (b->legs >> i & 1) text_printf(t, "%s%s", n++ ? ", " : "", leg[i].text);
    text_printf(t, "%s %s", n ? " in" : "", field_name((FieldKind)b->field));
    if (b->field == FIELD_TRAP) {
        text_printf(t, ": %s, others %s", trap_name((TrapKind)b->got), trap_name((TrapKind)b->want));
    } else if (b->field == FIELD_OUTCOME) {
        text_puts(t, ": ");
        print_outcome(t, b->got);
        text_puts(t, ", others ");
        print_outcome(t, b->want);
    }
}

/* -- Probes ----------------------------------------------------------------------------------- */

typedef struct Spent {
    int64_t limit;
    uint64_t most;
} Spent;
static void note(void *user, uint32_t i, const StepResult *r) {
    Spent *s = user;
    (void)i;
    int64_t spent = r->fuel < 0 ? s->limit : s->limit - r->fuel;
    if (spent > 0 && (uint64_t)spent > s->most) s->most = (uint64_t)spent;
}

static void copy_memory(const Leg *l, int32_t inst, ProbeRun *run) {
    const Instance *x = l->store.insts.at[inst]->inst;
    if (run->mem >= x->nmems) return;
    const MemInst *m = x->mems[run->mem].mem;
    memcpy(run->out, m->base, m->length < run->n ? m->length : run->n);
}

bool oracle_probe(Leg *l, Arena *a, ReduceBytes module, ProbeRun *run) {
    Err err;
    Plan plan;
    LegModule lm;
    StepResult r;
    const char *why;
    Module *m = module_decode_valid(a, module.at, module.n, FEATURES_WASM3, &err);
    if (!m || !plan_of(a, m, &plan, &why)) return false;
    if (!leg_reset(l, &plan.limits) || !leg_load(l, a, m, &lm, &r)) return false;
    Spent spent = {plan.limits.fuel, 0};
    int32_t inst = leg_instantiate(l, &lm, &r);
    if (inst < 0) return false;
    if (r.kind == OUT_RETURN) {
        LegCall *call = ARENA_ARRAY(a, LegCall, plan.step.n);
        if (m->start != NO_INDEX) note(&spent, 0, &r);
        for (uint32_t i = 0; i < plan.step.n; i++)
            call[i] = (LegCall){plan.step.at[i].name, plan.step.at[i].args, plan.step.at[i].nargs};
        leg_invoke_all(l, a, inst, call, plan.step.n, note, &spent);
    }
    run->fuel = spent.most;
    if (run->mem != NO_INDEX) copy_memory(l, inst, run);
    return true;
}

/* -- In this process ---------------------------------------------------------------------------- */

static void ask_local(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown) {
    LocalOracle *o = user;
    for (uint32_t i = 0; i < n; i++) {
        differ_run(o->differ, module[i].at, module[i].n, &o->c);
        shown[i] = reduce_bucket_of(&o->c);
    }
}

static bool probe_local(void *user, ReduceBytes module, ProbeRun *run) {
    LocalOracle *o = user;
    arena_reset(&o->arena);
    return oracle_probe(&o->interp, &o->arena, module, run);
}

void oracle_local_open(LocalOracle *o, Differ *differ, ReduceOracle *out) {
    LegSpec spec;
    char why[200];
    memset(o, 0, sizeof *o);
    o->differ = differ;
    arena_init(&o->arena, NULL);
    o->probes =
        leg_spec_parse(&spec, "interp", 6, why, sizeof why) && leg_open(&o->interp, &spec, MAX_LEGS, why, sizeof why);
    *out = (ReduceOracle){o, 1, ask_local, o->probes ? probe_local : NULL};
}

void oracle_local_close(LocalOracle *o) {
    if (o->probes) leg_close(&o->interp);
    arena_free(&o->arena);
}
