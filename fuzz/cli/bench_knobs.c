/* `parallax bench knobs`: the run time of corpus/bench under each value of each knob, by that of the default.
 *
 * For each kernel the default and all values follow one another closely, in this process on one processor, so what
 * changes while it runs hits all alike; times are processor time, the least of some repetitions. */
#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/bench.h"
#include "fuzz/cli/bench_engine.h"
#include "oracles/worker/worker.h"

enum { MAX_WAYS = 48 };

typedef struct Way { /* a leg that differs from the base in one knob */
    char name[64], leg[128];
    Engine engine;
    double logs, worst; /* of the ratios: sum of logarithms, largest */
    char worst_at[32];
    uint32_t kernels;
} Way;

typedef struct Knobs {
    const char *base;
    uint32_t scale, repeats, nways;
    Way way[MAX_WAYS]; /* 0: the base itself */
} Knobs;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Knobs *k = st->input;
    switch (key) {
    case 'l': k->base = arg; break;
    case 'r': k->repeats = bench_number(arg, st, "repeats"); break;
    case 's': k->scale = bench_number(arg, st, "scale"); break;
    case ARGP_KEY_ARG: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"leg", 'l', "LEG", 0, "native leg that is varied (default x64:O2)", 0},
    {"repeats", 'r', "N", 0, "repetitions, of which the least counts (default 3)", 0},
    {"scale", 's', "N", 0, "an Nth of each kernel's work (default 10)", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "",
    "Measure what each knob costs.\vOne line a value that is not the default: the geometric mean of "
    "the kernels' times divided by the default's, and the kernel where it is largest.\n"
    "Exit status: 0 measured, 1 a checksum is wrong, 2 wrong usage, 3 a leg does not work here.",
    NULL,
    NULL,
    NULL};

static void add_way(Knobs *k, const char *name, const char *value, size_t n) {
    char option[64];
    if (k->nways == MAX_WAYS) return;
    Way *w = &k->way[k->nways++];
    bool level = strcmp(name, "O") == 0;
    snprintf(option, sizeof option, "%s%s%.*s", name, level || !*name ? "" : "=", (int)n, value);
    const char *separator = !*name ? "" : strchr(k->base, ':') ? "," : ":";
    snprintf(w->leg, sizeof w->leg, "%s%s%s", k->base, separator, option);
    memcpy(w->name, option, sizeof option);
    w->engine = (Engine){.name = w->leg, .leg = w->leg, .what = "", .here = true};
}

/* Values behind the first, which is the default (the level's is not that of the base); those of a number are left out.
 */
static void find_ways(Knobs *k) {
    char values[200];
    const char *name, *what;
    add_way(k, "", "", 0);
    for (uint32_t i = 0; knob_describe(i, &name, &what, values, sizeof values); i++) {
        const char *at = strcmp(name, "O") == 0 ? values : values + strcspn(values, "|");
        for (size_t n; *at; at += n) {
            n = strcspn(at += *at == '|', "|");
            LegSpec spec;
            char why[200], text[200];
            snprintf(text, sizeof text, "x64:%s%s%.*s", name, strcmp(name, "O") == 0 ? "" : "=", (int)n, at);
            if (leg_spec_parse(&spec, text, strlen(text), why, sizeof why)) add_way(k, name, at, n);
        }
    }
}

/* False: a checksum is wrong. */
static bool measure(Knobs *k, Kernel *kernel) {
    double base = 0;
    for (uint32_t i = 0; i < k->nways; i++) {
        Way *w = &k->way[i];
        uint64_t checksum = 0;
        double ns = measure_leg(kernel, &w->engine, k->repeats, &checksum);
        if (ns == 0) continue;
        if (kernel->known && checksum != kernel->checksum) {
            fprintf(stderr, "parallax bench knobs: %s of %s is wrong\n", w->leg, kernel->name);
            return false;
        }
        kernel->known = true;
        kernel->checksum = checksum;
        if (i == 0) base = ns;
        if (base == 0) continue;
        double ratio = ns / base;
        w->logs += log(ratio);
        w->kernels++;
        if (ratio <= w->worst) continue;
        w->worst = ratio;
        memcpy(w->worst_at, kernel->name, sizeof w->worst_at);
    }
    return true;
}

static int report(const Knobs *k) {
    int status = EXIT_AGREED;
    printf("%-20s %8s %8s  %s\n", k->base, "ratio", "largest", "at");
    for (uint32_t i = 1; i < k->nways; i++) {
        const Way *w = &k->way[i];
        if (w->engine.why[0]) {
            fprintf(stderr, "parallax bench knobs: leg %s: %s\n", w->leg, w->engine.why);
            status = EXIT_LACKS;
        }
        if (w->kernels) printf("%-20s %8.3f %8.3f  %s\n", w->name, exp(w->logs / w->kernels), w->worst, w->worst_at);
    }
    return status;
}

/* Elsewhere the emulator would be measured, and of the interpreter no knob is of use.  False after a line on stderr. */
static bool is_native(const char *leg) {
    LegSpec s;
    char why[200];
    if (!leg_spec_parse(&s, leg, strlen(leg), why, sizeof why)) return cli_fail(0, "%s", why), false;
    bool ok = !s.full && s.kind != LEG_INTERP && strcmp(leg_kind_name(s.kind), worker_host_isa()) == 0;
    if (!ok) cli_fail(0, "--leg takes a leg of %s, not %s", worker_host_isa(), leg);
    return ok;
}

int bench_knobs(int argc, char **argv) {
    static Knobs k;
    Kernel kernel[MAX_KERNELS];
    k = (Knobs){.base = "x64:O2", .scale = 10, .repeats = 3};
    cli_args(&argp, argc, argv, &k);
    if (!is_native(k.base)) return EXIT_BAD_INPUT;
    uint32_t n = find_kernels(kernel, k.scale);
    if (!n) return EXIT_BAD_INPUT;
    find_ways(&k);
    bench_pin();
    for (uint32_t i = 0; i < n; i++)
        if (!measure(&k, &kernel[i])) return EXIT_DISAGREEMENT;
    return report(&k);
}
