/* Round trip of the x86-64 encoder: every row of insn.def, with boundary operands.
 * What we encode, capstone must disassemble to exactly the text we print, and with the same length; and what we print,
 * LLVM's assembler must assemble to exactly our bytes (skipped, with a message, where llvm-mc is not installed). */
#define _GNU_SOURCE
#include <capstone/capstone.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka needs those above */
#include <cmocka.h>
#include "x64/insn.h"

typedef struct Case {
    uint32_t op, text, at, size; /* offsets in Suite.text and Suite.code; size in bytes */
} Case;

typedef struct Suite {
    Arena arena;
    csh cs;
    CodeBuf cb;
    MFn m; /* for constants */
    VEC(Case) list;
    Text text;
    uint32_t done[X64_NINSN];
} Suite;

static Suite suite;

static bool is_relative(uint32_t op) {
    uint8_t f = x64_row_of(op)->format;
    return f == XFMT_REL32 || f == XFMT_REL8;
}

static void check_disassembly(uint32_t op, const MInsn *i, const char *text, const uint8_t *code, uint32_t n) {
    cs_insn *got = NULL;
    size_t count = cs_disasm(suite.cs, code, n, 0, 0, &got);
    if (count != 1 || got->size != n)
        fail_msg("%s: %zu instructions, first has %u of %u bytes", text, count, count ? got->size : 0, n);
    char mine[160], theirs[256];
    if (is_relative(op)) { /* capstone prints the target's address */
        snprintf(theirs, sizeof theirs, "%s %lld", got->mnemonic, (long long)strtoull(got->op_str, NULL, 0));
        snprintf(mine, sizeof mine, "%.*s %lld", (int)strcspn(text, " "), text, (long long)(i->imm + n));
    } else {
        snprintf(theirs, sizeof theirs, "%s%s%s", got->mnemonic, *got->op_str ? " " : "", got->op_str);
        snprintf(mine, sizeof mine, "%s", text);
    }
    cs_free(got, count);
    assert_string_equal(mine, theirs);
}

/* Encode, print, disassemble, compare.  Operands that the row does not allow are skipped. */
static void try_case(const MInsn *i, const uint32_t *loc) {
    if (x64_check(i, loc)) return;
    Text text;
    text_init(&text, &suite.arena);
    x64_print_insn(&text, NULL, i, loc);
    uint32_t at = code_at(&suite.cb);
    x64_encode(&suite.cb, &suite.m, i, loc);
    uint32_t n = code_at(&suite.cb) - at;
    assert_true(n > 0 && n <= 15);
    check_disassembly(i->op, i, text.at, suite.cb.code.at + at, n);
    suite.done[i->op - M_TARGET]++;
    Case c = {i->op, suite.text.n, at, n};
    text_puts(&suite.text, text.at);
    text_putc(&suite.text, '\n');
    vec_push(&suite.arena, &suite.list, c);
}

static const int64_t immediates[] = {
    0,    1,    2,      7,      9,          10,         31,        32,        63,         127, 128,
    255,  256,  0x7fff, 0x8000, 0xffff,     INT32_MAX,  INT32_MIN, -1,        -9,         -10, -127,
    -128, -129, -256,   -32768, 0x80000000, UINT32_MAX, INT64_MAX, INT64_MIN, 0x100000000};
static const int64_t displacements[] = {0,  1,  8,   9,    10,   127,    128,       -1,
                                        -8, -9, -10, -128, -129, 0x1234, INT32_MAX, INT32_MIN};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool has_imm(const X64Row *r) {
    switch (r->format) {
    case XFMT_ALU_I:
    case XFMT_TEST_I:
    case XFMT_IMUL_I:
    case XFMT_SHIFT_I:
    case XFMT_MOV_I:
    case XFMT_MOV_MI:
    case XFMT_VEX_RMI:
    case XFMT_LEA_D:
    case XFMT_REL32:
    case XFMT_REL8: return true;
    default: return (r->flags & XF_I8) != 0;
    }
}

