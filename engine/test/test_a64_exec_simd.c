/* Lane operations for aarch64, executed: as test_a64_exec.c, for functions of v128.  Each must leave the
 * memory that the oracle leaves.
 *
 *   test_a64_exec_simd [random functions [first seed]] */
#define _GNU_SOURCE
#include "a64/insn.h"
#include "test/a64_simd_oracle.h"
#include "test/a64_world.h"

/* -- Inputs ------------------------------------------------------------------------------------ */

enum { BYTES = 4096, OUT = 1024, VEC = 16 };

static uint64_t rng_state;
static uint32_t rnd(uint32_t below) {
    rng_state ^= rng_state << 13, rng_state ^= rng_state >> 7, rng_state ^= rng_state << 17;
    return (uint32_t)(rng_state * UINT64_C(0x9e3779b97f4a7c15) >> 33) % below;
}
static uint64_t rnd64(void) { return (uint64_t)rnd(1 << 30) << 40 ^ (uint64_t)rnd(1 << 30) << 20 ^ rnd(1 << 30); }

static const uint32_t f32_edge[] = {0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000, 0x3f000000,
                                    0x3effffff, 0xbf000000, 0x3f800000, 0xbf800000, 0x3fc00000, 0xbfc00000, 0x40200000,
                                    0xc0200000, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000,
                                    0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
                                    0x7f800001, 0xffbfffff, 0x4b000001, 0x4affffff, 0x7fc12345};
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
                                    0xbff8000000000000,
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
                                    0x43e0000000000000,
                                    0xc3e0000000000001,
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

static uint64_t int_edge(uint32_t n) {
    uint64_t top = UINT64_C(1) << (8 * n - 1);
    const uint64_t edge[] = {0,
                             1,
                             2,
                             3,
                             15,
                             16,
                             17,
                             31,
                             top,
                             top - 1,
                             top + 1,
                             0 - UINT64_C(1),
                             0 - UINT64_C(2),
                             top >> 1,
                             top >> (4 * n),
                             (top >> (4 * n)) - 1,
                             0 - (top >> (4 * n)),
                             top / 3,
                             0x5555555555555555};
    return edge[rnd(sizeof edge / sizeof *edge)];
}

static V edge_vector(void) {
    V v;
    uint32_t kind = rnd(8), n = 1u << rnd(4);
    for (uint32_t k = 0; k < 16 / n; k++) set_lane(&v, n, k, rnd(6) ? int_edge(n) : rnd64());
    for (uint32_t k = 0; k < 4 && kind == 0; k++) set_lane(&v, 4, k, f32_edge[rnd(sizeof f32_edge / 4)]);
    for (uint32_t k = 0; k < 2 && kind == 1; k++) set_lane(&v, 8, k, f64_edge[rnd(sizeof f64_edge / 8)]);
    for (uint32_t k = 0; k < 4 && kind == 2; k++) set_lane(&v, 4, k, bits32((float)(int32_t)rnd64() / 3));
    for (uint32_t k = 0; k < 2 && kind == 3; k++) set_lane(&v, 8, k, bits64((double)(int64_t)rnd64() / 1e9));
    for (uint32_t k = 0; k < 16 && kind == 4; k++) v.b[k] = (uint8_t)rnd(rnd(2) ? 20 : 256);
    if (kind == 5 && rnd(2)) memset(&v, rnd(2) ? 0 : 0xff, 16);
    return v;
}

/* All vectors at [0, OUT): of floats of the operation's shape where it is one of floats. */
static void fill(uint8_t *mem, const char *name) {
    for (uint32_t k = 0; k < OUT / VEC; k++) {
        V v = edge_vector();
        bool f32 = strstr(name, "f32x4") && rnd(4), f64 = !f32 && strstr(name, "f64x2") && rnd(4);
        for (uint32_t j = 0; j < 4 && f32; j++) set_lane(&v, 4, j, f32_edge[rnd(sizeof f32_edge / 4)]);
        for (uint32_t j = 0; j < 2 && f64; j++) set_lane(&v, 8, j, f64_edge[rnd(sizeof f64_edge / 8)]);
        memcpy(mem + VEC * k, &v, VEC);
    }
    memset(mem + OUT, 0xee, BYTES - OUT);
}

/* -- Running a batch of functions ---------------------------------------------------------------- */

typedef struct Case {
    Fn *f;
    uint32_t runs;
    const char *name;
} Case;

typedef struct Batch {
    Arena arena;
    VEC(Case) at;
} Batch;

static void batch_open(Batch *b) {
    *b = (Batch){0};
    arena_init(&b->arena, NULL);
}

static void batch_add(Batch *b, Fn *f, uint32_t runs, const char *name) {
    vec_push(&b->arena, &b->at, ((Case){f, runs, name}));
}

