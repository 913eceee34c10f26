/* Private to wasm/: what decode.c, instr.c and the validator share beyond decode.h. */
#pragma once
#include "wasm/decode.h"

/* Op + 1 by code, 0: none.  First the single bytes, then OP_SLOT_CODES for each prefix byte from
 * OP_PREFIX_FIRST on. */
enum { OP_PREFIX_FIRST = 0xfb, OP_PREFIXES = 4, OP_SLOT_CODES = 0x120 };
enum { OP_SLOTS = 256 + OP_PREFIXES * OP_SLOT_CODES };
extern const uint16_t op_slot[OP_SLOTS];
extern const uint8_t op_slot_imm[OP_SLOTS]; /* what immediate follows; IMM_COUNT: the byte is a prefix */

static inline bool has_feature(const Module *m, Feature f) { return m->features >> f & 1; }
static inline uint32_t reader_left(const Reader *r) { return (uint32_t)(r->end - r->at); }

/* The next byte, not consumed; 0 at the end. */
static inline uint32_t peek_u8(const Reader *r) { return r->at < r->end ? *r->at : 0; }

/* read_u32 with the common case inline. */
static inline uint32_t read_index(Reader *r) {
    if (r->at < r->end && *r->at < 0x80) return *r->at++;
    return read_u32(r);
}

/* Number of items of a vector, each at least a byte long: more than the bytes left is an error, so
 * what is returned can be reserved. */
uint32_t read_count(Reader *r);
/* The same with an implementation limit (ERR_LIMIT), counting the `have` items that exist. */
uint32_t read_count_max(Reader *r, uint32_t have, uint32_t max);
/* A value type that must be a reference type. */
ValType read_ref_type(Reader *r, const Module *m);
