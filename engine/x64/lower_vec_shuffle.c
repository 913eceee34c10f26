/* Lowering for x86-64: shuffles.  A constant shuffle that one instruction can do is that instruction; the others look
 * up each operand by pshufb, which gives 0 for an index with its upper bit set, and "or" the two.
 *
 * Patterns are tried on lane numbers that have been normalized: with both operands the same all are below 16, and
 * operands are exchanged so that a lane of the first comes first. */
#include <assert.h>
#include <string.h>
#include "x64/vec.h"

typedef struct Shuffle {
    uint8_t lane[16];
    Val a, b;
    bool single; /* nothing of b */
} Shuffle;

static void normalize(Shuffle *s) {
    bool any_a = false, any_b = false;
    for (uint32_t k = 0; k < 16; k++) {
        if (s->a == s->b) s->lane[k] &= 15;
        any_a |= s->lane[k] < 16;
        any_b |= s->lane[k] >= 16;
    }
    if (!any_a || (any_b && s->lane[0] >= 16)) {
        Val swap = s->a;
        s->a = s->b;
        s->b = swap;
        for (uint32_t k = 0; k < 16; k++) s->lane[k] ^= 16;
    }
    s->single = !any_a || !any_b;
}

/* The lanes as units of `bytes` bytes: false if some unit is not one. */
static bool as_units(const Shuffle *s, uint32_t bytes, uint8_t *unit) {
    for (uint32_t k = 0; k < 16 / bytes; k++) {
        unit[k] = s->lane[k * bytes] / (uint8_t)bytes;
        for (uint32_t j = 0; j < bytes; j++)
            if (s->lane[k * bytes + j] != unit[k] * bytes + j) return false;
    }
    return true;
}

/* -- One operand -------------------------------------------------------------------- */

static bool is_identity(const Shuffle *s) {
    for (uint32_t k = 0; k < 16; k++)
        if (s->lane[k] != k) return false;
    return true;
}

static uint32_t pack_units(const uint8_t *unit) {
    return (uint32_t)((unit[0] & 3) | (unit[1] & 3) << 2 | (unit[2] & 3) << 4 | (unit[3] & 3) << 6);
}

/* Words of one half in any order, the other half in place. */
static bool half_shuffle(const uint8_t *word, uint32_t *op, uint32_t *imm) {
    bool low = true, high = true, low_stays = true, high_stays = true;
    for (uint32_t k = 0; k < 4; k++) {
        low &= word[k] < 4;
        low_stays &= word[k] == k;
        high &= word[k + 4] >= 4;
        high_stays &= word[k + 4] == k + 4;
    }
    if (!(low && high_stays) && !(high && low_stays)) return false;
    *op = high_stays ? X64_PSHUFLW : X64_PSHUFHW;
    *imm = pack_units(high_stays ? word : word + 4);
    return true;
}

static bool lower_single(Lower *l, Reg d, const Shuffle *s) {
    uint8_t unit[16];
    uint32_t op, imm;
    Reg a = lower_use(l, s->a);
    if (is_identity(s)) {
        x64_hit(l, X64_RULE_vec_shuffle_none);
        x64_move(l, d, a);
    } else if (as_units(s, 4, unit)) {
        x64_hit(l, X64_RULE_vec_shuffle_dwords);
        x64_v1i(l, d, X64_PSHUFD, 16, a, pack_units(unit));
    } else if (as_units(s, 2, unit) && half_shuffle(unit, &op, &imm)) {
        x64_hit(l, X64_RULE_vec_shuffle_words);
        x64_v1i(l, d, op, 16, a, imm);
    } else {
        return false;
    }
    return true;
}

/* -- Two operands --------------------------------------------------------------------- */

/* Rows by unit 1, 2, 4, 8 bytes: interleave the lower or the upper halves. */
static uint32_t interleave(const Shuffle *s) {
    static const uint16_t row[4][2] = {{X64_PUNPCKLBW, X64_PUNPCKHBW},
                                       {X64_PUNPCKLWD, X64_PUNPCKHWD},
                                       {X64_PUNPCKLDQ, X64_PUNPCKHDQ},
                                       {X64_PUNPCKLQDQ, X64_PUNPCKHQDQ}};
    uint8_t unit[16];
    for (uint32_t w = 0; w < 4; w++) {
        uint32_t n = 16u >> w;
        if (!as_units(s, 1u << w, unit)) continue;
        for (uint32_t high = 0; high < 2; high++) {
            bool match = true;
            for (uint32_t k = 0; k < n; k++) match &= unit[k] == (k & 1 ? n : 0) + k / 2 + (high ? n / 2 : 0);
            if (match) return row[w][high];
        }
    }
    return 0;
}

