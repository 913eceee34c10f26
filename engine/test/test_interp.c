/* The interpreter against its contract (interp/interp.h, wasm/validate.h): control flow, fuel, depth, trap sites and
 * backtraces, calls to and from hosts, what leaves it. */
#include "test/tiny_store.h"

/* -- Running and checking ------------------------------------------------------------- */

#define ARGS(...) ((const uint64_t[]){__VA_ARGS__}), sizeof((const uint64_t[]){__VA_ARGS__}) / 8
#define NO_ARGS NULL, 0

static TrapKind again(World *w, Instance *inst, uint32_t func, const uint64_t *args, size_t n) {
    memset(w->es.args, 0xa5, sizeof w->es.args); /* bytes that must not come through */
    memset(w->es.results, 0x5a, sizeof w->es.results);
    for (size_t i = 0; i < n; i++) memcpy(&w->es.args[i], &args[i], 8);
    return interp_call(w->stack, &w->es, inst->funcs[func], &w->bt);
}

static TrapKind invoke(World *w, Instance *inst, uint32_t func, const uint64_t *args, size_t n) {
    w->es.fuel = FUEL;
    w->es.depth = DEPTH;
    TrapKind trap = again(w, inst, func, args, n);
    if (trap == TRAP_NONE) assert_int_equal(w->es.depth, DEPTH);
    return trap;
}

/* Result i, all 16 bytes. */
static void check_result(World *w, uint32_t i, uint64_t want) {
    if (w->es.results[i].u64x2[0] != want)
        print_error("result %u is %#llx\n", i, (unsigned long long)w->es.results[i].i64);
    assert_true(w->es.results[i].u64x2[0] == want);
    assert_true(w->es.results[i].u64x2[1] == 0);
}

static void check_call(World *w, Instance *inst, uint32_t func, const uint64_t *args, size_t n, uint64_t want) {
    TrapKind trap = invoke(w, inst, func, args, n);
    if (trap) print_error("trap: %s\n", trap_name(trap));
    assert_int_equal(trap, TRAP_NONE);
    check_result(w, 0, want);
}

static const Body *body_of(const Instance *inst, uint32_t func) {
    return &inst->module->bodies.at[inst->module->funcs.at[func].body];
}

/* Frame i of the backtrace is byte `offset` of the code of `func`. */
static void check_site(World *w, uint32_t i, const Instance *inst, uint32_t func, uint32_t offset) {
    assert_true(i < w->bt.n);
    assert_int_equal(w->bt.frame[i].instance, inst->id);
    assert_int_equal(w->bt.frame[i].func, func);
    assert_int_equal(w->bt.frame[i].offset - body_of(inst, func)->code, offset);
}

static void check_trap(World *w, Instance *inst, uint32_t func, const uint64_t *args, size_t n, TrapKind want,
                       uint32_t offset) {
    TrapKind trap = invoke(w, inst, func, args, n);
    if (trap != want) print_error("trap: %s\n", trap_name(trap));
    assert_int_equal(trap, want);
    assert_int_equal(w->bt.depth, 1);
    check_site(w, 0, inst, func, offset);
}

/* -- Tests ------------------------------------------------------------------------------- */

