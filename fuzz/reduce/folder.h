/* A finding's folder gets its reduced pair: reduced.wasm, reduced.wat, and lines in `settings`. */
#pragma once
#include "fuzz/reduce/run.h"

/* Reduce case.wasm of the finding on the legs it records (on run->leg when run->nlegs is not 0) and write what came of
 * it there.  Of a metamorphic pair it is the module that the pair's leg and the interpreter differ on.  The rest of
 * `run` says how; its module, features and, when NULL, slips (the folder of all findings) are the finding's. */
ReduceRunEnd reduce_finding(Arena *a, const char *dir, ReduceRun *run, ReduceReport *report);
/* It has a reduced module. */
bool finding_is_reduced(const char *dir);
/* The smallest finding in a bucket's folder, or one that is reduced already (*reduced).  False: there is none that
 * could be. */
bool finding_pick(const char *bucket, char path[FINDING_PATH], bool *reduced);
/* A valid module as text next to it: PATH.wasm, PATH.wat. */
bool reduce_write_pair(const char *path, ReduceBytes module, Features features);
