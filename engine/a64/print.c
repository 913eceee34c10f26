/* Text of machine instructions, as LLVM's assembler prints them: the preferred alias where the architecture defines
 * one, decimal immediates but for bit patterns.  The encoder's round-trip test holds it against two disassemblers. */
#include <stdio.h>
#include <string.h>
#include "a64/insn.h"
#include "a64/regs.h"

const char *const a64_cc_name[16] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                     "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
static const char *const shift_name[] = {"lsl", "lsr", "asr", "ror"};
static const char *const extend_name[] = {"uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"};

static void reg(Text *t, uint32_t r, uint32_t size, bool sp) {
    if (r >= REG_VIRTUAL) {
        text_printf(t, "v%u", r); /* as mach_print has it */
    } else if (r >= REG_FLOAT) {
        char c = size == 1 ? 'b' : size == 2 ? 'h' : size == 4 ? 's' : size == 16 ? 'q' : 'd';
        text_printf(t, "%c%u", c, r - REG_FLOAT);
    } else if (r == A64_SP) {
        text_puts(t, sp ? (size == 4 ? "wsp" : "sp") : (size == 4 ? "wzr" : "xzr"));
    } else {
        text_printf(t, "%c%u", size == 4 ? 'w' : 'x', r);
    }
}

void a64_print_reg(Text *t, uint32_t phys, uint32_t size) { reg(t, phys, size, false); }

/* Mnemonic and the registers behind it, each with the instruction's size. */
static void op_regs(Text *t, const char *name, uint32_t size, const uint32_t *r, uint32_t n) {
    text_puts(t, name);
    for (uint32_t k = 0; k < n; k++) {
        text_puts(t, k ? ", " : " ");
        reg(t, r[k], size, false);
    }
}

static void shifted(Text *t, const MInsn *i, const uint32_t *r) {
    const char *name = a64_row_of(i->op)->text;
    bool plain = i->imm == 0 && i->aux == A64_LSL;
    if (r[0] == A64_ZR && (i->op == A64_ADDS || i->op == A64_SUBS || i->op == A64_ANDS)) {
        op_regs(t, i->op == A64_ADDS ? "cmn" : i->op == A64_SUBS ? "cmp" : "tst", i->size, r + 1, 2);
    } else if (r[1] == A64_ZR &&
               (i->op == A64_SUB || i->op == A64_SUBS || i->op == A64_ORN || (i->op == A64_ORR && plain))) {
        op_regs(t,
                i->op == A64_SUB    ? "neg"
                : i->op == A64_SUBS ? "negs"
                : i->op == A64_ORN  ? "mvn"
                                    : "mov",
                i->size, (const uint32_t[]){r[0], r[2]}, 2);
    } else {
        op_regs(t, name, i->size, r, 3);
    }
    if (!plain) text_printf(t, ", %s #%d", shift_name[i->aux], (int)i->imm);
}

static void extended(Text *t, const MInsn *i, const uint32_t *r) {
    bool flags = i->op == A64_ADDSX || i->op == A64_SUBSX;
    if (flags && r[0] == A64_ZR) {
        text_puts(t, i->op == A64_ADDSX ? "cmn " : "cmp ");
    } else {
        text_printf(t, "%s ", a64_row_of(i->op)->text);
        reg(t, r[0], i->size, !flags);
        text_puts(t, ", ");
    }
    reg(t, r[1], i->size, true);
    text_puts(t, ", ");
    reg(t, r[2], (i->aux & 3) == A64_UXTX ? i->size : 4, false);
    bool sp = r[1] == A64_SP || (!flags && r[0] == A64_SP);
    if (sp && i->aux == (i->size == 4 ? A64_UXTW : A64_UXTX)) {
        if (i->imm) text_printf(t, ", lsl #%d", (int)i->imm);
        return;
    }
    text_printf(t, ", %s", extend_name[i->aux]);
    if (i->imm) text_printf(t, " #%d", (int)i->imm);
}

