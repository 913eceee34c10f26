#include "fuzz/mutate/flip.h"
#include "fuzz/mutate/sound_impl.h"

/* One instruction, that is: what ends with `end` is made by those inside. */
static bool computes_number(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    Op op = s->code.at[at].in.op;
    ValType t = flow_value(&s->flow, at);
    if (op == OP_END || op == OP_LOCAL_GET || op == OP_LOCAL_TEE || op_info[op].kind == KIND_CONST) return false;
    return t != VT_BOTTOM && !vt_is_ref(t) && s->flow.at[at + 1].top > s->flow.at[at].top; /* a slot of its own */
}

/* Of these a wrong result is the other one of 0 and 1. */
static bool is_boolean(Op op) {
    uint32_t k = op_info[op].kind;
    return k == KIND_TEST || k == KIND_ICMP || k == KIND_FCMP || k == KIND_VTEST || op == OP_REF_IS_NULL;
}

static void made_flip(Mutator *m, Made *c, ValType t, uint32_t bit) {
    Op to = OP_NONE, from = OP_NONE;
    ValType as = t;
    if (t == VT_F32) to = OP_I32_REINTERPRET_F32, from = OP_F32_REINTERPRET_I32, as = VT_I32;
    if (t == VT_F64) to = OP_I64_REINTERPRET_F64, from = OP_F64_REINTERPRET_I64, as = VT_I64;
    Value mask = {.u64x2 = {0, 0}};
    mask.u64x2[bit / 64] = UINT64_C(1) << bit % 64;
    EditInstr k;
    edit_const(as, mask, &k);
    if (to != OP_NONE) made_op(m, c, to, 0);
    made_copy(m, c, &k, 1);
    made_op(m, c, as == VT_I32 ? OP_I32_XOR : as == VT_I64 ? OP_I64_XOR : OP_V128_XOR, 0);
    if (from != OP_NONE) made_op(m, c, from, 0);
}

static void made_mark(Mutator *m, Made *c) {
    EditInstr zero;
    edit_const(VT_I32, (Value){.i32 = 0}, &zero);
    made_i32(m, c, 1);
    made_op(m, c, OP_GLOBAL_SET, edit_add_global(&m->e, (GlobalType){VT_I32, true}, zero));
}

bool flip_bit(Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, BitFlip *out) {
    Spot s;
    Made c = {0};
    Mutator *m = ARENA_NEW(a, Mutator);
    *out = (BitFlip){.op = OP_NONE};
    if (!sound_start(m, a, in, n, seed, &out->mutant) || !spot_find(m, &s, computes_number)) return false;
    out->op = s.code.at[s.at].in.op;
    out->type = flow_value(&s.flow, s.at);
    out->bit = is_boolean(out->op) ? 0 : mut_pick(m, 8 * vt_bytes(out->type));
    made_flip(m, &c, out->type, out->bit);
    made_mark(m, &c);
    mut_replace(m, &s, s.at + 1, s.at + 1, &c);
    return mut_finish(m, SOUND_ROOM, &out->mutant);
}
