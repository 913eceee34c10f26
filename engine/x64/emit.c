/* Emission for x86-64: frames, moves, branches and calls; the rest goes to the encoder or to the pseudos of values.
 *
 * Frame: [rbp] the caller's rbp, [rbp + 8] the return address; below rbp the spill slots, then the callee-saved
 * registers the function writes, in the order of their numbers, the pinned context, and at rsp the arguments of calls;
 * rsp is 16-byte aligned.  Behind the return address is the argument area.  A tail call leaves the stack as it was at
 * entry, but for the return address, which stands before the callee's arguments. */
#include "code/emit.h"
#include <assert.h>
#include "base/bits.h"
#include "code/es.h"
#include "x64/insn.h"

/* -- Moves ---------------------------------------------------------------------- */

static void put_rbp_rel(CodeBuf *cb, uint32_t op, uint32_t size, uint32_t reg, int32_t disp) {
    x64_put(cb, op, size, disp, 2, (uint32_t[]){reg, X64_RBP});
}

static void move_slot_to_slot(CodeBuf *cb, uint32_t from, uint32_t to, IrType t) {
    for (uint32_t k = 0; k < (t == T_V128 ? 2u : 1u); k++) { /* keeps all scratch registers */
        X64_PUT(cb, PUSH_M, 8, x64_slot_disp(from + k), X64_RBP);
        X64_PUT(cb, POP_M, 8, x64_slot_disp(to + k), X64_RBP);
    }
}

/* No flags change. */
void x64_emit_move(Emit *e, uint32_t from, uint32_t to, IrType t) {
    CodeBuf *cb = e->cb;
    bool wide = t == T_V128;
    uint32_t fsize = t == T_F32 ? 4 : 8;
    if (loc_is_slot(from) && loc_is_slot(to)) {
        move_slot_to_slot(cb, from, to, t);
    } else if (loc_is_slot(to)) { /* an i32 is stored with its upper half of zeros, see target.h */
        if (from < REG_FLOAT)
            x64_put_slot(cb, true, 8, from, x64_slot_disp(to));
        else if (wide)
            put_rbp_rel(cb, X64_STUPS, 16, from, x64_wide_slot_disp(to));
        else
            put_rbp_rel(cb, X64_STS, fsize, from, x64_slot_disp(to));
    } else if (loc_is_slot(from)) {
        if (to < REG_FLOAT)
            x64_put_slot(cb, false, t == T_I32 ? 4 : 8, to, x64_slot_disp(from));
        else if (wide)
            put_rbp_rel(cb, X64_LDUPS, 16, to, x64_wide_slot_disp(from));
        else
            put_rbp_rel(cb, X64_LDS, fsize, to, x64_slot_disp(from));
    } else if (to < REG_FLOAT) {
        assert(from < REG_FLOAT);
        x64_put_mov(cb, t == T_I32 ? 4 : 8, to, from);
    } else {
        assert(from >= REG_FLOAT);
        X64_PUT(cb, MOVAPS, 16, 0, to, from);
    }
}

/* -- Frames --------------------------------------------------------------------- */

static int32_t saved_disp(const Frame *f, uint32_t k) { return -8 * (int32_t)(f->nslots + k + 1); }

static int32_t context_disp(const Frame *f) { return saved_disp(f, bits_popcount64(f->saved)); }

static void each_saved(Emit *e, uint32_t op) {
    uint32_t k = 0;
    for (uint32_t r = 0; r < REG_FLOAT; r++)
        if (e->frame.saved & REG_BIT(r)) put_rbp_rel(e->cb, op, 8, r, saved_disp(&e->frame, k++));
}

enum { PROBES_UNROLLED = 4 };

/* Touch each page of a frame of more than one, from above, before it is used. */
static void probe_frame(Emit *e) {
    CodeBuf *cb = e->cb;
    int32_t pages = (int32_t)(e->frame.size / STACK_PAGE);
    if (pages <= PROBES_UNROLLED) {
        for (int32_t k = 1; k <= pages; k++) X64_PUT(cb, ST, 8, -STACK_PAGE * k, X64_RBP, X64_RSP);
        return;
    }
    X64_PUT(cb, LEA, 8, -STACK_PAGE * pages, X64_SCRATCH, X64_RSP);
    Label next = code_label(cb);
    code_bind(cb, next);
    X64_PUT(cb, SUB_I, 8, STACK_PAGE, X64_RSP, X64_RSP);
    X64_PUT(cb, ST, 8, 0, X64_RBP, X64_RSP);
    X64_PUT(cb, CMP, 8, 0, X64_RSP, X64_SCRATCH);
    x64_put_jump(cb, X64_NE, next, false);
    X64_PUT(cb, MOV, 8, 0, X64_RSP, X64_RBP);
}

static void check_limit(Emit *e) {
    CodeBuf *cb = e->cb;
    if (e->frame.leaf && e->frame.size + frame_growth(&e->frame) <= STACK_RED_ZONE) return;
    X64_PUT(cb, LEA, 8, -(int32_t)e->frame.size, X64_SCRATCH, X64_RSP);
    X64_PUT(cb, CMP_M, 8, ES_STACK_LIMIT, X64_SCRATCH, X64_STATE);
    x64_put_jump(cb, X64_B, code_trap(cb, CODE_TRAP_EXHAUSTION, e->m->insn.at[0].loc), e->far);
}

