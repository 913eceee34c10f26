/* The driver of lowering; see lower.h for the scheme.
 *
 * Before the walk a marking pass finds the values that instructions with effects need, directly or through others, so
 * that `uses` counts no dead users and block parameters nobody needs vanish together with their edge arguments.
 *
 * The walk is backward, so an instruction's demand is complete when it is reached: a use comes after its definition in
 * reverse postorder, or it is an edge's, and those are demanded by marking.
 *
 * Constants (and the address of the execution state) are not lowered in place but once or more in each block that
 * demands them, in front of the first of a cluster of users: an instruction is cheaper than a register over a whole
 * block.
 *
 * A block's code is collected back to front in `rev`, which finally is turned around. */
#include "code/lower.h"
#include <assert.h>
#include <string.h>

enum {
    HOLD_AGE = 24, /* instructions a constant may wait for another user above */
    HOLD_MAX = 6   /* constants that may wait at a time */
};

typedef struct Held {
    Val val;
    uint32_t since; /* rev.n when it was demanded last */
} Held;

typedef struct Driver {
    Lower l; /* first: targets see only this */
    VEC(MInsn) rev;
    VEC(Held) held;
    VEC(Val) work;
    bool *live; /* by Val: needed by an effect */
} Driver;

/* -- For targets ----------------------------------------------------------- */

/* The context, when it has a register of its own: as good as a constant. */
static bool is_pinned(const Lower *l, Val v) { return v == l->context; }

static bool is_constant(uint8_t op) { return op == IR_iconst || op == IR_fconst || op == IR_vconst || op == IR_es; }

static Reg new_vreg(Lower *l, IrType t) {
    assert(t != T_NONE);
    vec_push(l->m->arena, &l->m->vreg_type, (uint8_t)t);
    return REG_VIRTUAL + l->m->vreg_type.n - 1;
}

static void hold(Driver *d, Val v) {
    for (uint32_t i = 0; i < d->held.n; i++)
        if (d->held.at[i].val == v) {
            d->held.at[i].since = d->rev.n;
            return;
        }
    vec_push(d->l.arena, &d->held, ((Held){v, d->rev.n}));
}

Reg lower_use(Lower *l, Val v) {
    if (is_constant(lower_ins(l, v)->op) || is_pinned(l, v)) hold((Driver *)l, v);
    return lower_def(l, v);
}

Reg lower_def(Lower *l, Val v) {
    if (l->vreg[v] == REG_NONE) l->vreg[v] = new_vreg(l, (IrType)lower_ins(l, v)->type);
    return l->vreg[v];
}

Reg lower_temp(Lower *l, IrType t) { return new_vreg(l, t); }

bool lower_is_const(const Lower *l, Val v, uint64_t *imm) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_iconst) return false;
    *imm = ins_imm(i);
    if (i->type == T_I32) *imm = (uint32_t)*imm;
    return true;
}

bool lower_can_sink(const Lower *l, Val load, Val user) {
    const Ins *i = lower_ins(l, load);
    Val at = l->f->blk.at[l->blk]
                 .list.at[l->pos]; /* where the code goes, whatever instruction between names itself as the user */
    assert(l->home[user] == l->blk);
    (void)user; /* without assertions */
    if (i->op != IR_load || l->home[load] != l->blk) return false;
    for (Val v = load; v != at; v = l->sole_user[v])
        if (v == 0 || l->uses[v] != 1 || l->home[v] != l->blk) return false;
    bool traps = (i->flags & MEM_TRAPS) != 0;
    if ((traps || !(i->flags & MEM_CONST)) && l->writes[at] != l->writes[load]) return false;
    if (traps && l->traps[at] != l->traps[load] + 1) return false; /* the load itself counts */
    l->sunk[load] = true;
    return true;
}

uint32_t lower_block(const Lower *l, BlkId b) { return l->block_of[b]; }
uint32_t lower_succ(const Lower *l, uint32_t k) { return l->block_of[l->f->blk.at[l->blk].succ.at[k].to]; }

