/* Register allocation: the result, the two allocators, and the checker.
 *
 * `regalloc_fast` (-O0): one pass over the blocks in layout order, each of which begins with what its first
 *   predecessor has in registers, or part of it.
 * `regalloc_linear` (-O1, -O2): linear scan over live intervals with holes and splitting (Wimmer and
 *   Moessenboeck, "Optimized interval splitting in a linear scan register allocator", VEE 2005; Wimmer and Franz,
 *   "Linear scan register allocation on SSA form", CGO 2010).
 * Both leave MFn alone but for block parameters' and edges' moves, which become edits.
 *
 * `alloc_check`: symbolic checker (the algorithm of regalloc2's checker: for each program point, which virtual
 * registers does each location hold; meet by intersection); proves that each use reads the value its virtual register
 * stands for, that constraints hold and nothing live is clobbered. */
#pragma once
#include "code/target.h"

typedef uint32_t Loc; /* physical register 0..63, or LOC_SLOT + n */
enum { LOC_SLOT = 64 };
#define LOC_NONE UINT32_MAX
static inline bool loc_is_slot(Loc l) { return l != LOC_NONE && l >= LOC_SLOT; }

/* A move between the instructions: after all that came before insn `at`, before it runs.  Edits with one `at` are done
 * in array order (parallel moves have been put in sequence).  Edits on an edge are placed at the end of the predecessor
 * (before its branch) or the start of the successor. */
typedef struct Edit {
    uint32_t at;
    Loc from, to;
    uint32_t type; /* IrType: how many bytes */
} Edit;

typedef struct Alloc {
    Loc *opnd;       /* one for each of MFn.opnd */
    VEC(Edit) edit;  /* sorted by `at` */
    uint32_t nslots; /* spill slots of 8 bytes; a v128 takes two, the first one even */
    RegSet saved;    /* callee-saved registers that are written */
} Alloc;

Alloc *regalloc_fast(Arena *a, MFn *m, const Target *t);
Alloc *regalloc_linear(Arena *a, MFn *m, const Target *t);
bool alloc_check(const MFn *m, const Target *t, const Alloc *ra, char *msg, uint32_t size);

/* Put parallel moves in sequence.  `scratch` (of the moves' class) breaks cycles; slot to slot moves are left as such
 * (the target's move does them without the cycle scratch).  Appends to `out`.  All moves are of one class. */
typedef struct Move {
    Loc from, to;
    uint32_t type;
} Move;
void moves_sequence(Arena *a, const Move *move, uint32_t n, Loc scratch, Move **out, uint32_t *nout);