static void arith_imm(Text *t, const MInsn *i, const uint32_t *r) {
    bool flags = i->op == A64_ADDSI || i->op == A64_SUBSI;
    bool mov = i->op == A64_ADDI && i->imm == 0 && (r[0] == A64_SP || r[1] == A64_SP);
    if (flags && r[0] == A64_ZR) {
        text_puts(t, i->op == A64_ADDSI ? "cmn " : "cmp ");
    } else {
        text_printf(t, "%s ", mov ? "mov" : a64_row_of(i->op)->text);
        reg(t, r[0], i->size, !flags);
        text_puts(t, ", ");
    }
    reg(t, r[1], i->size, true);
    if (mov) return;
    if (i->imm > 0xfff) {
        text_printf(t, ", #%d, lsl #12", (int)(i->imm >> 12));
    } else {
        text_printf(t, ", #%d", (int)i->imm);
    }
}

static int64_t sign_extend(uint64_t v, uint32_t size) { return size == 4 ? (int32_t)(uint32_t)v : (int64_t)v; }

static bool one_halfword(uint64_t v, uint32_t size) { /* what movz can make */
    for (uint32_t k = 0; k < size / 2; k++) {
        if ((v & ~(UINT64_C(0xffff) << 16 * k)) == 0) return true;
    }
    return false;
}

static void logical_imm(Text *t, const MInsn *i, const uint32_t *r) {
    uint64_t v = (uint64_t)i->imm, inverse = i->size == 4 ? (uint32_t)~v : ~v;
    if (i->op == A64_ANDSI && r[0] == A64_ZR) {
        op_regs(t, "tst", i->size, r + 1, 1);
    } else if (i->op == A64_ORRI && r[1] == A64_ZR && !one_halfword(v, i->size) && !one_halfword(inverse, i->size)) {
        text_puts(t, "mov ");
        reg(t, r[0], i->size, true);
        text_printf(t, ", #%lld", (long long)sign_extend(v, i->size));
        return;
    } else {
        text_printf(t, "%s ", a64_row_of(i->op)->text);
        reg(t, r[0], i->size, i->op != A64_ANDSI);
        text_puts(t, ", ");
        reg(t, r[1], i->size, false);
    }
    text_printf(t, ", #0x%llx", (unsigned long long)v);
}

static void move_wide(Text *t, const MInsn *i, const uint32_t *r) {
    uint64_t v = (uint64_t)i->imm << 16 * i->aux;
    bool mov = (i->imm != 0 || i->aux == 0) && i->op != A64_MOVK;
    if (i->op == A64_MOVN) {
        v = i->size == 4 ? (uint32_t)~v : ~v;
        mov = mov && !one_halfword(v, i->size);
    }
    text_printf(t, "%s ", mov ? "mov" : a64_row_of(i->op)->text);
    reg(t, r[0], i->size, false);
    if (mov) {
        text_printf(t, ", #%lld", (long long)sign_extend(v, i->size));
    } else {
        text_printf(t, ", #%d", (int)i->imm);
        if (i->aux) text_printf(t, ", lsl #%u", 16 * i->aux);
    }
}

static void multiply(Text *t, const MInsn *i, const uint32_t *r) {
    static const char *const without_sum[] = {[A64_MADD - A64_MADD] = "mul",     [A64_MSUB - A64_MADD] = "mneg",
                                              [A64_SMADDL - A64_MADD] = "smull", [A64_SMSUBL - A64_MADD] = "smnegl",
                                              [A64_UMADDL - A64_MADD] = "umull", [A64_UMSUBL - A64_MADD] = "umnegl"};
    bool wide = a64_row_of(i->op)->format == A64_F_RWWR, sum = r[3] != A64_ZR;
    text_printf(t, "%s ", sum ? a64_row_of(i->op)->text : without_sum[i->op - A64_MADD]);
    reg(t, r[0], i->size, false);
    for (uint32_t k = 1; k < 3; k++) {
        text_puts(t, ", ");
        reg(t, r[k], wide ? 4 : i->size, false);
    }
    if (sum) text_puts(t, ", "), reg(t, r[3], i->size, false);
}

