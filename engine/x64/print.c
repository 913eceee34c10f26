/* Text of x86-64 instructions, in the Intel syntax of capstone and LLVM: the encoder's test compares with both. */
#include <string.h>
#include "x64/insn.h"

static const char *const int_name[16][4] = {
#define R(id, n, n64, n32, n16, n8) {n8, n16, n32, n64},
#include "x64/regs.def"
#undef R
};
static const char *const cc_name[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                        "s", "ns", "p", "np", "l", "ge", "le", "g"};

void x64_print_reg(Text *t, uint32_t phys, uint32_t size) {
    if (phys >= REG_FLOAT)
        text_printf(t, "xmm%u", phys - REG_FLOAT);
    else
        text_puts(t, int_name[phys & 15][size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3]);
}

static void put_imm(Text *t, int64_t v) { /* -9 .. 9 in decimal */
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (v < 0) text_putc(t, '-');
    text_printf(t, magnitude > 9 ? "0x%llx" : "%llu", (unsigned long long)magnitude);
}

static void put_unsigned(Text *t, uint64_t v) { text_printf(t, v > 9 ? "0x%llx" : "%llu", (unsigned long long)v); }

typedef struct Printer {
    Text *t;
    const MFn *m;
    const MInsn *i;
    bool is_virtual;
} Printer;

static const char *pointer_name(uint32_t width) {
    switch (width) {
    case 1: return "byte ptr ";
    case 2: return "word ptr ";
    case 4: return "dword ptr ";
    case 8: return "qword ptr ";
    default: return "xmmword ptr ";
    }
}

static void put_loc(const Printer *p, uint32_t l, uint32_t width) {
    if (p->is_virtual && reg_is_virtual(l))
        text_printf(p->t, "v%u", l);
    else if (l == LOC_NONE)
        text_puts(p->t, "?");
    else if (loc_is_slot(l)) {
        text_printf(p->t, "%s[rbp - ", pointer_name(width));
        put_imm(p->t, width == 16 ? -x64_wide_slot_disp(l) : -x64_slot_disp(l));
        text_putc(p->t, ']');
    } else
        x64_print_reg(p->t, l, width);
}

static void put_mem(const Printer *p, const X64Operands *o, uint32_t width) {
    Text *t = p->t;
    if (p->i->op != X64_LEA) text_puts(t, pointer_name(width));
    text_putc(t, '[');
    if (o->constant) {
        const uint64_t *data = p->m ? &p->m->data.at[p->i->aux] : NULL;
        text_puts(t, "rip"); /* the distance is known to fixups only; name the constant instead */
        if (data) text_printf(t, " + {0x%llx}", (unsigned long long)(width == 4 ? (uint32_t)*data : *data));
    } else {
        put_loc(p, o->base, 8);
        if (o->index != LOC_NONE) {
            text_puts(t, " + ");
            put_loc(p, o->index, 8);
            if (p->i->scale) text_printf(t, "*%u", 1u << p->i->scale);
        }
        if (p->i->imm) {
            text_puts(t, p->i->imm < 0 ? " - " : " + ");
            put_imm(t, p->i->imm < 0 ? -p->i->imm : p->i->imm);
        }
    }
    text_putc(t, ']');
}

static bool wide_mov(const MInsn *i) {
    return i->op == X64_MOV_I && i->size == 8 && (uint64_t)i->imm != (uint32_t)i->imm && !x64_fits_s32(i->imm);
}

static void put_name(const Printer *p) {
    const MInsn *i = p->i;
    if (wide_mov(i))
        text_puts(p->t, "movabs");
    else
        for (const char *s = x64_row_of(i->op)->text; *s; s++) {
            if (*s == '*')
                text_puts(p->t, i->size == 4 ? "ss" : "sd");
            else if (*s == '$')
                text_puts(p->t, i->size == 4 ? "ps" : "pd");
            else if (*s == '%')
                text_putc(p->t, i->size == 4 ? 'd' : 'q');
            else if (*s == '@')
                text_puts(p->t, cc_name[i->cc & 15]);
            else
                text_putc(p->t, *s);
        }
}

static bool is_logical(uint32_t op) {
    switch (op) {
    case X64_AND_I:
    case X64_AND_MI:
    case X64_OR_I:
    case X64_OR_MI:
    case X64_XOR_I:
    case X64_XOR_MI: return true;
    default: return false;
    }
}

/* As a number with sign where the instruction extends it, else as the bits of the operand. */
static void put_immediate(const Printer *p, const X64Row *r, bool mem) {
    const MInsn *i = p->i;
    int64_t v = mem ? (int32_t)i->aux : i->imm;
    if (r->format == XFMT_SHIFT_I) v &= 0x3f;
    if (i->size == 4) v = (int32_t)v;
    if (i->size == 2) v = (int16_t)v;
    if (i->size == 1) v = (int8_t)v;
    uint64_t cut = i->size >= 8 ? (uint64_t)v : (uint64_t)v & ((UINT64_C(1) << 8 * i->size) - 1);
    bool extended =
        i->size == 8 || (i->size != 1 && (r->format == XFMT_ALU_I || r->format == XFMT_IMUL_I) && x64_fits_s8(v));
    if (r->format == XFMT_MOV_I && (wide_mov(i) || (uint64_t)v == (uint32_t)v)) extended = false;
    if (extended && !is_logical(i->op))
        put_imm(p->t, v);
    else
        put_unsigned(p->t, cut);
}

