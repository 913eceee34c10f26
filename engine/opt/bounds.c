/* Elimination of bounds checks.
 *
 * Purpose: an access at x + K1 needs no check of its own when one at x + K2, K2 >= K1, against the same length has
 * passed, or when x + K1 cannot exceed what the length is at least (range.c).
 *
 * Algorithm: a walk over the dominator tree with a scoped table, as in gvn.c, from (x, length) to the largest K that
 * is known to be in bounds; the dominating-check part of Gupta, "Optimizing array bound checks using flow analysis"
 * (1993).
 *
 * A check is a trap on icmp ugt (x + K) length, or on its mirror image or negation, where x is an i64 that is small
 * enough for x + K not to wrap (a zero-extended i32, in the main), or absent: then K alone.  When the check has
 * passed, x + K <= length.  Only a condition counts that a trap, or a branch to a block with no other edge, has
 * decided; lengths are values, so nothing is assumed about memory growth.
 *
 * Requires: pass.h.
 *
 * Guarantees: a check is removed only if it cannot fire; all else stays.
 *
 * Cost: linear. */
#include <string.h>
#include "base/map.h"
#include "opt/pass.h"
#include "opt/range.h"

typedef struct Check { /* x + offset <= length is what passing tells */
    Val x, length;
    uint64_t offset;
} Check;

typedef struct Entry {
    Check known;
    uint32_t next; /* of the same bucket, or NONE */
} Entry;
#define NONE UINT32_MAX

typedef struct Scope {
    uint32_t last, entry; /* as in gvn.c */
} Scope;

typedef struct Bounds {
    Fn *f;
    VEC(Entry) entry;
    uint32_t *bucket, mask;
    VEC(Scope) scope;
} Bounds;

/* -- The table ------------------------------------------------------------ */

static uint32_t bucket_of(const Bounds *b, const Check *c) {
    return (uint32_t)hash_mix((uint64_t)c->x << 32 | c->length) & b->mask;
}

/* The strongest check stands first, since a weaker one is never inserted behind it. */
static const Check *lookup(const Bounds *b, const Check *c) {
    for (uint32_t e = b->bucket[bucket_of(b, c)]; e != NONE; e = b->entry.at[e].next)
        if (b->entry.at[e].known.x == c->x && b->entry.at[e].known.length == c->length) return &b->entry.at[e].known;
    return NULL;
}

static bool is_known(const Bounds *b, const Check *c) {
    const Check *k = lookup(b, c);
    return k && k->offset >= c->offset;
}

static void learn(Bounds *b, const Check *c) {
    if (is_known(b, c)) return;
    uint32_t *bucket = &b->bucket[bucket_of(b, c)];
    Entry e = {*c, *bucket};
    *bucket = b->entry.n;
    vec_push(b->f->scratch, &b->entry, e);
}

static void leave_scope(Bounds *b) {
    uint32_t keep = b->scope.at[--b->scope.n].entry;
    while (b->entry.n > keep) {
        const Entry *e = &b->entry.at[--b->entry.n];
        b->bucket[bucket_of(b, &e->known)] = e->next;
    }
}

/* -- Checks --------------------------------------------------------------- */

static bool is_const(const Fn *f, Val v, uint64_t *c) {
    const Ins *i = &f->ins.at[v];
    if (i->op != IR_iconst) return false;
    *c = ins_imm(i);
    return true;
}

/* Split an i64 into x + offset without a wrap. */
static void split(const Fn *f, Val v, Check *c) {
    uint64_t k;
    const Ins *i = &f->ins.at[v];
    c->x = v;
    c->offset = 0;
    if (is_const(f, v, &k)) {
        c->x = 0;
        c->offset = k;
    } else if (i->op == IR_iadd && is_const(f, i->b, &k) && range_most(f, i->a) <= UINT64_MAX - k) {
        c->x = i->a;
        c->offset = k;
    }
}

/* Does `v is (not) 0` say that an end is in bounds?  Then which. */
static bool understand(const Fn *f, Val v, bool nonzero, Check *c) {
    const Ins *i = &f->ins.at[v];
    if (i->op != IR_icmp || f->ins.at[i->a].type != T_I64) return false;
    Cond cond = nonzero ? (Cond)i->aux : cond_not((Cond)i->aux);
    Val end = i->a, length = i->b;
    if (cond == C_UGT || cond == C_UGE) {
        cond = cond_swap(cond);
        end = i->b, length = i->a;
    }
    if (cond != C_ULE && cond != C_ULT) return false;
    split(f, end, c);
    c->length = length;
    if (cond == C_ULT) { /* end < length: end + 1 <= length */
        if (c->offset == UINT64_MAX || (c->x && range_most(f, c->x) > UINT64_MAX - 1 - c->offset)) return false;
        c->offset++;
    }
    return true;
}

/* Whatever the length is. */
static bool never_fires(const Fn *f, const Check *c) {
    uint64_t least = range_least(f, c->length);
    return c->offset <= least && (!c->x || range_most(f, c->x) <= least - c->offset);
}

/* -- The walk ------------------------------------------------------------- */

static void learn_from_edge(Bounds *b, BlkId id) {
    const Fn *f = b->f;
    Check c;
    if (f->blk.at[id].pred.n != 1) return;
    const Blk *p = &f->blk.at[f->blk.at[id].pred.at[0]];
    const Ins *end = &f->ins.at[blk_last(p)];
    if (end->op != IR_brif || p->succ.at[0].to == p->succ.at[1].to) return;
    if (understand(f, end->a, p->succ.at[0].to == id, &c)) learn(b, &c);
}

static void visit_block(Bounds *b, BlkId id) {
    const Fn *f = b->f;
    Blk *blk = &b->f->blk.at[id];
    uint32_t n = 0;
    learn_from_edge(b, id);
    for (uint32_t k = 0; k < blk->list.n; k++) {
        const Ins *i = &f->ins.at[blk->list.at[k]];
        Check c;
        if ((i->op == IR_trapz || i->op == IR_trapnz) && understand(f, i->a, i->op == IR_trapz, &c)) {
            if (never_fires(f, &c) && opt_rewrite(b->f, RULE_bounds_range, blk->list.at[k])) continue;
            if (is_known(b, &c) && opt_rewrite(b->f, RULE_bounds_dominated, blk->list.at[k])) continue;
            learn(b, &c);
        }
        blk->list.at[n++] = blk->list.at[k];
    }
    if (n < blk->list.n) b->f->changed |= CHANGED_EFFECTS;
    blk->list.n = n;
}

void opt_bounds(Fn *f) {
    pass_begin(f);
    Bounds b = {.f = f, .mask = 63};
    while (b.mask < f->ins.n / 8) b.mask = 2 * b.mask + 1;
    b.bucket = arena_alloc(f->scratch, ((size_t)b.mask + 1) * sizeof *b.bucket, _Alignof(uint32_t));
    memset(b.bucket, 0xff, ((size_t)b.mask + 1) * sizeof *b.bucket);
    const BlkId *order = blk_dom_order(f);
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        while (b.scope.n && b.scope.at[b.scope.n - 1].last < i) leave_scope(&b);
        Scope s = {f->blk.at[order[i]].dom_last, b.entry.n};
        vec_push(f->scratch, &b.scope, s);
        visit_block(&b, order[i]);
    }
}
