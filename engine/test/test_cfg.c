/* Control-flow facts against their definitions, on graphs drawn by hand and at random. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "ir/cfg.h"
#include "ir/verify.h"

static uint64_t seed;
static uint32_t below(uint32_t n) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static void go(Fn *f, BlkId from, BlkId to) { fn_edge(f, from, to, NULL, 0); }

/* Close each block with what its number of successors asks for. */
static void finish(Fn *f) {
    for (BlkId b = 0; b < f->blk.n; b++) {
        uint32_t n = f->blk.at[b].succ.n;
        if (n == 0) fn_ins(f, b, 1, (Ins){.op = IR_ret});
        if (n == 1) fn_ins(f, b, 1, (Ins){.op = IR_jump});
        if (n == 2) fn_ins(f, b, 1, (Ins){.op = IR_brif, .a = f->blk.at[0].param.at[0]});
        if (n > 2) fn_ins(f, b, 1, (Ins){.op = IR_brtable, .a = f->blk.at[0].param.at[0]});
    }
}

static Fn *graph(Arena *a, uint32_t n) {
    static const uint8_t i32[] = {T_I32};
    Fn *f = fn_new(a, "g", 0, &(IrSig){.param = i32, .nparam = 1});
    for (uint32_t i = 0; i < n; i++) fn_block(f);
    fn_param(f, 0, T_I32);
    return f;
}

/* Blocks that can be reached without going through `without`. */
static void reach(const Fn *f, BlkId from, BlkId without, bool *seen) {
    uint32_t n = 0, *stack = malloc((f->blk.n + 1) * sizeof *stack);
    memset(seen, 0, f->blk.n);
    if (from != without) {
        stack[n++] = from;
        seen[from] = true;
    }
    while (n) {
        const Blk *b = &f->blk.at[stack[--n]];
        for (uint32_t k = 0; k < b->succ.n; k++) {
            BlkId to = b->succ.at[k].to;
            if (to == without || seen[to]) continue;
            seen[to] = true;
            stack[n++] = to;
        }
    }
    free(stack);
}

/* dom[a * n + b]: a dominates b, by definition. */
static bool *brute_dominance(const Fn *f) {
    uint32_t n = f->blk.n;
    bool *dom = calloc(n, n), *live = malloc(n), *seen = malloc(n);
    reach(f, 0, NO_BLK, live);
    for (BlkId a = 0; a < n; a++) {
        reach(f, 0, a, seen);
        for (BlkId b = 0; b < n; b++) dom[a * n + b] = live[a] && live[b] && !seen[b];
    }
    free(live);
    free(seen);
    return dom;
}

static void check_order(const Fn *f, const bool *dom) {
    uint32_t n = f->blk.n, reached = 0;
    for (BlkId b = 0; b < n; b++) {
        const Blk *k = &f->blk.at[b];
        bool live = dom[b * n + b];
        reached += live;
        assert_int_equal(live, k->rpo != UINT32_MAX);
        if (live) assert_int_equal(f->rpo.at[k->rpo], b);
        if (!live) assert_int_equal(k->pred.n, 0);
    }
    assert_int_equal(reached, f->rpo.n);
    assert_int_equal(f->rpo.at[0], 0);
}

static void check_preds(const Fn *f) {
    uint32_t edges = 0, preds = 0;
    for (BlkId b = 0; b < f->blk.n; b++) {
        const Blk *k = &f->blk.at[b];
        preds += k->pred.n;
        if (k->rpo == UINT32_MAX) continue;
        edges += k->succ.n;
        for (uint32_t s = 0; s < k->succ.n; s++) { /* as many times a predecessor as there are edges */
            const Blk *to = &f->blk.at[k->succ.at[s].to];
            uint32_t there = 0, here = 0;
            for (uint32_t p = 0; p < to->pred.n; p++) there += to->pred.at[p] == b;
            for (uint32_t p = 0; p < k->succ.n; p++) here += k->succ.at[p].to == k->succ.at[s].to;
            assert_int_equal(there, here);
        }
    }
    assert_int_equal(edges, preds);
}

static void check_dominators(const Fn *f, const bool *dom) {
    uint32_t n = f->blk.n;
    for (BlkId a = 0; a < n; a++)
        for (BlkId b = 0; b < n; b++) {
            if (a == b) continue;
            assert_int_equal(cfg_dominates(f, a, b), dom[a * n + b]);
            /* the immediate one: dominated by all the others */
            if (dom[a * n + b]) assert_true(f->blk.at[b].idom == a || dom[a * n + f->blk.at[b].idom]);
        }
    assert_int_equal(f->blk.at[0].idom, NO_BLK);
}

