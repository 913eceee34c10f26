/* Passes over control: constructs unwrapped, branches made plain, calls direct or inlined. */
#include "fuzz/reduce/pass.h"

typedef struct Out {
    Arena *arena;
    VEC(EditInstr) code;
} Out;
static void put(Out *o, EditInstr i) { vec_push(o->arena, &o->code, i); }

static bool opens(Op op) { return op == OP_BLOCK || op == OP_LOOP || op == OP_IF; }

/* -- Constructs -------------------------------------------------------------------------------------- */

/* A label seen `depth` constructs inside of one that goes away: one less when it is further out.  The one itself
 * becomes the next one outside. */
static uint32_t outer_label(uint32_t label, uint32_t depth) { return label > depth ? label - 1 : label; }

/* Copy [from, to), the inside of a construct that goes away.  Branches to it: `br` goes, `br_if` drops its condition;
 * or, with `retarget`, they go to the next construct outside. */
static void put_inside(Out *o, EditSeq code, uint32_t from, uint32_t to, bool retarget) {
    uint32_t depth = 0;
    for (uint32_t i = from; i < to; i++) {
        EditInstr in = code.at[i];
        bool here = (in.in.op == OP_BR || in.in.op == OP_BR_IF) && in.in.index == depth;
        if (opens(in.in.op)) depth++;
        if (in.in.op == OP_END) depth--;
        if (here && !retarget) {
            if (in.in.op == OP_BR_IF) put(o, edit_op(OP_DROP, 0));
            continue;
        }
        if (in.in.op == OP_BR || in.in.op == OP_BR_IF) in.in.index = outer_label(in.in.index, depth);
        if (in.in.op == OP_BR_TABLE) {
            uint32_t *label = ARENA_ARRAY(o->arena, uint32_t, in.in.labels.count + 1);
            for (uint32_t k = 0; k <= in.in.labels.count; k++) label[k] = outer_label(in.label[k], depth);
            in.label = label;
        }
        put(o, in);
    }
}

static void put_plain(Out *o, EditSeq code, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) put(o, code.at[i]);
}

static Try take(Cursor *c, Edit *cand, Out *o) {
    cand->body[c->body].code = (EditSeq){o->code.at, o->code.n};
    return TRY_YES;
}

/* block, loop: gone, its branches dropped or going further out; a loop also as a block. */
static Try try_block(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    EditSeq code = body_code(r, c->body);
    uint32_t end = reducer_flow(r, c->body)->at[i].match;
    Out o = {.arena = cand->arena};
    if (variant == 2 && code.at[i].in.op == OP_LOOP) {
        EditInstr *all = edit_seq_copy(cand->arena, code);
        all[i].in.op = OP_BLOCK;
        cand->body[c->body].code.at = all;
        return TRY_YES;
    }
    if (variant > 1) return TRY_DONE;
    put_plain(&o, code, 0, i);
    put_inside(&o, code, i + 1, end, variant == 1);
    put_plain(&o, code, end + 1, code.n);
    c->again = i;
    return take(c, cand, &o);
}

/* if: one arm as a block, the condition dropped or gone with what computes it; or without its else. */
static Try try_if(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    EditSeq code = body_code(r, c->body);
    const Flow *f = reducer_flow(r, c->body);
    uint32_t end = f->at[i].match, other = f->at[i].other, cond = f->at[i].top ? f->slot.at[f->at[i].top].start : i;
    Out o = {.arena = cand->arena};
    bool second = variant & 1, gone = !(variant & 2);
    if (variant == 4 && other != NO_INDEX) {
        put_code(cand, c->body, other, end, NULL, 0);
        return TRY_YES;
    }
    if (variant > 3) return TRY_DONE;
    if (second && other == NO_INDEX && code.at[i].in.block != BLOCK_EMPTY) return TRY_SKIP;
    put_plain(&o, code, 0, gone ? cond : i);
    if (!gone) put(&o, edit_op(OP_DROP, 0));
    EditInstr block = code.at[i];
    block.in.op = OP_BLOCK;
    put(&o, block);
    if (!second)
        put_plain(&o, code, i + 1, other == NO_INDEX ? end : other);
    else if (other != NO_INDEX)
        put_plain(&o, code, other + 1, end);
    put_plain(&o, code, end, code.n);
    c->again = gone ? cond + 1 : i + 2;
    return take(c, cand, &o);
}

/* br_table: always one of its labels, or with half of them. */
static Try try_table(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    enum { LABELS = 6 };
    const EditInstr *in = &body_code(r, c->body).at[i];
    uint32_t n = in->in.labels.count;
    if (variant < LABELS) {
        if (variant > n) return TRY_SKIP;
        EditInstr by[2] = {edit_op(OP_DROP, 0), edit_op(OP_BR, in->label[variant == 0 ? n : variant - 1])};
        put_code(cand, c->body, i, i + 1, by, 2);
        return TRY_YES;
    }
    if (variant > LABELS || n == 0) return TRY_DONE;
    EditInstr by = *in;
    uint32_t *label = ARENA_ARRAY(cand->arena, uint32_t, n / 2 + 1);
    for (uint32_t k = 0; k < n / 2; k++) label[k] = in->label[k];
    label[n / 2] = in->label[n];
    by.label = label;
    by.in.labels.count = n / 2;
    put_code(cand, c->body, i, i + 1, &by, 1);
    return TRY_YES;
}

