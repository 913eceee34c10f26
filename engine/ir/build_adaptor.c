/* Adaptors between compiled code and those who call it, or whom it calls, through memory: one for each signature.
 *
 * The execution state has a 16-byte slot for each argument and result; a value is zero-extended to all of it,
 * so that slots compare as bytes.  The calling convention uses slots too, for what finds no register: parameter i
 * in args[i], result i in results[i], which are the same here, so order does not matter. */
#include "ir/builder.h"
#include "wasm/validate.h"

typedef struct Adaptor {
    Fn *f;
    BlkId cur;
    Val ctx, es;
} Adaptor;

static Val ins(Adaptor *a, Ins i) { return fn_ins(a->f, a->cur, 0, i); }

/* Parameters and results of t pass through: they may all be in the frame, and on the stack besides. */
static Adaptor begin(Arena *arena, const char *name, IrSig sig, const FuncType *t) {
    Adaptor a = {.f = fn_new(arena, name, 0, &sig)};
    a.f->frame_cost = FRAME_COST(t->nparam, t->nresult);
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
    if (t != T_V128) store(a, at + 8, fn_iconst(a->f, a->cur, 0, T_I64, 0));
}

static size_t arg_slot(uint32_t i) { return offsetof(ExecState, args) + i * sizeof(Value); }
static size_t result_slot(uint32_t i) { return offsetof(ExecState, results) + i * sizeof(Value); }

static void ret(Adaptor *a, const Val *v, uint32_t n) { ins(a, (Ins){.op = IR_ret, .a = fn_pool(a->f, v, n), .b = n}); }

/* Operands of a call of the FuncInst that is the context, with the arguments in the slots. */
static Ins call_of_slots(Adaptor *a, const FuncType *t, const IrSig *sig) {
    enum { FIXED = MEM_CONST | MEM_CONTEXT };
    Val *opnd = ARENA_ARRAY(a->f->arena, Val, t->nparam + 2);
    opnd[0] = load(a, T_I64, a->ctx, offsetof(FuncInst, code), FIXED);
    opnd[1] = load(a, T_I64, a->ctx, offsetof(FuncInst, ctx), FIXED);
    for (uint32_t i = 0; i < t->nparam; i++) opnd[i + 2] = load_slot(a, (IrType)sig->param[i + 1], arg_slot(i));
    vec_push(a->f->arena, &a->f->calls, ((Callee){.kind = CALLEE_REF, .sig = *sig}));
    return (Ins){.a = fn_pool(a->f, opnd, t->nparam + 2), .b = t->nparam + 2, .c = a->f->calls.n - 1};
}

Fn *ir_build_entry_adaptor(Arena *arena, const FuncType *t) {
    static const uint8_t context[] = {T_I64};
    Adaptor a = begin(arena, "entry", (IrSig){context, NULL, 1, 0}, t);
    IrSig sig = build_sig(arena, t);
    Ins call = call_of_slots(&a, t, &sig);
    call.op = IR_call;
    call.type = sig.nresult == 1 ? sig.result[0] : T_NONE;
    Val v = ins(&a, call);
    Val *result = ARENA_ARRAY(arena, Val, t->nresult);
    for (uint32_t i = 0; i < t->nresult; i++)
        result[i] = t->nresult == 1 ? v : ins(&a, (Ins){.op = IR_proj, .type = sig.result[i], .a = v, .b = i});
    for (uint32_t i = 0; i < t->nresult; i++) store_slot(&a, result_slot(i), result[i]);
    ret(&a, NULL, 0);
    return a.f;
}

/* Call library function `lib` with the execution state and the context, the arguments in their slots; its status. */
static Val call_lib(Adaptor *a, const FuncType *t, uint32_t lib) {
    static const uint8_t param[] = {T_I64, T_I64}, result[] = {T_I32};
    for (uint32_t i = 0; i < t->nparam; i++) store_slot(a, arg_slot(i), a->f->blk.at[0].param.at[i + 1]);
    vec_push(a->f->arena, &a->f->calls, ((Callee){.kind = CALLEE_LIB, .index = lib, .sig = {param, result, 2, 1}}));
    Val args[] = {a->es, a->ctx};
    Ins call = {.op = IR_call, .type = T_I32, .a = fn_pool(a->f, args, 2), .b = 2, .c = a->f->calls.n - 1};
    return ins(a, call);
}

/* Trap when the status says so, else return the results in the slots. */
static void return_slots(Adaptor *a, const FuncType *t, const IrSig *sig, Val status) {
    ins(a, (Ins){.op = IR_trapnz, .aux = TRAP_HOST, .a = status});
    Val *result = ARENA_ARRAY(a->f->arena, Val, t->nresult);
    for (uint32_t i = 0; i < t->nresult; i++) result[i] = load_slot(a, (IrType)sig->result[i], result_slot(i));
    ret(a, result, t->nresult);
}

Fn *ir_build_host_adaptor(Arena *arena, const FuncType *t) {
    IrSig sig = build_sig(arena, t);
    Adaptor a = begin(arena, "host", sig, t);
    return_slots(&a, t, &sig, call_lib(&a, t, LIB_HOST_CALL));
    return a.f;
}

Fn *ir_build_interp_adaptor(Arena *arena, const FuncType *t) {
    static const uint8_t context[] = {T_I64};
    IrSig sig = build_sig(arena, t);
    Adaptor a = begin(arena, "interp", sig, t);
    BlkId tail = fn_block(a.f), other = fn_block(a.f);
    Val status = call_lib(&a, t, LIB_INTERPRET), end = fn_iconst(a.f, 0, 0, T_I32, STATUS_TAIL_CALL);
    Val is_tail = ins(&a, (Ins){.op = IR_icmp, .aux = C_EQ, .a = status, .b = end});
    ins(&a, (Ins){.op = IR_brif, .a = is_tail});
    fn_edge(a.f, 0, tail, NULL, 0);
    fn_edge(a.f, 0, other, NULL, 0);
    a.cur = tail;
    Val opnd[2] = {load_slot(&a, T_I64, offsetof(ExecState, tail_code)),
                   load_slot(&a, T_I64, offsetof(ExecState, tail_func))};
    vec_push(arena, &a.f->calls, ((Callee){.kind = CALLEE_REF, .sig = {context, sig.result, 1, sig.nresult}}));
    ins(&a, (Ins){.op = IR_tailcall, .a = fn_pool(a.f, opnd, 2), .b = 2, .c = a.f->calls.n - 1});
    a.cur = other;
    return_slots(&a, t, &sig, status);
    return a.f;
}

Fn *ir_build_tail_adaptor(Arena *arena, const FuncType *t) {
    static const uint8_t context[] = {T_I64};
    IrSig sig = build_sig(arena, t);
    Adaptor a = begin(arena, "tail", (IrSig){context, sig.result, 1, sig.nresult}, t);
    Ins call = call_of_slots(&a, t, &sig);
    call.op = IR_tailcall;
    ins(&a, call);
    return a.f;
}
