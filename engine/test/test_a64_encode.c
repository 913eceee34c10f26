/* Round trip of every machine-instruction row of aarch64 with boundary operands: encoded, disassembled by capstone,
 * and the text that print.c makes assembled again by llvm-mc, which shares nothing with either.  Then the
 * immediates, all of them. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <capstone/capstone.h>
#include <cmocka.h>
#include "a64/insn.h"
#include "a64/regs.h"
#include "base/bits.h"

typedef struct Case {
    uint32_t word;
    const char *text;
} Case;

typedef struct Cases {
    Arena arena;
    VEC(Case) at;
    uint32_t row[A64_NINSN]; /* how many cases each row has */
} Cases;

static void add_case(Cases *c, const MInsn *i, const uint32_t *loc) {
    const char *wrong = a64_check(i, loc);
    if (wrong) {
        print_error("%s: %s\n", a64_row_of(i->op)->text, wrong);
        fail();
    }
    Text t;
    text_init(&t, &c->arena);
    a64_print_word(&t, i, loc);
    vec_push(&c->arena, &c->at, ((Case){a64_encode(i, loc), t.at}));
    c->row[i->op - M_TARGET]++;
}

/* -- Register operands ------------------------------------------------------------ */

static bool tied(uint32_t format) {
    return format == A64_F_MOVK || format == A64_F_BFI || format == A64_F_VSEL || format == A64_F_V3 ||
           format == A64_F_VLONG3 || format == A64_F_VNARROW2 || format == A64_F_VINS || format == A64_F_VINSE;
}

/* Pairs with one register twice, or with writeback to a transferred register, are unpredictable. */
static bool unpredictable(const MInsn *i, const uint32_t *r) {
    uint32_t format = a64_row_of(i->op)->format;
    if (format == A64_F_LDPI || format == A64_F_LDPF) {
        if (r[0] == r[1]) return true;
    }
    bool writeback = i->op == A64_LDP_POST || i->op == A64_STP_PRE;
    return writeback && r[2] != A64_SP && (r[2] == r[0] || r[2] == r[1]);
}

static void try_regs(Cases *c, const MInsn *i, uint32_t *r) {
    if (tied(a64_row_of(i->op)->format)) r[1] = r[0];
    if (i->op == A64_TBL2) r[2] = REG_FLOAT + ((r[1] + 1) & 31);
    if (!unpredictable(i, r)) add_case(c, i, r);
}

/* Each operand at each boundary with the others apart, all alike, neighbours alike; few operands: all combinations. */
static void with_registers(Cases *c, MInsn i, uint32_t nopnd) {
    static const uint32_t edge[] = {0, 15, 30, 31};
    char class[4] = {0};
    uint32_t n = 0, r[4];
    for (const char *p = a64_operands[a64_row_of(i.op)->format]; *p && n < nopnd; p++)
        if (*p != 'd' && *p != '?') class[n++] = *p;
    assert_int_equal(n, nopnd);
    i.nopnd = (uint8_t)nopnd;
#define FLOAT(k) (class[k] == 'f' ? REG_FLOAT : 0u)
    for (uint32_t k = 0; k < n; k++) r[k] = FLOAT(k) + 1 + k;
    if (n == 0) add_case(c, &i, r);
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t e = 0; e < 4; e++) {
            for (uint32_t j = 0; j < n; j++) r[j] = FLOAT(j) + 1 + j;
            r[k] = FLOAT(k) + edge[e];
            try_regs(c, &i, r);
            if (n < 2) continue;
            uint32_t other = (k + 1) % n;
            r[other] = FLOAT(other) + edge[e];
            try_regs(c, &i, r);
            for (uint32_t j = 0; j < n; j++) r[j] = FLOAT(j) + edge[e];
            try_regs(c, &i, r);
        }
    }
    for (uint32_t e = 0; n == 2 && e < 16; e++) {
        r[0] = FLOAT(0) + edge[e & 3], r[1] = FLOAT(1) + edge[e >> 2];
        try_regs(c, &i, r);
    }
#undef FLOAT
}

static void with_all(Cases *c, MInsn i) {
    uint32_t n = 0;
    for (const char *p = a64_operands[a64_row_of(i.op)->format]; *p; p++) {
        if (*p == '?') n--;
        if (*p != 'd' && *p != '?') n++;
    }
    with_registers(c, i, n);
}

/* -- Fields -------------------------------------------------------------------------- */

