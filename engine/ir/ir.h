/* The SSA intermediate form: one function.
 *
 * A value is the instruction that makes it; both are a 32-bit index into Fn.ins (0 is no
 * value).  Blocks take parameters instead of phis.  Nothing holds pointers, so copies are
 * assignments and dumps are stable.  A function lives in one arena and is dropped with it.
 *
 * The form knows neither wasm nor an ISA: `loc` is an opaque source position (the wasm byte
 * offset) and `kind` of a trap an opaque number. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

typedef uint32_t Val; /* index into Fn.ins; 0: none */
typedef uint32_t BlkId;
#define NO_BLK UINT32_MAX

typedef enum IrOp {
#define I(id, name, nargs, result, flags) IR_##id,
#include "ir/ir.def"
#undef I
    IR_COUNT
} IrOp;

typedef enum IrType { T_NONE, T_I32, T_I64, T_F32, T_F64, T_V128, T_COUNT } IrType;

enum { IRF_P = 1, IRF_C = 2, IRF_R = 4, IRF_W = 8, IRF_T = 16, IRF_X = 32, IRF_K = 64 };
typedef enum IrResult { RES_NONE, RES_OWN, RES_SAME, RES_I32 } IrResult;

typedef struct IrInfo {
    const char *name;
    uint8_t nargs, result, flags;
} IrInfo;
extern const IrInfo ir_info[IR_COUNT];

/* ORDER Cond: a condition and its negation differ in bit 0 */
typedef enum Cond { C_EQ, C_NE, C_SLT, C_SGE, C_SGT, C_SLE, C_ULT, C_UGE, C_UGT, C_ULE, C_COUNT } Cond;
/* Float conditions as wasm has them; all but NE are false on NaN. */
typedef enum FCond { FC_EQ, FC_NE, FC_LT, FC_GT, FC_LE, FC_GE, FC_COUNT } FCond;
static inline Cond cond_not(Cond c) { return (Cond)(c ^ 1u); }
Cond cond_swap(Cond c); /* of swapped operands */
extern const char *const cond_name[C_COUNT], *const fcond_name[FC_COUNT];

/* Memory access: width and how the value is widened to (or cut from) the value's type. */
typedef enum Access {
    ACC_8S,
    ACC_8U,
    ACC_16S,
    ACC_16U,
    ACC_32S,
    ACC_32U,
    ACC_32,
    ACC_64,
    ACC_F32,
    ACC_F64,
    ACC_V128,
    ACC_V32Z,
    ACC_V64Z,
    ACC_COUNT
} Access;
/* i32 values use ACC_32, i64 values ACC_64, floats ACC_F32 and ACC_F64; stores of parts use the U forms. */
/* ACC_V32Z and ACC_V64Z load the low lane of a v128 and zero the rest. */
extern const uint8_t access_bytes[ACC_COUNT];

/* Ins.flags of load and store */
#define LOAD_LEAST_SHIFT 16 /* Ins.c of a load counts units of 2^16 */
enum {
    MEM_CONST = 1, /* load: the location never changes while the function runs: reads alone, may be merged and moved */
    MEM_CONTEXT = 2, /* instance field or execution state, never linear memory */
    MEM_HEAP = 4,    /* linear memory */
    MEM_TRAPS =
        8 /* a fault here is the trap MEMORY_BOUNDS at this location; so it is not removed, moved or duplicated */
};

/* Lane operations, and the shapes of their operands. */
typedef enum VOp {
#define VOP(id, name, shape) VOP_##id,
#include "ir/simd.def"
#undef VOP
    VOP_COUNT
} VOp;
typedef enum VShape {
    V_UNARY,
    V_FUNARY,
    V_BINARY,
    V_FBINARY,
    V_TERNARY,
    V_SHIFT,
    V_TEST,
    V_SPLAT,
    V_EXTRACT,
    V_REPLACE,
    V_COUNT
} VShape;
typedef struct VInfo {
    const char *name;
    uint8_t shape;
} VInfo;
extern const VInfo vop_info[VOP_COUNT];
/* Of SPLAT, EXTRACT and REPLACE: the type of the scalar, and how many lanes there are. */
IrType vop_scalar(VOp op);
uint32_t vop_lanes(VOp op);

typedef struct Ins {
    uint8_t op;   /* IrOp */
    uint8_t type; /* IrType of the result */
    uint8_t aux;  /* condition, access, lane operation or trap kind */
    uint8_t flags;
    uint32_t a, b, c;
} Ins;
_Static_assert(sizeof(Ins) == 16, "compact");

/* One of the charges that `charges` is made of, as it lies in the pool. */
typedef struct ChargePart {
    uint32_t counter, amount, loc;
} ChargePart;
enum { CHARGE_WORDS = sizeof(ChargePart) / sizeof(uint32_t) };

typedef struct Edge {
    BlkId to;
    uint32_t args, nargs; /* values for the target's parameters, in the pool */
} Edge;

