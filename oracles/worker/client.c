#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "oracles/worker/worker.h"
#include "run/watch.h"

/* A dead worker is noticed within this time. */
#define SLICE_NS UINT64_C(20000000)
#define GRACE_NS UINT64_C(500000000)
#define START_TIMEOUT_NS UINT64_C(20000000000)
enum { FIRST_STARTS = 5, RESTARTS = 100, SECOND_STARTS = 2 };

const char *worker_host_isa(void) {
#if defined(__x86_64__)
    return "x64";
#else
    return "a64";
#endif
}

/* -- Finding the programs ------------------------------------------------------- */

/* An executable that is another file than `but` (NULL: any). */
static bool executable(const char *path, const char *but) {
    char real[PATH_MAX];
    struct stat st;
    if (access(path, X_OK) != 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    return !but || (realpath(path, real) && strcmp(real, but) != 0);
}

static bool in_path(const char *name, const char *but, char out[256]) {
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        const char *end = strchrnul(p, ':');
        int n = snprintf(out, 256, "%.*s/%s", (int)(end - p), p, name);
        if (n > 0 && n < 256 && executable(out, but)) return true;
        p = *end ? end + 1 : end;
    }
    return false;
}

/* In what others install beside the system's packages. */
static bool in_opt(const char *name, const char *but, char out[256]) {
    char pattern[256];
    glob_t g;
    bool found = false;
    snprintf(pattern, sizeof pattern, "/opt/qemu*/bin/%s", name);
    if (glob(pattern, 0, NULL, &g) != 0) return false;
    for (size_t i = 0; i < g.gl_pathc && !found; i++) {
        found = strlen(g.gl_pathv[i]) < 256 && executable(g.gl_pathv[i], but);
        if (found) snprintf(out, 256, "%s", g.gl_pathv[i]);
    }
    globfree(&g);
    return found;
}

/* What an emulator of the ISA is called; NULL past the last.  The static one translates some 5 % faster. */
static const char *emulator_name(const char *isa, int i) {
    static const char *const name[2][3] = {{"qemu-x86_64-static", "qemu-x86_64"},
                                           {"qemu-aarch64-static", "qemu-aarch64"}};
    return name[strcmp(isa, "a64") == 0][i];
}

static bool find_binary(const char *isa, char out[256]) {
    const char *dir = getenv("PARALLAX_WORKER_DIR");
    if (dir) {
        snprintf(out, 256, "%s/parallax-worker-%s", dir, isa);
        return access(out, X_OK) == 0;
    }
    char self[256];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    n = snprintf(out, 256, "%.200s/parallax-worker-%s", self, isa);
    return n > 0 && access(out, X_OK) == 0;
}

bool worker_command(const char *isa, char emulator[256], char binary[256], char *why, size_t why_size) {
    emulator[0] = 0;
    if (!find_binary(isa, binary)) {
        snprintf(why, why_size, "no parallax-worker-%s beside this program (built when %s-linux-gnu-gcc is installed)",
                 isa, strcmp(isa, "a64") == 0 ? "aarch64" : "x86_64");
        return false;
    }
    if (strcmp(isa, worker_host_isa()) == 0) return true;
    const char *forced = getenv("PARALLAX_QEMU");
    if (forced) {
        snprintf(emulator, 256, "%s", forced);
        if (access(emulator, X_OK) == 0) return true;
        snprintf(why, why_size, "$PARALLAX_QEMU names no program: %s", forced);
        return false;
    }
    for (int i = 0; emulator_name(isa, i); i++)
        if (in_path(emulator_name(isa, i), NULL, emulator)) return true;
    snprintf(why, why_size, "%s is not installed (package qemu-user-static)", emulator_name(isa, 0));
    return false;
}

bool worker_second_emulator(const char *isa, char emulator[256], char *why, size_t why_size) {
    char first[256], binary[256], real[PATH_MAX];
    if (!worker_command(isa, first, binary, why, why_size)) return false;
    if (!first[0] || !realpath(first, real)) {
        snprintf(why, why_size, "no emulator is needed");
        return false;
    }
    const char *forced = getenv("PARALLAX_QEMU2");
    if (forced) {
        snprintf(emulator, 256, "%s", forced);
        if (executable(emulator, NULL)) return true;
        snprintf(why, why_size, "$PARALLAX_QEMU2 names no program: %s", forced);
        return false;
    }
    for (int i = 0; emulator_name(isa, i); i++)
        if (in_path(emulator_name(isa, i), real, emulator) || in_opt(emulator_name(isa, i), real, emulator))
            return true;
    snprintf(why, why_size, "there is no second %s", emulator_name(isa, 0));
    return false;
}

void worker_exec(const char *isa, const char *emulator, const char *binary, const char *const *arg, uint32_t n) {
    const char *argv[WORKER_ARGS_MAX + 3];
    uint32_t k = 0;
    if (emulator[0]) argv[k++] = emulator;
    if (strcmp(isa, "a64") == 0) setenv("QEMU_CPU", "cortex-a72", false);
    argv[k++] = binary;
    for (uint32_t i = 0; i < n && i < WORKER_ARGS_MAX; i++) argv[k++] = arg[i];
    argv[k] = NULL;
    execv(argv[0], (char *const *)argv); /* which leaves them as they are */
    _exit(127);
}

/* -- Life ---------------------------------------------------------------------------- */

void worker_init(Worker *w, const char *isa, uint64_t timeout_ns) {
    *w = (Worker){.isa = isa, .timeout_ns = timeout_ns};
}

