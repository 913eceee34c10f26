#include "oracles/legs/leg.h"
#include <assert.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdio.h>
#include <string.h>
#include "oracles/legs/remote.h"
#include "x64/target.h"

enum { CALL_TIMEOUT_S = 20, HOSTILE_REGS = 4 };

/* Extensions of the x86-64 processor this runs on; nothing on another ISA, where x64 code runs in an emulator. */
static CpuFeatures host_cpu(void) {
    CpuFeatures cpu = X64_CPU_BASE;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("bmi")) cpu |= X64_CPU_BMI1;
    if (__builtin_cpu_supports("bmi2")) cpu |= X64_CPU_BMI2;
    if (__builtin_cpu_supports("avx")) cpu |= X64_CPU_AVX;
    if (__builtin_cpu_supports("avx2")) cpu |= X64_CPU_AVX2;
    unsigned a, b, c = 0, d;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT)) cpu |= X64_CPU_LZCNT;
#endif
    return cpu;
}

static CpuFeatures knob_cpu(const LegSpec *s) {
    if (s->kind != LEG_X64 || s->cpu == CPU_BASELINE) return X64_CPU_BASE;
    if (s->cpu & VALUE_JOINS) return s->cpu & X64_CPU_ALL;
    return s->cpu == CPU_NATIVE ? host_cpu() : X64_CPU_ALL;
}

static void resource(StepResult *r, const char *what) {
    *r = (StepResult){.kind = OUT_RESOURCE, .site = {NO_INDEX, NO_INDEX, 0}};
    err_clear(&r->err);
    err_at(&r->err, 0, ERR_NO_FUNC, ERR_LIMIT, "%s", what);
}

CompileOptions leg_compile_options(const LegSpec *s) {
    bool emulated = strcmp(leg_kind_name(s->kind), worker_host_isa()) != 0;
    return (CompileOptions){
        .target = target_find(s->kind == LEG_A64 ? "a64" : "x64"),
        .level = s->level,
        .opt_limited = s->opt_limit != LEG_NO_LIMIT,
        .opt_limit = s->opt_limit,
        .mixed = s->mix != LEG_NO_LIMIT,
        .mix = s->mix,
        .interpret = s->interpret,
        .inline_leaves = s->inlining,
        .build = {.bounds = (BoundsMode)s->bounds,
                  .tables = (TablesMode)s->tables,
                  .spectre = s->spectre,
                  .fuel = s->interrupt == INTERRUPT_FUEL,
                  .epoch = s->interrupt == INTERRUPT_EPOCH,
                  .nan_canon = s->nan != NAN_NATIVE},
        .to = {.cpu = knob_cpu(s),
               .far_branches = s->far,
               .spectre = s->spectre,
               .stack = (StackMode)s->stack,
               .fault_charges = s->charge == 2 || (s->charge == 0 && emulated),
               .emulated = emulated,
               .probe_stores = strcmp(worker_host_isa(), "a64") == 0,
               .nan_canon = s->nan == NAN_CANONICAL || (s->nan == NAN_EXPLICIT && s->kind == LEG_X64)},
    };
}

Target leg_target(const LegSpec *s) {
    Target t = *leg_compile_options(s).target;
    target_pin(&t, (leg_counts_fuel(s) ? 1u << PIN_FUEL : 0) | s->vmctx << PIN_CONTEXT);
    t.callconv = (CallConv)s->callconv;
    t.dear_memory = leg_compile_options(s).to.emulated;
    for (int c = 0; s->regs && c < RC_COUNT; c++)
        if (t.norder[c] > HOSTILE_REGS) t.norder[c] = HOSTILE_REGS;
    return t;
}

static void set_compile_options(Leg *l) {
    l->compile = leg_compile_options(&l->spec);
    if (l->spec.cpu) l->compile.to.cpu &= host_cpu();
    l->target = leg_target(&l->spec);
    l->compile.target = &l->target;
    l->compile.to.rule_hits = l->rule_hits;
    l->compile.stages = l->plant;
    if (l->spec.plant) {
        plant_stages_init(&l->planted, l->spec.plant, l->plant);
        l->compile.stages = &l->planted.stages;
        l->compile.adaptor_stages = &l->planted.adaptors;
    }
    if (l->spec.verify) {
        l->check_adaptors.next = l->compile.adaptor_stages;
        check_stages_init(&l->check, l->compile.stages);
        l->compile.stages = &l->check.stages;
        l->compile.adaptor_stages = &l->check_adaptors.stages;
    }
}

