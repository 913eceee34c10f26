#include "wasm/buffer.h"
#include "base/leb128.h"
#include "wasm/reader.h"

/* -- Bytes and numbers --------------------------------------------------------------- */

void buffer_put_bytes(Buffer *b, const void *p, uint32_t n) {
    if (!n) return;
    vec_reserve(b->arena, &b->bytes, b->bytes.n + n);
    memcpy(b->bytes.at + b->bytes.n, p, n);
    b->bytes.n += n;
}

void buffer_put_u8(Buffer *b, uint32_t byte) { vec_push(b->arena, &b->bytes, (uint8_t)byte); }

void buffer_put_u64(Buffer *b, uint64_t v) {
    uint8_t leb[10];
    buffer_put_bytes(b, leb, leb_put_u64(leb, v));
}

void buffer_put_s64(Buffer *b, int64_t v) {
    uint8_t leb[10];
    buffer_put_bytes(b, leb, leb_put_s64(leb, v));
}

/* -- Types ------------------------------------------------------------------------- */

void buffer_put_heap_type(Buffer *b, uint32_t heap) {
    if (heap >= HEAP_ABSTRACT)
        buffer_put_u8(b, heap - HEAP_ABSTRACT);
    else
        buffer_put_s64(b, heap);
}

void buffer_put_val_type(Buffer *b, ValType t) {
    if (!vt_is_ref(t)) {
        buffer_put_u8(b, t);
    } else if ((t & VT_NULLABLE) && VT_HEAP(t) >= HEAP_ABSTRACT) {
        buffer_put_heap_type(b, VT_HEAP(t)); /* the one-byte form */
    } else {
        buffer_put_u8(b, t & VT_NULLABLE ? 0x63 : 0x64);
        buffer_put_heap_type(b, VT_HEAP(t));
    }
}

/* -- Instructions ------------------------------------------------------------------- */

static void put_memarg(Buffer *b, const Instr *in) {
    buffer_put_u64(b, in->mem.align | (in->mem.memory ? 0x40 : 0));
    if (in->mem.memory) buffer_put_u64(b, in->mem.memory);
    buffer_put_u64(b, in->mem.offset);
}

static void put_block_type(Buffer *b, const Instr *in) {
    if (in->block >= 0)
        buffer_put_s64(b, in->block);
    else if (in->block == BLOCK_EMPTY)
        buffer_put_u8(b, 0x40);
    else
        buffer_put_val_type(b, in->block_vt);
}

void buffer_put_instr(Buffer *b, const Instr *in, const uint32_t *label, const ValType *type) {
    const OpInfo *info = &op_info[in->op];
    if (info->prefix) {
        buffer_put_u8(b, info->prefix);
        buffer_put_u64(b, info->code);
    } else {
        buffer_put_u8(b, info->code);
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
    case IMM_DATA: buffer_put_u64(b, in->index); break;
    case IMM_TYPE_TABLE:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
        buffer_put_u64(b, in->index);
        buffer_put_u64(b, in->index2);
        break;
    case IMM_LABELS:
        buffer_put_u64(b, in->labels.count);
        for (uint32_t i = 0; i <= in->labels.count; i++) buffer_put_u64(b, label[i]);
        break;
    case IMM_TYPES:
        buffer_put_u64(b, in->types.count);
        for (uint32_t i = 0; i < in->types.count; i++) buffer_put_val_type(b, type[i]);
        break;
    case IMM_MEMARG: put_memarg(b, in); break;
    case IMM_MEMARG_LANE:
        put_memarg(b, in);
        buffer_put_u8(b, in->lane);
        break;
    case IMM_LANE: buffer_put_u8(b, in->lane); break;
    case IMM_V128:
    case IMM_SHUFFLE: buffer_put_bytes(b, in->bytes, sizeof in->bytes); break;
    case IMM_I32: buffer_put_s64(b, (int32_t)in->i32); break;
    case IMM_I64: buffer_put_s64(b, (int64_t)in->i64); break;
    case IMM_F32: buffer_put_bytes(b, &in->i64, 4); break;
    case IMM_F64: buffer_put_bytes(b, &in->i64, 8); break;
    case IMM_HEAP_TYPE: buffer_put_heap_type(b, in->heap); break;
    }
}

/* -- Lists of a decoded instruction --------------------------------------------------- */

uint32_t *instr_labels(Arena *a, const Module *m, const Instr *in) {
    const uint8_t *p = m->bytes + in->labels.at;
    uint32_t *label = ARENA_ARRAY(a, uint32_t, in->labels.count + 1);
    for (uint32_t i = 0; i <= in->labels.count; i++) label[i] = leb_u32(&p);
    return label;
}

ValType *instr_types(Arena *a, const Module *m, const Instr *in) {
    Err err;
    err_clear(&err);
    Reader r = {.base = m->bytes, .at = m->bytes + in->types.at, .end = m->bytes + in->next, .err = &err};
    ValType *type = ARENA_ARRAY(a, ValType, in->types.count);
    for (uint32_t i = 0; i < in->types.count; i++) type[i] = read_val_type(&r, m);
    return type;
}
