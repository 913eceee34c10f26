/* Code that never runs, constructs around code, values that live across it. */
#include "fuzz/mutate/sound_impl.h"

/* -- Dead code ---------------------------------------------------------------------------------------- */

/* What must not happen: a trap, a store, a call, a branch away, or a statement from elsewhere. */
static bool made_mishap(Mutator *m, Made *c, const Spot *s) {
    switch (mut_pick(m, 5)) {
    case 0: made_op(m, c, OP_UNREACHABLE, 0); return true;
    case 1: return made_leaf(m, c, s->body, VT_I32) && made_operation(m, c, s->body, VT_I32, VT_BOTTOM);
    case 2: return m->e.m.funcs.n && made_call(m, c, s->body, mut_pick(m, m->e.m.funcs.n));
    case 3: { /* the `if` counts */
        uint32_t label = mut_pick(m, spot_labels(s, s->at));
        Types t = spot_label(m, s, s->at, label);
        if (!made_leaves(m, c, s->body, t.at, t.n)) return false;
        made_op(m, c, OP_BR, label + 1);
        return true;
    }
    default: return made_statement(m, c, s->body);
    }
}

bool sound_dead_code(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_any) || !sound_zero(m, &c, s.body)) return false;
    EditInstr open = edit_block(OP_IF, VT_BOTTOM);
    made_copy(m, &c, &open, 1);
    if (!made_mishap(m, &c, &s)) return false;
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, s.at, s.at, &c);
    return true;
}

/* -- Constructs ------------------------------------------------------------------------------------------ */

static bool is_whole(Mutator *m, const Spot *s, uint32_t at) {
    return spot_expression(m, s, at) || spot_statement(m, s, at);
}

static EditInstr *shifted(Mutator *m, const Spot *s, uint32_t from, uint32_t n) {
    EditInstr *inner = edit_seq_copy(m->a, (EditSeq){s->code.at + from, n});
    code_shift_labels(m->a, inner, n, 1);
    return inner;
}

/* A piece of code to put a construct around: from where, and what it takes and leaves. */
static bool piece(Mutator *m, Spot *s, uint32_t *from, Types *take, Types *leave) {
    if (!spot_find(m, s, is_whole)) return false;
    *from = spot_start(s, s->at);
    Op op = s->code.at[s->at].in.op;
    bool alone = op != OP_END && op != OP_ELSE && op_info[op].imm != IMM_BLOCK;
    if (alone && mut_one_in(m, 2)) *from = s->at;
    spot_effect(m, s, *from, s->at + 1, take, leave);
    return !spot_reaches_below(m, s, *from, s->at + 1);
}

/* The `if` has an else that traps. */
bool sound_wrap(Mutator *m) {
    static const Op ops[] = {OP_BLOCK, OP_LOOP, OP_IF};
    Spot s;
    Made c = {0};
    Types take, leave;
    uint32_t from;
    if (!piece(m, &s, &from, &take, &leave)) return false;
    Op op = ops[mut_pick(m, 3)];
    if (op == OP_IF) {
        if (!sound_zero(m, &c, s.body)) return false;
        made_op(m, &c, OP_I32_EQZ, 0);
    }
    EditInstr open = made_opener(m, op, take, leave);
    made_copy(m, &c, &open, 1);
    made_copy(m, &c, shifted(m, &s, from, s.at + 1 - from), s.at + 1 - from);
    if (op == OP_IF) {
        made_op(m, &c, OP_ELSE, 0);
        made_op(m, &c, OP_UNREACHABLE, 0);
    }
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, from, s.at + 1, &c);
    return true;
}

/* By br, br_if with a fallthrough that is dead in fact, or br_table with the same label many times. */
bool sound_leave(Mutator *m) {
    Spot s;
    Made c = {0};
    Types take, leave;
    uint32_t from;
    if (!piece(m, &s, &from, &take, &leave)) return false;
    EditInstr open = made_opener(m, OP_BLOCK, take, leave);
    made_copy(m, &c, &open, 1);
    made_copy(m, &c, shifted(m, &s, from, s.at + 1 - from), s.at + 1 - from);
    switch (mut_pick(m, 3)) {
    case 0: made_op(m, &c, OP_BR, 0); break;
    case 1:
        if (!sound_zero(m, &c, s.body)) return false;
        made_op(m, &c, OP_I32_EQZ, 0);
        made_op(m, &c, OP_BR_IF, 0);
        made_op(m, &c, OP_UNREACHABLE, 0);
        break;
    default: {
        EditInstr table = {.in = {.op = OP_BR_TABLE}};
        if (!made_leaf(m, &c, s.body, VT_I32)) return false;
        table.in.labels.count = mut_pick(m, 9);
        table.label = ARENA_ARRAY(m->a, uint32_t, table.in.labels.count + 1);
        made_copy(m, &c, &table, 1);
    }
    }
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, from, s.at + 1, &c);
    return true;
}

