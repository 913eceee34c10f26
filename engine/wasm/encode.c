/* Encoding (spec 5).  A section's size stands before its contents and has the shortest form, so contents
 * are written to a buffer of their own first: one for sections, one for function bodies. */
#include "wasm/encode.h"
#include "wasm/buffer.h"
#include "wasm/decode.h"
#include "wasm/section.h"

static void put_name(Buffer *b, Name name) {
    buffer_put_u64(b, name.n);
    buffer_put_bytes(b, name.at, name.n);
}

/* -- Types ------------------------------------------------------------------------- */

static void put_val_types(Buffer *b, const ValType *t, uint32_t n) {
    buffer_put_u64(b, n);
    for (uint32_t i = 0; i < n; i++) buffer_put_val_type(b, t[i]);
}

static void put_limits(Buffer *b, const Limits *l) {
    buffer_put_u8(b, (uint32_t)(l->has_max | l->shared << 1 | l->is64 << 2));
    buffer_put_u64(b, l->min);
    if (l->has_max) buffer_put_u64(b, l->max);
}

static void put_global_type(Buffer *b, GlobalType t) {
    buffer_put_val_type(b, t.type);
    buffer_put_u8(b, t.mutable);
}

static void put_field(Buffer *b, FieldType f) {
    buffer_put_val_type(b, f.type);
    buffer_put_u8(b, f.mutable);
}

static void put_type_def(Buffer *b, const TypeDef *t) {
    if (!t->final || t->super != NO_INDEX) {
        buffer_put_u8(b, t->final ? 0x4f : 0x50);
        buffer_put_u64(b, t->super != NO_INDEX);
        if (t->super != NO_INDEX) buffer_put_u64(b, t->super);
    }
    switch (t->kind) {
    case TYPE_FUNC:
        buffer_put_u8(b, 0x60);
        put_val_types(b, t->func.param, t->func.nparam);
        put_val_types(b, t->func.result, t->func.nresult);
        break;
    case TYPE_STRUCT:
        buffer_put_u8(b, 0x5f);
        buffer_put_u64(b, t->nfield);
        for (uint32_t i = 0; i < t->nfield; i++) put_field(b, t->field[i]);
        break;
    case TYPE_ARRAY:
        buffer_put_u8(b, 0x5e);
        put_field(b, t->field[0]);
        break;
    }
}

static void type_section(Buffer *b, const Module *m) {
    uint32_t groups = 0;
    for (uint32_t i = 0; i < m->types.n; i += m->types.at[i].group_size) groups++;
    buffer_put_u64(b, groups);
    for (uint32_t i = 0; i < m->types.n;) {
        uint32_t n = m->types.at[i].group_size;
        if (n > 1) {
            buffer_put_u8(b, 0x4e);
            buffer_put_u64(b, n);
        }
        for (; n; n--) put_type_def(b, &m->types.at[i++]);
    }
}

/* -- Instructions ------------------------------------------------------------------- */

/* Lists of labels and types stand in the module's bytes. */
static void put_instr(Buffer *b, const Module *m, const Instr *in) {
    uint8_t imm = op_info[in->op].imm;
    uint32_t *label = NULL;
    ValType *type = NULL;
    if (imm == IMM_LABELS) label = instr_labels(b->arena, m, in);
    if (imm == IMM_TYPES) type = instr_types(b->arena, m, in);
    buffer_put_instr(b, in, label, type);
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
    buffer_put_val_type(b, t->type);
    put_limits(b, &t->limits);
}

static void put_tag(Buffer *b, const Tag *t) {
    buffer_put_u8(b, 0);
    buffer_put_u64(b, t->type);
}

static void import_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->imports.n);
    for (uint32_t i = 0; i < m->imports.n; i++) {
        const Import *im = &m->imports.at[i];
        put_name(b, im->module);
        put_name(b, im->name);
        buffer_put_u8(b, im->kind);
        switch (im->kind) {
        case EXT_FUNC: buffer_put_u64(b, m->funcs.at[im->index].type); break;
        case EXT_TABLE: put_table_type(b, &m->tables.at[im->index]); break;
        case EXT_MEMORY: put_limits(b, &m->memories.at[im->index].limits); break;
        case EXT_GLOBAL: put_global_type(b, m->globals.at[im->index].type); break;
        case EXT_TAG:
        case EXT_COUNT: put_tag(b, &m->tags.at[im->index]); break;
        }
    }
}

static void func_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->bodies.n);
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++) buffer_put_u64(b, m->funcs.at[i].type);
}

