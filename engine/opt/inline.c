/* Inlining of small leaf functions.
 *
 * Purpose: a call of a small function that calls nothing becomes that function's code: neither the call's own cost nor
 * that of its frame is paid, and the other passes see through it.
 *
 * Algorithm: one walk over the blocks; a block is cut behind each such call, the callee's blocks are copied in between,
 * its returns become jumps to the rest, whose parameters are the results.
 *
 * What execution can observe stays: the callee's charges of fuel and depth are operations of its own and are copied, in
 * their place; a trap in the copy is at the callee's instruction, called from the call's, by Fn.inlined, which the
 * table of trap sites takes over.
 *
 * Requires: pass.h; Fn.inliner, which knows the functions (nothing happens without).
 *
 * Guarantees: callees stay as they are.  No more than MAX_TOTAL instructions are added, so that the frame stays within
 * what the depth contract allows (emit.c).
 *
 * Cost: linear, and that of building the callees. */
#include "opt/inline.h"
#include <string.h>
#include "opt/pass.h"
#include "opt/rewrite.h"

enum { MAX_INS = 40, MAX_BLOCKS = 8, MAX_TOTAL = 400 };

typedef struct Inline {
    Fn *f;
    Forward fwd; /* calls and their results to the parameters of what comes behind */
    uint32_t total;
    /* of the copy being made */
    const Fn *callee;
    uint32_t call_loc;
    Val *val;   /* by the callee's Val */
    BlkId base; /* the copy of its block 0 */
    BlkId rest;
} Inline;

bool inline_fits(const Fn *f) {
    uint32_t n = 0;
    if (f->blk.n > MAX_BLOCKS) return false;
    for (BlkId b = 0; b < f->blk.n; b++) {
        const Blk *blk = &f->blk.at[b];
        n += blk->list.n;
        if (n > MAX_INS) return false;
        for (uint32_t k = 0; k < blk->list.n; k++)
            if (ir_has(f->ins.at[blk->list.at[k]].op, IRF_K)) return false;
    }
    return true;
}

/* -- Copying ------------------------------------------------------------------ */

/* Where the copy of the callee's instruction at `loc` is. */
static uint32_t inlined_loc(Inline *x, uint32_t loc) {
    Fn *f = x->f;
    Inlined i = {.loc = loc, .call = x->call_loc, .func = x->callee->index};
    const Inlined *last = f->inlined.n ? &f->inlined.at[f->inlined.n - 1] : NULL;
    if (!last || last->loc != i.loc || last->call != i.call || last->func != i.func) vec_push(f->arena, &f->inlined, i);
    return LOC_INLINED | (f->inlined.n - 1);
}

static uint32_t copy_words(Inline *x, uint32_t at) {
    uint32_t words[4];
    memcpy(words, x->callee->pool.at + at, sizeof words);
    return fn_pool(x->f, words, 4);
}

static void copy_args(Inline *x, BlkId from, BlkId to, uint32_t at, uint32_t n) {
    uint32_t args = x->f->pool.n;
    vec_reserve(x->f->arena, &x->f->pool, args + n);
    for (uint32_t k = 0; k < n; k++) x->f->pool.at[args + k] = x->val[x->callee->pool.at[at + k]];
    x->f->pool.n += n;
    vec_push(x->f->arena, &x->f->blk.at[from].succ, ((Edge){.to = to, .args = args, .nargs = n}));
}

static void copy_ins(Inline *x, BlkId to, Val v) {
    Ins i = x->callee->ins.at[v];
    uint32_t n = ir_info[i.op].nargs, values = i.a, nvalues = i.b;
    if (n >= 1) i.a = x->val[i.a];
    if (n >= 2) i.b = x->val[i.b];
    if (n >= 3) i.c = x->val[i.c];
    if (i.op == IR_vconst) i.a = copy_words(x, i.a);
    if (i.op == IR_vshuffle) i.c = copy_words(x, i.c);
    if (i.op == IR_ret) i = (Ins){.op = IR_jump};
    x->val[v] = fn_ins(x->f, to, inlined_loc(x, x->callee->loc.at[v]), i);
    if (x->callee->ins.at[v].op == IR_ret) copy_args(x, to, x->rest, values, nvalues);
}

