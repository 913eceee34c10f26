/* Encoding (spec 5).  A section's size stands before its contents and has the shortest form, so contents
 * are written to a buffer of their own first: one for sections, one for function bodies. */
#include "wasm/encode.h"
#include "base/leb128.h"
#include "wasm/decode.h"
#include "wasm/section.h"

typedef struct Buffer {
    Arena *arena;
    VEC(uint8_t) bytes;
} Buffer;

static void put_bytes(Buffer *b, const void *p, uint32_t n) {
    if (!n) return;
    vec_reserve(b->arena, &b->bytes, b->bytes.n + n);
    memcpy(b->bytes.at + b->bytes.n, p, n);
    b->bytes.n += n;
}

static void put_u8(Buffer *b, uint32_t byte) { vec_push(b->arena, &b->bytes, (uint8_t)byte); }

static void put_u64(Buffer *b, uint64_t v) {
    uint8_t leb[10];
    put_bytes(b, leb, leb_put_u64(leb, v));
}

static void put_s64(Buffer *b, int64_t v) {
    uint8_t leb[10];
    put_bytes(b, leb, leb_put_s64(leb, v));
}

static void put_name(Buffer *b, Name name) {
    put_u64(b, name.n);
    put_bytes(b, name.at, name.n);
}

/* -- Types ------------------------------------------------------------------------- */

static void put_heap_type(Buffer *b, uint32_t heap) {
    if (heap >= HEAP_ABSTRACT)
        put_u8(b, heap - HEAP_ABSTRACT);
    else
        put_s64(b, heap);
}

static void put_val_type(Buffer *b, ValType t) {
    if (!vt_is_ref(t)) {
        put_u8(b, t);
    } else if ((t & VT_NULLABLE) && VT_HEAP(t) >= HEAP_ABSTRACT) {
        put_heap_type(b, VT_HEAP(t)); /* the one-byte form */
    } else {
        put_u8(b, t & VT_NULLABLE ? 0x63 : 0x64);
        put_heap_type(b, VT_HEAP(t));
    }
}

static void put_val_types(Buffer *b, const ValType *t, uint32_t n) {
    put_u64(b, n);
    for (uint32_t i = 0; i < n; i++) put_val_type(b, t[i]);
}

static void put_limits(Buffer *b, const Limits *l) {
    put_u8(b, (uint32_t)(l->has_max | l->shared << 1 | l->is64 << 2));
    put_u64(b, l->min);
    if (l->has_max) put_u64(b, l->max);
}

static void put_global_type(Buffer *b, GlobalType t) {
    put_val_type(b, t.type);
    put_u8(b, t.mutable);
}

static void put_field(Buffer *b, FieldType f) {
    put_val_type(b, f.type);
    put_u8(b, f.mutable);
}

static void put_type_def(Buffer *b, const TypeDef *t) {
    if (!t->final || t->super != NO_INDEX) {
        put_u8(b, t->final ? 0x4f : 0x50);
        put_u64(b, t->super != NO_INDEX);
        if (t->super != NO_INDEX) put_u64(b, t->super);
    }
    switch (t->kind) {
    case TYPE_FUNC:
        put_u8(b, 0x60);
        put_val_types(b, t->func.param, t->func.nparam);
        put_val_types(b, t->func.result, t->func.nresult);
        break;
    case TYPE_STRUCT:
        put_u8(b, 0x5f);
        put_u64(b, t->nfield);
        for (uint32_t i = 0; i < t->nfield; i++) put_field(b, t->field[i]);
        break;
    case TYPE_ARRAY:
        put_u8(b, 0x5e);
        put_field(b, t->field[0]);
        break;
    }
}

static void type_section(Buffer *b, const Module *m) {
    uint32_t groups = 0;
    for (uint32_t i = 0; i < m->types.n; i += m->types.at[i].group_size) groups++;
    put_u64(b, groups);
    for (uint32_t i = 0; i < m->types.n;) {
        uint32_t n = m->types.at[i].group_size;
        if (n > 1) {
            put_u8(b, 0x4e);
            put_u64(b, n);
        }
        for (; n; n--) put_type_def(b, &m->types.at[i++]);
    }
}

