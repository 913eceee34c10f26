/* Inside of the linear-scan allocator: what its three files share.
 *
 *   regalloc_linear.c          positions, loops, intervals (build)
 *   regalloc_linear_scan.c     a location for each piece of each interval (scan)
 *   regalloc_linear_resolve.c  operands, and the moves that connect the pieces (resolve)
 *
 * Positions.  Instruction i owns the positions 8i .. 8i+7, the first four of them in the gap in front of it, where its
 * edits run:
 *   - +0: results of i-1 in fixed registers are moved to where their values live
 *   - +1: pieces of intervals meet: the only place inside a block where a value changes its location by a move
 *   - +2: values are copied to the fixed and tied operands of i, which take their registers from +3 on
 *   - +4: uses are read (until +5), DEF_EARLY written
 *   - +5: clobbers
 *   - +6: definitions are written
 *
 * A block starts at +0 of its first instruction and ends at +0 of the next block's; pieces may meet there, too, and the
 * edges then move.  So a piece begins at a definition, at +1, or at the start of a block - or in the middle of an
 * instruction, when a use needs the register that the instruction then takes away; such a piece lives in its slot, and
 * the value is stored in front of the instruction. */
#pragma once
#include "code/alloc.h"
#include "code/live.h"
#include "code/slots.h"

enum {
    POS_BITS = 3,
    AT_RESULT = 0,
    AT_SPLIT = 1,
    AT_COPY = 2,
    AT_FIXED = 3,
    AT_USE = 4,
    AT_CLOBBER = 5,
    AT_DEF = 6,
    AT_NEXT = 8
};
#define POS(insn, part) (((uint32_t)(insn) << POS_BITS) + (uint32_t)(part))
#define POS_MAX UINT32_MAX
#define NIL UINT32_MAX /* no index */

/* ORDER UseKind: from U_USE on, a register is needed */
typedef enum UseKind {
    U_HINT, /* a parameter's or fixed result's start: nothing is needed */
    U_COPY, /* read from anywhere to a fixed or tied operand */
    U_EDGE, /* edge argument, read at the end of the block */
    U_ANY,  /* OC_ANY */
    U_ANY_LATE,
    U_USE,
    U_DEF,
    U_TIED, /* OC_SAME definition */
    U_LATE,
    U_EARLY
} UseKind;

typedef struct UsePos {
    uint32_t pos;
    Reg hint; /* the register that would save a move: physical, or that of another virtual one; REG_NONE */
    uint32_t kind;
} UsePos;

/* A piece of the interval of a virtual register: a window on its ranges and uses. */
typedef struct Ival {
    uint32_t vreg;       /* index */
    uint32_t start, end; /* its ranges are cut to [start, end) */
    uint32_t r0, r1;     /* of Linear.range */
    uint32_t u0, u1;     /* of Linear.use */
    uint32_t next;       /* next piece of the register, or NIL */
    uint32_t node;       /* node of range r0 when in a register, one for each range */
    Loc loc;             /* register; LOC_SLOT: its slot; LOC_NONE: not yet known */
} Ival;

typedef struct Node { /* a range that is assigned to a register; lists by position */
    uint32_t from, to, ival, prev, next;
} Node;

typedef struct Loop { /* over layout: the blocks first..last */
    uint32_t first, last, parent;
} Loop;

typedef struct Linear {
    Arena *arena;
    MFn *m;
    const Target *t;
    Alloc *ra;
    Live *live;
    Slots slots;
    uint32_t nvregs;
    uint32_t *block_of;    /* by instruction */
    VEC(uint32_t) special; /* instructions with fixed or tied operands or clobbers, and moves; ascending */
    Loop *loop;
    uint32_t *loop_of; /* by block: innermost loop, or NIL */
    VEC(Range) range;
    UsePos *use;
    uint32_t *first_use; /* by vreg, one more than vregs */
    VEC(Ival) ival;
    uint32_t *first_ival;    /* by vreg, or NIL */
    VEC(Range) fixed[64];    /* by register: where fixed operands have it */
    VEC(uint32_t) * clobber; /* by clobber set: instructions */
    /* By instruction: the first position there or behind where a register is fixed, and where some are clobbered. */
    uint32_t *next_fixed, *next_clobber;
    uint32_t nclobber;
    uint8_t *hint;   /* by vreg: the register it had last or would like to have, or NO_HINT */
    bool *uses_hint; /* by vreg: some use has a hint */
    RegSet allocatable;
} Linear;
enum { NO_HINT = 255 };

static inline bool is_block_start(const Linear *l, uint32_t insn) {
    return insn >= l->m->insn.n || l->m->block.at[l->block_of[insn]].first == insn;
}
static inline IrType vreg_type_at(const Linear *l, uint32_t v) { return (IrType)l->m->vreg_type.at[v]; }
/* Where the need of a use ends; from its pos on it has to be in one place. */
static inline uint32_t use_end(const UsePos *u) {
    uint32_t base = u->pos & ~(uint32_t)7;
    switch (u->kind) {
    case U_HINT: return u->pos;
    case U_COPY: return base + AT_FIXED;
    case U_ANY:
    case U_USE: return base + AT_CLOBBER;
    default: return base + AT_NEXT;
    }
}
/* Estimate of how often a block runs. */
static inline uint64_t block_weight(const MFn *m, uint32_t b) {
    uint32_t d = m->block.at[b].loop_depth;
    return UINT64_C(1) << 3 * (d < 8 ? d : 8);
}

void linear_build(Linear *l);
void linear_scan(Linear *l);
void linear_resolve(Linear *l);
