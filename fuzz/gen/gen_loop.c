/* Loops: bounded by a counter of their own, in the forms that compilers and people write.
 *
 * A `loop` may be branched to from inside (its label is usable) only when the counter is tested and stepped at its
 * head. */
#include "fuzz/gen/gen_impl.h"

uint32_t loop_trips(FuncGen *f) {
    static const uint8_t trips[] = {2,  3,  4,  5,  6,  7,  8,  9,   10,  12,  16,  17,
                                    20, 24, 32, 33, 40, 64, 65, 100, 128, 200, 255, 1};
    uint32_t n = trips[func_pick(f, sizeof trips)] >> f->g->swarm.trips;
    /* the loops around leave less */
    uint32_t room = f->cap / (f->mult * 12);
    if (n > room) n = room;
    return n ? n : 1;
}

static uint32_t take_counter(FuncGen *f, Ti t) {
    Indices *spare = &f->spare[t];
    return spare->n ? spare->at[--spare->n] : local_new(f, t, false);
}

typedef struct Loop {
    Ti t;
    uint32_t counter, trips, mult;
} Loop;

static void number(FuncGen *f, const Loop *l, uint64_t v) { emit_const(f, l->t, (Value){.i64 = v}); }
static void get(FuncGen *f, const Loop *l) { emit_index(f, OP_LOCAL_GET, l->counter); }

static Op int_op(const Loop *l, Op op32, Op op64) { return l->t == TI_I32 ? op32 : op64; }

static void body(FuncGen *f) {
    bool most = f->main_loop;
    f->main_loop = false;
    stmts(f, most ? 5 + func_pick(f, 20) : 1 + func_pick(f, 4));
    if (func_chance(f, 100)) flush(f, 1 + func_pick(f, 4));
}

static void enter(FuncGen *f, Loop *l, uint64_t start, uint32_t bound, bool usable) {
    number(f, l, start);
    emit_index(f, OP_LOCAL_SET, l->counter);
    if (!f->local.at[l->counter].live) vec_push(f->g->a, &f->live[l->t], l->counter);
    f->local.at[l->counter].live = true;
    block_begin(f, OP_LOOP, block_empty(), usable);
    l->mult = f->mult;
    f->mult *= l->trips;
    GenCounter c = {l->counter, bound};
    if (l->t == TI_I32) vec_push(f->g->a, &f->counter, c);
}

static void leave(FuncGen *f, const Loop *l) {
    if (l->t == TI_I32) f->counter.n--;
    block_end(f);
    f->mult = l->mult;
}

/* do body while (--c) */
static void count_down(FuncGen *f, Loop *l) {
    uint32_t form = func_pick(f, 3);
    enter(f, l, l->trips, l->trips, false);
    body(f);
    get(f, l);
    if (form == 0) {
        number(f, l, 1);
        emit(f, int_op(l, OP_I32_SUB, OP_I64_SUB));
    } else {
        number(f, l, UINT64_MAX);
        emit(f, int_op(l, OP_I32_ADD, OP_I64_ADD));
    }
    emit_index(f, OP_LOCAL_TEE, l->counter);
    if (l->t == TI_I64 || form == 2) {
        number(f, l, 0);
        emit(f, int_op(l, OP_I32_NE, OP_I64_NE));
    }
    emit_index(f, OP_BR_IF, 0);
    leave(f, l);
}

/* c = 0; do body while ((c += step) < end), by different comparisons */
static void count_up(FuncGen *f, Loop *l) {
    static const Op less[2][3] = {{OP_I32_LT_U, OP_I32_LT_S, OP_I32_NE}, {OP_I64_LT_U, OP_I64_LT_S, OP_I64_NE}};
    uint32_t step = 1 + func_pick(f, 4), end = l->trips * step;
    if (end > 255) step = 1, end = l->trips;
    enter(f, l, 0, end, false);
    body(f);
    get(f, l);
    number(f, l, step);
    emit(f, int_op(l, OP_I32_ADD, OP_I64_ADD));
    emit_index(f, OP_LOCAL_TEE, l->counter);
    number(f, l, end);
    emit(f, less[l->t][func_pick(f, 3)]);
    emit_index(f, OP_BR_IF, 0);
    leave(f, l);
}

/* block loop if (!c) break; c--; body, which may go on at the head; end end */
static void test_at_head(FuncGen *f, Loop *l) {
    block_begin(f, OP_BLOCK, block_empty(), true);
    enter(f, l, l->trips, l->trips, true);
    get(f, l);
    emit(f, int_op(l, OP_I32_EQZ, OP_I64_EQZ));
    emit_index(f, OP_BR_IF, 1);
    get(f, l);
    number(f, l, 1);
    emit(f, int_op(l, OP_I32_SUB, OP_I64_SUB));
    emit_index(f, OP_LOCAL_SET, l->counter);
    body(f);
    emit_index(f, OP_BR, 0);
    leave(f, l);
    block_end(f);
}

