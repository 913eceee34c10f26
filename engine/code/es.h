/* Where compiled code finds things in the execution state (wasm/store.h), whose address is pinned in a
 * register.  Byte offsets, the same on both ISAs; code/ does not see wasm/, so run/ asserts that they agree. */
#pragma once

#define ES_FUEL 0
#define ES_DEPTH 8
#define ES_ENTRY_SP 16
#define ES_TRAP_KIND 24 /* 4 bytes */
#define ES_FAULT 28     /* 4 bytes */
#define ES_TRAP_PC 32
#define ES_TRAP_FP 40
#define ES_FAULT_ADDR 48
#define ES_EPOCH 72
#define ES_DEADLINE 80
#define ES_STACK_LIMIT 88
#define ES_NAN_NATIVE 96
#define ES_TRAP_STUBS 112
#define ES_TRAP_COUNT 16 /* of trap stubs */
#define ES_TRAP_STUB(k) (ES_TRAP_STUBS + 8 * (k))
#define ES_LIBS (ES_TRAP_STUBS + 8 * ES_TRAP_COUNT)
#define ES_LIB_COUNT 14 /* of library calls */
#define ES_LIB(k) (ES_LIBS + 8 * (k))
#define ES_STACK_TOP (ES_LIBS + 8 * ES_LIB_COUNT)
#define ES_EXIT_STUB (ES_STACK_TOP + 8)
#define ES_HOST (ES_STACK_TOP + 16)
#define ES_ARGS_OFFSET 384
#define ES_RESULTS_OFFSET 16384
#define ES_SLOT_BYTES 16 /* of an argument or result slot */

/* A call by way of the stub `apply` (code/target.h): what it takes and gives back. */
#define APPLY_CODE 0
#define APPLY_CONTEXT 8
#define APPLY_INT 16 /* 8 bytes each, in the order of the target's registers */
#define APPLY_INT_COUNT 8
#define APPLY_FLOAT (APPLY_INT + 8 * APPLY_INT_COUNT) /* 16 bytes each */
#define APPLY_FLOAT_COUNT 8

/* Kinds of the traps that code/ and the targets raise of their own accord; the others come as numbers in the IR. */
#define CODE_TRAP_MEMORY_BOUNDS 2
#define CODE_TRAP_EXHAUSTION 10
#define CODE_TRAP_FUEL 11
#define CODE_TRAP_INTERRUPT 15
