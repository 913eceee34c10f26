/* Code for aarch64, executed: built natively for it (by a cross compiler, run under qemu-aarch64 elsewhere) from
 * the engine's sources and this file, with no test framework.  Each function is lowered, allocated, emitted, mapped
 * and entered through the stub, and must do what the oracle does, which interprets the same IR.
 *
 *   test_a64_exec [functions [first seed]] */
#define _GNU_SOURCE
#include "test/a64_world.h"
#include "test/charges.h"
#include "test/ir_oracle.h"
#include "test/ir_random.h"

/* -- Random functions against the oracle ------------------------------------------------ */

static uint8_t memory[RANDOM_BYTES], after[RANDOM_BYTES];

static void report(uint64_t seed, Mode mode, uint32_t want, uint32_t got) {
    fprintf(stderr, "seed %llu, %s, far %d, canon %d, fault %d: trap %u, expected %u\n", (unsigned long long)seed,
            mode.linear ? "linear" : "fast", mode.far, mode.canon, mode.fault, got, want);
    for (uint32_t k = 0; k < RANDOM_BYTES; k++)
        if (memory[k] != after[k]) fprintf(stderr, "  [%u] %02x, expected %02x\n", k, memory[k], after[k]);
}

/* Same trap, memory, counters, and the place of the trap in a table. */
static bool run_random(World *w, const Fn *f, uint32_t func, uint64_t seed, uint32_t input, Mode mode) {
    uint64_t ctx = (uint64_t)(uintptr_t)memory, fuel = input & 1 ? 500000 : UINT64_C(1) << 40;
    gen_memory(memory, seed + input * 1000003);
    es_put(w, ES_FUEL, fuel);
    es_put(w, ES_DEPTH, fuel + 5);
    es_put(w, ES_DEADLINE, input < 3);
    uint32_t want = oracle_run(f, w->es, &ctx);
    uint64_t counters[2] = {es_get(w, ES_FUEL), es_get(w, ES_DEPTH)};
    memcpy(after, memory, sizeof memory);
    gen_memory(memory, seed + input * 1000003);
    es_put(w, ES_FUEL, fuel);
    es_put(w, ES_DEPTH, fuel + 5);
    uint32_t got = world_run(w, func, memory);
    bool same = got == want && memcmp(memory, after, sizeof memory) == 0 && counters[0] == es_get(w, ES_FUEL) &&
                counters[1] == es_get(w, ES_DEPTH);
    if (same && got) {
        bool fault = (uint32_t)(es_get(w, ES_TRAP_KIND) >> 32) == 1;
        const CodeSite *s = find_site(w, es_get(w, ES_TRAP_PC), fault ? SITE_FAULT : SITE_TRAP);
        same = s && s->trap == got && (uint32_t)es_get(w, ES_TRAP_KIND) == got && (!fault || mode.fault);
    }
    if (!same) report(seed, mode, want, got);
    return same;
}

static uint32_t random_batch(World *w, uint64_t first, uint32_t n, Mode mode) {
    Arena a;
    uint32_t bad = 0;
    Fn **f = calloc(n, sizeof *f);
    arena_init(&a, NULL);
    world_open(w);
    for (uint32_t k = 0; k < n; k++) {
        f[k] = gen_fn(&a, first + k, 4 + (uint32_t)(first + k) % 24);
        f[k]->index = k;
        world_add(w, f[k], mode);
    }
    world_map(w);
    for (uint32_t k = 0; k < n; k++) {
        bool ok = true;
        for (uint32_t input = 0; input < 4 && ok; input++) ok = run_random(w, f[k], k, first + k, input, mode);
        bad += !ok;
    }
    world_close(w);
    arena_free(&a);
    free(f);
    return bad;
}

static void test_random(World *w, uint32_t count, uint64_t first) {
    uint32_t bad = 0;
    for (uint32_t done = 0; done < count; done += 50) {
        uint32_t m = done / 50;
        Mode mode = {.linear = m & 1, .far = m >> 1 & 1, .canon = m >> 2 & 1, .fault = m >> 3 & 1};
        bad += random_batch(w, first + done, count - done < 50 ? count - done : 50, mode);
    }
    printf("random: %u functions, %u wrong\n", count, bad);
    CHECK(bad == 0);
}

/* Those before `vplain`; the others, and two that fold lanes, are test_a64_exec_simd's. */
static void print_rules(const World *w) {
    uint32_t unused = 0;
    for (uint32_t r = 0; r < A64_RULE_vplain; r++) {
        if (r == A64_RULE_test_lanes || r == A64_RULE_store_lane) continue;
        if (getenv("RULES")) printf("  %-18s %8u  %s\n", a64_rule[r].name, w->hits[r], a64_rule[r].pattern);
        if (w->hits[r] == 0) printf("rule never applied: %s\n", a64_rule[r].name), unused++;
    }
    printf("%u rules, %u never applied\n", (unsigned)A64_RULE_vplain - 2, unused);
}

/* -- Every operation on boundary values ------------------------------------------------------ */

static const uint64_t int_edge[] = {0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    31,
                                    32,
                                    33,
                                    63,
                                    64,
                                    127,
                                    128,
                                    255,
                                    256,
                                    4095,
                                    4096,
                                    32767,
                                    32768,
                                    65535,
                                    65536,
                                    0x7ffffffe,
                                    0x7fffffff,
                                    0x80000000,
                                    0x80000001,
                                    0xfffffffe,
                                    0xffffffff,
                                    0x100000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0x8000000000000001,
                                    0xfffffffffffffffe,
                                    0xffffffffffffffff,
                                    0x123456789abcdef0};
