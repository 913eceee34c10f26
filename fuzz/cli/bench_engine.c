/* `parallax bench engine`: what compiling costs, how fast the code is, and that compiling stays linear.
 *
 * This file has the command, the ratios and the output; bench_engine_compile.c and bench_engine_run.c measure. */
#include <argp.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/bench.h"
#include "fuzz/cli/bench_engine.h"

enum { PART_COMPILE = 1, PART_RUN = 2, PART_GROWTH = 4, PART_ALL = 7, MAX_INPUTS = 32 };

typedef struct Args {
    uint32_t parts, scale, repeats;
    bool json;
    VEC(char *) path;
    Arena *arena;
} Args;

uint32_t bench_number(const char *arg, struct argp_state *st, const char *option) {
    char *end;
    unsigned long v = strtoul(arg, &end, 10);
    if (end == arg || *end || v == 0 || v > 1000000) argp_error(st, "--%s takes a number above 0", option);
    return (uint32_t)v;
}

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'p':
        if (strcmp(arg, "compile") == 0)
            a->parts |= PART_COMPILE;
        else if (strcmp(arg, "run") == 0)
            a->parts |= PART_RUN;
        else if (strcmp(arg, "growth") == 0)
            a->parts |= PART_GROWTH;
        else
            argp_error(st, "--part takes compile, run or growth");
        break;
    case 'S': a->scale = bench_number(arg, st, "scale"); break;
    case 'r': a->repeats = bench_number(arg, st, "repeats"); break;
    case 'J': a->json = true; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"part", 'p', "PART", 0, "only this part: compile, run or growth; may be repeated", 0},
    {"scale", 'S', "K", 0, "run the kernels with n_large / K (default 16; 1 takes minutes)", 0},
    {"repeats", 'r', "R", 0, "the least of R runs counts (default 3)", 0},
    {"json", 'J', NULL, 0, "one JSON object", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "[FILE...]",
    "Measure the engine: what compiling costs, how fast the code is, and that compiling stays linear.\v"
    "Compiled are the modules of corpus/bench as one input, and each FILE as one more; run are those of corpus/bench. "
    "All on one processor, in processor time; quote ratios, not times.\n"
    "\n"
    "First table, ns a byte of function bodies, the least of some repetitions:\n"
    "  decode, validate  bytes to a module; checking it and making the side table\n"
    "  build, opt, lower, alloc, emit, total   stages of compiling\n"
    "  code              bytes of machine code a byte of function bodies\n"
    "  liftoff, turbofan what node takes for the same, all its threads together\n"
    "Second table, run(n) in units of TurboFan's time (of x64:O2's without it); the last lines are geometric means "
    "over "
    "the kernels that both ran.  Ours run with fuel, but for the column \"no fuel\" (x64:O2,interrupt=none): no peer "
    "counts any.  The peers are node with Liftoff or TurboFan alone, and wasm3 and iwasm when on PATH.\n"
    "Third table, ns a byte of one generated function, and how it grows.\n"
    "Last: the aims, each met or not, and what keeps it from being met.\n"
    "\n"
    "JSON fields: processor; compile (input, modules, bytes, body_bytes, decode, validate, liftoff, turbofan: ns a "
    "byte; legs: leg, "
    "build, "
    "opt, lower, alloc, emit, total: ns a byte, code: bytes a byte, failed); run (kernel, n, ns: by engine, wrong: "
    "engines with another checksum); means (engine, to_turbofan, to_liftoff, to_o2, kernels); growth (shape, blocks, "
    "bytes, validate and legs: ns a byte); aims (input, aim, value, limit, met, bound); lacks (engine, why).\n"
    "Exit status: 0 measured, 1 measured but a checksum is wrong, 2 bad input, 3 not everything could be measured "
    "(peers that are not there do not count).",
    NULL,
    NULL,
    NULL};

typedef struct Aim {
    const char *input, *what; /* input: what was compiled, or NULL */
    double value, limit;      /* value 0: not measured */
    char bound[160];          /* what keeps it from being better; may be empty */
} Aim;
enum { MAX_AIMS = 8 + 4 * MAX_INPUTS };

