#define _GNU_SOURCE
#include "fuzz/cli/jobs.h"
#include <errno.h>
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
#include "fuzz/case.h"
#include "fuzz/cli/cli.h"
#include "fuzz/gen/gen.h"

enum { MAX_JOBS = 64, MAX_EMPTY_DEATHS = 20, MAX_KILLS = 20 };

/* How a child went. */
typedef enum End { END_CRASHED, END_HUNG, END_KILLED } End;

typedef enum SlotState { SLOT_TODO, SLOT_RUNNING, SLOT_AGAIN, SLOT_DONE } SlotState;

typedef struct Slot {
    uint32_t state;
    uint32_t leg;   /* being run; UINT32_MAX: none */
    uint32_t died;  /* legs in which a process died once: not yet their fault */
    uint32_t skip;  /* legs that took their process down on this module: twice, or by not coming back */
    uint32_t hung;  /* of those: did not come back */
    uint32_t kills; /* processes that were killed from outside */
    bool again;     /* a process died outside of any leg, once */
    OsTime since;   /* the leg began */
    JobResult result;
} Slot;

typedef struct Shared {
    uint32_t next;            /* first module nobody has taken */
    uint32_t at[MAX_JOBS];    /* module of each child; UINT32_MAX: none */
    uint32_t again[MAX_JOBS]; /* module that the child must run first; UINT32_MAX: none */
    uint32_t workers_started, workers_lost;
    Slot slot[];
} Shared;

typedef struct Child {
    const JobOptions *o;
    Shared *sh;
    uint32_t number;
    Differ differ;
} Child;

/* The only thing a signal handler can reach. */
static volatile sig_atomic_t interrupted;
static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

/* -- In a child --------------------------------------------------------------------- */

static void on_leg(void *user, uint32_t leg) {
    const Child *c = user;
    Slot *s = &c->sh->slot[c->sh->at[c->number]];
    s->since = os_time_of(0);
    __atomic_store_n(&s->leg, leg, __ATOMIC_RELEASE);
}

static void describe(const Child *c, const Case *k, JobResult *r) {
    Arena tmp;
    Text t;
    arena_init(&tmp, NULL);
    text_init(&t, &tmp);
    const Verdict *v = &k->verdict;
    if (r->rejected) {
        text_printf(&t, "%s: %s (at byte 0x%x)", err_class_name(err_class(k->err.code)), k->err.text, k->err.at);
    } else if (verdict_differs(v->kind) || v->kind == VERDICT_FLAKY) {
        for (uint32_t i = 0; i < c->o->nlegs; i++)
            if (v->deviates >> i & 1) text_printf(&t, "%s%s", t.n ? ", " : "", c->o->leg[i].text);
        text_puts(&t, v->majority ? " deviates: " : " differ: ");
        difference_print(&t, &v->diff);
        for (uint32_t i = 0; i < c->o->nlegs; i++)
            if (v->deviates >> i & 1 && k->obs[i].why[0]) text_printf(&t, " (%s)", k->obs[i].why);
    } else {
        for (uint32_t i = 0; i < c->o->nlegs; i++)
            if (v->lacking >> i & 1) text_printf(&t, "%s%s: %s", t.n ? "; " : "", c->o->leg[i].text, k->obs[i].why);
    }
    if (t.n && (v->nans || v->open)) text_puts(&t, "; ");
    verdict_nans_print(&t, v);
    snprintf(r->text, sizeof r->text, "%s", t.at);
    arena_free(&tmp);
}

static void run_one(Child *c, const char *path, Slot *s) {
    Arena file;
    File f;
    arena_init(&file, NULL);
    JobResult *r = &s->result;
    *r = (JobResult){0};
    if (!cli_read(&file, path, &f)) {
        r->unreadable = true;
        snprintf(r->text, sizeof r->text, "cannot be read");
    } else {
        Case k;
        uint32_t lost = 0, started = 0;
        c->differ.skip = s->skip;
        c->differ.hung = s->hung;
        if (c->o->any_input && !input_is_module(f.bytes, f.size))
            f.bytes = gen_module(&file, f.bytes, f.size, &f.size, NULL);
        differ_run(&c->differ, f.bytes, f.size, &k);
        r->unreadable = k.plan_error != NULL;
        r->rejected = !k.module && !k.failed && !r->unreadable && !verdict_differs(k.verdict.kind);
        r->kind = k.verdict.kind;
        r->deviates = k.verdict.deviates;
        r->lacking = k.verdict.lacking;
        r->majority = k.verdict.majority;
        r->field = k.verdict.field;
        r->steps = k.plan.step.n;
        r->nans = k.verdict.nans;
        r->nan_open = verdict_steps_open(&k.verdict, k.plan.step.n);
        if (verdict_differs(k.verdict.kind)) {
            Bucket b = bucket_of(c->o->leg, &k);
            bucket_name(&b, r->bucket);
        }
        if (r->unreadable)
            snprintf(r->text, sizeof r->text, "%s", k.plan_error);
        else
            describe(c, &k, r);
        for (uint32_t i = 0; i < c->o->nlegs; i++) {
            WorkerStats *w = &c->differ.leg[i].worker.stats;
            started += w->started;
            lost += w->died + w->hung;
            *w = (WorkerStats){0};
        }
        __atomic_fetch_add(&c->sh->workers_started, started, __ATOMIC_RELAXED);
        __atomic_fetch_add(&c->sh->workers_lost, lost, __ATOMIC_RELAXED);
    }
    arena_free(&file);
    __atomic_store_n(&s->state, SLOT_DONE, __ATOMIC_RELEASE);
}

