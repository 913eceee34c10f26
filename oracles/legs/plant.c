#include "oracles/legs/plant.h"
#include <string.h>
#include "a64/insn.h"
#include "code/es.h"
#include "code/mach.h"
#include "ir/ir.h"
#include "opt/rewrite.h"
#include "x64/insn.h"

enum { X64 = 1u << LEG_X64, A64 = 1u << LEG_A64, BOTH = X64 | A64 };

/* -- In the IR --------------------------------------------------------------------------- */

static void other_op(Fn *f, IrOp from, IrType t, IrOp to) {
    for (Val v = 1; v < f->ins.n; v++)
        if (f->ins.at[v].op == from && f->ins.at[v].type == t) f->ins.at[v].op = (uint8_t)to;
}
static void other_access(Fn *f, IrOp op, Access from, IrType t, Access to) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != op || !(i->flags & MEM_HEAP) || i->aux != from) continue;
        if (op == IR_store && f->ins.at[i->b].op == IR_vextract) continue; /* v128.store32_lane */
        if (op == IR_store || i->type == t) i->aux = (uint8_t)to;
    }
}

static void ir_shr_s(Fn *f) { other_op(f, IR_sshr, T_I32, IR_ushr); }
static void ir_f64_min(Fn *f) { other_op(f, IR_fmin, T_F64, IR_fmax); }
static void ir_store(Fn *f) { other_access(f, IR_store, ACC_32, T_NONE, ACC_16U); }
static void ir_sub(Fn *f) { other_op(f, IR_isub, T_I64, IR_iadd); }
static void ir_nearest(Fn *f) { other_op(f, IR_fnearest, T_F32, IR_ftrunc); }
static void ir_rem_s(Fn *f) { other_op(f, IR_srem, T_I32, IR_urem); }
static void ir_clz(Fn *f) { other_op(f, IR_clz, T_I64, IR_ctz); }
static void ir_f64_mul(Fn *f) { other_op(f, IR_fmul, T_F64, IR_fadd); }
static void ir_store64(Fn *f) { other_access(f, IR_store, ACC_64, T_NONE, ACC_32U); }
static void ir_load8_s(Fn *f) { other_access(f, IR_load, ACC_8S, T_I32, ACC_8U); }
static void ir_div_u(Fn *f) { other_op(f, IR_udiv, T_I64, IR_sdiv); }
static void ir_extend_s(Fn *f) { other_op(f, IR_sext, T_I64, IR_zext); }

static void ir_lt_s(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_icmp && i->aux == C_SLT && f->ins.at[i->a].type == T_I64) i->aux = C_SLE;
    }
}
static void ir_i32x4_sub(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_vbinary && i->aux == VOP_i32x4_sub) i->aux = VOP_i32x4_add;
    }
}
static void ir_add_load(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        const Ins *b = &f->ins.at[i->b];
        if (i->op == IR_iadd && i->type == T_I32 && b->op == IR_load && (b->flags & MEM_HEAP)) i->op = IR_isub;
    }
}
/* A load from address 0, where nothing says that it may trap. */
static void ir_popcnt(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_popcnt || i->type != T_I64) continue;
        Ins load = {.op = IR_load, .type = T_I64, .aux = ACC_64, .a = i->a};
        *i = load;
    }
}
static void ir_copysign(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_fcopysign || i->type != T_F64) continue;
        i->op = IR_fabs;
        i->b = 0;
    }
}

/* -- In the IR, rare ------------------------------------------------------------------------ */

