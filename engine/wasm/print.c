/* The text format (spec 6), as far as printing a module needs it. */
#include "wasm/print.h"
#include <stdio.h>
#include "base/leb128.h"
#include "base/map.h"

typedef struct Printer {
    Text *t;
    const Module *m;
    uint32_t flags;
    uint32_t mark;     /* byte offset to mark, or NO_INDEX */
    const bool *named; /* function i goes by its name; may be NULL */
    uint32_t depth;    /* of blocks in the current function */
} Printer;

enum { MAX_INDENT = 30, DATA_LINE = 64 };

/* -- Strings and names -------------------------------------------------------------------- */

void text_put_string(Text *t, const void *bytes, uint32_t n) {
    const uint8_t *p = bytes;
    text_putc(t, '"');
    for (uint32_t i = 0; i < n; i++) {
        if (p[i] == '"' || p[i] == '\\')
            text_printf(t, "\\%c", p[i]);
        else if (p[i] >= 0x20 && p[i] < 0x7f)
            text_putc(t, (char)p[i]);
        else
            text_printf(t, "\\%02x", p[i]);
    }
    text_putc(t, '"');
}

static bool is_id_char(uint8_t c) { return c > 0x20 && c < 0x7f && !strchr("\"(),;[]{}", c); }

static bool is_id(Name name) {
    for (uint32_t i = 0; i < name.n; i++)
        if (!is_id_char((uint8_t)name.at[i])) return false;
    return name.n > 0;
}

/* Which functions may go by their name: the first of each name that is an identifier. */
static const bool *find_named(Arena *a, const Module *m) {
    if (!m->func_names) return NULL;
    bool *named = ARENA_ARRAY(a, bool, m->funcs.n);
    Map seen;
    map_init(&seen, a);
    for (uint32_t i = 0; i < m->funcs.n; i++) {
        Name name = module_func_name(m, i);
        if (!is_id(name)) continue;
        uint64_t h = hash_bytes(name.at, name.n, 0);
        uint32_t other;
        if (map_get(&seen, h, &other)) continue; /* the same name, or as good as */
        map_put(&seen, h, i);
        named[i] = true;
    }
    return named;
}

static void put_func(const Printer *p, uint32_t func) {
    if (p->named && p->named[func]) {
        Name name = module_func_name(p->m, func);
        text_putc(p->t, '$');
        text_putn(p->t, name.at, name.n);
    } else {
        text_printf(p->t, "%u", func);
    }
}

/* -- Types ----------------------------------------------------------------------------------- */

static void put_val_type(Text *t, ValType vt) {
    char buf[32];
    text_puts(t, vt_name(vt, buf));
}

static void put_heap_type(Text *t, uint32_t heap) {
    char buf[32];
    if (heap < HEAP_ABSTRACT) {
        text_printf(t, "%u", heap);
        return;
    }
    const char *s = vt_name(VT_REF | heap, buf); /* "(ref func)" */
    text_putn(t, s + 5, strlen(s) - 6);
}

static void put_types(Text *t, const char *what, const ValType *types, uint32_t n) {
    if (!n) return;
    text_printf(t, " (%s", what);
    for (uint32_t i = 0; i < n; i++) {
        text_putc(t, ' ');
        put_val_type(t, types[i]);
    }
    text_putc(t, ')');
}

static void put_func_type(Text *t, const FuncType *ft) {
    put_types(t, "param", ft->param, ft->nparam);
    put_types(t, "result", ft->result, ft->nresult);
}

static void put_field(Text *t, FieldType f) {
    text_puts(t, f.mutable ? "(mut " : "");
    put_val_type(t, f.type);
    text_puts(t, f.mutable ? ")" : "");
}

static void put_comp_type(Text *t, const TypeDef *def) {
    if (def->kind == TYPE_FUNC) {
        text_puts(t, "(func");
        put_func_type(t, &def->func);
    } else if (def->kind == TYPE_ARRAY) {
        text_puts(t, "(array ");
        put_field(t, def->field[0]);
    } else {
        text_puts(t, "(struct");
        for (uint32_t i = 0; i < def->nfield; i++) {
            text_puts(t, " (field ");
            put_field(t, def->field[i]);
            text_putc(t, ')');
        }
    }
    text_putc(t, ')');
}