static const uint64_t f32_edge[] = {0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000, 0x3f000000,
                                    0x3effffff, 0xbf000000, 0x3f800000, 0xbf800000, 0x3fc00000, 0x40200000, 0xc0200000,
                                    0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff,
                                    0x5f000000, 0xdf000000, 0xdf000001, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0x7f800000,
                                    0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff, 0x4b000001, 0x4affffff};
static const uint64_t f64_edge[] = {0,
                                    0x8000000000000000,
                                    1,
                                    0x8000000000000001,
                                    0x000fffffffffffff,
                                    0x0010000000000000,
                                    0x3fe0000000000000,
                                    0x3fdfffffffffffff,
                                    0xbfe0000000000000,
                                    0x3ff0000000000000,
                                    0xbff0000000000000,
                                    0x3ff8000000000000,
                                    0x4004000000000000,
                                    0xc004000000000000,
                                    0x41dfffffffc00000,
                                    0x41dfffffffffffff,
                                    0x41e0000000000000,
                                    0xc1e0000000000000,
                                    0xc1e00000001fffff,
                                    0xc1e0000000200000,
                                    0x41efffffffe00000,
                                    0x41efffffffffffff,
                                    0x41f0000000000000,
                                    0x43dfffffffffffff,
                                    0x43e0000000000000,
                                    0xc3e0000000000000,
                                    0xc3e0000000000001,
                                    0x43efffffffffffff,
                                    0x43f0000000000000,
                                    0x47efffffe0000000,
                                    0x47effffff0000000,
                                    0x36a0000000000000,
                                    0x3690000000000000,
                                    0x3690000000000001,
                                    0x7fefffffffffffff,
                                    0x7ff0000000000000,
                                    0xfff0000000000000,
                                    0x7ff8000000000000,
                                    0xfff8000000000000,
                                    0x7ff0000000000001,
                                    0xfff7ffffffffffff,
                                    0x4330000000000001};

static const uint64_t *edges(IrType t, uint32_t *n) {
    *n = (t <= T_I64 ? sizeof int_edge : t == T_F32 ? sizeof f32_edge : sizeof f64_edge) / 8;
    return t <= T_I64 ? int_edge : t == T_F32 ? f32_edge : f64_edge;
}

typedef struct OpCase {
    IrOp op;
    uint8_t aux;
    IrType a, b, result; /* b: T_NONE for one operand */
} OpCase;

static uint32_t op_cases(OpCase *out) {
    uint32_t n = 0;
    for (IrType t = T_I32; t <= T_I64; t++) {
        for (IrOp op = IR_iadd; op <= IR_rotr; op++) out[n++] = (OpCase){op, 0, t, t, t};
        for (IrOp op = IR_clz; op <= (t == T_I64 ? IR_sext32 : IR_sext16); op++)
            out[n++] = (OpCase){op, 0, t, T_NONE, t};
        for (uint8_t c = 0; c < C_COUNT; c++) out[n++] = (OpCase){IR_icmp, c, t, t, T_I32};
        out[n++] = (OpCase){IR_eqz, 0, t, T_NONE, T_I32};
        for (IrType f = T_F32; f <= T_F64; f++) {
            out[n++] = (OpCase){IR_fcvt_s, 0, f, T_NONE, t};
            out[n++] = (OpCase){IR_fcvt_u, 0, f, T_NONE, t};
            out[n++] = (OpCase){IR_icvt_s, 0, t, T_NONE, f};
            out[n++] = (OpCase){IR_icvt_u, 0, t, T_NONE, f};
        }
    }
    for (IrType t = T_F32; t <= T_F64; t++) {
        for (IrOp op = IR_fadd; op <= IR_fcopysign; op++) out[n++] = (OpCase){op, 0, t, t, t};
        for (IrOp op = IR_fabs; op <= IR_fcanon; op++) out[n++] = (OpCase){op, 0, t, T_NONE, t};
        for (uint8_t c = 0; c < FC_COUNT; c++) out[n++] = (OpCase){IR_fcmp, c, t, t, T_I32};
    }
    out[n++] = (OpCase){IR_sext, 0, T_I32, T_NONE, T_I64};
    out[n++] = (OpCase){IR_zext, 0, T_I32, T_NONE, T_I64};
    out[n++] = (OpCase){IR_wrap, 0, T_I64, T_NONE, T_I32};
    out[n++] = (OpCase){IR_fdemote, 0, T_F64, T_NONE, T_F32};
    out[n++] = (OpCase){IR_fpromote, 0, T_F32, T_NONE, T_F64};
    out[n++] = (OpCase){IR_bitcast, 0, T_I32, T_NONE, T_F32};
    out[n++] = (OpCase){IR_bitcast, 0, T_F32, T_NONE, T_I32};
    out[n++] = (OpCase){IR_bitcast, 0, T_I64, T_NONE, T_F64};
    out[n++] = (OpCase){IR_bitcast, 0, T_F64, T_NONE, T_I64};
    return n;
}

static bool needs_canon(IrOp op) {
    return (op >= IR_fadd && op <= IR_fmax) || (op >= IR_fsqrt && op <= IR_fnearest) || op == IR_fdemote ||
           op == IR_fpromote;
}

