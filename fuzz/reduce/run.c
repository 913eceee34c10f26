/* Candidates are run on as few legs as tell the same: the interpreter, one deviating leg of each ISA, and one that
 * agrees with the interpreter, so that there is a majority.  Only the outcome is put before all legs again. */
#include "fuzz/reduce/run.h"
#include <stdio.h>
#include <string.h>
#include "fuzz/reduce/raw.h"
#include "wasm/validate.h"

/* Once a run on all legs may take long, as on a busy machine; candidates are many. */
#define WHOLE_TIMEOUT_NS UINT64_C(60000000000)
#define HANG_TIMEOUT_NS UINT64_C(1000000000)

typedef struct Job {
    Arena *a;
    const ReduceRun *run;
    ReduceReport *report;
    ReduceBucket all; /* what the module shows on all legs */
} Job;

static ServerOptions server_options(const Job *j, const LegSpec *leg, uint32_t nlegs) {
    return (ServerOptions){.leg = leg,
                           .nlegs = nlegs,
                           .features = j->run->o.features,
                           .jobs = j->run->jobs,
                           .timeout_ns = j->run->timeout_ns};
}

static void one_at_a_time(ServerOptions *o) {
    o->jobs = 1;
    if (!o->timeout_ns) o->timeout_ns = WHOLE_TIMEOUT_NS;
}

/* What a module shows on all legs; with a second try by a fresh worker. */
static bool ask_all(Job *j, ReduceBytes module, ReduceBucket *shown) {
    ReduceOracle oracle;
    ServerOptions o = server_options(j, j->run->leg, j->run->nlegs);
    one_at_a_time(&o);
    ServerOracle *s = oracle_server_open(&o, &oracle, j->report->why, sizeof j->report->why);
    if (!s) return false;
    oracle.ask(oracle.user, &module, 1, shown);
    oracle_server_close(s);
    return true;
}

static uint32_t kinds_of(const LegSpec *leg, uint32_t nlegs, uint32_t set) {
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < nlegs; i++)
        if (set >> i & 1) kinds |= 1u << leg[i].kind;
    return kinds;
}

/* The same bug as far as the verdict tells: ISAs and field, and how a call or trap differs. */
static bool same_bug(const LegSpec *la, uint32_t na, const ReduceBucket *a, const LegSpec *lb, uint32_t nb,
                     const ReduceBucket *b) {
    ReduceBucket x = *a, y = *b;
    if (kinds_of(la, na, x.legs) != kinds_of(lb, nb, y.legs)) return false;
    x.legs = y.legs = 0;
    return reduce_bucket_equal(&x, &y);
}

/* -- Legs ------------------------------------------------------------------------------------- */

static void choose_legs(Job *j) {
    const ReduceRun *run = j->run;
    ReduceReport *out = j->report;
    uint32_t deviates = j->all.legs, whole = run->nlegs < 32 ? (1u << run->nlegs) - 1 : UINT32_MAX, kinds = 0,
             agree = 0;
    out->nlegs = 0;
    for (uint32_t i = 0; i < run->nlegs; i++) { /* the interpreter stands first among those that agree */
        bool bad = deviates >> i & 1;
        if (bad ? kinds >> run->leg[i].kind & 1 : agree == 2) continue;
        if (bad)
            kinds |= 1u << run->leg[i].kind;
        else
            agree++;
        out->leg[out->nlegs++] = run->leg[i];
    }
    if (deviates != whole && agree) return;
    memcpy(out->leg, run->leg, run->nlegs * sizeof *run->leg); /* nobody has a majority: all are needed */
    out->nlegs = run->nlegs;
}

/* Does the module show it on these legs? */
static bool shows(Job *j, ReduceBytes module, const LegSpec *leg, uint32_t nlegs) {
    ReduceOracle oracle;
    ReduceBucket shown;
    char why[300];
    ServerOptions o = server_options(j, leg, nlegs);
    one_at_a_time(&o);
    ServerOracle *s = oracle_server_open(&o, &oracle, why, sizeof why);
    if (!s) return false;
    oracle.ask(oracle.user, &module, 1, &shown);
    oracle_server_close(s);
    return same_bug(leg, nlegs, &shown, j->run->leg, j->run->nlegs, &j->all);
}

/* The leg's text without its option number k (0: the first); false: there is none.  A planted fault stays. */
static bool without_option(const LegSpec *leg, uint32_t k, LegSpec *out) {
    char text[sizeof leg->text], why[200];
    const char *at = strchr(leg->text, ':');
    if (!at) return false;
    for (at++; k--; at++)
        if (!*(at += strcspn(at, ","))) return false;
    size_t n = strcspn(at, ","), before = (size_t)(at - leg->text);
    if (!n || strncmp(at, "plant=", 6) == 0) return *out = *leg, true;
    if (at[n])
        n++; /* and the comma behind it; */
    else
        before--; /* of the last: what stands in front of it */
    snprintf(text, sizeof text, "%.*s%s", (int)before, leg->text, at + n);
    return leg_spec_parse(out, text, strlen(text), why, sizeof why);
}

/* Knobs back to their defaults, one after the other. */
static void plain_legs(Job *j) {
    ReduceReport *out = j->report;
    ReduceBytes module = {out->result.bytes, out->result.n};
    memcpy(out->plain, out->leg, sizeof out->plain);
    for (uint32_t i = 0; i < out->nlegs; i++)
        for (uint32_t k = 0; !out->result.stats.stopped;) {
            LegSpec before = out->plain[i];
            if (!without_option(&before, k, &out->plain[i])) break;
            if (strcmp(before.text, out->plain[i].text) == 0 || !shows(j, module, out->plain, out->nlegs)) {
                out->plain[i] = before;
                k++;
            }
        }
}

