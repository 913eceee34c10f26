/* Control-flow facts: predecessors, reverse postorder, dominators, loops; splitting of critical edges.
 *
 * Dominators: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" (2001).  Their walk up the tree is
 * quadratic for a long chain of exits to one block, which wasm has often (a row of br_if), so nodes also have a jump
 * pointer as in Myers, "An applicative random-access stack" (1983): the nearest common ancestor takes a logarithmic
 * number of steps.  One pass in reverse postorder is exact on reducible graphs; where it turns out that the graph is
 * not, their iteration to a fixed point follows. Loops: natural loops of back edges, innermost first, inner loops
 * collapsed by union-find as in Havlak, "Nesting of reducible and irreducible loops" (1997). Order: a reverse postorder
 * in which the blocks of a loop are adjacent (layout and linear scan want that): the walk visits the exits of a loop
 * before its body.
 *
 * Invariants: unreachable blocks have rpo UINT32_MAX, no predecessors, and are nobody's predecessor. Work
 * arrays are indexed by position in the order, not by block, and given back to the arena. */
#include "ir/cfg.h"
#include <assert.h>
#include <string.h>

#define NONE UINT32_MAX

typedef struct Visit {
    BlkId blk;
    uint32_t next; /* successor to visit next */
} Visit;

/* Exits of a loop: a list for each head. */
typedef struct Exit {
    BlkId to;
    uint32_t next; /* or NONE */
} Exit;

typedef struct Cfg {
    Fn *f;
    uint32_t n; /* reachable blocks */
    /* by position in the order */
    uint32_t *idom, *depth, *jump;
    uint32_t *head;  /* head of the innermost loop around; for a head, of the next loop outside; or NONE */
    uint32_t *outer; /* union-find: head of the outermost loop found so far */
} Cfg;

/* -- Order and predecessors ---------------------------------------------------- */

static void reserve_preds(Fn *f) {
    uint64_t missing = 0;
    for (BlkId b = 0; b < f->blk.n; b++) f->blk.at[b].pred.n = 0;
    for (BlkId b = 0; b < f->blk.n; b++)
        for (uint32_t k = 0; k < f->blk.at[b].succ.n; k++) f->blk.at[f->blk.at[b].succ.at[k].to].pred.n++;
    for (BlkId b = 0; b < f->blk.n; b++)
        if (f->blk.at[b].pred.n > f->blk.at[b].pred.cap) missing += f->blk.at[b].pred.n;
    BlkId *at = ARENA_ARRAY(f->arena, BlkId, missing);
    for (BlkId b = 0; b < f->blk.n; b++) {
        Blk *k = &f->blk.at[b];
        if (k->pred.n > k->pred.cap) {
            k->pred.at = at;
            k->pred.cap = k->pred.n;
            at += k->pred.n;
        }
    }
}

/* Depth-first walk with a stack of its own (nesting is the input's).  `exits` (may be NULL): by block, the exits that
 * are to be visited before the block's own successors. */
static void order_blocks(Fn *f, const uint32_t *exits, const Exit *exit) {
    Visit *stack = ARENA_ARRAY(f->arena, Visit, f->blk.n);
    uint32_t *pending = ARENA_ARRAY(f->arena, uint32_t, f->blk.n); /* the next exit to visit */
    uint8_t *seen = ARENA_ARRAY(f->arena, uint8_t, f->blk.n);
    uint32_t n = 1, at = f->blk.n;
    for (BlkId b = 0; b < f->blk.n; b++) {
        f->blk.at[b].rpo = UINT32_MAX;
        pending[b] = exits ? exits[b] : NONE;
    }
    stack[0] = (Visit){0, 0};
    seen[0] = 1;
    while (n) {
        Visit *v = &stack[n - 1];
        BlkId to;
        if (pending[v->blk] != NONE) {
            to = exit[pending[v->blk]].to;
            pending[v->blk] = exit[pending[v->blk]].next;
        } else if (v->next < f->blk.at[v->blk].succ.n) {
            to = f->blk.at[v->blk].succ.at[v->next++].to;
        } else {
            f->rpo.at[--at] = v->blk;
            n--;
            continue;
        }
        if (!seen[to]) {
            seen[to] = 1;
            stack[n++] = (Visit){to, 0};
        }
    }
    f->rpo.n = f->blk.n - at;
    memmove(f->rpo.at, f->rpo.at + at, f->rpo.n * sizeof *f->rpo.at);
}

