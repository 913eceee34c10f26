/* Frames, moves and calls.
 *
 * The frame, from sp up:
 *     sp  ->      arguments of calls
 *     x29 ->      caller's x29, return address      16 bytes
 *                 spill slots                       8 each
 *                 saved registers                   8 each
 *                 the argument area
 * Without arguments of calls sp and x29 are the same and sp does not move between prologue and epilogue, so slots are
 * addressed from it; else from x29, since a call's arguments are gone from the stack when it comes back.  All functions
 * have a frame, leaves too: a backtrace sees each of them.
 *
 * x17 makes addresses and amounts that fit no immediate.  None of this touches the flags: moves stand between a
 * comparison and its user. */
#include <assert.h>
#include "a64/frame.h"
#include "base/bits.h"
#include "code/es.h"
#include "code/lower.h"

enum { RECORD = 16, PAIR_MAX = 504 };

/* From x29 to the argument area. */
static uint32_t frame_bytes(const Emit *e) { return e->frame.size - e->frame.out + RECORD; }
/* What the prologue takes. */
static uint32_t all_bytes(const Emit *e) { return frame_bytes(e) + frame_growth(&e->frame) + e->frame.out; }
int64_t a64_args_end(const Emit *e) { return (int64_t)frame_bytes(e) + e->frame.area; }
static uint32_t slot_base(const Emit *e) { return e->frame.out ? A64_FP : A64_SP; }
static int64_t slot_offset(uint32_t loc) { return RECORD + 8 * (int64_t)(loc - LOC_SLOT); }

/* Behind the saved registers. */
static int64_t context_offset(const Emit *e) {
    return slot_offset(LOC_SLOT + e->frame.nslots + bits_popcount64(e->frame.saved));
}

/* sp += or -= n */
static void move_sp(CodeBuf *cb, bool down, uint32_t n) {
    uint32_t op = down ? A64_SUBI : A64_ADDI;
    if (n > 0xffffff) {
        a64_put_const(cb, n, A64_SCRATCH);
        MInsn i = {.op = down ? A64_SUBX : A64_ADDX, .size = 8, .nopnd = 3, .aux = A64_UXTX};
        a64_put(cb, &i, (const uint32_t[]){A64_SP, A64_SP, A64_SCRATCH});
        return;
    }
    if (n & 0xfff000) A64_PUT(cb, op, 8, n & 0xfff000, A64_SP, A64_SP);
    if (n & 0xfff) A64_PUT(cb, op, 8, n & 0xfff, A64_SP, A64_SP);
}

/* Save or restore the callee-saved registers that the function writes. */
static void saved_registers(Emit *e, bool load) {
    CodeBuf *cb = e->cb;
    RegSet left = e->frame.saved;
    if (!left) return;
    uint32_t base = A64_SP;
    int64_t at = slot_offset(LOC_SLOT + e->frame.nslots);
    if (at + 8 * (int64_t)bits_popcount64(left) > PAIR_MAX) {
        a64_put_const(cb, (uint64_t)at, A64_SCRATCH);
        MInsn i = {.op = A64_ADDX, .size = 8, .nopnd = 3, .aux = A64_UXTX};
        a64_put(cb, &i, (const uint32_t[]){A64_SCRATCH, A64_SP, A64_SCRATCH});
        base = A64_SCRATCH, at = 0;
    }
    while (left) {
        uint32_t r = bits_ctz64(left);
        left &= left - 1;
        if (left) {
            A64_PUT(cb, load ? A64_LDP : A64_STP, 8, at, r, bits_ctz64(left), base);
            left &= left - 1;
        } else {
            A64_PUT(cb, load ? A64_LDR : A64_STR, 8, at, r, base);
        }
        at += 16;
    }
}

