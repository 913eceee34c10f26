/* Execution of x86-64 code made from small IR functions, against oracles written in plain C: every operation over
 * boundary values with operands in registers, in memory and constant, with both allocators and all CPU feature sets;
 * random functions with control flow; calls, traps and the stubs.  For x86-64 hosts alone. */
#define _GNU_SOURCE
#include "charges.h"
#include "x64_gen.h"
#include "x64_jit.h"

/* -- Operations over boundary values ---------------------------------------------------- */

/* How the operands come. */
enum { IN_MEMORY, IN_REGISTERS, SAME_OPERAND, FROM_WRAP, CONST_A, CONST_B, FORMS };

/* The function result = op(args) in one of the forms.  `k` is the constant. */
static uint32_t compile_op(Ins op, const IrType *type, uint32_t form, uint64_t k, CpuFeatures cpu, uint32_t allocator) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    Val arg[3] = {0};
    uint32_t n = ir_info[op.op].nargs;
    for (uint32_t i = 0; i < n; i++) {
        if ((form == CONST_A && i == 0) || (form == CONST_B && i == 1))
            arg[i] = constant(f, b, type[i], k);
        else if (form == FROM_WRAP && type[i] == T_I32)
            arg[i] = fn_ins(f, b, 1, (Ins){.op = IR_wrap, .type = T_I32, .a = load_state(f, b, T_I64, arg_at(i))});
        else
            arg[i] = load_state(f, b, type[i], arg_at(i));
        if (form == SAME_OPERAND && i == 1) arg[1] = arg[0];
    }
    if (form != IN_MEMORY) store_state(f, b, fn_iconst(f, b, 1, T_I64, 7), result_at(9)); /* no load may sink below */
    op.a = n > 0 ? arg[0] : op.a;
    op.b = n > 1 ? arg[1] : op.b;
    op.c = n > 2 ? arg[2] : op.c;
    Val v = fn_ins(f, b, 2, op);
    store_state(f, b, v, result_at(0));
    if (f->ins.at[v].type == T_I32) { /* zero-extended for sure? */
        Val wide = fn_ins(f, b, 2, (Ins){.op = IR_zext, .type = T_I64, .a = v});
        store_state(f, b, wide, result_at(1));
    }
    finish_fn(f, b);
    uint32_t at = compile(f, cpu, allocator);
    finish_code(NULL);
    return at;
}

static void run_op(uint32_t at, const Ins *op, const IrType *type, IrType result, uint32_t form, const uint64_t v[3]) {
    uint64_t a = v[0], b = form == SAME_OPERAND ? v[0] : v[1], c = v[2];
    if (!defined(op, type[0], a, b)) return;
    uint64_t garbage = form == FROM_WRAP ? UINT64_C(0xa5a5a5a5) << 32 : 0;
    for (uint32_t i = 0; i < 3; i++) set_state(arg_at(i), v[i] | (type[i] == T_I32 ? garbage : 0));
    set_state(result_at(0), 0xcccccccccccccccc);
    assert_int_equal(enter(at, NULL), 0);
    uint64_t want = eval(op, type[0], a, b, c), got = state_u64(result_at(0));
    if (result == T_I32 || result == T_F32) got = (uint32_t)got;
    if (!same_value(result, op->op, want, got))
        fail_msg("%s.%u type %u form %u (%#llx, %#llx, %#llx): %#llx, expected %#llx", ir_info[op->op].name, op->aux,
                 type[0], form, (unsigned long long)a, (unsigned long long)b, (unsigned long long)c,
                 (unsigned long long)got, (unsigned long long)want);
    if (result == T_I32) assert_int_equal(state_u64(result_at(1)), want);
}

static IrType result_type(const Ins *op, const IrType *type) {
    switch (ir_info[op->op].result) {
    case RES_SAME: return type[0];
    case RES_I32: return T_I32;
    default: return (IrType)op->type;
    }
}

