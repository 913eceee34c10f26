/* Reader, opcode table, features, decoding: what is accepted, and which error stands where. */
#include <stdio.h>
#include <stdlib.h>
#include "test/test_wasm_bytes.h"
#include "wasm/store.h"

/* -- Reader ------------------------------------------------------------------------------- */

static Reader reader_on(Bytes b, Err *err) {
    err_clear(err);
    return (Reader){.base = b.at, .at = b.at, .end = b.at + b.n, .err = err, .func = ERR_NO_FUNC};
}

typedef struct LebCase {
    Bytes bytes;
    int64_t value;
    ErrCode error;
    uint32_t at; /* of the error, or the length */
} LebCase;

#define LEB_CASES(read, ...)                                            \
    do {                                                                \
        const LebCase cases[] = {__VA_ARGS__};                          \
        for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) { \
            Err err;                                                    \
            Reader r = reader_on(cases[i].bytes, &err);                 \
            int64_t v = (int64_t)read(&r);                              \
            assert_int_equal(err.code, cases[i].error);                 \
            if (err.code) {                                             \
                assert_int_equal(v, 0);                                 \
                assert_int_equal(err.at, cases[i].at);                  \
                assert_ptr_equal(r.at, r.end);                          \
            } else {                                                    \
                assert_true(v == cases[i].value);                       \
                assert_int_equal(reader_offset(&r), cases[i].at);       \
            }                                                           \
        }                                                               \
    } while (0)

static void test_leb_unsigned(void **state) {
    (void)state;
    LEB_CASES(read_u32, {B(0), 0, ERR_NONE, 1}, {B(0x7f), 127, ERR_NONE, 1}, {B(0x80, 1), 128, ERR_NONE, 2},
              {B(0xff, 0xff, 0xff, 0xff, 0x0f), UINT32_MAX, ERR_NONE, 5},
              {B(0x81, 0x80, 0x80, 0x80, 0x00), 1, ERR_NONE, 5}, {B(0xff, 0xff, 0xff, 0xff, 0x1f), 0, ERR_INT_LARGE, 4},
              {B(0x80, 0x80, 0x80, 0x80, 0x80, 0), 0, ERR_INT_LONG, 5}, {B(0x80, 0x80), 0, ERR_UNEXPECTED_END, 2});
    LEB_CASES(read_u64, {B(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), -1, ERR_NONE, 10},
              {B(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2), 0, ERR_INT_LARGE, 9},
              {B(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), 0, ERR_INT_LONG, 10});
}

