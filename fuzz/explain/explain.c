#include "fuzz/explain/explain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/os.h"
#include "fuzz/explain/rework.h"
#include "run/apply.h"
#include "run/signals.h"
#include "wasm/validate.h"

/* Regions of legs here are others than those of a process that we were forked from. */
enum { FIRST_REGION = 32, MAX_ALONE = 2000 };
/* Fuel of a step that most faults need to show; else the next one, else what the plan has. */
static const int64_t few_fuel[] = {3000, 100000, 3000000};

typedef struct Explainer {
    const ExplainOptions *o;
    Explanation *x;
    Differ pair; /* the reference leg, and the guilty one */
    Case c;
    Arena arena;
    LegSpec leg[2];
    LegSpec spec; /* of the guilty leg, as far as we are */
    OsTime began;
    int64_t fuel;        /* at most so much for a step of the module; 0: as the plan says */
    uint32_t first, end; /* functions that are defined */
} Explainer;

static bool open_legs(Differ *d, const LegSpec *leg, uint32_t n, Features features, char *why, size_t why_size) {
    *d = (Differ){.features = features, .first_region = FIRST_REGION};
    arena_init(&d->arena, NULL);
    for (uint32_t i = 0; i < n; i++) {
        char reason[200];
        if (!leg_open(&d->leg[i], &leg[i], FIRST_REGION + i, reason, sizeof reason)) {
            snprintf(why, why_size, "leg %s: %s", leg[i].text, reason);
            differ_close(d);
            return false;
        }
        d->nlegs++;
    }
    signals_reinstall();
    return true;
}

/* Of this process and of its worker. */
static OsTime time_now(const Explainer *k) {
    OsTime now = os_time_of(0);
    pid_t worker = k->pair.leg[1].worker.pid;
    if (worker) now.cpu_ns += os_time_of(worker).cpu_ns;
    return now;
}

/* Nothing may be concluded then from what was not found. */
static bool late(Explainer *k) {
    if (!k->x->cut && os_spent_ns(k->began, time_now(k)) > (k->o->limit_ns ? k->o->limit_ns : EXPLAIN_LIMIT_NS))
        k->x->cut = CUT_TIME;
    return k->x->cut;
}

/* Does the module differ between the two, with the guilty leg so? */
static bool runs_differ(Explainer *k, const LegSpec *spec, const uint8_t *bytes, uint32_t n, int64_t fuel) {
    k->x->runs++;
    k->pair.max_fuel = fuel;
    leg_set_knobs(&k->pair.leg[1], spec);
    differ_run(&k->pair, bytes, n, &k->c);
    return k->c.module && verdict_differs(k->c.verdict.kind);
}
static bool shows_itself(Explainer *k, const LegSpec *spec) {
    return runs_differ(k, spec, k->o->bytes, k->o->n, k->fuel);
}
/* What is put in has its cost. */
static bool shows_reworked(Explainer *k, const LegSpec *spec, const ReworkBytes *b) {
    return runs_differ(k, spec, b->at, b->n, k->fuel * REWORK_FUEL);
}

/* One that runs until fuel is out shows its fault long before, mostly: little of it will do. */
static bool shows_with_little(Explainer *k) {
    uint32_t i = 0, n = sizeof few_fuel / sizeof *few_fuel;
    bool same = false;
    for (; i < n && !same; i++) {
        k->fuel = few_fuel[i];
        same = shows_itself(k, &k->spec) && bucket_of(k->leg, &k->c).what == k->x->verdict.what;
    }
    if (same) return true;
    k->fuel = 0;
    return shows_itself(k, &k->spec);
}

/* -- Leg ------------------------------------------------------------------------------------ */

/* The first deviating leg that compiles; false: there is none. */
static bool guilty_leg(const ExplainOptions *o, const Case *c, Explanation *x) {
    for (uint32_t i = 0; i < o->nlegs; i++) {
        if (!(c->verdict.deviates >> i & 1) || o->leg[i].kind == LEG_INTERP || o->leg[i].interp) continue;
        x->leg = o->leg[i];
        x->leg.full = false;
        return true;
    }
    return false;
}