typedef struct Bench {
    const Args *a;
    int cpu;
    CompileRow compile[MAX_INPUTS];
    uint32_t ncompile, nrun, ngrowth, naims;
    RunRow run[MAX_KERNELS];
    GrowthRow growth[MAX_GROWTH];
    Engine engine[ENGINES];
    Aim aim[MAX_AIMS];
} Bench;

/* -- Input ------------------------------------------------------------------------------- */

static bool read_kernels(Bench *b) {
    Kernel k[MAX_KERNELS];
    b->nrun = find_kernels(k, b->a->scale);
    for (uint32_t i = 0; i < b->nrun; i++) b->run[i].kernel = k[i];
    return b->nrun != 0;
}

static bool compile_file(Bench *b, const char *path, const char *input, bool first) {
    File f;
    if (first) {
        if (b->ncompile == MAX_INPUTS) {
            cli_fail(0, "more than %d inputs", MAX_INPUTS);
            return false;
        }
        b->compile[b->ncompile++] = (CompileRow){.input = input};
    }
    CompileRow *row = &b->compile[b->ncompile - 1];
    if (!cli_read(b->a->arena, path, &f) || !measure_compile(row, path, &f, FEATURES_WASM3)) return false;
    measure_node_compile(row, path, b->engine);
    return true;
}

static bool compile_all(Bench *b) {
    bool ok = true;
    for (uint32_t k = 0; k < b->nrun; k++) ok &= compile_file(b, b->run[k].kernel.path, "corpus/bench", k == 0);
    for (uint32_t k = 0; k < b->a->path.n; k++) {
        const char *slash = strrchr(b->a->path.at[k], '/');
        ok &= compile_file(b, b->a->path.at[k], slash ? slash + 1 : b->a->path.at[k], true);
        if (!b->compile[b->ncompile - 1].modules) b->ncompile--;
    }
    return ok;
}

/* -- Ratios ------------------------------------------------------------------------------- */

/* Geometric mean of engine x's time in units of y's, over the kernels that both ran; 0 when there are none. */
static double mean_ratio(const Bench *b, uint32_t x, uint32_t y, uint32_t *kernels) {
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t k = 0; k < b->nrun; k++) {
        const double *ns = b->run[k].ns;
        if (ns[x] == 0 || ns[y] == 0) continue;
        sum += log(ns[x] / ns[y]);
        n++;
    }
    if (kernels) *kernels = n;
    return n ? exp(sum / n) : 0;
}

/* The unit of the second table. */
static uint32_t unit_engine(const Bench *b) {
    return mean_ratio(b, ENGINE_TURBOFAN, ENGINE_TURBOFAN, NULL) > 0 ? ENGINE_TURBOFAN : ENGINE_O2;
}

static double per_byte(uint64_t ns, const CompileRow *r) {
    return r->body_bytes ? (double)ns / (double)r->body_bytes : 0;
}

/* How much more a byte costs in the largest function of a shape than in the third, whose fixed costs are small
 * already and whose data fit the caches still; of the shapes, the worst. */
static double growth_ratio(const Bench *b, uint32_t compiler) {
    double worst = 0;
    for (uint32_t k = 0, first = 0; k < b->ngrowth; k++) {
        const GrowthRow *r = &b->growth[k], *third = &b->growth[first + 2];
        bool last = k + 1 == b->ngrowth || strcmp(b->growth[k + 1].shape, r->shape) != 0;
        if (!last) continue;
        first = k + 1;
        if (third >= r || !third->ns[compiler]) continue;
        double ratio = (double)r->ns[compiler] / r->bytes / ((double)third->ns[compiler] / third->bytes);
        if (ratio > worst) worst = ratio;
    }
    return worst;
}

static Aim *add_aim(Bench *b, const char *input, const char *what, double value, double limit) {
    Aim *a = &b->aim[b->naims++];
    *a = (Aim){.input = input, .what = what, .value = value, .limit = limit};
    return a;
}

