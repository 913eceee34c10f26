/* Branch simplification.
 *
 * Purpose: fewer branches and blocks, in three parts.
 *
 * Ends: a branch on a constant, or with equal edges, becomes a jump; a brif whose edges differ only in an argument
 * or two becomes select and jump; a brtable loses its superfluous edges, with two left it becomes a brif.
 *
 * Thread: an edge to a block that does nothing but branch, and whose branch is decided on that edge, goes straight
 * to where it leads; not past the head of a loop, which would be to enter the loop's body from the side.
 *
 * Merge: a block with one predecessor that jumps to it becomes part of that.
 *
 * Algorithm: as in QBE's simplcfg, each part one sweep, a few rounds of all three.  The facts of cfg_build are made
 * anew when all is done: in between, the number of edges into each block is kept, and what becomes the head of a loop.
 *
 * Requires: pass.h.
 *
 * Guarantees: reducible stays reducible; charges, checks and calls stay in their order on every path.
 *
 * Cost: linear in instructions and arguments. */
#include <string.h>
#include "opt/pass.h"

enum { MAX_ROUNDS = 4, MAX_SELECTS = 2 };

typedef struct Branch {
    Fn *f;
    bool changed;
    Forward fwd;      /* merged blocks' parameters; n 0: none yet.  Ends and edges are up to date after each round */
    uint32_t *nedges; /* by BlkId: edges into the block */
    uint8_t *outside; /* by Val: a parameter that is used elsewhere than in its block's end; NULL: nobody asks */
    uint32_t *arg;    /* by Val: a parameter's value along the edge being threaded */
} Branch;

static const Ins *last_ins(const Fn *f, BlkId b) { return &f->ins.at[blk_last(&f->blk.at[b])]; }

/* -- Edges ---------------------------------------------------------------- */

static void count_edges(Branch *x) {
    const Fn *f = x->f;
    x->nedges = ARENA_ARRAY(f->scratch, uint32_t, f->blk.n);
    for (BlkId b = 0; b < f->blk.n; b++)
        for (uint32_t k = 0; k < f->blk.at[b].succ.n; k++) x->nedges[f->blk.at[b].succ.at[k].to]++;
}

/* Has it been merged, or is there no way in?  Then its edges are no more.  In the order of Fn.rpo, what only such a
 * block leads to is found, too, but for cycles. */
static bool is_gone(Branch *x, BlkId b) {
    Blk *blk = &x->f->blk.at[b];
    if (b == 0 || x->nedges[b]) return false;
    for (uint32_t k = 0; k < blk->succ.n; k++) x->nedges[blk->succ.at[k].to]--;
    blk->succ.n = blk->list.n = 0;
    return true;
}

static void cut_edges(Branch *x, BlkId b, uint32_t n) {
    Blk *blk = &x->f->blk.at[b];
    while (blk->succ.n > n) x->nedges[blk->succ.at[--blk->succ.n].to]--;
}

static void keep_edge(Branch *x, BlkId b, uint32_t k) {
    Blk *blk = &x->f->blk.at[b];
    for (uint32_t j = 0; j < blk->succ.n; j++) x->nedges[blk->succ.at[j].to] -= j != k;
    blk_jump(x->f, b, k);
}

/* -- Ends ----------------------------------------------------------------- */

static bool same_edge(const Fn *f, const Edge *x, const Edge *y) {
    if (x->to != y->to) return false;
    for (uint32_t k = 0; k < x->nargs; k++)
        if (!val_equal(f, edge_arg(f, x, k), edge_arg(f, y, k))) return false;
    return true;
}

static bool is_int(uint32_t type) { return type == T_I32 || type == T_I64; }

