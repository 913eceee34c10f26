/* Leg: one way to execute modules, as a session: reset, load, instantiate, invoke, observe.
 *
 * Local legs (interp, x64, a64) keep a Store; the code of a foreign ISA runs in a worker.  `!full` legs forward every
 * call to an engine of that ISA in a process of its own (remote.h). Not thread-safe. */
#pragma once
#include "oracles/legs/plant.h"
#include "oracles/legs/spec.h"
#include "oracles/observe.h"
#include "oracles/worker/worker.h"

typedef struct Remote Remote;

typedef struct Leg {
    LegSpec spec;
    Store store;
    bool open;
    CompileOptions compile;
    Target target;                     /* with the registers that the knobs leave */
    CheckStages check, check_adaptors; /* verify=on.  A bad adaptor stays, so its report does too */
    PlantStages planted;               /* of spec.plant */
    const Stages *plant; /* stages to run first, behind those of spec.plant; may be NULL: set before leg_open */
    Worker worker;
    Remote *remote;
    CompileTimes times; /* added up */
    uint32_t ncompiled;
    uint32_t *rule_hits; /* where lowering counts its rules; may be NULL: taken with the next leg_set_knobs */
} Leg;

/* What a leg made of a module. */
typedef struct LegModule {
    const Module *module;
    const Code *code;
    uint32_t remote; /* its number there */
} LegModule;

/* How a compiled leg compiles; without stages.  Works where the leg itself does not. */
CompileOptions leg_compile_options(const LegSpec *s);
/* Its target with the registers that the knobs leave. */
Target leg_target(const LegSpec *s);
/* `number`: distinct among the legs of a process. False and one line in `why` when this leg does not work here. */
bool leg_open(Leg *l, const LegSpec *spec, uint32_t number, char *why, size_t why_size);
void leg_close(Leg *l);
/* What the front half of its compiler depends on; false: it does not compile here, or shares nothing. */
bool leg_front_key(const Leg *l, FrontKey *key);
/* Is its code run by an emulator that has a second one beside it (worker_second_emulator)? */
bool leg_has_second_emulator(const Leg *l);
/* End the process that the leg runs in besides ours, if any: the next case finds a fresh one, `second`: under the
 * second emulator. */
void leg_renew(Leg *l, bool second);
/* A call that takes longer is a hang, as os_spent_ns counts; no limit of the leg's is raised. */
void leg_limit_time(Leg *l, uint64_t ns);
/* Take the knobs of `spec` from the next leg_load on; its kind must be the leg's.  No process is started or ended. */
void leg_set_knobs(Leg *l, const LegSpec *spec);
/* Empty the store for the next case.  False: the leg has broken down (why in err). */
bool leg_reset(Leg *l, const StoreLimits *limits);
/* Compile (or forward) a validated module; code lives in `a`.  False: out has the resource error. */
bool leg_load(Leg *l, Arena *a, const Module *m, LegModule *out, StepResult *fail);
/* Number of the instance in the store, also of one whose start trapped; -1 if there is none. */
int32_t leg_instantiate(Leg *l, const LegModule *m, StepResult *r);
bool leg_register(Leg *l, Name name, int32_t inst);
/* Call an exported function; false when there is no such export or the arguments do not fit it. */
bool leg_invoke(Leg *l, int32_t inst, Name name, const Value *args, uint32_t nargs, StepResult *r);
/* Call several exports in turn; `done` is told of each that could be called, until one crashes. */
typedef struct LegCall {
    Name name;
    const Value *args;
    uint32_t nargs;
} LegCall;
typedef void LegCallDone(void *user, uint32_t i, const StepResult *r);
void leg_invoke_all(Leg *l, Arena *a, int32_t inst, const LegCall *call, uint32_t n, LegCallDone *done, void *user);
bool leg_global(Leg *l, int32_t inst, Name name, Value *v, ValType *type);
void leg_observe(Leg *l, Observation *o);
