/* The worker process: calls in a batch, one that is killed, one that does not come back, and memory that it grew. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "oracles/differ.h"
#include "oracles/legs/remote.h"
#include "oracles/test/modules.h"

/* (module
 *   (memory 1 40)
 *   (func (export "spin") (param i64) (result i64) (local i64)
 *     (loop
 *       (local.set 1 (i64.add (local.get 1) (local.get 0)))
 *       (br_if 0 (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
 *     (local.get 1))
 *   (func (export "grow") (param i64) (result i64)
 *     (drop (memory.grow (i32.const 30)))
 *     (i64.load (i32.wrap_i64 (local.get 0)))
 *     (i64.store (i32.wrap_i64 (local.get 0)) (i64.const -1))
 *     (memory.fill (i32.const 65536) (i32.const 165) (i32.const 1900000)))) */
static const uint8_t worker_module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7e, 0x01, 0x7e, 0x03, 0x03, 0x02,
    0x00, 0x00, 0x05, 0x04, 0x01, 0x01, 0x01, 0x28, 0x07, 0x0f, 0x02, 0x04, 0x73, 0x70, 0x69, 0x6e, 0x00, 0x00, 0x04,
    0x67, 0x72, 0x6f, 0x77, 0x00, 0x01, 0x0a, 0x43, 0x02, 0x1c, 0x01, 0x01, 0x7e, 0x03, 0x40, 0x20, 0x01, 0x20, 0x00,
    0x7c, 0x21, 0x01, 0x20, 0x00, 0x42, 0x01, 0x7d, 0x22, 0x00, 0x42, 0x00, 0x52, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b,
    0x24, 0x00, 0x41, 0x1e, 0x40, 0x00, 0x1a, 0x20, 0x00, 0xa7, 0x29, 0x03, 0x00, 0x20, 0x00, 0xa7, 0x42, 0x7f, 0x37,
    0x03, 0x00, 0x41, 0x80, 0x80, 0x04, 0x41, 0xa5, 0x01, 0x41, 0xe0, 0xfb, 0xf3, 0x00, 0xfc, 0x0b, 0x00, 0x0b,
};

enum { FOREIGN = 1 };
#define SECOND UINT64_C(1000000000)

typedef struct World {
    Arena arena;
    Differ *differ; /* this machine's ISA, which spins faster than the interpreter, and the foreign one */
    Case c;
    uint64_t slow; /* an argument of "spin" that takes the worker about 30 ms */
} World;

static const char *foreign(void) { return strcmp(worker_host_isa(), "x64") == 0 ? "a64" : "x64"; }

static const char *usual_legs(void) { return strcmp(foreign(), "a64") == 0 ? "x64,a64" : "a64,x64"; }

static Worker *worker(World *w) { return &w->differ->leg[FOREIGN].worker; }

/* One function called n times. */
static const Verdict *run(World *w, const char *name, uint64_t arg, uint32_t n, int64_t fuel) {
    Plan plan = {.limits = STORE_LIMITS_DEFAULT};
    Bytes section;
    Value v = {.u64x2 = {arg, 0}};
    plan.limits.fuel = fuel;
    arena_reset(&w->arena);
    for (uint32_t i = 0; i < n; i++)
        vec_push(&w->arena, &plan.step, ((PlanStep){{name, (uint32_t)strlen(name)}, 1, &v}));
    section.at = plan_encode(&w->arena, &plan, &section.n);
    Bytes module = append_custom(&w->arena, BYTES(worker_module), PLAN_SECTION, section);
    differ_run(w->differ, module.at, module.n, &w->c);
    assert_null(w->c.plan_error);
    return &w->c.verdict;
}

static void agree(const Verdict *v) {
    Text t;
    Arena a;
    arena_init(&a, NULL);
    text_init(&t, &a);
    difference_print(&t, &v->diff);
    if (v->kind != VERDICT_AGREE) fail_msg("%s, legs %x: %s", verdict_name(v->kind), v->deviates, t.at);
    arena_free(&a);
}

static bool open_legs(World *w, const char *legs, char *why, size_t why_size) {
    LegSpec spec[3];
    uint32_t n;
    if (!leg_specs_parse(spec, 3, &n, legs, why, why_size)) fail_msg("%s", why);
    return differ_open(w->differ, spec, n, FEATURES_WASM3, why, why_size);
}

