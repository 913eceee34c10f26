/* roundtrip: a valid module, encoded, decodes to the same module, and encodes again to the same bytes; its text, where wabt is there to
 * assemble it, is the same module too. */
#include <string.h>
#include "fuzz/targets/target.h"
#include "fuzz/targets/wabt.h"
#include "wasm/encode.h"
#include "wasm/print.h"
#include "wasm/validate.h"

TARGET_FAILURE(roundtrip__encoded_is_rejected)
TARGET_FAILURE(roundtrip__encoded_twice_differs)
TARGET_FAILURE(roundtrip__text_differs)
TARGET_FAILURE(roundtrip__text_is_no_module)
TARGET_FAILURE(roundtrip__assembled_is_rejected)
TARGET_FAILURE(roundtrip__assembled_differs)

static Module *decode(Arena *a, const uint8_t *bytes, uint32_t n, Err *err) {
    err_clear(err);
    Module *m = module_decode(a, bytes, n, FEATURES_WASM3, err);
    return m && module_validate(m, err) ? m : NULL;
}

static const char *text_of(Arena *a, const Module *m) {
    Text t;
    text_init(&t, a);
    module_print(&t, m, 0);
    return t.at;
}

/* Text without its comments: what an assembler leaves out. */
static char *without_comments(Arena *a, const char *text) {
    char *out = arena_dup(a, text, strlen(text)), *to = out;
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n") + (line[strcspn(line, "\n")] != 0);
        const char *at = line + strspn(line, " ");
        bool comment = strncmp(at, ";;", 2) == 0 || strncmp(at, "(;", 2) == 0 || strncmp(at, "(@", 2) == 0;
        if (!comment) memmove(to, line, n), to += n;
        line += n;
    }
    *to = 0;
    return out;
}

static void assemble(Arena *a, const char *text) {
    uint8_t *bytes;
    size_t n;
    Err err;
    char why[300];
    if (!wabt_here()) return;
    if (!wabt_assemble(text, &bytes, &n, why, sizeof why)) parallax_finding__roundtrip__text_is_no_module(why);
    Module *m = decode(a, bytes, (uint32_t)n, &err);
    if (!m) parallax_finding__roundtrip__assembled_is_rejected(err.text);
    if (strcmp(without_comments(a, text), without_comments(a, text_of(a, m))) != 0) parallax_finding__roundtrip__assembled_differs("");
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    if (size > TARGET_MAX_INPUT) return 0;
    Arena a;
    Err err;
    arena_init(&a, NULL);
    CaseBytes in = case_of_input(&a, data, (uint32_t)size, FEATURES_WASM3, &caps);
    Module *m = decode(&a, in.at, in.n, &err);
    if (m) {
        uint32_t n1, n2;
        const uint8_t *once = module_encode(&a, m, &n1);
        Module *back = decode(&a, once, n1, &err);
        if (!back) parallax_finding__roundtrip__encoded_is_rejected(err.text);
        const uint8_t *twice = module_encode(&a, back, &n2);
        if (n1 != n2 || memcmp(once, twice, n1) != 0) parallax_finding__roundtrip__encoded_twice_differs("");
        const char *text = text_of(&a, back);
        if (strcmp(text_of(&a, m), text) != 0) parallax_finding__roundtrip__text_differs("");
        Module nameless = *back; /* an assembler leaves names out */
        nameless.func_names = NULL;
        assemble(&a, text_of(&a, &nameless));
    }
    arena_free(&a);
    return 0;
}
