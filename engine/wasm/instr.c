/* Decoding of instructions (spec 5.4): read_instr for bytes nobody has looked at, next_instr for bytes
 * that passed validation.  Both go by the table's kind of immediates alone. */
#include "base/leb128.h"
#include "wasm/reader.h"

/* A memory index where there can be but one memory: a single zero byte. */
static uint32_t read_memory_index(Reader *r, const Module *m) {
    if (has_feature(m, FEAT_MULTI_MEMORY)) return read_index(r);
    uint32_t at = reader_offset(r);
    if (read_u8(r) != 0) reader_fail(r, ERR_ZERO_BYTE, at);
    return 0;
}

static uint32_t read_table_index(Reader *r, const Module *m) {
    if (has_feature(m, FEAT_REF_TYPES)) return read_index(r);
    uint32_t at = reader_offset(r);
    if (read_u8(r) != 0) reader_fail(r, ERR_ZERO_BYTE, at);
    return 0;
}

static void read_memarg(Reader *r, const Module *m, Instr *in) {
    uint32_t at = reader_offset(r);
    uint32_t flags = read_index(r);
    bool multi = has_feature(m, FEAT_MULTI_MEMORY);
    if (flags >= (multi ? 0x80u : 0x20u)) {
        reader_fail(r, ERR_MEMOP_FLAGS, at);
        return;
    }
    in->mem.memory = flags & 0x40 ? read_index(r) : 0;
    in->mem.align = flags & 0x3f;
    in->mem.offset = has_feature(m, FEAT_MEMORY64) ? read_u64(r) : read_index(r);
}

/* Empty, a value type, or a type index as a positive s33. */
static void read_block_type(Reader *r, const Module *m, Instr *in) {
    uint32_t at = reader_offset(r);
    uint32_t b = peek_u8(r);
    if (b == 0x40) {
        r->at++;
        in->block = BLOCK_EMPTY;
    } else if ((b & 0xc0) == 0x40) {
        in->block = BLOCK_VALUE;
        in->block_vt = read_val_type(r, m);
    } else {
        int64_t index = read_s33(r);
        if (reader_ok(r) && (index < 0 || !has_feature(m, FEAT_MULTI_VALUE))) reader_fail(r, ERR_BLOCK_TYPE, at);
        in->block = index;
    }
}

static void read_labels(Reader *r, Instr *in) {
    uint32_t n = read_count(r);
    in->labels.count = n;
    in->labels.at = reader_offset(r);
    for (uint32_t i = 0; i <= n && r->at < r->end; i++) {
        if (*r->at < 0x80)
            r->at++;
        else
            read_u32(r);
        if (i == n) return;
    }
    if (reader_ok(r)) reader_fail(r, ERR_UNEXPECTED_END, reader_offset(r));
}

static void read_types(Reader *r, const Module *m, Instr *in) {
    uint32_t n = read_count(r);
    in->types.count = n;
    in->types.at = reader_offset(r);
    for (uint32_t i = 0; i < n && reader_ok(r); i++) read_val_type(r, m);
}

static uint64_t read_fixed(Reader *r, uint32_t n) {
    if (reader_left(r) < n) {
        reader_fail(r, ERR_UNEXPECTED_END, (uint32_t)(r->end - r->base));
        return 0;
    }
    uint64_t v = n == 4 ? bits_load_u32(r->at) : bits_load_u64(r->at);
    r->at += n;
    return v;
}

static void read_bytes(Reader *r, Instr *in) {
    if (reader_left(r) < sizeof in->bytes) {
        reader_fail(r, ERR_UNEXPECTED_END, (uint32_t)(r->end - r->base));
        return;
    }
    memcpy(in->bytes, r->at, sizeof in->bytes);
    r->at += sizeof in->bytes;
}