/* Natural loops by definition; whether all edges backward lead to dominators. */
static bool check_loops(const Fn *f, const bool *dom) {
    uint32_t n = f->blk.n, *depth = calloc(n, sizeof *depth), *stack = malloc(n * sizeof *stack);
    bool reducible = true;
    for (BlkId h = 0; h < n; h++) {
        bool *in = calloc(n, 1), head = false;
        uint32_t top = 0, first = UINT32_MAX, last = 0, size = 0;
        const Blk *k = &f->blk.at[h];
        for (uint32_t p = 0; p < k->pred.n; p++) {
            BlkId from = k->pred.at[p];
            if (f->blk.at[from].rpo >= k->rpo && !dom[h * n + from]) reducible = false;
            if (!dom[h * n + from]) continue;
            head = in[h] = true;
            if (!in[from]) in[from] = true, stack[top++] = from;
        }
        assert_int_equal(head, k->loop_head);
        while (top) {
            const Blk *x = &f->blk.at[stack[--top]];
            for (uint32_t p = 0; p < x->pred.n; p++)
                if (!in[x->pred.at[p]]) in[x->pred.at[p]] = true, stack[top++] = x->pred.at[p];
        }
        for (BlkId b = 0; b < n; b++) {
            if (!in[b]) continue;
            depth[b]++;
            size++;
            if (f->blk.at[b].rpo < first) first = f->blk.at[b].rpo;
            if (f->blk.at[b].rpo > last) last = f->blk.at[b].rpo;
        }
        if (head && reducible) { /* adjacent, the head first */
            assert_int_equal(first, k->rpo);
            assert_int_equal(last - first + 1, size);
        }
        free(in);
    }
    for (BlkId b = 0; b < n; b++) assert_int_equal(f->blk.at[b].loop_depth, depth[b]);
    free(depth);
    free(stack);
    return reducible;
}

static bool check(Fn *f) {
    cfg_build(f);
    bool *dom = brute_dominance(f);
    check_order(f, dom);
    check_preds(f);
    check_dominators(f, dom);
    bool reducible = check_loops(f, dom);
    free(dom);
    return reducible;
}

static void test_shapes(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    Fn *f = graph(&a, 7); /* 0 -> 1 -> {2, 3} -> 4 -> {1, 5}; 6 is not reached */
    go(f, 0, 1), go(f, 1, 2), go(f, 1, 3), go(f, 2, 4), go(f, 3, 4), go(f, 4, 1), go(f, 4, 5), go(f, 6, 4);
    finish(f);
    assert_true(check(f));
    assert_true(f->blk.at[1].loop_head);
    assert_int_equal(f->blk.at[4].idom, 1);
    assert_int_equal(f->blk.at[4].pred.n, 2);
    assert_int_equal(f->blk.at[5].loop_depth, 0);
    assert_int_equal(f->blk.at[6].rpo, UINT32_MAX);
    f = graph(&a, 3); /* two ways into a cycle */
    go(f, 0, 1), go(f, 0, 2), go(f, 1, 2), go(f, 2, 1);
    finish(f);
    assert_false(check(f));
    assert_int_equal(f->blk.at[2].idom, 0);
    f = graph(&a, 1);
    finish(f);
    assert_true(check(f));
    arena_free(&a);
}

/* A loop whose exit is met in the middle of the walk: its blocks still come together. */
static void test_loop_adjacent(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    Fn *f = graph(&a, 6); /* 1: head, 2: body, 3: leaves to 5 or goes on to 4 */
    go(f, 0, 1), go(f, 1, 2), go(f, 1, 3), go(f, 2, 1), go(f, 3, 4), go(f, 3, 5), go(f, 4, 1);
    finish(f);
    assert_true(check(f));
    assert_int_equal(f->blk.at[5].rpo, 5);
    arena_free(&a);
}

/* Structured graphs, as wasm makes them, and any graphs. */
static void random_graph(Arena *a, bool structured) {
    uint32_t n = 2 + below(18);
    Fn *f = graph(a, n);
    for (BlkId b = 0; b + 1 < n; b++) {
        uint32_t edges = below(4);
        if (structured && edges == 0) edges = 1;
        if (structured) go(f, b, b + 1);
        for (uint32_t k = structured; k < edges; k++) {
            BlkId to = 1 + below(n - 1);
            if (structured && to <= b) { /* backward only along what falls through: to a dominator */
                bool *dom = brute_dominance(f);
                if (!dom[to * n + b]) to = b + 1;
                free(dom);
            }
            go(f, b, to);
        }
    }
    finish(f);
    check(f);
    cfg_build(f); /* again, on the vectors of before */
    check(f);
}

static void test_random(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint32_t i = 0; i < 6000; i++) {
        seed = i;
        random_graph(&a, i & 1);
        arena_reset(&a);
    }
    arena_free(&a);
}