static bool same_result(World *w, uint32_t func, const Case *c) {
    static uint8_t mem[BYTES], want[BYTES];
    fill(mem, c->name);
    memcpy(want, mem, BYTES);
    uint32_t trap = oracle(c->f, want), got = world_run(w, func, mem);
    if (got == trap && memcmp(mem, want, BYTES) == 0) return true;
    fprintf(stderr, "%s: trap %u, expected %u\n", c->name, got, trap);
    for (uint32_t k = 0; k < BYTES; k++) {
        if (mem[k] != want[k]) fprintf(stderr, "  [%u] %02x, expected %02x\n", k, mem[k], want[k]);
    }
    return false;
}

static uint64_t batch_run(World *w, Batch *b, Mode mode) {
    uint64_t runs = 0;
    uint32_t bad = 0;
    world_open(w);
    for (uint32_t k = 0; k < b->at.n; k++) world_add(w, b->at.at[k].f, mode);
    world_map(w);
    for (uint32_t k = 0; k < b->at.n && bad < 5; k++)
        for (uint32_t r = 0; r < b->at.at[k].runs; r++, runs++) {
            if (same_result(w, k, &b->at.at[k])) continue;
            bad++;
            dump(b->at.at[k].f, NULL, NULL);
            break;
        }
    CHECK(bad == 0);
    world_close(w);
    arena_free(&b->arena);
    return runs;
}

/* -- Building ------------------------------------------------------------------------------------- */

typedef struct Make {
    Fn *f;
    BlkId b;
    Val ctx;
    uint32_t out; /* where the next result goes */
} Make;

static Make make_fn(Batch *b) {
    Make m = {.out = OUT};
    m.f = new_fn(&b->arena, &m.b, &m.ctx);
    m.f->index = b->at.n;
    return m;
}

static Val ins(Make *m, IrOp op, IrType t, uint8_t aux, Val a, Val b, Val c) {
    return fn_ins(m->f, m->b, 1, (Ins){.op = (uint8_t)op, .type = (uint8_t)t, .aux = aux, .a = a, .b = b, .c = c});
}
static Val load(Make *m, IrType t, uint32_t at) { return load_at(m->f, m->b, m->ctx, t, at); }
static Val load_as(Make *m, Access access, IrType t, uint32_t at) {
    return ins(m, IR_load, t, (uint8_t)access, m->ctx, at, 0);
}
static void store_as(Make *m, Access access, Val v, uint32_t at) {
    ins(m, IR_store, T_NONE, (uint8_t)access, m->ctx, v, at);
}
static void out(Make *m, Val v) {
    store_at(m->f, m->b, m->ctx, v, m->out);
    m->out += VEC;
}
static Val vconst(Make *m, V v) {
    uint32_t word[4];
    memcpy(word, &v, 16);
    return ins(m, IR_vconst, T_V128, 0, fn_pool(m->f, word, 4), 0, 0);
}
static Val scalar_const(Make *m, IrType t, uint64_t c) {
    if (t == T_I32 || t == T_F32) c = (uint32_t)c;
    return ins(m, t >= T_F32 ? IR_fconst : IR_iconst, t, 0, (uint32_t)c, (uint32_t)(c >> 32), 0);
}
static void finish(Batch *b, Make *m, uint32_t runs, const char *name) {
    fn_ret(m->f, m->b);
    batch_add(b, m->f, runs, name);
}

static bool makes_nan(VOp op) { return vop_info[op].shape == V_FUNARY || vop_info[op].shape == V_FBINARY; }

/* The operation on x, with a canon behind it where one belongs. */
static Val apply(Make *m, VOp op, const Val *x) {
    static const uint8_t ir[V_COUNT] = {
        [V_UNARY] = IR_vunary,     [V_FUNARY] = IR_vunary, [V_BINARY] = IR_vbinary, [V_FBINARY] = IR_vbinary,
        [V_TERNARY] = IR_vternary, [V_SHIFT] = IR_vshift,  [V_TEST] = IR_vtest};
    uint8_t shape = vop_info[op].shape, kind = ir[shape];
    uint32_t n = ir_info[kind].nargs;
    Val r = ins(m, (IrOp)kind, shape == V_TEST ? T_I32 : T_V128, (uint8_t)op, x[0], n > 1 ? x[1] : 0, n > 2 ? x[2] : 0);
    if (makes_nan(op)) {
        bool f64 = vop_info[op].name[1] == '6';
        r = ins(m, IR_vunary, T_V128, f64 ? VOP_f64x2_canon : VOP_f32x4_canon, r, 0, 0);
    }
    return r;
}

static uint32_t operands_of(VOp op) {
    switch (vop_info[op].shape) {
    case V_UNARY:
    case V_FUNARY:
    case V_TEST: return 1;
    case V_TERNARY: return 3;
    default: return 2;
    }
}

/* -- Every operation ----------------------------------------------------------------------------------- */

enum { PLAIN, SAME_TWICE, USED_AFTER, NESTED, KEEP_FIRST, KEEP_SECOND, KEEP_THIRD, FORMS };

