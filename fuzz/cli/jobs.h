/* Jobs: many modules through the differ in child processes, so that a crash or hang of a leg is an observation.
 *
 * Each child has its own legs and takes the next module that nobody has; what it is at stands in shared memory.  When
 * a child dies or takes too long, the parent notes which leg it was in, and the module is run again
 * by a new child: as it is after the first death or when it was killed from outside, with that leg observed as crashed
 * after the second, or as hung.  Results come back in the order of the modules. */
#pragma once
#include "fuzz/finding.h"

typedef struct JobResult {
    uint32_t kind;      /* VerdictKind */
    bool rejected;      /* no leg ran: the module is malformed or invalid */
    bool unreadable;    /* no file, or a plan that cannot be run */
    bool harness_crash; /* outside of any leg */
    uint32_t deviates, lacking, steps;
    uint32_t field; /* FieldKind */
    bool majority;
    uint32_t nans, nan_open;  /* NaNs of legs with nan=native that were compared by class; steps that were not */
    char bucket[BUCKET_NAME]; /* of what differs; else empty */
    char text[400];           /* the difference, or why it was rejected */
} JobResult;

typedef struct JobStats {
    uint32_t children_lost, hung, workers_started, workers_lost;
    bool interrupted; /* by SIGINT */
} JobStats;

typedef struct JobOptions {
    const LegSpec *leg;
    uint32_t nlegs;
    Features features;
    uint32_t jobs;
    uint64_t timeout_ns; /* for one leg on one module, as os_spent_ns counts */
    bool any_input;      /* a file that is no module is input of the generator */
} JobOptions;

/* Called in order of the modules; false: stop. */
typedef bool JobDone(void *user, uint32_t index, const JobResult *r);

/* Run all; false when it was interrupted or a child could not be started (line on stderr). */
bool jobs_run(const JobOptions *o, char *const *path, uint32_t n, JobDone *done, void *user, JobStats *stats);
