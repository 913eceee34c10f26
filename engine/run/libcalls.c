#include "run/libcalls.h"
#include "run/mixed.h"
#include <string.h>
#include "base/bits.h"
#include "base/map.h"
#include "wasm/validate.h"

static Region *region_of(const Instance *inst) {
    const LibHost *host = inst->es->host;
    return host->region;
}

/* Growth within the caps must succeed: when the host has no memory, the run is void. */
static uint64_t host_failed(const Region *r) {
    region_header(r)->host_failures++;
    return UINT64_MAX;
}

/* [at, at + n) inside [0, size)? */
static bool in_range(uint64_t at, uint64_t n, uint64_t size) { return n <= size && at <= size - n; }

/* What bulk instructions cost by their length (wasm/validate.h); `units` is far below 2^45, so fuel cannot wrap. */
static uint32_t charge(Instance *inst, uint64_t units) {
    ExecState *es = inst->es;
    es->fuel -= (int64_t)units;
    return es->fuel < 0 ? TRAP_FUEL : TRAP_NONE;
}

static uint32_t charge_bytes(Instance *inst, uint64_t n) { return charge(inst, n / FUEL_BULK_BYTES); }
static uint32_t charge_elems(Instance *inst, uint64_t n) { return charge(inst, n / FUEL_BULK_ELEMS); }

/* -- Memories --------------------------------------------------------------- */

static uint64_t memory_grow(Instance *inst, uint32_t mem, uint64_t delta) {
    MemInst *m = inst->mems[mem].mem;
    uint64_t old = m->pages;
    if (delta > m->max_pages - old) return UINT64_MAX;
    if (delta) {
        uint64_t bytes = (old + delta) * WASM_PAGE;
        Region *r = region_of(inst);
        if (!region_slot_resize(r, m->slot, bytes)) return host_failed(r);
        region_header(r)->slot_len[m->slot] = bytes;
        m->pages = old + delta;
        m->length = bytes;
    }
    return old;
}

static uint32_t memory_fill(Instance *inst, uint32_t mem, uint64_t dst, uint32_t byte, uint64_t n) {
    MemInst *m = inst->mems[mem].mem;
    if (!in_range(dst, n, m->length)) return TRAP_MEMORY_BOUNDS;
    if (charge_bytes(inst, n)) return TRAP_FUEL;
    if (n) memset(m->base + dst, (int)(byte & 0xff), n);
    return TRAP_NONE;
}

static uint32_t memory_copy(Instance *inst, uint32_t dst_mem, uint32_t src_mem, uint64_t dst, uint64_t src,
                            uint64_t n) {
    MemInst *d = inst->mems[dst_mem].mem, *s = inst->mems[src_mem].mem;
    if (!in_range(dst, n, d->length) || !in_range(src, n, s->length)) return TRAP_MEMORY_BOUNDS;
    if (charge_bytes(inst, n)) return TRAP_FUEL;
    if (n) memmove(d->base + dst, s->base + src, n);
    return TRAP_NONE;
}

static uint32_t memory_init(Instance *inst, uint32_t mem, uint32_t data, uint64_t dst, uint32_t src, uint32_t n) {
    MemInst *m = inst->mems[mem].mem;
    const DataInst *d = &inst->datas[data];
    if (!in_range(dst, n, m->length) || !in_range(src, n, d->size)) return TRAP_MEMORY_BOUNDS;
    if (charge_bytes(inst, n)) return TRAP_FUEL;
    if (n) memcpy(m->base + dst, d->bytes + src, n);
    return TRAP_NONE;
}

static void data_drop(Instance *inst, uint32_t data) { inst->datas[data].size = 0; }

/* -- Tables ------------------------------------------------------------------ */

static uint64_t table_grow(Instance *inst, uint32_t table, uint64_t delta, uint64_t ref) {
    TableInst *t = inst->tables[table];
    uint32_t old = t->size;
    if (delta > t->max - old) return UINT64_MAX;
    uint32_t size = old + (uint32_t)delta;
    if (size > t->capacity) {
        uint64_t cap = (uint64_t)t->capacity * 2;
        if (cap < size) cap = size;
        if (cap > t->max) cap = t->max;
        uint64_t *elem = region_alloc(region_of(inst), cap * sizeof *elem, sizeof *elem);
        if (!elem) return host_failed(region_of(inst));
        if (old) memcpy(elem, t->elem, old * sizeof *elem);
        t->elem = elem;
        t->capacity = (uint32_t)cap;
    }
    for (uint32_t i = old; i < size; i++) t->elem[i] = ref;
    t->size = size;
    return old;
}