static void put_type_def(Text *t, const Module *m, uint32_t index) {
    const TypeDef *def = &m->types.at[index];
    bool sub = !def->final || def->super != NO_INDEX;
    text_printf(t, "(type (;%u;) ", index);
    if (sub) text_puts(t, def->final ? "(sub final " : "(sub ");
    if (def->super != NO_INDEX) text_printf(t, "%u ", def->super);
    put_comp_type(t, def);
    text_puts(t, sub ? "))" : ")");
}

static void put_limits(Text *t, const Limits *l) {
    if (l->is64) text_puts(t, "i64 ");
    text_printf(t, "%llu", (unsigned long long)l->min);
    if (l->has_max) text_printf(t, " %llu", (unsigned long long)l->max);
    if (l->shared) text_puts(t, " shared");
}

static void put_table_type(Text *t, const Table *table) {
    put_limits(t, &table->limits);
    text_putc(t, ' ');
    put_val_type(t, table->type);
}

static void put_global_type(Text *t, GlobalType g) { put_field(t, (FieldType){g.type, g.mutable}); }

/* -- Instructions ------------------------------------------------------------------------------- */

/* A float's bits as a hexadecimal literal, exactly; `mant` mantissa bits under `exp` exponent bits. */
static void put_float(Text *t, uint64_t bits, uint32_t mant, uint32_t exp) {
    uint64_t m = bits & ((UINT64_C(1) << mant) - 1);
    uint32_t max = (1u << exp) - 1, e = (uint32_t)(bits >> mant) & max;
    if (bits >> (mant + exp)) text_putc(t, '-');
    if (e == max) {
        if (m == 0)
            text_puts(t, "inf");
        else if (m == UINT64_C(1) << (mant - 1))
            text_puts(t, "nan");
        else
            text_printf(t, "nan:0x%llx", (unsigned long long)m);
        return;
    }
    int32_t power = e ? (int32_t)e - (int32_t)(max >> 1) : 1 - (int32_t)(max >> 1);
    text_puts(t, e ? "0x1" : "0x0");
    if (m) {
        uint32_t digits = (mant + 3) / 4;
        m <<= digits * 4 - mant;
        for (; !(m & 15); m >>= 4) digits--;
        text_printf(t, ".%0*llx", (int)digits, (unsigned long long)m);
    }
    text_printf(t, "p%+d", m || e ? power : 0);
}

static void put_f32(Text *t, uint32_t bits) {
    put_float(t, bits, 23, 8);
    float f;
    memcpy(&f, &bits, sizeof f);
    if (f - f == 0) text_printf(t, " (;=%.9g;)", (double)f);
}

static void put_f64(Text *t, uint64_t bits) {
    put_float(t, bits, 52, 11);
    double d;
    memcpy(&d, &bits, sizeof d);
    if (d - d == 0) text_printf(t, " (;=%.17g;)", d);
}

static void put_label(const Printer *p, uint32_t label) {
    if (label <= p->depth)
        text_printf(p->t, " %u (;@%u;)", label, p->depth - label);
    else
        text_printf(p->t, " %u", label);
}

static void put_labels(const Printer *p, const Instr *in) {
    const uint8_t *at = p->m->bytes + in->labels.at;
    for (uint32_t i = 0; i <= in->labels.count; i++) text_printf(p->t, " %u", leb_u32(&at));
}

static void put_block_type(const Printer *p, const Instr *in) {
    if (in->block >= 0) {
        text_printf(p->t, " (type %u)", (uint32_t)in->block);
        put_func_type(p->t, &p->m->types.at[in->block].func);
    } else if (in->block == BLOCK_VALUE) {
        put_types(p->t, "result", &in->block_vt, 1);
    }
}

static void put_select_types(const Printer *p, const Instr *in) {
    Err err;
    err_clear(&err);
    Reader r = {.base = p->m->bytes, .at = p->m->bytes + in->types.at, .end = p->m->bytes + in->next, .err = &err};
    text_puts(p->t, " (result");
    for (uint32_t i = 0; i < in->types.count; i++) {
        text_putc(p->t, ' ');
        put_val_type(p->t, read_val_type(&r, p->m));
    }
    text_putc(p->t, ')');
}

static void put_memarg(Text *t, const Instr *in) {
    if (in->mem.memory) text_printf(t, " %u", in->mem.memory);
    if (in->mem.offset) text_printf(t, " offset=%llu", (unsigned long long)in->mem.offset);
    if (in->mem.align != op_align(in->op)) text_printf(t, " align=%u", 1u << in->mem.align);
}

