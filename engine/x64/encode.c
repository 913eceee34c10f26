/* Encoding of x86-64 instructions (Intel SDM volume 2, chapter 2), driven by the rows of insn.def.
 *
 * An instruction is gathered in a small buffer: prefixes, opcode, ModRM, SIB, displacement, immediate; then appended.
 * Where several encodings exist we take the one assemblers take: the shortest, and for two registers the form whose
 * ModRM.r/m is the destination (moves and ALU operations). */
#include "x64/insn.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"

#define X(id, text, format, prefix, opcode, ext, shape, sizes, regw, rmw, flags) \
    {text, shape, opcode, XFMT_##format, XP_##prefix, ext, sizes, regw, rmw, flags},
const X64Row x64_row[X64_NINSN] = {
#include "x64/insn.def"
};
#undef X

bool x64_fits_s8(int64_t v) { return v == (int8_t)v; }
bool x64_fits_s32(int64_t v) { return v == (int32_t)v; }

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

typedef struct Bytes {
    uint8_t at[24];
    uint32_t n;
} Bytes;

static void byte(Bytes *b, uint32_t v) { b->at[b->n++] = (uint8_t)v; }
static void bytes_le(Bytes *b, uint64_t v, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) byte(b, (uint32_t)(v >> 8 * k) & 0xff);
}

static void append(CodeBuf *cb, const Bytes *b) {
    if (cb->code.n > INT32_MAX - sizeof b->at) bail(cb->arena->bail, BAIL_TOO_LARGE, "code larger than 2 GiB");
    vec_reserve(cb->arena, &cb->code, cb->code.n + b->n);
    memcpy(cb->code.at + cb->code.n, b->at, b->n);
    cb->code.n += b->n;
}

/* An instruction being encoded. */
typedef struct Enc {
    Bytes b;
    CodeBuf *cb;
    const MFn *m;
    const MInsn *i;
    const X64Row *row;
    uint32_t opcode, ext;   /* ext: of the reg field, when there is no register in it */
    uint32_t reg, rm, vvvv; /* Locs or LOC_NONE; rm may be a slot */
    const X64Operands *o;   /* when rm is LOC_NONE and o->mem: memory */
    uint32_t rel_at;        /* position of a rip-relative displacement */
    bool rel;
} Enc;

static uint32_t low3(uint32_t r) { return r & 7; }
static uint32_t bit3(uint32_t r) { return r >> 3 & 1; } /* register numbers of both classes are multiples of 32 apart */

static uint32_t reg_field(const Enc *e) { return e->reg == LOC_NONE ? e->ext : e->reg & 31; }
static bool rm_is_reg(const Enc *e) { return e->rm != LOC_NONE && !loc_is_slot(e->rm); }

static void put_mem(Enc *e, uint32_t field, uint32_t base, uint32_t index, uint32_t scale, int32_t disp) {
    bool sib = index != LOC_NONE || low3(base) == 4;
    uint32_t mod = disp == 0 && low3(base) != 5 ? 0 : x64_fits_s8(disp) ? 1 : 2;
    byte(&e->b, mod << 6 | low3(field) << 3 | (sib ? 4 : low3(base)));
    if (sib) byte(&e->b, scale << 6 | (index == LOC_NONE ? 4 : low3(index)) << 3 | low3(base));
    if (mod == 1) byte(&e->b, (uint8_t)disp);
    if (mod == 2) bytes_le(&e->b, (uint32_t)disp, 4);
}

static uint32_t width(uint8_t given, const MInsn *i) { return given ? given : i->size; }