/* [16] = op([0], [8]); an operand may be constant: side 1 the first, 2 the second. */
static Fn *op_fn(Arena *a, const OpCase *c, int side, uint64_t k) {
    BlkId b;
    Val ctx, x[2];
    Fn *f = new_fn(a, &b, &ctx);
    for (int n = 0; n < 2; n++) {
        IrType t = n ? c->b : c->a;
        if (t == T_NONE) continue;
        uint64_t bits = t == T_I32 || t == T_F32 ? (uint32_t)k : k;
        x[n] = side == n + 1 ? fn_ins(f, b, 1,
                                      (Ins){.op = t >= T_F32 ? IR_fconst : IR_iconst,
                                            .type = (uint8_t)t,
                                            .a = (uint32_t)bits,
                                            .b = (uint32_t)(bits >> 32)})
                             : load_at(f, b, ctx, t, 8 * (uint32_t)n);
    }
    Val r =
        fn_ins(f, b, 1,
               (Ins){.op = (uint8_t)c->op, .type = (uint8_t)c->result, .aux = c->aux, .a = x[0], .b = c->b ? x[1] : 0});
    if (needs_canon(c->op)) r = fn_ins(f, b, 1, (Ins){.op = IR_fcanon, .a = r});
    store_at(f, b, ctx, r, 16);
    fn_ret(f, b);
    return f;
}

static bool division_undefined(const OpCase *c, uint64_t x, uint64_t y) {
    bool w = c->a == T_I64;
    if (c->op < IR_sdiv || c->op > IR_urem) return false;
    if ((w ? y : (uint32_t)y) == 0) return true;
    return c->op == IR_sdiv &&
           (w ? y == UINT64_MAX && x == UINT64_C(1) << 63 : (uint32_t)y == UINT32_MAX && (uint32_t)x == 1u << 31);
}

static uint64_t op_pair(World *w, const Fn *f, uint32_t func, uint64_t x, uint64_t y) {
    uint64_t mem[3] = {x, y, 0xeeeeeeeeeeeeeeee}, want[3] = {x, y, 0xeeeeeeeeeeeeeeee}, ctx = (uint64_t)(uintptr_t)want;
    oracle_run(f, w->es, &ctx);
    CHECK(world_run(w, func, mem) == 0);
    if (memcmp(mem, want, sizeof mem) == 0) return 0;
    fprintf(stderr, "%s of %#llx, %#llx: %#llx, expected %#llx\n", ir_info[f->ins.at[f->ins.n - 3].op].name,
            (unsigned long long)x, (unsigned long long)y, (unsigned long long)mem[2], (unsigned long long)want[2]);
    return 1;
}

static void test_ops(World *w, Mode mode) {
    OpCase c[300];
    uint32_t n = op_cases(c), nx, ny;
    uint64_t runs = 0, bad = 0;
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    Fn **f = calloc(n * (1 + 2 * 64), sizeof *f);
    uint32_t count = 0;
    for (uint32_t k = 0; k < n; k++) {
        f[count++] = op_fn(&a, &c[k], 0, 0);
        for (int side = 1; side <= 2; side++) {
            const uint64_t *e = edges(side == 1 ? c[k].a : c[k].b ? c[k].b : T_I32, &ny);
            for (uint32_t j = 0; j < ny && c[k].b; j++) {
                f[count++] = side == 2 && division_undefined(&c[k], UINT64_C(1) << (c[k].a == T_I64 ? 63 : 31), e[j])
                                 ? NULL
                                 : op_fn(&a, &c[k], side, e[j]);
            }
        }
    }
    uint32_t *func = calloc(count, sizeof *func);
    for (uint32_t k = 0; k < count; k++)
        if (f[k]) func[k] = world_add(w, f[k], mode);
    world_map(w);
    count = 0;
    for (uint32_t k = 0; k < n; k++) {
        const uint64_t *x = edges(c[k].a, &nx), *y = edges(c[k].b ? c[k].b : T_I32, &ny);
        for (uint32_t i = 0; i < nx; i++)
            for (uint32_t j = 0; j < (c[k].b ? ny : 1); j++)
                if (!division_undefined(&c[k], x[i], y[j]))
                    bad += op_pair(w, f[count], func[count], x[i], y[j]), runs++;
        count++;
        for (int side = 1; side <= 2 && c[k].b; side++)
            for (uint32_t j = 0; j < (side == 1 ? nx : ny); j++, count++)
                for (uint32_t i = 0; f[count] && i < (side == 1 ? ny : nx); i++) {
                    uint64_t p = side == 1 ? x[j] : x[i], q = side == 1 ? y[i] : y[j];
                    if (!division_undefined(&c[k], p, q)) bad += op_pair(w, f[count], func[count], p, q), runs++;
                }
    }
    printf("operations: %u, %u functions, %llu runs\n", n, count, (unsigned long long)runs);
    CHECK(bad == 0);
    free(f);
    free(func);
    world_close(w);
    arena_free(&a);
}

/* -- Calls ------------------------------------------------------------------------------------ */

enum { NPARAM = 25, NRESULT = 14 };
static const uint8_t call_param[1 + NPARAM + 4] = {T_I64, T_I32, T_I64, T_F32, T_F64, T_I32, T_I64, T_F32, T_F64,
                                                   T_I32, T_I64, T_F32, T_F64, T_I32, T_I64, T_F32, T_F64, T_I32,
                                                   T_I64, T_F32, T_F64, T_I32, T_I64, T_F32, T_F64, T_I32};
static const IrSig call_sig = {.param = call_param, .nparam = 1 + NPARAM, .result = call_param + 1, .nresult = NRESULT};

/* Parameters to results, rotated by four so that types agree. */
static Fn *callee_fn(Arena *a) {
    Fn *f = fn_new(a, "callee", 0, &call_sig);
    BlkId b = fn_block(f);
    Val p[1 + NPARAM], r[NRESULT];
    f->frame_cost = 100000;
    for (uint32_t k = 0; k <= NPARAM; k++) p[k] = fn_param(f, b, (IrType)call_param[k]);
    for (uint32_t k = 0; k < NRESULT; k++) r[k] = p[1 + k + 8];
    uint32_t at = fn_pool(f, r, NRESULT);
    fn_ins(f, b, 1, (Ins){.op = IR_ret, .a = at, .b = NRESULT});
    return f;
}

