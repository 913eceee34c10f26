/* Benchmarks of `parallax bench`: one file each. */
#pragma once
#include <stdbool.h>

/* BENCH(name, summary): one function bench_NAME(argc, argv) each; argv[0] is "parallax bench NAME". */
#define BENCH_LIST(B)                                                                          \
    B(diff, "modules a second of the differential comparison, and the cost of each stage")     \
    B(fuzz, "cases a second of a campaign on the generator's stream, and where the time goes") \
    B(engine, "cost of each stage a byte, speed of the code against other engines, linearity") \
    B(knobs, "what each knob of a leg costs, as a ratio to its default")

#define B(name, summary) int bench_##name(int argc, char **argv);
BENCH_LIST(B)
#undef B

/* `below`, a path in the source tree, found above the directory of this program (a build tree in the source tree), or
 * here. */
bool bench_in_tree(const char *below, char path[4096]);
/* This process and those it starts stay on the processor they are on; its number, or -1. */
int bench_pin(void);
