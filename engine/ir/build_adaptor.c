/* Adaptors between compiled code and those who call it, or whom it calls, through memory: one for each signature.
 *
 * The execution state has a 16-byte slot for each argument and result; a value is zero-extended to all of it,
 * so that slots compare as bytes.  The calling convention uses slots too, for what finds no register: parameter i
 * in args[i], result i in results[i], which are the same here, so order does not matter. */
#include "ir/builder.h"

typedef struct Adaptor {
    Fn *f;
    Val ctx, es;
} Adaptor;

static Val ins(Adaptor *a, Ins i) { return fn_ins(a->f, 0, 0, i); }

static Adaptor begin(Arena *arena, const char *name, IrSig sig) {
    Adaptor a = {.f = fn_new(arena, name, 0, &sig)};
    fn_block(a.f);
    for (uint32_t i = 0; i < sig.nparam; i++) fn_param(a.f, 0, (IrType)sig.param[i]);
    a.ctx = a.f->blk.at[0].param.at[0];
    a.es = ins(&a, (Ins){.op = IR_es, .type = T_I64});
    return a;
}

static Val load(Adaptor *a, IrType t, Val base, size_t disp, uint8_t flags) {
    Ins i = {.op = IR_load, .type = (uint8_t)t, .aux = (uint8_t)access_of(t), .flags = flags, .a = base};
    i.b = (uint32_t)disp;
    return ins(a, i);
}

static Val load_slot(Adaptor *a, IrType t, size_t at) { return load(a, t, a->es, at, MEM_CONTEXT); }

static void store(Adaptor *a, size_t at, Val v) {
    Access acc = access_of((IrType)a->f->ins.at[v].type);
    Ins i = {.op = IR_store, .aux = (uint8_t)acc, .flags = MEM_CONTEXT, .a = a->es, .b = v, .c = (uint32_t)at};
    ins(a, i);
}

static void store_slot(Adaptor *a, size_t at, Val v) {
    IrType t = (IrType)a->f->ins.at[v].type;
    if (t == T_F32) v = ins(a, (Ins){.op = IR_bitcast, .type = T_I32, .a = v});
    if (t == T_F32 || t == T_I32) v = ins(a, (Ins){.op = IR_zext, .type = T_I64, .a = v});
    store(a, at, v);
    if (t != T_V128) store(a, at + 8, fn_iconst(a->f, 0, 0, T_I64, 0));
}

static size_t arg_slot(uint32_t i) { return offsetof(ExecState, args) + i * sizeof(Value); }
static size_t result_slot(uint32_t i) { return offsetof(ExecState, results) + i * sizeof(Value); }

static void ret(Adaptor *a, const Val *v, uint32_t n) { ins(a, (Ins){.op = IR_ret, .a = fn_pool(a->f, v, n), .b = n}); }

Fn *ir_build_entry_adaptor(Arena *arena, const FuncType *t) {
    static const uint8_t context[] = {T_I64};
    Adaptor a = begin(arena, "entry", (IrSig){context, NULL, 1, 0});
    enum { FIXED = MEM_CONST | MEM_CONTEXT };
    IrSig sig = build_sig(arena, t);
    Val *opnd = ARENA_ARRAY(arena, Val, t->nparam + 2);
    opnd[0] = load(&a, T_I64, a.ctx, offsetof(FuncInst, code), FIXED);
    opnd[1] = load(&a, T_I64, a.ctx, offsetof(FuncInst, ctx), FIXED);
    for (uint32_t i = 0; i < t->nparam; i++) opnd[i + 2] = load_slot(&a, (IrType)sig.param[i + 1], arg_slot(i));
    vec_push(arena, &a.f->calls, ((Callee){CALLEE_REF, 0, sig}));
    Ins call = {.op = IR_call, .type = sig.nresult == 1 ? sig.result[0] : T_NONE, .b = t->nparam + 2};
    call.a = fn_pool(a.f, opnd, t->nparam + 2);
    Val v = ins(&a, call);
    Val *result = ARENA_ARRAY(arena, Val, t->nresult);
    for (uint32_t i = 0; i < t->nresult; i++)
        result[i] = t->nresult == 1 ? v : ins(&a, (Ins){.op = IR_proj, .type = sig.result[i], .a = v, .b = i});
    for (uint32_t i = 0; i < t->nresult; i++) store_slot(&a, result_slot(i), result[i]);
    ret(&a, NULL, 0);
    return a.f;
}

Fn *ir_build_host_adaptor(Arena *arena, const FuncType *t) {
    static const uint8_t host_param[] = {T_I64, T_I64}, host_result[] = {T_I32};
    IrSig sig = build_sig(arena, t);
    Adaptor a = begin(arena, "host", sig);
    for (uint32_t i = 0; i < t->nparam; i++) store_slot(&a, arg_slot(i), a.f->blk.at[0].param.at[i + 1]);
    vec_push(arena, &a.f->calls, ((Callee){CALLEE_LIB, LIB_HOST_CALL, {host_param, host_result, 2, 1}}));
    Val args[] = {a.es, a.ctx};
    Val status = ins(&a, (Ins){.op = IR_call, .type = T_I32, .a = fn_pool(a.f, args, 2), .b = 2});
    ins(&a, (Ins){.op = IR_trapnz, .aux = TRAP_HOST, .a = status});
    Val *result = ARENA_ARRAY(arena, Val, t->nresult);
    for (uint32_t i = 0; i < t->nresult; i++) result[i] = load_slot(&a, (IrType)sig.result[i], result_slot(i));
    ret(&a, result, t->nresult);
    return a.f;
}
