/* Homes are given out in the order in which lives start.  A register takes, of the slots that are free over its ranges,
 * that of a register it would like to share with (a block parameter and its arguments: the move goes away); else the
 * one whose last owner is dead longest, if any is; else one with owners in whose holes it fits, among a limited number
 * looked at; else a new one. Without holes this is interval colouring, which needs as many slots as are live at once.
 */
#include "code/slots.h"
#include <stdlib.h>
#include <string.h>

enum { POOL_BITS = 2, TRIES = 64 };

typedef struct Home {
    VEC(Range) taken; /* ascending */
    uint32_t past;    /* so many of them end before the lives looked at now start */
} Home;

typedef struct Busy { /* a home and its end, or an earlier one; ties by home, for determinism */
    uint32_t end, home;
} Busy;

typedef struct Colour {
    Slots *s;
    SlotPool pool;
    VEC(Home) home;
    VEC(Busy) heap;
    uint32_t next; /* home to try first */
} Colour;

static SlotPool pool_of(IrType t) { return t == T_V128 ? POOL_WIDE : t >= T_F32 ? POOL_FLOAT : POOL_INT; }
static Loc provisional(SlotPool p, uint32_t index) { return LOC_SLOT + (index << POOL_BITS | (uint32_t)p); }
static SlotPool loc_pool(Loc l) { return (SlotPool)((l - LOC_SLOT) & ((1u << POOL_BITS) - 1)); }
static uint32_t loc_index(Loc l) { return (l - LOC_SLOT) >> POOL_BITS; }

void slots_init(Slots *s, Arena *a, uint32_t nvregs) {
    *s = (Slots){.arena = a, .nvregs = nvregs};
    s->of = arena_alloc(a, nvregs * sizeof(Loc), _Alignof(Loc));
    if (nvregs) memset(s->of, 0xff, nvregs * sizeof(Loc));
}

void slots_want(Slots *s, IrType t, const SlotWant *w) { vec_push(s->arena, &s->want[pool_of(t)], *w); }

/* -- Ranges ------------------------------------------------------------------------- */