static void try_op_with(Ins op, const IrType *type, CpuFeatures cpu, uint32_t allocator) {
    uint32_t n = ir_info[op.op].nargs, na, nb = 1, nc = n > 2 ? 2 : 1;
    const uint64_t *va = values_of(type[0], &na), *vb = n > 1 ? values_of(type[1], &nb) : va,
                   *vc = n > 2 ? values_of(type[2], &nb) : va;
    IrType result = result_type(&op, type);
    for (uint32_t form = 0; form < FORMS; form++) {
        uint32_t nk = form == CONST_A ? na : form == CONST_B ? nb : 1;
        if (n < 2 && (form == SAME_OPERAND || form == CONST_B)) continue;
        if (form == SAME_OPERAND && type[0] != type[1]) continue;
        for (uint32_t k = 0; k < nk; k++) {
            ArenaMark mark = arena_mark(&jit.arena);
            uint32_t at = compile_op(op, type, form, form == CONST_A ? va[k] : vb[k], cpu, allocator);
            for (uint32_t x = form == CONST_A ? k : 0; x < (form == CONST_A ? k + 1 : na); x++)
                for (uint32_t y = form == CONST_B ? k : 0; y < (form == CONST_B ? k + 1 : nb); y++)
                    for (uint32_t z = 0; z < nc; z++)
                        run_op(at, &op, type, result, form, (uint64_t[]){va[x], vb[y], vc[z * 3]});
            arena_rewind(&jit.arena, mark);
        }
    }
}

static void try_op(Ins op, IrType a, IrType b, IrType c) {
    IrType type[3] = {a, b, c};
    for (uint32_t allocator = 0; allocator < ALLOCATORS; allocator++) {
        try_op_with(op, type, X64_CPU_BASE, allocator);
        bool featured = op.op == IR_iand || (op.op >= IR_shl && op.op <= IR_ctz);
        if (featured && has_features()) try_op_with(op, type, X64_CPU_ALL, allocator);
    }
}

static void test_integers(void **state) {
    (void)state;
    for (IrType t = T_I32; t <= T_I64; t++) {
        for (uint8_t op = IR_iadd; op <= IR_rotr; op++) try_op((Ins){.op = op, .type = (uint8_t)t}, t, t, T_NONE);
        for (uint8_t op = IR_clz; op <= IR_sext16; op++) try_op((Ins){.op = op, .type = (uint8_t)t}, t, T_NONE, T_NONE);
        for (uint8_t c = 0; c < C_COUNT; c++) try_op((Ins){.op = IR_icmp, .aux = c, .type = T_I32}, t, t, T_NONE);
        try_op((Ins){.op = IR_eqz, .type = T_I32}, t, T_NONE, T_NONE);
    }
    try_op((Ins){.op = IR_sext32, .type = T_I64}, T_I64, T_NONE, T_NONE);
    try_op((Ins){.op = IR_sext, .type = T_I64}, T_I32, T_NONE, T_NONE);
    try_op((Ins){.op = IR_zext, .type = T_I64}, T_I32, T_NONE, T_NONE);
    try_op((Ins){.op = IR_wrap, .type = T_I32}, T_I64, T_NONE, T_NONE);
}

/* Division by constants, which becomes multiplication: dividends around multiples of the divisor and the ends of the
 * range. */
static void try_divisor(IrType t, uint64_t by, Random *r) {
    IrType type[3] = {t, t, T_NONE};
    uint32_t width = t == T_I32 ? 32 : 64;
    uint64_t mask = t == T_I32 ? UINT32_MAX : UINT64_MAX;
    by &= mask;
    for (uint8_t op = IR_sdiv; op <= IR_urem; op++) {
        ArenaMark mark = arena_mark(&jit.arena);
        Ins i = {.op = op, .type = (uint8_t)t};
        uint32_t at = compile_op(i, type, CONST_B, by, X64_CPU_BASE, rnd(r, ALLOCATORS));
        for (uint32_t k = 0; k < 40; k++) {
            uint64_t x = (uint64_t)rnd(r, UINT32_MAX) << 32 | rnd(r, UINT32_MAX);
            x >>= rnd(r, 64);
            if (k & 1) x = by ? x / by * by + rnd(r, 3) - 1 : x;
            if (k % 8 == 2) x = (UINT64_C(1) << (width - 1 - rnd(r, 2))) + rnd(r, 5) - 2;
            if (k % 8 == 4) x = 0 - x;
            run_op(at, &i, type, t, CONST_B, (uint64_t[]){x & mask, by, 0});
        }
        arena_rewind(&jit.arena, mark);
    }
}

static void test_division(void **state) {
    (void)state;
    Random r = {1};
    for (IrType t = T_I32; t <= T_I64; t++) {
        for (uint64_t by = 0; by < 300; by++) {
            try_divisor(t, by, &r);
            try_divisor(t, 0 - by, &r);
        }
        for (uint32_t k = 0; k < 64; k++)
            for (int64_t near = -2; near <= 2; near++) try_divisor(t, (UINT64_C(1) << k) + (uint64_t)near, &r);
        for (uint32_t k = 0; k < 500; k++)
            try_divisor(t, ((uint64_t)rnd(&r, UINT32_MAX) << 32 | rnd(&r, UINT32_MAX)) >> rnd(&r, 63), &r);
    }
}

