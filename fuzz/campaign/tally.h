/* Tally: what a campaign has counted so far; plain numbers, so that they add up over processes and sessions. */
#pragma once
#include <stdio.h>
#include "fuzz/campaign/panel.h"
#include "fuzz/finding.h"

/* T(id, what it counts) */
#define TALLY_LIST(T)                                             \
    T(cases, "cases run")                                         \
    T(useful, "some step executes 50 instructions and returns")   \
    T(invalid, "the generator's module was rejected: its bug")    \
    T(not_instantiated, "linking or the start function ended it") \
    T(small, "no step executes 50 instructions")                  \
    T(trapped, "every step that does so traps")                   \
    T(incomplete, "a leg could not run it")                       \
    T(flaky, "a deviation that went away on a second try")        \
    T(disagree, "the legs disagree")                              \
    T(saved, "findings written")                                  \
    T(steps, "calls")                                             \
    T(immediate, "calls that trap within 20 instructions")        \
    T(executed, "instructions, on one leg")                       \
    T(bytes, "bytes of modules")                                  \
    T(juries, "disagreements put before the jury")                \
    T(mutants, "sound mutants compared on a leg")                 \
    T(native, "cases that a leg with nan=native ran")             \
    T(native_steps, "their calls")                                \
    T(nans, "NaNs of theirs compared by class")                   \
    T(nan_open, "calls of theirs not compared")                   \
    T(lost, "processes that crashed or hung and were replaced")   \
    T(milliseconds, "time")

enum { TALLY_BUCKETS = 128 };

typedef struct TallyBucket {
    char name[BUCKET_NAME];
    uint64_t cases;
} TallyBucket;

typedef struct Tally {
#define T(id, what) uint64_t id;
    TALLY_LIST(T)
#undef T
    uint32_t nbucket; /* those beyond TALLY_BUCKETS are not told apart */
    TallyBucket bucket[TALLY_BUCKETS];
    char why[120]; /* of a case that was incomplete */
} Tally;

void tally_case(Tally *t, const Case *c);
void tally_bucket(Tally *t, const char *name, uint64_t cases);
void tally_add(Tally *t, const Tally *more);

/* As lines "key value", for a state file.  tally_read takes one line; false when it is none of the tally's. */
void tally_write(FILE *f, const Tally *t);
bool tally_read(Tally *t, const char *line);
