/* Folding rules for memory accesses, checks and branches.  Only a check that cannot fire is removed, and one that
 * always fires ends its block. */
#include "opt/fold.h"

/* x + c1 as an address; the displacements together stay below 2^31, which every back end has in its addresses. */
static bool fold_displacement(const Fold *x, Val address, uint32_t displacement, Val *base, uint32_t *sum) {
    const Ins *a = fold_def(x, address);
    uint64_t c;
    if (a->op != IR_iadd || !fold_is_const(x, a->b, &c) || c > INT32_MAX || c + displacement > INT32_MAX) return false;
    *base = a->a;
    *sum = (uint32_t)c + displacement;
    return true;
}

Val fold_load_address(Fold *x, Val v, const Ins *i) {
    Ins *at = &x->f->ins.at[v];
    return fold_displacement(x, i->a, i->b, &at->a, &at->b) ? v : NO_FOLD;
}

Val fold_store_address(Fold *x, Val v, const Ins *i) {
    Ins *at = &x->f->ins.at[v];
    return fold_displacement(x, i->a, i->c, &at->a, &at->c) ? v : NO_FOLD;
}

Val fold_store_low(Fold *x, Val v, const Ins *i) {
    if (i->aux != ACC_8U && i->aux != ACC_16U && i->aux != ACC_32U) return NO_FOLD;
    Val low = fold_low_bits(x, i->b, 8u * access_bytes[i->aux]);
    if (low == i->b) return NO_FOLD;
    x->f->ins.at[v].b = low;
    return v;
}

Val fold_trap_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->a, &c)) return NO_FOLD;
    if ((i->op == IR_trapz) != (c == 0)) return DROP_INS;
    x->f->ins.at[v] = (Ins){.op = IR_trap, .aux = i->aux};
    x->cut = true;
    return v;
}

Val fold_trap_eqz(Fold *x, Val v, const Ins *i) {
    Val a;
    return fold_is_test(x, i->a, IR_eqz, &a) ? fold_set(x, v, i->op == IR_trapz ? IR_trapnz : IR_trapz, i->aux, a, 0)
                                             : NO_FOLD;
}

Val fold_trap_nez(Fold *x, Val v, const Ins *i) {
    Val a;
    return fold_is_test(x, i->a, IR_icmp, &a) ? fold_set(x, v, i->op, i->aux, a, 0) : NO_FOLD;
}

static Val jump_to(Fold *x, Val v, uint32_t k) {
    Blk *b = &x->f->blk.at[x->blk];
    b->succ.at[0] = b->succ.at[k];
    b->succ.n = 1;
    x->cfg = true;
    return fold_set(x, v, IR_jump, 0, 0, 0);
}

Val fold_brif_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    return fold_is_const(x, i->a, &c) ? jump_to(x, v, c ? 0 : 1) : NO_FOLD;
}

Val fold_brif_eqz(Fold *x, Val v, const Ins *i) {
    Val a;
    if (!fold_is_test(x, i->a, IR_eqz, &a)) return NO_FOLD;
    Blk *b = &x->f->blk.at[x->blk];
    Edge swap = b->succ.at[0];
    b->succ.at[0] = b->succ.at[1];
    b->succ.at[1] = swap;
    x->cfg = true; /* the order of successors is part of the facts */
    return fold_set(x, v, IR_brif, 0, a, 0);
}

Val fold_brif_nez(Fold *x, Val v, const Ins *i) {
    Val a;
    return fold_is_test(x, i->a, IR_icmp, &a) ? fold_set(x, v, IR_brif, 0, a, 0) : NO_FOLD;
}

Val fold_brtable_const(Fold *x, Val v, const Ins *i) {
    uint64_t c;
    if (!fold_is_const(x, i->a, &c)) return NO_FOLD;
    uint32_t n = x->f->blk.at[x->blk].succ.n;
    return jump_to(x, v, c < n ? (uint32_t)c : n - 1);
}