/* Every edge keeps its arguments, by way of the block put on it. */
static void test_split(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    Fn *f = graph(&a, 4);
    Val x = f->blk.at[0].param.at[0], one = fn_iconst(f, 0, 1, T_I32, 1);
    fn_param(f, 2, T_I32);
    /* a br_table with one target three times, twice with the same argument; an edge that is not critical */
    fn_edge(f, 0, 2, &x, 1), fn_edge(f, 0, 2, &one, 1), fn_edge(f, 0, 2, &x, 1), go(f, 0, 1);
    fn_edge(f, 1, 2, &x, 1);
    go(f, 2, 3);
    finish(f);
    check(f);
    cfg_split_critical(f);
    assert_int_equal(f->blk.n, 7);
    const Val want[] = {x, one, x};
    for (uint32_t k = 0; k < 3; k++) {
        const Edge *e = &f->blk.at[0].succ.at[k];
        assert_int_equal(e->nargs, 0);
        const Blk *s = &f->blk.at[e->to];
        assert_int_equal(s->pred.n, 1);
        assert_int_equal(s->succ.n, 1);
        assert_int_equal(s->succ.at[0].to, 2);
        assert_int_equal(f->pool.at[s->succ.at[0].args], want[k]);
    }
    assert_int_equal(f->blk.at[0].succ.at[3].to, 1);
    char msg[128] = "";
    if (!ir_verify(f, msg, sizeof msg)) fail_msg("%s", msg);
    check(f);
    uint32_t n = f->blk.n;
    cfg_split_critical(f);
    assert_int_equal(f->blk.n, n);
    arena_free(&a);
}

static void check_split(const Fn *f) {
    for (uint32_t r = 0; r < f->rpo.n; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        for (uint32_t k = 0; b->succ.n > 1 && k < b->succ.n; k++)
            assert_int_equal(f->blk.at[b->succ.at[k].to].pred.n, 1);
    }
}

/* In two steps, and in one. */
static void test_split_random(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        seed = i + 77;
        random_graph(&a, true);
        Fn *f = graph(&a, 12);
        for (BlkId b = 0; b < 11; b++)
            for (uint32_t k = below(4); k-- > 0;) go(f, b, 1 + below(11));
        finish(f);
        Fn *g = fn_copy(&a, f);
        cfg_build(f);
        bool all = f->rpo.n == f->blk.n;
        cfg_split_critical(f);
        check(f);
        check_split(f);
        cfg_build_split(g);
        check(g);
        check_split(g);
        /* Edges from blocks that cannot be reached count there. */
        assert_true(g->rpo.n >= f->rpo.n && (!all || g->rpo.n == f->rpo.n));
        arena_reset(&a);
    }
    arena_free(&a);
}

/* Without what is unreachable: the other blocks keep their order, and the facts hold. */
static void test_clean_random(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    uint32_t dropped = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        seed = i + 99;
        Fn *f = graph(&a, 12);
        for (BlkId b = 0; b < 12; b++) {
            fn_ins(f, b, 100 + b, (Ins){.op = IR_es, .type = T_I64}); /* to know it by */
            for (uint32_t k = below(3); k-- > 0;) go(f, b, 1 + below(11));
        }
        finish(f);
        Fn *g = fn_copy(&a, f);
        cfg_build(f);
        cfg_clean(g);
        check(g);
        assert_int_equal(g->blk.n, f->rpo.n);
        assert_int_equal(g->rpo.n, f->rpo.n);
        uint32_t n = 0;
        for (BlkId b = 0; b < f->blk.n; b++) {
            const Blk *x = &f->blk.at[b], *y = &g->blk.at[n];
            dropped += x->rpo == UINT32_MAX;
            if (x->rpo == UINT32_MAX) continue;
            assert_int_equal(f->loc.at[x->list.at[0]], g->loc.at[y->list.at[0]]);
            assert_int_equal(x->rpo, y->rpo);
            assert_int_equal(x->dom_first, y->dom_first);
            assert_int_equal(x->loop_depth, y->loop_depth);
            for (uint32_t k = 0; k < x->succ.n; k++)
                assert_int_equal(f->blk.at[x->succ.at[k].to].rpo, g->blk.at[y->succ.at[k].to].rpo);
            n++;
        }
        arena_reset(&a);
    }
    assert_true(dropped > 100);
    arena_free(&a);
}

/* Chains and nests as long as an input may make them: neither the stack nor quadratic time may matter. */
static void test_long(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    enum { N = 200000 };
    Fn *f = graph(&a, N); /* all leave to the last one; the other arm is visited later than the chain */
    go(f, 0, 1), go(f, 0, N - 1);
    for (BlkId b = 1; b + 1 < N; b++) go(f, b, b + 1), go(f, b, N - 1);
    finish(f);
    cfg_build(f);
    assert_int_equal(f->blk.at[N - 1].idom, 0);
    assert_int_equal(f->blk.at[N - 2].idom, N - 3);
    assert_true(cfg_dominates(f, 1, N - 2));
    f = graph(&a, N); /* loops, all nested */
    for (BlkId b = 0; b + 1 < N / 2; b++) go(f, b, b + 1);
    for (BlkId b = N / 2 - 1; b + 1 < N; b++) {
        if (N - 1 - b > 0) go(f, b, N - 1 - b);
        if (b + 1 < N) go(f, b, b + 1);
    }
    finish(f);
    cfg_build(f);
    assert_int_equal(f->blk.at[1].loop_depth, 1);
    assert_int_equal(f->blk.at[N / 2 - 2].loop_depth, UINT16_MAX);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_loop_adjacent), cmocka_unit_test(test_random),
        cmocka_unit_test(test_split),  cmocka_unit_test(test_split_random),  cmocka_unit_test(test_clean_random),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
