/* Liveness of virtual registers at block granularity.
 *
 * A value is live into a block when it is needed there or beyond but not defined there.  Block parameters are defined
 * at the start of their block, edge arguments are used at the end of the predecessor. */
#pragma once
#include "code/mach.h"

typedef struct LiveRun { /* live into the blocks first..last, which are neighbours in layout */
    uint32_t first, last;
    bool out; /* live out of the last one; of the others, always */
} LiveRun;

typedef struct Live {
    uint32_t nvregs;
    uint32_t *in_edge;   /* by block whose predecessor has several successors: which of them it is */
    uint32_t *def_block; /* by vreg - REG_VIRTUAL; UINT32_MAX: never defined */
    bool *def_out;       /* by vreg: live out of its defining block */
    uint32_t *first_run; /* runs of vreg v are [first_run[v], first_run[v + 1]) of run, ascending */
    VEC(LiveRun) run;
} Live;

Live *live_build(Arena *a, const MFn *m);

/* The edge from predecessor p of block b. */
static inline const MEdge *live_edge(const Live *l, const MFn *m, uint32_t p, uint32_t b) {
    const MBlock *from = &m->block.at[p];
    return &from->succ.at[from->succ.n == 1 ? 0 : l->in_edge[b]];
}
