/* The optimizer: passes over one function.  pipeline.c is the table of contents. */
#pragma once
#include "ir/ir.h"
#include "ir/stage.h"

typedef struct OptOptions {
    uint32_t level;            /* 0, 1, 2 */
    const Stages *stages;      /* may be NULL */
    struct Rewrites *rewrites; /* opt/rewrite.h: counts, limit; may be NULL */
    Arena *scratch;            /* an empty arena for what a pass needs while it runs; NULL: the function's own */
} OptOptions;

/* Run the level's passes.  Leaves cfg_build's facts up to date.  What execution can observe stays the same: effects
 * (stores, checks, charges, calls) and their order; a check goes only when it cannot fire. */
void opt_run(Fn *f, const OptOptions *o);

/* Requires cfg_build's facts, and leaves them up to date. */
typedef void OptPass(Fn *f);
/* A pass by its name, for text-to-text tests; NULL when there is none. */
OptPass *opt_find(const char *name);
const char *opt_name(uint32_t i); /* i-th pass; NULL past the last */
