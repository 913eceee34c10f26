/* Mixed execution: stores in which some functions are compiled and others interpreted, with calls in both directions.
 *
 * Compiled code calls an interpreted function through its FuncInst, as it calls an import; the code there is an adaptor
 * (ir_build_interp_adaptor) that calls the interpreter.  The interpreter enters compiled code again by the enter stub,
 * on the same native stack.  A tail call replaces what is on that stack, in either direction, so loops of tail calls
 * across take no more than one frame of each.
 *
 * An executing process may be of another ISA (oracles/worker): it finds all in the region, copies of modules included.
 */
#pragma once
#include "run/libcalls.h"

/* In the region, by canonical number of a signature; RegionHeader.adaptors points to it. */
typedef struct MixedAdaptors {
    const void *entry, *tail;
} MixedAdaptors;

/* The library calls (wasm/store.h). */
uint32_t mixed_interpret(ExecState *es, FuncInst *f);
uint32_t mixed_call_code(ExecState *es, FuncInst *f);
uint32_t mixed_tail_call(ExecState *es, FuncInst *f);
/* What of a module the interpreter needs, in the region; NULL when that is full. */
const Module *mixed_module(const Region *r, const Module *m);
