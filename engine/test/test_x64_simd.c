/* Execution of x86-64 code for vectors: every lane operation over boundary and random lanes against the scalar oracle
 * of x64_vec_eval.h, with operands in registers, in (unaligned) memory, constant, the same twice and living on, with
 * all allocators, for the baseline, AVX and AVX2; and random functions of many operations.  For x86-64 hosts alone. */
#define _GNU_SOURCE
#include "x64_gen.h"
#include "x64_jit.h"
/* needs those above */
#include "x64_vec_eval.h"

static const CpuFeatures cpus[] = {X64_CPU_BASE, X64_CPU_AVX, X64_CPU_ALL};
static uint32_t ncpus(void) { return has_features() ? 3 : 1; }

/* Vectors in the state are at odd addresses: no legacy instruction may read them. */
static uint32_t varg_at(uint32_t k) { return ES_ARGS_OFFSET + 40 * k + 3; }
static uint32_t vresult_at(uint32_t k) { return ES_RESULTS_OFFSET + 40 * k + 5; }

static Val load_v(Fn *f, BlkId b, uint32_t k) { return load_state(f, b, T_V128, varg_at(k)); }
static void put_v(uint32_t k, const V *v) { memcpy(jit.state + varg_at(k), v, 16); }
static V got_v(uint32_t k) {
    V v;
    memcpy(&v, jit.state + vresult_at(k), 16);
    return v;
}
static Val vconst(Fn *f, BlkId b, const V *v) {
    uint32_t word[4];
    memcpy(word, v, 16);
    return fn_ins(f, b, 1, (Ins){.op = IR_vconst, .type = T_V128, .a = fn_pool(f, word, 4)});
}
/* No load sinks below. */
static void barrier(Fn *f, BlkId b) { store_state(f, b, fn_iconst(f, b, 1, T_I64, 7), vresult_at(9)); }

static const char *show(const V *v) {
    static char text[8][36];
    static uint32_t turn;
    char *s = text[turn++ % 8];
    snprintf(s, 36, "%016llx'%016llx", (unsigned long long)lane(v, 64, 1), (unsigned long long)lane(v, 64, 0));
    return s;
}

/* -- Lanes -------------------------------------------------------------------------- */

static uint64_t rnd64(Random *r) { return (uint64_t)rnd(r, UINT32_MAX) << 33 ^ rnd(r, UINT32_MAX); }

static uint64_t boundary_lane(Random *r, char kind, uint32_t bits) {
    static const uint64_t offset[] = {0, 1, 2, 3, 0 - UINT64_C(1), 0 - UINT64_C(2)};
    uint32_t n;
    if (kind == 'f') {
        const uint64_t *v = values_of(bits == 32 ? T_F32 : T_F64, &n);
        return v[rnd(r, n)];
    }
    switch (rnd(r, 5)) {
    case 0: return rnd64(r);
    case 1: return (UINT64_C(1) << (bits - 1)) + offset[rnd(r, 6)];
    case 2: return (UINT64_C(1) << rnd(r, bits)) + offset[rnd(r, 6)];
    case 3: return (UINT64_C(1) << (bits / 2 - rnd(r, 2))) + offset[rnd(r, 6)];
    default: return offset[rnd(r, 6)];
    }
}

static V random_v(Random *r, char kind, uint32_t bits) {
    V v;
    if (kind == 'v' || bits == 0 || rnd(r, 12) == 0) {
        kind = rnd(r, 3) ? 'i' : 'f';
        bits = kind == 'f' ? 32u << rnd(r, 2) : 8u << rnd(r, 4);
    }
    bool all_equal = rnd(r, 6) == 0;
    for (uint32_t k = 0; k < 128 / bits; k++)
        set_lane(&v, bits, k, all_equal && k ? lane(&v, bits, 0) : boundary_lane(r, kind, bits));
    return v;
}

/* Lanes that matter to the operation: those of its operands. */
static V operand_for(Random *r, uint8_t vop) {
    VName n = vname(vop);
    static const char *const types[] = {"i8x16", "i16x8", "i32x4", "f32x4", "f64x2"};
    for (uint32_t k = 0; k < COUNT(types); k++)
        if (strstr(n.op, types[k])) return random_v(r, *types[k], (uint32_t)strtoul(types[k] + 1, NULL, 10));
    return random_v(r, n.kind, n.bits);
}

/* Equal lanes, neighbours and zeros of both signs are what comparisons and minima stumble on. */
static void relate(Random *r, V *b, const V *a, uint32_t bits) {
    for (uint32_t k = 0; k < 128 / bits; k++) {
        uint64_t x = lane(a, bits, k);
        switch (rnd(r, 8)) {
        case 0: set_lane(b, bits, k, x); break;
        case 1: set_lane(b, bits, k, x + 1); break;
        case 2: set_lane(b, bits, k, x ^ UINT64_C(1) << (bits - 1)); break;
        default: break;
        }
    }
}

/* -- One operation -------------------------------------------------------------------- */

enum { IN_MEMORY, IN_REGISTERS, SAME_OPERAND, CONST_A, CONST_B, CONST_C, LIVES_ON, FORMS };

