/* Upper bounds of values: the simple cases of Harrison, "Compiler analysis of the value ranges for variables" (1977).
 *
 * A counter is a parameter of a loop's head that the one edge back gives its own value plus a constant.  If the edge
 * back is only taken while the new value is below N, or is not N and would meet N, so is the parameter; an induction
 * over the iterations, which is why nothing is assumed about sums that wrap. */
#include "opt/range.h"
#include "ir/cfg.h"

enum { MAX_DEPTH = 6, MAX_EDGES = 8 };

static uint64_t most(const Fn *f, Val v, uint32_t depth);

static uint64_t ones(uint32_t type) { return type == T_I32 ? UINT32_MAX : UINT64_MAX; }
static uint32_t width(uint32_t type) { return type == T_I32 ? 32 : 64; }
static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

static bool is_const(const Fn *f, Val v, uint64_t *c) {
    const Ins *i = &f->ins.at[v];
    if (i->op != IR_iconst) return false;
    *c = ins_imm(i);
    return true;
}

/* -- Counters ------------------------------------------------------------------- */

typedef struct Counter {
    Val param;
    uint32_t type;
    uint64_t first; /* upper bound of what it begins with */
    bool exact;     /* it is that */
    uint64_t step;  /* added each time, modulo the width */
} Counter;

/* `x cond n` holds whenever edge k of block b is taken: n constant, x the value before or after the step. */
typedef struct Guard {
    Val x;
    Cond cond;
    uint64_t n;
} Guard;

static bool find_guard(const Fn *f, BlkId b, uint32_t k, Guard *g) {
    const Blk *blk = &f->blk.at[b];
    const Ins *end = &f->ins.at[blk->list.at[blk->list.n - 1]], *i;
    if (end->op != IR_brif || blk->succ.at[0].to == blk->succ.at[1].to) return false;
    i = &f->ins.at[end->a];
    *g = (Guard){.x = end->a, .cond = C_NE, .n = 0};
    if (i->op == IR_eqz) {
        *g = (Guard){.x = i->a, .cond = C_EQ, .n = 0};
    } else if (i->op == IR_icmp) {
        if (!is_const(f, i->b, &g->n)) return false;
        g->x = i->a;
        g->cond = (Cond)i->aux;
    }
    if (k == 1) g->cond = cond_not(g->cond);
    return true;
}

/* An upper bound of the counter behind an edge that is taken only if `next cond n`, next being the new value; or all
 * ones. */
static uint64_t after_guard(const Counter *c, Cond cond, uint64_t n) {
    uint64_t all = ones(c->type), half = all >> 1;
    bool up = c->step <= half;
    switch (cond) {
    case C_ULT: return n ? n - 1 : all;
    case C_ULE: return n;
    case C_EQ: return n;
    case C_SLT: /* not negative, so the same as unsigned; the sum does not reach the sign */
        if (n == 0 || n > half || !up || c->first >= n) return all;
        return n - 1 <= half - c->step ? n - 1 : all;
    case C_NE:
        if (n == 0 && c->step == all) return c->exact && c->first ? c->first : all; /* down to 0 by ones */
        if (!c->exact || !up || !c->step || c->first >= n || (n - c->first) % c->step != 0) return all;
        return n - c->step;
    default: return all;
    }
}

/* What edge number e into the head, from block b, tells. */
static uint64_t back_edge(const Fn *f, const Counter *c, BlkId b, uint32_t k, Val next) {
    Guard g;
    uint64_t all = ones(c->type), bound = all;
    if (find_guard(f, b, k, &g) && g.x == next) bound = after_guard(c, g.cond, g.n);
    if (bound != all) return bound;
    /* The head may test the value before the step. */
    BlkId head = f->ins.at[c->param].b;
    for (uint32_t s = 0; s < f->blk.at[head].succ.n && f->blk.at[head].succ.n == 2; s++) {
        BlkId to = f->blk.at[head].succ.at[s].to;
        if (to == head || f->blk.at[to].pred.n != 1 || !cfg_dominates(f, to, b)) continue;
        if (!find_guard(f, head, s, &g) || g.x != c->param || c->step > all >> 1) continue;
        if (g.cond != C_ULT && (g.cond != C_SLT || g.n > all >> 1 || c->first > all >> 1)) continue;
        /* x <s n for a negative x would be below n too: only what never gets negative counts */
        if (g.n && g.n - 1 <= (all >> 1) - c->step) return g.n - 1 + c->step;
    }
    return all;
}

