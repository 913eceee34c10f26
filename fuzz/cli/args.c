/* Command lines: argp, but one line on stderr for what is wrong. */
#define _GNU_SOURCE
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fuzz/cli/cli.h"

/* argp prints several lines and ends the process.  So it writes into a file, and at exit the first line is passed on.
 */
typedef struct Said {
    int real, file; /* stderr, and what stands in for it */
    char command[64];
    bool over;
} Said;

static void restore(Said *s) {
    fflush(stderr);
    dup2(s->real, STDERR_FILENO);
    close(s->real);
    s->over = true;
}

static void pass_on(int status, void *user) {
    Said *s = user;
    char line[400];
    if (!s->over) {
        restore(s);
        ssize_t n = status ? pread(s->file, line, sizeof line - 1, 0) : 0;
        line[n > 0 ? n : 0] = 0;
        line[strcspn(line, "\n")] = 0;
        if (line[0]) fprintf(stderr, "%s (%s --help tells more)\n", line, s->command);
    }
    free(s);
}

void cli_args(const struct argp *argp, int argc, char **argv, void *input) {
    Said *s = calloc(1, sizeof *s);
    if (s) {
        snprintf(s->command, sizeof s->command, "%s", argv[0]);
        s->real = dup(STDERR_FILENO);
        s->file = memfd_create("errors", MFD_CLOEXEC);
        s->over = s->real < 0 || s->file < 0 || on_exit(pass_on, s) != 0;
        if (!s->over) dup2(s->file, STDERR_FILENO);
    }
    argp_parse(argp, argc, argv, 0, NULL, input);
    if (s && !s->over) {
        restore(s);
        close(s->file);
    }
}
