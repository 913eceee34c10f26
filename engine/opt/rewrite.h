/* Rewrites: each single change that the optimizer makes to a function, by a named rule, numbered.
 *
 * Every pass asks here before it changes anything (opt_rewrite), or says here what a rule has done (opt_rewrote), so
 * one place counts how often each rule fired, stops after a given number (the knob opt-limit, which bisection of a
 * miscompile turns), and tells an observer.
 *
 * Numbers begin at 1 and go on from function to function of a module, in the order of compilation; they depend on the
 * module, the level and nothing else.  What a pass does without asking changes nothing that runs: it removes
 * unreachable blocks and brings facts up to date. */
#pragma once
#include "ir/ir.h"
#include "ir/stage.h"

/* ORDER FoldRule: the rules of folding come first. */
typedef enum OptRule {
    FOLD_constant, /* any pure operation on constants -> constant */
    FOLD_commute,  /* a constant to the right of a commutative operation */
#define FOLD(op, id, fn, text) FOLD_##id,
#include "opt/fold.def"
#undef FOLD
    FOLD_COUNT,
    RULE_BEFORE_OTHERS = FOLD_COUNT - 1,
#define RULE(pass, id, text) RULE_##id,
#include "opt/rule.def"
#undef RULE
    OPT_RULE_COUNT
} OptRule;

const char *opt_rule_name(OptRule r);
const char *opt_rule_pass(OptRule r); /* name of the pass it belongs to */
const char *opt_rule_text(OptRule r); /* what becomes what */

/* NULL in Fn.rewrites: no limit, and nobody counts. */
typedef struct Rewrites {
    uint32_t made;        /* so far */
    uint32_t limit;       /* no more than that; REWRITES_ALL */
    uint32_t *hits;       /* by OptRule, counted up; may be NULL */
    const Stages *stages; /* whose on_rewrite is told; may be NULL */
} Rewrites;
#define REWRITES_ALL UINT32_MAX

/* What on_rewrite is given. */
typedef struct Rewrite {
    uint32_t number;
    OptRule rule;
    const Fn *f;
    Val v; /* the value that is changed or goes, or the end of the block at which edges are changed; 0: many */
} Rewrite;

/* May another rewrite happen? */
static inline bool opt_may_rewrite(const Fn *f) { return !f->rewrites || f->rewrites->made < f->rewrites->limit; }
/* The rule has changed v, after opt_may_rewrite. */
void opt_rewrote(Fn *f, OptRule rule, Val v);
/* May the rule change v?  Then it must do so. */
static inline bool opt_rewrite(Fn *f, OptRule rule, Val v) {
    if (!opt_may_rewrite(f)) return false;
    if (f->rewrites) opt_rewrote(f, rule, v);
    return true;
}
