/* aarch64 as a target: what of it is chosen at run time, and what its lowering counts. */
#pragma once
#include "code/target.h"

enum { A64_CPU_BASE = 0 }; /* CpuFeatures: ARMv8.0-A; no optional feature is used yet */

/* Rules of lowering: index into Lower.rule_hits. */
typedef enum A64Rule {
#define RULE(id, pattern) A64_RULE_##id,
#include "a64/rules.def"
#undef RULE
    A64_RULE_COUNT
} A64Rule;
typedef struct A64RuleInfo {
    const char *name, *pattern;
} A64RuleInfo;
extern const A64RuleInfo a64_rule[A64_RULE_COUNT];
