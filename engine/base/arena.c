#include "base/arena.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "base/os.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_CHUNK = 64 * 1024, LARGEST_CHUNK = 8 * 1024 * 1024 };

struct ArenaChunk {
    ArenaChunk *prev;
    size_t size;                 /* of the data */
    _Alignas(16) uint8_t data[]; /* what malloc gives; arena_alloc aligns the rest */
};

void arena_init(Arena *a, Bail *b) { *a = (Arena){.bail = b}; }

static void new_chunk(Arena *a, size_t need) {
    size_t size = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
    if (os_alloc_may_fail()) size = need;
    if (size < need) size = bits_align(need, FIRST_CHUNK);
    ArenaChunk *c = os_malloc(sizeof *c + size);
    if (!c) bail(a->bail, BAIL_MEMORY, "out of memory");
    c->prev = a->chunk;
    c->size = size;
    ASAN_POISON_MEMORY_REGION(c->data, size);
    a->chunk = c;
    a->at = c->data;
    a->end = c->data + size;
}

void *arena_alloc(Arena *a, size_t size, size_t align) {
    assert(bits_is_pow2(align) && align <= 64);
    if (a->limit && size > a->limit - a->used) bail(a->bail, BAIL_MEMORY, "memory limit reached");
    uintptr_t p = bits_align((uintptr_t)a->at, align);
    if (!a->chunk || p > (uintptr_t)a->end || size > (uintptr_t)a->end - p) {
        new_chunk(a, size + align);
        p = bits_align((uintptr_t)a->at, align);
    }
    a->at = (uint8_t *)p + size;
    a->used += size;
    ASAN_UNPOISON_MEMORY_REGION((void *)p, size);
    return (void *)p;
}

void *arena_zalloc(Arena *a, size_t size, size_t align) {
    void *p = arena_alloc(a, size, align);
    return size ? memset(p, 0, size) : p;
}

char *arena_dup(Arena *a, const void *p, size_t n) {
    char *s = arena_alloc(a, n + 1, 1);
    if (n) memcpy(s, p, n);
    s[n] = 0;
    return s;
}

ArenaMark arena_mark(const Arena *a) { return (ArenaMark){a->chunk, a->at, a->used}; }

void arena_rewind(Arena *a, ArenaMark mark) {
    if (!mark.chunk) {
        arena_reset(a);
        return;
    }
    while (a->chunk != mark.chunk) {
        ArenaChunk *c = a->chunk;
        a->chunk = c->prev;
        os_free(c);
    }
    a->at = mark.at;
    a->end = a->chunk->data + a->chunk->size;
    a->used = mark.used;
    ASAN_POISON_MEMORY_REGION(a->at, (size_t)(a->end - a->at));
}

void arena_reset(Arena *a) {
    /* Keep the newest chunk: it is the largest, so a steady user stops allocating. */
    ArenaChunk *keep = a->chunk;
    if (!keep) return;
    while (keep->prev) {
        ArenaChunk *c = keep->prev;
        keep->prev = c->prev;
        os_free(c);
    }
    a->at = keep->data;
    a->end = keep->data + keep->size;
    a->used = 0;
    ASAN_POISON_MEMORY_REGION(keep->data, keep->size);
}

void arena_free(Arena *a) {
    while (a->chunk) {
        ArenaChunk *c = a->chunk;
        a->chunk = c->prev;
        os_free(c);
    }
    a->at = a->end = NULL;
    a->used = 0;
}

void *vec_grow(Arena *a, void *at, uint32_t n, uint32_t *cap, uint32_t need, size_t item) {
    uint64_t want = *cap ? (uint64_t)*cap * 2 : 8;
    if (want < need) want = need;
    if (want > UINT32_MAX) bail(a->bail, BAIL_TOO_LARGE, "more than 2^32 items");
    void *p = arena_alloc(a, want * item, item >= 16 ? 16 : 8);
    if (n) memcpy(p, at, n * item);
    *cap = (uint32_t)want;
    return p;
}
