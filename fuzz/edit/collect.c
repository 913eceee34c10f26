/* References of a whole Edit, and the removal of what nothing refers to.
 *
 * Marking goes from the roots through a work list of functions; tables, globals, segments and types refer to little and
 * are marked through by recursion.  Then each kind is compacted and all references are numbered anew. */
#include "fuzz/edit/edit.h"

static EditSeq seq_refs(Arena *a, EditSeq s, EditRef *ref, void *user) {
    EditInstr *i = edit_seq_copy(a, s);
    for (uint32_t k = 0; k < s.n; k++) edit_instr_refs(a, &i[k], ref, user);
    return (EditSeq){i, s.n};
}

static void vt_refs(ValType *t, EditRef *ref, void *user) {
    if (!vt_is_ref(*t) || VT_HEAP(*t) >= HEAP_ABSTRACT) return;
    uint32_t index = VT_HEAP(*t);
    ref(user, REF_TYPE, &index);
    *t = (*t & (VT_REF | VT_NULLABLE)) | index;
}

static const ValType *list_refs(Arena *a, const ValType *t, uint32_t n, EditRef *ref, void *user) {
    ValType *out = ARENA_ARRAY(a, ValType, n);
    if (n) memcpy(out, t, n * sizeof *out);
    for (uint32_t k = 0; k < n; k++) vt_refs(&out[k], ref, user);
    return out;
}

static void type_refs(Arena *a, TypeDef *t, EditRef *ref, void *user) {
    if (t->super != NO_INDEX) ref(user, REF_TYPE, &t->super);
    t->func.param = list_refs(a, t->func.param, t->func.nparam, ref, user);
    t->func.result = list_refs(a, t->func.result, t->func.nresult, ref, user);
    FieldType *f = ARENA_ARRAY(a, FieldType, t->nfield);
    for (uint32_t k = 0; k < t->nfield; k++) {
        f[k] = t->field[k];
        vt_refs(&f[k].type, ref, user);
    }
    t->field = f;
}

static void table_refs(Edit *e, uint32_t i, EditRef *ref, void *user) {
    vt_refs(&e->m.tables.at[i].type, ref, user);
    if (e->m.tables.at[i].has_init) e->table[i] = seq_refs(e->arena, e->table[i], ref, user);
}

static void global_refs(Edit *e, uint32_t i, EditRef *ref, void *user) {
    vt_refs(&e->m.globals.at[i].type.type, ref, user);
    e->global[i] = seq_refs(e->arena, e->global[i], ref, user);
}

static void elem_refs(Edit *e, uint32_t i, EditRef *ref, void *user) {
    ElemSegment *s = &e->m.elems.at[i];
    Arena *a = e->arena;
    vt_refs(&s->type, ref, user);
    if (s->mode == SEG_ACTIVE) {
        ref(user, REF_TABLE, &s->table);
        e->elem[i].offset = seq_refs(a, e->elem[i].offset, ref, user);
    }
    if (s->exprs) {
        EditSeq *item = ARENA_ARRAY(a, EditSeq, s->count);
        for (uint32_t k = 0; k < s->count; k++) item[k] = seq_refs(a, e->elem[i].item[k], ref, user);
        e->elem[i].item = item;
    } else {
        uint32_t *func = ARENA_ARRAY(a, uint32_t, s->count);
        for (uint32_t k = 0; k < s->count; k++) {
            func[k] = s->funcs[k];
            ref(user, REF_FUNC, &func[k]);
        }
        s->funcs = func;
    }
}

static void data_refs(Edit *e, uint32_t i, EditRef *ref, void *user) {
    DataSegment *s = &e->m.datas.at[i];
    if (s->mode != SEG_ACTIVE) return;
    ref(user, REF_MEMORY, &s->memory);
    e->data[i].offset = seq_refs(e->arena, e->data[i].offset, ref, user);
}

