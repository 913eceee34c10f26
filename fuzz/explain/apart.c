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
    int32_t leg; /* of the vote, at work; NO_LEG: none */
    bool done;
    char why[300];
} Shared;

enum { SLICE_US = 2000, NO_LEG = -1 };
#define VOTE_NS UINT64_C(10000000000) /* of processor time: for a leg of the vote */

static void on_leg(void *user, uint32_t leg) {
    Shared *s = user;
    __atomic_store_n(&s->leg, leg == UINT32_MAX ? NO_LEG : (int32_t)leg, __ATOMIC_RELEASE);
}

static _Noreturn void child(const ExplainOptions *options, Shared *s, pid_t parent) {
    ExplainOptions o = *options;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    o.on_leg = on_leg;
    o.user = s;
    s->end = explain_here(&o, &s->x, s->why, sizeof s->why);
    __atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
    _exit(0);
}

/* It looks at the clock itself, once it has voted: this is for one that is stuck. */
static ExplainCut wait_for(Shared *s, pid_t pid, uint64_t limit_ns) {
    OsTime since = os_time_of(pid);
    int32_t seen = NO_LEG;
    int status;
    for (;;) {
        pid_t r = waitpid(pid, &status, WNOHANG);
        if (r == pid) return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CUT_NOT : CUT_DIED;
        if (r < 0 && errno != EINTR) return CUT_DIED;
        int32_t leg = __atomic_load_n(&s->leg, __ATOMIC_ACQUIRE);
        OsTime now = os_time_of(pid);
        if (leg != seen) since = now, seen = leg;
        if (os_spent_ns(since, now) > (leg == NO_LEG ? limit_ns + EXPLAIN_LIMIT_NS : VOTE_NS)) break;
        usleep(SLICE_US);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return CUT_TIME;
}

/* One process; *lost: the leg of the vote that it was lost with, or NO_LEG. */
static ExplainEnd once(const ExplainOptions *o, Shared *s, Explanation *x, char *why, size_t why_size, int32_t *lost) {
    *s = (Shared){.leg = NO_LEG};
    *lost = NO_LEG;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) child(o, s, parent);
    if (pid < 0) {
        snprintf(why, why_size, "fork: %s", strerror(errno));
        return EXPLAIN_LACKS;
    }
    ExplainCut cut = wait_for(s, pid, o->limit_ns ? o->limit_ns : EXPLAIN_LIMIT_NS);
    *x = s->x;
    if (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE)) {
        snprintf(why, why_size, "%s", s->why);
        return s->end;
    }
    if (x->leg.text[0]) {
        x->cut = cut == CUT_NOT ? CUT_DIED : cut;
        return EXPLAIN_DONE;
    }
    *lost = __atomic_load_n(&s->leg, __ATOMIC_ACQUIRE); /* not even the vote */
    snprintf(why, why_size, "the legs %s the process that runs them", cut == CUT_TIME ? "kept too long" : "took down");
    return EXPLAIN_LACKS;
}

ExplainEnd explain_apart(const ExplainOptions *options, Explanation *x, char *why, size_t why_size) {
    Shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ExplainOptions o = *options;
    int32_t lost = NO_LEG;
    if (s == MAP_FAILED) return snprintf(why, why_size, "out of memory"), EXPLAIN_LACKS;
    ExplainEnd end = once(&o, s, x, why, why_size, &lost);
    while (lost != NO_LEG && !(o.skip >> lost & 1)) {
        o.skip |= 1u << lost;
        end = once(&o, s, x, why, why_size, &lost);
    }
    munmap(s, sizeof *s);
    return end;
}

bool explain_bytes(const uint8_t *bytes, uint32_t n, const LegSpec *leg, uint32_t nlegs, Features features,
                   uint64_t limit_ns, uint32_t skip, Bucket *b, Explanation *x) {
    char why[300];
    ExplainOptions o = {
        .bytes = bytes, .n = n, .features = features, .leg = leg, .nlegs = nlegs, .limit_ns = limit_ns, .skip = skip};
    if (explain_apart(&o, x, why, sizeof why) != EXPLAIN_DONE) return false;
    if (explain_tells(x)) *b = explain_bucket(x);
    return true;
}
