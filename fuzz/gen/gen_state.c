/* State: memories, tables, globals, imported functions and segments. */
#include <string.h>
#include "base/map.h"
#include "fuzz/gen/gen_impl.h"

/* -- Memories ------------------------------------------------------------------------- */

/* Large ones have addresses from 2^31 up.  They are rare: an emulator keeps a record of each page that is mapped, which
 * makes such a case take the time of some twenty others. */
static GenMemory memory_new(Entropy *e, bool imported) {
    static const uint8_t pages[] = {1, 1, 1, 1, 1, 1, 2, 2, 3, 0};
    static const uint32_t large[] = {65536, GEN_HIGH_PAGES, 65535, 49152};
    GenMemory m = {.pages = pages[entropy_pick(e, sizeof pages)], .imported = imported};
    if (entropy_chance(e, 8) && entropy_chance(e, 8)) m.pages = large[entropy_pick(e, 4)];
    if (entropy_chance(e, 100)) {
        static const uint16_t more[] = {0, 1, 2, 3, 8, 100, 65535};
        m.has_max = true;
        m.max = m.pages + more[entropy_pick(e, 7)];
        if (m.max > 65536) m.max = 65536;
    }
    return m;
}

void gen_memories(Gen *g) {
    static const uint8_t count[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 1, 0, 1};
    Entropy *e = &g->stream[STREAM_MEMORIES];
    uint32_t n = count[entropy_pick(e, 16)];
    if (n > 1 && !gen_has(g, FEAT_MULTI_MEMORY)) n = 1;
    uint32_t imported = n && entropy_chance(e, 40) ? 1 : 0;
    for (uint32_t i = 0; i < n; i++) {
        GenMemory m = memory_new(e, i < imported);
        if (m.pages) vec_push(g->a, &g->usable, i);
        vec_push(g->a, &g->memory, m);
    }
}

/* -- Tables: sizes are known when runs have been placed ------------------------------------ */

