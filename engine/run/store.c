#include "run/store.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "base/os.h"
#include "code/es.h"
#include "run/apply.h"
#include "run/signals.h"
#include "run/watch.h"
#include "wasm/validate.h"

_Static_assert(ES_ARGS_OFFSET == offsetof(ExecState, args) && ES_RESULTS_OFFSET == offsetof(ExecState, results),
               "code/es.h must match wasm/store.h");
_Static_assert(ES_TRAP_STUB(1) == offsetof(ExecState, trap_stub) + 8 && ES_LIB(1) == offsetof(ExecState, lib) + 8,
               "code/es.h must match wasm/store.h");
_Static_assert(ES_EPOCH == offsetof(ExecState, epoch) && ES_DEADLINE == offsetof(ExecState, deadline) &&
                   ES_STACK_LIMIT == offsetof(ExecState, stack_limit) &&
                   ES_NAN_NATIVE == offsetof(ExecState, nan_native) && ES_TRAP_COUNT == TRAP_COUNT &&
                   CODE_TRAP_INTERRUPT == TRAP_INTERRUPT,
               "code/es.h must match wasm/store.h");
_Static_assert((int)REGION_GUARD_SIZE == (int)STACK_GUARD_BYTES, "code/target.h must match run/region.h");
_Static_assert(ES_STACK_TOP == offsetof(ExecState, stack_top), "code/es.h must match wasm/store.h");

/* Native stack that recursion can take: a frame of cost c has at most 8 c + 4096 bytes (emit.h) and the two words of
 * its link. One that has anything to spill has a local or an operand.  Library calls get what is left. */
enum { LEAST_COST = FRAME_COST_BASE + 16, LIBRARY_STACK = 1 << 20 };
_Static_assert(STORE_DEPTH_MAX / LEAST_COST * (8 * LEAST_COST + 4096 + 16) + LIBRARY_STACK <=
                   REGION_STACK_SIZE - STACK_GUARD_BYTES,
               "depth is to run out before the native stack");

void *store_alloc(Store *s, uint64_t size, uint64_t align) {
    void *p = region_alloc(&s->region, size, align);
    if (!p) bail(&s->bail, BAIL_STORE_SPACE, "the store's memory is used up");
    return p;
}

/* -- Stubs and adaptors ------------------------------------------------------ */

/* Stubs are written once, at the start of CODE. */
static bool write_stubs(Store *s) {
    Arena tmp;
    arena_init(&tmp, &s->bail);
    if (BAIL_CATCH(&s->bail)) {
        arena_free(&tmp);
        return false;
    }
    CodeBuf cb;
    StubOffsets off;
    code_init(&cb, &tmp);
    s->o.compile->target->emit_stubs(&cb, &off);
    memcpy(s->region.code_rw, cb.code.at, cb.code.n);
    uint8_t *code = s->region.base + REGION_CODE;
    ExecState *es = region_es(&s->region);
    for (uint32_t k = 0; k < TRAP_COUNT; k++) es->trap_stub[k] = code + off.trap[k];
    es->exit_stub = code + off.exit;
    s->apply_at = off.apply;
    uint8_t *stack = s->region.base + REGION_STACK;
    es->stack_limit = (uint64_t)(uintptr_t)stack + STACK_GUARD_BYTES + STACK_C_BYTES;
    es->stack_top = stack + REGION_STACK_SIZE;
    s->stubs_at = (uint32_t)bits_align(cb.code.n, 64);
    assert(off.enter == 0);
    arena_free(&tmp);
    return true;
}

/* What an adaptor loads from slots it may load whole, since they are zero-extended; what it stores there it must extend
 * by its type. */
static ValType slot_type(ValType t, bool loaded) {
    if (loaded && (t == VT_F32 || t == VT_F64)) return VT_V128;
    return vt_is_ref(t) || (loaded && t == VT_I32) ? VT_I64 : t;
}

/* The signature whose adaptor serves this one: many share one, which saves compiling it, and translating it under an
 * emulator. */
