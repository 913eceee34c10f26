/* Memories, globals and tables.
 *
 * Linear memory: bounds=guard leaves the check to the reservation behind the memory: an index of 32 bits plus an offset
 * of 32 bits plus the access always falls inside it, so the access itself is the check (MEM_TRAPS). bounds=explicit
 * compares the end of the access with the memory's length first.
 *
 * What this instance defines itself is addressed from the context; what it imports, through the pointer
 * there.  Displacements stay below 2^31 so that either ISA can take them (InstLayout is far smaller). */
#include <assert.h>
#include "ir/builder.h"

enum { FIXED = MEM_CONST | MEM_CONTEXT }; /* a field that never changes */
#define DISP_MAX UINT32_C(0x7fffffff)
#define MEM_FIELD(field) ((uint32_t)offsetof(MemInst, field))
#define TABLE_FIELD(field) ((uint32_t)offsetof(TableInst, field))

static Val zext(Build *b, Val x) { return build_unary(b, IR_zext, T_I64, x); }
static Val wrap(Build *b, Val x) { return build_unary(b, IR_wrap, T_I32, x); }
static Val add_const(Build *b, Val x, uint64_t k) { return build_binary(b, IR_iadd, x, build_iconst(b, T_I64, k)); }

/* -- Linear memory ------------------------------------------------------------- */

static Place memory_place(Build *b, uint32_t mem) { /* of a MemInst */
    uint32_t imported = b->m->nimported[EXT_MEMORY];
    if (mem >= imported) return (Place){b->ctx, b->layout->own_mems + (uint32_t)sizeof(MemInst) * (mem - imported)};
    uint32_t view = b->layout->mems + (uint32_t)sizeof(MemView) * mem;
    return (Place){build_load(b, T_I64, ACC_64, b->ctx, view + (uint32_t)offsetof(MemView, mem), FIXED), 0};
}

static Val memory_field(Build *b, uint32_t mem, uint32_t field) {
    Place p = memory_place(b, mem);
    return build_load(b, T_I64, ACC_64, p.base, p.disp + field, MEM_CONTEXT);
}

/* Its length in bytes: a memory never shrinks, and an imported one has at least as many pages as the import asks for.
 */
static Val memory_length(Build *b, uint32_t mem) {
    Val v = memory_field(b, mem, MEM_FIELD(length));
    b->f->ins.at[v].c = (uint32_t)b->m->memories.at[mem].limits.min;
    return v;
}

/* A memory never moves: one load a block serves all its accesses, without any pass. */
static Val memory_base(Build *b, uint32_t mem) {
    if (b->base.blk != b->cur || b->base.mem != mem) {
        uint32_t view = b->layout->mems + (uint32_t)sizeof(MemView) * mem;
        b->base.val = build_load(b, T_I64, ACC_64, b->ctx, view + (uint32_t)offsetof(MemView, base), FIXED);
        b->base.blk = b->cur;
        b->base.mem = mem;
    }
    return b->base.val;
}

/* Address of an access of `size` bytes at index + offset, checked or guarded; *flags: those of the access. */
static Place heap_place(Build *b, const Instr *in, Val index, uint32_t size, uint8_t *flags) {
    Val x = zext(b, index);
    uint64_t offset = in->mem.offset;
    assert(offset <= UINT32_MAX);
    *flags = MEM_HEAP | MEM_TRAPS;
    if (b->o->bounds == BOUNDS_EXPLICIT) {
        Val length = memory_length(b, in->mem.memory);
        Val end = add_const(b, x, offset + size);
        build_trap_if(b, IR_trapnz, build_compare(b, IR_icmp, C_UGT, end, length), TRAP_MEMORY_BOUNDS);
        *flags = MEM_HEAP;
    }
    Val address = build_binary(b, IR_iadd, memory_base(b, in->mem.memory), x);
    if (offset <= DISP_MAX) return (Place){address, (uint32_t)offset};
    return (Place){add_const(b, address, offset), 0};
}

Val build_heap_load(Build *b, const Instr *in, IrType t, Access acc, Val index) {
    uint8_t flags;
    Place p = heap_place(b, in, index, access_bytes[acc], &flags);
    return build_load(b, t, acc, p.base, p.disp, flags);
}

void build_heap_store(Build *b, const Instr *in, Access acc, Val index, Val v) {
    uint8_t flags;
    Place p = heap_place(b, in, index, access_bytes[acc], &flags);
    build_store(b, acc, p.base, p.disp, v, flags);
}

