/* Functions of the IR in executable memory on aarch64, for tests that are built natively for it: lowered, allocated
 * (and the allocation checked), emitted, mapped, and entered through the stub.  No test framework. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "a64/target.h"
#include "code/emit.h"
#include "code/es.h"
#include "code/lower.h"
#include "code/print.h"
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"

#define CHECK(c) ((c) ? (void)0 : check_failed(#c, __FILE__, __LINE__))
static void check_failed(const char *what, const char *file, int line) {
    fflush(stdout);
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    abort();
}

enum { ES_BYTES = ES_RESULTS_OFFSET + 16 * 1000, STACK_BYTES = 1 << 20 };

/* -- A module of functions in executable memory -------------------------------------- */

typedef struct World {
    Arena arena; /* of the code buffer */
    CodeBuf cb;
    uint8_t *es, *stack, *code;
    size_t mapped;
    StubOffsets stub;
    uint32_t hits[A64_RULE_COUNT];
    VEC(uint32_t) func;
    Arena tmp;
} World;

typedef struct Mode {
    bool linear, far, canon, fault; /* fault: charges trap by a fault */
} Mode;

static void world_open(World *w) {
    arena_init(&w->arena, NULL);
    arena_init(&w->tmp, NULL);
    code_init(&w->cb, &w->arena);
    target_a64.emit_stubs(&w->cb, &w->stub);
    w->func.n = w->func.cap = 0;
    w->func.at = NULL;
    if (w->es) return;
    w->es = aligned_alloc(64, (ES_BYTES + 63) / 64 * 64);
    memset(w->es, 0, ES_BYTES);
    w->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(w->stack != MAP_FAILED);
}

static void es_put(World *w, uint32_t at, uint64_t v) { memcpy(w->es + at, &v, 8); }
static uint64_t es_get(const World *w, uint32_t at) {
    uint64_t v;
    memcpy(&v, w->es + at, 8);
    return v;
}

static void dump(const Fn *f, const MFn *m, const Alloc *ra) {
    Arena a;
    Text t;
    arena_init(&a, NULL);
    text_init(&t, &a);
    if (f) ir_print(&t, f);
    if (m) mach_print(&t, m, &target_a64, ra);
    fputs(t.at, stderr);
    arena_free(&a);
}

/* Number of the function in the module. */
static uint32_t world_add(World *w, Fn *f, Mode mode) {
    char msg[200] = "";
    TargetOptions o = {.far_branches = mode.far,
                       .nan_canon = mode.canon,
                       .fault_charges = mode.fault,
                       .emulated = mode.fault,
                       .spectre = mode.linear,
                       .rule_hits = w->hits};
    es_put(w, ES_NAN_NATIVE, !mode.canon);
    cfg_build(f);
    cfg_split_critical(f);
    if (!ir_verify(f, msg, sizeof msg)) {
        fprintf(stderr, "%s\n", msg);
        dump(f, NULL, NULL);
        CHECK(!"IR");
    }
    MFn *m = lower_fn(&w->tmp, f, &target_a64, &o);
    if (!mach_verify(m, &target_a64, msg, sizeof msg)) {
        fprintf(stderr, "%s\n", msg);
        dump(f, m, NULL);
        CHECK(!"machine IR");
    }
    Alloc *ra = mode.linear ? regalloc_linear(&w->tmp, m, &target_a64) : regalloc_fast(&w->tmp, m, &target_a64);
    if (!alloc_check(m, &target_a64, ra, msg, sizeof msg)) {
        fprintf(stderr, "%s\n", msg);
        dump(f, m, ra);
        CHECK(!"allocation");
    }
    if (getenv("DUMP")) dump(f, m, ra);
    vec_push(&w->arena, &w->func, emit_fn(&w->cb, m, ra, &target_a64, &o));
    return w->func.n - 1;
}

