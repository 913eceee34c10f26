/* Values by another way than the module's own. */
#include <string.h>
#include "fuzz/mutate/sound_impl.h"

/* -- Constants --------------------------------------------------------------------------------------- */

static bool is_constant(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return op_info[s->code.at[at].in.op].kind == KIND_CONST;
}

/* Set at the function's beginning, read here. */
static void from_local(Mutator *m, const Spot *s, ValType t, EditInstr k) {
    uint32_t local = edit_add_local(&m->e, s->body, t);
    Made first = {0}, get = {0};
    made_copy(m, &first, &k, 1);
    made_op(m, &first, OP_LOCAL_SET, local);
    made_op(m, &get, OP_LOCAL_GET, local);
    mut_replace(m, s, s->at, s->at + 1, &get);
    EditBody *b = &m->e.body[s->body];
    b->code = edit_splice(m->a, b->code, 0, 0, first.i.at, first.i.n);
}

static bool from_memory(Mutator *m, Made *c, ValType t, Value v) {
    uint32_t memory, n = vt_bytes(t);
    if (!sound_memory(m, &memory)) return false;
    uint32_t at = sound_room(m, n);
    edit_add_data(&m->e, memory, at, (const uint8_t *)arena_dup(m->a, &v, sizeof v), n);
    uint32_t split = mut_pick(m, at + 1); /* between address and offset */
    made_i32(m, c, split);
    EditInstr load = sound_access(t, false, memory, at - split);
    made_copy(m, c, &load, 1);
    return true;
}

bool sound_constant(Mutator *m) {
    Spot s;
    Made c = {0};
    Value v;
    if (!spot_find(m, &s, is_constant)) return false;
    EditInstr k = s.code.at[s.at];
    ValType t = sig_type(op_info[k.in.op].sig[2]);
    if (!edit_is_const(&k, &v)) return false;
    switch (mut_pick(m, 4)) {
    case 0: from_local(m, &s, t, k); return true;
    case 1: made_op(m, &c, OP_GLOBAL_GET, edit_add_global(&m->e, (GlobalType){t, !mut_one_in(m, 3)}, k)); break;
    case 2:
        if (!from_memory(m, &c, t, v)) return false;
        break;
    default: made_copy(m, &c, &k, 1); made_op(m, &c, OP_CALL, sound_identity_func(m, t));
    }
    mut_replace(m, &s, s.at, s.at + 1, &c);
    return true;
}

/* -- Values ------------------------------------------------------------------------------------------------ */

static bool is_number(Mutator *m, const Spot *s, uint32_t at) {
    return spot_expression(m, s, at) && !vt_is_ref(flow_value(&s->flow, at));
}

static bool through_memory(Mutator *m, Made *c, uint32_t body, ValType t) {
    uint32_t memory, local = edit_add_local(&m->e, body, t);
    if (!sound_memory(m, &memory)) return false;
    uint32_t at = sound_room(m, 16);
    EditInstr store = sound_access(t, true, memory, at), load = sound_access(t, false, memory, 0);
    made_op(m, c, OP_LOCAL_SET, local);
    made_i32(m, c, 0);
    made_op(m, c, OP_LOCAL_GET, local);
    made_copy(m, c, &store, 1);
    made_i32(m, c, at);
    made_copy(m, c, &load, 1);
    return true;
}

bool sound_launder(Mutator *m) {
    Spot s;
    Made c = {0};
    EditInstr zero;
    if (!spot_find(m, &s, is_number)) return false;
    ValType t = flow_value(&s.flow, s.at);
    uint32_t x;
    switch (mut_pick(m, 4)) {
    case 0:
        x = edit_add_local(&m->e, s.body, t);
        made_op(m, &c, OP_LOCAL_SET, x);
        made_op(m, &c, OP_LOCAL_GET, x);
        break;
    case 1:
        edit_const(t, (Value){.u64x2 = {0, 0}}, &zero);
        x = edit_add_global(&m->e, (GlobalType){t, true}, zero);
        made_op(m, &c, OP_GLOBAL_SET, x);
        made_op(m, &c, OP_GLOBAL_GET, x);
        break;
    case 2:
        if (!through_memory(m, &c, s.body, t)) return false;
        break;
    default: made_op(m, &c, OP_CALL, sound_identity_func(m, t));
    }
    mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return true;
}

/* -- Inverses ------------------------------------------------------------------------------------------------- */

static bool is_integer(Mutator *m, const Spot *s, uint32_t at) {
    ValType t = flow_value(&s->flow, at);
    return (t == VT_I32 || t == VT_I64) && spot_expression(m, s, at);
}

/* x -> (x op k) inverse k, of a full integer; the operand is a constant or a local that stays. */
static void pair(Mutator *m, Made *c, uint32_t body, ValType t, Op op, Op inverse) {
    uint32_t local;
    EditInstr k = {0};
    if (mut_one_in(m, 2) && mut_local_of(m, body, t, &local)) {
        k = edit_op(OP_LOCAL_GET, local);
    } else {
        Value v;
        mut_const_value(m, t, &v);
        edit_const(t, v, &k);
    }
    made_copy(m, c, &k, 1);
    made_op(m, c, op, 0);
    made_copy(m, c, &k, 1);
    made_op(m, c, inverse, 0);
}

bool sound_identity(Mutator *m) {
    static const Op i32[][2] = {
        {OP_I32_ADD, OP_I32_SUB}, {OP_I32_SUB, OP_I32_ADD}, {OP_I32_XOR, OP_I32_XOR}, {OP_I32_ROTL, OP_I32_ROTR}};
    static const Op i64[][2] = {
        {OP_I64_ADD, OP_I64_SUB}, {OP_I64_SUB, OP_I64_ADD}, {OP_I64_XOR, OP_I64_XOR}, {OP_I64_ROTL, OP_I64_ROTR}};
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, is_integer)) return false;
    ValType t = flow_value(&s.flow, s.at);
    uint32_t k = mut_pick(m, 6);
    if (k < 4) {
        pair(m, &c, s.body, t, t == VT_I32 ? i32[k][0] : i64[k][0], t == VT_I32 ? i32[k][1] : i64[k][1]);
    } else if (t == VT_I32) {
        made_op(m, &c, k == 4 ? OP_I64_EXTEND_I32_S : OP_I64_EXTEND_I32_U, 0);
        made_op(m, &c, OP_I32_WRAP_I64, 0);
    } else {
        made_op(m, &c, OP_F64_REINTERPRET_I64, 0);
        made_op(m, &c, OP_I64_REINTERPRET_F64, 0);
    }
    mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return true;
}
