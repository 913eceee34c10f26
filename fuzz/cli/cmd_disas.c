#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include "a64/target.h"
#include "fuzz/cli/cli.h"
#include "fuzz/cli/listing.h"
#include "opt/opt.h"
#include "opt/rewrite.h"
#include "x64/target.h"

typedef struct Args {
    Features features;
    const char *leg, *func, *stage, *file;
    bool rules, rewrites;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'l': a->leg = arg; break;
    case 'f':
        if (!cli_parse_features(arg, &a->features)) exit(EXIT_BAD_INPUT);
        break;
    case 'n': a->func = arg; break;
    case 'i': a->stage = arg; break;
    case 'r': a->rules = true; break;
    case 'w': a->rewrites = true; break;
    case ARGP_KEY_ARG:
        if (a->file) argp_usage(st);
        a->file = arg;
        break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    case ARGP_KEY_END:
        if (a->rules + a->rewrites + (a->stage != NULL) > 1)
            argp_error(st, "--ir, --rules and --rewrites do not go together");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"leg", 'l', "LEG", 0, "compiled leg, with options (default x64)", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"func", 'n', "N", 0, "the function with this index alone", 0},
    {"ir", 'i', "STAGE", 0, "instead of code: the form after a stage", 0},
    {"rules", 'r', NULL, 0, "instead of code: how often each rule of the optimizer and of lowering was used", 0},
    {"rewrites", 'w', NULL, 0, "instead of code: what the optimizer does, step by step", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FILE",
    "Show machine code or intermediate forms of a module.\v"
    "A line of code: offset in the module's code, bytes, instruction, comment.  A line with a semicolon: byte offset "
    "and text of the "
    "wasm instruction that the code below it stands for, or which trap a stub is for.\n"
    "Stages: build (SSA form), the name of a pass (after it; each time it runs), opt (what is lowered), mach (machine "
    "instructions), alloc (with registers).\n"
    "A line of --rewrites: its number (opt-limit=N makes the first N), function, byte offset, pass, rule, value, and "
    "what "
    "the rule does.\n"
    "FILE may also be one function in the text form of the first stages; it is lowered after the passes of the leg's "
    "level, and shown with --ir or --rules.\n"
    "The leg need not work here: code is only made, not executed.\n"
    "Exit status: 0 shown, 1 a verifier failed (legs with verify=on), 2 bad input, 3 a function cannot be compiled.",
    NULL,
    NULL,
    NULL};

typedef struct Job {
    const Args *a;
    const Module *m;
    uint32_t first, end; /* functions */
    CompileOptions o;
    Arena *arena;
} Job;

static bool defined(const Job *j, uint32_t func) { return j->m->funcs.at[func].import == NO_INDEX; }

static int not_compiled(const Job *j, const CompileError *e) {
    return cli_fail(EXIT_LACKS, "%s: function %u is not compiled: %s", j->a->file, e->func, e->what);
}

static int show_code(const Job *j) {
    CompileError e;
    Code *c = compile_module(j->arena, j->m, &j->o, NULL, &e);
    if (!c) return not_compiled(j, &e);
    for (uint32_t i = j->first; i < j->end; i++)
        if (defined(j, i) && !listing_print(stdout, j->m, c, i))
            return cli_fail(EXIT_LACKS, "this capstone library cannot disassemble %s", j->o.target->name);
    return EXIT_AGREED;
}

/* -- Stages ------------------------------------------------------------------------------ */

static bool is_stage(const char *name) {
    static const char *const fixed[] = {"build", "opt", "mach", "alloc"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i], name) == 0) return true;
    for (uint32_t i = 0; opt_name(i); i++)
        if (strcmp(opt_name(i), name) == 0) return true;
    return false;
}

static int unknown_stage(const Job *j) {
    Text t;
    text_init(&t, j->arena);
    text_puts(&t, "build");
    for (uint32_t i = 0; opt_name(i); i++) text_printf(&t, " %s", opt_name(i));
    return cli_fail(EXIT_BAD_INPUT, "no stage is called \"%s\"; there are %s opt mach alloc", j->a->stage, t.at);
}

static int show_stage(const Job *j) {
    bool any = false;
    if (!is_stage(j->a->stage)) return unknown_stage(j);
    for (uint32_t i = j->first; i < j->end; i++) {
        Text t;
        CompileError e;
        if (!defined(j, i)) continue;
        ArenaMark mark = arena_mark(j->arena);
        text_init(&t, j->arena);
        bool shown = compile_dump(&t, j->m, i, &j->o, j->a->stage, &e);
        if (!shown && e.code != BAIL_NONE) return not_compiled(j, &e);
        if (shown) {
            listing_title(stdout, j->m, i);
            printf(" after %s\n", j->a->stage);
            fwrite(t.at, 1, t.n, stdout);
            if (t.n && t.at[t.n - 1] != '\n') putchar('\n');
            putchar('\n');
        }
        any |= shown;
        arena_rewind(j->arena, mark);
    }
    if (any || j->first == j->end) return EXIT_AGREED;
    return cli_fail(EXIT_BAD_INPUT, "stage %s does not run at this level of optimization (--leg %s:O2 has all)",
                    j->a->stage, j->o.target->name);
}

/* A function in text form. */
static int show_ir_stage(const Job *j, Fn *f) {
    Text t;
    CompileError e;
    if (!is_stage(j->a->stage)) return unknown_stage(j);
    text_init(&t, j->arena);
    if (compile_dump_fn(&t, f, &j->o, j->a->stage, &e)) {
        fwrite(t.at, 1, t.n, stdout);
        return EXIT_AGREED;
    }
    if (e.code != BAIL_NONE) return not_compiled(j, &e);
    return cli_fail(EXIT_BAD_INPUT, "stage %s does not run at this level of optimization", j->a->stage);
}

