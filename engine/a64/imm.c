/* Immediates of aarch64: which values an instruction can hold, and the shortest way to make the others.
 *
 * Logical immediates (DDI 0487, DecodeBitMasks): a run of ones, rotated, in an element of 2, 4 .. 64 bits that is
 * repeated; all ones and all zeros do not exist. */
#include <assert.h>
#include "a64/insn.h"
#include "base/bits.h"

static uint64_t ones(uint32_t n) { return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1; }

bool a64_arith_imm(uint64_t v) { return v <= 0xfff || ((v & 0xfff) == 0 && v <= 0xfff000); }

bool a64_logical_imm(uint64_t v, uint32_t size, uint32_t *bits) {
    if (size == 4) v = (v & UINT32_MAX) | v << 32;
    if (v == 0 || v == UINT64_MAX) return false;
    uint32_t e = 64; /* width of the smallest element whose repetition is v */
    while (e > 2 && ((v ^ v >> e / 2) & ones(e / 2)) == 0) e /= 2;
    uint64_t x = v & ones(e), hole = ~v & ones(e);
    uint32_t n = bits_popcount64(x), right; /* x is n ones rotated right by `right` */
    uint32_t low = bits_ctz64(x), gap = bits_ctz64(hole);
    if (x >> low == ones(n)) {
        right = (e - low) % e;
    } else if (hole >> gap == ones(e - n)) {
        right = n - gap; /* the ones begin above the hole, at gap + e - n */
    } else {
        return false;
    }
    *bits = (e == 64 ? 1u << 12 : 0) | right << 6 | (~(2 * e - 1) & 0x3f) | (n - 1);
    return true;
}

uint64_t a64_logical_value(uint32_t bits, uint32_t size) {
    uint32_t imms = bits & 0x3f, right = bits >> 6 & 0x3f;
    uint32_t e = bits >> 12 ? 64 : 32;
    while (e < 64 && e > 2 && (imms & e)) e /= 2;
    uint32_t n = (imms & (e - 1)) + 1;
    right &= e - 1;
    uint64_t x = ones(n);
    if (right) x = (x >> right | x << (e - right)) & ones(e);
    for (; e < 64; e *= 2) x |= x << e;
    return size == 4 ? x & UINT32_MAX : x;
}

bool a64_float_imm(uint64_t v, uint32_t size, uint32_t *bits) {
    uint32_t frac = size == 4 ? 23 : 52, same = size == 4 ? 5 : 8; /* exponent: not b, `same` times b, c, d */
    if (v & ones(frac - 4)) return false;
    uint32_t b = v >> (frac + 2) & 1;
    if ((v >> (frac + 2) & ones(same)) != (b ? ones(same) : 0)) return false;
    if ((v >> (frac + 2 + same) & 1) == b) return false;
    *bits = (uint32_t)(v >> (frac + 3 + same) & 1) << 7 | b << 6 | (uint32_t)(v >> (frac - 4) & 0x3f);
    return true;
}

uint64_t a64_float_value(uint32_t bits, uint32_t size) {
    uint32_t frac = size == 4 ? 23 : 52, same = size == 4 ? 5 : 8;
    uint64_t sign = bits >> 7 & 1, b = bits >> 6 & 1;
    uint64_t exp = (b ^ 1) << (same + 2) | (b ? ones(same) : 0) << 2 | (bits >> 4 & 3);
    return sign << (frac + same + 3) | exp << frac | (uint64_t)(bits & 15) << (frac - 4);
}

/* -- Vector immediates (AdvSIMDExpandImm); kind is op:cmode -------------------- */

enum {
    WORD_SHIFTED = 0, /* + 2 * shift in bytes */
    HALF_SHIFTED = 8,
    WORD_ONES = 12, /* shifted by 1 or 2 bytes, ones below */
    BYTES = 14,
    FLOAT4 = 15,
    INVERTED = 16,
    MASK = 30, /* a byte of 8 ones for each one */
    FLOAT8 = 31
};

uint32_t a64_vector_imm_size(uint32_t kind) {
    if (kind == BYTES) return 1;
    if (kind == MASK || kind == FLOAT8) return 8;
    uint32_t cmode = kind & 15;
    if (cmode < WORD_ONES && (cmode & 1)) return 0; /* orr, bic */
    return cmode >= HALF_SHIFTED && cmode < WORD_ONES ? 2 : 4;
}

static uint64_t repeated(uint64_t v, uint32_t size) {
    for (uint32_t n = size * 8; n < 64; n *= 2) v |= v << n;
    return v;
}

uint64_t a64_vector_value(uint32_t kind, uint32_t bits) {
    uint64_t v = 0;
    uint32_t cmode = kind & 15;
    if (kind == FLOAT4) return repeated(a64_float_value(bits, 4), 4);
    if (kind == FLOAT8) return a64_float_value(bits, 8);
    if (kind == BYTES) return repeated(bits, 1);
    if (kind == MASK) {
        for (uint32_t k = 0; k < 8; k++) v |= (bits >> k & 1) * (UINT64_C(0xff) << 8 * k);
        return v;
    }
    if (cmode >= WORD_ONES) {
        uint32_t n = cmode == WORD_ONES ? 8 : 16;
        v = (uint64_t)bits << n | ones(n);
    } else {
        v = (uint64_t)bits << (cmode >> 1 & (cmode < HALF_SHIFTED ? 3 : 1)) * 8;
    }
    v = repeated(v, a64_vector_imm_size(kind));
    return kind & INVERTED ? ~v : v;
}

