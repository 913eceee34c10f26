/* Generates the modules of corpus/bench/small: generate DIR.  The bytes depend on this file alone.
 *
 * Random, typed, valid by construction: gen_expr leaves one value of the type asked for, gen_stmt leaves the stack as
 * it was. Every run ends: a loop counts down a local that nothing else writes, a function calls only those behind it,
 * what stands in tables calls nothing, and a recursive function counts down too. Traps are possible and rare. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NMODULES = 200, SEED = 2025 };

/* -- Random numbers (splitmix64) ----------------------------------------------------- */

typedef struct Rng {
    uint64_t s;
} Rng;
static uint64_t rng_next(Rng *r) {
    uint64_t z = (r->s += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static uint32_t below(Rng *r, uint32_t n) { return (uint32_t)(rng_next(r) % n); }
static bool chance(Rng *r, uint32_t percent) { return below(r, 100) < percent; }

/* -- Bytes ------------------------------------------------------------------------------ */

typedef struct Buf {
    uint8_t at[1 << 16];
    uint32_t n;
} Buf;
static void put(Buf *b, uint32_t v) {
    if (b->n == sizeof b->at) abort();
    b->at[b->n++] = (uint8_t)v;
}
static void put_u(Buf *b, uint64_t v) {
    do put(b, (v & 0x7f) | (v > 0x7f ? 0x80 : 0));
    while (v >>= 7);
}
static void put_s(Buf *b, int64_t v) {
    for (;;) {
        uint8_t x = v & 0x7f;
        v >>= 7;
        if ((v == 0 && !(x & 0x40)) || (v == -1 && (x & 0x40))) {
            put(b, x);
            return;
        }
        put(b, x | 0x80u);
    }
}
static void put_bytes(Buf *b, const void *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) put(b, ((const uint8_t *)p)[i]);
}
static void put_name(Buf *b, const char *s) {
    put_u(b, strlen(s));
    put_bytes(b, s, (uint32_t)strlen(s));
}
static void put_section(Buf *b, uint32_t id, const Buf *body) {
    put(b, id);
    put_u(b, body->n);
    put_bytes(b, body->at, body->n);
}

/* -- What a module is made of --------------------------------------------------------------- */

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, FUNCREF = 0x70, EXTERNREF = 0x6f, VOID = 0x40 };
static const uint8_t num_type[4] = {I32, I64, F32, F64};

/* A theme says what a module has much of. */
typedef struct Theme {
    const char *name;
    uint8_t type[4];                                     /* weights of i32 i64 f32 f64 */
    uint8_t arith, control, memory, table, call, global; /* weights */
    bool imports, tail;
} Theme;
static const Theme themes[] = {
    {"int", {6, 6, 0, 0}, 9, 3, 0, 0, 0, 1, false, false},
    {"float", {2, 1, 6, 6}, 9, 2, 0, 0, 0, 1, false, false},
    {"convert", {4, 4, 4, 4}, 9, 1, 1, 0, 0, 0, false, false},
    {"control", {6, 2, 1, 1}, 3, 9, 0, 0, 1, 1, false, false},
    {"memory", {5, 4, 2, 2}, 3, 3, 9, 0, 0, 0, false, false},
    {"table", {6, 2, 1, 1}, 3, 3, 0, 9, 3, 0, false, false},
    {"call", {5, 3, 2, 2}, 3, 3, 0, 0, 9, 1, false, false},
    {"global", {4, 4, 3, 3}, 4, 3, 0, 0, 1, 9, false, false},
    {"import", {5, 3, 2, 2}, 3, 3, 3, 2, 6, 3, true, false},
    {"tail", {5, 4, 1, 2}, 3, 4, 0, 0, 6, 1, false, true},
    {"mixed", {5, 3, 2, 3}, 4, 4, 4, 3, 4, 2, true, true},
    {"program", {8, 3, 0, 2}, 5, 5, 6, 1, 4, 2, false, false},
};
enum { NTHEMES = sizeof themes / sizeof *themes };

typedef struct Sig {
    uint8_t param[6], result[3];
    uint32_t nparam, nresult;
} Sig;

enum { MAX_FUNCS = 40, MAX_TYPES = 48, MAX_GLOBALS = 8, MAX_LOCALS_ = 24, NLEAVES = 4, NCOUNTERS = 3 };
typedef struct Gen {
    Rng rng;
    const Theme *theme;
    Sig type[MAX_TYPES];
    uint32_t ntypes;
    uint32_t func_type[MAX_FUNCS]; /* imports, then ordinary functions, then leaves, then one that recurses */
    uint32_t nimport, nfunc, nleaf, first_leaf, recursive;
    uint8_t global[MAX_GLOBALS];
    bool global_mutable[MAX_GLOBALS];
    uint32_t nglobal, nimport_global;
    bool memory, table;
    Buf code; /* of all bodies */
} Gen;