static void test_branches(void **state) {
    World *w = *state;
    const ModuleSpec spec =
        {
            .func =
                {
                    /* 0: a branch that carries one value past two others */
                    FUNC("i_i", "", B_BLOCK, I32, B_I32_CONST, 1, B_I32_CONST, 2, B_I32_CONST, 3, B_LOCAL_GET, 0,
                         B_BR_IF, 0, B_I32_ADD, B_I32_ADD, B_END),
                    /* 1: sum of 1..n by a loop */
                    FUNC("i_i", "i", B_BLOCK, VOID, B_LOOP, VOID, B_LOCAL_GET, 0, B_I32_EQZ, B_BR_IF, 1, B_LOCAL_GET, 0,
                         B_LOCAL_GET, 1, B_I32_ADD, B_LOCAL_SET, 1, B_LOCAL_GET, 0, B_I32_CONST, 1, B_I32_SUB,
                         B_LOCAL_SET, 0, B_BR, 0, B_END, B_END, B_LOCAL_GET, 1),
                    /* 2: if with parameter and result (block type 4), else */
                    FUNC("ii_i", "", B_LOCAL_GET, 1, B_LOCAL_GET, 0, B_IF, 4, B_I32_CONST, 10, B_I32_ADD, B_ELSE,
                         B_I32_CONST, 20, B_I32_MUL, B_END),
                    /* 3: br_table to three depths, the last for all else; a value is carried */
                    FUNC("i_i", "", B_BLOCK, I32, B_BLOCK, I32, B_BLOCK, I32, B_I32_CONST, 5, B_LOCAL_GET, 0,
                         B_BR_TABLE, 2, 0, 1, 2, B_END, B_I32_CONST, 60, B_I32_ADD, B_END, B_I32_CONST, 50, B_I32_ADD,
                         B_END),
                    /* 4: as a type alone */
                    FUNC("i_i", "", B_LOCAL_GET, 0),
                    /* 5: the ends of two loops in a row, before the end of the function, and code that is dead */
                    FUNC("_i", "", B_LOOP, I32, B_LOOP, I32, B_I32_CONST, 9, B_END, B_END, B_BLOCK, VOID, B_BR, 0,
                         B_LOOP, VOID, B_BR, 0, B_END, B_END),
                    /* 6: return from inside, operands left behind */
                    FUNC("i_i", "", B_I32_CONST, 1, B_LOOP, VOID, B_I32_CONST, 2, B_LOCAL_GET, 0, B_IF, VOID,
                         B_I32_CONST, 3, B_RETURN, B_END, B_DROP, B_END),
                    /* 7: a loop with parameters: (a, n) -> a * 2^n */
                    FUNC("ii_i", "", B_LOCAL_GET, 0, B_LOOP, 4, B_I32_CONST, 1, B_I32_SHL, B_LOCAL_GET, 1, B_I32_CONST,
                         1, B_I32_SUB, B_LOCAL_TEE, 1, B_BR_IF, 0, B_END),
                    /* 8: several values, through a branch to the function's label */
                    FUNC("_ild", "", B_I32_CONST, 7, B_I32_CONST, 1, B_I64_CONST, 0x7e, B_F64_CONST, 0, 0,
                         0, 0, 0, 0, 0xf0, 0x3f, B_I32_CONST, 1, B_BR_IF, 0, B_UNREACHABLE),
                    /* 9: if without else */
                    FUNC("i_i", "", B_LOCAL_GET, 0, B_IF, VOID, B_I32_CONST, 8, B_LOCAL_SET, 0, B_END, B_LOCAL_GET, 0),
                    /* 10: an else arm alone goes on, a nested block in it */
                    FUNC("i_i", "", B_LOCAL_GET, 0, B_IF, I32, B_I32_CONST, 3, B_RETURN,
                         B_ELSE, B_BLOCK, I32, B_I32_CONST, 4, B_END, B_END),
                },
        };
    Instance *i = instantiate(w, &spec);
    check_call(w, i, 0, ARGS(0), 6);
    check_call(w, i, 0, ARGS(1), 3);
    check_call(w, i, 1, ARGS(100), 5050);
    check_call(w, i, 2, ARGS(1, 7), 17);
    check_call(w, i, 2, ARGS(0, 7), 140);
    check_call(w, i, 3, ARGS(0), 115);
    check_call(w, i, 3, ARGS(1), 55);
    check_call(w, i, 3, ARGS(2), 5);
    check_call(w, i, 3, ARGS(0xffffffff), 5);
    check_call(w, i, 5, NO_ARGS, 9);
    check_call(w, i, 6, ARGS(0), 1);
    check_call(w, i, 6, ARGS(1), 3);
    check_call(w, i, 7, ARGS(3, 5), 96);
    check_call(w, i, 8, NO_ARGS, 1);
    check_result(w, 1, UINT64_C(0xfffffffffffffffe));
    check_result(w, 2, UINT64_C(0x3ff0000000000000));
    check_call(w, i, 9, ARGS(0), 0);
    check_call(w, i, 9, ARGS(1), 8);
    check_call(w, i, 10, ARGS(0), 4);
    check_call(w, i, 10, ARGS(1), 3);
}

/* With the charges that a run makes, in order: for every smaller amount of fuel, the trap is where the first
 * charge that it cannot pay is. */
typedef struct Charge {
    uint32_t cost, at;
} Charge;
static void check_fuel(World *w, Instance *inst, uint32_t func, const uint64_t *args, size_t nargs, const Charge *c,
                       size_t n) {
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) total += c[i].cost;
    for (int64_t fuel = 0; fuel <= total; fuel++) {
        w->es.fuel = fuel;
        w->es.depth = DEPTH;
        TrapKind trap = again(w, inst, func, args, nargs);
        if (fuel == total) {
            assert_int_equal(trap, TRAP_NONE);
            assert_int_equal(w->es.fuel, 0);
            break;
        }
        int64_t left = fuel;
        size_t i = 0;
        while ((left -= c[i].cost) >= 0) i++;
        assert_int_equal(trap, TRAP_FUEL);
        assert_int_equal(w->es.fuel, left);
        assert_int_equal(w->bt.depth, 1);
        check_site(w, 0, inst, func, c[i].at);
    }
}
#define CHARGES(...) ((const Charge[]){__VA_ARGS__}), sizeof((const Charge[]){__VA_ARGS__}) / sizeof(Charge)

static void test_fuel(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                /* 0 */
                FUNC("i_i", "", B_BLOCK, VOID, B_LOCAL_GET, 0, B_BR_IF, 0, B_NOP, B_END /*7*/, B_I32_CONST, 7),
                /* 1: a loop at the start */
                FUNC("i_i", "", B_LOOP, VOID, B_LOCAL_GET, 0, B_I32_CONST, 1, B_I32_SUB, B_LOCAL_TEE, 0, B_BR_IF /*9*/,
                     0, B_END, B_LOCAL_GET, 0),
                /* 2 */
                FUNC("i_", "", B_LOCAL_GET, 0, B_IF /*2*/, VOID, B_NOP, B_NOP, B_ELSE, B_NOP, B_END /*8*/, B_NOP),
                /* 3 */
                FUNC("i_", "", B_LOCAL_GET, 0, B_IF /*2*/, VOID, B_NOP, B_END /*5*/),
                /* 4: an end that nothing branches to is free */
                FUNC("_", "", B_BLOCK, VOID, B_NOP, B_END, B_NOP),
                /* 5: br_table out of an inner block, over dead code */
                FUNC("i_", "", B_BLOCK, VOID, B_BLOCK, VOID, B_LOCAL_GET, 0, B_BR_TABLE, 1, 0, 1, B_NOP, B_END /*11*/,
                     B_NOP, B_END /*13*/),
                /* 6: return in an arm */
                FUNC("i_", "", B_LOCAL_GET, 0, B_IF, VOID, B_NOP, B_RETURN, B_NOP, B_END /*7*/, B_NOP),
                /* 7: a branch to the function's label */
                FUNC("i_", "", B_LOCAL_GET, 0, B_BR_IF /*2*/, 0, B_NOP),
            },
    };
    Instance *i = instantiate(w, &spec);
    check_fuel(w, i, 0, ARGS(1), CHARGES({3, 0}, {3, 7}));
    check_fuel(w, i, 0, ARGS(0), CHARGES({3, 0}, {1, 4}, {3, 7}));
    check_fuel(w, i, 1, ARGS(3), CHARGES({6, 0}, {6, 0}, {6, 0}, {3, 9}));
    check_fuel(w, i, 2, ARGS(1), CHARGES({2, 0}, {3, 2}, {3, 8}));
    check_fuel(w, i, 2, ARGS(0), CHARGES({2, 0}, {1, 2}, {3, 8}));
    check_fuel(w, i, 3, ARGS(1), CHARGES({2, 0}, {1, 2}, {2, 5}));
    check_fuel(w, i, 3, ARGS(0), CHARGES({2, 0}, {2, 5}));
    check_fuel(w, i, 4, NO_ARGS, CHARGES({5, 0}));
    check_fuel(w, i, 5, ARGS(0), CHARGES({4, 0}, {2, 11}, {2, 13}));
    check_fuel(w, i, 5, ARGS(1), CHARGES({4, 0}, {2, 13}));
    check_fuel(w, i, 6, ARGS(1), CHARGES({2, 0}, {2, 2}));
    check_fuel(w, i, 6, ARGS(0), CHARGES({2, 0}, {3, 7}));
    check_fuel(w, i, 7, ARGS(1), CHARGES({2, 0}));
    check_fuel(w, i, 7, ARGS(0), CHARGES({2, 0}, {2, 2}));
}

