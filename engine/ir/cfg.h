/* Control flow: predecessors, reverse postorder, dominators, loops.
 *
 * Requires: every block ends with one ending instruction; fills in Blk.pred .. loop_head and Fn.rpo.
 * Dominators by Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" (2001); loop depth by natural
 * loops of back edges (wasm control flow is reducible). Linear but for dominators' small factor. */
#pragma once
#include "ir/ir.h"

void cfg_build(Fn *f);
/* The same without unreachable blocks: the others are renumbered, in the same order. */
void cfg_clean(Fn *f);
bool cfg_dominates(const Fn *f, BlkId a, BlkId b); /* also a == b */
/* Put an empty block on each edge from a block with several successors to one with several predecessors. */
void cfg_split_critical(Fn *f);
/* cfg_build, and that, in less time than the two; edges from unreachable blocks count. */
void cfg_build_split(Fn *f);
