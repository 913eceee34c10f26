/* The intermediate form's tables, and the few functions that append to a function.
 *
 * Invariants kept here: ins and loc have the same length; index 0 is no value; a block parameter is in
 * Blk.param and in no list; an instruction is in exactly one list, at its end when it was appended. */
#include "ir/ir.h"
#include <assert.h>
#include <string.h>

enum { P = IRF_P, C = IRF_C, R = IRF_R, W = IRF_W, T = IRF_T, X = IRF_X, K = IRF_K };
enum { NONE = RES_NONE, OWN = RES_OWN, SAME = RES_SAME, I32 = RES_I32 };

const IrInfo ir_info[IR_COUNT] = {
#define I(id, name, nargs, result, flags) {name, nargs, result, flags},
#include "ir/ir.def"
#undef I
};

/* ORDER Cond */
const char *const cond_name[C_COUNT] = {"eq", "ne", "slt", "sge", "sgt", "sle", "ult", "uge", "ugt", "ule"};
_Static_assert((C_EQ ^ 1) == C_NE && (C_SLT ^ 1) == C_SGE && (C_SGT ^ 1) == C_SLE && (C_ULT ^ 1) == C_UGE &&
                   (C_UGT ^ 1) == C_ULE,
               "cond_not flips bit 0");
const char *const fcond_name[FC_COUNT] = {"eq", "ne", "lt", "gt", "le", "ge"};

Cond cond_swap(Cond c) {
    static const uint8_t swapped[C_COUNT] = {
        [C_EQ] = C_EQ,   [C_NE] = C_NE,   [C_SLT] = C_SGT, [C_SGE] = C_SLE, [C_SGT] = C_SLT,
        [C_SLE] = C_SGE, [C_ULT] = C_UGT, [C_UGE] = C_ULE, [C_UGT] = C_ULT, [C_ULE] = C_UGE,
    };
    return (Cond)swapped[c];
}

const uint8_t access_bytes[ACC_COUNT] = {
    [ACC_8S] = 1, [ACC_8U] = 1,  [ACC_16S] = 2, [ACC_16U] = 2,   [ACC_32S] = 4,  [ACC_32U] = 4,  [ACC_32] = 4,
    [ACC_64] = 8, [ACC_F32] = 4, [ACC_F64] = 8, [ACC_V128] = 16, [ACC_V32Z] = 4, [ACC_V64Z] = 8,
};

const VInfo vop_info[VOP_COUNT] = {
#define VOP(id, name, shape) {name, V_##shape},
#include "ir/simd.def"
#undef VOP
};

IrType vop_scalar(VOp op) {
    switch (op) {
    case VOP_i64x2_splat:
    case VOP_i64x2_extract_lane:
    case VOP_i64x2_replace_lane: return T_I64;
    case VOP_f32x4_splat:
    case VOP_f32x4_extract_lane:
    case VOP_f32x4_replace_lane: return T_F32;
    case VOP_f64x2_splat:
    case VOP_f64x2_extract_lane:
    case VOP_f64x2_replace_lane: return T_F64;
    default: return T_I32;
    }
}

uint32_t vop_lanes(VOp op) {
    switch (op) {
    case VOP_i8x16_splat:
    case VOP_i8x16_extract_lane_s:
    case VOP_i8x16_extract_lane_u:
    case VOP_i8x16_replace_lane: return 16;
    case VOP_i16x8_splat:
    case VOP_i16x8_extract_lane_s:
    case VOP_i16x8_extract_lane_u:
    case VOP_i16x8_replace_lane: return 8;
    case VOP_i32x4_splat:
    case VOP_i32x4_extract_lane:
    case VOP_i32x4_replace_lane:
    case VOP_f32x4_splat:
    case VOP_f32x4_extract_lane:
    case VOP_f32x4_replace_lane: return 4;
    default: return 2;
    }
}

Fn *fn_new(Arena *a, const char *name, uint32_t index, const IrSig *sig) {
    Fn *f = ARENA_NEW(a, Fn);
    f->arena = f->scratch = a;
    f->name = name ? name : "";
    f->index = index;
    f->sig = *sig;
    vec_push(a, &f->ins, (Ins){0});
    vec_push(a, &f->loc, 0);
    vec_reserve(a, &f->pool, 16); /* so that the pool is never at NULL */
    return f;
}

