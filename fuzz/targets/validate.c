/* validate: is the module accepted?  wabt, where it is there, must say the same; and our own answer must be one and
 * the same for the same bytes, name a place inside them, and hold for what is printed and encoded. */
#include <string.h>
#include "fuzz/opinion/opinion.h"
#include "fuzz/opinion/wabt.h"
#include "fuzz/targets/target.h"
#include "wasm/encode.h"
#include "wasm/print.h"
#include "wasm/validate.h"

TARGET_FAILURE(validate__generator__module)
TARGET_FAILURE(validate__not_repeatable)
TARGET_FAILURE(validate__place_outside)
TARGET_FAILURE(validate__only_we_accept)
TARGET_FAILURE(validate__only_wabt_accepts)
TARGET_FAILURE(validate__encoded_is_rejected)

static void against_wabt(Arena *a, const uint8_t *bytes, uint32_t n) {
    Opinion o = opinion_of(a, bytes, n);
    if (o.kind == OPINION_ONLY_WE) parallax_finding__validate__only_we_accept(o.text);
    if (o.kind == OPINION_ONLY_WABT) parallax_finding__validate__only_wabt_accepts(o.text);
}

static void consistent(Arena *a, const uint8_t *bytes, uint32_t n, const Module *m, const Err *first) {
    Err err;
    const Module *again = module_decode_valid(a, bytes, n, FEATURES_WASM3, &err);
    if ((m != NULL) != (again != NULL) || err.code != first->code || err.at != first->at ||
        strcmp(err.text, first->text) != 0)
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
    if (!module_decode_valid(a, out, size, FEATURES_WASM3, &err))
        parallax_finding__validate__encoded_is_rejected(err.text);
}

const bool target_takes_malformed = true;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > TARGET_MAX_INPUT) return 0;
    uint32_t n = (uint32_t)size;
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    Err err;
    Arena *a = target_arena();
    CaseBytes in = {.at = data, .n = n, .kind = INPUT_MODULE};
    if (!input_is_module(data, n)) in = case_of_input(a, data, n, FEATURES_WASM3, &caps);
    const Module *m = module_decode_valid(a, in.at, in.n, FEATURES_WASM3, &err);
    if (!m && in.kind == INPUT_GENERATED) parallax_finding__validate__generator__module(err.text);
    consistent(a, in.at, in.n, m, &err);
    if (wabt_here()) against_wabt(a, in.at, in.n);
    return 0;
}
