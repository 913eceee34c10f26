/* Calls: direct, through tables, in tail position, recursive.
 *
 * Functions call those of lower levels, and themselves under a bound, so every call comes back before the fuel is used
 * up, mostly.  An indirect call takes its index from a run of entries that instantiation filled with functions of one
 * type; risky ones take any index. */
#include "fuzz/gen/gen_impl.h"

/* What a call of each level executes, roughly. */
static const uint32_t call_cost[3] = {60, 350, 1500};

static bool affordable(const FuncGen *f, uint32_t level) {
    return f->mult == 1 || f->cost + f->mult * call_cost[level] < f->cap;
}

static bool has_result(const FuncType *t, Ti want) {
    for (uint32_t i = 0; i < t->nresult; i++)
        if (want == TI_COUNT || t->result[i] == ti_type[want]) return true;
    return want == TI_COUNT;
}

/* Results are on the stack: keep the topmost of the type, the others go to locals; TI_COUNT: all do. */
static void keep_result(FuncGen *f, const FuncType *t, Ti want) {
    uint32_t k = t->nresult;
    if (want != TI_COUNT)
        for (k = t->nresult - 1; t->result[k] != ti_type[want];) k--;
    if (want == TI_COUNT) {
        consume(f, t->result, t->nresult);
        return;
    }
    for (uint32_t i = t->nresult; i-- > k + 1;) assign(f, ti_of(t->result[i]));
    if (k == 0) return;
    uint32_t kept = local_target(f, want);
    emit_set(f, kept);
    f->local.at[kept].dirty = true; /* in use: not for the others */
    consume(f, t->result, k);
    emit_get(f, kept);
}

static bool may_call(const FuncGen *f, uint32_t func) {
    const GenFunc *c = &f->g->func.at[func];
    return (c->imported || c->level < f->level) && !c->start && affordable(f, c->level);
}

/* Any function that fits, from a random one on. */
static uint32_t choose_callee(FuncGen *f, Ti want) {
    const Gen *g = f->g;
    if (!g->func.n) return NO_INDEX;
    uint32_t k = func_pick(f, g->func.n);
    for (uint32_t i = 0; i < g->func.n; i++, k = (k + 1) % g->func.n)
        if (may_call(f, k) && has_result(gen_func_type(g, k), want)) return k;
    return NO_INDEX;
}

static int arg_depth(const FuncType *t, int depth) { return t->nparam > 4 ? 1 : depth > 3 ? 2 : depth - 1; }

bool call_direct(FuncGen *f, Ti want, int depth) {
    uint32_t callee = choose_callee(f, want);
    if (callee == NO_INDEX) return false;
    const FuncType *t = gen_func_type(f->g, callee);
    exprs(f, t->param, t->nparam, arg_depth(t, depth));
    emit_index(f, OP_CALL, callee);
    f->cost += f->mult * call_cost[f->g->func.at[callee].level];
    keep_result(f, t, want);
    return true;
}

/* -- Through tables ---------------------------------------------------------------------- */

static const GenRun *choose_run(FuncGen *f, Ti want) {
    const Gen *g = f->g;
    if (!g->run.n) return NULL;
    uint32_t k = func_pick(f, g->run.n);
    for (uint32_t i = 0; i < g->run.n; i++, k = (k + 1) % g->run.n) {
        const GenRun *r = &g->run.at[k];
        if (r->level < f->level && affordable(f, r->level) && has_result(&g->type.at[r->type], want)) return r;
    }
    return NULL;
}

static void risky_index(FuncGen *f, const GenRun *r, int depth) {
    const GenTable *t = &f->g->table.at[r->table];
    const uint32_t at[] = {t->size,    t->size - 1, t->size + 1, 0,
                           UINT32_MAX, 0x80000000,  r->at ^ 1,   r->at + (1u << r->log2)};
    if (func_pick(f, 3) == 0) {
        expr(f, TI_I32, depth);
        return;
    }
    emit_i32(f, at[func_pick(f, 8)]);
    emit_i32(f, r->at);
    expr_condition(f, true, depth);
    emit(f, OP_SELECT);
}