static void bound_by_stages(Aim *a, const CompileRow *r, const Cost *c) {
    snprintf(a->bound, sizeof a->bound, "build %.0f, opt %.0f, lower %.0f, alloc %.0f, emit %.0f",
             per_byte(c->stage.build, r), per_byte(c->stage.opt, r), per_byte(c->stage.lower, r),
             per_byte(c->stage.alloc, r), per_byte(c->stage.emit, r));
}

static void find_compile_aims(Bench *b, const CompileRow *r) {
    add_aim(b, r->input, "validation with side table, ns a byte", per_byte(r->validate, r), 10);
    Aim *o0 = add_aim(b, r->input, "x64:O0, ns a byte", per_byte(r->cost[0].total, r), 100);
    bound_by_stages(o0, r, &r->cost[0]);
    Aim *o2 = add_aim(b, r->input, "x64:O2, ns a byte", per_byte(r->cost[2].total, r), 400);
    bound_by_stages(o2, r, &r->cost[2]);
    if (r->turbofan > 0)
        add_aim(b, r->input, "x64:O2's compile time to TurboFan's", (double)r->cost[2].total / r->turbofan, 0.5);
}

static void find_run_aims(Bench *b) {
    double turbofan = mean_ratio(b, ENGINE_TURBOFAN, ENGINE_LIFTOFF, NULL);
    add_aim(b, NULL, "x64:O2's code to TurboFan's", mean_ratio(b, ENGINE_O2, ENGINE_TURBOFAN, NULL), 1.3);
    add_aim(b, NULL, "without fuel", mean_ratio(b, ENGINE_FREE, ENGINE_TURBOFAN, NULL), 1.3);
    Aim *fuel = add_aim(b, NULL, "x64:O2's code to Liftoff's", mean_ratio(b, ENGINE_O2, ENGINE_LIFTOFF, NULL), 0.5);
    Aim *free = add_aim(b, NULL, "without fuel", mean_ratio(b, ENGINE_FREE, ENGINE_LIFTOFF, NULL), 0.5);
    snprintf(fuel->bound, sizeof fuel->bound, "TurboFan's own is %.2f of Liftoff's here, and neither counts fuel",
             turbofan);
    snprintf(free->bound, sizeof free->bound, "TurboFan's own is %.2f of Liftoff's here", turbofan);
    add_aim(b, NULL, "interpreter to WAMR's", mean_ratio(b, ENGINE_INTERP, ENGINE_WAMR, NULL), 1);
    Aim *wasm3 = add_aim(b, NULL, "interpreter to wasm3", mean_ratio(b, ENGINE_INTERP, ENGINE_WASM3, NULL), 2);
    snprintf(wasm3->bound, sizeof wasm3->bound, "wasm3 rewrites to registers, we decode the bytes as they are");
}

static void find_aims(Bench *b) {
    for (uint32_t k = 0; k < b->ncompile; k++) find_compile_aims(b, &b->compile[k]);
    if (b->a->parts & PART_RUN) find_run_aims(b);
    if (b->ngrowth) add_aim(b, NULL, "x64:O2, a byte of the largest function to one of 16 KB", growth_ratio(b, 2), 3);
}

/* -- Text ----------------------------------------------------------------------------------- */

static void print_compile(const Bench *b) {
    for (uint32_t k = 0; k < b->ncompile; k++) {
        const CompileRow *r = &b->compile[k];
        printf("%s: %u modules, %llu bytes, %llu of them function bodies; decode %.1f, validate %.1f ns a byte\n",
               r->input, r->modules, (unsigned long long)r->bytes, (unsigned long long)r->body_bytes,
               per_byte(r->decode, r), per_byte(r->validate, r));
        printf("%-10s %8s %8s %8s %8s %8s %8s %8s\n", "ns/byte", "build", "opt", "lower", "alloc", "emit", "total",
               "code");
        for (uint32_t c = 0; c < COMPILERS; c++) {
            const Cost *x = &r->cost[c];
            printf("%-10s %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.2f%s%s\n", compiler_leg[c],
                   per_byte(x->stage.build, r), per_byte(x->stage.opt, r), per_byte(x->stage.lower, r),
                   per_byte(x->stage.alloc, r), per_byte(x->stage.emit, r), per_byte(x->total, r), per_byte(x->code, r),
                   r->failed[c] ? "  FAILED: " : "", r->failed[c] ? r->failed[c] : "");
        }
        if (r->liftoff > 0) printf("%-10s %53.1f\n", "liftoff", r->liftoff / (double)r->body_bytes);
        if (r->turbofan > 0) printf("%-10s %53.1f\n", "turbofan", r->turbofan / (double)r->body_bytes);
        putchar('\n');
    }
}

