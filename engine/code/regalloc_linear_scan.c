/* The scan: pieces of intervals in order of their start; each gets a register, a register up to some split
 * position, the register of something that is used later, or its slot until its next use.
 *
 * Each register has the list of all ranges assigned to it, so a conflict is looked up at any position, and a piece may
 * be evicted and placed again at any time; the order is a heuristic, not an invariant.
 *
 * Splits for spilling move up and splits for reloading move out of loops: to the start of the outermost loop that
 * does not also hold the other end of the stretch.  A value that is used again in the next round of a loop counts as
 * used at the loop's end.
 *
 * It cannot fail when the constraints of each instruction fit the registers: anything that does not need a register at
 * the current instruction can be evicted; among those that do, what needs it in both halves evicts what is tied, and
 * that what needs it in one half only, since the registers the former may have are a subset of those the latter may
 * have (see Tight). */
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "code/regalloc_linear.h"

typedef struct Queued {
    uint32_t start, ival;
} Queued;

typedef struct Scan {
    Linear *l;
    VEC(Node) node;
    uint32_t taken_to[64];   /* by register: no range assigned to it ends behind that */
    uint32_t cursor[64];     /* by register: a node near the last position looked at, or NIL: empty list */
    uint32_t fixed_near[64]; /* by register: likewise, in its fixed ranges */
    uint32_t *clobber_near;  /* by clobber set: likewise, in its instructions */
    VEC(Queued) heap;        /* pieces to be placed again */
    /* Of the piece being placed: */
    bool clobbered_known; /* clobbered and clobber_at are */
    RegSet clobbered;
    uint32_t *clobber_at; /* by clobber set: the first conflict, when some register is clobbered */
    uint32_t *clobbers;   /* the clobber sets that occur */
    uint32_t nclobbers;
} Scan;

/* -- The queue ------------------------------------------------------------------------- */

static bool before(Queued a, Queued b) { return a.start != b.start ? a.start < b.start : a.ival < b.ival; }

static void enqueue(Scan *s, uint32_t iv) {
    Queued q = {s->l->ival.at[iv].start, iv};
    vec_push(s->l->arena, &s->heap, q);
    uint32_t k = s->heap.n - 1;
    for (; k && before(q, s->heap.at[(k - 1) / 2]); k = (k - 1) / 2) s->heap.at[k] = s->heap.at[(k - 1) / 2];
    s->heap.at[k] = q;
}

static uint32_t dequeue(Scan *s) {
    uint32_t result = s->heap.at[0].ival, k = 0;
    Queued q = s->heap.at[--s->heap.n];
    for (;;) {
        uint32_t c = 2 * k + 1;
        if (c + 1 < s->heap.n && before(s->heap.at[c + 1], s->heap.at[c])) c++;
        if (c >= s->heap.n || !before(s->heap.at[c], q)) break;
        s->heap.at[k] = s->heap.at[c];
        k = c;
    }
    if (s->heap.n) s->heap.at[k] = q;
    return result;
}

/* -- Ranges and uses of a piece ---------------------------------------------------------- */

static inline Ival *ival_at(Scan *s, uint32_t iv) { return &s->l->ival.at[iv]; }

static inline Range clipped(const Linear *l, const Ival *iv, uint32_t r) {
    Range x = l->range.at[r];
    if (x.from < iv->start) x.from = iv->start;
    if (x.to > iv->end) x.to = iv->end;
    return x;
}

