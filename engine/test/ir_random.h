/* Random functions of the IR for tests of back ends: ctx -> (), reading and writing the memory at ctx only.
 *
 * Biased to what instruction selection looks for: constants at boundaries, masks, shifts and extensions under other
 * operations, conditions of conditions, address sums, loads next to their users with stores in between.  Every
 * operation stays defined: divisors are not 0, addresses are inside the memory, loops end. */
#pragma once
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "ir/ir.h"

enum { RANDOM_INPUT = 4096, RANDOM_BYTES = 8192 }; /* the memory at ctx: the lower half is not written */

typedef struct Gen {
    Fn *f;
    BlkId b;
    uint64_t seed;
    Val ctx;
    uint32_t loc;
    VEC(Val) pool[T_COUNT]; /* values that dominate this place, by type */
} Gen;

static uint32_t gen_bits(Gen *g) {
    g->seed = g->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = g->seed ^ g->seed >> 33;
    return (uint32_t)(x * UINT64_C(0xff51afd7ed558ccd) >> 32);
}
static uint32_t gen_below(Gen *g, uint32_t n) { return gen_bits(g) % n; }
static bool gen_one_in(Gen *g, uint32_t n) { return gen_below(g, n) == 0; }

static Val gen_ins(Gen *g, Ins i) {
    Val v = fn_ins(g->f, g->b, ++g->loc, i);
    IrType t = (IrType)g->f->ins.at[v].type;
    if (t != T_NONE) vec_push(g->f->arena, &g->pool[t], v);
    return v;
}
static Val gen2(Gen *g, IrOp op, IrType t, Val a, Val b) {
    return gen_ins(g, (Ins){.op = (uint8_t)op, .type = (uint8_t)t, .a = a, .b = b});
}
static Val gen1(Gen *g, IrOp op, IrType t, Val a) { return gen2(g, op, t, a, 0); }

static uint64_t gen_int(Gen *g) {
    static const uint64_t edge[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    7,
                                    8,
                                    15,
                                    16,
                                    24,
                                    31,
                                    32,
                                    33,
                                    63,
                                    64,
                                    65,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x100,
                                    0xfff,
                                    0x1000,
                                    0x1001,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x10000,
                                    0xfff000,
                                    0xffffff,
                                    0x1000000,
                                    0x7fffffff,
                                    0x80000000,
                                    0xff00,
                                    0xff0000,
                                    0x5555555555555555,
                                    0x123456,
                                    0x12345678,
                                    UINT32_MAX,
                                    0x100000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0xffff0000ffff0000,
                                    0x123456789abcdef0};
    uint64_t v = edge[gen_below(g, sizeof edge / sizeof *edge)];
    switch (gen_below(g, 8)) {
    case 0: return 0 - v;
    case 1: return ~v;
    case 2: return v + 1;
    case 3: return (uint64_t)gen_bits(g) << 32 | gen_bits(g);
    case 4: return (UINT64_C(1) << gen_below(g, 64)) - gen_below(g, 2);
    default: return v;
    }
}

static uint64_t gen_float(Gen *g, IrType t) {
    static const double edge[] = {0.0,
                                  1.0,
                                  0.5,
                                  1.5,
                                  2.5,
                                  0.1,
                                  3.0,
                                  31.0,
                                  1e10,
                                  2147483647.0,
                                  2147483648.0,
                                  4294967295.0,
                                  4294967296.0,
                                  9223372036854775807.0,
                                  18446744073709551616.0,
                                  0x1p-149,
                                  0x1p-1074,
                                  0x1.fffffep127,
                                  0x1p1023,
                                  4503599627370497.5,
                                  8388607.5,
                                  0x1.fffffffffffffp52};
    uint64_t v;
    uint32_t pick = gen_below(g, 10);
    if (pick == 0) return gen_int(g) & (t == T_F32 ? UINT32_MAX : UINT64_MAX);
    if (pick == 1) { /* NaN, infinity */
        static const uint64_t special32[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001,
                                             0x7f800000, 0xff800000, 0x7fffffff};
        static const uint64_t special64[] = {0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001,
                                             0xfff0000000000001, 0x7ff0000000000000, 0xfff0000000000000,
                                             0x7fffffffffffffff};
        uint32_t k = gen_below(g, 7);
        return t == T_F32 ? special32[k] : special64[k];
    }
    double d = edge[gen_below(g, sizeof edge / sizeof *edge)];
    if (gen_one_in(g, 2)) d = -d;
    if (t == T_F64) return memcpy(&v, &d, 8), v;
    float f = (float)d;
    uint32_t w;
    return memcpy(&w, &f, 4), w;
}

