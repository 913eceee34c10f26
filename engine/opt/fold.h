/* Folding: the rules and what they are written with.  fold.def lists them, fold.c applies them. */
#pragma once
#include "opt/pass.h"

/* -- For rules ------------------------------------------------------------ */

typedef struct Fold {
    Fn *f;
    Forward fwd;
    BlkId blk;            /* being folded */
    uint32_t loc;         /* of the instruction being folded */
    VEC(Val) out;         /* the block's new list, up to the instruction being folded */
    const uint32_t *uses; /* by Val, as they were when somebody asked first; NULL: nobody has */
    bool cut;             /* the instruction became a trap that ends the block */
    bool cfg;             /* edges were removed */
} Fold;

/* A rule looks at instruction v, of which i is a copy with final operands, and returns
 *   NO_FOLD    it does not apply;
 *   DROP_INS   v has no effect: remove it;
 *   v          it rewrote f->ins.at[v] in place: rules are tried again;
 *   else       the value that replaces v.
 * New instructions go in front of v.  Rules must not undo each other: each lessens the number of operations, moves
 * constants outward or to the right, or replaces an operation by a cheaper one. */
typedef Val FoldFn(Fold *x, Val v, const Ins *i);
#define NO_FOLD 0u
#define DROP_INS UINT32_MAX

static inline const Ins *fold_def(const Fold *x, Val v) { return &x->f->ins.at[v]; }
static inline uint32_t fold_width(uint32_t type) { return type == T_I64 || type == T_F64 ? 64 : 32; }
static inline uint64_t fold_ones(uint32_t type) { return fold_width(type) == 64 ? UINT64_MAX : UINT32_MAX; }
/* Does nobody but the instruction being folded use v?  A guess, for rules that pay only then; to be asked last, since
 * the first to ask makes all uses be counted. */
bool fold_sole_use(Fold *x, Val v);
static inline bool fold_is_const(const Fold *x, Val v, uint64_t *imm) { /* iconst; i32 zero-extended */
    const Ins *i = fold_def(x, v);
    if (i->op == IR_iconst) *imm = ins_imm(i);
    return i->op == IR_iconst;
}
bool fold_is_fconst(const Fold *x, Val v, uint64_t *bits);
/* v is eqz a (op IR_eqz) or a != 0 (IR_icmp) of an i32, as conditions are. */
bool fold_is_test(const Fold *x, Val v, uint8_t op, Val *a);
Val fold_iconst(Fold *x, uint32_t type, uint64_t imm);
Val fold_fconst(Fold *x, uint32_t type, uint64_t bits);
Val fold_new(Fold *x, uint8_t op, uint32_t type, Val a, Val b);      /* a new pure operation */
Val fold_set(Fold *x, Val v, uint8_t op, uint8_t aux, Val a, Val b); /* rewrite v in place, same type; returns v */
/* The bits of v that may be 1. */
uint64_t fold_possible(const Fold *x, Val v);
/* The least n such that v is the sign extension of its low n bits. */
uint32_t fold_signed_bits(const Fold *x, Val v);
/* A value with the same low n bits as v (and of its type) that costs less: v without masks and extensions; or v. */
Val fold_low_bits(const Fold *x, Val v, uint32_t n);

#define FOLD(op, id, fn, text) FoldFn fold_##fn;
#include "opt/fold.def"
#undef FOLD
