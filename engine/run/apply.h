/* Calls from the host by the stub `apply` (code/target.h): where it finds arguments and leaves results. */
#pragma once
#include "code/target.h"
#include "run/exec.h"

/* Are all parameters in registers or slots of the execution state, none on the stack? */
bool apply_takes(const FuncType *t, const Target *target);
/* Prepare the call of c->func, of type t, with the arguments that it wants.  c->apply is zero, c->args and c->results
 * have room for as many as the type has; nargs and nresult become those that slots are needed for: all or none. */
void apply_prepare(ExecCall *c, const FuncType *t, const Target *target, const Value *args);
/* Once it has returned: all of c->results, zero-extended. */
void apply_results(const ExecCall *c, const FuncType *t, const Target *target);