/* -- Rules ---------------------------------------------------------------------------------- */

/* Compile everything for the sake of the counters. */
static bool compile_all(const Job *j, Fn *f, CompileError *e) {
    Text t;
    text_init(&t, j->arena);
    if (f) return compile_dump_fn(&t, f, &j->o, "alloc", e);
    for (uint32_t i = j->first; i < j->end; i++) {
        if (!defined(j, i)) continue;
        ArenaMark mark = arena_mark(j->arena);
        text_init(&t, j->arena);
        if (!compile_dump(&t, j->m, i, &j->o, "alloc", e)) return false;
        arena_rewind(j->arena, mark);
    }
    return true;
}

static void put_rule(uint32_t hits, const char *name, const char *text, uint32_t *used) {
    printf("%8u  %-20s %s\n", hits, name, text);
    *used += hits != 0;
}

/* Of the module's functions, or of f: the optimizer's, then those of lowering. */
static int show_rules(Job *j, Fn *f) {
    enum { MOST = (int)X64_RULE_COUNT > (int)A64_RULE_COUNT ? (int)X64_RULE_COUNT : (int)A64_RULE_COUNT };
    uint32_t hits[MOST + 1] = {0}, rewrites[OPT_RULE_COUNT] = {0}, used = 0;
    bool x64 = strcmp(j->o.target->name, "x64") == 0;
    uint32_t n = x64 ? X64_RULE_COUNT : A64_RULE_COUNT;
    CompileError e;
    j->o.to.rule_hits = hits;
    j->o.opt_hits = rewrites;
    if (!compile_all(j, f, &e)) return not_compiled(j, &e);
    puts("optimizer");
    for (uint32_t i = 0; i < OPT_RULE_COUNT; i++)
        put_rule(rewrites[i], opt_rule_name((OptRule)i), opt_rule_text((OptRule)i), &used);
    printf("%u of %d rules used\nlowering\n", used, OPT_RULE_COUNT);
    used = 0;
    for (uint32_t i = 0; i < n; i++)
        put_rule(hits[i], x64 ? x64_rule[i].name : a64_rule[i].name, x64 ? x64_rule[i].pattern : a64_rule[i].pattern,
                 &used);
    printf("%u of %u rules used\n", used, n);
    return EXIT_AGREED;
}

/* -- Rewrites ------------------------------------------------------------------------------- */

static void show_rewrite(void *user, const Rewrite *r) {
    const Job *j = user;
    if (r->f->index < j->first || r->f->index >= j->end) return;
    printf("%6u  %5u  0x%06x  %-7s %-18s v%-5u %s\n", r->number, r->f->index, fn_loc(r->f, r->v),
           opt_rule_pass(r->rule), opt_rule_name(r->rule), r->v, opt_rule_text(r->rule));
}

static int show_rewrites(Job *j) {
    CompileError e;
    Stages stages = {.user = j, .on_rewrite = show_rewrite};
    j->o.stages = &stages; /* numbers go on from function to function, so all are compiled */
    const Code *c = compile_module(j->arena, j->m, &j->o, NULL, &e);
    if (!c) return not_compiled(j, &e);
    printf("%u rewrites in the module\n", c->nrewrite);
    return EXIT_AGREED;
}

/* -- The command -------------------------------------------------------------------------------- */

static int show_module(Job *j) {
    const Args *a = j->a;
    j->m = cli_module(j->arena, a->file, a->features);
    if (!j->m) return EXIT_BAD_INPUT;
    j->end = j->m->funcs.n;
    if (a->func) {
        if (!cli_func(j->m, a->file, a->func, &j->first)) return EXIT_BAD_INPUT;
        j->end = j->first + 1;
    }
    return a->stage ? show_stage(j) : a->rules ? show_rules(j, NULL) : a->rewrites ? show_rewrites(j) : show_code(j);
}

static int show_ir(Job *j) {
    if (!j->a->stage && !j->a->rules)
        return cli_fail(EXIT_BAD_INPUT, "%s: a function in text form is shown with --ir or --rules", j->a->file);
    Fn *f = cli_ir(j->arena, j->a->file);
    if (!f) return EXIT_BAD_INPUT;
    return j->a->rules ? show_rules(j, f) : show_ir_stage(j, f);
}

static int run(Arena *arena, const Args *a) {
    LegSpec spec;
    char why[300];
    CheckStages check;
    Job j = {.a = a, .arena = arena};
    if (!leg_spec_parse(&spec, a->leg, strlen(a->leg), why, sizeof why)) return cli_fail(EXIT_BAD_INPUT, "%s", why);
    if (spec.kind == LEG_INTERP || spec.interp) return cli_fail(EXIT_BAD_INPUT, "leg %s makes no code", a->leg);
    j.o = leg_compile_options(&spec);
    Target target = leg_target(&spec);
    j.o.target = &target;
    check_stages_init(&check, NULL);
    if (spec.verify) j.o.stages = &check.stages;
    int status = cli_is_ir(a->file) ? show_ir(&j) : show_module(&j);
    if (!check.failed) return status;
    fflush(stdout);
    return cli_fail(EXIT_DISAGREEMENT, "%s: %s", a->file, check.report);
}

int cli_disas(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.features = FEATURES_WASM3, .leg = "x64"};
    cli_args(&argp, argc, argv, &a);
    int status = run(&arena, &a);
    arena_free(&arena);
    return status;
}
