/* Encoding of x86-64 instructions (Intel SDM volume 2, chapter 2), driven by the rows of insn.def.
 *
 * A format says which operands and constants go to which fields; then all are put together in the one order there is:
 * prefixes, opcode, ModRM, SIB, displacement, immediate.
 * Where several encodings exist we take the one assemblers take: the shortest, and for two registers the form whose
 * ModRM.r/m is the destination (moves and ALU operations). */
#include "x64/insn.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"

#define FIRST_IS(shape, low, high) ((shape)[0] == (low) || (shape)[0] == (high))
#define LENGTH(shape) (sizeof(shape) - 1)
#define LAST(shape) ((shape)[LENGTH(shape) - (LENGTH(shape) > 0)])
/* No other bytes of opcode, prefixes and flags than encode_plain knows. */
#define IS_PLAIN(format, prefix, opcode, flags)                                                              \
    (((format) == XFMT_RM || (format) == XFMT_MR || (format) == XFMT_ALU || (format) == XFMT_MOV ||          \
      (format) == XFMT_M || (format) == XFMT_ALU_I || (format) == XFMT_SHIFT_I || (format) == XFMT_MOV_I) && \
     (prefix) == XP_NO && (opcode) <= 0xff && !((flags) & ~(XF_B | XF_W)))