static void read_immediates(Reader *r, const Module *m, Instr *in) {
    switch ((Imm)op_info[in->op].imm) {
    case IMM_NONE:
    case IMM_COUNT: break;
    case IMM_BLOCK: read_block_type(r, m, in); break;
    case IMM_LABEL:
    case IMM_FUNC:
    case IMM_LOCAL:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_ELEM: in->index = read_index(r); break;
    case IMM_LABELS: read_labels(r, in); break;
    case IMM_TYPE_TABLE:
        in->index = read_index(r);
        in->index2 = read_table_index(r, m);
        break;
    case IMM_TYPES: read_types(r, m, in); break;
    case IMM_MEMORY: in->index = read_memory_index(r, m); break;
    case IMM_MEMARG: read_memarg(r, m, in); break;
    case IMM_MEMARG_LANE:
        read_memarg(r, m, in);
        in->lane = read_u8(r);
        break;
    case IMM_LANE: in->lane = read_u8(r); break;
    case IMM_V128:
    case IMM_SHUFFLE: read_bytes(r, in); break;
    case IMM_I32: in->i32 = (uint32_t)read_s32(r); break;
    case IMM_I64: in->i64 = (uint64_t)read_s64(r); break;
    case IMM_F32: in->i64 = read_fixed(r, 4); break;
    case IMM_F64: in->i64 = read_fixed(r, 8); break;
    case IMM_HEAP_TYPE: in->heap = read_heap_type(r, m); break;
    case IMM_DATA_MEMORY:
        in->index = read_index(r);
        in->index2 = read_memory_index(r, m);
        if (!m->has_data_count && reader_ok(r)) reader_fail(r, ERR_DATA_COUNT_MISSING, in->at);
        break;
    case IMM_DATA:
        in->index = read_index(r);
        if (!m->has_data_count && reader_ok(r)) reader_fail(r, ERR_DATA_COUNT_MISSING, in->at);
        break;
    case IMM_MEMORY_MEMORY:
        in->index = read_memory_index(r, m);
        in->index2 = read_memory_index(r, m);
        break;
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
        in->index = read_index(r);
        in->index2 = read_index(r);
        break;
    }
}

bool read_instr(Reader *r, const Module *m, Instr *in) {
    in->at = reader_offset(r);
    uint32_t slot = read_u8(r);
    if (slot >= OP_PREFIX_FIRST && slot < OP_PREFIX_FIRST + OP_PREFIXES) {
        uint32_t code = read_index(r);
        slot = code < OP_SLOT_CODES ? 256 + (slot - OP_PREFIX_FIRST) * OP_SLOT_CODES + code : OP_PREFIX_FIRST;
    }
    uint32_t op = op_slot[slot];
    if (!reader_ok(r)) return false;
    if (!op || !has_feature(m, (Feature)op_info[op - 1].feature)) {
        reader_fail(r, ERR_OPCODE, in->at);
        return false;
    }
    in->op = (Op)(op - 1);
    if (op_info[in->op].imm != IMM_NONE) read_immediates(r, m, in);
    in->next = reader_offset(r);
    return reader_ok(r);
}

/* -- Trusted ------------------------------------------------------------------ */

static void skip_leb(const uint8_t **pp) {
    while (*(*pp)++ & 0x80) {
    }
}

static uint32_t next_heap_type(const uint8_t **pp) {
    if ((**pp & 0xc0) == 0x40) return HEAP_ABSTRACT + *(*pp)++;
    return (uint32_t)leb_s64(pp);
}

static ValType next_val_type(const uint8_t **pp) {
    uint32_t b = *(*pp)++;
    if (b >= VT_V128) return b;
    if (b == 0x63 || b == 0x64) return VT_REF | (b == 0x63 ? VT_NULLABLE : 0) | next_heap_type(pp);
    return VT_REF | VT_NULLABLE | HEAP_ABSTRACT | b;
}

static void next_block_type(const uint8_t **pp, Instr *in) {
    uint32_t b = **pp;
    if (b == 0x40) {
        ++*pp;
        in->block = BLOCK_EMPTY;
    } else if ((b & 0xc0) == 0x40) {
        in->block = BLOCK_VALUE;
        in->block_vt = next_val_type(pp);
    } else {
        in->block = leb_s64(pp);
    }
}

static void next_memarg(const uint8_t **pp, Instr *in) {
    uint32_t flags = leb_u32(pp);
    in->mem.memory = flags & 0x40 ? leb_u32(pp) : 0;
    in->mem.align = flags & 0x3f;
    in->mem.offset = leb_u64(pp);
}

