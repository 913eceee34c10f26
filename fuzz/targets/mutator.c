/* Hooks of libFuzzer (and Centipede) for the custom mutator.  Entropy is left to the engine's own mutations half of the
 * time: any bytes mean something there.  A module's bytes are, now and then, for targets that look at malformed ones;
 * others would only reject them. */
#include <string.h>
#include "base/map.h"
#include "fuzz/case.h"
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate.h"
#include "fuzz/targets/target.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out, unsigned seed);

enum { ANY_BYTES = 16 /* one time of so many a module's bytes are changed like any */ };

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

/* In place of a module that cannot be changed: one with typed references, or with no room to grow. */
static size_t begin_anew(uint8_t *data, size_t max, uint64_t seed) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    size_t n = gen_entropy_size(seed);
    if (n > max) n = max;
    gen_entropy(seed, entropy, (uint32_t)n);
    memcpy(data, entropy, n);
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    uint64_t r = hash_mix(seed);
    bool whole = input_is_module(data, narrow(size)) && !target_takes_malformed;
    uint32_t bytes = input_is_module(data, narrow(size)) ? ANY_BYTES : 2;
    size_t n = !whole && r % bytes == 0 ? 0 : mutate(data, size, NULL, 0, data, max_size, r);
    if (n) return n;
    return whole ? begin_anew(data, max_size, r) : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out, unsigned seed) {
    return mutate(data1, size1, data2, size2, out, max_out, hash_mix(seed));
}
