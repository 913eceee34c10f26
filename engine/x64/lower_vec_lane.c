/* Lowering for x86-64: single lanes: splat, extract, replace, and stores of a lane.
 *
 * A float is the lowest lane of a vector whose other lanes are whatever they are, so lane 0 costs a move. */
#include <assert.h>
#include "x64/vec.h"

static uint32_t lane_bytes(uint8_t op) {
    switch (op) {
    case VOP_i8x16_splat:
    case VOP_i8x16_extract_lane_s:
    case VOP_i8x16_extract_lane_u:
    case VOP_i8x16_replace_lane: return 1;
    case VOP_i16x8_splat:
    case VOP_i16x8_extract_lane_s:
    case VOP_i16x8_extract_lane_u:
    case VOP_i16x8_replace_lane: return 2;
    case VOP_i64x2_splat:
    case VOP_i64x2_extract_lane:
    case VOP_i64x2_replace_lane:
    case VOP_f64x2_splat:
    case VOP_f64x2_extract_lane:
    case VOP_f64x2_replace_lane: return 8;
    default: return 4;
    }
}

static bool is_float(uint8_t op) {
    switch (op) {
    case VOP_f32x4_splat:
    case VOP_f64x2_splat:
    case VOP_f32x4_extract_lane:
    case VOP_f64x2_extract_lane:
    case VOP_f32x4_replace_lane:
    case VOP_f64x2_replace_lane: return true;
    default: return false;
    }
}

/* -- Splat -------------------------------------------------------------------------- */

static bool scalar_const(const Lower *l, Val v, uint64_t *k) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_iconst && i->op != IR_fconst) return false;
    *k = ins_imm(i);
    return true;
}

static X64Const repeat(uint32_t bytes, uint64_t v) {
    switch (bytes) {
    case 1: return x64_k8((uint8_t)v);
    case 2: return x64_k16((uint16_t)v);
    case 4: return x64_k32((uint32_t)v);
    default: return x64_k64(v);
    }
}

static uint32_t broadcast_row(uint32_t bytes) {
    return bytes == 1   ? X64_VPBROADCASTB
           : bytes == 2 ? X64_VPBROADCASTW
           : bytes == 4 ? X64_VPBROADCASTD
                        : X64_VPBROADCASTQ;
}

static bool splat_load(Lower *l, Reg d, Val from, Val at, uint32_t bytes) {
    bool small = bytes <= 2;
    if (small && !x64_avx2(l)) return false;
    if (!x64_can_fold_bytes(l, from, bytes, at)) return false;
    x64_hit(l, X64_RULE_vec_splat_mem);
    X64Src s = x64_src_addr(x64_access_addr(l, from));
    if (small) {
        x64_vput(l, broadcast_row(bytes) + 1, 16, 0, d, REG_NONE, &s);
    } else if (bytes == 8) {
        x64_v2s(l, d, X64_MOVDDUP, 16, REG_NONE, &s);
    } else if (x64_avx(l)) {
        x64_vput(l, X64_VBROADCASTSS_M, 16, 0, d, REG_NONE, &s);
    } else {
        Reg t = lower_temp(l, T_V128);
        x64_load(l, t, T_V128, ACC_V32Z, &s.addr);
        x64_v1i(l, d, X64_PSHUFD, 16, t, 0);
    }
    return true;
}

static void splat_float(Lower *l, Reg d, Reg a, uint32_t bytes) {
    X64Src s = x64_src_reg(a);
    x64_hit(l, X64_RULE_vec_splat_float);
    if (bytes == 8)
        x64_v1(l, d, X64_MOVDDUP, a);
    else if (x64_avx2(l))
        x64_vput(l, X64_VBROADCASTSS, 16, 0, d, REG_NONE, &s);
    else
        x64_v2i(l, d, X64_SHUFPS, a, a, 0);
}

static void splat_int(Lower *l, Reg d, Reg a, uint32_t bytes) {
    Reg t = x64_to_vector(l, a, bytes == 8 ? 8 : 4);
    x64_hit(l, X64_RULE_vec_splat_int);
    if (x64_avx2(l)) {
        X64Src s = x64_src_reg(t);
        x64_vput(l, broadcast_row(bytes), 16, 0, d, REG_NONE, &s);
        return;
    }
    switch (bytes) {
    case 1: x64_v2(l, d, X64_PSHUFB, t, x64_vzero(l)); break;
    case 2:
        t = x64_v1i(l, X64_NEW, X64_PSHUFLW, 16, t, 0);
        x64_v1i(l, d, X64_PSHUFD, 16, t, 0);
        break;
    case 4: x64_v1i(l, d, X64_PSHUFD, 16, t, 0); break;
    default: x64_v1i(l, d, X64_PSHUFD, 16, t, 0x44);
    }
}

