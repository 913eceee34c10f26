/* The module: the order of work, and the sections as bytes. */
#include "base/leb128.h"
#include "fuzz/gen/gen_impl.h"

/* -- Sections ----------------------------------------------------------------------------- */

typedef struct Writer {
    Gen *g;
    Arena *a;
    Bytes out, section;
} Writer;

static void put_u8(Writer *w, uint32_t v) { bytes_u8(w->a, &w->section, v); }
static void put(Writer *w, uint64_t v) { bytes_u64(w->a, &w->section, v); }
static void put_type(Writer *w, Ti t) { bytes_type(w->a, &w->section, t); }

static void put_name(Writer *w, Name n) {
    put(w, n.n);
    bytes_put(w->a, &w->section, n.at, n.n);
}

static void end_section(Writer *w, uint32_t id) {
    bytes_u8(w->a, &w->out, id);
    bytes_u64(w->a, &w->out, w->section.n);
    bytes_put(w->a, &w->out, w->section.at, w->section.n);
    w->section.n = 0;
}

static void put_types(Writer *w, const ValType *t, uint32_t n) {
    put(w, n);
    for (uint32_t i = 0; i < n; i++) put_type(w, ti_of(t[i]));
}

static void type_section(Writer *w) {
    const Gen *g = w->g;
    put(w, g->type.n);
    for (uint32_t i = 0; i < g->type.n; i++) {
        const FuncType *t = &g->type.at[i];
        put_u8(w, 0x60);
        put_types(w, t->param, t->nparam);
        put_types(w, t->result, t->nresult);
    }
    end_section(w, 1);
    g->stats->types += g->type.n;
}

static void put_limits(Writer *w, uint64_t min, bool has_max, uint64_t max) {
    put_u8(w, has_max);
    put(w, min);
    if (has_max) put(w, max);
}

static void put_memory(Writer *w, const GenMemory *m) { put_limits(w, m->pages, m->has_max, m->max); }

static void put_table(Writer *w, const GenTable *t) {
    put_type(w, t->type);
    put_limits(w, t->size, t->has_max, t->max);
}

static void put_global(Writer *w, const GenGlobal *x) {
    put_type(w, x->type);
    put_u8(w, x->mutable);
}

static void put_import(Writer *w, char kind, uint32_t index) {
    put_name(w, (Name){"env", 3});
    put_name(w, gen_export_name(w->g, kind, index));
}

/* Imports of one kind are first in their index space. */
#define COUNT_IMPORTED(list, count) \
    while ((count) < (list).n && (list).at[count].imported) (count)++

static void import_section(Writer *w) {
    Gen *g = w->g;
    uint32_t funcs = 0, tables = 0, memories = 0, globals = 0;
    COUNT_IMPORTED(g->func, funcs);
    COUNT_IMPORTED(g->table, tables);
    COUNT_IMPORTED(g->memory, memories);
    COUNT_IMPORTED(g->global, globals);
    uint32_t n = funcs + tables + memories + globals;
    if (!n) return;
    g->stats->imports += n;
    put(w, n);
    for (uint32_t i = 0; i < funcs; i++) put_import(w, 'f', i), put_u8(w, 0), put(w, g->func.at[i].type);
    for (uint32_t i = 0; i < tables; i++) put_import(w, 't', i), put_u8(w, 1), put_table(w, &g->table.at[i]);
    for (uint32_t i = 0; i < memories; i++) put_import(w, 'm', i), put_u8(w, 2), put_memory(w, &g->memory.at[i]);
    for (uint32_t i = 0; i < globals; i++) put_import(w, 'g', i), put_u8(w, 3), put_global(w, &g->global.at[i]);
    end_section(w, 2);
}

static void func_section(Writer *w) {
    const Gen *g = w->g;
    put(w, g->func.n - g->nimported);
    for (uint32_t i = g->nimported; i < g->func.n; i++) put(w, g->func.at[i].type);
    end_section(w, 3);
    g->stats->funcs += g->func.n - g->nimported;
}

static void table_section(Writer *w) {
    const Gen *g = w->g;
    uint32_t i = 0;
    COUNT_IMPORTED(g->table, i);
    g->stats->tables += g->table.n;
    if (i == g->table.n) return;
    for (put(w, g->table.n - i); i < g->table.n; i++) put_table(w, &g->table.at[i]);
    end_section(w, 4);
}

static void memory_section(Writer *w) {
    const Gen *g = w->g;
    uint32_t i = 0;
    COUNT_IMPORTED(g->memory, i);
    g->stats->memories += g->memory.n;
    if (i == g->memory.n) return;
    for (put(w, g->memory.n - i); i < g->memory.n; i++) put_memory(w, &g->memory.at[i]);
    end_section(w, 5);
}

static void put_end(Writer *w) { bytes_op(w->a, &w->section, w->g->stats, OP_END); }

static void global_section(Writer *w) {
    const Gen *g = w->g;
    uint32_t i = 0;
    COUNT_IMPORTED(g->global, i);
    g->stats->globals += g->global.n;
    for (put(w, g->global.n - i); i < g->global.n; i++) {
        const GenGlobal *x = &g->global.at[i];
        put_global(w, x);
        bytes_put(w->a, &w->section, x->init.at, x->init.n);
        put_end(w);
    }
    end_section(w, 6);
}

static void put_export(Writer *w, char kind, uint32_t code, uint32_t index) {
    put_name(w, gen_export_name(w->g, kind, index));
    put_u8(w, code);
    put(w, index);
}