static void put_operands(const Printer *p, const X64Row *r, const X64Operands *o) {
    const MInsn *i = p->i;
    Text *t = p->t;
    uint32_t regw = r->regw ? r->regw : i->size, rmw = r->rmw ? r->rmw : i->size;
    bool mr = r->format == XFMT_MR || r->format == XFMT_M || r->format == XFMT_M_I8;
    const char *sep = " ";
    if (o->mem && (mr || !o->nreg)) { /* memory is the destination */
        text_puts(t, sep);
        put_mem(p, o, rmw);
        sep = ", ";
    }
    if (r->format == XFMT_MOV_I && !wide_mov(i) && (uint64_t)i->imm == (uint32_t)i->imm) regw = 4;
    bool rvmr = r->format == XFMT_VEX_RVMR;
    for (uint32_t k = 0; k < o->nreg; k++) {
        bool is_rm = (mr && !o->mem) ? k == 0 : (r->format == XFMT_VEX_RVM || rvmr ? k == 2 : k == 1);
        text_puts(t, sep);
        if (rvmr && o->mem && k == 2) { /* memory comes before the last register */
            put_mem(p, o, rmw);
            text_puts(t, sep);
        }
        put_loc(p, o->reg[k], is_rm ? rmw : regw);
        sep = ", ";
    }
    if (o->mem && o->nreg && !mr && !rvmr) {
        text_puts(t, sep);
        put_mem(p, o, rmw);
        sep = ", ";
    }
    switch (r->format) {
    case XFMT_SHIFT_C: text_puts(t, ", cl"); break;
    case XFMT_ALU_I:
    case XFMT_TEST_I:
    case XFMT_IMUL_I:
    case XFMT_SHIFT_I:
    case XFMT_MOV_I:
    case XFMT_MOV_MI:
    case XFMT_VEX_RMI:
        text_puts(t, sep);
        put_immediate(p, r, o->mem);
        break;
    case XFMT_LEA_D:
        text_puts(t, ", [rip");
        if (i->imm) {
            text_puts(t, i->imm < 0 ? " - " : " + ");
            put_imm(t, i->imm < 0 ? -i->imm : i->imm);
        }
        text_putc(t, ']');
        break;
    case XFMT_REL8:
    case XFMT_REL32:
        text_puts(t, " . + ");
        put_imm(t, i->imm);
        break;
    default:
        if (r->flags & XF_I8) {
            text_puts(t, sep);
            put_imm(t, o->mem ? i->aux : i->imm);
        }
    }
}

/* Pseudos: the operands as they stand, then what else counts. */
static void put_pseudo(const Printer *p, const Opnd *opnd, const uint32_t *loc) {
    const MInsn *i = p->i;
    const X64Row *r = x64_row_of(i->op);
    for (uint32_t k = 0; k < i->nopnd; k++) {
        uint32_t l = loc ? loc[k] : opnd[k].reg;
        text_puts(p->t, k ? ", " : " ");
        put_loc(p, l, l != LOC_NONE && l < REG_FLOAT && r->regw && r->regw < 16 ? r->regw : i->size);
    }
    switch (i->op) {
    case X64_SETZ:
    case X64_FSEL:
        text_printf(p->t, ", %s%s", cc_name[i->cc & 15], i->aux == X64_AND_NP ? "&np" : i->aux == X64_OR_P ? "|p" : "");
        break;
    case X64_JCC: text_puts(p->t, i->aux == X64_AND_NP ? "&np" : i->aux == X64_OR_P ? "|p" : ""); break;
    case X64_TRAPCC:
        text_printf(p->t, "%s %u", i->imm == X64_AND_NP ? "&np" : i->imm == X64_OR_P ? "|p" : "", i->aux);
        break;
    case X64_TRAP: text_printf(p->t, " %u", i->aux); break;
    case X64_CALL_FN:
    case X64_TAIL_FN: text_printf(p->t, " -> f%u", i->aux); break;
    case X64_CALL_LIB: text_printf(p->t, " -> lib%u", i->aux); break;
    default: break;
    }
}

static void put_virtual_shape(uint32_t *loc, const MFn *m, const MInsn *i) {
    const Opnd *o = insn_opnd(m, i);
    for (uint32_t k = 0; k < i->nopnd; k++) loc[k] = o[k].reg;
}

void x64_print_insn(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc) {
    const X64Row *r = x64_row_of(i->op);
    Printer p = {t, m, i, !loc};
    put_name(&p);
    if (r->format == XFMT_P) {
        put_pseudo(&p, m ? insn_opnd(m, i) : NULL, loc);
        return;
    }
    uint32_t virt[8];
    if (!loc) {
        put_virtual_shape(virt, m, i);
        loc = virt;
    }
    X64Operands o;
    x64_operands(i, loc, &o);
    put_operands(&p, r, &o);
}
