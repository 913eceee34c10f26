/* Executes IR functions as the builder makes them, on a real Instance and ExecState: for tests that hold them against
 * the interpreter.  Numbers are wasm/num.h's, what is tested is everything around them.
 *
 * `code` of a FuncInst is the address of its Fn.  Scalars are zero-extended to 64 bits. */
#pragma once
#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "ir/ir.h"
#include "wasm/num_simd.h"
#include "wasm/store.h"

typedef struct IrRun {
    ExecState *es;
    Arena *arena; /* for frames; after a trap they are still there */
    jmp_buf out;
    TrapKind trap;
    uint32_t loc, func; /* where */
    uint64_t steps;
    Value tail[MAX_PARAMS + 2]; /* arguments on their way from one frame to the next */
} IrRun;

typedef struct IrFrame {
    IrRun *r;
    const Fn *f;
    Value *v;       /* by Val */
    Value *results; /* of the last call: for proj */
} IrFrame;

static inline void ir_trap_at(IrFrame *x, uint32_t loc, uint8_t kind) {
    x->r->trap = (TrapKind)kind;
    x->r->loc = loc;
    x->r->func = x->f->index;
    longjmp(x->r->out, 1);
}

static inline void ir_trap(IrFrame *x, Val at, uint8_t kind) { ir_trap_at(x, x->f->loc.at[at], kind); }

#define IR_INT(OP32, OP64) (w ? (OP64) : (OP32))
static inline uint64_t ir_int(const Ins *i, bool w, uint64_t a, uint64_t b) {
    uint32_t p = (uint32_t)a, q = (uint32_t)b;
    TrapKind t = TRAP_NONE;
    uint64_t r;
    switch ((IrOp)i->op) {
    case IR_iadd: return IR_INT(num_i32_add(p, q), num_i64_add(a, b));
    case IR_isub: return IR_INT(num_i32_sub(p, q), num_i64_sub(a, b));
    case IR_imul: return IR_INT(num_i32_mul(p, q), num_i64_mul(a, b));
    case IR_sdiv: r = IR_INT(num_i32_div_s(p, q, &t), num_i64_div_s(a, b, &t)); break;
    case IR_udiv: r = IR_INT(num_i32_div_u(p, q, &t), num_i64_div_u(a, b, &t)); break;
    case IR_srem: r = IR_INT(num_i32_rem_s(p, q, &t), num_i64_rem_s(a, b, &t)); break;
    case IR_urem: r = IR_INT(num_i32_rem_u(p, q, &t), num_i64_rem_u(a, b, &t)); break;
    case IR_iand: return a & b;
    case IR_ior: return a | b;
    case IR_ixor: return a ^ b;
    case IR_shl: return IR_INT(num_i32_shl(p, q), num_i64_shl(a, b));
    case IR_sshr: return IR_INT(num_i32_shr_s(p, q), num_i64_shr_s(a, b));
    case IR_ushr: return IR_INT(num_i32_shr_u(p, q), num_i64_shr_u(a, b));
    case IR_rotl: return IR_INT(num_i32_rotl(p, q), num_i64_rotl(a, b));
    case IR_rotr: return IR_INT(num_i32_rotr(p, q), num_i64_rotr(a, b));
    case IR_mask: return p < q ? p : 0;
    case IR_clz: return IR_INT(num_i32_clz(p), num_i64_clz(a));
    case IR_ctz: return IR_INT(num_i32_ctz(p), num_i64_ctz(a));
    case IR_popcnt: return IR_INT(num_i32_popcnt(p), num_i64_popcnt(a));
    case IR_sext8: return IR_INT(num_i32_extend8_s(p), num_i64_extend8_s(a));
    case IR_sext16: return IR_INT(num_i32_extend16_s(p), num_i64_extend16_s(a));
    case IR_sext:
    case IR_sext32: return num_i64_extend32_s(a);
    case IR_zext:
    case IR_wrap: return p;
    case IR_eqz: return a == 0;
    case IR_icvt_s:
        if (i->type == T_F32) return IR_INT(num_f32_convert_i32_s(p), num_f32_convert_i64_s(a));
        return IR_INT(num_f64_convert_i32_s(p), num_f64_convert_i64_s(a));
    case IR_icvt_u:
        if (i->type == T_F32) return IR_INT(num_f32_convert_i32_u(p), num_f32_convert_i64_u(a));
        return IR_INT(num_f64_convert_i32_u(p), num_f64_convert_i64_u(a));
    case IR_bitcast: return a;
    default: abort();
    }
    assert(t == TRAP_NONE && "checks come before a division");
    return r;
}

