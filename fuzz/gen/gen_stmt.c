/* Statements: they leave the operand stack as it was.  Simple ones, register pressure, repetition; and the choice among
 * all. */
#include "fuzz/gen/gen_impl.h"

static Ti any_type(FuncGen *f) {
    static const uint8_t types[] = {TI_I32, TI_I64, TI_F64, TI_F32, TI_I32, TI_I64, TI_V128, TI_F64, TI_V128, TI_F32};
    Ti t = (Ti)types[func_pick(f, sizeof types)];
    return f->g->swarm.type[t] ? t : TI_I64;
}

/* -- Simple ones ------------------------------------------------------------------------- */

static void stmt_set(FuncGen *f) {
    Ti t = any_type(f);
    if (gen_has(f->g, FEAT_REF_TYPES) && func_chance(f, 4)) t = func_pick(f, 2) ? TI_EXTERN : TI_FUNC;
    expr(f, t, expr_depth(f));
    assign(f, t);
}

static void stmt_rmw(FuncGen *f) {
    Ti t = any_type(f);
    uint32_t x = local_target(f, t);
    bool first = func_chance(f, 60);
    if (!first) emit_get(f, x);
    expr(f, t, expr_depth(f));
    if (first) emit_get(f, x);
    emit_fold(f, t);
    emit_set(f, x);
}

static void stmt_global(FuncGen *f) {
    const Gen *g = f->g;
    uint32_t k = func_pick(f, g->global.n);
    for (uint32_t i = 0; i < g->global.n && !g->global.at[k].mutable; i++) k = (k + 1) % g->global.n;
    Ti t = g->global.at[k].type;
    bool rmw = k == g->acc || (!ti_is_ref(t) && func_chance(f, 80));
    if (rmw) emit_index(f, OP_GLOBAL_GET, k);
    expr(f, t, expr_depth(f));
    if (rmw) emit_fold(f, t);
    emit_index(f, OP_GLOBAL_SET, k);
}

static void stmt_call(FuncGen *f, bool indirect) {
    bool done = indirect ? call_indirect(f, TI_COUNT, 4) || call_direct(f, TI_COUNT, 4)
                         : call_direct(f, TI_COUNT, 4) || call_indirect(f, TI_COUNT, 4);
    if (!done) stmt_rmw(f);
}

static void stmt_drop(FuncGen *f) {
    Ti t = any_type(f);
    expr(f, t, 2);
    emit_tee(f, local_target(f, t));
    emit(f, OP_DROP);
}

/* Locals of one type change places: a cycle of moves where paths meet. */
static void stmt_shuffle(FuncGen *f) {
    Ti t = any_type(f);
    uint32_t n = 2 + func_pick(f, 4);
    Indices x = {0};
    while (f->settable[t].n < n) local_new(f, t, true);
    for (uint32_t i = 0; i < n; i++) vec_push(f->g->a, &x, f->settable[t].at[(f->settable[t].n - n) + i]);
    bool branch = can_nest(f) && func_chance(f, 90);
    if (branch) {
        expr_condition(f, false, 2);
        block_begin(f, OP_IF, block_empty(), true);
    }
    for (uint32_t i = 0; i < n; i++) emit_get(f, x.at[i]);
    uint32_t by = func_pick(f, n - 1);
    for (uint32_t i = 0; i < n; i++) emit_set(f, x.at[(n - 1 - i + n - by) % n]);
    if (branch) block_end(f);
}

/* -- Register pressure -------------------------------------------------------------------- */

/* What goes on while many values are live. */
static void in_between(FuncGen *f) {
    if (func_chance(f, 150)) stmt_call(f, func_chance(f, 80));
    if (can_nest(f) && !func_crowded(f) && func_chance(f, 90)) stmt_loop(f);
}

/* New locals of mixed types, each of its own value, all read afterwards. */
static void burst_in_locals(FuncGen *f, uint32_t n) {
    uint32_t first = f->local.n, mix = entropy_u8(&f->e);
    for (uint32_t i = 0; i < n; i++) {
        Ti t = (Ti)((i * (1 + mix % 3) / 2 + mix) % 4);
        if (i % 5 == 4 && f->g->swarm.type[TI_V128]) t = TI_V128;
        if (!f->g->swarm.type[t]) t = (Ti)(i & 1);
        local_new(f, t, false);
    }
    for (uint32_t i = first; i < first + n; i++) {
        expr_small(f, f->local.at[i].type);
        emit_set(f, i);
    }
    in_between(f);
    Ti t = func_chance(f, 170) ? TI_I64 : any_type(f);
    for (uint32_t i = first; i < first + n; i++) {
        if (t == TI_I64) {
            push_bits(f, i, i & 1);
        } else {
            emit_get(f, i);
            emit_convert(f, f->local.at[i].type, t);
        }
        if (i > first) emit_fold(f, t);
    }
    assign(f, t);
}

