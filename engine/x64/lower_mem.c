/* Lowering for x86-64: addresses, loads and stores.
 *
 * An address is matched as base + index * scale + disp through additions, shifts by 1 to 3 and zero-extensions that
 * nobody else has demanded in a register.  All of it is 64-bit arithmetic modulo 2^64 as in the IR, but for the
 * displacement, which the instruction sign-extends from 32 bits: a sum is absorbed only if it stays in range.  A zext
 * is looked through because an i32 in a register is zero-extended (target.h); arithmetic below a zext is 32-bit and
 * never folded. */
#include <assert.h>
#include "code/es.h"
#include "x64/match.h"

uint32_t x64_type_size(IrType t) {
    switch (t) {
    case T_I32:
    case T_F32: return 4;
    case T_V128: return 16;
    default: return 8;
    }
}

/* -- Instructions ------------------------------------------------------------- */

MInsn *x64_ins(Lower *l, uint32_t op, uint32_t size) {
    MInsn *i = lower_emit(l, op);
    i->size = (uint8_t)size;
    return i;
}

void x64_use_any(Lower *l, Reg r) { lower_opnd(l, r, OPND_USE, OC_ANY, 0); }

void x64_def_same(Lower *l, Reg d, Reg a) {
    LOWER_DEF_SAME(l, d, 1);
    LOWER_USE(l, a);
}

void x64_move(Lower *l, Reg d, Reg s) {
    x64_ins(l, M_MOVE, 8);
    LOWER_DEF(l, d);
    LOWER_USE(l, s);
}

void x64_use_addr(Lower *l, const X64Addr *addr) {
    MInsn *i = lower_last(l);
    if (addr->constant) {
        i->aux = addr->data;
        return;
    }
    i->imm = addr->disp;
    i->scale = addr->scale;
    i->flags |= addr->flags;
    if (addr->flags & MF_FAULTS) i->loc = addr->loc;
    LOWER_USE(l, addr->base);
    if (addr->index != REG_NONE) LOWER_USE(l, addr->index);
}

uint32_t x64_data(Lower *l, uint64_t low, uint64_t high) {
    vec_push(l->m->arena, &l->m->data, low);
    vec_push(l->m->arena, &l->m->data, high);
    return l->m->data.n - 2;
}

X64Addr x64_const_addr(Lower *l, uint64_t low, uint64_t high) {
    return (X64Addr){.base = REG_NONE, .index = REG_NONE, .constant = true, .data = x64_data(l, low, high)};
}

/* -- Addresses ---------------------------------------------------------------- */

typedef struct Sum {
    Val base, index; /* index 0: absent */
    uint8_t scale;
    int64_t disp;
} Sum;

/* v, or what is left of it when constants have been moved to disp.  The root is looked at even if it is demanded. */
static Val strip_constants(Lower *l, Val v, Val root, int64_t *disp) {
    for (;;) {
        const Ins *i = lower_ins(l, v);
        uint64_t k;
        if (i->op != IR_iadd || (v != root && !x64_free(l, v))) return v;
        Val rest = i->a;
        if (!lower_is_const(l, i->b, &k)) {
            if (!lower_is_const(l, i->a, &k)) return v;
            rest = i->b;
        }
        int64_t sum;
        if (i->type == T_I32) {
            sum = (int32_t)((uint32_t)*disp + (uint32_t)k);
        } else if (__builtin_add_overflow(*disp, (int64_t)k, &sum) || !x64_fits_s32(sum)) {
            return v;
        }
        *disp = sum;
        v = rest;
    }
}

/* v as z << scale */
static Val strip_scale(Lower *l, Val v, uint8_t *scale) {
    const Ins *i = lower_ins(l, v);
    uint64_t k;
    *scale = 0;
    if (i->op != IR_shl || !x64_free(l, v) || !lower_is_const(l, i->b, &k)) return v;
    k &= i->type == T_I32 ? 31 : 63;
    if (k > 3) return v;
    *scale = (uint8_t)k;
    return i->a;
}

static Sum match_sum(Lower *l, Val root, int64_t disp, bool look_through_root) {
    Sum s = {.disp = disp};
    Val top = look_through_root ? root : 0;
    Val v = strip_constants(l, root, top, &s.disp);
    const Ins *i = lower_ins(l, v);
    s.base = v;
    if (i->op != IR_iadd || (v != top && !x64_free(l, v))) return s;
    s.base = strip_constants(l, i->a, 0, &s.disp);
    s.index = strip_constants(l, i->b, 0, &s.disp);
    Val scaled = strip_scale(l, s.index, &s.scale);
    if (!s.scale) { /* perhaps the other one has a scale */
        Val other = strip_scale(l, s.base, &s.scale);
        s.base = s.scale ? s.index : s.base;
        scaled = s.scale ? other : scaled;
    }
    s.index = scaled;
    return s;
}

