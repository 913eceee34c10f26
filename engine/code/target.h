/* Target: the whole contract of an ISA.  Everything else (liveness, allocation, moves, layout, labels, constants)
 * is shared.  See x64/target.c and a64/target.c. */
#pragma once
#include "base/text.h"
#include "code/codebuf.h"
#include "code/mach.h"

typedef struct Lower Lower;
typedef struct Emit Emit;
typedef struct Alloc Alloc;
typedef struct StubOffsets StubOffsets;

/* What a function compiles for; a bit set the target defines (x64/target.h, a64/target.h). */
typedef uint32_t CpuFeatures;

/* What keeps compiled code on its native stack, below which lie STACK_GUARD_BYTES that fault:
 * GUARD: those; a frame larger than a page touches each of its pages in order, and what calls C the lowest that C may
 *   need, so that no access steps over the guard.
 * LIMIT: a comparison with ExecState.stack_limit in the prologue, left out in leaf functions with small frames. */
typedef enum StackMode { STACK_GUARD, STACK_LIMIT } StackMode;
enum {
    STACK_PAGE = 4096,
    STACK_C_BYTES = 64 << 10, /* what a library call may take; above the guard, below the limit */
    STACK_GUARD_BYTES =
        STACK_C_BYTES + STACK_PAGE, /* less than a page at a frame's end may not have been touched yet */
    STACK_RED_ZONE = 128            /* a leaf's frame of this size may lie below the limit */
};

/* Where parameters are that find no register (code/abi.c):
 * STATE: in the execution state; the native stack carries none.
 * TAIL: on the native stack, and the callee takes them off.
 * FAST: on the native stack, where those of internal functions (Fn.internal) stay for the caller's next call. */
typedef enum CallConv { CALLCONV_STATE, CALLCONV_TAIL, CALLCONV_FAST, CALLCONV_COUNT } CallConv;

typedef struct TargetOptions {
    CpuFeatures cpu;
    bool far_branches;  /* use the long form of every conditional branch */
    bool fault_charges; /* a64: a counter that runs out faults instead of branching; cheap under an emulator */
    bool emulated;      /* a64: an emulator translates the code, a block at a time: up to the next branch */
    bool probe_stores;  /* a64: touch the last byte before a store of several bytes that may fault, on real hardware */
    StackMode stack;
    bool spectre;        /* indices of jump tables are cut by data flow, on a64 behind a barrier */
    bool nan_canon;      /* a64: the hardware's default-NaN mode is on, so fcanon is free; x64: NaNs become canonical
                            behind each operation, which so may leave any bits in them */
    uint32_t *rule_hits; /* becomes Lower.rule_hits; may be NULL */
} TargetOptions;

typedef struct MInsnInfo { /* one row of insn.def */
    const char *name;
    uint8_t format; /* the target's */
    uint8_t flags;
} MInsnInfo;

/* What may be pinned to a register besides the execution state; as bit numbers of a set. */
enum { PIN_FUEL, PIN_CONTEXT, PIN_COUNT, PIN_SETS = 1 << PIN_COUNT };
#define NO_PIN 0xff