#define X(id, text, format, prefix, opcode, ext, shape, sizes, regw, rmw, flags) \
    {text,                                                                       \
     shape,                                                                      \
     opcode,                                                                     \
     XFMT_##format,                                                              \
     XP_##prefix,                                                                \
     ext,                                                                        \
     sizes,                                                                      \
     regw,                                                                       \
     rmw,                                                                        \
     flags,                                                                      \
     LENGTH(shape),                                                              \
     FIRST_IS(shape, 's', 'S'),                                                  \
     LAST(shape) == 'm' || LAST(shape) == 'M',                                   \
     IS_PLAIN(XFMT_##format, XP_##prefix, opcode, flags)},
const X64Row x64_row[X64_NINSN] = {
#include "x64/insn.def"
};
#undef X

/* -- Operands ----------------------------------------------------------------- */

void x64_operands(const MInsn *i, const uint32_t *loc, X64Operands *o) {
    *o = (X64Operands){.base = LOC_NONE, .index = LOC_NONE};
    uint32_t k = 0;
    for (const char *s = x64_row_of(i->op)->shape; *s; s++) {
        switch (*s) {
        case 's':
        case 'S': /* the use behind it is the same register */
            o->reg[o->nreg++] = loc[k];
            k += 2;
            s++;
            break;
        case 'c': k++; break;
        case 'm':
        case 'M':
            o->mem = true;
            o->constant = k == i->nopnd;
            if (k < i->nopnd) o->base = loc[k++];
            if (k < i->nopnd) o->index = loc[k++];
            break;
        default: o->reg[o->nreg++] = loc[k++]; break;
        }
    }
}

static const char *check_operand(char c, uint32_t l) {
    bool is_float = c >= 'A' && c <= 'Z';
    if (l == LOC_NONE) return "operand without a location";
    if (loc_is_slot(l)) return c == 'a' || c == 'A' ? NULL : "operand in a slot";
    return (l >= REG_FLOAT) == is_float ? NULL : "operand of the wrong class";
}

static const char *check_mem(const MInsn *i, const uint32_t *loc, uint32_t k) {
    if (i->nopnd > k + 2) return "too many operands";
    if (i->nopnd == k) { /* a constant */
        const X64Row *r = x64_row_of(i->op);
        bool reads = r->format == XFMT_VEX_RM || r->format == XFMT_VEX_RVM || r->format == XFMT_VEX_RVMR ||
                     (r->format == XFMT_RM && i->op != X64_LEA) || i->op == X64_LDMXCSR;
        if (r->flags & XF_I8) reads = false; /* aux is the immediate */
        return reads && (r->rmw ? r->rmw : i->size) >= 4 ? NULL : "operand cannot be a constant";
    }
    for (uint32_t j = k; j < i->nopnd; j++)
        if (loc[j] >= REG_FLOAT) return "address in no integer register";
    if (i->nopnd == k + 2 && loc[k + 1] == X64_RSP) return "rsp as an index";
    if (i->scale > 3) return "bad scale";
    return x64_fits_s32(i->imm) ? NULL : "displacement out of range";
}

static const char *check_imm(const MInsn *i) {
    const X64Row *r = x64_row_of(i->op);
    switch (r->format) {
    case XFMT_ALU_I:
    case XFMT_TEST_I:
    case XFMT_IMUL_I: /* size 4: given as a signed or an unsigned number */
        if (strchr(r->shape, 'm')) return NULL;
        return x64_fits_s32(i->imm) || (i->size == 4 && i->imm == (uint32_t)i->imm) ? NULL : "immediate out of range";
    case XFMT_LEA_D:
    case XFMT_REL32: return x64_fits_s32(i->imm) ? NULL : "distance out of range";
    case XFMT_REL8: return x64_fits_s8(i->imm) ? NULL : "distance out of range";
    case XFMT_SHIFT_I: return i->imm >= 0 && i->imm < 8 * i->size ? NULL : "shift count out of range";
    default: return NULL;
    }
}

const char *x64_check(const MInsn *i, const uint32_t *loc) {
    if (i->op < M_TARGET || i->op >= X64_OP_END) return "no such opcode";
    const X64Row *r = x64_row_of(i->op);
    const char *bad = NULL;
    uint32_t k = 0;
    if (!(r->sizes & i->size) || (i->size & (i->size - 1))) return "size not allowed";
    if (i->cc && (i->cc > 15 || !(r->flags & XF_CC))) return "condition out of place";
    for (const char *s = r->shape; *s && !bad; s++, k++) {
        if (*s == '*') return NULL;
        if (*s == 'm' || *s == 'M') {
            bad = check_mem(i, loc, k);
            k = i->nopnd;
            return bad ? bad : check_imm(i);
        }
        if (k >= i->nopnd) return "too few operands";
        bool is_float = *s >= 'A' && *s <= 'Z';
        bad = check_operand(is_float || *s == 'a' ? *s : 'r', loc[k]);
        if (bad) break;
        if (*s == 'c' && loc[k] != X64_RCX) bad = "shift count not in cl";
        if ((*s == 's' || *s == 'S') && (k + 1 >= i->nopnd || loc[k] != loc[k + 1]))
            bad = "two-address operand not in place";
    }
    if (bad) return bad;
    return k == i->nopnd ? check_imm(i) : "too many operands";
}

/* -- Bytes -------------------------------------------------------------------- */

enum { ROOM = 24 }; /* no instruction is longer, whole words of immediates included */

/* An instruction being encoded: what its format makes of the row and the operands. */
typedef struct Enc {
    const MInsn *i;
    const X64Row *row;
    uint32_t opcode;
    uint32_t size;          /* as MInsn */
    uint32_t reg, rm, vvvv; /* Locs or LOC_NONE; rm may be a slot */
    uint32_t field;         /* of ModRM.reg, when reg is LOC_NONE */
    uint32_t base, index;   /* when rm is LOC_NONE and `mem`; base LOC_NONE: a constant */
    bool mem, modrm;
    uint8_t nimm; /* bytes of the immediate, */
    uint64_t imm;
    uint32_t rel_at; /* position of a rip-relative displacement, or 0 */
} Enc;

static inline uint32_t low3(uint32_t r) { return r & 7; }
/* Register numbers of both classes are multiples of 32 apart. */
static inline uint32_t bit3(uint32_t r) { return r >> 3 & 1; }

static inline uint32_t width(uint8_t given, uint32_t size) { return given ? given : size; }

static inline void put_imm(Enc *e, uint64_t v, uint32_t n) {
    e->imm = v;
    e->nimm = (uint8_t)n;
}

static inline uint8_t *put_mem(uint8_t *p, uint32_t field, uint32_t base, uint32_t index, uint32_t scale,
                               int32_t disp) {
    bool sib = index != LOC_NONE || low3(base) == 4;
    uint32_t mod = disp == 0 && low3(base) != 5 ? 0 : x64_fits_s8(disp) ? 1 : 2;
    *p++ = (uint8_t)(mod << 6 | low3(field) << 3 | (sib ? 4 : low3(base)));
    if (sib) *p++ = (uint8_t)(scale << 6 | (index == LOC_NONE ? 4 : low3(index)) << 3 | low3(base));
    bits_store_u32(p, (uint32_t)disp);
    return p + (mod == 2 ? 4 : mod);
}

static uint8_t *put_modrm(uint8_t *p, Enc *e, const uint8_t *start) {
    uint32_t field = e->reg == LOC_NONE ? e->field : e->reg & 31;
    if (e->rm != LOC_NONE && !loc_is_slot(e->rm)) {
        *p++ = (uint8_t)(3u << 6 | low3(field) << 3 | low3(e->rm));
        return p;
    }
    if (e->rm != LOC_NONE) {
        bool wide = width(e->row->rmw, e->size) == 16;
        return put_mem(p, field, X64_RBP, LOC_NONE, 0, wide ? x64_wide_slot_disp(e->rm) : x64_slot_disp(e->rm));
    }
    if (e->base != LOC_NONE) return put_mem(p, field, e->base, e->index, e->i->scale, (int32_t)e->i->imm);
    *p++ = (uint8_t)(low3(field) << 3 | 5);
    e->rel_at = (uint32_t)(p - start);
    bits_store_u32(p, 0);
    return p + 4;
}

/* REX.X and REX.B */
static inline uint32_t rex_xb(const Enc *e) {
    if (e->rm != LOC_NONE) return loc_is_slot(e->rm) ? 0 : bit3(e->rm);
    if (!e->mem) return 0;
    return (e->base != LOC_NONE ? bit3(e->base) : 0) | (e->index != LOC_NONE ? bit3(e->index) << 1 : 0);
}

static inline bool byte_reg_needs_rex(uint32_t r, uint32_t bytes) {
    return bytes == 1 && r >= X64_RSP && r <= X64_RDI; /* spl bpl sil dil, not ah ch dh bh */
}

static inline uint8_t *put_head(uint8_t *p, const Enc *e) {
    const X64Row *r = e->row;
    uint32_t prefix = r->prefix;
    if (prefix == XP_SS) prefix = e->size == 4 ? XP_F3 : XP_F2;
    if (prefix == XP_PS) prefix = e->size == 4 ? XP_NO : XP_66;
    if (prefix == XP_NO && e->size == 2) prefix = XP_66;
    static const uint8_t bytes[] = {[XP_66] = 0x66, [XP_F3] = 0xf3, [XP_F2] = 0xf2};
    if (prefix) *p++ = bytes[prefix];
    bool w = (r->flags & XF_WX) || ((r->flags & XF_W) && e->size == 8);
    uint32_t rex = (uint32_t)w << 3 | (e->reg != LOC_NONE ? bit3(e->reg & 31) << 2 : 0) | rex_xb(e);
    if (rex || byte_reg_needs_rex(e->reg, width(r->regw, e->size)) || byte_reg_needs_rex(e->rm, width(r->rmw, e->size)))
        *p++ = (uint8_t)(0x40 | rex);
    if (e->opcode > 0xffff) *p++ = (uint8_t)(e->opcode >> 16);
    if (e->opcode > 0xff) *p++ = (uint8_t)(e->opcode >> 8);
    *p++ = (uint8_t)e->opcode;
    return p;
}

static uint8_t *put_vex(uint8_t *p, const Enc *e, bool w) {
    static const uint8_t pp[] = {[XP_NO] = 0, [XP_66] = 1, [XP_F3] = 2, [XP_F2] = 3};
    uint32_t prefix = e->row->prefix, xb = rex_xb(e);
    if (prefix == XP_PS) prefix = e->size == 4 ? XP_NO : XP_66;
    uint32_t map = e->opcode >> 8 == 0x0f ? 1 : e->opcode >> 8 == 0x0f38 ? 2 : 3;
    uint32_t not_r = (e->reg == LOC_NONE ? 1 : bit3(e->reg) ^ 1) << 7;
    uint32_t rest = (e->vvvv == LOC_NONE ? 15 : ~e->vvvv & 15) << 3 | pp[prefix];
    if (map == 1 && !xb && !w) {
        *p++ = 0xc5;
        *p++ = (uint8_t)(not_r | rest);
    } else {
        *p++ = 0xc4;
        *p++ = (uint8_t)(not_r | (~xb & 2) << 5 | (~xb & 1) << 5 | map);
        *p++ = (uint8_t)((uint32_t)w << 7 | rest);
    }
    *p++ = (uint8_t)e->opcode;
    return p;
}

/* A rip-relative constant's fixup; `start` and `end` of the instruction in the buffer. */
static void fix_constant(CodeBuf *cb, const MFn *m, const Enc *e, uint32_t start, uint32_t end) {
    Label l = code_const(cb, &m->data.at[e->i->aux], (uint8_t)width(e->row->rmw, e->size));
    uint32_t at = start + e->rel_at;
    code_fixup(cb, at, l, X64_REL32, -(int32_t)(end - at - 4));
}

/* -- Formats ------------------------------------------------------------------- */

static inline int64_t imm_of(const Enc *e) { return e->row->memory ? (int32_t)e->i->aux : e->i->imm; }

static void alu_imm(Enc *e) {
    int64_t v = imm_of(e);
    if (e->size == 1) v = (int8_t)v;
    if (e->size == 2) v = (int16_t)v;
    if (e->size == 4) v = (int32_t)v;
    bool is_short = x64_fits_s8(v);
    if (e->size == 1) {
        e->opcode = 0x80;
    } else if (!is_short && e->rm == X64_RAX) { /* the accumulator's form has no ModRM */
        e->opcode = (e->row->opcode & 0xff) + 5;
        e->rm = LOC_NONE;
        e->modrm = false;
    } else {
        e->opcode = is_short ? 0x83 : 0x81;
    }
    put_imm(e, (uint64_t)v, is_short ? 1 : e->size == 2 ? 2 : 4);
}

static void test_imm(Enc *e) {
    bool acc = e->rm == X64_RAX;
    e->opcode = acc ? 0xa9 : 0xf7;
    if (e->size == 1) e->opcode--;
    if (acc) {
        e->rm = LOC_NONE;
        e->modrm = false;
    }
    put_imm(e, (uint64_t)imm_of(e), e->size > 4 ? 4 : e->size);
}

static void mov_imm(Enc *e, uint32_t rd) {
    uint64_t v = (uint64_t)e->i->imm;
    e->rm = rd;                             /* REX.B, when there is no ModRM */
    if (e->size == 4 || v == (uint32_t)v) { /* zero-extends */
        e->size = 4;
    } else if (x64_fits_s32((int64_t)v)) {
        e->opcode = 0xc7;
        e->field = 0;
        put_imm(e, v, 4);
        return;
    }
    e->opcode = 0xb8 + low3(rd);
    e->modrm = false;
    put_imm(e, v, e->size);
}

static void vex_operands(Enc *e, const uint32_t *r, const uint32_t *loc) {
    bool mem = e->row->memory;
    e->reg = r[0];
    switch (e->row->format) {
    case XFMT_VEX_RMV:
        e->rm = r[1];
        e->vvvv = r[2];
        break;
    case XFMT_VEX_RVM:
    case XFMT_VEX_RVMR:
        e->vvvv = r[1];
        e->rm = mem ? LOC_NONE : r[2];
        break;
    case XFMT_VEX_VM:
        e->reg = LOC_NONE;
        e->vvvv = r[0];
        e->rm = r[1];
        break;
    default: e->rm = mem ? LOC_NONE : r[1];
    }
    if (e->row->format == XFMT_VEX_RVMR) put_imm(e, (loc[mem ? 2 : 3] & 15) << 4, 1);
    if (e->row->format == XFMT_VEX_RMI) put_imm(e, (uint32_t)e->i->imm & 0xff, 1);
}

/* Fields that the format takes from the operands; r: the registers without the repeated one of two-address forms. */
static inline void take_operands(Enc *e, const uint32_t *r, const uint32_t *loc) {
    const MInsn *i = e->i;
    bool mem = e->row->memory;
    switch (e->row->format) {
    case XFMT_NONE: e->modrm = false; break;
    case XFMT_RM:
        e->reg = r[0];
        if (!mem) e->rm = r[1];
        break;
    case XFMT_MR:
        e->reg = mem ? r[0] : r[1];
        if (!mem) e->rm = r[0];
        break;
    case XFMT_M:
    case XFMT_M_I8:
    case XFMT_SHIFT_C:
        if (!mem) e->rm = r[0];
        break;
    case XFMT_ALU:
        e->opcode += loc_is_slot(r[1]) ? 3 : 1;
        e->reg = r[loc_is_slot(r[1]) ? 0 : 1];
        e->rm = r[loc_is_slot(r[1]) ? 1 : 0];
        break;
    case XFMT_MOV:
        e->opcode = loc_is_slot(r[1]) ? 0x8b : 0x89;
        e->reg = r[loc_is_slot(r[1]) ? 0 : 1];
        e->rm = r[loc_is_slot(r[1]) ? 1 : 0];
        break;
    case XFMT_ALU_I:
        if (!mem) e->rm = r[0];
        alu_imm(e);
        break;
    case XFMT_TEST_I:
        if (!mem) e->rm = r[0];
        test_imm(e);
        break;
    case XFMT_IMUL_I: {
        int64_t v = i->size == 4 ? (int32_t)i->imm : i->imm;
        bool is_short = x64_fits_s8(v);
        e->opcode = is_short ? 0x6b : 0x69;
        e->reg = r[0];
        e->rm = r[1];
        put_imm(e, (uint64_t)v, is_short ? 1 : 4);
        break;
    }
    case XFMT_SHIFT_I:
        e->rm = r[0];
        if (i->imm == 1)
            e->opcode = 0xd1;
        else
            put_imm(e, (uint32_t)i->imm & 0xff, 1);
        break;
    case XFMT_MOV_I: mov_imm(e, r[0]); break;
    case XFMT_MOV_MI: put_imm(e, i->aux, i->size > 4 ? 4 : i->size); break;
    case XFMT_O:
        e->rm = r[0];
        e->opcode += low3(r[0]);
        e->modrm = false;
        break;
    case XFMT_LEA_D: /* ModRM for rip and a displacement */
        e->reg = r[0];
        e->modrm = false;
        put_imm(e, (uint64_t)i->imm << 8 | low3(r[0]) << 3 | 5, 5);
        break;
    case XFMT_REL32:
        e->modrm = false;
        put_imm(e, (uint64_t)i->imm, 4);
        break;
    case XFMT_REL8:
        e->modrm = false;
        put_imm(e, (uint64_t)i->imm, 1);
        break;
    case XFMT_VEX_RMV:
    case XFMT_VEX_RVM:
    case XFMT_VEX_RMI:
    case XFMT_VEX_RM:
    case XFMT_VEX_RVMR:
    case XFMT_VEX_VM: vex_operands(e, r, loc); break;
    default: assert(false && "a pseudo has no encoding");
    }
}

/* The registers among an instruction's operands, and its memory operand. */
static inline void find_operands(Enc *e, const uint32_t *loc, uint32_t r[3]) {
    const X64Row *row = e->row;
    uint32_t n = e->i->nopnd, at = row->two_address ? 2 : 1;
    r[0] = n ? loc[0] : LOC_NONE;
    r[1] = at < n ? loc[at] : LOC_NONE;
    r[2] = at + 1 < n ? loc[at + 1] : LOC_NONE;
    if (!row->memory) return;
    uint32_t k = row->nshape - 1u;
    e->mem = true;
    if (k < n) e->base = loc[k];
    if (k + 1 < n) e->index = loc[k + 1];
}

/* -- The usual case ----------------------------------------------------------- */

/* One byte of opcode, no prefix but REX, operands of 4 or 8 bytes: most of what compiled code consists of. */
static inline uint8_t *put_plain_head(uint8_t *p, uint32_t size, uint32_t opcode, uint32_t rex) {
    rex |= (size & 8) | 0x40;
    *p = (uint8_t)rex;
    p += rex != 0x40;
    *p = (uint8_t)opcode;
    return p + 1;
}

static inline uint8_t *put_plain_regs(uint8_t *p, uint32_t size, uint32_t opcode, uint32_t reg, uint32_t rm) {
    p = put_plain_head(p, size, opcode, bit3(reg) << 2 | bit3(rm));
    *p = (uint8_t)(3u << 6 | low3(reg) << 3 | low3(rm));
    return p + 1;
}

static inline uint8_t *put_plain_mem(uint8_t *p, uint32_t size, uint32_t opcode, uint32_t reg, uint32_t base,
                                     uint32_t index, uint32_t scale, int32_t disp) {
    uint32_t x = index == LOC_NONE ? 0 : bit3(index);
    p = put_plain_head(p, size, opcode, bit3(reg) << 2 | x << 1 | bit3(base));
    return put_mem(p, reg, base, index, scale, disp);
}

static inline void put_end(CodeBuf *cb, const uint8_t *start, const uint8_t *end) {
    cb->code.n += (uint32_t)(end - start);
}

void x64_put_slot(CodeBuf *cb, bool store, uint32_t size, uint32_t reg, int32_t disp) {
    uint8_t *start = code_room(cb, ROOM);
    put_end(cb, start,
            put_plain_mem(start, size, x64_row_of(store ? X64_ST : X64_LD)->opcode, reg, X64_RBP, LOC_NONE, 0, disp));
}

void x64_put_mov(CodeBuf *cb, uint32_t size, uint32_t to, uint32_t from) {
    uint8_t *start = code_room(cb, ROOM);
    put_end(cb, start, put_plain_regs(start, size, x64_row_of(X64_MOV)->opcode + 1, from, to));
}

/* An instruction of a register and an immediate; NULL: not that case. */
static inline uint8_t *put_plain_imm(uint8_t *p, const X64Row *row, const MInsn *i, uint32_t rd) {
    int64_t v = i->imm;
    switch (row->format) {
    case XFMT_ALU_I:
        if (i->size == 4) v = (int32_t)v;
        if (!x64_fits_s8(v) && rd == X64_RAX) return NULL;
        p = put_plain_regs(p, i->size, x64_fits_s8(v) ? 0x83 : 0x81, row->ext, rd);
        bits_store_u32(p, (uint32_t)v);
        return p + (x64_fits_s8(v) ? 1 : 4);
    case XFMT_SHIFT_I:
        p = put_plain_regs(p, i->size, v == 1 ? 0xd1 : 0xc1, row->ext, rd);
        *p = (uint8_t)v;
        return p + (v != 1);
    default: /* MOV_I */
        if (i->size == 8 && v != (uint32_t)v) return NULL;
        p = put_plain_head(p, 4, 0xb8 + low3(rd), bit3(rd));
        bits_store_u32(p, (uint32_t)v);
        return p + 4;
    }
}

/* False: not that case. */
static inline bool encode_plain(CodeBuf *cb, const X64Row *row, const MInsn *i, const uint32_t *loc) {
    if (!row->plain || !(i->size & 12)) return false;
    uint8_t *p = code_room(cb, ROOM);
    const uint8_t *start = p;
    uint32_t size = row->flags & XF_W ? i->size : 4, reg = row->format == XFMT_M ? row->ext : loc[0];
    if (row->memory) {
        uint32_t k = row->nshape - 1u;
        if (k >= i->nopnd || row->format == XFMT_ALU_I) return false; /* a constant, or one with an immediate */
        p = put_plain_mem(p, size, row->opcode, reg, loc[k], k + 1 < i->nopnd ? loc[k + 1] : LOC_NONE, i->scale,
                          (int32_t)i->imm);
    } else if (loc_is_slot(loc[0])) {
        return false;
    } else if (row->format == XFMT_ALU_I || row->format == XFMT_SHIFT_I || row->format == XFMT_MOV_I) {
        p = put_plain_imm(p, row, i, loc[0]);
        if (!p) return false;
    } else if (row->format == XFMT_M) {
        p = put_plain_regs(p, size, row->opcode, reg, loc[0]);
    } else {
        uint32_t second = loc[row->two_address ? 2 : 1];
        if (loc_is_slot(second)) return false;
        if (row->format == XFMT_RM)
            p = put_plain_regs(p, size, row->opcode, reg, second);
        else
            p = put_plain_regs(p, size, row->opcode + (row->format != XFMT_MR), second, reg);
    }
    put_end(cb, start, p);
    return true;
}

void x64_encode(CodeBuf *cb, const MFn *m, const MInsn *i, const uint32_t *loc) {
    assert(!x64_check(i, loc));
    const X64Row *row = x64_row_of(i->op);
    if (encode_plain(cb, row, i, loc)) return;
    Enc e = {.i = i,
             .row = row,
             .opcode = row->opcode,
             .size = i->size,
             .reg = LOC_NONE,
             .rm = LOC_NONE,
             .vvvv = LOC_NONE,
             .field = row->ext,
             .base = LOC_NONE,
             .index = LOC_NONE,
             .modrm = true};
    uint32_t r[3];
    find_operands(&e, loc, r);
    if (row->flags & (XF_CC | XF_B | XF_Z)) {
        if (row->flags & XF_CC) e.opcode += i->cc;
        if ((row->flags & XF_B) && i->size == 1) e.opcode--;
        if ((row->flags & XF_Z) && i->size == 8) e.opcode++;
    }
    take_operands(&e, r, loc);
    if (row->flags & XF_I8) put_imm(&e, (uint32_t)imm_of(&e) & 0xff, 1);
    if (row->flags & XF_EI) put_imm(&e, row->ext, 1);
    uint8_t *start = code_room(cb, ROOM), *p;
    p = row->format >= XFMT_VEX_RMV && row->format <= XFMT_VEX_VM
            ? put_vex(start, &e, (row->flags & XF_W) && i->size == 8)
            : put_head(start, &e);
    if (e.modrm) p = put_modrm(p, &e, start);
    bits_store_u64(p, e.imm);
    p += e.nimm;
    uint32_t from = cb->code.n;
    cb->code.n += (uint32_t)(p - start);
    if (e.rel_at) fix_constant(cb, m, &e, from, cb->code.n);
}

/* -- Hand-made instructions ------------------------------------------------------ */

void x64_put(CodeBuf *cb, uint32_t op, uint32_t size, int64_t imm, uint32_t n, const uint32_t *loc) {
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .imm = imm, .nopnd = (uint8_t)n};
    x64_encode(cb, NULL, &i, loc);
}

void x64_put_cc(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t cc, uint32_t n, const uint32_t *loc) {
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .cc = (uint8_t)cc, .nopnd = (uint8_t)n};
    x64_encode(cb, NULL, &i, loc);
}