static void ir_shl_far(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        const Ins *by = &f->ins.at[i->b];
        if (i->op == IR_shl && i->type == T_I64 && by->op == IR_iconst && (ins_imm(by) & 63) >= 48) i->op = IR_ushr;
    }
}
static void ir_load_far(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_load && (i->flags & MEM_HEAP) && i->aux == ACC_64 && i->type == T_I64 && i->b >= 4096) i->b--;
    }
}
static void ir_br_table_long(Fn *f) {
    for (uint32_t b = 0; b < f->blk.n; b++) {
        Blk *k = &f->blk.at[b];
        if (k->succ.n > 8) k->succ.at[k->succ.n - 2] = k->succ.at[k->succ.n - 1];
    }
}
static void ir_select_f64(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_select || i->type != T_F64 || f->ins.at[i->a].op != IR_icmp) continue;
        uint32_t b = i->b;
        i->b = i->c;
        i->c = b;
    }
}
static void ir_mul_merged(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        const Ins *a = &f->ins.at[i->a];
        if (i->op == IR_imul && i->type == T_I32 && a->op == IR_param && a->b != 0) i->op = IR_iadd;
    }
}
static void ir_call_many(Fn *f) {
    enum { CONTEXT = 1, EIGHT = 8 };
    for (Val v = 1; v < f->ins.n; v++) {
        const Ins *i = &f->ins.at[v];
        if (i->op != IR_call || f->calls.at[i->c].kind != CALLEE_FUNC || i->b < CONTEXT + EIGHT + 1) continue;
        uint32_t *arg = f->pool.at + i->a + CONTEXT, n = i->b - CONTEXT;
        for (uint32_t x = EIGHT - 1; x + 1 < n; x++)
            if (f->ins.at[arg[x]].type == f->ins.at[arg[x + 1]].type) {
                uint32_t first = arg[x];
                arg[x] = arg[x + 1];
                arg[x + 1] = first;
                break;
            }
    }
}
static void ir_lane_15(Fn *f) {
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_vreplace && i->aux == VOP_i8x16_replace_lane && i->c == 15) i->c = 14;
    }
}

/* -- In passes: wrong rewrites -------------------------------------------------------------------- */

static bool in_pass(OptRule r, const char *pass) { return strcmp(opt_rule_pass(r), pass) == 0; }

/* Changes no rotr, so what it has made stays, however often the pass runs. */
static void pass_fold_rotl(Fn *f, const char *pass) {
    if (!in_pass(FOLD_rotl_count, pass)) return;
    for (Val v = 1; v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op != IR_rotl || i->type != T_I64 || f->ins.at[i->b].op != IR_iconst) continue;
        if (!opt_rewrite(f, FOLD_rotl_count, v)) return;
        i->op = IR_rotr;
    }
}
/* As if the key of a load were its address, without the displacement. */
static void pass_load_merged(Fn *f, const char *pass) {
    if (!in_pass(RULE_load_heap, pass)) return;
    for (BlkId b = 0; b < f->blk.n; b++) {
        Val last = 0;
        for (uint32_t k = 0; k < f->blk.at[b].list.n; k++) {
            Val v = f->blk.at[b].list.at[k];
            Ins *i = &f->ins.at[v];
            if (ir_has(i->op, IRF_W)) last = 0;
            if (i->op != IR_load || !(i->flags & MEM_HEAP) || i->aux != ACC_32 || i->type != T_I32) continue;
            const Ins *first = &f->ins.at[last];
            if (last && first->a == i->a && first->b != i->b && opt_rewrite(f, RULE_load_heap, v)) i->b = first->b;
            if (!last) last = v;
        }
    }
}

/* -- In adaptors ------------------------------------------------------------------------------------- */

/* The second argument is the first.  Of adaptors only the one for entry loads arguments and returns nothing. */
static void adaptor_entry_arg(Fn *f) {
    for (Val v = 1; f->sig.nresult == 0 && v < f->ins.n; v++) {
        Ins *i = &f->ins.at[v];
        if (i->op == IR_load && i->b == ES_ARGS_OFFSET + ES_SLOT_BYTES) i->b = ES_ARGS_OFFSET;
    }
}

/* -- In machine code ------------------------------------------------------------------------- */

static void other_insn(MFn *m, uint32_t from, uint32_t size, uint32_t to) {
    for (uint32_t i = 0; i < m->insn.n; i++)
        if (m->insn.at[i].op == from && m->insn.at[i].size == size) m->insn.at[i].op = (uint16_t)to;
}

