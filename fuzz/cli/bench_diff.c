/* `parallax bench diff`: how fast the differential comparison is, and where its time goes.
 *
 * The sets of legs are the beginnings of the list: the first leg alone, the first two, ...  Each round runs all modules
 * once with each set, so that what changes while it runs (clock, neighbours) hits all of them alike; the figure of a
 * set is the median of its rounds. The stages are measured in passes of their own, behind those of each round, since
 * reading the clock costs time too. */
#define _GNU_SOURCE
#include <argp.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/os.h"
#include "fuzz/cli/bench.h"
#include "fuzz/cli/cli.h"

#define DEFAULT_LEGS "interp,x64,a64"
#define DEFAULT_INPUT "corpus/bench/small"
enum { MIN_ROUNDS = 3, MAX_ROUNDS = 1000 };

typedef struct Args {
    const char *legs, *features;
    double seconds;
    bool json;
    VEC(char *) path;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    char *end;
    switch (key) {
    case 'l': a->legs = arg; break;
    case 'f': a->features = arg; break;
    case 's':
        a->seconds = strtod(arg, &end);
        if (end == arg || *end || !(a->seconds > 0)) argp_error(st, "--seconds takes a positive number");
        break;
    case 'J': a->json = true; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"legs", 'l', "L,L,...", 0, "legs; measured are the first, the first two, ... (default " DEFAULT_LEGS ")", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"seconds", 's', "S", 0, "measure for about S seconds, at least 3 rounds (default 10)", 0},
    {"json", 'J', NULL, 0, "one JSON object", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "[FILE|DIR...]",
    "Measure the differential comparison: modules a second with one leg, two legs, ..., and the cost of each stage.\v"
    "Without files: the modules of " DEFAULT_INPUT
    " in the source tree.  A directory stands for all .wasm files below it.\n"
    "It runs on one processor, workers included.  The modules are read before the clock starts; executed is the plan "
    "that a "
    "module holds, or the default one.\n"
    "\n"
    "Rows of the second table, in microseconds a module and as a share of the whole,\n"
    "all legs on:\n"
    "  decode, validate  bytes to a valid module, once for all legs\n"
    "  compile LEG       wasm to machine code; of which:\n"
    "    build           wasm to SSA form\n"
    "    opt             the passes\n"
    "    lower           to machine instructions\n"
    "    alloc           registers\n"
    "    emit            bytes, linking\n"
    "  instantiate LEG   link, allocate, copy code and segments, run the start\n"
    "                    function\n"
    "  execute LEG       the calls of the plan; of another ISA: in the worker\n"
    "  observe LEG       digest memories, globals, tables, segments\n"
    "  compare           the verdict\n"
    "  other             what is left: resetting stores, plans, bookkeeping\n"
    "  processor         processor time of this process in all of them, and of the\n"
    "    worker          worker: these hold on a busy machine, too\n"
    "\n"
    "JSON fields: modules, median_bytes, total_bytes, steps (calls a pass), rounds, processor, agree (modules), "
    "rejected, "
    "not_agree; sets (legs, modules_per_second, ratio to the first); stages (stage, leg, of: the row it is part of, "
    "us, share); "
    "lacks (leg that does not work here, why).\n"
    "Exit status: 0 measured, 1 measured but the legs do not agree on a module, 2 bad input, 3 a leg does not work "
    "here (the others "
    "are measured).",
    NULL,
    NULL,
    NULL};

typedef struct Input {
    VEC(File) file;
    uint32_t median;
    uint64_t total;
} Input;

/* One row of the table of stages. */
typedef struct Row {
    const char *stage, *leg, *of; /* leg, of: "" where there is none */
    double us, share;
} Row;
enum { MAX_ROWS = 5 + MAX_LEGS * 10 };

typedef struct Lack {
    char leg[80], why[300];
} Lack;

typedef struct Bench {
    const Args *a;
    LegSpec spec[MAX_LEGS];
    uint32_t nlegs;
    Differ *differ;
    Input in;
    Case *c;
    /* results */
    uint32_t rounds, agree, rejected, not_agree;
    uint64_t steps;
    double rate[MAX_LEGS][MAX_ROUNDS];
    int cpu;
    Lack lacks[MAX_LEGS];
    uint32_t nlacks;
    /* stages by leg, ns */
    uint64_t passes, total, instantiate[MAX_LEGS], execute[MAX_LEGS], observe[MAX_LEGS];
    CompileTimes compile[MAX_LEGS];
    uint64_t own_cpu, worker_cpu[MAX_LEGS];
    DifferTimes since;
    uint32_t current;
} Bench;

/* -- Input --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool read_input(Bench *b, Arena *arena) {
    Paths paths;
    char path[4096];
    char *const fallback[] = {path, NULL};
    char *const *arg = b->a->path.n > 1 ? b->a->path.at : fallback;
    if (arg == fallback && !bench_in_tree(DEFAULT_INPUT, path)) {
        cli_fail(0, "no FILE is given, and there is no " DEFAULT_INPUT " here or above this program");
        return false;
    }
    if (!cli_paths(arena, arg, ".wasm", &paths)) return false;
    uint32_t *size = ARENA_ARRAY(arena, uint32_t, paths.path.n);
    for (uint32_t i = 0; i < paths.path.n; i++) {
        File f;
        if (!cli_read(arena, paths.path.at[i], &f)) return false;
        vec_push(arena, &b->in.file, f);
        b->in.total += size[i] = f.size;
    }
    if (!b->in.file.n) {
        cli_fail(0, "%s: no module below it", arg[0]);
        return false;
    }
    qsort(size, b->in.file.n, sizeof *size, by_size);
    b->in.median = size[b->in.file.n / 2];
    return true;
}

/* -- Measuring ----------------------------------------------------------------------------- */

/* The differ tells which leg is next: what the stages took since then was the leg's before. */
static void on_leg(void *user, uint32_t leg) {
    Bench *b = user;
    const DifferTimes *now = &b->differ->times;
    if (b->current != UINT32_MAX) {
        b->instantiate[b->current] += now->instantiate - b->since.instantiate;
        b->execute[b->current] += now->execute - b->since.execute;
        b->observe[b->current] += now->observe - b->since.observe;
    }
    b->since = *now;
    b->current = leg;
}

/* All modules once with the first `nlegs` legs; ns. */
static uint64_t pass(Bench *b, uint32_t nlegs) {
    Differ *d = b->differ;
    uint64_t began = os_now_ns();
    d->nlegs = nlegs;
    for (uint32_t i = 0; i < b->in.file.n; i++) differ_run(d, b->in.file.at[i].bytes, b->in.file.at[i].size, b->c);
    d->nlegs = b->nlegs;
    return os_now_ns() - began;
}

/* First pass: caches warm, worker up, and the verdicts, without which the figures mean nothing. */
static void warm_up(Bench *b) {
    for (uint32_t i = 0; i < b->in.file.n; i++) {
        differ_run(b->differ, b->in.file.at[i].bytes, b->in.file.at[i].size, b->c);
        b->steps += b->c->plan.step.n;
        if (b->c->plan_error || b->c->verdict.kind != VERDICT_AGREE)
            b->not_agree++;
        else if (!b->c->module)
            b->rejected++;
        else
            b->agree++;
    }
}

static void add_compile_times(CompileTimes *sum, const CompileTimes *now, const CompileTimes *before) {
    sum->build += now->build - before->build;
    sum->opt += now->opt - before->opt;
    sum->lower += now->lower - before->lower;
    sum->alloc += now->alloc - before->alloc;
    sum->emit += now->emit - before->emit;
}

/* Processor time of this process, and of a leg's worker (0: there is none, or the system does not tell). */
static uint64_t own_cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t worker_cpu(const Leg *l) {
    char path[64];
    unsigned long long ns = 0;
    if (!l->worker.pid) return 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)l->worker.pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    if (fscanf(f, "%llu", &ns) != 1) ns = 0;
    fclose(f);
    return ns;
}

