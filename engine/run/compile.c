/* The compiler's table of contents: build -> optimize -> lower -> allocate -> emit, one function at a time, then link.
 */
#include "run/compile.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/os.h"
#include "code/emit.h"
#include "code/lower.h"
#include "code/print.h"
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "opt/opt.h"
#include "opt/rewrite.h"
#include "run/leaves.h"

/* Bytes one function's compilation may take: SSA form can be quadratic in nesting and locals. */
#define COMPILE_LIMIT ((size_t)1 << 30)

typedef struct Clock {
    CompileTimes *times;
    uint64_t last;
} Clock;

static void lap(Clock *c, size_t field) {
    if (!c->times) return;
    uint64_t now = os_now_ns();
    *(uint64_t *)(void *)((char *)c->times + field) += now - c->last;
    c->last = now;
}

static Rewrites rewrites_of(const CompileOptions *o) {
    return (Rewrites){.limit = o->opt_limited ? o->opt_limit : REWRITES_ALL, .hits = o->opt_hits, .stages = o->stages};
}

uint32_t compile_level(const CompileOptions *o, uint32_t func) {
    if (o->interpret.n && func_set_has(&o->interpret, func)) return LEVEL_INTERPRETED;
    return o->mixed ? mix_level(o->mix, func) : o->level;
}

/* The functions that are interpreted; NULL: none. */
static BitSet *find_interpreted(Arena *a, const Module *m, const CompileOptions *o) {
    BitSet *s = NULL;
    if (!o->mixed && !o->interpret.n) return NULL;
    for (uint32_t i = m->nimported[EXT_FUNC]; i < m->funcs.n; i++) {
        if (compile_level(o, i) != LEVEL_INTERPRETED) continue;
        if (!s) {
            s = ARENA_NEW(a, BitSet);
            *s = (BitSet){ARENA_ARRAY(a, uint64_t, m->funcs.n / 64 + 1), m->funcs.n};
        }
        bitset_add(s, i);
    }
    return s;
}

/* Let the function inline leaves: nothing where each function has a way of its own. */
static void may_inline(Leaves *l, Fn *f, const CompileOptions *o) {
    leaves_begin(l);
    if (o->inline_leaves && !o->mixed) f->inliner = &l->inliner;
}

/* The IR of a defined function, with what it may inline. */
static Fn *build_fn(Leaves *l, uint32_t func, const CompileOptions *o) {
    Fn *f = ir_build(l->arena, l->scratch, l->m, l->layout, func, l->build);
    arena_reset(l->scratch);
    may_inline(l, f, o);
    return f;
}

/* From IR to what is lowered. */
static void optimize(Arena *scratch, Fn *f, uint32_t level, const CompileOptions *o, Rewrites *w, Clock *clock) {
    const Stages *s = o->stages;
    lap(clock, offsetof(CompileTimes, build));
    if (s && s->on_ir) s->on_ir(s->user, "build", f);
    if (level) {
        opt_run(f, &(OptOptions){.level = level, .stages = s, .rewrites = w, .scratch = scratch});
        cfg_split_critical(f); /* keeps the facts up to date */
    } else {
        cfg_build_split(f);
    }
    lap(clock, offsetof(CompileTimes, opt));
}

/* From optimized IR to bytes; the offset of the code. */
static uint32_t generate(Arena *tmp, CodeBuf *cb, const Fn *f, uint32_t level, const CompileOptions *o, Clock *clock) {
    const Stages *s = o->stages;
    MFn *m = lower_fn(tmp, f, o->target, &o->to);
    if (s && s->on_mach) s->on_mach(s->user, o->target, m);
    lap(clock, offsetof(CompileTimes, lower));
    Alloc *ra = level ? regalloc_linear(tmp, m, o->target) : regalloc_fast(tmp, m, o->target);
    if (s && s->on_alloc) s->on_alloc(s->user, o->target, m, ra);
    lap(clock, offsetof(CompileTimes, alloc));
    LeavesFrom from = {.site = cb->site.n, .charge = cb->charge.n};
    uint32_t at = from.code = emit_fn(cb, m, ra, o->target, &o->to);
    leaves_resolve(cb, f, &from);
    if (s && s->on_code) s->on_code(s->user, o->target, cb, f->index, at, code_at(cb));
    lap(clock, offsetof(CompileTimes, emit));
    return at;
}

