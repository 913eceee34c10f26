/* ops: one instruction at a time, operands at the boundaries, on all legs.
 *
 * The input names the instruction, which operands are constants, its immediates and the first operands; a small module
 * is made around it: (memory 1) (func (export "f") (param operands) (result result) operands instruction) and called
 * with some tuples of operands.  Rows of opcode.def with a signature take part without being mentioned here. */
#include <string.h>
#include "base/leb128.h"
#include "base/map.h"
#include "fuzz/gen/entropy.h"
#include "fuzz/targets/target.h"
#include "wasm/validate.h"

enum { STEPS = 24, MAX_OPERANDS = 4, SEGMENT = 64, WASM_PAGE_BYTES = 65536 };

typedef struct Ops {
    Arena *a;
    Entropy in;
    Op op;
    uint32_t nparam, nresult; /* of the instruction */
    ValType param[MAX_OPERANDS], result;
    uint32_t constant; /* bit set of operands */
    Value value[MAX_OPERANDS];
    uint8_t immediate[32];
    VEC(uint8_t) out;
} Ops;

/* -- Values ------------------------------------------------------------------------------ */

static const uint32_t boundary32[] = {
    0,          1,          2,          7,          8,          31,         32,         33,         63,
    64,         0x7f,       0x80,       0xff,       0x7fff,     0x8000,     0xfff0,     0xfff8,     0xfffc,
    0xffff,     0x10000,    0x10001,    0x1ffff,    0x7fffffff, 0x80000000, 0x80000001, 0xfffffff8, 0xfffffffe,
    0xffffffff, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7fa00000, 0x00800000,
    0x007fffff, 0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5f000000,
    0xdf000001, 0x5f800000, 0x3f000000, 0x3effffff, 0x40200000};
static const uint64_t boundary64[] = {0,
                                      1,
                                      2,
                                      31,
                                      32,
                                      63,
                                      64,
                                      65,
                                      0xff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      0x7fffffffffffffff,
                                      0x8000000000000000,
                                      0x8000000000000001,
                                      0xfffffffffffffffe,
                                      0xffffffffffffffff,
                                      0xffffffff80000000,
                                      0xffffffff7fffffff,
                                      0x3ff0000000000000,
                                      0xbff0000000000000,
                                      0x7ff0000000000000,
                                      0xfff0000000000000,
                                      0x7ff8000000000000,
                                      0xfff8000000000001,
                                      0x7ff4000000000000,
                                      0x0010000000000000,
                                      0x000fffffffffffff,
                                      0x7fefffffffffffff,
                                      0x41dfffffffc00000,
                                      0x41dfffffffffffff,
                                      0x41e0000000000000,
                                      0xc1e0000000000000,
                                      0xc1e0000000200000,
                                      0x41efffffffe00000,
                                      0x41f0000000000000,
                                      0x43e0000000000000,
                                      0xc3e0000000000000,
                                      0xc3e0000000000001,
                                      0x43f0000000000000,
                                      0x43efffffffffffff,
                                      0x3fe0000000000000,
                                      0x3fdfffffffffffff,
                                      0x4004000000000000,
                                      0x36a0000000000000,
                                      0x47efffffe0000000,
                                      0x47effffff0000000};
enum { N32 = sizeof boundary32 / sizeof *boundary32, N64 = sizeof boundary64 / sizeof *boundary64 };

static Value value_of(Entropy *e, ValType t) {
    Value v = {.u64x2 = {0, 0}};
    bool any = entropy_chance(e, 64);
    if (t == VT_I32 || t == VT_F32) {
        v.u64x2[0] = any ? entropy_bits(e, 4) : boundary32[entropy_pick(e, N32)];
    } else if (t == VT_V128 && !any && entropy_chance(e, 128)) {
        for (int half = 0; half < 2; half++) /* lanes of 32 bits */
            v.u64x2[half] = (uint64_t)boundary32[entropy_pick(e, N32)] << 32 | boundary32[entropy_pick(e, N32)];
    } else {
        for (int half = 0; half < (t == VT_V128 ? 2 : 1); half++)
            v.u64x2[half] = any ? entropy_bits(e, 8) : boundary64[entropy_pick(e, N64)];
    }
    return v;
}