/* The body being made. */
typedef struct Body {
    Gen *g;
    Buf b;
    const Sig *sig;
    uint32_t index;
    uint8_t local[MAX_LOCALS_];
    uint32_t nlocal, counter; /* locals [counter, counter + NCOUNTERS) count loops */
    uint32_t loops;           /* nested now */
    uint8_t label[64];        /* 1: a block without values, which may be branched to */
    uint32_t nlabel;
    uint32_t depth;
    int32_t budget; /* bytes to go */
    bool leaf;
} Body;

static uint32_t find_type(Gen *g, const Sig *s) {
    for (uint32_t i = 0; i < g->ntypes; i++) {
        const Sig *t = &g->type[i];
        if (t->nparam == s->nparam && t->nresult == s->nresult && !memcmp(t->param, s->param, s->nparam) &&
            !memcmp(t->result, s->result, s->nresult))
            return i;
    }
    if (g->ntypes == MAX_TYPES) abort();
    g->type[g->ntypes] = *s;
    return g->ntypes++;
}

static uint8_t pick_type(Gen *g) {
    uint32_t sum = 0;
    for (int i = 0; i < 4; i++) sum += g->theme->type[i];
    uint32_t k = below(&g->rng, sum);
    for (int i = 0; i < 4; i++) {
        if (k < g->theme->type[i]) return num_type[i];
        k -= g->theme->type[i];
    }
    abort();
}

/* -- Numeric instructions ----------------------------------------------------------------------- */

typedef struct OpRange { /* opcodes [from, to] take `n` operands of type `in` and give `out` */
    uint8_t from, to, n, in, out;
} OpRange;
static const OpRange ops[] = {
    {0x45, 0x45, 1, I32, I32}, {0x46, 0x4f, 2, I32, I32}, {0x50, 0x50, 1, I64, I32}, {0x51, 0x5a, 2, I64, I32},
    {0x5b, 0x60, 2, F32, I32}, {0x61, 0x66, 2, F64, I32}, {0x67, 0x69, 1, I32, I32}, {0x6a, 0x78, 2, I32, I32},
    {0x79, 0x7b, 1, I64, I64}, {0x7c, 0x8a, 2, I64, I64}, {0x8b, 0x91, 1, F32, F32}, {0x92, 0x98, 2, F32, F32},
    {0x99, 0x9f, 1, F64, F64}, {0xa0, 0xa6, 2, F64, F64}, {0xa7, 0xa7, 1, I64, I32}, {0xac, 0xad, 1, I32, I64},
    {0xb2, 0xb3, 1, I32, F32}, {0xb4, 0xb5, 1, I64, F32}, {0xb6, 0xb6, 1, F64, F32}, {0xb7, 0xb8, 1, I32, F64},
    {0xb9, 0xba, 1, I64, F64}, {0xbb, 0xbb, 1, F32, F64}, {0xbc, 0xbc, 1, F32, I32}, {0xbd, 0xbd, 1, F64, I64},
    {0xbe, 0xbe, 1, I32, F32}, {0xbf, 0xbf, 1, I64, F64}, {0xc0, 0xc1, 1, I32, I32}, {0xc2, 0xc4, 1, I64, I64},
};
enum { NOPS = sizeof ops / sizeof *ops };

static void gen_expr(Body *f, uint8_t type);
static void gen_stmts(Body *f, uint32_t most);

static void put_const(Body *f, uint8_t type) {
    Rng *r = &f->g->rng;
    Buf *b = &f->b;
    static const double nice[] = {0, 1, -1, 0.5, 3.25, -0.0, 1e10, 1e-5, 255, 65536.5, -2147483648.0, 0.1};
    uint64_t raw = rng_next(r), small = below(r, 200);
    switch (type) {
    case I32: put(b, 0x41), put_s(b, chance(r, 75) ? (int32_t)small - 50 : (int32_t)raw); break;
    case I64: put(b, 0x42), put_s(b, chance(r, 75) ? (int64_t)small - 50 : (int64_t)raw); break;
    case F32: {
        float x = (float)nice[small % 12];
        put(b, 0x43), put_bytes(b, chance(r, 80) ? (const void *)&x : (const void *)&raw, 4);
        break;
    }
    case F64:
        put(b, 0x44), put_bytes(b, chance(r, 80) ? (const void *)&nice[small % 12] : (const void *)&raw, 8);
        break;
    default: put(b, 0xd0), put(b, type); /* ref.null */
    }
}

static void put_small(Body *f, uint32_t v) { put(&f->b, 0x41), put_s(&f->b, (int32_t)v); }

static bool pick_local(Body *f, uint8_t type, bool to_write, uint32_t *local) {
    uint32_t n = 0, have[MAX_LOCALS_];
    for (uint32_t i = 0; i < f->nlocal; i++)
        if (f->local[i] == type && !(to_write && i >= f->counter && i < f->counter + NCOUNTERS)) have[n++] = i;
    if (n) *local = have[below(&f->g->rng, n)];
    return n > 0;
}
static bool pick_global(Body *f, uint8_t type, bool to_write, uint32_t *global) {
    uint32_t n = 0, have[MAX_GLOBALS];
    const Gen *g = f->g;
    for (uint32_t i = 0; i < g->nglobal; i++)
        if (g->global[i] == type && (!to_write || g->global_mutable[i])) have[n++] = i;
    if (n) *global = have[below(&f->g->rng, n)];
    return n > 0;
}