/* A part of an address in a register.  Of an i32 address (lea) only the lower half counts. */
static Reg use_part(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (i->op == IR_es) return X64_STATE;
    if (v == l->context) return X64_CONTEXT;
    if (i->type == T_I32) return x64_use_low(l, v);
    if (i->op == IR_zext && x64_free(l, v)) {
        x64_hit(l, X64_RULE_addr_zext);
        return lower_use(l, i->a);
    }
    return lower_use(l, v);
}

static X64Addr sum_to_addr(Lower *l, const Sum *s) {
    assert(x64_fits_s32(s->disp)); /* what the IR has, and what is added to it */
    X64Addr a = {.base = use_part(l, s->base), .index = REG_NONE, .scale = s->scale, .disp = (int32_t)s->disp};
    if (s->index) a.index = use_part(l, s->index);
    return a;
}

X64Addr x64_match_addr(Lower *l, Val v, int64_t disp) {
    Sum s = match_sum(l, v, disp, false);
    if (s.index)
        x64_hit(l, s.scale ? X64_RULE_addr_scaled : X64_RULE_addr_index);
    else
        x64_hit(l, X64_RULE_addr_base);
    return sum_to_addr(l, &s);
}

X64Addr x64_match_lea(Lower *l, Val v) {
    Sum s = match_sum(l, v, 0, true);
    return sum_to_addr(l, &s);
}

X64Addr x64_access_addr(Lower *l, Val access) {
    const Ins *i = lower_ins(l, access);
    X64Addr a = x64_match_addr(l, i->a, i->op == IR_load ? i->b : i->c);
    a.loc = l->f->loc.at[access];
    if (i->flags & MEM_TRAPS) a.flags = MF_FAULTS;
    return a;
}

/* -- Operands ------------------------------------------------------------------- */

bool x64_imm32(const Lower *l, Val v, int64_t *imm) {
    uint64_t k;
    if (!lower_is_const(l, v, &k)) return false;
    *imm = lower_ins(l, v)->type == T_I32 ? (int32_t)k : (int64_t)k;
    return x64_fits_s32(*imm);
}

Reg x64_use_low(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_wrap || !x64_free(l, v)) return lower_use(l, v);
    x64_hit(l, X64_RULE_wrap_folded);
    const Ins *wide = lower_ins(l, i->a);
    if ((wide->op == IR_zext || wide->op == IR_sext) && x64_free(l, i->a)) return lower_use(l, wide->a);
    return lower_use(l, i->a);
}

bool x64_can_fold_load(Lower *l, Val v, Val at) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_load || !x64_free(l, v)) return false;
    bool exact = (i->aux == ACC_32 && i->type == T_I32) || i->aux == ACC_64 || i->aux == ACC_F32 || i->aux == ACC_F64;
    return exact && lower_can_sink(l, v, at);
}

/* -- Loads ---------------------------------------------------------------------- */

void x64_load(Lower *l, Reg d, IrType t, uint8_t access, const X64Addr *addr) {
    static const uint16_t op[ACC_COUNT] = {
        [ACC_8S] = X64_LD8S,   [ACC_8U] = X64_LD8U, [ACC_16S] = X64_LD16S,  [ACC_16U] = X64_LD16U,
        [ACC_32S] = X64_LD32S, [ACC_32U] = X64_LD,  [ACC_32] = X64_LD,      [ACC_64] = X64_LD,
        [ACC_F32] = X64_LDS,   [ACC_F64] = X64_LDS, [ACC_V128] = X64_LDUPS, [ACC_V32Z] = X64_LDS,
        [ACC_V64Z] = X64_LDS,
    };
    uint32_t size = x64_type_size(t), o = op[access];
    if (access == ACC_8U || access == ACC_16U || access == ACC_32U) size = 4; /* zero-extends */
    if (access == ACC_32S && t == T_I32) o = X64_LD;
    if (access == ACC_V32Z || access == ACC_V64Z) size = access_bytes[access];
    x64_ins(l, o, size);
    LOWER_DEF(l, d);
    x64_use_addr(l, addr);
}

