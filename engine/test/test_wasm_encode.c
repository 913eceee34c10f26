/* Encoding and printing: round trips, canonical form, texts; and hostile bytes: every truncation and many
 * mutations of a module that has everything. */
#include <stdio.h>
#include <stdlib.h>
#include "base/os.h"
#include "test/test_wasm_bytes.h"
#include "test/test_wasm_equal.h"
#include "wasm/encode.h"
#include "wasm/print.h"

/* -- A module with everything ------------------------------------------------------------------ */

typedef struct Maker {
    uint8_t at[1024];
    uint32_t n;
} Maker;

static void put(Maker *m, Bytes b) {
    memcpy(m->at + m->n, b.at, b.n);
    m->n += b.n;
}

/* Sizes are written in two bytes, which is seldom the shortest form. */
static void put_sized(Maker *m, Bytes b) {
    put(m, B((uint8_t)((b.n & 0x7f) | 0x80), (uint8_t)(b.n >> 7)));
    put(m, b);
}

static void section(Maker *m, uint8_t id, Bytes contents) {
    put(m, B(id));
    put_sized(m, contents);
}
#define SECTION(id, ...) section(m, id, B(__VA_ARGS__))
#define DROP 0x1a
#define ZERO 0x41, 0
#define LONG(n) (0x80 | (n)), 0x80, 0 /* LEB128 in too many bytes */

static void code_section(Maker *m) {
    Maker code = {.n = 0};
    put(&code, B(2));
    put_sized(&code, B(3, 2, 0x7d, 0, 0x7e, 1, 0x7d,                               /* locals: 2 f32, 0 i64, 1 f32 */
                       0x41, LONG(5), DROP, 0x02, 0x40, 0x0c, LONG(0), 0x0b,       /* br 0 */
                       ZERO, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0x7f, 0x0b, DROP,    /* if else */
                       0x43, 0, 0, 0xa0, 0x7f, DROP, 0x43, 0, 0, 0xc0, 0x3f, DROP, /* f32.const */
                       0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0xff, DROP,                   /* f64.const -inf */
                       0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, DROP, /* least i64 */
                       ZERO, 0x28, 0x42, 1, LONG(8), DROP, ZERO, 0x28, 0, 0, DROP,             /* i32.load */
                       ZERO, ZERO, ZERO, 0xfc, LONG(8), 0, 1,                                  /* memory.init */
                       ZERO, ZERO, ZERO, 0xfc, 10, 1, 0, ZERO, ZERO, ZERO, 0xfc, 12, 1, 0,     /* copy, table.init */
                       0xfd, LONG(12), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff, /* v128.const */
                       0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 13, 0, 31, 2, 29, 4, 27, 6, 25,
                       8, 23, 10, 21, 12, 19, 14, 17,      /* i8x16.shuffle */
                       0xfd, 0xff, 1, 0xfd, 0x15, 3, DROP, /* f64x2.convert_low_i32x4_u, extract_lane */
                       ZERO, ZERO, 0xfd, 15, 0xfd, 0x54, 0x40, 1, LONG(5), 15, DROP, /* splat, v128.load8_lane */
                       0xd2, 1, DROP, 0xd0, 0x6f, DROP, ZERO, ZERO, ZERO, 0x1c, 1, 0x7f, DROP, /* ref, select */
                       0x02, 0x40, ZERO, 0x0e, LONG(1), 0, LONG(0), 0x0b,                      /* br_table */
                       ZERO, 0x42, 2, ZERO, 0x11, 1, 0, DROP, DROP, 0x3f, 1, DROP,             /* call_indirect */
                       0x03, LONG(0), 0x0b, 0x0f, 0x0b));                                      /* loop (type 0) */
    put_sized(&code, B(0, 0x20, 0, 0x20, 1, 0x12, 0, 0x0b));                                   /* return_call */
    section(m, 10, (Bytes){code.at, code.n});
}

