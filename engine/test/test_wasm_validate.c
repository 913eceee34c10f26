/* Bodies: the side table and fuel entry by entry, random walks over it, and where errors are found. */
#include "test/test_wasm_bytes.h"
#include "test/test_wasm_walk.h"

/* -- The side table ------------------------------------------------------------------------ */

typedef struct Want { /* an entry, its pc relative to the code; NONE: whatever */
    uint32_t pc, stp, keep, height, fuel;
} Want;
enum { NONE = 0xffff };

typedef struct BodyWant {
    uint8_t type; /* of the function, see module_with_body */
    Bytes code;
    uint32_t fuel, max_height;
    bool has_calls;
    uint32_t n;
    Want entry[8];
} BodyWant;

static void check_field(const char *what, uint32_t i, uint32_t have, uint32_t want) {
    if (want != NONE && have != want) fail_msg("entry %u: %s is %u, not %u", i, what, have, want);
}

static void check_body(const BodyWant *w) {
    uint8_t bytes[256];
    Arena a;
    Err err;
    arena_init(&a, NULL);
    Module *m = load(&a, module_with_body(bytes, w->type, w->code), FEATURES_WASM3, &err);
    if (!m) fail_msg("%s at %u", err.text, err.at);
    const Body *b = &m->bodies.at[1];
    for (uint32_t i = 0; i < b->nside && i < w->n; i++) {
        const SideEntry *e = &b->side[i];
        check_field("pc", i, e->pc - b->code, w->entry[i].pc);
        check_field("stp", i, e->stp, w->entry[i].stp);
        check_field("keep", i, e->keep, w->entry[i].keep);
        check_field("height", i, e->height, w->entry[i].height);
        check_field("fuel", i, e->fuel, w->entry[i].fuel);
    }
    assert_int_equal(b->nside, w->n);
    assert_int_equal(b->fuel, w->fuel);
    assert_int_equal(b->max_height, w->max_height);
    assert_int_equal(b->has_calls, w->has_calls);
    assert_int_equal(b->frame_cost, 64 + 16 * (b->nlocal + b->max_height));
    const char *wrong = walk_body(m, 1, 200, 1000);
    if (wrong) fail_msg("%s", wrong);
    arena_free(&a);
}
#define CHECK(type_, code_, fuel_, height_, calls_, n_, ...) \
    check_body(&(BodyWant){type_, code_, fuel_, height_, calls_, n_, {__VA_ARGS__}})
/* The entry of an `end` or `loop` at pc; an entry that only holds fuel. */
#define HEAD(pc, fuel) \
    { pc, NONE, NONE, NONE, fuel }
#define ONLY(fuel) \
    { NONE, NONE, NONE, NONE, fuel }
#define JUMP(pc, stp, fuel) \
    { pc, stp, NONE, NONE, fuel }

static void test_straight(void **state) {
    (void)state;
    CHECK(0, B(0x41, 1, 0x1a, 0x0b), 3, 1, false, 0, {0});
    CHECK(0, B(0x0b), 1, 0, false, 0, {0});
    CHECK(1, B(0x20, 0, 0x10, 0, 0x0b), 3, 1, true, 0, {0});        /* call */
    CHECK(1, B(0x20, 0, 0x0f, 0x10, 0, 0x0b), 2, 1, false, 0, {0}); /* a call in dead code */
    CHECK(1, B(0x20, 0, 0x12, 0, 0x0b), 2, 1, true, 0, {0});        /* return_call */
    CHECK(1, B(0x20, 0, 0x41, 0, 0x13, 1, 0, 0x0b), 3, 2, true, 0, {0});
}

static void test_block(void **state) {
    (void)state;
    CHECK(0, B(0x02, 0x40, 0x01, 0x0b, 0x0b), 4, 0, false, 1, HEAD(3, 0)); /* nobody branches there */
    CHECK(0, B(0x02, 0x40, 0x0c, 0, 0x41, 1, 0x1a, 0x0b, 0x0b), 2, 1, false, 2, {7, 1, 0, 0, 0}, HEAD(7, 2));
    /* A value carried over what stays below. */
    CHECK(2, B(0x41, 5, 0x02, 0x7f, 0x41, 6, 0x41, 7, 0x41, 1, 0x0d, 0, 0x1a, 0x0b, 0x6a, 0x0b), 6, 4, false, 2,
          {13, 1, 1, 1, 1}, HEAD(13, 3));
}