static Code *finish(Arena *a, CodeBuf *cb, const CompileOptions *o, const uint32_t *func, uint32_t nfunc) {
    code_link(cb, o->target, func);
    Code *c = ARENA_NEW(a, Code);
    *c = (Code){.target = o->target,
                .bytes = cb->code.at,
                .size = cb->code.n,
                .func = func,
                .nfunc = nfunc,
                .site = cb->site.at,
                .nsite = cb->site.n,
                .loc = cb->loc.at,
                .nloc = cb->loc.n,
                .inlined = cb->inlined.at,
                .charge = cb->charge.at,
                .ncharge = cb->charge.n};
    return c;
}

void compile_space_init(CompileSpace *s) {
    arena_init(&s->fn, NULL);
    arena_init(&s->pass, NULL);
}

void compile_space_free(CompileSpace *s) {
    arena_free(&s->fn);
    arena_free(&s->pass);
}

/* Arms a bail for all arenas; the caller's own is put back. */
typedef struct Scope {
    Bail bail, *before;
    Arena *out, *tmp;
    Arena *scratch; /* of the optimizer's passes */
    Front *front;   /* NULL: nothing is shared */
    CompileSpace own;
} Scope;

static void scope_arena(Scope *s, Arena *a, const CompileOptions *o) {
    assert(arena_used(a) == 0);
    arena_reset(a); /* in a test that lets allocations fail it keeps nothing, so each of ours is one of them */
    a->bail = &s->bail;
    arena_limit(a, o->memory ? o->memory : COMPILE_LIMIT);
}

static void scope_open(Scope *s, Arena *out, const CompileOptions *o, Front *front) {
    CompileSpace *space = o->space ? o->space : &s->own;
    s->out = out;
    s->before = out->bail;
    out->bail = &s->bail;
    compile_space_init(&s->own);
    s->tmp = &space->fn;
    s->scratch = &space->pass;
    scope_arena(s, s->tmp, o);
    scope_arena(s, s->scratch, o);
    s->front = front;
    if (front) front->arena.bail = &s->bail;
}

static void scope_close(Scope *s) {
    s->out->bail = s->before;
    s->tmp->bail = s->scratch->bail = NULL;
    arena_reset(s->tmp);
    arena_reset(s->scratch);
    compile_space_free(&s->own);
    if (s->front) s->front->arena.bail = NULL;
}

static uint32_t compile_fn(Scope *s, CodeBuf *cb, Fn *f, uint32_t level, const CompileOptions *o, Rewrites *w,
                           Clock *clock) {
    optimize(s->scratch, f, level, o, w, clock);
    return generate(s->tmp, cb, f, level, o, clock);
}

bool compile_front_key(const CompileOptions *o, FrontKey *key) {
    memset(key, 0, sizeof *key);
    key->build = o->build;
    key->level = o->level;
    key->inline_leaves = o->inline_leaves && !o->mixed;
    return !o->stages && !o->opt_limited && !o->mixed && !o->interpret.n && !o->memory;
}

/* Where this compilation gets its front half from; begins to keep it when that is asked for. */
static FrontKept front_open(Front *front, const Module *m, const FrontKey *key) {
    if (!front) return FRONT_NOTHING;
    FrontKept have = front_has(front, m, key);
    if (have == FRONT_NOTHING && front->keep != FRONT_NOTHING) front_begin(front, m, key);
    return have;
}