static void put_modrm(Enc *e) {
    uint32_t field = reg_field(e);
    if (rm_is_reg(e)) {
        byte(&e->b, 3u << 6 | low3(field) << 3 | low3(e->rm));
    } else if (e->rm != LOC_NONE) {
        bool wide = width(e->row->rmw, e->i) == 16;
        put_mem(e, field, X64_RBP, LOC_NONE, 0, wide ? x64_wide_slot_disp(e->rm) : x64_slot_disp(e->rm));
    } else if (e->o->constant) {
        byte(&e->b, low3(field) << 3 | 5);
        e->rel = true;
        e->rel_at = e->b.n;
        bytes_le(&e->b, 0, 4);
    } else {
        put_mem(e, field, e->o->base, e->o->index, e->i->scale, (int32_t)e->i->imm);
    }
}

/* REX.X and REX.B */
static uint32_t rex_xb(const Enc *e) {
    if (rm_is_reg(e)) return bit3(e->rm);
    if (e->rm != LOC_NONE || !e->o || !e->o->mem) return 0;
    return (e->o->base != LOC_NONE ? bit3(e->o->base) : 0) | (e->o->index != LOC_NONE ? bit3(e->o->index) << 1 : 0);
}

static bool byte_reg_needs_rex(uint32_t r, uint32_t width) {
    return width == 1 && r != LOC_NONE && r >= X64_RSP && r <= X64_RDI; /* spl bpl sil dil, not ah ch dh bh */
}

static void put_head(Enc *e) {
    const X64Row *r = e->row;
    const MInsn *i = e->i;
    uint32_t prefix = r->prefix;
    if (prefix == XP_SS) prefix = i->size == 4 ? XP_F3 : XP_F2;
    if (prefix == XP_PS) prefix = i->size == 4 ? XP_NO : XP_66;
    if (prefix == XP_NO && i->size == 2) prefix = XP_66;
    static const uint8_t bytes[] = {[XP_66] = 0x66, [XP_F3] = 0xf3, [XP_F2] = 0xf2};
    if (prefix) byte(&e->b, bytes[prefix]);
    bool w = (r->flags & XF_WX) || ((r->flags & XF_W) && i->size == 8);
    uint32_t rex = (uint32_t)w << 3 | (e->reg != LOC_NONE ? bit3(e->reg & 31) << 2 : 0) | rex_xb(e);
    bool force =
        byte_reg_needs_rex(e->reg, width(r->regw, i)) || (rm_is_reg(e) && byte_reg_needs_rex(e->rm, width(r->rmw, i)));
    if (rex || force) byte(&e->b, 0x40 | rex);
    if (e->opcode > 0xffff) byte(&e->b, e->opcode >> 16);
    if (e->opcode > 0xff) byte(&e->b, e->opcode >> 8 & 0xff);
    byte(&e->b, e->opcode & 0xff);
}

static void put_vex(Enc *e, bool w) {
    static const uint8_t pp[] = {[XP_NO] = 0, [XP_66] = 1, [XP_F3] = 2, [XP_F2] = 3};
    uint32_t prefix = e->row->prefix, xb = rex_xb(e);
    if (prefix == XP_PS) prefix = e->i->size == 4 ? XP_NO : XP_66;
    uint32_t map = e->opcode >> 8 == 0x0f ? 1 : e->opcode >> 8 == 0x0f38 ? 2 : 3;
    uint32_t not_r = (e->reg == LOC_NONE ? 1 : bit3(e->reg) ^ 1) << 7;
    uint32_t rest = (e->vvvv == LOC_NONE ? 15 : ~e->vvvv & 15) << 3 | pp[prefix];
    if (map == 1 && !xb && !w) {
        byte(&e->b, 0xc5);
        byte(&e->b, not_r | rest);
    } else {
        byte(&e->b, 0xc4);
        byte(&e->b, not_r | (~xb & 2) << 5 | (~xb & 1) << 5 | map);
        byte(&e->b, (uint32_t)w << 7 | rest);
    }
    byte(&e->b, e->opcode & 0xff);
    put_modrm(e);
}

static void finish(Enc *e) {
    uint32_t start = code_at(e->cb);
    append(e->cb, &e->b);
    if (!e->rel) return;
    const MInsn *i = e->i;
    uint32_t size = width(e->row->rmw, i);
    Label l = code_const(e->cb, &e->m->data.at[i->aux], (uint8_t)size);
    code_fixup(e->cb, start + e->rel_at, l, X64_REL32, -(int32_t)(e->b.n - e->rel_at - 4));
}

