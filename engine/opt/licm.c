/* Loop-invariant code motion.
 *
 * Purpose: compute what does not change in a loop once, in front of it.
 *
 * Algorithm: Aho, Sethi, Ullman, "Compilers" (1986), 10.7, on SSA: one walk in reverse postorder; an instruction
 * goes to the preheader of the outermost loop around it whose head all its operands' places dominate.  Preheaders
 * are made only where something moves; a block whose one successor is the head, and which is its one way in, serves
 * as it is.
 *
 * What moves: pure operations but the pinned divisions, whose checks would stay behind; not comparisons, which are
 * cheapest next to the branch or check that uses them; constants only as operands, as copies.
 *
 * MEM_CONST loads move when their address is good in front of the loop too: the function's context argument and the
 * execution state always are; another address may be guarded by a check in the loop, so such a load moves only from
 * the head of its loop and from in front of any check or branch there.
 *
 * Requires: pass.h.
 *
 * Guarantees: what has effects stays in place.
 *
 * Cost: linear; MAX_LEVELS loops around are looked at. */
#include <string.h>
#include "opt/pass.h"

enum { MAX_LEVELS = 8 };
#define NONE UINT32_MAX

typedef struct Loop {
    BlkId head;
    uint32_t outer; /* index of the loop around, or NONE */
    VEC(Val) moved; /* to its preheader, in order */
} Loop;

typedef struct Place { /* of a value */
    BlkId blk;
    bool before; /* in the preheader of the loop that blk is the head of */
} Place;

typedef struct Licm {
    Fn *f;
    VEC(Loop) loop;
    uint32_t *loop_of; /* by BlkId: the innermost loop, or NONE */
    Place *place;      /* by Val */
    uint32_t n;        /* number of places; younger values are copies in preheaders */
    bool any;
} Licm;

/* -- Loops ---------------------------------------------------------------- */

/* The blocks of a loop are adjacent in the order, its head first: a stack of heads tells the innermost one.  Heads that
 * do not dominate are left out, so a wrong guess costs an opportunity, no more. */
static void find_loops(Licm *l) {
    Fn *f = l->f;
    uint32_t top = NONE;
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        BlkId b = f->rpo.at[i];
        const Blk *blk = &f->blk.at[b];
        uint32_t depth = blk->loop_head ? blk->loop_depth - 1u : blk->loop_depth;
        while (top != NONE &&
               (f->blk.at[l->loop.at[top].head].loop_depth > depth || !cfg_dominates(f, l->loop.at[top].head, b)))
            top = l->loop.at[top].outer;
        if (blk->loop_head) {
            Loop loop = {.head = b, .outer = top};
            top = l->loop.n;
            vec_push(f->scratch, &l->loop, loop);
        }
        l->loop_of[b] = top;
    }
}

/* -- What moves, and where to --------------------------------------------- */

static bool place_dominates(const Licm *l, Val v, BlkId head) {
    Place p = l->place[v];
    return p.before ? cfg_dominates(l->f, p.blk, head) : p.blk != head && cfg_dominates(l->f, p.blk, head);
}

static bool is_free_copy(const Ins *i) { return ins_is_const(i) || i->op == IR_es; }

static bool invariant(const Licm *l, const Ins *i, BlkId head) {
    FOR_OPERANDS(l->f, i, v, {
        if (!is_free_copy(&l->f->ins.at[v]) && !place_dominates(l, v, head)) return false;
    });
    return true;
}

static bool address_always_good(const Licm *l, Val v) {
    const Blk *entry = &l->f->blk.at[0];
    return l->f->ins.at[v].op == IR_es || (entry->param.n && entry->param.at[0] == v);
}

static bool moves_at_all(const Ins *i) {
    if (!ins_is_free(i) || ins_is_pinned(i) || is_free_copy(i)) return false;
    return i->op != IR_icmp && i->op != IR_eqz && i->op != IR_fcmp;
}

/* The loop to whose preheader v goes, or NONE.  `checked`: a check or branch of its block comes before it. */
static uint32_t destination(const Licm *l, const Ins *i, BlkId b, bool checked) {
    uint32_t to = NONE, level = 0, max = MAX_LEVELS;
    if (!moves_at_all(i)) return NONE;
    if (i->op == IR_load && !address_always_good(l, i->a)) {
        if (checked || l->loop.at[l->loop_of[b]].head != b) return NONE;
        max = 1;
    }
    for (uint32_t at = l->loop_of[b]; at != NONE && level < max; at = l->loop.at[at].outer, level++) {
        if (!invariant(l, i, l->loop.at[at].head)) break;
        to = at;
    }
    return to;
}

/* An operand that is a constant inside the loop is made anew in front of it. */
static Val operand_before(Licm *l, uint32_t loop, Val v) {
    Fn *f = l->f;
    if (v >= l->n || !is_free_copy(&f->ins.at[v]) || place_dominates(l, v, l->loop.at[loop].head)) return v;
    Val copy = f->ins.n;
    Ins i = f->ins.at[v];
    vec_push(f->arena, &f->ins, i);
    vec_push(f->arena, &f->loc, f->loc.at[v]);
    vec_push(f->scratch, &l->loop.at[loop].moved, copy);
    return copy;
}