static void print_run(const Bench *b) {
    uint32_t unit = unit_engine(b);
    printf("%-12s %9s %9s", "kernel", "n", "ms");
    for (uint32_t e = 0; e < ENGINES; e++)
        if (b->engine[e].here) printf(" %8s", b->engine[e].name);
    printf("   (ms: %s; the others in units of it)\n", b->engine[unit].name);
    for (uint32_t k = 0; k < b->nrun; k++) {
        const RunRow *r = &b->run[k];
        printf("%-12s %9u %9.2f", r->kernel.name, r->kernel.n, r->ns[unit] / 1e6);
        for (uint32_t e = 0; e < ENGINES; e++) {
            if (!b->engine[e].here) continue;
            if (r->ns[e] == 0 || r->ns[unit] == 0)
                printf(" %8s", "-");
            else
                printf(" %7.2f%s", r->ns[e] / r->ns[unit], r->wrong[e] ? "!" : " ");
        }
        putchar('\n');
    }
    static const uint32_t to[] = {ENGINE_TURBOFAN, ENGINE_LIFTOFF, ENGINE_O2};
    for (uint32_t t = 0; t < sizeof to / sizeof *to; t++) {
        if (!b->engine[to[t]].here) continue;
        printf("mean to %-24s", b->engine[to[t]].name);
        for (uint32_t e = 0; e < ENGINES; e++) {
            double x = mean_ratio(b, e, to[t], NULL);
            if (b->engine[e].here) printf(" %7.2f ", x);
        }
        putchar('\n');
    }
    for (uint32_t e = 0; e < ENGINES; e++)
        if (b->engine[e].why[0]) printf("without %s: %s\n", b->engine[e].name, b->engine[e].why);
    putchar('\n');
}

static void print_growth(const Bench *b) {
    printf("%-10s %8s %9s %9s", "shape", "blocks", "bytes", "validate");
    for (uint32_t c = 0; c < COMPILERS; c++)
        if (c % 3 != 0) printf(" %8s", compiler_leg[c]);
    printf("   (ns a byte)\n");
    for (uint32_t k = 0; k < b->ngrowth; k++) {
        const GrowthRow *r = &b->growth[k];
        printf("%-10s %8u %9u %9.1f", r->shape, r->blocks, r->bytes, (double)r->validate / r->bytes);
        for (uint32_t c = 0; c < COMPILERS; c++)
            if (c % 3 != 0) printf(" %8.1f", (double)r->ns[c] / r->bytes);
        putchar('\n');
    }
    putchar('\n');
}

static void print_aim(const Aim *a) {
    char what[100];
    snprintf(what, sizeof what, "%s%s%s", a->input ? a->input : "", a->input ? ": " : "", a->what);
    if (a->value == 0) {
        printf("%-64s not measured (limit %.4g)\n", what, a->limit);
        return;
    }
    bool met = a->value <= a->limit;
    printf("%-64s %8.2f  limit %6.4g  %s\n", what, a->value, a->limit, met ? "met" : "NOT MET");
    if (!met && a->bound[0]) printf("    %s\n", a->bound);
}

static void print_text(const Bench *b) {
    print_compile(b);
    if (b->a->parts & PART_RUN) print_run(b);
    if (b->ngrowth) print_growth(b);
    for (uint32_t k = 0; k < b->naims; k++) print_aim(&b->aim[k]);
}

/* -- JSON ------------------------------------------------------------------------------------- */

