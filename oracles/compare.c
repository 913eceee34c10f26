#include "oracles/compare.h"
#include <assert.h>
#include <string.h>

#define NO_GROUP UINT32_MAX

const char *verdict_name(VerdictKind k) {
    static const char *const name[] = {"agree", "disagree", "qemu-suspect", "flaky", "incomplete"};
    return name[k];
}

static bool field_equal(const Field *a, const Field *b) {
    return a->kind == b->kind && a->step == b->step && a->index == b->index && a->sub == b->sub && a->v[0] == b->v[0] &&
           a->v[1] == b->v[1];
}

/* Do NaNs differ there, whose bits one of the two legs leaves open? */
static bool nans_only(const Observation *a, const Observation *b, const Field *f, const Field *g) {
    if (f->kind != g->kind || f->step != g->step || f->index != g->index) return false;
    return (a->open && nan_open_allows(a->open, f, g)) || (b->open && nan_open_allows(b->open, f, g));
}

/* Is a field of the two behind the end of what does not depend on open bits? */
static bool open_ends(const NanOpen *n, const Difference *d) {
    return n && ((d->has_a && nan_open_ends(n, &d->a)) || (d->has_b && nan_open_ends(n, &d->b)));
}

/* Its leg could not go on. */
static bool ends_early(const Observation *o) { return o->resource || o->partial; }

Difference compare(const Observation *a, const Observation *b) {
    uint32_t lacks = a->lacks | b->lacks, n = a->field.n > b->field.n ? a->field.n : b->field.n;
    uint32_t nans = 0;
    for (uint32_t i = 0; i < n; i++) {
        Difference d = {.differs = true, .field = i, .has_a = i < a->field.n, .has_b = i < b->field.n, .nans = nans};
        if ((!d.has_a && ends_early(a)) || (!d.has_b && ends_early(b))) break;
        if (d.has_a) d.a = a->field.at[i];
        if (d.has_b) d.b = b->field.at[i];
        bool both = d.has_a && d.has_b;
        if (open_ends(a->open, &d) || open_ends(b->open, &d))
            return (Difference){.field = i, .nans = nans, .open_end = true};
        if (both && nans_only(a, b, &d.a, &d.b)) {
            nans += !field_equal(&d.a, &d.b);
            continue;
        }
        if (both && (field_equal(&d.a, &d.b) || (d.a.kind == d.b.kind && lacks >> d.a.kind & 1))) continue;
        return d;
    }
    return (Difference){.nans = nans};
}

static uint32_t step_rank(uint32_t step) { return step == STEP_STATE ? UINT32_MAX : (step + 3) & 0xffff; }

/* Where a field stands in the order of comparison, most significant part first: step, group of kinds, item, kind, part.
 */
static int field_order(const Field *a, const Field *b) {
    static const uint8_t group[FIELD_COUNT] = {/* within a step the kinds themselves; of the state: */
                                               [FIELD_GLOBAL] = 1,
                                               [FIELD_TABLE_SIZE] = 2,
                                               [FIELD_TABLE] = 2,
                                               [FIELD_DATA] = 3,
                                               [FIELD_ELEM] = 3};
    const uint32_t rank[][2] = {{step_rank(a->step), step_rank(b->step)},
                                {group[a->kind], group[b->kind]},
                                {a->step == STEP_STATE ? a->index : 0, b->step == STEP_STATE ? b->index : 0},
                                {a->kind, b->kind},
                                {a->index, b->index},
                                {a->sub, b->sub}};
    for (size_t i = 0; i < sizeof rank / sizeof *rank; i++)
        if (rank[i][0] != rank[i][1]) return rank[i][0] < rank[i][1] ? -1 : 1;
    return 0;
}

/* What differs: the field that one of them has and the other has not is the one that comes first. */
static FieldKind field_of(const Difference *d) {
    if (d->has_a && d->has_b) return (FieldKind)(field_order(&d->a, &d->b) <= 0 ? d->a.kind : d->b.kind);
    return (FieldKind)(d->has_a ? d->a.kind : d->b.kind);
}