static void table_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->tables.n - m->nimported[EXT_TABLE]);
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++) {
        const Table *t = &m->tables.at[i];
        if (t->has_init) buffer_put_bytes(b, "\x40", 2); /* 0x40 0x00 */
        put_table_type(b, t);
        if (t->has_init) put_expr(b, m, t->init);
    }
}

static void memory_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->memories.n - m->nimported[EXT_MEMORY]);
    for (uint32_t i = m->nimported[EXT_MEMORY]; i < m->memories.n; i++) put_limits(b, &m->memories.at[i].limits);
}

static void tag_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->tags.n - m->nimported[EXT_TAG]);
    for (uint32_t i = m->nimported[EXT_TAG]; i < m->tags.n; i++) put_tag(b, &m->tags.at[i]);
}

static void global_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->globals.n - m->nimported[EXT_GLOBAL]);
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++) {
        put_global_type(b, m->globals.at[i].type);
        put_expr(b, m, m->globals.at[i].init);
    }
}

static void export_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->exports.n);
    for (uint32_t i = 0; i < m->exports.n; i++) {
        put_name(b, m->exports.at[i].name);
        buffer_put_u8(b, m->exports.at[i].kind);
        buffer_put_u64(b, m->exports.at[i].index);
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
    buffer_put_u64(b, flags);
    if (s->mode == SEG_ACTIVE) {
        if (explicit_table) buffer_put_u64(b, s->table);
        put_expr(b, m, s->offset);
    }
    if (flags & 3) {
        if (s->exprs)
            buffer_put_val_type(b, s->type);
        else
            buffer_put_u8(b, 0);
    }
    buffer_put_u64(b, s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->exprs)
            put_expr(b, m, s->exprs[i]);
        else
            buffer_put_u64(b, s->funcs[i]);
    }
}

static void elem_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->elems.n);
    for (uint32_t i = 0; i < m->elems.n; i++) put_elem(b, m, &m->elems.at[i]);
}

static void data_section(Buffer *b, const Module *m) {
    buffer_put_u64(b, m->datas.n);
    for (uint32_t i = 0; i < m->datas.n; i++) {
        const DataSegment *s = &m->datas.at[i];
        buffer_put_u64(b, s->mode == SEG_PASSIVE ? 1 : s->memory ? 2 : 0);
        if (s->mode == SEG_ACTIVE) {
            if (s->memory) buffer_put_u64(b, s->memory);
            put_expr(b, m, s->offset);
        }
        buffer_put_u64(b, s->n);
        buffer_put_bytes(b, m->bytes + s->bytes_at, s->n);
    }
}

static void put_locals(Buffer *b, const Body *body, uint32_t nparam) {
    const ValType *t = body->local;
    uint32_t groups = 0;
    for (uint32_t i = nparam; i < body->nlocal; i++) groups += i == nparam || t[i] != t[i - 1];
    buffer_put_u64(b, groups);
    for (uint32_t i = nparam, run; i < body->nlocal; i += run) {
        for (run = 1; i + run < body->nlocal && t[i + run] == t[i];) run++;
        buffer_put_u64(b, run);
        buffer_put_val_type(b, t[i]);
    }
}

static void code_section(Buffer *b, const Module *m, Buffer *scratch) {
    buffer_put_u64(b, m->bodies.n);
    for (uint32_t i = 0; i < m->bodies.n; i++) {
        const Body *body = &m->bodies.at[i];
        scratch->bytes.n = 0;
        put_locals(scratch, body, module_func_type(m, m->nimported[EXT_FUNC] + i)->nparam);
        put_code(scratch, m, body->code, body->end);
        buffer_put_u64(b, scratch->bytes.n);
        buffer_put_bytes(b, scratch->bytes.at, scratch->bytes.n);
    }
}

static void put_section(Buffer *out, uint32_t id, const Buffer *contents) {
    buffer_put_u8(out, id);
    buffer_put_u64(out, contents->bytes.n);
    buffer_put_bytes(out, contents->bytes.at, contents->bytes.n);
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
    case SECTION_START: buffer_put_u64(b, m->start); break;
    case SECTION_ELEM: elem_section(b, m); break;
    case SECTION_DATA_COUNT: buffer_put_u64(b, m->datas.n); break;
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
        buffer_put_bytes(contents, m->bytes + c->at, c->n);
        put_section(out, SECTION_CUSTOM, contents);
    }
}

uint8_t *module_encode(Arena *arena, const Module *m, uint32_t *size) {
    Buffer out = {.arena = arena}, contents = {.arena = arena}, scratch = {.arena = arena};
    vec_reserve(arena, &out.bytes, m->size);
    buffer_put_bytes(&out, "\0asm\1\0\0\0", 8);
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
