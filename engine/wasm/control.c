/* Validation of control instructions, and with it the side table and the costs of segments.
 *
 * The algorithm is the specification's (appendix A.3): a stack of control frames over the stack of operand
 * types.  Branches forward are entries that wait, in a list through their pc fields that starts at the
 * target's frame, until the `end` is there.  Whether code is reachable (v->live) is a finer question than
 * whether its stack is polymorphic (Frame.unreachable); validate.h defines it. */
#include "base/leb128.h"
#include "wasm/match.h"
#include "wasm/validator.h"

/* -- Segments and entries ---------------------------------------------------------- */

/* The current segment ends here and costs so much. */
static void close_segment(Validator *v, uint32_t cost) {
    if (!v->live) return;
    if (v->segment == SEGMENT_BODY)
        v->body_fuel = cost;
    else
        v->side.at[v->segment].fuel = cost;
}

/* A segment begins whose cost goes to `entry`, `cost` of it being counted already. */
static void open_segment(Validator *v, uint32_t entry, uint32_t cost) {
    v->segment = entry;
    v->cost = cost;
    v->live = true;
}

static uint32_t add_entry(Validator *v, SideEntry e) {
    vec_push(&v->scratch, &v->side, e);
    return v->side.n - 1;
}

/* An entry whose pc and stp are those of the frame's end. */
static uint32_t add_entry_to_end(Validator *v, Frame *f, uint32_t keep) {
    uint32_t e = add_entry(v, (SideEntry){.pc = f->patches, .keep = keep, .height = f->height});
    f->patches = e + 1;
    f->targeted = true;
    return e;
}

static void patch_entries(Validator *v, const Frame *f, uint32_t pc, uint32_t stp) {
    for (uint32_t next = f->patches; next;) {
        SideEntry *e = &v->side.at[next - 1];
        next = e->pc;
        e->pc = pc;
        e->stp = stp;
    }
}

/* -- Labels ------------------------------------------------------------------------ */

static Frame *find_label(Validator *v, uint32_t depth) {
    if (!check_index(v, depth, v->frames.n, ERR_UNKNOWN_LABEL)) return NULL;
    return &v->frames.at[v->frames.n - 1 - depth];
}

static uint32_t label_arity(const Frame *f) { return f->kind == FRAME_LOOP ? f->type.nparam : f->type.nresult; }
static const ValType *label_types(const Frame *f) { return f->kind == FRAME_LOOP ? f->type.param : frame_result(f); }

static uint32_t add_branch(Validator *v, Frame *f) {
    if (f->kind != FRAME_LOOP) return add_entry_to_end(v, f, f->type.nresult);
    return add_entry(v, (SideEntry){.pc = f->at, .stp = f->entry, .keep = f->type.nparam, .height = f->height});
}

/* What follows is dead, and its stack polymorphic. */
static void end_of_flow(Validator *v) {
    close_segment(v, v->cost);
    v->live = false;
    v->n = v->floor;
    top_frame(v)->unreachable = true;
}

/* -- Constructs ----------------------------------------------------------------------- */

void validator_push_frame(Validator *v, FrameKind kind, FuncType type, ValType single) {
    Frame f = {.type = type,
               .single = single,
               .height = v->n,
               .at = v->at,
               .ninit = v->inits.n,
               .kind = kind,
               .live = v->live};
    vec_push(&v->scratch, &v->frames, f);
    v->floor = v->n;
    push_vals(v, type.param, type.nparam);
}

/* Pop the parameters of a construct and enter it; false: its type is unknown. */
static bool enter(Validator *v, const Instr *in, FrameKind kind) {
    ValType single = VT_BOTTOM;
    if (in->block >= 0) {
        uint32_t index = (uint32_t)in->block; /* s33, so it fits */
        if (!check_index(v, index, v->m->types.n, ERR_UNKNOWN_TYPE)) return false;
        if (v->m->types.at[index].kind != TYPE_FUNC) return validator_fail(v, ERR_TYPE_MISMATCH), false;
    } else if (in->block == BLOCK_VALUE && vt_is_ref(in->block_vt) && VT_HEAP(in->block_vt) < HEAP_ABSTRACT &&
               !check_index(v, VT_HEAP(in->block_vt), v->m->types.n, ERR_UNKNOWN_TYPE)) {
        return false;
    }
    FuncType type = block_func_type(v->m, in, &single);
    if (in->block < 0) type.result = NULL;
    pop_vals(v, type.param, type.nparam);
    validator_push_frame(v, kind, type, single);
    return true;
}

