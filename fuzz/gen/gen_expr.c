/* Expressions: an expression of a type is asked for, an operation that yields it chosen, and its operands asked for.
 *
 * Invariant: expr(f, t) leaves exactly one value of type t more on the operand stack.  Each step takes at least one
 * byte of the function's entropy or ends in a leaf, so an expression is bounded by its input. */
#include <string.h>
#include "fuzz/gen/gen_impl.h"

/* -- Leaves --------------------------------------------------------------------------- */

static uint32_t global_of(FuncGen *f, Ti t) {
    const Gen *g = f->g;
    uint32_t k = func_pick(f, g->global.n);
    for (uint32_t i = 0; i < g->global.n; i++, k = (k + 1) % g->global.n)
        if (g->global.at[k].type == t) return k;
    return NO_INDEX;
}

static void leaf_const(FuncGen *f, Ti t) {
    if (ti_is_ref(t))
        expr_ref(f, t);
    else
        emit_const(f, t, const_value(&f->e, t));
}

void expr_leaf(FuncGen *f, Ti t) {
    uint32_t form = entropy_u8(&f->e), i;
    if (form < 160 && (i = local_live(f, t)) != NO_INDEX) {
        emit_get(f, i);
    } else if (form >= 226 && (i = global_of(f, t)) != NO_INDEX) {
        emit_index(f, OP_GLOBAL_GET, i);
    } else if (form >= 220 && f->settable[t].n) { /* perhaps never set: zero */
        emit_get(f, f->settable[t].at[form % f->settable[t].n]);
    } else {
        leaf_const(f, t);
    }
}

int expr_depth(FuncGen *f) { return 1 + (int)func_pick(f, f->g->swarm.max_depth); }

void exprs(FuncGen *f, const ValType *t, uint32_t n, int depth) {
    for (uint32_t i = 0; i < n; i++) {
        if (n > 8 && i > 4)
            expr_leaf(f, ti_of(t[i]));
        else
            expr(f, ti_of(t[i]), depth);
    }
}

/* -- Conversion and folding ------------------------------------------------------------------ */

#define CHOOSE(f, list) ((Op)(list)->at[func_pick(f, (list)->n)])

void emit_convert(FuncGen *f, Ti from, Ti to) {
    const Ops *ops = &f->g->ops;
    if (from == to) return;
    if (ti_is_ref(from)) {
        emit(f, OP_REF_IS_NULL);
        from = TI_I32;
        if (from == to) return;
    }
    if (ops->convert[from][to].n) {
        emit_plain(f, CHOOSE(f, &ops->convert[from][to]), NULL);
        return;
    }
    /* By way of an integer: that exists in every feature set. */
    for (Ti mid = TI_I32; mid <= TI_I64; mid++) {
        if (mid == from || mid == to || !ops->convert[from][mid].n || !ops->convert[mid][to].n) continue;
        emit_plain(f, CHOOSE(f, &ops->convert[from][mid]), NULL);
        emit_plain(f, CHOOSE(f, &ops->convert[mid][to]), NULL);
        return;
    }
    emit(f, OP_DROP);
    emit_const(f, to, (Value){.u64x2 = {0, 0}});
}

void emit_binary(FuncGen *f, Ti t) { emit_plain(f, CHOOSE(f, &f->g->ops.binary[t]), NULL); }

void emit_fold(FuncGen *f, Ti t) {
    static const Op op[][4] = {[TI_I32] = {OP_I32_ADD, OP_I32_XOR, OP_I32_SUB, OP_I32_ADD},
                               [TI_I64] = {OP_I64_ADD, OP_I64_XOR, OP_I64_SUB, OP_I64_XOR},
                               [TI_F32] = {OP_F32_ADD, OP_F32_SUB, OP_F32_ADD, OP_F32_SUB},
                               [TI_F64] = {OP_F64_ADD, OP_F64_SUB, OP_F64_SUB, OP_F64_ADD},
                               [TI_V128] = {OP_V128_XOR, OP_I32X4_ADD, OP_I64X2_SUB, OP_I8X16_ADD}};
    uint32_t form = func_pick(f, 6);
    if (form < 4)
        emit(f, op[t][form]);
    else
        emit_binary(f, t);
}

