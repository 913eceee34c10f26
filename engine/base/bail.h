/* Resource failure: the one non-local exit of the engine.
 *
 * Out of memory, code space exhausted, a function larger than a limit: such a
 * failure is not an Err of the input, not a trap and not an assertion.  The public
 * entry point (module_decode, module_compile, instantiate ...) arms a Bail with
 * BAIL_CATCH, the code below it calls bail(), and the entry point reports a clean
 * error.  Safe since all memory in between belongs to arenas. */
#pragma once
#include <setjmp.h>

typedef enum BailCode {
    BAIL_NONE,
    BAIL_MEMORY,     /* the host has no more memory, or an arena hit its limit */
    BAIL_TOO_LARGE,  /* a function or frame is over an implementation limit */
    BAIL_CODE_SPACE, /* the code region is full */
    BAIL_STORE_SPACE /* the store's region is full */
} BailCode;

typedef struct Bail {
    jmp_buf at;
    BailCode code;
    const char *what; /* static text */
} Bail;

/* True when control comes back through bail(). */
#define BAIL_CATCH(b) ((b)->code = BAIL_NONE, (b)->what = "", setjmp((b)->at) != 0)

_Noreturn void bail(Bail *b, BailCode code, const char *what);
