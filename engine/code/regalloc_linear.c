/* Linear scan with splitting: the entry point, and the intervals.
 *
 * A virtual register's interval is a list of ranges over positions (holes where it is not live) and a list of uses.
 * Fixed operands do not fix the interval: the value is copied to them in front of the instruction, or from them behind
 * it, and the interval only hints at the register, so that the copy usually is none.  Tied definitions start where the
 * copy of their use is made. Hence all that is left to the scan is "a register here" at some positions, and blocked
 * ranges of registers.
 *
 * Requires what mach_verify checks.  Cost: nearly linear; the lists of ranges are as long as liveness has runs of
 * blocks. */
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "code/regalloc_linear.h"

static uint32_t vreg_index(Reg r) { return r - REG_VIRTUAL; }

/* -- Blocks and loops -------------------------------------------------------------------- */

static void find_loops(Linear *l) {
    const MFn *m = l->m;
    uint32_t n = 0, top = NIL;
    l->loop_of = ARENA_ARRAY(l->arena, uint32_t, m->block.n);
    l->loop = ARENA_ARRAY(l->arena, Loop, m->block.n);
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *mb = &m->block.at[b];
        uint32_t last = NIL;
        for (uint32_t p = 0; p < mb->pred.n; p++)
            if (mb->pred.at[p] >= b && (last == NIL || mb->pred.at[p] > last)) last = mb->pred.at[p];
        while (top != NIL && l->loop[top].last < b) top = l->loop[top].parent;
        if (last != NIL) {
            l->loop[n] = (Loop){b, last, top};
            top = n++;
        }
        l->loop_of[b] = top;
    }
}

/* -- Uses ------------------------------------------------------------------------------------- */

typedef struct RegUse {
    uint32_t vreg; /* index */
    UsePos use;
} RegUse;

/* The program's uses in order, and how many there are of each register. */
typedef struct UseWalk {
    Linear *l;
    VEC(RegUse) all;
    uint32_t *count; /* by vreg */
} UseWalk;

static inline void note_use(UseWalk *w, Reg r, uint32_t pos, UseKind kind, Reg hint) {
    w->count[vreg_index(r)]++;
    if (hint != REG_NONE) w->l->uses_hint[vreg_index(r)] = true;
    vec_push(w->l->arena, &w->all, ((RegUse){vreg_index(r), {pos, hint, kind}}));
}

/* The fixed register of operand k, directly or by its tie; REG_NONE. */
static Reg fixed_reg(const Opnd *o, uint32_t k) {
    const Opnd *by = o[k].constraint == OC_SAME ? &o[o[k].fixed] : &o[k];
    return by->constraint == OC_FIXED ? by->fixed : REG_NONE;
}

static void note_copies(UseWalk *w, uint32_t i, const Opnd *o, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) {
        if (!reg_is_virtual(o[k].reg)) continue;
        if (o[k].constraint == OC_FIXED && o[k].kind <= OPND_USE_LATE)
            note_use(w, o[k].reg, POS(i, AT_COPY), U_COPY, o[k].fixed);
        else if (o[k].constraint == OC_SAME && fixed_reg(o, k) == REG_NONE)
            note_use(w, o[o[k].fixed].reg, POS(i, AT_COPY), U_COPY, o[k].reg);
    }
}

static bool is_tied_use(const Opnd *o, uint32_t n, uint32_t k) {
    for (uint32_t d = 0; d < n; d++)
        if (o[d].constraint == OC_SAME && o[d].fixed == k) return true;
    return false;
}

