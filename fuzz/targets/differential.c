/* differential: the input's module on the interpreter and both ISAs, levels and knobs by the input; everything seen
 * must be equal. */
#include "fuzz/targets/counters.h"
#include "fuzz/targets/target.h"

const bool target_takes_malformed = false;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    static Case c;
    Panel *p = size <= TARGET_MAX_INPUT ? target_panel() : NULL;
    if (!p) return 0;
    uint32_t n = (uint32_t)size;
    bool foreign = p->foreign;
    Arena *a = target_arena();
    CaseBytes m = case_of_input(a, data, n, FEATURES_WASM3, &caps);
    if (m.kind != INPUT_REJECTED) {
        panel_choose(p, case_number(data, n));
        panel_run(p, m.at, m.n, &c);
        counters_case(p, &c);
        if (!c.failed && (!c.module || c.plan_error))
            target_abort(&(Bucket){.what = WHAT_MODULE}); /* the generator's bug */
        if (verdict_differs(c.verdict.kind)) target_report("differential", data, n, p, &c);
        if (foreign && !p->foreign) fprintf(stderr, "parallax: going on without the other ISA: %s\n", p->lacks);
    }
    return 0;
}
