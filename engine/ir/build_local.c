/* SSA construction: which value a local has at a point, and the parameters and edge arguments that follow from it.
 *
 * Braun et al., "Simple and efficient construction of static single assignment form" (CC 2013): values are looked up on
 * demand, backward from where they are read, and a block gets a parameter only for a local that somebody reads there.
 * But the lookup does not walk from block to block.  By structured control (and build_scan's facts) the value of a
 * local at position q is found from w, its last write before q in byte order:
 *   - when nothing leads past w to the end of a scope that has ended between w and q, w dominates q; else let X be the
 *     outermost of these scopes: control has joined at its end, and the value is the one at that
 *     join (in the second arm of an if whose first arm has the write: the one at the if);
 *   - unless a loop around q began behind w and has a write (then that is behind q): the value is a parameter of the
 *     innermost such loop, since control may also come from behind.
 * The value at a join is its predecessors' value when all have the same one, else a parameter of its block.  A loop's
 * parameter comes into being without looking at its edges; their values are found at the end.
 *
 * Invariants: one parameter at most for a join and local (Build.known).  Lookups keep their own stack:
 * sequences of joins are as long as the input likes.
 * Cost: a read is constant in straight code, else logarithmic in the nesting and in the local's writes;
 * a value at a join costs one such lookup an edge, and is found once. */
#include <assert.h>
#include <string.h>
#include "ir/builder.h"

static uint64_t known_key(uint32_t scope, uint32_t local) { return (uint64_t)scope << 32 | local; }

/* -- Parameters ---------------------------------------------------------------- */

/* A parameter for join j; its values on the edges are still to be filled in. */
static Column *add_column(Build *b, uint32_t j, IrType t, bool carried, uint32_t source) {
    Join *join = &b->join.at[j];
    Column c = {.param = fn_param(b->f, join->blk, t), .join = j, .carried = carried, .source = source};
    c.vals = c.next = NO_LIST;
    if (join->ncolumn++)
        b->column.at[join->last_column].next = b->column.n;
    else
        join->columns = b->column.n;
    join->last_column = b->column.n;
    vec_push(b->arena, &b->column, c);
    return &b->column.at[b->column.n - 1];
}

/* The values on the edges, when all are known: those of them that are on top of b->found. */
static uint32_t take_found(Build *b, uint32_t n) {
    uint32_t at = b->vals.n;
    vec_extend(b->arena, &b->vals, n);
    memcpy(b->vals.at + at, b->found.at + b->found.n - n, n * sizeof *b->vals.at);
    return at;
}

static IrType local_type(const Build *b, uint32_t local) { return ir_type_of(b->body->local[local]); }

static Val loop_param(Build *b, uint32_t loop, uint32_t local) {
    Val v;
    if (map_get(&b->known, known_key(loop, local), &v)) return v;
    v = add_column(b, b->scope.at[loop].join, local_type(b, local), false, local)->param;
    map_put(&b->known, known_key(loop, local), v);
    return v;
}

/* -- Lookup -------------------------------------------------------------------- */

/* The outermost scope around write w that has ended at `pos`; 0: none, or w dominates `pos` all the same, since their
 * ends are reached only from behind w. */
static uint32_t outermost_ended(const Build *b, const Write *w, uint32_t pos) {
    const Scope *all = b->scope.at;
    uint32_t scope = w->scope, top = 0;
    bool past = false;
    while (all[scope].end < pos) {
        const Scope *s = &all[scope];
        if (all[s->jump].end < pos) {
            past |= s->jump_first < w->pos;
            scope = s->jump;
        } else {
            past |= s->first < w->pos;
            top = scope;
            scope = s->up;
        }
    }
    return past ? top : 0;
}

/* The innermost loop around `loop` (itself included) that goes on to `pos`; 0: none. */
static uint32_t innermost_reaching(const Build *b, uint32_t loop, uint32_t pos) {
    const Scope *s = b->scope.at;
    while (s[loop].end < pos) loop = s[s[loop].jump].end < pos ? s[loop].jump : s[loop].up;
    return loop;
}