static void test_leb_signed(void **state) {
    (void)state;
    LEB_CASES(
        read_s32, {B(0x7f), -1, ERR_NONE, 1}, {B(0x40), -64, ERR_NONE, 1}, {B(0xc0, 0), 64, ERR_NONE, 2},
        {B(0x80, 0x80, 0x80, 0x80, 0x78), INT32_MIN, ERR_NONE, 5},
        {B(0xff, 0xff, 0xff, 0xff, 0x07), INT32_MAX, ERR_NONE, 5}, {B(0xff, 0xff, 0xff, 0xff, 0x7f), -1, ERR_NONE, 5},
        {B(0x80, 0x80, 0x80, 0x80, 0x70), 0, ERR_INT_LARGE, 4}, {B(0xff, 0xff, 0xff, 0xff, 0x0f), 0, ERR_INT_LARGE, 4},
        {B(0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 0, ERR_INT_LONG, 5});
    LEB_CASES(read_s33, {B(0xff, 0xff, 0xff, 0xff, 0x0f), UINT32_MAX, ERR_NONE, 5},
              {B(0x80, 0x80, 0x80, 0x80, 0x70), -(INT64_C(1) << 32), ERR_NONE, 5},
              {B(0xff, 0xff, 0xff, 0xff, 0x1f), 0, ERR_INT_LARGE, 4});
    LEB_CASES(read_s64, {B(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), INT64_MIN, ERR_NONE, 10},
              {B(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00), INT64_MAX, ERR_NONE, 10},
              {B(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), 0, ERR_INT_LARGE, 9});
}

static void test_sticky(void **state) {
    (void)state;
    Err err;
    Reader r = reader_on(B(1, 0x80, 0x80), &err);
    assert_int_equal(read_u8(&r), 1);
    assert_int_equal(read_u32(&r), 0);
    assert_int_equal(err.at, 3);
    reader_fail(&r, ERR_OPCODE, 5); /* later than what stands */
    assert_int_equal(err.code, ERR_UNEXPECTED_END);
    assert_int_equal(read_u64(&r), 0);
    assert_int_equal(read_name(&r).n, 0);
    reader_fail(&r, ERR_OPCODE, 1);
    assert_int_equal(err.code, ERR_OPCODE);
    assert_int_equal(err.at, 1);
}

static void check_name(Bytes b, ErrCode code, uint32_t at) {
    Err err;
    Reader r = reader_on(b, &err);
    Name n = read_name(&r);
    assert_int_equal(err.code, code);
    if (code)
        assert_int_equal(err.at, at);
    else
        assert_int_equal(n.n, b.n - 1);
}

static void test_utf8(void **state) {
    (void)state;
    check_name(B(0), ERR_NONE, 0);
    check_name(B(3, 'a', 0, 'b'), ERR_NONE, 0);
    check_name(B(2, 0xc2, 0x80), ERR_NONE, 0);
    check_name(B(3, 0xed, 0x9f, 0xbf), ERR_NONE, 0);
    check_name(B(4, 0xf4, 0x8f, 0xbf, 0xbf), ERR_NONE, 0);
    check_name(B(2, 'a', 0x80), ERR_UTF8, 2);
    check_name(B(2, 0xc1, 0x80), ERR_UTF8, 1);             /* overlong */
    check_name(B(3, 0xe0, 0x9f, 0xbf), ERR_UTF8, 1);       /* overlong */
    check_name(B(3, 0xed, 0xa0, 0x80), ERR_UTF8, 1);       /* surrogate */
    check_name(B(4, 0xf0, 0x8f, 0xbf, 0xbf), ERR_UTF8, 1); /* overlong */
    check_name(B(4, 0xf4, 0x90, 0x80, 0x80), ERR_UTF8, 1); /* beyond U+10FFFF */
    check_name(B(2, 0xe1, 0x80), ERR_UTF8, 1);             /* cut off */
    check_name(B(3, 'a'), ERR_LENGTH, 0);
}

/* -- Opcodes and features --------------------------------------------------------------------- */

static void test_opcodes(void **state) {
    (void)state;
    uint32_t before = 0, found = 0;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        const OpInfo *info = &op_info[i];
        uint32_t key = (uint32_t)info->prefix << 8 | info->code;
        assert_true(i == 0 || key > before); /* sorted, so unique */
        before = key;
        assert_int_equal(op_find(info->prefix, info->code), i);
        if (i != OP_SELECT_T) assert_int_equal(op_find_text(info->text), i);
        assert_int_equal(strlen(info->sig) >= 3, 1);
        assert_true(info->imm < IMM_COUNT && info->feature < FEAT_COUNT);
    }
    for (uint32_t prefix = 0; prefix < 0x200; prefix++)
        for (uint32_t code = 0; code < 0x400; code++) found += op_find(prefix, code) != OP_NONE;
    assert_int_equal(found, OP_COUNT);
    assert_int_equal(op_find(0, UINT32_MAX), OP_NONE);
    assert_int_equal(op_find(0xfc, UINT32_MAX), OP_NONE);
    assert_int_equal(op_find(0, 0x6a), OP_I32_ADD);
    assert_int_equal(op_find(0xfc, 17), OP_TABLE_FILL);
    assert_int_equal(op_find_text("i32"), OP_NONE);
    assert_int_equal(op_align(OP_I64_LOAD), 3);
    assert_int_equal(op_align(OP_F32_STORE), 2);
    assert_int_equal(op_align(OP_I64_LOAD16_U), 1);
    assert_int_equal(op_align(OP_I32_STORE8), 0);
}