static bool open_local(Leg *l, uint32_t number, char *why, size_t why_size) {
    StoreOptions o = {.region = number};
    if (l->spec.kind != LEG_INTERP && !l->spec.interp) {
        const char *isa = leg_kind_name(l->spec.kind);
        check_stages_init(&l->check_adaptors, NULL);
        set_compile_options(l);
        o.compile = &l->compile;
        o.native = strcmp(isa, worker_host_isa()) == 0;
        o.exec = executor_here;
        if (o.native) o.time_ns = UINT64_C(1000000000) * CALL_TIMEOUT_S; /* the worker is watched from here */
        if (!o.native) {
            char emulator[256], binary[256];
            if (!worker_command(isa, emulator, binary, why, why_size)) return false;
            worker_init(&l->worker, isa, UINT64_C(1000000000) * CALL_TIMEOUT_S);
            o.exec = worker_executor(&l->worker);
        }
    }
    const char *reason;
    l->open = store_open(&l->store, &o, &reason);
    if (!l->open) snprintf(why, why_size, "%s", reason);
    return l->open;
}

bool leg_open(Leg *l, const LegSpec *spec, uint32_t number, char *why, size_t why_size) {
    const Stages *plant = l->plant;
    *l = (Leg){.spec = *spec, .plant = plant};
    if (!spec->full) return open_local(l, number, why, why_size);
    l->remote = remote_open(spec, why, why_size);
    return l->remote != NULL;
}

void leg_close(Leg *l) {
    if (l->remote) remote_close(l->remote);
    if (l->open) {
        if (l->worker.isa) worker_stop(&l->worker, &l->store.region);
        store_close(&l->store);
    }
    l->open = false;
    l->remote = NULL;
}

void leg_set_knobs(Leg *l, const LegSpec *spec) {
    assert(spec->kind == l->spec.kind && !spec->full && !l->spec.full);
    l->spec = *spec;
    if (l->spec.kind != LEG_INTERP)
        set_compile_options(l); /* the store has adaptors by what code pins; other knobs do not matter to them */
}

void leg_limit_time(Leg *l, uint64_t ns) {
    if (l->remote)
        remote_limit_time(l->remote, ns);
    else if (l->worker.timeout_ns > ns)
        l->worker.timeout_ns = ns;
    if (l->store.o.time_ns > ns) l->store.o.time_ns = ns;
}

bool leg_has_second_emulator(const Leg *l) {
    char emulator[256], why[300];
    if (!l->remote && !l->worker.isa) return false;
    return worker_second_emulator(leg_kind_name(l->spec.kind), emulator, why, sizeof why);
}

void leg_renew(Leg *l, bool second) {
    if (l->remote) {
        remote_renew(l->remote, second);
    } else if (l->worker.isa) {
        worker_stop(&l->worker, &l->store.region);
        l->worker.second = second;
    }
}

bool leg_front_key(const Leg *l, FrontKey *key) {
    return !l->remote && l->store.o.compile && compile_front_key(&l->compile, key);
}

bool leg_reset(Leg *l, const StoreLimits *limits) {
    return l->remote ? remote_reset(l->remote, limits) : store_reset(&l->store, limits);
}

/* A verifier that fires is a bug of the compiler: this leg crashes on the module. */
static bool verifier_fired(const CheckStages *c, StepResult *r) {
    if (!c->failed) return false;
    *r = (StepResult){.kind = OUT_CRASH, .site = {NO_INDEX, NO_INDEX, 0}};
    snprintf(r->err.text, sizeof r->err.text, "%.119s", c->report);
    return true;
}

