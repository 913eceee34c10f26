/* Printing: a Module, or parts of it, in the text format (flat instructions).
 *
 * The text of a whole module assembles to an equal module.  Functions are called $name where the name section
 * gives them a name that the text format allows and no other function has; all else goes by
 * index.  Custom sections appear as comments.  The module must be valid. */
#pragma once
#include "base/text.h"
#include "wasm/decode.h"

enum { PRINT_OFFSETS = 1 }; /* a comment with its byte offset before each instruction */

void module_print(Text *t, const Module *m, uint32_t flags);
/* One function, with byte offsets.  The line of the instruction that covers byte `mark_offset` ends in
 * ";; <--"; NO_INDEX marks none. */
void module_print_func(Text *t, const Module *m, uint32_t func, uint32_t mark_offset);
/* One instruction, without the line's end. */
void instr_print(Text *t, const Module *m, const Instr *in);
/* A name or data as a string literal, quotes included. */
void text_put_string(Text *t, const void *bytes, uint32_t n);
