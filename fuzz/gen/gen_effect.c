/* Effects: stores, bulk memory and table instructions, growth, and what reads sizes and references.
 *
 * Ranges are small and in bounds by construction, with the exact end and empty ranges at the end among them; risky ones
 * are not.  The front of a table (GenTable.stable) is left as it is, so that indirect calls find what they expect. */
#include "fuzz/gen/gen_impl.h"

/* -- References ----------------------------------------------------------------------- */

static void ref_null(FuncGen *f, Ti t) {
    emit(f, OP_REF_NULL);
    bytes_type(f->g->a, &f->code, t);
}

void expr_ref(FuncGen *f, Ti t) {
    if (t == TI_FUNC && gen_has(f->g, FEAT_REF_TYPES) && func_chance(f, 170))
        emit_index(f, OP_REF_FUNC, func_pick(f, f->g->func.n));
    else
        ref_null(f, t);
}

static uint32_t table_of(FuncGen *f, Ti t) {
    const Gen *g = f->g;
    if (!g->table.n) return NO_INDEX;
    uint32_t k = func_pick(f, g->table.n);
    for (uint32_t i = 0; i < g->table.n; i++, k = (k + 1) % g->table.n)
        if (g->table.at[k].type == t) return k;
    return NO_INDEX;
}

/* Below n, as the low half of an i64: a compiler sees no extension in the address of the entry. */
void low_index(FuncGen *f, uint32_t n, int depth) {
    bool mask = (n & (n - 1)) == 0;
    expr_part(f, TI_I64, depth);
    emit_i64(f, mask ? n - 1 : n);
    emit(f, mask ? OP_I64_AND : OP_I64_REM_U);
    emit(f, OP_I32_WRAP_I64);
}

void expr_table_get(FuncGen *f, Ti t) {
    uint32_t k = func_chance(f, 90) && gen_has(f->g, FEAT_REF_TYPES) ? table_of(f, t) : NO_INDEX;
    uint32_t size = k == NO_INDEX ? 0 : f->g->table.at[k].size;
    if (!size) {
        expr_leaf(f, t);
        return;
    }
    if (func_risk(f)) {
        expr(f, TI_I32, 2);
    } else if (func_chance(f, 100)) {
        emit_i32(f, func_pick(f, 4) ? func_pick(f, size) : size - 1);
    } else if (f->g->swarm.type[TI_I64] && func_chance(f, 60)) {
        low_index(f, size, 2);
    } else {
        expr_part(f, TI_I32, 2);
        emit_i32(f, size);
        emit(f, OP_I32_REM_U);
    }
    emit_index(f, OP_TABLE_GET, k);
}

/* -- Sizes and growth ---------------------------------------------------------------------- */

static void grow_amount(FuncGen *f) {
    static const uint32_t by[] = {0, 1, 1, 2, 5, 1, 0, 65535, 65536, 0x7fffffff, 0xffffffff, 13};
    if (func_chance(f, 50)) {
        expr_part(f, TI_I32, 2);
        emit_i32(f, 3);
        emit(f, OP_I32_AND);
    } else {
        emit_i32(f, by[func_pick(f, 12)]);
    }
}

static bool memory_size(FuncGen *f, bool grow) {
    if (!f->g->memory.n) return false;
    if (grow) grow_amount(f);
    emit_index(f, grow ? OP_MEMORY_GROW : OP_MEMORY_SIZE, func_pick(f, f->g->memory.n));
    return true;
}

static bool table_size(FuncGen *f, bool grow) {
    if (!gen_has(f->g, FEAT_REF_TYPES) || !f->g->table.n) return false;
    uint32_t k = func_pick(f, f->g->table.n);
    if (grow) {
        expr(f, f->g->table.at[k].type, 1);
        grow_amount(f);
    }
    emit_index(f, grow ? OP_TABLE_GROW : OP_TABLE_SIZE, k);
    return true;
}

void expr_size(FuncGen *f) {
    bool grow = f->mult == 1 && func_chance(f, 50), table = func_chance(f, 100);
    if (table ? table_size(f, grow) || memory_size(f, grow) : memory_size(f, grow) || table_size(f, grow)) return;
    expr_leaf(f, TI_I32);
}

void stmt_grow(FuncGen *f) {
    bool table = func_chance(f, 100);
    if (!(table ? table_size(f, true) || memory_size(f, true) : memory_size(f, true) || table_size(f, true))) {
        stmt(f);
        return;
    }
    assign(f, TI_I32);
}

/* -- Stores ------------------------------------------------------------------------------------- */

