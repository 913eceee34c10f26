/* Decoding a module (spec 5.5): section by section, everything "malformed" except function bodies,
 * of which only the local declarations are read (validation reads the instructions, once).
 *
 * Each section is read through a Reader that ends where the section does, so nothing can run over; a
 * vector's count is checked against the bytes left before anything is reserved for it, so the memory
 * used is proportional to the module's size.  The exception are declared locals, whose sum is limited
 * (MAX_LOCALS, MAX_ALL_LOCALS). */
#include "wasm/reader.h"
#include "wasm/section.h"
#include <assert.h>

typedef struct Decoder {
    Module *m;
    Reader r;
    Err *err;
    uint32_t ndeclared;   /* functions of the function section */
    uint32_t all_locals;  /* local types allocated so far */
    uint32_t custom_done; /* customs whose `before` is known */
} Decoder;

static Arena *arena_of(const Decoder *d) { return d->m->arena; }

/* -- Pieces ------------------------------------------------------------------- */

static const ValType *read_val_types(Decoder *d, uint32_t max, uint32_t *count) {
    uint32_t n = read_count_max(&d->r, 0, max);
    ValType *types = ARENA_ARRAY(arena_of(d), ValType, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) types[i] = read_val_type(&d->r, d->m);
    *count = n;
    return types;
}

static Limits read_limits(Decoder *d, bool memory) {
    Reader *r = &d->r;
    const Module *m = d->m;
    uint32_t at = reader_offset(r);
    uint32_t flags = read_u8(r);
    uint32_t known = 1u | (memory && has_feature(m, FEAT_THREADS) ? 2u : 0) | (has_feature(m, FEAT_MEMORY64) ? 4u : 0);
    if (flags & ~known) {
        /* 2.0 has a one-bit number here, what came later a byte of flags. */
        bool flag_byte = (m->features & ~FEATURES_WASM2) != 0;
        reader_fail(r, flag_byte ? ERR_LIMITS_FLAGS : flags & 0x80 ? ERR_INT_LONG : ERR_INT_LARGE, at);
        return (Limits){0};
    }
    bool wide = has_feature(m, FEAT_MEMORY64);
    Limits l = {.has_max = flags & 1, .shared = flags & 2, .is64 = flags & 4};
    l.min = wide ? read_u64(r) : read_u32(r);
    l.max = !l.has_max ? 0 : wide ? read_u64(r) : read_u32(r);
    return l;
}

static GlobalType read_global_type(Decoder *d) {
    GlobalType t = {.type = read_val_type(&d->r, d->m)};
    uint32_t at = reader_offset(&d->r);
    uint8_t mutable = read_u8(&d->r);
    if (mutable > 1) reader_fail(&d->r, ERR_MUTABILITY, at);
    t.mutable = mutable;
    return t;
}

/* A constant expression: any instructions up to the `end` that matches; which of them are constant
 * is a matter of validation. */
static ConstExpr read_const_expr(Decoder *d) {
    ConstExpr e = {.at = reader_offset(&d->r)};
    Instr in;
    VEC(Op) open = {0};
    while (read_instr(&d->r, d->m, &in)) {
        if (in.op == OP_BLOCK || in.op == OP_LOOP || in.op == OP_IF) {
            vec_push(arena_of(d), &open, in.op);
        } else if (in.op == OP_ELSE) {
            if (!open.n || open.at[open.n - 1] != OP_IF) {
                reader_fail(&d->r, ERR_END_EXPECTED, in.at);
                break;
            }
            open.at[open.n - 1] = OP_ELSE;
        } else if (in.op == OP_END) {
            if (!open.n) break;
            open.n--;
        }
    }
    e.end = reader_offset(&d->r);
    return e;
}

/* -- Types ---------------------------------------------------------------------- */

static FieldType read_field(Decoder *d) {
    FieldType f = {0};
    uint32_t b = peek_u8(&d->r);
    if (b == VT_I8 || b == VT_I16) {
        d->r.at++;
        f.type = b;
    } else {
        f.type = read_val_type(&d->r, d->m);
    }
    uint32_t at = reader_offset(&d->r);
    uint8_t mutable = read_u8(&d->r);
    if (mutable > 1) reader_fail(&d->r, ERR_MUTABILITY, at);
    f.mutable = mutable;
    return f;
}

