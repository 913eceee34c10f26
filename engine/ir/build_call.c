/* Calls and function references.
 *
 * A function of this module is called directly, with this instance as its context.  An imported function, an
 * interpreted one, or one from a table, is a FuncInst, which says what to call with which context; for imports linking
 * has checked the type.
 *
 * Loads from a FuncInst of a table are not marked constant, though they are: they must not move above the
 * check that there is one. */
#include <assert.h>
#include "ir/builder.h"

enum { FIXED = MEM_CONST | MEM_CONTEXT };
#define FUNC_FIELD(field) ((uint32_t)offsetof(FuncInst, field))

IrType ir_type_of(ValType t) {
    switch (t) {
    case VT_I32: return T_I32;
    case VT_I64: return T_I64;
    case VT_F32: return T_F32;
    case VT_F64: return T_F64;
    case VT_V128: return T_V128;
    default: assert(vt_is_ref(t)); return T_I64;
    }
}

IrSig build_sig(Arena *a, const FuncType *t) {
    uint8_t *param = ARENA_ARRAY(a, uint8_t, t->nparam + 1), *result = ARENA_ARRAY(a, uint8_t, t->nresult);
    param[0] = T_I64;
    for (uint32_t i = 0; i < t->nparam; i++) param[i + 1] = (uint8_t)ir_type_of(t->param[i]);
    for (uint32_t i = 0; i < t->nresult; i++) result[i] = (uint8_t)ir_type_of(t->result[i]);
    return (IrSig){param, result, t->nparam + 1, t->nresult};
}

/* One entry of Fn.calls for each function called, type called indirectly, and library function. */
static bool find_callee(const Build *b, CalleeKind kind, uint32_t index, uint32_t *callee) {
    return map_get(&b->callee, (uint64_t)kind << 32 | index, callee);
}

bool build_is_internal(const Build *b, uint32_t func) {
    const Func *f = &b->m->funcs.at[func];
    return !b->o->interpreted && f->import == NO_INDEX && func != b->m->start && !f->tail_called &&
           !bitset_has(&b->m->declared_funcs, func) && !b->m->bodies.at[f->body].has_tail_calls;
}

static uint32_t add_callee(Build *b, CalleeKind kind, uint32_t index, IrSig sig) {
    Callee c = {.kind = kind, .index = kind == CALLEE_REF ? 0 : index, .sig = sig};
    c.internal = kind == CALLEE_FUNC && build_is_internal(b, index);
    c.switches = kind == CALLEE_REF || (kind == CALLEE_FUNC && (b->m->tail_by_ref || b->o->interpreted));
    map_put(&b->callee, (uint64_t)kind << 32 | index, b->f->calls.n);
    vec_push(b->f->arena, &b->f->calls, c);
    return b->f->calls.n - 1;
}

Val build_lib_call(Build *b, uint32_t lib, IrType result, const Val *args, uint32_t nargs) {
    uint32_t callee;
    if (!find_callee(b, CALLEE_LIB, lib, &callee)) {
        uint8_t *param = ARENA_ARRAY(b->f->arena, uint8_t, nargs), *r = ARENA_ARRAY(b->f->arena, uint8_t, 1);
        for (uint32_t i = 0; i < nargs; i++) param[i] = (uint8_t)build_type(b, args[i]);
        *r = (uint8_t)result;
        callee = add_callee(b, CALLEE_LIB, lib, (IrSig){param, r, nargs, result != T_NONE});
    }
    Ins i = {.op = IR_call, .type = (uint8_t)result, .a = fn_pool(b->f, args, nargs), .b = nargs, .c = callee};
    return build_ins(b, i);
}

void build_refund(Build *b) {
    if (b->body->frame_cost) build_ins(b, (Ins){.op = IR_refund, .aux = 1, .a = b->body->frame_cost});
}

