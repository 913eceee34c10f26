/* The IR's text form and its verifier: printing what was parsed gives the same text; bad text gives a line and a
 * message, and never a crash; each rule of the verifier rejects what breaks it; its dominators are those of the
 * definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/map.h"
#include "ir/cfg.h"
#include "ir/print.h"
#include "ir/verify.h"

typedef struct Context {
    Arena arena;
    char msg[160];
    uint32_t line;
} Context;

static Fn *parse(Context *c, const char *text) { return ir_parse(&c->arena, text, &c->line, c->msg, sizeof c->msg); }

static char *print(Context *c, const Fn *f) {
    Text t;
    text_init(&t, &c->arena);
    ir_print(&t, f);
    return t.at;
}

static void start(Context *c) { arena_init(&c->arena, NULL); }
static void finish(Context *c) { arena_free(&c->arena); }

/* Every operation and every field, as the printer writes them. */
static const char sample[] =
    "func \"all \\22\\5c\\c3\\a4\" 12 (i64, i32, i64, f32, f64, v128) -> (i32, f64) frame 96 {\n"
    "b0(v1:i64, v2:i32, v3:i64, v4:f32, v5:f64, v6:v128):\n"
    "  charge.fuel 4294967295                         @0xffffffff\n"
    "  charge.depth 80\n"
    "  charges depth 80 at 0x0, fuel 4294967295 at 0xffffffff @0x1\n"
    "  v10:i32 = iconst -2147483648                   @0x1f\n"
    "  v11:i64 = iconst -9223372036854775808\n"
    "  v12:i64 = iconst 9223372036854775807\n"
    "  v13:f32 = fconst 0x7fc00000\n"
    "  v14:f64 = fconst 0xfff0000000000001\n"
    "  v15:v128 = vconst 0x00000001 0xffffffff 0x00000000 0x80000000\n"
    "  v16:i64 = es\n"
    "  v20:i32 = iadd v2, v10\n"
    "  v21:i64 = isub v3, v11\n"
    "  v22:i32 = imul v20, v20\n"
    "  v23:i32 = sdiv v2, v10\n"
    "  v24:i32 = udiv v2, v10\n"
    "  v25:i32 = srem v2, v10\n"
    "  v26:i32 = urem v2, v10\n"
    "  v27:i64 = iand v3, v12\n"
    "  v28:i64 = ior v3, v12\n"
    "  v29:i64 = ixor v3, v12\n"
    "  v30:i64 = shl v3, v12\n"
    "  v31:i64 = sshr v3, v12\n"
    "  v32:i64 = ushr v3, v12\n"
    "  v33:i64 = rotl v3, v12\n"
    "  v34:i64 = rotr v3, v12\n"
    "  v35:i32 = clz v2\n"
    "  v36:i32 = ctz v2\n"
    "  v37:i32 = popcnt v2\n"
    "  v38:i32 = sext8 v2\n"
    "  v39:i32 = sext16 v2\n"
    "  v40:i64 = sext32 v3\n"
    "  v41:i64 = sext v2\n"
    "  v42:i64 = zext v2\n"
    "  v43:i32 = wrap v3\n"
    "  v44:i32 = icmp.eq v2, v10\n"
    "  v45:i32 = icmp.ne v3, v11\n"
    "  v46:i32 = icmp.slt v2, v10\n"
    "  v47:i32 = icmp.sge v2, v10\n"
    "  v48:i32 = icmp.sgt v2, v10\n"
    "  v49:i32 = icmp.sle v2, v10\n"
    "  v50:i32 = icmp.ult v2, v10\n"
    "  v51:i32 = icmp.uge v2, v10\n"
    "  v52:i32 = icmp.ugt v2, v10\n"
    "  v53:i32 = icmp.ule v2, v10\n"
    "  v54:i32 = eqz v3\n"
    "  v55:f32 = fadd v4, v13\n"
    "  v56:f32 = fsub v4, v13\n"
    "  v57:f32 = fmul v4, v13\n"
    "  v58:f32 = fdiv v4, v13\n"
    "  v59:f64 = fmin v5, v14\n"
    "  v60:f64 = fmax v5, v14\n"
    "  v61:f64 = fcopysign v5, v14\n"
    "  v62:f64 = fabs v5\n"
    "  v63:f64 = fneg v5\n"
    "  v64:f64 = fsqrt v5\n"
    "  v65:f64 = fceil v5\n"
    "  v66:f64 = ffloor v5\n"
    "  v67:f64 = ftrunc v5\n"
    "  v68:f64 = fnearest v5\n"
    "  v69:f64 = fcanon v5\n"
    "  v70:i32 = fcmp.eq v5, v14\n"
    "  v71:i32 = fcmp.ne v5, v14\n"
    "  v72:i32 = fcmp.lt v5, v14\n"
    "  v73:i32 = fcmp.gt v5, v14\n"
    "  v74:i32 = fcmp.le v5, v14\n"
    "  v75:i32 = fcmp.ge v5, v14\n"
    "  v76:f32 = fdemote v5\n"
    "  v77:f64 = fpromote v4\n"
    "  v78:i32 = fcvt_s v4\n"
    "  v79:i64 = fcvt_u v5\n"
    "  v80:f32 = icvt_s v2\n"
    "  v81:f64 = icvt_u v3\n"
    "  v82:i32 = bitcast v4\n"
    "  v83:f64 = bitcast v3\n"
    "  v84:v128 = select v2, v6, v15\n"
    "  v85:i32 = load.8s v1\n"
    "  v86:i32 = load.8u v1+1 const\n"
    "  v87:i64 = load.16s v1+2147483647 context\n"
    "  v88:i64 = load.16u v1 heap traps\n"
    "  v89:i64 = load.32s v1+8 const context\n"
    "  v90:i64 = load.32u v1\n"
    "  v91:i32 = load.32 v1\n"
    "  v92:i64 = load.64 v1\n"
    "  v93:f32 = load.f32 v1\n"
    "  v94:f64 = load.f64 v1\n"
    "  v95:v128 = load.v128 v1\n"
    "  v102:v128 = load.v32z v1+4\n"
    "  v103:v128 = load.v64z v1 heap traps\n"
    "  v104:v128 = vunary.f32x4.canon v6\n"
    "  v105:v128 = vunary.i64x2.extend_high_i32x4_u v6\n"
    "  v106:v128 = vbinary.i8x16.narrow_i16x8_s v6, v95\n"
    "  v107:v128 = vternary.v128.bitselect v6, v95, v104\n"
    "  v108:v128 = vshift.i16x8.shr_s v6, v2\n"
    "  v109:i32 = vtest.i32x4.bitmask v6\n"
    "  v110:v128 = vsplat.f64x2.splat v5\n"
    "  v111:i32 = vextract.i8x16.extract_lane_s v6 15\n"
    "  v112:f64 = vextract.f64x2.extract_lane v6 1\n"
    "  v113:v128 = vreplace.i64x2.replace_lane v6, v3 0\n"
    "  v114:v128 = vshuffle v6, v95 0 1 2 3 16 17 18 19 31 30 15 14 7 7 7 0\n"
    "  store.8u v1+3, v2 heap traps                   @0x77\n"
    "  store.16u v1, v2 heap\n"
    "  store.32u v1, v3 context\n"
    "  store.v128 v1+16, v95\n"
    "  trapz.2 v44                                    @0x80\n"
    "  trapnz.255 v45\n"
    "  refund.depth 80\n"
    "  v96:i32 = call f12 (i64, i32) -> (i32) (v1, v85)\n"
    "  v97 = call ref (i64) -> (i32, f64) (v92, v1)   @0x90\n"
    "  v98:i32 = proj v97 0\n"
    "  v99:f64 = proj v97 1\n"
    "  call lib7 (i64) -> () (v1)\n"
    "  call f0 () -> () ()\n"
    "  brif v96, b1(v98, v99), b2\n"
    "b1(v100:i32, v101:f64):\n"
    "  brtable v100, b2, b1(v100, v101), b3, b4, b5\n"
    "b2:\n"
    "  jump b1(v96, v99)\n"
    "b3:\n"
    "  v115:i32 = mask v100, v96\n"
    "  ret v100, v101                                 @0x95\n"
    "b4:\n"
    "  trap.1                                         @0x99\n"
    "b5:\n"
    "  tailcall f3 (i32) -> (i32, f64) (v100)\n"
    "b6:\n"
    "  tailcall ref () -> (i32, f64) (v92)\n"
    "b7:\n"
    "  poll                                           @0xa0\n"
    "  jump b7\n"
    "}\n";

