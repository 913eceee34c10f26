/* Proves the optimizer's rewriting rules: every one of fold.def, per type and width, on functions made to fire it; and
 * those of the other passes (rule.def) on the golden tests' functions, where these have no loop.
 *
 * A function is optimized twice, with the rewrites up to and without the one in question, and the two results are
 * proved equal (smt.h).  So what is proved is the rewrite that was made, for all inputs; constants in the patterns are
 * sampled. */
#define _GNU_SOURCE
#include <argp.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ir/cfg.h"
#include "ir/print.h"
#include "opt/fold.h"
#include "opt/opt.h"
#include "opt/rewrite.h"
#include "oracles/prove/sample.h"
#include "oracles/prove/smt.h"

enum { MAX_TRIES = 60000, MAX_REWRITES = 64, MAX_KINDS = 16 };

typedef struct Args {
    uint32_t instances, timeout_ms, budget_ms;
    const char *only, *folder;
    bool verbose;
} Args;

typedef struct Kind { /* instances of one operand and one result type */
    uint8_t operand, result;
    uint32_t proved, unknown;
} Kind;

typedef struct Tally {
    Kind kind[MAX_KINDS];
    uint32_t nkind, proved, unknown, unsupported, refuted;
    double ms;
    char why[400];
} Tally;

static bool wanted(const Args *a, OptRule r) { return !a->only || strcmp(a->only, opt_rule_name(r)) == 0; }

/* -- Making instances ----------------------------------------------------------------------- */

typedef struct Log {
    uint32_t n;
    OptRule rule[MAX_REWRITES];
    uint8_t operand[MAX_REWRITES], result[MAX_REWRITES];
} Log;

/* The rule has changed v by now; its type stays. */
static void on_rewrite(void *user, const Rewrite *r) {
    Log *log = user;
    if (log->n == MAX_REWRITES) return;
    const Ins *i = &r->f->ins.at[r->v];
    uint8_t operand = r->v && ir_info[i->op].nargs ? r->f->ins.at[i->a].type : i->type;
    log->rule[log->n] = r->rule;
    log->operand[log->n] = operand;
    log->result[log->n++] = i->type;
}

static void run_pass(Fn *f, const char *pass, uint32_t limit, Log *log) {
    Stages s = {.user = log, .on_rewrite = on_rewrite};
    Rewrites w = {.limit = limit, .stages = log ? &s : NULL};
    f->rewrites = &w;
    opt_find(pass)(f);
    f->rewrites = NULL;
}

/* Where the functions come from: makes the same one each time. */
typedef Fn *Source(Arena *a, const void *from);

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void describe(Tally *t, Arena *a, const Fn *before, const Fn *after, const char *input) {
    Text out;
    text_init(&out, a);
    text_puts(&out, "differ for ");
    text_puts(&out, input);
    text_putc(&out, '\n');
    ir_print(&out, before);
    text_puts(&out, "became\n");
    ir_print(&out, after);
    fputs(out.at, stderr);
    if (!t->why[0]) snprintf(t->why, sizeof t->why, "%.380s", input);
}

/* Prove rewrite number n (from 1) of the pass. */
static void prove_rewrite(Tally *t, Kind *kind, const char *pass, Source *make, const void *from, uint32_t n,
                          const Args *args) {
    Arena a;
    char why[300];
    arena_init(&a, NULL);
    Fn *before = make(&a, from), *after = make(&a, from);
    run_pass(before, pass, n - 1, NULL);
    run_pass(after, pass, n, NULL);
    double began = now_ms();
    Proof p = smt_same(before, after, args->timeout_ms, why, sizeof why);
    t->ms += now_ms() - began;
    t->proved += p == PROOF_PROVED;
    t->unknown += p == PROOF_UNKNOWN;
    t->unsupported += p == PROOF_UNSUPPORTED;
    t->refuted += p == PROOF_REFUTED;
    if (kind) kind->proved += p == PROOF_PROVED;
    if (kind) kind->unknown += p == PROOF_UNKNOWN;
    if (p == PROOF_REFUTED) describe(t, &a, before, after, why);
    if (p == PROOF_UNSUPPORTED && !t->why[0]) snprintf(t->why, sizeof t->why, "%s", why);
    arena_free(&a);
}

/* -- Folding -------------------------------------------------------------------------------- */

static const uint8_t fold_op[FOLD_COUNT] = {
    [FOLD_constant] = IR_COUNT,
    [FOLD_commute] = IR_COUNT,
#define FOLD(op, id, fn, text) [FOLD_##id] = IR_##op,
#include "opt/fold.def"
#undef FOLD
};