static Val gen_const(Gen *g, IrType t) {
    uint64_t v = t >= T_F32 ? gen_float(g, t) : gen_int(g);
    if (t == T_I32) v = (uint32_t)v;
    return gen_ins(
        g,
        (Ins){
            .op = t >= T_F32 ? IR_fconst : IR_iconst, .type = (uint8_t)t, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)});
}
static Val gen_iconst(Gen *g, IrType t, uint64_t v) {
    if (t == T_I32) v = (uint32_t)v;
    return gen_ins(g, (Ins){.op = IR_iconst, .type = (uint8_t)t, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)});
}

static Val gen_value(Gen *g, IrType t, uint32_t depth);

static Val gen_pooled(Gen *g, IrType t) {
    uint32_t n = g->pool[t].n;
    if (n == 0 || gen_one_in(g, 4)) return gen_const(g, t);
    /* the latest values more often: trees rather than unrelated ones */
    uint32_t back = gen_one_in(g, 2) ? gen_below(g, n < 4 ? n : 4) : gen_below(g, n);
    return g->pool[t].at[n - 1 - back];
}

/* An offset as an i64 that is in 0..2047 when *back is added. */
static Val gen_offset(Gen *g, uint32_t depth, uint32_t *back) {
    uint32_t shift = gen_below(g, 5);
    uint64_t mask = 2047 >> shift;
    Val w = gen2(g, IR_iand, T_I32, gen_value(g, T_I32, depth), gen_iconst(g, T_I32, mask));
    switch (gen_below(g, 6)) {
    case 0:
        return gen2(g, IR_shl, T_I64, gen1(g, IR_zext, T_I64, w), gen_iconst(g, T_I64, shift + 64 * gen_below(g, 2)));
    case 4: /* negative, and below 0 the memory does not go: the caller adds as much */
        *back = (uint32_t)mask << shift;
        w = gen2(g, IR_isub, T_I32, w, gen_iconst(g, T_I32, mask));
        return gen2(g, IR_shl, T_I64, gen1(g, IR_sext, T_I64, w), gen_iconst(g, T_I64, shift));
    case 1: return gen1(g, IR_zext, T_I64, w);
    case 2: return gen1(g, IR_sext, T_I64, w);
    case 3: return gen2(g, IR_shl, T_I64, gen1(g, IR_sext, T_I64, w), gen_iconst(g, T_I64, shift));
    default: {
        Val x = gen2(g, IR_iand, T_I64, gen_value(g, T_I64, depth), gen_iconst(g, T_I64, mask));
        return gen2(g, IR_shl, T_I64, x, gen_iconst(g, T_I64, shift));
    }
    }
}

/* Address and displacement of something at [0, 4080) from `part` of the memory.  The caller takes the sums out of
 * the pool: they depend on where the memory is. */
static Val gen_address(Gen *g, uint32_t depth, uint32_t part, uint32_t *disp) {
    static const uint32_t edge[] = {0, 0, 0, 1, 4, 8, 16, 255, 256, 260, 1024, 2032};
    uint64_t constant = part;
    *disp = edge[gen_below(g, sizeof edge / sizeof *edge)];
    Val at = g->ctx;
    if (gen_one_in(g, 2)) {
        *disp += part;
        constant = 0;
    }
    if (gen_one_in(g, 5)) { /* far: back by as much */
        static const uint32_t far[] = {32768, 65536, 0x12345678, 0x7fff0000, 0x70000000, 0x10001};
        uint32_t by = far[gen_below(g, 6)];
        *disp += by;
        constant -= by;
    }
    uint32_t back = 0;
    Val offset = gen_one_in(g, 2) ? gen_offset(g, depth, &back) : 0;
    if (constant || gen_one_in(g, 2)) {
        constant += back;
    } else {
        *disp += back;
    }
    if (offset && gen_one_in(g, 2))
        at = gen_one_in(g, 2) ? gen2(g, IR_iadd, T_I64, at, offset) : gen2(g, IR_iadd, T_I64, offset, at), offset = 0;
    if (constant) at = gen2(g, IR_iadd, T_I64, at, gen_iconst(g, T_I64, constant));
    if (offset) at = gen2(g, IR_iadd, T_I64, at, offset);
    return at;
}

