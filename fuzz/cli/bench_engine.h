/* Inside of `parallax bench engine` (and knobs): its three parts, and what they find out. */
#pragma once
#include "fuzz/cli/cli.h"
#include "run/compile.h"

struct argp_state;
/* A number from 1 to 1,000,000; ends the process else. */
uint32_t bench_number(const char *arg, struct argp_state *st, const char *option);

/* -- Compiling ------------------------------------------------------------------- */

/* Legs that compile: both ISAs, all levels. */
enum { COMPILERS = 6 };
extern const char *const compiler_leg[COMPILERS];
CompileOptions compiler_options(uint32_t compiler);

/* What compiling a set of modules takes: of each module the repetition that took least, in ns, summed up. */
typedef struct Cost {
    uint64_t total, code; /* code: bytes of machine code */
    CompileTimes stage;
} Cost;
typedef struct CompileRow {
    const char *input;
    uint32_t modules;
    uint64_t bytes, body_bytes; /* of the files; of function bodies, what costs are divided by */
    uint64_t decode, validate;  /* ns; validation makes the side table */
    Cost cost[COMPILERS];
    const char *failed[COMPILERS]; /* why a module was not compiled; NULL */
    double liftoff, turbofan;      /* ns: of node's compilers, validation included; 0: not measured */
} CompileRow;

/* Add the module to the row.  False after a line on stderr: it is not valid. */
bool measure_compile(CompileRow *row, const char *path, const File *f, Features features);

/* -- Growth ---------------------------------------------------------------------- */

typedef struct GrowthRow {
    const char *shape;
    uint32_t blocks, bytes; /* of the one function */
    uint64_t validate;
    uint64_t ns[COMPILERS]; /* O1 and O2 only */
} GrowthRow;
enum { MAX_GROWTH = 32 };
uint32_t measure_growth(GrowthRow row[MAX_GROWTH]);

/* -- Running --------------------------------------------------------------------- */

typedef struct Kernel {
    char name[32], path[4096];
    uint32_t n;
    uint64_t checksum; /* for n */
    bool known;        /* the checksum is from expected.tsv */
} Kernel;

enum { MAX_KERNELS = 64, ENGINES = 9, OURS = 5 };
typedef struct Engine {
    const char *name, *what;
    const char *leg; /* of ours: its options */
    bool here;       /* its command was found */
    char why[300];   /* not here, or it failed: the first failure */
} Engine;
extern const Engine engines[ENGINES];
/* ORDER of engines */
enum {
    ENGINE_INTERP,
    ENGINE_O0,
    ENGINE_O1,
    ENGINE_O2,
    ENGINE_FREE,
    ENGINE_LIFTOFF,
    ENGINE_TURBOFAN,
    ENGINE_WASM3,
    ENGINE_WAMR
};

typedef struct RunRow {
    Kernel kernel;
    double ns[ENGINES];  /* 0: not measured */
    bool wrong[ENGINES]; /* another checksum than expected, or than the first engine's */
} RunRow;

/* The kernels of corpus/bench/expected.tsv, with n a `scale`th of the large one; 0 after a line on stderr. */
uint32_t find_kernels(Kernel kernel[MAX_KERNELS], uint32_t scale);
/* ns of run(n) on the leg e->name in this process, the least of some repetitions; 0: e says why not. */
double measure_leg(const Kernel *k, Engine *e, uint32_t repeats, uint64_t *checksum);
/* Add what node's compilers take for a module, where node is here. */
void measure_node_compile(CompileRow *row, const char *path, const Engine e[ENGINES]);
/* Which peers are here. */
void find_engines(Engine e[ENGINES]);
/* Run the kernel on every engine that is here; the least of some repetitions. */
void measure_run(RunRow *row, Engine e[ENGINES], uint32_t repeats);
