#include "oracles/observe.h"
#include <stdio.h>
#include <string.h>
#include "base/os.h"
#include "oracles/digest.h"

const char *field_name(FieldKind k) {
    static const char *const name[] = {
#define F(id, name, what) name,
        FIELD_LIST(F)
#undef F
    };
    return name[k];
}

void observation_init(Observation *o, Arena *a) { *o = (Observation){.arena = a}; }

static void add(Observation *o, FieldKind k, uint16_t step, uint32_t index, uint32_t sub, uint64_t a, uint64_t b) {
    Field f = {(uint16_t)k, step, index, sub, {a, b}};
    vec_push(o->arena, &o->field, f);
}

void observe_resource(Observation *o, const char *why) {
    o->resource = true;
    snprintf(o->why, sizeof o->why, "%s", why);
}

void observe_module(Observation *o, const Err *err) {
    add(o, FIELD_MODULE, STEP_MODULE, 0, 0, err_class(err->code), err->code == ERR_NONE ? 0 : err->at);
}

void observe_step(Observation *o, uint16_t step, const StepResult *r) {
    if (r->kind == OUT_RESOURCE) {
        observe_resource(o, r->err.text);
        return;
    }
    if (r->kind == OUT_CRASH || r->kind == OUT_HANG) o->crashed = true;
    if (r->kind == OUT_CRASH && r->err.text[0]) snprintf(o->why, sizeof o->why, "%s", r->err.text);
    bool interrupted = r->kind == OUT_TRAP && r->trap == TRAP_INTERRUPT; /* a hang that ended itself */
    if (interrupted) o->crashed = true;
    if (r->kind == OUT_HANG || interrupted) {
        o->hung = true;
        snprintf(o->why, sizeof o->why, "did not finish in time");
    }
    uint64_t detail = r->kind == OUT_UNLINKABLE ? ((uint64_t)r->err.code << 32 | r->err.at) : 0;
    add(o, FIELD_OUTCOME, step, 0, 0, interrupted ? OUT_HANG : r->kind, detail);
    if (o->crashed) return; /* what a crash leaves behind is no behaviour of the module's */
    if (r->kind == OUT_TRAP) {
        add(o, FIELD_TRAP, step, 0, 0, r->trap, 0);
        add(o, FIELD_SITE, step, 0, 0, (uint64_t)r->site.instance << 32 | r->site.func, r->site.offset);
        add(o, FIELD_BACKTRACE, step, 0, 0, r->depth, r->trace);
    }
    uint32_t n = r->nresult < 16 ? r->nresult : 16;
    for (uint32_t i = 0; i < n; i++) add(o, FIELD_VALUE, step, i, 0, r->result[i].u64x2[0], r->result[i].u64x2[1]);
    if (r->nresult > 16) add(o, FIELD_VALUE, step, 16, 0, r->more, 0);
    add(o, FIELD_FUEL, step, 0, 0, (uint64_t)r->fuel, 0);
    add(o, FIELD_DEPTH, step, 0, 0, (uint64_t)r->depth_left, 0);
    add(o, FIELD_HOST_CALLS, step, 0, 0, r->nlog, r->log_hash);
}

uint64_t observe_ref(ValType t, uint64_t ref) {
    if (!ref || !vt_is_ref(t) || VT_HEAP(t) == (HEAP_ABSTRACT | HEAP_EXTERN)) return ref;
    const FuncInst *f = (const FuncInst *)(uintptr_t)ref;
    return ((uint64_t)(f->inst ? f->inst->id : UINT32_MAX) << 32 | f->index) + 1;
}

/* Tables are mostly null: each element that is not is a field; a long table is digested behind its first elements. */
enum { TABLE_FIELDS = 256 };

