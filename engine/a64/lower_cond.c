/* Lowering of conditions and of what consumes them: comparisons, select, branches, traps.
 *
 * A condition is not made into 0 or 1 when its consumer can test the flags or a register itself.  Whoever calls
 * a64_test consumes its flags in the same Target.lower call, with nothing in between that sets them. */
#include <assert.h>
#include "a64/lower.h"
#include "base/bits.h"
#include "code/es.h"

static const uint8_t int_cc[C_COUNT] = {
    [C_EQ] = CC_EQ,  [C_NE] = CC_NE,  [C_SLT] = CC_LT, [C_SGE] = CC_GE, [C_SGT] = CC_GT,
    [C_SLE] = CC_LE, [C_ULT] = CC_LO, [C_UGE] = CC_HS, [C_UGT] = CC_HI, [C_ULE] = CC_LS};
/* After fcmp, unordered is C and V: these are false then, but for NE, and the negation of each is its opposite. */
static const uint8_t float_cc[FC_COUNT] = {
    [FC_EQ] = CC_EQ, [FC_NE] = CC_NE, [FC_LT] = CC_MI, [FC_GT] = CC_GT, [FC_LE] = CC_LS, [FC_GE] = CC_GE};

/* -- Comparisons ---------------------------------------------------------------- */

static A64Test flags(uint8_t cc) { return (A64Test){.form = A64_TEST_FLAGS, .cc = cc}; }

static bool is_condition(const Lower *l, Val v) {
    uint8_t op = lower_ins(l, v)->op;
    return op == IR_icmp || op == IR_fcmp || op == IR_eqz;
}

/* v and (x, y) of a sole (iand x y) */
static bool match_and(const Lower *l, Val v, Val *x, Val *y) {
    if (!a64_sole(l, v, IR_iand)) return false;
    const Ins *i = lower_ins(l, v);
    *x = i->a, *y = i->b;
    return true;
}

/* The one bit that (iand x c) tests. */
static bool match_bit(Lower *l, Val x, uint64_t c, uint32_t size, A64Test *t) {
    A64Operand shift;
    if (!bits_is_pow2(c)) return false;
    uint32_t bit = bits_ctz64(c);
    if (a64_match_shift(l, x, false, &shift) && shift.kind == A64_LSR && bit + shift.amount < size * 8) {
        bit += shift.amount;
        x = shift.v;
    }
    A64_HIT(l, test_bit);
    *t = (A64Test){.form = A64_TEST_BIT, .bit = (uint8_t)bit, .set = true, .reg = a64_reg(l, x)};
    return true;
}

/* ands zr: flags N and Z of x & y; C and V are 0 */
static void test_and(Lower *l, Val x, Val y, uint32_t size) {
    A64Operand o;
    uint64_t c;
    uint32_t bits;
    A64_HIT(l, tst);
    if (lower_is_const(l, y, &c) && a64_logical_imm(c, size, &bits)) {
        a64_imm(l, A64_ANDSI, size, A64_ZR, a64_reg(l, x), c);
        return;
    }
    uint32_t op = A64_ANDS;
    const Ins *i = lower_ins(l, y);
    if (a64_sole(l, y, IR_ixor) && a64_is_const(l, i->b, UINT64_MAX)) op = A64_BICS, y = i->a;
    if (!a64_match_shift(l, y, true, &o)) o = (A64Operand){.v = y};
    Reg a = a64_reg(l, x);
    a64_operand(l, op, 0, size, A64_ZR, a, &o);
}

