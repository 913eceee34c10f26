#define _GNU_SOURCE
#include "fuzz/opinion/census.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz/finding.h"
#include "fuzz/gen/gen.h"
#include "wasm/validate.h"

enum { POLL_US = 20000 };

typedef struct Shared {
    uint64_t next; /* seed nobody has taken */
    int stop;
    uint64_t seed[CENSUS_MAX_JOBS];   /* what each child is at */
    CensusCounts of[CENSUS_MAX_JOBS]; /* each child's */
} Shared;

/* -- In a child ------------------------------------------------------------------------------------- */

static bool save(const char *dir, uint64_t seed, const uint8_t *bytes, uint32_t n) {
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%" PRIu64 ".wasm", dir, seed);
    bool made = finding_make_folder(dir);
    FILE *f = made && len > 0 && (size_t)len < sizeof path ? fopen(path, "wb") : NULL;
    bool ok = f && fwrite(bytes, 1, n, f) == n;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "parallax: %s: %s\n", path, strerror(errno));
    return ok;
}

static void count_unknown(CensusCounts *c, const char *what, uint64_t n) {
    uint32_t i = 0;
    while (i + 1 < CENSUS_WHATS && c->what[i][0] && strcmp(c->what[i], what) != 0) i++;
    snprintf(c->what[i], sizeof c->what[i], "%s", c->what[i][0] && strcmp(c->what[i], what) != 0 ? "others" : what);
    c->unknowns[i] += n;
}

/* False: the file of a disagreement could not be written. */
static bool count_one(CensusCounts *c, const CensusOptions *o, Arena *a, uint64_t seed) {
    static uint8_t entropy[GEN_ENTROPY_MAX];
    Err err;
    uint32_t size, n = gen_entropy_size(seed);
    gen_entropy(seed, entropy, n);
    const uint8_t *bytes = gen_module(a, entropy, n, &size, NULL);
    Opinion op = o->ask(a, bytes, size);
    bool ours = op.kind == OPINION_VALID || module_decode_valid(a, bytes, size, FEATURES_WASM3, &err);
    c->modules++;
    c->bytes += size;
    c->ours += ours;
    if (ours && op.kind == OPINION_VALID) return c->valid++, true;
    if (ours && op.kind == OPINION_UNKNOWN) return c->unknown++, count_unknown(c, op.what, 1), true;
    c->disagreements++;
    fprintf(stderr, "parallax: seed %" PRIu64 ": %s\n", seed, op.text);
    return save(o->out, seed, bytes, size);
}

static _Noreturn void child(const CensusOptions *o, Shared *sh, uint32_t number) {
    uint64_t end = o->first + o->count;
    Arena a;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    arena_init(&a, NULL);
    while (!__atomic_load_n(&sh->stop, __ATOMIC_ACQUIRE)) {
        uint64_t seed = __atomic_fetch_add(&sh->next, CENSUS_BLOCK, __ATOMIC_ACQ_REL);
        if (seed >= end) break;
        for (uint64_t k = 0; k < CENSUS_BLOCK && seed + k < end; k++) {
            arena_reset(&a);
            sh->seed[number] = seed + k;
            if (!count_one(&sh->of[number], o, &a, seed + k)) _exit(1);
        }
    }
    _exit(0);
}

/* -- In the parent ------------------------------------------------------------------------------------ */

static void add(CensusCounts *to, const CensusCounts *c) {
    to->modules += c->modules, to->bytes += c->bytes, to->ours += c->ours;
    to->valid += c->valid, to->unknown += c->unknown, to->disagreements += c->disagreements;
    for (uint32_t i = 0; i < CENSUS_WHATS && c->what[i][0]; i++) count_unknown(to, c->what[i], c->unknowns[i]);
}

/* By name: children come upon them in any order. */
static void sort_whats(CensusCounts *c) {
    for (uint32_t i = 1; i < CENSUS_WHATS && c->what[i][0]; i++)
        for (uint32_t k = i; k && strcmp(c->what[k - 1], c->what[k]) > 0; k--) {
            char name[sizeof c->what[k]];
            uint64_t n = c->unknowns[k];
            memcpy(name, c->what[k], sizeof name);
            memcpy(c->what[k], c->what[k - 1], sizeof name);
            memcpy(c->what[k - 1], name, sizeof name);
            c->unknowns[k] = c->unknowns[k - 1];
            c->unknowns[k - 1] = n;
        }
}

static void sum(const Shared *sh, uint32_t jobs, CensusCounts *counts) {
    memset(counts, 0, sizeof *counts);
    for (uint32_t i = 0; i < jobs; i++) add(counts, &sh->of[i]);
    sort_whats(counts);
}

/* Until all children have ended; false: one of them not as it should. */
static bool watch(const CensusOptions *o, Shared *sh, const pid_t *pid, uint32_t jobs) {
    bool ok = true, ended[CENSUS_MAX_JOBS] = {0};
    CensusCounts now;
    for (uint32_t left = jobs; left;) {
        if (*o->stop || !ok) __atomic_store_n(&sh->stop, 1, __ATOMIC_RELEASE);
        for (uint32_t i = 0; i < jobs; i++) {
            int status;
            if (ended[i] || waitpid(pid[i], &status, WNOHANG) != pid[i]) continue;
            ended[i] = true;
            left--;
            if (status == 0) continue;
            ok = false;
            if (WIFSIGNALED(status))
                fprintf(stderr, "parallax: a process was lost at seed %" PRIu64 ": signal %d\n", sh->seed[i],
                        WTERMSIG(status));
        }
        if (!left) return ok;
        sum(sh, jobs, &now);
        o->progress(o->user, &now);
        usleep(POLL_US);
    }
    return ok;
}

bool census_run(const CensusOptions *o, CensusCounts *counts, uint64_t *next) {
    pid_t pid[CENSUS_MAX_JOBS];
    uint32_t jobs = 0;
    Shared *sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sh == MAP_FAILED) return fprintf(stderr, "parallax: no memory\n"), false;
    sh->next = o->first;
    fflush(NULL);
    for (bool forked = true; forked && jobs < o->jobs;) {
        pid[jobs] = fork();
        if (pid[jobs] == 0) child(o, sh, jobs);
        forked = pid[jobs] > 0;
        jobs += forked;
    }
    bool ok = jobs > 0 && watch(o, sh, pid, jobs);
    if (!jobs) fprintf(stderr, "parallax: fork: %s\n", strerror(errno));
    sum(sh, jobs, counts);
    *next = sh->next < o->first + o->count ? sh->next : o->first + o->count;
    munmap(sh, sizeof *sh);
    return ok;
}
