/* What the files of the generator share: the case under construction, a function under construction, and what they
 * offer each other.
 *
 * Order of work: cut the input; choose a swarm; types, imports, memories, tables, globals, functions (signatures),
 * segments; then each function's body from its own bytes, which reads all of these and changes none; the plan; the
 * writing of sections.
 *
 * The same bytes must mean the same module with every compiler: whatever draws entropy stands alone in its full
 * expression, or behind && || ?: - never two of them in one argument list or initializer, whose order C leaves open. */
#pragma once
#include "fuzz/gen/entropy.h"
#include "fuzz/gen/gen.h"
#include "oracles/plan.h"
#include "wasm/module.h"

/* Types that values have here, by small numbers. */
typedef enum Ti { TI_I32, TI_I64, TI_F32, TI_F64, TI_V128, TI_FUNC, TI_EXTERN, TI_COUNT } Ti;
extern const ValType ti_type[TI_COUNT];
static inline uint32_t ti_bytes(Ti t) { return vt_bytes(ti_type[t]); } /* of numbers and vectors */
Ti ti_of(ValType t);
static inline bool ti_is_ref(Ti t) { return t >= TI_FUNC; }

typedef VEC(uint8_t) Bytes;
typedef VEC(uint32_t) Indices;

/* -- Swarm ------------------------------------------------------------------------ */

typedef struct Swarm {
    Features features; /* whose instructions and types appear */
    bool type[TI_COUNT];
    uint8_t stmt[GEN_STMT_COUNT], expr[GEN_EXPR_COUNT], addr[GEN_ADDR_COUNT];
    uint8_t risk;      /* of 256: operands that are left free to trap */
    uint8_t constants; /* of 256: operands that are constants */
    uint8_t max_depth; /* of expressions */
    uint8_t max_nest;  /* of control */
    uint8_t trips;     /* halvings of trip counts */
    uint64_t op_seed;
    uint8_t op_density; /* of 256: operations that take part */
    uint16_t focus[3];  /* operations chosen more often; OP_NONE */
} Swarm;

/* Operations by result type and kind, those of this case. */
typedef struct KindOps {
    uint8_t kind;
    VEC(uint16_t) op;
} KindOps;
enum { GEN_MAX_KINDS = 24 };
typedef struct TypeOps {
    KindOps kind[GEN_MAX_KINDS];
    uint8_t weight[GEN_MAX_KINDS];
    uint32_t nkinds;
} TypeOps;
typedef struct Ops {
    TypeOps of[TI_COUNT];
    VEC(uint16_t) load[TI_COUNT];
    VEC(uint16_t) store;
    VEC(uint16_t) binary[TI_COUNT];            /* total, of two of the type: for folding values */
    VEC(uint16_t) convert[TI_COUNT][TI_COUNT]; /* total, [from][to] */
    Op v128_const;                             /* OP_NONE: there is no v128 */
    Op v128_half;                              /* i64x2.extract_lane */
} Ops;

/* -- Case ---------------------------------------------------------------------------- */

enum {
    GEN_MAX_FUNCS = 40,          /* defined ones */
    GEN_MIN_CHUNK = 8,           /* no delimiter counts before */
    GEN_MAX_CODE = 24 << 10,     /* bytes of a body, after which nothing large begins */
    GEN_IMPORTED_GLOBAL = 0x100, /* value of an imported number: low 32 bits (see run/link.c) */
    GEN_HIGH_PAGES = 32769,      /* a memory of so many has addresses from 2^31 up */
    GEN_MAX_PAGES = 16,          /* what others grow to */
    GEN_MAX_IDIOMS = 2           /* inside each other */
};

typedef enum Stream {
    STREAM_SWARM,
    STREAM_TYPES,
    STREAM_IMPORTS,
    STREAM_MEMORIES,
    STREAM_GLOBALS,
    STREAM_SEGMENTS,
    STREAM_PLAN,
    STREAM_COUNT
} Stream;

typedef struct GenMemory {
    uint32_t pages, max;
    bool has_max, imported;
} GenMemory;

