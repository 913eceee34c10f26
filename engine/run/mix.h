/* Which way each function of a module goes: interpreted, or compiled at a level of its own. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { FUNC_RANGES_MAX = 8 };
typedef struct FuncRange {
    uint32_t first, last;
} FuncRange;

/* A set of functions by index: the ranges, or with `not` all others. */
typedef struct FuncSet {
    FuncRange range[FUNC_RANGES_MAX];
    uint32_t n;
    bool not ;
} FuncSet;

bool func_set_has(const FuncSet *s, uint32_t func);
/* As text: [!]RANGE[+RANGE...], RANGE = N or N-M; for example 3+7-9, or !3 for all but function 3.  False when the text
 * is something else, or has too many ranges. */
bool func_set_parse(FuncSet *s, const char *text, uint32_t n);

enum { LEVEL_INTERPRETED = 3 }; /* beside the levels of optimization 0, 1, 2 */
/* The way of a function that a seed decides; each is as likely. */
uint32_t mix_level(uint32_t seed, uint32_t func);