static void gen_simple(Body *f, uint8_t type) {
    uint32_t i;
    Rng *r = &f->g->rng;
    if (chance(r, 70) && pick_local(f, type, false, &i))
        put(&f->b, 0x20), put_u(&f->b, i);
    else if (chance(r, f->g->theme->global * 8) && pick_global(f, type, false, &i))
        put(&f->b, 0x23), put_u(&f->b, i);
    else
        put_const(f, type);
}

static bool divides(uint32_t op) { return (op >= 0x6d && op <= 0x70) || (op >= 0x7f && op <= 0x82); }

static void gen_arith(Body *f, uint8_t type) {
    Rng *r = &f->g->rng;
    if ((type == I32 || type == I64) && chance(r, 8)) { /* float to integer: mostly the saturating form */
        uint32_t k = below(r, 4);
        gen_expr(f, k < 2 ? F32 : F64);
        if (chance(r, 90))
            put(&f->b, 0xfc), put(&f->b, k + (type == I64 ? 4 : 0));
        else
            put(&f->b, (type == I32 ? 0xa8 : 0xae) + k);
        return;
    }
    const OpRange *o;
    do o = &ops[below(r, NOPS)];
    while (o->out != type || (o->in != type && o->in != I32 && !f->g->theme->type[I32 - o->in]));
    uint32_t op = o->from + below(r, o->to - o->from + 1u);
    for (uint32_t i = 0; i < o->n; i++) gen_expr(f, o->in);
    if (divides(op) && chance(r, 97)) { /* by something that is not 0 */
        put(&f->b, type == I32 ? 0x41 : 0x42), put(&f->b, 1);
        put(&f->b, type == I32 ? 0x72 : 0x84);
    }
    put(&f->b, op);
}

/* -- Memory and tables ------------------------------------------------------------------------- */

/* An address within the first page, nearly always. */
static void gen_address(Body *f) {
    gen_expr(f, I32);
    if (chance(&f->g->rng, 99)) put(&f->b, 0x41), put_s(&f->b, 0x3ff8), put(&f->b, 0x71);
}

static void put_memarg(Body *f, uint32_t op) {
    static const uint8_t align[] = {2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2};
    Rng *r = &f->g->rng;
    put(&f->b, op);
    put_u(&f->b, below(r, align[op - 0x28] + 1u));
    put_u(&f->b, chance(r, 50) ? 0 : below(r, 4000));
}

static void gen_load(Body *f, uint8_t type) {
    if (type == I32 && chance(&f->g->rng, 5)) { /* memory.size, memory.grow */
        if (chance(&f->g->rng, 50))
            put(&f->b, 0x3f), put(&f->b, 0);
        else
            put_small(f, below(&f->g->rng, 2)), put(&f->b, 0x40), put(&f->b, 0);
        return;
    }
    static const uint8_t from[] = {0x2c, 0x30, 0, 0}, count[] = {4, 6, 0, 0};
    uint32_t t = (uint32_t)(I32 - type), k = below(&f->g->rng, count[t] + 2u);
    gen_address(f);
    put_memarg(f, k < count[t] ? from[t] + k : 0x28 + t);
}
static void gen_store(Body *f) {
    static const uint8_t part[] = {0x3a, 0x3c, 0, 0}, count[] = {2, 3, 0, 0};
    uint8_t type = pick_type(f->g);
    uint32_t t = (uint32_t)(I32 - type), k = below(&f->g->rng, count[t] + 2u);
    gen_address(f);
    gen_expr(f, type);
    put_memarg(f, k < count[t] ? part[t] + k : 0x36 + t);
}
static void gen_i32_below(Body *f, uint32_t mask) {
    gen_expr(f, I32);
    put(&f->b, 0x41), put_s(&f->b, (int32_t)mask), put(&f->b, 0x71);
}

static void gen_bulk_memory(Body *f) {
    Rng *r = &f->g->rng;
    Buf *b = &f->b;
    if (chance(r, 10)) { /* data.drop of the active segment, which is empty by now */
        put(b, 0xfc), put(b, 9), put(b, 0);
        return;
    }
    gen_i32_below(f, 0x3fff);
    switch (below(r, 4)) {
    case 0: gen_expr(f, I32), put_small(f, below(r, 200)), put(b, 0xfc), put(b, 11), put(b, 0); break;
    case 1:
        gen_i32_below(f, 0x3fff), put_small(f, below(r, 200)), put(b, 0xfc), put(b, 10), put(b, 0), put(b, 0);
        break;
    case 2: put_small(f, below(r, 4)), put_small(f, below(r, 9)), put(b, 0xfc), put(b, 8), put(b, 1), put(b, 0); break;
    default: gen_i32_below(f, 0xff), put(b, 0x3a), put(b, 0), put(b, 0); /* i32.store8 */
    }
}