static uint32_t table_fill(Instance *inst, uint32_t table, uint64_t dst, uint64_t ref, uint64_t n) {
    TableInst *t = inst->tables[table];
    if (!in_range(dst, n, t->size)) return TRAP_TABLE_BOUNDS;
    if (charge_elems(inst, n)) return TRAP_FUEL;
    for (uint64_t i = 0; i < n; i++) t->elem[dst + i] = ref;
    return TRAP_NONE;
}

static uint32_t table_copy(Instance *inst, uint32_t dst_table, uint32_t src_table, uint64_t dst, uint64_t src,
                           uint64_t n) {
    TableInst *d = inst->tables[dst_table], *s = inst->tables[src_table];
    if (!in_range(dst, n, d->size) || !in_range(src, n, s->size)) return TRAP_TABLE_BOUNDS;
    if (charge_elems(inst, n)) return TRAP_FUEL;
    if (n) memmove(d->elem + dst, s->elem + src, n * sizeof *d->elem);
    return TRAP_NONE;
}

static uint32_t table_init(Instance *inst, uint32_t table, uint32_t elem, uint64_t dst, uint32_t src, uint32_t n) {
    TableInst *t = inst->tables[table];
    const ElemInst *e = &inst->elems[elem];
    if (!in_range(dst, n, t->size) || !in_range(src, n, e->size)) return TRAP_TABLE_BOUNDS;
    if (charge_elems(inst, n)) return TRAP_FUEL;
    if (n) memcpy(t->elem + dst, e->refs + src, n * sizeof *t->elem);
    return TRAP_NONE;
}

static void elem_drop(Instance *inst, uint32_t elem) { inst->elems[elem].size = 0; }

/* -- Host functions ----------------------------------------------------------- */

static void log_word(RegionHeader *h, uint64_t *log, uint64_t w) {
    h->log_hash = hash_mix(h->log_hash * UINT64_C(0x9e3779b97f4a7c15) + w);
    if (h->log_used < REGION_LOG_SIZE / sizeof *log) log[h->log_used++] = w;
}

/* What a reference is to the module; a function's address says nothing. */
static uint64_t ref_identity(ValType t, uint64_t ref) {
    if (!ref || !vt_is_ref(t) || VT_HEAP(t) == (HEAP_ABSTRACT | HEAP_EXTERN)) return ref;
    const FuncInst *f = (const FuncInst *)(uintptr_t)ref;
    return ((uint64_t)(f->inst ? f->inst->id : UINT32_MAX) << 32 | f->index) + 1;
}

/* A value of type t made from 64 random bits.  NaNs are kept out: they are made canonical elsewhere. */
static Value made_up(ValType t, uint64_t bits) {
    Value v = {.u64x2 = {0, 0}};
    switch (t) {
    case VT_I32: v.i32 = (uint32_t)bits; break;
    case VT_I64: v.i64 = bits; break;
    case VT_F32: v.i32 = (uint32_t)bits & UINT32_C(0xbfffffff); break;
    case VT_F64: v.i64 = bits & UINT64_C(0xbfffffffffffffff); break;
    case VT_V128: v.u64x2[0] = bits, v.u64x2[1] = hash_mix(bits); break;
    default: break; /* references: null */
    }
    return v;
}

static uint32_t host_call(ExecState *es, FuncInst *f) {
    const LibHost *host = es->host;
    const HostFunc *hf = (const HostFunc *)(const void *)f;
    RegionHeader *h = region_header(host->region);
    uint64_t *log = region_log(host->region);
    log_word(h, log, (uint64_t)hf->nparam << 32 | f->index);
    for (uint32_t i = 0; i < hf->nparam; i++) {
        log_word(h, log, ref_identity(hf->type[i], es->args[i].u64x2[0]));
        log_word(h, log, es->args[i].u64x2[1]);
    }
    h->nlog_calls++;
    for (uint32_t i = 0; i < hf->nresult; i++)
        es->results[i] = made_up(hf->type[hf->nparam + i], hash_mix(h->log_hash + i));
    return TRAP_NONE;
}

const LibCalls lib_calls = {
    .memory_grow = memory_grow,
    .memory_fill = memory_fill,
    .memory_copy = memory_copy,
    .memory_init = memory_init,
    .data_drop = data_drop,
    .table_grow = table_grow,
    .table_fill = table_fill,
    .table_copy = table_copy,
    .table_init = table_init,
    .elem_drop = elem_drop,
    .host_call = host_call,
    .interpret = mixed_interpret,
    .call_code = mixed_call_code,
    .tail_call = mixed_tail_call,
};
