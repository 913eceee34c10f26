/* The fast allocator (-O0): one forward pass over each block with next-use distances (Belady, 1966: evict what is
 * used last).
 *
 * A value that is used outside of its block, and every block parameter, is global: it has a home slot, and is there
 * where it has no register.  It is stored once it loses that, or in front of a block that begins without it; until then
 * it is dirty, and the form being SSA its slot is valid ever after on that path.  Values that are not global get a slot
 * when they are evicted.  Home slots are shared by values that live in disjoint sets of blocks, the others are handed
 * out anew in each block.  Integers, floats and vectors have slots of their own, so moves of different classes never
 * meet.
 *
 * Blocks begin with nothing in registers, which takes the least time here; but where loads and stores are dear
 * (Target.dear_memory): one with one predecessor, which is before it in layout, with what that ended with (an extended
 * basic block; Allen and Cocke, 1971).  A join begins with some of the registers of its first predecessor, and the
 * others make theirs the same; or with none, where a call is on the way.
 *
 * An instruction occupies registers in two halves: uses in the first, definitions in the second, USE_LATE and DEF_EARLY
 * in both. Operands are placed from the most to the least constrained (fixed, both halves, a use tied to a definition,
 * one half); what the former may have is a subset of what the latter may have, so taking any register never blocks a
 * solution. All moves are made one by one in front of the instruction, each leaving the state consistent. */
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "code/live.h"
#include "code/slots.h"

enum { NOWHERE = 255, WAY_MAX = 500 };
#define DEAD UINT32_MAX

typedef struct Value { /* of a virtual register; what an operand needs of it, close together */
    uint32_t next;     /* the instruction of its next use in this block, DEAD when there is none */
    uint32_t until;    /* of a global: see live_out */
    uint8_t main;      /* its register, or NOWHERE */
    uint8_t class;     /* RegClass */
    bool global;
} Value;

typedef struct Held {
    Reg v;
    uint32_t r;
} Held;

typedef struct State { /* registers at the end of a block, or at the start of a join */
    Held *held;
    uint32_t n;
    RegSet dirty;
    bool set;
} State;

typedef struct Fast {
    Arena *arena;
    const MFn *m;
    const Target *t;
    Alloc *ra;
    const Live *live;
    Reg in[64];   /* what a register holds; REG_NONE: nothing.  Not the main register of its value: a copy for one
                     instruction */
    RegSet busy;  /* those that hold something */
    RegSet dirty; /* those whose value is theirs mainly, and not in its slot */
    Value *value;
    uint32_t *next_use;    /* by operand: what `next` of its register becomes behind the instruction */
    uint8_t *has;          /* by instruction: set of HAS_ */
    uint32_t *param_index; /* by vreg: place among its block's parameters, plus 1; 0: no parameter */
    Slots slots;
    RegSet order[RC_COUNT];
    RegSet run[RC_COUNT][REG_FLOAT]; /* the order of preference, as sets of which the lower registers come first */
    RegSet written;
    uint32_t at;    /* the instruction */
    uint32_t block; /* that it is in */
    State *entry;   /* by block where paths join: what the first predecessor leaves, and the others must make so */
    State *exit;    /* by block: its end, if a successor goes on with it */
    /* of the current instruction */
    RegSet fixed_a, fixed_b; /* taken by fixed operands in the first, in the second half */
    RegSet clobber;
    RegSet pin_a, pin_b; /* taken so far, fixed ones included once they are in place */
} Fast;

/* Which operands an instruction has, for most have few kinds. */
enum { HAS_FIXED = 1, HAS_TIED = 2, HAS_BOTH_HALVES = 4, HAS_USE = 8, HAS_DEF = 16 };

static inline uint32_t index_of(Reg r) { return r - REG_VIRTUAL; }
static inline Value *value_of(const Fast *f, Reg r) { return &f->value[index_of(r)]; }

static inline void put_in(Fast *f, uint32_t r, Reg v) {
    f->in[r] = v;
    f->busy |= REG_BIT(r);
}
static inline void vacate(Fast *f, uint32_t r) {
    f->in[r] = REG_NONE;
    f->busy &= ~REG_BIT(r);
    f->dirty &= ~REG_BIT(r);
}

/* -- What lives on ------------------------------------------------------------------- */

/* The run of blocks that v is live into and that has the block; NULL: it is not live into that. */
static inline const LiveRun *live_run(const Fast *f, uint32_t v, uint32_t block) {
    const Live *l = f->live;
    uint32_t lo = l->first_run[v], hi = l->first_run[v + 1];
    while (hi - lo > 1) { /* the last that begins there or before; most have one */
        uint32_t mid = lo + (hi - lo) / 2;
        if (l->run.at[mid].first <= block)
            lo = mid;
        else
            hi = mid;
    }
    const LiveRun *run = &l->run.at[lo];
    return lo < hi && run->first <= block && block <= run->last ? run : NULL;
}

