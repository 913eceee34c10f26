/* Forwarding and edits of blocks, shared by the passes. */
#include "opt/pass.h"
#include <assert.h>
#include <string.h>

/* -- Forwarding ----------------------------------------------------------- */

void forward_init(Forward *w, Fn *f) {
    *w = (Forward){.f = f, .n = f->ins.n};
    w->to = ARENA_ARRAY(f->scratch, Val, w->n);
}

Val forward_follow(Forward *w, Val v) {
    while (v < w->n && w->to[v]) {
        Val next = w->to[v];
        if (next < w->n && w->to[next]) w->to[v] = w->to[next];
        v = w->to[v];
    }
    return v;
}

void forward_set(Forward *w, Val from, Val to) {
    assert(from < w->n && !w->to[from] && forward_find(w, to) != from);
    const Ins *i = &w->f->ins.at[from];
    w->to[from] = to;
    w->any = true;
    w->f->changed |= ins_is_const(i) || i->op == IR_es ? CHANGED_CONSTANTS : CHANGED_VALUES;
}

void forward_pool(Forward *w, uint32_t at, uint32_t n) {
    for (uint32_t k = at; k < at + n; k++) w->f->pool.at[k] = forward_find(w, w->f->pool.at[k]);
}

void forward_args(Forward *w, const Blk *b) {
    if (!w->any) return;
    for (uint32_t k = 0; k < b->succ.n; k++) forward_pool(w, b->succ.at[k].args, b->succ.at[k].nargs);
}

void forward_apply(Forward *w) {
    if (!w->any) return;
    for (BlkId b = 0; b < w->f->blk.n; b++) {
        const Blk *blk = &w->f->blk.at[b];
        const Val *v = blk->list.at, *end = v + blk->list.n;
        for (; v < end; v++) forward_operands(w, &w->f->ins.at[*v]);
        forward_args(w, blk);
    }
}

void forward_apply_args(Forward *w) {
    if (!w->any) return;
    for (BlkId b = 0; b < w->f->blk.n; b++) forward_args(w, &w->f->blk.at[b]);
}

/* -- Blocks --------------------------------------------------------------- */

InEdges blk_in_edges(Fn *f) {
    uint32_t n = f->blk.n, total = 0;
    InEdges in = {.start = ARENA_ARRAY(f->scratch, uint32_t, n + 2)};
    /* start[b + 2] counts b's edges, so that start[b + 1] is where the next one goes, and in the end where they end. */
    for (BlkId b = 0; b < n; b++) {
        const Blk *blk = &f->blk.at[b];
        total += blk->succ.n;
        for (uint32_t k = 0; k < blk->succ.n; k++) in.start[blk->succ.at[k].to + 2]++;
    }
    for (uint32_t b = 2; b < n + 2; b++) in.start[b] += in.start[b - 1];
    in.edge = ARENA_ARRAY(f->scratch, InEdge, total);
    for (BlkId b = 0; b < n; b++) {
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->succ.n; k++) in.edge[in.start[blk->succ.at[k].to + 1]++] = (InEdge){b, k};
    }
    return in;
}

BlkId *blk_dom_order(Fn *f) {
    BlkId *order = ARENA_ARRAY(f->scratch, BlkId, f->rpo.n);
    for (uint32_t i = 0; i < f->rpo.n; i++) order[f->blk.at[f->rpo.at[i]].dom_first] = f->rpo.at[i];
    return order;
}

void blk_cut(Fn *f, BlkId b, uint32_t at) {
    Blk *blk = &f->blk.at[b];
    Ins *i = &f->ins.at[blk->list.at[at]];
    *i = (Ins){.op = IR_trap, .aux = i->aux};
    blk->list.n = at + 1;
    blk->succ.n = 0;
    f->changed |= CHANGED_BLOCKS | CHANGED_EFFECTS;
}

void blk_jump(Fn *f, BlkId b, uint32_t k) {
    Blk *blk = &f->blk.at[b];
    f->ins.at[blk_last(blk)] = (Ins){.op = IR_jump};
    blk->succ.at[0] = blk->succ.at[k];
    blk->succ.n = 1;
    f->changed |= CHANGED_BLOCKS;
}

void blk_drop_params(Fn *f, const InEdges *in, BlkId b, const uint8_t *drop) {
    Blk *blk = &f->blk.at[b];
    /* Edges may share their arguments in the pool, so these are copied, not moved. */
    for (uint32_t e = in->start[b]; e < in->start[b + 1]; e++) {
        Edge *edge = in_edge(f, in->edge[e]);
        uint32_t at = f->pool.n, n = 0;
        vec_reserve(f->arena, &f->pool, f->pool.n + edge->nargs);
        for (uint32_t k = 0; k < edge->nargs; k++)
            if (!drop[blk->param.at[k]]) f->pool.at[at + n++] = f->pool.at[edge->args + k];
        f->pool.n += n;
        edge->args = at;
        edge->nargs = n;
    }
    uint32_t n = 0;
    for (uint32_t k = 0; k < blk->param.n; k++) {
        Val v = blk->param.at[k];
        if (drop[v]) continue;
        f->ins.at[v].a = n;
        blk->param.at[n++] = v;
    }
    blk->param.n = n;
}

/* -- Values --------------------------------------------------------------- */

FCond fcond_swap(FCond c) {
    static const FCond swapped[FC_COUNT] = {
        [FC_EQ] = FC_EQ, [FC_NE] = FC_NE, [FC_LT] = FC_GT, [FC_GT] = FC_LT, [FC_LE] = FC_GE, [FC_GE] = FC_LE};
    return swapped[c];
}

bool val_equal(const Fn *f, Val v, Val w) {
    const Ins *x = &f->ins.at[v], *y = &f->ins.at[w];
    if (v == w) return true;
    if (x->op != y->op || x->type != y->type) return false;
    if (x->op == IR_es) return true;
    return (x->op == IR_iconst || x->op == IR_fconst) && x->a == y->a && x->b == y->b;
}