static void imm_cases(Cases *c, MInsn i, const int64_t *imm, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) {
        i.imm = imm[k];
        with_all(c, i);
    }
}
#define IMMS(...) \
    imm_cases(c, i, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void bit_field_cases(Cases *c, MInsn i) {
    static const uint32_t edge[] = {0, 1, 7, 15, 30, 31, 32, 33, 62, 63};
    for (uint32_t a = 0; a < 10; a++)
        for (uint32_t b = 0; b < 10; b++) {
            if (edge[a] >= i.size * 8u || edge[b] >= i.size * 8u) continue;
            i.imm = edge[a] | edge[b] << 8;
            with_all(c, i);
        }
}

static void access_cases(Cases *c, MInsn i) {
    uint32_t log2 = a64_access_log2(i.op, i.size);
    static const int64_t unscaled[] = {-256, -1, 1, 255};
    for (uint32_t k = 0; k < 4; k++) {
        i.imm = unscaled[k];
        with_registers(c, i, 2);
    }
    static const int64_t scaled[] = {0, 1, 4095};
    for (uint32_t k = 0; k < 3; k++) {
        i.imm = scaled[k] << log2;
        with_registers(c, i, 2);
    }
    i.imm = 0;
    static const uint8_t ext[] = {A64_UXTW, A64_UXTX, A64_SXTW, A64_SXTX};
    for (uint32_t k = 0; k < 4; k++) {
        i.aux = ext[k];
        i.scale = 0;
        with_registers(c, i, 3);
        i.scale = (uint8_t)log2;
        if (log2) with_registers(c, i, 3);
    }
}

static void wide_cases(Cases *c, MInsn i) {
    for (i.aux = 0; i.aux < i.size / 2u; i.aux++) IMMS(0, 1, 0x8000, 0xfffe, 0xffff);
}

static void logical_cases(Cases *c, MInsn i) {
    if (i.size == 4)
        IMMS(1, 0x80000000, 0x7fffffff, 0xfffffffe, 0x55555555, 0xaaaaaaaa, 0xff00ff00, 0xffff0000, 0xffff, 0xf000000f,
             0xfffff7ff);
    else
        IMMS(1, INT64_MIN, INT64_MAX, -2, 0x5555555555555555, 0x00ff00ff00ff00ff, 0x7fffffff80000000, 0xffffffff,
             -65536, 0x7fff00000000, 0x1111111111111111);
}

static void lane_cases(Cases *c, MInsn i) {
    uint32_t n = 16u / i.size;
    const uint32_t edge[] = {0, 1, n / 2, n - 1};
    bool two = a64_row_of(i.op)->format == A64_F_VINSE;
    for (uint32_t k = 0; k < 4; k++)
        for (uint32_t from = 0; from < (two ? 4 : 1); from++) {
            i.aux = two ? edge[from] : 0;
            IMMS(edge[k]);
        }
}

static void vector_imm_cases(Cases *c, MInsn i) {
    for (i.aux = 0; i.aux < 32; i.aux++)
        if (a64_vector_imm_size(i.aux) == i.size) IMMS(0, 1, 0x55, 0x70, 0x7f, 0x80, 0xaa, 0xff);
}

static void cases_of(Cases *c, MInsn i) {
    uint32_t width = i.size * 8u;
    switch ((A64Format)a64_row_of(i.op)->format) {
    case A64_F_RRS:
        for (i.aux = A64_LSL; i.aux <= A64_ROR; i.aux++)
            if (i.aux != A64_ROR || !(a64_row_of(i.op)->base & 0x01000000)) IMMS(0, 1, width - 1);
        break;
    case A64_F_RRX:
        for (i.aux = A64_UXTB; i.aux <= A64_SXTX; i.aux++) IMMS(0, 1, 4);
        break;
    case A64_F_RRI: IMMS(0, 1, 0xfff, 0x1000, 0xfff000); break;
    case A64_F_RRL: logical_cases(c, i); break;
    case A64_F_MOVW:
    case A64_F_MOVK: wide_cases(c, i); break;
    case A64_F_BFM:
    case A64_F_BFI: bit_field_cases(c, i); break;
    case A64_F_EXTR: IMMS(0, 1, width - 1); break;
    case A64_F_CSEL:
    case A64_F_FCSEL:
    case A64_F_BCC:
        for (i.cc = CC_EQ; i.cc < CC_AL; i.cc++) {
            if (a64_row_of(i.op)->format == A64_F_BCC)
                IMMS(-(1 << 20), -4, 0, 4, (1 << 20) - 4);
            else
                with_all(c, i);
        }
        break;
    case A64_F_LDI:
    case A64_F_STI:
    case A64_F_LDF:
    case A64_F_STF: access_cases(c, i); break;
    case A64_F_LDPI:
    case A64_F_STPI:
    case A64_F_LDPF:
    case A64_F_STPF: IMMS(-512, -8, 0, 8, 504); break;
    case A64_F_LIT:
    case A64_F_CB: IMMS(-(1 << 20), -4, 0, 4, (1 << 20) - 4); break;
    case A64_F_ADR: IMMS(-(1 << 20), -1, 0, 1, (1 << 20) - 1); break;
    case A64_F_B: IMMS(-(1 << 27), -4, 0, 4, (1 << 27) - 4); break;
    case A64_F_TB:
        for (uint32_t bit = 0; bit < width; bit += bit == 0 || bit == 31 || bit == 62 ? 1 : bit == 1 ? 30 : 30) {
            i.scale = (uint8_t)bit;
            IMMS(-(1 << 15), -4, 0, 4, (1 << 15) - 4);
        }
        break;
    case A64_F_BRK: IMMS(0, 1, 0xffff); break;
    case A64_F_FIMM: IMMS(0, 1, 0x70, 0x7f, 0x80, 0xff); break;
    case A64_F_VSHIFT:
        if (i.op == A64_VSHL)
            IMMS(0, 1, width / 2, width - 1);
        else
            IMMS(1, 2, width / 2, width - 1, width);
        break;
    case A64_F_VIMM: vector_imm_cases(c, i); break;
    case A64_F_VDUPE:
    case A64_F_VELT:
    case A64_F_VOUT:
    case A64_F_VINS:
    case A64_F_VINSE: lane_cases(c, i); break;
    case A64_F_VEXT: IMMS(0, 1, 7, 8, 15); break;
    default: with_all(c, i);
    }
}

static int make_cases(void **state) {
    Cases *c = calloc(1, sizeof *c);
    arena_init(&c->arena, NULL);
    for (uint32_t op = M_TARGET; op < A64_OP_END; op++) {
        const A64Row *row = a64_row_of(op);
        static const uint8_t size[] = {4, 8, 16, 1, 2};
        for (uint32_t s = 0; s < 5 && row->format != A64_F_PSEUDO; s++)
            if (row->sizes >> s & 1) cases_of(c, (MInsn){.op = (uint16_t)op, .size = size[s]});
    }
    *state = c;
    return 0;
}

static int free_cases(void **state) {
    Cases *c = *state;
    arena_free(&c->arena);
    free(c);
    return 0;
}

/* -- Comparing text -------------------------------------------------------------------- */

/* Numbers as unsigned decimal of the operand width, blanks and tabs as one blank. */
static void normalize(const char *s, char *out, size_t size) {
    size_t n = 0;
    const char *first = strpbrk(s, " \t");
    bool narrow = first && first[1] == 'w';
    while (*s && n + 32 < size) {
        if (*s == '\t') {
            out[n++] = ' ';
            s++;
        } else if ((*s == '#' && strchr(s, '.') == NULL) || (*s == '[' && s[1] >= '0' && s[1] <= '9')) {
            char *end, mark = *s;
            bool minus = s[1] == '-';
            uint64_t v = strtoull(s + 1 + minus, &end, 0);
            if (minus) v = 0 - v;
            if (narrow) v = (uint32_t)v;
            n += (size_t)snprintf(out + n, size - n, "%c%llu", mark, (unsigned long long)v);
            s = end;
        } else if ((*s == ' ' && s[1] == '}') || (*s == ' ' && n && out[n - 1] == '{')) {
            s++; /* { v0.16b } */
        } else {
            out[n++] = *s++;
        }
    }
    while (n && out[n - 1] == ' ') n--;
    out[n] = 0;
}

static bool same_text(const char *a, const char *b) {
    char x[160], y[160];
    normalize(a, x, sizeof x);
    normalize(b, y, sizeof y);
    return strcasecmp(x, y) == 0;
}

/* Where capstone 4 does not use the alias that LLVM prefers: what theirs says in the words of ours. */
static bool same_but_for_spelling(const char *ours, const char *theirs) {
    char text[160], op[8], reg[8], zr[8];
    long long imm;
    int shift = 0;
    const char *zeros = strstr(ours, "#0000000000000000");
    if (strcmp(ours, "csdb") == 0) return same_text("hint #20", theirs);
    if (strncmp(theirs, "ins ", 4) == 0) return strncmp(ours, "mov ", 4) == 0 && same_text(ours + 4, theirs + 4);
    if (zeros) {
        snprintf(text, sizeof text, "%.*s#0", (int)(zeros - ours), ours);
        return same_text(text, theirs);
    }
    if (sscanf(theirs, "orr %7[a-z0-9], %7[a-z], #%lli", reg, zr, &imm) == 3 && zr[1] == 'z') {
        snprintf(text, sizeof text, "mov %s, #%lld", reg, imm);
        return same_text(ours, text);
    }
    if (sscanf(theirs, "%7[a-z] %7[a-z0-9], #%lli, lsl #%d", op, reg, &imm, &shift) >= 3 &&
        strncmp(op, "mov", 3) == 0) {
        uint64_t v = (uint64_t)imm << shift;
        snprintf(text, sizeof text, "mov %s, #%lld", reg, (long long)(op[3] == 'n' ? ~v : v));
        return same_text(ours, text);
    }
    return false;
}

static void test_capstone(void **state) {
    Cases *c = *state;
    csh cs;
    assert_int_equal(cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &cs), CS_ERR_OK);
    uint32_t bad = 0;
    for (uint32_t k = 0; k < c->at.n; k++) {
        const Case *at = &c->at.at[k];
        cs_insn *insn;
        char text[200] = "(nothing)";
        uint8_t bytes[4];
        bits_store_u32(bytes, at->word);
        if (cs_disasm(cs, bytes, 4, 0, 1, &insn) == 1) {
            snprintf(text, sizeof text, "%s %s", insn->mnemonic, insn->op_str);
            cs_free(insn, 1);
        }
        if (same_text(at->text, text) || same_but_for_spelling(at->text, text)) continue;
        if (bad++ < 40) print_error("%08x  ours: %-40s capstone: %s\n", at->word, at->text, text);
    }
    cs_close(&cs);
    print_message("%u instructions of %u rows against capstone\n", c->at.n, (unsigned)A64_NINSN);
    assert_int_equal(bad, 0);
}

