/* Resolution: operands' locations, and the moves that make the pieces of each value one.
 *
 * A value that has a slot is stored either once, right behind its definition (eager), or wherever it goes from a
 * register to the slot (lazy), by the weight of the blocks where that would be; both leave the slot valid wherever a
 * piece is in it.
 *
 * Moves in one gap run in phases, each a parallel move; see regalloc_linear.h for the positions.  A copy to an
 * operand reads the register that the value is just leaving, if that is still intact. */
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "code/regalloc_linear.h"

/* ORDER: as they run in one gap */
typedef enum Phase {
    PHASE_IN,     /* of an edge, at the start of the target */
    PHASE_RESULT, /* from fixed definitions; stores of what the instruction before defined */
    PHASE_SPLIT,
    PHASE_COPY,
    PHASE_OUT, /* of an edge, at the end of the source */
    PHASE_COUNT
} Phase;

typedef struct Placed {
    uint32_t at;
    Loc from, to;
    Loc other; /* register that `from`'s value is leaving in this gap, or LOC_NONE */
    uint8_t phase, type;
} Placed;

typedef struct Store { /* a store that lazy storing needs */
    uint32_t at;
    Loc from;
    uint8_t phase;
} Store;

typedef struct Resolve {
    Linear *l;
    uint32_t *first_piece; /* by vreg, one more than vregs: its pieces in `piece`, in order */
    uint32_t *piece;
    Loc *sole; /* by vreg: its location when that is one for all its life, else LOC_NONE */
    VEC(Placed) move;
    VEC(Store) lazy; /* of the current value */
    uint64_t lazy_weight;
    RegSet written;
    uint32_t *next_join; /* by block: the first there or behind with another predecessor than its neighbour in front */
} Resolve;

/* -- Where a value is ------------------------------------------------------------------- */

/* A slot for all of v's life; best that of a parameter it is passed for, or of an argument. */
static void want_slot(Linear *l, uint32_t v, const Ival *first, const Ival *last) {
    SlotWant w = {.vreg = v, .range = l->range.at + first->r0, .nrange = last->r1 - first->r0};
    for (uint32_t u = l->first_use[v]; u < l->first_use[v + 1] && w.nhint < SLOT_HINTS; u++)
        if ((l->use[u].kind == U_EDGE || l->use[u].kind == U_HINT) && reg_is_virtual(l->use[u].hint))
            w.hint[w.nhint++] = l->use[u].hint - REG_VIRTUAL;
    slots_want(&l->slots, vreg_type_at(l, v), &w);
}

static Loc piece_loc(const Resolve *x, const Ival *iv) {
    return iv->loc == LOC_SLOT ? x->l->slots.of[iv->vreg] : iv->loc;
}

static void list_pieces(Resolve *x) {
    Linear *l = x->l;
    uint32_t n = 0;
    x->first_piece = arena_alloc(l->arena, (l->nvregs + 1) * sizeof(uint32_t), _Alignof(uint32_t));
    x->piece = arena_alloc(l->arena, l->ival.n * sizeof(uint32_t), _Alignof(uint32_t));
    x->sole = arena_alloc(l->arena, l->nvregs * sizeof(Loc), _Alignof(Loc));
    for (uint32_t v = 0; v < l->nvregs; v++) {
        bool in_slot = false;
        x->first_piece[v] = n;
        for (uint32_t k = l->first_ival[v]; k != NIL; k = l->ival.at[k].next) {
            x->piece[n++] = k;
            in_slot |= l->ival.at[k].loc == LOC_SLOT;
        }
        if (in_slot) want_slot(l, v, &l->ival.at[x->piece[x->first_piece[v]]], &l->ival.at[x->piece[n - 1]]);
    }
    x->first_piece[l->nvregs] = n;
    slots_assign_homes(&l->slots);
    for (uint32_t v = 0; v < l->nvregs; v++) {
        uint32_t k = l->first_ival[v];
        x->sole[v] = k == NIL || l->ival.at[k].next != NIL ? LOC_NONE : piece_loc(x, &l->ival.at[k]);
    }
}