MInsn *lower_emit(Lower *l, uint32_t op) {
    MInsn i = {.op = (uint16_t)op, .opnd = l->m->opnd.n, .loc = l->loc};
    vec_push(l->arena, &l->pending, i);
    return &l->pending.at[l->pending.n - 1];
}

void lower_opnd(Lower *l, Reg r, OpndKind k, OpndConstraint c, uint32_t fixed) {
    MInsn *i = &l->pending.at[l->pending.n - 1];
    assert(i->opnd + i->nopnd == l->m->opnd.n && i->nopnd < 255);
    Opnd o = {.reg = r, .kind = (uint8_t)k, .constraint = (uint8_t)c, .fixed = (uint8_t)fixed};
    vec_push(l->m->arena, &l->m->opnd, o);
    i->nopnd++;
}

void lower_charges(Lower *l, const ChargePart *part, uint32_t n) {
    MInsn *i = &l->pending.at[l->pending.n - 1];
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

static void mark(Driver *d, Val v) {
    if (d->live[v]) return;
    d->live[v] = true;
    vec_push(d->l.arena, &d->work, v);
}

static void mark_edge_args(Driver *d, Val param) {
    const Fn *f = d->l.f;
    BlkId b = d->l.home[param];
    const Blk *blk = &f->blk.at[b];
    for (uint32_t p = 0; p < blk->pred.n; p++) {
        const Blk *pred = &f->blk.at[blk->pred.at[p]];
        const Edge *e = &pred->succ.at[pred->succ.n == 1 ? 0 : d->l.in_edge[b]];
        assert(e->to == b);
        mark(d, f->pool.at[e->args + d->l.place[param]]);
    }
}

static void find_live(Driver *d) {
    const Fn *f = d->l.f;
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        for (uint32_t k = 0; k < b->list.n; k++)
            if (has_effect(&f->ins.at[b->list.at[k]])) mark(d, b->list.at[k]);
    }
    while (d->work.n) {
        Val item = d->work.at[--d->work.n];
        const Ins *i = &f->ins.at[item];
        if (i->op == IR_param)
            mark_edge_args(d, item);
        else
            FOR_OPERANDS(f, i, v, mark(d, v););
    }
}

static void count_uses(Driver *d) {
    const Fn *f = d->l.f;
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        for (uint32_t k = 0; k < b->list.n; k++) {
            Val user = b->list.at[k];
            if (!d->live[user]) continue;
            FOR_OPERANDS(f, &f->ins.at[user], v, {
                d->l.uses[v]++;
                d->l.sole_user[v] = user;
            });
        }
        for (uint32_t s = 0; s < b->succ.n; s++) {
            const Edge *e = &b->succ.at[s];
            const Blk *to = &f->blk.at[e->to];
            for (uint32_t k = 0; k < e->nargs; k++) {
                if (!d->live[to->param.at[k]]) continue;
                d->l.uses[f->pool.at[e->args + k]]++;
                d->l.sole_user[f->pool.at[e->args + k]] = 0;
            }
        }
    }
}

/* Fuel is in a register, depth in memory. */
static bool writes_depth(const Fn *f, const Ins *i) {
    if (i->op == IR_charge) return i->aux != 0;
    for (uint32_t k = 0; i->op == IR_charges && k < i->b; k++)
        if (ins_charges(f, i)[k].counter) return true;
    return false;
}