static uint32_t serving_sig(Store *s, uint32_t sig, AdaptorKind kind) {
    if (!s->sigs.at[sig].serves[kind]) {
        bool takes = kind == ADAPTOR_HOST || kind == ADAPTOR_INTERP; /* stores parameters, loads results */
        FuncType t = s->sigs.at[sig].type;
        ValType *v = ARENA_ARRAY(&s->arena, ValType, t.nparam + t.nresult);
        for (uint32_t i = 0; i < t.nparam; i++) v[i] = slot_type(t.param[i], !takes);
        for (uint32_t i = 0; i < t.nresult; i++) v[t.nparam + i] = slot_type(t.result[i], takes);
        uint32_t serves = store_sig(s, &(FuncType){v, v + t.nparam, t.nparam, t.nresult});
        s->sigs.at[sig].serves[kind] = serves + 1;
    }
    return s->sigs.at[sig].serves[kind] - 1;
}

/* All arguments have registers, whichever the convention. */
static bool in_registers(const FuncType *t, const Target *target) {
    uint32_t used[RC_COUNT] = {[RC_INT] = 1}; /* the context */
    for (uint32_t i = 0; i < t->nparam; i++) {
        bool is_int = t->param[i] == VT_I32 || t->param[i] == VT_I64 || vt_is_ref(t->param[i]);
        used[is_int ? RC_INT : RC_FLOAT]++;
    }
    return used[RC_INT] <= target->narg[RC_INT] && used[RC_FLOAT] <= target->narg[RC_FLOAT];
}

/* The target for the adaptor, with what does not matter to it at one value, so that it is made once. */
static Target adaptor_target(const FuncType *t, AdaptorKind kind, const Target *of) {
    Target target = *of;
    if (kind == ADAPTOR_ENTRY) target_pin(&target, of->pins | 1u << PIN_FUEL); /* it has no use for the register */
    if ((kind == ADAPTOR_ENTRY || kind == ADAPTOR_HOST) && in_registers(t, of)) target.callconv = CALLCONV_STATE;
    return target;
}

const void *store_adaptor(Store *s, uint32_t sig, AdaptorKind kind) {
    uint32_t serving = serving_sig(s, sig, kind); /* may move them */
    SigRec *r = &s->sigs.at[serving];
    Target t = adaptor_target(&r->type, kind, s->o.compile->target);
    uint32_t *at = &r->adaptor[kind][t.callconv][t.pins];
    if (!*at) {
        Arena tmp;
        CompileError e;
        CompileOptions o = *s->o.compile;
        o.target = &t;
        arena_init(&tmp, NULL);
        const Code *c = compile_adaptor(&tmp, &r->type, kind, &o, &e);
        bool fits = c && s->stubs_at + c->size <= REGION_STUBS_SIZE;
        if (fits) {
            memcpy(s->region.code_rw + s->stubs_at, c->bytes, c->size);
            *at = s->stubs_at;
            s->stubs_at = (uint32_t)bits_align(s->stubs_at + c->size, 64);
        }
        arena_free(&tmp);
        if (!fits) bail(&s->bail, BAIL_CODE_SPACE, "no room for an adaptor");
    }
    return s->region.base + REGION_CODE + *at;
}

static void forget_sigs(Store *s) {
    arena_reset(&s->forever);
    memset(&s->sigs, 0, sizeof s->sigs);
    map_init(&s->sig_map, &s->forever);
}

/* -- Life ----------------------------------------------------------------------- */

static bool make_executable(Store *s, const char **why) {
    exec_attach(&s->region, &s->lib_host);
    if (s->o.compile) {
        *why = "the stubs cannot be made";
        if (!write_stubs(s)) return false;
        *why = "no memory for the signal handlers' stack";
        return signals_init();
    }
    *why = "no memory for the interpreter's stack";
    s->stack = interp_stack_new(STORE_DEPTH_MAX);
    return s->stack != NULL;
}

