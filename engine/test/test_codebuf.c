/* The code buffer and emission, over a made-up target whose instructions are a few marked bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "code/emit.h"

/* The target: PROLOGUE; every instruction is its opcode in 4 bytes; a branch adds a 4-byte displacement for each
 * successor but one that follows; T_TRAP refers to a stub, T_CONST to a constant. */
enum { T_PLAIN = M_TARGET, T_TRAPS, T_CONST_USE, T_JUMP, T_CALL, T_FUNCTION, T_COUNT_OPS };
enum { FIX_REL = 1, FIX_SHORT = 2 };
enum { CODE_PROLOGUE = 0x50, CODE_MOVE = 0x60, CODE_STUB = 0x70 };

static void put_ref(CodeBuf *cb, Label l, uint8_t kind) {
    code_fixup(cb, code_at(cb), l, kind, 0);
    code_u32(cb, 0);
}

static void emit_prologue(Emit *e) { code_u32(e->cb, CODE_PROLOGUE | e->frame.size << 8 | (uint32_t)e->far << 31); }
static void emit_move(Emit *e, uint32_t from, uint32_t to, IrType t) {
    code_u32(e->cb, CODE_MOVE | (uint32_t)t << 8 | from << 16 | to << 24);
}
static void emit_trap_stub(CodeBuf *cb, uint8_t trap) { code_u32(cb, CODE_STUB | (uint32_t)trap << 8); }

static void emit_insn(Emit *e, const MInsn *i, const uint32_t *loc) {
    static const double one = 1.0;
    code_u32(e->cb, i->op);
    switch (i->op) {
    case T_TRAPS: put_ref(e->cb, code_trap(e->cb, (uint8_t)i->aux, i->loc), FIX_REL); break;
    case T_CONST_USE: put_ref(e->cb, code_const(e->cb, &one, 8), (uint8_t)i->aux); break;
    case T_JUMP:
        for (uint32_t s = 0; s < e->m->block.at[e->block].succ.n; s++) {
            uint32_t to = e->m->block.at[e->block].succ.at[s].to;
            if (to != e->next_block) put_ref(e->cb, e->block_label[to], FIX_REL);
        }
        break;
    case T_FUNCTION:
        code_reloc(e->cb, code_at(e->cb), i->aux, FIX_REL);
        code_u32(e->cb, 0);
        break;
    default: break;
    }
    (void)loc;
}

static bool patch(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to) {
    int64_t d = (int64_t)to - at;
    if (kind == FIX_SHORT && (d < -128 || d > 127)) return false;
    bits_store_u32(code + at, (uint32_t)d);
    return true;
}

static const uint8_t ints[4] = {0, 1, 2, 3}, floats[4] = {32, 33, 34, 35};
static const RegSet clobber[3] = {0, 3, 3};
static const MInsnInfo info[T_COUNT_OPS - M_TARGET] = {{"plain", 0, 0}};
static const Target target = {
    .name = "test",
    .insn = info,
    .ninsn = T_COUNT_OPS - M_TARGET,
    .order = {ints, floats},
    .norder = {4, 4},
    .callee_saved = 12,
    .scratch = {4, 36},
    .clobber = clobber,
    .emit_prologue = emit_prologue,
    .emit_insn = emit_insn,
    .emit_move = emit_move,
    .emit_trap_stub = emit_trap_stub,
    .patch = patch,
    .max_insn_bytes = 16,
    .fill = 0xcc,
};

typedef struct Fixture {
    Arena arena;
    Bail bail;
    CodeBuf cb;
    MFn m;
    Alloc ra;
    TargetOptions o;
} Fixture;

static void setup(Fixture *f) {
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, &f->bail);
    code_init(&f->cb, &f->arena);
    f->m = (MFn){.arena = &f->arena, .name = "f", .frame_cost = 10};
    f->ra.opnd = ARENA_ARRAY(&f->arena, Loc, 1);
}

static void insn(Fixture *f, uint32_t op, uint32_t aux, uint8_t flags, uint32_t loc) {
    vec_push(&f->arena, &f->m.insn, ((MInsn){.op = (uint16_t)op, .aux = aux, .flags = flags, .loc = loc}));
}

static void block(Fixture *f, uint32_t nsucc, uint32_t a, uint32_t b) {
    uint32_t first = f->m.block.n ? f->m.block.at[f->m.block.n - 1].end : 0;
    MBlock mb = {.first = first, .end = f->m.insn.n};
    if (nsucc > 0) vec_push(&f->arena, &mb.succ, (MEdge){.to = a});
    if (nsucc > 1) vec_push(&f->arena, &mb.succ, (MEdge){.to = b});
    vec_push(&f->arena, &f->m.block, mb);
}