/* Place, home and effect numbers of each value. */
static void number(Driver *d) {
    const Fn *f = d->l.f;
    for (uint32_t v = 0; v < f->ins.n; v++) d->l.home[v] = NO_BLK;
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        BlkId id = f->rpo.at[r];
        const Blk *b = &f->blk.at[id];
        for (uint32_t k = 0; k < b->param.n; k++) {
            d->l.home[b->param.at[k]] = id;
            d->l.place[b->param.at[k]] = k;
        }
        for (uint32_t k = 0; k < b->succ.n; k++) d->l.in_edge[b->succ.at[k].to] = k;
        uint32_t writes = 0, traps = 0;
        for (uint32_t k = 0; k < b->list.n; k++) {
            Val v = b->list.at[k];
            const Ins *i = &f->ins.at[v];
            d->l.home[v] = id;
            d->l.place[v] = k;
            d->l.writes[v] = writes;
            d->l.traps[v] = traps;
            writes += ir_has(i->op, IRF_W | IRF_K) || writes_depth(f, i);
            traps += ir_has(i->op, IRF_T | IRF_K) || (i->flags & MEM_TRAPS);
        }
    }
}

/* -- The walk ------------------------------------------------------------------------ */

static void commit(Driver *d) {
    for (uint32_t k = d->l.pending.n; k-- > 0;) vec_push(d->l.arena, &d->rev, d->l.pending.at[k]);
    d->l.pending.n = 0;
}

static void materialize(Driver *d, Val v) {
    if (is_pinned(&d->l, v)) {
        lower_emit(&d->l, M_MOVE);
        LOWER_DEF(&d->l, d->l.vreg[v]);
        LOWER_USE(&d->l, d->l.t->context);
    } else {
        d->l.t->lower(&d->l, v);
    }
    commit(d);
    d->l.vreg[v] = REG_NONE; /* users above get their own */
}

/* Materialize the constants that have waited long enough; all of them with `all`. */
static void release(Driver *d, bool all) {
    uint32_t keep = 0, n = d->held.n;
    for (uint32_t k = 0; k < n; k++) {
        Held h = d->held.at[k];
        if (all || d->rev.n - h.since > HOLD_AGE || n - k + keep > HOLD_MAX)
            materialize(d, h.val);
        else
            d->held.at[keep++] = h;
    }
    assert(d->held.n == n); /* a constant does not demand others */
    d->held.n = keep;
}

static void lower_one(Driver *d, Val v) {
    Lower *l = &d->l;
    const Ins *i = lower_ins(l, v);
    bool demanded = l->vreg[v] != REG_NONE;
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
        if (!demanded && (l->sunk[v] || !(i->flags & MEM_TRAPS))) return;
        l->t->lower(l, v);
        break;
    default:
        if (!demanded && !has_effect(i)) return;
        l->t->lower(l, v);
    }
    commit(d);
    if (d->held.n) release(d, false);
}

static void lower_edges(Driver *d, MBlock *mb) {
    Lower *l = &d->l;
    const Blk *b = &l->f->blk.at[l->blk];
    for (uint32_t s = 0; s < b->succ.n; s++) {
        const Edge *e = &b->succ.at[s];
        const Blk *to = &l->f->blk.at[e->to];
        MEdge edge = {.to = l->block_of[e->to], .args = l->m->pool.n};
        for (uint32_t k = 0; k < e->nargs; k++)
            if (d->live[to->param.at[k]]) vec_push(l->m->arena, &l->m->pool, lower_use(l, l->f->pool.at[e->args + k]));
        edge.nargs = l->m->pool.n - edge.args;
        vec_push(l->m->arena, &mb->succ, edge);
    }
}

static void lower_block_code(Driver *d, BlkId id) {
    Lower *l = &d->l;
    const Blk *b = &l->f->blk.at[id];
    MBlock *mb = &l->m->block.at[l->block_of[id]];
    l->blk = id;
    mb->loop_depth = b->loop_depth;
    mb->loop_head = b->loop_head;
    mb->first = d->rev.n; /* in `rev` for now */
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
        for (uint32_t k = 0; k < b->param.n; k++)
            if (d->live[b->param.at[k]]) vec_push(l->m->arena, &mb->param, lower_def(l, b->param.at[k]));
    }
    mb->end = d->rev.n;
    assert(mb->end > mb->first);
}