/* Numbers by the order, and predecessors: in the order themselves. */
static void link_blocks(Fn *f) {
    for (BlkId b = 0; b < f->blk.n; b++) f->blk.at[b].pred.n = 0;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        Blk *b = &f->blk.at[f->rpo.at[i]];
        b->rpo = i;
        for (uint32_t k = 0; k < b->succ.n; k++) {
            Blk *to = &f->blk.at[b->succ.at[k].to];
            to->pred.at[to->pred.n++] = f->rpo.at[i];
        }
    }
}

static Blk *blk_at(const Cfg *c, uint32_t i) { return &c->f->blk.at[c->f->rpo.at[i]]; }
static uint32_t pred_at(const Cfg *c, const Blk *b, uint32_t k) { return c->f->blk.at[b->pred.at[k]].rpo; }

/* -- Dominators ---------------------------------------------------------------- */

static void set_idom(Cfg *c, uint32_t i, uint32_t d) {
    uint32_t j = c->jump[d];
    c->idom[i] = d;
    c->depth[i] = c->depth[d] + 1;
    c->jump[i] = c->depth[d] - c->depth[j] == c->depth[j] - c->depth[c->jump[j]] ? c->jump[j] : d;
}

static uint32_t climb(const Cfg *c, uint32_t i, uint32_t depth) {
    while (c->depth[i] > depth) i = c->depth[c->jump[i]] >= depth ? c->jump[i] : c->idom[i];
    return i;
}

static uint32_t common_dominator(const Cfg *c, uint32_t a, uint32_t b) {
    a = climb(c, a, c->depth[b]);
    b = climb(c, b, c->depth[a]);
    while (a != b) {
        bool far = c->jump[a] != c->jump[b];
        a = far ? c->jump[a] : c->idom[a];
        b = far ? c->jump[b] : c->idom[b];
    }
    return a;
}

static bool tree_dominates(const Cfg *c, uint32_t a, uint32_t b) {
    return c->depth[a] <= c->depth[b] && climb(c, b, c->depth[a]) == a;
}

/* False when some edge backward does not lead to a dominator: then forward edges alone did not tell all. */
static bool dominators_forward(Cfg *c) {
    bool reducible = true;
    for (uint32_t i = 1; i < c->n; i++) {
        const Blk *b = blk_at(c, i);
        uint32_t d = NONE;
        for (uint32_t k = 0; k < b->pred.n; k++) {
            uint32_t p = pred_at(c, b, k);
            if (p < i) d = d == NONE ? p : common_dominator(c, d, p);
        }
        set_idom(c, i, d);
    }
    for (uint32_t i = 1; i < c->n; i++) {
        const Blk *b = blk_at(c, i);
        for (uint32_t k = 0; k < b->pred.n; k++) {
            uint32_t p = pred_at(c, b, k);
            if (p >= i && !tree_dominates(c, i, p)) reducible = false;
        }
    }
    return reducible;
}

static uint32_t intersect(const Cfg *c, uint32_t a, uint32_t b) {
    while (a != b) {
        while (a > b) a = c->idom[a];
        while (b > a) b = c->idom[b];
    }
    return a;
}

static void dominators_iterate(Cfg *c) {
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 1; i < c->n; i++) {
            const Blk *b = blk_at(c, i);
            uint32_t d = NONE;
            for (uint32_t k = 0; k < b->pred.n; k++) {
                uint32_t p = pred_at(c, b, k);
                d = d == NONE ? p : intersect(c, d, p);
            }
            if (d != c->idom[i]) {
                c->idom[i] = d;
                changed = true;
            }
        }
    }
    for (uint32_t i = 1; i < c->n; i++) set_idom(c, i, c->idom[i]);
}

