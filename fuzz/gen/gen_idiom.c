/* Idioms: small patterns that compilers match into one instruction, or that an engine once got wrong.
 *
 * Each is a row of tokens in postfix order: opcodes, and what stands for an expression, a constant, a slot (a local
 * that the pattern reads again) or an address.  What matters is the shape; operands are whatever the entropy says. */
#include "fuzz/gen/gen_impl.h"

enum {                /* tokens above all opcodes; the low four bits are an argument */
       EXPR = 0x1000, /* of type */
       CONST = 0x1010,
       TEE = 0x1020, /* slot: type, + 8 for the second */
       GET = 0x1030,
       ADDR = 0x1040,  /* of an access of 1 << argument bytes; loads and stores behind it use its offset */
       HERE = 0x1050,  /* the same address as a constant 0 in slot i, that is: get it again */
       SHIFT = 0x1060, /* count of type */
       LEFT = 0x1070,  /* a, and behind it RIGHT: width - a */
       RIGHT = 0x1080,
       INT = 0x1090,      /* i32.const of the next token */
       LONG = 0x10a0,     /* i64.const of the next token */
       LONG_NOT = 0x10e0, /* i64.const of the next token's complement */
       BIG = 0x10d0,      /* i64.const, number of a row below */
       END = 0x10b0,
       NONZERO = 0x10c0, /* or with 1, of type */
       RISK = 0x10f0     /* what follows may trap */
};
enum { I = TI_I32, L = TI_I64, F = TI_F32, D = TI_F64, V = TI_V128, SECOND = 8 };

/* Just above the middle between two floats when a bit is set far below. */
static const uint64_t big[] = {0x8000008000000000, 0x4000004000000000, 0x8000000000000400, 0x4000000000000200};

/* Longest row, END included. */
enum { MOST = 22 };
typedef struct Idiom {
    uint8_t result; /* type; TI_COUNT: a statement */
    uint32_t token[MOST];
} Idiom;

