/* Instructions of an Edit: reading, writing, making, and the references in them. */
#include "fuzz/edit/edit.h"

/* -- Reading --------------------------------------------------------------------------- */

EditSeq edit_read_seq(Arena *a, const Module *m, uint32_t at, uint32_t end) {
    VEC(EditInstr) out = {0};
    while (at < end) {
        EditInstr i = {0};
        next_instr(m, at, &i.in);
        uint8_t imm = op_info[i.in.op].imm;
        if (imm == IMM_LABELS) i.label = instr_labels(a, m, &i.in);
        if (imm == IMM_TYPES) i.type = instr_types(a, m, &i.in);
        at = i.in.next;
        vec_push(a, &out, i);
    }
    return (EditSeq){out.at, out.n};
}

/* -- Writing --------------------------------------------------------------------------- */

void edit_put_seq(Buffer *b, EditSeq s) {
    for (uint32_t k = 0; k < s.n; k++) buffer_put_instr(b, &s.at[k].in, s.at[k].label, s.at[k].type);
}

/* -- Making ----------------------------------------------------------------------------- */

EditSeq edit_splice(Arena *a, EditSeq s, uint32_t from, uint32_t to, const EditInstr *by, uint32_t n) {
    uint32_t rest = s.n - to;
    EditInstr *out = arena_alloc(a, (from + n + rest) * sizeof *out, _Alignof(EditInstr));
    if (from) memcpy(out, s.at, from * sizeof *out);
    if (n) memcpy(out + from, by, n * sizeof *out);
    if (rest) memcpy(out + from + n, s.at + to, rest * sizeof *out);
    return (EditSeq){out, from + n + rest};
}

EditInstr *edit_seq_copy(Arena *a, EditSeq s) {
    EditInstr *out = arena_alloc(a, s.n * sizeof *out, _Alignof(EditInstr));
    if (s.n) memcpy(out, s.at, s.n * sizeof *out);
    return out;
}

EditInstr edit_op(Op op, uint32_t index) {
    EditInstr i = {.in = {.op = op}};
    if (op_info[op].imm != IMM_NONE) i.in.index = index;
    return i;
}

EditInstr edit_access(Op op, uint32_t memory, uint32_t offset) {
    EditInstr i = edit_op(op, 0);
    i.in.mem.memory = memory;
    i.in.mem.align = 0;
    i.in.mem.offset = offset;
    return i;
}

EditInstr edit_i32(uint32_t v) {
    EditInstr i = edit_op(OP_I32_CONST, 0);
    i.in.i64 = v;
    return i;
}

EditInstr edit_block(Op op, ValType result) {
    EditInstr i = {.in = {.op = op, .block_vt = result}};
    i.in.block = result == VT_BOTTOM ? BLOCK_EMPTY : BLOCK_VALUE;
    return i;
}

bool edit_const(ValType t, Value v, EditInstr *out) {
    *out = (EditInstr){0};
    switch (t) {
    case VT_I32: out->in.op = OP_I32_CONST; break;
    case VT_I64: out->in.op = OP_I64_CONST; break;
    case VT_F32: out->in.op = OP_F32_CONST; break;
    case VT_F64: out->in.op = OP_F64_CONST; break;
    case VT_V128:
        out->in.op = OP_V128_CONST;
        memcpy(out->in.bytes, v.bytes, sizeof v.bytes);
        return true;
    default:
        if (!vt_is_ref(t) || !(t & VT_NULLABLE)) return false;
        out->in.op = OP_REF_NULL;
        out->in.heap = VT_HEAP(t);
        return true;
    }
    out->in.i64 = t == VT_I32 || t == VT_F32 ? v.i32 : v.i64;
    return true;
}