static void test_every_row(void **state) {
    const Cases *c = *state;
    for (uint32_t op = M_TARGET; op < A64_OP_END; op++)
        if (a64_row_of(op)->format != A64_F_PSEUDO) assert_true(c->row[op - M_TARGET] > 0);
}

/* -- llvm-mc ------------------------------------------------------------------------------- */

static FILE *open_llvm_mc(const char *flags, const char *input) {
    static const char *const name[] = {"llvm-mc", "llvm-mc-14", "llvm-mc-15", "llvm-mc-16"};
    for (uint32_t k = 0; k < 4; k++) {
        char command[400];
        snprintf(command, sizeof command, "command -v %s >/dev/null", name[k]);
        if (system(command) != 0) continue;
        snprintf(command, sizeof command, "%s -triple=aarch64 %s <%s 2>&1", name[k], flags, input);
        return popen(command, "r");
    }
    return NULL;
}

static void write_texts(const Cases *c, const char *path, int fd) {
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    (void)path;
    for (uint32_t k = 0; k < c->at.n; k++) fprintf(f, "%s\n", c->at.at[k].text);
    assert_int_equal(fclose(f), 0);
}

static void test_llvm_mc(void **state) {
    const Cases *c = *state;
    char path[] = "/tmp/a64-encode-XXXXXX", line[400];
    write_texts(c, path, mkstemp(path));
    FILE *p = open_llvm_mc("-show-encoding", path);
    if (!p) {
        unlink(path);
        print_message("llvm-mc is not installed: the check against it is skipped\n");
        skip();
    }
    uint32_t k = 0, bad = 0;
    while (fgets(line, sizeof line, p)) {
        char *at = strstr(line, "encoding: [");
        unsigned b[4];
        if (strstr(line, "error:") && bad++ < 40) print_error("%s", line);
        if (!at || sscanf(at, "encoding: [%x,%x,%x,%x]", &b[0], &b[1], &b[2], &b[3]) != 4) continue;
        uint32_t word = b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24;
        if (k < c->at.n && word != c->at.at[k].word && bad++ < 40)
            print_error("%-40s ours: %08x llvm: %08x\n", c->at.at[k].text, c->at.at[k].word, word);
        /* and prints it as we do */
        char *end = strstr(line, "//");
        if (end) *end = 0;
        if (k < c->at.n && !same_text(c->at.at[k].text, line + strspn(line, " \t")) && bad++ < 40)
            print_error("ours: %-40s llvm: %s\n", c->at.at[k].text, line);
        k++;
    }
    pclose(p);
    unlink(path);
    assert_int_equal(bad, 0);
    assert_int_equal(k, c->at.n);
}

