#define _GNU_SOURCE
#include "fuzz/campaign/reducing.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz/reduce/folder.h"

enum { NICE = 5, END_MS = 5000 };

/* The only thing a signal handler can reach. */
static volatile int ended;
static void on_end(int sig) {
    (void)sig;
    ended = 1;
}

static _Noreturn void reducer_main(const Reducing *r, const char *dir, pid_t parent) {
    struct sigaction end = {.sa_handler = on_end};
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    sigaction(SIGTERM, &end, NULL);
    if (getppid() != parent) _exit(1);
    errno = 0; /* a niceness below 0 is no error */
    if (nice(NICE) == -1 && errno) _exit(1);
    Arena a;
    ReduceReport report;
    ReduceRun run = {.o = {.limit_ns = UINT64_C(1000000000) * r->seconds, .stop = &ended}};
    arena_init(&a, NULL);
    ReduceRunEnd how = reduce_finding(&a, dir, &run, &report);
    if (how != RUN_DONE) fprintf(stderr, "parallax: %s is not reduced: %s\n", dir, report.why);
    _exit(how == RUN_DONE ? 0 : 1);
}

static bool tried(const Reducing *r, const char *name) {
    for (uint32_t i = 0; i < r->tried.n; i++)
        if (strcmp(r->tried.at[i], name) == 0) return true;
    return false;
}

typedef struct Search {
    Reducing *r;
    char path[FINDING_PATH];
    bool found;
} Search;

static void consider(void *user, const char *name, uint32_t n) {
    Search *s = user;
    char bucket[FINDING_PATH];
    bool reduced;
    int len = snprintf(bucket, sizeof bucket, "%s/%s", s->r->root, name);
    (void)n;
    if (s->found || len < 0 || (size_t)len >= sizeof bucket || tried(s->r, name)) return;
    if (!finding_pick(bucket, s->path, &reduced)) return;
    vec_push(&s->r->arena, &s->r->tried, arena_dup(&s->r->arena, name, strlen(name)));
    s->found = !reduced;
}

void reducing_open(Reducing *r, const char *root, uint32_t seconds) {
    *r = (Reducing){.root = root, .seconds = seconds};
    arena_init(&r->arena, NULL);
}

const char *reducing_what(const Reducing *r) { return r->pid ? r->tried.at[r->tried.n - 1] : ""; }

bool reducing_go_on(Reducing *r) {
    if (!r->seconds) return false;
    if (r->pid && waitpid(r->pid, NULL, WNOHANG) != r->pid) return true;
    r->pid = 0;
    Arena a;
    Search s = {.r = r};
    arena_init(&a, NULL);
    findings_count(&a, r->root, consider, &s);
    arena_free(&a);
    if (!s.found) return false;
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) reducer_main(r, s.path, parent);
    r->pid = pid > 0 ? pid : 0;
    return pid > 0;
}

void reducing_close(Reducing *r) {
    if (r->pid) kill(r->pid, SIGTERM);
    for (uint32_t i = 0; r->pid && i < END_MS; i++) {
        usleep(1000);
        if (waitpid(r->pid, NULL, WNOHANG) == r->pid) r->pid = 0;
    }
    if (r->pid) {
        kill(r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
    }
    arena_free(&r->arena);
}
