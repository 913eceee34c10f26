/* Emission of instructions: pseudo rows, branches and memory accesses; all others are one word.
 *
 * Branches come out of lowering without a target: a block's last instruction goes to the labels of the block's
 * successors (the one that follows in layout is left out), any other branches to the trap stub of the kind in aux.
 * Conditional branches reach 1 MiB, tbz 32 KiB; where that may not do, the opposite condition skips a plain branch,
 * which reaches 128 MiB. */
#include <assert.h>
#include "a64/frame.h"
#include "base/bits.h"
#include "code/es.h"

/* -- Branches ------------------------------------------------------------------ */

static void jump_to(Emit *e, Label to) {
    code_fixup(e->cb, code_at(e->cb), to, A64_FIX_26, 0);
    MInsn i = {.op = A64_B, .size = 8};
    a64_put(e->cb, &i, NULL);
}

/* The register test or condition of `i` with an offset, negated or not. */
static void put_test(Emit *e, const MInsn *i, const uint32_t *loc, bool negate, int64_t offset) {
    MInsn b = *i;
    b.imm = offset;
    if (negate) {
        switch (i->op) {
        case A64_BCC: b.cc ^= 1; break;
        case A64_CBZ: b.op = A64_CBNZ; break;
        case A64_CBNZ: b.op = A64_CBZ; break;
        case A64_TBZ: b.op = A64_TBNZ; break;
        case A64_TBNZ: b.op = A64_TBZ; break;
        default: assert(false && "not a conditional branch");
        }
    }
    a64_put(e->cb, &b, loc);
}

static void branch_if(Emit *e, const MInsn *i, const uint32_t *loc, bool negate, Label to, bool far) {
    if (far) {
        put_test(e, i, loc, !negate, 8);
        jump_to(e, to);
        return;
    }
    bool bit = i->op == A64_TBZ || i->op == A64_TBNZ;
    code_fixup(e->cb, code_at(e->cb), to, bit ? A64_FIX_14 : A64_FIX_19, 0);
    put_test(e, i, loc, negate, 0);
}

