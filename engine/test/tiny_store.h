/* Modules assembled byte by byte, and a store that knows just enough to run them: for tests of what is
 * below run/.  A header of static functions, for one test program each. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/leb128.h"
#include "interp/interp.h"
#include "wasm/decode.h"
#include "wasm/validate.h"

/* -- Assembling modules --------------------------------------------------------- */

enum { /* the byte of each opcode; behind a prefix: the number */
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) B_##id = (code),
#include "wasm/opcode.def"
#undef OP
       B_FC = 0xfc,
       VOID = 0x40,
       I32 = VT_I32,
       I64 = VT_I64,
       F32 = VT_F32,
       F64 = VT_F64,
       FUNCREF = 0x70
};

typedef struct Bytes {
    const uint8_t *at;
    uint32_t n;
} Bytes;
#define B(...) ((Bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

/* A function: its type is number i of the module for function i, imports first. */
typedef struct FuncSpec {
    const char *type;  /* "il_f": i32 i64 -> f32; r is a funcref */
    const char *local; /* "ll": declared locals */
    Bytes code;        /* without the final end; none: imported */
} FuncSpec;

/* FUNC(type, locals, code ...) */
#define FUNC(type_, local_, ...) \
    { .type = (type_), .local = (local_), .code = B(__VA_ARGS__) }
#define IMPORT(type_) \
    { .type = (type_) }

typedef struct ModuleSpec {
    FuncSpec func[16];
    const char *type[4];   /* further types */
    uint8_t memory[4];     /* pages + 1 of each memory; maximum 4 */
    uint8_t table;         /* size + 1 of a funcref table, maximum 20 */
    Bytes elem;            /* functions to put there, from 0 on */
    uint8_t import_memory; /* the first memory is imported */
    const char *global;    /* types of mutable globals, zero at first */
    Bytes data;            /* a passive segment */
} ModuleSpec;

typedef struct Builder {
    uint8_t at[8192];
    uint32_t n;
} Builder;

static void put(Builder *b, uint8_t byte) { b->at[b->n++] = byte; }
static void put_leb(Builder *b, uint32_t v) { b->n += leb_put_u64(b->at + b->n, v); }
static void put_bytes(Builder *b, const uint8_t *p, uint32_t n) {
    if (n) memcpy(b->at + b->n, p, n);
    b->n += n;
}
static void put_section(Builder *b, uint8_t id, const Builder *body) {
    put(b, id);
    put_leb(b, body->n);
    put_bytes(b, body->at, body->n);
}
static uint8_t type_byte(char c) { return c == 'i' ? I32 : c == 'l' ? I64 : c == 'f' ? F32 : c == 'd' ? F64 : FUNCREF; }
static void put_types(Builder *b, const char *s, uint32_t n) {
    put_leb(b, n);
    for (uint32_t i = 0; i < n; i++) put(b, type_byte(s[i]));
}
static void put_func_type(Builder *b, const char *s) {
    const char *results = strchr(s, '_') + 1;
    put(b, 0x60);
    put_types(b, s, (uint32_t)(results - 1 - s));
    put_types(b, results, (uint32_t)strlen(results));
}
static void put_limits(Builder *b, uint8_t least, uint8_t most) {
    put(b, 1);
    put(b, least);
    put(b, most);
}

static void put_type_section(Builder *b, const ModuleSpec *s, uint32_t nfunc) {
    Builder o = {.n = 0};
    uint32_t n = nfunc;
    while (n - nfunc < 4 && s->type[n - nfunc]) n++;
    put_leb(&o, n);
    for (uint32_t i = 0; i < n; i++) put_func_type(&o, i < nfunc ? s->func[i].type : s->type[i - nfunc]);
    put_section(b, 1, &o);
}

static void put_import_section(Builder *b, const ModuleSpec *s, uint32_t nimport) {
    Builder o = {.n = 0};
    put_leb(&o, nimport + s->import_memory);
    for (uint32_t i = 0; i < nimport; i++) put_bytes(&o, (const uint8_t[]){0, 0, 0, (uint8_t)i}, 4);
    if (s->import_memory) put_bytes(&o, (const uint8_t[]){0, 0, 2, 1, (uint8_t)(s->memory[0] - 1), 4}, 6);
    put_section(b, 2, &o);
}

