/* Pseudo instructions of x86-64 that compute values: sequences with internal branches or scratch registers.
 *
 * Each reads its sources before it writes its destination, unless insn.def has the destination as early (t), so that
 * they may share registers.  r11 and xmm15 are free here.  Short branches are to places within the sequence. */
#include <assert.h>
#include "x64/insn.h"

enum { T0 = X64_SCRATCH, F0 = X64_FSCRATCH, ALWAYS = -1 };

static void set_zero(CodeBuf *cb, uint32_t r) { X64_PUT(cb, XOR, 4, 0, r, r, r); }
static void set_fzero(CodeBuf *cb, uint32_t r) { X64_PUT(cb, XORPS, 16, 0, r, r, r); }

/* -- Division --------------------------------------------------------------------- */

static void put_divide(CodeBuf *cb, uint32_t size, uint32_t divisor, bool is_signed) {
    if (is_signed) {
        if (size == 8)
            X64_PUT0(cb, CQO, 8);
        else
            X64_PUT0(cb, CDQ, 4);
        X64_PUT(cb, XIDIV, size, 0, divisor);
    } else {
        set_zero(cb, X64_RDX);
        X64_PUT(cb, XDIV, size, 0, divisor);
    }
}

static void put_srem(CodeBuf *cb, uint32_t size, uint32_t divisor) {
    X64_PUT(cb, CMP_I, size, -1, divisor);
    uint32_t usual = x64_put_short(cb, X64_NE);
    set_zero(cb, X64_RDX); /* idiv would fault on the smallest dividend */
    uint32_t done = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, usual);
    put_divide(cb, size, divisor, true);
    x64_bind_short(cb, done);
}

/* -- Conditions, counting ------------------------------------------------------------ */

static void put_setz(CodeBuf *cb, uint32_t d, uint32_t cc, uint32_t fp) {
    x64_put_cc(cb, X64_SETCC, 1, cc, 1, &d);
    if (fp != X64_PLAIN) {
        x64_put_cc(cb, X64_SETCC, 1, fp == X64_OR_P ? X64_P : X64_NP, 1, (uint32_t[]){T0});
        if (fp == X64_OR_P)
            X64_PUT(cb, OR, 4, 0, d, d, T0);
        else
            X64_PUT(cb, AND, 4, 0, d, d, T0);
    }
    X64_PUT(cb, ZX8, 4, 0, d, d);
}

/* bsr and bsf leave the destination undefined and set ZF for 0. */
static void put_clz(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    uint32_t width = 8 * size;
    X64_PUT(cb, MOV_I, 4, 2 * width - 1, T0);
    X64_PUT(cb, BSR, size, 0, d, a);
    x64_put_cc(cb, X64_CMOV, size, X64_E, 3, (uint32_t[]){d, d, T0});
    X64_PUT(cb, XOR_I, size, width - 1, d, d); /* bit number to leading zeros; 2 * width - 1 to width */
}

static void put_ctz(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    X64_PUT(cb, MOV_I, 4, 8 * size, T0);
    X64_PUT(cb, BSF, size, 0, d, a);
    x64_put_cc(cb, X64_CMOV, size, X64_E, 3, (uint32_t[]){d, d, T0});
}

/* -- Conversions ---------------------------------------------------------------------- */

static void put_convert(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    set_fzero(cb, d); /* break the dependency on its old value */
    X64_PUT(cb, CVTSI2S64, size, 0, d, a);
}

/* Halve what is too large for an i64, keeping the lowest bit sticky so that rounding is right, then double. */
static void put_cvt_u64(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    X64_PUT(cb, TEST, 8, 0, a, a);
    uint32_t large = x64_put_short(cb, X64_S);
    put_convert(cb, size, d, a);
    uint32_t done = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, large);
    X64_PUT(cb, MOV, 8, 0, T0, a);
    X64_PUT(cb, SHR_I, 8, 1, T0, T0);
    uint32_t even = x64_put_short(cb, X64_AE);
    X64_PUT(cb, OR_I, 8, 1, T0, T0);
    x64_bind_short(cb, even);
    put_convert(cb, size, d, T0);
    X64_PUT(cb, ADDS, size, 0, d, d, d);
    x64_bind_short(cb, done);
}

