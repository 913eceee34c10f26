/* Plan: what to call, in which order, with which arguments, under which limits.
 *
 * Stored with the module in the custom section "parallax.case"; all numbers LEB128 unless said otherwise:
 *   version (1), fuel, depth, max_pages, max_elems, flags (1 synthesize imports, 2 spectest), number of steps,
 *   and for each step: export name (length, bytes), number of arguments, each of them 16 bytes, little-endian:
 *   a Value of the parameter's type, unused bytes 0; of a function reference only null can be said.
 * A module without one gets the default plan: each exported function, in the order of the exports, is called with
 * several tuples of boundary arguments. */
#pragma once
#include "run/store.h"

typedef struct PlanStep {
    Name name;
    uint32_t nargs;
    Value *args;
} PlanStep;

typedef struct Plan {
    StoreLimits limits;
    VEC(PlanStep) step;
} Plan;
#define PLAN_SECTION "parallax.case"
enum { PLAN_VERSION = 1, PLAN_MAX_STEPS = 2000 }; /* steps fit Field.step: observe.h */

/* The module's own plan, or the default one.  False and a reason when the section is damaged or does not fit
 * the module's exports. */
bool plan_of(Arena *a, const Module *m, Plan *p, const char **why);
void plan_default(Arena *a, const Module *m, Plan *p);
/* Contents of the custom section. */
uint8_t *plan_encode(Arena *a, const Plan *p, uint32_t *n);