/* Those that are not left out; `kept`: their numbers. */
static uint32_t kept_legs(const ExplainOptions *o, LegSpec *leg, uint32_t *kept) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->nlegs; i++) {
        if (o->skip >> i & 1) continue;
        kept[n] = i;
        leg[n++] = o->leg[i];
    }
    return n;
}

typedef struct Voters {
    const ExplainOptions *o;
    uint32_t kept[MAX_LEGS];
} Voters;
static void on_leg(void *user, uint32_t leg) {
    const Voters *v = user;
    v->o->on_leg(v->o->user, leg == UINT32_MAX ? leg : v->kept[leg]);
}

static ExplainEnd vote(const ExplainOptions *all, Explanation *x, char *why, size_t why_size) {
    LegSpec leg[MAX_LEGS];
    Voters voters = {.o = all};
    ExplainOptions few = *all, *o = &few;
    few.leg = leg;
    few.nlegs = kept_legs(all, leg, voters.kept);
    Differ *d = calloc(1, sizeof *d);
    Case *c = calloc(1, sizeof *c);
    ExplainEnd end = EXPLAIN_LACKS;
    if (!d || !c) {
        snprintf(why, why_size, "out of memory");
    } else if (open_legs(d, o->leg, o->nlegs, o->features, why, why_size)) {
        d->on_leg = o->on_leg ? on_leg : NULL;
        d->on_leg_user = &voters;
        differ_run(d, o->bytes, o->n, c);
        end = EXPLAIN_DONE;
        if (!c->module || c->plan_error) {
            snprintf(why, why_size, "%s", c->plan_error ? c->plan_error : c->err.text);
            end = EXPLAIN_BAD_INPUT;
        } else if (!verdict_differs(c->verdict.kind)) {
            snprintf(why, why_size, "the legs %s%s",
                     c->verdict.kind == VERDICT_AGREE ? "agree" : "do not differ every time",
                     o->skip ? ", but for those that hang or take their process down" : "");
            end = EXPLAIN_NOTHING;
        } else {
            Text t;
            text_init(&t, &d->arena);
            difference_print(&t, &c->verdict.diff);
            snprintf(x->difference, sizeof x->difference, "%s", t.at);
            x->verdict = bucket_of(o->leg, c);
            if (!guilty_leg(o, c, x)) {
                snprintf(why, why_size, "the interpreter deviates, and no compiled leg: there is no code to explain");
                end = EXPLAIN_NOTHING;
            }
        }
        differ_close(d);
    }
    free(d);
    free(c);
    return end;
}

/* -- Function --------------------------------------------------------------------------------- */

static FuncSet range_set(uint32_t first, uint32_t last, bool not ) {
    FuncSet s = {.n = 1, .not = not };
    s.range[0] = (FuncRange){first, last};
    return s;
}

static void note_settings(Explainer *k) {
    const FuncSet *s = &k->spec.interpret;
    int n = snprintf(k->x->settings, sizeof k->x->settings, "%s%sinterp=%s%u", k->x->leg.text,
                     strchr(k->x->leg.text, ':') ? "," : ":", s->not ? "!" : "", s->range[0].first);
    if (n > 0 && s->range[0].last != s->range[0].first)
        snprintf(k->x->settings + n, sizeof k->x->settings - (size_t)n, "-%u", s->range[0].last);
}

static bool found_func(Explainer *k, uint32_t func, bool alone, FuncSet interpret) {
    k->x->has_func = true;
    k->x->func = func;
    k->x->alone = alone;
    k->spec.interpret = interpret;
    if (k->spec.mix != LEG_NO_LIMIT) { /* one function: its level instead of the seed */
        LegSpec s = k->spec;
        s.mix = LEG_NO_LIMIT;
        s.level = mix_level(k->spec.mix, func);
        if (s.level != LEVEL_INTERPRETED && shows_itself(k, &s)) k->spec = s;
    }
    note_settings(k);
    return true;
}

