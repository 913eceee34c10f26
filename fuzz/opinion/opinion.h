/* What two validators say of one module: ours, and wabt's where it is there (wabt.h).
 *
 * They are asked with the features that both implement.  Where wabt 1.0.32 is known to deviate from the specification
 * is written down in opinion.c, each place with its reason; all else in which they differ is a finding. */
#pragma once
#include "base/arena.h"
#include "wasm/module.h"
#include "wasm/opcode.h"

/* What wabt implements of ours: its typed references are of an earlier draft. */
#define FEATURES_WABT (FEATURES_WASM3 & ~(1u << FEAT_FUNC_REFS))

typedef enum OpinionKind {
    OPINION_VALID,    /* both accept */
    OPINION_INVALID,  /* both reject */
    OPINION_UNKNOWN,  /* we accept, and it needs what wabt does not know: `what` */
    OPINION_LAX,      /* we reject, and wabt is known not to mind */
    OPINION_ONLY_WE,  /* accept */
    OPINION_ONLY_WABT /* accepts */
} OpinionKind;

typedef struct Opinion {
    OpinionKind kind;
    const char *what; /* static: a feature, or the rule of which wabt has an earlier form */
    char text[700];   /* where one rejects: what each says */
} Opinion;

/* Needs wabt_here(). */
Opinion opinion_of(Arena *a, const uint8_t *bytes, uint32_t n);