static void read_fields(Decoder *d, TypeDef *t, uint32_t n) {
    FieldType *field = ARENA_ARRAY(arena_of(d), FieldType, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) field[i] = read_field(d);
    t->field = field;
    t->nfield = n;
}

static void read_comp_type(Decoder *d, TypeDef *t) {
    uint32_t at = reader_offset(&d->r);
    uint8_t form = read_u8(&d->r);
    bool gc = has_feature(d->m, FEAT_GC);
    if (form == 0x60) {
        t->kind = TYPE_FUNC;
        t->func.param = read_val_types(d, MAX_PARAMS, &t->func.nparam);
        t->func.result = read_val_types(d, MAX_RESULTS, &t->func.nresult);
    } else if (form == 0x5f && gc) {
        t->kind = TYPE_STRUCT;
        read_fields(d, t, read_count_max(&d->r, 0, MAX_FIELDS));
    } else if (form == 0x5e && gc) {
        t->kind = TYPE_ARRAY;
        read_fields(d, t, 1);
    } else if (reader_ok(&d->r)) {
        reader_fail(&d->r, ERR_TYPE_FORM, at);
    }
}

static void read_sub_type(Decoder *d, uint32_t group, uint32_t group_size) {
    Reader *r = &d->r;
    TypeDef t = {.final = true, .super = NO_INDEX, .group = group, .group_size = group_size, .at = reader_offset(r)};
    uint32_t b = peek_u8(r);
    if ((b == 0x50 || b == 0x4f) && has_feature(d->m, FEAT_GC)) {
        r->at++;
        t.final = b == 0x4f;
        uint32_t n = read_count(r);
        if (n > 1) reader_fail(r, ERR_SUBTYPE, t.at);
        if (n == 1) t.super = read_index(r);
    }
    t.canon = d->m->types.n;
    read_comp_type(d, &t);
    vec_push(arena_of(d), &d->m->types, t);
}

static void type_section(Decoder *d) {
    Reader *r = &d->r;
    uint32_t n = read_count_max(r, 0, MAX_TYPES);
    vec_reserve(arena_of(d), &d->m->types, n);
    for (uint32_t i = 0; i < n && reader_ok(r); i++) {
        uint32_t size = 1;
        if (peek_u8(r) == 0x4e && has_feature(d->m, FEAT_GC)) {
            r->at++;
            size = read_count_max(r, d->m->types.n, MAX_TYPES);
        }
        uint32_t group = d->m->types.n;
        for (uint32_t k = 0; k < size && reader_ok(r); k++) read_sub_type(d, group, size);
    }
}

/* -- Imports and definitions ----------------------------------------------------- */

static uint32_t import_desc(Decoder *d, ExternKind kind, uint32_t import) {
    Module *m = d->m;
    Arena *a = m->arena;
    uint32_t at = reader_offset(&d->r);
    switch (kind) {
    case EXT_FUNC:
        vec_push(a, &m->funcs, ((Func){.type = read_index(&d->r), .import = import, .body = NO_INDEX, .at = at}));
        return m->funcs.n - 1;
    case EXT_TABLE: {
        Table t = {.type = read_ref_type(&d->r, m), .import = import, .at = at};
        t.limits = read_limits(d, false);
        vec_push(a, &m->tables, t);
        return m->tables.n - 1;
    }
    case EXT_MEMORY:
        vec_push(a, &m->memories, ((Memory){.limits = read_limits(d, true), .import = import, .at = at}));
        return m->memories.n - 1;
    case EXT_GLOBAL:
        vec_push(a, &m->globals, ((Global){.type = read_global_type(d), .import = import, .at = at}));
        return m->globals.n - 1;
    default:
        if (read_u8(&d->r) != 0) reader_fail(&d->r, ERR_ZERO_BYTE, at);
        vec_push(a, &m->tags, ((Tag){.type = read_index(&d->r), .import = import, .at = at}));
        return m->tags.n - 1;
    }
}