/* -- Instructions ------------------------------------------------------------------- */

static void put_memarg(Buffer *b, const Instr *in) {
    put_u64(b, in->mem.align | (in->mem.memory ? 0x40 : 0));
    if (in->mem.memory) put_u64(b, in->mem.memory);
    put_u64(b, in->mem.offset);
}

static void put_block_type(Buffer *b, const Instr *in) {
    if (in->block >= 0)
        put_s64(b, in->block);
    else if (in->block == BLOCK_EMPTY)
        put_u8(b, 0x40);
    else
        put_val_type(b, in->block_vt);
}

static void put_types(Buffer *b, const Module *m, const Instr *in) {
    Err err;
    err_clear(&err);
    Reader r = {.base = m->bytes, .at = m->bytes + in->types.at, .end = m->bytes + in->next, .err = &err};
    put_u64(b, in->types.count);
    for (uint32_t i = 0; i < in->types.count; i++) put_val_type(b, read_val_type(&r, m));
}

static void put_labels(Buffer *b, const Module *m, const Instr *in) {
    const uint8_t *p = m->bytes + in->labels.at;
    put_u64(b, in->labels.count);
    for (uint32_t i = 0; i <= in->labels.count; i++) put_u64(b, leb_u32(&p));
}

static void put_instr(Buffer *b, const Module *m, const Instr *in) {
    const OpInfo *info = &op_info[in->op];
    if (info->prefix) {
        put_u8(b, info->prefix);
        put_u64(b, info->code);
    } else {
        put_u8(b, info->code);
    }
    switch ((Imm)info->imm) {
    case IMM_NONE:
    case IMM_COUNT: break;
    case IMM_BLOCK: put_block_type(b, in); break;
    case IMM_LABEL:
    case IMM_FUNC:
    case IMM_LOCAL:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_ELEM:
    case IMM_MEMORY:
    case IMM_DATA: put_u64(b, in->index); break;
    case IMM_TYPE_TABLE:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
        put_u64(b, in->index);
        put_u64(b, in->index2);
        break;
    case IMM_LABELS: put_labels(b, m, in); break;
    case IMM_TYPES: put_types(b, m, in); break;
    case IMM_MEMARG: put_memarg(b, in); break;
    case IMM_MEMARG_LANE:
        put_memarg(b, in);
        put_u8(b, in->lane);
        break;
    case IMM_LANE: put_u8(b, in->lane); break;
    case IMM_V128:
    case IMM_SHUFFLE: put_bytes(b, in->bytes, sizeof in->bytes); break;
    case IMM_I32: put_s64(b, (int32_t)in->i32); break;
    case IMM_I64: put_s64(b, (int64_t)in->i64); break;
    case IMM_F32: put_bytes(b, &in->i64, 4); break;
    case IMM_F64: put_bytes(b, &in->i64, 8); break;
    case IMM_HEAP_TYPE: put_heap_type(b, in->heap); break;
    }
}

static void put_code(Buffer *b, const Module *m, uint32_t at, uint32_t end) {
    Instr in;
    for (; at < end; at = in.next) {
        next_instr(m, at, &in);
        put_instr(b, m, &in);
    }
}

static void put_expr(Buffer *b, const Module *m, ConstExpr e) { put_code(b, m, e.at, e.end); }

/* -- Sections ------------------------------------------------------------------------ */

static void put_table_type(Buffer *b, const Table *t) {
    put_val_type(b, t->type);
    put_limits(b, &t->limits);
}

static void put_tag(Buffer *b, const Tag *t) {
    put_u8(b, 0);
    put_u64(b, t->type);
}

static void import_section(Buffer *b, const Module *m) {
    put_u64(b, m->imports.n);
    for (uint32_t i = 0; i < m->imports.n; i++) {
        const Import *im = &m->imports.at[i];
        put_name(b, im->module);
        put_name(b, im->name);
        put_u8(b, im->kind);
        switch (im->kind) {
        case EXT_FUNC: put_u64(b, m->funcs.at[im->index].type); break;
        case EXT_TABLE: put_table_type(b, &m->tables.at[im->index]); break;
        case EXT_MEMORY: put_limits(b, &m->memories.at[im->index].limits); break;
        case EXT_GLOBAL: put_global_type(b, m->globals.at[im->index].type); break;
        case EXT_TAG:
        case EXT_COUNT: put_tag(b, &m->tags.at[im->index]); break;
        }
    }
}