static void bit_field(Text *t, const MInsn *i, const uint32_t *r) {
    int immr = (int)(i->imm & 0xff), imms = (int)(i->imm >> 8), width = i->size * 8;
    bool sign = i->op == A64_SBFM;
    char s = sign ? 's' : 'u';
    if (immr == 0 && (imms == 7 || imms == 15 || imms == 31) &&
        (sign ? imms != width - 1 : i->size == 4 && imms != 31)) {
        text_printf(t, "%cxt%c ", s, imms == 7 ? 'b' : imms == 15 ? 'h' : 'w');
        reg(t, r[0], i->size, false);
        text_puts(t, ", ");
        reg(t, r[1], 4, false);
        return;
    }
    bool left = !sign && imms != width - 1 && imms + 1 == immr, right = imms == width - 1, insert = imms < immr;
    char name[8];
    snprintf(name, sizeof name, left ? "lsl" : right ? (sign ? "asr" : "lsr") : insert ? "%cbfiz" : "%cbfx", s);
    op_regs(t, name, i->size, r, 2);
    if (left || right) {
        text_printf(t, ", #%d", left ? width - immr : immr);
    } else {
        text_printf(t, ", #%d, #%d", insert ? width - immr : immr, insert ? imms + 1 : imms - immr + 1);
    }
}

static void bit_insert(Text *t, const MInsn *i, const uint32_t *r) {
    int immr = (int)(i->imm & 0xff), imms = (int)(i->imm >> 8), width = i->size * 8;
    bool insert = imms < immr;
    op_regs(t, insert ? "bfi" : "bfxil", i->size, (const uint32_t[]){r[0], r[2]}, 2);
    text_printf(t, ", #%d, #%d", insert ? width - immr : immr, insert ? imms + 1 : imms - immr + 1);
}

static void select(Text *t, const MInsn *i, const uint32_t *r) {
    const char *cc = a64_cc_name[i->cc], *not_cc = a64_cc_name[i->cc ^ 1];
    bool same = r[1] == r[2], zero = same && r[1] == A64_ZR;
    if (zero && (i->op == A64_CSINC || i->op == A64_CSINV)) {
        op_regs(t, i->op == A64_CSINC ? "cset" : "csetm", i->size, r, 1);
        text_printf(t, ", %s", not_cc);
    } else if (same && i->op != A64_CSEL) {
        op_regs(t, i->op == A64_CSINC ? "cinc" : i->op == A64_CSINV ? "cinv" : "cneg", i->size, r, 2);
        text_printf(t, ", %s", not_cc);
    } else {
        op_regs(t, a64_row_of(i->op)->text, i->size, r, 3);
        text_printf(t, ", %s", cc);
    }
}

static void access(Text *t, const MInsn *i, const uint32_t *r, bool vector) {
    const char *name = a64_row_of(i->op)->text;
    uint32_t log2 = a64_access_log2(i->op, i->size);
    bool scaled = i->imm >= 0 && (i->imm & ((1 << log2) - 1)) == 0;
    if (i->nopnd == 2 && !scaled) {
        text_printf(t, "%.2su%s ", name, name + 2); /* ldrb, ldurb */
    } else {
        text_printf(t, "%s ", name);
    }
    reg(t, r[0], vector ? 1u << log2 : i->size, false);
    text_puts(t, ", [");
    reg(t, r[1], 8, true);
    if (i->nopnd == 3) {
        text_puts(t, ", ");
        reg(t, r[2], (i->aux & 3) == A64_UXTX ? 8 : 4, false);
        if (i->aux != A64_UXTX || i->scale) text_printf(t, ", %s", i->aux == A64_UXTX ? "lsl" : extend_name[i->aux]);
        if (i->scale) text_printf(t, " #%u", i->scale);
    } else if (i->imm) {
        text_printf(t, ", #%d", (int)i->imm);
    }
    text_putc(t, ']');
}

