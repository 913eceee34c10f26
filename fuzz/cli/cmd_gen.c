#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/os.h"
#include "fuzz/campaign/reach.h"
#include "fuzz/campaign/score.h"
#include "fuzz/cli/cli.h"
#include "fuzz/finding.h"
#include "fuzz/gen/gen.h"
#include "fuzz/gen/use.h"
#include "fuzz/opinion/census.h"
#include "fuzz/opinion/wabt.h"

enum { INPUT_BYTES = 1 << 20, PROGRESS_S = 10 };
#define CHECK_OUT "findings/validate"

/* The only thing a signal handler can reach. */
static volatile int interrupted;
static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

typedef struct Args {
    uint64_t seed, count;
    const char *input, *out;
    bool stats, check;
    uint32_t jobs;
} Args;

static uint64_t number(const char *arg, const char *option, struct argp_state *st) {
    char *end;
    errno = 0;
    uint64_t v = strtoull(arg, &end, 0);
    if (errno || *end || end == arg || *arg == '-') argp_error(st, "%s takes a number, not \"%s\"", option, arg);
    return v;
}

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 's': a->seed = number(arg, "--seed", st); break;
    case 'c': a->count = number(arg, "--count", st); break;
    case 'i': a->input = arg; break;
    case 'o': a->out = arg; break;
    case 'S': a->stats = true; break;
    case 'k': a->check = true; break;
    case 'j':
        if (!cli_parse_count(arg, &a->jobs) || a->jobs > CENSUS_MAX_JOBS)
            argp_error(st, "--jobs takes a number from 1 to %d", (int)CENSUS_MAX_JOBS);
        break;
    case ARGP_KEY_ARG: argp_usage(st); break;
    case ARGP_KEY_END:
        if (a->input && a->count != 1) argp_error(st, "--count goes with --seed: an input means one module");
        if (a->check && (a->input || a->stats)) argp_error(st, "--check goes with --seed and --count alone");
        if (!a->count) argp_error(st, "--count takes a number above 0");
        if (a->jobs && !a->check) argp_error(st, "--jobs goes with --check");
        if (a->seed + a->count < a->seed) argp_error(st, "there are no seeds from 2^64 - 1 on");
        if (!a->out && !a->stats && !a->check && a->count != 1) argp_error(st, "several modules need --out DIR");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"seed", 's', "N", 0, "the bytes that this seed stands for (default 0)", 0},
    {"input", 'i', "FILE", 0, "these bytes; the first one is the generator's version", 0},
    {"count", 'c', "N", 0, "that many, for seeds from --seed on", 0},
    {"out", 'o', "DIR", 0, "write to DIR/SEED.wasm, or DIR/input.wasm; made where it is not there", 0},
    {"stats", 'S', NULL, 0,
     "run the modules on the interpreter, compile them for both ISAs, and print what was generated, how much of it was "
     "of use, "
     "and what was never reached",
     0},
    {"check", 'k', NULL, 0,
     "validate the modules here and with wabt, and print counts; only those on which the two differ are written, to "
     "--out (default " CHECK_OUT ")",
     0},
    {"jobs", 'j', "N", 0, "processes of --check (default: one a processor)", 0},
    {0}};
static const struct argp argp = {options,
                                 parse,
                                 "",
                                 "Generate valid modules, each with its plan.\v"
                                 "A single module without --out and --stats goes to standard output.\n"
                                 "Exit status: 0 generated, 1 --check found a difference, 2 a file cannot be read or "
                                 "written, or wrong usage, 3 there is no wabt in this build for --check, 130 --check "
                                 "was interrupted.",
                                 NULL,
                                 NULL,
                                 NULL};

typedef struct Session {
    Args args;
    Arena arena;
    GenStats stats;
    Use use;
    Reach reach;
    Score score;
    uint64_t number;
    Differ differ;
    uint64_t ns;
    VEC(uint32_t) size;
    Arena sizes;
} Session;

/* -- Output ------------------------------------------------------------------------- */

static bool write_file(const char *path, const uint8_t *bytes, uint32_t n) {
    FILE *f = path ? fopen(path, "wb") : stdout;
    bool ok = f && fwrite(bytes, 1, n, f) == n;
    if (f && (path ? fclose(f) : fflush(f)) != 0) ok = false;
    if (!ok) cli_fail(0, "%s: %s", path ? path : "standard output", strerror(errno));
    return ok;
}

