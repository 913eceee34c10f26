/* roundtrip: a valid module, encoded, decodes to the same module, and encodes again to the same bytes; its text, where
 * wabt is there to assemble it, is the same module too. */
#include <string.h>
#include "fuzz/opinion/opinion.h"
#include "fuzz/opinion/wabt.h"
#include "fuzz/targets/target.h"
#include "wasm/encode.h"
#include "wasm/print.h"
#include "wasm/validate.h"

TARGET_FAILURE(roundtrip__encoded_is_rejected)
TARGET_FAILURE(roundtrip__encoded_twice_differs)
TARGET_FAILURE(roundtrip__text_differs)
TARGET_FAILURE(roundtrip__text_is_no_module)
TARGET_FAILURE(roundtrip__assembled_is_rejected)
TARGET_FAILURE(roundtrip__assembled_differs)
TARGET_FAILURE(roundtrip__assembled_twice_differs)

static const char *text_of(Arena *a, const Module *m) {
    Text t;
    text_init(&t, a);
    module_print(&t, m, 0);
    return t.at;
}

static bool starts(const char *at, const char *word) { return strncmp(at, word, strlen(word)) == 0; }

static bool skip_token(const char **at) {
    static const char *const token[] = {" funcref", " func", "(item ", "ref.func ", ")"};
    for (size_t i = 0; i < sizeof token / sizeof *token; i++)
        if (starts(*at, token[i])) return *at += strlen(token[i]), true;
    return false;
}

/* What wabt's assembler leaves as it is.  It drops comments and an `else` with nothing behind it, writes a block type
 * with one result without a type index, and an element segment of functions without expressions. */
static const char *essence(Arena *a, const char *text) {
    char *out = arena_dup(a, text, strlen(text)), *to = out;
    for (const char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        end += *end != 0;
        const char *at = line + strspn(line, " "), *stop = end;
        if (starts(at, ";;") || starts(at, "else")) continue;
        if (starts(at, "block") || starts(at, "loop") || starts(at, "if")) stop = at + strcspn(at, " \n");
        bool elem = starts(at, "(elem");
        for (at = line; at < stop;)
            if (!elem || !skip_token(&at)) *to++ = *at++;
    }
    *to = 0;
    return out;
}

static Module *assemble(Arena *a, const char *text, uint8_t **bytes, size_t *n) {
    Err err;
    char why[300];
    if (!wabt_assemble(text, bytes, n, why, sizeof why)) parallax_finding__roundtrip__text_is_no_module(why);
    Module *m = module_decode_valid(a, *bytes, (uint32_t)*n, FEATURES_WABT, &err);
    if (!m) parallax_finding__roundtrip__assembled_is_rejected(err.text);
    return m;
}

/* Our text is assembled to a module of the same text but for the above, and the text of that to the same bytes. */
static void against_wabt(Arena *a, const char *text) {
    uint8_t *once, *twice;
    size_t n1, n2;
    const char *back = text_of(a, assemble(a, text, &once, &n1));
    if (strcmp(essence(a, text), essence(a, back)) != 0) parallax_finding__roundtrip__assembled_differs(text);
    assemble(a, back, &twice, &n2);
    if (n1 != n2 || memcmp(once, twice, n1) != 0) parallax_finding__roundtrip__assembled_twice_differs(text);
    free(once);
    free(twice);
}

const bool target_takes_malformed = false;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    if (size > TARGET_MAX_INPUT) return 0;
    Err err;
    Arena *a = target_arena();
    CaseBytes in = case_of_input(a, data, (uint32_t)size, FEATURES_WASM3, &caps);
    Module *m = module_decode_valid(a, in.at, in.n, FEATURES_WASM3, &err);
    if (m) {
        uint32_t n1, n2;
        const uint8_t *once = module_encode(a, m, &n1);
        Module *back = module_decode_valid(a, once, n1, FEATURES_WASM3, &err);
        if (!back) parallax_finding__roundtrip__encoded_is_rejected(err.text);
        const uint8_t *twice = module_encode(a, back, &n2);
        if (n1 != n2 || memcmp(once, twice, n1) != 0) parallax_finding__roundtrip__encoded_twice_differs("");
        const char *text = text_of(a, back);
        if (strcmp(text_of(a, m), text) != 0) parallax_finding__roundtrip__text_differs("");
        Module nameless = *back; /* an assembler leaves names out */
        nameless.func_names = NULL;
        if (wabt_here() && module_decode_valid(a, once, n1, FEATURES_WABT, &err))
            against_wabt(a, text_of(a, &nameless));
    }
    return 0;
}
