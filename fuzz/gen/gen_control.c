/* Control: ifs, blocks, br_table, branches, blocks with parameters and results, deep nests.
 *
 * A branch that would make the code behind it dead stands behind a condition, and the conditions of early exits are
 * mostly false: so most of what is generated is executed. */
#include "fuzz/gen/gen_impl.h"

bool can_nest(const FuncGen *f) { return f->nest < f->g->swarm.max_nest && !func_done(f); }

static uint32_t label_depth(const FuncGen *f, uint32_t label) { return f->label.n - 1 - label; }

static void inner(FuncGen *f, uint32_t most) { stmts(f, 1 + func_pick(f, most)); }

/* -- Branches --------------------------------------------------------------------------- */

/* A label that may be branched to; the innermost ones more often. */
static uint32_t choose_label(FuncGen *f) {
    uint32_t n = f->label.n, k = func_chance(f, 90) ? func_pick(f, n) : n - 1 - func_pick(f, n > 3 ? 3 : n);
    for (uint32_t i = 0; i < n; i++, k = (k + 1) % n)
        if (f->label.at[k].usable) return k;
    return 0; /* the function */
}

static bool same_label(const FuncGen *f, uint32_t a, uint32_t b) {
    const GenLabel *x = &f->label.at[a], *y = &f->label.at[b];
    return x->usable && y->usable && types_equal(x->type, x->n, y->type, y->n);
}

static void branch_if(FuncGen *f) {
    uint32_t k = choose_label(f);
    const GenLabel l = f->label.at[k];
    exprs(f, l.type, l.n, 2);
    expr_condition(f, !func_chance(f, 80), 3);
    emit_index(f, OP_BR_IF, label_depth(f, k));
    consume(f, l.type, l.n);
}

/* Junk in the upper bits, or a value that meets the targets. */
static void table_index(FuncGen *f, uint32_t n) {
    switch (func_pick(f, 4)) {
    case 0: expr_part(f, TI_I32, 2); break;
    case 1:
        expr_part(f, TI_I64, 2);
        emit(f, OP_I32_WRAP_I64);
        break;
    default: {
        uint32_t mask = 7; /* beyond the last now and then */
        while (mask <= n) mask = 2 * mask + 1;
        expr_part(f, TI_I32, 3);
        emit_i32(f, mask);
        emit(f, OP_I32_AND);
        break;
    }
    }
}

static uint32_t table_length(FuncGen *f) {
    uint32_t form = entropy_u8(&f->e);
    if (form < 200) return form % 6;
    if (form < 244) return 6 + form % 32;
    if (form < 253) return 40 + 3 * entropy_u8(&f->e) / 4;
    return 256 + 8 * entropy_u8(&f->e);
}

/* Which of `count` targets entry i of a table has: long lists go in a pattern. */
static uint32_t in_pattern(uint32_t i, uint32_t count) { return (i * 7 + i / 5) % count; }
enum { DRAWN_TARGETS = 16 };

/* Labels that take what `to` takes, in any order, over and over. */
static void branch_table(FuncGen *f, uint32_t to, uint32_t n) {
    uint32_t same[64], count = 0;
    for (uint32_t i = 0; i < f->label.n && count < 64; i++)
        if (same_label(f, i, to)) same[count++] = i;
    emit_index(f, OP_BR_TABLE, n);
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t k = i < DRAWN_TARGETS ? func_pick(f, count) : in_pattern(i, count);
        bytes_u64(f->g->a, &f->code, label_depth(f, same[k]));
    }
}

/* What is behind an unconditional branch is dead; a little of that. */
static void dead_code(FuncGen *f) {
    if (func_chance(f, 40))
        stmt_small(f);
    else if (func_chance(f, 20))
        emit(f, OP_UNREACHABLE);
}

static void branch_always(FuncGen *f) {
    expr_condition(f, true, 3);
    block_begin(f, OP_IF, block_empty(), true);
    if (func_chance(f, 90)) stmt_small(f);
    if (func_chance(f, 90)) flush(f, 2);
    uint32_t k = choose_label(f);
    const GenLabel l = f->label.at[k];
    exprs(f, l.type, l.n, 2);
    if (func_chance(f, 100)) {
        uint32_t n = table_length(f);
        table_index(f, n);
        branch_table(f, k, n);
    } else {
        emit_index(f, OP_BR, label_depth(f, k));
    }
    dead_code(f);
    block_end(f);
}

