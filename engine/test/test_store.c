/* The store: instantiation, linking, growth, host calls, traps and their sites; everything on the interpreter and on
 * compiled code of this host's ISA, which must do the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/leb128.h"
#include "run/signals.h"
#include "run/store.h"
#include "wasm/validate.h"

/* (module
 *   (type $v (func))
 *   (type $i (func (result i32)))
 *   (import "env" "log" (func $log (param i32 i64 f32 f64 funcref externref) (result i32 i64 f32 f64 funcref
 * externref))) (memory (export "memory") 1 4) (table (export "table") 3 9 funcref) (global $count (export "count") (mut
 * i32) (i32.const 5)) (global (export "fixed") i64 (i64.const -1)) (elem (i32.const 0) func $one $fail) (elem $passive
 * func $one $one $one) (elem declare func $two) (data (i32.const 8) "active") (data $left "passive") (func $one (export
 * "one") (result i32) (i32.const 1)) (func $two (export "two") (result i32) (i32.const 2)) (func $fail (export "fail")
 * (type $v) (nop) (unreachable)) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))) (func
 * (export "size") (result i32) (memory.size)) (func (export "table_grow") (param i32) (result i32) (table.grow 0
 * (ref.func $two) (local.get 0))) (func (export "call") (param i32) (result i32) (call_indirect (type $i) (local.get
 * 0))) (func (export "poke") (param i32) (i32.store8 (local.get 0) (i32.const 255))) (func (export "peek") (param i32)
 * (result i32) (i32.load8_u (local.get 0))) (func (export "host") (param i32) (result i32) (call $log (local.get 0)
 * (i64.const -2) (f32.const nan:0x200001) (f64.const -0) (ref.func $two) (ref.null extern)) (drop) (drop) (drop) (drop)
 * (drop)) (func $sink (export "sink") (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (drop (i32.div_u
 * (i32.const 1) (local.get 0))))) (i32.add (call $sink (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (func
 * $hop (export "hop") (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (call $sink (i32.const 1)))))
 *     (return_call $hop (i32.sub (local.get 0) (i32.const 1))))
 *   (export "log" (func $log))) */
static const uint8_t lib_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x20, 0x05, 0x60, 0x00, 0x00, 0x60, 0x00, 0x01, 0x7f, 0x60,
    0x06, 0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f, 0x06, 0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f, 0x60, 0x01, 0x7f, 0x01, 0x7f,
    0x60, 0x01, 0x7f, 0x00, 0x02, 0x0b, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x02, 0x03, 0x0d,
    0x0c, 0x01, 0x01, 0x00, 0x03, 0x01, 0x03, 0x03, 0x04, 0x03, 0x03, 0x03, 0x03, 0x04, 0x05, 0x01, 0x70, 0x01, 0x03,
    0x09, 0x05, 0x04, 0x01, 0x01, 0x01, 0x04, 0x06, 0x0b, 0x02, 0x7f, 0x01, 0x41, 0x05, 0x0b, 0x7e, 0x00, 0x42, 0x7f,
    0x0b, 0x07, 0x7f, 0x11, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x05, 0x74, 0x61, 0x62, 0x6c, 0x65,
    0x01, 0x00, 0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x03, 0x00, 0x05, 0x66, 0x69, 0x78, 0x65, 0x64, 0x03, 0x01, 0x03,
    0x6f, 0x6e, 0x65, 0x00, 0x01, 0x03, 0x74, 0x77, 0x6f, 0x00, 0x02, 0x04, 0x66, 0x61, 0x69, 0x6c, 0x00, 0x03, 0x04,
    0x67, 0x72, 0x6f, 0x77, 0x00, 0x04, 0x04, 0x73, 0x69, 0x7a, 0x65, 0x00, 0x05, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65,
    0x5f, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x06, 0x04, 0x63, 0x61, 0x6c, 0x6c, 0x00, 0x07, 0x04, 0x70, 0x6f, 0x6b, 0x65,
    0x00, 0x08, 0x04, 0x70, 0x65, 0x65, 0x6b, 0x00, 0x09, 0x04, 0x68, 0x6f, 0x73, 0x74, 0x00, 0x0a, 0x04, 0x73, 0x69,
    0x6e, 0x6b, 0x00, 0x0b, 0x03, 0x68, 0x6f, 0x70, 0x00, 0x0c, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x00, 0x09, 0x12, 0x03,
    0x00, 0x41, 0x00, 0x0b, 0x02, 0x01, 0x03, 0x01, 0x00, 0x03, 0x01, 0x01, 0x01, 0x03, 0x00, 0x01, 0x02, 0x0a, 0x8f,
    0x01, 0x0c, 0x04, 0x00, 0x41, 0x01, 0x0b, 0x04, 0x00, 0x41, 0x02, 0x0b, 0x04, 0x00, 0x01, 0x00, 0x0b, 0x06, 0x00,
    0x20, 0x00, 0x40, 0x00, 0x0b, 0x04, 0x00, 0x3f, 0x00, 0x0b, 0x09, 0x00, 0xd2, 0x02, 0x20, 0x00, 0xfc, 0x0f, 0x00,
    0x0b, 0x07, 0x00, 0x20, 0x00, 0x11, 0x01, 0x00, 0x0b, 0x0a, 0x00, 0x20, 0x00, 0x41, 0xff, 0x01, 0x3a, 0x00, 0x00,
    0x0b, 0x07, 0x00, 0x20, 0x00, 0x2d, 0x00, 0x00, 0x0b, 0x1f, 0x00, 0x20, 0x00, 0x42, 0x7e, 0x43, 0x01, 0x00, 0xa0,
    0x7f, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0xd2, 0x02, 0xd0, 0x6f, 0x10, 0x00, 0x1a, 0x1a, 0x1a,
    0x1a, 0x1a, 0x0b, 0x18, 0x00, 0x20, 0x00, 0x45, 0x04, 0x40, 0x41, 0x01, 0x20, 0x00, 0x6e, 0x1a, 0x0b, 0x20, 0x00,
    0x41, 0x01, 0x6b, 0x10, 0x0b, 0x41, 0x01, 0x6a, 0x0b, 0x14, 0x00, 0x20, 0x00, 0x45, 0x04, 0x40, 0x41, 0x01, 0x10,
    0x0b, 0x0f, 0x0b, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x12, 0x0c, 0x0b, 0x0b, 0x15, 0x02, 0x00, 0x41, 0x08, 0x0b, 0x06,
    0x61, 0x63, 0x74, 0x69, 0x76, 0x65, 0x01, 0x07, 0x70, 0x61, 0x73, 0x73, 0x69, 0x76, 0x65,
};
/* (module
 *   (import "lib" "fail" (func $fail))
 *   (import "lib" "memory" (memory 1 4))
 *   (import "lib" "table" (table 3 9 funcref))
 *   (import "lib" "count" (global $count (mut i32)))
 *   (func $store (export "store") (param i32) (i32.store (i32.const 100) (local.get 0)) (global.set $count (local.get
 * 0))) (func $caller (export "caller") (nop) (call $fail)) (func (export "indirect") (param i32) (call_indirect (param)
 * (local.get 0))) (elem (i32.const 2) func $caller)) */
