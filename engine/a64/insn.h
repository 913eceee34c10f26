/* The machine instructions of aarch64: opcodes, encoding, text.
 *
 * An instruction is an MInsn whose fields mean what its row of insn.def says, and the registers of its operands in
 * an array of their own (`loc`, numbers of regs.h), so that the same functions serve allocated code and the
 * hand-made instructions of stubs and frames. */
#pragma once
#include "base/text.h"
#include "code/codebuf.h"
#include "code/mach.h"

typedef enum A64Op {
    A64_OP_FIRST_ = M_TARGET - 1,
#define I(id, text, format, base, wide, sizes) A64_##id,
#include "a64/insn.def"
    A64_OP_END
} A64Op;
enum { A64_NINSN = A64_OP_END - M_TARGET };

typedef enum A64Format {
#define F(id, operands) A64_F_##id,
#include "a64/insn.def"
    A64_F_COUNT
} A64Format;

typedef struct A64Row {
    const char *text;
    uint32_t base, wide;
    uint8_t format, sizes;
} A64Row;
extern const A64Row a64_row[A64_NINSN];             /* by opcode - M_TARGET */
extern const char *const a64_operands[A64_F_COUNT]; /* insn.def's F rows */

static inline const A64Row *a64_row_of(uint32_t op) { return &a64_row[op - M_TARGET]; }

/* -- Which immediates exist ------------------------------------------------- */

bool a64_arith_imm(uint64_t v); /* of add, sub: 12 bits, or 12 bits shifted left by 12 */
/* N:immr:imms (13 bits) of a logical immediate; false: `v` is none.  size: 4 (upper half of v ignored) or 8. */
bool a64_logical_imm(uint64_t v, uint32_t size, uint32_t *bits);
uint64_t a64_logical_value(uint32_t bits, uint32_t size); /* the inverse, for valid bits */
/* Eight bits of fmov's immediate for a float with these bits. */
bool a64_float_imm(uint64_t v, uint32_t size, uint32_t *bits);
uint64_t a64_float_value(uint32_t bits, uint32_t size);
/* op and cmode (5 bits) and the eight bits of movi, mvni or fmov to all lanes, for 16 bytes that are twice v. */
bool a64_vector_imm(uint64_t v, uint32_t *kind, uint32_t *bits);
uint64_t a64_vector_value(uint32_t kind, uint32_t bits);
uint32_t a64_vector_imm_size(uint32_t kind); /* bytes of a lane: MInsn.size */
/* A load or store of 1 << log2 bytes with displacement d takes one instruction. */
bool a64_offset_ok(int64_t d, uint32_t log2);
uint32_t a64_access_log2(uint32_t op, uint32_t size); /* bytes that a load or store row moves, as log2 */

/* Instructions that make an integer constant in register `rd`: 1 to 4 words, no flags changed. */
uint32_t a64_const_words(uint64_t v, uint32_t size, uint32_t rd, uint32_t out[4]);

/* -- Encoding ---------------------------------------------------------------- */

/* NULL when operands, size and fields are as the row wants them, else what is wrong. */
const char *a64_check(const MInsn *i, const uint32_t *loc);
/* The word of a non-pseudo instruction; a64_check must hold.  Branch offsets are in imm. */
uint32_t a64_encode(const MInsn *i, const uint32_t *loc);

void a64_put(CodeBuf *cb, const MInsn *i, const uint32_t *loc);
/* Append `op` with size, imm and registers given. */
void a64_put_regs(CodeBuf *cb, uint32_t op, uint32_t size, int64_t imm, uint32_t nregs, const uint32_t *regs);
#define A64_PUT(cb, op, size, imm, ...)                                                                 \
    a64_put_regs((cb), (op), (size), (imm), sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
                 (const uint32_t[]){__VA_ARGS__})
void a64_put_const(CodeBuf *cb, uint64_t v, uint32_t rd);
/* Load or store of register `r` at [base + d], any d; a far one goes through x17.  `op` is a row with an offset. */
void a64_put_mem(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t r, uint32_t base, int64_t d);

/* -- Fixups ------------------------------------------------------------------ */

typedef enum A64Fixup {
    A64_FIX_26, /* b, bl */
    A64_FIX_19, /* b.cc, cbz, ldr literal */
    A64_FIX_14, /* tbz */
    A64_FIX_32  /* word: distance from itself to the target */
} A64Fixup;
bool a64_patch(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to);

/* -- Text -------------------------------------------------------------------- */

void a64_print_reg(Text *t, uint32_t phys, uint32_t size);
/* A non-pseudo instruction as an assembler writes it: preferred alias, decimal immediates. */
void a64_print_word(Text *t, const MInsn *i, const uint32_t *loc);
void a64_print_insn(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc); /* Target.print_insn */
extern const char *const a64_cc_name[16];