/* Table 0 has 16 functions, table 1 8 references of the host's.  Calls go through the first 8 of table 0, the others
 * are written. */
static void gen_table_slot(Body *f, uint32_t t) {
    gen_i32_below(f, 7);
    if (!t) put_small(f, 8), put(&f->b, 0x72);
}
static void gen_table_stmt(Body *f) {
    Rng *r = &f->g->rng;
    Buf *b = &f->b;
    uint32_t t = below(r, 2), first = t ? 0 : 8;
    switch (below(r, 7)) {
    case 6: put(b, 0xfc), put(b, 13), put(b, 0); break; /* elem.drop, likewise */
    case 0: gen_table_slot(f, t), gen_i32_below(f, 7), put(b, 0x25), put(b, t), put(b, 0x26), put(b, t); break;
    case 1:
        gen_table_slot(f, 0), put(b, 0xd2), put_u(b, f->g->first_leaf + below(r, f->g->nleaf)), put(b, 0x26), put(b, 0);
        break;
    case 2:
        put_const(f, t ? EXTERNREF : FUNCREF), gen_i32_below(f, 1), put(b, 0xfc), put(b, 15),
            put(b, t); /* table.grow */
        put(b, 0x1a);
        break;
    case 3:
        put_small(f, first + below(r, 4)), put_small(f, below(r, 4)), put_small(f, below(r, 5)); /* table.copy */
        put(b, 0xfc), put(b, 14), put(b, t), put(b, t);
        break;
    case 4:
        put_small(f, 8 + below(r, 6)), put_small(f, below(r, 2)), put_small(f, below(r, 3)), put(b, 0xfc), put(b, 12),
            put(b, 1), put(b, 0);
        break;
    default:
        put_small(f, 4 + below(r, 4)), put_const(f, EXTERNREF), put_small(f, 1), put(b, 0xfc), put(b, 17),
            put(b, 1); /* fill */
    }
}
static void gen_table_i32(Body *f) {
    Rng *r = &f->g->rng;
    uint32_t t = below(r, 2);
    if (chance(r, 40))
        put(&f->b, 0xfc), put(&f->b, 16), put(&f->b, t);
    else
        gen_i32_below(f, t ? 7 : 15), put(&f->b, 0x25), put(&f->b, t), put(&f->b, 0xd1);
}

/* -- Calls ----------------------------------------------------------------------------------------- */

static void gen_args(Body *f, const Sig *s) {
    for (uint32_t i = 0; i < s->nparam; i++) {
        if (s->param[i] == FUNCREF || s->param[i] == EXTERNREF)
            put_const(f, s->param[i]);
        else
            gen_expr(f, s->param[i]);
    }
}

/* Call something with the first result `type`, leaving that alone; false when there is nothing to call. */
static bool gen_call(Body *f, uint8_t type) {
    Gen *g = f->g;
    uint32_t n = 0, have[MAX_FUNCS];
    if (f->leaf || f->loops > 1) return false;
    for (uint32_t i = 0; i < g->nfunc; i++) {
        const Sig *s = &g->type[g->func_type[i]];
        if ((i < g->nimport || i > f->index) && s->nresult && s->result[0] == type) have[n++] = i;
    }
    bool indirect = g->table && chance(&g->rng, 35);
    if (!n && !indirect) return false;
    uint32_t callee = indirect ? g->first_leaf + below(&g->rng, g->nleaf) : have[below(&g->rng, n)];
    const Sig *s = &g->type[g->func_type[callee]];
    if (indirect && s->result[0] != type) return false;
    gen_args(f, s);
    if (indirect) {
        /* the leaf stands at its number, and at some other places */
        put_small(f, callee - g->first_leaf + (chance(&g->rng, 20) ? NLEAVES : 0));
        put(&f->b, 0x11), put_u(&f->b, g->func_type[callee]), put(&f->b, 0);
    } else {
        put(&f->b, 0x10), put_u(&f->b, callee);
    }
    for (uint32_t i = 1; i < s->nresult; i++) put(&f->b, 0x1a);
    return true;
}

static void gen_void_call(Body *f) {
    const Gen *g = f->g;
    for (uint32_t i = 0; i < g->nimport; i++)
        if (!g->type[g->func_type[i]].nresult) {
            gen_args(f, &g->type[g->func_type[i]]);
            put(&f->b, 0x10), put_u(&f->b, i);
            return;
        }
    uint8_t t = pick_type(f->g);
    if (gen_call(f, t)) put(&f->b, 0x1a);
}

