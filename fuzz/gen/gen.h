/* The generator: bytes to a valid module with its plan.
 *
 * Goal-directed: it asks for an expression of a type, chooses an operation that yields it, and asks for the operands;
 * rows of opcode.def with a signature are chosen by result type and kind, so a new row is generated without being
 * mentioned here.  What a case uses at all (features, kinds of statements, operations) is chosen per case: swarm
 * testing (Groce et al., ISSTA 2012).
 *
 * The input is cut into streams, so that a changed byte changes a local part: a head (swarm, types, memories, globals,
 * segments, imports, plan), and behind it one chunk a function, ended by a delimiter byte: an inserted or removed byte
 * stays in its function. */
#pragma once
#include "base/arena.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

/* Version 5 lets more of what it computes reach the state (see gen_func.c).
 * Version 4 has memories of 2 GiB and more with addresses there, br_table with more than 255 targets and to loops with
 * parameters, and native frames of several pages. */
enum { GEN_VERSION = 5, GEN_KINDS = 64, GEN_SIZES = 24 };
enum { GEN_DELIMITER = 0xc3 }; /* the byte that ends a function's chunk */

/* Statements: S(id, weight, meaning).  The first is what exhausted input yields. */
#define GEN_STMT_LIST(S)                                         \
    S(SET, 28, "set a local to an expression")                   \
    S(RMW, 30, "combine a local with an operand")                \
    S(STORE, 26, "store to memory")                              \
    S(GLOBAL, 10, "set a global")                                \
    S(IF, 14, "if, with or without else")                        \
    S(BLOCK, 8, "block that is left in several places")          \
    S(LOOP, 16, "bounded loop")                                  \
    S(SWITCH, 6, "br_table over nested blocks")                  \
    S(CALL, 12, "direct call")                                   \
    S(INDIRECT, 7, "call through a table")                       \
    S(MULTI, 8, "block, if or loop with parameters and results") \
    S(BURST, 3, "many live values across calls and loops")       \
    S(BRANCH, 8, "branch to an outer label")                     \
    S(BULK, 5, "bulk memory operation")                          \
    S(TABLE, 5, "table operation")                               \
    S(GROW, 2, "growth of a memory or table")                    \
    S(RECURSE, 4, "bounded recursion")                           \
    S(TAIL, 3, "tail call")                                      \
    S(RETURN, 2, "early return")                                 \
    S(TRAP, 1, "unreachable, behind a condition")                \
    S(REPEAT, 1, "the same statements many times")               \
    S(DEEP, 1, "deep nest of blocks")                            \
    S(SHUFFLE, 6, "permutation of locals")                       \
    S(FLUSH, 6, "mix what has been computed into state")         \
    S(DROP, 1, "drop a value")                                   \
    S(NOP, 1, "nop")                                             \
    S(IDIOM, 10, "pattern that compilers match, or once got wrong")

/* Expressions: X(id, weight, meaning). */
#define GEN_EXPR_LIST(X)                                  \
    X(LEAF, 22, "local, constant or global")              \
    X(NUMERIC, 80, "operation with a signature")          \
    X(LOAD, 16, "load")                                   \
    X(SELECT, 8, "select")                                \
    X(IF, 4, "if with a result")                          \
    X(BLOCK, 4, "block with a result")                    \
    X(LOOP, 2, "loop with a result")                      \
    X(CALL, 5, "direct call")                             \
    X(INDIRECT, 3, "call through a table")                \
    X(TEE, 8, "value that is also kept in a local")       \
    X(REUSE, 8, "operand used again after the operation") \
    X(IDIOM, 10, "pattern")                               \
    X(SIZE, 2, "size or growth of a memory or table")     \
    X(REF, 2, "test of a reference")

/* Addresses: A(id, weight, meaning). */
#define GEN_ADDR_LIST(A)                           \
    A(MASK, 30, "masked value")                    \
    A(CONST, 12, "constant")                       \
    A(COUNTER, 12, "loop counter, perhaps scaled") \
    A(ADD, 8, "masked value and a constant added") \
    A(SCALE, 8, "masked value, shifted")           \
    A(SHIFT, 5, "value shifted down")              \
    A(REMAINDER, 3, "remainder by a constant")     \
    A(BYTE, 4, "value loaded from memory")         \
    A(MINUS, 4, "constant minus a masked value")   \
    A(WRAP, 6, "low half of an i64")               \
    A(END, 5, "last bytes, from memory.size")      \
    A(HIGH, 0, "from 2^31 up, in bounds")          \
    A(RISKY, 0, "at or beyond the end, wrapping, huge")

enum {
#define S(id, weight, what) GEN_STMT_##id,
    GEN_STMT_LIST(S)
#undef S
        GEN_STMT_COUNT
};
enum {
#define X(id, weight, what) GEN_EXPR_##id,
    GEN_EXPR_LIST(X)
#undef X
        GEN_EXPR_COUNT
};
enum {
#define A(id, weight, what) GEN_ADDR_##id,
    GEN_ADDR_LIST(A)
#undef A
        GEN_ADDR_COUNT
};

/* What has been generated; counts add up over calls, so start with zeros. */
typedef struct GenStats {
    uint64_t modules, entropy, bytes; /* cases; input bytes; module bytes */
    uint64_t op[OP_COUNT];            /* instructions */
    uint64_t kind[GEN_KINDS];         /* instructions by OpKind */
    uint64_t instructions;
    uint64_t stmt[GEN_STMT_COUNT], expr[GEN_EXPR_COUNT], addr[GEN_ADDR_COUNT];
    uint64_t types, funcs, imports, memories, tables, globals, datas, elems, starts, steps;
    uint64_t size[GEN_SIZES]; /* modules by log2 of their bytes */
    uint64_t risky;           /* operands left free to trap */
} GenStats;

/* Total, deterministic: any bytes mean one valid module with its plan in the custom section parallax.case. Bytes are
 * read through named streams so that a changed byte changes a local part. The first byte is the generator's version
 * (one that is not known means the newest). Returns bytes of a module in `a`. */
uint8_t *gen_module(Arena *a, const uint8_t *entropy, uint32_t n, uint32_t *size, GenStats *stats /* may be NULL */);
/* Entropy of `n` bytes for seed (splitmix64): the default stream of campaigns. */
void gen_entropy(uint64_t seed, uint8_t *out, uint32_t n);
/* How many bytes the default stream has for this seed. */
uint32_t gen_entropy_size(uint64_t seed);
enum { GEN_ENTROPY_MAX = 8192 }; /* the most gen_entropy_size says */

/* A telling constant of a number type or v128 for these random bits. */
Value gen_const(uint64_t random, ValType t);

const char *gen_stmt_text(uint32_t i);
const char *gen_expr_text(uint32_t i);
const char *gen_addr_text(uint32_t i);
