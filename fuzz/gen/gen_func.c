/* Functions: cutting the input, signatures, locals, and one body from its bytes.
 *
 * Entanglement: a local that has been set is dirty until it is read where all of it counts, and that as surely as it
 * was set. Dirty locals are mixed into an accumulator (a global) or memory now and then, at the end of rounds, before
 * what may trap, and at the end; setting one folds in what it held.  So a wrong bit mostly shows in the state or a
 * result: how often, `parallax gen --stats` measures. */
#include <string.h>
#include "base/map.h"
#include "fuzz/gen/gen_impl.h"

/* -- The input ---------------------------------------------------------------------------- */

/* The head has fixed places in inputs of 640 bytes and more, and a quarter of smaller ones. */
void gen_cut(Gen *g, const uint8_t *bytes, uint32_t n) {
    static const uint8_t want[STREAM_COUNT] = {
        [STREAM_SWARM] = 8,    [STREAM_TYPES] = 44,    [STREAM_IMPORTS] = 8, [STREAM_MEMORIES] = 16,
        [STREAM_GLOBALS] = 20, [STREAM_SEGMENTS] = 36, [STREAM_PLAN] = 28};
    enum { ALL = 160 };
    uint32_t head = n / 4 < ALL ? n / 4 : ALL;
    const uint8_t *at = bytes;
    for (uint32_t i = 0; i < STREAM_COUNT; i++) {
        uint32_t k = want[i] * head / ALL;
        g->stream[i] = entropy_of(at, k, i == STREAM_PLAN);
        at += k;
    }
}

/* The next chunk: up to a delimiter, or all when it is the last. */
static uint32_t chunk_length(const uint8_t *at, uint32_t n, bool last) {
    if (last) return n;
    for (uint32_t i = GEN_MIN_CHUNK; i < n; i++)
        if (at[i] == GEN_DELIMITER) return i;
    return n;
}

/* Each chunk begins with the function's type and whether it is exported.  Levels go by position: */
static const uint8_t level_of[4] = {2, 0, 1, 0};

void gen_funcs_sign(Gen *g, const uint8_t *bytes, uint32_t n) {
    const uint8_t *at = g->stream[STREAM_COUNT - 1].end, *end = bytes + n;
    for (uint32_t i = 0; i == 0 || (at < end && i < GEN_MAX_FUNCS); i++) {
        uint32_t len = chunk_length(at, (uint32_t)(end - at), i + 1 == GEN_MAX_FUNCS);
        GenFunc f = {.level = level_of[i % 4], .bytes = entropy_of(at, len, false)};
        f.type = entropy_pick(&f.bytes, g->type.n);
        f.exported = i == 0 || !entropy_chance(&f.bytes, 30);
        vec_push(g->a, &g->func, f);
        at += len;
        if (at < end) at++;
    }
    /* The first function that others may call begins the module now and then. */
    uint32_t start = g->nimported + 1;
    if (entropy_chance(&g->stream[STREAM_IMPORTS], 26) && start < g->func.n) {
        g->func.at[start].type = 0;
        g->func.at[start].start = true;
    }
}

/* -- Locals --------------------------------------------------------------------------------- */

uint32_t local_new(FuncGen *f, Ti t, bool settable) {
    uint32_t i = f->local.n;
    GenLocal l = {.type = t, .settable = settable};
    vec_push(f->g->a, &f->local, l);
    if (settable) vec_push(f->g->a, &f->settable[t], i);
    return i;
}

void local_written(FuncGen *f, uint32_t local) {
    GenLocal *l = &f->local.at[local];
    if (!l->live) vec_push(f->g->a, &f->live[l->type], local);
    l->live = true;
    l->nest = f->nest;
    if (l->settable && !l->dirty) {
        l->dirty = true;
        vec_push(f->g->a, &f->dirty, local);
    }
}

void local_read(FuncGen *f, uint32_t local) {
    GenLocal *l = &f->local.at[local];
    if (!f->lossy && f->nest <= l->nest) l->dirty = false;
}

/* Half of the time one of the newest. */
static uint32_t choose_local(FuncGen *f, const Indices *of) {
    uint32_t b = entropy_u8(&f->e), n = of->n;
    if (b & 1 && n > 4) return of->at[n - 1 - (b >> 1) % 4];
    return of->at[(b >> 1) % n];
}

uint32_t local_live(FuncGen *f, Ti t) { return f->live[t].n ? choose_local(f, &f->live[t]) : NO_INDEX; }