/* return_call_indirect to the leaf with our result, when there is one */
static bool gen_tail_call_indirect(Body *f) {
    Gen *g = f->g;
    uint32_t leaf = (uint32_t)(I32 - f->sig->result[0]);
    if (!g->table || f->sig->nresult != 1 || leaf >= g->nleaf || chance(&g->rng, 50)) return false;
    gen_args(f, &g->type[g->func_type[g->first_leaf + leaf]]);
    put_small(f, leaf);
    put(&f->b, 0x13), put_u(&f->b, g->func_type[g->first_leaf + leaf]), put(&f->b, 0);
    return true;
}

/* if (...) return_call ... */
static void gen_tail_call(Body *f) {
    Gen *g = f->g;
    if (f->leaf || f->loops) return;
    for (uint32_t i = f->index + 1; i < g->nfunc; i++) {
        const Sig *s = &g->type[g->func_type[i]];
        if (s->nresult != f->sig->nresult || memcmp(s->result, f->sig->result, s->nresult) || chance(&g->rng, 40))
            continue;
        gen_expr(f, I32);
        put(&f->b, 0x04), put(&f->b, VOID);
        f->label[f->nlabel++] = 0;
        if (!gen_tail_call_indirect(f)) {
            gen_args(f, s);
            put(&f->b, 0x12), put_u(&f->b, i);
        }
        f->nlabel--;
        put(&f->b, 0x0b);
        return;
    }
}

/* -- Control ------------------------------------------------------------------------------------------ */

static void open_block(Body *f, uint32_t op, uint32_t type, bool target) {
    put(&f->b, op), put(&f->b, type);
    f->label[f->nlabel++] = target;
}
static void close_block(Body *f) {
    put(&f->b, 0x0b);
    f->nlabel--;
}

static void gen_loop(Body *f) {
    if (f->loops == NCOUNTERS - 1) return;
    uint32_t counter = f->counter + f->loops++;
    put_small(f, 1 + below(&f->g->rng, f->loops > 1 ? 4 : 10));
    put(&f->b, 0x21), put_u(&f->b, counter);
    open_block(f, 0x03, VOID, false);
    gen_stmts(f, 3);
    put(&f->b, 0x20), put_u(&f->b, counter), put_small(f, 1), put(&f->b, 0x6b);
    put(&f->b, 0x22), put_u(&f->b, counter), put(&f->b, 0x0d), put(&f->b, 0);
    close_block(f);
    f->loops--;
}

static void gen_switch(Body *f) {
    Rng *r = &f->g->rng;
    uint32_t arms = 2 + below(r, 5);
    for (uint32_t i = 0; i <= arms; i++) open_block(f, 0x02, VOID, true);
    gen_i32_below(f, 7);
    put(&f->b, 0x0e), put_u(&f->b, arms);
    for (uint32_t i = 0; i < arms; i++) put_u(&f->b, below(r, arms));
    put_u(&f->b, arms - 1);
    for (uint32_t i = 0; i < arms; i++) {
        close_block(f);
        gen_stmts(f, 2);
        if (chance(r, 60)) put(&f->b, 0x0c), put_u(&f->b, arms - 1 - i);
    }
    close_block(f);
}

static void gen_branch(Body *f) {
    uint32_t n = 0, have[64];
    for (uint32_t i = 0; i < f->nlabel; i++)
        if (f->label[i]) have[n++] = f->nlabel - 1 - i;
    if (!n) return;
    gen_expr(f, I32);
    put(&f->b, 0x0d), put_u(&f->b, have[below(&f->g->rng, n)]);
}

static void gen_control(Body *f) {
    Rng *r = &f->g->rng;
    uint32_t k = below(r, 10);
    if (k < 3) {
        gen_expr(f, I32);
        open_block(f, 0x04, VOID, true);
        gen_stmts(f, 2);
        if (chance(r, 60)) put(&f->b, 0x05), gen_stmts(f, 2);
        close_block(f);
    } else if (k < 5) {
        gen_loop(f);
    } else if (k < 6) {
        gen_switch(f);
    } else if (k < 8) {
        open_block(f, 0x02, VOID, true);
        gen_stmts(f, 2);
        gen_branch(f);
        gen_stmts(f, 2);
        close_block(f);
    } else if (k < 9) {
        gen_branch(f);
    } else if (chance(r, 50) && !f->loops) { /* leave early */
        gen_expr(f, I32);
        bool trap = chance(r, 20);
        if (trap) put_small(f, 123456), put(&f->b, 0x46); /* hardly ever */
        open_block(f, 0x04, VOID, false);
        if (trap) {
            put(&f->b, 0x01), put(&f->b, 0x00); /* nop, unreachable */
        } else {
            for (uint32_t i = 0; i < f->sig->nresult; i++) gen_expr(f, f->sig->result[i]);
            put(&f->b, 0x0f);
        }
        close_block(f);
    }
}