/* Loads and stores: natural alignment by the digits in their names; lanes by those of the shape, or of the part. */
static void test_alignment(void **state) {
    (void)state;
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        const char *t = op_info[i].text;
        uint32_t imm = op_info[i].imm, lanes = 0;
        if (imm == IMM_MEMARG || imm == IMM_MEMARG_LANE) {
            const char *access = strstr(t, "load") ? strstr(t, "load") + 4 : strstr(t, "store") + 5;
            uint32_t bits = (uint32_t)strtoul(access, NULL, 10);
            if (bits == 0) bits = (uint32_t)strtoul(t + 1, NULL, 10);
            if (strchr(access, 'x')) bits = 64; /* load8x8 and its like */
            assert_int_equal(8u << op_align((Op)i), bits);
            if (imm == IMM_MEMARG_LANE) lanes = 128 / bits;
        }
        if (imm == IMM_LANE) lanes = 128 / (uint32_t)strtoul(t + 1, NULL, 10);
        if (imm == IMM_SHUFFLE) lanes = 32;
        assert_int_equal(op_lanes((Op)i), lanes);
    }
}

static void test_features(void **state) {
    (void)state;
    Features f = 0;
    const char *bad = NULL;
    assert_true(features_parse("wasm2", &f, &bad));
    assert_int_equal(f, FEATURES_WASM2);
    assert_true(features_parse("+tail-call,-simd", &f, &bad));
    assert_int_equal(f, (FEATURES_WASM2 | 1u << FEAT_TAIL_CALL) & ~(1u << FEAT_SIMD));
    f = 0;
    assert_true(features_parse("+memory64", &f, &bad));
    assert_int_equal(f, WITH(FEAT_MEMORY64));
    f = FEATURES_WASM2;
    assert_false(features_parse("-simd,+nonsense", &f, &bad));
    assert_string_equal(bad, "+nonsense");
    assert_int_equal(f, FEATURES_WASM2);
    assert_false(features_parse("simd", &f, &bad));
    for (uint32_t i = 1; i < FEAT_COUNT; i++) {
        char text[64];
        snprintf(text, sizeof text, "-%s", feature_name((Feature)i));
        f = ~(Features)0;
        assert_true(features_parse(text, &f, &bad));
        assert_int_equal(f, ~(1u << i));
    }
}

static void test_types(void **state) {
    (void)state;
    char buf[32];
    assert_string_equal(vt_name(VT_F64, buf), "f64");
    assert_string_equal(vt_name(VT_FUNCREF, buf), "funcref");
    assert_string_equal(vt_name(VT_REF | VT_NULLABLE | 3, buf), "(ref null 3)");
    assert_string_equal(vt_name(VT_REF | HEAP_ABSTRACT | HEAP_FUNC, buf), "(ref func)");
    const ValType il[] = {VT_I32, VT_I64};
    FuncType a = {il, il, 2, 1}, b = {il, il, 2, 2}, c = {il, NULL, 0, 0}, d = {NULL, il, 0, 0};
    assert_true(functype_equal(&a, &a));
    assert_false(functype_equal(&a, &b));
    assert_true(functype_equal(&c, &d));
    assert_string_equal(trap_name(TRAP_DIV_ZERO), "div-zero");
    assert_string_equal(trap_text(TRAP_MEMORY_BOUNDS), "out of bounds memory access");
}

/* -- Decoding ----------------------------------------------------------------------------------- */

static void check_error(Bytes b, Features features, ErrCode code, uint32_t at, const char *text) {
    Arena a;
    Err err;
    arena_init(&a, NULL);
    Module *m = load(&a, b, features, &err);
    if (err.code != code || err.at != at) print_error("%s at %u\n", err.text, err.at);
    assert_int_equal(err.code, code);
    if (code == ERR_NONE) {
        assert_non_null(m);
    } else {
        assert_null(m);
        assert_int_equal(err.at, at);
        if (text) assert_string_equal(err.text, text);
    }
    arena_free(&a);
}
#define OK(features, ...) check_error(B(__VA_ARGS__), features, ERR_NONE, 0, NULL)
#define BAD(features, code, at, ...) check_error(B(__VA_ARGS__), features, code, at, NULL)
#define W2 FEATURES_WASM2
#define W3 FEATURES_WASM3

