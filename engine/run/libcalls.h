/* The library calls of compiled code and interpreter (LibCalls in wasm/store.h), for any process. */
#pragma once
#include "run/region.h"
#include "wasm/trace.h"

extern const LibCalls lib_calls;

/* What the library calls need to know of their process; ExecState.host points here. */
typedef struct LibHost {
    Region *region;
    struct InterpStack *stack; /* for interpreted functions among compiled ones; made when first used */
    struct ExecCall *call;     /* under way: where a trap is recorded */
    Backtrace trace;           /* of the interpreted calls that a trap leaves */
} LibHost;

/* A host function: what ExecState-level code sees of it.  FuncInst first: ctx points here. */
typedef struct HostFunc {
    FuncInst f;
    uint32_t nparam, nresult;
    uint32_t type[]; /* ValTypes: parameters, then results */
} HostFunc;

/* Every host call is recorded: function number, then each argument as two words; results are made from the number, the
 * count of calls so far and the arguments, so they are the same for all legs. Void for void. */
