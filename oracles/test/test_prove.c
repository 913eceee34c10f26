/* The prover of rewrites: what is right is proved, and each deliberately wrong rule is refuted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "ir/cfg.h"
#include "ir/print.h"
#include "oracles/prove/smt.h"

enum { TIMEOUT_MS = 60000 };

typedef struct Pair {
    const char *params, *result, *before, *after;
    Proof want;
} Pair;

static const Pair pairs[] = {
    /* integers */
    {"v1:i32", "i32", "v2:i32 = iconst 0  v3:i32 = iadd v1, v2  ret v3", "ret v1", PROOF_PROVED},
    {"v1:i32", "i32", "v2:i32 = iconst 1  v3:i32 = iadd v1, v2  ret v3", "ret v1", PROOF_REFUTED},
    {"v1:i32", "i32", "v2:i32 = iconst 4  v3:i32 = sdiv v1, v2  ret v3",
     "v2:i32 = iconst 2  v3:i32 = sshr v1, v2  ret v3", PROOF_REFUTED}, /* rounds down */
    {"v1:i64", "i64", "v2:i64 = iconst 4  v3:i64 = udiv v1, v2  ret v3",
     "v2:i64 = iconst 2  v3:i64 = ushr v1, v2  ret v3", PROOF_PROVED},
    {"v1:i32", "i32", "v2:i32 = iconst 20  v3:i32 = shl v1, v2  v4:i32 = shl v3, v2  ret v4",
     "v2:i32 = iconst 40  v3:i32 = shl v1, v2  ret v3", PROOF_REFUTED}, /* counts are modulo 32 */
    {"v1:i32", "i64", "v2:i64 = sext v1  ret v2", "v2:i64 = zext v1  ret v2", PROOF_REFUTED},
    {"v1:i32, v2:i32", "i32", "v3:i32 = icmp.slt v1, v2  v4:i32 = eqz v3  ret v4", "v3:i32 = icmp.sge v1, v2  ret v3",
     PROOF_PROVED},
    {"v1:i32, v2:i32", "i32", "v3:i32 = icmp.slt v1, v2  v4:i32 = eqz v3  ret v4", "v3:i32 = icmp.sgt v1, v2  ret v3",
     PROOF_REFUTED},
    /* a division that was guarded must stay so; one that was not is nobody's business */
    {"v1:i32, v2:i32", "i32", "v3:i32 = iconst 0  ret v3", "v3:i32 = udiv v1, v2  v4:i32 = isub v3, v3  ret v4",
     PROOF_REFUTED},
    {"v1:i32", "i32", "v2:i32 = udiv v1, v1  ret v2", "v2:i32 = iconst 1  ret v2", PROOF_PROVED},
    /* floats: x + 0 is not x for -0, and a NaN's bits may change */
    {"v1:f32", "f32", "v2:f32 = fconst 0x0  v3:f32 = fadd v1, v2  v4:f32 = fcanon v3  ret v4",
     "v4:f32 = fcanon v1  ret v4", PROOF_REFUTED},
    {"v1:f32", "f32", "v2:f32 = fconst 0x80000000  v3:f32 = fadd v1, v2  v4:f32 = fcanon v3  ret v4",
     "v4:f32 = fcanon v1  ret v4", PROOF_PROVED},
    {"v1:f32", "f32", "v2:f32 = fconst 0x80000000  v3:f32 = fadd v1, v2  ret v3", "ret v1", PROOF_REFUTED},
    {"v1:f64, v2:f64", "f64", "v3:f64 = fneg v2  v4:f64 = fadd v1, v3  v5:f64 = fcanon v4  ret v5",
     "v3:f64 = fsub v1, v2  v5:f64 = fcanon v3  ret v5", PROOF_PROVED},
    {"v1:f64, v2:f64", "f64", "v3:f64 = fneg v2  v4:f64 = fadd v1, v3  v5:f64 = fcanon v4  ret v5",
     "v3:f64 = fsub v2, v1  v5:f64 = fcanon v3  ret v5", PROOF_REFUTED},
    {"v1:f32, v2:f32", "i32", "v3:i32 = fcmp.lt v1, v2  v4:i32 = eqz v3  ret v4", "v3:i32 = fcmp.ge v1, v2  ret v3",
     PROOF_REFUTED}, /* NaN */
    {"v1:f32, v2:f32", "f32", "v3:f32 = fmin v1, v2  v4:f32 = fcanon v3  ret v4",
     "v3:i32 = fcmp.lt v1, v2  v4:f32 = select v3, v1, v2  v5:f32 = fcanon v4  ret v5", PROOF_REFUTED},
    {"v1:i32", "i32", "v2:f64 = icvt_s v1  v3:i32 = fcvt_s v2  ret v3", "ret v1", PROOF_PROVED},
    {"v1:i32", "i32", "v2:f32 = icvt_s v1  v3:i32 = fcvt_s v2  ret v3", "ret v1", PROOF_REFUTED},
    /* memory and checks */
    {"v1:i64, v2:i32", "i32", "store.32 v1, v2 heap  v3:i32 = load.32 v1 heap  ret v3", "store.32 v1, v2 heap  ret v2",
     PROOF_PROVED},
    {"v1:i64, v2:i32, v3:i64", "i32", "store.32 v1, v2 heap  store.8u v3, v2 heap  v4:i32 = load.32 v1 heap  ret v4",
     "store.32 v1, v2 heap  store.8u v3, v2 heap  ret v2", PROOF_REFUTED},
    {"v1:i64, v2:i32", "i32", "v3:i32 = load.32 v1 context  store.32 v1, v2 heap  v4:i32 = load.32 v1 context  ret v4",
     "v3:i32 = load.32 v1 context  store.32 v1, v2 heap  ret v3", PROOF_PROVED},
    {"v1:i64", "i32", "v2:i32 = load.32 v1 heap traps  v3:i32 = load.32 v1 heap traps  ret v3",
     "v2:i32 = load.32 v1 heap traps  ret v2", PROOF_PROVED},
    {"v1:i64", "i32", "v2:i32 = load.32 v1 heap traps  v3:i32 = iconst 0  ret v3", "v3:i32 = iconst 0  ret v3",
     PROOF_REFUTED}, /* the fault is lost */
    {"v1:i32, v2:i32", "i32", "trapnz.1 v1  trapnz.2 v2  ret v1", "trapnz.2 v2  trapnz.1 v1  ret v1",
     PROOF_REFUTED}, /* another trap when both fire */
    {"v1:i32", "i32", "charge.fuel 3  charge.fuel 4  ret v1", "charge.fuel 7  ret v1",
     PROOF_REFUTED}, /* what is left */
    /* an operation makes the same NaN before and after, another one any of its own */
    {"v1:f32, v2:f32", "f32", "v3:f32 = fsub v1, v2  v4:f32 = fmul v1, v2  ret v4", "v4:f32 = fmul v1, v2  ret v4",
     PROOF_PROVED},
    {"v1:f32, v2:f32", "f32", "v3:f32 = fmul v1, v2  ret v3", "v3:f32 = fmul v2, v1  ret v3", PROOF_REFUTED},
    {"v1:i32", "i32", "v2:i32 = call f1 (i32) -> (i32) (v1)  ret v2", "ret v1", PROOF_UNSUPPORTED},
};

