/* Validation of a module (spec 3.4), section by section in the order of the bytes, so that the first
 * error met is the one at the lowest offset. */
#include <stdlib.h>
#include "base/map.h"
#include "wasm/match.h"
#include "wasm/validator.h"

static bool fail_at(Validator *v, uint32_t at, ErrCode code) { return err_at(v->err, at, ERR_NO_FUNC, code, NULL); }

static bool check_at(Validator *v, uint32_t at, uint32_t index, uint32_t count, ErrCode code) {
    if (index < count) return true;
    validator_unknown(v, code, at, index);
    return false;
}

static bool typed_refs(const Module *m) { return has_feature(m, FEAT_FUNC_REFS) || has_feature(m, FEAT_GC); }

/* A type index inside a value type must be below `ntypes`. */
static bool check_val_type(Validator *v, uint32_t at, ValType t, uint32_t ntypes) {
    if (!vt_is_ref(t) || VT_HEAP(t) >= HEAP_ABSTRACT) return true;
    return check_at(v, at, VT_HEAP(t), ntypes, ERR_UNKNOWN_TYPE);
}

/* -- Types ------------------------------------------------------------------------------ */

static bool check_type_refs(Validator *v, const TypeDef *t, uint32_t ntypes) {
    for (uint32_t i = 0; i < t->func.nparam; i++)
        if (!check_val_type(v, t->at, t->func.param[i], ntypes)) return false;
    for (uint32_t i = 0; i < t->func.nresult; i++)
        if (!check_val_type(v, t->at, t->func.result[i], ntypes)) return false;
    for (uint32_t i = 0; i < t->nfield; i++)
        if (!check_val_type(v, t->at, t->field[i].type, ntypes)) return false;
    return true;
}

static bool check_super(Validator *v, uint32_t index) {
    const Module *m = v->m;
    const TypeDef *t = &m->types.at[index];
    if (t->super == NO_INDEX) return true;
    if (!check_at(v, t->at, t->super, index, ERR_UNKNOWN_TYPE)) return false;
    const TypeDef *s = &m->types.at[t->super];
    return (!s->final && type_def_matches(m, t, s)) || fail_at(v, t->at, ERR_SUBTYPE);
}

static bool check_group(Validator *v, Map *groups, uint32_t first, uint32_t n) {
    Module *m = v->m;
    for (uint32_t i = first; i < first + n; i++) {
        if (!check_type_refs(v, &m->types.at[i], first + n)) return false;
        uint32_t super = m->types.at[i].super;
        if (super != NO_INDEX && !check_at(v, m->types.at[i].at, super, i, ERR_UNKNOWN_TYPE)) return false;
    }
    types_canonicalize_group(m, groups, first, n);
    for (uint32_t i = first; i < first + n; i++)
        if (!check_super(v, i)) return false;
    return true;
}

static bool check_types(Validator *v) {
    Module *m = v->m;
    if (!has_feature(m, FEAT_MULTI_VALUE))
        for (uint32_t i = 0; i < m->types.n; i++)
            if (m->types.at[i].func.nresult > 1) return fail_at(v, m->types.at[i].at, ERR_RESULT_ARITY);
    if (!typed_refs(m)) return true; /* no type refers to another */
    Map groups;
    map_init(&groups, &v->scratch);
    for (uint32_t i = 0; i < m->types.n; i += m->types.at[i].group_size)
        if (!check_group(v, &groups, i, m->types.at[i].group_size)) return false;
    return true;
}

/* -- Entities: the same for imported and defined ones ------------------------------------- */

static bool check_func_type(Validator *v, uint32_t at, uint32_t type) {
    const Module *m = v->m;
    if (!check_at(v, at, type, m->types.n, ERR_UNKNOWN_TYPE)) return false;
    return m->types.at[type].kind == TYPE_FUNC || fail_at(v, at, ERR_TYPE_MISMATCH);
}

static bool check_limits(Validator *v, uint32_t at, const Limits *l, uint64_t max, ErrCode too_large) {
    if (l->min > max || (l->has_max && l->max > max)) return fail_at(v, at, too_large);
    return !l->has_max || l->min <= l->max || fail_at(v, at, ERR_LIMITS);
}

