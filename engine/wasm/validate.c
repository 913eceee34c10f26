/* Validation of instructions and function bodies, in one pass with their decoding.
 *
 * Most rows of opcode.def have a signature, and one rule serves them all: pop its parameters, push its
 * result.  The signatures become a table when this file is compiled, so the rule is a load and a few
 * compares.  Rows that depend on locals, globals, tables or memories have rules of their own here, control
 * instructions in control.c. */
#include "wasm/validate.h"
#include <stdio.h>
#include "wasm/match.h"
#include "wasm/validator.h"

/* -- Errors and the operand stack ------------------------------------------------------ */

void validator_fail(Validator *v, ErrCode code) { err_at(v->err, v->at, v->r.func, code, NULL); }

void validator_unknown(Validator *v, ErrCode code, uint32_t at, uint32_t index) {
    if (!valid_so_far(v)) return;
    err_at(v->err, at, v->r.func, code, NULL);
    /* The specification's wording has no colon here. */
    snprintf(v->err->text, sizeof v->err->text, "%s %u", err_code_text(code), index);
}

void validator_raise_peak(Validator *v) {
    if (v->peak < v->cap) {
        v->peak++;
        return;
    }
    if (v->cap >= MAX_HEIGHT) {
        err_at(v->err, v->at, v->r.func, ERR_LIMIT, "more than %d operands", MAX_HEIGHT);
        /* Keep the invariant until the caller looks at the error: the top slot is reused. */
        v->n--;
        if (v->floor > v->n) v->floor = v->n;
        return;
    }
    v->stack = vec_grow(&v->scratch, v->stack, v->n, &v->cap, v->cap + 1, sizeof *v->stack);
    v->peak++;
}

ValType validator_pop_slow(Validator *v, ValType want) {
    char wanted[32], found[32];
    if (v->n == v->floor) {
        if (!top_frame(v)->unreachable && valid_so_far(v))
            err_at(v->err, v->at, v->r.func, ERR_TYPE_MISMATCH, "expected %s, found nothing",
                   want ? vt_name(want, wanted) : "a value");
        return VT_BOTTOM;
    }
    ValType have = v->stack[--v->n];
    if (want != VT_BOTTOM && !val_type_matches(v->m, have, want) && valid_so_far(v))
        err_at(v->err, v->at, v->r.func, ERR_TYPE_MISMATCH, "expected %s, found %s", vt_name(want, wanted),
               vt_name(have, found));
    return have;
}

/* -- The generic rule --------------------------------------------------------------------- */

typedef struct Rule {
    uint8_t npop, npush;
    uint8_t pop[3], push; /* value types are one byte here */
} Rule;

enum { T_i = VT_I32, T_l = VT_I64, T_f = VT_F32, T_d = VT_F64, T_x = VT_V128 };
// clang-format off
#define R1(a, r) {1, 1, {T_##a}, T_##r}
#define R2(a, b, r) {2, 1, {T_##a, T_##b}, T_##r}
enum { SIG_____, SIG_v_v, SIG_v_i, SIG_v_l, SIG_v_f, SIG_v_d, SIG_i_i, SIG_i_l, SIG_i_f, SIG_i_d,
       SIG_l_i, SIG_l_l, SIG_l_f, SIG_l_d, SIG_f_i, SIG_f_l, SIG_f_f, SIG_f_d, SIG_d_i, SIG_d_l,
       SIG_d_f, SIG_d_d, SIG_ii_i, SIG_ll_i, SIG_ff_i, SIG_dd_i, SIG_ll_l, SIG_ff_f, SIG_dd_d,
       SIG_ii_v, SIG_il_v, SIG_if_v, SIG_id_v, SIG_iii_v,
       SIG_v_x, SIG_i_x, SIG_l_x, SIG_f_x, SIG_d_x, SIG_x_x, SIG_x_i, SIG_x_l, SIG_x_f, SIG_x_d,
       SIG_xx_x, SIG_xi_x, SIG_xl_x, SIG_xf_x, SIG_xd_x, SIG_ix_x, SIG_ix_v, SIG_xxx_x, SIG_COUNT };
