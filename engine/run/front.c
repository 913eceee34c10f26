#include "run/front.h"
#include <string.h>

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

FrontKept front_share(const FrontKey *have, const FrontKey *want) {
    /* bytes: an option that is added later counts without being named here */
    if (memcmp(&have->build, &want->build, sizeof have->build) != 0) return FRONT_NOTHING;
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