static void note_operands(UseWalk *w, uint32_t i, const MInsn *in, const Opnd *o) {
    Reg move_hint[2] = {REG_NONE, REG_NONE};
    if (in->op == M_MOVE) move_hint[0] = o[1].reg, move_hint[1] = o[0].reg;
    for (uint32_t k = 0; k < in->nopnd; k++) {
        if (!reg_is_virtual(o[k].reg)) continue;
        Reg hint = k < 2 ? move_hint[k] : REG_NONE, fixed = fixed_reg(o, k);
        bool any = o[k].constraint == OC_ANY;
        switch (o[k].kind) {
        case OPND_USE:
            if (fixed == REG_NONE && !is_tied_use(o, in->nopnd, k))
                note_use(w, o[k].reg, POS(i, AT_USE), any ? U_ANY : U_USE, hint);
            break;
        case OPND_USE_LATE:
            if (fixed == REG_NONE) note_use(w, o[k].reg, POS(i, AT_USE), any ? U_ANY_LATE : U_LATE, hint);
            break;
        case OPND_DEF_EARLY:
            if (fixed != REG_NONE)
                note_use(w, o[k].reg, POS(i, AT_NEXT), U_HINT, fixed);
            else
                note_use(w, o[k].reg, POS(i, AT_USE), U_EARLY, hint);
            break;
        default:
            if (fixed != REG_NONE)
                note_use(w, o[k].reg, POS(i, AT_NEXT), U_HINT, fixed);
            else if (o[k].constraint == OC_SAME)
                note_use(w, o[k].reg, POS(i, AT_FIXED), U_TIED, o[o[k].fixed].reg);
            else
                note_use(w, o[k].reg, POS(i, AT_DEF), U_DEF, hint);
        }
    }
}

/* Of an instruction that is not special. */
static inline void note_plain(UseWalk *w, uint32_t i, const Opnd *o, uint32_t n) {
    static const uint8_t kind[][2] = {[OPND_USE] = {U_USE, U_ANY},
                                      [OPND_USE_LATE] = {U_LATE, U_ANY_LATE},
                                      [OPND_DEF] = {U_DEF, U_DEF},
                                      [OPND_DEF_EARLY] = {U_EARLY, U_EARLY}};
    for (uint32_t k = 0; k < n; k++)
        if (reg_is_virtual(o[k].reg))
            note_use(w, o[k].reg, POS(i, o[k].kind == OPND_DEF ? AT_DEF : AT_USE),
                     (UseKind)kind[o[k].kind][o[k].constraint == OC_ANY], REG_NONE);
}

static bool is_special(const MInsn *in, const Opnd *o) {
    bool special = in->clobber || in->op == M_MOVE;
    for (uint32_t k = 0; k < in->nopnd; k++) special |= o[k].constraint == OC_FIXED || o[k].constraint == OC_SAME;
    return special;
}

static void walk_insn(UseWalk *w, uint32_t i) {
    Linear *l = w->l;
    const MInsn *in = &l->m->insn.at[i];
    const Opnd *o = insn_opnd(l->m, in);
    if (!is_special(in, o)) {
        note_plain(w, i, o, in->nopnd);
        return;
    }
    vec_push(l->arena, &l->special, i);
    note_copies(w, i, o, in->nopnd);
    note_operands(w, i, in, o);
}

static void walk_uses(UseWalk *w) {
    const MFn *m = w->l->m;
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *mb = &m->block.at[b];
        for (uint32_t p = 0; p < mb->pred.n && mb->param.n; p++) { /* one hint for each argument of a parameter */
            const MEdge *e = live_edge(w->l->live, m, mb->pred.at[p], b);
            for (uint32_t k = 0; k < e->nargs; k++)
                note_use(w, mb->param.at[k], POS(mb->first, 0), U_HINT, m->pool.at[e->args + k]);
        }
        for (uint32_t i = mb->first; i < mb->end; i++) {
            w->l->block_of[i] = b;
            walk_insn(w, i);
        }
        for (uint32_t s = 0; s < mb->succ.n; s++)
            for (uint32_t k = 0; k < mb->succ.at[s].nargs; k++)
                note_use(w, m->pool.at[mb->succ.at[s].args + k], POS(mb->end, 0) - 1, U_EDGE,
                         m->block.at[mb->succ.at[s].to].param.at[k]);
    }
}

static void find_uses(Linear *l) {
    uint32_t *at = ARENA_ARRAY(l->arena, uint32_t, l->nvregs + 1);
    UseWalk w = {.l = l, .count = at};
    l->uses_hint = ARENA_ARRAY(l->arena, bool, l->nvregs);
    l->block_of = arena_alloc(l->arena, l->m->insn.n * sizeof(uint32_t), _Alignof(uint32_t));
    vec_reserve(l->arena, &w.all, l->m->opnd.n + l->m->pool.n);
    walk_uses(&w);
    l->first_use = ARENA_ARRAY(l->arena, uint32_t, l->nvregs + 1);
    for (uint32_t v = 0; v < l->nvregs; v++) l->first_use[v + 1] = l->first_use[v] + at[v];
    if (l->nvregs) memcpy(at, l->first_use, l->nvregs * sizeof *at);
    l->use = arena_alloc(l->arena, l->first_use[l->nvregs] * sizeof(UsePos), _Alignof(UsePos));
    for (uint32_t i = 0; i < w.all.n; i++) l->use[at[w.all.at[i].vreg]++] = w.all.at[i].use;
}