/* Passes its own parameters on, by a tail call; the code address of `to` is at [ctx] for a reference. */
static Fn *tail_fn(Arena *a, uint32_t index, bool ref) {
    Fn *f = fn_new(a, "tail", index, &call_sig);
    BlkId b = fn_block(f);
    Val p[2 + NPARAM];
    f->frame_cost = 100000;
    for (uint32_t k = 0; k <= NPARAM; k++) p[1 + k] = fn_param(f, b, (IrType)call_param[k]);
    p[0] = load_at(f, b, p[1], T_I64, 0);
    vec_push(a, &f->calls, ((Callee){.kind = ref ? CALLEE_REF : CALLEE_FUNC, .index = 0, .sig = call_sig}));
    /* values that need callee-saved registers, which the tail call must restore */
    Val keep[20];
    for (uint32_t k = 0; k < 20; k++) keep[k] = load_at(f, b, p[1], T_I64, 8 * k);
    for (uint32_t k = 0; k < 20; k++) store_at(f, b, p[1], keep[k], 8 * k);
    uint32_t at = fn_pool(f, p + !ref, 1 + NPARAM + ref);
    fn_ins(f, b, 1, (Ins){.op = IR_tailcall, .a = at, .b = 1 + NPARAM + ref});
    return f;
}

/* Arguments from [8 + 8k], results to [1024 + 8k]; what lives across the call goes to [2048 + 8k]. */
static Fn *caller_fn(Arena *a, uint32_t index, uint32_t to, bool ref) {
    BlkId b;
    Val ctx, arg[2 + NPARAM], keep[24];
    Fn *f = new_fn(a, &b, &ctx);
    f->index = index;
    arg[0] = load_at(f, b, ctx, T_I64, 0);
    arg[1] = ctx;
    for (uint32_t k = 0; k < NPARAM; k++) arg[2 + k] = load_at(f, b, ctx, (IrType)call_param[1 + k], 8 + 8 * k);
    for (uint32_t k = 0; k < 24; k++) keep[k] = load_at(f, b, ctx, (IrType)(T_I32 + k % 4), 8 + 8 * k);
    vec_push(a, &f->calls, ((Callee){.kind = ref ? CALLEE_REF : CALLEE_FUNC, .index = to, .sig = call_sig}));
    uint32_t at = fn_pool(f, arg + !ref, 1 + NPARAM + ref);
    Val call = fn_ins(f, b, 77, (Ins){.op = IR_call, .type = T_NONE, .a = at, .b = 1 + NPARAM + ref});
    Val r[NRESULT];
    for (uint32_t k = 0; k < NRESULT; k++)
        r[k] = fn_ins(f, b, 77, (Ins){.op = IR_proj, .type = call_param[1 + k], .a = call, .b = k});
    for (uint32_t k = 0; k < NRESULT; k++) store_at(f, b, ctx, r[k], 1024 + 8 * k);
    for (uint32_t k = 0; k < 24; k++) store_at(f, b, ctx, keep[k], 2048 + 8 * k);
    fn_ret(f, b);
    return f;
}

static void test_calls(World *w, Mode mode) {
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    world_add(w, callee_fn(&a), mode);
    world_add(w, tail_fn(&a, 1, false), mode);
    world_add(w, tail_fn(&a, 2, true), mode);
    for (uint32_t k = 0; k < 3; k++) world_add(w, caller_fn(&a, 3 + k, k, false), mode);
    for (uint32_t k = 0; k < 3; k++) world_add(w, caller_fn(&a, 6 + k, k, true), mode);
    world_map(w);
    for (uint32_t func = 3; func < 9; func++) {
        uint8_t mem[4096];
        /* a reference: straight to the callee, or to the tail caller that is not itself by reference */
        uint32_t to = func == 8 ? 0 : func >= 6 ? func - 6 : 0;
        for (uint32_t k = 0; k < 4096; k++) mem[k] = (uint8_t)(k * 37 + k / 256 * 11 + func);
        uint64_t code = (uint64_t)(uintptr_t)(w->code + w->func.at[to]);
        memcpy(mem, &code, 8);
        CHECK(world_run(w, func, mem) == 0);
        for (uint32_t k = 0; k < NRESULT; k++) {
            uint32_t bytes = access_bytes[whole_access((IrType)call_param[1 + k])];
            CHECK(memcmp(mem + 1024 + 8 * k, mem + 8 + 8 * (k + 8), bytes) == 0);
        }
        for (uint32_t k = 0; k < 24; k++)
            CHECK(memcmp(mem + 2048 + 8 * k, mem + 8 + 8 * k, k % 2 ? (k % 4 == 1 ? 8 : 8) : 4) == 0);
    }
    world_close(w);
    arena_free(&a);
}

/* -- C calls, nested entry, traps, backtraces ---------------------------------------------------- */

static uint64_t lib_got[6];
static uint64_t lib_function(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    lib_got[0] = a, lib_got[1] = b, lib_got[2] = c, lib_got[3] = (uint32_t)d, lib_got[4] = e, lib_got[5] = f;
    uint64_t outer = es_get(the_world, ES_ENTRY_SP);
    EnterFn enter = (EnterFn)(uintptr_t)(the_world->code + the_world->stub.enter);
    /* in again: one that returns, one that traps; both leave the outer entry as it was */
    static uint8_t mem[4096];
    CHECK(enter(the_world->es, the_world->code + the_world->func.at[1], mem) == 0);
    CHECK(enter(the_world->es, the_world->code + the_world->func.at[2], mem) == 5);
    CHECK(es_get(the_world, ES_ENTRY_SP) == outer && outer != 0);
    return 0xabcdef0012345678;
}