static uint32_t compile_op(uint8_t vop, uint32_t n, uint32_t form, const V *k, CpuFeatures cpu, uint32_t allocator) {
    static const uint8_t op_of[] = {0, IR_vunary, IR_vbinary, IR_vternary};
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    Val arg[3] = {0};
    for (uint32_t i = 0; i < n; i++) arg[i] = form == CONST_A + i ? vconst(f, b, k) : load_v(f, b, i);
    if (form == SAME_OPERAND) arg[1] = arg[2] = arg[0];
    if (form != IN_MEMORY) barrier(f, b);
    Ins op = {.op = op_of[n], .type = T_V128, .aux = vop, .a = arg[0]};
    if (n > 1) op.b = arg[1];
    if (n > 2) op.c = arg[2];
    Val v = fn_ins(f, b, 2, op);
    store_state(f, b, v, vresult_at(0));
    if (form == LIVES_ON) {
        Val again = fn_ins(f, b, 2, op);
        store_state(f, b, again, vresult_at(4));
        for (uint32_t i = 0; i < n; i++) store_state(f, b, arg[i], vresult_at(1 + i));
    }
    finish_fn(f, b);
    uint32_t at = compile(f, cpu, allocator);
    finish_code(NULL);
    return at;
}

static void run_op(uint32_t at, uint8_t vop, uint32_t n, uint32_t form, const V v[3]) {
    const V *b = form == SAME_OPERAND ? &v[0] : &v[1], *c = form == SAME_OPERAND ? &v[0] : &v[2];
    for (uint32_t i = 0; i < 3; i++) put_v(i, &v[i]);
    assert_int_equal(enter(at, NULL), 0);
    V want = v_eval(vop, &v[0], b, c), got = got_v(0);
    if (!v_same(vop, &want, &got))
        fail_msg("%s form %u (%s, %s, %s): %s, expected %s", vop_info[vop].name, form, show(&v[0]), show(b), show(c),
                 show(&got), show(&want));
    if (form != LIVES_ON) return;
    V again = got_v(4);
    assert_true(v_same(vop, &want, &again));
    for (uint32_t i = 0; i < n; i++) {
        V kept = got_v(1 + i);
        assert_memory_equal(&kept, &v[i], 16);
    }
}

static void try_op(uint8_t vop, uint32_t n, CpuFeatures cpu, uint32_t allocator, Random *r) {
    for (uint32_t form = 0; form < FORMS; form++) {
        bool is_const = form >= CONST_A && form <= CONST_C;
        if (form == SAME_OPERAND && n < 2) continue;
        if (is_const && form - CONST_A >= n) continue;
        for (uint32_t round = 0; round < (is_const ? 6u : 1u); round++) {
            ArenaMark mark = arena_mark(&jit.arena);
            V k = operand_for(r, vop);
            if (round == 0) memset(&k, 0, 16);
            if (round == 1) memset(&k, 0xff, 16);
            uint32_t at = compile_op(vop, n, form, &k, cpu, allocator);
            for (uint32_t run = 0; run < (is_const ? 12u : 50u); run++) {
                V v[3] = {operand_for(r, vop), operand_for(r, vop), operand_for(r, vop)};
                if (run % 3 == 0) relate(r, &v[1], &v[0], vname(vop).bits);
                if (is_const) v[form - CONST_A] = k;
                run_op(at, vop, n, form, v);
            }
            arena_rewind(&jit.arena, mark);
        }
    }
}

static uint32_t operand_count(uint8_t shape) {
    switch (shape) {
    case V_UNARY:
    case V_FUNARY: return 1;
    case V_BINARY:
    case V_FBINARY: return 2;
    case V_TERNARY: return 3;
    default: return 0;
    }
}

static void test_operations(void **state) {
    (void)state;
    Random r = {1};
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        uint32_t n = operand_count(vop_info[vop].shape);
        for (uint32_t variant = 0; n && variant < ncpus() * ALLOCATORS; variant++)
            try_op((uint8_t)vop, n, cpus[variant / ALLOCATORS], variant % ALLOCATORS, &r);
    }
}

/* All pairs of bytes for the operations on bytes that are sequences or easy to get wrong. */
static void test_all_bytes(void **state) {
    (void)state;
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        VName name = vname((uint8_t)vop);
        uint32_t n = operand_count(vop_info[vop].shape);
        if (!n || n > 2 || (name.bits != 8 && !strstr(name.op, "i8x16"))) continue;
        for (uint32_t cpu = 0; cpu < ncpus(); cpu++) {
            ArenaMark mark = arena_mark(&jit.arena);
            uint32_t at = compile_op((uint8_t)vop, n, IN_REGISTERS, NULL, cpus[cpu], 1);
            for (uint32_t a = 0; a < 256; a++)
                for (uint32_t first = 0; first < 256; first += 16) {
                    V v[3] = {0};
                    memset(&v[0], (int)a, 16);
                    for (uint32_t k = 0; k < 16; k++) v[1].at[k] = (uint8_t)(first + k);
                    run_op(at, (uint8_t)vop, n, IN_REGISTERS, v);
                    V swap = v[0];
                    v[0] = v[1];
                    v[1] = swap;
                    run_op(at, (uint8_t)vop, n, IN_REGISTERS, v);
                }
            arena_rewind(&jit.arena, mark);
        }
    }
}

/* -- Shifts ------------------------------------------------------------------------------ */

enum { COUNT_CONST, COUNT_LOADED, COUNT_MASKED, COUNT_MASKED_LESS, COUNT_WRAPPED, COUNT_FORMS };

