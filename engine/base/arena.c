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
enum { ALL_HERE = 1 }; /* each allocation comes here, to be unpoisoned */
#else
enum { ALL_HERE = 0 };
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_CHUNK = 64 * 1024, LARGEST_CHUNK = 8 * 1024 * 1024, MOST_SPARE = 64 * 1024 * 1024 };

struct ArenaChunk {
    ArenaChunk *prev;
    size_t size;                 /* of the data */
    _Alignas(16) uint8_t data[]; /* what malloc gives; arena_alloc aligns the rest */
};

void arena_init(Arena *a, Bail *b) { *a = (Arena){.bail = b}; }

static size_t used_here(const Arena *a) { return a->chunk ? (size_t)(a->at - a->chunk->data) : 0; }

size_t arena_used(const Arena *a) { return a->before + used_here(a); }

/* Bytes of the newest chunk behind `at` that the limit lets go. */
static size_t room(const Arena *a) {
    size_t size = a->chunk->size - used_here(a), left = a->limit > arena_used(a) ? a->limit - arena_used(a) : 0;
    return a->limit && left < size ? left : size;
}

static void set_end(Arena *a) { a->end = ALL_HERE ? a->at : a->at + room(a); }

void arena_limit(Arena *a, size_t limit) {
    a->limit = limit;
    if (a->chunk) set_end(a);
}

/* The newest chunk goes: it is kept for the next use, so that a steady user neither allocates nor touches new pages. */
static void drop_chunk(Arena *a) {
    ArenaChunk *c = a->chunk;
    a->chunk = c->prev;
    if (os_alloc_may_fail() || c->size < FIRST_CHUNK || c->size > MOST_SPARE - a->nspare) {
        os_free(c);
        return;
    }
    ASAN_POISON_MEMORY_REGION(c->data, c->size);
    a->nspare += c->size;
    c->prev = a->spare;
    a->spare = c;
}

/* The largest spare chunk, if it has `need` bytes; else NULL. */
static ArenaChunk *take_spare(Arena *a, size_t need) {
    ArenaChunk **largest = &a->spare;
    if (!a->spare || os_alloc_may_fail()) return NULL;
    for (ArenaChunk **at = &a->spare; *at; at = &(*at)->prev)
        if ((*at)->size > (*largest)->size) largest = at;
    ArenaChunk *c = *largest;
    if (c->size < need) return NULL;
    *largest = c->prev;
    a->nspare -= c->size;
    return c;
}

static ArenaChunk *allocate_chunk(const Arena *a, size_t need) {
    size_t size = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
    if (os_alloc_may_fail()) size = need;
    if (size < need) size = bits_align(need, FIRST_CHUNK);
    ArenaChunk *c = os_malloc(sizeof *c + size);
    if (!c) bail(a->bail, BAIL_MEMORY, "out of memory");
    c->size = size;
    ASAN_POISON_MEMORY_REGION(c->data, size);
    return c;
}

static void new_chunk(Arena *a, size_t need) {
    ArenaChunk *c = take_spare(a, need);
    if (!c) c = allocate_chunk(a, need);
    c->prev = a->chunk;
    a->before += used_here(a);
    a->chunk = c;
    a->at = c->data;
}

void *arena_more(Arena *a, size_t size, size_t align) {
    assert(bits_is_pow2(align) && align <= 64);
    uintptr_t p = bits_align((uintptr_t)a->at, align);
    if (a->limit && (arena_used(a) > a->limit || size > a->limit - arena_used(a)))
        bail(a->bail, BAIL_MEMORY, "memory limit reached");
    uintptr_t end = a->chunk ? (uintptr_t)a->chunk->data + a->chunk->size : 0;
    if (!a->chunk || p > end || size > end - p) {
        new_chunk(a, size + align);
        p = bits_align((uintptr_t)a->at, align);
    }
    a->at = (uint8_t *)p + size;
    set_end(a);
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

ArenaMark arena_mark(const Arena *a) { return (ArenaMark){a->chunk, a->at, a->before}; }

void arena_rewind(Arena *a, ArenaMark mark) {
    if (!mark.chunk) {
        arena_reset(a);
        return;
    }
    while (a->chunk != mark.chunk) drop_chunk(a);
    a->at = mark.at;
    a->before = mark.before;
    set_end(a);
    ASAN_POISON_MEMORY_REGION(a->at, a->chunk->size - used_here(a));
}

void arena_reset(Arena *a) {
    /* The oldest chunk stays: it is what was touched last by who used little, and is touched first by the next. */
    if (!a->chunk) return;
    while (a->chunk->prev) drop_chunk(a);
    if (os_alloc_may_fail()) drop_chunk(a);
    a->before = 0;
    a->at = a->chunk ? a->chunk->data : NULL;
    a->end = NULL;
    if (!a->chunk) return;
    set_end(a);
    ASAN_POISON_MEMORY_REGION(a->chunk->data, a->chunk->size);
}

static void free_chunks(ArenaChunk **list) {
    while (*list) {
        ArenaChunk *c = *list;
        *list = c->prev;
        os_free(c);
    }
}

void arena_free(Arena *a) {
    free_chunks(&a->chunk);
    free_chunks(&a->spare);
    a->nspare = 0;
    a->at = a->end = NULL;
    a->before = 0;
}

void *vec_grow(Arena *a, void *at, uint32_t n, uint32_t *cap, uint32_t need, size_t item) {
    uint64_t want = *cap ? (uint64_t)*cap * 2 : 8;
    if (want < need) want = need;
    if (want > UINT32_MAX) bail(a->bail, BAIL_TOO_LARGE, "more than 2^32 items");
    if (*cap && (uint8_t *)at + (size_t)*cap * item == a->at) { /* the newest of all: it grows where it is */
        size_t more = (size_t)(want - *cap) * item;
        if (more < (size_t)(a->end - a->at)) {
            a->at += more;
            *cap = (uint32_t)want;
            return at;
        }
    }
    void *p = arena_alloc(a, want * item, item >= 16 ? 16 : 8);
    if (n) memcpy(p, at, n * item);
    *cap = (uint32_t)want;
    return p;
}
