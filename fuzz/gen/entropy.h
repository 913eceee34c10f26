/* Entropy: the bytes that decide, read through streams of their own.
 *
 * A stream is a slice of the input.  Behind its last byte it yields zeros (every choice is made so that 0 means the
 * smallest structure: this is how a short input makes a small module), or, when it has a tail, numbers that
 * its bytes determine. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Entropy {
    const uint8_t *at, *end;
    uint64_t tail; /* state of the numbers behind the end; 0: zeros */
} Entropy;

/* Stream of n bytes; `tail`: numbers follow them. */
Entropy entropy_of(const uint8_t *at, uint32_t n, bool tail);
uint32_t entropy_tail(Entropy *e); /* a byte from behind the end */

static inline bool entropy_empty(const Entropy *e) { return e->at == e->end; }
static inline uint32_t entropy_u8(Entropy *e) {
    if (e->at < e->end) return *e->at++;
    return e->tail ? entropy_tail(e) : 0;
}
/* The next n bytes (at most 8) as a number. */
uint64_t entropy_bits(Entropy *e, uint32_t n);
/* 0 .. n - 1; takes no byte when n is 1, one up to 256, two above. */
uint32_t entropy_pick(Entropy *e, uint32_t n);
/* Number of an item by weight; item 0 must have one. */
uint32_t entropy_weighted(Entropy *e, const uint8_t *weight, uint32_t n);
/* With probability p / 256; false behind the end. */
static inline bool entropy_chance(Entropy *e, uint32_t p) { return entropy_u8(e) >= 256 - p; }

/* splitmix64 (Steele, Lea, Flood 2014): advances *state. */
uint64_t splitmix(uint64_t *state);
