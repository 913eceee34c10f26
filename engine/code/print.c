/* Dumps of machine IR, one line an instruction:
 *
 *   mfn "f" 3  frame cost 12, 2 slots
 *   b1 (v70:i32) <- b0 b1  loop 1
 *        4  add v71, v70, 1                     @0x2b
 *        5  shl v72, v70 {v72=v71 v70=rcx}      with virtual registers: which must be one, or in a certain register
 *           rcx <- rax i32                      an edit in front of what follows
 *       -> b1(v71) b2
 */
#include "code/print.h"
#include <stdio.h>

static const char *const type_name[T_COUNT] = {"none", "i32", "i64", "f32", "f64", "v128"};

static void print_reg(Text *out, const Target *t, Reg r, IrType type) {
    static const uint32_t bytes[T_COUNT] = {8, 4, 8, 4, 8, 16};
    if (r == REG_NONE)
        text_puts(out, "none");
    else if (reg_is_virtual(r))
        text_printf(out, "v%u", (unsigned)r);
    else
        t->print_reg(out, r, bytes[type]);
}

static void print_loc(Text *out, const Target *t, Loc l, IrType type) {
    if (l == LOC_NONE)
        text_puts(out, "nowhere");
    else if (loc_is_slot(l))
        text_printf(out, "slot%u", (unsigned)(l - LOC_SLOT));
    else
        print_reg(out, t, l, type);
}

static void print_regs(Text *out, const MFn *m, const Target *t, const Reg *r, uint32_t n) {
    text_putc(out, '(');
    for (uint32_t k = 0; k < n; k++) {
        if (k) text_puts(out, ", ");
        print_reg(out, t, r[k], T_NONE);
        if (reg_is_virtual(r[k])) text_printf(out, ":%s", type_name[vreg_type(m, r[k])]);
    }
    text_putc(out, ')');
}

static void print_generic(Text *out, const MFn *m, const Target *t, const MInsn *i, const Loc *loc) {
    static const char *const name[M_TARGET] = {"nop", "params", "move", "undef", "op4", "op5", "op6", "op7"};
    const Opnd *o = insn_opnd(m, i);
    text_puts(out, name[i->op]);
    for (uint32_t k = 0; k < i->nopnd; k++) {
        IrType type = reg_is_virtual(o[k].reg) ? vreg_type(m, o[k].reg) : T_NONE;
        text_puts(out, k ? ", " : " ");
        if (loc)
            print_loc(out, t, loc[k], type);
        else
            print_reg(out, t, o[k].reg, type);
        if (!loc && o[k].constraint == OC_FIXED) {
            text_putc(out, '=');
            t->print_reg(out, o[k].fixed, 8);
        }
    }
}

/* Constraints that the text of an instruction does not tell. */
static void print_constraints(Text *out, const MFn *m, const Target *t, const MInsn *i) {
    const Opnd *o = insn_opnd(m, i);
    const char *before = " {";
    for (uint32_t k = 0; k < i->nopnd; k++) {
        bool same = o[k].constraint == OC_SAME && o[k].reg != o[o[k].fixed].reg;
        if (!same && o[k].constraint != OC_FIXED) continue;
        text_puts(out, before);
        print_reg(out, t, o[k].reg, T_NONE);
        text_putc(out, '=');
        print_reg(out, t, same ? o[o[k].fixed].reg : o[k].fixed, T_NONE);
        before = " ";
    }
    if (before[1] == 0) text_putc(out, '}');
}

static void print_edit(Text *out, const Target *t, const Edit *e) {
    text_puts(out, "        ");
    print_loc(out, t, e->to, (IrType)e->type);
    text_puts(out, " <- ");
    print_loc(out, t, e->from, (IrType)e->type);
    text_printf(out, " %s\n", type_name[e->type]);
}

static void print_head(Text *out, const MFn *m, const Target *t, uint32_t b) {
    const MBlock *mb = &m->block.at[b];
    text_printf(out, "b%u", (unsigned)b);
    if (mb->param.n) text_putc(out, ' '), print_regs(out, m, t, mb->param.at, mb->param.n);
    for (uint32_t k = 0; k < mb->pred.n; k++) text_printf(out, "%s b%u", k ? "" : " <-", (unsigned)mb->pred.at[k]);
    if (mb->loop_depth) text_printf(out, "  loop %u%s", (unsigned)mb->loop_depth, mb->loop_head ? " head" : "");
    text_putc(out, '\n');
}

static void print_edges(Text *out, const MFn *m, const Target *t, const MBlock *mb) {
    if (!mb->succ.n) return;
    text_puts(out, "    ->");
    for (uint32_t s = 0; s < mb->succ.n; s++) {
        text_printf(out, " b%u", (unsigned)mb->succ.at[s].to);
        if (mb->succ.at[s].nargs) print_regs(out, m, t, m->pool.at + mb->succ.at[s].args, mb->succ.at[s].nargs);
    }
    text_putc(out, '\n');
}

void mach_print(Text *out, const MFn *m, const Target *t, const Alloc *ra) {
    text_printf(out, "mfn \"%s\" %u  frame cost %u", m->name ? m->name : "", (unsigned)m->index,
                (unsigned)m->frame_cost);
    if (ra) text_printf(out, ", %u slots", (unsigned)ra->nslots);
    text_putc(out, '\n');
    uint32_t edit = 0;
    for (uint32_t b = 0; b < m->block.n; b++) {
        print_head(out, m, t, b);
        for (uint32_t i = m->block.at[b].first; i < m->block.at[b].end; i++) {
            for (; ra && edit < ra->edit.n && ra->edit.at[edit].at <= i; edit++) print_edit(out, t, &ra->edit.at[edit]);
            const MInsn *in = &m->insn.at[i];
            const Loc *loc = ra ? ra->opnd + in->opnd : NULL;
            text_printf(out, "  %4u  ", (unsigned)i);
            if (in->op < M_TARGET)
                print_generic(out, m, t, in, loc);
            else
                t->print_insn(out, m, in, loc);
            if (!ra && in->op >= M_TARGET) print_constraints(out, m, t, in);
            text_pad(out, 56);
            text_printf(out, " @0x%x\n", (unsigned)in->loc);
        }
        print_edges(out, m, t, &m->block.at[b]);
    }
}