typedef struct GenTable {
    Ti type;
    uint32_t size, max;
    bool has_max, imported;
    uint32_t stable; /* [0, stable) keeps what instantiation put there, as far as we aim */
} GenTable;

typedef struct GenGlobal {
    Ti type;
    bool mutable, imported;
    Bytes init; /* constant expression without `end` */
} GenGlobal;

typedef struct GenFunc {
    uint32_t type;
    uint8_t level; /* functions call those of lower levels */
    bool imported, exported, start;
    Entropy bytes;
    uint32_t nlocal; /* known after its body */
    Bytes code;      /* local declarations and body */
} GenFunc;

/* Table entries of one signature, put there at instantiation. */
typedef struct GenRun {
    uint32_t table, at, log2, type;
    uint32_t level; /* highest of the functions in it */
} GenRun;

typedef struct GenData {
    SegmentMode mode;
    uint32_t memory, offset;
    bool by_global; /* offset is that of the imported global, plus a constant */
    Bytes bytes;
} GenData;

typedef struct GenElem {
    SegmentMode mode;
    Ti type;
    uint32_t table, offset;
    bool exprs;
    VEC(uint32_t) item; /* function index, or NO_INDEX: null */
} GenElem;

typedef struct Gen {
    Arena *a;
    GenStats *stats;
    Swarm swarm;
    Ops ops;
    Entropy stream[STREAM_COUNT];
    VEC(FuncType) type;
    VEC(GenFunc) func;
    uint32_t nimported; /* functions */
    VEC(GenMemory) memory;
    Indices usable; /* memories with pages */
    VEC(GenTable) table;
    VEC(GenGlobal) global;
    uint32_t acc; /* the i64 that everything is mixed into */
    VEC(GenData) data;
    VEC(GenElem) elem;
    VEC(GenRun) run;
    Plan plan;
} Gen;

static inline bool gen_has(const Gen *g, Feature f) { return g->swarm.features >> f & 1; }
static inline const FuncType *gen_func_type(const Gen *g, uint32_t func) { return &g->type.at[g->func.at[func].type]; }

/* -- Function ---------------------------------------------------------------------------- */

typedef struct GenLocal {
    Ti type;
    bool settable; /* not: counters and what recursion goes by */
    bool live;     /* has been set, or is a parameter */
    bool dirty;    /* set, and not read as a whole since; */
    uint32_t nest; /* how deep in constructs it was set */
} GenLocal;

typedef struct GenLabel { /* a branch target, and what it takes */
    const ValType *type;
    uint32_t n;
    bool usable; /* false: a branch there might never end */
} GenLabel;

typedef struct GenCounter {
    uint32_t local, bound; /* 0 <= value <= bound, in the loop */
} GenCounter;

typedef struct FuncGen {
    Gen *g;
    Entropy e;
    Bytes code;
    const FuncType *type;
    uint32_t index, level;
    VEC(GenLocal) local;
    Indices live[TI_COUNT], settable[TI_COUNT], dirty;
    Indices again;    /* see remain_dirty */
    Indices spare[2]; /* counters out of use: i32, i64 */
    VEC(GenLabel) label;
    VEC(GenCounter) counter;
    uint32_t idioms;                            /* around this place */
    uint32_t slot[GEN_MAX_IDIOMS][TI_COUNT][2]; /* locals that they use; NO_INDEX */
    uint32_t mult, cost, cap; /* trips of the loops around; estimate of instructions executed, and its aim */
    uint32_t ninstr, nest;
    uint32_t recursion; /* the i32 parameter that recursion goes by; NO_INDEX */
    uint32_t peace;     /* instructions at the beginning that may not trap */
    bool safe;          /* nothing here may trap */
    bool main_loop;     /* the next loop has most of the function in it */
    uint32_t lossy;     /* operands around that are kept in part only, see expr_part */
} FuncGen;

