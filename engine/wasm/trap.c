#include "wasm/store.h"

typedef struct TrapRow {
    const char *name, *text;
} TrapRow;

static const TrapRow trap_row[TRAP_COUNT] = {
#define TRAP(id, name, text) {name, text},
#include "wasm/trap.def"
#undef TRAP
};

const char *trap_name(TrapKind k) { return trap_row[k].name; }
const char *trap_text(TrapKind k) { return trap_row[k].text; }