static Access gen_access(Gen *g, IrType t) {
    static const uint8_t i32[] = {ACC_8S, ACC_8U, ACC_16S, ACC_16U, ACC_32, ACC_32},
                         i64[] = {ACC_8S, ACC_8U, ACC_16S, ACC_16U, ACC_32S, ACC_32U, ACC_64, ACC_64};
    if (t == T_I32) return (Access)i32[gen_below(g, 6)];
    if (t == T_I64) return (Access)i64[gen_below(g, 8)];
    return t == T_F32 ? ACC_F32 : ACC_F64;
}

static Val gen_load(Gen *g, IrType t, uint32_t depth) {
    uint32_t disp, part = gen_one_in(g, 3) ? RANDOM_INPUT : 0;
    uint32_t before = g->pool[T_I64].n;
    Val at = gen_address(g, depth, part, &disp);
    g->pool[T_I64].n = before;
    uint8_t flags = gen_one_in(g, 2) ? MEM_HEAP | MEM_TRAPS : MEM_HEAP;
    return gen_ins(
        g,
        (Ins){.op = IR_load, .type = (uint8_t)t, .aux = (uint8_t)gen_access(g, t), .flags = flags, .a = at, .b = disp});
}

static void gen_store(Gen *g, uint32_t depth) {
    IrType t = (IrType)(T_I32 + gen_below(g, 4));
    uint32_t disp;
    Val v = gen_value(g, t, depth);
    uint32_t before = g->pool[T_I64].n;
    Val at = gen_address(g, depth, RANDOM_INPUT, &disp);
    g->pool[T_I64].n = before;
    Access access = gen_access(g, t);
    if (access == ACC_8S) access = ACC_8U;
    if (access == ACC_16S) access = ACC_16U;
    if (access == ACC_32S) access = ACC_32U;
    uint8_t flags = gen_one_in(g, 2) ? MEM_HEAP | MEM_TRAPS : MEM_HEAP;
    gen_ins(g, (Ins){.op = IR_store, .aux = (uint8_t)access, .flags = flags, .a = at, .b = v, .c = disp});
}

static Val gen_cond(Gen *g, uint32_t depth) {
    IrType t = (IrType)(T_I32 + gen_below(g, 2));
    switch (gen_below(g, 8)) {
    case 0: return gen1(g, IR_eqz, T_I32, gen_cond(g, depth ? depth - 1 : 0));
    case 1: return gen1(g, IR_eqz, T_I32, gen_value(g, t, depth));
    case 2:
        return gen_ins(g, (Ins){.op = IR_icmp,
                                .aux = (uint8_t)gen_below(g, 2),
                                .a = gen_cond(g, depth ? depth - 1 : 0),
                                .b = gen_iconst(g, T_I32, 0)});
    case 3: {
        IrType ft = (IrType)(T_F32 + gen_below(g, 2));
        Val a = gen_value(g, ft, depth);
        return gen_ins(
            g, (Ins){.op = IR_fcmp, .aux = (uint8_t)gen_below(g, FC_COUNT), .a = a, .b = gen_value(g, ft, depth)});
    }
    case 4: return gen_value(g, T_I32, depth);
    case 5: { /* bits */
        Val x = gen_value(g, t, depth),
            bits = gen_one_in(g, 2) ? gen_iconst(g, t, UINT64_C(1) << gen_below(g, 64)) : gen_value(g, t, 0);
        if (gen_one_in(g, 2)) x = gen2(g, IR_ushr, t, x, gen_iconst(g, t, gen_below(g, 70)));
        x = gen2(g, IR_iand, t, x, bits);
        if (t == T_I32 && gen_one_in(g, 2)) return x;
        return gen_ins(g,
                       (Ins){.op = IR_icmp, .aux = (uint8_t)gen_below(g, C_COUNT), .a = x, .b = gen_iconst(g, t, 0)});
    }
    default: {
        Val a = gen_value(g, t, depth), b = gen_one_in(g, 3) ? gen_const(g, t) : gen_value(g, t, depth);
        return gen_ins(g, (Ins){.op = IR_icmp, .aux = (uint8_t)gen_below(g, C_COUNT), .a = a, .b = b});
    }
    }
}

