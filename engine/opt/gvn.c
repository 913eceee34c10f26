/* Global value numbering.
 *
 * Purpose: an operation on the same operands as one that dominates it gives the same value; a check, or a branch, on
 * a value that a dominating check or edge has decided already is decided.
 *
 * Algorithm: hashing in a walk over the dominator tree, with a table scoped by it (Briggs, Cooper, Simpson, "Value
 * numbering", 1997).  The walk is over Blk.dom_first, without recursion.  Entries leave the table in reverse order
 * when their block's subtree is done.
 *
 * Values: pure operations and loads of MEM_CONST locations that cannot trap.  Commutative operands are ordered for
 * comparison only; icmp and fcmp match their mirror image, and an icmp answers for its negation.  Equal constants
 * have one number, but each block keeps its own: they cost less than a register that is held across blocks.
 *
 * Facts: "v is 0 here" and "v is not 0 here", for i32 values, from trapz, trapnz and the edges of brif to blocks
 * with no other edge; they remove the check that cannot fire, turn the one that always fires into a trap, and decide
 * brif.
 *
 * Requires: pass.h.
 *
 * Guarantees: what has effects stays, but for such checks and what stands behind a trap.  Divisions are merged only
 * into ones that dominate them, so they stay behind the checks that make them defined.
 *
 * Cost: linear. */
#include <string.h>
#include "base/map.h"
#include "opt/pass.h"

enum { FACT_NONZERO = IR_COUNT, FACT_ZERO }; /* in Key.op */

typedef struct Key {
    uint8_t op, type, aux, flags;
    uint32_t a, b, c;
} Key;

typedef struct Entry {
    Key key;
    Val v;
    uint32_t hash, next; /* of the same bucket, or NONE */
} Entry;
#define NONE UINT32_MAX

typedef struct Scope {
    uint32_t last;  /* the scope ends behind the block with this dom_first */
    uint32_t entry; /* number of entries outside */
} Scope;

typedef struct Gvn {
    Fn *f;
    Forward fwd;
    Val *number; /* by Val: of a constant, the first equal one; else the value itself */
    VEC(Entry) entry;
    uint32_t *bucket, mask;
    VEC(Scope) scope; /* one for each block on the path from the entry */
    bool cfg;         /* edges were removed */
} Gvn;

/* -- The table ------------------------------------------------------------ */

static uint32_t hash_key(const Key *k) {
    uint64_t head = (uint64_t)k->op << 24 | (uint64_t)k->type << 16 | (uint64_t)k->aux << 8 | k->flags;
    /* multiplied and folded, so that the low bits, which choose the bucket, depend on all */
    uint64_t x = (head << 32 | k->a) * UINT64_C(0x9e3779b97f4a7c15) ^ ((uint64_t)k->b << 32 | k->c);
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(x >> 32);
}

static uint32_t find_entry(const Gvn *g, const Key *key, uint32_t hash) {
    uint32_t e = g->bucket[hash & g->mask];
    while (e != NONE && (g->entry.at[e].hash != hash || memcmp(&g->entry.at[e].key, key, sizeof *key) != 0))
        e = g->entry.at[e].next;
    return e;
}

static Val lookup(const Gvn *g, const Key *key) {
    uint32_t e = find_entry(g, key, hash_key(key));
    return e == NONE ? 0 : g->entry.at[e].v;
}

static void insert_hashed(Gvn *g, const Key *key, uint32_t hash, Val v) {
    Entry e = {.key = *key, .v = v, .hash = hash, .next = g->bucket[hash & g->mask]};
    g->bucket[hash & g->mask] = g->entry.n;
    vec_push(g->f->arena, &g->entry, e);
}

static void insert(Gvn *g, const Key *key, Val v) { insert_hashed(g, key, hash_key(key), v); }

static void leave_scope(Gvn *g) {
    uint32_t keep = g->scope.at[--g->scope.n].entry;
    while (g->entry.n > keep) {
        const Entry *e = &g->entry.at[--g->entry.n];
        g->bucket[e->hash & g->mask] = e->next;
    }
}

