/* A whole reduction: legs chosen, candidates asked in child processes, the outcome checked on all legs, and what
 * slipped saved. */
#pragma once
#include "fuzz/reduce/oracle.h"

typedef struct ReduceRun {
    ReduceBytes module;
    const LegSpec *leg;
    uint32_t nlegs;
    uint32_t jobs;         /* 0: 1 */
    const char *predicate; /* a command instead of the legs; may be NULL */
    uint64_t timeout_ns;   /* for a leg's part of a candidate, or the command; 0: 10 s, or none */
    const char *slips; /* folder of findings for what slipped into a bucket that it has nothing of; NULL: not saved */
    ReduceOptions o;
} ReduceRun;

typedef struct ReduceReport {
    ReduceResult result;
    LegSpec leg[MAX_LEGS]; /* those that candidates were run on; result.bucket is about them */
    uint32_t nlegs;
    LegSpec plain[MAX_LEGS]; /* the same with every option at its default that the outcome does not need */
    bool confirmed;          /* on all legs it shows what the module showed */
    uint32_t lost;           /* processes that a candidate took down or kept too long */
    VEC(char *) saved;       /* paths of findings that were written; in the caller's arena */
    char why[300];
} ReduceReport;

typedef enum ReduceRunEnd {
    RUN_DONE,
    RUN_BAD_INPUT,
    RUN_NOTHING, /* nothing to be seen on these legs, or the command says no */
    RUN_LACKS    /* a leg does not work here */
} ReduceRunEnd;
/* But for RUN_DONE, report->why says why.  reduce_free(&report->result) afterwards. */
ReduceRunEnd reduce_run(Arena *a, const ReduceRun *run, ReduceReport *report);
