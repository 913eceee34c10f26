/* Lowering for x86-64: floats and conversions.
 *
 * Scalar SSE instructions keep the upper part of their destination, which nobody reads; where that makes the result
 * depend on an old value the emitter breaks the dependency (flag K of insn.def).  Memory operands are scalar loads or
 * constants, never wider than the value: the 16-byte operands of andps and the like are constants only. */
#include <assert.h>
#include "x64/match.h"

Reg x64_use_float(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_fcanon || !x64_free(l, v)) return lower_use(l, v);
    x64_hit(l, X64_RULE_canon_skipped);
    return lower_use(l, i->a);
}

static bool is_float_const(const Lower *l, Val v) { return lower_ins(l, v)->op == IR_fconst; }

/* op(a, b), two-address; `mem` the row with a memory operand */
static void lower_arith(Lower *l, Val v, X64Op op, X64Op mem) {
    const Ins *i = lower_ins(l, v);
    Val a = i->a, b = i->b;
    uint32_t size = x64_type_size((IrType)i->type);
    Reg d = lower_def(l, v);
    bool commutes = ir_has(i->op, IRF_C);
    bool fold = is_float_const(l, b) || x64_can_fold_load(l, b, v);
    if (!fold && commutes && (is_float_const(l, a) || x64_can_fold_load(l, a, v))) {
        a = i->b;
        b = i->a;
        fold = true;
    }
    if (fold) {
        bool is_const = is_float_const(l, b);
        x64_hit(l, is_const ? X64_RULE_float_const_operand : X64_RULE_float_mem);
        X64Addr addr = is_const ? x64_const_addr(l, ins_imm(lower_ins(l, b)), 0) : x64_access_addr(l, b);
        Reg ra = x64_use_float(l, a);
        x64_ins(l, mem, size);
        x64_def_same(l, d, ra);
        x64_use_addr(l, &addr);
        return;
    }
    if (commutes && l->val[a].uses > 1 && l->val[b].uses == 1) {
        a = i->b;
        b = i->a;
    }
    x64_hit(l, X64_RULE_float_arith);
    Reg ra = x64_use_float(l, a), rb = x64_use_float(l, b);
    x64_ins(l, op, size);
    x64_def_same(l, d, ra);
    x64_use_any(l, rb);
}

static void lower_min_max(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = x64_use_float(l, i->a), b = x64_use_float(l, i->b);
    x64_hit(l, X64_RULE_float_min_max);
    x64_ins(l, i->op == IR_fmin ? X64_FMIN : X64_FMAX, x64_type_size((IrType)i->type));
    x64_def_same(l, d, a);
    LOWER_USE(l, b);
}

/* d = op(a), from a register or slot */
static MInsn *unary(Lower *l, X64Op op, uint32_t size, Reg d, Reg a) {
    x64_ins(l, op, size);
    LOWER_DEF(l, d);
    x64_use_any(l, a);
    return lower_last(l);
}

static void lower_round(Lower *l, Val v) {
    enum { NEAREST, DOWN, UP, TRUNCATE, QUIET = 8 }; /* roundss: mode, without the inexact exception */
    const Ins *i = lower_ins(l, v);
    uint32_t mode = i->op == IR_fceil ? UP : i->op == IR_ffloor ? DOWN : i->op == IR_ftrunc ? TRUNCATE : NEAREST;
    x64_hit(l, X64_RULE_float_round);
    unary(l, X64_ROUNDS, x64_type_size((IrType)i->type), lower_def(l, v), x64_use_float(l, i->a))->imm = mode | QUIET;
}

/* -- Signs ------------------------------------------------------------------------ */

static uint64_t sign_mask(IrType t) { return t == T_F32 ? UINT64_C(0x80000000) : UINT64_C(1) << 63; }
static uint64_t magnitude_mask(IrType t) { return t == T_F32 ? UINT64_C(0x7fffffff) : INT64_MAX; }

/* d = op(a, mask) on the bits */
static void with_mask(Lower *l, X64Op op, Reg d, Reg a, uint64_t mask) {
    X64Addr addr = x64_const_addr(l, mask, 0);
    x64_ins(l, op, 16);
    x64_def_same(l, d, a);
    x64_use_addr(l, &addr);
}

static void lower_sign(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    IrType t = (IrType)i->type;
    Reg d = lower_def(l, v);
    if (i->op == IR_fabs) {
        x64_hit(l, X64_RULE_float_abs);
        with_mask(l, X64_ANDPS_M, d, lower_use(l, i->a), magnitude_mask(t));
    } else if (i->op == IR_fneg) {
        x64_hit(l, X64_RULE_float_neg);
        with_mask(l, X64_XORPS_M, d, lower_use(l, i->a), sign_mask(t));
    } else if (is_float_const(l, i->b)) {
        bool negative = (ins_imm(lower_ins(l, i->b)) & sign_mask(t)) != 0;
        x64_hit(l, X64_RULE_copysign_const);
        if (negative)
            with_mask(l, X64_ORPS_M, d, lower_use(l, i->a), sign_mask(t));
        else
            with_mask(l, X64_ANDPS_M, d, lower_use(l, i->a), magnitude_mask(t));
    } else {
        x64_hit(l, X64_RULE_copysign);
        Reg magnitude = lower_temp(l, t), sign = lower_temp(l, t);
        with_mask(l, X64_ANDPS_M, magnitude, lower_use(l, i->a), magnitude_mask(t));
        with_mask(l, X64_ANDPS_M, sign, lower_use(l, i->b), sign_mask(t));
        x64_ins(l, X64_ORPS, 16);
        x64_def_same(l, d, magnitude);
        LOWER_USE(l, sign);
    }
}