bool store_open(Store *s, const StoreOptions *o, const char **why) {
    *s = (Store){.o = *o};
    arena_init(&s->arena, &s->bail);
    arena_init(&s->forever, &s->bail);
    map_init(&s->sig_map, &s->forever);
    *why = "the store's region cannot be mapped";
    if (region_make(&s->region, o->region, o->compile && o->native) && make_executable(s, why)) return true;
    store_close(s);
    return false;
}

void store_close(Store *s) {
    if (s->stack) interp_stack_free(s->stack);
    if (s->lib_host.stack) interp_stack_free(s->lib_host.stack);
    arena_free(&s->arena);
    arena_free(&s->forever);
    region_free(&s->region);
}

/* Begin again where CODE is nearly used up; who executes is told what will be overwritten. */
static bool reuse_code(Store *s) {
    uint32_t from = REGION_STUBS_SIZE, to = 0;
    if (s->region.code_at > REGION_CODE_SIZE / 2) {
        to = s->region.code_at;
        s->region.code_at = REGION_STUBS_SIZE;
    }
    if (s->sigs.n > STORE_SIGS_MAX || (s->o.compile && s->stubs_at > REGION_STUBS_SIZE * 3 / 4)) {
        forget_sigs(s);
        from = 0;
        if (to < s->stubs_at) to = s->stubs_at;
        if (s->o.compile && !write_stubs(s)) return false;
    }
    if (to && s->o.compile) s->o.exec.flush(s->o.exec.user, &s->region, from, to);
    return true;
}

bool store_reset(Store *s, const StoreLimits *limits) {
    assert(limits->fuel >= 0 && limits->fuel <= STORE_FUEL_MAX);
    assert(limits->depth >= 0 && limits->depth <= STORE_DEPTH_MAX);
    s->limits = *limits;
    region_reset(&s->region);
    arena_reset(&s->arena);
    memset(&s->insts, 0, sizeof s->insts);
    memset(&s->names, 0, sizeof s->names);
    memset(&s->mems, 0, sizeof s->mems);
    memset(&s->tables, 0, sizeof s->tables);
    memset(&s->globals, 0, sizeof s->globals);
    memset(&s->hosts, 0, sizeof s->hosts);
    s->nadaptors = 0;
    s->spectest = NULL;
    return reuse_code(s);
}

/* -- Objects ----------------------------------------------------------------------- */

static FuncType copy_type(Arena *a, const FuncType *t) {
    ValType *v = ARENA_ARRAY(a, ValType, t->nparam + t->nresult);
    if (t->nparam) memcpy(v, t->param, t->nparam * sizeof *v);
    if (t->nresult) memcpy(v + t->nparam, t->result, t->nresult * sizeof *v);
    return (FuncType){v, v + t->nparam, t->nparam, t->nresult};
}

static uint64_t hash_type(const FuncType *t) {
    uint64_t params = hash_bytes(t->param, t->nparam * sizeof *t->param, t->nparam);
    return hash_bytes(t->result, t->nresult * sizeof *t->result, params);
}

uint32_t store_sig(Store *s, const FuncType *t) {
    uint64_t key = hash_type(t);
    /* types of the same hash stand under the keys that follow */
    for (uint32_t i; map_get(&s->sig_map, key, &i); key++)
        if (functype_equal(&s->sigs.at[i].type, t)) return i;
    SigRec r = {.type = copy_type(&s->forever, t)};
    vec_push(&s->forever, &s->sigs, r);
    map_put(&s->sig_map, key, s->sigs.n - 1);
    return s->sigs.n - 1;
}

/* The type whose definition is being read, as its own parameter or result. */
enum { HEAP_SELF = HEAP_ABSTRACT - 1 };
_Static_assert((int)STORE_SIGS_MAX < (int)HEAP_SELF - MAX_TYPES, "no signature has its number");

ValType store_type(const uint32_t *sigs, uint32_t known, ValType t) {
    uint32_t heap = VT_HEAP(t);
    if (!vt_is_ref(t) || heap >= HEAP_ABSTRACT) return t;
    return (t & (VT_REF | VT_NULLABLE)) | (heap < known ? sigs[heap] : HEAP_SELF);
}