static uint32_t until(const LiveRun *run) { return 2 * run->last + run->out; }

/* Where a value of several runs has come to a later one. */
static bool find_run(const Fast *f, uint32_t v, Value *x) {
    const LiveRun *run = live_run(f, v, f->block);
    if (run) x->until = until(run);
    return run && 2 * f->block < x->until;
}

/* Value.until is twice the last block of the run that the value is in, plus 1 if it is live out of that too. */
static inline bool live_out(const Fast *f, Reg v, Value *x) {
    if (2 * f->block <= x->until) return 2 * f->block < x->until;
    return find_run(f, index_of(v), x);
}

/* Is the value used behind the instruction, here or in a later block? */
static inline bool needed(const Fast *f, Reg v, Value *x) {
    return x->next != DEAD || (x->global && live_out(f, v, x));
}

/* -- Moves and places ---------------------------------------------------------------- */

static void edit(Fast *f, Loc from, Loc to, Reg v) {
    Edit e = {.at = f->at, .from = from, .to = to, .type = (uint32_t)vreg_type(f->m, v)};
    vec_push(f->arena, &f->ra->edit, e);
    if (!loc_is_slot(to)) f->written |= REG_BIT(to);
}

static void store(Fast *f, Reg v, uint32_t from) {
    if (f->slots.of[index_of(v)] == LOC_NONE) slots_take_local(&f->slots, index_of(v), vreg_type(f->m, v));
    edit(f, from, f->slots.of[index_of(v)], v);
    f->dirty &= ~REG_BIT(from);
}

/* The first of `set`, which is not empty, in the order of preference. */
static inline uint32_t some_of(const Fast *f, uint32_t c, RegSet set) {
    assert(set && "operand constraints that do not fit the registers");
    for (const RegSet *run = f->run[c];; run++)
        if (set & *run) return bits_ctz64(set & *run);
}

/* The same of any set; NOWHERE when it is empty. */
static inline uint32_t first_of(const Fast *f, uint32_t c, RegSet set) { return set ? some_of(f, c, set) : NOWHERE; }

/* Empty register r: its value, when still needed, moves to its slot, or to a free register outside of `avoid` if it is
 * used again in this block. */
static void displace(Fast *f, uint32_t r, RegSet avoid) {
    Reg w = f->in[r];
    if (w == REG_NONE) return;
    Value *x = value_of(f, w);
    if (x->main == r) {
        x->main = NOWHERE;
        if (f->dirty & REG_BIT(r) && needed(f, w, x)) {
            RegSet free = x->next != DEAD ? f->order[x->class] & ~(avoid | f->busy) : 0;
            uint32_t to = first_of(f, x->class, free);
            if (to != NOWHERE) {
                edit(f, r, to, w);
                x->main = (uint8_t)to;
                put_in(f, to, w);
                f->dirty |= REG_BIT(to);
            } else {
                store(f, w, r);
            }
        }
    }
    vacate(f, r);
}

/* Of the registers `allowed`, none of them free: the one whose value is used last, emptied. */
static uint32_t evict(Fast *f, uint32_t c, RegSet allowed) {
    uint32_t best = 0, r = NOWHERE;
    for (uint32_t k = 0; k < f->t->norder[c]; k++) {
        uint32_t cand = f->t->order[c][k];
        if (!(allowed & REG_BIT(cand))) continue;
        const Value *w = value_of(f, f->in[cand]);
        uint32_t far = w->main != cand ? DEAD : w->next;
        if (f->dirty & REG_BIT(cand) && far == DEAD) far--; /* one that is needed in a later block costs a store */
        if (r == NOWHERE || far > best) best = far, r = cand;
    }
    assert(r != NOWHERE && "operand constraints that do not fit the registers");
    displace(f, r, UINT64_MAX);
    return r;
}

/* One that holds a copy, or a value that is in its slot and not used in this block; NOWHERE: there is none. */
static uint32_t idle(const Fast *f, RegSet allowed) {
    for (RegSet s = allowed & f->busy & ~f->dirty; s; s &= s - 1)
        if (value_of(f, f->in[bits_ctz64(s)])->next == DEAD) return bits_ctz64(s);
    return NOWHERE;
}

/* A register among `allowed`, emptied: a free one, or the one whose value is used last.  Values of other blocks make
 * room before another register is used that the prologue must save. */
static inline uint32_t pick(Fast *f, uint32_t c, RegSet allowed, RegSet prefer_not) {
    allowed &= f->order[c];
    RegSet free = allowed & ~f->busy, fresh = f->t->callee_saved & ~f->written;
    if (free & ~prefer_not) free &= ~prefer_not;
    uint32_t r = free && !(free & ~fresh) ? idle(f, allowed & ~(prefer_not | fresh)) : NOWHERE;
    if (r != NOWHERE) {
        displace(f, r, UINT64_MAX);
        return r;
    }
    return free ? first_of(f, c, free) : evict(f, c, allowed);
}

