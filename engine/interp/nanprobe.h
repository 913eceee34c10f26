/* NaN probe: which values depend on bits of NaNs that the specification leaves open?
 *
 * An arithmetic operation that yields a NaN may choose it (spec 4.3.3): of either sign, canonical when all NaNs among
 * its operands are canonical, else with any payload of a quiet one.  The deterministic profile has one choice; code
 * that leaves it to the processor has others.  A probing interpreter tells how far these choices can be seen.  It
 * makes such a NaN with a payload that stands for "open" (a mark), which then goes where the value goes: through
 * locals, operands, globals, calls and moves of lanes.  Arithmetic and comparisons do the same whatever NaN they get,
 * and what they yield from a mark is a mark again or does not depend on it.  An instruction to which the bits matter
 * (reinterpret, copysign from it, a store, lanes as other lanes, an argument of a host function) has observed it: from
 * there on nothing is known of what another choice would do.
 *
 * So in a run that observed none, all control flow, all traps and all values without a mark are the same for every
 * choice; a value with a mark is a NaN of its class in each.  A NaN of the module's own that looks like a mark is taken
 * for one, which claims less than could be claimed and is not wrong. */
#pragma once
#include "interp/simd.h"
#include "wasm/types.h"

/* ExecState.nan_probe: a set.  0: no probe.  Set to PROBE_ON before a call; the interpreter adds to it. */
enum { PROBE_ON = 1, PROBE_OPEN = 2 /* a mark was made */, PROBE_OBSERVED = 4 };

typedef enum NanClass {
    NAN_EXACT,
    NAN_ANY_SIGN /* canonical of either sign */,
    NAN_QUIET /* any quiet one */
} NanClass;

/* What the mark says; NAN_EXACT: there is none. */
NanClass nan_mark_f32(uint32_t bits);
NanClass nan_mark_f64(uint64_t bits);
/* Is it a NaN that the class allows? */
bool nan_fits_f32(NanClass c, uint32_t bits);
bool nan_fits_f64(NanClass c, uint64_t bits);
/* Is there a mark in a value of this type? */
bool nan_marked(ValType type, const Value *v);

/* One-byte instructions that the probe has to look at. */
typedef struct ProbeRow {
    uint64_t (*fn)(const Value *arg); /* makes floats: what it does without a probe; else NULL */
    uint8_t npop;
    uint8_t size[2];  /* bytes of operands and result; with fn */
    uint8_t observes; /* bytes of the topmost operand, whose bits matter; 0: it has none such */
} ProbeRow;
enum { PROBE_CODES = 256 };
extern const ProbeRow probe_row[PROBE_CODES];
static inline bool probe_looks_at(uint32_t code) { return probe_row[code].fn || probe_row[code].observes; }

/* The probe's part of a one-byte instruction whose operands end at `sp`.  True: it has been executed, and the result,
 * in place of the first operand, is marked. */
bool probe_number(uint32_t code, Value *sp, uint64_t *state);
/* The same for a vector instruction, with operands from `arg` on. */
bool probe_vector(uint32_t code, Value *arg, const uint8_t *imm, uint64_t *state);
/* Arguments go to a function that is not interpreted. */
void probe_arguments(const FuncType *t, const Value *arg, uint64_t *state);