void build_access(Build *b, const Instr *in) {
    Access acc = (Access)build_op_ir[in->op];
    if (op_info[in->op].kind != KIND_STORE) {
        build_push(b, build_heap_load(b, in, build_result_type(in->op), acc, build_pop(b)));
        return;
    }
    Val v = build_pop(b);
    if (acc == ACC_32 && build_type(b, v) == T_I64) acc = ACC_32U;
    build_heap_store(b, in, acc, build_pop(b), v);
}

/* -- Library calls -------------------------------------------------------------- */

/* Arguments are made one at a time: the order of instructions must not depend on the C compiler. */
typedef struct Args {
    Val at[6];
    uint32_t n;
} Args;

static void arg(Args *a, Val v) { a->at[a->n++] = v; }
static void arg_index(Build *b, Args *a, uint32_t i) { arg(a, build_iconst(b, T_I32, i)); }
static void arg_zext(Build *b, Args *a, Val v) { arg(a, zext(b, v)); }

static Args args_of(Build *b, uint32_t index) {
    Args a = {.at = {b->ctx}, .n = 1};
    arg_index(b, &a, index);
    return a;
}

static Val lib_call(Build *b, uint32_t lib, IrType result, const Args *a) {
    return build_lib_call(b, lib, result, a->at, a->n);
}

/* Status not 0: the ranges are out of bounds, which is the trap `kind`, or fuel has run out. */
static void checked_call(Build *b, uint32_t lib, const Args *a, uint8_t kind) {
    Val status = lib_call(b, lib, T_I32, a);
    Val no_fuel = build_compare(b, IR_icmp, C_EQ, status, build_iconst(b, T_I32, TRAP_FUEL));
    build_trap_if(b, IR_trapnz, no_fuel, TRAP_FUEL);
    build_trap_if(b, IR_trapnz, status, kind);
}

/* {memory,table}.{init,copy}: two indices, then destination, source and number from the stack, of which the last two
 * stay 32 bits wide for `init`. */
static void bulk_call(Build *b, uint32_t lib, uint8_t kind, uint32_t index, uint32_t index2, bool init) {
    Val n = build_pop(b), src = build_pop(b), dst = build_pop(b);
    Args a = args_of(b, index);
    arg_index(b, &a, index2);
    arg_zext(b, &a, dst);
    arg(&a, init ? src : zext(b, src));
    arg(&a, init ? n : zext(b, n));
    checked_call(b, lib, &a, kind);
}

/* memory.fill and table.fill: destination, value, number. */
static void fill_call(Build *b, uint32_t lib, uint8_t kind, uint32_t index) {
    Val n = build_pop(b), v = build_pop(b), dst = build_pop(b);
    Args a = args_of(b, index);
    arg_zext(b, &a, dst);
    arg(&a, v);
    arg_zext(b, &a, n);
    checked_call(b, lib, &a, kind);
}

static void drop_call(Build *b, uint32_t lib, uint32_t index) {
    Args a = args_of(b, index);
    lib_call(b, lib, T_NONE, &a);
}

/* `ref` 0: none.  The result is the size before, or -1. */
static void grow_call(Build *b, uint32_t lib, uint32_t index, Val delta, Val ref) {
    Args a = args_of(b, index);
    arg_zext(b, &a, delta);
    if (ref) arg(&a, ref);
    build_push(b, wrap(b, lib_call(b, lib, T_I64, &a)));
}

void build_memory(Build *b, const Instr *in) {
    switch (in->op) {
    case OP_MEMORY_SIZE: build_push(b, wrap(b, memory_field(b, in->index, MEM_FIELD(pages)))); break;
    case OP_MEMORY_GROW: grow_call(b, LIB_MEMORY_GROW, in->index, build_pop(b), 0); break;
    case OP_MEMORY_FILL: fill_call(b, LIB_MEMORY_FILL, TRAP_MEMORY_BOUNDS, in->index); break;
    case OP_MEMORY_COPY: bulk_call(b, LIB_MEMORY_COPY, TRAP_MEMORY_BOUNDS, in->index, in->index2, false); break;
    case OP_MEMORY_INIT: bulk_call(b, LIB_MEMORY_INIT, TRAP_MEMORY_BOUNDS, in->index2, in->index, true); break;
    case OP_DATA_DROP: drop_call(b, LIB_DATA_DROP, in->index); break;
    default: assert(false && "a memory instruction");
    }
}

/* -- Globals ------------------------------------------------------------------- */