void stmt_branch(FuncGen *f) {
    if (func_chance(f, 110) && can_nest(f))
        branch_always(f);
    else
        branch_if(f);
}

void stmt_return(FuncGen *f) {
    expr_condition(f, true, 3);
    block_begin(f, OP_IF, block_empty(), true);
    flush(f, 4);
    exprs(f, f->type->result, f->type->nresult, 2);
    emit(f, OP_RETURN);
    dead_code(f);
    block_end(f);
}

void stmt_trap(FuncGen *f) {
    if (!func_risk(f) && !func_risk(f)) {
        stmt(f);
        return;
    }
    flush(f, 8);
    expr_condition(f, true, 3);
    block_begin(f, OP_IF, block_empty(), true);
    emit(f, OP_UNREACHABLE);
    block_end(f);
}

/* -- Ifs and blocks --------------------------------------------------------------------------- */

void stmt_if(FuncGen *f) {
    bool rare = func_chance(f, 60);
    expr_condition(f, rare, expr_depth(f));
    block_begin(f, OP_IF, block_empty(), true);
    inner(f, 4);
    if (func_chance(f, 140)) {
        block_else(f);
        inner(f, 4);
    }
    block_end(f);
}

void stmt_block(FuncGen *f) {
    block_begin(f, OP_BLOCK, block_empty(), true);
    inner(f, 3);
    if (!func_done(f)) branch_if(f);
    inner(f, 3);
    block_end(f);
}

bool expr_if(FuncGen *f, Ti t, int depth) {
    if (!can_nest(f)) return false;
    expr_condition(f, false, depth - 1);
    block_begin(f, OP_IF, block_of(t), true);
    if (func_chance(f, 60)) stmt(f);
    expr(f, t, depth - 1);
    block_else(f);
    if (func_chance(f, 60)) stmt(f);
    expr(f, t, depth - 1);
    block_end(f);
    return true;
}

/* The value comes out at the end or by a branch. */
bool expr_block(FuncGen *f, Ti t, int depth) {
    if (!can_nest(f)) return false;
    block_begin(f, OP_BLOCK, block_of(t), true);
    if (func_chance(f, 24)) { /* what a select could do */
        expr_leaf(f, t);
        expr_leaf(f, TI_I32);
        emit_index(f, OP_BR_IF, 0);
        emit(f, OP_DROP);
        expr_leaf(f, t);
        block_end(f);
        return true;
    }
    if (func_chance(f, 120)) stmt(f);
    if (func_chance(f, 160)) {
        expr(f, t, depth - 1);
        expr_condition(f, func_chance(f, 128), depth - 1);
        emit_index(f, OP_BR_IF, 0);
        assign(f, t);
        if (func_chance(f, 60)) stmt(f);
    }
    expr(f, t, depth - 1);
    block_end(f);
    return true;
}

/* -- br_table over nested blocks ------------------------------------------------------------------ */

void stmt_switch(FuncGen *f) {
    uint32_t n = 1 + func_pick(f, 6), labels = f->label.n, length = func_chance(f, 40) ? table_length(f) : n;
    for (uint32_t i = 0; i <= n; i++) block_begin(f, OP_BLOCK, block_empty(), true);
    table_index(f, n);
    emit_index(f, OP_BR_TABLE, length);
    for (uint32_t i = 0; i <= length; i++) {
        uint32_t k = i >= DRAWN_TARGETS ? in_pattern(i, n + 1) : func_chance(f, 30) ? func_pick(f, n + 1) : i % (n + 1);
        bytes_u64(f->g->a, &f->code, k);
    }
    while (f->label.n > labels + 1) {
        block_end(f);
        stmts(f, 1 + func_pick(f, 2));
        if (func_chance(f, 170)) emit_index(f, OP_BR, f->label.n - 1 - labels);
    }
    block_end(f);
}

/* -- Parameters and results ------------------------------------------------------------------------- */

