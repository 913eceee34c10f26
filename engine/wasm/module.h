/* Module: a decoded WebAssembly module (spec 2.5).
 *
 * module_decode makes one; it lives in an arena of the caller's and points into the
 * caller's bytes, both of which must outlive it.  Decoding checks everything "malformed"
 * except function bodies; module_validate (validate.h) does those and all that is "invalid".
 * Immutable after validation. */
#pragma once
#include "base/arena.h"
#include "base/bits.h"
#include "base/err.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

typedef struct Name { /* UTF-8, not NUL-terminated, may hold U+0000 */
    const char *at;
    uint32_t n;
} Name;

typedef enum TypeKind { TYPE_FUNC, TYPE_STRUCT, TYPE_ARRAY } TypeKind;

typedef struct FieldType { /* of a structure or array */
    ValType type;          /* or VT_I8, VT_I16 */
    bool mutable;
} FieldType;

typedef struct TypeDef {
    TypeKind kind;
    bool final;
    uint32_t super;             /* type index, or NO_INDEX */
    uint32_t group, group_size; /* first index and size of the recursion group */
    FuncType func;
    const FieldType *field; /* TYPE_STRUCT; TYPE_ARRAY has one */
    uint32_t nfield;
    uint32_t canon; /* smallest index of an equal type (set by validation with FEAT_FUNC_REFS or FEAT_GC) */
    uint32_t at;    /* byte offset, here and below: for error reports */
} TypeDef;
#define NO_INDEX UINT32_MAX

typedef enum ExternKind { EXT_FUNC, EXT_TABLE, EXT_MEMORY, EXT_GLOBAL, EXT_TAG, EXT_COUNT } ExternKind;

typedef struct GlobalType {
    ValType type;
    bool mutable;
} GlobalType;

/* Import-or-defined entities: in each index space the imports come first. */
typedef struct Func {
    uint32_t type;   /* type index */
    uint32_t import; /* index into imports, or NO_INDEX */
    uint32_t body;   /* index into bodies, or NO_INDEX */
    uint32_t at;
    bool tail_called; /* by some return_call (set by validation) */
} Func;

/* A constant expression: bytes [at, end) of the module, `end` opcode included. */
typedef struct ConstExpr {
    uint32_t at, end;
} ConstExpr;

typedef struct Table {
    ValType type;
    Limits limits;
    uint32_t import;
    bool has_init;
    ConstExpr init;
    uint32_t at;
    /* filled in by validation: */
    bool grows;         /* named by a table.grow */
    uint32_t inline_at; /* of one that never changes its size: number of its first element among those that live in the
                           instance (InstLayout.table_elems); else NO_INDEX */
} Table;

typedef struct Memory {
    Limits limits; /* in pages */
    uint32_t import;
    uint32_t at;
} Memory;

typedef struct Global {
    GlobalType type;
    uint32_t import;
    ConstExpr init;
    uint32_t at;
} Global;

typedef struct Tag {
    uint32_t type, import;
    uint32_t at;
} Tag;

typedef struct Import {
    Name module, name;
    ExternKind kind;
    uint32_t index; /* in the index space of `kind` */
    uint32_t at;    /* byte offset, for link errors */
} Import;

typedef struct Export {
    Name name;
    ExternKind kind;
    uint32_t index;
    uint32_t at;
} Export;

typedef enum SegmentMode { SEG_PASSIVE, SEG_ACTIVE, SEG_DECLARATIVE } SegmentMode;

typedef struct ElemSegment {
    SegmentMode mode;
    ValType type;
    uint32_t table;
    ConstExpr offset;
    uint32_t count;
    const uint32_t *funcs;  /* function indices, or NULL when ... */
    const ConstExpr *exprs; /* ... there are expressions */
    uint32_t at;
    uint32_t items_at; /* byte offset of the first function index or expression */
} ElemSegment;

typedef struct DataSegment {
    SegmentMode mode;
    uint32_t memory;
    ConstExpr offset;
    uint32_t bytes_at, n; /* [bytes_at, bytes_at + n) of the module */
    uint32_t at;
} DataSegment;

/* One control transfer; see validate.h. */
typedef struct SideEntry SideEntry;

typedef struct Body {
    uint32_t at;          /* byte offset of the local declarations */
    uint32_t code, end;   /* instructions are bytes [code, end), final `end` opcode included */
    uint32_t nlocal;      /* declared locals and parameters together */
    const ValType *local; /* all nlocal types, parameters first */
    /* filled in by validation: */
    const SideEntry *side;
    uint32_t nside;
    uint32_t max_height; /* operand stack slots */
    uint32_t frame_cost; /* what a call of it takes from ExecState.depth */
    uint32_t fuel;       /* of the segment at the entry */
    bool has_calls;      /* any call instruction in reachable code */
    bool has_tail_calls; /* any tail call */
} Body;

typedef struct Custom {
    Name name;
    uint32_t at, n;  /* contents, behind the name */
    uint32_t before; /* id of the section it stands before, for the encoder; 0xff: last */
} Custom;

typedef struct Module {
    const uint8_t *bytes;
    uint32_t size;
    Features features;
    Arena *arena;

    VEC(TypeDef) types;
    VEC(Import) imports;
    VEC(Func) funcs;
    VEC(Table) tables;
    VEC(Memory) memories;
    VEC(Global) globals;
    VEC(Tag) tags;
    VEC(Export) exports;
    VEC(ElemSegment) elems;
    VEC(DataSegment) datas;
    VEC(Body) bodies;
    VEC(Custom) customs;
    uint32_t start; /* function index, or NO_INDEX */
    uint32_t start_at;
    uint32_t nimported[EXT_COUNT];
    bool tail_by_ref; /* some tail call goes to an import or through a table (set by validation) */
    bool has_vectors; /* a v128 may occur in some function (set by validation) */
    uint32_t ninline; /* elements of tables that live in the instance (set by validation) */
    bool has_data_count;
    uint32_t data_count;
    BitSet declared_funcs;  /* functions that are exported or that ref.func may name (set by validation) */
    const Name *func_names; /* of all functions, by the name section; NULL when there is none */
} Module;

/* Decode.  On failure: NULL and *err.  The module lives in `arena`; the arena's bail, if any,
 * is replaced while decoding: running out of memory is reported as ERR_NO_MEMORY. */
Module *module_decode(Arena *arena, const uint8_t *bytes, uint32_t size, Features features, Err *err);

static inline const FuncType *module_func_type(const Module *m, uint32_t func) {
    return &m->types.at[m->funcs.at[func].type].func;
}
/* Export called `name`, or NULL. */
const Export *module_find_export(const Module *m, const char *name, uint32_t n);
/* Name of function `func` by the name section, or an empty Name. */
Name module_func_name(const Module *m, uint32_t func);
const Custom *module_find_custom(const Module *m, const char *name);
