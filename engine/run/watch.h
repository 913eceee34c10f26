/* A clock for calls that poll the epoch: when the time is over, their epoch reaches its deadline.
 *
 * The time is the process's own (ITIMER_VIRTUAL, SIGVTALRM): a busy machine does not shorten it.  One a process: of two
 * calls at a time, in different threads, the later one is watched. */
#pragma once
#include "wasm/store.h"

/* End what runs or will run with `es`: it traps with INTERRUPT at its next poll.  From any thread, process that has the
 * memory, or signal handler. */
static inline void es_interrupt(ExecState *es) { __atomic_fetch_add(&es->epoch, 1, __ATOMIC_RELAXED); }

void watch_arm(ExecState *es, uint64_t ns);
void watch_disarm(void);
