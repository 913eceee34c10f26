/* The comparator and the verdict: every kind of field is flipped, dropped and added, one at a time, and each flip must
 * be seen and called by its name.  First on an observation made by hand; then on a store in which one thing is changed,
 * by hand and by code. */
#include <stdlib.h>
#include "oracles/differ.h"
#include "oracles/test/modules.h"

static int open_arena(void **state) {
    static Arena arena;
    arena_init(&arena, NULL);
    *state = &arena;
    return 0;
}
static int close_arena(void **state) {
    arena_free(*state);
    return 0;
}

/* -- Observations made by hand ---------------------------------------------------------- */

/* All kinds of fields, in the order in which observe.c makes them. */
static const Field all_fields[] = {
    {FIELD_MODULE, STEP_MODULE, 0, 0, {0, 0}},
    {FIELD_OUTCOME, STEP_INSTANTIATE, 0, 0, {OUT_RETURN, 0}},
    {FIELD_FUEL, STEP_INSTANTIATE, 0, 0, {1000, 0}},
    {FIELD_DEPTH, STEP_INSTANTIATE, 0, 0, {900, 0}},
    {FIELD_HOST_CALLS, STEP_INSTANTIATE, 0, 0, {0, 0}},
    {FIELD_OUTCOME, 0, 0, 0, {OUT_RETURN, 0}},
    {FIELD_VALUE, 0, 0, 0, {5, 0}},
    {FIELD_VALUE, 0, 1, 0, {UINT64_MAX, UINT64_MAX}},
    {FIELD_FUEL, 0, 0, 0, {990, 0}},
    {FIELD_DEPTH, 0, 0, 0, {900, 0}},
    {FIELD_HOST_CALLS, 0, 0, 0, {1, 77}},
    {FIELD_OUTCOME, 1, 0, 0, {OUT_TRAP, 0}},
    {FIELD_TRAP, 1, 0, 0, {TRAP_DIV_ZERO, 0}},
    {FIELD_SITE, 1, 0, 0, {3, 0x55}},
    {FIELD_BACKTRACE, 1, 0, 0, {2, 0x1234}},
    {FIELD_FUEL, 1, 0, 0, {980, 0}},
    {FIELD_DEPTH, 1, 0, 0, {700, 0}},
    {FIELD_HOST_CALLS, 1, 0, 0, {1, 77}},
    {FIELD_MEMORY_SIZE, STEP_STATE, 0, 0, {1, 65536}},
    {FIELD_MEMORY, STEP_STATE, 0, 0, {0xabcdef, 0}},
    {FIELD_MEMORY_SIZE, STEP_STATE, 1, 0, {2, 131072}},
    {FIELD_MEMORY, STEP_STATE, 1, 0, {0xfedcba, 0}},
    {FIELD_GLOBAL, STEP_STATE, 0, 0, {1, 0}},
    {FIELD_GLOBAL, STEP_STATE, 1, 0, {2, 3}},
    {FIELD_TABLE_SIZE, STEP_STATE, 0, 0, {10, 0}},
    {FIELD_TABLE, STEP_STATE, 0, 2, {1, 0}},
    {FIELD_TABLE, STEP_STATE, 0, 5, {2, 0}},
    {FIELD_TABLE_SIZE, STEP_STATE, 1, 0, {4, 0}},
    {FIELD_TABLE, STEP_STATE, 1, 0, {3, 0}},
    {FIELD_DATA, STEP_STATE, 0, 0, {16, 0}},
    {FIELD_DATA, STEP_STATE, 0, 1, {0, 0}},
    {FIELD_ELEM, STEP_STATE, 0, 0, {2, 0}},
    {FIELD_DATA, STEP_STATE, 1, 0, {7, 0}},
    {FIELD_ELEM, STEP_STATE, 1, 0, {0, 0}},
};
enum { NFIELDS = sizeof all_fields / sizeof *all_fields };

static Observation by_hand(Arena *a) {
    Observation o;
    observation_init(&o, a);
    for (uint32_t i = 0; i < NFIELDS; i++) vec_push(a, &o.field, all_fields[i]);
    return o;
}

static Field *first_of(Observation *o, FieldKind kind) {
    Field *f = o->field.at;
    while (f->kind != kind) f++;
    return f;
}

static Verdict verdict_of(const Observation *a, const Observation *b, const Observation *c, const Observation *d) {
    const Observation *obs[4] = {a, b, c, d};
    Verdict v;
    verdict_make(&v, obs, d ? 4 : c ? 3 : b ? 2 : 1);
    return v;
}

/* `changed` differs from `base` at position `at` first, in a field of that kind, whoever is asked. */
static void check_seen(Arena *a, const Observation *base, const Observation *changed, uint32_t at, FieldKind kind) {
    Difference d = compare(base, changed), e = compare(changed, base);
    assert_true(d.differs && e.differs);
    assert_int_equal(d.field, at);
    assert_int_equal(e.field, at);
    assert_true(d.has_a == e.has_b && d.has_b == e.has_a);
    for (uint32_t i = 0; i < 3; i++) {
        const Observation *leg[3] = {base, base, base};
        leg[i] = changed;
        Verdict v = verdict_of(leg[0], leg[1], leg[2], NULL);
        assert_int_equal(v.kind, VERDICT_DISAGREE);
        assert_int_equal(v.deviates, 1u << i);
        assert_true(v.majority);
        assert_true(v.with != i);
        assert_int_equal(v.field, kind);
        assert_int_equal(v.diff.field, at);
        Text t;
        text_init(&t, a);
        difference_print(&t, &v.diff);
        assert_non_null(strstr(t.at, field_name(kind)));
    }
}

