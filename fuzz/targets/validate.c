/* validate: is the module accepted?  wabt, where it is there, must say the same; and our own answer must be one and
 * the same for the same bytes, name a place inside them, and hold for what is printed and encoded. */
#include <string.h>
#include "fuzz/targets/target.h"
#include "fuzz/targets/wabt.h"
#include "wasm/encode.h"
#include "wasm/print.h"
#include "wasm/reader.h"
#include "wasm/validate.h"

TARGET_FAILURE(validate__generator__module)
TARGET_FAILURE(validate__not_repeatable)
TARGET_FAILURE(validate__place_outside)
TARGET_FAILURE(validate__only_we_accept)
TARGET_FAILURE(validate__only_wabt_accepts)
TARGET_FAILURE(validate__encoded_is_rejected)

/* What wabt implements: its typed references are of an earlier draft. */
#define FEATURES_WABT (FEATURES_WASM3 & ~(1u << FEAT_FUNC_REFS))

static Module *check(Arena *a, const uint8_t *bytes, uint32_t n, Features f, Err *err) {
    err_clear(err);
    Module *m = module_decode(a, bytes, n, f, err);
    return m && module_validate(m, err) ? m : NULL;
}

/* -- Where wabt 1.0.32 is known to deviate from the specification -------------------------------------- */

/* The error lies in a custom section, whose contents wabt is told not to mind; it does not mind its length and name
 * either. */
static bool in_custom(const uint8_t *bytes, uint32_t n, uint32_t error) {
    Err err;
    err_clear(&err);
    Reader r = {.base = bytes, .at = bytes + 8, .end = bytes + n, .err = &err, .func = ERR_NO_FUNC};
    while (n > 8 && r.at < r.end) {
        uint8_t id = read_u8(&r);
        uint32_t from = reader_offset(&r), size = read_u32(&r);
        if (!reader_ok(&r) || size > (uint32_t)(r.end - r.at)) return id == 0;
        r.at += size;
        if (error >= from && error <= reader_offset(&r)) return id == 0;
    }
    return false;
}

/* We reject and wabt accepts. */
static bool wabt_is_lax(const uint8_t *bytes, uint32_t n, const Err *e) {
    bool in_expr = e->func == ERR_NO_FUNC;
    switch (e->code) {
    case ERR_UTF8:           /* names are not checked */
    case ERR_DATA_COUNT:     /* a count without a data section is not missed */
    case ERR_UNEXPECTED_END: /* a constant expression may run over its section's end, */
    case ERR_END_EXPECTED:   /* a body over its own */
    case ERR_SECTION_SIZE: return true;
    case ERR_TYPE_MISMATCH: /* an empty offset expression; an indirect call through a table of externref */
        return in_expr || (e->at < n && (bytes[e->at] == 0x11 || bytes[e->at] == 0x13));
    case ERR_ALIGNMENT: /* exponents from 32 up */
        return e->at + 2 < n && (bytes[e->at + 1] >= 0x20 || bytes[e->at + 2] >= 0x20);
    default: return in_custom(bytes, n, e->at);
    }
}

/* wabt rejects, and we accept: what the later edition of the specification allows. */
static bool wabt_is_behind(const char *why) {
    static const char *const message[] = {"initializer expression can only reference an imported global",
                                          "expected ref.null or ref.func in passive element segment"};
    for (size_t i = 0; i < sizeof message / sizeof *message; i++)
        if (strstr(why, message[i])) return true;
    return false;
}

static void against_wabt(Arena *a, const uint8_t *bytes, uint32_t n) {
    Err err;
    char why[400], text[700];
    const Module *m = check(a, bytes, n, FEATURES_WABT, &err);
    bool accepted = wabt_validate(bytes, n, FEATURES_WABT, why, sizeof why);
    if ((m != NULL) == accepted || (accepted ? wabt_is_lax(bytes, n, &err) : wabt_is_behind(why))) return;
    snprintf(text, sizeof text, "we say: %s (at byte 0x%x); wabt says: %s", m ? "valid" : err.text, m ? 0 : err.at,
             accepted ? "valid" : why);
    if (m) parallax_finding__validate__only_we_accept(text);
    parallax_finding__validate__only_wabt_accepts(text);
}

static void consistent(Arena *a, const uint8_t *bytes, uint32_t n, const Module *m, const Err *first) {
    Err err;
    const Module *again = check(a, bytes, n, FEATURES_WASM3, &err);
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
    if (wabt_here()) against_wabt(&a, in.at, in.n);
    arena_free(&a);
    return 0;
}
