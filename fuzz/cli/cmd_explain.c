#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/campaign/panel.h"
#include "fuzz/cli/cli.h"
#include "fuzz/cli/listing.h"
#include "fuzz/explain/folder.h"
#include "fuzz/reduce/folder.h"
#include "wasm/validate.h"

enum { KEY_JSON = 256 };

typedef struct Args {
    const char *path, *legs;
    Features features;
    bool features_given, json, write;
    uint32_t seconds;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'l': a->legs = arg; break;
    case 'f':
        if (!cli_parse_features(arg, &a->features)) exit(EXIT_BAD_INPUT);
        a->features_given = true;
        break;
    case 't':
        if (!cli_parse_count(arg, &a->seconds)) argp_error(st, "--time takes a positive number of seconds");
        break;
    case 'n': a->write = false; break;
    case KEY_JSON: a->json = true; break;
    case ARGP_KEY_ARG:
        if (a->path) argp_usage(st);
        a->path = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"legs", 'l', "LIST", 0, "legs to vote (default: those of the finding; of a module every ISA and level)", 0},
    {"features", 'f', "SET", 0, "of a module: wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"time", 't', "SECONDS", 0, "give up after this time (default 60)", 0},
    {"json", KEY_JSON, NULL, 0, "one JSON object instead of Markdown", 0},
    {"no-write", 'n', NULL, 0, "leave the finding's folder as it is", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FINDING|FILE",
    "Say which instruction makes a leg deviate, in which function, and through which pass.\v"
    "A vote tells the leg; mixed execution, in which one function is compiled and all others are interpreted, the "
    "function; the level and opt-limit the pass and rewrite; single instructions left to the interpreter, and what "
    "instructions leave, recorded, the instruction.\n"
    "Of a finding the reduced module is explained where there is one; its folder gets explain.md and explain.json.\n"
    "Exit status: 0 an instruction is named, or that it is outside of functions, 1 it differs, but that is all that "
    "could be told, 2 bad input, or nothing "
    "differs, 3 a leg does not work here.",
    NULL,
    NULL,
    NULL};

/* -- Machine code --------------------------------------------------------------------------- */

/* Lines of a listing from "; 0xOFFSET" to the next instruction's; false: there are none. */
static bool put_block(Text *t, char *listing, uint32_t offset) {
    char mark[24];
    bool inside = false, any = false;
    snprintf(mark, sizeof mark, "; 0x%x", offset);
    size_t n = strlen(mark);
    for (char *save = NULL, *line = strtok_r(listing, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == ';') inside = strncmp(line, mark, n) == 0 && (line[n] == ' ' || !line[n]);
        if (inside) text_printf(t, "%s\n", line);
        any |= inside;
    }
    return any;
}

/* An instruction that was folded into others has no code of its own: theirs is shown. */
static void put_listing(Text *t, Arena *a, char *listing, uint32_t offset) {
    const char *all = arena_dup(a, listing, strlen(listing));
    Text block;
    text_init(&block, a);
    if (put_block(&block, listing, offset))
        text_printf(t, "\n## Its machine code\n\n```\n%s```\n", block.at);
    else
        text_printf(t, "\n## Machine code of the function\n\nNone is that instruction's own.\n\n```\n%s```\n", all);
}

static void put_code(void *user, Text *t, const Module *m, const Explanation *x) {
    Arena *a = user;
    CompileError e;
    ExplainCompiler c;
    char *listing = NULL;
    size_t size = 0;
    if (!explain_compiler(&c, x)) return;
    const Code *code = compile_module(a, m, &c.o, NULL, &e);
    FILE *f = code ? open_memstream(&listing, &size) : NULL;
    if (!f) return;
    bool ok = listing_print(f, m, code, x->func);
    fclose(f);
    if (ok) put_listing(t, a, listing, x->offset);
    free(listing);
}

/* -- The command ------------------------------------------------------------------------------- */

typedef struct Job {
    const Args *a;
    Arena *arena;
    ExplainOptions o;
    LegSpec leg[MAX_LEGS];
    bool finding;
} Job;

static bool open_job(Job *j) {
    const Args *a = j->a;
    char why[300], path[FINDING_PATH];
    FindingInfo info = {.legs = PANEL_REPLAY_LEGS, .features = ""};
    File file;
    const char *bad;
    j->finding = finding_is(a->path);
    if (j->finding && !finding_read(j->arena, a->path, &info, why, sizeof why)) return cli_fail(0, "%s", why), false;
    const char *name = finding_is_reduced(a->path) ? "/reduced.wasm" : "/case.wasm";
    snprintf(path, sizeof path, "%.4000s%s", a->path, j->finding ? name : "");
    if (!cli_read(j->arena, path, &file)) return false;
    j->o = (ExplainOptions){.bytes = file.bytes, .n = file.size, .features = a->features, .leg = j->leg};
    j->o.limit_ns = UINT64_C(1000000000) * a->seconds;
    if (*info.features && !a->features_given && !features_parse(info.features, &j->o.features, &bad))
        return cli_fail(0, "%s: no feature is called \"%.40s\"", path, bad), false;
    if (leg_specs_parse(j->leg, MAX_LEGS, &j->o.nlegs, a->legs ? a->legs : info.legs, why, sizeof why)) return true;
    return cli_fail(0, "%s", why), false;
}

static int report(const Job *j, const Explanation *x) {
    Err err;
    Text t;
    Module *m = module_decode_valid(j->arena, j->o.bytes, j->o.n, j->o.features, &err);
    if (!m) return cli_fail(EXIT_BAD_INPUT, "%s: %s", j->a->path, err.text);
    text_init(&t, j->arena);
    if (j->a->json)
        explain_json(&t, x);
    else
        explain_text(&t, m, x, put_code, j->arena);
    fputs(t.at, stdout);
    if (j->finding && j->a->write && !explain_write(j->a->path, m, x, put_code, j->arena))
        return cli_fail(EXIT_LACKS, "%s: %s", j->a->path, strerror(errno));
    return x->has_op || x->stage == STAGE_OUTSIDE ? EXIT_AGREED : EXIT_DISAGREEMENT;
}

static int run(Arena *arena, const Args *a) {
    Job j = {.a = a, .arena = arena};
    Explanation x;
    char why[300] = "";
    if (!open_job(&j)) return EXIT_BAD_INPUT;
    switch (explain_apart(&j.o, &x, why, sizeof why)) {
    case EXPLAIN_DONE: return report(&j, &x);
    case EXPLAIN_LACKS: return cli_fail(EXIT_LACKS, "%s", why);
    default: return cli_fail(EXIT_BAD_INPUT, "%s: %s", a->path, why);
    }
}

int cli_explain(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.features = FEATURES_WASM3, .seconds = 60, .write = true};
    cli_args(&argp, argc, argv, &a);
    int status = run(&arena, &a);
    arena_free(&arena);
    return status;
}
