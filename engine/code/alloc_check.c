/* The allocation checker: an abstract interpretation over sets.
 *
 * A state maps each location to the set of virtual registers whose values it holds for certain.  Transfer:
 *   - edit l -> k: k's set becomes l's, less what the move's type is too narrow for
 *   - instruction: a use's register must be in its location's set; then clobbered locations and scratch hold nothing, a
 *     definition's location holds exactly the register defined
 *   - edge: parameter p joins the sets that hold its argument; what is not live in the target is dropped
 *   - meet: intersection
 *
 * States only shrink, so an error found on the way to the fixed point is an error at the fixed point.  Dropping what is
 * not live also drops values of an earlier round of a loop, for in SSA form nothing is live into its own definition.
 * (Algorithm: that of regalloc2's checker.)  Accepts all correct allocations that do not rely on two values being equal
 * because a M_MOVE made them so.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/bits.h"
#include "code/alloc.h"
#include "code/live.h"

typedef struct Fact {
    Loc loc;
    uint32_t vreg; /* index */
} Fact;

typedef struct FactSet {
    Fact *at; /* by location, then register */
    uint32_t n;
    bool visited, dirty;
} FactSet;

typedef struct Node {
    uint32_t vreg, next;
} Node;

typedef struct Check {
    Arena *arena;
    const MFn *m;
    const Target *t;
    const Alloc *ra;
    char *msg;
    uint32_t size;
    const Live *live;
    RegSet allocatable[RC_COUNT], all, scratch, written;
    FactSet *entry; /* by block */
    /* the state: a list for each location */
    uint32_t nlocs;
    uint32_t *head;
    VEC(Node) node;
    uint32_t free; /* list of nodes */
    VEC(Loc) touched;
    bool *is_touched;
} Check;

__attribute__((format(printf, 3, 4))) static bool fail(const Check *c, uint32_t insn, const char *fmt, ...) {
    va_list ap;
    int n = snprintf(c->msg, c->size, "instruction %u: ", (unsigned)insn);
    va_start(ap, fmt);
    if (n >= 0 && (uint32_t)n < c->size) vsnprintf(c->msg + n, c->size - (uint32_t)n, fmt, ap);
    va_end(ap);
    return false;
}

typedef struct LocText {
    char at[16];
} LocText;

static LocText loc_text(Loc l) {
    LocText t;
    if (loc_is_slot(l))
        snprintf(t.at, sizeof t.at, "slot%u", (unsigned)(l - LOC_SLOT));
    else
        snprintf(t.at, sizeof t.at, "r%u", (unsigned)l);
    return t;
}

/* -- The state ------------------------------------------------------------------- */

static bool is_wide(const Check *c, uint32_t vreg) { return c->m->vreg_type.at[vreg] == T_V128; }

static void touch(Check *c, Loc l) {
    if (c->is_touched[l]) return;
    c->is_touched[l] = true;
    vec_push(c->arena, &c->touched, l);
}

static void clear(Check *c, Loc l) {
    while (c->head[l]) {
        uint32_t k = c->head[l];
        c->head[l] = c->node.at[k].next;
        c->node.at[k].next = c->free;
        c->free = k;
    }
}

static void add(Check *c, Loc l, uint32_t vreg) {
    uint32_t k = c->free;
    if (k) {
        c->free = c->node.at[k].next;
    } else {
        k = c->node.n;
        vec_push(c->arena, &c->node, ((Node){0}));
    }
    c->node.at[k] = (Node){vreg, c->head[l]};
    c->head[l] = k;
    touch(c, l);
}

static bool holds(const Check *c, Loc l, uint32_t vreg) {
    for (uint32_t k = c->head[l]; k; k = c->node.at[k].next)
        if (c->node.at[k].vreg == vreg) return true;
    return false;
}

/* Location l is about to be written, `bytes` wide: what it and a slot it overlaps held is lost. */
static void overwrite(Check *c, Loc l, uint32_t bytes) {
    clear(c, l);
    if (!loc_is_slot(l)) return;
    if (bytes == 16 && l + 1 < c->nlocs) clear(c, l + 1);
    if (l > LOC_SLOT && c->head[l - 1] && is_wide(c, c->node.at[c->head[l - 1]].vreg)) clear(c, l - 1);
}