static ExternKind read_kind(Decoder *d, ErrCode error) {
    uint32_t at = reader_offset(&d->r);
    uint8_t kind = read_u8(&d->r);
    if (kind < EXT_TAG || (kind == EXT_TAG && has_feature(d->m, FEAT_EXCEPTIONS))) return (ExternKind)kind;
    reader_fail(&d->r, error, at);
    return EXT_FUNC;
}

static void import_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, 0, MAX_IMPORTS);
    vec_reserve(m->arena, &m->imports, n);
    for (uint32_t i = 0; i < n; i++) {
        Import im = {.at = reader_offset(&d->r)};
        im.module = read_name(&d->r);
        im.name = read_name(&d->r);
        im.kind = read_kind(d, ERR_IMPORT_KIND);
        if (!reader_ok(&d->r)) return;
        im.index = import_desc(d, im.kind, i);
        if (!reader_ok(&d->r)) return;
        vec_push(m->arena, &m->imports, im);
    }
    m->nimported[EXT_FUNC] = m->funcs.n;
    m->nimported[EXT_TABLE] = m->tables.n;
    m->nimported[EXT_MEMORY] = m->memories.n;
    m->nimported[EXT_GLOBAL] = m->globals.n;
    m->nimported[EXT_TAG] = m->tags.n;
}

static void func_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, m->funcs.n, MAX_FUNCS);
    vec_reserve(m->arena, &m->funcs, m->funcs.n + n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) {
        uint32_t at = reader_offset(&d->r);
        vec_push(m->arena, &m->funcs, ((Func){.type = read_index(&d->r), .import = NO_INDEX, .body = i, .at = at}));
    }
    d->ndeclared = n;
}

static void table_section(Decoder *d) {
    Module *m = d->m;
    Reader *r = &d->r;
    uint32_t n = read_count_max(r, m->tables.n, MAX_TABLES);
    vec_reserve(m->arena, &m->tables, m->tables.n + n);
    for (uint32_t i = 0; i < n && reader_ok(r); i++) {
        Table t = {.import = NO_INDEX, .at = reader_offset(r)};
        if (peek_u8(r) == 0x40 && (has_feature(m, FEAT_FUNC_REFS) || has_feature(m, FEAT_GC))) {
            r->at++;
            uint32_t at = reader_offset(r);
            if (read_u8(r) != 0) reader_fail(r, ERR_ZERO_BYTE, at);
            t.has_init = true;
        }
        t.type = read_ref_type(r, m);
        t.limits = read_limits(d, false);
        if (t.has_init) t.init = read_const_expr(d);
        vec_push(m->arena, &m->tables, t);
    }
}

static void memory_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, m->memories.n, MAX_MEMORIES);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) {
        Memory mem = {.import = NO_INDEX, .at = reader_offset(&d->r)};
        mem.limits = read_limits(d, true);
        vec_push(m->arena, &m->memories, mem);
    }
}

static void tag_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, m->tags.n, MAX_TYPES);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) {
        uint32_t at = reader_offset(&d->r);
        if (read_u8(&d->r) != 0) reader_fail(&d->r, ERR_ZERO_BYTE, at);
        vec_push(m->arena, &m->tags, ((Tag){.type = read_index(&d->r), .import = NO_INDEX, .at = at}));
    }
}

static void global_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, m->globals.n, MAX_GLOBALS);
    vec_reserve(m->arena, &m->globals, m->globals.n + n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) {
        Global g = {.import = NO_INDEX, .at = reader_offset(&d->r)};
        g.type = read_global_type(d);
        if (reader_ok(&d->r)) g.init = read_const_expr(d);
        vec_push(m->arena, &m->globals, g);
    }
}

static void export_section(Decoder *d) {
    Module *m = d->m;
    uint32_t n = read_count_max(&d->r, 0, MAX_EXPORTS);
    vec_reserve(m->arena, &m->exports, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) {
        Export e = {.at = reader_offset(&d->r)};
        e.name = read_name(&d->r);
        e.kind = read_kind(d, ERR_EXPORT_KIND);
        e.index = read_index(&d->r);
        vec_push(m->arena, &m->exports, e);
    }
}

static void start_section(Decoder *d) {
    d->m->start_at = reader_offset(&d->r);
    d->m->start = read_u32(&d->r);
}

/* -- Segments ----------------------------------------------------------------- */

