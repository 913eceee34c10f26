#define _GNU_SOURCE
#include "fuzz/campaign/campaign.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "fuzz/campaign/child.h"
#include "fuzz/campaign/reducing.h"
#include "fuzz/gen/gen.h"

enum { TICK_US = 20000, STOP_MS = 5000, MAX_KILLS = 5 };
#define SECOND UINT64_C(1000000000)
#define PROGRESS_NS (SECOND / 2)
#define SAVE_NS (2 * SECOND)

/* The only thing a signal handler can reach. */
static volatile sig_atomic_t interrupted;
static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

typedef struct Campaign {
    const CampaignOptions *o;
    CampaignShared *sh;
    pid_t pid[CAMPAIGN_MAX_JOBS];
    uint32_t jobs;
    Tally before, ours; /* the state file's; what the parent itself counts */
    uint64_t began;
    CampaignReport *report;
    Reducing reducing;
    bool failed;
} Campaign;

/* -- State -------------------------------------------------------------------------------- */

static void read_state(Campaign *c) {
    char line[200];
    uint64_t n, version = GEN_VERSION;
    FILE *f = c->o->state ? fopen(c->o->state, "r") : NULL;
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "next %" SCNu64, &n) == 1)
            c->sh->next = n, c->report->resumed = true;
        else if (sscanf(line, "generator %" SCNu64, &n) == 1)
            version = n;
        else if (line[0] != '#')
            tally_read(&c->before, line);
    }
    fclose(f);
    if (version != GEN_VERSION) c->sh->next = c->o->first; /* its seeds mean other modules */
}

/* Seeds below this are done: what a child has in hand is not. */
static uint64_t resume_at(const Campaign *c) {
    uint64_t at = __atomic_load_n(&c->sh->next, __ATOMIC_RELAXED);
    for (uint32_t k = 0; k < c->jobs; k++) {
        const CampaignSlot *s = &c->sh->slot[k];
        if (__atomic_load_n(&s->busy, __ATOMIC_ACQUIRE) && s->seed < at) at = s->seed;
    }
    return at;
}

static bool save_state(const Campaign *c) {
    if (!c->o->state) return true;
    char tmp[4200];
    snprintf(tmp, sizeof tmp, "%.4100s.new", c->o->state);
    FILE *f = fopen(tmp, "w");
    if (f) {
        fprintf(
            f, "# parallax fuzz goes on behind this; without the file it starts over\ngenerator %d\nnext %" PRIu64 "\n",
            GEN_VERSION, c->report->next);
        tally_write(f, &c->report->total);
    }
    if (f && fclose(f) == 0 && rename(tmp, c->o->state) == 0) return true;
    fprintf(stderr, "parallax: %s: %s\n", c->o->state, strerror(errno));
    return false;
}

/* Rules that some child has used: of n, whose counts stand at `offset` in a slot. */
static uint32_t rules_used(const Campaign *c, size_t offset, uint32_t n) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t times = 0;
        for (uint32_t k = 0; k < c->jobs; k++)
            times |= ((const uint32_t *)(const void *)((const char *)&c->sh->slot[k] + offset))[i];
        used += times != 0;
    }
    return used;
}

static void make_report(Campaign *c) {
    CampaignReport *r = c->report;
    r->session = c->ours;
    for (uint32_t k = 0; k < c->jobs; k++) tally_add(&r->session, &c->sh->slot[k].tally);
    r->session.milliseconds = (os_now_ns() - c->began) / 1000000;
    r->total = c->before;
    tally_add(&r->total, &r->session);
    r->next = resume_at(c);
    r->x64_rules = rules_used(c, offsetof(CampaignSlot, x64), X64_RULE_COUNT);
    r->a64_rules = rules_used(c, offsetof(CampaignSlot, a64), A64_RULE_COUNT);
    snprintf(r->reducing, sizeof r->reducing, "%s", reducing_what(&c->reducing));
    memcpy(r->lacks, c->sh->lacks, sizeof r->lacks);
    r->lacks[sizeof r->lacks - 1] = 0;
}

/* -- Children --------------------------------------------------------------------------------- */