/* Whether v (of `size` bytes) is not 0. */
static A64Test test_nonzero(Lower *l, Val v, uint32_t size, int forms) {
    A64Test t;
    Val x, y;
    uint64_t c;
    if (match_and(l, v, &x, &y)) {
        if (lower_is_const(l, x, &c)) x = y, y = lower_ins(l, v)->a;
        if (forms >= A64_WITH_BIT && lower_is_const(l, y, &c) && match_bit(l, x, c, size, &t)) return t;
        test_and(l, x, y, size);
        return flags(CC_NE);
    }
    if (a64_is_vtest(l, v)) {
        A64_HIT(l, test_lanes);
        t = a64_vtest(l, lower_ins(l, v));
        if (forms >= A64_WITH_ZERO) return t;
        a64_imm(l, A64_SUBSI, t.size, A64_ZR, t.reg, 0);
        return flags(t.set ? CC_NE : CC_EQ);
    }
    if (forms >= A64_WITH_ZERO) {
        A64_HIT(l, test_zero);
        return (A64Test){.form = A64_TEST_ZERO, .size = (uint8_t)size, .set = true, .reg = a64_reg(l, v)};
    }
    A64_HIT(l, cmp_imm);
    a64_imm(l, A64_SUBSI, size, A64_ZR, a64_reg(l, v), 0);
    return flags(CC_NE);
}

static A64Test negated(A64Test t, bool negate) {
    t.cc ^= negate;
    t.set ^= negate;
    return t;
}

/* icmp x 0, and icmp.sgt x -1 and icmp.sle x -1, which mean the same as .sge and .slt with 0 */
static bool test_against_zero(Lower *l, Cond cond, Val x, Val y, int forms, A64Test *t) {
    uint32_t size = type_bytes(a64_type(l, x));
    if (a64_is_const(l, y, UINT64_MAX) && (cond == C_SGT || cond == C_SLE)) {
        cond = cond == C_SGT ? C_SGE : C_SLT;
    } else if (!a64_is_const(l, y, 0)) {
        return false;
    }
    Val p, q;
    if (cond == C_EQ || cond == C_NE) {
        *t = negated(test_nonzero(l, x, size, forms), cond == C_EQ);
        return true;
    }
    if ((cond == C_SLT || cond == C_SGE) && forms >= A64_WITH_BIT) {
        A64_HIT(l, test_bit);
        *t =
            (A64Test){.form = A64_TEST_BIT, .bit = (uint8_t)(size * 8 - 1), .set = cond == C_SLT, .reg = a64_reg(l, x)};
        return true;
    }
    /* ands leaves C 0 where subs would set it: good for signed conditions only */
    if (cond >= C_SLT && cond <= C_SLE && match_and(l, x, &p, &q)) {
        if (lower_ins(l, p)->op == IR_iconst) p = q, q = lower_ins(l, x)->a;
        test_and(l, p, q, size);
        *t = flags(int_cc[cond]);
        return true;
    }
    return false;
}

static A64Test test_icmp(Lower *l, const Ins *i, int forms) {
    Cond cond = (Cond)i->aux;
    Val x = i->a, y = i->b;
    A64Operand o;
    A64Test t;
    uint64_t c;
    if (lower_is_const(l, x, &c)) x = i->b, y = i->a, cond = cond_swap(cond);
    uint32_t size = type_bytes(a64_type(l, x));
    if (test_against_zero(l, cond, x, y, forms, &t)) return t;
    if (lower_is_const(l, y, &c)) {
        uint64_t minus = (0 - c) & a64_mask(size);
        if (a64_arith_imm(c) || a64_arith_imm(minus)) {
            /* cmn sets the flags of cmp for each constant but 0, and 0 is taken by cmp */
            bool add = !a64_arith_imm(c);
            A64_HIT(l, cmp_imm);
            a64_imm(l, add ? A64_ADDSI : A64_SUBSI, size, A64_ZR, a64_reg(l, x), add ? minus : c);
            return flags(int_cc[cond]);
        }
    }
    for (uint32_t k = 0; k < 2; k++) {
        bool ext = a64_match_ext(l, y, &o);
        if (ext || a64_match_shift(l, y, false, &o)) {
            if (ext) {
                A64_HIT(l, cmp_ext);
            } else {
                A64_HIT(l, cmp_shift);
            }
            Reg a = a64_reg(l, x);
            a64_operand(l, A64_SUBS, A64_SUBSX, size, A64_ZR, a, &o);
            return flags(int_cc[cond]);
        }
        Val s = x;
        x = y, y = s, cond = cond_swap(cond);
    }
    A64_HIT(l, cmp);
    Reg a = a64_reg(l, x), b = a64_reg(l, y);
    a64_ins2(l, A64_SUBS, size, A64_ZR, a, b);
    return flags(int_cc[cond]);
}

