/* Vectors from bytes to IR: every row of opcode.def with prefix 0xfd, and random functions made of them, run by the
 * interpreter and as IR (test/ir_run.h) before and after optimization, with both ways of checking bounds.  The two
 * share num_simd.h, which has its own test; all that is around it is compared: results, traps and their places, fuel,
 * memory, globals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/leb128.h"
#include "ir/build.h"
#include "ir/verify.h"
#include "opt/opt.h"
#include "run/store.h"
#include "test/ir_run.h"
#include "wasm/validate.h"

/* -- Modules, byte by byte -------------------------------------------------------------- */

enum { VOID = 0x40, PAGES = 1, NLOCALS = 12, NHELPER = 10 };

typedef struct Bytes {
    uint8_t *at;
    uint32_t n, cap;
} Bytes;

static Arena arena, tmp; /* of a module; of one way to run it */
static Store store;

static uint64_t seed;
static uint64_t random_bits(void) {
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static uint32_t below(uint32_t n) { return (uint32_t)(random_bits() % n); }

static void put(Bytes *b, uint32_t byte) { vec_push(&arena, b, (uint8_t)byte); }
static void put_all(Bytes *b, const uint8_t *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) put(b, p[i]);
}
static void put_leb(Bytes *b, uint32_t v) {
    uint8_t buf[10];
    put_all(b, buf, leb_put_u64(buf, v));
}
static void put_const(Bytes *b, int32_t v) {
    uint8_t buf[10];
    put(b, 0x41);
    put_all(b, buf, leb_put_s64(buf, v));
}
static void put_index(Bytes *b, Op op, uint32_t index) {
    put(b, op_info[op].code);
    put_leb(b, index);
}
static void put_op(Bytes *b, Op op) {
    if (op_info[op].prefix) put(b, op_info[op].prefix);
    put_leb(b, op_info[op].code);
}
static void put_section(Bytes *b, uint8_t id, const Bytes *body) {
    put(b, id);
    put_leb(b, body->n);
    put_all(b, body->at, body->n);
}

static uint32_t type_byte(char c) {
    return c == 'i' ? VT_I32 : c == 'l' ? VT_I64 : c == 'f' ? VT_F32 : c == 'd' ? VT_F64 : VT_V128;
}
/* "ix_x": as opcode.def's signatures, but for v. */
static void put_type(Bytes *b, const char *t) {
    const char *result = strchr(t, '_');
    put(b, 0x60);
    put_leb(b, (uint32_t)(result - t));
    for (const char *p = t; *p; p++) {
        if (*p == '_')
            put_leb(b, (uint32_t)strlen(p + 1));
        else
            put(b, type_byte(*p));
    }
}

typedef struct FuncSpec {
    const char *type, *local;
    Bytes code;
} FuncSpec;

static void put_body(Bytes *b, const FuncSpec *f) {
    Bytes body = {0};
    put_leb(&body, (uint32_t)strlen(f->local));
    for (const char *p = f->local; *p; p++) put(&body, 1), put(&body, type_byte(*p));
    put_all(&body, f->code.at, f->code.n);
    put(&body, op_info[OP_END].code);
    put_leb(b, body.n);
    put_all(b, body.at, body.n);
}

/* Memories of a page, two mutable v128 globals, and the functions; type i is that of function i. */
static const Module *module_of(const FuncSpec *f, uint32_t n) {
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0}, memories[] = {2, 0, PAGES, 0, PAGES};
    Bytes *m = ARENA_NEW(&arena, Bytes), s = {0};
    Err err = {0};
    put_all(m, magic, sizeof magic);
    put_leb(&s, n);
    for (uint32_t i = 0; i < n; i++) put_type(&s, f[i].type);
    put_section(m, 1, &s);
    s.n = 0, put_leb(&s, n);
    for (uint32_t i = 0; i < n; i++) put_leb(&s, i);
    put_section(m, 3, &s);
    s.n = 0, put_all(&s, memories, sizeof memories);
    put_section(m, 5, &s);
    s.n = 0, put_leb(&s, 2);
    for (uint32_t i = 0; i < 2; i++) {
        put(&s, VT_V128), put(&s, 1), put_op(&s, OP_V128_CONST);
        for (uint32_t k = 0; k < 16; k++) put(&s, 0xf0 + k + i);
        put(&s, op_info[OP_END].code);
    }
    put_section(m, 6, &s);
    s.n = 0, put_leb(&s, n);
    for (uint32_t i = 0; i < n; i++) put_body(&s, &f[i]);
    put_section(m, 10, &s);
    Module *module = module_decode(&arena, m->at, m->n, FEATURES_WASM3, &err);
    if (!module || !module_validate(module, &err)) fail_msg("function %u: %s at %u", err.func, err.text, err.at);
    return module;
}

