#include "fuzz/targets/counters.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "a64/target.h"
#include "wasm/reader.h"
#include "x64/target.h"

enum { KNOBS = 24 /* 0: any */, CLASSES = 4, ISAS = 2, RULES = (int)X64_RULE_COUNT + (int)A64_RULE_COUNT };
enum { PLACES = OP_COUNT * 4 }; /* of an opcode under a knob */

/* libFuzzer clears the section before each input and reads it behind it. */
#define COUNTERS __attribute__((section("__libfuzzer_extra_counters"), used))
static COUNTERS uint8_t by_opcode[ISAS][PLACES][CLASSES];
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

/* -- Opcodes under knobs ------------------------------------------------------------------ */

/* A knob is counted with the opcodes whose code it changes.  With all others it would make nearly every input one that
 * has something new, and a corpus of inputs of which none leads anywhere. */
static uint32_t groups_of_op(Op op) {
    const OpInfo *i = &op_info[op];
    uint32_t more = i->prefix == 0xfd ? KNOB_OPS_EXTENSION : 0;
    if (op == OP_BR_TABLE || op == OP_CALL_INDIRECT || op == OP_RETURN_CALL_INDIRECT) more = KNOB_OPS_TABLE;
    if (i->imm == IMM_MEMARG || i->imm == IMM_MEMARG_LANE) return more | KNOB_OPS_MEMORY;
    switch ((OpKind)i->kind) {
    case KIND_CONTROL: return more | KNOB_OPS_CONTROL;
    case KIND_TABLE: return more | KNOB_OPS_TABLE;
    case KIND_UNARY: return more | KNOB_OPS_EXTENSION;
    case KIND_MEMORY: return more | KNOB_OPS_MEMORY;
    case KIND_FCMP:
    case KIND_FUNARY:
    case KIND_FBINARY:
    case KIND_TRUNC:
    case KIND_VFUNARY:
    case KIND_VFBINARY: return more | KNOB_OPS_FLOAT;
    default: return more;
    }
}

typedef struct Places {
    uint16_t of[KNOBS][OP_COUNT]; /* NOWHERE: not counted */
    bool made;
} Places;
enum { NOWHERE = UINT16_MAX };

static void make_places(Places *p) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < KNOBS; k++) {
        uint32_t groups = k == 0                   ? (uint32_t)KNOB_OPS_ALL
                          : leg_knob_exists(k - 1) ? leg_knob_opcodes(k - 1)
                                                   : (uint32_t)KNOB_OPS_NONE;
        for (uint32_t op = 0; op < OP_COUNT; op++) {
            bool counted = groups == KNOB_OPS_ALL || (groups & groups_of_op((Op)op));
            assert(n < PLACES || !counted);
            p->of[k][op] = counted && n < PLACES ? (uint16_t)n++ : NOWHERE;
        }
    }
    p->made = true;
}

typedef struct Seen { /* in a module, the same for all legs */
    uint8_t classes[OP_COUNT];
    uint16_t op[OP_COUNT]; /* those that there are */
    uint32_t n;
} Seen;

static void look(Seen *s, const Module *m) {
    memset(s, 0, sizeof *s);
    for (uint32_t b = 0; b < m->bodies.n; b++) {
        Op before = OP_NOP;
        Instr in;
        for (uint32_t at = m->bodies.at[b].code; at < m->bodies.at[b].end; at = in.next) {
            next_instr(m, at, &in);
            if (!s->classes[in.op]) s->op[s->n++] = (uint16_t)in.op;
            s->classes[in.op] |= (uint8_t)(1u << class_of(before));
            before = in.op;
        }
    }
}

static void count(const Seen *s, const uint16_t *place, uint8_t counter[PLACES][CLASSES]) {
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t at = place[s->op[i]];
        if (at == NOWHERE) continue;
        for (uint32_t c = 0; c < CLASSES; c++) counter[at][c] |= s->classes[s->op[i]] >> c & 1;
    }
}

static void count_leg(const Seen *s, const LegSpec *leg) {
    static Places places; /* the same always */
    uint32_t isa = leg->kind == LEG_A64;
    if (!places.made) make_places(&places);
    count(s, places.of[0], by_opcode[isa]);
    for (uint32_t i = 0; i + 1 < KNOBS && leg_knob_exists(i); i++)
        if (!leg_knob_is_default(leg, i)) count(s, places.of[i + 1], by_opcode[isa]);
}

void counters_module(const Module *m, const LegSpec *leg) {
    Seen s;
    look(&s, m);
    count_leg(&s, leg);
}

/* -- Rules of lowering --------------------------------------------------------------------- */

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

/* -- Handing over --------------------------------------------------------------------------- */

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
    uint32_t n = put_features(&by_opcode[0][0][0], sizeof by_opcode, DOMAIN_OPCODES, 0);
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
