#include "oracles/metamorph.h"
#include "wasm/trap.h"

/* What one side may have more of, by kind of field, and for segments by instance. */
typedef struct Extent {
    uint32_t of[FIELD_COUNT];         /* entities of the kind */
    uint32_t instance[2], segment[2]; /* the last instance that has data, element segments, and how many */
} Extent;

static bool ignored(FieldKind k) {
    return k == FIELD_SITE || k == FIELD_BACKTRACE || k == FIELD_FUEL || k == FIELD_DEPTH;
}

static Extent extent(const Observation *o) {
    Extent x = {0};
    for (uint32_t i = 0; i < o->field.n; i++) {
        const Field *f = &o->field.at[i];
        if (f->step != STEP_STATE) continue;
        if (f->index >= x.of[f->kind]) x.of[f->kind] = f->index + 1;
        if (f->kind != FIELD_DATA && f->kind != FIELD_ELEM) continue;
        uint32_t k = f->kind == FIELD_ELEM;
        x.instance[k] = f->index;
        x.segment[k] = f->sub + 1;
    }
    return x;
}

/* Has only the mutant this one?  Segments of the last instance, that is the module's own. */
static bool beyond(const Extent *x, const Field *f) {
    if (f->step != STEP_STATE) return false;
    switch (f->kind) {
    case FIELD_MEMORY:
    case FIELD_MEMORY_SIZE:
    case FIELD_GLOBAL: return f->index >= x->of[f->kind];
    case FIELD_DATA:
    case FIELD_ELEM: {
        uint32_t k = f->kind == FIELD_ELEM;
        return !x->segment[k] || (f->index == x->instance[k] && f->sub >= x->segment[k]);
    }
    default: return false;
    }
}

/* The step that ran out of fuel or depth; STEP_STATE + 1: none. */
static uint32_t exhausted(const Observation *o) {
    for (uint32_t i = 0; i < o->field.n; i++) {
        const Field *f = &o->field.at[i];
        if (f->kind == FIELD_TRAP && (f->v[0] == TRAP_FUEL || f->v[0] == TRAP_EXHAUSTION)) return i;
    }
    return UINT32_MAX;
}

/* Fields to compare, in order; those of an exhausted step and all behind it are left out. */
static Observation filtered(const Observation *o, const Extent *x, Arena *a) {
    Observation out = *o;
    uint32_t end = exhausted(o);
    out.arena = a;
    out.field.at = NULL;
    out.field.n = out.field.cap = 0;
    for (uint32_t i = 0; i < o->field.n && i < end; i++) {
        const Field *f = &o->field.at[i];
        if (end != UINT32_MAX && f->step == o->field.at[end].step) break;
        if (!ignored((FieldKind)f->kind) && !beyond(x, f)) vec_push(a, &out.field, *f);
    }
    if (end != UINT32_MAX) out.resource = true; /* it says nothing beyond */
    return out;
}

Difference metamorph_compare(const Observation *original, const Observation *mutant, Arena *a) {
    Extent x = extent(original);
    Observation o = filtered(original, &x, a), m = filtered(mutant, &x, a);
    return compare(&o, &m);
}

bool metamorph_whole(const Observation *original, const Observation *mutant) {
    return !original->resource && !mutant->resource && !original->crashed && !mutant->crashed &&
           exhausted(original) == UINT32_MAX && exhausted(mutant) == UINT32_MAX;
}