/* Legs that saw the same, by the first of them; NO_GROUP: those that crashed or have nothing to say. */
typedef struct Groups {
    uint32_t of[MAX_LEGS], size[MAX_LEGS];
    uint32_t whole[MAX_LEGS]; /* of these, those that see all */
    uint32_t largest, voters, whole_voters;
} Groups;

static void join(Groups *g, uint32_t leg, uint32_t group) {
    g->of[leg] = group;
    g->size[group]++;
    g->voters++;
}

/* The group that saw the same as `leg` as far as that came: a new one when there is none; NO_GROUP: several. */
static uint32_t find_group(const Groups *g, const Observation *const *obs, uint32_t n, uint32_t leg) {
    uint32_t found = NO_GROUP;
    for (uint32_t k = 0; k < n; k++) {
        if (g->of[k] != k || compare(obs[k], obs[leg]).differs) continue;
        if (found != NO_GROUP) return NO_GROUP;
        found = k;
    }
    return found == NO_GROUP ? leg : found;
}

static bool sees_less(const Observation *o) { return ends_early(o) || o->lacks || o->open; }

/* The leg that came farthest of those that see less and are not in `seen`; n: none is left. */
static uint32_t next_lesser(const Observation *const *obs, uint32_t n, uint32_t seen) {
    uint32_t best = n;
    for (uint32_t i = 0; i < n; i++) {
        if (!sees_less(obs[i]) || obs[i]->crashed || (seen >> i & 1)) continue;
        if (best == n || obs[i]->field.n > obs[best]->field.n) best = i;
    }
    return best;
}

static Groups find_groups(const Observation *const *obs, uint32_t n) {
    Groups g = {0};
    for (uint32_t i = 0; i < n; i++) g.of[i] = NO_GROUP;
    for (uint32_t i = 0; i < n; i++)
        if (!sees_less(obs[i]) && !obs[i]->crashed) join(&g, i, find_group(&g, obs, i, i));
    memcpy(g.whole, g.size, sizeof g.whole);
    g.whole_voters = g.voters;
    /* what they can be held to are whole observations, then the longest of theirs */
    for (uint32_t i, seen = 0; (i = next_lesser(obs, n, seen)) < n; seen |= 1u << i) {
        uint32_t group = find_group(&g, obs, n, i);
        if (group != NO_GROUP) join(&g, i, group);
    }
    for (uint32_t i = 1; i < n; i++)
        if (g.size[i] > g.size[g.largest] || (g.size[i] == g.size[g.largest] && g.whole[i] > g.whole[g.largest]))
            g.largest = i;
    return g;
}

/* More than half of the legs, or of those that see all: one that sees less does not take the majority of these away. */
static bool has_majority(const Groups *g) {
    uint32_t size = g->size[g->largest], whole = g->whole[g->largest];
    return size * 2 > g->voters || g->voters == 0 || (whole > 1 && whole * 2 > g->whole_voters);
}

/* Did all legs that could run the case take too long? */
static bool all_hung(const Observation *const *obs, uint32_t n) {
    uint32_t hung = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!obs[i]->resource && !obs[i]->hung) return false;
        hung += obs[i]->hung;
    }
    return hung > 0;
}

/* The difference of the first leg outside the largest group; when nobody came far enough to hold it against, how it
 * crashed. */
static void explain(Verdict *v, const Observation *const *obs, const Groups *g) {
    uint32_t first = 0;
    bool alone = g->voters == 0;
    while (!(v->deviates >> first & 1) || (!alone && g->of[first] == v->with)) first++;
    const Observation *o = obs[first];
    if (!alone) v->diff = compare(obs[v->with], o);
    if (!v->diff.differs && o->field.n)
        v->diff =
            (Difference){.differs = true, .field = o->field.n - 1, .b = o->field.at[o->field.n - 1], .has_b = true};
    v->field = field_of(&v->diff);
}

/* How legs that leave bits of NaNs open were compared. */
static void note_nans(Verdict *v, const Observation *const *obs, const Groups *g) {
    for (uint32_t i = 0; i < v->nlegs; i++) {
        if (!obs[i]->open || obs[i]->open->failed || g->of[i] == NO_GROUP) continue;
        Difference d = compare(obs[v->with], obs[i]);
        v->nans += d.nans;
        if (!d.open_end) continue;
        v->open |= 1u << i;
        v->open_step = obs[i]->open->step;
    }
}