static void op_form(Batch *b, VOp op, uint32_t form, uint32_t runs) {
    Make m = make_fn(b);
    uint32_t n = operands_of(op);
    bool count = vop_info[op].shape == V_SHIFT;
    Val x[3];
    for (uint32_t k = 0; k < 3; k++) x[k] = load(&m, k == 1 && count ? T_I32 : T_V128, VEC * k);
    if (form == SAME_TWICE && !count) x[1] = x[2] = x[0];
    Val r = apply(&m, op, x);
    if (form == NESTED && vop_info[op].shape != V_TEST) {
        Val y[3] = {r, x[1], x[2]}, z[3] = {x[0], r, r};
        out(&m, apply(&m, op, y));
        if (!count && n > 1) out(&m, apply(&m, op, z));
    }
    out(&m, r);
    for (uint32_t k = 0; k < n; k++) {
        if (form == USED_AFTER || form == KEEP_FIRST + k) out(&m, x[k]);
    }
    finish(b, &m, runs, vop_info[op].name);
}

/* Operand `side` is a constant. */
static void op_const(Batch *b, VOp op, uint32_t side, V c) {
    Make m = make_fn(b);
    bool count = vop_info[op].shape == V_SHIFT;
    Val x[3];
    for (uint32_t k = 0; k < 3; k++) {
        if (k == 1 && count)
            x[k] = k == side ? scalar_const(&m, T_I32, lane(&c, 4, 0)) : load(&m, T_I32, VEC);
        else
            x[k] = k == side ? vconst(&m, c) : load(&m, T_V128, VEC * k);
    }
    out(&m, apply(&m, op, x));
    if (!count) out(&m, x[side]);
    finish(b, &m, 4, vop_info[op].name);
}

static bool is_lane_access(VOp op) { return vop_info[op].shape >= V_SPLAT; }

static void test_ops(World *w, Mode mode) {
    static const uint32_t count[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 0x80000000, 0xffffffff};
    Batch b;
    batch_open(&b);
    for (VOp op = 0; op < VOP_COUNT; op++) {
        if (is_lane_access(op)) continue;
        for (uint32_t form = 0; form < FORMS; form++) op_form(&b, op, form, form == PLAIN ? 150 : 20);
        for (uint32_t side = 0; side < operands_of(op); side++) {
            for (uint32_t k = 0; k < 6; k++) {
                V v = edge_vector();
                if (k < 2) memset(&v, k ? 0xff : 0, sizeof v);
                op_const(&b, op, side, v);
            }
        }
        for (uint32_t k = 0; k < 16 && vop_info[op].shape == V_SHIFT; k++) {
            V v;
            set_lane(&v, 4, 0, count[k]);
            op_const(&b, op, 1, v);
        }
    }
    uint32_t n = b.at.n;
    uint64_t runs = batch_run(w, &b, mode);
    printf("operations: %u functions, %llu runs\n", n, (unsigned long long)runs);
}

/* -- Lanes ------------------------------------------------------------------------------------------ */

static Access lane_access(uint32_t n, bool sign) {
    return n == 1 ? (sign ? ACC_8S : ACC_8U) : n == 2 ? (sign ? ACC_16S : ACC_16U) : n == 4 ? ACC_32 : ACC_64;
}

/* A scalar for lane operations: from memory, a constant, another vector's lane, or memory just before its use. */
static Val scalar(Make *m, VOp op, uint32_t form) {
    static const uint8_t extract[4][4] = {{VOP_i8x16_extract_lane_u, VOP_i8x16_extract_lane_u, 0, 0},
                                          {VOP_i16x8_extract_lane_s, VOP_i16x8_extract_lane_s, 0, 0},
                                          {VOP_i32x4_extract_lane, VOP_i32x4_extract_lane, VOP_f32x4_extract_lane, 0},
                                          {VOP_i64x2_extract_lane, VOP_i64x2_extract_lane, 0, VOP_f64x2_extract_lane}};
    IrType t = vop_scalar(op);
    uint32_t n = lane_bytes(vop_info[op].name), log2 = n == 1 ? 0 : n == 2 ? 1 : n == 4 ? 2 : 3;
    switch (form) {
    case 0: return load(m, t, 64);
    case 1: return scalar_const(m, t, rnd(2) ? 0 : rnd64());
    case 2: return scalar_const(m, t, int_edge(n) & mask_of(n));
    case 3: {
        Val v = load(m, T_V128, 80);
        return ins(m, IR_vextract, t, extract[log2][t - T_I32], v, rnd(16 / n), 0);
    }
    default: return t >= T_F32 ? load(m, t, 97) : load_as(m, lane_access(n, form & 1), t, 96 + form);
    }
}