static bool check_table(Validator *v, uint32_t i) {
    const Module *m = v->m;
    const Table *t = &m->tables.at[i];
    if (i > 0 && !has_feature(m, FEAT_REF_TYPES))
        return err_at(v->err, t->at, ERR_NO_FUNC, ERR_FEATURE, "reference-types: multiple tables");
    if (!check_val_type(v, t->at, t->type, m->types.n)) return false;
    if (!check_limits(v, t->at, &t->limits, t->limits.is64 ? UINT64_MAX : UINT32_MAX, ERR_TABLE_SIZE)) return false;
    if (t->has_init) return validate_const_expr(v, t->init, t->type, m->nimported[EXT_GLOBAL]);
    return t->import != NO_INDEX || (t->type & VT_NULLABLE) || fail_at(v, t->at, ERR_TYPE_MISMATCH);
}

static bool check_memory(Validator *v, uint32_t i) {
    const Module *m = v->m;
    const Memory *mem = &m->memories.at[i];
    if (i > 0 && !has_feature(m, FEAT_MULTI_MEMORY)) return fail_at(v, mem->at, ERR_MULTI_MEMORY);
    uint64_t max = mem->limits.is64 ? UINT64_C(1) << 48 : UINT64_C(1) << 16;
    if (!check_limits(v, mem->at, &mem->limits, max, ERR_MEM_SIZE)) return false;
    if (mem->limits.shared && !mem->limits.has_max)
        return err_at(v->err, mem->at, ERR_NO_FUNC, ERR_LIMITS, "shared memory must have maximum");
    return true;
}

static bool check_mutable_extern(Validator *v, uint32_t at, GlobalType t) {
    if (!t.mutable || has_feature(v->m, FEAT_MUTABLE_GLOBALS)) return true;
    return err_at(v->err, at, ERR_NO_FUNC, ERR_FEATURE, "mutable-globals");
}

static bool check_global(Validator *v, uint32_t i) {
    const Global *g = &v->m->globals.at[i];
    if (!check_val_type(v, g->at, g->type.type, v->m->types.n)) return false;
    if (g->import != NO_INDEX) return check_mutable_extern(v, g->at, g->type);
    return validate_const_expr(v, g->init, g->type.type, i);
}

static bool check_tag(Validator *v, uint32_t i) {
    const Tag *t = &v->m->tags.at[i];
    if (!check_func_type(v, t->at, t->type)) return false;
    return v->m->types.at[t->type].func.nresult == 0 || fail_at(v, t->at, ERR_RESULT_ARITY);
}

static bool check_import(Validator *v, const Import *im) {
    switch (im->kind) {
    case EXT_FUNC: return check_func_type(v, v->m->funcs.at[im->index].at, v->m->funcs.at[im->index].type);
    case EXT_TABLE: return check_table(v, im->index);
    case EXT_MEMORY: return check_memory(v, im->index);
    case EXT_GLOBAL: return check_global(v, im->index);
    default: return check_tag(v, im->index);
    }
}

static bool check_definitions(Validator *v) {
    const Module *m = v->m;
    for (uint32_t i = 0; i < m->imports.n; i++)
        if (!check_import(v, &m->imports.at[i])) return false;
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++)
        if (!check_func_type(v, m->funcs.at[i].at, m->funcs.at[i].type)) return false;
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++)
        if (!check_table(v, i)) return false;
    for (uint32_t i = m->nimported[EXT_MEMORY]; i < m->memories.n; i++)
        if (!check_memory(v, i)) return false;
    for (uint32_t i = m->nimported[EXT_TAG]; i < m->tags.n; i++)
        if (!check_tag(v, i)) return false;
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++)
        if (!check_global(v, i)) return false;
    return true;
}

/* -- Exports --------------------------------------------------------------------------------- */

static int compare_exports(const void *pa, const void *pb) {
    const Export *a = *(const Export *const *)pa, *b = *(const Export *const *)pb;
    uint32_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int c = n ? memcmp(a->name.at, b->name.at, n) : 0;
    if (c == 0) c = (a->name.n > b->name.n) - (a->name.n < b->name.n);
    return c ? c : (a > b) - (a < b);
}