/* Types of blocks: not the ones with very many values. */
static uint32_t block_type(FuncGen *f, bool same) {
    const Gen *g = f->g;
    uint32_t k = func_pick(f, g->type.n);
    for (uint32_t i = 0; i < g->type.n; i++, k = (k + 1) % g->type.n) {
        const FuncType *t = &g->type.at[k];
        if (t->nparam + t->nresult == 0 || t->nparam > 12 || t->nresult > 12) continue;
        if (!same || types_equal(t->param, t->nparam, t->result, t->nresult)) return k;
    }
    return 1;
}

/* Some of the parameters stay on the stack under what follows, when they are the first results as well. */
static uint32_t take_params(FuncGen *f, const BlockKind *k) {
    uint32_t common = 0;
    while (common < k->nparam && common < k->nresult && k->param[common] == k->result[common]) common++;
    uint32_t keep = common ? func_pick(f, common + 1) : 0;
    consume(f, k->param + keep, k->nparam - keep);
    return keep;
}

static void fill_results(FuncGen *f, const BlockKind *k, uint32_t kept) {
    uint32_t n = 1 + func_pick(f, 2);
    stmts(f, n);
    exprs(f, k->result + kept, k->nresult - kept, 2);
}

static void multi_if(FuncGen *f, BlockKind k) {
    expr_condition(f, false, 3);
    block_begin(f, OP_IF, k, true);
    fill_results(f, &k, take_params(f, &k));
    /* Without else the parameters are the results. */
    if (!types_equal(k.param, k.nparam, k.result, k.nresult) || func_chance(f, 100)) {
        block_else(f);
        fill_results(f, &k, take_params(f, &k));
    }
    block_end(f);
}

static void multi_block(FuncGen *f, BlockKind k) {
    block_begin(f, OP_BLOCK, k, true);
    uint32_t kept = take_params(f, &k);
    stmts(f, 1);
    if (!kept && func_chance(f, 160)) {
        exprs(f, k.result, k.nresult, 2);
        expr_condition(f, func_chance(f, 128), 2);
        emit_index(f, OP_BR_IF, 0);
        consume(f, k.result, k.nresult);
    }
    fill_results(f, &k, kept);
    block_end(f);
}

/* A counter local bounds it; parameters go round. */
static void multi_loop(FuncGen *f, BlockKind k) {
    uint32_t trips = loop_trips(f), c = local_new(f, TI_I32, false), mult = f->mult;
    emit_i32(f, trips);
    emit_set(f, c);
    block_begin(f, OP_LOOP, k, false);
    f->mult *= trips;
    GenCounter counter = {c, trips};
    vec_push(f->g->a, &f->counter, counter);
    consume(f, k.param, k.nparam);
    stmts(f, 1 + func_pick(f, 2));
    exprs(f, k.param, k.nparam, 2);
    emit_get(f, c);
    emit_i32(f, 1);
    emit(f, OP_I32_SUB);
    emit_tee(f, c);
    emit_index(f, OP_BR_IF, 0);
    f->counter.n--;
    f->mult = mult;
    consume(f, k.param, k.nparam);
    exprs(f, k.result, k.nresult, 1);
    block_end(f);
}

void stmt_multi(FuncGen *f) {
    if (!gen_has(f->g, FEAT_MULTI_VALUE)) {
        stmt(f);
        return;
    }
    uint32_t form = func_pick(f, 3);
    BlockKind k = block_typed(f->g, block_type(f, func_chance(f, 60)));
    exprs(f, k.param, k.nparam, k.nparam > 4 ? 1 : 2);
    if (form == 0)
        multi_block(f, k);
    else if (form == 1)
        multi_if(f, k);
    else
        multi_loop(f, k);
    consume(f, k.result, k.nresult);
}

/* -- Deep nests ---------------------------------------------------------------------------------------- */

void stmt_deep(FuncGen *f) {
    uint32_t n = 8 + func_pick(f, 40), base = f->label.n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t form = entropy_u8(&f->e);
        if (form >= 230) {
            emit_get(f, f->live[TI_I32].n ? local_live(f, TI_I32) : local_new(f, TI_I32, true));
            block_begin(f, OP_IF, block_empty(), true);
        } else {
            block_begin(f, form >= 210 ? OP_LOOP : OP_BLOCK, block_empty(), form < 210);
        }
        if (form >= 180 && form < 210) stmt(f);
    }
    while (f->label.n > base) {
        if (func_chance(f, 60))
            branch_if(f);
        else if (func_chance(f, 30))
            stmt(f);
        block_end(f);
    }
}
