/* The verifier: types, arity, dominance, block ends, edge arguments.  On failure false and one line in `msg`. */
#pragma once
#include "ir/ir.h"

bool ir_verify(const Fn *f, char *msg, uint32_t size);