static void test_floats(void **state) {
    (void)state;
    for (IrType t = T_F32; t <= T_F64; t++) {
        for (uint8_t op = IR_fadd; op <= IR_fcopysign; op++) try_op((Ins){.op = op, .type = (uint8_t)t}, t, t, T_NONE);
        for (uint8_t op = IR_fabs; op <= IR_fcanon; op++)
            try_op((Ins){.op = op, .type = (uint8_t)t}, t, T_NONE, T_NONE);
        for (uint8_t c = 0; c < FC_COUNT; c++) try_op((Ins){.op = IR_fcmp, .aux = c, .type = T_I32}, t, t, T_NONE);
    }
    try_op((Ins){.op = IR_fdemote, .type = T_F32}, T_F64, T_NONE, T_NONE);
    try_op((Ins){.op = IR_fpromote, .type = T_F64}, T_F32, T_NONE, T_NONE);
}

static void test_conversions(void **state) {
    (void)state;
    for (IrType i = T_I32; i <= T_I64; i++)
        for (IrType f = T_F32; f <= T_F64; f++)
            for (uint32_t is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
                try_op((Ins){.op = (uint8_t)(IR_fcvt_s + is_unsigned), .type = (uint8_t)i}, f, T_NONE, T_NONE);
                try_op((Ins){.op = (uint8_t)(IR_icvt_s + is_unsigned), .type = (uint8_t)f}, i, T_NONE, T_NONE);
            }
    for (uint32_t wide = 0; wide < 2; wide++) {
        IrType i = wide ? T_I64 : T_I32, f = wide ? T_F64 : T_F32;
        try_op((Ins){.op = IR_bitcast, .type = (uint8_t)f}, i, T_NONE, T_NONE);
        try_op((Ins){.op = IR_bitcast, .type = (uint8_t)i}, f, T_NONE, T_NONE);
    }
}

static void test_select(void **state) {
    (void)state;
    for (IrType t = T_I32; t <= T_F64; t++) try_op((Ins){.op = IR_select, .type = (uint8_t)t}, T_I32, t, t);
}

/* -- Conditions: every comparison as a value, a branch, a select, a trap, and negated --------- */

enum { AS_BRANCH, AS_BRANCH_NOT, AS_SELECT, AS_FSELECT, AS_TRAPNZ, AS_TRAPZ, AS_COUNT };

static uint32_t compile_condition(Ins cmp, IrType t, uint32_t as, bool memory, uint32_t allocator) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f), yes = fn_block(f), no = fn_block(f);
    fn_param(f, b, T_I64);
    cmp.a = load_state(f, b, t, arg_at(0));
    cmp.b = load_state(f, b, t, arg_at(1));
    if (!memory) store_state(f, b, fn_iconst(f, b, 1, T_I64, 7), result_at(9));
    Val c = fn_ins(f, b, 1, cmp);
    if (as == AS_BRANCH_NOT) c = fn_ins(f, b, 1, (Ins){.op = IR_eqz, .type = T_I32, .a = c});
    if (as == AS_SELECT || as == AS_FSELECT) {
        IrType rt = as == AS_SELECT ? T_I64 : T_F64;
        Val one = constant(f, b, rt, 1), two = constant(f, b, rt, 2);
        store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_select, .type = (uint8_t)rt, .a = c, .b = one, .c = two}),
                    result_at(0));
    } else if (as >= AS_TRAPNZ) {
        store_state(f, b, fn_iconst(f, b, 1, T_I64, as == AS_TRAPNZ ? 1 : 2), result_at(0));
        fn_ins(f, b, 77, (Ins){.op = as == AS_TRAPNZ ? IR_trapnz : IR_trapz, .aux = 7, .a = c});
        store_state(f, b, fn_iconst(f, b, 1, T_I64, as == AS_TRAPNZ ? 2 : 1), result_at(0));
    }
    if (as >= AS_SELECT) {
        finish_fn(f, b);
    } else {
        bool negated = as == AS_BRANCH_NOT;
        fn_ins(f, b, 1, (Ins){.op = IR_brif, .a = c});
        fn_edge(f, b, negated ? no : yes, NULL, 0);
        fn_edge(f, b, negated ? yes : no, NULL, 0);
    }
    store_state(f, yes, fn_iconst(f, yes, 1, T_I64, 1), result_at(0));
    finish_fn(f, yes);
    store_state(f, no, fn_iconst(f, no, 1, T_I64, 2), result_at(0));
    finish_fn(f, no);
    uint32_t at = compile(f, X64_CPU_BASE, allocator);
    finish_code(NULL);
    return at;
}