static bool put_module(Session *s, const char *name, const uint8_t *bytes, uint32_t n) {
    char path[4096];
    if (s->args.out) {
        int len = snprintf(path, sizeof path, "%s/%s.wasm", s->args.out, name);
        if (len < 0 || (size_t)len >= sizeof path) return cli_fail(0, "%s: the name is too long", s->args.out);
        return write_file(path, bytes, n);
    }
    if (s->args.stats) return true;
    if (isatty(STDOUT_FILENO)) {
        cli_fail(0, "a module is binary: redirect it to a file, or use --out DIR");
        return false;
    }
    return write_file(NULL, bytes, n);
}

static bool generate(Session *s, const char *name, const uint8_t *entropy, uint32_t n) {
    uint32_t size;
    arena_reset(&s->arena);
    uint64_t t = os_now_ns();
    uint8_t *m = gen_module(&s->arena, entropy, n, &size, &s->stats);
    s->ns += os_now_ns() - t;
    vec_push(&s->sizes, &s->size, size);
    if (s->args.stats) {
        Case c;
        differ_run(&s->differ, m, size, &c);
        use_add(&s->use, &c, &c.obs[0]);
        score_add(&s->score, &s->differ, &c, s->number);
        if (c.module && !c.plan_error) reach_add(&s->reach, &s->differ, &c, s->number);
    }
    return put_module(s, name, m, size);
}

/* -- Statistics ----------------------------------------------------------------------- */

static int compare_sizes(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_group(const char *title, const uint64_t *count, uint32_t n, const char *(*text)(uint32_t),
                        double cases) {
    printf("%s, a case:\n", title);
    for (uint32_t i = 0; i < n; i++) printf("  %9.3f  %s\n", (double)count[i] / cases, text(i));
}

static void print_stats(Session *s) {
    const GenStats *g = &s->stats;
    double n = (double)g->modules;
    qsort(s->size.at, s->size.n, sizeof *s->size.at, compare_sizes);
    printf("modules          %" PRIu64 ", %.0f a second; %.0f bytes of input and %.0f of module on average\n",
           g->modules, n * 1e9 / (double)(s->ns ? s->ns : 1), (double)g->entropy / n, (double)g->bytes / n);
    printf("size             median %u, a tenth below %u, a tenth above %u, largest %u\n", s->size.at[s->size.n / 2],
           s->size.at[s->size.n / 10], s->size.at[s->size.n - 1 - s->size.n / 10], s->size.at[s->size.n - 1]);
    printf(
        "a module has     %.2f functions, %.2f imports, %.2f memories, %.2f tables, %.2f globals, %.2f data and %.2f "
        "element segments,\n"
        "                 %.2f types, %.3f start functions; %.0f instructions; %.2f steps; %.2f operands free to "
        "trap\n",
        (double)g->funcs / n, (double)g->imports / n, (double)g->memories / n, (double)g->tables / n,
        (double)g->globals / n, (double)g->datas / n, (double)g->elems / n, (double)g->types / n, (double)g->starts / n,
        (double)g->instructions / n, (double)g->steps / n, (double)g->risky / n);
    use_print(stdout, &s->use);
    score_print(stdout, &s->score);
    print_group("statements", g->stmt, GEN_STMT_COUNT, gen_stmt_text, n);
    print_group("expressions", g->expr, GEN_EXPR_COUNT, gen_expr_text, n);
    print_group("addresses", g->addr, GEN_ADDR_COUNT, gen_addr_text, n);
    reach_print(stdout, &s->reach, g->op);
}

/* -- Two validators ---------------------------------------------------------------------- */

typedef struct Checking {
    uint64_t began, said;
    bool terminal;
} Checking;

static void print_rate(FILE *f, const Checking *k, const CensusCounts *c) {
    uint64_t ns = os_now_ns() - k->began;
    fprintf(f, "%" PRIu64 " modules, %.0f a second", c->modules, (double)c->modules * 1e9 / (double)(ns ? ns : 1));
}

/* A line that is rewritten on a terminal, else one now and then. */
static void check_progress(void *user, const CensusCounts *c) {
    Checking *k = user;
    uint64_t now = os_now_ns(), every = k->terminal ? UINT64_C(500000000) : UINT64_C(1000000000) * PROGRESS_S;
    if (now - k->said < every) return;
    k->said = now;
    if (k->terminal) fputs("\r\033[K", stderr);
    print_rate(stderr, k, c);
    fprintf(stderr, ": %" PRIu64 " valid by both, %" PRIu64 " not known to wabt, %" PRIu64 " differ%s", c->valid,
            c->unknown, c->disagreements, k->terminal ? "" : "\n");
    fflush(stderr);
}

static void print_census(const Checking *k, const CensusCounts *c, uint64_t first, uint64_t next) {
    if (k->terminal) fputs("\r\033[K", stderr);
    printf("seeds %" PRIu64 " to %" PRIu64 ": ", first, next - 1);
    print_rate(stdout, k, c);
    printf("; %.0f bytes on average\n", c->modules ? (double)c->bytes / (double)c->modules : 0);
    printf("valid by our validator   %" PRIu64 "\nvalid by wabt's          %" PRIu64 "\n", c->ours, c->valid);
    printf("not known to wabt        %" PRIu64 "\n", c->unknown);
    for (uint32_t i = 0; i < CENSUS_WHATS && c->what[i][0]; i++)
        printf("  %-22" PRIu64 " %s\n", c->unknowns[i], c->what[i]);
    printf("disagreements            %" PRIu64 "\n", c->disagreements);
}

static int check_seeds(const Args *a) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t next;
    CensusCounts c;
    Checking k = {.began = os_now_ns(), .said = os_now_ns(), .terminal = isatty(STDERR_FILENO)};
    CensusOptions o = {.first = a->seed,
                       .count = a->count,
                       .jobs = a->jobs          ? a->jobs
                               : processors > 0 ? (uint32_t)processors
                                                : 1,
                       .out = a->out ? a->out : CHECK_OUT,
                       .ask = opinion_of,
                       .stop = &interrupted,
                       .progress = check_progress,
                       .user = &k};
    if (!wabt_here()) return cli_fail(EXIT_LACKS, "this build is without wabt (Debian package wabt)");
    if (o.jobs > CENSUS_MAX_JOBS) o.jobs = CENSUS_MAX_JOBS;
    struct sigaction act = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    if (!census_run(&o, &c, &next)) return EXIT_LACKS;
    print_census(&k, &c, a->seed, next);
    if (c.disagreements) printf("they are in %s\n", o.out);
    if (next < a->seed + a->count)
        printf("interrupted; to go on: --seed %" PRIu64 " --count %" PRIu64 "\n", next, a->seed + a->count - next);
    return c.disagreements ? EXIT_DISAGREEMENT : interrupted ? EXIT_INTERRUPTED : EXIT_AGREED;
}