/* A value of 32 bits leaves the rest of its slot alone, which is zero from the start. */
void build_global(Build *b, const Instr *in) {
    const GlobalType *t = &b->m->globals.at[in->index].type;
    uint32_t imported = b->m->nimported[EXT_GLOBAL];
    Access acc = access_of(ir_type_of(t->type));
    Val base = b->ctx;
    uint32_t disp = b->layout->own_globals + (uint32_t)sizeof(GlobalInst) * (in->index - imported);
    if (in->index < imported) {
        base = build_load(b, T_I64, ACC_64, b->ctx, b->layout->globals + 8 * in->index, FIXED);
        disp = 0;
    }
    disp += (uint32_t)offsetof(GlobalInst, value);
    if (in->op == OP_GLOBAL_GET)
        build_push(b, build_load(b, ir_type_of(t->type), acc, base, disp, t->mutable ? MEM_CONTEXT : FIXED));
    else
        build_store(b, acc, base, disp, build_pop(b), MEM_CONTEXT);
}

/* -- Tables -------------------------------------------------------------------- */

static Place table_place(Build *b, uint32_t table) { /* of a TableInst */
    uint32_t imported = b->m->nimported[EXT_TABLE];
    if (table >= imported)
        return (Place){b->ctx, b->layout->own_tables + (uint32_t)sizeof(TableInst) * (table - imported)};
    return (Place){build_load(b, T_I64, ACC_64, b->ctx, b->layout->tables + 8 * table, FIXED), 0};
}

/* Of a table that keeps its size and whose elements live in the instance: its first element's number; else NO_INDEX. */
static uint32_t inline_table(const Build *b, uint32_t table) {
    return b->o->tables == TABLES_INLINE ? b->m->tables.at[table].inline_at : NO_INDEX;
}

static Val load_size(Build *b, Place table) {
    return build_load(b, T_I32, ACC_32, table.base, table.disp + TABLE_FIELD(size), MEM_CONTEXT);
}

static Val fixed_size(Build *b, uint32_t table) { return build_iconst(b, T_I32, b->m->tables.at[table].limits.min); }

static Val table_size(Build *b, uint32_t table) {
    return inline_table(b, table) != NO_INDEX ? fixed_size(b, table) : load_size(b, table_place(b, table));
}

/* The index, checked and masked. */
static Val checked_index(Build *b, Val index, Val size, uint8_t kind) {
    build_trap_if(b, IR_trapnz, build_compare(b, IR_icmp, C_UGE, index, size), kind);
    return b->o->spectre ? build_binary(b, IR_mask, index, size) : index;
}

Place build_table_elem(Build *b, uint32_t table, Val index, uint8_t kind) {
    uint32_t first = inline_table(b, table);
    Place elem;
    if (first != NO_INDEX) {
        index = checked_index(b, index, fixed_size(b, table), kind);
        elem = (Place){b->ctx, b->layout->table_elems + 8 * first};
    } else {
        Place p = table_place(b, table);
        index = checked_index(b, index, load_size(b, p), kind);
        elem = (Place){build_load(b, T_I64, ACC_64, p.base, p.disp + TABLE_FIELD(elem), MEM_CONTEXT), 0};
    }
    Val wide = zext(b, index), three = build_iconst(b, T_I64, 3);
    Val offset = build_binary(b, IR_shl, wide, three);
    return (Place){build_binary(b, IR_iadd, elem.base, offset), elem.disp};
}

void build_table(Build *b, const Instr *in) {
    Val x;
    Place p;
    switch (in->op) {
    case OP_TABLE_GET:
        p = build_table_elem(b, in->index, build_pop(b), TRAP_TABLE_BOUNDS);
        build_push(b, build_load(b, T_I64, ACC_64, p.base, p.disp, MEM_CONTEXT));
        break;
    case OP_TABLE_SET:
        x = build_pop(b);
        p = build_table_elem(b, in->index, build_pop(b), TRAP_TABLE_BOUNDS);
        build_store(b, ACC_64, p.base, p.disp, x, MEM_CONTEXT);
        break;
    case OP_TABLE_SIZE: build_push(b, table_size(b, in->index)); break;
    case OP_TABLE_GROW:
        x = build_pop(b);
        grow_call(b, LIB_TABLE_GROW, in->index, x, build_pop(b));
        break;
    case OP_TABLE_FILL: fill_call(b, LIB_TABLE_FILL, TRAP_TABLE_BOUNDS, in->index); break;
    case OP_TABLE_COPY: bulk_call(b, LIB_TABLE_COPY, TRAP_TABLE_BOUNDS, in->index, in->index2, false); break;
    case OP_TABLE_INIT: bulk_call(b, LIB_TABLE_INIT, TRAP_TABLE_BOUNDS, in->index2, in->index, true); break;
    case OP_ELEM_DROP: drop_call(b, LIB_ELEM_DROP, in->index); break;
    default: assert(false && "a table instruction");
    }
}