static void test_all_kinds_are_here(void **state) {
    (void)state;
    for (uint32_t k = 0; k < FIELD_COUNT; k++) {
        bool here = false;
        for (uint32_t i = 0; i < NFIELDS; i++) here |= all_fields[i].kind == k;
        if (!here) fail_msg("no field %s", field_name((FieldKind)k));
    }
}

static void test_equal(void **state) {
    Arena *a = *state;
    Observation x = by_hand(a), y = by_hand(a);
    assert_false(compare(&x, &y).differs);
    Observation none;
    observation_init(&none, a);
    assert_false(compare(&none, &none).differs);
    assert_true(compare(&none, &x).differs && compare(&x, &none).differs);
}

static void test_flip(void **state) {
    Arena *a = *state;
    Observation base = by_hand(a);
    for (uint32_t i = 0; i < NFIELDS; i++) {
        FieldKind kind = (FieldKind)all_fields[i].kind;
        ArenaMark mark = arena_mark(a);
        /* an outcome, a trap kind or a class has few values; all else is 64 bits wide */
        bool narrow = kind == FIELD_OUTCOME || kind == FIELD_TRAP || kind == FIELD_MODULE;
        for (uint32_t word = 0; word < 2; word++)
            for (uint32_t bit = 0; bit < (narrow && !word ? 1 : 64); bit++) {
                Observation x = by_hand(a);
                x.field.at[i].v[word] ^= UINT64_C(1) << bit;
                check_seen(a, &base, &x, i, kind);
                arena_rewind(a, mark);
            }
        Observation x = by_hand(a);
        x.field.at[i].index += 1000;
        check_seen(a, &base, &x, i, kind);
        x = by_hand(a);
        x.field.at[i].sub += 1000;
        check_seen(a, &base, &x, i, kind);
        arena_rewind(a, mark);
    }
}

static void test_drop_and_add(void **state) {
    Arena *a = *state;
    Observation base = by_hand(a);
    for (uint32_t i = 0; i < NFIELDS; i++) {
        ArenaMark mark = arena_mark(a);
        Observation x = by_hand(a);
        memmove(&x.field.at[i], &x.field.at[i + 1], (NFIELDS - 1 - i) * sizeof(Field));
        x.field.n--;
        check_seen(a, &base, &x, i, (FieldKind)all_fields[i].kind);
        x = by_hand(a); /* one more of the same item behind it */
        vec_extend(a, &x.field, 1);
        memmove(&x.field.at[i + 1], &x.field.at[i], (NFIELDS - i) * sizeof(Field));
        x.field.at[i + 1].sub++;
        check_seen(a, &base, &x, i + 1, (FieldKind)all_fields[i].kind);
        x = by_hand(a); /* cut off here */
        x.field.n = i;
        check_seen(a, &base, &x, i, (FieldKind)all_fields[i].kind);
        arena_rewind(a, mark);
    }
}

/* The first of several differences counts. */
static void test_first(void **state) {
    Arena *a = *state;
    Observation base = by_hand(a), x = by_hand(a);
    for (uint32_t i = NFIELDS; i-- > 1;) {
        x.field.at[i].v[1] ^= 1;
        check_seen(a, &base, &x, i, (FieldKind)all_fields[i].kind);
    }
}

/* -- The vote ------------------------------------------------------------------------------ */

typedef struct Witnesses {
    Observation x, y, z; /* three that all differ */
    Observation crash, crash_too, lacks;
} Witnesses;

static Witnesses witnesses(Arena *a) {
    Witnesses w = {.x = by_hand(a), .y = by_hand(a), .z = by_hand(a)};
    first_of(&w.y, FIELD_VALUE)->v[0] ^= 2;
    first_of(&w.z, FIELD_MEMORY)->v[0] ^= 4;
    for (int i = 0; i < 2; i++) {
        Observation *o = i ? &w.crash_too : &w.crash;
        Err accepted;
        err_clear(&accepted);
        observation_init(o, a);
        observe_module(o, &accepted);
        observe_step(o, STEP_INSTANTIATE, &(StepResult){.kind = OUT_RETURN, .fuel = 1000, .depth_left = 900});
        observe_step(o, 0, &(StepResult){.kind = i ? OUT_HANG : OUT_CRASH});
        assert_true(o->crashed && !o->resource);
    }
    StepResult r = {.kind = OUT_RESOURCE};
    observation_init(&w.lacks, a);
    observe_step(&w.lacks, STEP_INSTANTIATE, &r);
    assert_true(w.lacks.resource && !w.lacks.crashed);
    return w;
}

static void check_verdict(const Observation *a, const Observation *b, const Observation *c, const Observation *d,
                          VerdictKind kind, uint32_t deviates, bool majority, uint32_t lacking, FieldKind field) {
    Verdict v = verdict_of(a, b, c, d);
    assert_int_equal(v.kind, kind);
    assert_int_equal(v.deviates, deviates);
    assert_int_equal(v.lacking, lacking);
    if (kind != VERDICT_DISAGREE) return;
    assert_int_equal(v.majority, majority);
    assert_int_equal(v.field, field);
    assert_true(v.diff.differs);
}

