/* The plan: what is called with which arguments, under which limits, and by which legs. */
#include <string.h>
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"

/* The type of what a step calls; NULL: no such export. */
static const FuncType *step_type(const Mutator *m, const PlanStep *s) {
    for (uint32_t i = 0; i < m->e.m.exports.n; i++) {
        const Export *x = &m->e.m.exports.at[i];
        if (x->kind == EXT_FUNC && x->name.n == s->name.n && memcmp(x->name.at, s->name.at, s->name.n) == 0)
            return mut_func_type(m, x->index);
    }
    return NULL;
}

bool mutate_argument(Mutator *m) {
    uint32_t n = 0, step = 0, arg = 0;
    for (uint32_t i = 0; i < m->e.plan.step.n; i++)
        for (uint32_t k = 0; k < m->e.plan.step.at[i].nargs; k++)
            if (mut_one_in(m, ++n)) step = i, arg = k;
    if (!n) return false;
    PlanStep *s = &m->e.plan.step.at[step];
    const FuncType *t = step_type(m, s);
    if (!t || t->nparam != s->nargs || vt_is_ref(t->param[arg])) return false;
    Value *args = ARENA_ARRAY(m->a, Value, s->nargs), *v = &args[arg];
    memcpy(args, s->args, s->nargs * sizeof *args);
    s->args = args;
    bool narrow = t->param[arg] == VT_I32 || t->param[arg] == VT_F32;
    switch (mut_pick(m, 4)) {
    case 0: v->u64x2[0] ^= UINT64_C(1) << mut_pick(m, narrow ? 32 : 64); break;
    case 1: v->u64x2[0] = (v->u64x2[0] + mut_pick(m, 3) - 1) & (narrow ? UINT32_MAX : UINT64_MAX); break;
    default: *v = gen_const(mut_next(m), t->param[arg]);
    }
    return true;
}

bool mutate_steps(Mutator *m) {
    enum { MOST_STEPS = 64 };
    uint32_t n = m->e.plan.step.n;
    if (!n) return false;
    uint32_t from = mut_pick(m, n), to = mut_pick(m, n);
    PlanStep s = m->e.plan.step.at[from];
    switch (mut_pick(m, 3)) {
    case 0:
        if (n >= MOST_STEPS) return false;
        vec_push(m->a, &m->e.plan.step, s);
        return true;
    case 1:
        if (n < 2) return false;
        edit_remove_steps(&m->e, from, 1);
        return true;
    default:
        m->e.plan.step.at[from] = m->e.plan.step.at[to];
        m->e.plan.step.at[to] = s;
        return from != to;
    }
}

/* Now and then so little that it runs out in the middle. */
bool mutate_budget(Mutator *m) {
    enum { FUEL = 20000, DEPTH = 4096, PAGES = 24, ELEMS = 200 };
    StoreLimits *l = &m->e.plan.limits, old = *l;
    switch (mut_pick(m, 5)) {
    case 0: l->fuel = (int64_t)mut_number(m, FUEL); break;
    case 1: l->depth = (int64_t)mut_number(m, DEPTH); break;
    case 2: l->max_pages = mut_pick(m, PAGES); break;
    case 3: l->max_elems = mut_pick(m, ELEMS); break;
    default: l->fuel = 10 * FUEL; l->depth = 16 * DEPTH;
    }
    return l->fuel != old.fuel || l->depth != old.depth || l->max_pages != old.max_pages ||
           l->max_elems != old.max_elems;
}

bool mutate_knobs(Mutator *m) {
    m->legs = mut_next(m);
    m->has_legs = true;
    return true;
}
