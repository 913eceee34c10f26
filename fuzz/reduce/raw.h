/* Reducing what is not valid: a module that validators judge differently has no types on a stack to go by, so it is
 * taken as bytes within the frames of its sections and bodies, whose sizes and counts follow.
 *
 * Delta debugging as in reduce.h: sections, entries, ranges of halving length, bytes to 0.  A module whose point is how
 * its frames are written (a number in more bytes than it needs) is taken as bytes alone. */
#pragma once
#include "fuzz/reduce/reduce.h"

/* As reduce_module; but the oracle decides alone, and ReduceStats counts no instructions. */
ReduceEnd reduce_raw(ReduceBytes module, const ReduceOracle *oracle, const ReduceOptions *o, ReduceResult *r,
                     const char **why);