static const uint8_t user_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f,
    0x00, 0x02, 0x37, 0x04, 0x03, 0x6c, 0x69, 0x62, 0x04, 0x66, 0x61, 0x69, 0x6c, 0x00, 0x00, 0x03, 0x6c,
    0x69, 0x62, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x01, 0x01, 0x04, 0x03, 0x6c, 0x69, 0x62,
    0x05, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x70, 0x01, 0x03, 0x09, 0x03, 0x6c, 0x69, 0x62, 0x05, 0x63,
    0x6f, 0x75, 0x6e, 0x74, 0x03, 0x7f, 0x01, 0x03, 0x04, 0x03, 0x01, 0x00, 0x01, 0x07, 0x1d, 0x03, 0x05,
    0x73, 0x74, 0x6f, 0x72, 0x65, 0x00, 0x01, 0x06, 0x63, 0x61, 0x6c, 0x6c, 0x65, 0x72, 0x00, 0x02, 0x08,
    0x69, 0x6e, 0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x00, 0x03, 0x09, 0x07, 0x01, 0x00, 0x41, 0x02, 0x0b,
    0x01, 0x02, 0x0a, 0x1e, 0x03, 0x0e, 0x00, 0x41, 0xe4, 0x00, 0x20, 0x00, 0x36, 0x02, 0x00, 0x20, 0x00,
    0x24, 0x00, 0x0b, 0x05, 0x00, 0x01, 0x10, 0x00, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x11, 0x00, 0x00, 0x0b,
};
/* (module (import "lib" "one" (func (result i32))) (import "lib" "one" (func (result i64)))) */
static const uint8_t bad_func[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x09, 0x02, 0x60, 0x00, 0x01,
    0x7f, 0x60, 0x00, 0x01, 0x7e, 0x02, 0x15, 0x02, 0x03, 0x6c, 0x69, 0x62, 0x03, 0x6f,
    0x6e, 0x65, 0x00, 0x00, 0x03, 0x6c, 0x69, 0x62, 0x03, 0x6f, 0x6e, 0x65, 0x00, 0x01,
};
/* (module (import "lib" "count" (global i32))) */
static const uint8_t bad_global[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x02, 0x0e, 0x01, 0x03,
    0x6c, 0x69, 0x62, 0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x03, 0x7f, 0x00,
};
/* (module (import "lib" "memory" (memory 1 3))) */
static const uint8_t bad_memory[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x02, 0x10, 0x01, 0x03, 0x6c,
    0x69, 0x62, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x01, 0x01, 0x03,
};
/* (module (import "lib" "table" (table 4 9 funcref))) */
static const uint8_t bad_table[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x02, 0x10, 0x01, 0x03, 0x6c,
    0x69, 0x62, 0x05, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x70, 0x01, 0x04, 0x09,
};
/* (module (import "lib" "one" (memory 1))) */
static const uint8_t bad_kind[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x02, 0x0c, 0x01,
    0x03, 0x6c, 0x69, 0x62, 0x03, 0x6f, 0x6e, 0x65, 0x02, 0x00, 0x01,
};
/* (module (import "lib" "one" (func (result i32))) (import "lib" "none" (func))) */
static const uint8_t unknown_name[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x00, 0x01,
    0x7f, 0x60, 0x00, 0x00, 0x02, 0x16, 0x02, 0x03, 0x6c, 0x69, 0x62, 0x03, 0x6f, 0x6e,
    0x65, 0x00, 0x00, 0x03, 0x6c, 0x69, 0x62, 0x04, 0x6e, 0x6f, 0x6e, 0x65, 0x00, 0x01,
};
/* (module
 *   (memory 1)
 *   (table 2 funcref)
 *   (elem (i32.const 0) func $f)
 *   (data (i32.const 0) "kept")
 *   (data (i32.const 65535) "over")
 *   (data (i32.const 4) "never")
 *   (func $f)
 *   (func $start (unreachable))
 *   (start $start)) */