static void test_round_trip(void **state) {
    (void)state;
    Context c;
    start(&c);
    Fn *f = parse(&c, sample);
    if (!f) fail_msg("line %u: %s", c.line, c.msg);
    if (!ir_verify(f, c.msg, sizeof c.msg)) fail_msg("%s", c.msg);
    char *text = print(&c, f);
    assert_string_equal(text, sample);
    assert_string_equal(print(&c, parse(&c, text)), text);
    assert_string_equal(f->name, "all \"\\\xc3\xa4");
    assert_int_equal(f->frame_cost, 96);
    for (uint32_t op = 0; op < IR_COUNT; op++) {
        bool seen = false;
        for (Val v = 1; v < f->ins.n; v++) seen |= f->ins.at[v].op == op;
        if (!seen) fail_msg("the sample has no %s", ir_info[op].name);
    }
    finish(&c);
}

static void test_accepts(void **state) {
    (void)state;
    Context c;
    start(&c);
    Fn *f = parse(&c,
                  ";; comments and blank lines\n\n"
                  "func \"x\" 0 ( i64 ) -> ( i32 ) {   ; here too\n"
                  "  ; and here: v99999999999\n"
                  "b0 ( v1 : i64 ) :\n"
                  "v2:i32=iconst 4294967295 @31\n"
                  "\tv3:i32 = iconst 0xffffffff\r\n"
                  "  v4:i64 = iconst 18446744073709551615\n"
                  "  v5:i64 = iconst -0\n"
                  "  v6:i64 = load.32u v1 + 0x10 heap const traps context flags.16\n"
                  "  charge.0 1\n"
                  "  ret v2\n"
                  "}\n\n ; the end");
    if (!f) fail_msg("line %u: %s", c.line, c.msg);
    assert_string_equal(print(&c, f),
                        "func \"x\" 0 (i64) -> (i32) {\n"
                        "b0(v1:i64):\n"
                        "  v2:i32 = iconst -1                             @0x1f\n"
                        "  v3:i32 = iconst -1\n"
                        "  v4:i64 = iconst -1\n"
                        "  v5:i64 = iconst 0\n"
                        "  v6:i64 = load.32u v1+16 const context heap traps flags.16\n"
                        "  charge.fuel 1\n"
                        "  ret v2\n"
                        "}\n");
    finish(&c);
}

