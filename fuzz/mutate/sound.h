/* Sound mutations: a module to one that does the same, by other code.
 *
 * What must be equal on each leg, and what may differ, is oracles/metamorph.h.  Entities are only added, behind those
 * that are there, so that indexes mean what they meant. */
#pragma once
#include "fuzz/mutate/mutate.h"

typedef enum SoundId {
#define SOUND(id, weight, what) SOUND_##id,
#include "fuzz/mutate/sound.def"
#undef SOUND
    SOUND_COUNT
} SoundId;
const char *sound_name(SoundId i);
const char *sound_text(SoundId i);

enum { SOUND_MOST = MUTATE_MOST };

/* Several at once, by chance; out->done holds SoundId.  The plan gets more fuel and depth.  False: not a valid module,
 * or one with typed references, or nothing was found to do. */
bool sound_mutate(Arena *a, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out);
/* One alone. */
bool sound_mutate_by(Arena *a, SoundId id, const uint8_t *in, uint32_t n, uint64_t seed, Mutant *out);
