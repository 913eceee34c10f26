/* Folding rules for floats.
 *
 * Sound for infinities, signed zeros, subnormals and NaNs.  What is known of NaNs (ir.def): an arithmetic operation
 * may give any NaN of the hardware's; fcanon, directly behind it, makes that the canonical one; abs, neg and
 * copysign change the sign bit and nothing else.  So:
 *
 * An arithmetic operation does not see which NaN it gets: fcanon in front of it is in vain (uncanon).
 *
 * x + -0 is x but for the bits of a NaN (and a signalling one becomes quiet): only fcanon may look through it.
 *
 * The operand of fcanon stays the result of an arithmetic operation, since a back end may make these canonical
 * itself and let fcanon do nothing. */
#include "opt/fold.h"
#include "opt/softfloat.h"

static const FloatFormat *format_of(uint32_t type) { return type == T_F32 ? &sf_f32 : &sf_f64; }
static uint64_t one(uint32_t type) { return type == T_F32 ? 0x3f800000 : UINT64_C(0x3ff0000000000000); }
static uint64_t sign_of(uint32_t type) { return UINT64_C(1) << (fold_width(type) - 1); }

/* Makes a NaN of its own, whatever its operands are. */
static bool is_arithmetic(uint8_t op) {
    return (op >= IR_fadd && op <= IR_fmax) || (op >= IR_fsqrt && op <= IR_fnearest) || op == IR_fdemote ||
           op == IR_fpromote;
}

/* Not a NaN, or the positive canonical one. */
static bool is_canonical(const Fold *x, Val v, uint32_t depth) {
    const Ins *i = fold_def(x, v);
    uint64_t c;
    switch (i->op) {
    case IR_fcanon:
    case IR_icvt_s:
    case IR_icvt_u: return true;
    case IR_fconst: c = ins_imm(i); return !sf_is_nan(format_of(i->type), c) || c == sf_nan(format_of(i->type));
    case IR_fabs: return depth && is_canonical(x, i->a, depth - 1);
    case IR_select: return depth && is_canonical(x, i->b, depth - 1) && is_canonical(x, i->c, depth - 1);
    default: return false;
    }
}

Val fold_fcanon_canon(Fold *x, Val v, const Ins *i) {
    (void)v;
    return is_canonical(x, i->a, 3) ? i->a : NO_FOLD;
}

/* fcanon of an operation that gives y but for NaN bits. */
static Val canon_of(Fold *x, Val v, Val y) {
    if (is_canonical(x, y, 3)) return y;
    return is_arithmetic(fold_def(x, y)->op) ? fold_set(x, v, IR_fcanon, 0, y, 0) : NO_FOLD;
}

Val fold_fcanon_identity(Fold *x, Val v, const Ins *i) {
    const Ins *s = fold_def(x, i->a);
    uint64_t c;
    if ((s->op == IR_fmin || s->op == IR_fmax) && s->a == s->b) return canon_of(x, v, s->a);
    if (s->op < IR_fadd || s->op > IR_fdiv || !fold_is_fconst(x, s->b, &c)) return NO_FOLD;
    bool identity = s->op == IR_fadd ? c == sign_of(i->type) : s->op == IR_fsub ? c == 0 : c == one(i->type);
    return identity ? canon_of(x, v, s->a) : NO_FOLD;
}

Val fold_fcanon_demote(Fold *x, Val v, const Ins *i) {
    const Ins *d = fold_def(x, i->a);
    if (d->op != IR_fdemote) return NO_FOLD;
    const Ins *p = fold_def(x, d->a);
    return p->op == IR_fpromote ? canon_of(x, v, p->a) : NO_FOLD;
}

Val fold_uncanon(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = ir_info[i->op].nargs == 2 ? fold_def(x, i->b) : NULL;
    if (a->op != IR_fcanon && (!b || b->op != IR_fcanon)) return NO_FOLD;
    Val left = a->op == IR_fcanon ? a->a : i->a, right = b && b->op == IR_fcanon ? b->a : i->b;
    return fold_set(x, v, i->op, i->aux, left, right);
}

Val fold_fadd_neg(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = fold_def(x, i->b);
    if (b->op == IR_fneg) return fold_set(x, v, IR_fsub, 0, i->a, b->a);
    return a->op == IR_fneg ? fold_set(x, v, IR_fsub, 0, i->b, a->a) : NO_FOLD;
}

Val fold_fsub_neg(Fold *x, Val v, const Ins *i) {
    const Ins *b = fold_def(x, i->b);
    return b->op == IR_fneg ? fold_set(x, v, IR_fadd, 0, i->a, b->a) : NO_FOLD;
}

Val fold_fmul_neg(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = fold_def(x, i->b);
    return a->op == IR_fneg && b->op == IR_fneg ? fold_set(x, v, i->op, 0, a->a, b->a) : NO_FOLD;
}

