/* Campaign: the generator's stream of seeds through the panel, in child processes, until told to stop.
 *
 * A child has legs of its own, takes the next seed that nobody has, and writes what it finds.  What it is at stands in
 * shared memory: when it dies or takes too long, the seed is run again by a new child with the leg that was at work
 * observed as crashed or hung.  The state file lets the next campaign go on behind the last seed; a parent that is
 * killed itself repeats a few. */
#pragma once
#include "fuzz/campaign/tally.h"

enum { CAMPAIGN_MAX_JOBS = 64 };

typedef struct CampaignOptions {
    uint32_t jobs;
    Features features;
    uint64_t first;          /* seed, when there is no state */
    uint64_t cases;          /* stop after so many; 0: never */
    uint64_t finds;          /* stop when so many findings have been written, and write no more; 0: never */
    double seconds;          /* stop after so long; 0: never */
    const char *findings;    /* folder */
    uint32_t most;           /* findings of a bucket; 0: all */
    const char *state;       /* file, or NULL */
    uint32_t metamorph;      /* one case in so many has a sound mutant run on one of its legs, too; 0: none */
    uint32_t reduce_seconds; /* for the reduction of a finding of each bucket; 0: none is reduced */
    uint64_t timeout_ns;     /* for a leg that runs a case, as os_spent_ns counts */
    PanelFaults faults;      /* see panel.h */
} CampaignOptions;

typedef struct CampaignReport {
    Tally session, total;          /* since it was started; with what the state file had */
    uint64_t next;                 /* seed from which to go on */
    uint32_t x64_rules, a64_rules; /* rules of lowering that a compiler has used since it was started */
    char lacks[300];               /* why the other ISA does not take part; empty: it does */
    bool resumed;
    char reducing[BUCKET_NAME]; /* bucket whose finding is being reduced; empty: none */
} CampaignReport;

/* Told now and then. */
typedef void CampaignProgress(void *user, const CampaignReport *r);

typedef enum CampaignEnd {
    CAMPAIGN_DONE,        /* time or cases are used up */
    CAMPAIGN_INTERRUPTED, /* by SIGINT or SIGTERM */
    CAMPAIGN_FAILED       /* a child cannot run here, or state or findings cannot be written: one line on stderr */
} CampaignEnd;
CampaignEnd campaign_run(const CampaignOptions *o, CampaignProgress *progress, void *user, CampaignReport *last);