static void test_header(void **state) {
    (void)state;
    OK(W2, HEADER);
    check_error((Bytes){NULL, 0}, W2, ERR_UNEXPECTED_END, 0, "unexpected end");
    BAD(W2, ERR_UNEXPECTED_END, 3, 0, 'a', 's');
    BAD(W2, ERR_MAGIC, 0, 0, 'a', 's', 'n', 1);
    BAD(W2, ERR_UNEXPECTED_END, 6, 0, 'a', 's', 'm', 1, 0);
    BAD(W2, ERR_VERSION, 4, 0, 'a', 's', 'm', 2, 0, 0, 0);
}

static void test_sections(void **state) {
    (void)state;
    BAD(W2, ERR_SECTION_ID, 8, HEADER, 14, 0);
    BAD(W2, ERR_SECTION_ID, 8, HEADER, 13, 1, 0); /* tags are not in 2.0 */
    OK(WITH(FEAT_EXCEPTIONS), HEADER, 13, 1, 0);
    BAD(W2, ERR_LENGTH, 9, HEADER, 1, 2, 0);
    BAD(W2, ERR_SECTION_SIZE, 11, HEADER, 1, 2, 0, 0);
    BAD(W2, ERR_SECTION_ORDER, 11, HEADER, 2, 1, 0, 1, 1, 0);
    BAD(W2, ERR_SECTION_ORDER, 11, HEADER, 1, 1, 0, 1, 1, 0);
    OK(W2, HEADER, 0, 1, 0, 0, 3, 1, 'x', 7); /* customs, anywhere, of any content */
    BAD(W2, ERR_UNEXPECTED_END, 10, HEADER, 0, 0);
    BAD(W2, ERR_LENGTH, 10, HEADER, 0, 1, 1);
    BAD(W2, ERR_UNEXPECTED_END, 11, HEADER, 1, 1, 100); /* more types than bytes */
    BAD(W2, ERR_FUNC_COUNT, 18, HEADER, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0);
    BAD(W2, ERR_FUNC_COUNT, 10, HEADER, 10, 4, 1, 2, 0, 0x0b);
    BAD(W2, ERR_DATA_COUNT, 11, HEADER, 12, 1, 1);
}

static void test_decode_types(void **state) {
    (void)state;
    OK(W2, HEADER, 1, 6, 1, 0x60, 1, 0x7b, 1, 0x6f);
    BAD(W2 & ~(1u << FEAT_SIMD), ERR_VALUE_TYPE, 13, HEADER, 1, 6, 1, 0x60, 1, 0x7b, 1, 0x6f);
    BAD(W2, ERR_VALUE_TYPE, 13, HEADER, 1, 6, 1, 0x60, 1, 0x6e, 1, 0x6f); /* anyref */
    BAD(W2, ERR_TYPE_FORM, 11, HEADER, 1, 3, 1, 0x5f, 0);
    OK(W2, HEADER, 1, 6, 1, 0x60, 0, 2, 0x7f, 0x7f);
    BAD(W2 & ~(1u << FEAT_MULTI_VALUE), ERR_RESULT_ARITY, 11, HEADER, 1, 6, 1, 0x60, 0, 2, 0x7f, 0x7f);
    OK(WITH(FEAT_FUNC_REFS), HEADER, 1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0);
    BAD(WITH(FEAT_FUNC_REFS), ERR_UNKNOWN_TYPE, 14, HEADER, 1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x63, 2, 0);
    BAD(W2, ERR_VALUE_TYPE, 16, HEADER, 1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0);
}