/* -- The module ------------------------------------------------------------------------------ */

static void put(Ops *o, uint8_t b) { vec_push(o->a, &o->out, b); }
static void put_bytes(Ops *o, const void *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) put(o, ((const uint8_t *)p)[i]);
}
static void put_u(Ops *o, uint64_t v) {
    uint8_t b[10];
    put_bytes(o, b, leb_put_u64(b, v));
}
static void put_op(Ops *o, Op op) {
    if (op_info[op].prefix)
        put(o, op_info[op].prefix), put_u(o, op_info[op].code);
    else
        put(o, op_info[op].code);
}

/* A constant; false when there is no instruction for it yet. */
static bool put_const(Ops *o, ValType t, const Value *v) {
    uint8_t b[10];
    Op vector = t == VT_V128 ? op_find_text("v128.const") : OP_I32_CONST;
    if (vector == OP_NONE) return false;
    switch (t) {
    case VT_I32: put_op(o, OP_I32_CONST), put_bytes(o, b, leb_put_s64(b, (int32_t)v->i32)); break;
    case VT_I64: put_op(o, OP_I64_CONST), put_bytes(o, b, leb_put_s64(b, (int64_t)v->i64)); break;
    case VT_F32: put_op(o, OP_F32_CONST), put_bytes(o, v, 4); break;
    case VT_F64: put_op(o, OP_F64_CONST), put_bytes(o, v, 8); break;
    default: put_op(o, vector), put_bytes(o, v, 16); break;
    }
    return true;
}