static const uint8_t broken_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x03, 0x02,
    0x00, 0x00, 0x04, 0x04, 0x01, 0x70, 0x00, 0x02, 0x05, 0x03, 0x01, 0x00, 0x01, 0x08, 0x01, 0x01, 0x09,
    0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x00, 0x0a, 0x08, 0x02, 0x02, 0x00, 0x0b, 0x03, 0x00, 0x00,
    0x0b, 0x0b, 0x1f, 0x03, 0x00, 0x41, 0x00, 0x0b, 0x04, 0x6b, 0x65, 0x70, 0x74, 0x00, 0x41, 0xff, 0xff,
    0x03, 0x0b, 0x04, 0x6f, 0x76, 0x65, 0x72, 0x00, 0x41, 0x04, 0x0b, 0x05, 0x6e, 0x65, 0x76, 0x65, 0x72,
};
/* (module
 *   (memory 1)
 *   (global $g (mut i32) (i32.const 1))
 *   (func $inner (i32.store (i32.const 0) (i32.const 77)) (global.set $g (i32.const 2)) (unreachable))
 *   (func $start (call $inner) (global.set $g (i32.const 3)))
 *   (start $start)) */
static const uint8_t start_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x03,
    0x02, 0x00, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x01, 0x0b,
    0x08, 0x01, 0x01, 0x0a, 0x1a, 0x02, 0x0f, 0x00, 0x41, 0x00, 0x41, 0xcd, 0x00, 0x36, 0x02, 0x00,
    0x41, 0x02, 0x24, 0x00, 0x00, 0x0b, 0x08, 0x00, 0x10, 0x00, 0x41, 0x03, 0x24, 0x00, 0x0b,
};
/* (module (memory 5000)) */
static const uint8_t large_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x05, 0x04, 0x01, 0x00, 0x88, 0x27,
};

/* -- Stores ------------------------------------------------------------------------------ */

enum { NSTORES = 4 };

typedef struct World {
    Arena arena; /* modules and code of a test */
    Store store[NSTORES];
    CompileOptions compile[NSTORES];
} World;

static const char *host_isa(void) {
#if defined(__x86_64__)
    return "x64";
#else
    return "a64";
#endif
}

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    arena_init(&w->arena, NULL);
    for (uint32_t i = 0; i < NSTORES; i++) {
        const char *why;
        w->compile[i] = (CompileOptions){
            .target = target_find(host_isa()),
            .level = i == 1 ? 0 : 1,
            .build = {.bounds = i == 3 ? BOUNDS_EXPLICIT : BOUNDS_GUARD, .fuel = true, .nan_canon = true},
            .to = {.nan_canon = true}};
        StoreOptions o = {.compile = i ? &w->compile[i] : NULL, .exec = executor_here, .native = true, .region = i};
        if (!store_open(&w->store[i], &o, &why)) fail_msg("store %u: %s", i, why);
    }
    *state = w;
    return 0;
}

