/* Redundant block parameters.
 *
 * Purpose: replace a parameter that gets one and the same value on all edges (or itself), the same constant, or the
 * same values as another parameter of its block.  These are Braun's trivial phis; the builder leaves few, other
 * passes make more.
 *
 * Algorithm: sweeps in reverse postorder over all parameters, looking at arguments through the replacements made so
 * far, until nothing changes or MAX_SWEEPS; stopping early is sound, since each replacement is correct by itself.
 *
 * Requires: pass.h.
 *
 * Guarantees: blocks and instructions stay, but for constants put at the start of a block.
 *
 * Cost: linear in the number of arguments. */
#include <string.h>
#include "base/map.h"
#include "opt/pass.h"

enum { MAX_SWEEPS = 8 };

typedef struct Params {
    Fn *f;
    Forward fwd;
    InEdges in;
    uint8_t *drop;      /* by Val */
    VEC(Val) constants; /* for the start of the block at hand */
} Params;

static Val argument(Params *p, uint32_t edge, uint32_t k) {
    return forward_find(&p->fwd, edge_arg(p->f, in_edge(p->f, p->in.edge[edge]), k));
}

/* The value of parameter k of block b, or 0; *constant: a constant equal to it, which need not dominate the block. */
static Val only_value(Params *p, BlkId b, uint32_t k, bool *constant) {
    Val self = p->f->blk.at[b].param.at[k], only = 0;
    *constant = false;
    for (uint32_t e = p->in.start[b]; e < p->in.start[b + 1]; e++) {
        Val v = argument(p, e, k);
        if (v == self || v == only) continue;
        if (only && !val_equal(p->f, v, only)) return 0;
        *constant = only != 0;
        if (!only) only = v;
    }
    return only;
}

static Val copy_constant(Params *p, Val v) {
    Fn *f = p->f;
    Val copy = f->ins.n;
    Ins i = f->ins.at[v];
    vec_push(f->arena, &f->ins, i);
    vec_push(f->arena, &f->loc, 0);
    vec_push(f->scratch, &p->constants, copy);
    return copy;
}

static void replace(Params *p, Val param, Val by) {
    forward_set(&p->fwd, param, by);
    p->drop[param] = 1;
}

/* Do parameters j and k of block b get the same values? */
static bool same_params(Params *p, BlkId b, uint32_t j, uint32_t k) {
    const Blk *blk = &p->f->blk.at[b];
    for (uint32_t e = p->in.start[b]; e < p->in.start[b + 1]; e++) {
        Val x = argument(p, e, j), y = argument(p, e, k);
        if (!val_equal(p->f, x, y) && !(x == blk->param.at[j] && y == blk->param.at[k])) return false;
    }
    return true;
}

static bool merge_params(Params *p, BlkId b) {
    const Blk *blk = &p->f->blk.at[b];
    if (blk->param.n < 2) return false;
    Map first; /* of each sequence of arguments, by hash */
    map_init(&first, p->f->scratch);
    bool changed = false;
    for (uint32_t k = 0; k < blk->param.n; k++) {
        Val self = blk->param.at[k];
        if (p->drop[self]) continue;
        uint64_t hash = p->f->ins.at[self].type;
        for (uint32_t e = p->in.start[b]; e < p->in.start[b + 1]; e++) {
            Val v = argument(p, e, k);
            const Ins *i = &p->f->ins.at[v];
            uint64_t part = ins_is_const(i) || i->op == IR_es ? i->op * UINT64_C(0x10001) + i->a : v;
            hash = hash_mix(hash * 31 + (v == self ? 0 : part));
        }
        uint32_t j;
        if (!map_get(&first, hash, &j)) {
            map_put(&first, hash, k);
        } else if (same_params(p, b, j, k) && opt_rewrite(p->f, RULE_params_twin, self)) {
            replace(p, self, blk->param.at[j]);
            changed = true;
        }
    }
    return changed;
}

static bool sweep_block(Params *p, BlkId b) {
    bool changed = false;
    p->constants.n = 0;
    for (uint32_t k = 0; k < p->f->blk.at[b].param.n; k++) {
        Val param = p->f->blk.at[b].param.at[k];
        bool constant;
        if (p->drop[param]) continue;
        Val v = only_value(p, b, k, &constant);
        if (!v || !opt_rewrite(p->f, constant ? RULE_params_constant : RULE_params_same, param)) continue;
        replace(p, param, constant ? copy_constant(p, v) : v);
        changed = true;
    }
    if (p->constants.n) {
        Blk *blk = &p->f->blk.at[b];
        uint32_t n = p->constants.n;
        vec_extend(p->f->arena, &blk->list, n);
        memmove(blk->list.at + n, blk->list.at, (blk->list.n - n) * sizeof(Val));
        memcpy(blk->list.at, p->constants.at, n * sizeof(Val));
    }
    return changed;
}

static bool has_params(const Fn *f) {
    for (BlkId b = 1; b < f->blk.n; b++)
        if (f->blk.at[b].param.n) return true;
    return false;
}

void opt_params(Fn *f) {
    pass_begin(f);
    if (!has_params(f)) return;
    Params p = {.f = f};
    forward_init(&p.fwd, f);
    p.in = blk_in_edges(f);
    p.drop = ARENA_ARRAY(f->scratch, uint8_t, f->ins.n);
    bool changed = true;
    for (uint32_t n = 0; changed && n < MAX_SWEEPS; n++) {
        changed = false;
        for (uint32_t i = 1; i < f->rpo.n; i++)
            if (f->blk.at[f->rpo.at[i]].param.n) changed |= sweep_block(&p, f->rpo.at[i]);
        if (n == 0)
            for (uint32_t i = 1; i < f->rpo.n; i++) changed |= merge_params(&p, f->rpo.at[i]);
    }
    if (!p.fwd.any) return;
    for (uint32_t i = 1; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        bool any = false;
        for (uint32_t k = 0; k < f->blk.at[b].param.n; k++) any |= p.drop[f->blk.at[b].param.at[k]] != 0;
        if (any) blk_drop_params(f, &p.in, b, p.drop);
    }
    forward_apply(&p.fwd);
}
