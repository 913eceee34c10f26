/* Faults in compiled code become a return from the enter stub.
 *
 * A synchronous signal whose pc is in the code of the thread's current store is recorded in its execution state
 * (fault, trap_pc, fault_addr, trap_fp; trap_kind CRASH) and the thread goes on at the exit stub; trace.c decides
 * afterwards by the code's tables whether it was a trap.  Any other signal goes to the handler that was there before: a
 * sanitizer's or the default. */
#pragma once
#include "run/region.h"

/* Install the handlers (once a process; later calls do nothing) and this thread's alternate stack; false
 * when there is no memory for that. */
bool signals_init(void);
/* Put the handlers back on top: a fuzzing engine or sanitizer that installs its own after us would hide them. */
void signals_reinstall(void);
/* The store whose code this thread is about to run; returns the one before.  NULL: none. */
ExecState *signals_enter(ExecState *es, const Region *r, const Region **before);
void signals_leave(ExecState *es, const Region *r);