static void put_truncate(CodeBuf *cb, uint32_t width, uint32_t size, uint32_t d, uint32_t a) {
    if (width == 8)
        X64_PUT(cb, CVTTS2SI64, size, 0, d, a);
    else
        X64_PUT(cb, CVTTS2SI32, size, 0, d, a);
}

/* cvttss2si gives the smallest integer for all it cannot do; that is right for the negative ones. */
static void put_sat_signed(CodeBuf *cb, uint32_t width, uint32_t size, uint32_t d, uint32_t a) {
    put_truncate(cb, width, size, d, a);
    X64_PUT(cb, CMP_I, width, 1, d); /* overflows for the smallest integer alone */
    uint32_t done = x64_put_short(cb, X64_NO);
    set_fzero(cb, F0);
    X64_PUT(cb, UCOMIS, size, 0, a, F0);
    uint32_t is_number = x64_put_short(cb, X64_NP);
    set_zero(cb, d);
    uint32_t nan = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, is_number);
    uint32_t negative = x64_put_short(cb, X64_BE);
    X64_PUT(cb, MOV_I, width, width == 8 ? INT64_MAX : INT32_MAX, d);
    x64_bind_short(cb, negative);
    x64_bind_short(cb, nan);
    x64_bind_short(cb, done);
}

/* By way of an i64, which holds all of u32. */
static void put_sat_u32(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    put_truncate(cb, 8, size, d, a);
    X64_PUT(cb, MOV, 8, 0, T0, d);
    X64_PUT(cb, SHR_I, 8, 32, T0, T0);
    uint32_t done = x64_put_short(cb, X64_E);
    set_fzero(cb, F0);
    X64_PUT(cb, MOV_I, 4, 0, d);
    X64_PUT(cb, UCOMIS, size, 0, a, F0);
    uint32_t zero = x64_put_short(cb, X64_BE); /* negative or NaN */
    X64_PUT(cb, MOV_I, 4, UINT32_MAX, d);
    x64_bind_short(cb, zero);
    x64_bind_short(cb, done);
}

static void put_sat_u64(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t a) {
    static const uint32_t two63_f32 = 0x5f000000;
    static const uint64_t two63_f64 = UINT64_C(0x43e0000000000000);
    put_truncate(cb, 8, size, d, a);
    X64_PUT(cb, TEST, 8, 0, d, d);
    uint32_t small = x64_put_short(cb, X64_NS);
    set_fzero(cb, F0);
    X64_PUT(cb, UCOMIS, size, 0, a, F0);
    uint32_t positive = x64_put_short(cb, X64_A);
    set_zero(cb, d); /* negative or NaN */
    uint32_t zero = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, positive); /* at least 2^63: convert what is above that */
    X64_PUT(cb, MOVAPS, 16, 0, F0, a);
    x64_put_const(cb, X64_SUBS_M, size, F0, size == 4 ? (const void *)&two63_f32 : &two63_f64, (uint8_t)size);
    put_truncate(cb, 8, size, d, F0);
    X64_PUT(cb, TEST, 8, 0, d, d);
    uint32_t fits = x64_put_short(cb, X64_NS);
    X64_PUT(cb, MOV_I, 8, -1, d); /* with the highest bit, as the other way below */
    x64_bind_short(cb, fits);
    X64_PUT(cb, BTS_I, 8, 63, d, d);
    x64_bind_short(cb, zero);
    x64_bind_short(cb, small);
}

/* -- Floats ------------------------------------------------------------------------------ */

/* minss gives its second operand when one is NaN or both are zero: so those cases apart. */
static void put_min_max(CodeBuf *cb, uint32_t size, uint32_t d, uint32_t b, bool max) {
    X64_PUT(cb, UCOMIS, size, 0, d, b);
    uint32_t differ = x64_put_short(cb, X64_NE);
    uint32_t nan = x64_put_short(cb, X64_P);
    if (max)
        X64_PUT(cb, ANDPS, 16, 0, d, d, b); /* equal: -0 only if both are */
    else
        X64_PUT(cb, ORPS, 16, 0, d, d, b);
    uint32_t done = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, nan);
    X64_PUT(cb, ADDS, size, 0, d, d, b); /* a quiet NaN */
    uint32_t done_too = x64_put_short(cb, ALWAYS);
    x64_bind_short(cb, differ);
    if (max)
        X64_PUT(cb, MAXS, size, 0, d, d, b);
    else
        X64_PUT(cb, MINS, size, 0, d, d, b);
    x64_bind_short(cb, done);
    x64_bind_short(cb, done_too);
}