void gen_tables(Gen *g) {
    static const uint8_t count[] = {1, 1, 1, 1, 2, 2, 3, 0};
    static const uint8_t above[] = {0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint8_t size[] = {0, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    Entropy *e = &g->stream[STREAM_MEMORIES];
    uint32_t n = count[entropy_pick(e, 8)];
    if (n > 1 && !gen_has(g, FEAT_REF_TYPES)) n = 1;
    uint32_t imported = n && entropy_chance(e, 30) ? 1 : 0;
    for (uint32_t i = 0; i < n; i++) {
        GenTable t = {.type = TI_FUNC, .imported = i < imported};
        if (i && g->swarm.type[TI_EXTERN] && entropy_chance(e, 100)) t.type = TI_EXTERN;
        t.size = size[entropy_pick(e, sizeof size)];
        t.stable = t.size ? entropy_pick(e, 3) : 0; /* null entries in front */
        if (t.stable > t.size) t.stable = t.size;
        t.has_max = entropy_chance(e, 110);
        t.max = above[entropy_pick(e, sizeof above)]; /* by so many above the size */
        vec_push(g->a, &g->table, t);
    }
}

/* -- Globals -------------------------------------------------------------------------------- */

static bool type_there(const Gen *g, Ti t) { return g->swarm.type[t] && (!ti_is_ref(t) || gen_has(g, FEAT_REF_TYPES)); }

static Ti global_type(const Gen *g, Entropy *e) {
    static const uint8_t types[] = {TI_I32, TI_I64, TI_F32,  TI_F64,  TI_I32,  TI_I64,
                                    TI_F64, TI_F32, TI_V128, TI_V128, TI_FUNC, TI_EXTERN};
    Ti t = (Ti)types[entropy_pick(e, sizeof types)];
    return type_there(g, t) ? t : TI_I32;
}

/* An imported, immutable global of the type: what constant expressions may read in every version of the specification.
 */
static uint32_t constant_global(const Gen *g, Ti t) {
    for (uint32_t i = 0; i < g->global.n && g->global.at[i].imported; i++)
        if (g->global.at[i].type == t && !g->global.at[i].mutable) return i;
    return NO_INDEX;
}

static void put_index(Gen *g, Bytes *b, Op op, uint32_t index) {
    bytes_op(g->a, b, g->stats, op);
    bytes_u64(g->a, b, index);
}

static void put_null(Gen *g, Bytes *b, Ti t) {
    bytes_op(g->a, b, g->stats, OP_REF_NULL);
    bytes_type(g->a, b, t);
}

static void init_number(Gen *g, Bytes *b, Ti t, Entropy *e) {
    uint32_t from = constant_global(g, t), form = entropy_u8(e);
    if (form > 200 && from != NO_INDEX)
        put_index(g, b, OP_GLOBAL_GET, from);
    else
        bytes_const(g->a, b, g->stats, &g->ops, t, const_value(e, t));
    if (t > TI_I64 || form < 140 || !gen_has(g, FEAT_EXTENDED_CONST)) return;
    static const Op arith[2][3] = {{OP_I32_ADD, OP_I32_SUB, OP_I32_MUL}, {OP_I64_ADD, OP_I64_SUB, OP_I64_MUL}};
    for (uint32_t n = 1 + form % 3; n-- > 0;) {
        bytes_const(g->a, b, g->stats, &g->ops, t, const_value(e, t));
        bytes_op(g->a, b, g->stats, arith[t][entropy_pick(e, 3)]);
    }
}

static void global_new(Gen *g, Ti t, bool mutable, Entropy *e) {
    GenGlobal new = {.type = t, .mutable = mutable};
    if (!ti_is_ref(t))
        init_number(g, &new.init, t, e);
    else if (t == TI_FUNC && g->func.n && entropy_chance(e, 150))
        put_index(g, &new.init, OP_REF_FUNC, entropy_u8(e) % g->func.n);
    else
        put_null(g, &new.init, t);
    vec_push(g->a, &g->global, new);
}

/* Imports first, then the accumulator, then the others. */
void gen_globals(Gen *g) {
    Entropy *e = &g->stream[STREAM_GLOBALS];
    uint32_t imported = entropy_chance(e, 80) ? 1 + entropy_pick(e, 3) : 0;
    for (uint32_t i = 0; i < imported; i++) {
        GenGlobal new = {.type = i == 0 ? TI_I32 : global_type(g, e), .imported = true};
        new.mutable = i > 0 && gen_has(g, FEAT_MUTABLE_GLOBALS) && entropy_chance(e, 128);
        vec_push(g->a, &g->global, new);
    }
    g->acc = g->global.n;
    global_new(g, TI_I64, true, e);
    uint32_t n = entropy_pick(e, 7);
    for (uint32_t i = 0; i < n; i++) {
        Ti t = global_type(g, e);
        global_new(g, t, !entropy_chance(e, 40), e);
    }
}

/* -- Imported functions ------------------------------------------------------------------------ */

void gen_imported_funcs(Gen *g) {
    Entropy *e = &g->stream[STREAM_IMPORTS];
    uint32_t n = entropy_chance(e, 150) ? 1 + entropy_pick(e, 3) : 0;
    for (uint32_t i = 0; i < n; i++) {
        GenFunc new = {.type = entropy_pick(e, g->type.n), .imported = true};
        new.exported = entropy_chance(e, 30);
        vec_push(g->a, &g->func, new);
    }
    g->nimported = n;
}

/* -- Runs and element segments ----------------------------------------------------------------------- */

static uint32_t func_table(const Gen *g, Entropy *e) {
    uint32_t k = g->table.n ? entropy_pick(e, g->table.n) : 0;
    for (uint32_t i = 0; i < g->table.n; i++, k = (k + 1) % g->table.n)
        if (g->table.at[k].type == TI_FUNC) return k;
    return NO_INDEX;
}

/* Functions of one type and below `level`, over and over. */
static void fill_run(Gen *g, const GenRun *r, GenElem *s) {
    uint32_t from = s->item.n;
    while (s->item.n - from < 1u << r->log2)
        for (uint32_t i = 0; i < g->func.n && s->item.n - from < 1u << r->log2; i++)
            if (g->func.at[i].type == r->type && g->func.at[i].level <= r->level) vec_push(g->a, &s->item, i);
}

static void place_run(Gen *g, uint32_t type, uint32_t level, Entropy *e) {
    uint32_t table = func_table(g, e);
    if (table == NO_INDEX) return;
    GenTable *t = &g->table.at[table];
    GenRun r = {.table = table, .at = t->stable, .log2 = entropy_pick(e, 4), .type = type, .level = level};
    GenElem *s = g->elem.n ? &g->elem.at[g->elem.n - 1] : NULL;
    /* the segment before goes on, or another begins */
    if (!s || s->table != table || s->offset + s->item.n != r.at || entropy_chance(e, 60)) {
        GenElem new = {.mode = SEG_ACTIVE, .type = TI_FUNC, .table = table, .offset = r.at};
        new.exprs = gen_has(g, FEAT_REF_TYPES) && entropy_chance(e, 60);
        vec_push(g->a, &g->elem, new);
        s = &g->elem.at[g->elem.n - 1];
    }
    fill_run(g, &r, s);
    uint32_t size = 1u << r.log2;
    t->stable += size;
    t->size += size;
    vec_push(g->a, &g->run, r);
}

static void gen_runs(Gen *g, Entropy *e) {
    enum { MAX_RUNS = 8, LEVELS = 2 };
    uint64_t seen[LEVELS] = {0, 0};
    for (uint32_t i = 0; i < g->func.n && g->run.n < MAX_RUNS; i++) {
        const GenFunc *f = &g->func.at[i];
        if (f->level >= LEVELS || f->start || seen[f->level] >> f->type & 1) continue;
        seen[f->level] |= UINT64_C(1) << f->type;
        place_run(g, f->type, f->level, e);
    }
}

/* The entries that may change begin as functions, different ones. */
static void fill_loose(Gen *g, uint32_t table, Entropy *e) {
    const GenTable *t = &g->table.at[table];
    uint32_t first = entropy_u8(e);
    GenElem s = {.mode = SEG_ACTIVE, .type = TI_FUNC, .table = table, .offset = t->stable};
    for (uint32_t i = t->stable; i < t->size && g->func.n; i++) vec_push(g->a, &s.item, (first + i) % g->func.n);
    if (s.item.n) vec_push(g->a, &g->elem, s);
}

static void elem_new(Gen *g, SegmentMode mode, Entropy *e) {
    GenElem s = {.mode = mode, .type = TI_FUNC};
    s.exprs = gen_has(g, FEAT_REF_TYPES) && entropy_chance(e, 128);
    if (s.exprs && mode == SEG_PASSIVE && g->swarm.type[TI_EXTERN] && entropy_chance(e, 70)) s.type = TI_EXTERN;
    uint32_t n = entropy_pick(e, 7), funcs = g->func.n;
    for (uint32_t i = 0; i < n; i++) {
        bool null = s.type == TI_EXTERN || !funcs || (s.exprs && entropy_chance(e, 60));
        vec_push(g->a, &s.item, null ? NO_INDEX : entropy_u8(e) % funcs);
    }
    if (!s.exprs && !funcs) s.item.n = 0;
    vec_push(g->a, &g->elem, s);
}

/* So that ref.func may name all of them. */
static void declare_funcs(Gen *g) {
    GenElem s = {.mode = SEG_DECLARATIVE, .type = TI_FUNC};
    for (uint32_t i = 0; i < g->func.n; i++)
        if (!g->func.at[i].exported) vec_push(g->a, &s.item, i);
    if (s.item.n) vec_push(g->a, &g->elem, s);
}

/* -- Data segments ---------------------------------------------------------------------------------------- */

static void data_bytes(Gen *g, GenData *d, Entropy *e) {
    uint32_t n = entropy_pick(e, 8);
    for (uint32_t i = 0; i < n; i++) {
        Ti t = (Ti)entropy_pick(e, 4);
        Value v = const_value(e, t);
        bytes_put(g->a, &d->bytes, v.bytes, ti_bytes(t));
    }
    uint64_t noise = entropy_u8(e);
    if (noise < 64) return;
    for (uint64_t k = 0; k < noise % 7; k++) {
        Value v = {.i64 = hash_mix(noise + k)};
        bytes_put(g->a, &d->bytes, v.bytes, 1 + (uint32_t)noise % 8);
    }
}

static void data_place(Gen *g, GenData *d, Entropy *e) {
    d->memory = entropy_pick(e, g->memory.n);
    uint64_t size = (uint64_t)g->memory.at[d->memory].pages * WASM_PAGE;
    if (!size) d->bytes.n = 0;
    switch (entropy_pick(e, 6)) {
    case 0: break;
    case 1:
    case 2: d->offset = entropy_u8(e); break;
    case 3: d->offset = (uint32_t)(size - d->bytes.n); break; /* to the end exactly */
    case 4: d->offset = 8 * entropy_u8(e); break;
    default:
        d->by_global = constant_global(g, TI_I32) != NO_INDEX;
        if (d->by_global) d->offset = gen_has(g, FEAT_EXTENDED_CONST) ? entropy_u8(e) : 0;
        break;
    }
    if (!size && d->by_global) d->by_global = false;
    if (!size) d->offset = 0;
}

/* The front of memory, where most accesses go, is not zero. */
static void first_data(Gen *g, Entropy *e) {
    GenData d = {.mode = SEG_ACTIVE, .memory = g->usable.at[0], .offset = entropy_pick(e, 4) * 16};
    uint32_t n = 64 + entropy_pick(e, 150);
    uint64_t noise = entropy_bits(e, 2);
    for (uint32_t i = 0; i < n; i += 8) {
        Value v = {.i64 = hash_mix(noise + i)};
        bytes_put(g->a, &d.bytes, v.bytes, 8);
    }
    vec_push(g->a, &g->data, d);
}

static void gen_datas(Gen *g, Entropy *e) {
    uint32_t n = g->memory.n || gen_has(g, FEAT_BULK) ? entropy_pick(e, 4) : 0;
    if (g->usable.n && entropy_chance(e, 220)) first_data(g, e);
    for (uint32_t i = 0; i < n; i++) {
        GenData d = {.mode = SEG_ACTIVE};
        data_bytes(g, &d, e);
        if (gen_has(g, FEAT_BULK) && (!g->memory.n || entropy_chance(e, 110)))
            d.mode = SEG_PASSIVE;
        else
            data_place(g, &d, e);
        vec_push(g->a, &g->data, d);
    }
}

void gen_segments(Gen *g) {
    Entropy *e = &g->stream[STREAM_SEGMENTS];
    gen_runs(g, e);
    for (uint32_t i = 0; i < g->table.n; i++) {
        GenTable *t = &g->table.at[i];
        t->max += t->size;
        if (t->type == TI_FUNC && entropy_chance(e, 150)) fill_loose(g, i, e);
    }
    if (gen_has(g, FEAT_BULK)) {
        uint32_t n = entropy_pick(e, 4);
        for (uint32_t i = 0; i < n; i++) elem_new(g, SEG_PASSIVE, e);
    }
    gen_datas(g, e);
    if (gen_has(g, FEAT_REF_TYPES)) declare_funcs(g);
}
