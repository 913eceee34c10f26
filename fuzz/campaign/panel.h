/* Panel: the legs that a fuzzing process keeps open, and how a case is put before them.
 *
 * Each case is run by three legs: the interpreter, compiled code of this machine's ISA and of the other one, each with
 * a level and knobs that the case's number decides.  Only when they disagree the jury is called: the same legs once
 * more, and both ISAs without optimization.  So a wrong pass, which two of three legs share, does not outvote the
 * interpreter.
 *
 * Where the other ISA cannot be executed, a second leg of this machine's takes its place. */
#pragma once
#include "oracles/differ.h"

typedef struct Panel {
    Differ differ;
    uint32_t nlegs;  /* of a case: the first ones */
    uint32_t nall;   /* with the jury */
    bool foreign;    /* the other ISA takes part */
    char lacks[300]; /* why not */
    bool by_bits; /* no leg with nan=native, and all count fuel: its owner runs them without what knows how to compare
                     others */
    uint64_t juries; /* times the jury was called */
    const Stages *plant[LEG_KINDS];
    uint32_t *rule_hits[LEG_KINDS]; /* see panel_count_rules */
    char base[LEG_KINDS][48];       /* how the legs of an ISA begin: its name, or that with a planted fault */
    LegSpec spec[MAX_LEGS];         /* legs of the last case, with the jury's */
} Panel;

/* What is wrong on purpose with all legs of an ISA, by LegKind; 0 and NULL: nothing. */
typedef struct PanelFaults {
    uint32_t plant[LEG_KINDS]; /* as plant_find gives it: it stands in the legs' text */
    const Stages *stages[LEG_KINDS];
} PanelFaults;
/* `faults` may be NULL.  False and `why` when this machine's own legs do not work. */
bool panel_open(Panel *p, Features features, const PanelFaults *faults, char *why, size_t why_size);
void panel_close(Panel *p);
/* Have lowering count its rules, by their number, of all legs of an ISA. */
void panel_count_rules(Panel *p, uint32_t *x64, uint32_t *a64);
/* A leg of the ISA with a level and knobs that *number decides; it moves on.  `isa` may have options. */
void panel_choose_leg(LegSpec *s, const char *isa, uint64_t *number);
/* Levels and knobs for the next case.  In every other one both compiled legs have alike what the front half of the
 * compiler depends on, and do it once: each leg still meets every setting as often, against the interpreter, and such a
 * case is cheaper by a tenth. */
void panel_choose(Panel *p, uint64_t number);
/* Run it, and put it before the jury when need be; the verdict is about panel_legs(p, c) legs. */
void panel_run(Panel *p, const uint8_t *bytes, uint32_t size, Case *c);
static inline uint32_t panel_legs(const Case *c) { return c->verdict.nlegs; }
/* For replaying: every ISA and level, and functions that are interpreted between compiled ones. */
#define PANEL_REPLAY_LEGS "interp,x64:O0,x64:O1,x64:O2,x64:O1,mix=1,a64:O0,a64:O1,a64:O2,a64:O1,mix=1"
