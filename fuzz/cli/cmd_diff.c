#define _GNU_SOURCE
#include <argp.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/map.h"
#include "base/os.h"
#include "fuzz/cli/cli.h"
#include "fuzz/cli/jobs.h"

#define DEFAULT_LEGS "interp,x64,a64"
enum { MODULE_TIMEOUT_S = 120, PROGRESS_S = 5 };

typedef struct Args {
    const char *legs, *features, *resume;
    uint32_t jobs;
    bool json, quiet;
    VEC(char *) path;
    Arena *arena;
} Args;

static error_t parse(int key, char *arg, struct argp_state *st) {
    Args *a = st->input;
    switch (key) {
    case 'l': a->legs = arg; break;
    case 'f': a->features = arg; break;
    case 'j':
        if (!cli_parse_count(arg, &a->jobs)) argp_error(st, "--jobs takes a positive number");
        break;
    case 'J': a->json = true; break;
    case 'q': a->quiet = true; break;
    case 'r': a->resume = arg; break;
    case ARGP_KEY_ARG: vec_push(a->arena, &a->path, arg); break;
    case ARGP_KEY_NO_ARGS: argp_usage(st); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option options[] = {
    {"legs", 'l', "L,L,...", 0,
     "legs to compare (default " DEFAULT_LEGS "); options go with their leg: x64:O1,bounds=explicit", 0},
    {"features", 'f', "SET", 0, "wasm2, wasm3, or +name,-name (default wasm3)", 0},
    {"jobs", 'j', "N", 0, "processes (default 1)", 0},
    {"json", 'J', NULL, 0, "one JSON object a line", 0},
    {"quiet", 'q', NULL, 0, "no lines for modules that agree or are rejected", 0},
    {"resume", 'r', "FILE", 0,
     "note finished modules in FILE, and go on where an interrupted run of the same legs has noted so", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    "FILE|DIR...",
    "Run modules on several legs and compare what they did.\v"
    "A directory stands for all .wasm files below it.  One line a module: VERDICT FILE[: what differs], where the "
    "verdict is\n"
    "agree, rejected (malformed or invalid: no leg ran), disagree, qemu-suspect (went away under\n"
    "a second emulator), flaky (went away on a second try), incomplete (a leg could not run it), unreadable.  JSON "
    "fields: file, verdict, deviates (legs), field, text, steps, and of legs with nan=native nans_by_class and "
    "steps_nan_open.\n"
    "Exit status: 0 all agree (or are rejected or flaky), 1 some disagree, 2 some unreadable, 3 a leg does not work "
    "here or\n"
    "could not run some module, 130 interrupted.",
    NULL,
    NULL,
    NULL};

typedef struct Run {
    const Args *a;
    const LegSpec *leg;
    uint32_t nlegs;
    char *const *path;
    uint32_t n, done, resumed; /* modules of this run; those that an earlier one has done count below */
    uint32_t agree, rejected, disagree, suspect, flaky, incomplete, unreadable;
    uint64_t steps, began, told;
    uint64_t nans, nan_open; /* of legs with nan=native */
    FILE *resume;
} Run;

/* Counters by the text of the verdict: what a resumed run reads back. */
static void count(Run *run, const char *verdict) {
    uint32_t *const counter[] = {&run->agree, &run->rejected,   &run->disagree,  &run->suspect,
                                 &run->flaky, &run->incomplete, &run->unreadable};
    static const char *const text[] = {"agree", "rejected",   "disagree",  "qemu-suspect",
                                       "flaky", "incomplete", "unreadable"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (strcmp(verdict, text[i]) == 0) ++*counter[i];
}

static const char *verdict_text(const JobResult *r) {
    if (r->unreadable) return "unreadable";
    if (r->rejected) return "rejected";
    return verdict_name((VerdictKind)r->kind);
}

static void print_json(const Run *run, uint32_t i, const JobResult *r) {
    cJSON *o = cJSON_CreateObject(), *legs = cJSON_AddArrayToObject(o, "deviates");
    ArenaMark mark = arena_mark(run->a->arena);
    cJSON_AddStringToObject(o, "file", cli_utf8(run->a->arena, run->path[i]));
    cJSON_AddStringToObject(o, "verdict", verdict_text(r));
    for (uint32_t k = 0; k < run->nlegs; k++)
        if (r->deviates >> k & 1) cJSON_AddItemToArray(legs, cJSON_CreateString(run->leg[k].text));
    if (r->deviates) cJSON_AddStringToObject(o, "field", field_name((FieldKind)r->field));
    if (r->text[0]) cJSON_AddStringToObject(o, "text", r->text);
    cJSON_AddNumberToObject(o, "steps", r->steps);
    cJSON_AddNumberToObject(o, "nans_by_class", r->nans);
    cJSON_AddNumberToObject(o, "steps_nan_open", r->nan_open);
    char *s = cJSON_PrintUnformatted(o);
    puts(s ? s : "{}");
    free(s);
    cJSON_Delete(o);
    arena_rewind(run->a->arena, mark);
}

static bool done(void *user, uint32_t i, const JobResult *r) {
    Run *run = user;
    count(run, verdict_text(r));
    run->steps += r->steps;
    run->nans += r->nans;
    run->nan_open += r->nan_open;
    run->done++;
    bool dull = r->rejected || (!r->unreadable && r->kind == VERDICT_AGREE);
    if (run->a->json)
        print_json(run, i, r);
    else if (!(run->a->quiet && dull))
        printf("%s %s%s%s\n", verdict_text(r), run->path[i], r->text[0] ? ": " : "", r->text);
    if (run->resume) {
        fprintf(run->resume, "%s\t%s\n", verdict_text(r), run->path[i]);
        fflush(run->resume);
    }
    uint64_t now = os_now_ns();
    if (now - run->told > UINT64_C(1000000000) * PROGRESS_S) {
        run->told = now;
        fflush(stdout);
        fprintf(stderr, "%u of %u modules, %u disagree, %.0f a second\n", run->done, run->n, run->disagree,
                run->done * 1e9 / (double)(now - run->began));
    }
    return !ferror(stdout); /* nobody reads any more */
}

/* -- Resuming ------------------------------------------------------------------------ */

/* The file: a line with what is compared, a line VERDICT, tab, PATH for each module done, and END behind a whole run.
 * One that has other legs or has come to its end is begun anew. */
#define RESUME_HEAD "parallax diff "
#define RESUME_END "end"

static void resume_head(const Run *run, char *out, size_t size) {
    snprintf(out, size, RESUME_HEAD "%s %s", run->a->legs, run->a->features ? run->a->features : "");
}

/* Take over what an earlier run has done: verdicts are counted, so that the exit status stays true, and paths put into
 * `seen`. */
static bool take_over(Run *run, char *text, Map *seen) {
    char head[1000], *save;
    resume_head(run, head, sizeof head);
    size_t n = strlen(text);
    bool ended = n >= sizeof RESUME_END && strcmp(text + n - sizeof RESUME_END, "\n" RESUME_END) == 0;
    char *line = strtok_r(text, "\n", &save);
    if (ended || !line) return false;
    if (strcmp(line, head) != 0) {
        fprintf(stderr, "%s is of a comparison of other legs: begun anew\n", run->a->resume);
        return false;
    }
    while ((line = strtok_r(NULL, "\n", &save))) {
        char *tab = strchr(line, '\t');
        if (!tab) continue; /* cut off in the middle */
        *tab = 0;
        count(run, line);
        map_put(seen, hash_bytes(tab + 1, strlen(tab + 1), 0), 1);
        run->resumed++;
    }
    return true;
}

/* Leave out what is done already. */
static bool open_resume(Run *run, Paths *paths, Arena *a) {
    Map seen;
    File f;
    char head[1000];
    bool going_on = false;
    map_init(&seen, a);
    if (access(run->a->resume, F_OK) == 0) {
        if (!cli_read(a, run->a->resume, &f)) return false;
        going_on = take_over(run, arena_dup(a, f.bytes, f.size), &seen);
    }
    uint32_t k = 0, one;
    for (uint32_t i = 0; i < paths->path.n; i++)
        if (!map_get(&seen, hash_bytes(paths->path.at[i], strlen(paths->path.at[i]), 0), &one))
            paths->path.at[k++] = paths->path.at[i];
    paths->path.n = k;
    if (run->resumed) fprintf(stderr, "%u modules are done already\n", run->resumed);
    run->resume = fopen(run->a->resume, going_on ? "ab" : "wb");
    if (!run->resume) return cli_fail(0, "%s: %s", run->a->resume, strerror(errno)), false;
    resume_head(run, head, sizeof head);
    fprintf(run->resume, going_on ? "\n" : "%s\n", head); /* the last line may have been cut off */
    return true;
}

static int summary(const Run *run, const JobStats *s, bool whole) {
    double seconds = (double)(os_now_ns() - run->began) / 1e9;
    FILE *out = run->a->json ? stderr : stdout;
    fprintf(out,
            "%u modules, %llu steps, %u legs: %u agree, %u rejected, %u disagree, %u qemu-suspect, %u flaky, %u "
            "incomplete, %u "
            "unreadable; %.1f s",
            run->done + run->resumed, (unsigned long long)run->steps, run->nlegs, run->agree, run->rejected,
            run->disagree, run->suspect, run->flaky, run->incomplete, run->unreadable, seconds);
    if (run->nans || run->nan_open)
        fprintf(out, "; nan=native: %llu NaNs compared by class, %llu steps not compared",
                (unsigned long long)run->nans, (unsigned long long)run->nan_open);
    if (s->workers_lost || s->children_lost)
        fprintf(out, "; %u workers and %u processes were lost and replaced", s->workers_lost, s->children_lost);
    fputs(whole ? "\n" : "; stopped early\n", out);
    if (run->disagree || run->suspect) return EXIT_DISAGREEMENT;
    if (s->interrupted) return EXIT_INTERRUPTED;
    if (run->unreadable) return EXIT_BAD_INPUT;
    return whole && !run->incomplete ? EXIT_AGREED : EXIT_LACKS;
}

int cli_diff(int argc, char **argv) {
    Arena arena;
    arena_init(&arena, NULL);
    Args a = {.legs = DEFAULT_LEGS, .jobs = 1, .arena = &arena};
    LegSpec leg[MAX_LEGS];
    Features features = FEATURES_WASM3;
    Paths paths;
    char why[300];
    int status = EXIT_BAD_INPUT;
    cli_args(&argp, argc, argv, &a);
    vec_push(&arena, &a.path, NULL);
    Run run = {.a = &a, .leg = leg, .began = os_now_ns(), .told = os_now_ns()};
    if (a.features && !cli_parse_features(a.features, &features)) goto out;
    if (!leg_specs_parse(leg, MAX_LEGS, &run.nlegs, a.legs, why, sizeof why)) {
        cli_fail(0, "%s", why);
        goto out;
    }
    if (!cli_paths(&arena, a.path.at, ".wasm", &paths)) goto out;
    if (a.resume && !open_resume(&run, &paths, &arena)) goto out;
    run.path = paths.path.at;
    run.n = paths.path.n;
    JobOptions o = {.leg = leg,
                    .nlegs = run.nlegs,
                    .features = features,
                    .jobs = a.jobs,
                    .timeout_ns = UINT64_C(1000000000) * MODULE_TIMEOUT_S};
    JobStats stats;
    bool whole = jobs_run(&o, run.path, run.n, done, &run, &stats);
    if (run.resume && whole) fputs(RESUME_END, run.resume);
    status = summary(&run, &stats, whole);
out:
    if (run.resume) fclose(run.resume);
    arena_free(&arena);
    return status;
}