/* Number the dominator tree so that a subtree is an interval. */
static void number_tree(Cfg *c) {
    uint32_t *size = ARENA_ARRAY(c->f->arena, uint32_t, c->n);
    uint32_t *next = ARENA_ARRAY(c->f->arena, uint32_t, c->n);
    for (uint32_t i = c->n; i-- > 0;) {
        size[i]++;
        if (i) size[c->idom[i]] += size[i];
    }
    for (uint32_t i = 0; i < c->n; i++) {
        Blk *b = blk_at(c, i);
        uint32_t d = c->idom[i];
        b->idom = i ? c->f->rpo.at[d] : NO_BLK;
        b->dom_first = i ? next[d] : 0;
        b->dom_last = b->dom_first + size[i] - 1;
        if (i) next[d] += size[i];
        next[i] = b->dom_first + 1;
    }
}

/* -- Loops --------------------------------------------------------------------- */

static uint32_t outermost(Cfg *c, uint32_t i) {
    while (c->outer[i] != i) i = c->outer[i] = c->outer[c->outer[i]];
    return i;
}

/* Take block (or collapsed loop) i into the loop of h, and note it for its predecessors. */
static uint32_t absorb(Cfg *c, uint32_t h, uint32_t i, uint32_t *list, uint32_t n) {
    i = outermost(c, i);
    if (i == h) return n;
    c->head[i] = c->outer[i] = h;
    list[n] = i;
    return n + 1;
}

static bool find_loops(Cfg *c) {
    bool any = false;
    uint32_t *list = ARENA_ARRAY(c->f->arena, uint32_t, c->n);
    for (uint32_t i = 0; i < c->n; i++) {
        c->head[i] = NONE;
        c->outer[i] = i;
    }
    for (uint32_t h = c->n; h-- > 0;) {
        Blk *b = blk_at(c, h);
        uint32_t n = 0;
        for (uint32_t k = 0; k < b->pred.n; k++) {
            uint32_t p = pred_at(c, b, k);
            if (p < h || !tree_dominates(c, h, p)) continue;
            b->loop_head = any = true;
            n = absorb(c, h, p, list, n);
        }
        while (n) {
            const Blk *in = blk_at(c, list[--n]);
            for (uint32_t k = 0; k < in->pred.n; k++) n = absorb(c, h, pred_at(c, in, k), list, n);
        }
    }
    return any;
}

/* The head of the innermost loop that i is in. */
static uint32_t innermost(const Cfg *c, uint32_t i) { return blk_at(c, i)->loop_head ? i : c->head[i]; }

static void set_depths(Cfg *c) {
    for (uint32_t i = 0; i < c->n; i++) {
        Blk *b = blk_at(c, i);
        uint32_t around = c->head[i] == NONE ? 0 : blk_at(c, c->head[i])->loop_depth;
        if (b->loop_head && around < UINT16_MAX) around++;
        b->loop_depth = (uint16_t)around;
    }
}

/* Are the blocks of each loop adjacent in the order? */
static bool loops_adjacent(const Cfg *c) {
    uint32_t *size = ARENA_ARRAY(c->f->arena, uint32_t, c->n), *last = ARENA_ARRAY(c->f->arena, uint32_t, c->n);
    for (uint32_t i = c->n; i-- > 0;) {
        uint32_t h = c->head[i];
        size[i]++;
        if (last[i] < i) last[i] = i;
        if (blk_at(c, i)->loop_head && last[i] - i + 1 != size[i]) return false;
        if (h == NONE) continue;
        size[h] += size[i];
        if (last[h] < last[i]) last[h] = last[i];
    }
    return true;
}

