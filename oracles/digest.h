/* Digests of memory and of sequences: XXH3, from Debian's libxxhash-dev (header only). */
#pragma once
#include <stdint.h>

uint64_t digest(const void *p, uint64_t n);
uint64_t digest_mix(uint64_t h, uint64_t v);