static void put_code_section(Builder *b, const ModuleSpec *s, uint32_t nimport, uint32_t nfunc) {
    Builder o = {.n = 0};
    put_leb(&o, nfunc - nimport);
    for (uint32_t i = nimport; i < nfunc; i++) {
        const FuncSpec *f = &s->func[i];
        Builder body = {.n = 0};
        const char *local = f->local ? f->local : "";
        put_leb(&body, (uint32_t)strlen(local));
        for (; *local; local++) put(&body, 1), put(&body, type_byte(*local));
        put_bytes(&body, f->code.at, f->code.n);
        put(&body, B_END);
        put_leb(&o, body.n);
        put_bytes(&o, body.at, body.n);
    }
    put_section(b, 10, &o);
}

static void build(Builder *b, const ModuleSpec *s) {
    uint32_t nfunc = 0, nimport = 0, nmem = 0;
    Builder o;
    while (nfunc < 16 && s->func[nfunc].type) nimport += s->func[nfunc++].code.n == 0;
    b->n = 0;
    put_bytes(b, (const uint8_t[]){0, 'a', 's', 'm', 1, 0, 0, 0}, 8);
    put_type_section(b, s, nfunc);
    put_import_section(b, s, nimport);
    o.n = 0;
    put_leb(&o, nfunc - nimport);
    for (uint32_t i = nimport; i < nfunc; i++) put_leb(&o, i);
    put_section(b, 3, &o);
    if (s->table) {
        o.n = 0;
        put(&o, 1), put(&o, FUNCREF), put_limits(&o, (uint8_t)(s->table - 1), 20);
        put_section(b, 4, &o);
    }
    while (nmem < 4 && s->memory[nmem]) nmem++;
    o.n = 0;
    put_leb(&o, nmem - s->import_memory);
    for (uint32_t i = s->import_memory; i < nmem; i++) put_limits(&o, (uint8_t)(s->memory[i] - 1), 4);
    put_section(b, 5, &o);
    if (s->global) {
        o.n = 0;
        put_leb(&o, (uint32_t)strlen(s->global));
        for (const char *g = s->global; *g; g++) {
            static const uint8_t zeros[8];
            put(&o, type_byte(*g)), put(&o, 1);
            put(&o, (uint8_t)(*g == 'i'   ? B_I32_CONST
                              : *g == 'l' ? B_I64_CONST
                              : *g == 'f' ? B_F32_CONST
                                          : B_F64_CONST));
            put_bytes(&o, zeros, *g == 'f' ? 4 : *g == 'd' ? 8 : 1);
            put(&o, B_END);
        }
        put_section(b, 6, &o);
    }
    if (s->elem.n) {
        o.n = 0;
        put_bytes(&o, (const uint8_t[]){1, 0, B_I32_CONST, 0, B_END}, 5);
        put_leb(&o, s->elem.n);
        put_bytes(&o, s->elem.at, s->elem.n);
        put_section(b, 9, &o);
    }
    o.n = 0;
    put(&o, s->data.n != 0);
    put_section(b, 12, &o);
    put_code_section(b, s, nimport, nfunc);
    o.n = 0;
    put(&o, s->data.n != 0);
    if (s->data.n) put(&o, 1), put_leb(&o, s->data.n), put_bytes(&o, s->data.at, s->data.n);
    put_section(b, 11, &o);
}

/* -- A store ---------------------------------------------------------------------- */

enum { DEPTH = 1 << 20, FUEL = 1000000000, MAX_SIGS = 64 };