/* Index of the first of the local's writes at or behind `pos`. */
static uint32_t next_write(const Build *b, const Local *l, uint32_t pos) {
    uint32_t lo = l->first, hi = l->next;
    if (hi == lo || b->write[hi - 1].pos < pos) return hi;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (b->write[mid].pos < pos)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static Val initial_value(const Build *b, uint32_t local) {
    if (local < b->type->nparam) return b->f->blk.at[0].param.at[local + 1];
    return b->zero[local_type(b, local)];
}

/* The value of the local at p; 0 when that at the join of scope *need must be found first. */
static Val try_lookup(Build *b, uint32_t local, Point p, uint32_t *need) {
    const Local *l = &b->local[local];
    for (;;) {
        uint32_t i = next_write(b, l, p.pos);
        uint32_t ended = 0, from = 0;
        if (i > l->first) {
            const Write *w = &b->write[i - 1];
            ended = outermost_ended(b, w, p.pos);
            from = w->pos;
        }
        if (p.loop && i < l->end) {
            uint32_t loop = innermost_reaching(b, p.loop, b->write[i].pos);
            if (loop && b->scope.at[loop].start > from) return loop_param(b, loop, local);
        }
        if (i == l->first) return initial_value(b, local);
        if (!ended) return b->write[i - 1].val;
        const Scope *s = &b->scope.at[ended];
        if (s->kind == SCOPE_THEN) {
            p = (Point){s->start, s->loop};
            continue;
        }
        Val v;
        if (map_get(&b->known, known_key(ended, local), &v)) return v;
        *need = ended;
        return 0;
    }
}

static void begin_resolve(Build *b, uint32_t scope) {
    const Join *j = &b->join.at[b->scope.at[scope].join];
    assert(j->npred);
    vec_push(b->arena, &b->resolve, ((Resolve){.scope = scope, .pred = j->first}));
}

/* Find the values on the edges of the topmost of b->resolve; false when another join was put on top. */
static bool resolve_preds(Build *b, uint32_t local) {
    Resolve *r = &b->resolve.at[b->resolve.n - 1];
    for (uint32_t before = 0; r->pred != NO_LIST; r->k++) {
        const Pred *p = &b->pred.at[r->pred];
        uint32_t need = 0;
        /* A br_table has many edges from one point. */
        Val v = p->at.pos == before ? b->found.at[b->found.n - 1] : try_lookup(b, local, p->at, &need);
        if (!v) {
            begin_resolve(b, need);
            return false;
        }
        before = p->at.pos;
        vec_push(b->arena, &b->found, v);
        r->pred = p->next;
    }
    return true;
}

/* Find the value of the local at the join of a scope, and before it what it depends on. */
static void resolve(Build *b, uint32_t scope, uint32_t local) {
    begin_resolve(b, scope);
    while (b->resolve.n) {
        if (!resolve_preds(b, local)) continue;
        Resolve r = b->resolve.at[--b->resolve.n];
        const Val *vals = b->found.at + b->found.n - r.k;
        Val v = vals[0];
        uint32_t same = 1;
        while (same < r.k && vals[same] == v) same++;
        if (same < r.k) {
            Column *c = add_column(b, b->scope.at[r.scope].join, local_type(b, local), false, local);
            c->vals = take_found(b, r.k);
            v = c->param;
        }
        b->found.n -= r.k;
        map_put(&b->known, known_key(r.scope, local), v);
    }
}

static Val lookup(Build *b, uint32_t local, Point p) {
    for (;;) {
        uint32_t need = 0;
        Val v = try_lookup(b, local, p, &need);
        if (v) return v;
        resolve(b, need, local);
    }
}

Val build_local_get(Build *b, uint32_t local) {
    Local *l = &b->local[local];
    bool here = l->val && b->scope.at[l->scope].end >= b->at && (!b->loop || b->scope.at[b->loop].start < l->pos);
    if (!here) l->val = lookup(b, local, (Point){b->at, b->loop});
    l->pos = b->at;
    l->scope = b->inner;
    return l->val;
}

void build_local_set(Build *b, uint32_t local, Val v) {
    Local *l = &b->local[local];
    Write *w = &b->write[l->next++];
    assert(w->pos == b->at && w->scope == b->inner);
    w->val = l->val = v;
    l->pos = b->at;
    l->scope = b->inner;
}

/* -- Joins --------------------------------------------------------------------- */

uint32_t build_join(Build *b, bool loop) {
    Join j = {.blk = NO_BLK, .loop = loop, .first = NO_LIST, .last = NO_LIST, .columns = NO_LIST};
    vec_push(b->arena, &b->join, j);
    return b->join.n - 1;
}

void build_join_pred(Build *b, uint32_t j, BlkId from, uint32_t args) {
    Join *join = &b->join.at[j];
    if (join->blk == NO_BLK) join->blk = fn_block(b->f);
    Pred p = {from, b->f->blk.at[from].succ.n, {b->at, b->loop}, args, NO_LIST};
    fn_edge(b->f, from, join->blk, NULL, 0);
    if (join->npred++)
        b->pred.at[join->last].next = b->pred.n;
    else
        join->first = b->pred.n;
    join->last = b->pred.n;
    vec_push(b->arena, &b->pred, p);
}

void build_join_enter(Build *b, uint32_t j, uint32_t ncarried) {
    b->cur = b->join.at[j].blk;
    for (uint32_t k = 0; k < ncarried; k++) {
        const Join *join = &b->join.at[j];
        uint32_t n = join->npred, same = 0;
        Val v = b->carried.at[b->pred.at[join->first].args + k];
        for (uint32_t p = join->first; p != NO_LIST; p = b->pred.at[p].next) {
            Val x = b->carried.at[b->pred.at[p].args + k];
            vec_push(b->arena, &b->found, x);
            same += x == v;
        }
        if (same < n) {
            Column *c = add_column(b, j, build_type(b, v), true, k);
            c->vals = take_found(b, n);
            v = c->param;
        }
        b->found.n -= n;
        build_push(b, v);
    }
}

void build_loop_enter(Build *b, uint32_t j, uint32_t ncarried) {
    b->cur = b->join.at[j].blk;
    Val *v = b->stack.at + b->stack.n - ncarried;
    for (uint32_t k = 0; k < ncarried; k++) v[k] = add_column(b, j, build_type(b, v[k]), true, k)->param;
}

/* The values of a loop's parameter; looking them up may add parameters to this or any other join. */
static void fill_column(Build *b, uint32_t column) {
    Column c = b->column.at[column];
    const Join join = b->join.at[c.join];
    uint32_t at = b->vals.n;
    vec_extend(b->arena, &b->vals, join.npred);
    b->column.at[column].vals = at;
    uint32_t k = 0;
    for (uint32_t p = join.first; p != NO_LIST; p = b->pred.at[p].next, k++) {
        const Pred *pred = &b->pred.at[p];
        Val v = c.carried ? b->carried.at[pred->args + c.source] : lookup(b, c.source, pred->at);
        b->vals.at[at + k] = v;
    }
}

static void write_edges(Build *b, const Join *j) {
    VEC(uint32_t) lists = {0};
    uint32_t k = 0;
    for (uint32_t c = j->columns; c != NO_LIST; c = b->column.at[c].next)
        vec_push(b->arena, &lists, b->column.at[c].vals);
    b->found.n = 0;
    vec_reserve(b->arena, &b->found, lists.n);
    for (uint32_t p = j->first; p != NO_LIST; p = b->pred.at[p].next, k++) {
        const Pred *pred = &b->pred.at[p];
        for (uint32_t c = 0; c < lists.n; c++) b->found.at[c] = b->vals.at[lists.at[c] + k];
        Edge *e = &b->f->blk.at[pred->from].succ.at[pred->succ];
        e->args = fn_pool(b->f, b->found.at, lists.n);
        e->nargs = lists.n;
    }
}

void build_joins_finish(Build *b) {
    for (uint32_t c = 0; c < b->column.n; c++)
        if (b->column.at[c].vals == NO_LIST) fill_column(b, c);
    for (uint32_t j = 1; j < b->join.n; j++)
        if (b->join.at[j].ncolumn) write_edges(b, &b->join.at[j]);
}