static uint32_t compile_shift(uint8_t vop, uint32_t form, uint32_t count, CpuFeatures cpu, uint32_t allocator) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    Val a = load_v(f, b, 0), n;
    if (form == COUNT_CONST)
        n = fn_iconst(f, b, 1, T_I32, count);
    else if (form == COUNT_WRAPPED)
        n = fn_ins(f, b, 1, (Ins){.op = IR_wrap, .type = T_I32, .a = load_state(f, b, T_I64, arg_at(20))});
    else
        n = load_state(f, b, T_I32, arg_at(20));
    if (form == COUNT_MASKED || form == COUNT_MASKED_LESS) {
        uint32_t mask = vname(vop).bits * (form == COUNT_MASKED ? 1 : 2) - 1;
        n = fn_ins(f, b, 1, (Ins){.op = IR_iand, .type = T_I32, .a = n, .b = fn_iconst(f, b, 1, T_I32, mask)});
    }
    barrier(f, b);
    store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_vshift, .type = T_V128, .aux = vop, .a = a, .b = n}),
                vresult_at(0));
    store_state(f, b, a, vresult_at(1));
    store_state(f, b, n, vresult_at(2));
    finish_fn(f, b);
    uint32_t at = compile(f, cpu, allocator);
    finish_code(NULL);
    return at;
}

static void test_shifts(void **state) {
    (void)state;
    Random r = {2};
    static const uint32_t far[] = {0x80000000, 0x80000001, UINT32_MAX, 0xffffff00, 256, 257, 0x40000003};
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        if (vop_info[vop].shape != V_SHIFT) continue;
        uint32_t bits = vname((uint8_t)vop).bits, ncounts = 2 * bits + 2 + COUNT(far);
        for (uint32_t variant = 0; variant < ncpus() * ALLOCATORS * COUNT_FORMS; variant++) {
            uint32_t form = variant % COUNT_FORMS, at = 0;
            ArenaMark mark = arena_mark(&jit.arena);
            for (uint32_t c = 0; c < ncounts; c++) {
                uint32_t count = c < COUNT(far) ? far[c] : c - COUNT(far);
                if (c == 0 || form == COUNT_CONST) {
                    arena_rewind(&jit.arena, mark);
                    at = compile_shift((uint8_t)vop, form, count, cpus[variant / COUNT_FORMS / ALLOCATORS],
                                       variant / COUNT_FORMS % ALLOCATORS);
                }
                for (uint32_t run = 0; run < 8; run++) {
                    V a = random_v(&r, 'i', bits);
                    put_v(0, &a);
                    set_state(arg_at(20), count | (form == COUNT_WRAPPED ? UINT64_C(0xabcdef) << 32 : 0));
                    assert_int_equal(enter(at, NULL), 0);
                    V want = v_shift((uint8_t)vop, &a, count), got = got_v(0), kept = got_v(1);
                    if (memcmp(&want, &got, 16) != 0)
                        fail_msg("%s %s by %u, form %u: %s, expected %s", vop_info[vop].name, show(&a), count, form,
                                 show(&got), show(&want));
                    assert_memory_equal(&kept, &a, 16);
                }
            }
            arena_rewind(&jit.arena, mark);
        }
    }
}

/* -- Tests of lanes: as value, branch, select, negated ------------------------------------- */

enum { AS_VALUE, AS_BRANCH, AS_BRANCH_NOT, AS_SELECT, AS_VSELECT, AS_FORMS };

static uint32_t compile_test(uint8_t vop, uint32_t as, CpuFeatures cpu, uint32_t allocator) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f), yes = fn_block(f), no = fn_block(f);
    fn_param(f, b, T_I64);
    Val a = load_v(f, b, 0);
    Val t = fn_ins(f, b, 1, (Ins){.op = IR_vtest, .type = T_I32, .aux = vop, .a = a});
    Val one = fn_iconst(f, b, 1, T_I64, 1), two = fn_iconst(f, b, 1, T_I64, 2);
    if (as == AS_VALUE) store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_zext, .type = T_I64, .a = t}), vresult_at(0));
    if (as == AS_SELECT)
        store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_select, .type = T_I64, .a = t, .b = one, .c = two}),
                    vresult_at(0));
    if (as == AS_VSELECT) {
        Val x = fn_ins(f, b, 1, (Ins){.op = IR_vsplat, .type = T_V128, .aux = VOP_i64x2_splat, .a = one});
        Val y = fn_ins(f, b, 1, (Ins){.op = IR_vsplat, .type = T_V128, .aux = VOP_i64x2_splat, .a = two});
        store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_select, .type = T_V128, .a = t, .b = x, .c = y}),
                    vresult_at(0));
    }
    if (as == AS_BRANCH || as == AS_BRANCH_NOT) {
        if (as == AS_BRANCH_NOT) t = fn_ins(f, b, 1, (Ins){.op = IR_eqz, .type = T_I32, .a = t});
        fn_ins(f, b, 1, (Ins){.op = IR_brif, .a = t});
        fn_edge(f, b, as == AS_BRANCH ? yes : no, NULL, 0);
        fn_edge(f, b, as == AS_BRANCH ? no : yes, NULL, 0);
    } else {
        finish_fn(f, b);
    }
    store_state(f, yes, fn_iconst(f, yes, 1, T_I64, 1), vresult_at(0));
    finish_fn(f, yes);
    store_state(f, no, fn_iconst(f, no, 1, T_I64, 2), vresult_at(0));
    finish_fn(f, no);
    uint32_t at = compile(f, cpu, allocator);
    finish_code(NULL);
    return at;
}