static void test_depth(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                /* 0: f(n) = n ? f(n - 1) + 1 : 0; the call at 9 */
                FUNC("i_i", "ll", B_LOCAL_GET, 0, B_IF, I32, B_LOCAL_GET, 0, B_I32_CONST, 1, B_I32_SUB, B_CALL /*9*/, 0,
                     B_I32_CONST, 1, B_I32_ADD, B_ELSE, B_I32_CONST, 0, B_END),
                /* 1: calls 0; at 2 */
                FUNC("i_i", "", B_LOCAL_GET, 0, B_CALL, 0),
                /* 2: g(n, a) = n ? tail g(n - 1, a + 2) : a */
                FUNC("ii_i", "", B_LOCAL_GET, 0, B_I32_EQZ, B_IF, VOID, B_LOCAL_GET, 1, B_RETURN, B_END, B_LOCAL_GET, 0,
                     B_I32_CONST, 1, B_I32_SUB, B_LOCAL_GET, 1, B_I32_CONST, 2, B_I32_ADD, B_RETURN_CALL, 2),
                /* 3: a tail call to a function with a larger frame, at 4 */
                FUNC("_i", "", B_I32_CONST, 1, B_I32_CONST, 1, B_RETURN_CALL, 4),
                FUNC("ii_i", "llllllll", B_LOCAL_GET, 0),
            },
    };
    Instance *i = instantiate(w, &spec);
    int64_t cost = body_of(i, 0)->frame_cost, outer = body_of(i, 1)->frame_cost;
    assert_int_equal(cost, 64 + 16 * (3 + 2));
    for (uint32_t n = 0; n < 200; n += n < 70 ? 1 : 43) { /* n + 1 frames are enough */
        w->es.fuel = FUEL;
        w->es.depth = outer + (n + 1) * cost;
        assert_int_equal(again(w, i, 1, ARGS(n)), TRAP_NONE);
        check_result(w, 0, n);
        assert_int_equal(w->es.depth, outer + (n + 1) * cost);
        w->es.depth = outer + (n + 1) * cost - 1;
        assert_int_equal(again(w, i, 1, ARGS(n)), TRAP_EXHAUSTION);
        assert_int_equal(w->es.depth, -1);
        assert_int_equal(w->bt.depth, n + 2);
        assert_int_equal(w->bt.n, n + 2 < BACKTRACE_MAX ? n + 2 : BACKTRACE_MAX);
        for (uint32_t k = 0; k < w->bt.n; k++) {
            if (k == 0)
                check_site(w, k, i, 0, 0);
            else if (k == n + 1)
                check_site(w, k, i, 1, 2);
            else
                check_site(w, k, i, 0, 9);
        }
    }
    w->es.depth = 10; /* not even the first */
    assert_int_equal(again(w, i, 1, ARGS(0)), TRAP_EXHAUSTION);
    assert_int_equal(w->es.depth, 10 - outer);
    assert_int_equal(w->bt.depth, 1);
    check_site(w, 0, i, 1, 0);
    /* All of the stack; then deeper than any. */
    check_call(w, i, 0, ARGS((uint64_t)(DEPTH / cost - 1)), (uint64_t)(DEPTH / cost - 1));
    assert_int_equal(invoke(w, i, 0, ARGS(0xffffffff)), TRAP_EXHAUSTION);
    assert_int_equal(w->bt.depth, DEPTH / cost + 1);

    /* Tail calls need one frame. */
    w->es.fuel = FUEL;
    w->es.depth = body_of(i, 2)->frame_cost;
    assert_int_equal(again(w, i, 2, ARGS(1000000, 5)), TRAP_NONE);
    check_result(w, 0, 2000005);
    assert_int_equal(w->es.depth, body_of(i, 2)->frame_cost);
    int64_t larger = body_of(i, 4)->frame_cost;
    assert_true(larger > body_of(i, 3)->frame_cost);
    w->es.depth = larger;
    assert_int_equal(again(w, i, 3, NO_ARGS), TRAP_NONE);
    w->es.depth = larger - 1;
    assert_int_equal(again(w, i, 3, NO_ARGS), TRAP_EXHAUSTION);
    assert_int_equal(w->es.depth, -1);
    assert_int_equal(w->bt.depth, 1);
    check_site(w, 0, i, 4, 0);
}

