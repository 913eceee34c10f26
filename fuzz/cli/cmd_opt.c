#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/cli/cli.h"
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "opt/inline.h"
#include "opt/opt.h"
#include "opt/rewrite.h"

typedef struct Args {
    const char *passes, *file;
    bool rules;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'r': a->rules = true; break;
    case ARGP_KEY_ARG:
        if (a->file) argp_usage(st);
        if (a->passes)
            a->file = arg;
        else
            a->passes = arg;
        break;
    case ARGP_KEY_END:
        if (!a->file) argp_usage(st);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"rules", 'r', NULL, 0, "instead of the function: how often each rule of the optimizer was used", 0}, {0}};
static const struct argp argp = {
    options,
    parse,
    "PASS[,PASS...] FILE",
    "Run passes of the optimizer over a function in the IR's text form, and print it.\v"
    "A pass is called as in `parallax disas --ir`; O1 and O2 are all passes of that level; `none` changes "
    "nothing; opt-limit=N stops what comes behind it after N rewrites. The function is verified before and after each "
    "pass. The text form is described in engine/ir/print.h. Functions behind the first one are those that it may "
    "inline.\n"
    "Exit status: 0 printed, 1 the verifier rejects what a pass made, 2 the file is no function or there is no such "
    "pass.",
    NULL,
    NULL,
    NULL};

typedef struct Job {
    const char *file;
    Arena *arena;
    uint32_t hits[OPT_RULE_COUNT];
    Rewrites rewrites;
    VEC(Fn *) callee; /* functions behind the first one in the file, which it may inline */
    bool failed;
} Job;

static void verify(Job *j, const char *pass, const Fn *f) {
    char msg[200];
    if (j->failed || ir_verify(f, msg, sizeof msg)) return;
    j->failed = true;
    cli_fail(0, "%s: after %s: %s", j->file, pass, msg);
}

static void on_ir(void *user, const char *pass, Fn *f) { verify(user, pass, f); }

static int no_pass(const Job *j, const char *name) {
    Text t;
    text_init(&t, j->arena);
    text_puts(&t, "none");
    for (uint32_t i = 0; opt_name(i); i++) text_printf(&t, " %s", opt_name(i));
    return cli_fail(EXIT_BAD_INPUT, "no pass is called \"%s\"; there are %s O1 O2 opt-limit=N", name, t.at);
}

static int run_pass(Job *j, Fn *f, const char *name) {
    static const char limit[] = "opt-limit=";
    OptPass *pass = opt_find(name);
    if (strcmp(name, "none") == 0) return EXIT_AGREED;
    if (strcmp(name, "O1") == 0 || strcmp(name, "O2") == 0) {
        Stages s = {.user = j, .on_ir = on_ir};
        opt_run(f, &(OptOptions){.level = (uint32_t)(name[1] - '0'), .stages = &s, .rewrites = &j->rewrites});
        return EXIT_AGREED;
    }
    if (strncmp(name, limit, strlen(limit)) == 0) {
        char *end;
        j->rewrites.limit = (uint32_t)strtoul(name + strlen(limit), &end, 10);
        j->rewrites.made = 0;
        return *end ? no_pass(j, name) : EXIT_AGREED;
    }
    if (!pass) return no_pass(j, name);
    f->rewrites = &j->rewrites;
    pass(f);
    f->rewrites = NULL;
    verify(j, name, f);
    return EXIT_AGREED;
}

static const Fn *find_callee(void *user, uint32_t func) {
    const Job *j = user;
    for (uint32_t k = 0; k < j->callee.n; k++)
        if (j->callee.at[k]->index == func && inline_fits(j->callee.at[k])) return j->callee.at[k];
    return NULL;
}

/* The functions in the file: the first one, and behind it those that it may inline. */
static Fn *read_functions(Job *j) {
    File file;
    Fn *first = NULL;
    if (!cli_read(j->arena, j->file, &file)) return NULL;
    uint32_t before = 0; /* lines */
    for (char *at = arena_dup(j->arena, file.bytes, file.size), *end; at; at = end) {
        char msg[200];
        uint32_t line = 0;
        end = strstr(at, "}\nfunc ");
        if (end) {
            end[1] = 0;
            end += 2;
        }
        Fn *f = ir_parse(j->arena, at, &line, msg, sizeof msg);
        if (!f) return cli_fail(0, "%s: line %" PRIu32 ": %s", j->file, before + line, msg), NULL;
        if (!ir_verify(f, msg, sizeof msg)) return cli_fail(0, "%s: %s", j->file, msg), NULL;
        cfg_build(f);
        if (first) vec_push(j->arena, &j->callee, f);
        if (!first) first = f;
        for (before++; *at; at++) before += *at == '\n';
    }
    return first;
}

static void print_rules(const Job *j) {
    uint32_t used = 0;
    for (uint32_t r = 0; r < OPT_RULE_COUNT; r++) {
        printf("%8" PRIu32 "  %-20s %s\n", j->hits[r], opt_rule_name((OptRule)r), opt_rule_text((OptRule)r));
        used += j->hits[r] != 0;
    }
    printf("%" PRIu32 " of %d rules used\n", used, OPT_RULE_COUNT);
}

static int run(Arena *arena, const Args *a) {
    Job j = {.file = a->file, .arena = arena};
    j.rewrites = (Rewrites){.limit = REWRITES_ALL, .hits = j.hits};
    Fn *f = read_functions(&j);
    if (!f) return EXIT_BAD_INPUT;
    Inliner inliner = {.user = &j, .leaf = find_callee};
    if (j.callee.n) f->inliner = &inliner;
    char *list = arena_dup(arena, a->passes, strlen(a->passes)), *save = NULL;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        int status = run_pass(&j, f, name);
        if (status != EXIT_AGREED) return status;
    }
    Text t;
    text_init(&t, arena);
    ir_print(&t, f);
    if (a->rules)
        print_rules(&j);
    else
        fwrite(t.at, 1, t.n, stdout);
    return j.failed ? EXIT_DISAGREEMENT : EXIT_AGREED;
}

int cli_opt(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {0};
    cli_args(&argp, argc, argv, &a);
    int status = run(&arena, &a);
    arena_free(&arena);
    return status;
}