static Loc location(const Fast *f, Reg v) {
    const Value *x = value_of(f, v);
    if (x->main != NOWHERE) return x->main;
    assert(f->slots.of[index_of(v)] != LOC_NONE);
    return f->slots.of[index_of(v)];
}

/* -- One instruction --------------------------------------------------------------------- */

static bool in_both_halves(uint32_t kind) { return kind == OPND_USE_LATE || kind == OPND_DEF_EARLY; }

/* The definition tied to use k, or nopnd. */
static uint32_t tied_def(const Opnd *o, uint32_t n, uint32_t k) {
    for (uint32_t d = 0; d < n; d++)
        if (o[d].constraint == OC_SAME && o[d].fixed == k) return d;
    return n;
}

static void fixed_sets(Fast *f, const Opnd *o, uint32_t n) {
    f->fixed_a = f->fixed_b = f->pin_a = f->pin_b = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (!reg_is_virtual(o[k].reg)) continue;
        uint32_t by = k;
        if (o[k].constraint == OC_SAME) by = o[k].fixed;
        if (o[by].constraint != OC_FIXED) continue;
        RegSet bit = REG_BIT(o[by].fixed);
        if (o[k].kind != OPND_DEF) f->fixed_a |= bit;
        if (o[k].kind != OPND_USE) f->fixed_b |= bit;
    }
}

/* Bring v into register r, which is empty or holds v.  v's main register follows unless it is in use already, or r
 * is no register to stay in (a fixed operand may name a reserved one). */
static void bring(Fast *f, Reg v, uint32_t r) {
    if (f->in[r] == v) return;
    Value *x = value_of(f, v);
    edit(f, location(f, v), r, v);
    put_in(f, r, v);
    uint32_t old = x->main;
    if (!(f->order[x->class] & REG_BIT(r))) return;
    if (old != NOWHERE && ((f->pin_a | f->pin_b) & REG_BIT(old))) return;
    if (old != NOWHERE) {
        if (f->dirty & REG_BIT(old)) f->dirty |= REG_BIT(r);
        vacate(f, old);
    }
    x->main = (uint8_t)r;
}

/* Registers that earlier operands of the instruction put v in, to be read in the first half. */
static RegSet own_pins(const Fast *f, Reg v) {
    RegSet own = 0;
    for (RegSet s = f->pin_a & f->order[value_of(f, v)->class]; s; s &= s - 1)
        if (f->in[bits_ctz64(s)] == v) own |= REG_BIT(bits_ctz64(s));
    return own;
}

static void place_fixed_uses(Fast *f, const Opnd *o, uint32_t n, Loc *loc) {
    for (uint32_t k = 0; k < n; k++) {
        if (o[k].constraint != OC_FIXED || o[k].kind > OPND_USE_LATE || !reg_is_virtual(o[k].reg)) continue;
        uint32_t r = o[k].fixed;
        if (f->in[r] != o[k].reg) displace(f, r, f->fixed_a | f->fixed_b | f->clobber);
        bring(f, o[k].reg, r);
        f->pin_a |= REG_BIT(r);
        loc[k] = r;
    }
    f->pin_a |= f->fixed_a;
    f->pin_b |= f->fixed_b;
    for (RegSet s = f->fixed_a; s; s &= s - 1) { /* the fixed DEF_EARLY */
        uint32_t r = bits_ctz64(s);
        bool used = false;
        for (uint32_t k = 0; k < n; k++)
            used |= o[k].constraint == OC_FIXED && o[k].fixed == r && o[k].kind <= OPND_USE_LATE;
        if (!used) displace(f, r, f->fixed_a | f->fixed_b | f->clobber);
    }
}

/* USE_LATE and DEF_EARLY that may be in any register. */
static void place_both_halves(Fast *f, const Opnd *o, uint32_t n, Loc *loc) {
    for (uint32_t k = 0; k < n; k++) {
        if (!in_both_halves(o[k].kind) || o[k].constraint == OC_FIXED || !reg_is_virtual(o[k].reg)) continue;
        uint32_t c = value_of(f, o[k].reg)->class;
        RegSet allowed = f->order[c] & ~(f->pin_a | f->pin_b | f->clobber);
        uint32_t r = NOWHERE;
        if (o[k].kind == OPND_USE_LATE) {
            for (uint32_t j = 0; j < k; j++) /* the same value late before? */
                if (o[j].kind == OPND_USE_LATE && o[j].constraint != OC_FIXED && o[j].reg == o[k].reg) r = loc[j];
            uint32_t have = value_of(f, o[k].reg)->main;
            if (r == NOWHERE && have != NOWHERE && (allowed & REG_BIT(have))) r = have;
            if (r == NOWHERE) r = first_of(f, c, own_pins(f, o[k].reg) & ~(f->pin_b | f->clobber));
        }
        if (r == NOWHERE) {
            r = pick(f, c, allowed, 0);
            if (o[k].kind == OPND_USE_LATE) bring(f, o[k].reg, r);
        }
        f->pin_a |= REG_BIT(r);
        f->pin_b |= REG_BIT(r);
        loc[k] = r;
    }
}