static void pair(Text *t, const MInsn *i, const uint32_t *r) {
    op_regs(t, a64_row_of(i->op)->text, 8, r, 2);
    text_puts(t, ", [");
    reg(t, r[2], 8, true);
    if (i->op == A64_LDP_POST) {
        text_printf(t, "], #%d", (int)i->imm);
    } else if (i->imm || i->op == A64_STP_PRE) {
        text_printf(t, ", #%d]%s", (int)i->imm, i->op == A64_STP_PRE ? "!" : "");
    } else {
        text_putc(t, ']');
    }
}

/* Float and vector registers and general ones in one instruction. */
static void mixed(Text *t, const MInsn *i, const uint32_t *r) {
    const char *name = a64_row_of(i->op)->text;
    bool d = (a64_row_of(i->op)->base & 0x00400000) || (i->size == 8 && (i->op == A64_FMOV_FI || i->op == A64_FMOV_IF));
    uint32_t to = a64_row_of(i->op)->format == A64_F_FI ? 0 : 1; /* the float operand */
    text_printf(t, "%s ", name);
    reg(t, r[0], to == 0 ? (d ? 8 : 4) : i->size, false);
    text_puts(t, ", ");
    reg(t, r[1], to == 1 ? (d ? 8 : 4) : i->size, false);
}

static void vreg(Text *t, uint32_t r, const char *shape) {
    text_printf(t, "v%u%s", r >= REG_VIRTUAL ? r : r - REG_FLOAT, shape);
}

static void vector(Text *t, const MInsn *i, const uint32_t *r) {
    const char *bytes = i->size == 16 ? ".16b" : ".8b";
    uint32_t format = a64_row_of(i->op)->format;
    text_printf(t, "%s ", a64_row_of(i->op)->text);
    switch (format) {
    case A64_F_VADD:
        reg(t, r[0], 1, false);
        text_puts(t, ", ");
        vreg(t, r[1], ".8b");
        break;
    case A64_F_VZERO:
        reg(t, r[0], 8, false);
        text_puts(t, ", #0000000000000000");
        break;
    default:
        vreg(t, r[0], bytes);
        for (uint32_t k = format == A64_F_VSEL ? 2 : 1; k < i->nopnd; k++) {
            text_puts(t, ", ");
            vreg(t, r[k], bytes);
        }
    }
}

static double float_of(uint32_t bits8) {
    uint64_t v = a64_float_value(bits8, 8);
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

/* Lanes of `size` bytes in all 16 bytes or the lower 8. */
static const char *shape(uint32_t size, bool half) {
    static const char *const name[4][2] = {{".16b", ".8b"}, {".8h", ".4h"}, {".4s", ".2s"}, {".2d", ".1d"}};
    return name[size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3][half];
}

static void lane(Text *t, uint32_t r, uint32_t size, uint32_t n) {
    static const char *const name[] = {[1] = ".b[%u]", [2] = ".h[%u]", [4] = ".s[%u]", [8] = ".d[%u]"};
    vreg(t, r, "");
    text_printf(t, name[size], n);
}

/* Operands [1, n) behind the result, with lanes of `from` bytes. */
static void vregs(Text *t, const uint32_t *r, const char *to, uint32_t first, uint32_t n, const char *from) {
    vreg(t, r[0], to);
    for (uint32_t k = first; k < n; k++) {
        text_puts(t, ", ");
        vreg(t, r[k], from);
    }
}

static void vector_imm(Text *t, const MInsn *i, const uint32_t *r) {
    uint32_t cmode = i->aux & 15, imm = (uint32_t)i->imm;
    bool fp = cmode == 15, inverted = i->aux >> 4 && cmode < 14;
    text_printf(t, "%s ", fp ? "fmov" : inverted ? "mvni" : "movi");
    vreg(t, r[0], shape(i->size, false));
    if (fp) {
        text_printf(t, ", #%.8f", float_of(imm));
    } else if (i->size == 8) {
        text_printf(t, ", #0x%016llx", (unsigned long long)a64_vector_value(i->aux, imm));
    } else {
        text_printf(t, ", #%u", imm);
        uint32_t shift = cmode < 8 ? cmode >> 1 : cmode < 12 ? cmode >> 1 & 1 : cmode < 14 ? cmode - 11 : 0;
        if (shift) text_printf(t, ", %s #%u", cmode < 12 ? "lsl" : "msl", 8 * shift);
    }
}

/* One lane, as a scalar or in a register of its own. */
static void lane_op(Text *t, const MInsn *i, const uint32_t *r) {
    uint32_t imm = (uint32_t)i->imm, general = i->size == 8 ? 8 : 4;
    bool mov = i->op == A64_UMOV && i->size >= 4;
    text_printf(t, "%s ", mov ? "mov" : a64_row_of(i->op)->text);
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_VDUP: vreg(t, r[0], shape(i->size, false)); break;
    case A64_F_VDUPE: vreg(t, r[0], shape(i->size, false)); break;
    case A64_F_VELT: reg(t, r[0], i->size, false); break;
    case A64_F_VOUT: reg(t, r[0], general, false); break;
    default: lane(t, r[0], i->size, imm);
    }
    text_puts(t, ", ");
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_VDUP: reg(t, r[1], general, false); break;
    case A64_F_VINS: reg(t, r[2], general, false); break;
    case A64_F_VINSE: lane(t, r[2], i->size, i->aux); break;
    default: lane(t, r[1], i->size, imm);
    }
}