static void test_fuel_of_entry(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                FUNC("_", "", B_NOP, B_CALL /*1*/, 1),
                FUNC("_", "", B_NOP, B_NOP, B_RETURN_CALL, 2),
                FUNC("_", "", B_NOP),
            },
    };
    Instance *i = instantiate(w, &spec);
    w->es.depth = DEPTH;
    w->es.fuel = 3 + 3 + 2;
    assert_int_equal(again(w, i, 0, NO_ARGS), TRAP_NONE);
    assert_int_equal(w->es.fuel, 0);
    w->es.fuel = 3 + 3 + 1;
    assert_int_equal(again(w, i, 0, NO_ARGS), TRAP_FUEL);
    assert_int_equal(w->bt.depth, 2);
    check_site(w, 0, i, 2, 0);
    check_site(w, 1, i, 0, 1);
    w->es.depth = DEPTH;
    w->es.fuel = 3;
    assert_int_equal(again(w, i, 0, NO_ARGS), TRAP_FUEL);
    check_site(w, 0, i, 1, 0);
    /* Depth is asked before fuel. */
    w->es.depth = body_of(i, 0)->frame_cost;
    w->es.fuel = 3;
    assert_int_equal(again(w, i, 0, NO_ARGS), TRAP_EXHAUSTION);
    assert_int_equal(w->es.fuel, 0);
}

static void test_traps(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                FUNC("ii_i", "", B_NOP, B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I32_DIV_S /*5*/),
                FUNC("ll_l", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I64_REM_U /*4*/),
                FUNC("d_i", "", B_LOCAL_GET, 0, B_I32_TRUNC_F64_S /*2*/),
                FUNC("_", "", B_NOP, B_UNREACHABLE),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_LOAD /*2*/, 2, 0x80, 0x01),
                FUNC("il_", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I64_STORE /*4*/, 3, 0xff, 0xff, 0xff, 0xff, 0x0f),
                FUNC("il_", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I64_STORE /*4*/, 0, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_LOAD8_U, 0, 0),
                FUNC("i_r", "", B_LOCAL_GET, 0, B_TABLE_GET /*2*/, 0),
                FUNC("i_", "", B_LOCAL_GET, 0, B_REF_NULL, FUNCREF, B_TABLE_SET /*4*/, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_CALL_INDIRECT /*2*/, 12, 0),
                FUNC("_i", "", B_I32_CONST, 33),
            },
        .type = {"_i", "_l"},
        .memory = {2},
        .table = 4,
        .elem = B(11, 0),
    };
    Instance *i = instantiate(w, &spec);
    check_call(w, i, 0, ARGS(0xfffffff9, 2), 0xfffffffd);
    check_trap(w, i, 0, ARGS(7, 0), TRAP_DIV_ZERO, 5);
    check_trap(w, i, 0, ARGS(0x80000000, 0xffffffff), TRAP_INT_OVERFLOW, 5);
    check_trap(w, i, 1, ARGS(7, 0), TRAP_DIV_ZERO, 4);
    check_trap(w, i, 2, ARGS(UINT64_C(0x7ff8000000000000)), TRAP_INVALID_CONVERSION, 2);
    check_trap(w, i, 2, ARGS(UINT64_C(0x41e0000000000000)), TRAP_INT_OVERFLOW, 2);
    check_trap(w, i, 3, NO_ARGS, TRAP_UNREACHABLE, 1);
    check_call(w, i, 4, ARGS(65536 - 128 - 4), 0);
    check_trap(w, i, 4, ARGS(65536 - 128 - 3), TRAP_MEMORY_BOUNDS, 2);
    check_trap(w, i, 4, ARGS(0xffffffff), TRAP_MEMORY_BOUNDS, 2); /* 33 bits, no wrapping around */
    check_trap(w, i, 5, ARGS(0xffffffff, 1), TRAP_MEMORY_BOUNDS, 4);
    check_trap(w, i, 5, ARGS(1, 1), TRAP_MEMORY_BOUNDS, 4);
    check_trap(w, i, 6, ARGS(65536 - 7, UINT64_MAX), TRAP_MEMORY_BOUNDS, 4);
    for (uint32_t k = 1; k < 8; k++) check_call(w, i, 7, ARGS(65536 - k), 0); /* nothing was written */
    assert_int_equal(invoke(w, i, 6, ARGS(65536 - 8, UINT64_MAX)), TRAP_NONE);
    check_call(w, i, 7, ARGS(65535), 255);
    check_trap(w, i, 7, ARGS(65536), TRAP_MEMORY_BOUNDS, 2);
    check_call(w, i, 8, ARGS(0), (uintptr_t)i->funcs[11]);
    check_call(w, i, 8, ARGS(2), 0);
    check_trap(w, i, 8, ARGS(3), TRAP_TABLE_BOUNDS, 2);
    check_trap(w, i, 9, ARGS(3), TRAP_TABLE_BOUNDS, 4);
    check_call(w, i, 10, ARGS(0), 33);
    check_trap(w, i, 10, ARGS(1), TRAP_INDIRECT_TYPE, 2);
    check_trap(w, i, 10, ARGS(2), TRAP_UNINITIALIZED_ELEMENT, 2);
    check_trap(w, i, 10, ARGS(3), TRAP_UNDEFINED_ELEMENT, 2);
    assert_int_equal(invoke(w, i, 9, ARGS(0)), TRAP_NONE);
    check_trap(w, i, 10, ARGS(0), TRAP_UNINITIALIZED_ELEMENT, 2);
}