static void test_syntax_errors(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *msg;
    } bad[] = {
        {"", 1, "expected 'func'"},
        {"func", 1, "expected '\"'"},
        {"func \"a", 1, "does not end"},
        {"func \"\\zz\" 0", 1, "escape"},
        {"func \"\\00\" 0", 1, "escape"},
        {"func \"\" 4294967296", 1, "too large"},
        {"func \"\" 0 (i33) -> () {", 1, "expected a type"},
        {"func \"\" 0 (none) -> () {", 1, "expected a type"},
        {"func \"\" 0 () () {", 1, "expected '-'"},
        {"func \"\" 0 () -> () {", 1, "ends within"},
        {"func \"\" 0 () -> () {\n}", 2, "no block"},
        {"func \"\" 0 () -> () {\n  ret\n}", 2, "first block"},
        {"func \"\" 0 () -> () {\nb0:\n  ret\n} x", 4, "behind the function"},
        {"func \"\" 0 () -> () {\nb0:\n  ret ret\n}", 3, "expected a value"},
        {"func \"\" 0 () -> () {\nb0:\n  trap.1 2\n}", 3, "end of the line"},
        {"func \"\" 0 () -> () {\nb0:\n  frob\n}", 3, "unknown operation: frob"},
        {"func \"\" 0 () -> () {\nb0:\n  param\n}", 3, "unknown operation"},
        {"func \"\" 0 () -> () {\nb0:\nb0:\n  ret\n}", 3, "twice"},
        {"func \"\" 0 () -> () {\nb1:\n  ret\n}", 4, "no block b0"},
        {"func \"\" 0 () -> () {\nb0:\n  jump b7\n}", 3, "bad block number"},
        {"func \"\" 0 () -> () {\nb0:\n  jump b3\n}", 3, "no block b3"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = iconst 1\n  v1:i32 = iconst 1\n}", 4, "twice"},
        {"func \"\" 0 () -> () {\nb0(v1:i32, v1:i32):\n}", 2, "twice"},
        {"func \"\" 0 () -> () {\nb0:\n  trapz.1 v1\n  ret\n}", 3, "v1 is not defined"},
        {"func \"\" 0 () -> () {\nb0:\n  trapz.1 v0\n  ret\n}", 3, "bad value number"},
        {"func \"\" 0 () -> () {\nb0:\n  trapz.1 v4000000000\n  ret\n}", 1, "too large"},
        {"func \"\" 0 () -> () {\nb0:\n  trapz.256 v1\n  ret\n}", 3, "too large"},
        {"func \"\" 0 () -> () {\nb0:\n  trapz v1\n  ret\n}", 3, "expected '.'"},
        {"func \"\" 0 () -> () {\nb0:\n  iconst 1\n  ret\n}", 3, "needs a value"},
        {"func \"\" 0 () -> () {\nb0:\n  v1 = iconst 1\n  ret\n}", 3, "needs a value"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = iconst 4294967296\n  ret\n}", 3, "too large"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = iconst -2147483649\n  ret\n}", 3, "too large"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i64 = iconst 18446744073709551616\n  ret\n}", 3, "too large"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i64 = iconst x\n  ret\n}", 3, "expected a number"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = trap.1\n  ret\n}", 3, "no result"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = icmp.xx v1, v1\n  ret\n}", 3, "condition"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = load.7 v1\n  ret\n}", 3, "access kind"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = iadd v1\n  ret\n}", 3, "expected ','"},
        {"func \"\" 0 () -> () {\nb0:\n  call g1 () -> () ()\n  ret\n}", 3, "expected a callee"},
        {"func \"\" 0 () -> () {\nb0:\n  call f1 () -> (i32) ()\n  ret\n}", 3, "needs a value"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = call f1 () -> () ()\n  ret\n}", 3, "no result"},
        {"func \"\" 0 () -> () {\nb0:\n  v1:i32 = call f1 () -> (i32, i32) ()\n  ret\n}", 3, "several results"},
        {"func \"\" 0 () -> () {\nb0:\n  brif v1, b0(v1\n  ret\n}", 3, "expected ')'"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        Context c;
        start(&c);
        if (parse(&c, bad[k].text)) fail_msg("accepted: %s", bad[k].text);
        if (c.line != bad[k].line || !strstr(c.msg, bad[k].msg))
            fail_msg("%s\n  says line %u: %s\n  expected line %u: %s", bad[k].text, c.line, c.msg, bad[k].line,
                     bad[k].msg);
        assert_null(strchr(c.msg, '\n'));
        finish(&c);
    }
}