uint32_t local_target(FuncGen *f, Ti t) {
    Indices *of = &f->settable[t];
    if (!of->n || (of->n < 4 && func_chance(f, 60))) return local_new(f, t, true);
    uint32_t best = choose_local(f, of);
    /* rather one whose value has been used */
    for (uint32_t i = 0; i < of->n && i < 4 && f->local.at[best].dirty; i++) best = of->at[(best + i) % of->n];
    if (f->local.at[best].dirty && of->n < 12 && func_chance(f, 100)) return local_new(f, t, true);
    return best;
}

/* -- Mixing ----------------------------------------------------------------------------------- */

/* One that is written out now. */
static uint32_t next_dirty(FuncGen *f) {
    while (f->dirty.n) {
        uint32_t i = f->dirty.at[--f->dirty.n];
        if (!f->local.at[i].dirty) continue;
        f->local.at[i].dirty = false;
        if (f->nest > f->local.at[i].nest) vec_push(f->g->a, &f->again, i);
        return i;
    }
    return NO_INDEX;
}

/* A local as an i64, losing nothing; of a vector one half. */
void push_bits(FuncGen *f, uint32_t local, uint32_t half) {
    Ti t = f->local.at[local].type;
    emit_get(f, local);
    switch (t) {
    case TI_I32: emit(f, local & 1 ? OP_I64_EXTEND_I32_S : OP_I64_EXTEND_I32_U); break;
    case TI_I64: break;
    case TI_F32:
        emit(f, OP_I32_REINTERPRET_F32);
        emit(f, OP_I64_EXTEND_I32_U);
        break;
    case TI_F64: emit(f, OP_I64_REINTERPRET_F64); break;
    case TI_V128: emit_half(f, half); break;
    default: emit_convert(f, t, TI_I64); break;
    }
}

/* acc = (rotl(acc, k) op local) ..., so that neither order nor equal values cancel. */
static void mix_into_global(FuncGen *f, uint32_t most) {
    static const Op op[] = {OP_I64_XOR, OP_I64_ADD, OP_I64_SUB, OP_I64_XOR};
    uint32_t i = next_dirty(f);
    if (i == NO_INDEX) return;
    emit_index(f, OP_GLOBAL_GET, f->g->acc);
    for (uint32_t n = 0; i != NO_INDEX; i = n < most ? next_dirty(f) : NO_INDEX, n++) {
        uint32_t halves = f->local.at[i].type == TI_V128 ? 2 : 1;
        for (uint32_t half = 0; half < halves; half++) {
            emit_i64(f, 5 + (i + half) % 23);
            emit(f, OP_I64_ROTL);
            push_bits(f, i, half);
            emit(f, op[i % 4]);
        }
    }
    emit_index(f, OP_GLOBAL_SET, f->g->acc);
}

/* The low part of memory is for this. */
static void store_to_memory(FuncGen *f, uint32_t most) {
    static const Op op[] = {OP_I32_STORE, OP_I64_STORE, OP_F32_STORE, OP_F64_STORE, OP_V128_STORE};
    uint32_t at = 16 * func_pick(f, 64);
    for (uint32_t n = 0; n < most; n++) {
        uint32_t i = next_dirty(f);
        if (i == NO_INDEX) return;
        Ti t = f->local.at[i].type;
        emit_i32(f, 0);
        if (ti_is_ref(t))
            push_bits(f, i, 0);
        else
            emit_get(f, i);
        MemArg access = {f->g->usable.at[0], 0, at + 16 * n};
        emit_plain(f, ti_is_ref(t) ? OP_I64_STORE : op[t], &access);
    }
}

/* What was written out where control may not come by is still dirty, behind all others. */
static void remain_dirty(FuncGen *f) {
    uint32_t n = f->again.n;
    for (uint32_t i = 0; i < n; i++) vec_push(f->g->a, &f->dirty, f->again.at[i]);
    if (!n) return;
    memmove(f->dirty.at + n, f->dirty.at, (f->dirty.n - n) * sizeof *f->dirty.at);
    for (uint32_t i = 0; i < n; i++) {
        f->dirty.at[i] = f->again.at[i];
        f->local.at[f->again.at[i]].dirty = true;
    }
    f->again.n = 0;
}

void flush(FuncGen *f, uint32_t most) {
    if (can_access(f) && func_chance(f, 70))
        store_to_memory(f, most);
    else
        mix_into_global(f, most);
    remain_dirty(f);
}

/* -- Body ----------------------------------------------------------------------------------------- */

bool func_risk(FuncGen *f) {
    if (f->safe || f->ninstr < f->peace || !func_chance(f, f->g->swarm.risk)) return false;
    f->g->stats->risky++;
    return true;
}

/* An estimate of what a call executes; loops are cut short by it, and callers count with it. */
static const uint32_t cost_aim[3] = {250, 1500, 8000};