static cJSON *add_object(cJSON *list) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToArray(list, o);
    return o;
}

static void json_compile(const Bench *b, cJSON *list) {
    for (uint32_t k = 0; k < b->ncompile; k++) {
        const CompileRow *r = &b->compile[k];
        cJSON *o = add_object(list);
        cJSON_AddStringToObject(o, "input", r->input);
        cJSON_AddNumberToObject(o, "modules", r->modules);
        cJSON_AddNumberToObject(o, "bytes", (double)r->bytes);
        cJSON_AddNumberToObject(o, "body_bytes", (double)r->body_bytes);
        cJSON_AddNumberToObject(o, "decode", per_byte(r->decode, r));
        cJSON_AddNumberToObject(o, "validate", per_byte(r->validate, r));
        if (r->liftoff > 0) cJSON_AddNumberToObject(o, "liftoff", r->liftoff / (double)r->body_bytes);
        if (r->turbofan > 0) cJSON_AddNumberToObject(o, "turbofan", r->turbofan / (double)r->body_bytes);
        cJSON *legs = cJSON_AddArrayToObject(o, "legs");
        for (uint32_t c = 0; c < COMPILERS; c++) {
            const Cost *x = &r->cost[c];
            cJSON *l = add_object(legs);
            cJSON_AddStringToObject(l, "leg", compiler_leg[c]);
            cJSON_AddNumberToObject(l, "build", per_byte(x->stage.build, r));
            cJSON_AddNumberToObject(l, "opt", per_byte(x->stage.opt, r));
            cJSON_AddNumberToObject(l, "lower", per_byte(x->stage.lower, r));
            cJSON_AddNumberToObject(l, "alloc", per_byte(x->stage.alloc, r));
            cJSON_AddNumberToObject(l, "emit", per_byte(x->stage.emit, r));
            cJSON_AddNumberToObject(l, "total", per_byte(x->total, r));
            cJSON_AddNumberToObject(l, "code", per_byte(x->code, r));
            if (r->failed[c]) cJSON_AddStringToObject(l, "failed", r->failed[c]);
        }
    }
}

static void json_run(const Bench *b, cJSON *runs, cJSON *means) {
    for (uint32_t k = 0; k < b->nrun; k++) {
        const RunRow *r = &b->run[k];
        cJSON *o = add_object(runs);
        cJSON_AddStringToObject(o, "kernel", r->kernel.name);
        cJSON_AddNumberToObject(o, "n", r->kernel.n);
        cJSON *ns = cJSON_AddObjectToObject(o, "ns"), *wrong = cJSON_AddArrayToObject(o, "wrong");
        for (uint32_t e = 0; e < ENGINES; e++) {
            if (r->ns[e] > 0) cJSON_AddNumberToObject(ns, b->engine[e].name, r->ns[e]);
            if (r->wrong[e]) cJSON_AddItemToArray(wrong, cJSON_CreateString(b->engine[e].name));
        }
    }
    for (uint32_t e = 0; e < ENGINES; e++) {
        uint32_t kernels;
        double to_o2 = mean_ratio(b, e, ENGINE_O2, &kernels);
        if (!kernels) continue;
        cJSON *o = add_object(means);
        cJSON_AddStringToObject(o, "engine", b->engine[e].name);
        cJSON_AddNumberToObject(o, "kernels", kernels);
        cJSON_AddNumberToObject(o, "to_o2", to_o2);
        if (b->engine[ENGINE_TURBOFAN].here)
            cJSON_AddNumberToObject(o, "to_turbofan", mean_ratio(b, e, ENGINE_TURBOFAN, NULL));
        if (b->engine[ENGINE_LIFTOFF].here)
            cJSON_AddNumberToObject(o, "to_liftoff", mean_ratio(b, e, ENGINE_LIFTOFF, NULL));
    }
}

