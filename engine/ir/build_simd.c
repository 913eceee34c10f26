/* Vector instructions.
 *
 * Most are one lane operation (simd.def).  Memory: a whole vector, or its low part with zeros, is one load; everything
 * else is a scalar access and a lane operation, which a back end may put together again.
 * Float arithmetic leaves any NaN the hardware makes; a canon of the result's shape behind it makes the canonical one,
 * as fcanon does for scalars. */
#include <assert.h>
#include "ir/builder.h"

static Val lanes(Build *b, IrOp op, uint8_t vop, IrType t, Val x, uint32_t y, uint32_t z) {
    return build_ins(b, (Ins){.op = (uint8_t)op, .type = (uint8_t)t, .aux = vop, .a = x, .b = y, .c = z});
}

static Val unary(Build *b, uint8_t vop, Val x) { return lanes(b, IR_vunary, vop, T_V128, x, 0, 0); }

/* The names of float operations begin with the shape of their results. */
static Val canonical(Build *b, uint8_t vop, Val x) {
    if (!b->o->nan_canon) return x;
    bool wide = vop_info[vop].name[1] == '6';
    return unary(b, wide ? VOP_f64x2_canon : VOP_f32x4_canon, x);
}

static Val vector_const(Build *b, const uint8_t bytes[16]) {
    uint32_t word[4];
    for (uint32_t i = 0; i < 4; i++) word[i] = bits_load_u32(bytes + 4 * i);
    return build_ins(b, (Ins){.op = IR_vconst, .type = T_V128, .a = fn_pool(b->f, word, 4)});
}

static Val shuffle(Build *b, const Instr *in, Val x, Val y) {
    uint32_t word[4];
    for (uint32_t i = 0; i < 4; i++) word[i] = bits_load_u32(in->bytes + 4 * i);
    return lanes(b, IR_vshuffle, 0, T_V128, x, y, fn_pool(b->f, word, 4));
}

/* -- Memory ---------------------------------------------------------------------- */

/* How the scalar of a splat, a replaced or extracted lane is accessed: as what type, and in how many bytes. */
static Access scalar_access(uint8_t vop) {
    switch (vop_lanes((VOp)vop)) {
    case 16: return ACC_8U;
    case 8: return ACC_16U;
    case 4: return ACC_32;
    default: return ACC_64;
    }
}

static Val load_scalar(Build *b, const Instr *in, uint8_t vop) {
    return build_heap_load(b, in, vop_scalar((VOp)vop), scalar_access(vop), build_pop(b));
}

static void store_lane(Build *b, const Instr *in, uint8_t vop) {
    Val v = build_pop(b), index = build_pop(b);
    Val x = lanes(b, IR_vextract, vop, vop_scalar((VOp)vop), v, in->lane, 0);
    build_heap_store(b, in, scalar_access(vop), index, x);
}

static Val load_lane(Build *b, const Instr *in, uint8_t vop) {
    Val v = build_pop(b), x = load_scalar(b, in, vop);
    return lanes(b, IR_vreplace, vop, T_V128, v, x, in->lane);
}

/* -- Instructions ------------------------------------------------------------------ */

/* With two operands, of which y was on top. */
static Val binary(Build *b, const Instr *in, uint8_t vop, Val x, Val y) {
    switch ((OpKind)op_info[in->op].kind) {
    case KIND_VSHUFFLE: return shuffle(b, in, x, y);
    case KIND_VREPLACE: return lanes(b, IR_vreplace, vop, T_V128, x, y, in->lane);
    case KIND_VSHIFT: return lanes(b, IR_vshift, vop, T_V128, x, y, 0);
    case KIND_VBINARY: return lanes(b, IR_vbinary, vop, T_V128, x, y, 0);
    case KIND_VFBINARY: return canonical(b, vop, lanes(b, IR_vbinary, vop, T_V128, x, y, 0));
    default: assert(false && "a vector instruction"); return x;
    }
}

static Val bitselect(Build *b, uint8_t vop) {
    Val z = build_pop(b), y = build_pop(b), x = build_pop(b);
    return lanes(b, IR_vternary, vop, T_V128, x, y, z);
}

void build_simd(Build *b, const Instr *in) {
    uint8_t vop = build_op_ir[in->op];
    Val x;
    switch ((OpKind)op_info[in->op].kind) {
    case KIND_CONST: x = vector_const(b, in->bytes); break;
    case KIND_VLOAD_EXTEND: x = unary(b, vop, build_heap_load(b, in, T_V128, ACC_V64Z, build_pop(b))); break;
    case KIND_VLOAD_SPLAT: x = lanes(b, IR_vsplat, vop, T_V128, load_scalar(b, in, vop), 0, 0); break;
    case KIND_VLOAD_LANE: x = load_lane(b, in, vop); break;
    case KIND_VSTORE_LANE: store_lane(b, in, vop); return;
    case KIND_VUNARY: x = unary(b, vop, build_pop(b)); break;
    case KIND_VFUNARY: x = canonical(b, vop, unary(b, vop, build_pop(b))); break;
    case KIND_VSPLAT: x = lanes(b, IR_vsplat, vop, T_V128, build_pop(b), 0, 0); break;
    case KIND_VTEST: x = lanes(b, IR_vtest, vop, T_I32, build_pop(b), 0, 0); break;
    case KIND_VEXTRACT: x = lanes(b, IR_vextract, vop, vop_scalar((VOp)vop), build_pop(b), in->lane, 0); break;
    case KIND_VTERNARY: x = bitselect(b, vop); break;
    default:
        x = build_pop(b);
        x = binary(b, in, vop, build_pop(b), x);
        break;
    }
    build_push(b, x);
}