static void mach_x64_rotl(MFn *m) { other_insn(m, X64_ROL_C, 4, X64_ROR_C); }
static void mach_x64_load16_s(MFn *m) { other_insn(m, X64_LD16S, 4, X64_LD16U); }
static void mach_x64_paddw(MFn *m) {
    other_insn(m, X64_PADDW, 16, X64_PSUBW);
    other_insn(m, X64_PADDW_M, 16, X64_PSUBW_M);
    other_insn(m, X64_VPADDW, 16, X64_VPSUBW);
    other_insn(m, X64_VPADDW_M, 16, X64_VPSUBW_M);
}
static void mach_a64_f32_min(MFn *m) { other_insn(m, A64_FMIN, 4, A64_FMAX); }
static void mach_a64_ctz(MFn *m) { other_insn(m, A64_RBIT, 4, M_MOVE); }
static void mach_a64_ceil(MFn *m) { other_insn(m, A64_FRINTP, 8, A64_FRINTM); }

/* -- The list ---------------------------------------------------------------------------------- */

const PlantInfo plant_info[PLANT_COUNT] = {
#define PLANT(id, name, isa, opcode, stage, change, what) {name, opcode, what, isa},
#include "oracles/legs/plant.def"
#undef PLANT
};

typedef struct Change {
    void (*ir)(Fn *f);
    void (*mach)(MFn *m);
    void (*pass)(Fn *f, const char *pass);
    void (*adaptor)(Fn *f);
} Change;
static const Change change_of[PLANT_COUNT] = {
#define PLANT(id, name, isa, opcode, stage, change, what) {.stage = change},
#include "oracles/legs/plant.def"
#undef PLANT
};

uint32_t plant_find(LegKind kind, const char *name, size_t n) {
    for (uint32_t i = 0; i < PLANT_COUNT; i++)
        if ((plant_info[i].legs >> kind & 1) && strlen(plant_info[i].name) == n &&
            memcmp(plant_info[i].name, name, n) == 0)
            return i + 1;
    return 0;
}

/* -- Stages ---------------------------------------------------------------------------------------- */

static void on_ir(void *user, const char *pass, Fn *f) {
    const PlantStages *p = user;
    const Change *c = &change_of[p->plant];
    if (c->ir && strcmp(pass, "build") == 0) c->ir(f);
    if (c->pass) c->pass(f, pass);
    if (p->next && p->next->on_ir) p->next->on_ir(p->next->user, pass, f);
}
static void on_adaptor_ir(void *user, const char *pass, Fn *f) {
    const PlantStages *p = user;
    if (strcmp(pass, "build") == 0) change_of[p->plant].adaptor(f);
}
static void on_mach(void *user, const struct Target *t, MFn *m) {
    const PlantStages *p = user;
    const Change *c = &change_of[p->plant];
    if (c->mach) c->mach(m);
    if (p->next && p->next->on_mach) p->next->on_mach(p->next->user, t, m);
}
static void on_alloc(void *user, const struct Target *t, MFn *m, struct Alloc *ra) {
    const PlantStages *p = user;
    if (p->next && p->next->on_alloc) p->next->on_alloc(p->next->user, t, m, ra);
}
static void on_code(void *user, const struct Target *t, struct CodeBuf *cb, uint32_t func, uint32_t at, uint32_t end) {
    const PlantStages *p = user;
    if (p->next && p->next->on_code) p->next->on_code(p->next->user, t, cb, func, at, end);
}

void plant_stages_init(PlantStages *p, uint32_t plant, const Stages *next) {
    *p = (PlantStages){
        .stages = {.user = p, .on_ir = on_ir, .on_mach = on_mach, .on_alloc = on_alloc, .on_code = on_code},
        .next = next,
        .plant = plant - 1};
    if (change_of[p->plant].adaptor) p->adaptors = (Stages){.user = p, .on_ir = on_adaptor_ir};
}