static Val gen_divide(Gen *g, IrType t, uint32_t depth) {
    IrOp op = (IrOp)(IR_sdiv + gen_below(g, 4));
    Val a = gen_value(g, t, depth), b = gen2(g, IR_ior, t, gen_value(g, t, depth), gen_iconst(g, t, 1));
    if (op == IR_sdiv) b = gen2(g, IR_iand, t, b, gen_iconst(g, t, t == T_I32 ? INT32_MAX : INT64_MAX));
    return gen2(g, op, t, a, b);
}

/* Shapes that matchers of integer operations know. */
static Val gen_pattern(Gen *g, IrType t, uint32_t depth) {
    uint32_t n = t == T_I64 ? 64 : 32, c = gen_below(g, 6) ? gen_below(g, n) : gen_below(g, 3 * n);
    uint64_t mask = (UINT64_C(1) << gen_below(g, n)) - 1;
    Val x = gen_value(g, t, depth), y = gen_value(g, t, depth);
#define K(v) gen_iconst(g, t, (v))
    switch (gen_below(g, 13)) {
    case 11: { /* shifts that move nothing */
        Val s = gen2(g, (IrOp)(IR_shl + gen_below(g, 3)), T_I32, gen1(g, IR_wrap, T_I32, gen_value(g, T_I64, depth)),
                     gen_iconst(g, T_I32, 32 * gen_below(g, 3)));
        return t == T_I32 ? s : gen1(g, IR_zext, T_I64, s);
    }
    case 0:
        return gen2(g, IR_ior, t, gen2(g, IR_shl, t, x, K(c)),
                    gen2(g, IR_ushr, t, y, K(gen_below(g, 4) ? n - c : gen_int(g))));
    case 1: return gen2(g, IR_iand, t, gen2(g, IR_ushr, t, x, K(c)), K(mask));
    case 2: return gen2(g, IR_shl, t, gen2(g, IR_iand, t, x, K(mask)), K(c));
    case 3: return gen2(g, gen_one_in(g, 2) ? IR_ushr : IR_sshr, t, gen2(g, IR_shl, t, x, K(c)), K(gen_below(g, n)));
    case 4: { /* insert */
        Val field = gen2(g, IR_shl, t, gen_one_in(g, 2) ? gen2(g, IR_iand, t, y, K(mask)) : y, K(c));
        uint64_t low = c % n ? (UINT64_C(1) << c % n) - 1 : 0;
        Val keep = gen2(g, IR_iand, t, x, K(gen_one_in(g, 2) ? ~(mask << c % n) : low));
        return gen2(g, IR_ior, t, keep, field);
    }
    case 5: return gen2(g, IR_ior, t, gen2(g, IR_iand, t, x, K(~mask)), gen2(g, IR_iand, t, y, K(mask)));
    case 6: {
        Val z = gen2(g, gen_one_in(g, 2) ? IR_iadd : IR_isub, t, gen_value(g, t, 0), gen2(g, IR_imul, t, x, y));
        return z;
    }
    case 7: return gen2(g, IR_isub, t, K(0), gen_one_in(g, 2) ? gen2(g, IR_imul, t, x, y) : x);
    case 8: return gen2(g, (IrOp)(IR_iand + gen_below(g, 3)), t, x, gen2(g, IR_ixor, t, y, K(UINT64_MAX)));
    case 9: {
        Val count = gen2(g, IR_iand, t, y, K(n - 1));
        return gen2(g, (IrOp)(IR_shl + gen_below(g, 5)), t, x, count);
    }
    case 10: {
        IrOp op = (IrOp)(IR_shl + gen_below(g, 5));
        return gen2(g, gen_one_in(g, 2) ? IR_isub : (IrOp)(IR_iand + gen_below(g, 3)), t, x, gen2(g, op, t, y, K(c)));
    }
    default:
        if (t == T_I32) return gen1(g, IR_wrap, T_I32, gen_value(g, T_I64, depth));
        {
            IrOp ext = gen_one_in(g, 2) ? IR_zext : IR_sext;
            Val a = gen1(g, ext, T_I64, gen_value(g, T_I32, depth)),
                b = gen1(g, ext, T_I64, gen_value(g, T_I32, depth));
            if (gen_one_in(g, 3)) return gen2(g, IR_imul, T_I64, a, b);
            if (gen_one_in(g, 2))
                return gen2(g, gen_one_in(g, 2) ? IR_iadd : IR_isub, T_I64, x, gen2(g, IR_imul, T_I64, a, b));
            return gen2(g, gen_one_in(g, 2) ? IR_iadd : IR_isub, T_I64, x,
                        gen2(g, IR_shl, T_I64, a, gen_iconst(g, T_I64, gen_below(g, 6))));
        }
    }
#undef K
}

