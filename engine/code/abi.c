/* Our calling convention, by the target's tables: where parameters, arguments and results are.
 *
 * Integers (the context first, unless it is pinned) and floats are counted apart and go to registers as far as those
 * reach.  Parameter i of the wasm function (not counting the context) that finds none is at es->args[i], result i at
 * es->results[i], each 16 bytes; an i32 there is 4 bytes, the rest of its slot is not written.  The upper half of an
 * i32 in a register is unspecified. Slots are written right before the call or return and read first thing behind it,
 * so nothing else comes between.
 *
 * CALLCONV_TAIL puts parameters on the native stack instead, the first that finds no register lowest, each 16 bytes
 * (an i32 is 4 of them).  The callee takes them off: a tail call leaves its own callee's, which may be more or fewer,
 * in the place of those, and whoever returns in the end knows how many there are.  A frame's argument area is where its
 * own parameters are, made larger by the prologue when some tail call needs more; it ends where the caller's frame
 * does, so all of it is addressed from its end.  Parameters are read first thing, so tail calls write right there.
 * Results are in the execution state as above.
 *
 * CALLCONV_FAST does the same but for internal functions, which no tail call reaches or leaves and whose callers are
 * all direct calls in the same module: there the callee leaves the area alone, and the caller's stack pointer stays. */
#include <assert.h>
#include "code/es.h"
#include "code/lower.h"

/* Hands out the registers of one parameter or result list. */
typedef struct Places {
    const uint8_t *const *reg;
    const uint8_t *nreg;
    uint32_t used[RC_COUNT];
} Places;

/* The register of the next value, or REG_NONE. */
static Reg place(Places *p, IrType t) {
    RegClass c = type_class(t);
    return p->used[c] < p->nreg[c] ? p->reg[c][p->used[c]++] : REG_NONE;
}

static Places arg_places(const Target *t) { return (Places){.reg = t->arg, .nreg = t->narg}; }

/* The same of parameter k: the context may be pinned. */
static Reg place_arg(const Target *t, Places *p, uint32_t k, IrType type) {
    return k == 0 && t->context != NO_PIN ? t->context : place(p, type);
}
static Places result_places(const Target *t) { return (Places){.reg = t->res, .nreg = t->nres}; }

static uint32_t arg_offset(uint32_t param) {
    assert(param > 0); /* the context has a register */
    return ES_ARGS_OFFSET + ES_SLOT_BYTES * (param - 1);
}
static uint32_t result_offset(uint32_t result) { return ES_RESULTS_OFFSET + ES_SLOT_BYTES * result; }

/* Bytes of a call's arguments on the stack. */
static uint32_t stack_bytes(const Target *t, const uint8_t *param, uint32_t n) {
    if (t->callconv == CALLCONV_STATE) return 0;
    Places p = arg_places(t);
    uint32_t count = 0;
    for (uint32_t k = 0; k < n; k++) count += place_arg(t, &p, k, (IrType)param[k]) == REG_NONE;
    return ES_SLOT_BYTES * count;
}

/* Of a parameter without a register, where `before` precede it on the stack: load it. */
static void load_param(Lower *l, Reg def, uint32_t param, uint32_t before, IrType type) {
    if (l->t->callconv != CALLCONV_STATE)
        l->t->lower_arg_load(l, def, (int32_t)(ES_SLOT_BYTES * before) - (int32_t)l->m->arg_bytes, type);
    else
        l->t->lower_es_load(l, def, arg_offset(param), type);
}

void abi_lower_params(Lower *l) {
    const Blk *entry = &l->f->blk.at[0];
    l->m->arg_bytes = stack_bytes(l->t, l->f->sig.param, l->f->sig.nparam);
    l->m->keeps_args = l->t->callconv == CALLCONV_FAST && l->f->internal;
    lower_emit(l, M_PARAMS);
    for (uint32_t pass = 0; pass < 2; pass++) { /* registers are one instruction's; then the rest is loaded */
        Places p = arg_places(l->t);
        uint32_t without = 0;
        for (uint32_t k = 0; k < entry->param.n; k++) {
            Val v = entry->param.at[k];
            IrType type = (IrType)lower_ins(l, v)->type;
            Reg at = place_arg(l->t, &p, k, type);
            uint32_t before = without;
            without += at == REG_NONE;
            if (l->val[v].vreg == REG_NONE || (at == REG_NONE) != (pass == 1)) continue;
            if (pass == 0)
                lower_opnd(l, l->val[v].vreg, OPND_DEF, OC_FIXED, at);
            else
                load_param(l, l->val[v].vreg, k, before, type);
        }
    }
}

/* Virtual register of result k of call v, or REG_NONE when nobody demands it. */
static Reg result_vreg(const Lower *l, Val v, const Callee *callee, uint32_t k) {
    if (callee->sig.nresult == 1) return l->val[v].vreg;
    const Blk *b = &l->f->blk.at[l->blk];
    for (uint32_t at = l->val[v].place + 1; at < b->list.n; at++) {
        const Ins *i = lower_ins(l, b->list.at[at]);
        if (i->op != IR_proj || i->a != v) break;
        if (i->b == k) return l->val[b->list.at[at]].vreg;
    }
    return REG_NONE;
}

static void lib_operands(Lower *l, Val v, const Callee *callee, const Val *arg) {
    assert(callee->sig.nparam <= l->t->nc_arg && callee->sig.nresult <= 1);
    for (uint32_t k = 0; k < callee->sig.nparam; k++)
        lower_opnd(l, lower_use(l, arg[k]), OPND_USE, OC_FIXED, l->t->c_arg[k]);
    if (l->val[v].vreg != REG_NONE) lower_opnd(l, l->val[v].vreg, OPND_DEF, OC_FIXED, l->t->c_res);
}

