/* Constants, arithmetic, comparisons, conversions: the instructions whose operands and results stand in opcode.def.
 * Also the table's `ir` column as numbers, by kind of row.
 *
 * Checks are operations of their own, in the order the specification gives the traps in: division by zero before
 * overflow, NaN before range.  The operation behind its checks is total. */
#include "ir/builder.h"

#define IR_CONTROL(x) 0
#define IR_NOP(x) 0
#define IR_PARAM(x) 0
#define IR_LOCAL(x) 0
#define IR_GLOBAL(x) 0
#define IR_TABLE(x) 0
#define IR_MEMORY(x) 0
#define IR_CONST(x) 0
#define IR_REF(x) 0
#define IR_TEST(x) IR_##x
#define IR_UNARY(x) IR_##x
#define IR_BINARY(x) IR_##x
#define IR_FUNARY(x) IR_##x
#define IR_FBINARY(x) IR_##x
#define IR_DIVIDE(x) IR_##x
#define IR_TRUNC(x) IR_##x
#define IR_ICMP(x) ICMP_##x
#define IR_FCMP(x) FCMP_##x
#define IR_LOAD(x) ACCESS_##x
#define IR_STORE(x) ACCESS_##x
#define IR_VLOAD_ZERO(x) ACCESS_##x
#define IR_VLOAD_EXTEND(x) VOP_##x
#define IR_VLOAD_SPLAT(x) VOP_##x
#define IR_VLOAD_LANE(x) VOP_##x
#define IR_VSTORE_LANE(x) VOP_##x
#define IR_VSHUFFLE(x) 0
#define IR_VSPLAT(x) VOP_##x
#define IR_VEXTRACT(x) VOP_##x
#define IR_VREPLACE(x) VOP_##x
#define IR_VUNARY(x) VOP_##x
#define IR_VFUNARY(x) VOP_##x
#define IR_VBINARY(x) VOP_##x
#define IR_VFBINARY(x) VOP_##x
#define IR_VTERNARY(x) VOP_##x
#define IR_VSHIFT(x) VOP_##x
#define IR_VTEST(x) VOP_##x
enum {
    ICMP_eq = C_EQ,
    ICMP_ne = C_NE,
    ICMP_slt = C_SLT,
    ICMP_sge = C_SGE,
    ICMP_sgt = C_SGT,
    ICMP_sle = C_SLE,
    ICMP_ult = C_ULT,
    ICMP_uge = C_UGE,
    ICMP_ugt = C_UGT,
    ICMP_ule = C_ULE,
    FCMP_eq = FC_EQ,
    FCMP_ne = FC_NE,
    FCMP_lt = FC_LT,
    FCMP_gt = FC_GT,
    FCMP_le = FC_LE,
    FCMP_ge = FC_GE,
    ACCESS_ld8s = ACC_8S,
    ACCESS_ld8u = ACC_8U,
    ACCESS_ld16s = ACC_16S,
    ACCESS_ld16u = ACC_16U,
    ACCESS_ld32s = ACC_32S,
    ACCESS_ld32u = ACC_32U,
    ACCESS_ld32 = ACC_32,
    ACCESS_ld64 = ACC_64,
    ACCESS_ld32f = ACC_F32,
    ACCESS_ld64f = ACC_F64,
    ACCESS_st8 = ACC_8U,
    ACCESS_st16 = ACC_16U,
    ACCESS_st32 = ACC_32,
    ACCESS_st64 = ACC_64,
    ACCESS_st32f = ACC_F32,
    ACCESS_st64f = ACC_F64,
    ACCESS_ld128 = ACC_V128,
    ACCESS_st128 = ACC_V128,
    ACCESS_ld32z = ACC_V32Z,
    ACCESS_ld64z = ACC_V64Z
};
const uint8_t build_op_ir[OP_COUNT] = {
#define OP(id, prefix, code, text, imm, sig, kind, ir, feature) IR_##kind(ir),
#include "wasm/opcode.def"
#undef OP
};

IrType build_result_type(Op op) {
    const char *sig = op_info[op].sig;
    while (*sig != '_') sig++;
    switch (sig[1]) {
    case 'i': return T_I32;
    case 'l': return T_I64;
    case 'f': return T_F32;
    case 'd': return T_F64;
    case 'x': return T_V128;
    default: return T_NONE;
    }
}

static Val bits_const(Build *b, IrType t, uint64_t bits) {
    if (t == T_I32 || t == T_I64) return build_iconst(b, t, bits);
    return build_ins(b, (Ins){.op = IR_fconst, .type = (uint8_t)t, .a = (uint32_t)bits, .b = (uint32_t)(bits >> 32)});
}