static bool find_counter(const Fn *f, Val v, uint32_t depth, Counter *c) {
    const Ins *p = &f->ins.at[v];
    const Blk *head = &f->blk.at[p->b];
    bool began = false, stepped = false;
    *c = (Counter){.param = v, .type = p->type, .exact = true};
    if (head->pred.n > MAX_EDGES) return false;
    for (uint32_t e = 0; e < head->pred.n; e++) {
        BlkId from = head->pred.at[e];
        const Blk *b = &f->blk.at[from];
        if (b->succ.n > MAX_EDGES) return false;
        for (uint32_t k = 0; k < b->succ.n; k++) {
            if (b->succ.at[k].to != p->b) continue;
            Val arg = f->pool.at[b->succ.at[k].args + p->a];
            const Ins *i = &f->ins.at[arg];
            uint64_t n;
            if (!cfg_dominates(f, p->b, from)) {
                uint64_t first = most(f, arg, depth);
                c->exact &= is_const(f, arg, &n) && (!began || n == c->first);
                c->first = began ? larger(c->first, first) : first;
                began = true;
            } else {
                if (stepped || i->op != IR_iadd || i->a != v || !is_const(f, i->b, &n)) return false;
                c->step = n;
                stepped = true;
            }
        }
    }
    return began && stepped;
}

static uint64_t most_param(const Fn *f, Val v, uint32_t depth) {
    const Ins *p = &f->ins.at[v];
    const Blk *head = &f->blk.at[p->b];
    uint64_t all = ones(p->type), bound;
    Counter c;
    if (p->b == 0 || (p->type != T_I32 && p->type != T_I64) || !head->loop_head || !find_counter(f, v, depth, &c))
        return all;
    bound = c.first;
    for (uint32_t e = 0; e < head->pred.n; e++) {
        BlkId from = head->pred.at[e];
        const Blk *b = &f->blk.at[from];
        for (uint32_t k = 0; k < b->succ.n; k++)
            if (b->succ.at[k].to == p->b && cfg_dominates(f, p->b, from))
                bound = larger(bound, back_edge(f, &c, from, k, f->pool.at[b->succ.at[k].args + p->a]));
    }
    return bound;
}

/* -- Values ----------------------------------------------------------------------- */

static uint64_t most_load(const Ins *i) {
    switch (i->aux) {
    case ACC_8U: return 0xff;
    case ACC_16U: return 0xffff;
    case ACC_32U: return UINT32_MAX;
    default: return ones(i->type);
    }
}

static uint64_t sum(uint64_t a, uint64_t b, uint64_t all) { return a > all - b ? all : a + b; }
static uint64_t product(uint64_t a, uint64_t b, uint64_t all) { return b && a > all / b ? all : a * b; }

static uint64_t most_op(const Fn *f, const Ins *i, uint32_t depth) {
    uint64_t all = ones(i->type), c, a;
    switch (i->op) {
    case IR_icmp:
    case IR_fcmp:
    case IR_eqz: return 1;
    case IR_load: return most_load(i);
    case IR_clz:
    case IR_ctz:
    case IR_popcnt: return width(i->type);
    case IR_zext: return most(f, i->a, depth);
    case IR_wrap: a = most(f, i->a, depth); return a > all ? all : a;
    case IR_iand: {
        uint64_t b = most(f, i->b, depth);
        a = most(f, i->a, depth);
        return a < b ? a : b;
    }
    case IR_shl:
        if (!is_const(f, i->b, &c)) return all;
        return product(most(f, i->a, depth), UINT64_C(1) << (c & (width(i->type) - 1)), all);
    case IR_ushr: a = most(f, i->a, depth); return is_const(f, i->b, &c) ? a >> (c & (width(i->type) - 1)) : a;
    case IR_iadd: return sum(most(f, i->a, depth), most(f, i->b, depth), all);
    case IR_imul: return product(most(f, i->a, depth), most(f, i->b, depth), all);
    case IR_udiv: return most(f, i->a, depth) / (is_const(f, i->b, &c) && c ? c : 1);
    case IR_urem: return is_const(f, i->b, &c) && c ? c - 1 : most(f, i->a, depth);
    case IR_select: return larger(most(f, i->b, depth), most(f, i->c, depth));
    default: return all;
    }
}

static uint64_t most(const Fn *f, Val v, uint32_t depth) {
    const Ins *i = &f->ins.at[v];
    if (i->op == IR_iconst) return ins_imm(i);
    if (depth == 0) return ones(i->type);
    return i->op == IR_param ? most_param(f, v, depth - 1) : most_op(f, i, depth - 1);
}

uint64_t range_most(const Fn *f, Val v) { return most(f, v, MAX_DEPTH); }

uint64_t range_least(const Fn *f, Val v) {
    const Ins *i = &f->ins.at[v];
    if (i->op == IR_load) return (uint64_t)i->c << LOAD_LEAST_SHIFT;
    return i->op == IR_iconst ? ins_imm(i) : 0;
}