static void start(Campaign *c, uint32_t number) {
    c->sh->slot[number].since = (OsTime){.wall_ns = os_now_ns()}; /* what its predecessor took is not its own */
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) campaign_child(c->o, c->sh, number, c->jobs, parent);
    c->pid[number] = pid > 0 ? pid : 0;
    if (pid > 0) return;
    fprintf(stderr, "parallax: fork: %s\n", strerror(errno));
    c->failed = true;
}

/* Outside of any leg: what there is of it goes into a finding. */
static void save_harness(Campaign *c, const CampaignSlot *s, bool hung) {
    uint8_t entropy[GEN_ENTROPY_MAX];
    uint32_t n = gen_entropy_size(s->seed);
    char path[FINDING_PATH], name[BUCKET_NAME];
    Case none = {0};
    gen_entropy(s->seed, entropy, n);
    Finding f = {.bucket = {.what = hung ? WHAT_HANG : WHAT_CRASH},
                 .origin = "fuzz",
                 .input = entropy,
                 .input_n = n,
                 .seeded = true,
                 .seed = s->seed,
                 .features = c->o->features,
                 .c = &none};
    LegSpec leg;
    if (leg_spec_parse(&leg, "interp", 6, name, sizeof name)) f.leg = &leg, f.nlegs = 1;
    bucket_name(&f.bucket, name);
    c->ours.disagree++;
    tally_bucket(&c->ours, name, 1);
    FindingStatus status = campaign_write(c->o, c->sh, &f, path);
    if (status == FINDING_NEW) c->ours.saved++;
    if (status != FINDING_FAILED) return;
    fprintf(stderr, "parallax: %s\n", path);
    c->failed = true;
}

typedef enum Loss {
    LOSS_CRASHED,
    LOSS_HUNG,
    LOSS_KILLED /* by a user, or for want of memory: says nothing of the case until it happens every time */
} Loss;

/* The child is gone: its seed is run again without the leg that was at work. */
static void lost(Campaign *c, uint32_t number, Loss how) {
    CampaignSlot *s = &c->sh->slot[number];
    c->pid[number] = 0;
    __atomic_store_n(&s->explains, 0, __ATOMIC_RELEASE);
    if (!__atomic_load_n(&s->busy, __ATOMIC_ACQUIRE)) {
        if (s->tally.cases) return;
        fputs("parallax: a process died while it opened its legs\n", stderr);
        c->failed = true;
        return;
    }
    c->ours.lost++;
    if (how == LOSS_KILLED && s->kills++ < MAX_KILLS) {
        s->again = true;
        return;
    }
    if (s->with_fuel == FUEL_NOW) { /* it does not come back even so: then as it was */
        s->with_fuel = FUEL_TRIED;
        s->again = true;
        return;
    }
    bool hung = how == LOSS_HUNG;
    uint32_t leg = __atomic_load_n(&s->leg, __ATOMIC_ACQUIRE);
    if (leg != UINT32_MAX && !(s->skip >> leg & 1)) {
        s->skip |= 1u << leg;
        if (hung) s->hung |= 1u << leg;
        s->again = true;
        return;
    }
    save_harness(c, s, hung);
    s->again = false;
    __atomic_store_n(&s->busy, 0, __ATOMIC_RELEASE);
}

static void reap(Campaign *c) {
    for (uint32_t k = 0; k < c->jobs; k++) {
        int status;
        if (!c->pid[k] || waitpid(c->pid[k], &status, WNOHANG) != c->pid[k]) continue;
        if (WIFEXITED(status)) {
            c->pid[k] = 0;
            c->failed = c->failed || WEXITSTATUS(status) != 0;
            continue;
        }
        lost(c, k, WTERMSIG(status) == SIGKILL ? LOSS_KILLED : LOSS_CRASHED);
        if (!c->failed) start(c, k);
    }
}

static void watch(Campaign *c) {
    uint64_t now = os_now_ns();
    for (uint32_t k = 0; k < c->jobs; k++) {
        const CampaignSlot *s = &c->sh->slot[k];
        if (!c->pid[k] || !__atomic_load_n(&s->busy, __ATOMIC_ACQUIRE)) continue;
        if (__atomic_load_n(&s->explains, __ATOMIC_ACQUIRE)) continue;
        OsTime since = s->since;
        if (now < since.wall_ns || now - since.wall_ns < c->o->timeout_ns)
            continue; /* no time of any kind has run out */
        if (os_spent_ns(since, os_time_of(c->pid[k])) < c->o->timeout_ns) continue;
        kill(c->pid[k], SIGKILL);
        waitpid(c->pid[k], NULL, 0);
        lost(c, k, LOSS_HUNG);
        start(c, k);
    }
}