/* Whatever the bytes: no crash; and what is accepted survives a round trip. */
static uint32_t try_bytes(const char *text) {
    Context c;
    start(&c);
    Fn *f = parse(&c, text);
    if (!f) {
        assert_true(c.line >= 1 && c.msg[0]);
    } else {
        char *first = print(&c, f);
        Fn *again = parse(&c, first);
        if (!again) fail_msg("line %u: %s\n%s", c.line, c.msg, first);
        assert_string_equal(print(&c, again), first);
        ir_verify(f, c.msg, sizeof c.msg);
    }
    finish(&c);
    return f != NULL;
}

static void test_bad_bytes(void **state) {
    (void)state;
    char text[sizeof sample];
    for (size_t n = 0; n < sizeof sample; n += 3) {
        memcpy(text, sample, n);
        text[n] = 0;
        try_bytes(text);
    }
    static const char bytes[] = "v0123456789bfi.()+-,:=@\"\\{} \nxzz\x80";
    uint32_t accepted = 0;
    for (uint64_t k = 0; k < 6000; k++) {
        memcpy(text, sample, sizeof sample);
        for (uint64_t r = 0; r <= k % 3; r++)
            text[hash_mix(k * 8 + r) % (sizeof sample - 1)] = bytes[hash_mix(k * 8 + r + 4) % (sizeof bytes - 1)];
        accepted += try_bytes(text);
    }
    assert_in_range(accepted, 100, 5000); /* both kinds are tested */
}

/* -- The verifier --------------------------------------------------------- */

#define FN(head, body) "func \"f\" 0 " head " {\n" body "}\n"

