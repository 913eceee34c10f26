/* The sections of the binary format (spec 5.5.2): for decoder and encoder, and who takes apart what is not valid. */
#pragma once
#include "wasm/module.h"

enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNC,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEM,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
    SECTION_COUNT = SECTION_TAG, /* customs not counted */
    SECTION_LAST = 0xff          /* Custom.before: behind all others */
};
/* Ids in the order that sections must have. */
extern const uint8_t section_order[SECTION_COUNT];

enum { MAX_FIELDS = 10000 }; /* of a structure type */

/* Private to wasm/.  Fill in func_names from the name section.  What is wrong with that is no error: the names
 * before the fault count. */
void module_read_names(Module *m);