static void lane_op(Batch *b, VOp op, uint32_t k, uint32_t form) {
    Make m = make_fn(b);
    uint32_t n = lane_bytes(vop_info[op].name);
    Val v = load(&m, T_V128, 0), x;
    switch (vop_info[op].shape) {
    case V_SPLAT: out(&m, ins(&m, IR_vsplat, T_V128, (uint8_t)op, scalar(&m, op, form), 0, 0)); break;
    case V_EXTRACT:
        x = ins(&m, IR_vextract, vop_scalar(op), (uint8_t)op, v, k, 0);
        if (form == 0)
            out(&m, x);
        else if (form == 1 && vop_scalar(op) == T_I32)
            out(&m, ins(&m, IR_zext, T_I64, 0, x, 0, 0));
        else if (form == 2 && vop_scalar(op) >= T_F32)
            store_at(m.f, m.b, m.ctx, x, OUT + 3);
        else { /* its lane, or only a byte of it */
            IrType t = vop_scalar(op);
            store_as(&m, t >= T_F32 ? whole_access(t) : lane_access(form == 3 && n < 8 ? 1 : n, false), x, OUT + 5);
        }
        if (form & 1) out(&m, v);
        break;
    default:
        x = ins(&m, IR_vreplace, T_V128, (uint8_t)op, v, scalar(&m, op, form), k);
        out(&m, x);
        if (form & 1) out(&m, v);
    }
    finish(b, &m, 8, vop_info[op].name);
}

static void test_lanes(World *w, Mode mode) {
    Batch b;
    batch_open(&b);
    for (VOp op = 0; op < VOP_COUNT; op++) {
        if (!is_lane_access(op)) continue;
        for (uint32_t form = 0; form < 6; form++)
            for (uint32_t k = 0; k < (vop_info[op].shape == V_SPLAT ? 3 : vop_lanes(op)); k++) lane_op(&b, op, k, form);
    }
    for (uint32_t acc = ACC_V128; acc <= ACC_V64Z; acc++) {
        static const uint32_t at[] = {0, 3, 17, 255, 256, 264, 1000};
        Make m = make_fn(&b);
        for (uint32_t k = 0; k < 7; k++) out(&m, load_as(&m, (Access)acc, T_V128, at[k]));
        finish(&b, &m, 4, "load");
    }
    uint32_t n = b.at.n;
    uint64_t runs = batch_run(w, &b, mode);
    printf("lanes: %u functions, %llu runs\n", n, (unsigned long long)runs);
}

/* -- Shuffles, constants -------------------------------------------------------------------------- */

static Val shuffle(Make *m, const uint8_t byte[16], Val x, Val y) {
    uint32_t word[4] = {0};
    for (uint32_t k = 0; k < 16; k++) word[k / 4] |= (uint32_t)byte[k] << k % 4 * 8;
    return ins(m, IR_vshuffle, T_V128, 0, x, y, fn_pool(m->f, word, 4));
}

/* Lane k comes from lane from[k] of both vectors' lanes. */
static void shuffle_of(Batch *b, const uint8_t *from, uint32_t size) {
    for (uint32_t form = 0; form < 4; form++) { /* bit 0: swapped, bit 1: one vector twice */
        Make m = make_fn(b);
        uint8_t byte[16];
        for (uint32_t k = 0; k < 16; k++) byte[k] = (uint8_t)((from[k / size] * size + k % size) ^ (form & 1 ? 16 : 0));
        Val x = load(&m, T_V128, 0), y = form & 2 ? x : load(&m, T_V128, 16);
        out(&m, shuffle(&m, byte, x, y));
        if (form == 0) out(&m, x), out(&m, y);
        finish(b, &m, 3, "shuffle");
    }
}

static void known_shuffles(Batch *b, uint32_t size) {
    uint32_t n = 16 / size;
    uint8_t from[16];
    for (uint32_t pattern = 0; pattern < 11; pattern++) {
        for (uint32_t k = 0; k < n; k++) {
            uint32_t odd = k % 2;
            const uint32_t at[] = {odd ? n + k / 2 : k / 2,
                                   (odd ? n + k / 2 : k / 2) + n / 2,
                                   2 * k,
                                   2 * k + 1,
                                   odd ? n + k - 1 : k,
                                   odd ? n + k : k + 1,
                                   k / (8 / size) * (8 / size) + 8 / size - 1 - k % (8 / size),
                                   size <= 2 ? k / (4 / size) * (4 / size) + 4 / size - 1 - k % (4 / size) : k,
                                   size == 1 ? k ^ 1 : k,
                                   k,
                                   n - 1 - k};
            from[k] = (uint8_t)at[pattern];
        }
        shuffle_of(b, from, size);
    }
    for (uint32_t lane_ = 0; lane_ < n; lane_++) {
        for (uint32_t k = 0; k < n; k++) from[k] = (uint8_t)lane_;
        shuffle_of(b, from, size);
        for (uint32_t k = 0; k < n; k++) from[k] = (uint8_t)(k + lane_);
        shuffle_of(b, from, size);
        for (uint32_t k = 0; k < n; k++) from[k] = (uint8_t)k;
        from[lane_] = (uint8_t)(n + rnd(n));
        shuffle_of(b, from, size);
        from[lane_] = (uint8_t)rnd(n);
        shuffle_of(b, from, size);
    }
    for (uint32_t r = 0; r < 20; r++) {
        for (uint32_t k = 0; k < n; k++) from[k] = (uint8_t)rnd(r & 1 ? n : 2 * n);
        shuffle_of(b, from, size);
    }
}