/* A function ready to be lowered: made here, or kept by a compilation before. */
static const Fn *front_fn(Scope *s, Leaves *l, uint32_t i, const CompileOptions *o, const FrontKey *key, FrontKept have,
                          Rewrites *w, Clock *clock) {
    if (have == FRONT_OPTIMIZED) return s->front->fn[i];
    Fn *f = have == FRONT_BUILT ? fn_copy(s->tmp, s->front->fn[i])
                                : ir_build(l->arena, l->scratch, l->m, l->layout, i, l->build);
    arena_reset(l->scratch);
    bool keep = s->front && s->front->module == l->m && have == FRONT_NOTHING;
    if (keep) front_add(s->front, FRONT_BUILT, f);
    may_inline(l, f, o);
    optimize(s->scratch, f, key->level, o, w, clock);
    if (keep) front_add(s->front, FRONT_OPTIMIZED, f);
    return f;
}

static uint64_t body_bytes(const Module *m) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < m->bodies.n; i++) sum += m->bodies.at[i].end - m->bodies.at[i].at;
    return sum;
}

Code *compile_module(Arena *a, const Module *m, const CompileOptions *o, CompileTimes *times, CompileError *e) {
    Scope s;
    FrontKey key;
    volatile uint32_t current = UINT32_MAX;
    scope_open(&s, a, o, compile_front_key(o, &key) ? o->front : NULL);
    if (BAIL_CATCH(&s.bail)) {
        *e = (CompileError){s.bail.code, s.bail.what, current};
        if (s.front) front_reset(s.front);
        scope_close(&s);
        return NULL;
    }
    CodeBuf cb;
    code_init(&cb, a);
    code_expect(&cb, body_bytes(m));
    InstLayout layout = instance_layout(m);
    uint32_t *func = ARENA_ARRAY(a, uint32_t, m->funcs.n + 1);
    Clock clock = {times, times ? os_now_ns() : 0};
    Rewrites w = rewrites_of(o);
    BitSet *interpreted = find_interpreted(a, m, o);
    key.build.interpreted = interpreted;
    Leaves leaves;
    leaves_init(&leaves, a, s.tmp, s.scratch, m, &layout, &key.build);
    FrontKept have = front_open(s.front, m, &key);
    for (uint32_t i = 0; i < m->funcs.n; i++) {
        func[i] = UINT32_MAX;
        if (m->funcs.at[i].import != NO_INDEX) continue;
        current = i;
        func[i] = code_at(&cb);
        if (interpreted && bitset_has(interpreted, i)) continue;
        key.level = compile_level(o, i);
        func[i] = generate(s.tmp, &cb, front_fn(&s, &leaves, i, o, &key, have, &w, &clock), key.level, o, &clock);
        arena_reset(s.tmp);
    }
    Code *c = finish(a, &cb, o, func, m->funcs.n);
    if (have == FRONT_OPTIMIZED)
        w.made = s.front->nrewrite;
    else if (s.front)
        s.front->nrewrite = w.made;
    c->nrewrite = w.made;
    c->interpreted = interpreted;
    lap(&clock, offsetof(CompileTimes, emit));
    scope_close(&s);
    return c;
}

Code *compile_adaptor(Arena *a, const FuncType *t, AdaptorKind kind, const CompileOptions *o, CompileError *e) {
    typedef Fn *Builder(Arena *, const FuncType *);
    static Builder *const build[ADAPTOR_KINDS] = {[ADAPTOR_ENTRY] = ir_build_entry_adaptor,
                                                  [ADAPTOR_HOST] = ir_build_host_adaptor,
                                                  [ADAPTOR_INTERP] = ir_build_interp_adaptor,
                                                  [ADAPTOR_TAIL] = ir_build_tail_adaptor};
    Scope s;
    scope_open(&s, a, o, NULL);
    if (BAIL_CATCH(&s.bail)) {
        *e = (CompileError){s.bail.code, s.bail.what, UINT32_MAX};
        scope_close(&s);
        return NULL;
    }
    CodeBuf cb;
    code_init(&cb, a);
    uint32_t *func = ARENA_ARRAY(a, uint32_t, 1);
    Clock clock = {NULL, 0};
    CompileOptions plain = *o;
    plain.stages = o->adaptor_stages;
    Rewrites w = rewrites_of(&plain);
    Fn *f = build[kind](s.tmp, t);
    func[0] = compile_fn(&s, &cb, f, plain.level, &plain, &w, &clock);
    Code *c = finish(a, &cb, o, func, 1);
    scope_close(&s);
    return c;
}

