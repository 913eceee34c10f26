/* An interpreter of the IR for tests of back ends: what a function must do, written down with no regard for speed
 * and shared with nothing in the engine.  Addresses are real: loads and stores touch the memory of the test.
 *
 * No calls, no v128.  Float operations must be under an fcanon, where their NaN is unspecified. */
#pragma once
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/bits.h"
#include "code/es.h"
#include "ir/ir.h"

typedef struct Oracle {
    const Fn *f;
    uint64_t *val;
    uint8_t *es;
    uint32_t steps; /* executed so far */
} Oracle;

static float oracle_f32(uint64_t v) {
    float x;
    uint32_t b = (uint32_t)v;
    memcpy(&x, &b, 4);
    return x;
}
static double oracle_f64(uint64_t v) {
    double x;
    memcpy(&x, &v, 8);
    return x;
}
static uint64_t oracle_bits32(float x) {
    uint32_t b;
    memcpy(&b, &x, 4);
    return b;
}
static uint64_t oracle_bits64(double x) {
    uint64_t b;
    memcpy(&b, &x, 8);
    return b;
}

static uint64_t oracle_int(const Oracle *o, const Ins *i, uint64_t a, uint64_t b) {
    bool w = o->f->ins.at[i->a].type == T_I64;
    uint32_t n = w ? 64 : 32, c = (uint32_t)b & (n - 1), r = 0;
    uint64_t mask = w ? UINT64_MAX : UINT32_MAX, top = UINT64_C(1) << (n - 1);
    int64_t sa = w ? (int64_t)a : (int32_t)a, sb = w ? (int64_t)b : (int32_t)b;
    switch ((IrOp)i->op) {
    case IR_iadd: return (a + b) & mask;
    case IR_isub: return (a - b) & mask;
    case IR_imul: return a * b & mask;
    case IR_sdiv: assert(b && !(a == top && b == mask)); return (uint64_t)(sa / sb) & mask;
    case IR_udiv: assert(b); return a / b;
    case IR_srem: assert(b); return sb == -1 ? 0 : (uint64_t)(sa % sb) & mask;
    case IR_urem: assert(b); return a % b;
    case IR_iand: return a & b;
    case IR_ior: return a | b;
    case IR_ixor: return a ^ b;
    case IR_shl: return a << c & mask;
    case IR_ushr: return a >> c;
    case IR_sshr:
        for (; c; c--) a = a >> 1 | (a & top);
        return a;
    case IR_mask: return a < b ? a : 0;
    case IR_rotl: c = (n - c) & (n - 1); /* fall through */
    case IR_rotr:
        for (; c; c--) a = a >> 1 | (a & 1 ? top : 0);
        return a;
    case IR_clz:
        for (; r < n && !(a & top >> r); r++) {
        }
        return r;
    case IR_ctz:
        for (; r < n && !(a >> r & 1); r++) {
        }
        return r;
    case IR_popcnt:
        for (; a; a &= a - 1) r++;
        return r;
    case IR_sext8: return (uint64_t)(int8_t)a & mask;
    case IR_sext16: return (uint64_t)(int16_t)a & mask;
    case IR_sext32: return (uint64_t)(int32_t)a;
    case IR_icmp:
        switch ((Cond)i->aux) {
        case C_EQ: return a == b;
        case C_NE: return a != b;
        case C_SLT: return sa < sb;
        case C_SGE: return sa >= sb;
        case C_SGT: return sa > sb;
        case C_SLE: return sa <= sb;
        case C_ULT: return a < b;
        case C_UGE: return a >= b;
        case C_UGT: return a > b;
        case C_ULE: return a <= b;
        case C_COUNT: break;
        }
        abort();
    default: abort();
    }
}

/* Minimum or maximum of numbers; of zeros by their sign. */
static double oracle_min(double a, double b) {
    if (a != a || b != b) return NAN;
    return a < b || (a == b && signbit(a)) ? a : b;
}
static double oracle_max(double a, double b) {
    if (a != a || b != b) return NAN;
    return a > b || (a == b && !signbit(a)) ? a : b;
}