static void test_table_tail_calls(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                FUNC("i_i", "", B_I32_CONST, 41, B_LOCAL_GET, 0, B_RETURN_CALL_INDIRECT /*4*/, 1, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_CONST, 1, B_I32_ADD),
                FUNC("_", "", B_NOP),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_CALL /*2*/, 0),
            },
        .table = 3,
        .elem = B(1, 2),
    };
    Instance *i = instantiate(w, &spec);
    check_call(w, i, 0, ARGS(0), 42);
    check_trap(w, i, 0, ARGS(1), TRAP_INDIRECT_TYPE, 4);
    check_trap(w, i, 0, ARGS(2), TRAP_UNDEFINED_ELEMENT, 4);
    check_call(w, i, 3, ARGS(0), 42);
    assert_int_equal(invoke(w, i, 3, ARGS(1)), TRAP_INDIRECT_TYPE);
    assert_int_equal(w->bt.depth, 2);
    check_site(w, 0, i, 0, 4);
    check_site(w, 1, i, 3, 2);
}

/* -- Hosts --------------------------------------------------------------------------------- */

static uint32_t host_add(World *w, FuncInst *f) {
    (void)f;
    w->es.results[0] = (Value){.i64 = w->es.args[0].i32 + w->es.args[1].i64};
    w->es.results[1] = (Value){.i32 = 5};
    return 0;
}
static uint32_t host_trap(World *w, FuncInst *f) {
    (void)w, (void)f;
    return TRAP_HOST;
}
/* Calls a function of the module, then grows its memory. */
static uint32_t host_reenter(World *w, FuncInst *f) {
    Backtrace bt;
    (void)f;
    w->es.args[0] = (Value){.i32 = w->seen[0].i32};
    TrapKind trap = interp_call(w->stack, &w->es, w->callback, &bt);
    MemInst *m = w->inst->mems[0].mem;
    m->pages = 2;
    m->length = 2 * WASM_PAGE;
    if (trap) w->lib_arg[5] = bt.depth;
    return trap;
}

static void test_host_calls(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                IMPORT("il_li"),
                IMPORT("ffi_"),
                /* 2: operands under the arguments stay */
                FUNC("il_l", "", B_I64_CONST, 1, B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_CALL /*6*/, 0, B_I64_EXTEND_I32_U,
                     B_I64_ADD, B_I64_ADD),
                FUNC("il_li", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_RETURN_CALL /*4*/, 0),
                FUNC("ff_", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I32_CONST, 0x7f, B_CALL, 1),
                FUNC("il_l", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_CALL /*4*/, 3, B_DROP),
                FUNC("il_li", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I32_CONST, 0, B_CALL_INDIRECT, 0, 0),
            },
        .table = 2,
        .elem = B(0),
    };
    Instance *i = instantiate(w, &spec);
    w->host = host_add;
    check_call(w, i, 2, ARGS(10, 100), 116);
    check_call(w, i, 3, ARGS(10, 100), 110);
    check_result(w, 1, 5);
    check_call(w, i, 5, ARGS(10, 100), 110);
    check_call(w, i, 6, ARGS(10, 100), 110);
    assert_int_equal(w->ncalls, 4);
    /* Unused bytes of arguments are zero, bits of NaNs are as they were. */
    assert_int_equal(invoke(w, i, 4, ARGS(UINT64_C(0xffffffff7fa00001), UINT64_C(0xeeeeeeeeff800001))), TRAP_NONE);
    assert_true(w->seen[0].u64x2[0] == 0x7fa00001 && w->seen[0].u64x2[1] == 0);
    assert_true(w->seen[1].u64x2[0] == 0xff800001 && w->seen[1].u64x2[1] == 0);
    assert_true(w->seen[2].u64x2[0] == 0xffffffff && w->seen[2].u64x2[1] == 0);
    /* Traps are at the call. */
    w->host = host_trap;
    check_trap(w, i, 2, ARGS(0, 0), TRAP_HOST, 6);
    check_trap(w, i, 3, ARGS(0, 0), TRAP_HOST, 4);
    assert_int_equal(invoke(w, i, 5, ARGS(0, 0)), TRAP_HOST);
    assert_int_equal(w->bt.depth, 2);
    check_site(w, 0, i, 3, 4);
    check_site(w, 1, i, 5, 4);
}

static void test_reentry(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                IMPORT("i_i"),
                /* 1: the host calls 2, and makes the load behind it possible */
                FUNC("i_i", "iii", B_I32_CONST, 3, B_LOCAL_GET, 0, B_CALL /*4*/, 0, B_I32_ADD, B_I32_CONST, 0x80, 0x80,
                     0x04, B_I32_LOAD, 2, 0, B_I32_ADD, B_LOCAL_GET, 0, B_I32_ADD),
                FUNC("i_i", "iiiiiiiiiiiiii", B_LOCAL_GET, 0, B_I32_CONST, 2, B_I32_MUL),
                /* 3: calls the host again: recursion through both */
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_EQZ, B_IF, VOID, B_I32_CONST, 0, B_RETURN, B_END, B_LOCAL_GET, 0,
                     B_I32_CONST, 1, B_I32_SUB, B_CALL /*14*/, 0, B_LOCAL_GET, 0, B_I32_ADD),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_UNREACHABLE),
                /* 5: recursion through a tail call to the host, which leaves no frame */
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_EQZ, B_IF, VOID, B_I32_CONST, 9, B_RETURN, B_END, B_LOCAL_GET, 0,
                     B_I32_CONST, 1, B_I32_SUB, B_RETURN_CALL /*14*/, 0),
            },
        .memory = {2}};
    Instance *i = instantiate(w, &spec);
    w->host = host_reenter;
    w->inst = i;
    w->callback = i->funcs[2];
    check_call(w, i, 1, ARGS(21), 3 + 42 + 21);
    assert_int_equal(i->mems[0].mem->pages, 2);
    w->callback = i->funcs[3];
    check_call(w, i, 3, ARGS(20), 210);
    w->callback = i->funcs[4];
    check_trap(w, i, 3, ARGS(20), TRAP_UNREACHABLE, 14);
    check_trap(w, i, 5, ARGS(20), TRAP_UNREACHABLE, 14); /* the frame is gone, its record is not */
    w->callback = i->funcs[5];
    w->es.depth = body_of(i, 5)->frame_cost;
    w->es.fuel = FUEL;
    assert_int_equal(again(w, i, 5, ARGS(50)), TRAP_NONE);
    check_result(w, 0, 9);
    assert_int_equal(w->es.depth, body_of(i, 5)->frame_cost);
}

