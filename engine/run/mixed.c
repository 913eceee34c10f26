#include "run/mixed.h"
#include <string.h>
#include "interp/interp.h"
#include "run/exec.h"
#include "run/store.h"
#include "wasm/validate.h"

static LibHost *host_of(const ExecState *es) { return (LibHost *)es->host; }

/* A process that cannot go on for want of memory: the run is void. */
static uint32_t no_memory(const Region *r) {
    region_header(r)->host_failures++;
    return TRAP_HOST;
}

/* An interpreted call, or several that called each other, has trapped. */
static bool record_sites(LibHost *h, TrapKind trap) {
    ExecCall *c = h->call;
    if (c->trap_kind == TRAP_NONE) c->trap_kind = trap;
    if (!c->site) c->site = region_alloc(h->region, BACKTRACE_MAX * sizeof *c->site, _Alignof(TrapSite));
    if (!c->site) return false;
    for (uint32_t i = 0; i < h->trace.n && c->nframe < BACKTRACE_MAX; i++) {
        c->frame[c->nframe] = 0;
        c->site[c->nframe++] = h->trace.frame[i];
    }
    c->depth += h->trace.depth;
    return true;
}

uint32_t mixed_interpret(ExecState *es, FuncInst *f) {
    LibHost *h = host_of(es);
    if (!h->stack) h->stack = interp_stack_new(STORE_DEPTH_MAX);
    if (!h->stack) return no_memory(h->region);
    TrapKind trap = interp_call(h->stack, es, f, &h->trace);
    if (trap == TRAP_NONE || (uint32_t)trap == STATUS_TAIL_CALL) return (uint32_t)trap;
    return record_sites(h, trap) ? (uint32_t)trap : no_memory(h->region);
}

static const MixedAdaptors *adaptors_of(const LibHost *h, const FuncInst *f) {
    return (const MixedAdaptors *)(uintptr_t)region_header(h->region)->adaptors + f->sig;
}

uint32_t mixed_call_code(ExecState *es, FuncInst *f) {
    const LibHost *h = host_of(es);
    uint32_t trap = exec_enter(h->region, adaptors_of(h, f)->entry, f);
    if (trap == TRAP_NONE) return TRAP_NONE;
    exec_record_trap(h->region, h->call);
    return h->call->trap_kind; /* the innermost: on its way through adaptors each has become TRAP_HOST */
}

uint32_t mixed_tail_call(ExecState *es, FuncInst *f) {
    es->tail_code = adaptors_of(host_of(es), f)->tail;
    es->tail_func = f;
    return STATUS_TAIL_CALL;
}

/* -- Modules in the region ---------------------------------------------------- */

static void *copy(const Region *r, const void *from, size_t n, bool *ok) {
    void *to = region_alloc(r, n ? n : 1, 16);
    if (!to)
        *ok = false;
    else if (n)
        memcpy(to, from, n);
    return to;
}

#define COPY(r, from, n, ok) copy((r), (from), (n) * sizeof *(from), (ok))

const Module *mixed_module(const Region *r, const Module *m) {
    bool ok = true;
    Module *to = region_alloc(r, sizeof *to, _Alignof(Module));
    if (!to) return NULL;
    *to = (Module){.size = m->size, .features = m->features, .start = m->start, .has_vectors = m->has_vectors};
    to->bytes = COPY(r, m->bytes, m->size, &ok);
    to->funcs.at = COPY(r, m->funcs.at, m->funcs.n, &ok);
    to->types.at = COPY(r, m->types.at, m->types.n, &ok);
    to->bodies.at = COPY(r, m->bodies.at, m->bodies.n, &ok);
    if (!ok) return NULL;
    to->funcs.n = m->funcs.n;
    to->types.n = m->types.n;
    to->bodies.n = m->bodies.n;
    for (uint32_t i = 0; i < m->types.n && ok; i++) {
        FuncType *t = &to->types.at[i].func;
        if (m->types.at[i].kind != TYPE_FUNC) continue;
        t->param = COPY(r, t->param, t->nparam, &ok);
        t->result = COPY(r, t->result, t->nresult, &ok);
    }
    for (uint32_t i = 0; i < m->bodies.n && ok; i++) {
        Body *b = &to->bodies.at[i];
        b->local = COPY(r, b->local, b->nlocal, &ok);
        b->side = COPY(r, b->side, b->nside, &ok);
    }
    return ok ? to : NULL;
}