static void test_shuffles(World *w, Mode mode) {
    Batch b;
    batch_open(&b);
    for (uint32_t size = 1; size <= 8; size *= 2) known_shuffles(&b, size);
    for (uint32_t kind = 0; kind < 32; kind++)
        for (uint32_t k = 0; k < 6 && a64_vector_imm_size(kind); k++) {
            static const uint8_t edge[] = {0, 1, 0x70, 0x80, 0xa5, 0xff};
            Make m = make_fn(&b);
            V v;
            set_lane(&v, 8, 0, a64_vector_value(kind, edge[k]));
            set_lane(&v, 8, 1, a64_vector_value(kind, edge[k]));
            out(&m, vconst(&m, v));
            v.b[rnd(16)] ^= 1;
            out(&m, vconst(&m, v));
            finish(&b, &m, 1, "constant");
        }
    uint32_t n = b.at.n;
    uint64_t runs = batch_run(w, &b, mode);
    printf("shuffles, constants: %u functions, %llu runs\n", n, (unsigned long long)runs);
}

/* -- Tests of lanes in conditions -------------------------------------------------------------- */

static void test_conditions(World *w, Mode mode) {
    Batch b;
    batch_open(&b);
    for (VOp op = 0; op < VOP_COUNT; op++) {
        if (vop_info[op].shape != V_TEST) continue;
        for (uint32_t form = 0; form < 10; form++) {
            Make m = make_fn(&b);
            Val x[3] = {load(&m, T_V128, 0)}, c = apply(&m, op, x), y = load(&m, T_I64, 32), z = load(&m, T_I64, 48);
            if (form & 1) c = ins(&m, IR_eqz, T_I32, 0, c, 0, 0);
            switch (form / 2) {
            case 0: out(&m, ins(&m, IR_select, T_I64, 0, c, y, z)); break;
            case 1: ins(&m, IR_trapz, T_NONE, 5, c, 0, 0); break;
            case 2: ins(&m, IR_trapnz, T_NONE, 6, c, 0, 0); break;
            case 3: out(&m, ins(&m, IR_select, T_V128, 0, c, x[0], load(&m, T_V128, 64))); break;
            default: out(&m, ins(&m, IR_zext, T_I64, 0, c, 0, 0));
            }
            out(&m, y);
            finish(&b, &m, 60, vop_info[op].name);
        }
    }
    batch_run(w, &b, mode);
}

/* A loop with a vector that goes round, left by a test of its lanes: [OUT] = the count of rounds, [OUT + 16] the
 * vector, [OUT + 32] the count again, as doubles. */
static void test_branch(World *w, Mode mode) {
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    for (uint32_t zero = 0; zero < 2; zero++) {
        BlkId b;
        Val ctx;
        Fn *f = new_fn(&a, &b, &ctx);
        BlkId body = fn_block(f), done = fn_block(f);
        Val args[3] = {load_at(f, b, ctx, T_V128, 0), fn_iconst(f, b, 1, T_I32, 0), load_at(f, b, ctx, T_V128, 32)};
        Val step = load_at(f, b, ctx, T_V128, 16), one = load_at(f, b, ctx, T_V128, 48);
        fn_ins(f, b, 1, (Ins){.op = IR_jump});
        fn_edge(f, b, body, args, 3);
        Val v = fn_param(f, body, T_V128), n = fn_param(f, body, T_I32), sum = fn_param(f, body, T_V128);
        sum = fn_ins(f, body, 1, (Ins){.op = IR_vbinary, .type = T_V128, .aux = VOP_f64x2_add, .a = sum, .b = one});
        sum = fn_ins(f, body, 1, (Ins){.op = IR_vunary, .type = T_V128, .aux = VOP_f64x2_canon, .a = sum});
        Val next =
            fn_ins(f, body, 1, (Ins){.op = IR_vbinary, .type = T_V128, .aux = VOP_i8x16_sub_sat_u, .a = v, .b = step});
        Val more = fn_ins(f, body, 1, (Ins){.op = IR_iadd, .a = n, .b = fn_iconst(f, body, 1, T_I32, 1)});
        VOp test = zero ? VOP_i64x2_all_true : VOP_v128_any_true;
        Val t = fn_ins(f, body, 1, (Ins){.op = IR_vtest, .type = T_I32, .aux = (uint8_t)test, .a = next});
        fn_ins(f, body, 1, (Ins){.op = IR_brif, .a = t});
        Val again[3] = {next, more, sum};
        fn_edge(f, body, body, again, 3);
        fn_edge(f, body, done, NULL, 0);
        store_at(f, done, ctx, more, OUT);
        store_at(f, done, ctx, next, OUT + VEC);
        store_at(f, done, ctx, sum, OUT + 2 * VEC);
        fn_ret(f, done);
        f->index = zero;
        world_add(w, f, mode);
    }
    world_map(w);
    for (uint32_t zero = 0; zero < 2; zero++) {
        uint8_t mem[BYTES] = {0};
        for (uint32_t k = 0; k < 16; k++) mem[k] = (uint8_t)(k < 8 ? 10 : 20 + k), mem[16 + k] = 1;
        double one[2] = {1, 1}, sum[2];
        memcpy(mem + 48, one, 16);
        CHECK(world_run(w, zero, mem) == 0);
        memcpy(sum, mem + OUT + 32, 16);
        CHECK(sum[0] == mem[OUT] && sum[1] == mem[OUT]);
        CHECK(mem[OUT] == (zero ? 10 : 35) && mem[OUT + 16] == 0 && mem[OUT + 31] == (zero ? 25 : 0));
    }
    world_close(w);
    arena_free(&a);
}

