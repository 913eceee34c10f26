#include <argp.h>
#include <stdlib.h>
#include "fuzz/cli/cli.h"
#include "wasm/print.h"

typedef struct Args {
    Features features;
    bool offsets;
    const char *func, *file;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'f':
        if (!cli_parse_features(arg, &a->features)) exit(EXIT_BAD_INPUT);
        break;
    case 'o': a->offsets = true; break;
    case 'n': a->func = arg; break;
    case ARGP_KEY_ARG:
        if (a->file) argp_usage(st);
        a->file = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"offsets", 'o', NULL, 0, "a comment with its byte offset before each instruction", 0},
    {"func", 'n', "N", 0, "the function with this index alone, with offsets", 0},
    {0}};
static const struct argp argp = {options,
                                 parse,
                                 "FILE",
                                 "Print a module in the text format.\v"
                                 "The text of a whole module assembles to an equal module.\n"
                                 "Exit status: 0 printed, 2 the file cannot be read or is no valid module.",
                                 NULL,
                                 NULL,
                                 NULL};

static int print(Arena *arena, const Args *a) {
    Module *m = cli_module(arena, a->file, a->features);
    if (!m) return EXIT_BAD_INPUT;
    Text t;
    text_init(&t, arena);
    uint32_t n;
    if (!a->func) {
        module_print(&t, m, a->offsets ? PRINT_OFFSETS : 0);
    } else if (!cli_func(m, a->file, a->func, &n)) {
        return EXIT_BAD_INPUT;
    } else {
        module_print_func(&t, m, n, NO_INDEX);
    }
    fwrite(t.at, 1, t.n, stdout);
    return EXIT_AGREED;
}

int cli_print(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.features = FEATURES_WASM3};
    cli_args(&argp, argc, argv, &a);
    int status = print(&arena, &a);
    arena_free(&arena);
    return status;
}