/* Exhausted, or too much of it: only small things from here on. */
static inline bool func_done(const FuncGen *f) { return entropy_empty(&f->e) || f->code.n > GEN_MAX_CODE; }
/* No room for what costs time: in loops, above the aim. */
static inline bool func_crowded(const FuncGen *f) { return f->mult > 1 && f->cost >= f->cap; }
static inline uint32_t func_pick(FuncGen *f, uint32_t n) { return entropy_pick(&f->e, n); }
static inline bool func_chance(FuncGen *f, uint32_t p) { return entropy_chance(&f->e, p); }
/* May this operand trap?  Mostly not in the first instructions, so that few calls end at once. */
bool func_risk(FuncGen *f);

/* gen_emit.c: instructions as bytes; each counts itself */
void bytes_u8(Arena *a, Bytes *b, uint32_t v);
void bytes_u64(Arena *a, Bytes *b, uint64_t v); /* unsigned LEB128 */
void bytes_s64(Arena *a, Bytes *b, int64_t v);
void bytes_put(Arena *a, Bytes *b, const void *p, uint32_t n);
void bytes_type(Arena *a, Bytes *b, Ti t);
void bytes_op(Arena *a, Bytes *b, GenStats *s, Op op);
void bytes_const(Arena *a, Bytes *b, GenStats *s, const Ops *ops, Ti t, Value v); /* numbers and v128 */
void emit(FuncGen *f, Op op);
void emit_index(FuncGen *f, Op op, uint32_t index);
void emit_index2(FuncGen *f, Op op, uint32_t index, uint32_t index2);
void emit_const(FuncGen *f, Ti t, Value v);
void emit_i32(FuncGen *f, uint32_t v);
void emit_i64(FuncGen *f, uint64_t v);
void emit_get(FuncGen *f, uint32_t local);
void emit_set(FuncGen *f, uint32_t local);
void emit_tee(FuncGen *f, uint32_t local);

/* What a load or store needs behind its opcode. */
typedef struct MemArg {
    uint32_t memory, align;
    uint64_t offset;
} MemArg;
/* An instruction with a signature, its immediates chosen; `access` for loads and stores. */
void emit_plain(FuncGen *f, Op op, const MemArg *access);
void emit_half(FuncGen *f, uint32_t half); /* of a v128 on the stack: an i64 */

/* Type of a block: empty, one value, or a number in the type section. */
typedef struct BlockKind {
    const ValType *param, *result;
    uint32_t nparam, nresult;
    int32_t index; /* type index, or -1 */
} BlockKind;
BlockKind block_empty(void);
BlockKind block_of(Ti t);
BlockKind block_typed(const Gen *g, uint32_t type);
/* op: OP_BLOCK, OP_LOOP, OP_IF.  A loop's label takes its parameters; `usable`: branches may go to it. */
void block_begin(FuncGen *f, Op op, BlockKind k, bool usable);
void block_else(FuncGen *f);
void block_end(FuncGen *f);

/* gen_const.c */
Value const_value(Entropy *e, Ti t);
Value const_shift(Entropy *e, uint32_t bits);
Value const_divisor(Entropy *e, Ti t, bool minus_one);

/* gen_swarm.c */
void gen_swarm(Gen *g);
uint32_t op_params(Op op, Ti out[4]); /* of an op with a signature */
bool op_result(Op op, Ti *out);       /* false: none */

/* gen_type.c */
void gen_types(Gen *g);
bool types_equal(const ValType *a, uint32_t na, const ValType *b, uint32_t nb);

/* gen_state.c */
void gen_memories(Gen *g);
void gen_tables(Gen *g);
void gen_globals(Gen *g);
void gen_imported_funcs(Gen *g);
void gen_segments(Gen *g); /* also places runs in tables */

/* gen_func.c */
void gen_cut(Gen *g, const uint8_t *bytes, uint32_t n); /* streams, and the defined functions' signatures */
void gen_funcs_sign(Gen *g, const uint8_t *bytes, uint32_t n);
void gen_func(Gen *g, uint32_t func);
uint32_t local_new(FuncGen *f, Ti t, bool settable);
uint32_t local_live(FuncGen *f, Ti t);   /* one that holds something, or NO_INDEX */
uint32_t local_target(FuncGen *f, Ti t); /* one to set; makes one when there is none */
void local_written(FuncGen *f, uint32_t local);
void local_read(FuncGen *f, uint32_t local);
void push_bits(FuncGen *f, uint32_t local, uint32_t half); /* as an i64 that has all of it; of a vector one half */
/* Mix up to `most` locals whose values nothing has read into the accumulator or memory. */
void flush(FuncGen *f, uint32_t most);

