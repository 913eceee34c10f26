/* Lowering for x86-64: vectors.  What one instruction does is in the table below; sequences are in lower_vec_int.c and
 * lower_vec_float.c.
 *
 * Memory operands: constants always; loads only in VEX form (unaligned) or where the instruction reads 8 bytes or less.
 */
#include "x64/vec.h"
#include <assert.h>

/* -- Constants -------------------------------------------------------------------- */

X64Const x64_k64(uint64_t v) { return (X64Const){v, v}; }
X64Const x64_k32(uint32_t v) { return x64_k64(v * UINT64_C(0x100000001)); }
X64Const x64_k16(uint16_t v) { return x64_k64(v * UINT64_C(0x1000100010001)); }
X64Const x64_k8(uint8_t v) { return x64_k64(v * UINT64_C(0x101010101010101)); }

X64Src x64_src_const(Lower *l, X64Const k) {
    return (X64Src){.mem = true, .reg = REG_NONE, .addr = x64_const_addr(l, k.low, k.high)};
}

X64Src x64_src_addr(X64Addr a) { return (X64Src){.mem = true, .reg = REG_NONE, .addr = a}; }

/* -- Instructions ------------------------------------------------------------------- */

static void use_last(Lower *l, char shape, const X64Src *last) {
    /* a spilled scalar has fewer bytes than a vector operand reads */
    bool scalar = reg_is_virtual(last->reg) && type_class(vreg_type(l->m, last->reg)) == RC_FLOAT &&
                  vreg_type(l->m, last->reg) != T_V128;
    if (last->mem)
        x64_use_addr(l, &last->addr);
    else if ((shape == 'A' || shape == 'a') && !scalar)
        x64_use_any(l, last->reg);
    else
        LOWER_USE(l, last->reg);
}

void x64_vput(Lower *l, uint32_t op, uint32_t size, uint32_t imm, Reg d, Reg a, const X64Src *last) {
    const X64Row *row = x64_row_of(op);
    const char *shape = row->shape;
    MInsn *i = x64_ins(l, op, size);
    if (last && last->mem)
        i->aux = imm;
    else
        i->imm = imm;
    if (*shape == 'S') {
        x64_def_same(l, d, a);
        shape += 2;
    } else {
        LOWER_DEF(l, d);
        shape++;
        if (a != REG_NONE) {
            LOWER_USE(l, a);
            shape++;
        }
    }
    if (last) use_last(l, *shape, last);
}

static Reg destination(Lower *l, Reg d) { return d == X64_NEW ? lower_temp(l, T_V128) : d; }

Reg x64_v2s(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, const X64Src *b) {
    d = destination(l, d);
    x64_vput(l, x64_vform(l, op, b->mem), size, 0, d, a, b);
    return d;
}

Reg x64_v2(Lower *l, Reg d, uint32_t op, Reg a, Reg b) { return x64_f2(l, d, op, 16, a, b); }
Reg x64_v2k(Lower *l, Reg d, uint32_t op, Reg a, X64Const b) { return x64_f2k(l, d, op, 16, a, b); }

Reg x64_f2(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, Reg b) {
    X64Src s = x64_src_reg(b);
    return x64_v2s(l, d, op, size, a, &s);
}

Reg x64_f2k(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, X64Const b) {
    X64Src s = x64_src_const(l, b);
    return x64_v2s(l, d, op, size, a, &s);
}

Reg x64_v1(Lower *l, Reg d, uint32_t op, Reg a) {
    X64Src s = x64_src_reg(a);
    return x64_v2s(l, d, op, 16, REG_NONE, &s);
}

Reg x64_v1i(Lower *l, Reg d, uint32_t op, uint32_t size, Reg a, uint32_t imm) {
    X64Src s = x64_src_reg(a);
    d = destination(l, d);
    x64_vput(l, op + x64_avx(l), size, imm, d, REG_NONE, &s);
    return d;
}

