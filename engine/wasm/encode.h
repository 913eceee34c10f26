/* Encoding: a Module back to the binary format.
 *
 * The result is canonical: every LEB128 in its shortest form, sections in order, empty ones left out,
 * equal neighbours among local declarations merged; custom sections stay where they were
 * (Custom.before).  So decode(encode(m)) equals m but for byte offsets, and encoding that again gives the same
 * bytes.  Function bodies and constant expressions are taken from m->bytes, instruction by
 * instruction: `m` must be valid. */
#pragma once
#include "wasm/module.h"

/* The bytes live in `arena`, which may bail; *size is their number. */
uint8_t *module_encode(Arena *arena, const Module *m, uint32_t *size);