/* brif c, b(x), b(y) -> v = select c x y; jump b(v) */
static bool make_selects(Branch *x, BlkId b) {
    Fn *f = x->f;
    const Edge yes = f->blk.at[b].succ.at[0], no = f->blk.at[b].succ.at[1];
    uint32_t different = 0;
    if (yes.to != no.to) return false;
    for (uint32_t k = 0; k < yes.nargs; k++) {
        Val v = edge_arg(f, &yes, k);
        if (val_equal(f, v, edge_arg(f, &no, k))) continue;
        if (++different > MAX_SELECTS || !is_int(f->ins.at[v].type)) return false;
    }
    Val end = blk_last(&f->blk.at[b]), condition = f->ins.at[end].a;
    if (!opt_rewrite(f, RULE_branch_select, end)) return false;
    uint32_t loc = f->loc.at[end], at = f->pool.n;
    f->blk.at[b].list.n--;
    vec_reserve(f->arena, &f->pool, at + yes.nargs);
    for (uint32_t k = 0; k < yes.nargs; k++) {
        Val v = edge_arg(f, &yes, k), w = edge_arg(f, &no, k);
        if (!val_equal(f, v, w))
            v = fn_ins(f, b, loc, (Ins){.op = IR_select, .type = f->ins.at[v].type, .a = condition, .b = v, .c = w});
        f->pool.at[f->pool.n++] = v;
    }
    vec_push(f->arena, &f->blk.at[b].list, end);
    f->changed |= CHANGED_CODE;
    f->blk.at[b].succ.at[0].args = at;
    keep_edge(x, b, 0);
    return true;
}

static bool simplify_brif(Branch *x, BlkId b) {
    Fn *f = x->f;
    const Ins *condition = &f->ins.at[last_ins(f, b)->a];
    const Edge *succ = f->blk.at[b].succ.at;
    bool constant = condition->op == IR_iconst;
    if (!constant && !same_edge(f, &succ[0], &succ[1])) return make_selects(x, b);
    if (!opt_rewrite(f, constant ? RULE_branch_constant : RULE_branch_same, blk_last(&f->blk.at[b]))) return false;
    keep_edge(x, b, constant && !condition->a ? 1 : 0);
    return true;
}

static bool simplify_brtable(Branch *x, BlkId b) {
    Fn *f = x->f;
    Blk *blk = &f->blk.at[b];
    Ins *end = &f->ins.at[blk_last(blk)];
    const Ins *index = &f->ins.at[end->a];
    uint32_t n = blk->succ.n, was = n;
    if (index->op == IR_iconst) {
        if (!opt_rewrite(f, RULE_branch_constant, blk_last(blk))) return false;
        keep_edge(x, b, index->a < n ? index->a : n - 1);
        return true;
    }
    while (n > 1 && same_edge(f, &blk->succ.at[n - 2], &blk->succ.at[n - 1])) n--;
    if ((n > 2 && n == was) || !opt_rewrite(f, n == 1 ? RULE_branch_same : RULE_branch_short, blk_last(blk)))
        return false;
    cut_edges(x, b, n);
    if (n == 1) {
        keep_edge(x, b, 0);
    } else if (n == 2) {
        Edge zero = blk->succ.at[0];
        blk->succ.at[0] = blk->succ.at[1];
        blk->succ.at[1] = zero;
        end->op = IR_brif;
        f->changed |= CHANGED_CODE;
    }
    return true;
}

static void simplify_ends(Branch *x) {
    for (uint32_t i = 0; i < x->f->rpo.n; i++) {
        BlkId b = x->f->rpo.at[i];
        if (is_gone(x, b)) continue;
        /* A table may become a brif, which may become a jump. */
        if (last_ins(x->f, b)->op == IR_brtable) x->changed |= simplify_brtable(x, b);
        if (last_ins(x->f, b)->op == IR_brif) x->changed |= simplify_brif(x, b);
    }
}

/* -- Threading ------------------------------------------------------------ */

/* Which parameters are used by anything but the end of their block?  Threading adds no such uses. */
static void find_outside_uses(Branch *x) {
    Fn *f = x->f;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->list.n; k++) {
            const Ins *ins = &f->ins.at[blk->list.at[k]];
            bool end = k + 1 == blk->list.n;
            FOR_OPERANDS(f, ins, u, {
                Val v = forward_find(&x->fwd, u);
                if (!end || f->ins.at[v].b != b) x->outside[v] = 1;
            });
        }
        for (uint32_t k = 0; k < blk->succ.n; k++)
            for (uint32_t j = 0; j < blk->succ.at[k].nargs; j++) {
                Val v = edge_arg(f, &blk->succ.at[k], j);
                if (f->ins.at[v].op == IR_param && f->ins.at[v].b != b) x->outside[v] = 1;
            }
    }
}

