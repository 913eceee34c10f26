/* Rework: copies of a module in which some instructions of one function are done by functions of their own, or are
 * recorded.
 *
 * Outlined, an instruction is a call of a helper that does it alone; so mixed execution can leave single instructions
 * to the interpreter.  Recorded, an instruction's operands and results go to a memory of their own. */
#pragma once
#include "fuzz/edit/edit.h"
#include "fuzz/edit/flow.h"

/* An instruction of the function in question, and what it takes and leaves. */
typedef struct Site {
    uint32_t at; /* index in the code */
    uint32_t nparam, nresult;
    const ValType *param, *result;
    bool control; /* br_if, if, br_table: it cannot be outlined; its condition is the one operand */
} Site;

typedef struct Rework {
    Arena *a;
    Edit e;        /* the module as it is */
    uint32_t body; /* of the function */
    VEC(Site) site;
} Rework;

/* False: the module cannot be read (it is valid, so that is a lack of memory). */
bool rework_open(Rework *w, Arena *a, const uint8_t *bytes, uint32_t n, Features features, uint32_t func);

typedef struct ReworkBytes {
    const uint8_t *at;
    uint32_t n;
    uint32_t helper, nhelper; /* functions [helper, helper + nhelper) are the instructions outlined */
    uint32_t mem;             /* memory with the record */
} ReworkBytes;

enum { REWORK_FUEL = 16 }; /* a copy has so many times the fuel, within reason */

/* Sites with which[i] set become calls.  Control sites are left alone. */
ReworkBytes rework_outline(const Rework *w, Arena *a, const uint8_t *which);

/* Sites with which[i] set are recorded, all that leave nothing and control sites by their operands, the others by their
 * results; `whole`: operands and results of all. */
ReworkBytes rework_record(const Rework *w, Arena *a, const uint8_t *which, bool whole);
/* The record is at the start of memory `mem`: how many bytes of it are used (u32), then at RECORD_HEAD records. */
typedef struct Record {
    uint8_t value[16];
    uint32_t site;
    uint16_t index; /* of the operand, or of the result */
    uint16_t result;
    uint64_t pad;
} Record;
enum { RECORD_HEAD = 32, RECORD_PAGES = 16 };