/* -- The whole ------------------------------------------------------------------------- */

static bool from_seeds(Session *s) {
    uint8_t *entropy = arena_alloc(&s->sizes, GEN_ENTROPY_MAX, 1);
    for (uint64_t i = 0; i < s->args.count; i++) {
        uint64_t seed = s->args.seed + i;
        uint32_t n = gen_entropy_size(seed);
        char name[32];
        snprintf(name, sizeof name, "%" PRIu64, seed);
        gen_entropy(seed, entropy, n);
        s->number = seed;
        if (!generate(s, name, entropy, n)) return false;
    }
    return true;
}

static bool from_file(Session *s) {
    File f;
    if (!cli_read(&s->sizes, s->args.input, &f)) return false;
    if (f.size > INPUT_BYTES) {
        cli_fail(0, "%s: larger than %d KiB", s->args.input, INPUT_BYTES >> 10);
        return false;
    }
    return generate(s, "input", f.bytes, f.size);
}

static int run(Session *s) {
    LegSpec spec;
    char why[300];
    if (s->args.out && !finding_make_folder(s->args.out))
        return cli_fail(EXIT_BAD_INPUT, "%s: %s", s->args.out, strerror(errno));
    if (s->args.stats && (!leg_spec_parse(&spec, "interp", strlen("interp"), why, sizeof why) ||
                          !differ_open(&s->differ, &spec, 1, FEATURES_WASM3, why, sizeof why)))
        return cli_fail(EXIT_LACKS, "%s", why);
    bool ok = s->args.input ? from_file(s) : from_seeds(s);
    if (ok && s->args.stats && s->stats.modules) print_stats(s);
    if (s->args.stats) differ_close(&s->differ);
    return ok ? EXIT_AGREED : EXIT_BAD_INPUT;
}

int cli_gen(int argc, char **argv) {
    Session *s = calloc(1, sizeof *s);
    if (!s) return cli_fail(EXIT_LACKS, "no memory");
    s->args.count = 1;
    cli_args(&argp, argc, argv, &s->args);
    arena_init(&s->arena, NULL);
    arena_init(&s->sizes, NULL);
    int status = s->args.check ? check_seeds(&s->args) : run(s);
    arena_free(&s->arena);
    arena_free(&s->sizes);
    free(s);
    return status;
}