/* The call itself: b->opnd holds what comes before the arguments, which are on the stack. */
static void emit_call(Build *b, CalleeKind kind, uint32_t index, uint32_t type, bool tail) {
    const FuncType *t = &b->m->types.at[type].func;
    uint32_t callee;
    if (!find_callee(b, kind, index, &callee)) callee = add_callee(b, kind, index, build_sig(b->f->arena, t));
    b->stack.n -= t->nparam;
    for (uint32_t i = 0; i < t->nparam; i++) vec_push(b->arena, &b->opnd, b->stack.at[b->stack.n + i]);
    Ins call = {.op = IR_call, .a = fn_pool(b->f, b->opnd.at, b->opnd.n), .b = b->opnd.n, .c = callee};
    b->opnd.n = 0;
    if (tail) {
        build_refund(b); /* first: the callee charges */
        call.op = IR_tailcall;
        build_ins(b, call);
        b->live = false;
        return;
    }
    if (t->nresult == 1) call.type = (uint8_t)ir_type_of(t->result[0]);
    Val v = build_ins(b, call);
    if (t->nresult == 1) build_push(b, v);
    for (uint32_t i = 0; t->nresult > 1 && i < t->nresult; i++)
        build_push(b, build_ins(b, (Ins){.op = IR_proj, .type = (uint8_t)ir_type_of(t->result[i]), .a = v, .b = i}));
}

/* Operands of a call by reference: code and context of the FuncInst. */
static void ref_operands(Build *b, Val func, uint8_t flags) {
    Val code = build_load(b, T_I64, ACC_64, func, FUNC_FIELD(code), flags);
    Val ctx = build_load(b, T_I64, ACC_64, func, FUNC_FIELD(ctx), flags);
    vec_push(b->arena, &b->opnd, code);
    vec_push(b->arena, &b->opnd, ctx);
}

/* Reference to a function of the index space: the address of its FuncInst. */
static Val func_ref(Build *b, uint32_t func) {
    uint32_t imported = b->m->nimported[EXT_FUNC];
    if (func < imported) return build_load(b, T_I64, ACC_64, b->ctx, b->layout->funcs + 8 * func, FIXED);
    uint32_t disp = b->layout->own_funcs + (uint32_t)sizeof(FuncInst) * (func - imported);
    return build_binary(b, IR_iadd, b->ctx, build_iconst(b, T_I64, disp));
}

static void call_direct(Build *b, uint32_t func, bool tail) {
    uint32_t type = b->m->funcs.at[func].type;
    bool interpreted = b->o->interpreted && bitset_has(b->o->interpreted, func);
    if (func < b->m->nimported[EXT_FUNC] || interpreted) {
        ref_operands(b, func_ref(b, func), FIXED);
        emit_call(b, CALLEE_REF, type, type, tail);
    } else {
        vec_push(b->arena, &b->opnd, b->ctx);
        emit_call(b, CALLEE_FUNC, func, type, tail);
    }
}

static void call_indirect(Build *b, uint32_t table, uint32_t type, bool tail) {
    Place elem = build_table_elem(b, table, build_pop(b), TRAP_UNDEFINED_ELEMENT);
    Val func = build_load(b, T_I64, ACC_64, elem.base, elem.disp, MEM_CONTEXT);
    build_trap_if(b, IR_trapnz, build_unary(b, IR_eqz, T_I32, func), TRAP_UNINITIALIZED_ELEMENT);
    Val sig = build_load(b, T_I32, ACC_32, func, FUNC_FIELD(sig), MEM_CONTEXT);
    Val want = build_load(b, T_I32, ACC_32, b->ctx, b->layout->sigs + 4 * type, FIXED);
    build_trap_if(b, IR_trapnz, build_compare(b, IR_icmp, C_NE, sig, want), TRAP_INDIRECT_TYPE);
    ref_operands(b, func, MEM_CONTEXT);
    emit_call(b, CALLEE_REF, type, type, tail);
}

void build_call(Build *b, const Instr *in) {
    switch (in->op) {
    case OP_CALL: call_direct(b, in->index, false); break;
    case OP_RETURN_CALL: call_direct(b, in->index, true); break;
    case OP_CALL_INDIRECT: call_indirect(b, in->index2, in->index, false); break;
    case OP_RETURN_CALL_INDIRECT: call_indirect(b, in->index2, in->index, true); break;
    default: assert(false && "a call");
    }
}

void build_ref(Build *b, const Instr *in) {
    switch (in->op) {
    case OP_REF_NULL: build_push(b, build_iconst(b, T_I64, 0)); break;
    case OP_REF_IS_NULL: build_push(b, build_unary(b, IR_eqz, T_I32, build_pop(b))); break;
    case OP_REF_FUNC: build_push(b, func_ref(b, in->index)); break;
    default: assert(false && "a reference instruction");
    }
}
