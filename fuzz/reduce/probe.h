/* Probes: the values that expressions had in a run, and what was never executed.
 *
 * A copy of the module gets one more memory, a function for each type that records what it is given there, and a call
 * of it behind each expression; the interpreter runs its plan.  The module that is reduced is never changed by this,
 * and what is learnt is a hint: the oracle decides. */
#pragma once
#include "fuzz/edit/edit.h"
#include "fuzz/reduce/reduce.h"

enum { PROBE_VALUES = 7 }; /* of an expression: the first ones, and the last */

typedef struct ProbeSite {
    uint32_t body,
        at; /* the value that the expression ending here leaves; of a head: the instruction in front, or NO_INDEX */
    uint32_t local; /* parameter of a function at its entry; NO_INDEX: an expression; */
    ValType type;   /* VT_BOTTOM: a head of straight code, counted only */
    uint32_t count; /* times it was passed */
    uint32_t nvalue;
    Value value[PROBE_VALUES];
} ProbeSite;

typedef struct Probe {
    ProbeSite *site;
    uint32_t n;
    bool ran;
} Probe;

/* Run it: sites in the order of bodies and instructions.  False: nothing is known. */
bool probe_run(Probe *p, Arena *a, const Edit *e, const ReduceOracle *oracle);
const ProbeSite *probe_find(const Probe *p, uint32_t body, uint32_t at, uint32_t local);
