#include "oracles/plan.h"
#include <string.h>
#include "base/leb128.h"
#include "base/map.h"
#include "oracles/observe.h"

_Static_assert((int)PLAN_MAX_STEPS < (int)STEP_MODULE, "numbers from there on are no steps");

/* -- Default plan ----------------------------------------------------------------- */

static const uint32_t boundary32[] = {0, 1,       0xffffffff, 0x80000000, 0x7fffffff, 2,
                                      7, 0x10000, 0xffff,     100,        31,         0xfffe0001};
static const uint64_t boundary64[] = {
    0,  1,    UINT64_MAX, UINT64_C(1) << 63,           (UINT64_C(1) << 63) - 1, 2, 0xffffffff, UINT64_C(1) << 32,
    63, 1000, 0x80000000, UINT64_C(0x8000000000000001)};
static const uint32_t boundary_f32[] = {0,          0x3f800000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                        0x00000001, 0x7f7fffff, 0x4f000000, 0xbf800000, 0x7fa00001, 0x5f000000};
static const uint64_t boundary_f64[] = {0,
                                        UINT64_C(0x3ff0000000000000),
                                        UINT64_C(1) << 63,
                                        UINT64_C(0x7ff0000000000000),
                                        UINT64_C(0xfff0000000000000),
                                        UINT64_C(0x7ff8000000000000),
                                        1,
                                        UINT64_C(0x7fefffffffffffff),
                                        UINT64_C(0x41e0000000000000),
                                        UINT64_C(0xbff0000000000000),
                                        UINT64_C(0x7ff4000000000001),
                                        UINT64_C(0x43e0000000000000)};
enum { NBOUNDARY = 12, NTUPLES = 6 };

static Value boundary(ValType t, uint64_t choice) {
    Value v = {.u64x2 = {0, 0}};
    uint64_t k = choice % NBOUNDARY;
    switch (t) {
    case VT_I32: v.i32 = boundary32[k]; break;
    case VT_I64: v.i64 = boundary64[k]; break;
    case VT_F32: v.i32 = boundary_f32[k]; break;
    case VT_F64: v.i64 = boundary_f64[k]; break;
    case VT_V128:
        v.u64x2[0] = boundary64[k];
        v.u64x2[1] = boundary_f64[choice / NBOUNDARY % NBOUNDARY];
        break;
    default:
        /* references: externrefs are numbers, functions cannot be named here */
        if (VT_HEAP(t) == (HEAP_ABSTRACT | HEAP_EXTERN)) v.ref = choice % 3;
        break;
    }
    return v;
}

/* Tuple 0 is all zeros, tuple 1 all ones; the others mix, by position and function. */
static uint64_t choose(uint32_t func, uint32_t tuple, uint32_t arg) {
    return tuple < 2 ? tuple : hash_mix((uint64_t)func << 32 | tuple << 16 | arg);
}

void plan_default(Arena *a, const Module *m, Plan *p) {
    *p = (Plan){.limits = STORE_LIMITS_DEFAULT};
    for (uint32_t i = 0; i < m->exports.n && p->step.n < PLAN_MAX_STEPS; i++) {
        const Export *e = &m->exports.at[i];
        if (e->kind != EXT_FUNC) continue;
        const FuncType *t = module_func_type(m, e->index);
        uint32_t tuples = t->nparam ? NTUPLES : 1;
        for (uint32_t k = 0; k < tuples && p->step.n < PLAN_MAX_STEPS; k++) {
            PlanStep s = {.name = e->name, .nargs = t->nparam, .args = ARENA_ARRAY(a, Value, t->nparam)};
            for (uint32_t j = 0; j < t->nparam; j++) s.args[j] = boundary(t->param[j], choose(e->index, k, j));
            vec_push(a, &p->step, s);
        }
    }
}

/* -- The section -------------------------------------------------------------------- */

typedef struct In {
    const uint8_t *at, *end;
    bool bad;
} In;

static uint64_t in_u64(In *in) {
    uint64_t v = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        if (in->at == in->end) break;
        uint8_t b = *in->at++;
        if (shift == 63 && b > 1) break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) return v;
    }
    in->bad = true;
    return 0;
}

static uint64_t in_at_most(In *in, uint64_t max) {
    uint64_t v = in_u64(in);
    if (v > max) in->bad = true;
    return in->bad ? 0 : v;
}

