/* Calls that come and go. */
#include <string.h>
#include "fuzz/mutate/sound_impl.h"

/* -- Outlining ----------------------------------------------------------------------------------------- */

enum { MOST_OUTLINED = 300, MOST_PARAMS = 16, MOST_INLINED = 400 };

static bool writes_local(const EditInstr *at, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (at[i].in.op == OP_LOCAL_SET || at[i].in.op == OP_LOCAL_TEE) return true;
    return false;
}

/* Locals that are read become parameters, so it must not write any. */
static bool can_outline(Mutator *m, const Spot *s, uint32_t at) {
    if (!spot_expression(m, s, at)) return false;
    uint32_t from = spot_start(s, at), n = at + 1 - from;
    return n > 1 && n <= MOST_OUTLINED && !code_escapes(s->code.at + from, n, true) &&
           !writes_local(s->code.at + from, n);
}

bool sound_outline(Mutator *m) {
    Spot s;
    Made call = {0}, code = {0};
    ValType param[MOST_PARAMS];
    uint32_t local[MOST_PARAMS], n = 0;
    if (!spot_find(m, &s, can_outline)) return false;
    uint32_t from = spot_start(&s, s.at);
    ValType result = flow_value(&s.flow, s.at);
    for (uint32_t k = from; k <= s.at; k++) {
        EditInstr i = s.code.at[k];
        if (i.in.op == OP_LOCAL_GET) {
            uint32_t p = 0;
            while (p < n && local[p] != i.in.index) p++;
            if (p == MOST_PARAMS) return false;
            if (p == n) {
                local[n] = i.in.index;
                param[n++] = edit_local_type(&m->e, s.body, i.in.index);
                made_op(m, &call, OP_LOCAL_GET, i.in.index);
            }
            i.in.index = p;
        }
        made_copy(m, &code, &i, 1);
    }
    made_op(m, &code, OP_END, 0);
    uint32_t type = edit_type(&m->e, param, n, &result, 1);
    made_op(m, &call, OP_CALL, edit_add_func(&m->e, type, (EditBody){NULL, 0, {code.i.at, code.i.n}}));
    mut_replace(m, &s, from, s.at + 1, &call);
    return true;
}

/* -- Inlining ------------------------------------------------------------------------------------------------ */

static bool can_inline(Mutator *m, const Spot *s, uint32_t at) {
    const EditInstr *i = &s->code.at[at];
    if (i->in.op != OP_CALL || i->in.index < m->e.m.nimported[EXT_FUNC]) return false;
    const EditBody *b = &m->e.body[m->e.m.funcs.at[i->in.index].body];
    if (b->code.n > MOST_INLINED) return false;
    for (uint32_t k = 0; k < b->code.n; k++)
        if (b->code.at[k].in.op == OP_RETURN_CALL || b->code.at[k].in.op == OP_RETURN_CALL_INDIRECT) return false;
    return true;
}

static void add_to_local(void *user, RefKind k, uint32_t *index) {
    if (k == REF_LOCAL) *index += *(const uint32_t *)user;
}

/* The body with its locals from `base` on; the function's label is that of the block it is put into. */
static void made_body(Mutator *m, Made *c, const EditBody *b, uint32_t base) {
    uint32_t depth = 0;
    for (uint32_t k = 0; k < b->code.n; k++) {
        EditInstr i = b->code.at[k];
        edit_instr_refs(m->a, &i, add_to_local, &base);
        if (i.in.op == OP_RETURN) i = edit_op(OP_BR, depth);
        if (op_info[i.in.op].imm == IMM_BLOCK) depth++;
        if (i.in.op == OP_END) depth--;
        made_copy(m, c, &i, 1);
    }
}

bool sound_inlined(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, can_inline)) return false;
    uint32_t func = s.code.at[s.at].in.index, base = 0;
    const FuncType t = *mut_func_type(m, func);
    const EditBody b = m->e.body[m->e.m.funcs.at[func].body];
    for (uint32_t i = 0; i < t.nparam + b.nlocal; i++) {
        uint32_t at = edit_add_local(&m->e, s.body, i < t.nparam ? t.param[i] : b.local[i - t.nparam]);
        if (i == 0) base = at;
    }
    for (uint32_t i = t.nparam; i--;) made_op(m, &c, OP_LOCAL_SET, base + i);
    for (uint32_t i = 0; i < b.nlocal; i++) { /* each time anew */
        EditInstr zero;
        if (!edit_const(b.local[i], (Value){.u64x2 = {0, 0}}, &zero)) return false;
        made_copy(m, &c, &zero, 1);
        made_op(m, &c, OP_LOCAL_SET, base + t.nparam + i);
    }
    EditInstr open = made_opener(m, OP_BLOCK, (Types){NULL, 0}, (Types){t.result, t.nresult});
    made_copy(m, &c, &open, 1);
    made_body(m, &c, &b, base);
    mut_replace(m, &s, s.at, s.at + 1, &c);
    return true;
}