static void test_vote(void **state) {
    Witnesses w = witnesses(*state);
    const Observation *x = &w.x, *y = &w.y, *z = &w.z;
    check_verdict(x, NULL, NULL, NULL, VERDICT_AGREE, 0, 0, 0, 0);
    check_verdict(x, x, NULL, NULL, VERDICT_AGREE, 0, 0, 0, 0);
    check_verdict(x, x, x, x, VERDICT_AGREE, 0, 0, 0, 0);
    /* two against each other: both are suspects */
    check_verdict(x, y, NULL, NULL, VERDICT_DISAGREE, 3, false, 0, FIELD_VALUE);
    check_verdict(x, z, NULL, NULL, VERDICT_DISAGREE, 3, false, 0, FIELD_MEMORY);
    /* one against the others, wherever it stands */
    check_verdict(y, x, x, NULL, VERDICT_DISAGREE, 1, true, 0, FIELD_VALUE);
    check_verdict(x, y, x, NULL, VERDICT_DISAGREE, 2, true, 0, FIELD_VALUE);
    check_verdict(x, x, z, NULL, VERDICT_DISAGREE, 4, true, 0, FIELD_MEMORY);
    check_verdict(x, x, x, y, VERDICT_DISAGREE, 8, true, 0, FIELD_VALUE);
    check_verdict(y, x, y, y, VERDICT_DISAGREE, 2, true, 0, FIELD_VALUE);
    /* no majority: a tie, all different, half of them */
    check_verdict(x, y, x, y, VERDICT_DISAGREE, 15, false, 0, FIELD_VALUE);
    check_verdict(x, y, z, NULL, VERDICT_DISAGREE, 7, false, 0, FIELD_VALUE);
    check_verdict(x, x, y, z, VERDICT_DISAGREE, 15, false, 0, FIELD_VALUE);
}

static void test_vote_lacking(void **state) {
    Witnesses w = witnesses(*state);
    const Observation *x = &w.x, *y = &w.y, *l = &w.lacks;
    check_verdict(x, l, NULL, NULL, VERDICT_INCOMPLETE, 0, 0, 2, 0);
    check_verdict(l, x, x, NULL, VERDICT_INCOMPLETE, 0, 0, 1, 0);
    check_verdict(l, l, l, NULL, VERDICT_INCOMPLETE, 0, 0, 7, 0);
    check_verdict(x, l, y, NULL, VERDICT_DISAGREE, 5, false, 2, FIELD_VALUE);
    check_verdict(x, l, x, y, VERDICT_DISAGREE, 8, true, 2, FIELD_VALUE);
    check_verdict(l, y, x, x, VERDICT_DISAGREE, 2, true, 1, FIELD_VALUE);
}

/* A leg that could not go on is held to the steps before that. */
static void test_vote_broken_off(void **state) {
    Witnesses w = witnesses(*state);
    const Observation *x = &w.x, *y = &w.y, *z = &w.z, *l = &w.lacks, *c = &w.crash;
    Observation cut[3] = {by_hand(*state), by_hand(*state), by_hand(*state)};
    for (int i = 0; i < 3; i++) {
        Field *behind = first_of(&cut[i], FIELD_TRAP);
        cut[i].field.n = (uint32_t)(behind - cut[i].field.at) - (i == 2 ? 2 : 0);
        observe_step(&cut[i], 1, &(StepResult){.kind = OUT_RESOURCE});
    }
    first_of(&cut[1], FIELD_VALUE)->v[0] ^= 8;
    const Observation *same = &cut[0], *other = &cut[1], *shorter = &cut[2];
    check_verdict(x, same, x, NULL, VERDICT_INCOMPLETE, 0, 0, 2, 0);
    check_verdict(shorter, same, NULL, NULL, VERDICT_INCOMPLETE, 0, 0, 3, 0);
    check_verdict(shorter, x, same, l, VERDICT_INCOMPLETE, 0, 0, 13, 0);
    check_verdict(x, other, x, NULL, VERDICT_DISAGREE, 2, true, 2, FIELD_VALUE);
    check_verdict(other, x, NULL, NULL, VERDICT_DISAGREE, 3, false, 1, FIELD_VALUE);
    check_verdict(same, other, NULL, NULL, VERDICT_DISAGREE, 3, false, 3, FIELD_VALUE);
    check_verdict(same, other, shorter, NULL, VERDICT_DISAGREE, 2, true, 7, FIELD_VALUE);
    /* its vote counts where it came far enough */
    check_verdict(x, y, same, NULL, VERDICT_DISAGREE, 2, true, 4, FIELD_VALUE);
    check_verdict(x, z, same, NULL, VERDICT_DISAGREE, 3, false, 4, FIELD_MEMORY);
    check_verdict(c, same, x, NULL, VERDICT_DISAGREE, 1, true, 2, FIELD_OUTCOME);
    check_verdict(c, same, NULL, NULL, VERDICT_DISAGREE, 1, true, 2, FIELD_OUTCOME);
}

static void test_vote_crashed(void **state) {
    Witnesses w = witnesses(*state);
    const Observation *x = &w.x, *y = &w.y, *c = &w.crash, *h = &w.crash_too, *l = &w.lacks;
    check_verdict(x, c, x, NULL, VERDICT_DISAGREE, 2, true, 0, FIELD_OUTCOME);
    check_verdict(x, x, h, NULL, VERDICT_DISAGREE, 4, true, 0, FIELD_OUTCOME);
    /* one leg that did not crash is right against one that did, and against any number */
    check_verdict(x, c, NULL, NULL, VERDICT_DISAGREE, 2, true, 0, FIELD_OUTCOME);
    check_verdict(x, c, c, NULL, VERDICT_DISAGREE, 6, true, 0, FIELD_OUTCOME);
    check_verdict(c, x, c, h, VERDICT_DISAGREE, 13, true, 0, FIELD_OUTCOME);
    check_verdict(x, c, y, NULL, VERDICT_DISAGREE, 7, false, 0, FIELD_OUTCOME);
    check_verdict(x, y, x, c, VERDICT_DISAGREE, 10, true, 0, FIELD_VALUE);
    check_verdict(l, c, x, NULL, VERDICT_DISAGREE, 2, true, 1, FIELD_OUTCOME);
    /* crashed alike is not agreement */
    check_verdict(c, c, NULL, NULL, VERDICT_DISAGREE, 3, true, 0, FIELD_OUTCOME);
    check_verdict(c, NULL, NULL, NULL, VERDICT_DISAGREE, 1, true, 0, FIELD_OUTCOME);
    check_verdict(c, l, NULL, NULL, VERDICT_DISAGREE, 1, true, 2, FIELD_OUTCOME);
    /* a hang that all share is the module's, and no leg's fault */
    check_verdict(h, h, NULL, NULL, VERDICT_INCOMPLETE, 0, 0, 3, 0);
    check_verdict(h, l, h, NULL, VERDICT_INCOMPLETE, 0, 0, 7, 0);
    check_verdict(h, c, h, NULL, VERDICT_DISAGREE, 7, true, 0, FIELD_OUTCOME);
    check_verdict(h, h, x, NULL, VERDICT_DISAGREE, 3, true, 0, FIELD_OUTCOME);
    assert_non_null(strstr(w.crash_too.why, "in time"));
}

