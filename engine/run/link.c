/* Linking: what an import is bound to (spec 4.5.3), with the types checked. */
#include <string.h>
#include "run/store.h"

/* Host objects of the suite's module "spectest" (reference interpreter's host module). */
struct Spectest {
    HostFunc *func[7];
    GlobalInst *global[4];
    TableInst *table;
    MemInst *memory;
};

typedef struct SpecFunc {
    const char *name;
    uint32_t nparam;
    ValType param[2];
} SpecFunc;
static const SpecFunc spec_func[7] = {
    {"print", 0, {0}},
    {"print_i32", 1, {VT_I32}},
    {"print_i64", 1, {VT_I64}},
    {"print_f32", 1, {VT_F32}},
    {"print_f64", 1, {VT_F64}},
    {"print_i32_f32", 2, {VT_I32, VT_F32}},
    {"print_f64_f64", 2, {VT_F64, VT_F64}},
};

typedef struct SpecGlobal {
    const char *name;
    ValType type;
} SpecGlobal;
static const SpecGlobal spec_global[4] = {
    {"global_i32", VT_I32}, {"global_i64", VT_I64}, {"global_f32", VT_F32}, {"global_f64", VT_F64}};

static bool name_is(Name n, const char *text) { return n.n == strlen(text) && memcmp(n.at, text, n.n) == 0; }

static struct Spectest *spectest(Store *s) {
    if (s->spectest) return s->spectest;
    struct Spectest *t = s->spectest = ARENA_NEW(&s->arena, struct Spectest);
    for (uint32_t i = 0; i < 7; i++)
        t->func[i] = store_host_func(s, store_sig(s, &(FuncType){spec_func[i].param, NULL, spec_func[i].nparam, 0}));
    Value v[4] = {{.u64x2 = {0, 0}}, {.u64x2 = {0, 0}}, {.u64x2 = {0, 0}}, {.u64x2 = {0, 0}}};
    v[0].i32 = 666;
    v[1].i64 = 666;
    v[2].f32 = 666.6f;
    v[3].f64 = 666.6;
    for (uint32_t i = 0; i < 4; i++) t->global[i] = store_new_global(s, NULL, spec_global[i].type, false, v[i]);
    t->table = store_new_table(s, NULL, NULL, VT_FUNCREF, &(Limits){.min = 10, .max = 20, .has_max = true});
    t->memory = store_new_mem(s, NULL, &(Limits){.min = 1, .max = 2, .has_max = true});
    return t;
}

static bool find_spectest(Store *s, Name name, Extern *out) {
    struct Spectest *t = spectest(s);
    for (uint32_t i = 0; i < 7; i++)
        if (name_is(name, spec_func[i].name)) return *out = (Extern){EXT_FUNC, &t->func[i]->f}, true;
    for (uint32_t i = 0; i < 4; i++)
        if (name_is(name, spec_global[i].name)) return *out = (Extern){EXT_GLOBAL, t->global[i]}, true;
    if (name_is(name, "table")) return *out = (Extern){EXT_TABLE, t->table}, true;
    if (name_is(name, "memory")) return *out = (Extern){EXT_MEMORY, t->memory}, true;
    return false;
}

static bool find_registered(const Store *s, const Import *im, Extern *out, bool *module_known) {
    for (uint32_t i = 0; i < s->names.n; i++) {
        const StoreName *n = &s->names.at[i];
        if (n->name.n != im->module.n || memcmp(n->name.at, im->module.at, n->name.n) != 0) continue;
        *module_known = true;
        const Export *e = module_find_export(n->inst->module, im->name.at, im->name.n);
        if (!e) return false;
        const Instance *inst = n->inst->inst;
        void *const p[] = {[EXT_FUNC] = e->kind == EXT_FUNC ? inst->funcs[e->index] : NULL,
                           [EXT_TABLE] = e->kind == EXT_TABLE ? inst->tables[e->index] : NULL,
                           [EXT_MEMORY] = e->kind == EXT_MEMORY ? inst->mems[e->index].mem : NULL,
                           [EXT_GLOBAL] = e->kind == EXT_GLOBAL ? inst->globals[e->index] : NULL};
        *out = (Extern){e->kind, p[e->kind]};
        return true;
    }
    return false;
}

