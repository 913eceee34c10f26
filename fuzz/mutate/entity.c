/* What is no code: limits, segments, initial values, signatures, exports. */
#include <stdio.h>
#include <string.h>
#include "fuzz/gen/gen.h"
#include "fuzz/mutate/mutate_impl.h"

/* -- Limits -------------------------------------------------------------------------------------------- */

/* Small ones: what cannot be instantiated is of no use. */
static bool other_limits(Mutator *m, Limits *l, uint64_t small, uint64_t most) {
    Limits old = *l;
    switch (mut_pick(m, 4)) {
    case 0: l->min = mut_pick(m, (uint32_t)small + 1); break;
    case 1: l->has_max = !l->has_max; /* fallthrough */
    case 2: l->max = mut_one_in(m, 3) ? mut_number(m, most) : l->min + mut_pick(m, 8); break;
    default: l->max = l->min; break;
    }
    if (l->max < l->min) l->max = l->min;
    if (l->max > most) l->max = most;
    return l->min != old.min || l->max != old.max || l->has_max != old.has_max;
}

bool mutate_limits(Mutator *m) {
    enum { PAGES = 12, ELEMS = 80, MOST_ELEMS = 1000 };
    uint32_t memories = m->e.m.memories.n, tables = m->e.m.tables.n;
    if (!(memories + tables)) return false;
    uint32_t i = mut_pick(m, memories + tables);
    if (i >= memories) return other_limits(m, &m->e.m.tables.at[i - memories].limits, ELEMS, MOST_ELEMS);
    return other_limits(m, &m->e.m.memories.at[i].limits, PAGES, UINT64_C(1) << 16);
}

/* -- Segments ---------------------------------------------------------------------------------------------- */

bool mutate_data(Mutator *m) {
    enum { MORE = 64 };
    if (!m->e.m.datas.n) return false;
    EditData *d = &m->e.data[mut_pick(m, m->e.m.datas.n)];
    uint8_t *bytes = ARENA_ARRAY(m->a, uint8_t, d->n + MORE);
    if (d->n) memcpy(bytes, d->bytes, d->n);
    uint32_t n = d->n, at = n ? mut_pick(m, n) : 0;
    switch (n ? mut_pick(m, 4) : 3) {
    case 0: bytes[at] ^= (uint8_t)(1u << mut_pick(m, 8)); break;
    case 1: bytes[at] = (uint8_t)mut_next(m); break;
    case 2: n = at; break;
    default:
        for (uint32_t k = 1 + mut_pick(m, MORE - 1); k--;) bytes[n++] = (uint8_t)mut_next(m);
    }
    d->bytes = bytes;
    d->n = n;
    return true;
}

static void other_item(Mutator *m, uint32_t elem, uint32_t k) {
    ElemSegment *s = &m->e.m.elems.at[elem];
    uint32_t func = mut_pick(m, m->e.m.funcs.n);
    if (s->exprs) {
        EditSeq *item = ARENA_ARRAY(m->a, EditSeq, s->count);
        memcpy(item, m->e.elem[elem].item, s->count * sizeof *item);
        EditInstr *code = ARENA_ARRAY(m->a, EditInstr, 2);
        code[0] = edit_op(OP_REF_FUNC, func);
        code[1] = edit_op(OP_END, 0);
        item[k] = (EditSeq){code, 2};
        m->e.elem[elem].item = item;
    } else {
        uint32_t *funcs = ARENA_ARRAY(m->a, uint32_t, s->count);
        memcpy(funcs, s->funcs, s->count * sizeof *funcs);
        funcs[k] = func;
        s->funcs = funcs;
    }
}

bool mutate_items(Mutator *m) {
    uint32_t n = 0, elem = 0;
    for (uint32_t i = 0; i < m->e.m.elems.n; i++) {
        const ElemSegment *s = &m->e.m.elems.at[i];
        if (s->type == VT_FUNCREF && s->count && mut_one_in(m, ++n)) elem = i;
    }
    if (n) other_item(m, elem, mut_pick(m, m->e.m.elems.at[elem].count));
    return n > 0;
}

