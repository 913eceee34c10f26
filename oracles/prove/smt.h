/* Proofs that two forms of a function do the same, by an SMT solver (Z3).
 *
 * Both are translated to terms over the same parameters and the same memory, and the solver is asked for an input on
 * which they differ.  It is the rewriting as performed that is checked (translation validation), not a description of
 * the rules: nothing of opt/ is used here, and the meaning of each operation is written down once more, from ir.def.
 *
 * Modelled: integers and floats bit for bit; linear memory and the context, byte by byte; faults of guarded accesses,
 * as any predicate of address and size; checks; the two counters; control flow without loops.  An undefined division
 * before a rewrite is nobody's business; after it, it must not be undefined on more inputs.  Where ir.def lets an
 * operation make any NaN, the proof holds for each; but one operation of the same operands makes the same one on both
 * sides, since the form after may make whichever the form before makes.
 *
 * Arithmetic on floats is tried three ways, each stronger than the one after it and faster: as functions nobody knows
 * but for what IEEE 754 says of signs (x - y is x + -y; signs of factors multiply); with the solver's floats for the
 * operations that the rewrite adds or removes; and with the solver's floats for all.
 *
 *  Not modelled, so not provable here: calls,
 * vectors, loops. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <z3.h>
#include "ir/ir.h"

typedef enum Proof {
    PROOF_PROVED,
    PROOF_REFUTED,
    PROOF_UNKNOWN,    /* not decided in time */
    PROOF_UNSUPPORTED /* something is not modelled */
} Proof;

typedef struct Smt Smt;

/* Does `after`, as made from `before`, do the same?  Both have cfg_build's facts, and the same parameters.  why (may be
 * NULL): the input on which they differ, or what is not modelled. */
Proof smt_same(const Fn *before, const Fn *after, uint32_t timeout_ms, char *why, uint32_t size);

/* -- Between smt.c and smt_ops.c -------------------------------------------------------- */

struct Smt {
    Z3_context z;
    Z3_solver solver;
    Z3_sort bit, address, memory; /* Bool, 64 bits, address to byte */
    Z3_func_decl fault;           /* (address, bytes) to Bool */
    uint64_t exact;               /* bit IrOp - IR_fadd: the solver's floats, not an unknown function */
    const Ins *at;                /* the operation at hand, and its operands */
    const Z3_ast *operand;
    char unsupported[80]; /* empty: nothing so far */
};

static inline uint32_t smt_width(uint32_t type) { return type == T_I32 || type == T_F32 ? 32 : 64; }
Z3_ast smt_num(Smt *s, uint32_t width, uint64_t value);
Z3_ast smt_and(Smt *s, Z3_ast a, Z3_ast b);
Z3_ast smt_or(Smt *s, Z3_ast a, Z3_ast b);
Z3_ast smt_nonzero(Smt *s, Z3_ast x); /* an i32, as a condition */
/* The value of a pure operation of the operands x, whose types are `type`; *defined (may be changed): whether it has
 * one. NULL: not modelled. */
Z3_ast smt_op(Smt *s, const Ins *i, const uint8_t *type, const Z3_ast *x, Z3_ast *defined);