static void pin(uint32_t number) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number % (uint32_t)(n > 0 ? n : 1), &set);
    sched_setaffinity(0, sizeof set, &set); /* a worker takes its client's processor */
}

static _Noreturn void child_main(Child *c, char *const *path, uint32_t n, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EXIT_LACKS);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    if (c->o->jobs > 1) pin(c->number);
    char why[300];
    if (!differ_open(&c->differ, c->o->leg, c->o->nlegs, c->o->features, why, sizeof why)) {
        cli_fail(0, "%s", why);
        _exit(EXIT_LACKS);
    }
    c->differ.on_leg = on_leg;
    c->differ.on_leg_user = c;
    for (;;) {
        uint32_t i = c->sh->again[c->number];
        c->sh->again[c->number] = UINT32_MAX;
        if (i == UINT32_MAX) i = __atomic_fetch_add(&c->sh->next, 1, __ATOMIC_RELAXED);
        if (i >= n) break;
        Slot *s = &c->sh->slot[i];
        s->leg = UINT32_MAX;
        s->since = os_time_of(0);
        c->sh->at[c->number] = i;
        __atomic_store_n(&s->state, SLOT_RUNNING, __ATOMIC_RELEASE);
        run_one(c, path[i], s);
        c->sh->at[c->number] = UINT32_MAX;
    }
    differ_close(&c->differ);
    _exit(EXIT_AGREED);
}

/* -- The parent ------------------------------------------------------------------------ */

typedef struct Pool {
    const JobOptions *o;
    Shared *sh;
    size_t size;
    char *const *path;
    uint32_t n;
    pid_t pid[MAX_JOBS];
    JobStats *stats;
    uint32_t empty_deaths; /* in a row, of processes that had no module */
    bool failed;
} Pool;

static bool start(Pool *p, uint32_t number) {
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        Child *c = calloc(1, sizeof *c);
        if (!c) _exit(EXIT_LACKS);
        c->o = p->o;
        c->sh = p->sh;
        c->number = number;
        child_main(c, p->path, p->n, parent);
    }
    p->pid[number] = pid > 0 ? pid : 0;
    return pid > 0;
}

/* Is the module to be run again, now that a process is gone in its `leg`?  What it crashed in is at fault when that
 * happens twice; that it was killed, by a user or for want of memory, says nothing until it happens every time. */
static bool again(Slot *s, uint32_t leg, End how) {
    if (how == END_KILLED && s->kills++ < MAX_KILLS) return true;
    if (leg == UINT32_MAX) {
        bool first = !s->again && how != END_HUNG;
        s->again = true;
        return first;
    }
    uint32_t bit = 1u << leg;
    if (s->skip & bit) return false;
    if (how == END_HUNG) s->hung |= bit;
    if (how == END_HUNG || (s->died & bit)) s->skip |= bit;
    s->died |= bit;
    return true;
}

/* The child is gone: its module, if it had one, is run again by another. */
static void lost(Pool *p, uint32_t number, End how) {
    uint32_t i = p->sh->at[number];
    p->pid[number] = 0;
    p->sh->at[number] = UINT32_MAX;
    if (i == UINT32_MAX) {
        p->empty_deaths++;
        return;
    }
    p->empty_deaths = 0;
    Slot *s = &p->sh->slot[i];
    if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) == SLOT_DONE) return;
    p->stats->children_lost++;
    if (how == END_HUNG) p->stats->hung++;
    if (again(s, __atomic_load_n(&s->leg, __ATOMIC_ACQUIRE), how)) {
        p->sh->again[number] = i;
        s->state = SLOT_AGAIN;
        return;
    }
    s->result = (JobResult){.kind = VERDICT_DISAGREE, .harness_crash = true};
    bucket_name(&(Bucket){.what = how == END_HUNG ? WHAT_HANG : WHAT_CRASH}, s->result.bucket);
    snprintf(s->result.text, sizeof s->result.text, "the harness %s outside of any leg",
             how == END_HUNG ? "hung" : "crashed");
    s->state = SLOT_DONE;
}

