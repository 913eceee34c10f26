#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz/campaign/panel.h"
#include "fuzz/case.h"
#include "fuzz/cli/cli.h"
#include "fuzz/finding_text.h"
#include "fuzz/reduce/folder.h"
#include "wasm/print.h"
#include "wasm/validate.h"

enum { MAX_JOBS = 64 };

/* The only thing a signal handler can reach. */
static volatile int interrupted;
static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

typedef struct Args {
    const char *path, *out, *legs, *features, *slips;
    ReduceRun run;
    bool terminal, quiet;
} Args;

static double number(const char *arg, const char *option, struct argp_state *st) {
    char *end;
    double v = strtod(arg, &end);
    if (end == arg || *end || !(v > 0) || v > 1e9) argp_error(st, "%s takes a positive number", option);
    return v;
}

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    uint32_t n;
    switch (key) {
    case 'o': a->out = arg; break;
    case 'l': a->legs = arg; break;
    case 'f': a->features = arg; break;
    case 'd': a->slips = arg; break;
    case 'p': a->run.predicate = arg; break;
    case 'q': a->quiet = true; break;
    case 'P':
        a->run.o.pass = arg;
        for (n = 0; reduce_pass_name(n) && strcmp(reduce_pass_name(n), arg) != 0;) n++;
        if (!reduce_pass_name(n)) argp_error(st, "no pass is called \"%s\" (fuzz/reduce/pass.c lists them)", arg);
        break;
    case 'j':
        if (!cli_parse_count(arg, &n) || n > MAX_JOBS) argp_error(st, "--jobs takes a number from 1 to %d", MAX_JOBS);
        a->run.jobs = n;
        break;
    case 't': a->run.o.limit_ns = (uint64_t)(number(arg, "--time", st) * 1e9); break;
    case 'w': a->run.timeout_ns = (uint64_t)(number(arg, "--timeout", st) * 1e9); break;
    case ARGP_KEY_ARG:
        if (a->path) argp_usage(st);
        a->path = arg;
        break;
    case ARGP_KEY_END:
        if (!a->path) argp_usage(st);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"out", 'o', "F", 0,
     "where the module is written (default: FILE.reduced.wasm; of a finding, reduced.wasm in its folder); -: as text, "
     "with its plan, to standard output",
     0},
    {"legs", 'l', "L,L,...", 0, "legs to differ (default: those of the finding, else " PANEL_REPLAY_LEGS ")", 0},
    {"predicate", 'p', "CMD", 0,
     "instead of legs: the shell runs `CMD FILE`; exit status 0: the module in FILE is interesting; it need not be "
     "valid then",
     0},
    {"jobs", 'j', "N", 0, "candidates at a time (default 1); the outcome is the same", 0},
    {"time", 't', "S", 0, "stop after S seconds with what there is by then", 0},
    {"timeout", 'w', "S", 0, "for one leg on one candidate (default 10), or for CMD (default: none)", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default: the finding's, else wasm3)", 0},
    {"findings", 'd', "DIR", 0,
     "where candidates go that show another bucket, one each that DIR has nothing of (default: the finding's, else "
     "findings)",
     0},
    {"pass", 'P', "NAME", 0, "this pass alone, for tests of it", 0},
    {"quiet", 'q', NULL, 0, "no progress", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FILE|FINDING",
    "Make a smaller module that shows the same: the same legs deviate, in the same field.\v"
    "FILE is a module, or the input of a fuzz target, FINDING the folder of a finding.  With the module its text is "
    "written (.wat).\n"
    "Whether it shows the same is asked of few legs, and of all for the outcome.  A leg that crashes or hangs does so "
    "in "
    "a process of its own, and that is what it shows.  Ctrl-C ends early and keeps the smallest module so far.\n"
    "Exit status: 0 done, 1 there is nothing to reduce (the legs agree, or CMD fails on FILE), 2 FILE cannot be read "
    "or is "
    "not valid, 3 a leg does not work here, 130 interrupted; the module is written then, too.",
    NULL,
    NULL,
    NULL};

/* -- Progress ---------------------------------------------------------------------------------- */

/* An invalid module has bytes alone. */
static void print_instructions(FILE *f, const ReduceStats *s) {
    if (s->instr_before) fprintf(f, "%" PRIu64 " -> %" PRIu64 " instructions, ", s->instr_before, s->instr_after);
}

static void progress(void *user, const char *pass, const ReduceStats *s, ReduceBytes best) {
    const Args *a = user;
    (void)best;
    if (a->quiet) return;
    fprintf(stderr, "%s%6.1f s  ", a->terminal ? "\r\033[K" : "", s->seconds);
    print_instructions(stderr, s);
    fprintf(stderr, "%u -> %u bytes; round %u, %" PRIu64 " tried, %" PRIu64 " taken: %s%s", s->bytes_before,
            s->bytes_after, s->rounds, s->tried, s->taken, pass, a->terminal ? "" : "\n");
    fflush(stderr);
}

/* -- Outcome ------------------------------------------------------------------------------------- */

static void print_legs(const LegSpec *leg, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) printf("%s%s", i ? "," : "", leg[i].text);
    putchar('\n');
}