/* Head of the outermost loop that is left by going from block i to block `to`, or NONE. */
static uint32_t loop_left(const Cfg *c, uint32_t i, uint32_t to) {
    uint32_t from = innermost(c, i), into = innermost(c, to), left = NONE;
    while (from != NONE && from != into) {
        if (into != NONE && into > from) {
            into = c->head[into];
        } else {
            left = from;
            from = c->head[from];
        }
    }
    return left;
}

/* Order again, with the exits of each loop before its body.  An edge that leaves several loops is an exit
 * of the outermost of them. */
static void order_by_loops(Cfg *c) {
    Fn *f = c->f;
    VEC(Exit) exit = {0};
    uint32_t *exits = ARENA_ARRAY(f->arena, uint32_t, f->blk.n);
    for (BlkId b = 0; b < f->blk.n; b++) exits[b] = NONE;
    for (uint32_t i = 0; i < c->n; i++) {
        const Blk *b = blk_at(c, i);
        for (uint32_t k = 0; k < b->succ.n; k++) {
            uint32_t left = loop_left(c, i, f->blk.at[b->succ.at[k].to].rpo);
            if (left == NONE) continue;
            uint32_t *first = &exits[f->rpo.at[left]];
            Exit e = {b->succ.at[k].to, *first};
            *first = exit.n;
            vec_push(f->arena, &exit, e);
        }
    }
    order_blocks(f, exits, exit.at);
    link_blocks(f);
}

/* -- Public -------------------------------------------------------------------- */

void cfg_build(Fn *f) {
    assert(f->blk.n);
    /* What stays comes first, the rest is given back. */
    reserve_preds(f);
    vec_reserve(f->arena, &f->rpo, f->blk.n);
    ArenaMark mark = arena_mark(f->arena);
    for (BlkId b = 0; b < f->blk.n; b++) {
        Blk *k = &f->blk.at[b];
        k->idom = NO_BLK;
        k->loop_depth = 0;
        k->loop_head = false;
        k->dom_first = k->dom_last = 0;
    }
    order_blocks(f, NULL, NULL);
    link_blocks(f);
    Cfg c = {.f = f, .n = f->rpo.n};
    c.idom = ARENA_ARRAY(f->arena, uint32_t, c.n);
    c.depth = ARENA_ARRAY(f->arena, uint32_t, c.n);
    c.jump = ARENA_ARRAY(f->arena, uint32_t, c.n);
    c.head = ARENA_ARRAY(f->arena, uint32_t, c.n);
    c.outer = ARENA_ARRAY(f->arena, uint32_t, c.n);
    if (!dominators_forward(&c)) dominators_iterate(&c);
    number_tree(&c);
    if (find_loops(&c)) {
        set_depths(&c);
        if (!loops_adjacent(&c)) order_by_loops(&c);
    }
    arena_rewind(f->arena, mark);
}

bool cfg_dominates(const Fn *f, BlkId a, BlkId b) {
    const Blk *x = &f->blk.at[a], *y = &f->blk.at[b];
    if (a == b) return true;
    if (x->rpo == UINT32_MAX || y->rpo == UINT32_MAX) return false;
    return x->dom_first <= y->dom_first && y->dom_first <= x->dom_last;
}

/* Each edge gets a block of its own, also where a br_table has the same target many times: the allocator puts
 * moves on an edge, and may find more than one edge from a block to another hard to tell apart. */
void cfg_split_critical(Fn *f) {
    bool any = false;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        uint32_t n = f->blk.at[b].succ.n;
        if (n < 2) continue;
        uint32_t loc = f->loc.at[f->blk.at[b].list.at[f->blk.at[b].list.n - 1]];
        for (uint32_t k = 0; k < n; k++) {
            Edge e = f->blk.at[b].succ.at[k];
            if (f->blk.at[e.to].pred.n < 2) continue;
            BlkId s = fn_block(f);
            fn_ins(f, s, loc, (Ins){.op = IR_jump});
            vec_push(f->arena, &f->blk.at[s].succ, e);
            f->blk.at[b].succ.at[k] = (Edge){.to = s};
            any = true;
        }
    }
    if (any) cfg_build(f);
}