/* A local for the value on the stack, into which goes what the local held. */
static uint32_t take_in(FuncGen *f, Ti t) {
    uint32_t x = local_target(f, t);
    if (f->local.at[x].dirty && !ti_is_ref(t) && !func_chance(f, 32)) {
        emit_get(f, x);
        emit_fold(f, t);
    }
    return x;
}

void assign(FuncGen *f, Ti t) { emit_set(f, take_in(f, t)); }

void consume(FuncGen *f, const ValType *t, uint32_t n) {
    while (n-- > 0) {
        Ti ti = ti_of(t[n]);
        if (n && t[n - 1] == t[n] && !ti_is_ref(ti) && func_chance(f, 70))
            emit_fold(f, ti);
        else
            assign(f, ti);
    }
}

/* -- Operations with a signature ---------------------------------------------------------------- */

static bool is_shift(Op op) {
    const char *dot = strchr(op_info[op].text, '.');
    return dot && (!strncmp(dot, ".sh", 3) || !strncmp(dot, ".rot", 4)) && !strstr(dot, "shuffle");
}

static bool has_lane(Op op) { return op_info[op].imm != IMM_NONE; }

/* Does every bit of operand i of `op` count in the result?  (Of floats nearly.) */
static bool keeps(Op op, uint32_t i) {
    switch (op) {
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_XOR:
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_XOR:
    case OP_F32_ADD:
    case OP_F32_SUB:
    case OP_F32_MUL:
    case OP_F32_NEG:
    case OP_F64_ADD:
    case OP_F64_SUB:
    case OP_F64_MUL:
    case OP_F64_NEG:
    case OP_I64_EXTEND_I32_S:
    case OP_I64_EXTEND_I32_U:
    case OP_F64_CONVERT_I32_S:
    case OP_F64_CONVERT_I32_U:
    case OP_F64_PROMOTE_F32:
    case OP_I32_REINTERPRET_F32:
    case OP_I64_REINTERPRET_F64:
    case OP_F32_REINTERPRET_I32:
    case OP_F64_REINTERPRET_I64:
    case OP_V128_NOT:
    case OP_V128_XOR:
    case OP_I8X16_ADD:
    case OP_I8X16_SUB:
    case OP_I8X16_NEG:
    case OP_I16X8_ADD:
    case OP_I16X8_SUB:
    case OP_I16X8_NEG:
    case OP_I32X4_ADD:
    case OP_I32X4_SUB:
    case OP_I32X4_NEG:
    case OP_I64X2_ADD:
    case OP_I64X2_SUB:
    case OP_I64X2_NEG:
    case OP_F32X4_ADD:
    case OP_F32X4_SUB:
    case OP_F32X4_NEG:
    case OP_F64X2_ADD:
    case OP_F64X2_SUB:
    case OP_F64X2_NEG:
    case OP_I32X4_SPLAT:
    case OP_I64X2_SPLAT:
    case OP_F32X4_SPLAT:
    case OP_F64X2_SPLAT: return true;
    case OP_I32_ROTL:
    case OP_I32_ROTR:
    case OP_I64_ROTL:
    case OP_I64_ROTR:
    case OP_F32_DIV:
    case OP_F64_DIV: return i == 0;
    default: return false;
    }
}

/* Operand number i of op. */
static void operand(FuncGen *f, Op op, uint32_t i, Ti t, int depth) {
    uint32_t kind = op_info[op].kind;
    if (kind == KIND_TRUNC) {
        operand_trunc(f, op, t, depth);
    } else if (i == 0 && kind == KIND_DIVIDE && func_chance(f, 16)) { /* the least integer */
        emit_const(f, t, (Value){.i64 = t == TI_I32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63});
    } else if (i == 1 && kind == KIND_DIVIDE) {
        operand_divisor(f, op, t, depth);
    } else if (i == 1 && is_shift(op)) {
        operand_shift(f, t, depth);
    } else if (func_chance(f, i == 0 ? f->g->swarm.constants / 4 : f->g->swarm.constants)) {
        leaf_const(f, t);
    } else if (keeps(op, i)) {
        expr(f, t, depth);
    } else {
        expr_part(f, t, depth);
    }
}