static void test_tests(void **state) {
    (void)state;
    Random r = {3};
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        if (vop_info[vop].shape != V_TEST) continue;
        for (uint32_t variant = 0; variant < ncpus() * ALLOCATORS * AS_FORMS; variant++) {
            uint32_t as = variant % AS_FORMS;
            ArenaMark mark = arena_mark(&jit.arena);
            uint32_t at =
                compile_test((uint8_t)vop, as, cpus[variant / AS_FORMS / ALLOCATORS], variant / AS_FORMS % ALLOCATORS);
            for (uint32_t run = 0; run < 200; run++) {
                V a = random_v(&r, 'i', vname((uint8_t)vop).bits);
                uint32_t what = rnd(&r, 4), byte = rnd(&r, 16);
                if (what == 1) memset(&a, 0, 16);
                if (what == 2) memset(&a, 0xff, 16);
                if (what) a.at[byte] ^= (uint8_t)rnd(&r, 256);
                put_v(0, &a);
                assert_int_equal(enter(at, NULL), 0);
                uint64_t want = v_test((uint8_t)vop, &a), got = state_u64(vresult_at(0));
                if (as != AS_VALUE) want = want ? 1 : 2;
                if (got != want)
                    fail_msg("%s %s as %u: %llx, expected %llx", vop_info[vop].name, show(&a), as,
                             (unsigned long long)got, (unsigned long long)want);
            }
            arena_rewind(&jit.arena, mark);
        }
    }
}

/* -- Single lanes ------------------------------------------------------------------------------ */

enum { SCALAR_LOADED, SCALAR_IN_REGISTER, SCALAR_CONST, SCALAR_NARROW, SCALAR_FORMS };

/* The scalar for splat and replace. */
static Val scalar_operand(Fn *f, BlkId b, uint8_t vop, uint32_t form, uint64_t k) {
    IrType t = v_scalar(vop);
    uint32_t bits = vname(vop).bits;
    if (form == SCALAR_CONST) return constant(f, b, t, k);
    Val v;
    if (form == SCALAR_NARROW && bits < 32) { /* as load8_splat and load8_lane are */
        Val es = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
        uint8_t access = bits == 8 ? ACC_8U : ACC_16U;
        v = fn_ins(f, b, 1,
                   (Ins){.op = IR_load, .type = T_I32, .aux = access, .flags = MEM_CONTEXT, .a = es, .b = arg_at(20)});
    } else {
        v = load_state(f, b, t, arg_at(20));
    }
    if (form == SCALAR_IN_REGISTER) barrier(f, b);
    return v;
}

static uint32_t compile_insert(uint8_t vop, uint32_t k, uint32_t form, uint64_t scalar, CpuFeatures cpu,
                               uint32_t allocator) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    bool splat = vop_info[vop].shape == V_SPLAT;
    Val a = splat ? 0 : load_v(f, b, 0);
    Val x = scalar_operand(f, b, vop, form, scalar);
    Ins i = splat ? (Ins){.op = IR_vsplat, .type = T_V128, .aux = vop, .a = x}
                  : (Ins){.op = IR_vreplace, .type = T_V128, .aux = vop, .a = a, .b = x, .c = k};
    store_state(f, b, fn_ins(f, b, 1, i), vresult_at(0));
    if (!splat) store_state(f, b, a, vresult_at(1));
    if (form == SCALAR_IN_REGISTER) store_state(f, b, x, vresult_at(2));
    finish_fn(f, b);
    uint32_t at = compile(f, cpu, allocator);
    finish_code(NULL);
    return at;
}

static void try_insert(uint8_t vop, uint32_t k, uint32_t variant, Random *r) {
    uint32_t form = variant % SCALAR_FORMS;
    VName n = vname(vop);
    ArenaMark mark = arena_mark(&jit.arena);
    uint64_t scalar = boundary_lane(r, n.kind, n.bits);
    uint32_t at = compile_insert(vop, k, form, scalar, cpus[variant / SCALAR_FORMS / ALLOCATORS],
                                 variant / SCALAR_FORMS % ALLOCATORS);
    for (uint32_t run = 0; run < 10; run++) {
        V a = random_v(r, n.kind, n.bits);
        if (form != SCALAR_CONST) scalar = boundary_lane(r, n.kind, n.bits);
        put_v(0, &a);
        set_state(arg_at(20), scalar);
        assert_int_equal(enter(at, NULL), 0);
        V got = got_v(0), want = vop_info[vop].shape == V_SPLAT ? v_splat(vop, scalar) : v_replace(vop, &a, k, scalar);
        if (memcmp(&got, &want, 16) != 0)
            fail_msg("%s %s lane %u, %llx, form %u: %s, expected %s", vop_info[vop].name, show(&a), k,
                     (unsigned long long)scalar, form, show(&got), show(&want));
        if (vop_info[vop].shape == V_REPLACE) {
            V kept = got_v(1);
            assert_memory_equal(&kept, &a, 16);
        }
    }
    arena_rewind(&jit.arena, mark);
}

static void test_inserts(void **state) {
    (void)state;
    Random r = {4};
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        uint8_t shape = vop_info[vop].shape;
        if (shape != V_SPLAT && shape != V_REPLACE) continue;
        uint32_t lanes = shape == V_SPLAT ? 4 : 128 / vname((uint8_t)vop).bits;
        for (uint32_t k = 0; k < lanes; k++)
            for (uint32_t variant = 0; variant < ncpus() * ALLOCATORS * SCALAR_FORMS; variant++)
                try_insert((uint8_t)vop, k, variant, &r);
    }
}

