#include "interp/nanprobe.h"
#include <string.h>
#include "wasm/num.h"
#include "wasm/opcode.h"

/* -- Marks: quiet, with a payload that code hardly makes; its lowest bit is the class ------------------ */

#define PAYLOAD_F32 UINT32_C(0x2d5a94)
#define PAYLOAD_F64 UINT64_C(0x2d5a93c96f0b4)
#define MARK_F32 (NUM_F32_NAN | PAYLOAD_F32)
#define MARK_F64 (NUM_F64_NAN | PAYLOAD_F64)
#define QUIET_F32 UINT32_C(0x400000)
#define QUIET_F64 UINT64_C(0x8000000000000)

NanClass nan_mark_f32(uint32_t bits) {
    if ((bits & ~(NUM_F32_SIGN | 1)) != MARK_F32) return NAN_EXACT;
    return bits & 1 ? NAN_QUIET : NAN_ANY_SIGN;
}

NanClass nan_mark_f64(uint64_t bits) {
    if ((bits & ~(NUM_F64_SIGN | 1)) != MARK_F64) return NAN_EXACT;
    return bits & 1 ? NAN_QUIET : NAN_ANY_SIGN;
}

bool nan_fits_f32(NanClass c, uint32_t bits) {
    if (c == NAN_ANY_SIGN) return (bits & ~NUM_F32_SIGN) == NUM_F32_NAN;
    return num_f32_is_nan(bits) && (bits & QUIET_F32);
}

bool nan_fits_f64(NanClass c, uint64_t bits) {
    if (c == NAN_ANY_SIGN) return (bits & ~NUM_F64_SIGN) == NUM_F64_NAN;
    return num_f64_is_nan(bits) && (bits & QUIET_F64);
}

static uint64_t lane(const Value *v, uint32_t size, uint32_t i) { return size == 4 ? v->u32x4[i] : v->u64x2[i]; }

static NanClass lane_mark(uint64_t bits, uint32_t size) {
    return size == 4 ? nan_mark_f32((uint32_t)bits) : nan_mark_f64(bits);
}

static bool lane_is_nan(uint64_t bits, uint32_t size) {
    return size == 4 ? num_f32_is_nan((uint32_t)bits) : num_f64_is_nan(bits);
}

static bool any_lane_marked(const Value *v, uint32_t size) {
    for (uint32_t i = 0; i < 16 / size; i++)
        if (lane_mark(lane(v, size, i), size) != NAN_EXACT) return true;
    return false;
}

bool nan_marked(ValType type, const Value *v) {
    switch (type) {
    case VT_F32: return nan_mark_f32(v->i32) != NAN_EXACT;
    case VT_F64: return nan_mark_f64(v->i64) != NAN_EXACT;
    case VT_V128: return any_lane_marked(v, 4) || any_lane_marked(v, 8);
    default: return false;
    }
}

/* The class of a NaN made from this operand: one that is canonical, or a number, restricts it. */
static NanClass class_from(uint64_t bits, uint32_t size) {
    if (!lane_is_nan(bits, size) || lane_mark(bits, size) == NAN_ANY_SIGN) return NAN_ANY_SIGN;
    bool canonical = size == 4 ? nan_fits_f32(NAN_ANY_SIGN, (uint32_t)bits) : nan_fits_f64(NAN_ANY_SIGN, bits);
    return canonical ? NAN_ANY_SIGN : NAN_QUIET;
}

static uint64_t mark(NanClass c, uint32_t size) { return (size == 4 ? MARK_F32 : MARK_F64) | (c == NAN_QUIET); }

/* -- Numbers ------------------------------------------------------------------------------------- */

#define ARITHMETIC(UNARY, BINARY)                     \
    UNARY(F32_CEIL, 4, 4, num_f32_ceil)               \
    UNARY(F32_FLOOR, 4, 4, num_f32_floor)             \
    UNARY(F32_TRUNC, 4, 4, num_f32_trunc)             \
    UNARY(F32_NEAREST, 4, 4, num_f32_nearest)         \
    UNARY(F32_SQRT, 4, 4, num_f32_sqrt)               \
    UNARY(F64_CEIL, 8, 8, num_f64_ceil)               \
    UNARY(F64_FLOOR, 8, 8, num_f64_floor)             \
    UNARY(F64_TRUNC, 8, 8, num_f64_trunc)             \
    UNARY(F64_NEAREST, 8, 8, num_f64_nearest)         \
    UNARY(F64_SQRT, 8, 8, num_f64_sqrt)               \
    UNARY(F32_DEMOTE_F64, 8, 4, num_f32_demote_f64)   \
    UNARY(F64_PROMOTE_F32, 4, 8, num_f64_promote_f32) \
    BINARY(F32_ADD, 4, num_f32_add)                   \
    BINARY(F32_SUB, 4, num_f32_sub)                   \
    BINARY(F32_MUL, 4, num_f32_mul)                   \
    BINARY(F32_DIV, 4, num_f32_div)                   \
    BINARY(F32_MIN, 4, num_f32_min)                   \
    BINARY(F32_MAX, 4, num_f32_max)                   \
    BINARY(F64_ADD, 8, num_f64_add)                   \
    BINARY(F64_SUB, 8, num_f64_sub)                   \
    BINARY(F64_MUL, 8, num_f64_mul)                   \
    BINARY(F64_DIV, 8, num_f64_div)                   \
    BINARY(F64_MIN, 8, num_f64_min)                   \
    BINARY(F64_MAX, 8, num_f64_max)
