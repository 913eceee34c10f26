#define _GNU_SOURCE
#include <argp.h>
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "fuzz/campaign/panel.h"
#include "fuzz/cli/cli.h"
#include "fuzz/cli/jobs.h"
#include "fuzz/mutate/metamorph.h"

enum { MODULE_TIMEOUT_S = 120 };

typedef struct Args {
    const char *legs, *features;
    uint32_t jobs;
    bool json, quiet;
    VEC(char *) path;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    char *end;
    unsigned long n;
    switch (key) {
    case 'l': a->legs = arg; break;
    case 'f': a->features = arg; break;
    case 'j':
        n = strtoul(arg, &end, 10);
        if (*end || n == 0 || n > 64) argp_error(st, "--jobs takes a number from 1 to 64");
        a->jobs = (uint32_t)n;
        break;
    case 'J': a->json = true; break;
    case 'q': a->quiet = true; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"legs", 'l', "L,L,...", 0,
     "these legs instead of the recorded ones (files that are no findings: " PANEL_REPLAY_LEGS ")", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name instead of the recorded set", 0},
    {"jobs", 'j', "N", 0, "processes, for files that are no findings (default 1)", 0},
    {"json", 'J', NULL, 0, "one JSON object a line", 0},
    {"quiet", 'q', NULL, 0, "say nothing of what agrees", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "PATH...",
    "Run findings and inputs again and tell whether the legs still differ.\v"
    "A PATH is the folder of a finding, a module, a file of input bytes as fuzz targets take them, or a folder, which "
    "stands for all "
    "findings below it and all files named *.wasm or without an extension.\n"
    "A finding runs on the legs that are recorded in its `settings`, and so does its reduced module.\n"
    "JSON fields: path; bucket, as recorded (findings); now: gone, same, other (findings), agree, disagree, rejected, "
    "flaky, "
    "incomplete, unreadable; now_bucket, of what differs now; text.\n"
    "Exit status: 0 nothing differs, 1 something does, 2 a file cannot be read or run, 3 a leg does not work here.",
    NULL,
    NULL,
    NULL};

typedef struct Replay {
    const Args *a;
    VEC(char *) finding; /* folders */
    Paths file;
    char *const *path;        /* of the files being run */
    const char *dir, *bucket; /* of the finding being run */
    uint32_t gone, same, other, agree, disagree, rejected, flaky, incomplete, unreadable;
} Replay;

/* -- What to run ----------------------------------------------------------------------------- */

static bool is_input(const char *name) {
    const char *dot = strrchr(name, '.');
    return !dot || strcmp(dot, ".wasm") == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool collect(Replay *r, const char *path);

static bool collect_folder(Replay *r, const char *path) {
    Arena *a = r->a->arena;
    Paths below = {0};
    DIR *d = opendir(path);
    if (!d) return cli_fail(0, "%s: %s", path, strerror(errno)) != 0;
    for (struct dirent *e; (e = readdir(d));) {
        char name[FINDING_PATH];
        struct stat st;
        if (e->d_name[0] == '.') continue;
        int n = snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (n < 0 || (size_t)n >= sizeof name || stat(name, &st) != 0) continue;
        if (S_ISDIR(st.st_mode) || is_input(e->d_name)) vec_push(a, &below.path, arena_dup(a, name, (size_t)n));
    }
    closedir(d);
    if (below.path.n) qsort(below.path.at, below.path.n, sizeof *below.path.at, by_name);
    for (uint32_t i = 0; i < below.path.n; i++)
        if (!collect(r, below.path.at[i])) return false;
    return true;
}

static bool collect(Replay *r, const char *path) {
    struct stat st;
    Arena *a = r->a->arena;
    if (stat(path, &st) != 0) return cli_fail(0, "%s: %s", path, strerror(errno)) != 0;
    char *copy = arena_dup(a, path, strlen(path));
    if (!S_ISDIR(st.st_mode))
        vec_push(a, &r->file.path, copy);
    else if (finding_is(path))
        vec_push(a, &r->finding, copy);
    else
        return collect_folder(r, path);
    return true;
}

/* -- What came of it ------------------------------------------------------------------------------ */

static const char *judge_finding(Replay *r, const JobResult *j) {
    /* only what was found of a module that is none can be seen in one; another finding is damaged then, and not gone */
    if (j->rejected && !strstr(r->bucket, "-module")) return r->unreadable++, "unreadable";
    if (!verdict_differs(j->kind)) return r->gone++, "gone";
    if (strncmp(j->bucket, r->bucket, strlen(j->bucket)) == 0)
        return r->same++, "same"; /* the recorded one may name an opcode behind it */
    return r->other++, "other";
}

static const char *judge(Replay *r, const JobResult *j) {
    if (j->unreadable) return r->unreadable++, "unreadable";
    if (j->kind == VERDICT_FLAKY) return r->flaky++, "flaky";
    if (j->kind == VERDICT_INCOMPLETE) return r->incomplete++, "incomplete";
    if (r->bucket) return judge_finding(r, j);
    if (j->rejected) return r->rejected++, "rejected";
    if (verdict_differs(j->kind)) return r->disagree++, verdict_name((VerdictKind)j->kind);
    return r->agree++, "agree";
}

static void print_json(const char *path, const char *bucket, const char *now, const JobResult *j) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "path", path);
    if (bucket) cJSON_AddStringToObject(o, "bucket", bucket);
    cJSON_AddStringToObject(o, "now", now);
    if (j->bucket[0]) cJSON_AddStringToObject(o, "now_bucket", j->bucket);
    if (j->text[0]) cJSON_AddStringToObject(o, "text", j->text);
    char *s = cJSON_PrintUnformatted(o);
    puts(s ? s : "{}");
    free(s);
    cJSON_Delete(o);
}

static bool done(void *user, uint32_t i, const JobResult *j) {
    Replay *r = user;
    const char *path = r->dir && i == 0 ? r->dir : r->path[i], *now = judge(r, j);
    bool dull = now[0] != 'u' && (j->rejected || j->kind == VERDICT_AGREE);
    if (r->a->json)
        print_json(path, r->bucket, now, j);
    else if (!(r->a->quiet && dull))
        printf("%s %s%s%s%s%s%s\n", now, path, j->bucket[0] ? " (" : "", j->bucket, j->bucket[0] ? ")" : "",
               j->text[0] ? ": " : "", j->text);
    return true;
}

/* -- Running ---------------------------------------------------------------------------------------- */

static bool run(Replay *r, const char *legs, const char *features, char *const *path, uint32_t n) {
    LegSpec leg[MAX_LEGS];
    char why[300];
    JobStats stats;
    JobOptions o = {.leg = leg,
                    .features = FEATURES_WASM3,
                    .jobs = r->a->jobs,
                    .timeout_ns = UINT64_C(1000000000) * MODULE_TIMEOUT_S,
                    .any_input = true};
    if (r->a->legs) legs = r->a->legs;
    if (r->a->features) features = r->a->features;
    if (*features && !cli_parse_features(features, &o.features)) return r->unreadable++, true;
    if (!leg_specs_parse(leg, MAX_LEGS, &o.nlegs, legs, why, sizeof why)) {
        cli_fail(0, "%s", why);
        r->unreadable++;
        return true;
    }
    r->path = path;
    return jobs_run(&o, path, n, done, r, &stats);
}

/* A metamorphic finding: case.wasm and mutant.wasm on the one leg. */
static bool run_pair(Replay *r, const char *dir, const FindingInfo *info, const char *mutant) {
    static Differ d; /* large */
    static Metamorph x;
    static Case c;
    char path[FINDING_PATH + 16], why[300];
    LegSpec leg;
    File original, changed;
    JobResult j = {0};
    snprintf(path, sizeof path, "%s/case.wasm", dir);
    d = (Differ){0};
    if (!leg_spec_parse(&leg, info->legs, strlen(info->legs), why, sizeof why) ||
        !differ_open(&d, &leg, 1, FEATURES_WASM3, why, sizeof why))
        return cli_fail(0, "%s", why) != 0;
    bool ok = cli_read(r->a->arena, path, &original) && cli_read(r->a->arena, mutant, &changed);
    if (ok) differ_run(&d, original.bytes, original.size, &c);
    ok = ok && metamorph_pair(&x, &d, 0, &c, changed.bytes, changed.size);
    j.unreadable = !ok;
    j.kind = VERDICT_AGREE;
    if (ok && x.diff.differs) {
        Text t;
        text_init(&t, r->a->arena);
        difference_print(&t, &x.diff);
        j.kind = VERDICT_DISAGREE;
        snprintf(j.bucket, sizeof j.bucket, "%s", info->bucket);
        snprintf(j.text, sizeof j.text, "%.*s", (int)sizeof j.text - 1, t.at);
    }
    differ_close(&d);
    return done(r, 0, &j);
}

static bool run_finding(Replay *r, const char *dir) {
    FindingInfo info;
    char why[300], path[FINDING_PATH + 16], reduced[FINDING_PATH + 16], *const arg[] = {path, reduced};
    struct stat st;
    if (!finding_read(r->a->arena, dir, &info, why, sizeof why)) {
        cli_fail(0, "%s", why);
        r->unreadable++;
        return true;
    }
    /* what took the harness down may never have become a module */
    snprintf(path, sizeof path, "%s/case.wasm", dir);
    if (stat(path, &st) != 0 || st.st_size == 0) snprintf(path, sizeof path, "%s/input", dir);
    snprintf(reduced, sizeof reduced, "%s/reduced.wasm", dir);
    r->dir = dir;
    r->bucket = *info.verdict ? info.verdict : info.bucket;
    char mutant[FINDING_PATH + 16];
    snprintf(mutant, sizeof mutant, "%s/mutant.wasm", dir);
    bool is_pair = stat(mutant, &st) == 0, is_reduced = stat(reduced, &st) == 0;
    bool ok = is_pair ? run_pair(r, dir, &info, mutant) : run(r, info.legs, info.features, arg, is_reduced ? 2 : 1);
    r->dir = r->bucket = NULL;
    if (ok && is_pair && is_reduced) { /* one module on two legs, and no bucket of pairs any more */
        char legs[sizeof "interp," + sizeof(LegSpec)];
        snprintf(legs, sizeof legs, "interp,%s", info.legs);
        ok = run(r, legs, info.features, &arg[1], 1);
    }
    return ok;
}

static int summary(const Replay *r, bool whole) {
    FILE *out = r->a->json ? stderr : stdout;
    const struct {
        uint32_t n;
        const char *what;
    } count[] = {{r->gone, "gone"},   {r->same, "still differ"},     {r->other, "differ in another way"},
                 {r->agree, "agree"}, {r->disagree, "disagree"},     {r->rejected, "rejected"},
                 {r->flaky, "flaky"}, {r->incomplete, "incomplete"}, {r->unreadable, "unreadable"}};
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof count / sizeof *count; i++) all += count[i].n;
    fprintf(out, "%u replayed", all);
    for (size_t i = 0, n = 0; i < sizeof count / sizeof *count; i++)
        if (count[i].n) fprintf(out, "%s %u %s", n++ ? "," : ":", count[i].n, count[i].what);
    fputs(whole ? "\n" : "; stopped early\n", out);
    if (r->same || r->other || r->disagree) return EXIT_DISAGREEMENT;
    if (r->unreadable) return EXIT_BAD_INPUT;
    return whole && !r->incomplete ? EXIT_AGREED : EXIT_LACKS;
}

int cli_replay(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.jobs = 1, .arena = &arena};
    Replay r = {.a = &a};
    int status = EXIT_BAD_INPUT;
    cli_args(&argp, argc, argv, &a);
    for (uint32_t i = 0; i < a.path.n; i++)
        if (!collect(&r, a.path.at[i])) goto out;
    if (!r.finding.n && !r.file.path.n) {
        cli_fail(0, "%s: no findings and no inputs", a.path.at[0]);
        goto out;
    }
    bool whole = true;
    for (uint32_t i = 0; whole && i < r.finding.n; i++) whole = run_finding(&r, r.finding.at[i]);
    if (whole && r.file.path.n) whole = run(&r, PANEL_REPLAY_LEGS, "", r.file.path.at, r.file.path.n);
    status = summary(&r, whole);
out:
    arena_free(&arena);
    return status;
}