static bool is_float_zero(const Lower *l, Val v) { /* either sign: they compare alike */
    const Ins *i = lower_ins(l, v);
    return i->op == IR_fconst && (ins_imm(i) << (i->type == T_F32 ? 33 : 1)) == 0;
}

static A64Test test_fcmp(Lower *l, const Ins *i) {
    static const uint8_t swapped[FC_COUNT] = {
        [FC_EQ] = FC_EQ, [FC_NE] = FC_NE, [FC_LT] = FC_GT, [FC_GT] = FC_LT, [FC_LE] = FC_GE, [FC_GE] = FC_LE};
    FCond cond = (FCond)i->aux;
    Val x = i->a, y = i->b;
    if (is_float_zero(l, x)) x = i->b, y = i->a, cond = (FCond)swapped[cond];
    uint32_t size = type_bytes(a64_type(l, x));
    bool zero = is_float_zero(l, y);
    Reg a = a64_reg(l, x), b = zero ? REG_NONE : a64_reg(l, y);
    lower_emit(l, zero ? A64_FCMPZ : A64_FCMP)->size = (uint8_t)size;
    LOWER_USE(l, a);
    if (zero) {
        A64_HIT(l, fcmp_zero);
    } else {
        A64_HIT(l, fcmp);
        LOWER_USE(l, b);
    }
    return flags(float_cc[cond]);
}

A64Test a64_test(Lower *l, Val v, int forms) {
    bool negate = false;
    for (;;) { /* conditions of conditions */
        const Ins *i = lower_ins(l, v);
        if (l->val[v].vreg != REG_NONE) break;
        bool eqz = i->op == IR_eqz;
        bool against_0 = i->op == IR_icmp && (i->aux == C_EQ || i->aux == C_NE) && a64_is_const(l, i->b, 0);
        if (!(eqz || against_0) || !is_condition(l, i->a)) break;
        A64_HIT(l, not_of_cond);
        negate ^= eqz || i->aux == C_EQ;
        v = i->a;
    }
    const Ins *i = lower_ins(l, v);
    /* A condition that is in a register anyway is tested there. */
    if (l->val[v].vreg != REG_NONE || !is_condition(l, v)) return negated(test_nonzero(l, v, 4, forms), negate);
    if (i->op == IR_eqz) return negated(test_nonzero(l, i->a, type_bytes(a64_type(l, i->a)), forms), !negate);
    return negated(i->op == IR_icmp ? test_icmp(l, i, forms) : test_fcmp(l, i), negate);
}

/* -- Values of conditions --------------------------------------------------------- */

static void conditional(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, Reg b, uint8_t cc) {
    a64_ins2(l, op, size, d, a, b)->cc = cc;
}

/* The value of v itself: its own register says nothing about it. */
static A64Test test_value(Lower *l, Val v) {
    Reg own = l->val[v].vreg;
    l->val[v].vreg = REG_NONE;
    A64Test t = a64_test(l, v, A64_WITH_FLAGS);
    l->val[v].vreg = own;
    return t;
}

static void set(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    if (i->op == IR_icmp && i->aux == C_SLT && a64_is_const(l, i->b, 0)) {
        A64_HIT(l, sign_bit);
        uint32_t size = type_bytes(a64_type(l, i->a)), top = size * 8 - 1;
        a64_ins1(l, A64_UBFM, size, d, a64_reg(l, i->a))->imm = (int64_t)(top | top << 8);
        return;
    }
    A64_HIT(l, cset);
    A64Test t = test_value(l, v);
    conditional(l, A64_CSINC, 4, d, A64_ZR, A64_ZR, t.cc ^ 1);
}