static void table(Text *t, const MInsn *i, const uint32_t *r) {
    bool two = i->op == A64_TBL2;
    text_puts(t, "tbl ");
    vreg(t, r[0], ".16b, { ");
    vreg(t, r[1], ".16b");
    if (two) text_puts(t, ", "), vreg(t, r[2], ".16b");
    text_puts(t, " }, ");
    vreg(t, r[two ? 3 : 2], ".16b");
}

static void lanes(Text *t, const MInsn *i, const uint32_t *r) {
    const A64Row *row = a64_row_of(i->op);
    const char *same = shape(i->size, false), *twice = shape(2u * i->size, false),
               *half = shape(i->size, !(row->base >> 30 & 1));
    bool mov = i->op == A64_VORR && r[1] == r[2];
    text_printf(t, "%s ", mov ? "mov" : row->text);
    switch ((A64Format)row->format) {
    case A64_F_V1Z:
        vregs(t, r, same, 1, 2, same);
        text_puts(t, row->wide ? ", #0.0" : ", #0");
        break;
    case A64_F_V3: vregs(t, r, same, 2, 4, same); break;
    case A64_F_VPAIR: vregs(t, r, twice, 1, 2, same); break;
    case A64_F_VLONG2: vregs(t, r, twice, 1, 3, half); break;
    case A64_F_VLONG3: vregs(t, r, twice, 2, 4, half); break;
    case A64_F_VNARROW: vregs(t, r, half, 1, 2, twice); break;
    case A64_F_VNARROW2: vregs(t, r, half, 2, 3, twice); break;
    case A64_F_VCVT: vregs(t, r, i->op == A64_VFCVTL ? ".2d" : ".2s", 1, 2, i->op == A64_VFCVTL ? ".2s" : ".2d"); break;
    case A64_F_VSHIFT:
        vregs(t, r, same, 1, 2, same);
        text_printf(t, ", #%d", (int)i->imm);
        break;
    case A64_F_VEXTEND:
        vregs(t, r, twice, 1, 2, half);
        text_puts(t, ", #0");
        break;
    case A64_F_VACROSS:
    case A64_F_VPAIRWISE:
        reg(t, r[0], i->size, false);
        text_puts(t, ", ");
        vreg(t, r[1], same);
        break;
    case A64_F_VEXT:
        vregs(t, r, same, 1, 3, same);
        text_printf(t, ", #%d", (int)i->imm);
        break;
    default: vregs(t, r, same, 1, mov ? 2 : i->nopnd, same);
    }
}

