/* The differ in child processes, one module each at a time.
 *
 * A module goes through shared memory and two futexes, as in the exchange with a worker.  The child notes which leg is
 * at work, so that the parent knows who took it down: a new child is asked again with that leg skipped and observed as
 * crashed (or hung). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "fuzz/explain/folder.h"
#include "fuzz/reduce/oracle.h"

enum { MAX_JOBS = 64, MAX_MODULE = 32 << 20, MAX_PROBE = 4 << 20, NO_LEG = -1 };
#define SLICE_NS UINT64_C(3000000)
#define START_NS UINT64_C(60000000000)
#define DEFAULT_TIMEOUT_NS UINT64_C(10000000000)
#define EXPLAIN_NS UINT64_C(15000000000)

typedef enum ServerTask { TASK_ASK, TASK_PROBE, TASK_SAVE } ServerTask;

typedef struct Shared {
    uint32_t request, reply; /* sequence numbers, futexes */
    uint32_t what;           /* ServerTask */
    bool ok;
    int32_t leg; /* at work; NO_LEG: none */
    uint32_t skip, hung;
    uint32_t n;
    ReduceBucket shown;
    ProbeRun run;                                /* without `out` */
    char root[FINDING_PATH], path[FINDING_PATH]; /* of a finding to be written */
    FindingStatus saved;
    bool explain;
    char why[300]; /* the legs cannot be opened */
    _Alignas(16) uint8_t module[MAX_MODULE];
    _Alignas(16) uint8_t out[MAX_PROBE];
} Shared;

typedef struct Server {
    Shared *sh;
    pid_t pid;
    uint32_t seq;
    OsTime since;
    int32_t seen; /* leg at work when it was looked at last */
} Server;

struct ServerOracle {
    ServerOptions o;
    Server server[MAX_JOBS];
    uint32_t lost;
};

/* -- In a child ---------------------------------------------------------------------------------- */

typedef struct Child {
    const ServerOptions *o;
    Shared *sh;
    Differ differ;
    LocalOracle local;
    ReduceOracle oracle;
} Child;

static void on_leg(void *user, uint32_t leg) {
    const Child *c = user;
    __atomic_store_n(&c->sh->leg, leg == UINT32_MAX ? NO_LEG : (int32_t)leg, __ATOMIC_RELEASE);
}

/* What the fault of another finding does elsewhere has that one's bucket once it is explained, and is not written. */
static void save(Child *c, ReduceBytes module) {
    Shared *sh = c->sh;
    const Case *x = &c->local.c;
    Explanation how;
    Bucket b = bucket_of(c->o->leg, x);
    sh->saved = FINDING_FAILED;
    snprintf(sh->path, sizeof sh->path, "it does not show itself again");
    if (!sh->shown.differs) return;
    bool known = sh->explain && explain_bytes(module.at, module.n, c->o->leg, c->o->nlegs, c->o->features, EXPLAIN_NS,
                                              sh->skip, &b, &how);
    Finding f = {.bucket = b,
                 .explained = known ? explain_done(&how) : EXPLAINED_NOT,
                 .origin = "reduce",
                 .input = module.at,
                 .input_n = module.n,
                 .features = c->o->features,
                 .leg = c->o->leg,
                 .nlegs = c->o->nlegs,
                 .c = x};
    sh->saved = finding_write(sh->root, &f, 1, sh->path);
    if (known && explain_tells(&how) && sh->saved == FINDING_NEW) explain_write(sh->path, x->module, &how, NULL, NULL);
}

static void serve(Child *c) {
    Shared *sh = c->sh;
    ReduceBytes module = {sh->module, sh->n};
    if (sh->what == TASK_PROBE) {
        ProbeRun run = sh->run;
        run.out = sh->out;
        memset(sh->out, 0, run.n);
        sh->ok = c->oracle.probe && c->oracle.probe(c->oracle.user, module, &run);
        sh->run.fuel = run.fuel;
        return;
    }
    c->differ.skip = sh->skip;
    c->differ.hung = sh->hung;
    c->oracle.ask(c->oracle.user, &module, 1, &sh->shown);
    if (sh->what == TASK_SAVE) save(c, module);
}

static void pin(uint32_t number) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number % (uint32_t)(n > 0 ? n : 1), &set);
    sched_setaffinity(0, sizeof set, &set); /* a worker takes its client's processor */
}

