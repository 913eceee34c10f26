/* Lowering for x86-64: integer arithmetic.
 *
 * Each rule is tried in the order written, the most specific first; what it matches stands in rules.def under its name.
 * Operands of 32-bit instructions are read with x64_use_low: their upper halves do not matter, while each result is
 * zero-extended. */
#include <assert.h>
#include "base/bits.h"
#include "x64/match.h"

/* One instruction d <- a, d <- op(d, b): row `op` and the forms behind it. */
typedef struct AluRows {
    uint16_t reg, imm, mem; /* imm 0: none */
} AluRows;

static void two_address(Lower *l, uint32_t op, uint32_t size, Reg d, Val a) {
    Reg ra = x64_use_low(l, a);
    x64_ins(l, op, size);
    x64_def_same(l, d, ra);
}

/* d = op(a, imm) */
static void with_imm(Lower *l, uint32_t op, uint32_t size, Reg d, Val a, int64_t imm) {
    two_address(l, op, size, d, a);
    lower_last(l)->imm = imm;
}

/* d = op(a), with a in a register or slot */
static void one_address(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a) {
    x64_ins(l, op, size);
    LOWER_DEF(l, d);
    x64_use_any(l, a);
}

static void swap_vals(Val *a, Val *b) {
    Val t = *a;
    *a = *b;
    *b = t;
}

/* op(a, b) in the two-address form; operands that commute are put so that the one that lives on is not overwritten. */
static void lower_alu(Lower *l, Val v, AluRows rows) {
    const Ins *i = lower_ins(l, v);
    Val a = i->a, b = i->b;
    Reg d = lower_def(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    bool commutes = ir_has(i->op, IRF_C);
    int64_t imm;
    if (commutes && x64_imm32(l, a, &imm) && !x64_imm32(l, b, &imm)) swap_vals(&a, &b);
    if (rows.imm && x64_imm32(l, b, &imm)) {
        x64_hit(l, X64_RULE_alu_imm);
        with_imm(l, rows.imm, size, d, a, imm);
        return;
    }
    bool fold = x64_can_fold_load(l, b, v);
    if (!fold && commutes && x64_can_fold_load(l, a, v)) {
        swap_vals(&a, &b);
        fold = true;
    }
    if (fold) {
        x64_hit(l, X64_RULE_alu_mem);
        X64Addr addr = x64_access_addr(l, b);
        two_address(l, rows.mem, size, d, a);
        x64_use_addr(l, &addr);
        return;
    }
    x64_hit(l, X64_RULE_alu);
    if (commutes && l->val[a].uses > 1 && l->val[b].uses == 1) swap_vals(&a, &b);
    Reg rb = x64_use_low(l, b);
    two_address(l, rows.reg, size, d, a);
    x64_use_any(l, rb);
}

/* -- Addition, subtraction ------------------------------------------------------- */

static void lower_lea(Lower *l, Reg d, const X64Addr *a, uint32_t size) {
    x64_ins(l, X64_LEA, size);
    LOWER_DEF(l, d);
    x64_use_addr(l, a);
}

static bool is_scaled(const Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint64_t k = 0;
    return i->op == IR_shl && x64_free(l, v) && lower_is_const(l, i->b, &k) && k >= 1 && k <= 3;
}

/* An addition that somebody above would compute for this one alone. */
static bool is_inner_add(const Lower *l, Val v) {
    return lower_ins(l, v)->op == IR_iadd && x64_free(l, v) && l->val[v].uses == 1;
}

static void lower_iadd(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    int64_t imm;
    bool is_imm = x64_imm32(l, i->b, &imm) || x64_imm32(l, i->a, &imm);
    Val other = x64_imm32(l, i->b, &imm) ? i->a : i->b;
    bool deep = is_scaled(l, i->a) || is_scaled(l, i->b) ||
                (is_imm ? is_inner_add(l, other) : is_inner_add(l, i->a) || is_inner_add(l, i->b));
    bool lives_on = is_imm ? l->val[other].uses > 1 : l->val[i->a].uses > 1 && l->val[i->b].uses > 1;
    bool load = lower_ins(l, i->a)->op == IR_load || lower_ins(l, i->b)->op == IR_load;
    if ((deep || lives_on) && !load) {
        x64_hit(l, deep ? X64_RULE_add_lea_deep : X64_RULE_add_lea);
        Reg d = lower_def(l, v);
        X64Addr a = x64_match_lea(l, v);
        lower_lea(l, d, &a, size);
        return;
    }
    lower_alu(l, v, (AluRows){X64_ADD, X64_ADD_I, X64_ADD_M});
}

static void lower_isub(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    uint64_t k;
    int64_t imm;
    if (lower_is_const(l, i->a, &k) && k == 0) {
        x64_hit(l, X64_RULE_neg);
        two_address(l, X64_NEG, size, lower_def(l, v), i->b);
    } else if (x64_imm32(l, i->b, &imm) && l->val[i->a].uses > 1 && imm != INT32_MIN) {
        x64_hit(l, X64_RULE_sub_lea);
        Reg d = lower_def(l, v);
        X64Addr a = {.base = x64_use_low(l, i->a), .index = REG_NONE, .disp = (int32_t)-imm};
        lower_lea(l, d, &a, size);
    } else {
        lower_alu(l, v, (AluRows){X64_SUB, X64_SUB_I, X64_SUB_M});
    }
}

/* -- Multiplication --------------------------------------------------------------- */

static bool lower_imul_const(Lower *l, Val v, Val a, uint64_t k) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    Reg d = lower_def(l, v);
    if (k == 1) {
        x64_hit(l, X64_RULE_shift_zero);
        one_address(l, X64_MOV, size, d, x64_use_low(l, a));
        return true;
    }
    if (bits_is_pow2(k)) {
        x64_hit(l, X64_RULE_mul_shift);
        with_imm(l, X64_SHL_I, size, d, a, bits_ctz64(k));
        return true;
    }
    uint32_t odd = k == 3 ? 1 : k == 5 ? 2 : k == 9 ? 3 : 0; /* x + x * 2^odd */
    if (odd) {
        x64_hit(l, X64_RULE_mul_lea);
        Reg r = x64_use_low(l, a);
        X64Addr addr = {.base = r, .index = r, .scale = (uint8_t)odd};
        lower_lea(l, d, &addr, size);
        return true;
    }
    int64_t imm = i->type == T_I32 ? (int32_t)k : (int64_t)k;
    if (!x64_fits_s32(imm)) return false;
    x64_hit(l, X64_RULE_mul_imm);
    one_address(l, X64_IMUL_I, size, d, x64_use_low(l, a));
    lower_last(l)->imm = imm;
    return true;
}