/* -- Pressure ------------------------------------------------------------------------------------------------ */

/* i64 from a number on the stack. */
static void made_i64(Mutator *m, Made *c, ValType t) {
    switch (t) {
    case VT_I32: made_op(m, c, OP_I64_EXTEND_I32_S, 0); break;
    case VT_F32:
        made_op(m, c, OP_I32_REINTERPRET_F32, 0);
        made_op(m, c, OP_I64_EXTEND_I32_U, 0);
        break;
    case VT_F64: made_op(m, c, OP_I64_REINTERPRET_F64, 0); break;
    case VT_V128: {
        EditInstr i = edit_op(OP_I64X2_EXTRACT_LANE, 0);
        i.in.lane = mut_pick(m, 2);
        made_copy(m, c, &i, 1);
        break;
    }
    default: break;
    }
}

/* Operands below a piece of code, folded into a global of our own behind it. */
bool sound_pressure(Mutator *m) {
    enum { MOST = 24 };
    static const ValType type[] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
    Spot s;
    Made c = {0};
    EditInstr zero;
    ValType pushed[MOST];
    if (!spot_find(m, &s, spot_statement)) return false;
    uint32_t from = spot_start(&s, s.at), n = 4 + mut_pick(m, MOST - 4);
    if (spot_reaches_below(m, &s, from, s.at + 1)) return false;
    edit_const(VT_I64, (Value){.i64 = 0}, &zero);
    uint32_t global = edit_add_global(&m->e, (GlobalType){VT_I64, true}, zero);
    uint32_t types = mut_enabled(m, OP_V128_CONST) ? 5 : 4, one = mut_pick(m, types + 1);
    for (uint32_t i = 0; i < n; i++) {
        ValType t = pushed[i] = one < types ? type[one] : type[mut_pick(m, types)];
        if (!made_leaf(m, &c, s.body, t)) return false;
        if (mut_one_in(m, 2) && (t == VT_I32 || t == VT_I64)) { /* something that has to be computed */
            made_op(m, &c, OP_GLOBAL_GET, global);
            if (t == VT_I32) made_op(m, &c, OP_I32_WRAP_I64, 0);
            made_op(m, &c, t == VT_I32 ? OP_I32_ADD : OP_I64_ADD, 0);
        }
    }
    made_copy(m, &c, s.code.at + from, s.at + 1 - from);
    for (uint32_t i = n; i--;) {
        made_i64(m, &c, pushed[i]);
        made_op(m, &c, OP_GLOBAL_GET, global);
        made_op(m, &c, OP_I64_XOR, 0);
        made_op(m, &c, OP_GLOBAL_SET, global);
    }
    mut_replace(m, &s, from, s.at + 1, &c);
    return true;
}

/* -- Branches ---------------------------------------------------------------------------------------------------- */

static bool is_if_else(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return s->code.at[at].in.op == OP_IF && s->flow.at[at].other != NO_INDEX;
}

bool sound_invert(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_if_else)) return false;
    uint32_t other = s.flow.at[s.at].other, end = s.flow.at[s.at].match;
    made_op(m, &c, OP_I32_EQZ, 0);
    made_copy(m, &c, &s.code.at[s.at], 1);
    made_copy(m, &c, &s.code.at[other + 1], end - other - 1);
    made_op(m, &c, OP_ELSE, 0);
    made_copy(m, &c, &s.code.at[s.at + 1], other - s.at - 1);
    mut_replace(m, &s, s.at, end, &c);
    return true;
}

static bool is_plain_br_if(Mutator *m, const Spot *s, uint32_t at) {
    return s->code.at[at].in.op == OP_BR_IF && spot_label(m, s, at, s->code.at[at].in.index).n == 0;
}

bool sound_unfold(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_plain_br_if)) return false;
    EditInstr open = edit_block(OP_IF, VT_BOTTOM);
    made_copy(m, &c, &open, 1);
    made_op(m, &c, OP_BR, s.code.at[s.at].in.index + 1);
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, s.at, s.at + 1, &c);
    return true;
}