/* What crashes says so at length on stderr, for each candidate anew. */
static void be_quiet(void) {
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0) dup2(null, STDERR_FILENO);
}

static _Noreturn void child_main(Child *c, uint32_t number, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    if (c->o->jobs > 1) pin(number);
    if (c->o->setup) c->o->setup(c->o->user, &c->differ);
    uint32_t seq = 0;
    c->differ.once = c->o->once;
    c->sh->ok = differ_open(&c->differ, c->o->leg, c->o->nlegs, c->o->features, c->sh->why, sizeof c->sh->why);
    if (c->sh->ok) {
        /* the parent watches this process alone */
        for (uint32_t i = 0; i < c->o->nlegs; i++) leg_limit_time(&c->differ.leg[i], c->o->timeout_ns);
        oracle_local_open(&c->local, &c->differ, &c->oracle);
        c->differ.on_leg = on_leg;
        c->differ.on_leg_user = c;
        be_quiet();
    }
    for (;; seq++) {
        __atomic_store_n(&c->sh->reply, seq + 1, __ATOMIC_RELEASE);
        os_futex_wake(&c->sh->reply);
        if (!c->sh->ok && seq == 0) _exit(1);
        while (__atomic_load_n(&c->sh->request, __ATOMIC_ACQUIRE) == seq) os_futex_wait(&c->sh->request, seq, 0);
        serve(c);
    }
}

/* -- The parent -------------------------------------------------------------------------------------- */

static void reap(Server *s) {
    if (!s->pid) return;
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    s->pid = 0;
}

static bool dead(Server *s) {
    if (s->pid && waitpid(s->pid, NULL, WNOHANG) != s->pid) return false;
    s->pid = 0;
    return true;
}

typedef enum Wait { WAIT_DONE, WAIT_DEAD, WAIT_LATE } Wait;

/* Until reply number `want`; each leg has its own time. */
static Wait wait_reply(Server *s, uint32_t want, uint64_t timeout_ns) {
    for (;;) {
        uint32_t got = __atomic_load_n(&s->sh->reply, __ATOMIC_ACQUIRE);
        if (got == want) return WAIT_DONE;
        if (os_futex_wait(&s->sh->reply, got, SLICE_NS)) continue;
        if (dead(s)) return __atomic_load_n(&s->sh->reply, __ATOMIC_ACQUIRE) == want ? WAIT_DONE : WAIT_DEAD;
        int32_t leg = __atomic_load_n(&s->sh->leg, __ATOMIC_ACQUIRE);
        OsTime now = os_time_of(s->pid);
        if (leg != s->seen) {
            s->seen = leg;
            s->since = now;
        }
        if (os_spent_ns(s->since, now) > timeout_ns) return WAIT_LATE;
    }
}

static bool start(ServerOracle *o, uint32_t number) {
    Server *s = &o->server[number];
    s->sh->request = s->sh->reply = s->seq = 0;
    s->sh->leg = s->seen = NO_LEG;
    snprintf(s->sh->why, sizeof s->sh->why, "the process that opens the legs crashed");
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        Child *c = calloc(1, sizeof *c);
        if (!c) _exit(1);
        c->o = &o->o;
        c->sh = s->sh;
        child_main(c, number, parent);
    }
    s->pid = pid > 0 ? pid : 0;
    s->since = os_time_of(s->pid);
    if (pid > 0 && wait_reply(s, 1, START_NS) == WAIT_DONE && s->sh->ok) return true;
    reap(s);
    return false;
}

static void post(Server *s) {
    s->sh->leg = s->seen = NO_LEG;
    s->since = os_time_of(s->pid);
    __atomic_store_n(&s->sh->request, ++s->seq, __ATOMIC_RELEASE);
    os_futex_wake(&s->sh->request);
}

/* Begin with a module; false: it cannot be asked. */
static bool begin(ServerOracle *o, uint32_t number, ReduceBytes module, ServerTask what) {
    Server *s = &o->server[number];
    if (module.n > MAX_MODULE || (!s->pid && !start(o, number))) return false;
    memcpy(s->sh->module, module.at, module.n);
    s->sh->n = module.n;
    s->sh->skip = s->sh->hung = 0;
    s->sh->what = what;
    post(s);
    return true;
}