static void lower_imul(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint64_t k;
    if (lower_is_const(l, i->b, &k) && lower_imul_const(l, v, i->a, k)) return;
    if (lower_is_const(l, i->a, &k) && lower_imul_const(l, v, i->b, k)) return;
    lower_alu(l, v, (AluRows){X64_IMUL, 0, X64_IMUL_M});
}

/* -- Bits ------------------------------------------------------------------------- */

static bool is_all_ones(const Lower *l, Val v) {
    int64_t imm;
    return x64_imm32(l, v, &imm) && imm == -1;
}

/* The x of x ^ -1, if v is that and free; else 0. */
static Val match_not(const Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_ixor || !x64_free(l, v)) return 0;
    return is_all_ones(l, i->b) ? i->a : is_all_ones(l, i->a) ? i->b : 0;
}

static bool lower_iand_mask(Lower *l, Val v, Val a, uint64_t k) {
    X64Op op = k == 0xff ? X64_ZX8 : k == 0xffff ? X64_ZX16 : X64_MOV;
    if (op == X64_MOV && (k != UINT32_MAX || lower_ins(l, v)->type == T_I32)) return false;
    x64_hit(l, X64_RULE_and_extend);
    one_address(l, op, 4, lower_def(l, v), x64_use_low(l, a));
    return true;
}

