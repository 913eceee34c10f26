/* Interval colouring: intervals by start; a heap of the slots in use by the end of their interval; the slot that
 * is free longest is taken again first.  O(n log n). */
#include "code/slots.h"
#include <stdlib.h>
#include <string.h>

enum { POOL_BITS = 2 };

static SlotPool pool_of(IrType t) { return t == T_V128 ? POOL_WIDE : t >= T_F32 ? POOL_FLOAT : POOL_INT; }
static Loc provisional(SlotPool p, uint32_t index) { return LOC_SLOT + (index << POOL_BITS | (uint32_t)p); }
static SlotPool loc_pool(Loc l) { return (SlotPool)((l - LOC_SLOT) & ((1u << POOL_BITS) - 1)); }
static uint32_t loc_index(Loc l) { return (l - LOC_SLOT) >> POOL_BITS; }

void slots_init(Slots *s, Arena *a, uint32_t nvregs) {
    *s = (Slots){.arena = a, .nvregs = nvregs};
    s->of = arena_alloc(a, nvregs * sizeof(Loc), _Alignof(Loc));
    if (nvregs) memset(s->of, 0xff, nvregs * sizeof(Loc));
}

void slots_want(Slots *s, uint32_t vreg, IrType t, uint32_t lo, uint32_t hi) {
    vec_push(s->arena, &s->want[pool_of(t)], ((SlotWant){lo, hi, vreg}));
}

static int by_start(const void *x, const void *y) {
    const SlotWant *a = x, *b = y;
    if (a->lo != b->lo) return a->lo < b->lo ? -1 : 1;
    return a->vreg < b->vreg ? -1 : a->vreg > b->vreg;
}

typedef struct Busy { /* a slot and when it becomes free; ties by slot, for determinism */
    uint32_t hi, slot;
} Busy;

static bool sooner(Busy a, Busy b) { return a.hi != b.hi ? a.hi < b.hi : a.slot < b.slot; }

static void sift_up(Busy *heap, uint32_t k) {
    for (; k && sooner(heap[k], heap[(k - 1) / 2]); k = (k - 1) / 2) {
        Busy b = heap[k];
        heap[k] = heap[(k - 1) / 2];
        heap[(k - 1) / 2] = b;
    }
}

static void sift_down(Busy *heap, uint32_t n) {
    for (uint32_t k = 0;;) {
        uint32_t least = k;
        for (uint32_t c = 2 * k + 1; c <= 2 * k + 2 && c < n; c++)
            if (sooner(heap[c], heap[least])) least = c;
        if (least == k) return;
        Busy b = heap[k];
        heap[k] = heap[least];
        heap[least] = b;
        k = least;
    }
}

void slots_assign_homes(Slots *s) {
    for (SlotPool p = 0; p < POOL_COUNT; p++) {
        uint32_t n = s->want[p].n, nbusy = 0;
        if (!n) continue;
        qsort(s->want[p].at, n, sizeof(SlotWant), by_start);
        Busy *busy = ARENA_ARRAY(s->arena, Busy, n);
        for (uint32_t k = 0; k < n; k++) {
            SlotWant w = s->want[p].at[k];
            if (nbusy && busy[0].hi < w.lo) {
                busy[0].hi = w.hi;
                s->of[w.vreg] = provisional(p, busy[0].slot);
                sift_down(busy, nbusy);
            } else {
                busy[nbusy] = (Busy){w.hi, nbusy};
                s->of[w.vreg] = provisional(p, nbusy);
                sift_up(busy, nbusy++);
            }
        }
        s->homes[p] = s->count[p] = nbusy;
    }
}

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

static Loc final_loc(const Slots *s, Loc l) {
    if (!loc_is_slot(l)) return l;
    uint32_t k = loc_index(l);
    switch (loc_pool(l)) {
        case POOL_WIDE: return LOC_SLOT + 2 * k;
        case POOL_INT: return LOC_SLOT + 2 * s->count[POOL_WIDE] + k;
        default: return LOC_SLOT + 2 * s->count[POOL_WIDE] + s->count[POOL_INT] + k;
    }
}

uint32_t slots_finish(Slots *s, Alloc *ra, uint32_t nopnd) {
    for (uint32_t k = 0; k < nopnd; k++) ra->opnd[k] = final_loc(s, ra->opnd[k]);
    for (uint32_t k = 0; k < ra->edit.n; k++) {
        ra->edit.at[k].from = final_loc(s, ra->edit.at[k].from);
        ra->edit.at[k].to = final_loc(s, ra->edit.at[k].to);
    }
    return 2 * s->count[POOL_WIDE] + s->count[POOL_INT] + s->count[POOL_FLOAT];
}