/* -- Slips ------------------------------------------------------------------------------------------ */

static void save_slips(Job *j) {
    ReduceResult *r = &j->report->result;
    ReduceOracle oracle;
    char why[300], path[FINDING_PATH];
    if (!j->run->slips || !r->nslips) return;
    ServerOptions o = server_options(j, j->run->leg, j->run->nlegs);
    one_at_a_time(&o);
    ServerOracle *s = oracle_server_open(&o, &oracle, why, sizeof why);
    for (uint32_t i = 0; s && i < r->nslips; i++) {
        bool hurry = j->run->o.stop && *j->run->o.stop;
        ReduceBytes b = {r->slip[i].bytes, r->slip[i].n};
        if (oracle_server_save(s, b, j->run->slips, !hurry, path) == FINDING_NEW)
            vec_push(j->a, &j->report->saved, arena_dup(j->a, path, strlen(path)));
    }
    oracle_server_close(s);
}

/* -- Reducing ------------------------------------------------------------------------------------------ */

static ReduceRunEnd end_of(Job *j, ReduceEnd end, const char *why) {
    if (end != REDUCE_DONE) snprintf(j->report->why, sizeof j->report->why, "%s", why);
    return end == REDUCE_DONE      ? RUN_DONE
           : end == REDUCE_NOTHING ? RUN_NOTHING
           : end == REDUCE_INVALID ? RUN_BAD_INPUT
                                   : RUN_LACKS;
}

static ReduceRunEnd reduce_on(Job *j) {
    ReduceReport *out = j->report;
    ReduceOracle oracle;
    const char *why = "";
    ServerOptions o = server_options(j, out->leg, out->nlegs);
    o.once = true;
    if (!o.timeout_ns && j->all.got == OUT_HANG && j->all.field == FIELD_OUTCOME) o.timeout_ns = HANG_TIMEOUT_NS;
    ServerOracle *s = oracle_server_open(&o, &oracle, out->why, sizeof out->why);
    if (!s) return RUN_LACKS;
    ReduceEnd how = reduce_module(j->run->module, &oracle, &j->run->o, &out->result, &why);
    out->lost += oracle_server_lost(s);
    oracle_server_close(s);
    return end_of(j, how, why);
}

static bool confirm(Job *j) {
    const ReduceRun *run = j->run;
    ReduceResult *r = &j->report->result;
    ReduceBucket shown;
    return ask_all(j, (ReduceBytes){r->bytes, r->n}, &shown) &&
           same_bug(run->leg, run->nlegs, &shown, run->leg, run->nlegs, &j->all);
}

static ReduceRunEnd by_legs(Job *j) {
    const ReduceRun *run = j->run;
    ReduceReport *out = j->report;
    if (!ask_all(j, run->module, &j->all)) return RUN_LACKS;
    if (!j->all.differs) {
        snprintf(out->why, sizeof out->why, "the legs do not differ on it");
        return RUN_NOTHING;
    }
    choose_legs(j);
    ReduceRunEnd end = reduce_on(j);
    bool few = out->nlegs < run->nlegs, stopped = out->result.stats.stopped;
    out->confirmed = end == RUN_DONE && confirm(j);
    if (few && !stopped && (end == RUN_NOTHING || (end == RUN_DONE && !out->confirmed))) {
        /* the few tell another thing than all: then all of them */
        reduce_free(&out->result);
        memcpy(out->leg, run->leg, run->nlegs * sizeof *run->leg);
        out->nlegs = run->nlegs;
        end = reduce_on(j);
        out->confirmed = end == RUN_DONE && confirm(j);
    }
    if (end != RUN_DONE) return end;
    plain_legs(j);
    save_slips(j);
    return end;
}

static bool is_valid(const ReduceRun *run) {
    Arena a;
    Err err;
    arena_init(&a, NULL);
    bool ok = module_decode_valid(&a, run->module.at, run->module.n, run->o.features, &err) != NULL;
    arena_free(&a);
    return ok;
}

/* A command may find an invalid module interesting: that two validators judge it differently, say. */
static ReduceRunEnd by_command(Job *j) {
    const ReduceRun *run = j->run;
    ReduceReport *out = j->report;
    LocalOracle interp;
    ReduceOracle probe, oracle;
    CommandOracle command = {
        .command = run->predicate, .jobs = run->jobs, .timeout_ns = run->timeout_ns, .probe = &probe};
    const char *why = "";
    oracle_local_open(&interp, NULL, &probe);
    ReduceRunEnd end = RUN_LACKS;
    if (oracle_command_open(&command, &oracle, out->why, sizeof out->why)) {
        ReduceEnd how = is_valid(run) ? reduce_module(run->module, &oracle, &run->o, &out->result, &why)
                                      : reduce_raw(run->module, &oracle, &run->o, &out->result, &why);
        end = end_of(j, how, why);
        if (end == RUN_NOTHING && strcmp(why, "it shows nothing") == 0)
            snprintf(out->why, sizeof out->why, "the command says that it is not interesting");
        out->confirmed = end == RUN_DONE;
        oracle_command_close(&command);
    }
    oracle_local_close(&interp);
    return end;
}

ReduceRunEnd reduce_run(Arena *a, const ReduceRun *run, ReduceReport *report) {
    Job j = {.a = a, .run = run, .report = report};
    *report = (ReduceReport){0};
    return run->predicate ? by_command(&j) : by_legs(&j);
}
