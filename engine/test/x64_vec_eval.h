/* What the lane operations mean, in scalar C and by the names of the WebAssembly instructions, apart from the engine:
 * the oracle of test_x64_simd.c. */
#pragma once
#include "x64_eval.h"

typedef struct V {
    uint8_t at[16];
} V;

/* Lane k of `bits` bits, zero-extended; and as a number with sign. */
static inline uint64_t lane(const V *v, uint32_t bits, uint32_t k) {
    uint64_t x = 0;
    memcpy(&x, v->at + k * (bits / 8), bits / 8);
    return x;
}
static inline int64_t with_sign(uint64_t v, uint32_t bits) { return (int64_t)(v << (64 - bits)) >> (64 - bits); }
static inline void set_lane(V *v, uint32_t bits, uint32_t k, uint64_t x) {
    memcpy(v->at + k * (bits / 8), &x, bits / 8);
}

typedef struct VName {
    char kind;      /* i f v */
    uint32_t bits;  /* of a lane */
    const char *op; /* behind the dot */
} VName;

static inline VName vname(uint8_t vop) {
    const char *s = vop_info[vop].name;
    VName n = {*s, (uint32_t)strtoul(s + 1, NULL, 10), strchr(s, '.') + 1};
    if (n.kind == 'v') n.bits = 64;
    return n;
}

static inline bool is(const VName *n, const char *op) { return strcmp(n->op, op) == 0; }
static inline bool starts(const VName *n, const char *op) { return strncmp(n->op, op, strlen(op)) == 0; }
static inline bool ends_signed(const VName *n) {
    size_t len = strlen(n->op);
    if (len > 5 && strcmp(n->op + len - 5, "_zero") == 0) len -= 5;
    return n->op[len - 1] == 's' && n->op[len - 2] == '_';
}
/* -1, 0, 1: `less`, equal, greater by what the name ends in */
static inline int order(bool is_signed, uint32_t bits, uint64_t a, uint64_t b) {
    int64_t x = with_sign(a, bits), y = with_sign(b, bits);
    return is_signed ? (x > y) - (x < y) : (a > b) - (a < b);
}

static inline int64_t clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }
static inline uint64_t saturate(int64_t v, uint32_t bits, bool is_signed) {
    int64_t top = INT64_C(1) << (bits - 1);
    return (uint64_t)(is_signed ? clamp(v, -top, top - 1) : clamp(v, 0, 2 * top - 1));
}

/* Lane by lane on integers. */
static inline uint64_t vlane_int(const VName *n, uint64_t a, uint64_t b) {
    uint32_t w = n->bits;
    bool sgn = ends_signed(n);
    int o = order(sgn, w, a, b);
    int64_t x = sgn ? with_sign(a, w) : (int64_t)a, y = sgn ? with_sign(b, w) : (int64_t)b;
    if (is(n, "add") || is(n, "sub") || is(n, "mul")) return is(n, "add") ? a + b : is(n, "sub") ? a - b : a * b;
    if (starts(n, "eq")) return a == b ? UINT64_MAX : 0;
    if (starts(n, "ne") && !starts(n, "neg")) return a != b ? UINT64_MAX : 0;
    if (starts(n, "lt")) return o < 0 ? UINT64_MAX : 0;
    if (starts(n, "gt")) return o > 0 ? UINT64_MAX : 0;
    if (starts(n, "le")) return o <= 0 ? UINT64_MAX : 0;
    if (starts(n, "ge")) return o >= 0 ? UINT64_MAX : 0;
    if (starts(n, "min")) return o < 0 ? a : b;
    if (starts(n, "max")) return o > 0 ? a : b;
    if (starts(n, "add_sat")) return saturate(x + y, w, sgn);
    if (starts(n, "sub_sat")) return saturate(x - y, w, sgn);
    if (is(n, "avgr_u")) return (a + b + 1) / 2;
    if (is(n, "q15mulr_sat_s")) return saturate((with_sign(a, 16) * with_sign(b, 16) + 0x4000) >> 15, 16, true);
    if (is(n, "and")) return a & b;
    if (is(n, "andnot")) return a & ~b;
    if (is(n, "or")) return a | b;
    if (is(n, "xor")) return a ^ b;
    if (is(n, "not")) return ~a;
    if (is(n, "neg")) return 0 - a;
    if (is(n, "abs")) return with_sign(a, w) < 0 ? 0 - a : a;
    if (is(n, "popcnt")) {
        uint64_t count = 0;
        for (; a; a &= a - 1) count++;
        return count;
    }
    fail_msg("no oracle for i%u %s", w, n->op);
    return 0;
}

