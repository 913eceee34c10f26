/* Passes: each proposes candidates in a fixed order.  Private to fuzz/reduce. */
#pragma once
#include "base/map.h"
#include "fuzz/edit/edit.h"
#include "fuzz/edit/flow.h"
#include "fuzz/reduce/probe.h"
#include "fuzz/reduce/reduce.h"

/* Compared in this order. */
typedef struct ReduceCost {
    uint64_t code;  /* weights of all instructions */
    uint64_t bytes; /* of the module */
    uint64_t bits;  /* magnitude of constants and arguments */
} ReduceCost;
ReduceCost reduce_cost(const Edit *e, uint32_t bytes);
bool cost_less(const ReduceCost *a, const ReduceCost *b);
/* How far a constant is from being plain: 0 for 0, 1 for 1 ... */
uint32_t cost_of_value(ValType t, const Value *v);

typedef struct Reducer {
    const ReduceOracle *oracle;
    const ReduceOptions *o;
    ReduceResult *result;
    ReduceStats *stats;
    ReduceBucket want;
    uint64_t began;
    Arena arena;   /* of the module as it stands: */
    Arena spare;   /* becomes `arena` with the next candidate that is taken */
    Arena scratch; /* candidates */
    Arena memo;
    Map asked; /* hash of bytes: asked before (or not worth it) */
    ReduceBytes bytes;
    bool out;  /* it runs out of fuel */
    bool ends; /* nothing is taken for it that would, where it does not */
    Edit cur;
    ReduceCost cost;
    Flow **flow; /* of cur's bodies, as far as they were needed */
    Probe probe; /* of cur, once it was needed */
} Reducer;

/* Of the module as it stands. */
const Flow *reducer_flow(Reducer *r, uint32_t body);
const Probe *reducer_probe(Reducer *r);

/* Where a pass is.  After a candidate is taken the pass goes on with `body` and `again` in place of `at`, variant 0. */
typedef struct Cursor {
    uint32_t body, at, variant, chunk;
    uint32_t again;
    bool begun;
} Cursor;

typedef enum PassWhen {
    PASS_ALWAYS,
    PASS_FIRST, /* in the first round alone */
    PASS_LAST   /* once, when nothing else finds any more */
} PassWhen;

typedef struct Pass {
    const char *name;
    /* The next candidate behind the cursor; false: there is none.  `cand` is a fresh copy of cur at each call. */
    bool (*next)(Reducer *r, Cursor *c, Edit *cand);
    bool free; /* its candidates need not be cheaper: the pass itself sees to it that it ends */
    PassWhen when;
} Pass;

extern const Pass reduce_passes[];
extern const uint32_t reduce_npasses;

/* -- Shared by passes ------------------------------------------------------------------------- */

/* Chunks of a list of `count` items, from all of them to one, each in some variants; false: at the end.  Goes on at the
 * chunk's beginning when it is taken: a pass whose items stay sets c->again to the chunk's end. */
bool cursor_chunk(Cursor *c, uint32_t count, uint32_t variants, uint32_t *from, uint32_t *n, uint32_t *variant);

typedef enum Try {
    TRY_DONE, /* there is no such variant, nor a later one */
    TRY_SKIP,
    TRY_YES /* cand is changed */
} Try;
/* Variant number `variant` of a change at item i.  c->again: i + 1 unless it is set to the item, plus 1, to go on with.
 */
typedef Try TryAt(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand);
/* All instructions of all bodies (c->body), each body from its end: whole expressions come before their parts. */
bool walk_code(Reducer *r, Cursor *c, Edit *cand, TryAt *at);
/* Items count - 1 ... 0. */
bool walk_list(Reducer *r, Cursor *c, Edit *cand, uint32_t count, TryAt *at);

static inline EditSeq body_code(const Reducer *r, uint32_t body) { return r->cur.body[body].code; }
/* Replace [from, to) of a body. */
void put_code(Edit *cand, uint32_t body, uint32_t from, uint32_t to, const EditInstr *by, uint32_t n);
/* A plainer value, by variant; false: no such variant. */
bool plainer(ValType t, Value v, uint32_t variant, Value *out);
/* How often code, segments, initial values and the start section name the function. */
uint32_t uses_of_func(EditSeq s, uint32_t func);
uint32_t func_uses(const Edit *e, uint32_t func);
bool exported(const Edit *e, uint32_t func);
/* Give function `func` another type; its code and callers are another matter. */
void put_type(Edit *e, uint32_t func, const ValType *param, uint32_t nparam, const ValType *result, uint32_t nresult);
/* The step calls this function. */
bool step_calls(const Edit *e, const PlanStep *s, uint32_t func);

#define ALL_KINDS ((1u << REF_LOCAL) - 1)

bool pass_steps(Reducer *r, Cursor *c, Edit *cand);
bool pass_fuel(Reducer *r, Cursor *c, Edit *cand);
bool pass_arguments(Reducer *r, Cursor *c, Edit *cand);
bool pass_limits(Reducer *r, Cursor *c, Edit *cand);
bool pass_promote(Reducer *r, Cursor *c, Edit *cand);
bool pass_functions(Reducer *r, Cursor *c, Edit *cand);
bool pass_exports(Reducer *r, Cursor *c, Edit *cand);
bool pass_start(Reducer *r, Cursor *c, Edit *cand);
bool pass_segments(Reducer *r, Cursor *c, Edit *cand);
bool pass_elems(Reducer *r, Cursor *c, Edit *cand);
bool pass_zeros(Reducer *r, Cursor *c, Edit *cand);
bool pass_items(Reducer *r, Cursor *c, Edit *cand);
bool pass_data(Reducer *r, Cursor *c, Edit *cand);
bool pass_collect(Reducer *r, Cursor *c, Edit *cand);
bool pass_imports(Reducer *r, Cursor *c, Edit *cand);
bool pass_sizes(Reducer *r, Cursor *c, Edit *cand);
bool pass_globals(Reducer *r, Cursor *c, Edit *cand);
bool pass_types(Reducer *r, Cursor *c, Edit *cand);
bool pass_names(Reducer *r, Cursor *c, Edit *cand);
bool pass_dead(Reducer *r, Cursor *c, Edit *cand);
bool pass_unexecuted(Reducer *r, Cursor *c, Edit *cand);
bool pass_statements(Reducer *r, Cursor *c, Edit *cand);
bool pass_ranges(Reducer *r, Cursor *c, Edit *cand);
bool pass_drops(Reducer *r, Cursor *c, Edit *cand);
bool pass_expressions(Reducer *r, Cursor *c, Edit *cand);
bool pass_values(Reducer *r, Cursor *c, Edit *cand);
bool pass_parameters(Reducer *r, Cursor *c, Edit *cand);
bool pass_truncate(Reducer *r, Cursor *c, Edit *cand);
bool pass_control(Reducer *r, Cursor *c, Edit *cand);
bool pass_calls(Reducer *r, Cursor *c, Edit *cand);
bool pass_inline(Reducer *r, Cursor *c, Edit *cand);
bool pass_constants(Reducer *r, Cursor *c, Edit *cand);
bool pass_locals(Reducer *r, Cursor *c, Edit *cand);
bool pass_forward(Reducer *r, Cursor *c, Edit *cand);
bool pass_signatures(Reducer *r, Cursor *c, Edit *cand);
