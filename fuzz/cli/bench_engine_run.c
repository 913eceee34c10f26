/* The running part of `parallax bench engine`: one kernel, run(n), on our legs in this process and on other engines.
 *
 * Engines follow one another closely for each kernel, so that what changes while it runs (clock, neighbours) hits all
 * alike; times are processor time, which neighbours disturb less.  A JS engine times run(n) inside of its own process;
 * of an engine that is just a command, the figure is the time of the process less that of the same with n = 0.
 * Liftoff alone is --liftoff-only, since --no-wasm-tier-up leaves V8 its dynamic tiering. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fuzz/cli/bench.h"
#include "fuzz/cli/bench_engine.h"
#include "oracles/legs/leg.h"
#include "wasm/validate.h"

enum { TIMEOUT_S = 300 };

const Engine engines[ENGINES] = {
    [ENGINE_INTERP] = {.name = "interp", .what = "our interpreter", .leg = "interp"},
    [ENGINE_O0] = {.name = "x64:O0", .what = "our compiler, in this process, with fuel", .leg = "x64:O0"},
    [ENGINE_O1] = {.name = "x64:O1", .what = "likewise", .leg = "x64:O1"},
    [ENGINE_O2] = {.name = "x64:O2", .what = "likewise", .leg = "x64:O2"},
    [ENGINE_FREE] = {.name = "no fuel", .what = "likewise, without fuel", .leg = "x64:O2,interrupt=none"},
    [ENGINE_LIFTOFF] = {.name = "liftoff", .what = "node --liftoff-only"},
    [ENGINE_TURBOFAN] = {.name = "turbofan", .what = "node --no-liftoff"},
    [ENGINE_WASM3] = {.name = "wasm3", .what = "wasm3 --func run"},
    [ENGINE_WAMR] = {.name = "iwasm", .what = "iwasm -f run"},
};

/* -- Kernels ---------------------------------------------------------------------------- */

uint32_t find_kernels(Kernel kernel[MAX_KERNELS], uint32_t scale) {
    char path[4096], line[256], name[32];
    unsigned n_small, n_large;
    unsigned long long small, large;
    uint32_t n = 0;
    FILE *f = bench_in_tree("corpus/bench/expected.tsv", path) ? fopen(path, "r") : NULL;
    if (!f) {
        cli_fail(0, "there is no corpus/bench/expected.tsv here or above this program");
        return 0;
    }
    size_t dir = strlen(path) - strlen("expected.tsv");
    while (fgets(line, sizeof line, f) && n < MAX_KERNELS) {
        if (line[0] == '#' || sscanf(line, "%31s %u %llx %u %llx", name, &n_small, &small, &n_large, &large) != 5)
            continue;
        Kernel *k = &kernel[n++];
        snprintf(k->name, sizeof k->name, "%s", name);
        snprintf(k->path, sizeof k->path, "%.*s%s.wasm", (int)dir, path, name);
        k->n = n_large / scale;
        k->known = scale == 1;
        k->checksum = large;
        if (k->n > n_small) continue;
        k->n = n_small;
        k->checksum = small;
        k->known = true;
    }
    fclose(f);
    return n;
}

/* -- Our legs --------------------------------------------------------------------------- */

static void failed(Engine *e, const char *kernel, const char *why) {
    if (!e->why[0]) snprintf(e->why, sizeof e->why, "%s: %.250s", kernel, why);
}

static double cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One instance, one call.  0 when it did not return; then e has the reason. */
static double run_once(Leg *leg, Arena *arena, const Module *m, const Kernel *k, uint64_t *checksum, Engine *e) {
    StoreLimits limits = STORE_LIMITS_DEFAULT;
    LegModule lm;
    StepResult r;
    Value n = {.i32 = k->n};
    limits.fuel = STORE_FUEL_MAX;
    limits.depth = STORE_DEPTH_MAX;
    if (!leg_reset(leg, &limits) || !leg_load(leg, arena, m, &lm, &r)) {
        failed(e, k->name, "is not compiled");
        return 0;
    }
    int32_t inst = leg_instantiate(leg, &lm, &r);
    if (inst < 0 || r.kind != OUT_RETURN) {
        failed(e, k->name, "is not instantiated");
        return 0;
    }
    double began = cpu_ns();
    bool called = leg_invoke(leg, inst, (Name){"run", 3}, &n, 1, &r);
    double took = cpu_ns() - began;
    if (!called || r.kind != OUT_RETURN || r.nresult != 1) {
        failed(e, k->name, called ? "does not return" : "exports no run(i32)");
        return 0;
    }
    *checksum = r.result[0].i64;
    return took;
}