BlkId fn_block(Fn *f) {
    vec_push(f->arena, &f->blk, ((Blk){.idom = NO_BLK, .rpo = UINT32_MAX}));
    return f->blk.n - 1;
}

static Val add(Fn *f, uint32_t loc, Ins ins) {
    Val v = f->ins.n;
    vec_push(f->arena, &f->ins, ins);
    vec_push(f->arena, &f->loc, loc);
    return v;
}

Val fn_param(Fn *f, BlkId b, IrType t) {
    Blk *k = &f->blk.at[b];
    Val v = add(f, 0, (Ins){.op = IR_param, .type = (uint8_t)t, .a = k->param.n, .b = b});
    vec_push(f->arena, &k->param, v);
    return v;
}

/* Results of operations with a fixed result type need no type from the caller. */
static inline uint8_t result_type(const Fn *f, Ins i) {
    IrResult r = (IrResult)ir_info[i.op].result;
    if (r == RES_SAME) return f->ins.at[i.a].type;
    return r == RES_OWN ? i.type : r == RES_I32 ? T_I32 : T_NONE;
}

/* By value: two registers. */
static inline Val put(Fn *f, Blk *blk, uint32_t loc, Ins ins) {
    Val v = f->ins.n;
    f->ins.at[v] = ins;
    f->loc.at[v] = loc;
    f->ins.n = f->loc.n = v + 1;
    blk->list.at[blk->list.n++] = v;
    return v;
}

/* With room to be made first.  Apart, so that fn_ins has no registers to save. */
__attribute__((noinline)) static Val put_more(Fn *f, Blk *blk, uint32_t loc, Ins ins) {
    vec_reserve(f->arena, &f->ins, f->ins.n + 1);
    vec_reserve(f->arena, &f->loc, f->loc.n + 1);
    vec_reserve(f->arena, &blk->list, blk->list.n + 1);
    return put(f, blk, loc, ins);
}

Val fn_ins(Fn *f, BlkId b, uint32_t loc, Ins ins) {
    assert(ins.op < IR_COUNT && ins.op != IR_param && b < f->blk.n && f->ins.n == f->loc.n);
    Blk *blk = &f->blk.at[b];
    ins.type = result_type(f, ins);
    if (f->ins.n >= f->ins.cap || f->ins.n >= f->loc.cap || blk->list.n >= blk->list.cap)
        return put_more(f, blk, loc, ins);
    return put(f, blk, loc, ins);
}

Val fn_iconst(Fn *f, BlkId b, uint32_t loc, IrType t, uint64_t v) {
    assert(t == T_I32 || t == T_I64);
    if (t == T_I32) v = (uint32_t)v;
    return fn_ins(f, b, loc, (Ins){.op = IR_iconst, .type = (uint8_t)t, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)});
}

uint32_t fn_pool(Fn *f, const uint32_t *v, uint32_t n) {
    uint32_t at = f->pool.n;
    if (n > UINT32_MAX - at) bail(f->arena->bail, BAIL_TOO_LARGE, "more than 2^32 operands");
    vec_reserve(f->arena, &f->pool, at + n);
    if (n) memcpy(f->pool.at + at, v, (size_t)n * sizeof *v);
    f->pool.n += n;
    return at;
}

void fn_edge(Fn *f, BlkId from, BlkId to, const Val *args, uint32_t n) {
    Edge e = {.to = to, .args = n ? fn_pool(f, args, n) : 0, .nargs = n};
    Blk *blk = &f->blk.at[from];
    if (!blk->succ.cap) vec_start(f->arena, &blk->succ, 2); /* most have no more */
    vec_push(f->arena, &blk->succ, e);
}

uint32_t ins_operands(const Fn *f, const Ins *i, const uint32_t **pool) {
    if (i->op != IR_call && i->op != IR_ret && i->op != IR_tailcall) return 0;
    *pool = i->b ? f->pool.at + i->a : NULL; /* an empty pool has no storage */
    return i->b;
}