static void test_verifier_rejects(void **state) {
    (void)state;
    static const struct {
        const char *text, *msg;
    } bad[] = {
        {FN("(i64) -> ()", "b0:\n  ret\n"), "the entry has 0 parameters, the signature 1"},
        {FN("(i64) -> ()", "b0(v1:i32):\n  ret\n"), "entry parameter 0 is i32, in the signature i64"},
        {FN("() -> ()", "b0:\n"), "the block is empty"},
        {FN("() -> ()", "b0:\n  charge.fuel 1\n"), "does not end the block"},
        {FN("() -> ()", "b0:\n  ret\n  ret\n"), "ends a block but is not the last"},
        {FN("() -> ()", "b0:\n  jump b1\nb1:\n  jump b0\n"), "goes to the entry"},
        {FN("() -> ()", "b0:\n  v1:i32 = iconst 0\n  brif v1, b1\nb1:\n  ret\n"), "1 edges, must be 2"},
        {FN("() -> ()", "b0:\n  v1:i32 = iconst 0\n  brtable v1\n"), "no edges"},
        {FN("() -> ()", "b0:\n  jump b1\nb1(v1:i32):\n  ret\n"), "0 arguments, b1 takes 1"},
        {FN("() -> ()", "b0:\n  v1:i64 = iconst 0\n  jump b1(v1)\nb1(v2:i32):\n  ret\n"),
         "argument v1 to b1 is i64, must be i32"},
        /* dominance */
        {FN("() -> ()", "b0:\n  v2:i32 = eqz v1\n  v1:i32 = iconst 0\n  ret\n"), "does not dominate"},
        {FN("() -> ()", "b0:\n  v1:i32 = iadd v1, v1\n  ret\n"), "does not dominate"},
        {FN("(i32) -> ()",
            "b0(v1:i32):\n  brif v1, b1, b2\nb1:\n  v2:i32 = eqz v1\n  jump b3\nb2:\n  jump b3\nb3:\n"
            "  v3:i32 = eqz v2\n  ret\n"),
         "operand v2 (of b1) does not dominate"},
        {FN("() -> ()", "b0:\n  jump b1(v1)\nb1(v1:i32):\n  ret\n"), "does not dominate"},
        {FN("() -> (i32)", "b0:\n  ret v1\nb1:\n  v1:i32 = iconst 0\n  trap.1\n"), "does not dominate"},
        /* types */
        {FN("() -> ()", "b0:\n  v1:f32 = iconst 0\n  ret\n"), "a constant of type f32"},
        {FN("() -> ()", "b0:\n  v1:i64 = fconst 0\n  ret\n"), "a constant of type i64"},
        {FN("() -> ()", "b0:\n  v1:i64 = vconst 0 0 0 0\n  ret\n"), "must be v128"},
        {FN("() -> ()", "b0:\n  v1:i32 = es\n  ret\n"), "must be i64"},
        {FN("(i32, i64) -> ()", "b0(v1:i32, v2:i64):\n  v3:i32 = iadd v1, v2\n  ret\n"),
         "operand v2 is i64, must be i32"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i64 = iadd v1, v1\n  ret\n"), "type i64, must be i32"},
        {FN("(f32) -> ()", "b0(v1:f32):\n  v3:f32 = iadd v1, v1\n  ret\n"), "must be an integer"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i32 = fadd v1, v1\n  ret\n"), "must be a float"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i32 = sext32 v1\n  ret\n"), "must be i64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v3:i64 = icmp.eq v1, v1\n  ret\n"), "type i64, must be i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v3:i64 = eqz v1\n  ret\n"), "type i64, must be i32"},
        {FN("(f64) -> ()", "b0(v1:f64):\n  v3:i32 = eqz v1\n  ret\n"), "must be an integer"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i32 = fcmp.lt v1, v1\n  ret\n"), "must be a float"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v3:i64 = sext v1\n  ret\n"), "no conversion from i64 to i64"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i32 = wrap v1\n  ret\n"), "no conversion from i32 to i32"},
        {FN("(f32) -> ()", "b0(v1:f32):\n  v3:f32 = fdemote v1\n  ret\n"), "no conversion"},
        {FN("(f64) -> ()", "b0(v1:f64):\n  v3:f64 = fpromote v1\n  ret\n"), "no conversion"},
        {FN("(f64) -> ()", "b0(v1:f64):\n  v3:f32 = fcvt_s v1\n  ret\n"), "no conversion"},
        {FN("(f64) -> ()", "b0(v1:f64):\n  v3:f32 = icvt_u v1\n  ret\n"), "no conversion"},
        {FN("(f64) -> ()", "b0(v1:f64):\n  v3:i32 = bitcast v1\n  ret\n"), "no conversion"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v3:i64 = select v1, v1, v1\n  ret\n"), "operand v1 is i64, must be i32"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v3:i64 = select v1, v1, v1\n  ret\n"), "operand v1 is i32, must be i64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  trapz.1 v1\n  ret\n"), "operand v1 is i64, must be i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  brif v1, b1, b1\nb1:\n  ret\n"), "operand v1 is i64, must be i32"},
        {FN("() -> ()", "b0:\n  charge.2 1\n  ret\n"), "unknown counter"},
        {FN("() -> ()", "b0:\n  charges depth 4294967295 at 1, fuel 2 at 3, depth 1 at 2\n  ret\n"), "too large a sum"},
        /* lanes */
        {FN("(i32) -> ()", "b0(v1:i32):\n  v2:v128 = vunary.i8x16.abs v1\n  ret\n"), "operand v1 is i32, must be v128"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:v128 = vunary.i8x16.add v1\n  ret\n"), "i8x16.add is of another shape"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:i32 = vunary.i8x16.abs v1\n  ret\n"), "type i32, must be v128"},
        {FN("(v128, i32) -> ()", "b0(v1:v128, v2:i32):\n  v3:v128 = vbinary.i8x16.add v1, v2\n  ret\n"),
         "operand v2 is i32"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v3:v128 = vshift.i8x16.shl v1, v1\n  ret\n"),
         "operand v1 is v128, must be i32"},
        {FN("(v128, i32) -> ()", "b0(v1:v128, v2:i32):\n  v3:v128 = vternary.v128.bitselect v1, v1, v2\n  ret\n"),
         "operand v2 is i32"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:v128 = vtest.i8x16.all_true v1\n  ret\n"), "type v128, must be i32"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v2:v128 = vsplat.i64x2.splat v1\n  ret\n"),
         "operand v1 is i32, must be i64"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:i32 = vextract.f32x4.extract_lane v1 0\n  ret\n"),
         "type i32, must be f32"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:i32 = vextract.i16x8.extract_lane_u v1 8\n  ret\n"), "no lane 8"},
        {FN("(v128, f64) -> ()", "b0(v1:v128, v2:f64):\n  v3:v128 = vreplace.f64x2.replace_lane v1, v2 2\n  ret\n"),
         "no lane 2"},
        {FN("(v128, f32) -> ()", "b0(v1:v128, v2:f32):\n  v3:v128 = vreplace.f64x2.replace_lane v1, v2 0\n  ret\n"),
         "must be f64"},
        {FN("(v128) -> ()", "b0(v1:v128):\n  v2:v128 = vshuffle v1, v1 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 32\n  ret\n"),
         "above 31"},
        {FN("(i64, v128) -> ()", "b0(v1:i64, v2:v128):\n  store.v32z v1, v2\n  ret\n"), "does not fit type v128"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = load.v64z v1\n  ret\n"), "does not fit type i64"},
        /* memory */
        {FN("(i32) -> ()", "b0(v1:i32):\n  v2:i32 = load.32 v1\n  ret\n"), "operand v1 is i32, must be i64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i32 = load.64 v1\n  ret\n"), "does not fit type i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i32 = load.32u v1\n  ret\n"), "does not fit type i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = load.32 v1\n  ret\n"), "does not fit type i64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:f64 = load.f32 v1\n  ret\n"), "does not fit type f64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  store.8s v1, v1\n  ret\n"), "does not fit type i64"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  store.64 v1, v1 const\n  ret\n"), "store to a constant"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = load.64 v1 heap context\n  ret\n"), "both context and heap"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = load.64 v1+2147483648\n  ret\n"), "a displacement of 2^31 or more"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = load.64 v1 flags.64\n  ret\n"), "unknown flags"},
        /* calls */
        {FN("(i64) -> ()", "b0(v1:i64):\n  call f1 (i64) -> () ()\n  ret\n"), "0 arguments, must be 1"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  call f1 (i32) -> () (v1)\n  ret\n"), "operand v1 is i64, must be i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  v2:i64 = call f1 () -> (i32) ()\n  ret\n"),
         "the result is i64, must be i32"},
        {FN("(i64) -> ()", "b0(v1:i64):\n  call ref () -> () ()\n  ret\n"), "no code address"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  call ref () -> () (v1)\n  ret\n"), "operand v1 is i32, must be i64"},
        {FN("(f32) -> ()", "b0(v1:f32):\n  call lib1 (f32) -> () (v1)\n  ret\n"), "integers only"},
        {FN("(i32) -> ()",
            "b0(v1:i32):\n  call lib1 (i32, i32, i32, i32, i32, i32, i32) -> () (v1, v1, v1, v1, v1, v1, v1)\n  ret\n"),
         "at most 6"},
        {FN("() -> ()", "b0:\n  v1:f32 = call lib1 () -> (f32) ()\n  ret\n"), "an integer or nothing"},
        {FN("() -> ()", "b0:\n  tailcall lib1 () -> () ()\n"), "no tail call"},
        {FN("() -> (i32)", "b0:\n  tailcall f1 () -> () ()\n"), "must be those of the function"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  v2:i32 = eqz v1\n  ret\n"),
         "operand v1 has no value"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  v2:i32 = proj v1 2\n  ret\n"), "no result 2"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  v2:i64 = proj v1 0\n  ret\n"),
         "type i64, must be i32"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  charge.fuel 1\n  v2:i32 = proj v1 0\n  ret\n"),
         "directly behind"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  jump b1\nb1:\n  v2:i32 = proj v1 0\n  ret\n"),
         "in the call's block"},
        {FN("() -> ()", "b0:\n  v1 = call f1 () -> (i32, i32) ()\n  v2:i32 = proj v1 1\n  v3:i32 = proj v1 0\n  ret\n"),
         "out of order"},
        {FN("() -> ()", "b0:\n  v1:i32 = call f1 () -> (i32) ()\n  v2:i32 = proj v1 0\n  ret\n"), "no several results"},
        {FN("(i32) -> ()", "b0(v1:i32):\n  v2:i32 = proj v1 0\n  ret\n"), "is no call"},
        {FN("() -> (i32)", "b0:\n  ret\n"), "0 results, must be 1"},
        {FN("(i64) -> (i32)", "b0(v1:i64):\n  ret v1\n"), "operand v1 is i64, must be i32"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        Context c;
        start(&c);
        Fn *f = parse(&c, bad[k].text);
        if (!f) fail_msg("line %u: %s\n%s", c.line, c.msg, bad[k].text);
        if (ir_verify(f, c.msg, sizeof c.msg)) fail_msg("accepted: %s", bad[k].text);
        if (!strstr(c.msg, bad[k].msg)) fail_msg("%s\n  says: %s\n  expected: %s", bad[k].text, c.msg, bad[k].msg);
        char tiny[8];
        assert_false(ir_verify(f, tiny, sizeof tiny));
        assert_false(ir_verify(f, NULL, 0));
        finish(&c);
    }
}