/* block loop body; if (!--c) break; body; end end */
static void test_in_middle(FuncGen *f, Loop *l) {
    block_begin(f, OP_BLOCK, block_empty(), true);
    enter(f, l, l->trips, l->trips, false);
    body(f);
    get(f, l);
    number(f, l, 1);
    emit(f, int_op(l, OP_I32_SUB, OP_I64_SUB));
    emit_index(f, OP_LOCAL_TEE, l->counter);
    emit(f, int_op(l, OP_I32_EQZ, OP_I64_EQZ));
    emit_index(f, OP_BR_IF, 1);
    body(f);
    emit_index(f, OP_BR, 0);
    leave(f, l);
    block_end(f);
}

/* Out at 0, else round again: a table with the loop as its last targets, which have its parameter. */
static void branch_by_table(FuncGen *f) {
    uint32_t n = 1 + func_pick(f, 4);
    emit_index(f, OP_BR_TABLE, n);
    for (uint32_t i = 0; i <= n; i++) bytes_u64(f->g->a, &f->code, i == 0);
}

/* The counter goes round as the loop's parameter. */
static void counter_on_stack(FuncGen *f, Loop *l) {
    bool table = func_chance(f, 100);
    if (table) block_begin(f, OP_BLOCK, block_of(TI_I32), false);
    number(f, l, l->trips);
    l->mult = f->mult;
    f->mult *= l->trips;
    block_begin(f, OP_LOOP, block_typed(f->g, 1), false);
    number(f, l, 1);
    emit(f, OP_I32_SUB);
    emit_index(f, OP_LOCAL_SET, l->counter);
    body(f);
    get(f, l);
    get(f, l);
    if (table)
        branch_by_table(f);
    else
        emit_index(f, OP_BR_IF, 0);
    block_end(f);
    if (table) block_end(f);
    f->mult = l->mult;
    assign(f, TI_I32);
}

/* Computed values end it early. */
static void data_exit(FuncGen *f, Loop *l) {
    block_begin(f, OP_BLOCK, block_empty(), true);
    enter(f, l, l->trips, l->trips, false);
    body(f);
    expr_condition(f, true, 3);
    emit_index(f, OP_BR_IF, 1);
    get(f, l);
    number(f, l, 1);
    emit(f, int_op(l, OP_I32_SUB, OP_I64_SUB));
    emit_index(f, OP_LOCAL_TEE, l->counter);
    number(f, l, 0);
    emit(f, int_op(l, OP_I32_GT_S, OP_I64_GT_S));
    emit_index(f, OP_BR_IF, 0);
    leave(f, l);
    block_end(f);
}

void stmt_loop(FuncGen *f) {
    uint32_t form = func_pick(f, 8);
    Loop l = {.t = func_chance(f, 50) ? TI_I64 : TI_I32}; /* each draws: not in one initializer, which has no order */
    l.trips = loop_trips(f);
    bool stack = form == 5 && gen_has(f->g, FEAT_MULTI_VALUE);
    if (stack) l.t = TI_I32;
    l.counter = take_counter(f, l.t);
    switch (form) {
    case 0:
    case 6: count_down(f, &l); break;
    case 1:
    case 7: count_up(f, &l); break;
    case 2: test_at_head(f, &l); break;
    case 3: test_in_middle(f, &l); break;
    case 4: data_exit(f, &l); break;
    default:
        if (stack)
            counter_on_stack(f, &l);
        else
            count_down(f, &l);
        break;
    }
    vec_push(f->g->a, &f->spare[l.t], l.counter);
}

/* A value that the last round yields: the others go into the next one by a local. */
bool expr_loop(FuncGen *f, Ti t) {
    if (!can_nest(f) || func_crowded(f)) return false;
    Loop l = {.t = TI_I32, .mult = f->mult};
    l.counter = take_counter(f, TI_I32);
    l.trips = loop_trips(f);
    uint32_t kept = local_target(f, t);
    number(f, &l, l.trips);
    emit_index(f, OP_LOCAL_SET, l.counter);
    block_begin(f, OP_LOOP, block_of(t), false);
    f->mult *= l.trips;
    stmt(f);
    expr(f, t, 3);
    emit_set(f, kept);
    get(f, &l);
    number(f, &l, 1);
    emit(f, OP_I32_SUB);
    emit_index(f, OP_LOCAL_TEE, l.counter);
    emit_index(f, OP_BR_IF, 0);
    emit_get(f, kept);
    block_end(f);
    f->mult = l.mult;
    vec_push(f->g->a, &f->spare[TI_I32], l.counter);
    return true;
}
