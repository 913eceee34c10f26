/* api: a script of embedder's calls on all legs: instantiate (again), register under a name that others import, invoke
 * with odd arguments, also on what could not be instantiated, read globals, observe, reset.  After each call the legs
 * must have seen the same.
 *
 * Input: a byte with the number of modules, the script (a quarter of the rest), the modules' entropy in equal parts. An
 * input that is a module is used alone, with a script that its hash stands for. */
#include <string.h>
#include "base/map.h"
#include "fuzz/gen/entropy.h"
#include "fuzz/gen/gen.h"
#include "fuzz/targets/target.h"
#include "wasm/validate.h"

enum { MAX_MODULES = 3, MAX_CALLS = 40, MAX_INSTANCES = 16 };

TARGET_FAILURE(api__generator__module)

typedef enum CallKind {
    CALL_INSTANTIATE,
    CALL_REGISTER,
    CALL_INVOKE,
    CALL_GLOBAL,
    CALL_OBSERVE,
    CALL_RESET,
    CALL_KINDS
} CallKind;

typedef struct Call {
    CallKind kind;
    uint32_t module, instance; /* numbers, taken modulo what there is */
    Name name;
    uint32_t nargs;
    Value *args;
    bool synthesize;
} Call;

typedef struct Script {
    Arena *a;
    Entropy in;
    Module *module[MAX_MODULES];
    uint32_t nmodules;
    Call call[MAX_CALLS];
    uint32_t ncalls;
} Script;

/* -- Making the script ------------------------------------------------------------------------- */

/* Nothing but what a value of the type has; of functions an embedder has only null. */
static Value cut(ValType t, Value v) {
    if (t == VT_V128) return v;
    v.u64x2[1] = 0;
    if (t == VT_I32 || t == VT_F32) v.u64x2[0] &= UINT32_MAX;
    if (vt_is_ref(t)) v.u64x2[0] = t == VT_EXTERNREF ? v.u64x2[0] & 3 : 0;
    return v;
}

static Value odd_value(Entropy *e, ValType t) {
    static const uint64_t odd[] = {0, 1, UINT64_MAX, 0x80000000, 0x7fffffff, 65536, 0x7ff8000000000001, 0x7fc00001};
    Value v = {.u64x2 = {odd[entropy_pick(e, sizeof odd / sizeof *odd)], 0}};
    if (entropy_chance(e, 100)) v.u64x2[0] = entropy_bits(e, 8);
    v.u64x2[1] = v.u64x2[0] ^ 0xff;
    return cut(t, v);
}

static Name any_name(Script *s, const Module *m) {
    static const Name unknown = {"no such name", 12}, empty = {"", 0};
    if (entropy_chance(&s->in, 12)) return unknown;
    if (!m->exports.n) return empty;
    return m->exports.at[entropy_pick(&s->in, m->exports.n)].name;
}

/* A name that some module imports from. */
static Name import_name(Script *s) {
    const Module *m = s->module[entropy_pick(&s->in, s->nmodules)];
    if (!m->imports.n) return (Name){"env", 3};
    return m->imports.at[entropy_pick(&s->in, m->imports.n)].module;
}

static void fill_invoke(Script *s, Call *c) {
    const Module *m = s->module[c->module];
    c->name = any_name(s, m);
    const Export *e = module_find_export(m, c->name.at, c->name.n);
    const FuncType *t = e && e->kind == EXT_FUNC ? module_func_type(m, e->index) : NULL;
    c->nargs = t ? t->nparam : entropy_pick(&s->in, 3);
    if (entropy_chance(&s->in, 12)) c->nargs += 1; /* does not fit: must be refused */
    c->args = ARENA_ARRAY(s->a, Value, c->nargs);
    for (uint32_t i = 0; i < c->nargs; i++) c->args[i] = odd_value(&s->in, t && i < t->nparam ? t->param[i] : VT_I32);
}