static void put_immediates(const Printer *p, const Instr *in) {
    Text *t = p->t;
    switch ((Imm)op_info[in->op].imm) {
    case IMM_NONE:
    case IMM_COUNT: break;
    case IMM_BLOCK: put_block_type(p, in); break;
    case IMM_LABEL: put_label(p, in->index); break;
    case IMM_LABELS: put_labels(p, in); break;
    case IMM_FUNC:
        text_putc(t, ' ');
        put_func(p, in->index);
        break;
    case IMM_TYPE_TABLE:
        if (in->index2) text_printf(t, " %u", in->index2);
        text_printf(t, " (type %u)", in->index);
        break;
    case IMM_TYPES: put_select_types(p, in); break;
    case IMM_LOCAL:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_DATA:
    case IMM_ELEM: text_printf(t, " %u", in->index); break;
    case IMM_MEMORY:
        if (in->index) text_printf(t, " %u", in->index);
        break;
    case IMM_MEMARG: put_memarg(t, in); break;
    case IMM_MEMARG_LANE:
        put_memarg(t, in);
        text_printf(t, " %u", in->lane);
        break;
    case IMM_LANE: text_printf(t, " %u", in->lane); break;
    case IMM_V128:
        text_puts(t, " i32x4");
        for (uint32_t i = 0; i < 16; i += 4) text_printf(t, " 0x%08x", bits_load_u32(in->bytes + i));
        break;
    case IMM_SHUFFLE:
        for (uint32_t i = 0; i < 16; i++) text_printf(t, " %u", in->bytes[i]);
        break;
    case IMM_I32: text_printf(t, " %d", (int32_t)in->i32); break;
    case IMM_I64: text_printf(t, " %lld", (long long)in->i64); break;
    case IMM_F32:
        text_putc(t, ' ');
        put_f32(t, (uint32_t)in->i64);
        break;
    case IMM_F64:
        text_putc(t, ' ');
        put_f64(t, in->i64);
        break;
    case IMM_HEAP_TYPE:
        text_putc(t, ' ');
        put_heap_type(t, in->heap);
        break;
    case IMM_DATA_MEMORY:
    case IMM_ELEM_TABLE: /* the text has the memory or table first */
        if (in->index2) text_printf(t, " %u", in->index2);
        text_printf(t, " %u", in->index);
        break;
    case IMM_MEMORY_MEMORY:
    case IMM_TABLE_TABLE:
        if (in->index || in->index2) text_printf(t, " %u %u", in->index, in->index2);
        break;
    }
}

static void put_instr(const Printer *p, const Instr *in) {
    text_puts(p->t, op_info[in->op].text);
    put_immediates(p, in);
}

void instr_print(Text *t, const Module *m, const Instr *in) {
    put_instr(&(Printer){.t = t, .m = m, .mark = NO_INDEX}, in);
}

/* A constant expression on one line, its `end` left out. */
static void put_expr(const Printer *p, ConstExpr e) {
    Instr in;
    for (uint32_t at = e.at; at < e.end; at = in.next) {
        next_instr(p->m, at, &in);
        if (in.op == OP_END) break;
        if (at != e.at) text_putc(p->t, ' ');
        put_instr(p, &in);
    }
}

/* -- Functions ------------------------------------------------------------------------------------ */

static void start_line(Printer *p, uint32_t at, uint32_t depth) {
    if (p->flags & PRINT_OFFSETS) text_printf(p->t, "(;%06x;)", at);
    uint32_t indent = 2 + (depth < MAX_INDENT ? depth : MAX_INDENT);
    for (uint32_t i = 0; i < indent; i++) text_puts(p->t, "  ");
}

static void put_line(Printer *p, const Instr *in) {
    bool closes = in->op == OP_END || in->op == OP_ELSE;
    bool opens = in->op == OP_BLOCK || in->op == OP_LOOP || in->op == OP_IF;
    if (in->op == OP_END) p->depth--;
    start_line(p, in->at, in->op == OP_ELSE ? p->depth - 1 : p->depth);
    if (opens) p->depth++;
    put_instr(p, in);
    if (opens) text_printf(p->t, "  ;; @%u", p->depth);
    if (closes) text_printf(p->t, "  ;; @%u", in->op == OP_END ? p->depth + 1 : p->depth);
    if (p->mark >= in->at && p->mark < in->next) text_puts(p->t, "  ;; <--");
    text_putc(p->t, '\n');
}

