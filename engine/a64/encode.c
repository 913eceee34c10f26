/* Encoding: one word from a row of insn.def, the instruction's fields and its registers.
 *
 * A format says where the bits go; all that differs within a format is in the row.  a64_check knows what each format
 * takes and is asserted before every word, so a wrong operand stops here and not in the code it would have become. */
#include <assert.h>
#include "a64/insn.h"
#include "a64/regs.h"
#include "base/bits.h"

enum { B = 8, H = 16, S = 1, D = 2, Q = 4 }; /* sets of operand sizes, see insn.def */

const A64Row a64_row[A64_NINSN] = {
#define I(id, text, format, base, wide, sizes) {text, base, wide, A64_F_##format, sizes},
#include "a64/insn.def"
};

const char *const a64_operands[A64_F_COUNT] = {
#define F(id, operands) operands,
#include "a64/insn.def"
};

uint32_t a64_access_log2(uint32_t op, uint32_t size) {
    const A64Row *r = a64_row_of(op);
    uint32_t word = r->base ^ (size == 8 ? r->wide : 0);
    return (word >> 26 & 1) && (word >> 23 & 1) ? 4 : word >> 30;
}

/* -- Checking ----------------------------------------------------------------- */

static bool in_range(int64_t v, int64_t lo, int64_t hi) { return v >= lo && v <= hi; }
static bool branch_ok(int64_t v, uint32_t bits) {
    return (v & 3) == 0 && in_range(v, -(INT64_C(4) << (bits - 1)), (INT64_C(4) << (bits - 1)) - 4);
}

static const char *check_registers(const MInsn *i, const uint32_t *loc) {
    const char *want = a64_operands[a64_row_of(i->op)->format];
    uint32_t k = 0;
    for (; *want; want++) {
        if (*want == 'd') continue;
        bool optional = want[1] == '?';
        if (k == i->nopnd) return optional ? NULL : "too few operands";
        if (*want == 'f' ? loc[k] < REG_FLOAT || loc[k] >= REG_VIRTUAL : loc[k] >= REG_FLOAT)
            return "operand of the wrong class";
        k++;
        if (optional) break;
    }
    return k == i->nopnd ? NULL : "too many operands";
}

static const char *check_access(const MInsn *i) {
    uint32_t log2 = a64_access_log2(i->op, i->size);
    if (i->nopnd == 2) return a64_offset_ok(i->imm, log2) ? NULL : "offset out of range";
    if (i->scale != 0 && i->scale != log2) return "index scale is not the access size";
    bool ext = i->aux == A64_UXTW || i->aux == A64_UXTX || i->aux == A64_SXTW || i->aux == A64_SXTX;
    return ext ? NULL : "index extension";
}

static bool is_tied(const A64Row *r) {
    switch ((A64Format)r->format) {
    case A64_F_MOVK:
    case A64_F_BFI:
    case A64_F_VSEL:
    case A64_F_V3:
    case A64_F_VLONG3:
    case A64_F_VNARROW2:
    case A64_F_VINS:
    case A64_F_VINSE: return true;
    default: return false;
    }
}

static const char *check_lanes(const MInsn *i, const uint32_t *loc) {
    uint32_t lanes = 16u / i->size, width = i->size * 8u;
    int64_t v = i->imm;
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_VSHIFT:
        if (i->op == A64_VSHL) return in_range(v, 0, width - 1) ? NULL : "shift count";
        return in_range(v, 1, width) ? NULL : "shift count";
    case A64_F_VIMM:
        if (i->aux > 31 || a64_vector_imm_size(i->aux) != i->size) return "kind of vector immediate";
        return in_range(v, 0, 0xff) ? NULL : "8 bits";
    case A64_F_VDUPE:
    case A64_F_VELT:
    case A64_F_VOUT:
    case A64_F_VINS: return in_range(v, 0, lanes - 1) ? NULL : "lane";
    case A64_F_VINSE: return in_range(v, 0, lanes - 1) && i->aux < lanes ? NULL : "lane";
    case A64_F_VEXT: return in_range(v, 0, 15) ? NULL : "byte";
    case A64_F_VTBL2: return loc[2] == A64_V0 + ((loc[1] + 1) & 31) ? NULL : "registers of the table are no neighbours";
    default: return NULL;
    }
}

