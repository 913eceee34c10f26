/* Front: the front half of compilations of one module, kept so that a compiler for another ISA need not do it again.
 *
 * What wasm becomes before lowering depends neither on the ISA nor on the knobs of the back half.  Compilers whose
 * FrontKeys are equal may share all of it, those that differ in the level alone what is in front of the passes.  A
 * compiler that an observer watches (CompileOptions.stages), that stops early (opt_limited) or that treats
 * functions each in its own way (mixed, interpret) shares nothing: what a stage plants is its leg's own. */
#pragma once
#include "ir/build.h"

typedef struct FrontKey {
    BuildOptions build;
    uint32_t level;
    bool inline_leaves;
} FrontKey;

typedef enum FrontKept { FRONT_NOTHING, FRONT_BUILT, FRONT_OPTIMIZED } FrontKept;

typedef struct Front {
    Arena arena;    /* of what is kept */
    FrontKept keep; /* what the next compilation is to keep; set by who knows what will follow */
    FrontKept kept;
    const Module *module;
    FrontKey key;
    const Fn **fn;     /* by function index */
    uint32_t nrewrite; /* FRONT_OPTIMIZED: rewrites made */
} Front;

void front_init(Front *f);
void front_free(Front *f);
/* Forget what is kept: the module goes. */
void front_reset(Front *f);

/* What of `have` serves a compilation with `want`. */
FrontKept front_share(const FrontKey *have, const FrontKey *want);
/* What is kept of the module that serves `want`. */
FrontKept front_has(const Front *f, const Module *m, const FrontKey *want);
/* Begin to keep `m`'s functions, in the state f->keep. */
void front_begin(Front *f, const Module *m, const FrontKey *key);
/* Keep a copy of a function in state `kept`, if that is what is being kept. */
void front_add(Front *f, FrontKept kept, const Fn *fn);
