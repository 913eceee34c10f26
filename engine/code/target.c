#include "code/target.h"
#include <string.h>

void target_pin(Target *t, uint32_t set) {
    for (uint32_t k = 0; k < PIN_COUNT; k++) t->callee_saved |= REG_BIT(t->pin[k]);
    for (uint32_t k = 0; k < PIN_COUNT; k++)
        if (set >> k & 1) t->callee_saved &= ~REG_BIT(t->pin[k]);
    t->pins = set;
    t->fuel = set >> PIN_FUEL & 1 ? t->pin[PIN_FUEL] : NO_PIN;
    t->context = set >> PIN_CONTEXT & 1 ? t->pin[PIN_CONTEXT] : NO_PIN;
    t->order[RC_INT] = t->int_order[set];
    t->norder[RC_INT] = t->nint_order[set];
}

const Target *target_find(const char *name) {
    static const Target *const all[] = {&target_x64, &target_a64};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}