/* (iadd y 1), (ixor y -1) or (isub 0 y): what csinc, csinv, csneg make of their second operand */
static bool match_second(Lower *l, Val v, uint32_t *op, Val *y) {
    const Ins *i = lower_ins(l, v);
    *y = i->a;
    if (a64_sole(l, v, IR_iadd) && a64_is_const(l, i->b, 1)) {
        A64_HIT(l, select_inc);
        return *op = A64_CSINC, true;
    }
    if (a64_sole(l, v, IR_ixor) && a64_is_const(l, i->b, UINT64_MAX)) {
        A64_HIT(l, select_inv);
        return *op = A64_CSINV, true;
    }
    if (a64_sole(l, v, IR_isub) && a64_is_const(l, i->a, 0)) {
        A64_HIT(l, select_neg);
        *y = i->b;
        return *op = A64_CSNEG, true;
    }
    return false;
}

static void select_int(Lower *l, const Ins *i, Reg d, uint8_t cc) {
    uint32_t size = type_bytes((IrType)i->type), op = A64_CSEL;
    Val x = i->b, y = i->c, inner;
    /* d = cc ? x : f(y); the other way round with the opposite condition */
    for (uint32_t k = 0; k < 2; k++) {
        bool one = a64_is_const(l, y, 1), all = a64_is_const(l, y, UINT64_MAX);
        if (one || all) {
            bool zero = a64_is_const(l, x, 0);
            if (zero) {
                A64_HIT(l, select_set);
            } else if (one) {
                A64_HIT(l, select_inc);
            } else {
                A64_HIT(l, select_inv);
            }
            conditional(l, one ? A64_CSINC : A64_CSINV, size, d, a64_reg_or_zero(l, x), A64_ZR, cc);
            return;
        }
        Val s = x;
        x = y, y = s, cc ^= 1;
    }
    for (uint32_t k = 0; k < 2; k++) {
        if (match_second(l, y, &op, &inner)) {
            Reg a = a64_reg_or_zero(l, x), b = a64_reg(l, inner);
            conditional(l, op, size, d, a, b, cc);
            return;
        }
        Val s = x;
        x = y, y = s, cc ^= 1;
    }
    A64_HIT(l, select);
    Reg a = a64_reg_or_zero(l, x), b = a64_reg_or_zero(l, y);
    conditional(l, A64_CSEL, size, d, a, b, cc);
}

static void select(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    IrType t = (IrType)i->type;
    uint8_t cc = a64_test(l, i->a, A64_WITH_FLAGS).cc;
    if (type_class(t) == RC_INT) {
        select_int(l, i, d, cc);
        return;
    }
    Reg a = a64_reg(l, i->b), b = a64_reg(l, i->c);
    if (t != T_V128) {
        A64_HIT(l, fselect);
        conditional(l, A64_FCSEL, type_bytes(t), d, a, b, cc);
        return;
    }
    A64_HIT(l, vselect);
    Reg bits = lower_temp(l, T_I64), mask = lower_temp(l, T_V128);
    conditional(l, A64_CSINV, 8, bits, A64_ZR, A64_ZR, cc ^ 1);
    a64_ins1(l, A64_DUP, 8, mask, bits);
    lower_emit(l, A64_BSL)->size = 16;
    LOWER_DEF_SAME(l, d, 1);
    LOWER_USE(l, mask);
    LOWER_USE(l, a);
    LOWER_USE(l, b);
}

static void barrier(Lower *l) {
    A64_HIT(l, csdb);
    lower_emit(l, A64_CSDB)->size = 8;
}

