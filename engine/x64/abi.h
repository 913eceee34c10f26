/* Registers and calls of compiled code on x86-64; for target.c. */
#pragma once
#include "code/target.h"

extern const uint8_t x64_int_order[12], x64_int_order_context[11], x64_float_order[15];
extern const uint8_t x64_int_arg[7], x64_float_arg[8], x64_int_res[3], x64_float_res[4], x64_c_arg[6];
extern const RegSet x64_clobber[];

void x64_lower_es_load(Lower *l, Reg def, uint32_t offset, IrType t);
void x64_lower_es_store(Lower *l, Reg use, uint32_t offset, IrType t);
void x64_lower_arg_load(Lower *l, Reg def, int32_t offset, IrType t);
void x64_lower_arg_store(Lower *l, Reg use, bool out, int32_t offset, IrType t);
void x64_lower_call(Lower *l, const Callee *callee, bool tail, MInsn *call);
void x64_lower_ret(Lower *l, MInsn *ret);
void x64_emit_stubs(CodeBuf *cb, StubOffsets *out); /* stubs.c */