static uint32_t word(const Fixture *f, uint32_t at) { return bits_load_u32(f->cb.code.at + at); }
static uint32_t target_of(const Fixture *f, uint32_t at) { return at + word(f, at); }

static void test_bytes_and_labels(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    code_u8(&f.cb, 1);
    code_align(&f.cb, 8, 0xcc);
    assert_int_equal(code_at(&f.cb), 8);
    assert_int_equal(f.cb.code.at[7], 0xcc);
    code_u64(&f.cb, UINT64_C(0x0123456789abcdef));
    assert_int_equal(f.cb.code.at[8], 0xef);
    Label a = code_label(&f.cb), b = code_label(&f.cb);
    assert_int_not_equal(a, b);
    code_bind(&f.cb, b);
    assert_int_equal(f.cb.label.at[b], 16);
    assert_int_equal(f.cb.label.at[a], UINT32_MAX);
    arena_free(&f.arena);
}

static void test_sharing(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    double one = 1.0, minus = -1.0;
    float single = 1.0f;
    Label t1 = code_trap(&f.cb, 3, 100), t2 = code_trap(&f.cb, 4, 100), t3 = code_trap(&f.cb, 3, 101);
    assert_true(t1 != t2 && t1 != t3 && t2 != t3);
    assert_int_equal(code_trap(&f.cb, 3, 100), t1);
    Label c1 = code_const(&f.cb, &one, 8), c2 = code_const(&f.cb, &minus, 8), c3 = code_const(&f.cb, &single, 4);
    assert_true(c1 != c2 && c1 != c3 && c2 != c3);
    assert_int_equal(code_const(&f.cb, &one, 8), c1);
    for (uint32_t k = 0; k < 5000; k++) code_trap(&f.cb, 1, k);
    assert_int_equal(code_trap(&f.cb, 3, 101), t3);
    assert_int_equal(f.cb.trap_stub.n, 5003);
    arena_free(&f.arena);
}

static void test_locs(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    code_loc(&f.cb, 5);
    code_loc(&f.cb, 6); /* no code for 5 */
    code_u32(&f.cb, 0);
    code_loc(&f.cb, 6);
    code_u32(&f.cb, 0);
    code_loc(&f.cb, 7);
    assert_int_equal(f.cb.loc.n, 2);
    assert_int_equal(f.cb.loc.at[0].loc, 6);
    assert_int_equal(f.cb.loc.at[1].offset, 8);
    arena_free(&f.arena);
}

/* b0: traps, branch to b1 and b2; b1: jump to b2 (left out); b2: constant, call, end */
static void make_function(Fixture *f) {
    insn(f, M_PARAMS, 0, 0, 1);
    insn(f, T_TRAPS, 9, 0, 2);
    insn(f, T_TRAPS, 9, 0, 2);
    insn(f, T_JUMP, 0, MF_BRANCH, 3);
    block(f, 2, 1, 2);
    insn(f, T_JUMP, 0, MF_BRANCH, 4);
    block(f, 1, 2, 0);
    insn(f, T_CONST_USE, FIX_REL, 0, 5);
    insn(f, T_CALL, 0, MF_CALL, 6);
    insn(f, T_FUNCTION, 1, MF_CALL | MF_BRANCH, 7);
    block(f, 0, 0, 0);
    vec_push(&f->arena, &f->ra.edit, ((Edit){4, 1, 2, T_I64}));
    f->ra.nslots = 3;
    f->ra.saved = 12;
}