/* Lane by lane on floats, as bits. */
static inline uint64_t vlane_float(const VName *n, uint64_t a, uint64_t b) {
    IrType t = n->bits == 32 ? T_F32 : T_F64;
    static const struct {
        const char *name;
        uint8_t op;
    } row[] = {{"add", IR_fadd},         {"sub", IR_fsub},    {"mul", IR_fmul},     {"div", IR_fdiv},
               {"min", IR_fmin},         {"max", IR_fmax},    {"abs", IR_fabs},     {"neg", IR_fneg},
               {"sqrt", IR_fsqrt},       {"ceil", IR_fceil},  {"floor", IR_ffloor}, {"trunc", IR_ftrunc},
               {"nearest", IR_fnearest}, {"canon", IR_fcanon}};
    static const char *const cond[] = {"eq", "ne", "lt", "gt", "le", "ge"}; /* ORDER FCond */
    for (uint32_t k = 0; k < 6; k++)
        if (is(n, cond[k])) return float_compare((uint8_t)k, t, a, b) ? UINT64_MAX : 0;
    if (is(n, "pmin")) return float_compare(FC_LT, t, b, a) ? b : a;
    if (is(n, "pmax")) return float_compare(FC_LT, t, a, b) ? b : a;
    for (uint32_t k = 0; k < sizeof row / sizeof *row; k++)
        if (is(n, row[k].name)) {
            Ins i = {.op = row[k].op, .type = (uint8_t)t};
            return k < 6 ? float_binary(i.op, t, a, b) : float_unary(&i, t, a);
        }
    fail_msg("no oracle for f%u %s", n->bits, n->op);
    return 0;
}

/* Operations that change the width of lanes. */
static inline bool v_widening(const VName *n, const V *a, const V *b, V *r) {
    uint32_t w = n->bits, lanes = 128 / w;
    bool sgn = ends_signed(n), high = strstr(n->op, "_high_") != NULL;
    if (starts(n, "narrow")) {
        for (uint32_t k = 0; k < lanes; k++)
            set_lane(r, w, k, saturate(with_sign(lane(k < lanes / 2 ? a : b, 2 * w, k % (lanes / 2)), 2 * w), w, sgn));
        return true;
    }
    bool extend = starts(n, "extend"), mul = starts(n, "extmul"), add = starts(n, "extadd"), dot = starts(n, "dot");
    if (!extend && !mul && !add && !dot) return false;
    for (uint32_t k = 0; k < lanes; k++) {
        uint32_t from = add || dot ? 2 * k : high ? k + lanes : k;
        uint64_t x[2], y[2];
        for (uint32_t j = 0; j < 2; j++) {
            uint32_t at = (from + j) % (2 * lanes);
            x[j] = lane(a, w / 2, at);
            y[j] = lane(b, w / 2, at);
            if (sgn) x[j] = (uint64_t)with_sign(x[j], w / 2), y[j] = (uint64_t)with_sign(y[j], w / 2);
        }
        set_lane(r, w, k, extend ? x[0] : mul ? x[0] * y[0] : add ? x[0] + x[1] : x[0] * y[0] + x[1] * y[1]);
    }
    return true;
}

static inline bool v_converting(const VName *n, const V *a, V *r) {
    bool sgn = ends_signed(n), f64 = strstr(n->op, "f64x2") != NULL;
    memset(r, 0, sizeof *r);
    if (starts(n, "trunc_sat")) {
        for (uint32_t k = 0; k < (f64 ? 2 : 4); k++) {
            double x = f64 ? as_f64(lane(a, 64, k)) : (double)as_f32(lane(a, 32, k));
            set_lane(r, 32, k, float_to_int(x, sgn, true));
        }
    } else if (starts(n, "convert")) {
        for (uint32_t k = 0; k < 128 / n->bits; k++) {
            uint64_t x = lane(a, 32, k);
            Ins i = {.op = sgn ? IR_icvt_s : IR_icvt_u, .type = n->bits == 32 ? T_F32 : T_F64};
            set_lane(r, n->bits, k, int_to_float(&i, T_I32, x));
        }
    } else if (starts(n, "demote")) {
        for (uint32_t k = 0; k < 2; k++) set_lane(r, 32, k, of_f32((float)as_f64(lane(a, 64, k))));
    } else if (starts(n, "promote")) {
        for (uint32_t k = 0; k < 2; k++) set_lane(r, 64, k, of_f64((double)as_f32(lane(a, 32, k))));
    } else {
        return false;
    }
    return true;
}