static void lower_iand(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    uint64_t k;
    if (lower_is_const(l, i->b, &k) && lower_iand_mask(l, v, i->a, k)) return;
    if (lower_is_const(l, i->a, &k) && lower_iand_mask(l, v, i->b, k)) return;
    if (l->o->cpu & X64_CPU_BMI1) {
        Val x = match_not(l, i->a), y = i->b;
        if (!x) {
            x = match_not(l, i->b);
            y = i->a;
        }
        int64_t imm;
        if (x && !x64_imm32(l, y, &imm)) {
            x64_hit(l, X64_RULE_andn);
            Reg d = lower_def(l, v), rx = x64_use_low(l, x), ry = x64_use_low(l, y);
            x64_ins(l, X64_ANDN, x64_type_size((IrType)i->type));
            LOWER_DEF(l, d);
            LOWER_USE(l, rx);
            x64_use_any(l, ry);
            return;
        }
    }
    lower_alu(l, v, (AluRows){X64_AND, X64_AND_I, X64_AND_M});
}

static void lower_ixor(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (is_all_ones(l, i->b) || is_all_ones(l, i->a)) {
        x64_hit(l, X64_RULE_not);
        two_address(l, X64_NOT, x64_type_size((IrType)i->type), lower_def(l, v), is_all_ones(l, i->b) ? i->a : i->b);
        return;
    }
    lower_alu(l, v, (AluRows){X64_XOR, X64_XOR_I, X64_XOR_M});
}

/* -- Shifts ------------------------------------------------------------------------ */

typedef struct ShiftRows {
    uint16_t imm, by_cl, bmi2;
} ShiftRows;

static ShiftRows shift_rows(uint8_t op) {
    switch (op) {
    case IR_shl: return (ShiftRows){X64_SHL_I, X64_SHL_C, X64_SHLX};
    case IR_ushr: return (ShiftRows){X64_SHR_I, X64_SHR_C, X64_SHRX};
    case IR_sshr: return (ShiftRows){X64_SAR_I, X64_SAR_C, X64_SARX};
    case IR_rotl: return (ShiftRows){X64_ROL_I, X64_ROL_C, 0};
    default: assert(op == IR_rotr); return (ShiftRows){X64_ROR_I, X64_ROR_C, 0};
    }
}

/* The count, of which the instruction reads the lower 5 or 6 bits alone. */
static Reg use_count(Lower *l, Val v, uint32_t width) {
    const Ins *i = lower_ins(l, v);
    uint64_t k;
    while (x64_free(l, v)) {
        bool mask = i->op == IR_iand && lower_is_const(l, i->b, &k) && (k & (width - 1)) == width - 1;
        if (!mask && i->op != IR_wrap && i->op != IR_zext && i->op != IR_sext) break;
        x64_hit(l, X64_RULE_shift_count_low);
        v = i->a;
        i = lower_ins(l, v);
    }
    return lower_use(l, v);
}

static void shift_const(Lower *l, Val v, ShiftRows rows, uint32_t count) {
    const Ins *i = lower_ins(l, v);
    uint32_t size = x64_type_size((IrType)i->type), width = 8 * size;
    Reg d = lower_def(l, v);
    if (count == 0) {
        x64_hit(l, X64_RULE_shift_zero);
        one_address(l, X64_MOV, size, d, x64_use_low(l, i->a));
    } else if (rows.imm == X64_SHL_I && count == 1 && l->val[i->a].uses > 1) {
        x64_hit(l, X64_RULE_shift_lea);
        Reg r = x64_use_low(l, i->a);
        X64Addr twice = {.base = r, .index = r};
        lower_lea(l, d, &twice, size);
    } else if (!rows.bmi2 && (l->o->cpu & X64_CPU_BMI2) && l->val[i->a].uses > 1) {
        x64_hit(l, X64_RULE_rorx);
        one_address(l, X64_RORX, size, d, x64_use_low(l, i->a));
        lower_last(l)->imm = i->op == IR_rotl ? (width - count) & (width - 1) : count;
    } else {
        x64_hit(l, X64_RULE_shift_imm);
        with_imm(l, rows.imm, size, d, i->a, count);
    }
}