/* -- Formats ------------------------------------------------------------------- */

static int64_t imm_of(const Enc *e) { return e->o->mem ? (int32_t)e->i->aux : e->i->imm; }

static void put_alu_imm(Enc *e) {
    uint32_t size = e->i->size;
    int64_t v = imm_of(e);
    if (size == 1) v = (int8_t)v;
    if (size == 2) v = (int16_t)v;
    if (size == 4) v = (int32_t)v;
    bool is_short = x64_fits_s8(v);
    if (size == 1) {
        e->opcode = 0x80;
    } else if (!is_short && e->rm == X64_RAX) { /* the accumulator's form has no ModRM */
        e->opcode = (e->opcode & 0xff) + 5;
        e->rm = LOC_NONE;
        put_head(e);
        bytes_le(&e->b, (uint64_t)v, size == 2 ? 2 : 4);
        return;
    } else {
        e->opcode = is_short ? 0x83 : 0x81;
    }
    put_head(e);
    put_modrm(e);
    bytes_le(&e->b, (uint64_t)v, is_short ? 1 : size == 2 ? 2 : 4);
}

static void put_test_imm(Enc *e) {
    uint32_t size = e->i->size, n = size > 4 ? 4 : size;
    bool acc = e->rm == X64_RAX;
    e->opcode = acc ? 0xa9 : 0xf7;
    if (size == 1) e->opcode--;
    if (acc) e->rm = LOC_NONE;
    put_head(e);
    if (!acc) put_modrm(e);
    bytes_le(&e->b, (uint64_t)imm_of(e), n);
}

static void put_mov_imm(Enc *e, uint32_t rd) {
    uint64_t v = (uint64_t)e->i->imm;
    MInsn i = *e->i;
    if (i.size == 4 || v == (uint32_t)v) { /* zero-extends */
        i.size = 4;
    } else if (x64_fits_s32((int64_t)v)) {
        e->i = &i;
        e->opcode = 0xc7;
        e->ext = 0;
        e->rm = rd;
        put_head(e);
        put_modrm(e);
        bytes_le(&e->b, v, 4);
        return;
    }
    e->i = &i;
    e->rm = rd; /* for REX.B */
    e->opcode = 0xb8 + low3(rd);
    put_head(e);
    bytes_le(&e->b, v, i.size);
}

static void put_mr(Enc *e, uint32_t opcode, uint32_t rm, uint32_t reg) {
    e->opcode = opcode;
    e->rm = rm;
    e->reg = reg;
    put_head(e);
    put_modrm(e);
}

static void put_shift_imm(Enc *e) {
    bool one = e->i->imm == 1;
    if (one) e->opcode = 0xd1;
    put_head(e);
    put_modrm(e);
    if (!one) byte(&e->b, (uint32_t)e->i->imm & 0xff);
}

static void put_vex_formatted(Enc *e) {
    const MInsn *i = e->i;
    const uint32_t *r = e->o->reg;
    bool mem = e->o->mem, w = (e->row->flags & XF_W) && i->size == 8;
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
    put_vex(e, w);
    if (e->row->format == XFMT_VEX_RVMR) byte(&e->b, (r[mem ? 2 : 3] & 15) << 4);
    if (e->row->format == XFMT_VEX_RMI) byte(&e->b, (uint32_t)i->imm & 0xff);
}

/* The immediate byte behind everything else. */
static void put_imm8(Enc *e) {
    if (e->row->flags & XF_I8) byte(&e->b, (uint32_t)imm_of(e) & 0xff);
    if (e->row->flags & XF_EI) byte(&e->b, e->row->ext);
}

