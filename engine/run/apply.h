/* Calls from the host whose values are all in registers: what the stub `apply` (code/target.h) takes and gives back. */
#pragma once
#include "code/target.h"
#include "run/exec.h"

/* Do all parameters and results of t have registers? */
bool apply_takes(const FuncType *t, const Target *target);
/* Prepare a call of f, which apply_takes, with the arguments that its type wants. */
void apply_fill(Apply *a, const FuncType *t, const Target *target, const FuncInst *f, const Value *args);
/* Once it has returned: its results, zero-extended. */
void apply_results(const Apply *a, const FuncType *t, Value *results);
