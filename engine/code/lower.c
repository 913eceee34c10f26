/* The driver of lowering; see lower.h for the scheme.
 *
 * Before the walk another one, backward too, finds the values that instructions with effects need, directly or through
 * others, so that `uses` counts no dead users and block parameters nobody needs vanish together with their edge
 * arguments. What only a later iteration of a loop needs is found when that part of the loop has been passed: it goes
 * to a list.
 *
 * The walk is backward, so an instruction's demand is complete when it is reached: a use comes after its definition in
 * reverse postorder, or it is an edge's, and those are demanded by marking.
 *
 * Constants (and the address of the execution state) are not lowered in place but once or more in each block that
 * demands them, in front of the first of a cluster of users: an instruction is cheaper than a register over a whole
 * block.
 *
 * Code is written from the end of its buffer down. */
#include "code/lower.h"
#include <assert.h>
#include <string.h>

enum {
    HOLD_AGE = 24, /* instructions a constant may wait for another user above */
    HOLD_MAX = 6   /* constants that may wait at a time */
};

typedef struct Held {
    Val val;
    uint32_t since; /* Driver.n when it was demanded last */
} Held;

typedef struct Driver {
    Lower l;     /* first: targets see only this */
    MInsn *code; /* its last n instructions are what there is */
    uint32_t n, cap;
    VEC(MInsn) late; /* the first of these n, which are yet to be copied there */
    VEC(Held) held;
    uint32_t oldest;   /* none of them has been demanded last before that */
    VEC(Val) work;     /* live, with operands not yet marked, in blocks that have been passed */
    Fn *plain;         /* a copy of the function with jumps in the place of jump tables with one entry; or NULL */
    uint32_t *in_edge; /* by BlkId whose predecessor has more than two successors: which of them it is */
    MEdge *edges;      /* what is left of the blocks' arrays */
    uint32_t *preds;
    Reg *params;
} Driver;

/* -- For targets ----------------------------------------------------------- */

/* The context, when it has a register of its own: as good as a constant. */
static bool is_pinned(const Lower *l, Val v) { return v == l->context; }

static bool is_constant(uint8_t op) { return op == IR_iconst || op == IR_fconst || op == IR_vconst || op == IR_es; }

void lower_hold(Lower *l, Val v) {
    Driver *d = (Driver *)l;
    for (uint32_t i = 0; i < d->held.n; i++)
        if (d->held.at[i].val == v) {
            d->held.at[i].since = d->n;
            return;
        }
    if (!d->held.n) d->oldest = d->n;
    vec_push(d->l.arena, &d->held, ((Held){v, d->n}));
}

bool lower_can_sink(const Lower *l, Val load, Val user) {
    const Ins *i = lower_ins(l, load);
    Val at = l->f->blk.at[l->blk]
                 .list.at[l->pos]; /* where the code goes, whatever instruction between names itself as the user */
    assert(l->val[user].home == l->blk);
    (void)user; /* without assertions */
    if (i->op != IR_load || l->val[load].home != l->blk) return false;
    for (Val v = load; v != at; v = l->val[v].sole_user)
        if (v == 0 || l->val[v].uses != 1 || l->val[v].home != l->blk) return false;
    bool traps = (i->flags & MEM_TRAPS) != 0;
    if ((traps || !(i->flags & MEM_CONST)) && l->val[at].writes != l->val[load].writes) return false;
    if (traps && l->val[at].traps + 1 != l->val[load].traps) return false; /* the load itself counts */
    l->val[load].sunk = true;
    return true;
}

uint32_t lower_block(const Lower *l, BlkId b) { return l->block_of[b]; }
uint32_t lower_succ(const Lower *l, uint32_t k) { return l->block_of[l->f->blk.at[l->blk].succ.at[k].to]; }

void lower_charges(Lower *l, const ChargePart *part, uint32_t n) {
    MInsn *i = lower_last(l);
    vec_push(l->m->arena, &l->m->charges, ((ChargeList){part, n}));
    i->charges = l->m->charges.n;
}

/* -- What is needed ------------------------------------------------------------------ */

/* Lowered whether or not its result is needed. */
static bool has_effect(const Ins *i) {
    uint8_t flags = ir_info[i->op].flags;
    if (flags & IRF_P) return false;
    return (flags & (IRF_W | IRF_T | IRF_X | IRF_K)) || (i->flags & MEM_TRAPS);
}