static void test_loop(void **state) {
    (void)state;
    CHECK(3, B(0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b, 0x0b), 0, 1, false, 2, HEAD(0, 3), {0, 0, 0, 0, 2});
    CHECK(1, B(0x20, 0, 0x03, 1, 0x20, 0, 0x0d, 0, 0x0b, 0x0b), 1, 2, false, 2, HEAD(2, 3), {2, 0, 1, 0, 2});
    /* Behind an endless loop nothing is reachable. */
    CHECK(0, B(0x01, 0x03, 0x40, 0x0c, 0, 0x0b, 0x02, 0x40, 0x0b, 0x0b), 1, 0, false, 2, HEAD(1, 2), {1, 0, 0, 0, 0});
    /* Nested: the inner loop ends the outer one's segment. */
    CHECK(3, B(0x03, 0x40, 0x03, 0x40, 0x20, 0, 0x0d, 1, 0x0b, 0x0b, 0x0b), 0, 1, false, 3, HEAD(0, 1), HEAD(2, 3),
          {0, 0, 0, 0, 3});
}

static void test_if(void **state) {
    (void)state;
    CHECK(3, B(0x20, 0, 0x04, 0x40, 0x01, 0x0b, 0x0b), 2, 1, false, 3, ONLY(1), JUMP(5, 2, 0), HEAD(5, 2));
    CHECK(1, B(0x20, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x0b), 2, 1, false, 4, ONLY(2), JUMP(7, 3, 1),
          JUMP(9, 3, NONE), HEAD(9, 2));
    /* Dead `then`, dead both. */
    CHECK(1, B(0x20, 0, 0x04, 0x7f, 0x00, 0x05, 0x41, 2, 0x0b, 0x0b), 2, 1, false, 4, ONLY(1), JUMP(6, 3, 1),
          JUMP(8, 3, NONE), HEAD(8, 2));
    CHECK(3, B(0x20, 0, 0x04, 0x40, 0x00, 0x05, 0x00, 0x0b, 0x01, 0x0b), 2, 1, false, 4, ONLY(1), JUMP(6, 3, 1),
          JUMP(7, 3, NONE), HEAD(7, 0));
    /* A branch to the if's end; the condition false alone makes it reachable. */
    CHECK(3, B(0x20, 0, 0x04, 0x40, 0x0c, 0, 0x0b, 0x01, 0x0b), 2, 1, false, 4, ONLY(1), JUMP(6, 3, 0), {6, 3, 0, 0, 0},
          HEAD(6, 3));
}

static void test_br_table(void **state) {
    (void)state;
    CHECK(3, B(0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 2, 0, 1, 2, 0x0b, 0x0b, 0x0b), 4, 1, false, 5, {11, 3, 0, 0, 0},
          {12, 4, 0, 0, 0}, {13, 5, 0, 0, 0}, HEAD(11, 1), HEAD(12, 2));
    /* Back to a loop, out of the function with a value, over a value that is dropped. */
    CHECK(1, B(0x41, 9, 0x03, 0x40, 0x20, 0, 0x41, 0, 0x0e, 1, 0, 0, 0x0b, 0x0b), 1, 3, false, 3, HEAD(2, 4),
          {2, 0, 0, 1, 0}, {2, 0, 0, 1, 0});
    CHECK(1, B(0x41, 9, 0x41, 8, 0x20, 0, 0x0e, 0, 0, 0x0b), 4, 3, false, 1, {9, 1, 1, 0, 0});
}

