/* Instantiation (spec 4.5.4): link, allocate in the region, evaluate initializers, copy segments, start. */
#include <assert.h>
#include <string.h>
#include "run/mixed.h"
#include "run/store.h"
#include "wasm/decode.h"

/* -- Constant expressions ------------------------------------------------------- */

/* Values live at most as deep as the expression has instructions; validation has checked it. */
static Value eval_const(Store *s, const Instance *inst, const Module *m, ConstExpr e) {
    ArenaMark mark = arena_mark(&s->arena);
    Value *stack = ARENA_ARRAY(&s->arena, Value, e.end - e.at + 1);
    uint32_t n = 0;
    for (uint32_t at = e.at; at < e.end;) {
        Instr in;
        next_instr(m, at, &in);
        at = in.next;
        Value v = {.u64x2 = {0, 0}};
        switch (in.op) {
        case OP_I32_CONST:
            v.i32 = in.i32;
            stack[n++] = v;
            break;
        case OP_I64_CONST:
            v.i64 = in.i64;
            stack[n++] = v;
            break;
        case OP_F32_CONST:
            v.i32 = (uint32_t)in.i64;
            stack[n++] = v;
            break;
        case OP_F64_CONST:
            v.i64 = in.i64;
            stack[n++] = v;
            break;
        case OP_V128_CONST:
            memcpy(v.bytes, in.bytes, sizeof v.bytes);
            stack[n++] = v;
            break;
        case OP_GLOBAL_GET: stack[n++] = inst->globals[in.index]->value; break;
        case OP_REF_NULL: stack[n++] = v; break;
        case OP_REF_FUNC:
            v.ref = (uint64_t)(uintptr_t)inst->funcs[in.index];
            stack[n++] = v;
            break;
        case OP_I32_ADD:
            n--;
            stack[n - 1].i32 += stack[n].i32;
            break;
        case OP_I32_SUB:
            n--;
            stack[n - 1].i32 -= stack[n].i32;
            break;
        case OP_I32_MUL:
            n--;
            stack[n - 1].i32 *= stack[n].i32;
            break;
        case OP_I64_ADD:
            n--;
            stack[n - 1].i64 += stack[n].i64;
            break;
        case OP_I64_SUB:
            n--;
            stack[n - 1].i64 -= stack[n].i64;
            break;
        case OP_I64_MUL:
            n--;
            stack[n - 1].i64 *= stack[n].i64;
            break;
        case OP_END: at = e.end; break;
        default: assert(false && "validated constant expression");
        }
    }
    Value v = stack[0];
    arena_rewind(&s->arena, mark);
    return v;
}

/* -- Allocation --------------------------------------------------------------------- */

static void *field(Instance *inst, uint32_t offset) { return (char *)inst + offset; }

static Instance *new_instance(Store *s, const Module *m, const InstLayout *l) {
    Instance *inst = store_alloc(s, l->size, 64);
    inst->es = region_es(&s->region);
    inst->module = m;
    inst->id = s->insts.n;
    inst->nmems = m->memories.n;
    inst->ntables = m->tables.n;
    inst->nglobals = m->globals.n;
    inst->nfuncs = m->funcs.n;
    inst->nsigs = m->types.n;
    inst->ndatas = m->datas.n;
    inst->nelems = m->elems.n;
    inst->mems = field(inst, l->mems);
    inst->tables = field(inst, l->tables);
    inst->globals = field(inst, l->globals);
    inst->funcs = field(inst, l->funcs);
    inst->sigs = field(inst, l->sigs);
    inst->datas = field(inst, l->datas);
    inst->elems = field(inst, l->elems);
    store_sigs(s, m, inst->sigs);
    return inst;
}

static bool link_imports(Store *s, Instance *inst, const Module *m, Err *err) {
    for (uint32_t i = 0; i < m->imports.n; i++) {
        const Import *im = &m->imports.at[i];
        Extern x;
        if (!store_resolve(s, m, inst->sigs, i, &x, err)) return false;
        switch (im->kind) {
        case EXT_FUNC: inst->funcs[im->index] = x.p; break;
        case EXT_TABLE: inst->tables[im->index] = x.p; break;
        case EXT_MEMORY: inst->mems[im->index] = (MemView){((MemInst *)x.p)->base, x.p}; break;
        case EXT_GLOBAL: inst->globals[im->index] = x.p; break;
        default: assert(false && "kind of import");
        }
    }
    return true;
}