/* First edit at or behind instruction `at`. */
static uint32_t edits_before(const Alloc *ra, uint32_t at) {
    uint32_t lo = 0, hi = ra->edit.n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (ra->edit.at[mid].at < at) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

enum { BIT_REACH = 32 * 1024 - 64, REACH = 1024 * 1024 - 64, MOVE_BYTES = 24, STUB_BYTES = 8, CONST_BYTES = 32 };

/* Upper bound of the bytes of instructions [from, until), with their edits and jump tables.  The entries of all
 * tables together are fewer than the blocks, since each goes to a block of its own. */
static uint64_t bytes_between(const Emit *e, uint32_t from, uint32_t until) {
    uint64_t edits = edits_before(e->ra, until) - edits_before(e->ra, from);
    return (uint64_t)(until - from) * A64_MAX_INSN_BYTES + edits * MOVE_BYTES + (uint64_t)e->m->block.n * 4;
}

/* Is block `to` in reach of here?  Backward that is known. */
static bool block_in_reach(const Emit *e, uint32_t to, uint32_t reach) {
    uint32_t bound = e->cb->label.at[e->block_label[to]];
    if (bound != UINT32_MAX) return code_at(e->cb) - bound < reach;
    uint32_t from = e->m->block.at[e->block].end, until = e->m->block.at[to].first;
    return until - from < reach / A64_MAX_INSN_BYTES && bytes_between(e, from, until) < reach;
}

/* May what follows the function's code (trap stubs, constants) be out of reach of instruction i? */
static bool far_from_end(const Emit *e, const MInsn *i) {
    if (!e->far || e->o->far_branches) return e->far;
    uint32_t at = (uint32_t)(i - e->m->insn.at), left = e->m->insn.n - at;
    if (left > REACH / A64_MAX_INSN_BYTES) return true;
    uint64_t stubs = (uint64_t)(e->cb->trap_stub.n + left) * STUB_BYTES,
             constants = (uint64_t)(e->cb->constant.n + left) * CONST_BYTES;
    return bytes_between(e, at, e->m->insn.n) + stubs + constants >= REACH;
}

static void conditional(Emit *e, const MInsn *i, const uint32_t *loc) {
    if (!(i->flags & MF_BRANCH)) {
        Label stub = emit_trap_label(e, i);
        branch_if(e, i, loc, false, stub, far_from_end(e, i));
        return;
    }
    const MBlock *blk = &e->m->block.at[e->block];
    assert(blk->succ.n == 2);
    uint32_t yes = blk->succ.at[0].to, no = blk->succ.at[1].to;
    bool negate = yes == e->next_block;
    uint32_t to = negate ? no : yes, other = negate ? yes : no;
    bool bit = i->op == A64_TBZ || i->op == A64_TBNZ;
    bool far = e->o->far_branches || ((e->far || bit) && !block_in_reach(e, to, bit ? BIT_REACH : REACH));
    branch_if(e, i, loc, negate, e->block_label[to], far);
    if (other != e->next_block) jump_to(e, e->block_label[other]);
}

/* The table of distances follows the branch, so it is in adr's reach in any function. */
static void jump_table(Emit *e, const MInsn *i, const uint32_t *loc) {
    const MBlock *blk = &e->m->block.at[e->block];
    CodeBuf *cb = e->cb;
    A64_PUT(cb, A64_ADR, 8, 16, A64_CYCLE);
    MInsn entry = {.op = A64_LDRSW, .size = 8, .nopnd = 3, .aux = A64_UXTW, .scale = 2};
    a64_put(cb, &entry, (const uint32_t[]){A64_SCRATCH, A64_CYCLE, loc[0]});
    A64_PUT(cb, A64_ADD, 8, 0, A64_SCRATCH, A64_CYCLE, A64_SCRATCH);
    A64_PUT(cb, A64_BR, 8, 0, A64_SCRATCH);
    (void)i;
    for (uint32_t k = 0; k < blk->succ.n; k++) {
        code_fixup(cb, code_at(cb), e->block_label[blk->succ.at[k].to], A64_FIX_32,
                   (int32_t)(4 * k)); /* from the table's start */
        code_u32(cb, 0);
    }
}

/* -- Constants, memory ------------------------------------------------------------ */

static void float_constant(Emit *e, const MInsn *i, const uint32_t *loc) {
    bool far = far_from_end(e, i);
    uint64_t bits[2] = {(uint64_t)i->imm, 0};
    uint32_t words[4];
    bool vector = i->size == 16;
    if (vector) bits[0] = e->m->data.at[i->imm], bits[1] = e->m->data.at[i->imm + 1];
    if (!vector && (far || a64_const_words(bits[0], i->size, 0, words) == 1)) {
        a64_put_const(e->cb, bits[0], A64_SCRATCH);
        A64_PUT(e->cb, A64_FMOV_FI, i->size, 0, loc[0], A64_SCRATCH);
    } else if (far) {
        a64_put_const(e->cb, bits[0], A64_SCRATCH);
        A64_PUT(e->cb, A64_FMOV_FI, 8, 0, loc[0], A64_SCRATCH);
        a64_put_const(e->cb, bits[1], A64_SCRATCH);
        A64_PUT(e->cb, A64_INS, 8, 1, loc[0], loc[0], A64_SCRATCH);
    } else {
        code_fixup(e->cb, code_at(e->cb), code_const(e->cb, bits, i->size), A64_FIX_19, 0);
        A64_PUT(e->cb, vector ? A64_LDRLQ : A64_LDRL, i->size, 0, loc[0]);
    }
}

/* The table's registers must be neighbours, and nothing else is alive in these two here. */
static void shuffle(Emit *e, const uint32_t *loc) {
    A64_PUT(e->cb, A64_VMOV, 16, 0, A64_VSCRATCH, loc[1]);
    A64_PUT(e->cb, A64_VMOV, 16, 0, A64_VCYCLE, loc[2]);
    A64_PUT(e->cb, A64_TBL2, 1, 0, loc[0], A64_VSCRATCH, A64_VCYCLE, loc[3]);
}

/* Only the access itself may fault, so it comes last, and the site is its address. */
static void memory(Emit *e, const MInsn *i, const uint32_t *loc) {
    MInsn access = *i;
    if (i->flags & MF_ARGS) access.imm += a64_args_end(e);
    uint32_t r[3] = {loc[0], loc[1], i->nopnd == 3 ? loc[2] : A64_SCRATCH};
    if (i->nopnd == 2 && !a64_offset_ok(access.imm, a64_access_log2(i->op, i->size))) {
        a64_put_const(e->cb, (uint64_t)access.imm, A64_SCRATCH);
        access.nopnd = 3, access.aux = A64_UXTX, access.scale = 0;
    }
    /* cc: the trap, when it is not that of linear memory */
    if (i->flags & MF_FAULTS) emit_fault_site(e, i, i->cc ? i->cc : CODE_TRAP_MEMORY_BOUNDS);
    a64_put(e->cb, &access, r);
}

/* -- Dispatch ------------------------------------------------------------------------ */

static void pseudo(Emit *e, const MInsn *i, const uint32_t *loc) {
    CodeBuf *cb = e->cb;
    switch ((A64Op)i->op) {
    case A64_LDC: a64_put_const(cb, i->size == 4 ? (uint32_t)i->imm : (uint64_t)i->imm, loc[0]); break;
    case A64_LDCF: float_constant(e, i, loc); break;
    case A64_SHUFFLE: shuffle(e, loc); break;
    case A64_JUMP_TABLE: jump_table(e, i, loc); break;
    case A64_TRAP: jump_to(e, code_trap(cb, (uint8_t)i->aux, i->loc)); break;
    case A64_RETURN:
        a64_emit_epilogue(e, e->m->keeps_args ? e->frame.area : 0);
        A64_PUT(cb, A64_RET, 8, 0, A64_LR);
        break;
    case A64_CALL:
        code_reloc(cb, code_at(cb), i->aux, A64_FIX_26);
        a64_put(cb, &(MInsn){.op = A64_BL, .size = 8}, NULL);
        break;
    case A64_CALL_LIB:
        if (e->o->stack == STACK_GUARD) {
            A64_PUT(cb, A64_SUBI, 8, STACK_C_BYTES, A64_CYCLE, A64_SP);
            A64_PUT(cb, A64_LDR, 8, 0, A64_ZR, A64_CYCLE);
        }
        A64_PUT(cb, A64_LDR, 8, ES_LIB((int64_t)i->aux), A64_CYCLE, A64_ES);
        A64_PUT(cb, A64_BLR, 8, 0, A64_CYCLE);
        break;
    case A64_TAIL:
        a64_emit_epilogue(e, (uint32_t)i->imm);
        code_reloc(cb, code_at(cb), i->aux, A64_FIX_26);
        a64_put(cb, &(MInsn){.op = A64_B, .size = 8}, NULL);
        break;
    case A64_TAIL_REG:
        assert(loc[0] == A64_X9);
        a64_emit_epilogue(e, (uint32_t)i->imm);
        A64_PUT(cb, A64_BR, 8, 0, A64_X9);
        break;
    default: assert(false && "not a pseudo instruction");
    }
}

void a64_emit_insn(Emit *e, const MInsn *i, const uint32_t *loc) {
    switch ((A64Format)a64_row_of(i->op)->format) {
    case A64_F_PSEUDO: pseudo(e, i, loc); break;
    case A64_F_BCC:
    case A64_F_CB:
    case A64_F_TB: conditional(e, i, loc); break;
    case A64_F_B: {
        uint32_t to = e->m->block.at[e->block].succ.at[0].to;
        /* Under an emulator what leads to a loop ends before it, else the loop's first block is translated twice. */
        if (to != e->next_block || e->next_is_loop) jump_to(e, e->block_label[to]);
        break;
    }
    case A64_F_BR: A64_PUT(e->cb, i->op, 8, 0, loc[0]); break; /* operands behind the address are the call's */
    case A64_F_LDI:
    case A64_F_STI:
    case A64_F_LDF:
    case A64_F_STF: memory(e, i, loc); break;
    default: a64_put(e->cb, i, loc);
    }
}