void stmt_store(FuncGen *f) {
    const Gen *g = f->g;
    Ti param[4];
    Op op = g->ops.store.n ? (Op)g->ops.store.at[func_pick(f, g->ops.store.n)] : OP_NONE;
    uint32_t n = op == OP_NONE ? 0 : op_params(op, param);
    if (!can_access(f) || !n || !g->swarm.type[param[n - 1]]) {
        Ti t = (Ti)func_pick(f, 4);
        if (!g->swarm.type[t]) t = TI_I64;
        expr(f, t, expr_depth(f));
        assign(f, t);
        return;
    }
    int depth = expr_depth(f);
    MemArg a = address(f, 1u << op_align(op), depth / 2);
    for (uint32_t i = 1; i < n; i++) {
        if (1u << op_align(op) < ti_bytes(param[i]))
            expr_part(f, param[i], depth);
        else
            expr(f, param[i], depth);
    }
    a.align = op_align(op) - func_pick(f, op_align(op) + 1);
    emit_plain(f, op, &a);
}

/* -- Ranges ---------------------------------------------------------------------------------------- */

/* Leaves start and length in [from, size); `length`: a value that is used for both sides of a copy. */
typedef struct Range {
    uint32_t start, length;
    bool masked; /* the start is computed, in [start, start + mask] */
    uint32_t mask;
} Range;

static Range choose_range(FuncGen *f, uint32_t from, uint32_t size, uint32_t most) {
    Range r = {.start = from};
    uint32_t room = size > from ? size - from : 0;
    r.length = func_pick(f, (room < most ? room : most) + 1);
    room -= r.length > room ? room : r.length;
    switch (func_pick(f, 4)) {
    case 0: r.start += func_pick(f, room < 255 ? room + 1 : 256); break;
    case 1: r.start += room; break; /* up to the end */
    case 2:
        r.masked = room > 0;
        while (r.mask * 2 + 1 <= room && r.mask < 0x3ff) r.mask = r.mask * 2 + 1;
        break;
    default: break;
    }
    return r;
}

static void put_start(FuncGen *f, const Range *r) {
    if (!r->masked) {
        emit_i32(f, r->start);
        return;
    }
    expr_part(f, TI_I32, 2);
    emit_i32(f, r->mask);
    emit(f, OP_I32_AND);
    if (!r->start) return;
    emit_i32(f, r->start);
    emit(f, OP_I32_ADD);
}

/* At most n: mostly n itself. */
static void put_length(FuncGen *f, uint32_t n) {
    if (func_risk(f)) {
        static const uint32_t far[] = {0xffffffff, 0x80000000, 0x10001, 0x7fffffff};
        emit_i32(f, n + 1);
        emit_i32(f, far[func_pick(f, 4)]);
        expr_part(f, TI_I32, 1);
        emit(f, OP_SELECT);
    } else if (n > 3 && func_chance(f, 60)) {
        expr_part(f, TI_I32, 2);
        emit_i32(f, n > 15 ? 15 : 3);
        emit(f, OP_I32_AND);
    } else {
        emit_i32(f, n);
    }
}

/* -- Bulk memory -------------------------------------------------------------------------------------- */

/* Of the largest there is, all but the last byte. */
static uint32_t memory_bytes(const Gen *g, uint32_t k) {
    uint32_t pages = g->memory.at[k].pages;
    return pages < 65536 ? pages << 16 : UINT32_MAX;
}

static uint32_t any_usable(FuncGen *f) {
    return f->g->usable.at[f->g->usable.n > 1 ? func_pick(f, f->g->usable.n) : 0];
}

static uint32_t most_bytes(FuncGen *f) {
    static const uint16_t most[] = {64, 16, 200, 8, 32, 255, 1, 1000};
    return most[func_pick(f, 8)];
}

static void memory_fill(FuncGen *f) {
    uint32_t k = any_usable(f);
    Range r = choose_range(f, 0, memory_bytes(f->g, k), most_bytes(f));
    put_start(f, &r);
    expr(f, TI_I32, 2);
    put_length(f, r.length);
    emit_index(f, OP_MEMORY_FILL, k);
}

/* The source of a copy: on its own, or a little before or behind the destination, so that they overlap. */
static Range choose_source(FuncGen *f, const Range *to, uint32_t size, uint32_t most) {
    uint32_t near = func_chance(f, 130) ? 1 + func_pick(f, 7) : 0;
    Range r = {.start = to->start, .length = to->length};
    if (near & 1)
        r.start += near;
    else
        r.start -= near < r.start ? near : r.start;
    if (near && r.start + r.length <= size) return r;
    return choose_range(f, 0, size, most);
}

static void memory_copy(FuncGen *f) {
    uint32_t to = any_usable(f), from = func_chance(f, 100) ? any_usable(f) : to, most = most_bytes(f);
    Range a = choose_range(f, 0, memory_bytes(f->g, to), most),
          b = choose_source(f, &a, memory_bytes(f->g, from), most);
    put_start(f, &a);
    put_start(f, &b);
    put_length(f, a.length < b.length ? a.length : b.length);
    emit_index2(f, OP_MEMORY_COPY, to, from);
}

/* Drops hit the last segment, or one that instantiation has dropped: so it is known of which ones nothing is left. */
static bool is_gone(SegmentMode mode, uint32_t segment, uint32_t n) { return mode != SEG_PASSIVE || segment + 1 == n; }
static uint32_t dropped(FuncGen *f, SegmentMode mode, uint32_t segment, uint32_t n) {
    return is_gone(mode, segment, n) || func_risk(f) ? segment : n - 1;
}