static bool imm_fits(const X64Row *r, const MInsn *i, int64_t v) {
    bool mem = strchr(r->shape, 'm') != NULL;
    if (i->op == X64_ROUNDS || i->op == X64_ROUNDP || i->op == X64_VROUNDP) return v >= 0 && v < 16;
    if (strpbrk(r->shape, "DSR")) return v >= 0 && v < 256;
    if (r->flags & XF_I8 || r->format == XFMT_VEX_RMI) return v >= 0 && v < 8 * (int64_t)i->size;
    if (mem) return x64_fits_s32(v);
    if (r->format == XFMT_MOV_I && i->size == 4) return v == (uint32_t)v;
    return true;
}

/* All immediates (or the default one) and conditions. */
static void with_imm(MInsn i, const uint32_t *loc) {
    const X64Row *r = x64_row_of(i.op);
    bool mem = strpbrk(r->shape, "mM") != NULL;
    uint32_t ncc = r->flags & XF_CC ? 16 : 1;
    for (uint32_t cc = 0; cc < ncc; cc++) {
        i.cc = (uint8_t)cc;
        if (!has_imm(r)) {
            try_case(&i, loc);
            continue;
        }
        for (uint32_t k = 0; k < COUNT(immediates); k++) {
            if (!imm_fits(r, &i, immediates[k])) continue;
            if (mem)
                i.aux = (uint32_t)immediates[k];
            else
                i.imm = immediates[k];
            try_case(&i, loc);
        }
    }
}

static void with_memory(MInsn i, uint32_t *loc, uint32_t k, bool thorough) {
    static const uint32_t some_index[] = {X64_RAX, X64_RBP, X64_RSI, X64_R12, X64_R13, X64_R15};
    i.nopnd = (uint8_t)k;
    i.imm = 0;
    with_imm(i, loc); /* rip-relative; constant 0 */
    for (uint32_t base = 0; base < 16; base++) {
        loc[k] = base;
        for (uint32_t d = 0; d < COUNT(displacements); d++) {
            if (!thorough && d % 5) continue;
            i.nopnd = (uint8_t)(k + 1);
            i.scale = 0;
            i.imm = displacements[d];
            try_case(&i, loc);
            i.nopnd = (uint8_t)(k + 2);
            for (uint32_t x = 0; x < COUNT(some_index); x++) {
                loc[k + 1] = some_index[x];
                for (uint32_t scale = 0; scale < (thorough ? 4u : 2u); scale++) {
                    i.scale = (uint8_t)scale;
                    try_case(&i, loc);
                }
            }
        }
    }
    i.nopnd = (uint8_t)(k + 1);
    i.scale = 0;
    i.imm = 16;
    loc[k] = X64_R12;
    with_imm(i, loc);
}

/* Fill in operands from shape position `s`, operand k, with register number `n` where `vary` is the position, else
 * `other`. */
static uint32_t fill(const char *shape, uint32_t vary, uint32_t n, uint32_t other, uint32_t *loc) {
    uint32_t k = 0, pos = 0;
    for (const char *s = shape; *s; s++, pos++) {
        uint32_t r = pos == vary ? n : (other + pos) & 15;
        bool is_float = *s >= 'A' && *s <= 'Z';
        if (is_float) r += REG_FLOAT;
        if (*s == 'm' || *s == 'M') break;
        if (*s == 'c') r = X64_RCX;
        loc[k++] = r;
        if (*s == 's' || *s == 'S') {
            loc[k++] = r;
            s++;
        }
    }
    return k;
}

static void with_slots(MInsn i, const char *shape, uint32_t *loc) {
    static const uint32_t slots[] = {0, 1, 15, 16, 4095};
    uint32_t k = 0;
    for (const char *s = shape; *s; s++, k++) {
        if (*s != 'a' && *s != 'A') continue;
        uint32_t keep = loc[k];
        for (uint32_t x = 0; x < COUNT(slots); x++) {
            loc[k] = LOC_SLOT + slots[x];
            with_imm(i, loc);
        }
        loc[k] = keep;
    }
}

