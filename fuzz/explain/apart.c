#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "fuzz/explain/explain.h"

/* What the child has found out so far stands here, also when it is ended. */
typedef struct Shared {
    Explanation x;
    ExplainEnd end;
    bool done;
    char why[300];
} Shared;

enum { SLICE_US = 2000 };

static _Noreturn void child(const ExplainOptions *o, Shared *s, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    s->end = explain_here(o, &s->x, s->why, sizeof s->why);
    __atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
    _exit(0);
}

/* It looks at the clock itself, once it has voted: this is for one that is stuck. */
static ExplainCut wait_for(pid_t pid, uint64_t limit_ns) {
    OsTime since = os_time_of(pid);
    int status;
    for (;;) {
        pid_t r = waitpid(pid, &status, WNOHANG);
        if (r == pid) return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CUT_NOT : CUT_DIED;
        if (r < 0 && errno != EINTR) return CUT_DIED;
        if (os_spent_ns(since, os_time_of(pid)) > limit_ns + EXPLAIN_LIMIT_NS) break;
        usleep(SLICE_US);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return CUT_TIME;
}

ExplainEnd explain_apart(const ExplainOptions *o, Explanation *x, char *why, size_t why_size) {
    Shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent = getpid(), pid = s == MAP_FAILED ? -1 : fork();
    if (pid == 0) child(o, s, parent);
    if (pid < 0) {
        snprintf(why, why_size, "fork: %s", strerror(errno));
        if (s != MAP_FAILED) munmap(s, sizeof *s);
        return EXPLAIN_LACKS;
    }
    ExplainCut cut = wait_for(pid, o->limit_ns ? o->limit_ns : EXPLAIN_LIMIT_NS);
    ExplainEnd end = EXPLAIN_DONE;
    *x = s->x;
    if (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE)) {
        end = s->end;
        snprintf(why, why_size, "%s", s->why);
    } else if (!x->leg.text[0]) { /* not even the vote */
        end = EXPLAIN_LACKS;
        snprintf(why, why_size, "the legs %s the process that runs them",
                 cut == CUT_TIME ? "kept too long" : "took down");
    } else {
        x->cut = cut == CUT_NOT ? CUT_DIED : cut;
    }
    munmap(s, sizeof *s);
    return end;
}

bool explain_bytes(const uint8_t *bytes, uint32_t n, const LegSpec *leg, uint32_t nlegs, Features features,
                   uint64_t limit_ns, Bucket *b, Explanation *x) {
    char why[300];
    ExplainOptions o = {.bytes = bytes, .n = n, .features = features, .leg = leg, .nlegs = nlegs, .limit_ns = limit_ns};
    if (explain_apart(&o, x, why, sizeof why) != EXPLAIN_DONE) return false;
    if (explain_tells(x)) *b = explain_bucket(x);
    return true;
}
