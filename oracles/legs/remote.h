/* A leg in another process: the whole engine under an emulator, one message a call over a socket pair.
 * Both ends are built from this tree, and both ISAs lay the structures out alike, so messages are plain structures. */
#pragma once
#include "oracles/legs/leg.h"

Remote *remote_open(const LegSpec *spec, char *why, size_t why_size);
void remote_close(Remote *r);
/* End its process; the next remote_reset starts another, `second`: under the second emulator. */
void remote_renew(Remote *r, bool second);
/* A call that takes longer (default 100 s, as os_spent_ns counts) is a hang. */
void remote_set_timeout(Remote *r, int ms);
void remote_limit_time(Remote *r, uint64_t ns); /* no longer than that */
bool remote_reset(Remote *r, const StoreLimits *limits);
bool remote_load(Remote *r, const Module *m, uint32_t *number, StepResult *fail);
int32_t remote_instantiate(Remote *r, uint32_t module, StepResult *out);
bool remote_register(Remote *r, Name name, int32_t inst);
bool remote_invoke(Remote *r, int32_t inst, Name name, const Value *args, uint32_t nargs, StepResult *out);
bool remote_global(Remote *r, int32_t inst, Name name, Value *v, ValType *type);
void remote_observe(Remote *r, Observation *o);

/* The other end: serve until the socket closes.  The exit status. */
int remote_serve(int fd);