static inline uint64_t ir_icmp(uint8_t cond, bool w, uint64_t a, uint64_t b) {
    int64_t x = w ? (int64_t)a : (int32_t)a, y = w ? (int64_t)b : (int32_t)b;
    switch ((Cond)cond) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_SLT: return x < y;
    case C_SGE: return x >= y;
    case C_SGT: return x > y;
    case C_SLE: return x <= y;
    case C_ULT: return a < b;
    case C_UGE: return a >= b;
    case C_UGT: return a > b;
    case C_ULE: return a <= b;
    case C_COUNT: break;
    }
    abort();
}

static inline uint64_t ir_float1(const Ins *i, bool w, uint64_t a) {
    uint32_t p = (uint32_t)a;
    bool to64 = i->type == T_I64;
#define F1(NAME) (w ? num_f64_##NAME(a) : num_f32_##NAME(p))
#define CVT(SIGN)                                                                   \
    (to64 ? (w ? num_i64_trunc_sat_f64_##SIGN(a) : num_i64_trunc_sat_f32_##SIGN(p)) \
          : (w ? num_i32_trunc_sat_f64_##SIGN(a) : num_i32_trunc_sat_f32_##SIGN(p)))
    switch ((IrOp)i->op) {
    case IR_fabs: return F1(abs);
    case IR_fneg: return F1(neg);
    case IR_fsqrt: return F1(sqrt);
    case IR_fceil: return F1(ceil);
    case IR_ffloor: return F1(floor);
    case IR_ftrunc: return F1(trunc);
    case IR_fnearest: return F1(nearest);
    case IR_fcanon: return w ? (num_f64_is_nan(a) ? NUM_F64_NAN : a) : (num_f32_is_nan(p) ? NUM_F32_NAN : p);
    case IR_fdemote: return num_f32_demote_f64(a);
    case IR_fpromote: return num_f64_promote_f32(p);
    case IR_fcvt_s: return CVT(s);
    case IR_fcvt_u: return CVT(u);
    case IR_bitcast: return a;
    default: abort();
    }
#undef F1
#undef CVT
}

static inline uint64_t ir_float2(const Ins *i, bool w, uint64_t a, uint64_t b) {
    uint32_t p = (uint32_t)a, q = (uint32_t)b;
#define F2(NAME) (w ? num_f64_##NAME(a, b) : num_f32_##NAME(p, q))
    if (i->op == IR_fcmp) switch ((FCond)i->aux) {
        case FC_EQ: return w ? num_f64_eq(a, b) : num_f32_eq(p, q);
        case FC_NE: return w ? num_f64_ne(a, b) : num_f32_ne(p, q);
        case FC_LT: return w ? num_f64_lt(a, b) : num_f32_lt(p, q);
        case FC_GT: return w ? num_f64_gt(a, b) : num_f32_gt(p, q);
        case FC_LE: return w ? num_f64_le(a, b) : num_f32_le(p, q);
        case FC_GE: return w ? num_f64_ge(a, b) : num_f32_ge(p, q);
        case FC_COUNT: abort();
        }
    switch ((IrOp)i->op) {
    case IR_fadd: return F2(add);
    case IR_fsub: return F2(sub);
    case IR_fmul: return F2(mul);
    case IR_fdiv: return F2(div);
    case IR_fmin: return F2(min);
    case IR_fmax: return F2(max);
    case IR_fcopysign: return F2(copysign);
    default: abort();
    }
#undef F2
}

static inline uint64_t ir_pure(const IrFrame *x, const Ins *i, uint64_t a, uint64_t b) {
    uint8_t from = x->f->ins.at[i->a].type;
    bool w = from == T_I64 || from == T_F64;
    if (i->op == IR_icmp) return ir_icmp(i->aux, w, a, b);
    if (from == T_I32 || from == T_I64) return ir_int(i, w, a, b);
    return ir_info[i->op].nargs == 2 ? ir_float2(i, w, a, b) : ir_float1(i, w, a);
}

/* A lane operation; scalars in and out are zero-extended. */
#define IR_SHAPE_UNARY(id) num_##id(a)
#define IR_SHAPE_FUNARY(id) num_##id(a)
#define IR_SHAPE_BINARY(id) num_##id(a, b)
#define IR_SHAPE_FBINARY(id) num_##id(a, b)
#define IR_SHAPE_TERNARY(id) num_##id(a, b, x->v[i->c])
#define IR_SHAPE_SHIFT(id) num_##id(a, b.i32)
#define IR_SHAPE_TEST(id) ((Value){.u64x2 = {num_##id(a), 0}})
#define IR_SHAPE_EXTRACT(id) ((Value){.u64x2 = {num_##id(a, i->b), 0}})
#define IR_SHAPE_SPLAT(id) num_##id(IR_SCALAR_##id(a))
#define IR_SHAPE_REPLACE(id) num_##id(a, IR_SCALAR_##id(b), i->c)
#define IR_SCALAR_i8x16_splat(v) (v).i32
#define IR_SCALAR_i16x8_splat(v) (v).i32
#define IR_SCALAR_i32x4_splat(v) (v).i32
#define IR_SCALAR_i64x2_splat(v) (v).i64
#define IR_SCALAR_f32x4_splat(v) (v).i32
#define IR_SCALAR_f64x2_splat(v) (v).i64
#define IR_SCALAR_i8x16_replace_lane(v) (v).i32
#define IR_SCALAR_i16x8_replace_lane(v) (v).i32
#define IR_SCALAR_i32x4_replace_lane(v) (v).i32
#define IR_SCALAR_i64x2_replace_lane(v) (v).i64
#define IR_SCALAR_f32x4_replace_lane(v) (v).i32
#define IR_SCALAR_f64x2_replace_lane(v) (v).i64
static inline Value ir_lanes(const IrFrame *x, const Ins *i) {
    Value a = x->v[i->a], b = {.u64x2 = {0, 0}};
    if (ir_info[i->op].nargs > 1) b = x->v[i->b];
    switch ((VOp)i->aux) {
#define VOP(id, name, shape) \
    case VOP_##id:           \
        return IR_SHAPE_##shape(id);
#include "ir/simd.def"
#undef VOP
    case VOP_COUNT: break;
    }
    abort();
}

/* An access that is its own check must hit one of the instance's memories. */
static inline uint8_t *ir_address(IrFrame *x, Val at, uint64_t address, uint32_t size) {
    const Instance *inst = (const Instance *)(uintptr_t)x->v[x->f->blk.at[0].param.at[0]].i64;
    if (!(x->f->ins.at[at].flags & MEM_TRAPS)) return (uint8_t *)(uintptr_t)address;
    for (uint32_t k = 0; k < inst->nmems; k++) {
        const MemInst *m = inst->mems[k].mem;
        uint64_t offset = address - (uint64_t)(uintptr_t)m->base;
        if (offset < (UINT64_C(1) << 33) + 16 && offset + size <= m->length) return (uint8_t *)(uintptr_t)address;
    }
    ir_trap(x, at, TRAP_MEMORY_BOUNDS);
    return NULL;
}

static inline Value ir_load(IrFrame *x, Val at) {
    const Ins *i = &x->f->ins.at[at];
    const uint8_t *p = ir_address(x, at, x->v[i->a].i64 + i->b, access_bytes[i->aux]);
    Value v = {.u64x2 = {0, 0}};
    memcpy(&v, p, access_bytes[i->aux]);
    if (i->aux == ACC_8S) v.i64 = (uint64_t)(int8_t)v.i64;
    if (i->aux == ACC_16S) v.i64 = (uint64_t)(int16_t)v.i64;
    if (i->aux == ACC_32S) v.i64 = (uint64_t)(int32_t)v.i64;
    if (i->type == T_I32) v.i64 = v.i32;
    return v;
}

static inline void ir_store(IrFrame *x, Val at) {
    const Ins *i = &x->f->ins.at[at];
    memcpy(ir_address(x, at, x->v[i->a].i64 + i->c, access_bytes[i->aux]), &x->v[i->b], access_bytes[i->aux]);
}

static inline uint64_t ir_lib(IrRun *r, uint32_t index, const Value *arg, uint32_t narg) {
    const LibCalls *l = &r->es->lib;
    uint64_t a[6] = {0};
    for (uint32_t k = 0; k < narg; k++) a[k] = arg[k].i64;
    Instance *inst = (Instance *)(uintptr_t)a[0];
    uint32_t b = (uint32_t)a[1], c = (uint32_t)a[2];
    switch (index) {
    case LIB_MEMORY_GROW: return l->memory_grow(inst, b, a[2]);
    case LIB_MEMORY_FILL: return l->memory_fill(inst, b, a[2], (uint32_t)a[3], a[4]);
    case LIB_MEMORY_COPY: return l->memory_copy(inst, b, c, a[3], a[4], a[5]);
    case LIB_MEMORY_INIT: return l->memory_init(inst, b, c, a[3], (uint32_t)a[4], (uint32_t)a[5]);
    case LIB_DATA_DROP: l->data_drop(inst, b); return 0;
    case LIB_TABLE_GROW: return l->table_grow(inst, b, a[2], a[3]);
    case LIB_TABLE_FILL: return l->table_fill(inst, b, a[2], a[3], a[4]);
    case LIB_TABLE_COPY: return l->table_copy(inst, b, c, a[3], a[4], a[5]);
    case LIB_TABLE_INIT: return l->table_init(inst, b, c, a[3], (uint32_t)a[4], (uint32_t)a[5]);
    case LIB_ELEM_DROP: l->elem_drop(inst, b); return 0;
    case LIB_HOST_CALL: return l->host_call(r->es, (FuncInst *)(uintptr_t)a[1]);
    default: abort();
    }
}

/* What a call calls, and the arguments with the context first. */
typedef struct IrCall {
    const Fn *f;
    Value *arg;
    uint32_t narg;
} IrCall;

static inline IrCall ir_operands(const IrFrame *x, const Ins *i) {
    const Callee *c = &x->f->calls.at[i->c];
    IrCall call = {NULL, ARENA_ARRAY(x->r->arena, Value, i->b), i->b};
    for (uint32_t k = 0; k < i->b; k++) call.arg[k] = x->v[x->f->pool.at[i->a + k]];
    if (c->kind == CALLEE_REF) {
        call.f = (const Fn *)(uintptr_t)call.arg[0].i64;
        memmove(call.arg, call.arg + 1, --call.narg * sizeof(Value));
    } else if (c->kind == CALLEE_FUNC) {
        const Instance *inst = (const Instance *)(uintptr_t)call.arg[0].i64;
        call.f = inst->funcs[c->index]->code;
    }
    return call;
}

static inline void ir_run(IrRun *r, IrCall call, Value *results);

static inline void ir_call(IrFrame *x, Val at) {
    const Ins *i = &x->f->ins.at[at];
    const Callee *c = &x->f->calls.at[i->c];
    ArenaMark mark = arena_mark(x->r->arena);
    IrCall call = ir_operands(x, i);
    if (c->kind == CALLEE_LIB) {
        uint64_t v = ir_lib(x->r, c->index, call.arg, call.narg);
        x->v[at].i64 = i->type == T_I32 ? (uint32_t)v : v;
    } else {
        ir_run(x->r, call, x->results);
        if (i->type != T_NONE) x->v[at] = x->results[0];
    }
    arena_rewind(x->r->arena, mark);
}

static inline void ir_count(IrFrame *x, Val at) {
    const Ins *i = &x->f->ins.at[at];
    int64_t *counter = i->aux ? &x->r->es->depth : &x->r->es->fuel;
    if (i->op == IR_refund) {
        *counter += i->a;
    } else {
        *counter -= i->a;
        if (*counter < 0) ir_trap(x, at, i->aux ? TRAP_EXHAUSTION : TRAP_FUEL);
    }
}

static inline void ir_count_all(IrFrame *x, const Ins *i) {
    for (uint32_t k = 0; k < i->b; k++) {
        const ChargePart *p = &ins_charges(x->f, i)[k];
        int64_t *counter = p->counter ? &x->r->es->depth : &x->r->es->fuel;
        *counter -= p->amount;
        if (*counter < 0) ir_trap_at(x, p->loc, p->counter ? TRAP_EXHAUSTION : TRAP_FUEL);
    }
}

/* Everything but the ends of blocks. */
static inline void ir_step(IrFrame *x, Val at) {
    const Ins *i = &x->f->ins.at[at];
    Value *v = x->v;
    switch ((IrOp)i->op) {
    case IR_iconst:
    case IR_fconst: v[at].i64 = ins_imm(i); break;
    case IR_vconst: memcpy(&v[at], &x->f->pool.at[i->a], sizeof(Value)); break;
    case IR_proj: v[at] = x->results[i->b]; break;
    case IR_es: v[at].i64 = (uint64_t)(uintptr_t)x->r->es; break;
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace: v[at] = ir_lanes(x, i); break;
    case IR_vshuffle: v[at] = num_i8x16_shuffle(v[i->a], v[i->b], (const uint8_t *)&x->f->pool.at[i->c]); break;
    case IR_load: v[at] = ir_load(x, at); break;
    case IR_store: ir_store(x, at); break;
    case IR_trapz:
        if (!v[i->a].i64) ir_trap(x, at, i->aux);
        break;
    case IR_trapnz:
        if (v[i->a].i64) ir_trap(x, at, i->aux);
        break;
    case IR_charge:
    case IR_refund: ir_count(x, at); break;
    case IR_charges: ir_count_all(x, i); break;
    case IR_call: ir_call(x, at); break;
    case IR_select: v[at] = v[i->a].i64 ? v[i->b] : v[i->c]; break;
    default: v[at].i64 = ir_pure(x, i, v[i->a].i64, ir_info[i->op].nargs > 1 ? v[i->b].i64 : 0); break;
    }
}

static inline BlkId ir_goto(IrFrame *x, BlkId b, uint32_t k) {
    const Edge *e = &x->f->blk.at[b].succ.at[k];
    ArenaMark mark = arena_mark(x->r->arena);
    Value *pass = ARENA_ARRAY(x->r->arena, Value, e->nargs);
    for (uint32_t n = 0; n < e->nargs; n++) pass[n] = x->v[x->f->pool.at[e->args + n]];
    for (uint32_t n = 0; n < e->nargs; n++) x->v[x->f->blk.at[e->to].param.at[n]] = pass[n];
    arena_rewind(x->r->arena, mark);
    return e->to;
}

/* Run to a return (true) or tail call (false, *call replaced). */
static inline bool ir_body(IrFrame *x, IrCall *call, Value *results) {
    for (BlkId b = 0;;) {
        const Blk *blk = &x->f->blk.at[b];
        for (uint32_t k = 0; k + 1 < blk->list.n; k++) ir_step(x, blk->list.at[k]);
        x->r->steps += blk->list.n;
        Val at = blk->list.at[blk->list.n - 1];
        const Ins *i = &x->f->ins.at[at];
        switch ((IrOp)i->op) {
        case IR_jump: b = ir_goto(x, b, 0); break;
        case IR_brif: b = ir_goto(x, b, x->v[i->a].i64 ? 0 : 1); break;
        case IR_brtable: b = ir_goto(x, b, x->v[i->a].i64 < blk->succ.n ? x->v[i->a].i32 : blk->succ.n - 1); break;
        case IR_trap: ir_trap(x, at, i->aux); break;
        case IR_tailcall:
            *call = ir_operands(x, i);
            memcpy(x->r->tail, call->arg, call->narg * sizeof(Value));
            return false;
        case IR_ret:
            for (uint32_t k = 0; k < i->b; k++) results[k] = x->v[x->f->pool.at[i->a + k]];
            return true;
        default: abort();
        }
    }
}

/* Runs the call and those it tail-calls. */
static inline void ir_run(IrRun *r, IrCall call, Value *results) {
    for (bool done = false; !done;) {
        ArenaMark mark = arena_mark(r->arena);
        uint32_t nresult = 0;
        for (uint32_t k = 0; k < call.f->calls.n; k++)
            if (call.f->calls.at[k].sig.nresult > nresult) nresult = call.f->calls.at[k].sig.nresult;
        IrFrame x = {r, call.f, ARENA_ARRAY(r->arena, Value, call.f->ins.n), ARENA_ARRAY(r->arena, Value, nresult)};
        assert(call.narg == call.f->sig.nparam);
        for (uint32_t k = 0; k < call.narg; k++) x.v[call.f->blk.at[0].param.at[k]] = call.arg[k];
        done = ir_body(&x, &call, results);
        arena_rewind(r->arena, mark);
        call.arg = r->tail;
    }
}

/* Call `f` by its entry adaptor: arguments in es->args, results in es->results.  False: a trap. */
static inline bool ir_enter(IrRun *r, const Fn *entry, const FuncInst *f) {
    Value arg = {.i64 = (uint64_t)(uintptr_t)f};
    ArenaMark mark = arena_mark(r->arena);
    r->trap = TRAP_NONE;
    if (!setjmp(r->out)) ir_run(r, (IrCall){entry, &arg, 1}, NULL);
    arena_rewind(r->arena, mark);
    return r->trap == TRAP_NONE;
}