#define IN_4 i32
#define IN_8 i64
#define FN_UNARY(id, from, to, num) \
    static uint64_t run_##id(const Value *arg) { return num(arg[0].IN_##from); }
#define FN_BINARY(id, size, num) \
    static uint64_t run_##id(const Value *arg) { return num(arg[0].IN_##size, arg[1].IN_##size); }
ARITHMETIC(FN_UNARY, FN_BINARY)

enum { /* codes of rows of one byte */
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) CODE_##id = (code),
#include "wasm/opcode.def"
#undef OP
};

#define ROW_UNARY(id, from, to, num) [CODE_##id] = {run_##id, 1, {from, to}, 0},
#define ROW_BINARY(id, size, num) [CODE_##id] = {run_##id, 2, {size, size}, 0},
#define OBSERVES(id, bytes) [CODE_##id] = {.observes = (bytes)},
const ProbeRow probe_row[PROBE_CODES] = {
    ARITHMETIC(ROW_UNARY, ROW_BINARY) OBSERVES(I32_REINTERPRET_F32, 4) OBSERVES(I64_REINTERPRET_F64, 8)
        OBSERVES(F32_COPYSIGN, 4) OBSERVES(F64_COPYSIGN, 8) OBSERVES(F32_STORE, 4) OBSERVES(F64_STORE, 8)};

bool probe_number(uint32_t code, Value *sp, uint64_t *state) {
    const ProbeRow *row = &probe_row[code];
    if (row->observes && lane_mark(sp[-1].i64, row->observes) != NAN_EXACT) *state |= PROBE_OBSERVED;
    if (!row->fn) return false;
    Value *arg = sp - row->npop;
    uint64_t result = row->fn(arg);
    if (lane_is_nan(result, row->size[1])) {
        NanClass c = NAN_ANY_SIGN;
        for (uint32_t i = 0; i < row->npop; i++) {
            NanClass from = class_from(lane(&arg[i], row->size[0], 0), row->size[0]);
            if (from > c) c = from;
        }
        result = mark(c, row->size[1]);
        *state |= PROBE_OPEN;
    }
    arg->i64 = result;
    return true;
}

/* -- Vectors ---------------------------------------------------------------------------------------- */

typedef struct VectorRow {
    const char *text, *sig; /* of opcode.def */
    uint8_t kind;
} VectorRow;
#define VECTOR_0x00(code, text, sig, kind)
#define VECTOR_0xfc(code, text, sig, kind)
#define VECTOR_0xfd(code, text, sig, kind) [code] = {text, #sig, KIND_##kind},
static const VectorRow vector_row[SIMD_CODES] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) VECTOR_##prefix(code, text, sig, kind)
#include "wasm/opcode.def"
#undef OP
};

/* Bytes of a float lane if the text, at `at`, names a shape of float lanes; else 0. */
static uint32_t float_shape(const char *at) {
    if (strncmp(at, "f32x4", 5) == 0) return 4;
    return strncmp(at, "f64x2", 5) == 0 ? 8 : 0;
}

/* Which float lanes its vector operands are to it, so that marks in such lanes may pass: 4, 8, or 0 where it sees
 * bits.  Names end in what is converted: f32x4.demote_f64x2_zero, i32x4.trunc_sat_f32x4_s, f32x4.convert_i32x4_u. */
static uint32_t operand_lanes(const VectorRow *r) {
    const char *dot = strchr(r->text, '.');
    for (const char *at = dot; at && *at; at++)
        if (float_shape(at)) return float_shape(at);
    return strstr(dot ? dot : "", "_i32x4") ? 0 : float_shape(r->text);
}

static void mark_lanes(Value *result, uint32_t to, const Value *arg, uint32_t narg, uint32_t from, uint64_t *state) {
    for (uint32_t i = 0; i < 16 / to; i++) {
        if (!lane_is_nan(lane(result, to, i), to)) continue;
        NanClass c = NAN_ANY_SIGN;
        for (uint32_t k = 0; k < narg; k++) {
            NanClass of = class_from(lane(&arg[k], from, i), from);
            if (of > c) c = of;
        }
        if (to == 4)
            result->u32x4[i] = (uint32_t)mark(c, to);
        else
            result->u64x2[i] = mark(c, to);
        *state |= PROBE_OPEN;
    }
}

bool probe_vector(uint32_t code, Value *arg, const uint8_t *imm, uint64_t *state) {
    const VectorRow *r = &vector_row[code];
    uint32_t from = operand_lanes(r), n = simd_row[code].npop;
    for (uint32_t i = 0; i < n; i++) {
        if (r->sig[i] != 'x') continue;
        if ((from != 4 && any_lane_marked(&arg[i], 4)) || (from != 8 && any_lane_marked(&arg[i], 8)))
            *state |= PROBE_OBSERVED;
    }
    if (r->kind != KIND_VFUNARY && r->kind != KIND_VFBINARY) return false;
    Value before[2] = {arg[0], arg[n - 1]};
    simd_row[code].fn(arg, imm);
    mark_lanes(arg, float_shape(r->text), before, n, from, state);
    return true;
}

void probe_arguments(const FuncType *t, const Value *arg, uint64_t *state) {
    for (uint32_t i = 0; i < t->nparam; i++)
        if (nan_marked(t->param[i], &arg[i])) *state |= PROBE_OBSERVED;
}