/* x17 = sp - n */
static void below_sp(CodeBuf *cb, uint32_t n) {
    if (n > 0xffffff) {
        a64_put_const(cb, n, A64_SCRATCH);
        MInsn i = {.op = A64_SUBX, .size = 8, .nopnd = 3, .aux = A64_UXTX};
        a64_put(cb, &i, (const uint32_t[]){A64_SCRATCH, A64_SP, A64_SCRATCH});
        return;
    }
    A64_PUT(cb, A64_SUBI, 8, n & 0xfff000, A64_SCRATCH, A64_SP);
    if (n & 0xfff) A64_PUT(cb, A64_SUBI, 8, n & 0xfff, A64_SCRATCH, A64_SCRATCH);
}

enum { PROBES_UNROLLED = 4 };

/* Touch each page of a frame of more than one, from above, before it is used. */
static void probe_frame(Emit *e) {
    CodeBuf *cb = e->cb;
    uint32_t pages = all_bytes(e) / STACK_PAGE;
    for (uint32_t k = 1; k <= pages && pages <= PROBES_UNROLLED; k++) {
        below_sp(cb, k * STACK_PAGE);
        A64_PUT(cb, A64_STR, 8, 0, A64_ZR, A64_SCRATCH);
    }
    if (pages <= PROBES_UNROLLED) return;
    below_sp(cb, pages * STACK_PAGE);
    A64_PUT(cb, A64_ADDI, 8, 0, A64_CYCLE, A64_SP);
    A64_PUT(cb, A64_SUBI, 8, STACK_PAGE, A64_CYCLE, A64_CYCLE);
    A64_PUT(cb, A64_STR, 8, 0, A64_ZR, A64_CYCLE);
    A64_PUT(cb, A64_SUBS, 8, 0, A64_ZR, A64_CYCLE, A64_SCRATCH);
    a64_put(cb, &(MInsn){.op = A64_BCC, .size = 8, .cc = CC_NE, .imm = -12}, NULL);
}

static void check_limit(Emit *e) {
    CodeBuf *cb = e->cb;
    if (e->frame.leaf && all_bytes(e) <= STACK_RED_ZONE) return;
    Label stub = code_trap(cb, CODE_TRAP_EXHAUSTION, e->m->insn.at[0].loc);
    below_sp(cb, all_bytes(e));
    A64_PUT(cb, A64_LDR, 8, ES_STACK_LIMIT, A64_CYCLE, A64_ES);
    A64_PUT(cb, A64_SUBS, 8, 0, A64_ZR, A64_SCRATCH, A64_CYCLE);
    if (e->far) {
        a64_put(cb, &(MInsn){.op = A64_BCC, .size = 8, .cc = CC_HS, .imm = 8}, NULL);
        code_fixup(cb, code_at(cb), stub, A64_FIX_26, 0);
        a64_put(cb, &(MInsn){.op = A64_B, .size = 8}, NULL);
    } else {
        code_fixup(cb, code_at(cb), stub, A64_FIX_19, 0);
        a64_put(cb, &(MInsn){.op = A64_BCC, .size = 8, .cc = CC_LO}, NULL);
    }
}

/* Check or probe while x29 and x30 are the caller's: the backtrace of what fails there lacks the caller. */
void a64_emit_prologue(Emit *e) {
    uint32_t n = frame_bytes(e) + frame_growth(&e->frame);
    if (e->o->stack == STACK_LIMIT)
        check_limit(e);
    else
        probe_frame(e);
    if (n <= PAIR_MAX) {
        A64_PUT(e->cb, A64_STP_PRE, 8, -(int64_t)n, A64_FP, A64_LR, A64_SP);
    } else {
        move_sp(e->cb, true, n);
        A64_PUT(e->cb, A64_STP, 8, 0, A64_FP, A64_LR, A64_SP);
    }
    A64_PUT(e->cb, A64_ADDI, 8, 0, A64_FP, A64_SP);
    saved_registers(e, false);
    if (e->frame.context) a64_put_mem(e->cb, A64_STR, 8, A64_CONTEXT, A64_SP, context_offset(e));
    if (e->frame.out) move_sp(e->cb, true, e->frame.out);
}

