/* One walk over the instructions, as in validation (spec appendix A.3), with slots instead of types alone.  Operands of
 * dead code are not followed: its stack stays what it was at the branch. */
#include "fuzz/edit/flow.h"

typedef struct FlowFrame {
    uint32_t opener; /* NO_INDEX: the function */
    uint32_t start;  /* of the expression that the construct is */
    uint32_t base;   /* top slot below its parameters */
    FuncType type;
    ValType single;
    bool dead; /* entered in dead code */
} FlowFrame;

typedef struct Walk {
    Flow *f;
    Arena *a;
    const Edit *e;
    uint32_t body;
    VEC(FlowFrame) frame;
    uint32_t top, at;
    bool dead;
} Walk;

static const ValType *results(const FlowFrame *f) { return f->type.result ? f->type.result : &f->single; }

static void push(Walk *w, ValType t, uint32_t start) {
    uint32_t height = w->top ? w->f->slot.at[w->top].height + 1 : 1;
    vec_push(w->a, &w->f->slot, ((FlowSlot){t, start, w->top, height}));
    w->top = w->f->slot.n - 1;
}
static void push_list(Walk *w, const ValType *t, uint32_t n, uint32_t start) {
    for (uint32_t i = 0; i < n; i++) push(w, t[i], start);
}
/* Take n values away: where the first of them begins. */
static uint32_t pop(Walk *w, uint32_t n, uint32_t start) {
    for (; n && w->top; n--) {
        start = w->f->slot.at[w->top].start;
        w->top = w->f->slot.at[w->top].under;
    }
    return start;
}
static ValType top_type(const Walk *w) { return w->top ? w->f->slot.at[w->top].type : VT_BOTTOM; }

static ValType letter_type(char c) {
    switch (c) {
    case 'i': return VT_I32;
    case 'l': return VT_I64;
    case 'f': return VT_F32;
    case 'd': return VT_F64;
    default: return VT_V128;
    }
}

/* -- Instructions ------------------------------------------------------------------------------ */

/* Pop so many, push these; the expression's beginning. */
static uint32_t apply(Walk *w, uint32_t npop, const ValType *out, uint32_t nout) {
    uint32_t start = pop(w, npop, w->at);
    push_list(w, out, nout, start);
    return start;
}

static uint32_t apply_signature(Walk *w, const char *sig) {
    uint32_t npop = 0, nout = 0;
    ValType out[4];
    if (*sig == '_') return w->at; /* no row says so yet: leave the stack alone */
    for (; *sig && *sig != '_'; sig++) npop += *sig != 'v';
    for (sig += *sig != 0; *sig && nout < 4; sig++)
        if (*sig != 'v') out[nout++] = letter_type(*sig);
    return apply(w, npop, out, nout);
}

static uint32_t call(Walk *w, const FuncType *t, uint32_t more) {
    uint32_t start = pop(w, t->nparam + more, w->at);
    push_list(w, t->result, t->nresult, start);
    return start;
}

static uint32_t label_arity(const Walk *w, uint32_t depth) {
    if (depth >= w->frame.n) return 0;
    const FlowFrame *f = &w->frame.at[w->frame.n - 1 - depth];
    bool loop = f->opener != NO_INDEX && w->e->body[w->body].code.at[f->opener].in.op == OP_LOOP;
    return loop ? f->type.nparam : f->type.nresult;
}

static void enter(Walk *w, const EditInstr *i) {
    ValType single = VT_BOTTOM;
    FlowFrame f = {.opener = w->at, .start = w->at, .dead = w->dead};
    f.type = edit_block_type(w->e, i, &single);
    f.single = single;
    if (f.type.result == &single) f.type.result = NULL;
    if (!w->dead) {
        f.start = pop(w, f.type.nparam + (i->in.op == OP_IF), w->at);
        f.base = w->top;
        push_list(w, f.type.param, f.type.nparam, f.start);
    }
    vec_push(w->a, &w->frame, f);
    w->f->at[w->at].start = f.start;
}

static void leave(Walk *w, const EditInstr *i) {
    FlowFrame *f = &w->frame.at[w->frame.n - 1];
    FlowAt *at = &w->f->at[w->at];
    at->start = f->start;
    if (f->opener == NO_INDEX) {
        at->match = NO_INDEX;
        return;
    }
    at->match = f->opener;
    w->dead = f->dead;
    w->top = f->base;
    if (i->in.op == OP_ELSE) {
        w->f->at[f->opener].other = w->at;
        if (!w->dead) push_list(w, f->type.param, f->type.nparam, f->start);
        return;
    }
    FlowAt *opener = &w->f->at[f->opener];
    opener->match = w->at;
    if (opener->other != NO_INDEX) w->f->at[opener->other].match = w->at;
    if (!w->dead) push_list(w, results(f), f->type.nresult, f->start);
    w->frame.n--;
}