/* Is every bit of the one in what it is converted to? */
static bool widens(Ti from, Ti to) {
    return from == to || (from != TI_V128 && to == TI_I64) || ((from == TI_I32 || from == TI_F32) && to == TI_F64);
}

/* The same on the operand stack, folded from the top. */
static void burst_on_stack(FuncGen *f, uint32_t n) {
    VEC(Ti) type = {0};
    for (uint32_t i = 0; i < n; i++) {
        Ti t = any_type(f);
        expr_small(f, t);
        vec_push(f->g->a, &type, t);
    }
    in_between(f);
    for (uint32_t i = n - 1; i > 0; i--) {
        if (!widens(type.at[i], type.at[i - 1]) && !func_chance(f, 60)) {
            assign(f, type.at[i]);
            continue;
        }
        emit_convert(f, type.at[i], type.at[i - 1]);
        emit_fold(f, type.at[i - 1]);
    }
    assign(f, type.at[0]);
}

/* An i64 as bits of the type, and back. */
static void from_bits(FuncGen *f, Ti t) {
    if (t == TI_I32) emit(f, OP_I32_WRAP_I64);
    if (t == TI_F64) emit(f, OP_F64_REINTERPRET_I64);
    if (t == TI_V128) emit_plain(f, OP_I64X2_SPLAT, NULL);
}
static void to_bits(FuncGen *f, Ti t, uint32_t half) {
    if (t == TI_I32) emit(f, OP_I64_EXTEND_I32_S);
    if (t == TI_F64) emit(f, OP_I64_REINTERPRET_F64);
    if (t == TI_V128) emit_half(f, half);
}

/* So many live values of one type that the native frame has several pages, and offsets in it take more than a short
 * immediate; in functions that nobody calls but the plan. */
static void burst_in_frame(FuncGen *f) {
    static const uint16_t many[] = {80, 150, 300, 700, 1100, 2200};
    static const uint8_t types[] = {TI_I64, TI_I32, TI_F64, TI_V128};
    uint32_t n = many[func_pick(f, 6)], source = local_new(f, TI_I64, false);
    Ti t = (Ti)types[func_pick(f, 4)];
    if (!f->g->swarm.type[t]) t = TI_I64;
    expr_small(f, TI_I64);
    emit_set(f, source);
    uint32_t first = f->local.n;
    for (uint32_t i = 0; i < n; i++) local_new(f, t, false);
    for (uint32_t i = 0; i < n; i++) {
        emit_get(f, source);
        emit_i64(f, hash_mix(i) >> i % 60);
        emit(f, OP_I64_XOR);
        from_bits(f, t);
        emit_set(f, first + i);
    }
    in_between(f);
    emit_get(f, source);
    for (uint32_t i = 0; i < n; i++) {
        emit_get(f, first + i);
        to_bits(f, t, i & 1);
        emit(f, i & 1 ? OP_I64_ADD : OP_I64_XOR);
    }
    assign(f, TI_I64);
}

static void stmt_burst(FuncGen *f) {
    if (f->level == 2 && f->mult == 1 && func_chance(f, 10)) {
        burst_in_frame(f);
        return;
    }
    uint32_t n = 12 + func_pick(f, 29);
    if (f->mult * n * 6 > f->cap) n = 6;
    if (func_chance(f, 100))
        burst_on_stack(f, n);
    else
        burst_in_locals(f, n);
}

/* -- Repetition ------------------------------------------------------------------------------- */

/* A statement is valid wherever its labels are, so its bytes can be written again: large code from little input. */
static void stmt_repeat(FuncGen *f) {
    static const uint8_t times[] = {3, 5, 10, 20, 40, 100};
    uint32_t n = times[func_pick(f, sizeof times)], cost = f->cost;
    expr_condition(f, func_chance(f, 100), 2);
    block_begin(f, OP_IF, block_empty(), true);
    uint32_t start = f->code.n;
    stmts(f, 1 + func_pick(f, 2));
    uint32_t len = f->code.n - start;
    cost = f->cost - cost;
    for (uint32_t i = 1; i < n && f->code.n < GEN_MAX_CODE && (f->cost < f->cap || f->mult == 1); i++) {
        vec_reserve(f->g->a, &f->code, f->code.n + len);
        bytes_put(f->g->a, &f->code, f->code.at + start, len);
        f->cost += cost;
    }
    block_end(f);
}

