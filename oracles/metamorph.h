/* The metamorphic comparison: a module and one that does the same by other code, on one and the same leg.
 *
 * Must be equal: how instantiation and each step end, the kind of a trap, values, host calls with their arguments; then
 * the state of all that the original has: memories, globals, tables, dropped segments.
 * May differ: where a trap happened and through which calls, the fuel and depth left, and what the mutant has beyond
 * the original (entities are only added behind those that are there). A step that runs out of fuel or depth, on either
 * side, ends the comparison: what it had done until then is not the same.  An observation that broke off says nothing
 * beyond its end; a crash differs from what is no crash. */
#pragma once
#include "oracles/compare.h"

/* The first difference: `a` is the original's field, `b` the mutant's. */
Difference metamorph_compare(const Observation *original, const Observation *mutant, Arena *a);
/* Did the comparison reach the end, or did fuel or depth run out before? */
bool metamorph_whole(const Observation *original, const Observation *mutant);