/* No function's code is to blame: what did the host call then? */
static void note_outside(Explainer *k) {
    const Difference *d = &k->c.verdict.diff;
    const Module *m = k->c.module;
    uint16_t step = d->has_b ? d->b.step : d->a.step;
    k->x->stage = STAGE_OUTSIDE;
    if (step == STEP_INSTANTIATE && m->start != NO_INDEX) {
        k->x->has_entry = true;
        k->x->entry = m->start;
    } else if (step < k->c.plan.step.n) {
        const Name *name = &k->c.plan.step.at[step].name;
        const Export *e = module_find_export(m, name->at, name->n);
        k->x->has_entry = e && e->kind == EXT_FUNC;
        if (k->x->has_entry) k->x->entry = e->index;
    }
    const CompileOptions *o = &k->pair.leg[1].compile;
    if (k->x->has_entry) k->x->by_stub = !o->adaptor_stages && apply_takes(module_func_type(m, k->x->entry), o->target);
}

static bool find_func(Explainer *k) {
    LegSpec s = k->spec;
    uint32_t last = k->end - k->first < MAX_ALONE ? k->end : k->first + MAX_ALONE;
    s.interpret = range_set(k->first, k->end, false);
    if (k->first == k->end || shows_itself(k, &s)) return note_outside(k), false;
    for (uint32_t f = k->first; f < last && !late(k); f++) {
        s.interpret = range_set(f, f, true);
        if (shows_itself(k, &s)) return found_func(k, f, true, s.interpret);
    }
    /* It takes several: the first ones are interpreted, one more each time, until it is gone. */
    uint32_t lo = k->first, hi = k->end; /* with [first, lo) interpreted it shows, with [first, hi) it does not */
    while (hi - lo > 1 && !late(k)) {
        uint32_t mid = lo + (hi - lo) / 2;
        s.interpret = range_set(k->first, mid - 1, false);
        if (shows_itself(k, &s))
            lo = mid;
        else
            hi = mid;
    }
    FuncSet before = lo > k->first ? range_set(k->first, lo - 1, false) : (FuncSet){.n = 0};
    return hi - lo == 1 && before.n && found_func(k, lo, false, before);
}

/* -- Pass --------------------------------------------------------------------------------------- */

typedef struct Watch { /* the leg's own stages, and an eye on one rewrite */
    Stages stages;
    const Stages *next;
    Explanation *x;
} Watch;

static void watch_ir(void *user, const char *pass, Fn *f) {
    const Stages *s = ((Watch *)user)->next;
    if (s->on_ir) s->on_ir(s->user, pass, f);
}
static void watch_rewrite(void *user, const Rewrite *r) {
    Watch *w = user;
    if (w->next && w->next->on_rewrite) w->next->on_rewrite(w->next->user, r);
    if (r->number != w->x->rewrite) return;
    w->x->rule = r->rule;
    w->x->rule_offset = r->f->loc.at[r->v];
}

/* Compile as the guilty leg does now: the number of rewrites; and note the one we are after. */
static uint32_t compile_watched(Explainer *k, const LegSpec *spec) {
    CompileError e;
    Arena a;
    leg_set_knobs(&k->pair.leg[1], spec);
    CompileOptions o = k->pair.leg[1].compile;
    Watch w = {.next = o.stages, .x = k->x};
    w.stages = (Stages){.user = &w, .on_ir = o.stages ? watch_ir : NULL, .on_rewrite = watch_rewrite};
    o.stages = &w.stages;
    arena_init(&a, NULL);
    const Code *c = compile_module(&a, k->c.module, &o, NULL, &e);
    uint32_t n = c ? c->nrewrite : 0;
    arena_free(&a);
    return n;
}

static void find_rewrite(Explainer *k) {
    LegSpec s = k->spec;
    if (!shows_itself(k, &k->spec)) return;
    uint32_t lo = 0, hi = compile_watched(k, &k->spec);
    k->x->nrewrite = hi;
    while (hi - lo > 1 && !late(k)) {
        s.opt_limit = lo + (hi - lo) / 2;
        if (shows_itself(k, &s))
            hi = s.opt_limit;
        else
            lo = s.opt_limit;
    }
    if (hi - lo != 1) return;
    k->x->stage = STAGE_REWRITE;
    k->x->rewrite = hi;
    s.opt_limit = hi;
    shows_itself(k, &s);
    compile_watched(k, &s);
}