static void make_script(Script *s) {
    static const uint8_t weight[CALL_KINDS] = {30, 20, 120, 20, 15, 5};
    uint32_t n = 4 + entropy_pick(&s->in, MAX_CALLS - 3);
    for (s->ncalls = 0; s->ncalls < n; s->ncalls++) {
        Call *c = &s->call[s->ncalls];
        *c = (Call){.kind = s->ncalls == 0 ? CALL_INSTANTIATE : (CallKind)entropy_weighted(&s->in, weight, CALL_KINDS)};
        c->module = entropy_pick(&s->in, s->nmodules);
        c->instance = entropy_u8(&s->in);
        c->synthesize = !entropy_chance(&s->in, 40);
        if (c->kind == CALL_INVOKE) fill_invoke(s, c);
        if (c->kind == CALL_GLOBAL) c->name = any_name(s, s->module[c->module]);
        if (c->kind == CALL_REGISTER) c->name = import_name(s);
    }
}

/* -- Running it on a leg ---------------------------------------------------------------------------- */

typedef struct Run {
    Leg *leg;
    const Script *script;
    Observation *o;
    LegModule module[MAX_MODULES];
    int32_t instance[MAX_INSTANCES];
    uint32_t of[MAX_INSTANCES]; /* its module */
    uint32_t ninstances;
    uint16_t step;
} Run;

static void refused(Run *r) {
    observe_step(r->o, r->step, &(StepResult){.kind = OUT_UNLINKABLE, .site = {NO_INDEX, NO_INDEX, 0}});
}

static bool reset(Run *r, bool synthesize) {
    StoreLimits l = {.fuel = 30000,
                     .depth = 1 << 18,
                     .max_pages = 65536, /* what nobody touches costs little */
                     .max_elems = 10000,
                     .synthesize = synthesize,
                     .spectest = true};
    r->ninstances = 0;
    if (leg_reset(r->leg, &l)) return true;
    r->o->resource = true;
    return false;
}

static void instantiate(Run *r, const Call *c) {
    StepResult result;
    int32_t i = leg_instantiate(r->leg, &r->module[c->module], &result);
    observe_step(r->o, r->step, &result);
    if (i < 0 || r->ninstances == MAX_INSTANCES) return;
    r->instance[r->ninstances] = i;
    r->of[r->ninstances++] = c->module;
}

/* The instance that the call means: one of its module where there is one, so that names fit. */
static int32_t instance_of(const Run *r, const Call *c) {
    for (uint32_t i = 0; i < r->ninstances; i++) {
        uint32_t k = (c->instance + i) % r->ninstances;
        if (r->of[k] == c->module) return r->instance[k];
    }
    return r->ninstances ? r->instance[c->instance % r->ninstances] : -1;
}

/* The arguments as values of the types that the export takes: they were made for a function of that name, perhaps of
 * another module.  What a type does not use is 0 (store.h). */
static const Value *arguments(const Run *r, int32_t instance, const Call *c) {
    const Module *m = NULL;
    for (uint32_t i = 0; i < r->ninstances; i++)
        if (r->instance[i] == instance) m = r->script->module[r->of[i]];
    const Export *e = m ? module_find_export(m, c->name.at, c->name.n) : NULL;
    const FuncType *t = e && e->kind == EXT_FUNC ? module_func_type(m, e->index) : NULL;
    if (!t || t->nparam != c->nargs) return c->args; /* will be refused */
    Value *args = ARENA_ARRAY(r->script->a, Value, c->nargs);
    for (uint32_t i = 0; i < c->nargs; i++) args[i] = cut(t->param[i], c->args[i]);
    return args;
}