/* Nothing but a jump or a branch, whose parameters nobody else sees. */
static bool is_threadable(const Branch *x, BlkId b) {
    const Blk *blk = &x->f->blk.at[b];
    if (blk->list.n != 1) return false;
    uint8_t op = last_ins(x->f, b)->op;
    if (op != IR_jump && op != IR_brif && op != IR_brtable) return false;
    for (uint32_t k = 0; k < blk->param.n; k++)
        if (x->outside[blk->param.at[k]]) return false;
    return true;
}

/* The number that v is known to be, 0 or not, on edge k of block b. */
static bool known_on_edge(const Fn *f, BlkId b, uint32_t k, Val v, uint32_t *number) {
    const Ins *i = &f->ins.at[v], *end = last_ins(f, b);
    if (i->op == IR_iconst) {
        *number = i->a;
        return true;
    }
    *number = 0;
    return end->op == IR_brif && end->a == v && k == 1;
}

static bool known_nonzero(const Fn *f, BlkId b, uint32_t k, Val v) {
    const Ins *end = last_ins(f, b);
    return end->op == IR_brif && end->a == v && k == 0;
}

/* The edge of `over` that is taken when it is entered by edge k of b; NULL: not known. */
static const Edge *next_edge(const Branch *x, BlkId b, uint32_t k, BlkId over) {
    const Fn *f = x->f;
    const Blk *blk = &f->blk.at[over];
    const Ins *end = last_ins(f, over), *condition;
    if (end->op == IR_jump) return &blk->succ.at[0];
    condition = &f->ins.at[end->a];
    if (blk->loop_head || condition->op != IR_param || condition->b != over) return NULL;
    Val v = edge_arg(f, &f->blk.at[b].succ.at[k], condition->a);
    uint32_t number;
    if (end->op == IR_brif) {
        if (known_nonzero(f, b, k, v)) return &blk->succ.at[0];
        return known_on_edge(f, b, k, v, &number) ? &blk->succ.at[number ? 0 : 1] : NULL;
    }
    if (!known_on_edge(f, b, k, v, &number)) return NULL;
    return &blk->succ.at[number < blk->succ.n ? number : blk->succ.n - 1];
}

static bool thread_edge(Branch *x, BlkId b, uint32_t k) {
    Fn *f = x->f;
    const Edge edge = f->blk.at[b].succ.at[k];
    if (edge.to == b || !is_threadable(x, edge.to)) return false;
    const Edge *found = next_edge(x, b, k, edge.to);
    if (!found || found->to == edge.to) return false;
    if (!opt_rewrite(f, RULE_branch_thread, blk_last(&f->blk.at[b]))) return false;
    Edge next = *found;
    const Blk *over = &f->blk.at[edge.to];
    for (uint32_t j = 0; j < over->param.n; j++) x->arg[over->param.at[j]] = edge_arg(f, &edge, j);
    uint32_t at = f->pool.n;
    vec_reserve(f->arena, &f->pool, at + next.nargs);
    for (uint32_t j = 0; j < next.nargs; j++) {
        Val v = edge_arg(f, &next, j);
        const Ins *i = &f->ins.at[v];
        f->pool.at[f->pool.n++] = i->op == IR_param && i->b == edge.to ? x->arg[v] : v;
    }
    next.args = at;
    f->blk.at[b].succ.at[k] = next;
    x->nedges[edge.to]--;
    x->nedges[next.to]++;
    /* Where all ways into a loop go past its head, the next block is the head. */
    f->blk.at[next.to].loop_head |= over->loop_head;
    return true;
}

/* Is there anything to ask `outside` for? */
static bool has_candidates(const Fn *f) {
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        const Blk *blk = &f->blk.at[f->rpo.at[i]];
        if (blk->list.n == 1 && blk->param.n) return true;
    }
    return false;
}

