/* Forwarding and edits of blocks, shared by the passes. */
#include "opt/pass.h"
#include <assert.h>
#include <string.h>

/* -- Forwarding ----------------------------------------------------------- */

void forward_init(Forward *w, Fn *f) {
    *w = (Forward){.f = f, .n = f->ins.n};
    w->to = arena_alloc(f->arena, (size_t)w->n * sizeof *w->to, _Alignof(Val));
    for (Val v = 0; v < w->n; v++) w->to[v] = v;
}

Val forward_find(Forward *w, Val v) {
    while (v < w->n && w->to[v] != v) {
        if (w->to[v] < w->n) w->to[v] = w->to[w->to[v]];
        v = w->to[v];
    }
    return v;
}

void forward_set(Forward *w, Val from, Val to) {
    assert(from < w->n && w->to[from] == from && forward_find(w, to) != from);
    w->to[from] = to;
    w->any = true;
}

static void forward_pool(Forward *w, uint32_t at, uint32_t n) {
    for (uint32_t k = at; k < at + n; k++) w->f->pool.at[k] = forward_find(w, w->f->pool.at[k]);
}

void forward_operands(Forward *w, Ins *i) {
    switch (ir_info[i->op].nargs) {
    case 3: i->c = forward_find(w, i->c); /* fallthrough */
    case 2: i->b = forward_find(w, i->b); /* fallthrough */
    case 1: i->a = forward_find(w, i->a); break;
    default:
        if (i->op == IR_call || i->op == IR_tailcall || i->op == IR_ret) forward_pool(w, i->a, i->b);
    }
}

void forward_args(Forward *w, const Blk *b) {
    for (uint32_t k = 0; k < b->succ.n; k++) forward_pool(w, b->succ.at[k].args, b->succ.at[k].nargs);
}

void forward_apply(Forward *w) {
    if (!w->any) return;
    for (BlkId b = 0; b < w->f->blk.n; b++) {
        const Blk *blk = &w->f->blk.at[b];
        for (uint32_t k = 0; k < blk->list.n; k++) forward_operands(w, &w->f->ins.at[blk->list.at[k]]);
        forward_args(w, blk);
    }
}

/* -- Blocks --------------------------------------------------------------- */

InEdges blk_in_edges(Fn *f) {
    uint32_t n = f->blk.n, total = 0;
    InEdges in = {.start = ARENA_ARRAY(f->arena, uint32_t, n + 2)};
    /* start[b + 2] counts b's edges, so that start[b + 1] is where the next one goes, and in the end where they end. */
    for (BlkId b = 0; b < n; b++) {
        const Blk *blk = &f->blk.at[b];
        total += blk->succ.n;
        for (uint32_t k = 0; k < blk->succ.n; k++) in.start[blk->succ.at[k].to + 2]++;
    }
    for (uint32_t b = 2; b < n + 2; b++) in.start[b] += in.start[b - 1];
    in.edge = ARENA_ARRAY(f->arena, InEdge, total);
    for (BlkId b = 0; b < n; b++) {
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->succ.n; k++) in.edge[in.start[blk->succ.at[k].to + 1]++] = (InEdge){b, k};
    }
    return in;
}

BlkId *blk_dom_order(Fn *f) {
    BlkId *order = ARENA_ARRAY(f->arena, BlkId, f->rpo.n);
    for (uint32_t i = 0; i < f->rpo.n; i++) order[f->blk.at[f->rpo.at[i]].dom_first] = f->rpo.at[i];
    return order;
}

void blk_cut(Fn *f, BlkId b, uint32_t at) {
    Blk *blk = &f->blk.at[b];
    Ins *i = &f->ins.at[blk->list.at[at]];
    *i = (Ins){.op = IR_trap, .aux = i->aux};
    blk->list.n = at + 1;
    blk->succ.n = 0;
}

void blk_jump(Fn *f, BlkId b, uint32_t k) {
    Blk *blk = &f->blk.at[b];
    f->ins.at[blk_last(blk)] = (Ins){.op = IR_jump};
    blk->succ.at[0] = blk->succ.at[k];
    blk->succ.n = 1;
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

static uint8_t *find_reachable(const Fn *f, uint32_t *n) {
    uint8_t *seen = ARENA_ARRAY(f->arena, uint8_t, f->blk.n);
    BlkId *stack = arena_alloc(f->arena, f->blk.n * sizeof *stack, _Alignof(BlkId));
    uint32_t depth = 1;
    stack[0] = 0;
    seen[0] = 1;
    *n = 1;
    while (depth) {
        const Blk *b = &f->blk.at[stack[--depth]];
        for (uint32_t k = 0; k < b->succ.n; k++) {
            BlkId to = b->succ.at[k].to;
            if (seen[to]) continue;
            seen[to] = 1;
            stack[depth++] = to;
            ++*n;
        }
    }
    return seen;
}

void blk_clean(Fn *f) {
    ArenaMark mark = arena_mark(f->arena);
    uint32_t nreachable, n = 0;
    const uint8_t *reachable = find_reachable(f, &nreachable);
    if (nreachable < f->blk.n) {
        BlkId *number = ARENA_ARRAY(f->arena, BlkId, f->blk.n);
        for (BlkId b = 0; b < f->blk.n; b++) {
            if (!reachable[b]) continue;
            Blk *blk = &f->blk.at[b];
            for (uint32_t k = 0; k < blk->param.n; k++) f->ins.at[blk->param.at[k]].b = n;
            number[b] = n;
            f->blk.at[n++] = *blk;
        }
        f->blk.n = n;
        for (BlkId b = 0; b < n; b++)
            for (uint32_t k = 0; k < f->blk.at[b].succ.n; k++)
                f->blk.at[b].succ.at[k].to = number[f->blk.at[b].succ.at[k].to];
    }
    arena_rewind(f->arena, mark);
    cfg_build(f);
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