/* -- Values --------------------------------------------------------------- */

static uint32_t hash_words(const uint32_t *word, uint32_t n) {
    uint64_t h = 0;
    for (uint32_t k = 0; k < n; k++) h = hash_mix(h ^ word[k]);
    return (uint32_t)h;
}

/* All fields count: what an operation does not use is 0. */
static Key key_of(const Gvn *g, const Ins *i) {
    Key k = {.op = i->op, .type = i->type, .aux = i->aux, .flags = i->flags, .a = i->a, .b = i->b, .c = i->c};
    if (i->op == IR_vconst) { /* the words themselves */
        const uint32_t *word = &g->f->pool.at[i->a];
        k.a = word[0], k.b = word[1], k.c = hash_words(word + 2, 2);
        return k;
    }
    uint32_t n = ir_info[i->op].nargs;
    if (i->op == IR_vshuffle) k.c = hash_words(&g->f->pool.at[i->c], 4);
    if (n >= 1) k.a = g->number[k.a];
    if (n >= 2) k.b = g->number[k.b];
    if (n >= 3) k.c = g->number[k.c];
    if (i->op == IR_icmp || i->op == IR_fcmp) k.type = g->f->ins.at[i->a].type;
    bool mirrored = ir_has(i->op, IRF_C) || i->op == IR_icmp || i->op == IR_fcmp;
    if (mirrored && k.a > k.b) {
        uint32_t swap = k.a;
        k.a = k.b, k.b = swap;
        if (i->op == IR_icmp) k.aux = (uint8_t)cond_swap((Cond)k.aux);
        if (i->op == IR_fcmp) k.aux = (uint8_t)fcond_swap((FCond)k.aux);
    }
    return k;
}

/* Words in the pool are in a key as their hash, so they are compared here; what collides is not merged. */
static bool really_same(const Fn *f, Val v, Val w) {
    const Ins *x = &f->ins.at[v], *y = &f->ins.at[w];
    if (x->op != IR_vconst && x->op != IR_vshuffle) return true;
    uint32_t at = x->op == IR_vconst ? x->a : x->c, other = x->op == IR_vconst ? y->a : y->c;
    return memcmp(&f->pool.at[at], &f->pool.at[other], 4 * sizeof(uint32_t)) == 0;
}

/* True when v is replaced. */
static bool number_value(Gvn *g, Val v) {
    const Ins *i = &g->f->ins.at[v];
    Key k = key_of(g, i);
    uint32_t hash = hash_key(&k), e = find_entry(g, &k, hash);
    if (e == NONE) {
        insert_hashed(g, &k, hash, v);
        return false;
    }
    Val same = g->entry.at[e].v;
    if (!really_same(g->f, v, same)) return false;
    bool in_block = e >= g->scope.at[g->scope.n - 1].entry;
    if (!in_block && (ins_is_const(i) || i->op == IR_es)) {
        g->number[v] = g->number[same];
        insert_hashed(g, &k, hash, v);
        return false;
    }
    if (!opt_rewrite(g->f, RULE_gvn_value, v)) return false;
    forward_set(&g->fwd, v, same);
    return true;
}

/* -- Facts ---------------------------------------------------------------- */

/* The value that an icmp's negation has, or 0. */
static Val negation(const Gvn *g, Val v) {
    const Ins *i = &g->f->ins.at[v];
    if (i->op != IR_icmp) return 0;
    Ins not = *i;
    not .aux = (uint8_t)cond_not((Cond)i->aux);
    Key k = key_of(g, &not );
    return lookup(g, &k);
}

/* 1: v is not 0 here, 0: it is 0, -1: not known */
static int known(const Gvn *g, Val v) {
    Key zero = {.op = FACT_ZERO, .a = v}, nonzero = {.op = FACT_NONZERO, .a = v};
    if (lookup(g, &zero)) return 0;
    return lookup(g, &nonzero) ? 1 : -1;
}

