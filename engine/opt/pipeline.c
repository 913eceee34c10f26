/* The optimizer's table of contents.
 *
 * Order: inline before all, so that the others see its copies; branch and params next, since the builder leaves blocks
 * that do nothing; fold before gvn, so that equal
 * values look equal; load behind gvn, so that equal addresses are one value; licm before bounds, so that lengths and
 * addresses that meet in a preheader are one value by then; then a second round over what these have opened, and dead
 * code last.  A pass that has run already is left out when nothing has changed since then that it looks at: it would
 * find nothing. */
#include <string.h>
#include "opt/opt.h"
#include "opt/pass.h"

/* A rule looks at what its operands are, and how often they are used; a constant is as good as another.  A load is
 * compared with others by its address, and up to where paths meet. */
enum {
    AGAIN_GVN = CHANGED_ANY & ~CHANGED_EFFECTS,
    AGAIN_FOLD = CHANGED_VALUES | CHANGED_CODE | CHANGED_MORE,
    AGAIN_LOAD = CHANGED_VALUES | CHANGED_CONSTANTS | CHANGED_CODE | CHANGED_BLOCKS
};

typedef struct PassInfo {
    const char *name;
    OptPass *run;
    uint32_t again; /* changes (pass.h) behind which it may find more than the last time */
} PassInfo;

typedef enum Pass { INLINE, PARAMS, BRANCH, FOLD, GVN, LOAD, LICM, BOUNDS, CHARGE, DCE, PASS_COUNT } Pass;

static const PassInfo passes[PASS_COUNT] = {
    [INLINE] = {"inline", opt_inline, CHANGED_ANY}, /* calls of small leaves */
    [PARAMS] = {"params", opt_params, CHANGED_ANY}, /* redundant block parameters */
    [BRANCH] = {"branch", opt_branch, CHANGED_ANY}, /* branches, threading, merging */
    [FOLD] = {"fold", opt_fold, AGAIN_FOLD},        /* local rules */
    [GVN] = {"gvn", opt_gvn, AGAIN_GVN},            /* common values, decided checks */
    [LOAD] = {"load", opt_load, AGAIN_LOAD},        /* redundant loads of fields and memory */
    [LICM] = {"licm", opt_licm, CHANGED_ANY},       /* loop invariants */
    [BOUNDS] = {"bounds", opt_bounds, CHANGED_ANY}, /* dominated bounds checks */
    [CHARGE] = {"charge", opt_charge, CHANGED_ANY}, /* merged charges */
    [DCE] = {"dce", opt_dce, CHANGED_ANY},          /* dead values and parameters */
};

typedef struct Step {
    Pass pass;
    uint32_t level; /* the least one that runs it */
} Step;

static const Step steps[] = {
    {INLINE, 2}, {BRANCH, 1}, {PARAMS, 1}, {FOLD, 1},   {GVN, 1},    {LOAD, 1}, {LICM, 2}, {GVN, 2},
    {LOAD, 2},   {FOLD, 1},   {BOUNDS, 2}, {BRANCH, 1}, {CHARGE, 1}, {GVN, 2},  {DCE, 1},
};

/* Run the pass, if it has not run before or something has changed for it since then. */
static void run(Fn *f, Pass pass, uint32_t *changed) {
    if (!(changed[pass] & passes[pass].again)) return;
    f->changed = 0;
    passes[pass].run(f);
    for (uint32_t k = 0; k < PASS_COUNT; k++) changed[k] |= f->changed;
    changed[pass] = f->changed & CHANGED_MORE;
    if (f->scratch != f->arena) arena_reset(f->scratch);
}

void opt_run(Fn *f, const OptOptions *o) {
    uint32_t changed[PASS_COUNT]; /* since the pass had last run */
    memset(changed, 0xff, sizeof changed);
    cfg_build(f);
    f->rewrites = o->rewrites;
    if (o->scratch) f->scratch = o->scratch;
    for (uint32_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        Pass pass = steps[k].pass;
        if (steps[k].level > o->level) continue;
        run(f, pass, changed);
        if (o->stages && o->stages->on_ir) o->stages->on_ir(o->stages->user, passes[pass].name, f);
    }
    f->rewrites = NULL;
    f->scratch = f->arena;
}

OptPass *opt_find(const char *name) {
    for (uint32_t k = 0; k < PASS_COUNT; k++)
        if (strcmp(passes[k].name, name) == 0) return passes[k].run;
    return NULL;
}

const char *opt_name(uint32_t i) { return i < PASS_COUNT ? passes[i].name : NULL; }
