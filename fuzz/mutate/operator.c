/* Operations: others of equal signature, other operands, more of them. */
#include <string.h>
#include "fuzz/mutate/mutate_impl.h"

static bool replaceable(const Mutator *m, Op old, Op op) {
    const OpInfo *o = &op_info[old], *p = &op_info[op];
    return old != op && p->imm == o->imm && strcmp(p->sig, o->sig) == 0 && mut_enabled(m, op);
}

/* Another row of the table may stand there. */
static bool has_other(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    const OpInfo *o = &op_info[s->code.at[at].in.op];
    return o->sig[0] != '_' && o->kind != KIND_CONST && o->kind != KIND_NOP;
}

bool mutate_operator(Mutator *m) {
    Spot s;
    uint32_t n = 0;
    if (!spot_find(m, &s, has_other)) return false;
    Op old = spot_instr(&s, s.at)->in.op, other = old;
    for (uint32_t i = 0; i < OP_COUNT; i++)
        if (replaceable(m, old, (Op)i) && mut_one_in(m, ++n)) other = (Op)i;
    if (!n) return false;
    EditInstr *i = mut_change(m, &s);
    i->in.op = other;
    uint8_t imm = op_info[other].imm;
    if ((imm == IMM_MEMARG || imm == IMM_MEMARG_LANE) && i->in.mem.align > op_align(other))
        i->in.mem.align = op_align(other);
    if (imm == IMM_LANE || imm == IMM_MEMARG_LANE) i->in.lane %= op_lanes(other);
    return true;
}

/* The two uppermost operands are expressions of one type, next to each other. */
static bool can_swap(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    const Flow *f = &s->flow;
    const char *sig = op_info[s->code.at[at].in.op].sig, *end = strchr(sig, '_');
    if (*sig == '_' || end - sig < 2 || end[-1] != end[-2] || !f->at[at].top) return false;
    const FlowSlot *b = &f->slot.at[f->at[at].top], *a = &f->slot.at[b->under];
    return b->under && f->at[b->start].top == b->under && f->at[a->start].top == a->under && a->start < b->start &&
           f->at[a->start].depth == f->at[at].depth && f->at[b->start].depth == f->at[at].depth &&
           flow_closed(f, &s->code, a->start, b->start) == b->start && flow_closed(f, &s->code, b->start, at) == at;
}

bool mutate_swap_operands(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, can_swap)) return false;
    const FlowSlot *b = &s.flow.slot.at[s.flow.at[s.at].top], *a = &s.flow.slot.at[b->under];
    if (spot_reaches_below(m, &s, a->start, b->start) || spot_reaches_below(m, &s, b->start, s.at)) return false;
    made_copy(m, &c, s.code.at + b->start, s.at - b->start);
    made_copy(m, &c, s.code.at + a->start, b->start - a->start);
    mut_replace(m, &s, a->start, s.at, &c);
    return true;
}

static bool is_condition(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    Op op = s->code.at[at].in.op;
    return op == OP_BR_IF || op == OP_IF || op == OP_SELECT || op == OP_SELECT_T;
}

bool mutate_negate(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_condition)) return false;
    made_op(m, &c, OP_I32_EQZ, 0);
    mut_replace(m, &s, s.at, s.at, &c);
    return true;
}

static bool is_number(Mutator *m, const Spot *s, uint32_t at) {
    return spot_expression(m, s, at) && !vt_is_ref(flow_value(&s->flow, at));
}

/* There and back: through another type now and then. */
bool mutate_extend(Mutator *m) {
    static const ValType through[] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_number)) return false;
    ValType t = flow_value(&s.flow, s.at), u = through[mut_pick(m, 5)];
    bool ok = mut_one_in(m, 3) ? made_operation(m, &c, s.body, t, u) && made_operation(m, &c, s.body, u, t)
                               : made_operation(m, &c, s.body, t, t);
    if (ok) mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return ok;
}

/* x -> x op x, the second of them from a local. */
bool mutate_reuse(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_number)) return false;
    ValType t = flow_value(&s.flow, s.at);
    uint32_t local, n = 0;
    if (mut_one_in(m, 2) || !mut_local_of(m, s.body, t, &local)) local = edit_add_local(&m->e, s.body, t);
    Op op = OP_NONE;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        const char *sig = op_info[i].sig;
        bool fits = strlen(sig) == 4 && sig[2] == '_' && sig[0] == sig[1] && sig[0] == sig[3] && sig[0] != '_' &&
                    sig_type(sig[0]) == t && op_info[i].imm == IMM_NONE && mut_enabled(m, (Op)i);
        if (fits && mut_one_in(m, ++n)) op = (Op)i;
    }
    if (!n) return false;
    made_op(m, &c, OP_LOCAL_TEE, local);
    made_op(m, &c, OP_LOCAL_GET, local);
    made_op(m, &c, op, 0);
    mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return true;
}