static void world_map(World *w) {
    code_link(&w->cb, &target_a64, w->func.at);
    w->mapped = (w->cb.code.n + 4095u) & ~(size_t)4095;
    w->code = mmap(NULL, w->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(w->code != MAP_FAILED);
    memcpy(w->code, w->cb.code.at, w->cb.code.n);
    __builtin___clear_cache((char *)w->code, (char *)w->code + w->cb.code.n);
    CHECK(mprotect(w->code, w->mapped, PROT_READ | PROT_EXEC) == 0);
    for (uint32_t k = 0; k < ES_TRAP_COUNT; k++)
        es_put(w, ES_TRAP_STUB(k), (uint64_t)(uintptr_t)(w->code + w->stub.trap[k]));
    es_put(w, ES_STACK_TOP, (uint64_t)(uintptr_t)(w->stack + STACK_BYTES));
    es_put(w, ES_EXIT_STUB, (uint64_t)(uintptr_t)(w->code + w->stub.exit));
}

static void world_close(World *w) {
    if (w->code) munmap(w->code, w->mapped);
    w->code = NULL;
    arena_free(&w->arena);
    arena_free(&w->tmp);
}

typedef uint32_t (*EnterFn)(void *es, const void *code, void *ctx);

static uint32_t world_run(World *w, uint32_t func, void *ctx) {
    EnterFn enter = (EnterFn)(uintptr_t)(w->code + w->stub.enter);
    es_put(w, ES_TRAP_KIND, UINT64_C(0xdead0000dead));
    uint32_t trap = enter(w->es, w->code + w->func.at[func], ctx);
    CHECK(es_get(w, ES_ENTRY_SP) == 0);
    return trap;
}

static const CodeSite *find_site(const World *w, uint64_t pc, SiteKind kind) {
    uint64_t at = pc - (uint64_t)(uintptr_t)w->code;
    for (uint32_t k = 0; k < w->cb.site.n; k++)
        if (w->cb.site.at[k].offset == at && w->cb.site.at[k].kind == kind) return &w->cb.site.at[k];
    return NULL;
}

/* -- Faults of compiled code ------------------------------------------------------------ */

static World *the_world; /* for the signal handler, and for the C function that calls back */

static void on_fault(int sig, siginfo_t *info, void *context) {
    static const char text[] = "a64_world: a fault that is in no table\n";
    ucontext_t *u = context;
    World *w = the_world;
    const CodeSite *s = w && w->code ? find_site(w, u->uc_mcontext.pc, SITE_FAULT) : NULL;
    (void)sig;
    (void)info;
    if (!s || u->uc_mcontext.regs[28] != (uint64_t)(uintptr_t)w->es) _exit(write(2, text, sizeof text - 1) > 0 ? 3 : 4);
    es_put(w, ES_TRAP_KIND, UINT64_C(1) << 32 | s->trap);
    es_put(w, ES_TRAP_PC, u->uc_mcontext.pc);
    u->uc_mcontext.pc = es_get(w, ES_EXIT_STUB);
}

static void catch_faults(World *w) {
    struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    the_world = w;
    CHECK(sigaction(SIGSEGV, &act, NULL) == 0 && sigaction(SIGBUS, &act, NULL) == 0);
}

/* -- Functions of ctx, which load from and store to the memory there ------------------------ */

static Fn *new_fn(Arena *a, BlkId *b, Val *ctx) {
    static const uint8_t param[] = {T_I64};
    static const IrSig sig = {.param = param, .nparam = 1};
    Fn *f = fn_new(a, "test", 0, &sig);
    f->frame_cost = 100000;
    *b = fn_block(f);
    *ctx = fn_param(f, *b, T_I64);
    return f;
}

static Access whole_access(IrType t) {
    static const uint8_t access[T_COUNT] = {
        [T_I32] = ACC_32, [T_I64] = ACC_64, [T_F32] = ACC_F32, [T_F64] = ACC_F64, [T_V128] = ACC_V128};
    return (Access)access[t];
}

static Val load_at(Fn *f, BlkId b, Val ctx, IrType t, uint32_t at) {
    return fn_ins(f, b, 1,
                  (Ins){.op = IR_load, .type = (uint8_t)t, .aux = (uint8_t)whole_access(t), .a = ctx, .b = at});
}
static void store_at(Fn *f, BlkId b, Val ctx, Val v, uint32_t at) {
    fn_ins(f, b, 1,
           (Ins){.op = IR_store, .aux = (uint8_t)whole_access((IrType)f->ins.at[v].type), .a = ctx, .b = v, .c = at});
}
static void fn_ret(Fn *f, BlkId b) { fn_ins(f, b, 1, (Ins){.op = IR_ret}); }
