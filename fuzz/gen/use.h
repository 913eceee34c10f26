/* Use: what became of cases when they ran: how much was executed, and how much for nothing. */
#pragma once
#include <stdio.h>
#include "oracles/differ.h"

enum { USE_IMMEDIATE = 20, USE_ENOUGH = 50, USE_BUCKETS = 20 };

typedef struct Use {
    uint64_t cases;
    uint64_t invalid;       /* rejected, or with a damaged plan */
    uint64_t not_instantiated;
    uint64_t useful;        /* some step executed USE_ENOUGH instructions and returned */
    uint64_t small;         /* not useful: no step executed so many */
    uint64_t steps, returned, trapped;
    uint64_t immediate;     /* steps that trapped within USE_IMMEDIATE instructions */
    uint64_t start_trapped;
    uint64_t trap[TRAP_COUNT];
    uint64_t executed;      /* instructions, by the fuel taken, steps and start functions */
    uint64_t most;          /* of one case */
    uint64_t bucket[USE_BUCKETS]; /* cases by log2 of the instructions executed */
    uint64_t host_calls;
} Use;

/* Add a case as one leg saw it. */
void use_add(Use *u, const Case *c, const Observation *o);
void use_print(FILE *f, const Use *u);
