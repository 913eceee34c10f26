/* Cases: from any input bytes to a module with its plan made explicit.
 *
 * Bytes that start with "\0asm" are a module; all others are entropy for the generator (gen/gen.h), so every input
 * means something. The plan of a module without one, or with more than the caps allow, is written into its custom
 * section parallax.case: what is run, stored and replayed are the same bytes. */
#pragma once
#include "oracles/plan.h"

typedef enum InputKind {
    INPUT_GENERATED,
    INPUT_MODULE,
    INPUT_REJECTED /* a module that is malformed or invalid, or whose plan is damaged: given as it is */
} InputKind;

/* Upper limits for what a case may use; 0: none.  `pages`: or as many as a memory of the module has from the beginning,
 * since those that nobody touches cost little. */
typedef struct CaseCaps {
    int64_t fuel;
    uint64_t pages;
    uint32_t elems, steps;
} CaseCaps;
/* Of fuzz targets and campaigns: a module of any origin then runs for some milliseconds at most. */
#define CASE_CAPS_FUZZ \
    { .fuel = 200000, .pages = 64, .elems = 10000, .steps = 64 }

typedef struct CaseBytes {
    const uint8_t *at; /* in the arena, or the input itself */
    uint32_t n;
    InputKind kind;
} CaseBytes;

bool input_is_module(const uint8_t *input, uint32_t n);
/* `a` keeps what it needs; may be reset when the case is done. */
CaseBytes case_of_input(Arena *a, const uint8_t *input, uint32_t n, Features features, const CaseCaps *caps);
/* Which legs run an input: a number (panel_choose).  A module may say it in a custom section parallax.legs, 8 bytes,
 * little-endian, so that legs stay what they are while the module is changed; it is made from the bytes else, of
 * entropy from its beginning. */
uint64_t case_number(const uint8_t *input, uint32_t n);
#define LEGS_SECTION "parallax.legs"
bool case_legs_of(const uint8_t *module, uint32_t n, uint64_t *number); /* does it say so? */
/* The bytes of a module that does not, saying so. */
uint8_t *case_with_legs(Arena *a, const uint8_t *module, uint32_t n, uint64_t number, uint32_t *size);
/* The module with this plan instead of any it has. */
uint8_t *case_with_plan(Arena *a, const Module *m, const Plan *p, uint32_t *size);