/* Stores at [8] the zero-extended i32 result of the library call, and values that live across it. */
static Fn *lib_fn(Arena *a) {
    static const uint8_t param[] = {T_I64, T_I64, T_I64, T_I32, T_I64, T_I64}, result[] = {T_I32};
    BlkId b;
    Val ctx, arg[6], keep[20];
    Fn *f = new_fn(a, &b, &ctx);
    vec_push(
        a, &f->calls,
        ((Callee){
            .kind = CALLEE_LIB, .index = 3, .sig = {.param = param, .nparam = 6, .result = result, .nresult = 1}}));
    for (uint32_t k = 0; k < 20; k++) keep[k] = load_at(f, b, ctx, (IrType)(T_I32 + k % 4), 64 + 8 * k);
    arg[0] = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
    arg[1] = ctx;
    for (uint32_t k = 2; k < 6; k++) arg[k] = load_at(f, b, ctx, (IrType)param[k], 16 + 8 * (k - 2));
    uint32_t at = fn_pool(f, arg, 6);
    Val r = fn_ins(f, b, 1, (Ins){.op = IR_call, .type = T_I32, .a = at, .b = 6});
    store_at(f, b, ctx, fn_ins(f, b, 1, (Ins){.op = IR_zext, .type = T_I64, .a = r}), 8);
    for (uint32_t k = 0; k < 20; k++) store_at(f, b, ctx, keep[k], 1024 + 8 * k);
    fn_ret(f, b);
    return f;
}

static Fn *plain_fn(Arena *a, uint8_t trap) {
    BlkId b;
    Val ctx;
    Fn *f = new_fn(a, &b, &ctx);
    store_at(f, b, ctx, fn_iconst(f, b, 1, T_I64, 42), 8);
    if (trap)
        fn_ins(f, b, 99, (Ins){.op = IR_trap, .aux = trap});
    else
        fn_ret(f, b);
    return f;
}

/* Many values alive, so a frame that would show if it lay over another one: [0..512) to [1024..1536) */
static Fn *wide_fn(Arena *a) {
    BlkId b;
    Val ctx, v[64];
    Fn *f = new_fn(a, &b, &ctx);
    for (uint32_t k = 0; k < 64; k++) v[k] = load_at(f, b, ctx, k % 2 ? T_F64 : T_I64, 8 * k);
    for (uint32_t k = 0; k < 64; k++) store_at(f, b, ctx, v[63 - k], 1024 + 8 * (63 - k));
    fn_ret(f, b);
    return f;
}

/* f(ctx): charge depth; f(ctx) */
static Fn *recursive_fn(Arena *a, uint32_t index) {
    static const uint8_t param[] = {T_I64};
    BlkId b;
    Val ctx;
    Fn *f = new_fn(a, &b, &ctx);
    f->index = index;
    fn_ins(f, b, 10, (Ins){.op = IR_charge, .aux = 1, .a = 3});
    vec_push(a, &f->calls, ((Callee){.kind = CALLEE_FUNC, .index = index, .sig = {.param = param, .nparam = 1}}));
    uint32_t at = fn_pool(f, &ctx, 1);
    fn_ins(f, b, 20, (Ins){.op = IR_call, .type = T_NONE, .a = at, .b = 1});
    fn_ins(f, b, 10, (Ins){.op = IR_refund, .aux = 1, .a = 3});
    fn_ret(f, b);
    return f;
}

static uint64_t read_fpcr(void) {
    uint64_t v;
    __asm__ volatile("mrs %0, fpcr" : "=r"(v));
    return v;
}
static void write_fpcr(uint64_t v) { __asm__ volatile("msr fpcr, %0" : : "r"(v)); }

/* Compiled code rounds to nearest whatever its caller does, and the caller finds its mode again. */
static void test_rounding(World *w, Mode mode) {
    Arena a;
    uint64_t mem[3] = {0x3ff0000000000000, 0x3c00000000000000, 0};
    arena_init(&a, NULL);
    world_open(w);
    world_add(w, op_fn(&a, &(OpCase){IR_fadd, 0, T_F64, T_F64, T_F64}, 0, 0), mode);
    world_add(w, plain_fn(&a, 5), mode);
    world_map(w);
    uint64_t before = read_fpcr(), up = 1 << 22;
    CHECK(before == 0);
    write_fpcr(up);
    uint32_t trap = world_run(w, 0, mem);
    uint64_t got = read_fpcr();
    uint8_t room[64];
    uint32_t trap5 = world_run(w, 1, room);
    uint64_t got5 = read_fpcr();
    write_fpcr(before);
    CHECK(trap == 0 && trap5 == 5 && got == up && got5 == up && mem[2] == mem[0]);
    world_close(w);
    arena_free(&a);
}