static void test_dead(void **state) {
    (void)state;
    CHECK(0, B(0x00, 0x02, 0x40, 0x0c, 0, 0x0b, 0x0b), 1, 0, false, 0, {0});
    CHECK(0, B(0x00, 0x04, 0x40, 0x05, 0x0b, 0x03, 0x40, 0x0b, 0x0b), 1, 0, false, 0, {0});
    /* Typing takes what follows this block for reachable, control cannot get there. */
    CHECK(0, B(0x02, 0x40, 0x0c, 1, 0x0b, 0x01, 0x03, 0x40, 0x0b, 0x0b), 2, 0, false, 2, {9, 2, 0, 0, 0}, HEAD(4, 0));
    /* A dead branch makes no label reachable. */
    CHECK(0, B(0x02, 0x40, 0x0f, 0x0c, 0, 0x0b, 0x01, 0x0b), 2, 0, false, 1, HEAD(5, 0));
    /* A dead arm's branch, and what comes behind a dead block inside a live one. */
    CHECK(0, B(0x02, 0x40, 0x02, 0x40, 0x0c, 1, 0x0b, 0x01, 0x0b, 0x01, 0x0b), 3, 0, false, 3, {8, 2, 0, 0, 0},
          HEAD(6, 0), HEAD(8, 3));
}

/* -- Errors --------------------------------------------------------------------------------------- */

static void check_bad(uint8_t type, Bytes code, Features features, ErrCode want, uint32_t at, const char *text) {
    uint8_t bytes[256];
    Arena a;
    Err err;
    arena_init(&a, NULL);
    Bytes b = module_with_body(bytes, type, code);
    assert_null(load(&a, b, features, &err));
    if (err.code != want) print_error("%s\n", err.text);
    assert_int_equal(err.code, want);
    assert_int_equal(err.at - (b.n - code.n), at);
    assert_int_equal(err.func, 1);
    if (text) assert_string_equal(err.text, text);
    arena_free(&a);
}
#define BAD(type, code, at, ...) check_bad(type, B(__VA_ARGS__), FEATURES_WASM3, code, at, NULL)
#define BAD2(type, code, at, ...) check_bad(type, B(__VA_ARGS__), FEATURES_WASM2, code, at, NULL)