static void try_condition(Ins cmp, IrType t) {
    uint32_t n;
    const uint64_t *v = values_of(t, &n);
    for (uint32_t variant = 0; variant < AS_COUNT * 2 * ALLOCATORS; variant++) {
        uint32_t as = variant % AS_COUNT, allocator = variant / AS_COUNT % ALLOCATORS;
        bool memory = variant >= AS_COUNT * ALLOCATORS;
        ArenaMark mark = arena_mark(&jit.arena);
        uint32_t at = compile_condition(cmp, t, as, memory, allocator);
        for (uint32_t k = 0; k < n * n; k++) {
            uint64_t a = v[k / n], b = v[k % n];
            bool want = eval(&cmp, t, a, b, 0) != 0, traps = (as == AS_TRAPNZ && want) || (as == AS_TRAPZ && !want);
            set_state(arg_at(0), a);
            set_state(arg_at(1), b);
            assert_int_equal(enter(at, NULL), traps ? 7 : 0);
            if (state_u64(result_at(0)) != (want ? 1 : 2))
                fail_msg("%s.%u as %u (%#llx, %#llx)", ir_info[cmp.op].name, cmp.aux, as, (unsigned long long)a,
                         (unsigned long long)b);
        }
        arena_rewind(&jit.arena, mark);
    }
}

static void test_conditions(void **state) {
    (void)state;
    for (uint8_t c = 0; c < C_COUNT; c++) {
        try_condition((Ins){.op = IR_icmp, .aux = c, .type = T_I32}, T_I32);
        try_condition((Ins){.op = IR_icmp, .aux = c, .type = T_I32}, T_I64);
    }
    for (uint8_t c = 0; c < FC_COUNT; c++) {
        try_condition((Ins){.op = IR_fcmp, .aux = c, .type = T_I32}, T_F32);
        try_condition((Ins){.op = IR_fcmp, .aux = c, .type = T_I32}, T_F64);
    }
}

/* -- Random functions ------------------------------------------------------------------------ */

static void fill_state(Random *r, uint8_t *state) {
    for (uint32_t k = 0; k < NARGS; k++) {
        uint32_t n;
        const uint64_t *v = values_of((IrType)(T_I32 + k % 4), &n);
        bits_store_u64(state + arg_at(k), v[rnd(r, n)]);
    }
    memset(state + ES_RESULTS_OFFSET, 0, 1024);
    for (uint32_t k = 0; k < SCRATCH_BYTES; k++) state[SCRATCH_AT + k] = (uint8_t)rnd(r, 256);
}

static void run_random(uint64_t seed) {
    ArenaMark mark = arena_mark(&jit.arena);
    uint32_t variant = (uint32_t)seed % (2 * ALLOCATORS);
    CpuFeatures cpu = (variant & 1) && has_features() ? X64_CPU_ALL : X64_CPU_BASE;
    Fn *f = gen_fn(&jit.arena, seed);
    start_code();
    uint32_t at = compile(f, cpu, variant / 2);
    finish_code(NULL);
    static uint8_t copy[STATE_BYTES];
    Random r = {seed * 31};
    for (uint32_t k = 0; k < 8; k++) {
        fill_state(&r, jit.state);
        memcpy(copy, jit.state, STATE_BYTES);
        interpret(&jit.arena, f, copy, (uint64_t)(uintptr_t)jit.state);
        assert_int_equal(enter(at, NULL), 0);
        if (memcmp(copy, jit.state, STATE_BYTES) != 0) {
            Text t;
            text_init(&t, &jit.arena);
            ir_print(&t, f);
            if (getenv("X64_TEST_DUMP")) fprintf(stderr, "%s\n", t.at);
            for (uint32_t x = 0; x < STATE_BYTES; x++)
                if (copy[x] != jit.state[x])
                    fail_msg("seed %llu, inputs %u: state differs at %u: %02x, expected %02x", (unsigned long long)seed,
                             k, x, jit.state[x], copy[x]);
        }
    }
    arena_rewind(&jit.arena, mark);
}

static void test_random(void **state) {
    (void)state;
    const char *one = getenv("X64_TEST_SEED"), *count = getenv("X64_TEST_COUNT");
    uint64_t n = count ? strtoull(count, NULL, 0) : 2000;
    if (one)
        run_random(strtoull(one, NULL, 0));
    else
        for (uint64_t seed = 1; seed <= n; seed++) run_random(seed);
}