static const Rule rules[SIG_COUNT] = {
    [SIG_v_i] = {0, 1, {0}, T_i}, [SIG_v_l] = {0, 1, {0}, T_l}, [SIG_v_f] = {0, 1, {0}, T_f},
    [SIG_v_d] = {0, 1, {0}, T_d},
    [SIG_i_i] = R1(i, i), [SIG_i_l] = R1(i, l), [SIG_i_f] = R1(i, f), [SIG_i_d] = R1(i, d),
    [SIG_l_i] = R1(l, i), [SIG_l_l] = R1(l, l), [SIG_l_f] = R1(l, f), [SIG_l_d] = R1(l, d),
    [SIG_f_i] = R1(f, i), [SIG_f_l] = R1(f, l), [SIG_f_f] = R1(f, f), [SIG_f_d] = R1(f, d),
    [SIG_d_i] = R1(d, i), [SIG_d_l] = R1(d, l), [SIG_d_f] = R1(d, f), [SIG_d_d] = R1(d, d),
    [SIG_ii_i] = R2(i, i, i), [SIG_ll_i] = R2(l, l, i), [SIG_ff_i] = R2(f, f, i), [SIG_dd_i] = R2(d, d, i),
    [SIG_ll_l] = R2(l, l, l), [SIG_ff_f] = R2(f, f, f), [SIG_dd_d] = R2(d, d, d),
    [SIG_ii_v] = {2, 0, {T_i, T_i}, 0}, [SIG_il_v] = {2, 0, {T_i, T_l}, 0},
    [SIG_if_v] = {2, 0, {T_i, T_f}, 0}, [SIG_id_v] = {2, 0, {T_i, T_d}, 0},
    [SIG_iii_v] = {3, 0, {T_i, T_i, T_i}, 0},
    [SIG_v_x] = {0, 1, {0}, T_x},
    [SIG_i_x] = R1(i, x), [SIG_l_x] = R1(l, x), [SIG_f_x] = R1(f, x), [SIG_d_x] = R1(d, x), [SIG_x_x] = R1(x, x),
    [SIG_x_i] = R1(x, i), [SIG_x_l] = R1(x, l), [SIG_x_f] = R1(x, f), [SIG_x_d] = R1(x, d),
    [SIG_xx_x] = R2(x, x, x), [SIG_xi_x] = R2(x, i, x), [SIG_xl_x] = R2(x, l, x), [SIG_xf_x] = R2(x, f, x),
    [SIG_xd_x] = R2(x, d, x), [SIG_ix_x] = R2(i, x, x),
    [SIG_ix_v] = {2, 0, {T_i, T_x}, 0}, [SIG_xxx_x] = {3, 1, {T_x, T_x, T_x}, T_x},
};
// clang-format on
static const uint8_t op_rule[OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) SIG_##sig,
#include "wasm/opcode.def"
#undef OP
};

/* Rules of what is a single byte all in all and always enabled; 0: not of that kind. */
#define ALONE(prefix, imm, feature) ((prefix) == 0 && IMM_##imm == IMM_NONE && FEAT_##feature == FEAT_MVP)
static const uint8_t byte_rule[256 + OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) \
    [ALONE(prefix, imm, feature) ? (code) : 256 + OP_##id] = SIG_##sig,
#include "wasm/opcode.def"
#undef OP
};

static inline void apply_rule(Validator *v, const Rule *r) {
    for (uint32_t i = r->npop; i-- > 0;) pop_val(v, r->pop[i]);
    if (r->npush) push_val(v, r->push);
}

/* -- Memories -------------------------------------------------------------------------------- */

static const Limits *memory_limits(Validator *v, uint32_t index) {
    if (!check_index(v, index, v->m->memories.n, ERR_UNKNOWN_MEMORY)) return NULL;
    return &v->m->memories.at[index].limits;
}

/* Are the instruction's lane numbers below what it counts? */
static bool check_lanes(Validator *v, const Instr *in) {
    uint32_t lanes = op_lanes(in->op);
    bool ok = true;
    if (op_info[in->op].imm == IMM_SHUFFLE)
        for (uint32_t i = 0; i < sizeof in->bytes; i++) ok &= in->bytes[i] < lanes;
    else
        ok = in->lane < lanes;
    if (!ok) validator_fail(v, ERR_LANE);
    return ok;
}

static void validate_lanes(Validator *v, const Instr *in) {
    if (check_lanes(v, in)) apply_rule(v, &rules[op_rule[in->op]]);
}

/* A load or store: the signature's first parameter is the address. */
static void validate_access(Validator *v, const Instr *in) {
    const Rule *r = &rules[op_rule[in->op]];
    const Limits *mem = memory_limits(v, in->mem.memory);
    if (!mem) return;
    if (in->mem.align > op_align(in->op)) {
        validator_fail(v, ERR_ALIGNMENT);
        return;
    }
    if (!mem->is64 && in->mem.offset > UINT32_MAX) {
        validator_fail(v, ERR_OFFSET_RANGE);
        return;
    }
    if (op_info[in->op].imm == IMM_MEMARG_LANE && !check_lanes(v, in)) return;
    for (uint32_t i = r->npop; i-- > 1;) pop_val(v, r->pop[i]);
    pop_val(v, limits_index_type(mem));
    if (r->npush) push_val(v, r->push);
}