/* First use of the piece at or behind pos. */
static inline uint32_t use_from(const Linear *l, const Ival *iv, uint32_t pos) {
    uint32_t lo = iv->u0, hi = iv->u1, step = 1;
    if (lo == hi || l->use[lo].pos >= pos) return lo; /* as most: at its start */
    while (lo + step < hi && l->use[lo + step].pos < pos) lo += step, step *= 2;
    if (lo + step < hi) hi = lo + step + 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (l->use[mid].pos < pos)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* First use of the piece that needs a register; iv->u1 when there is none. */
static uint32_t first_need(const Linear *l, const Ival *iv) {
    uint32_t u = iv->u0;
    while (u < iv->u1 && l->use[u].kind < U_USE) u++;
    return u;
}

/* What a piece needs at an instruction. */
typedef struct Tight {
    uint32_t tight; /* how constrained it is: 0 when it needs no register there, 1 in one half, 2 tied, 3 in both */
    uint32_t end;   /* where its uses from AT_USE on end; 0 when it has none */
} Tight;

static Tight tight_at(const Linear *l, const Ival *iv, uint32_t insn) {
    Tight t = {0, 0};
    bool late = false;
    for (uint32_t u = use_from(l, iv, POS(insn, 0)); u < iv->u1 && l->use[u].pos < POS(insn, AT_NEXT); u++) {
        uint32_t kind = l->use[u].kind, k = kind >= U_LATE ? 3 : kind == U_TIED ? 2 : kind >= U_USE ? 1 : 0;
        if (k > t.tight) t.tight = k;
        late |= kind == U_ANY_LATE; /* alone, it takes a slot; else it shares the register */
        if (kind >= U_ANY && l->use[u].pos >= POS(insn, AT_FIXED) && use_end(&l->use[u]) > t.end)
            t.end = use_end(&l->use[u]);
    }
    if (t.tight && late) t.tight = 3;
    return t;
}

/* -- Positions to split at ------------------------------------------------------------------ */

static bool is_block_pos(const Linear *l, uint32_t pos) { return !(pos & 7) && is_block_start(l, pos >> POS_BITS); }
/* Can a move connect pieces that meet here?  Else the second one lives in its slot. */
static bool is_move_pos(const Linear *l, uint32_t pos) { return (pos & 7) == AT_SPLIT || is_block_pos(l, pos); }

/* The last position at or in front of q where the piece can be split; iv->start when there is none. */
static uint32_t split_pos(const Linear *l, const Ival *iv, uint32_t q) {
    if (is_block_pos(l, q)) return q > iv->start ? q : iv->start;
    uint32_t insn = (q - 1) >> POS_BITS, at = POS(insn, AT_SPLIT);
    if (q - POS(insn, 0) > AT_USE) {
        uint32_t end = tight_at(l, iv, insn).end;
        if (end && end <= q) at = end;
    }
    return at > iv->start ? at : iv->start;
}

/* The start of the outermost loop that holds the position behind and not the one in front; NIL. */
static uint32_t loop_between(const Linear *l, uint32_t front, uint32_t behind) {
    uint32_t block = l->block_of[front >> POS_BITS], found = NIL;
    for (uint32_t k = l->loop_of[l->block_of[behind >> POS_BITS]]; k != NIL && l->loop[k].first > block;
         k = l->loop[k].parent)
        found = k;
    return found == NIL ? NIL : POS(l->m->block.at[l->loop[found].first].first, 0);
}

/* A piece leaves its register at `at`: move that up, out of loops that do not hold its last use before. */
static uint32_t hoist_spill(const Linear *l, const Ival *iv, uint32_t at) {
    uint32_t lo = iv->start, u = use_from(l, iv, at);
    if (!is_move_pos(l, at)) return at;
    if (u > iv->u0) {
        uint32_t end = use_end(&l->use[u - 1]);
        if (end > lo + 1) lo = end - 1;
    }
    if (lo >= at) return at;
    uint32_t up = loop_between(l, lo, at);
    return up != NIL && up > iv->start ? up : at;
}

/* -- Conflicts ----------------------------------------------------------------------------------- */

/* First position where the piece meets one of the blocked ranges.  Pieces come nearly in order, so *near is. */
static uint32_t meet_fixed(const Linear *l, const Ival *iv, const Range *b, uint32_t n, uint32_t *near) {
    uint32_t lo = *near;
    while (lo && b[lo - 1].to > iv->start) lo--;
    while (lo < n && b[lo].to <= iv->start) lo++;
    *near = lo;
    for (uint32_t r = iv->r0; lo < n && b[lo].from < iv->end;) {
        r = range_behind(l->range.at, r, iv->r1, b[lo].from);
        if (r == iv->r1) break;
        Range x = clipped(l, iv, r);
        if (b[lo].to <= x.from)
            lo = range_behind(b, lo, n, x.from);
        else
            return x.from > b[lo].from ? x.from : b[lo].from;
    }
    return POS_MAX;
}

static uint32_t meet_clobber(const Linear *l, const Ival *iv, const uint32_t *at, uint32_t n, uint32_t *near) {
    uint32_t r = iv->r0, lo = *near;
    while (lo && POS(at[lo - 1], AT_CLOBBER) >= iv->start) lo--;
    while (lo < n && POS(at[lo], AT_CLOBBER) < iv->start) lo++;
    *near = lo;
    for (;;) {
        uint32_t from = clipped(l, iv, r).from, hi = lo < n && POS(at[lo], AT_CLOBBER) >= from ? lo : n;
        while (lo < hi) { /* the first that is clobbered at or behind `from` */
            uint32_t mid = (lo + hi) / 2;
            if (POS(at[mid], AT_CLOBBER) < from)
                lo = mid + 1;
            else
                hi = mid;
        }
        if (lo == n || POS(at[lo], AT_CLOBBER) >= iv->end) return POS_MAX;
        r = range_behind(l->range.at, r, iv->r1, POS(at[lo], AT_CLOBBER));
        if (r == iv->r1) return POS_MAX;
        if (clipped(l, iv, r).from <= POS(at[lo], AT_CLOBBER)) return POS(at[lo], AT_CLOBBER);
    }
}

static RegSet find_clobbered(Scan *s, const Ival *iv) {
    Linear *l = s->l;
    RegSet clobbered = 0;
    for (uint32_t k = 0; k < s->nclobbers; k++) {
        uint32_t c = s->clobbers[k];
        s->clobber_at[c] = meet_clobber(l, iv, l->clobber[c].at, l->clobber[c].n, &s->clobber_near[c]);
        if (s->clobber_at[c] < iv->end) clobbered |= l->t->clobber[c];
    }
    return clobbered;
}

/* The registers that are clobbered somewhere in the piece being placed. */
static inline RegSet clobbered_in(Scan *s, const Ival *iv) {
    if (!s->clobbered_known) {
        bool none = s->l->next_clobber[iv->start >> POS_BITS] >= iv->end; /* as for most: they are short */
        s->clobbered = none ? 0 : find_clobbered(s, iv);
        s->clobbered_known = true;
    }
    return s->clobbered;
}

static inline uint32_t fixed_conflict(Scan *s, const Ival *iv, uint32_t reg) {
    Linear *l = s->l;
    uint32_t at = POS_MAX;
    if (l->fixed[reg].n && l->next_fixed[iv->start >> POS_BITS] < iv->end)
        at = meet_fixed(l, iv, l->fixed[reg].at, l->fixed[reg].n, &s->fixed_near[reg]);
    if (!(clobbered_in(s, iv) & REG_BIT(reg))) return at;
    for (uint32_t k = 0; k < s->nclobbers; k++) {
        uint32_t c = s->clobbers[k];
        if (l->t->clobber[c] & REG_BIT(reg) && s->clobber_at[c] < at) at = s->clobber_at[c];
    }
    return at;
}

/* First node of the register that ends behind pos, or NIL. */
static inline uint32_t node_behind(Scan *s, uint32_t reg, uint32_t pos) {
    uint32_t k = s->cursor[reg];
    if (k == NIL) return NIL;
    const Node *node = s->node.at;
    while (node[k].prev != NIL && node[node[k].prev].to > pos) k = node[k].prev;
    while (node[k].to <= pos && node[k].next != NIL) k = node[k].next;
    s->cursor[reg] = k;
    return node[k].to > pos ? k : NIL;
}

/* The first node at or behind k that the piece meets; *r walks its ranges. */
static uint32_t meet_node(Scan *s, const Ival *iv, uint32_t k, uint32_t *r, uint32_t *at) {
    const Linear *l = s->l;
    while (k != NIL) {
        const Node *n = &s->node.at[k];
        if (n->from >= iv->end) return NIL;
        if (l->range.at[*r].to <= n->from) *r = range_behind(l->range.at, *r, iv->r1, n->from);
        if (*r == iv->r1) return NIL;
        Range x = clipped(l, iv, *r);
        if (n->to > x.from) {
            *at = x.from > n->from ? x.from : n->from;
            return k;
        }
        k = n->next;
    }
    return NIL;
}

static inline uint32_t node_conflict(Scan *s, const Ival *iv, uint32_t reg) {
    if (s->taken_to[reg] <= iv->start) return POS_MAX;
    uint32_t r = iv->r0, at = POS_MAX, k = node_behind(s, reg, iv->start);
    if (k == NIL || s->node.at[k].from >= iv->end) return POS_MAX;
    if (r + 1 == iv->r1) return s->node.at[k].from > iv->start ? s->node.at[k].from : iv->start;
    meet_node(s, iv, k, &r, &at);
    return at;
}

/* -- Assigning and taking away --------------------------------------------------------------------- */

static void assign(Scan *s, uint32_t index, uint32_t reg) {
    Linear *l = s->l;
    Ival *iv = ival_at(s, index);
    uint32_t k = node_behind(s, reg, iv->start), prev = k != NIL ? s->node.at[k].prev : s->cursor[reg];
    iv->loc = reg;
    iv->node = s->node.n;
    l->hint[iv->vreg] = (uint8_t)reg;
    for (uint32_t r = iv->r0; r < iv->r1; r++) {
        Range x = clipped(l, iv, r);
        while (k != NIL && s->node.at[k].from < x.from) prev = k, k = s->node.at[k].next;
        uint32_t n = s->node.n;
        vec_push(l->arena, &s->node, ((Node){x.from, x.to, index, prev, k}));
        if (prev != NIL) s->node.at[prev].next = n;
        if (k != NIL) s->node.at[k].prev = n;
        prev = n;
    }
    s->cursor[reg] = iv->node;
    if (iv->end > s->taken_to[reg]) s->taken_to[reg] = iv->end;
    /* Those this value is copied to or from would like the same register. */
    if (!l->uses_hint[iv->vreg]) return;
    for (uint32_t u = iv->u0; u < iv->u1 && u < iv->u0 + 16; u++) {
        Reg h = l->use[u].hint;
        if (reg_is_virtual(h) && l->hint[h - REG_VIRTUAL] == NO_HINT) l->hint[h - REG_VIRTUAL] = (uint8_t)reg;
    }
}

static void unlink_node(Scan *s, uint32_t reg, uint32_t k) {
    Node *n = &s->node.at[k];
    if (n->prev != NIL) s->node.at[n->prev].next = n->next;
    if (n->next != NIL) s->node.at[n->next].prev = n->prev;
    if (s->cursor[reg] == k) s->cursor[reg] = n->prev != NIL ? n->prev : n->next;
}

static void unassign(Scan *s, Ival *iv) {
    for (uint32_t r = iv->r0; r < iv->r1; r++) unlink_node(s, iv->loc, iv->node + (r - iv->r0));
    iv->loc = LOC_NONE;
}

/* Split at `at`, inside of the piece; the rest is a new piece without a place, whose index is returned. */
static uint32_t split(Scan *s, uint32_t index, uint32_t at) {
    Linear *l = s->l;
    uint32_t rest_index = l->ival.n;
    vec_push(l->arena, &l->ival, l->ival.at[index]);
    Ival *iv = ival_at(s, index), *rest = ival_at(s, rest_index);
    assert(at > iv->start && at < iv->end);
    uint32_t r = range_behind(l->range.at, iv->r0, iv->r1, at), u = use_from(l, iv, at);
    bool inside = l->range.at[r].from < at;
    if (iv->loc < 64) {
        for (uint32_t k = inside ? r + 1 : r; k < iv->r1; k++) unlink_node(s, iv->loc, iv->node + (k - iv->r0));
        if (inside) s->node.at[iv->node + (r - iv->r0)].to = at;
    }
    rest->loc = LOC_NONE;
    rest->r0 = r;
    rest->u0 = iv->u1 = u;
    if (inside) {
        rest->start = iv->end = at;
        iv->r1 = r + 1;
    } else {
        rest->start = l->range.at[r].from;
        iv->end = l->range.at[r - 1].to;
        iv->r1 = r;
    }
    iv->next = rest_index;
    return rest_index;
}

/* The piece, which needs no register where it starts, lives in its slot until shortly before it needs one; but the
 * reload is not put into a loop that does not hold `front`. */
static void spill(Scan *s, uint32_t index, uint32_t front) {
    Linear *l = s->l;
    Ival *iv = ival_at(s, index);
    uint32_t u = first_need(l, iv);
    if (u < iv->u1) {
        uint32_t at = POS(l->use[u].pos >> POS_BITS, AT_SPLIT);
        uint32_t lo = front > iv->start ? front : iv->start, up = lo < at ? loop_between(l, lo, at) : NIL;
        assert(l->use[u].kind == U_USE || l->use[u].kind == U_LATE);
        if (up != NIL && up > iv->start) at = up;
        assert(at > iv->start);
        uint32_t rest = split(s, index, at);
        enqueue(s, rest);
        iv = ival_at(s, index);
    }
    iv->loc = LOC_SLOT;
}

/* The rest of a piece that was split: to be placed, or in its slot when no move can connect it. */
static void place_rest(Scan *s, uint32_t whole, uint32_t rest) {
    Linear *l = s->l;
    Ival *iv = ival_at(s, rest);
    if (iv->start == ival_at(s, whole)->end && !is_move_pos(l, iv->start))
        spill(s, rest, iv->start);
    else
        enqueue(s, rest);
}

/* -- Placing a piece ------------------------------------------------------------------------------------- */

/* What the piece needs first. */
typedef struct Need {
    bool now;          /* a register, at the instruction where it starts: it cannot be split in front of that */
    uint32_t tight;    /* then: how constrained it is there */
    uint32_t insn;     /* of the piece's start */
    uint32_t end;      /* a register is of no use unless it is free up to here */
    uint32_t next_use; /* position; POS_MAX: none */
} Need;

/* The position where the register of a piece is wanted next, at or behind pos. */
static uint32_t next_use(const Linear *l, const Ival *iv, uint32_t pos) {
    uint32_t u = use_from(l, iv, pos);
    while (u < iv->u1 && l->use[u].kind == U_HINT) u++;
    uint32_t next = u < iv->u1 ? l->use[u].pos : POS_MAX;
    if (u == l->first_use[iv->vreg]) return next;
    /* Used before in a loop that it lives through: used again in the next round. */
    uint32_t last = l->use[u - 1].pos, k = l->loop_of[l->block_of[pos >> POS_BITS]];
    while (k != NIL && POS(l->m->block.at[l->loop[k].first].first, 0) > last) k = l->loop[k].parent;
    if (k == NIL || l->use[l->first_use[iv->vreg]].pos >= POS(l->m->block.at[l->loop[k].first].first, 0)) return next;
    uint32_t end = POS(l->m->block.at[l->loop[k].last].end, 0);
    return next < end ? next : end;
}

static Need need_of(const Linear *l, const Ival *iv) {
    Need n = {.insn = iv->start >> POS_BITS};
    uint32_t need = first_need(l, iv);
    n.next_use = next_use(l, iv, iv->start);
    if (need < iv->u1) {
        uint32_t insn = l->use[need].pos >> POS_BITS;
        n.now = POS(insn, AT_SPLIT) <= iv->start;
        if (n.now) {
            n.insn = insn;
            Tight t = tight_at(l, iv, insn);
            n.tight = t.tight;
            n.end = t.end;
            return n;
        }
    }
    uint32_t u = iv->u0;
    while (u < iv->u1 && l->use[u].kind == U_HINT) u++;
    n.end = u < iv->u1 ? use_end(&l->use[u]) : iv->end;
    return n;
}

static uint32_t conflict(Scan *s, const Ival *iv, uint32_t reg) {
    uint32_t a = fixed_conflict(s, iv, reg), b = node_conflict(s, iv, reg);
    return a < b ? a : b;
}

/* conflict(s, iv, reg) < iv->end; `clobbered` in the piece, where a register may be `fixed` or not */
static inline bool is_taken(Scan *s, const Ival *iv, uint32_t reg, RegSet clobbered, bool fixed) {
    return (clobbered & REG_BIT(reg)) || node_conflict(s, iv, reg) < iv->end ||
           (fixed && fixed_conflict(s, iv, reg) < iv->end);
}

/* Registers that save moves, the best first: by the weight of the blocks where they would. */
static uint32_t hinted(const Linear *l, const Ival *iv, uint8_t out[4]) {
    uint64_t weight[4];
    uint32_t n = 0, last = iv->u1 - iv->u0 < 16 ? iv->u1 : iv->u0 + 16;
    for (uint32_t u = l->uses_hint[iv->vreg] ? iv->u0 : last; u <= last; u++) {
        uint32_t reg = NO_HINT, k;
        uint64_t w = 1;
        if (u < last) {
            Reg h = l->use[u].hint;
            if (h == REG_NONE) continue;
            reg = reg_is_virtual(h) ? l->hint[h - REG_VIRTUAL] : h;
            uint32_t insn = l->use[u].pos >> POS_BITS;
            w = 2 * block_weight(l->m, l->block_of[insn < l->m->insn.n ? insn : insn - 1]);
        } else { /* last: where it was before, or was said to be wanted */
            reg = l->hint[iv->vreg];
        }
        if (reg >= 64 || !(l->allocatable & REG_BIT(reg))) continue;
        for (k = 0; k < n && out[k] != reg; k++) continue;
        if (k == n && n == 4) continue;
        if (k == n) out[n] = (uint8_t)reg, weight[n++] = 0;
        weight[k] += w;
        for (; k && weight[k] > weight[k - 1]; k--) {
            uint64_t tw = weight[k];
            uint8_t tr = out[k];
            weight[k] = weight[k - 1], out[k] = out[k - 1];
            weight[k - 1] = tw, out[k - 1] = tr;
        }
    }
    return n;
}

/* A register that is free for all of the piece. */
static bool place_whole(Scan *s, uint32_t index) {
    const Ival *iv = ival_at(s, index);
    RegClass c = type_class(vreg_type_at(s->l, iv->vreg));
    uint8_t hint[4];
    uint32_t n = hinted(s->l, iv, hint);
    RegSet clobbered = clobbered_in(s, iv);
    bool fixed = s->l->next_fixed[iv->start >> POS_BITS] < iv->end;
    for (uint32_t k = 0; k < n; k++) {
        if ((hint[k] >= REG_FLOAT) != (c == RC_FLOAT) || is_taken(s, iv, hint[k], clobbered, fixed)) continue;
        assign(s, index, hint[k]);
        return true;
    }
    for (uint32_t k = 0; k < s->l->t->norder[c]; k++) {
        uint32_t reg = s->l->t->order[c][k];
        if (is_taken(s, iv, reg, clobbered, fixed)) continue;
        assign(s, index, reg);
        return true;
    }
    return false;
}

/* Would the piece, cut off in front of a conflict at `at`, not have what it needs first? */
static bool too_soon(const Linear *l, const Ival *iv, uint32_t at, const Need *need) {
    return at < need->end || split_pos(l, iv, at) < need->end;
}

/* Assign the register and cut the piece off in front of the first conflict. */
static void place_until(Scan *s, uint32_t index, uint32_t reg, uint32_t q) {
    Linear *l = s->l;
    if (q < ival_at(s, index)->end) {
        uint32_t at = hoist_spill(l, ival_at(s, index), split_pos(l, ival_at(s, index), q));
        uint32_t rest = split(s, index, at);
        assign(s, index, reg);
        place_rest(s, index, rest);
    } else {
        assign(s, index, reg);
    }
}

/* The register that is free longest, if that is long enough to be of use. */
static bool place_part(Scan *s, uint32_t index, const Need *need) {
    Linear *l = s->l;
    const Ival *iv = ival_at(s, index);
    RegClass c = type_class(vreg_type_at(l, iv->vreg));
    uint32_t best = NO_HINT, best_q = 0;
    for (uint32_t k = 0; k < l->t->norder[c]; k++) {
        uint32_t reg = l->t->order[c][k], q = node_conflict(s, iv, reg), fixed;
        if (q <= iv->start || q < best_q) continue;
        fixed = fixed_conflict(s, iv, reg);
        if (fixed < q) q = fixed;
        if (q > best_q || (q == best_q && reg == l->hint[iv->vreg])) best = reg, best_q = q;
    }
    if (best_q <= iv->start || too_soon(l, iv, best_q, need)) return false;
    place_until(s, index, best, best_q);
    return true;
}

/* Of the pieces that hold the register where this one needs it first: the next use, the higher the better to evict; 0
 * when one of them must not be evicted, 1 when it must move but may have another register.  What is not above `best` is
 * not looked at to the end. */
static uint32_t eviction_score(Scan *s, const Ival *iv, uint32_t reg, const Need *need, uint32_t best) {
    Linear *l = s->l;
    uint32_t score = POS_MAX, r = iv->r0, at = 0;
    for (uint32_t k = node_behind(s, reg, iv->start);; k = s->node.at[k].next) {
        k = meet_node(s, iv, k, &r, &at);
        if (k == NIL || !too_soon(l, iv, at, need)) return score;
        const Ival *x = ival_at(s, s->node.at[k].ival);
        uint32_t insn = at >> POS_BITS, next = next_use(l, x, at);
        Tight t = tight_at(l, x, insn);
        if (t.tight && t.end > at) next = need->now && insn == need->insn && t.tight < need->tight ? 1 : 0;
        if (next < score) score = next;
        if (score <= best) return score;
    }
}

/* Take the register away from piece x, where the piece being placed, which starts at pos, needs it. */
static void evict(Scan *s, uint32_t index, uint32_t pos, uint32_t at) {
    Linear *l = s->l;
    Ival *x = ival_at(s, index);
    uint32_t insn = at >> POS_BITS;
    Tight t = tight_at(l, x, insn);
    bool again = t.tight && t.end > at; /* needs another one at once */
    uint32_t cut = again ? POS(insn, AT_SPLIT) : hoist_spill(l, x, split_pos(l, x, at));
    if (cut <= x->start) {
        unassign(s, x);
        if (again)
            enqueue(s, index);
        else
            spill(s, index, pos);
        return;
    }
    uint32_t rest = split(s, index, cut);
    if (again)
        enqueue(s, rest);
    else
        spill(s, rest, pos);
}

static bool place_by_eviction(Scan *s, uint32_t index, const Need *need) {
    Linear *l = s->l;
    const Ival *iv = ival_at(s, index);
    RegClass c = type_class(vreg_type_at(l, iv->vreg));
    uint32_t best = NO_HINT, best_score = 0, r, at = 0;
    for (uint32_t k = 0; k < l->t->norder[c]; k++) {
        uint32_t reg = l->t->order[c][k], q = fixed_conflict(s, iv, reg);
        if (q < iv->end && too_soon(l, iv, q, need)) continue;
        uint32_t score = eviction_score(s, iv, reg, need, best_score);
        if (score > best_score) best = reg, best_score = score;
    }
    if (best == NO_HINT || (!need->now && best_score <= need->next_use)) return false;
    for (;;) {
        iv = ival_at(s, index);
        r = iv->r0;
        uint32_t k = meet_node(s, iv, node_behind(s, best, iv->start), &r, &at);
        if (k == NIL || !too_soon(l, iv, at, need)) break;
        evict(s, s->node.at[k].ival, iv->start, at);
    }
    place_until(s, index, best, conflict(s, iv, best));
    return true;
}

static void place(Scan *s, uint32_t index) {
    s->clobbered_known = false;
    if (place_whole(s, index)) return;
    Need need = need_of(s->l, ival_at(s, index));
    if (place_part(s, index, &need) || place_by_eviction(s, index, &need)) return;
    assert(!need.now && "operand constraints that do not fit the registers");
    spill(s, index, ival_at(s, index)->start);
}

/* Order of the first pieces by start: a counting sort by instruction, then insertion, since few start at one. */
static uint32_t *by_start(const Linear *l) {
    uint32_t n = l->ival.n, ni = l->m->insn.n + 1;
    uint32_t *count = ARENA_ARRAY(l->arena, uint32_t, ni + 1), *order = ARENA_ARRAY(l->arena, uint32_t, n);
    for (uint32_t k = 0; k < n; k++) count[(l->ival.at[k].start >> POS_BITS) + 1]++;
    for (uint32_t k = 0; k < ni; k++) count[k + 1] += count[k];
    for (uint32_t k = 0; k < n; k++) order[count[l->ival.at[k].start >> POS_BITS]++] = k;
    for (uint32_t k = 1; k < n; k++) {
        uint32_t x = order[k], j = k;
        for (; j && l->ival.at[order[j - 1]].start > l->ival.at[x].start; j--) order[j] = order[j - 1];
        order[j] = x;
    }
    return order;
}

void linear_scan(Linear *l) {
    Scan s = {.l = l};
    uint32_t n = l->ival.n, done = 0;
    for (uint32_t r = 0; r < 64; r++) s.cursor[r] = NIL;
    s.clobber_at = ARENA_ARRAY(l->arena, uint32_t, l->nclobber);
    s.clobber_near = ARENA_ARRAY(l->arena, uint32_t, l->nclobber);
    s.clobbers = ARENA_ARRAY(l->arena, uint32_t, l->nclobber);
    for (uint32_t c = 1; c < l->nclobber; c++)
        if (l->clobber[c].n) s.clobbers[s.nclobbers++] = c;
    const uint32_t *order = by_start(l);
    while (done < n || s.heap.n) {
        bool first = done < n && (!s.heap.n || l->ival.at[order[done]].start <= s.heap.at[0].start);
        place(&s, first ? order[done++] : dequeue(&s));
    }
}