static void put_type_use(const Printer *p, uint32_t type) {
    text_printf(p->t, " (type %u)", type);
    put_func_type(p->t, &p->m->types.at[type].func);
}

static void put_func_id(const Printer *p, uint32_t func) {
    text_puts(p->t, "(func ");
    if (p->named && p->named[func]) {
        put_func(p, func);
        text_putc(p->t, ' ');
    }
    text_printf(p->t, "(;%u;)", func);
}

static void put_func_def(Printer *p, uint32_t func) {
    const Module *m = p->m;
    const Func *f = &m->funcs.at[func];
    const Body *b = &m->bodies.at[f->body];
    uint32_t nparam = module_func_type(m, func)->nparam;
    text_puts(p->t, "  ");
    put_func_id(p, func);
    put_type_use(p, f->type);
    text_putc(p->t, '\n');
    if (b->nlocal > nparam) {
        text_puts(p->t, "   ");
        put_types(p->t, "local", b->local + nparam, b->nlocal - nparam);
        text_putc(p->t, '\n');
    }
    p->depth = 0;
    Instr in;
    for (uint32_t at = b->code; at < b->end; at = in.next) {
        next_instr(m, at, &in);
        if (in.next < b->end) put_line(p, &in);
    }
    /* The closing parenthesis stands for the final `end`. */
    text_puts(p->t, p->mark >= in.at && p->mark < in.next ? "  )  ;; <--\n" : "  )\n");
}

void module_print_func(Text *t, const Module *m, uint32_t func, uint32_t mark_offset) {
    Printer p = {.t = t, .m = m, .flags = PRINT_OFFSETS, .mark = mark_offset, .named = find_named(t->arena, m)};
    if (m->funcs.at[func].import == NO_INDEX) {
        put_func_def(&p, func);
        return;
    }
    const Import *im = &m->imports.at[m->funcs.at[func].import];
    text_puts(t, "  (import ");
    text_put_string(t, im->module.at, im->module.n);
    text_putc(t, ' ');
    text_put_string(t, im->name.at, im->name.n);
    text_putc(t, ' ');
    put_func_id(&p, func);
    put_type_use(&p, m->funcs.at[func].type);
    text_puts(t, "))\n");
}

/* -- The module -------------------------------------------------------------------------------------- */

static void print_types(Printer *p) {
    const Module *m = p->m;
    for (uint32_t i = 0; i < m->types.n;) {
        uint32_t n = m->types.at[i].group_size;
        if (n > 1) text_puts(p->t, "  (rec\n");
        for (uint32_t k = 0; k < n; k++, i++) {
            text_puts(p->t, n > 1 ? "    " : "  ");
            put_type_def(p->t, m, i);
            text_putc(p->t, '\n');
        }
        if (n > 1) text_puts(p->t, "  )\n");
    }
}

static void print_import(Printer *p, const Import *im) {
    Text *t = p->t;
    const Module *m = p->m;
    uint32_t i = im->index;
    text_puts(t, "  (import ");
    text_put_string(t, im->module.at, im->module.n);
    text_putc(t, ' ');
    text_put_string(t, im->name.at, im->name.n);
    text_putc(t, ' ');
    switch (im->kind) {
    case EXT_FUNC:
        put_func_id(p, i);
        text_printf(t, " (type %u)", m->funcs.at[i].type);
        break;
    case EXT_TABLE:
        text_printf(t, "(table (;%u;) ", i);
        put_table_type(t, &m->tables.at[i]);
        break;
    case EXT_MEMORY:
        text_printf(t, "(memory (;%u;) ", i);
        put_limits(t, &m->memories.at[i].limits);
        break;
    case EXT_GLOBAL:
        text_printf(t, "(global (;%u;) ", i);
        put_global_type(t, m->globals.at[i].type);
        break;
    case EXT_TAG:
    case EXT_COUNT:
        text_printf(t, "(tag (;%u;)", i);
        put_type_use(p, m->tags.at[i].type);
        break;
    }
    text_puts(t, "))\n");
}

