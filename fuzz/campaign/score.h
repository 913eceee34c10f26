/* Score: of the bits that are flipped in generated cases, how many show.
 *
 * The mutation score of the generator: one instruction of a case is made to leave a value with one bit flipped
 * (mutate/flip.h), both run on the interpreter, and compared as far as they can be (oracles/metamorph.h: all but trap
 * sites and fuel).  What does not show would not show were it a compiler's fault.  Part of it cannot: bits that are
 * masked, a comparison with a far value, what is computed for a branch not taken. */
#pragma once
#include <stdio.h>
#include "oracles/differ.h"

enum { SCORE_TYPES = 5 };

typedef struct Score {
    uint64_t put;                /* cases with a bit flipped in them */
    uint64_t executed, shown;    /* the instruction was executed; something differed */
    uint64_t field[FIELD_COUNT]; /* what differed first */
    uint64_t ended;              /* nothing did up to where fuel or depth ran out, or the leg ended */
    uint64_t type_executed[SCORE_TYPES], type_shown[SCORE_TYPES]; /* by type of the value */
} Score;

/* A case that `interp`, with the interpreter as its one leg, has just run; `number` decides what goes wrong. */
void score_add(Score *s, Differ *interp, const Case *c, uint64_t number);
void score_print(FILE *f, const Score *s);