/* The lane as a value, and stored by itself with nothing else being written. */
static void try_extract(uint8_t vop, uint32_t k, uint32_t variant, Random *r) {
    VName n = vname(vop);
    IrType t = v_scalar(vop);
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId b = fn_block(f);
    fn_param(f, b, T_I64);
    Ins i = {.op = IR_vextract, .type = (uint8_t)t, .aux = vop, .a = load_v(f, b, 0), .b = k};
    barrier(f, b);
    Val x = fn_ins(f, b, 1, i), y = fn_ins(f, b, 1, i);
    Val wide = x; /* by way of an integer register: no store of a lane */
    if (t == T_F32 || t == T_F64)
        wide = fn_ins(f, b, 1, (Ins){.op = IR_bitcast, .type = t == T_F32 ? T_I32 : T_I64, .a = x});
    if (t == T_I32) wide = fn_ins(f, b, 1, (Ins){.op = IR_zext, .type = T_I64, .a = x});
    store_state(f, b, wide, vresult_at(0));
    uint8_t access = n.bits == 8 ? ACC_8U : n.bits == 16 ? ACC_16U : access_of(t);
    Val es = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
    fn_ins(f, b, 1, (Ins){.op = IR_store, .aux = access, .flags = MEM_CONTEXT, .a = es, .b = y, .c = vresult_at(1)});
    store_state(f, b, i.a, vresult_at(2));
    finish_fn(f, b);
    uint32_t at = compile(f, cpus[variant / ALLOCATORS], variant % ALLOCATORS);
    finish_code(NULL);
    for (uint32_t run = 0; run < 10; run++) {
        V a = random_v(r, n.kind, n.bits), fill, kept;
        memset(&fill, 0xcc, 16);
        put_v(0, &a);
        memcpy(jit.state + vresult_at(0), &fill, 16);
        memcpy(jit.state + vresult_at(1), &fill, 16);
        assert_int_equal(enter(at, NULL), 0);
        uint64_t want = v_extract(vop, &a, k), got = state_u64(vresult_at(0));
        if (t == T_F32) got = (uint32_t)got;
        if (got != want)
            fail_msg("%s %s lane %u: %llx, expected %llx", vop_info[vop].name, show(&a), k, (unsigned long long)got,
                     (unsigned long long)want);
        V stored = got_v(1);
        set_lane(&fill, n.bits, 0, lane(&a, n.bits, k));
        assert_memory_equal(&stored, &fill, 16);
        kept = got_v(2);
        assert_memory_equal(&kept, &a, 16);
    }
}

static void test_extracts(void **state) {
    (void)state;
    Random r = {5};
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        if (vop_info[vop].shape != V_EXTRACT) continue;
        for (uint32_t k = 0; k < 128 / vname((uint8_t)vop).bits; k++)
            for (uint32_t variant = 0; variant < ncpus() * ALLOCATORS; variant++) {
                ArenaMark mark = arena_mark(&jit.arena);
                try_extract((uint8_t)vop, k, variant, &r);
                arena_rewind(&jit.arena, mark);
            }
    }
}

/* -- Shuffles ------------------------------------------------------------------------------------ */

enum { NPATTERNS = 15 };

static void shuffle_pattern(Random *r, uint32_t kind, uint8_t lanes[16]) {
    uint32_t x = rnd(r, 32), y = rnd(r, 32), unit = 1u << rnd(r, 4);
    for (uint32_t k = 0; k < 16; k++) {
        uint32_t v;
        switch (kind) {
        case 0: v = k; break;
        case 1: v = k + 16; break;
        case 2: v = x; break;
        case 3: v = (x + k) & 31; break; /* sequences, also around the end */
        case 4: v = (x & 15) + k; break;
        case 5: v = (k / unit & 1) * 16 + k / (2 * unit) * unit + k % unit; break; /* interleave lower halves */
        case 6: v = (k / unit & 1) * 16 + k / (2 * unit) * unit + k % unit + 8; break;
        case 7: v = k + (x >> (k / 2 & 3) & 1) * 16; break;       /* each in place */
        case 8: v = k % 4 + (x * (k / 4 + 1) + y) % 4 * 4; break; /* dwords of one */
        case 9: v = k % 4 + (x * (k / 4 + 1) + y) % 4 * 4 + (k >= 8 ? 16 : 0); break;
        case 10: v = k < 8 ? k % 2 + (x >> (k / 2) & 3) * 2 : k; break; /* words of a half */
        case 11: v = k < 8 ? k : 8 + k % 2 + (x >> (k / 2 - 4) & 3) * 2; break;
        case 12: v = rnd(r, 16); break;
        case 13: v = 16 + rnd(r, 16); break;
        default: v = rnd(r, 32);
        }
        lanes[k] = (uint8_t)(v & 31);
    }
    if (rnd(r, 4) == 0)
        for (uint32_t k = 0; k < 16; k++) lanes[k] ^= 16;         /* operands exchanged */
    if (rnd(r, 12) == 0) lanes[rnd(r, 16)] = (uint8_t)rnd(r, 32); /* nearly */
}

static void try_shuffle(const uint8_t lanes[16], uint32_t variant, bool same, Random *r) {
    start_code();
    Fn *f = new_fn(&jit.arena);
    BlkId blk = fn_block(f);
    fn_param(f, blk, T_I64);
    uint32_t words[4];
    memcpy(words, lanes, 16);
    Val a = load_v(f, blk, 0), b = same ? a : load_v(f, blk, 1);
    store_state(f, blk,
                fn_ins(f, blk, 1, (Ins){.op = IR_vshuffle, .type = T_V128, .a = a, .b = b, .c = fn_pool(f, words, 4)}),
                vresult_at(0));
    store_state(f, blk, a, vresult_at(1));
    store_state(f, blk, b, vresult_at(2));
    finish_fn(f, blk);
    uint32_t at = compile(f, cpus[variant / ALLOCATORS], variant % ALLOCATORS);
    finish_code(NULL);
    V x = random_v(r, 'i', 8), y = random_v(r, 'i', 8);
    for (uint32_t k = 0; k < 16; k++) { /* all different */
        x.at[k] = (uint8_t)(k * 5 + 3);
        y.at[k] = (uint8_t)(k * 5 + 100);
    }
    put_v(0, &x);
    put_v(1, &y);
    assert_int_equal(enter(at, NULL), 0);
    V want = v_shuffle(&x, same ? &x : &y, lanes), got = got_v(0);
    if (memcmp(&want, &got, 16) != 0)
        fail_msg("shuffle %s: %s, expected %s", show((const V *)(const void *)lanes), show(&got), show(&want));
    got = got_v(1);
    assert_memory_equal(&got, &x, 16);
    got = got_v(2);
    assert_memory_equal(&got, same ? &x : &y, 16);
}