/* -- Immediates ---------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* From the definition, slowly: all rotations of all runs in all elements. */
static uint32_t all_logical(uint64_t *out, uint32_t size) {
    uint32_t count = 0;
    for (uint32_t e = 2; e <= size * 8; e *= 2)
        for (uint32_t n = 1; n < e; n++)
            for (uint32_t r = 0; r < e; r++) {
                uint64_t v = 0;
                for (uint32_t bit = 0; bit < size * 8; bit++)
                    if ((bit % e + e - r) % e < n) v |= UINT64_C(1) << bit;
                out[count++] = v;
            }
    qsort(out, count, sizeof *out, by_value);
    uint32_t unique = 0;
    for (uint32_t k = 0; k < count; k++)
        if (k == 0 || out[k] != out[k - 1]) out[unique++] = out[k];
    return unique;
}

static void logical_width(uint32_t size, uint32_t expected) {
    uint64_t *v = malloc(20000 * sizeof *v), x = 88172645463325252u;
    uint32_t n = all_logical(v, size), bits;
    csh cs;
    assert_int_equal(n, expected);
    assert_int_equal(cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &cs), CS_ERR_OK);
    for (uint32_t k = 0; k < n; k++) {
        assert_true(a64_logical_imm(v[k], size, &bits));
        assert_int_equal(a64_logical_value(bits, size), v[k]);
        MInsn i = {.op = A64_EORI, .size = (uint8_t)size, .nopnd = 2, .imm = (int64_t)v[k]};
        uint32_t word = a64_encode(&i, (const uint32_t[]){3, 4});
        cs_insn *insn;
        char want[64];
        snprintf(want, sizeof want, size == 4 ? "w3, w4, #0x%llx" : "x3, x4, #0x%llx", (unsigned long long)v[k]);
        assert_int_equal(cs_disasm(cs, (const uint8_t *)&word, 4, 0, 1, &insn), 1);
        char got[200];
        snprintf(got, sizeof got, "eor %s", insn->op_str);
        char text[80];
        snprintf(text, sizeof text, "eor %s", want);
        if (!same_text(got, text)) fail_msg("%s, but capstone reads %s", want, got);
        cs_free(insn, 1);
    }
    cs_close(&cs);
    /* Nothing else is one: neighbours, complements of single bits, noise. */
    for (uint32_t k = 0; k < 400000; k++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint64_t w = k % 4 == 0   ? x
                     : k % 4 == 1 ? v[x % n] + 1
                     : k % 4 == 2 ? v[x % n] ^ UINT64_C(1) << (x >> 58)
                                  : v[x % n] & v[(x >> 32) % n];
        if (size == 4) w &= UINT32_MAX;
        bool is = bsearch(&w, v, n, sizeof w, by_value) != NULL;
        assert_int_equal(a64_logical_imm(w, size, &bits), is);
    }
    assert_false(a64_logical_imm(0, size, &bits));
    assert_false(a64_logical_imm(UINT64_MAX, size, &bits));
    free(v);
}