/* Immediates of a row, within what is valid. */
static void put_immediates(Bytes *b, Op op) {
    uint32_t imm = op_info[op].imm;
    if (imm == IMM_MEMARG || imm == IMM_MEMARG_LANE) {
        static const uint32_t offsets[] = {0, 1, 7, 16, 300, 65520, 65535, 0xffffffff};
        bool second = below(4) == 0;
        put(b, below(op_align(op) + 1) | (second ? 0x40 : 0));
        if (second) put(b, 1);
        put_leb(b, offsets[below(below(3) ? 4 : 8)]);
    }
    if (imm == IMM_MEMARG_LANE || imm == IMM_LANE) put(b, below(op_lanes(op)));
    for (uint32_t i = 0; (imm == IMM_SHUFFLE || imm == IMM_V128) && i < 16; i++)
        put(b, below(imm == IMM_SHUFFLE ? op_lanes(op) : 256));
}

static bool is_access(Op op) { return op_info[op].imm == IMM_MEMARG || op_info[op].imm == IMM_MEMARG_LANE; }
static uint32_t first_row(void) {
    uint32_t op = 0;
    while (op_info[op].prefix != 0xfd) op++;
    return op;
}

/* -- Running ------------------------------------------------------------------------------ */

typedef struct Way { /* to make IR */
    BoundsMode bounds;
    uint32_t level;
} Way;

typedef struct Seen {
    TrapKind trap;
    uint32_t at, func, nresult;
    int64_t fuel;
    Value result[NLOCALS], global[2];
    uint64_t memory; /* a hash of both */
} Seen;

enum { MEMORY_WORDS = PAGES * WASM_PAGE / 8 };
static uint64_t *memory_words(const Instance *inst, uint32_t k) { return (uint64_t *)(void *)inst->mems[k].base; }

/* `contents` decides what is in memories and globals; 0: the memories do not matter. */
static void start(Instance *inst, uint64_t contents) {
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; contents && i < MEMORY_WORDS; i++) memory_words(inst, k)[i] = hash_mix(contents + i + k);
        inst->globals[k]->value = (Value){.u64x2 = {contents, ~contents}};
    }
}

static void look(const Instance *inst, Seen *s, uint64_t contents) {
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; contents && i < MEMORY_WORDS; i++)
            s->memory = (s->memory ^ memory_words(inst, k)[i]) * UINT64_C(0x9e3779b97f4a7c15);
        s->global[k] = inst->globals[k]->value;
    }
}

static Seen run_interp(Instance *inst, uint32_t func, const Value *args, uint32_t n, uint64_t contents) {
    Seen s = {0};
    Outcome out;
    start(inst, contents);
    store_invoke(&store, inst->funcs[func], args, n, &out);
    s.trap = out.kind == OUT_TRAP ? out.trap : TRAP_NONE;
    if (s.trap) s.at = out.trace.frame[0].offset, s.func = out.trace.frame[0].func;
    s.fuel = out.fuel;
    s.nresult = s.trap ? 0 : out.nresult;
    if (s.nresult) memcpy(s.result, out.result, s.nresult * sizeof(Value));
    look(inst, &s, contents);
    return s;
}

