#include "fuzz/opinion/opinion.h"
#include <stdio.h>
#include <string.h>
#include "fuzz/opinion/wabt.h"
#include "wasm/reader.h"
#include "wasm/validate.h"

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

/* wabt rejects, and we accept: what the later edition of the specification allows.  NULL: no such. */
static const char *wabt_is_behind(const char *why) {
    static const struct {
        const char *message, *what;
    } known[] = {
        {"initializer expression can only reference an imported global", "constants of globals that are not imported"},
        {"expected ref.null or ref.func in passive element segment",
         "element expressions beyond ref.null and ref.func"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(why, known[i].message)) return known[i].what;
    return NULL;
}

/* -- Both ----------------------------------------------------------------------------------------------- */

/* The feature beyond wabt's without which it is not valid; NULL: it is not valid with all of ours. */
static const char *feature_needed(Arena *a, const uint8_t *bytes, uint32_t n) {
    Err err;
    if (!module_decode_valid(a, bytes, n, FEATURES_WASM3, &err)) return NULL;
    for (uint32_t f = 0; f < FEAT_COUNT; f++) {
        Features without = FEATURES_WASM3 & ~(1u << f);
        if (!(FEATURES_WABT >> f & 1) && without != FEATURES_WASM3 && !module_decode_valid(a, bytes, n, without, &err))
            return feature_name((Feature)f);
    }
    return "several features together";
}

Opinion opinion_of(Arena *a, const uint8_t *bytes, uint32_t n) {
    Opinion o = {.kind = OPINION_VALID};
    Err err;
    char why[400] = "valid";
    bool we = module_decode_valid(a, bytes, n, FEATURES_WABT, &err) != NULL;
    bool wabt = wabt_validate(bytes, n, FEATURES_WABT, why, sizeof why);
    if (we && wabt) return o;
    if (we) {
        o.what = wabt_is_behind(why);
        o.kind = o.what ? OPINION_UNKNOWN : OPINION_ONLY_WE;
    } else if (wabt) {
        o.kind = wabt_is_lax(bytes, n, &err) ? OPINION_LAX : OPINION_ONLY_WABT;
    } else {
        o.what = feature_needed(a, bytes, n);
        o.kind = o.what ? OPINION_UNKNOWN : OPINION_INVALID;
    }
    snprintf(o.text, sizeof o.text, "we say: %s (at byte 0x%x); wabt says: %s", we ? "valid" : err.text,
             we ? 0 : err.at, why);
    return o;
}