static void lower_canon(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = x64_use_float(l, i->a);
    x64_hit(l, X64_RULE_canon);
    x64_ins(l, X64_FCANON, x64_type_size((IrType)i->type));
    x64_def_same(l, d, a);
}

/* -- Conversions -------------------------------------------------------------------- */

static void lower_to_int(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    bool is_signed = i->op == IR_fcvt_s, is32 = i->type == T_I32;
    X64Op op = is_signed ? (is32 ? X64_SAT_S32 : X64_SAT_S64) : is32 ? X64_SAT_U32 : X64_SAT_U64;
    x64_hit(l, X64_RULE_float_to_int);
    Reg d = lower_def(l, v), a = x64_use_float(l, i->a);
    x64_ins(l, op, x64_type_size(x64_type(l, i->a)));
    lower_opnd(l, d, OPND_DEF_EARLY, OC_REG, 0);
    LOWER_USE(l, a);
}

static void lower_from_int(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    bool from32 = x64_type(l, i->a) == T_I32;
    Reg d = lower_def(l, v);
    x64_hit(l, X64_RULE_int_to_float);
    if (i->op == IR_icvt_s) {
        unary(l, from32 ? X64_CVTSI2S32 : X64_CVTSI2S64, size, d, x64_use_low(l, i->a));
    } else if (from32) { /* its zero-extension is positive as an i64 */
        unary(l, X64_CVTSI2S64, size, d, lower_use(l, i->a));
    } else {
        Reg a = lower_use(l, i->a);
        x64_ins(l, X64_CVT_U64, size);
        LOWER_DEF(l, d);
        LOWER_USE(l, a);
    }
}

static void lower_bitcast(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v), *from = lower_ins(l, i->a);
    IrType t = (IrType)i->type;
    Reg d = lower_def(l, v);
    bool to_float = type_class(t) == RC_FLOAT;
    if (type_class((IrType)from->type) == type_class(t)) {
        x64_move(l, d, lower_use(l, i->a));
    } else if (x64_can_fold_load(l, i->a, v)) { /* load to where it is wanted */
        x64_hit(l, X64_RULE_bitcast_mem);
        X64Addr a = x64_access_addr(l, i->a);
        x64_load(l, d, t, t == T_I32 ? ACC_32 : t == T_I64 ? ACC_64 : t == T_F32 ? ACC_F32 : ACC_F64, &a);
    } else {
        x64_hit(l, X64_RULE_bitcast);
        Reg a = to_float ? x64_use_low(l, i->a) : lower_use(l, i->a);
        x64_ins(l, to_float ? X64_MOVD_X : X64_MOVD_R, x64_type_size(t));
        LOWER_DEF(l, d);
        LOWER_USE(l, a);
    }
}

static void lower_fconst(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    IrType t = (IrType)i->type;
    uint64_t low = ins_imm(i), high = 0;
    if (i->op == IR_vconst) {
        const uint32_t *word = &l->f->pool.at[i->a];
        low = (uint64_t)word[1] << 32 | word[0];
        high = (uint64_t)word[3] << 32 | word[2];
    }
    Reg d = lower_def(l, v);
    if (!(low | high)) {
        x64_hit(l, X64_RULE_fconst_zero);
        x64_ins(l, X64_FZERO, x64_type_size(t));
        LOWER_DEF(l, d);
        return;
    }
    if (i->op == IR_vconst && (low & high) == UINT64_MAX) {
        x64_hit(l, X64_RULE_vec_ones);
        x64_ins(l, X64_VONES, 16);
        LOWER_DEF(l, d);
        return;
    }
    x64_hit(l, X64_RULE_fconst);
    X64Addr a = x64_const_addr(l, low, high);
    x64_load(l, d, t, t == T_F32 ? ACC_F32 : t == T_F64 ? ACC_F64 : ACC_V128, &a);
}

void x64_lower_float(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t from_size = ir_info[i->op].nargs ? x64_type_size(x64_type(l, i->a)) : 0;
    switch (i->op) {
    case IR_fconst:
    case IR_vconst: lower_fconst(l, v); break;
    case IR_fadd: lower_arith(l, v, X64_ADDS, X64_ADDS_M); break;
    case IR_fsub: lower_arith(l, v, X64_SUBS, X64_SUBS_M); break;
    case IR_fmul: lower_arith(l, v, X64_MULS, X64_MULS_M); break;
    case IR_fdiv: lower_arith(l, v, X64_DIVS, X64_DIVS_M); break;
    case IR_fmin:
    case IR_fmax: lower_min_max(l, v); break;
    case IR_fcopysign:
    case IR_fabs:
    case IR_fneg: lower_sign(l, v); break;
    case IR_fsqrt:
        x64_hit(l, X64_RULE_float_sqrt);
        unary(l, X64_SQRTS, from_size, lower_def(l, v), x64_use_float(l, i->a));
        break;
    case IR_fceil:
    case IR_ffloor:
    case IR_ftrunc:
    case IR_fnearest: lower_round(l, v); break;
    case IR_fcanon: lower_canon(l, v); break;
    case IR_fdemote:
    case IR_fpromote:
        x64_hit(l, X64_RULE_float_convert);
        unary(l, i->op == IR_fdemote ? X64_CVTSD2SS : X64_CVTSS2SD, from_size, lower_def(l, v), x64_use_float(l, i->a));
        break;
    case IR_fcvt_s:
    case IR_fcvt_u: lower_to_int(l, v); break;
    case IR_icvt_s:
    case IR_icvt_u: lower_from_int(l, v); break;
    default: assert(i->op == IR_bitcast); lower_bitcast(l, v);
    }
}
