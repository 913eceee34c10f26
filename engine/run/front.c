#include "run/front.h"

void front_init(Front *f) {
    *f = (Front){.kept = FRONT_NOTHING};
    arena_init(&f->arena, NULL);
}

void front_free(Front *f) { arena_free(&f->arena); }

void front_reset(Front *f) {
    arena_reset(&f->arena);
    f->keep = f->kept = FRONT_NOTHING;
    f->module = NULL;
    f->fn = NULL;
}

/* By name, since assigning a structure need not copy the bytes between its members. */
static bool same_build(const BuildOptions *a, const BuildOptions *b) {
    /* by position: an option that is added is missed here by the compiler, and must be compared, too */
    (void)(BuildOptions){a->bounds, a->tables, a->spectre, a->fuel, a->epoch, a->nan_canon, a->interpreted};
    return a->bounds == b->bounds && a->tables == b->tables && a->spectre == b->spectre && a->fuel == b->fuel &&
           a->epoch == b->epoch && a->nan_canon == b->nan_canon && a->interpreted == b->interpreted;
}

FrontKept front_share(const FrontKey *have, const FrontKey *want) {
    if (!same_build(&have->build, &want->build)) return FRONT_NOTHING;
    return have->level == want->level && have->inline_leaves == want->inline_leaves ? FRONT_OPTIMIZED : FRONT_BUILT;
}

FrontKept front_has(const Front *f, const Module *m, const FrontKey *want) {
    if (f->module != m || f->kept == FRONT_NOTHING) return FRONT_NOTHING;
    FrontKept same = front_share(&f->key, want);
    if (same == FRONT_NOTHING || f->kept == FRONT_BUILT) return same == FRONT_NOTHING ? same : FRONT_BUILT;
    return same == FRONT_OPTIMIZED ? FRONT_OPTIMIZED : FRONT_NOTHING;
}

void front_begin(Front *f, const Module *m, const FrontKey *key) {
    FrontKept keep = f->keep;
    Bail *bail = f->arena.bail;
    front_reset(f);
    f->arena.bail = bail;
    f->keep = f->kept = keep;
    f->module = m;
    f->key = *key;
    f->fn = ARENA_ARRAY(&f->arena, const Fn *, m->funcs.n);
}

void front_add(Front *f, FrontKept kept, const Fn *fn) {
    if (f->kept == kept) f->fn[fn->index] = fn_copy(&f->arena, fn);
}
