/* Immediates: constants, offsets, lanes, indexes. */
#include <string.h>
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"

/* -- Constants ------------------------------------------------------------------------------------ */

static bool is_constant(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return op_info[s->code.at[at].in.op].kind == KIND_CONST;
}

static ValType const_type(Op op) { return sig_type(op_info[op].sig[2]); } /* "v_i" */

/* A neighbour, other bits, or one that tells. */
static Value other_value(Mutator *m, ValType t, Value v) {
    uint32_t bits = t == VT_I32 || t == VT_F32 ? 32 : 64, half = t == VT_V128 ? mut_pick(m, 2) : 0;
    uint64_t *x = &v.u64x2[half], mask = bits == 64 ? UINT64_MAX : UINT32_MAX;
    switch (mut_pick(m, 8)) {
    case 0: *x += 1; break;
    case 1: *x -= 1; break;
    case 2: *x ^= UINT64_C(1) << mut_pick(m, bits); break;
    case 3: *x = ~*x; break;
    case 4: *x = *x << 1; break;
    case 5: *x ^= UINT64_C(1) << (bits - 1); break;
    default: return gen_const(mut_next(m), t);
    }
    *x &= mask;
    return v;
}

bool mutate_constant(Mutator *m) {
    Spot s;
    Value v;
    if (!spot_find(m, &s, is_constant)) return false;
    ValType t = const_type(spot_instr(&s, s.at)->in.op);
    if (!edit_is_const(spot_instr(&s, s.at), &v)) return false;
    return edit_const(t, other_value(m, t, v), mut_change(m, &s));
}

/* -- Memory accesses ---------------------------------------------------------------------------------- */

static bool is_access(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    uint8_t imm = op_info[s->code.at[at].in.op].imm;
    return imm == IMM_MEMARG || imm == IMM_MEMARG_LANE;
}

bool mutate_offset(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, is_access)) return false;
    EditInstr *i = mut_change(m, &s);
    uint64_t old = i->in.mem.offset;
    i->in.mem.offset = mut_one_in(m, 3) ? (old + mut_pick(m, 33) - 16) & UINT32_MAX : mut_number(m, UINT32_MAX);
    return i->in.mem.offset != old;
}

bool mutate_alignment(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, is_access)) return false;
    EditInstr *i = mut_change(m, &s);
    uint32_t old = i->in.mem.align;
    i->in.mem.align = mut_pick(m, op_align(i->in.op) + 1);
    return i->in.mem.align != old;
}

static bool has_lane(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    uint8_t imm = op_info[s->code.at[at].in.op].imm;
    return imm == IMM_LANE || imm == IMM_MEMARG_LANE || imm == IMM_SHUFFLE;
}

bool mutate_lane(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, has_lane)) return false;
    EditInstr *i = mut_change(m, &s);
    if (op_info[i->in.op].imm == IMM_SHUFFLE)
        i->in.bytes[mut_pick(m, 16)] = (uint8_t)mut_pick(m, 32);
    else
        i->in.lane = mut_pick(m, op_lanes(i->in.op));
    return true;
}

/* -- Indexes --------------------------------------------------------------------------------------------- */

static bool is_local(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return op_info[s->code.at[at].in.op].kind == KIND_LOCAL;
}

/* One without null may be read only where it has been set. */
bool mutate_local(Mutator *m) {
    Spot s;
    uint32_t other;
    if (!spot_find(m, &s, is_local)) return false;
    uint32_t old = spot_instr(&s, s.at)->in.index;
    ValType t = edit_local_type(&m->e, s.body, old);
    if ((vt_is_ref(t) && !(t & VT_NULLABLE)) || !mut_local_of(m, s.body, t, &other) || other == old) return false;
    mut_change(m, &s)->in.index = other;
    return true;
}

static bool is_global(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return op_info[s->code.at[at].in.op].kind == KIND_GLOBAL;
}

bool mutate_global(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, is_global)) return false;
    uint32_t old = spot_instr(&s, s.at)->in.index, other = old, n = 0;
    bool set = spot_instr(&s, s.at)->in.op == OP_GLOBAL_SET;
    for (uint32_t i = 0; i < m->e.m.globals.n; i++) {
        const GlobalType *t = &m->e.m.globals.at[i].type;
        if (i != old && t->type == m->e.m.globals.at[old].type.type && (t->mutable || !set) && mut_one_in(m, ++n))
            other = i;
    }
    if (n) mut_change(m, &s)->in.index = other;
    return n > 0;
}

/* A table of the same type; -> its index, or the old one. */
static uint32_t other_table(Mutator *m, uint32_t old) {
    uint32_t n = 0, other = old;
    for (uint32_t i = 0; i < m->e.m.tables.n; i++)
        if (i != old && m->e.m.tables.at[i].type == m->e.m.tables.at[old].type && mut_one_in(m, ++n)) other = i;
    return other;
}

static uint32_t other_elem(Mutator *m, uint32_t old) {
    uint32_t n = 0, other = old;
    for (uint32_t i = 0; i < m->e.m.elems.n; i++)
        if (i != old && m->e.m.elems.at[i].type == m->e.m.elems.at[old].type && mut_one_in(m, ++n)) other = i;
    return other;
}

/* Another entity of the kind that fits; memories and data segments all do. */
static void other_ref(void *user, RefKind k, uint32_t *index) {
    Mutator *m = user;
    switch (k) {
    case REF_TABLE: *index = other_table(m, *index); break;
    case REF_ELEM: *index = other_elem(m, *index); break;
    case REF_MEMORY: *index = mut_pick(m, m->e.m.memories.n); break;
    case REF_DATA: *index = mut_pick(m, m->e.m.datas.n); break;
    default: break;
    }
}

static bool is_entity(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    switch (op_info[s->code.at[at].in.op].imm) {
    case IMM_TYPE_TABLE:
    case IMM_TABLE:
    case IMM_MEMORY:
    case IMM_MEMARG:
    case IMM_MEMARG_LANE:
    case IMM_DATA_MEMORY:
    case IMM_DATA:
    case IMM_MEMORY_MEMORY:
    case IMM_ELEM_TABLE:
    case IMM_ELEM:
    case IMM_TABLE_TABLE: return true;
    default: return false;
    }
}

bool mutate_entity(Mutator *m) {
    Spot s;
    if (m->e.m.memories.n + m->e.m.tables.n + m->e.m.elems.n + m->e.m.datas.n < 2 || !spot_find(m, &s, is_entity))
        return false;
    EditInstr *i = mut_change(m, &s), old = *i;
    edit_instr_refs(m->a, i, other_ref, m);
    return memcmp(&old.in, &i->in, sizeof old.in) != 0;
}

static bool is_callee(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return op_info[s->code.at[at].in.op].imm == IMM_FUNC;
}

bool mutate_callee(Mutator *m) {
    Spot s;
    if (!spot_find(m, &s, is_callee)) return false;
    uint32_t old = spot_instr(&s, s.at)->in.index, other = old, n = 0;
    for (uint32_t i = 0; i < m->e.m.funcs.n; i++)
        if (i != old && functype_equal(mut_func_type(m, i), mut_func_type(m, old)) && mut_one_in(m, ++n)) other = i;
    if (n) mut_change(m, &s)->in.index = other;
    return n > 0;
}