static void float_op(Text *t, const MInsn *i, const uint32_t *r) {
    const char *name = a64_row_of(i->op)->text;
    if (i->op == A64_FCVT) {
        op_regs(t, name, 12u - i->size, r, 1);
        text_puts(t, ", ");
        reg(t, r[1], i->size, false);
    } else {
        op_regs(t, name, i->size, r, i->nopnd);
    }
    if (i->op == A64_FCMPZ) text_puts(t, ", #0.0");
    if (i->op == A64_FCSEL) text_printf(t, ", %s", a64_cc_name[i->cc]);
    if (i->op == A64_FMOVI) text_printf(t, ", #%.8f", float_of((uint32_t)i->imm));
}

/* What stands before the target of a branch. */
static void branch(Text *t, const MInsn *i, const uint32_t *r) {
    const char *name = a64_row_of(i->op)->text;
    switch (a64_row_of(i->op)->format) {
    case A64_F_BCC: text_printf(t, "b.%s ", a64_cc_name[i->cc]); break;
    case A64_F_TB:
        op_regs(t, name, i->scale < 32 ? 4 : 8, r, 1);
        text_printf(t, ", #%u, ", i->scale);
        break;
    case A64_F_B: text_printf(t, "%s ", name); break;
    default: op_regs(t, name, i->size, r, 1), text_puts(t, ", ");
    }
}

static void system_op(Text *t, const MInsn *i, const uint32_t *r) {
    const char *name = a64_row_of(i->op)->text;
    text_puts(t, name);
    switch (a64_row_of(i->op)->format) {
    case A64_F_BR:
        if (i->op != A64_RET || r[0] != A64_LR) text_putc(t, ' '), reg(t, r[0], 8, false);
        break;
    case A64_F_BRK: text_printf(t, " #0x%x", (unsigned)i->imm); break;
    case A64_F_MRS:
        text_putc(t, ' ');
        reg(t, r[0], 8, false);
        text_puts(t, ", FPCR");
        break;
    case A64_F_MSR:
        text_puts(t, " FPCR, ");
        reg(t, r[0], 8, false);
        break;
    default: break;
    }
}

void a64_print_word(Text *t, const MInsn *i, const uint32_t *r) {
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_RRS: shifted(t, i, r); break;
    case A64_F_RRX: extended(t, i, r); break;
    case A64_F_RRI: arith_imm(t, i, r); break;
    case A64_F_RRL: logical_imm(t, i, r); break;
    case A64_F_MOVW:
    case A64_F_MOVK: move_wide(t, i, r); break;
    case A64_F_RRR:
    case A64_F_RR: op_regs(t, a64_row_of(i->op)->text, i->size, r, i->nopnd); break;
    case A64_F_RRRR:
    case A64_F_RWWR: multiply(t, i, r); break;
    case A64_F_BFM: bit_field(t, i, r); break;
    case A64_F_BFI: bit_insert(t, i, r); break;
    case A64_F_EXTR:
        op_regs(t, r[1] == r[2] ? "ror" : "extr", i->size, r, r[1] == r[2] ? 2 : 3);
        text_printf(t, ", #%d", (int)i->imm);
        break;
    case A64_F_CSEL: select(t, i, r); break;
    case A64_F_LDI:
    case A64_F_STI: access(t, i, r, false); break;
    case A64_F_LDF:
    case A64_F_STF: access(t, i, r, true); break;
    case A64_F_LDPI:
    case A64_F_STPI:
    case A64_F_LDPF:
    case A64_F_STPF: pair(t, i, r); break;
    case A64_F_LIT:
    case A64_F_ADR:
    case A64_F_B:
    case A64_F_BCC:
    case A64_F_CB:
    case A64_F_TB:
        branch(t, i, r);
        text_printf(t, "#%d", (int)i->imm);
        break;
    case A64_F_BR:
    case A64_F_NONE:
    case A64_F_BRK:
    case A64_F_MRS:
    case A64_F_MSR: system_op(t, i, r); break;
    case A64_F_FF:
    case A64_F_FFF:
    case A64_F_FCMP:
    case A64_F_FCMPZ:
    case A64_F_FCSEL:
    case A64_F_FIMM: float_op(t, i, r); break;
    case A64_F_IF:
    case A64_F_FI: mixed(t, i, r); break;
    case A64_F_V8:
    case A64_F_VADD:
    case A64_F_VSEL:
    case A64_F_VZERO: vector(t, i, r); break;
    case A64_F_VIMM: vector_imm(t, i, r); break;
    case A64_F_VDUP:
    case A64_F_VDUPE:
    case A64_F_VELT:
    case A64_F_VOUT:
    case A64_F_VINS:
    case A64_F_VINSE: lane_op(t, i, r); break;
    case A64_F_VTBL:
    case A64_F_VTBL2: table(t, i, r); break;
    case A64_F_V1:
    case A64_F_V1Z:
    case A64_F_V2:
    case A64_F_V3:
    case A64_F_VPAIR:
    case A64_F_VLONG2:
    case A64_F_VLONG3:
    case A64_F_VNARROW:
    case A64_F_VNARROW2:
    case A64_F_VCVT:
    case A64_F_VSHIFT:
    case A64_F_VEXTEND:
    case A64_F_VACROSS:
    case A64_F_VPAIRWISE:
    case A64_F_VEXT: lanes(t, i, r); break;
    case A64_F_PSEUDO:
    case A64_F_COUNT: break;
    }
}