/* Make the argument area larger by n bytes: the return address moves down. */
static void grow_area(CodeBuf *cb, uint32_t n) {
    if (!n) return;
    X64_PUT(cb, LD, 8, 0, X64_SCRATCH, X64_RSP);
    X64_PUT(cb, SUB_I, 8, n, X64_RSP, X64_RSP);
    X64_PUT(cb, ST, 8, 0, X64_SCRATCH, X64_RSP);
}

void x64_emit_prologue(Emit *e) {
    grow_area(e->cb, frame_growth(&e->frame));
    X64_PUT(e->cb, PUSH, 8, 0, X64_RBP);
    X64_PUT(e->cb, MOV, 8, 0, X64_RBP, X64_RSP);
    if (e->o->stack == STACK_LIMIT)
        check_limit(e);
    else
        probe_frame(e);
    if (e->frame.size) X64_PUT(e->cb, SUB_I, 8, e->frame.size, X64_RSP, X64_RSP);
    each_saved(e, X64_ST);
    if (e->frame.context) put_rbp_rel(e->cb, X64_ST, 8, X64_CONTEXT, context_disp(&e->frame));
}

void x64_emit_context(Emit *e) { put_rbp_rel(e->cb, X64_LD, 8, X64_CONTEXT, context_disp(&e->frame)); }

/* The callee has taken them off. */
void x64_emit_popped(Emit *e, uint32_t n) { X64_PUT(e->cb, SUB_I, 8, n, X64_RSP, X64_RSP); }

/* From rbp. */
static int32_t args_end(const Frame *f) { return 16 + (int32_t)f->area; }

static void leave_frame(Emit *e) {
    each_saved(e, X64_LD);
    if (e->frame.size)
        X64_PUT0(e->cb, LEAVE, 8);
    else
        X64_PUT(e->cb, POP, 8, 0, X64_RBP);
}

static void put_return(Emit *e) {
    leave_frame(e);
    if (!e->frame.area || e->m->keeps_args) {
        X64_PUT0(e->cb, RETN, 8);
        return;
    }
    assert(e->frame.area <= UINT16_MAX);
    code_u8(e->cb, 0xc2); /* ret imm16 */
    code_u8(e->cb, (uint8_t)e->frame.area);
    code_u8(e->cb, (uint8_t)(e->frame.area >> 8));
}

/* Before a jump to who finds n bytes of arguments at the end of the argument area: the return address before them. */
static void put_epilogue(Emit *e, uint32_t n) {
    CodeBuf *cb = e->cb;
    int32_t less = (int32_t)(e->frame.area - n);
    if (less) {
        put_rbp_rel(cb, X64_LD, 8, X64_SCRATCH, 8);
        put_rbp_rel(cb, X64_ST, 8, X64_SCRATCH, 8 + less);
    }
    leave_frame(e);
    if (less) X64_PUT(cb, ADD_I, 8, less, X64_RSP, X64_RSP);
}

/* -- Branches ------------------------------------------------------------------- */

static uint32_t succ(const Emit *e, uint32_t k) { return e->m->block.at[e->block].succ.at[k].to; }

/* The code of `block` follows. */
static bool is_next(const Emit *e, uint32_t block) { return block == e->next_block; }

static void jump(Emit *e, uint32_t block) {
    if (!is_next(e, block)) x64_put_jump(e->cb, -1, e->block_label[block], e->far);
}

static void branch_on_parity(Emit *e, uint32_t yes, uint32_t no) { /* to `yes` if NE or P */
    Label to = e->block_label[yes];
    if (is_next(e, yes)) {
        uint32_t skip = x64_put_short(e->cb, X64_P);
        x64_put_jump(e->cb, X64_E, e->block_label[no], e->far);
        x64_bind_short(e->cb, skip);
        return;
    }
    x64_put_jump(e->cb, X64_NE, to, e->far);
    x64_put_jump(e->cb, X64_P, to, e->far);
    jump(e, no);
}

static void put_branch(Emit *e, const MInsn *i) {
    uint32_t yes = succ(e, 0), no = succ(e, 1);
    if (yes == no) { /* by way of two blocks that only jumped */
        jump(e, yes);
    } else if (i->aux == X64_OR_P) {
        branch_on_parity(e, yes, no);
    } else if (i->aux == X64_AND_NP) {
        branch_on_parity(e, no, yes);
    } else if (is_next(e, yes)) {
        x64_put_jump(e->cb, i->cc ^ 1, e->block_label[no], e->far);
    } else {
        x64_put_jump(e->cb, i->cc, e->block_label[yes], e->far);
        jump(e, no);
    }
}

/* The table follows the jump: 32-bit distances from its own start.  imm: the index is in range, the last successor's
 * included. */
