/* Stubs of a region on x86-64: how C enters compiled code, and the ways out.
 *
 * enter's frame, which es->entry_sp points to while code runs; from there up:
 *   MXCSR of the caller (8 bytes), the previous es->entry_sp, r15, r14, r13, r12, rbx, rbp, return address.
 * A call from C made while other compiled code is active (a host function that calls back) stays on the stack it is on,
 * for that one lies above it; only the outermost, which finds entry_sp 0, goes to es->stack_top.  The exits take the
 * innermost frame. Compiled code starts with rbp 0, where the walk of a backtrace ends. */
#include <string.h>
#include "base/bits.h"
#include "code/es.h"
#include "x64/abi.h"
#include "x64/insn.h"

static const uint8_t saved[] = {X64_RBP, X64_RBX, X64_R12, X64_R13, X64_R14, X64_R15};
enum { NSAVED = sizeof saved, MXCSR_DEFAULT = 0x1f80 }; /* round to nearest, all exceptions masked, denormals kept */

static void load_es(CodeBuf *cb, uint32_t size, uint32_t reg, int32_t offset) {
    X64_PUT(cb, LD, size, offset, reg, X64_STATE);
}
static void store_es(CodeBuf *cb, uint32_t size, uint32_t reg, int32_t offset) {
    X64_PUT(cb, ST, size, offset, reg, X64_STATE);
}

static void put_enter(CodeBuf *cb) { /* rdi: state, rsi: code, rdx: context */
    for (uint32_t k = 0; k < NSAVED; k++) X64_PUT(cb, PUSH, 8, 0, saved[k]);
    X64_PUT(cb, MOV, 8, 0, X64_STATE, X64_RDI);
    load_es(cb, 8, X64_RAX, ES_ENTRY_SP);
    X64_PUT(cb, PUSH, 8, 0, X64_RAX);
    X64_PUT(cb, SUB_I, 8, 8, X64_RSP, X64_RSP);
    X64_PUT(cb, STMXCSR, 4, 0, X64_RSP);
    store_es(cb, 8, X64_RSP, ES_ENTRY_SP);
    X64_PUT(cb, TEST, 8, 0, X64_RAX, X64_RAX);
    uint32_t nested = x64_put_short(cb, X64_NE);
    load_es(cb, 8, X64_RSP, ES_STACK_TOP);
    x64_bind_short(cb, nested);
    X64_PUT(cb, AND_I, 8, -16, X64_RSP, X64_RSP);
    X64_PUT(cb, PUSH, 8, 0, X64_RAX); /* room for mxcsr, and the alignment again */
    x64_put_mem_imm(cb, X64_ST_I, 4, X64_RSP, 0, MXCSR_DEFAULT);
    X64_PUT(cb, LDMXCSR, 4, 0, X64_RSP);
    X64_PUT(cb, POP, 8, 0, X64_RAX);
    X64_PUT(cb, XOR, 4, 0, X64_RBP, X64_RBP, X64_RBP);
    load_es(cb, 8, X64_FUEL, ES_FUEL);
    X64_PUT(cb, MOV, 8, 0, X64_RDI, X64_RDX); /* the context, by either convention */
    X64_PUT(cb, MOV, 8, 0, X64_CONTEXT, X64_RDX);
    X64_PUT(cb, CALL_R, 8, 0, X64_RSI);
    X64_PUT(cb, XOR, 4, 0, X64_RAX, X64_RAX, X64_RAX);
}

/* Back to the caller of the innermost enter with the result in eax. */
static void put_leave(CodeBuf *cb) {
    store_es(cb, 8, X64_FUEL, ES_FUEL);
    load_es(cb, 8, X64_RSP, ES_ENTRY_SP);
    X64_PUT(cb, LDMXCSR, 4, 0, X64_RSP);
    X64_PUT(cb, ADD_I, 8, 8, X64_RSP, X64_RSP);
    X64_PUT(cb, POP_M, 8, ES_ENTRY_SP, X64_STATE);
    for (uint32_t k = NSAVED; k-- > 0;) X64_PUT(cb, POP, 8, 0, saved[k]);
    X64_PUT0(cb, RETN, 8);
}

