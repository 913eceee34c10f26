/* Lowering for x86-64: conditions and what they decide: setcc, cmov, branches, traps; and the counters.
 *
 * A condition is lowered to a comparison and the flags to look at; comparison and user are emitted in one Target.lower
 * call, so only moves, which leave flags alone, can come between.  A comparison with several users is repeated for each
 * of them unless it is demanded as a value.  Loads are folded only along chains of sole users (lower_can_sink). */
#include <assert.h>
#include "code/es.h"
#include "x64/abi.h"
#include "x64/match.h"

/* ORDER Cond */
static const uint8_t int_cc[C_COUNT] = {X64_E, X64_NE, X64_L, X64_GE, X64_G, X64_LE, X64_B, X64_AE, X64_A, X64_BE};

X64Cond x64_cond_not(X64Cond c) {
    static const uint8_t fp[] = {[X64_PLAIN] = X64_PLAIN, [X64_AND_NP] = X64_OR_P, [X64_OR_P] = X64_AND_NP};
    return (X64Cond){c.cc ^ 1, fp[c.fp]};
}

static X64Cond plain(uint32_t cc) { return (X64Cond){(uint8_t)cc, X64_PLAIN}; }

/* -- Comparisons of integers ------------------------------------------------------ */

/* Compare memory with an immediate. */
static void compare_mem_imm(Lower *l, Val load, uint32_t size, int64_t imm) {
    X64Addr a = x64_access_addr(l, load);
    x64_ins(l, X64_CMP_MI, size)->aux = (uint32_t)imm;
    x64_use_addr(l, &a);
}

/* A zero-extending load of 1 or 2 bytes against a constant of that width: the value has no sign, so all conditions are
 * unsigned. */
static bool compare_narrow(Lower *l, Val a, int64_t imm, Cond *c, Val at) {
    static const uint8_t as_unsigned[C_COUNT] = {C_EQ, C_NE, C_ULT, C_UGE, C_UGT, C_ULE, C_ULT, C_UGE, C_UGT, C_ULE};
    const Ins *i = lower_ins(l, a);
    if (i->op != IR_load || (i->aux != ACC_8U && i->aux != ACC_16U) || !x64_free(l, a)) return false;
    uint32_t size = access_bytes[i->aux];
    if (imm < 0 || imm >= 1 << 8 * size || !lower_can_sink(l, a, at)) return false;
    x64_hit(l, X64_RULE_cmp_narrow);
    *c = (Cond)as_unsigned[*c];
    compare_mem_imm(l, a, size, imm);
    return true;
}

/* (x & y) against 0 */
static void test_and(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Val x = i->a, y = i->b;
    int64_t imm;
    uint32_t size = x64_type_size((IrType)i->type);
    if (x64_imm32(l, x, &imm)) {
        x = i->b;
        y = i->a;
    }
    x64_hit(l, X64_RULE_test_and);
    if (x64_imm32(l, y, &imm)) {
        Reg r = x64_use_low(l, x);
        x64_ins(l, X64_TEST_I, size)->imm = imm;
        x64_use_any(l, r);
        return;
    }
    Reg rx = x64_use_low(l, x), ry = x64_use_low(l, y);
    x64_ins(l, X64_TEST, size);
    x64_use_any(l, rx);
    LOWER_USE(l, ry);
}

/* v against 0: leaves the flags of cmp v, 0. */
static void test_zero(Lower *l, Val v, Val at) {
    uint32_t size = x64_type_size(x64_type(l, v));
    if (lower_ins(l, v)->op == IR_iand && x64_free(l, v)) {
        test_and(l, v);
    } else if (x64_can_fold_load(l, v, at)) {
        x64_hit(l, X64_RULE_cmp_mem_imm);
        compare_mem_imm(l, v, size, 0);
    } else {
        x64_hit(l, X64_RULE_test_self);
        Reg r = x64_use_low(l, v);
        x64_ins(l, X64_TEST, size);
        LOWER_USE(l, r);
        LOWER_USE(l, r);
    }
}

static void compare_imm(Lower *l, Val a, int64_t imm, Cond *c, Val at) {
    uint32_t size = x64_type_size(x64_type(l, a));
    if (compare_narrow(l, a, imm, c, at)) return;
    if (imm == 0) {
        test_zero(l, a, at);
    } else if (x64_can_fold_load(l, a, at)) {
        x64_hit(l, X64_RULE_cmp_mem_imm);
        compare_mem_imm(l, a, size, imm);
    } else {
        x64_hit(l, X64_RULE_cmp_imm);
        Reg r = x64_use_low(l, a);
        x64_ins(l, X64_CMP_I, size)->imm = imm;
        x64_use_any(l, r);
    }
}

