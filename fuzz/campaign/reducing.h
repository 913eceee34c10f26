/* The campaign's reducer: one process beside the others that reduces a finding of each bucket that has none reduced,
 * one after the other, each within a bounded time. */
#pragma once
#include <sys/types.h>
#include "fuzz/campaign/campaign.h"

typedef struct Reducing {
    const char *root; /* of the findings */
    uint32_t seconds; /* for one */
    pid_t pid;        /* at work; 0: none */
    Arena arena;
    VEC(char *) tried; /* names of buckets */
} Reducing;

void reducing_open(Reducing *r, const char *root, uint32_t seconds);
/* See to it that the next bucket's turn comes; false: there is none, and nothing is at work. */
bool reducing_go_on(Reducing *r);
/* The bucket at work, or empty. */
const char *reducing_what(const Reducing *r);
/* What is at work ends soon, and keeps what it has. */
void reducing_close(Reducing *r);