double measure_leg(const Kernel *kernel, Engine *e, uint32_t repeats, uint64_t *checksum) {
    Arena arena;
    LegSpec spec;
    File f;
    Err err;
    double least = 0;
    Leg *leg = calloc(1, sizeof *leg);
    arena_init(&arena, NULL);
    err_clear(&err);
    char why[300] = "out of memory";
    bool open = leg && leg_spec_parse(&spec, e->leg, strlen(e->leg), why, sizeof why) &&
                leg_open(leg, &spec, 0, why, sizeof why);
    if (!open) failed(e, kernel->name, why);
    if (open && cli_read(&arena, kernel->path, &f)) {
        Module *m = module_decode_valid(&arena, f.bytes, f.size, FEATURES_WASM3, &err);
        if (!m) failed(e, kernel->name, err.text);
        for (uint32_t k = 0; err.code == ERR_NONE && k < repeats; k++) {
            double ns = run_once(leg, &arena, m, kernel, checksum, e);
            if (ns == 0) {
                least = 0;
                break;
            }
            if (k == 0 || ns < least) least = ns;
        }
    }
    if (open) leg_close(leg);
    free(leg);
    arena_free(&arena);
    return least;
}

/* -- Peers ---------------------------------------------------------------------------------- */

static bool on_path(const char *command) {
    const char *path = getenv("PATH");
    char file[4096];
    for (const char *at = path; at && *at;) {
        size_t n = strcspn(at, ":");
        snprintf(file, sizeof file, "%.*s/%s", (int)n, at, command);
        if (n && access(file, X_OK) == 0) return true;
        at += n + (at[n] == ':');
    }
    return false;
}

void find_engines(Engine e[ENGINES]) {
    char path[4096];
    memcpy(e, engines, sizeof engines);
    for (uint32_t k = 0; k < ENGINES; k++) {
        const char *command = k < ENGINE_WASM3 ? "node" : e[k].name;
        e[k].here = k < OURS || on_path(command);
        if (!e[k].here) snprintf(e[k].why, sizeof e[k].why, "%s is not on PATH", command);
    }
    if (!bench_in_tree("scripts/bench-node.js", path))
        for (uint32_t k = ENGINE_LIFTOFF; k <= ENGINE_TURBOFAN; k++) {
            e[k].here = false;
            snprintf(e[k].why, sizeof e[k].why, "there is no scripts/bench-node.js here or above this program");
        }
}

/* What a command prints, also to standard error with `errors`; false unless it exits with 0.  *ns: the processor time
 * it took. */
