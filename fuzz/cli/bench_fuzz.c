/* bench fuzz: the rate of a campaign's one process: generate, compile, run on all legs, compare, on the default stream.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/os.h"
#include "fuzz/campaign/panel.h"
#include "fuzz/case.h"
#include "fuzz/cli/bench.h"
#include "fuzz/cli/cli.h"
#include "fuzz/gen/gen.h"

enum { WARM_UP = 50 /* cases: workers start, tables fill */ };

typedef struct Args {
    double seconds;
    uint64_t seed, cases; /* cases: 0: as many as the time allows */
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    char *end;
    switch (key) {
    case 's':
        a->seconds = strtod(arg, &end);
        if (*end || end == arg || !(a->seconds > 0))
            argp_error(st, "--seconds takes a positive number, not \"%s\"", arg);
        break;
    case 'S':
        a->seed = strtoull(arg, &end, 0);
        if (*end || end == arg) argp_error(st, "--seed takes a number, not \"%s\"", arg);
        break;
    case 'n':
        a->cases = strtoull(arg, &end, 0);
        if (*end || end == arg || !a->cases) argp_error(st, "--cases takes a positive number, not \"%s\"", arg);
        break;
    case ARGP_KEY_ARG: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {{"seconds", 's', "S", 0, "measure for S seconds (default 10)", 0},
                                             {"cases", 'n', "N", 0, "measure N cases, however long they take", 0},
                                             {"seed", 'S', "N", 0, "first seed (default 0)", 0},
                                             {0}};
static const struct argp argp = {options,
                                 parse,
                                 "",
                                 "Measure the rate of fuzzing: cases a second of one process on one processor, on the "
                                 "generator's default stream, all legs with "
                                 "full comparison, and where the time goes.\vWith levels and knobs as in a campaign.",
                                 NULL,
                                 NULL,
                                 NULL};

typedef struct Row {
    const char *what;
    uint64_t ns;
} Row;

static void print(const Panel *p, uint64_t cases, uint64_t all, uint64_t generate) {
    const DifferTimes *t = &p->differ.times;
    double n = (double)cases;
    Row row[] = {{"generate", generate},
                 {"decode, validate", t->decode + t->validate},
                 {"compile here", t->compile[1]},
                 {"compile the other ISA", t->compile[2]},
                 {"run on the interpreter", t->run[0]},
                 {"run here", t->run[1]},
                 {"run the other ISA", t->run[2]},
                 {"compare", t->compare}};
    uint64_t rest = all;
    printf("%.0f cases a second (%" PRIu64 " cases in %.1f s)\n", n * 1e9 / (double)all, cases, (double)all / 1e9);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        printf("  %9.1f us  %5.1f %%  %s\n", (double)row[i].ns / 1e3 / n, 100 * (double)row[i].ns / (double)all,
               row[i].what);
        rest -= row[i].ns < rest ? row[i].ns : rest;
    }
    printf("  %9.1f us  %5.1f %%  all else\n", (double)rest / 1e3 / n, 100 * (double)rest / (double)all);
}

static uint64_t run_case(Panel *p, uint64_t seed, Arena *a, Case *c) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    uint8_t entropy[GEN_ENTROPY_MAX];
    uint64_t t = os_now_ns();
    uint32_t n = gen_entropy_size(seed);
    arena_reset(a);
    gen_entropy(seed, entropy, n);
    CaseBytes m = case_of_input(a, entropy, n, FEATURES_WASM3, &caps);
    uint64_t generate = os_now_ns() - t;
    panel_choose(p, seed);
    panel_run(p, m.at, m.n, c);
    return generate;
}

int bench_fuzz(int argc, char **argv) {
    static Panel p; /* large */
    static Case c;
    Args args = {.seconds = 10};
    char why[300];
    Arena a;
    uint64_t generate = 0, cases = 0, differ = 0;
    cli_args(&argp, argc, argv, &args);
    int cpu = bench_pin();
    if (!panel_open(&p, FEATURES_WASM3, NULL, why, sizeof why)) return cli_fail(EXIT_LACKS, "%s", why);
    if (p.lacks[0]) printf("going on without the other ISA: %s\n", p.lacks);
    arena_init(&a, NULL);
    p.differ.timing = true;
    for (uint64_t i = 0; i < WARM_UP; i++) run_case(&p, args.seed + i, &a, &c);
    memset(&p.differ.times, 0, sizeof p.differ.times);
    uint64_t began = os_now_ns(), all = 0;
    for (; args.cases ? cases < args.cases : (double)all < args.seconds * 1e9; all = os_now_ns() - began, cases++) {
        generate += run_case(&p, args.seed + WARM_UP + cases, &a, &c);
        differ += verdict_differs(c.verdict.kind);
    }
    printf("legs interp, %s and %s on processor %d; ", p.spec[1].text[0] == 'x' ? "x64" : "a64",
           p.spec[2].text[0] == 'x' ? "x64" : "a64", cpu);
    print(&p, cases, all, generate);
    panel_close(&p);
    arena_free(&a);
    if (differ) printf("%" PRIu64 " cases differ\n", differ);
    return differ ? EXIT_DISAGREEMENT : EXIT_AGREED;
}
