/* Printer of the IR's text form (grammar: print.h; reader: parse.c).
 *
 * Value and block numbers are the function's own, so a value keeps its name from one dump to the next and a pass test
 * can be read as a difference.  Nothing here trusts the function: offsets and indices are checked before they are
 * followed. */
#include "ir/print.h"
#include <inttypes.h>

const char *const ir_type_name[T_COUNT] = {"none", "i32", "i64", "f32", "f64", "v128"};
/* ORDER Access */
const char *const ir_access_name[ACC_COUNT] = {"8s", "8u",  "16s", "16u",  "32s",  "32u", "32",
                                               "64", "f32", "f64", "v128", "v32z", "v64z"};

enum { LOC_COLUMN = 48 };

static void print_type(Text *t, uint32_t type) {
    if (type < T_COUNT)
        text_puts(t, ir_type_name[type]);
    else
        text_printf(t, "<type %" PRIu32 ">", type);
}

static void print_types(Text *t, const uint8_t *type, uint32_t n) {
    text_putc(t, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i) text_puts(t, ", ");
        print_type(t, type[i]);
    }
    text_putc(t, ')');
}

static void print_sig(Text *t, const IrSig *s) {
    print_types(t, s->param, s->nparam);
    text_puts(t, " -> ");
    print_types(t, s->result, s->nresult);
}

static void print_name(Text *t, const char *name) {
    text_putc(t, '"');
    for (const unsigned char *c = (const unsigned char *)(name ? name : ""); *c; c++) {
        if (*c < 0x20 || *c >= 0x7f || *c == '"' || *c == '\\')
            text_printf(t, "\\%02x", *c);
        else
            text_putc(t, (char)*c);
    }
    text_putc(t, '"');
}

static void print_values(Text *t, const Fn *f, uint32_t at, uint32_t n) {
    if ((uint64_t)at + n > f->pool.n) {
        text_puts(t, "<operands outside the pool>");
        return;
    }
    for (uint32_t i = 0; i < n; i++) text_printf(t, "%sv%" PRIu32, i ? ", " : "", f->pool.at[at + i]);
}

static void print_edges(Text *t, const Fn *f, const Blk *b, const char *sep) {
    for (uint32_t i = 0; i < b->succ.n; i++) {
        const Edge *e = &b->succ.at[i];
        text_printf(t, "%sb%" PRIu32, i ? ", " : sep, e->to);
        if (!e->nargs) continue;
        text_putc(t, '(');
        print_values(t, f, e->args, e->nargs);
        text_putc(t, ')');
    }
}

static void print_flags(Text *t, const Ins *i) {
    uint8_t rest = i->flags;
    if (i->op == IR_load || i->op == IR_store) {
        static const char *const name[] = {" const", " context", " heap", " traps"};
        for (uint32_t k = 0; k < 4; k++)
            if (rest >> k & 1) text_puts(t, name[k]);
        rest &= (uint8_t) ~(MEM_CONST | MEM_CONTEXT | MEM_HEAP | MEM_TRAPS);
    }
    if (rest) text_printf(t, " flags.%u", rest);
}

static void print_callee(Text *t, const Fn *f, const Ins *i) {
    if (i->c >= f->calls.n) {
        text_puts(t, " <no such callee>");
        return;
    }
    const Callee *c = &f->calls.at[i->c];
    switch (c->kind) {
    case CALLEE_FUNC: text_printf(t, " f%" PRIu32 " ", c->index); break;
    case CALLEE_REF: text_puts(t, " ref "); break;
    case CALLEE_LIB: text_printf(t, " lib%" PRIu32 " ", c->index); break;
    default: text_puts(t, " <callee kind> "); break;
    }
    print_sig(t, &c->sig);
    text_puts(t, " (");
    print_values(t, f, i->a, i->b);
    text_putc(t, ')');
}

/* What stands behind the dot of the operation's name. */
static void print_suffix(Text *t, const Ins *i) {
    switch (i->op) {
    case IR_icmp:
        if (i->aux < C_COUNT)
            text_printf(t, ".%s", cond_name[i->aux]);
        else
            text_printf(t, ".<%u>", i->aux);
        break;
    case IR_fcmp:
        if (i->aux < FC_COUNT)
            text_printf(t, ".%s", fcond_name[i->aux]);
        else
            text_printf(t, ".<%u>", i->aux);
        break;
    case IR_load:
    case IR_store:
        if (i->aux < ACC_COUNT)
            text_printf(t, ".%s", ir_access_name[i->aux]);
        else
            text_printf(t, ".<%u>", i->aux);
        break;
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace:
        if (i->aux < VOP_COUNT)
            text_printf(t, ".%s", vop_info[i->aux].name);
        else
            text_printf(t, ".<%u>", i->aux);
        break;
    case IR_charge:
    case IR_refund:
        if (i->aux < 2)
            text_puts(t, i->aux ? ".depth" : ".fuel");
        else
            text_printf(t, ".%u", i->aux);
        break;
    case IR_trapz:
    case IR_trapnz:
    case IR_trap: text_printf(t, ".%u", i->aux); break;
    default: break;
    }
}