/* -- Calls, faults ---------------------------------------------------------------------------- */

enum { NPARAM = 24, NRESULT = 9 };

/* Parameters of all types, more vectors than registers; results are parameters from further back. */
static void test_calls(World *w, Mode mode) {
    static uint8_t param[1 + NPARAM];
    param[0] = T_I64;
    for (uint32_t k = 0; k < NPARAM; k++) param[1 + k] = (uint8_t)(k % 3 == 2 ? T_I32 + k / 3 % 4 : T_V128);
    IrSig sig = {.param = param, .nparam = 1 + NPARAM, .result = param + 1, .nresult = NRESULT};
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    Fn *callee = fn_new(&a, "callee", 0, &sig);
    BlkId b = fn_block(callee);
    Val p[1 + NPARAM], r[NRESULT];
    callee->frame_cost = 100000;
    for (uint32_t k = 0; k <= NPARAM; k++) p[k] = fn_param(callee, b, (IrType)param[k]);
    for (uint32_t k = 0; k < NRESULT; k++) r[k] = p[1 + k + 12];
    fn_ins(callee, b, 1, (Ins){.op = IR_ret, .a = fn_pool(callee, r, NRESULT), .b = NRESULT});
    world_add(w, callee, mode);
    Val ctx, arg[1 + NPARAM];
    Fn *f = new_fn(&a, &b, &ctx);
    f->index = 1;
    arg[0] = ctx;
    for (uint32_t k = 0; k < NPARAM; k++) arg[1 + k] = load_at(f, b, ctx, (IrType)param[1 + k], VEC * k);
    vec_push(&a, &f->calls, ((Callee){.kind = CALLEE_FUNC, .index = 0, .sig = sig}));
    Val call = fn_ins(f, b, 7, (Ins){.op = IR_call, .type = T_NONE, .a = fn_pool(f, arg, 1 + NPARAM), .b = 1 + NPARAM});
    for (uint32_t k = 0; k < NRESULT; k++)
        r[k] = fn_ins(f, b, 7, (Ins){.op = IR_proj, .type = param[1 + k], .a = call, .b = k});
    for (uint32_t k = 0; k < NRESULT; k++) store_at(f, b, ctx, r[k], OUT + VEC * k);
    for (uint32_t k = 0; k < NPARAM; k++) store_at(f, b, ctx, arg[1 + k], 2 * OUT + VEC * k);
    fn_ret(f, b);
    world_add(w, f, mode);
    world_map(w);
    static uint8_t mem[BYTES];
    for (uint32_t k = 0; k < BYTES; k++) mem[k] = (uint8_t)(k * 37 + k / 256 * 11);
    CHECK(world_run(w, 1, mem) == 0);
    for (uint32_t k = 0; k < NPARAM; k++) {
        uint32_t bytes = access_bytes[whole_access((IrType)param[1 + k])];
        CHECK(memcmp(mem + 2 * OUT + VEC * k, mem + VEC * k, bytes) == 0);
        if (k < NRESULT) CHECK(memcmp(mem + OUT + VEC * k, mem + VEC * (k + 12), bytes) == 0);
    }
    world_close(w);
    arena_free(&a);
}