static void func_refs(Edit *e, uint32_t f, EditRef *ref, void *user) {
    Func *func = &e->m.funcs.at[f];
    ref(user, REF_TYPE, &func->type);
    if (func->body == NO_INDEX) return;
    EditBody *b = &e->body[func->body];
    b->local = list_refs(e->arena, b->local, b->nlocal, ref, user);
    b->code = seq_refs(e->arena, b->code, ref, user);
}

static void export_refs(Edit *e, EditRef *ref, void *user) {
    static const RefKind kind[] = {
        [EXT_FUNC] = REF_FUNC, [EXT_TABLE] = REF_TABLE, [EXT_MEMORY] = REF_MEMORY, [EXT_GLOBAL] = REF_GLOBAL};
    for (uint32_t i = 0; i < e->m.exports.n; i++) {
        Export *x = &e->m.exports.at[i];
        if (x->kind != EXT_TAG) ref(user, kind[x->kind], &x->index);
    }
    if (e->m.start != NO_INDEX) ref(user, REF_FUNC, &e->m.start);
}

void edit_refs(Edit *e, EditRef *ref, void *user) {
    Module *m = &e->m;
    for (uint32_t i = 0; i < m->types.n; i++) type_refs(e->arena, &m->types.at[i], ref, user);
    for (uint32_t i = 0; i < m->funcs.n; i++) func_refs(e, i, ref, user);
    for (uint32_t i = 0; i < m->tables.n; i++) table_refs(e, i, ref, user);
    for (uint32_t i = 0; i < m->globals.n; i++) global_refs(e, i, ref, user);
    for (uint32_t i = 0; i < m->tags.n; i++) ref(user, REF_TYPE, &m->tags.at[i].type);
    for (uint32_t i = 0; i < m->elems.n; i++) elem_refs(e, i, ref, user);
    for (uint32_t i = 0; i < m->datas.n; i++) data_refs(e, i, ref, user);
    export_refs(e, ref, user);
}

/* -- Marking ---------------------------------------------------------------------------------- */

typedef struct Marks {
    Edit *e;
    BitSet live[REF_LOCAL]; /* by RefKind */
    VEC(uint32_t) func;     /* functions to go through */
} Marks;

static uint32_t count_of(const Module *m, RefKind k) {
    switch (k) {
    case REF_TYPE: return m->types.n;
    case REF_FUNC: return m->funcs.n;
    case REF_TABLE: return m->tables.n;
    case REF_MEMORY: return m->memories.n;
    case REF_GLOBAL: return m->globals.n;
    case REF_ELEM: return m->elems.n;
    case REF_DATA: return m->datas.n;
    default: return 0;
    }
}

static void mark(void *user, RefKind k, uint32_t *index);

/* A recursion group stays or goes as one. */
static void mark_type(Marks *s, uint32_t i) {
    TypeDef *t = &s->e->m.types.at[i];
    type_refs(s->e->arena, t, mark, s);
    for (uint32_t k = 0; k < t->group_size; k++) mark(s, REF_TYPE, &(uint32_t){t->group + k});
}

static void mark(void *user, RefKind k, uint32_t *index) {
    Marks *s = user;
    uint32_t i = *index;
    if (k >= REF_LOCAL || i >= count_of(&s->e->m, k) || bitset_has(&s->live[k], i)) return;
    bitset_add(&s->live[k], i);
    switch (k) {
    case REF_TYPE: mark_type(s, i); break;
    case REF_FUNC: vec_push(s->e->arena, &s->func, i); break;
    case REF_TABLE: table_refs(s->e, i, mark, s); break;
    case REF_GLOBAL: global_refs(s->e, i, mark, s); break;
    case REF_ELEM: elem_refs(s->e, i, mark, s); break;
    case REF_DATA: data_refs(s->e, i, mark, s); break;
    default: break;
    }
}