static void test_gc_types(void **state) {
    (void)state;
    Features gc = WITH(FEAT_GC);
    /* rec (struct (mut i8) (ref null 1)) (array (ref 0)) */
    OK(gc, HEADER, 1, 14, 1, 0x4e, 2, 0x5f, 2, 0x78, 1, 0x63, 1, 0, 0x5e, 0x64, 0, 0);
    BAD(gc, ERR_UNKNOWN_TYPE, 13, HEADER, 1, 14, 1, 0x4e, 2, 0x5f, 2, 0x78, 1, 0x63, 2, 0, 0x5e, 0x64, 0, 0);
    BAD(W3, ERR_TYPE_FORM, 11, HEADER, 1, 2, 1, 0x4e);
    /* sub (struct i32); sub 0 (struct i32) fits, sub 0 (struct i64) does not; what is final has no subtypes */
    OK(gc, HEADER, 1, 14, 2, 0x50, 0, 0x5f, 1, 0x7f, 0, 0x50, 1, 0, 0x5f, 1, 0x7f, 0);
    BAD(gc, ERR_SUBTYPE, 17, HEADER, 1, 14, 2, 0x50, 0, 0x5f, 1, 0x7f, 0, 0x50, 1, 0, 0x5f, 1, 0x7e, 0);
    BAD(gc, ERR_SUBTYPE, 17, HEADER, 1, 14, 2, 0x4f, 0, 0x5f, 1, 0x7f, 0, 0x50, 1, 0, 0x5f, 1, 0x7f, 0);
    /* Equal recursion groups are one type: three times rec (func (param (ref null self))), and another. */
    static const uint8_t bytes[] = {HEADER, 1, 21,   4, 0x60, 1, 0x63, 0,    0, 0x60, 1, 0x63,
                                    1,      0, 0x60, 1, 0x63, 0, 0,    0x60, 1, 0x63, 3, 0};
    Arena a;
    Err err;
    arena_init(&a, NULL);
    Module *m = load(&a, (Bytes){bytes, sizeof bytes}, gc, &err);
    assert_non_null(m);
    const uint32_t canon[] = {0, 0, 2, 0};
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(m->types.at[i].canon, canon[i]);
    arena_free(&a);
}

static void test_decode_rest(void **state) {
    (void)state;
    BAD(W2, ERR_IMPORT_KIND, 13, HEADER, 2, 5, 1, 0, 0, 4, 0);
    BAD(W2, ERR_UNKNOWN_TYPE, 14, HEADER, 2, 5, 1, 0, 0, 0, 0);
    BAD(W2, ERR_REF_TYPE, 11, HEADER, 4, 4, 1, 0x60, 0, 0);
    BAD(W2, ERR_INT_LARGE, 12, HEADER, 4, 4, 1, 0x70, 2, 0);
    BAD(WITH(FEAT_MEMORY64), ERR_LIMITS_FLAGS, 12, HEADER, 4, 4, 1, 0x70, 2, 0);
    OK(WITH(FEAT_MEMORY64), HEADER, 4, 4, 1, 0x70, 4, 0);
    BAD(W2, ERR_LIMITS, 11, HEADER, 5, 4, 1, 1, 2, 1);
    BAD(W2, ERR_MEM_SIZE, 11, HEADER, 5, 5, 1, 0, 0x81, 0x80, 4);
    BAD(W2, ERR_MULTI_MEMORY, 13, HEADER, 5, 5, 2, 0, 0, 0, 0);
    OK(W3, HEADER, 5, 5, 2, 0, 0, 0, 0);
    BAD(W2, ERR_MUTABILITY, 12, HEADER, 6, 6, 1, 0x7f, 2, 0x41, 0, 0x0b);
    BAD(W2, ERR_EXPORT_KIND, 12, HEADER, 7, 4, 1, 0, 9, 0);
    check_error(B(HEADER, 7, 4, 1, 0, 2, 7), W2, ERR_UNKNOWN_MEMORY, 11, "unknown memory 7");
    BAD(W2, ERR_DUP_EXPORT, 19, HEADER, 5, 3, 1, 0, 0, 7, 7, 2, 0, 2, 0, 0, 2, 0);
    BAD(W2, ERR_UNKNOWN_FUNC, 10, HEADER, 8, 1, 0);
    BAD(W2, ERR_ELEM_FLAGS, 11, HEADER, 9, 3, 1, 8, 0);
    BAD(W2, ERR_ELEM_KIND, 12, HEADER, 9, 4, 1, 1, 1, 0);
    BAD(W2, ERR_UNKNOWN_FUNC, 29, HEADER, 1, 4, 1, 0x60, 0, 0, 2, 5, 1, 0, 0, 0, 0, 9, 7, 1, 1, 0, 2, 0x80, 0, 1);
    BAD(W2, ERR_DATA_FLAGS, 11, HEADER, 11, 3, 1, 3, 0);
    BAD(W2, ERR_LENGTH, 12, HEADER, 11, 3, 1, 1, 1);
    BAD(W2, ERR_UNKNOWN_MEMORY, 11, HEADER, 11, 6, 1, 0, 0x41, 0, 0x0b, 0);
}

