/* A census: the modules of a range of seeds of the generator's stream, each validated by us and by wabt.
 *
 * Blocks of seeds go to child processes as these ask for them.  A run that is stopped ends with whole blocks: all seeds
 * below `next` are counted, and none from there on.  The counts depend on the range alone. */
#pragma once
#include "fuzz/opinion/opinion.h"

enum { CENSUS_WHATS = 16, CENSUS_MAX_JOBS = 64, CENSUS_BLOCK = 256 };

typedef struct CensusCounts {
    uint64_t modules, bytes, ours; /* ours: valid by our validator */
    uint64_t valid, unknown;       /* by wabt's, of those; not known to it */
    uint64_t disagreements;        /* also: not valid by ours, which is the generator's bug */
    uint64_t unknowns[CENSUS_WHATS];
    char what[CENSUS_WHATS][64]; /* what is not known; "": no more */
} CensusCounts;

typedef struct CensusOptions {
    uint64_t first, count;
    uint32_t jobs;
    const char *out; /* folder for modules of disagreements, SEED.wasm; made when there is one */
    Opinion (*ask)(Arena *a, const uint8_t *bytes, uint32_t n); /* opinion_of, but for tests */
    const volatile int *stop;                                   /* not 0: stop */
    void (*progress)(void *user, const CensusCounts *c);        /* now and then */
    void *user;
} CensusOptions;

/* Needs wabt_here().  Disagreements are told about on stderr, a line each.  False: a child was lost or a file could not
 * be written, said on stderr; then nothing is to be believed. */
bool census_run(const CensusOptions *o, CensusCounts *counts, uint64_t *next);
