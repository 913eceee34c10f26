/* The vector instructions of the interpreter as a table: all of them fit two patterns, so the loop (interp.c) has
 * one handler for them. */
#pragma once
#include "wasm/types.h"

/* `arg`: the operands, lowest first, as they lie on the stack; the result, if any, replaces the first.
 * `imm`: the bytes behind the opcode, or, of an access, behind its memarg. */
typedef void SimdFn(Value *arg, const uint8_t *imm);
/* `where`: the bytes accessed, whose bounds have been checked.  arg[0] is the address's index. */
typedef void SimdAccessFn(Value *arg, const uint8_t *imm, uint8_t *where);

typedef struct SimdRow {
    SimdFn *fn; /* one of the two */
    SimdAccessFn *access;
    uint8_t npop, npush;
    uint8_t nimm; /* bytes of `imm` */
    uint8_t size; /* bytes accessed */
} SimdRow;

enum { SIMD_CODES = 256 };
extern const SimdRow
    simd_row[SIMD_CODES]; /* by the code behind prefix 0xfd; those that no row of opcode.def has are zero */