static void open_usual(World *w) {
    char why[300];
    if (!open_legs(w, usual_legs(), why, sizeof why)) fail_msg("%s", why);
}

static int open_world(void **state) {
    World *w = calloc(1, sizeof *w);
    char why[300];
    arena_init(&w->arena, NULL);
    w->differ = calloc(1, sizeof *w->differ);
    *state = w;
    if (!open_legs(w, usual_legs(), why, sizeof why)) {
        print_message("skipped: %s\n", why);
        free(w->differ);
        w->differ = NULL;
        return 0;
    }
    agree(run(w, "spin", 1, 1, 1000));
    /* how fast it is here: the best of some runs, since others use the machine too */
    w->differ->timing = true;
    uint64_t best = 0;
    for (w->slow = 100000; best < SECOND / 60; w->slow *= 2) {
        best = UINT64_MAX;
        for (int i = 0; i < 4; i++) {
            w->differ->times.run[FOREIGN] = 0;
            agree(run(w, "spin", w->slow, 1, STORE_FUEL_MAX));
            if (w->differ->times.run[FOREIGN] < best) best = w->differ->times.run[FOREIGN];
        }
    }
    w->differ->timing = false;
    return 0;
}

static int close_world(void **state) {
    World *w = *state;
    if (w->differ) differ_close(w->differ);
    free(w->differ);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static World *world(void **state) {
    World *w = *state;
    if (!w->differ) skip();
    return w;
}

/* A worker that was killed between two cases is replaced, and one in the middle of a case too. */
static void test_killed(void **state) {
    World *w = world(state);
    uint32_t died = worker(w)->stats.died;
    kill(worker(w)->pid, SIGKILL);
    agree(run(w, "spin", 10, 3, 1000));
    assert_int_equal(worker(w)->stats.died, died + 1);
    pid_t victim = worker(w)->pid, killer = fork();
    if (killer == 0) {
        usleep(100000);
        kill(victim, SIGKILL);
        _exit(0);
    }
    agree(run(w, "spin", w->slow, 15, STORE_FUEL_MAX));
    waitpid(killer, NULL, 0);
    assert_int_equal(worker(w)->stats.died, died + 2);
    assert_true(worker(w)->pid != victim);
}

/* One call that does not come back is a hang and is blamed; the next case finds another worker. */
static void test_hung(void **state) {
    World *w = world(state);
    worker(w)->timeout_ns = SECOND / 10;
    uint32_t hung = worker(w)->stats.hung;
    /* far beyond the limit, and what code that polls an epoch is given on top of it */
    const Verdict *v = run(w, "spin", w->slow * 32, 1, STORE_FUEL_MAX);
    assert_int_equal(v->kind, VERDICT_DISAGREE);
    assert_int_equal(v->deviates, 1u << FOREIGN);
    assert_true(w->c.obs[FOREIGN].hung);
    assert_true(worker(w)->stats.hung > hung);
    worker(w)->timeout_ns = 20 * SECOND;
    agree(run(w, "spin", 10, 1, 1000));
}

/* What a busy machine does to a worker: it does not run for a while.  The time is its own, so that is no hang. */
static void test_stopped(void **state) {
    World *w = world(state);
    uint32_t hung = worker(w)->stats.hung;
    pid_t victim = worker(w)->pid, waker = fork();
    worker(w)->timeout_ns = SECOND / 4;
    if (waker == 0) {
        usleep(1500000);
        kill(victim, SIGCONT);
        _exit(0);
    }
    kill(victim, SIGSTOP);
    uint64_t start = os_now_ns();
    agree(run(w, "spin", 10, 1, 1000));
    assert_true(os_now_ns() - start > SECOND);
    waitpid(waker, NULL, 0);
    assert_int_equal(worker(w)->pid, victim);
    assert_int_equal(worker(w)->stats.hung, hung);
    worker(w)->timeout_ns = 20 * SECOND;
}

/* One that never goes on does not keep us for ever. */
static void test_asleep(void **state) {
    World *w = world(state);
    worker(w)->timeout_ns = SECOND / 20;
    kill(worker(w)->pid, SIGSTOP);
    const Verdict *v = run(w, "spin", 10, 1, 1000);
    assert_int_equal(v->kind, VERDICT_FLAKY); /* a fresh worker does it */
    worker(w)->timeout_ns = 20 * SECOND;
    agree(run(w, "spin", 10, 1, 1000));
}

/* The time is for each call: many slow ones in a batch are no hang. */
static void test_slow_plan(void **state) {
    World *w = world(state);
    worker(w)->timeout_ns = SECOND / 4;
    uint64_t start = os_now_ns();
    agree(run(w, "spin", w->slow, 20, STORE_FUEL_MAX));
    assert_true(os_now_ns() - start > SECOND / 4);
    worker(w)->timeout_ns = 20 * SECOND;
}

/* Pages that the worker grew and wrote read as zero in the next case. */
static void test_grown(void **state) {
    World *w = world(state);
    for (int i = 0; i < 3; i++) {
        agree(run(w, "grow", 65536 * 25 + 3, 2, 1000));
        const Observation *o = &w->c.obs[FOREIGN];
        for (uint32_t k = 0; k < o->field.n; k++)
            if (o->field.at[k].kind == FIELD_VALUE && o->field.at[k].step == 0) assert_true(o->field.at[k].v[0] == 0);
    }
    agree(run(w, "grow", 8, 1, 1000));
}

/* An engine under the emulator accepts and rejects by itself. */
static void test_full_rejects(void **state) {
    World *w = world(state);
    Differ *d = calloc(1, sizeof *d);
    LegSpec spec[2];
    uint32_t n;
    char why[300], legs[40];
    snprintf(legs, sizeof legs, "%s!full:interp,%s!full", foreign(), foreign()); /* none has a region in this process */
    if (!leg_specs_parse(spec, 2, &n, legs, why, sizeof why) ||
        !differ_open(d, spec, n, FEATURES_WASM3, why, sizeof why))
        fail_msg("%s", why);
    d->max_fuel = 1000;
    uint8_t bytes[sizeof worker_module];
    memcpy(bytes, worker_module, sizeof bytes);
    for (uint32_t size = 0; size < sizeof bytes; size += 3) {
        differ_run(d, bytes, size, &w->c);
        assert_null(w->c.module);
        agree(&w->c.verdict);
    }
    for (uint32_t i = 0; i < sizeof bytes; i += 2) {
        bytes[i] ^= 0x55;
        differ_run(d, bytes, sizeof bytes, &w->c);
        if (!w->c.module) agree(&w->c.verdict);
        bytes[i] ^= 0x55;
    }
    differ_close(d);
    free(d);
}

/* What only an emulator's mistake explains: the deviation goes away under a second one. */
static void test_second_emulator(void **state) {
    static const struct {
        bool wrong_first;
        const char *second; /* NULL: the right one */
        VerdictKind kind;
    } row[] = {{true, NULL, VERDICT_QEMU_SUSPECT},
               {true, FAKE_EMULATOR, VERDICT_DISAGREE},
               {true, "/nonexistent", VERDICT_DISAGREE},
               {true, "/bin/false", VERDICT_DISAGREE},
               {false, FAKE_EMULATOR, VERDICT_AGREE}};
    World *w = world(state);
    char why[300], emulator[256], binary[256];
    const char *legs = strcmp(foreign(), "a64") == 0 ? "interp,a64,x64" : "interp,x64,a64";
    if (!worker_command(foreign(), emulator, binary, why, sizeof why)) fail_msg("%s", why);
    differ_close(w->differ);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        setenv("PARALLAX_QEMU", row[i].wrong_first ? FAKE_EMULATOR : emulator, 1);
        setenv("PARALLAX_QEMU2", row[i].second ? row[i].second : emulator, 1);
        if (!open_legs(w, legs, why, sizeof why)) fail_msg("%s", why);
        for (int again = 0; again < 2; again++) { /* afterwards the first one is asked again */
            const Verdict *v = run(w, "spin", 10, 1, 1000);
            assert_int_equal(v->kind, row[i].kind);
            if (v->kind == VERDICT_AGREE) continue;
            assert_int_equal(v->deviates, 1u << FOREIGN);
            assert_int_equal(v->field, FIELD_VALUE);
            assert_int_equal(v->diff.b.v[0], 0);
            assert_false(compare(&w->c.obs[0], &w->c.obs[2]).differs);
            assert_true(compare(&w->c.obs[0], &w->c.obs[FOREIGN]).differs);
        }
        differ_close(w->differ);
    }
    unsetenv("PARALLAX_QEMU");
    unsetenv("PARALLAX_QEMU2");
    open_usual(w);
}

