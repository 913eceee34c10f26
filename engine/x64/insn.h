/* The machine instructions of x86-64: registers, opcodes, encoding, text.
 *
 * An instruction is an MInsn whose fields mean what its row of insn.def says, and the locations (alloc.h) of its
 * operands in an array of their own, so that the same functions serve allocated code and the hand-made instructions of
 * pseudos, frames and stubs. */
#pragma once
#include "base/text.h"
#include "code/alloc.h"
#include "code/codebuf.h"

enum { /* ORDER REG */
#define R(id, n, n64, n32, n16, n8) X64_##id = n,
#include "x64/regs.def"
#undef R
       X64_XMM0 = REG_FLOAT,
       X64_STATE = X64_R15,   /* pinned: the execution state */
       X64_FUEL = X64_R14,    /* may be pinned: the fuel that is left, */
       X64_CONTEXT = X64_R13, /* the context */
       X64_SCRATCH = X64_R11,
       X64_FSCRATCH = REG_FLOAT + 15
};

typedef enum X64Op {
    X64_OP_FIRST_ = M_TARGET - 1,
#define X(id, text, format, prefix, opcode, ext, shape, sizes, regw, rmw, flags) X64_##id,
#include "x64/insn.def"
#undef X
    X64_OP_END
} X64Op;
enum { X64_NINSN = X64_OP_END - M_TARGET };

typedef enum X64Format {
    XFMT_P,     /* pseudo */
    XFMT_NONE,  /* no operands */
    XFMT_RM,    /* reg <- first, r/m <- second or memory */
    XFMT_MR,    /* r/m <- first or memory, reg <- the other */
    XFMT_M,     /* r/m <- first or memory, /ext */
    XFMT_M_I8,  /* the same with an 8-bit immediate */
    XFMT_ALU,   /* opcode + 1 with r/m <- first for registers, + 3 with reg <- first for a slot as second */
    XFMT_ALU_I, /* the eight group-1 operations with an immediate, shortest form */
    XFMT_TEST_I,
    XFMT_IMUL_I,  /* opcode | 2 when the immediate has 8 bits */
    XFMT_SHIFT_I, /* opcode 0xd1 for a count of 1 */
    XFMT_SHIFT_C, /* by cl */
    XFMT_MOV,     /* register or slot to register */
    XFMT_MOV_I,   /* the shortest of three forms */
    XFMT_MOV_MI,
    XFMT_O,       /* register in the opcode */
    XFMT_VEX_RMV, /* reg <- first, r/m <- second, vvvv <- third */
    XFMT_VEX_RVM, /* reg <- first, vvvv <- second, r/m <- third or memory */
    XFMT_VEX_RMI,
    XFMT_VEX_RM,   /* reg <- first, r/m <- second or memory */
    XFMT_VEX_RVMR, /* as RVM; the last register in the immediate */
    XFMT_VEX_VM,   /* vvvv <- first, r/m <- second, /ext */
    XFMT_LEA_D,    /* reg <- address at a distance */
    XFMT_REL32,
    XFMT_REL8
} X64Format;

typedef enum X64Prefix { XP_NO, XP_66, XP_F3, XP_F2, XP_SS, XP_PS } X64Prefix;
enum { XF_W = 1, XF_WX = 2, XF_B = 4, XF_Z = 8, XF_K = 16, XF_I8 = 32, XF_CC = 64, XF_EI = 128 };

typedef struct X64Row {
    const char *text, *shape;
    uint32_t opcode;
    uint8_t format, prefix, ext, sizes, regw, rmw, flags;
    /* of the shape: its length; it begins with 's'; it ends with 'm' */
    uint8_t nshape;
    bool two_address, memory;
    bool plain; /* has the usual encoding as a rule, see encode_plain */
} X64Row;
extern const X64Row x64_row[X64_NINSN]; /* by opcode - M_TARGET */
static inline const X64Row *x64_row_of(uint32_t op) { return &x64_row[op - M_TARGET]; }

/* Condition codes as the hardware numbers them; a condition and its negation differ in bit 0. */
typedef enum X64Cc {
    X64_O,
    X64_NO,
    X64_B,
    X64_AE,
    X64_E,
    X64_NE,
    X64_BE,
    X64_A,
    X64_S,
    X64_NS,
    X64_P,
    X64_NP,
    X64_L,
    X64_GE,
    X64_LE,
    X64_G
} X64Cc;
/* Equality of floats needs two flags. */
typedef enum X64Float { X64_PLAIN, X64_AND_NP /* cc is E */, X64_OR_P /* cc is NE */ } X64Float;

