/* Flow: what each instruction of a body finds on the operand stack, and where the expression begins that it ends.
 *
 * The stack before an instruction is a chain of slots; two places have the same stack below a common slot, so a
 * range of code can be replaced by what takes away the slots it takes away and makes the ones it makes. */
#pragma once
#include "fuzz/edit/edit.h"

typedef struct FlowSlot {
    ValType type;
    uint32_t start;  /* first instruction of the expression that makes it */
    uint32_t under;  /* slot below; 0: none */
    uint32_t height; /* 1 at the bottom */
} FlowSlot;

typedef struct FlowAt {
    uint32_t top;   /* slot on top before the instruction; 0: empty */
    uint32_t start; /* first instruction of the expression or statement that ends here */
    uint32_t match; /* block, loop, if, else: the `end`; end: what it ends (NO_INDEX: the function) */
    uint32_t other; /* if: its `else`, or NO_INDEX */
    uint32_t depth; /* constructs around it, the function itself not counted */
    bool dead;      /* behind an unconditional branch, up to the end of the construct */
} FlowAt;

typedef struct Flow {
    uint32_t n;
    FlowAt *at;         /* n + 1 */
    VEC(FlowSlot) slot; /* slot 0 is not used */
} Flow;

void flow_make(Flow *f, Arena *a, const Edit *e, uint32_t body);
static inline uint32_t flow_height(const Flow *f, uint32_t at) {
    return f->at[at].top ? f->slot.at[f->at[at].top].height : 0;
}
/* The type of the one value that the expression ending at `at` leaves; VT_BOTTOM when it leaves none or several. */
ValType flow_value(const Flow *f, uint32_t at);
/* Does [from, to) begin and end in the same construct, with all in between closed?  If not: how far such a range goes.
 */
uint32_t flow_closed(const Flow *f, const EditSeq *code, uint32_t from, uint32_t to);
/* Code that can stand for [from, to): drops what it takes, makes zeros for what it leaves.  At most `max` instructions;
 * false when that is not possible.  Where the range ends in dead code before the construct's end, that end decides. */
bool flow_stand_in(const Flow *f, const Edit *e, uint32_t body, uint32_t from, uint32_t to, EditInstr *out, uint32_t *n,
                   uint32_t max);
