/* Test helper: are two valid modules equal but for byte offsets?  `loose` forgives what another assembler may
 * choose freely: custom sections, the data count section, how block types and function indices of element
 * segments are written. */
#pragma once
#include "base/leb128.h"
#include "wasm/decode.h"

#define SAME(x) \
    if (!(x)) return false

static inline bool same_name(Name a, Name b) { return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0); }

static bool same_labels(const Module *a, const Module *b, const Instr *ia, const Instr *ib) {
    const uint8_t *pa = a->bytes + ia->labels.at, *pb = b->bytes + ib->labels.at;
    SAME(ia->labels.count == ib->labels.count);
    for (uint32_t i = 0; i <= ia->labels.count; i++) SAME(leb_u32(&pa) == leb_u32(&pb));
    return true;
}

static bool same_block(const Module *a, const Module *b, const Instr *ia, const Instr *ib, bool loose) {
    ValType sa, sb;
    if (!loose) return ia->block == ib->block && (ia->block != BLOCK_VALUE || ia->block_vt == ib->block_vt);
    FuncType ta = block_func_type(a, ia, &sa), tb = block_func_type(b, ib, &sb);
    return functype_equal(&ta, &tb);
}

static bool same_instr(const Module *a, const Module *b, const Instr *ia, const Instr *ib, bool loose) {
    SAME(ia->op == ib->op);
    switch ((Imm)op_info[ia->op].imm) {
    case IMM_NONE:
    case IMM_COUNT: return true;
    case IMM_BLOCK: return same_block(a, b, ia, ib, loose);
    case IMM_LABELS: return same_labels(a, b, ia, ib);
    case IMM_TYPES: /* value types of one byte each */
        return ia->types.count == ib->types.count &&
               memcmp(a->bytes + ia->types.at, b->bytes + ib->types.at, ia->types.count) == 0;
    case IMM_MEMARG_LANE:
        SAME(ia->lane == ib->lane);
        return ia->mem.memory == ib->mem.memory && ia->mem.align == ib->mem.align && ia->mem.offset == ib->mem.offset;
    case IMM_LANE: return ia->lane == ib->lane;
    case IMM_V128:
    case IMM_SHUFFLE: return memcmp(ia->bytes, ib->bytes, sizeof ia->bytes) == 0;
    case IMM_MEMARG:
        return ia->mem.memory == ib->mem.memory && ia->mem.align == ib->mem.align && ia->mem.offset == ib->mem.offset;
    case IMM_I32: return ia->i32 == ib->i32;
    case IMM_I64:
    case IMM_F32:
    case IMM_F64: return ia->i64 == ib->i64;
    case IMM_HEAP_TYPE: return ia->heap == ib->heap;
    case IMM_TYPE_TABLE:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE: return ia->index == ib->index && ia->index2 == ib->index2;
    default: return ia->index == ib->index;
    }
}

static bool same_code(const Module *a, const Module *b, ConstExpr ea, ConstExpr eb, bool loose) {
    Instr ia, ib;
    while (ea.at < ea.end && eb.at < eb.end) {
        next_instr(a, ea.at, &ia);
        next_instr(b, eb.at, &ib);
        SAME(same_instr(a, b, &ia, &ib, loose));
        ea.at = ia.next;
        eb.at = ib.next;
    }
    return ea.at == ea.end && eb.at == eb.end;
}

static bool same_types(const Module *a, const Module *b) {
    SAME(a->types.n == b->types.n);
    for (uint32_t i = 0; i < a->types.n; i++) {
        const TypeDef *ta = &a->types.at[i], *tb = &b->types.at[i];
        SAME(ta->kind == tb->kind && ta->final == tb->final && ta->super == tb->super);
        SAME(ta->group == tb->group && ta->group_size == tb->group_size);
        SAME(functype_equal(&ta->func, &tb->func) && ta->nfield == tb->nfield);
        for (uint32_t k = 0; k < ta->nfield; k++)
            SAME(ta->field[k].type == tb->field[k].type && ta->field[k].mutable == tb->field[k].mutable);
    }
    return true;
}

static bool same_limits(const Limits *a, const Limits *b) {
    return a->min == b->min && a->max == b->max && a->has_max == b->has_max && a->is64 == b->is64 &&
           a->shared == b->shared;
}