/* Vectors move, spill, and are chosen; for their arithmetic see test_x64_simd.c. */
static void test_vectors(void **state) {
    (void)state;
    enum { N = 24 };
    for (uint32_t allocator = 0; allocator < ALLOCATORS; allocator++) {
        ArenaMark mark = arena_mark(&jit.arena);
        start_code();
        Fn *f = new_fn(&jit.arena);
        BlkId b = fn_block(f);
        fn_param(f, b, T_I64);
        Val v[N], other = load_state(f, b, T_I64, arg_at(80)), which = load_state(f, b, T_I32, arg_at(81));
        for (uint32_t k = 0; k < N; k++) v[k] = load_state(f, b, T_V128, arg_at(k));
        static const uint32_t words[4] = {1, 2, 3, 0x80000004};
        v[0] = fn_ins(f, b, 1, (Ins){.op = IR_vconst, .type = T_V128, .a = fn_pool(f, words, 4)});
        v[1] = fn_ins(f, b, 1, (Ins){.op = IR_select, .type = T_V128, .a = which, .b = v[2], .c = v[3]});
        for (uint32_t k = N; k-- > 0;) store_state(f, b, v[k], result_at(k));
        store_state(f, b, other, result_at(N));
        finish_fn(f, b);
        uint32_t at = compile(f, X64_CPU_BASE, allocator);
        finish_code(NULL);
        for (uint32_t chosen = 0; chosen < 2; chosen++) {
            for (uint32_t k = 0; k < 2 * 100; k++) set_state(arg_at(0) + 8 * k, UINT64_C(0x0101010101010101) * k);
            set_state(arg_at(81), chosen);
            assert_int_equal(enter(at, NULL), 0);
            assert_int_equal(state_u64(result_at(0)), 0x200000001);
            assert_int_equal(state_u64(result_at(0) + 8), 0x8000000400000003);
            assert_memory_equal(jit.state + result_at(1), jit.state + arg_at(chosen ? 2 : 3), 16);
            assert_memory_equal(jit.state + result_at(2), jit.state + arg_at(2), 16 * (N - 2));
            assert_int_equal(state_u64(result_at(N)), state_u64(arg_at(80)));
        }
        arena_rewind(&jit.arena, mark);
    }
}

/* -- Calls, counters, stubs ---------------------------------------------------------------------- */

enum { MANY = 14 };

/* Result k of the callee is this parameter: the next of the same type. */
static uint32_t source_of(uint32_t k) { return k + 4 < MANY ? k + 4 : k % 4; }

/* callee(ctx, 14 mixed parameters) -> 14 mixed results; the caller takes them from the state and puts the results
 * there. */
static void build_many(Fn **callee, Fn **caller, CalleeKind kind, bool tail) {
    static uint8_t param[MANY + 1], result[MANY];
    param[0] = T_I64;
    for (uint32_t k = 0; k < MANY; k++) param[k + 1] = result[k] = (uint8_t)(T_I32 + k % 4);
    IrSig sig = {param, result, MANY + 1, MANY};
    Fn *c = *callee = fn_new(&jit.arena, "callee", 1, &sig);
    BlkId b = fn_block(c);
    Val p[MANY + 1], out[MANY];
    for (uint32_t k = 0; k <= MANY; k++) p[k] = fn_param(c, b, (IrType)param[k]);
    for (uint32_t k = 0; k < MANY; k++) out[k] = p[1 + source_of(k)];
    uint32_t pool = fn_pool(c, out, MANY);
    fn_ins(c, b, 5, (Ins){.op = IR_ret, .a = pool, .b = MANY});
    /* the caller in between (for tail calls it has the same signature) */
    Fn *f = *caller = fn_new(&jit.arena, "caller", 0, tail ? &sig : &(IrSig){.param = param_types, .nparam = 1});
    b = fn_block(f);
    Val ctx = fn_param(f, b, T_I64), arg[MANY + 2];
    uint32_t n = 0;
    if (kind == CALLEE_REF) {
        arg[n++] = tail ? 0 : load_state(f, b, T_I64, arg_at(100));
    }
    arg[n++] = ctx;
    for (uint32_t k = 0; k < MANY; k++)
        arg[n++] = tail ? fn_param(f, b, (IrType)param[k + 1]) : load_state(f, b, (IrType)param[k + 1], arg_at(50 + k));
    if (kind == CALLEE_REF && tail) arg[0] = load_state(f, b, T_I64, arg_at(100));
    vec_push(&jit.arena, &f->calls, ((Callee){.kind = kind, .index = 1, .sig = sig}));
    pool = fn_pool(f, arg, n);
    if (tail) {
        fn_ins(f, b, 6, (Ins){.op = IR_tailcall, .a = pool, .b = n, .c = 0});
        return;
    }
    Val lives_on = load_state(f, b, T_I64, arg_at(99));
    store_state(f, b, fn_iconst(f, b, 1, T_I64, 7), result_at(60));
    Val v = fn_ins(f, b, 6, (Ins){.op = IR_call, .a = pool, .b = n, .c = 0});
    Val got[MANY];
    for (uint32_t k = 0; k < MANY; k++)
        got[k] = fn_ins(f, b, 6, (Ins){.op = IR_proj, .type = result[k], .a = v, .b = k});
    for (uint32_t k = 0; k < MANY; k++) store_state(f, b, got[k], result_at(20 + k));
    store_state(f, b, lives_on, result_at(50));
    finish_fn(f, b);
}

