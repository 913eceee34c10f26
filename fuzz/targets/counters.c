#include "fuzz/targets/counters.h"
#include <stdlib.h>
#include <string.h>
#include "a64/target.h"
#include "wasm/reader.h"
#include "x64/target.h"

enum { KNOBS = 24 /* 0: any */, CLASSES = 4, ISAS = 2, RULES = (int)X64_RULE_COUNT + (int)A64_RULE_COUNT };

/* libFuzzer clears the section before each input and reads it behind it. */
#define COUNTERS __attribute__((section("__libfuzzer_extra_counters"), used))
static COUNTERS uint8_t by_opcode[ISAS][KNOBS][CLASSES][OP_COUNT];
static COUNTERS uint8_t by_rule[RULES];

/* Centipede clears this one before each input and takes what is not 0 behind it, in any order: the upper half is the
 * domain, the lower one the feature.  Its runner sets the variable. */
#define CENTIPEDE "CENTIPEDE_RUNNER_FLAGS"
enum { DOMAIN_OPCODES, DOMAIN_RULES, MOST_FEATURES = 1 << 14 };
static __attribute__((section("__centipede_extra_features"), used)) uint64_t feature[MOST_FEATURES];

static uint32_t x64_hits[X64_RULE_COUNT], a64_hits[A64_RULE_COUNT];

/* What the instruction in front of it leaves: the last operand, mostly. */
static uint32_t class_of(Op before) {
    switch ((OpKind)op_info[before].kind) {
    case KIND_CONST: return 1;
    case KIND_LOCAL: return 2;
    case KIND_LOAD: return 3;
    default: return 0;
    }
}

typedef struct Seen { /* in a module, the same for all legs */
    uint8_t opcode[CLASSES][OP_COUNT];
} Seen;

static void look(Seen *s, const Module *m) {
    memset(s, 0, sizeof *s);
    for (uint32_t b = 0; b < m->bodies.n; b++) {
        Op before = OP_NOP;
        Instr in;
        for (uint32_t at = m->bodies.at[b].code; at < m->bodies.at[b].end; at = in.next) {
            next_instr(m, at, &in);
            s->opcode[class_of(before)][in.op] = 1;
            before = in.op;
        }
    }
}

static void count(const Seen *s, uint8_t counter[CLASSES][OP_COUNT]) {
    const uint8_t *from = &s->opcode[0][0];
    uint8_t *to = &counter[0][0];
    for (uint32_t i = 0; i < sizeof *s; i++) to[i] |= from[i];
}

static void count_leg(const Seen *s, const LegSpec *leg) {
    uint32_t isa = leg->kind == LEG_A64;
    count(s, by_opcode[isa][0]);
    for (uint32_t i = 0; i + 1 < KNOBS && leg_knob_exists(i); i++)
        if (!leg_knob_is_default(leg, i)) count(s, by_opcode[isa][i + 1]);
}

void counters_module(const Module *m, const LegSpec *leg) {
    Seen s;
    look(&s, m);
    count_leg(&s, leg);
}

uint32_t *counters_rules(LegKind k) { return k == LEG_X64 ? x64_hits : a64_hits; }

/* Whether, not how often: counts would make nearly every input one of its own. */
static void flush(uint32_t *hits, uint8_t *counter, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (hits[i]) counter[i] = 1;
        hits[i] = 0;
    }
}

void counters_flush_rules(void) {
    flush(x64_hits, by_rule, X64_RULE_COUNT);
    flush(a64_hits, by_rule + X64_RULE_COUNT, A64_RULE_COUNT);
}

/* Hand over what is set, and clear it; the number of features there are then. */
static uint32_t put_features(uint8_t *counter, uint32_t count, uint64_t domain, uint32_t n) {
    for (uint32_t i = 0; i < count && n < MOST_FEATURES; i++) {
        if (!counter[i]) continue;
        feature[n++] = domain << 32 | (i + 1); /* 0 of domain 0 would be none */
        counter[i] = 0;
    }
    return n;
}

void counters_hand_over(void) {
    if (!getenv(CENTIPEDE)) return;
    uint32_t n = put_features(&by_opcode[0][0][0][0], sizeof by_opcode, DOMAIN_OPCODES, 0);
    put_features(by_rule, sizeof by_rule, DOMAIN_RULES, n);
}

void counters_attach(Panel *p) { panel_count_rules(p, counters_rules(LEG_X64), counters_rules(LEG_A64)); }

void counters_case(const Panel *p, const Case *c) {
    Seen s;
    if (getenv("PARALLAX_NO_COUNTERS")) return;
    if (c->module) look(&s, c->module);
    for (uint32_t i = 0; c->module && i < p->nlegs; i++)
        if (p->spec[i].kind != LEG_INTERP) count_leg(&s, &p->spec[i]);
    counters_flush_rules();
    counters_hand_over();
}