/* A binary of another build says so, and is not tried again. */
static void test_other_build(void **state) {
    world(state); /* skips where nothing of the other ISA runs */
    char why[300], emulator[256], binary[256], line[600], dir[] = "/tmp/parallax-worker-XXXXXX";
    if (!worker_command(foreign(), emulator, binary, why, sizeof why)) fail_msg("%s", why);
    snprintf(line, sizeof line, "%s %s %x 0 0", emulator, binary, worker_build() + 1);
    int status = system(line);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WORKER_OTHER_BUILD);

    assert_non_null(mkdtemp(dir));
    snprintf(line, sizeof line, "echo 'exit %d' >%s/parallax-worker-%s && chmod +x %s/*", WORKER_OTHER_BUILD, dir,
             foreign(), dir);
    assert_int_equal(system(line), 0);
    setenv("PARALLAX_WORKER_DIR", dir, 1);
    setenv("PARALLAX_QEMU", "/bin/sh", 1);
    Region *r = calloc(1, sizeof *r);
    Worker *other = calloc(1, sizeof *other);
    assert_true(region_make(r, 40, false));
    worker_init(other, foreign(), SECOND);
    Executor x = worker_executor(other);
    Batch batch = {0};
    for (int again = 0; again < 2; again++) assert_int_equal(x.run(x.user, r, &batch), EXEC_LACKS);
    assert_int_equal(other->stats.started, 1);
    assert_non_null(strstr(other->why, "of another build"));
    region_free(r);
    free(r);
    free(other);

    LegSpec spec;
    char legs[40];
    uint32_t n;
    snprintf(legs, sizeof legs, "%s!full", foreign());
    assert_true(leg_specs_parse(&spec, 1, &n, legs, why, sizeof why));
    assert_null(remote_open(&spec, why, sizeof why));
    assert_non_null(strstr(why, "of another build"));
    unsetenv("PARALLAX_WORKER_DIR");
    unsetenv("PARALLAX_QEMU");
    snprintf(line, sizeof line, "rm -r %s", dir);
    assert_int_equal(system(line), 0);
}