void x64_put_mem_imm(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t base, int32_t disp, int32_t imm) {
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .imm = disp, .aux = (uint32_t)imm, .nopnd = 1};
    x64_encode(cb, NULL, &i, &base);
}

void x64_put_const(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t reg, const void *bytes, uint8_t nbytes) {
    uint64_t data[2] = {0, 0};
    memcpy(data, bytes, nbytes);
    MFn m = {.data = {.at = data, .n = 2}};
    bool two_address = *x64_row_of(op)->shape == 'S';
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size, .nopnd = two_address ? 2 : 1};
    x64_encode(cb, &m, &i, (uint32_t[]){reg, reg});
}

uint32_t x64_put_short(CodeBuf *cb, int cc) {
    if (cc < 0)
        x64_put(cb, X64_JMP_D8, 8, 0, 0, NULL);
    else
        x64_put_cc(cb, X64_JCC_D8, 8, (uint32_t)cc, 0, NULL);
    return code_at(cb);
}

void x64_bind_short(CodeBuf *cb, uint32_t at) {
    uint32_t distance = code_at(cb) - at;
    assert(distance <= INT8_MAX);
    cb->code.at[at - 1] = (uint8_t)distance;
}

void x64_put_jump(CodeBuf *cb, int cc, Label to, bool far) {
    uint32_t bound = cb->label.at[to];
    MInsn i = {.size = 8, .cc = cc < 0 ? 0 : (uint8_t)cc};
    if (bound != UINT32_MAX && !far) {
        i.imm = (int64_t)bound - (int64_t)code_at(cb) - 2;
        i.op = cc < 0 ? X64_JMP_D8 : X64_JCC_D8;
        if (x64_fits_s8(i.imm)) {
            x64_encode(cb, NULL, &i, NULL);
            return;
        }
    }
    uint8_t *p = code_room(cb, ROOM);
    const X64Row *row = x64_row_of(cc < 0 ? X64_JMP_D : X64_JCC_D);
    uint32_t escape = row->opcode > 0xff, opcode = row->opcode + i.cc;
    *p = (uint8_t)(opcode >> 8);
    p[escape] = (uint8_t)opcode;
    bits_store_u32(p + escape + 1, 0);
    cb->code.n += escape + 5;
    code_fixup(cb, code_at(cb) - 4, to, X64_REL32, 0);
}

bool x64_patch(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to) {
    assert(kind == X64_REL32);
    (void)kind;
    int64_t distance = (int64_t)to - (int64_t)at - 4;
    if (!x64_fits_s32(distance)) return false;
    bits_store_u32(code + at, (uint32_t)distance);
    return true;
}
