/* validate: is the module accepted?  wabt, where it is there, must say the same; and our own answer must be one and
 * the same for the same bytes, name a place inside them, and hold for what is printed and encoded. */
#include <string.h>
#include "fuzz/targets/target.h"
#include "fuzz/targets/wabt.h"
#include "wasm/encode.h"
#include "wasm/print.h"
#include "wasm/validate.h"

TARGET_FAILURE(validate__generator__module)
TARGET_FAILURE(validate__not_repeatable)
TARGET_FAILURE(validate__place_outside)
TARGET_FAILURE(validate__only_we_accept)
TARGET_FAILURE(validate__only_wabt_accepts)
TARGET_FAILURE(validate__encoded_is_rejected)

/* What wabt implements as the specification has it: typed references are behind in its version, text of them differs. */
#define FEATURES_WABT (FEATURES_WASM3 & ~(1u << FEAT_FUNC_REFS))

static Module *check(Arena *a, const uint8_t *bytes, uint32_t n, Features f, Err *err) {
    err_clear(err);
    Module *m = module_decode(a, bytes, n, f, err);
    return m && module_validate(m, err) ? m : NULL;
}

static void against_wabt(Arena *a, const uint8_t *bytes, uint32_t n) {
    Err err;
    char why[400], text[700];
    if (!wabt_here()) return;
    const Module *m = check(a, bytes, n, FEATURES_WABT, &err);
    WabtAnswer w = wabt_validate(bytes, n, FEATURES_WABT, why, sizeof why);
    if (w == WABT_UNSURE || (m != NULL) == (w == WABT_ACCEPTS)) return;
    snprintf(text, sizeof text, "we say: %s (at byte 0x%x); wabt says: %s", m ? "valid" : err.text, m ? 0 : err.at, w == WABT_ACCEPTS ? "valid" : why);
    if (m) parallax_finding__validate__only_we_accept(text);
    parallax_finding__validate__only_wabt_accepts(text);
}

static void consistent(Arena *a, const uint8_t *bytes, uint32_t n, const Module *m, const Err *first) {
    Err err;
    const Module *again = check(a, bytes, n, FEATURES_WASM3, &err);
    if ((m != NULL) != (again != NULL) || err.code != first->code || err.at != first->at || strcmp(err.text, first->text) != 0)
        parallax_finding__validate__not_repeatable(first->text);
    if (!m) {
        if (first->at > n) parallax_finding__validate__place_outside(first->text);
        return;
    }
    Text t;
    uint32_t size;
    text_init(&t, a);
    module_print(&t, m, PRINT_OFFSETS);
    const uint8_t *out = module_encode(a, m, &size);
    if (!check(a, out, size, FEATURES_WASM3, &err)) parallax_finding__validate__encoded_is_rejected(err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > TARGET_MAX_INPUT) return 0;
    uint32_t n = (uint32_t)size;
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    Arena a;
    Err err;
    arena_init(&a, NULL);
    CaseBytes in = {.at = data, .n = n, .kind = INPUT_MODULE};
    if (!input_is_module(data, n)) in = case_of_input(&a, data, n, FEATURES_WASM3, &caps);
    const Module *m = check(&a, in.at, in.n, FEATURES_WASM3, &err);
    if (!m && in.kind == INPUT_GENERATED) parallax_finding__validate__generator__module(err.text);
    consistent(&a, in.at, in.n, m, &err);
    against_wabt(&a, in.at, in.n);
    arena_free(&a);
    return 0;
}