static inline void mark(Driver *d, Val v) {
    LowerVal *x = &d->l.val[v];
    if (x->live) return;
    x->live = true;
    if (x->home != NO_BLK) vec_push(d->l.arena, &d->work, v); /* passed already */
}

/* One more use of v, by `user`, or 0: an edge. */
static inline void count_use(Driver *d, Val v, Val user) {
    d->l.val[v].uses++;
    d->l.val[v].sole_user = user;
    mark(d, v);
}

/* The arguments for parameter number k of block b. */
static void count_args(Driver *d, BlkId b, uint32_t k) {
    const Fn *f = d->l.f;
    const Blk *blk = &f->blk.at[b];
    for (uint32_t p = 0; p < blk->pred.n; p++) {
        const Blk *pred = &f->blk.at[blk->pred.at[p]];
        const Edge *e = pred->succ.at; /* of several, b is one of them once, since it has no other predecessor */
        if (pred->succ.n > 2)
            e += d->in_edge[b];
        else if (e->to != b)
            e++;
        assert(e->to == b);
        count_use(d, f->pool.at[e->args + k], 0);
    }
}

static inline void count_operands(Driver *d, Val user, const Ins *i) {
    FOR_OPERANDS(d->l.f, i, v, count_use(d, v, user););
}

/* Fuel is in a register, depth in memory. */
static bool writes_depth(const Fn *f, const Ins *i) {
    if (i->op == IR_charge) return i->aux != 0;
    for (uint32_t k = 0; i->op == IR_charges && k < i->b; k++)
        if (ins_charges(f, i)[k].counter) return true;
    return false;
}

/* A jump table with one entry is a jump, and its index is not used (a block's only branch to a block
 * with several predecessors has no operands, see mach.h). */
static void make_plain(Driver *d, Val last) {
    if (!d->plain) {
        const Fn *f = d->l.f;
        d->plain = ARENA_NEW(d->l.arena, Fn);
        *d->plain = *f;
        d->plain->ins.at = arena_alloc(d->l.arena, f->ins.n * sizeof(Ins), _Alignof(Ins));
        memcpy(d->plain->ins.at, f->ins.at, f->ins.n * sizeof(Ins));
        d->l.f = d->plain;
    }
    d->plain->ins.at[last] = (Ins){.op = IR_jump};
}

/* Place, home and effect numbers of each value, which are needed, and how often. */
static void look_at_block(Driver *d, BlkId id) {
    const Blk *b = &d->l.f->blk.at[id];
    uint32_t writes = 0, traps = 0;
    Val last = b->list.at[b->list.n - 1];
    if (b->succ.n == 1 && d->l.f->ins.at[last].op == IR_brtable) make_plain(d, last);
    const Ins *ins = d->l.f->ins.at;
    for (uint32_t k = b->list.n; k-- > 0;) {
        Val v = b->list.at[k];
        const Ins *i = &ins[v];
        LowerVal *x = &d->l.val[v];
        uint8_t flags = ir_info[i->op].flags;
        bool may_trap = (i->flags & MEM_TRAPS) != 0;
        if (!(flags & IRF_P)) { /* the others have no effect, and pass by none */
            writes += (flags & (IRF_W | IRF_K)) != 0 || writes_depth(d->l.f, i);
            traps += (flags & (IRF_T | IRF_K)) || may_trap;
        }
        x->home = id;
        x->place = k;
        x->writes = writes;
        x->traps = traps;
        if (has_effect(i)) x->live = true;
        if (x->live) count_operands(d, v, i);
    }
    for (uint32_t k = 0; k < b->param.n; k++) {
        LowerVal *x = &d->l.val[b->param.at[k]];
        x->home = id;
        if (x->live) count_args(d, id, k);
    }
}

static void look_around(Driver *d) {
    const Fn *f = d->l.f;
    for (uint32_t r = f->rpo.n; r-- > 0;) {
        look_at_block(d, f->rpo.at[r]);
        while (d->work.n) {
            Val v = d->work.at[--d->work.n];
            const Ins *i = lower_ins(&d->l, v);
            if (i->op == IR_param)
                count_args(d, i->b, i->a);
            else
                count_operands(d, v, i);
        }
    }
}

/* -- The walk ------------------------------------------------------------------------ */

