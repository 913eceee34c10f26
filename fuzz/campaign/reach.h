/* Reach: which opcodes were executed, which lowering rules of both ISAs and which rewrites of the optimizer were used.
 *
 * A case is compiled for both ISAs, each with a level and knobs of its own, and counted through the compiler's own
 * counters.  That an opcode was executed is seen by markers: behind each instruction whose opcode was not yet, a global
 * of its own is set (in front of one that control does not come back from), and the module run once more on the
 * interpreter. */
#pragma once
#include <stdio.h>
#include "a64/target.h"
#include "opt/rewrite.h"
#include "oracles/differ.h"
#include "x64/target.h"

typedef struct Reach {
    bool executed[OP_COUNT];
    uint32_t x64[X64_RULE_COUNT], a64[A64_RULE_COUNT], rewrite[OPT_RULE_COUNT]; /* times */
    uint64_t cases, marked;                                                     /* cases run once more */
} Reach;

/* A valid case; `interp` has one leg, the interpreter, and is used. */
void reach_add(Reach *r, Differ *interp, const Case *c, uint64_t number);
/* The compilers alone. */
void reach_compile(Reach *r, Arena *a, const Module *m, uint64_t number);
/* What was not reached, by name; `generated`: times an opcode was generated. */
void reach_print(FILE *f, const Reach *r, const uint64_t *generated);