typedef struct Target {
    const char *name;      /* "x64", "a64" */
    const MInsnInfo *insn; /* by opcode - M_TARGET */
    uint32_t ninsn;

    /* registers */
    const uint8_t *order[RC_COUNT]; /* allocatable registers, the preferred first; physical numbers 0..63 */
    uint8_t norder[RC_COUNT];
    RegSet callee_saved;       /* of compiled code's own convention */
    uint8_t scratch[RC_COUNT]; /* not allocatable: breaks cycles of moves */
    const RegSet *clobber;     /* [0] nothing, [1] call by our convention, [2] C call, others the target's own */
    void (*print_reg)(Text *t, uint32_t phys, uint32_t size);

    /* our convention: the context and the integer parameters in order, the float parameters in order; what finds no
     * register goes to es->args[i], where i is the index among the wasm parameters (the context is not counted), or,
     * unless it is CALLCONV_STATE, to the stack; results to es->results[i] */
    CallConv callconv;
    const uint8_t *arg[RC_COUNT];
    uint8_t narg[RC_COUNT];
    const uint8_t *res[RC_COUNT];
    uint8_t nres[RC_COUNT];
    /* the platform's C convention, integers only */
    const uint8_t *c_arg;
    uint8_t nc_arg, c_res;
    /* Pinned registers, of those that C saves; NO_PIN: none.  `fuel` holds ExecState.fuel while compiled code runs,
     * which is in its place in memory around library calls and outside; NO_PIN: code does not count fuel.  `depth`
     * holds ExecState.depth in the same way; NO_PIN: code counts in memory.  `context` holds the function's context,
     * which then takes no argument register: who calls by reference sets it and puts its own back afterwards, from its
     * frame.  See target_pin. */
    uint8_t context;
    uint32_t pins; /* the set */
    uint8_t fuel, depth;
    uint8_t pin[PIN_COUNT];             /* which registers serve */
    const uint8_t *int_order[PIN_SETS]; /* order[RC_INT] by the set of pins */
    uint8_t nint_order[PIN_SETS];

    bool dear_memory; /* an emulator translates loads and stores, at several times the cost of other instructions */

    /* lowering (called backward over a block; see lower.h): emit instructions for `v` in forward order */
    void (*lower)(Lower *l, Val v);
    /* the pieces that lowering of calls shares (abi.c decides where operands go) */
    void (*lower_es_load)(Lower *l, Reg def, uint32_t offset, IrType t); /* from the execution state */
    void (*lower_es_store)(Lower *l, Reg use, uint32_t offset, IrType t);
    /* to and from the frame's argument area, `offset` bytes from its end (negative): MF_ARGS; or, `out`, to what the
     * next call finds there, `offset` bytes from the stack pointer */
    void (*lower_arg_load)(Lower *l, Reg def, int32_t offset, IrType t);
    void (*lower_arg_store)(Lower *l, Reg use, bool out, int32_t offset, IrType t);
    /* `call` has its operands and clobbers set by the caller; fill in the opcode and what else it needs (also by
     * lower_opnd, and by changing operands in place).  CALLEE_REF: operand 0 is the code address, USE OC_REG; of a tail
     * call, it must be constrained here to a register that the tearing down of the frame leaves alone. CALLEE_FUNC: aux
     * is the function, CALLEE_LIB: the library call. */
    void (*lower_call)(Lower *l, const Callee *callee, bool tail, MInsn *call);
    void (*lower_ret)(Lower *l, MInsn *ret);

    /* emission, after allocation */
    void (*emit_prologue)(Emit *e);
    void (*emit_context)(Emit *e);            /* behind a call: the pinned context from the frame */
    void (*emit_popped)(Emit *e, uint32_t n); /* behind a call that took n bytes off: they are the frame's again */
    /* loc: of its operands.  Never sees M_NOP, M_PARAMS, M_MOVE, M_UNDEF (emit.c does them).  The driver puts the
     * SITE_CALL of MF_CALL instructions that do not end a block; the instruction itself puts code_site(SITE_FAULT) at
     * an address that may fault. */
    void (*emit_insn)(Emit *e, const MInsn *i, const uint32_t *loc);
    void (*emit_move)(Emit *e, uint32_t from, uint32_t to,
                      IrType t); /* Locs; leaves flags alone: moves stand between any two instructions */
    void (*emit_trap_stub)(CodeBuf *cb, uint8_t trap);                    /* call es->trap_stub[trap] */
    bool (*patch)(uint8_t *code, uint32_t at, uint8_t kind, uint32_t to); /* a fixup or reloc; false: out of range */
    /* upper bound of the bytes an instruction takes, to choose far branches */
    uint32_t max_insn_bytes;
    uint8_t fill; /* byte between functions: traps when executed */

    /* text of an allocated instruction, for dumps; the encoder tests hold it against a disassembler */
    void (*print_insn)(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc); /* loc NULL: virtual registers */
    /* entry, exit and trap stubs of a region; see stubs.h */
    void (*emit_stubs)(CodeBuf *cb, StubOffsets *out);
} Target;

/* Offsets of the stubs in the code they were emitted to.
 *
 * enter: by the platform's C convention
 *     uint32_t enter(ExecState *es, const void *code, void *ctx)
 * saves what C wants saved, pins es and loads the counters that have registers, stores the stack pointer in
 * es->entry_sp, switches to es->stack_top, sets the float mode, calls code(ctx) by our convention, restores, and
 * returns 0 - or es->trap_kind when left by a trap.
 *
 * exit: stores the counters, restores es->entry_sp and returns es->trap_kind from `enter`.  The signal handler jumps
 * here; only the pinned registers need be right, and it leaves those of the counters as the faulting code had it.
 *
 * apply: by our convention, for `enter` to call with the address of an Apply (run/exec.h) as context.  Loads all
 * argument registers from there, pins the context, calls the code, and stores all result registers there.  So it
 * serves every signature without arguments on the stack, and an emulator translates it once.  Keeps no register.
 *
 * trap[k]: called by trap stubs; stores k to es->trap_kind, its return address to es->trap_pc, the frame pointer to
 * es->trap_fp, 0 to es->fault, and goes on at exit. */
struct StubOffsets {
    uint32_t enter, exit, apply, trap[32];
    uint32_t size;
};

/* The frame of compiled code, as the backtrace walks it: [fp] = caller's fp, [fp + 8] = return address, on both ISAs.
 */

extern const Target target_x64, target_a64;
const Target *target_find(const char *name);
/* Pin exactly what is in the set; registers that then serve nothing are allocatable. */
void target_pin(Target *t, uint32_t set);