static void put_jump_back(CodeBuf *cb, uint32_t to) {
    uint32_t at = code_at(cb);
    X64_PUT0(cb, JMP_D, 8);
    x64_patch(cb->code.at, at + 1, X64_REL32, to);
}

/* rdi: what is called, with its arguments, and where the results go.  The context goes to its register by both
 * conventions. */
static void put_apply(CodeBuf *cb) {
    X64_PUT(cb, PUSH, 8, 0, X64_RBP);
    X64_PUT(cb, MOV, 8, 0, X64_RBP, X64_RSP);
    X64_PUT(cb, PUSH, 8, 0, X64_RDI);
    X64_PUT(cb, PUSH, 8, 0, X64_RDI); /* alignment */
    X64_PUT(cb, LD, 8, APPLY_CODE, X64_SCRATCH, X64_RDI);
    X64_PUT(cb, LD, 8, APPLY_CONTEXT, X64_CONTEXT, X64_RDI);
    for (uint32_t k = 0; k < sizeof x64_float_arg; k++)
        X64_PUT(cb, LDUPS, 16, APPLY_FLOAT + 16 * (int32_t)k, x64_float_arg[k], X64_RDI);
    for (uint32_t k = sizeof x64_int_arg; k-- > 0;) /* rdi in the end */
        X64_PUT(cb, LD, 8, APPLY_INT + 8 * (int32_t)k, x64_int_arg[k], X64_RDI);
    X64_PUT(cb, CALL_R, 8, 0, X64_SCRATCH);
    X64_PUT(cb, POP, 8, 0, X64_SCRATCH);
    for (uint32_t k = 0; k < sizeof x64_int_res; k++)
        X64_PUT(cb, ST, 8, APPLY_INT + 8 * (int32_t)k, x64_int_res[k], X64_SCRATCH);
    for (uint32_t k = 0; k < sizeof x64_float_res; k++)
        X64_PUT(cb, STUPS, 16, APPLY_FLOAT + 16 * (int32_t)k, x64_float_res[k], X64_SCRATCH);
    X64_PUT(cb, POP, 8, 0, X64_SCRATCH);
    X64_PUT(cb, POP, 8, 0, X64_RBP);
    X64_PUT0(cb, RETN, 8);
}

void x64_emit_stubs(CodeBuf *cb, StubOffsets *out) {
    memset(out, 0, sizeof *out);
    uint32_t start = code_at(cb);
    out->enter = start;
    put_enter(cb);
    uint32_t leave = code_at(cb);
    put_leave(cb);
    code_align(cb, 16, 0xcc);
    out->exit = code_at(cb);
    load_es(cb, 4, X64_RAX, ES_TRAP_KIND);
    put_jump_back(cb, leave);
    code_align(cb, 16, 0xcc);
    uint32_t trapped = code_at(cb); /* on top of the stack: where the trap was */
    X64_PUT(cb, POP_M, 8, ES_TRAP_PC, X64_STATE);
    store_es(cb, 8, X64_RBP, ES_TRAP_FP);
    x64_put_mem_imm(cb, X64_ST_I, 4, X64_STATE, ES_FAULT, 0);
    put_jump_back(cb, out->exit);
    for (uint32_t k = 0; k < sizeof out->trap / sizeof *out->trap; k++) {
        code_align(cb, 16, 0xcc);
        out->trap[k] = code_at(cb);
        x64_put_mem_imm(cb, X64_ST_I, 4, X64_STATE, ES_TRAP_KIND, (int32_t)k);
        put_jump_back(cb, trapped);
    }
    code_align(cb, 16, 0xcc);
    out->apply = code_at(cb);
    put_apply(cb);
    out->size = code_at(cb) - start;
}