static const char *check_fields(const MInsn *i, const uint32_t *loc) {
    uint32_t width = i->size * 8u, bits;
    int64_t v = i->imm;
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_RRS:
        if (i->aux > A64_ROR || (i->aux == A64_ROR && (a64_row_of(i->op)->base & 0x01000000))) return "shift kind";
        return in_range(v, 0, width - 1) ? NULL : "shift amount";
    case A64_F_RRX: return i->aux <= A64_SXTX && in_range(v, 0, 4) ? NULL : "extension";
    case A64_F_RRI: return a64_arith_imm((uint64_t)v) ? NULL : "arithmetic immediate";
    case A64_F_RRL:
        if (i->size == 4 && (uint64_t)v > UINT32_MAX) return "logical immediate";
        return a64_logical_imm((uint64_t)v, i->size, &bits) ? NULL : "logical immediate";
    case A64_F_MOVK:
    case A64_F_MOVW: return in_range(v, 0, 0xffff) && i->aux < i->size / 2u ? NULL : "halfword";
    case A64_F_BFI:
    case A64_F_BFM: return (v & 0xff) < width && v >> 8 < width && v >= 0 ? NULL : "bit field";
    case A64_F_EXTR: return in_range(v, 0, width - 1) ? NULL : "bit number";
    case A64_F_CSEL:
    case A64_F_FCSEL:
    case A64_F_BCC: return i->cc < CC_AL && branch_ok(v, 19) ? NULL : "condition or offset";
    case A64_F_LDI:
    case A64_F_STI:
    case A64_F_LDF:
    case A64_F_STF: return check_access(i);
    case A64_F_LDPI:
    case A64_F_STPI:
    case A64_F_LDPF:
    case A64_F_STPF: return (v & 7) == 0 && in_range(v, -512, 504) ? NULL : "pair offset";
    case A64_F_LIT:
    case A64_F_CB: return branch_ok(v, 19) ? NULL : "branch offset";
    case A64_F_ADR: return in_range(v, -(1 << 20), (1 << 20) - 1) ? NULL : "address offset";
    case A64_F_B: return branch_ok(v, 26) ? NULL : "branch offset";
    case A64_F_TB: return i->scale < width && branch_ok(v, 14) ? NULL : "bit number or offset";
    case A64_F_BRK: return in_range(v, 0, 0xffff) ? NULL : "16 bits";
    case A64_F_FIMM: return in_range(v, 0, 0xff) ? NULL : "8 bits";
    default: return check_lanes(i, loc);
    }
}

const char *a64_check(const MInsn *i, const uint32_t *loc) {
    if (i->op < M_TARGET || i->op >= A64_OP_END) return "no such opcode";
    const A64Row *r = a64_row_of(i->op);
    if (r->format == A64_F_PSEUDO) return "not a machine instruction";
    static const uint8_t set[] = {[1] = B, [2] = H, [4] = S, [8] = D, [16] = Q};
    if (i->size > 16 || !(r->sizes & set[i->size])) return "operand size";
    const char *wrong = check_registers(i, loc);
    if (!wrong && is_tied(r) && loc[0] != loc[1]) wrong = "result is not the first operand's register";
    return wrong ? wrong : check_fields(i, loc);
}

/* -- Encoding ----------------------------------------------------------------- */

static uint32_t field(int64_t v, uint32_t bits, uint32_t at) { return ((uint32_t)v & ((1u << bits) - 1)) << at; }

/* Of a load or store: the row holds the form with a scaled offset; the others differ in bit 24. */
static uint32_t access_bits(const MInsn *i, const uint32_t *r) {
    uint32_t log2 = a64_access_log2(i->op, i->size), w = r[1] << 5 | r[0];
    if (i->nopnd == 3) {
        /* For bytes the bit says only whether a shift by 0 is written out. */
        return w | 0x01200800u | r[2] << 16 | i->aux << 13 | (i->scale != 0 ? 1u << 12 : 0);
    }
    if (i->imm >= 0 && (i->imm & ((1 << log2) - 1)) == 0 && i->imm >> log2 < 4096)
        return w | field(i->imm >> log2, 12, 10);
    return w | 0x01000000u | field(i->imm, 9, 12);
}