static void test_stubs(World *w, Mode mode) {
    Arena a;
    uint8_t mem[4096];
    arena_init(&a, NULL);
    world_open(w);
    world_add(w, lib_fn(&a), mode);
    world_add(w, wide_fn(&a), mode);
    world_add(w, plain_fn(&a, 5), mode);
    world_add(w, recursive_fn(&a, 3), mode);
    world_map(w);
    es_put(w, ES_LIB(3), (uint64_t)(uintptr_t)lib_function);
    for (uint32_t k = 0; k < 4096; k++) mem[k] = (uint8_t)(k * 7 + k / 256);
    uint64_t v;
    CHECK(world_run(w, 0, mem) == 0);
    memcpy(&v, mem + 8, 8);
    CHECK(v == 0x12345678);
    CHECK(lib_got[0] == (uint64_t)(uintptr_t)w->es && lib_got[1] == (uint64_t)(uintptr_t)mem);
    for (uint32_t k = 0; k < 4; k++) CHECK(memcmp(&lib_got[2 + k], mem + 16 + 8 * k, k == 1 ? 4 : 8) == 0);
    for (uint32_t k = 0; k < 20; k++) CHECK(memcmp(mem + 1024 + 8 * k, mem + 64 + 8 * k, k % 2 ? 8 : 4) == 0);

    CHECK(world_run(w, 2, mem) == 5);
    const CodeSite *s = find_site(w, es_get(w, ES_TRAP_PC), SITE_TRAP);
    CHECK(s && s->trap == 5 && s->loc == 99);

    es_put(w, ES_DEPTH, 3000 + 2);
    CHECK(world_run(w, 3, mem) == CODE_TRAP_EXHAUSTION);
    CHECK(es_get(w, ES_DEPTH) == UINT64_MAX); /* the charge that failed has been made */
    s = find_site(w, es_get(w, ES_TRAP_PC), SITE_TRAP);
    CHECK(s && s->trap == CODE_TRAP_EXHAUSTION && s->loc == 10);
    uint32_t frames = 0;
    const uint64_t *fp = (const uint64_t *)(uintptr_t)es_get(w, ES_TRAP_FP);
    for (; fp[0]; fp = (const uint64_t *)(uintptr_t)fp[0], frames++) {
        s = find_site(w, fp[1], SITE_CALL);
        CHECK(s && s->loc == 20);
    }
    CHECK(frames == 1000); /* and the one entered from C */
    world_close(w);
    arena_free(&a);
}

/* By faults they are one check, so both counters have changed when that fails. */
static void test_charges(World *w, Mode mode) {
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    world_add(w, charges_fn(&a), mode);
    world_map(w);
    for (uint32_t k = 0; k < 2 * CHARGES_CASES; k++) {
        int64_t before[2], want_left[2];
        const ChargePart *want = charges_case(k / 2, k % 2 ? 1 << 30 : 1, before, want_left);
        es_put(w, ES_FUEL, (uint64_t)before[0]);
        es_put(w, ES_DEPTH, (uint64_t)before[1]);
        uint32_t trap = world_run(w, 0, NULL);
        CHECK((trap != 0) == (want != NULL));
        int64_t left[2] = {(int64_t)es_get(w, ES_FUEL), (int64_t)es_get(w, ES_DEPTH)};
        if (want) {
            const CodeSite *s = find_site(w, es_get(w, ES_TRAP_PC), mode.fault ? SITE_FAULT : SITE_TRAP);
            CHECK(s && s->trap == trap);
            const ChargePart *got = s->ncharge ? code_first_charge(w->cb.charge.at + s->loc, s->ncharge, left) : NULL;
            CHECK((s->ncharge ? got->loc : s->loc) == want->loc);
        }
        CHECK(memcmp(left, want_left, sizeof left) == 0);
    }
    world_close(w);
    arena_free(&a);
}

/* enter keeps what AAPCS64 wants kept, with code that uses all registers. */
static void test_preserved(World *w, Mode mode) {
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    world_add(w, wide_fn(&a), mode);
    world_add(w, plain_fn(&a, 5), mode);
    world_map(w);
    for (uint32_t func = 0; func < 2; func++) {
        static uint64_t mem[512], kept[20];
        register uint64_t x0 __asm__("x0") = (uint64_t)(uintptr_t)w->es,
                             x1 __asm__("x1") = (uint64_t)(uintptr_t)(w->code + w->func.at[func]),
                             x2 __asm__("x2") = (uint64_t)(uintptr_t)mem,
                             x3 __asm__("x3") = (uint64_t)(uintptr_t)(w->code + w->stub.enter),
                             x4 __asm__("x4") = (uint64_t)(uintptr_t)kept;
        __asm__ volatile(
            "str x4, [sp, #-16]!\n"
            "mov x19, #19\n mov x20, #20\n mov x21, #21\n mov x22, #22\n mov x23, #23\n mov x24, #24\n mov x25, #25\n "
            "mov x26, #26\n mov x27, #27\n"
            "mov x28, #28\n fmov d8, x19\n fmov d9, x20\n fmov d10, x21\n fmov d11, x22\n fmov d12, x23\n fmov d13, "
            "x24\n fmov d14, x25\n fmov d15, x26\n"
            "blr x3\n"
            "ldr x4, [sp], #16\n"
            "stp x19, x20, [x4]\n stp x21, x22, [x4, #16]\n stp x23, x24, [x4, #32]\n stp x25, x26, [x4, #48]\n stp "
            "x27, x28, [x4, #64]\n"
            "stp d8, d9, [x4, #80]\n stp d10, d11, [x4, #96]\n stp d12, d13, [x4, #112]\n stp d14, d15, [x4, #128]\n"
            : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4)
            :
            : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x19", "x20", "x21",
              "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
              "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
              "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");
        CHECK((uint32_t)x0 == (func ? 5 : 0));
        for (uint32_t k = 0; k < 18; k++) CHECK(kept[k] == (k < 10 ? 19 + k : 9 + k));
    }
    world_close(w);
    arena_free(&a);
}

/* -- Faults ----------------------------------------------------------------------------------------- */

