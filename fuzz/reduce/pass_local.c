/* Passes over locals, parameters and results. */
#include <string.h>
#include "fuzz/reduce/pass.h"

static uint32_t nparams(const Edit *e, uint32_t body) { return edit_func_type(e, edit_func_of(e, body))->nparam; }

static uint32_t uses_of_local(EditSeq code, uint32_t local) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < code.n; i++)
        n += op_info[code.at[i].in.op].imm == IMM_LOCAL && code.at[i].in.index == local;
    return n;
}

/* Copy the code with local `from` called `to`. */
static EditSeq rename_local(Arena *a, EditSeq code, uint32_t from, uint32_t to) {
    EditInstr *out = edit_seq_copy(a, code);
    for (uint32_t i = 0; i < code.n; i++)
        if (op_info[out[i].in.op].imm == IMM_LOCAL && out[i].in.index == from) out[i].in.index = to;
    return (EditSeq){out, code.n};
}

/* Copy the code with the numbers of locals from `from` on moved up or down. */
static EditSeq shift_locals(Arena *a, EditSeq code, uint32_t from, int32_t by) {
    EditInstr *out = edit_seq_copy(a, code);
    for (uint32_t i = 0; i < code.n; i++)
        if (op_info[out[i].in.op].imm == IMM_LOCAL && out[i].in.index >= from) out[i].in.index += (uint32_t)by;
    return (EditSeq){out, code.n};
}

/* -- Locals ------------------------------------------------------------------------------------------- */

static void remove_local(Edit *e, uint32_t body, uint32_t local) {
    EditBody *b = &e->body[body];
    uint32_t k = local - nparams(e, body);
    ValType *t = ARENA_ARRAY(e->arena, ValType, b->nlocal);
    if (b->nlocal) memcpy(t, b->local, b->nlocal * sizeof *t);
    memmove(t + k, t + k + 1, (b->nlocal - k - 1) * sizeof *t);
    b->local = t;
    b->nlocal--;
}

/* Variant 0: nothing uses it.  Then: another one of its type takes its place. */
static Try try_local(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    enum { MOST = 6 };
    EditSeq code = body_code(r, c->body);
    uint32_t np = nparams(&r->cur, c->body), local = np + i, to = local;
    bool used = uses_of_local(code, local) > 0;
    if (variant > MOST || (!used && variant)) return TRY_DONE;
    if (used) {
        for (uint32_t k = variant + 1; k && to;)
            k -= edit_local_type(&r->cur, c->body, --to) == edit_local_type(&r->cur, c->body, local);
        if (edit_local_type(&r->cur, c->body, to) != edit_local_type(&r->cur, c->body, local) || to == local)
            return TRY_DONE;
    }
    code = rename_local(cand->arena, code, local, to);
    cand->body[c->body].code = shift_locals(cand->arena, code, local + 1, -1);
    remove_local(cand, c->body, local);
    c->again = i;
    return TRY_YES;
}

bool pass_locals(Reducer *r, Cursor *c, Edit *cand) {
    for (; c->body < r->cur.m.bodies.n; c->body++, c->begun = false)
        if (walk_list(r, c, cand, r->cur.body[c->body].nlocal, try_local)) return true;
    return false;
}

/* -- Forwarding ------------------------------------------------------------------------------------------ */

/* The one place that writes the local; false: there are more, or none. */
static bool only_write(EditSeq code, uint32_t local, uint32_t *at) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < code.n; i++) {
        Op op = code.at[i].in.op;
        if ((op != OP_LOCAL_SET && op != OP_LOCAL_TEE) || code.at[i].in.index != local) continue;
        *at = i;
        n++;
    }
    return n == 1;
}

/* The value written to a local stands where the local is read: everywhere if it is a single instruction, else
 * the one place. */
static Try try_forward(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    EditSeq code = body_code(r, c->body);
    const Flow *f = reducer_flow(r, c->body);
    uint32_t local = code.at[i].in.index, at = 0;
    if (variant || code.at[i].in.op != OP_LOCAL_GET || !only_write(code, local, &at) || f->at[at].dead) return TRY_DONE;
    uint32_t start = f->at[at].start, n = at - start;
    bool tee = code.at[at].in.op == OP_LOCAL_TEE;
    if (n > 1 && (tee || uses_of_local(code, local) > 2)) return TRY_DONE;
    EditInstr *out = ARENA_ARRAY(cand->arena, EditInstr, code.n * 2 + n);
    uint32_t k = 0;
    for (uint32_t j = 0; j < code.n; j++) {
        bool read = code.at[j].in.op == OP_LOCAL_GET && code.at[j].in.index == local;
        if (j == at || (j >= start && j < at && !tee)) continue;
        if (!read) out[k++] = code.at[j];
        for (uint32_t x = start; read && x < at; x++) out[k++] = code.at[x];
    }
    cand->body[c->body].code = (EditSeq){out, k};
    c->again = i < at ? i + 1 : start + 1;
    return TRY_YES;
}
bool pass_forward(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_forward); }

/* -- Parameters -------------------------------------------------------------------------------------------- */

