/* A scratch folder of a test: read, and removed with all in it.  Needs _XOPEN_SOURCE or _GNU_SOURCE. */
#pragma once
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka.h needs the ones above */
#include <cmocka.h>
#include "base/arena.h"
#include "fuzz/finding.h"

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}
static inline void scratch_remove(const char *path) { nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS); }

/* The file, ended by 0; `n` may be NULL. */
static inline char *scratch_read(Arena *a, const char *dir, const char *name, uint32_t *n) {
    enum { MOST = 100000 };
    char path[FINDING_PATH + 40], *text = arena_alloc(a, MOST, 1);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is not there", path);
    size_t size = fread(text, 1, MOST - 1, f);
    fclose(f);
    text[size] = 0;
    if (n) *n = (uint32_t)size;
    return text;
}