static void check_many(uint32_t entry) {
    for (uint32_t k = 0; k < MANY; k++)
        set_state(arg_at(50 + k), k % 2 ? UINT64_C(0x1111111111111111) * (k + 1) : 0x11111111 * (uint64_t)(k + 1));
    set_state(arg_at(99), 0x0123456789abcdef);
    memset(jit.state + result_at(20), 0, 16 * 40);
    assert_int_equal(enter(entry, jit.state), 0);
    for (uint32_t k = 0; k < MANY; k++) {
        uint64_t want = state_u64(arg_at(50 + source_of(k))), got = state_u64(result_at(20 + k));
        if (k % 2 == 0) want = (uint32_t)want, got = (uint32_t)got;
        assert_int_equal(got, want);
    }
    assert_int_equal(state_u64(result_at(50)), 0x0123456789abcdef);
}

static void test_calls(void **state) {
    (void)state;
    for (uint32_t variant = 0; variant < 4 * ALLOCATORS; variant++) {
        CalleeKind kind = variant & 1 ? CALLEE_REF : CALLEE_FUNC;
        bool tail = variant & 2;
        uint32_t allocator = variant / 4, offset[3];
        Fn *callee, *caller, *middle = NULL, *unused;
        ArenaMark mark = arena_mark(&jit.arena);
        start_code();
        build_many(&callee, &caller, kind, tail);
        if (tail) { /* entry -> middle -> (tail) callee */
            middle = caller;
            build_many(&unused, &caller, CALLEE_FUNC, false);
            caller->calls.at[0].index = 2;
        }
        offset[0] = compile(caller, X64_CPU_BASE, allocator);
        offset[1] = compile(callee, X64_CPU_BASE, allocator);
        offset[2] = middle ? compile(middle, X64_CPU_BASE, allocator) : 0;
        finish_code(offset);
        set_state(arg_at(100), (uint64_t)(uintptr_t)code_ptr(jit.code_start + offset[1]));
        check_many(offset[0]);
        arena_rewind(&jit.arena, mark);
    }
}

static uint32_t compile_charge(uint8_t which, uint32_t amount, bool refund) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    fn_ins(f, b, 33, (Ins){.op = IR_charge, .aux = which, .a = amount});
    if (refund) fn_ins(f, b, 34, (Ins){.op = IR_refund, .aux = which, .a = amount});
    finish_fn(f, b);
    uint32_t at = compile(f, X64_CPU_BASE, 0);
    finish_code(NULL);
    return at;
}

static void test_counters(void **state) {
    (void)state;
    for (uint8_t which = 0; which < 2; which++) {
        static const uint32_t amounts[] = {0, 1, 1000, INT32_MAX, 0x80000000, UINT32_MAX};
        uint32_t at_state = which ? ES_DEPTH : ES_FUEL, kind = which ? CODE_TRAP_EXHAUSTION : CODE_TRAP_FUEL;
        for (uint32_t k = 0; k < COUNT(amounts); k++) {
            uint32_t at = compile_charge(which, amounts[k], false);
            set_state(at_state, amounts[k]);
            assert_int_equal(enter(at, NULL), 0);
            assert_int_equal(state_u64(at_state), 0);
            set_state(at_state, amounts[k] - UINT64_C(1)); /* one too few */
            assert_int_equal(enter(at, NULL), kind);
            assert_int_equal(state_u64(at_state), UINT64_MAX);
            /* the site is known: a trap stub's return address */
            uint64_t pc = state_u64(ES_TRAP_PC) - (uint64_t)(uintptr_t)code_ptr(jit.code_start);
            bool found = false;
            for (uint32_t s = 0; s < jit.cb.site.n; s++)
                found |= jit.cb.site.at[s].offset == pc && jit.cb.site.at[s].kind == SITE_TRAP &&
                         jit.cb.site.at[s].loc == 33;
            assert_true(found);
            assert_int_equal(bits_load_u64((const void *)(uintptr_t)state_u64(ES_TRAP_FP)),
                             0); /* the chain ends at enter */
            at = compile_charge(which, amounts[k], true);
            set_state(at_state, amounts[k]);
            assert_int_equal(enter(at, NULL), 0);
            assert_int_equal(state_u64(at_state), amounts[k]);
        }
    }
}

