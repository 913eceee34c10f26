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
 * Invariants: unreachable blocks have rpo UINT32_MAX, no predecessors, and are nobody's predecessor.  The work is done
 * on edges between positions in the order, in arrays of their own that are given back to the arena: blocks are large,
 * so they are read once and written once. */
#include "ir/cfg.h"
#include <assert.h>
#include <string.h>

#define NONE UINT32_MAX

typedef struct Visit {
    const Edge *succ;
    uint32_t next, n; /* successor to visit next, of how many */
    BlkId blk;
} Visit;

/* Exits of a loop: a list for each head. */
typedef struct Exit {
    BlkId to;
    uint32_t next; /* or NONE */
} Exit;

typedef struct Cfg {
    Fn *f;
    uint32_t n;   /* reachable blocks */
    Visit *stack; /* of the walk */
    uint32_t *at; /* by block: position in the order, or NONE */
    /* by position in the order */
    uint32_t *succ_start, *succ; /* edges from i to positions succ[succ_start[i]] up to succ[succ_start[i + 1]] */
    uint32_t *pred_start, *pred; /* likewise, into i; by the order of where they come from */
    uint32_t *idom, *depth, *jump;
    uint32_t *head;       /* head of the innermost loop around; for a head, of the next loop outside; or NONE */
    uint32_t *outer;      /* union-find: head of the outermost loop found so far */
    uint32_t *loop_depth; /* of blocks in loops */
    uint8_t *is_head;     /* of a loop */
} Cfg;

static uint32_t *words(const Cfg *c, uint32_t n) {
    return arena_alloc(c->f->arena, (size_t)n * sizeof(uint32_t), _Alignof(uint32_t));
}

/* -- Order and predecessors ---------------------------------------------------- */

static void visit(Cfg *c, uint32_t depth, BlkId b) {
    const Blk *blk = &c->f->blk.at[b];
    c->at[b] = 0; /* seen */
    c->stack[depth] = (Visit){blk->succ.at, 0, blk->succ.n, b};
}

/* Depth-first walk with a stack of its own (nesting is the input's).  `exits` (may be NULL): by block, the exits that
 * are to be visited before the block's own successors. */
static void order_blocks(Cfg *c, uint32_t *exits, const Exit *exit) {
    Fn *f = c->f;
    uint32_t n = 1, at = f->blk.n;
    memset(c->at, 0xff, f->blk.n * sizeof *c->at);
    visit(c, 0, 0);
    while (n) {
        Visit *v = &c->stack[n - 1];
        BlkId to;
        if (exits && exits[v->blk] != NONE) {
            to = exit[exits[v->blk]].to;
            exits[v->blk] = exit[exits[v->blk]].next;
        } else if (v->next < v->n) {
            to = v->succ[v->next++].to;
        } else {
            f->rpo.at[--at] = v->blk;
            n--;
            continue;
        }
        if (c->at[to] == NONE) visit(c, n++, to);
    }
    c->n = f->rpo.n = f->blk.n - at;
    if (at) memmove(f->rpo.at, f->rpo.at + at, c->n * sizeof *f->rpo.at);
    for (uint32_t i = 0; i < c->n; i++) c->at[f->rpo.at[i]] = i;
}

/* Edges by position. */
static void link_blocks(Cfg *c) {
    const Fn *f = c->f;
    uint32_t edges = 0, n = c->n, *start = c->pred_start;
    /* start[i + 2] counts, so that start[i + 1] is where the next edge into i goes, and in the end where they end. */
    memset(start, 0, ((size_t)n + 2) * sizeof *start);
    for (uint32_t i = 0; i < n; i++) {
        const Blk *b = &f->blk.at[f->rpo.at[i]];
        c->succ_start[i] = edges;
        for (uint32_t k = 0; k < b->succ.n; k++) {
            uint32_t to = c->at[b->succ.at[k].to];
            c->succ[edges++] = to;
            start[to + 2]++;
        }
    }
    c->succ_start[n] = edges;
    for (uint32_t i = 2; i < n + 2; i++) start[i] += start[i - 1];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t e = c->succ_start[i]; e < c->succ_start[i + 1]; e++) c->pred[start[c->succ[e] + 1]++] = i;
}

