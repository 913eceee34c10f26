/* Where a trap happened, and the calls that led there: the same for all legs. */
#pragma once
#include <stdint.h>

/* An instruction of a function of an instance. */
typedef struct TrapSite {
    uint32_t instance; /* Instance.id */
    uint32_t func;     /* in the instance's function index space */
    uint32_t offset;   /* byte offset in the module, of the opcode */
} TrapSite;

enum { BACKTRACE_MAX = 64 };

/* Innermost first: frame[0] is the trapping instruction, the others the calls (whose frames are
 * still there: a tail call leaves none).  Host functions have no frame.  What an entry charge stops
 * (EXHAUSTION, FUEL) is at the callee's first instruction. */
typedef struct Backtrace {
    TrapSite frame[BACKTRACE_MAX];
    uint32_t n;     /* frames stored */
    uint32_t depth; /* frames there were */
} Backtrace;