/* Loads and stores at [0] + disp, with the address in all its forms; base is [8], index [16]. */
static Fn *fault_fn(Arena *a, uint32_t form, uint32_t disp, Access access, bool store) {
    BlkId b;
    Val ctx;
    Fn *f = new_fn(a, &b, &ctx);
    IrType t = access == ACC_F32 ? T_F32 : access == ACC_F64 ? T_F64 : access == ACC_64 ? T_I64 : T_I32;
    Val at = load_at(f, b, ctx, T_I64, 0), v = load_at(f, b, ctx, t, 8), x = 0;
    if (form == 1) {
        x = fn_ins(f, b, 1, (Ins){.op = IR_zext, .type = T_I64, .a = load_at(f, b, ctx, T_I32, 16)});
        at = fn_ins(f, b, 1, (Ins){.op = IR_iadd, .a = at, .b = x});
    } else if (form == 2) {
        at = fn_ins(f, b, 1, (Ins){.op = IR_iadd, .a = at, .b = fn_iconst(f, b, 1, T_I64, 0 - (uint64_t)disp)});
    }
    uint8_t flags = MEM_HEAP | MEM_TRAPS;
    if (store && access == ACC_16S) access = ACC_16U;
    if (store)
        fn_ins(f, b, 1234, (Ins){.op = IR_store, .aux = (uint8_t)access, .flags = flags, .a = at, .b = v, .c = disp});
    else
        x = fn_ins(
            f, b, 1234,
            (Ins){.op = IR_load, .type = (uint8_t)t, .aux = (uint8_t)access, .flags = flags, .a = at, .b = disp});
    if (!store && form) store_at(f, b, ctx, x, 24); /* form 0: not used, but it traps */
    fn_ret(f, b);
    return f;
}

static void test_faults(World *w, Mode mode) {
    static const uint32_t disp[] = {0, 1, 255, 256, 4095, 32760, 32768, 65536, 0x12345678, 0x7fffffff};
    static const uint8_t access[] = {ACC_8U, ACC_16S, ACC_32, ACC_64, ACC_F32, ACC_F64};
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    for (uint32_t k = 0; k < 10 * 6 * 3 * 2; k++)
        world_add(w, fault_fn(&a, k / 2 % 3, disp[k / 36], (Access)access[k / 6 % 6], k % 2), mode);
    world_map(w);
    uint8_t *none = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            *some = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint32_t k = 0; k < w->func.n; k++) {
        uint32_t d = disp[k / 36], form = k / 2 % 3;
        for (int bad = 0; bad < 2; bad++) {
            uint64_t target = (uint64_t)(uintptr_t)(bad ? none + 4096 : some + 64),
                     mem[8] = {target - (form == 2 ? 0 : d) - (form == 1 ? 24 : 0), 77, 24};
            CHECK(world_run(w, k, mem) == (bad ? CODE_TRAP_MEMORY_BOUNDS : 0));
            if (!bad) continue;
            const CodeSite *s = find_site(w, es_get(w, ES_TRAP_PC), SITE_FAULT);
            CHECK(s && s->loc == 1234 && s->trap == CODE_TRAP_MEMORY_BOUNDS);
        }
    }
    munmap(none, 65536);
    munmap(some, 4096);
    world_close(w);
    arena_free(&a);
}

/* -- Vectors ------------------------------------------------------------------------------------------ */

/* More of them than registers; selected by [0] from the inputs at [16] and two constants; to [2048]. */
static void test_vectors(World *w, Mode mode) {
    static const uint32_t constant[2][4] = {{0x11111111, 0x22222222, 0x33333333, 0xf4444444}, {0, 0, 0, 0}};
    Arena a;
    BlkId b;
    Val ctx, in[48], out[48], k2[2];
    uint8_t mem[4096];
    arena_init(&a, NULL);
    world_open(w);
    Fn *f = new_fn(&a, &b, &ctx);
    for (uint32_t k = 0; k < 48; k++)
        in[k] = fn_ins(f, b, 1, (Ins){.op = IR_load, .type = T_V128, .aux = ACC_V128, .a = ctx, .b = 16 + 16 * k});
    for (uint32_t k = 0; k < 2; k++)
        k2[k] = fn_ins(f, b, 1, (Ins){.op = IR_vconst, .type = T_V128, .a = fn_pool(f, constant[k], 4)});
    for (uint32_t k = 0; k < 48; k++) {
        Val c = load_at(f, b, ctx, T_I32, 4 * (k % 2));
        out[k] = fn_ins(
            f, b, 1, (Ins){.op = IR_select, .type = T_V128, .a = c, .b = in[k], .c = k < 24 ? k2[k % 2] : in[47 - k]});
    }
    for (uint32_t k = 0; k < 48; k++)
        fn_ins(f, b, 1, (Ins){.op = IR_store, .aux = ACC_V128, .a = ctx, .b = out[k], .c = 2048 + 16 * k});
    fn_ret(f, b);
    world_add(w, f, mode);
    world_map(w);
    for (uint32_t k = 0; k < 4096; k++) mem[k] = (uint8_t)(k * 5 + k / 256);
    static const uint32_t cond[2] = {0, 0x80000000};
    memcpy(mem, cond, 8);
    CHECK(world_run(w, 0, mem) == 0);
    for (uint32_t k = 0; k < 48; k++) {
        const uint8_t *want = k % 2    ? mem + 16 + 16 * k
                              : k < 24 ? (const uint8_t *)constant[k % 2]
                                       : mem + 16 + 16 * (47 - k);
        CHECK(memcmp(mem + 2048 + 16 * k, want, 16) == 0);
    }
    world_close(w);
    arena_free(&a);
}

/* -- Large functions ------------------------------------------------------------------------------------ */

