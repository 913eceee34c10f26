/* The driver: takes candidates from the passes, has them checked and asked, keeps what is cheaper and shows the same.
 *
 * Invariant: `cur` is the edit of `bytes`, which are valid, were asked, and show `want`. */
#include "fuzz/reduce/reduce.h"
#include <stdlib.h>
#include <string.h>
#include "base/os.h"
#include "fuzz/reduce/pass.h"
#include "wasm/validate.h"

enum { MAX_WIDTH = 64, MAX_ROUNDS = 40 };

/* -- The module as it stands ------------------------------------------------------------------- */

const Flow *reducer_flow(Reducer *r, uint32_t body) {
    if (!r->flow[body]) {
        r->flow[body] = ARENA_NEW(&r->arena, Flow);
        flow_make(r->flow[body], &r->arena, &r->cur, body);
    }
    return r->flow[body];
}

const Probe *reducer_probe(Reducer *r) {
    if (!r->probe.site && r->oracle->probe) {
        probe_run(&r->probe, &r->arena, &r->cur, r->oracle);
        if (!r->probe.site) r->probe.site = ARENA_NEW(&r->arena, ProbeSite); /* not again */
    }
    return &r->probe;
}

/* Decode, validate and take `bytes` as the module; they are copied.  False: not valid. */
static bool stand(Reducer *r, ReduceBytes bytes, const char **why) {
    Err err;
    Plan plan;
    arena_reset(&r->spare);
    uint8_t *copy = (uint8_t *)arena_dup(&r->spare, bytes.at, bytes.n);
    Module *m = module_decode_valid(&r->spare, copy, bytes.n, r->o->features, &err);
    if (!m) return *why = "it is not a valid module", false;
    if (!plan_of(&r->spare, m, &plan, why)) return false;
    Arena before = r->arena;
    r->arena = r->spare;
    r->spare = before;
    m->arena = &r->arena;
    edit_open(&r->cur, &r->arena, m, &plan);
    r->bytes = (ReduceBytes){copy, bytes.n};
    r->cost = reduce_cost(&r->cur, bytes.n);
    r->flow = ARENA_ARRAY(&r->arena, Flow *, m->bodies.n);
    r->probe = (Probe){0};
    return true;
}

static bool valid(Reducer *r, ReduceBytes bytes) {
    Err err;
    return module_decode_valid(&r->scratch, bytes.at, bytes.n, r->o->features, &err) != NULL;
}

/* -- Other buckets -------------------------------------------------------------------------------- */

static void slip(Reducer *r, const ReduceBucket *b, ReduceBytes bytes) {
    ReduceResult *x = r->result;
    uint32_t i = 0;
    r->stats->slipped++;
    while (i < x->nslips && !reduce_bucket_equal(&x->slip[i].bucket, b)) i++;
    if (i == REDUCE_MAX_SLIPS || (i < x->nslips && x->slip[i].n <= bytes.n)) return;
    uint8_t *copy = malloc(bytes.n);
    if (!copy) return;
    memcpy(copy, bytes.at, bytes.n);
    if (i == x->nslips)
        x->nslips++;
    else
        free(x->slip[i].bytes);
    x->slip[i] = (ReduceSlip){*b, copy, bytes.n};
}

/* -- Candidates -------------------------------------------------------------------------------------- */

typedef struct Trial {
    uint32_t n;
    Cursor behind[MAX_WIDTH]; /* where the pass is behind each candidate */
    ReduceBytes bytes[MAX_WIDTH];
    int64_t fuel[MAX_WIDTH];
    ReduceBucket shown[MAX_WIDTH];
} Trial;

static bool out_of_time(Reducer *r) {
    bool late = r->o->limit_ns && os_now_ns() - r->began > r->o->limit_ns;
    if (late || (r->o->stop && *r->o->stop)) r->stats->stopped = true;
    return r->stats->stopped;
}