static const uint8_t *in_bytes(In *in, uint64_t n) {
    if (n > (uint64_t)(in->end - in->at)) {
        in->bad = true;
        return in->end;
    }
    const uint8_t *p = in->at;
    in->at += n;
    return p;
}

/* A value of the type and nothing else: unused bytes are zero, a function is null (an address means nothing here). */
static bool fits(ValType t, const Value *v) {
    if (t == VT_V128) return true;
    if (v->u64x2[1]) return false;
    if (t == VT_I32 || t == VT_F32) return v->u64x2[0] <= UINT32_MAX;
    return !vt_is_ref(t) || VT_HEAP(t) == (HEAP_ABSTRACT | HEAP_EXTERN) || v->ref == 0;
}

static bool read_step(In *in, Arena *a, const Module *m, PlanStep *s) {
    uint64_t n = in_u64(in);
    const uint8_t *name = in_bytes(in, n);
    if (in->bad) return false;
    s->name = (Name){(const char *)name, (uint32_t)n};
    s->nargs = (uint32_t)in_at_most(in, MAX_PARAMS);
    const Export *e = module_find_export(m, s->name.at, s->name.n);
    if (in->bad || !e || e->kind != EXT_FUNC) return false;
    const FuncType *t = module_func_type(m, e->index);
    const uint8_t *args = in_bytes(in, (uint64_t)s->nargs * sizeof(Value));
    if (in->bad || t->nparam != s->nargs) return false;
    s->args = ARENA_ARRAY(a, Value, s->nargs);
    if (s->nargs) memcpy(s->args, args, s->nargs * sizeof(Value));
    for (uint32_t i = 0; i < s->nargs; i++)
        if (!fits(t->param[i], &s->args[i])) return false;
    return true;
}

static void read_limits(In *in, StoreLimits *l) {
    l->fuel = (int64_t)in_at_most(in, STORE_FUEL_MAX);
    l->depth = (int64_t)in_at_most(in, STORE_DEPTH_MAX);
    l->max_pages = in_at_most(in, 65536);
    l->max_elems = (uint32_t)in_at_most(in, 10000000);
    uint64_t flags = in_at_most(in, 3);
    l->synthesize = flags & 1;
    l->spectest = flags & 2;
}

bool plan_of(Arena *a, const Module *m, Plan *p, const char **why) {
    const Custom *c = module_find_custom(m, PLAN_SECTION);
    if (!c) {
        plan_default(a, m, p);
        return true;
    }
    In in = {m->bytes + c->at, m->bytes + c->at + c->n, false};
    *p = (Plan){0};
    *why = "the custom section parallax.case has another version";
    if (in_u64(&in) != PLAN_VERSION) return false;
    *why = "the custom section parallax.case is damaged or does not fit the exports";
    read_limits(&in, &p->limits);
    uint64_t n = in_at_most(&in, PLAN_MAX_STEPS);
    for (uint64_t i = 0; i < n; i++) {
        PlanStep s;
        if (!read_step(&in, a, m, &s)) return false;
        vec_push(a, &p->step, s);
    }
    return !in.bad && in.at == in.end;
}

uint8_t *plan_encode(Arena *a, const Plan *p, uint32_t *n) {
    uint64_t size = 70;
    for (uint32_t i = 0; i < p->step.n; i++) size += 20 + p->step.at[i].name.n + p->step.at[i].nargs * sizeof(Value);
    uint8_t *out = arena_alloc(a, size, 1), *at = out;
    const StoreLimits *l = &p->limits;
    const uint64_t head[] = {PLAN_VERSION, (uint64_t)l->fuel, (uint64_t)l->depth,
                             l->max_pages, l->max_elems,      (l->synthesize ? 1u : 0u) | (l->spectest ? 2u : 0u),
                             p->step.n};
    for (uint32_t i = 0; i < sizeof head / sizeof *head; i++) at += leb_put_u64(at, head[i]);
    for (uint32_t i = 0; i < p->step.n; i++) {
        const PlanStep *s = &p->step.at[i];
        at += leb_put_u64(at, s->name.n);
        memcpy(at, s->name.at, s->name.n);
        at += s->name.n;
        at += leb_put_u64(at, s->nargs);
        if (s->nargs) memcpy(at, s->args, s->nargs * sizeof(Value));
        at += s->nargs * sizeof(Value);
    }
    *n = (uint32_t)(at - out);
    return out;
}
