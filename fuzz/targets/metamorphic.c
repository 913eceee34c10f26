/* metamorphic: the input's module and a sound mutant of it on one and the same leg, which the input decides, must do
 * the same: an oracle that needs no other leg. */
#include "base/map.h"
#include "fuzz/mutate/metamorph.h"
#include "fuzz/targets/target.h"

static _Noreturn void report(const Panel *p, uint32_t leg, const Metamorph *x, const Case *c, Finding *f) {
    static Case said; /* large */
    Arena a;
    Text t;
    arena_init(&a, NULL);
    text_init(&t, &a);
    metamorph_report(x, leg, c, &said);
    difference_print(&t, &x->diff);
    fprintf(stderr, "metamorphic: %s: %s; by", p->spec[leg].text, t.at);
    for (uint32_t i = 0; i < x->mutant.ndone; i++) fprintf(stderr, " %s", sound_name((SoundId)x->mutant.done[i]));
    fputc('\n', stderr);
    f->bucket = (Bucket){.legs = 1u << p->spec[leg].kind, .what = WHAT_METAMORPHIC};
    f->features = p->differ.features;
    f->leg = &p->spec[leg];
    f->nlegs = 1;
    f->mutant = x->mutant.at;
    f->mutant_n = x->mutant.n;
    f->c = &said;
    target_report_finding("metamorphic", f);
}

const bool target_takes_malformed = false;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const CaseCaps caps = CASE_CAPS_FUZZ;
    static Metamorph x;
    static Case c;
    Panel *p = size <= TARGET_MAX_INPUT ? target_panel() : NULL;
    if (!p) return 0;
    uint32_t n = (uint32_t)size;
    Arena *a = target_arena();
    CaseBytes m = case_of_input(a, data, n, FEATURES_WASM3, &caps);
    if (m.kind != INPUT_REJECTED) {
        uint64_t number = case_number(data, n);
        uint32_t leg = (uint32_t)(number % p->nlegs);
        panel_choose(p, number);
        bool ran = metamorph_alone(&x, &p->differ, leg, m.at, m.n, hash_mix(number), &c);
        if (ran && x.diff.differs) report(p, leg, &x, &c, &(Finding){.input = data, .input_n = n});
    }
    return 0;
}