static int close_world(void **state) {
    World *w = *state;
    for (uint32_t i = 0; i < NSTORES; i++) store_close(&w->store[i]);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static const StoreLimits limits = STORE_LIMITS_DEFAULT;

static void reset(World *w, const StoreLimits *l) {
    signals_reinstall(); /* cmocka puts its own on top for each test */
    for (uint32_t i = 0; i < NSTORES; i++) assert_true(store_reset(&w->store[i], l));
    arena_reset(&w->arena);
}

static const Module *decode(World *w, const uint8_t *bytes, uint32_t n) {
    Err err;
    err_clear(&err);
    Module *m = module_decode(&w->arena, bytes, n, FEATURES_WASM3, &err);
    if (!m || !module_validate(m, &err)) fail_msg("%s at byte %u", err.text, err.at);
    return m;
}
#define DECODE(w, array) decode((w), (array), sizeof(array))

static InstRec *instantiate(World *w, uint32_t store, const Module *m, Outcome *out) {
    Store *s = &w->store[store];
    const Code *code = NULL;
    CompileError e;
    if (s->o.compile && !(code = compile_module(&w->arena, m, s->o.compile, NULL, &e)))
        fail_msg("not compiled: %s", e.what);
    return store_instantiate(s, m, code, out);
}

static FuncInst *func(const InstRec *r, const char *name) {
    const Export *e = module_find_export(r->module, name, (uint32_t)strlen(name));
    assert_non_null(e);
    return store_exported_func(r, e);
}

static Outcome invoke(World *w, uint32_t store, const InstRec *r, const char *name, const uint32_t *arg) {
    Outcome out;
    Value v = {.u64x2 = {arg ? *arg : 0, 0}};
    store_invoke(&w->store[store], func(r, name), &v, arg != NULL, &out);
    return out;
}

/* Call a function of an i32 that returns one. */
static uint32_t call(World *w, uint32_t store, const InstRec *r, const char *name, uint32_t arg) {
    Outcome out = invoke(w, store, r, name, &arg);
    assert_int_equal(out.kind, OUT_RETURN);
    return out.nresult ? out.result[0].i32 : 0;
}

static InstRec *ready(World *w, uint32_t store, const Module *m) {
    Outcome out;
    InstRec *r = instantiate(w, store, m, &out);
    if (out.kind != OUT_RETURN) fail_msg("store %u: outcome %d: %s", store, (int)out.kind, out.err.text);
    assert_true(r && r->ready);
    return r;
}

/* -- Growth ------------------------------------------------------------------------------------ */

static void test_growth(void **state) {
    World *w = *state;
    StoreLimits l = limits;
    l.max_pages = 3; /* below the type's maximum of 4 */
    l.max_elems = 7;
    reset(w, &l);
    const Module *m = DECODE(w, lib_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        InstRec *r = ready(w, i, m);
        const MemInst *mem = r->inst->mems[0].mem;
        assert_int_equal(call(w, i, r, "grow", 0), 1);
        assert_int_equal(call(w, i, r, "grow", 1), 1);
        assert_int_equal(call(w, i, r, "grow", 2), UINT32_MAX);
        assert_int_equal(call(w, i, r, "grow", UINT32_MAX), UINT32_MAX);
        call(w, i, r, "poke", 2 * 65536 - 1);
        uint32_t over = 2 * 65536;
        assert_int_equal(invoke(w, i, r, "poke", &over).trap, TRAP_MEMORY_BOUNDS);
        assert_int_equal(call(w, i, r, "grow", 1), 2);
        assert_int_equal(call(w, i, r, "grow", 1), UINT32_MAX);
        assert_int_equal(call(w, i, r, "peek", over), 0);
        assert_true(mem->pages == 3 && mem->length == 3 * 65536);
        assert_int_equal(call(w, i, r, "table_grow", 5), UINT32_MAX);
        assert_int_equal(call(w, i, r, "table_grow", 1), 3);
        assert_int_equal(call(w, i, r, "table_grow", 3), 4);
        assert_int_equal(call(w, i, r, "table_grow", 1), UINT32_MAX);
        assert_int_equal(r->inst->tables[0]->size, 7);
        /* the elements have moved, and calls find them */
        assert_int_equal(call(w, i, r, "call", 0), 1);
        assert_int_equal(call(w, i, r, "call", 6), 2);
    }
}

/* What a memory held is gone after a reset, in pages given back by hand and in bulk, also where it grew. */
static void test_reset_clears(void **state) {
    World *w = *state;
    for (uint32_t round = 0; round < 3; round++) {
        reset(w, &limits);
        const Module *m = DECODE(w, lib_module);
        for (uint32_t i = 0; i < NSTORES; i++) {
            InstRec *r = ready(w, i, m);
            const MemInst *mem = r->inst->mems[0].mem;
            assert_int_equal(mem->length, 65536);
            if (round != 1) call(w, i, r, "grow", 3);
            for (uint64_t at = 0; at < mem->length; at += 4095) assert_true(at < 14 || mem->base[at] == 0);
            for (uint64_t at = 14; at < mem->length; at++) mem->base[at] = 0xa5;
        }
    }
}

static void test_too_large(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *m = DECODE(w, large_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        Outcome out;
        instantiate(w, i, m, &out);
        assert_int_equal(out.kind, OUT_RESOURCE);
        assert_int_equal(err_class(out.err.code), CLASS_LIMIT);
    }
}

/* -- Instantiation ------------------------------------------------------------------------------- */

static void test_segments(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *m = DECODE(w, lib_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        const Instance *inst = ready(w, i, m)->inst;
        assert_memory_equal(inst->mems[0].base + 8, "active", 7);
        assert_int_equal(inst->datas[0].size, 0);
        assert_int_equal(inst->datas[1].size, 7);
        assert_int_equal(inst->elems[0].size, 0);
        assert_int_equal(inst->elems[1].size, 3);
        assert_int_equal(inst->elems[2].size, 0); /* declarative */
        assert_true(inst->tables[0]->elem[1] == (uint64_t)(uintptr_t)inst->funcs[3] && !inst->tables[0]->elem[2]);
    }
}

/* A segment out of bounds traps: what came before stays, what comes behind does not happen, nor does the start
 * function. */
static void test_segment_traps(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *m = DECODE(w, broken_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        Outcome out;
        InstRec *r = instantiate(w, i, m, &out);
        assert_non_null(r);
        assert_false(r->ready);
        assert_true(out.kind == OUT_TRAP && out.trap == TRAP_MEMORY_BOUNDS && out.trace.n == 0);
        assert_memory_equal(r->inst->mems[0].base, "kept\0\0\0\0", 8);
        assert_int_equal(r->inst->mems[0].base[65535], 0);
        assert_int_equal(r->inst->datas[0].size, 0);
        assert_int_equal(r->inst->datas[1].size, 4);
        assert_int_equal(r->inst->datas[2].size, 5);
        assert_true(r->inst->tables[0]->elem[0] != 0);
    }
}

static void test_start_traps(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *m = DECODE(w, start_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        Outcome out;
        InstRec *r = instantiate(w, i, m, &out);
        assert_true(r && !r->ready && out.kind == OUT_TRAP && out.trap == TRAP_UNREACHABLE);
        assert_true(out.trace.n == 2 && out.trace.frame[0].func == 0 && out.trace.frame[1].func == 1);
        assert_int_equal(r->inst->mems[0].base[0], 77);
        assert_int_equal(r->inst->globals[0]->value.i32, 2);
    }
}

/* (module (import "spectest" "print" (func)) (table 1 funcref) (elem (i32.const 0) 2) (global funcref (ref.func 3))
 *   (start 4) (func (export "f") (call 5)) (func) (func) (func) (func)) */
static const uint8_t callable_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x02, 0x12, 0x01, 0x08, 0x73,
    0x70, 0x65, 0x63, 0x74, 0x65, 0x73, 0x74, 0x05, 0x70, 0x72, 0x69, 0x6e, 0x74, 0x00, 0x00, 0x03, 0x06, 0x05, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x04, 0x04, 0x01, 0x70, 0x00, 0x01, 0x06, 0x06, 0x01, 0x70, 0x00, 0xd2, 0x03, 0x0b, 0x07,
    0x05, 0x01, 0x01, 0x66, 0x00, 0x01, 0x08, 0x01, 0x04, 0x09, 0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x02, 0x0a,
    0x12, 0x05, 0x04, 0x00, 0x10, 0x05, 0x0b, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b};