static void test_const_exprs(void **state) {
    (void)state;
    OK(W2, HEADER, 6, 6, 1, 0x7f, 0, 0x41, 0, 0x0b);
    BAD(W2, ERR_TYPE_MISMATCH, 15, HEADER, 6, 6, 1, 0x7f, 0, 0x42, 0, 0x0b);
    BAD(W2, ERR_TYPE_MISMATCH, 13, HEADER, 6, 4, 1, 0x7f, 0, 0x0b);
    BAD(W2, ERR_TYPE_MISMATCH, 17, HEADER, 6, 8, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x0b);
    BAD(W2, ERR_CONST_EXPR, 17, HEADER, 6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b);
    OK(W3, HEADER, 6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b);
    OK(W2, HEADER, 6, 22, 1, 0x7b, 0, 0xfd, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x0b);
    BAD(W3, ERR_CONST_EXPR, 15, HEADER, 6, 8, 1, 0x7b, 0, 0x41, 0, 0xfd, 15, 0x0b);
    BAD(W3, ERR_CONST_EXPR, 17, HEADER, 6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6d, 0x0b);
    BAD(W2, ERR_CONST_EXPR, 13, HEADER, 6, 8, 1, 0x7f, 0, 0x02, 0x40, 0x0b, 0x01, 0x0b);
    BAD(W2, ERR_END_EXPECTED, 13, HEADER, 6, 5, 1, 0x7f, 0, 0x05, 0x0b);
    BAD(W2, ERR_UNEXPECTED_END, 15, HEADER, 6, 5, 1, 0x7f, 0, 0x41, 0);
    /* A global may use imported globals; from 3.0 on all that stand before it. */
    BAD(W2, ERR_UNKNOWN_GLOBAL, 18, HEADER, 6, 11, 2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b);
    OK(W3, HEADER, 6, 11, 2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b);
    BAD(W3, ERR_UNKNOWN_GLOBAL, 18, HEADER, 6, 11, 2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 1, 0x0b);
    BAD(W3, ERR_CONST_EXPR, 18, HEADER, 6, 11, 2, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b);
}

/* -- Names and customs ------------------------------------------------------------------------------ */

static void test_names(void **state) {
    (void)state;
    /* Two functions; "name" section: module name "m", functions 0 "f", 1 "g". */
    static const uint8_t bytes[] = {HEADER, 1, 4, 1,    0x60, 0, 0,    3, 3,  2,   0,   0,   10,  7,
                                    2,      2, 0, 0x0b, 2,    0, 0x0b, 0, 18, 4,   'n', 'a', 'm', 'e',
                                    0,      2, 1, 'm',  1,    7, 2,    0, 1,  'f', 1,   1,   'g'};
    uint8_t copy[sizeof bytes];
    const uint32_t n = sizeof bytes;
    for (uint32_t broken = n - 7; broken <= n; broken++) {
        memcpy(copy, bytes, n);
        if (broken < n) copy[broken] = 0xff; /* nothing there is an error */
        Arena a;
        Err err;
        arena_init(&a, NULL);
        Module *m = load(&a, (Bytes){copy, n}, W2, &err);
        assert_non_null(m);
        assert_int_equal(m->customs.n, 1);
        assert_int_equal(m->customs.at[0].before, 0xff);
        assert_non_null(module_find_custom(m, "name"));
        assert_null(module_find_custom(m, "nam"));
        if (broken == n) {
            assert_memory_equal(module_func_name(m, 0).at, "f", 1);
            assert_memory_equal(module_func_name(m, 1).at, "g", 1);
        }
        assert_int_equal(module_func_name(m, 2).n, 0);
        arena_free(&a);
    }
}