/* All state is visible to engines that see exports alone. */
static void export_section(Writer *w) {
    const Gen *g = w->g;
    uint32_t n = g->table.n + g->memory.n + g->global.n;
    bool mutable = gen_has(g, FEAT_MUTABLE_GLOBALS);
    for (uint32_t i = 0; i < g->func.n; i++) n += g->func.at[i].exported;
    for (uint32_t i = 0; i < g->global.n; i++) n -= g->global.at[i].mutable && !mutable;
    put(w, n);
    for (uint32_t i = 0; i < g->func.n; i++)
        if (g->func.at[i].exported) put_export(w, 'f', 0, i);
    for (uint32_t i = 0; i < g->table.n; i++) put_export(w, 't', 1, i);
    for (uint32_t i = 0; i < g->memory.n; i++) put_export(w, 'm', 2, i);
    for (uint32_t i = 0; i < g->global.n; i++)
        if (mutable || !g->global.at[i].mutable) put_export(w, 'g', 3, i);
    end_section(w, 7);
}

static void start_section(Writer *w) {
    const Gen *g = w->g;
    for (uint32_t i = 0; i < g->func.n; i++) {
        if (!g->func.at[i].start) continue;
        put(w, i);
        end_section(w, 8);
        g->stats->starts++;
    }
}

/* -- Segments -------------------------------------------------------------------------------- */

static void put_offset(Writer *w, uint32_t offset) {
    bytes_const(w->a, &w->section, w->g->stats, &w->g->ops, TI_I32, (Value){.i32 = offset});
    put_end(w);
}

static void put_item(Writer *w, const GenElem *s, uint32_t func) {
    if (!s->exprs) {
        put(w, func);
        return;
    }
    bytes_op(w->a, &w->section, w->g->stats, func == NO_INDEX ? OP_REF_NULL : OP_REF_FUNC);
    if (func == NO_INDEX) put_type(w, s->type);
    else put(w, func);
    put_end(w);
}

/* Flags (spec 5.5.12): 1 passive or declarative, 2 explicit table or declarative, 4 expressions. */
static void put_elem(Writer *w, const GenElem *s) {
    bool active = s->mode == SEG_ACTIVE, short_form = active && s->table == 0 && s->type == TI_FUNC;
    uint32_t flags = active ? (short_form ? 0 : 2) : s->mode == SEG_PASSIVE ? 1 : 3;
    put(w, flags | (s->exprs ? 4 : 0));
    if (active && !short_form) put(w, s->table);
    if (active) put_offset(w, s->offset);
    if (!short_form && s->exprs) put_type(w, s->type);
    if (!short_form && !s->exprs) put_u8(w, 0); /* functions */
    put(w, s->item.n);
    for (uint32_t i = 0; i < s->item.n; i++) put_item(w, s, s->item.at[i]);
}

static void elem_section(Writer *w) {
    const Gen *g = w->g;
    if (!g->elem.n) return;
    put(w, g->elem.n);
    for (uint32_t i = 0; i < g->elem.n; i++) put_elem(w, &g->elem.at[i]);
    end_section(w, 9);
    g->stats->elems += g->elem.n;
}

static void put_data(Writer *w, const GenData *d) {
    put(w, d->mode == SEG_PASSIVE ? 1 : d->memory ? 2 : 0);
    if (d->mode == SEG_ACTIVE) {
        if (d->memory) put(w, d->memory);
        if (d->by_global) {
            bytes_op(w->a, &w->section, w->g->stats, OP_GLOBAL_GET);
            put(w, 0);
        }
        if (d->by_global && !d->offset) put_end(w);
        if (d->by_global && d->offset) {
            bytes_const(w->a, &w->section, w->g->stats, &w->g->ops, TI_I32, (Value){.i32 = d->offset});
            bytes_op(w->a, &w->section, w->g->stats, OP_I32_ADD);
            put_end(w);
        }
        if (!d->by_global) put_offset(w, d->offset);
    }
    put(w, d->bytes.n);
    bytes_put(w->a, &w->section, d->bytes.at, d->bytes.n);
}

static void data_section(Writer *w) {
    const Gen *g = w->g;
    if (!g->data.n) return;
    put(w, g->data.n);
    for (uint32_t i = 0; i < g->data.n; i++) put_data(w, &g->data.at[i]);
    end_section(w, 11);
    g->stats->datas += g->data.n;
}

static void code_section(Writer *w) {
    const Gen *g = w->g;
    put(w, g->func.n - g->nimported);
    for (uint32_t i = g->nimported; i < g->func.n; i++) {
        const Bytes *code = &g->func.at[i].code;
        put(w, code->n);
        bytes_put(w->a, &w->section, code->at, code->n);
    }
    end_section(w, 10);
}

static void plan_section(Writer *w) {
    uint32_t n;
    uint8_t *plan = plan_encode(w->a, &w->g->plan, &n);
    put_name(w, (Name){PLAN_SECTION, sizeof PLAN_SECTION - 1});
    bytes_put(w->a, &w->section, plan, n);
    end_section(w, 0);
    w->g->stats->steps += w->g->plan.step.n;
}

uint8_t *gen_write(Gen *g, uint32_t *size) {
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    Writer w = {.g = g, .a = g->a};
    bytes_put(w.a, &w.out, magic, sizeof magic);
    type_section(&w);
    import_section(&w);
    func_section(&w);
    table_section(&w);
    memory_section(&w);
    global_section(&w);
    export_section(&w);
    start_section(&w);
    elem_section(&w);
    if (g->data.n && gen_has(g, FEAT_BULK)) { /* what data.drop and memory.init in bodies refer to */
        put(&w, g->data.n);
        end_section(&w, 12);
    }
    code_section(&w);
    data_section(&w);
    plan_section(&w);
    *size = w.out.n;
    return w.out.at;
}
