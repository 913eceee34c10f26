#include "run/apply.h"
#include <string.h>
#include "ir/build.h"

_Static_assert(offsetof(Apply, code) == APPLY_CODE && offsetof(Apply, ctx) == APPLY_CONTEXT &&
                   offsetof(Apply, integer) == APPLY_INT && offsetof(Apply, fp) == APPLY_FLOAT,
               "code/es.h must match run/exec.h");

static RegClass class_of(ValType t) { return type_class(ir_type_of(t)); }

/* Of the integer registers the context takes the first, unless it is pinned. */
static uint32_t first_int(const Target *target) { return target->context == NO_PIN; }

/* How many of the values have no register, where `used` are taken already. */
static uint32_t without_register(const ValType *v, uint32_t n, uint32_t used, const uint8_t most[RC_COUNT]) {
    uint32_t count[RC_COUNT] = {[RC_INT] = used}, without = 0;
    for (uint32_t i = 0; i < n; i++) without += count[class_of(v[i])]++ >= most[class_of(v[i])];
    return without;
}

bool apply_takes(const FuncType *t, const Target *target) {
    return target->callconv == CALLCONV_STATE ||
           !without_register(t->param, t->nparam, first_int(target), target->narg);
}

void apply_prepare(ExecCall *c, const FuncType *t, const Target *target, const Value *args) {
    uint32_t used[RC_COUNT] = {[RC_INT] = first_int(target)};
    Apply *a = c->apply;
    a->code = c->func->code;
    a->ctx = c->func->ctx;
    if (used[RC_INT]) a->integer[0] = (uint64_t)(uintptr_t)c->func->ctx;
    for (uint32_t i = 0; i < t->nparam; i++) {
        RegClass rc = class_of(t->param[i]);
        uint32_t k = used[rc]++;
        if (k >= target->narg[rc])
            c->nargs = t->nparam;
        else if (rc == RC_INT)
            a->integer[k] = args[i].i64;
        else
            a->fp[k] = args[i];
    }
    if (c->nargs) memcpy(c->args, args, c->nargs * sizeof *args);
    if (without_register(t->result, t->nresult, 0, target->nres)) c->nresult = t->nresult;
}

void apply_results(const ExecCall *c, const FuncType *t, const Target *target) {
    uint32_t used[RC_COUNT] = {0};
    for (uint32_t i = 0; i < t->nresult; i++) {
        RegClass rc = class_of(t->result[i]);
        uint32_t k = used[rc]++;
        Value *v = &c->results[i];
        Value from = *v; /* of what has no register: its slot has been copied, with whatever is behind the value */
        if (k < target->nres[rc] && rc == RC_INT)
            from.i64 = c->apply->integer[k];
        else if (k < target->nres[rc])
            from = c->apply->fp[k];
        memset(v, 0, sizeof *v);
        memcpy(v, &from, type_bytes(ir_type_of(t->result[i])));
    }
}