/* Uses that a definition is tied to: the register is overwritten, so a value that lives on wants to be elsewhere, too.
 */
static void place_tied_uses(Fast *f, const Opnd *o, uint32_t n, Loc *loc) {
    for (uint32_t k = 0; k < n; k++) {
        if (o[k].kind != OPND_USE || o[k].constraint == OC_FIXED || !reg_is_virtual(o[k].reg)) continue;
        if (tied_def(o, n, k) == n) continue;
        Reg v = o[k].reg;
        Value *x = value_of(f, v);
        uint32_t c = x->class;
        RegSet can = f->order[c] & ~(f->pin_a | f->pin_b);
        uint32_t have = x->main, next = f->next_use[o - f->m->opnd.at + k], r = NOWHERE;
        bool keep = have != NOWHERE && f->dirty & REG_BIT(have) && (next != DEAD || (x->global && live_out(f, v, x)));
        if (have != NOWHERE && (can & REG_BIT(have)) && (!keep || !(can & ~f->busy)))
            r = have;
        else if (can)
            r = pick(f, c, can, f->clobber);
        else
            r = some_of(f, c, own_pins(f, v) & ~f->pin_b);
        if (f->in[r] != v) { /* a copy; the main register stays */
            edit(f, location(f, v), r, v);
            put_in(f, r, v);
            if (x->main == NOWHERE) x->main = (uint8_t)r;
        }
        f->pin_a |= REG_BIT(r);
        f->pin_b |= REG_BIT(r);
        loc[k] = r;
    }
}

static void place_uses(Fast *f, const Opnd *o, uint32_t n, Loc *loc, bool tied) {
    for (uint32_t k = 0; k < n; k++) {
        if (o[k].kind != OPND_USE || o[k].constraint == OC_FIXED || !reg_is_virtual(o[k].reg)) continue;
        if (tied && tied_def(o, n, k) < n) continue;
        Reg v = o[k].reg;
        uint32_t c = value_of(f, v)->class, r = value_of(f, v)->main;
        if (r == NOWHERE) r = first_of(f, c, own_pins(f, v));
        if (r == NOWHERE) {
            r = pick(f, c, f->order[c] & ~f->pin_a, f->clobber | f->fixed_b);
            bring(f, v, r);
        }
        f->pin_a |= REG_BIT(r);
        loc[k] = r;
    }
}

/* Values that live on in registers that the instruction overwrites get another place; uses stay readable. */
static void save_survivors(Fast *f, RegSet lost) {
    RegSet avoid = lost | f->pin_a | f->pin_b;
    for (RegSet s = lost & f->busy; s; s &= s - 1) displace(f, bits_ctz64(s), avoid);
}

static void place_defs(Fast *f, const Opnd *o, uint32_t n, Loc *loc) {
    for (uint32_t k = 0; k < n; k++) {
        if (o[k].kind < OPND_DEF || !reg_is_virtual(o[k].reg)) continue;
        if (o[k].constraint == OC_FIXED) {
            loc[k] = o[k].fixed;
        } else if (o[k].constraint == OC_SAME) {
            loc[k] = loc[o[k].fixed];
        } else if (o[k].kind == OPND_DEF) {
            uint32_t c = value_of(f, o[k].reg)->class;
            loc[k] = pick(f, c, f->order[c] & ~f->pin_b, 0);
            f->pin_b |= REG_BIT(loc[k]);
        }
    }
}

static void finish_defs(Fast *f, const Opnd *o, uint32_t n, const Loc *loc) {
    for (uint32_t k = 0; k < n; k++) {
        if (o[k].kind < OPND_DEF || !reg_is_virtual(o[k].reg)) continue;
        Value *x = value_of(f, o[k].reg);
        f->written |= REG_BIT(loc[k]);
        x->next = f->next_use[o - f->m->opnd.at + k];
        if (!needed(f, o[k].reg, x)) continue;
        if (!(f->order[x->class] & REG_BIT(loc[k]))) {
            store(f, o[k].reg, loc[k]);
            continue;
        }
        put_in(f, loc[k], o[k].reg);
        f->dirty |= REG_BIT(loc[k]);
        x->main = (uint8_t)loc[k];
    }
}

/* Uses are done with: `next` becomes what holds behind the instruction; registers of values that are used no more, and
 * copies, are free. */
