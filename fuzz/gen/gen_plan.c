/* Plan: which exports are called, with which arguments, under which limits.
 *
 * From a stream of its own, whose tail never ends: arguments do not starve into zeros. */
#include "base/text.h"
#include "fuzz/gen/gen_impl.h"
#include "wasm/validate.h"

Name gen_export_name(Gen *g, char kind, uint32_t index) {
    Text t;
    text_init(&t, g->a);
    text_printf(&t, "%c%u", kind, index);
    return (Name){t.at, t.n};
}

/* -- Arguments ------------------------------------------------------------------------ */

/* Numbers that mean something to the module: around the ends of memories and tables. */
static Value size_value(const Gen *g, Entropy *e, Ti t) {
    uint64_t v = GEN_IMPORTED_GLOBAL;
    uint32_t form = entropy_u8(e);
    if (form < 150 && g->memory.n)
        v = (uint64_t)g->memory.at[entropy_pick(e, g->memory.n)].pages * WASM_PAGE;
    else if (g->table.n)
        v = g->table.at[entropy_pick(e, g->table.n)].size;
    v += (form & 15);
    v -= 8;
    return t == TI_I32 ? (Value){.u64x2 = {v & UINT32_MAX, 0}} : (Value){.u64x2 = {v, 0}};
}

static Value argument(const Gen *g, Entropy *e, Ti t) {
    Value v = {.u64x2 = {0, 0}};
    uint32_t form = entropy_u8(e);
    if (t == TI_EXTERN) v.ref = form % 4;
    if (ti_is_ref(t)) return v; /* of functions only null can be said */
    if (t <= TI_I64 && form < 40) return size_value(g, e, t);
    if (form >= 200) {
        v.u64x2[0] = entropy_bits(e, ti_bytes(t) < 8 ? 4 : 8);
        if (t == TI_V128) v.u64x2[1] = entropy_bits(e, 8);
        return v;
    }
    return const_value(e, t);
}

static void add_step(Gen *g, uint32_t func, Entropy *e) {
    const FuncType *t = gen_func_type(g, func);
    PlanStep s = {
        .name = gen_export_name(g, 'f', func), .nargs = t->nparam, .args = ARENA_ARRAY(g->a, Value, t->nparam)};
    for (uint32_t i = 0; i < t->nparam; i++) s.args[i] = argument(g, e, ti_of(t->param[i]));
    vec_push(g->a, &g->plan.step, s);
}

/* -- Limits ------------------------------------------------------------------------------- */

/* All steps together execute at most this. */
enum { ALL_FUEL = 200000, LEAST_FUEL = 6000 };

static int64_t choose_fuel(const Gen *g, Entropy *e, uint32_t nsteps) {
    static const int32_t fuel[] = {30000, 30000, 50000, 50000, 60000, 100000, 20000, 40000};
    uint32_t form = entropy_u8(e);
    bool start = false; /* a case that is not instantiated is lost */
    for (uint32_t i = 0; i < g->func.n; i++) start |= g->func.at[i].start;
    if (form >= 248 && !start) return 200 + 3 * (int64_t)entropy_bits(e, 1); /* runs out early */
    int64_t share = ALL_FUEL / (nsteps + 1), f = fuel[form % 8];
    if (f > share) f = share;
    return f < LEAST_FUEL ? LEAST_FUEL : f;
}

/* Not less than a few frames of the largest function. */
static int64_t choose_depth(const Gen *g, Entropy *e) {
    static const int32_t depth[] = {1 << 20, 1 << 20, 1 << 18, 1 << 16, 1 << 13, 1 << 14, 1 << 12, 1 << 13};
    uint32_t most = 0;
    for (uint32_t i = g->nimported; i < g->func.n; i++)
        if (g->func.at[i].nlocal > most) most = g->func.at[i].nlocal;
    int64_t d = depth[entropy_pick(e, 8)], least = 4 * (int64_t)FRAME_COST(most, 48);
    return d < least ? least : d;
}

static void choose_limits(Gen *g, Entropy *e) {
    static const uint8_t pages[] = {0, 1, 2, 4, 8, 3, 12}, elems[] = {0, 1, 4, 10, 60, 200};
    StoreLimits *l = &g->plan.limits;
    uint64_t most_pages = 0;
    uint32_t most_elems = 0;
    for (uint32_t i = 0; i < g->memory.n; i++)
        if (g->memory.at[i].pages > most_pages) most_pages = g->memory.at[i].pages;
    for (uint32_t i = 0; i < g->table.n; i++)
        if (g->table.at[i].size > most_elems) most_elems = g->table.at[i].size;
    *l = (StoreLimits){.synthesize = true};
    l->depth = choose_depth(g, e);
    l->max_pages = most_pages + pages[entropy_pick(e, sizeof pages)];
    if (l->max_pages > GEN_MAX_PAGES && most_pages <= GEN_MAX_PAGES) l->max_pages = GEN_MAX_PAGES;
    if (l->max_pages > 65536) l->max_pages = 65536;
    l->max_elems = most_elems + elems[entropy_pick(e, sizeof elems)];
}

/* Each exported function, then some of them again. */
void gen_plan(Gen *g) {
    Entropy *e = &g->stream[STREAM_PLAN];
    uint32_t first = NO_INDEX, exported = 0;
    choose_limits(g, e);
    for (uint32_t i = 0; i < g->func.n; i++) {
        if (!g->func.at[i].exported) continue;
        exported++;
        if (first == NO_INDEX || g->func.at[i].level > g->func.at[first].level) first = i;
        uint32_t calls = g->func.at[i].level == 2 ? 1 + entropy_u8(e) % 3 : 1;
        while (calls-- > 0) add_step(g, i, e);
    }
    if (exported) /* and once more, also after a trap */
        for (uint32_t k = entropy_u8(e) % 3; k > 0; k--) add_step(g, first, e);
    g->plan.limits.fuel = choose_fuel(g, e, g->plan.step.n);
}
