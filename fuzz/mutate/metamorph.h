/* The metamorphic oracle: a case and a sound mutant of it on one leg. */
#pragma once
#include "fuzz/mutate/sound.h"
#include "oracles/differ.h"
#include "oracles/metamorph.h"

typedef struct Metamorph {
    Mutant mutant;   /* done: SoundId; bytes live in the differ's arena, until its next case */
    Case c;          /* of the mutant; obs[leg] alone is filled in */
    Difference diff; /* a: what the original showed, b: the mutant */
    bool whole;      /* compared to the end: neither fuel nor depth ran out */
} Metamorph;

/* `c`: a case that the differ has run, with this leg among others.  False: there is no mutant of it, or the leg did not
 * run the original or the mutant. */
bool metamorph_run(Metamorph *x, Differ *d, uint32_t leg, const Case *c, uint64_t seed);

/* The same with a mutant that is there already.  False: it is no valid module, or the leg did not run one of them. */
bool metamorph_pair(Metamorph *x, Differ *d, uint32_t leg, const Case *c, const uint8_t *mutant, uint32_t n);
/* The original as well, on this leg alone; `bytes` become *c.  False also when it is no valid module. */
bool metamorph_alone(Metamorph *x, Differ *d, uint32_t leg, const uint8_t *bytes, uint32_t n, uint64_t seed, Case *c);
/* As a case of that leg alone, to report: the verdict is that it deviates; obs[0] is the mutant's. */
void metamorph_report(const Metamorph *x, uint32_t leg, const Case *c, Case *out);