static void try_row(uint32_t op, uint32_t size) {
    const X64Row *r = x64_row_of(op);
    uint32_t loc[8] = {0};
    MInsn i = {.op = (uint16_t)op, .size = (uint8_t)size};
    bool mem = strpbrk(r->shape, "mM") != NULL;
    for (uint32_t vary = 0; vary < 3; vary++) {
        for (uint32_t n = 0; n < 16; n++) {
            for (uint32_t other = 0; other < 16; other += 5) {
                i.nopnd = (uint8_t)fill(r->shape, vary, n, other, loc);
                if (mem && vary == 0 && other == 5 && n % 5 == 2)
                    with_memory(i, loc, i.nopnd,
                                n == 7 && (op == X64_LD || op == X64_ST || op == X64_LEA || op == X64_LDS));
                else if (mem) {
                    loc[i.nopnd] = n;
                    i.nopnd++;
                    i.imm = 8;
                    with_imm(i, loc);
                } else {
                    with_imm(i, loc);
                    if (n == 9) with_slots(i, r->shape, loc);
                }
            }
        }
    }
}

static void test_capstone(void **state) {
    (void)state;
    for (uint32_t op = M_TARGET; op < X64_OP_END; op++) {
        const X64Row *r = x64_row_of(op);
        if (r->format == XFMT_P) continue;
        for (uint32_t size = 1; size <= 16; size *= 2)
            if (r->sizes & size) try_row(op, size);
        if (!suite.done[op - M_TARGET]) fail_msg("row %s of shape %s was not tried", r->text, r->shape);
    }
    print_message("%u encodings of %u opcodes\n", suite.list.n, (unsigned)X64_NINSN);
}

/* -- LLVM's assembler ------------------------------------------------------------- */

static void compare_encoding(const Case *c, const char *line) {
    const char *s = strstr(line, "encoding: [");
    const char *text = suite.text.at + c->text;
    int len = (int)strcspn(text, "\n");
    if (!s) fail_msg("%.*s: no encoding in: %s", len, text, line);
    s += strlen("encoding: [");
    uint8_t bytes[32];
    uint32_t n = 0;
    while (n < sizeof bytes) {
        char *end;
        bytes[n++] = (uint8_t)strtoul(s, &end, 16);
        if (*end != ',') break;
        s = end + 1;
    }
    if (n != c->size || memcmp(bytes, suite.cb.code.at + c->at, n) != 0)
        fail_msg("%.*s: %u bytes, llvm-mc has %u: %s", len, text, c->size, n, line);
}

static void test_llvm(void **state) {
    (void)state;
    if (system("command -v llvm-mc >/dev/null 2>&1") != 0) {
        print_message("llvm-mc is not installed: skipped\n");
        skip();
    }
    char in[] = "/tmp/x64_asm_XXXXXX";
    int fd = mkstemp(in);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    for (uint32_t k = 0; k < suite.list.n; k++) {
        const char *text = suite.text.at + suite.list.at[k].text;
        if (!is_relative(suite.list.at[k].op)) fprintf(f, "%.*s\n", (int)strcspn(text, "\n"), text);
    }
    fclose(f);
    char command[256];
    snprintf(
        command, sizeof command,
        "llvm-mc -triple=x86_64 -mattr=+bmi,+bmi2,+lzcnt,+popcnt,+avx2 --x86-asm-syntax=intel -show-encoding %s 2>&1",
        in);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    char line[512];
    uint32_t k = 0, same = 0;
    while (fgets(line, sizeof line, out)) {
        if (strstr(line, ": error:")) fail_msg("%s", line);
        if (!strstr(line, "encoding: [")) continue;
        while (k < suite.list.n && is_relative(suite.list.at[k].op)) k++;
        assert_true(k < suite.list.n);
        compare_encoding(&suite.list.at[k++], line);
        same++;
    }
    assert_int_equal(pclose(out), 0);
    unlink(in);
    while (k < suite.list.n && is_relative(suite.list.at[k].op)) k++;
    assert_int_equal(k, suite.list.n);
    print_message("%u encodings equal llvm-mc's\n", same);
}