static void mark_roots(Marks *s, uint32_t kinds) {
    const Module *m = &s->e->m;
    export_refs(s->e, mark, s);
    for (RefKind k = 0; k < REF_LOCAL; k++)
        if (!(kinds >> k & 1))
            for (uint32_t i = 0; i < count_of(m, k); i++) mark(s, k, &i);
    for (uint32_t i = 0, k; i < m->elems.n; i++)
        if (m->elems.at[i].mode == SEG_ACTIVE) k = i, mark(s, REF_ELEM, &k);
    for (uint32_t i = 0, k; i < m->datas.n; i++)
        if (m->datas.at[i].mode == SEG_ACTIVE) k = i, mark(s, REF_DATA, &k);
    for (uint32_t i = 0; i < m->tags.n; i++) mark(s, REF_TYPE, &s->e->m.tags.at[i].type);
    while (s->func.n) func_refs(s->e, s->func.at[--s->func.n], mark, s);
}

/* Declarative segments keep nothing alive, but must name what `ref.func` names: those items stay. */
static void keep_declarations(Marks *s) {
    Module *m = &s->e->m;
    for (uint32_t i = 0; i < m->elems.n; i++) {
        ElemSegment *x = &m->elems.at[i];
        if (x->mode != SEG_DECLARATIVE || x->exprs || bitset_has(&s->live[REF_ELEM], i)) continue;
        uint32_t *func = ARENA_ARRAY(s->e->arena, uint32_t, x->count), n = 0;
        for (uint32_t k = 0; k < x->count; k++)
            if (bitset_has(&s->live[REF_FUNC], x->funcs[k])) func[n++] = x->funcs[k];
        if (!n) continue;
        x->funcs = func;
        x->count = n;
        bitset_add(&s->live[REF_ELEM], i);
    }
}

/* -- Compaction --------------------------------------------------------------------------------- */

typedef struct Renumber {
    uint32_t *map[REF_LOCAL];
} Renumber;

static void renumber(void *user, RefKind k, uint32_t *index) {
    const Renumber *r = user;
    if (k < REF_LOCAL) *index = r->map[k][*index];
}

#define COMPACT(at, n, live)                                          \
    do {                                                              \
        uint32_t to_ = 0;                                             \
        for (uint32_t from_ = 0; from_ < (n); from_++)                \
            if (bitset_has((live), from_)) (at)[to_++] = (at)[from_]; \
    } while (0)

/* The side arrays first: they go by the old counts. */
static void compact(Marks *s, const uint32_t *left) {
    Edit *e = s->e;
    Module *m = &e->m;
    const BitSet *f = &s->live[REF_FUNC];
    uint32_t bodies = 0, imported = m->nimported[EXT_FUNC];
    for (uint32_t i = 0; i < m->bodies.n; i++)
        if (bitset_has(f, imported + i)) e->body[bodies++] = e->body[i];
    m->bodies.n = bodies;
    COMPACT(e->global, m->globals.n, &s->live[REF_GLOBAL]);
    COMPACT(e->table, m->tables.n, &s->live[REF_TABLE]);
    COMPACT(e->elem, m->elems.n, &s->live[REF_ELEM]);
    COMPACT(e->data, m->datas.n, &s->live[REF_DATA]);
    COMPACT(m->types.at, m->types.n, &s->live[REF_TYPE]);
    COMPACT(m->funcs.at, m->funcs.n, f);
    COMPACT(m->tables.at, m->tables.n, &s->live[REF_TABLE]);
    COMPACT(m->memories.at, m->memories.n, &s->live[REF_MEMORY]);
    COMPACT(m->globals.at, m->globals.n, &s->live[REF_GLOBAL]);
    COMPACT(m->elems.at, m->elems.n, &s->live[REF_ELEM]);
    COMPACT(m->datas.at, m->datas.n, &s->live[REF_DATA]);
    m->types.n = left[REF_TYPE];
    m->funcs.n = left[REF_FUNC];
    m->tables.n = left[REF_TABLE];
    m->memories.n = left[REF_MEMORY];
    m->globals.n = left[REF_GLOBAL];
    m->elems.n = left[REF_ELEM];
    m->datas.n = left[REF_DATA];
}