static void store_types(const uint32_t *sigs, uint32_t known, const ValType *t, uint32_t n, ValType *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = store_type(sigs, known, t[i]);
}

void store_sigs(Store *s, const Module *m, uint32_t *sigs) {
    for (uint32_t i = 0; i < m->types.n; i++) {
        const FuncType *t = &m->types.at[i].func;
        if (m->types.at[i].kind != TYPE_FUNC) continue;
        ArenaMark mark = arena_mark(&s->arena);
        ValType *v = ARENA_ARRAY(&s->arena, ValType, t->nparam + t->nresult);
        store_types(sigs, i, t->param, t->nparam, v);
        store_types(sigs, i, t->result, t->nresult, v + t->nparam);
        sigs[i] = store_sig(s, &(FuncType){v, v + t->nparam, t->nparam, t->nresult});
        arena_rewind(&s->arena, mark);
    }
}

const FuncType *store_func_type(const Store *s, const FuncInst *f) { return &s->sigs.at[f->sig].type; }

HostFunc *store_host_func(Store *s, uint32_t sig) {
    const FuncType *t = &s->sigs.at[sig].type;
    HostFunc *h = store_alloc(s, sizeof *h + (t->nparam + t->nresult) * sizeof(uint32_t), 16);
    h->f = (FuncInst){.ctx = h, .sig = sig, .index = s->hosts.n};
    h->nparam = t->nparam;
    h->nresult = t->nresult;
    for (uint32_t i = 0; i < t->nparam; i++) h->type[i] = t->param[i];
    for (uint32_t i = 0; i < t->nresult; i++) h->type[t->nparam + i] = t->result[i];
    if (s->o.compile) h->f.code = store_adaptor(s, h->f.sig, ADAPTOR_HOST);
    vec_push(&s->arena, &s->hosts, h);
    return h;
}

MemInst *store_new_mem(Store *s, MemInst *place, const Limits *l) {
    MemInst *m = place ? place : store_alloc(s, sizeof *m, 16);
    uint64_t cap = s->limits.max_pages, top = UINT64_C(1) << (l->is64 ? 48 : 16);
    uint64_t max = l->has_max && l->max < top ? l->max : top;
    if (max > cap) max = cap;
    if (l->min > (cap > 65536 ? 65536 : cap)) bail(&s->bail, BAIL_STORE_SPACE, "a memory is larger than the cap");
    if (max > 65536) max = 65536;
    if (max < l->min) max = l->min;
    uint64_t bytes = l->min * WASM_PAGE;
    uint32_t slot = region_take_slot(&s->region, bytes);
    if (slot == REGION_SLOTS_MAX) bail(&s->bail, BAIL_STORE_SPACE, "too many memories");
    *m = (MemInst){.base = region_slot(&s->region, slot),
                   .length = bytes,
                   .pages = l->min,
                   .max_pages = max,
                   .type_max = l->has_max ? l->max : UINT64_MAX,
                   .slot = slot,
                   .id = s->mems.n};
    if (!region_slot_resize(&s->region, m->slot, bytes)) bail(&s->bail, BAIL_MEMORY, "no address space for a memory");
    region_header(&s->region)->slot_len[m->slot] = bytes;
    vec_push(&s->arena, &s->mems, m);
    return m;
}

TableInst *store_new_table(Store *s, TableInst *place, uint64_t *elem, ValType type, const Limits *l) {
    TableInst *t = place ? place : store_alloc(s, sizeof *t, 16);
    uint32_t max = l->has_max && l->max < s->limits.max_elems ? (uint32_t)l->max : s->limits.max_elems;
    if (l->min > s->limits.max_elems) bail(&s->bail, BAIL_STORE_SPACE, "a table is larger than the cap");
    if (max < l->min) max = (uint32_t)l->min;
    *t = (TableInst){.size = (uint32_t)l->min,
                     .capacity = (uint32_t)l->min,
                     .max = max,
                     .type = type,
                     .type_max = l->has_max ? l->max : UINT64_MAX,
                     .id = s->tables.n};
    t->elem = elem ? elem : store_alloc(s, l->min * sizeof *t->elem, 16);
    vec_push(&s->arena, &s->tables, t);
    return t;
}