/* Both memories' or tables' index types, popped for a copy: the length is the smaller type. */
static void pop_copy(Validator *v, const Limits *to, const Limits *from) {
    pop_val(v, to->is64 && from->is64 ? VT_I64 : VT_I32);
    pop_val(v, limits_index_type(from));
    pop_val(v, limits_index_type(to));
}

static bool check_data(Validator *v, uint32_t index) {
    return check_index(v, index, v->m->data_count, ERR_UNKNOWN_DATA);
}

static void validate_memory(Validator *v, const Instr *in) {
    if (in->op == OP_DATA_DROP) {
        check_data(v, in->index);
        return;
    }
    uint32_t index = in->op == OP_MEMORY_INIT ? in->index2 : in->index;
    const Limits *mem = memory_limits(v, index);
    if (!mem) return;
    ValType it = limits_index_type(mem);
    switch (in->op) {
    case OP_MEMORY_SIZE: push_val(v, it); break;
    case OP_MEMORY_GROW:
        pop_val(v, it);
        push_val(v, it);
        break;
    case OP_MEMORY_INIT:
        if (!check_data(v, in->index)) return;
        pop_val(v, VT_I32);
        pop_val(v, VT_I32);
        pop_val(v, it);
        break;
    case OP_MEMORY_COPY: {
        const Limits *from = memory_limits(v, in->index2);
        if (from) pop_copy(v, mem, from);
        break;
    }
    case OP_MEMORY_FILL:
        pop_val(v, it);
        pop_val(v, VT_I32);
        pop_val(v, it);
        break;
    default: assert(false && "a memory instruction without a rule");
    }
}

/* -- Tables ------------------------------------------------------------------------------------ */

static bool check_elem(Validator *v, uint32_t index) { return check_index(v, index, v->m->elems.n, ERR_UNKNOWN_ELEM); }

static void validate_table_copy(Validator *v, const Instr *in, const Table *to) {
    if (!check_index(v, in->index2, v->m->tables.n, ERR_UNKNOWN_TABLE)) return;
    const Table *from = &v->m->tables.at[in->index2];
    if (!val_type_matches(v->m, from->type, to->type)) validator_fail(v, ERR_TYPE_MISMATCH);
    pop_copy(v, &to->limits, &from->limits);
}

static void validate_table(Validator *v, const Instr *in) {
    if (in->op == OP_ELEM_DROP) {
        check_elem(v, in->index);
        return;
    }
    uint32_t index = in->op == OP_TABLE_INIT ? in->index2 : in->index;
    if (!check_index(v, index, v->m->tables.n, ERR_UNKNOWN_TABLE)) return;
    const Table *t = &v->m->tables.at[index];
    ValType it = limits_index_type(&t->limits);
    switch (in->op) {
    case OP_TABLE_GET:
        pop_val(v, it);
        push_val(v, t->type);
        break;
    case OP_TABLE_SET:
        pop_val(v, t->type);
        pop_val(v, it);
        break;
    case OP_TABLE_SIZE: push_val(v, it); break;
    case OP_TABLE_GROW:
        v->m->tables.at[index].grows = true;
        pop_val(v, it);
        pop_val(v, t->type);
        push_val(v, it);
        break;
    case OP_TABLE_FILL:
        pop_val(v, it);
        pop_val(v, t->type);
        pop_val(v, it);
        break;
    case OP_TABLE_COPY: validate_table_copy(v, in, t); break;
    case OP_TABLE_INIT:
        if (!check_elem(v, in->index)) return;
        if (!val_type_matches(v->m, v->m->elems.at[in->index].type, t->type)) validator_fail(v, ERR_TYPE_MISMATCH);
        pop_val(v, VT_I32);
        pop_val(v, VT_I32);
        pop_val(v, it);
        break;
    default: assert(false && "a table instruction without a rule");
    }
}

/* -- Variables, references, parametric ----------------------------------------------------------- */

static void validate_local(Validator *v, const Instr *in) {
    if (!check_index(v, in->index, v->nlocal, ERR_UNKNOWN_LOCAL)) return;
    ValType t = v->local[in->index];
    if (in->op == OP_LOCAL_GET) {
        if (v->track_inits && !bitset_has(&v->init, in->index)) validator_fail(v, ERR_UNINIT_LOCAL);
        push_val(v, t);
        return;
    }
    pop_val(v, t);
    if (in->op == OP_LOCAL_TEE) push_val(v, t);
    if (v->track_inits && !bitset_has(&v->init, in->index)) {
        bitset_add(&v->init, in->index);
        vec_push(&v->scratch, &v->inits, in->index);
    }
}