static void print_definitions(Printer *p) {
    Text *t = p->t;
    const Module *m = p->m;
    for (uint32_t i = m->nimported[EXT_TABLE]; i < m->tables.n; i++) {
        text_printf(t, "  (table (;%u;) ", i);
        put_table_type(t, &m->tables.at[i]);
        if (m->tables.at[i].has_init) {
            text_putc(t, ' ');
            put_expr(p, m->tables.at[i].init);
        }
        text_puts(t, ")\n");
    }
    for (uint32_t i = m->nimported[EXT_MEMORY]; i < m->memories.n; i++) {
        text_printf(t, "  (memory (;%u;) ", i);
        put_limits(t, &m->memories.at[i].limits);
        text_puts(t, ")\n");
    }
    for (uint32_t i = m->nimported[EXT_TAG]; i < m->tags.n; i++) {
        text_printf(t, "  (tag (;%u;)", i);
        put_type_use(p, m->tags.at[i].type);
        text_puts(t, ")\n");
    }
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++) {
        text_printf(t, "  (global (;%u;) ", i);
        put_global_type(t, m->globals.at[i].type);
        text_putc(t, ' ');
        put_expr(p, m->globals.at[i].init);
        text_puts(t, ")\n");
    }
}

static void print_export(Printer *p, const Export *e) {
    static const char *const kind[] = {"func", "table", "memory", "global", "tag"};
    text_puts(p->t, "  (export ");
    text_put_string(p->t, e->name.at, e->name.n);
    text_printf(p->t, " (%s ", kind[e->kind]);
    if (e->kind == EXT_FUNC)
        put_func(p, e->index);
    else
        text_printf(p->t, "%u", e->index);
    text_puts(p->t, "))\n");
}

static void print_elem(Printer *p, uint32_t index) {
    Text *t = p->t;
    const ElemSegment *s = &p->m->elems.at[index];
    text_printf(t, "  (elem (;%u;)", index);
    if (s->mode == SEG_DECLARATIVE) text_puts(t, " declare");
    if (s->mode == SEG_ACTIVE) {
        if (s->table) text_printf(t, " (table %u)", s->table);
        text_puts(t, " (offset ");
        put_expr(p, s->offset);
        text_putc(t, ')');
    }
    text_putc(t, ' ');
    if (s->exprs)
        put_val_type(t, s->type);
    else
        text_puts(t, "func");
    for (uint32_t i = 0; i < s->count; i++) {
        text_puts(t, s->exprs ? " (item " : " ");
        if (s->exprs)
            put_expr(p, s->exprs[i]);
        else
            put_func(p, s->funcs[i]);
        if (s->exprs) text_putc(t, ')');
    }
    text_puts(t, ")\n");
}

static void print_data(Printer *p, uint32_t index) {
    Text *t = p->t;
    const DataSegment *s = &p->m->datas.at[index];
    text_printf(t, "  (data (;%u;)", index);
    if (s->mode == SEG_ACTIVE) {
        if (s->memory) text_printf(t, " (memory %u)", s->memory);
        text_puts(t, " (offset ");
        put_expr(p, s->offset);
        text_putc(t, ')');
    }
    for (uint32_t i = 0; i < s->n; i += DATA_LINE) {
        text_puts(t, s->n > DATA_LINE ? "\n    " : " ");
        text_put_string(t, p->m->bytes + s->bytes_at + i, s->n - i < DATA_LINE ? s->n - i : DATA_LINE);
    }
    text_puts(t, ")\n");
}

void module_print(Text *t, const Module *m, uint32_t flags) {
    Printer p = {.t = t, .m = m, .flags = flags, .mark = NO_INDEX, .named = find_named(t->arena, m)};
    text_puts(t, "(module\n");
    print_types(&p);
    for (uint32_t i = 0; i < m->imports.n; i++) print_import(&p, &m->imports.at[i]);
    print_definitions(&p);
    for (uint32_t i = 0; i < m->exports.n; i++) print_export(&p, &m->exports.at[i]);
    if (m->start != NO_INDEX) {
        text_puts(t, "  (start ");
        put_func(&p, m->start);
        text_puts(t, ")\n");
    }
    for (uint32_t i = 0; i < m->elems.n; i++) print_elem(&p, i);
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++) put_func_def(&p, i);
    for (uint32_t i = 0; i < m->datas.n; i++) print_data(&p, i);
    for (uint32_t i = 0; i < m->customs.n; i++) {
        const Custom *c = &m->customs.at[i];
        text_puts(t, "  ;; custom section ");
        text_put_string(t, c->name.at, c->name.n);
        text_printf(t, ", %u bytes\n", c->n);
    }
    text_puts(t, ")\n");
}