/* Operand number k (0: the first) of the call at i is [*from, *to). */
static bool operand(const Flow *f, uint32_t i, uint32_t nparam, uint32_t k, uint32_t *from, uint32_t *to) {
    uint32_t s = f->at[i].top;
    *to = i;
    for (uint32_t n = nparam - 1; s && n > k; n--) {
        *to = f->slot.at[s].start;
        s = f->slot.at[s].under;
    }
    if (!s) return false;
    *from = f->slot.at[s].start;
    return *from < *to;
}

/* Operand k of each call of the function. */
static bool remove_operands(Reducer *r, Edit *cand, uint32_t func, uint32_t nparam, uint32_t k) {
    for (uint32_t b = 0; b < r->cur.m.bodies.n; b++) {
        EditSeq code = body_code(r, b);
        if (!uses_of_func(code, func)) continue;
        const Flow *f = reducer_flow(r, b);
        bool *gone = ARENA_ARRAY(cand->arena, bool, code.n); /* one call may be in an operand of another */
        for (uint32_t i = 0; i < code.n; i++) {
            uint32_t from, to;
            if ((code.at[i].in.op != OP_CALL && code.at[i].in.op != OP_RETURN_CALL) || code.at[i].in.index != func ||
                f->at[i].dead)
                continue;
            if (!operand(f, i, nparam, k, &from, &to)) return false;
            memset(gone + from, true, to - from);
        }
        EditInstr *out = ARENA_ARRAY(cand->arena, EditInstr, code.n);
        uint32_t n = 0;
        for (uint32_t i = 0; i < code.n; i++)
            if (!gone[i]) out[n++] = code.at[i];
        cand->body[b].code = (EditSeq){out, n};
    }
    return true;
}

static void remove_argument(Edit *e, uint32_t func, uint32_t k) {
    for (uint32_t i = 0; i < e->plan.step.n; i++) {
        PlanStep *s = &e->plan.step.at[i];
        if (!step_calls(e, s, func)) continue;
        Value *args = ARENA_ARRAY(e->arena, Value, s->nargs);
        memcpy(args, s->args, s->nargs * sizeof *args);
        memmove(args + k, args + k + 1, (s->nargs - k - 1) * sizeof *args);
        s->args = args;
        s->nargs--;
    }
}

/* A parameter that nothing uses, here and wherever the function is called. */
static bool drop_param(Reducer *r, Edit *cand, uint32_t func, uint32_t k) {
    const FuncType t = *edit_func_type(&r->cur, func);
    uint32_t body = r->cur.m.funcs.at[func].body;
    ValType *param = ARENA_ARRAY(cand->arena, ValType, t.nparam);
    memcpy(param, t.param, t.nparam * sizeof *param);
    memmove(param + k, param + k + 1, (t.nparam - k - 1) * sizeof *param);
    remove_argument(cand, func, k);
    if (!remove_operands(r, cand, func, t.nparam, k)) return false;
    if (body != NO_INDEX) cand->body[body].code = shift_locals(cand->arena, cand->body[body].code, k + 1, -1);
    put_type(cand, func, param, t.nparam - 1, t.result, t.nresult);
    edit_collect(cand, 1u << REF_TYPE);
    return true;
}

/* No branch and no tail call gives the function's results from elsewhere than its end. */
static bool falls_off(EditSeq code) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < code.n; i++) {
        const EditInstr *in = &code.at[i];
        switch (in->in.op) {
        case OP_BLOCK:
        case OP_LOOP:
        case OP_IF: depth++; break;
        case OP_END: depth--; break;
        case OP_RETURN:
        case OP_RETURN_CALL:
        case OP_RETURN_CALL_INDIRECT: return false;
        case OP_BR:
        case OP_BR_IF:
            if (in->in.index == depth) return false;
            break;
        case OP_BR_TABLE:
            for (uint32_t k = 0; k <= in->in.labels.count; k++)
                if (in->label[k] == depth) return false;
            break;
        default: break;
        }
    }
    return true;
}

/* Result number k, of those from the last one on, of a function that only the plan calls: what makes it goes, wherever
 * that stands, or it is dropped at the end. */
static Try drop_result(Reducer *r, Edit *cand, uint32_t func, uint32_t k, bool drop) {
    const FuncType t = *edit_func_type(&r->cur, func);
    uint32_t body = r->cur.m.funcs.at[func].body, end = body_code(r, body).n - 1;
    const Flow *f = reducer_flow(r, body);
    if (!falls_off(body_code(r, body)) || f->at[end].dead || flow_height(f, end) != t.nresult) return TRY_DONE;
    uint32_t slot = f->at[end].top;
    for (uint32_t i = 0; i < k; i++) slot = f->slot.at[slot].under;
    uint32_t start = f->slot.at[slot].start, behind = start;
    while (behind < end && (f->at[behind].top != slot || f->at[behind].dead)) behind++;
    EditInstr by = edit_op(OP_DROP, 0);
    if (drop)
        put_code(cand, body, end, end, &by, 1);
    else if (behind > start)
        put_code(cand, body, start, behind, NULL, 0);
    else
        return TRY_SKIP;
    ValType *result = ARENA_ARRAY(cand->arena, ValType, t.nresult);
    uint32_t gone = t.nresult - 1 - k;
    memcpy(result, t.result, t.nresult * sizeof *result);
    memmove(result + gone, result + gone + 1, k * sizeof *result);
    put_type(cand, func, t.param, t.nparam, result, t.nresult - 1);
    edit_collect(cand, 1u << REF_TYPE);
    return TRY_YES;
}

