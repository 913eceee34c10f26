#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "a64/target.h"
#include "base/os.h"
#include "fuzz/campaign/campaign.h"
#include "fuzz/cli/cli.h"
#include "fuzz/reduce/folder.h"
#include "x64/target.h"

enum {
    CASE_TIMEOUT_S = 10, /* of processor time: a case takes some milliseconds */
    METAMORPH = 16,
    PLAIN_PROGRESS_S = 10,
    FINDINGS_A_BUCKET = 20,
    LINE_BUCKETS = 4,
    REDUCE_SECONDS = 30
};

typedef struct Args {
    CampaignOptions o;
    const char *features;
} Args;

static uint64_t number(const char *arg, const char *option, uint64_t least, uint64_t most, struct argp_state *st) {
    char *end;
    errno = 0;
    uint64_t v = strtoull(arg, &end, 0);
    if (errno || *end || end == arg || *arg == '-' || v < least || v > most)
        argp_error(st, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", option, least, most, arg);
    return v;
}

/* "x64:NAME" */
static void plant(PanelFaults *f, const char *arg, struct argp_state *st) {
    const char *colon = strchr(arg, ':');
    for (uint32_t k = 0; colon && k < LEG_KINDS; k++) {
        const char *leg = leg_kind_name((LegKind)k);
        if (strlen(leg) != (size_t)(colon - arg) || strncmp(arg, leg, strlen(leg)) != 0) continue;
        if (f->plant[k]) argp_error(st, "--plant takes one fault for each ISA");
        f->plant[k] = plant_find((LegKind)k, colon + 1, strlen(colon + 1));
        if (f->plant[k]) return;
    }
    argp_error(st, "--plant takes ISA:NAME of a fault that `parallax legs` lists, not \"%s\"", arg);
}

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    char *end;
    switch (key) {
    case 't':
        a->o.seconds = strtod(arg, &end);
        if (end == arg || *end || !(a->o.seconds > 0 && a->o.seconds < 1e9))
            argp_error(st, "--time takes a positive number of seconds");
        break;
    case 'c': a->o.cases = number(arg, "--cases", 1, UINT64_MAX / 2, st); break;
    case 'R': a->o.reduce_seconds = (uint32_t)number(arg, "--reduce", 0, UINT32_MAX, st); break;
    case 'n': a->o.finds = number(arg, "--finds", 1, UINT64_MAX, st); break;
    case 's': a->o.first = number(arg, "--seed", 0, UINT64_MAX / 2, st); break;
    case 'j': a->o.jobs = (uint32_t)number(arg, "--jobs", 1, CAMPAIGN_MAX_JOBS, st); break;
    case 'd': a->o.findings = arg; break;
    case 'r': a->o.state = arg; break;
    case 'm': a->o.most = (uint32_t)number(arg, "--most", 0, UINT32_MAX, st); break;
    case 'M': a->o.metamorph = (uint32_t)number(arg, "--metamorph", 0, UINT32_MAX, st); break;
    case 'f': a->features = arg; break;
    case 'p': plant(&a->o.faults, arg, st); break;
    case ARGP_KEY_ARG: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"time", 't', "S", 0, "stop after S seconds (default: run until Ctrl-C)", 0},
    {"cases", 'c', "N", 0, "stop after N cases", 0},
    {"finds", 'n', "N", 0,
     "stop when N findings have been written (in all buckets; what a reduction finds in another one comes on top)", 0},
    {"jobs", 'j', "N", 0, "processes (default: one a processor)", 0},
    {"seed", 's', "N", 0, "first seed of the generator's stream (default 0)", 0},
    {"state", 'r', "FILE", 0, "go on where FILE says, and keep it up to date", 0},
    {"findings", 'd', "DIR", 0, "where findings are written (default findings)", 0},
    {"most", 'm', "N", 0, "write at most N findings of a bucket, count the others (default 20; 0: all)", 0},
    {"metamorph", 'M', "N", 0, "run a sound mutant of one case in N on one of its legs (default 16; 0: none)", 0},
    {"reduce", 'R', "S", 0, "reduce a finding of each bucket, for S seconds at most (default 30; 0: none)", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"plant", 'p', "ISA:NAME", 0,
     "for experiments: plant this fault in all legs of the ISA (`parallax legs` lists faults)", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "",
    "Generate cases, run each on all legs, and write what differs to a folder of findings.\v"
    "Each seed of the generator is one case; its legs are the interpreter and compiled code of both ISAs, with levels "
    "and knobs that "
    "the seed decides.  A case is useful when some call executes 50 instructions and returns.\n"
    "Exit status: 0 nothing was found in this session, 1 something was, 2 wrong usage, 3 the legs do not work here.",
    NULL,
    NULL,
    NULL};

/* -- Progress ------------------------------------------------------------------------------ */

typedef struct Progress {
    bool terminal, said_lacks;
    uint64_t cases, at; /* at the last line */
    double rate;
    uint64_t began;
} Progress;

static double share(uint64_t n, uint64_t of) { return of ? 100.0 * (double)n / (double)of : 0; }

static void print_time(FILE *f, uint64_t ms) {
    uint64_t s = ms / 1000;
    fprintf(f, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static void print_discards(FILE *f, const Tally *t) {
    const struct {
        uint64_t n;
        const char *what;
    } why[] = {{t->small, "small"},           {t->trapped, "all trap"}, {t->not_instantiated, "not instantiated"},
               {t->incomplete, "incomplete"}, {t->flaky, "flaky"},      {t->invalid, "invalid"}};
    bool any = false;
    for (size_t i = 0; i < sizeof why / sizeof *why; i++)
        if (why[i].n) fprintf(f, "%s%s %.2f %%", any ? ", " : "", why[i].what, share(why[i].n, t->cases)), any = true;
    if (!any) fputs("none", f);
}

static void print_buckets(FILE *f, const Tally *t, uint32_t most) {
    if (!t->nbucket) fputs("no findings", f);
    for (uint32_t i = 0; i < t->nbucket && i < most; i++)
        fprintf(f, "%s%s x%" PRIu64, i ? ", " : "", t->bucket[i].name, t->bucket[i].cases);
    if (t->nbucket > most) fprintf(f, ", %u more", t->nbucket - most);
}

static void say_lacks(Progress *p, const CampaignReport *r) {
    if (!r->lacks[0] || p->said_lacks) return;
    p->said_lacks = true;
    fprintf(stderr, "%sgoing on without the other ISA: %s\n", p->terminal ? "\r\033[K" : "", r->lacks);
}

/* One line on a terminal, rewritten; else a line now and then. */
static void progress(void *user, const CampaignReport *r) {
    Progress *p = user;
    uint64_t now = os_now_ns();
    say_lacks(p, r);
    if (!p->terminal && now - p->at < UINT64_C(1000000000) * PLAIN_PROGRESS_S) return;
    const Tally *t = &r->session;
    if (now > p->at) {
        double rate = (double)(t->cases - p->cases) * 1e9 / (double)(now - p->at);
        p->rate = p->rate > 0 && p->terminal ? 0.7 * p->rate + 0.3 * rate : rate;
    }
    p->cases = t->cases;
    p->at = now;
    if (p->terminal) fputs("\r\033[K", stderr);
    print_time(stderr, t->milliseconds);
    fprintf(stderr,
            "  %" PRIu64 " cases, %.0f/s, rules x64 %u/%u a64 %u/%u, %.1f %% useful; discarded: ", r->total.cases,
            p->rate, r->x64_rules, (unsigned)X64_RULE_COUNT, r->a64_rules, (unsigned)A64_RULE_COUNT,
            share(t->useful, t->cases));
    print_discards(stderr, t);
    fputs("; ", stderr);
    print_buckets(stderr, &r->total, LINE_BUCKETS);
    if (r->reducing[0]) fprintf(stderr, "; reducing %s", r->reducing);
    if (p->terminal)
        fflush(stderr);
    else
        fputc('\n', stderr);
}

/* -- Summary -------------------------------------------------------------------------------------- */

static void summary_of(const char *title, const Tally *t) {
    double seconds = (double)t->milliseconds / 1e3;
    printf("%s %" PRIu64 " cases in ", title, t->cases);
    print_time(stdout, t->milliseconds);
    printf(" (%.0f a second), %.2f %% useful; discarded: ", seconds > 0 ? (double)t->cases / seconds : 0,
           share(t->useful, t->cases));
    print_discards(stdout, t);
    printf("\n        %.2f calls a case, %.2f %% trap at once; %.0f instructions and %.0f bytes a case",
           t->cases ? (double)t->steps / (double)t->cases : 0, share(t->immediate, t->steps),
           t->cases ? (double)t->executed / (double)t->cases : 0, t->cases ? (double)t->bytes / (double)t->cases : 0);
    if (t->mutants) printf("; %" PRIu64 " sound mutants", t->mutants);
    if (t->native)
        printf("\n        nan=native: %" PRIu64 " cases, %" PRIu64
               " NaNs compared by class, %.1f %% of calls not compared",
               t->native, t->nans, share(t->nan_open, t->native_steps));
    if (t->lost) printf("; %" PRIu64 " processes were lost and replaced", t->lost);
    putchar('\n');
}

static void print_bucket(void *user, const char *name, uint32_t n) {
    const Args *a = user;
    char bucket[FINDING_PATH], path[FINDING_PATH];
    bool reduced = false;
    snprintf(bucket, sizeof bucket, "%s/%s", a->o.findings, name);
    finding_pick(bucket, path, &reduced);
    printf("  %s: %u%s%s%s\n", bucket, n, reduced ? "; reduced: " : "", reduced ? path : "",
           reduced ? "/reduced.wat" : "");
}

static int summary(Args *a, const CampaignReport *r, CampaignEnd end) {
    const Tally *t = &r->session;
    Arena arena;
    summary_of("now:   ", t);
    printf("        rules of lowering used: x64 %u of %u, a64 %u of %u\n", r->x64_rules, (unsigned)X64_RULE_COUNT,
           r->a64_rules, (unsigned)A64_RULE_COUNT);
    if (r->resumed) summary_of("in all:", &r->total);
    if (t->incomplete) printf("incomplete: %s\n", t->why);
    if (r->total.nbucket) {
        fputs("disagreements: ", stdout);
        print_buckets(stdout, &r->total, TALLY_BUCKETS);
        printf("\nfindings written now: %" PRIu64 "; there are:\n", t->saved);
        arena_init(&arena, NULL);
        findings_count(&arena, a->o.findings, print_bucket, a);
        arena_free(&arena);
    } else {
        puts("no disagreement");
    }
    printf("next seed: %" PRIu64 "%s\n", r->next, end == CAMPAIGN_INTERRUPTED ? " (interrupted)" : "");
    if (end == CAMPAIGN_FAILED) return EXIT_LACKS;
    return t->nbucket ? EXIT_DISAGREEMENT : EXIT_AGREED;
}

/* Better now than at the first finding, hours later.  A folder that was not there is not left behind empty. */
static bool can_write(const char *dir) {
    bool made = mkdir(dir, 0755) == 0;
    bool ok = made || (errno == EEXIST && access(dir, W_OK | X_OK) == 0);
    if (!ok) cli_fail(0, "%s: %s", dir, strerror(errno));
    if (made) rmdir(dir);
    return ok;
}

int cli_fuzz(int argc, char **argv) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    Args a = {.o = {.jobs = n > 0 ? (uint32_t)n : 1,
                    .features = FEATURES_WASM3,
                    .findings = "findings",
                    .most = FINDINGS_A_BUCKET,
                    .metamorph = METAMORPH,
                    .reduce_seconds = REDUCE_SECONDS,
                    .timeout_ns = UINT64_C(1000000000) * CASE_TIMEOUT_S}};
    cli_args(&argp, argc, argv, &a);
    if (a.features && !cli_parse_features(a.features, &a.o.features)) return EXIT_BAD_INPUT;
    if (!can_write(a.o.findings)) return EXIT_BAD_INPUT;
    Progress p = {.terminal = isatty(STDERR_FILENO), .at = os_now_ns()};
    CampaignReport *r = calloc(1, sizeof *r);
    if (!r) return cli_fail(EXIT_LACKS, "no memory");
    CampaignEnd end = campaign_run(&a.o, progress, &p, r);
    if (p.terminal) fputs("\r\033[K", stderr);
    say_lacks(&p, r);
    int status = summary(&a, r, end);
    free(r);
    return status;
}
