/* Scripts of the specification's test suite in JSON form, run on one leg. */
#pragma once
#include "oracles/legs/leg.h"

typedef struct WastSkip { /* a row of corpus/expect/wast.tsv: a module that needs what is not implemented */
    const char *script;   /* GROUP/NAME */
    uint32_t line;        /* of the module command; 0: the whole script */
    const char *reason;
    bool used;
} WastSkip;

typedef struct WastSkips {
    VEC(WastSkip) row;
} WastSkips;
/* Read the table; a missing file is an empty one.  False after a line on stderr when it is damaged. */
bool wast_read_skips(Arena *a, const char *path, WastSkips *out);

typedef struct WastCounts {
    uint32_t passed, failed, skipped, class_differs;
} WastCounts;

typedef struct WastOptions {
    Features features;
    bool strict;  /* malformed and invalid must not be taken for each other */
    bool verbose; /* list skips too */
    WastSkips *skips;
} WastOptions;

/* Run one script; failures are listed on stdout.  False when the file cannot be read (line on stderr). */
bool wast_run(Leg *leg, const char *path, const WastOptions *o, WastCounts *counts);
