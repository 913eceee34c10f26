/* Planted faults: wrong instructions that a leg can be given on purpose (leg option `plant=NAME`), through the stages
 * of the compiler.  For controlled experiments and tests: is the fault found, how fast, and is it reduced and named?
 * The list is plant.def. */
#pragma once
#include "ir/stage.h"
#include "oracles/legs/spec.h"

enum {
    PLANT_COUNT = 0
#define PLANT(id, name, isa, opcode, stage, change, what) +1
#include "oracles/legs/plant.def"
#undef PLANT
};

typedef struct PlantInfo {
    const char *name, *opcode, *what; /* the opcode's text ("adaptor": no instruction), and what it does wrong */
    uint32_t legs;                    /* bit set of LegKind: those that can have it */
} PlantInfo;
extern const PlantInfo plant_info[PLANT_COUNT];

/* Number + 1 of the plant of that name that a leg of this kind can have; 0: there is none. */
uint32_t plant_find(LegKind kind, const char *name, size_t n);

/* Stages with a plant in them; others run behind it. */
typedef struct PlantStages {
    Stages stages;
    Stages adaptors; /* of adaptors; no hooks where the plant is not in them */
    const Stages *next;
    uint32_t plant; /* its number */
} PlantStages;
/* `plant`: as plant_find gives it, not 0.  `next` may be NULL; both must outlive the stages. */
void plant_stages_init(PlantStages *p, uint32_t plant, const Stages *next);
