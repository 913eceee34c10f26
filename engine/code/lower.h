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
#include "code/target.h"

struct Lower {
    Arena *arena;
    const Fn *f;
    MFn *m;
    const Target *t;
    const TargetOptions *o;
    Val context;        /* the function's context when it is pinned: in a register that addresses may use; else 0 */
    Reg *vreg;          /* by Val; REG_NONE until demanded */
    uint32_t *uses;     /* by Val: uses in the IR, by instructions that are not dead */
    BlkId blk;          /* being lowered */
    uint32_t *block_of; /* by BlkId: MBlock index */
    VEC(MInsn) pending; /* of the current Target.lower call, forward */
    uint32_t loc;
    uint32_t *rule_hits; /* by the target's rule number; may be NULL */
    /* the driver's */
    uint32_t pos;      /* place of the instruction being lowered in its block's list */
    uint32_t *place;   /* by Val: place in its block's list */
    BlkId *home;       /* by Val: its block, or NO_BLK */
    uint32_t *in_edge; /* by BlkId whose predecessor has several successors: which of them it is */
    Val *sole_user;    /* by Val: the user, when uses is 1; 0 when it is an edge */
    uint32_t *writes;  /* by Val: instructions in front of it in its block that write memory or counters, or call */
    uint32_t *traps;   /* by Val: instructions in front of it in its block that may trap, or call */
    bool *sunk;        /* by Val: a load that lower_can_sink allowed to fold */
};

/* IR function to machine function.  Requires cfg_build and cfg_split_critical. */
MFn *lower_fn(Arena *a, const Fn *f, const Target *t, const TargetOptions *o);

static inline const Ins *lower_ins(const Lower *l, Val v) { return &l->f->ins.at[v]; }
Reg lower_use(Lower *l, Val v);     /* demand v in a register: its virtual register */
Reg lower_def(Lower *l, Val v);     /* virtual register that the code being emitted must define */
Reg lower_temp(Lower *l, IrType t); /* a fresh virtual register */
bool lower_is_const(const Lower *l, Val v, uint64_t *imm); /* iconst; i32 zero-extended */
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
MInsn *lower_emit(Lower *l, uint32_t op);
/* Append an operand to the instruction emitted last. */
void lower_opnd(Lower *l, Reg r, OpndKind k, OpndConstraint c, uint32_t fixed);
#define LOWER_USE(l, r) lower_opnd((l), (r), OPND_USE, OC_REG, 0)
#define LOWER_DEF(l, r) lower_opnd((l), (r), OPND_DEF, OC_REG, 0)
#define LOWER_DEF_SAME(l, r, k) lower_opnd((l), (r), OPND_DEF, OC_SAME, (k)) /* as operand k */

/* call, tailcall, ret and the entry's parameters by Target's tables (abi.c); called by the driver, not by targets */
void abi_lower_call(Lower *l, Val v);
void abi_lower_ret(Lower *l, Val v);
void abi_lower_params(Lower *l);