static void pass_of_stages(Bench *b) {
    Differ *d = b->differ;
    CompileTimes before[MAX_LEGS];
    uint64_t worker_before[MAX_LEGS], own_before = own_cpu();
    for (uint32_t i = 0; i < b->nlegs; i++) before[i] = d->leg[i].times, worker_before[i] = worker_cpu(&d->leg[i]);
    b->current = UINT32_MAX;
    d->timing = true;
    b->total += pass(b, b->nlegs);
    d->timing = false;
    b->passes++;
    b->own_cpu += own_cpu() - own_before;
    for (uint32_t i = 0; i < b->nlegs; i++) {
        uint64_t now = worker_cpu(&d->leg[i]);
        if (now > worker_before[i]) b->worker_cpu[i] += now - worker_before[i];
    }
    for (uint32_t i = 0; i < b->nlegs; i++) add_compile_times(&b->compile[i], &d->leg[i].times, &before[i]);
}

static void measure(Bench *b) {
    double budget = b->a->seconds * 1e9;
    b->differ->on_leg = on_leg;
    b->differ->on_leg_user = b;
    b->current = UINT32_MAX;
    warm_up(b);
    for (uint64_t began = os_now_ns(); b->rounds < MAX_ROUNDS; b->rounds++) {
        if (b->rounds >= MIN_ROUNDS && (double)(os_now_ns() - began) >= budget) break;
        for (uint32_t k = 0; k < b->nlegs; k++) b->rate[k][b->rounds] = b->in.file.n * 1e9 / (double)pass(b, k + 1);
        pass_of_stages(b);
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median_rate(Bench *b, uint32_t set) {
    qsort(b->rate[set], b->rounds, sizeof(double), by_value);
    return b->rate[set][b->rounds / 2];
}

/* -- Results ------------------------------------------------------------------------------- */

static uint32_t stage_rows(const Bench *b, Row *row) {
    const DifferTimes *t = &b->differ->times;
    const double unit = 1e-3 / (double)(b->passes * b->in.file.n);
    uint32_t n = 0;
    double top = 0;
#define ROW(stage_, leg_, of_, ns) (row[n++] = (Row){(stage_), (leg_), (of_), (double)(ns)*unit, 0})
    ROW("decode", "", "", t->decode);
    ROW("validate", "", "", t->validate);
    for (uint32_t i = 0; i < b->nlegs; i++) {
        const char *leg = b->spec[i].text;
        const CompileTimes *c = &b->compile[i];
        if (!b->differ->leg[i].ncompiled) continue;
        ROW("compile", leg, "", t->compile[i]);
        ROW("build", leg, "compile", c->build);
        ROW("opt", leg, "compile", c->opt);
        ROW("lower", leg, "compile", c->lower);
        ROW("alloc", leg, "compile", c->alloc);
        ROW("emit", leg, "compile", c->emit);
    }
    for (uint32_t i = 0; i < b->nlegs; i++) ROW("instantiate", b->spec[i].text, "", b->instantiate[i]);
    for (uint32_t i = 0; i < b->nlegs; i++) ROW("execute", b->spec[i].text, "", b->execute[i]);
    for (uint32_t i = 0; i < b->nlegs; i++) ROW("observe", b->spec[i].text, "", b->observe[i]);
    ROW("compare", "", "", t->compare);
    double whole = (double)b->total * unit;
    for (uint32_t i = 0; i < n; i++)
        if (!row[i].of[0]) top += row[i].us;
    row[n++] = (Row){"other", "", "", whole - top, 0};
    ROW("processor", "", "processor", b->own_cpu);
    for (uint32_t i = 0; i < b->nlegs; i++)
        if (b->worker_cpu[i]) ROW("worker", b->spec[i].text, "processor", b->worker_cpu[i]);
#undef ROW
    for (uint32_t i = 0; i < n; i++) row[i].share = row[i].us / whole;
    return n;
}

/* The first k + 1 legs as they were written. */
static void set_name(const Bench *b, uint32_t k, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    for (uint32_t i = 0; i <= k && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? "," : "", b->spec[i].text);
}

static void print_text(Bench *b) {
    Row row[MAX_ROWS];
    char name[1024];
    printf("%u modules, median %u bytes, %llu calls a pass; %u rounds on processor %d\n", b->in.file.n, b->in.median,
           (unsigned long long)b->steps, b->rounds, b->cpu);
    if (b->rejected || b->not_agree)
        printf("%u agree, %u are rejected, %u DO NOT AGREE (parallax diff tells why)\n", b->agree, b->rejected,
               b->not_agree);
    printf("\n%-32s %10s %7s\n", "legs", "modules/s", "ratio");
    double first = median_rate(b, 0);
    for (uint32_t k = 0; k < b->nlegs; k++) {
        set_name(b, k, name, sizeof name);
        double r = median_rate(b, k);
        printf("%-32s %10.0f %7.3f\n", name, r, r / first);
    }
    printf("\n%-32s %10s %7s\n", "stage", "us/module", "share");
    uint32_t n = stage_rows(b, row);
    for (uint32_t i = 0; i < n; i++) {
        if (row[i].of[0] && strcmp(row[i].of, row[i].stage) != 0)
            snprintf(name, sizeof name, "  %s", row[i].stage);
        else
            snprintf(name, sizeof name, "%s%s%s", row[i].stage, row[i].leg[0] ? " " : "", row[i].leg);
        printf("%-32s %10.2f %6.1f%%\n", name, row[i].us, row[i].share * 100);
    }
    printf("%-32s %10.2f\n", "whole", (double)b->total * 1e-3 / (double)(b->passes * b->in.file.n));
}

static cJSON *json_sets(Bench *b) {
    cJSON *list = cJSON_CreateArray();
    char name[1024];
    double first = median_rate(b, 0);
    for (uint32_t k = 0; k < b->nlegs; k++) {
        cJSON *o = cJSON_CreateObject();
        double r = median_rate(b, k);
        set_name(b, k, name, sizeof name);
        cJSON_AddStringToObject(o, "legs", name);
        cJSON_AddNumberToObject(o, "modules_per_second", r);
        cJSON_AddNumberToObject(o, "ratio", r / first);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static cJSON *json_stages(const Bench *b) {
    cJSON *list = cJSON_CreateArray();
    Row row[MAX_ROWS];
    uint32_t n = stage_rows(b, row);
    for (uint32_t i = 0; i < n; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "stage", row[i].stage);
        if (row[i].leg[0]) cJSON_AddStringToObject(o, "leg", row[i].leg);
        if (row[i].of[0]) cJSON_AddStringToObject(o, "of", row[i].of);
        cJSON_AddNumberToObject(o, "us", row[i].us);
        cJSON_AddNumberToObject(o, "share", row[i].share);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static void print_json(Bench *b) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "modules", b->in.file.n);
    cJSON_AddNumberToObject(o, "median_bytes", b->in.median);
    cJSON_AddNumberToObject(o, "total_bytes", (double)b->in.total);
    cJSON_AddNumberToObject(o, "steps", (double)b->steps);
    cJSON_AddNumberToObject(o, "rounds", b->rounds);
    cJSON_AddNumberToObject(o, "processor", b->cpu);
    cJSON_AddNumberToObject(o, "agree", b->agree);
    cJSON_AddNumberToObject(o, "rejected", b->rejected);
    cJSON_AddNumberToObject(o, "not_agree", b->not_agree);
    cJSON_AddItemToObject(o, "sets", json_sets(b));
    cJSON_AddItemToObject(o, "stages", json_stages(b));
    cJSON *lacks = cJSON_AddArrayToObject(o, "lacks");
    for (uint32_t i = 0; i < b->nlacks; i++) {
        cJSON *l = cJSON_CreateObject();
        cJSON_AddStringToObject(l, "leg", b->lacks[i].leg);
        cJSON_AddStringToObject(l, "why", b->lacks[i].why);
        cJSON_AddItemToArray(lacks, l);
    }
    char *line = cJSON_PrintUnformatted(o);
    if (line) puts(line);
    cJSON_free(line);
    cJSON_Delete(o);
}

/* -- The command ----------------------------------------------------------------------------- */

/* Does the leg run the first module here?  A worker is started when there is something to execute. */
static bool works(Bench *b, const LegSpec *spec, Features features, char *why, size_t why_size) {
    if (!differ_open(b->differ, spec, 1, features, why, why_size)) return false;
    differ_run(b->differ, b->in.file.at[0].bytes, b->in.file.at[0].size, b->c);
    const Observation *o = &b->c->obs[0];
    bool ok = !o->resource;
    if (!ok) snprintf(why, why_size, "leg %.80s: %s", spec->text, o->why);
    differ_close(b->differ);
    return ok;
}

/* Open the legs that work here. */
static bool open_legs(Bench *b, Features features) {
    uint32_t n = 0;
    char why[300];
    for (uint32_t i = 0; i < b->nlegs; i++) {
        LegSpec spec = b->spec[i];
        if (works(b, &spec, features, why, sizeof why)) {
            b->spec[n++] = spec;
            continue;
        }
        cli_fail(0, "%s; measuring without it", why);
        Lack *l = &b->lacks[b->nlacks++];
        memcpy(l->leg, spec.text, sizeof l->leg);
        memcpy(l->why, why, sizeof l->why);
    }
    b->nlegs = n;
    return n && differ_open(b->differ, b->spec, n, features, why, sizeof why);
}

static int run(Bench *b, const Args *a, Arena *arena) {
    Features features = FEATURES_WASM3;
    char why[300];
    if (a->features && !cli_parse_features(a->features, &features)) return EXIT_BAD_INPUT;
    if (!leg_specs_parse(b->spec, MAX_LEGS, &b->nlegs, a->legs, why, sizeof why))
        return cli_fail(EXIT_BAD_INPUT, "%s", why);
    if (!read_input(b, arena)) return EXIT_BAD_INPUT;
    b->cpu = bench_pin();
    if (!open_legs(b, features)) return EXIT_LACKS;
    measure(b);
    if (a->json)
        print_json(b);
    else
        print_text(b);
    differ_close(b->differ);
    if (b->not_agree) return EXIT_DISAGREEMENT;
    return b->nlacks ? EXIT_LACKS : EXIT_AGREED;
}

int bench_diff(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.legs = DEFAULT_LEGS, .seconds = 10, .arena = &arena};
    cli_args(&argp, argc, argv, &a);
    vec_push(&arena, &a.path, NULL);
    Bench *b = ARENA_NEW(&arena, Bench);
    b->a = &a;
    b->differ = ARENA_NEW(&arena, Differ);
    b->c = ARENA_NEW(&arena, Case);
    int status = run(b, &a, &arena);
    arena_free(&arena);
    return status;
}