/* What a host may call, and all others that anybody outside of the module could: not the one that is only called. */
static void test_callable(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *m = DECODE(w, callable_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        InstRec *r = ready(w, i, m);
        for (uint32_t k = 0; k < 6; k++) {
            Outcome out;
            assert_int_equal(store_callable(&w->store[i], r->inst->funcs[k]), k != 5);
            if (k == 5) continue;
            store_invoke(&w->store[i], r->inst->funcs[k], NULL, 0, &out);
            assert_int_equal(out.kind, OUT_RETURN);
        }
    }
}

/* -- Linking ---------------------------------------------------------------------------------------- */

static void check_unlinkable(World *w, const uint8_t *bytes, uint32_t n, uint32_t import, ErrCode code) {
    const Module *m = decode(w, bytes, n);
    for (uint32_t i = 0; i < NSTORES; i++) {
        Outcome out;
        uint32_t before = w->store[i].insts.n;
        assert_null(instantiate(w, i, m, &out));
        assert_int_equal(out.kind, OUT_UNLINKABLE);
        assert_int_equal(out.err.code, code);
        assert_int_equal(out.err.at, m->imports.at[import].at);
        assert_int_equal(w->store[i].insts.n, before); /* it takes no number */
    }
}

static void test_import_errors(void **state) {
    World *w = *state;
    StoreLimits l = limits;
    reset(w, &l);
    const Module *m = DECODE(w, lib_module);
    for (uint32_t i = 0; i < NSTORES; i++) store_register(&w->store[i], (Name){"lib", 3}, ready(w, i, m));
    check_unlinkable(w, bad_func, sizeof bad_func, 1, ERR_IMPORT_TYPE);
    check_unlinkable(w, bad_global, sizeof bad_global, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, bad_memory, sizeof bad_memory, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, bad_table, sizeof bad_table, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, bad_kind, sizeof bad_kind, 0, ERR_IMPORT_TYPE);
    /* a module that is there is not made up in part */
    check_unlinkable(w, unknown_name, sizeof unknown_name, 1, ERR_UNKNOWN_IMPORT);
    l.synthesize = false;
    reset(w, &l);
    check_unlinkable(w, unknown_name, sizeof unknown_name, 0, ERR_UNKNOWN_IMPORT);
}

/* (module (type (func)) (type (func)) (type (func (result i32))) (type (func (param (ref null 0))))
 *   (type (func (param (ref null 1)))) (type (func (param (ref null 2)))) (type (func (param (ref null 6))))
 *   (type (func (param (ref null 7)))) (func (export "f") (type 3)) (func (type 6)) (table 2 funcref)
 *   (table (export "typed") 1 (ref null 0)) (global (export "g") (ref null 0) (ref.null 0))
 *   (global (export "m") (mut (ref null 0)) (ref.null 0)) (elem (i32.const 0) 0 1)
 *   (func (export "same") (call_indirect (type 4) (ref.null 1) (i32.const 0)))
 *   (func (export "other") (call_indirect (type 5) (ref.null 2) (i32.const 0)))
 *   (func (export "self") (call_indirect (type 7) (ref.null 7) (i32.const 1)))) */
static const uint8_t types_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x24, 0x08, 0x60, 0x00, 0x00, 0x60, 0x00, 0x00, 0x60,
    0x00, 0x01, 0x7f, 0x60, 0x01, 0x63, 0x00, 0x00, 0x60, 0x01, 0x63, 0x01, 0x00, 0x60, 0x01, 0x63, 0x02, 0x00,
    0x60, 0x01, 0x63, 0x06, 0x00, 0x60, 0x01, 0x63, 0x07, 0x00, 0x03, 0x06, 0x05, 0x03, 0x06, 0x00, 0x00, 0x00,
    0x04, 0x08, 0x02, 0x70, 0x00, 0x02, 0x63, 0x00, 0x00, 0x01, 0x06, 0x0d, 0x02, 0x63, 0x00, 0x00, 0xd0, 0x00,
    0x0b, 0x63, 0x00, 0x01, 0xd0, 0x00, 0x0b, 0x07, 0x2b, 0x07, 0x01, 0x66, 0x00, 0x00, 0x05, 0x74, 0x79, 0x70,
    0x65, 0x64, 0x01, 0x01, 0x01, 0x67, 0x03, 0x00, 0x01, 0x6d, 0x03, 0x01, 0x04, 0x73, 0x61, 0x6d, 0x65, 0x00,
    0x02, 0x05, 0x6f, 0x74, 0x68, 0x65, 0x72, 0x00, 0x03, 0x04, 0x73, 0x65, 0x6c, 0x66, 0x00, 0x04, 0x09, 0x08,
    0x01, 0x00, 0x41, 0x00, 0x0b, 0x02, 0x00, 0x01, 0x0a, 0x25, 0x05, 0x02, 0x00, 0x0b, 0x02, 0x00, 0x0b, 0x09,
    0x00, 0xd0, 0x01, 0x41, 0x00, 0x11, 0x04, 0x00, 0x0b, 0x09, 0x00, 0xd0, 0x02, 0x41, 0x00, 0x11, 0x05, 0x00,
    0x0b, 0x09, 0x00, 0xd0, 0x07, 0x41, 0x01, 0x11, 0x07, 0x00, 0x0b};
