#include "base/map.h"
#include <string.h>

uint64_t hash_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t hash_bytes(const void *p, uint64_t n, uint64_t seed) {
    const uint8_t *b = p;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (uint64_t i = 0; i < n; i++) h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return hash_mix(h);
}

void map_init(Map *m, Arena *a) { *m = (Map){.arena = a, .now = 1}; }

static MapSlot *find(const Map *m, uint64_t key) {
    uint32_t mask = m->cap - 1;
    for (uint32_t i = (uint32_t)hash_mix(key) & mask;; i = (i + 1) & mask)
        if (m->slot[i].since != m->now || m->slot[i].key == key) return &m->slot[i];
}

bool map_get(const Map *m, uint64_t key, uint32_t *value) {
    if (!m->cap) return false;
    const MapSlot *s = find(m, key);
    if (s->since != m->now) return false;
    *value = s->value;
    return true;
}

static void grow(Map *m) {
    Map old = *m;
    uint32_t cap = old.cap ? old.cap * 2 : 16;
    m->slot = ARENA_ARRAY(m->arena, MapSlot, cap); /* may bail: the map is still whole then */
    m->cap = cap;
    for (uint32_t i = 0; i < old.cap; i++)
        if (old.slot[i].since == m->now) *find(m, old.slot[i].key) = old.slot[i];
}

void map_put(Map *m, uint64_t key, uint32_t value) {
    if (m->n * 4 >= m->cap * 3) grow(m);
    MapSlot *s = find(m, key);
    if (s->since != m->now) m->n++;
    *s = (MapSlot){key, value, m->now};
}

void map_clear(Map *m) {
    m->n = 0;
    if (++m->now) return;
    if (m->cap) memset(m->slot, 0, m->cap * sizeof *m->slot);
    m->now = 1;
}