static void enter_loop(Validator *v, const Instr *in) {
    if (!enter(v, in, FRAME_LOOP) || !v->live) return;
    Frame *f = top_frame(v);
    close_segment(v, v->cost - 1);
    f->entry = add_entry(v, (SideEntry){.pc = in->at, .stp = v->side.n, .keep = f->type.nparam, .height = f->height});
    open_segment(v, f->entry, 1);
}

static void enter_if(Validator *v, const Instr *in) {
    pop_val(v, VT_I32);
    if (!enter(v, in, FRAME_IF) || !v->live) return;
    Frame *f = top_frame(v);
    close_segment(v, v->cost);
    uint32_t then = add_entry(v, (SideEntry){.pc = in->at, .stp = v->side.n});
    f->entry = add_entry(v, (SideEntry){.keep = f->type.nparam, .height = f->height});
    open_segment(v, then, 0);
}

/* The stack at the end of a construct must be its results, no more. */
static void pop_results(Validator *v, const Frame *f) {
    pop_vals(v, frame_result(f), f->type.nresult);
    if (v->n != v->floor && valid_so_far(v))
        err_at(v->err, v->at, v->r.func, ERR_TYPE_MISMATCH, "%u values too many at the end of a block",
               v->n - v->floor);
}

/* Locals set inside a construct count as not set behind it. */
static void undo_inits(Validator *v, const Frame *f) {
    while (v->inits.n > f->ninit) bitset_del(&v->init, v->inits.at[--v->inits.n]);
}

static void else_arm(Validator *v, const Instr *in) {
    Frame *f = top_frame(v);
    if (f->kind != FRAME_IF) {
        validator_fail(v, ERR_END_EXPECTED);
        return;
    }
    pop_results(v, f);
    undo_inits(v, f);
    f->kind = FRAME_ELSE;
    f->unreachable = false;
    v->n = v->floor;
    push_vals(v, f->type.param, f->type.nparam);
    if (!f->live) return;
    bool targeted = f->targeted || v->live;
    close_segment(v, v->cost);
    add_entry_to_end(v, f, f->type.nresult);
    f->targeted = targeted; /* nothing falls into a dead `else` */
    v->side.at[f->entry].pc = in->next;
    v->side.at[f->entry].stp = v->side.n;
    open_segment(v, f->entry, 0);
}

/* The entry of an `end`: of a block or if entered in reachable code. */
static void add_end(Validator *v, const Frame *f) {
    uint32_t e = add_entry(v, (SideEntry){.pc = v->at, .stp = v->side.n});
    if (f->targeted || f->kind != FRAME_BLOCK) {
        close_segment(v, v->cost - 1);
        if (v->live || f->targeted || f->kind == FRAME_IF) open_segment(v, e, 1);
    }
    if (f->kind == FRAME_IF) {
        v->side.at[f->entry].pc = v->at;
        v->side.at[f->entry].stp = e;
    }
    patch_entries(v, f, v->at, e);
}

static void end(Validator *v) {
    Frame f = *top_frame(v);
    pop_results(v, &f);
    if (!valid_so_far(v)) return;
    undo_inits(v, &f);
    if (f.kind == FRAME_IF) {
        /* Without an `else` the parameters are the results. */
        FuncType params = {NULL, f.type.param, 0, f.type.nparam};
        FuncType results = {NULL, frame_result(&f), 0, f.type.nresult};
        if (!func_type_matches(v->m, &params, &results)) {
            err_at(v->err, v->at, v->r.func, ERR_TYPE_MISMATCH, "if without else does not give the block's results");
            return;
        }
    }
    v->frames.n--;
    v->n = v->floor;
    if (f.kind == FRAME_FUNC) {
        close_segment(v, v->cost);
        patch_entries(v, &f, v->at, v->side.n);
        return;
    }
    if (f.kind != FRAME_LOOP && f.live) add_end(v, &f);
    v->floor = top_frame(v)->height;
    push_vals(v, frame_result(&f), f.type.nresult);
}

/* -- Branches ------------------------------------------------------------------------- */

static void branch(Validator *v, uint32_t depth) {
    Frame *f = find_label(v, depth);
    if (!f) return;
    pop_vals(v, label_types(f), label_arity(f));
    if (v->live) add_branch(v, f);
    end_of_flow(v);
}

static void branch_if(Validator *v, uint32_t depth) {
    pop_val(v, VT_I32);
    Frame *f = find_label(v, depth);
    if (!f) return;
    pop_vals(v, label_types(f), label_arity(f));
    push_vals(v, label_types(f), label_arity(f));
    if (!v->live) return;
    close_segment(v, v->cost);
    open_segment(v, add_branch(v, f), 0);
}

