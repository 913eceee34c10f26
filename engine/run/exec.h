/* Executors: who runs compiled code of a store's region, and what comes back.
 *
 * Calls go over in batches: an exchange with a worker costs more than many a call.  A Batch lives in the region. */
#pragma once
#include "code/es.h"
#include "run/libcalls.h"
#include "wasm/trace.h"

/* A call of a function whose parameters have registers, or slots of the execution state, as the stub `apply` makes it:
 * register k of the target's order is at [k].  In the region. */
typedef struct Apply {
    const void *code; /* the function's own, and its context */
    void *ctx;
    uint64_t integer[APPLY_INT_COUNT]; /* in: arguments, the context first where that is one; out: results */
    Value fp[APPLY_FLOAT_COUNT];       /* bits above a value's own are unspecified */
} Apply;

/* One call and what it did.  Code addresses, not yet wasm sites: trace.c makes those of them. */
typedef struct ExecCall {
    const void *code; /* entry adaptor; the stub `apply` */
    FuncInst *func;
    Apply *apply;            /* NULL: by an adaptor, so all values go through the slots of the execution state */
    uint32_t nargs, nresult; /* that go through those */
    Value *args, *results;   /* in the region; what is in registers the host puts to the results */
    /* out: */
    uint32_t trap_kind, fault; /* as in ExecState */
    uint64_t trap_pc, fault_addr;
    int64_t fuel, depth_left;
    uint64_t nlog, log_hash; /* host calls so far */
    uint64_t host_failures;  /* so far, as in RegionHeader */
    /* Return addresses stored, and how many there were, without stubs and adaptors, innermost first; 0: an interpreted
     * function's, which is in `site`. */
    uint32_t nframe, depth;
    uint64_t frame[BACKTRACE_MAX];
    TrapSite *site; /* as many as `frame`; NULL when none was interpreted */
} ExecCall;

typedef struct Batch {
    uint32_t n;
    uint32_t done;       /* calls that have come back */
    int64_t fuel, depth; /* of each call */
    uint64_t time_ns;    /* processor time after which a call that polls the epoch is interrupted; 0: never */
    ExecCall *call;
} Batch;

typedef enum ExecStatus {
    EXEC_DONE, /* all calls returned, or were left by a trap or fault */
    EXEC_DIED, /* the executing process is gone; the region's contents stand, and Batch.done tells how far it came */
    EXEC_HUNG, /* it did not come back in time and was ended */
    EXEC_LACKS /* it cannot be started here */
} ExecStatus;

typedef struct Executor {
    void *user;
    ExecStatus (*run)(void *user, Region *r, Batch *b);
    /* Code has been overwritten, at [from, to) of CODE. */
    void (*flush)(void *user, Region *r, uint32_t from, uint32_t to);
} Executor;

/* What an executing process does once it has mapped a region: library calls, host record.  *host is zeroed before. */
void exec_attach(Region *r, LibHost *host);
/* Run the calls in this process, whose ISA the code must be of. */
void exec_here(Region *r, Batch *b);
extern const Executor executor_here;

/* internal to run/: a trap or fault has left compiled code; what goes through several runs of it, with interpreted
 * functions in between, is recorded innermost first. */
void exec_record_trap(const Region *r, ExecCall *c);
uint32_t exec_enter(const Region *r, const void *code, void *ctx);