static const Idiom idioms[] = {
    /* shifts and rotations by complementary counts, also 0 and the width */
    {I, {EXPR | I, LEFT | I, OP_I32_SHL, EXPR | I, RIGHT | I, OP_I32_SHR_U, OP_I32_OR, END}},
    {L, {EXPR | L, LEFT | L, OP_I64_SHL, EXPR | L, RIGHT | L, OP_I64_SHR_U, OP_I64_OR, END}},
    {I, {EXPR | I, TEE | I, LEFT | I, OP_I32_SHL, GET | I, RIGHT | I, OP_I32_SHR_U, OP_I32_XOR, END}},
    {L, {EXPR | L, TEE | L, LEFT | L, OP_I64_SHL, GET | L, RIGHT | L, OP_I64_SHR_U, OP_I64_ADD, END}},
    {I, {EXPR | I, SHIFT | I, OP_I32_ROTL, SHIFT | I, OP_I32_ROTR, END}},
    {L, {EXPR | L, SHIFT | L, OP_I64_ROTL, SHIFT | L, OP_I64_ROTR, END}},
    {I, {INT, 0, EXPR | I, TEE | I, OP_I32_SUB, GET | I, OP_I32_SHL, END}},
    /* bit fields */
    {I, {EXPR | I, SHIFT | I, OP_I32_SHR_U, INT, 0xff, OP_I32_AND, END}},
    {L, {EXPR | L, SHIFT | L, OP_I64_SHR_U, LONG, 0x7fff, OP_I64_AND, END}},
    {I, {EXPR | I, INT, 24, OP_I32_SHL, INT, 24, OP_I32_SHR_S, END}},
    {I, {EXPR | I, SHIFT | I, OP_I32_SHL, SHIFT | I, OP_I32_SHR_S, END}},
    {L, {EXPR | L, LONG, 32, OP_I64_SHL, LONG, 32, OP_I64_SHR_S, END}},
    {L, {EXPR | L, SHIFT | L, OP_I64_SHL, SHIFT | L, OP_I64_SHR_U, END}},
    {I, {EXPR | I, INT, 0xffff0000, OP_I32_AND, EXPR | I, INT, 0xffff, OP_I32_AND, OP_I32_OR, END}},
    {I, {EXPR | I, INT, 0xffff00ff, OP_I32_AND, EXPR | I, INT, 0xff, OP_I32_AND, INT, 8, OP_I32_SHL, OP_I32_OR, END}},
    {L,
     {EXPR | L, LONG, 0xff, OP_I64_AND, LONG, 12, OP_I64_SHL, EXPR | L, LONG_NOT, 0xff000, OP_I64_AND, OP_I64_OR, END}},
    {I, {EXPR | I, INT, 5, OP_I32_SHR_U, INT, 5, OP_I32_SHL, END}}, /* low bits off */
    {L, {EXPR | L, LONG, 13, OP_I64_SHR_S, LONG, 13, OP_I64_SHL, END}},
    {I, {INT, 1, EXPR | I, OP_I32_SHL, EXPR | I, OP_I32_AND, OP_I32_EQZ, END}},
    {I, {EXPR | L, EXPR | L, OP_I64_SHR_U, OP_I32_WRAP_I64, INT, 1, OP_I32_AND, END}},
    {I, {EXPR | I, TEE | I, GET | I, INT, 0xffffffff, OP_I32_ADD, OP_I32_AND, END}}, /* lowest bit off */
    {L, {LONG, 0, EXPR | L, TEE | L, OP_I64_SUB, GET | L, OP_I64_AND, END}},         /* lowest bit */
    {I, {EXPR | I, EXPR | I, INT, 0xffffffff, OP_I32_XOR, OP_I32_AND, END}},         /* bic, orn, eon */
    {L, {EXPR | L, EXPR | L, LONG, UINT32_MAX, OP_I64_XOR, OP_I64_OR, END}},
    {L, {EXPR | L, EXPR | L, SHIFT | L, OP_I64_SHR_S, OP_I64_XOR, END}},
    /* arithmetic that folds: shifted operands, three operands, negation */
    {I, {EXPR | I, EXPR | I, SHIFT | I, OP_I32_SHL, OP_I32_ADD, END}},
    {L, {EXPR | L, EXPR | L, SHIFT | L, OP_I64_SHL, OP_I64_SUB, END}},
    {I, {EXPR | I, EXPR | I, SHIFT | I, OP_I32_SHR_S, OP_I32_SUB, END}},
    {I, {EXPR | I, EXPR | I, INT, 2, OP_I32_SHL, OP_I32_ADD, CONST | I, OP_I32_ADD, END}},
    {L, {EXPR | L, EXPR | L, LONG, 3, OP_I64_SHL, OP_I64_ADD, CONST | L, OP_I64_ADD, END}},
    {I, {EXPR | I, EXPR | I, EXPR | I, OP_I32_MUL, OP_I32_ADD, END}},
    {L, {EXPR | L, EXPR | L, EXPR | L, OP_I64_MUL, OP_I64_SUB, END}},
    {I, {INT, 0, EXPR | I, EXPR | I, OP_I32_MUL, OP_I32_SUB, END}},
    {L,
     {EXPR | L, EXPR | I, OP_I64_EXTEND_I32_S, EXPR | I, OP_I64_EXTEND_I32_S, OP_I64_MUL, OP_I64_SUB,
      END}}, /* widening */
    {L, {EXPR | L, EXPR | I, OP_I64_EXTEND_I32_U, EXPR | I, OP_I64_EXTEND_I32_U, OP_I64_MUL, OP_I64_ADD, END}},
    {L, {EXPR | L, EXPR | I, OP_I64_EXTEND_I32_U, OP_I64_ADD, END}},
    {L, {EXPR | L, EXPR | I, OP_I64_EXTEND_I32_S, LONG, 2, OP_I64_SHL, OP_I64_ADD, END}},
    {L, {EXPR | I, OP_I64_EXTEND_I32_S, EXPR | I, OP_I64_EXTEND_I32_S, OP_I64_MUL, END}},
    {L, {EXPR | I, OP_I64_EXTEND_I32_U, EXPR | I, OP_I64_EXTEND_I32_U, OP_I64_MUL, LONG, 32, OP_I64_SHR_U, END}},
    {I, {EXPR | I, OP_I64_EXTEND_I32_S, EXPR | I, OP_I64_EXTEND_I32_U, OP_I64_ADD, OP_I32_WRAP_I64, END}},
    {I, {EXPR | L, OP_I32_WRAP_I64, EXPR | L, OP_I32_WRAP_I64, OP_I32_MUL, END}},
    {I,
     {EXPR | I, TEE | I, GET | I, INT, 31, OP_I32_SHR_S, TEE | I | SECOND, OP_I32_XOR, GET | I | SECOND, OP_I32_SUB,
      END}},                                                                   /* abs */
    {I, {EXPR | L, TEE | L, EXPR | L, OP_I64_ADD, GET | L, OP_I64_LT_U, END}}, /* carry */
    {I, {EXPR | I, TEE | I, EXPR | I, OP_I32_SUB, GET | I, OP_I32_GT_U, END}}, /* borrow */
    {L, {EXPR | L, CONST | L, OP_I64_MUL, CONST | L, OP_I64_MUL, END}},
    {I, {EXPR | I, CONST | I, OP_I32_ADD, CONST | I, OP_I32_SUB, END}},
    /* upper halves that must not matter */
    {L, {EXPR | L, OP_I32_WRAP_I64, OP_I64_EXTEND_I32_U, END}},
    {L, {EXPR | L, OP_I32_WRAP_I64, OP_I64_EXTEND_I32_S, END}},
    {L, {EXPR | L, OP_I32_WRAP_I64, EXPR | I, OP_I32_ADD, OP_I64_EXTEND_I32_U, END}},
    {L, {EXPR | I, CONST | I, OP_I32_SUB, OP_I64_EXTEND_I32_U, END}},
    {L, {EXPR | I, SHIFT | I, OP_I32_SHR_S, OP_I64_EXTEND_I32_U, END}},
    {D, {EXPR | L, OP_I32_WRAP_I64, OP_F64_CONVERT_I32_U, END}},
    {F, {EXPR | L, SHIFT | L, OP_I64_SHR_S, OP_I32_WRAP_I64, OP_F32_CONVERT_I32_U, END}},
    {F, {EXPR | L, OP_I32_WRAP_I64, OP_F32_REINTERPRET_I32, END}},
    {I, {EXPR | L, OP_I32_WRAP_I64, EXPR | L, OP_I32_WRAP_I64, OP_I32_LT_U, END}},
    {I, {EXPR | L, OP_I32_WRAP_I64, OP_I32_EQZ, END}},
    /* comparisons: negated, with zero, of a difference, of bits, of selected values */
    {I, {EXPR | I, EXPR | I, OP_I32_LT_S, OP_I32_EQZ, END}},
    {I, {EXPR | L, EXPR | L, OP_I64_GE_U, OP_I32_EQZ, OP_I32_EQZ, END}},
    {I, {EXPR | I, EXPR | I, OP_I32_AND, OP_I32_EQZ, END}},
    {I, {EXPR | L, EXPR | L, OP_I64_AND, LONG, 0, OP_I64_NE, END}},
    {I, {EXPR | I, EXPR | I, OP_I32_SUB, INT, 0, OP_I32_LT_S, END}},
    {I, {EXPR | I, INT, 0, EXPR | I, OP_I32_SUB, OP_I32_EQ, END}},
    {I, {EXPR | L, EXPR | L, EXPR | I, OP_SELECT, CONST | L, OP_I64_EQ, END}},
    {I, {EXPR | D, TEE | D, GET | D, OP_F64_NE, EXPR | D, GET | D, OP_F64_LT, OP_I32_OR, END}},
    {I, {EXPR | F, EXPR | F, OP_F32_LT, OP_I32_EQZ, END}},
    {I, {EXPR | F, EXPR | F, OP_F32_EQ, EXPR | F, EXPR | F, OP_F32_LE, OP_I32_AND, END}},
    {I,
     {EXPR | I, TEE | I, EXPR | I, TEE | I | SECOND, GET | I, GET | I | SECOND, OP_I32_LT_S, OP_SELECT, END}}, /* min */
    {L, {EXPR | L, TEE | L, EXPR | L, TEE | L | SECOND, GET | L, GET | L | SECOND, OP_I64_GT_U, OP_SELECT, END}},
    {D, {EXPR | D, TEE | D, EXPR | D, TEE | D | SECOND, GET | D, GET | D | SECOND, OP_F64_EQ, OP_SELECT, END}},
    {F, {EXPR | F, TEE | F, EXPR | F, TEE | F | SECOND, GET | F, GET | F | SECOND, OP_F32_NE, OP_SELECT, END}},
    {F, {EXPR | F, EXPR | F, EXPR | D, EXPR | D, OP_F64_GT, OP_SELECT, END}},
    {I, {EXPR | I, TEE | I, INT, 1, OP_I32_ADD, GET | I, EXPR | I, EXPR | I, OP_I32_GE_S, OP_SELECT, END}},  /* csinc */
    {L, {LONG, 0, EXPR | L, TEE | L, OP_I64_SUB, GET | L, EXPR | L, EXPR | L, OP_I64_LE_S, OP_SELECT, END}}, /* csneg */
    {L, {EXPR | I, EXPR | I, OP_I32_EQ, OP_I64_EXTEND_I32_U, EXPR | L, OP_I64_ADD, END}},
    /* division: quotient and remainder of the same operands */
    {I,
     {EXPR | I, TEE | I, EXPR | I, NONZERO | I, TEE | I | SECOND, OP_I32_DIV_U, GET | I, GET | I | SECOND, OP_I32_REM_U,
      OP_I32_XOR, END}},
    {L,
     {EXPR | L, TEE | L, EXPR | L, NONZERO | L, TEE | L | SECOND, OP_I64_REM_S, GET | L, GET | L | SECOND, OP_I64_DIV_U,
      OP_I64_SUB, END}},
    {I, {EXPR | I, TEE | I, GET | I, INT, 10, OP_I32_DIV_U, INT, 10, OP_I32_MUL, OP_I32_SUB, END}},
    {I, {EXPR | I, INT, 0xffffffff, OP_I32_REM_S, EXPR | I, OP_I32_ADD, END}},
    {L, {EXPR | L, LONG, UINT32_MAX, OP_I64_DIV_U, END}},
    {I, {INT, 0x80000000, EXPR | I, NONZERO | I, OP_I32_REM_S, END}},
    {L, {EXPR | I, OP_I64_EXTEND_I32_U, EXPR | I, NONZERO | I, OP_I64_EXTEND_I32_U, OP_I64_DIV_U, END}},
    {I,
     {RISK, EXPR | I, EXPR | I, EXPR | I, OP_I32_OR, INT, 0, OP_I32_NE, OP_I32_DIV_U,
      END}}, /* a condition to divide by */
    {I, {RISK, EXPR | I, EXPR | I, INT, 0x20000000, OP_I32_AND, OP_I32_EQZ, OP_I32_REM_U, END}},
    {L, {RISK, EXPR | L, EXPR | I, INT, 0x10000000, OP_I32_AND, OP_I32_EQZ, OP_I64_EXTEND_I32_U, OP_I64_REM_U, END}},
    /* floats: the operand again, sign operations, fused shapes, zeros and NaNs */
    {D, {EXPR | D, TEE | D, EXPR | D, OP_F64_COPYSIGN, GET | D, OP_F64_ADD, END}},
    {F, {EXPR | F, EXPR | F, TEE | F, OP_F32_COPYSIGN, GET | F, OP_F32_MUL, END}},
    {D, {EXPR | D, EXPR | D, OP_F64_MUL, EXPR | D, OP_F64_ADD, END}},
    {F, {EXPR | F, EXPR | F, EXPR | F, OP_F32_MUL, OP_F32_SUB, END}},
    {D, {EXPR | D, EXPR | D, OP_F64_MUL, OP_F64_NEG, END}},
    {F, {EXPR | F, EXPR | F, OP_F32_SUB, OP_F32_ABS, END}},
    {D, {EXPR | D, OP_F64_NEG, OP_F64_ABS, OP_F64_NEG, END}},
    {F, {EXPR | F, CONST | F, OP_F32_MIN, CONST | F, OP_F32_MAX, END}},
    {D, {EXPR | D, OP_F32_DEMOTE_F64, OP_F64_PROMOTE_F32, END}},
    {F, {EXPR | F, OP_F64_PROMOTE_F32, OP_F32_DEMOTE_F64, END}},
    {I, {EXPR | F, OP_F64_PROMOTE_F32, EXPR | F, OP_F64_PROMOTE_F32, OP_F64_LT, END}},
    {F, {EXPR | F, OP_F64_PROMOTE_F32, OP_F64_SQRT, OP_F32_DEMOTE_F64, END}},
    {F, {EXPR | F, OP_I32_REINTERPRET_F32, INT, 0x80000000, OP_I32_XOR, OP_F32_REINTERPRET_I32, END}},
    {D, {EXPR | D, OP_I64_REINTERPRET_F64, LONG, 0x7fffffff, OP_I64_AND, OP_F64_REINTERPRET_I64, END}},
    {L, {EXPR | D, TEE | D, OP_I64_TRUNC_SAT_F64_U, GET | D, OP_I64_REINTERPRET_F64, OP_I64_XOR, END}},
    {I, {EXPR | F, TEE | F, OP_I32_TRUNC_SAT_F32_U, GET | F, OP_I32_TRUNC_SAT_F32_S, OP_I32_SUB, END}},
    {D, {EXPR | L, TEE | L, OP_F64_CONVERT_I64_U, GET | L, OP_F64_CONVERT_I64_S, OP_F64_SUB, END}},
    {F, {EXPR | L, LONG, 1, OP_I64_OR, OP_F32_CONVERT_I64_U, END}},
    {F, {EXPR | L, LONG, 1, OP_I64_AND, BIG | 0, OP_I64_OR, OP_F32_CONVERT_I64_U, END}},
    {F, {EXPR | L, LONG, 3, OP_I64_AND, BIG | 1, OP_I64_ADD, OP_F32_CONVERT_I64_S, END}},
    {D, {EXPR | L, LONG, 0x801, OP_I64_AND, BIG | 2, OP_I64_OR, OP_F64_CONVERT_I64_U, END}},
    {D, {EXPR | L, LONG, 1, OP_I64_AND, BIG | 3, OP_I64_XOR, OP_F64_CONVERT_I64_S, END}},
    {D, {CONST | D, TEE | D, EXPR | D, OP_F64_MIN, GET | D, OP_F64_DIV, END}},
    {D, {EXPR | D, OP_F64_NEG, EXPR | D, OP_F64_NEG, OP_F64_MUL, END}},
    {F, {EXPR | F, OP_F32_NEG, EXPR | F, OP_F32_NEG, OP_F32_DIV, END}},
    /* vectors: complements, multiplication and addition */
    {V, {EXPR | V, EXPR | V, OP_V128_NOT, OP_V128_AND, END}},
    {V, {EXPR | V, OP_V128_NOT, EXPR | V, OP_V128_OR, END}},
    {V, {EXPR | V, EXPR | V, EXPR | V, OP_I32X4_MUL, OP_I32X4_ADD, END}},
    {V, {EXPR | V, EXPR | V, EXPR | V, OP_I16X8_MUL, OP_I16X8_SUB, END}},
    /* sign extension of what is, or is not, sign-extended */
    {L, {EXPR | I, OP_I32_EXTEND8_S, OP_I64_EXTEND_I32_U, END}},
    {L, {EXPR | I, OP_I32_EXTEND16_S, OP_I64_EXTEND_I32_S, END}},
    {L, {EXPR | L, LONG, UINT32_MAX, OP_I64_AND, OP_I64_EXTEND32_S, END}},
    {I, {EXPR | I, OP_I32_EXTEND8_S, EXPR | I, OP_I32_EXTEND16_S, OP_I32_EQ, END}},
    {I, {EXPR | L, OP_I64_EXTEND32_S, EXPR | L, OP_I64_EQ, END}},
    /* loads into operations: widths, order, use after a store to the same place */
    {I, {ADDR | 0, OP_I32_LOAD8_U, INT, 0x7f, OP_I32_AND, END}},
    {I, {ADDR | 0, OP_I32_LOAD8_U, OP_I32_EXTEND8_S, END}},
    {L, {ADDR | 2, OP_I32_LOAD, OP_I64_EXTEND_I32_U, END}},
    {L, {ADDR | 1, OP_I32_LOAD16_U, OP_I64_EXTEND_I32_S, END}},
    {L, {ADDR | 2, OP_I64_LOAD32_U, OP_I64_EXTEND32_S, END}},
    {I, {ADDR | 3, OP_I64_LOAD, OP_I32_WRAP_I64, END}},
    {F, {ADDR | 2, OP_I32_LOAD, OP_F32_REINTERPRET_I32, END}},
    {L, {ADDR | 3, OP_F64_LOAD, OP_I64_REINTERPRET_F64, END}},
    {D, {ADDR | 2, OP_I32_LOAD, OP_F64_CONVERT_I32_U, END}},
    {D, {ADDR | 3, OP_F64_LOAD, EXPR | D, EXPR | I, OP_SELECT, END}},
    {D, {ADDR | 3, OP_F64_LOAD, EXPR | D, OP_F64_COPYSIGN, END}},
    {F, {EXPR | F, ADDR | 2, OP_F32_LOAD, OP_F32_ADD, END}},
    {I, {EXPR | I, ADDR | 2, OP_I32_LOAD, OP_I32_LT_U, END}},
    {L, {EXPR | L, ADDR | 3, OP_I64_LOAD, OP_I64_ADD, END}},
    {I,
     {ADDR | 2, TEE | I, OP_I32_LOAD, TEE | I | SECOND, EXPR | I, OP_I32_LT_S, GET | I, EXPR | I, OP_I32_STORE,
      GET | I | SECOND, OP_I32_ADD, END}},
    {I,
     {EXPR | I, INT, 0x3f, OP_I32_AND, INT, 0x40000000, OP_I32_OR, INT, 2, OP_I32_SHL, HERE | 2, OP_I32_LOAD,
      END}}, /* lost upper bits */
    {L, {EXPR | I, INT, 0x1f, OP_I32_AND, INT, 0xe0000000, OP_I32_OR, INT, 3, OP_I32_SHL, HERE | 3, OP_I64_LOAD, END}},
    {I,
     {INT, 0xffffff00, EXPR | I, INT, 0xff, OP_I32_AND, OP_I32_SUB, INT, 0x400, OP_I32_ADD, HERE | 0, OP_I32_LOAD8_S,
      END}},
    /* statements: memory as an operand and destination */
    {TI_COUNT, {ADDR | 2, TEE | I, GET | I, OP_I32_LOAD, EXPR | I, OP_I32_ADD, OP_I32_STORE, END}},
    {TI_COUNT, {ADDR | 3, TEE | I, GET | I, OP_I64_LOAD, EXPR | L, OP_I64_XOR, OP_I64_STORE, END}},
    {TI_COUNT, {ADDR | 0, TEE | I, GET | I, OP_I32_LOAD8_U, CONST | I, OP_I32_SUB, OP_I32_STORE8, END}},
    {TI_COUNT, {ADDR | 1, TEE | I, GET | I, OP_I64_LOAD16_S, EXPR | L, OP_I64_AND, OP_I64_STORE16, END}},
    {TI_COUNT,
     {ADDR | 2, TEE | I, EXPR | L, OP_I64_STORE32, GET | I, GET | I, OP_F32_LOAD, EXPR | F, OP_F32_MUL, OP_F32_STORE,
      END}},
    {TI_COUNT,
     {ADDR | 3, TEE | I, EXPR | D, OP_F64_STORE, GET | I, GET | I, OP_I32_LOAD, INT, 1, OP_I32_OR, OP_I32_STORE, END}},
    {TI_COUNT, {ADDR | 3, CONST | L, OP_I64_STORE, END}},
    {TI_COUNT, {ADDR | 3, EXPR | D, OP_I64_REINTERPRET_F64, OP_I64_STORE, END}},
    {TI_COUNT, {ADDR | 0, EXPR | L, OP_I64_STORE8, END}},
    {TI_COUNT, {ADDR | 1, EXPR | L, OP_I32_WRAP_I64, OP_I32_STORE16, END}},
};
enum { NIDIOMS = sizeof idioms / sizeof *idioms };

