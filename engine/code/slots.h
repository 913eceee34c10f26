/* Spill slots: which one a virtual register gets, so that the frame stays small.
 *
 * Homes are given to registers that live over an interval, by interval colouring (optimal for intervals: as many slots as
 * are live at once).  Local slots are handed out and given back one by one.  There are three pools - integers, floats, vectors - that
 * share nothing: parallel moves of one class then never touch a location of another.
 * Until slots_finish a slot's Loc is provisional: good for comparison, and distinct from every register. */
#pragma once
#include "code/alloc.h"

typedef enum SlotPool { POOL_WIDE, POOL_INT, POOL_FLOAT, POOL_COUNT } SlotPool;

typedef struct SlotWant {
    uint32_t lo, hi, vreg;
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
void slots_want(Slots *s, uint32_t vreg, IrType t, uint32_t lo, uint32_t hi); /* live in lo..hi, both included */
void slots_assign_homes(Slots *s);                                            /* once, before local slots are taken */
Loc slots_take_local(Slots *s, uint32_t vreg, IrType t);
void slots_give_back(Slots *s, uint32_t vreg); /* a local slot; of a register that has none or a home: nothing */
void slots_end_block(Slots *s);                /* give back all local slots */
/* Final numbers in the operands and edits; returns how many slots there are. */
uint32_t slots_finish(Slots *s, Alloc *ra, uint32_t nopnd);