Reg x64_v2i(Lower *l, Reg d, uint32_t op, Reg a, Reg b, uint32_t imm) {
    X64Src s = x64_src_reg(b);
    d = destination(l, d);
    x64_vput(l, op + x64_avx(l), 16, imm, d, a, &s);
    return d;
}

Reg x64_vshift(Lower *l, Reg d, uint32_t op, Reg a, uint32_t imm) {
    d = destination(l, d);
    x64_vput(l, op + x64_avx(l), 16, imm, d, a, NULL);
    return d;
}

static Reg nullary(Lower *l, uint32_t op) {
    Reg d = lower_temp(l, T_V128);
    x64_ins(l, op, 16);
    LOWER_DEF(l, d);
    return d;
}

Reg x64_vzero(Lower *l) { return nullary(l, X64_FZERO); }
Reg x64_vones(Lower *l) { return nullary(l, X64_VONES); }

Reg x64_vconst(Lower *l, Reg d, X64Const k) {
    d = destination(l, d);
    X64Addr a = x64_const_addr(l, k.low, k.high);
    x64_load(l, d, T_V128, ACC_V128, &a);
    return d;
}

Reg x64_to_vector(Lower *l, Reg a, uint32_t size) {
    Reg d = lower_temp(l, T_V128);
    x64_ins(l, X64_MOVD_X, size);
    LOWER_DEF(l, d);
    LOWER_USE(l, a);
    return d;
}

/* -- Matchers ----------------------------------------------------------------------- */

bool x64_is_vconst(const Lower *l, Val v, X64Const *k) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_vconst) return false;
    const uint32_t *word = &l->f->pool.at[i->a];
    k->low = (uint64_t)word[1] << 32 | word[0];
    k->high = (uint64_t)word[3] << 32 | word[2];
    return true;
}

bool x64_can_fold_bytes(Lower *l, Val v, uint32_t bytes, Val at) {
    const Ins *i = lower_ins(l, v);
    return i->op == IR_load && x64_free(l, v) && access_bytes[i->aux] == bytes && lower_can_sink(l, v, at);
}

Val x64_skip_canon(Lower *l, Val v, uint32_t lane) {
    const Ins *i = lower_ins(l, v);
    uint8_t canon = lane == 4 ? VOP_f32x4_canon : VOP_f64x2_canon;
    if (i->op != IR_vunary || i->aux != canon || !x64_free(l, v)) return v;
    x64_hit(l, X64_RULE_vec_canon_skipped);
    return i->a;
}

/* -- One instruction ---------------------------------------------------------------- */

enum {
    SWAP = 1,  /* b op a */
    COMM = 2,  /* commutative */
    FLOAT = 4, /* NaN bits of the operands do not matter */
    PLAIN = 8  /* the row has no memory forms */
};

typedef struct One {
    uint16_t op;
    uint8_t size, flags;
} One;

