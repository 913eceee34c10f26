/* Lowering of what moves lanes: constants, splat, extract, replace, shuffle.
 *
 * A lane that comes from memory or goes there need not pass through a general register, and most shuffles that
 * programs write are one of the permutations that an instruction has; any other is a table look-up. */
#include <assert.h>
#include <string.h>
#include "a64/lower.h"

/* -- Constants ------------------------------------------------------------------------ */

void a64_vector_const(Lower *l, uint64_t low, uint64_t high, Reg d) {
    uint32_t kind, bits;
    if ((low | high) == 0) {
        lower_emit(l, A64_MOVI0)->size = 8; /* clears all 16 bytes */
    } else if (low == high && a64_vector_imm(low, &kind, &bits)) {
        A64_HIT(l, vmovi);
        MInsn *m = lower_emit(l, A64_VMOVI);
        m->size = (uint8_t)a64_vector_imm_size(kind), m->aux = kind, m->imm = bits;
    } else {
        int64_t at = l->m->data.n;
        vec_push(l->m->arena, &l->m->data, low);
        vec_push(l->m->arena, &l->m->data, high);
        MInsn *m = lower_emit(l, A64_LDCF);
        m->size = 16, m->imm = at;
    }
    LOWER_DEF(l, d);
}

/* -- One lane ------------------------------------------------------------------------- */

/* Bytes of a lane of SPLAT, EXTRACT, REPLACE. */
uint32_t a64_lane_size(const Ins *i) { return 16 / vop_lanes((VOp)i->aux); }

static Reg lane_temp(Lower *l, uint32_t size) { return lower_temp(l, size == 4 ? T_F32 : T_F64); }

/* v is a load of exactly a lane, and may be folded into the instruction being lowered. */
static bool match_load(Lower *l, Val v, Val user, uint32_t size) {
    const Ins *i = lower_ins(l, v);
    return i->op == IR_load && type_class((IrType)i->type) == RC_INT && access_bytes[i->aux] == size &&
           lower_can_sink(l, v, user);
}

/* v is a lane of that size of another vector. */
static const Ins *match_extract(const Lower *l, Val v, uint32_t size) {
    const Ins *i = lower_ins(l, v);
    return a64_sole(l, v, IR_vextract) && a64_lane_size(i) == size ? i : NULL;
}

static void lane_to_all(Lower *l, Reg d, Reg a, uint32_t size, uint32_t lane) {
    a64_imm(l, A64_DUPE, size, d, a, lane);
}

static void lane_to_lane(Lower *l, Reg d, Reg a, uint32_t to, Reg b, uint32_t from, uint32_t size) {
    MInsn *m = a64_tied(l, A64_INSE, size, d, a);
    m->imm = to, m->aux = from;
    LOWER_USE(l, b);
}

static void splat(Lower *l, Val v, const Ins *i, Reg d) {
    uint32_t size = a64_lane_size(i);
    const Ins *x = lower_ins(l, i->a), *lane;
    if (x->op == IR_iconst || x->op == IR_fconst) {
        A64_HIT(l, vsplat_const);
        uint64_t c = ins_imm(x);
        for (uint32_t n = size * 8; n < 64; n *= 2) c = (c & ((UINT64_C(1) << n) - 1)) | c << n;
        a64_vector_const(l, c, c, d);
    } else if (match_load(l, i->a, v, size)) {
        A64_HIT(l, vsplat_load);
        Reg t = lane_temp(l, size);
        a64_load_lane(l, i->a, t);
        lane_to_all(l, d, t, size, 0);
    } else if ((lane = match_extract(l, i->a, size)) != NULL) {
        A64_HIT(l, vsplat_lane);
        lane_to_all(l, d, a64_reg(l, lane->a), size, lane->b);
    } else if (type_class((IrType)x->type) == RC_FLOAT) {
        A64_HIT(l, vsplat);
        lane_to_all(l, d, a64_reg(l, i->a), size, 0);
    } else {
        A64_HIT(l, vsplat);
        a64_ins1(l, A64_DUP, size, d, a64_reg(l, i->a));
    }
}

static void extract(Lower *l, const Ins *i, Reg d) {
    uint32_t size = a64_lane_size(i);
    Reg a = a64_reg(l, i->a);
    A64_HIT(l, vextract);
    bool is_signed = i->aux == VOP_i8x16_extract_lane_s || i->aux == VOP_i16x8_extract_lane_s;
    if (type_class((IrType)i->type) == RC_INT) {
        a64_imm(l, is_signed ? A64_SMOV : A64_UMOV, size, d, a, i->b);
    } else if (i->b == 0) {
        a64_move(l, d, a); /* the scalar is there already */
    } else {
        a64_imm(l, A64_ELT, size, d, a, i->b);
    }
}