static void test_poll(void **state) {
    (void)state;
    for (uint32_t allocator = 0; allocator < 4; allocator++) {
        start_code();
        Fn *f = new_fn(&jit.arena);
        BlkId b = fn_block(f);
        fn_param(f, b, T_I64);
        fn_ins(f, b, 33, (Ins){.op = IR_poll});
        finish_fn(f, b);
        uint32_t at = compile(f, X64_CPU_BASE, allocator);
        finish_code(NULL);
        for (uint64_t epoch = 4; epoch < 7; epoch++) {
            set_state(ES_EPOCH, epoch);
            set_state(ES_DEADLINE, 5);
            assert_int_equal(enter(at, NULL), epoch < 5 ? 0 : CODE_TRAP_INTERRUPT);
        }
    }
}

/* A library call that comes back in: nested entry, and a trap in there ends only that. */
static struct {
    uint32_t inner, calls, status;
    uint64_t seen[6];
} host;

/* Stands for a function with a 32-bit result: the upper half of the register is garbage. */
static uint64_t call_back(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    uint64_t seen[6] = {a, b, c, d, e, f};
    memcpy(host.seen, seen, sizeof seen);
    host.calls++;
    uint64_t entry_sp = state_u64(ES_ENTRY_SP);
    host.status = enter(host.inner, NULL);
    assert_int_equal(state_u64(ES_ENTRY_SP), entry_sp);
    return 0xdeadbeef80000001;
}

static void test_charges(void **state) {
    (void)state;
    start_code();
    uint32_t at = compile(charges_fn(&jit.arena), X64_CPU_BASE, 0);
    finish_code(NULL);
    for (uint32_t k = 0; k < 2 * CHARGES_CASES; k++) {
        int64_t before[2], after[2];
        /* the other counter has plenty, or fails at its own first charge */
        const ChargePart *want = charges_case(k / 2, k % 2 ? 1 << 30 : 1, before, after);
        set_state(ES_FUEL, (uint64_t)before[0]);
        set_state(ES_DEPTH, (uint64_t)before[1]);
        assert_int_equal(enter(at, NULL) != 0, want != NULL);
        int64_t left[2] = {(int64_t)state_u64(ES_FUEL), (int64_t)state_u64(ES_DEPTH)};
        if (want) {
            uint64_t pc = state_u64(ES_TRAP_PC) - (uint64_t)(uintptr_t)code_ptr(jit.code_start);
            const CodeSite *s = NULL;
            for (uint32_t i = 0; i < jit.cb.site.n; i++)
                if (jit.cb.site.at[i].offset == pc && jit.cb.site.at[i].kind == SITE_TRAP) s = &jit.cb.site.at[i];
            assert_non_null(s);
            const ChargePart *got = s->ncharge ? code_first_charge(jit.cb.charge.at + s->loc, s->ncharge, left) : NULL;
            assert_int_equal(s->ncharge ? got->loc : s->loc, want->loc);
        }
        assert_memory_equal(left, after, sizeof left);
    }
}

static void test_nested(void **state) {
    (void)state;
    enum { LIB = 3 };
    static const uint8_t args[] = {T_I64, T_I32, T_I64, T_I32, T_I64, T_I64}, result[] = {T_I32};
    for (uint32_t allocator = 0; allocator < ALLOCATORS; allocator++) {
        start_code();
        Fn *f = new_fn(&jit.arena);
        BlkId b = fn_block(f);
        Val ctx = fn_param(f, b, T_I64), arg[6] = {ctx};
        for (uint32_t k = 1; k < 6; k++) arg[k] = fn_iconst(f, b, 1, (IrType)args[k], 1000 + k);
        vec_push(&jit.arena, &f->calls, ((Callee){.kind = CALLEE_LIB, .index = LIB, .sig = {args, result, 6, 1}}));
        Val v = fn_ins(f, b, 9, (Ins){.op = IR_call, .type = T_I32, .a = fn_pool(f, arg, 6), .b = 6});
        store_state(f, b, fn_ins(f, b, 9, (Ins){.op = IR_zext, .type = T_I64, .a = v}), result_at(0));
        store_state(f, b, ctx, result_at(1));
        finish_fn(f, b);
        uint32_t outer = compile(f, X64_CPU_BASE, allocator);
        f = new_fn(&jit.arena);
        b = fn_block(f);
        fn_param(f, b, T_I64);
        fn_ins(f, b, 44, (Ins){.op = IR_trap, .aux = 5});
        host.inner = compile(f, X64_CPU_BASE, allocator);
        finish_code(NULL);
        uint64_t (*fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) = call_back;
        memcpy(jit.state + ES_LIB(LIB), &fn, sizeof fn);
        host.calls = 0;
        assert_int_equal(enter(outer, &host), 0);
        assert_int_equal(host.calls, 1);
        assert_int_equal(host.status, 5);
        assert_int_equal(host.seen[0], (uintptr_t)&host);
        for (uint32_t k = 1; k < 6; k++) assert_int_equal(host.seen[k], 1000 + k);
        assert_int_equal(state_u64(result_at(0)), 0x80000001);
        assert_int_equal(state_u64(result_at(1)), (uintptr_t)&host);
        assert_int_equal(state_u64(ES_ENTRY_SP), 0);
    }
}