/* -- Observations of a store ------------------------------------------------------------------ */

/* (module
 *   (import "env" "log" (func $log (param i32)))
 *   (memory (export "m") 2 5)
 *   (memory 1 1)
 *   (table 4 8 funcref)
 *   (table 2 externref)
 *   (global $n (mut i64) (i64.const 7))
 *   (global $r (mut funcref) (ref.func $f))
 *   (elem (table 0) (i32.const 1) func $f $g)
 *   (elem funcref (ref.func $g) (ref.null func))
 *   (data (i32.const 8) "parallax")
 *   (data "passive")
 *   (func $f)
 *   (func $g)
 *   (func $fail (unreachable))
 *   (func (export "log") (param i32) (call $log (local.get 0)))
 *   (func (export "log2") (param i32) (call $log (local.get 0)) (call $log (local.get 0)))
 *   (func (export "store8") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
 *   (func (export "store8_other") (param i32 i32) (i32.store8 1 (local.get 0) (local.get 1)))
 *   (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
 *   (func (export "set") (param i64) (global.set $n (local.get 0)))
 *   (func (export "set_ref") (param i32) (global.set $r (table.get 0 (local.get 0))))
 *   (func (export "put") (param i32 i32) (table.set 0 (local.get 0) (table.get 0 (local.get 1))))
 *   (func (export "put_extern") (param i32 externref) (table.set 1 (local.get 0) (local.get 1)))
 *   (func (export "table_grow") (param i32) (drop (table.grow 0 (ref.null func) (local.get 0))))
 *   (func (export "data_drop") (param i32) (if (local.get 0) (then (data.drop 1)) (else (nop))))
 *   (func (export "elem_drop") (param i32) (if (local.get 0) (then (elem.drop 1)) (else (nop))))
 *   (func (export "value") (param i32) (result i32) (local.get 0))
 *   (func (export "values") (param f64 f64) (result f64 f64) (local.get 0) (local.get 1))
 *   (func (export "many") (param i64) (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)
 *     (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7)
 * (i32.const 8) (i32.const 9) (i32.const 10) (i32.const 11) (i32.const 12) (i32.const 13) (i32.const 14) (i32.const 15)
 * (i32.const 16) (local.get 0)) (func (export "fuel") (param i32) (if (local.get 0) (then (nop) (nop)))) (func (export
 * "trap") (param i32) (if (i32.eq (local.get 0) (i32.const 1)) (then (unreachable))) (if (i32.eq (local.get 0)
 * (i32.const 2)) (then (unreachable))) (if (i32.eq (local.get 0) (i32.const 3)) (then (drop (i32.div_u (local.get 0)
 * (i32.const 0))))) (if (i32.eq (local.get 0) (i32.const 4)) (then (call $fail))) (if (i32.eq (local.get 0) (i32.const
 * 5)) (then (call $fail))))) */
