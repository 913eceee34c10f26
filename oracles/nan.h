/* What NaNs allow legs to differ in, whose code leaves the bits of NaNs to the processor (nan=native).
 *
 * The specification leaves these bits open, and they can reach everything: reinterpret and store show them, a sign can
 * decide a branch.  So such a leg may do something else than others, and be right.  How far that goes is found out by
 * a run of the interpreter as a NaN probe (interp/nanprobe.h), which knows for each value whether it depends on
 * a choice of NaN bits.  It gives two things, and nothing else is let through:
 *
 *   values, in results and globals, that are a NaN of open bits: each leg must have a NaN there of the class that the
 *   specification allows (canonical of either sign; or any quiet one), and other lanes of the same vector by bits;
 *
 *   the step in which an instruction first observed open bits: from its beginning on nothing is compared with such a
 * leg, but it must not crash or hang.
 *
 * Legs that make NaNs canonical are held to one another bit for bit, always.  A leg with nan=native is held to no other
 * one any closer, not even to one of its own ISA: which operand's NaN goes through depends on the order of operands,
 * and that on the level.  The probe runs only where a leg with nan=native differs from another, or could run for ever.
 */
#pragma once
#include "oracles/legs/leg.h"
#include "oracles/plan.h"

typedef struct OpenValue { /* a field that holds open NaNs */
    uint16_t kind, step;   /* FIELD_VALUE or FIELD_GLOBAL */
    uint32_t index;
    ValType type;
    Value v; /* as the probe has it: with marks */
} OpenValue;

typedef struct NanOpen {
    Arena *arena;
    bool observed;
    uint16_t step; /* observed: in which step */
    VEC(OpenValue) value;
    bool failed; /* the probe could not run: nothing is known */
} NanOpen;

/* Run the case on `l`, an interpreting leg that is used for nothing else. */
void nan_probe(NanOpen *out, Arena *a, Leg *l, const Module *m, const Plan *p);
/* Are both fields, of one kind and place, NaNs that this one allows there?  False also where it has no open value. */
bool nan_open_allows(const NanOpen *n, const Field *a, const Field *b);
/* Is this field in the step that observed open bits, or behind it? */
bool nan_open_ends(const NanOpen *n, const Field *f);