typedef struct Blk {
    VEC(Val) param;
    VEC(Val) list; /* instructions in order; the last one ends the block */
    VEC(Edge) succ;
    /* by cfg_build: */
    VEC(BlkId) pred; /* one entry an edge */
    BlkId idom;
    uint32_t rpo; /* position in Fn.rpo; UINT32_MAX: unreachable */
    uint16_t loop_depth;
    bool loop_head;
    uint32_t dom_first,
        dom_last; /* numbers of the blocks it dominates, itself first, in a walk over the dominator tree */
} Blk;

/* Parameters and results of a callee, in IR types.  The context argument is parameter 0 (i64). */
typedef struct IrSig {
    const uint8_t *param, *result;
    uint32_t nparam, nresult;
} IrSig;

typedef enum CalleeKind {
    CALLEE_FUNC, /* defined function `index` of the module; operands: context, arguments */
    CALLEE_REF,  /* operands: code address (i64), context, arguments */
    CALLEE_LIB   /* library call `index` (ORDER LibCalls) by the platform's C convention; operands: all arguments */
} CalleeKind;

typedef struct Callee {
    CalleeKind kind;
    bool switches; /* runs with another context, or may end in a tail call that does */
    bool internal; /* Fn.internal of the function */
    uint32_t index;
    IrSig sig; /* without the code address; CALLEE_LIB: at most 6 integer arguments, at most one result */
} Callee;

/* A source position with this bit is an index in Fn.inlined: of an instruction that was copied from another function.
 */
#define LOC_INLINED UINT32_C(0x80000000)
typedef struct Inlined {
    uint32_t loc;  /* its position */
    uint32_t call; /* position of the call that it stands for */
    uint32_t func; /* index of the function it is of */
} Inlined;

typedef struct Fn {
    Arena *arena;
    const char *name; /* for dumps */
    uint32_t index;   /* function index */
    bool internal;    /* called by direct calls of its own module's code alone, and has no part in a tail call */
    IrSig sig;
    VEC(Ins) ins;      /* ins.at[0] is unused */
    VEC(uint32_t) loc; /* source position of each ins */
    VEC(uint32_t) pool;
    VEC(Callee) calls;
    VEC(Blk) blk;        /* blk 0 is the entry; its parameters are the function's */
    VEC(BlkId) rpo;      /* by cfg_build: reachable blocks in reverse postorder */
    VEC(BlkId) preds;    /* by cfg_build: where Blk.pred are */
    uint32_t frame_cost; /* for the frame-size check: see code/frame.c */
    VEC(Inlined) inlined;
    uint32_t changed;          /* opt/pass.h */
    Arena *scratch;            /* for what a pass needs while it runs; fn_new makes it `arena` */
    struct Rewrites *rewrites; /* opt/rewrite.h; may be NULL */
    struct Inliner *inliner;   /* opt/inline.h; may be NULL */
} Fn;

Fn *fn_new(Arena *a, const char *name, uint32_t index, const IrSig *sig);
Fn *fn_copy(Arena *a, const Fn *f); /* all of it, with the facts of cfg_build */
BlkId fn_block(Fn *f);              /* a new, empty block */
Val fn_param(Fn *f, BlkId b, IrType t);
/* Append to a block; returns the value (its index, even when it makes none). */
Val fn_ins(Fn *f, BlkId b, uint32_t loc, Ins ins);
Val fn_iconst(Fn *f, BlkId b, uint32_t loc, IrType t, uint64_t v);
uint32_t fn_pool(Fn *f, const uint32_t *v, uint32_t n); /* offset in the pool */
void fn_edge(Fn *f, BlkId from, BlkId to, const Val *args, uint32_t n);

/* Source position of v: of what it was copied from. */
static inline uint32_t fn_loc(const Fn *f, Val v) {
    uint32_t loc = f->loc.at[v];
    return loc & LOC_INLINED && (loc & ~LOC_INLINED) < f->inlined.n ? f->inlined.at[loc & ~LOC_INLINED].loc : loc;
}
static inline uint64_t ins_imm(const Ins *i) { return (uint64_t)i->b << 32 | i->a; }
static inline const ChargePart *ins_charges(const Fn *f, const Ins *i) {
    return (const ChargePart *)(const void *)(f->pool.at + i->a);
}
static inline bool ir_has(uint8_t op, uint8_t flag) { return (ir_info[op].flags & flag) != 0; }
/* Operands: nargs of them in a, b, c; calls, ret: in the pool; how many there, 0 when in a, b, c. */
uint32_t ins_operands(const Fn *f, const Ins *i, const uint32_t **pool);
/* Visits each operand; without a call, since walks over everything are made of it. */
#define FOR_OPERANDS(f, i, v, body)                                                              \
    do {                                                                                         \
        const Ins *ins_ = (i);                                                                   \
        const uint32_t *at_ = &ins_->a;                                                          \
        uint32_t n_ = ir_info[ins_->op].nargs;                                                   \
        if (n_ == 0 && (ins_->op == IR_call || ins_->op == IR_tailcall || ins_->op == IR_ret)) { \
            n_ = ins_->b;                                                                        \
            at_ = n_ ? (f)->pool.at + ins_->a : NULL;                                            \
        }                                                                                        \
        for (; n_; n_--, at_++) {                                                                \
            Val v = *at_;                                                                        \
            body                                                                                 \
        }                                                                                        \
    } while (0)