static Fn *parse(Arena *a, const Pair *p, const char *body) {
    Text t;
    char msg[200];
    uint32_t line;
    text_init(&t, a);
    text_puts(&t, "func \"t\" 0 (");
    const char *sep = "";
    for (const char *at = p->params; (at = strchr(at, ':')) != NULL; sep = ", ") {
        at++;
        text_printf(&t, "%s%.3s", sep, at);
    }
    text_printf(&t, ") -> (%s) {\nb0(%s):\n", p->result, p->params);
    for (const char *at = body; *at;) { /* two blanks stand for the end of a line */
        const char *end = strstr(at, "  ");
        size_t n = end ? (size_t)(end - at) : strlen(at);
        text_putn(&t, at, n);
        text_putc(&t, '\n');
        at += end ? n + 2 : n;
    }
    text_puts(&t, "}\n");
    Fn *f = ir_parse(a, t.at, &line, msg, sizeof msg);
    if (!f) fail_msg("line %u: %s\n%s", line, msg, t.at);
    cfg_build(f);
    return f;
}

static void test_pairs(void **state) {
    (void)state;
    for (uint32_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        Arena a;
        char why[300];
        arena_init(&a, NULL);
        Fn *before = parse(&a, &pairs[k], pairs[k].before), *after = parse(&a, &pairs[k], pairs[k].after);
        /* All that is done at one place has one position: an order is told by the kinds. */
        for (uint32_t v = 0; v < before->ins.n; v++) before->loc.at[v] = 0;
        for (uint32_t v = 0; v < after->ins.n; v++) after->loc.at[v] = 0;
        Proof got = smt_same(before, after, TIMEOUT_MS, why, sizeof why);
        if (got != pairs[k].want)
            fail_msg("%s\n-> %s\nis %d, not %d (%s)", pairs[k].before, pairs[k].after, got, pairs[k].want, why);
        arena_free(&a);
    }
}

/* Control flow: exits, merged values, a wrong branch. */
static void test_blocks(void **state) {
    (void)state;
    static const char *const text[] = {
        "func \"t\" 0 (i32, i32, i32) -> (i32) {\nb0(v1:i32, v2:i32, v3:i32):\n  v4:i32 = eqz v1\n  brif v4, b1, b2\n"
        "b1:\n  jump b3(v2)\nb2:\n  jump b3(v3)\nb3(v5:i32):\n  ret v5\n}\n",
        "func \"t\" 0 (i32, i32, i32) -> (i32) {\nb0(v1:i32, v2:i32, v3:i32):\n  v4:i32 = select v1, v3, v2\n  ret "
        "v4\n}\n",
        "func \"t\" 0 (i32, i32, i32) -> (i32) {\nb0(v1:i32, v2:i32, v3:i32):\n  v4:i32 = select v1, v2, v3\n  ret "
        "v4\n}\n",
    };
    Arena a;
    char msg[200];
    uint32_t line;
    Fn *f[3];
    arena_init(&a, NULL);
    for (uint32_t k = 0; k < 3; k++) {
        f[k] = ir_parse(&a, text[k], &line, msg, sizeof msg);
        if (!f[k]) fail_msg("%u: line %u: %s", k, line, msg);
        cfg_build(f[k]);
    }
    assert_int_equal(smt_same(f[0], f[1], TIMEOUT_MS, NULL, 0), PROOF_PROVED);
    assert_int_equal(smt_same(f[0], f[2], TIMEOUT_MS, NULL, 0), PROOF_REFUTED);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs), cmocka_unit_test(test_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
