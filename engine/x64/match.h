/* What the parts of x86-64's lowering share: matchers and the appending of instructions. */
#pragma once
#include "code/lower.h"
#include "x64/insn.h"
#include "x64/target.h"

static inline void x64_hit(Lower *l, X64Rule r) {
    if (l->rule_hits) l->rule_hits[r]++;
}
uint32_t x64_type_size(IrType t); /* bytes */
static inline IrType x64_type(const Lower *l, Val v) { return (IrType)lower_ins(l, v)->type; }
/* Nobody has demanded v so far (users below would have), so that folding it into a user may save it. */
static inline bool x64_free(const Lower *l, Val v) { return l->val[v].vreg == REG_NONE; }

/* -- Instructions ------------------------------------------------------------- */

MInsn *x64_ins(Lower *l, uint32_t op, uint32_t size);
void x64_use_any(Lower *l, Reg r); /* register or slot */
/* The first two operands of a two-address instruction: d in the place of a. */
void x64_def_same(Lower *l, Reg d, Reg a);
void x64_move(Lower *l, Reg d, Reg s);

/* base + index * 2^scale + disp, or (constant) word `data` of MFn.data */
typedef struct X64Addr {
    Reg base, index; /* index: may be REG_NONE */
    uint32_t data;
    int32_t disp;
    uint8_t scale;
    bool constant;
    uint8_t flags; /* MF_FAULTS */
    uint32_t loc;  /* of the access, when it may fault */
} X64Addr;
/* Make `addr` the memory operand of the instruction appended last. */
void x64_use_addr(Lower *l, const X64Addr *addr);
/* Index in MFn.data of a new constant of one or two words. */
uint32_t x64_data(Lower *l, uint64_t low, uint64_t high);
X64Addr x64_const_addr(Lower *l, uint64_t low, uint64_t high);

/* -- Matchers ------------------------------------------------------------------- */

/* Address v + disp; never fails.  May append instructions (of a displacement beyond 31 bits), so it
 * comes before the instruction that uses it. */
X64Addr x64_match_addr(Lower *l, Val v, int64_t disp);
/* Address of a load or store. */
X64Addr x64_access_addr(Lower *l, Val access);
/* v as base + index * 2^scale + disp of its own type, looking through it even if it is demanded. */
X64Addr x64_match_lea(Lower *l, Val v);
/* An integer constant that a 32-bit immediate can stand for. */
bool x64_imm32(const Lower *l, Val v, int64_t *imm);
/* v in a register of which a 32-bit instruction (for i32) reads the lower half alone: looks through wrap. */
Reg x64_use_low(Lower *l, Val v);
/* A load of exactly v's width that may become a memory operand of the instruction `at` being lowered. */
bool x64_can_fold_load(Lower *l, Val v, Val at);

/* A float operand whose NaN bits do not matter to its user: looks through fcanon. */
Reg x64_use_float(Lower *l, Val v);

/* -- Conditions (lower_cond.c) ------------------------------------------------------ */

typedef struct X64Cond {
    uint8_t cc, fp; /* X64Cc, X64Float */
} X64Cond;
X64Cond x64_cond_not(X64Cond c);
/* Append the comparison for v != 0; its user has to follow at once. */
X64Cond x64_lower_cond(Lower *l, Val v, Val at);

/* any_true or all_true, which are conditions (lower_vec.c) */
bool x64_is_vtest_cond(const Ins *i);
X64Cond x64_lower_vtest_cond(Lower *l, Val v);

void x64_lower_compare(Lower *l, Val v);
void x64_lower_select(Lower *l, Val v);
void x64_lower_mask(Lower *l, Val v);
void x64_lower_brif(Lower *l, Val v);
void x64_lower_brtable(Lower *l, Val v);
void x64_lower_trap_if(Lower *l, Val v);
void x64_lower_charge(Lower *l, Val v);
void x64_lower_charges(Lower *l, Val v);
void x64_lower_refund(Lower *l, Val v);
void x64_lower_poll(Lower *l);

/* -- The others ----------------------------------------------------------------------- */

void x64_lower(Lower *l, Val v);
void x64_lower_int(Lower *l, Val v);   /* lower_int.c */
void x64_lower_div(Lower *l, Val v);   /* lower_div.c */
void x64_lower_float(Lower *l, Val v); /* lower_float.c */
void x64_lower_load(Lower *l, Val v);  /* lower_mem.c */
void x64_lower_store(Lower *l, Val v);
/* The store v of `value`, if that is a lane of a vector nobody else wants. */
bool x64_lower_store_lane(Lower *l, Val v, Val value, const X64Addr *addr); /* lower_vec_lane.c */
/* The load instruction of an access into d. */
void x64_load(Lower *l, Reg d, IrType t, uint8_t access, const X64Addr *addr);