static void test_shuffles(void **state) {
    (void)state;
    Random r = {6};
    for (uint32_t round = 0; round < 2000 * NPATTERNS; round++) {
        uint8_t lanes[16];
        ArenaMark mark = arena_mark(&jit.arena);
        shuffle_pattern(&r, round % NPATTERNS, lanes);
        try_shuffle(lanes, rnd(&r, ncpus() * ALLOCATORS), rnd(&r, 8) == 0, &r);
        arena_rewind(&jit.arena, mark);
    }
}

/* -- Loads ------------------------------------------------------------------------------------------ */

/* Loads of parts with zeros above, alone and under an extension that may take them as its operand. */
static void test_loads(void **state) {
    (void)state;
    static const uint8_t ops[] = {
        VOP_i16x8_extend_low_i8x16_s, VOP_i16x8_extend_low_i8x16_u,  VOP_i32x4_extend_low_i16x8_s,
        VOP_i32x4_extend_low_i16x8_u, VOP_i64x2_extend_low_i32x4_s,  VOP_i64x2_extend_low_i32x4_u,
        VOP_f64x2_promote_low_f32x4,  VOP_f64x2_convert_low_i32x4_s, VOP_i8x16_abs};
    Random r = {7};
    for (uint32_t variant = 0; variant < ncpus() * ALLOCATORS * COUNT(ops); variant++) {
        uint8_t op = ops[variant % COUNT(ops)];
        ArenaMark mark = arena_mark(&jit.arena);
        start_code();
        Fn *f = new_fn(&jit.arena);
        BlkId b = fn_block(f);
        fn_param(f, b, T_I64);
        Val es = fn_ins(f, b, 1, (Ins){.op = IR_es, .type = T_I64});
        Ins load = {.op = IR_load, .type = T_V128, .flags = MEM_HEAP | MEM_TRAPS, .a = es, .b = varg_at(0)};
        load.aux = ACC_V64Z;
        Val x = fn_ins(f, b, 50, load);
        store_state(f, b, fn_ins(f, b, 1, (Ins){.op = IR_vunary, .type = T_V128, .aux = op, .a = x}), vresult_at(0));
        for (uint32_t k = 0; k < 2; k++) {
            load.aux = (uint8_t)(ACC_V32Z + k);
            store_state(f, b, fn_ins(f, b, 51 + k, load), vresult_at(1 + k));
        }
        finish_fn(f, b);
        uint32_t at = compile(f, cpus[variant / COUNT(ops) / ALLOCATORS], variant / COUNT(ops) % ALLOCATORS), sites = 0;
        finish_code(NULL);
        for (uint32_t s = 0; s < jit.cb.site.n; s++)
            if (jit.cb.site.at[s].kind == SITE_FAULT) assert_int_equal(jit.cb.site.at[s].loc, 50 + sites++);
        assert_int_equal(sites, 3);
        for (uint32_t run = 0; run < 50; run++) {
            V a = operand_for(&r, op), z64 = {0}, z32 = {0};
            memcpy(&z64, &a, 8);
            memcpy(&z32, &a, 4);
            put_v(0, &a);
            assert_int_equal(enter(at, NULL), 0);
            V want = v_eval(op, &z64, &z64, &z64), got = got_v(0);
            assert_true(v_same(op, &want, &got));
            got = got_v(1);
            assert_memory_equal(&got, &z32, 16);
            got = got_v(2);
            assert_memory_equal(&got, &z64, 16);
        }
        arena_rewind(&jit.arena, mark);
    }
}

/* What is folded into an instruction must not become wider: the last bytes of a page with nothing behind it. */
static Val load_end(Fn *f, BlkId b, IrType t, uint8_t access) {
    Val end = load_state(f, b, T_I64, arg_at(30));
    return fn_ins(f, b, 1, (Ins){.op = IR_load, .type = (uint8_t)t, .aux = access, .flags = MEM_HEAP, .a = end});
}

static Val use_at_end(Fn *f, BlkId b, uint8_t vop) {
    VName n = vname(vop);
    IrType t = v_scalar(vop);
    uint8_t access = n.bits == 8 ? ACC_8U : n.bits == 16 ? ACC_16U : access_of(t);
    Ins i = {.type = T_V128, .aux = vop};
    switch (vop_info[vop].shape) {
    case V_SPLAT:
        i.op = IR_vsplat;
        i.a = load_end(f, b, t, access);
        break;
    case V_REPLACE:
        i.op = IR_vreplace;
        i.a = load_v(f, b, 0);
        i.b = load_end(f, b, t, access);
        i.c = 1;
        break;
    case V_EXTRACT: {
        Ins get = {.op = IR_vextract, .type = (uint8_t)t, .aux = vop, .a = load_v(f, b, 0), .b = n.bits == 64};
        Val x = fn_ins(f, b, 1, get), end = load_state(f, b, T_I64, arg_at(30));
        fn_ins(f, b, 1, (Ins){.op = IR_store, .aux = access, .flags = MEM_HEAP, .a = end, .b = x});
        return load_v(f, b, 0);
    }
    case V_BINARY:
    case V_FBINARY:
        i.op = IR_vbinary;
        i.a = load_v(f, b, 0);
        i.b = load_end(f, b, T_V128, ACC_V128);
        break;
    default: i.op = IR_vunary; i.a = load_end(f, b, T_V128, strstr(n.op, "_low_") ? ACC_V64Z : ACC_V128);
    }
    return fn_ins(f, b, 1, i);
}

