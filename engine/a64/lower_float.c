/* Lowering of float operations.
 *
 * Most are one instruction with wasm's semantics: fmin and fmax order -0 below +0 and give NaN for NaN; fcvtzs and
 * fcvtzu saturate and give 0 for NaN; frint* round as named.  fmin, fmax and all arithmetic give the positive
 * default NaN when FPCR.DN is on, as the enter stub has it (TargetOptions.nan_canon says that one may rely on it);
 * fabs, fneg, fmov, fcsel and bsl move bits. */
#include <assert.h>
#include "a64/lower.h"

static const uint64_t canonical_nan32 = 0x7fc00000, canonical_nan64 = UINT64_C(0x7ff8000000000000);

static void constant(Lower *l, IrType t, uint64_t bits, Reg d) {
    A64_HIT(l, const_float);
    uint32_t imm8, size = type_bytes(t);
    if (bits == 0) {
        lower_emit(l, A64_MOVI0)->size = 8;
    } else if (a64_float_imm(bits, size, &imm8)) {
        MInsn *m = lower_emit(l, A64_FMOVI);
        m->size = (uint8_t)size, m->imm = imm8;
    } else {
        MInsn *m = lower_emit(l, A64_LDCF);
        m->size = (uint8_t)size, m->imm = (int64_t)bits;
    }
    LOWER_DEF(l, d);
}

static void unary(Lower *l, const Ins *i, Reg d, uint32_t op) {
    A64_HIT(l, float1);
    a64_ins1(l, op, type_bytes((IrType)i->type), d, a64_reg(l, i->a));
}

static void binary(Lower *l, const Ins *i, Reg d, uint32_t op) {
    A64_HIT(l, float2);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
    a64_ins2(l, op, type_bytes((IrType)i->type), d, a, b);
}

/* -0.0 is the mask of the sign; bsl takes the second's bits where it is 1. */
static void copy_sign(Lower *l, const Ins *i, Reg d) {
    IrType t = (IrType)i->type;
    A64_HIT(l, copysign);
    Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b), zero = lower_temp(l, t), mask = lower_temp(l, t);
    lower_emit(l, A64_MOVI0)->size = 8;
    LOWER_DEF(l, zero);
    a64_ins1(l, A64_FNEG, type_bytes(t), mask, zero);
    lower_emit(l, A64_BSL)->size = 8;
    LOWER_DEF_SAME(l, d, 1);
    LOWER_USE(l, mask);
    LOWER_USE(l, b);
    LOWER_USE(l, a);
}

static void canonicalize(Lower *l, const Ins *i, Reg d) {
    uint32_t size = type_bytes((IrType)i->type);
    Reg a = a64_reg(l, i->a);
    if (a64_canon_free(l, i)) {
        A64_HIT(l, canon_free);
        a64_move(l, d, a);
    } else {
        A64_HIT(l, canon);
        Reg nan = lower_temp(l, (IrType)i->type);
        MInsn *m = lower_emit(l, A64_LDCF);
        m->size = (uint8_t)size;
        m->imm = (int64_t)(size == 4 ? canonical_nan32 : canonical_nan64);
        LOWER_DEF(l, nan);
        lower_emit(l, A64_FCMP)->size = (uint8_t)size;
        LOWER_USE(l, a);
        LOWER_USE(l, a);
        a64_ins2(l, A64_FCSEL, size, d, a, nan)->cc = CC_VC;
    }
}

static void convert(Lower *l, const Ins *i, Reg d) {
    IrType from = a64_type(l, i->a), to = (IrType)i->type;
    bool single = from == T_F32 || to == T_F32;
    uint32_t op;
    A64_HIT(l, convert);
    switch ((IrOp)i->op) {
    case IR_fcvt_s: op = single ? A64_FCVTZS_S : A64_FCVTZS_D; break;
    case IR_fcvt_u: op = single ? A64_FCVTZU_S : A64_FCVTZU_D; break;
    case IR_icvt_s: op = single ? A64_SCVTF_S : A64_SCVTF_D; break;
    case IR_icvt_u: op = single ? A64_UCVTF_S : A64_UCVTF_D; break;
    default: op = A64_FCVT; /* size: of the operand */
    }
    bool to_int = i->op == IR_fcvt_s || i->op == IR_fcvt_u;
    a64_ins1(l, op, type_bytes(to_int ? to : from), d, a64_reg(l, i->a));
}

static void bitcast(Lower *l, Val v, const Ins *i, Reg d) {
    IrType from = a64_type(l, i->a), to = (IrType)i->type;
    if (type_class(from) == type_class(to)) {
        A64_HIT(l, bitcast);
        a64_move(l, d, a64_reg(l, i->a));
        return;
    }
    const Ins *x = lower_ins(l, i->a);
    bool whole = x->op == IR_load && (x->aux == ACC_32 || x->aux == ACC_64 || x->aux == ACC_F32 || x->aux == ACC_F64);
    if (whole && lower_can_sink(l, i->a, v)) {
        A64_HIT(l, bitcast_load);
        Access access = to == T_F32 ? ACC_F32 : to == T_F64 ? ACC_F64 : to == T_I32 ? ACC_32 : ACC_64;
        a64_load_into(l, i->a, d, access, to);
        return;
    }
    A64_HIT(l, bitcast);
    bool to_int = type_class(to) == RC_INT;
    a64_ins1(l, to_int ? A64_FMOV_IF : A64_FMOV_FI, type_bytes(to), d, a64_reg(l, i->a));
}

void a64_lower_float(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    switch ((IrOp)i->op) {
    case IR_fconst: constant(l, (IrType)i->type, i->type == T_F32 ? i->a : ins_imm(i), d); break;
    case IR_fadd: binary(l, i, d, A64_FADD); break;
    case IR_fsub: binary(l, i, d, A64_FSUB); break;
    case IR_fmul: binary(l, i, d, A64_FMUL); break;
    case IR_fdiv: binary(l, i, d, A64_FDIV); break;
    case IR_fmin: binary(l, i, d, A64_FMIN); break;
    case IR_fmax: binary(l, i, d, A64_FMAX); break;
    case IR_fcopysign: copy_sign(l, i, d); break;
    case IR_fabs: unary(l, i, d, A64_FABS); break;
    case IR_fneg: unary(l, i, d, A64_FNEG); break;
    case IR_fsqrt: unary(l, i, d, A64_FSQRT); break;
    case IR_fceil: unary(l, i, d, A64_FRINTP); break;
    case IR_ffloor: unary(l, i, d, A64_FRINTM); break;
    case IR_ftrunc: unary(l, i, d, A64_FRINTZ); break;
    case IR_fnearest: unary(l, i, d, A64_FRINTN); break;
    case IR_fcanon: canonicalize(l, i, d); break;
    case IR_fdemote:
    case IR_fpromote:
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u: convert(l, i, d); break;
    case IR_bitcast: bitcast(l, v, i, d); break;
    default: assert(false && "not a float operation");
    }
}
