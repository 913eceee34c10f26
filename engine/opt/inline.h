/* What inlining needs to know of the module. */
#pragma once
#include "ir/ir.h"

/* Where the optimizer finds the functions that one calls. */
typedef struct Inliner {
    void *user;
    /* The IR of defined function `func`, optimized or not, with cfg_build's facts, if inline_fits; else NULL.  It must
     * live as long as the function that is being optimized. */
    const Fn *(*leaf)(void *user, uint32_t func);
} Inliner;

/* Is it a leaf, and small enough? */
bool inline_fits(const Fn *f);
