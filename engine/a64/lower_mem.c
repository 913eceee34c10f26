/* Lowering of loads and stores.
 *
 * An access is one instruction with one of the forms [x, #d], [x, x', lsl #s], [x, w, uxtw #s]; s is 0 or the
 * access size.  A displacement that fits no immediate stays in MInsn.imm: emit.c puts it in x17, so that the access
 * is still the only instruction that can fault.  The address is computed modulo 2^64, so constants may be moved
 * between its parts. */
#include <assert.h>
#include "a64/lower.h"
#include "base/bits.h"

typedef struct Address {
    Reg base, index; /* index: REG_NONE with a displacement */
    uint8_t ext, scale;
    int64_t disp;
} Address;

/* Folding (iadd x y) saves an instruction when nobody has the sum in a register already. */
static const Ins *match_sum(const Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    return i->op == IR_iadd && l->val[v].vreg == REG_NONE ? i : NULL;
}

/* v as an index: extended from 32 bits, shifted by the access size, or plain. */
static void index_of(Lower *l, Val v, uint32_t log2, Address *a, bool *matched) {
    const Ins *i = lower_ins(l, v);
    uint64_t c;
    *matched = false;
    a->ext = A64_UXTX, a->scale = 0;
    bool scaled = log2 > 0 && a64_sole(l, v, IR_shl) && lower_is_const(l, i->b, &c) && (c & 63) == log2;
    Val inner = scaled ? i->a : v;
    const Ins *x = lower_ins(l, inner);
    bool ext = (x->op == IR_zext || x->op == IR_sext || x->op == IR_sext32) && l->val[inner].vreg == REG_NONE;
    if (!ext && !scaled) return;
    *matched = true;
    if (scaled) a->scale = (uint8_t)log2;
    if (ext) {
        A64_HIT(l, addr_ext);
        a->ext = x->op == IR_zext ? A64_UXTW : A64_SXTW;
        a->index = a64_reg(l, x->a);
    } else {
        A64_HIT(l, addr_shift);
        a->index = a64_reg(l, inner);
    }
}

static Address address(Lower *l, Val v, uint32_t disp, uint32_t log2) {
    Address a = {.index = REG_NONE, .disp = disp};
    const Ins *i;
    uint64_t c;
    while ((i = match_sum(l, v)) != NULL && lower_is_const(l, i->b, &c)) {
        int64_t sum = (int64_t)((uint64_t)a.disp + c);
        if (!a64_offset_ok(sum, log2) && l->val[v].uses != 1)
            break; /* the sum once is cheaper than the constant at each access */
        A64_HIT(l, addr_const);
        a.disp = sum;
        v = i->a;
    }
    if (a.disp == 0 && (i = match_sum(l, v)) != NULL) {
        bool matched;
        Val x = i->a;
        index_of(l, i->b, log2, &a, &matched);
        if (!matched) {
            x = i->b;
            index_of(l, i->a, log2, &a, &matched);
        }
        if (!matched) {
            A64_HIT(l, addr_index);
            x = i->a;
            a.index = a64_reg(l, i->b);
        }
        a.base = a64_reg(l, x);
        return a;
    }
    if (!a64_offset_ok(a.disp, log2)) A64_HIT(l, addr_far);
    a.base = a64_reg(l, v);
    return a;
}

/* The operands behind the transferred register, which `i` has. */
static void set_address(Lower *l, MInsn *i, const Address *a, const Ins *mem, Val v) {
    LOWER_USE(l, a->base);
    if (a->index != REG_NONE) {
        LOWER_USE(l, a->index);
        i->aux = a->ext;
        i->scale = a->scale;
    } else {
        i->imm = a->disp;
    }
    if (mem->flags & MEM_TRAPS) i->flags |= MF_FAULTS;
    i->loc = l->f->loc.at[v];
}

typedef struct AccessRow {
    uint16_t op;
    uint8_t size;
} AccessRow;