/* -- Reading a row ------------------------------------------------------------------------ */

typedef struct Reading {
    MemArg access;
    uint32_t left;
} Reading;

/* Of this row alone: neither other statements nor a pattern inside an operand set it. */
static uint32_t slot(FuncGen *f, uint32_t arg) {
    uint32_t *s = &f->slot[f->idioms - 1][arg & 7][arg >> 3];
    if (*s == NO_INDEX) *s = local_new(f, (Ti)(arg & 7), false);
    return *s;
}

static void put_left(FuncGen *f, Reading *r, Ti t) {
    static const uint8_t count[] = {1, 7, 8, 13, 16, 24, 31, 32, 33, 47, 63, 0, 64};
    r->left = count[func_pick(f, sizeof count)];
    emit_const(f, t, (Value){.i64 = r->left});
}

static void put_right(FuncGen *f, const Reading *r, Ti t) {
    emit_const(f, t, (Value){.i64 = (t == TI_I32 ? 32u : 64u) - r->left});
}

static void put_nonzero(FuncGen *f, Ti t) {
    emit_const(f, t, (Value){.i64 = 1});
    emit(f, t == TI_I32 ? OP_I32_OR : OP_I64_OR);
}

static void put_op(FuncGen *f, const Reading *r, Op op) {
    uint32_t kind = op_info[op].kind;
    MemArg a = r->access;
    a.align = op_align(op) ? func_pick(f, op_align(op) + 1) : 0;
    emit_plain(f, op, kind == KIND_LOAD || kind == KIND_STORE ? &a : NULL);
}