static uint32_t bytes_at_end(uint8_t vop) {
    switch (vop_info[vop].shape) {
    case V_SPLAT:
    case V_REPLACE:
    case V_EXTRACT: return vname(vop).bits / 8;
    case V_BINARY:
    case V_FBINARY: return 16;
    case V_UNARY:
    case V_FUNARY: return strstr(vop_info[vop].name, "_low_") ? 8 : 16;
    default: return 0;
    }
}

static void test_widths(void **state) {
    (void)state;
    enum { PAGE = 4096 };
    uint8_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    for (uint32_t vop = 0; vop < VOP_COUNT; vop++) {
        uint32_t bytes = bytes_at_end((uint8_t)vop);
        for (uint32_t cpu = 0; bytes && cpu < ncpus(); cpu++) {
            ArenaMark mark = arena_mark(&jit.arena);
            start_code();
            Fn *f = new_fn(&jit.arena);
            BlkId b = fn_block(f);
            fn_param(f, b, T_I64);
            store_state(f, b, use_at_end(f, b, (uint8_t)vop), vresult_at(0));
            finish_fn(f, b);
            uint32_t at = compile(f, cpus[cpu], 1);
            finish_code(NULL);
            set_state(arg_at(30), (uint64_t)(uintptr_t)(pages + PAGE - bytes));
            assert_int_equal(enter(at, NULL), 0); /* or dies of SIGSEGV */
            arena_rewind(&jit.arena, mark);
        }
    }
    munmap(pages, 2 * PAGE);
}

/* -- Random functions ---------------------------------------------------------------------------------- */

enum { NVALS = 60, NSCALARS = 4, NINPUTS = 6 };

/* Close what leaves NaNs open. */
static uint8_t canon_of(uint8_t vop) {
    uint8_t shape = vop_info[vop].shape;
    if (shape != V_FUNARY && shape != V_FBINARY) return UINT8_MAX;
    return vname(vop).bits == 32 ? VOP_f32x4_canon : VOP_f64x2_canon;
}

static uint8_t random_vop(Random *r) {
    static const uint8_t floats[] = {VOP_f32x4_add,
                                     VOP_f32x4_min,
                                     VOP_f32x4_max,
                                     VOP_f32x4_lt,
                                     VOP_f32x4_pmin,
                                     VOP_f32x4_div,
                                     VOP_f64x2_add,
                                     VOP_f64x2_min,
                                     VOP_f64x2_max,
                                     VOP_f64x2_pmax,
                                     VOP_f64x2_mul,
                                     VOP_f32x4_sqrt,
                                     VOP_f64x2_nearest,
                                     VOP_i32x4_trunc_sat_f32x4_u,
                                     VOP_f32x4_demote_f64x2_zero,
                                     VOP_f64x2_promote_low_f32x4};
    return rnd(r, 4) ? (uint8_t)rnd(r, VOP_COUNT) : floats[rnd(r, COUNT(floats))];
}

typedef struct Dag {
    Random r;
    Fn *f;
    BlkId b;
    Val val[NVALS], scalar_val[NSCALARS]; /* i32 i64 f32 f64 */
    uint64_t scalar[NSCALARS];
    V want[NVALS]; /* what the values are */
} Dag;

static void dag_inputs(Dag *g) {
    for (uint32_t k = 0; k < NSCALARS; k++) {
        g->scalar[k] = boundary_lane(&g->r, k < 2 ? 'i' : 'f', k & 1 ? 64 : 32);
        if (!(k & 1)) g->scalar[k] = (uint32_t)g->scalar[k];
        g->scalar_val[k] = load_state(g->f, g->b, (IrType)(T_I32 + k), arg_at(40 + k));
        set_state(arg_at(40 + k), g->scalar[k]);
    }
    for (uint32_t k = 0; k < NINPUTS; k++) {
        g->want[k] = random_v(&g->r, 'v', 0);
        put_v(k, &g->want[k]);
        g->val[k] = k == 0 ? vconst(g->f, g->b, &g->want[k]) : load_v(g->f, g->b, k);
    }
}

/* Value k as a shuffle or select of x and y. */
static Ins dag_choice(Dag *g, uint32_t k, uint32_t x, uint32_t y) {
    uint8_t lanes[16];
    uint32_t words[4];
    if (rnd(&g->r, 2)) {
        g->want[k] = g->scalar[0] ? g->want[x] : g->want[y];
        return (Ins){.op = IR_select, .type = T_V128, .a = g->scalar_val[0], .b = g->val[x], .c = g->val[y]};
    }
    shuffle_pattern(&g->r, rnd(&g->r, NPATTERNS), lanes);
    memcpy(words, lanes, 16);
    g->want[k] = v_shuffle(&g->want[x], &g->want[y], lanes);
    return (Ins){.op = IR_vshuffle, .type = T_V128, .a = g->val[x], .b = g->val[y], .c = fn_pool(g->f, words, 4)};
}

