/* Small functions at random, to make a folding rule fire: one operation that is looked at, over trees of others. */
#pragma once
#include "ir/ir.h"

/* The same function for the same arguments, always.  Its last operation before it returns, branches or ends is `op`
 * (IR_COUNT: any), and has operands of type `type` as far as the operation leaves a choice. */
Fn *sample_fn(Arena *a, uint8_t op, IrType type, uint64_t seed);