static void test_frame(void **state) { /* callee-saved registers and MXCSR of C survive both ways out */
    (void)state;
    uint32_t mxcsr = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(mxcsr | 0x6000); /* round toward zero */
    uint32_t at = compile_charge(0, 1, false);
    set_state(ES_FUEL, 0);
    assert_int_equal(enter(at, NULL), CODE_TRAP_FUEL);
    assert_int_equal(__builtin_ia32_stmxcsr() & 0x6000, 0x6000);
    set_state(ES_FUEL, 5);
    assert_int_equal(enter(at, NULL), 0);
    assert_int_equal(__builtin_ia32_stmxcsr() & 0x6000, 0x6000);
    __builtin_ia32_ldmxcsr(mxcsr);
}

static void test_fault_sites(void **state) { /* exactly at the instruction, also when the load is folded */
    (void)state;
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    Val p = fn_param(f, b, T_I64);
    Val x = load_state(f, b, T_I32, arg_at(0));
    Val y = fn_ins(f, b, 101,
                   (Ins){.op = IR_load, .type = T_I32, .aux = ACC_32, .flags = MEM_HEAP | MEM_TRAPS, .a = p, .b = 4});
    Val sum = fn_ins(f, b, 102, (Ins){.op = IR_iadd, .a = x, .b = y});
    store_state(f, b, sum, result_at(0));
    fn_ins(f, b, 103,
           (Ins){.op = IR_load,
                 .type = T_I64,
                 .aux = ACC_64,
                 .flags = MEM_HEAP | MEM_TRAPS,
                 .a = p,
                 .b = 0x7ffffff0}); /* unused */
    fn_ins(f, b, 104, (Ins){.op = IR_store, .aux = ACC_16U, .flags = MEM_HEAP | MEM_TRAPS, .a = p, .b = sum, .c = 8});
    finish_fn(f, b);
    compile(f, X64_CPU_BASE, 0);
    finish_code(NULL);
    static const uint32_t want[] = {101, 103, 104};
    uint32_t n = 0;
    for (uint32_t s = 0; s < jit.cb.site.n; s++) {
        const CodeSite *site = &jit.cb.site.at[s];
        if (site->kind != SITE_FAULT) continue;
        assert_true(n < COUNT(want));
        assert_int_equal(site->loc, want[n++]);
        assert_int_equal(site->trap, CODE_TRAP_MEMORY_BOUNDS);
    }
    assert_int_equal(n, COUNT(want));
}

/* -- The group ------------------------------------------------------------------------------------- */

static void test_rules(void **state) { /* every rule has been used above */
    (void)state;
    bool featured = has_features();
    for (uint32_t r = 0; r < X64_RULE_COUNT; r++) {
        if (r >= X64_RULE_FIRST_VEC && r < X64_RULE_END_VEC) continue; /* see test_x64_simd.c */
        bool needs_features =
            r == X64_RULE_andn || r == X64_RULE_rorx || r == X64_RULE_shift_bmi2 || r == X64_RULE_count;
        if (!jit.hits[r] && (featured || !needs_features))
            fail_msg("rule not hit: %s (%s)", x64_rule[r].name, x64_rule[r].pattern);
    }
    print_message("%llu executions\n", (unsigned long long)jit.runs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),    cmocka_unit_test(test_division), cmocka_unit_test(test_floats),
        cmocka_unit_test(test_conversions), cmocka_unit_test(test_select),   cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_random),      cmocka_unit_test(test_vectors),  cmocka_unit_test(test_calls),
        cmocka_unit_test(test_counters),    cmocka_unit_test(test_charges),  cmocka_unit_test(test_nested),
        cmocka_unit_test(test_poll),        cmocka_unit_test(test_frame),    cmocka_unit_test(test_fault_sites),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, jit_setup, jit_teardown);
}