static void elem_items(Decoder *d, ElemSegment *s, bool exprs) {
    Arena *a = arena_of(d);
    s->count = read_count(&d->r);
    s->items_at = reader_offset(&d->r);
    if (exprs) {
        ConstExpr *expr = ARENA_ARRAY(a, ConstExpr, s->count);
        for (uint32_t i = 0; i < s->count && reader_ok(&d->r); i++) expr[i] = read_const_expr(d);
        s->exprs = expr;
    } else {
        uint32_t *func = ARENA_ARRAY(a, uint32_t, s->count);
        for (uint32_t i = 0; i < s->count && reader_ok(&d->r); i++) func[i] = read_index(&d->r);
        s->funcs = func;
    }
}

/* Flags: bit 0 not active; bit 1 explicit table, or declarative; bit 2 expressions. */
static void read_elem(Decoder *d) {
    Reader *r = &d->r;
    Module *m = d->m;
    ElemSegment s = {.at = reader_offset(r)};
    uint32_t flags = read_u32(r);
    if (flags > 7 || (flags && !has_feature(m, FEAT_BULK) && !has_feature(m, FEAT_REF_TYPES))) {
        reader_fail(r, ERR_ELEM_FLAGS, s.at);
        return;
    }
    s.mode = !(flags & 1) ? SEG_ACTIVE : flags & 2 ? SEG_DECLARATIVE : SEG_PASSIVE;
    if (s.mode == SEG_ACTIVE) {
        if (flags & 2) s.table = read_index(r);
        s.offset = read_const_expr(d);
    }
    /* Function indices are never null; without typed references funcref is all there is. */
    s.type = VT_FUNCREF;
    if (!(flags & 4) && (has_feature(m, FEAT_FUNC_REFS) || has_feature(m, FEAT_GC))) s.type &= ~VT_NULLABLE;
    if (reader_ok(r) && flags & 3) {
        uint32_t at = reader_offset(r);
        if (flags & 4)
            s.type = read_ref_type(r, m);
        else if (read_u8(r) != 0)
            reader_fail(r, ERR_ELEM_KIND, at);
    }
    elem_items(d, &s, flags & 4);
    vec_push(m->arena, &m->elems, s);
}

static void elem_section(Decoder *d) {
    uint32_t n = read_count_max(&d->r, 0, MAX_ELEMS);
    vec_reserve(arena_of(d), &d->m->elems, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) read_elem(d);
}

static void data_count_section(Decoder *d) {
    d->m->data_count = read_u32(&d->r);
    d->m->has_data_count = true;
}

static void read_data(Decoder *d) {
    Reader *r = &d->r;
    DataSegment s = {.at = reader_offset(r)};
    uint32_t flags = read_u32(r);
    if (flags > 2 || (flags && !has_feature(d->m, FEAT_BULK))) {
        reader_fail(r, ERR_DATA_FLAGS, s.at);
        return;
    }
    s.mode = flags == 1 ? SEG_PASSIVE : SEG_ACTIVE;
    if (flags == 2) s.memory = read_index(r);
    if (s.mode == SEG_ACTIVE) s.offset = read_const_expr(d);
    uint32_t at = reader_offset(r);
    s.n = read_index(r);
    s.bytes_at = reader_offset(r);
    if (s.n > reader_left(r)) {
        reader_fail(r, ERR_LENGTH, at);
        return;
    }
    r->at += s.n;
    vec_push(arena_of(d), &d->m->datas, s);
}

static void data_section(Decoder *d) {
    uint32_t n = read_count_max(&d->r, 0, MAX_DATAS);
    vec_reserve(arena_of(d), &d->m->datas, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) read_data(d);
}

/* -- Code ---------------------------------------------------------------------- */

/* Parameters of a body's function; none when its type is not there (validation will say so). */
static FuncType body_func_type(const Decoder *d, uint32_t body) {
    const Module *m = d->m;
    uint32_t type = m->funcs.at[m->nimported[EXT_FUNC] + body].type;
    if (type >= m->types.n || m->types.at[type].kind != TYPE_FUNC) return (FuncType){0};
    return m->types.at[type].func;
}