static void data_drop(FuncGen *f) {
    uint32_t n = f->g->data.n, d = func_pick(f, n);
    emit_index(f, OP_DATA_DROP, dropped(f, f->g->data.at[d].mode, d, n));
}

static void elem_drop(FuncGen *f) {
    uint32_t n = f->g->elem.n, s = func_pick(f, n);
    emit_index(f, OP_ELEM_DROP, dropped(f, f->g->elem.at[s].mode, s, n));
}

static void memory_init(FuncGen *f) {
    const Gen *g = f->g;
    uint32_t d = func_pick(f, g->data.n), k = any_usable(f);
    bool gone = is_gone(g->data.at[d].mode, d, g->data.n);
    uint32_t n = gone && !func_risk(f) ? 0 : g->data.at[d].bytes.n;
    Range from = choose_range(f, 0, n, 64), to = choose_range(f, 0, memory_bytes(g, k), 64);
    put_start(f, &to);
    put_start(f, &from);
    put_length(f, from.length < to.length ? from.length : to.length);
    emit_index2(f, OP_MEMORY_INIT, d, k);
}

void stmt_bulk(FuncGen *f) {
    const Gen *g = f->g;
    if (!gen_has(g, FEAT_BULK) || !(can_access(f) || g->data.n)) {
        stmt(f);
        return;
    }
    uint32_t form = func_pick(f, 10);
    if (g->data.n && form >= 9)
        data_drop(f);
    else if (!can_access(f))
        stmt(f);
    else if (g->data.n && form >= 6)
        memory_init(f);
    else if (form >= 3)
        memory_copy(f);
    else
        memory_fill(f);
}

/* -- Tables ----------------------------------------------------------------------------------------------- */

/* Entries that may change. */
static Range table_range(FuncGen *f, uint32_t k, uint32_t most) {
    const GenTable *t = &f->g->table.at[k];
    return choose_range(f, t->stable, t->size, most);
}

static void table_set(FuncGen *f, uint32_t k) {
    const GenTable *t = &f->g->table.at[k];
    uint32_t loose = t->size - t->stable;
    if (!loose && !func_risk(f)) { /* nothing to change: only read */
        expr_table_get(f, t->type);
        emit(f, OP_REF_IS_NULL);
        assign(f, TI_I32);
        return;
    }
    if (!loose || func_risk(f)) {
        emit_i32(f, t->size + func_pick(f, 2));
    } else if (func_chance(f, 128)) {
        emit_i32(f, t->stable + func_pick(f, loose));
    } else {
        expr_part(f, TI_I32, 2);
        emit_i32(f, loose);
        emit(f, OP_I32_REM_U);
        emit_i32(f, t->stable);
        emit(f, OP_I32_ADD);
    }
    expr(f, t->type, 2);
    emit_index(f, OP_TABLE_SET, k);
}

static void table_fill(FuncGen *f, uint32_t k) {
    Range r = table_range(f, k, 4);
    put_start(f, &r);
    expr(f, f->g->table.at[k].type, 2);
    put_length(f, r.length);
    emit_index(f, OP_TABLE_FILL, k);
}

static void table_copy(FuncGen *f, uint32_t to) {
    uint32_t from = func_chance(f, 128) ? to : table_of(f, f->g->table.at[to].type);
    Range a = table_range(f, to, 6), b = choose_source(f, &a, f->g->table.at[from].size, 6);
    put_start(f, &a);
    put_start(f, &b);
    put_length(f, a.length < b.length ? a.length : b.length);
    emit_index2(f, OP_TABLE_COPY, to, from);
}

static void table_init(FuncGen *f, uint32_t k) {
    const Gen *g = f->g;
    for (uint32_t i = 0, s = func_pick(f, g->elem.n); i < g->elem.n; i++, s = (s + 1) % g->elem.n) {
        const GenElem *e = &g->elem.at[s];
        if (e->type != g->table.at[k].type) continue;
        bool gone = is_gone(e->mode, s, g->elem.n);
        Range from = choose_range(f, 0, gone && !func_risk(f) ? 0 : e->item.n, 6), to = table_range(f, k, 6);
        put_start(f, &to);
        put_start(f, &from);
        put_length(f, from.length < to.length ? from.length : to.length);
        emit_index2(f, OP_TABLE_INIT, s, k);
        return;
    }
    table_fill(f, k);
}

void stmt_table(FuncGen *f) {
    const Gen *g = f->g;
    if (!gen_has(g, FEAT_REF_TYPES) || !gen_has(g, FEAT_BULK) || !g->table.n) {
        stmt(f);
        return;
    }
    uint32_t k = func_pick(f, g->table.n), form = func_pick(f, 12);
    if (form < 4)
        table_set(f, k);
    else if (form < 6)
        table_fill(f, k);
    else if (form < 8)
        table_copy(f, k);
    else if (form < 11 && g->elem.n)
        table_init(f, k);
    else if (g->elem.n)
        elem_drop(f);
    else
        table_fill(f, k);
}
