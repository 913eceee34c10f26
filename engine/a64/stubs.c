/* The stubs through which C enters compiled code and traps leave it; code/target.h says what each must do.
 *
 * The enter frame, on the stack of the caller of `enter`, from sp up:
 *     0  x29 x30    16  x19..x28    96  d8..d15 (all that AAPCS64 wants kept)    160  FPCR, es->entry_sp before
 * es->entry_sp points to it while compiled code runs, so exit finds it from any depth and on any stack.  A nested
 * enter (a host function that calls back) is on es's stack already, stays there and puts the outer entry_sp back
 * when it ends. */
#include "a64/frame.h"
#include "base/bits.h"
#include "code/es.h"

enum { FRAME = 176, AT_INT = 16, AT_FLOAT = 96, AT_OLD = 160, FPCR_DN_BIT = 25 };

static void callee_saved(CodeBuf *cb, bool load) {
    for (uint32_t k = 0; k < 10; k += 2) {
        A64_PUT(cb, load ? A64_LDP : A64_STP, 8, AT_INT + 8 * k, A64_X19 + k, A64_X19 + k + 1, A64_SP);
    }
    for (uint32_t k = 0; k < 8; k += 2) {
        A64_PUT(cb, load ? A64_LDPF : A64_STPF, 8, AT_FLOAT + 8 * k, A64_V0 + 8 + k, A64_V0 + 9 + k, A64_SP);
    }
}

static void branch_back(CodeBuf *cb, uint32_t to) {
    uint32_t at = code_at(cb);
    a64_put(cb, &(MInsn){.op = A64_B, .size = 8, .imm = (int64_t)to - (int64_t)at}, NULL);
}

/* x0: es, x1: code, x2: context */
static void enter(CodeBuf *cb) {
    A64_PUT(cb, A64_STP_PRE, 8, -FRAME, A64_FP, A64_LR, A64_SP);
    callee_saved(cb, false);
    A64_PUT(cb, A64_ORR, 8, 0, A64_ES, A64_ZR, 0);
    A64_PUT(cb, A64_MRS_FPCR, 8, 0, 9);
    A64_PUT(cb, A64_LDR, 8, ES_ENTRY_SP, 10, A64_ES);
    A64_PUT(cb, A64_STP, 8, AT_OLD, 9, 10, A64_SP);
    A64_PUT(cb, A64_LDR, 8, ES_NAN_NATIVE, 11, A64_ES); /* 0 or 1 */
    A64_PUT(cb, A64_MOVZ, 8, 1, 12);
    A64_PUT(cb, A64_SUB, 8, 0, 11, 12, 11);
    A64_PUT(cb, A64_ORR, 8, FPCR_DN_BIT, 11, A64_ZR,
            11); /* round to nearest, no flush to zero, no trapped exceptions */
    A64_PUT(cb, A64_MSR_FPCR, 8, 0, 11);
    A64_PUT(cb, A64_ADDI, 8, 0, 12, A64_SP);
    A64_PUT(cb, A64_STR, 8, ES_ENTRY_SP, 12, A64_ES);
    A64_PUT(cb, A64_CBNZ, 8, 12, 10); /* nested: over the next two */
    A64_PUT(cb, A64_LDR, 8, ES_STACK_TOP, 12, A64_ES);
    A64_PUT(cb, A64_ADDI, 8, 0, A64_SP, 12);
    A64_PUT(cb, A64_MOVZ, 8, 0, A64_FP); /* ends the backtrace */
    A64_PUT(cb, A64_LDP, 8, ES_FUEL, A64_FUEL, A64_DEPTH, A64_ES);
    A64_PUT(cb, A64_ORR, 8, 0, 9, A64_ZR, 1);
    A64_PUT(cb, A64_ORR, 8, 0, 0, A64_ZR, 2); /* the context, by either convention */
    A64_PUT(cb, A64_ORR, 8, 0, A64_CONTEXT, A64_ZR, 2);
    A64_PUT(cb, A64_BLR, 8, 0, 9);
    A64_PUT(cb, A64_MOVZ, 4, 0, 0);
}

