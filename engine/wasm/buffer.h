/* A buffer that is written to in the forms of the binary format (spec 5.2 to 5.4), each in its shortest one: what the
 * encoder and whoever changes code put modules together from.  Bytes live in the arena, which may bail. */
#pragma once
#include "base/arena.h"
#include "wasm/decode.h"
#include "wasm/module.h"

typedef struct Buffer {
    Arena *arena;
    VEC(uint8_t) bytes;
} Buffer;

void buffer_put_bytes(Buffer *b, const void *p, uint32_t n);
void buffer_put_u8(Buffer *b, uint32_t byte);
void buffer_put_u64(Buffer *b, uint64_t v); /* LEB128 */
void buffer_put_s64(Buffer *b, int64_t v);
void buffer_put_heap_type(Buffer *b, uint32_t heap);
void buffer_put_val_type(Buffer *b, ValType t);
/* Opcode and immediates.  `label`: labels.count + 1 of br_table; `type`: types.count of a select with types; else NULL.
 */
void buffer_put_instr(Buffer *b, const Instr *in, const uint32_t *label, const ValType *type);

/* Those lists as an instruction that was decoded from m->bytes has them. */
uint32_t *instr_labels(Arena *a, const Module *m, const Instr *in);
ValType *instr_types(Arena *a, const Module *m, const Instr *in);