static void replace(Lower *l, Val v, const Ins *i, Reg d) {
    uint32_t size = a64_lane_size(i);
    const Ins *lane;
    if (match_load(l, i->b, v, size)) {
        A64_HIT(l, vreplace_load);
        Reg a = a64_reg(l, i->a), t = lane_temp(l, size);
        a64_load_lane(l, i->b, t);
        lane_to_lane(l, d, a, i->c, t, 0, size);
    } else if ((lane = match_extract(l, i->b, size)) != NULL) {
        A64_HIT(l, vreplace_lane);
        Reg a = a64_reg(l, i->a), b = a64_reg(l, lane->a);
        lane_to_lane(l, d, a, i->c, b, lane->b, size);
    } else if (type_class(a64_type(l, i->b)) == RC_FLOAT) {
        A64_HIT(l, vreplace);
        Reg a = a64_reg(l, i->a), b = a64_reg(l, i->b);
        lane_to_lane(l, d, a, i->c, b, 0, size);
    } else {
        A64_HIT(l, vreplace);
        Reg a = a64_reg(l, i->a), b = a64_reg_or_zero(l, i->b);
        a64_tied(l, A64_INS, size, d, a)->imm = i->c;
        LOWER_USE(l, b);
    }
}

/* -- Shuffles ---------------------------------------------------------------------------- */

/* Numbers 0..15 are bytes of x, 16..31 of y; `single`: there is only x, and numbers are modulo 16. */
typedef struct Shuffle {
    uint8_t byte[16];
    Val x, y;
    bool single;
} Shuffle;

static void swap_operands(Shuffle *s) {
    Val x = s->x;
    s->x = s->y, s->y = x;
    for (uint32_t k = 0; k < 16; k++) s->byte[k] ^= 16;
}

/* From y alone, or from one vector given twice, becomes from x alone. */
static Shuffle match_shuffle(const Lower *l, const Ins *i) {
    Shuffle s = {.x = i->a, .y = i->b};
    uint32_t of_y = 0;
    for (uint32_t k = 0; k < 16; k++) {
        s.byte[k] = (uint8_t)(l->f->pool.at[i->c + k / 4] >> k % 4 * 8);
        of_y += s.byte[k] >> 4;
    }
    if (of_y == 16) swap_operands(&s);
    s.single = s.x == s.y || of_y == 0 || of_y == 16;
    for (uint32_t k = 0; k < 16 && s.single; k++) s.byte[k] &= 15;
    return s;
}

/* Is lane k of the result that of `from` in a row of all lanes of x and y? */
static bool is_lane(const Shuffle *s, uint32_t size, uint32_t k, uint32_t from) {
    for (uint32_t b = 0; b < size; b++) {
        if (s->byte[k * size + b] != ((from * size + b) & (s->single ? 15 : 31))) return false;
    }
    return true;
}

static bool is_permutation(const Shuffle *s, uint32_t op, uint32_t size) {
    uint32_t n = 16 / size;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t from, odd = k % 2;
        switch (op) {
        case A64_VZIP1: from = k / 2 + odd * n; break;
        case A64_VZIP2: from = k / 2 + odd * n + n / 2; break;
        case A64_VUZP1: from = 2 * k; break;
        case A64_VUZP2: from = 2 * k + 1; break;
        case A64_VTRN1: from = k - odd + odd * n; break;
        case A64_VTRN2: from = k + 1 - odd + odd * n; break;
        case A64_VREV64: from = k ^ (8 / size - 1); break;
        case A64_VREV32: from = k ^ (4 / size - 1); break;
        case A64_VREV16: from = k ^ (2 / size - 1); break;
        default: from = s->byte[0] / size; /* all alike */
        }
        if (!is_lane(s, size, k, from)) return false;
    }
    return true;
}

/* One instruction for x alone. */
static bool shuffle_single(Lower *l, const Shuffle *s, Reg d) {
    static const struct {
        uint16_t op;
        uint8_t size;
    } rev[] = {{A64_VREV64, 4}, {A64_VREV64, 2}, {A64_VREV64, 1}, {A64_VREV32, 2}, {A64_VREV32, 1}, {A64_VREV16, 1}};
    if (!s->single) return false;
    for (uint32_t size = 8; size; size /= 2) {
        if (!is_permutation(s, A64_DUPE, size)) continue;
        A64_HIT(l, vshuffle_dup);
        lane_to_all(l, d, a64_reg(l, s->x), size, s->byte[0] / size);
        return true;
    }
    for (uint32_t k = 0; k < sizeof rev / sizeof *rev; k++) {
        if (!is_permutation(s, rev[k].op, rev[k].size)) continue;
        A64_HIT(l, vshuffle_rev);
        a64_ins1(l, rev[k].op, rev[k].size, d, a64_reg(l, s->x));
        return true;
    }
    return false;
}

