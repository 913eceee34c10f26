/* Oracles for the reducer: a differ in this process, one in child processes, or a command. */
#pragma once
#include "fuzz/finding.h"
#include "fuzz/reduce/reduce.h"

/* -- In this process ---------------------------------------------------------------------- */

typedef struct LocalOracle {
    Differ *differ; /* open; the caller's */
    Leg interp;     /* for probes */
    bool probes;    /* the interpreter is there */
    Arena arena;
    Case c;
} LocalOracle;
/* For tests, and where a leg that crashes may take us down. */
void oracle_local_open(LocalOracle *o, Differ *differ, ReduceOracle *out);
void oracle_local_close(LocalOracle *o);
/* Run a module on the interpreter. */
bool oracle_probe(Leg *interp, Arena *a, ReduceBytes module, ProbeRun *run);

/* -- In child processes -------------------------------------------------------------------- */

typedef struct ServerOptions {
    const LegSpec *leg; /* must outlive the oracle */
    uint32_t nlegs;
    Features features;
    uint32_t jobs;
    uint64_t timeout_ns; /* for one leg's part of a case; 0: 10 s */
    bool once;           /* believe a deviation without a second try (Differ.once) */
    /* In the child, before the legs are opened; may be NULL.  For tests: plants. */
    void (*setup)(void *user, Differ *d);
    void *user;
} ServerOptions;

typedef struct ServerOracle ServerOracle;
/* A child that a leg takes down, or that takes too long, is replaced; the module is asked again and that leg observed
 * as crashed or hung.  NULL and `why` when the legs do not work here. */
ServerOracle *oracle_server_open(const ServerOptions *o, ReduceOracle *out, char *why, size_t why_size);
/* Write what the module shows as a finding below `root`, when that has none of its bucket; `explain`: of the bucket
 * that an explanation gives, which takes seconds; else that of the vote.  `path` as finding_write has it. */
FindingStatus oracle_server_save(ServerOracle *s, ReduceBytes module, const char *root, bool explain,
                                 char path[FINDING_PATH]);
uint32_t oracle_server_lost(const ServerOracle *s); /* children that were replaced */
void oracle_server_close(ServerOracle *s);

/* -- A command -------------------------------------------------------------------------------- */

typedef struct CommandOracle {
    const char *command; /* run by the shell as `command FILE`; status 0: interesting */
    uint32_t jobs;
    uint64_t timeout_ns;       /* 0: none */
    char dir[64];              /* temporary */
    bool asked;                /* what it prints is shown the first time alone */
    const ReduceOracle *probe; /* who runs probes; may be NULL */
} CommandOracle;
bool oracle_command_open(CommandOracle *o, ReduceOracle *out, char *why, size_t why_size);
void oracle_command_close(CommandOracle *o);