typedef struct Seed {
    uint8_t op;
    IrType type;
    uint64_t seed;
} Seed;

static Fn *make_sample(Arena *a, const void *from) {
    const Seed *s = from;
    return sample_fn(a, s->op, s->type, s->seed);
}

static Kind *kind_of(Tally *t, uint8_t operand, uint8_t result) {
    for (uint32_t k = 0; k < t->nkind; k++)
        if (t->kind[k].operand == operand && t->kind[k].result == result) return &t->kind[k];
    if (t->nkind == MAX_KINDS) return NULL;
    t->kind[t->nkind] = (Kind){.operand = operand, .result = result};
    return &t->kind[t->nkind++];
}

static void prove_fold(Tally *t, OptRule rule, const Args *args) {
    Arena a;
    arena_init(&a, NULL);
    for (uint32_t try = 0; try < MAX_TRIES && t->ms < args->budget_ms; try++) {
        Seed s = {fold_op[rule], (IrType)(T_I32 + try % 4), try / 4};
        Log log = {0};
        arena_reset(&a);
        run_pass(make_sample(&a, &s), "fold", REWRITES_ALL, &log);
        for (uint32_t n = 0; n < log.n; n++) {
            if (log.rule[n] != rule) continue;
            Kind *kind = kind_of(t, log.operand[n], log.result[n]);
            if (!kind || kind->proved + kind->unknown >= args->instances) continue;
            prove_rewrite(t, kind, "fold", make_sample, &s, n + 1, args);
        }
    }
    arena_free(&a);
}

/* -- The other passes ------------------------------------------------------------------------ */

typedef struct File {
    char *text;
    char passes[64]; /* of its command, by commas */
    uint32_t npass;  /* run that many of them first */
} File;

/* The k-th pass in the list. */
static bool pass_name(const File *file, uint32_t k, char name[16]) {
    const char *at = file->passes;
    while (k-- > 0) {
        at = strchr(at, ',');
        if (!at++) return false;
    }
    snprintf(name, 16, "%.*s", (int)strcspn(at, ","), at);
    return opt_find(name) != NULL;
}

static Fn *make_parsed(Arena *a, const void *from) {
    char msg[200];
    uint32_t line;
    const File *file = from;
    Fn *f = ir_parse(a, file->text, &line, msg, sizeof msg);
    if (f) cfg_build(f);
    for (uint32_t k = 0; f && k < file->npass; k++) {
        char name[16];
        if (pass_name(file, k, name)) run_pass(f, name, REWRITES_ALL, NULL);
    }
    return f;
}

static void prove_function(Tally *tally, File *file, const Args *args) {
    char pass[16];
    for (file->npass = 0; pass_name(file, file->npass, pass); file->npass++) {
        Arena a;
        Log log = {0};
        arena_init(&a, NULL);
        Fn *f = make_parsed(&a, file);
        if (f) run_pass(f, pass, REWRITES_ALL, &log);
        for (uint32_t n = 0; f && n < log.n; n++)
            if (log.rule[n] >= FOLD_COUNT && wanted(args, log.rule[n]) && tally[log.rule[n]].ms < args->budget_ms)
                prove_rewrite(&tally[log.rule[n]], NULL, pass, make_parsed, file, n + 1, args);
        arena_free(&a);
    }
}

static bool prove_file(Tally *tally, const char *path, const Args *args) {
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    File file = {0};
    Arena a;
    Text text;
    if (!in) return false;
    arena_init(&a, NULL);
    text_init(&text, &a);
    while (getline(&line, &cap, in) > 0) {
        char passes[64];
        if (sscanf(line, ";; run: opt %63s", passes) == 1) memcpy(file.passes, passes, sizeof passes);
        if (line[0] == ';') continue;
        text_puts(&text, line);
        if (strcmp(line, "}\n") != 0) continue;
        file.text = text.at;
        prove_function(tally, &file, args);
        text_init(&text, &a);
    }
    arena_free(&a);
    fclose(in);
    free(line);
    return true;
}

static bool prove_folder(Tally *tally, const Args *args) {
    struct dirent **entry;
    int n = scandir(args->folder, &entry, NULL, alphasort);
    if (n < 0) return false;
    for (int k = 0; k < n; k++) {
        char path[1024];
        size_t length = strlen(entry[k]->d_name);
        snprintf(path, sizeof path, "%s/%s", args->folder, entry[k]->d_name);
        if (length > 3 && strcmp(entry[k]->d_name + length - 3, ".ir") == 0) prove_file(tally, path, args);
        free(entry[k]);
    }
    free(entry);
    return true;
}

