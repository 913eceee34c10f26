/* A leg as it is written: NAME[!full][:OPTION,...], for example a64:O1,bounds=explicit.  The option plant=NAME is no
 * knob: it plants a fault (plant.h). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "code/target.h"
#include "ir/build.h"
#include "run/mix.h"

typedef enum LegKind { LEG_INTERP, LEG_X64, LEG_A64, LEG_KINDS } LegKind;

enum { INTERRUPT_FUEL, INTERRUPT_EPOCH, INTERRUPT_NONE };
enum { NAN_CANONICAL, NAN_EXPLICIT, NAN_NATIVE };
enum { CPU_BASELINE, CPU_NATIVE, CPU_V3, VALUE_JOINS = 1 << 16 };

typedef struct LegSpec {
    LegKind kind;
    bool full;   /* the whole engine runs in a process of that ISA, not just the code */
    bool interp; /* with full: interpret there */
    uint32_t level, bounds, inlining, verify, far, charge, regs, cpu, opt_limit, mix; /* knobs, see knob.def */
    uint32_t plant; /* a fault planted on purpose: plant.h; 0: none */
    uint32_t tables, spectre, interrupt, stack, vmctx, callconv, nan;
    FuncSet interpret; /* interp=SET: functions that are interpreted */
    char text[200];    /* as written */
} LegSpec;

/* False and one line in `why` when the text means no leg. */
bool leg_spec_parse(LegSpec *s, const char *text, size_t n, char *why, size_t why_size);
/* A list; options hold commas too, so a new leg starts where a leg's name does: "interp,x64:O1,bounds=explicit,a64". */
bool leg_specs_parse(LegSpec *s, uint32_t max, uint32_t *n, const char *text, char *why, size_t why_size);
const char *leg_kind_name(LegKind k);
/* Does it count fuel?  One that does not can neither run a step that runs out of it, nor say how much is left. */
bool leg_counts_fuel(const LegSpec *s);
/* Does it leave the bits of NaNs to the processor? */
bool leg_nan_is_native(const LegSpec *s);

/* Stands for any number in a knob's values. */
typedef enum KnobHalf { KNOB_FRONT, KNOB_BACK } KnobHalf;
/* Groups of opcodes. */
typedef enum KnobOpcodes {
    KNOB_OPS_NONE,
    KNOB_OPS_CONTROL = 1,
    KNOB_OPS_MEMORY = 2,
    KNOB_OPS_TABLE = 4,
    KNOB_OPS_FLOAT = 8,
    KNOB_OPS_EXTENSION = 16, /* for which extensions of the instruction set have other instructions */
    KNOB_OPS_ALL = 31
} KnobOpcodes;
#define KNOB_NUMBER "N"
#define LEG_NO_LIMIT UINT32_MAX
/* Of knob i: how many values it has (0: there is no such knob), and one in how many cases is to have another than the
 * default, the first. */
uint32_t leg_knob_values(uint32_t i);
uint32_t leg_knob_seldom(uint32_t i);
/* Is value k of knob i any number below LEG_NO_LIMIT? */
bool leg_knob_takes_number(uint32_t i, uint32_t k);
/* Give knob i its value k, or `number`, also in the text; false, and nothing done, when that has no room for it. */
bool leg_knob_set(LegSpec *s, uint32_t i, uint32_t k, uint32_t number);
/* Is value k of knob i a set, that + joins with others? */
bool leg_knob_joins(uint32_t i, uint32_t k);
/* Join value k with what knob i was given last, both being sets, also in the text, which ends with it; false, and
 * nothing done, when that has no room for it. */
bool leg_knob_join(LegSpec *s, uint32_t i, uint32_t k);
/* Does the front half of the compiler depend on knob i (FrontKey), so that legs that have it alike may share that? */
bool leg_knob_is_front(uint32_t i);
/* The opcodes whose code knob i changes, as a set of KnobOpcodes. */
uint32_t leg_knob_opcodes(uint32_t i);
/* Give knob i, whose values are no sets, the value that `from` gives it, also in the text; false, and nothing done,
 * when that has no room for it. */
bool leg_knob_copy(LegSpec *s, uint32_t i, const LegSpec *from);
/* For listings: name, meaning and values of knob i; false past the last. */
bool leg_knob_exists(uint32_t i);
bool leg_knob_is_default(const LegSpec *s, uint32_t i);
bool knob_describe(uint32_t i, const char **name, const char **what, char *values, size_t size);
