/* LEB128, the variable-length integers of the binary format (spec 5.2.2). */
#pragma once
#include <stdint.h>

/* Trusted decoding: the bytes have been validated.  *pp moves past the number. */
static inline uint32_t leb_u32(const uint8_t **pp) {
    const uint8_t *p = *pp;
    uint32_t b = *p++, v = b & 0x7f;
    for (uint32_t shift = 7; b & 0x80; shift += 7) {
        b = *p++;
        v |= (b & 0x7f) << shift;
    }
    *pp = p;
    return v;
}
uint64_t leb_u64(const uint8_t **pp);
int32_t leb_s32(const uint8_t **pp);
int64_t leb_s64(const uint8_t **pp);

/* Write the shortest form; returns the number of bytes (at most 10). */
uint32_t leb_put_u64(uint8_t *out, uint64_t v);
uint32_t leb_put_s64(uint8_t *out, int64_t v);