void verdict_make(Verdict *v, const Observation *const *obs, uint32_t n) {
    assert(n > 0 && n <= MAX_LEGS);
    Groups g = find_groups(obs, n);
    *v = (Verdict){.kind = VERDICT_AGREE, .nlegs = n, .with = g.largest};
    bool too_long = all_hung(obs, n);
    note_nans(v, obs, &g);
    for (uint32_t i = 0; i < n; i++) {
        if (obs[i]->resource || too_long)
            v->lacking |= 1u << i;
        else if (obs[i]->crashed)
            v->deviates |= 1u << i;
    }
    if (v->lacking) v->kind = VERDICT_INCOMPLETE;
    if (g.size[v->with] == g.voters && !v->deviates) return;
    v->kind = VERDICT_DISAGREE;
    v->majority = has_majority(&g);
    for (uint32_t i = 0; i < n; i++)
        if (g.of[i] != NO_GROUP && (g.of[i] != v->with || !v->majority)) v->deviates |= 1u << i;
    explain(v, obs, &g);
}

static void print_field(Text *t, const Field *f) {
    text_printf(t, "%s", field_name((FieldKind)f->kind));
    switch (f->kind) {
    case FIELD_TABLE:
    case FIELD_DATA:
    case FIELD_ELEM: text_printf(t, " %u[%u]", f->index, f->sub); break;
    case FIELD_VALUE:
    case FIELD_MEMORY_SIZE:
    case FIELD_MEMORY:
    case FIELD_GLOBAL:
    case FIELD_TABLE_SIZE: text_printf(t, " %u", f->index); break;
    default: break;
    }
    if (f->step == STEP_STATE)
        text_puts(t, " at the end");
    else if (f->step == STEP_INSTANTIATE)
        text_puts(t, " of the instantiation");
    else if (f->step != STEP_MODULE)
        text_printf(t, " of step %u", f->step);
}

static void print_contents(Text *t, const Field *f) {
    static const char *const outcome[] = {"return", "trap", "unlinkable", "crash", "hang", "resource"};
    switch (f->kind) {
    case FIELD_OUTCOME: text_puts(t, outcome[f->v[0]]); break;
    case FIELD_TRAP: text_puts(t, trap_name((TrapKind)f->v[0])); break;
    case FIELD_SITE: text_printf(t, "function %u at 0x%llx", (uint32_t)f->v[0], (unsigned long long)f->v[1]); break;
    default:
        text_printf(t, "0x%llx", (unsigned long long)f->v[0]);
        if (f->v[1]) text_printf(t, ":0x%llx", (unsigned long long)f->v[1]);
    }
}

void verdict_nans_print(Text *t, const Verdict *v) {
    if (!v->nans && !v->open) return;
    text_puts(t, "nan=native: ");
    if (v->nans) text_printf(t, "%u NaNs compared by class%s", v->nans, v->open ? ", " : "");
    if (!v->open) return;
    if (v->open_step == STEP_INSTANTIATE)
        text_puts(t, "nothing compared from the instantiation on, which observes bits of a NaN");
    else
        text_printf(t, "nothing compared from step %u on, which observes bits of a NaN", v->open_step);
}

void difference_print(Text *t, const Difference *d) {
    if (!d->differs) {
        text_puts(t, "no difference");
        return;
    }
    bool same_place = d->has_a && d->has_b && d->a.kind == d->b.kind && d->a.step == d->b.step &&
                      d->a.index == d->b.index && d->a.sub == d->b.sub;
    if (same_place) {
        print_field(t, &d->b);
        text_puts(t, ": ");
        print_contents(t, &d->b);
        text_puts(t, ", others ");
        print_contents(t, &d->a);
        return;
    }
    if (d->has_b)
        print_field(t, &d->b), text_puts(t, " is "), print_contents(t, &d->b);
    else
        text_puts(t, "nothing");
    text_puts(t, ", where others have ");
    if (d->has_a)
        print_field(t, &d->a), text_puts(t, " "), print_contents(t, &d->a);
    else
        text_puts(t, "nothing");
}
