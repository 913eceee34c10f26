/* Internals of the builder, shared by build*.c; the interface is build.h.
 *
 *   build.c          driver, control flow, charges
 *   build_scan.c     the walk before: scopes and writes of locals
 *   build_local.c    SSA construction: values of locals, parameters of blocks, arguments of edges
 *   build_num.c      constants, arithmetic, conversions
 *   build_simd.c     vectors
 *   build_mem.c      memories, globals, tables
 *   build_call.c     calls, function references
 *   build_adaptor.c  adaptors between host and compiled code
 *
 * A position is the byte offset of an instruction in the module.  What is here lives in Build.arena, until the function
 * is built. */
#pragma once
#include "base/map.h"
#include "ir/build.h"
#include "wasm/decode.h"
#include "wasm/validate.h"

/* A structured construct in reachable code.  It contains the positions in (start, end]: its first instruction is still
 * outside, a branch or fall-through at its `end` inside.  Constructs that SSA construction need not know (a
 * block or loop that no branch targets, the arm of an if without else) are not in the trees: `self` is the next one
 * outside that is. */
typedef enum ScopeKind { SCOPE_FUNC, SCOPE_BLOCK, SCOPE_LOOP, SCOPE_IF, SCOPE_THEN } ScopeKind;
typedef struct Scope {
    uint8_t kind;
    bool targeted; /* a branch targets its label */
    uint32_t start, end;
    uint32_t first;   /* the first branch to its end; its start when it has arms */
    uint32_t else_at; /* position of an if's else; 0: none */
    uint32_t loop;    /* innermost loop around; 0: none */
    uint32_t self;
    /* Two trees over 0, the function: one of loops, one of all the others */
    uint32_t up, jump, depth;
    uint32_t jump_first; /* least `first` from here up to, not including, `jump` */
    uint32_t join;       /* 0: none */
} Scope;

/* A local.set or local.tee in reachable code. */
typedef struct Write {
    uint32_t pos, scope;
    Val val; /* 0 until built */
} Write;

typedef struct Local {
    /* the value as of `pos`, when last read or written, innermost scope `scope`; 0: not known */
    Val val;
    uint32_t pos, scope;
    uint32_t first, next, end; /* its writes are Build.write[first, end); those before next have been built */
} Local;

/* Where a value is wanted: position, and the innermost loop around. */
typedef struct Point {
    uint32_t pos, loop;
} Point;

/* A place where control flow meets: the label of a block, an if, the function (at the end), or a loop (at the head). */
typedef struct Join {
    BlkId blk; /* NO_BLK until there is a predecessor */
    bool loop;
    uint32_t npred, first, last;            /* list in Build.pred */
    uint32_t ncolumn, columns, last_column; /* list in Build.column */
} Join;

typedef struct Pred { /* an edge to a join */
    BlkId from;
    uint32_t succ; /* index in from's successors */
    Point at;
    uint32_t args; /* values carried on the operand stack, in Build.carried */
    uint32_t next;
} Pred;

/* A parameter of a join's block, and its value on each edge. */
typedef struct Column {
    Val param;
    uint32_t join;
    bool carried;    /* of the operand stack */
    uint32_t source; /* local, or index among the carried values */
    uint32_t vals;   /* in Build.vals, in the order of the predecessors; NO_LIST: not yet */
    uint32_t next;
} Column;
#define NO_LIST UINT32_MAX

typedef struct Frame { /* an open construct */
    uint32_t scope;
    bool then;       /* in the first arm of an if */
    uint32_t join;   /* what its label stands for; 0: nothing branches there */
    uint32_t height; /* operand stack below its parameters */
    uint32_t nparam, nresult;
    uint32_t inner, loop; /* Build.inner and .loop outside */
    uint32_t params;      /* an if's parameters, in Build.carried */
    BlkId else_blk;
    uint32_t else_stp, else_fuel, end_stp;
} Frame;

typedef struct Resolve { /* a value at a join being found */
    uint32_t scope, pred, k;
} Resolve;

typedef struct Build {
    Fn *f;
    Arena *arena;
    const Module *m;
    const InstLayout *layout;
    const BuildOptions *o;
    const Body *body;
    const FuncType *type;
    Val ctx; /* the instance */

    uint32_t at;          /* the instruction being built */
    BlkId cur;            /* the block it goes to */
    bool live;            /* false behind what ends a block */
    uint32_t stp;         /* next side table entry */
    uint32_t inner, loop; /* innermost scope (`self`) and loop here */
    uint32_t nscope;      /* next construct to be opened */
    VEC(Frame) frame;
    VEC(Val) stack;

    uint32_t nblk;    /* about how many blocks there will be, with those on critical edges */
    VEC(Scope) scope; /* 0: the function */
    Local *local;
    Write *write;
    Val zero[T_COUNT]; /* the default value of declared locals */

    VEC(Join) join; /* 0: none */
    VEC(Pred) pred;
    VEC(Column) column;
    VEC(Val) carried, vals;
    Map known; /* value of (scope << 32 | local) at the scope's join */
    VEC(Resolve) resolve;
    VEC(Val) found; /* values at the joins in `resolve` */

    Map callee;         /* index in Fn.calls */
    VEC(uint32_t) opnd; /* operands of the call being built */
    struct {            /* the memory base loaded last */
        BlkId blk;
        uint32_t mem;
        Val val;
    } base;
} Build;