/* -- Report ----------------------------------------------------------------------------------- */

enum { PROVED, LIMITED, FAILED, VERDICTS };

static int verdict(const Tally *t, bool fold) {
    if (t->refuted) return FAILED;
    if (t->proved && !t->unknown && !t->unsupported) return PROVED;
    return fold && !t->proved && !t->unknown ? FAILED : LIMITED; /* nothing fires a folding rule: a hole in the job */
}

static void report(OptRule rule, const Tally *t, int v, const Args *args) {
    static const char *const word[VERDICTS] = {"proved", "limited", "FAILED"};
    if (v == PROVED && !args->verbose) return;
    printf("%-8s %-6s %-22s", word[v], opt_rule_pass(rule), opt_rule_name(rule));
    for (uint32_t k = 0; k < t->nkind; k++) {
        const Kind *d = &t->kind[k];
        printf(" %s", ir_type_name[d->operand]);
        if (d->result != d->operand) printf("->%s", ir_type_name[d->result]);
        printf(" %" PRIu32 "/%" PRIu32, d->proved, d->proved + d->unknown);
    }
    if (!t->nkind) printf(" %" PRIu32 " of %" PRIu32, t->proved, t->proved + t->unknown + t->unsupported + t->refuted);
    if (t->why[0]) printf("; %s", t->why);
    if (args->verbose) printf("; %.1f s", t->ms / 1e3);
    putchar('\n');
    fflush(stdout);
}

static uint32_t number_of(const char *arg, struct argp_state *st) {
    char *end;
    unsigned long v = strtoul(arg, &end, 10);
    if (arg[0] < '0' || arg[0] > '9' || *end || !v || v > 1000000)
        argp_error(st, "a number from 1 to 1000000, not \"%s\"", arg);
    return (uint32_t)v;
}

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'n': a->instances = number_of(arg, st); break;
    case 't': a->timeout_ms = 1000 * number_of(arg, st); break;
    case 'b': a->budget_ms = 1000 * number_of(arg, st); break;
    case 'r': a->only = arg; break;
    case 'v': a->verbose = true; break;
    case ARGP_KEY_ARG:
        if (st->arg_num) argp_usage(st);
        a->folder = arg;
        break;
    case ARGP_KEY_END:
        if (!a->folder) argp_usage(st);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int main(int argc, char **argv) {
    static const struct argp_option options[] = {
        {"instances", 'n', "N", 0, "of each rule, operand and result type (default 8)", 0},
        {"timeout", 't', "S", 0, "seconds for one proof (default 10)", 0},
        {"budget", 'b', "S", 0, "seconds for a rule (default 60)", 0},
        {"rule", 'r', "NAME", 0, "this rule alone", 0},
        {"verbose", 'v', NULL, 0, "a line for each rule", 0},
        {0}};
    static const struct argp argp = {
        options,
        parse,
        "FOLDER",
        "Prove the rules of the optimizer, those of other passes than folding on the golden tests in FOLDER.\v"
        "A line for each rule that is not proved: its pass and name, proofs found of those tried by operand and result "
        "type, and why.  limited: a proof was not found in time, or needs what is not modelled (loops, calls, "
        "vectors). "
        "FAILED: the solver has an input for which the rewrite is wrong, or nothing fires the rule.\n"
        "Exit status: 0 no rule failed, 1 one did, 2 bad usage.",
        NULL,
        NULL,
        NULL};
    static Tally tally[OPT_RULE_COUNT];
    Args args = {.instances = 8, .timeout_ms = 10000, .budget_ms = 60000};
    uint32_t count[VERDICTS] = {0};
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &args);
    if (!prove_folder(tally, &args)) {
        fprintf(stderr, "prove: cannot read %s\n", args.folder);
        return 2;
    }
    for (uint32_t r = 0; r < OPT_RULE_COUNT; r++) {
        if (!wanted(&args, (OptRule)r)) continue;
        if (r < FOLD_COUNT) prove_fold(&tally[r], (OptRule)r, &args);
        int v = verdict(&tally[r], r < FOLD_COUNT);
        count[v]++;
        report((OptRule)r, &tally[r], v, &args);
    }
    printf("%" PRIu32 " proved, %" PRIu32 " limited, %" PRIu32 " failed\n", count[PROVED], count[LIMITED],
           count[FAILED]);
    return count[FAILED] != 0;
}