static void declare_params(FuncGen *f) {
    for (uint32_t i = 0; i < f->type->nparam; i++) {
        local_new(f, ti_of(f->type->param[i]), i != f->recursion);
        local_written(f, i);
    }
}

static void choose_recursion(FuncGen *f) {
    f->recursion = NO_INDEX;
    if (!func_chance(f, f->level == 2 ? 90 : 30)) return;
    for (uint32_t i = 0; i < f->type->nparam && f->recursion == NO_INDEX; i++)
        if (f->type->param[i] == VT_I32) f->recursion = i;
}

/* Locals that make the frame huge, used at both ends alone. */
static void huge_frame(FuncGen *f) {
    Ti t = (Ti)func_pick(f, 4);
    uint32_t n = 16u << func_pick(f, 9), first = f->local.n;
    for (uint32_t i = 0; i < n; i++) {
        GenLocal l = {.type = t};
        vec_push(f->g->a, &f->local, l);
    }
    const uint32_t ends[2] = {first, first + n - 1};
    for (uint32_t i = 0; i < 2; i++) {
        f->local.at[ends[i]].settable = true;
        vec_push(f->g->a, &f->settable[t], ends[i]);
    }
}

static void declare_locals(FuncGen *f) {
    uint32_t each = func_pick(f, 4);
    for (uint32_t t = 0; t < TI_V128 + (f->g->swarm.type[TI_V128] ? 1u : 0u); t++)
        for (uint32_t i = 0; i < each && f->g->swarm.type[t]; i++) local_new(f, (Ti)t, true);
    if (func_chance(f, 5)) huge_frame(f);
}

/* A dirty local of the type, else what is at hand. */
static void results(FuncGen *f) {
    for (uint32_t i = 0; i < f->type->nresult; i++) {
        Ti t = ti_of(f->type->result[i]);
        uint32_t k = f->dirty.n;
        while (k-- > 0 && !(f->local.at[f->dirty.at[k]].dirty && f->local.at[f->dirty.at[k]].type == t)) {
        }
        if (k != UINT32_MAX)
            emit_get(f, f->dirty.at[k]);
        else
            expr_small(f, t);
    }
}

/* Declarations in runs of equal types, then the code. */
static void finish(FuncGen *f) {
    Arena *a = f->g->a;
    GenFunc *fn = &f->g->func.at[f->index];
    Bytes decl = {0};
    uint32_t runs = 0, n = f->local.n;
    for (uint32_t i = f->type->nparam, k; i < n; i = k, runs++) {
        for (k = i; k < n && f->local.at[k].type == f->local.at[i].type;) k++;
        bytes_u64(a, &decl, k - i);
        bytes_type(a, &decl, f->local.at[i].type);
    }
    fn->nlocal = n;
    bytes_u64(a, &fn->code, runs);
    bytes_put(a, &fn->code, decl.at, decl.n);
    bytes_put(a, &fn->code, f->code.at, f->code.n);
}

/* A local of each type that holds what is not a constant: from a parameter, memory or a global. */
static void first_values(FuncGen *f) {
    enum { WORTH = 32 };
    for (Ti t = TI_I32; t < TI_FUNC; t++) {
        if (!f->g->swarm.type[t] || f->live[t].n || (uint32_t)(f->e.end - f->e.at) < WORTH) continue;
        Ti from = TI_I32;
        while (from < TI_FUNC && !f->live[from].n) from++;
        if (from < TI_FUNC && func_chance(f, 128)) {
            emit_get(f, local_live(f, from));
            emit_convert(f, from, t);
        } else {
            expr_state(f, t);
        }
        assign(f, t);
    }
}

/* Often with a loop around most of them, as functions worth compiling have. */
static void statements(FuncGen *f) {
    static const uint8_t chance[3] = {60, 110, 150};
    first_values(f);
    if (func_chance(f, chance[f->level])) {
        stmts(f, func_pick(f, 4));
        f->main_loop = true;
        stmt_loop(f);
    }
    while (!func_done(f)) stmt(f);
}

void gen_func(Gen *g, uint32_t func) {
    const GenFunc *fn = &g->func.at[func];
    FuncGen f = {.g = g, .e = fn->bytes, .type = &g->type.at[fn->type], .index = func, .level = fn->level, .mult = 1};
    f.cap = cost_aim[f.level];
    f.safe = fn->start;
    f.peace = func_chance(&f, 24) ? 0 : 30;
    memset(f.slot, 0xff, sizeof f.slot);
    choose_recursion(&f);
    declare_params(&f);
    declare_locals(&f);
    GenLabel whole = {f.type->result, f.type->nresult, true};
    vec_push(g->a, &f.label, whole);
    statements(&f);
    results(&f);
    flush(&f, UINT32_MAX);
    emit(&f, OP_END);
    finish(&f);
}
