/* Machine IR: a function as instructions of one ISA over virtual registers, before and after
 * register allocation.  ISA-neutral: what an opcode means is the Target's business (target.h).
 *
 * Operands are separate from instructions, so the allocator needs only the constraint vocabulary:
 *   kind        USE       read at the start;  may share a register with a DEF of the same instruction
 *               USE_LATE  read until the end; shares with no DEF
 *               DEF       written at the end
 *               DEF_EARLY written at the start; shares with no USE (a temporary: a DEF_EARLY that is never used)
 *   constraint  OC_REG    any allocatable register of the virtual register's class
 *               OC_FIXED  register `fixed`
 *               OC_SAME   (DEF only) the register of operand `fixed` (an index within the instruction, a USE)
 *               OC_ANY    a register or a spill slot (only where the target's encoder takes both)
 * and the instruction's clobber set (target->clobber[insn.clobber]): registers whose contents are lost. A use may sit
 * in a clobbered register, a value live across the instruction may not, a DEF may (results of calls). Physical
 * registers that are reserved (stack, frame, execution state, scratch) may stand as operands with a physical Reg: the
 * allocator leaves those alone (its Loc is the register itself).
 *
 * Virtual registers are in SSA form: one DEF (or block parameter) each, which dominates all uses.  A block's last
 * instruction, and no other, has MF_BRANCH; its DEFs are temporaries; it has no virtual operands when it has one
 * successor, since the edge's moves stand in front of it.  The entry block has no predecessors and no parameters. A
 * USE_LATE or DEF_EARLY sits in a clobbered register only if it is fixed there; a fixed register may be a reserved one,
 * but not scratch.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "ir/ir.h"

typedef uint32_t Reg; /* 0..31 integer registers, 32..63 float/vector registers, 64.. virtual */
#define REG_NONE UINT32_MAX
enum { REG_FLOAT = 32, REG_VIRTUAL = 64 };
typedef uint64_t RegSet; /* bit r: physical register r */
#define REG_BIT(r) (UINT64_C(1) << (r))

typedef enum RegClass { RC_INT, RC_FLOAT, RC_COUNT } RegClass; /* RC_FLOAT also holds v128 */
static inline bool reg_is_virtual(Reg r) { return r != REG_NONE && r >= REG_VIRTUAL; }
/* Bytes of a value in a register or slot. */
static inline uint32_t type_bytes(IrType t) {
    static const uint8_t of[T_COUNT] = {0, 4, 8, 4, 8, 16};
    return of[t];
}
static inline RegClass type_class(IrType t) { return t >= T_F32 ? RC_FLOAT : RC_INT; }

typedef enum OpndKind { OPND_USE, OPND_USE_LATE, OPND_DEF, OPND_DEF_EARLY } OpndKind;
typedef enum OpndConstraint { OC_REG, OC_FIXED, OC_SAME, OC_ANY } OpndConstraint;

typedef struct Opnd {
    Reg reg;
    uint8_t kind, constraint, fixed, pad;
} Opnd;

/* Opcodes below M_TARGET mean the same for every ISA; a target's table starts at M_TARGET. */
enum {
    M_NOP,
    M_PARAMS, /* defines the function's register parameters (DEF, OC_FIXED); first in the entry block */
    M_MOVE,   /* operand 0 DEF, operand 1 USE, same class; a hint to share the register */
    M_UNDEF,  /* operand 0 DEF: any value */
    M_TARGET = 8
};

enum {                 /* MInsn.flags */
       MF_FAULTS = 1,  /* a memory access whose fault is a MEMORY_BOUNDS trap at `loc` */
       MF_BRANCH = 2,  /* ends a block */
       MF_CALL = 4,    /* a call: needs a record of `loc` for backtraces */
       MF_CONTEXT = 8, /* a call that may come back with another context in its pinned register */
       MF_ARGS = 16,   /* an access of the frame's argument area: the displacement is from its end */
       MF_KEEPS = 32   /* a call that leaves its arguments on the stack */
};

typedef struct MInsn {
    uint16_t op;
    uint8_t nopnd;
    uint8_t size;    /* operand width in bytes (1 2 4 8 16), or as the opcode has it */
    uint8_t cc;      /* condition in the ISA's own encoding */
    uint8_t clobber; /* index into Target.clobber; 0: nothing */
    uint8_t scale;   /* log2 of the index scale */
    uint8_t flags;
    uint32_t opnd;    /* first operand in MFn.opnd */
    uint32_t loc;     /* source position */
    uint32_t aux;     /* block, function, library call or trap kind: as the opcode has it */
    uint32_t charges; /* of a trap by charges: 1 + their place in MFn.charges */
    int64_t imm;      /* immediate or displacement */
} MInsn;
_Static_assert(sizeof(MInsn) == 32, "compact");

typedef struct MEdge {
    uint32_t to;
    uint32_t args, nargs; /* virtual registers for the target's parameters, in MFn.pool */
} MEdge;

typedef struct MBlock {
    uint32_t first, end; /* instructions [first, end) */
    VEC(Reg) param;      /* virtual registers */
    VEC(MEdge) succ;     /* in the order the block's last instruction means them */
    VEC(uint32_t) pred;
    uint16_t loop_depth;
    bool loop_head;
} MBlock;

/* Charges that one check stands for: all have been made when it traps. */
typedef struct ChargeList {
    const ChargePart *at;
    uint32_t n;
} ChargeList;

/* Block 0 is the entry; the array is in layout order, which is a reverse postorder.  No critical edges: a block with
 * several successors has only successors with one predecessor. */
typedef struct MFn {
    Arena *arena;
    const char *name;
    uint32_t index;
    uint32_t frame_cost;
    uint32_t arg_bytes; /* of parameters on the stack; a call's are MInsn.imm */
    bool keeps_args;    /* a return leaves them there */
    VEC(MInsn) insn;    /* block by block, in layout order */
    VEC(Opnd) opnd;
    VEC(MBlock) block;
    VEC(uint8_t) vreg_type; /* IrType of virtual register REG_VIRTUAL + i: its class and spill width */
    VEC(uint32_t) pool;
    VEC(ChargeList) charges;
    VEC(uint64_t) data; /* jump tables and wide constants, as the target has it */
} MFn;

static inline Opnd *insn_opnd(const MFn *m, const MInsn *i) { return m->opnd.at + i->opnd; }
static inline IrType vreg_type(const MFn *m, Reg r) { return (IrType)m->vreg_type.at[r - REG_VIRTUAL]; }