/* A section whose length is not known yet: its place. */
static uint32_t section(Ops *o, uint8_t id) {
    put(o, id);
    put_bytes(o, "\x80\x80\x80\x80\x00", 5);
    return o->out.n;
}
static void section_end(Ops *o, uint32_t from) {
    uint32_t n = o->out.n - from;
    for (uint32_t i = 0; i < 5; i++) o->out.at[from - 5 + i] = (uint8_t)((n >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
}

static bool put_body(Ops *o, const uint8_t *immediate, uint32_t n) {
    for (uint32_t i = 0, local = 0; i < o->nparam; i++) {
        if (!(o->constant >> i & 1))
            put_op(o, OP_LOCAL_GET), put_u(o, local++);
        else if (!put_const(o, o->param[i], &o->value[i]))
            return false;
    }
    put_op(o, o->op);
    put_bytes(o, immediate, n);
    put_op(o, OP_END);
    return true;
}

static bool put_module(Ops *o, const uint8_t *immediate, uint32_t n) {
    uint32_t at;
    o->out.n = 0;
    put_bytes(o, "\0asm\1\0\0\0", 8);
    at = section(o, 1);
    put_bytes(o, "\1\x60", 2);
    put(o, (uint8_t)(o->nparam - (uint32_t)__builtin_popcount(o->constant)));
    for (uint32_t i = 0; i < o->nparam; i++)
        if (!(o->constant >> i & 1)) put(o, (uint8_t)o->param[i]);
    put(o, (uint8_t)o->nresult);
    if (o->nresult) put(o, (uint8_t)o->result);
    section_end(o, at);
    put_bytes(o, "\3\2\1\0", 4);      /* one function */
    put_bytes(o, "\5\4\1\1\1\2", 6);  /* one memory, of one to two pages */
    put_bytes(o, "\7\5\1\1f\0\0", 7); /* export */
    at = section(o, 10);
    put(o, 1);
    uint32_t body = o->out.n;
    put_bytes(o, "\x80\0", 2); /* size, patched below; no locals */
    put(o, 0);
    if (!put_body(o, immediate, n)) return false;
    uint32_t size = o->out.n - body - 2;
    o->out.at[body] = (uint8_t)(size | 0x80);
    o->out.at[body + 1] = (uint8_t)(size >> 7);
    section_end(o, at);
    /* one segment: something to be loaded, up to the end of the memory */
    put_bytes(o, "\x0b\x48\1\0\x41\xc0\xff\3\x0b\x40", 10);
    for (uint32_t i = 0; i < SEGMENT; i++) put(o, (uint8_t)(i * 37 + 129));
    return true;
}

/* -- The instruction ------------------------------------------------------------------------------- */

static bool type_of(char letter, ValType *t) {
    static const char letters[] = "ilfdx";
    static const ValType type[] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
    const char *at = strchr(letters, letter);
    if (at) *t = type[at - letters];
    return at != NULL;
}

/* Signature "ii_l" of the row; false when it has none. */
static bool read_signature(Ops *o) {
    const char *s = op_info[o->op].sig, *bar = strchr(s, '_');
    if (!bar || s[0] == '_') return false;
    o->nparam = 0;
    for (; s < bar && *s != 'v'; s++)
        if (o->nparam == MAX_OPERANDS || !type_of(*s, &o->param[o->nparam++])) return false;
    o->nresult = bar[1] != 'v';
    return !o->nresult || type_of(bar[1], &o->result);
}

/* Immediates: of a kind that validates; what a row has is tried, so that new kinds need nothing here. */
static Module *make(Ops *o) {
    uint8_t memarg[12] = {0}, lane[13];
    static const uint8_t aligns[] = {0, 1, 2, 3};
    const Imm kind = (Imm)op_info[o->op].imm;
    uint32_t natural = kind == IMM_MEMARG ? op_align(o->op) : 4;
    memarg[0] = aligns[entropy_pick(&o->in, sizeof aligns)];
    if (memarg[0] > natural) memarg[0] = (uint8_t)natural;
    uint32_t n = 1 + leb_put_u64(memarg + 1, entropy_chance(&o->in, 100) ? boundary32[entropy_pick(&o->in, N32)] : 0);
    for (uint32_t i = 0; i < 16; i++) o->immediate[i] = (uint8_t)(entropy_u8(&o->in) & 31);
    const struct {
        const uint8_t *at;
        uint32_t n;
    } form[] = {{NULL, 0},
                {memarg, n},
                {o->immediate, 16},
                {o->immediate, 1},
                {lane, n + 1},
                {(const uint8_t *)"\0\0", 1},
                {(const uint8_t *)"\0\0", 2}};
    memcpy(lane, memarg, n);
    lane[n] = o->immediate[0] & 3;
    lane[0] = 0;
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        Err err;
        if (!put_module(o, form[i].at, form[i].n)) return NULL;
        Module *m = module_decode_valid(o->a, o->out.at, o->out.n, FEATURES_WASM3, &err);
        if (m) return m;
    }
    return NULL;
}

static const uint8_t *make_case(Ops *o, uint32_t *n) {
    o->op = (Op)(entropy_bits(&o->in, 2) % OP_COUNT);
    if (!read_signature(o)) return NULL;
    o->constant = entropy_u8(&o->in) & ((1u << o->nparam) - 1);
    for (uint32_t i = 0; i < o->nparam; i++) o->value[i] = value_of(&o->in, o->param[i]);
    Module *m = make(o);
    if (!m) return NULL;
    Plan p = {.limits = STORE_LIMITS_DEFAULT};
    p.limits.fuel = 1000;
    for (uint32_t k = 0; k < (o->nparam == (uint32_t)__builtin_popcount(o->constant) ? 1 : STEPS); k++) {
        PlanStep s = {.name = {"f", 1}, .args = ARENA_ARRAY(o->a, Value, MAX_OPERANDS)};
        for (uint32_t i = 0; i < o->nparam; i++)
            if (!(o->constant >> i & 1)) s.args[s.nargs++] = value_of(&o->in, o->param[i]);
        vec_push(o->a, &p.step, s);
    }
    return case_with_plan(o->a, m, &p, n);
}

const bool target_takes_malformed = true; /* a module is any bytes here */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Case c;
    Panel *p = size <= TARGET_MAX_INPUT ? target_panel() : NULL;
    if (!p) return 0;
    uint32_t n, input_n = (uint32_t)size;
    Arena *a = target_arena();
    Ops o = {.a = a, .in = entropy_of(data, input_n, true)};
    const uint8_t *m = make_case(&o, &n);
    if (m) {
        panel_choose(p, hash_bytes(data, input_n, 0));
        panel_run(p, m, n, &c);
        if (c.plan_error) abort(); /* a mistake here */
        if (verdict_differs(c.verdict.kind)) target_report("ops", m, n, p, &c);
    }
    return 0;
}
