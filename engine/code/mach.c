/* The machine verifier: what mach.h promises the allocators.
 * What the fields of a target's opcode mean, the target alone knows; its encoder asserts it. */
#include <stdarg.h>
#include <stdio.h>
#include "base/bits.h"
#include "code/live.h"
#include "code/print.h"

typedef struct Verify {
    const MFn *m;
    const Target *t;
    char *msg;
    uint32_t size;
    RegSet allocatable;
    const Live *live;
    uint32_t *def; /* by vreg: defining instruction plus 1; 0: a parameter */
} Verify;

__attribute__((format(printf, 3, 4))) static bool fail(const Verify *v, uint32_t insn, const char *fmt, ...) {
    va_list ap;
    int n = insn == UINT32_MAX ? 0 : snprintf(v->msg, v->size, "instruction %u: ", (unsigned)insn);
    va_start(ap, fmt);
    if (n >= 0 && (uint32_t)n < v->size) vsnprintf(v->msg + n, v->size - (uint32_t)n, fmt, ap);
    va_end(ap);
    return false;
}

static bool virtual_ok(const Verify *v, Reg r) {
    return reg_is_virtual(r) && r - REG_VIRTUAL < v->m->vreg_type.n && vreg_type(v->m, r) > T_NONE &&
           vreg_type(v->m, r) < T_COUNT;
}

static bool check_tie(const Verify *v, uint32_t i, const Opnd *o, uint32_t n, uint32_t k) {
    const Opnd *use = &o[o[k].fixed];
    if (o[k].kind != OPND_DEF || o[k].fixed >= n || use->kind != OPND_USE || !virtual_ok(v, use->reg))
        return fail(v, i, "operand %u is tied to what is not a plain use", (unsigned)k);
    if (type_class(vreg_type(v->m, use->reg)) != type_class(vreg_type(v->m, o[k].reg)))
        return fail(v, i, "operand %u is tied to another class", (unsigned)k);
    for (uint32_t j = 0; j < k; j++)
        if (o[j].constraint == OC_SAME && o[j].fixed == o[k].fixed)
            return fail(v, i, "two definitions tied to one use");
    return true;
}

static bool check_opnd(const Verify *v, uint32_t i, const Opnd *o, uint32_t n, uint32_t k) {
    if (o[k].kind > OPND_DEF_EARLY || o[k].constraint > OC_ANY)
        return fail(v, i, "operand %u: kind or constraint", (unsigned)k);
    if (!reg_is_virtual(o[k].reg)) {
        if (o[k].reg == REG_NONE || (v->allocatable & REG_BIT(o[k].reg)))
            return fail(v, i, "operand %u is an allocatable physical register, or none", (unsigned)k);
        return true;
    }
    if (!virtual_ok(v, o[k].reg)) return fail(v, i, "operand %u: no such virtual register", (unsigned)k);
    if (o[k].constraint == OC_SAME) return check_tie(v, i, o, n, k);
    if (o[k].constraint != OC_FIXED) return true;
    RegClass c = type_class(vreg_type(v->m, o[k].reg));
    if (o[k].fixed >= 64 || (o[k].fixed >= REG_FLOAT) != (c == RC_FLOAT) || o[k].fixed == v->t->scratch[c])
        return fail(v, i, "operand %u is fixed to a register it cannot be in", (unsigned)k);
    return true;
}

/* Fixed operands must not be at odds: one register in one half of the instruction. */
static bool check_fixed(const Verify *v, uint32_t i, const Opnd *o, uint32_t n) {
    Reg first[64], second[64];
    for (uint32_t r = 0; r < 64; r++) first[r] = second[r] = REG_NONE;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t by = o[k].constraint == OC_SAME ? o[k].fixed : k;
        if (!reg_is_virtual(o[k].reg) || o[by].constraint != OC_FIXED) continue;
        uint32_t r = o[by].fixed;
        bool a = o[k].kind != OPND_DEF, b = o[k].kind != OPND_USE;
        if ((a && first[r] != REG_NONE && first[r] != o[k].reg) ||
            (b && second[r] != REG_NONE && second[r] != o[k].reg))
            return fail(v, i, "fixed operands contradict each other");
        if (a) first[r] = o[k].reg;
        if (b) second[r] = o[k].reg;
    }
    return true;
}