static const uint8_t module_bytes[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x38, 0x08, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x00, 0x00, 0x60,
    0x02, 0x7f, 0x7f, 0x00, 0x60, 0x01, 0x7e, 0x00, 0x60, 0x02, 0x7f, 0x6f, 0x00, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60,
    0x02, 0x7c, 0x7c, 0x02, 0x7c, 0x7c, 0x60, 0x01, 0x7e, 0x12, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f,
    0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7e, 0x02, 0x0b, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x6c, 0x6f,
    0x67, 0x00, 0x00, 0x03, 0x15, 0x14, 0x01, 0x01, 0x01, 0x00, 0x00, 0x02, 0x02, 0x00, 0x03, 0x00, 0x02, 0x04, 0x00,
    0x00, 0x00, 0x05, 0x06, 0x07, 0x00, 0x00, 0x04, 0x08, 0x02, 0x70, 0x01, 0x04, 0x08, 0x6f, 0x00, 0x02, 0x05, 0x07,
    0x02, 0x01, 0x02, 0x05, 0x01, 0x01, 0x01, 0x06, 0x0b, 0x02, 0x7e, 0x01, 0x42, 0x07, 0x0b, 0x70, 0x01, 0xd2, 0x01,
    0x0b, 0x07, 0x9f, 0x01, 0x12, 0x01, 0x6d, 0x02, 0x00, 0x03, 0x6c, 0x6f, 0x67, 0x00, 0x04, 0x04, 0x6c, 0x6f, 0x67,
    0x32, 0x00, 0x05, 0x06, 0x73, 0x74, 0x6f, 0x72, 0x65, 0x38, 0x00, 0x06, 0x0c, 0x73, 0x74, 0x6f, 0x72, 0x65, 0x38,
    0x5f, 0x6f, 0x74, 0x68, 0x65, 0x72, 0x00, 0x07, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x08, 0x03, 0x73, 0x65, 0x74,
    0x00, 0x09, 0x07, 0x73, 0x65, 0x74, 0x5f, 0x72, 0x65, 0x66, 0x00, 0x0a, 0x03, 0x70, 0x75, 0x74, 0x00, 0x0b, 0x0a,
    0x70, 0x75, 0x74, 0x5f, 0x65, 0x78, 0x74, 0x65, 0x72, 0x6e, 0x00, 0x0c, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x5f,
    0x67, 0x72, 0x6f, 0x77, 0x00, 0x0d, 0x09, 0x64, 0x61, 0x74, 0x61, 0x5f, 0x64, 0x72, 0x6f, 0x70, 0x00, 0x0e, 0x09,
    0x65, 0x6c, 0x65, 0x6d, 0x5f, 0x64, 0x72, 0x6f, 0x70, 0x00, 0x0f, 0x05, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x00, 0x10,
    0x06, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x73, 0x00, 0x11, 0x04, 0x6d, 0x61, 0x6e, 0x79, 0x00, 0x12, 0x04, 0x66, 0x75,
    0x65, 0x6c, 0x00, 0x13, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x14, 0x09, 0x11, 0x02, 0x00, 0x41, 0x01, 0x0b, 0x02,
    0x01, 0x02, 0x05, 0x70, 0x02, 0xd2, 0x02, 0x0b, 0xd0, 0x70, 0x0b, 0x0c, 0x01, 0x02, 0x0a, 0xf7, 0x01, 0x14, 0x02,
    0x00, 0x0b, 0x02, 0x00, 0x0b, 0x03, 0x00, 0x00, 0x0b, 0x06, 0x00, 0x20, 0x00, 0x10, 0x00, 0x0b, 0x0a, 0x00, 0x20,
    0x00, 0x10, 0x00, 0x20, 0x00, 0x10, 0x00, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x20, 0x01, 0x3a, 0x00, 0x00, 0x0b, 0x0a,
    0x00, 0x20, 0x00, 0x20, 0x01, 0x3a, 0x40, 0x01, 0x00, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x40, 0x00, 0x1a, 0x0b, 0x06,
    0x00, 0x20, 0x00, 0x24, 0x00, 0x0b, 0x08, 0x00, 0x20, 0x00, 0x25, 0x00, 0x24, 0x01, 0x0b, 0x0a, 0x00, 0x20, 0x00,
    0x20, 0x01, 0x25, 0x00, 0x26, 0x00, 0x0b, 0x08, 0x00, 0x20, 0x00, 0x20, 0x01, 0x26, 0x01, 0x0b, 0x0a, 0x00, 0xd0,
    0x70, 0x20, 0x00, 0xfc, 0x0f, 0x00, 0x1a, 0x0b, 0x0c, 0x00, 0x20, 0x00, 0x04, 0x40, 0xfc, 0x09, 0x01, 0x05, 0x01,
    0x0b, 0x0b, 0x0c, 0x00, 0x20, 0x00, 0x04, 0x40, 0xfc, 0x0d, 0x01, 0x05, 0x01, 0x0b, 0x0b, 0x04, 0x00, 0x20, 0x00,
    0x0b, 0x06, 0x00, 0x20, 0x00, 0x20, 0x01, 0x0b, 0x26, 0x00, 0x41, 0x00, 0x41, 0x01, 0x41, 0x02, 0x41, 0x03, 0x41,
    0x04, 0x41, 0x05, 0x41, 0x06, 0x41, 0x07, 0x41, 0x08, 0x41, 0x09, 0x41, 0x0a, 0x41, 0x0b, 0x41, 0x0c, 0x41, 0x0d,
    0x41, 0x0e, 0x41, 0x0f, 0x41, 0x10, 0x20, 0x00, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x04, 0x40, 0x01, 0x01, 0x0b, 0x0b,
    0x36, 0x00, 0x20, 0x00, 0x41, 0x01, 0x46, 0x04, 0x40, 0x00, 0x0b, 0x20, 0x00, 0x41, 0x02, 0x46, 0x04, 0x40, 0x00,
    0x0b, 0x20, 0x00, 0x41, 0x03, 0x46, 0x04, 0x40, 0x20, 0x00, 0x41, 0x00, 0x6e, 0x1a, 0x0b, 0x20, 0x00, 0x41, 0x04,
    0x46, 0x04, 0x40, 0x10, 0x03, 0x0b, 0x20, 0x00, 0x41, 0x05, 0x46, 0x04, 0x40, 0x10, 0x03, 0x0b, 0x0b, 0x0b, 0x17,
    0x02, 0x00, 0x41, 0x08, 0x0b, 0x08, 0x70, 0x61, 0x72, 0x61, 0x6c, 0x6c, 0x61, 0x78, 0x01, 0x07, 0x70, 0x61, 0x73,
    0x73, 0x69, 0x76, 0x65,
};

typedef struct World {
    Arena arena;
    Leg leg;
    const Module *module;
    LegModule lm;
    int32_t inst;
} World;

