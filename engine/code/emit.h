/* Emission: an allocated machine function to bytes in a code buffer. */
#pragma once
#include "code/alloc.h"

/* Frame, from the frame pointer down on x64, from the stack pointer up on a64 (target's choice):
 * saved callee-saved registers, spill slots, outgoing arguments.  Size in bytes, without what the target adds for fp
 * and return address. */
typedef struct Frame {
    uint32_t nslots;
    RegSet saved;
    bool context;  /* the pinned context is kept below the saved registers */
    bool leaf;     /* it calls nothing; a tail call leaves the frame first */
    uint32_t out;  /* bytes at the stack pointer for the arguments of calls */
    uint32_t in;   /* bytes of parameters on the stack at entry */
    uint32_t area; /* bytes of the argument area: those, or what a tail call needs when that is more */
    uint32_t size; /* nslots * 8 + 8 * saved registers and context, rounded up to 16, + out */
} Frame;

struct Emit {
    CodeBuf *cb;
    const MFn *m; /* without the blocks that only jump */
    const Alloc *ra;
    const Target *t;
    const TargetOptions *o;
    Frame frame;
    Label *block_label;  /* by MBlock index */
    uint32_t block;      /* MBlock index being emitted; a branch goes to labels of its succ */
    uint32_t next_block; /* the block that follows in layout, or UINT32_MAX: a jump there is left out */
    bool next_is_loop;   /* with TargetOptions.emulated: later code jumps back to it */
    bool far;            /* conditional branches need the long form */
};

/* Label of the stub that a failed check of `i` goes to. */
Label emit_trap_label(Emit *e, const MInsn *i);
/* The current offset is where a fault is the trap of kind `trap`. */
void emit_fault_site(Emit *e, const MInsn *i, uint8_t trap);
/* By how much the prologue makes the argument area larger. */
static inline uint32_t frame_growth(const Frame *f) { return f->area - f->in; }
/* Append the function's code; returns its offset.  Binds all labels, emits trap stubs and constants, patches fixups.
 * Bails with BAIL_TOO_LARGE when the native frame, its argument area included, is larger than 8 * frame_cost + 4096
 * bytes, which would break the depth contract. */
uint32_t emit_fn(CodeBuf *cb, const MFn *m, const Alloc *ra, const Target *t, const TargetOptions *o);
/* Resolve direct calls (func_offset by function index; UINT32_MAX: imported) and sort the sites. */
void code_link(CodeBuf *cb, const Target *t, const uint32_t *func_offset);