/* build_scan.c: fills in scope, local, write and nblk. */
void build_scan(Build *b);

/* build_local.c */
Val build_local_get(Build *b, uint32_t local); /* here */
void build_local_set(Build *b, uint32_t local, Val v);
uint32_t build_join(Build *b, bool loop); /* a new one */
/* Control goes from the end of block `from`, by a new edge, to join j with `args` (in carried). */
void build_join_pred(Build *b, uint32_t j, BlkId from, uint32_t args);
/* All predecessors are known: go on in its block, the carried values on the stack. */
void build_join_enter(Build *b, uint32_t j, uint32_t ncarried);
/* Go on in the loop's block, with parameters for the carried values. */
void build_loop_enter(Build *b, uint32_t j, uint32_t ncarried);
void build_joins_finish(Build *b); /* parameters and edge arguments of all joins */

/* The `ir` column of opcode.def: operation, condition (ICMP, FCMP), access (LOAD, STORE, VLOAD_ZERO) or lane operation.
 */
extern const uint8_t build_op_ir[OP_COUNT];
IrType build_result_type(Op op); /* of a row with a signature; T_NONE: no result */

/* build_num.c, build_simd.c, build_mem.c, build_call.c: one instruction each */
void build_num(Build *b, const Instr *in);
void build_select(Build *b);
void build_simd(Build *b, const Instr *in);
void build_access(Build *b, const Instr *in); /* loads and stores */
void build_memory(Build *b, const Instr *in);
void build_global(Build *b, const Instr *in);
void build_table(Build *b, const Instr *in);
void build_ref(Build *b, const Instr *in);
void build_call(Build *b, const Instr *in);

/* An access of the instruction's memory at index + offset, with its checks. */
Val build_heap_load(Build *b, const Instr *in, IrType t, Access acc, Val index);
void build_heap_store(Build *b, const Instr *in, Access acc, Val index, Val v);

/* An address: base and displacement. */
typedef struct Place {
    Val base;
    uint32_t disp;
} Place;

/* Address of the table's element `index` (i32); traps with `kind` when there is none. */
Place build_table_elem(Build *b, uint32_t table, Val index, uint8_t kind);
/* Call of a library function (at most 6 arguments). */
Val build_lib_call(Build *b, uint32_t lib, IrType result, const Val *args, uint32_t nargs);
/* Signature of a wasm function type: the context, then its parameters. */
IrSig build_sig(Arena *a, const FuncType *t);
/* Fn.internal of a function of the module. */
bool build_is_internal(const Build *b, uint32_t func);
void build_refund(Build *b);

/* -- Emission: at the end of the current block, located at the current instruction -- */

static inline Val build_ins(Build *b, Ins i) { return fn_ins(b->f, b->cur, b->at, i); }
static inline Val build_iconst(Build *b, IrType t, uint64_t v) { return fn_iconst(b->f, b->cur, b->at, t, v); }
static inline Val build_unary(Build *b, IrOp op, IrType t, Val x) {
    return build_ins(b, (Ins){.op = (uint8_t)op, .type = (uint8_t)t, .a = x});
}
static inline Val build_binary(Build *b, IrOp op, Val x, Val y) {
    return build_ins(b, (Ins){.op = (uint8_t)op, .a = x, .b = y});
}
static inline Val build_compare(Build *b, IrOp op, uint8_t cond, Val x, Val y) {
    return build_ins(b, (Ins){.op = (uint8_t)op, .aux = cond, .a = x, .b = y});
}
static inline Val build_load(Build *b, IrType t, Access acc, Val base, uint32_t disp, uint8_t flags) {
    return build_ins(
        b, (Ins){.op = IR_load, .type = (uint8_t)t, .aux = (uint8_t)acc, .flags = flags, .a = base, .b = disp});
}
static inline void build_store(Build *b, Access acc, Val base, uint32_t disp, Val v, uint8_t flags) {
    build_ins(b, (Ins){.op = IR_store, .aux = (uint8_t)acc, .flags = flags, .a = base, .b = v, .c = disp});
}
/* `op` is IR_trapz or IR_trapnz. */
static inline void build_trap_if(Build *b, IrOp op, Val cond, uint8_t kind) {
    build_ins(b, (Ins){.op = (uint8_t)op, .aux = kind, .a = cond});
}
static inline IrType build_type(const Build *b, Val v) { return (IrType)b->f->ins.at[v].type; }
static inline void build_push(Build *b, Val v) { vec_push(b->arena, &b->stack, v); }
static inline Val build_pop(Build *b) { return b->stack.at[--b->stack.n]; }
/* How all of a value is loaded or stored. */
static inline Access access_of(IrType t) {
    return t == T_I32 ? ACC_32 : t == T_I64 ? ACC_64 : t == T_F32 ? ACC_F32 : t == T_F64 ? ACC_F64 : ACC_V128;
}