static void finish_uses(Fast *f, const Opnd *o, const Loc *loc, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) {
        if (!reg_is_virtual(o[k].reg) || o[k].kind > OPND_USE_LATE) continue;
        Value *x = value_of(f, o[k].reg);
        x->next = f->next_use[o - f->m->opnd.at + k];
        if (x->next == DEAD && !needed(f, o[k].reg, x)) {
            if (x->main != NOWHERE && f->in[x->main] == o[k].reg) vacate(f, x->main);
            x->main = NOWHERE;
            slots_give_back(&f->slots, index_of(o[k].reg));
        }
        if (x->main != loc[k] && f->in[loc[k]] == o[k].reg) vacate(f, loc[k]);
    }
}

static void instruction(Fast *f, const MInsn *i, uint32_t has) {
    const Opnd *o = insn_opnd(f->m, i);
    uint32_t n = i->nopnd;
    Loc *loc = f->ra->opnd + i->opnd;
    f->clobber = f->t->clobber[i->clobber];
    f->written |= f->clobber;
    if (!has && !f->clobber) return;
    f->fixed_a = f->fixed_b = f->pin_a = f->pin_b = 0;
    if (has & HAS_FIXED) {
        fixed_sets(f, o, n);
        place_fixed_uses(f, o, n, loc);
    }
    if (has & HAS_BOTH_HALVES) place_both_halves(f, o, n, loc);
    if (has & HAS_TIED) place_tied_uses(f, o, n, loc);
    if (has & HAS_USE) {
        place_uses(f, o, n, loc, has & HAS_TIED);
        finish_uses(f, o, loc, n);
    }
    RegSet lost = f->clobber | f->fixed_b; /* and what definitions are tied to */
    for (uint32_t k = 0; k < n && (has & HAS_TIED); k++)
        if (o[k].constraint == OC_SAME) lost |= REG_BIT(loc[o[k].fixed]);
    if (lost & f->busy) save_survivors(f, lost);
    if (!(has & HAS_DEF)) return;
    place_defs(f, o, n, loc);
    f->at++; /* what is stored there is so behind the instruction */
    finish_defs(f, o, n, loc);
}

/* -- Blocks and edges ----------------------------------------------------------------------- */

static void set_next(Fast *f, const MBlock *b, uint32_t next) {
    for (uint32_t s = 0; s < b->succ.n; s++)
        for (uint32_t k = 0; k < b->succ.at[s].nargs; k++)
            value_of(f, f->m->pool.at[b->succ.at[s].args + k])->next = next;
}

/* What an operand makes of its instruction. */
static const uint8_t has_of[4][4] = {
#define ROW(kind, has) \
    [kind] = {[OC_REG] = (has), [OC_ANY] = (has), [OC_FIXED] = (has) | HAS_FIXED, [OC_SAME] = (has) | HAS_TIED}
    ROW(OPND_USE, HAS_USE),
    ROW(OPND_USE_LATE, HAS_USE | HAS_BOTH_HALVES),
    ROW(OPND_DEF, HAS_DEF),
    ROW(OPND_DEF_EARLY, HAS_DEF | HAS_BOTH_HALVES),
#undef ROW
};

/* The operand before number k that is the same register. */
static uint32_t same_before(const Opnd *o, uint32_t k) {
    uint32_t j = 0;
    while (o[j].reg != o[k].reg) j++;
    assert(j < k);
    return j;
}

/* By one backward pass: next uses (arguments of edges out of the block's end are used at its `end`), what kinds of
 * operands an instruction has, and the places of physical ones, which are where they are. */
static void look_ahead(Fast *f, const MBlock *b) {
    set_next(f, b, b->end);
    for (uint32_t i = b->end; i-- > b->first;) {
        const MInsn *in = &f->m->insn.at[i];
        const Opnd *o = insn_opnd(f->m, in);
        uint32_t *next_use = f->next_use + in->opnd, has = 0;
        Loc *loc = f->ra->opnd + in->opnd;
        for (uint32_t k = 0; k < in->nopnd; k++) {
            loc[k] = o[k].reg;
            if (!reg_is_virtual(o[k].reg)) continue;
            Value *x = value_of(f, o[k].reg);
            next_use[k] = x->next == i ? next_use[same_before(o, k)] : x->next;
            x->next = o[k].kind <= OPND_USE_LATE ? i : DEAD;
            has |= has_of[o[k].kind][o[k].constraint];
        }
        f->has[i] = (uint8_t)has;
    }
}

/* Parallel moves of one class. */
static void put_moves(Fast *f, const Move *move, uint32_t n, uint32_t c) {
    Move *out = NULL;
    uint32_t nout = 0;
    if (n) moves_sequence(f->arena, move, n, f->t->scratch[c], &out, &nout);
    for (uint32_t k = 0; k < nout; k++) {
        Edit x = {.at = f->at, .from = out[k].from, .to = out[k].to, .type = out[k].type};
        vec_push(f->arena, &f->ra->edit, x);
    }
}