/* (module (type (func (result i32))) (type (func)) (type (func (param (ref null 1)))) (type (func (param (ref null
 * 0)))) (import "lib" "f" (func (type 2))) (import "lib" "typed" (table 1 (ref null 1))) (import "lib" "g" (global (ref
 * null 1))) (import "lib" "g" (global funcref)) (import "lib" "m" (global (mut (ref null 1))))) */
static const uint8_t typed_imports[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12, 0x04, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x00,
    0x00, 0x60, 0x01, 0x63, 0x01, 0x00, 0x60, 0x01, 0x63, 0x00, 0x00, 0x02, 0x35, 0x05, 0x03, 0x6c, 0x69,
    0x62, 0x01, 0x66, 0x00, 0x02, 0x03, 0x6c, 0x69, 0x62, 0x05, 0x74, 0x79, 0x70, 0x65, 0x64, 0x01, 0x63,
    0x01, 0x00, 0x01, 0x03, 0x6c, 0x69, 0x62, 0x01, 0x67, 0x03, 0x63, 0x01, 0x00, 0x03, 0x6c, 0x69, 0x62,
    0x01, 0x67, 0x03, 0x70, 0x00, 0x03, 0x6c, 0x69, 0x62, 0x01, 0x6d, 0x03, 0x63, 0x01, 0x01};
/* The same types, and (import "lib" "f" (func (type 3))) */
static const uint8_t typed_bad_func[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12, 0x04, 0x60, 0x00,
                                         0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x63, 0x01, 0x00, 0x60, 0x01, 0x63,
                                         0x00, 0x00, 0x02, 0x09, 0x01, 0x03, 0x6c, 0x69, 0x62, 0x01, 0x66, 0x00, 0x03};
/* The same types, and (import "lib" "typed" (table 1 (ref null 0))) */
static const uint8_t typed_bad_table[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12, 0x04, 0x60,
                                          0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x63, 0x01, 0x00, 0x60,
                                          0x01, 0x63, 0x00, 0x00, 0x02, 0x10, 0x01, 0x03, 0x6c, 0x69, 0x62, 0x05,
                                          0x74, 0x79, 0x70, 0x65, 0x64, 0x01, 0x63, 0x00, 0x00, 0x01};
/* The same types, and (import "lib" "typed" (table 1 funcref)) */
static const uint8_t typed_any_table[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12, 0x04, 0x60,
                                          0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x63, 0x01, 0x00, 0x60,
                                          0x01, 0x63, 0x00, 0x00, 0x02, 0x0f, 0x01, 0x03, 0x6c, 0x69, 0x62, 0x05,
                                          0x74, 0x79, 0x70, 0x65, 0x64, 0x01, 0x70, 0x00, 0x01};
/* The same types, and (import "lib" "g" (global (ref null 0))) */
static const uint8_t typed_bad_global[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12, 0x04,
                                           0x60, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01, 0x63, 0x01,
                                           0x00, 0x60, 0x01, 0x63, 0x00, 0x00, 0x02, 0x0b, 0x01, 0x03, 0x6c,
                                           0x69, 0x62, 0x01, 0x67, 0x03, 0x63, 0x00, 0x00};
/* The same types, and (import "lib" "m" (global (mut funcref))) */
static const uint8_t typed_any_mutable[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x12,
                                            0x04, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x01,
                                            0x63, 0x01, 0x00, 0x60, 0x01, 0x63, 0x00, 0x00, 0x02, 0x0a,
                                            0x01, 0x03, 0x6c, 0x69, 0x62, 0x01, 0x6d, 0x03, 0x70, 0x01};

/* A type is what it is in any module: whatever its number there, and whatever the numbers of those that it names. */
static void test_types(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *lib = DECODE(w, types_module), *user = DECODE(w, typed_imports);
    for (uint32_t i = 0; i < NSTORES; i++) {
        InstRec *a = ready(w, i, lib);
        assert_int_equal(invoke(w, i, a, "same", NULL).kind, OUT_RETURN);
        assert_int_equal(invoke(w, i, a, "self", NULL).kind, OUT_RETURN);
        Outcome out = invoke(w, i, a, "other", NULL);
        assert_true(out.kind == OUT_TRAP && out.trap == TRAP_INDIRECT_TYPE);
        store_register(&w->store[i], (Name){"lib", 3}, a);
        InstRec *b = ready(w, i, user);
        assert_ptr_equal(b->inst->funcs[0], a->inst->funcs[0]);
        assert_ptr_equal(b->inst->globals[1], a->inst->globals[0]);
    }
    check_unlinkable(w, typed_bad_func, sizeof typed_bad_func, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, typed_bad_table, sizeof typed_bad_table, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, typed_any_table, sizeof typed_any_table, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, typed_bad_global, sizeof typed_bad_global, 0, ERR_IMPORT_TYPE);
    check_unlinkable(w, typed_any_mutable, sizeof typed_any_mutable, 0, ERR_IMPORT_TYPE);
}