static void print_report(const Args *a, const ReduceReport *r, const char *out) {
    const ReduceStats *s = &r->result.stats;
    Arena arena;
    Text t;
    arena_init(&arena, NULL);
    text_init(&t, &arena);
    reduce_bucket_print(&t, &r->result.bucket, r->leg, r->nlegs);
    printf("%s: ", out);
    print_instructions(stdout, s);
    printf("%u -> %u bytes in %.1f s%s\n", s->bytes_before, s->bytes_after, s->seconds,
           !s->stopped   ? ""
           : interrupted ? "; interrupted: smaller is possible"
                         : "; time is up: smaller is possible");
    printf("%" PRIu64 " candidates run, %" PRIu64 " taken, %" PRIu64 " showed another thing", s->tried, s->taken,
           s->slipped);
    if (r->lost) printf("; %u processes went down and were replaced", r->lost);
    putchar('\n');
    if (!a->run.predicate) {
        printf("shows: %s\n", t.at);
        fputs("legs that show it: ", stdout);
        print_legs(r->plain, r->nlegs);
        if (!r->confirmed) puts("all legs together show another thing on it than on the whole module");
    }
    for (uint32_t i = 0; i < r->saved.n; i++) printf("another bucket on the way: %s\n", r->saved.at[i]);
    arena_free(&arena);
}

static int finish(const Args *a, ReduceRunEnd end, const ReduceReport *r, const char *out) {
    if (a->terminal && !a->quiet) fputs("\r\033[K", stderr);
    switch (end) {
    case RUN_DONE: print_report(a, r, out); return interrupted ? EXIT_INTERRUPTED : EXIT_AGREED;
    case RUN_NOTHING: return cli_fail(EXIT_DISAGREEMENT, "%s: nothing to reduce: %s", a->path, r->why);
    case RUN_BAD_INPUT: return cli_fail(EXIT_BAD_INPUT, "%s: %s", a->path, r->why);
    default: return cli_fail(EXIT_LACKS, "%s", r->why);
    }
}

/* -- The command ------------------------------------------------------------------------------------ */

/* FILE.wasm: FILE.reduced.wasm. */
static const char *default_out(Arena *a, const char *path) {
    char out[FINDING_PATH];
    size_t n = strlen(path);
    if (n > 5 && strcmp(path + n - 5, ".wasm") == 0) n -= 5;
    snprintf(out, sizeof out, "%.*s.reduced.wasm", (int)(n < FINDING_PATH - 20 ? n : FINDING_PATH - 20), path);
    return arena_dup(a, out, strlen(out));
}

static int reduce_folder(Arena *arena, Args *a) {
    ReduceReport r;
    char out[FINDING_PATH + 16];
    ReduceRunEnd end = reduce_finding(arena, a->path, &a->run, &r);
    snprintf(out, sizeof out, "%s/reduced.wasm", a->path);
    int status = finish(a, end, &r, out);
    reduce_free(&r.result);
    return status;
}

