/* Registers of aarch64, and which of them compiled code may use for what.
 *
 * Numbers are those of code/mach.h: 0..31 are x0..x30 and the register whose meaning the instruction decides (sp or
 * xzr), 32..63 are v0..v31.  Those named here but for x9 are reserved, so never in an allocation order; x18 is the
 * platform's and never touched.
 *
 * In our convention x19..x24 and x26 are the callee's to save, all v registers the caller's (AAPCS64 keeps the low half
 * of v8..v15 only, which is of no use to a class that also holds v128). */
#pragma once
#include "code/mach.h"

enum {
    A64_X9 = 9,       /* code address of an indirect tail call: caller-saved, no argument */
    A64_CYCLE = 16,   /* breaks cycles of integer moves; code address of trap stubs and library calls */
    A64_SCRATCH = 17, /* addresses and constants within the code of one instruction or move */
    A64_X19 = 19,
    A64_DEPTH = 25,   /* the call depth that is left */
    A64_CONTEXT = 26, /* may be pinned: the context, */
    A64_FUEL = 27,    /* the fuel that is left */
    A64_ES = 28,      /* the execution state */
    A64_FP = 29,
    A64_LR = 30,
    A64_SP = 31, /* by the instruction's class, one or */
    A64_ZR = 31, /* the other */
    A64_V0 = REG_FLOAT,
    A64_VSCRATCH = REG_FLOAT + 30, /* slot to slot moves; with the next one the table of a shuffle */
    A64_VCYCLE = REG_FLOAT + 31    /* breaks cycles of float moves */
};

/* Condition codes as encoded; a code and its negation differ in bit 0. */
typedef enum A64Cc {
    CC_EQ,
    CC_NE,
    CC_HS,
    CC_LO,
    CC_MI,
    CC_PL,
    CC_VS,
    CC_VC,
    CC_HI,
    CC_LS,
    CC_GE,
    CC_LT,
    CC_GT,
    CC_LE,
    CC_AL
} A64Cc;

enum { A64_LSL, A64_LSR, A64_ASR, A64_ROR };                                             /* shifted register */
enum { A64_UXTB, A64_UXTH, A64_UXTW, A64_UXTX, A64_SXTB, A64_SXTH, A64_SXTW, A64_SXTX }; /* extended register */
