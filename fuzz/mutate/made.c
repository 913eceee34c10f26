/* Making code that fits where it is put. */
#include <string.h>
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"

uint64_t mut_number(Mutator *m, uint64_t most) {
    uint64_t v = mut_next(m);
    switch (mut_pick(m, 4)) {
    case 0: v = gen_const(v, VT_I64).i64; break;
    case 1: v &= 0xff; break;
    case 2: v &= 0xffff; break;
    default: v >>= mut_pick(m, 64);
    }
    return most == UINT64_MAX ? v : v % (most + 1);
}

/* -- Types and values -------------------------------------------------------------------------- */

ValType sig_type(char c) {
    switch (c) {
    case 'i': return VT_I32;
    case 'l': return VT_I64;
    case 'f': return VT_F32;
    case 'd': return VT_F64;
    default: return VT_V128;
    }
}

const FuncType *mut_func_type(const Mutator *m, uint32_t func) { return edit_func_type(&m->e, func); }

bool mut_enabled(const Mutator *m, Op op) { return m->e.m.features >> op_info[op].feature & 1; }

bool mut_const_value(Mutator *m, ValType t, Value *v) {
    *v = (Value){.u64x2 = {0, 0}};
    if (vt_is_ref(t)) return (t & VT_NULLABLE) != 0;
    *v = gen_const(mut_next(m), t);
    return true;
}

bool mut_local_of(Mutator *m, uint32_t body, ValType t, uint32_t *local) {
    uint32_t n = mut_func_type(m, edit_func_of(&m->e, body))->nparam + m->e.body[body].nlocal, found = 0;
    for (uint32_t i = 0; i < n; i++)
        if (edit_local_type(&m->e, body, i) == t && mut_one_in(m, ++found)) *local = i;
    return found > 0;
}

/* -- Code ---------------------------------------------------------------------------------------- */

void made_op(Mutator *m, Made *c, Op op, uint32_t index) { vec_push(m->a, &c->i, edit_op(op, index)); }

void made_copy(Mutator *m, Made *c, const EditInstr *at, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) vec_push(m->a, &c->i, at[i]);
}

void made_const(Mutator *m, Made *c, ValType t) {
    Value v;
    EditInstr i;
    if (mut_const_value(m, t, &v) && edit_const(t, v, &i)) vec_push(m->a, &c->i, i);
}

/* A local that may hold null or has been set cannot be told from one that has not: a type without null has no leaf. */
bool made_leaf(Mutator *m, Made *c, uint32_t body, ValType t) {
    uint32_t local, before = c->i.n;
    if (vt_is_ref(t) && !(t & VT_NULLABLE)) return false;
    if (!mut_one_in(m, 3) && mut_local_of(m, body, t, &local))
        made_op(m, c, OP_LOCAL_GET, local);
    else
        made_const(m, c, t);
    return c->i.n > before;
}

bool made_leaves(Mutator *m, Made *c, uint32_t body, const ValType *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!made_leaf(m, c, body, t[i])) return false;
    return true;
}

bool mut_immediate(Mutator *m, EditInstr *i) {
    Op op = i->in.op;
    uint32_t lanes = op_lanes(op);
    switch (op_info[op].imm) {
    case IMM_NONE: return true;
    case IMM_LANE: i->in.lane = mut_pick(m, lanes); return true;
    case IMM_SHUFFLE:
        for (uint32_t k = 0; k < 16; k++) i->in.bytes[k] = (uint8_t)mut_pick(m, 32);
        return true;
    case IMM_MEMORY: i->in.index = m->e.m.memories.n ? mut_pick(m, m->e.m.memories.n) : 0; return m->e.m.memories.n > 0;
    case IMM_MEMARG_LANE: i->in.lane = mut_pick(m, lanes); /* fallthrough */
    case IMM_MEMARG:
        if (!m->e.m.memories.n) return false;
        i->in.mem.memory = mut_pick(m, m->e.m.memories.n);
        i->in.mem.align = mut_pick(m, op_align(op) + 1);
        i->in.mem.offset = mut_one_in(m, 3) ? mut_number(m, 0xffff) : mut_pick(m, 32);
        return true;
    default: return false;
    }
}

/* "iil_d": first operand `from`, result `to` (VT_BOTTOM: none). */
static bool has_form(const char *sig, ValType from, ValType to) {
    if (*sig == '_' || *sig == 'v' || sig_type(*sig) != from) return false;
    const char *result = strchr(sig, '_') + 1;
    return to == VT_BOTTOM ? *result == 'v' : *result != 'v' && sig_type(*result) == to;
}

bool made_operation(Mutator *m, Made *c, uint32_t body, ValType from, ValType to) {
    uint32_t at = mut_pick(m, OP_COUNT);
    for (uint32_t k = 0; k < OP_COUNT; k++) {
        Op op = (Op)((at + k) % OP_COUNT);
        const OpInfo *o = &op_info[op];
        EditInstr i = {.in = {.op = op}};
        if (!has_form(o->sig, from, to) || !mut_enabled(m, op) || o->kind == KIND_MEMORY || !mut_immediate(m, &i))
            continue;
        for (const char *p = o->sig + 1; *p != '_'; p++)
            if (!made_leaf(m, c, body, sig_type(*p))) return false;
        vec_push(m->a, &c->i, i);
        return true;
    }
    return false;
}

bool made_call(Mutator *m, Made *c, uint32_t body, uint32_t func) {
    const FuncType *t = mut_func_type(m, func);
    if (!made_leaves(m, c, body, t->param, t->nparam)) return false;
    made_op(m, c, OP_CALL, func);
    for (uint32_t i = 0; i < t->nresult; i++) made_op(m, c, OP_DROP, 0);
    return true;
}

/* -- Putting it in place ----------------------------------------------------------------------------- */

void mut_replace(Mutator *m, const Spot *s, uint32_t from, uint32_t to, const Made *by) {
    m->e.body[s->body].code = edit_splice(m->a, s->code, from, to, by->i.at, by->i.n);
}

EditInstr *mut_change(Mutator *m, const Spot *s) {
    EditInstr *copy = edit_seq_copy(m->a, s->code);
    m->e.body[s->body].code.at = copy;
    return &copy[s->at];
}
