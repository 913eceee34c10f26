/* Observation: everything one leg lets us see of a case, as a flat list of fields in the order of comparison.
 *
 * The same for every leg and process: addresses are replaced by what they stand for (a function
 * reference by instance and index), memories by size and digest. */
#pragma once
#include "run/store.h"

/* What can be seen.  FIELD(id, name, what it means to a user).  ORDER FIELD: the comparison's */
#define FIELD_LIST(F)                                                     \
    F(MODULE, "module", "accepted, or rejected with class and offset")    \
    F(OUTCOME, "outcome", "how a step ended")                             \
    F(TRAP, "trap", "kind of a trap")                                     \
    F(SITE, "trap-site", "instance, function and byte offset of a trap")  \
    F(BACKTRACE, "backtrace", "the calls that led to a trap")             \
    F(VALUE, "value", "one result")                                       \
    F(FUEL, "fuel", "fuel left after a step")                             \
    F(DEPTH, "depth", "call depth left after a step")                     \
    F(HOST_CALLS, "host-calls", "calls of host functions with arguments") \
    F(MEMORY_SIZE, "memory-size", "pages of a memory")                    \
    F(MEMORY, "memory", "bytes of a memory")                              \
    F(GLOBAL, "global", "value of a global")                              \
    F(TABLE_SIZE, "table-size", "elements of a table")                    \
    F(TABLE, "table", "what an element of a table refers to")             \
    F(DATA, "data-segment", "bytes left of a data segment (0: dropped)")  \
    F(ELEM, "element-segment", "elements left of an element segment")

typedef enum FieldKind {
#define F(id, name, what) FIELD_##id,
    FIELD_LIST(F)
#undef F
        FIELD_COUNT
} FieldKind;
const char *field_name(FieldKind k);

typedef struct Field {
    uint16_t kind;
    uint16_t step;       /* STEP_STATE for the state after all steps */
    uint32_t index, sub; /* which value, memory, table and element ... */
    uint64_t v[2];
} Field;
enum { STEP_MODULE = 0xfffd, STEP_INSTANTIATE = 0xfffe, STEP_STATE = 0xffff };

typedef struct Observation {
    Arena *arena;
    VEC(Field) field;
    bool crashed;   /* the leg's code crashed, hung or its process died: the rest is missing */
    bool hung;      /* it hung */
    bool partial;   /* it ends where other legs ran out of fuel, which this one does not count: what they have beyond
                       its end is no difference */
    uint32_t end;   /* with partial: the first step that it does not run */
    uint32_t lacks; /* set of FieldKinds that this leg cannot see: its fields of that kind mean nothing */
    bool resource;  /* the leg could not run the case at all; `why` */
    char why[120];
    /* Of a leg whose code leaves the bits of NaNs open: what may differ for that; NULL: nothing may (oracles/nan.h). */
    const struct NanOpen *open;
} Observation;

/* How one step ended, in terms that mean the same in every process. */
typedef struct StepResult {
    OutcomeKind kind;
    TrapKind trap;
    TrapSite site;  /* of a trap; func NO_INDEX when it has none (segments at instantiation) */
    uint32_t depth; /* frames of the backtrace */
    uint64_t trace; /* digest of the stored frames */
    int64_t fuel, depth_left;
    uint64_t nlog, log_hash;
    uint32_t nresult;
    Value result[16]; /* the first 16; */
    uint32_t type[16];
    uint64_t more; /* digest of the others */
    Err err;       /* unlinkable, resource */
} StepResult;

void observation_init(Observation *o, Arena *a);
/* The leg could not go on for lack of something; what was seen until then stays. */
void observe_resource(Observation *o, const char *why);
void observe_module(Observation *o, const Err *err); /* err->code ERR_NONE: accepted */
void observe_step(Observation *o, uint16_t step, const StepResult *r);
void observe_state(Observation *o, const Store *s);

/* A reference as a number: 0 null; function: instance and index; else the host's number. */
uint64_t observe_ref(ValType t, uint64_t ref);
void step_result_from(StepResult *r, const Outcome *out);
