/* The compiling part of `parallax bench engine`, and the one about growth.
 *
 * A stage's figure is that of the repetition that took least in all, since what disturbs a run only adds to it. Small
 * modules are repeated for REPEAT_NS at least.  Totals are processor time, which neighbours disturb less; stages
 * share it as they do the wall clock's.
 *
 * Growth: one function of a module made for it, in four shapes, over sizes that quadruple:
 *   straight  arithmetic, loads and stores over eight locals, one block
 *   mixed     the same, cut up by if/else and small loops
 *   branches  a row of blocks, each left by a br_if
 *   switch    a br_table with as many targets as there are blocks */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>
#include "base/os.h"
#include "fuzz/cli/bench_engine.h"
#include "oracles/legs/leg.h"
#include "wasm/validate.h"

#define REPEAT_NS UINT64_C(30000000)
enum { LEAST_REPEATS = 3 };

const char *const compiler_leg[COMPILERS] = {"x64:O0", "x64:O1", "x64:O2", "a64:O0", "a64:O1", "a64:O2"};

CompileOptions compiler_options(uint32_t compiler) {
    LegSpec spec;
    char why[200];
    leg_spec_parse(&spec, compiler_leg[compiler], strlen(compiler_leg[compiler]), why, sizeof why);
    return leg_compile_options(&spec);
}

/* The least of the repetitions; for REPEAT_NS, or just once when once takes that long. */
typedef struct Repeat {
    uint64_t began, least;
    uint32_t n;
} Repeat;
static bool repeat_again(const Repeat *r) {
    if (!r->n) return true;
    uint64_t spent = os_now_ns() - r->began;
    return spent < REPEAT_NS || (r->n < LEAST_REPEATS && spent < 20 * REPEAT_NS);
}
static bool repeat_note(Repeat *r, uint64_t ns) {
    bool least = !r->n++ || ns < r->least;
    if (least) r->least = ns;
    return least;
}

static uint64_t cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* -- Modules ------------------------------------------------------------------------ */

static Module *measure_front(CompileRow *row, Arena *arena, const File *f, Features features, Err *err) {
    Repeat decode = {.began = os_now_ns()}, validate = {.began = decode.began};
    Module *m = NULL;
    while (repeat_again(&decode)) {
        arena_reset(arena);
        err_clear(err);
        uint64_t t0 = cpu_ns();
        m = module_decode(arena, f->bytes, f->size, features, err);
        uint64_t t1 = cpu_ns();
        if (!m || !module_validate(m, err)) return NULL;
        repeat_note(&decode, t1 - t0);
        repeat_note(&validate, cpu_ns() - t1);
    }
    row->decode += decode.least;
    row->validate += validate.least;
    return m;
}

static void add_cost(Cost *sum, const Cost *c) {
    sum->total += c->total;
    sum->code += c->code;
    sum->stage.build += c->stage.build;
    sum->stage.opt += c->stage.opt;
    sum->stage.lower += c->stage.lower;
    sum->stage.alloc += c->stage.alloc;
    sum->stage.emit += c->stage.emit;
}

/* The total, shared out as the stages took it. */
static CompileTimes shared(CompileTimes t, uint64_t total) {
    uint64_t sum = t.build + t.opt + t.lower + t.alloc + t.emit;
    double f = sum ? (double)total / (double)sum : 0;
    uint64_t *stage[] = {&t.build, &t.opt, &t.lower, &t.alloc, &t.emit};
    for (uint32_t k = 0; k < 5; k++) *stage[k] = (uint64_t)((double)*stage[k] * f);
    return t;
}

/* False with e filled in when it cannot be compiled. */
static bool measure_compiler(const Module *m, uint32_t compiler, Cost *best, CompileError *e) {
    CompileOptions o = compiler_options(compiler);
    Repeat r = {.began = os_now_ns()};
    Arena arena;
    CompileSpace space;
    bool ok = true;
    arena_init(&arena, NULL);
    compile_space_init(&space);
    o.space = &space;
    while (ok && repeat_again(&r)) {
        CompileTimes t = {0};
        arena_reset(&arena);
        uint64_t began = cpu_ns();
        const Code *code = compile_module(&arena, m, &o, &t, e);
        uint64_t took = cpu_ns() - began;
        ok = code != NULL;
        if (ok && repeat_note(&r, took)) *best = (Cost){took, code->size, shared(t, took)};
    }
    arena_free(&arena);
    compile_space_free(&space);
    return ok;
}

bool measure_compile(CompileRow *row, const char *path, const File *f, Features features) {
    Arena arena;
    Err err;
    arena_init(&arena, NULL);
    Module *m = measure_front(row, &arena, f, features, &err);
    if (!m) {
        fputs("parallax: ", stderr);
        cli_print_err(stderr, path, &err);
        arena_free(&arena);
        return false;
    }
    row->modules++;
    row->bytes += f->size;
    for (uint32_t i = 0; i < m->bodies.n; i++) row->body_bytes += m->bodies.at[i].end - m->bodies.at[i].at;
    for (uint32_t c = 0; c < COMPILERS; c++) {
        Cost best;
        CompileError e = {.what = "not compiled"};
        if (measure_compiler(m, c, &best, &e))
            add_cost(&row->cost[c], &best);
        else if (!row->failed[c])
            row->failed[c] = e.what;
    }
    arena_free(&arena);
    return true;
}

/* -- Growth --------------------------------------------------------------------------- */

typedef struct Gen {
    Arena *arena;
    VEC(uint8_t) out;
    uint32_t seed, blocks;
} Gen;

