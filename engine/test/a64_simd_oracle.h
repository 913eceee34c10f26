/* What functions of v128 must do: an interpreter of straight-line functions of the IR, for the test of aarch64.
 * It takes a lane operation from its WebAssembly name and computes lane by lane with C's scalars; it shares nothing
 * with the engine, nor with the oracles of other tests.
 *
 * Addresses are relative to the function's memory: the address operand is the context.  Float operations must be under
 * a canon. */
#pragma once
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ir/ir.h"

/* -- The oracle: one operation ------------------------------------------------------------- */

typedef struct V {
    uint8_t b[16];
} V;

static uint64_t lane(const V *v, uint32_t n, uint32_t k) {
    uint64_t x = 0;
    for (uint32_t j = 0; j < n; j++) x |= (uint64_t)v->b[k * n + j] << 8 * j;
    return x;
}
static void set_lane(V *v, uint32_t n, uint32_t k, uint64_t x) {
    for (uint32_t j = 0; j < n; j++) v->b[k * n + j] = (uint8_t)(x >> 8 * j);
}
static int64_t sign_of(uint64_t x, uint32_t n) {
    uint64_t top = UINT64_C(1) << (8 * n - 1);
    return (int64_t)((n == 8 ? x : x & ((top << 1) - 1)) ^ top) - (int64_t)top;
}
static uint64_t mask_of(uint32_t n) { return n == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * n) - 1; }
static bool is(const char *op, const char *name) { return strcmp(op, name) == 0; }
static bool begins(const char *op, const char *name) { return strncmp(op, name, strlen(name)) == 0; }
static bool is_signed(const char *op) { return op[strlen(op) - 1] == 's' || strstr(op, "_s_") != NULL; }
static int64_t clamp(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

static double f64_of(uint64_t bits) {
    double d;
    memcpy(&d, &bits, 8);
    return d;
}
static float f32_of(uint64_t bits) {
    uint32_t w = (uint32_t)bits;
    float f;
    memcpy(&f, &w, 4);
    return f;
}
static uint64_t bits64(double d) {
    uint64_t b;
    memcpy(&b, &d, 8);
    return d != d ? UINT64_C(0x7ff8000000000000) : b;
}
static uint64_t bits32(float f) {
    uint32_t b;
    memcpy(&b, &f, 4);
    return f != f ? 0x7fc00000 : b;
}
static double value_of(uint64_t bits, uint32_t n) { return n == 4 ? (double)f32_of(bits) : f64_of(bits); }

/* Of the relation between x and y: -1, 0, 1, or 2 where there is none. */
static bool relation(const char *op, int r) {
    if (begins(op, "eq")) return r == 0;
    if (begins(op, "ne")) return r != 0;
    if (begins(op, "lt")) return r == -1;
    if (begins(op, "gt")) return r == 1;
    if (begins(op, "le")) return r == -1 || r == 0;
    if (begins(op, "ge")) return r == 1 || r == 0;
    abort();
}
static bool is_relation(const char *op) {
    static const char *const names[] = {"eq",   "ne",   "lt",   "gt",   "le",   "ge",   "lt_s",
                                        "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"};
    for (uint32_t k = 0; k < 14; k++)
        if (is(op, names[k])) return true;
    return false;
}

static uint64_t int_lane(const char *op, uint32_t n, uint64_t x, uint64_t y) {
    int64_t sx = sign_of(x, n), sy = sign_of(y, n), top = n == 8 ? 0 : INT64_C(1) << (8 * n - 1);
    if (is_relation(op)) {
        bool s = is_signed(op);
        int r = s ? (sx > sy) - (sx < sy) : (x > y) - (x < y);
        return relation(op, r) ? UINT64_MAX : 0;
    }
    if (is(op, "abs")) return sx < 0 ? 0 - x : x;
    if (is(op, "neg")) return 0 - x;
    if (is(op, "add")) return x + y;
    if (is(op, "sub")) return x - y;
    if (is(op, "mul")) return x * y;
    if (is(op, "min_s")) return sx < sy ? x : y;
    if (is(op, "min_u")) return x < y ? x : y;
    if (is(op, "max_s")) return sx > sy ? x : y;
    if (is(op, "max_u")) return x > y ? x : y;
    if (is(op, "avgr_u")) return (x + y + 1) / 2;
    if (is(op, "add_sat_s")) return (uint64_t)clamp(sx + sy, -top, top - 1);
    if (is(op, "add_sat_u")) return (uint64_t)clamp((int64_t)(x + y), 0, 2 * top - 1);
    if (is(op, "sub_sat_s")) return (uint64_t)clamp(sx - sy, -top, top - 1);
    if (is(op, "sub_sat_u")) return x > y ? x - y : 0;
    if (is(op, "q15mulr_sat_s")) return (uint64_t)clamp((sx * sy + 0x4000) >> 15, -top, top - 1);
    if (is(op, "popcnt")) {
        uint64_t c = 0;
        for (; x; x >>= 1) c += x & 1;
        return c;
    }
    fprintf(stderr, "the oracle knows no %s\n", op);
    abort();
}

static uint64_t min_max(const char *op, uint64_t bx, uint64_t by, uint32_t n) {
    double x = value_of(bx, n), y = value_of(by, n);
    uint64_t nan = n == 4 ? 0x7fc00000 : UINT64_C(0x7ff8000000000000);
    if (is(op, "pmin")) return y < x ? by : bx;
    if (is(op, "pmax")) return x < y ? by : bx;
    if (x != x || y != y) return nan;
    bool minus = signbit(x) != 0;
    if (is(op, "min")) return x < y || (x == y && minus) ? bx : by;
    return x > y || (x == y && !minus) ? bx : by;
}

static uint64_t f32_lane(const char *op, uint64_t bx, uint64_t by) {
    volatile float x = f32_of(bx), y = f32_of(by), r;
    if (is(op, "add"))
        r = x + y;
    else if (is(op, "sub"))
        r = x - y;
    else if (is(op, "mul"))
        r = x * y;
    else if (is(op, "div"))
        r = x / y;
    else if (is(op, "sqrt"))
        r = sqrtf(x);
    else if (is(op, "ceil"))
        r = ceilf(x);
    else if (is(op, "floor"))
        r = floorf(x);
    else if (is(op, "trunc"))
        r = truncf(x);
    else if (is(op, "nearest"))
        r = rintf(x);
    else
        abort();
    return bits32(r);
}

static uint64_t f64_lane(const char *op, uint64_t bx, uint64_t by) {
    volatile double x = f64_of(bx), y = f64_of(by), r;
    if (is(op, "add"))
        r = x + y;
    else if (is(op, "sub"))
        r = x - y;
    else if (is(op, "mul"))
        r = x * y;
    else if (is(op, "div"))
        r = x / y;
    else if (is(op, "sqrt"))
        r = sqrt(x);
    else if (is(op, "ceil"))
        r = ceil(x);
    else if (is(op, "floor"))
        r = floor(x);
    else if (is(op, "trunc"))
        r = trunc(x);
    else if (is(op, "nearest"))
        r = rint(x);
    else
        abort();
    return bits64(r);
}

static uint64_t float_lane(const char *op, uint32_t n, uint64_t x, uint64_t y) {
    uint64_t sign = UINT64_C(1) << (8 * n - 1);
    double a = value_of(x, n), b = value_of(y, n);
    if (is_relation(op)) return relation(op, a != a || b != b ? 2 : (a > b) - (a < b)) ? UINT64_MAX : 0;
    if (is(op, "abs")) return x & ~sign;
    if (is(op, "neg")) return x ^ sign;
    if (is(op, "canon")) return a != a ? (n == 4 ? 0x7fc00000 : UINT64_C(0x7ff8000000000000)) : x;
    if (begins(op, "min") || begins(op, "max") || begins(op, "pm")) return min_max(op, x, y, n);
    return n == 4 ? f32_lane(op, x, y) : f64_lane(op, x, y);
}

static uint64_t trunc_sat(double x, bool is_signed_) {
    double lo = is_signed_ ? -2147483648.0 : 0, hi = is_signed_ ? 2147483647.0 : 4294967295.0;
    if (x != x) return 0;
    x = trunc(x);
    return (uint64_t)(int64_t)(x < lo ? lo : x > hi ? hi : x);
}

/* Lane k of the result, where it is not made from lane k of the operands; n: bytes of the result's lane. */
static bool other_lane(const char *op, uint32_t n, uint32_t k, const V *a, const V *b, uint64_t *r) {
    uint32_t half = n / 2, lanes = 16 / n;
    bool s = is_signed(op), high = strstr(op, "_high_") != NULL;
#define PART(v, j) (s ? (uint64_t)sign_of(lane(v, half, j), half) : lane(v, half, j))
    if (begins(op, "extend_")) {
        *r = PART(a, k + (high ? lanes : 0));
    } else if (begins(op, "extmul_")) {
        *r = PART(a, k + (high ? lanes : 0)) * PART(b, k + (high ? lanes : 0));
    } else if (begins(op, "extadd_pairwise_")) {
        *r = PART(a, 2 * k) + PART(a, 2 * k + 1);
    } else if (begins(op, "dot_")) {
        *r = PART(a, 2 * k) * PART(b, 2 * k) + PART(a, 2 * k + 1) * PART(b, 2 * k + 1);
    } else if (begins(op, "narrow_")) {
        const V *v = k < lanes / 2 ? a : b;
        int64_t x = sign_of(lane(v, 2 * n, k % (lanes / 2)), 2 * n), top = INT64_C(1) << (8 * n - 1);
        *r = (uint64_t)(s ? clamp(x, -top, top - 1) : clamp(x, 0, 2 * top - 1));
    } else if (begins(op, "trunc_sat_f32x4")) {
        *r = trunc_sat((double)f32_of(lane(a, 4, k)), s);
    } else if (begins(op, "trunc_sat_f64x2")) {
        *r = k < 2 ? trunc_sat(f64_of(lane(a, 8, k)), s) : 0;
    } else if (begins(op, "convert_i32x4")) {
        uint64_t x = lane(a, 4, k);
        *r = bits32(s ? (float)(int32_t)x : (float)(uint32_t)x);
    } else if (begins(op, "convert_low_i32x4")) {
        uint64_t x = lane(a, 4, k);
        *r = bits64(s ? (double)(int32_t)x : (double)(uint32_t)x);
    } else if (is(op, "demote_f64x2_zero")) {
        volatile float f = k < 2 ? (float)f64_of(lane(a, 8, k)) : 0;
        *r = bits32(f);
    } else if (is(op, "promote_low_f32x4")) {
        *r = bits64((double)f32_of(lane(a, 4, k)));
    } else if (is(op, "swizzle")) {
        *r = b->b[k] < 16 ? a->b[b->b[k]] : 0;
    } else {
        return false;
    }
#undef PART
    return true;
}

static uint64_t bits_lane(const char *op, uint64_t x, uint64_t y, uint64_t z) {
    if (is(op, "not")) return ~x;
    if (is(op, "and")) return x & y;
    if (is(op, "andnot")) return x & ~y;
    if (is(op, "or")) return x | y;
    if (is(op, "xor")) return x ^ y;
    if (is(op, "bitselect")) return (x & z) | (y & ~z);
    abort();
}

static uint64_t shift_lane(const char *op, uint32_t n, uint64_t x, uint32_t count) {
    count %= 8 * n;
    if (is(op, "shl")) return x << count;
    if (is(op, "shr_u")) return x >> count;
    uint64_t r = x;
    for (; count; count--) r = (r >> 1) | (x & UINT64_C(1) << (8 * n - 1));
    return r;
}

static uint64_t test_op(const char *op, uint32_t n, const V *a) {
    uint64_t all = 1, any = 0, mask = 0;
    for (uint32_t k = 0; k < 16 / n; k++) {
        uint64_t x = lane(a, n, k);
        all &= x != 0, any |= x != 0;
        mask |= (uint64_t)(sign_of(x, n) < 0) << k;
    }
    return is(op, "all_true") ? all : is(op, "any_true") ? any : mask;
}

/* -- The oracle: straight-line functions ------------------------------------------------------ */

static uint32_t lane_bytes(const char *name) {
    return name[0] == 'v' ? 8 : strstr(name, "8x16") == name + 1 ? 1 : name[1] == '1' ? 2 : name[1] == '3' ? 4 : 8;
}

static V lanes_op(const Ins *i, const V *a, const V *b, const V *c) {
    const char *name = vop_info[i->aux].name, *op = strchr(name, '.') + 1;
    uint32_t n = lane_bytes(name), count = i->op == IR_vshift ? (uint32_t)lane(b, 4, 0) : 0;
    V r;
    for (uint32_t k = 0; k < 16 / n; k++) {
        uint64_t x = lane(a, n, k), y = b ? lane(b, n, k) : 0, z = 0;
        if (i->op == IR_vshift)
            z = shift_lane(op, n, x, count);
        else if (name[0] == 'v')
            z = bits_lane(op, x, y, c ? lane(c, n, k) : 0);
        else if (!other_lane(op, n, k, a, b, &z))
            z = name[0] == 'f' ? float_lane(op, n, x, y) : int_lane(op, n, x, y);
        set_lane(&r, n, k, z & mask_of(n));
    }
    return r;
}

static V shuffle_op(const Fn *f, const Ins *i, const V *a, const V *b) {
    V r;
    for (uint32_t k = 0; k < 16; k++) {
        uint32_t from = f->pool.at[i->c + k / 4] >> k % 4 * 8 & 0xff;
        r.b[k] = from < 16 ? a->b[from] : b->b[from - 16];
    }
    return r;
}

static V load_op(const Ins *i, const uint8_t *mem) {
    V r = {{0}};
    uint32_t n = access_bytes[i->aux];
    memcpy(&r, mem + i->b, n);
    bool s = i->aux == ACC_8S || i->aux == ACC_16S || i->aux == ACC_32S;
    if (s) set_lane(&r, 8, 0, (uint64_t)sign_of(lane(&r, n, 0), n));
    return r;
}

/* One instruction on values `v`; false: it traps. */
static bool oracle_step(const Fn *f, Val at, V *v, uint8_t *mem) {
    const Ins *i = &f->ins.at[at];
    const V *a = &v[i->a], *b = &v[i->b];
    V r = {{0}};
    switch ((IrOp)i->op) {
    case IR_iconst:
    case IR_fconst: set_lane(&r, 8, 0, ins_imm(i)); break;
    case IR_vconst: memcpy(&r, f->pool.at + i->a, 16); break;
    case IR_load: r = load_op(i, mem); break;
    case IR_store: memcpy(mem + i->c, b, access_bytes[i->aux]); break;
    case IR_iand: set_lane(&r, 8, 0, lane(a, 8, 0) & lane(b, 8, 0)); break;
    case IR_zext: set_lane(&r, 4, 0, lane(a, 4, 0)); break;
    case IR_eqz: r.b[0] = lane(a, 4, 0) == 0; break;
    case IR_select: r = lane(a, 4, 0) ? *b : v[i->c]; break;
    case IR_vunary: r = lanes_op(i, a, NULL, NULL); break;
    case IR_vbinary:
    case IR_vshift: r = lanes_op(i, a, b, NULL); break;
    case IR_vternary: r = lanes_op(i, a, b, &v[i->c]); break;
    case IR_vtest: {
        const char *name = vop_info[i->aux].name;
        set_lane(&r, 8, 0, test_op(strchr(name, '.') + 1, lane_bytes(name), a));
        break;
    }
    case IR_vsplat: {
        uint32_t n = lane_bytes(vop_info[i->aux].name);
        for (uint32_t k = 0; k < 16 / n; k++) set_lane(&r, n, k, lane(a, n, 0));
        break;
    }
    case IR_vextract: {
        const char *name = vop_info[i->aux].name;
        uint32_t n = lane_bytes(name);
        uint64_t x = lane(a, n, i->b);
        set_lane(&r, n < 4 ? 4 : n, 0, name[strlen(name) - 1] == 's' ? (uint64_t)sign_of(x, n) : x);
        break;
    }
    case IR_vreplace: {
        uint32_t n = lane_bytes(vop_info[i->aux].name);
        r = *a;
        set_lane(&r, n, i->c, lane(b, n, 0));
        break;
    }
    case IR_vshuffle: r = shuffle_op(f, i, a, b); break;
    case IR_trapz: return lane(a, 4, 0) != 0;
    case IR_trapnz: return lane(a, 4, 0) == 0;
    default: abort();
    }
    v[at] = r;
    return true;
}

/* ctx is the base of all addresses. */
static uint32_t oracle(const Fn *f, uint8_t *mem) {
    const Blk *b = &f->blk.at[0];
    V *v = calloc(f->ins.n, sizeof *v);
    uint32_t trap = 0;
    for (uint32_t k = 0; k + 1 < b->list.n && !trap; k++) {
        if (!oracle_step(f, b->list.at[k], v, mem)) trap = f->ins.at[b->list.at[k]].aux;
    }
    free(v);
    return trap;
}