static Bytes make_module(Maker *m) {
    m->n = 0;
    put(m, B(HEADER));
    SECTION(0, 1, 'a', 7);
    SECTION(1, 2, 0x60, LONG(0), 0, 0x60, 2, 0x7f, 0x7e, 2, 0x7f, 0x70);
    SECTION(2, 4, 1, 'm', 1, 'f', 0, 1, 0, 1, 't', 1, 0x70, 1, 0, 5, 1, '"', 0, 3, 0x7f, 0, 0, 2, 0xc3, 0xa4, 2, 0, 1);
    SECTION(3, 2, 0, 1);
    SECTION(4, 1, 0x6f, 0, 2);
    SECTION(5, 1, 0, 2);
    SECTION(0, 0);
    SECTION(6, 2, 0x7c, 0, 0x44, 1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0x0b, 0x70, 1, 0xd2, 2, 0x0b);
    SECTION(7, 3, 1, 'x', 0, 1, 1, '\n', 2, 1, 0, 0, 2);
    SECTION(8, 1);
    SECTION(9, 5, 0, ZERO, 0x0b, 2, 0, 1, 1, 0, 1, 2, 3, 0, 1, 1, 6, 1, 0x41, LONG(0), 0x0b, 0x6f, 1, 0xd0, 0x6f, 0x0b,
            5, 0x70, 2, 0xd2, 0, 0x0b, 0xd0, 0x70, 0x0b);
    SECTION(12, 2);
    code_section(m);
    SECTION(0, 6, 'm', 'i', 'd', 'd', 'l', 'e', 1, 2, 3);
    SECTION(11, 2, 1, 2, 'h', '"', 2, 1, ZERO, 0x0b, 3, 0, 0xff, '\\');
    SECTION(0, 4, 'n', 'a', 'm', 'e', 1, 14, 3, 0, 2, 'f', 'n', 1, 3, 'a', ' ', 'b', 2, 2, 'f', 'n');
    return (Bytes){m->at, m->n};
}

static Module *load_made(Maker *maker, Arena *a) {
    Err err;
    Module *m = load(a, make_module(maker), FEATURES_WASM3, &err);
    if (!m) fail_msg("%s at %u", err.text, err.at);
    return m;
}

/* -- Encoding --------------------------------------------------------------------------------------- */

static void test_round_trip(void **state) {
    (void)state;
    Maker maker;
    Arena a;
    Err err;
    uint32_t n, n2;
    arena_init(&a, NULL);
    Module *m = load_made(&maker, &a);
    uint8_t *bytes = module_encode(&a, m, &n);
    Module *again = load(&a, (Bytes){bytes, n}, FEATURES_WASM3, &err);
    assert_non_null(again);
    assert_true(modules_equal(m, again, false));
    uint8_t *bytes2 = module_encode(&a, again, &n2);
    assert_int_equal(n, n2);
    assert_memory_equal(bytes, bytes2, n);
    assert_true(n < m->size);
    const uint8_t before[] = {1, 6, 11, 0xff};
    assert_int_equal(again->customs.n, 4);
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(again->customs.at[i].before, before[i]);
    arena_free(&a);
}

/* Sections without items disappear; customs stand before what is left. */
static void test_empty_sections(void **state) {
    (void)state;
    Arena a;
    Err err;
    uint32_t n;
    arena_init(&a, NULL);
    Module *m = load(&a, B(HEADER, 0, 2, 1, 'a', 1, 1, 0, 0, 2, 1, 'b', 3, 2, 0x80, 0, 5, 3, 1, 0, 0, 10, 1, 0),
                     FEATURES_WASM2, &err);
    assert_non_null(m);
    uint8_t *bytes = module_encode(&a, m, &n);
    static const uint8_t want[] = {HEADER, 0, 2, 1, 'a', 0, 2, 1, 'b', 5, 3, 1, 0, 0};
    assert_int_equal(n, sizeof want);
    assert_memory_equal(bytes, want, n);
    arena_free(&a);
}

static void test_gc_round_trip(void **state) {
    (void)state;
    static const uint8_t bytes[] = {HEADER, 1,    23, 3, 0x4e, 2, 0x5f, 2, 0x78, 1, 0x63, 1,    0,
                                    0x5e,   0x64, 0,  0, 0x50, 0, 0x5f, 0, 0x4f, 1, 2,    0x5f, 0};
    Arena a;
    Err err;
    Text t;
    uint32_t n;
    arena_init(&a, NULL);
    Module *m = load(&a, (Bytes){bytes, sizeof bytes}, WITH(FEAT_GC), &err);
    if (!m) fail_msg("%s at %u", err.text, err.at);
    uint8_t *out = module_encode(&a, m, &n);
    assert_int_equal(n, sizeof bytes);
    assert_memory_equal(out, bytes, n);
    text_init(&t, &a);
    module_print(&t, m, 0);
    assert_string_equal(t.at,
                        "(module\n"
                        "  (rec\n"
                        "    (type (;0;) (struct (field (mut i8)) (field (ref null 1))))\n"
                        "    (type (;1;) (array (ref 0)))\n"
                        "  )\n"
                        "  (type (;2;) (sub (struct)))\n"
                        "  (type (;3;) (sub final 2 (struct)))\n"
                        ")\n");
    arena_free(&a);
}

