/* Extra counters for fuzzing engines that take them (libFuzzer, Centipede): what the coverage of code does not tell
 * apart.
 *
 * Which opcode came with which kind of operand on which ISA, and under which knobs that change its code; and which
 * rules of lowering were used. Each counter is a feature of its own to the engine, so an input with a new one is kept.
 * libFuzzer reads the counters themselves, Centipede an array of 64-bit features. */
#pragma once
#include "fuzz/campaign/panel.h"

/* Count rules in these legs from now on; at the opening of a panel. */
void counters_attach(Panel *p);
/* Behind a case that the panel's legs have run.  Counts nothing with $PARALLAX_NO_COUNTERS: then code alone is covered.
 */
void counters_case(const Panel *p, const Case *c);
/* For a target that compiles itself: opcodes; where to count rules (TargetOptions.rule_hits); and that it is done. */
void counters_module(const Module *m, const LegSpec *leg);
uint32_t *counters_rules(LegKind k);
void counters_flush_rules(void);
void counters_hand_over(void); /* behind that, at the end of an input: to Centipede, where it runs us */