static Val gen_integer(Gen *g, IrType t, uint32_t depth) {
    Val a;
    switch (gen_below(g, 16)) {
    case 0: return gen1(g, (IrOp)(IR_clz + gen_below(g, t == T_I64 ? 6 : 5)), t, gen_value(g, t, depth));
    case 1: return gen_divide(g, t, depth);
    case 2: return gen_load(g, t, depth);
    case 3:
        a = gen_value(g, (IrType)(T_F32 + gen_below(g, 2)), depth);
        return gen1(g, gen_one_in(g, 2) ? IR_fcvt_s : IR_fcvt_u, t, a);
    case 4: {
        IrType from = t == T_I32 ? T_F32 : T_F64;
        return gen1(g, IR_bitcast, t, gen_one_in(g, 3) ? gen_load(g, from, depth) : gen_value(g, from, depth));
    }
    case 5:
        if (t == T_I32) return gen_cond(g, depth);
        a = gen_one_in(g, 2) ? gen_load(g, T_I32, depth) : gen_value(g, T_I32, depth);
        return gen1(g, gen_one_in(g, 2) ? IR_zext : IR_sext, T_I64, a);
    case 6: {
        static const uint64_t small[] = {0, 1, UINT64_MAX};
        Val c = gen_cond(g, depth),
            x = gen_one_in(g, 3) ? gen_iconst(g, t, small[gen_below(g, 3)]) : gen_value(g, t, depth);
        Val y = gen_one_in(g, 3) ? gen_iconst(g, t, small[gen_below(g, 3)]) : gen_value(g, t, depth);
        if (gen_one_in(g, 3)) {
            IrOp op = gen_one_in(g, 2) ? IR_iadd : IR_ixor;
            y = gen2(g, op, t, y, gen_iconst(g, t, op == IR_iadd ? 1 : UINT64_MAX));
        } else if (gen_one_in(g, 4)) {
            y = gen2(g, IR_isub, t, gen_iconst(g, t, 0), y);
        }
        bool swap = gen_one_in(g, 2);
        return gen_ins(g, (Ins){.op = IR_select, .type = (uint8_t)t, .a = c, .b = swap ? y : x, .c = swap ? x : y});
    }
    case 7:
    case 8:
    case 9: return gen_pattern(g, t, depth);
    default: {
        static const uint8_t op[] = {IR_iadd, IR_isub, IR_imul, IR_iand, IR_ior, IR_ixor,
                                     IR_shl,  IR_sshr, IR_ushr, IR_rotl, IR_rotr};
        a = gen_value(g, t, depth);
        Val b = gen_one_in(g, 2) ? gen_const(g, t) : gen_value(g, t, depth);
        if (t == T_I32 && gen_one_in(g, 12)) return gen2(g, IR_mask, t, a, b);
        return gen2(g, (IrOp)op[gen_below(g, 11)], t, a, b);
    }
    }
}