bool edit_is_const(const EditInstr *i, Value *v) {
    *v = (Value){.u64x2 = {0, 0}};
    if (i->in.op == OP_REF_NULL) return true;
    if (op_info[i->in.op].kind != KIND_CONST) return false;
    switch (op_info[i->in.op].imm) {
    case IMM_V128: memcpy(v->bytes, i->in.bytes, sizeof v->bytes); break;
    case IMM_I32: v->i32 = i->in.i32; break;
    case IMM_F32: v->i32 = (uint32_t)i->in.i64; break;
    default: v->i64 = i->in.i64; break; /* i64, f64 */
    }
    return true;
}

FuncType edit_block_type(const Edit *e, const EditInstr *i, ValType *single) {
    return block_func_type(&e->m, &i->in, single);
}

/* -- References --------------------------------------------------------------------------- */

static void vt_ref(ValType *t, EditRef *ref, void *user) {
    if (!vt_is_ref(*t) || VT_HEAP(*t) >= HEAP_ABSTRACT) return;
    uint32_t index = VT_HEAP(*t);
    ref(user, REF_TYPE, &index);
    *t = (*t & (VT_REF | VT_NULLABLE)) | index;
}

static void list_refs(Arena *a, EditInstr *i, EditRef *ref, void *user) {
    if (!i->in.types.count) return;
    ValType *type = arena_alloc(a, i->in.types.count * sizeof *type, _Alignof(ValType));
    memcpy(type, i->type, i->in.types.count * sizeof *type);
    for (uint32_t k = 0; k < i->in.types.count; k++) vt_ref(&type[k], ref, user);
    i->type = type;
}

static void block_refs(Instr *in, EditRef *ref, void *user) {
    if (in->block >= 0) {
        uint32_t index = (uint32_t)in->block;
        ref(user, REF_TYPE, &index);
        in->block = index;
    } else if (in->block == BLOCK_VALUE) {
        vt_ref(&in->block_vt, ref, user);
    }
}

void edit_instr_refs(Arena *a, EditInstr *i, EditRef *ref, void *user) {
    Instr *in = &i->in;
    switch ((Imm)op_info[in->op].imm) {
    case IMM_NONE:
    case IMM_LABEL:
    case IMM_LABELS:
    case IMM_I32:
    case IMM_I64:
    case IMM_F32:
    case IMM_F64:
    case IMM_V128:
    case IMM_SHUFFLE:
    case IMM_LANE:
    case IMM_COUNT: break;
    case IMM_BLOCK: block_refs(in, ref, user); break;
    case IMM_FUNC: ref(user, REF_FUNC, &in->index); break;
    case IMM_TYPE_TABLE:
        ref(user, REF_TYPE, &in->index);
        ref(user, REF_TABLE, &in->index2);
        break;
    case IMM_TYPES: list_refs(a, i, ref, user); break;
    case IMM_LOCAL: ref(user, REF_LOCAL, &in->index); break;
    case IMM_GLOBAL: ref(user, REF_GLOBAL, &in->index); break;
    case IMM_TABLE: ref(user, REF_TABLE, &in->index); break;
    case IMM_MEMORY: ref(user, REF_MEMORY, &in->index); break;
    case IMM_MEMARG:
    case IMM_MEMARG_LANE: ref(user, REF_MEMORY, &in->mem.memory); break;
    case IMM_HEAP_TYPE:
        if (in->heap < HEAP_ABSTRACT) ref(user, REF_TYPE, &in->heap);
        break;
    case IMM_DATA_MEMORY:
        ref(user, REF_DATA, &in->index);
        ref(user, REF_MEMORY, &in->index2);
        break;
    case IMM_DATA: ref(user, REF_DATA, &in->index); break;
    case IMM_MEMORY_MEMORY:
        ref(user, REF_MEMORY, &in->index);
        ref(user, REF_MEMORY, &in->index2);
        break;
    case IMM_ELEM_TABLE:
        ref(user, REF_ELEM, &in->index);
        ref(user, REF_TABLE, &in->index2);
        break;
    case IMM_ELEM: ref(user, REF_ELEM, &in->index); break;
    case IMM_TABLE_TABLE:
        ref(user, REF_TABLE, &in->index);
        ref(user, REF_TABLE, &in->index2);
        break;
    }
}