/* -- Fixed ranges and hints ------------------------------------------------------------------------ */

static void block_register(Linear *l, uint32_t r, uint32_t i, uint32_t from, uint32_t to) {
    if (!(l->allocatable & REG_BIT(r))) return;
    Range *last = l->fixed[r].n ? &l->fixed[r].at[l->fixed[r].n - 1] : NULL;
    if (last && last->from >= POS(i, 0)) { /* the same instruction */
        if (POS(i, from) < last->from) last->from = POS(i, from);
        if (POS(i, to) > last->to) last->to = POS(i, to);
    } else {
        vec_push(l->arena, &l->fixed[r], ((Range){POS(i, from), POS(i, to)}));
    }
}

static void find_fixed_of(Linear *l, uint32_t i) {
    const MInsn *in = &l->m->insn.at[i];
    const Opnd *o = insn_opnd(l->m, in);
    if (in->clobber) {
        vec_push(l->arena, &l->clobber[in->clobber], i);
        l->next_clobber[i] = POS(i, AT_CLOBBER);
    }
    for (uint32_t k = 0; k < in->nopnd; k++) {
        Reg r = reg_is_virtual(o[k].reg) ? fixed_reg(o, k) : REG_NONE;
        if (r == REG_NONE) continue;
        uint32_t from = o[k].kind <= OPND_USE_LATE ? AT_FIXED : o[k].kind == OPND_DEF_EARLY ? AT_USE : AT_DEF;
        block_register(l, r, i, from, o[k].kind == OPND_USE ? AT_CLOBBER : AT_NEXT);
        if (POS(i, from) < l->next_fixed[i]) l->next_fixed[i] = POS(i, from);
    }
}

static void find_fixed(Linear *l) {
    const MFn *m = l->m;
    uint32_t n = m->insn.n;
    l->next_fixed = arena_alloc(l->arena, 2 * (n + 1) * sizeof(uint32_t), _Alignof(uint32_t));
    l->next_clobber = l->next_fixed + n + 1;
    memset(l->next_fixed, 0xff, 2 * (n + 1) * sizeof(uint32_t)); /* POS_MAX */
    for (uint32_t k = 0; k < l->special.n; k++) {
        uint32_t clobber = m->insn.at[l->special.at[k]].clobber;
        if (clobber >= l->nclobber) l->nclobber = clobber + 1;
    }
    l->clobber = (void *)arena_zalloc(l->arena, l->nclobber * sizeof *l->clobber, _Alignof(max_align_t));
    for (uint32_t k = 0; k < l->special.n; k++) find_fixed_of(l, l->special.at[k]);
    for (uint32_t i = n; i-- > 0;) {
        if (l->next_fixed[i] == POS_MAX) l->next_fixed[i] = l->next_fixed[i + 1];
        if (l->next_clobber[i] == POS_MAX) l->next_clobber[i] = l->next_clobber[i + 1];
    }
}

/* Where a value would like to be, from the fixed uses that come first, handed up through moves and ties. */
static void find_hints(Linear *l) {
    const MFn *m = l->m;
    l->hint = arena_alloc(l->arena, l->nvregs, 1);
    if (l->nvregs) memset(l->hint, NO_HINT, l->nvregs);
    for (uint32_t s = l->special.n; s-- > 0;) {
        const MInsn *in = &m->insn.at[l->special.at[s]];
        const Opnd *o = insn_opnd(m, in);
        for (uint32_t k = 0; k < in->nopnd; k++) {
            if (!reg_is_virtual(o[k].reg)) continue;
            if (o[k].constraint == OC_FIXED && (l->allocatable & REG_BIT(o[k].fixed))) {
                l->hint[vreg_index(o[k].reg)] = o[k].fixed;
            } else if (o[k].constraint == OC_SAME || (in->op == M_MOVE && k == 0)) {
                Reg from = o[o[k].constraint == OC_SAME ? o[k].fixed : 1].reg;
                if (reg_is_virtual(from) && l->hint[vreg_index(from)] == NO_HINT)
                    l->hint[vreg_index(from)] = l->hint[vreg_index(o[k].reg)];
            }
        }
    }
}

