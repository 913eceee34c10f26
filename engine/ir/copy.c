/* Copies of functions, in other arenas. */
#include <string.h>
#include "ir/ir.h"

static void *copy_of(Arena *a, const void *at, uint32_t n, size_t item) {
    void *to = arena_alloc(a, (n + !n) * item, 8); /* an empty list has a place, too */
    return n ? memcpy(to, at, n * item) : to;
}

#define COPY(a, v) ((v)->at = copy_of((a), (v)->at, (v)->n, sizeof *(v)->at), (v)->cap = (v)->n)

static IrSig copy_sig(Arena *a, const IrSig *s) {
    return (IrSig){.param = copy_of(a, s->param, s->nparam, 1),
                   .result = copy_of(a, s->result, s->nresult, 1),
                   .nparam = s->nparam,
                   .nresult = s->nresult};
}

Fn *fn_copy(Arena *a, const Fn *f) {
    Fn *c = ARENA_NEW(a, Fn);
    *c = *f;
    c->arena = c->scratch = a;
    memset(&c->preds, 0, sizeof c->preds);
    c->rewrites = NULL;
    c->inliner = NULL;
    c->name = arena_dup(a, f->name, strlen(f->name));
    c->sig = copy_sig(a, &f->sig);
    COPY(a, &c->ins);
    COPY(a, &c->loc);
    COPY(a, &c->pool);
    COPY(a, &c->calls);
    COPY(a, &c->blk);
    COPY(a, &c->rpo);
    COPY(a, &c->inlined);
    for (uint32_t i = 0; i < c->calls.n; i++) c->calls.at[i].sig = copy_sig(a, &f->calls.at[i].sig);
    for (BlkId b = 0; b < c->blk.n; b++) {
        Blk *blk = &c->blk.at[b];
        COPY(a, &blk->param);
        COPY(a, &blk->list);
        COPY(a, &blk->succ);
        COPY(a, &blk->pred);
    }
    return c;
}
