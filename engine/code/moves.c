/* Parallel moves to a sequence (May, "The parallel assignment problem redefined", IEEE TSE 1989).
 *
 * A move may go as soon as no other pending move reads what it overwrites.  When none may, the pending moves are
 * disjoint cycles: one source is saved in the scratch register, which lets the rest of its cycle go.
 * Destinations are distinct, the scratch register is neither source nor destination.
 * The order of the result depends on the order of the moves alone.  O(n log n). */
#include <assert.h>
#include <stdlib.h>
#include "code/alloc.h"

enum { FEW = 16 }; /* so many, as there are mostly, need no memory but the stack's */

typedef struct Pending {
    Loc to;
    uint32_t move;
} Pending;

static int by_destination(const void *a, const void *b) {
    Loc x = ((const Pending *)a)->to, y = ((const Pending *)b)->to;
    return x < y ? -1 : x > y;
}

static void sort(Pending *p, uint32_t n) {
    if (n > FEW) {
        qsort(p, n, sizeof *p, by_destination);
        return;
    }
    for (uint32_t k = 1; k < n; k++) {
        Pending x = p[k];
        uint32_t at = k;
        for (; at && p[at - 1].to > x.to; at--) p[at] = p[at - 1];
        p[at] = x;
    }
}

/* The move that writes l, or UINT32_MAX. */
static uint32_t writer_of(const Pending *p, uint32_t n, Loc l) {
    uint32_t lo = 0, hi = n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (p[mid].to < l)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && p[lo].to == l ? p[lo].move : UINT32_MAX;
}

typedef struct Seq {
    const Move *move;
    Move *out;
    uint32_t nout;
    uint32_t *writer;  /* by move: the one that writes its source, or UINT32_MAX */
    uint32_t *readers; /* by move: pending moves that read its destination */
    bool *done;
} Seq;

/* Emit move k (from `from`), then what that sets free, and so on along the chain. */
static void run_chain(Seq *s, uint32_t k, Loc from) {
    for (;;) {
        s->done[k] = true;
        s->out[s->nout++] = (Move){from, s->move[k].to, s->move[k].type};
        uint32_t w = s->writer[k];
        if (w == UINT32_MAX || --s->readers[w] || s->done[w]) return;
        k = w;
        from = s->move[k].from;
    }
}

/* What is pending, by destination, and who waits for whom. */
static void find_order(Seq *s, uint32_t n, Pending *p) {
    const Move *move = s->move;
    uint32_t np = 0;
    for (uint32_t i = 0; i < n; i++) {
        s->readers[i] = 0;
        if (move[i].from != move[i].to) p[np++] = (Pending){move[i].to, i};
    }
    sort(p, np);
    for (uint32_t i = 0; i < n; i++) {
        s->done[i] = move[i].from == move[i].to;
        s->writer[i] = s->done[i] ? UINT32_MAX : writer_of(p, np, move[i].from);
        if (s->writer[i] != UINT32_MAX) s->readers[s->writer[i]]++;
    }
}

static void run_all(Seq *s, uint32_t n, Loc scratch) {
    const Move *move = s->move;
    for (uint32_t i = 0; i < n; i++)
        if (!s->done[i] && !s->readers[i]) run_chain(s, i, move[i].from);
    for (uint32_t i = 0; i < n; i++) {
        if (s->done[i]) continue;
        /* A cycle: with the source of i saved, the writer of that source is free to go, and so on until i itself,
         * which then reads the scratch register. */
        assert(s->readers[i] == 1 && s->writer[i] != UINT32_MAX);
        uint32_t w = s->writer[i];
        s->out[s->nout++] = (Move){move[i].from, scratch, move[i].type};
        s->writer[i] = UINT32_MAX;
        s->done[i] = true; /* stops the chain before i */
        s->readers[w] = 0;
        run_chain(s, w, move[w].from);
        s->out[s->nout++] = (Move){scratch, move[i].to, move[i].type};
    }
}

void moves_sequence(Arena *a, const Move *move, uint32_t n, Loc scratch, Move **out, uint32_t *nout) {
    VEC(Move) result = {.at = *out, .n = *nout, .cap = *nout};
    vec_reserve(a, &result, *nout + n + n / 2); /* a cycle has two moves at least, and costs one more */
    Seq s = {move, result.at, *nout, NULL, NULL, NULL};
    if (n == 1) {
        if (move->from != move->to) s.out[s.nout++] = *move;
    } else if (n <= FEW) {
        Pending p[FEW];
        uint32_t writer[FEW], readers[FEW];
        bool done[FEW];
        s.writer = writer, s.readers = readers, s.done = done;
        find_order(&s, n, p);
        run_all(&s, n, scratch);
    } else {
        s.writer = ARENA_ARRAY(a, uint32_t, n);
        s.readers = ARENA_ARRAY(a, uint32_t, n);
        s.done = ARENA_ARRAY(a, bool, n);
        find_order(&s, n, ARENA_ARRAY(a, Pending, n));
        run_all(&s, n, scratch);
    }
    *out = s.out;
    *nout = s.nout;
}