static void json_growth(const Bench *b, cJSON *list) {
    for (uint32_t k = 0; k < b->ngrowth; k++) {
        const GrowthRow *r = &b->growth[k];
        cJSON *o = add_object(list);
        cJSON_AddStringToObject(o, "shape", r->shape);
        cJSON_AddNumberToObject(o, "blocks", r->blocks);
        cJSON_AddNumberToObject(o, "bytes", r->bytes);
        cJSON_AddNumberToObject(o, "validate", (double)r->validate / r->bytes);
        cJSON *legs = cJSON_AddObjectToObject(o, "legs");
        for (uint32_t c = 0; c < COMPILERS; c++)
            if (r->ns[c]) cJSON_AddNumberToObject(legs, compiler_leg[c], (double)r->ns[c] / r->bytes);
    }
}

static void print_json(const Bench *b) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "processor", b->cpu);
    json_compile(b, cJSON_AddArrayToObject(o, "compile"));
    cJSON *runs = cJSON_AddArrayToObject(o, "run");
    json_run(b, runs, cJSON_AddArrayToObject(o, "means"));
    json_growth(b, cJSON_AddArrayToObject(o, "growth"));
    cJSON *aims = cJSON_AddArrayToObject(o, "aims"), *lacks = cJSON_AddArrayToObject(o, "lacks");
    for (uint32_t k = 0; k < b->naims; k++) {
        cJSON *a = add_object(aims);
        if (b->aim[k].input) cJSON_AddStringToObject(a, "input", b->aim[k].input);
        cJSON_AddStringToObject(a, "aim", b->aim[k].what);
        cJSON_AddNumberToObject(a, "limit", b->aim[k].limit);
        if (b->aim[k].value == 0) continue;
        cJSON_AddNumberToObject(a, "value", b->aim[k].value);
        cJSON_AddBoolToObject(a, "met", b->aim[k].value <= b->aim[k].limit);
        if (b->aim[k].bound[0]) cJSON_AddStringToObject(a, "bound", b->aim[k].bound);
    }
    for (uint32_t e = 0; e < ENGINES; e++) {
        if (!b->engine[e].why[0]) continue;
        cJSON *l = add_object(lacks);
        cJSON_AddStringToObject(l, "engine", b->engine[e].name);
        cJSON_AddStringToObject(l, "why", b->engine[e].why);
    }
    char *line = cJSON_PrintUnformatted(o);
    if (line) puts(line);
    cJSON_free(line);
    cJSON_Delete(o);
}

/* -- The command --------------------------------------------------------------------------------- */

static int status_of(const Bench *b) {
    int status = EXIT_AGREED;
    for (uint32_t e = 0; e < ENGINES; e++)
        if (b->engine[e].here && b->engine[e].why[0]) status = EXIT_LACKS;
    for (uint32_t k = 0; k < b->ncompile; k++)
        for (uint32_t c = 0; c < COMPILERS; c++)
            if (b->compile[k].failed[c]) status = EXIT_LACKS;
    for (uint32_t k = 0; k < b->nrun; k++)
        for (uint32_t e = 0; e < ENGINES; e++)
            if (b->run[k].wrong[e]) status = EXIT_DISAGREEMENT;
    return status;
}

static int run(Bench *b) {
    bool read = true;
    if (!read_kernels(b)) return EXIT_BAD_INPUT;
    b->cpu = bench_pin();
    find_engines(b->engine);
    if (b->a->parts & PART_COMPILE) read = compile_all(b);
    if (b->a->parts & PART_RUN) {
        for (uint32_t k = 0; k < b->nrun; k++) measure_run(&b->run[k], b->engine, b->a->repeats);
    }
    if (b->a->parts & PART_GROWTH) b->ngrowth = measure_growth(b->growth);
    find_aims(b);
    if (!(b->a->parts & PART_RUN)) b->nrun = 0;
    if (b->a->json)
        print_json(b);
    else
        print_text(b);
    return read ? status_of(b) : EXIT_BAD_INPUT;
}

int bench_engine(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.scale = 16, .repeats = 3, .arena = &arena};
    cli_args(&argp, argc, argv, &a);
    if (!a.parts) a.parts = PART_ALL;
    Bench *b = ARENA_NEW(&arena, Bench);
    b->a = &a;
    int status = run(b);
    arena_free(&arena);
    return status;
}