/* Two instances share what one exports; the backtrace goes through both. */
static void test_two_instances(void **state) {
    World *w = *state;
    reset(w, &limits);
    const Module *lib = DECODE(w, lib_module), *user = DECODE(w, user_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        InstRec *a = ready(w, i, lib);
        store_register(&w->store[i], (Name){"lib", 3}, a);
        InstRec *b = ready(w, i, user);
        call(w, i, b, "store", 1234);
        assert_int_equal(a->inst->globals[0]->value.i32, 1234);
        assert_int_equal(call(w, i, a, "peek", 100), 1234 & 255);
        assert_int_equal(call(w, i, a, "grow", 1), 1); /* and the other sees it */
        assert_true(b->inst->mems[0].mem->pages == 2);
        uint32_t two = 2;
        Outcome out = invoke(w, i, b, "indirect", &two);
        assert_true(out.kind == OUT_TRAP && out.trap == TRAP_UNREACHABLE);
        assert_int_equal(out.trace.depth, 3);
        static const uint32_t want[3][2] = {{0, 3}, {1, 2}, {1, 3}};
        for (uint32_t k = 0; k < 3; k++) {
            assert_int_equal(out.trace.frame[k].instance, want[k][0]);
            assert_int_equal(out.trace.frame[k].func, want[k][1]);
        }
    }
}

/* -- Host functions ------------------------------------------------------------------------------------ */

/* The log and what is made of it are the same in every store, whatever its addresses are. */
static void test_host_calls(void **state) {
    World *w = *state;
    uint64_t hash[2] = {0, 0};
    uint32_t result[2] = {0, 0};
    reset(w, &limits);
    const Module *m = DECODE(w, lib_module);
    for (uint32_t i = 0; i < NSTORES; i++) {
        InstRec *r = ready(w, i, m);
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t arg = 10 + k;
            Outcome out = invoke(w, i, r, "host", &arg);
            assert_int_equal(out.kind, OUT_RETURN);
            assert_int_equal(out.nlog, k + 1);
            if (!i) hash[k] = out.log_hash, result[k] = out.result[0].i32;
            assert_true(out.log_hash == hash[k] && out.result[0].i32 == result[k]);
        }
        assert_true(hash[0] != hash[1] && result[0] != result[1]);
        /* called from outside: no instance, no fuel, no depth */
        Value args[6];
        memset(args, 0, sizeof args);
        Outcome out;
        store_invoke(&w->store[i], func(r, "log"), args, 6, &out);
        assert_true(out.kind == OUT_RETURN && out.nresult == 6 && out.nlog == 3 && out.fuel == limits.fuel);
        for (uint32_t k = 0; k < 6; k++) assert_true(out.result[k].u64x2[1] == 0);
        assert_true(out.result[2].f32 == out.result[2].f32 && out.result[3].f64 == out.result[3].f64); /* no NaN */
        assert_true(out.result[4].ref == 0 && out.result[5].ref == 0);
    }
}

/* -- Traps ---------------------------------------------------------------------------------------------- */

static void check_trace(World *w, const InstRec *const *r, const char *name, uint32_t arg, uint32_t depth) {
    Outcome want = invoke(w, 0, r[0], name, &arg);
    assert_int_equal(want.kind, OUT_TRAP);
    assert_int_equal(want.trace.depth, depth);
    assert_int_equal(want.trace.n, depth < BACKTRACE_MAX ? depth : BACKTRACE_MAX);
    for (uint32_t i = 1; i < NSTORES; i++) {
        Outcome have = invoke(w, i, r[i], name, &arg);
        assert_int_equal(have.kind, OUT_TRAP);
        assert_int_equal(have.trap, want.trap);
        assert_true(have.fuel == want.fuel);
        assert_int_equal(have.trace.depth, want.trace.depth);
        assert_int_equal(have.trace.n, want.trace.n);
        assert_memory_equal(have.trace.frame, want.trace.frame, want.trace.n * sizeof want.trace.frame[0]);
    }
}

static void test_backtraces(void **state) {
    World *w = *state;
    const InstRec *r[NSTORES];
    reset(w, &limits);
    const Module *m = DECODE(w, lib_module);
    for (uint32_t i = 0; i < NSTORES; i++) r[i] = ready(w, i, m);
    check_trace(w, r, "sink", 0, 1);
    check_trace(w, r, "sink", 62, 63);
    check_trace(w, r, "sink", 63, 64);
    check_trace(w, r, "sink", 64, 65);
    check_trace(w, r, "sink", 65, 66);
    check_trace(w, r, "sink", 1000, 1001);
    check_trace(w, r, "hop", 500, 3); /* tail calls leave no frame */
    check_trace(w, r, "poke", 65536, 1);
    check_trace(w, r, "call", 1, 1); /* another type */
    check_trace(w, r, "call", 2, 1); /* null */
    check_trace(w, r, "call", 3, 1); /* out of bounds */
}

/* -- The region ------------------------------------------------------------------------------------------- */

/* A number that is taken cannot be had again, and trying leaves the first alone. */
static void test_region_taken(void **state) {
    World *w = *state;
    Store *second = calloc(1, sizeof *second);
    const char *why = NULL;
    reset(w, &limits);
    InstRec *r = ready(w, 0, DECODE(w, lib_module));
    assert_false(store_open(second, &(StoreOptions){.region = 0}, &why));
    assert_non_null(why);
    assert_int_equal(call(w, 0, r, "grow", 1), 1);
    free(second);
}

static uint32_t place(Region *r, uint64_t bytes) {
    uint32_t slot = region_take_slot(r, bytes);
    if (slot < REGION_SLOTS_MAX) assert_true(region_slot_resize(r, slot, bytes));
    return slot;
}

