/* From wasm to SSA: Braun et al., "Simple and efficient construction of SSA form" (CC 2013), on
 * structured control, where only loop headers are unsealed.
 *
 * The convention of compiled functions: parameter 0 is the Instance (i64), then the wasm parameters; references are
 * i64.  Charges for depth and fuel are those of validate.h; all checks are explicit operations, except
 * bounds of linear memory under bounds=guard. */
#pragma once
#include "ir/ir.h"
#include "wasm/module.h"
#include "wasm/store.h"

typedef enum BoundsMode { BOUNDS_GUARD, BOUNDS_EXPLICIT } BoundsMode;
typedef enum TablesMode { TABLES_INLINE, TABLES_INDIRECT } TablesMode;

typedef struct BuildOptions {
    BoundsMode bounds;
    TablesMode tables;         /* INLINE: what is known of a table that keeps its size is used */
    bool spectre;              /* table indices are masked behind their check */
    bool fuel;                 /* charge fuel; without, FUEL never traps but in bulk instructions */
    bool epoch;                /* poll at function entries and loop heads */
    bool nan_canon;            /* put fcanon behind float arithmetic; without, its NaNs are the processor's */
    const BitSet *interpreted; /* functions that are called through their FuncInst, for they are interpreted; or NULL */
} BuildOptions;

/* IR of defined function `func` (function index).  `layout` is instance_layout(m).  `scratch`, which may be `a`, gets
 * what is of no use any more when it is built. */
Fn *ir_build(Arena *a, Arena *scratch, const Module *m, const InstLayout *layout, uint32_t func, const BuildOptions *o);
/* Adaptor host -> compiled code for signature t: (ctx = FuncInst*) -> (): arguments from es->args,
 * calls FuncInst.code with FuncInst.ctx, results to es->results. */
Fn *ir_build_entry_adaptor(Arena *a, const FuncType *t);
/* Adaptor compiled code -> host function: (ctx = FuncInst*, params) -> results: stores the arguments to es->args, calls
 * LIB_HOST_CALL(es, ctx), traps with the kind it returns if not 0, loads es->results. */
Fn *ir_build_host_adaptor(Arena *a, const FuncType *t);
/* Adaptor compiled code -> interpreted function: the same by LIB_INTERPRET; and when that ends in a tail call,
 * tail-calls es->tail_code, which is the callee's tail adaptor, with es->tail_func. */
Fn *ir_build_interp_adaptor(Arena *a, const FuncType *t);
/* (ctx = FuncInst*) -> results: tail-calls FuncInst.code with FuncInst.ctx and the arguments in es->args. */
Fn *ir_build_tail_adaptor(Arena *a, const FuncType *t);
IrType ir_type_of(ValType t);
