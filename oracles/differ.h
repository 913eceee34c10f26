/* The differ: a set of legs, and one case run on all of them to one verdict. */
#pragma once
#include "oracles/compare.h"
#include "oracles/legs/leg.h"
#include "oracles/plan.h"

typedef struct DifferTimes { /* ns, added up */
    uint64_t decode, validate, instantiate, execute, observe, compare;
    uint64_t compile[MAX_LEGS], run[MAX_LEGS];
} DifferTimes;

typedef struct Differ {
    Leg leg[MAX_LEGS];
    uint32_t nlegs;
    Features features;
    Arena arena; /* of the case */
    Front front; /* what compiled legs of equal options share */
    CompileSpace space;
    bool timing;
    int64_t max_fuel; /* a cap on every plan's fuel; 0: none */
    DifferTimes times;
    uint64_t cases, steps, rejected;
    uint32_t flaky; /* deviations that went away on a second try */
    /* Told whenever a leg begins a case, and with UINT32_MAX when it is done: so a parent process knows who crashed.
     * May be NULL. */
    void (*on_leg)(void *user, uint32_t leg);
    void *on_leg_user;
    uint32_t skip; /* bit set: legs that took their process down with this case; observed as a crash without running, */
    uint32_t hung; /* or as a hang */
    Leg probe; /* follows NaNs whose bits are open, where legs leave some open (oracles/nan.h); opened when needed */
    uint32_t first_region; /* of the legs; 0 but where legs of a parent process may hold the usual ones */
    uint64_t probed;       /* cases in which it ran */
    bool once; /* a deviation is not tried again with a fresh worker: for a caller who sees to that himself, now and
                  then */
} Differ;

typedef struct Case {
    const uint8_t *bytes;
    uint32_t size;
    Module *module; /* NULL: rejected, see err */
    Err err;
    Plan plan;
    /* First step that ran out of fuel on a leg that counts it (start_out: the instantiation did); UINT32_MAX: none.
     * Legs that count none run the steps before it alone. */
    uint32_t fuel_out;
    bool start_out;
    bool native;         /* a leg leaves bits of NaNs open */
    const NanOpen *open; /* what legs with nan=native may differ in; NULL: nobody had to know */
    Observation obs[MAX_LEGS];
    Verdict verdict;
    const char *plan_error; /* the case cannot be run: its plan is damaged */
    bool failed; /* memory ran out before any leg had the case: nothing is known of it, and the verdict is incomplete */
} Case;

/* Open the legs.  False and `why` when one does not work here. */
bool differ_open(Differ *d, const LegSpec *spec, uint32_t n, Features features, char *why, size_t why_size);
void differ_close(Differ *d);
/* Run one case; everything in `c` is good until the next call. */
void differ_run(Differ *d, const uint8_t *bytes, uint32_t size, Case *c);
/* Run a decoded case on one leg alone. */
void differ_run_leg(Differ *d, uint32_t leg, Case *c, Observation *o);
/* What a leg with nan=native may differ in; lives in the arena of the case. */
const NanOpen *differ_nans(Differ *d, const Case *c);