static void put(FuncGen *f, const uint32_t **at, Reading *r, int depth) {
    uint32_t token = *(*at)++, arg = token & 15;
    switch (token & ~15u) {
    case EXPR: expr(f, (Ti)arg, depth); break;
    case CONST: emit_const(f, (Ti)arg, const_value(&f->e, (Ti)arg)); break;
    case TEE: emit_tee(f, slot(f, arg)); break;
    case GET: emit_get(f, slot(f, arg)); break;
    case ADDR: r->access = address(f, 1u << arg, depth); break;
    case HERE: r->access = (MemArg){f->g->usable.at[0], 0, func_pick(f, 2) ? func_pick(f, 256) : 0}; break;
    case SHIFT: emit_const(f, (Ti)arg, const_shift(&f->e, arg == TI_I32 ? 32 : 64)); break;
    case LEFT: put_left(f, r, (Ti)arg); break;
    case RIGHT: put_right(f, r, (Ti)arg); break;
    case INT: emit_i32(f, *(*at)++); break;
    case LONG: emit_i64(f, *(*at)++); break;
    case LONG_NOT: emit_i64(f, ~(uint64_t) * (*at)++); break;
    case BIG: emit_i64(f, big[arg]); break;
    case RISK: break;
    case NONZERO: put_nonzero(f, (Ti)arg); break;
    default: put_op(f, r, (Op)token); break;
    }
}