/* -- Printing ------------------------------------------------------------------------------------------ */

static void test_print(void **state) {
    (void)state;
    static const char *const parts[] = {
        "  (type (;1;) (func (param i32 i64) (result i32 funcref)))\n",
        "  (import \"m\" \"f\" (func $fn (;0;) (type 1)))\n",
        "  (import \"\" \"t\" (table (;0;) 0 5 funcref))\n",
        "  (import \"\\\"\" \"\" (global (;0;) i32))\n",
        "  (import \"\" \"\\c3\\a4\" (memory (;0;) 1))\n",
        "  (table (;1;) 2 externref)\n",
        "  (memory (;1;) 2)\n",
        "  (global (;1;) f64 f64.const nan:0x1)\n",
        "  (global (;2;) (mut funcref) ref.func 2)\n",
        "  (export \"\\0a\" (memory 1))\n",
        "  (start 1)\n",
        "  (elem (;0;) (offset i32.const 0) func $fn 1)\n",
        "  (elem (;1;) func 2)\n",
        "  (elem (;2;) declare func 1)\n",
        "  (elem (;3;) (table 1) (offset i32.const 0) externref (item ref.null extern))\n",
        "  (elem (;4;) funcref (item ref.func $fn) (item ref.null func))\n",
        "  (func (;1;) (type 0)\n    (local f32 f32 f32)\n    i32.const 5\n    drop\n    block  ;; @1\n      br 0 "
        "(;@1;)\n"
        "    end  ;; @1\n    i32.const 0\n    if (result i32)  ;; @1\n      i32.const 1\n    else  ;; @1\n",
        "    f32.const nan:0x200000\n    drop\n    f32.const 0x1.8p+0 (;=1.5;)\n    drop\n    f64.const -inf\n",
        "    i64.const -9223372036854775808\n",
        "    i32.load 1 offset=8\n",
        "    i32.load align=1\n",
        "    memory.init 1 0\n",
        "    memory.copy 1 0\n",
        "    table.init 1\n",
        "    v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0xff0e0d0c\n",
        "    i8x16.shuffle 0 31 2 29 4 27 6 25 8 23 10 21 12 19 14 17\n",
        "    f64x2.convert_low_i32x4_u\n    i8x16.extract_lane_s 3\n",
        "    i8x16.splat\n    v128.load8_lane 1 offset=5 15\n",
        "    ref.func 1\n",
        "    ref.null extern\n",
        "    select (result i32)\n",
        "      br_table 0 0\n",
        "    call_indirect (type 1)\n",
        "    memory.size 1\n",
        "    loop (type 0)  ;; @1\n    end  ;; @1\n    return\n  )\n",
        ("  (func (;2;) (type 1) (param i32 i64) (result i32 funcref)\n    local.get 0\n    local.get 1\n"
         "    return_call $fn\n  )\n"),
        "  (data (;0;) \"h\\\"\")\n  (data (;1;) (memory 1) (offset i32.const 0) \"\\00\\ff\\\\\")\n",
        "  ;; custom section \"name\", 16 bytes\n",
    };
    Maker maker;
    Arena a;
    Text t;
    arena_init(&a, NULL);
    Module *m = load_made(&maker, &a);
    text_init(&t, &a);
    module_print(&t, m, 0);
    const char *at = t.at;
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *found = strstr(at, parts[i]);
        if (!found) fail_msg("part %u is missing: %s in\n%s", i, parts[i], at);
        at = found;
    }
    arena_free(&a);
}

static void test_print_func(void **state) {
    (void)state;
    Maker maker;
    Arena a;
    Text t;
    arena_init(&a, NULL);
    Module *m = load_made(&maker, &a);
    uint32_t code = m->bodies.at[1].code;
    char want[512];
    snprintf(want, sizeof want,
             "  (func (;2;) (type 1) (param i32 i64) (result i32 funcref)\n(;%06x;)    local.get 0\n"
             "(;%06x;)    local.get 1  ;; <--\n(;%06x;)    return_call $fn\n  )\n",
             code, code + 2, code + 4);
    text_init(&t, &a);
    module_print_func(&t, m, 2, code + 3); /* inside the second instruction */
    assert_string_equal(t.at, want);
    text_init(&t, &a);
    module_print_func(&t, m, 2, code + 6);
    assert_non_null(strstr(t.at, "return_call $fn\n  )  ;; <--\n"));
    text_init(&t, &a);
    module_print_func(&t, m, 0, NO_INDEX);
    assert_string_equal(t.at,
                        "  (import \"m\" \"f\" (func $fn (;0;) (type 1) (param i32 i64) (result i32 funcref)))\n");
    arena_free(&a);
}