static uint32_t imm_bits(const MInsn *i) {
    uint32_t bits = 0;
    if (a64_row_of(i->op)->format == A64_F_RRI) {
        return i->imm <= 0xfff ? (uint32_t)i->imm << 10 : 1u << 22 | (uint32_t)(i->imm >> 12) << 10;
    }
    bool ok = a64_logical_imm((uint64_t)i->imm, i->size, &bits);
    assert(ok);
    (void)ok;
    return bits << 10;
}

/* Lane number and lane size in one field: size in the position of the lowest 1, the number above it. */
static uint32_t lane_bits(const MInsn *i) { return (2 * (uint32_t)i->imm + 1) * i->size << 16; }

/* Of the formats of lanes. */
static uint32_t vector_bits(const MInsn *i, const uint32_t *r) {
    const A64Row *row = a64_row_of(i->op);
    uint32_t dn = r[1] << 5 | r[0], lane = row->wide ? 0 : bits_ctz32(i->size) << 22, imm = (uint32_t)i->imm;
    switch ((A64Format)row->format) {
    case A64_F_V1:
    case A64_F_V1Z:
    case A64_F_VPAIR:
    case A64_F_VNARROW:
    case A64_F_VACROSS:
    case A64_F_VPAIRWISE: return dn | lane;
    case A64_F_V2:
    case A64_F_VLONG2: return dn | r[2] << 16 | lane;
    case A64_F_V3:
    case A64_F_VLONG3: return r[0] | r[2] << 5 | r[3] << 16 | lane;
    case A64_F_VNARROW2: return r[0] | r[2] << 5 | lane;
    case A64_F_VCVT: return dn;
    case A64_F_VSHIFT: return dn | (i->op == A64_VSHL ? i->size * 8u + imm : i->size * 16u - imm) << 16;
    case A64_F_VEXTEND: return dn | i->size * 8u << 16;
    case A64_F_VIMM: return r[0] | (i->aux >> 4) << 29 | (i->aux & 15) << 12 | (imm >> 5) << 16 | (imm & 31) << 5;
    case A64_F_VDUP: return dn | (uint32_t)i->size << 16;
    case A64_F_VDUPE:
    case A64_F_VELT:
    case A64_F_VOUT: return dn | lane_bits(i);
    case A64_F_VINS: return r[0] | r[2] << 5 | lane_bits(i);
    case A64_F_VINSE: return r[0] | r[2] << 5 | lane_bits(i) | i->aux * i->size << 11;
    case A64_F_VEXT: return dn | r[2] << 16 | imm << 11;
    case A64_F_VTBL: return dn | r[2] << 16;
    case A64_F_VTBL2: return dn | r[3] << 16;
    default: assert(false && "no encoding"); return 0;
    }
}