/* May this row be used in this case?  Features, a memory, and types of the swarm. */
static bool fits(const FuncGen *f, const Idiom *m) {
    const Gen *g = f->g;
    for (const uint32_t *t = m->token; *t != END; t++) {
        uint32_t kind = *t & ~15u, arg = *t & 15;
        if (kind == INT || kind == LONG || kind == LONG_NOT) {
            t++;
        } else if (kind == ADDR || kind == HERE) {
            if (!can_access(f)) return false;
        } else if (kind == RISK) {
            if (f->safe || f->ninstr < f->peace) return false;
        } else if (kind == EXPR || kind == CONST) {
            if (!g->swarm.type[arg]) return false;
        } else if (*t < OP_COUNT && !gen_has(g, (Feature)op_info[*t].feature)) {
            return false;
        }
    }
    return true;
}

static bool write_idiom(FuncGen *f, Ti t, int depth) {
    if (f->idioms == GEN_MAX_IDIOMS) return false;
    uint32_t k = func_pick(f, NIDIOMS);
    for (uint32_t i = 0; i < NIDIOMS; i++, k = (k + 1) % NIDIOMS) {
        const Idiom *m = &idioms[k];
        if (m->result != t || !fits(f, m)) continue;
        Reading r = {0};
        const uint32_t *at = m->token;
        f->idioms++;
        while (*at != END) put(f, &at, &r, depth);
        f->idioms--;
        return true;
    }
    return false;
}

bool idiom(FuncGen *f, Ti t, int depth) { return write_idiom(f, t, depth > 3 ? 2 : depth - 1); }

void stmt_idiom(FuncGen *f) {
    if (can_access(f) && func_chance(f, 100) && write_idiom(f, TI_COUNT, 2)) return;
    Ti t = (Ti)func_pick(f, f->g->swarm.type[TI_V128] ? 5 : 4);
    if (write_idiom(f, t, expr_depth(f) / 2)) assign(f, t);
}