/* A memory goes to a slot that is of its size already, one of another size leaves that alone while there are few. */
static void test_slots(void **state) {
    (void)state;
    enum { SIZES = 3 };
    Region *r = calloc(1, sizeof *r);
    uint32_t slot[SIZES];
    assert_true(region_make(r, 41, false));
    for (uint32_t k = 0; k < SIZES; k++) {
        slot[k] = place(r, (k + 1) * UINT64_C(65536));
        for (uint32_t other = 0; other < k; other++) assert_int_not_equal(slot[k], slot[other]);
        region_reset(r);
    }
    for (uint32_t k = 0; k < SIZES; k++) assert_int_equal(place(r, (k + 1) * UINT64_C(65536)), slot[k]);
    for (uint32_t k = 0; k < SIZES; k++) assert_true(region_slot_taken(r, slot[k]));
    assert_int_not_equal(place(r, 65536), slot[0]);
    for (uint32_t k = SIZES + 1; k < REGION_SLOTS_MAX; k++) assert_true(place(r, 0) < REGION_SLOTS_MAX);
    assert_int_equal(place(r, 65536), REGION_SLOTS_MAX);
    region_reset(r);
    assert_false(region_slot_taken(r, slot[0]));
    region_free(r);

    /* Few are opened for ever new sizes: the one that has not been wanted for the longest time makes room. */
    assert_true(region_make(r, 41, false));
    uint32_t usual = place(r, 0), open = 0;
    for (uint32_t k = 0; k < 200; k++) {
        region_reset(r);
        assert_int_equal(place(r, 0), usual);
        place(r, (k + 1) * UINT64_C(65536));
    }
    for (uint32_t k = 0; k < REGION_SLOTS_MAX; k++) open += r->slot_access[k] != SLOT_CLOSED;
    assert_true(open > SIZES && open < REGION_SLOTS_MAX / 2);
    region_free(r);
    free(r);
}

/* Code space begins anew when half of it has been handed out; stubs and adaptors stay. */
static void test_code_wraps(void **state) {
    World *w = *state;
    for (uint32_t round = 0; round < 3; round++) {
        reset(w, &limits);
        const Module *m = DECODE(w, lib_module);
        for (uint32_t i = 1; i < NSTORES; i++) {
            Region *region = &w->store[i].region;
            if (round) assert_true(region->code_at == REGION_STUBS_SIZE);
            InstRec *r = ready(w, i, m);
            assert_int_equal(call(w, i, r, "call", 0), 1);
            region->code_at = REGION_CODE_SIZE / 2 + 64 * round + 1;
        }
    }
    reset(w, &limits);
}

/* (module (type (func (param T...)))... (func (export "f") (type 0) (result i32) ...)): n different types of 16
 * parameters. */
static Module *many_types(World *w, uint32_t n) {
    uint8_t *at = arena_alloc(&w->arena, n * 24 + 100, 1), *p = at, *size;
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1};
    static const uint8_t tail[] = {3, 2, 1, 0, 7, 5, 1, 1, 'f', 0, 0, 10, 6, 1, 4, 0, 0x41, 9, 0x0b};
    memcpy(p, head, sizeof head);
    size = p += sizeof head;
    p += 5; /* the size, in five bytes */
    p += leb_put_u64(p, n + 1);
    memcpy(p, ((const uint8_t[]){0x60, 0, 1, 0x7f}), 4);
    p += 4;
    for (uint32_t i = 0; i < n; i++) {
        *p++ = 0x60;
        *p++ = 16;
        for (uint32_t k = 0; k < 16; k++) *p++ = i >> k & 1 ? 0x7f : 0x7e;
        *p++ = 0;
    }
    uint32_t body = (uint32_t)(p - size - 5);
    for (uint32_t k = 0; k < 5; k++) size[k] = (uint8_t)((body >> 7 * k & 0x7f) | (k < 4 ? 0x80 : 0));
    memcpy(p, tail, sizeof tail);
    return (Module *)decode(w, at, (uint32_t)(p - at) + (uint32_t)sizeof tail);
}

/* Numbers of signatures are forgotten when there are many, and the adaptors with them. */
static void test_many_signatures(void **state) {
    World *w = *state;
    for (uint32_t round = 0; round < 3; round++) {
        reset(w, &limits);
        const Module *m = round == 1 ? many_types(w, 30000) : DECODE(w, lib_module);
        for (uint32_t i = 0; i < NSTORES; i++) {
            InstRec *r = ready(w, i, m);
            if (round == 1) {
                Outcome out = invoke(w, i, r, "f", NULL);
                assert_true(out.kind == OUT_RETURN && out.result[0].i32 == 9);
                assert_true(r->inst->sigs[30000] == r->inst->sigs[1] + 29999 && w->store[i].sigs.n >= 30001);
            } else {
                assert_true(w->store[i].sigs.n < STORE_SIGS_MAX);
                assert_int_equal(call(w, i, r, "call", 0), 1);
                assert_int_equal(call(w, i, r, "grow", 1), 1);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_growth),        cmocka_unit_test(test_reset_clears),
                                       cmocka_unit_test(test_too_large),     cmocka_unit_test(test_segments),
                                       cmocka_unit_test(test_segment_traps), cmocka_unit_test(test_start_traps),
                                       cmocka_unit_test(test_import_errors), cmocka_unit_test(test_two_instances),
                                       cmocka_unit_test(test_host_calls),    cmocka_unit_test(test_backtraces),
                                       cmocka_unit_test(test_region_taken),  cmocka_unit_test(test_slots),
                                       cmocka_unit_test(test_code_wraps),    cmocka_unit_test(test_many_signatures),
                                       cmocka_unit_test(test_callable),      cmocka_unit_test(test_types)};
    return cmocka_run_group_tests_name("store", tests, open_world, close_world);
}