static Seen run_ir(Instance *inst, uint32_t func, const Fn *entry, const Value *args, uint32_t n, uint64_t contents) {
    Seen s = {0};
    ExecState *es = inst->es;
    IrRun r = {.es = es, .arena = &tmp};
    start(inst, contents);
    memset(es->results, 0xa5, NLOCALS * sizeof(Value));
    if (n) memcpy(es->args, args, n * sizeof(Value));
    es->fuel = store.limits.fuel;
    es->depth = store.limits.depth;
    ir_enter(&r, entry, inst->funcs[func]);
    s.trap = r.trap;
    if (s.trap) s.at = r.loc, s.func = r.func;
    s.fuel = es->fuel;
    s.nresult = s.trap ? 0 : module_func_type(inst->module, func)->nresult;
    memcpy(s.result, es->results, s.nresult * sizeof(Value));
    look(inst, &s, contents);
    return s;
}

static void make_ir(Instance *inst, Way way) {
    const Module *m = inst->module;
    InstLayout layout = instance_layout(m);
    BuildOptions o = {.bounds = way.bounds, .fuel = true, .nan_canon = true};
    char msg[200];
    for (uint32_t k = 0; k < m->funcs.n; k++) {
        Fn *f = ir_build(&tmp, &tmp, m, &layout, k, &o);
        if (!ir_verify(f, msg, sizeof msg)) fail_msg("function %u, built: %s", k, msg);
        opt_run(f, &(OptOptions){.level = way.level});
        if (!ir_verify(f, msg, sizeof msg)) fail_msg("function %u at level %u: %s", k, way.level, msg);
        inst->funcs[k]->code = f;
    }
}

static void compare(const Seen *a, const Seen *b, const char *what, Way way) {
    char where[100];
    snprintf(where, sizeof where, "%s, %s, level %u", what, way.bounds ? "explicit" : "guard", way.level);
    if (a->trap != b->trap || a->at != b->at || a->func != b->func)
        fail_msg("%s: interpreter %s @%u:%u, ir %s @%u:%u", where, trap_name(a->trap), a->func, a->at,
                 trap_name(b->trap), b->func, b->at);
    if (a->fuel != b->fuel) fail_msg("%s: fuel %ld, ir %ld", where, (long)a->fuel, (long)b->fuel);
    for (uint32_t k = 0; k < a->nresult; k++)
        if (memcmp(&a->result[k], &b->result[k], sizeof(Value)) != 0)
            fail_msg("%s: result %u is %016llx%016llx, ir %016llx%016llx", where, k,
                     (unsigned long long)a->result[k].u64x2[1], (unsigned long long)a->result[k].u64x2[0],
                     (unsigned long long)b->result[k].u64x2[1], (unsigned long long)b->result[k].u64x2[0]);
    if (memcmp(a->global, b->global, sizeof a->global) != 0) fail_msg("%s: a global differs", where);
    if (a->memory != b->memory) fail_msg("%s: memory differs", where);
}

static Value operand(ValType t, bool address) {
    static const uint32_t addresses[] = {0,     1,     8,     4000,  65519, 65520, 65521,
                                         65527, 65528, 65529, 65534, 65535, 65536, 0xffffffff};
    static const uint64_t words[] = {0,
                                     1,
                                     0x7f,
                                     0x80,
                                     0xff80,
                                     0x7fff,
                                     0x8000,
                                     0x80000000,
                                     0xffffffffffffffff,
                                     0x3f8000003f800000,
                                     0x7fc000007f800001,
                                     0x7ff0000000000000,
                                     0xfff8000000000001,
                                     0x41e0000000000000,
                                     0xcf0000004b000001};
    Value v = {.u64x2 = {0, 0}};
    uint64_t bits = below(2) ? random_bits() : words[below(15)];
    if (t == VT_I32 && address) bits = addresses[below(below(3) ? 4 : 14)];
    v.i64 = t == VT_I32 || t == VT_F32 ? (uint32_t)bits : bits;
    if (t == VT_V128) v.u64x2[1] = below(2) ? random_bits() : words[below(15)];
    return v;
}

/* -- Every row ------------------------------------------------------------------------------ */

static const char *row_type(Op op) {
    const char *sig = op_info[op].sig;
    size_t n = strlen(sig);
    return strcmp(sig, "v_x") == 0 ? "_x" : sig[n - 1] != 'v' ? sig : strcmp(sig, "ix_v") == 0 ? "ix_" : sig;
}

