/* wabt's validator and assembler as a second opinion; wabt.cc where libwabt was found, else no_wabt.c, where it is not
 * here. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

bool wabt_here(void);
/* `features`: bits of Feature (wasm/opcode.h).  False, and why, when it rejects. */
bool wabt_validate(const uint8_t *bytes, size_t n, uint32_t features, char *why, size_t why_size);
/* Text to a binary, for free(). */
bool wabt_assemble(const char *text, uint8_t **bytes, size_t *n, char *why, size_t why_size);

#ifdef __cplusplus
}
#endif