static uint32_t held_in(const State *s, Reg v) {
    for (uint32_t k = 0; k < s->n; k++)
        if (s->held[k].v == v) return s->held[k].r;
    return NOWHERE;
}

/* The edge's moves to where the target has its parameters: in the registers of its state, if there, or at home; and of
 * the other values of that state to theirs. */
static void edge(Fast *f, const MEdge *e, const State *s) {
    const MBlock *to = &f->m->block.at[e->to];
    uint32_t most = e->nargs + s->n;
    if (!most) return;
    Move *move = arena_alloc(f->arena, most * sizeof(Move), _Alignof(Move));
    for (uint32_t c = 0; c < RC_COUNT; c++) {
        uint32_t n = 0;
        for (uint32_t k = 0; k < e->nargs; k++) {
            Reg arg = f->m->pool.at[e->args + k], param = to->param.at[k];
            uint32_t r = held_in(s, param);
            Loc at = r == NOWHERE ? f->slots.of[index_of(param)] : r;
            if (value_of(f, param)->class != c) continue;
            move[n++] = (Move){location(f, arg), at, (uint32_t)vreg_type(f->m, param)};
        }
        for (uint32_t k = 0; k < s->n; k++) {
            Held h = s->held[k];
            if (value_of(f, h.v)->class != c || f->live->def_block[index_of(h.v)] == e->to) continue;
            if (location(f, h.v) != h.r) move[n++] = (Move){location(f, h.v), h.r, (uint32_t)vreg_type(f->m, h.v)};
        }
        put_moves(f, move, n, c);
    }
}

/* Does the block begin with the registers of its predecessor? */
static bool goes_on(const Fast *f, uint32_t block) {
    const MBlock *b = &f->m->block.at[block];
    return f->t->dear_memory && b->pred.n == 1 && b->pred.at[0] < block;
}

/* May what is in registers at the end of this block be so at the start of the join `to`?  Not with a call on the way
 * from here to its last predecessor, which would have to bring it all back; nor where that is far, so that the time
 * is linear. */
static bool may_keep(const Fast *f, const MBlock *to) {
    uint32_t last = f->block, from = f->m->block.at[f->block].end;
    for (uint32_t p = 0; p < to->pred.n; p++)
        if (to->pred.at[p] > last) last = to->pred.at[p];
    uint32_t end = f->m->block.at[last].end;
    if (end - from > WAY_MAX) return false;
    for (uint32_t i = from; i < end; i++)
        if (f->m->insn.at[i].clobber) return false;
    return true;
}

static void hold(Fast *f, State *s, RegSet regs, uint32_t more) {
    s->held = arena_alloc(f->arena, (bits_popcount64(regs) + more) * sizeof(Held), _Alignof(Held));
    s->dirty = f->dirty & regs;
    for (; regs; regs &= regs - 1) {
        uint32_t r = bits_ctz64(regs);
        if (value_of(f, f->in[r])->main == r) s->held[s->n++] = (Held){f->in[r], r};
    }
}

/* Registers for the parameters of a join: an argument's, where that is not kept itself, else a free one that need not
 * be saved. */
static void hold_params(Fast *f, const MEdge *e, State *s, RegSet taken) {
    RegSet fresh = f->t->callee_saved & ~f->written;
    uint32_t room[RC_COUNT];
    for (uint32_t c = 0; c < RC_COUNT; c++) room[c] = f->t->norder[c] / 4;
    for (uint32_t k = 0; k < e->nargs; k++) {
        Reg param = f->m->block.at[e->to].param.at[k];
        uint32_t c = value_of(f, param)->class, r = value_of(f, f->m->pool.at[e->args + k])->main;
        if (!room[c]) continue;
        if (r == NOWHERE || taken & REG_BIT(r)) r = first_of(f, c, f->order[c] & ~(taken | f->busy | fresh));
        if (r == NOWHERE) continue;
        room[c]--;
        taken |= REG_BIT(r);
        s->dirty |= REG_BIT(r);
        s->held[s->n++] = (Held){param, r};
    }
}

/* The first predecessor of a join: half of the registers are kept, so that others are free behind it. */
static void start_join(Fast *f, const MEdge *e, State *s) {
    s->set = true;
    if (!f->t->dear_memory || !may_keep(f, &f->m->block.at[e->to])) return;
    uint32_t room[RC_COUNT];
    RegSet keep = 0;
    for (uint32_t c = 0; c < RC_COUNT; c++) room[c] = f->t->norder[c] / 2;
    for (RegSet left = f->busy; left; left &= left - 1) {
        uint32_t r = bits_ctz64(left);
        const Value *x = value_of(f, f->in[r]);
        if (x->main == r && room[x->class] && live_run(f, index_of(f->in[r]), e->to)) {
            keep |= REG_BIT(r);
            room[x->class]--;
        }
    }
    hold(f, s, keep, e->nargs);
    hold_params(f, e, s, keep);
}