static int known_or_negated(const Gvn *g, Val v) {
    int k = known(g, v);
    Val not = k < 0 ? negation(g, v) : 0;
    if (not ) k = known(g, not );
    return k < 0 || !not ? k : !k;
}

static void learn(Gvn *g, Val v, bool nonzero) {
    Key k = {.op = nonzero ? FACT_NONZERO : FACT_ZERO, .a = v};
    insert(g, &k, v);
}

/* From the one edge into block b. */
static void learn_from_edge(Gvn *g, BlkId b) {
    const Fn *f = g->f;
    if (f->blk.at[b].pred.n != 1) return;
    const Blk *p = &f->blk.at[f->blk.at[b].pred.at[0]];
    const Ins *end = &f->ins.at[blk_last(p)];
    if (end->op != IR_brif || p->succ.n != 2 || p->succ.at[0].to == p->succ.at[1].to) return;
    learn(g, end->a, p->succ.at[0].to == b);
}

/* -- The walk ------------------------------------------------------------- */

enum { KEEP, REMOVE, CUT };

static int number_check(Gvn *g, Val v, const Ins *i) {
    int k = known_or_negated(g, i->a);
    bool wants = i->op == IR_trapz; /* passes when the value is not 0 */
    if (k < 0) learn(g, i->a, wants);
    if (k < 0 || !opt_rewrite(g->f, k == wants ? RULE_gvn_check : RULE_gvn_trap, v)) return KEEP;
    return k == wants ? REMOVE : CUT;
}

static void number_branch(Gvn *g, BlkId b, const Ins *i) {
    int k = known_or_negated(g, i->a);
    if (k < 0 || !opt_rewrite(g->f, RULE_gvn_branch, blk_last(&g->f->blk.at[b]))) return;
    blk_jump(g->f, b, k ? 0 : 1);
    g->cfg = true;
}

static void number_block(Gvn *g, BlkId b) {
    Blk *blk = &g->f->blk.at[b];
    uint32_t n = 0;
    learn_from_edge(g, b);
    for (uint32_t k = 0; k < blk->list.n; k++) {
        Val v = blk->list.at[k];
        Ins *i = &g->f->ins.at[v];
        forward_operands(&g->fwd, i);
        int what = KEEP;
        if (ins_is_free(i))
            what = number_value(g, v) ? REMOVE : KEEP;
        else if (i->op == IR_trapz || i->op == IR_trapnz)
            what = number_check(g, v, i);
        else if (i->op == IR_brif)
            number_branch(g, b, i);
        if (what == REMOVE) continue;
        blk->list.at[n++] = v;
        if (what == CUT) {
            blk_cut(g->f, b, n - 1);
            g->cfg = true;
            return;
        }
    }
    blk->list.n = n;
}

void opt_gvn(Fn *f) {
    pass_begin(f);
    Gvn g = {.f = f, .mask = 63};
    while (g.mask < f->ins.n / 2) g.mask = 2 * g.mask + 1;
    g.bucket = arena_alloc(f->arena, ((size_t)g.mask + 1) * sizeof *g.bucket, _Alignof(uint32_t));
    memset(g.bucket, 0xff, ((size_t)g.mask + 1) * sizeof *g.bucket);
    forward_init(&g.fwd, f);
    g.number = arena_alloc(f->arena, f->ins.n * sizeof *g.number, _Alignof(Val));
    for (Val v = 0; v < f->ins.n; v++) g.number[v] = v;
    const BlkId *order = blk_dom_order(f);
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        while (g.scope.n && g.scope.at[g.scope.n - 1].last < i) leave_scope(&g);
        Scope s = {f->blk.at[order[i]].dom_last, g.entry.n};
        vec_push(f->arena, &g.scope, s);
        number_block(&g, order[i]);
    }
    forward_apply_args(&g.fwd);
    if (g.cfg) blk_clean(f);
}