static uint32_t branch(Walk *w, uint32_t npop) {
    uint32_t start = pop(w, npop, w->at);
    w->dead = true;
    return start;
}

static uint32_t control(Walk *w, const EditInstr *i) {
    const Module *m = &w->e->m;
    switch (i->in.op) {
    case OP_BR: return branch(w, label_arity(w, i->in.index));
    case OP_BR_TABLE: return branch(w, 1 + label_arity(w, i->label[i->in.labels.count]));
    case OP_RETURN: return branch(w, w->frame.at[0].type.nresult);
    case OP_UNREACHABLE: return branch(w, 0);
    case OP_BR_IF: return apply(w, 1, NULL, 0);
    case OP_CALL: return call(w, edit_func_type(w->e, i->in.index), 0);
    case OP_CALL_INDIRECT: return call(w, &m->types.at[i->in.index].func, 1);
    case OP_RETURN_CALL: return branch(w, edit_func_type(w->e, i->in.index)->nparam);
    case OP_RETURN_CALL_INDIRECT: return branch(w, m->types.at[i->in.index].func.nparam + 1);
    default: return w->at;
    }
}

static uint32_t table(Walk *w, const EditInstr *i) {
    static const ValType i32 = VT_I32;
    const Module *m = &w->e->m;
    switch (i->in.op) {
    case OP_TABLE_GET: return apply(w, 1, &m->tables.at[i->in.index].type, 1);
    case OP_TABLE_SET: return apply(w, 2, NULL, 0);
    case OP_TABLE_SIZE: return apply(w, 0, &i32, 1);
    case OP_TABLE_GROW: return apply(w, 2, &i32, 1);
    case OP_TABLE_FILL: return apply(w, 3, NULL, 0);
    default: return apply_signature(w, op_info[i->in.op].sig);
    }
}

static uint32_t reference(Walk *w, const EditInstr *i) {
    ValType t;
    switch (i->in.op) {
    case OP_REF_NULL: t = VT_REF | VT_NULLABLE | i->in.heap; return apply(w, 0, &t, 1);
    case OP_REF_FUNC: t = VT_FUNCREF; return apply(w, 0, &t, 1);
    default: t = VT_I32; return apply(w, 1, &t, 1);
    }
}

static uint32_t parametric(Walk *w, const EditInstr *i) {
    if (i->in.op == OP_DROP) return apply(w, 1, NULL, 0);
    uint32_t start = pop(w, 1, w->at);
    ValType t = top_type(w);
    start = pop(w, 2, start);
    push(w, i->in.op == OP_SELECT ? t : i->type[0], start);
    return start;
}

static uint32_t variable(Walk *w, const EditInstr *i) {
    ValType t = op_info[i->in.op].kind == KIND_GLOBAL ? w->e->m.globals.at[i->in.index].type.type
                                                      : edit_local_type(w->e, w->body, i->in.index);
    switch (i->in.op) {
    case OP_LOCAL_GET:
    case OP_GLOBAL_GET: return apply(w, 0, &t, 1);
    case OP_LOCAL_TEE: return apply(w, 1, &t, 1);
    default: return apply(w, 1, NULL, 0);
    }
}

static uint32_t ordinary(Walk *w, const EditInstr *i) {
    switch ((OpKind)op_info[i->in.op].kind) {
    case KIND_CONTROL: return control(w, i);
    case KIND_PARAM: return parametric(w, i);
    case KIND_LOCAL:
    case KIND_GLOBAL: return variable(w, i);
    case KIND_TABLE: return table(w, i);
    case KIND_REF: return reference(w, i);
    default: return apply_signature(w, op_info[i->in.op].sig);
    }
}

void flow_make(Flow *f, Arena *a, const Edit *e, uint32_t body) {
    const EditSeq *code = &e->body[body].code;
    Walk w = {.f = f, .a = a, .e = e, .body = body};
    *f = (Flow){.n = code->n, .at = ARENA_ARRAY(a, FlowAt, code->n + 1)};
    vec_push(a, &f->slot, (FlowSlot){0});
    FlowFrame whole = {.opener = NO_INDEX, .type = *edit_func_type(e, edit_func_of(e, body))};
    whole.type.nparam = 0;
    vec_push(a, &w.frame, whole);
    for (w.at = 0; w.at < code->n; w.at++) {
        const EditInstr *i = &code->at[w.at];
        f->at[w.at] = (FlowAt){
            .top = w.top, .start = w.at, .match = NO_INDEX, .other = NO_INDEX, .depth = w.frame.n - 1, .dead = w.dead};
        switch (i->in.op) {
        case OP_BLOCK:
        case OP_LOOP:
        case OP_IF: enter(&w, i); break;
        case OP_ELSE:
        case OP_END: leave(&w, i); break;
        default:
            if (!w.dead) f->at[w.at].start = ordinary(&w, i);
        }
    }
    f->at[code->n] = (FlowAt){.top = w.top, .match = NO_INDEX, .other = NO_INDEX};
}