static void load_state(Check *c, const FactSet *s) {
    for (uint32_t k = 0; k < c->touched.n; k++) {
        clear(c, c->touched.at[k]);
        c->is_touched[c->touched.at[k]] = false;
    }
    c->touched.n = 0;
    for (uint32_t k = 0; k < s->n; k++) add(c, s->at[k].loc, s->at[k].vreg);
}

/* -- Edits and instructions ------------------------------------------------------------------ */

static bool slot_ok(const Check *c, Loc l, uint32_t bytes) {
    if (bytes == 16) return !(l & 1) && l + 1 < c->nlocs;
    return l < c->nlocs;
}

static bool fixed_here(const Check *c, const MInsn *i, Loc l) {
    const Opnd *o = insn_opnd(c->m, i);
    for (uint32_t k = 0; k < i->nopnd; k++)
        if (o[k].constraint == OC_FIXED && o[k].fixed == l) return true;
    return false;
}

static bool check_edit(Check *c, const Edit *e) {
    if (e->type <= T_NONE || e->type >= T_COUNT) return fail(c, e->at, "an edit's type");
    RegClass rc = type_class((IrType)e->type);
    uint32_t bytes = type_bytes((IrType)e->type);
    const Loc end[2] = {e->from, e->to};
    for (uint32_t k = 0; k < 2; k++) {
        if (loc_is_slot(end[k]) ? !slot_ok(c, end[k], bytes)
                                : end[k] >= 64 || (end[k] >= REG_FLOAT) != (rc == RC_FLOAT))
            return fail(c, e->at, "an edit's location is out of range or of the wrong class");
    }
    if (!loc_is_slot(e->to)) {
        if (!(REG_BIT(e->to) & (c->all | c->scratch)) && !fixed_here(c, &c->m->insn.at[e->at], e->to))
            return fail(c, e->at, "an edit writes the reserved register r%u", (unsigned)e->to);
        c->written |= REG_BIT(e->to);
    }
    if (e->from == e->to) return true;
    overwrite(c, e->to, bytes);
    for (uint32_t k = c->head[e->from]; k; k = c->node.at[k].next)
        if (type_bytes((IrType)c->m->vreg_type.at[c->node.at[k].vreg]) <= bytes) add(c, e->to, c->node.at[k].vreg);
    return true;
}

static bool check_constraint(const Check *c, uint32_t i, const MInsn *in, uint32_t k) {
    const Opnd *o = insn_opnd(c->m, in);
    const Loc *loc = c->ra->opnd + in->opnd;
    Loc l = loc[k];
    if (!reg_is_virtual(o[k].reg))
        return l == o[k].reg || fail(c, i, "operand %u: a physical register was changed", (unsigned)k);
    RegClass rc = type_class(vreg_type(c->m, o[k].reg));
    bool reg_ok = l < 64 && (c->allocatable[rc] & REG_BIT(l));
    switch (o[k].constraint) {
    case OC_REG: return reg_ok || fail(c, i, "operand %u is not in a register it may be in", (unsigned)k);
    case OC_FIXED: return l == o[k].fixed || fail(c, i, "operand %u is not in its fixed register", (unsigned)k);
    case OC_SAME: return l == loc[o[k].fixed] || fail(c, i, "operand %u is not where its use is", (unsigned)k);
    default:
        return reg_ok || (loc_is_slot(l) && slot_ok(c, l, type_bytes(vreg_type(c->m, o[k].reg)))) ||
               fail(c, i, "operand %u is neither in a register nor in a slot", (unsigned)k);
    }
}

/* Do operands j and k need to be apart? */
static bool conflict(const Opnd *j, const Opnd *k) {
    bool use_j = j->kind <= OPND_USE_LATE, use_k = k->kind <= OPND_USE_LATE;
    if (use_j && use_k) return false;
    bool a = j->kind != OPND_DEF && k->kind != OPND_DEF;
    bool b = j->kind != OPND_USE && k->kind != OPND_USE;
    return a || b;
}