/* w0: what enter returns */
static void leave(CodeBuf *cb) {
    A64_PUT(cb, A64_STP, 8, ES_FUEL, A64_FUEL, A64_DEPTH, A64_ES);
    A64_PUT(cb, A64_LDR, 8, ES_ENTRY_SP, 12, A64_ES);
    A64_PUT(cb, A64_ADDI, 8, 0, A64_SP, 12);
    A64_PUT(cb, A64_LDP, 8, AT_OLD, 9, 10, A64_SP);
    A64_PUT(cb, A64_MSR_FPCR, 8, 0, 9);
    A64_PUT(cb, A64_STR, 8, ES_ENTRY_SP, 10, A64_ES);
    callee_saved(cb, true);
    A64_PUT(cb, A64_LDP_POST, 8, FRAME, A64_FP, A64_LR, A64_SP);
    A64_PUT(cb, A64_RET, 8, 0, A64_LR);
}

/* x0: what is called, with its arguments, and where the results go.  The context goes to its register by both
 * conventions. */
static void apply(CodeBuf *cb) {
    const Target *t = &target_a64;
    A64_PUT(cb, A64_STP_PRE, 8, -32, A64_FP, A64_LR, A64_SP);
    A64_PUT(cb, A64_ADDI, 8, 0, A64_FP, A64_SP);
    A64_PUT(cb, A64_STR, 8, 16, 0, A64_SP);
    A64_PUT(cb, A64_LDP, 8, APPLY_CODE, A64_X9, A64_CONTEXT, 0);
    for (uint32_t k = 0; k < t->narg[RC_FLOAT]; k++)
        A64_PUT(cb, A64_LDRQ, 16, APPLY_FLOAT + 16 * k, t->arg[RC_FLOAT][k], 0);
    for (uint32_t k = t->narg[RC_INT]; k > 0; k -= 2) /* x0 in the end */
        A64_PUT(cb, A64_LDP, 8, APPLY_INT + 8 * (k - 2), t->arg[RC_INT][k - 2], t->arg[RC_INT][k - 1], 0);
    A64_PUT(cb, A64_BLR, 8, 0, A64_X9);
    A64_PUT(cb, A64_LDR, 8, 16, A64_X9, A64_SP);
    for (uint32_t k = 0; k < t->nres[RC_INT]; k += 2)
        A64_PUT(cb, A64_STP, 8, APPLY_INT + 8 * k, t->res[RC_INT][k], t->res[RC_INT][k + 1], A64_X9);
    for (uint32_t k = 0; k < t->nres[RC_FLOAT]; k++)
        A64_PUT(cb, A64_STRQ, 16, APPLY_FLOAT + 16 * k, t->res[RC_FLOAT][k], A64_X9);
    A64_PUT(cb, A64_LDP_POST, 8, 32, A64_FP, A64_LR, A64_SP);
    A64_PUT(cb, A64_RET, 8, 0, A64_LR);
}

void a64_emit_stubs(CodeBuf *cb, StubOffsets *out) {
    code_align(cb, 16, 0);
    uint32_t start = code_at(cb);
    out->enter = start;
    enter(cb);
    a64_put(cb, &(MInsn){.op = A64_B, .size = 8, .imm = 8}, NULL); /* over the first instruction of exit */
    out->exit = code_at(cb);
    A64_PUT(cb, A64_LDR, 4, ES_TRAP_KIND, 0, A64_ES);
    leave(cb);
    uint32_t common = code_at(cb); /* w16: kind, x30: return address of the trap stub's call */
    A64_PUT(cb, A64_STR, 4, ES_TRAP_KIND, A64_CYCLE, A64_ES);
    A64_PUT(cb, A64_STR, 4, ES_FAULT, A64_ZR, A64_ES);
    A64_PUT(cb, A64_STR, 8, ES_TRAP_PC, A64_LR, A64_ES);
    A64_PUT(cb, A64_STR, 8, ES_TRAP_FP, A64_FP, A64_ES);
    branch_back(cb, out->exit);
    for (uint32_t k = 0; k < sizeof out->trap / sizeof *out->trap; k++) {
        out->trap[k] = code_at(cb);
        A64_PUT(cb, A64_MOVZ, 4, k, A64_CYCLE);
        branch_back(cb, common);
    }
    out->apply = code_at(cb);
    apply(cb);
    out->size = code_at(cb) - start;
}