static void run_index(FuncGen *f, const GenRun *r, int depth) {
    if (func_risk(f)) {
        risky_index(f, r, depth);
    } else if (r->log2 == 0 || func_chance(f, 60)) {
        emit_i32(f, r->at + func_pick(f, 1u << r->log2));
    } else {
        if (f->g->swarm.type[TI_I64] && func_chance(f, 60)) {
            low_index(f, 1u << r->log2, depth);
        } else {
            expr_part(f, TI_I32, depth);
            emit_i32(f, (1u << r->log2) - 1);
            emit(f, OP_I32_AND);
        }
        if (!r->at) return;
        emit_i32(f, r->at);
        emit(f, OP_I32_ADD);
    }
}

bool call_indirect(FuncGen *f, Ti want, int depth) {
    const GenRun *r = choose_run(f, want);
    if (!r) return false;
    const FuncType *t = &f->g->type.at[r->type];
    exprs(f, t->param, t->nparam, arg_depth(t, depth));
    run_index(f, r, depth > 3 ? 2 : depth - 1);
    emit_index2(f, OP_CALL_INDIRECT, r->type, r->table);
    f->cost += f->mult * call_cost[r->level];
    keep_result(f, t, want);
    return true;
}

/* -- Tail calls ----------------------------------------------------------------------------- */

static bool same_results(const FuncGen *f, const FuncType *t) {
    return types_equal(t->result, t->nresult, f->type->result, f->type->nresult);
}

static uint32_t tail_callee(FuncGen *f) {
    const Gen *g = f->g;
    uint32_t k = func_pick(f, g->func.n);
    for (uint32_t i = 0; i < g->func.n; i++, k = (k + 1) % g->func.n)
        if (may_call(f, k) && same_results(f, gen_func_type(g, k))) return k;
    return NO_INDEX;
}

static const GenRun *tail_run(FuncGen *f) {
    const Gen *g = f->g;
    uint32_t k = g->run.n ? func_pick(f, g->run.n) : 0;
    for (uint32_t i = 0; i < g->run.n; i++, k = (k + 1) % g->run.n) {
        const GenRun *r = &g->run.at[k];
        if (r->level < f->level && same_results(f, &g->type.at[r->type])) return r;
    }
    return NULL;
}

static void tail_call(FuncGen *f, uint32_t callee, const GenRun *r) {
    const FuncType *t = r ? &f->g->type.at[r->type] : gen_func_type(f->g, callee);
    flush(f, 3);
    exprs(f, t->param, t->nparam, 2);
    if (!r) {
        emit_index(f, OP_RETURN_CALL, callee);
        return;
    }
    run_index(f, r, 2);
    emit_index2(f, OP_RETURN_CALL_INDIRECT, r->type, r->table);
}

/* Behind a condition, since what follows would be dead. */
bool stmt_tail(FuncGen *f) {
    if (!gen_has(f->g, FEAT_TAIL_CALL) || !can_nest(f)) return false;
    uint32_t callee = tail_callee(f);
    const GenRun *r = tail_run(f);
    if (callee == NO_INDEX && !r) return false;
    if (r && callee != NO_INDEX && func_chance(f, 128)) r = NULL;
    expr_condition(f, !func_chance(f, 60), 2);
    block_begin(f, OP_IF, block_empty(), true);
    tail_call(f, callee, r);
    block_end(f);
    return true;
}

/* -- Recursion --------------------------------------------------------------------------------- */

/* if (p &= mask) self(.., p - 1, ..): p is set nowhere else. */
bool stmt_recurse(FuncGen *f) {
    static const uint16_t masks[] = {3, 7, 255, 15, 7, 31, 1, 63};
    uint32_t p = f->recursion, most = f->level == 0 ? 2 : 8;
    if (p == NO_INDEX || f->mult > 1 || f->nest > 2 || !can_nest(f)) return false;
    f->recursion = NO_INDEX; /* once, so that calls make a chain and no tree */
    emit_get(f, p);
    emit_i32(f, masks[func_pick(f, most)]);
    emit(f, OP_I32_AND);
    emit_index(f, OP_LOCAL_TEE, p);
    block_begin(f, OP_IF, block_empty(), true);
    for (uint32_t i = 0; i < f->type->nparam; i++) {
        if (i != p) {
            expr_small(f, ti_of(f->type->param[i]));
            continue;
        }
        emit_get(f, p);
        emit_i32(f, 1);
        emit(f, OP_I32_SUB);
    }
    if (gen_has(f->g, FEAT_TAIL_CALL) && func_chance(f, 80)) {
        emit_index(f, OP_RETURN_CALL, f->index);
    } else {
        emit_index(f, OP_CALL, f->index);
        consume(f, f->type->result, f->type->nresult);
    }
    block_end(f);
    return true;
}
