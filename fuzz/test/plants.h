/* Faults to plant in one leg through the stage interface (ir/stage.h), for tests of what finds and reduces them.  Each
 * changes every place of its shape, in every function, right after the IR is built: as a wrong lowering rule would. */
#pragma once
#include "ir/ir.h"
#include "ir/stage.h"
#include "wasm/trap.h"

typedef struct Plant {
    const char *name;
    void (*change)(Fn *f);
} Plant;

static inline void plant_op(Fn *f, IrOp from, IrType t, IrOp to) {
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == from && (t == T_NONE || f->ins.at[v].type == t)) f->ins.at[v].op = (uint8_t)to;
}
static inline void plant_cond(Fn *f, Cond from, Cond to) {
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == IR_icmp && f->ins.at[v].aux == from) f->ins.at[v].aux = (uint8_t)to;
}
static inline void plant_access(Fn *f, IrOp op, Access from, Access to) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == op && (i->flags & MEM_HEAP) && i->aux == from) i->aux = (uint8_t)to;
    }
}

static inline void plant_rotl(Fn *f) { plant_op(f, IR_rotl, T_I64, IR_rotr); }
static inline void plant_sshr(Fn *f) { plant_op(f, IR_sshr, T_I32, IR_ushr); }
static inline void plant_fmin(Fn *f) { plant_op(f, IR_fmin, T_F64, IR_fmax); }
static inline void plant_store32(Fn *f) { plant_access(f, IR_store, ACC_32, ACC_16U); }
static inline void plant_store64(Fn *f) { plant_access(f, IR_store, ACC_64, ACC_32U); }
static inline void plant_load8(Fn *f) { plant_access(f, IR_load, ACC_8S, ACC_8U); }
static inline void plant_isub(Fn *f) { plant_op(f, IR_isub, T_I64, IR_iadd); }
static inline void plant_iadd(Fn *f) { plant_op(f, IR_iadd, T_I32, IR_isub); }
static inline void plant_nearest(Fn *f) { plant_op(f, IR_fnearest, T_NONE, IR_ftrunc); }
static inline void plant_clz(Fn *f) { plant_op(f, IR_clz, T_NONE, IR_ctz); }
static inline void plant_srem(Fn *f) { plant_op(f, IR_srem, T_I32, IR_urem); }
static inline void plant_mul(Fn *f) { plant_op(f, IR_fmul, T_F64, IR_fadd); }
static inline void plant_slt(Fn *f) { plant_cond(f, C_SLT, C_SLE); }
static inline void plant_copysign(Fn *f) { plant_op(f, IR_fcopysign, T_NONE, IR_fmin); }

/* The select of a comparison, its arms swapped. */
static inline void plant_select(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_select || f->ins.at[i->a].op != IR_icmp) continue;
        uint32_t b = i->b;
        i->b = i->c;
        i->c = b;
    }
}
/* The wrong kind of trap. */
static inline void plant_trap(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if ((i->op == IR_trapz || i->op == IR_trapnz) && i->aux == TRAP_DIV_ZERO) i->aux = TRAP_INT_OVERFLOW;
    }
}
/* Fuel of a segment counted wrong, where it is large. */
static inline void plant_fuel(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_charge && i->aux == 0 && i->a > 12) i->a++;
    }
}
/* An addition whose operand is a load. */
static inline void plant_add_load(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_iadd && i->type == T_I32 && f->ins.at[i->b].op == IR_load && (f->ins.at[i->b].flags & MEM_HEAP))
            i->op = IR_isub;
    }
}
/* A multiplication in a loop by a value that is a parameter of its block. */
static inline void plant_mul_phi(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_imul && f->ins.at[i->a].op == IR_param && f->ins.at[i->a].b != 0) i->op = IR_iadd;
    }
}

static const Plant plants[] = {
    {"i64.rotl turns right", plant_rotl},
    {"i32.shr_s shifts in zeros", plant_sshr},
    {"f64.min is max", plant_fmin},
    {"i32.store stores 16 bits", plant_store32},
    {"i64.store stores 32 bits", plant_store64},
    {"load8_s does not extend", plant_load8},
    {"i64.sub adds", plant_isub},
    {"i32.add subtracts", plant_iadd},
    {"nearest truncates", plant_nearest},
    {"clz counts from the other end", plant_clz},
    {"i32.rem_s is unsigned", plant_srem},
    {"f64.mul adds", plant_mul},
    {"lt_s is le_s", plant_slt},
    {"copysign is min", plant_copysign},
    {"select of a comparison takes the other", plant_select},
    {"a division by zero is an overflow", plant_trap},
    {"fuel of long segments", plant_fuel},
    {"i32.add of a load subtracts", plant_add_load},
    {"mul of a merged value adds", plant_mul_phi},
};
enum { NPLANTS = sizeof plants / sizeof *plants };
