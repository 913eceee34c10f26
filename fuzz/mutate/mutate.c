#include "fuzz/mutate/mutate.h"
#include <string.h>
#include "base/leb128.h"
#include "base/map.h"
#include "fuzz/case.h"
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"
#include "wasm/validate.h"

enum { TRIES = 24, MAX_CODE = 60000 /* instructions */ };

static const MutateRow row[MUTATION_COUNT] = {
#define MUTATION(id, weight, what) {mutate_##id, weight, #id, what},
#include "fuzz/mutate/mutation.def"
#undef MUTATION
};
const char *mutation_name(MutationId i) { return row[i].name; }
const char *mutation_text(MutationId i) { return row[i].text; }

uint64_t mut_next(Mutator *m) { return m->rng = hash_mix(m->rng + UINT64_C(0x9e3779b97f4a7c15)); }

uint32_t mut_choose(Mutator *m, const MutateRow *from, uint32_t n) {
    uint32_t sum = 0, i = 0;
    for (uint32_t k = 0; k < n; k++) sum += from[k].weight;
    uint32_t at = mut_pick(m, sum);
    while (at >= from[i].weight) at -= from[i++].weight;
    return i;
}

/* -- Opening --------------------------------------------------------------------------------- */

static bool plain_type(ValType t) { return !vt_is_ref(t) || (VT_HEAP(t) >= HEAP_ABSTRACT && (t & VT_NULLABLE)); }

static bool plain_types(const ValType *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!plain_type(t[i])) return false;
    return true;
}

/* Types whose equality is that of what they say, and that have a default: what 2.0 has. */
static bool is_plain(const Edit *e) {
    bool ok = true;
    for (uint32_t i = 0; i < e->m.types.n; i++) {
        const TypeDef *t = &e->m.types.at[i];
        ok = ok && t->kind == TYPE_FUNC && t->final && t->super == NO_INDEX && t->group_size == 1 &&
             plain_types(t->func.param, t->func.nparam) && plain_types(t->func.result, t->func.nresult);
    }
    for (uint32_t i = 0; i < e->m.bodies.n; i++) ok = ok && plain_types(e->body[i].local, e->body[i].nlocal);
    for (uint32_t i = 0; i < e->m.globals.n; i++) ok = ok && plain_type(e->m.globals.at[i].type.type);
    for (uint32_t i = 0; i < e->m.tables.n; i++) ok = ok && plain_type(e->m.tables.at[i].type);
    for (uint32_t i = 0; i < e->m.elems.n; i++) {
        ElemSegment *s = &e->m.elems.at[i];
        if (s->type == (VT_FUNCREF & ~VT_NULLABLE) && !s->exprs) s->type = VT_FUNCREF; /* of indexes: none is null */
        ok = ok && plain_type(s->type);
    }
    return ok;
}

static bool open(Arena *a, Edit *e, const uint8_t *bytes, uint32_t n) {
    Err err;
    Plan plan;
    const char *why;
    if (!input_is_module(bytes, n)) return false;
    Module *m = module_decode_valid(a, bytes, n, FEATURES_WASM3, &err);
    if (!m || !plan_of(a, m, &plan, &why)) return false;
    edit_open(e, a, m, &plan);
    return is_plain(e);
}

bool mut_start(Mutator *m, Arena *a, const uint8_t *in, uint32_t n, uint64_t seed) {
    *m = (Mutator){.a = a, .rng = hash_mix(seed), .memory = NO_INDEX};
    if (!open(a, &m->e, in, n)) return false;
    m->has_legs = case_legs_of(in, n, &m->legs);
    m->donor = &m->e;
    return true;
}

/* The other module; else now and then what entropy means, or a new one. */
static void find_donor(Mutator *m) {
    const uint8_t *other = m->other;
    uint32_t n = m->other_n;
    Edit *e = ARENA_NEW(m->a, Edit);
    m->donor = &m->e;
    if (n && open(m->a, e, other, n)) {
        m->donor = e;
        return;
    }
    if (n ? input_is_module(other, n) : !mut_one_in(m, 4)) return;
    uint8_t fresh[GEN_ENTROPY_MAX];
    uint32_t size;
    if (!n) {
        uint64_t seed = mut_next(m);
        n = gen_entropy_size(seed);
        gen_entropy(seed, fresh, n);
        other = fresh;
    }
    const uint8_t *bytes = gen_module(m->a, other, n, &size, NULL);
    if (open(m->a, e, bytes, size)) m->donor = e;
}

const Edit *mut_donor(Mutator *m) {
    if (!m->donor) find_donor(m);
    return m->donor;
}

static void take_from(Mutator *m, const uint8_t *other, uint32_t n) {
    m->donor = NULL;
    m->other = other;
    m->other_n = n;
}

/* -- Closing ------------------------------------------------------------------------------------ */

typedef struct Declared {
    BitSet named, needed; /* functions that may be named by ref.func; that code names so */
} Declared;