/* -- Running out of memory ---------------------------------------------------------------------------- */

static void test_out_of_memory(void **state) {
    (void)state;
    /* A type with 1,000 parameters, the most there may be, and a function with 49,000 locals. */
    static uint8_t bytes[1100] = {HEADER, 1, 0xed, 7, 1, 0x60, 0xe8, 7};
    uint32_t n = 15;
    memset(bytes + n, 0x7f, 1000), n += 1000;
    const uint8_t rest[] = {0, 3, 2, 1, 0, 10, 8, 1, 6, 1, 0xe8, 0xfe, 2, 0x7e, 0x0b};
    memcpy(bytes + n, rest, sizeof rest), n += sizeof rest;
    Arena a;
    Err err;
    Bail outer;
    arena_init(&a, &outer);
    assert_non_null(load(&a, (Bytes){bytes, n}, W2, &err));
    size_t all = arena_used(&a);
    assert_ptr_equal(a.bail, &outer);
    for (size_t limit = 1; limit < all; limit += limit / 3 + 1) {
        arena_reset(&a);
        arena_limit(&a, limit);
        assert_null(load(&a, (Bytes){bytes, n}, W2, &err));
        assert_int_equal(err.code, ERR_NO_MEMORY);
        assert_ptr_equal(a.bail, &outer);
    }
    arena_free(&a);
}

/* True when the arena bails. */
static bool bails(Arena *a, Bail *b, size_t size, size_t align) {
    if (BAIL_CATCH(b)) return true;
    memset(arena_alloc(a, size, align), 1, size);
    return false;
}

/* A limit holds to the byte, wherever chunks begin, and after a rewind as before. */
static void test_arena_limit(void **state) {
    (void)state;
    Arena a;
    Bail b;
    arena_init(&a, &b);
    assert_non_null(arena_alloc(&a, 0, 8));
    for (size_t limit = 1; limit < 300000; limit = limit * 3 + 1) {
        arena_reset(&a);
        arena_limit(&a, limit);
        for (uint32_t round = 0; round < 2; round++) {
            ArenaMark mark = arena_mark(&a);
            size_t n = limit / 7 + 1, left = limit - arena_used(&a);
            for (; left >= n; left -= n) assert_false(bails(&a, &b, n, 1));
            assert_true(bails(&a, &b, left + 1, 1));
            assert_false(bails(&a, &b, left, 1));
            assert_int_equal(arena_used(&a), limit);
            assert_true(bails(&a, &b, 1, 1));
            arena_rewind(&a, mark);
        }
    }
    arena_limit(&a, 0);
    assert_false(bails(&a, &b, 1000000, 64));
    arena_free(&a);
}

/* What was used once is there for the next time, up to a bound. */
static void test_arena_spare(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    size_t spare = 0;
    for (uint32_t round = 0; round < 4; round++) {
        ArenaMark mark = arena_mark(&a);
        for (uint32_t k = 0; k < 50; k++) memset(arena_alloc(&a, 100000, 16), (int)k, 100000);
        if (round % 2 && mark.chunk)
            arena_rewind(&a, mark);
        else
            arena_reset(&a);
        assert_int_equal(arena_used(&a), 0);
        if (round == 0) spare = a.nspare;
        assert_true(spare > 50 * 100000 / 2 && a.nspare == spare);
    }
    for (uint32_t k = 0; k < 3; k++) arena_alloc(&a, 40000000, 16);
    arena_reset(&a);
    assert_true(a.nspare <= 64 * 1024 * 1024);
    arena_free(&a);
    assert_null(a.spare);
}

