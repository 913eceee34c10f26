#include "fuzz/campaign/tally.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/gen/use.h"

/* What the case was good for, as the interpreter saw it; each case is in one class. */
static void classify(Tally *t, const Case *c) {
    Use u = {0};
    use_add(&u, c, &c->obs[0]);
    t->steps += u.steps;
    t->immediate += u.immediate;
    t->executed += u.executed;
    if (u.useful)
        t->useful++;
    else if (u.not_instantiated)
        t->not_instantiated++;
    else if (u.small)
        t->small++;
    else
        t->trapped++;
}

void tally_case(Tally *t, const Case *c) {
    t->cases++;
    t->bytes += c->size;
    if (!c->failed && (!c->module || c->plan_error)) {
        t->invalid++;
        return;
    }
    switch (c->verdict.kind) {
    case VERDICT_INCOMPLETE:
        t->incomplete++;
        for (uint32_t i = 0; i < c->verdict.nlegs; i++)
            if (c->verdict.lacking >> i & 1) snprintf(t->why, sizeof t->why, "%s", c->obs[i].why);
        return;
    case VERDICT_FLAKY: t->flaky++; break;
    case VERDICT_QEMU_SUSPECT:
    case VERDICT_DISAGREE: t->disagree++; break;
    default: break;
    }
    classify(t, c);
    if (c->native) {
        t->native++;
        t->native_steps += c->plan.step.n;
        t->nans += c->verdict.nans;
        t->nan_open += verdict_steps_open(&c->verdict, c->plan.step.n);
    }
}

void tally_bucket(Tally *t, const char *name, uint64_t cases) {
    uint32_t i = 0;
    while (i < t->nbucket && strcmp(t->bucket[i].name, name) != 0) i++;
    if (i == TALLY_BUCKETS) i--;
    if (i == t->nbucket) {
        snprintf(t->bucket[i].name, BUCKET_NAME, "%s", name);
        t->nbucket++;
    }
    t->bucket[i].cases += cases;
}

void tally_add(Tally *t, const Tally *more) {
#define T(id, what) t->id += more->id;
    TALLY_LIST(T)
#undef T
    for (uint32_t i = 0; i < more->nbucket; i++) tally_bucket(t, more->bucket[i].name, more->bucket[i].cases);
    if (more->why[0]) memcpy(t->why, more->why, sizeof t->why);
}

void tally_write(FILE *f, const Tally *t) {
#define T(id, what) fprintf(f, #id " %" PRIu64 "\n", t->id);
    TALLY_LIST(T)
#undef T
    for (uint32_t i = 0; i < t->nbucket; i++)
        fprintf(f, "bucket %s %" PRIu64 "\n", t->bucket[i].name, t->bucket[i].cases);
}

bool tally_read(Tally *t, const char *line) {
    char key[40], name[BUCKET_NAME];
    uint64_t n;
    if (sscanf(line, "bucket %79s %" SCNu64, name, &n) == 2) return tally_bucket(t, name, n), true;
    if (sscanf(line, "%39s %" SCNu64, key, &n) != 2) return false;
#define T(id, what) \
    if (strcmp(key, #id) == 0) return t->id = n, true;
    TALLY_LIST(T)
#undef T
    return false;
}