static void grow_code(Driver *d, uint32_t need) {
    uint64_t cap = (uint64_t)d->cap * 2 + need;
    if (cap > UINT32_MAX) bail(d->l.arena->bail, BAIL_TOO_LARGE, "more than 2^32 instructions");
    MInsn *code = arena_alloc(d->l.arena, cap * sizeof(MInsn), 16);
    memcpy(code + (cap - d->n), d->code + (d->cap - d->n), d->n * sizeof(MInsn));
    d->code = code;
    d->cap = (uint32_t)cap;
}

/* To their place.  Late, since they are written field by field: who reads them as a whole right behind that waits. */
static inline void settle(Driver *d) {
    MInsn *to = d->code + (d->cap - d->n);
    const MInsn *from = d->late.at;
    for (uint32_t k = 0, n = d->late.n; k < n; k++) to[k] = from[k];
    d->late.n = 0;
}

/* The pending instructions in front of what there is. */
static inline void commit(Driver *d) {
    Lower *l = &d->l;
    uint32_t n = l->pending.n, cap = l->pending.cap;
    MInsn *at = l->pending.at;
    settle(d);
    if (d->cap - d->n < n) grow_code(d, n);
    d->n += n;
    l->pending.at = d->late.at;
    l->pending.cap = d->late.cap;
    l->pending.n = 0;
    d->late.at = at;
    d->late.cap = cap;
    d->late.n = n;
}

static void materialize(Driver *d, Val v) {
    if (is_pinned(&d->l, v)) {
        lower_emit(&d->l, M_MOVE);
        LOWER_DEF(&d->l, d->l.val[v].vreg);
        LOWER_USE(&d->l, d->l.t->context);
    } else {
        d->l.t->lower(&d->l, v);
    }
    commit(d);
    d->l.val[v].vreg = REG_NONE; /* users above get their own */
}

/* Materialize the constants that have waited long enough; all of them with `all`. */
static void release(Driver *d, bool all) {
    uint32_t keep = 0, n = d->held.n;
    d->oldest = d->n;
    for (uint32_t k = 0; k < n; k++) {
        Held h = d->held.at[k];
        if (all || d->n - h.since > HOLD_AGE || n - k + keep > HOLD_MAX) {
            materialize(d, h.val);
        } else {
            d->held.at[keep++] = h;
            if (h.since < d->oldest) d->oldest = h.since;
        }
    }
    assert(d->held.n == n); /* a constant does not demand others */
    d->held.n = keep;
}

/* May there be a constant that has waited long enough? */
static inline bool is_time(const Driver *d) {
    return d->held.n && (d->held.n > HOLD_MAX || d->n - d->oldest > HOLD_AGE);
}

static void lower_one(Driver *d, Val v) {
    Lower *l = &d->l;
    const Ins *i = lower_ins(l, v);
    bool demanded = l->val[v].vreg != REG_NONE;
    l->loc = l->f->loc.at[v];
    if (is_constant(i->op) || i->op == IR_proj) return;
    switch (i->op) {
    case IR_call:
    case IR_tailcall:
        release(d, true); /* a constant is not kept in a register across a call */
        abi_lower_call(l, v);
        break;
    case IR_ret: abi_lower_ret(l, v); break;
    case IR_load:
        if (!demanded && (l->val[v].sunk || !(i->flags & MEM_TRAPS))) return;
        l->t->lower(l, v);
        break;
    default:
        if (!demanded && !has_effect(i)) return;
        l->t->lower(l, v);
    }
    commit(d);
    if (is_time(d)) release(d, false);
}

static void lower_edges(Driver *d, MBlock *mb) {
    Lower *l = &d->l;
    const Blk *b = &l->f->blk.at[l->blk];
    mb->succ.at = d->edges;
    mb->succ.cap = b->succ.n;
    d->edges += b->succ.n;
    for (uint32_t s = 0; s < b->succ.n; s++) {
        const Edge *e = &b->succ.at[s];
        const Blk *to = &l->f->blk.at[e->to];
        MEdge edge = {.to = l->block_of[e->to], .args = l->m->pool.n};
        for (uint32_t k = 0; k < e->nargs; k++)
            if (l->val[to->param.at[k]].live)
                vec_push(l->m->arena, &l->m->pool, lower_use(l, l->f->pool.at[e->args + k]));
        edge.nargs = l->m->pool.n - edge.args;
        mb->succ.at[mb->succ.n++] = edge;
    }
}

