/* Validation (spec 3.3, appendix A.3), producing the side table.
 *
 * The side table makes in-place interpretation possible (Titzer, "A fast in-place interpreter
 * for WebAssembly", OOPSLA 2022): for each control instruction in reachable code, in the order
 * of the bytes, where a branch goes and what it does to the operand stack.  It also defines
 * FUEL, the same for all legs: a segment is a straight run of instructions, and its whole cost
 * (one unit an instruction) is taken when control enters it:
 *
 *   head of a segment                                  entry that holds its cost
 *   function entry                                     Body.fuel
 *   `loop`, also when branched to                      its entry
 *   `if`, condition true: the instructions behind it   its first entry
 *   `if`, condition false, with `else`: those behind   its second entry
 *     `else`
 *   `end` of a block or if some branch targets, or of  its entry (0: the segment before goes on)
 *     any if; also when branched to
 *   behind a `br_if` that is not taken                 its entry
 *
 * A segment's cost counts the head instruction itself when that is `loop` or `end`, and ends
 * with (and counts) the next `loop`'s predecessor, `if`, `else`, `br`, `br_if`, `br_table`, `return`, tail call,
 * `unreachable`, or the instruction before an `end` that heads a segment.  The final `end` of a
 * function is counted in the segment before it and heads none; a branch to the function's label
 * goes to it and charges nothing.  Dead code costs nothing and has no entries.
 *
 * Bulk instructions (memory.fill, copy and init, and the table's) cost more the more they do: besides their unit in the
 * segment, one for every FUEL_BULK_BYTES bytes or FUEL_BULK_ELEMS elements of their length, rounded down.  This is
 * taken when the ranges have been found to be in bounds and before anything is written; when fuel runs out there,
 * nothing has been written, and the instruction is the trap's site.  Growth costs its one unit: what a run can grow in
 * all is bounded by the caps, and all else about it takes constant time.
 *
 * Entries of reachable control instructions:
 *   loop 1 {fuel}; if 2 {fuel} {pc stp fuel: behind the else, or the end}; else 1 {pc stp: the end};
 *   end of a block or if (entered in reachable code) 1 {fuel}; end of a loop or of the function 0;
 *   br 1; br_if 1 {branch; fuel when not taken}; br_table labels + 1; all others 0.
 * The entry of an `end` has pc = the offset of that `end` itself (as has a loop's): so the interpreter, at an
 * `end`, sees whether the next entry belongs to it, or it is a loop's end and has none.
 * Reachable is what control can get to when every branch may go either way.  Behind br, br_table,
 * return, a tail call and unreachable code is dead, up to: the `else` of an if entered in reachable
 * code; the `end` of a block or if that a reachable branch targets, or of an if without `else`.  (So
 * behind `block br 1 end` and `loop br 0 end` code is dead, though the specification's typing
 * takes it for reachable.)  A construct entered in dead code is dead throughout.  The `else` and
 * `end` of one entered in reachable code always have their entries, with fuel 0 when dead.
 * In a branch entry pc is the offset of the target's `loop` or `end` opcode, which charges there;
 * stp is that instruction's entry (for the function's final `end`: the table's length). */
#pragma once
#include "wasm/module.h"

struct SideEntry {
    uint32_t pc;     /* byte offset in the module where execution goes on */
    uint32_t stp;    /* side table index there */
    uint32_t keep;   /* values carried over, from the top of the operand stack */
    uint32_t height; /* operand stack height below the carried values at the target */
    uint32_t fuel;
};

#define FUEL_BULK_BYTES 64u
#define FUEL_BULK_ELEMS 8u

/* Cost of a frame in units of bytes of the interpreter's stack. */
#define FRAME_COST_BASE 64u
#define FRAME_COST(nlocal, max_height) (FRAME_COST_BASE + 16u * ((nlocal) + (max_height)))

/* Validate all of a decoded module and fill in its bodies; false and *err when invalid, or when a
 * body is malformed.  Memory: the module's arena. */
bool module_validate(Module *m, Err *err);
/* Decode and validate, for who has no use for the module in between; NULL and *err when it is malformed or invalid.
 * *err need not be cleared before. */
Module *module_decode_valid(Arena *a, const uint8_t *bytes, uint32_t size, Features f, Err *err);
