/* The optimizer's table of contents.
 *
 * Order: inline before all, so that the others see its copies; branch and params next, since the builder leaves blocks
 * that do nothing; fold before gvn, so that equal
 * values look equal; load behind gvn, so that equal addresses are one value; licm before bounds, so that lengths and
 * addresses that meet in a preheader are one value by then; then a second round over what these have opened, and dead
 * code last.  A pass that has run already is left out when nothing was rewritten since then: it would find nothing. */
#include <string.h>
#include "opt/opt.h"
#include "opt/pass.h"

typedef struct PassInfo {
    const char *name;
    OptPass *run;
} PassInfo;

typedef enum Pass { INLINE, PARAMS, BRANCH, FOLD, GVN, LOAD, LICM, BOUNDS, CHARGE, DCE, PASS_COUNT } Pass;

static const PassInfo passes[PASS_COUNT] = {
    [INLINE] = {"inline", opt_inline}, /* calls of small leaves */
    [PARAMS] = {"params", opt_params}, /* redundant block parameters */
    [BRANCH] = {"branch", opt_branch}, /* branches, threading, merging */
    [FOLD] = {"fold", opt_fold},       /* local rules */
    [GVN] = {"gvn", opt_gvn},          /* common values, decided checks */
    [LOAD] = {"load", opt_load},       /* redundant loads of fields and memory */
    [LICM] = {"licm", opt_licm},       /* loop invariants */
    [BOUNDS] = {"bounds", opt_bounds}, /* dominated bounds checks */
    [CHARGE] = {"charge", opt_charge}, /* merged charges */
    [DCE] = {"dce", opt_dce},          /* dead values and parameters */
};

typedef struct Step {
    Pass pass;
    uint32_t level; /* the least one that runs it */
} Step;

static const Step steps[] = {
    {INLINE, 2}, {BRANCH, 1}, {PARAMS, 1}, {FOLD, 1},   {GVN, 1},    {LOAD, 1}, {LICM, 2}, {GVN, 2},
    {LOAD, 2},   {FOLD, 1},   {BOUNDS, 2}, {BRANCH, 1}, {CHARGE, 1}, {GVN, 2},  {DCE, 1},
};

void opt_run(Fn *f, const OptOptions *o) {
    uint32_t seen[PASS_COUNT]; /* rewrites made when the pass had last run */
    memset(seen, 0xff, sizeof seen);
    cfg_build(f);
    f->rewrites = o->rewrites;
    for (uint32_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        Pass pass = steps[k].pass;
        if (steps[k].level > o->level) continue;
        if (!f->rewrites || f->rewrites->made != seen[pass]) passes[pass].run(f);
        if (f->rewrites) seen[pass] = f->rewrites->made;
        if (o->stages && o->stages->on_ir) o->stages->on_ir(o->stages->user, passes[pass].name, f);
    }
    f->rewrites = NULL;
}

OptPass *opt_find(const char *name) {
    for (uint32_t k = 0; k < PASS_COUNT; k++)
        if (strcmp(passes[k].name, name) == 0) return passes[k].run;
    return NULL;
}

const char *opt_name(uint32_t i) { return i < PASS_COUNT ? passes[i].name : NULL; }