static void find_pass(Explainer *k) {
    LegSpec s = k->spec;
    s.level = 0;
    if (k->spec.mix != LEG_NO_LIMIT) return;
    if (k->spec.level == 0 || shows_itself(k, &s)) {
        k->x->stage = STAGE_CODEGEN;
        return;
    }
    s = k->spec;
    s.opt_limit = 0;
    if (shows_itself(k, &s))
        k->x->stage = STAGE_LEVEL;
    else
        find_rewrite(k);
}

/* -- Instruction: by handing it to the interpreter ------------------------------------------------- */

/* With the sites from `from` on outlined, the helpers interpreted (or not), does it still show? */
static bool shows_outlined(Explainer *k, const Rework *w, const uint8_t *which, bool interpreted) {
    ArenaMark mark = arena_mark(&k->arena);
    LegSpec s = k->spec;
    ReworkBytes b = rework_outline(w, &k->arena, which);
    FuncSet *set = &s.interpret;
    if (b.nhelper && interpreted != set->not ) set->range[set->n++] = (FuncRange){b.helper, b.helper + b.nhelper - 1};
    bool yes = shows_reworked(k, &s, &b);
    arena_rewind(&k->arena, mark);
    return yes;
}

static void set_from(uint8_t *which, uint32_t from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) which[i] = i >= from;
}

/* The last instruction with which, and all behind it, interpreted the deviation is gone; false: there is none. */
static bool find_cause(Explainer *k, const Rework *w, uint32_t *site) {
    uint32_t n = w->site.n, lo = 0, hi = n;
    uint8_t *which = ARENA_ARRAY(&k->arena, uint8_t, n);
    set_from(which, n, n);
    if (!n || !shows_outlined(k, w, which, true)) return false;
    set_from(which, 0, n);
    if (shows_outlined(k, w, which, true)) return false;
    while (hi - lo > 1 && !late(k)) {
        uint32_t mid = lo + (hi - lo) / 2;
        set_from(which, mid, n);
        if (shows_outlined(k, w, which, true))
            hi = mid;
        else
            lo = mid;
    }
    if (hi - lo != 1 || w->site.at[lo].control) return false;
    *site = lo;
    memset(which, 0, n);
    which[lo] = 1;
    k->x->stays = shows_outlined(k, w, which, false);
    return true;
}

/* -- Instruction: by what is recorded ---------------------------------------------------------------- */

typedef struct Events {
    const Record *at;
    uint32_t n;
} Events;

static Events read_events(Explainer *k, uint32_t leg, uint32_t mem) {
    const Store *s = &k->pair.leg[leg].store;
    if (!s->insts.n) return (Events){NULL, 0};
    const MemInst *m = s->insts.at[0]->inst->mems[mem].mem;
    uint32_t used = bits_load_u32(m->base);
    if (used > RECORD_PAGES * WASM_PAGE - RECORD_HEAD) used = 0;
    Record *r = ARENA_ARRAY(&k->arena, Record, used / sizeof(Record));
    if (used) memcpy(r, m->base + RECORD_HEAD, used / sizeof(Record) * sizeof(Record));
    return (Events){r, used / (uint32_t)sizeof(Record)};
}

static bool same_site(const Record *a, const Record *b) {
    return a->site == b->site && a->index == b->index && a->result == b->result;
}

static bool record(Explainer *k, const Rework *w, const uint8_t *which, bool whole, Events e[2]) {
    ReworkBytes b = rework_record(w, &k->arena, which, whole);
    bool shown = shows_reworked(k, &k->spec, &b);
    if (!k->c.module) return false;
    for (uint32_t i = 0; i < 2; i++) e[i] = read_events(k, i, b.mem);
    return shown;
}

