/* Lowering to aarch64: the helpers of the rules, and the dispatch by operation.
 *
 * The scheme is code/lower.h's: greedy, backward, the most specific rule first.  A rule is a pattern of the IR that
 * one machine instruction (now and then a short sequence) computes; rules.def lists them. */
#include "a64/lower.h"
#include <assert.h>

const A64RuleInfo a64_rule[A64_RULE_COUNT] = {
#define RULE(id, pattern) {#id, pattern},
#include "a64/rules.def"
#undef RULE
};

/* Results that are a default NaN whenever they are a NaN, with FPCR.DN on. */
static bool is_arithmetic(IrOp op) {
    switch (op) {
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fmin:
    case IR_fmax:
    case IR_fsqrt:
    case IR_fceil:
    case IR_ffloor:
    case IR_ftrunc:
    case IR_fnearest:
    case IR_fcanon:
    case IR_fdemote:
    case IR_fpromote:
    case IR_icvt_s:
    case IR_icvt_u: return true;
    default: return false;
    }
}

bool a64_canon_free(const Lower *l, const Ins *i) {
    return l->o->nan_canon && is_arithmetic((IrOp)lower_ins(l, i->a)->op);
}

Reg a64_reg(Lower *l, Val v) {
    for (;;) {
        const Ins *i = lower_ins(l, v);
        if (i->op == IR_es) return A64_ES;
        if (v == l->context) return A64_CONTEXT;
        if (i->op == IR_wrap || (i->op == IR_fcanon && a64_canon_free(l, i)) || a64_vcanon_free(l, i)) {
            v = i->a;
            continue;
        }
        return lower_use(l, v);
    }
}

bool a64_is_const(const Lower *l, Val v, uint64_t c) {
    uint64_t k;
    return lower_is_const(l, v, &k) && k == (c & a64_mask(type_bytes(a64_type(l, v))));
}

Reg a64_reg_or_zero(Lower *l, Val v) { return a64_is_const(l, v, 0) ? A64_ZR : a64_reg(l, v); }

bool a64_sole(const Lower *l, Val v, IrOp op) {
    return lower_ins(l, v)->op == op && l->val[v].uses == 1 && l->val[v].vreg == REG_NONE;
}

MInsn *a64_ins1(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a) {
    MInsn *i = lower_emit(l, op);
    i->size = (uint8_t)size;
    LOWER_DEF(l, d);
    LOWER_USE(l, a);
    return i;
}

MInsn *a64_ins2(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, Reg b) {
    MInsn *i = a64_ins1(l, op, size, d, a);
    LOWER_USE(l, b);
    return i;
}

MInsn *a64_ins3(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, Reg b, Reg c) {
    MInsn *i = a64_ins2(l, op, size, d, a, b);
    LOWER_USE(l, c);
    return i;
}

MInsn *a64_tied(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a) {
    MInsn *i = lower_emit(l, op);
    i->size = (uint8_t)size;
    LOWER_DEF_SAME(l, d, 1);
    LOWER_USE(l, a);
    return i;
}

void a64_imm(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, uint64_t imm) {
    a64_ins1(l, op, size, d, a)->imm = (int64_t)imm;
}

void a64_constant_to(Lower *l, Reg d, uint32_t size, uint64_t c) {
    MInsn *m = lower_emit(l, A64_LDC);
    m->size = (uint8_t)size;
    m->imm = (int64_t)c;
    LOWER_DEF(l, d);
}

Reg a64_constant(Lower *l, uint32_t size, uint64_t c) {
    Reg d = lower_temp(l, size == 4 ? T_I32 : T_I64);
    a64_constant_to(l, d, size, c);
    return d;
}

void a64_move(Lower *l, Reg d, Reg a) {
    lower_emit(l, M_MOVE);
    LOWER_DEF(l, d);
    LOWER_USE(l, a);
}

/* (shl x c) and the like as operand of an instruction of the same width; amounts are modulo the width. */
bool a64_match_shift(const Lower *l, Val v, bool ror, A64Operand *o) {
    const Ins *i = lower_ins(l, v);
    uint32_t width = type_bytes((IrType)i->type) * 8;
    uint64_t c;
    uint8_t kind;
    switch (i->op) {
    case IR_shl: kind = A64_LSL; break;
    case IR_ushr: kind = A64_LSR; break;
    case IR_sshr: kind = A64_ASR; break;
    case IR_rotl:
    case IR_rotr: kind = A64_ROR; break;
    default: return false;
    }
    if ((kind == A64_ROR && !ror) || !a64_sole(l, v, (IrOp)i->op) || !lower_is_const(l, i->b, &c)) return false;
    c &= width - 1;
    if (i->op == IR_rotl) c = (width - c) & (width - 1);
    if (c == 0) return false;
    *o = (A64Operand){.v = i->a, .kind = kind, .amount = (uint8_t)c};
    return true;
}

