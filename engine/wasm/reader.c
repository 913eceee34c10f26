/* Reading bytes, LEB128, names and types (spec 5.1 - 5.3).
 *
 * Errors stand at the offending byte: a number is "too large" at the byte whose unused bits are set, "too
 * long" at the byte that should not be there; what is missing is missing at the end. */
#include "wasm/reader.h"
#include <string.h>

void reader_fail(Reader *r, ErrCode code, uint32_t at) {
    err_at(r->err, at, r->func, code, NULL);
    r->at = r->end;
}

uint8_t read_u8(Reader *r) {
    if (r->at < r->end) return *r->at++;
    reader_fail(r, ERR_UNEXPECTED_END, reader_offset(r));
    return 0;
}

/* Unsigned LEB128 of `bits` bits. */
static uint64_t read_unsigned(Reader *r, uint32_t bits) {
    uint64_t v = 0;
    for (uint32_t shift = 0; shift < bits; shift += 7) {
        uint32_t at = reader_offset(r);
        uint8_t b = read_u8(r);
        uint32_t left = bits - shift;
        if (left < 7 && (b & 0x7f) >> left) return reader_fail(r, ERR_INT_LARGE, at), 0;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) return v;
    }
    reader_fail(r, ERR_INT_LONG, reader_offset(r));
    return 0;
}

/* Signed LEB128 of `bits` bits: the unused bits of the last byte repeat the sign. */
static int64_t read_signed(Reader *r, uint32_t bits) {
    uint64_t v = 0;
    for (uint32_t shift = 0; shift < bits; shift += 7) {
        uint32_t at = reader_offset(r);
        uint8_t b = read_u8(r);
        uint32_t left = bits - shift;
        if (left < 7) {
            uint32_t mask = (UINT32_MAX << (left - 1)) & 0x7f;
            if ((b & mask) != 0 && (b & mask) != mask) return reader_fail(r, ERR_INT_LARGE, at), 0;
        }
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b & 0x80) continue;
        if (shift + 7 < 64 && (b & 0x40)) v |= ~UINT64_C(0) << (shift + 7);
        return (int64_t)v;
    }
    reader_fail(r, ERR_INT_LONG, reader_offset(r));
    return 0;
}

uint32_t read_u32(Reader *r) { return (uint32_t)read_unsigned(r, 32); }
uint64_t read_u64(Reader *r) { return read_unsigned(r, 64); }
int32_t read_s32(Reader *r) { return (int32_t)read_signed(r, 32); }
int64_t read_s33(Reader *r) { return read_signed(r, 33); }
int64_t read_s64(Reader *r) { return read_signed(r, 64); }

uint32_t read_count(Reader *r) {
    uint32_t n = read_index(r);
    if (n <= reader_left(r)) return n;
    reader_fail(r, ERR_UNEXPECTED_END, (uint32_t)(r->end - r->base));
    return 0;
}

uint32_t read_count_max(Reader *r, uint32_t have, uint32_t max) {
    uint32_t at = reader_offset(r);
    uint32_t n = read_count(r);
    if (n <= max && have <= max - n) return n;
    reader_fail(r, ERR_LIMIT, at);
    return 0;
}

/* -- Names ------------------------------------------------------------------ */

/* Length of the UTF-8 sequence at p (Unicode 15, table 3-7), 0 when there is none. */
static uint32_t utf8_length(const uint8_t *p, uint32_t n) {
    static const struct {
        uint8_t first, last, lo, hi, n; /* lead byte; range of the second byte; length */
    } row[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (p[0] < 0x80) return 1;
    for (uint32_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (p[0] < row[i].first || p[0] > row[i].last) continue;
        if (n < row[i].n || p[1] < row[i].lo || p[1] > row[i].hi) return 0;
        for (uint32_t k = 2; k < row[i].n; k++)
            if ((p[k] & 0xc0) != 0x80) return 0;
        return row[i].n;
    }
    return 0;
}

Name read_name(Reader *r) {
    uint32_t at = reader_offset(r);
    uint32_t n = read_index(r);
    if (n > reader_left(r)) return reader_fail(r, ERR_LENGTH, at), (Name){"", 0};
    const uint8_t *p = r->at;
    for (uint32_t i = 0, step; i < n; i += step) {
        step = utf8_length(p + i, n - i);
        if (!step) return reader_fail(r, ERR_UTF8, (uint32_t)(p + i - r->base)), (Name){"", 0};
    }
    r->at += n;
    return (Name){(const char *)p, n};
}

/* -- Types ------------------------------------------------------------------ */

/* Is the abstract heap type of this code byte there with the module's features? */
static bool heap_code_known(const Module *m, uint32_t code) {
    switch (code) {
    case HEAP_FUNC:
    case HEAP_EXTERN: return has_feature(m, FEAT_REF_TYPES);
    case HEAP_EXN:
    case HEAP_NOEXN: return has_feature(m, FEAT_EXCEPTIONS);
    case HEAP_NOFUNC:
    case HEAP_NOEXTERN:
    case HEAP_NONE:
    case HEAP_ANY:
    case HEAP_EQ:
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY: return has_feature(m, FEAT_GC);
    default: return false;
    }
}

static bool typed_refs(const Module *m) { return has_feature(m, FEAT_FUNC_REFS) || has_feature(m, FEAT_GC); }

uint32_t read_heap_type(Reader *r, const Module *m) {
    uint32_t at = reader_offset(r);
    uint32_t b = peek_u8(r);
    if (heap_code_known(m, b)) {
        r->at++;
        return HEAP_ABSTRACT + b;
    }
    if (!typed_refs(m)) {
        read_u8(r);
        if (reader_ok(r)) reader_fail(r, ERR_REF_TYPE, at);
        return 0;
    }
    int64_t index = read_s33(r);
    if (index < 0) return reader_fail(r, ERR_HEAP_TYPE, at), 0;
    /* No module has so many types: validation finds that it is unknown. */
    return index < HEAP_ABSTRACT ? (uint32_t)index : HEAP_ABSTRACT - 1;
}

ValType read_val_type(Reader *r, const Module *m) {
    uint32_t at = reader_offset(r);
    uint32_t b = read_u8(r);
    if (b >= VT_F64 && b <= VT_I32) return b;
    if (b == VT_V128 && has_feature(m, FEAT_SIMD)) return b;
    if ((b == 0x63 || b == 0x64) && typed_refs(m)) return VT_REF | (b == 0x63 ? VT_NULLABLE : 0) | read_heap_type(r, m);
    if (heap_code_known(m, b)) return VT_REF | VT_NULLABLE | HEAP_ABSTRACT | b;
    if (reader_ok(r)) reader_fail(r, ERR_VALUE_TYPE, at);
    return VT_BOTTOM;
}

ValType read_ref_type(Reader *r, const Module *m) {
    uint32_t at = reader_offset(r);
    uint32_t b = peek_u8(r);
    if (b == HEAP_FUNC) { /* also before reference types: of tables */
        r->at++;
        return VT_FUNCREF;
    }
    if (r->at < r->end && b != 0x63 && b != 0x64 && !heap_code_known(m, b)) {
        reader_fail(r, ERR_REF_TYPE, at);
        return VT_FUNCREF;
    }
    ValType t = read_val_type(r, m);
    return reader_ok(r) ? t : VT_FUNCREF;
}
