#include <argp.h>
#include <errno.h>
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

/* What did not arrive is no result; but who reads no further than he wants has no complaint. */
static int finish(int status) {
    errno = 0;
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (written || errno == EPIPE || status) return status;
    return cli_fail(EXIT_LACKS, "standard output: %s", errno ? strerror(errno) : "cannot be written");
}

static void usage(void) {
    fputs(
        "usage: parallax COMMAND [OPTION...] ARG...\n"
        "Differential testing of a WebAssembly engine across architectures.\n\n",
        stdout);
    for (size_t i = 0; i < sizeof command / sizeof *command; i++)
        printf("  %-10s %s\n", command[i].name, command[i].summary);
    fputs(
        "\n`parallax COMMAND --help` tells more.  Exit status: 0 agreed or done, 1 disagreement or failed test,\n"
        "2 bad input or usage, 3 the environment lacks something.\n",
        stdout);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    argp_err_exit_status = EXIT_BAD_INPUT;
    if (argc < 2) return cli_fail(EXIT_BAD_INPUT, "no command is given (parallax --help lists them)");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage();
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
        return finish(command[i].run(argc - 1, argv + 1));
    }
    return cli_fail(EXIT_BAD_INPUT, "no command is called \"%s\" (parallax --help lists them)", argv[1]);
}