static void validate_global(Validator *v, const Instr *in) {
    if (!check_index(v, in->index, v->m->globals.n, ERR_UNKNOWN_GLOBAL)) return;
    GlobalType t = v->m->globals.at[in->index].type;
    if (in->op == OP_GLOBAL_GET)
        push_val(v, t.type);
    else if (!t.mutable)
        validator_fail(v, ERR_GLOBAL_IMMUTABLE);
    else
        pop_val(v, t.type);
}

static void validate_ref(Validator *v, const Instr *in) {
    const Module *m = v->m;
    switch (in->op) {
    case OP_REF_NULL:
        if (in->heap < HEAP_ABSTRACT && !check_index(v, in->heap, m->types.n, ERR_UNKNOWN_TYPE)) return;
        push_val(v, VT_REF | VT_NULLABLE | in->heap);
        break;
    case OP_REF_IS_NULL: {
        ValType t = pop_any(v);
        if (t != VT_BOTTOM && !vt_is_ref(t)) validator_fail(v, ERR_TYPE_MISMATCH);
        push_val(v, VT_I32);
        break;
    }
    case OP_REF_FUNC:
        if (!check_index(v, in->index, m->funcs.n, ERR_UNKNOWN_FUNC)) return;
        if (!bitset_has(&m->declared_funcs, in->index)) validator_fail(v, ERR_UNDECLARED_FUNC);
        if (has_feature(m, FEAT_FUNC_REFS) || has_feature(m, FEAT_GC))
            push_val(v, VT_REF | m->funcs.at[in->index].type);
        else
            push_val(v, VT_FUNCREF);
        break;
    default: assert(false && "a reference instruction without a rule");
    }
}

static void select_any(Validator *v) {
    pop_val(v, VT_I32);
    ValType a = pop_any(v), b = pop_any(v);
    if (vt_is_ref(a) || vt_is_ref(b) || (a != b && a != VT_BOTTOM && b != VT_BOTTOM))
        validator_fail(v, ERR_TYPE_MISMATCH);
    push_val(v, a == VT_BOTTOM ? b : a);
}

static void select_typed(Validator *v, const Instr *in) {
    if (in->types.count != 1) {
        validator_fail(v, ERR_RESULT_ARITY);
        return;
    }
    /* The instruction has been read, so its type reads without error. */
    Reader r = v->r;
    r.at = r.base + in->types.at;
    ValType t = read_val_type(&r, v->m);
    if (vt_is_ref(t) && VT_HEAP(t) < HEAP_ABSTRACT && !check_index(v, VT_HEAP(t), v->m->types.n, ERR_UNKNOWN_TYPE))
        return;
    pop_val(v, VT_I32);
    pop_val(v, t);
    pop_val(v, t);
    push_val(v, t);
}

static void validate_param(Validator *v, const Instr *in) {
    if (in->op == OP_DROP)
        pop_any(v);
    else if (in->op == OP_SELECT)
        select_any(v);
    else
        select_typed(v, in);
}

/* -- Expressions ------------------------------------------------------------------------------------ */

void validate_instr(Validator *v, const Instr *in) {
    v->m->has_vectors |= in->op >= OP_V128_LOAD; /* ORDER OP: the vectors come last */
    switch ((OpKind)op_info[in->op].kind) {
    case KIND_CONTROL: validate_control(v, in); break;
    case KIND_PARAM: validate_param(v, in); break;
    case KIND_LOCAL: validate_local(v, in); break;
    case KIND_GLOBAL: validate_global(v, in); break;
    case KIND_TABLE: validate_table(v, in); break;
    case KIND_MEMORY: validate_memory(v, in); break;
    case KIND_LOAD:
    case KIND_STORE:
    case KIND_VLOAD_EXTEND:
    case KIND_VLOAD_SPLAT:
    case KIND_VLOAD_ZERO:
    case KIND_VLOAD_LANE:
    case KIND_VSTORE_LANE: validate_access(v, in); break;
    case KIND_VSHUFFLE:
    case KIND_VEXTRACT:
    case KIND_VREPLACE: validate_lanes(v, in); break;
    case KIND_REF: validate_ref(v, in); break;
    default: apply_rule(v, &rules[op_rule[in->op]]); break;
    }
}

