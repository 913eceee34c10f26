#include "fuzz/campaign/score.h"
#include <inttypes.h>
#include "base/map.h"
#include "fuzz/mutate/metamorph.h"
#include "fuzz/mutate/flip.h"

static const char *const type_text[SCORE_TYPES] = {"i32", "i64", "f32", "f64", "v128"};
static uint32_t type_index(ValType t) {
    return t == VT_I32 ? 0 : t == VT_I64 ? 1 : t == VT_F32 ? 2 : t == VT_F64 ? 3 : 4;
}

/* The last global is the mark; where there is no state, instantiation had failed before. */
static bool was_executed(const Observation *o) {
    const Field *mark = NULL;
    for (uint32_t i = 0; i < o->field.n; i++)
        if (o->field.at[i].kind == FIELD_GLOBAL) mark = &o->field.at[i];
    return mark && mark->v[0];
}

void score_add(Score *s, Differ *interp, const Case *c, uint64_t number) {
    BitFlip w;
    Metamorph x;
    if (!c->module || !metamorph_whole(&c->obs[0], &c->obs[0])) return;
    if (!flip_bit(&interp->arena, c->bytes, c->size, hash_mix(number ^ UINT64_C(0x77726f6e67)), &w)) return;
    if (!metamorph_pair(&x, interp, 0, c, w.mutant.at, w.mutant.n)) return;
    s->put++;
    bool ended = !x.diff.differs && !x.whole, shown = x.diff.differs || ended;
    if (!was_executed(&x.c.obs[0])) return;
    s->executed++;
    s->type_executed[type_index(w.type)]++;
    if (!shown) return;
    s->shown++;
    s->type_shown[type_index(w.type)]++;
    if (ended)
        s->ended++;
    else
        s->field[x.diff.has_b ? x.diff.b.kind : x.diff.a.kind]++;
}

static double percent(uint64_t n, uint64_t of) { return of ? 100.0 * (double)n / (double)of : 0; }

void score_print(FILE *f, const Score *s) {
    fprintf(f, "mutation score   %.2f %% of bits flipped in what was executed show; %" PRIu64 " cases with one\n",
            percent(s->shown, s->executed), s->put);
    for (uint32_t i = 0; i < SCORE_TYPES; i++)
        if (s->type_executed[i])
            fprintf(f, "  in %-12s %5.2f %% of %" PRIu64 "\n", type_text[i],
                    percent(s->type_shown[i], s->type_executed[i]), s->type_executed[i]);
    for (uint32_t i = 0; i < FIELD_COUNT; i++)
        if (s->field[i])
            fprintf(f, "  first seen as  %5.2f %% %s\n", percent(s->field[i], s->shown), field_name((FieldKind)i));
    if (s->ended) fprintf(f, "  first seen as  %5.2f %% the end of fuel or depth\n", percent(s->ended, s->shown));
}