/* In an order in which values are copied before their uses: parameters first, then dominators first. */
static void copy_blocks(Inline *x) {
    const Fn *c = x->callee;
    for (BlkId b = 0; b < c->blk.n; b++) {
        const Blk *blk = &c->blk.at[b];
        for (uint32_t k = 0; b && k < blk->param.n; k++)
            x->val[blk->param.at[k]] = fn_param(x->f, x->base + b, (IrType)c->ins.at[blk->param.at[k]].type);
    }
    for (uint32_t r = 0; r < c->rpo.n; r++) {
        BlkId b = c->rpo.at[r];
        const Blk *blk = &c->blk.at[b];
        for (uint32_t k = 0; k < blk->list.n; k++) copy_ins(x, x->base + b, blk->list.at[k]);
    }
    for (uint32_t r = 0; r < c->rpo.n; r++) {
        const Blk *blk = &c->blk.at[c->rpo.at[r]];
        for (uint32_t k = 0; k < blk->succ.n; k++) {
            const Edge *e = &blk->succ.at[k];
            copy_args(x, x->base + c->rpo.at[r], x->base + e->to, e->args, e->nargs);
        }
    }
}

/* -- Calls -------------------------------------------------------------------- */

static const Fn *callee_of(Inline *x, const Ins *i) {
    const Fn *f = x->f;
    if (i->op != IR_call || f->calls.at[i->c].kind != CALLEE_FUNC || x->total >= MAX_TOTAL) return NULL;
    return f->inliner->leaf(f->inliner->user, f->calls.at[i->c].index);
}

/* Block `from` ends with the callee's code; what follows goes to the block returned. */
static BlkId inline_call(Inline *x, BlkId from, Val call, const Fn *callee) {
    Fn *f = x->f;
    const Ins i = f->ins.at[call];
    x->callee = callee;
    x->call_loc = f->loc.at[call];
    x->val = ARENA_ARRAY(f->scratch, Val, callee->ins.n);
    x->rest = fn_block(f);
    for (uint32_t k = 0; k < callee->sig.nresult; k++) fn_param(f, x->rest, (IrType)callee->sig.result[k]);
    x->base = f->blk.n;
    for (BlkId b = 0; b < callee->blk.n; b++) fn_block(f);
    for (uint32_t k = 0; k < callee->blk.at[0].param.n; k++)
        x->val[callee->blk.at[0].param.at[k]] = f->pool.at[i.a + k];
    copy_blocks(x);
    fn_ins(f, from, x->call_loc, (Ins){.op = IR_jump});
    vec_push(f->arena, &f->blk.at[from].succ, ((Edge){.to = x->base}));
    if (callee->sig.nresult == 1) forward_set(&x->fwd, call, f->blk.at[x->rest].param.at[0]);
    x->total += callee->ins.n;
    return x->rest;
}

static void visit_block(Inline *x, BlkId b) {
    Fn *f = x->f;
    Blk was = f->blk.at[b];
    BlkId to = b;
    Val inlined = 0; /* the call whose results the next instructions may take */
    bool any = false;
    for (uint32_t k = 0; k < was.list.n && !any; k++) any = f->ins.at[was.list.at[k]].op == IR_call;
    if (!any) return;
    memset(&f->blk.at[b].list, 0, sizeof f->blk.at[b].list);
    memset(&f->blk.at[b].succ, 0, sizeof f->blk.at[b].succ);
    for (uint32_t k = 0; k < was.list.n; k++) {
        Val v = was.list.at[k];
        const Ins *i = &f->ins.at[v];
        const Fn *callee = callee_of(x, i);
        if (i->op == IR_proj && i->a == inlined) {
            forward_set(&x->fwd, v, f->blk.at[to].param.at[i->b]);
        } else if (callee && opt_rewrite(f, RULE_inline_leaf, v)) {
            to = inline_call(x, to, v, callee);
            inlined = v;
        } else {
            vec_push(f->arena, &f->blk.at[to].list, v);
        }
    }
    f->blk.at[to].succ = was.succ;
}

static bool calls_functions(const Fn *f) {
    for (uint32_t k = 0; k < f->calls.n; k++)
        if (f->calls.at[k].kind == CALLEE_FUNC) return true;
    return false;
}

void opt_inline(Fn *f) {
    pass_begin(f);
    if (!f->inliner || !calls_functions(f)) return;
    Inline x = {.f = f};
    uint32_t n = f->blk.n;
    forward_init(&x.fwd, f);
    for (BlkId b = 0; b < n; b++) visit_block(&x, b);
    forward_apply(&x.fwd);
    if (!x.total) return;
    f->changed |= CHANGED_CODE | CHANGED_BLOCKS;
    blk_clean(f);
}