static void put_brtable(Emit *e, const MInsn *i, const uint32_t *loc) {
    CodeBuf *cb = e->cb;
    uint32_t n = e->m->block.at[e->block].succ.n, index = loc[0], t = loc[1];
    assert(n >= 2);
    if (!i->imm) {
        n--;
        X64_PUT(cb, CMP_I, 4, n, index);
        x64_put_jump(cb, X64_AE, e->block_label[succ(e, n)], true);
    }
    Label table = code_label(cb);
    X64_PUT(cb, LEA_D, 8, 0, X64_SCRATCH);
    code_fixup(cb, code_at(cb) - 4, table, X64_REL32, 0);
    MInsn load = {.op = X64_LD32S, .size = 8, .nopnd = 3, .scale = 2};
    x64_encode(cb, e->m, &load, (uint32_t[]){t, X64_SCRATCH, index});
    X64_PUT(cb, ADD, 8, 0, t, t, X64_SCRATCH);
    X64_PUT(cb, JMP_R, 8, 0, t);
    code_align(cb, 4, e->t->fill);
    uint32_t start = code_at(cb);
    code_bind(cb, table);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t at = code_at(cb);
        code_fixup(cb, at, e->block_label[succ(e, k)], X64_REL32, (int32_t)(at + 4 - start));
        code_u32(cb, 0);
    }
}

static void put_trap_if(Emit *e, const MInsn *i) {
    Label to = emit_trap_label(e, i);
    if (i->imm == X64_AND_NP) {
        uint32_t skip = x64_put_short(e->cb, X64_P);
        x64_put_jump(e->cb, X64_E, to, e->far);
        x64_bind_short(e->cb, skip);
        return;
    }
    x64_put_jump(e->cb, i->cc, to, e->far);
    if (i->imm == X64_OR_P) x64_put_jump(e->cb, X64_P, to, e->far);
}

/* -- Calls ------------------------------------------------------------------------- */

static void put_direct(Emit *e, uint32_t op, uint32_t func) {
    x64_put(e->cb, op, 8, 0, 0, NULL);
    code_reloc(e->cb, code_at(e->cb) - 4, func, X64_REL32);
}

static bool put_control(Emit *e, const MInsn *i, const uint32_t *loc) {
    CodeBuf *cb = e->cb;
    switch (i->op) {
    case X64_JMP: jump(e, succ(e, 0)); break;
    case X64_JCC: put_branch(e, i); break;
    case X64_BRTABLE: put_brtable(e, i, loc); break;
    case X64_TRAP: x64_put_jump(cb, -1, code_trap(cb, (uint8_t)i->aux, i->loc), e->far); break;
    case X64_TRAPCC: put_trap_if(e, i); break;
    case X64_CALL_FN: put_direct(e, X64_CALL_D, i->aux); break;
    case X64_CALL_REF: X64_PUT(cb, CALL_R, 8, 0, loc[0]); break;
    case X64_CALL_LIB:
        if (e->o->stack == STACK_GUARD) X64_PUT(cb, LD, 8, -STACK_C_BYTES, X64_SCRATCH, X64_RSP);
        X64_PUT(cb, CALL_M, 8, ES_LIB((int32_t)i->aux), X64_STATE);
        break;
    case X64_TAIL_FN:
        put_epilogue(e, (uint32_t)i->imm);
        put_direct(e, X64_JMP_D, i->aux);
        break;
    case X64_TAIL_REF: /* not in a callee-saved register, see abi.c */
        assert(loc[0] == X64_R10);
        put_epilogue(e, (uint32_t)i->imm);
        X64_PUT(cb, JMP_R, 8, 0, loc[0]);
        break;
    case X64_RET: put_return(e); break;
    default: return false;
    }
    return true;
}

/* -- Instructions -------------------------------------------------------------------- */

/* A scalar instruction that leaves the upper part of its destination would wait for whoever wrote that last. */
static void break_dependency(Emit *e, const uint32_t *loc) {
    if (loc[1] != loc[0]) X64_PUT(e->cb, XORPS, 16, 0, loc[0], loc[0], loc[0]);
}

void x64_emit_insn(Emit *e, const MInsn *i, const uint32_t *loc) {
    assert(!x64_check(i, loc));
    if (x64_row_of(i->op)->format == XFMT_P) {
        if (!x64_expand(e->cb, i, loc) && !put_control(e, i, loc)) assert(false && "a pseudo without an expansion");
        return;
    }
    if (x64_row_of(i->op)->flags & XF_K) break_dependency(e, loc);
    if (i->flags & MF_FAULTS) code_site(e->cb, SITE_FAULT, CODE_TRAP_MEMORY_BOUNDS, i->loc);
    if (i->flags & MF_ARGS) {
        MInsn access = *i;
        access.imm += args_end(&e->frame);
        x64_encode(e->cb, e->m, &access, loc);
        return;
    }
    x64_encode(e->cb, e->m, i, loc);
}

void x64_emit_trap_stub(CodeBuf *cb, uint8_t trap) { X64_PUT(cb, CALL_M, 8, ES_TRAP_STUB((int32_t)trap), X64_STATE); }