/* Declared locals: first read them all for their number, then write the types down. */
static void read_locals(Decoder *d, Body *b, const FuncType *ft) {
    Reader *r = &d->r;
    uint32_t groups = read_count(r);
    const uint8_t *first = r->at;
    uint64_t total = ft->nparam;
    for (uint32_t i = 0; i < groups && reader_ok(r); i++) {
        total += read_index(r);
        read_val_type(r, d->m);
    }
    if (!reader_ok(r)) return;
    if (total - ft->nparam > UINT32_MAX) {
        reader_fail(r, ERR_LOCALS, b->at);
        return;
    }
    b->nlocal = (uint32_t)total;
    b->local = ft->param;
    if (total == ft->nparam) return;
    if (total > MAX_LOCALS || total > MAX_ALL_LOCALS - d->all_locals) {
        reader_fail(r, ERR_LIMIT, b->at);
        return;
    }
    d->all_locals += b->nlocal;
    ValType *local = arena_alloc(arena_of(d), b->nlocal * sizeof *local, _Alignof(ValType));
    if (ft->nparam) memcpy(local, ft->param, ft->nparam * sizeof *local);
    ValType *to = local + ft->nparam;
    r->at = first;
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t n = read_index(r);
        ValType t = read_val_type(r, d->m);
        while (n--) *to++ = t;
    }
    b->local = local;
}

static void read_body(Decoder *d, uint32_t index) {
    Reader *r = &d->r;
    const uint8_t *section_end = r->end;
    uint32_t size_at = reader_offset(r);
    uint32_t size = read_u32(r);
    if (size > reader_left(r)) {
        reader_fail(r, ERR_UNEXPECTED_END, (uint32_t)(r->end - r->base));
        return;
    }
    if (size > MAX_BODY) {
        reader_fail(r, ERR_LIMIT, size_at);
        return;
    }
    Body b = {.at = reader_offset(r)};
    r->end = r->at + size;
    r->func = d->m->nimported[EXT_FUNC] + index;
    FuncType ft = body_func_type(d, index);
    read_locals(d, &b, &ft);
    b.code = reader_offset(r);
    b.end = b.at + size;
    r->func = ERR_NO_FUNC;
    r->at = r->end;
    r->end = section_end;
    vec_push(arena_of(d), &d->m->bodies, b);
}

static void code_section(Decoder *d) {
    uint32_t at = reader_offset(&d->r);
    uint32_t n = read_count(&d->r);
    if (!reader_ok(&d->r)) return;
    if (n != d->ndeclared) {
        reader_fail(&d->r, ERR_FUNC_COUNT, at);
        return;
    }
    vec_reserve(arena_of(d), &d->m->bodies, n);
    for (uint32_t i = 0; i < n && reader_ok(&d->r); i++) read_body(d, i);
}

/* -- Sections --------------------------------------------------------------------- */

static void custom_section(Decoder *d) {
    Custom c = {.before = SECTION_LAST};
    c.name = read_name(&d->r);
    c.at = reader_offset(&d->r);
    c.n = reader_left(&d->r);
    d->r.at = d->r.end;
    vec_push(arena_of(d), &d->m->customs, c);
}

/* Customs wait for the first section behind them that says anything: empty ones are not kept. */
static void place_customs(Decoder *d, uint32_t id) {
    while (d->custom_done < d->m->customs.n) d->m->customs.at[d->custom_done++].before = id;
}

static void section_contents(Decoder *d, uint32_t id) {
    /* A vector without items is one byte, unless somebody wrote a long zero. */
    const uint8_t *p = d->r.at;
    while (p < d->r.end && *p == 0x80) p++;
    bool empty = p == d->r.end || (*p == 0 && p + 1 == d->r.end);
    if (id != SECTION_CUSTOM && (!empty || id == SECTION_START || id == SECTION_DATA_COUNT)) place_customs(d, id);
    switch (id) {
    case SECTION_CUSTOM: custom_section(d); break;
    case SECTION_TYPE: type_section(d); break;
    case SECTION_IMPORT: import_section(d); break;
    case SECTION_FUNC: func_section(d); break;
    case SECTION_TABLE: table_section(d); break;
    case SECTION_MEMORY: memory_section(d); break;
    case SECTION_GLOBAL: global_section(d); break;
    case SECTION_EXPORT: export_section(d); break;
    case SECTION_START: start_section(d); break;
    case SECTION_ELEM: elem_section(d); break;
    case SECTION_CODE: code_section(d); break;
    case SECTION_DATA: data_section(d); break;
    case SECTION_DATA_COUNT: data_count_section(d); break;
    case SECTION_TAG: tag_section(d); break;
    default: assert(false && "checked by the caller");
    }
}