static bool check_insn(const Verify *v, uint32_t b, uint32_t i) {
    const MInsn *in = &v->m->insn.at[i];
    const Opnd *o = insn_opnd(v->m, in);
    bool last = i == v->m->block.at[b].end - 1;
    if (in->op >= M_TARGET + v->t->ninsn) return fail(v, i, "unknown opcode %u", (unsigned)in->op);
    if ((in->op == M_PARAMS) != (i == 0)) return fail(v, i, "the parameters are not the first instruction");
    if (((in->flags & MF_BRANCH) != 0) != last) return fail(v, i, "branch in the middle, or block without one");
    if (in->opnd > v->m->opnd.n || in->nopnd > v->m->opnd.n - in->opnd) return fail(v, i, "operands out of range");
    for (uint32_t k = 0; k < in->nopnd; k++) {
        if (!check_opnd(v, i, o, in->nopnd, k)) return false;
        if (last && v->m->block.at[b].succ.n == 1 && reg_is_virtual(o[k].reg))
            return fail(v, i, "operands of a branch with one successor");
    }
    if (in->op == M_MOVE && (in->nopnd != 2 || o[0].kind != OPND_DEF || o[1].kind != OPND_USE))
        return fail(v, i, "a move's operands");
    return check_fixed(v, i, o, in->nopnd);
}

static bool check_edges(const Verify *v, uint32_t b) {
    const MBlock *mb = &v->m->block.at[b];
    for (uint32_t s = 0; s < mb->succ.n; s++) {
        const MEdge *e = &mb->succ.at[s];
        if (e->to == 0 || e->to >= v->m->block.n) return fail(v, UINT32_MAX, "block %u: edge to nowhere", (unsigned)b);
        const MBlock *to = &v->m->block.at[e->to];
        if (mb->succ.n > 1 && to->pred.n != 1) return fail(v, UINT32_MAX, "block %u: critical edge", (unsigned)b);
        if (mb->succ.n > 1 && to->pred.at[0] != b)
            return fail(v, UINT32_MAX, "block %u: successor of another block", (unsigned)b);
        if (e->nargs != to->param.n || e->args > v->m->pool.n || e->nargs > v->m->pool.n - e->args)
            return fail(v, UINT32_MAX, "block %u: edge arguments do not match", (unsigned)b);
        for (uint32_t k = 0; k < e->nargs; k++) {
            Reg arg = v->m->pool.at[e->args + k];
            if (!virtual_ok(v, arg) || vreg_type(v->m, arg) != vreg_type(v->m, to->param.at[k]))
                return fail(v, UINT32_MAX, "block %u: edge argument %u", (unsigned)b, (unsigned)k);
        }
    }
    for (uint32_t p = 0; p < mb->pred.n; p++) { /* with as many edges as predecessors in all, each is there */
        const MBlock *from = &v->m->block.at[mb->pred.at[p] < v->m->block.n ? mb->pred.at[p] : b];
        if (mb->pred.at[p] >= v->m->block.n || from->succ.n == 0 || (from->succ.n == 1 && from->succ.at[0].to != b) ||
            (from->succ.n > 1 && mb->pred.n > 1))
            return fail(v, UINT32_MAX, "block %u: a predecessor that does not go here", (unsigned)b);
    }
    return true;
}

static bool check_shape(const Verify *v) {
    const MFn *m = v->m;
    uint32_t at = 0, edges = 0, preds = 0;
    if (!m->block.n || m->block.at[0].pred.n || m->block.at[0].param.n)
        return fail(v, UINT32_MAX, "an entry block with predecessors or parameters");
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *mb = &m->block.at[b];
        if (mb->first != at || mb->end <= mb->first || mb->end > m->insn.n)
            return fail(v, UINT32_MAX, "block %u: instructions out of order", (unsigned)b);
        at = mb->end;
        edges += mb->succ.n;
        preds += mb->pred.n;
        for (uint32_t p = 0; p < mb->param.n; p++)
            if (!virtual_ok(v, mb->param.at[p])) return fail(v, UINT32_MAX, "block %u: parameter", (unsigned)b);
        for (uint32_t i = mb->first; i < mb->end; i++)
            if (!check_insn(v, b, i)) return false;
        if (!check_edges(v, b)) return false;
    }
    if (at != m->insn.n || edges != preds) return fail(v, UINT32_MAX, "instructions or edges that belong to no block");
    return true;
}

