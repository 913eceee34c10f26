/* Statements and expressions: more, fewer, in another order. */
#include <string.h>
#include "fuzz/mutate/mutate_impl.h"

/* -- More ------------------------------------------------------------------------------------------- */

static bool set_local(Mutator *m, Made *c, uint32_t body) {
    uint32_t n = mut_func_type(m, edit_func_of(&m->e, body))->nparam + m->e.body[body].nlocal;
    if (!n) return false;
    uint32_t local = mut_pick(m, n);
    ValType t = edit_local_type(&m->e, body, local);
    if (!made_leaf(m, c, body, t) || (!vt_is_ref(t) && !made_operation(m, c, body, t, t))) return false;
    made_op(m, c, OP_LOCAL_SET, local);
    return true;
}

static bool set_global(Mutator *m, Made *c, uint32_t body) {
    uint32_t n = 0, global = 0;
    for (uint32_t i = 0; i < m->e.m.globals.n; i++)
        if (m->e.m.globals.at[i].type.mutable && mut_one_in(m, ++n)) global = i;
    if (!n || !made_leaf(m, c, body, m->e.m.globals.at[global].type.type)) return false;
    made_op(m, c, OP_GLOBAL_SET, global);
    return true;
}

/* An address, then the rest of some store. */
static bool store(Mutator *m, Made *c, uint32_t body) {
    return made_leaf(m, c, body, VT_I32) && made_operation(m, c, body, VT_I32, VT_BOTTOM);
}

static bool call(Mutator *m, Made *c, uint32_t body) {
    return m->e.m.funcs.n && made_call(m, c, body, mut_pick(m, m->e.m.funcs.n));
}

bool mutate_insert(Mutator *m) {
    Spot s;
    Made c = {0};
    bool ok = false;
    if (!spot_find(m, &s, spot_any)) return false;
    switch (mut_pick(m, 5)) {
    case 0: ok = set_local(m, &c, s.body); break;
    case 1: ok = set_global(m, &c, s.body); break;
    case 2: ok = store(m, &c, s.body); break;
    case 3: ok = call(m, &c, s.body); break;
    default: made_op(m, &c, OP_NOP, 0); ok = true;
    }
    if (ok) mut_replace(m, &s, s.at, s.at, &c);
    return ok;
}

bool mutate_duplicate(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_statement)) return false;
    uint32_t from = spot_start(&s, s.at);
    made_copy(m, &c, s.code.at + from, s.at + 1 - from);
    mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return true;
}

/* -- Less ------------------------------------------------------------------------------------------------ */

/* An unconditional branch, the last of its construct. */
static bool is_last_branch(const Spot *s, uint32_t at) {
    if (at + 1 >= s->code.n || !s->flow.at[at + 1].dead || op_info[s->code.at[at].in.op].imm == IMM_BLOCK) return false;
    Op op = s->code.at[at].in.op, next = s->code.at[at + 1].in.op;
    uint32_t from = s->flow.at[at].start;
    return op != OP_END && op != OP_ELSE && (next == OP_END || next == OP_ELSE) && !s->flow.at[from].dead &&
           s->flow.at[from].depth == s->flow.at[at].depth && flow_closed(&s->flow, &s->code, from, at + 1) == at + 1;
}

static bool is_whole(Mutator *m, const Spot *s, uint32_t at) {
    return spot_expression(m, s, at) || spot_statement(m, s, at) || is_last_branch(s, at);
}

/* Zeros take the place of what it left. */
bool mutate_remove(Mutator *m) {
    enum { MOST = 64 };
    Spot s;
    EditInstr in[MOST];
    uint32_t n;
    Made c = {0};
    if (!spot_find(m, &s, is_whole)) return false;
    uint32_t from = spot_start(&s, s.at), to = s.at + 1;
    if (!flow_stand_in(&s.flow, &m->e, s.body, from, to, in, &n, MOST)) return false;
    made_copy(m, &c, in, n);
    mut_replace(m, &s, from, to, &c);
    return true;
}

bool mutate_leaf(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_expression) || !made_leaf(m, &c, s.body, flow_value(&s.flow, s.at))) return false;
    mut_replace(m, &s, spot_start(&s, s.at), s.at + 1, &c);
    return true;
}

/* -- Elsewhere --------------------------------------------------------------------------------------------- */

/* A statement that another one ends right before. */
static bool follows(Mutator *m, const Spot *s, uint32_t at) {
    if (!spot_statement(m, s, at)) return false;
    uint32_t from = s->flow.at[at].start;
    return from && !s->flow.at[from - 1].dead && spot_statement(m, s, from - 1);
}

bool mutate_swap_statements(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, follows)) return false;
    uint32_t second = spot_start(&s, s.at), first = spot_start(&s, second - 1);
    made_copy(m, &c, s.code.at + second, s.at + 1 - second);
    made_copy(m, &c, s.code.at + first, second - first);
    mut_replace(m, &s, first, s.at + 1, &c);
    return true;
}

/* Ends of expressions of the type of the one at `want`, that no branch leaves. */
bool mutate_copy(Mutator *m) {
    enum { MOST = 400 };
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_expression)) return false;
    ValType t = flow_value(&s.flow, s.at);
    uint32_t n = 0, from = 0, to = 0;
    for (uint32_t at = 0; at < s.code.n; at++) {
        if (s.flow.at[at].dead || at == s.at || flow_value(&s.flow, at) != t || !spot_expression(m, &s, at)) continue;
        uint32_t start = spot_start(&s, at);
        if (at - start > MOST || code_escapes(s.code.at + start, at + 1 - start, false) || !mut_one_in(m, ++n))
            continue;
        from = start;
        to = at + 1;
    }
    if (!n) return false;
    made_copy(m, &c, s.code.at + from, to - from);
    mut_replace(m, &s, spot_start(&s, s.at), s.at + 1, &c);
    return true;
}