/* Where a section stands among the others, 0: there is no such section. */
static uint32_t section_rank(const Module *m, uint32_t id) {
    if (id == SECTION_DATA_COUNT && !has_feature(m, FEAT_BULK)) return 0;
    if (id == SECTION_TAG && !has_feature(m, FEAT_EXCEPTIONS)) return 0;
    for (uint32_t i = 0; i < SECTION_COUNT; i++)
        if (section_order[i] == id) return i + 1;
    return 0;
}

static void read_sections(Decoder *d) {
    Reader *r = &d->r;
    const uint8_t *module_end = r->end;
    uint32_t last = 0;
    while (r->at < module_end && reader_ok(r)) {
        uint32_t at = reader_offset(r);
        uint32_t id = read_u8(r);
        uint32_t rank = section_rank(d->m, id);
        if (id != SECTION_CUSTOM) {
            if (rank <= last) {
                reader_fail(r, rank == 0 ? ERR_SECTION_ID : ERR_SECTION_ORDER, at);
                return;
            }
            last = rank;
        }
        uint32_t size_at = reader_offset(r);
        uint32_t size = read_u32(r);
        if (size > reader_left(r)) {
            reader_fail(r, ERR_LENGTH, size_at);
            return;
        }
        r->end = r->at + size;
        section_contents(d, id);
        if (reader_ok(r) && r->at != r->end) reader_fail(r, ERR_SECTION_SIZE, reader_offset(r));
        r->end = module_end;
    }
}

static void read_header(Reader *r) {
    static const uint8_t magic[4] = {0, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0};
    uint32_t size = reader_left(r);
    if (size >= 4 && memcmp(r->at, magic, 4) != 0)
        reader_fail(r, ERR_MAGIC, 0);
    else if (size < 8)
        reader_fail(r, ERR_UNEXPECTED_END, size);
    else if (memcmp(r->at + 4, version, 4) != 0)
        reader_fail(r, ERR_VERSION, 4);
    else
        r->at += 8;
}

static void decode(Decoder *d, uint32_t size) {
    read_header(&d->r);
    if (!reader_ok(&d->r)) return;
    read_sections(d);
    if (!reader_ok(&d->r)) return;
    Module *m = d->m;
    if (m->bodies.n != d->ndeclared)
        reader_fail(&d->r, ERR_FUNC_COUNT, size);
    else if (m->has_data_count && m->data_count != m->datas.n)
        reader_fail(&d->r, ERR_DATA_COUNT, size);
    else
        module_read_names(m);
}

/* Apart from its caller, so that no local lives across setjmp. */
static Module *decode_in(Arena *arena, const uint8_t *bytes, uint32_t size, Features features, Err *err) {
    Module *m = ARENA_NEW(arena, Module);
    if (size == 0) bytes = (const uint8_t *)""; /* may be NULL */
    m->bytes = bytes;
    m->size = size;
    m->features = features;
    m->arena = arena;
    m->start = NO_INDEX;
    Decoder d = {
        .m = m,
        .err = err,
        .r = {.base = bytes, .at = bytes, .end = bytes + size, .err = err, .func = ERR_NO_FUNC},
    };
    decode(&d, size);
    return err->code == ERR_NONE ? m : NULL;
}

Module *module_decode(Arena *arena, const uint8_t *bytes, uint32_t size, Features features, Err *err) {
    Bail *const outer = arena->bail;
    Bail here;
    Module *volatile m = NULL;
    err_clear(err);
    if (BAIL_CATCH(&here)) {
        err_clear(err);
        err_at(err, 0, ERR_NO_FUNC, ERR_NO_MEMORY, NULL);
        m = NULL;
    } else {
        arena->bail = &here;
        m = decode_in(arena, bytes, size, features, err);
    }
    arena->bail = outer;
    return m;
}