static X64Cond compare_int(Lower *l, Val a, Val b, Cond c, Val at) {
    int64_t imm;
    if (x64_imm32(l, a, &imm) && !x64_imm32(l, b, &imm)) {
        Val swap = a;
        a = b;
        b = swap;
        c = cond_swap(c);
    }
    if (x64_imm32(l, b, &imm)) {
        compare_imm(l, a, imm, &c, at);
        return plain(int_cc[c]);
    }
    bool fold_b = x64_can_fold_load(l, b, at);
    if (!fold_b && x64_can_fold_load(l, a, at)) {
        Val swap = a;
        a = b;
        b = swap;
        c = cond_swap(c);
        fold_b = true;
    }
    uint32_t size = x64_type_size(x64_type(l, a));
    if (fold_b) {
        x64_hit(l, X64_RULE_cmp_mem);
        X64Addr addr = x64_access_addr(l, b);
        Reg r = x64_use_low(l, a);
        x64_ins(l, X64_CMP_M, size);
        LOWER_USE(l, r);
        x64_use_addr(l, &addr);
    } else {
        x64_hit(l, X64_RULE_cmp);
        Reg ra = x64_use_low(l, a), rb = x64_use_low(l, b);
        x64_ins(l, X64_CMP, size);
        LOWER_USE(l, ra);
        x64_use_any(l, rb);
    }
    return plain(int_cc[c]);
}

/* -- Comparisons of floats --------------------------------------------------------- */

/* ucomis a, b sets CF for less or unordered, ZF for equal or unordered, PF for unordered: "above" conditions exclude
 * NaN. */
static X64Cond compare_float(Lower *l, Val a, Val b, FCond c, Val at) {
    static const X64Cond cond[FC_COUNT] = {
        [FC_EQ] = {X64_E, X64_AND_NP}, [FC_NE] = {X64_NE, X64_OR_P},  [FC_LT] = {X64_A, X64_PLAIN},
        [FC_GT] = {X64_A, X64_PLAIN},  [FC_LE] = {X64_AE, X64_PLAIN}, [FC_GE] = {X64_AE, X64_PLAIN},
    };
    bool symmetric = c == FC_EQ || c == FC_NE;
    if (c == FC_LT || c == FC_LE || (symmetric && lower_ins(l, a)->op == IR_load && lower_ins(l, b)->op != IR_load)) {
        Val swap = a;
        a = b;
        b = swap;
    }
    uint32_t size = x64_type_size(x64_type(l, a));
    const Ins *k = lower_ins(l, b);
    bool is_const = k->op == IR_fconst;
    if (is_const || x64_can_fold_load(l, b, at)) {
        x64_hit(l, X64_RULE_fcmp_mem);
        X64Addr addr = is_const ? x64_const_addr(l, ins_imm(k), 0) : x64_access_addr(l, b);
        Reg r = x64_use_float(l, a);
        x64_ins(l, X64_UCOMIS_M, size);
        LOWER_USE(l, r);
        x64_use_addr(l, &addr);
    } else {
        x64_hit(l, X64_RULE_fcmp);
        Reg ra = x64_use_float(l, a), rb = x64_use_float(l, b);
        x64_ins(l, X64_UCOMIS, size);
        LOWER_USE(l, ra);
        x64_use_any(l, rb);
    }
    return cond[c];
}

/* -- Conditions ----------------------------------------------------------------------- */

/* The comparison that v is, whether or not it is demanded. */
static X64Cond lower_comparison(Lower *l, Val v, Val at) {
    const Ins *i = lower_ins(l, v);
    switch (i->op) {
    case IR_icmp: return compare_int(l, i->a, i->b, (Cond)i->aux, at);
    case IR_fcmp: return compare_float(l, i->a, i->b, (FCond)i->aux, at);
    default: {
        assert(i->op == IR_eqz);
        if (x64_type(l, i->a) == T_I32) return x64_cond_not(x64_lower_cond(l, i->a, at));
        Cond c = C_EQ;
        compare_imm(l, i->a, 0, &c, at);
        return plain(int_cc[c]);
    }
    }
}