/* A value that the extended-register form makes of another one's low bits. */
static bool extension(const Lower *l, Val v, Val *of, uint8_t *kind) {
    const Ins *i = lower_ins(l, v);
    uint64_t c;
    if (l->val[v].vreg != REG_NONE) return false;
    *of = i->a;
    switch (i->op) {
    case IR_zext: *kind = A64_UXTW; return true;
    case IR_sext:
    case IR_sext32: *kind = A64_SXTW; return true;
    case IR_sext8: *kind = A64_SXTB; return true;
    case IR_sext16: *kind = A64_SXTH; return true;
    case IR_iand:
        if (!lower_is_const(l, i->b, &c)) return false;
        *kind = c == 0xff ? A64_UXTB : c == 0xffff ? A64_UXTH : A64_UXTW;
        return c == 0xff || c == 0xffff || (c == UINT32_MAX && i->type == T_I64);
    default: return false;
    }
}

bool a64_match_ext(const Lower *l, Val v, A64Operand *o) {
    uint64_t c = 0;
    const Ins *i = lower_ins(l, v);
    Val of, inner = v;
    uint8_t kind;
    if (i->op == IR_shl) {
        if (!a64_sole(l, v, IR_shl) || !lower_is_const(l, i->b, &c)) return false;
        c &= type_bytes((IrType)i->type) * 8 - 1;
        inner = i->a;
    }
    if (c > 4 || !extension(l, inner, &of, &kind)) return false;
    *o = (A64Operand){.v = of, .ext = true, .kind = kind, .amount = (uint8_t)c};
    return true;
}

void a64_operand(Lower *l, uint32_t op, uint32_t opx, uint32_t size, Reg d, Reg a, const A64Operand *o) {
    MInsn *i = a64_ins2(l, o->ext ? opx : op, size, d, a, a64_reg(l, o->v));
    i->aux = o->kind;
    i->imm = o->amount;
}

void a64_lower(Lower *l, Val v) {
    switch ((IrOp)lower_ins(l, v)->op) {
    case IR_iconst:
    case IR_es:
    case IR_iadd:
    case IR_isub:
    case IR_imul:
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem:
    case IR_iand:
    case IR_ior:
    case IR_ixor:
    case IR_shl:
    case IR_sshr:
    case IR_ushr:
    case IR_rotl:
    case IR_rotr:
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
    case IR_sext:
    case IR_zext:
    case IR_wrap: a64_lower_int(l, v, lower_def(l, v)); break;
    case IR_icmp:
    case IR_eqz:
    case IR_fcmp:
    case IR_select:
    case IR_mask: a64_lower_cond(l, v, lower_def(l, v)); break;
    case IR_fconst:
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fmin:
    case IR_fmax:
    case IR_fcopysign:
    case IR_fabs:
    case IR_fneg:
    case IR_fsqrt:
    case IR_fceil:
    case IR_ffloor:
    case IR_ftrunc:
    case IR_fnearest:
    case IR_fcanon:
    case IR_fdemote:
    case IR_fpromote:
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u:
    case IR_bitcast: a64_lower_float(l, v, lower_def(l, v)); break;
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest: a64_lower_vector(l, v, lower_def(l, v)); break;
    case IR_vconst:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace:
    case IR_vshuffle: a64_lower_lane(l, v, lower_def(l, v)); break;
    case IR_load: a64_lower_load(l, v); break;
    case IR_store: a64_lower_store(l, v); break;
    case IR_trapz:
    case IR_trapnz:
    case IR_charge:
    case IR_charges:
    case IR_refund:
    case IR_poll:
    case IR_jump:
    case IR_brif:
    case IR_brtable:
    case IR_trap: a64_lower_control(l, v); break;
    case IR_param:
    case IR_proj:
    case IR_call:
    case IR_ret:
    case IR_tailcall:
    case IR_COUNT: assert(false && "the driver's"); break;
    }
}
