/* What the passes share: forwarding of values, walks over the dominator tree, edits of blocks.  Private to opt/.
 *
 * Every pass requires, and leaves behind, a verified function without unreachable blocks and with up-to-date facts of
 * cfg_build.  What a pass needs only while it runs comes from Fn.scratch. */
#pragma once
#include "ir/cfg.h"
#include "ir/ir.h"
#include "opt/rewrite.h"

/* -- Kinds of changes, for Fn.changed: a pass adds those that it makes, and pipeline.c knows who looks at them. */
enum {
    CHANGED_CONSTANTS = 1, /* operands became others with the same definition: a constant, or the execution state */
    CHANGED_VALUES = 2,    /* operands became others */
    CHANGED_CODE = 4,      /* instructions became others, or are new */
    CHANGED_PLACES = 8,    /* instructions moved to other blocks */
    CHANGED_BLOCKS = 16,   /* edges and blocks became others */
    CHANGED_EFFECTS = 32,  /* checks and charges went or became others */
    CHANGED_MORE = 64,     /* there is something that the pass itself has not looked at */
    CHANGED_ANY = 127
};

/* -- Forwarding: union-find over values.  Replacing a value costs nothing until forward_apply sweeps over all uses
 * once. */
typedef struct Forward {
    Fn *f;
    Val *to; /* by Val, 0 when not replaced */
    uint32_t n;
    bool any;
} Forward;
void forward_init(Forward *w, Fn *f);
Val forward_follow(Forward *w, Val v); /* for forward_find */
/* Values younger than forward_init are themselves. */
static inline Val forward_find(Forward *w, Val v) { return v < w->n && w->to[v] ? forward_follow(w, v) : v; }
void forward_set(Forward *w, Val from, Val to);         /* `to` must dominate all uses of `from` */
void forward_pool(Forward *w, uint32_t at, uint32_t n); /* for forward_operands */
/* Rewrite the operands of one instruction; without a call, like FOR_OPERANDS. */
static inline void forward_operands(Forward *w, Ins *i) {
    uint32_t n = ir_info[i->op].nargs;
    if (!w->any) return;
    for (uint32_t *at = &i->a, *end = at + n; at < end; at++) *at = forward_find(w, *at);
    if (n == 0 && (i->op == IR_call || i->op == IR_tailcall || i->op == IR_ret)) forward_pool(w, i->a, i->b);
}
void forward_args(Forward *w, const Blk *b); /* and the arguments of a block's edges */
void forward_apply(Forward *w);              /* and everything */
/* The same behind a walk over all blocks, dominators first, that forwarded the operands of each instruction before it
 * replaced that: what is left is the edges' arguments. */
void forward_apply_args(Forward *w);

/* -- Blocks */
typedef struct InEdge {
    BlkId from;
    uint32_t k; /* edge k of `from` */
} InEdge;
typedef struct InEdges { /* edges into block b: edge[start[b]] up to edge[start[b + 1]] */
    uint32_t *start;
    InEdge *edge;
} InEdges;
InEdges blk_in_edges(Fn *f);
/* Blocks in a walk over the dominator tree, each before those that it dominates: f->rpo.n of them. */
BlkId *blk_dom_order(Fn *f);
static inline Val blk_last(const Blk *b) { return b->list.at[b->list.n - 1]; }
static inline Val edge_arg(const Fn *f, const Edge *e, uint32_t k) { return f->pool.at[e->args + k]; }
static inline Edge *in_edge(Fn *f, InEdge e) { return &f->blk.at[e.from].succ.at[e.k]; }
/* Cut the block off behind instruction number `at`, which becomes a trap of its own kind (aux). */
void blk_cut(Fn *f, BlkId b, uint32_t at);
/* Make the block end with a jump along its edge k. */
void blk_jump(Fn *f, BlkId b, uint32_t k);
/* Remove the parameters with drop[Val] set, and their arguments. */
void blk_drop_params(Fn *f, const InEdges *in, BlkId b, const uint8_t *drop);
/* Bring cfg_build's facts up to date and remove unreachable blocks; the others are renumbered, in the same order. */
static inline void blk_clean(Fn *f) { cfg_clean(f); }
/* First thing in a pass. */
static inline void pass_begin(Fn *f) {
    if (f->rpo.n != f->blk.n) blk_clean(f);
}

/* -- Instructions */
/* Always at the same place relative to what is around it, or has an effect: never removed, merged or moved. */
static inline bool ins_is_free(const Ins *i) {
    if (i->op == IR_load) return (i->flags & MEM_CONST) && !(i->flags & MEM_TRAPS);
    return ir_has(i->op, IRF_P) && i->op != IR_param && i->op != IR_proj;
}
/* Divisions are free, but not above the checks that make them defined. */
static inline bool ins_is_pinned(const Ins *i) { return i->op >= IR_sdiv && i->op <= IR_urem; }
static inline bool ins_is_const(const Ins *i) { return i->op <= IR_vconst; }
FCond fcond_swap(FCond c); /* of swapped operands */
/* The same value, or the same number made twice. */
bool val_equal(const Fn *f, Val v, Val w);

/* -- The passes; their contracts are in their files */
void opt_inline(Fn *f);
void opt_fold(Fn *f);
void opt_params(Fn *f);
void opt_branch(Fn *f);
void opt_gvn(Fn *f);
void opt_load(Fn *f);
void opt_dce(Fn *f);
void opt_bounds(Fn *f);
void opt_licm(Fn *f);
void opt_charge(Fn *f);
