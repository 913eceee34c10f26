#include "base/leb128.h"

uint64_t leb_u64(const uint8_t **pp) {
    const uint8_t *p = *pp;
    uint64_t v = 0, b;
    uint32_t shift = 0;
    do {
        b = *p++;
        v |= (b & 0x7f) << shift;
        shift += 7;
    } while (b & 0x80);
    *pp = p;
    return v;
}

int64_t leb_s64(const uint8_t **pp) {
    const uint8_t *p = *pp;
    uint64_t v = 0, b;
    uint32_t shift = 0;
    do {
        b = *p++;
        v |= (b & 0x7f) << shift;
        shift += 7;
    } while (b & 0x80);
    if (shift < 64 && (b & 0x40)) v |= ~UINT64_C(0) << shift;
    *pp = p;
    return (int64_t)v;
}

int32_t leb_s32(const uint8_t **pp) { return (int32_t)leb_s64(pp); }

uint32_t leb_put_u64(uint8_t *out, uint64_t v) {
    uint32_t n = 0;
    do {
        uint8_t b = v & 0x7f;
        v >>= 7;
        out[n++] = (uint8_t)(b | (v ? 0x80 : 0));
    } while (v);
    return n;
}

uint32_t leb_put_s64(uint8_t *out, int64_t v) {
    uint32_t n = 0;
    for (;;) {
        uint8_t b = (uint8_t)(v & 0x7f);
        v >>= 7; /* arithmetic on both compilers we support */
        if ((v == 0 && !(b & 0x40)) || (v == -1 && (b & 0x40))) {
            out[n++] = b;
            return n;
        }
        out[n++] = b | 0x80;
    }
}