uint32_t range_behind(const Range *r, uint32_t lo, uint32_t hi, uint32_t pos) {
    uint32_t step = 1;
    while (lo + step < hi && r[lo + step].to <= pos) lo += step, step *= 2;
    if (lo + step < hi) hi = lo + step + 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (r[mid].to <= pos)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool overlap(const Range *a, uint32_t na, const Range *b, uint32_t nb) {
    for (uint32_t i = 0, j = 0; j < nb;) {
        j = range_behind(b, j, nb, a[i].from);
        if (j == nb) return false;
        if (b[j].from < a[i].to) return true;
        i = range_behind(a, i, na, b[j].from);
        if (i == na) return false;
        if (a[i].from < b[j].to) return true;
    }
    return false;
}

/* Merge, from the back: what is added is near the end as a rule. */
static void take(Arena *a, Home *h, const Range *r, uint32_t n) {
    uint32_t old = h->taken.n, to = old + n;
    vec_extend(a, &h->taken, n);
    while (n) {
        bool add = old == 0 || h->taken.at[old - 1].from < r[n - 1].from;
        h->taken.at[--to] = add ? r[--n] : h->taken.at[--old];
    }
}

/* -- Homes -------------------------------------------------------------------------- */

static int by_start(const void *x, const void *y) {
    const SlotWant *a = x, *b = y;
    if (a->range->from != b->range->from) return a->range->from < b->range->from ? -1 : 1;
    return a->vreg < b->vreg ? -1 : a->vreg > b->vreg;
}

static void sort_wants(SlotWant *w, uint32_t n) {
    for (uint32_t k = 1; k < n; k++)
        if (by_start(&w[k - 1], &w[k]) > 0) {
            qsort(w, n, sizeof *w, by_start);
            return;
        }
}

static bool sooner(Busy a, Busy b) { return a.end != b.end ? a.end < b.end : a.home < b.home; }

static void swap_busy(Busy *a, Busy *b) {
    Busy t = *a;
    *a = *b;
    *b = t;
}

static void push_busy(Colour *c, Busy b) {
    vec_push(c->s->arena, &c->heap, b);
    for (uint32_t k = c->heap.n - 1; k && sooner(c->heap.at[k], c->heap.at[(k - 1) / 2]); k = (k - 1) / 2)
        swap_busy(&c->heap.at[k], &c->heap.at[(k - 1) / 2]);
}

/* The first entry got a later end. */
static void sift_down(Colour *c) {
    Busy *heap = c->heap.at;
    for (uint32_t k = 0;;) {
        uint32_t least = k;
        for (uint32_t x = 2 * k + 1; x <= 2 * k + 2 && x < c->heap.n; x++)
            if (sooner(heap[x], heap[least])) least = x;
        if (least == k) return;
        swap_busy(&heap[k], &heap[least]);
        k = least;
    }
}

/* The home that is free longest by position `start`, or UINT32_MAX.  Ends in the heap may be out of date. */
static uint32_t ended(Colour *c, uint32_t start) {
    while (c->heap.n && c->heap.at[0].end <= start) {
        Busy *b = &c->heap.at[0];
        const Home *h = &c->home.at[b->home];
        uint32_t end = h->taken.at[h->taken.n - 1].to;
        if (end <= start) return b->home;
        b->end = end;
        sift_down(c);
    }
    return UINT32_MAX;
}

static bool fits(Colour *c, uint32_t home, const SlotWant *w) {
    Home *h = &c->home.at[home];
    const Range *taken = h->taken.at;
    uint32_t n = h->taken.n;
    if (h->past < n && taken[h->past].to <= w->range->from) h->past = range_behind(taken, h->past, n, w->range->from);
    if (h->past == n) return true;
    if (taken[h->past].from < w->range->to) return false; /* as most */
    return w->nrange == 1 || !overlap(w->range, w->nrange, taken + h->past, n - h->past);
}

static uint32_t choose_home(Colour *c, const SlotWant *w) {
    for (uint32_t k = 0; k < w->nhint; k++) {
        Loc l = c->s->of[w->hint[k]];
        if (l != LOC_NONE && loc_pool(l) == c->pool && fits(c, loc_index(l), w)) return loc_index(l);
    }
    uint32_t home = ended(c, w->range->from);
    if (home != UINT32_MAX) return home;
    for (uint32_t k = 0; k < c->home.n && k < TRIES; k++) {
        home = (c->next + k) % c->home.n;
        if (!fits(c, home, w)) continue;
        c->next = home;
        return home;
    }
    c->next += c->home.n > TRIES ? TRIES : 0;
    return UINT32_MAX;
}

static void assign_pool(Slots *s, SlotPool p) {
    Colour c = {.s = s, .pool = p};
    sort_wants(s->want[p].at, s->want[p].n);
    for (uint32_t k = 0; k < s->want[p].n; k++) {
        const SlotWant *w = &s->want[p].at[k];
        uint32_t home = choose_home(&c, w);
        if (home == UINT32_MAX) {
            home = c.home.n;
            vec_extend(s->arena, &c.home, 1);
            push_busy(&c, (Busy){w->range[w->nrange - 1].to, home});
        }
        take(s->arena, &c.home.at[home], w->range, w->nrange);
        s->of[w->vreg] = provisional(p, home);
    }
    s->homes[p] = s->count[p] = c.home.n;
}

void slots_assign_homes(Slots *s) {
    for (SlotPool p = 0; p < POOL_COUNT; p++)
        if (s->want[p].n) assign_pool(s, p);
}

/* -- Local slots, final numbers --------------------------------------------------------- */

Loc slots_take_local(Slots *s, uint32_t vreg, IrType t) {
    SlotPool p = pool_of(t);
    uint32_t index = s->free[p].n ? s->free[p].at[--s->free[p].n] : s->count[p]++;
    vec_push(s->arena, &s->local, vreg);
    return s->of[vreg] = provisional(p, index);
}

void slots_give_back(Slots *s, uint32_t vreg) {
    Loc l = s->of[vreg];
    if (l == LOC_NONE || loc_index(l) < s->homes[loc_pool(l)]) return;
    vec_push(s->arena, &s->free[loc_pool(l)], loc_index(l));
    s->of[vreg] = LOC_NONE;
}

void slots_end_block(Slots *s) {
    for (uint32_t k = 0; k < s->local.n; k++) slots_give_back(s, s->local.at[k]);
    s->local.n = 0;
}

uint32_t slots_finish(Slots *s, Alloc *ra, uint32_t nopnd) {
    const uint32_t wide = 2 * s->count[POOL_WIDE];
    const uint32_t base[POOL_COUNT] = {[POOL_INT] = wide, [POOL_FLOAT] = wide + s->count[POOL_INT]};
#define FINAL(l) (loc_is_slot(l) ? LOC_SLOT + base[loc_pool(l)] + (loc_index(l) << (loc_pool(l) == POOL_WIDE)) : (l))
    for (uint32_t k = 0; k < nopnd; k++) ra->opnd[k] = FINAL(ra->opnd[k]);
    for (uint32_t k = 0; k < ra->edit.n; k++) {
        ra->edit.at[k].from = FINAL(ra->edit.at[k].from);
        ra->edit.at[k].to = FINAL(ra->edit.at[k].to);
    }
#undef FINAL
    return wide + s->count[POOL_INT] + s->count[POOL_FLOAT];
}
