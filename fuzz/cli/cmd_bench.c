#define _GNU_SOURCE
#include "fuzz/cli/bench.h"
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
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

bool bench_in_tree(const char *below, char path[4096]) {
    ssize_t n = readlink("/proc/self/exe", path, 4000);
    struct stat st;
    while (n > 0) {
        path[n] = 0;
        char *slash = strrchr(path, '/');
        if (!slash) break;
        n = slash - path;
        snprintf(slash, 4096 - (size_t)n, "/%s", below);
        if (stat(path, &st) == 0) return true;
    }
    snprintf(path, 4096, "%s", below);
    return stat(path, &st) == 0;
}

int bench_pin(void) {
    int cpu = sched_getcpu();
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < 0) return -1;
    CPU_SET((unsigned)cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
}

static void usage(void) {
    fputs("Usage: parallax bench NAME [OPTION...] [FILE|DIR...]\nMeasure.\n\n", stdout);
    for (size_t i = 0; i < sizeof bench / sizeof *bench; i++) printf("  %-10s %s\n", bench[i].name, bench[i].summary);
    fputs("\n`parallax bench NAME --help` tells more.\n", stdout);
}

int cli_bench(int argc, char **argv) {
    if (argc < 2) return cli_fail(EXIT_BAD_INPUT, "no benchmark is named (parallax bench --help lists them)");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0) {
        usage();
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