void x64_lower_splat(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t bytes = lane_bytes(i->aux);
    Reg d = lower_def(l, v);
    uint64_t k;
    if (scalar_const(l, i->a, &k)) {
        x64_hit(l, X64_RULE_vec_splat_const);
        x64_vconst(l, d, repeat(bytes, k));
    } else if (!splat_load(l, d, i->a, v, bytes)) {
        if (is_float(i->aux))
            splat_float(l, d, lower_use(l, i->a), bytes);
        else
            splat_int(l, d, bytes < 8 ? x64_use_low(l, i->a) : lower_use(l, i->a), bytes);
    }
}

/* -- Extract ------------------------------------------------------------------------ */

static void extract_int(Lower *l, Reg d, Reg a, uint32_t bytes, uint32_t lane) {
    if (bytes >= 4 && lane == 0) {
        x64_ins(l, X64_MOVD_R, bytes);
    } else {
        uint32_t op = bytes == 1 ? X64_PEXTRB : bytes == 2 ? X64_PEXTRW : X64_PEXTR;
        x64_ins(l, op, bytes == 8 ? 8 : 4)->imm = lane;
    }
    LOWER_DEF(l, d);
    LOWER_USE(l, a);
}

void x64_lower_extract(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t bytes = lane_bytes(i->aux), lane = i->b;
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    bool is_signed = i->aux == VOP_i8x16_extract_lane_s || i->aux == VOP_i16x8_extract_lane_s;
    if (is_float(i->aux) && lane == 0) {
        x64_hit(l, X64_RULE_vec_extract_low);
        x64_move(l, d, a);
    } else if (is_float(i->aux)) {
        x64_hit(l, X64_RULE_vec_extract_float);
        x64_v1i(l, d, X64_PSHUFD, 16, a, bytes == 8 ? 0xee : lane);
    } else if (is_signed) {
        x64_hit(l, X64_RULE_vec_extract_signed);
        Reg t = lower_temp(l, T_I32);
        extract_int(l, t, a, bytes, lane);
        x64_ins(l, bytes == 1 ? X64_SX8 : X64_SX16, 4);
        LOWER_DEF(l, d);
        x64_use_any(l, t);
    } else {
        x64_hit(l, X64_RULE_vec_extract);
        extract_int(l, d, a, bytes, lane);
    }
}

bool x64_lower_store_lane(Lower *l, Val v, Val value, const X64Addr *addr) {
    const Ins *i = lower_ins(l, v), *from = lower_ins(l, value);
    if (from->op != IR_vextract || !x64_free(l, value)) return false;
    uint32_t bytes = lane_bytes(from->aux), lane = from->b;
    if (access_bytes[i->aux] != bytes) return false;
    x64_hit(l, X64_RULE_vec_store_lane);
    Reg a = lower_use(l, from->a);
    if (bytes >= 4 && lane == 0) {
        x64_ins(l, X64_STS, bytes);
    } else if (bytes == 8) {
        x64_ins(l, X64_MOVHPS_ST, 16);
    } else {
        uint32_t op = bytes == 1 ? X64_PEXTRB_M : bytes == 2 ? X64_PEXTRW_M : X64_PEXTR_M;
        x64_ins(l, op, bytes == 4 ? 4 : 16)->aux = lane;
    }
    LOWER_USE(l, a);
    x64_use_addr(l, addr);
    return true;
}

/* -- Replace ------------------------------------------------------------------------- */

/* Put the value into its lane of `a`: rows by what it is, and whether it comes from memory. */
static void replace_int(Lower *l, Reg d, Reg a, const X64Src *value, uint32_t bytes, uint32_t lane) {
    uint32_t op = bytes == 1 ? X64_PINSRB : bytes == 2 ? X64_PINSRW : X64_PINSR;
    x64_vput(l, x64_vform(l, op, value->mem), bytes == 8 ? 8 : 4, lane, d, a, value);
}

static void replace_f64(Lower *l, Reg d, Reg a, const X64Src *value, uint32_t lane) {
    if (value->mem) {
        uint32_t op = lane ? X64_MOVHPS_M : X64_MOVLPS_M;
        x64_vput(l, op + x64_avx(l), 16, 0, d, a, value);
    } else if (lane) {
        x64_v2(l, d, X64_PUNPCKLQDQ, a, value->reg);
    } else {
        x64_vput(l, X64_MOVSD, 16, 0, d, a, value);
    }
}

void x64_lower_replace(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t bytes = lane_bytes(i->aux), lane = i->c;
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    X64Src value;
    if (x64_can_fold_bytes(l, i->b, bytes, v)) {
        x64_hit(l, X64_RULE_vec_replace_mem);
        value = x64_src_addr(x64_access_addr(l, i->b));
    } else {
        x64_hit(l, X64_RULE_vec_replace);
        value = x64_src_reg(bytes < 8 && !is_float(i->aux) ? x64_use_low(l, i->b) : lower_use(l, i->b));
    }
    if (!is_float(i->aux)) {
        replace_int(l, d, a, &value, bytes, lane);
    } else if (bytes == 4) {
        x64_vput(l, x64_vform(l, X64_INSERTPS, value.mem), 4, lane << 4, d, a, &value);
    } else {
        replace_f64(l, d, a, &value, lane);
    }
}