/* Backward, so that an edge meets blocks that have been threaded themselves. */
static void thread(Branch *x) {
    Fn *f = x->f;
    if (has_candidates(f)) {
        x->outside = ARENA_ARRAY(f->scratch, uint8_t, f->ins.n);
        x->arg = ARENA_ARRAY(f->scratch, uint32_t, f->ins.n);
        find_outside_uses(x);
    }
    for (uint32_t i = f->rpo.n; i-- > 0;) {
        BlkId b = f->rpo.at[i];
        for (uint32_t k = 0; k < f->blk.at[b].succ.n; k++) x->changed |= thread_edge(x, b, k);
    }
}

/* -- Merging -------------------------------------------------------------- */

/* Does an edge pass a block's own parameter to it?  Where it has no other edge, only in a cycle that cannot be reached.
 */
static bool feeds_itself(Forward *fwd, const Edge *e) {
    const Fn *f = fwd->f;
    for (uint32_t k = 0; k < e->nargs; k++) {
        const Ins *i = &f->ins.at[forward_find(fwd, edge_arg(f, e, k))];
        if (i->op == IR_param && i->b == e->to) return true;
    }
    return false;
}

/* Block b, which ends with a jump along its edge, goes on with what block `edge->to` has. */
static void append_block(Branch *x, BlkId b, const Edge *edge) {
    Fn *f = x->f;
    Blk *blk = &f->blk.at[b], *next = &f->blk.at[edge->to];
    if (next->param.n && !x->fwd.n) forward_init(&x->fwd, f);
    for (uint32_t k = 0; k < next->param.n; k++)
        forward_set(&x->fwd, next->param.at[k], forward_find(&x->fwd, edge_arg(f, edge, k)));
    blk->list.n--;
    vec_reserve(f->arena, &blk->list, blk->list.n + next->list.n);
    memcpy(blk->list.at + blk->list.n, next->list.at, next->list.n * sizeof(Val));
    blk->list.n += next->list.n;
    blk->succ.at = next->succ.at;
    blk->succ.n = next->succ.n;
    blk->succ.cap = next->succ.cap;
    memset(&next->succ, 0, sizeof next->succ);
    next->param.n = next->list.n = 0;
    x->nedges[edge->to] = 0;
}

static void merge(Branch *x) {
    Fn *f = x->f;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        while (!is_gone(x, b) && last_ins(f, b)->op == IR_jump) {
            const Edge edge = f->blk.at[b].succ.at[0];
            if (edge.to == b || edge.to == 0 || x->nedges[edge.to] != 1 || feeds_itself(&x->fwd, &edge)) break;
            if (!opt_rewrite(f, RULE_branch_merge, blk_last(&f->blk.at[b]))) break;
            append_block(x, b, &edge);
            x->changed = true;
        }
    }
}

/* Ends and edges are what the next round looks at. */
static void forward_ends(Branch *x) {
    Fn *f = x->f;
    if (!x->fwd.any) return;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        if (is_gone(x, b)) continue;
        forward_operands(&x->fwd, &f->ins.at[blk_last(&f->blk.at[b])]);
        forward_args(&x->fwd, &f->blk.at[b]);
    }
}

/* Blocks that is_gone knows to be there. */
static uint32_t count_blocks(Branch *x) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->f->rpo.n; i++) n += !is_gone(x, x->f->rpo.at[i]);
    return n;
}

/* True when there may be more to find: edges from unreachable cycles are gone now. */
static bool simplify(Fn *f) {
    Branch x = {.f = f, .fwd = {.f = f}};
    bool any = false;
    count_edges(&x);
    for (uint32_t n = 0; n < MAX_ROUNDS; n++) {
        x.changed = false;
        simplify_ends(&x);
        thread(&x);
        merge(&x);
        if (!x.changed) break;
        forward_ends(&x);
        any = true;
    }
    if (!any) return false;
    uint32_t known = count_blocks(&x);
    f->changed |= CHANGED_BLOCKS;
    blk_clean(f);
    forward_apply(&x.fwd);
    return f->blk.n < known;
}

void opt_branch(Fn *f) {
    pass_begin(f);
    for (uint32_t n = 0; n < MAX_ROUNDS && simplify(f); n++) continue;
}