/* csel alone may be predicted; csdb makes what follows wait for it (DDI 0487, C6.2.84). */
static void mask(Lower *l, const Ins *i, Reg d) {
    uint64_t c;
    A64_HIT(l, mask);
    Reg a = a64_reg(l, i->a);
    if (lower_is_const(l, i->b, &c) && a64_arith_imm(c))
        a64_imm(l, A64_SUBSI, 4, A64_ZR, a, c);
    else
        a64_ins2(l, A64_SUBS, 4, A64_ZR, a, a64_reg(l, i->b));
    conditional(l, A64_CSEL, 4, d, a, A64_ZR, CC_LO);
    barrier(l);
}

void a64_lower_cond(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    if (i->op == IR_select) {
        select(l, v, d);
    } else if (i->op == IR_mask) {
        mask(l, i, d);
    } else {
        set(l, v, d);
    }
}

/* -- Control ------------------------------------------------------------------------- */

/* The branch of a test; emit.c knows where it goes. */
static MInsn *branch_on(Lower *l, A64Test t) {
    MInsn *i;
    switch (t.form) {
    case A64_TEST_ZERO:
        i = lower_emit(l, t.set ? A64_CBNZ : A64_CBZ);
        i->size = t.size;
        LOWER_USE(l, t.reg);
        break;
    case A64_TEST_BIT:
        i = lower_emit(l, t.set ? A64_TBNZ : A64_TBZ);
        i->size = 8;
        i->scale = t.bit;
        LOWER_USE(l, t.reg);
        break;
    default:
        i = lower_emit(l, A64_BCC);
        i->size = 8;
        i->cc = t.cc;
    }
    return i;
}

/* A trap stub may be out of a tbz's reach, so traps do without it. */
static void trap_if(Lower *l, const Ins *i) {
    A64_HIT(l, trap_if);
    A64Test t = negated(a64_test(l, i->a, A64_WITH_ZERO), i->op == IR_trapz);
    branch_on(l, t)->aux = i->aux;
}

/* The index is cut to that of the last successor. */
static void jump_table(Lower *l, const Ins *i) {
    uint32_t last = l->f->blk.at[l->blk].succ.n - 1;
    assert(last > 0);
    A64_HIT(l, jump_table);
    Reg index = a64_reg(l, i->a), limit = a64_constant(l, 4, last), cut = lower_temp(l, T_I32);
    a64_ins2(l, A64_SUBS, 4, A64_ZR, index, limit);
    conditional(l, A64_CSEL, 4, cut, index, limit, CC_LO);
    if (l->o->spectre) barrier(l);
    MInsn *m = lower_emit(l, A64_JUMP_TABLE);
    m->size = 8, m->flags = MF_BRANCH;
    LOWER_USE(l, cut);
}

static void poll(Lower *l) {
    Reg epoch = lower_temp(l, T_I64), deadline = lower_temp(l, T_I64);
    A64_HIT(l, poll);
    a64_es_load(l, epoch, ES_EPOCH, T_I64);
    a64_es_load(l, deadline, ES_DEADLINE, T_I64);
    a64_ins2(l, A64_SUBS, 8, A64_ZR, epoch, deadline);
    branch_on(l, flags(CC_HS))->aux = CODE_TRAP_INTERRUPT;
}

void a64_lower_control(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    MInsn *m;
    switch ((IrOp)i->op) {
    case IR_trapz:
    case IR_trapnz: trap_if(l, i); break;
    case IR_charge:
    case IR_charges:
    case IR_refund: a64_lower_counter(l, i); break;
    case IR_poll: poll(l); break;
    case IR_brif:
        A64_HIT(l, branch);
        branch_on(l, a64_test(l, i->a, A64_WITH_BIT))->flags = MF_BRANCH;
        break;
    case IR_brtable: jump_table(l, i); break;
    case IR_jump:
        A64_HIT(l, jump);
        m = lower_emit(l, A64_B);
        m->size = 8, m->flags = MF_BRANCH;
        break;
    case IR_trap:
        A64_HIT(l, trap);
        m = lower_emit(l, A64_TRAP);
        m->size = 8, m->flags = MF_BRANCH, m->aux = i->aux;
        break;
    default: assert(false && "not control");
    }
}
