/* Emission on aarch64: what emit.c (instructions) and abi.c (frames, moves, calls) share. */
#pragma once
#include "a64/insn.h"
#include "a64/regs.h"
#include "code/emit.h"

void a64_emit_prologue(Emit *e);
void a64_emit_context(Emit *e);
void a64_emit_popped(Emit *e, uint32_t n);
/* Up to and without the return or jump, with `args` bytes of arguments left; leaves the flags, x0..x15 and v registers
 * alone. */
void a64_emit_epilogue(Emit *e, uint32_t args);
int64_t a64_args_end(const Emit *e); /* of the argument area, from x29 */
void a64_emit_move(Emit *e, uint32_t from, uint32_t to, IrType t);
void a64_emit_insn(Emit *e, const MInsn *i, const uint32_t *loc);
void a64_emit_trap_stub(CodeBuf *cb, uint8_t trap);
void a64_emit_stubs(CodeBuf *cb, StubOffsets *out);
void a64_lower_call(Lower *l, const Callee *callee, bool tail, MInsn *call);
void a64_lower_ret(Lower *l, MInsn *ret);
/* Most bytes that a64_emit_insn appends: a return that restores all there is from a far frame. */
enum { A64_MAX_INSN_BYTES = 68 };
