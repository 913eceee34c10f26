#include "fuzz/reduce/pass.h"

/* What an instruction weighs: constants least, then locals, then what computes, what touches state, control, calls.  So
 * that putting the plainer in place of the richer is progress. */
static uint32_t weight(const EditInstr *i) {
    switch (i->in.op) {
    case OP_NOP:
    case OP_UNREACHABLE: return 1;
    case OP_REF_NULL:
    case OP_DROP:
    case OP_END:
    case OP_ELSE:
    case OP_RETURN:
    case OP_BR: return 2;
    case OP_BLOCK: return 4;
    case OP_LOOP:
    case OP_IF:
    case OP_BR_IF: return 5;
    case OP_BR_TABLE: return 8 + i->in.labels.count;
    case OP_CALL:
    case OP_RETURN_CALL: return 8;
    case OP_CALL_INDIRECT:
    case OP_RETURN_CALL_INDIRECT: return 12;
    default: break;
    }
    switch ((OpKind)op_info[i->in.op].kind) {
    case KIND_CONST: return 2;
    case KIND_LOCAL: return i->in.op == OP_LOCAL_GET ? 3 : 4;
    case KIND_LOAD:
    case KIND_STORE:
    case KIND_GLOBAL: return 5;
    case KIND_TABLE:
    case KIND_MEMORY: return 6;
    default: return 4;
    }
}

static uint32_t magnitude(uint64_t v, uint32_t bits) {
    uint64_t sign = UINT64_C(1) << (bits - 1);
    uint64_t mask = sign | (sign - 1), neg = (~v + 1) & mask;
    v &= mask;
    return v & sign ? 65 - bits_clz64(neg) : 64 - bits_clz64(v);
}

/* Bits of the mantissa that are used, distance of the exponent from that of 1, and a sign. */
static uint32_t float_cost(uint64_t v, uint32_t bits, uint32_t mantissa) {
    uint64_t fraction = v & ((UINT64_C(1) << mantissa) - 1);
    uint32_t exponent = (uint32_t)(v >> mantissa) & ((1u << (bits - 1 - mantissa)) - 1);
    uint32_t one = (1u << (bits - 2 - mantissa)) - 1, sign = (uint32_t)(v >> (bits - 1)) & 1;
    if (!exponent && !fraction) return sign;
    uint32_t used = fraction ? mantissa - bits_ctz64(fraction) : 0;
    return 1 + sign + used + (exponent > one ? exponent - one : one - exponent);
}

uint32_t cost_of_value(ValType t, const Value *v) {
    switch (t) {
    case VT_I32: return magnitude(v->i32, 32);
    case VT_I64: return magnitude(v->i64, 64);
    case VT_F32: return float_cost(v->i32, 32, 23);
    case VT_F64: return float_cost(v->i64, 64, 52);
    default: return (uint32_t)(bits_popcount64(v->u64x2[0]) + bits_popcount64(v->u64x2[1]));
    }
}

static uint32_t cost_of_access(const Instr *in) {
    return 64 - bits_clz64(in->mem.offset) + in->mem.align + in->mem.memory;
}

static uint32_t immediate_cost(const EditInstr *i) {
    static const ValType type[] = {[IMM_I32] = VT_I32, [IMM_I64] = VT_I64, [IMM_F32] = VT_F32, [IMM_F64] = VT_F64};
    uint8_t imm = op_info[i->in.op].imm;
    Value v;
    if (imm == IMM_MEMARG) return cost_of_access(&i->in);
    if (imm == IMM_MEMARG_LANE) return cost_of_access(&i->in) + i->in.lane;
    if (imm == IMM_LANE) return i->in.lane;
    if (!edit_is_const(i, &v)) return 0;
    return cost_of_value(imm < sizeof type / sizeof *type ? type[imm] : VT_BOTTOM, &v);
}

static uint64_t plan_cost(const Edit *e) {
    uint64_t cost = 0;
    for (uint32_t i = 0; i < e->plan.step.n; i++) {
        const PlanStep *s = &e->plan.step.at[i];
        const Export *x = module_find_export(&e->m, s->name.at, s->name.n);
        if (!x || x->kind != EXT_FUNC) continue;
        const FuncType *t = edit_func_type(e, x->index);
        for (uint32_t k = 0; k < s->nargs && k < t->nparam; k++) cost += cost_of_value(t->param[k], &s->args[k]);
    }
    return cost;
}

static uint64_t limits_cost(const Limits *l) { return 64 - bits_clz64(l->min) + l->has_max; }

/* Of all but code. */
static uint64_t parts_cost(const Edit *e) {
    uint64_t cost = 0;
    for (uint32_t i = 0; i < e->m.memories.n; i++) cost += limits_cost(&e->m.memories.at[i].limits);
    for (uint32_t i = 0; i < e->m.tables.n; i++) cost += limits_cost(&e->m.tables.at[i].limits);
    for (uint32_t i = 0; i < e->m.globals.n; i++) {
        cost += e->m.globals.at[i].type.mutable;
        for (uint32_t k = 0; k < e->global[i].n; k++) cost += immediate_cost(&e->global[i].at[k]);
    }
    for (uint32_t i = 0; i < e->m.datas.n; i++)
        for (uint32_t k = 0; k < e->data[i].n; k++) cost += e->data[i].bytes[k] != 0;
    return cost;
}

ReduceCost reduce_cost(const Edit *e, uint32_t bytes) {
    enum { PER_LOCAL = 8 };
    ReduceCost c = {.bytes = bytes, .bits = plan_cost(e) + parts_cost(e)};
    for (uint32_t i = 0; i < e->m.bodies.n; i++) {
        c.bits += PER_LOCAL * e->body[i].nlocal;
        for (uint32_t k = 0; k < e->body[i].code.n; k++) {
            const EditInstr *in = &e->body[i].code.at[k];
            c.code += weight(in);
            c.bits += immediate_cost(in);
        }
    }
    return c;
}

bool cost_less(const ReduceCost *a, const ReduceCost *b) {
    if (a->code != b->code) return a->code < b->code;
    if (a->bytes != b->bytes) return a->bytes < b->bytes;
    return a->bits < b->bits;
}
