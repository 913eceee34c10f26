/* Upper bounds of loops' counters against what the loops do: each is run, as long as it is patient, and no value that
 * the counter has may be above the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/map.h"
#include "ir/cfg.h"
#include "ir/verify.h"
#include "opt/range.h"

enum { LOOPS = 20000, PATIENCE = 3000 };

typedef struct Loop {
    uint32_t first, step, n;
    Cond cond;
    bool at_head; /* the test is of the value before the step, in front of the body */
    bool negated; /* the other edge is the one back, on the negation */
} Loop;

static uint32_t next(uint64_t *state) { return (uint32_t)(hash_mix(*state += UINT64_C(0x9e3779b97f4a7c15)) >> 20); }

static uint32_t telling(uint64_t *state) {
    static const uint32_t number[] = {0, 1, 2, 4, 100, 1000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc};
    uint32_t v = number[next(state) % (sizeof number / sizeof *number)];
    return next(state) % 3 ? v + next(state) % 7 - 3 : next(state) % 2000;
}

static bool holds(Cond c, uint32_t a, uint32_t b) {
    switch (c) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_SLT: return (int32_t)a < (int32_t)b;
    case C_SGE: return (int32_t)a >= (int32_t)b;
    case C_SGT: return (int32_t)a > (int32_t)b;
    case C_SLE: return (int32_t)a <= (int32_t)b;
    case C_ULT: return a < b;
    case C_UGE: return a >= b;
    case C_UGT: return a > b;
    default: return a <= b;
    }
}

/* The largest value of the counter. */
static uint32_t run(const Loop *l) {
    uint32_t most = l->first, v = l->first;
    for (uint32_t k = 0; k < PATIENCE; k++) {
        if (v > most) most = v;
        if (l->at_head && !holds(l->cond, v, l->n)) break;
        v += l->step;
        if (!l->at_head && !holds(l->cond, v, l->n)) break;
    }
    return most;
}

static Val branch(Fn *f, BlkId from, BlkId yes, BlkId no, const Loop *l, Val x, Val back) {
    Val n = fn_iconst(f, from, 1, T_I32, l->n);
    Cond c = l->negated ? cond_not(l->cond) : l->cond;
    Val v = fn_ins(f, from, 1, (Ins){.op = IR_icmp, .aux = (uint8_t)c, .a = x, .b = n});
    fn_ins(f, from, 1, (Ins){.op = IR_brif, .a = v});
    for (uint32_t k = 0; k < 2; k++) {
        BlkId to = (k == 0) != l->negated ? yes : no;
        fn_edge(f, from, to, &back, back && to == yes ? 1 : 0);
    }
    return v;
}

/* The counter's parameter. */
static Val build(Fn *f, const Loop *l) {
    BlkId entry = fn_block(f), head = fn_block(f), body = l->at_head ? fn_block(f) : head, out = fn_block(f);
    Val first = fn_iconst(f, entry, 1, T_I32, l->first), counter = fn_param(f, head, T_I32);
    fn_ins(f, entry, 1, (Ins){.op = IR_jump});
    fn_edge(f, entry, head, &first, 1);
    if (l->at_head) branch(f, head, body, out, l, counter, 0);
    Val step = fn_iconst(f, body, 1, T_I32, l->step);
    Val sum = fn_ins(f, body, 1, (Ins){.op = IR_iadd, .a = counter, .b = step});
    if (l->at_head) {
        fn_ins(f, body, 1, (Ins){.op = IR_jump});
        fn_edge(f, body, head, &sum, 1);
    } else {
        branch(f, body, head, out, l, sum, sum);
    }
    fn_ins(f, out, 1, (Ins){.op = IR_ret});
    cfg_build(f);
    return counter;
}

static void test_counters(void **state) {
    (void)state;
    uint64_t random = 1;
    uint32_t bounded = 0;
    for (uint32_t k = 0; k < LOOPS; k++) {
        Arena a;
        char msg[200];
        Loop l = {.first = telling(&random), .step = telling(&random), .n = telling(&random)};
        l.cond = (Cond)(next(&random) % C_COUNT);
        l.at_head = next(&random) % 2;
        l.negated = next(&random) % 2;
        arena_init(&a, NULL);
        Fn *f = fn_new(&a, "loop", 0, &(IrSig){0});
        Val counter = build(f, &l);
        if (!ir_verify(f, msg, sizeof msg)) fail_msg("%s", msg);
        uint64_t bound = range_most(f, counter), most = run(&l);
        if (most > bound)
            fail_msg("first %u step %u cond %u n %u head %d: %u is above %u", l.first, l.step, (unsigned)l.cond, l.n,
                     l.at_head, (unsigned)most, (unsigned)bound);
        bounded += bound < UINT32_MAX;
        arena_free(&a);
    }
    if (bounded <= LOOPS / 8) fail_msg("only %u bounds say something", bounded);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