static void operands(Text *t, const MFn *m, const MInsn *i, const uint32_t *r) {
    const Opnd *o = insn_opnd(m, i);
    for (uint32_t k = 0; k < i->nopnd; k++) {
        text_puts(t, k ? ", " : " ");
        bool narrow = reg_is_virtual(o[k].reg) && (vreg_type(m, o[k].reg) == T_I32 || vreg_type(m, o[k].reg) == T_F32);
        reg(t, r[k], narrow ? 4 : 8, false);
    }
}

/* "b3, b4": where the last instruction of a block goes. */
static void targets(Text *t, const MFn *m, const MInsn *i) {
    uint32_t at = (uint32_t)(i - m->insn.at);
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *blk = &m->block.at[b];
        if (at < blk->first || at >= blk->end) continue;
        for (uint32_t k = 0; k < blk->succ.n; k++) text_printf(t, "%sb%u", k ? ", " : "", blk->succ.at[k].to);
        return;
    }
}

static void pseudo(Text *t, const MFn *m, const MInsn *i, const uint32_t *r) {
    text_puts(t, a64_row_of(i->op)->text);
    if (i->op == A64_CALL || i->op == A64_TAIL) text_printf(t, " f%u", i->aux);
    if (i->op == A64_CALL_LIB || i->op == A64_TRAP) text_printf(t, " %u", i->aux);
    operands(t, m, i, r);
    if (i->op == A64_LDC || i->op == A64_LDCF) text_printf(t, ", #0x%llx", (unsigned long long)i->imm);
    if (i->op == A64_JUMP_TABLE) text_puts(t, ", "), targets(t, m, i);
}

void a64_print_insn(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc) {
    uint32_t virt[4];
    if (!loc) {
        const Opnd *o = insn_opnd(m, i);
        uint32_t *all = i->nopnd <= 4 ? virt : ARENA_ARRAY(t->arena, uint32_t, i->nopnd);
        for (uint32_t k = 0; k < i->nopnd; k++) all[k] = o[k].reg;
        loc = all;
    }
    if (a64_row_of(i->op)->format == A64_F_PSEUDO) {
        pseudo(t, m, i, loc);
        return;
    }
    switch (a64_row_of(i->op)->format) {
    case A64_F_B:
    case A64_F_BCC:
    case A64_F_CB:
    case A64_F_TB:
        branch(t, i, loc);
        if (i->flags & MF_BRANCH) {
            targets(t, m, i);
        } else {
            text_printf(t, "trap %u", i->aux);
        }
        break;
    case A64_F_BR: /* a call: registers of arguments follow the address */
        text_puts(t, a64_row_of(i->op)->text);
        operands(t, m, i, loc);
        break;
    default: a64_print_word(t, i, loc);
    }
}
