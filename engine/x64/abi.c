/* The conventions of compiled code on x86-64 (see target.h and code/abi.c): which registers, and which instructions
 * call. */
#include "x64/abi.h"
#include <assert.h>
#include "code/es.h"
#include "x64/match.h"

/* Caller-saved ones first, for what lives on across calls finds the others by itself; r12 and r13 make longer
 * addresses.  The last two may be pinned (target.c). */
#define INT_ORDER X64_RAX, X64_RCX, X64_RDX, X64_RSI, X64_RDI, X64_R8, X64_R9, X64_R10, X64_RBX, X64_R12
const uint8_t x64_int_order[] = {INT_ORDER, X64_CONTEXT, X64_FUEL}, x64_int_order_context[] = {INT_ORDER, X64_FUEL};
#define F(n) (REG_FLOAT + (n))
const uint8_t x64_float_order[] = {F(0), F(1), F(2),  F(3),  F(4),  F(5),  F(6), F(7),
                                   F(8), F(9), F(10), F(11), F(12), F(13), F(14)};
const uint8_t x64_int_arg[] = {X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9, X64_RAX};
const uint8_t x64_float_arg[] = {F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7)};
const uint8_t x64_int_res[] = {X64_RAX, X64_RDX, X64_RCX};
const uint8_t x64_float_res[] = {F(0), F(1), F(2), F(3)};
const uint8_t x64_c_arg[] = {X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9};

#define INT_CALLER_SAVED                                                                                              \
    (REG_BIT(X64_RAX) | REG_BIT(X64_RCX) | REG_BIT(X64_RDX) | REG_BIT(X64_RSI) | REG_BIT(X64_RDI) | REG_BIT(X64_R8) | \
     REG_BIT(X64_R9) | REG_BIT(X64_R10) | REG_BIT(X64_R11))
#define ALL_FLOAT (UINT64_C(0xffff) << REG_FLOAT)
const RegSet x64_clobber[X64_CLOBBER_COUNT] = {
    [X64_CLOBBER_CALL] = INT_CALLER_SAVED | ALL_FLOAT,
    [X64_CLOBBER_C_CALL] = INT_CALLER_SAVED | ALL_FLOAT, /* the same set, as it happens */
    [X64_CLOBBER_RAX] = REG_BIT(X64_RAX),
};

static void load_from(Lower *l, Reg def, Reg base, int32_t offset, IrType t) {
    static const uint8_t access[T_COUNT] = {
        [T_I32] = ACC_32, [T_I64] = ACC_64, [T_F32] = ACC_F32, [T_F64] = ACC_F64, [T_V128] = ACC_V128};
    X64Addr a = {.base = base, .index = REG_NONE, .disp = offset};
    x64_load(l, def, t, access[t], &a);
}

static void store_to(Lower *l, Reg use, Reg base, int32_t offset, IrType t) {
    X64Addr a = {.base = base, .index = REG_NONE, .disp = offset};
    uint32_t size = x64_type_size(t);
    x64_ins(l, type_class(t) == RC_INT ? X64_ST : size == 16 ? X64_STUPS : X64_STS, size);
    LOWER_USE(l, use);
    x64_use_addr(l, &a);
}

void x64_lower_es_load(Lower *l, Reg def, uint32_t offset, IrType t) {
    load_from(l, def, X64_STATE, (int32_t)offset, t);
}

void x64_lower_es_store(Lower *l, Reg use, uint32_t offset, IrType t) {
    store_to(l, use, X64_STATE, (int32_t)offset, t);
}

static void mark_args(Lower *l) { lower_last(l)->flags |= MF_ARGS; }

void x64_lower_arg_load(Lower *l, Reg def, int32_t offset, IrType t) {
    load_from(l, def, X64_RBP, offset, t);
    mark_args(l);
}

void x64_lower_arg_store(Lower *l, Reg use, bool out, int32_t offset, IrType t) {
    store_to(l, use, out ? X64_RSP : X64_RBP, offset, t);
    if (!out) mark_args(l);
}

/* The address must survive the epilogue and be no argument: r10. */
static void fix_code_address(Lower *l, const MInsn *call) {
    Opnd *o = &l->m->opnd.at[call->opnd];
    o->constraint = OC_FIXED;
    o->fixed = X64_R10;
}

/* C leaves the upper half of a 32-bit result undefined; ours is zero. */
static void extend_result(Lower *l, const MInsn *call) {
    Opnd *o = &l->m->opnd.at[call->opnd + call->nopnd - 1];
    if (!call->nopnd || o->kind != OPND_DEF) return; /* nobody wants it */
    Reg result = o->reg, raw = lower_temp(l, T_I32);
    o->reg = raw;
    x64_ins(l, X64_MOV, 4);
    LOWER_DEF(l, result);
    LOWER_USE(l, raw);
}

void x64_lower_call(Lower *l, const Callee *callee, bool tail, MInsn *call) {
    call->size = 8;
    if (callee->kind == CALLEE_LIB) {
        x64_hit(l, X64_RULE_call_lib);
        call->op = X64_CALL_LIB;
        if (callee->sig.nresult && callee->sig.result[0] == T_I32) extend_result(l, call);
        return;
    }
    bool ref = callee->kind == CALLEE_REF;
    x64_hit(l, tail ? X64_RULE_tail_call : ref ? X64_RULE_call_ref : X64_RULE_call);
    if (ref) fix_code_address(l, call);
    call->op = ref ? (tail ? X64_TAIL_REF : X64_CALL_REF) : tail ? X64_TAIL_FN : X64_CALL_FN;
}

void x64_lower_ret(Lower *l, MInsn *ret) {
    x64_hit(l, X64_RULE_ret);
    ret->op = X64_RET;
    ret->size = 8;
}