/* An import nobody provides, made from its type. */
static Extern synthesize(Store *s, const Module *m, const uint32_t *sigs, const Import *im) {
    switch (im->kind) {
    case EXT_FUNC: return (Extern){EXT_FUNC, &store_host_func(s, sigs[m->funcs.at[im->index].type])->f};
    case EXT_TABLE: {
        const Table *t = &m->tables.at[im->index];
        ValType type = store_type(sigs, m->types.n, t->type);
        return (Extern){EXT_TABLE, store_new_table(s, NULL, NULL, type, &t->limits)};
    }
    case EXT_MEMORY: return (Extern){EXT_MEMORY, store_new_mem(s, NULL, &m->memories.at[im->index].limits)};
    default: {
        const Global *g = &m->globals.at[im->index];
        Value v = {.u64x2 = {0, 0}};
        if (vt_is_num(g->type.type)) v.i32 = 0x100; /* in bounds as a segment's offset, and not 0 */
        ValType type = store_type(sigs, m->types.n, g->type.type);
        return (Extern){EXT_GLOBAL, store_new_global(s, NULL, type, g->type.mutable, v)};
    }
    }
}

static bool limits_match(uint64_t have_min, uint64_t have_max, const Limits *want) {
    return have_min >= want->min && (!want->has_max || (have_max != UINT64_MAX && have_max <= want->max));
}

/* Both as they are known in the store.  The types there are: numbers, vectors, references to anything of the host's, to
 * any function, and to functions of a type. */
static bool value_matches(ValType have, ValType want) {
    if (have == want) return true;
    if (!vt_is_ref(have) || !vt_is_ref(want) || (have & VT_NULLABLE && !(want & VT_NULLABLE))) return false;
    uint32_t heap = VT_HEAP(want);
    return VT_HEAP(have) == heap || (VT_HEAP(have) < HEAP_ABSTRACT && heap == HEAP_ABSTRACT + HEAP_FUNC);
}

static bool extern_matches(const Module *m, const uint32_t *sigs, const Import *im, const Extern *x) {
    if (x->kind != im->kind) return false;
    switch (im->kind) {
    case EXT_FUNC: {
        const FuncInst *f = x->p;
        return f->sig == sigs[m->funcs.at[im->index].type];
    }
    case EXT_TABLE: {
        const TableInst *t = x->p;
        const Table *want = &m->tables.at[im->index];
        return t->type == store_type(sigs, m->types.n, want->type) && limits_match(t->size, t->type_max, &want->limits);
    }
    case EXT_MEMORY: {
        const MemInst *mem = x->p;
        return limits_match(mem->pages, mem->type_max, &m->memories.at[im->index].limits);
    }
    case EXT_GLOBAL: {
        const GlobalInst *g = x->p;
        const GlobalType *want = &m->globals.at[im->index].type;
        ValType type = store_type(sigs, m->types.n, want->type);
        if ((g->mutable != 0) != want->mutable) return false;
        return g->mutable ? g->type == type : value_matches(g->type, type);
    }
    default: return false;
    }
}

bool store_resolve(Store *s, const Module *m, const uint32_t *sigs, uint32_t i, Extern *out, Err *err) {
    const Import *im = &m->imports.at[i];
    bool known = false;
    if (!find_registered(s, im, out, &known)) {
        bool found = false;
        if (!known && s->limits.spectest && name_is(im->module, "spectest"))
            found = known = find_spectest(s, im->name, out);
        if (!found) {
            if (!s->limits.synthesize || known || im->kind == EXT_TAG)
                return err_at(err, im->at, ERR_NO_FUNC, ERR_UNKNOWN_IMPORT, NULL);
            *out = synthesize(s, m, sigs, im);
        }
    }
    if (!extern_matches(m, sigs, im, out)) return err_at(err, im->at, ERR_NO_FUNC, ERR_IMPORT_TYPE, NULL);
    return true;
}