static void check_const(Op op, uint64_t bits, const char *want) {
    Arena a;
    Text t;
    arena_init(&a, NULL);
    text_init(&t, &a);
    instr_print(&t, NULL, &(Instr){.op = op, .i64 = bits});
    assert_string_equal(t.at, want);
    arena_free(&a);
}

static void test_print_floats(void **state) {
    (void)state;
    check_const(OP_F32_CONST, 0, "f32.const 0x0p+0 (;=0;)");
    check_const(OP_F32_CONST, 0x80000000, "f32.const -0x0p+0 (;=-0;)");
    check_const(OP_F32_CONST, 1, "f32.const 0x0.000002p-126 (;=1.40129846e-45;)");
    check_const(OP_F32_CONST, 0x00800000, "f32.const 0x1p-126 (;=1.17549435e-38;)");
    check_const(OP_F32_CONST, 0x7f7fffff, "f32.const 0x1.fffffep+127 (;=3.40282347e+38;)");
    check_const(OP_F32_CONST, 0x7f800000, "f32.const inf");
    check_const(OP_F32_CONST, 0xffc00000, "f32.const -nan");
    check_const(OP_F32_CONST, 0x7fc00001, "f32.const nan:0x400001");
    check_const(OP_F64_CONST, UINT64_C(0x400921fb54442d18), "f64.const 0x1.921fb54442d18p+1 (;=3.1415926535897931;)");
    check_const(OP_F64_CONST, 1, "f64.const 0x0.0000000000001p-1022 (;=4.9406564584124654e-324;)");
    check_const(OP_F64_CONST, UINT64_C(0x7ff8000000000000), "f64.const nan");
    check_const(OP_F64_CONST, UINT64_C(0xfff0000000000001), "f64.const -nan:0x1");
}

/* -- Hostile bytes -------------------------------------------------------------------------------------- */

/* Whatever comes in: an error inside the module, or a module that comes back equal. */
static bool try_bytes(Arena *a, Bytes b, Features features) {
    Err err;
    arena_reset(a);
    Module *m = load(a, b, features, &err);
    if (!m) {
        assert_int_not_equal(err.code, ERR_NONE);
        assert_true(err.at <= b.n);
        return false;
    }
    uint32_t n;
    uint8_t *bytes = module_encode(a, m, &n);
    Module *again = load(a, (Bytes){bytes, n}, features, &err);
    assert_non_null(again);
    assert_true(modules_equal(m, again, false));
    Text t;
    text_init(&t, a);
    module_print(&t, m, PRINT_OFFSETS);
    return true;
}

static void test_hostile(void **state) {
    (void)state;
    Maker maker;
    Bytes b = make_module(&maker);
    Arena a;
    uint32_t valid = 0;
    uint64_t random = 1;
    arena_init(&a, NULL);
    for (uint32_t n = 0; n <= b.n; n++) {
        /* In memory of its own, so that the sanitizer sees a read behind the end. */
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, b.at, n);
        valid += try_bytes(&a, (Bytes){cut + (n == 0), n}, FEATURES_WASM3);
        free(cut);
    }
    assert_true(valid >= 2 && valid < 10); /* the whole, the bare header, without the last custom ... */
    for (uint32_t i = 0; i < b.n * 24; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t at = i / 24;
        uint8_t old = maker.at[at];
        uint32_t to = i % 24 < 8 ? old ^ 1u << i % 8 : (uint32_t)(random >> 56);
        maker.at[at] = (uint8_t)to;
        valid += try_bytes(&a, b, i & 1 ? FEATURES_WASM3 : ~(Features)0);
        maker.at[at] = old;
    }
    assert_true(valid > 100);
    arena_free(&a);
}

/* Each allocation in turn fails. */
static void test_failing_allocations(void **state) {
    (void)state;
    Maker maker;
    Bytes b = make_module(&maker);
    for (uint64_t n = 1;; n++) {
        Arena a;
        Err err;
        arena_init(&a, NULL);
        os_fail_alloc_after(n);
        Module *m = load(&a, b, FEATURES_WASM3, &err);
        os_fail_alloc_after(0);
        arena_free(&a);
        if (m) {
            assert_true(n > 2); /* the module's arena and the validator's */
            return;
        }
        assert_int_equal(err.code, ERR_NO_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_empty_sections),
        cmocka_unit_test(test_gc_round_trip), cmocka_unit_test(test_print),
        cmocka_unit_test(test_print_func),    cmocka_unit_test(test_print_floats),
        cmocka_unit_test(test_hostile),       cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