/* At the end of a block: make registers and slots those that the join begins with.  What is dirty there need not be in
 * its slot. */
static void conform(Fast *f, const MEdge *e, const State *s) {
    for (RegSet dirty = f->dirty; dirty; dirty &= dirty - 1) {
        uint32_t r = bits_ctz64(dirty), there = held_in(s, f->in[r]);
        if (there != NOWHERE && s->dirty & REG_BIT(there)) continue;
        if (live_out(f, f->in[r], value_of(f, f->in[r]))) store(f, f->in[r], r);
    }
    for (uint32_t k = 0; k < s->n; k++) f->written |= REG_BIT(s->held[k].r);
    edge(f, e, s);
}

/* For blocks that begin with nothing in registers, and whose edges' moves are at their start. */
static void store_all(Fast *f) {
    for (RegSet dirty = f->dirty; dirty; dirty &= dirty - 1) {
        uint32_t r = bits_ctz64(dirty);
        Value *x = value_of(f, f->in[r]);
        if (x->global && needed(f, f->in[r], x)) store(f, f->in[r], r);
    }
}

static void leave(Fast *f, const MBlock *b) {
    static const State nothing;
    for (uint32_t k = 0; k < b->succ.n; k++) {
        const MEdge *e = &b->succ.at[k];
        State *s = &f->entry[e->to];
        if (b->succ.n > 1) {
            if (!goes_on(f, e->to)) store_all(f);
        } else if (goes_on(f, e->to)) {
            edge(f, e, &nothing);
        } else {
            if (!s->set) start_join(f, e, s);
            conform(f, e, s);
        }
    }
}

/* For successors that go on with the registers; the next block just finds them there: true. */
static bool keep_registers(Fast *f, const MBlock *b) {
    bool next = false, others = false;
    for (uint32_t s = 0; s < b->succ.n; s++) {
        if (!goes_on(f, b->succ.at[s].to)) continue;
        if (b->succ.at[s].to == f->block + 1)
            next = true;
        else
            others = true;
    }
    if (others && f->busy) hold(f, &f->exit[f->block], f->busy, 0);
    return next;
}

static void take_registers(Fast *f, const State *s) {
    for (uint32_t k = 0; k < s->n; k++) {
        put_in(f, s->held[k].r, s->held[k].v);
        value_of(f, s->held[k].v)->main = (uint8_t)s->held[k].r;
    }
    f->dirty = s->dirty;
}

/* Of what was in registers, arguments among it, what is not needed from here on. */
static void drop_dead(Fast *f) {
    for (RegSet s = f->busy; s; s &= s - 1) {
        uint32_t r = bits_ctz64(s);
        Value *x = value_of(f, f->in[r]);
        if (needed(f, f->in[r], x)) continue;
        x->main = NOWHERE;
        vacate(f, r);
    }
}

static void forget_registers(Fast *f) {
    for (RegSet s = f->busy; s; s &= s - 1) {
        uint32_t r = bits_ctz64(s);
        value_of(f, f->in[r])->main = NOWHERE;
        f->in[r] = REG_NONE;
    }
    f->busy = f->dirty = 0;
}

/* What is in registers, and the parameters, at the start of a block; `there`: as its predecessor left it. */
static void enter(Fast *f, const MBlock *b, bool there) {
    bool on = goes_on(f, f->block);
    if (!there) take_registers(f, on ? &f->exit[b->pred.at[0]] : &f->entry[f->block]);
    if (b->pred.n != 1 || f->m->block.at[b->pred.at[0]].succ.n == 1) return;
    edge(f, live_edge(f->live, f->m, b->pred.at[0], f->block), &(State){0});
    drop_dead(f);
}

/* Both `there`: the registers are as the block before in layout left them. */
static bool block(Fast *f, uint32_t id, bool there) {
    const MBlock *b = &f->m->block.at[id];
    look_ahead(f, b);
    f->at = b->first;
    f->block = id;
    enter(f, b, there);
    for (uint32_t i = b->first; i < b->end; i++) {
        f->at = i;
        if (i == b->end - 1) leave(f, b);
        instruction(f, &f->m->insn.at[i], f->has[i]);
    }
    set_next(f, b, DEAD);
    there = keep_registers(f, b);
    if (!there) forget_registers(f);
    slots_end_block(&f->slots);
    return there;
}

