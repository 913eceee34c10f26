/* Hooks of libFuzzer (and Centipede) for the custom mutator.  Entropy is left to the engine's own mutations half of the
 * time: any bytes mean something there. */
#include <string.h>
#include "base/map.h"
#include "fuzz/case.h"
#include "fuzz/mutate/mutate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out, unsigned seed);

enum { ANY_BYTES = 16 /* one time of so many a module's bytes are changed like any: for the decoder */ };

static uint32_t narrow(size_t n) { return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n; }

/* Into `out`, which has room for `max`; 0: nothing was made. */
static size_t mutate(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size, uint8_t *out,
                     size_t max, uint64_t seed) {
    static Arena a; /* kept, so that a steady user touches no new pages */
    Mutant m;
    arena_reset(&a);
    bool ok = mutate_input(&a, data, narrow(size), other, narrow(other_size), narrow(max), seed, &m);
    if (ok) memcpy(out, m.at, m.n);
    return ok ? m.n : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    uint64_t r = hash_mix(seed);
    bool any = r % (input_is_module(data, narrow(size)) ? ANY_BYTES : 2) == 0;
    size_t n = any ? 0 : mutate(data, size, NULL, 0, data, max_size, r);
    return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out, unsigned seed) {
    return mutate(data1, size1, data2, size2, out, max_out, hash_mix(seed));
}