/* The most parameters and results, on a stack with room for just one frame: under a sanitizer or a debugger
 * the writes that go too far show, else the frames behind the slots are destroyed. */
static uint32_t host_many(World *w, FuncInst *f) {
    (void)f;
    for (uint32_t i = 0; i < MAX_RESULTS; i++) w->es.results[i] = (Value){.i64 = i};
    return 0;
}

static void test_small_stack(void **state) {
    World *w = *state;
    char many[MAX_PARAMS + 2], none[MAX_RESULTS + 2];
    memset(many, 'i', sizeof many);
    memset(none, 'i', sizeof none);
    memcpy(many + MAX_PARAMS, "_", 2);
    none[0] = '_';
    none[MAX_RESULTS + 1] = 0;
    const ModuleSpec spec = {.func = {IMPORT(none), FUNC(many, "", B_NOP), FUNC(none, "", B_RETURN_CALL, 0)}};
    Instance *i = instantiate(w, &spec);
    int64_t cost = body_of(i, 2)->frame_cost;
    assert_int_equal(cost, 64);
    interp_stack_free(w->stack);
    w->stack = interp_stack_new(cost);
    w->host = host_many;
    w->es.fuel = FUEL;
    w->es.depth = cost;
    assert_int_equal(again(w, i, 1, NO_ARGS), TRAP_EXHAUSTION);
    check_site(w, 0, i, 1, 0);
    w->es.depth = cost;
    assert_int_equal(again(w, i, 2, NO_ARGS), TRAP_NONE);
    for (uint32_t k = 0; k < MAX_RESULTS; k++) check_result(w, k, k);
}

static void test_two_instances(void **state) {
    World *w = *state;
    const ModuleSpec callee = {
        .func =
            {
                /* 0: writes its own memory and global, returns a byte of its memory */
                FUNC("i_i", "", B_LOCAL_GET, 0, B_GLOBAL_SET, 0, B_I32_CONST, 8, B_LOCAL_GET, 0, B_I32_STORE8, 0, 0,
                     B_I32_CONST, 8, B_I32_LOAD8_U, 0, 0),
                FUNC("_", "", B_NOP, B_UNREACHABLE /*1*/),
                FUNC("_i", "", B_I32_CONST, 1, B_MEMORY_GROW, 0),
            },
        .memory = {2},
        .global = "i",
    };
    Instance *a = instantiate(w, &callee);
    const ModuleSpec caller = {
        .func =
            {
                IMPORT("i_i"),
                IMPORT("_"),
                IMPORT("_i"),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_CALL, 0, B_I32_CONST, 8, B_I32_LOAD8_U, 0, 0, B_I32_ADD, B_GLOBAL_GET,
                     0, B_I32_ADD),
                FUNC("_", "", B_CALL /*0*/, 1),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_RETURN_CALL, 0),
            },
        .memory = {3},
        .global = "i",
    };
    Instance *b = instantiate_with(w, &caller, (FuncInst *[]){a->funcs[0], a->funcs[1], a->funcs[2]}, NULL);
    check_call(w, b, 3, ARGS(99), 99);
    assert_int_equal(a->globals[0]->value.i32, 99);
    assert_int_equal(b->globals[0]->value.i32, 0);
    assert_int_equal(a->mems[0].base[8], 99);
    check_call(w, b, 5, ARGS(7), 7);
    assert_int_equal(invoke(w, b, 4, NO_ARGS), TRAP_UNREACHABLE);
    assert_int_equal(w->bt.depth, 2);
    check_site(w, 0, a, 1, 1);
    check_site(w, 1, b, 4, 0);

    /* The same memory: growth by the callee is seen by the caller. */
    const ModuleSpec sharing = {
        .func =
            {
                IMPORT("_i"),
                FUNC("_i", "", B_CALL, 0, B_DROP, B_I32_CONST, 0x80, 0x80, 0x04, B_I32_LOAD8_U, 0, 0, B_MEMORY_SIZE, 0,
                     B_I32_ADD),
            },
        .memory = {2},
        .import_memory = 1,
    };
    Instance *c = instantiate_with(w, &sharing, (FuncInst *[]){a->funcs[2]}, a->mems[0].mem);
    check_call(w, c, 1, NO_ARGS, 2);
}

/* -- Memories, tables, library calls ------------------------------------------------------------ */

static void check_lib(World *w, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    assert_string_equal(w->lib_name, name);
    assert_memory_equal(w->lib_arg, ((uint64_t[]){a, b, c, d, e}), 5 * sizeof(uint64_t));
}