static Val blk_last_of(const Fn *f, BlkId b) { return f->blk.at[b].list.at[f->blk.at[b].list.n - 1]; }

/* What the text cannot say. */
static void break_ins_type(Fn *f) { f->ins.at[f->blk.at[1].param.at[0]].type = T_NONE; }
static void break_param_number(Fn *f) { f->ins.at[f->blk.at[1].param.at[0]].a = 1; }
static void break_param_block(Fn *f) { f->ins.at[f->blk.at[1].param.at[0]].b = 0; }
static void break_param_twice(Fn *f) { vec_push(f->arena, &f->blk.at[1].param, f->blk.at[1].param.at[0]); }
static void break_param_listed(Fn *f) { f->blk.at[1].list.at[0] = f->blk.at[1].param.at[0]; }
static void break_twice(Fn *f) { f->blk.at[0].list.at[1] = f->blk.at[0].list.at[0]; }
static void break_no_ins(Fn *f) { f->blk.at[0].list.at[0] = f->ins.n; }
static void break_unlisted(Fn *f) {
    f->blk.at[0].list.at[0] = f->blk.at[0].list.at[1];
    f->blk.at[0].list.at[1] = f->blk.at[0].list.at[2];
    f->blk.at[0].list.n = 2;
}
static void break_operand(Fn *f) { f->ins.at[f->blk.at[0].list.at[1]].a = 1000; }
static void break_operand_none(Fn *f) { f->ins.at[f->blk.at[0].list.at[1]].b = 0; }
static void break_op(Fn *f) { f->ins.at[f->blk.at[0].list.at[0]].op = IR_COUNT; }
static void break_loc(Fn *f) { f->loc.n--; }
static void break_edge_pool(Fn *f) { f->blk.at[0].succ.at[0].args = f->pool.n; }
static void break_edge_to(Fn *f) { f->blk.at[0].succ.at[0].to = 9; }
static void break_ret_edge(Fn *f) { fn_edge(f, 1, 1, (Val[]){f->blk.at[1].param.at[0]}, 1); }
static void break_ret_pool(Fn *f) { f->ins.at[blk_last_of(f, 1)].b = 1000; }
static void break_callee(Fn *f) { f->ins.at[f->blk.at[1].list.at[0]].c = 7; }
static void break_callee_kind(Fn *f) { f->calls.at[0].kind = (CalleeKind)7; }
static void break_const(Fn *f) { f->ins.at[f->blk.at[0].list.at[0]].b = 1; }
static void break_cond(Fn *f) { f->ins.at[f->blk.at[0].list.at[1]].aux = C_COUNT; }
static void break_result(Fn *f) { f->ins.at[blk_last_of(f, 0)].type = T_I32; }