/* The newest array grows in place, another moves; what is in it stays. */
static void test_vec_growth(void **state) {
    (void)state;
    Arena a;
    arena_init(&a, NULL);
    VEC(uint64_t) x = {0}, y = {0};
    for (uint32_t n = 0; n < 5000; n++) {
        const uint64_t *newest = x.at;
        if (n % 1000 == 500) vec_push(&a, &y, n);
        bool same =
            n % 1000 != 500 && x.n && x.n == x.cap && (uint8_t *)(x.at + x.cap) == a.at && x.cap * 8 < a.end - a.at;
        vec_push(&a, &x, n * 3);
        if (same) assert_ptr_equal(x.at, newest);
        assert_int_equal((uintptr_t)x.at % 8, 0);
    }
    for (uint32_t n = 0; n < 5000; n++) assert_int_equal(x.at[n], n * 3);
    for (uint32_t n = 0; n < y.n; n++) assert_int_equal(y.at[n], n * 1000 + 500);
    VEC(uint8_t) z = {0};
    vec_reserve(&a, &z, 8);
    const uint8_t *first = z.at;
    vec_reserve(&a, &z, 9);
    if (a.end - a.at > 0) assert_ptr_equal(z.at, first);
    arena_free(&a);
}

static void test_limits(void **state) {
    (void)state;
    Err err;
    Arena a;
    /* 50,001 locals; and as many functions with 49,999 as pass the limit for all together. */
    BAD(W2, ERR_LIMIT, 22, HEADER, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 1, 0xd1, 0x86, 3, 0x7e, 0x0b);
    static uint8_t bytes[8192] = {HEADER, 1, 4, 1, 0x60, 0, 0, 3, 0xea, 2, 0xe8, 2};
    uint32_t n = 19 + 360;
    const uint8_t head[] = {10, 0xda, 0x13, 0xe8, 2}, body[] = {6, 1, 0xcf, 0x86, 3, 0x7e, 0x0b};
    memcpy(bytes + n, head, sizeof head), n += sizeof head;
    for (uint32_t i = 0; i < 360; i++) memcpy(bytes + n, body, sizeof body), n += sizeof body;
    arena_init(&a, NULL);
    assert_null(load(&a, (Bytes){bytes, n}, W2, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    arena_free(&a);
}

/* -- Layout -------------------------------------------------------------------------------------------- */

static void test_layout(void **state) {
    (void)state;
    static const uint8_t bytes[] = {HEADER, 1, 4, 1, 0x60, 0, 0, 3,    2, 1,    0, 4,    4,  1, 0x70, 0, 1, 5,
                                    3,      1, 0, 0, 6,    6, 1, 0x7f, 0, 0x41, 0, 0x0b, 10, 4, 1,    2, 0, 0x0b};
    Arena a;
    Err err;
    arena_init(&a, NULL);
    Module *m = load(&a, (Bytes){bytes, sizeof bytes}, W2, &err);
    assert_non_null(m);
    InstLayout l = instance_layout(m);
    const uint32_t part[][2] = {{l.mems, 16},      {l.tables, 8},      {l.globals, 8},  {l.funcs, 8},
                                {l.sigs, 4},       {l.datas, 0},       {l.elems, 0},    {l.own_globals, 32},
                                {l.own_funcs, 32}, {l.own_tables, 40}, {l.own_mems, 48}};
    for (uint32_t i = 0; i < 11; i++) {
        assert_int_equal(part[i][0] % 16, 0);
        assert_true(part[i][0] >= sizeof(Instance) && part[i][0] + part[i][1] <= l.size);
        for (uint32_t k = 0; k < i; k++)
            assert_true(part[i][0] + part[i][1] <= part[k][0] || part[k][0] + part[k][1] <= part[i][0]);
    }
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leb_unsigned),  cmocka_unit_test(test_leb_signed),   cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_utf8),          cmocka_unit_test(test_opcodes),      cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_features),      cmocka_unit_test(test_types),        cmocka_unit_test(test_header),
        cmocka_unit_test(test_sections),      cmocka_unit_test(test_decode_types), cmocka_unit_test(test_gc_types),
        cmocka_unit_test(test_decode_rest),   cmocka_unit_test(test_const_exprs),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_arena_limit),  cmocka_unit_test(test_arena_spare),
        cmocka_unit_test(test_vec_growth),    cmocka_unit_test(test_limits),       cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