static void emit_numeric(FuncGen *f, Op op, int depth) {
    Ti param[4];
    uint32_t n = op_params(op, param);
    bool same = n == 2 && param[0] == param[1] && !has_lane(op) && func_chance(f, 6);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t local = i == 1 && same ? local_live(f, param[1]) : NO_INDEX;
        if (local != NO_INDEX && op_info[op].kind != KIND_DIVIDE)
            emit_get(f, local);
        else
            operand(f, op, i, param[i], depth - 1);
    }
    emit_plain(f, op, NULL);
}

static Op choose_op(FuncGen *f, Ti t) {
    const Gen *g = f->g;
    const TypeOps *ops = &g->ops.of[t];
    Ti result;
    uint32_t form = entropy_u8(&f->e);
    if (g->swarm.focus[0] != OP_NONE && form & 1) {
        Op op = (Op)g->swarm.focus[(form >> 1) % 3];
        if (op != OP_NONE && op_result(op, &result) && result == t) return op;
    }
    const KindOps *k = &ops->kind[entropy_weighted(&f->e, ops->weight, ops->nkinds)];
    return CHOOSE(f, &k->op);
}

static bool numeric(FuncGen *f, Ti t, int depth) {
    if (!f->g->ops.of[t].nkinds) return false;
    emit_numeric(f, choose_op(f, t), depth);
    return true;
}

static bool load(FuncGen *f, Ti t, int depth) {
    const Ops *ops = &f->g->ops;
    if (!can_access(f) || ti_is_ref(t) || !ops->load[t].n) return false;
    Op op = CHOOSE(f, &ops->load[t]);
    Ti param[4];
    uint32_t n = op_params(op, param);
    MemArg a = address(f, 1u << op_align(op), depth - 1);
    for (uint32_t i = 1; i < n; i++) expr(f, param[i], depth - 1);
    a.align = func_pick(f, op_align(op) + 1);
    a.align = op_align(op) - a.align;
    emit_plain(f, op, &a);
    return true;
}

void expr_state(FuncGen *f, Ti t) {
    const Ops *ops = &f->g->ops;
    uint32_t i = func_chance(f, 128) ? NO_INDEX : global_of(f, t);
    if (i == NO_INDEX && can_access(f) && ops->load[t].n)
        load(f, t, 1);
    else if (i == NO_INDEX && (i = global_of(f, t)) == NO_INDEX)
        expr_leaf(f, t);
    else
        emit_index(f, OP_GLOBAL_GET, i);
}

/* -- Forms ------------------------------------------------------------------------------------------ */

void expr_condition(FuncGen *f, bool rare, int depth) {
    static const uint8_t mask[] = {3, 7, 15, 31, 63};
    if (!rare) {
        expr_part(f, TI_I32, depth);
        return;
    }
    uint32_t form = func_pick(f, 4);
    expr_part(f, TI_I32, depth);
    if (form < 3) {
        emit_i32(f, mask[func_pick(f, sizeof mask)]);
        emit(f, OP_I32_AND);
        if (form) emit_i32(f, form);
        emit(f, form ? OP_I32_EQ : OP_I32_EQZ);
    } else {
        emit_const(f, TI_I32, const_value(&f->e, TI_I32));
        emit(f, OP_I32_EQ);
    }
}

static bool select_value(FuncGen *f, Ti t, int depth) {
    if (ti_is_ref(t) && !gen_has(f->g, FEAT_REF_TYPES)) return false;
    expr_part(f, t, depth - 1);
    expr_part(f, t, depth - 1);
    expr_condition(f, false, depth - 1);
    if (!ti_is_ref(t) && !(gen_has(f->g, FEAT_REF_TYPES) && func_chance(f, 60))) {
        emit(f, OP_SELECT);
        return true;
    }
    emit_index(f, OP_SELECT_T, 1);
    bytes_type(f->g->a, &f->code, t);
    return true;
}