static void test_malformed(void **state) {
    (void)state;
    BAD(0, ERR_OPCODE, 1, 0x01, 0xff, 0x0b);
    BAD(0, ERR_OPCODE, 0, 0xfc, 0x7f, 0x0b);
    BAD2(0, ERR_OPCODE, 0, 0x12, 0, 0x0b); /* tail calls are not in 2.0 */
    BAD(0, ERR_INT_LONG, 6, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0b);
    BAD(0, ERR_UNEXPECTED_END, 3, 0x43, 0, 0);
    BAD(0, ERR_END_EXPECTED, 2, 0x41, 0);
    BAD(0, ERR_END_EXPECTED, 3, 0x02, 0x40, 0x0b);
    BAD(0, ERR_END_EXPECTED, 2, 0x02, 0x40, 0x05, 0x0b, 0x0b);
    BAD(0, ERR_END_EXPECTED, 0, 0x05, 0x0b);
    BAD(0, ERR_SECTION_SIZE, 1, 0x0b, 0x0b);
    BAD(0, ERR_UNEXPECTED_END, 5, 0x41, 0, 0x0e, 100, 0x0b);
    BAD(0, ERR_DATA_COUNT_MISSING, 0, 0xfc, 9, 0, 0x0b);
    BAD(0, ERR_BLOCK_TYPE, 1, 0x02, 0xc0, 0x7f, 0x0b, 0x0b);
    BAD2(0, ERR_ZERO_BYTE, 1, 0x3f, 1, 0x1a, 0x0b);
    BAD2(0, ERR_ZERO_BYTE, 1, 0x3f, 0x80, 0, 0x1a, 0x0b);
    BAD2(3, ERR_MEMOP_FLAGS, 3, 0x20, 0, 0x28, 0x40, 0, 0, 0x1a, 0x0b);
    BAD(3, ERR_MEMOP_FLAGS, 3, 0x20, 0, 0x28, 0x80, 1, 0, 0x1a, 0x0b);
    BAD(0, ERR_UNEXPECTED_END, 17, 0xfd, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    BAD(0, ERR_OPCODE, 0, 0xfd, 0xa2, 1, 0x0b); /* a gap */
    check_bad(0, B(0xfd, 0x4d, 0x0b), FEATURES_WASM3 & ~(1u << FEAT_SIMD), ERR_OPCODE, 0, NULL);
    BAD2(3, ERR_INT_LARGE, 8, 0x20, 0, 0x28, 2, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x1a, 0x0b);
}

static void test_invalid(void **state) {
    (void)state;
    check_bad(0, B(0x6a, 0x0b), FEATURES_WASM3, ERR_TYPE_MISMATCH, 0, "type mismatch: expected i32, found nothing");
    check_bad(0, B(0x41, 0, 0x42, 0, 0x6a, 0x0b), FEATURES_WASM3, ERR_TYPE_MISMATCH, 4,
              "type mismatch: expected i32, found i64");
    check_bad(0, B(0x10, 7, 0x0b), FEATURES_WASM3, ERR_UNKNOWN_FUNC, 0, "unknown function 7");
    check_bad(0, B(0x23, 0, 0x0b), FEATURES_WASM3, ERR_UNKNOWN_GLOBAL, 0, "unknown global 0");
    BAD(0, ERR_TYPE_MISMATCH, 2, 0x41, 0, 0x0b);
    BAD(2, ERR_TYPE_MISMATCH, 0, 0x0b);
    BAD(0, ERR_UNKNOWN_LOCAL, 0, 0x20, 0, 0x1a, 0x0b);
    BAD(0, ERR_UNKNOWN_LABEL, 0, 0x0c, 1, 0x0b);
    BAD(3, ERR_UNKNOWN_LABEL, 2, 0x20, 0, 0x0e, 1, 0, 1, 0x0b);
    BAD(0, ERR_UNKNOWN_TYPE, 0, 0x02, 4, 0x0b, 0x0b);
    BAD(3, ERR_ALIGNMENT, 2, 0x20, 0, 0x28, 3, 0, 0x1a, 0x0b);
    BAD(3, ERR_UNKNOWN_MEMORY, 2, 0x20, 0, 0x28, 0x42, 1, 0, 0x1a, 0x0b);
    BAD(2, ERR_TYPE_MISMATCH, 5, 0x41, 1, 0x04, 0x7f, 0x00, 0x0b, 0x0b); /* if without else, with a result */
    BAD(0, ERR_RESULT_ARITY, 0, 0x1c, 0, 0x0b);
    BAD(0, ERR_UNDECLARED_FUNC, 0, 0xd2, 0, 0x1a, 0x0b);
    BAD(1, ERR_TYPE_MISMATCH, 0, 0x12, 0, 0x0b);
    BAD(0, ERR_TYPE_MISMATCH, 2, 0x41, 0, 0x12, 0, 0x0b); /* the callee's results are not the caller's */
    BAD(2, ERR_TYPE_MISMATCH, 6, 0x02, 0x40, 0x41, 0, 0x41, 0, 0x0e, 1, 0, 1, 0x0b, 0x41, 0, 0x0b); /* arities differ */
    BAD(3, ERR_ALIGNMENT, 2, 0x20, 0, 0xfd, 0, 5, 0, 0x1a, 0x0b);                                   /* v128.load */
    BAD(3, ERR_ALIGNMENT, 2, 0x20, 0, 0xfd, 1, 4, 0, 0x1a, 0x0b);                                   /* load8x8_s */
    BAD(3, ERR_LANE, 4, 0x20, 0, 0xfd, 15, 0xfd, 0x15, 16, 0x1a, 0x0b);
    BAD(3, ERR_LANE, 6, 0x20, 0, 0x20, 0, 0xfd, 15, 0xfd, 0x54, 0, 0, 16, 0x1a, 0x0b); /* load8_lane */
    BAD(3, ERR_LANE, 6, 0x20, 0, 0x20, 0, 0xfd, 15, 0xfd, 0x5b, 0, 0, 2, 0x0b);        /* store64_lane */
    BAD(3, ERR_LANE, 8, 0x20, 0, 0xfd, 15, 0x20, 0, 0xfd, 15, 0xfd, 13, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
        14, 32, 0x1a, 0x0b);
    BAD(3, ERR_TYPE_MISMATCH, 2, 0x20, 0, 0xfd, 0x4d, 0x1a, 0x0b);                /* v128.not of an i32 */
    BAD(0, ERR_TYPE_MISMATCH, 6, 0x00, 0x41, 0, 0x42, 0, 0x01, 0x6a, 0x1a, 0x0b); /* dead code is checked, too */
}

/* Few bytes must not need much memory: 1,000 results of a call, pushed again and again. */
static void test_height_limit(void **state) {
    (void)state;
    enum { CALLS = 1100 };
    static uint8_t bytes[1200 + 2 * CALLS] = {HEADER, 1, 0xf0, 7, 2, 0x60, 0, 0xe8, 7};
    uint32_t n = 16;
    memset(bytes + n, 0x7f, 1000), n += 1000;
    const uint8_t rest[] = {0x60, 0, 0, 2, 5, 1, 0, 0, 0, 0, 3, 2, 1, 1, 10, 0x9d, 0x11, 1, 0x9a, 0x11, 0};
    memcpy(bytes + n, rest, sizeof rest), n += sizeof rest;
    for (uint32_t i = 0; i < CALLS; i++) bytes[n++] = 0x10, bytes[n++] = 0;
    bytes[n++] = 0x0b;
    Arena a;
    Err err;
    arena_init(&a, NULL);
    assert_null(load(&a, (Bytes){bytes, n}, FEATURES_WASM3, &err));
    if (err.code != ERR_LIMIT) print_error("%s at %u\n", err.text, err.at);
    assert_int_equal(err.code, ERR_LIMIT);
    arena_free(&a);
}

/* Locals of a type without null have to be set first, on every way. */
static void test_inits(void **state) {
    (void)state;
    /* type 0 [] -> []; type 1 [(ref 0)] -> []; function of type 1 with a local (ref 0) */
    const uint8_t head[] = {HEADER, 1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x64, 0, 0, 3, 2, 1, 1, 10};
    const struct {
        Bytes code;
        ErrCode want;
    } cases[] = {
        {B(0x20, 0, 0x21, 1, 0x20, 1, 0x1a, 0x0b), ERR_NONE},
        {B(0x20, 1, 0x1a, 0x0b), ERR_UNINIT_LOCAL},
        {B(0x02, 0x40, 0x20, 0, 0x21, 1, 0x0b, 0x20, 1, 0x1a, 0x0b), ERR_UNINIT_LOCAL},
        {B(0x20, 0, 0x22, 1, 0x1a, 0x02, 0x40, 0x20, 1, 0x1a, 0x0b, 0x0b), ERR_NONE},
        {B(0x41, 0, 0x04, 0x40, 0x20, 0, 0x21, 1, 0x05, 0x20, 1, 0x1a, 0x0b, 0x0b), ERR_UNINIT_LOCAL},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[128];
        uint32_t n = sizeof head;
        memcpy(bytes, head, n);
        bytes[n++] = (uint8_t)(cases[i].code.n + 6);
        bytes[n++] = 1;
        bytes[n++] = (uint8_t)(cases[i].code.n + 4);
        bytes[n++] = 1, bytes[n++] = 1, bytes[n++] = 0x64, bytes[n++] = 0;
        memcpy(bytes + n, cases[i].code.at, cases[i].code.n), n += cases[i].code.n;
        Arena a;
        Err err;
        arena_init(&a, NULL);
        load(&a, (Bytes){bytes, n}, WITH(FEAT_FUNC_REFS), &err);
        if (err.code != cases[i].want) print_error("case %u: %s at %u\n", i, err.text, err.at);
        assert_int_equal(err.code, cases[i].want);
        arena_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight),  cmocka_unit_test(test_block),    cmocka_unit_test(test_loop),
        cmocka_unit_test(test_if),        cmocka_unit_test(test_br_table), cmocka_unit_test(test_dead),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_invalid),  cmocka_unit_test(test_height_limit),
        cmocka_unit_test(test_inits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
