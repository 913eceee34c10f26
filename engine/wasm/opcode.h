/* Opcodes: the enum and the rows of opcode.def as data. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum Op {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) OP_##id,
#include "wasm/opcode.def"
#undef OP
    OP_COUNT,
    OP_NONE = 0xffff
} Op;

/* Immediates behind an opcode (spec 5.4). */
typedef enum Imm {
    IMM_NONE,
    IMM_BLOCK,      /* block type */
    IMM_LABEL,      /* label index */
    IMM_LABELS,     /* vec(label) label */
    IMM_FUNC,       /* function index */
    IMM_TYPE_TABLE, /* type index, table index */
    IMM_TYPES,      /* vec(value type) */
    IMM_LOCAL,
    IMM_GLOBAL,
    IMM_TABLE,
    IMM_MEMORY,
    IMM_MEMARG, /* flags, memory index if flag bit 6, offset */
    IMM_I32,
    IMM_I64,
    IMM_F32,
    IMM_F64,
    IMM_HEAP_TYPE,
    IMM_DATA_MEMORY,   /* data index, memory index */
    IMM_DATA,          /* data index */
    IMM_MEMORY_MEMORY, /* destination, source */
    IMM_ELEM_TABLE,    /* element segment index, table index */
    IMM_ELEM,          /* element segment index */
    IMM_TABLE_TABLE,   /* destination, source */
    IMM_V128,          /* 16 bytes */
    IMM_SHUFFLE,       /* 16 lane numbers, a byte each */
    IMM_LANE,          /* a byte */
    IMM_MEMARG_LANE,   /* as MEMARG, then a byte */
    IMM_COUNT
} Imm;

typedef enum OpKind {
    KIND_CONTROL,
    KIND_NOP,
    KIND_PARAM, /* drop, select: the spec's "parametric" */
    KIND_LOCAL,
    KIND_GLOBAL,
    KIND_TABLE,
    KIND_MEMORY,
    KIND_LOAD,
    KIND_STORE,
    KIND_CONST,
    KIND_TEST,    /* eqz */
    KIND_ICMP,    /* integer comparison */
    KIND_FCMP,    /* float comparison */
    KIND_UNARY,   /* pure, total, result needs no NaN canonicalization */
    KIND_BINARY,  /* the same with two operands */
    KIND_FUNARY,  /* float result that may be a NaN to canonicalize */
    KIND_FBINARY, /* the same with two operands */
    KIND_DIVIDE,  /* integer division and remainder: may trap */
    KIND_TRUNC,   /* float to integer, may trap */
    KIND_REF,
    KIND_VLOAD_EXTEND, /* 8 bytes, each part extended to a lane */
    KIND_VLOAD_SPLAT,
    KIND_VLOAD_ZERO, /* the lowest lane; the others are 0 */
    KIND_VLOAD_LANE, /* one lane of a vector from the stack */
    KIND_VSTORE_LANE,
    KIND_VSHUFFLE,
    KIND_VSPLAT,
    KIND_VEXTRACT,
    KIND_VREPLACE,
    KIND_VUNARY,  /* of lanes; needs no NaN canonicalization */
    KIND_VFUNARY, /* of lanes; results may be NaNs to canonicalize */
    KIND_VBINARY, /* these two with two operands */
    KIND_VFBINARY,
    KIND_VTERNARY,
    KIND_VSHIFT, /* all lanes by one i32 */
    KIND_VTEST   /* to i32 */
} OpKind;

/* Feature bits; a set of them is a run-time value. */
typedef enum Feature {
    FEAT_MVP,
    FEAT_SIGN_EXT,
    FEAT_SAT_FLOAT,
    FEAT_MULTI_VALUE,
    FEAT_REF_TYPES,
    FEAT_BULK,
    FEAT_MUTABLE_GLOBALS,
    FEAT_SIMD,
    FEAT_TAIL_CALL,
    FEAT_EXTENDED_CONST,
    FEAT_MULTI_MEMORY,
    FEAT_MEMORY64,
    FEAT_FUNC_REFS,
    FEAT_GC,
    FEAT_EXCEPTIONS,
    FEAT_RELAXED_SIMD,
    FEAT_THREADS,
    FEAT_COUNT
} Feature;

typedef uint32_t Features; /* bit set, 1u << Feature */

/* What is implemented now of 2.0, and of 3.0.  Of function references that is the types (with null and
 * subtyping); their instructions are rows to come. */
#define FEATURES_WASM2                                                                                             \
    (1u << FEAT_MVP | 1u << FEAT_SIGN_EXT | 1u << FEAT_SAT_FLOAT | 1u << FEAT_MULTI_VALUE | 1u << FEAT_REF_TYPES | \
     1u << FEAT_BULK | 1u << FEAT_MUTABLE_GLOBALS | 1u << FEAT_SIMD)
#define FEATURES_WASM3 \
    (FEATURES_WASM2 | 1u << FEAT_TAIL_CALL | 1u << FEAT_EXTENDED_CONST | 1u << FEAT_MULTI_MEMORY | 1u << FEAT_FUNC_REFS)

typedef struct OpInfo {
    const char *text;
    const char *sig; /* "ii_i"; "____" when the row has none */
    uint8_t prefix, code, imm, kind, feature;
} OpInfo;

extern const OpInfo op_info[OP_COUNT];

/* OP_NONE when there is no such opcode. */
Op op_find(uint32_t prefix, uint32_t code);
Op op_find_text(const char *text);
uint32_t op_align(Op op); /* natural alignment of a load or store, as log2 */
uint32_t op_lanes(Op op); /* what a lane immediate of it must be below; 0: it has none */

const char *feature_name(Feature f); /* "multi-memory" */
/* Parse "wasm2", "wasm3", or a list "+name,-name" applied to *set (wasm3 unless set before); false
 * when a name is not known: *bad is then its start. */
bool features_parse(const char *text, Features *set, const char **bad);
