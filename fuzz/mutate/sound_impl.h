/* What the families of sound mutations share. */
#pragma once
#include "fuzz/mutate/mutate_impl.h"
#include "fuzz/mutate/sound.h"

#define SOUND(id, weight, what) MutateFunction sound_##id;
#include "fuzz/mutate/sound.def"
#undef SOUND

enum { SOUND_ROOM = 256 << 10 }; /* bytes that a mutant may have */
/* Decode, with more fuel and depth in the plan; nothing is done yet. */
bool sound_start(Mutator *m, Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out);
/* An i32 that is 0, in a way that a compiler can see sometimes, and mostly not.  False: the way does not exist here. */
bool sound_zero(Mutator *m, Made *c, uint32_t body);
/* A memory of our own; false: there cannot be one.  `n` bytes of it, aligned to 16, zero and not written to by others.
 */
bool sound_memory(Mutator *m, uint32_t *memory);
uint32_t sound_room(Mutator *m, uint32_t n);
/* A function of one parameter of the type that returns it, through a local, a block or a branch. */
uint32_t sound_identity_func(Mutator *m, ValType t);
/* The load or store of a whole value of the type. */
EditInstr sound_access(ValType t, bool store, uint32_t memory, uint32_t offset);
void made_i32(Mutator *m, Made *c, uint32_t v);
