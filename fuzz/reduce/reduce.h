/* The reducer: a smaller module that shows what a given one shows.
 *
 * Ordered passes over an editable form (edit.h) propose candidates; a candidate that is valid, cheaper (ReduceCost) and
 * shows the same bucket takes the place of the module, until no pass finds one.  One that ends by itself is given up
 * for one that fuel alone ends where it would stay large else; and such a one is not given more fuel, which would cost
 * everybody who runs it later.  Nothing depends on time or chance (but
 * for the limit on time), so the same module and oracle give the same bytes.
 *
 * Delta debugging: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002); of trees:
 * Misherghi and Su, "HDD" (ICSE 2006).  Beyond it, values that a run on the interpreter saw take the place of the code
 * that made them (probe.h). */
#pragma once
#include "oracles/differ.h"

/* What a module shows.  Equal buckets: the same disagreement. */
typedef struct ReduceBucket {
    bool differs;       /* false: nothing of interest, and the rest is 0 */
    uint32_t legs;      /* those that deviate, as bits */
    uint32_t field;     /* FieldKind */
    uint32_t want, got; /* of a trap or outcome: what the others and the first deviating leg have; else 0 */
    bool out;           /* a step ran out of fuel: says nothing of the disagreement, but what the module costs */
} ReduceBucket;
bool reduce_bucket_equal(const ReduceBucket *a, const ReduceBucket *b);
/* Of a case that the differ has run. */
ReduceBucket reduce_bucket_of(const Case *c);
/* "x64:O1 in trap: integer divide by zero, others unreachable"; names: of the legs. */
void reduce_bucket_print(Text *t, const ReduceBucket *b, const LegSpec *leg, uint32_t nlegs);

typedef struct ReduceBytes {
    const uint8_t *at;
    uint32_t n;
} ReduceBytes;

/* A run on the reference interpreter, as far as probes need it. */
typedef struct ProbeRun {
    uint32_t mem; /* whose contents are wanted, by index; NO_INDEX: none */
    uint8_t *out; /* [0, n) of it; what is not there is 0 */
    uint32_t n;
    uint64_t fuel; /* out: most that a step took */
} ProbeRun;

/* Who says what modules show. */
typedef struct ReduceOracle {
    void *user;
    uint32_t width; /* modules it takes at once, >= 1 */
    void (*ask)(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown);
    /* May be NULL: then no values are known.  False: it could not be run. */
    bool (*probe)(void *user, ReduceBytes module, ProbeRun *run);
} ReduceOracle;

typedef struct ReduceSlip { /* the smallest module seen in another bucket */
    ReduceBucket bucket;
    uint8_t *bytes; /* owned; malloc */
    uint32_t n;
} ReduceSlip;
enum { REDUCE_MAX_SLIPS = 16 };

typedef struct ReduceStats {
    uint32_t bytes_before, bytes_after;
    uint64_t instr_before, instr_after;
    uint64_t tried;                /* candidates given to the oracle */
    uint64_t invalid, dear, known; /* not given: rejected by the validator, not cheaper, asked before */
    uint64_t taken, slipped;
    uint32_t rounds;
    double seconds;
    bool stopped; /* before the end */
} ReduceStats;

typedef struct ReduceOptions {
    Features features;
    uint64_t limit_ns;        /* 0: none */
    const volatile int *stop; /* may be NULL; not 0: stop */
    const char *pass;         /* this one alone, once; NULL: all */
    /* After each pass that took something, and at the end.  May be NULL. */
    void (*progress)(void *user, const char *pass, const ReduceStats *s, ReduceBytes best);
    void *user;
} ReduceOptions;

typedef struct ReduceResult {
    uint8_t *bytes; /* owned; malloc */
    uint32_t n;
    ReduceBucket bucket;
    ReduceStats stats;
    ReduceSlip slip[REDUCE_MAX_SLIPS];
    uint32_t nslips;
} ReduceResult;

typedef enum ReduceEnd {
    REDUCE_DONE,
    REDUCE_INVALID, /* the module is not valid, or its plan cannot be run */
    REDUCE_NOTHING, /* it shows nothing, or nothing any more when it is encoded anew */
    REDUCE_FAILED   /* out of memory */
} ReduceEnd;
/* But for REDUCE_DONE, `why` says more. */
ReduceEnd reduce_module(ReduceBytes module, const ReduceOracle *oracle, const ReduceOptions *o, ReduceResult *r,
                        const char **why);
/* Names of the passes in their order; NULL past the last. */
const char *reduce_pass_name(uint32_t i);
void reduce_free(ReduceResult *r);
/* Instructions in the bodies of a valid module; 0 when it is not. */
uint64_t reduce_count(ReduceBytes module, Features features);