static void pin_to_this_cpu(void) {
    int cpu = sched_getcpu();
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static _Noreturn void child(const Worker *w, const Region *r, const char *emulator, const char *binary, pid_t parent) {
    char build[16], fd[16], base[24];
    snprintf(build, sizeof build, "%x", worker_build());
    snprintf(fd, sizeof fd, "%d", r->fd);
    snprintf(base, sizeof base, "%llx", (unsigned long long)(uintptr_t)r->base);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127); /* the parent went before the line above */
    pin_to_this_cpu();
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the client, which then ends us */
    worker_exec(w->isa, emulator, binary, (const char *const[]){build, fd, base}, 3);
}

static void reap(Worker *w) {
    if (!w->pid) return;
    kill(w->pid, SIGKILL);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    w->pid = 0;
}

static bool dead(Worker *w) {
    int status = 0;
    pid_t ended = waitpid(w->pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno != ECHILD)) return false; /* ECHILD: somebody else has reaped it */
    w->pid = 0;
    w->other = ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == WORKER_OTHER_BUILD;
    return true;
}

static uint32_t calls_done(const Batch *b) { return b ? __atomic_load_n(&b->done, __ATOMIC_RELAXED) : 0; }

/* Post the request in the header and wait for its reply.  The time is the worker's (os_spent_ns), for each call of the
 * batch (NULL: the whole request): a plan of many slow steps is no hang. */
static ExecStatus exchange(Worker *w, Region *r, const Batch *b, uint64_t timeout_ns) {
    RegionHeader *h = region_header(r);
    uint32_t seq = ++w->seq;
    __atomic_store_n(&h->request, seq, __ATOMIC_RELEASE);
    os_futex_wake(&h->request);
    OsTime since = {0}, asked_at = {0};
    uint32_t ndone = 0;
    bool begun = false, asked = false;
    for (;;) {
        uint32_t now = __atomic_load_n(&h->reply, __ATOMIC_ACQUIRE);
        if (now == seq) return EXEC_DONE;
        if (os_futex_wait(&h->reply, now, SLICE_NS)) continue;
        if (dead(w)) {
            w->stats.died++;
            return EXEC_DIED;
        }
        OsTime now_at = os_time_of(w->pid);
        if (!begun || calls_done(b) != ndone) since = now_at, begun = true, asked = false;
        ndone = calls_done(b);
        uint64_t spent = os_spent_ns(since, now_at);
        if (spent > timeout_ns && !asked) { /* code that polls the epoch comes back by itself */
            asked = true;
            asked_at = now_at; /* we may have been kept waiting ourselves since the time was over */
            es_interrupt(region_es(r));
        }
        if (asked && os_spent_ns(asked_at, now_at) > GRACE_NS) {
            w->stats.hung++;
            reap(w);
            return EXEC_HUNG;
        }
    }
}

static bool start(Worker *w, Region *r) {
    char emulator[256], binary[256];
    if (!worker_command(w->isa, emulator, binary, w->why, sizeof w->why)) return false;
    if (w->second && !worker_second_emulator(w->isa, emulator, w->why, sizeof w->why)) return false;
    RegionHeader *h = region_header(r);
    w->seq = 0;
    h->request = h->reply = 0;
    h->op = WORKER_FLUSH; /* nothing: the first exchange shows that it is up */
    h->flush_from = h->flush_to = 0;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) child(w, r, emulator, binary, parent);
    if (pid < 0) {
        snprintf(w->why, sizeof w->why, "fork: %s", strerror(errno));
        return false;
    }
    w->pid = pid;
    w->stats.started++;
    if (exchange(w, r, NULL, START_TIMEOUT_NS) == EXEC_DONE) return true;
    reap(w);
    if (w->other)
        snprintf(w->why, sizeof w->why, "%.90s is of another build than this program: build it again", binary);
    else
        snprintf(w->why, sizeof w->why, "%.60s %.60s does not run here", emulator, binary);
    return false;
}

void worker_stop(Worker *w, Region *r) {
    (void)r;
    reap(w);
}

/* -- The executor ------------------------------------------------------------------------ */

static ExecStatus request(Worker *w, Region *r, uint32_t op, Batch *b) {
    /* A worker that is gone already took nothing with it: the request has not begun, so start another one. */
    if (w->pid && dead(w)) w->stats.died++;
    /* One that was up before may be killed while it starts, too; one that never came up will not do so later. */
    for (int tries = w->second ? SECOND_STARTS : w->up ? RESTARTS : FIRST_STARTS; !w->pid; tries--) {
        if (w->lacks || w->other || tries == 0) {
            w->lacks = !w->up;
            return EXEC_LACKS;
        }
        w->up = start(w, r) || w->up;
    }
    region_header(r)->op = op;
    region_header(r)->batch = (uint64_t)(uintptr_t)b;
    w->stats.requests++;
    return exchange(w, r, b, w->timeout_ns);
}

static ExecStatus run(void *user, Region *r, Batch *b) { return request(user, r, WORKER_RUN, b); }

static void flush(void *user, Region *r, uint32_t from, uint32_t to) {
    Worker *w = user;
    region_header(r)->flush_from = from;
    region_header(r)->flush_to = to;
    if (w->pid) request(w, r, WORKER_FLUSH, NULL); /* one not yet started has nothing to forget */
}

Executor worker_executor(Worker *w) { return (Executor){.user = w, .run = run, .flush = flush}; }
