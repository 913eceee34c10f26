/* The functions of a module that may be inlined: what the optimizer asks for (opt/inline.h). */
#pragma once
#include "base/bits.h"
#include "base/map.h"
#include "code/codebuf.h"
#include "ir/build.h"
#include "opt/inline.h"

typedef struct Leaves {
    Inliner inliner;
    const Module *m;
    const InstLayout *layout;
    const BuildOptions *build;
    Arena *arena; /* of the function being compiled; what is built here goes when it goes */
    Arena *scratch;
    BitSet unfit; /* functions that were looked at in vain */
    bool begun;   /* `built` is there */
    Map built;    /* by function index: index in `fn`; of the caller at hand */
    VEC(Fn *) fn;
} Leaves;

/* `out` outlives all callers. */
void leaves_init(Leaves *l, Arena *out, Arena *tmp, Arena *scratch, const Module *m, const InstLayout *layout,
                 const BuildOptions *build);
/* Before each caller: what was built for the one before is gone. */
void leaves_begin(Leaves *l);
/* What was in the code buffer before a caller's code: number of sites and charges, and the offset of the code. */
typedef struct LeavesFrom {
    uint32_t site, charge, code;
} LeavesFrom;
/* The positions in a caller's tables become those of the module's. */
void leaves_resolve(CodeBuf *cb, const Fn *f, const LeavesFrom *from);
