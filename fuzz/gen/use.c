/* Use: read from an observation, whose fields tell how each step ended and what fuel it left. */
#include "fuzz/gen/use.h"
#include <inttypes.h>
#include "base/bits.h"

typedef struct Step { /* as collected from its fields, which are neighbours */
    OutcomeKind kind;
    TrapKind trap;
    uint64_t executed, host_calls;
} Step;

static uint32_t read_step(const Observation *o, uint32_t i, int64_t fuel, Step *s) {
    uint16_t step = o->field.at[i].step;
    *s = (Step){OUT_RETURN, TRAP_NONE, 0, 0};
    for (; i < o->field.n && o->field.at[i].step == step; i++) {
        const Field *f = &o->field.at[i];
        if (f->kind == FIELD_OUTCOME) s->kind = (OutcomeKind)f->v[0];
        if (f->kind == FIELD_TRAP) s->trap = (TrapKind)f->v[0];
        if (f->kind == FIELD_HOST_CALLS) s->host_calls = f->v[0];
        if (f->kind != FIELD_FUEL) continue;
        int64_t left = (int64_t)f->v[0]; /* below zero when it ran out */
        s->executed = (uint64_t)(fuel - (left < 0 ? 0 : left));
    }
    return i;
}

static bool add_step(Use *u, const Step *s) {
    u->steps++;
    u->executed += s->executed;
    if (s->kind == OUT_RETURN) u->returned++;
    if (s->kind == OUT_TRAP) {
        u->trapped++;
        u->trap[s->trap]++;
        if (s->executed <= USE_IMMEDIATE) u->immediate++;
    }
    return s->kind == OUT_RETURN && s->executed >= USE_ENOUGH;
}

void use_add(Use *u, const Case *c, const Observation *o) {
    if (c->failed) return;
    u->cases++;
    if (!c->module || c->plan_error) {
        u->invalid++;
        return;
    }
    uint64_t before = u->executed, calls = 0;
    bool useful = false, ready = false, small = true;
    for (uint32_t i = 0; i < o->field.n;) {
        uint32_t step = o->field.at[i].step;
        Step s;
        i = read_step(o, i, c->plan.limits.fuel, &s);
        if (s.host_calls > calls) calls = s.host_calls;
        if (step == STEP_MODULE || step == STEP_STATE) continue;
        if (step != STEP_INSTANTIATE) {
            useful |= add_step(u, &s);
            small &= s.executed < USE_ENOUGH;
            continue;
        }
        ready = s.kind == OUT_RETURN;
        if (c->module->start == NO_INDEX) continue; /* the field's fuel is not of a call */
        u->executed += s.executed;
        if (s.kind == OUT_TRAP) u->start_trapped++;
    }
    uint64_t executed = u->executed - before;
    uint32_t bucket = 63 - bits_clz64(executed | 1);
    u->bucket[bucket < USE_BUCKETS ? bucket : USE_BUCKETS - 1]++;
    if (executed > u->most) u->most = executed;
    u->host_calls += calls;
    u->not_instantiated += !ready;
    u->useful += useful;
    u->small += small;
}

static double share(uint64_t n, uint64_t of) { return of ? 100.0 * (double)n / (double)of : 0; }

void use_print(FILE *f, const Use *u) {
    double cases = u->cases ? (double)u->cases : 1;
    fprintf(f,
            "cases            %" PRIu64 " (%" PRIu64 " invalid, %" PRIu64 " not instantiated, %" PRIu64
            " of them by a trap of the start function)\n",
            u->cases, u->invalid, u->not_instantiated, u->start_trapped);
    fprintf(f, "useful           %.2f %% (a step that executes %d instructions and returns); too small %.2f %%\n",
            share(u->useful, u->cases), USE_ENOUGH, share(u->small, u->cases));
    fprintf(f, "steps            %.2f a case, %.2f %% return, %.2f %% trap, %.2f %% at once\n",
            (double)u->steps / cases, share(u->returned, u->steps), share(u->trapped, u->steps),
            share(u->immediate, u->steps));
    fprintf(f, "executed         %.0f instructions a case, at most %" PRIu64 "; %.2f host calls\n",
            (double)u->executed / cases, u->most, (double)u->host_calls / cases);
    for (uint32_t i = 1; i < TRAP_COUNT; i++)
        if (u->trap[i])
            fprintf(f, "  trap           %6.2f %% of steps: %s\n", share(u->trap[i], u->steps), trap_text((TrapKind)i));
    for (uint32_t i = 0; i < USE_BUCKETS; i++)
        if (u->bucket[i])
            fprintf(f, "  executed       %6.2f %% of cases: %s%u\n", share(u->bucket[i], u->cases),
                    i + 1 < USE_BUCKETS ? "below " : "above ", i + 1 < USE_BUCKETS ? 2u << i : 1u << i);
}
