/* Mutators: any input of a fuzz target to another one.
 *
 * Modules are decoded, changed where the stack of each place is known, and encoded again: what is made of a valid
 * module is valid by construction (mutation.def lists how).  Entropy, which any change leaves meaningful, is cut at the
 * borders of functions.  Everything depends on the input, the other input, and the seed alone. */
#pragma once
#include "base/arena.h"
#include "wasm/opcode.h"

typedef enum MutationId {
#define MUTATION(id, weight, what) MUTATION_##id,
#include "fuzz/mutate/mutation.def"
#undef MUTATION
    MUTATION_COUNT
} MutationId;
const char *mutation_name(MutationId i);
const char *mutation_text(MutationId i);

enum { MUTATE_MOST = 6 }; /* mutations at once */

typedef struct Mutant {
    const uint8_t *at; /* in the arena */
    uint32_t n;
    uint8_t done[MUTATE_MOST]; /* MutationId, in order */
    uint32_t ndone;
} Mutant;

/* A valid module to another one of at most `max` bytes, with its plan written out.  `other`: where code may be taken
 * from; when it is no valid module, that is the module itself.  False: the module is not valid, has typed references
 * (which the mutators do not know), or too little room. */
bool mutate_module(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                   uint64_t seed, Mutant *out);
/* One mutation alone; false also when it finds nothing to do. */
bool mutate_module_by(Arena *a, MutationId id, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n,
                      uint32_t max, uint64_t seed, Mutant *out);
/* Entropy: a function's bytes twice, away, elsewhere, or the other input's; some bytes changed. */
bool mutate_entropy(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                    uint64_t seed, Mutant *out);
/* Any input: one of these two, now and then the module that entropy means.  `other` may be empty. */
bool mutate_input(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                  uint64_t seed, Mutant *out);
