#include "code/target.h"
#include <string.h>

const Target *target_find(const char *name) {
    static const Target *const all[] = {&target_x64, &target_a64};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}
