#include "fuzz/cli/bench.h"
#include <string.h>
#include "fuzz/cli/cli.h"

typedef struct Bench {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} Bench;

static const Bench bench[] = {
#define B(name, summary) {#name, summary, bench_##name},
    BENCH_LIST(B)
#undef B
};

static void usage(FILE *f) {
    fputs("Usage: parallax bench NAME [OPTION...] [FILE|DIR...]\nMeasure.\n\n", f);
    for (size_t i = 0; i < sizeof bench / sizeof *bench; i++)
        fprintf(f, "  %-10s %s\n", bench[i].name, bench[i].summary);
    fputs("\n`parallax bench NAME --help` tells more.\n", f);
}

int cli_bench(int argc, char **argv) {
    if (argc < 2) {
        usage(stderr);
        return EXIT_BAD_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0) {
        usage(stdout);
        return EXIT_AGREED;
    }
    for (size_t i = 0; i < sizeof bench / sizeof *bench; i++) {
        if (strcmp(argv[1], bench[i].name) != 0) continue;
        char name[64];
        snprintf(name, sizeof name, "parallax bench %s", bench[i].name);
        argv[1] = name;
        return bench[i].run(argc - 1, argv + 1);
    }
    return cli_fail(EXIT_BAD_INPUT, "no benchmark is called \"%s\" (parallax bench --help lists them)", argv[1]);
}
