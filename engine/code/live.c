/* Liveness by exploring paths upward from each use to the definition, one register after the other (Boissinot et al.,
 * "Computing liveness sets for SSA-form programs", 2011, section 5.2).
 *
 * Requires SSA.  Cost: the number of (register, block) pairs that are live, each visited once; registers that live
 * within a block cost nothing beyond their operands. */
#include "code/live.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct Use {
    uint32_t block;
    uint32_t next; /* of the same register, an earlier one: its index plus 1, or 0 */
} Use;

/* What the walk needs of a block, close together: it is all the walk's memory traffic. */
typedef struct Spot {
    uint32_t in, out; /* the last register found live into it, out of it, plus 1 */
    uint32_t npred;
    uint32_t pred; /* the only one, or the first one's place in `preds` */
} Spot;

typedef struct Builder {
    Arena *arena;
    const MFn *m;
    Live *live;
    VEC(Use) use;       /* uses outside of the defining block, one a register and block */
    uint32_t *last_use; /* by vreg: the last of its list, plus 1, or 0 */
    Spot *spot;         /* by block */
    VEC(uint32_t) preds;
    uint32_t *work;
    /* of the current register: */
    uint32_t *found;        /* blocks it is live into */
    uint32_t nfound, nwork; /* those in `work` have predecessors not yet looked at */
    uint32_t lo, hi;        /* the first and the last found, in layout */
} Builder;

static inline void note_use(Builder *b, Reg r, uint32_t block) {
    if (!reg_is_virtual(r) || b->live->def_block[r - REG_VIRTUAL] == block) return;
    uint32_t *last = &b->last_use[r - REG_VIRTUAL];
    if (*last && b->use.at[*last - 1].block == block) return;
    vec_push(b->arena, &b->use, ((Use){block, *last}));
    *last = b->use.n;
}

/* Blocks are in reverse postorder, so a definition is found before its uses: it dominates them. */
static void find_operands(Builder *b) {
    uint32_t *def = b->live->def_block;
    for (uint32_t k = 0; k < b->m->block.n; k++) {
        const MBlock *mb = &b->m->block.at[k];
        for (uint32_t p = 0; p < mb->param.n; p++) def[mb->param.at[p] - REG_VIRTUAL] = k;
        for (uint32_t i = mb->first; i < mb->end; i++) {
            const MInsn *in = &b->m->insn.at[i];
            const Opnd *o = insn_opnd(b->m, in);
            for (uint32_t n = 0; n < in->nopnd; n++) {
                if (o[n].kind < OPND_DEF)
                    note_use(b, o[n].reg, k);
                else if (reg_is_virtual(o[n].reg))
                    def[o[n].reg - REG_VIRTUAL] = k;
            }
        }
        for (uint32_t s = 0; s < mb->succ.n; s++)
            for (uint32_t n = 0; n < mb->succ.at[s].nargs; n++) note_use(b, b->m->pool.at[mb->succ.at[s].args + n], k);
    }
}

static void make_spots(Builder *b) {
    b->spot = ARENA_ARRAY(b->arena, Spot, b->m->block.n);
    b->found = arena_alloc(b->arena, b->m->block.n * sizeof(uint32_t), _Alignof(uint32_t));
    b->work = arena_alloc(b->arena, b->m->block.n * sizeof(uint32_t), _Alignof(uint32_t));
    for (uint32_t k = 0; k < b->m->block.n; k++) {
        const MBlock *mb = &b->m->block.at[k];
        Spot *s = &b->spot[k];
        s->npred = mb->pred.n;
        s->pred = mb->pred.n == 1 ? mb->pred.at[0] : b->preds.n;
        for (uint32_t p = 0; p < mb->pred.n && mb->pred.n > 1; p++) vec_push(b->arena, &b->preds, mb->pred.at[p]);
    }
}

/* The register is live into the block; false: that is known. */
static inline bool find(Builder *b, uint32_t v, uint32_t block) {
    if (b->spot[block].in == v + 1) return false;
    b->spot[block].in = v + 1;
    b->found[b->nfound++] = block;
    return true;
}

static void visit(Builder *b, uint32_t v, uint32_t block) {
    if (!find(b, v, block)) return;
    b->work[b->nwork++] = block;
    if (block > b->hi) b->hi = block;
}