bool a64_vector_imm(uint64_t v, uint32_t *kind, uint32_t *bits) {
    static const uint8_t shifted[] = {WORD_SHIFTED, WORD_SHIFTED + 2, WORD_SHIFTED + 4, WORD_SHIFTED + 6,
                                      HALF_SHIFTED, HALF_SHIFTED + 2, WORD_ONES,        WORD_ONES + 1};
    static const uint8_t at[] = {0, 8, 16, 24, 0, 8, 8, 16};
    uint32_t mask = 0, b;
    for (uint32_t k = 0; k < 8; k++) mask |= (uint32_t)(v >> (8 * k + 7) & 1) << k;
    *bits = v & 0xff, *kind = BYTES;
    if (a64_vector_value(BYTES, *bits) == v) return true;
    for (uint32_t n = 0; n < 2 * sizeof shifted; n++) {
        bool invert = n >= sizeof shifted;
        *kind = shifted[n % sizeof shifted] | (invert ? INVERTED : 0u);
        *bits = (uint32_t)((invert ? ~v : v) >> at[n % sizeof shifted] & 0xff);
        if (a64_vector_value(*kind, *bits) == v) return true;
    }
    *kind = MASK, *bits = mask;
    if (a64_vector_value(MASK, mask) == v) return true;
    *kind = FLOAT4;
    if (repeated(v & UINT32_MAX, 4) == v && a64_float_imm(v & UINT32_MAX, 4, &b)) return *bits = b, true;
    *kind = FLOAT8;
    return a64_float_imm(v, 8, bits);
}

bool a64_offset_ok(int64_t d, uint32_t log2) {
    if (d >= -256 && d < 256) return true;
    return d >= 0 && (d & (int64_t)ones(log2)) == 0 && d >> log2 < 4096;
}

static uint32_t word(uint32_t op, uint32_t size, uint32_t rd, uint32_t rn, uint64_t imm, uint32_t aux) {
    MInsn i = {
        .op = (uint16_t)op, .size = (uint8_t)size, .imm = (int64_t)imm, .aux = aux, .nopnd = rn == REG_NONE ? 1 : 2};
    return a64_encode(&i, (const uint32_t[]){rd, rn});
}

/* orr with a logical immediate that differs from v in one halfword, then movk: two words where movz and movk need
 * three or four. */
static bool const_by_logical(uint64_t v, uint32_t rd, uint32_t out[4]) {
    uint32_t bits;
    for (uint32_t k = 0; k < 4; k++) {
        for (uint32_t from = 0; from < 4; from++) {
            uint64_t h = v >> 16 * from & 0xffff, near = (v & ~(UINT64_C(0xffff) << 16 * k)) | h << 16 * k;
            if (from == k || !a64_logical_imm(near, 8, &bits)) continue;
            out[0] = word(A64_ORRI, 8, rd, 31, near, 0);
            out[1] = word(A64_MOVK, 8, rd, rd, v >> 16 * k & 0xffff, k);
            return true;
        }
    }
    return false;
}

uint32_t a64_const_words(uint64_t v, uint32_t size, uint32_t rd, uint32_t out[4]) {
    if (size == 4) v &= UINT32_MAX;
    if (v <= UINT32_MAX) size = 4; /* a 32-bit instruction clears the upper half */
    uint32_t n = size / 2, zeros = 0, full = 0, bits;
    for (uint32_t k = 0; k < n; k++) {
        uint64_t h = v >> 16 * k & 0xffff;
        zeros += h == 0, full += h == 0xffff;
    }
    bool inverted = full > zeros;
    uint32_t need = n - (inverted ? full : zeros); /* words by movz or movn, and movk */
    if (need > 1) {
        if (a64_logical_imm(v, size, &bits)) return out[0] = word(A64_ORRI, size, rd, 31, v, 0), 1;
        if (need > 2 && const_by_logical(v, rd, out)) return 2;
    }
    uint64_t skip = inverted ? 0xffff : 0;
    uint32_t count = 0;
    for (uint32_t k = 0; k < n; k++) {
        uint64_t h = v >> 16 * k & 0xffff;
        if (h == skip) continue;
        if (count) {
            out[count++] = word(A64_MOVK, size, rd, rd, h, k);
        } else {
            out[count++] = word(inverted ? A64_MOVN : A64_MOVZ, size, rd, REG_NONE, h ^ skip, k);
        }
    }
    if (count == 0) out[count++] = word(inverted ? A64_MOVN : A64_MOVZ, size, rd, REG_NONE, 0, 0);
    assert(count <= 4);
    return count;
}
