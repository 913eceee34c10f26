/* What the lowering of vectors shares: the appending of vector instructions, in legacy or VEX form as the CPU has it,
 * and constants.
 *
 * Operations are named by their legacy row in insn.def; the other forms of it are the rows behind (ORDER X64VEC).
 * Sequences are made of virtual registers, each defined once: no operand is ever changed in place, and results and
 * operands may be the same register as far as the allocator sees fit. */
#pragma once
#include "x64/match.h"

#define X64_NEW REG_NONE /* as destination: a fresh register */

/* The last operand of an instruction. */
typedef struct X64Src {
    bool mem;
    Reg reg;
    X64Addr addr;
} X64Src;

typedef struct X64Const {
    uint64_t low, high;
} X64Const;
X64Const x64_k8(uint8_t v); /* in each lane */
X64Const x64_k16(uint16_t v);
X64Const x64_k32(uint32_t v);
X64Const x64_k64(uint64_t v);

static inline bool x64_avx(const Lower *l) { return (l->o->cpu & X64_CPU_AVX) != 0; }
static inline bool x64_avx2(const Lower *l) { return (l->o->cpu & X64_CPU_AVX2) != 0; }

static inline X64Src x64_src_reg(Reg r) { return (X64Src){.reg = r}; }
X64Src x64_src_const(Lower *l, X64Const k);
X64Src x64_src_addr(X64Addr a);

/* The row of the operation's form with memory or without, legacy or VEX (of those that have all four). */
static inline uint32_t x64_vform(const Lower *l, uint32_t op, bool mem) {
    return op + (mem ? 1u : 0u) + (x64_avx(l) ? 2u : 0u);
}
/* Append exactly row `op`: destination d, first source a (REG_NONE: the row has none but `last`), last source. */
void x64_vput(Lower *l, uint32_t op, uint32_t size, uint32_t imm, Reg d, Reg a, const X64Src *last);

/* Each appends an instruction with destination d (or X64_NEW) and returns that. */
Reg x64_v2s(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, const X64Src *b); /* d = a op b; size: the row's */
Reg x64_v2(Lower *l, Reg d, uint32_t op, Reg a, Reg b);
Reg x64_v2k(Lower *l, Reg d, uint32_t op, Reg a, X64Const b);
Reg x64_f2(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, Reg b); /* size: of a lane */
Reg x64_f2k(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, X64Const b);
Reg x64_v1(Lower *l, Reg d, uint32_t op, Reg a);
Reg x64_v1i(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, uint32_t imm);
Reg x64_v2i(Lower *l, Reg d, uint32_t op, Reg a, Reg b, uint32_t imm);
Reg x64_vshift(Lower *l, Reg d, uint32_t op, Reg a, uint32_t imm); /* the _I rows */
Reg x64_vzero(Lower *l);
Reg x64_vones(Lower *l);
Reg x64_vconst(Lower *l, Reg d, X64Const k);
/* A 4- or 8-byte integer in the low lane, zeros above. */
Reg x64_to_vector(Lower *l, Reg a, uint32_t size);

/* -- Matchers ------------------------------------------------------------------- */

bool x64_is_vconst(const Lower *l, Val v, X64Const *k);
/* A load of `bytes` bytes, whatever the extension, that may become a memory operand of `at`. */
bool x64_can_fold_bytes(Lower *l, Val v, uint32_t bytes, Val at);
/* v, or what is behind a canon of that lane size when nobody else wants it. */
Val x64_skip_canon(Lower *l, Val v, uint32_t lane);

/* -- The parts --------------------------------------------------------------------- */

void x64_lower_vector(Lower *l, Val v);  /* lower_vec.c */
void x64_lower_vec_int(Lower *l, Val v); /* lower_vec_int.c: integer operations of several instructions */
void x64_lower_vec_shift(Lower *l, Val v);
void x64_lower_vec_float(Lower *l, Val v); /* lower_vec_float.c: the same for floats and conversions */
void x64_lower_splat(Lower *l, Val v);     /* lower_vec_lane.c */
void x64_lower_extract(Lower *l, Val v);
void x64_lower_replace(Lower *l, Val v);
void x64_lower_shuffle(Lower *l, Val v); /* lower_vec_shuffle.c */
void x64_lower_swizzle(Lower *l, Val v);
