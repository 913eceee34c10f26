/* Merging of charges.
 *
 * Purpose: one change of a counter and one check where several charges follow each other with nothing in between that
 * an observer could see.  `charges` says which they were: who handles the trap finds the first that failed, and what
 * was left in the counters then (code_first_charge).
 *
 * Algorithm: a charge moves down over pure operations to the next one of its block, and from the end of a block into
 * all its successors, where each has a charge to take it in and no other predecessor; so every path has fewer checks,
 * and none has more.
 *
 * Requires: pass.h.
 *
 * Guarantees: no charge passes an effect, a check, or the head of a loop; their order stays.
 *
 * Cost: linear, since a list has at most MAX_PARTS. */
#include <string.h>
#include "opt/pass.h"

enum { MAX_PARTS = 24 };

typedef struct Parts {
    uint32_t n;
    ChargePart at[MAX_PARTS];
} Parts;

static bool is_charge(const Ins *i) { return i->op == IR_charge || i->op == IR_charges; }

/* What a charge that is due may not pass. */
static bool is_seen(const Ins *i) {
    if (i->op == IR_jump || i->op == IR_brif || i->op == IR_brtable) return false;
    return ir_has(i->op, IRF_W | IRF_T | IRF_K | IRF_X) || (i->op == IR_load && (i->flags & MEM_TRAPS));
}

/* False: too many. */
static bool add_parts(Parts *p, const Fn *f, Val v) {
    const Ins *i = &f->ins.at[v];
    const ChargePart one = {i->aux, i->a, f->loc.at[v]};
    const ChargePart *more = i->op == IR_charge ? &one : ins_charges(f, i);
    uint32_t n = i->op == IR_charge ? 1 : i->b;
    if (n > MAX_PARTS - p->n) return false;
    memcpy(p->at + p->n, more, n * sizeof *more);
    p->n += n;
    uint64_t sum[2] = {0, 0};
    for (uint32_t k = 0; k < p->n; k++) sum[p->at[k].counter & 1] += p->at[k].amount;
    return sum[0] <= UINT32_MAX && sum[1] <= UINT32_MAX;
}

/* Charge `into`, which follows `due`, becomes both. */
static void merge(Fn *f, Val due, Val into) {
    Parts p;
    p.n = 0;
    add_parts(&p, f, due);
    add_parts(&p, f, into);
    uint32_t at = fn_pool(f, &p.at[0].counter, p.n * CHARGE_WORDS);
    f->ins.at[into] = (Ins){.op = IR_charges, .a = at, .b = p.n};
    f->changed |= CHANGED_EFFECTS;
}

static bool can_merge(const Fn *f, Val due, Val into) {
    Parts p;
    p.n = 0;
    return add_parts(&p, f, due) && add_parts(&p, f, into);
}

/* The first charge of a block, when nothing in front of it is seen; else 0. */
static Val leading(const Fn *f, BlkId b) {
    const Blk *blk = &f->blk.at[b];
    for (uint32_t k = 0; k < blk->list.n; k++) {
        const Ins *i = &f->ins.at[blk->list.at[k]];
        if (is_charge(i)) return blk->list.at[k];
        if (is_seen(i)) break;
    }
    return 0;
}

/* Move the charge that is due at the end of a block into its successors. */
static bool sink(Fn *f, const Blk *blk, Val due) {
    for (uint32_t k = 0; k < blk->succ.n; k++) {
        BlkId to = blk->succ.at[k].to;
        Val into = f->blk.at[to].pred.n == 1 ? leading(f, to) : 0;
        if (!into || !can_merge(f, due, into)) return false;
    }
    if (!blk->succ.n || !opt_rewrite(f, RULE_charge_sink, due)) return false;
    for (uint32_t k = 0; k < blk->succ.n; k++) merge(f, due, leading(f, blk->succ.at[k].to));
    return true;
}

static void remove_at(Blk *blk, uint32_t at) {
    memmove(blk->list.at + at, blk->list.at + at + 1, (blk->list.n - at - 1) * sizeof *blk->list.at);
    blk->list.n--;
}

static void visit(Fn *f, BlkId b) {
    Blk *blk = &f->blk.at[b];
    Val due = 0;
    uint32_t at = 0, n = 0; /* of the one that is due */
    for (uint32_t k = 0; k < blk->list.n; k++) {
        Val v = blk->list.at[k];
        blk->list.at[n++] = v;
        if (is_charge(&f->ins.at[v])) {
            if (due && can_merge(f, due, v) && opt_rewrite(f, RULE_charge_merge, due)) {
                merge(f, due, v);
                memmove(blk->list.at + at, blk->list.at + at + 1, (n - at - 1) * sizeof v);
                n--;
            }
            due = v;
            at = n - 1;
        } else if (is_seen(&f->ins.at[v])) {
            due = 0;
        }
    }
    blk->list.n = n;
    if (due && sink(f, blk, due)) remove_at(blk, at);
}

void opt_charge(Fn *f) {
    pass_begin(f);
    for (uint32_t r = 0; r < f->rpo.n; r++) visit(f, f->rpo.at[r]);
}
