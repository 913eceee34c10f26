/* Opcodes and features: opcode.def as tables.
 *
 * Finding an opcode by its bytes is one load from op_slot (reader.h), which the compiler builds from
 * the rows; entries hold Op + 1, so what no row names stays 0. */
#include "wasm/opcode.h"
#include <string.h>
#include "wasm/reader.h"

const OpInfo op_info[OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) \
    {text, #sig, prefix, code, IMM_##imm, KIND_##kind, FEAT_##feature},
#include "wasm/opcode.def"
#undef OP
};

#define CODES OP_SLOT_CODES
#define SLOT(prefix, code) ((prefix) == 0 ? (code) : 256 + ((prefix)-OP_PREFIX_FIRST) * CODES + (code))
const uint16_t op_slot[OP_SLOTS] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) [SLOT(prefix, code)] = OP_##id + 1,
#include "wasm/opcode.def"
#undef OP
};
const uint8_t op_slot_imm[OP_SLOTS] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) [SLOT(prefix, code)] = IMM_##imm,
#include "wasm/opcode.def"
#undef OP
    [OP_PREFIX_FIRST] = IMM_COUNT,
    [OP_PREFIX_FIRST + 1] = IMM_COUNT,
    [OP_PREFIX_FIRST + 2] = IMM_COUNT,
    [OP_PREFIX_FIRST + 3] = IMM_COUNT,
};
_Static_assert(OP_PREFIXES == 4, "their bytes");

_Static_assert(OP_UNREACHABLE == 0 && OP_COUNT < OP_NONE, "Op + 1 fits 16 bits and 0 is free");

Op op_find(uint32_t prefix, uint32_t code) {
    uint32_t slot;
    if (prefix == 0) {
        if (code > 0xff) return OP_NONE;
        slot = code;
    } else {
        if (prefix < OP_PREFIX_FIRST || prefix >= OP_PREFIX_FIRST + OP_PREFIXES || code >= CODES) return OP_NONE;
        slot = SLOT(prefix, code);
    }
    return op_slot[slot] ? (Op)(op_slot[slot] - 1) : OP_NONE;
}

Op op_find_text(const char *text) {
    for (uint32_t i = 0; i < OP_COUNT; i++)
        if (strcmp(op_info[i].text, text) == 0) return (Op)i;
    return OP_NONE;
}

uint32_t op_align(Op op) {
    switch (op) {
    case OP_V128_LOAD:
    case OP_V128_STORE: return 4;
    case OP_V128_LOAD8X8_S:
    case OP_V128_LOAD8X8_U:
    case OP_V128_LOAD16X4_S:
    case OP_V128_LOAD16X4_U:
    case OP_V128_LOAD32X2_S:
    case OP_V128_LOAD32X2_U:
    case OP_V128_LOAD64_SPLAT:
    case OP_V128_LOAD64_ZERO:
    case OP_V128_LOAD64_LANE:
    case OP_V128_STORE64_LANE:
    case OP_I64_LOAD:
    case OP_F64_LOAD:
    case OP_I64_STORE:
    case OP_F64_STORE: return 3;
    case OP_V128_LOAD32_SPLAT:
    case OP_V128_LOAD32_ZERO:
    case OP_V128_LOAD32_LANE:
    case OP_V128_STORE32_LANE:
    case OP_I32_LOAD:
    case OP_F32_LOAD:
    case OP_I64_LOAD32_S:
    case OP_I64_LOAD32_U:
    case OP_I32_STORE:
    case OP_F32_STORE:
    case OP_I64_STORE32: return 2;
    case OP_V128_LOAD16_SPLAT:
    case OP_V128_LOAD16_LANE:
    case OP_V128_STORE16_LANE:
    case OP_I32_LOAD16_S:
    case OP_I32_LOAD16_U:
    case OP_I64_LOAD16_S:
    case OP_I64_LOAD16_U:
    case OP_I32_STORE16:
    case OP_I64_STORE16: return 1;
    default: return 0;
    }
}

uint32_t op_lanes(Op op) {
    switch ((Imm)op_info[op].imm) {
    case IMM_SHUFFLE: return 32; /* of both operands */
    case IMM_MEMARG_LANE: return 16u >> op_align(op);
    case IMM_LANE: break;
    default: return 0;
    }
    switch (op_info[op].text[1]) { /* the width in "i8x16." and its like */
    case '8': return 16;
    case '1': return 8;
    case '3': return 4;
    default: return 2;
    }
}

/* -- Features ---------------------------------------------------------------- */

static const char *const feature_names[FEAT_COUNT] = {
    [FEAT_MVP] = "mvp",
    [FEAT_SIGN_EXT] = "sign-extension",
    [FEAT_SAT_FLOAT] = "saturating-float-to-int",
    [FEAT_MULTI_VALUE] = "multi-value",
    [FEAT_REF_TYPES] = "reference-types",
    [FEAT_BULK] = "bulk-memory",
    [FEAT_MUTABLE_GLOBALS] = "mutable-globals",
    [FEAT_SIMD] = "simd",
    [FEAT_TAIL_CALL] = "tail-call",
    [FEAT_EXTENDED_CONST] = "extended-const",
    [FEAT_MULTI_MEMORY] = "multi-memory",
    [FEAT_MEMORY64] = "memory64",
    [FEAT_FUNC_REFS] = "function-references",
    [FEAT_GC] = "gc",
    [FEAT_EXCEPTIONS] = "exceptions",
    [FEAT_RELAXED_SIMD] = "relaxed-simd",
    [FEAT_THREADS] = "threads",
};

const char *feature_name(Feature f) { return feature_names[f]; }

static bool name_is(const char *name, const char *at, size_t n) {
    return strlen(name) == n && memcmp(name, at, n) == 0;
}

/* One item of the list: a whole set, or a feature with its sign. */
static bool parse_item(const char *at, size_t n, Features *set) {
    if (name_is("wasm2", at, n)) return *set = FEATURES_WASM2, true;
    if (name_is("wasm3", at, n)) return *set = FEATURES_WASM3, true;
    if (n < 2 || (*at != '+' && *at != '-')) return false;
    for (uint32_t f = FEAT_MVP + 1; f < FEAT_COUNT; f++) {
        if (!name_is(feature_names[f], at + 1, n - 1)) continue;
        if (*at == '+')
            *set |= 1u << f;
        else
            *set &= ~(1u << f);
        return true;
    }
    return false;
}

bool features_parse(const char *text, Features *set, const char **bad) {
    Features result = *set ? *set : FEATURES_WASM3;
    for (const char *at = text;;) {
        size_t n = strcspn(at, ",");
        if (n && !parse_item(at, n, &result)) {
            *bad = at;
            return false;
        }
        if (!at[n]) break;
        at += n + 1;
    }
    *set = result;
    return true;
}