bool leg_load(Leg *l, Arena *a, const Module *m, LegModule *out, StepResult *fail) {
    *out = (LegModule){.module = m};
    if (l->remote) return remote_load(l->remote, m, &out->remote, fail);
    if (!l->store.o.compile) return true;
    CompileError e;
    l->check.failed = false;
    out->code = compile_module(a, m, &l->compile, &l->times, &e);
    l->ncompiled++;
    if (!out->code) {
        resource(fail, e.what);
        return false;
    }
    return !verifier_fired(&l->check, fail);
}

int32_t leg_instantiate(Leg *l, const LegModule *m, StepResult *r) {
    if (l->remote) return remote_instantiate(l->remote, m->remote, r);
    Outcome out;
    InstRec *rec = store_instantiate(&l->store, m->module, m->code, &out);
    step_result_from(r, &out);
    verifier_fired(&l->check_adaptors, r);
    return rec ? (int32_t)rec->inst->id : -1;
}

bool leg_register(Leg *l, Name name, int32_t inst) {
    if (l->remote) return remote_register(l->remote, name, inst);
    return store_register(&l->store, name, l->store.insts.at[inst]);
}

static FuncInst *find_func(const Leg *l, int32_t inst, Name name, uint32_t nargs) {
    InstRec *rec = l->store.insts.at[inst];
    const Export *e = module_find_export(rec->module, name.at, name.n);
    if (!e || e->kind != EXT_FUNC) return NULL;
    FuncInst *f = store_exported_func(rec, e);
    return store_func_type(&l->store, f)->nparam == nargs ? f : NULL;
}

bool leg_invoke(Leg *l, int32_t inst, Name name, const Value *args, uint32_t nargs, StepResult *r) {
    if (l->remote) return remote_invoke(l->remote, inst, name, args, nargs, r);
    FuncInst *f = find_func(l, inst, name, nargs);
    if (!f) return false;
    Outcome out;
    store_invoke(&l->store, f, args, nargs, &out);
    step_result_from(r, &out);
    verifier_fired(&l->check_adaptors, r);
    return true;
}

typedef struct Told {
    const Leg *leg;
    LegCallDone *done;
    void *user;
    const uint32_t *number; /* of each invocation among the calls */
} Told;

static void tell(void *user, uint32_t i, const Outcome *out) {
    const Told *t = user;
    StepResult r;
    step_result_from(&r, out);
    verifier_fired(&t->leg->check_adaptors, &r);
    t->done(t->user, t->number[i], &r);
}

void leg_invoke_all(Leg *l, Arena *a, int32_t inst, const LegCall *call, uint32_t n, LegCallDone *done, void *user) {
    if (l->remote) {
        StepResult r = {.kind = OUT_RETURN};
        for (uint32_t i = 0; i < n && r.kind <= OUT_UNLINKABLE; i++)
            if (remote_invoke(l->remote, inst, call[i].name, call[i].args, call[i].nargs, &r)) done(user, i, &r);
        return;
    }
    Invocation *in = ARENA_ARRAY(a, Invocation, n);
    uint32_t *number = ARENA_ARRAY(a, uint32_t, n), k = 0;
    for (uint32_t i = 0; i < n; i++) {
        FuncInst *f = find_func(l, inst, call[i].name, call[i].nargs);
        if (!f) continue;
        number[k] = i;
        in[k++] = (Invocation){f, call[i].args, call[i].nargs};
    }
    store_invoke_all(&l->store, in, k, tell, &(Told){l, done, user, number});
}

bool leg_global(Leg *l, int32_t inst, Name name, Value *v, ValType *type) {
    if (l->remote) return remote_global(l->remote, inst, name, v, type);
    InstRec *rec = l->store.insts.at[inst];
    const Export *e = module_find_export(rec->module, name.at, name.n);
    if (!e || e->kind != EXT_GLOBAL) return false;
    const GlobalInst *g = store_exported_global(rec, e);
    *v = g->value;
    v->u64x2[0] = observe_ref(g->type, v->u64x2[0]);
    *type = g->type;
    return true;
}

void leg_observe(Leg *l, Observation *o) {
    if (l->remote)
        remote_observe(l->remote, o);
    else
        observe_state(o, &l->store);
}