static void func_section(Buffer *b, const Module *m) {
    put_u64(b, m->bodies.n);
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++) put_u64(b, m->funcs.at[i].type);
}

static void table_section(Buffer *b, const Module *m) {
    put_u64(b, m->tables.n - m->nimported[EXT_TABLE]);
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++) {
        const Table *t = &m->tables.at[i];
        if (t->has_init) put_bytes(b, "\x40", 2); /* 0x40 0x00 */
        put_table_type(b, t);
        if (t->has_init) put_expr(b, m, t->init);
    }
}

static void memory_section(Buffer *b, const Module *m) {
    put_u64(b, m->memories.n - m->nimported[EXT_MEMORY]);
    for (uint32_t i = m->nimported[EXT_MEMORY]; i < m->memories.n; i++) put_limits(b, &m->memories.at[i].limits);
}

static void tag_section(Buffer *b, const Module *m) {
    put_u64(b, m->tags.n - m->nimported[EXT_TAG]);
    for (uint32_t i = m->nimported[EXT_TAG]; i < m->tags.n; i++) put_tag(b, &m->tags.at[i]);
}

static void global_section(Buffer *b, const Module *m) {
    put_u64(b, m->globals.n - m->nimported[EXT_GLOBAL]);
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++) {
        put_global_type(b, m->globals.at[i].type);
        put_expr(b, m, m->globals.at[i].init);
    }
}

static void export_section(Buffer *b, const Module *m) {
    put_u64(b, m->exports.n);
    for (uint32_t i = 0; i < m->exports.n; i++) {
        put_name(b, m->exports.at[i].name);
        put_u8(b, m->exports.at[i].kind);
        put_u64(b, m->exports.at[i].index);
    }
}

/* The flags say what is left out: see decode.c. */
static void put_elem(Buffer *b, const Module *m, const ElemSegment *s) {
    bool explicit_table = s->table != 0 || (s->exprs && s->type != VT_FUNCREF);
    uint32_t flags = s->exprs ? 4 : 0;
    if (s->mode == SEG_ACTIVE)
        flags |= explicit_table ? 2 : 0;
    else
        flags |= s->mode == SEG_PASSIVE ? 1 : 3;
    put_u64(b, flags);
    if (s->mode == SEG_ACTIVE) {
        if (explicit_table) put_u64(b, s->table);
        put_expr(b, m, s->offset);
    }
    if (flags & 3) {
        if (s->exprs)
            put_val_type(b, s->type);
        else
            put_u8(b, 0);
    }
    put_u64(b, s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->exprs)
            put_expr(b, m, s->exprs[i]);
        else
            put_u64(b, s->funcs[i]);
    }
}

static void elem_section(Buffer *b, const Module *m) {
    put_u64(b, m->elems.n);
    for (uint32_t i = 0; i < m->elems.n; i++) put_elem(b, m, &m->elems.at[i]);
}

static void data_section(Buffer *b, const Module *m) {
    put_u64(b, m->datas.n);
    for (uint32_t i = 0; i < m->datas.n; i++) {
        const DataSegment *s = &m->datas.at[i];
        put_u64(b, s->mode == SEG_PASSIVE ? 1 : s->memory ? 2 : 0);
        if (s->mode == SEG_ACTIVE) {
            if (s->memory) put_u64(b, s->memory);
            put_expr(b, m, s->offset);
        }
        put_u64(b, s->n);
        put_bytes(b, m->bytes + s->bytes_at, s->n);
    }
}

static void put_locals(Buffer *b, const Body *body, uint32_t nparam) {
    const ValType *t = body->local;
    uint32_t groups = 0;
    for (uint32_t i = nparam; i < body->nlocal; i++) groups += i == nparam || t[i] != t[i - 1];
    put_u64(b, groups);
    for (uint32_t i = nparam, run; i < body->nlocal; i += run) {
        for (run = 1; i + run < body->nlocal && t[i + run] == t[i];) run++;
        put_u64(b, run);
        put_val_type(b, t[i]);
    }
}