static void lower_block_code(Driver *d, BlkId id) {
    Lower *l = &d->l;
    const Blk *b = &l->f->blk.at[id];
    MBlock *mb = &l->m->block.at[l->block_of[id]];
    l->blk = id;
    mb->loop_depth = b->loop_depth;
    mb->loop_head = b->loop_head;
    mb->first = d->n; /* counted from the end of the buffer: what is there is not whole yet */
    for (uint32_t k = b->list.n; k-- > 0;) {
        l->pos = k;
        lower_one(d, b->list.at[k]);
        if (k == b->list.n - 1) lower_edges(d, mb);
    }
    release(d, true);
    if (id == 0) {
        abi_lower_params(l);
        commit(d);
    } else {
        mb->param.at = d->params;
        for (uint32_t k = 0; k < b->param.n; k++)
            if (l->val[b->param.at[k]].live) mb->param.at[mb->param.n++] = lower_def(l, b->param.at[k]);
        mb->param.cap = mb->param.n;
        d->params += mb->param.n;
    }
    mb->end = d->n;
    assert(mb->end > mb->first);
}

/* Instructions by their number, and the predecessors. */
static void finish(Driver *d) {
    MFn *m = d->l.m;
    const Fn *f = d->l.f;
    uint32_t n = d->n;
    settle(d);
    m->insn.at = d->code + (d->cap - n);
    m->insn.n = m->insn.cap = n;
    for (uint32_t b = 0; b < m->block.n; b++) {
        MBlock *mb = &m->block.at[b];
        const Blk *from = &f->blk.at[f->rpo.at[b]];
        uint32_t first = mb->first;
        mb->first = n - mb->end;
        mb->end = n - first;
        mb->pred.at = d->preds;
        mb->pred.n = mb->pred.cap = from->pred.n;
        d->preds += from->pred.n;
        for (uint32_t p = 0; p < from->pred.n; p++) mb->pred.at[p] = d->l.block_of[from->pred.at[p]];
    }
}

/* Room for the blocks' edges, predecessors and parameters. */
static void make_blocks(Driver *d) {
    const Fn *f = d->l.f;
    Arena *a = d->l.arena;
    uint32_t edges = 0, params = 0;
    d->l.block_of = arena_alloc(a, f->blk.n * sizeof(uint32_t), _Alignof(uint32_t));
    d->in_edge = arena_alloc(a, f->blk.n * sizeof(uint32_t), _Alignof(uint32_t));
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        d->l.block_of[f->rpo.at[r]] = r;
        for (uint32_t k = 0; k < b->succ.n && b->succ.n > 2; k++) d->in_edge[b->succ.at[k].to] = k;
        edges += b->succ.n;
        params += b->param.n;
    }
    d->edges = arena_alloc(a, edges * sizeof(MEdge), _Alignof(MEdge));
    d->preds = arena_alloc(a, edges * sizeof(uint32_t), _Alignof(uint32_t));
    d->params = arena_alloc(a, params * sizeof(Reg), _Alignof(Reg));
    vec_extend(a, &d->l.m->block, f->rpo.n);
}

static void init(Driver *d, Arena *a, const Fn *f, const Target *t, const TargetOptions *o) {
    Lower *l = &d->l;
    uint32_t n = f->ins.n;
    l->arena = a;
    l->f = f;
    l->t = t;
    l->o = o;
    l->rule_hits = o->rule_hits;
    if (t->context != NO_PIN && f->blk.at[0].param.n) l->context = f->blk.at[0].param.at[0];
    l->m = ARENA_NEW(a, MFn);
    *l->m = (MFn){.arena = a, .name = f->name, .index = f->index, .frame_cost = f->frame_cost};
    l->val = arena_alloc(a, n * sizeof(LowerVal), 32);
    for (uint32_t v = 0; v < n; v++) l->val[v] = (LowerVal){.vreg = REG_NONE, .home = NO_BLK};
    make_blocks(d);
    vec_reserve(a, &l->m->opnd, n + 16); /* also: never NULL */
    vec_reserve(a, &l->m->pool, 16);
    vec_reserve(a, &l->m->vreg_type, n);
    d->cap = n + 16;
    d->code = arena_alloc(a, d->cap * sizeof(MInsn), 16);
}

MFn *lower_fn(Arena *a, const Fn *f, const Target *t, const TargetOptions *o) {
    Driver d = {0};
    init(&d, a, f, t, o);
    look_around(&d);
    for (uint32_t r = f->rpo.n; r-- > 0;) lower_block_code(&d, f->rpo.at[r]);
    finish(&d);
    return d.l.m;
}