/* Upward from the block, as long as there is one way, to the definition or what is known; where ways part, to all of
 * them. */
static void climb(Builder *b, uint32_t v, uint32_t def, uint32_t block) {
    Spot *spot = b->spot;
    while (spot[block].npred == 1) {
        uint32_t pred = spot[block].pred;
        spot[pred].out = v + 1;
        if (pred == def || !find(b, v, pred)) break;
        block = pred; /* before its successor in layout */
    }
    if (block < b->lo) b->lo = block;
    for (uint32_t p = 0, n = spot[block].npred; p < n && n > 1; p++) {
        uint32_t pred = b->preds.at[spot[block].pred + p];
        spot[pred].out = v + 1;
        if (pred != def) visit(b, v, pred);
    }
}

static int ascending(const void *x, const void *y) {
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static void sort(uint32_t *at, uint32_t n) {
    if (n > 16) {
        qsort(at, n, sizeof *at, ascending);
        return;
    }
    for (uint32_t k = 1; k < n; k++) {
        uint32_t v = at[k], to = k;
        for (; to && at[to - 1] > v; to--) at[to] = at[to - 1];
        at[to] = v;
    }
}

static inline void add_run(Builder *b, uint32_t first, uint32_t last, bool out) {
    vec_push(b->arena, &b->live->run, ((LiveRun){first, last, out}));
}

/* The blocks found, as runs: neighbours, all but the last of which it is live out of. */
static void add_runs(Builder *b, uint32_t v) {
    const Spot *spot = b->spot;
    uint32_t hi = b->hi;
    if ((hi - b->lo) / 8 < b->nfound) { /* dense: look at every block between */
        for (uint32_t k = b->lo, first; k <= hi; k++) {
            if (spot[k].in != v + 1) continue;
            for (first = k; k < hi && spot[k].out == v + 1 && spot[k + 1].in == v + 1;) k++;
            add_run(b, first, k, spot[k].out == v + 1);
        }
        return;
    }
    sort(b->found, b->nfound);
    for (uint32_t k = 0, first; k < b->nfound; k++) {
        const uint32_t *at = b->found + k;
        for (first = *at; k + 1 < b->nfound && at[1] == *at + 1 && spot[*at].out == v + 1; k++) at++;
        add_run(b, first, *at, spot[*at].out == v + 1);
    }
}

Live *live_build(Arena *a, const MFn *m) {
    Live *l = ARENA_NEW(a, Live);
    Builder b = {.arena = a, .m = m, .live = l};
    l->nvregs = m->vreg_type.n;
    l->in_edge = ARENA_ARRAY(a, uint32_t, m->block.n);
    for (uint32_t k = 0; k < m->block.n; k++)
        for (uint32_t s = 0; s < m->block.at[k].succ.n; s++) l->in_edge[m->block.at[k].succ.at[s].to] = s;
    l->def_block = arena_alloc(a, l->nvregs * sizeof(uint32_t), _Alignof(uint32_t));
    if (l->nvregs) memset(l->def_block, 0xff, l->nvregs * sizeof(uint32_t)); /* UINT32_MAX */
    l->def_out = ARENA_ARRAY(a, bool, l->nvregs);
    l->first_run = ARENA_ARRAY(a, uint32_t, l->nvregs + 1);
    b.last_use = ARENA_ARRAY(a, uint32_t, l->nvregs);
    find_operands(&b);
    make_spots(&b);
    for (uint32_t v = 0; v < l->nvregs; v++) {
        l->first_run[v] = l->run.n;
        if (!b.last_use[v]) continue;
        b.nfound = b.nwork = b.hi = 0;
        b.lo = UINT32_MAX;
        for (uint32_t k = b.last_use[v]; k; k = b.use.at[k - 1].next) visit(&b, v, b.use.at[k - 1].block);
        while (b.nwork) climb(&b, v, l->def_block[v], b.work[--b.nwork]);
        add_runs(&b, v);
        l->def_out[v] = l->def_block[v] != UINT32_MAX && b.spot[l->def_block[v]].out == v + 1;
    }
    l->first_run[l->nvregs] = l->run.n;
    return l;
}
