/* Dead code elimination.
 *
 * Purpose: remove values that nothing with an effect depends on, and block parameters likewise, also when they only
 * keep each other alive around a loop.
 *
 * Algorithm: mark and sweep over values (Cytron et al., "Efficiently computing static single assignment form", 1991,
 * section 7.1, without control dependence: branches stay).  Roots are all instructions with an effect; a live
 * parameter makes its arguments live.  A load without a use is removed unless its fault is a trap.
 *
 * Requires: pass.h.
 *
 * Guarantees: instructions with an effect stay, in order.
 *
 * Cost: linear. */
#include "opt/pass.h"

typedef struct Dce {
    Fn *f;
    InEdges in;
    uint8_t *live; /* by Val */
    VEC(Val) work;
} Dce;

static bool is_root(const Ins *i) {
    if (i->op == IR_load) return (i->flags & MEM_TRAPS) != 0;
    return !ir_has(i->op, IRF_P) || i->op == IR_proj;
}

static void mark(Dce *d, Val v) {
    if (d->live[v]) return;
    d->live[v] = 1;
    vec_push(d->f->scratch, &d->work, v);
}

static void mark_operands(Dce *d, Val v) {
    Fn *f = d->f;
    const Ins *i = &f->ins.at[v];
    if (i->op != IR_param) {
        FOR_OPERANDS(f, i, u, { mark(d, u); });
        return;
    }
    for (uint32_t e = d->in.start[i->b]; e < d->in.start[i->b + 1]; e++)
        mark(d, edge_arg(f, in_edge(f, d->in.edge[e]), i->a));
}

static void sweep(Dce *d, BlkId b, uint8_t *dead) {
    Fn *f = d->f;
    Blk *blk = &f->blk.at[b];
    uint32_t n = 0;
    for (uint32_t k = 0; k < blk->list.n; k++)
        if (d->live[blk->list.at[k]]) blk->list.at[n++] = blk->list.at[k];
    blk->list.n = n;
    if (b == 0) return; /* the entry's parameters are the function's */
    bool any = false;
    for (uint32_t k = 0; k < blk->param.n; k++) {
        Val v = blk->param.at[k];
        dead[v] = !d->live[v];
        any |= dead[v];
    }
    if (any) blk_drop_params(f, &d->in, b, dead);
}

/* The first dead value, or 0. */
static Val find_dead(const Dce *d) {
    const Fn *f = d->f;
    for (BlkId b = 0; b < f->blk.n; b++) {
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; b > 0 && k < blk->param.n; k++)
            if (!d->live[blk->param.at[k]]) return blk->param.at[k];
        for (uint32_t k = 0; k < blk->list.n; k++)
            if (!d->live[blk->list.at[k]]) return blk->list.at[k];
    }
    return 0;
}

void opt_dce(Fn *f) {
    pass_begin(f);
    Dce d = {.f = f, .in = blk_in_edges(f), .live = ARENA_ARRAY(f->scratch, uint8_t, f->ins.n)};
    for (BlkId b = 0; b < f->blk.n; b++)
        for (uint32_t k = 0; k < f->blk.at[b].list.n; k++)
            if (is_root(&f->ins.at[f->blk.at[b].list.at[k]])) mark(&d, f->blk.at[b].list.at[k]);
    while (d.work.n) mark_operands(&d, d.work.at[--d.work.n]);
    /* All at once: dead values use each other. */
    Val first = find_dead(&d);
    if (!first || !opt_rewrite(f, RULE_dce_dead, first)) return;
    uint8_t *dead = ARENA_ARRAY(f->scratch, uint8_t, f->ins.n);
    for (BlkId b = 0; b < f->blk.n; b++) sweep(&d, b, dead);
}