/* The constant that an expression begins with; 0 stands for the end of a search. */
static bool other_initial(Mutator *m, EditSeq *s, uint32_t most) {
    Value v;
    if (!s->n || !edit_is_const(&s->at[0], &v) || s->at[0].in.op == OP_REF_NULL) return false;
    EditInstr *copy = edit_seq_copy(m->a, *s);
    ValType t = sig_type(op_info[copy->in.op].sig[2]);
    v = gen_const(mut_next(m), t);
    if (most) v = (Value){.i32 = (uint32_t)mut_number(m, most)};
    s->at = copy;
    return edit_const(t, v, copy);
}

bool mutate_initial(Mutator *m) {
    enum { TABLE = 40, MEMORY = 70000 };
    uint32_t globals = m->e.m.globals.n, elems = m->e.m.elems.n, datas = m->e.m.datas.n;
    if (!(globals + elems + datas)) return false;
    uint32_t i = mut_pick(m, globals + elems + datas);
    if (i < globals) return other_initial(m, &m->e.global[i], 0);
    if (i < globals + elems) return other_initial(m, &m->e.elem[i - globals].offset, TABLE);
    return other_initial(m, &m->e.data[i - globals - elems].offset, MEMORY);
}

/* Active at an offset that is mostly within. */
static EditSeq offset(Mutator *m, uint32_t most) {
    EditInstr *code = ARENA_ARRAY(m->a, EditInstr, 2);
    edit_const(VT_I32, (Value){.i32 = (uint32_t)mut_number(m, most)}, &code[0]);
    code[1] = edit_op(OP_END, 0);
    return (EditSeq){code, 2};
}

bool mutate_mode(Mutator *m) {
    enum { TABLE = 4, MEMORY = 4096 };
    uint32_t elems = m->e.m.elems.n, datas = m->e.m.datas.n;
    if (!(elems + datas)) return false;
    uint32_t i = mut_pick(m, elems + datas);
    if (i >= elems) {
        DataSegment *d = &m->e.m.datas.at[i - elems];
        if (d->mode == SEG_ACTIVE) return d->mode = SEG_PASSIVE, true;
        if (!m->e.m.memories.n) return false;
        d->mode = SEG_ACTIVE;
        d->memory = mut_pick(m, m->e.m.memories.n);
        m->e.data[i - elems].offset = offset(m, MEMORY);
        return true;
    }
    ElemSegment *s = &m->e.m.elems.at[i];
    if (s->mode == SEG_ACTIVE) return s->mode = SEG_PASSIVE, true;
    for (uint32_t k = 0; k < m->e.m.tables.n; k++) {
        if (m->e.m.tables.at[k].type != s->type) continue;
        s->mode = SEG_ACTIVE;
        s->table = k;
        m->e.elem[i].offset = offset(m, TABLE);
        return true;
    }
    return false;
}

/* -- Signatures ---------------------------------------------------------------------------------------------- */

/* A defined function that is not the start function. */
static bool choose_func(Mutator *m, bool with_parameter, uint32_t *func) {
    uint32_t n = 0;
    for (uint32_t i = m->e.m.nimported[EXT_FUNC]; i < m->e.m.funcs.n; i++)
        if (i != m->e.m.start && (!with_parameter || mut_func_type(m, i)->nparam) && mut_one_in(m, ++n)) *func = i;
    return n > 0;
}

/* Before each direct call of `func`: a constant of the type, or a drop (VT_BOTTOM). */
static void change_calls(Mutator *m, uint32_t func, ValType more) {
    for (uint32_t b = 0; b < m->e.m.bodies.n; b++) {
        EditSeq code = m->e.body[b].code;
        Made c = {0};
        bool any = false;
        for (uint32_t k = 0; k < code.n; k++) {
            const EditInstr *i = &code.at[k];
            if ((i->in.op == OP_CALL || i->in.op == OP_RETURN_CALL) && i->in.index == func) {
                any = true;
                if (more == VT_BOTTOM)
                    made_op(m, &c, OP_DROP, 0);
                else
                    made_const(m, &c, more);
            }
            made_copy(m, &c, i, 1);
        }
        if (any) m->e.body[b].code = (EditSeq){c.i.at, c.i.n};
    }
}

