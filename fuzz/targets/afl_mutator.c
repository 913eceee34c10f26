/* The custom mutator for AFL++, a shared object: AFL_CUSTOM_MUTATOR_LIBRARY=.../parallax-mutator.so.
 * Its interface is that of AFL++ 4.04c, which later ones keep (docs/custom_mutators.md); afl-fuzz finds the functions
 * by name, so there is no header to include.  What afl_custom_fuzz gives back is good until its next call. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/map.h"
#include "fuzz/case.h"
#include "fuzz/mutate/mutate.h"

#define EXPORT __attribute__((visibility("default")))

typedef struct AflMutator {
    uint64_t rng;
    Arena arena;
    Mutant last;
    char text[256];
} AflMutator;

EXPORT void *afl_custom_init(void *afl, unsigned seed);
EXPORT void afl_custom_deinit(void *data);
EXPORT size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t n, uint8_t **out, uint8_t *add, size_t add_n,
                              size_t max);
EXPORT size_t afl_custom_havoc_mutation(void *data, uint8_t *buf, size_t n, uint8_t **out, size_t max);
EXPORT uint8_t afl_custom_havoc_mutation_probability(void *data);
EXPORT const char *afl_custom_describe(void *data, size_t max);

void *afl_custom_init(void *afl, unsigned seed) {
    (void)afl; /* its layout is that of one version */
    AflMutator *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->rng = hash_mix(seed);
    arena_init(&m->arena, NULL);
    return m;
}

void afl_custom_deinit(void *data) {
    AflMutator *m = data;
    arena_free(&m->arena);
    free(m);
}

static size_t mutate(AflMutator *m, uint8_t *buf, size_t n, uint8_t **out, const uint8_t *add, size_t add_n,
                     size_t max) {
    m->rng = hash_mix(m->rng + UINT64_C(0x9e3779b97f4a7c15));
    arena_reset(&m->arena);
    m->last = (Mutant){0};
    *out = buf; /* nothing was made: 0 must not be returned */
    if (n > UINT32_MAX || add_n > UINT32_MAX || max > UINT32_MAX) return n;
    if (!mutate_input(&m->arena, buf, (uint32_t)n, add, (uint32_t)add_n, (uint32_t)max, m->rng, &m->last)) return n;
    *out = (uint8_t *)(uintptr_t)m->last.at; /* in the arena, so writable */
    return m->last.n;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t n, uint8_t **out, uint8_t *add, size_t add_n, size_t max) {
    return mutate(data, buf, n, out, add, add ? add_n : 0, max);
}

/* In between the mutations of its own: of entropy any are good, a module's bytes are better left alone. */
size_t afl_custom_havoc_mutation(void *data, uint8_t *buf, size_t n, uint8_t **out, size_t max) {
    return mutate(data, buf, n, out, NULL, 0, max);
}

uint8_t afl_custom_havoc_mutation_probability(void *data) {
    (void)data;
    return 25; /* per cent */
}

/* Part of the names of files in the queue. */
const char *afl_custom_describe(void *data, size_t max) {
    AflMutator *m = data;
    size_t n = 0, room = max < sizeof m->text ? max : sizeof m->text;
    m->text[0] = 0;
    for (uint32_t i = 0; i < m->last.ndone; i++) {
        int k = snprintf(m->text + n, room - n, "%s%s", i ? "+" : "", mutation_name((MutationId)m->last.done[i]));
        if (k < 0 || (size_t)k >= room - n) break;
        n += (size_t)k;
    }
    if (!n) snprintf(m->text, room, "entropy");
    return m->text;
}