/* An access at [0] that may fault, alone or folded: 0 v128, 1 and 2 its parts, 3 splat, 4 replace, 5 store, 6 lane. */
static Fn *fault_fn(Arena *a, uint32_t index, uint32_t form, uint32_t disp) {
    BlkId b;
    Val ctx, x = 0;
    Fn *f = new_fn(a, &b, &ctx);
    f->index = index;
    Val at = load_at(f, b, ctx, T_I64, 0), v = load_at(f, b, ctx, T_V128, 16);
    uint8_t flags = MEM_HEAP | MEM_TRAPS, type = form < 3 ? T_V128 : T_I32,
            access = (uint8_t)(form < 3    ? ACC_V128 + form
                               : form == 5 ? ACC_V128
                                           : ACC_16U);
    if (form < 5)
        x = fn_ins(f, b, 1234, (Ins){.op = IR_load, .type = type, .aux = access, .flags = flags, .a = at, .b = disp});
    if (form == 3) x = fn_ins(f, b, 1, (Ins){.op = IR_vsplat, .type = T_V128, .aux = VOP_i16x8_splat, .a = x});
    if (form == 4)
        x = fn_ins(f, b, 1,
                   (Ins){.op = IR_vreplace, .type = T_V128, .aux = VOP_i16x8_replace_lane, .a = v, .b = x, .c = 5});
    if (form == 6)
        v = fn_ins(f, b, 1, (Ins){.op = IR_vextract, .type = T_I32, .aux = VOP_i16x8_extract_lane_u, .a = v, .b = 3});
    if (form < 5)
        store_at(f, b, ctx, x, 32);
    else
        fn_ins(f, b, 1234, (Ins){.op = IR_store, .aux = access, .flags = flags, .a = at, .b = v, .c = disp});
    fn_ret(f, b);
    return f;
}

static void test_faults(World *w, Mode mode) {
    static const uint32_t disp[] = {0, 255, 4096, 65520, 0x12345678};
    Arena a;
    arena_init(&a, NULL);
    world_open(w);
    for (uint32_t k = 0; k < 35; k++) world_add(w, fault_fn(&a, k, k % 7, disp[k / 7]), mode);
    world_map(w);
    uint8_t *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), some[64] = {1, 2, 3};
    for (uint32_t k = 0; k < 35; k++)
        for (int bad = 0; bad < 2; bad++) {
            uint64_t mem[8] = {(uint64_t)(uintptr_t)(bad ? none + 64 : some) - disp[k / 7]};
            CHECK(world_run(w, k, mem) == (bad ? CODE_TRAP_MEMORY_BOUNDS : 0));
            if (!bad) continue;
            const CodeSite *s = find_site(w, es_get(w, ES_TRAP_PC), SITE_FAULT);
            CHECK(s && s->loc == 1234 && s->trap == CODE_TRAP_MEMORY_BOUNDS);
        }
    munmap(none, 4096);
    world_close(w);
    arena_free(&a);
}

/* -- Random functions ------------------------------------------------------------------------- */

typedef struct Pool {
    Val at[400];
    uint32_t n;
} Pool;

static void keep(Pool *p, Val v) { p->at[p->n++] = v; }
/* Recent ones more often: what a rule folds is near and used once. */
static Val pick(const Pool *p) { return p->at[rnd(3) ? p->n - 1 - rnd(p->n < 4 ? p->n : 4) : rnd(p->n)]; }

static Val random_scalar(Make *m, VOp op, const Pool *scalar_pool) {
    const Pool *p = &scalar_pool[vop_scalar(op)];
    return rnd(3) && p->n ? pick(p) : scalar(m, op, rnd(6));
}

static Val random_vector(Make *m, const Pool *vectors) {
    if (rnd(12)) return pick(vectors);
    if (rnd(2)) return vconst(m, edge_vector());
    V zero = {{0}};
    return vconst(m, zero);
}

static void random_shuffle(Make *m, Pool *vectors) {
    uint8_t byte[16];
    uint32_t size = 1u << rnd(4), n = 16 / size, from = rnd(2 * n), kind = rnd(3);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t at = kind == 0 ? rnd(2 * n) : kind == 1 ? (from + k) % (2 * n) : k / 2 + k % 2 * n;
        for (uint32_t j = 0; j < size; j++) byte[k * size + j] = (uint8_t)(at * size + j);
    }
    Val x = pick(vectors), y = rnd(4) ? pick(vectors) : x;
    keep(vectors, shuffle(m, byte, x, y));
}

