/* Stages: the one interface through which the compiler can be watched and disturbed.
 *
 * Dumps, verifiers, the allocation checker, pass bisection and planted faults hang here; the compiler contains none
 * of them.  Each hook may change what it is given.  NULL members are skipped. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct Fn;
struct MFn;
struct Alloc;
struct CodeBuf;
struct Target;
struct Rewrite;

typedef struct Stages {
    void *user;
    void (*on_ir)(void *user, const char *pass, struct Fn *f); /* after "build" and after each pass */
    void (*on_mach)(void *user, const struct Target *t, struct MFn *m);
    void (*on_alloc)(void *user, const struct Target *t, struct MFn *m, struct Alloc *ra);
    /* the optimizer makes a rewrite: opt/rewrite.h */
    void (*on_rewrite)(void *user, const struct Rewrite *r);
    /* code of function `func` is [at, end) of the buffer, before linking */
    void (*on_code)(void *user, const struct Target *t, struct CodeBuf *cb, uint32_t func, uint32_t at, uint32_t end);
} Stages;