static void gen_control_expr(Body *f, uint8_t type) {
    Rng *r = &f->g->rng;
    switch (below(r, 3)) {
    case 0:
        gen_expr(f, I32);
        open_block(f, 0x04, type, false);
        gen_expr(f, type);
        put(&f->b, 0x05);
        gen_expr(f, type);
        close_block(f);
        break;
    case 1:
        open_block(f, 0x02, type, false);
        gen_expr(f, type);
        gen_expr(f, I32);
        put(&f->b, 0x0d), put(&f->b, 0), put(&f->b, 0x1a);
        gen_expr(f, type);
        close_block(f);
        break;
    default: gen_expr(f, type), gen_expr(f, type), gen_expr(f, I32), put(&f->b, 0x1b); /* select */
    }
}

/* -- Expressions and statements -------------------------------------------------------------------------- */

static void gen_expr(Body *f, uint8_t type) {
    const Theme *t = f->g->theme;
    Rng *r = &f->g->rng;
    uint32_t at = f->b.n, i;
    if (f->budget <= 0 || f->depth > 5 || chance(r, 10 + 12 * f->depth)) {
        gen_simple(f, type);
    } else {
        f->depth++;
        uint32_t k = below(r, 6u + t->arith + t->memory + t->table + t->call);
        if (k < 3)
            gen_control_expr(f, type);
        else if (k < 6u + t->arith)
            gen_arith(f, type);
        else if (k < 6u + t->arith + t->memory)
            gen_load(f, type);
        else if (k < 6u + t->arith + t->memory + t->table && type == I32)
            gen_table_i32(f);
        else if (!gen_call(f, type))
            gen_arith(f, type);
        if (chance(r, 8) && pick_local(f, type, true, &i)) put(&f->b, 0x22), put_u(&f->b, i);
        f->depth--;
    }
    f->budget -= (int32_t)(f->b.n - at) / (f->depth ? 100 : 1); /* counted once, at the top */
}

static void gen_set(Body *f) {
    uint32_t i;
    Rng *r = &f->g->rng;
    uint8_t type = pick_type(f->g);
    bool global = chance(r, 8u * f->g->theme->global) && pick_global(f, type, true, &i);
    if (!global && !pick_local(f, type, true, &i)) return;
    gen_expr(f, type);
    put(&f->b, global ? 0x24 : 0x21), put_u(&f->b, i);
}

static void gen_stmt(Body *f) {
    const Theme *t = f->g->theme;
    uint32_t k = below(&f->g->rng, 4u + t->control + t->memory + t->table + t->call / 3u);
    if (f->nlabel > 20 || f->budget <= 0) k = 0;
    if (k < 4)
        gen_set(f);
    else if ((k -= 4) < t->control)
        gen_control(f);
    else if ((k -= t->control) < t->memory)
        chance(&f->g->rng, 80) ? gen_store(f) : gen_bulk_memory(f);
    else if ((k -= t->memory) < t->table)
        gen_table_stmt(f);
    else if (t->tail && chance(&f->g->rng, 50))
        gen_tail_call(f);
    else
        gen_void_call(f);
}
static void gen_stmts(Body *f, uint32_t most) {
    for (uint32_t n = 1 + below(&f->g->rng, most); n; n--) gen_stmt(f);
}

/* -- Functions --------------------------------------------------------------------------------------------- */

static void put_body(Gen *g, const Body *f) {
    Buf head = {.n = 0};
    uint32_t runs = 0;
    for (uint32_t i = f->sig->nparam; i < f->nlocal; i++) runs += i == f->sig->nparam || f->local[i] != f->local[i - 1];
    put_u(&head, runs);
    for (uint32_t i = f->sig->nparam; i < f->nlocal;) {
        uint32_t k = i;
        while (k < f->nlocal && f->local[k] == f->local[i]) k++;
        put_u(&head, k - i), put(&head, f->local[i]);
        i = k;
    }
    put_u(&g->code, head.n + f->b.n + 1);
    put_bytes(&g->code, head.at, head.n);
    put_bytes(&g->code, f->b.at, f->b.n);
    put(&g->code, 0x0b);
}

static void gen_function(Gen *g, uint32_t index, int32_t size) {
    static Body body; /* large */
    Body *f = &body;
    *f = (Body){.g = g, .index = index, .budget = size, .sig = &g->type[g->func_type[index]]};
    f->leaf = index >= g->first_leaf;
    memcpy(f->local, f->sig->param, f->sig->nparam);
    f->nlocal = f->sig->nparam;
    f->counter = f->nlocal;
    for (int i = 0; i < NCOUNTERS; i++) f->local[f->nlocal++] = I32;
    for (uint32_t n = 1 + below(&g->rng, 6); n; n--) f->local[f->nlocal++] = pick_type(g);
    while (f->budget > 0) {
        uint32_t at = f->b.n;
        gen_stmt(f);
        f->budget -= (int32_t)(f->b.n - at) / 2 + 1;
    }
    for (uint32_t i = 0; i < f->sig->nresult; i++) gen_expr(f, f->sig->result[i]);
    put_body(g, f);
}

