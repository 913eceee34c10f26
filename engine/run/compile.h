/* Compilation of a module: the pipeline from wasm to position-independent machine code for one ISA, whichever the host
 * is. */
#pragma once
#include "code/target.h"
#include "ir/build.h"
#include "ir/stage.h"
#include "run/front.h"
#include "run/mix.h"

/* Memory for compilations to work in, kept from one to the next: who compiles many modules neither allocates for each
 * nor touches new pages.  For one compilation at a time; holds nothing between them. */
typedef struct CompileSpace {
    Arena fn;   /* of the function being compiled */
    Arena pass; /* of the pass that runs */
} CompileSpace;
void compile_space_init(CompileSpace *s);
void compile_space_free(CompileSpace *s);

typedef struct CompileOptions {
    const Target *target;
    uint32_t level; /* 0, 1, 2 */
    bool opt_limited;
    uint32_t
        opt_limit; /* with opt_limited: the optimizer makes that many rewrites (opt/rewrite.h) in a module, no more */
    bool mixed;
    uint32_t mix;       /* with mixed: a seed that decides the way of each function instead of `level` */
    FuncSet interpret;  /* functions that are not compiled, but interpreted; n 0: none */
    bool inline_leaves; /* at level 2 */
    uint32_t *opt_hits; /* by OptRule (opt/rewrite.h), counted up; may be NULL */
    BuildOptions build;
    TargetOptions to;
    size_t memory;                /* bytes that one function may take in the compiler, and while a pass runs as many
                                     again for that; 0: 1 GiB */
    const Stages *stages;         /* may be NULL */
    const Stages *adaptor_stages; /* likewise, of adaptors: they are no functions of the module.  With them, all calls
                                     from the host go by entry adaptors, and not by the stub `apply` */
    Front *front;                 /* where compilations of one module meet; may be NULL */
    CompileSpace *space;          /* may be NULL: then it is allocated, and freed in the end */
} CompileOptions;

/* What the front half depends on; false: this compilation shares nothing. */
bool compile_front_key(const CompileOptions *o, FrontKey *key);

/* What each stage took, in ns; added to, not set. */
typedef struct CompileTimes {
    uint64_t build, opt, lower, alloc, emit;
} CompileTimes;

/* Machine code of a module; lives in the arena it was made in. */
typedef struct Code {
    const Target *target;
    const uint8_t *bytes;
    uint32_t size;
    const uint32_t *func;      /* offset by function index; UINT32_MAX: imported.  An interpreted one has no bytes */
    const BitSet *interpreted; /* by function index; NULL: none is */
    uint32_t nfunc;
    const CodeSite *site; /* sorted by offset */
    uint32_t nsite;
    const CodeLoc *loc; /* sorted by offset */
    uint32_t nloc;
    uint32_t nrewrite;        /* rewrites made */
    const ChargePart *charge; /* of sites with ncharge */
    uint32_t ncharge;
    const Inlined *inlined; /* of positions with LOC_INLINED */
} Code;

typedef struct CompileError {
    BailCode code;
    const char *what; /* static text */
    uint32_t func;
} CompileError;

/* Compile all defined functions.  NULL and *e on resource failure.  `times` may be NULL. */
Code *compile_module(Arena *a, const Module *m, const CompileOptions *o, CompileTimes *times, CompileError *e);
/* Compile an adaptor (ir/build.h) for a signature. */
typedef enum AdaptorKind { ADAPTOR_ENTRY, ADAPTOR_HOST, ADAPTOR_INTERP, ADAPTOR_TAIL, ADAPTOR_KINDS } AdaptorKind;
Code *compile_adaptor(Arena *a, const FuncType *t, AdaptorKind kind, const CompileOptions *o, CompileError *e);
/* The level at which a function is compiled, or LEVEL_INTERPRETED. */
uint32_t compile_level(const CompileOptions *o, uint32_t func);
/* One function up to a stage, for dumps: IR after pass `stage` ("build", a pass's name, or "opt"), "mach", "alloc". */
bool compile_dump(Text *out, const Module *m, uint32_t func, const CompileOptions *o, const char *stage,
                  CompileError *e);
/* The same for a function that is IR already; it lives in the arena of `out` and is changed.  There is no "build". */
bool compile_dump_fn(Text *out, Fn *f, const CompileOptions *o, const char *stage, CompileError *e);

/* Site at `offset` exactly, of the kind; NULL when there is none. */
const CodeSite *code_find_site(const Code *c, uint32_t offset, SiteKind kind);
/* Positions in the tables are as in Fn.loc, with Code.inlined: the source position itself. */
uint32_t code_real_loc(const Code *c, uint32_t loc);
/* Source position of the site; of several charges, the first one's. */
uint32_t code_site_loc(const Code *c, const CodeSite *s);
/* Function whose code holds `offset`, or UINT32_MAX. */
uint32_t code_find_func(const Code *c, uint32_t offset);

/* Stages that verify everything after each step: IR and machine verifiers, allocation checker.
 * The first failure is kept in `report`; compile_module then still finishes.  `next` is called first, so that what it
 * plants is seen. */
typedef struct CheckStages {
    Stages stages;
    const Stages *next;
    bool failed;
    char report[256];
} CheckStages;
void check_stages_init(CheckStages *c, const Stages *next);
