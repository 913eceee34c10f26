/* What the families of mutations share: the module being changed, choosing places in it, and making code. */
#pragma once
#include "fuzz/edit/flow.h"
#include "fuzz/mutate/mutate.h"

typedef struct Mutator {
    Arena *a;
    Edit e;
    const Edit *donor; /* &e, or another module; NULL: made when the first one asks (mut_donor) */
    const uint8_t *other;
    uint32_t other_n; /* what it is made from */
    uint64_t rng;
    uint64_t legs;         /* number of the legs, see case.h; */
    bool has_legs;         /* when there is one */
    uint32_t memory, used; /* sound.c: a memory of its own (NO_INDEX: none yet) and how far it is in use */
} Mutator;

typedef bool MutateFunction(Mutator *m);
#define MUTATION(id, weight, what) MutateFunction mutate_##id;
#include "fuzz/mutate/mutation.def"
#undef MUTATION

typedef struct MutateRow {
    MutateFunction *f;
    uint32_t weight;
    const char *name, *text;
} MutateRow;
/* The number of a row, by weight. */
uint32_t mut_choose(Mutator *m, const MutateRow *row, uint32_t n);

/* Decode, and encode again; for mutate.c and sound.c. */
bool mut_start(Mutator *m, Arena *a, const uint8_t *in, uint32_t n, uint64_t seed);
bool mut_finish(Mutator *m, uint32_t max, Mutant *out);

/* Where code may be taken from. */
const Edit *mut_donor(Mutator *m);

/* -- Chance ---------------------------------------------------------------------------- */

uint64_t mut_next(Mutator *m);
static inline uint32_t mut_pick(Mutator *m, uint32_t n) { return (uint32_t)((mut_next(m) >> 32) * n >> 32); }
static inline bool mut_one_in(Mutator *m, uint32_t n) { return mut_pick(m, n) == 0; }
/* A telling number below, at or above limits; mostly small ones. */
uint64_t mut_number(Mutator *m, uint64_t most);

/* -- Places ----------------------------------------------------------------------------- */

/* A body with its flow, and a place in it. */
typedef struct Spot {
    uint32_t body, at;
    EditSeq code;
    Flow flow;
} Spot;

/* Does the instruction at `at` do? */
typedef bool SpotTest(Mutator *m, const Spot *s, uint32_t at);
/* An instruction of reachable code for which `test` holds, each as likely; false when a few bodies have none. */
bool spot_find(Mutator *m, Spot *s, SpotTest *test);
/* The same in one body of `e`, which may be the donor. */
bool spot_find_in(Mutator *m, const Edit *e, uint32_t body, Spot *s, SpotTest *test);
bool mut_choose_body(Mutator *m, const Edit *e, uint32_t *body); /* by size */

bool spot_expression(Mutator *m, const Spot *s, uint32_t at); /* ends an expression of one value */
bool spot_statement(Mutator *m, const Spot *s, uint32_t at);  /* ends code that leaves the stack alone */
bool spot_any(Mutator *m, const Spot *s, uint32_t at);
static inline uint32_t spot_start(const Spot *s, uint32_t at) { return s->flow.at[at].start; }
static inline const EditInstr *spot_instr(const Spot *s, uint32_t at) { return &s->code.at[at]; }

typedef struct Types {
    const ValType *at;
    uint32_t n;
} Types;
/* What a branch from `at` to this label takes; the function's label is the last.  `labels`: how many there are. */
Types spot_label(Mutator *m, const Spot *s, uint32_t at, uint32_t label);
uint32_t spot_labels(const Spot *s, uint32_t at);
bool types_same(Types a, Types b);
/* Do the top of the stack before `at`, within the innermost construct, and these types agree? */
bool spot_has(Mutator *m, const Spot *s, uint32_t at, Types t);
/* What [from, to), closed and reachable at both ends, takes off the stack and leaves on it. */
void spot_effect(Mutator *m, const Spot *s, uint32_t from, uint32_t to, Types *take, Types *leave);
/* Does a br_if in the range carry values from below it?  They would be out of its reach inside a construct, or
 * elsewhere. */
bool spot_reaches_below(Mutator *m, const Spot *s, uint32_t from, uint32_t to);
/* Do branches leave the range, or (`returns`) does it return from the function? */
bool code_escapes(const EditInstr *at, uint32_t n, bool returns);
/* Labels that point out of the range go `by` further. */
void code_shift_labels(Arena *a, EditInstr *at, uint32_t n, int32_t by);

/* -- Making --------------------------------------------------------------------------------- */

typedef struct Made {
    VEC(EditInstr) i;
} Made;
void made_op(Mutator *m, Made *c, Op op, uint32_t index);
void made_const(Mutator *m, Made *c, ValType t); /* a telling one; of references null */
void made_copy(Mutator *m, Made *c, const EditInstr *at, uint32_t n);
/* A local of the type, or a constant.  False: the type has neither. */
bool made_leaf(Mutator *m, Made *c, uint32_t body, ValType t);
bool made_leaves(Mutator *m, Made *c, uint32_t body, const ValType *t, uint32_t n);
/* A random operation with this first operand (on the stack) and result; leaves for the others.  False: there is none.
 */
bool made_operation(Mutator *m, Made *c, uint32_t body, ValType from, ValType to);
bool made_call(Mutator *m, Made *c, uint32_t body, uint32_t func); /* with leaves; results dropped */
bool made_statement(Mutator *m, Made *c, uint32_t body);           /* one of the donor's */
/* A block, loop or if that takes and leaves these types. */
EditInstr made_opener(Mutator *m, Op op, Types take, Types leave);
bool mut_local_of(Mutator *m, uint32_t body, ValType t, uint32_t *local);
bool mut_const_value(Mutator *m, ValType t, Value *v);
void mut_replace(Mutator *m, const Spot *s, uint32_t from, uint32_t to, const Made *by);
/* Change one instruction in place. */
EditInstr *mut_change(Mutator *m, const Spot *s);
ValType sig_type(char c); /* of a letter of OpInfo.sig */
const FuncType *mut_func_type(const Mutator *m, uint32_t func);
/* An immediate field for an operation that may stand here; false: it cannot (no memory). */
bool mut_immediate(Mutator *m, EditInstr *i);
bool mut_enabled(const Mutator *m, Op op);