static void do_call(Run *r, const Call *c) {
    StepResult result;
    Value v;
    ValType t;
    int32_t i = instance_of(r, c);
    if (c->kind == CALL_INSTANTIATE)
        instantiate(r, c);
    else if (c->kind == CALL_RESET)
        reset(r, c->synthesize);
    else if (c->kind == CALL_OBSERVE)
        leg_observe(r->leg, r->o);
    else if (i < 0)
        refused(r);
    else if (c->kind == CALL_REGISTER)
        leg_register(r->leg, c->name, i);
    else if (c->kind == CALL_INVOKE) {
        if (leg_invoke(r->leg, i, c->name, arguments(r, i, c), c->nargs, &result))
            observe_step(r->o, r->step, &result);
        else
            refused(r);
    } else if (leg_global(r->leg, i, c->name, &v, &t)) {
        result = (StepResult){.kind = OUT_RETURN, .nresult = 1, .result = {v}, .type = {t}};
        observe_step(r->o, r->step, &result);
    } else
        refused(r);
}

static void run_leg(Leg *leg, const Script *s, Arena *a, Observation *o) {
    Run r = {.leg = leg, .script = s, .o = o};
    StepResult fail;
    observation_init(o, a);
    if (!reset(&r, true)) return;
    for (uint32_t i = 0; i < s->nmodules; i++) {
        if (leg_load(leg, a, s->module[i], &r.module[i], &fail)) continue;
        observe_step(o, STEP_INSTANTIATE, &fail);
        return;
    }
    for (; r.step < s->ncalls && !o->crashed && !o->resource; r.step++) do_call(&r, &s->call[r.step]);
    if (!o->crashed && !o->resource) leg_observe(leg, o);
}

static void run(Panel *p, const Script *s, Arena *a, Case *c, uint32_t nlegs) {
    const Observation *obs[MAX_LEGS];
    for (uint32_t i = 0; i < nlegs; i++) {
        run_leg(&p->differ.leg[i], s, a, &c->obs[i]);
        obs[i] = &c->obs[i];
    }
    verdict_make(&c->verdict, obs, nlegs);
}

/* -- The input ----------------------------------------------------------------------------------------- */

static bool add_module(Script *s, const uint8_t *bytes, uint32_t n, bool generated) {
    Err err;
    Module *m = module_decode_valid(s->a, bytes, n, FEATURES_WASM3, &err);
    bool ok = m != NULL;
    if (!ok && generated) parallax_finding__api__generator__module(err.text);
    if (ok) s->module[s->nmodules++] = m;
    return ok;
}

static bool read_input(Script *s, const uint8_t *data, uint32_t n) {
    if (input_is_module(data, n)) {
        uint64_t hash = hash_bytes(data, n, 0);
        s->in = entropy_of(arena_alloc(s->a, 8, 8), 8, true);
        memcpy((uint8_t *)(uintptr_t)s->in.at, &hash, 8);
        return add_module(s, data, n, false);
    }
    uint32_t modules = n ? 1 + data[0] % MAX_MODULES : 1, rest = n ? n - 1 : 0, script = rest / 4,
             part = (rest - script) / modules;
    const uint8_t *at = data + (n ? 1 : 0);
    s->in = entropy_of(at, script, true);
    at += script;
    for (uint32_t i = 0; i < modules; i++, at += part) {
        uint32_t size;
        const uint8_t *m = gen_module(s->a, at, part, &size, NULL);
        if (!add_module(s, m, size, true)) return false;
    }
    return true;
}

const bool target_takes_malformed = false;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Case c;
    Panel *p = size <= TARGET_MAX_INPUT ? target_panel() : NULL;
    if (!p) return 0;
    Arena *a = target_arena();
    Script s = {.a = a};
    if (read_input(&s, data, (uint32_t)size)) {
        make_script(&s);
        p->by_bits = true; /* the NaN probe follows a case, not a script with several modules */
        panel_choose(p, hash_bytes(data, size, 1));
        run(p, &s, a, &c, p->nlegs);
        if (c.verdict.kind == VERDICT_DISAGREE) run(p, &s, a, &c, p->nall); /* the jury */
        if (c.verdict.kind == VERDICT_DISAGREE) {
            Bucket b = target_say("api", p, &c);
            target_abort(&b);
        }
    }
    return 0;
}