static void remember(Reducer *r, ReduceBytes b) { map_put(&r->asked, hash_bytes(b.at, b.n, 0), 1); }

/* Is the candidate worth asking? */
static bool worth(Reducer *r, const Pass *p, Edit *cand, ReduceBytes *bytes) {
    bytes->at = edit_encode(cand, &bytes->n);
    ReduceCost cost = reduce_cost(cand, bytes->n);
    uint32_t one;
    if (!p->free && !cost_less(&cost, &r->cost)) return r->stats->dear++, false;
    if (map_get(&r->asked, hash_bytes(bytes->at, bytes->n, 0), &one)) return r->stats->known++, false;
    if (!valid(r, *bytes)) {
        remember(r, *bytes);
        return r->stats->invalid++, false;
    }
    return true;
}

static void gather(Reducer *r, const Pass *p, Cursor *c, Trial *b) {
    uint32_t width = r->oracle->width < MAX_WIDTH ? r->oracle->width : MAX_WIDTH;
    arena_reset(&r->scratch);
    b->n = 0;
    while (b->n < width && !out_of_time(r)) {
        Edit cand;
        if (!b->n) arena_reset(&r->scratch);
        edit_copy(&cand, &r->scratch, &r->cur);
        if (!p->next(r, c, &cand)) return;
        if (!worth(r, p, &cand, &b->bytes[b->n])) continue;
        b->fuel[b->n] = cand.plan.limits.fuel;
        b->behind[b->n++] = *c;
    }
}

/* It runs until there is no fuel, which the module as it stands does not, or not for as long. */
static bool runs_on(const Reducer *r, const Trial *b, uint32_t i) {
    if (!b->shown[i].out) return false;
    return (!r->out && r->ends) || b->fuel[i] > r->cur.plan.limits.fuel;
}

static bool run_pass(Reducer *r, const Pass *p) {
    Cursor c = {0};
    Trial b;
    bool any = false;
    for (;;) {
        gather(r, p, &c, &b);
        if (!b.n) return any;
        r->oracle->ask(r->oracle->user, b.bytes, b.n, b.shown);
        for (uint32_t i = 0; i < b.n; i++) {
            const char *why;
            r->stats->tried++; /* those behind the one that is taken do not count: with one job they are never made */
            remember(r, b.bytes[i]);
            if (!reduce_bucket_equal(&b.shown[i], &r->want)) {
                if (b.shown[i].differs) slip(r, &b.shown[i], b.bytes[i]);
                continue;
            }
            if (runs_on(r, &b, i) || !stand(r, b.bytes[i], &why)) continue;
            r->out = b.shown[i].out;
            c = b.behind[i];
            c.at = c.again;
            c.variant = 0;
            r->stats->taken++;
            any = true;
            break;
        }
    }
}

/* -- Whole runs ----------------------------------------------------------------------------------------- */

static void tell(Reducer *r, const char *pass) {
    r->stats->bytes_after = r->bytes.n;
    r->stats->instr_after = edit_instructions(&r->cur);
    r->stats->seconds = (double)(os_now_ns() - r->began) / 1e9;
    if (r->o->progress) r->o->progress(r->o->user, pass, r->stats, r->bytes);
}

const char *reduce_pass_name(uint32_t i) { return i < reduce_npasses ? reduce_passes[i].name : NULL; }

static void run_named(Reducer *r) {
    for (uint32_t i = 0; i < reduce_npasses; i++)
        if (strcmp(reduce_passes[i].name, r->o->pass) == 0 && run_pass(r, &reduce_passes[i])) tell(r, r->o->pass);
}

/* Those that come last, once. */
static void run_last(Reducer *r) {
    for (uint32_t i = 0; i < reduce_npasses && !r->stats->stopped; i++)
        if (reduce_passes[i].when == PASS_LAST) run_pass(r, &reduce_passes[i]);
}