static void next_immediates(const Module *m, const uint8_t **pp, Instr *in) {
    switch ((Imm)op_info[in->op].imm) {
    case IMM_NONE:
    case IMM_COUNT: break;
    case IMM_BLOCK: next_block_type(pp, in); break;
    case IMM_LABEL:
    case IMM_FUNC:
    case IMM_LOCAL:
    case IMM_GLOBAL:
    case IMM_TABLE:
    case IMM_ELEM:
    case IMM_MEMORY:
    case IMM_DATA: in->index = leb_u32(pp); break;
    case IMM_LABELS:
        in->labels.count = leb_u32(pp);
        in->labels.at = (uint32_t)(*pp - m->bytes);
        for (uint32_t i = 0; i <= in->labels.count; i++) skip_leb(pp);
        break;
    case IMM_TYPES:
        in->types.count = leb_u32(pp);
        in->types.at = (uint32_t)(*pp - m->bytes);
        for (uint32_t i = 0; i < in->types.count; i++) next_val_type(pp);
        break;
    case IMM_MEMARG: next_memarg(pp, in); break;
    case IMM_MEMARG_LANE:
        next_memarg(pp, in);
        in->lane = *(*pp)++;
        break;
    case IMM_LANE: in->lane = *(*pp)++; break;
    case IMM_V128:
    case IMM_SHUFFLE:
        memcpy(in->bytes, *pp, sizeof in->bytes);
        *pp += sizeof in->bytes;
        break;
    case IMM_I32: in->i32 = (uint32_t)leb_s32(pp); break;
    case IMM_I64: in->i64 = (uint64_t)leb_s64(pp); break;
    case IMM_F32:
        in->i64 = bits_load_u32(*pp);
        *pp += 4;
        break;
    case IMM_F64:
        in->i64 = bits_load_u64(*pp);
        *pp += 8;
        break;
    case IMM_HEAP_TYPE: in->heap = next_heap_type(pp); break;
    case IMM_TYPE_TABLE:
    case IMM_DATA_MEMORY:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_TABLE_TABLE:
        in->index = leb_u32(pp);
        in->index2 = leb_u32(pp);
        break;
    }
}

static bool is_prefix(uint32_t byte) { return byte >= OP_PREFIX_FIRST && byte < OP_PREFIX_FIRST + OP_PREFIXES; }

/* Apart, so that next_instr has no registers to save. */
__attribute__((noinline)) static void next_long(const Module *m, uint32_t at, Instr *in) {
    const uint8_t *p = m->bytes + at;
    uint32_t slot = *p++;
    if (is_prefix(slot)) slot = 256 + (slot - OP_PREFIX_FIRST) * OP_SLOT_CODES + leb_u32(&p);
    in->op = (Op)(op_slot[slot] - 1);
    next_immediates(m, &p, in);
    in->next = (uint32_t)(p - m->bytes);
}

void next_instr(const Module *m, uint32_t at, Instr *in) {
    /* immediates that are one index */
    static const uint32_t index = 1u << IMM_LABEL | 1u << IMM_FUNC | 1u << IMM_LOCAL | 1u << IMM_GLOBAL;
    const uint8_t *p = m->bytes + at;
    uint32_t imm = op_slot_imm[p[0]];
    in->at = at;
    in->op = (Op)(op_slot[p[0]] - 1); /* not so behind a prefix */
    /* Those without immediates, and with a number of one byte, are most of all. */
    if (imm == IMM_NONE) {
        in->next = at + 1;
    } else if (p[1] < 0x80 && (index >> imm & 1)) {
        in->index = p[1];
        in->next = at + 2;
    } else if (p[1] < 0x80 && imm == IMM_I32) {
        in->i32 = (uint32_t)(p[1] ^ 0x40) - 0x40; /* bit 6 is the sign */
        in->next = at + 2;
    } else {
        next_long(m, at, in);
    }
}

FuncType block_func_type(const Module *m, const Instr *in, ValType *single) {
    if (in->block >= 0) return m->types.at[in->block].func;
    if (in->block == BLOCK_EMPTY) return (FuncType){0};
    *single = in->block_vt;
    return (FuncType){.result = single, .nresult = 1};
}