/* Arguments of the plan's calls of it. */
static void change_steps(Mutator *m, uint32_t func, ValType more) {
    for (uint32_t i = 0; i < m->e.plan.step.n; i++) {
        PlanStep *s = &m->e.plan.step.at[i];
        const Export *x = NULL;
        for (uint32_t k = 0; k < m->e.m.exports.n && !x; k++) {
            const Export *e = &m->e.m.exports.at[k];
            if (e->name.n == s->name.n && memcmp(e->name.at, s->name.at, s->name.n) == 0) x = e;
        }
        if (!x || x->kind != EXT_FUNC || x->index != func) continue;
        if (more == VT_BOTTOM) {
            s->nargs--;
            continue;
        }
        Value *args = ARENA_ARRAY(m->a, Value, s->nargs + 1);
        if (s->nargs) memcpy(args, s->args, s->nargs * sizeof *args);
        args[s->nargs++] = gen_const(mut_next(m), more);
        s->args = args;
    }
}

static void renumber(void *user, RefKind k, uint32_t *index) {
    if (k == REF_LOCAL && *index >= *(const uint32_t *)user) ++*index;
}

bool mutate_add_parameter(Mutator *m) {
    enum { MOST_PARAMS = 40 };
    static const ValType type[] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
    uint32_t func;
    if (!choose_func(m, false, &func)) return false;
    FuncType t = *mut_func_type(m, func);
    ValType *param = ARENA_ARRAY(m->a, ValType, t.nparam + 1), more = type[mut_pick(m, 5)];
    if (t.nparam >= MOST_PARAMS || (more == VT_V128 && !mut_enabled(m, OP_V128_CONST))) return false;
    if (t.nparam) memcpy(param, t.param, t.nparam * sizeof *param);
    param[t.nparam] = more;
    EditBody *b = &m->e.body[m->e.m.funcs.at[func].body];
    EditInstr *code = edit_seq_copy(m->a, b->code);
    for (uint32_t k = 0; k < b->code.n; k++) edit_instr_refs(m->a, &code[k], renumber, &t.nparam);
    b->code.at = code;
    m->e.m.funcs.at[func].type = edit_type(&m->e, param, t.nparam + 1, t.result, t.nresult);
    change_calls(m, func, more);
    change_steps(m, func, more);
    return true;
}

/* Its number stays: it is the first local now. */
bool mutate_remove_parameter(Mutator *m) {
    uint32_t func;
    if (!choose_func(m, true, &func)) return false;
    FuncType t = *mut_func_type(m, func);
    EditBody *b = &m->e.body[m->e.m.funcs.at[func].body];
    ValType *local = ARENA_ARRAY(m->a, ValType, b->nlocal + 1);
    local[0] = t.param[t.nparam - 1];
    if (b->nlocal) memcpy(local + 1, b->local, b->nlocal * sizeof *local);
    b->local = local;
    b->nlocal++;
    m->e.m.funcs.at[func].type = edit_type(&m->e, t.param, t.nparam - 1, t.result, t.nresult);
    change_calls(m, func, VT_BOTTOM);
    change_steps(m, func, VT_BOTTOM);
    return true;
}

/* -- Functions ----------------------------------------------------------------------------------------------- */

/* Instead of each direct call: its arguments dropped, constants for its results. */
static void drop_calls(Mutator *m, uint32_t func) {
    FuncType t = *mut_func_type(m, func);
    for (uint32_t b = 0; b < m->e.m.bodies.n; b++) {
        EditSeq code = m->e.body[b].code;
        Made c = {0};
        bool any = false;
        for (uint32_t k = 0; k < code.n; k++) {
            Op op = code.at[k].in.op;
            if ((op != OP_CALL && op != OP_RETURN_CALL) || code.at[k].in.index != func) {
                made_copy(m, &c, &code.at[k], 1);
                continue;
            }
            any = true;
            for (uint32_t i = 0; i < t.nparam; i++) made_op(m, &c, OP_DROP, 0);
            for (uint32_t i = 0; i < t.nresult; i++) made_const(m, &c, t.result[i]);
            if (op == OP_RETURN_CALL) made_op(m, &c, OP_RETURN, 0);
        }
        if (any) m->e.body[b].code = (EditSeq){c.i.at, c.i.n};
    }
}

static bool step_calls(const Edit *e, uint32_t step, uint32_t func) {
    const PlanStep *s = &e->plan.step.at[step];
    for (uint32_t i = 0; i < e->m.exports.n; i++) {
        const Export *x = &e->m.exports.at[i];
        if (x->kind == EXT_FUNC && x->index == func && x->name.n == s->name.n &&
            memcmp(x->name.at, s->name.at, s->name.n) == 0)
            return true;
    }
    return false;
}