static void run_passes(Reducer *r) {
    bool any = true;
    for (uint32_t round = 0; any && round < MAX_ROUNDS && !r->stats->stopped; round++) {
        any = false;
        r->stats->rounds++;
        for (uint32_t i = 0; i < reduce_npasses && !r->stats->stopped; i++) {
            const Pass *p = &reduce_passes[i];
            if (p->when == PASS_LAST || (p->when == PASS_FIRST && round) || !run_pass(r, p)) continue;
            any = true;
            tell(r, p->name);
        }
    }
}

/* What a loop without an end leaves depends on all that is in it, and how little fuel is left on nothing else, so it
 * cannot be made small; and it is a nuisance to who runs it elsewhere.  But better one than a large module. */
static void run_all(Reducer *r) {
    enum { SMALL = 20 };
    r->ends = true;
    run_passes(r);
    if (edit_instructions(&r->cur) > SMALL && r->want.field != FIELD_FUEL) {
        r->ends = false;
        map_init(&r->asked, &r->memo);
        run_passes(r);
    }
    run_last(r);
}

static ReduceEnd begin(Reducer *r, ReduceBytes module, const char **why) {
    if (!stand(r, module, why)) return REDUCE_INVALID;
    r->stats->bytes_before = module.n;
    r->stats->instr_before = edit_instructions(&r->cur);
    r->oracle->ask(r->oracle->user, &module, 1, &r->want);
    if (!r->want.differs) return *why = "it shows nothing", REDUCE_NOTHING;
    r->result->bucket = r->want;
    /* with the plan said, and in canonical form */
    Edit plain;
    ReduceBytes bytes;
    ReduceBucket shown;
    edit_copy(&plain, &r->scratch, &r->cur);
    bytes.at = edit_encode(&plain, &bytes.n);
    r->oracle->ask(r->oracle->user, &bytes, 1, &shown);
    if (!reduce_bucket_equal(&shown, &r->want))
        return *why = "it shows another thing when it is encoded anew", REDUCE_NOTHING;
    r->out = shown.out;
    return stand(r, bytes, why) ? REDUCE_DONE : REDUCE_INVALID;
}

static bool finish(Reducer *r) {
    tell(r, "end");
    r->result->bytes = malloc(r->bytes.n);
    if (!r->result->bytes) return false;
    memcpy(r->result->bytes, r->bytes.at, r->bytes.n);
    r->result->n = r->bytes.n;
    return true;
}

ReduceEnd reduce_module(ReduceBytes module, const ReduceOracle *oracle, const ReduceOptions *o, ReduceResult *result,
                        const char **why) {
    *result = (ReduceResult){0};
    Reducer r = {.oracle = oracle, .o = o, .result = result, .stats = &result->stats, .began = os_now_ns()};
    arena_init(&r.arena, NULL);
    arena_init(&r.spare, NULL);
    arena_init(&r.scratch, NULL);
    arena_init(&r.memo, NULL);
    map_init(&r.asked, &r.memo);
    ReduceEnd end = begin(&r, module, why);
    if (end == REDUCE_DONE) {
        if (o->pass)
            run_named(&r);
        else
            run_all(&r);
        if (!finish(&r)) *why = "out of memory", end = REDUCE_FAILED;
    }
    arena_free(&r.arena);
    arena_free(&r.spare);
    arena_free(&r.scratch);
    arena_free(&r.memo);
    return end;
}

void reduce_free(ReduceResult *r) {
    free(r->bytes);
    for (uint32_t i = 0; i < r->nslips; i++) free(r->slip[i].bytes);
    *r = (ReduceResult){0};
}

uint64_t reduce_count(ReduceBytes module, Features features) {
    Arena a;
    Err err;
    Edit e;
    Plan none = {0};
    uint64_t n = 0;
    arena_init(&a, NULL);
    Module *m = module_decode_valid(&a, module.at, module.n, features, &err);
    if (m) {
        edit_open(&e, &a, m, &none);
        n = edit_instructions(&e);
    }
    arena_free(&a);
    return n;
}