static void put_canon(CodeBuf *cb, uint32_t size, uint32_t d) {
    static const uint32_t nan_f32 = 0x7fc00000;
    static const uint64_t nan_f64 = UINT64_C(0x7ff8000000000000);
    X64_PUT(cb, UCOMIS, size, 0, d, d);
    uint32_t number = x64_put_short(cb, X64_NP);
    x64_put_const(cb, X64_LDS, size, d, size == 4 ? (const void *)&nan_f32 : &nan_f64, (uint8_t)size);
    x64_bind_short(cb, number);
}

static void put_fsel(CodeBuf *cb, uint32_t d, uint32_t b, uint32_t cc, uint32_t fp) {
    assert(fp != X64_AND_NP);
    uint32_t parity = fp == X64_OR_P ? x64_put_short(cb, X64_P) : 0;
    uint32_t keep = x64_put_short(cb, (int)(cc ^ 1));
    if (parity) x64_bind_short(cb, parity);
    X64_PUT(cb, MOVAPS, 16, 0, d, b);
    x64_bind_short(cb, keep);
}

bool x64_expand(CodeBuf *cb, const MInsn *i, const uint32_t *loc) {
    uint32_t size = i->size;
    switch (i->op) {
    case X64_ZERO: set_zero(cb, loc[0]); break;
    case X64_FZERO: set_fzero(cb, loc[0]); break;
    case X64_VONES: X64_PUT(cb, PCMPEQD, 16, 0, loc[0], loc[0], loc[0]); break;
    case X64_UDIV:
    case X64_SDIV:
        assert(loc[0] == X64_RAX && loc[1] == X64_RAX && loc[2] != X64_RDX && loc[3] == X64_RDX);
        put_divide(cb, size, loc[2], i->op == X64_SDIV);
        break;
    case X64_UREM:
        assert(loc[0] == X64_RDX && loc[1] == X64_RAX && loc[2] != X64_RDX);
        put_divide(cb, size, loc[2], false);
        break;
    case X64_SREM:
        assert(loc[0] == X64_RDX && loc[1] == X64_RAX && loc[2] != X64_RDX);
        put_srem(cb, size, loc[2]);
        break;
    case X64_UMULH:
    case X64_SMULH:
        assert(loc[0] == X64_RDX && loc[1] == X64_RAX);
        x64_put(cb, i->op == X64_UMULH ? X64_XMUL : X64_XIMUL, 8, 0, 1, &loc[2]);
        break;
    case X64_SETZ: put_setz(cb, loc[0], i->cc, i->aux); break;
    case X64_CLZ: put_clz(cb, size, loc[0], loc[1]); break;
    case X64_CTZ: put_ctz(cb, size, loc[0], loc[1]); break;
    case X64_CVT_U64: put_cvt_u64(cb, size, loc[0], loc[1]); break;
    case X64_SAT_S32: put_sat_signed(cb, 4, size, loc[0], loc[1]); break;
    case X64_SAT_S64: put_sat_signed(cb, 8, size, loc[0], loc[1]); break;
    case X64_SAT_U32: put_sat_u32(cb, size, loc[0], loc[1]); break;
    case X64_SAT_U64: put_sat_u64(cb, size, loc[0], loc[1]); break;
    case X64_FMIN:
    case X64_FMAX: put_min_max(cb, size, loc[0], loc[2], i->op == X64_FMAX); break;
    case X64_FCANON: put_canon(cb, size, loc[0]); break;
    case X64_FSEL: put_fsel(cb, loc[0], loc[2], i->cc, i->aux); break;
    default: return false;
    }
    return true;
}
