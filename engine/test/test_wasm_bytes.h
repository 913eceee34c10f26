/* Test helper: modules written down as bytes, and what decoding and validating them says. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/decode.h"
#include "wasm/validate.h"

typedef struct Bytes {
    const uint8_t *at;
    uint32_t n;
} Bytes;
#define B(...) ((Bytes){(const uint8_t[]){__VA_ARGS__}, (uint32_t)sizeof((const uint8_t[]){__VA_ARGS__})})
#define HEADER 0, 'a', 's', 'm', 1, 0, 0, 0
#define WITH(f) (FEATURES_WASM3 | 1u << (f))

/* Decode and validate; NULL and *err if that fails. */
static inline Module *load(Arena *a, Bytes b, Features features, Err *err) {
    Module *m = module_decode(a, b.at, b.n, features, err);
    return m && module_validate(m, err) ? m : NULL;
}

/* A module with function types [] -> [], [i32] -> [i32], [] -> [i32], [i32] -> [] (0 to 3), a memory, a
 * table, and two functions: number 0 of type 1 is the identity, number 1 has `type` and `code`. */
static inline Bytes module_with_body(uint8_t *to, uint8_t type, Bytes code) {
    static const uint8_t head[] = {HEADER, 1, 17, 4,    0x60, 0, 0,    0x60, 1, 0x7f, 1, 0x7f,
                                   0x60,   0, 1,  0x7f, 0x60, 1, 0x7f, 0,    3, 3,    2, 1};
    static const uint8_t middle[] = {4, 4, 1, 0x70, 0, 1, 5, 3, 1, 0, 1, 10};
    uint8_t *p = to;
    memcpy(p, head, sizeof head), p += sizeof head;
    *p++ = type;
    memcpy(p, middle, sizeof middle), p += sizeof middle;
    *p++ = (uint8_t)(code.n + 8); /* section: count, identity (5 bytes), size, locals */
    *p++ = 2;
    *p++ = 4, *p++ = 0, *p++ = 0x20, *p++ = 0, *p++ = 0x0b;
    *p++ = (uint8_t)(code.n + 1);
    *p++ = 0;
    memcpy(p, code.at, code.n), p += code.n;
    return (Bytes){to, (uint32_t)(p - to)};
}
