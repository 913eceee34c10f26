/* Private to wasm/: the state of validation, shared by validate.c (instructions), control.c (control
 * instructions and the side table), const_expr.c and validate_module.c.
 *
 * One Validator serves a whole module; its arrays grow in a scratch arena and are reused from body to
 * body.  Invariant: floor <= n <= peak <= cap, and floor is the innermost frame's height. */
#pragma once
#include <assert.h>
#include "wasm/reader.h"
#include "wasm/validate.h"

typedef enum FrameKind { FRAME_FUNC, FRAME_BLOCK, FRAME_LOOP, FRAME_IF, FRAME_ELSE } FrameKind;

typedef struct Frame {
    FuncType type;    /* of the construct; see frame_result for the results */
    ValType single;   /* the result, when type.result is NULL and nresult 1 */
    uint32_t height;  /* operand stack below the construct's parameters */
    uint32_t at;      /* byte offset of the opcode */
    uint32_t entry;   /* loop: its side entry; if: its second one */
    uint32_t patches; /* entries that wait for the end's position: index + 1, linked by pc; 0 ends */
    uint32_t ninit;   /* length of `inits` on entry */
    FrameKind kind;
    bool unreachable; /* the rest of the construct has a polymorphic stack (the spec's typing) */
    bool live;        /* entered in reachable code (validate.h) */
    bool targeted;    /* a reachable branch goes to its end */
} Frame;

typedef struct Validator {
    Module *m;
    Err *err;
    Arena scratch;
    Reader r;
    uint32_t at; /* byte offset of the current instruction */

    ValType *stack;
    uint32_t n, floor, peak, cap;
    VEC(Frame) frames;

    const ValType *local;
    uint32_t nlocal;
    bool track_inits;    /* there are locals without a default value; then: */
    BitSet init;         /* locals that are set here */
    VEC(uint32_t) inits; /* in the order they were set, to undo at the end of a construct */

    /* The side table.  The current segment's cost goes to entry `segment`, or to Body.fuel. */
    VEC(SideEntry) side;
    uint32_t segment, cost, body_fuel;
    bool live; /* the current instruction is reachable */
    bool has_calls, has_tail_calls;
} Validator;

#define SEGMENT_BODY UINT32_MAX

static inline bool valid_so_far(const Validator *v) { return v->err->code == ERR_NONE; }

/* Record an error at the current instruction. */
void validator_fail(Validator *v, ErrCode code);
/* "unknown global 7": the index space has no such index. */
void validator_unknown(Validator *v, ErrCode code, uint32_t at, uint32_t index);
/* Is index < count?  Else an error at the current instruction. */
static inline bool check_index(Validator *v, uint32_t index, uint32_t count, ErrCode code) {
    if (index < count) return true;
    validator_unknown(v, code, v->at, index);
    return false;
}

/* -- The operand stack --------------------------------------------------------- */

void validator_raise_peak(Validator *v);                /* make room for one more than ever before */
ValType validator_pop_slow(Validator *v, ValType want); /* all but the exact match */

static inline void push_val(Validator *v, ValType t) {
    if (v->n == v->peak) validator_raise_peak(v);
    v->stack[v->n++] = t;
}
/* Pop a value of type `want`, or a subtype. */
static inline void pop_val(Validator *v, ValType want) {
    if (v->n > v->floor && v->stack[v->n - 1] == want)
        v->n--;
    else
        validator_pop_slow(v, want);
}
/* Pop a value of any type; VT_BOTTOM from a polymorphic stack. */
static inline ValType pop_any(Validator *v) {
    if (v->n > v->floor) return v->stack[--v->n];
    return validator_pop_slow(v, VT_BOTTOM);
}
static inline void push_vals(Validator *v, const ValType *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) push_val(v, t[i]);
}
static inline void pop_vals(Validator *v, const ValType *t, uint32_t n) {
    while (n--) pop_val(v, t[n]);
}

/* -- Frames ---------------------------------------------------------------------- */

static inline Frame *top_frame(Validator *v) { return &v->frames.at[v->frames.n - 1]; }
static inline const ValType *frame_result(const Frame *f) { return f->type.result ? f->type.result : &f->single; }
void validator_push_frame(Validator *v, FrameKind kind, FuncType type, ValType single);
/* A control instruction. */
void validate_control(Validator *v, const Instr *in);

/* -- Expressions ------------------------------------------------------------------ */

/* Any instruction, v->at and v->cost being set. */
void validate_instr(Validator *v, const Instr *in);
/* Start on the bytes [at, end): an empty stack and the frame of a function of this type. */
void validator_begin(Validator *v, uint32_t at, uint32_t end, FuncType type, ValType single);
/* Read the next instruction; false at an error, also where the bytes end too early. */
bool validator_next(Validator *v, Instr *in);

bool validate_body(Validator *v, uint32_t body);
/* `nglobals`: how many globals the expression may refer to. */
bool validate_const_expr(Validator *v, ConstExpr e, ValType type, uint32_t nglobals);

/* Index type of memories and tables. */
static inline ValType limits_index_type(const Limits *l) { return l->is64 ? VT_I64 : VT_I32; }