/* `wide`: the result has 64 bits; matters to the forms that extend the sign only */
static AccessRow load_row(Access access, bool wide) {
    switch (access) {
    case ACC_8S: return (AccessRow){A64_LDRSB, wide ? 8 : 4};
    case ACC_8U: return (AccessRow){A64_LDRB, 4};
    case ACC_16S: return (AccessRow){A64_LDRSH, wide ? 8 : 4};
    case ACC_16U: return (AccessRow){A64_LDRH, 4};
    case ACC_32S: return wide ? (AccessRow){A64_LDRSW, 8} : (AccessRow){A64_LDR, 4};
    case ACC_32U:
    case ACC_32: return (AccessRow){A64_LDR, 4};
    case ACC_64: return (AccessRow){A64_LDR, 8};
    case ACC_F32: return (AccessRow){A64_LDRF, 4};
    case ACC_F64: return (AccessRow){A64_LDRF, 8};
    case ACC_V128: return (AccessRow){A64_LDRQ, 16};
    case ACC_V32Z: return (AccessRow){A64_LDRF, 4}; /* clears the rest */
    case ACC_V64Z: return (AccessRow){A64_LDRF, 8};
    case ACC_COUNT: break;
    }
    assert(false && "no such access");
    return (AccessRow){0, 0};
}

static AccessRow store_row(Access access) {
    switch (access) {
    case ACC_8S:
    case ACC_8U: return (AccessRow){A64_STRB, 4};
    case ACC_16S:
    case ACC_16U: return (AccessRow){A64_STRH, 4};
    case ACC_32S:
    case ACC_32U:
    case ACC_32: return (AccessRow){A64_STR, 4};
    case ACC_64: return (AccessRow){A64_STR, 8};
    case ACC_F32: return (AccessRow){A64_STRF, 4};
    case ACC_F64: return (AccessRow){A64_STRF, 8};
    case ACC_V128: return (AccessRow){A64_STRQ, 16};
    case ACC_V32Z:
    case ACC_V64Z:
    case ACC_COUNT: break;
    }
    assert(false && "no such access");
    return (AccessRow){0, 0};
}

/* The low lane of a vector register, by the log2 of its size. */
static const AccessRow lane_load[] = {{A64_LDRFB, 1}, {A64_LDRFH, 2}, {A64_LDRF, 4}, {A64_LDRF, 8}},
                       lane_store[] = {{A64_STRFB, 1}, {A64_STRFH, 2}, {A64_STRF, 4}, {A64_STRF, 8}};

static void load_by(Lower *l, Val load, Reg d, AccessRow row, uint32_t log2) {
    const Ins *i = lower_ins(l, load);
    Address a = address(l, i->a, i->b, log2);
    MInsn *m = lower_emit(l, row.op);
    m->size = row.size;
    LOWER_DEF(l, d);
    set_address(l, m, &a, i, load);
}

void a64_load_into(Lower *l, Val load, Reg d, Access access, IrType t) {
    load_by(l, load, d, load_row(access, t == T_I64), bits_ctz32(access_bytes[access]));
}

void a64_load_lane(Lower *l, Val load, Reg d) {
    uint32_t log2 = bits_ctz32(access_bytes[lower_ins(l, load)->aux]);
    load_by(l, load, d, lane_load[log2], log2);
}

void a64_lower_load(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    bool unused = l->val[v].vreg == REG_NONE && type_class((IrType)i->type) == RC_INT;
    if (unused) {
        A64_HIT(l, load_unused);
    } else {
        A64_HIT(l, load);
    }
    a64_load_into(l, v, unused ? A64_ZR : lower_def(l, v), (Access)i->aux, (IrType)i->type);
}

/* Access to the bits of a float as an integer, and the other way round. */
static Access other_class(Access access) {
    switch (access) {
    case ACC_F32: return ACC_32;
    case ACC_F64: return ACC_64;
    case ACC_32: return ACC_F32;
    default: return ACC_F64;
    }
}

/* A store that crosses into a page that faults may have written its first part (DDI 0487, B2.2.1: an unaligned access
 * is not single-copy atomic), and an emulator does a 16-byte store in two halves; wasm wants all or nothing.  So the
 * last byte is touched first. */