static void reap(Pool *p) {
    for (uint32_t k = 0; k < p->o->jobs; k++) {
        int status;
        if (!p->pid[k] || waitpid(p->pid[k], &status, WNOHANG) != p->pid[k]) continue;
        bool clean = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_AGREED;
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LACKS) p->failed = true;
        if (clean)
            p->pid[k] = 0;
        else
            lost(p, k, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? END_KILLED : END_CRASHED);
        if (p->empty_deaths > MAX_EMPTY_DEATHS && !p->failed) {
            cli_fail(0, "processes die before they begin");
            p->failed = true;
        }
        if (!clean && !p->failed && (p->sh->again[k] != UINT32_MAX || p->sh->next < p->n)) p->failed = !start(p, k);
    }
}

/* All children have ended: a module that one had taken and not noted when it was killed is still to do. */
static void rescue(Pool *p) {
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->sh->slot[i].state == SLOT_DONE) continue;
        p->sh->again[0] = i;
        p->failed = !start(p, 0);
        return;
    }
}

/* The time of the leg is its process's, and its worker's has a limit of its own.  The clock is looked at first. */
static bool is_late(const Pool *p, pid_t pid, const Slot *s, uint64_t now) {
    OsTime since = s->since;
    if (s->state != SLOT_RUNNING || now < since.wall_ns || now - since.wall_ns < p->o->timeout_ns) return false;
    return os_spent_ns(since, os_time_of(pid)) >= p->o->timeout_ns;
}

static void watch(Pool *p) {
    uint64_t now = os_now_ns();
    for (uint32_t k = 0; k < p->o->jobs; k++) {
        uint32_t i = p->sh->at[k];
        if (!p->pid[k] || i == UINT32_MAX) continue;
        const Slot *s = &p->sh->slot[i];
        uint64_t since = s->since.wall_ns;
        if (!is_late(p, p->pid[k], s, now)) continue;
        kill(p->pid[k], SIGKILL);
        waitpid(p->pid[k], NULL, 0);
        /* it may have come on in the last moment: then it was only killed */
        lost(p, k, p->sh->at[k] == i && s->since.wall_ns == since ? END_HUNG : END_KILLED);
        p->failed = p->failed || !start(p, k);
    }
}

static bool alive(const Pool *p) {
    for (uint32_t k = 0; k < p->o->jobs; k++)
        if (p->pid[k]) return true;
    return false;
}

static void stop(Pool *p) {
    for (uint32_t k = 0; k < p->o->jobs; k++)
        if (p->pid[k]) {
            kill(p->pid[k], SIGKILL);
            waitpid(p->pid[k], NULL, 0);
            p->pid[k] = 0;
        }
}

static bool pool_open(Pool *p) {
    p->size = sizeof(Shared) + p->n * sizeof(Slot);
    void *m = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) return false;
    p->sh = m;
    for (uint32_t k = 0; k < MAX_JOBS; k++) p->sh->at[k] = p->sh->again[k] = UINT32_MAX;
    return true;
}

/* Report finished modules in order; the number of those reported. */
static uint32_t deliver(const Pool *p, uint32_t from, JobDone *done, void *user, bool *go_on) {
    while (*go_on && from < p->n && __atomic_load_n(&p->sh->slot[from].state, __ATOMIC_ACQUIRE) == SLOT_DONE) {
        *go_on = done(user, from, &p->sh->slot[from].result);
        from++;
    }
    return from;
}

bool jobs_run(const JobOptions *opt, char *const *path, uint32_t n, JobDone *done, void *user, JobStats *stats) {
    JobOptions o = *opt;
    if (o.jobs > MAX_JOBS) o.jobs = MAX_JOBS;
    if (o.jobs > n) o.jobs = n ? n : 1;
    Pool p = {.o = &o, .path = path, .n = n, .stats = stats};
    *stats = (JobStats){0};
    interrupted = 0;
    if (!pool_open(&p)) {
        cli_fail(0, "no memory for %u results", n);
        return false;
    }
    struct sigaction a = {.sa_handler = on_interrupt}, before;
    sigaction(SIGINT, &a, &before);
    fflush(stdout);
    for (uint32_t k = 0; k < o.jobs && !p.failed; k++) p.failed = !start(&p, k);
    uint32_t reported = 0;
    bool go_on = true;
    while (go_on && reported < n && !interrupted) {
        reported = deliver(&p, reported, done, user, &go_on);
        if (reported == n || (p.failed && !alive(&p))) break;
        usleep(500);
        reap(&p);
        watch(&p);
        if (!p.failed && !alive(&p)) rescue(&p);
    }
    stats->interrupted = interrupted && reported < n;
    if (reported == n) /* children are closing their workers */
        for (int i = 0; i < 2000 && alive(&p); i++) {
            usleep(1000);
            reap(&p);
        }
    stop(&p);
    stats->workers_started = p.sh->workers_started;
    stats->workers_lost = p.sh->workers_lost;
    munmap(p.sh, p.size);
    sigaction(SIGINT, &before, NULL);
    return reported == n;
}
