/* Benchmarks of `parallax bench`: one file each. */
#pragma once

/* BENCH(name, summary): one function bench_NAME(argc, argv) each; argv[0] is "parallax bench NAME". */
#define BENCH_LIST(B) B(diff, "modules a second of the differential comparison, and the cost of each stage")

#define B(name, summary) int bench_##name(int argc, char **argv);
BENCH_LIST(B)
#undef B