static bool command_output(char *const *argv, bool errors, char *out, size_t size, double *ns) {
    int fd[2], status = -1;
    size_t n = 0;
    struct rusage used = {0};
    fflush(NULL);
    if (pipe(fd) != 0) return false;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fd[1], STDOUT_FILENO);
        if (errors) dup2(fd[1], STDERR_FILENO);
        close(fd[0]);
        close(fd[1]);
        alarm(TIMEOUT_S);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(fd[1]);
    for (ssize_t k = 1; pid > 0 && k > 0;) {
        char rest[512];
        bool room = n < size - 1;
        k = read(fd[0], room ? out + n : rest, room ? size - 1 - n : sizeof rest);
        if (k < 0 && errno == EINTR)
            k = 1;
        else if (k > 0 && room)
            n += (size_t)k;
    }
    close(fd[0]);
    out[n] = 0;
    if (pid > 0) wait4(pid, &status, 0, &used);
    *ns = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9 +
          (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static double run_node(RunRow *row, Engine *e, bool liftoff, uint32_t repeats, uint64_t *checksum) {
    char script[4096], n[16], times[16], out[256], *end;
    double whole;
    if (!bench_in_tree("scripts/bench-node.js", script)) return 0;
    snprintf(n, sizeof n, "%u", row->kernel.n);
    snprintf(times, sizeof times, "%u", repeats);
    char *argv[] = {"node",
                    "--no-wasm-lazy-compilation",
                    liftoff ? "--liftoff-only" : "--no-liftoff",
                    script,
                    row->kernel.path,
                    n,
                    times,
                    NULL};
    if (!command_output(argv, false, out, sizeof out, &whole)) {
        failed(e, row->kernel.name, "the script fails");
        return 0;
    }
    *checksum = strtoull(out, &end, 16);
    double ns = strtod(end, &end);
    if (ns <= 0) failed(e, row->kernel.name, "the script prints something else");
    return ns > 0 ? ns : 0;
}

void measure_node_compile(CompileRow *row, const char *path, const Engine e[ENGINES]) {
    char script[4096], out[256], file[4096];
    double whole;
    snprintf(file, sizeof file, "%s", path);
    for (uint32_t k = ENGINE_LIFTOFF; k <= ENGINE_TURBOFAN; k++) {
        bool liftoff = k == ENGINE_LIFTOFF;
        char *argv[] = {"node", "--no-wasm-lazy-compilation", liftoff ? "--liftoff-only" : "--no-liftoff", script, file,
                        NULL};
        if (!e[k].here || !bench_in_tree("scripts/bench-node.js", script)) continue;
        if (command_output(argv, false, out, sizeof out, &whole))
            *(liftoff ? &row->liftoff : &row->turbofan) += strtod(out, NULL);
    }
}

/* The first number in the text behind the last colon before it, if any: "Result: -5", "0x10:i64". */
static bool find_result(const char *out, uint64_t *result) {
    const char *at = strstr(out, "Result:");
    at = at ? at + strlen("Result:") : out;
    at += strcspn(at, "-0123456789");
    if (!*at) return false;
    *result = *at == '-' ? (uint64_t)strtoll(at, NULL, 0) : strtoull(at, NULL, 0);
    return true;
}

static double run_command(RunRow *row, Engine *e, bool wasm3, uint32_t repeats, uint64_t *checksum) {
    char n[16], out[512];
    double least[2] = {0, 0}, ns;
    char *as_wasm3[] = {"wasm3", "--func", "run", row->kernel.path, n, NULL};
    char *as_wamr[] = {"iwasm", "-f", "run", row->kernel.path, n, NULL};
    for (uint32_t k = 0; k < 2 * repeats; k++) {
        snprintf(n, sizeof n, "%u", k % 2 ? row->kernel.n : 0);
        if (!command_output(wasm3 ? as_wasm3 : as_wamr, wasm3, out, sizeof out, &ns) || !find_result(out, checksum)) {
            failed(e, row->kernel.name, "the command fails, or prints no result");
            return 0;
        }
        if (k < 2 || ns < least[k % 2]) least[k % 2] = ns;
    }
    return least[1] > least[0] ? least[1] - least[0] : 0;
}

/* -- A kernel --------------------------------------------------------------------------------- */

void measure_run(RunRow *row, Engine e[ENGINES], uint32_t repeats) {
    for (uint32_t k = 0; k < ENGINES; k++) {
        uint64_t checksum = 0;
        if (!e[k].here) continue;
        if (k < OURS)
            row->ns[k] = measure_leg(&row->kernel, &e[k], repeats, &checksum);
        else if (k <= ENGINE_TURBOFAN)
            row->ns[k] = run_node(row, &e[k], k == ENGINE_LIFTOFF, repeats, &checksum);
        else
            row->ns[k] = run_command(row, &e[k], k == ENGINE_WASM3, repeats, &checksum);
        if (row->ns[k] == 0) continue;
        if (!row->kernel.known) {
            row->kernel.checksum = checksum;
            row->kernel.known = true;
        }
        row->wrong[k] = checksum != row->kernel.checksum;
    }
}
