/* What the tests of the oracles share: modules from bytes. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/leb128.h"
#include "wasm/validate.h"

typedef struct Bytes {
    const uint8_t *at;
    uint32_t n;
} Bytes;
#define BYTES(array) ((Bytes){(array), sizeof(array)})

static inline Module *decode_valid(Arena *a, Bytes b) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(a, b.at, b.n, FEATURES_WASM3, &err);
    if (!m || !module_validate(m, &err)) fail_msg("%s at %u", err.text, err.at);
    return m;
}

/* `module` with a custom section behind its last one. */
static inline Bytes append_custom(Arena *a, Bytes module, const char *name, Bytes contents) {
    uint32_t name_n = (uint32_t)strlen(name);
    uint8_t len[10], name_len[10];
    uint32_t k = leb_put_u64(name_len, name_n), n = leb_put_u64(len, k + name_n + contents.n);
    uint8_t *out = arena_alloc(a, module.n + 1 + n + k + name_n + contents.n, 1), *at = out;
    const Bytes part[] = {module,        {(const uint8_t[]){0}, 1},       {len, n},
                          {name_len, k}, {(const uint8_t *)name, name_n}, contents};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        if (part[i].n) memcpy(at, part[i].at, part[i].n);
        at += part[i].n;
    }
    return (Bytes){out, (uint32_t)(at - out)};
}