/* The lanes behind a lane operation's values. */
static void print_lanes(Text *t, const Fn *f, const Ins *i) {
    if (i->op == IR_vextract) text_printf(t, " %" PRIu32, i->b);
    if (i->op == IR_vreplace) text_printf(t, " %" PRIu32, i->c);
    if (i->op != IR_vshuffle) return;
    for (uint32_t k = 0; k < 16; k++) {
        uint64_t at = (uint64_t)i->c + k / 4;
        text_printf(t, " %" PRIu32, at < f->pool.n ? f->pool.at[at] >> k % 4 * 8 & 0xff : 0);
    }
}

static void print_charges(Text *t, const Fn *f, const Ins *i) {
    if ((uint64_t)i->a + (uint64_t)i->b * CHARGE_WORDS > f->pool.n) return;
    for (uint32_t k = 0; k < i->b; k++) {
        const ChargePart *p = &ins_charges(f, i)[k];
        text_printf(t, "%s%s %" PRIu32 " at 0x%" PRIx32, k ? ", " : " ", p->counter ? "depth" : "fuel", p->amount,
                    p->loc);
    }
}

static void print_operands(Text *t, const Fn *f, const Blk *b, const Ins *i) {
    switch (i->op) {
    case IR_iconst:
        if (i->type == T_I64)
            text_printf(t, " %" PRId64, (int64_t)ins_imm(i));
        else
            text_printf(t, " %" PRId32, (int32_t)i->a);
        return;
    case IR_fconst:
        if (i->type == T_F64)
            text_printf(t, " 0x%016" PRIx64, ins_imm(i));
        else
            text_printf(t, " 0x%08" PRIx32, i->a);
        return;
    case IR_vconst:
        for (uint32_t k = 0; k < 4; k++)
            text_printf(t, " 0x%08" PRIx32, (uint64_t)i->a + k < f->pool.n ? f->pool.at[i->a + k] : 0);
        return;
    case IR_proj: text_printf(t, " v%" PRIu32 " %" PRIu32, i->a, i->b); return;
    case IR_load:
        text_printf(t, " v%" PRIu32, i->a);
        if (i->b) text_printf(t, "+%" PRIu32, i->b);
        if (i->c) text_printf(t, " least %" PRIu32, i->c);
        return;
    case IR_store:
        text_printf(t, " v%" PRIu32, i->a);
        if (i->c) text_printf(t, "+%" PRIu32, i->c);
        text_printf(t, ", v%" PRIu32, i->b);
        return;
    case IR_charge:
    case IR_refund: text_printf(t, " %" PRIu32, i->a); return;
    case IR_charges: print_charges(t, f, i); return;
    case IR_call:
    case IR_tailcall: print_callee(t, f, i); return;
    case IR_ret:
        if (i->b) text_putc(t, ' ');
        print_values(t, f, i->a, i->b);
        return;
    case IR_jump: print_edges(t, f, b, " "); return;
    default: break;
    }
    const uint32_t operand[3] = {i->a, i->b, i->c};
    for (uint32_t k = 0; k < ir_info[i->op].nargs; k++) text_printf(t, "%sv%" PRIu32, k ? ", " : " ", operand[k]);
    print_lanes(t, f, i);
    if (i->op == IR_brif || i->op == IR_brtable) print_edges(t, f, b, ", ");
}

static void print_ins(Text *t, const Fn *f, const Blk *b, Val v) {
    if (v == 0 || v >= f->ins.n) {
        text_printf(t, "  <no value %" PRIu32 ">\n", v);
        return;
    }
    const Ins *i = &f->ins.at[v];
    if (i->op >= IR_COUNT) {
        text_printf(t, "  <operation %u>\n", i->op);
        return;
    }
    text_puts(t, "  ");
    if (i->type != T_NONE) {
        text_printf(t, "v%" PRIu32 ":", v);
        print_type(t, i->type);
        text_puts(t, " = ");
    } else if (i->op == IR_call && i->c < f->calls.n && f->calls.at[i->c].sig.nresult > 1) {
        text_printf(t, "v%" PRIu32 " = ", v);
    }
    text_puts(t, ir_info[i->op].name);
    print_suffix(t, i);
    print_operands(t, f, b, i);
    print_flags(t, i);
    uint32_t loc = v < f->loc.n ? fn_loc(f, v) : 0;
    if (loc) {
        text_pad(t, LOC_COLUMN);
        text_printf(t, " @0x%" PRIx32, loc);
    }
    text_putc(t, '\n');
}

static void print_block(Text *t, const Fn *f, BlkId id) {
    const Blk *b = &f->blk.at[id];
    text_printf(t, "b%" PRIu32, id);
    for (uint32_t i = 0; i < b->param.n; i++) {
        Val v = b->param.at[i];
        text_printf(t, "%sv%" PRIu32 ":", i ? ", " : "(", v);
        print_type(t, v < f->ins.n ? f->ins.at[v].type : T_COUNT);
    }
    text_puts(t, b->param.n ? "):\n" : ":\n");
    for (uint32_t i = 0; i < b->list.n; i++) print_ins(t, f, b, b->list.at[i]);
}

void ir_print(Text *t, const Fn *f) {
    text_puts(t, "func ");
    print_name(t, f->name);
    text_printf(t, " %" PRIu32 " ", f->index);
    print_sig(t, &f->sig);
    if (f->frame_cost) text_printf(t, " frame %" PRIu32, f->frame_cost);
    text_puts(t, " {\n");
    for (BlkId b = 0; b < f->blk.n; b++) print_block(t, f, b);
    text_puts(t, "}\n");
}