static bool check_operands(const Check *c, uint32_t i, const MInsn *in) {
    const Opnd *o = insn_opnd(c->m, in);
    const Loc *loc = c->ra->opnd + in->opnd;
    RegSet clobber = c->t->clobber[in->clobber];
    for (uint32_t k = 0; k < in->nopnd; k++) {
        if (!check_constraint(c, i, in, k)) return false;
        if (!reg_is_virtual(o[k].reg)) continue;
        if (o[k].kind <= OPND_USE_LATE && !holds(c, loc[k], o[k].reg - REG_VIRTUAL))
            return fail(c, i, "operand %u: %s does not hold v%u", (unsigned)k, loc_text(loc[k]).at, (unsigned)o[k].reg);
        bool late = o[k].kind == OPND_USE_LATE || o[k].kind == OPND_DEF_EARLY;
        if (late && o[k].constraint != OC_FIXED && loc[k] < 64 && (clobber & REG_BIT(loc[k])))
            return fail(c, i, "operand %u: %s is clobbered", (unsigned)k, loc_text(loc[k]).at);
        for (uint32_t j = 0; j < k; j++)
            if (reg_is_virtual(o[j].reg) && loc[j] == loc[k] && conflict(&o[j], &o[k]))
                return fail(c, i, "operands %u and %u share %s", (unsigned)j, (unsigned)k, loc_text(loc[k]).at);
    }
    return true;
}

static bool check_insn(Check *c, uint32_t i) {
    const MInsn *in = &c->m->insn.at[i];
    const Opnd *o = insn_opnd(c->m, in);
    const Loc *loc = c->ra->opnd + in->opnd;
    if (!check_operands(c, i, in)) return false;
    RegSet lost = c->t->clobber[in->clobber];
    c->written |= lost;
    for (RegSet s = lost | c->scratch; s; s &= s - 1) clear(c, bits_ctz64(s));
    for (uint32_t k = 0; k < in->nopnd; k++) {
        if (o[k].kind < OPND_DEF) continue;
        bool known = reg_is_virtual(o[k].reg);
        overwrite(c, loc[k], known ? type_bytes(vreg_type(c->m, o[k].reg)) : 0);
        if (known) add(c, loc[k], o[k].reg - REG_VIRTUAL);
        if (loc[k] < 64) c->written |= REG_BIT(loc[k]);
    }
    return true;
}

/* -- Blocks and edges ------------------------------------------------------------------------- */

static bool live_into(const Live *l, uint32_t vreg, uint32_t block) {
    uint32_t lo = l->first_run[vreg], hi = l->first_run[vreg + 1];
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (l->run.at[mid].last < block)
            lo = mid + 1;
        else if (l->run.at[mid].first > block)
            hi = mid;
        else
            return true;
    }
    return false;
}

static int fact_order(const void *a, const void *b) {
    const Fact *x = a, *y = b;
    if (x->loc != y->loc) return x->loc < y->loc ? -1 : 1;
    return x->vreg < y->vreg ? -1 : x->vreg > y->vreg;
}

/* Arguments of one edge by register, to find all parameters that a register is passed for. */
typedef struct Passed {
    uint32_t arg, param;
} Passed;

static int passed_order(const void *a, const void *b) {
    const Passed *x = a, *y = b;
    if (x->arg != y->arg) return x->arg < y->arg ? -1 : 1;
    return x->param < y->param ? -1 : x->param > y->param;
}

typedef VEC(Fact) FactVec;

static void cross_edge(Check *c, const MEdge *e, FactVec *out) {
    const MBlock *to = &c->m->block.at[e->to];
    Passed *passed = ARENA_ARRAY(c->arena, Passed, e->nargs);
    for (uint32_t k = 0; k < e->nargs; k++)
        passed[k] = (Passed){c->m->pool.at[e->args + k] - REG_VIRTUAL, to->param.at[k] - REG_VIRTUAL};
    if (e->nargs) qsort(passed, e->nargs, sizeof *passed, passed_order);
    for (uint32_t n = 0; n < c->touched.n; n++) {
        Loc l = c->touched.at[n];
        for (uint32_t k = c->head[l]; k; k = c->node.at[k].next) {
            uint32_t v = c->node.at[k].vreg, lo = 0, hi = e->nargs;
            if (live_into(c->live, v, e->to)) vec_push(c->arena, out, ((Fact){l, v}));
            while (lo < hi) {
                uint32_t mid = (lo + hi) / 2;
                if (passed[mid].arg < v)
                    lo = mid + 1;
                else
                    hi = mid;
            }
            for (; lo < e->nargs && passed[lo].arg == v; lo++) vec_push(c->arena, out, ((Fact){l, passed[lo].param}));
        }
    }
    if (out->n) qsort(out->at, out->n, sizeof *out->at, fact_order);
}