static void put_formatted(Enc *e) {
    const MInsn *i = e->i;
    const uint32_t *r = e->o->reg;
    bool mem = e->o->mem;
    switch (e->row->format) {
    case XFMT_NONE: put_head(e); break;
    case XFMT_RM: put_mr(e, e->opcode, mem ? LOC_NONE : r[1], r[0]); break;
    case XFMT_MR: put_mr(e, e->opcode, mem ? LOC_NONE : r[0], mem ? r[0] : r[1]); break;
    case XFMT_M:
    case XFMT_M_I8:
    case XFMT_SHIFT_C:
        e->rm = mem ? LOC_NONE : r[0];
        put_head(e);
        put_modrm(e);
        break;
    case XFMT_ALU:
        if (loc_is_slot(r[1]))
            put_mr(e, e->opcode + 3, r[1], r[0]);
        else
            put_mr(e, e->opcode + 1, r[0], r[1]);
        break;
    case XFMT_MOV:
        if (loc_is_slot(r[1]))
            put_mr(e, 0x8b, r[1], r[0]);
        else
            put_mr(e, 0x89, r[0], r[1]);
        break;
    case XFMT_ALU_I:
        e->rm = mem ? LOC_NONE : r[0];
        put_alu_imm(e);
        break;
    case XFMT_TEST_I:
        e->rm = mem ? LOC_NONE : r[0];
        put_test_imm(e);
        break;
    case XFMT_IMUL_I: {
        int64_t v = i->size == 4 ? (int32_t)i->imm : i->imm;
        bool is_short = x64_fits_s8(v);
        put_mr(e, is_short ? 0x6b : 0x69, r[1], r[0]);
        bytes_le(&e->b, (uint64_t)v, is_short ? 1 : 4);
        break;
    }
    case XFMT_SHIFT_I:
        e->rm = r[0];
        put_shift_imm(e);
        break;
    case XFMT_MOV_I: put_mov_imm(e, r[0]); break;
    case XFMT_MOV_MI:
        e->rm = LOC_NONE;
        put_head(e);
        put_modrm(e);
        bytes_le(&e->b, i->aux, i->size > 4 ? 4 : i->size);
        break;
    case XFMT_O:
        e->rm = r[0];
        e->opcode += low3(r[0]);
        put_head(e);
        break;
    case XFMT_VEX_RMV:
    case XFMT_VEX_RVM:
    case XFMT_VEX_RMI:
    case XFMT_VEX_RM:
    case XFMT_VEX_RVMR:
    case XFMT_VEX_VM: put_vex_formatted(e); break;
    case XFMT_LEA_D:
        e->reg = r[0];
        put_head(e);
        byte(&e->b, low3(r[0]) << 3 | 5);
        bytes_le(&e->b, (uint64_t)i->imm, 4);
        break;
    case XFMT_REL32:
        put_head(e);
        bytes_le(&e->b, (uint64_t)i->imm, 4);
        break;
    case XFMT_REL8:
        put_head(e);
        byte(&e->b, (uint32_t)i->imm & 0xff);
        break;
    default: assert(false && "a pseudo has no encoding");
    }
}

void x64_encode(CodeBuf *cb, const MFn *m, const MInsn *i, const uint32_t *loc) {
    assert(!x64_check(i, loc));
    X64Operands o;
    x64_operands(i, loc, &o);
    const X64Row *row = x64_row_of(i->op);
    Enc e = {.cb = cb, .m = m, .i = i, .row = row, .opcode = row->opcode, .ext = row->ext, .o = &o};
    e.reg = e.rm = e.vvvv = LOC_NONE;
    if (row->flags & XF_CC) e.opcode += i->cc;
    if ((row->flags & XF_B) && i->size == 1) e.opcode--;
    if ((row->flags & XF_Z) && i->size == 8) e.opcode++;
    put_formatted(&e);
    e.i = i;
    put_imm8(&e);
    finish(&e);
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
        i.imm = 0;
    }
    i.op = cc < 0 ? X64_JMP_D : X64_JCC_D;
    x64_encode(cb, NULL, &i, NULL);
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