/* gen_expr.c */
void expr(FuncGen *f, Ti t, int depth);
/* For an operand of which a part counts (masked, compared, branched on): what it reads stays dirty, and the whole of it
 * is sometimes kept in a local. */
void expr_part(FuncGen *f, Ti t, int depth);
void expr_leaf(FuncGen *f, Ti t);
void expr_state(FuncGen *f, Ti t); /* from memory or a global, where there is one */
void expr_small(FuncGen *f, Ti t); /* a leaf or an operation on leaves */
int expr_depth(FuncGen *f);        /* how deep the next one may be */
void exprs(FuncGen *f, const ValType *t, uint32_t n, int depth);
/* An i32 to branch on; `rare`: mostly 0. */
void expr_condition(FuncGen *f, bool rare, int depth);
void emit_convert(FuncGen *f, Ti from, Ti to); /* value on the stack; to: a number */
void emit_binary(FuncGen *f, Ti t);            /* fold two values of a number type into one, */
void emit_fold(FuncGen *f, Ti t);              /* mostly such that each bit of both counts */
/* Values on the stack, n of them, go to locals and globals. */
void consume(FuncGen *f, const ValType *t, uint32_t n);
/* The one on top goes to a local; what that held and nothing has read goes into it. */
void assign(FuncGen *f, Ti t);

/* gen_addr.c */
MemArg address(FuncGen *f, uint32_t width, int depth); /* leaves the address; needs a usable memory */
bool can_access(const FuncGen *f);
void operand_divisor(FuncGen *f, Op op, Ti t, int depth);
void operand_trunc(FuncGen *f, Op op, Ti t, int depth);
void operand_shift(FuncGen *f, Ti t, int depth);

/* gen_call.c: each false when there is nothing to call */
bool call_direct(FuncGen *f, Ti want,
                 int depth); /* TI_COUNT: any, results consumed; else leaves one value of the type */
bool call_indirect(FuncGen *f, Ti want, int depth);
bool stmt_tail(FuncGen *f);
bool stmt_recurse(FuncGen *f);

/* gen_idiom.c */
bool idiom(FuncGen *f, Ti t, int depth); /* leaves a value of the type */
void stmt_idiom(FuncGen *f);

/* gen_loop.c */
void stmt_loop(FuncGen *f);
bool expr_loop(FuncGen *f, Ti t);
uint32_t loop_trips(FuncGen *f);

/* gen_effect.c: memories and tables */
void stmt_store(FuncGen *f);
void stmt_bulk(FuncGen *f);
void stmt_table(FuncGen *f);
void stmt_grow(FuncGen *f);
void expr_size(FuncGen *f);
void low_index(FuncGen *f, uint32_t n, int depth);
void expr_table_get(FuncGen *f, Ti t); /* or null when there is no such table */
void expr_ref(FuncGen *f, Ti t);

/* gen_control.c */
void stmt_if(FuncGen *f);
void stmt_block(FuncGen *f);
void stmt_switch(FuncGen *f);
void stmt_multi(FuncGen *f);
void stmt_branch(FuncGen *f);
void stmt_return(FuncGen *f);
void stmt_trap(FuncGen *f);
void stmt_deep(FuncGen *f);
bool expr_if(FuncGen *f, Ti t, int depth);
bool expr_block(FuncGen *f, Ti t, int depth);
bool can_nest(const FuncGen *f);

/* gen_stmt.c */
void stmt(FuncGen *f);
void stmt_small(FuncGen *f); /* without control or calls of its own */
void stmts(FuncGen *f, uint32_t n);

/* gen_plan.c */
void gen_plan(Gen *g);
Name gen_export_name(Gen *g, char kind, uint32_t index);

/* gen_module.c */
uint8_t *gen_write(Gen *g, uint32_t *size);