static void test_library(void **state) {
    World *w = *state;
#define OPERANDS B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_LOCAL_GET, 2
    const ModuleSpec spec = {
        .func =
            {
                FUNC("iii_", "", OPERANDS, B_FC, B_MEMORY_FILL /*6*/, 1),
                FUNC("iii_", "", OPERANDS, B_FC, B_MEMORY_COPY, 1, 0),
                FUNC("iii_", "", OPERANDS, B_FC, B_MEMORY_INIT, 0, 1),
                FUNC("iri_", "", OPERANDS, B_FC, B_TABLE_FILL, 0),
                FUNC("iii_", "", OPERANDS, B_FC, B_TABLE_COPY, 0, 0),
                FUNC("iii_", "", OPERANDS, B_FC, 0x80 | B_TABLE_INIT, 0x00, 0, 0), /* the number in two bytes */
                FUNC("ri_i", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_FC, B_TABLE_GROW, 0),
                FUNC("_i", "", B_FC, B_TABLE_SIZE, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_MEMORY_GROW, 1),
                FUNC("_", "", B_FC, B_DATA_DROP, 0),
                FUNC("_", "", B_FC, B_ELEM_DROP, 0),
                FUNC("_i", "", B_MEMORY_SIZE, 1),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_MEMORY_GROW, 0, B_I32_CONST, 0x80, 0x80, 0x04, B_I32_LOAD, 2, 0,
                     B_I32_ADD),
            },
        .memory = {2, 3},
        .table = 6,
        .elem = B(0),
        .data = B(1, 2, 3),
    };
    Instance *i = instantiate(w, &spec);
    const uint64_t args[3] = {UINT64_C(0xff80000001), 0xfffffff2, 0xfffffff3}, ref = (uintptr_t)i->funcs[0];
    static const char *const names[] = {"memory_fill", "memory_copy", "memory_init",
                                        "table_fill",  "table_copy",  "table_init"};
    for (uint32_t f = 0; f < 6; f++) {
        w->lib_status = 0;
        uint64_t a[3] = {args[0], f == 3 ? ref : args[1], args[2]};
        assert_int_equal(invoke(w, i, f, a, 3), TRAP_NONE);
        if (f == 0 || f == 3)
            check_lib(w, names[f], f == 0, 0x80000001, a[1], a[2], 0);
        else
            check_lib(w, names[f], f < 3, 0, 0x80000001, a[1], a[2]);
        w->lib_status = TRAP_TABLE_BOUNDS;
        check_trap(w, i, f, a, 3, TRAP_TABLE_BOUNDS, 6);
    }
    w->lib_status = 0;
    check_call(w, i, 6, ARGS(ref, 4), 5);
    check_lib(w, "table_grow", 0, 4, ref, 0, 0);
    w->lib_status = 1;
    check_call(w, i, 6, ARGS(0, 0xffffffff), 0xffffffff);
    check_lib(w, "table_grow", 0, 0xffffffff, 0, 0, 0);
    check_call(w, i, 7, NO_ARGS, 5);
    check_call(w, i, 8, ARGS(1), 2);
    check_call(w, i, 8, ARGS(0xffffffff), 0xffffffff);
    check_lib(w, "memory_grow", 1, 0xffffffff, 0, 0, 0);
    check_call(w, i, 11, NO_ARGS, 3);
    assert_int_equal(invoke(w, i, 9, NO_ARGS), TRAP_NONE);
    check_lib(w, "data_drop", 0, 0, 0, 0, 0);
    assert_int_equal(invoke(w, i, 10, NO_ARGS), TRAP_NONE);
    check_lib(w, "elem_drop", 0, 0, 0, 0, 0);
    check_trap(w, i, 12, ARGS(9), TRAP_MEMORY_BOUNDS, 8); /* growth failed */
    check_call(w, i, 12, ARGS(1), 1);
}

static void test_memory_access(void **state) {
    World *w = *state;
    const ModuleSpec spec = {
        .func =
            {
                FUNC("il_", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I64_STORE, 0, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_LOAD8_S, 0, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_LOAD16_S, 0, 0),
                FUNC("i_l", "", B_LOCAL_GET, 0, B_I64_LOAD8_S, 0, 0),
                FUNC("i_l", "", B_LOCAL_GET, 0, B_I64_LOAD16_S, 0, 0),
                FUNC("i_l", "", B_LOCAL_GET, 0, B_I64_LOAD32_S, 0, 0),
                FUNC("i_l", "", B_LOCAL_GET, 0, B_I64_LOAD32_U, 0, 0),
                FUNC("i_f", "", B_LOCAL_GET, 0, B_F32_LOAD, 0, 0),
                FUNC("i_d", "", B_LOCAL_GET, 0, B_F64_LOAD, 0, 0),
                /* 9: memory 1; the flags in two bytes, the offset in five */
                FUNC("ii_i", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_I32_STORE16, 0x41, 1, 2, B_LOCAL_GET, 0, B_I32_LOAD,
                     0xc2, 0x00, 1, 0x80, 0x80, 0x80, 0x80, 0x00),
                FUNC("if_", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_F32_STORE, 0, 0),
                FUNC("i_i", "", B_LOCAL_GET, 0, B_I32_LOAD, 0x40, 1, 0),
            },
        .memory = {2, 2},
    };
    Instance *i = instantiate(w, &spec);
    assert_int_equal(invoke(w, i, 0, ARGS(1, UINT64_C(0xfff48183a5a6f7f8))), TRAP_NONE);
    check_call(w, i, 1, ARGS(1), 0xfffffff8);
    check_call(w, i, 2, ARGS(1), 0xfffff7f8);
    check_call(w, i, 3, ARGS(1), UINT64_C(0xfffffffffffffff8));
    check_call(w, i, 4, ARGS(1), UINT64_C(0xfffffffffffff7f8));
    check_call(w, i, 5, ARGS(1), UINT64_C(0xffffffffa5a6f7f8));
    check_call(w, i, 6, ARGS(1), UINT64_C(0xa5a6f7f8));
    check_call(w, i, 8, ARGS(1), UINT64_C(0xfff48183a5a6f7f8)); /* a signalling NaN */
    assert_int_equal(invoke(w, i, 10, ARGS(16, 0x7fa00001)), TRAP_NONE);
    check_call(w, i, 7, ARGS(16), 0x7fa00001);
    check_call(w, i, 9, ARGS(100, 0x12345678), 0x56780000);
    assert_int_equal(i->mems[1].base[102], 0x78);
    assert_int_equal(i->mems[0].base[102], 0);
    check_trap(w, i, 11, ARGS(65533), TRAP_MEMORY_BOUNDS, 2);
}