GlobalInst *store_new_global(Store *s, GlobalInst *place, ValType type, bool mutable, Value v) {
    GlobalInst *g = place ? place : store_alloc(s, sizeof *g, 16);
    *g = (GlobalInst){.value = v, .type = type, .mutable = mutable, .id = s->globals.n};
    vec_push(&s->arena, &s->globals, g);
    return g;
}

bool store_register(Store *s, Name name, InstRec *inst) {
    for (uint32_t i = 0; i < s->names.n; i++) {
        StoreName *n = &s->names.at[i];
        if (n->name.n == name.n && memcmp(n->name.at, name.at, name.n) == 0) {
            n->inst = inst;
            return true;
        }
    }
    if (BAIL_CATCH(&s->bail)) return false;
    vec_push(&s->arena, &s->names, ((StoreName){name, inst}));
    return true;
}

FuncInst *store_exported_func(const InstRec *r, const Export *e) { return r->inst->funcs[e->index]; }
GlobalInst *store_exported_global(const InstRec *r, const Export *e) { return r->inst->globals[e->index]; }

/* -- Invocation ----------------------------------------------------------------------- */

static bool set_resource(Outcome *out, const char *what) {
    out->kind = OUT_RESOURCE;
    err_clear(&out->err);
    return err_at(&out->err, 0, ERR_NO_FUNC, ERR_LIMIT, "%s", what);
}

bool store_callable(const Store *s, const FuncInst *f) {
    if (!f->inst) return true;
    const Module *m = s->insts.at[f->inst->id]->module;
    return bitset_has(&m->declared_funcs, f->index) || f->index == m->start;
}

bool store_takes(const Store *s, const FuncInst *f, const Value *v, uint32_t n) {
    const FuncType *t = store_func_type(s, f);
    if (n != t->nparam) return false;
    for (uint32_t i = 0; i < n; i++) {
        bool half = t->param[i] == VT_I32 || t->param[i] == VT_F32;
        if (half && v[i].u64x2[0] > UINT32_MAX) return false;
        if (t->param[i] != VT_V128 && v[i].u64x2[1]) return false;
    }
    return true;
}

static Batch *make_batch(Store *s, const Invocation *in, uint32_t n) {
    Batch *b = store_alloc(s, sizeof *b, 16);
    const BuildOptions *o = &s->o.compile->build;
    *b = (Batch){.n = n, .fuel = s->limits.fuel, .depth = s->limits.depth, .time_ns = o->epoch ? s->o.time_ns : 0};
    region_es(&s->region)->nan_native = !s->o.compile->to.nan_canon;
    if (!o->fuel) b->fuel = STORE_FUEL_MAX; /* for bulk instructions, which count it themselves */
    b->call = store_alloc(s, n * sizeof *b->call, 16);
    for (uint32_t i = 0; i < n; i++) {
        const FuncType *t = store_func_type(s, in[i].func);
        ExecCall *c = &b->call[i];
        assert(store_takes(s, in[i].func, in[i].args, in[i].nargs) && store_callable(s, in[i].func));
        c->func = in[i].func;
        c->args = store_alloc(s, (t->nparam + t->nresult) * sizeof(Value), 16);
        c->results = c->args + t->nparam;
        if (!s->o.compile->adaptor_stages && apply_takes(t, s->o.compile->target)) {
            c->code = s->region.base + REGION_CODE + s->apply_at;
            c->apply = store_alloc(s, sizeof *c->apply, 16);
            apply_prepare(c, t, s->o.compile->target, in[i].args);
        } else {
            c->code = store_adaptor(s, c->func->sig, ADAPTOR_ENTRY);
            c->nargs = t->nparam;
            c->nresult = t->nresult;
            if (c->nargs) memcpy(c->args, in[i].args, c->nargs * sizeof(Value));
        }
    }
    return b;
}