/* Imports whose entity is gone, and the number of each kind that is left. */
static void compact_imports(Marks *s, const Renumber *r) {
    static const RefKind kind[] = {
        [EXT_FUNC] = REF_FUNC, [EXT_TABLE] = REF_TABLE, [EXT_MEMORY] = REF_MEMORY, [EXT_GLOBAL] = REF_GLOBAL};
    Module *m = &s->e->m;
    uint32_t n = 0, of[EXT_COUNT] = {0};
    for (uint32_t i = 0; i < m->imports.n; i++) {
        Import x = m->imports.at[i];
        if (x.kind != EXT_TAG) {
            if (!bitset_has(&s->live[kind[x.kind]], x.index)) continue;
            x.index = r->map[kind[x.kind]][x.index];
        }
        of[x.kind]++;
        m->imports.at[n++] = x;
    }
    m->imports.n = n;
    memcpy(m->nimported, of, sizeof of);
}

void edit_number(Edit *e) {
    Module *m = &e->m;
    for (uint32_t i = 0; i < m->types.n; i += m->types.at[i].group_size)
        for (uint32_t k = 0; k < m->types.at[i].group_size; k++) m->types.at[i + k].group = i;
    for (uint32_t i = 0; i < m->funcs.n; i++)
        m->funcs.at[i].body = i < m->nimported[EXT_FUNC] ? NO_INDEX : i - m->nimported[EXT_FUNC];
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++) m->funcs.at[i].import = NO_INDEX;
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++) m->tables.at[i].import = NO_INDEX;
    for (uint32_t i = m->nimported[EXT_MEMORY]; i < m->memories.n; i++) m->memories.at[i].import = NO_INDEX;
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++) m->globals.at[i].import = NO_INDEX;
    for (uint32_t i = 0; i < m->imports.n; i++) {
        const Import *x = &m->imports.at[i];
        switch (x->kind) {
        case EXT_FUNC: m->funcs.at[x->index].import = i; break;
        case EXT_TABLE: m->tables.at[x->index].import = i; break;
        case EXT_MEMORY: m->memories.at[x->index].import = i; break;
        case EXT_GLOBAL: m->globals.at[x->index].import = i; break;
        default: m->tags.at[x->index].import = i; break;
        }
    }
}

bool edit_collect(Edit *e, uint32_t kinds) {
    Marks s = {.e = e};
    Renumber r;
    uint32_t left[REF_LOCAL];
    bool all = true;
    for (RefKind k = 0; k < REF_LOCAL; k++) {
        uint32_t n = count_of(&e->m, k);
        s.live[k] = (BitSet){ARENA_ARRAY(e->arena, uint64_t, n / 64 + 1), n};
    }
    mark_roots(&s, kinds);
    keep_declarations(&s);
    for (RefKind k = 0; k < REF_LOCAL; k++) {
        uint32_t n = count_of(&e->m, k);
        r.map[k] = ARENA_ARRAY(e->arena, uint32_t, n);
        left[k] = 0;
        for (uint32_t i = 0; i < n; i++) r.map[k][i] = bitset_has(&s.live[k], i) ? left[k]++ : NO_INDEX;
        all &= left[k] == n;
    }
    if (all) return false;
    compact_imports(&s, &r);
    /* nimported is the new one now, bodies go by the old */
    uint32_t imported = e->m.nimported[EXT_FUNC], before = e->m.funcs.n - e->m.bodies.n;
    e->m.nimported[EXT_FUNC] = before;
    compact(&s, left);
    e->m.nimported[EXT_FUNC] = imported;
    edit_number(e);
    edit_refs(e, renumber, &r);
    return true;
}