static void test_values(void **state) {
    World *w = *state;
    const ModuleSpec spec =
        {.func =
             {
                 FUNC("ilfd_", "", B_LOCAL_GET, 0, B_GLOBAL_SET, 0, B_LOCAL_GET, 1, B_GLOBAL_SET, 1, B_LOCAL_GET, 2,
                      B_GLOBAL_SET, 2, B_LOCAL_GET, 3, B_GLOBAL_SET, 3),
                 FUNC("_ilfd", "", B_GLOBAL_GET, 0, B_GLOBAL_GET, 1, B_GLOBAL_GET, 2, B_GLOBAL_GET, 3),
                 FUNC("ffi_f", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_LOCAL_GET, 2, B_SELECT),
                 FUNC("rri_r", "", B_LOCAL_GET, 0, B_LOCAL_GET, 1, B_LOCAL_GET, 2, B_SELECT_T, 1, FUNCREF),
                 /* 4: locals begin as zero, also where operands were before; one has its index in three bytes */
                 FUNC("_lir", "ldrii", B_LOCAL_GET, 0x80, 0x80, 0x00, B_LOCAL_GET, 4, B_LOCAL_GET, 2),
                 /* 5: runs 4 over slots that were operands */
                 FUNC("_i", "i", B_I32_CONST, 1, B_I32_CONST, 2, B_I32_CONST, 3, B_I32_CONST, 4, B_I32_CONST, 5,
                      B_I32_CONST, 6, B_DROP, B_DROP, B_DROP, B_DROP, B_DROP, B_DROP, B_CALL, 4, B_REF_IS_NULL,
                      B_I32_ADD, B_LOCAL_SET, 0, B_I32_WRAP_I64, B_LOCAL_GET, 0, B_I32_ADD),
                 FUNC("_iiill", "", B_I32_CONST, 0x40, B_I32_CONST, 0xc0, 0x00, B_I32_CONST, 0x80, 0x40, B_I64_CONST,
                      0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, B_I64_CONST, 0xff, 0xff, 0xff, 0x0f),
                 FUNC("f_id", "", B_LOCAL_GET, 0, B_I32_REINTERPRET_F32, B_LOCAL_GET, 0, B_F64_PROMOTE_F32),
                 FUNC("_ri", "", B_REF_FUNC, 0, B_REF_NULL, FUNCREF, B_REF_IS_NULL),
             },
         .global = "ilfd",
         .table = 2,
         .elem = B(0)};
    Instance *i = instantiate(w, &spec);
    const uint64_t junk = UINT64_C(0xabcdef0100000000), snan = UINT64_C(0xfff4000000000001);
    assert_int_equal(invoke(w, i, 0, ARGS(junk | 5, junk | 6, junk | 0x7fa00001, snan)), TRAP_NONE);
    const uint64_t want[4] = {5, junk | 6, 0x7fa00001, snan};
    for (uint32_t g = 0; g < 4; g++) {
        assert_true(i->globals[g]->value.u64x2[0] == want[g]);
        assert_true(i->globals[g]->value.u64x2[1] == 0);
    }
    assert_int_equal(invoke(w, i, 1, NO_ARGS), TRAP_NONE);
    for (uint32_t g = 0; g < 4; g++) check_result(w, g, want[g]);
    check_call(w, i, 2, ARGS(junk | 0x7fa00001, 2, 1), 0x7fa00001);
    check_call(w, i, 2, ARGS(1, junk | 0xffa00001, junk), 0xffa00001);
    check_call(w, i, 3, ARGS(0, (uintptr_t)i->funcs[1], 0), (uintptr_t)i->funcs[1]);
    check_call(w, i, 5, NO_ARGS, 1);
    check_call(w, i, 6, NO_ARGS, 0xffffffc0);
    check_result(w, 1, 0x40);
    check_result(w, 2, 0xffffe000);
    check_result(w, 3, UINT64_C(0x8000000000000000));
    check_result(w, 4, 0x1ffffff);
    check_call(w, i, 7, ARGS(junk | 0xffa00001), 0xffa00001);
    check_result(w, 1, UINT64_C(0x7ff8000000000000));
    check_call(w, i, 8, NO_ARGS, (uintptr_t)i->funcs[0]);
    check_result(w, 1, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_branches),      TEST(test_fuel),    TEST(test_depth),
        TEST(test_fuel_of_entry), TEST(test_traps),   TEST(test_table_tail_calls),
        TEST(test_host_calls),    TEST(test_reentry), TEST(test_small_stack),
        TEST(test_two_instances), TEST(test_library), TEST(test_memory_access),
        TEST(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
