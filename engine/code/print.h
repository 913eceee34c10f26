/* Dumps of machine IR, and the machine verifier. */
#pragma once
#include "code/alloc.h"

void mach_print(Text *out, const MFn *m, const Target *t, const Alloc *ra); /* ra may be NULL */
/* Shape: operand kinds and classes as the opcode has them, blocks end with branches, edges match parameters, every use
 * is dominated by a def. */
bool mach_verify(const MFn *m, const Target *t, char *msg, uint32_t size);