/* Sorted, so that no choice of names makes it slow; err_at keeps the first of several errors. */
static void check_duplicates(Validator *v) {
    const Module *m = v->m;
    const Export **sorted = ARENA_ARRAY(&v->scratch, const Export *, m->exports.n);
    for (uint32_t i = 0; i < m->exports.n; i++) sorted[i] = &m->exports.at[i];
    qsort(sorted, m->exports.n, sizeof *sorted, compare_exports);
    for (uint32_t i = 1; i < m->exports.n; i++) {
        const Name *a = &sorted[i - 1]->name, *b = &sorted[i]->name;
        if (a->n == b->n && (a->n == 0 || memcmp(a->at, b->at, a->n) == 0)) fail_at(v, sorted[i]->at, ERR_DUP_EXPORT);
    }
}

static bool check_export(Validator *v, const Export *e) {
    Module *m = v->m;
    switch (e->kind) {
    case EXT_FUNC:
        if (!check_at(v, e->at, e->index, m->funcs.n, ERR_UNKNOWN_FUNC)) return false;
        bitset_add(&m->declared_funcs, e->index);
        return true;
    case EXT_TABLE: return check_at(v, e->at, e->index, m->tables.n, ERR_UNKNOWN_TABLE);
    case EXT_MEMORY: return check_at(v, e->at, e->index, m->memories.n, ERR_UNKNOWN_MEMORY);
    case EXT_GLOBAL:
        return check_at(v, e->at, e->index, m->globals.n, ERR_UNKNOWN_GLOBAL) &&
               check_mutable_extern(v, e->at, m->globals.at[e->index].type);
    default: return check_at(v, e->at, e->index, m->tags.n, ERR_UNKNOWN_TAG);
    }
}

static bool check_exports(Validator *v) {
    const Module *m = v->m;
    for (uint32_t i = 0; i < m->exports.n; i++)
        if (!check_export(v, &m->exports.at[i])) break;
    if (m->exports.n > 1) check_duplicates(v);
    return valid_so_far(v);
}

static bool check_start(Validator *v) {
    const Module *m = v->m;
    if (m->start == NO_INDEX) return true;
    if (!check_at(v, m->start_at, m->start, m->funcs.n, ERR_UNKNOWN_FUNC)) return false;
    const FuncType *t = module_func_type(m, m->start);
    return (t->nparam == 0 && t->nresult == 0) || fail_at(v, m->start_at, ERR_START);
}

/* -- Segments ------------------------------------------------------------------------------------ */

/* Byte offset of function index `item` of a segment. */
static uint32_t elem_item_at(const Module *m, const ElemSegment *s, uint32_t item) {
    const uint8_t *p = m->bytes + s->items_at;
    for (; item; item--)
        while (*p++ & 0x80) {
        }
    return (uint32_t)(p - m->bytes);
}

static bool check_elem(Validator *v, const ElemSegment *s) {
    Module *m = v->m;
    if (!check_val_type(v, s->at, s->type, m->types.n)) return false;
    if (s->mode == SEG_ACTIVE) {
        if (!check_at(v, s->at, s->table, m->tables.n, ERR_UNKNOWN_TABLE)) return false;
        const Table *t = &m->tables.at[s->table];
        if (!validate_const_expr(v, s->offset, limits_index_type(&t->limits), m->globals.n)) return false;
        if (!val_type_matches(m, s->type, t->type)) return fail_at(v, s->at, ERR_TYPE_MISMATCH);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->exprs) {
            if (!validate_const_expr(v, s->exprs[i], s->type, m->globals.n)) return false;
        } else if (s->funcs[i] < m->funcs.n) {
            bitset_add(&m->declared_funcs, s->funcs[i]);
        } else {
            return check_at(v, elem_item_at(m, s, i), s->funcs[i], m->funcs.n, ERR_UNKNOWN_FUNC);
        }
    }
    return true;
}