/* -- Checks that are no encodings ---------------------------------------------------- */

static void test_check_rejects(void **state) {
    (void)state;
    MInsn add = {.op = X64_ADD, .size = 4, .nopnd = 3};
    assert_null(x64_check(&add, (uint32_t[]){X64_RAX, X64_RAX, X64_RCX}));
    assert_non_null(x64_check(&add, (uint32_t[]){X64_RAX, X64_RDX, X64_RCX}));   /* not tied */
    assert_non_null(x64_check(&add, (uint32_t[]){X64_RAX, X64_RAX, X64_XMM0}));  /* class */
    assert_non_null(x64_check(&add, (uint32_t[]){LOC_SLOT, LOC_SLOT, X64_RCX})); /* slot as destination */
    add.size = 2;
    assert_non_null(x64_check(&add, (uint32_t[]){X64_RAX, X64_RAX, X64_RCX}));
    MInsn load = {.op = X64_LD, .size = 8, .nopnd = 3};
    assert_non_null(x64_check(&load, (uint32_t[]){X64_RAX, X64_RCX, X64_RSP})); /* rsp as index */
    load.nopnd = 2;
    load.imm = INT64_C(1) << 31;
    assert_non_null(x64_check(&load, (uint32_t[]){X64_RAX, X64_RCX}));
    MInsn shift = {.op = X64_SHL_C, .size = 4, .nopnd = 3};
    assert_non_null(x64_check(&shift, (uint32_t[]){X64_RAX, X64_RAX, X64_RDX})); /* count not in cl */
}

static void test_patch(void **state) {
    (void)state;
    uint8_t code[16] = {0};
    assert_true(x64_patch(code, 1, X64_REL32, 0));
    assert_int_equal((int32_t)(code[1] | (uint32_t)code[2] << 8 | (uint32_t)code[3] << 16 | (uint32_t)code[4] << 24),
                     -5);
    assert_true(x64_patch(code, 8, X64_REL32, 0x7ffffff0));
    assert_false(x64_patch(code, 8, X64_REL32, 0xffffffff));
}

static void test_short_branch(void **state) {
    (void)state;
    CodeBuf cb;
    code_init(&cb, &suite.arena);
    uint32_t at = x64_put_short(&cb, X64_E);
    X64_PUT(&cb, MOV, 8, 0, X64_RAX, X64_R9);
    x64_bind_short(&cb, at);
    Label back = code_label(&cb);
    code_bind(&cb, back);
    x64_put_jump(&cb, -1, back, false); /* near and bound: two bytes */
    x64_put_jump(&cb, X64_NE, back, true);
    static const uint8_t want[] = {0x74, 3, 0x4c, 0x89, 0xc8, 0xeb, 0xfe, 0x0f, 0x85, 0, 0, 0, 0};
    assert_int_equal(cb.code.n, sizeof want);
    assert_memory_equal(cb.code.at, want, sizeof want);
    assert_int_equal(cb.fixup.n, 1);
    assert_int_equal(cb.fixup.at[0].at, 9);
}

static int setup(void **state) {
    (void)state;
    arena_init(&suite.arena, NULL);
    code_init(&suite.cb, &suite.arena);
    text_init(&suite.text, &suite.arena);
    suite.m.arena = &suite.arena;
    vec_push(&suite.arena, &suite.m.data, 0);
    vec_push(&suite.arena, &suite.m.data, 0);
    return cs_open(CS_ARCH_X86, CS_MODE_64, &suite.cs) == CS_ERR_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    cs_close(&suite.cs);
    arena_free(&suite.arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capstone), cmocka_unit_test(test_llvm),         cmocka_unit_test(test_check_rejects),
        cmocka_unit_test(test_patch),    cmocka_unit_test(test_short_branch),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
