#include "run/leaves.h"
#include "ir/cfg.h"
#include "wasm/module.h"

enum { MAX_BYTES = 100 }; /* of a body: what is longer has more instructions than inline_fits allows, as a rule */

static bool worth_a_look(const Leaves *l, uint32_t func) {
    const Body *b = &l->m->bodies.at[l->m->funcs.at[func].body];
    return !b->has_calls && b->end - b->code <= MAX_BYTES && !bitset_has(&l->unfit, func);
}

static const Fn *find_leaf(void *user, uint32_t func) {
    Leaves *l = user;
    uint32_t at;
    if (!worth_a_look(l, func)) return NULL;
    if (!l->begun) {
        map_init(&l->built, l->arena);
        l->begun = true;
    }
    if (map_get(&l->built, func, &at)) return l->fn.at[at];
    Fn *f = ir_build(l->arena, l->scratch, l->m, l->layout, func, l->build);
    cfg_build(f);
    if (!inline_fits(f)) {
        bitset_add(&l->unfit, func);
        return NULL;
    }
    map_put(&l->built, func, l->fn.n);
    vec_push(l->arena, &l->fn, f);
    return f;
}

void leaves_init(Leaves *l, Arena *out, Arena *tmp, Arena *scratch, const Module *m, const InstLayout *layout,
                 const BuildOptions *build) {
    *l = (Leaves){.m = m, .layout = layout, .build = build, .arena = tmp, .scratch = scratch};
    l->inliner = (Inliner){.user = l, .leaf = find_leaf};
    l->unfit = (BitSet){ARENA_ARRAY(out, uint64_t, m->funcs.n / 64 + 1), m->funcs.n};
}

void leaves_begin(Leaves *l) {
    l->begun = false;
    l->fn.at = NULL;
    l->fn.n = l->fn.cap = 0;
}

static void rebase(uint32_t *loc, uint32_t by) {
    if (*loc & LOC_INLINED) *loc += by;
}

void leaves_resolve(CodeBuf *cb, const Fn *f, const LeavesFrom *from) {
    uint32_t by = cb->inlined.n;
    if (!f->inlined.n) return;
    for (uint32_t k = from->site; k < cb->site.n; k++)
        if (!cb->site.at[k].ncharge) rebase(&cb->site.at[k].loc, by);
    for (uint32_t k = from->charge; k < cb->charge.n; k++) rebase(&cb->charge.at[k].loc, by);
    for (uint32_t k = cb->loc.n; k-- > 0 && cb->loc.at[k].offset >= from->code;) rebase(&cb->loc.at[k].loc, by);
    vec_reserve(cb->arena, &cb->inlined, by + f->inlined.n);
    for (uint32_t k = 0; k < f->inlined.n; k++) cb->inlined.at[cb->inlined.n++] = f->inlined.at[k];
}