static void random_step(Make *m, Pool *pool) {
    Pool *vectors = &pool[T_V128];
    VOp op = (VOp)rnd(VOP_COUNT);
    Val x[3];
    uint32_t choice = rnd(20);
    if (choice == 0) {
        keep(vectors, load_as(m, (Access)(ACC_V128 + rnd(3)), T_V128, rnd(OUT - 16)));
        return;
    }
    if (choice <= 2) {
        random_shuffle(m, vectors);
        return;
    }
    if (choice == 3 && pool[T_I32].n) {
        keep(vectors, ins(m, IR_select, T_V128, 0, pick(&pool[T_I32]), pick(vectors), pick(vectors)));
        return;
    }
    if (choice == 4) { /* what multiply-add and bic look for */
        static const uint8_t inner[] = {VOP_i16x8_mul, VOP_i32x4_mul, VOP_v128_not, VOP_v128_and},
                             outer[] = {VOP_i16x8_add, VOP_i16x8_sub, VOP_i32x4_add, VOP_i32x4_sub,
                                        VOP_v128_and,  VOP_v128_or,   VOP_i8x16_ne,  VOP_i32x4_ne};
        uint32_t k = rnd(4);
        for (uint32_t j = 0; j < 3; j++) x[j] = random_vector(m, vectors);
        Val y[2] = {random_vector(m, vectors), apply(m, (VOp)inner[k], x)};
        if (rnd(2)) x[0] = y[0], y[0] = y[1], y[1] = x[0];
        if (k == 3 && rnd(2)) y[0] = vconst(m, (V){{0}});
        keep(vectors, apply(m, (VOp)outer[2 * k + rnd(2)], y));
        return;
    }
    switch (vop_info[op].shape) {
    case V_SHIFT:
        x[0] = random_vector(m, vectors);
        x[1] = pool[T_I32].n && rnd(2) ? pick(&pool[T_I32]) : scalar_const(m, T_I32, rnd(70));
        if (rnd(3) == 0) x[1] = ins(m, IR_iand, T_I32, 0, x[1], scalar_const(m, T_I32, rnd(2) ? 7 : 63), 0);
        keep(vectors, apply(m, op, x));
        break;
    case V_TEST:
        x[0] = random_vector(m, vectors);
        keep(&pool[T_I32], apply(m, op, x));
        break;
    case V_SPLAT: keep(vectors, ins(m, IR_vsplat, T_V128, (uint8_t)op, random_scalar(m, op, pool), 0, 0)); break;
    case V_EXTRACT: {
        IrType t = vop_scalar(op);
        keep(&pool[t], ins(m, IR_vextract, t, (uint8_t)op, random_vector(m, vectors), rnd(vop_lanes(op)), 0));
        uint32_t n = lane_bytes(vop_info[op].name);
        if (rnd(3) == 0 && m->out + 16 < BYTES) {
            store_as(m, t >= T_F32 ? whole_access(t) : lane_access(n, false), pick(&pool[t]), m->out + rnd(8));
            m->out += 16;
        }
        break;
    }
    case V_REPLACE: {
        Val s = random_scalar(m, op, pool);
        keep(vectors, ins(m, IR_vreplace, T_V128, (uint8_t)op, pick(vectors), s, rnd(vop_lanes(op))));
        break;
    }
    default:
        for (uint32_t k = 0; k < 3; k++) x[k] = random_vector(m, vectors);
        keep(vectors, apply(m, op, x));
    }
}

static void random_fn(Batch *b, uint64_t seed, uint32_t steps) {
    static Pool pool[T_COUNT];
    Make m = make_fn(b);
    rng_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (uint32_t t = 0; t < T_COUNT; t++) pool[t].n = 0;
    for (uint32_t k = 0; k < 4; k++) keep(&pool[T_V128], load(&m, T_V128, VEC * k));
    for (uint32_t k = 0; k < steps; k++) random_step(&m, pool);
    for (uint32_t t = T_I32; t <= T_V128; t++)
        for (uint32_t k = 0; k < pool[t].n && m.out + VEC <= BYTES; k++)
            if (k + 6 > pool[t].n || rnd(4) == 0) out(&m, pool[t].at[k]);
    finish(b, &m, 6, "f32x4 f64x2");
}

static void test_random(World *w, uint32_t count, uint64_t first) {
    uint64_t runs = 0;
    for (uint32_t done = 0; done < count; done += 50) {
        uint32_t m = done / 50;
        Batch b;
        batch_open(&b);
        for (uint32_t k = 0; k < 50; k++) random_fn(&b, first + done + k, 5 + (done + k) % 60);
        runs += batch_run(w, &b, (Mode){.linear = m & 1, .far = m >> 1 & 1, .canon = m >> 2 & 1});
    }
    printf("random: %u functions, %llu runs\n", count, (unsigned long long)runs);
}

/* The rules from `vplain` on are those of vectors. */
static void check_rules(const World *w) {
    uint32_t unused = w->hits[A64_RULE_store_lane] == 0 || w->hits[A64_RULE_test_lanes] == 0;
    for (uint32_t r = A64_RULE_vplain; r < A64_RULE_COUNT; r++) {
        if (getenv("RULES")) printf("  %-18s %8u  %s\n", a64_rule[r].name, w->hits[r], a64_rule[r].pattern);
        if (w->hits[r] == 0) printf("rule never applied: %s\n", a64_rule[r].name), unused++;
    }
    CHECK(unused == 0);
}

int main(int argc, char **argv) {
    static World w;
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 2000;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    rng_state = 88172645463325252u;
    catch_faults(&w);
    for (uint32_t m = 0; m < 8; m++) {
        Mode mode = {.linear = m & 1, .far = m >> 1 & 1, .canon = m >> 2 & 1};
        if (m == 0 || m == 3 || m == 5) test_ops(&w, mode);
        if (m < 4) test_lanes(&w, mode);
        if (m < 4) test_shuffles(&w, mode);
        test_conditions(&w, mode);
        test_branch(&w, mode);
        test_calls(&w, mode);
        test_faults(&w, mode);
    }
    test_random(&w, count, first);
    check_rules(&w);
    free(w.es);
    munmap(w.stack, STACK_BYTES);
    puts("test_a64_exec_simd: passed");
    return 0;
}