static void move(Licm *l, Val v, uint32_t loop) {
    Fn *f = l->f;
    uint32_t n = ir_info[f->ins.at[v].op].nargs;
    Val a = f->ins.at[v].a, b = f->ins.at[v].b, c = f->ins.at[v].c;
    if (n >= 1) a = operand_before(l, loop, a);
    if (n >= 2) b = operand_before(l, loop, b);
    if (n >= 3) c = operand_before(l, loop, c);
    f->ins.at[v].a = a, f->ins.at[v].b = b, f->ins.at[v].c = c;
    vec_push(f->scratch, &l->loop.at[loop].moved, v);
    l->place[v] = (Place){l->loop.at[loop].head, true};
    l->any = true;
    f->changed |= CHANGED_PLACES;
}

static void visit_block(Licm *l, BlkId b) {
    Fn *f = l->f;
    Blk *blk = &f->blk.at[b];
    uint32_t n = 0;
    bool checked = false;
    for (uint32_t k = 0; k < blk->param.n; k++) l->place[blk->param.at[k]] = (Place){b, false};
    for (uint32_t k = 0; k < blk->list.n; k++) {
        Val v = blk->list.at[k];
        const Ins *i = &f->ins.at[v];
        uint32_t to = l->loop_of[b] == NONE ? NONE : destination(l, i, b, checked);
        checked |= ir_has(i->op, IRF_K) || i->op == IR_trapz || i->op == IR_trapnz ||
                   (i->op == IR_load && (i->flags & MEM_TRAPS)) || (i->op == IR_store && (i->flags & MEM_TRAPS));
        if (to != NONE && opt_rewrite(f, i->op == IR_load ? RULE_licm_load : RULE_licm_value, v)) {
            move(l, v, to);
            continue;
        }
        l->place[v] = (Place){b, false};
        blk->list.at[n++] = v;
    }
    blk->list.n = n;
}

/* -- Preheaders ----------------------------------------------------------- */

static void insert_before_end(Fn *f, BlkId b, const Loop *loop) {
    Blk *blk = &f->blk.at[b];
    Val end = blk_last(blk);
    vec_reserve(f->arena, &blk->list, blk->list.n + loop->moved.n);
    memcpy(blk->list.at + blk->list.n - 1, loop->moved.at, loop->moved.n * sizeof(Val));
    blk->list.n += loop->moved.n;
    blk->list.at[blk->list.n - 1] = end;
}

/* A new block that all edges from outside go through. */
static BlkId new_preheader(Fn *f, BlkId head, const InEdge *outside, uint32_t n) {
    BlkId b = fn_block(f);
    uint32_t nparam = f->blk.at[head].param.n, at = f->pool.n;
    Edge to_head = {.to = head, .args = in_edge(f, outside[0])->args, .nargs = nparam};
    if (n > 1) { /* pass the arguments on */
        to_head.args = at;
        for (uint32_t k = 0; k < nparam; k++) {
            Val p = fn_param(f, b, (IrType)f->ins.at[f->blk.at[head].param.at[k]].type);
            vec_push(f->arena, &f->pool, p);
        }
    }
    for (uint32_t k = 0; k < n; k++) {
        Edge *e = in_edge(f, outside[k]);
        e->to = b;
        if (n == 1) e->nargs = 0;
    }
    fn_ins(f, b, f->loc.at[blk_last(&f->blk.at[head])], (Ins){.op = IR_jump});
    vec_push(f->arena, &f->blk.at[b].succ, to_head);
    return b;
}

static bool place_moved(Fn *f, const Loop *loop, const InEdges *in) {
    VEC(InEdge) outside = {0};
    for (uint32_t e = in->start[loop->head]; e < in->start[loop->head + 1]; e++)
        if (!cfg_dominates(f, loop->head, in->edge[e].from)) vec_push(f->scratch, &outside, in->edge[e]);
    BlkId from = outside.at[0].from;
    bool fresh = outside.n > 1 || f->blk.at[from].succ.n > 1;
    insert_before_end(f, fresh ? new_preheader(f, loop->head, outside.at, outside.n) : from, loop);
    return fresh;
}

static bool has_loops(const Fn *f) {
    for (BlkId b = 0; b < f->blk.n; b++)
        if (f->blk.at[b].loop_head) return true;
    return false;
}

void opt_licm(Fn *f) {
    pass_begin(f);
    if (!has_loops(f)) return;
    Licm l = {.f = f, .n = f->ins.n};
    l.loop_of = ARENA_ARRAY(f->scratch, uint32_t, f->blk.n);
    l.place = ARENA_ARRAY(f->scratch, Place, f->ins.n);
    find_loops(&l);
    for (uint32_t i = 0; i < f->rpo.n; i++) visit_block(&l, f->rpo.at[i]);
    if (!l.any) return;
    InEdges in = blk_in_edges(f);
    bool fresh = false;
    for (uint32_t k = 0; k < l.loop.n; k++)
        if (l.loop.at[k].moved.n) fresh |= place_moved(f, &l.loop.at[k], &in);
    if (fresh) {
        f->changed |= CHANGED_BLOCKS;
        blk_clean(f);
    }
}