/* More values alive than any immediate of a slot's address reaches; a loop of moves among them would not terminate
 * if one were lost. */
static void test_large_frame(World *w, Mode mode, uint32_t n) {
    Arena a;
    BlkId b;
    Val ctx, *v = calloc(n, sizeof *v);
    uint8_t *mem = malloc(16 * n);
    arena_init(&a, NULL);
    world_open(w);
    Fn *f = new_fn(&a, &b, &ctx);
    f->frame_cost = n + 100000;
    for (uint32_t k = 0; k < n; k++) v[k] = load_at(f, b, ctx, (IrType)(T_I32 + k % 4), 8 * k);
    for (uint32_t k = 0; k < n; k++) store_at(f, b, ctx, v[k], 8 * (n + k));
    fn_ret(f, b);
    world_add(w, f, mode);
    world_map(w);
    for (uint32_t k = 0; k < 16 * n; k++) mem[k] = (uint8_t)(k * 31 + k / 256);
    CHECK(world_run(w, 0, mem) == 0);
    for (uint32_t k = 0; k < n; k++) CHECK(memcmp(mem + 8 * k, mem + 8 * (n + k), k % 2 ? 8 : 4) == 0);
    world_close(w);
    arena_free(&a);
    free(v);
    free(mem);
}

/* brif and a trap across `n` instructions, and a jump table of `arms` arms around them. */
static void test_large_code(World *w, Mode mode, uint32_t n, uint32_t arms) {
    Arena a;
    BlkId b, body, out;
    Val ctx;
    arena_init(&a, NULL);
    world_open(w);
    Fn *f = new_fn(&a, &b, &ctx);
    f->frame_cost = 1000000;
    body = fn_block(f), out = fn_block(f);
    Val x = load_at(f, b, ctx, T_I64, 0), c = load_at(f, b, ctx, T_I32, 8);
    fn_ins(f, b, 1, (Ins){.op = IR_trapnz, .aux = 7, .a = load_at(f, b, ctx, T_I32, 16)});
    Val bit = fn_ins(f, b, 1, (Ins){.op = IR_iand, .a = c, .b = fn_iconst(f, b, 1, T_I32, 4)});
    Val lit = fn_ins(f, b, 1, (Ins){.op = IR_fconst, .type = T_F64, .a = 0x9999999a, .b = 0x3fb99999});
    store_at(f, b, ctx, lit, 24);
    fn_ins(f, b, 1, (Ins){.op = IR_brif, .a = bit});
    fn_edge(f, b, body, NULL, 0);
    Val zero = x;
    fn_edge(f, b, out, &zero, 1);
    Val y = x, k3 = fn_iconst(f, body, 1, T_I64, 3);
    for (uint32_t k = 0; k < n; k++)
        y = fn_ins(f, body, 1, (Ins){.op = k % 2 ? IR_iadd : IR_ixor, .a = y, .b = k % 3 ? k3 : x});
    fn_ins(f, body, 1, (Ins){.op = IR_brtable, .a = c});
    for (uint32_t k = 0; k < arms; k++) {
        BlkId arm = fn_block(f);
        fn_edge(f, body, arm, NULL, 0);
        Val r = fn_ins(f, arm, 1, (Ins){.op = IR_iadd, .a = y, .b = fn_iconst(f, arm, 1, T_I64, k * 1000)});
        fn_ins(f, arm, 1, (Ins){.op = IR_jump});
        fn_edge(f, arm, out, &r, 1);
    }
    Val r = fn_param(f, out, T_I64);
    store_at(f, out, ctx, r, 32);
    fn_ret(f, out);
    world_add(w, f, mode);
    world_map(w);
    static const uint32_t index[] = {0, 3, 4, 5, 7, 12, 20, 0xffffffff};
    for (uint32_t k = 0; k < 2 * sizeof index / sizeof *index; k++) {
        uint64_t mem[5] = {12345, index[k / 2], k % 2}, want[5] = {12345, index[k / 2], k % 2},
                 p = (uint64_t)(uintptr_t)want;
        uint32_t trap = oracle_run(f, w->es, &p);
        CHECK(world_run(w, 0, mem) == trap && memcmp(mem, want, sizeof mem) == 0);
    }
    printf("large code: %u bytes\n", w->cb.code.n);
    world_close(w);
    arena_free(&a);
}

int main(int argc, char **argv) {
    static World w;
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 2000;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    catch_faults(&w);
    for (uint32_t m = 0; m < 8; m++) {
        Mode mode = {.linear = m & 1, .far = m >> 1 & 1, .canon = m >> 2 & 1};
        test_calls(&w, mode);
        test_stubs(&w, mode);
        test_rounding(&w, mode);
        test_charges(&w, mode);
        test_charges(&w, (Mode){.linear = m & 1, .far = m >> 1 & 1, .fault = true});
        test_preserved(&w, mode);
        test_vectors(&w, mode);
        test_faults(&w, mode);
        test_large_frame(&w, mode, 300);
        if (m < 2) test_ops(&w, (Mode){.linear = m, .canon = m});
    }
    for (uint32_t m = 0; m < 2; m++) {
        test_large_frame(&w, (Mode){.linear = m}, 10000);
        test_large_code(&w, (Mode){.linear = m}, 100, 5);
        test_large_code(&w, (Mode){.linear = m}, 9000, 5);
        test_large_code(&w, (Mode){.linear = m}, 20000, 3000);
    }
    test_large_code(&w, (Mode){0}, 300000, 10);
    test_random(&w, count, first);
    print_rules(&w);
    free(w.es);
    munmap(w.stack, STACK_BYTES);
    puts("test_a64_exec: passed");
    return 0;
}