static void row_function(FuncSpec *f, Op op) {
    *f = (FuncSpec){.type = row_type(op), .local = ""};
    uint32_t n = (uint32_t)(strchr(f->type, '_') - f->type);
    for (uint32_t i = 0; i < n; i++) put_index(&f->code, OP_LOCAL_GET, i);
    put_op(&f->code, op);
    put_immediates(&f->code, op);
}

static void check_rows(Instance *inst, uint32_t first, Way way, uint32_t round, uint32_t *traps) {
    make_ir(inst, way);
    seed = 1000 * round; /* the same operands each way */
    for (uint32_t k = 0; k < inst->nfuncs; k++) {
        const FuncType *t = module_func_type(inst->module, k);
        Op op = (Op)(first + k);
        Fn *entry = ir_build_entry_adaptor(&tmp, t);
        for (uint32_t times = is_access(op) ? 8 : 4; times--;) {
            Value args[3];
            for (uint32_t i = 0; i < t->nparam; i++) args[i] = operand(t->param[i], is_access(op));
            uint64_t contents = is_access(op) ? random_bits() : 0;
            Seen a = run_interp(inst, k, args, t->nparam, contents),
                 b = run_ir(inst, k, entry, args, t->nparam, contents);
            compare(&a, &b, op_info[op].text, way);
            *traps += a.trap != TRAP_NONE;
        }
    }
    arena_reset(&tmp);
}

static Instance *instantiate(const FuncSpec *f, uint32_t n) {
    Outcome out;
    assert_true(store_reset(&store, &(StoreLimits)STORE_LIMITS_DEFAULT));
    InstRec *r = store_instantiate(&store, module_of(f, n), NULL, &out);
    assert_int_equal(out.kind, OUT_RETURN);
    return r->inst;
}

static void test_rows(void **state) {
    (void)state;
    static FuncSpec f[OP_COUNT];
    uint32_t first = first_row(), n = OP_COUNT - first, traps = 0;
    assert_int_equal(n, 236);
    for (uint32_t round = 0; round < 4; round++) {
        seed = round;
        for (uint32_t k = 0; k < n; k++) row_function(&f[k], (Op)(first + k));
        Instance *inst = instantiate(f, n);
        for (uint32_t k = 0; k < 6; k++) check_rows(inst, first, (Way){(BoundsMode)(k & 1), k / 2}, round, &traps);
        arena_reset(&arena);
    }
    assert_true(traps > 200); /* some accesses are out of bounds, most are not */
}

/* -- Random functions -------------------------------------------------------------------------- */

/* Locals, which are the parameters and the results too: five vectors, i32, i32, i64, f32, f64; then the counters of
 * loops. */
static const char locals[] = "xxxxxiilfd", function_type[] = "xxxxxiilfd_xxxxxiilfd", helper_type[] = "xxxixxdxxx_xxi",
                  counters[] = "iii";

static uint32_t local_of(char type) {
    uint32_t n = 0, found[sizeof locals];
    for (uint32_t i = 0; locals[i]; i++)
        if (locals[i] == type) found[n++] = i;
    return found[below(n)];
}
static void get(Bytes *b, char type) { put_index(b, OP_LOCAL_GET, local_of(type)); }
static void put_set(Bytes *b, char type) { put_index(b, OP_LOCAL_SET, local_of(type)); }

typedef struct Row { /* an instruction and the locals it works on, to do it again */
    Op op;
    uint32_t operand[3];
} Row;

/* Any row, those with lanes more often. */
static Op some_row(void) {
    uint32_t op, again = below(3);
    do op = first_row() + below(236);
    while (again && !op_lanes((Op)op) && again--);
    return (Op)op;
}