void x64_lower_load(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    X64Addr a = x64_access_addr(l, v);
    x64_hit(l, X64_RULE_load);
    x64_load(l, lower_def(l, v), (IrType)i->type, i->aux, &a);
}

/* -- Stores ---------------------------------------------------------------------- */

static bool same_place(const Ins *load, const Ins *store) { return load->a == store->a && load->b == store->c; }

/* store(p, op(load(p), x)): one instruction. */
static bool lower_update(Lower *l, Val v) {
    static const struct {
        uint8_t op;
        uint16_t reg, imm;
    } row[] = {{IR_iadd, X64_ADD_MR, X64_ADD_MI},
               {IR_isub, X64_SUB_MR, X64_SUB_MI},
               {IR_iand, X64_AND_MR, X64_AND_MI},
               {IR_ior, X64_OR_MR, X64_OR_MI},
               {IR_ixor, X64_XOR_MR, X64_XOR_MI}};
    const Ins *store = lower_ins(l, v), *op = lower_ins(l, store->b);
    if (!(store->aux == ACC_32 && op->type == T_I32) && !(store->aux == ACC_64 && op->type == T_I64)) return false;
    if (!x64_free(l, store->b)) return false;
    for (uint32_t k = 0; k < sizeof row / sizeof *row; k++) {
        if (row[k].op != op->op) continue;
        Val load = op->a, x = op->b;
        bool commutes = ir_has(op->op, IRF_C);
        if (commutes && (lower_ins(l, load)->op != IR_load || !same_place(lower_ins(l, load), store))) {
            load = op->b;
            x = op->a;
        }
        const Ins *from = lower_ins(l, load);
        if (from->op != IR_load || !same_place(from, store) || !x64_can_fold_load(l, load, v)) return false;
        x64_hit(l, X64_RULE_store_update);
        X64Addr a = x64_access_addr(l, from->flags & MEM_TRAPS ? load : v);
        int64_t imm;
        bool is_imm = x64_imm32(l, x, &imm);
        x64_ins(l, is_imm ? row[k].imm : row[k].reg, x64_type_size((IrType)op->type));
        if (is_imm)
            lower_last(l)->aux = (uint32_t)imm;
        else
            LOWER_USE(l, x64_use_low(l, x));
        x64_use_addr(l, &a);
        return true;
    }
    return false;
}

/* What a store of the lower `bytes` bytes of v may store instead. */
static Val strip_upper(Lower *l, Val v, uint32_t bytes) {
    for (;;) {
        const Ins *i = lower_ins(l, v);
        uint64_t k, mask = bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1;
        bool drop = false;
        if (!x64_free(l, v)) return v;
        switch (i->op) {
        case IR_wrap:
        case IR_zext:
        case IR_sext: drop = bytes <= 4; break;
        case IR_sext8: drop = bytes == 1; break;
        case IR_sext16: drop = bytes <= 2; break;
        case IR_sext32: drop = bytes <= 4; break;
        case IR_iand: drop = lower_is_const(l, i->b, &k) && (k & mask) == mask && bytes < 8; break;
        default: break;
        }
        if (!drop) return v;
        x64_hit(l, X64_RULE_store_low);
        v = i->a;
    }
}

static bool constant_bits(const Lower *l, Val v, uint32_t size, uint64_t *bits) {
    const Ins *i = lower_ins(l, v);
    if (i->op != IR_iconst && i->op != IR_fconst) return false;
    *bits = ins_imm(i);
    return size < 8 || x64_fits_s32((int64_t)*bits);
}

void x64_lower_store(Lower *l, Val v) {
    if (lower_update(l, v)) return;
    const Ins *i = lower_ins(l, v);
    uint32_t size = access_bytes[i->aux];
    bool is_float = type_class(x64_type(l, i->b)) == RC_FLOAT;
    Val value = is_float ? i->b : strip_upper(l, i->b, size);
    uint64_t bits;
    X64Addr a = x64_access_addr(l, v);
    if (size <= 8 && constant_bits(l, value, size, &bits)) {
        x64_hit(l, X64_RULE_store_const);
        x64_ins(l, X64_ST_I, size)->aux = (uint32_t)bits;
        x64_use_addr(l, &a);
        return;
    }
    if (x64_lower_store_lane(l, v, value, &a)) return;
    x64_hit(l, X64_RULE_store);
    Reg r = lower_use(l, value);
    x64_ins(l, is_float ? (size == 16 ? X64_STUPS : X64_STS) : X64_ST, size);
    LOWER_USE(l, r);
    x64_use_addr(l, &a);
}