void validator_begin(Validator *v, uint32_t at, uint32_t end, FuncType type, ValType single) {
    v->r.at = v->m->bytes + at;
    v->r.end = v->m->bytes + end;
    v->at = at;
    v->n = v->floor = v->peak = 0;
    v->frames.n = 0;
    v->side.n = 0;
    v->inits.n = 0;
    v->segment = SEGMENT_BODY;
    v->cost = v->body_fuel = 0;
    v->live = true;
    v->has_calls = v->has_tail_calls = false;
    validator_push_frame(v, FRAME_FUNC, (FuncType){NULL, type.result, 0, type.nresult}, single);
}

bool validator_next(Validator *v, Instr *in) {
    if (v->r.at == v->r.end) { /* in the middle of an instruction it is ERR_UNEXPECTED_END */
        reader_fail(&v->r, ERR_END_EXPECTED, reader_offset(&v->r));
        return false;
    }
    if (!read_instr(&v->r, v->m, in)) return false;
    v->at = in->at;
    v->cost++;
    return true;
}

enum { BYTE_LOCAL_GET = 0x20 };

/* Most instructions are `local.get` of a low index, or a single byte with a signature: do them without the
 * detour through Instr, with the same effect.  False: the next instruction is another one. */
static inline bool validate_common(Validator *v) {
    const uint8_t *p = v->r.at;
    if (v->r.end - p < 2) return false;
    uint32_t rule = byte_rule[p[0]];
    if (rule) {
        v->r.at = p + 1;
        v->at = (uint32_t)(p - v->r.base);
        v->cost++;
        apply_rule(v, &rules[rule]);
        return true;
    }
    if (p[0] == BYTE_LOCAL_GET && p[1] < 0x80 && p[1] < v->nlocal && !v->track_inits) {
        v->r.at = p + 2;
        v->at = (uint32_t)(p - v->r.base);
        v->cost++;
        push_val(v, v->local[p[1]]);
        return true;
    }
    return false;
}

/* Locals without a default value have to be set before they are read. */
static void begin_locals(Validator *v, const Body *b, uint32_t nparam) {
    v->local = b->local;
    v->nlocal = b->nlocal;
    v->track_inits = false;
    if (!has_feature(v->m, FEAT_FUNC_REFS) && !has_feature(v->m, FEAT_GC)) return;
    for (uint32_t i = nparam; i < b->nlocal; i++) {
        ValType t = b->local[i];
        if (vt_is_ref(t) && VT_HEAP(t) < HEAP_ABSTRACT && !check_index(v, VT_HEAP(t), v->m->types.n, ERR_UNKNOWN_TYPE))
            return;
        v->track_inits |= vt_is_ref(t) && !(t & VT_NULLABLE);
    }
    if (!v->track_inits) return;
    v->init = (BitSet){ARENA_ARRAY(&v->scratch, uint64_t, b->nlocal / 64 + 1), b->nlocal};
    for (uint32_t i = 0; i < b->nlocal; i++) {
        ValType t = b->local[i];
        if (i < nparam || !vt_is_ref(t) || (t & VT_NULLABLE)) bitset_add(&v->init, i);
    }
}

static void finish_body(Validator *v, Body *b) {
    size_t size = v->side.n * sizeof(SideEntry);
    SideEntry *side = arena_alloc(v->m->arena, size, _Alignof(SideEntry)); /* never NULL, for `side + stp` */
    if (size) memcpy(side, v->side.at, size);
    b->side = side;
    b->nside = v->side.n;
    b->max_height = v->peak;
    b->frame_cost = FRAME_COST(b->nlocal, b->max_height);
    b->fuel = v->body_fuel;
    b->has_calls = v->has_calls;
    b->has_tail_calls = v->has_tail_calls;
}

bool validate_body(Validator *v, uint32_t body) {
    Module *m = v->m;
    Body *b = &m->bodies.at[body];
    uint32_t func = m->nimported[EXT_FUNC] + body;
    const FuncType *type = module_func_type(m, func);
    v->r.func = func;
    validator_begin(v, b->code, b->end, *type, VT_BOTTOM);
    begin_locals(v, b, type->nparam);
    Instr in;
    while (v->frames.n && valid_so_far(v)) {
        if (validate_common(v)) continue;
        if (validator_next(v, &in)) validate_instr(v, &in);
    }
    if (valid_so_far(v) && v->r.at != v->r.end) reader_fail(&v->r, ERR_SECTION_SIZE, reader_offset(&v->r));
    v->r.func = ERR_NO_FUNC;
    if (valid_so_far(v)) finish_body(v, b);
    return valid_so_far(v);
}