X64Cond x64_lower_cond(Lower *l, Val v, Val at) {
    const Ins *i = lower_ins(l, v);
    if (x64_free(l, v) && (i->op == IR_icmp || i->op == IR_fcmp || i->op == IR_eqz)) return lower_comparison(l, v, at);
    if (x64_free(l, v) && x64_is_vtest_cond(i)) return x64_lower_vtest_cond(l, v);
    Cond c = C_NE;
    compare_imm(l, v, 0, &c, at);
    return plain(int_cc[c]);
}

void x64_lower_compare(Lower *l, Val v) {
    Reg d = lower_def(l, v);
    X64Cond c = lower_comparison(l, v, v);
    x64_hit(l, X64_RULE_setcc);
    MInsn *i = x64_ins(l, X64_SETZ, 4);
    i->cc = c.cc;
    i->aux = c.fp;
    LOWER_DEF(l, d);
}

static void conditional_move(Lower *l, Reg d, Reg old, Reg new, uint32_t size, uint32_t cc) {
    x64_ins(l, X64_CMOV, size)->cc = (uint8_t)cc;
    x64_def_same(l, d, old);
    x64_use_any(l, new);
}

void x64_lower_select(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v);
    Val yes = i->b, no = i->c;
    uint32_t size = x64_type_size((IrType)i->type);
    X64Cond c = x64_lower_cond(l, i->a, v);
    if (c.fp == X64_AND_NP) { /* the negation is a disjunction, which is two moves */
        c = x64_cond_not(c);
        yes = i->c;
        no = i->b;
    }
    if (type_class((IrType)i->type) == RC_FLOAT) {
        x64_hit(l, X64_RULE_select_float);
        Reg ry = lower_use(l, yes), rn = lower_use(l, no);
        MInsn *s = x64_ins(l, X64_FSEL, size);
        s->cc = c.cc;
        s->aux = c.fp;
        x64_def_same(l, d, rn);
        LOWER_USE(l, ry);
        return;
    }
    Reg ry = x64_use_low(l, yes), rn = x64_use_low(l, no);
    if (c.fp == X64_PLAIN) {
        x64_hit(l, X64_RULE_select);
        conditional_move(l, d, rn, ry, size, c.cc);
    } else {
        x64_hit(l, X64_RULE_select_two_flags);
        Reg t = lower_temp(l, (IrType)i->type);
        conditional_move(l, t, rn, ry, size, c.cc);
        conditional_move(l, d, t, ry, size, X64_P);
    }
}

static void compare_unsigned(Lower *l, Val a, Val b) {
    int64_t imm;
    Reg ra = lower_use(l, a);
    if (x64_imm32(l, b, &imm)) {
        x64_ins(l, X64_CMP_I, 4)->imm = imm;
        LOWER_USE(l, ra);
        return;
    }
    Reg rb = lower_use(l, b);
    x64_ins(l, X64_CMP, 4);
    LOWER_USE(l, ra);
    LOWER_USE(l, rb);
}

static Reg small_constant(Lower *l, uint32_t c) {
    Reg r = lower_temp(l, T_I32);
    x64_ins(l, X64_MOV_I, 4)->imm = c;
    LOWER_DEF(l, r);
    return r;
}

/* cmov is not predicted, so what depends on its result waits for the comparison. */
void x64_lower_mask(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), zero = small_constant(l, 0);
    x64_hit(l, X64_RULE_mask);
    compare_unsigned(l, i->a, i->b);
    conditional_move(l, d, lower_use(l, i->a), zero, 4, X64_AE);
}

/* -- Branches and traps -------------------------------------------------------------------- */

static void branch(Lower *l, X64Cond c) {
    MInsn *i = x64_ins(l, X64_JCC, 8);
    i->cc = c.cc;
    i->aux = c.fp;
    i->flags = MF_BRANCH;
}

void x64_lower_brif(Lower *l, Val v) {
    X64Cond c = x64_lower_cond(l, lower_ins(l, v)->a, v);
    x64_hit(l, X64_RULE_brif);
    branch(l, c);
}