/* Its exports, and the plan's calls of them, unless those are all there are. */
static bool hide(Edit *e, uint32_t func) {
    uint32_t calls = 0, steps = e->plan.step.n;
    for (uint32_t i = 0; i < steps; i++) calls += step_calls(e, i, func);
    if (calls && calls == steps) return false;
    for (uint32_t i = steps; i--;)
        if (step_calls(e, i, func)) edit_remove_steps(e, i, 1);
    for (uint32_t i = e->m.exports.n; i--;)
        if (e->m.exports.at[i].kind == EXT_FUNC && e->m.exports.at[i].index == func) edit_remove_export(e, i);
    return true;
}

typedef struct Swap {
    uint32_t from, to;
} Swap;

static void swap_func(void *user, RefKind k, uint32_t *index) {
    const Swap *s = user;
    if (k == REF_FUNC && *index == s->from) *index = s->to;
}

/* One of the same type, where there is one. */
static uint32_t another_func(Mutator *m, uint32_t func) {
    uint32_t same = 0, any = 0, to = NO_INDEX;
    for (uint32_t i = 0; i < m->e.m.funcs.n; i++) {
        bool equal = functype_equal(mut_func_type(m, i), mut_func_type(m, func));
        if (i == func || (same && !equal)) continue;
        if (equal ? mut_one_in(m, ++same) : mut_one_in(m, ++any)) to = i;
    }
    return to;
}

/* What splice_function adds goes again, so that modules do not grow for ever.  Large ones are as likely as there. */
bool mutate_remove_function(Mutator *m) {
    uint32_t body;
    if (!mut_choose_body(m, &m->e, &body)) return false;
    Swap s = {.from = edit_func_of(&m->e, body)};
    s.to = another_func(m, s.from);
    if (s.to == NO_INDEX || s.from == m->e.m.start || !hide(&m->e, s.from)) return false;
    drop_calls(m, s.from);
    edit_refs(&m->e, swap_func, &s);
    edit_collect(&m->e, 1u << REF_FUNC);
    return true;
}

/* -- Exports ------------------------------------------------------------------------------------------------- */

static bool is_exported(const Edit *e, uint32_t func) {
    for (uint32_t i = 0; i < e->m.exports.n; i++)
        if (e->m.exports.at[i].kind == EXT_FUNC && e->m.exports.at[i].index == func) return true;
    return false;
}

static bool name_taken(const Edit *e, const char *name) {
    for (uint32_t i = 0; i < e->m.exports.n; i++)
        if (e->m.exports.at[i].name.n == strlen(name) && memcmp(e->m.exports.at[i].name.at, name, strlen(name)) == 0)
            return true;
    return false;
}

bool mutate_expose(Mutator *m) {
    uint32_t n = 0, func = 0;
    char name[24];
    for (uint32_t i = 0; i < m->e.m.funcs.n; i++)
        if (!is_exported(&m->e, i) && mut_one_in(m, ++n)) func = i;
    snprintf(name, sizeof name, "mutant%u", m->e.m.exports.n);
    if (!n || name_taken(&m->e, name) || m->e.plan.step.n >= PLAN_MAX_STEPS) return false;
    const FuncType *t = mut_func_type(m, func);
    PlanStep s = {{arena_dup(m->a, name, strlen(name)), (uint32_t)strlen(name)}, t->nparam, NULL};
    s.args = ARENA_ARRAY(m->a, Value, t->nparam);
    for (uint32_t i = 0; i < t->nparam; i++)
        if (!mut_const_value(m, t->param[i], &s.args[i])) return false;
    vec_push(m->a, &m->e.m.exports, ((Export){.name = s.name, .kind = EXT_FUNC, .index = func}));
    vec_push(m->a, &m->e.plan.step, s);
    return true;
}

bool mutate_start(Mutator *m) {
    uint32_t n = 0, func = NO_INDEX;
    for (uint32_t i = 0; i < m->e.m.funcs.n; i++) {
        const FuncType *t = mut_func_type(m, i);
        if (i != m->e.m.start && !t->nparam && !t->nresult && mut_one_in(m, ++n)) func = i;
    }
    if (m->e.m.start != NO_INDEX && mut_one_in(m, 3)) func = NO_INDEX;
    bool changed = func != m->e.m.start;
    m->e.m.start = func;
    return changed;
}