static void put_row(Bytes *b, const Row *r) {
    const char *sig = op_info[r->op].sig, *end = strchr(sig, '_');
    for (const char *p = sig; p < end && *p != 'v'; p++) {
        put_index(b, OP_LOCAL_GET, r->operand[p - sig]);
        if (is_access(r->op) && p == sig && below(40)) put_const(b, 0x3fff), put_op(b, OP_I32_AND);
    }
    put_op(b, r->op);
    put_immediates(b, r->op);
    if (end[1] != 'v') put_set(b, end[1]);
}

static void statement(Bytes *b, Row *last) {
    const char *sig;
    switch (below(12)) {
    case 0: /* again, maybe with other immediates */
    case 1: put_row(b, last); break;
    case 2: /* another operation on the same operands */
        sig = op_info[last->op].sig;
        do last->op = some_row();
        while (strcmp(op_info[last->op].sig, sig) != 0);
        put_row(b, last);
        break;
    case 3:
        get(b, 'x'), get(b, 'x'), get(b, 'i');
        if (below(2))
            put_op(b, OP_SELECT);
        else
            put_op(b, OP_SELECT_T), put(b, 1), put(b, VT_V128);
        put_set(b, 'x');
        break;
    case 4:
        put_index(b, OP_GLOBAL_GET, below(2));
        get(b, 'x');
        put_index(b, OP_GLOBAL_SET, below(2));
        put_set(b, 'x');
        break;
    case 5:
        for (const char *p = helper_type; *p != '_'; p++) get(b, *p);
        put_index(b, OP_CALL, 1);
        put_set(b, 'i'), put_set(b, 'x'), put_set(b, 'x');
        break;
    default:
        last->op = some_row();
        sig = op_info[last->op].sig;
        for (uint32_t i = 0; sig[i] != '_' && sig[i] != 'v'; i++) last->operand[i] = local_of(sig[i]);
        put_row(b, last);
        break;
    }
}

static void body(Bytes *b, uint32_t depth);

static void construct(Bytes *b, uint32_t depth) {
    uint32_t counter = (uint32_t)strlen(locals) + depth;
    switch (below(3)) {
    case 0: /* a few rounds of a loop */
        put_const(b, (int32_t)below(3)), put_index(b, OP_LOCAL_SET, counter);
        put_op(b, OP_LOOP), put(b, VOID);
        body(b, depth + 1);
        put_index(b, OP_LOCAL_GET, counter), put_const(b, 1), put_op(b, OP_I32_SUB),
            put_index(b, OP_LOCAL_TEE, counter);
        put_const(b, 0), put_op(b, OP_I32_GT_S), put_index(b, OP_BR_IF, 0);
        put_op(b, OP_END);
        break;
    case 1: /* a branch that carries a vector */
        put_op(b, OP_BLOCK), put(b, VT_V128);
        body(b, depth + 1);
        get(b, 'x'), get(b, 'i'), put_index(b, OP_BR_IF, 0);
        put_set(b, 'x');
        body(b, depth + 1);
        get(b, 'x');
        put_op(b, OP_END);
        put_set(b, 'x');
        break;
    default:
        get(b, 'i');
        put_op(b, OP_IF), put(b, VOID);
        body(b, depth + 1);
        if (below(2)) put_op(b, OP_ELSE), body(b, depth + 1);
        put_op(b, OP_END);
        break;
    }
}

static void body(Bytes *b, uint32_t depth) {
    Row last = {.op = OP_I8X16_SWIZZLE, .operand = {0, 1, 2}};
    for (uint32_t n = 1 + below(8); n--;) {
        if (depth < strlen(counters) && below(6) == 0)
            construct(b, depth);
        else
            statement(b, &last);
    }
}

static FuncSpec helper(void) {
    FuncSpec f = {.type = helper_type, .local = "xi"};
    put_index(&f.code, OP_LOCAL_GET, NHELPER); /* zero at first */
    for (uint32_t i = 0; helper_type[i] != '_'; i++) {
        if (helper_type[i] != 'x') continue;
        put_index(&f.code, OP_LOCAL_GET, i), put_op(&f.code, OP_I8X16_ADD_SAT_S);
    }
    put_index(&f.code, OP_LOCAL_GET, 4), put_index(&f.code, OP_LOCAL_GET, 9), put_op(&f.code, OP_I64X2_SUB);
    put_index(&f.code, OP_LOCAL_GET, 3);
    return f;
}