static void code_section(Buffer *b, const Module *m, Buffer *scratch) {
    put_u64(b, m->bodies.n);
    for (uint32_t i = 0; i < m->bodies.n; i++) {
        const Body *body = &m->bodies.at[i];
        scratch->bytes.n = 0;
        put_locals(scratch, body, module_func_type(m, m->nimported[EXT_FUNC] + i)->nparam);
        put_code(scratch, m, body->code, body->end);
        put_u64(b, scratch->bytes.n);
        put_bytes(b, scratch->bytes.at, scratch->bytes.n);
    }
}

static void put_section(Buffer *out, uint32_t id, const Buffer *contents) {
    put_u8(out, id);
    put_u64(out, contents->bytes.n);
    put_bytes(out, contents->bytes.at, contents->bytes.n);
}

static bool section_present(const Module *m, uint32_t id) {
    switch (id) {
    case SECTION_TYPE: return m->types.n > 0;
    case SECTION_IMPORT: return m->imports.n > 0;
    case SECTION_FUNC:
    case SECTION_CODE: return m->bodies.n > 0;
    case SECTION_TABLE: return m->tables.n > m->nimported[EXT_TABLE];
    case SECTION_MEMORY: return m->memories.n > m->nimported[EXT_MEMORY];
    case SECTION_GLOBAL: return m->globals.n > m->nimported[EXT_GLOBAL];
    case SECTION_TAG: return m->tags.n > m->nimported[EXT_TAG];
    case SECTION_EXPORT: return m->exports.n > 0;
    case SECTION_START: return m->start != NO_INDEX;
    case SECTION_ELEM: return m->elems.n > 0;
    case SECTION_DATA: return m->datas.n > 0;
    case SECTION_DATA_COUNT: return m->has_data_count;
    default: return false;
    }
}

static void section_contents(Buffer *b, const Module *m, uint32_t id, Buffer *scratch) {
    switch (id) {
    case SECTION_TYPE: type_section(b, m); break;
    case SECTION_IMPORT: import_section(b, m); break;
    case SECTION_FUNC: func_section(b, m); break;
    case SECTION_TABLE: table_section(b, m); break;
    case SECTION_MEMORY: memory_section(b, m); break;
    case SECTION_TAG: tag_section(b, m); break;
    case SECTION_GLOBAL: global_section(b, m); break;
    case SECTION_EXPORT: export_section(b, m); break;
    case SECTION_START: put_u64(b, m->start); break;
    case SECTION_ELEM: elem_section(b, m); break;
    case SECTION_DATA_COUNT: put_u64(b, m->datas.n); break;
    case SECTION_CODE: code_section(b, m, scratch); break;
    case SECTION_DATA: data_section(b, m); break;
    default: break;
    }
}

static void put_customs(Buffer *out, const Module *m, uint32_t before, Buffer *contents) {
    for (uint32_t i = 0; i < m->customs.n; i++) {
        const Custom *c = &m->customs.at[i];
        if (c->before != before) continue;
        contents->bytes.n = 0;
        put_name(contents, c->name);
        put_bytes(contents, m->bytes + c->at, c->n);
        put_section(out, SECTION_CUSTOM, contents);
    }
}

uint8_t *module_encode(Arena *arena, const Module *m, uint32_t *size) {
    Buffer out = {.arena = arena}, contents = {.arena = arena}, scratch = {.arena = arena};
    vec_reserve(arena, &out.bytes, m->size);
    put_bytes(&out, "\0asm\1\0\0\0", 8);
    for (uint32_t i = 0; i < SECTION_COUNT; i++) {
        uint32_t id = section_order[i];
        put_customs(&out, m, id, &contents);
        if (!section_present(m, id)) continue;
        contents.bytes.n = 0;
        section_contents(&contents, m, id, &scratch);
        put_section(&out, id, &contents);
    }
    put_customs(&out, m, SECTION_LAST, &contents);
    *size = out.bytes.n;
    return out.bytes.at;
}
