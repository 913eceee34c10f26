/* The worker: one persistent process of the other ISA that only executes.
 *
 * The host compiles, instantiates and fills the region; the worker maps the same file at the same address and runs
 * code(ctx) on request, through futexes in the region's header.  A worker that dies or hangs is reaped by its own pid,
 * counted, and started again at the next request.  Where it cannot be started, `run` says EXEC_LACKS.
 *
 * The worker is pinned to the processor of its client: the exchange is synchronous, and waking another idle
 * processor costs ten times as much. */
#pragma once
#include <sys/types.h>
#include "oracles/legs/spec.h"
#include "run/exec.h"
#include "run/store.h"

typedef struct WorkerStats {
    uint32_t started, died, hung;
    uint64_t requests;
} WorkerStats;

typedef struct Worker {
    const char *isa;     /* "a64" or "x64": of the code it runs */
    pid_t pid;           /* 0: not running */
    uint64_t timeout_ns; /* for one call, as os_spent_ns counts */
    uint32_t seq;
    bool second; /* start it under the second emulator */
    bool up;     /* has run once */
    bool lacks;  /* could not be started once: not tried again */
    bool other;  /* the binary is of another build */
    char why[160];
    WorkerStats stats;
} Worker;

/* What both sides must have been built alike: the number is raised when a shared structure or message changes its
 * meaning, the sizes speak for themselves.  A worker's first argument; another one's ends it with the status
 * WORKER_OTHER_BUILD. */
enum { WORKER_PROTOCOL = 2, WORKER_OTHER_BUILD = 4 };
static inline uint32_t worker_build(void) {
    static const uint32_t part[] = {WORKER_PROTOCOL,  sizeof(RegionHeader), sizeof(ExecState), sizeof(Batch),
                                    sizeof(ExecCall), sizeof(FuncInst),     sizeof(TableInst), sizeof(MemInst),
                                    REGION_CODE,      REGION_STACK,         sizeof(LegSpec),   sizeof(StoreLimits)};
    uint32_t hash = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) hash = (hash ^ part[i]) * 0x9e3779b1;
    return hash;
}

/* Requests, in RegionHeader.op */
enum { WORKER_RUN = 1, WORKER_FLUSH = 2 };

void worker_init(Worker *w, const char *isa, uint64_t timeout_ns);
void worker_stop(Worker *w, Region *r);
Executor worker_executor(Worker *w);

/* The command that runs a worker binary of `isa` here: the emulator (NULL when the host is of that ISA) and the binary,
 * both checked to exist.  The binary is beside this executable, or in $PARALLAX_WORKER_DIR.  False and `why` when
 * something lacks. */
bool worker_command(const char *isa, char emulator[256], char binary[256], char *why, size_t why_size);
/* Become that command with these arguments, at most WORKER_ARGS_MAX; exits with 127 where that fails.  For a child that
 * has just been forked.
 *
 * An emulator of aarch64 is told a processor without the extensions that no code of ours uses, unless $QEMU_CPU names
 * one: qemu's own choice has SVE, for which whatever writes a vector register clears 48 bytes more, and BTI, for which
 * a function that is called directly and by reference is translated twice. */
enum { WORKER_ARGS_MAX = 3 };
_Noreturn void worker_exec(const char *isa, const char *emulator, const char *binary, const char *const *arg,
                           uint32_t n);
/* Another emulator of that ISA, for a second opinion: $PARALLAX_QEMU2, else the first program in $PATH and
 * the bin folders of /opt/qemu* that is called like one and is another file than worker_command's.  False and `why`
 * when there is none. */
bool worker_second_emulator(const char *isa, char emulator[256], char *why, size_t why_size);
/* ISA of this process: "x64" or "a64". */
const char *worker_host_isa(void);