/* The last piece of v that starts at or in front of pos, as an index into x->piece. */
static inline uint32_t piece_at(const Resolve *x, uint32_t v, uint32_t pos) {
    uint32_t lo = x->first_piece[v], hi = x->first_piece[v + 1];
    while (hi - lo > 1) {
        uint32_t mid = (lo + hi) / 2;
        if (x->l->ival.at[x->piece[mid]].start <= pos)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static inline Loc loc_at(const Resolve *x, uint32_t v, uint32_t pos) {
    if (x->sole[v] != LOC_NONE) return x->sole[v];
    return piece_loc(x, &x->l->ival.at[x->piece[piece_at(x, v, pos)]]);
}

static void move(Resolve *x, uint32_t at, Phase phase, Loc from, Loc to, uint32_t v) {
    if (from == to) return;
    Placed p = {
        .at = at, .from = from, .to = to, .other = LOC_NONE, .phase = (uint8_t)phase, .type = x->l->m->vreg_type.at[v]};
    vec_push(x->l->arena, &x->move, p);
}

/* -- Operands --------------------------------------------------------------------------- */

static void copy_operand(Resolve *x, uint32_t i, uint32_t v, Loc to) {
    uint32_t k = piece_at(x, v, POS(i, AT_COPY)), n = x->move.n;
    const Ival *iv = &x->l->ival.at[x->piece[k]];
    move(x, i, PHASE_COPY, piece_loc(x, iv), to, v);
    if (n == x->move.n || iv->loc != LOC_SLOT || k == x->first_piece[v]) return;
    const Ival *left = &x->l->ival.at[x->piece[k - 1]];
    if (left->end == iv->start && iv->start == POS(i, AT_SPLIT) && left->loc < 64) x->move.at[n].other = left->loc;
}

/* Of an instruction without fixed and tied ones, and without clobbers. */
static inline void place_plain(Resolve *x, uint32_t i) {
    const MFn *m = x->l->m;
    const MInsn *in = &m->insn.at[i];
    const Opnd *o = insn_opnd(m, in);
    Loc *loc = x->l->ra->opnd + in->opnd;
    for (uint32_t k = 0; k < in->nopnd; k++) {
        loc[k] = o[k].reg;
        if (reg_is_virtual(o[k].reg))
            loc[k] = loc_at(x, o[k].reg - REG_VIRTUAL, o[k].kind == OPND_DEF ? POS(i, AT_DEF) : POS(i, AT_USE));
        if (o[k].kind >= OPND_DEF && loc[k] < 64) x->written |= REG_BIT(loc[k]);
    }
}

static void place_operands(Resolve *x, uint32_t i) {
    const MFn *m = x->l->m;
    const MInsn *in = &m->insn.at[i];
    const Opnd *o = insn_opnd(m, in);
    Loc *loc = x->l->ra->opnd + in->opnd;
    x->written |= x->l->t->clobber[in->clobber];
    for (uint32_t k = 0; k < in->nopnd; k++) { /* all but ties */
        uint32_t v = o[k].reg - REG_VIRTUAL;
        if (!reg_is_virtual(o[k].reg)) {
            loc[k] = o[k].reg;
        } else if (o[k].constraint == OC_FIXED) {
            loc[k] = o[k].fixed;
            if (o[k].kind <= OPND_USE_LATE)
                copy_operand(x, i, v, loc[k]);
            else if (x->l->first_ival[v] != NIL)
                move(x, i + 1, PHASE_RESULT, loc[k], loc_at(x, v, POS(i + 1, 0)), v);
        } else if (o[k].constraint != OC_SAME) {
            loc[k] = loc_at(x, v, o[k].kind == OPND_DEF ? POS(i, AT_DEF) : POS(i, AT_USE));
        }
    }
    for (uint32_t k = 0; k < in->nopnd; k++) {
        if (!reg_is_virtual(o[k].reg) || o[k].constraint != OC_SAME) continue;
        uint32_t v = o[k].reg - REG_VIRTUAL, use = o[k].fixed;
        if (o[use].constraint == OC_FIXED) { /* defined in a fixed register, then */
            loc[k] = loc[use];
            if (x->l->first_ival[v] != NIL) move(x, i + 1, PHASE_RESULT, loc[k], loc_at(x, v, POS(i + 1, 0)), v);
        } else {
            loc[k] = loc[use] = loc_at(x, v, POS(i, AT_FIXED));
            copy_operand(x, i, o[use].reg - REG_VIRTUAL, loc[k]);
        }
    }
    for (uint32_t k = 0; k < in->nopnd; k++)
        if (o[k].kind >= OPND_DEF && loc[k] < 64) x->written |= REG_BIT(loc[k]);
}

/* -- Between the pieces of a value --------------------------------------------------------- */

static void lazy_store(Resolve *x, uint32_t at, Phase phase, Loc from, uint32_t block) {
    vec_push(x->l->arena, &x->lazy, ((Store){at, from, (uint8_t)phase}));
    x->lazy_weight += block_weight(x->l->m, block);
}

/* Did `left`, the k-th piece, come from the slot in the block where it ends?  Then the slot is valid still. */
static bool reloaded_here(const Resolve *x, uint32_t v, uint32_t k, const Ival *left) {
    const Linear *l = x->l;
    if (k == x->first_piece[v] || (left->start & 7) != AT_SPLIT) return false;
    const Ival *before = &l->ival.at[x->piece[k - 1]];
    return before->loc == LOC_SLOT && before->end == left->start &&
           l->block_of[left->start >> POS_BITS] == l->block_of[(left->end - 1) >> POS_BITS];
}

static void connect_pieces(Resolve *x, uint32_t v) {
    const Linear *l = x->l;
    for (uint32_t k = x->first_piece[v]; k + 1 < x->first_piece[v + 1]; k++) {
        const Ival *a = &l->ival.at[x->piece[k]], *b = &l->ival.at[x->piece[k + 1]];
        if (a->end != b->start || a->loc == b->loc) continue;
        if (!(b->start & 7) && is_block_start(l, b->start >> POS_BITS)) continue; /* edges' business */
        uint32_t insn = (b->start - 1) >> POS_BITS;
        if (b->loc != LOC_SLOT) {
            assert((b->start & 7) == AT_SPLIT);
            move(x, insn, PHASE_SPLIT, piece_loc(x, a), b->loc, v);
        } else if (reloaded_here(x, v, k, a)) {
            continue;
        } else if ((b->start & 7) == AT_SPLIT) {
            lazy_store(x, insn, PHASE_SPLIT, a->loc, l->block_of[insn]);
        } else if (a->start <= POS(insn, AT_SPLIT)) { /* taken away in the middle of insn */
            lazy_store(x, insn, PHASE_COPY, a->loc, l->block_of[insn]);
        } else { /* defined by insn */
            lazy_store(x, insn + 1, PHASE_RESULT, a->loc, l->block_of[insn]);
        }
    }
}

/* Where the moves of the edge from p to s go. */
static uint32_t edge_place(const MFn *m, uint32_t p, uint32_t s, Phase *phase) {
    bool at_end = m->block.at[p].succ.n == 1;
    *phase = at_end ? PHASE_OUT : PHASE_IN;
    return at_end ? m->block.at[p].end - 1 : m->block.at[s].first;
}

static void connect_edge(Resolve *x, uint32_t v, uint32_t p, uint32_t s, Loc to) {
    const MFn *m = x->l->m;
    Phase phase;
    Loc from = loc_at(x, v, POS(m->block.at[p].end, 0) - 1);
    if (from == to) return;
    uint32_t at = edge_place(m, p, s, &phase);
    if (loc_is_slot(to))
        lazy_store(x, at, phase, from, x->l->block_of[at]);
    else
        move(x, at, phase, from, to, v);
}

static void find_joins(Resolve *x) {
    const MFn *m = x->l->m;
    uint32_t n = m->block.n;
    x->next_join = arena_alloc(x->l->arena, (n + 1) * sizeof(uint32_t), _Alignof(uint32_t));
    x->next_join[n] = n;
    for (uint32_t b = n; b-- > 0;) {
        const MBlock *mb = &m->block.at[b];
        x->next_join[b] = mb->pred.n == 1 && mb->pred.at[0] + 1 == b ? x->next_join[b + 1] : b;
    }
}

static void connect_edges_into(Resolve *x, uint32_t v, uint32_t s, const Ival *in) {
    const MBlock *block = x->l->m->block.at;
    for (uint32_t p = 0; p < block[s].pred.n; p++) {
        uint32_t from = block[s].pred.at[p], out = POS(block[from].end, 0) - 1;
        if (out < in->start || out >= in->end) connect_edge(x, v, from, s, piece_loc(x, in));
    }
}

/* The blocks of a run between its first one, joins, and those where pieces start have one edge, within a piece. */
static void connect_edges(Resolve *x, uint32_t v) {
    const Linear *l = x->l;
    const MBlock *block = l->m->block.at;
    uint32_t k = x->first_piece[v], last = x->first_piece[v + 1] - 1;
    for (uint32_t r = l->live->first_run[v]; r < l->live->first_run[v + 1]; r++)
        for (uint32_t s = l->live->run.at[r].first, next; s <= l->live->run.at[r].last; s = next) {
            while (k < last && l->ival.at[x->piece[k + 1]].start <= POS(block[s].first, 0)) k++;
            connect_edges_into(x, v, s, &l->ival.at[x->piece[k]]);
            next = x->next_join[s + 1];
            if (k == last) continue;
            uint32_t piece = l->block_of[l->ival.at[x->piece[k + 1]].start >> POS_BITS];
            if (piece < next) next = piece > s ? piece : s + 1;
        }
}

/* Right behind the definition, wherever that left the value. */
static void store_at_definition(Resolve *x, uint32_t v) {
    const Linear *l = x->l;
    const UsePos *def = &l->use[l->first_use[v]];
    const Ival *first = &l->ival.at[l->first_ival[v]];
    uint32_t insn = def->pos >> POS_BITS;
    Loc slot = l->slots.of[v];
    if (first->loc == LOC_SLOT) return;
    if (def->kind != U_HINT)
        move(x, insn + 1, PHASE_RESULT, first->loc, slot, v);
    else if (is_block_start(l, insn)) /* a parameter */
        move(x, insn, PHASE_SPLIT, first->loc, slot, v);
    else
        move(x, insn, PHASE_RESULT, def->hint, slot, v);
}

static void connect_value(Resolve *x, uint32_t v) {
    Linear *l = x->l;
    x->lazy.n = 0;
    x->lazy_weight = 0;
    connect_pieces(x, v);
    connect_edges(x, v);
    if (l->slots.of[v] == LOC_NONE) return;
    bool defined_there = l->ival.at[l->first_ival[v]].loc == LOC_SLOT;
    if (defined_there || block_weight(l->m, l->live->def_block[v]) < x->lazy_weight) {
        store_at_definition(x, v);
        return;
    }
    for (uint32_t k = 0; k < x->lazy.n; k++)
        move(x, x->lazy.at[k].at, (Phase)x->lazy.at[k].phase, x->lazy.at[k].from, l->slots.of[v], v);
}

static void pass_arguments(Resolve *x, uint32_t p) {
    const MFn *m = x->l->m;
    const MBlock *from = &m->block.at[p];
    for (uint32_t s = 0; s < from->succ.n; s++) {
        const MEdge *e = &from->succ.at[s];
        Phase phase;
        uint32_t at = edge_place(m, p, e->to, &phase);
        for (uint32_t k = 0; k < e->nargs; k++) {
            uint32_t arg = m->pool.at[e->args + k] - REG_VIRTUAL, param = m->block.at[e->to].param.at[k] - REG_VIRTUAL;
            if (x->l->first_ival[param] == NIL) continue;
            move(x, at, phase, loc_at(x, arg, POS(from->end, 0) - 1),
                 loc_at(x, param, POS(m->block.at[e->to].first, 0)), param);
        }
    }
}

/* -- Edits --------------------------------------------------------------------------------- */

/* The moves by instruction and phase, else as they are: counting sorts by phase, then by instruction. */
static Placed *in_order(Resolve *x) {
    uint32_t keys = x->l->m->insn.n, n = x->move.n, phase[PHASE_COUNT + 1] = {0};
    uint32_t *first = ARENA_ARRAY(x->l->arena, uint32_t, keys + 1);
    uint32_t *by_phase = arena_alloc(x->l->arena, n * sizeof *by_phase, _Alignof(uint32_t));
    Placed *out = arena_alloc(x->l->arena, n * sizeof(Placed), _Alignof(Placed));
    for (uint32_t k = 0; k < n; k++) {
        phase[x->move.at[k].phase + 1]++;
        first[x->move.at[k].at + 1]++;
    }
    for (uint32_t k = 0; k < PHASE_COUNT; k++) phase[k + 1] += phase[k];
    for (uint32_t k = 0; k < keys; k++) first[k + 1] += first[k];
    for (uint32_t k = 0; k < n; k++) by_phase[phase[x->move.at[k].phase]++] = k;
    for (uint32_t k = 0; k < n; k++) out[first[x->move.at[by_phase[k]].at]++] = x->move.at[by_phase[k]];
    return out;
}

static bool is_written(const Placed *p, uint32_t n, Loc l) {
    for (uint32_t k = 0; k < n; k++)
        if (p[k].to == l) return true;
    return false;
}

/* Copies read what the phases before them in this gap, `early`, have moved: read the place it was moved from, if that
 * is intact. */
static void read_through(Placed *copy, uint32_t n, const Placed *early, uint32_t nearly) {
    if ((uint64_t)n * nearly > 4096) return; /* only an improvement */
    for (uint32_t k = 0; k < n; k++) {
        Loc from = copy[k].other;
        for (uint32_t j = 0; j < nearly; j++)
            if (early[j].to == copy[k].from && early[j].phase == PHASE_SPLIT) from = early[j].from;
        if (from != LOC_NONE && !loc_is_slot(from) && !is_written(early, nearly, from)) copy[k].from = from;
    }
}

static void emit_group(Resolve *x, const Placed *p, uint32_t n) {
    Linear *l = x->l;
    if (n == 1) {
        if (p->from == p->to) return;
        Edit e = {p->at, p->from, p->to, p->type};
        vec_push(l->arena, &l->ra->edit, e);
        if (e.to < 64) x->written |= REG_BIT(e.to);
        return;
    }
    Move *list = arena_alloc(l->arena, n * sizeof(Move), _Alignof(Move));
    for (uint32_t c = 0; c < RC_COUNT; c++) {
        uint32_t count = 0, nout = 0;
        Move *out = NULL;
        for (uint32_t k = 0; k < n; k++)
            if (type_class((IrType)p[k].type) == c) list[count++] = (Move){p[k].from, p[k].to, p[k].type};
        moves_sequence(l->arena, list, count, l->t->scratch[c], &out, &nout);
        for (uint32_t k = 0; k < nout; k++) {
            Edit e = {p->at, out[k].from, out[k].to, out[k].type};
            vec_push(l->arena, &l->ra->edit, e);
            if (e.to < 64) x->written |= REG_BIT(e.to);
        }
    }
}

static void emit_edits(Resolve *x) {
    uint32_t n = x->move.n, gap = 0;
    if (!n) return;
    Placed *p = in_order(x);
    for (uint32_t k = 0, end; k < n; k = end) {
        if (k == 0 || p[k].at != p[k - 1].at) gap = k;
        for (end = k + 1; end < n && p[end].at == p[k].at && p[end].phase == p[k].phase; end++) continue;
        if (p[k].phase == PHASE_COPY) read_through(p + k, end - k, p + gap, k - gap);
        emit_group(x, p + k, end - k);
    }
}

void linear_resolve(Linear *l) {
    Resolve x = {.l = l};
    list_pieces(&x);
    find_joins(&x);
    for (uint32_t i = 0, s = 0; i < l->m->insn.n; i++) {
        if (s < l->special.n && l->special.at[s] == i) {
            place_operands(&x, i);
            s++;
        } else {
            place_plain(&x, i);
        }
    }
    for (uint32_t v = 0; v < l->nvregs; v++)
        if (x.first_piece[v + 1] - x.first_piece[v] > 1) connect_value(&x, v);
    for (uint32_t b = 0; b < l->m->block.n; b++) pass_arguments(&x, b);
    emit_edits(&x);
    l->ra->nslots = slots_finish(&l->slots, l->ra, l->m->opnd.n);
    l->ra->saved = x.written & l->t->callee_saved;
}