static void fresh(World *w) {
    const StoreLimits limits = STORE_LIMITS_DEFAULT;
    StepResult r;
    assert_true(leg_reset(&w->leg, &limits));
    w->inst = leg_instantiate(&w->leg, &w->lm, &r);
    assert_int_equal(r.kind, OUT_RETURN);
}

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    LegSpec spec;
    char why[200];
    StepResult fail;
    arena_init(&w->arena, NULL);
    if (!leg_spec_parse(&spec, "interp", 6, why, sizeof why) || !leg_open(&w->leg, &spec, 0, why, sizeof why))
        fail_msg("%s", why);
    w->module = decode_valid(&w->arena, BYTES(module_bytes));
    assert_true(leg_load(&w->leg, &w->arena, w->module, &w->lm, &fail));
    fresh(w);
    *state = w;
    return 0;
}
static int close_world(void **state) {
    World *w = *state;
    leg_close(&w->leg);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static Observation state_of(World *w) {
    Observation o;
    observation_init(&o, &w->arena);
    leg_observe(&w->leg, &o);
    assert_false(o.crashed || o.resource);
    return o;
}

/* Three legs, the last one with b. */
static void check_field(const Observation *a, const Observation *b, FieldKind kind, uint32_t index) {
    Verdict v = verdict_of(a, a, b, NULL);
    if (v.kind != VERDICT_DISAGREE) fail_msg("a change of %s %u is not seen", field_name(kind), index);
    assert_int_equal(v.deviates, 4);
    if (v.field != kind)
        fail_msg("a change of %s %u is called one of %s", field_name(kind), index, field_name(v.field));
    if (v.diff.has_a && v.diff.a.kind == kind) assert_int_equal(v.diff.a.index, index);
    if (v.diff.has_b && v.diff.b.kind == kind) assert_int_equal(v.diff.b.index, index);
}

/* Change one thing in the store, look, and put it back. */
#define CHANGE(place, value, kind, index)               \
    do {                                                \
        __typeof__(place) before_ = (place);            \
        (place) = (value);                              \
        Observation changed_ = state_of(w);             \
        check_field(&base, &changed_, (kind), (index)); \
        (place) = before_;                              \
    } while (0)

static void test_store_memory(void **state) {
    World *w = *state;
    Store *s = &w->leg.store;
    Observation base = state_of(w);
    assert_int_equal(s->mems.n, 2);
    for (uint32_t i = 0; i < 2; i++) {
        MemInst *m = s->mems.at[i];
        for (uint64_t at = 0; at < m->length; at += 1021)
            for (uint32_t bit = 0; bit < 8; bit += 7)
                CHANGE(m->base[at], (uint8_t)(m->base[at] ^ 1u << bit), FIELD_MEMORY, i);
        CHANGE(m->base[m->length - 1], 1, FIELD_MEMORY, i);
        CHANGE(m->pages, m->pages + 1, FIELD_MEMORY_SIZE, i);
        CHANGE(m->length, m->length - WASM_PAGE, FIELD_MEMORY_SIZE, i);
    }
    Observation after = state_of(w);
    assert_false(compare(&base, &after).differs);
}

/* A large memory is looked at by the pages that are there: each byte of it counts, having been looked at does not. */
static void test_store_sparse(void **state) {
    static const uint64_t place[] = {0, 4095, 4096, 1 << 20, UINT64_C(1) << 31, (UINT64_C(1) << 32) - 1};
    World *w = *state;
    Store *s = &w->leg.store;
    MemInst *m = s->mems.at[0];
    const MemInst was = *m;
    m->pages = 65536;
    m->length = m->pages * WASM_PAGE;
    assert_true(region_slot_resize(&s->region, m->slot, m->length));
    Observation base = state_of(w);
    for (uint32_t i = 0; i < sizeof place / sizeof *place; i++) {
        volatile uint8_t *at = m->base + place[i] / 2;
        uint8_t there = *at; /* makes the page */
        Observation read = state_of(w);
        assert_false(compare(&base, &read).differs);
        *at = there;
        CHANGE(m->base[place[i]], (uint8_t)(m->base[place[i]] ^ 0x80), FIELD_MEMORY, 0);
    }
    /* the same byte at another place is another state */
    m->base[UINT64_C(3) << 30] = 1;
    Observation here = state_of(w);
    m->base[UINT64_C(3) << 30] = 0;
    m->base[(UINT64_C(3) << 30) + 4096] = 1;
    Observation there = state_of(w);
    check_field(&here, &there, FIELD_MEMORY, 0);
    m->base[(UINT64_C(3) << 30) + 4096] = 0;
    Observation after = state_of(w);
    assert_false(compare(&base, &after).differs);
    *m = was;
    assert_true(region_slot_resize(&s->region, m->slot, m->length));
}

static void test_store_globals(void **state) {
    World *w = *state;
    Store *s = &w->leg.store;
    Observation base = state_of(w);
    assert_int_equal(s->globals.n, 2);
    for (uint32_t bit = 0; bit < 64; bit++) {
        CHANGE(s->globals.at[0]->value.u64x2[0], s->globals.at[0]->value.u64x2[0] ^ UINT64_C(1) << bit, FIELD_GLOBAL,
               0);
        CHANGE(s->globals.at[0]->value.u64x2[1], UINT64_C(1) << bit, FIELD_GLOBAL, 0);
    }
    FuncInst *const *funcs = s->insts.at[0]->inst->funcs;
    CHANGE(s->globals.at[1]->value.ref, 0, FIELD_GLOBAL, 1);
    for (uint32_t f = 0; f < w->module->funcs.n; f++)
        if (f != 1) CHANGE(s->globals.at[1]->value.ref, (uint64_t)(uintptr_t)funcs[f], FIELD_GLOBAL, 1);
    Observation after = state_of(w);
    assert_false(compare(&base, &after).differs);
}

static void test_store_tables(void **state) {
    World *w = *state;
    Store *s = &w->leg.store;
    Observation base = state_of(w);
    assert_int_equal(s->tables.n, 2);
    TableInst *t = s->tables.at[0], *externs = s->tables.at[1];
    const uint64_t *funcs = (const uint64_t *)(const void *)s->insts.at[0]->inst->funcs;
    assert_true(t->elem[1] == funcs[1] && t->elem[2] == funcs[2] && !t->elem[0] && !t->elem[3]);
    CHANGE(t->elem[1], 0, FIELD_TABLE, 0);
    CHANGE(t->elem[2], 0, FIELD_TABLE, 0); /* the last entry of the first table */
    CHANGE(t->elem[1], funcs[2], FIELD_TABLE, 0);
    CHANGE(t->elem[1], funcs[0], FIELD_TABLE, 0); /* the host's */
    CHANGE(t->elem[0], funcs[1], FIELD_TABLE, 0);
    CHANGE(t->elem[3], funcs[1], FIELD_TABLE, 0);
    CHANGE(t->size, 3, FIELD_TABLE_SIZE, 0);
    CHANGE(externs->elem[0], 1, FIELD_TABLE, 1);
    CHANGE(externs->elem[1], UINT64_MAX, FIELD_TABLE, 1);
    CHANGE(externs->size, 1, FIELD_TABLE_SIZE, 1);
    Observation after = state_of(w);
    assert_false(compare(&base, &after).differs);
}

/* Entries beyond those that are fields of their own are digested. */
static void test_store_long_table(void **state) {
    World *w = *state;
    TableInst *t = w->leg.store.tables.at[1], before = *t;
    enum { N = 1000 };
    uint64_t elem[N];
    for (uint32_t i = 0; i < N; i++) elem[i] = i % 3 ? i : 0;
    t->elem = elem;
    t->size = N;
    Observation base = state_of(w);
    for (uint32_t i = 0; i < N; i++) {
        ArenaMark mark = arena_mark(&w->arena);
        CHANGE(elem[i], elem[i] ? 0 : 1, FIELD_TABLE, 1);
        CHANGE(elem[i], elem[i] + 1, FIELD_TABLE, 1);
        arena_rewind(&w->arena, mark);
    }
    *t = before;
}

static void test_store_segments(void **state) {
    World *w = *state;
    Instance *inst = w->leg.store.insts.at[0]->inst;
    Observation base = state_of(w);
    assert_true(inst->ndatas == 2 && inst->nelems == 2);
    assert_true(inst->datas[0].size == 0 && inst->datas[1].size == 7 && inst->elems[0].size == 0 &&
                inst->elems[1].size == 2);
    CHANGE(inst->datas[0].size, 8, FIELD_DATA, 0);
    CHANGE(inst->datas[1].size, 0, FIELD_DATA, 0);
    CHANGE(inst->elems[0].size, 2, FIELD_ELEM, 0);
    CHANGE(inst->elems[1].size, 0, FIELD_ELEM, 0);
    Observation after = state_of(w);
    assert_false(compare(&base, &after).differs);
}

/* -- What code does ------------------------------------------------------------------------------ */

static const Value none[17];
static Value i64(uint64_t v) {
    return (Value){.u64x2 = {v, 0}};
} /* all 16 bytes: a shorter member leaves the others open */
static Value i32(uint32_t v) { return i64(v); }

/* The whole observation of one call in a fresh instance. */
static Observation observe_call(World *w, const char *name, const Value *args, uint32_t n, bool state_only) {
    Observation o;
    StepResult r;
    Err accepted;
    fresh(w);
    assert_true(leg_invoke(&w->leg, w->inst, (Name){name, (uint32_t)strlen(name)}, args, n, &r));
    observation_init(&o, &w->arena);
    err_clear(&accepted);
    observe_module(&o, &accepted);
    if (!state_only) observe_step(&o, 0, &r);
    leg_observe(&w->leg, &o);
    return o;
}

static void check_calls(World *w, const char *name, uint32_t n, const Value *args_a, const Value *args_b,
                        bool state_only, FieldKind kind, uint32_t index) {
    Observation a = observe_call(w, name, args_a, n, state_only), b = observe_call(w, name, args_b, n, state_only);
    Observation again = observe_call(w, name, args_a, n, state_only);
    if (compare(&a, &again).differs) fail_msg("%s does not do the same twice", name);
    check_field(&a, &b, kind, index);
}
#define A(...) ((const Value[]){__VA_ARGS__})

static void test_code_state(void **state) {
    World *w = *state;
    check_calls(w, "store8", 2, A(i32(5), i32(0)), A(i32(5), i32(1)), false, FIELD_MEMORY, 0);
    check_calls(w, "store8", 2, A(i32(5), i32(9)), A(i32(6), i32(9)), false, FIELD_MEMORY, 0);
    check_calls(w, "store8_other", 2, A(i32(65535), i32(0)), A(i32(65535), i32(128)), false, FIELD_MEMORY, 1);
    check_calls(w, "grow", 1, A(i32(0)), A(i32(1)), false, FIELD_MEMORY_SIZE, 0);
    check_calls(w, "grow", 1, A(i32(2)), A(i32(3)), false, FIELD_MEMORY_SIZE, 0);
    check_calls(w, "set", 1, A(i64(1)), A(i64(UINT64_C(1) << 63 | 1)), false, FIELD_GLOBAL, 0);
    check_calls(w, "set_ref", 1, A(i32(0)), A(i32(1)), false, FIELD_GLOBAL, 1);
    check_calls(w, "set_ref", 1, A(i32(2)), A(i32(1)), false, FIELD_GLOBAL, 1);
    check_calls(w, "put", 2, A(i32(0), i32(0)), A(i32(0), i32(1)), false, FIELD_TABLE, 0);
    check_calls(w, "put", 2, A(i32(2), i32(2)), A(i32(2), i32(0)), false, FIELD_TABLE, 0);
    check_calls(w, "put_extern", 2, A(i32(1), i64(5)), A(i32(1), i64(6)), false, FIELD_TABLE, 1);
    check_calls(w, "table_grow", 1, A(i32(0)), A(i32(1)), false, FIELD_TABLE_SIZE, 0);
    check_calls(w, "data_drop", 1, A(i32(0)), A(i32(1)), true, FIELD_DATA, 0);
    check_calls(w, "elem_drop", 1, A(i32(0)), A(i32(1)), true, FIELD_ELEM, 0);
}

static void test_code_steps(void **state) {
    World *w = *state;
    check_calls(w, "value", 1, A(i32(1)), A(i32(2)), false, FIELD_VALUE, 0);
    check_calls(w, "values", 2, A(i64(1), i64(0)), A(i64(1), i64(UINT64_C(1) << 63)), /* 0 and -0 */
                false, FIELD_VALUE, 1);
    check_calls(w, "many", 1, A(i64(1)), A(i64(2)), false, FIELD_VALUE, 16);
    check_calls(w, "fuel", 1, A(i32(0)), A(i32(1)), false, FIELD_FUEL, 0);
    check_calls(w, "log", 1, A(i32(0)), A(i32(1)), false, FIELD_HOST_CALLS, 0);
    check_calls(w, "trap", 1, A(i32(0)), A(i32(1)), false, FIELD_OUTCOME, 0);
    check_calls(w, "trap", 1, A(i32(1)), A(i32(3)), false, FIELD_TRAP, 0);
    check_calls(w, "trap", 1, A(i32(1)), A(i32(2)), false, FIELD_SITE, 0);
    check_calls(w, "trap", 1, A(i32(4)), A(i32(5)), false, FIELD_BACKTRACE, 0);
    /* as many calls of the host with other arguments, and more calls */
    Observation once = observe_call(w, "log", A(i32(7)), 1, true), twice = observe_call(w, "log2", A(i32(7)), 1, true);
    assert_false(compare(&once, &twice).differs);
    StepResult r = {.kind = OUT_RETURN, .nlog = 1, .log_hash = 5, .depth_left = 640}, more = r, other = r, deeper = r;
    more.nlog = 2;
    other.log_hash = 6;
    deeper.depth_left = 624;
    const StepResult *result[] = {&more, &other, &deeper};
    for (int i = 0; i < 3; i++) {
        Observation a, b;
        observation_init(&a, &w->arena);
        observation_init(&b, &w->arena);
        observe_step(&a, 0, &r);
        observe_step(&b, 0, result[i]);
        check_field(&a, &b, i == 2 ? FIELD_DEPTH : FIELD_HOST_CALLS, 0);
    }
}

/* The log stands in the region: what is changed there is seen in the next step's result. */
static void test_host_log(void **state) {
    World *w = *state;
    Observation o[3];
    for (int i = 0; i < 3; i++) {
        StepResult r;
        fresh(w);
        RegionHeader *h = region_header(&w->leg.store.region);
        if (i == 1) h->log_hash ^= 1;
        if (i == 2) h->nlog_calls++;
        assert_true(leg_invoke(&w->leg, w->inst, (Name){"value", 5}, none, 1, &r));
        observation_init(&o[i], &w->arena);
        observe_step(&o[i], 0, &r);
    }
    check_field(&o[0], &o[1], FIELD_HOST_CALLS, 0);
    check_field(&o[0], &o[2], FIELD_HOST_CALLS, 0);
}

static void test_rejected(void **state) {
    Arena *a = *state;
    Observation o[5];
    const Err err[5] = {{.code = ERR_NONE, .func = ERR_NO_FUNC},
                        {.code = ERR_TYPE_MISMATCH, .at = 10, .func = 0},
                        {.code = ERR_TYPE_MISMATCH, .at = 11, .func = 0},
                        {.code = ERR_UNEXPECTED_END, .at = 10, .func = 0},
                        {.code = ERR_LIMIT, .at = 10, .func = ERR_NO_FUNC}};
    for (int i = 0; i < 5; i++) {
        observation_init(&o[i], a);
        observe_module(&o[i], &err[i]);
    }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++) {
            if (i != k)
                check_field(&o[i], &o[k], FIELD_MODULE, 0);
            else
                assert_false(compare(&o[i], &o[k]).differs);
        }
    /* not linked: for another reason, or elsewhere */
    StepResult r[3] = {{.kind = OUT_UNLINKABLE, .err = {.code = ERR_UNKNOWN_IMPORT, .at = 5}},
                       {.kind = OUT_UNLINKABLE, .err = {.code = ERR_IMPORT_TYPE, .at = 5}},
                       {.kind = OUT_UNLINKABLE, .err = {.code = ERR_UNKNOWN_IMPORT, .at = 6}}};
    for (int i = 0; i < 3; i++) {
        observation_init(&o[i], a);
        observe_step(&o[i], STEP_INSTANTIATE, &r[i]);
    }
    check_field(&o[0], &o[1], FIELD_OUTCOME, 0);
    check_field(&o[0], &o[2], FIELD_OUTCOME, 0);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
#define W(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {T(test_all_kinds_are_here),
                                       T(test_equal),
                                       T(test_flip),
                                       T(test_drop_and_add),
                                       T(test_first),
                                       T(test_vote),
                                       T(test_vote_lacking),
                                       T(test_vote_broken_off),
                                       T(test_vote_crashed),
                                       T(test_rejected),
                                       W(test_store_memory),
                                       W(test_store_sparse),
                                       W(test_store_globals),
                                       W(test_store_tables),
                                       W(test_store_long_table),
                                       W(test_store_segments),
                                       W(test_code_state),
                                       W(test_code_steps),
                                       W(test_host_log)};
#undef T
#undef W
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