/* f(n, x) = n & 15 ? f((n & 15) - 1, x op ...) op x : x */
static void gen_recursive(Gen *g) {
    static Body body;
    Body *f = &body;
    *f = (Body){.g = g, .index = g->recursive, .leaf = true, .sig = &g->type[g->func_type[g->recursive]]};
    memcpy(f->local, f->sig->param, 2);
    f->nlocal = 2;
    f->counter = MAX_LOCALS_;
    put(&f->b, 0x20), put(&f->b, 0), put_small(f, 15), put(&f->b, 0x71);
    put(&f->b, 0x04), put(&f->b, I64);
    put(&f->b, 0x20), put(&f->b, 0), put_small(f, 15), put(&f->b, 0x71), put_small(f, 1), put(&f->b, 0x6b);
    f->budget = 40;
    gen_expr(f, I64);
    put(&f->b, 0x10), put_u(&f->b, g->recursive);
    put(&f->b, 0x20), put(&f->b, 1), put(&f->b, 0x7c + below(&g->rng, 3));
    put(&f->b, 0x05), put(&f->b, 0x20), put(&f->b, 1), put(&f->b, 0x0b);
    put_body(g, f);
}

/* -- Modules ------------------------------------------------------------------------------------------------- */

static Sig some_sig(Gen *g) {
    Sig s = {.nparam = below(&g->rng, 5)};
    s.nresult = chance(&g->rng, 85) ? 1 : 2 + below(&g->rng, 2);
    for (uint32_t i = 0; i < s.nparam; i++) s.param[i] = pick_type(g);
    for (uint32_t i = 0; i < s.nresult; i++) s.result[i] = pick_type(g);
    if (g->table && s.nparam && chance(&g->rng, 10)) s.param[0] = EXTERNREF;
    return s;
}

static void declare(Gen *g, uint32_t nfunc) {
    Sig s;
    if (g->theme->imports) {
        for (uint32_t n = 1 + below(&g->rng, 3); n; n--) {
            s = some_sig(g);
            g->func_type[g->nfunc++] = find_type(g, &s);
        }
        s = (Sig){.param = {I32, I64}, .nparam = 2};
        g->func_type[g->nfunc++] = find_type(g, &s);
        g->nimport = g->nfunc;
    }
    for (uint32_t i = 0; i < nfunc; i++) {
        s = some_sig(g);
        g->func_type[g->nfunc++] = find_type(g, &s);
    }
    g->first_leaf = g->nfunc;
    g->nleaf = g->table ? NLEAVES : 0;
    for (uint32_t i = 0; i < g->nleaf; i++) {
        s = (Sig){.param = {I32, num_type[i]}, .nparam = 2, .result = {num_type[i]}, .nresult = 1};
        g->func_type[g->nfunc++] = find_type(g, &s);
    }
    if (g->theme->call) {
        s = (Sig){.param = {I32, I64}, .nparam = 2, .result = {I64}, .nresult = 1};
        g->recursive = g->nfunc;
        g->func_type[g->nfunc++] = find_type(g, &s);
    }
    g->nimport_global = g->theme->imports ? 1 : 0;
    g->nglobal = g->theme->global ? 2 + below(&g->rng, 5) : 0;
    if (g->nglobal < g->nimport_global) g->nglobal = g->nimport_global;
    for (uint32_t i = 0; i < g->nglobal; i++) {
        g->global[i] = i < g->nimport_global ? I64 : pick_type(g);
        g->global_mutable[i] = i >= g->nimport_global && chance(&g->rng, 85);
    }
}

static void put_types(Buf *b, const uint8_t *t, uint32_t n) {
    put_u(b, n);
    put_bytes(b, t, n);
}

static void put_declarations(Gen *g, Buf *out) {
    Buf b = {.n = 0};
    put_u(&b, g->ntypes);
    for (uint32_t i = 0; i < g->ntypes; i++) {
        put(&b, 0x60);
        put_types(&b, g->type[i].param, g->type[i].nparam);
        put_types(&b, g->type[i].result, g->type[i].nresult);
    }
    put_section(out, 1, &b);
    bool import_memory = g->nimport && g->memory;
    if (g->nimport) {
        b.n = 0;
        put_u(&b, g->nimport + g->nimport_global + import_memory);
        for (uint32_t i = 0; i < g->nimport; i++) {
            char name[16];
            snprintf(name, sizeof name, "f%u", i);
            put_name(&b, "env"), put_name(&b, name), put(&b, 0), put_u(&b, g->func_type[i]);
        }
        if (g->nimport_global) put_name(&b, "env"), put_name(&b, "global"), put(&b, 3), put(&b, I64), put(&b, 0);
        if (import_memory) put_name(&b, "env"), put_name(&b, "memory"), put(&b, 2), put(&b, 0), put(&b, 1);
        put_section(out, 2, &b);
    }
    b.n = 0;
    put_u(&b, g->nfunc - g->nimport);
    for (uint32_t i = g->nimport; i < g->nfunc; i++) put_u(&b, g->func_type[i]);
    put_section(out, 3, &b);
    if (g->table) {
        b.n = 0;
        put(&b, 2), put(&b, FUNCREF), put(&b, 1), put(&b, 16), put(&b, 20), put(&b, EXTERNREF), put(&b, 0), put(&b, 8);
        put_section(out, 4, &b);
    }
    if (g->memory && !import_memory) {
        b.n = 0;
        put(&b, 1), put(&b, 1), put(&b, 1), put(&b, 4);
        put_section(out, 5, &b);
    }
}

