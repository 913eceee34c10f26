/* Map from 64-bit keys to 32-bit values: open addressing, linear probing, never deletes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

typedef struct MapSlot {
    uint64_t key;
    uint32_t value, since; /* in use, if Map.now */
} MapSlot;

typedef struct Map {
    Arena *arena;
    MapSlot *slot;
    uint32_t n, cap;
    uint32_t now; /* what is in use carries it: to clear is to change it */
} Map;

void map_init(Map *m, Arena *a);
bool map_get(const Map *m, uint64_t key, uint32_t *value);
void map_put(Map *m, uint64_t key, uint32_t value); /* replaces */
void map_clear(Map *m);
uint64_t hash_bytes(const void *p, uint64_t n, uint64_t seed); /* FNV-1a with a final mix */
uint64_t hash_mix(uint64_t x);                                 /* splitmix64's finalizer */