/* Adaptors for all that interpreted functions of the instance may call. */
static void make_adaptors(Store *s, const Instance *inst, const Module *m) {
    RegionHeader *h = region_header(&s->region);
    MixedAdaptors *old = (MixedAdaptors *)(uintptr_t)h->adaptors, *all = old;
    if (s->sigs.n > s->nadaptors) {
        all = store_alloc(s, 2 * s->sigs.n * sizeof *all, 16);
        if (s->nadaptors) memcpy(all, old, s->nadaptors * sizeof *all);
        s->nadaptors = 2 * s->sigs.n;
        h->adaptors = (uint64_t)(uintptr_t)all;
    }
    for (uint32_t i = 0; i < m->types.n; i++) {
        uint32_t sig = inst->sigs[i];
        if (m->types.at[i].kind != TYPE_FUNC || all[sig].entry) continue;
        all[sig].entry = store_adaptor(s, sig, ADAPTOR_ENTRY);
        all[sig].tail = store_adaptor(s, sig, ADAPTOR_TAIL);
    }
}

static void define_interpreted(Store *s, const InstRec *r, const InstLayout *l) {
    Instance *inst = r->inst;
    const Module *m = r->module;
    uint32_t nimp = m->nimported[EXT_FUNC];
    FuncInst *own = field(inst, l->own_funcs);
    if (!s->o.native) inst->module = mixed_module(&s->region, m);
    if (!inst->module) bail(&s->bail, BAIL_STORE_SPACE, "the store's memory is used up");
    make_adaptors(s, inst, m);
    for (uint32_t i = nimp; i < m->funcs.n; i++) {
        if (!bitset_has(r->code->interpreted, i)) continue;
        own[i - nimp].code = store_adaptor(s, own[i - nimp].sig, ADAPTOR_INTERP);
        own[i - nimp].ctx = &own[i - nimp];
    }
}

static void define_funcs(Store *s, InstRec *r, const InstLayout *l) {
    Instance *inst = r->inst;
    const Module *m = r->module;
    uint32_t nimp = m->nimported[EXT_FUNC];
    FuncInst *own = field(inst, l->own_funcs);
    for (uint32_t i = nimp; i < m->funcs.n; i++) {
        own[i - nimp] = (FuncInst){.ctx = inst, .sig = inst->sigs[m->funcs.at[i].type], .index = i, .inst = inst};
        if (r->code) own[i - nimp].code = s->region.base + REGION_CODE + r->code_at + r->code->func[i];
        inst->funcs[i] = &own[i - nimp];
    }
    if (r->code && r->code->interpreted) define_interpreted(s, r, l);
}

static void define_rest(Store *s, Instance *inst, const Module *m, const InstLayout *l) {
    TableInst *tables = field(inst, l->own_tables);
    for (uint32_t i = m->nimported[EXT_TABLE], k = 0; i < m->tables.n; i++, k++) {
        const Table *t = &m->tables.at[i];
        uint64_t *elem = t->inline_at == NO_INDEX ? NULL : (uint64_t *)field(inst, l->table_elems) + t->inline_at;
        inst->tables[i] =
            store_new_table(s, &tables[k], elem, store_type(inst->sigs, inst->nsigs, t->type), &t->limits);
    }
    MemInst *mems = field(inst, l->own_mems);
    for (uint32_t i = m->nimported[EXT_MEMORY], k = 0; i < m->memories.n; i++, k++) {
        MemInst *mem = store_new_mem(s, &mems[k], &m->memories.at[i].limits);
        inst->mems[i] = (MemView){mem->base, mem};
    }
    GlobalInst *globals = field(inst, l->own_globals);
    for (uint32_t i = m->nimported[EXT_GLOBAL], k = 0; i < m->globals.n; i++, k++) {
        const Global *g = &m->globals.at[i];
        ValType type = store_type(inst->sigs, inst->nsigs, g->type.type);
        inst->globals[i] = store_new_global(s, &globals[k], type, g->type.mutable, eval_const(s, inst, m, g->init));
    }
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++) {
        if (!m->tables.at[i].has_init) continue;
        uint64_t ref = eval_const(s, inst, m, m->tables.at[i].init).ref;
        for (uint32_t k = 0; k < inst->tables[i]->size; k++) inst->tables[i]->elem[k] = ref;
    }
}

/* -- Segments ------------------------------------------------------------------------- */