static void probe_last(Lower *l, const Address *a, uint32_t bytes, const Ins *mem, Val v) {
    Address last = *a;
    last.disp += bytes - 1;
    A64_HIT(l, store_probe);
    MInsn *i = lower_emit(l, A64_LDRB);
    i->size = 4;
    LOWER_DEF(l, A64_ZR);
    set_address(l, i, &last, mem, v);
}

void a64_lower_store(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v), *value = lower_ins(l, i->b);
    Access access = (Access)i->aux;
    uint32_t log2 = bits_ctz32(access_bytes[access]);
    AccessRow row = store_row(access);
    Reg r;
    bool whole = access == ACC_32 || access == ACC_64 || access == ACC_F32 || access == ACC_F64;
    if (value->op == IR_fconst && ins_imm(value) == 0) {
        A64_HIT(l, store_zero);
        row = store_row(other_class(access));
        r = A64_ZR;
    } else if (whole && a64_sole(l, i->b, IR_bitcast)) {
        A64_HIT(l, store_bitcast);
        row = store_row(other_class(access));
        r = a64_reg(l, value->a);
    } else if (a64_sole(l, i->b, IR_vextract) && a64_lane_size(value) == access_bytes[access]) {
        A64_HIT(l, store_lane);
        row = lane_store[log2];
        r = a64_reg(l, value->a);
        if (value->b) {
            Reg lane = lower_temp(l, row.size == 4 ? T_F32 : T_F64);
            a64_imm(l, A64_ELT, row.size, lane, r, value->b);
            r = lane;
        }
    } else {
        r = a64_reg_or_zero(l, i->b);
        if (r == A64_ZR) {
            A64_HIT(l, store_zero);
        } else {
            A64_HIT(l, store);
        }
    }
    bool probe = (i->flags & MEM_TRAPS) && (access == ACC_V128 || (l->o->probe_stores && log2 > 0));
    Address a =
        probe ? (Address){.index = REG_NONE, .disp = i->c, .base = a64_reg(l, i->a)} : address(l, i->a, i->c, log2);
    if (probe) probe_last(l, &a, access_bytes[access], i, v);
    MInsn *m = lower_emit(l, row.op);
    m->size = row.size;
    LOWER_USE(l, r);
    set_address(l, m, &a, i, v);
}

static MInsn *load_from(Lower *l, Reg def, Reg base, int32_t offset, IrType t) {
    AccessRow row = t == T_I32    ? load_row(ACC_32, false)
                    : t == T_F32  ? load_row(ACC_F32, false)
                    : t == T_F64  ? load_row(ACC_F64, false)
                    : t == T_V128 ? load_row(ACC_V128, false)
                                  : load_row(ACC_64, false);
    MInsn *m = a64_ins1(l, row.op, row.size, def, base);
    m->imm = offset;
    return m;
}

static void store_to(Lower *l, Reg use, Reg base, int32_t offset, uint8_t flags, IrType t) {
    AccessRow row = store_row(t == T_I32    ? ACC_32
                              : t == T_F32  ? ACC_F32
                              : t == T_F64  ? ACC_F64
                              : t == T_V128 ? ACC_V128
                                            : ACC_64);
    MInsn *m = lower_emit(l, row.op);
    m->size = row.size;
    m->imm = offset;
    m->flags |= flags;
    LOWER_USE(l, use);
    LOWER_USE(l, base);
}

void a64_es_load(Lower *l, Reg def, uint32_t offset, IrType t) { load_from(l, def, A64_ES, (int32_t)offset, t); }
void a64_es_store(Lower *l, Reg use, uint32_t offset, IrType t) { store_to(l, use, A64_ES, (int32_t)offset, 0, t); }

void a64_arg_load(Lower *l, Reg def, int32_t offset, IrType t) {
    load_from(l, def, A64_FP, offset, t)->flags |= MF_ARGS;
}

void a64_arg_store(Lower *l, Reg use, bool out, int32_t offset, IrType t) {
    store_to(l, use, out ? A64_SP : A64_FP, offset, out ? 0 : MF_ARGS, t);
}