void a64_emit_context(Emit *e) { a64_put_mem(e->cb, A64_LDR, 8, A64_CONTEXT, slot_base(e), context_offset(e)); }

/* The callee has taken them off. */
void a64_emit_popped(Emit *e, uint32_t n) { move_sp(e->cb, true, n); }

void a64_emit_epilogue(Emit *e, uint32_t args) {
    uint32_t n = frame_bytes(e) + e->frame.area - args;
    if (e->frame.out) A64_PUT(e->cb, A64_ADDI, 8, 0, A64_SP, A64_FP);
    saved_registers(e, true);
    if (n <= PAIR_MAX) {
        A64_PUT(e->cb, A64_LDP_POST, 8, n, A64_FP, A64_LR, A64_SP);
    } else {
        A64_PUT(e->cb, A64_LDP, 8, 0, A64_FP, A64_LR, A64_SP);
        move_sp(e->cb, false, n);
    }
}

/* -- Moves ---------------------------------------------------------------------- */

static void move_memory(Emit *e, bool load, uint32_t r, uint32_t slot, IrType t) {
    bool vector = r >= REG_FLOAT;
    uint32_t size = type_bytes(t), op;
    if (size == 16) {
        op = load ? A64_LDRQ : A64_STRQ;
    } else if (vector) {
        op = load ? A64_LDRF : A64_STRF;
    } else {
        op = load ? A64_LDR : A64_STR;
    }
    a64_put_mem(e->cb, op, size, r, slot_base(e), slot_offset(slot));
}

void a64_emit_move(Emit *e, uint32_t from, uint32_t to, IrType t) {
    if (loc_is_slot(from) && loc_is_slot(to)) {
        /* v30 and not x17, which may be needed for the addresses */
        move_memory(e, true, A64_VSCRATCH, from, t);
        move_memory(e, false, A64_VSCRATCH, to, t);
    } else if (loc_is_slot(from)) {
        move_memory(e, true, to, from, t);
    } else if (loc_is_slot(to)) {
        move_memory(e, false, from, to, t);
    } else if (from < REG_FLOAT) {
        assert(to < REG_FLOAT);
        A64_PUT(e->cb, A64_ORR, t == T_I32 ? 4 : 8, 0, to, A64_ZR, from);
    } else if (t == T_V128) {
        A64_PUT(e->cb, A64_VMOV, 16, 0, to, from);
    } else {
        A64_PUT(e->cb, A64_FMOV, t == T_F32 ? 4 : 8, 0, to, from);
    }
}

/* -- Calls ------------------------------------------------------------------------ */

void a64_lower_call(Lower *l, const Callee *callee, bool tail, MInsn *call) {
    call->size = 8;
    switch (callee->kind) {
    case CALLEE_FUNC: call->op = tail ? A64_TAIL : A64_CALL; break;
    case CALLEE_LIB:
        assert(!tail);
        call->op = A64_CALL_LIB;
        break;
    case CALLEE_REF:
        call->op = tail ? A64_TAIL_REG : A64_BLR;
        if (tail) {
            /* The frame's registers are restored before the jump; this one is none of them, nor an argument. */
            Opnd *o = insn_opnd(l->m, call);
            o->constraint = OC_FIXED;
            o->fixed = A64_X9;
        }
        break;
    }
}

void a64_lower_ret(Lower *l, MInsn *ret) {
    (void)l;
    ret->op = A64_RETURN;
    ret->size = 8;
}

/* The return address identifies the trap; the stub never comes back. */
void a64_emit_trap_stub(CodeBuf *cb, uint8_t trap) {
    A64_PUT(cb, A64_LDR, 8, ES_TRAP_STUB(trap), A64_CYCLE, A64_ES);
    A64_PUT(cb, A64_BLR, 8, 0, A64_CYCLE);
}
