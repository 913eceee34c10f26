/* Redundant loads of instance fields and of linear memory.
 *
 * Purpose: a load whose value is known already, from a load or a store of the same bytes, is that value: from the
 * context (globals, table and memory descriptions, saved results) and from linear memory.
 *
 * Algorithm: forward over extended basic blocks, that is over the dominator tree as far as blocks have one
 * predecessor, with a small table of available fields; changes to the table are logged and undone when a subtree is
 * done.
 *
 * What ends availability: a call; a store to the same side (linear memory, or the rest), unless it is to other bytes
 * at the same base, for addresses are 64 bits wide and do not wrap; for fields also charge and refund, which write
 * counters of the execution state, unless the base is the function's context argument, which is another object.  Linear
 * memory and context never overlap (ir.h).
 *
 * An access of linear memory whose fault is a trap may go too: the same bytes have been accessed before, and a memory
 * never shrinks.
 *
 * Requires: pass.h.
 *
 * Guarantees: only loads are removed; stores stay.
 *
 * Cost: linear; the table is bounded. */
#include "base/bits.h"
#include "opt/pass.h"

enum { MAX_FIELDS = 32 }; /* the bits of Load.used */

typedef struct Field {
    Val base, v; /* v 0: the slot is free */
    uint32_t displacement;
    uint8_t access, type;
    bool heap; /* linear memory */
} Field;

typedef struct Change {
    uint32_t slot;
    Field was;
} Change;

typedef struct Scope {
    uint32_t last, change; /* as in gvn.c */
} Scope;

typedef struct Load {
    Fn *f;
    Forward fwd;
    Val context; /* the function's first parameter, or 0 */
    Field field[MAX_FIELDS];
    uint32_t used; /* a bit for each slot that is not free */
    uint32_t next; /* slot to be replaced when none is free */
    VEC(Change) change;
    VEC(Scope) scope;
} Load;

/* Each slot that was not free in the beginning. */
#define FOR_FIELDS(l, k) for (uint32_t left_ = (l)->used, k; left_ && (k = bits_ctz32(left_), true); left_ &= left_ - 1)

static void put_field(Load *l, uint32_t slot, Field to) {
    uint32_t bit = UINT32_C(1) << slot;
    l->used = to.v ? l->used | bit : l->used & ~bit;
    l->field[slot] = to;
}

static void set_field(Load *l, uint32_t slot, Field to) {
    Change c = {slot, l->field[slot]};
    vec_push(l->f->scratch, &l->change, c);
    put_field(l, slot, to);
}

static void leave_scope(Load *l) {
    uint32_t keep = l->scope.at[--l->scope.n].change;
    while (l->change.n > keep) {
        const Change *c = &l->change.at[--l->change.n];
        put_field(l, c->slot, c->was);
    }
}

static void forget_all(Load *l) { FOR_FIELDS(l, k) set_field(l, k, (Field){0}); }

/* A counter of the execution state changes. */
static void forget_counters(Load *l) {
    FOR_FIELDS(l, k) {
        const Field *f = &l->field[k];
        if (!f->heap && !(l->context && f->base == l->context)) set_field(l, k, (Field){0});
    }
}

static void forget_overlaps(Load *l, Val base, uint32_t displacement, uint32_t bytes, bool heap) {
    FOR_FIELDS(l, k) {
        const Field *f = &l->field[k];
        if (f->heap != heap) continue;
        bool disjoint = f->base == base && ((uint64_t)f->displacement + access_bytes[f->access] <= displacement ||
                                            (uint64_t)displacement + bytes <= f->displacement);
        if (!disjoint) set_field(l, k, (Field){0});
    }
}

static void remember(Load *l, Field f) {
    uint32_t slot = l->next;
    if (l->used != UINT32_MAX)
        slot = 31 - bits_clz32(~l->used); /* the last one that is free */
    else
        l->next = (l->next + 1) % MAX_FIELDS;
    set_field(l, slot, f);
}

static Val available(const Load *l, const Field *want) {
    FOR_FIELDS(l, k) {
        const Field *f = &l->field[k];
        if (f->base == want->base && f->displacement == want->displacement && f->access == want->access &&
            f->type == want->type && f->heap == want->heap)
            return f->v;
    }
    return 0;
}

/* True when the load is redundant. */
static bool visit_load(Load *l, Val v, const Ins *i) {
    bool heap = (i->flags & MEM_HEAP) != 0, field = (i->flags & (MEM_CONTEXT | MEM_TRAPS)) == MEM_CONTEXT;
    if ((i->flags & MEM_CONST) || (!heap && !field)) return false;
    Field f = {.base = i->a, .v = v, .displacement = i->b, .access = i->aux, .type = i->type, .heap = heap};
    Val same = available(l, &f);
    if (!same) remember(l, f);
    if (!same || !opt_rewrite(l->f, heap ? RULE_load_heap : RULE_load_known, v)) return false;
    forward_set(&l->fwd, v, same);
    return true;
}

/* What is read again is what was stored. */
static bool is_whole(uint8_t access) {
    return access == ACC_32 || access == ACC_64 || access == ACC_F32 || access == ACC_F64 || access == ACC_V128;
}

static void visit_store(Load *l, const Ins *i) {
    bool heap = (i->flags & MEM_HEAP) != 0;
    forget_overlaps(l, i->a, i->c, access_bytes[i->aux], heap);
    uint8_t type = l->f->ins.at[i->b].type;
    if (!is_whole(i->aux) || !(i->flags & (MEM_CONTEXT | MEM_HEAP))) return;
    remember(l, (Field){.base = i->a, .v = i->b, .displacement = i->c, .access = i->aux, .type = type, .heap = heap});
}

static void visit_block(Load *l, BlkId b) {
    Blk *blk = &l->f->blk.at[b];
    Val *list = blk->list.at;
    uint32_t n = 0, end = blk->list.n;
    if (blk->pred.n != 1) forget_all(l);
    for (uint32_t k = 0; k < end; k++) {
        Val v = list[k];
        Ins *i = &l->f->ins.at[v];
        forward_operands(&l->fwd, i);
        if (i->op == IR_load && visit_load(l, v, i)) continue;
        list[n++] = v;
        if (!(ir_info[i->op].flags & (IRF_W | IRF_T | IRF_K))) continue;
        if (i->op == IR_store) visit_store(l, i);
        if (i->op == IR_charge || i->op == IR_charges || i->op == IR_refund) forget_counters(l);
        if (ir_has(i->op, IRF_K)) forget_all(l);
    }
    blk->list.n = n;
}

void opt_load(Fn *f) {
    pass_begin(f);
    Load l = {.f = f};
    const Blk *entry = &f->blk.at[0];
    if (entry->param.n && f->ins.at[entry->param.at[0]].type == T_I64) l.context = entry->param.at[0];
    forward_init(&l.fwd, f);
    const BlkId *order = blk_dom_order(f);
    for (uint32_t i = 0; i < f->rpo.n; i++) {
        while (l.scope.n && l.scope.at[l.scope.n - 1].last < i) leave_scope(&l);
        Scope s = {f->blk.at[order[i]].dom_last, l.change.n};
        vec_push(f->scratch, &l.scope, s);
        visit_block(&l, order[i]);
    }
    forward_apply_args(&l.fwd);
}