Val fold_fmul_two(Fold *x, Val v, const Ins *i) {
    uint64_t c, two = i->type == T_F32 ? 0x40000000 : UINT64_C(0x4000000000000000);
    return fold_is_fconst(x, i->b, &c) && c == two ? fold_set(x, v, IR_fadd, 0, i->a, i->a) : NO_FOLD;
}

/* Exact when the reciprocal is a normal number too: then both round the same real number. */
Val fold_fdiv_pow2(Fold *x, Val v, const Ins *i) {
    const FloatFormat *t = format_of(i->type);
    uint64_t c;
    if (!fold_is_fconst(x, i->b, &c) || (c & ((UINT64_C(1) << t->mant) - 1))) return NO_FOLD;
    uint64_t biased = sf_abs(t, c) >> t->mant, inverse = 2 * (uint64_t)t->bias - biased;
    if (biased == 0 || biased >= 2 * (uint64_t)t->bias) return NO_FOLD;
    return fold_set(x, v, IR_fmul, 0, i->a, fold_fconst(x, i->type, (c & sign_of(i->type)) | inverse << t->mant));
}

Val fold_fneg_fneg(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a);
    (void)v;
    return a->op == IR_fneg ? a->a : NO_FOLD;
}

static bool only_sign(uint8_t op) { return op == IR_fneg || op == IR_fabs || op == IR_fcopysign; }

Val fold_fabs_sign(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a);
    return only_sign(a->op) ? fold_set(x, v, IR_fabs, 0, a->a, 0) : NO_FOLD;
}

Val fold_fcopysign_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_fconst(x, i->b, &c)) return NO_FOLD;
    if (!(c & sign_of(i->type))) return fold_set(x, v, IR_fabs, 0, i->a, 0);
    return fold_set(x, v, IR_fneg, 0, fold_new(x, IR_fabs, i->type, i->a, 0), 0);
}

Val fold_fcopysign_magnitude(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a);
    return only_sign(a->op) ? fold_set(x, v, IR_fcopysign, 0, a->a, i->b) : NO_FOLD;
}

Val fold_fcopysign_sign(Fold *x, Val v, const Ins *i) {
    const Ins *b = fold_def(x, i->b);
    return b->op == IR_fcopysign ? fold_set(x, v, IR_fcopysign, 0, i->a, b->b) : NO_FOLD;
}

/* What is integral, infinite or a NaN of an operation's own stays. */
Val fold_round_integral(Fold *x, Val v, const Ins *i) {
    uint8_t op = fold_def(x, i->a)->op;
    (void)v;
    return (op >= IR_fceil && op <= IR_fnearest) || op == IR_icvt_s || op == IR_icvt_u ? i->a : NO_FOLD;
}

Val fold_fcmp_swap(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_fconst(x, i->a, &c) || fold_is_fconst(x, i->b, &c)) return NO_FOLD;
    return fold_set(x, v, IR_fcmp, (uint8_t)fcond_swap((FCond)i->aux), i->b, i->a);
}

static Val set_bool(Fold *x, Val v, bool b) {
    x->f->ins.at[v] = (Ins){.op = IR_iconst, .type = T_I32, .a = b};
    return v;
}

Val fold_fcmp_nan(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_fconst(x, i->b, &c) || !sf_is_nan(format_of(fold_def(x, i->b)->type), c)) return NO_FOLD;
    return set_bool(x, v, i->aux == FC_NE);
}

Val fold_fcmp_self(Fold *x, Val v, const Ins *i) {
    return i->a == i->b && (i->aux == FC_LT || i->aux == FC_GT) ? set_bool(x, v, false) : NO_FOLD;
}

Val fold_fcmp_neg(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = fold_def(x, i->b);
    uint64_t c;
    if (a->op != IR_fneg) return NO_FOLD;
    Val left = a->a;
    uint32_t type = a->type;
    if (b->op == IR_fneg) return fold_set(x, v, IR_fcmp, (uint8_t)fcond_swap((FCond)i->aux), left, b->a);
    if (!fold_is_fconst(x, i->b, &c)) return NO_FOLD;
    return fold_set(x, v, IR_fcmp, (uint8_t)fcond_swap((FCond)i->aux), left, fold_fconst(x, type, c ^ sign_of(type)));
}

Val fold_fcmp_promote(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a), *b = fold_def(x, i->b);
    return a->op == IR_fpromote && b->op == IR_fpromote ? fold_set(x, v, IR_fcmp, i->aux, a->a, b->a) : NO_FOLD;
}

/* Each i32 is an f64. */
Val fold_fcvt_icvt(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a);
    (void)v;
    if (i->type != T_I32 || a->type != T_F64 || a->op != (i->op == IR_fcvt_s ? IR_icvt_s : IR_icvt_u)) return NO_FOLD;
    return fold_def(x, a->a)->type == T_I32 ? a->a : NO_FOLD;
}

Val fold_bitcast_bitcast(Fold *x, Val v, const Ins *i) {
    const Ins *a = fold_def(x, i->a);
    (void)v;
    return a->op == IR_bitcast ? a->a : NO_FOLD;
}