/* Remove what is unreachable; the others keep their order. */
static void drop_unreachable(Cfg *c) {
    Fn *f = c->f;
    uint32_t n = 0, *number = (uint32_t *)(void *)c->stack; /* the walk is over */
    for (BlkId b = 0; b < f->blk.n; b++) {
        if (c->at[b] == NONE) continue;
        Blk *blk = &f->blk.at[n];
        number[b] = n;
        c->at[n] = c->at[b];
        if (n != b) {
            *blk = f->blk.at[b];
            for (uint32_t k = 0; k < blk->param.n; k++) f->ins.at[blk->param.at[k]].b = n;
        }
        n++;
    }
    f->blk.n = n;
    for (BlkId b = 0; b < n; b++) {
        Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->succ.n; k++) blk->succ.at[k].to = number[blk->succ.at[k].to];
    }
    for (uint32_t i = 0; i < n; i++) f->rpo.at[i] = number[f->rpo.at[i]];
}

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

/* False when some edge backward does not lead to a dominator: then forward edges alone did not tell all.  *backward:
 * there is one. */
static bool dominators_forward(Cfg *c, bool *backward) {
    bool reducible = true;
    c->idom[0] = c->depth[0] = c->jump[0] = 0;
    for (uint32_t i = 1; i < c->n; i++) {
        uint32_t d = NONE;
        for (uint32_t e = c->pred_start[i]; e < c->pred_start[i + 1]; e++) {
            uint32_t p = c->pred[e];
            if (p < i)
                d = d == NONE ? p : common_dominator(c, d, p);
            else
                *backward = true;
        }
        set_idom(c, i, d);
    }
    if (c->pred_start[1]) *backward = true; /* to the entry */
    for (uint32_t i = 1; *backward && i < c->n; i++)
        for (uint32_t e = c->pred_start[i]; e < c->pred_start[i + 1]; e++)
            if (c->pred[e] >= i && !tree_dominates(c, i, c->pred[e])) reducible = false;
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
            uint32_t d = NONE;
            for (uint32_t e = c->pred_start[i]; e < c->pred_start[i + 1]; e++)
                d = d == NONE ? c->pred[e] : intersect(c, d, c->pred[e]);
            if (d != c->idom[i]) {
                c->idom[i] = d;
                changed = true;
            }
        }
    }
    for (uint32_t i = 1; i < c->n; i++) set_idom(c, i, c->idom[i]);
}

/* Number the dominator tree so that a subtree is an interval, and write it down. */
static void number_tree(Cfg *c) {
    uint32_t *size = ARENA_ARRAY(c->f->arena, uint32_t, c->n), *next = c->depth; /* done with */
    for (uint32_t i = c->n; i-- > 0;) {
        size[i]++;
        if (i) size[c->idom[i]] += size[i];
    }
    for (uint32_t i = 0; i < c->n; i++) {
        Blk *b = &c->f->blk.at[c->f->rpo.at[i]];
        uint32_t d = c->idom[i];
        b->idom = i ? c->f->rpo.at[d] : NO_BLK;
        b->dom_first = i ? next[d] : 0;
        b->dom_last = b->dom_first + size[i] - 1;
        if (i) next[d] += size[i];
        next[i] = b->dom_first + 1;
        b->loop_head = c->is_head && c->is_head[i];
        b->loop_depth = 0;
        if (c->is_head) b->loop_depth = (uint16_t)(c->loop_depth[i] < UINT16_MAX ? c->loop_depth[i] : UINT16_MAX);
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
    uint32_t *list = arena_alloc(c->f->arena, c->n * sizeof *list, _Alignof(uint32_t));
    for (uint32_t i = 0; i < c->n; i++) {
        c->head[i] = NONE;
        c->outer[i] = i;
    }
    for (uint32_t h = c->n; h-- > 0;) {
        uint32_t n = 0;
        for (uint32_t e = c->pred_start[h]; e < c->pred_start[h + 1]; e++) {
            uint32_t p = c->pred[e];
            if (p < h || !tree_dominates(c, h, p)) continue;
            c->is_head[h] = any = true;
            n = absorb(c, h, p, list, n);
        }
        while (n) {
            uint32_t in = list[--n];
            for (uint32_t e = c->pred_start[in]; e < c->pred_start[in + 1]; e++) n = absorb(c, h, c->pred[e], list, n);
        }
    }
    return any;
}

/* The head of the innermost loop that i is in. */
static uint32_t innermost(const Cfg *c, uint32_t i) { return c->is_head[i] ? i : c->head[i]; }

static void set_depths(Cfg *c) {
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t around = c->head[i] == NONE ? 0 : c->loop_depth[c->head[i]];
        c->loop_depth[i] = around + c->is_head[i];
    }
}

