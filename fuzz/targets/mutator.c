/* Custom mutator of libFuzzer.  Entropy is mutated as any bytes.  A module mostly gets another constant, operation of
 * equal signature, index, memory offset or argument in its plan, in place and of equal length, and only what is still
 * valid is taken. */
#include <stdlib.h>
#include <string.h>
#include "base/leb128.h"
#include "base/map.h"
#include "fuzz/case.h"
#include "wasm/reader.h"
#include "wasm/validate.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { TRIES = 8, OTHERWISE = 4 /* one time of so many any bytes are changed */ };

static uint64_t next(uint64_t *r) { return *r = hash_mix(*r + UINT64_C(0x9e3779b97f4a7c15)); }

static uint32_t opcode_length(Op op) { return !op_info[op].prefix ? 1 : op_info[op].code < 0x80 ? 2 : 3; }

/* Any number in a LEB128 of the same length; the validator has the last word. */
static void change_leb(uint8_t *at, const uint8_t *end, uint64_t *r) {
    for (; at < end && (*at & 0x80); at++) *at = (uint8_t)(0x80 | (next(r) & 0x7f));
    if (at < end) *at = next(r) & 1 ? (uint8_t)(next(r) & 0x7f) : (uint8_t)((*at + (next(r) & 1 ? 1 : 0x7f)) & 0x7f);
}

static void change_float(uint8_t *at, uint32_t n, uint64_t *r) {
    static const uint64_t telling[] = {
        0, 0x8000000000000000, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 1, 0x41e0000000000000};
    uint64_t v = next(r);
    if (v & 1) v = telling[(v >> 8) % (sizeof telling / sizeof *telling)] >> (n == 4 && (v & 2) ? 32 : 0);
    memcpy(at, &v, n);
}

/* Another row of equal signature and form. */
static void change_op(uint8_t *at, Op op, uint64_t *r) {
    const OpInfo *old = &op_info[op];
    if (old->sig[0] == '_') return;
    uint32_t from = (uint32_t)(next(r) % OP_COUNT);
    for (uint32_t i = 0; i < OP_COUNT; i++) {
        Op other = (Op)((from + i) % OP_COUNT);
        const OpInfo *o = &op_info[other];
        if (other == op || o->imm != old->imm || o->prefix != old->prefix || strcmp(o->sig, old->sig) != 0 ||
            opcode_length(other) != opcode_length(op))
            continue;
        if (o->prefix)
            leb_put_u64(at + 1, o->code);
        else
            *at = o->code;
        return;
    }
}

static void change_instr(uint8_t *bytes, const Instr *in, uint64_t *r) {
    uint8_t *at = bytes + in->at, *imm = at + opcode_length(in->op), *end = bytes + in->next;
    switch (op_info[in->op].imm) {
    case IMM_NONE: change_op(at, in->op, r); break;
    case IMM_F32: change_float(imm, 4, r); break;
    case IMM_F64: change_float(imm, 8, r); break;
    case IMM_MEMARG:
        if (next(r) & 1)
            change_op(at, in->op, r);
        else
            change_leb(imm + 1, end, r);
        break;
    case IMM_BLOCK:
    case IMM_TYPES:
    case IMM_HEAP_TYPE: break;
    default: change_leb(imm, end, r);
    }
}

/* An instruction of some body, each as likely as another in the body. */
static bool change_body(const Module *m, uint8_t *bytes, uint64_t *r) {
    if (!m->bodies.n) return false;
    const Body *b = &m->bodies.at[next(r) % m->bodies.n];
    Instr in, chosen = {.op = OP_NONE};
    uint32_t n = 0;
    for (uint32_t at = b->code; at < b->end; at = in.next) {
        next_instr(m, at, &in);
        if (next(r) % ++n == 0) chosen = in;
    }
    change_instr(bytes, &chosen, r);
    return true;
}

/* A byte of the plan, towards its end: there the arguments are. */
static bool change_plan(const Module *m, uint8_t *bytes, uint64_t *r) {
    const Custom *c = module_find_custom(m, PLAN_SECTION);
    if (!c || c->n < 16) return false;
    bytes[c->at + c->n - 1 - next(r) % (c->n * 3 / 4)] ^= (uint8_t)(1u << (next(r) & 7));
    return true;
}

static bool valid(Arena *a, const uint8_t *bytes, uint32_t n) {
    Err err;
    Plan p;
    const char *why;
    err_clear(&err);
    Module *m = module_decode(a, bytes, n, FEATURES_WASM3, &err);
    return m && module_validate(m, &err) && plan_of(a, m, &p, &why);
}

static bool mutate_module(uint8_t *data, uint32_t n, uint64_t *r) {
    Arena a;
    Err err;
    bool done = false;
    arena_init(&a, NULL);
    err_clear(&err);
    const uint8_t *original = (const uint8_t *)arena_dup(&a, data, n);
    Module *m = module_decode(&a, original, n, FEATURES_WASM3, &err);
    bool ok = m && module_validate(m, &err);
    for (int i = 0; ok && !done && i < TRIES; i++) {
        uint8_t *copy = (uint8_t *)arena_dup(&a, original, n);
        uint32_t changes = 1 + (uint32_t)(next(r) & 1);
        for (uint32_t k = 0; k < changes; k++)
            if (next(r) % 8 == 0 ? !change_plan(m, copy, r) : !change_body(m, copy, r)) break;
        done = memcmp(copy, original, n) != 0 && valid(&a, copy, n);
        if (done) memcpy(data, copy, n);
    }
    arena_free(&a);
    return done;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    uint64_t r = hash_mix(seed);
    bool module = size <= UINT32_MAX && input_is_module(data, (uint32_t)size);
    if (module && next(&r) % OTHERWISE != 0 && mutate_module(data, (uint32_t)size, &r)) return size;
    return LLVMFuzzerMutate(data, size, max_size);
}
