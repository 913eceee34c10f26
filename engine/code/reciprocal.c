#include "code/reciprocal.h"

__extension__ typedef unsigned __int128 Wide;

Reciprocal reciprocal(uint32_t width, uint32_t bits, uint64_t d) {
    Wide one = 1, q = (one << width) / d, r = (one << width) % d; /* of 2^(width + p) */
    for (uint32_t p = 0;; p++) {
        if (d - r <= one << (p + width - bits)) {
            Wide m = q + 1;
            uint64_t low = width == 64 ? (uint64_t)m : (uint32_t)m;
            return (Reciprocal){low, p, m >> width != 0};
        }
        q *= 2;
        r *= 2;
        if (r >= d) {
            q++;
            r -= d;
        }
    }
}