static void test_logical_immediates(void **state) {
    (void)state;
    logical_width(8, 5334);
    logical_width(4, 1302);
}

/* What a sequence of movz, movn, movk and orr with zr makes. */
static uint64_t run_constant(const uint32_t *w, uint32_t n, uint32_t rd) {
    uint64_t v = 0xdeadbeefdeadbeef;
    for (uint32_t k = 0; k < n; k++) {
        bool wide = w[k] >> 31;
        uint32_t hw = w[k] >> 21 & 3, top = w[k] >> 23 & 0x3f;
        uint64_t imm = (uint64_t)(w[k] >> 5 & 0xffff) << 16 * hw;
        assert_int_equal(w[k] & 31, rd);
        if (top == 0x25)
            v = w[k] >> 29 & 1 ? (v & ~(UINT64_C(0xffff) << 16 * hw)) | imm : w[k] >> 30 & 1 ? imm : ~imm;
        else if (top == 0x24 && (w[k] >> 29 & 3) == 1 && (w[k] >> 5 & 31) == 31)
            v = a64_logical_value(w[k] >> 10 & 0x1fff, wide ? 8 : 4);
        else
            fail_msg("%08x in a constant", w[k]);
        if (!wide) v &= UINT32_MAX;
    }
    return v;
}

static void test_constants(void **state) {
    (void)state;
    uint64_t x = 88172645463325252u;
    uint32_t w[4];
    static const uint64_t part[] = {0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x5555, 0x1234};
    for (uint32_t k = 0; k < 4096 + 100000; k++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint64_t v = k < 4096 ? part[k & 7] | part[k >> 3 & 7] << 16 | part[k >> 6 & 7] << 32 | part[k >> 9 & 7] << 48
                              : x >> (x & 63);
        uint32_t n = a64_const_words(v, 8, 5, w);
        assert_in_range(n, 1, 4);
        assert_int_equal(run_constant(w, n, 5), v);
        n = a64_const_words(v, 4, 5, w);
        assert_in_range(n, 1, 2);
        assert_int_equal(run_constant(w, n, 5), (uint32_t)v);
    }
    /* one instruction where there is one */
    static const uint64_t one[] = {0,
                                   1,
                                   0xffff0000,
                                   UINT64_MAX,
                                   UINT64_C(0xffffffffffff0000),
                                   UINT64_C(0x8000000000000000),
                                   0x5555555555555555,
                                   0xffff1234,
                                   0xffffffff,
                                   UINT64_C(0xffff1234ffffffff)};
    for (uint32_t k = 0; k < sizeof one / sizeof *one; k++) assert_int_equal(a64_const_words(one[k], 8, 0, w), 1);
    assert_int_equal(a64_const_words(UINT64_C(0x5555555555551234), 8, 0, w), 2);
    assert_int_equal(a64_const_words(UINT64_C(0xffffffff12345678), 8, 0, w), 2);
}