static void meet(Check *c, FactSet *s, const FactVec *in) {
    if (!s->visited) {
        s->visited = s->dirty = true;
        s->at = ARENA_ARRAY(c->arena, Fact, in->n);
        if (in->n) memcpy(s->at, in->at, in->n * sizeof(Fact));
        s->n = in->n;
        return;
    }
    uint32_t keep = 0;
    for (uint32_t k = 0, j = 0; k < s->n; k++) {
        while (j < in->n && fact_order(&in->at[j], &s->at[k]) < 0) j++;
        if (j < in->n && fact_order(&in->at[j], &s->at[k]) == 0) s->at[keep++] = s->at[k];
    }
    if (keep != s->n) s->dirty = true;
    s->n = keep;
}

/* The first edit at or behind instruction i. */
static uint32_t edit_from(const Alloc *ra, uint32_t i) {
    uint32_t lo = 0, hi = ra->edit.n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (ra->edit.at[mid].at < i)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool check_block(Check *c, uint32_t b) {
    const MBlock *mb = &c->m->block.at[b];
    uint32_t edit = edit_from(c->ra, mb->first);
    load_state(c, &c->entry[b]);
    for (uint32_t i = mb->first; i < mb->end; i++) {
        for (; edit < c->ra->edit.n && c->ra->edit.at[edit].at == i; edit++)
            if (!check_edit(c, &c->ra->edit.at[edit])) return false;
        if (!check_insn(c, i)) return false;
    }
    for (uint32_t s = 0; s < mb->succ.n; s++) {
        FactVec out = {0};
        cross_edge(c, &mb->succ.at[s], &out);
        meet(c, &c->entry[mb->succ.at[s].to], &out);
    }
    return true;
}

static bool check_form(const Check *c) {
    for (uint32_t k = 0; k < c->ra->edit.n; k++) {
        if (c->ra->edit.at[k].at >= c->m->insn.n) return fail(c, c->ra->edit.at[k].at, "an edit behind the end");
        if (k && c->ra->edit.at[k].at < c->ra->edit.at[k - 1].at)
            return fail(c, c->ra->edit.at[k].at, "edits are not sorted");
    }
    for (uint32_t i = 0; i < c->m->insn.n; i++)
        for (uint32_t k = 0; k < c->m->insn.at[i].nopnd; k++) {
            Loc l = c->ra->opnd[c->m->insn.at[i].opnd + k];
            if (l == LOC_NONE || l >= c->nlocs) return fail(c, i, "operand %u has no location", (unsigned)k);
        }
    return true;
}

bool alloc_check(const MFn *m, const Target *t, const Alloc *ra, char *msg, uint32_t size) {
    ArenaMark mark = arena_mark(m->arena);
    Check c = {.arena = m->arena, .m = m, .t = t, .ra = ra, .msg = msg, .size = size, .nlocs = LOC_SLOT + ra->nslots};
    for (uint32_t k = 0; k < RC_COUNT; k++) {
        for (uint32_t r = 0; r < t->norder[k]; r++) c.allocatable[k] |= REG_BIT(t->order[k][r]);
        c.all |= c.allocatable[k];
        c.scratch |= REG_BIT(t->scratch[k]);
    }
    c.live = live_build(c.arena, m);
    c.entry = ARENA_ARRAY(c.arena, FactSet, m->block.n);
    c.head = ARENA_ARRAY(c.arena, uint32_t, c.nlocs);
    c.is_touched = ARENA_ARRAY(c.arena, bool, c.nlocs);
    vec_push(c.arena, &c.node, ((Node){0})); /* 0 ends lists */
    c.entry[0].visited = c.entry[0].dirty = true;
    bool ok = check_form(&c), again = ok;
    while (ok && again) {
        again = false;
        for (uint32_t b = 0; b < m->block.n && ok; b++) {
            if (!c.entry[b].dirty) continue;
            c.entry[b].dirty = false;
            again = true;
            ok = check_block(&c, b);
        }
    }
    RegSet unsaved = c.written & t->callee_saved & ~ra->saved;
    if (ok && unsaved) ok = fail(&c, 0, "callee-saved r%u is written but not saved", (unsigned)bits_ctz64(unsaved));
    arena_rewind(m->arena, mark);
    return ok;
}