/* Value k as an operation on x, y and z. */
static Ins dag_operation(Dag *g, uint8_t vop, uint32_t k, uint32_t x, uint32_t y, uint32_t z) {
    uint32_t at_lane = rnd(&g->r, 128 / vname(vop).bits), s = (uint32_t)v_scalar(vop) - T_I32;
    V *want = g->want;
    Ins i = {.type = T_V128, .aux = vop, .a = g->val[x]};
    switch (vop_info[vop].shape) {
    case V_SHIFT:
        i.op = IR_vshift;
        i.b = g->scalar_val[0];
        want[k] = v_shift(vop, &want[x], (uint32_t)g->scalar[0]);
        break;
    case V_SPLAT:
        i.op = IR_vsplat;
        i.a = g->scalar_val[s];
        want[k] = v_splat(vop, g->scalar[s]);
        break;
    case V_REPLACE:
        i.op = IR_vreplace;
        i.b = g->scalar_val[s];
        i.c = at_lane;
        want[k] = v_replace(vop, &want[x], at_lane, g->scalar[s]);
        break;
    case V_TEST:
    case V_EXTRACT: return dag_choice(g, k, x, y); /* their results have other types */
    default: {
        uint32_t nargs = operand_count(vop_info[vop].shape);
        i.op = (uint8_t)(nargs == 1 ? IR_vunary : nargs == 2 ? IR_vbinary : IR_vternary);
        if (nargs > 1) i.b = g->val[y];
        if (nargs > 2) i.c = g->val[z];
        want[k] = v_eval(vop, &want[x], &want[y], &want[z]);
    }
    }
    return i;
}

static void dag_step(Dag *g, uint32_t k) {
    Random *r = &g->r;
    uint32_t x = rnd(r, 2) ? k - 1 - rnd(r, 4) : rnd(r, k), y = rnd(r, 2) ? k - 1 - rnd(r, 4) : rnd(r, k);
    Ins i = dag_operation(g, random_vop(r), k, x, y, rnd(r, k));
    g->val[k] = fn_ins(g->f, g->b, 1, i);
    uint8_t canon = i.op == IR_select || i.op == IR_vshuffle ? UINT8_MAX : canon_of(i.aux);
    if (canon != UINT8_MAX) {
        g->val[k] = fn_ins(g->f, g->b, 1, (Ins){.op = IR_vunary, .type = T_V128, .aux = canon, .a = g->val[k]});
        g->want[k] = v_eval(canon, &g->want[k], &g->want[k], &g->want[k]);
    }
    if (rnd(r, 20) == 0) barrier(g->f, g->b);
}

static void run_dag(uint64_t seed) {
    ArenaMark mark = arena_mark(&jit.arena);
    Dag g = {.r = {seed}};
    start_code();
    g.f = new_fn(&jit.arena);
    g.b = fn_block(g.f);
    fn_param(g.f, g.b, T_I64);
    dag_inputs(&g);
    for (uint32_t k = NINPUTS; k < NVALS; k++) dag_step(&g, k);
    uint32_t stored = rnd(&g.r, 3) ? 8 : NVALS; /* few results: values die early, and canons may be skipped */
    for (uint32_t k = 0; k < stored; k++) store_state(g.f, g.b, g.val[NVALS - 1 - k], vresult_at(10 + k));
    finish_fn(g.f, g.b);
    uint32_t variant = (uint32_t)seed % (ncpus() * ALLOCATORS);
    uint32_t at = compile(g.f, cpus[variant / ALLOCATORS], variant % ALLOCATORS);
    finish_code(NULL);
    assert_int_equal(enter(at, NULL), 0);
    for (uint32_t k = 0; k < stored; k++) {
        V got = got_v(10 + k), *want = &g.want[NVALS - 1 - k];
        if (memcmp(&got, want, 16) == 0) continue;
        if (getenv("X64_TEST_DUMP")) dump(g.f, NULL, NULL);
        fail_msg("seed %llu: value v%u: %s, expected %s", (unsigned long long)seed, g.val[NVALS - 1 - k], show(&got),
                 show(want));
    }
    arena_rewind(&jit.arena, mark);
}

static void test_random(void **state) {
    (void)state;
    const char *one = getenv("X64_TEST_SEED"), *count = getenv("X64_TEST_COUNT");
    uint64_t n = count ? strtoull(count, NULL, 0) : 6000;
    if (one)
        run_dag(strtoull(one, NULL, 0));
    else
        for (uint64_t seed = 1; seed <= n; seed++) run_dag(seed);
}

/* -- The group --------------------------------------------------------------------------------------------- */

static void test_rules(void **state) { /* every rule for vectors has been used above */
    (void)state;
    for (uint32_t r = X64_RULE_FIRST_VEC; r < X64_RULE_END_VEC; r++) {
        bool needs_avx = r == X64_RULE_vec_canon_vex;
        if (!jit.hits[r] && (has_features() || !needs_avx))
            fail_msg("rule not hit: %s (%s)", x64_rule[r].name, x64_rule[r].pattern);
    }
    print_message("%llu executions, %u sets of CPU features\n", (unsigned long long)jit.runs, ncpus());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations), cmocka_unit_test(test_all_bytes), cmocka_unit_test(test_shifts),
        cmocka_unit_test(test_tests),      cmocka_unit_test(test_inserts),   cmocka_unit_test(test_extracts),
        cmocka_unit_test(test_shuffles),   cmocka_unit_test(test_loads),     cmocka_unit_test(test_widths),
        cmocka_unit_test(test_random),     cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, jit_setup, jit_teardown);
}
