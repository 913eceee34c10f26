/* Lowering: IR to machine IR, greedy and backward.
 *
 * Blocks are visited last to first, instructions last to first.  An instruction is lowered only if it has an effect or
 * somebody demanded its value in a register (lower_use); so an operand that a matcher folds into its user and that
 * nobody else demands costs nothing.  Within one Target.lower call instructions are emitted in
 * forward order; the driver puts them in front of what is there already.
 *
 * Matching rule: pure operands may be folded at any distance (their operands are values, valid anywhere below).  A load
 * may be folded only when lower_can_sink says so. */
#pragma once
#include <assert.h>
#include "code/target.h"

typedef struct LowerVal {
    Reg vreg;      /* REG_NONE until demanded */
    uint32_t uses; /* in the IR, by instructions that are not dead */
    /* the driver's */
    BlkId home;      /* its block, or NO_BLK */
    uint32_t place;  /* in its block's list; not of parameters */
    Val sole_user;   /* the user, when uses is 1; 0 when it is an edge */
    uint32_t writes; /* from here on in its block: instructions that write memory or counters, or call */
    uint32_t traps;  /* from here on in its block: instructions that may trap, or call */
    bool live : 1;   /* needed by an effect */
    bool sunk : 1;   /* a load that lower_can_sink allowed to fold */
} LowerVal;
_Static_assert(sizeof(LowerVal) == 32, "two in a cache line");

struct Lower {
    Arena *arena;
    const Fn *f;
    MFn *m;
    const Target *t;
    const TargetOptions *o;
    Val context;        /* the function's context when it is pinned: in a register that addresses may use; else 0 */
    LowerVal *val;      /* by Val */
    BlkId blk;          /* being lowered */
    uint32_t *block_of; /* by BlkId: MBlock index */
    VEC(MInsn) pending; /* of the current Target.lower call, forward */
    uint32_t loc;
    uint32_t *rule_hits; /* by the target's rule number; may be NULL */
    /* the driver's */
    uint32_t pos; /* place of the instruction being lowered in its block's list */
};

/* IR function to machine function.  Requires cfg_build and cfg_split_critical. */
MFn *lower_fn(Arena *a, const Fn *f, const Target *t, const TargetOptions *o);

static inline const Ins *lower_ins(const Lower *l, Val v) { return &l->f->ins.at[v]; }
static inline Reg lower_temp(Lower *l, IrType t) { /* a fresh virtual register */
    assert(t != T_NONE);
    vec_push(l->m->arena, &l->m->vreg_type, (uint8_t)t);
    return REG_VIRTUAL + l->m->vreg_type.n - 1;
}
static inline Reg lower_def(Lower *l, Val v) { /* virtual register that the code being emitted must define */
    LowerVal *x = &l->val[v];
    if (x->vreg == REG_NONE) x->vreg = lower_temp(l, (IrType)lower_ins(l, v)->type);
    return x->vreg;
}
static inline bool lower_is_held(const Lower *l, Val v) { /* lowered where it is demanded, not in its place */
    uint8_t op = lower_ins(l, v)->op;
    return op == IR_iconst || op == IR_fconst || op == IR_vconst || op == IR_es || v == l->context;
}
void lower_hold(Lower *l, Val v);
static inline Reg lower_use(Lower *l, Val v) { /* demand v in a register: its virtual register */
    if (lower_is_held(l, v)) lower_hold(l, v);
    return lower_def(l, v);
}
static inline bool lower_is_const(const Lower *l, Val v, uint64_t *imm) { /* iconst; i32 zero-extended */
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_iconst) return false;
    *imm = i->type == T_I32 ? i->a : ins_imm(i);
    return true;
}
/* May `load` be folded into the instruction `user`, which is being lowered?  Sole use (directly, or through pure
 * instructions that have a sole use themselves), same block, nothing in between that writes memory, calls or traps.  A
 * target that has got true must fold the load or demand it with lower_use: an undemanded load that may be sunk is not
 * lowered in its own place. */
bool lower_can_sink(const Lower *l, Val load, Val user);
/* Note the charges that the check emitted last stands for (kept, not copied). */
void lower_charges(Lower *l, const ChargePart *part, uint32_t n);
uint32_t lower_block(const Lower *l, BlkId b);
uint32_t lower_succ(const Lower *l, uint32_t k); /* MBlock index of successor k of the current block */

/* Append an instruction to the pending ones; the pointer is good until the next one. */
static inline MInsn *lower_emit(Lower *l, uint32_t op) {
    vec_reserve(l->arena, &l->pending, l->pending.n + 1);
    MInsn *i = &l->pending.at[l->pending.n++];
    *i = (MInsn){.op = (uint16_t)op, .opnd = l->m->opnd.n, .loc = l->loc};
    return i;
}
/* The instruction emitted last. */
static inline MInsn *lower_last(Lower *l) { return &l->pending.at[l->pending.n - 1]; }
/* Append an operand to it. */
static inline void lower_opnd(Lower *l, Reg r, OpndKind k, OpndConstraint c, uint32_t fixed) {
    MInsn *i = lower_last(l);
    assert(i->opnd + i->nopnd == l->m->opnd.n && i->nopnd < 255);
    Opnd o = {.reg = r, .kind = (uint8_t)k, .constraint = (uint8_t)c, .fixed = (uint8_t)fixed};
    vec_push(l->m->arena, &l->m->opnd, o);
    i->nopnd++;
}
#define LOWER_USE(l, r) lower_opnd((l), (r), OPND_USE, OC_REG, 0)
#define LOWER_DEF(l, r) lower_opnd((l), (r), OPND_DEF, OC_REG, 0)
#define LOWER_DEF_SAME(l, r, k) lower_opnd((l), (r), OPND_DEF, OC_SAME, (k)) /* as operand k */

/* call, tailcall, ret and the entry's parameters by Target's tables (abi.c); called by the driver, not by targets */
void abi_lower_call(Lower *l, Val v);
void abi_lower_ret(Lower *l, Val v);
void abi_lower_params(Lower *l);
