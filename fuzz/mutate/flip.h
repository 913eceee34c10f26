/* Bit flips: a module to one in which one instruction always leaves a value with one bit flipped, as if it had been
 * compiled wrongly: to measure how much of what goes wrong a case shows.
 *
 * Mutation analysis: DeMillo, Lipton, Sayward, "Hints on test data selection" (IEEE Computer 11, 1978). */
#pragma once
#include "fuzz/mutate/mutate.h"
#include "wasm/types.h"

typedef struct BitFlip {
    Mutant mutant; /* its last global, an i32 of its own, is 1 once the instruction was executed */
    Op op;
    ValType type; /* of the value: a number or v128 */
    uint32_t bit; /* from the lowest */
} BitFlip;

/* An instruction of reachable code that computes one number (no constant, and no read of a local), each as likely.  The
 * plan gets more fuel and depth.  False: the module is not valid, has typed references, or no such instruction. */
bool flip_bit(Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, BitFlip *out);
