/* Type matching.
 *
 * Equality of defined types is decided once: two recursion groups are equal when they have the same
 * size and, position by position, the same definitions, where an index into the group itself counts by its
 * position and any other by the canonical index of what it names ("iso-recursive", spec 3.1.3 rolling).
 * Groups are hashed in order, so each is compared only with candidates of the same hash: linear time. */
#include "wasm/match.h"
#include "base/map.h"

/* -- Subtyping ---------------------------------------------------------------- */

/* Among abstract heap types, by code. */
static bool abstract_matches(uint32_t sub, uint32_t super) {
    if (sub == super) return true;
    switch (sub) {
    case HEAP_NONE:
        return super == HEAP_ANY || super == HEAP_EQ || super == HEAP_I31 || super == HEAP_STRUCT ||
               super == HEAP_ARRAY;
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY: return super == HEAP_ANY || super == HEAP_EQ;
    case HEAP_EQ: return super == HEAP_ANY;
    case HEAP_NOFUNC: return super == HEAP_FUNC;
    case HEAP_NOEXTERN: return super == HEAP_EXTERN;
    case HEAP_NOEXN: return super == HEAP_EXN;
    default: return false;
    }
}

static uint32_t kind_heap(TypeKind kind) {
    return kind == TYPE_FUNC ? HEAP_FUNC : kind == TYPE_STRUCT ? HEAP_STRUCT : HEAP_ARRAY;
}

bool heap_type_matches(const Module *m, uint32_t sub, uint32_t super) {
    if (sub == super) return true;
    if (sub >= HEAP_ABSTRACT) {
        uint32_t code = sub - HEAP_ABSTRACT;
        if (super >= HEAP_ABSTRACT) return abstract_matches(code, super - HEAP_ABSTRACT);
        return code == (m->types.at[super].kind == TYPE_FUNC ? HEAP_NOFUNC : HEAP_NONE);
    }
    if (super >= HEAP_ABSTRACT) return abstract_matches(kind_heap(m->types.at[sub].kind), super - HEAP_ABSTRACT);
    /* Supertypes have lower indices (validated), so this ends. */
    uint32_t want = m->types.at[super].canon;
    while (m->types.at[sub].canon != want) {
        sub = m->types.at[sub].super;
        if (sub == NO_INDEX) return false;
    }
    return true;
}

bool val_type_matches(const Module *m, ValType sub, ValType super) {
    if (sub == super || sub == VT_BOTTOM) return true;
    if (!vt_is_ref(sub) || !vt_is_ref(super)) return false;
    if ((sub & VT_NULLABLE) && !(super & VT_NULLABLE)) return false;
    return heap_type_matches(m, VT_HEAP(sub), VT_HEAP(super));
}

bool func_type_matches(const Module *m, const FuncType *sub, const FuncType *super) {
    if (sub->nparam != super->nparam || sub->nresult != super->nresult) return false;
    for (uint32_t i = 0; i < sub->nparam; i++)
        if (!val_type_matches(m, super->param[i], sub->param[i])) return false;
    for (uint32_t i = 0; i < sub->nresult; i++)
        if (!val_type_matches(m, sub->result[i], super->result[i])) return false;
    return true;
}

static bool field_matches(const Module *m, FieldType sub, FieldType super) {
    if (sub.mutable != super.mutable || !val_type_matches(m, sub.type, super.type)) return false;
    return !sub.mutable || val_type_matches(m, super.type, sub.type);
}

bool type_def_matches(const Module *m, const TypeDef *sub, const TypeDef *super) {
    if (sub->kind != super->kind) return false;
    if (sub->kind == TYPE_FUNC) return func_type_matches(m, &sub->func, &super->func);
    if (sub->nfield < super->nfield) return false;
    for (uint32_t i = 0; i < super->nfield; i++)
        if (!field_matches(m, sub->field[i], super->field[i])) return false;
    return true;
}

/* -- Equality of recursion groups ----------------------------------------------- */

/* A type index as it counts for equality: by position in its own group (top bit set), else canonical. */
static uint32_t rolled_index(const Module *m, uint32_t index, uint32_t first) {
    if (index == NO_INDEX) return NO_INDEX;
    return index >= first ? 0x80000000u | (index - first) : m->types.at[index].canon;
}

static uint64_t rolled_type(const Module *m, ValType t, uint32_t first) {
    if (!vt_is_ref(t) || VT_HEAP(t) >= HEAP_ABSTRACT) return t;
    return (uint64_t)(t & (VT_REF | VT_NULLABLE)) << 32 | rolled_index(m, VT_HEAP(t), first);
}

typedef struct Rolled { /* a definition as numbers, one by one, hashed or compared */
    const Module *m;
    uint32_t first;
} Rolled;

static uint32_t rolled_length(const TypeDef *t) { return 4 + t->func.nparam + t->func.nresult + 2 * t->nfield; }

/* Number i of a definition: equal definitions have equal numbers and the same count of them. */
static uint64_t rolled_number(const Rolled *r, const TypeDef *t, uint32_t i) {
    switch (i) {
    case 0: return (uint64_t)t->kind << 1 | t->final;
    case 1: return rolled_index(r->m, t->super, r->first);
    case 2: return (uint64_t)t->func.nparam << 32 | t->func.nresult;
    case 3: return t->nfield;
    default: break;
    }
    i -= 4;
    if (i < t->func.nparam) return rolled_type(r->m, t->func.param[i], r->first);
    i -= t->func.nparam;
    if (i < t->func.nresult) return rolled_type(r->m, t->func.result[i], r->first);
    i -= t->func.nresult;
    const FieldType *f = &t->field[i >> 1];
    return i & 1 ? f->mutable : rolled_type(r->m, f->type, r->first);
}

static uint64_t hash_group(const Module *m, uint32_t first, uint32_t n) {
    Rolled r = {m, first};
    uint64_t h = n;
    for (uint32_t k = first; k < first + n; k++) {
        const TypeDef *t = &m->types.at[k];
        for (uint32_t i = 0; i < rolled_length(t); i++) h = hash_mix(h ^ rolled_number(&r, t, i)) + i;
    }
    return h;
}

static bool groups_equal(const Module *m, uint32_t a, uint32_t b, uint32_t n) {
    Rolled ra = {m, a}, rb = {m, b};
    if (m->types.at[a].group_size != n) return false;
    for (uint32_t k = 0; k < n; k++) {
        const TypeDef *ta = &m->types.at[a + k], *tb = &m->types.at[b + k];
        if (rolled_length(ta) != rolled_length(tb)) return false;
        for (uint32_t i = 0; i < rolled_length(ta); i++)
            if (rolled_number(&ra, ta, i) != rolled_number(&rb, tb, i)) return false;
    }
    return true;
}

void types_canonicalize_group(Module *m, Map *groups, uint32_t first, uint32_t n) {
    uint32_t same = first, other;
    /* Different groups of one hash: try the next key. */
    for (uint64_t h = hash_group(m, first, n);; h++) {
        if (!map_get(groups, h, &other)) {
            map_put(groups, h, first);
            break;
        }
        if (groups_equal(m, other, first, n)) {
            same = other;
            break;
        }
    }
    for (uint32_t i = 0; i < n; i++) m->types.at[first + i].canon = same + i;
}