static void put_globals_and_exports(Gen *g, Buf *out, uint32_t nexport) {
    static Body f; /* for put_const */
    Buf b = {.n = 0};
    put_u(&b, g->nglobal - g->nimport_global);
    for (uint32_t i = g->nimport_global; i < g->nglobal; i++) {
        put(&b, g->global[i]), put(&b, g->global_mutable[i]);
        f = (Body){.g = g};
        put_const(&f, g->global[i]);
        put_bytes(&b, f.b.at, f.b.n), put(&b, 0x0b);
    }
    if (g->nglobal > g->nimport_global) put_section(out, 6, &b);
    b.n = 0;
    put_u(&b, nexport + g->memory);
    for (uint32_t i = 0; i < nexport; i++) {
        char name[16];
        snprintf(name, sizeof name, "run%u", i);
        put_name(&b, name), put(&b, 0), put_u(&b, g->nimport + i);
    }
    if (g->memory) put_name(&b, "memory"), put(&b, 2), put(&b, 0);
    put_section(out, 7, &b);
}

static void put_segments_and_code(Gen *g, Buf *out) {
    Buf b = {.n = 0};
    if (g->table) {
        put_u(&b, 2);
        put(&b, 0), put(&b, 0x41), put(&b, 0), put(&b, 0x0b), put_u(&b, 3 * NLEAVES); /* active, from 0 on */
        for (uint32_t i = 0; i < 3 * NLEAVES; i++) put_u(&b, g->first_leaf + i % NLEAVES);
        put(&b, 1), put(&b, 0), put_u(&b, NLEAVES); /* passive */
        for (uint32_t i = 0; i < NLEAVES; i++) put_u(&b, g->first_leaf + (i + 1) % NLEAVES);
        put_section(out, 9, &b);
    }
    if (g->memory) {
        b.n = 0;
        put_u(&b, 2);
        put_section(out, 12, &b);
    }
    b.n = 0;
    put_u(&b, g->nfunc - g->nimport);
    put_bytes(&b, g->code.at, g->code.n);
    put_section(out, 10, &b);
    if (!g->memory) return;
    b.n = 0;
    put_u(&b, 2);
    uint32_t n = 16 + below(&g->rng, 48);
    put(&b, 0), put(&b, 0x41), put_s(&b, below(&g->rng, 1000)), put(&b, 0x0b), put_u(&b, n);
    for (uint32_t i = 0; i < n; i++) put(&b, below(&g->rng, 256));
    put(&b, 1), put_u(&b, 16);
    for (uint32_t i = 0; i < 16; i++) put(&b, below(&g->rng, 256));
    put_section(out, 11, &b);
}

static void generate(uint32_t number, Buf *out, const char **theme) {
    static Gen gen; /* large */
    Gen *g = &gen;
    memset(g, 0, sizeof *g);
    g->rng.s = SEED * UINT64_C(1000003) + number;
    g->theme = &themes[number % NTHEMES];
    *theme = g->theme->name;
    g->memory = g->theme->memory > 0;
    g->table = g->theme->table > 0;
    /* sizes from 1/4 to 4 times 800 bytes of code, evenly by their logarithm */
    double size = 200;
    for (uint32_t k = below(&g->rng, 17); k; k--) size *= 1.19;
    uint32_t nfunc = 1 + below(&g->rng, size < 500 ? 2 : 4);
    declare(g, nfunc);
    for (uint32_t i = 0; i < nfunc; i++) gen_function(g, g->nimport + i, (int32_t)size / (int32_t)nfunc);
    for (uint32_t i = 0; i < g->nleaf; i++) gen_function(g, g->first_leaf + i, 12);
    if (g->recursive) gen_recursive(g);
    out->n = 0;
    put_bytes(out, "\0asm\1\0\0\0", 8);
    put_declarations(g, out);
    put_globals_and_exports(g, out, nfunc);
    put_segments_and_code(g, out);
}

static bool write_file(const char *path, const Buf *b) {
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(b->at, 1, b->n, f) == b->n;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
    return ok;
}

int main(int argc, char **argv) {
    static Buf out;
    if (argc != 2) {
        fputs("usage: generate DIR\n", stderr);
        return 2;
    }
    mkdir(argv[1], 0777);
    for (uint32_t i = 0; i < NMODULES; i++) {
        const char *theme;
        char path[4096];
        generate(i, &out, &theme);
        snprintf(path, sizeof path, "%s/%03u-%s.wasm", argv[1], i, theme);
        if (!write_file(path, &out)) return 1;
    }
    return 0;
}