static void lower_shift(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    ShiftRows rows = shift_rows(i->op);
    uint32_t size = x64_type_size((IrType)i->type), width = 8 * size;
    uint64_t k;
    if (lower_is_const(l, i->b, &k)) {
        shift_const(l, v, rows, (uint32_t)k & (width - 1));
        return;
    }
    Reg d = lower_def(l, v), count = use_count(l, i->b, width);
    if (rows.bmi2 && (l->o->cpu & X64_CPU_BMI2)) {
        x64_hit(l, X64_RULE_shift_bmi2);
        one_address(l, rows.bmi2, size, d, x64_use_low(l, i->a));
        LOWER_USE(l, count);
        return;
    }
    x64_hit(l, X64_RULE_shift_cl);
    two_address(l, rows.by_cl, size, d, i->a);
    lower_opnd(l, count, OPND_USE, OC_FIXED, X64_RCX);
}

/* -- Counting, extension ---------------------------------------------------------------- */

static void lower_count(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    CpuFeatures cpu = l->o->cpu;
    X64Op op = i->op == IR_clz   ? (cpu & X64_CPU_LZCNT ? X64_LZCNT : X64_CLZ)
               : i->op == IR_ctz ? (cpu & X64_CPU_BMI1 ? X64_TZCNT : X64_CTZ)
                                 : X64_POPCNT;
    x64_hit(l, op == X64_CLZ || op == X64_CTZ ? X64_RULE_count_base : X64_RULE_count);
    one_address(l, op, x64_type_size((IrType)i->type), lower_def(l, v), x64_use_low(l, i->a));
}

static void lower_extend(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v), *from = lower_ins(l, i->a);
    Reg d = lower_def(l, v);
    uint32_t size = x64_type_size((IrType)i->type);
    switch (i->op) {
    case IR_sext8:
    case IR_sext16:
        x64_hit(l, X64_RULE_sext_part);
        one_address(l, i->op == IR_sext8 ? X64_SX8 : X64_SX16, size, d, x64_use_low(l, i->a));
        break;
    case IR_sext32:
    case IR_sext: /* the upper half of the operand is not read */
        x64_hit(l, X64_RULE_sext);
        if (from->op == IR_load && from->type == T_I32 && from->aux == ACC_32 && x64_free(l, i->a) &&
            lower_can_sink(l, i->a, v)) {
            x64_hit(l, X64_RULE_sext_mem);
            X64Addr a = x64_access_addr(l, i->a);
            x64_load(l, d, T_I64, ACC_32S, &a);
            break;
        }
        one_address(l, X64_SX32, 8, d, x64_use_low(l, i->a));
        break;
    case IR_wrap:
        x64_hit(l, X64_RULE_wrap);
        one_address(l, X64_MOV, 4, d, lower_use(l, i->a));
        break;
    default:
        assert(i->op == IR_zext);
        if (from->op == IR_wrap && x64_free(l, i->a)) {
            x64_hit(l, X64_RULE_zext_wrap);
            one_address(l, X64_MOV, 4, d, x64_use_low(l, i->a));
        } else { /* nothing to do, see target.h */
            x64_hit(l, X64_RULE_zext);
            x64_move(l, d, lower_use(l, i->a));
        }
    }
}

static void lower_iconst(Lower *l, Val v) {
    uint64_t k = 0;
    lower_is_const(l, v, &k);
    x64_hit(l, k ? X64_RULE_iconst : X64_RULE_iconst_zero);
    x64_ins(l, k ? X64_MOV_I : X64_ZERO, x64_type_size(x64_type(l, v)))->imm = (int64_t)k;
    LOWER_DEF(l, lower_def(l, v));
}

void x64_lower_int(Lower *l, Val v) {
    switch (lower_ins(l, v)->op) {
    case IR_iconst: lower_iconst(l, v); break;
    case IR_iadd: lower_iadd(l, v); break;
    case IR_isub: lower_isub(l, v); break;
    case IR_imul: lower_imul(l, v); break;
    case IR_sdiv:
    case IR_udiv:
    case IR_srem:
    case IR_urem: x64_lower_div(l, v); break;
    case IR_iand: lower_iand(l, v); break;
    case IR_ior: lower_alu(l, v, (AluRows){X64_OR, X64_OR_I, X64_OR_M}); break;
    case IR_ixor: lower_ixor(l, v); break;
    case IR_shl:
    case IR_sshr:
    case IR_ushr:
    case IR_rotl:
    case IR_rotr: lower_shift(l, v); break;
    case IR_clz:
    case IR_ctz:
    case IR_popcnt: lower_count(l, v); break;
    default: lower_extend(l, v);
    }
}
