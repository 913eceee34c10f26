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
#include <assert.h>
#include <string.h>
#include "base/map.h"
#include "opt/pass.h"

/* As a key's head: no instruction has such bytes, for its type would be 255. */
#define FACT_NONZERO UINT32_C(0xffffff00)
#define FACT_ZERO UINT32_C(0xffffffff)

/* An instruction's first four bytes, the head, and its operands' numbers.  Two words, which stay in registers: four
 * halves are written to memory and wait there to be read as one. */
typedef struct Key {
    uint64_t head_a, b_c;
} Key;
static inline Key key_make(uint32_t head, uint32_t a, uint32_t b, uint32_t c) {
    return (Key){(uint64_t)head << 32 | a, (uint64_t)b << 32 | c};
}

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

static inline uint32_t hash_key(Key k) {
    /* multiplied and folded, so that the low bits, which choose the bucket, depend on all */
    uint64_t x = k.head_a * UINT64_C(0x9e3779b97f4a7c15) ^ k.b_c;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(x >> 32);
}

static inline uint32_t find_entry(const Gvn *g, Key key, uint32_t hash) {
    uint32_t e = g->bucket[hash & g->mask];
    while (e != NONE && (g->entry.at[e].key.head_a != key.head_a || g->entry.at[e].key.b_c != key.b_c))
        e = g->entry.at[e].next;
    return e;
}

static Val lookup(const Gvn *g, Key key) {
    uint32_t e = find_entry(g, key, hash_key(key));
    return e == NONE ? 0 : g->entry.at[e].v;
}

/* There is room: each value is in the table once at most, and so is what an edge or a check tells. */
static inline void insert_hashed(Gvn *g, Key key, uint32_t hash, Val v) {
    uint32_t *bucket = &g->bucket[hash & g->mask], n = g->entry.n++;
    assert(n < g->entry.cap);
    g->entry.at[n] = (Entry){.key = key, .v = v, .hash = hash, .next = *bucket};
    *bucket = n;
}

static void insert(Gvn *g, Key key, Val v) { insert_hashed(g, key, hash_key(key), v); }

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

/* The head with operands swapped: another condition. */
static uint32_t mirrored_head(const Ins *i) {
    Ins other = *i;
    uint32_t head;
    if (i->op == IR_icmp) other.aux = (uint8_t)cond_swap((Cond)i->aux);
    if (i->op == IR_fcmp) other.aux = (uint8_t)fcond_swap((FCond)i->aux);
    memcpy(&head, &other, sizeof head);
    return head;
}

/* Of what has words in the pool: the words themselves. */
__attribute__((noinline)) static Key key_of_words(const Gvn *g, const Ins *i, uint32_t head) {
    const uint32_t *word = &g->f->pool.at[i->op == IR_vconst ? i->a : i->c];
    if (i->op == IR_vconst) return key_make(head, word[0], word[1], hash_words(word + 2, 2));
    return key_make(head, g->number[i->a], g->number[i->b], hash_words(word, 4));
}

/* All fields count: what an operation does not use is 0.  The type of what is compared does, too, by its operands. */
static inline Key key_of(const Gvn *g, const Ins *i) {
    uint32_t head, n = ir_info[i->op].nargs, a = i->a, b = i->b, c = i->c;
    memcpy(&head, i, sizeof head);
    if (i->op == IR_vconst || i->op == IR_vshuffle) return key_of_words(g, i, head);
    if (n == 0) return key_make(head, a, b, c);
    a = g->number[a];
    if (n >= 2) b = g->number[b];
    if (n >= 3) c = g->number[c];
    if (a > b && (ir_has(i->op, IRF_C) || i->op == IR_icmp || i->op == IR_fcmp))
        return key_make(mirrored_head(i), b, a, c);
    return key_make(head, a, b, c);
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
    uint32_t hash = hash_key(k), e = find_entry(g, k, hash);
    if (e == NONE) {
        insert_hashed(g, k, hash, v);
        return false;
    }
    Val same = g->entry.at[e].v;
    if (!really_same(g->f, v, same)) return false;
    bool in_block = e >= g->scope.at[g->scope.n - 1].entry;
    if (!in_block && (ins_is_const(i) || i->op == IR_es)) {
        g->number[v] = g->number[same];
        insert_hashed(g, k, hash, v);
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
    return lookup(g, key_of(g, &not ));
}

/* 1: v is not 0 here, 0: it is 0, -1: not known */
static int known(const Gvn *g, Val v) {
    if (lookup(g, key_make(FACT_ZERO, v, 0, 0))) return 0;
    return lookup(g, key_make(FACT_NONZERO, v, 0, 0)) ? 1 : -1;
}

static int known_or_negated(const Gvn *g, Val v) {
    int k = known(g, v);
    Val not = k < 0 ? negation(g, v) : 0;
    if (not ) k = known(g, not );
    return k < 0 || !not ? k : !k;
}

static void learn(Gvn *g, Val v, bool nonzero) { insert(g, key_make(nonzero ? FACT_NONZERO : FACT_ZERO, v, 0, 0), v); }

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
    g->f->changed |= CHANGED_EFFECTS;
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
    Val *list = blk->list.at;
    uint32_t n = 0, end = blk->list.n;
    for (uint32_t k = 0; k < blk->param.n; k++) g->number[blk->param.at[k]] = blk->param.at[k];
    learn_from_edge(g, b);
    for (uint32_t k = 0; k < end; k++) {
        Val v = list[k];
        Ins *i = &g->f->ins.at[v];
        g->number[v] = v;
        forward_operands(&g->fwd, i);
        int what = KEEP;
        if (ins_is_free(i))
            what = number_value(g, v) ? REMOVE : KEEP;
        else if (i->op == IR_trapz || i->op == IR_trapnz)
            what = number_check(g, v, i);
        else if (i->op == IR_brif)
            number_branch(g, b, i);
        if (what == REMOVE) continue;
        list[n++] = v;
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
    g.bucket = arena_alloc(f->scratch, ((size_t)g.mask + 1) * sizeof *g.bucket, _Alignof(uint32_t));
    memset(g.bucket, 0xff, ((size_t)g.mask + 1) * sizeof *g.bucket);
    vec_start(f->scratch, &g.entry, f->ins.n + f->blk.n);
    forward_init(&g.fwd, f);
    g.number = arena_alloc(f->scratch, f->ins.n * sizeof *g.number, _Alignof(Val));
    const BlkId *order = blk_dom_order(f);
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        while (g.scope.n && g.scope.at[g.scope.n - 1].last < i) leave_scope(&g);
        Scope s = {f->blk.at[order[i]].dom_last, g.entry.n};
        vec_push(f->scratch, &g.scope, s);
        number_block(&g, order[i]);
    }
    forward_apply_args(&g.fwd);
    if (!g.cfg) return;
    f->changed |= CHANGED_MORE; /* blocks that have one way in now tell more */
    blk_clean(f);
}
