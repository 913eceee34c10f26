/* Upper bounds of values. */
#pragma once
#include "ir/ir.h"

/* A number that v, as unsigned, never exceeds: from masks, shifts, widths of loads, sums and products that cannot wrap,
 * and from counters of loops that end at a constant.  Requires cfg_build's facts.  Bounded cost. */
uint64_t range_most(const Fn *f, Val v);
/* A number that v is never below: of a constant, and of a load that says so (ir.def). */
uint64_t range_least(const Fn *f, Val v);