static void test_float_immediates(void **state) {
    (void)state;
    uint32_t bits;
    for (uint32_t imm = 0; imm < 256; imm++) {
        double d;
        float f;
        uint64_t v = a64_float_value(imm, 8);
        uint32_t s = (uint32_t)a64_float_value(imm, 4);
        memcpy(&d, &v, 8);
        memcpy(&f, &s, 4);
        /* (-1)^a * (16 + efgh) / 16 * 2^r, r = bcd with b inverted, -3..4 */
        int r = (int)(imm >> 4 & 7);
        r = r < 4 ? r + 1 : r - 7;
        double want = (16 + (imm & 15)) / 16.0;
        for (; r > 0; r--) want *= 2;
        for (; r < 0; r++) want /= 2;
        if (imm & 128) want = -want;
        assert_true(d == want && (double)f == want);
        assert_true(a64_float_imm(v, 8, &bits) && bits == imm);
        assert_true(a64_float_imm(s, 4, &bits) && bits == imm);
        assert_false(a64_float_imm(v ^ 1, 8, &bits));
        assert_false(a64_float_imm(s ^ 1, 4, &bits));
        assert_false(a64_float_imm(v ^ UINT64_C(1) << 62, 8, &bits));
        assert_false(a64_float_imm(s ^ 1u << 30, 4, &bits));
    }
    assert_false(a64_float_imm(0, 8, &bits));
    assert_false(a64_float_imm(0, 4, &bits));
}

/* Every immediate is found again by its value, and what has none is refused. */
static void test_vector_immediates(void **state) {
    (void)state;
    uint32_t kind, bits;
    for (uint32_t k = 0; k < 32; k++)
        for (uint32_t imm = 0; imm < 256 && a64_vector_imm_size(k); imm++) {
            uint64_t v = a64_vector_value(k, imm);
            assert_true(a64_vector_imm(v, &kind, &bits));
            assert_int_equal(a64_vector_value(kind, bits), v);
            assert_in_range(bits, 0, 255);
        }
    static const struct {
        uint64_t v;
        uint8_t kind, bits;
    } known[] = {
        {0x2a2a2a2a2a2a2a2a, 14, 0x2a},
        {0x0012001200120012, 8, 0x12},
        {0x3400340034003400, 10, 0x34},
        {0x0000003400000034, 0, 0x34},
        {0x0012000000120000, 4, 0x12},
        {0x0012ffff0012ffff, 13, 0x12},
        {UINT64_C(0xffffff12ffffff12), 16, 0xed},
        {0x000000ff0000ff00, 30, 0x12},
        {0x3f8000003f800000, 15, 0x70},
        {0x3ff0000000000000, 31, 0x70},
        {0x000012ff000012ff, 12, 0x12},
        {UINT64_C(0xffedffedffedffed), 24, 0x12},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        assert_true(a64_vector_imm(known[k].v, &kind, &bits));
        assert_int_equal(kind, known[k].kind);
        assert_int_equal(bits, known[k].bits);
        assert_int_equal(a64_vector_value(kind, bits), known[k].v);
    }
    assert_false(a64_vector_imm(1, &kind, &bits));
    assert_false(a64_vector_imm(0x0123456789abcdef, &kind, &bits));
    assert_false(a64_vector_imm(0x0001010100010101, &kind, &bits));
}