static Val is_zero(Build *b, Val x) { return build_unary(b, IR_eqz, T_I32, x); }

static Val divide(Build *b, IrOp op, Val x, Val y) {
    IrType t = build_type(b, x);
    if (t == T_I32)
        build_trap_if(b, IR_trapz, y, TRAP_DIV_ZERO);
    else
        build_trap_if(b, IR_trapnz, is_zero(b, y), TRAP_DIV_ZERO);
    if (op == IR_sdiv) {
        Val least = build_iconst(b, t, t == T_I32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63);
        Val x_least = build_compare(b, IR_icmp, C_EQ, x, least);
        Val y_minus_1 = build_compare(b, IR_icmp, C_EQ, y, build_iconst(b, t, UINT64_MAX));
        build_trap_if(b, IR_trapnz, build_binary(b, IR_iand, x_least, y_minus_1), TRAP_INT_OVERFLOW);
    }
    return build_binary(b, op, x, y);
}

/* What a trapping conversion accepts: numbers above (or, where `eq`, from) `low` and below `high`, as bits of the
 * operand's type.  Where the number one below the least integer has no float, the least integer itself is the bound. */
typedef struct Range {
    bool eq;
    uint64_t low, high;
} Range;

static Range trunc_range(IrType from, IrType to, bool is_signed) {
    static const Range range[2][2][2] = {
        /* [from f64][to i64][signed] */
        {{{false, 0xbf800000, 0x4f800000}, {true, 0xcf000000, 0x4f000000}},
         {{false, 0xbf800000, 0x5f800000}, {true, 0xdf000000, 0x5f000000}}},
        {{{false, 0xbff0000000000000, 0x41f0000000000000}, {false, 0xc1e0000000200000, 0x41e0000000000000}},
         {{false, 0xbff0000000000000, 0x43f0000000000000}, {true, 0xc3e0000000000000, 0x43e0000000000000}}},
    };
    return range[from == T_F64][to == T_I64][is_signed];
}

static Val trunc_checked(Build *b, IrOp op, IrType to, Val x) {
    IrType from = build_type(b, x);
    Range r = trunc_range(from, to, op == IR_fcvt_s);
    build_trap_if(b, IR_trapnz, build_compare(b, IR_fcmp, FC_NE, x, x), TRAP_INVALID_CONVERSION);
    Val above = build_compare(b, IR_fcmp, r.eq ? FC_GE : FC_GT, x, bits_const(b, from, r.low));
    build_trap_if(b, IR_trapz, above, TRAP_INT_OVERFLOW);
    Val below = build_compare(b, IR_fcmp, FC_LT, x, bits_const(b, from, r.high));
    build_trap_if(b, IR_trapz, below, TRAP_INT_OVERFLOW);
    return build_unary(b, op, to, x);
}

static Val canonical(Build *b, Val x) { return b->o->nan_canon ? build_unary(b, IR_fcanon, T_NONE, x) : x; }

static Val binary(Build *b, OpKind kind, uint8_t op, Val x, Val y) {
    switch (kind) {
    case KIND_ICMP: return build_compare(b, IR_icmp, op, x, y);
    case KIND_FCMP: return build_compare(b, IR_fcmp, op, x, y);
    case KIND_FBINARY: return canonical(b, build_binary(b, (IrOp)op, x, y));
    case KIND_DIVIDE: return divide(b, (IrOp)op, x, y);
    default: return build_binary(b, (IrOp)op, x, y);
    }
}

void build_num(Build *b, const Instr *in) {
    OpKind kind = (OpKind)op_info[in->op].kind;
    uint8_t op = build_op_ir[in->op];
    IrType t = build_result_type(in->op);
    if (kind == KIND_CONST) {
        build_push(b, bits_const(b, t, t == T_I32 ? in->i32 : in->i64));
        return;
    }
    Val x = build_pop(b);
    switch (kind) {
    case KIND_TEST: x = is_zero(b, x); break;
    case KIND_UNARY: x = build_unary(b, (IrOp)op, t, x); break;
    case KIND_FUNARY: x = canonical(b, build_unary(b, (IrOp)op, t, x)); break;
    case KIND_TRUNC: x = trunc_checked(b, (IrOp)op, t, x); break;
    default: x = binary(b, kind, op, build_pop(b), x); break;
    }
    build_push(b, x);
}

void build_select(Build *b) {
    Val cond = build_pop(b), y = build_pop(b), x = build_pop(b);
    Ins i = {.op = IR_select, .type = (uint8_t)build_type(b, x), .a = cond, .b = x, .c = y};
    build_push(b, build_ins(b, i));
}