static bool check_data(Validator *v, const DataSegment *s) {
    const Module *m = v->m;
    if (s->mode != SEG_ACTIVE) return true;
    if (!check_at(v, s->at, s->memory, m->memories.n, ERR_UNKNOWN_MEMORY)) return false;
    return validate_const_expr(v, s->offset, limits_index_type(&m->memories.at[s->memory].limits), m->globals.n);
}

/* -- Tables of one size ------------------------------------------------------------------------------ */

enum { INLINE_TABLE_MAX = 4096, INLINE_TOTAL_MAX = 65536 }; /* elements: an instance stays small */

/* A table that this module defines keeps its size when its type says so, or when nobody can name it in a table.grow:
 * no instruction here, and nobody else without an export. */
static void find_inline_tables(Module *m) {
    for (uint32_t i = 0; i < m->exports.n; i++)
        if (m->exports.at[i].kind == EXT_TABLE) m->tables.at[m->exports.at[i].index].grows = true;
    m->ninline = 0;
    for (uint32_t i = 0; i < m->tables.n; i++) {
        Table *t = &m->tables.at[i];
        bool one_size = !t->grows || (t->limits.has_max && t->limits.max == t->limits.min);
        t->inline_at = NO_INDEX;
        if (t->import != NO_INDEX || !one_size || t->limits.min > INLINE_TABLE_MAX) continue;
        if (m->ninline + t->limits.min > INLINE_TOTAL_MAX) continue;
        t->inline_at = m->ninline;
        m->ninline += (uint32_t)t->limits.min;
    }
}

static bool is_vector_in(const ValType *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (vt_is_vec(t[i])) return true;
    return false;
}

/* Vectors that come from elsewhere: as arguments, results or globals. */
static void find_vectors(Module *m) {
    for (uint32_t i = 0; i < m->types.n; i++) {
        const FuncType *t = &m->types.at[i].func;
        m->has_vectors |= is_vector_in(t->param, t->nparam) || is_vector_in(t->result, t->nresult);
    }
    for (uint32_t i = 0; i < m->globals.n; i++) m->has_vectors |= vt_is_vec(m->globals.at[i].type.type);
}

/* -- The module ------------------------------------------------------------------------------------- */

static bool validate(Validator *v) {
    Module *m = v->m;
    m->declared_funcs = (BitSet){ARENA_ARRAY(m->arena, uint64_t, m->funcs.n / 64 + 1), m->funcs.n};
    if (!check_types(v) || !check_definitions(v) || !check_exports(v) || !check_start(v)) return false;
    for (uint32_t i = 0; i < m->elems.n; i++)
        if (!check_elem(v, &m->elems.at[i])) return false;
    for (uint32_t i = 0; i < m->bodies.n; i++)
        if (!validate_body(v, i)) return false;
    for (uint32_t i = 0; i < m->datas.n; i++)
        if (!check_data(v, &m->datas.at[i])) return false;
    find_inline_tables(m);
    find_vectors(m);
    return true;
}

/* Apart from its caller, so that what it changes is not lost to longjmp. */
static void validate_or_bail(Validator *v, Bail *here) {
    if (BAIL_CATCH(here)) {
        err_clear(v->err);
        err_at(v->err, 0, ERR_NO_FUNC, ERR_NO_MEMORY, NULL);
    } else {
        validate(v);
    }
}

bool module_validate(Module *m, Err *err) {
    Bail *outer = m->arena->bail;
    Bail here;
    Validator v = {
        .m = m,
        .err = err,
        .r = {.base = m->bytes, .err = err, .func = ERR_NO_FUNC},
    };
    err_clear(err);
    arena_init(&v.scratch, &here);
    arena_limit(&v.scratch, m->arena->limit);
    m->arena->bail = &here;
    validate_or_bail(&v, &here);
    m->arena->bail = outer;
    arena_free(&v.scratch);
    return err->code == ERR_NONE;
}

Module *module_decode_valid(Arena *a, const uint8_t *bytes, uint32_t size, Features f, Err *err) {
    err_clear(err);
    Module *m = module_decode(a, bytes, size, f, err);
    return m && module_validate(m, err) ? m : NULL;
}
