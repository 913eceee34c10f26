/* Control: constructs around code, branches and their targets. */
#include <string.h>
#include "fuzz/mutate/mutate_impl.h"

/* -- Around code ------------------------------------------------------------------------------------- */

EditInstr made_opener(Mutator *m, Op op, Types take, Types leave) {
    if (!take.n && leave.n <= 1) return edit_block(op, leave.n ? leave.at[0] : VT_BOTTOM);
    EditInstr i = {.in = {.op = op}};
    i.in.block = edit_type(&m->e, take.at, take.n, leave.at, leave.n);
    return i;
}

/* `else`: the parameters are dropped, results are constants. */
static bool put_else(Mutator *m, Made *c, Types take, Types leave) {
    made_op(m, c, OP_ELSE, 0);
    for (uint32_t i = 0; i < take.n; i++) made_op(m, c, OP_DROP, 0);
    uint32_t before = c->i.n;
    for (uint32_t i = 0; i < leave.n; i++) made_const(m, c, leave.at[i]);
    return c->i.n - before == leave.n;
}

static bool has_whole(Mutator *m, const Spot *s, uint32_t at) {
    return spot_expression(m, s, at) || spot_statement(m, s, at);
}

bool mutate_wrap(Mutator *m) {
    static const Op ops[] = {OP_BLOCK, OP_LOOP, OP_IF};
    Spot s;
    Made c = {0};
    Types take, leave;
    if (!spot_find(m, &s, has_whole)) return false;
    Op op = ops[mut_pick(m, 3)];
    /* from the last instruction alone to the whole statement: so that parameters come about */
    uint32_t to = s.at + 1, from = spot_start(&s, s.at);
    if (mut_one_in(m, 2) && flow_closed(&s.flow, &s.code, s.at, to) == to && s.code.at[s.at].in.op != OP_END)
        from = s.at;
    spot_effect(m, &s, from, to, &take, &leave);
    if (spot_reaches_below(m, &s, from, to)) return false;
    if (op == OP_IF && !made_leaf(m, &c, s.body, VT_I32)) return false;
    EditInstr open = made_opener(m, op, take, leave);
    made_copy(m, &c, &open, 1);
    EditInstr *inner = edit_seq_copy(m->a, (EditSeq){s.code.at + from, to - from});
    code_shift_labels(m->a, inner, to - from, 1);
    made_copy(m, &c, inner, to - from);
    if (op == OP_IF && (!types_same(take, leave) || mut_one_in(m, 2)) && !put_else(m, &c, take, leave)) return false;
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, from, to, &c);
    return true;
}

/* A block or loop, closed in reachable code, that no branch has as its target. */
static bool can_unwrap(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    Op op = s->code.at[at].in.op;
    uint32_t end = s->flow.at[at].match, depth = 0;
    if ((op != OP_BLOCK && op != OP_LOOP) || s->flow.at[end].dead) return false;
    for (uint32_t k = at + 1; k < end; k++) {
        const EditInstr *i = &s->code.at[k];
        if (op_info[i->in.op].imm == IMM_LABEL && i->in.index == depth) return false;
        if (op_info[i->in.op].imm == IMM_LABELS)
            for (uint32_t x = 0; x <= i->in.labels.count; x++)
                if (i->label[x] == depth) return false;
        if (op_info[i->in.op].imm == IMM_BLOCK) depth++;
        if (i->in.op == OP_END) depth--;
    }
    return true;
}

bool mutate_unwrap(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, can_unwrap)) return false;
    uint32_t end = s.flow.at[s.at].match, n = end - s.at - 1;
    EditInstr *inner = edit_seq_copy(m->a, (EditSeq){s.code.at + s.at + 1, n});
    code_shift_labels(m->a, inner, n, -1);
    made_copy(m, &c, inner, n);
    mut_replace(m, &s, s.at, end + 1, &c);
    return true;
}

/* Count down from a small number in a local of its own. */
bool mutate_repeat(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_statement)) return false;
    uint32_t from = spot_start(&s, s.at), n = s.at + 1 - from;
    if (spot_reaches_below(m, &s, from, s.at + 1)) return false;
    uint32_t counter = edit_add_local(&m->e, s.body, VT_I32);
    EditInstr k, one, open = edit_block(OP_LOOP, VT_BOTTOM);
    edit_const(VT_I32, (Value){.i32 = 2 + mut_pick(m, 7)}, &k);
    edit_const(VT_I32, (Value){.i32 = 1}, &one);
    made_copy(m, &c, &k, 1);
    made_op(m, &c, OP_LOCAL_SET, counter);
    made_copy(m, &c, &open, 1);
    EditInstr *inner = edit_seq_copy(m->a, (EditSeq){s.code.at + from, n});
    code_shift_labels(m->a, inner, n, 1);
    made_copy(m, &c, inner, n);
    made_op(m, &c, OP_LOCAL_GET, counter);
    made_copy(m, &c, &one, 1);
    made_op(m, &c, OP_I32_SUB, 0);
    made_op(m, &c, OP_LOCAL_TEE, counter);
    made_op(m, &c, OP_BR_IF, 0);
    made_op(m, &c, OP_END, 0);
    mut_replace(m, &s, from, s.at + 1, &c);
    return true;
}