/* Turn the code around and number the predecessors. */
static void finish(Driver *d) {
    MFn *m = d->l.m;
    uint32_t n = d->rev.n;
    vec_reserve(m->arena, &m->insn, n);
    for (uint32_t k = n; k-- > 0;) m->insn.at[m->insn.n++] = d->rev.at[k];
    for (uint32_t b = 0; b < m->block.n; b++) {
        MBlock *mb = &m->block.at[b];
        uint32_t first = mb->first;
        mb->first = n - mb->end;
        mb->end = n - first;
        for (uint32_t s = 0; s < mb->succ.n; s++) vec_push(m->arena, &m->block.at[mb->succ.at[s].to].pred, b);
    }
}

/* A jump table with one entry is a jump, and its index is not used (a block's only branch to a block
 * with several predecessors has no operands, see mach.h). */
static const Fn *plain_jumps(Arena *a, const Fn *f) {
    Fn *copy = NULL;
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        Val last = b->list.at[b->list.n - 1];
        if (f->ins.at[last].op != IR_brtable || b->succ.n != 1) continue;
        if (!copy) {
            copy = ARENA_NEW(a, Fn);
            *copy = *f;
            copy->ins.at = ARENA_ARRAY(a, Ins, f->ins.n);
            memcpy(copy->ins.at, f->ins.at, f->ins.n * sizeof *f->ins.at);
        }
        copy->ins.at[last] = (Ins){.op = IR_jump};
    }
    return copy ? copy : f;
}

static void init(Driver *d, Arena *a, const Fn *f, const Target *t, const TargetOptions *o) {
    Lower *l = &d->l;
    uint32_t n = f->ins.n;
    l->arena = a;
    l->f = plain_jumps(a, f);
    l->t = t;
    l->o = o;
    l->rule_hits = o->rule_hits;
    if (t->context != NO_PIN && f->blk.at[0].param.n) l->context = f->blk.at[0].param.at[0];
    l->m = ARENA_NEW(a, MFn);
    *l->m = (MFn){.arena = a, .name = f->name, .index = f->index, .frame_cost = f->frame_cost};
    vec_reserve(a, &l->m->pool, 16); /* so that the arrays are never at NULL */
    vec_reserve(a, &l->m->opnd, 16);
    l->vreg = arena_alloc(a, n * sizeof(Reg), _Alignof(Reg));
    memset(l->vreg, 0xff, n * sizeof(Reg));
    l->uses = ARENA_ARRAY(a, uint32_t, n);
    l->place = ARENA_ARRAY(a, uint32_t, n);
    l->home = ARENA_ARRAY(a, BlkId, n);
    l->sole_user = ARENA_ARRAY(a, Val, n);
    l->writes = ARENA_ARRAY(a, uint32_t, n);
    l->traps = ARENA_ARRAY(a, uint32_t, n);
    l->sunk = ARENA_ARRAY(a, bool, n);
    d->live = ARENA_ARRAY(a, bool, n);
    l->block_of = ARENA_ARRAY(a, uint32_t, f->blk.n);
    l->in_edge = ARENA_ARRAY(a, uint32_t, f->blk.n);
    for (uint32_t r = 0; r < f->rpo.n; r++) l->block_of[f->rpo.at[r]] = r;
    vec_extend(a, &l->m->block, f->rpo.n);
    vec_reserve(a, &l->m->opnd, n); /* also: never NULL */
    vec_reserve(a, &l->m->pool, 8);
}

MFn *lower_fn(Arena *a, const Fn *f, const Target *t, const TargetOptions *o) {
    Driver d = {0};
    init(&d, a, f, t, o);
    number(&d);
    find_live(&d);
    count_uses(&d);
    for (uint32_t r = f->rpo.n; r-- > 0;) lower_block_code(&d, f->rpo.at[r]);
    finish(&d);
    return d.l.m;
}