static void make_segments(Store *s, Instance *inst, const Module *m) {
    for (uint32_t i = 0; i < m->elems.n; i++) {
        const ElemSegment *e = &m->elems.at[i];
        uint64_t *ref = store_alloc(s, e->count * sizeof *ref, 8);
        for (uint32_t k = 0; k < e->count; k++)
            ref[k] = e->funcs ? (uint64_t)(uintptr_t)inst->funcs[e->funcs[k]] : eval_const(s, inst, m, e->exprs[k]).ref;
        inst->elems[i] = (ElemInst){ref, e->count};
    }
    for (uint32_t i = 0; i < m->datas.n; i++) {
        const DataSegment *d = &m->datas.at[i];
        uint8_t *bytes = store_alloc(s, d->n, 1);
        if (d->n) memcpy(bytes, m->bytes + d->bytes_at, d->n);
        inst->datas[i] = (DataInst){bytes, d->n};
    }
}

/* Active segments in order; an offset out of bounds traps and leaves what came before. */
static TrapKind copy_segments(Store *s, Instance *inst, const Module *m) {
    const LibCalls *lib = &lib_calls;
    inst->es->fuel = STORE_FUEL_MAX; /* instantiation costs nothing: the module's size bounds it */
    for (uint32_t i = 0; i < m->elems.n; i++) {
        const ElemSegment *e = &m->elems.at[i];
        if (e->mode == SEG_ACTIVE) {
            uint32_t at = eval_const(s, inst, m, e->offset).i32;
            uint32_t trap = lib->table_init(inst, e->table, i, at, 0, e->count);
            if (trap) return (TrapKind)trap;
        }
        if (e->mode != SEG_PASSIVE) lib->elem_drop(inst, i);
    }
    for (uint32_t i = 0; i < m->datas.n; i++) {
        const DataSegment *d = &m->datas.at[i];
        if (d->mode != SEG_ACTIVE) continue;
        uint32_t at = eval_const(s, inst, m, d->offset).i32;
        uint32_t trap = lib->memory_init(inst, d->memory, i, at, 0, d->n);
        if (trap) return (TrapKind)trap;
        lib->data_drop(inst, i);
    }
    return TRAP_NONE;
}

/* -- The whole --------------------------------------------------------------------------- */

static void load_code(Store *s, InstRec *r) {
    uint32_t size = (r->code->size + 63u) & ~63u;
    if (size > REGION_CODE_SIZE - s->region.code_at) bail(&s->bail, BAIL_CODE_SPACE, "code space is used up");
    r->code_at = s->region.code_at;
    if (r->code->size) memcpy(s->region.code_rw + r->code_at, r->code->bytes, r->code->size);
    s->region.code_at += size + 64;
    if (s->region.executes) {
        char *at = (char *)s->region.base + REGION_CODE + r->code_at;
        __builtin___clear_cache(at, at + r->code->size);
    }
}

static InstRec *instantiate(Store *s, const Module *m, const Code *code, Outcome *out) {
    InstLayout layout = instance_layout(m);
    InstRec *r = ARENA_NEW(&s->arena, InstRec);
    *r = (InstRec){.module = m, .code = code};
    if (code) load_code(s, r);
    r->inst = new_instance(s, m, &layout);
    if (!link_imports(s, r->inst, m, &out->err)) {
        out->kind = OUT_UNLINKABLE;
        return NULL;
    }
    vec_push(&s->arena, &s->insts, r);
    define_funcs(s, r, &layout);
    define_rest(s, r->inst, m, &layout);
    make_segments(s, r->inst, m);
    out->trap = copy_segments(s, r->inst, m);
    if (out->trap != TRAP_NONE) out->kind = OUT_TRAP;
    return r;
}

InstRec *store_instantiate(Store *s, const Module *m, const Code *code, Outcome *out) {
    *out = (Outcome){.kind = OUT_RETURN};
    err_clear(&out->err);
    if (BAIL_CATCH(&s->bail)) {
        out->kind = OUT_RESOURCE;
        err_at(&out->err, 0, ERR_NO_FUNC, ERR_LIMIT, "%s", s->bail.what);
        return NULL;
    }
    InstRec *r = instantiate(s, m, code, out);
    if (r && out->kind == OUT_RETURN && m->start != NO_INDEX) {
        FuncInst *f = r->inst->funcs[m->start];
        store_invoke(s, f, NULL, 0, out);
    }
    if (r) r->ready = out->kind == OUT_RETURN;
    return r;
}