/* One definition each. */
static bool check_defs(Verify *v, bool *defined) {
    const MFn *m = v->m;
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *mb = &m->block.at[b];
        for (uint32_t p = 0; p < mb->param.n; p++) {
            if (defined[mb->param.at[p] - REG_VIRTUAL])
                return fail(v, UINT32_MAX, "v%u defined twice", (unsigned)mb->param.at[p]);
            defined[mb->param.at[p] - REG_VIRTUAL] = true;
        }
        for (uint32_t i = mb->first; i < mb->end; i++) {
            const Opnd *o = insn_opnd(m, &m->insn.at[i]);
            for (uint32_t k = 0; k < m->insn.at[i].nopnd; k++) {
                if (o[k].kind < OPND_DEF || !reg_is_virtual(o[k].reg)) continue;
                if (defined[o[k].reg - REG_VIRTUAL]) return fail(v, i, "v%u defined twice", (unsigned)o[k].reg);
                defined[o[k].reg - REG_VIRTUAL] = true;
                v->def[o[k].reg - REG_VIRTUAL] = i + 1;
            }
        }
    }
    return true;
}

static bool check_use(const Verify *v, uint32_t b, uint32_t i, Reg r) {
    uint32_t x = r - REG_VIRTUAL, home = v->live->def_block[x];
    if (home == UINT32_MAX) return fail(v, i, "v%u is never defined", (unsigned)r);
    if (home == b && v->def[x] > i) return fail(v, i, "v%u is used in front of its definition", (unsigned)r);
    if (home != b && v->def[x] == v->m->block.at[home].end)
        return fail(v, i, "v%u is a branch's temporary", (unsigned)r);
    return true;
}

/* Definitions dominate uses: nothing is live into the entry, and in a block the order is right. */
static bool check_dominance(const Verify *v) {
    const MFn *m = v->m;
    for (uint32_t x = 0; x < v->live->nvregs; x++)
        if (v->live->first_run[x] < v->live->first_run[x + 1] && v->live->run.at[v->live->first_run[x]].first == 0)
            return fail(v, UINT32_MAX, "v%u is used where no definition reaches", (unsigned)(x + REG_VIRTUAL));
    for (uint32_t b = 0; b < m->block.n; b++) {
        const MBlock *mb = &m->block.at[b];
        for (uint32_t i = mb->first; i < mb->end; i++) {
            const Opnd *o = insn_opnd(m, &m->insn.at[i]);
            for (uint32_t k = 0; k < m->insn.at[i].nopnd; k++)
                if (o[k].kind <= OPND_USE_LATE && reg_is_virtual(o[k].reg) && !check_use(v, b, i, o[k].reg))
                    return false;
        }
        for (uint32_t s = 0; s < mb->succ.n; s++)
            for (uint32_t k = 0; k < mb->succ.at[s].nargs; k++)
                if (!check_use(v, b, mb->end - 1, m->pool.at[mb->succ.at[s].args + k])) return false;
    }
    return true;
}

bool mach_verify(const MFn *m, const Target *t, char *msg, uint32_t size) {
    Verify v = {.m = m, .t = t, .msg = msg, .size = size};
    for (uint32_t c = 0; c < RC_COUNT; c++)
        for (uint32_t k = 0; k < t->norder[c]; k++) v.allocatable |= REG_BIT(t->order[c][k]);
    if (!check_shape(&v)) return false;
    ArenaMark mark = arena_mark(m->arena);
    v.def = ARENA_ARRAY(m->arena, uint32_t, m->vreg_type.n);
    bool *defined = ARENA_ARRAY(m->arena, bool, m->vreg_type.n);
    bool ok = check_defs(&v, defined);
    if (ok) {
        v.live = live_build(m->arena, m);
        ok = check_dominance(&v);
    }
    arena_rewind(m->arena, mark);
    return ok;
}