void store_interrupt(Store *s) { es_interrupt(region_es(&s->region)); }

static Outcome outcome_of(const Store *s, const ExecCall *c) {
    const FuncType *t = store_func_type(s, c->func);
    if (c->apply && c->trap_kind == TRAP_NONE) apply_results(c, t, s->o.compile->target);
    Outcome out = {.kind = OUT_RETURN,
                   .nresult = t->nresult,
                   .result = c->results,
                   .type = t->result,
                   .fuel = c->fuel,
                   .depth = c->depth_left,
                   .nlog = c->nlog,
                   .log_hash = c->log_hash};
    if (c->trap_kind != TRAP_NONE) {
        out.nresult = 0;
        out.kind = store_trace(s, c, &out) ? OUT_TRAP : OUT_CRASH;
    }
    return out;
}

static void invoke_compiled(Store *s, const Invocation *in, uint32_t n, InvocationDone *done, void *user) {
    Outcome out = {.kind = OUT_RETURN};
    if (BAIL_CATCH(&s->bail)) {
        set_resource(&out, s->bail.what);
        done(user, 0, &out);
        return;
    }
    Batch *b = make_batch(s, in, n);
    ExecStatus st = s->o.exec.run(s->o.exec.user, &s->region, b);
    bool lost = !region_sync_slots(&s->region); /* nothing can be looked at */
    uint32_t i = 0;
    for (; i < b->done && !lost && !b->call[i].host_failures; i++) {
        out = outcome_of(s, &b->call[i]);
        done(user, i, &out);
        if (out.kind == OUT_CRASH) return;
    }
    if (i == n) return;
    out = (Outcome){.kind = st == EXEC_HUNG ? OUT_HANG : OUT_CRASH};
    if (lost || region_header(&s->region)->host_failures) set_resource(&out, "the host is out of memory");
    if (st == EXEC_LACKS) set_resource(&out, "the executing process cannot be started");
    done(user, i, &out);
}

static void invoke_interpreted(Store *s, const Invocation *in, Outcome *out) {
    ExecState *es = region_es(&s->region);
    const RegionHeader *h = region_header(&s->region);
    const FuncType *t = store_func_type(s, in->func);
    assert(store_takes(s, in->func, in->args, in->nargs));
    *out = (Outcome){.kind = OUT_RETURN, .nresult = t->nresult, .result = es->results, .type = t->result};
    if (in->nargs) memcpy(es->args, in->args, in->nargs * sizeof(Value));
    es->fuel = s->limits.fuel;
    es->depth = s->limits.depth;
    out->trap =
        in->func->inst ? interp_call(s->stack, es, in->func, &out->trace) : (TrapKind)es->lib.host_call(es, in->func);
    out->fuel = es->fuel;
    out->depth = es->depth;
    out->nlog = h->nlog_calls;
    out->log_hash = h->log_hash;
    if (out->trap != TRAP_NONE) {
        out->kind = OUT_TRAP;
        out->nresult = 0;
    }
    if (h->host_failures) set_resource(out, "the host is out of memory");
}

void store_invoke_all(Store *s, const Invocation *in, uint32_t n, InvocationDone *done, void *user) {
    if (s->o.compile) {
        if (n) invoke_compiled(s, in, n, done, user);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        Outcome out;
        invoke_interpreted(s, &in[i], &out);
        done(user, i, &out);
        if (out.kind == OUT_RESOURCE) return;
    }
}

static void keep_outcome(void *user, uint32_t i, const Outcome *out) {
    (void)i;
    *(Outcome *)user = *out;
}

void store_invoke(Store *s, FuncInst *f, const Value *args, uint32_t nargs, Outcome *out) {
    Invocation in = {f, args, nargs};
    store_invoke_all(s, &in, 1, keep_outcome, out);
}