/* Do the topmost values match the types?  They stay as they are. */
static void peek_vals(Validator *v, const ValType *types, uint32_t n) {
    bool polymorphic = top_frame(v)->unreachable;
    for (uint32_t i = 0; i < n; i++) {
        if (v->n - v->floor <= i) {
            if (!polymorphic) validator_fail(v, ERR_TYPE_MISMATCH);
            return;
        }
        ValType have = v->stack[v->n - 1 - i];
        if (have != types[n - 1 - i] && !val_type_matches(v->m, have, types[n - 1 - i])) {
            validator_fail(v, ERR_TYPE_MISMATCH);
            return;
        }
    }
}

static void branch_table(Validator *v, const Instr *in) {
    pop_val(v, VT_I32);
    const uint8_t *p = v->m->bytes + in->labels.at;
    const Frame *first = NULL;
    for (uint32_t i = 0; i <= in->labels.count && valid_so_far(v); i++) {
        Frame *f = find_label(v, leb_u32(&p));
        if (!f) return;
        uint32_t n = label_arity(f);
        if (!first) {
            first = f;
            peek_vals(v, label_types(f), n);
        } else if (n != label_arity(first)) {
            validator_fail(v, ERR_TYPE_MISMATCH);
        } else if (f != first && n && memcmp(label_types(f), label_types(first), n * sizeof(ValType)) != 0) {
            peek_vals(v, label_types(f), n);
        }
        if (v->live) add_branch(v, f);
    }
    end_of_flow(v);
}

/* -- Calls ----------------------------------------------------------------------------- */

/* A tail call gives the caller's results; elsewhere the callee's are pushed. */
static void finish_call(Validator *v, const FuncType *callee, bool tail) {
    pop_vals(v, callee->param, callee->nparam);
    v->has_calls |= v->live;
    if (!tail) {
        push_vals(v, callee->result, callee->nresult);
        return;
    }
    const Frame *f = &v->frames.at[0];
    FuncType want = {NULL, frame_result(f), 0, f->type.nresult};
    FuncType have = {NULL, callee->result, 0, callee->nresult};
    if (!func_type_matches(v->m, &have, &want)) {
        validator_fail(v, ERR_TYPE_MISMATCH);
        return;
    }
    end_of_flow(v);
}

static void call(Validator *v, const Instr *in, bool tail) {
    if (!check_index(v, in->index, v->m->funcs.n, ERR_UNKNOWN_FUNC)) return;
    finish_call(v, module_func_type(v->m, in->index), tail);
}

static void call_indirect(Validator *v, const Instr *in, bool tail) {
    const Module *m = v->m;
    if (!check_index(v, in->index2, m->tables.n, ERR_UNKNOWN_TABLE)) return;
    if (!check_index(v, in->index, m->types.n, ERR_UNKNOWN_TYPE)) return;
    const Table *t = &m->tables.at[in->index2];
    if (m->types.at[in->index].kind != TYPE_FUNC || !val_type_matches(m, t->type, VT_FUNCREF)) {
        validator_fail(v, ERR_TYPE_MISMATCH);
        return;
    }
    pop_val(v, limits_index_type(&t->limits));
    finish_call(v, &m->types.at[in->index].func, tail);
}

void validate_control(Validator *v, const Instr *in) {
    switch (in->op) {
    case OP_UNREACHABLE: end_of_flow(v); break;
    case OP_BLOCK: enter(v, in, FRAME_BLOCK); break;
    case OP_LOOP: enter_loop(v, in); break;
    case OP_IF: enter_if(v, in); break;
    case OP_ELSE: else_arm(v, in); break;
    case OP_END: end(v); break;
    case OP_BR: branch(v, in->index); break;
    case OP_BR_IF: branch_if(v, in->index); break;
    case OP_BR_TABLE: branch_table(v, in); break;
    case OP_RETURN: {
        const Frame *f = &v->frames.at[0];
        pop_vals(v, frame_result(f), f->type.nresult);
        end_of_flow(v);
        break;
    }
    case OP_CALL: call(v, in, false); break;
    case OP_RETURN_CALL:
        v->m->tail_by_ref |= in->index < v->m->nimported[EXT_FUNC];
        v->has_tail_calls = true;
        if (in->index < v->m->funcs.n) v->m->funcs.at[in->index].tail_called = true;
        call(v, in, true);
        break;
    case OP_CALL_INDIRECT: call_indirect(v, in, false); break;
    case OP_RETURN_CALL_INDIRECT:
        v->m->tail_by_ref = v->has_tail_calls = true;
        call_indirect(v, in, true);
        break;
    default: assert(false && "a control instruction without a rule");
    }
}