/* -- Ranges ------------------------------------------------------------------------------------------ */

/* Where the uses of v in front of position `before` end; 0 when there are none. */
static uint32_t last_use_end(const Linear *l, uint32_t v, uint32_t before) {
    uint32_t lo = l->first_use[v], hi = l->first_use[v + 1], end = 0;
    if (lo < hi && l->use[hi - 1].pos < before) lo = hi; /* as most: all of them */
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (l->use[mid].pos < before)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (uint32_t k = lo; k-- > l->first_use[v] && l->use[k].pos >> POS_BITS == l->use[lo - 1].pos >> POS_BITS;)
        if (use_end(&l->use[k]) > end) end = use_end(&l->use[k]);
    return end;
}

static void add_range(Linear *l, uint32_t first, uint32_t from, uint32_t to) {
    if (from >= to) return;
    Range *last = l->range.n > first ? &l->range.at[l->range.n - 1] : NULL;
    if (last && last->to == from)
        last->to = to;
    else
        vec_push(l->arena, &l->range, ((Range){from, to}));
}

/* The first use is the definition: its position is where the interval starts. */
static void add_interval(Linear *l, uint32_t v) {
    uint32_t u = l->first_use[v], first = l->range.n, def_block = l->live->def_block[v];
    if (u == l->first_use[v + 1] || def_block == UINT32_MAX) return;
    const UsePos *def = &l->use[u];
    uint32_t from = def->pos, block_end = POS(l->m->block.at[def_block].end, 0);
    uint32_t to = l->live->def_out[v] ? block_end : last_use_end(l, v, block_end);
    if (def->kind == U_TIED && l->m->insn.at[from >> POS_BITS].clobber) { /* not in the way of clobbers */
        add_range(l, first, from, (from & ~(uint32_t)7) + AT_CLOBBER);
        from = (from & ~(uint32_t)7) + AT_DEF;
    }
    add_range(l, first, from, to);
    for (uint32_t r = l->live->first_run[v]; r < l->live->first_run[v + 1]; r++) {
        LiveRun run = l->live->run.at[r];
        uint32_t end = POS(l->m->block.at[run.last].end, 0);
        add_range(l, first, POS(l->m->block.at[run.first].first, 0), run.out ? end : last_use_end(l, v, end));
    }
    if (l->range.n == first) return; /* a dead parameter or fixed result */
    l->first_ival[v] = l->ival.n;
    Ival iv = {.vreg = v,
               .start = l->range.at[first].from,
               .end = l->range.at[l->range.n - 1].to,
               .r0 = first,
               .r1 = l->range.n,
               .u0 = u,
               .u1 = l->first_use[v + 1],
               .next = NIL,
               .loc = LOC_NONE};
    vec_push(l->arena, &l->ival, iv);
}

void linear_build(Linear *l) {
    find_loops(l);
    find_uses(l);
    find_fixed(l);
    find_hints(l);
    l->first_ival = arena_alloc(l->arena, l->nvregs * sizeof(uint32_t), _Alignof(uint32_t));
    vec_reserve(l->arena, &l->ival, l->nvregs);
    for (uint32_t v = 0; v < l->nvregs; v++) {
        l->first_ival[v] = NIL;
        add_interval(l, v);
    }
}

Alloc *regalloc_linear(Arena *a, MFn *m, const Target *t) {
    Linear *l = ARENA_NEW(a, Linear);
    if (m->insn.n >= UINT32_MAX >> (POS_BITS + 1)) bail(a->bail, BAIL_TOO_LARGE, "too many machine instructions");
    *l = (Linear){.arena = a, .m = m, .t = t, .ra = ARENA_NEW(a, Alloc), .nvregs = m->vreg_type.n};
    l->ra->opnd = arena_alloc(a, m->opnd.n * sizeof(Loc), _Alignof(Loc));
    for (uint32_t c = 0; c < RC_COUNT; c++)
        for (uint32_t k = 0; k < t->norder[c]; k++) l->allocatable |= REG_BIT(t->order[c][k]);
    slots_init(&l->slots, a, l->nvregs);
    l->live = live_build(a, m);
    linear_build(l);
    linear_scan(l);
    linear_resolve(l);
    return l->ra;
}
