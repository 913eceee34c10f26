#include "run/apply.h"
#include <string.h>

_Static_assert(offsetof(Apply, code) == APPLY_CODE && offsetof(Apply, ctx) == APPLY_CONTEXT &&
                   offsetof(Apply, integer) == APPLY_INT && offsetof(Apply, fp) == APPLY_FLOAT,
               "code/es.h must match run/exec.h");

static RegClass class_of(ValType t) { return t == VT_I32 || t == VT_I64 || vt_is_ref(t) ? RC_INT : RC_FLOAT; }

static bool fits(const ValType *v, uint32_t n, uint32_t used[RC_COUNT], const uint8_t most[RC_COUNT]) {
    for (uint32_t i = 0; i < n; i++) used[class_of(v[i])]++;
    return used[RC_INT] <= most[RC_INT] && used[RC_FLOAT] <= most[RC_FLOAT];
}

/* Of the integer registers the context takes the first, unless it is pinned. */
static uint32_t first_int(const Target *target) { return target->context == NO_PIN; }

bool apply_takes(const FuncType *t, const Target *target) {
    uint32_t args[RC_COUNT] = {[RC_INT] = first_int(target)}, results[RC_COUNT] = {0};
    return fits(t->param, t->nparam, args, target->narg) && fits(t->result, t->nresult, results, target->nres);
}

void apply_fill(Apply *a, const FuncType *t, const Target *target, const FuncInst *f, const Value *args) {
    uint32_t ni = first_int(target), nf = 0;
    a->code = f->code;
    a->ctx = f->ctx;
    if (ni) a->integer[0] = (uint64_t)(uintptr_t)f->ctx;
    for (uint32_t i = 0; i < t->nparam; i++) {
        if (class_of(t->param[i]) == RC_INT)
            a->integer[ni++] = args[i].i64;
        else
            a->fp[nf++] = args[i];
    }
}

/* Bytes of a value in its register. */
static uint32_t value_bytes(ValType t) { return t == VT_I32 || t == VT_F32 ? 4 : t == VT_V128 ? 16 : 8; }

void apply_results(const Apply *a, const FuncType *t, Value *results) {
    uint32_t ni = 0, nf = 0;
    for (uint32_t i = 0; i < t->nresult; i++) {
        const void *at = class_of(t->result[i]) == RC_INT ? (const void *)&a->integer[ni++] : &a->fp[nf++];
        memset(&results[i], 0, sizeof results[i]);
        memcpy(&results[i], at, value_bytes(t->result[i]));
    }
}