/* 16 bytes in sequence out of both, one behind the other; the distance, or 0 */
static uint32_t sequence(const Shuffle *s) {
    for (uint32_t k = 1; k < 16; k++)
        if (s->lane[k] != s->lane[0] + k) return 0;
    return s->lane[0];
}

/* Each word in place, from one or the other */
static bool blend(const Shuffle *s, uint32_t *mask) {
    uint8_t word[16];
    if (!as_units(s, 2, word)) return false;
    *mask = 0;
    for (uint32_t k = 0; k < 8; k++) {
        if ((word[k] & 7) != k) return false;
        *mask |= (uint32_t)(word[k] >= 8) << k;
    }
    return true;
}

static bool lower_double(Lower *l, Reg d, const Shuffle *s) {
    uint8_t unit[16];
    uint32_t op = interleave(s), distance = sequence(s), mask;
    Reg a = lower_use(l, s->a), b = lower_use(l, s->b);
    if (op) {
        x64_hit(l, X64_RULE_vec_shuffle_interleave);
        x64_v2(l, d, op, a, b);
    } else if (distance) {
        x64_hit(l, X64_RULE_vec_shuffle_sequence);
        x64_v2i(l, d, X64_PALIGNR, b, a, distance); /* the first operand is the upper part */
    } else if (blend(s, &mask)) {
        x64_hit(l, X64_RULE_vec_shuffle_blend);
        x64_v2i(l, d, X64_PBLENDW, a, b, mask);
    } else if (as_units(s, 4, unit) && unit[0] < 4 && unit[1] < 4 && unit[2] >= 4 && unit[3] >= 4) {
        x64_hit(l, X64_RULE_vec_shuffle_halves);
        x64_v2i(l, d, X64_SHUFPS, a, b, pack_units(unit));
    } else {
        return false;
    }
    return true;
}

/* -- All ---------------------------------------------------------------------------------- */

/* The lanes from `first` on, as indices for pshufb; of the others 0. */
static X64Const indices(const Shuffle *s, uint32_t first) {
    uint64_t half[2] = {0, 0};
    for (uint32_t k = 0; k < 16; k++) {
        uint64_t index = s->lane[k] - first < 16 ? s->lane[k] - first : 0x80;
        half[k / 8] |= index << 8 * (k % 8);
    }
    return (X64Const){half[0], half[1]};
}

void x64_lower_shuffle(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Shuffle s = {.a = i->a, .b = i->b};
    for (uint32_t k = 0; k < 16; k++) s.lane[k] = (uint8_t)(l->f->pool.at[i->c + k / 4] >> 8 * (k % 4));
    normalize(&s);
    Reg d = lower_def(l, v);
    if (s.single ? lower_single(l, d, &s) : lower_double(l, d, &s)) return;
    Reg a = lower_use(l, s.a);
    if (s.single) {
        x64_hit(l, X64_RULE_vec_shuffle_bytes);
        x64_v2k(l, d, X64_PSHUFB, a, indices(&s, 0));
        return;
    }
    x64_hit(l, X64_RULE_vec_shuffle_two);
    Reg x = x64_v2k(l, X64_NEW, X64_PSHUFB, a, indices(&s, 0));
    Reg y = x64_v2k(l, X64_NEW, X64_PSHUFB, lower_use(l, s.b), indices(&s, 16));
    x64_v2(l, d, X64_POR, x, y);
}

/* An index of 16 or more gives 0: with 0x70 added it has its upper bit, and stays there by saturation. */
void x64_lower_swizzle(Lower *l, Val v) {
    const Ins *i = lower_ins(l, v);
    Reg d = lower_def(l, v), a = lower_use(l, i->a);
    X64Const k;
    if (x64_is_vconst(l, i->b, &k)) {
        Shuffle s = {.single = true};
        for (uint32_t n = 0; n < 16; n++) s.lane[n] = (uint8_t)((n < 8 ? k.low : k.high) >> 8 * (n % 8));
        x64_hit(l, X64_RULE_vec_swizzle_const);
        x64_v2k(l, d, X64_PSHUFB, a, indices(&s, 0));
        return;
    }
    x64_hit(l, X64_RULE_vec_swizzle);
    Reg index = x64_v2k(l, X64_NEW, X64_PADDUSB, lower_use(l, i->b), x64_k8(0x70));
    x64_v2(l, d, X64_PSHUFB, a, index);
}