/* An engine under the emulator that does not come back hangs; it has not crashed. */
static void test_full_hangs(void **state) {
    World *w = world(state);
    char why[300], legs[40];
    snprintf(legs, sizeof legs, "interp,%s!full:interp", foreign());
    differ_close(w->differ);
    if (!open_legs(w, legs, why, sizeof why)) fail_msg("%s", why);
    remote_set_timeout(w->differ->leg[FOREIGN].remote, 2000);
    const Verdict *v = run(w, "spin", w->slow * 32, 1, STORE_FUEL_MAX);
    assert_int_equal(v->kind, VERDICT_DISAGREE);
    assert_int_equal(v->deviates, 1u << FOREIGN);
    assert_true(w->c.obs[FOREIGN].hung);
    assert_int_equal(v->diff.b.v[0], OUT_HANG);
    remote_set_timeout(w->differ->leg[FOREIGN].remote, 60000);
    agree(run(w, "spin", 10, 1, 1000));
    differ_close(w->differ);
    open_usual(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed),          cmocka_unit_test(test_hung),
                                       cmocka_unit_test(test_stopped),         cmocka_unit_test(test_asleep),
                                       cmocka_unit_test(test_slow_plan),       cmocka_unit_test(test_grown),
                                       cmocka_unit_test(test_full_rejects),    cmocka_unit_test(test_full_hangs),
                                       cmocka_unit_test(test_second_emulator), cmocka_unit_test(test_other_build)};
    return cmocka_run_group_tests_name("worker", tests, open_world, close_world);
}
