/* Random machine functions over a made-up target, and an interpreter for them that runs before and after register
 * allocation: the tests' independent idea of what an allocation means. */
#pragma once
#include "code/alloc.h"

typedef struct MachTarget { /* keep in place: target points into it */
    Target target;
    uint8_t order[RC_COUNT][32];
    RegSet clobber[5]; /* none, caller-saved, most, a few, all */
    uint32_t nfixable[RC_COUNT];
} MachTarget;

/* nregs allocatable registers of each class, 4..24. */
void machgen_target(MachTarget *t, const uint32_t nregs[RC_COUNT]);
/* A function of about `size` instructions; vectors in it when `wide`.  Operands are drawn from all that is in scope, or
 * with `local` mostly from what was defined last, as in real programs. */
MFn *machgen_fn(Arena *a, const MachTarget *t, uint64_t seed, uint32_t size, bool wide, bool local);

typedef struct MachTrace {
    uint64_t hash; /* of all values that instructions read, in order */
    uint32_t steps;
    bool preserved; /* callee-saved registers that the allocation does not claim are as they were */
} MachTrace;

/* Run with values in virtual registers (ra NULL) or where `ra` says; branches go by what `seed` and the values read
 * say. */
MachTrace machgen_run(Arena *a, const MFn *m, const Target *t, const Alloc *ra, uint64_t seed, uint32_t max_steps);
