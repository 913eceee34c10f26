/* Passes over the plan and the exports: fewer steps, less fuel, plainer arguments, shorter names. */
#include <string.h>
#include "fuzz/reduce/pass.h"

bool pass_steps(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t from, n, variant;
    if (!cursor_chunk(c, r->cur.plan.step.n, 1, &from, &n, &variant)) return false;
    edit_remove_steps(cand, from, n);
    return true;
}

/* As much as the interpreter needs, twice over; if the deviating leg needs more, that 32 times over.  Candidates that
 * do not end by themselves then cost little. */
bool pass_fuel(Reducer *r, Cursor *c, Edit *cand) {
    enum { LEAST = 5000 };
    ProbeRun run = {.mem = NO_INDEX};
    int64_t before = cand->plan.limits.fuel;
    c->again = UINT32_MAX;
    if (c->at > 1 || !r->oracle->probe || !r->oracle->probe(r->oracle->user, r->bytes, &run)) return false;
    uint64_t need = (run.fuel * 2 + LEAST) << (c->at ? 5 : 0);
    c->at++;
    if (before < 0 || need > (uint64_t)before / 2) return false;
    cand->plan.limits.fuel = (int64_t)need;
    return true;
}

/* The default ones, or as many of them as go; of a module that only fuel ends as little of that as shows it. */
bool pass_limits(Reducer *r, Cursor *c, Edit *cand) {
    static const StoreLimits plain = STORE_LIMITS_DEFAULT;
    static const int64_t endless[] = {30, 300, 3000, 30000}; /* and last what there is */
    uint32_t n = r->out ? sizeof endless / sizeof *endless : 1, k = c->at / 2;
    StoreLimits *l = &cand->plan.limits;
    int64_t fuel = l->fuel, depth = l->depth;
    c->again = UINT32_MAX;
    if (k > n) return false;
    *l = plain;
    if (k == n || (r->out && endless[k] > fuel))
        l->fuel = fuel;
    else if (r->out)
        l->fuel = endless[k];
    if (c->at % 2) l->depth = depth;
    c->at++;
    return true;
}

static Try try_argument(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    enum { VARIANTS = 8 };
    PlanStep *s = &cand->plan.step.at[i];
    uint32_t k = variant / VARIANTS;
    (void)c;
    if (k >= s->nargs) return TRY_DONE;
    const Export *x = module_find_export(&r->cur.m, s->name.at, s->name.n);
    Value v;
    if (!x || !plainer(edit_func_type(&r->cur, x->index)->param[k], s->args[k], variant % VARIANTS, &v))
        return TRY_SKIP;
    Value *args = ARENA_ARRAY(cand->arena, Value, s->nargs);
    memcpy(args, s->args, s->nargs * sizeof *args);
    args[k] = v;
    s->args = args;
    return TRY_YES;
}
bool pass_arguments(Reducer *r, Cursor *c, Edit *cand) {
    return walk_list(r, c, cand, r->cur.plan.step.n, try_argument);
}

/* -- Exports -------------------------------------------------------------------------------------- */

static bool same_name(Name a, Name b) { return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0); }

static void drop_steps_of(Edit *e, Name name) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->plan.step.n; i++)
        if (!same_name(e->plan.step.at[i].name, name)) e->plan.step.at[n++] = e->plan.step.at[i];
    e->plan.step.n = n;
}

/* Variant 0 leaves those alone that the plan calls. */
bool pass_exports(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t from, n, variant;
    if (!cursor_chunk(c, r->cur.m.exports.n, 2, &from, &n, &variant)) return false;
    for (uint32_t i = from + n; i-- > from;) {
        Name name = cand->m.exports.at[i].name;
        bool called = false;
        for (uint32_t k = 0; k < cand->plan.step.n; k++) called |= same_name(cand->plan.step.at[k].name, name);
        if (called && variant == 0) continue;
        if (called) drop_steps_of(cand, name);
        edit_remove_export(cand, i);
    }
    if (variant == 0) c->again = from + n - (r->cur.m.exports.n - cand->m.exports.n);
    return true;
}

static Try try_name(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    Export *x = &cand->m.exports.at[i];
    Name old = x->name;
    (void)r;
    (void)c;
    if (variant > 25 || old.n < 2) return TRY_DONE;
    Name name = {&letters[variant], 1};
    if (module_find_export(&r->cur.m, name.at, 1)) return TRY_SKIP;
    x->name = name;
    for (uint32_t k = 0; k < cand->plan.step.n; k++)
        if (same_name(cand->plan.step.at[k].name, old)) cand->plan.step.at[k].name = name;
    return TRY_YES;
}
bool pass_names(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.exports.n, try_name); }

/* -- Promotion ------------------------------------------------------------------------------------- */

/* The plan calls an inner function itself, with arguments it was seen to get; all that led there goes. */
static Try try_promote(Reducer *r, Cursor *c, uint32_t body, uint32_t variant, Edit *cand) {
    uint32_t func = edit_func_of(&r->cur, body);
    const FuncType *t = edit_func_type(&r->cur, func);
    const Probe *p = reducer_probe(r);
    if (variant >= (t->nparam ? PROBE_VALUES : 1) || !p->ran) return TRY_DONE;
    if (r->cur.plan.step.n == 1 && step_calls(&r->cur, &r->cur.plan.step.at[0], func)) return TRY_DONE;
    PlanStep s = {.name = {"f", 1}, .nargs = t->nparam, .args = ARENA_ARRAY(cand->arena, Value, t->nparam)};
    for (uint32_t k = 0; k < t->nparam; k++) {
        const ProbeSite *x = probe_find(p, body, NO_INDEX, k);
        if (!x && vt_is_ref(t->param[k])) continue;
        if (!x || variant >= x->nvalue) return TRY_DONE;
        s.args[k] = x->value[variant];
    }
    c->again = 0;
    cand->m.exports.n = 0;
    vec_push(cand->arena, &cand->m.exports, ((Export){.name = {"f", 1}, .kind = EXT_FUNC, .index = func}));
    cand->plan.step.n = 0;
    vec_push(cand->arena, &cand->plan.step, s);
    edit_collect(cand, ALL_KINDS);
    return TRY_YES;
}
bool pass_promote(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.bodies.n, try_promote); }