/* The module as text, and what its plan calls; its bytes when it is not valid. */
static void print_case(Arena *arena, ReduceBytes b, Features features) {
    Err err;
    Plan plan;
    Text t;
    const char *why;
    text_init(&t, arena);
    Module *m = module_decode_valid(arena, b.at, b.n, features, &err);
    if (!m || !plan_of(arena, m, &plan, &why)) {
        for (uint32_t i = 0; i < b.n; i++) printf("%02x%c", b.at[i], i % 16 == 15 || i + 1 == b.n ? '\n' : ' ');
        return;
    }
    module_print(&t, m, 0);
    for (uint32_t i = 0; i < plan.step.n; i++) {
        const PlanStep *s = &plan.step.at[i];
        const FuncType *type = module_func_type(m, module_find_export(m, s->name.at, s->name.n)->index);
        text_printf(&t, "call %.*s", (int)s->name.n, s->name.at);
        for (uint32_t k = 0; k < s->nargs; k++) text_putc(&t, ' '), value_print(&t, type->param[k], &s->args[k]);
        text_putc(&t, '\n');
    }
    text_printf(&t, "fuel %" PRId64 ", depth %" PRId64 "\n", plan.limits.fuel, plan.limits.depth);
    fputs(t.at, stdout);
}

/* Bytes that are no module are a fuzz target's input, and mean one. */
static ReduceBytes module_of(Arena *arena, const File *f, Features features) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    if (input_is_module(f->bytes, f->size)) return (ReduceBytes){f->bytes, f->size};
    CaseBytes c = case_of_input(arena, f->bytes, f->size, features, &caps);
    return (ReduceBytes){c.at, c.n};
}

static int reduce_file(Arena *arena, Args *a) {
    ReduceReport r;
    File f;
    const char *out = a->out ? a->out : default_out(arena, a->path);
    if (!cli_read(arena, a->path, &f)) return EXIT_BAD_INPUT;
    a->run.module = module_of(arena, &f, a->run.o.features);
    ReduceRunEnd end = reduce_run(arena, &a->run, &r);
    ReduceBytes b = {r.result.bytes, r.result.n};
    size_t n = strlen(out);
    bool text = strcmp(out, "-") == 0, pair = n > 5 && strcmp(out + n - 5, ".wasm") == 0;
    int status;
    if (end == RUN_DONE && text) {
        print_case(arena, b, a->run.o.features);
        status = interrupted ? EXIT_INTERRUPTED : EXIT_AGREED;
    } else if (end == RUN_DONE &&
               !(pair ? reduce_write_pair(out, b, a->run.o.features) : finding_replace(out, b.at, b.n))) {
        status = cli_fail(EXIT_BAD_INPUT, "%s: %s", out, strerror(errno));
    } else {
        status = finish(a, end, &r, out);
    }
    reduce_free(&r.result);
    return status;
}

int cli_reduce(int argc, char **argv) {
    Arena arena;
    LegSpec leg[MAX_LEGS];
    char why[300];
    Args a = {.terminal = isatty(STDERR_FILENO)};
    cli_args(&argp, argc, argv, &a);
    bool folder = finding_is(a.path);
    a.run.o.features = FEATURES_WASM3;
    a.run.o.stop = &interrupted;
    a.run.o.progress = progress;
    a.run.o.user = &a;
    a.run.slips = a.slips ? a.slips : folder ? NULL : "findings";
    if (a.features && !cli_parse_features(a.features, &a.run.o.features)) return EXIT_BAD_INPUT;
    if (folder && (a.out || a.features || a.run.predicate))
        return cli_fail(EXIT_BAD_INPUT, "--out, --features and --predicate are for files: give %s/case.wasm", a.path);
    if (a.legs && a.run.predicate) return cli_fail(EXIT_BAD_INPUT, "--legs and --predicate exclude each other");
    const char *legs = a.legs ? a.legs : folder ? NULL : PANEL_REPLAY_LEGS;
    if (legs && !leg_specs_parse(leg, MAX_LEGS, &a.run.nlegs, legs, why, sizeof why))
        return cli_fail(EXIT_BAD_INPUT, "%s", why);
    a.run.leg = leg;
    struct sigaction act = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    arena_init(&arena, NULL);
    int status = folder ? reduce_folder(&arena, &a) : reduce_file(&arena, &a);
    arena_free(&arena);
    return status;
}