static Try try_branch(Cursor *c, const EditInstr *in, uint32_t i, uint32_t variant, Edit *cand) {
    if (variant) return TRY_DONE;
    EditInstr by[2] = {edit_op(OP_DROP, 0), edit_op(OP_BR, in->in.index)};
    if (in->in.op == OP_BR_IF)
        put_code(cand, c->body, i, i + 1, by, 2);
    else
        put_code(cand, c->body, i, i + 1, NULL, 0);
    return TRY_YES;
}

static Try try_control(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const EditInstr *in = &body_code(r, c->body).at[i];
    if (reducer_flow(r, c->body)->at[i].dead) return TRY_DONE;
    switch (in->in.op) {
    case OP_BLOCK:
    case OP_LOOP: return try_block(r, c, i, variant, cand);
    case OP_IF: return try_if(r, c, i, variant, cand);
    case OP_BR_TABLE: return try_table(r, c, i, variant, cand);
    case OP_BR:
    case OP_BR_IF:
    case OP_RETURN: return try_branch(c, in, i, variant, cand);
    default: return TRY_DONE;
    }
}
bool pass_control(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_control); }

/* -- Calls ------------------------------------------------------------------------------------------------ */

/* Function number k of all that could be meant. */
static bool callee(const Edit *e, uint32_t type, uint32_t k, uint32_t *func) {
    for (uint32_t f = 0; f < e->m.funcs.n; f++)
        if (functype_equal(edit_func_type(e, f), &e->m.types.at[type].func) && k-- == 0) return *func = f, true;
    return false;
}

/* An indirect call as a direct one, without what computes the index. */
static Try try_call(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    enum { MOST = 40 };
    const EditInstr *in = &body_code(r, c->body).at[i];
    const Flow *f = reducer_flow(r, c->body);
    uint32_t func;
    if ((in->in.op != OP_CALL_INDIRECT && in->in.op != OP_RETURN_CALL_INDIRECT) || f->at[i].dead || variant > MOST)
        return TRY_DONE;
    if (!callee(&r->cur, in->in.index, variant, &func) || !f->at[i].top) return TRY_DONE;
    uint32_t start = f->slot.at[f->at[i].top].start;
    EditInstr by = edit_op(in->in.op == OP_CALL_INDIRECT ? OP_CALL : OP_RETURN_CALL, func);
    put_code(cand, c->body, start, i + 1, &by, 1);
    c->again = start + 1;
    return TRY_YES;
}
bool pass_calls(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_call); }

/* The body of `func` with its locals from `local` on; false when it cannot stand elsewhere. */
static bool put_inlined(Out *o, const Edit *e, uint32_t func, uint32_t local) {
    EditSeq code = e->body[e->m.funcs.at[func].body].code;
    uint32_t depth = 0;
    for (uint32_t i = 0; i < code.n; i++) {
        EditInstr in = code.at[i];
        switch (in.in.op) {
        case OP_RETURN_CALL:
        case OP_RETURN_CALL_INDIRECT: return false;
        case OP_RETURN: in = edit_op(OP_BR, depth); break;
        case OP_END: depth--; break; /* the last one ends the block around */
        default: break;
        }
        if (opens(in.in.op)) depth++;
        if (op_info[in.in.op].imm == IMM_LOCAL) in.in.index += local;
        put(o, in);
    }
    return true;
}

/* A call of a function that nothing else refers to, by its body in a block. */
static Try try_inline(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    EditSeq code = body_code(r, c->body);
    const EditInstr *in = &code.at[i];
    if (variant || in->in.op != OP_CALL || reducer_flow(r, c->body)->at[i].dead) return TRY_DONE;
    uint32_t func = in->in.index, body = r->cur.m.funcs.at[func].body;
    if (body == NO_INDEX || body == c->body || func_uses(&r->cur, func) != 1 || exported(&r->cur, func))
        return TRY_DONE;
    const FuncType *t = edit_func_type(&r->cur, func);
    const EditBody *b = &r->cur.body[body];
    Out o = {.arena = cand->arena};
    uint32_t local = edit_func_type(&r->cur, edit_func_of(&r->cur, c->body))->nparam + r->cur.body[c->body].nlocal;
    put_plain(&o, code, 0, i);
    for (uint32_t k = t->nparam; k-- > 0;) put(&o, edit_op(OP_LOCAL_SET, local + k));
    for (uint32_t k = 0; k < b->nlocal; k++) { /* it may be in a loop */
        EditInstr zero;
        if (!edit_const(b->local[k], (Value){.u64x2 = {0, 0}}, &zero)) return TRY_DONE;
        put(&o, zero);
        put(&o, edit_op(OP_LOCAL_SET, local + t->nparam + k));
    }
    EditInstr block = edit_block(OP_BLOCK, t->nresult == 1 ? t->result[0] : VT_BOTTOM);
    if (t->nresult > 1) block.in.block = edit_type(cand, NULL, 0, t->result, t->nresult);
    put(&o, block);
    if (!put_inlined(&o, &r->cur, func, local)) return TRY_DONE;
    put_plain(&o, code, i + 1, code.n);
    for (uint32_t k = 0; k < t->nparam; k++) edit_add_local(cand, c->body, t->param[k]);
    for (uint32_t k = 0; k < b->nlocal; k++) edit_add_local(cand, c->body, b->local[k]);
    take(c, cand, &o);
    edit_collect(cand, ALL_KINDS); /* one function less: so this comes to an end, though it need not be cheaper */
    return TRY_YES;
}
bool pass_inline(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_inline); }