enum { X64_CLOBBER_CALL = 1, X64_CLOBBER_C_CALL, X64_CLOBBER_RAX, X64_CLOBBER_COUNT }; /* Target.clobber */

/* Fixup and relocation kinds.  X64_REL32: 32-bit field at `at`, distance from its end (at + 4). */
enum { X64_REL32 = 1 };

/* -- Operands ----------------------------------------------------------------- */

/* Where an instruction's operands are: registers without the repeated ones of two-address forms and fixed ones, and
 * memory. */
typedef struct X64Operands {
    uint32_t reg[4]; /* Locs */
    uint32_t nreg;
    bool mem, constant;   /* constant: rip-relative, MFn.data[aux] */
    uint32_t base, index; /* LOC_NONE: absent */
} X64Operands;
void x64_operands(const MInsn *i, const uint32_t *loc, X64Operands *o);

/* NULL when operands, size and fields are as the row wants them, else what is wrong. */
const char *x64_check(const MInsn *i, const uint32_t *loc);

/* Spill slot n is at rbp - 8 * (n + 1); two of a v128 are the lower and the upper half from the higher-numbered one on.
 */
static inline int32_t x64_slot_disp(uint32_t loc) { return -8 * (int32_t)(loc - LOC_SLOT + 1); }
static inline int32_t x64_wide_slot_disp(uint32_t loc) { return x64_slot_disp(loc) - 8; }

/* -- Encoding ----------------------------------------------------------------- */

/* Append a non-pseudo instruction; x64_check must hold.  `m` (constants) may be NULL without rip-relative operands. */
void x64_encode(CodeBuf *cb, const MFn *m, const MInsn *i, const uint32_t *loc);
/* The same with opcode, size, immediate (displacement where there is memory) and locations given. */
void x64_put(CodeBuf *cb, uint32_t op, uint32_t size, int64_t imm, uint32_t n, const uint32_t *loc);
#define X64_PUT(cb, op, size, imm, ...) \
    x64_put((cb), X64_##op, (size), (imm), sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})
#define X64_PUT0(cb, op, size) x64_put((cb), X64_##op, (size), 0, 0, NULL)
/* Integer register to or from memory at a distance from rbp; between integer registers. */
void x64_put_slot(CodeBuf *cb, bool store, uint32_t size, uint32_t reg, int32_t disp);
void x64_put_mov(CodeBuf *cb, uint32_t size, uint32_t to, uint32_t from);
void x64_put_mem_imm(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t base, int32_t disp, int32_t imm);
/* `op` (shape "..m", first register `reg`) with a constant as its memory operand. */
void x64_put_const(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t reg, const void *bytes, uint8_t nbytes);
void x64_put_cc(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t cc, uint32_t n, const uint32_t *loc);

/* Short forward branches within an instruction's code. */
uint32_t x64_put_short(CodeBuf *cb, int cc); /* cc -1: always; returns what to bind */
void x64_bind_short(CodeBuf *cb, uint32_t at);
/* Branches to labels: short when the label is bound and near. */
void x64_put_jump(CodeBuf *cb, int cc, Label to, bool far);

bool x64_patch(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to);
static inline bool x64_fits_s8(int64_t v) { return v == (int8_t)v; }
static inline bool x64_fits_s32(int64_t v) { return v == (int32_t)v; }

/* -- Text ----------------------------------------------------------------------- */

void x64_print_reg(Text *t, uint32_t phys, uint32_t size);
/* Intel syntax as capstone and LLVM write it; pseudos as the row's text and their operands.  loc NULL: virtual
 * registers. */
void x64_print_insn(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc);

/* -- Emission (pseudo.c, emit.c) -------------------------------------------------- */

struct Emit;
/* Expand a pseudo of the values group; false: it is none. */
bool x64_expand(CodeBuf *cb, const MInsn *i, const uint32_t *loc);
void x64_emit_insn(struct Emit *e, const MInsn *i, const uint32_t *loc);
void x64_emit_move(struct Emit *e, uint32_t from, uint32_t to, IrType t);
void x64_emit_prologue(struct Emit *e);
void x64_emit_context(struct Emit *e);
void x64_emit_popped(struct Emit *e, uint32_t n);
void x64_emit_trap_stub(CodeBuf *cb, uint8_t trap);