static void test_verifier_rejects_broken(void **state) {
    (void)state;
    static const char text[] = FN("() -> (i32)",
                                  "b0:\n  v1:i32 = iconst 5\n  v2:i32 = icmp.eq v1, v1\n  jump b1(v2)\n"
                                  "b1(v3:i32):\n  call f1 (i32) -> () (v3)\n  ret v3\n");
    static const struct {
        void (*how)(Fn *f);
        const char *msg;
    } bad[] = {
        {break_ins_type, "has no type"},
        {break_param_number, "is not parameter 0"},
        {break_param_block, "is not parameter 0"},
        {break_param_twice, "is not parameter 1"},
        {break_param_listed, "parameter among the instructions"},
        {break_twice, "in two places"},
        {break_no_ins, "does not exist"},
        {break_unlisted, "is in no block"},
        {break_operand, "v1000 does not exist"},
        {break_operand_none, "v0 does not exist"},
        {break_op, "unknown operation"},
        {break_loc, "locations"},
        {break_edge_pool, "outside the pool"},
        {break_edge_to, "goes to no block"},
        {break_ret_edge, "must be none"},
        {break_ret_pool, "outside the pool"},
        {break_callee, "no such callee"},
        {break_callee_kind, "unknown kind of callee"},
        {break_const, "not zero-extended"},
        {break_cond, "unknown condition"},
        {break_result, "must be none"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        Context c;
        start(&c);
        Fn *f = parse(&c, text);
        assert_non_null(f);
        if (!ir_verify(f, c.msg, sizeof c.msg)) fail_msg("%s", c.msg);
        bad[k].how(f);
        if (ir_verify(f, c.msg, sizeof c.msg)) fail_msg("accepted: %s", bad[k].msg);
        if (!strstr(c.msg, bad[k].msg)) fail_msg("says: %s; expected: %s", c.msg, bad[k].msg);
        assert_non_null(print(&c, f)); /* broken functions can be printed */
        finish(&c);
    }
}

/* -- Dominators ----------------------------------------------------------- */

enum { NBLK = 12 };

static Fn *random_graph(Context *c, uint64_t seed, BlkId def, BlkId use) {
    static const uint8_t param[] = {T_I32};
    IrSig sig = {.param = param, .nparam = 1};
    Fn *f = fn_new(&c->arena, "", 0, &sig);
    for (uint32_t b = 0; b < NBLK; b++) fn_block(f);
    Val p = fn_param(f, 0, T_I32), v = 0;
    for (uint32_t b = 0; b < NBLK; b++)
        if (b == def) v = fn_ins(f, b, 0, (Ins){.op = IR_eqz, .type = T_I32, .a = p});
    fn_ins(f, use, 0, (Ins){.op = IR_trapz, .a = v});
    for (uint32_t b = 0; b < NBLK; b++) {
        uint64_t r = hash_mix(seed * NBLK + b);
        uint32_t n = r % 4 == 0 ? 0 : r % 4 == 1 ? 1 : 2;
        fn_ins(f, b, 0,
               n == 0   ? (Ins){.op = IR_trap, .aux = 1}
               : n == 1 ? (Ins){.op = IR_jump}
                        : (Ins){.op = IR_brif, .a = p});
        for (uint32_t k = 0; k < n; k++) fn_edge(f, b, 1 + (uint32_t)(hash_mix(r + k) % (NBLK - 1)), NULL, 0);
    }
    return f;
}

static uint32_t reach(const Fn *f, BlkId without) {
    uint32_t seen = without == 0 ? 0 : 1;
    for (uint32_t n = 0; n < NBLK; n++)
        for (uint32_t b = 0; b < NBLK; b++)
            for (uint32_t k = 0; seen >> b & 1 && k < f->blk.at[b].succ.n; k++)
                if (f->blk.at[b].succ.at[k].to != without) seen |= 1u << f->blk.at[b].succ.at[k].to;
    return seen;
}

/* d dominates u when u cannot be reached without d. */
static void test_dominance(void **state) {
    (void)state;
    uint32_t good = 0, bad = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        Context c;
        start(&c);
        BlkId def = (BlkId)(hash_mix(seed) % NBLK), use = (BlkId)(hash_mix(seed + 77) % NBLK);
        Fn *f = random_graph(&c, seed, def, use);
        bool reachable = reach(f, NO_BLK) >> use & 1;
        bool dominates = def == use || !(reach(f, def) >> use & 1);
        bool ok = ir_verify(f, c.msg, sizeof c.msg);
        if (ok != (dominates || !reachable))
            fail_msg("seed %u: b%u b%u: %s\n%s", (unsigned)seed, def, use, c.msg, print(&c, f));
        cfg_build(f);
        if (reachable && cfg_dominates(f, def, use) != dominates) fail_msg("cfg_dominates: seed %u", (unsigned)seed);
        if (reachable && def != use) {
            if (ok)
                good++;
            else
                bad++;
        }
        finish(&c);
    }
    assert_true(good > 100 && bad > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),       cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_syntax_errors),    cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_verifier_rejects), cmocka_unit_test(test_verifier_rejects_broken),
        cmocka_unit_test(test_dominance),
    };
    return cmocka_run_group_tests_name("ir text", tests, NULL, NULL);
}
