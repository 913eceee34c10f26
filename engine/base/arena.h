/* Arenas and growable arrays: the engine's only way to get memory.
 *
 * An Arena is a list of chunks; nothing allocated from it is freed on its own,
 * the whole arena is reset or freed.  Three lifetimes, three arenas: a module's
 * (decode result), a compilation's (reset after each function) and a store's.
 *
 * Allocation never returns NULL.  When memory, or the arena's limit, is used up,
 * the arena jumps to its Bail (see bail.h); an arena without one aborts.  So the
 * code that allocates has no error paths, and each public entry point has one.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/bail.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    ArenaChunk *chunk; /* newest chunk */
    uint8_t *at, *end; /* bytes of it that arena_alloc may take as they are; the rest is arena.c's */
    Bail *bail;        /* where to go when memory runs out; may be NULL */
    size_t before;     /* bytes in use in the chunks before */
    ArenaChunk *spare; /* chunks for the next uses, */
    size_t nspare;     /* and how many bytes they have */
    size_t limit;      /* arena_limit's */
} Arena;

typedef struct ArenaMark {
    ArenaChunk *chunk;
    uint8_t *at;
    size_t before;
} ArenaMark;

void arena_init(Arena *a, Bail *bail);
/* arena_alloc where the bytes at hand do not do. */
void *arena_more(Arena *a, size_t size, size_t align);
/* `size` bytes, uninitialised, aligned to `align` (a power of two, at most 64). */
static inline void *arena_alloc(Arena *a, size_t size, size_t align) {
    size_t pad = -(uintptr_t)a->at & (align - 1), room = (size_t)(a->end - a->at);
    if (size >= room || pad > room - size) return arena_more(a, size, align);
    uint8_t *p = a->at + pad;
    a->at = p + size;
    return p;
}
/* No more than that many bytes, in arena_used's sense; 0: no limit, as after arena_init. */
void arena_limit(Arena *a, size_t limit);
/* Bytes handed out since the last reset, and what aligning them took. */
size_t arena_used(const Arena *a);
void *arena_zalloc(Arena *a, size_t size, size_t align);
/* Copy `n` bytes in; the copy is followed by a NUL that is not counted. */
char *arena_dup(Arena *a, const void *p, size_t n);
ArenaMark arena_mark(const Arena *a);
void arena_rewind(Arena *a, ArenaMark mark); /* frees all that came after the mark */
void arena_reset(Arena *a);                  /* keeps chunks for the next use */
void arena_free(Arena *a);

#define ARENA_NEW(a, T) ((T *)arena_zalloc((a), sizeof(T), _Alignof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_zalloc((a), (size_t)(n) * sizeof(T), _Alignof(T)))

/* -- Growable arrays ------------------------------------------------------ */

/* VEC(T) v = {0};  vec_push(arena, &v, x);  v.at[i], v.n */
#define VEC(T)           \
    struct {             \
        T *at;           \
        uint32_t n, cap; \
    }

/* Grow to hold at least `need` items; the old storage stays in the arena. */
void *vec_grow(Arena *a, void *at, uint32_t n, uint32_t *cap, uint32_t need, size_t item);

#define vec_reserve(a, v, need) \
    ((void)((v)->cap < (need) && ((v)->at = vec_grow((a), (v)->at, (v)->n, &(v)->cap, (need), sizeof *(v)->at), 1)))
/* Room for n items and no more, in an array that has none. */
#define vec_start(a, v, n) ((v)->at = arena_alloc((a), (n) * sizeof *(v)->at, 8), (void)((v)->cap = (n)))
#define vec_push(a, v, x) (vec_reserve((a), (v), (v)->n + 1), (v)->at[(v)->n++] = (x))
/* Append `count` zeroed items. */
#define vec_extend(a, v, count)                                                                               \
    (vec_reserve((a), (v), (v)->n + (count)), memset((v)->at + (v)->n, 0, (size_t)(count) * sizeof *(v)->at), \
     (v)->n += (count))
