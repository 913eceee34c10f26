/* The `parallax` command: one file a subcommand, this is what they share. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/arena.h"
#include "oracles/differ.h"

/* Exit codes, documented in the README. */
enum { EXIT_AGREED = 0, EXIT_DISAGREEMENT = 1, EXIT_BAD_INPUT = 2, EXIT_LACKS = 3, EXIT_INTERRUPTED = 130 };

/* COMMAND(name, summary): one function cli_NAME(argc, argv) each; argv[0] is "parallax NAME". */
#define COMMAND_LIST(C)                                                     \
    C(run, "run a module's plan, or one exported function, on one leg")     \
    C(diff, "run modules on several legs and compare")                      \
    C(validate, "decode and validate modules")                              \
    C(print, "print a module as text")                                      \
    C(disas, "show machine code or intermediate forms of a module")         \
    C(opt, "run passes of the optimizer over a function in text form")      \
    C(wast, "run scripts of the specification's test suite in JSON form")   \
    C(legs, "list what works here, with versions, and the options of legs") \
    C(gen, "generate modules from bytes or a seed")                         \
    C(fuzz, "generate, run and compare without end; write what differs")    \
    C(explain, "say which instruction makes a leg deviate")                 \
    C(reduce, "make a finding or module smaller that shows the same")       \
    C(replay, "run findings and corpora again: do they still differ?")      \
    C(bench, "measure: modules a second, and the cost of each stage")

#define C(name, summary) int cli_##name(int argc, char **argv);
COMMAND_LIST(C)
#undef C

/* One line on stderr: "parallax: ..."; returns `code`. */
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct argp;
/* argp_parse, but with one line on stderr when it ends the process. */
void cli_args(const struct argp *argp, int argc, char **argv, void *input);

typedef struct File {
    uint8_t *bytes;
    uint32_t size;
} File;
/* Whole file into the arena; false after one line on stderr. */
bool cli_read(Arena *a, const char *path, File *f);
/* For JSON: a file name may be any bytes; those that are no UTF-8 become U+FFFD. */
char *cli_utf8(Arena *a, const char *text);
/* Read, decode and validate; NULL after one line on stderr. */
Module *cli_module(Arena *a, const char *path, Features features);
/* A function in the IR's text form, verified; NULL after one line on stderr. */
struct Fn *cli_ir(Arena *a, const char *path);
/* Does the file hold such a function, by its first word? */
bool cli_is_ir(const char *path);
/* Index of a defined function, written as a number; false after one line on stderr. */
bool cli_func(const Module *m, const char *path, const char *text, uint32_t *func);
/* Files named on the command line: a directory stands for all files below it that end in `suffix`, sorted; there must
 * be some. */
typedef struct Paths {
    VEC(char *) path;
} Paths;
bool cli_paths(Arena *a, char *const *arg, const char *suffix, Paths *out);

/* "i32:5", "i64:-1", "f32:1.5", "f64:nan:0x8000000000000", "externref:3", "funcref:null",
 * "v128:0x" and 32 digits */
bool cli_parse_value(const char *text, Value *v, ValType *type);
void cli_print_value(FILE *f, ValType t, const Value *v);

/* A positive decimal number. */
bool cli_parse_count(const char *text, uint32_t *n);
bool cli_parse_features(const char *text, Features *f); /* false after a line on stderr */
/* "malformed: unexpected end (at 0x1f, function 3)" */
void cli_print_err(FILE *f, const char *path, const Err *e);