static void test_offsets(void **state) {
    (void)state;
    for (uint32_t log2 = 0; log2 <= 4; log2++) {
        int64_t top = INT64_C(4095) << log2;
        assert_true(a64_offset_ok(-256, log2) && a64_offset_ok(255, log2) && a64_offset_ok(top, log2) &&
                    a64_offset_ok(0, log2));
        assert_false(a64_offset_ok(-257, log2));
        assert_false(a64_offset_ok(top + (1 << log2), log2));
        assert_int_equal(a64_offset_ok(257, log2), log2 == 0);
        assert_false(a64_offset_ok(INT64_MAX, log2) || a64_offset_ok(INT64_MIN, log2));
    }
}

/* -- Fixups ----------------------------------------------------------------------------------- */

static void test_patch(void **state) {
    (void)state;
    static const struct {
        uint8_t kind, op, bits;
    } branch[] = {
        {A64_FIX_26, A64_B, 26},    {A64_FIX_26, A64_BL, 26},   {A64_FIX_19, A64_BCC, 19},
        {A64_FIX_19, A64_CBNZ, 19}, {A64_FIX_19, A64_LDRL, 19}, {A64_FIX_14, A64_TBZ, 14},
    };
    enum { at = 1 << 28 };
    uint8_t *code = calloc(1, at + 4); /* one page of it is touched */
    assert_non_null(code);
    for (size_t k = 0; k < sizeof branch / sizeof *branch; k++) {
        int64_t reach = INT64_C(4) << (branch[k].bits - 1);
        const int64_t d[] = {0, 4, -4, reach - 4, -reach};
        MInsn i = {.op = branch[k].op, .size = 8, .scale = 40, .cc = CC_LT};
        uint32_t reg = branch[k].op == A64_LDRL ? REG_FLOAT + 7 : 7;
        i.nopnd = a64_operands[a64_row_of(i.op)->format][0] != 0;
        for (size_t n = 0; n < 5; n++) {
            i.imm = 4 * (int64_t)n; /* what was there before is replaced */
            bits_store_u32(code + at, a64_encode(&i, &reg));
            assert_true(a64_patch(code, at, branch[k].kind, (uint32_t)(at + d[n])));
            i.imm = d[n];
            assert_int_equal(bits_load_u32(code + at), a64_encode(&i, &reg));
        }
        bits_store_u32(code + at, 0);
        assert_false(a64_patch(code, at, branch[k].kind, (uint32_t)(at + reach)));
        assert_false(a64_patch(code, at, branch[k].kind, (uint32_t)(at - reach - 4)));
        assert_false(a64_patch(code, at, branch[k].kind, at + 2));
        assert_int_equal(bits_load_u32(code + at), 0);
    }
    free(code);
    uint8_t table[8] = {0};
    assert_true(a64_patch(table, 4, A64_FIX_32, 1));
    assert_int_equal(bits_load_u32(table + 4), UINT32_C(0xfffffffd));
}

/* -- Operands that must be refused -------------------------------------------------------------- */