static uint64_t oracle_arith(const Oracle *o, const Ins *i, uint64_t a, uint64_t b) {
    bool single = o->f->ins.at[i->a].type == T_F32;
    volatile double x, y, r;
    volatile float xs = oracle_f32(a), ys = oracle_f32(b), rs;
    if (single) {
        x = xs, y = ys;
        switch ((IrOp)i->op) {
        case IR_fadd: return rs = xs + ys, oracle_bits32(rs);
        case IR_fsub: return rs = xs - ys, oracle_bits32(rs);
        case IR_fmul: return rs = xs * ys, oracle_bits32(rs);
        case IR_fdiv: return rs = xs / ys, oracle_bits32(rs);
        case IR_fsqrt: return rs = sqrtf(xs), oracle_bits32(rs);
        case IR_fpromote: return r = x, oracle_bits64(r);
        default: break; /* exact in double */
        }
    } else {
        x = oracle_f64(a), y = oracle_f64(b);
    }
    switch ((IrOp)i->op) {
    case IR_fadd: r = x + y; break;
    case IR_fsub: r = x - y; break;
    case IR_fmul: r = x * y; break;
    case IR_fdiv: r = x / y; break;
    case IR_fsqrt: r = sqrt(x); break;
    case IR_fmin: r = oracle_min(x, y); break;
    case IR_fmax: r = oracle_max(x, y); break;
    case IR_fceil: r = ceil(x); break;
    case IR_ffloor: r = floor(x); break;
    case IR_ftrunc: r = trunc(x); break;
    case IR_fnearest: r = nearbyint(x); break;
    case IR_fdemote: return rs = (float)x, oracle_bits32(rs);
    default: abort();
    }
    return single ? (rs = (float)r, oracle_bits32(rs)) : oracle_bits64(r);
}

static uint64_t oracle_convert(const Oracle *o, const Ins *i, uint64_t a) {
    IrType from = (IrType)o->f->ins.at[i->a].type;
    bool to64 = i->type == T_I64;
    if (i->op == IR_icvt_s || i->op == IR_icvt_u) {
        int64_t s = from == T_I32 ? (int32_t)a : (int64_t)a;
        if (i->type == T_F32) return oracle_bits32(i->op == IR_icvt_s ? (float)s : (float)a);
        return oracle_bits64(i->op == IR_icvt_s ? (double)s : (double)a);
    }
    double x = from == T_F32 ? (double)oracle_f32(a) : oracle_f64(a);
    if (x != x) return 0;
    x = trunc(x);
    if (i->op == IR_fcvt_u) {
        if (x <= 0) return 0;
        if (x >= (to64 ? 0x1p64 : 0x1p32)) return to64 ? UINT64_MAX : UINT32_MAX;
        return (uint64_t)x;
    }
    double limit = to64 ? 0x1p63 : 0x1p31;
    if (x >= limit) return to64 ? INT64_MAX : INT32_MAX;
    if (x < -limit) x = -limit;
    return to64 ? (uint64_t)(int64_t)x : (uint32_t)(int32_t)x;
}

static uint64_t oracle_float(const Oracle *o, const Ins *i, uint64_t a, uint64_t b) {
    bool single = o->f->ins.at[i->a].type == T_F32;
    uint64_t sign = single ? UINT64_C(1) << 31 : UINT64_C(1) << 63,
             inf = single ? UINT64_C(0x7f800000) : UINT64_C(0x7ff) << 52;
    switch ((IrOp)i->op) {
    case IR_fcopysign: return (a & ~sign) | (b & sign);
    case IR_fabs: return a & ~sign;
    case IR_fneg: return a ^ sign;
    case IR_fcanon: return (a & ~sign) > inf ? inf | (inf >> 1 & ~inf) | (single ? 1u << 22 : UINT64_C(1) << 51) : a;
    case IR_fcmp: {
        double x = single ? (double)oracle_f32(a) : oracle_f64(a), y = single ? (double)oracle_f32(b) : oracle_f64(b);
        switch ((FCond)i->aux) {
        case FC_EQ: return x == y;
        case FC_NE: return x != y;
        case FC_LT: return x < y;
        case FC_GT: return x > y;
        case FC_LE: return x <= y;
        case FC_GE: return x >= y;
        case FC_COUNT: break;
        }
        abort();
    }
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u: return oracle_convert(o, i, a);
    default: return oracle_arith(o, i, a, b);
    }
}

static uint64_t oracle_load(const Ins *i, const void *p) {
    uint64_t v = 0;
    memcpy(&v, p, access_bytes[i->aux]);
    int64_t s = i->aux == ACC_8S    ? (int8_t)v
                : i->aux == ACC_16S ? (int16_t)v
                : i->aux == ACC_32S ? (int32_t)v
                                    : (int64_t)v;
    return i->type == T_I32 ? (uint32_t)s : (uint64_t)s;
}

