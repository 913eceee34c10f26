/* Lowering of the counters of the execution state, fuel and depth, which have registers while compiled code runs.
 *
 * A counter is written also when it becomes negative: the observer sees by how much.  There are two ways to trap then:
 * a branch to a stub; or, under an emulator, a fault, since that translates block by block and a conditional branch
 * ends a block, and since flags cost it more than the difference. */
#include "a64/lower.h"
#include "code/es.h"

enum { COUNTERS = 2 };

static Reg counter_reg(uint32_t counter) { return counter ? A64_DEPTH : A64_FUEL; }

/* counter -= amount.  Sets the flag N with `flags`. */
static void take(Lower *l, Reg counter, uint32_t amount, bool flags) {
    uint32_t words[4];
    if (a64_arith_imm(amount)) {
        A64_HIT(l, charge_imm);
        a64_imm(l, flags ? A64_SUBSI : A64_SUBI, 8, counter, counter, amount);
    } else if (amount <= 0xffffff && a64_const_words(amount, 8, 0, words) > 1) {
        A64_HIT(l, charge_wide);
        Reg high = lower_temp(l, T_I64);
        a64_imm(l, A64_SUBI, 8, high, counter, amount & 0xfff000);
        a64_imm(l, flags ? A64_SUBSI : A64_SUBI, 8, counter, high,
                amount & 0xfff); /* N is that of the whole difference */
    } else {
        A64_HIT(l, charge_reg);
        Reg by = a64_constant(l, 8, amount);
        a64_ins2(l, flags ? A64_SUBS : A64_SUB, 8, counter, counter, by);
    }
}

/* An access whose address leaves user memory when the counter is negative: counters are below 2^46, so bit 46 is a
 * copy of the sign, and 2^46 above the execution state nothing is mapped. */
static void fault_if_negative(Lower *l, Reg counter, uint32_t trap) {
    Reg far = lower_temp(l, T_I64);
    a64_imm(l, A64_ANDI, 8, far, counter, UINT64_C(1) << 46);
    MInsn *i = lower_emit(l, A64_LDR);
    i->size = 4;
    i->flags = MF_FAULTS;
    i->cc = (uint8_t)trap;
    i->aux = A64_UXTX;
    LOWER_DEF(l, A64_ZR);
    LOWER_USE(l, A64_ES);
    LOWER_USE(l, far);
}

static void charge(Lower *l, uint32_t counter, uint32_t amount) {
    uint32_t trap = counter ? CODE_TRAP_EXHAUSTION : CODE_TRAP_FUEL;
    take(l, counter_reg(counter), amount, !l->o->fault_charges);
    if (l->o->fault_charges) {
        A64_HIT(l, charge_fault);
        fault_if_negative(l, counter_reg(counter), trap);
    } else {
        MInsn *m = lower_emit(l, A64_BCC);
        m->size = 8, m->cc = CC_MI, m->aux = trap;
    }
}

/* The sign of either. */
static void charge_both(Lower *l, const uint32_t amount[COUNTERS]) {
    Reg any = lower_temp(l, T_I64);
    A64_HIT(l, charge_both);
    take(l, A64_DEPTH, amount[1], false);
    take(l, A64_FUEL, amount[0], false);
    a64_ins2(l, A64_ORR, 8, any, A64_FUEL, A64_DEPTH);
    fault_if_negative(l, any, CODE_TRAP_FUEL);
}

static void charges(Lower *l, const ChargePart *part, uint32_t n) {
    uint32_t sum[COUNTERS] = {0, 0};
    for (uint32_t k = 0; k < n; k++) sum[part[k].counter] += part[k].amount;
    if (sum[0] && sum[1])
        charge_both(l, sum);
    else
        charge(l, sum[1] ? 1 : 0, sum[0] + sum[1]);
    lower_charges(l, part, n);
}

/* Those of one counter that follow each other; by faults, all of them. */
static void charge_list(Lower *l, const ChargePart *part, uint32_t n) {
    for (uint32_t k = 0, run; k < n; k += run) {
        for (run = 1; k + run < n; run++)
            if (!l->o->fault_charges && part[k + run].counter != part[k].counter) break;
        charges(l, part + k, run);
    }
}

static void refund(Lower *l, uint32_t counter, uint32_t amount) {
    Reg reg = counter_reg(counter);
    A64_HIT(l, refund);
    if (a64_arith_imm(amount)) {
        a64_imm(l, A64_ADDI, 8, reg, reg, amount);
    } else {
        Reg by = a64_constant(l, 8, amount);
        a64_ins2(l, A64_ADD, 8, reg, reg, by);
    }
}

void a64_lower_counter(Lower *l, const Ins *i) {
    if (i->op == IR_charge)
        charge(l, i->aux, i->a);
    else if (i->op == IR_charges)
        charge_list(l, ins_charges(l->f, i), i->b);
    else
        refund(l, i->aux, i->a);
}