static void test_refused(void **state) {
    (void)state;
    static const struct {
        MInsn i;
        uint32_t r[4];
    } bad[] = {
        {{.op = A64_ADD, .size = 8, .nopnd = 3, .imm = 64}, {0, 1, 2}},
        {{.op = A64_ADD, .size = 4, .nopnd = 3, .imm = 32}, {0, 1, 2}},
        {{.op = A64_ADD, .size = 8, .nopnd = 3, .aux = A64_ROR}, {0, 1, 2}},
        {{.op = A64_ADD, .size = 16, .nopnd = 3}, {0, 1, 2}},
        {{.op = A64_ADD, .size = 8, .nopnd = 2}, {0, 1}},
        {{.op = A64_ADD, .size = 8, .nopnd = 4}, {0, 1, 2, 3}},
        {{.op = A64_ADD, .size = 8, .nopnd = 3}, {0, 1, REG_FLOAT}},
        {{.op = A64_FADD, .size = 8, .nopnd = 3}, {REG_FLOAT, REG_FLOAT, 0}},
        {{.op = A64_FADD, .size = 8, .nopnd = 3}, {REG_FLOAT, REG_FLOAT, 64}},
        {{.op = A64_ADDX, .size = 8, .nopnd = 3, .imm = 5}, {0, 1, 2}},
        {{.op = A64_ADDI, .size = 8, .nopnd = 2, .imm = 0x1001}, {0, 1}},
        {{.op = A64_ADDI, .size = 8, .nopnd = 2, .imm = -1}, {0, 1}},
        {{.op = A64_ANDI, .size = 8, .nopnd = 2, .imm = 5}, {0, 1}},
        {{.op = A64_ANDI, .size = 4, .nopnd = 2, .imm = -2}, {0, 1}},
        {{.op = A64_MOVZ, .size = 4, .nopnd = 1, .aux = 2}, {0}},
        {{.op = A64_MOVK, .size = 8, .nopnd = 2}, {0, 1}},
        {{.op = A64_UBFM, .size = 4, .nopnd = 2, .imm = 32}, {0, 1}},
        {{.op = A64_BFM, .size = 4, .nopnd = 3}, {0, 1, 2}},
        {{.op = A64_EXTR, .size = 4, .nopnd = 3, .imm = 32}, {0, 1, 2}},
        {{.op = A64_CSEL, .size = 4, .nopnd = 3, .cc = CC_AL}, {0, 1, 2}},
        {{.op = A64_LDR, .size = 8, .nopnd = 2, .imm = 32768}, {0, 1}},
        {{.op = A64_LDR, .size = 8, .nopnd = 2, .imm = 257}, {0, 1}},
        {{.op = A64_LDR, .size = 8, .nopnd = 3, .aux = A64_UXTB}, {0, 1, 2}},
        {{.op = A64_LDR, .size = 8, .nopnd = 3, .aux = A64_UXTX, .scale = 2}, {0, 1, 2}},
        {{.op = A64_LDP, .size = 8, .nopnd = 3, .imm = 512}, {0, 1, 2}},
        {{.op = A64_TBZ, .size = 4, .nopnd = 1, .scale = 32}, {0}},
        {{.op = A64_CBZ, .size = 4, .nopnd = 1, .imm = 2}, {0}},
        {{.op = A64_BSL, .size = 8, .nopnd = 4}, {REG_FLOAT, REG_FLOAT + 1, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_CALL, .size = 8}, {0}},
        {{.op = A64_VADD, .size = 16, .nopnd = 3}, {REG_FLOAT, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VMUL, .size = 8, .nopnd = 3}, {REG_FLOAT, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VFADD, .size = 2, .nopnd = 3}, {REG_FLOAT, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VMLA, .size = 4, .nopnd = 4}, {REG_FLOAT, REG_FLOAT + 1, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VSQXTN2, .size = 1, .nopnd = 3}, {REG_FLOAT, REG_FLOAT + 1, REG_FLOAT}},
        {{.op = A64_VSHL, .size = 1, .nopnd = 2, .imm = 8}, {REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VUSHR, .size = 2, .nopnd = 2, .imm = 0}, {REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VSSHR, .size = 2, .nopnd = 2, .imm = 17}, {REG_FLOAT, REG_FLOAT}},
        {{.op = A64_VMOVI, .size = 4, .nopnd = 1, .aux = 14}, {REG_FLOAT}},
        {{.op = A64_VMOVI, .size = 4, .nopnd = 1, .aux = 1}, {REG_FLOAT}},
        {{.op = A64_VMOVI, .size = 4, .nopnd = 1, .imm = 256}, {REG_FLOAT}},
        {{.op = A64_UMOV, .size = 4, .nopnd = 2, .imm = 4}, {0, REG_FLOAT}},
        {{.op = A64_INSE, .size = 8, .nopnd = 3, .aux = 2}, {REG_FLOAT, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_EXT, .size = 1, .nopnd = 3, .imm = 16}, {REG_FLOAT, REG_FLOAT, REG_FLOAT}},
        {{.op = A64_TBL2, .size = 1, .nopnd = 4}, {REG_FLOAT, REG_FLOAT + 1, REG_FLOAT + 3, REG_FLOAT}},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        if (!a64_check(&bad[k].i, bad[k].r)) fail_msg("case %zu is not refused", k);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_capstone),
        cmocka_unit_test(test_llvm_mc),
        cmocka_unit_test(test_logical_immediates),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_float_immediates),
        cmocka_unit_test(test_vector_immediates),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_patch),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_cases, free_cases);
}
