/* compile: the input's module through the compilers of both ISAs, at a level and with knobs that the input decides, all
 * verifiers and the allocation checker on; compiled twice, the code must be the same, also with a front half that
 * another compilation made.  Nothing is executed. */
#include <string.h>
#include "fuzz/targets/counters.h"
#include "fuzz/targets/target.h"
#include "wasm/validate.h"

TARGET_FAILURE(compile__x64__verify)
TARGET_FAILURE(compile__a64__verify)
TARGET_FAILURE(compile__x64__not_repeatable)
TARGET_FAILURE(compile__a64__not_repeatable)
TARGET_FAILURE(compile__x64__shared_front)
TARGET_FAILURE(compile__a64__shared_front)
TARGET_FAILURE(compile__generator__module)

static bool same(const Code *a, const Code *b) {
    return a->size == b->size && a->nsite == b->nsite && a->nloc == b->nloc && a->ncharge == b->ncharge &&
           memcmp(a->bytes, b->bytes, a->size) == 0 && memcmp(a->func, b->func, a->nfunc * sizeof *a->func) == 0 &&
           (!a->nsite || memcmp(a->site, b->site, a->nsite * sizeof *a->site) == 0) &&
           (!a->ncharge || memcmp(a->charge, b->charge, a->ncharge * sizeof *a->charge) == 0) &&
           (!a->nloc || memcmp(a->loc, b->loc, a->nloc * sizeof *a->loc) == 0);
}

/* The same code from what a compilation before has kept: SSA form, or that behind the passes, too. */
static bool same_with_front(Arena *a, const Module *m, CompileOptions o, const Code *want) {
    Front front;
    CompileError e;
    FrontKey key;
    bool ok = true;
    if (!compile_front_key(&o, &key)) return true;
    front_init(&front);
    o.front = &front;
    for (FrontKept keep = FRONT_BUILT; keep <= FRONT_OPTIMIZED; keep++) {
        front_reset(&front);
        front.keep = keep;
        for (int k = 0; k < 3; k++) {
            const Code *c = compile_module(a, m, &o, NULL, &e);
            ok &= c && same(c, want) && front.kept == keep;
        }
    }
    front_free(&front);
    return ok;
}

static void compile(Arena *a, const Module *m, const LegSpec *spec) {
    CompileOptions o = leg_compile_options(spec);
    Target target = leg_target(spec);
    CheckStages check;
    CompileError e;
    o.target = &target;
    check_stages_init(&check, NULL);
    o.stages = &check.stages;
    o.to.rule_hits = counters_rules(spec->kind);
    const Code *first = compile_module(a, m, &o, NULL, &e);
    bool x64 = spec->kind == LEG_X64;
    if (check.failed)
        (x64 ? parallax_finding__compile__x64__verify : parallax_finding__compile__a64__verify)(check.report);
    o.stages = NULL;
    const Code *second = compile_module(a, m, &o, NULL, &e);
    if (!first && !second) return;
    if (!first || !second || !same(first, second))
        (x64 ? parallax_finding__compile__x64__not_repeatable
             : parallax_finding__compile__a64__not_repeatable)(spec->text);
    if (!same_with_front(a, m, o, first))
        (x64 ? parallax_finding__compile__x64__shared_front : parallax_finding__compile__a64__shared_front)(spec->text);
}

const bool target_takes_malformed = false;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    if (size > TARGET_MAX_INPUT) return 0;
    uint32_t n = (uint32_t)size;
    uint64_t number = case_number(data, n);
    Err err;
    Arena *a = target_arena();
    CaseBytes bytes = case_of_input(a, data, n, FEATURES_WASM3, &caps);
    Module *m = module_decode_valid(a, bytes.at, bytes.n, FEATURES_WASM3, &err);
    if (!m && bytes.kind == INPUT_GENERATED) parallax_finding__compile__generator__module(err.text);
    for (LegKind k = LEG_X64; m && k <= LEG_A64; k++) {
        LegSpec spec;
        panel_choose_leg(&spec, leg_kind_name(k), &number);
        counters_module(m, &spec);
        compile(a, m, &spec);
        counters_flush_rules();
        counters_hand_over();
    }
    return 0;
}
