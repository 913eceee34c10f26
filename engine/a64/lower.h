/* What the parts of aarch64's lowering share: lower.c has the helpers and the dispatch, lower_int.c, lower_div.c,
 * lower_cond.c, lower_mem.c, lower_float.c, lower_vector.c and lower_lane.c the rules by kind of operation.
 *
 * Registers of i32 values have an unspecified upper half: each user reads 32 bits, and what widens one says so
 * (uxtw, mov w). Flags live within one Target.lower call only. */
#pragma once
#include "a64/insn.h"
#include "a64/regs.h"
#include "a64/target.h"
#include "code/lower.h"

#define A64_HIT(l, rule) ((void)((l)->rule_hits && (l)->rule_hits[A64_RULE_##rule]++))

static inline IrType a64_type(const Lower *l, Val v) { return (IrType)lower_ins(l, v)->type; }
static inline uint64_t a64_mask(uint32_t size) { return size == 4 ? UINT32_MAX : UINT64_MAX; }

/* Demand v.  Sees through what costs nothing: es, wrap (so the register may be that of an i64), fcanon when free. */
Reg a64_reg(Lower *l, Val v);
Reg a64_reg_or_zero(Lower *l, Val v);                 /* the zero register for constant 0; where register 31 means zr */
bool a64_is_const(const Lower *l, Val v, uint64_t c); /* v is that constant, in v's width */
/* v is `op`, has no other user and is not in a register anyway: folding it saves an instruction. */
bool a64_sole(const Lower *l, Val v, IrOp op);
bool a64_canon_free(const Lower *l, const Ins *i);  /* the fcanon i has nothing to do */
bool a64_vcanon_free(const Lower *l, const Ins *i); /* i is a canon of lanes and has nothing to do */

/* Append an instruction with result d and operands; the pointer is good until the next one. */
MInsn *a64_ins1(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a);
MInsn *a64_ins2(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, Reg b);
MInsn *a64_ins3(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, Reg b, Reg c);
/* d in the register of a, which the instruction changes; further operands are the caller's */
MInsn *a64_tied(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a);
void a64_imm(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, uint64_t imm);
void a64_move(Lower *l, Reg d, Reg a);
/* A constant: in d, or in a new register. */
void a64_constant_to(Lower *l, Reg d, uint32_t size, uint64_t c);
Reg a64_constant(Lower *l, uint32_t size, uint64_t c);
/* op: ubfm or sbfm; see the architecture's description of their aliases */
void a64_bit_field(Lower *l, uint32_t op, uint32_t size, Reg d, Reg a, uint32_t immr, uint32_t imms);

/* A second operand that is shifted or extended on the way. */
typedef struct A64Operand {
    Val v;
    bool ext;
    uint8_t kind, amount;
} A64Operand;
bool a64_match_shift(const Lower *l, Val v, bool ror, A64Operand *o);
bool a64_match_ext(const Lower *l, Val v, A64Operand *o);
/* op: the row with a shifted register; opx: with an extended one (then `a` must not be zr) */
void a64_operand(Lower *l, uint32_t op, uint32_t opx, uint32_t size, Reg d, Reg a, const A64Operand *o);

/* A condition: flags, or a register that a branch can test itself. */
typedef struct A64Test {
    enum { A64_TEST_FLAGS, A64_TEST_ZERO, A64_TEST_BIT } form;
    uint8_t cc;        /* FLAGS */
    uint8_t size, bit; /* ZERO: width compared; BIT: number */
    bool set;          /* true when the register is not zero, the bit is one */
    Reg reg;
} A64Test;
enum { A64_WITH_FLAGS, A64_WITH_ZERO, A64_WITH_BIT }; /* forms that the user takes: up to this one */
/* What is true when v (i32) is not 0; emits the comparison. */
A64Test a64_test(Lower *l, Val v, int forms);

bool a64_is_vtest(const Lower *l, Val v);  /* a test of lanes that a condition can fold */
A64Test a64_vtest(Lower *l, const Ins *i); /* form ZERO */

uint32_t a64_lane_size(const Ins *i); /* bytes; of vsplat, vextract, vreplace */
void a64_vector_const(Lower *l, uint64_t low, uint64_t high, Reg d);
/* A load of 1, 2, 4 or 8 bytes to the low lane of d, of class float. */
void a64_load_lane(Lower *l, Val load, Reg d);

/* One per group of operations; d: the register to define. */
void a64_lower_int(Lower *l, Val v, Reg d);
void a64_lower_div(Lower *l, const Ins *i, Reg d);
void a64_lower_cond(Lower *l, Val v, Reg d);    /* icmp, eqz, fcmp, select */
void a64_lower_control(Lower *l, Val v);        /* jump .. trap; counters */
void a64_lower_counter(Lower *l, const Ins *i); /* charge, charges, refund */
void a64_lower_load(Lower *l, Val v);
void a64_lower_store(Lower *l, Val v);
/* The load with its result in d, as a load of `access`. */
void a64_load_into(Lower *l, Val load, Reg d, Access access, IrType t);
void a64_lower_float(Lower *l, Val v, Reg d);
void a64_lower_vector(Lower *l, Val v, Reg d); /* lanes: vunary .. vtest */
void a64_lower_lane(Lower *l, Val v, Reg d);   /* vconst, vsplat .. vshuffle */
void a64_es_load(Lower *l, Reg def, uint32_t offset, IrType t);
void a64_es_store(Lower *l, Reg use, uint32_t offset, IrType t);
void a64_arg_load(Lower *l, Reg def, int32_t offset, IrType t);
void a64_arg_store(Lower *l, Reg use, bool out, int32_t offset, IrType t);
void a64_lower(Lower *l, Val v);