static bool alive(const Campaign *c) {
    for (uint32_t k = 0; k < c->jobs; k++)
        if (c->pid[k]) return true;
    return false;
}

/* They finish the case in hand. */
static void stop(Campaign *c) {
    __atomic_store_n(&c->sh->stop, 1, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < STOP_MS && alive(c); i++) {
        usleep(1000);
        for (uint32_t k = 0; k < c->jobs; k++)
            if (c->pid[k] && waitpid(c->pid[k], NULL, WNOHANG) == c->pid[k]) c->pid[k] = 0;
    }
    for (uint32_t k = 0; k < c->jobs; k++) {
        if (!c->pid[k]) continue;
        kill(c->pid[k], SIGKILL);
        waitpid(c->pid[k], NULL, 0);
    }
}

/* -- The whole ------------------------------------------------------------------------------------ */

static bool found_enough(const Campaign *c) {
    uint64_t saved = c->ours.saved;
    for (uint32_t k = 0; k < c->jobs; k++) saved += c->sh->slot[k].tally.saved;
    return c->o->finds && saved >= c->o->finds;
}

static void loop(Campaign *c, CampaignProgress *progress, void *user) {
    uint64_t told = 0, saved = c->began, limit = (uint64_t)(c->o->seconds * 1e9);
    for (uint32_t k = 0; k < c->jobs && !c->failed; k++) start(c, k);
    while (!interrupted && !c->failed) {
        usleep(TICK_US);
        reap(c);
        watch(c);
        uint64_t now = os_now_ns();
        if (now - told >= PROGRESS_NS) {
            told = now;
            make_report(c);
            if (progress) progress(user, c->report);
        }
        if (now - saved >= SAVE_NS) {
            saved = now;
            c->failed = c->failed || !save_state(c);
            reducing_go_on(&c->reducing);
        }
        if ((limit && now - c->began >= limit) || !alive(c) || found_enough(c)) break;
    }
    stop(c);
}

/* Buckets whose turn did not come. */
static void reduce_rest(Campaign *c, CampaignProgress *progress, void *user) {
    uint64_t told = 0;
    while (!interrupted && !c->failed && reducing_go_on(&c->reducing)) {
        usleep(TICK_US);
        uint64_t now = os_now_ns();
        if (now - told < PROGRESS_NS) continue;
        told = now;
        snprintf(c->report->reducing, sizeof c->report->reducing, "%s", reducing_what(&c->reducing));
        if (progress) progress(user, c->report);
    }
}

CampaignEnd campaign_run(const CampaignOptions *o, CampaignProgress *progress, void *user, CampaignReport *last) {
    Campaign *c = calloc(1, sizeof *c);
    *last = (CampaignReport){0};
    void *m = mmap(NULL, sizeof(CampaignShared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!c || m == MAP_FAILED) {
        free(c);
        fputs("parallax: no memory\n", stderr);
        return CAMPAIGN_FAILED;
    }
    struct sigaction a = {.sa_handler = on_interrupt}, before[2];
    c->o = o;
    c->sh = m;
    c->sh->next = o->first;
    c->jobs = o->jobs > CAMPAIGN_MAX_JOBS ? CAMPAIGN_MAX_JOBS : o->jobs ? o->jobs : 1;
    c->report = last;
    read_state(c);
    c->sh->end = o->cases ? c->sh->next + o->cases : UINT64_MAX;
    c->began = os_now_ns();
    interrupted = 0;
    sigaction(SIGINT, &a, &before[0]);
    sigaction(SIGTERM, &a, &before[1]);
    fflush(NULL);
    reducing_open(&c->reducing, o->findings, o->reduce_seconds);
    loop(c, progress, user);
    make_report(c);
    reduce_rest(c, progress, user);
    reducing_close(&c->reducing);
    bool ok = save_state(c) && !c->failed;
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    munmap(m, sizeof(CampaignShared));
    free(c);
    return !ok ? CAMPAIGN_FAILED : interrupted ? CAMPAIGN_INTERRUPTED : CAMPAIGN_DONE;
}