/* -- Dumps ------------------------------------------------------------------- */

typedef struct Dump {
    Text *out;
    const char *stage;
    const Stages *next; /* the caller's, who may change what is shown; NULL: none */
    bool done;
} Dump;

static void dump_ir(void *user, const char *pass, Fn *f) {
    Dump *d = user;
    if (d->next && d->next->on_ir) d->next->on_ir(d->next->user, pass, f);
    if (strcmp(pass, d->stage) != 0) return;
    ir_print(d->out, f);
    d->done = true;
}

static void dump_mach(void *user, const Target *t, MFn *m) {
    Dump *d = user;
    if (d->next && d->next->on_mach) d->next->on_mach(d->next->user, t, m);
    if (strcmp(d->stage, "mach") != 0) return;
    mach_print(d->out, m, t, NULL);
    d->done = true;
}

static void dump_alloc(void *user, const Target *t, MFn *m, Alloc *ra) {
    Dump *d = user;
    if (d->next && d->next->on_alloc) d->next->on_alloc(d->next->user, t, m, ra);
    if (strcmp(d->stage, "alloc") != 0) return;
    mach_print(d->out, m, t, ra);
    d->done = true;
}

/* Rewrites are numbered over the whole module: make those of the functions before this one. */
static void count_before(Leaves *l, uint32_t func, const CompileOptions *o, const Stages *stages, Rewrites *w) {
    const Rewrites told = *w;
    w->stages = NULL;
    w->hits = NULL;
    for (uint32_t i = 0; i < func; i++) {
        if (l->m->funcs.at[i].import != NO_INDEX || compile_level(o, i) == LEVEL_INTERPRETED) continue;
        ArenaMark mark = arena_mark(l->arena);
        Fn *f = build_fn(l, i, o);
        if (stages && stages->on_ir) stages->on_ir(stages->user, "build", f);
        opt_run(f, &(OptOptions){.level = compile_level(o, i), .stages = stages, .rewrites = w});
        arena_rewind(l->arena, mark);
    }
    w->stages = told.stages;
    w->hits = told.hits;
}

/* `ready`, or function `func` of m. */
static bool dump(Text *out, const Module *m, uint32_t func, Fn *ready, const CompileOptions *o, const char *stage,
                 CompileError *e) {
    Dump d = {out, stage, o->stages, false};
    Stages stages = {.user = &d, .on_ir = dump_ir, .on_mach = dump_mach, .on_alloc = dump_alloc};
    CompileOptions oo = *o;
    uint32_t level = m ? compile_level(o, func) : o->level;
    if (m) oo.build.interpreted = find_interpreted(out->arena, m, o);
    if (level == LEVEL_INTERPRETED) {
        *e = (CompileError){BAIL_NONE, "it is interpreted", func};
        return false;
    }
    Scope s;
    scope_open(&s, out->arena, o, NULL);
    if (BAIL_CATCH(&s.bail)) {
        *e = (CompileError){s.bail.code, s.bail.what, func};
        scope_close(&s);
        return false;
    }
    oo.stages = &stages;
    CodeBuf cb;
    code_init(&cb, s.tmp);
    Clock clock = {NULL, 0};
    Rewrites w = rewrites_of(&oo);
    InstLayout layout = m ? instance_layout(m) : (InstLayout){0};
    Leaves leaves;
    if (m) leaves_init(&leaves, out->arena, s.tmp, s.scratch, m, &layout, &oo.build);
    if (o->opt_limited && m) count_before(&leaves, func, &oo, o->stages, &w);
    Fn *f = m ? build_fn(&leaves, func, o) : ready;
    compile_fn(&s, &cb, f, level, &oo, &w, &clock);
    if (!d.done && strcmp(stage, "opt") == 0) {
        ir_print(out, f);
        d.done = true;
    }
    scope_close(&s);
    if (!d.done) *e = (CompileError){BAIL_NONE, "no such stage", func};
    return d.done;
}