static Val gen_floating(Gen *g, IrType t, uint32_t depth) {
    IrType other = t == T_F32 ? T_F64 : T_F32;
    Val a, b;
    switch (gen_below(g, 11)) {
    case 0: return gen_load(g, t, depth);
    case 1: {
        IrType from = t == T_F32 ? T_I32 : T_I64;
        return gen1(g, IR_bitcast, t, gen_one_in(g, 3) ? gen_load(g, from, depth) : gen_value(g, from, depth));
    }
    case 2:
        return gen1(g, gen_one_in(g, 2) ? IR_icvt_s : IR_icvt_u, t,
                    gen_value(g, (IrType)(T_I32 + gen_below(g, 2)), depth));
    case 3: a = gen1(g, t == T_F32 ? IR_fdemote : IR_fpromote, t, gen_value(g, other, depth)); break;
    case 4: return gen1(g, gen_one_in(g, 2) ? IR_fabs : IR_fneg, t, gen_value(g, t, depth));
    case 5: a = gen_value(g, t, depth), b = gen_value(g, t, depth); return gen2(g, IR_fcopysign, t, a, b);
    case 6: {
        Val c = gen_cond(g, depth);
        a = gen_value(g, t, depth), b = gen_value(g, t, depth);
        return gen_ins(g, (Ins){.op = IR_select, .type = (uint8_t)t, .a = c, .b = a, .c = b});
    }
    case 7: return gen1(g, IR_fcanon, t, gen_value(g, t, depth)); /* of anything */
    case 8: a = gen1(g, (IrOp)(IR_fsqrt + gen_below(g, 5)), t, gen_value(g, t, depth)); break;
    default:
        a = gen_value(g, t, depth), b = gen_value(g, t, depth);
        a = gen2(g, (IrOp)(IR_fadd + gen_below(g, 6)), t, a, b);
    }
    /* the NaN of an operation is not specified: nobody but fcanon may see it */
    assert(g->pool[t].at[g->pool[t].n - 1] == a);
    g->pool[t].n--;
    return gen1(g, IR_fcanon, t, a);
}

static Val gen_value(Gen *g, IrType t, uint32_t depth) {
    if (depth == 0 || gen_one_in(g, 6)) return gen_pooled(g, t);
    return t >= T_F32 ? gen_floating(g, t, depth - 1) : gen_integer(g, t, depth - 1);
}

/* -- Control ------------------------------------------------------------------------------ */

static void gen_code(Gen *g, uint32_t size, uint32_t nest);

typedef struct GenScope {
    uint32_t n[T_COUNT];
} GenScope;
static GenScope gen_open(const Gen *g) {
    GenScope s;
    for (uint32_t t = 0; t < T_COUNT; t++) s.n[t] = g->pool[t].n;
    return s;
}
static void gen_close(Gen *g, const GenScope *s) {
    for (uint32_t t = 0; t < T_COUNT; t++) g->pool[t].n = s->n[t];
}

/* Two or more arms that meet in a block with parameters; some edges go there directly. */
static void gen_branch(Gen *g, uint32_t nest) {
    BlkId from = g->b, join = fn_block(g->f);
    bool table = gen_one_in(g, 3);
    uint32_t arms = table ? 2 + gen_below(g, 5) : 2;
    IrType type[3];
    for (uint32_t k = 0; k < 3; k++) type[k] = (IrType)(T_I32 + gen_below(g, 4));
    Val c = table ? gen_value(g, T_I32, 2) : gen_cond(g, 2), arg[3];
    if (table && gen_one_in(g, 2)) c = gen2(g, IR_iand, T_I32, c, gen_iconst(g, T_I32, 7));
    GenScope before = gen_open(g);
    for (uint32_t k = 0; k < 3; k++) arg[k] = gen_pooled(g, type[k]);
    fn_ins(g->f, from, ++g->loc, (Ins){.op = table ? IR_brtable : IR_brif, .a = c});
    for (uint32_t a = 0; a < arms; a++) {
        if (gen_one_in(g, 3)) {
            fn_edge(g->f, from, join, arg, 3);
            continue;
        }
        Val out[3];
        g->b = fn_block(g->f);
        fn_edge(g->f, from, g->b, NULL, 0);
        GenScope inner = gen_open(g);
        gen_code(g, 2, nest);
        for (uint32_t k = 0; k < 3; k++) out[k] = gen_pooled(g, type[k]);
        fn_ins(g->f, g->b, ++g->loc, (Ins){.op = IR_jump});
        fn_edge(g->f, g->b, join, out, 3);
        gen_close(g, &inner);
    }
    gen_close(g, &before);
    g->b = join;
    for (uint32_t k = 0; k < 3; k++) {
        Val p = fn_param(g->f, join, type[k]);
        vec_push(g->f->arena, &g->pool[type[k]], p);
    }
}