/* The child is gone or kept us waiting: a new one, and that leg will be skipped.  False: there is none to skip. */
static bool replace(ServerOracle *o, uint32_t number, bool late) {
    Server *s = &o->server[number];
    int32_t leg = __atomic_load_n(&s->sh->leg, __ATOMIC_ACQUIRE);
    reap(s);
    o->lost++;
    if (!start(o, number) || leg == NO_LEG || s->sh->skip >> leg & 1) return false;
    s->sh->skip |= 1u << leg;
    if (late) s->sh->hung |= 1u << leg;
    return true;
}

static ReduceBucket finish(ServerOracle *o, uint32_t number) {
    Server *s = &o->server[number];
    for (;;) {
        Wait w = wait_reply(s, s->seq + 1, o->o.timeout_ns);
        if (w == WAIT_DONE) return s->sh->shown;
        if (!replace(o, number, w == WAIT_LATE)) return (ReduceBucket){0};
        post(s);
    }
}

static void ask_server(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown) {
    ServerOracle *o = user;
    bool begun[MAX_JOBS];
    for (uint32_t i = 0; i < n; i++) begun[i] = begin(o, i, module[i], TASK_ASK);
    for (uint32_t i = 0; i < n; i++) shown[i] = begun[i] ? finish(o, i) : (ReduceBucket){0};
}

static bool probe_server(void *user, ReduceBytes module, ProbeRun *run) {
    ServerOracle *o = user;
    Server *s = &o->server[0];
    if (module.n > MAX_MODULE || run->n > MAX_PROBE || (!s->pid && !start(o, 0))) return false;
    memcpy(s->sh->module, module.at, module.n);
    s->sh->n = module.n;
    s->sh->what = TASK_PROBE;
    s->sh->run = *run;
    post(s);
    if (wait_reply(s, s->seq + 1, START_NS) != WAIT_DONE) {
        replace(o, 0, false);
        return false;
    }
    run->fuel = s->sh->run.fuel;
    if (run->n) memcpy(run->out, s->sh->out, run->n);
    return s->sh->ok;
}

FindingStatus oracle_server_save(ServerOracle *o, ReduceBytes module, const char *root, bool explain,
                                 char path[FINDING_PATH]) {
    Shared *sh = o->server[0].sh;
    snprintf(sh->root, sizeof sh->root, "%s", root);
    snprintf(path, FINDING_PATH, "the legs cannot run it");
    sh->saved = FINDING_FAILED;
    sh->explain = explain;
    if (!begin(o, 0, module, TASK_SAVE)) return FINDING_FAILED;
    finish(o, 0);
    if (sh->saved != FINDING_FAILED || sh->path[0]) memcpy(path, sh->path, FINDING_PATH);
    return sh->saved;
}

ServerOracle *oracle_server_open(const ServerOptions *options, ReduceOracle *out, char *why, size_t why_size) {
    ServerOracle *o = calloc(1, sizeof *o);
    snprintf(why, why_size, "out of memory");
    if (!o) return NULL;
    o->o = *options;
    if (!o->o.timeout_ns) o->o.timeout_ns = DEFAULT_TIMEOUT_NS;
    if (!o->o.jobs) o->o.jobs = 1;
    if (o->o.jobs > MAX_JOBS) o->o.jobs = MAX_JOBS;
    for (uint32_t i = 0; i < o->o.jobs; i++) {
        void *m = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED) {
            o->o.jobs = i;
            if (i) break;
            oracle_server_close(o);
            return NULL;
        }
        o->server[i].sh = m;
    }
    if (!start(o, 0)) {
        snprintf(why, why_size, "%s", o->server[0].sh->why);
        oracle_server_close(o);
        return NULL;
    }
    *out = (ReduceOracle){o, o->o.jobs, ask_server, probe_server};
    return o;
}

uint32_t oracle_server_lost(const ServerOracle *s) { return s->lost; }

void oracle_server_close(ServerOracle *o) {
    if (!o) return;
    for (uint32_t i = 0; i < MAX_JOBS; i++) {
        reap(&o->server[i]);
        if (o->server[i].sh) munmap(o->server[i].sh, sizeof(Shared));
    }
    free(o);
}