static uint64_t oracle_value(Oracle *o, const Ins *i, Val v) {
    uint32_t nargs = ir_info[i->op].nargs;
    uint64_t a = nargs > 0 ? o->val[i->a] : 0, b = nargs > 1 ? o->val[i->b] : 0;
    switch ((IrOp)i->op) {
    case IR_iconst: return i->type == T_I32 ? i->a : ins_imm(i);
    case IR_fconst: return i->type == T_F32 ? i->a : ins_imm(i);
    case IR_es: return (uint64_t)(uintptr_t)o->es;
    case IR_param: return o->val[v];
    case IR_sext: return (uint64_t)(int32_t)a;
    case IR_zext: return a;
    case IR_wrap: return (uint32_t)a;
    case IR_eqz: return a == 0;
    case IR_bitcast: return a;
    case IR_select: return a ? b : o->val[i->c];
    case IR_load: return oracle_load(i, (const void *)(uintptr_t)(a + i->b));
    default:
        if (i->op >= IR_fadd && i->op <= IR_icvt_u) return oracle_float(o, i, a, b);
        return oracle_int(o, i, a, b);
    }
}

/* Effects; the kind of a trap, or 0. */
static uint32_t oracle_effect(Oracle *o, const Ins *i) {
    int64_t counter;
    uint8_t *at = o->es + (i->aux ? ES_DEPTH : ES_FUEL);
    switch ((IrOp)i->op) {
    case IR_store: memcpy((void *)(uintptr_t)(o->val[i->a] + i->c), &o->val[i->b], access_bytes[i->aux]); return 0;
    case IR_trapz: return o->val[i->a] == 0 ? i->aux : 0;
    case IR_trapnz: return o->val[i->a] != 0 ? i->aux : 0;
    case IR_trap: return i->aux;
    case IR_poll:
        return bits_load_u64(o->es + ES_EPOCH) >= bits_load_u64(o->es + ES_DEADLINE) ? CODE_TRAP_INTERRUPT : 0;
    case IR_charge:
    case IR_refund:
        memcpy(&counter, at, 8);
        counter = (int64_t)((uint64_t)counter + (i->op == IR_refund ? i->a : 0 - (uint64_t)i->a));
        memcpy(at, &counter, 8);
        return i->op == IR_charge && counter < 0 ? (i->aux ? CODE_TRAP_EXHAUSTION : CODE_TRAP_FUEL) : 0;
    default: abort();
    }
}

/* Run with the entry's parameters in param; 0, or the kind of the trap that ended it. */
static uint32_t oracle_run(const Fn *f, uint8_t *es, const uint64_t *param) {
    Oracle o = {.f = f, .val = calloc(f->ins.n, 8), .es = es};
    uint64_t *arg = calloc(f->ins.n + 1, 8);
    uint32_t trap = 0;
    BlkId b = 0;
    for (uint32_t k = 0; k < f->blk.at[0].param.n; k++) arg[k] = param[k];
    while (b != NO_BLK && !trap) {
        const Blk *blk = &f->blk.at[b];
        const Edge *next = NULL;
        for (uint32_t k = 0; k < blk->param.n; k++) o.val[blk->param.at[k]] = arg[k];
        for (uint32_t k = 0; k < blk->list.n && !trap; k++) {
            Val v = blk->list.at[k];
            const Ins *i = &f->ins.at[v];
            o.steps++;
            if (ir_info[i->op].result != RES_NONE) {
                o.val[v] = oracle_value(&o, i, v);
            } else if (i->op == IR_jump || i->op == IR_brif || i->op == IR_brtable) {
                uint64_t c = i->op == IR_jump ? 0 : i->op == IR_brif ? o.val[i->a] == 0 : o.val[i->a];
                next = &blk->succ.at[c < blk->succ.n ? c : blk->succ.n - 1];
            } else if (i->op != IR_ret) {
                trap = oracle_effect(&o, i);
            }
        }
        b = next ? next->to : NO_BLK;
        for (uint32_t k = 0; next && k < next->nargs; k++) arg[k] = o.val[f->pool.at[next->args + k]];
    }
    free(arg);
    free(o.val);
    return trap;
}