static void gen_loop(Gen *g, uint32_t nest) {
    IrType t = (IrType)(T_I32 + gen_below(g, 4));
    BlkId head = fn_block(g->f), out = fn_block(g->f);
    Val start[2] = {gen_iconst(g, T_I32, 1 + gen_below(g, 3)), gen_pooled(g, t)}, next[2];
    fn_ins(g->f, g->b, ++g->loc, (Ins){.op = IR_jump});
    fn_edge(g->f, g->b, head, start, 2);
    g->b = head;
    Val count = fn_param(g->f, head, T_I32), x = fn_param(g->f, head, t);
    vec_push(g->f->arena, &g->pool[t], x);
    gen_code(g, 2, nest);
    next[1] = gen_value(g, t, 2);
    next[0] = gen2(g, IR_isub, T_I32, count, gen_iconst(g, T_I32, 1));
    fn_ins(g->f, g->b, ++g->loc, (Ins){.op = IR_brif, .a = next[0]});
    fn_edge(g->f, g->b, head, next, 2);
    fn_edge(g->f, g->b, out, NULL, 0);
    g->b = out;
}

static void gen_effect(Gen *g) {
    static const uint32_t amount[] = {0,        1,        100,       4095,       4096,       4097,      0xfff000,
                                      0x123456, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff};
    switch (gen_below(g, 4)) {
    case 0: {
        Val c = gen_cond(g, 2);
        IrOp op = gen_one_in(g, 2) ? IR_trapz : IR_trapnz;
        /* most do not trap */
        if (!gen_one_in(g, 4))
            c = gen2(g, op == IR_trapz ? IR_ior : IR_iand, T_I32, c, gen_iconst(g, T_I32, op == IR_trapz ? 4 : 0));
        gen_ins(g, (Ins){.op = (uint8_t)op, .aux = (uint8_t)(1 + gen_below(g, 9)), .a = c});
        break;
    }
    case 1:
        gen_ins(g, (Ins){.op = IR_charge,
                         .aux = (uint8_t)gen_below(g, 2),
                         .a = amount[gen_below(g, gen_one_in(g, 6) ? 13 : 9)]});
        break;
    case 2:
        if (gen_one_in(g, 3)) {
            gen_ins(g, (Ins){.op = IR_poll});
            break;
        }
        gen_ins(g, (Ins){.op = IR_refund, .aux = (uint8_t)gen_below(g, 2), .a = amount[gen_below(g, 13)]});
        break;
    default: gen_store(g, 2);
    }
}

static void gen_code(Gen *g, uint32_t size, uint32_t nest) {
    for (uint32_t k = 0; k < size; k++) {
        uint32_t pick = gen_below(g, 10);
        if (pick == 0 && nest)
            gen_branch(g, nest - 1);
        else if (pick == 1 && nest)
            gen_loop(g, nest - 1);
        else if (pick < 4)
            gen_effect(g);
        else if (pick < 7)
            gen_store(g, 1 + gen_below(g, 4));
        else
            gen_value(g, (IrType)(T_I32 + gen_below(g, 4)), 1 + gen_below(g, 4));
    }
}

/* A function of about `size` statements; equal seeds give equal functions. */
static Fn *gen_fn(Arena *a, uint64_t seed, uint32_t size) {
    static const uint8_t param[] = {T_I64};
    static const IrSig sig = {.param = param, .nparam = 1};
    Fn *f = fn_new(a, "random", 0, &sig);
    Gen g = {.f = f, .b = fn_block(f), .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    f->frame_cost = 4096;
    g.ctx = fn_param(f, g.b, T_I64);
    for (uint32_t k = 0; k < 6; k++) {
        IrType t = (IrType)(T_I32 + k % 4);
        static const uint8_t whole[T_COUNT] = {
            [T_I32] = ACC_32, [T_I64] = ACC_64, [T_F32] = ACC_F32, [T_F64] = ACC_F64};
        gen_ins(&g, (Ins){.op = IR_load, .type = (uint8_t)t, .aux = whole[t], .a = g.ctx, .b = gen_below(&g, 500) * 8});
    }
    gen_code(&g, size, 2);
    for (uint32_t t = T_I32; t <= T_F64; t++) gen_store(&g, 3);
    fn_ins(f, g.b, ++g.loc, (Ins){.op = IR_ret});
    return f;
}

/* Input for it. */
static void gen_memory(uint8_t *mem, uint64_t seed) {
    Gen g = {.seed = seed};
    for (uint32_t at = 0; at < RANDOM_BYTES; at += 8) {
        uint64_t v = gen_one_in(&g, 2) ? gen_int(&g) : gen_float(&g, T_F64);
        if (gen_one_in(&g, 3)) v = gen_float(&g, T_F32) << 32 | gen_float(&g, T_F32);
        memcpy(mem + at, &v, 8);
    }
}