static bool same_spaces(const Module *a, const Module *b) {
    SAME(a->imports.n == b->imports.n && a->funcs.n == b->funcs.n && a->tables.n == b->tables.n);
    SAME(a->memories.n == b->memories.n && a->globals.n == b->globals.n && a->tags.n == b->tags.n);
    for (uint32_t i = 0; i < a->imports.n; i++) {
        const Import *x = &a->imports.at[i], *y = &b->imports.at[i];
        SAME(same_name(x->module, y->module) && same_name(x->name, y->name));
        SAME(x->kind == y->kind && x->index == y->index);
    }
    for (uint32_t i = 0; i < a->funcs.n; i++) {
        const Func *x = &a->funcs.at[i], *y = &b->funcs.at[i];
        SAME(x->type == y->type && x->import == y->import && x->body == y->body);
    }
    for (uint32_t i = 0; i < a->tables.n; i++) {
        const Table *x = &a->tables.at[i], *y = &b->tables.at[i];
        SAME(x->type == y->type && same_limits(&x->limits, &y->limits) && x->import == y->import);
        SAME(x->has_init == y->has_init && (!x->has_init || same_code(a, b, x->init, y->init, false)));
    }
    for (uint32_t i = 0; i < a->memories.n; i++)
        SAME(same_limits(&a->memories.at[i].limits, &b->memories.at[i].limits));
    for (uint32_t i = 0; i < a->globals.n; i++) {
        const Global *x = &a->globals.at[i], *y = &b->globals.at[i];
        SAME(x->type.type == y->type.type && x->type.mutable == y->type.mutable && x->import == y->import);
        SAME(x->import != NO_INDEX || same_code(a, b, x->init, y->init, false));
    }
    return true;
}

/* The function that item i of a segment names, if it does so in the plainest way; else NO_INDEX. */
static uint32_t elem_func(const Module *m, const ElemSegment *s, uint32_t i) {
    if (s->funcs) return s->funcs[i];
    Instr in;
    next_instr(m, s->exprs[i].at, &in);
    return in.op == OP_REF_FUNC ? in.index : NO_INDEX;
}

static bool same_elem(const Module *a, const Module *b, const ElemSegment *x, const ElemSegment *y, bool loose) {
    SAME(x->mode == y->mode && x->table == y->table && x->count == y->count);
    /* Function indices are of a type without null, expressions of the type that is written down. */
    SAME(x->type == y->type || (loose && (x->type | VT_NULLABLE) == (y->type | VT_NULLABLE)));
    SAME(x->mode != SEG_ACTIVE || same_code(a, b, x->offset, y->offset, false));
    SAME(loose || !x->exprs == !y->exprs);
    for (uint32_t i = 0; i < x->count; i++) {
        SAME(elem_func(a, x, i) == elem_func(b, y, i));
        if (x->exprs && y->exprs) SAME(same_code(a, b, x->exprs[i], y->exprs[i], false));
    }
    return true;
}

static bool same_segments(const Module *a, const Module *b, bool loose) {
    SAME(a->exports.n == b->exports.n && a->elems.n == b->elems.n && a->datas.n == b->datas.n && a->start == b->start);
    for (uint32_t i = 0; i < a->exports.n; i++) {
        const Export *x = &a->exports.at[i], *y = &b->exports.at[i];
        SAME(same_name(x->name, y->name) && x->kind == y->kind && x->index == y->index);
    }
    for (uint32_t i = 0; i < a->elems.n; i++) SAME(same_elem(a, b, &a->elems.at[i], &b->elems.at[i], loose));
    for (uint32_t i = 0; i < a->datas.n; i++) {
        const DataSegment *x = &a->datas.at[i], *y = &b->datas.at[i];
        SAME(x->mode == y->mode && x->memory == y->memory && x->n == y->n);
        SAME(x->mode != SEG_ACTIVE || same_code(a, b, x->offset, y->offset, false));
        SAME(memcmp(a->bytes + x->bytes_at, b->bytes + y->bytes_at, x->n) == 0);
    }
    return true;
}

static bool same_bodies(const Module *a, const Module *b, bool loose) {
    SAME(a->bodies.n == b->bodies.n);
    for (uint32_t i = 0; i < a->bodies.n; i++) {
        const Body *x = &a->bodies.at[i], *y = &b->bodies.at[i];
        SAME(x->nlocal == y->nlocal && x->nside == y->nside && x->fuel == y->fuel);
        SAME(x->frame_cost == y->frame_cost && x->has_calls == y->has_calls);
        SAME(x->nlocal == 0 || memcmp(x->local, y->local, x->nlocal * sizeof(ValType)) == 0);
        SAME(same_code(a, b, (ConstExpr){x->code, x->end}, (ConstExpr){y->code, y->end}, loose));
    }
    return true;
}

static bool same_customs(const Module *a, const Module *b) {
    SAME(a->customs.n == b->customs.n && a->has_data_count == b->has_data_count && a->data_count == b->data_count);
    for (uint32_t i = 0; i < a->customs.n; i++) {
        const Custom *x = &a->customs.at[i], *y = &b->customs.at[i];
        SAME(same_name(x->name, y->name) && x->before == y->before && x->n == y->n);
        SAME(memcmp(a->bytes + x->at, b->bytes + y->at, x->n) == 0);
    }
    for (uint32_t i = 0; i < a->funcs.n; i++) SAME(same_name(module_func_name(a, i), module_func_name(b, i)));
    return true;
}

static bool modules_equal(const Module *a, const Module *b, bool loose) {
    return same_types(a, b) && same_spaces(a, b) && same_segments(a, b, loose) && same_bodies(a, b, loose) &&
           (loose || same_customs(a, b));
}