static void name_seq(Declared *d, EditSeq s) {
    for (uint32_t k = 0; k < s.n; k++)
        if (s.at[k].in.op == OP_REF_FUNC) bitset_add(&d->named, s.at[k].in.index);
}

/* What stands for a declaration (spec 3.4.10): exports, initial values, segments. */
static void find_named(const Edit *e, Declared *d) {
    for (uint32_t i = 0; i < e->m.exports.n; i++)
        if (e->m.exports.at[i].kind == EXT_FUNC) bitset_add(&d->named, e->m.exports.at[i].index);
    for (uint32_t i = 0; i < e->m.globals.n; i++) name_seq(d, e->global[i]);
    for (uint32_t i = 0; i < e->m.tables.n; i++)
        if (e->m.tables.at[i].has_init) name_seq(d, e->table[i]);
    for (uint32_t i = 0; i < e->m.elems.n; i++) {
        const ElemSegment *s = &e->m.elems.at[i];
        for (uint32_t k = 0; k < s->count; k++)
            if (s->exprs)
                name_seq(d, e->elem[i].item[k]);
            else
                bitset_add(&d->named, s->funcs[k]);
    }
}

/* Functions that code names, and nothing declares any more, get a declarative segment. */
static void declare(Mutator *m) {
    Edit *e = &m->e;
    uint32_t n = e->m.funcs.n, *func = ARENA_ARRAY(m->a, uint32_t, n), count = 0;
    Declared d = {{ARENA_ARRAY(m->a, uint64_t, n / 64 + 1), n}, {ARENA_ARRAY(m->a, uint64_t, n / 64 + 1), n}};
    for (uint32_t i = 0; i < e->m.bodies.n; i++)
        for (uint32_t k = 0; k < e->body[i].code.n; k++)
            if (e->body[i].code.at[k].in.op == OP_REF_FUNC) bitset_add(&d.needed, e->body[i].code.at[k].in.index);
    find_named(e, &d);
    for (uint32_t i = 0; i < n; i++)
        if (bitset_has(&d.needed, i) && !bitset_has(&d.named, i)) func[count++] = i;
    if (!count) return;
    uint32_t old = e->m.elems.n;
    ElemSegment s = {.mode = SEG_DECLARATIVE, .type = VT_FUNCREF, .count = count, .funcs = func};
    EditElem *elem = ARENA_ARRAY(m->a, EditElem, old + 1);
    if (old) memcpy(elem, e->elem, old * sizeof *elem);
    e->elem = elem;
    vec_push(m->a, &e->m.elems, s);
}

bool mut_finish(Mutator *m, uint32_t max, Mutant *out) {
    uint32_t n;
    declare(m);
    uint8_t *bytes = edit_encode(&m->e, &n);
    if (m->has_legs) bytes = case_with_legs(m->a, bytes, n, m->legs, &n);
    out->at = bytes;
    out->n = n;
    return n <= max;
}

/* -- The whole --------------------------------------------------------------------------------------- */

static bool apply(Mutator *m, MutationId id, Mutant *out) {
    if (edit_instructions(&m->e) > MAX_CODE || !row[id].f(m)) return false;
    out->done[out->ndone++] = (uint8_t)id;
    return true;
}

bool mutate_module_by(Arena *a, MutationId id, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n,
                      uint32_t max, uint64_t seed, Mutant *out) {
    Mutator *m = ARENA_NEW(a, Mutator);
    *out = (Mutant){0};
    if (!mut_start(m, a, in, n, seed)) return false;
    take_from(m, other, other_n);
    return apply(m, id, out) && mut_finish(m, max, out);
}

bool mutate_module(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                   uint64_t seed, Mutant *out) {
    Mutator *m = ARENA_NEW(a, Mutator);
    *out = (Mutant){0};
    if (!mut_start(m, a, in, n, seed)) return false;
    take_from(m, other, other_n);
    uint32_t most = 1;
    while (most < MUTATE_MOST && mut_one_in(m, 2)) most++;
    for (uint32_t i = 0; i < TRIES && out->ndone < most; i++)
        apply(m, (MutationId)mut_choose(m, row, MUTATION_COUNT), out);
    return out->ndone && mut_finish(m, max, out);
}

bool mutate_input(Arena *a, const uint8_t *in, uint32_t n, const uint8_t *other, uint32_t other_n, uint32_t max,
                  uint64_t seed, Mutant *out) {
    enum { AS_MODULE = 16 };
    uint64_t r = hash_mix(seed ^ UINT64_C(0x6d75746174));
    if (input_is_module(in, n)) return mutate_module(a, in, n, other, other_n, max, seed, out);
    if (r % AS_MODULE || !n) return mutate_entropy(a, in, n, other, other_n, max, seed, out);
    *out = (Mutant){0};
    out->at = gen_module(a, in, n, &out->n, NULL);
    return out->n <= max;
}