typedef struct World World;
struct World {
    ExecState es;
    InterpStack *stack;
    Arena arena;
    Backtrace bt;
    uint32_t ninst;
    FuncType sig[MAX_SIGS];
    uint32_t nsig;
    /* What the host did, and does. */
    uint32_t (*host)(World *w, FuncInst *f);
    uint32_t ncalls;
    Value seen[8]; /* arguments of the last call */
    Instance *inst;
    FuncInst *callback;
    /* The last library call, and what it says. */
    const char *lib_name;
    uint64_t lib_arg[6];
    uint32_t lib_status;
};

static World *world_of(ExecState *es) { return (World *)(uintptr_t)es->host; }

static uint32_t sig_number(World *w, const FuncType *t) {
    for (uint32_t i = 0; i < w->nsig; i++)
        if (functype_equal(&w->sig[i], t)) return i;
    assert_true(w->nsig < MAX_SIGS);
    w->sig[w->nsig] = *t;
    return w->nsig++;
}

static uint32_t lib(Instance *inst, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    World *w = world_of(inst->es);
    w->lib_name = name;
    memcpy(w->lib_arg, (uint64_t[6]){a, b, c, d, e}, sizeof w->lib_arg);
    return w->lib_status;
}
static uint64_t lib_memory_grow(Instance *inst, uint32_t mem, uint64_t delta) {
    MemInst *m = inst->mems[mem].mem;
    lib(inst, "memory_grow", mem, delta, 0, 0, 0);
    if (delta > m->max_pages - m->pages) return UINT64_MAX;
    m->pages += delta;
    m->length = m->pages * WASM_PAGE;
    return m->pages - delta;
}
static uint32_t lib_memory_fill(Instance *inst, uint32_t mem, uint64_t dst, uint32_t byte, uint64_t n) {
    return lib(inst, "memory_fill", mem, dst, byte, n, 0);
}
static uint32_t lib_memory_copy(Instance *inst, uint32_t to, uint32_t from, uint64_t dst, uint64_t src, uint64_t n) {
    return lib(inst, "memory_copy", to, from, dst, src, n);
}
static uint32_t lib_memory_init(Instance *inst, uint32_t mem, uint32_t data, uint64_t dst, uint32_t src, uint32_t n) {
    return lib(inst, "memory_init", mem, data, dst, src, n);
}
static void lib_data_drop(Instance *inst, uint32_t data) { lib(inst, "data_drop", data, 0, 0, 0, 0); }
static uint64_t lib_table_grow(Instance *inst, uint32_t table, uint64_t delta, uint64_t ref) {
    return lib(inst, "table_grow", table, delta, ref, 0, 0) ? UINT64_MAX : inst->tables[table]->size;
}
static uint32_t lib_table_fill(Instance *inst, uint32_t table, uint64_t dst, uint64_t ref, uint64_t n) {
    return lib(inst, "table_fill", table, dst, ref, n, 0);
}
static uint32_t lib_table_copy(Instance *inst, uint32_t to, uint32_t from, uint64_t dst, uint64_t src, uint64_t n) {
    return lib(inst, "table_copy", to, from, dst, src, n);
}
static uint32_t lib_table_init(Instance *inst, uint32_t table, uint32_t elem, uint64_t dst, uint32_t src, uint32_t n) {
    return lib(inst, "table_init", table, elem, dst, src, n);
}
static void lib_elem_drop(Instance *inst, uint32_t elem) { lib(inst, "elem_drop", elem, 0, 0, 0, 0); }
static uint32_t lib_host_call(ExecState *es, FuncInst *f) {
    World *w = world_of(es);
    w->ncalls++;
    memcpy(w->seen, es->args, sizeof w->seen);
    return w->host(w, f);
}

static int world_open(void **state) {
    World *w = aligned_alloc(64, bits_align(sizeof(World), 64));
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, NULL);
    w->stack = interp_stack_new(DEPTH);
    assert_non_null(w->stack);
    w->es.host = w;
    w->es.lib = (LibCalls){lib_memory_grow,
                           lib_memory_fill,
                           lib_memory_copy,
                           lib_memory_init,
                           lib_data_drop,
                           lib_table_grow,
                           lib_table_fill,
                           lib_table_copy,
                           lib_table_init,
                           lib_elem_drop,
                           lib_host_call,
                           NULL,
                           NULL,
                           NULL};
    *state = w;
    return 0;
}