/* Parameters first, then results. */
static Try try_signature(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const FuncType *t = edit_func_type(&r->cur, i);
    uint32_t body = r->cur.m.funcs.at[i].body;
    (void)c;
    if (variant < t->nparam) {
        if (body != NO_INDEX && uses_of_local(body_code(r, body), variant)) return TRY_SKIP;
        Edit copy;
        edit_copy(&copy, cand->arena, cand);
        if (!drop_param(r, &copy, i, variant)) return TRY_SKIP;
        *cand = copy;
        return TRY_YES;
    }
    variant -= t->nparam;
    if (variant > t->nresult || !t->nresult || body == NO_INDEX || func_uses(&r->cur, i)) return TRY_DONE;
    bool drop = variant == t->nresult;
    return drop_result(r, cand, i, drop ? 0 : variant, drop);
}
bool pass_signatures(Reducer *r, Cursor *c, Edit *cand) {
    return walk_list(r, c, cand, r->cur.m.funcs.n, try_signature);
}

/* An expression becomes one more parameter of a function that only the plan calls, and a value that it was seen to have
 * becomes the argument: what computed it can go, and no compiler knows the value. */
static Try try_parameter(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    enum { MOST_PARAMS = 8 };
    uint32_t func = edit_func_of(&r->cur, c->body);
    const Flow *f = reducer_flow(r, c->body);
    const FuncType t = *edit_func_type(&r->cur, func);
    const EditInstr *last = &body_code(r, c->body).at[i];
    Value v;
    ValType vt = flow_value(f, i);
    if (vt == VT_BOTTOM || t.nparam >= MOST_PARAMS || edit_is_const(last, &v)) return TRY_DONE;
    if (last->in.op == OP_LOCAL_GET || func_uses(&r->cur, func) || !exported(&r->cur, func)) return TRY_DONE;
    const ProbeSite *s = probe_find(reducer_probe(r), c->body, i, NO_INDEX);
    if (!s || variant >= s->nvalue) return TRY_DONE;
    EditInstr get = edit_op(OP_LOCAL_GET, t.nparam);
    cand->body[c->body].code = shift_locals(cand->arena, body_code(r, c->body), t.nparam, 1);
    put_code(cand, c->body, f->at[i].start, i + 1, &get, 1);
    ValType *param = ARENA_ARRAY(cand->arena, ValType, t.nparam + 1);
    if (t.nparam) memcpy(param, t.param, t.nparam * sizeof *param);
    param[t.nparam] = vt;
    for (uint32_t k = 0; k < cand->plan.step.n; k++) {
        PlanStep *step = &cand->plan.step.at[k];
        if (!step_calls(cand, step, func)) continue;
        Value *args = ARENA_ARRAY(cand->arena, Value, t.nparam + 1);
        if (t.nparam) memcpy(args, step->args, t.nparam * sizeof *args);
        args[t.nparam] = s->value[variant];
        step->args = args;
        step->nargs++;
    }
    put_type(cand, func, param, t.nparam + 1, t.result, t.nresult);
    edit_collect(cand, 1u << REF_TYPE);
    c->again = f->at[i].start + 1;
    return TRY_YES;
}
bool pass_parameters(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_parameter); }

/* -- Truncation ------------------------------------------------------------------------------------------------ */

/* A function that only the plan calls ends behind an expression or statement of its outermost level, and what it has
 * then is its results. */
bool pass_truncate(Reducer *r, Cursor *c, Edit *cand) {
    enum { MOST_RESULTS = 4 };
    for (; c->body < r->cur.m.bodies.n; c->body++, c->at = 0) {
        uint32_t func = edit_func_of(&r->cur, c->body);
        EditSeq code = body_code(r, c->body);
        if (func_uses(&r->cur, func) || !exported(&r->cur, func)) continue;
        const Flow *f = reducer_flow(r, c->body);
        while (c->at + 2 < code.n) {
            uint32_t i = ++c->at, height = flow_height(f, i);
            if (f->at[i].depth || f->at[i].dead || height > MOST_RESULTS) continue;
            ValType result[MOST_RESULTS];
            for (uint32_t s = f->at[i].top, k = height; s; s = f->slot.at[s].under) result[--k] = f->slot.at[s].type;
            const FuncType *t = edit_func_type(&r->cur, func);
            put_type(cand, func, t->param, t->nparam, result, height);
            put_code(cand, c->body, i, code.n - 1, NULL, 0);
            edit_collect(cand, 1u << REF_TYPE);
            c->again = UINT32_MAX - 2;
            return true;
        }
    }
    return false;
}
