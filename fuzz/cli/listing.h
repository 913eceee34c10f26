/* Listings of machine code: disassembled by capstone, beside the wasm instructions it stands for. */
#pragma once
#include <stdio.h>
#include "run/compile.h"

/* The code of defined function `func`.  False when capstone does not know the ISA.  What is printed depends on module
 * and code alone; all addresses are offsets in the module's code. */
bool listing_print(FILE *out, const Module *m, const Code *code, uint32_t func);
/* function 3 "name" */
void listing_title(FILE *out, const Module *m, uint32_t func);