/* -- Questions ----------------------------------------------------------------------------------- */

ValType flow_value(const Flow *f, uint32_t at) {
    const FlowAt *a = &f->at[at], *b = a + 1;
    if (b->dead || !b->top || at + 1 >= f->n) return VT_BOTTOM;
    const FlowSlot *s = &f->slot.at[b->top];
    bool one = f->at[a->start].top == s->under && s->start == a->start && !f->at[a->start].dead;
    return one && b->depth == f->at[a->start].depth ? s->type : VT_BOTTOM;
}

uint32_t flow_closed(const Flow *f, const EditSeq *code, uint32_t from, uint32_t to) {
    uint32_t i = from;
    while (i < to && i < f->n) {
        switch (code->at[i].in.op) {
        case OP_BLOCK:
        case OP_LOOP:
        case OP_IF: i = f->at[i].match + 1; break;
        case OP_ELSE:
        case OP_END: return i;
        default: i++;
        }
    }
    return i;
}

/* The innermost opener around `at`, NO_INDEX for the function; `at` is an end or else, or behind all. */
static FuncType around(const Flow *f, const Edit *e, uint32_t body, uint32_t at, ValType *single) {
    uint32_t opener = f->at[at].match;
    const EditSeq *code = &e->body[body].code;
    if (code->at[at].in.op == OP_ELSE) opener = f->at[f->at[at].match].match;
    if (opener == NO_INDEX) return *edit_func_type(e, edit_func_of(e, body));
    return edit_block_type(e, &code->at[opener], single);
}

static bool put_zeros(const ValType *t, uint32_t k, EditInstr *out, uint32_t *n, uint32_t max) {
    for (uint32_t i = 0; i < k; i++)
        if (*n >= max || !edit_const(t[i], (Value){.u64x2 = {0, 0}}, &out[(*n)++])) return false;
    return true;
}

static bool put_slots(const Flow *f, uint32_t top, uint32_t base, EditInstr *out, uint32_t *n, uint32_t max) {
    uint32_t k = 0;
    for (uint32_t s = top; s != base; s = f->slot.at[s].under) k++;
    if (*n + k > max) return false;
    for (uint32_t s = top, i = *n + k; s != base; s = f->slot.at[s].under)
        if (!edit_const(f->slot.at[s].type, (Value){.u64x2 = {0, 0}}, &out[--i])) return false;
    *n += k;
    return true;
}

bool flow_stand_in(const Flow *f, const Edit *e, uint32_t body, uint32_t from, uint32_t to, EditInstr *out, uint32_t *n,
                   uint32_t max) {
    const FlowAt *start = &f->at[from], *end = &f->at[to];
    const EditSeq *code = &e->body[body].code;
    *n = 0;
    if (start->dead || to >= f->n) return false;
    if (end->dead) {
        Op op = code->at[to].in.op;
        if (op != OP_END && op != OP_ELSE) return false;
        ValType single = VT_BOTTOM;
        FuncType t = around(f, e, body, to, &single);
        uint32_t base = 0; /* of the construct: its parameters may be on the stack and are dropped */
        if (f->at[to].match != NO_INDEX) {
            uint32_t opener = op == OP_ELSE ? f->at[f->at[to].match].match : f->at[to].match;
            uint32_t drops = (code->at[opener].in.op == OP_IF) + t.nparam;
            for (base = f->at[opener].top; drops && base; drops--) base = f->slot.at[base].under;
        }
        for (uint32_t s = start->top; s != base && s; s = f->slot.at[s].under) {
            if (*n >= max) return false;
            out[(*n)++] = edit_op(OP_DROP, 0);
        }
        return put_zeros(t.result, t.nresult, out, n, max);
    }
    uint32_t x = start->top, y = end->top;
    while (x != y) {
        uint32_t hx = x ? f->slot.at[x].height : 0, hy = y ? f->slot.at[y].height : 0;
        if (hx >= hy) {
            x = f->slot.at[x].under;
            if (*n >= max) return false;
            out[(*n)++] = edit_op(OP_DROP, 0);
        }
        if (hy >= hx) y = f->slot.at[y].under;
    }
    return put_slots(f, end->top, y, out, n, max);
}
