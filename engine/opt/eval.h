/* Values of pure operations on constants: the constant folder's arithmetic.
 *
 * Values are bits; i32 and f32 are zero-extended to 64.  Written apart from wasm/num.h (which the interpreter
 * executes), so that a slip in one of the two is a disagreement. */
#pragma once
#include "ir/ir.h"

/* Evaluate i, whose operands have values v and types `type`; i->a, b, c are not looked at.  False when there is no
 * value to fold to: other operations, v128, and a division that its check keeps from being executed. */
bool eval_ins(const Ins *i, const uint8_t *type, const uint64_t *v, uint64_t *out);
bool eval_icmp(Cond c, IrType type, uint64_t a, uint64_t b);
bool eval_fcmp(FCond c, IrType type, uint64_t a, uint64_t b);