static void put(Gen *g, uint32_t byte) { vec_push(g->arena, &g->out, (uint8_t)byte); }
static void put_all(Gen *g, const uint8_t *p, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) put(g, p[k]);
}
static void put_u32(Gen *g, uint32_t v) {
    for (; v >= 0x80; v >>= 7) put(g, (v & 0x7f) | 0x80);
    put(g, v);
}
static uint32_t chosen(Gen *g, uint32_t n) {
    g->seed = g->seed * 1103515245u + 12345u;
    return (g->seed >> 16) % n;
}

enum { BLOCK = 0x02, LOOP, IF, ELSE, END = 0x0b, BR, BR_IF, BR_TABLE };
enum { GET = 0x20, SET, TEE, LOAD = 0x28, STORE = 0x36, CONST = 0x41, SUB = 0x6b, AND = 0x71, VOID = 0x40 };

static void put_get(Gen *g) { put(g, GET), put(g, chosen(g, 8)); }

/* One assignment, load or store. */
static void put_step(Gen *g) {
    static const uint8_t op[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x77}; /* add .. rotl */
    uint32_t kind = chosen(g, 8);
    put_get(g);
    if (kind >= 2) {
        put_get(g);
        put(g, op[chosen(g, sizeof op)]);
    } else {
        put(g, CONST), put_u32(g, 0xffff); /* the sign bit is clear, so the same as signed LEB128 */
        put(g, AND);
        if (kind == 1) put_get(g);
        put(g, kind ? STORE : LOAD), put(g, 2), put_u32(g, chosen(g, 64) * 4);
        if (kind == 1) return;
    }
    put(g, SET), put(g, chosen(g, 8));
}

static void gen_straight(Gen *g, uint32_t bytes) {
    while (g->out.n < bytes) put_step(g);
    g->blocks = 1;
}

static void gen_mixed(Gen *g, uint32_t bytes) {
    while (g->out.n < bytes) {
        bool loop = chosen(g, 4) == 0;
        if (!loop) put_get(g);
        put(g, loop ? LOOP : IF), put(g, VOID);
        for (uint32_t k = chosen(g, 4); k-- > 0;) put_step(g);
        if (loop) {
            put(g, GET), put(g, 8), put(g, CONST), put(g, 1), put(g, SUB), put(g, TEE), put(g, 8);
            put(g, BR_IF), put(g, 0);
        } else {
            put(g, ELSE);
            put_step(g);
        }
        put(g, END);
        put_step(g);
        g->blocks += loop ? 2 : 3;
    }
}

static void gen_branches(Gen *g, uint32_t blocks) {
    for (g->blocks = 0; g->blocks < blocks; g->blocks += 2) {
        put(g, BLOCK), put(g, VOID);
        put_get(g);
        put(g, BR_IF), put(g, 0);
        put_step(g);
        put(g, END);
    }
}

static void gen_switch(Gen *g, uint32_t blocks) {
    for (uint32_t k = 0; k <= blocks; k++) put(g, BLOCK), put(g, VOID);
    put_get(g);
    put(g, BR_TABLE), put_u32(g, blocks);
    for (uint32_t k = 0; k <= blocks; k++) put_u32(g, k);
    for (uint32_t k = 0; k <= blocks; k++) {
        put(g, END);
        put_step(g);
    }
    g->blocks = blocks;
}

typedef struct Shape {
    const char *name;
    void (*gen)(Gen *g, uint32_t size);
    uint32_t size[6]; /* bytes or blocks; 0: no more */
} Shape;
static const Shape shapes[] = {
    {"straight", gen_straight, {1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20}},
    {"mixed", gen_mixed, {1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20}},
    {"branches", gen_branches, {10, 100, 1000, 10000, 40000}},
    {"switch", gen_switch, {10, 100, 1000, 10000}},
};

/* A module with one function (i32) -> (), nine more locals and a memory of two pages. */
static File make_module(Arena *arena, const Shape *s, uint32_t size, uint32_t *blocks) {
    static const uint8_t head[] = {0,    'a', 's',  'm', 1, 0, 0,    0, 1, 5, 1, 0x60, 1,
                                   0x7f, 0,   0x03, 2,   1, 0, 0x05, 3, 1, 0, 2, 10};
    Gen body = {.arena = arena, .seed = size}, m = {.arena = arena};
    put(&body, 1), put(&body, 9), put(&body, 0x7f);
    s->gen(&body, size);
    put(&body, END);
    uint32_t length = 1;
    for (uint32_t v = body.out.n; v >= 0x80; v >>= 7) length++;
    put_all(&m, head, sizeof head);
    put_u32(&m, 1 + length + body.out.n);
    put(&m, 1);
    put_u32(&m, body.out.n);
    put_all(&m, body.out.at, body.out.n);
    *blocks = body.blocks;
    return (File){m.out.at, m.out.n};
}

uint32_t measure_growth(GrowthRow row[MAX_GROWTH]) {
    uint32_t n = 0;
    for (uint32_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (uint32_t k = 0; k < 6 && shapes[s].size[k]; k++) {
            Arena arena, work;
            Err err;
            CompileRow front = {0};
            GrowthRow *r = &row[n++];
            arena_init(&arena, NULL);
            arena_init(&work, NULL);
            *r = (GrowthRow){.shape = shapes[s].name};
            File f = make_module(&arena, &shapes[s], shapes[s].size[k], &r->blocks);
            r->bytes = f.size;
            Module *m = measure_front(&front, &work, &f, FEATURES_WASM2, &err);
            if (!m) {
                cli_fail(0, "growth: %s: %s", shapes[s].name, err.text);
            } else {
                r->validate = front.validate;
                for (uint32_t c = 0; c < COMPILERS; c++) {
                    Cost best;
                    CompileError e;
                    if (c % 3 != 0 && measure_compiler(m, c, &best, &e)) r->ns[c] = best.total;
                }
            }
            arena_free(&work);
            arena_free(&arena);
        }
    return n;
}