void x64_lower_brtable(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    const Blk *b = &l->f->blk.at[l->blk];
    if (b->succ.n == 2) {
        x64_hit(l, X64_RULE_brtable_two);
        test_zero(l, i->a, v);
        branch(l, plain(X64_E));
        return;
    }
    x64_hit(l, X64_RULE_brtable);
    Reg index = lower_use(l, i->a); /* all 64 bits count */
    if (l->o->spectre) {            /* no branch to guess: the index is cut to that of the last successor */
        x64_hit(l, X64_RULE_brtable_mask);
        Reg limit = small_constant(l, b->succ.n - 1), cut = lower_temp(l, T_I32);
        x64_ins(l, X64_CMP, 4);
        LOWER_USE(l, index);
        LOWER_USE(l, limit);
        conditional_move(l, cut, limit, index, 4, X64_B);
        index = cut;
    }
    MInsn *m = x64_ins(l, X64_BRTABLE, 4);
    m->flags = MF_BRANCH;
    m->imm = l->o->spectre;
    LOWER_USE(l, index);
    lower_opnd(l, lower_temp(l, T_I64), OPND_DEF_EARLY, OC_REG, 0);
}

static void trap_if(Lower *l, X64Cond c, uint8_t kind) {
    MInsn *i = x64_ins(l, X64_TRAPCC, 8);
    i->cc = c.cc;
    i->imm = c.fp;
    i->aux = kind;
}

void x64_lower_trap_if(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    X64Cond c = x64_lower_cond(l, i->a, v);
    x64_hit(l, X64_RULE_trap_if);
    trap_if(l, i->op == IR_trapz ? x64_cond_not(c) : c, i->aux);
}

/* Add to or subtract from the fuel, which has a register. */
static void change_fuel(Lower *l, uint32_t amount, bool add) {
    Reg by = REG_NONE;
    if (amount > INT32_MAX) { /* beyond a sign-extended immediate */
        by = lower_temp(l, T_I64);
        x64_ins(l, X64_MOV_I, 8)->imm = amount;
        LOWER_DEF(l, by);
        x64_ins(l, add ? X64_ADD : X64_SUB, 8);
    } else {
        x64_ins(l, add ? X64_ADD_I : X64_SUB_I, 8)->imm = amount;
    }
    LOWER_DEF(l, X64_FUEL);
    LOWER_USE(l, X64_FUEL);
    if (by != REG_NONE) LOWER_USE(l, by);
}

/* The same with the depth, which is in the execution state. */
static void change_depth(Lower *l, uint32_t amount, bool add) {
    if (amount <= INT32_MAX) {
        x64_ins(l, add ? X64_ADD_MI : X64_SUB_MI, 8);
        lower_last(l)->aux = amount;
    } else {
        Reg t = lower_temp(l, T_I64);
        x64_ins(l, X64_MOV_I, 8)->imm = amount;
        LOWER_DEF(l, t);
        x64_ins(l, add ? X64_ADD_MR : X64_SUB_MR, 8);
        LOWER_USE(l, t);
    }
    lower_last(l)->imm = ES_DEPTH;
    LOWER_USE(l, X64_STATE);
}

static void change_counter(Lower *l, uint32_t counter, uint32_t amount, bool add) {
    if (counter)
        change_depth(l, amount, add);
    else
        change_fuel(l, amount, add);
}

void x64_lower_charge(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    x64_hit(l, X64_RULE_charge);
    change_counter(l, i->aux, i->a, false);
    trap_if(l, plain(X64_S), i->aux ? CODE_TRAP_EXHAUSTION : CODE_TRAP_FUEL);
}

/* Those of one counter that follow each other are one change and one check. */
void x64_lower_charges(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    const ChargePart *part = ins_charges(l->f, i);
    for (uint32_t k = 0, n; k < i->b; k += n) {
        uint32_t sum = 0;
        for (n = 0; k + n < i->b && part[k + n].counter == part[k].counter; n++) sum += part[k + n].amount;
        x64_hit(l, X64_RULE_charges);
        change_counter(l, part[k].counter, sum, false);
        trap_if(l, plain(X64_S), part[k].counter ? CODE_TRAP_EXHAUSTION : CODE_TRAP_FUEL);
        lower_charges(l, part + k, n);
    }
}

void x64_lower_refund(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    x64_hit(l, X64_RULE_refund);
    change_counter(l, i->aux, i->a, true);
}

void x64_lower_poll(Lower *l) {
    Reg epoch = lower_temp(l, T_I64);
    x64_hit(l, X64_RULE_poll);
    x64_lower_es_load(l, epoch, ES_EPOCH, T_I64);
    X64Addr deadline = {.base = X64_STATE, .index = REG_NONE, .disp = ES_DEADLINE};
    x64_ins(l, X64_CMP_M, 8);
    LOWER_USE(l, epoch);
    x64_use_addr(l, &deadline);
    trap_if(l, plain(X64_AE), CODE_TRAP_INTERRUPT);
}