static int world_close(void **state) {
    World *w = *state;
    interp_stack_free(w->stack);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static Module *decode(World *w, const ModuleSpec *spec) {
    Builder *b = ARENA_NEW(&w->arena, Builder);
    Err err = {0};
    build(b, spec);
    Module *m = module_decode(&w->arena, b->at, b->n, FEATURES_WASM3, &err);
    if (!m || !module_validate(m, &err)) fail_msg("%s at %u", err.text, err.at);
    return m;
}

static void make_funcs(World *w, Instance *inst, FuncInst *const *imports) {
    const Module *m = inst->module;
    inst->nfuncs = m->funcs.n;
    inst->funcs = ARENA_ARRAY(&w->arena, FuncInst *, m->funcs.n);
    for (uint32_t i = 0; i < m->funcs.n; i++) {
        FuncInst *f = ARENA_NEW(&w->arena, FuncInst);
        bool host = i < m->nimported[EXT_FUNC];
        *f = (FuncInst){.sig = inst->sigs[m->funcs.at[i].type], .index = i, .inst = host ? NULL : inst};
        inst->funcs[i] = host && imports ? imports[i] : f;
    }
}

static void make_memories(World *w, Instance *inst, MemInst *import) {
    const Module *m = inst->module;
    inst->nmems = m->memories.n;
    inst->mems = ARENA_ARRAY(&w->arena, MemView, m->memories.n);
    for (uint32_t i = 0; i < m->memories.n; i++) {
        MemInst *mem = ARENA_NEW(&w->arena, MemInst);
        mem->pages = m->memories.at[i].limits.min;
        mem->max_pages = m->memories.at[i].limits.max;
        mem->length = mem->pages * WASM_PAGE;
        mem->base = arena_zalloc(&w->arena, mem->max_pages * WASM_PAGE, 16);
        if (i < m->nimported[EXT_MEMORY]) mem = import;
        inst->mems[i] = (MemView){mem->base, mem};
    }
}

static Instance *instantiate_with(World *w, const ModuleSpec *spec, FuncInst *const *imports, MemInst *memory) {
    const Module *m = decode(w, spec);
    InstLayout layout = instance_layout(m);
    Instance *inst = arena_zalloc(&w->arena, layout.size, 16);
    *inst = (Instance){.es = &w->es, .module = m, .id = w->ninst++, .nsigs = m->types.n};
    inst->sigs = ARENA_ARRAY(&w->arena, uint32_t, m->types.n);
    for (uint32_t i = 0; i < m->types.n; i++) inst->sigs[i] = sig_number(w, &m->types.at[i].func);
    make_funcs(w, inst, imports);
    make_memories(w, inst, memory);
    if (spec->table) {
        TableInst *t = ARENA_NEW(&w->arena, TableInst);
        *t = (TableInst){.size = spec->table - 1u, .capacity = 20, .max = 20};
        bool in_place = m->tables.at[0].inline_at != NO_INDEX;
        t->elem = in_place ? (void *)((char *)inst + layout.table_elems) : ARENA_ARRAY(&w->arena, uint64_t, 20);
        for (uint32_t i = 0; i < spec->elem.n; i++) t->elem[i] = (uintptr_t)inst->funcs[spec->elem.at[i]];
        inst->tables = ARENA_NEW(&w->arena, TableInst *);
        inst->tables[0] = t;
    }
    inst->globals = ARENA_ARRAY(&w->arena, GlobalInst *, m->globals.n);
    for (uint32_t i = 0; i < m->globals.n; i++) {
        inst->globals[i] = ARENA_NEW(&w->arena, GlobalInst);
        *inst->globals[i] = (GlobalInst){.type = m->globals.at[i].type.type, .mutable = true};
    }
    return inst;
}

static Instance *instantiate(World *w, const ModuleSpec *spec) { return instantiate_with(w, spec, NULL, NULL); }