static void test_function(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    make_function(&f);
    code_u8(&f.cb, 0);
    uint32_t at = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_int_equal(at, 16);
    assert_int_equal(f.cb.code.at[15], 0xcc);
    assert_int_equal(f.m.insn.n, 8);
    assert_int_equal(word(&f, at), CODE_PROLOGUE | 48 << 8); /* 3 slots and 2 registers, to 16 */
    assert_int_equal(word(&f, at + 4), T_TRAPS);
    uint32_t stub = target_of(&f, at + 8);
    assert_int_equal(target_of(&f, at + 16), stub);
    assert_int_equal(word(&f, stub), CODE_STUB | 9 << 8);
    assert_int_equal(word(&f, at + 20), T_JUMP);
    assert_int_equal(target_of(&f, at + 24), at + 36); /* b2; b1 is next */
    assert_int_equal(word(&f, at + 28), CODE_MOVE | T_I64 << 8 | 1 << 16 | 2 << 24);
    assert_int_equal(word(&f, at + 32), T_JUMP); /* b2 is next */
    assert_int_equal(word(&f, at + 36), T_CONST_USE);
    uint32_t constant = target_of(&f, at + 40);
    assert_int_equal(constant % 8, 0);
    double one = 1.0;
    assert_memory_equal(f.cb.code.at + constant, &one, 8);
    /* a call's site is behind it; a tail call has none; the stub's is behind the stub */
    assert_int_equal(f.cb.site.n, 2);
    assert_int_equal(f.cb.site.at[0].kind, SITE_CALL);
    assert_int_equal(f.cb.site.at[0].offset, at + 48);
    assert_int_equal(f.cb.site.at[0].loc, 6);
    assert_int_equal(f.cb.site.at[1].kind, SITE_TRAP);
    assert_int_equal(f.cb.site.at[1].offset, stub + 4);
    assert_int_equal(f.cb.site.at[1].loc, 2);
    assert_int_equal(f.cb.site.at[1].trap, 9);
    /* a second one, then the link */
    uint32_t second = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_memory_equal(f.cb.code.at + at, f.cb.code.at + second, 24);
    uint32_t funcs[2] = {at, second};
    code_link(&f.cb, &target, funcs);
    assert_int_equal(target_of(&f, at + 52), second);
    assert_int_equal(target_of(&f, second + 52), second);
    for (uint32_t k = 1; k < f.cb.site.n; k++) assert_true(f.cb.site.at[k - 1].offset < f.cb.site.at[k].offset);
    arena_free(&f.arena);
}

/* Without the edit the second block only jumps, and the branch has nowhere else to go than the third. */
static void test_blocks_that_only_jump(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    make_function(&f);
    f.ra.edit.n = 0;
    uint32_t at = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_int_equal(word(&f, at + 20), T_JUMP);
    assert_int_equal(word(&f, at + 24), T_CONST_USE);
    assert_int_equal(f.m.block.n, 3); /* the function itself is as it was */
    assert_int_equal(f.m.block.at[0].succ.at[0].to, 1);
    arena_free(&f.arena);
    setup(&f); /* entry; an empty loop */
    insn(&f, M_PARAMS, 0, 0, 0);
    insn(&f, T_JUMP, 0, MF_BRANCH, 0);
    block(&f, 1, 1, 0);
    insn(&f, T_JUMP, 0, MF_BRANCH, 0);
    block(&f, 1, 1, 0);
    f.m.block.at[1].loop_head = true;
    at = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_int_equal(word(&f, at + 8), T_JUMP);
    assert_int_equal(target_of(&f, at + 12), at + 8);
    arena_free(&f.arena);
}

static void test_far(void **state) {
    (void)state;
    Fixture f;
    setup(&f);
    make_function(&f);
    f.o.far_branches = true;
    uint32_t at = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_true(word(&f, at) >> 31);
    arena_free(&f.arena);
    setup(&f);
    insn(&f, M_PARAMS, 0, 0, 0);
    for (uint32_t k = 0; k < 70000; k++) insn(&f, T_PLAIN, 0, 0, k);
    insn(&f, T_JUMP, 0, MF_BRANCH, 0);
    block(&f, 0, 0, 0);
    at = emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    assert_true(word(&f, at) >> 31);
    arena_free(&f.arena);
}

/* Volatile, since the function is left by a jump. */
static void test_bails(void **state) {
    (void)state;
    Fixture f;
    volatile uint32_t reached = 0;
    setup(&f);
    make_function(&f);
    f.ra.nslots = (4096 + 80) / 8 - 2; /* just fits */
    emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    if (BAIL_CATCH(&f.bail)) {
        assert_int_equal(f.bail.code, BAIL_TOO_LARGE);
        reached = 1;
    } else {
        f.ra.nslots += 2;
        emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    }
    assert_int_equal(reached, 1);
    arena_free(&f.arena);
    setup(&f);
    insn(&f, T_CONST_USE, FIX_SHORT, 0, 0);
    for (uint32_t k = 0; k < 100; k++) insn(&f, T_PLAIN, 0, 0, 0);
    insn(&f, T_JUMP, 0, MF_BRANCH, 0);
    block(&f, 0, 0, 0);
    if (BAIL_CATCH(&f.bail)) {
        assert_int_equal(f.bail.code, BAIL_TOO_LARGE);
        reached = 2;
    } else {
        emit_fn(&f.cb, &f.m, &f.ra, &target, &f.o);
    }
    assert_int_equal(reached, 2);
    arena_free(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_labels),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_locs),
        cmocka_unit_test(test_function),
        cmocka_unit_test(test_blocks_that_only_jump),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_bails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
