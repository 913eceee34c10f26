/* The interpreter: executes validated functions in place, over the side table of wasm/validate.h.
 *
 * The reference leg: it shares nothing with the compiler but wasm/, and defines what all other legs
 * must equal, trap sites and fuel included.  It works on the structures of wasm/store.h alone; who
 * makes them (run/) also provides the library calls, through ExecState.lib.
 *
 * Calls between wasm functions do not recurse on the C stack; a host function, or compiled code, may call interp_call
 * again, on the same InterpStack. */
#pragma once
#include <stdint.h>
#include "wasm/store.h"
#include "wasm/trace.h"

/* Memory for locals and operands (slots) and for frames. */
typedef struct InterpStack InterpStack;

/* `depth`: the largest value ExecState.depth may have when a call from outside begins, > 0 (at most that
 * many bytes of slots are used, and as many again, and an eighth more, for frames).  Address space is reserved for all
 * of it; pages are backed when first used.  NULL when the system has no address space. */
InterpStack *interp_stack_new(int64_t depth);
void interp_stack_free(InterpStack *s);

/* Run wasm function `f` (f->inst != NULL, and not compiled): parameters in es->args[i], results to es->results[i],
 * unused bytes zero.  Returns TRAP_NONE, or the trap and *bt, whose first frame is the trapping instruction; or
 * STATUS_TAIL_CALL when it ended in a tail call of a compiled function (ExecState.lib.tail_call).
 *
 * Each frame takes its cost from es->depth and gives it back when it is left by return or tail call; after
 * a trap es->depth is what it was then, and the caller sets it right.  es->fuel keeps what is left. */
TrapKind interp_call(InterpStack *stack, ExecState *es, FuncInst *f, Backtrace *bt);
