#include <argp.h>
#include <signal.h>
#include <string.h>
#include "fuzz/cli/cli.h"

typedef struct Command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} Command;

static const Command command[] = {
#define C(name, summary) {#name, summary, cli_##name},
    COMMAND_LIST(C)
#undef C
};

static void usage(FILE *f) {
    fputs(
        "usage: parallax COMMAND [OPTION...] ARG...\n"
        "Differential testing of a WebAssembly engine across architectures.\n\n",
        f);
    for (size_t i = 0; i < sizeof command / sizeof *command; i++)
        fprintf(f, "  %-10s %s\n", command[i].name, command[i].summary);
    fputs(
        "\n`parallax COMMAND --help` tells more.  Exit status: 0 agreed or done, 1 disagreement or failed test,\n"
        "2 bad input or usage, 3 the environment lacks something.\n",
        f);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    argp_err_exit_status = EXIT_BAD_INPUT;
    if (argc < 2) {
        usage(stderr);
        return EXIT_BAD_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_AGREED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("parallax 0.1");
        return EXIT_AGREED;
    }
    for (size_t i = 0; i < sizeof command / sizeof *command; i++) {
        if (strcmp(argv[1], command[i].name) != 0) continue;
        char name[64];
        snprintf(name, sizeof name, "parallax %s", command[i].name);
        argv[1] = name;
        return command[i].run(argc - 1, argv + 1);
    }
    return cli_fail(EXIT_BAD_INPUT, "no command is called \"%s\" (parallax --help lists them)", argv[1]);
}