static void observe_table(Observation *o, const TableInst *t) {
    add(o, FIELD_TABLE_SIZE, STEP_STATE, t->id, 0, t->size, 0);
    uint32_t fields = 0;
    uint64_t rest = 0;
    for (uint32_t i = 0; i < t->size; i++) {
        if (!t->elem[i]) continue;
        uint64_t ref = observe_ref(t->type, t->elem[i]);
        if (fields++ < TABLE_FIELDS)
            add(o, FIELD_TABLE, STEP_STATE, t->id, i, ref, 0);
        else
            rest = digest_mix(rest, (uint64_t)i << 32 ^ ref);
    }
    if (rest) add(o, FIELD_TABLE, STEP_STATE, t->id, UINT32_MAX, rest, 0);
}

/* Most pages of a large memory nobody has touched, and reading would make each of them.  A page of zeros is as good as
 * one that is not there, since what reads memory makes pages, too. */
enum { SPARSE_FROM = 16 << 20 };

static uint64_t digest_sparse(const Region *r, const MemInst *m) {
    static const uint8_t zeros[OS_PAGE];
    uint64_t h = 0, from = 0, to = m->length;
    for (; region_slot_data(r, m->slot, &from, &to); from = to, to = m->length)
        for (uint64_t at = from & ~(uint64_t)(OS_PAGE - 1); at < to; at += OS_PAGE)
            if (memcmp(m->base + at, zeros, OS_PAGE) != 0) h = digest_mix(h + at, digest(m->base + at, OS_PAGE));
    return h;
}

static uint64_t digest_memory(const Region *r, const MemInst *m) {
    return m->length < SPARSE_FROM ? digest(m->base, m->length) : digest_sparse(r, m);
}

void observe_state(Observation *o, const Store *s) {
    for (uint32_t i = 0; i < s->mems.n; i++) {
        const MemInst *m = s->mems.at[i];
        add(o, FIELD_MEMORY_SIZE, STEP_STATE, i, 0, m->pages, m->length);
        add(o, FIELD_MEMORY, STEP_STATE, i, 0, digest_memory(&s->region, m), 0);
    }
    for (uint32_t i = 0; i < s->globals.n; i++) {
        const GlobalInst *g = s->globals.at[i];
        add(o, FIELD_GLOBAL, STEP_STATE, i, 0, observe_ref(g->type, g->value.u64x2[0]), g->value.u64x2[1]);
    }
    for (uint32_t i = 0; i < s->tables.n; i++) observe_table(o, s->tables.at[i]);
    for (uint32_t i = 0; i < s->insts.n; i++) {
        const Instance *inst = s->insts.at[i]->inst;
        for (uint32_t k = 0; k < inst->ndatas; k++) add(o, FIELD_DATA, STEP_STATE, i, k, inst->datas[k].size, 0);
        for (uint32_t k = 0; k < inst->nelems; k++) add(o, FIELD_ELEM, STEP_STATE, i, k, inst->elems[k].size, 0);
    }
}

void step_result_from(StepResult *r, const Outcome *out) {
    *r = (StepResult){.kind = out->kind,
                      .trap = out->trap,
                      .site = {NO_INDEX, NO_INDEX, 0},
                      .fuel = out->fuel,
                      .depth_left = out->depth,
                      .nlog = out->nlog,
                      .log_hash = out->log_hash,
                      .nresult = out->nresult,
                      .err = out->err};
    if (out->kind == OUT_TRAP && out->trace.n) {
        r->site = out->trace.frame[0];
        r->depth = out->trace.depth;
        for (uint32_t i = 0; i < out->trace.n; i++) {
            const TrapSite *t = &out->trace.frame[i];
            r->trace = digest_mix(r->trace, (uint64_t)t->instance << 32 ^ t->func);
            r->trace = digest_mix(r->trace, t->offset);
        }
    }
    for (uint32_t i = 0; i < out->nresult; i++) {
        Value v = out->result[i];
        v.u64x2[0] = observe_ref(out->type[i], v.u64x2[0]);
        if (i < 16) {
            r->result[i] = v;
            r->type[i] = out->type[i];
        } else {
            r->more = digest_mix(digest_mix(r->more, v.u64x2[0]), v.u64x2[1]);
        }
    }
}