static FuncSpec random_function(void) {
    FuncSpec f = {.type = function_type, .local = counters};
    for (uint32_t k = 0; k < 4; k++) body(&f.code, 0);
    for (uint32_t i = 0; locals[i]; i++) put_index(&f.code, OP_LOCAL_GET, i);
    return f;
}

static void test_random(void **state) {
    (void)state;
    uint32_t traps = 0, rounds = 600;
    assert_int_equal(strlen(locals) + 2, NLOCALS);
    for (uint32_t round = 0; round < rounds; round++) {
        seed = 1000000 + round;
        FuncSpec f[] = {random_function(), helper()};
        Instance *inst = instantiate(f, 2);
        const FuncType *t = module_func_type(inst->module, 0);
        Value args[NLOCALS];
        for (uint32_t i = 0; i < t->nparam; i++) args[i] = operand(t->param[i], false);
        Seen a = run_interp(inst, 0, args, t->nparam, 1 + round);
        char what[32];
        snprintf(what, sizeof what, "function %u", round);
        for (uint32_t k = 0; k < 6; k++) {
            Way way = {(BoundsMode)(k & 1), k / 2};
            make_ir(inst, way);
            Seen b = run_ir(inst, 0, ir_build_entry_adaptor(&tmp, t), args, t->nparam, 1 + round);
            compare(&a, &b, what, way);
            arena_reset(&tmp);
        }
        traps += a.trap != TRAP_NONE;
        arena_reset(&arena);
    }
    assert_true(traps > rounds / 50 && traps < rounds / 2);
}

/* -- Adaptors ----------------------------------------------------------------------------------- */

static uint32_t host_turns_around(ExecState *es, FuncInst *f) {
    (void)f;
    for (uint32_t i = 0; i < 4; i++) es->results[i] = es->args[3 - i];
    return 0;
}

/* A host's adaptor called through an entry's: all 16 bytes of each slot arrive. */
static void test_adaptors(void **state) {
    (void)state;
    static const ValType param[] = {VT_V128, VT_I32, VT_F64, VT_V128}, result[] = {VT_V128, VT_F64, VT_I32, VT_V128};
    FuncType t = {param, result, 4, 4};
    Fn *entry = ir_build_entry_adaptor(&tmp, &t), *adaptor = ir_build_host_adaptor(&tmp, &t);
    ExecState *es = region_es(&store.region);
    LibCalls before = es->lib;
    FuncInst f = {.code = adaptor, .ctx = &f};
    IrRun r = {.es = es, .arena = &tmp};
    char msg[200];
    if (!ir_verify(entry, msg, sizeof msg) || !ir_verify(adaptor, msg, sizeof msg)) fail_msg("%s", msg);
    es->lib.host_call = host_turns_around;
    memset(es->args, 0xa5, 4 * sizeof(Value));
    for (uint64_t i = 0; i < 4; i++) es->args[i] = (Value){.u64x2 = {0x8000000080000001 + i, 7 + i}};
    assert_true(ir_enter(&r, entry, &f));
    es->lib = before;
    assert_true(es->results[0].u64x2[0] == 0x8000000080000004 && es->results[0].u64x2[1] == 10);
    assert_true(es->results[1].u64x2[0] == 0x8000000080000003 && es->results[1].u64x2[1] == 0);
    assert_true(es->results[2].u64x2[0] == 0x80000002 && es->results[2].u64x2[1] == 0);
    assert_true(es->results[3].u64x2[0] == 0x8000000080000001 && es->results[3].u64x2[1] == 7);
    arena_reset(&tmp);
}

/* -- ------------------------------------------------------------------------------------------- */

static int setup(void **state) {
    const char *why;
    (void)state;
    arena_init(&arena, NULL);
    arena_init(&tmp, NULL);
    return store_open(&store, &(StoreOptions){.region = 7}, &why) ? 0 : -1;
}
static int teardown(void **state) {
    (void)state;
    store_close(&store);
    arena_free(&arena);
    arena_free(&tmp);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_adaptors)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
