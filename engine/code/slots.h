/* Spill slots: which one a virtual register gets, so that the frame stays small and moves between slots are few.
 *
 * A home is a slot for all of a register's life, which is a list of ranges (of any kind of positions); registers whose
 * ranges do not overlap may share it.  Local slots are handed out and given back one by one.  There are three pools -
 * integers, floats, vectors - that share nothing: parallel moves of one class then never touch a location of another.
 * Until slots_finish a slot's Loc is provisional: good for comparison, and distinct from every register. */
#pragma once
#include "code/alloc.h"

typedef enum SlotPool { POOL_WIDE, POOL_INT, POOL_FLOAT, POOL_COUNT } SlotPool;

typedef struct Range { /* [from, to) */
    uint32_t from, to;
} Range;

enum { SLOT_HINTS = 4 };

typedef struct SlotWant {
    uint32_t vreg;
    uint32_t nrange, nhint;
    const Range *range;        /* ascending, not empty */
    uint32_t hint[SLOT_HINTS]; /* registers that it would like to share with */
} SlotWant;

typedef struct Slots {
    Arena *arena;
    Loc *of; /* by vreg - REG_VIRTUAL; LOC_NONE */
    uint32_t nvregs;
    uint32_t count[POOL_COUNT];
    uint32_t homes[POOL_COUNT]; /* of them */
    VEC(SlotWant) want[POOL_COUNT];
    VEC(uint32_t) free[POOL_COUNT]; /* local slots */
    VEC(uint32_t) local;            /* registers that have a local slot, or had one */
} Slots;

void slots_init(Slots *s, Arena *a, uint32_t nvregs);
void slots_want(Slots *s, IrType t, const SlotWant *w); /* the ranges must stay */
void slots_assign_homes(Slots *s);                      /* once, before local slots are taken */
Loc slots_take_local(Slots *s, uint32_t vreg, IrType t);
void slots_give_back(Slots *s, uint32_t vreg); /* a local slot; of a register that has none or a home: nothing */
void slots_end_block(Slots *s);                /* give back all local slots */
/* Final numbers in the operands and edits; returns how many slots there are. */
uint32_t slots_finish(Slots *s, Alloc *ra, uint32_t nopnd);

/* First of r[lo..hi) that ends behind pos, or hi; found near lo in few steps. */
uint32_t range_behind(const Range *r, uint32_t lo, uint32_t hi, uint32_t pos);
