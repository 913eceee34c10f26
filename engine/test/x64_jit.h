/* Compile IR for x86-64 and run it in this process. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/mman.h>
/* cmocka needs those above */
#include <cmocka.h>
#include "base/bits.h"
#include "code/emit.h"
#include "code/es.h"
#include "code/lower.h"
#include "code/print.h"
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "x64/target.h"

enum { CODE_BYTES = 1 << 20, STATE_BYTES = 1 << 16, STACK_BYTES = 1 << 18, ALLOCATORS = 4 };

static struct {
    Arena arena;
    uint8_t *code, *state, *stack;
    StubOffsets stubs;
    uint32_t code_start; /* behind the stubs */
    CodeBuf cb;
    uint32_t hits[X64_RULE_COUNT];
    uint64_t runs;
} jit;

/* No compiler of ours knows "lzcnt" here, but there is no CPU with BMI2 and without it. */
static inline bool has_features(void) {
    return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2");
}

/* -- Running code ----------------------------------------------------------------- */

static inline uint64_t state_u64(uint32_t at) { return bits_load_u64(jit.state + at); }
static inline void set_state(uint32_t at, uint64_t v) { bits_store_u64(jit.state + at, v); }

static inline void place_code(const CodeBuf *cb, uint32_t at) {
    assert_true(at + cb->code.n <= CODE_BYTES);
    assert_int_equal(mprotect(jit.code, CODE_BYTES, PROT_READ | PROT_WRITE), 0);
    memcpy(jit.code + at, cb->code.at, cb->code.n);
    assert_int_equal(mprotect(jit.code, CODE_BYTES, PROT_READ | PROT_EXEC), 0);
}

static inline void *code_ptr(uint32_t offset) { return jit.code + offset; }

static inline uint32_t enter(uint32_t offset, void *ctx) {
    uint32_t (*stub)(void *, const void *, void *);
    void *at = code_ptr(jit.stubs.enter);
    memcpy(&stub, &at, sizeof stub);
    jit.runs++;
    return stub(jit.state, code_ptr(jit.code_start + offset), ctx);
}

static inline void dump(const Fn *f, const MFn *m, const Alloc *ra) {
    Text t;
    text_init(&t, &jit.arena);
    ir_print(&t, f);
    if (m) mach_print(&t, m, &target_x64, ra);
    fprintf(stderr, "%s\n", t.at);
}

/* Compile into jit.cb; the offset.  Allocators: fast, linear scan, and both with four registers of each class. */
static inline uint32_t compile(Fn *f, CpuFeatures cpu, uint32_t allocator) {
    char msg[200];
    Target t = target_x64;
    if (allocator > 1) t.norder[RC_INT] = t.norder[RC_FLOAT] = 4;
    TargetOptions o = {
        .cpu = cpu, .nan_canon = allocator != 1, .spectre = allocator == 1 || allocator == 2, .rule_hits = jit.hits};
    f->frame_cost = 1000;
    cfg_build(f);
    cfg_split_critical(f);
    cfg_build(f);
    if (!ir_verify(f, msg, sizeof msg)) {
        dump(f, NULL, NULL);
        fail_msg("IR: %s", msg);
    }
    MFn *m = lower_fn(&jit.arena, f, &t, &o);
    if (!mach_verify(m, &t, msg, sizeof msg)) {
        dump(f, m, NULL);
        fail_msg("machine IR: %s", msg);
    }
    Alloc *ra = allocator & 1 ? regalloc_linear(&jit.arena, m, &t) : regalloc_fast(&jit.arena, m, &t);
    if (!alloc_check(m, &t, ra, msg, sizeof msg)) {
        dump(f, m, ra);
        fail_msg("allocation: %s", msg);
    }
    return emit_fn(&jit.cb, m, ra, &t, &o);
}

static inline void start_code(void) { code_init(&jit.cb, &jit.arena); }
static inline void finish_code(const uint32_t *func_offset) {
    code_link(&jit.cb, &target_x64, func_offset);
    place_code(&jit.cb, jit.code_start);
}

/* -- Set-up and tear-down of a group ----------------------------------------------------- */

static inline int jit_setup(void **state) {
    (void)state;
    arena_init(&jit.arena, NULL);
    int rw = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    jit.code = mmap(NULL, CODE_BYTES, rw, flags, -1, 0);
    jit.state = mmap(NULL, STATE_BYTES, rw, flags, -1, 0);
    jit.stack = mmap(NULL, STACK_BYTES, rw, flags, -1, 0);
    if (jit.code == MAP_FAILED || jit.state == MAP_FAILED || jit.stack == MAP_FAILED) return -1;
    start_code();
    target_x64.emit_stubs(&jit.cb, &jit.stubs);
    jit.code_start = (jit.stubs.size + 4095) & ~4095u;
    place_code(&jit.cb, 0);
    for (uint32_t k = 0; k < ES_TRAP_COUNT; k++)
        set_state(ES_TRAP_STUB(k), (uint64_t)(uintptr_t)code_ptr(jit.stubs.trap[k]));
    set_state(ES_STACK_TOP, (uint64_t)(uintptr_t)(jit.stack + STACK_BYTES));
    return jit.stubs.enter == 0 ? 0 : -1;
}

static inline int jit_teardown(void **state) {
    (void)state;
    arena_free(&jit.arena);
    return 0;
}