/* Arguments without a register; returns how many bytes of them are on the stack. */
static uint32_t store_overflow_args(Lower *l, const IrSig *sig, const Val *arg, bool tail) {
    Places p = arg_places(l->t);
    uint32_t bytes = stack_bytes(l->t, sig->param, sig->nparam), at = 0;
    for (uint32_t k = 0; k < sig->nparam; k++) {
        IrType type = (IrType)sig->param[k];
        if (place_arg(l->t, &p, k, type) != REG_NONE) continue;
        if (!bytes) {
            l->t->lower_es_store(l, lower_use(l, arg[k]), arg_offset(k), type);
            continue;
        }
        l->t->lower_arg_store(l, lower_use(l, arg[k]), !tail, (int32_t)at - (tail ? (int32_t)bytes : 0), type);
        at += ES_SLOT_BYTES;
    }
    return bytes;
}

static void register_operands(Lower *l, Val v, const Callee *callee, const Val *arg, bool tail) {
    Places p = arg_places(l->t);
    for (uint32_t k = 0; k < callee->sig.nparam; k++) {
        Reg at = place_arg(l->t, &p, k, (IrType)callee->sig.param[k]);
        if (k == 0 && callee->kind == CALLEE_FUNC && at == l->t->context) { /* it is there */
            assert(arg[0] == l->context);
            continue;
        }
        if (at != REG_NONE) lower_opnd(l, lower_use(l, arg[k]), OPND_USE, OC_FIXED, at);
    }
    if (tail) return;
    Places r = result_places(l->t);
    for (uint32_t k = 0; k < callee->sig.nresult; k++) {
        Reg at = place(&r, (IrType)callee->sig.result[k]), def = result_vreg(l, v, callee, k);
        if (at != REG_NONE && def != REG_NONE) lower_opnd(l, def, OPND_DEF, OC_FIXED, at);
    }
}

static void load_overflow_results(Lower *l, Val v, const Callee *callee) {
    Places r = result_places(l->t);
    for (uint32_t k = 0; k < callee->sig.nresult; k++) {
        IrType type = (IrType)callee->sig.result[k];
        Reg at = place(&r, type), def = result_vreg(l, v, callee, k);
        if (at == REG_NONE && def != REG_NONE) l->t->lower_es_load(l, def, result_offset(k), type);
    }
}

void abi_lower_call(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    const Callee *callee = &l->f->calls.at[i->c];
    const Val *arg;
    uint32_t n = ins_operands(l->f, i, &arg);
    bool tail = i->op == IR_tailcall, ref = callee->kind == CALLEE_REF, lib = callee->kind == CALLEE_LIB;
    assert(n == callee->sig.nparam + ref && !(tail && lib));
    (void)n;
    bool fuel = lib && l->t->fuel != NO_PIN, depth = lib && l->t->depth != NO_PIN;
    if (fuel) l->t->lower_es_store(l, l->t->fuel, ES_FUEL, T_I64);
    if (depth) l->t->lower_es_store(l, l->t->depth, ES_DEPTH, T_I64);
    uint32_t stack = lib ? 0 : store_overflow_args(l, &callee->sig, arg + ref, tail);
    MInsn *call = lower_emit(l, M_NOP);
    call->imm = stack;
    bool switches = callee->switches && !tail && l->t->context != NO_PIN;
    bool keeps = callee->internal && l->t->callconv == CALLCONV_FAST;
    assert(!(tail && keeps));
    call->flags = (uint8_t)(MF_CALL | (tail ? MF_BRANCH : 0) | (switches ? MF_CONTEXT : 0) | (keeps ? MF_KEEPS : 0));
    call->clobber = tail ? 0 : lib ? 2 : 1;
    call->aux = callee->index;
    if (ref) lower_opnd(l, lower_use(l, arg[0]), OPND_USE, OC_REG, 0);
    if (lib)
        lib_operands(l, v, callee, arg);
    else
        register_operands(l, v, callee, arg + ref, tail);
    l->t->lower_call(l, callee, tail, call);
    /* a host function may have called back */
    if (fuel) l->t->lower_es_load(l, l->t->fuel, ES_FUEL, T_I64);
    if (depth) l->t->lower_es_load(l, l->t->depth, ES_DEPTH, T_I64);
    if (!tail && !lib) load_overflow_results(l, v, callee);
}

void abi_lower_ret(Lower *l, Val v) {
    const Val *value;
    uint32_t n = ins_operands(l->f, lower_ins(l, v), &value);
    const IrSig *sig = &l->f->sig;
    assert(n == sig->nresult);
    Places r = result_places(l->t);
    for (uint32_t k = 0; k < n; k++) {
        IrType type = (IrType)sig->result[k];
        if (place(&r, type) == REG_NONE) l->t->lower_es_store(l, lower_use(l, value[k]), result_offset(k), type);
    }
    MInsn *ret = lower_emit(l, M_NOP);
    ret->flags = MF_BRANCH;
    r = result_places(l->t);
    for (uint32_t k = 0; k < n; k++) {
        Reg at = place(&r, (IrType)sig->result[k]);
        if (at != REG_NONE) lower_opnd(l, lower_use(l, value[k]), OPND_USE, OC_FIXED, at);
    }
    l->t->lower_ret(l, ret);
}