/* -- Choice ----------------------------------------------------------------------------------------- */

/* What a statement becomes where it is not possible. */
static uint32_t possible(const FuncGen *f, uint32_t form) {
    bool nest = can_nest(f), crowded = func_crowded(f);
    switch (form) {
    case GEN_STMT_IF:
    case GEN_STMT_BLOCK:
    case GEN_STMT_SWITCH:
    case GEN_STMT_MULTI:
    case GEN_STMT_RETURN:
    case GEN_STMT_TRAP: return nest ? form : GEN_STMT_RMW;
    case GEN_STMT_LOOP: return nest && !crowded ? form : GEN_STMT_STORE;
    case GEN_STMT_REPEAT:
    case GEN_STMT_DEEP: return nest && f->nest < 3 && !crowded ? form : GEN_STMT_RMW;
    case GEN_STMT_BURST: return crowded ? GEN_STMT_RMW : form;
    default: return form;
    }
}

static void write_stmt(FuncGen *f, uint32_t form) {
    switch (form) {
    case GEN_STMT_SET: stmt_set(f); break;
    case GEN_STMT_RMW: stmt_rmw(f); break;
    case GEN_STMT_STORE: stmt_store(f); break;
    case GEN_STMT_GLOBAL: stmt_global(f); break;
    case GEN_STMT_IF: stmt_if(f); break;
    case GEN_STMT_BLOCK: stmt_block(f); break;
    case GEN_STMT_LOOP: stmt_loop(f); break;
    case GEN_STMT_SWITCH: stmt_switch(f); break;
    case GEN_STMT_CALL: stmt_call(f, false); break;
    case GEN_STMT_INDIRECT: stmt_call(f, true); break;
    case GEN_STMT_MULTI: stmt_multi(f); break;
    case GEN_STMT_BURST: stmt_burst(f); break;
    case GEN_STMT_BRANCH: stmt_branch(f); break;
    case GEN_STMT_BULK: stmt_bulk(f); break;
    case GEN_STMT_TABLE: stmt_table(f); break;
    case GEN_STMT_GROW: stmt_grow(f); break;
    case GEN_STMT_RECURSE:
        if (!stmt_recurse(f)) stmt_set(f);
        break;
    case GEN_STMT_TAIL:
        if (!stmt_tail(f)) stmt_set(f);
        break;
    case GEN_STMT_RETURN: stmt_return(f); break;
    case GEN_STMT_TRAP: stmt_trap(f); break;
    case GEN_STMT_REPEAT: stmt_repeat(f); break;
    case GEN_STMT_DEEP: stmt_deep(f); break;
    case GEN_STMT_SHUFFLE: stmt_shuffle(f); break;
    case GEN_STMT_FLUSH: flush(f, 1 + func_pick(f, 6)); break;
    case GEN_STMT_DROP: stmt_drop(f); break;
    case GEN_STMT_NOP: emit(f, OP_NOP); break;
    default: stmt_idiom(f); break;
    }
}

/* A statement has at most half of the bytes that the ones around it have left: so none takes all, and nests grow
 * narrow. */
void stmt(FuncGen *f) {
    enum { SHARED = 40 }; /* below that it may have them all */
    uint32_t form = possible(f, entropy_weighted(&f->e, f->g->swarm.stmt, GEN_STMT_COUNT));
    const uint8_t *end = f->e.end;
    uint32_t lossy = f->lossy, left = (uint32_t)(end - f->e.at);
    if (left > SHARED) f->e.end -= (left - SHARED) / 2;
    f->g->stats->stmt[form]++;
    f->lossy = 0;
    write_stmt(f, form);
    f->lossy = lossy;
    f->e.end = end;
}

/* In places that are rarely executed. */
void stmt_small(FuncGen *f) {
    static const uint8_t forms[] = {GEN_STMT_RMW, GEN_STMT_SET, GEN_STMT_STORE, GEN_STMT_GLOBAL, GEN_STMT_FLUSH};
    write_stmt(f, forms[func_pick(f, sizeof forms)]);
}

void stmts(FuncGen *f, uint32_t n) {
    if (func_done(f)) stmt_rmw(f); /* something has to happen */
    for (uint32_t i = 0; i < n && !func_done(f) && (i == 0 || !func_crowded(f)); i++) stmt(f);
}
