#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/cli.h"
#include "fuzz/cli/wast.h"

typedef struct Args {
    const char *leg, *features, *skips;
    bool strict, verbose;
    VEC(char *) path;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'l': a->leg = arg; break;
    case 'f': a->features = arg; break;
    case 'x': a->skips = arg; break;
    case 's': a->strict = true; break;
    case 'v': a->verbose = true; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"leg", 'l', "LEG", 0, "leg to run on (default interp)", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"skips", 'x', "FILE", 0, "table of modules that need what is not implemented: SCRIPT, LINE, REASON", 0},
    {"strict", 's', NULL, 0, "malformed and invalid must not be taken for each other", 0},
    {"verbose", 'v', NULL, 0, "list what is skipped, with the reason", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "DIR|FILE.json...",
    "Run scripts of the specification's test suite in JSON form.\v"
    "Lists each failure with file and line; ends with `N passed, N failed, N skipped`.\n"
    "Exit status: 0 none failed, 1 some failed, 2 bad input, 3 the leg does not work here.",
    NULL,
    NULL,
    NULL};

static int unused_skips(const WastSkips *s, const Paths *paths, WastCounts *n) {
    for (uint32_t i = 0; i < s->row.n; i++) {
        const WastSkip *k = &s->row.at[i];
        bool ran = false;
        for (uint32_t p = 0; !ran && p < paths->path.n; p++) ran = strstr(paths->path.at[p], k->script) != NULL;
        if (k->used || !ran) continue;
        printf("the row \"%s line %u\" of the table of skips fits no module any more\n", k->script, k->line);
        n->failed++;
    }
    return 0;
}

static int run(Args *a, Leg *leg, const Paths *paths, WastOptions *o) {
    WastCounts n = {0};
    for (uint32_t i = 0; i < paths->path.n; i++)
        if (!wast_run(leg, paths->path.at[i], o, &n)) return EXIT_BAD_INPUT;
    if (o->skips) unused_skips(o->skips, paths, &n);
    if (a->verbose) printf("%u rejections with another class than the script's\n", n.class_differs);
    printf("%u passed, %u failed, %u skipped\n", n.passed, n.failed, n.skipped);
    return n.failed ? EXIT_DISAGREEMENT : EXIT_AGREED;
}

int cli_wast(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.leg = "interp", .arena = &arena};
    WastOptions o = {.features = FEATURES_WASM3};
    WastSkips skips;
    LegSpec spec;
    Leg *leg = calloc(1, sizeof *leg);
    Paths paths;
    char why[300];
    int status = EXIT_BAD_INPUT;
    cli_args(&argp, argc, argv, &a);
    vec_push(&arena, &a.path, NULL);
    o.strict = a.strict;
    o.verbose = a.verbose;
    if (a.features && !cli_parse_features(a.features, &o.features)) goto out;
    if (a.skips && !wast_read_skips(&arena, a.skips, &skips)) goto out;
    if (a.skips) o.skips = &skips;
    if (!leg_spec_parse(&spec, a.leg, strlen(a.leg), why, sizeof why)) {
        cli_fail(0, "%s", why);
        goto out;
    }
    if (!cli_paths(&arena, a.path.at, ".json", &paths)) goto out;
    status = EXIT_LACKS;
    if (!leg || !leg_open(leg, &spec, 0, why, sizeof why)) {
        cli_fail(0, "leg %s: %s", a.leg, why);
        goto out;
    }
    status = run(&a, leg, &paths, &o);
    leg_close(leg);
out:
    free(leg);
    arena_free(&arena);
    return status;
}