/* Events before it are equal. */
static uint32_t first_difference(const Events e[2]) {
    uint32_t n = e[0].n < e[1].n ? e[0].n : e[1].n, i = 0;
    while (i < n && memcmp(&e[0].at[i], &e[1].at[i], sizeof(Record)) == 0) i++;
    return i;
}

/* The first instruction that was seen to leave something else; false: none was. */
static bool find_event(Explainer *k, const Rework *w, uint32_t *site) {
    Events e[2];
    uint8_t *which = ARENA_ARRAY(&k->arena, uint8_t, w->site.n);
    memset(which, 1, w->site.n);
    if (!record(k, w, which, false, e)) return false;
    uint32_t i = first_difference(e);
    if (i == e[0].n && i == e[1].n) return false;
    if (i < e[0].n && i < e[1].n && same_site(&e[0].at[i], &e[1].at[i])) {
        *site = e[0].at[i].site;
        return true;
    }
    /* Control went different ways: behind the last event that is the same. */
    if (i == 0) return false;
    *site = e[0].at[i - 1].site;
    k->x->branch = w->site.at[*site].control;
    return k->x->branch;
}

static void add_value(Explanation *x, const Site *s, const Record *want, const Record *got) {
    uint32_t *n = want->result ? &x->nresult : &x->noperand;
    if (*n == EXPLAIN_VALUES) return;
    ExplainValue *v = want->result ? &x->result[(*n)++] : &x->operand[(*n)++];
    v->type = want->result ? s->result[want->index] : s->param[want->index];
    memcpy(v->want.bytes, want->value, 16);
    memcpy(v->got.bytes, got->value, 16);
}

/* The operands and results of one execution: the first in which they differ. */
static void note_values(Explainer *k, const Rework *w, uint32_t site) {
    Events e[2];
    const Site *s = &w->site.at[site];
    uint8_t *which = ARENA_ARRAY(&k->arena, uint8_t, w->site.n);
    which[site] = 1;
    if (!record(k, w, which, true, e)) return;
    uint32_t i = first_difference(e), n = 0;
    if (i == e[0].n || i == e[1].n || !same_site(&e[0].at[i], &e[1].at[i])) return;
    while (i > 0 && (e[0].at[i - 1].result < e[0].at[i].result ||
                     (e[0].at[i - 1].result == e[0].at[i].result && e[0].at[i - 1].index < e[0].at[i].index)))
        i--; /* to the first operand of this execution */
    for (uint32_t j = 0; j < i; j++) n += j == 0 || same_site(&e[0].at[0], &e[0].at[j]);
    k->x->event = n;
    for (; i < e[0].n && i < e[1].n && same_site(&e[0].at[i], &e[1].at[i]); i++) {
        add_value(k->x, s, &e[0].at[i], &e[1].at[i]);
        if (i + 1 < e[0].n && same_site(&e[0].at[0], &e[0].at[i + 1])) break;
    }
}

static void find_op(Explainer *k) {
    Rework w;
    uint32_t cause = 0, seen = 0;
    if (!rework_open(&w, &k->arena, k->o->bytes, k->o->n, k->o->features, k->x->func) || !w.site.n) return;
    bool has_cause = find_cause(k, &w, &cause), has_seen = !late(k) && find_event(k, &w, &seen);
    if (!has_cause && !has_seen) return;
    uint32_t site = has_cause ? cause : seen;
    const EditInstr *i = &w.e.body[w.body].code.at[w.site.at[site].at];
    k->x->has_op = true;
    k->x->op = i->in.op;
    k->x->offset = i->in.at;
    k->x->how = !has_seen ? HOW_CAUSE : !has_cause ? HOW_SEEN : cause == seen ? HOW_BOTH : HOW_CAUSE;
    k->x->branch &= !has_cause;
    if (!late(k)) note_values(k, &w, site);
}

/* -- All of it ----------------------------------------------------------------------------------------- */