/* All but the row's own bits; r: register numbers 0..31. */
static uint32_t format_bits(const MInsn *i, const uint32_t *r) {
    uint32_t dn = r[1] << 5 | r[0], dnm = dn | r[2] << 16;
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_RRS: return dnm | i->aux << 22 | field(i->imm, 6, 10);
    case A64_F_RRX: return dnm | i->aux << 13 | field(i->imm, 3, 10);
    case A64_F_RRI:
    case A64_F_RRL: return dn | imm_bits(i);
    case A64_F_MOVW:
    case A64_F_MOVK: return r[0] | i->aux << 21 | field(i->imm, 16, 5);
    case A64_F_RRR:
    case A64_F_FFF: return dnm;
    case A64_F_RR:
    case A64_F_FF:
    case A64_F_IF:
    case A64_F_FI:
    case A64_F_VADD: return dn;
    case A64_F_RRRR:
    case A64_F_RWWR: return dnm | r[3] << 10;
    case A64_F_BFM: return dn | field(i->imm, 6, 16) | field(i->imm >> 8, 6, 10);
    case A64_F_BFI: return r[2] << 5 | r[0] | field(i->imm, 6, 16) | field(i->imm >> 8, 6, 10);
    case A64_F_EXTR: return dnm | field(i->imm, 6, 10);
    case A64_F_CSEL:
    case A64_F_FCSEL: return dnm | (uint32_t)i->cc << 12;
    case A64_F_LDI:
    case A64_F_STI:
    case A64_F_LDF:
    case A64_F_STF: return access_bits(i, r);
    case A64_F_LDPI:
    case A64_F_STPI:
    case A64_F_LDPF:
    case A64_F_STPF: return r[0] | r[1] << 10 | r[2] << 5 | field(i->imm / 8, 7, 15);
    case A64_F_LIT:
    case A64_F_CB: return r[0] | field(i->imm / 4, 19, 5);
    case A64_F_ADR: return r[0] | field(i->imm, 2, 29) | field(i->imm >> 2, 19, 5);
    case A64_F_B: return field(i->imm / 4, 26, 0);
    case A64_F_BCC: return i->cc | field(i->imm / 4, 19, 5);
    case A64_F_TB: return r[0] | field(i->scale >> 5, 1, 31) | field(i->scale, 5, 19) | field(i->imm / 4, 14, 5);
    case A64_F_BR: return r[0] << 5;
    case A64_F_BRK: return field(i->imm, 16, 5);
    case A64_F_MRS:
    case A64_F_MSR: return r[0];
    case A64_F_FCMP: return r[0] << 5 | r[1] << 16;
    case A64_F_FCMPZ: return r[0] << 5;
    case A64_F_FIMM: return r[0] | field(i->imm, 8, 13);
    case A64_F_V8: return i->op == A64_VMOV ? dn | r[1] << 16 : dn;
    case A64_F_VSEL: return r[0] | r[2] << 5 | r[3] << 16;
    case A64_F_VZERO: return r[0];
    case A64_F_NONE: return 0;
    default: return vector_bits(i, r);
    }
}

uint32_t a64_encode(const MInsn *i, const uint32_t *loc) {
    assert(a64_check(i, loc) == NULL);
    const A64Row *row = a64_row_of(i->op);
    uint32_t r[4] = {0, 0, 0, 0};
    for (uint32_t k = 0; k < i->nopnd; k++) r[k] = loc[k] & 31;
    /* Flipped, not set: a load's or store's forms clear bit 24 of the row. */
    return row->base ^ (i->size == (row->sizes == 6 ? 16 : 8) ? row->wide : 0) ^ format_bits(i, r);
}

/* -- Appending ---------------------------------------------------------------- */

void a64_put(CodeBuf *cb, const MInsn *i, const uint32_t *loc) { code_u32(cb, a64_encode(i, loc)); }

void a64_put_regs(CodeBuf *cb, uint32_t op, uint32_t size, int64_t imm, uint32_t nregs, const uint32_t *regs) {
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .imm = imm, .nopnd = (uint8_t)nregs};
    a64_put(cb, &i, regs);
}

void a64_put_const(CodeBuf *cb, uint64_t v, uint32_t rd) {
    uint32_t words[4], n = a64_const_words(v, 8, rd, words);
    for (uint32_t k = 0; k < n; k++) code_u32(cb, words[k]);
}

void a64_put_mem(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t r, uint32_t base, int64_t d) {
    if (a64_offset_ok(d, a64_access_log2(op, size))) {
        A64_PUT(cb, op, size, d, r, base);
        return;
    }
    a64_put_const(cb, (uint64_t)d, A64_SCRATCH);
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .nopnd = 3, .aux = A64_UXTX};
    a64_put(cb, &i, (const uint32_t[]){r, base, A64_SCRATCH});
}

/* -- Fixups -------------------------------------------------------------------- */

bool a64_patch(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to) {
    static const uint8_t width[] = {[A64_FIX_26] = 26, [A64_FIX_19] = 19, [A64_FIX_14] = 14};
    int64_t d = (int64_t)to - (int64_t)at;
    if (kind == A64_FIX_32) {
        if (d < INT32_MIN || d > INT32_MAX) return false;
        bits_store_u32(code + at, (uint32_t)d);
        return true;
    }
    if (!branch_ok(d, width[kind])) return false;
    uint32_t w = bits_load_u32(code + at);
    uint32_t shift = kind == A64_FIX_26 ? 0 : 5, mask = ((1u << width[kind]) - 1) << shift;
    bits_store_u32(code + at, (w & ~mask) | ((uint32_t)(d / 4) << shift & mask));
    return true;
}