static bool tee(FuncGen *f, Ti t, int depth) {
    expr(f, t, depth - 1);
    emit_tee(f, take_in(f, t));
    return true;
}

/* x op y, and then x again: an operation must not destroy its operand. */
static bool reuse(FuncGen *f, Ti t, int depth) {
    Ti other = ti_is_ref(t) ? TI_COUNT : (Ti)func_pick(f, 5);
    if (ti_is_ref(t) || !f->g->ops.binary[t].n) return false;
    /* an operand of another type, when something converts it */
    if (other == t || !f->g->swarm.type[other] || !f->g->ops.convert[other][t].n) other = t;
    uint32_t x = local_target(f, other);
    expr(f, other, depth - 1);
    emit_tee(f, x);
    if (other == t) {
        expr(f, t, depth - 1);
        emit_binary(f, t);
    } else {
        emit_convert(f, other, t);
    }
    emit_get(f, x);
    emit_convert(f, other, t);
    emit_fold(f, t);
    return true;
}

static bool ref_test(FuncGen *f, Ti t, int depth) {
    if (t != TI_I32 || !gen_has(f->g, FEAT_REF_TYPES)) return false;
    expr(f, func_chance(f, 60) ? TI_EXTERN : TI_FUNC, depth - 1);
    emit(f, OP_REF_IS_NULL);
    return true;
}

static bool size(FuncGen *f, Ti t) {
    if (t != TI_I32) return false;
    expr_size(f);
    return true;
}

static bool produce(FuncGen *f, uint32_t form, Ti t, int depth) {
    switch (form) {
    case GEN_EXPR_NUMERIC: return numeric(f, t, depth);
    case GEN_EXPR_LOAD: return load(f, t, depth);
    case GEN_EXPR_SELECT: return select_value(f, t, depth);
    case GEN_EXPR_IF: return expr_if(f, t, depth);
    case GEN_EXPR_BLOCK: return expr_block(f, t, depth);
    case GEN_EXPR_LOOP: return expr_loop(f, t);
    case GEN_EXPR_CALL: return call_direct(f, t, depth);
    case GEN_EXPR_INDIRECT: return call_indirect(f, t, depth);
    case GEN_EXPR_TEE: return tee(f, t, depth);
    case GEN_EXPR_REUSE: return reuse(f, t, depth);
    case GEN_EXPR_IDIOM: return idiom(f, t, depth);
    case GEN_EXPR_SIZE: return size(f, t);
    case GEN_EXPR_REF: return ref_test(f, t, depth);
    default: return false;
    }
}

void expr(FuncGen *f, Ti t, int depth) {
    if (depth > 0 && !func_done(f)) {
        uint32_t form = entropy_weighted(&f->e, f->g->swarm.expr, GEN_EXPR_COUNT);
        if (produce(f, form, t, depth)) {
            f->g->stats->expr[form]++;
            return;
        }
        if (form != GEN_EXPR_LEAF && numeric(f, t, depth)) {
            f->g->stats->expr[GEN_EXPR_NUMERIC]++;
            return;
        }
    }
    f->g->stats->expr[GEN_EXPR_LEAF]++;
    if (ti_is_ref(t) && depth > 0)
        expr_table_get(f, t);
    else
        expr_leaf(f, t);
}

void expr_part(FuncGen *f, Ti t, int depth) {
    uint32_t before = f->ninstr;
    f->lossy++;
    expr(f, t, depth);
    f->lossy--;
    if (f->ninstr - before < 2 || ti_is_ref(t) || !func_chance(f, 60)) return;
    uint32_t x = take_in(f, t);
    f->lossy++; /* it stays dirty */
    emit_tee(f, x);
    f->lossy--;
}

void expr_small(FuncGen *f, Ti t) { expr(f, t, 1); }
