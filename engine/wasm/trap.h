/* Traps: why execution of a module ends early (spec 4.2.1, "trap").  The rows are trap.def's. */
#pragma once

typedef enum TrapKind {
#define TRAP(id, name, text) TRAP_##id,
#include "wasm/trap.def"
#undef TRAP
    TRAP_COUNT
} TrapKind;

const char *trap_name(TrapKind k); /* "memory-bounds" */
const char *trap_text(TrapKind k); /* the specification's wording */
