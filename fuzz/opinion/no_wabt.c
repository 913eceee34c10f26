#include "fuzz/opinion/wabt.h"

bool wabt_here(void) { return false; }

bool wabt_validate(const uint8_t *bytes, size_t n, uint32_t features, char *why, size_t why_size) {
    (void)bytes, (void)n, (void)features, (void)why, (void)why_size;
    return false;
}

bool wabt_assemble(const char *text, uint8_t **bytes, size_t *n, char *why, size_t why_size) {
    (void)text, (void)bytes, (void)n, (void)why, (void)why_size;
    return false;
}