/* Are the blocks of each loop adjacent in the order? */
static bool loops_adjacent(const Cfg *c) {
    uint32_t *size = ARENA_ARRAY(c->f->arena, uint32_t, c->n), *last = ARENA_ARRAY(c->f->arena, uint32_t, c->n);
    for (uint32_t i = c->n; i-- > 0;) {
        uint32_t h = c->head[i];
        size[i]++;
        if (last[i] < i) last[i] = i;
        if (c->is_head[i] && last[i] - i + 1 != size[i]) return false;
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
    uint32_t *exits = words(c, f->blk.n);
    memset(exits, 0xff, f->blk.n * sizeof *exits);
    for (uint32_t i = 0; i < c->n; i++) {
        for (uint32_t e = c->succ_start[i]; e < c->succ_start[i + 1]; e++) {
            uint32_t left = loop_left(c, i, c->succ[e]);
            if (left == NONE) continue;
            uint32_t *first = &exits[f->rpo.at[left]];
            Exit x = {f->rpo.at[c->succ[e]], *first};
            *first = exit.n;
            vec_push(f->arena, &exit, x);
        }
    }
    order_blocks(c, exits, exit.at);
    link_blocks(c);
}

/* -- Public -------------------------------------------------------------------- */

/* Numbers by the order, and predecessors. */
static void write_links(const Cfg *c, BlkId *preds) {
    Fn *f = c->f;
    for (uint32_t i = 0; i < c->n; i++) {
        Blk *b = &f->blk.at[f->rpo.at[i]];
        uint32_t first = c->pred_start[i], n = c->pred_start[i + 1] - first;
        b->rpo = i;
        b->pred.at = preds + first;
        b->pred.n = b->pred.cap = n;
        for (uint32_t k = 0; k < n; k++) preds[first + k] = f->rpo.at[c->pred[first + k]];
    }
    if (c->n == f->blk.n) return;
    for (BlkId b = 0; b < f->blk.n; b++) {
        Blk *blk = &f->blk.at[b];
        if (c->at[b] != NONE) continue;
        blk->pred.n = 0;
        blk->idom = NO_BLK;
        blk->rpo = UINT32_MAX;
        blk->loop_depth = 0;
        blk->loop_head = false;
        blk->dom_first = blk->dom_last = 0;
    }
}

/* Loops and dominators; the blocks of each loop become adjacent. */
static void analyze(Cfg *c) {
    bool backward = false, apart = false;
    c->idom = words(c, c->n);
    c->depth = words(c, c->n);
    c->jump = words(c, c->n);
    if (!dominators_forward(c, &backward)) dominators_iterate(c);
    if (backward) {
        c->head = words(c, c->n);
        c->outer = words(c, c->n);
        c->loop_depth = words(c, c->n);
        c->is_head = ARENA_ARRAY(c->f->arena, uint8_t, c->n);
        if (find_loops(c)) {
            set_depths(c);
            apart = !loops_adjacent(c);
        } else {
            c->is_head = NULL;
        }
    }
    number_tree(c);
    if (apart) order_by_loops(c);
}

static void build(Fn *f, bool drop) {
    assert(f->blk.n);
    /* What stays comes first, the rest is given back. */
    uint32_t edges = 0;
    for (BlkId b = 0; b < f->blk.n; b++) edges += f->blk.at[b].succ.n;
    f->preds.n = 0;
    vec_reserve(f->arena, &f->preds, edges + !edges);
    vec_reserve(f->arena, &f->rpo, f->blk.n);
    ArenaMark mark = arena_mark(f->arena);
    Cfg c = {.f = f};
    c.stack = arena_alloc(f->arena, f->blk.n * sizeof *c.stack, _Alignof(Visit));
    c.at = words(&c, f->blk.n);
    order_blocks(&c, NULL, NULL);
    if (drop && c.n < f->blk.n) drop_unreachable(&c);
    c.succ_start = words(&c, c.n + 1);
    c.succ = words(&c, edges);
    c.pred_start = words(&c, c.n + 2);
    c.pred = words(&c, edges);
    link_blocks(&c);
    analyze(&c);
    write_links(&c, f->preds.at);
    arena_rewind(f->arena, mark);
}

void cfg_build(Fn *f) { build(f, false); }

void cfg_clean(Fn *f) { build(f, true); }

bool cfg_dominates(const Fn *f, BlkId a, BlkId b) {
    const Blk *x = &f->blk.at[a], *y = &f->blk.at[b];
    if (a == b) return true;
    if (x->rpo == UINT32_MAX || y->rpo == UINT32_MAX) return false;
    return x->dom_first <= y->dom_first && y->dom_first <= x->dom_last;
}

/* Each edge gets a block of its own, also where a br_table has the same target many times: the allocator puts
 * moves on an edge, and may find more than one edge from a block to another hard to tell apart.  `nedges`: into each of
 * the first blocks. */
static bool split_edges(Fn *f, BlkId b, const uint32_t *nedges) {
    bool any = false;
    uint32_t n = f->blk.at[b].succ.n;
    if (n < 2) return false;
    uint32_t loc = f->loc.at[f->blk.at[b].list.at[f->blk.at[b].list.n - 1]];
    for (uint32_t k = 0; k < n; k++) {
        Edge e = f->blk.at[b].succ.at[k];
        if (nedges[e.to] < 2) continue;
        BlkId s = fn_block(f);
        fn_ins(f, s, loc, (Ins){.op = IR_jump});
        vec_start(f->arena, &f->blk.at[s].succ, 1);
        vec_push(f->arena, &f->blk.at[s].succ, e);
        f->blk.at[b].succ.at[k] = (Edge){.to = s};
        any = true;
    }
    return any;
}

void cfg_split_critical(Fn *f) {
    bool any = false;
    uint32_t *nedges = arena_alloc(f->scratch, f->blk.n * sizeof *nedges, _Alignof(uint32_t));
    for (BlkId b = 0; b < f->blk.n; b++) nedges[b] = f->blk.at[b].pred.n;
    for (uint32_t i = 0; i < f->rpo.n; i++) any |= split_edges(f, f->rpo.at[i], nedges);
    if (any) cfg_build(f);
}

void cfg_build_split(Fn *f) {
    uint32_t n = f->blk.n, *nedges = ARENA_ARRAY(f->scratch, uint32_t, n);
    for (BlkId b = 0; b < n; b++)
        for (uint32_t k = 0; k < f->blk.at[b].succ.n; k++) nedges[f->blk.at[b].succ.at[k].to]++;
    for (BlkId b = 0; b < n; b++) split_edges(f, b, nedges);
    cfg_build(f);
}