bool compile_dump(Text *out, const Module *m, uint32_t func, const CompileOptions *o, const char *stage,
                  CompileError *e) {
    return dump(out, m, func, NULL, o, stage, e);
}

bool compile_dump_fn(Text *out, Fn *f, const CompileOptions *o, const char *stage, CompileError *e) {
    return dump(out, NULL, f->index, f, o, stage, e);
}

/* -- Look-ups ----------------------------------------------------------------- */

const CodeSite *code_find_site(const Code *c, uint32_t offset, SiteKind kind) {
    uint32_t lo = 0, hi = c->nsite;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (c->site[mid].offset < offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < c->nsite && c->site[lo].offset == offset; lo++)
        if (c->site[lo].kind == kind) return &c->site[lo];
    return NULL;
}

uint32_t code_real_loc(const Code *c, uint32_t loc) {
    return loc & LOC_INLINED ? c->inlined[loc & ~LOC_INLINED].loc : loc;
}

uint32_t code_site_loc(const Code *c, const CodeSite *s) {
    return code_real_loc(c, s->ncharge ? c->charge[s->loc].loc : s->loc);
}

uint32_t code_find_func(const Code *c, uint32_t offset) {
    /* functions are emitted in the order of their indices */
    uint32_t best = UINT32_MAX, lo = 0, hi = c->nfunc;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (c->func[mid] == UINT32_MAX) { /* imports come first */
            lo = mid + 1;
        } else if (c->func[mid] <= offset) {
            best = mid;
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return offset < c->size ? best : UINT32_MAX;
}

/* -- Checking stages ------------------------------------------------------------ */

static void report(CheckStages *c, const char *stage, const char *msg) {
    if (!c->failed) snprintf(c->report, sizeof c->report, "%s: %s", stage, msg);
    c->failed = true;
}

static void check_ir(void *user, const char *pass, Fn *f) {
    CheckStages *c = user;
    char msg[200];
    if (c->next && c->next->on_ir) c->next->on_ir(c->next->user, pass, f);
    if (!ir_verify(f, msg, sizeof msg)) report(c, pass, msg);
}

static void check_mach(void *user, const Target *t, MFn *m) {
    CheckStages *c = user;
    char msg[200];
    if (c->next && c->next->on_mach) c->next->on_mach(c->next->user, t, m);
    if (!mach_verify(m, t, msg, sizeof msg)) report(c, "lower", msg);
}

static void check_alloc(void *user, const Target *t, MFn *m, Alloc *ra) {
    CheckStages *c = user;
    char msg[200];
    if (c->next && c->next->on_alloc) c->next->on_alloc(c->next->user, t, m, ra);
    if (!alloc_check(m, t, ra, msg, sizeof msg)) report(c, "alloc", msg);
}

static void check_code(void *user, const Target *t, CodeBuf *cb, uint32_t func, uint32_t at, uint32_t end) {
    CheckStages *c = user;
    if (c->next && c->next->on_code) c->next->on_code(c->next->user, t, cb, func, at, end);
}

void check_stages_init(CheckStages *c, const Stages *next) {
    *c = (CheckStages){
        .stages = {.user = c, .on_ir = check_ir, .on_mach = check_mach, .on_alloc = check_alloc, .on_code = check_code},
        .next = next};
}
