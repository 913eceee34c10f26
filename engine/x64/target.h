/* x86-64 as a target: what of it is chosen at run time, and what its lowering counts.
 *
 * The baseline is x86-64-v2 (SSE4.2, POPCNT).  With AVX, vectors use the 128-bit VEX forms; what is above bit 127 is
 * never used and stays zero.  Invariants of the code this target makes:
 *  - r15 holds the execution state, r14 the fuel, rbp the frame; r11 and xmm15 are scratch within one instruction's or
 * move's code.
 *  - An i32 in a register or in the 8 bytes of a spill slot is zero-extended to 64 bits: each instruction that defines
 *    one writes a 32-bit register, spills and reloads keep all 8 bytes, and the result of a C call is extended at
 *    the call.  So zext costs nothing and an i32 can be an index of an address.
 *  - Moves, spills and reloads leave the flags alone, so a comparison and its user may be two instructions of one
 * Target.lower call. */
#pragma once
#include "code/target.h"

/* CpuFeatures beyond the baseline */
enum {
    X64_CPU_BASE = 0,
    X64_CPU_LZCNT = 1,
    X64_CPU_BMI1 = 2, /* tzcnt, andn */
    X64_CPU_BMI2 = 4, /* shlx, shrx, sarx, rorx */
    X64_CPU_AVX = 8,
    X64_CPU_AVX2 = 16, /* with AVX */
    X64_CPU_ALL = 31
};

/* Rules of lowering: index into Lower.rule_hits. */
typedef enum X64Rule {
#define RULE(id, pattern) X64_RULE_##id,
#include "x64/rules.def"
#undef RULE
    X64_RULE_COUNT,
    X64_RULE_FIRST_VEC = X64_RULE_vec_ones, /* those for vectors stand together */
    X64_RULE_END_VEC = X64_RULE_call
} X64Rule;
typedef struct X64RuleInfo {
    const char *name, *pattern;
} X64RuleInfo;
extern const X64RuleInfo x64_rule[X64_RULE_COUNT];