#define INT(op, flags) \
    { X64_##op, 16, flags }
#define F32(op, flags) \
    { X64_##op, 4, flags }
#define F64(op, flags) \
    { X64_##op, 8, flags }
static const One one[VOP_COUNT] = {
    [VOP_i8x16_eq] = INT(PCMPEQB, COMM),
    [VOP_i8x16_gt_s] = INT(PCMPGTB, 0),
    [VOP_i8x16_lt_s] = INT(PCMPGTB, SWAP),
    [VOP_i16x8_eq] = INT(PCMPEQW, COMM),
    [VOP_i16x8_gt_s] = INT(PCMPGTW, 0),
    [VOP_i16x8_lt_s] = INT(PCMPGTW, SWAP),
    [VOP_i32x4_eq] = INT(PCMPEQD, COMM),
    [VOP_i32x4_gt_s] = INT(PCMPGTD, 0),
    [VOP_i32x4_lt_s] = INT(PCMPGTD, SWAP),
    [VOP_i64x2_eq] = INT(PCMPEQQ, COMM),
    [VOP_i64x2_gt_s] = INT(PCMPGTQ, 0),
    [VOP_i64x2_lt_s] = INT(PCMPGTQ, SWAP),
    [VOP_f32x4_eq] = F32(CMPEQP, COMM | FLOAT),
    [VOP_f32x4_ne] = F32(CMPNEQP, COMM | FLOAT),
    [VOP_f32x4_lt] = F32(CMPLTP, FLOAT),
    [VOP_f32x4_gt] = F32(CMPLTP, SWAP | FLOAT),
    [VOP_f32x4_le] = F32(CMPLEP, FLOAT),
    [VOP_f32x4_ge] = F32(CMPLEP, SWAP | FLOAT),
    [VOP_f64x2_eq] = F64(CMPEQP, COMM | FLOAT),
    [VOP_f64x2_ne] = F64(CMPNEQP, COMM | FLOAT),
    [VOP_f64x2_lt] = F64(CMPLTP, FLOAT),
    [VOP_f64x2_gt] = F64(CMPLTP, SWAP | FLOAT),
    [VOP_f64x2_le] = F64(CMPLEP, FLOAT),
    [VOP_f64x2_ge] = F64(CMPLEP, SWAP | FLOAT),
    [VOP_v128_and] = INT(PAND, COMM),
    [VOP_v128_andnot] = INT(PANDN, SWAP), /* a & ~b; pandn negates its first operand */
    [VOP_v128_or] = INT(POR, COMM),
    [VOP_v128_xor] = INT(PXOR, COMM),
    [VOP_i8x16_abs] = INT(PABSB, 0),
    [VOP_i8x16_narrow_i16x8_s] = INT(PACKSSWB, 0),
    [VOP_i8x16_narrow_i16x8_u] = INT(PACKUSWB, 0),
    [VOP_i8x16_add] = INT(PADDB, COMM),
    [VOP_i8x16_add_sat_s] = INT(PADDSB, COMM),
    [VOP_i8x16_add_sat_u] = INT(PADDUSB, COMM),
    [VOP_i8x16_sub] = INT(PSUBB, 0),
    [VOP_i8x16_sub_sat_s] = INT(PSUBSB, 0),
    [VOP_i8x16_sub_sat_u] = INT(PSUBUSB, 0),
    [VOP_i8x16_min_s] = INT(PMINSB, COMM),
    [VOP_i8x16_min_u] = INT(PMINUB, COMM),
    [VOP_i8x16_max_s] = INT(PMAXSB, COMM),
    [VOP_i8x16_max_u] = INT(PMAXUB, COMM),
    [VOP_i8x16_avgr_u] = INT(PAVGB, COMM),
    [VOP_i16x8_abs] = INT(PABSW, 0),
    [VOP_i16x8_narrow_i32x4_s] = INT(PACKSSDW, 0),
    [VOP_i16x8_narrow_i32x4_u] = INT(PACKUSDW, 0),
    [VOP_i16x8_extend_low_i8x16_s] = INT(PMOVSXBW, 0),
    [VOP_i16x8_extend_low_i8x16_u] = INT(PMOVZXBW, 0),
    [VOP_i16x8_add] = INT(PADDW, COMM),
    [VOP_i16x8_add_sat_s] = INT(PADDSW, COMM),
    [VOP_i16x8_add_sat_u] = INT(PADDUSW, COMM),
    [VOP_i16x8_sub] = INT(PSUBW, 0),
    [VOP_i16x8_sub_sat_s] = INT(PSUBSW, 0),
    [VOP_i16x8_sub_sat_u] = INT(PSUBUSW, 0),
    [VOP_i16x8_mul] = INT(PMULLW, COMM),
    [VOP_i16x8_min_s] = INT(PMINSW, COMM),
    [VOP_i16x8_min_u] = INT(PMINUW, COMM),
    [VOP_i16x8_max_s] = INT(PMAXSW, COMM),
    [VOP_i16x8_max_u] = INT(PMAXUW, COMM),
    [VOP_i16x8_avgr_u] = INT(PAVGW, COMM),
    [VOP_i32x4_abs] = INT(PABSD, 0),
    [VOP_i32x4_extend_low_i16x8_s] = INT(PMOVSXWD, 0),
    [VOP_i32x4_extend_low_i16x8_u] = INT(PMOVZXWD, 0),
    [VOP_i32x4_add] = INT(PADDD, COMM),
    [VOP_i32x4_sub] = INT(PSUBD, 0),
    [VOP_i32x4_mul] = INT(PMULLD, COMM),
    [VOP_i32x4_min_s] = INT(PMINSD, COMM),
    [VOP_i32x4_min_u] = INT(PMINUD, COMM),
    [VOP_i32x4_max_s] = INT(PMAXSD, COMM),
    [VOP_i32x4_max_u] = INT(PMAXUD, COMM),
    [VOP_i32x4_dot_i16x8_s] = INT(PMADDWD, COMM),
    [VOP_i64x2_extend_low_i32x4_s] = INT(PMOVSXDQ, 0),
    [VOP_i64x2_extend_low_i32x4_u] = INT(PMOVZXDQ, 0),
    [VOP_i64x2_add] = INT(PADDQ, COMM),
    [VOP_i64x2_sub] = INT(PSUBQ, 0),
    [VOP_f32x4_sqrt] = F32(SQRTP, FLOAT),
    [VOP_f32x4_add] = F32(ADDP, COMM | FLOAT),
    [VOP_f32x4_sub] = F32(SUBP, FLOAT),
    [VOP_f32x4_mul] = F32(MULP, COMM | FLOAT),
    [VOP_f32x4_div] = F32(DIVP, FLOAT),
    [VOP_f32x4_pmin] = F32(MINP, SWAP), /* b < a ? b : a, and minps gives its second operand when that is false */
    [VOP_f32x4_pmax] = F32(MAXP, SWAP),
    [VOP_f64x2_sqrt] = F64(SQRTP, FLOAT),
    [VOP_f64x2_add] = F64(ADDP, COMM | FLOAT),
    [VOP_f64x2_sub] = F64(SUBP, FLOAT),
    [VOP_f64x2_mul] = F64(MULP, COMM | FLOAT),
    [VOP_f64x2_div] = F64(DIVP, FLOAT),
    [VOP_f64x2_pmin] = F64(MINP, SWAP),
    [VOP_f64x2_pmax] = F64(MAXP, SWAP),
    [VOP_f32x4_convert_i32x4_s] = INT(CVTDQ2PS, 0),
    [VOP_f64x2_convert_low_i32x4_s] = INT(CVTDQ2PD, 0),
    [VOP_f64x2_promote_low_f32x4] = INT(CVTPS2PD, 0),
    [VOP_f32x4_demote_f64x2_zero] = INT(CVTPD2PS, PLAIN),
};
#undef INT
#undef F32
#undef F64

/* v as the last operand of a row that reads `bytes` bytes there. */
static X64Src last_operand(Lower *l, Val v, Val at, uint32_t bytes) {
    X64Const k;
    if (bytes == 16 && x64_is_vconst(l, v, &k) && (k.low | k.high)) {
        x64_hit(l, X64_RULE_vec_const_operand);
        return x64_src_const(l, k);
    }
    if (bytes == 16 ? x64_avx(l) && x64_can_fold_bytes(l, v, 16, at) : x64_can_fold_bytes(l, v, bytes, at)) {
        x64_hit(l, X64_RULE_vec_mem);
        return x64_src_addr(x64_access_addr(l, v));
    }
    return x64_src_reg(lower_use(l, v));
}

static bool prefers_last(Lower *l, Val v) {
    X64Const k;
    if (x64_is_vconst(l, v, &k)) return true;
    return x64_avx(l) && lower_ins(l, v)->op == IR_load && x64_free(l, v) && l->val[v].uses == 1;
}

static void lower_one(Lower *l, Val v, const One *o) {
    const Ins *i = lower_ins(l, v);
    const X64Row *row = x64_row_of(o->op);
    bool unary = i->op == IR_vunary;
    Val a = i->a, b = unary ? i->a : i->b;
    if (o->flags & SWAP) {
        a = i->b;
        b = i->a;
    }
    if (o->flags & FLOAT) {
        a = x64_skip_canon(l, a, o->size);
        b = x64_skip_canon(l, b, o->size);
    }
    if ((o->flags & COMM) && !prefers_last(l, b) &&
        (prefers_last(l, a) || (l->val[a].uses > 1 && l->val[b].uses == 1))) {
        Val swap = a;
        a = b;
        b = swap;
    }
    x64_hit(l, X64_RULE_vec_op);
    Reg d = lower_def(l, v);
    if (o->flags & PLAIN) {
        x64_v1i(l, d, o->op, 16, lower_use(l, x64_skip_canon(l, a, 8)), 0);
        return;
    }
    Reg ra = unary ? REG_NONE : lower_use(l, a);
    X64Src last = last_operand(l, b, v, row->rmw ? row->rmw : 16);
    x64_v2s(l, d, o->op, o->size, ra, &last);
}

/* -- Tests -------------------------------------------------------------------------- */

X64Cond x64_lower_vtest_cond(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t equal = i->aux == VOP_i8x16_all_true   ? X64_PCMPEQB
                     : i->aux == VOP_i16x8_all_true ? X64_PCMPEQW
                     : i->aux == VOP_i32x4_all_true ? X64_PCMPEQD
                                                    : X64_PCMPEQQ;
    Reg a = lower_use(l, i->a);
    bool any = i->aux == VOP_v128_any_true;
    x64_hit(l, any ? X64_RULE_vec_any_true : X64_RULE_vec_all_true);
    if (!any) a = x64_v2(l, X64_NEW, equal, x64_vzero(l), a); /* which lanes are zero? */
    x64_ins(l, X64_PTEST, 16);
    LOWER_USE(l, a);
    x64_use_any(l, a);
    return (X64Cond){any ? X64_NE : X64_E, X64_PLAIN};
}

static void lower_bitmask(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    x64_hit(l, X64_RULE_vec_bitmask);
    if (i->aux == VOP_i32x4_bitmask || i->aux == VOP_i64x2_bitmask) {
        x64_ins(l, X64_MOVMSKP, i->aux == VOP_i32x4_bitmask ? 4 : 8);
    } else {
        if (i->aux == VOP_i16x8_bitmask) a = x64_v2(l, X64_NEW, X64_PACKSSWB, a, x64_vzero(l)); /* keeps signs */
        x64_ins(l, X64_PMOVMSKB, 4);
    }
    LOWER_DEF(l, d);
    LOWER_USE(l, a);
}

bool x64_is_vtest_cond(const Ins *i) {
    return i->op == IR_vtest && i->aux != VOP_i8x16_bitmask && i->aux != VOP_i16x8_bitmask &&
           i->aux != VOP_i32x4_bitmask && i->aux != VOP_i64x2_bitmask;
}

static void lower_vtest(Lower *l, Val v) {
    if (!x64_is_vtest_cond(lower_ins(l, v))) {
        lower_bitmask(l, v);
        return;
    }
    Reg d = lower_def(l, v);
    X64Cond c = x64_lower_vtest_cond(l, v);
    x64_hit(l, X64_RULE_setcc);
    x64_ins(l, X64_SETZ, 4)->cc = c.cc;
    LOWER_DEF(l, d);
}

/* -- Dispatch ------------------------------------------------------------------------ */

void x64_lower_vector(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if ((i->op == IR_vunary || i->op == IR_vbinary) && one[i->aux].op) {
        lower_one(l, v, &one[i->aux]);
        return;
    }
    switch (i->op) {
    case IR_vtest: lower_vtest(l, v); break;
    case IR_vsplat: x64_lower_splat(l, v); break;
    case IR_vextract: x64_lower_extract(l, v); break;
    case IR_vreplace: x64_lower_replace(l, v); break;
    case IR_vshuffle: x64_lower_shuffle(l, v); break;
    case IR_vshift: x64_lower_vec_shift(l, v); break;
    default: x64_lower_vec_int(l, v);
    }
}