/* A home over the blocks where v lives.  A parameter would like that of an argument, if it is free. */
static void want_home(Fast *f, uint32_t v) {
    const Live *l = f->live;
    uint32_t def = l->def_block[v], first = l->first_run[v], n = l->first_run[v + 1] - first, nrange = 0;
    const MBlock *b = &f->m->block.at[def];
    Range *range = arena_alloc(f->arena, (n + 1) * sizeof(Range), _Alignof(Range));
    range[nrange++] = (Range){def, def + 1};
    for (uint32_t r = 0; r < n; r++) { /* all behind the definition in layout, which dominates them */
        if (range[nrange - 1].to == l->run.at[first + r].first)
            range[nrange - 1].to = l->run.at[first + r].last + 1;
        else
            range[nrange++] = (Range){l->run.at[first + r].first, l->run.at[first + r].last + 1};
    }
    SlotWant w = {.vreg = v, .range = range, .nrange = nrange};
    uint32_t index = f->param_index[v];
    for (uint32_t p = 0; p < b->pred.n && index && w.nhint < SLOT_HINTS; p++)
        w.hint[w.nhint++] = index_of(f->m->pool.at[live_edge(l, f->m, b->pred.at[p], def)->args + index - 1]);
    slots_want(&f->slots, (IrType)f->m->vreg_type.at[v], &w);
}

/* Values used outside of their block, and block parameters; homes for them, in the order in which they are defined. */
static void find_globals(Fast *f) {
    const Live *l = f->live;
    for (uint32_t k = 0; k < f->m->block.n; k++) {
        const MBlock *b = &f->m->block.at[k];
        for (uint32_t p = 0; p < b->param.n; p++) {
            Value *x = value_of(f, b->param.at[p]);
            x->global = true;
            f->param_index[index_of(b->param.at[p])] = p + 1;
        }
        for (uint32_t s = 0; s < b->succ.n && b->succ.n > 1; s++)
            for (uint32_t n = 0; n < b->succ.at[s].nargs; n++)
                value_of(f, f->m->pool.at[b->succ.at[s].args + n])->global = true;
    }
    uint32_t *first = ARENA_ARRAY(f->arena, uint32_t, f->m->block.n); /* lists, plus 1, by block of definition */
    uint32_t *next = arena_alloc(f->arena, l->nvregs * sizeof *next, _Alignof(uint32_t));
    for (uint32_t v = l->nvregs; v-- > 0;) {
        f->value[v].global |= l->first_run[v] != l->first_run[v + 1];
        if (!f->value[v].global || l->def_block[v] == UINT32_MAX) continue;
        f->value[v].until = 2 * l->def_block[v] + l->def_out[v];
        next[v] = first[l->def_block[v]];
        first[l->def_block[v]] = v + 1;
    }
    for (uint32_t k = 0; k < f->m->block.n; k++)
        for (uint32_t v = first[k]; v; v = next[v - 1]) want_home(f, v - 1);
    slots_assign_homes(&f->slots);
}

static void set_order(Fast *f) {
    for (uint32_t c = 0; c < RC_COUNT; c++) {
        const uint8_t *order = f->t->order[c];
        RegSet *run = f->run[c];
        for (uint32_t k = 0; k < f->t->norder[c]; k++) {
            run += k && order[k] < order[k - 1];
            *run |= REG_BIT(order[k]);
            f->order[c] |= REG_BIT(order[k]);
        }
    }
}

static void init(Fast *f) {
    const MFn *m = f->m;
    Arena *a = f->arena;
    uint32_t nv = m->vreg_type.n;
    f->ra = ARENA_NEW(a, Alloc);
    f->ra->opnd = arena_alloc(a, m->opnd.n * sizeof(Loc), _Alignof(Loc));
    vec_reserve(a, &f->ra->edit, m->insn.n / 2 + 16);
    f->value = arena_alloc(a, nv * sizeof(Value), _Alignof(Value));
    for (uint32_t v = 0; v < nv; v++)
        f->value[v] = (Value){.next = DEAD, .main = NOWHERE, .class = (uint8_t)type_class((IrType)m->vreg_type.at[v])};
    f->entry = ARENA_ARRAY(a, State, m->block.n);
    f->exit = ARENA_ARRAY(a, State, m->block.n);
    f->next_use = arena_alloc(a, m->opnd.n * sizeof(uint32_t), _Alignof(uint32_t));
    f->has = arena_alloc(a, m->insn.n, 1);
    f->param_index = ARENA_ARRAY(a, uint32_t, nv);
    for (uint32_t r = 0; r < 64; r++) f->in[r] = REG_NONE;
    set_order(f);
    slots_init(&f->slots, a, nv);
    f->live = live_build(a, m);
}

Alloc *regalloc_fast(Arena *a, MFn *m, const Target *t) {
    Fast f = {.arena = a, .m = m, .t = t};
    init(&f);
    find_globals(&f);
    bool there = false;
    for (uint32_t b = 0; b < m->block.n; b++) there = block(&f, b, there);
    f.ra->nslots = slots_finish(&f.slots, f.ra, 0); /* operands are all in registers */
    f.ra->saved = f.written & t->callee_saved;
    return f.ra;
}