static ExplainEnd explain_pair(Explainer *k, char *why, size_t why_size) {
    static const char interp[] = "interp";
    if (!leg_spec_parse(&k->leg[0], interp, sizeof interp - 1, why, why_size)) return EXPLAIN_LACKS;
    k->spec = k->leg[1] = k->x->leg;
    k->x->reference = k->leg[0];
    if (!open_legs(&k->pair, k->leg, 2, k->o->features, why, why_size)) return EXPLAIN_LACKS;
    k->pair.once = true;
    k->began = time_now(k);
    if (shows_with_little(k)) {
        k->first = k->c.module->nimported[EXT_FUNC];
        k->end = k->c.module->funcs.n;
        if (find_func(k)) {
            find_pass(k);
            find_op(k);
        }
    }
    differ_close(&k->pair);
    return EXPLAIN_DONE;
}

ExplainEnd explain_here(const ExplainOptions *o, Explanation *x, char *why, size_t why_size) {
    *x = (Explanation){.op = OP_NONE};
    ExplainEnd end = vote(o, x, why, why_size);
    if (end != EXPLAIN_DONE) return end;
    Explainer *k = calloc(1, sizeof *k);
    if (!k) return snprintf(why, why_size, "out of memory"), EXPLAIN_LACKS;
    k->o = o;
    k->x = x;
    arena_init(&k->arena, NULL);
    end = explain_pair(k, why, why_size);
    arena_free(&k->arena);
    free(k);
    return end;
}

/* -- Bucket ---------------------------------------------------------------------------------------------- */

const char *explain_cut(const Explanation *x) {
    static const char *const name[] = {[CUT_NOT] = "no", [CUT_TIME] = "time", [CUT_DIED] = "died"};
    return name[x->cut];
}

bool explain_tells(const Explanation *x) { return x->has_func || x->stage == STAGE_OUTSIDE; }

FindingExplained explain_done(const Explanation *x) {
    static const FindingExplained done[] = {
        [CUT_NOT] = EXPLAINED_YES, [CUT_TIME] = EXPLAINED_TIME, [CUT_DIED] = EXPLAINED_DIED};
    return done[x->cut];
}

const char *explain_pass(const Explanation *x) {
    switch (x->stage) {
    case STAGE_CODEGEN: return "codegen";
    case STAGE_LEVEL: return "level";
    case STAGE_REWRITE: return opt_rule_pass(x->rule);
    case STAGE_OUTSIDE: return "outside";
    default: return "";
    }
}

static bool result_differs(const Explanation *x) {
    for (uint32_t i = 0; i < x->nresult; i++)
        if (memcmp(&x->result[i].want, &x->result[i].got, sizeof(Value)) != 0) return true;
    return false;
}

/* What the instruction itself gets wrong. */
static uint32_t own_field(const Explanation *x) {
    if (result_differs(x)) return WHAT_VALUE;
    switch (op_info[x->op].kind) {
    case KIND_CONTROL:
    case KIND_DIVIDE: /* these may trap by themselves */
    case KIND_TRUNC:
    case KIND_LOAD:
    case KIND_VLOAD_EXTEND:
    case KIND_VLOAD_SPLAT:
    case KIND_VLOAD_ZERO:
    case KIND_VLOAD_LANE:
    case KIND_TABLE:
    case KIND_MEMORY: return x->verdict.what;
    case KIND_STORE:
    case KIND_VSTORE_LANE: return x->verdict.what == WHAT_CRASH ? WHAT_CRASH : WHAT_MEMORY;
    case KIND_GLOBAL: return x->op == OP_GLOBAL_SET ? WHAT_GLOBAL : WHAT_VALUE;
    default: return WHAT_VALUE;
    }
}

Bucket explain_bucket(const Explanation *x) {
    Bucket b = x->verdict;
    bool other = b.what == WHAT_VERIFY || b.what == WHAT_QEMU || b.what == WHAT_HANG || x->cut;
    if (x->has_op && !other) {
        b.what = own_field(x);
        snprintf(b.op, sizeof b.op, "%s", op_info[x->op].text);
    }
    if (explain_tells(x) && !other) snprintf(b.pass, sizeof b.pass, "%s", explain_pass(x));
    return b;
}
