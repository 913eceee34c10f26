/* Comparison of observations, and the verdict over all legs.
 *
 * Two observations differ in the first field (in the order of observe.h, steps in their order) that one has and the
 * other has not, or that has other contents.  With three legs or more, those that are not with the largest group of
 * equals deviate; no majority: all of them are named.  A leg that crashed or hung deviates, and has no vote: two that
 * crash alike are not a majority.  But when no leg finishes in time, that is the module's doing: the case is
 * incomplete, and nobody is blamed.
 *
 * A leg that could not go on (Observation.resource), or that sees less (no fuel), is held to what it saw: it sides with
 * the group that saw the same so far, deviates when there is none, and says nothing when there are several.  Of groups
 * of one size the one with more legs that see all counts as the largest, and a majority of those legs (two or more) is
 * one.
 *
 * With a leg that leaves the bits of NaNs open others are compared as Observation.open says, which is counted. */
#pragma once
#include "oracles/nan.h"

typedef struct Difference {
    bool differs;
    uint32_t field; /* position in both lists; fields before it are equal */
    Field a, b;
    bool has_a, has_b; /* false: that observation has ended */
    uint32_t nans;     /* fields with different NaNs, of one class that is open */
    bool open_end;     /* what comes from `field` on was not compared, since it may depend on open bits of NaNs */
} Difference;

/* The first difference in what both can see: none in a field that one of them lacks, nor behind the end of an
 * observation whose leg could not go on. */
Difference compare(const Observation *a, const Observation *b);

enum { MAX_LEGS = 16 };

typedef enum VerdictKind {
    VERDICT_AGREE,
    VERDICT_DISAGREE,
    VERDICT_QEMU_SUSPECT, /* the deviation went away under another emulator */
    VERDICT_FLAKY,        /* it went away on a second try with a fresh worker */
    VERDICT_INCOMPLETE    /* agreed, but a leg could not run the case */
} VerdictKind;
const char *verdict_name(VerdictKind k);
/* Some leg deviates, for good. */
static inline bool verdict_differs(VerdictKind k) { return k == VERDICT_DISAGREE || k == VERDICT_QEMU_SUSPECT; }

typedef struct Verdict {
    VerdictKind kind;
    uint32_t nlegs;
    uint32_t deviates;  /* bit set of legs */
    bool majority;      /* a majority says so; else all are suspects */
    uint32_t lacking;   /* bit set of legs that could not run */
    uint32_t with;      /* a leg of the largest group */
    Difference diff;    /* of the first deviating leg (b) against it (a) */
    FieldKind field;    /* what differs */
    uint32_t nans;      /* fields of legs in which NaNs were compared by class: with `with` */
    uint32_t open;      /* bit set of legs that were compared only up to a step, as its bits of NaNs are open, and */
    uint16_t open_step; /* which step that is */
} Verdict;

void verdict_make(Verdict *v, const Observation *const *obs, uint32_t n);
/* Steps, of n, in which legs with nan=native were not compared. */
static inline uint32_t verdict_steps_open(const Verdict *v, uint32_t n) {
    return !v->open ? 0 : v->open_step < n ? n - v->open_step : n;
}
/* How legs with nan=native were compared, in a few words; nothing where all was compared by bits. */
void verdict_nans_print(Text *t, const Verdict *v);
/* One line: "x64:O1 deviates in value 0 of step 3: 0x... instead of 0x...". names by leg. */
void difference_print(Text *t, const Difference *d);