/* -- Branches -------------------------------------------------------------------------------------------- */

/* Another label that takes the same; NO_INDEX: none. */
static uint32_t other_label(Mutator *m, const Spot *s, uint32_t old) {
    Types t = spot_label(m, s, s->at, old);
    uint32_t n = 0, other = NO_INDEX;
    for (uint32_t i = 0; i < spot_labels(s, s->at); i++)
        if (i != old && types_same(spot_label(m, s, s->at, i), t) && mut_one_in(m, ++n)) other = i;
    return other;
}

static bool is_branch(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    uint8_t imm = op_info[s->code.at[at].in.op].imm;
    return imm == IMM_LABEL || imm == IMM_LABELS;
}

bool mutate_retarget(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, is_branch)) return false;
    const EditInstr *old = spot_instr(&s, s.at);
    bool table = op_info[old->in.op].imm == IMM_LABELS;
    uint32_t k = table ? mut_pick(m, old->in.labels.count + 1) : 0;
    uint32_t other = other_label(m, &s, table ? old->label[k] : old->in.index);
    if (other == NO_INDEX) return false;
    EditInstr *i = mut_change(m, &s);
    if (table) {
        uint32_t *label = ARENA_ARRAY(m->a, uint32_t, i->in.labels.count + 1);
        memcpy(label, i->label, (i->in.labels.count + 1) * sizeof *label);
        label[k] = other;
        i->label = label;
    } else {
        i->in.index = other;
    }
    return true;
}

static bool is_table(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return s->code.at[at].in.op == OP_BR_TABLE;
}

/* All labels of one take the same number of values, of types that fit what is there. */
bool mutate_labels(Mutator *m) {
    enum { MOST = 600 };
    Spot s;
    if (!spot_find(m, &s, is_table)) return false;
    EditInstr *i = mut_change(m, &s);
    uint32_t n = i->in.labels.count + 1, more = mut_one_in(m, 8) ? 1 + mut_pick(m, 64) : 1;
    if (n + more > MOST) return false;
    uint32_t *label = ARENA_ARRAY(m->a, uint32_t, n + more), at = mut_pick(m, n);
    uint32_t other = other_label(m, &s, i->label[at]);
    if (mut_one_in(m, 3) && n > 1) { /* one less */
        memcpy(label, i->label, at * sizeof *label);
        memcpy(label + at, i->label + at + 1, (n - 1 - at) * sizeof *label);
        n--;
    } else {
        memcpy(label, i->label, n * sizeof *label);
        for (uint32_t k = 0; k < more; k++) label[n + k] = other != NO_INDEX && mut_one_in(m, 2) ? other : label[at];
        n += more;
    }
    i->label = label;
    i->in.labels.count = n - 1;
    return true;
}

/* With a condition mostly: without one the rest of the construct is dead. */
bool mutate_branch(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_any)) return false;
    uint32_t n = spot_labels(&s, s.at), label = NO_INDEX, found = 0;
    for (uint32_t i = 0; i < n; i++)
        if (spot_has(m, &s, s.at, spot_label(m, &s, s.at, i)) && mut_one_in(m, ++found)) label = i;
    if (!found) {
        label = mut_pick(m, n); /* what it takes is made */
        Types t = spot_label(m, &s, s.at, label);
        if (!made_leaves(m, &c, s.body, t.at, t.n) || !made_leaf(m, &c, s.body, VT_I32)) return false;
        made_op(m, &c, OP_BR_IF, label);
        for (uint32_t i = 0; i < t.n; i++) made_op(m, &c, OP_DROP, 0);
    } else if (mut_one_in(m, 8)) {
        made_op(m, &c, OP_BR, label);
    } else {
        if (!made_leaf(m, &c, s.body, VT_I32)) return false;
        made_op(m, &c, OP_BR_IF, label);
    }
    mut_replace(m, &s, s.at, s.at, &c);
    return true;
}