/* Result of a vunary, vbinary or vternary. */
static inline V v_eval(uint8_t vop, const V *a, const V *b, const V *c) {
    VName n = vname(vop);
    V r;
    if (vop == VOP_v128_bitselect) {
        for (uint32_t k = 0; k < 16; k++) r.at[k] = (uint8_t)((a->at[k] & c->at[k]) | (b->at[k] & ~c->at[k]));
        return r;
    }
    if (vop == VOP_i8x16_swizzle) {
        for (uint32_t k = 0; k < 16; k++) r.at[k] = b->at[k] < 16 ? a->at[b->at[k]] : 0;
        return r;
    }
    if (v_converting(&n, a, &r) || v_widening(&n, a, b, &r)) return r;
    for (uint32_t k = 0; k < 128 / n.bits; k++) {
        uint64_t x = lane(a, n.bits, k), y = lane(b, n.bits, k);
        set_lane(&r, n.bits, k, n.kind == 'f' ? vlane_float(&n, x, y) : vlane_int(&n, x, y));
    }
    return r;
}

static inline V v_shift(uint8_t vop, const V *a, uint32_t count) {
    VName n = vname(vop);
    V r;
    count %= n.bits;
    for (uint32_t k = 0; k < 128 / n.bits; k++) {
        uint64_t x = lane(a, n.bits, k);
        set_lane(&r, n.bits, k,
                 is(&n, "shl")     ? x << count
                 : is(&n, "shr_u") ? x >> count
                                   : (uint64_t)(with_sign(x, n.bits) >> count));
    }
    return r;
}

static inline uint32_t v_test(uint8_t vop, const V *a) {
    VName n = vname(vop);
    uint32_t mask = 0, zeros = 0;
    for (uint32_t k = 0; k < 128 / n.bits; k++) {
        uint64_t x = lane(a, n.bits, k);
        mask |= (uint32_t)(x >> (n.bits - 1)) << k;
        zeros += x == 0;
    }
    return is(&n, "bitmask") ? mask : is(&n, "all_true") ? zeros == 0 : zeros < 2;
}

static inline V v_splat(uint8_t vop, uint64_t scalar) {
    VName n = vname(vop);
    V r;
    for (uint32_t k = 0; k < 128 / n.bits; k++) set_lane(&r, n.bits, k, scalar);
    return r;
}

static inline uint64_t v_extract(uint8_t vop, const V *a, uint32_t k) {
    VName n = vname(vop);
    uint64_t x = lane(a, n.bits, k);
    return n.bits < 32 && ends_signed(&n) ? (uint32_t)with_sign(x, n.bits) : x;
}

static inline V v_replace(uint8_t vop, const V *a, uint32_t k, uint64_t scalar) {
    V r = *a;
    set_lane(&r, vname(vop).bits, k, scalar);
    return r;
}

static inline V v_shuffle(const V *a, const V *b, const uint8_t *lanes) {
    V r;
    for (uint32_t k = 0; k < 16; k++) r.at[k] = lanes[k] < 16 ? a->at[lanes[k]] : b->at[lanes[k] - 16];
    return r;
}

/* Type of the scalar that splat and replace take and extract gives. */
static inline IrType v_scalar(uint8_t vop) {
    VName n = vname(vop);
    return n.kind == 'f' ? (n.bits == 32 ? T_F32 : T_F64) : n.bits == 64 ? T_I64 : T_I32;
}

/* Equal, or any NaN where the operation leaves that open; `bits`: of float lanes of the result. */
static inline bool v_same(uint8_t vop, const V *want, const V *got) {
    uint8_t shape = vop_info[vop].shape;
    VName n = vname(vop);
    if (shape != V_FUNARY && shape != V_FBINARY) return memcmp(want, got, 16) == 0;
    for (uint32_t k = 0; k < 128 / n.bits; k++) {
        uint64_t x = lane(want, n.bits, k), y = lane(got, n.bits, k);
        IrType t = n.bits == 32 ? T_F32 : T_F64;
        if (x != y && !(is_nan(t, x) && is_nan(t, y))) return false;
    }
    return true;
}