/* 16 bytes in a row of x and y behind each other. */
static bool shuffle_extract(Lower *l, const Shuffle *s, Reg d) {
    uint32_t first = s->byte[0];
    for (uint32_t k = 0; k < 16; k++) {
        if (s->byte[k] != ((first + k) & (s->single ? 15 : 31))) return false;
    }
    if (first % 16 == 0) {
        A64_HIT(l, vshuffle_move);
        a64_move(l, d, a64_reg(l, first ? s->y : s->x));
        return true;
    }
    A64_HIT(l, vshuffle_ext);
    Reg x = a64_reg(l, s->x), y = s->single ? x : a64_reg(l, s->y);
    a64_ins2(l, A64_EXT, 1, d, first < 16 ? x : y, first < 16 ? y : x)->imm = first % 16;
    return true;
}

static bool shuffle_pairs(Lower *l, const Shuffle *s, Reg d) {
    static const uint16_t op[] = {A64_VZIP1, A64_VZIP2, A64_VUZP1, A64_VUZP2, A64_VTRN1, A64_VTRN2};
    for (uint32_t size = 8; size; size /= 2)
        for (uint32_t k = 0; k < 6; k++) {
            if (!is_permutation(s, op[k], size)) continue;
            A64_HIT(l, vshuffle_pairs);
            Reg x = a64_reg(l, s->x), y = s->single ? x : a64_reg(l, s->y);
            a64_ins2(l, op[k], size, d, x, y);
            return true;
        }
    return false;
}

/* All lanes of x stay but one. */
static bool shuffle_insert(Lower *l, const Shuffle *s, Reg d) {
    for (uint32_t size = 8; size; size /= 2) {
        uint32_t n = 16 / size, other = n, moved = 0;
        for (uint32_t k = 0; k < n; k++) {
            if (!is_lane(s, size, k, k)) other = k, moved++;
        }
        if (moved != 1) continue;
        uint32_t from = s->byte[other * size] / size;
        if (!is_lane(s, size, other, from)) continue;
        A64_HIT(l, vshuffle_insert);
        Reg x = a64_reg(l, s->x), y = from < n ? x : a64_reg(l, s->y);
        lane_to_lane(l, d, x, other, y, from % n, size);
        return true;
    }
    return false;
}

static void shuffle_table(Lower *l, const Shuffle *s, Reg d) {
    uint64_t index[2];
    memcpy(index, s->byte, sizeof index); /* compiled code and compiler are little-endian */
    Reg x = a64_reg(l, s->x), y = s->single ? x : a64_reg(l, s->y), table = lower_temp(l, T_V128);
    a64_vector_const(l, index[0], index[1], table);
    if (s->single) {
        A64_HIT(l, vshuffle_table);
        a64_ins2(l, A64_TBL, 1, d, x, table);
    } else {
        A64_HIT(l, vshuffle_table2);
        a64_ins3(l, A64_SHUFFLE, 16, d, x, y, table);
    }
}

static void shuffle(Lower *l, const Ins *i, Reg d) {
    Shuffle s = match_shuffle(l, i);
    if (shuffle_extract(l, &s, d) || shuffle_single(l, &s, d)) return;
    for (uint32_t k = 0; k < 2; k++) {
        if (shuffle_pairs(l, &s, d) || shuffle_insert(l, &s, d)) return;
        if (!s.single) swap_operands(&s);
    }
    shuffle_table(l, &s, d);
}

void a64_lower_lane(Lower *l, Val v, Reg d) {
    const Ins *i = lower_ins(l, v);
    switch ((IrOp)i->op) {
    case IR_vconst: {
        const uint32_t *w = l->f->pool.at + i->a;
        A64_HIT(l, vconst);
        a64_vector_const(l, (uint64_t)w[1] << 32 | w[0], (uint64_t)w[3] << 32 | w[2], d);
        break;
    }
    case IR_vsplat: splat(l, v, i, d); break;
    case IR_vextract: extract(l, i, d); break;
    case IR_vreplace: replace(l, v, i, d); break;
    case IR_vshuffle: shuffle(l, i, d); break;
    default: assert(false && "moves no lanes");
    }
}
