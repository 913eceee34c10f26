/* Splicing: code from another module, or from another function, put where its types fit.  Each index is mapped to an
 * entity of the same type; where there is none, the code cannot be taken. */
#include <string.h>
#include "fuzz/mutate/mutate_impl.h"

enum { MOST = 1500 /* instructions taken at once */ };

typedef struct Transplant {
    Mutator *m;
    const Edit *from;
    uint32_t from_body, to_body;
    uint32_t *local;  /* by local there: local here, or NO_INDEX */
    bool keep_locals; /* they are the same: a whole function */
    Op op;            /* being mapped */
    bool failed;
} Transplant;

/* A list of types means the same in every module when no type index is in it. */
static bool plain(const ValType *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (vt_is_ref(t[i]) && (VT_HEAP(t[i]) < HEAP_ABSTRACT || !(t[i] & VT_NULLABLE))) return false;
    return true;
}
static bool plain_func(const FuncType *t) { return plain(t->param, t->nparam) && plain(t->result, t->nresult); }

/* -- Mapping ------------------------------------------------------------------------------------------- */

static uint32_t map_local(Transplant *t, uint32_t i) {
    if (t->keep_locals) return i;
    if (t->local[i] != NO_INDEX) return t->local[i];
    ValType type = edit_local_type(t->from, t->from_body, i);
    if (!plain(&type, 1)) return NO_INDEX;
    uint32_t to;
    if (!mut_local_of(t->m, t->to_body, type, &to) || mut_one_in(t->m, 4))
        to = edit_add_local(&t->m->e, t->to_body, type);
    return t->local[i] = to;
}

static uint32_t map_type(Transplant *t, uint32_t i) {
    const TypeDef *d = &t->from->m.types.at[i];
    if (d->kind != TYPE_FUNC || !plain_func(&d->func)) return NO_INDEX;
    return edit_type(&t->m->e, d->func.param, d->func.nparam, d->func.result, d->func.nresult);
}

static uint32_t map_func(Transplant *t, uint32_t i) {
    const FuncType *type = edit_func_type(t->from, i);
    uint32_t n = 0, to = NO_INDEX;
    if (!plain_func(type)) return NO_INDEX;
    for (uint32_t k = 0; k < t->m->e.m.funcs.n; k++)
        if (functype_equal(mut_func_type(t->m, k), type) && mut_one_in(t->m, ++n)) to = k;
    return to;
}

static uint32_t map_global(Transplant *t, uint32_t i) {
    ValType type = t->from->m.globals.at[i].type.type;
    uint32_t n = 0, to = NO_INDEX;
    for (uint32_t k = 0; k < t->m->e.m.globals.n; k++) {
        const GlobalType *g = &t->m->e.m.globals.at[k].type;
        if (plain(&type, 1) && g->type == type && (g->mutable || t->op != OP_GLOBAL_SET) && mut_one_in(t->m, ++n))
            to = k;
    }
    return to;
}

static uint32_t map_table(Transplant *t, uint32_t i) {
    ValType type = t->from->m.tables.at[i].type;
    uint32_t n = 0, to = NO_INDEX;
    for (uint32_t k = 0; k < t->m->e.m.tables.n; k++)
        if (plain(&type, 1) && t->m->e.m.tables.at[k].type == type && mut_one_in(t->m, ++n)) to = k;
    return to;
}

static uint32_t map_elem(Transplant *t, uint32_t i) {
    ValType type = t->from->m.elems.at[i].type;
    uint32_t n = 0, to = NO_INDEX;
    for (uint32_t k = 0; k < t->m->e.m.elems.n; k++)
        if (plain(&type, 1) && t->m->e.m.elems.at[k].type == type && mut_one_in(t->m, ++n)) to = k;
    return to;
}

static void map_ref(void *user, RefKind k, uint32_t *index) {
    Transplant *t = user;
    const Module *m = &t->m->e.m;
    uint32_t to = NO_INDEX;
    switch (k) {
    case REF_LOCAL: to = map_local(t, *index); break;
    case REF_TYPE: to = map_type(t, *index); break;
    case REF_FUNC: to = map_func(t, *index); break;
    case REF_GLOBAL: to = map_global(t, *index); break;
    case REF_TABLE: to = map_table(t, *index); break;
    case REF_ELEM: to = map_elem(t, *index); break;
    case REF_MEMORY: to = m->memories.n ? mut_pick(t->m, m->memories.n) : NO_INDEX; break;
    case REF_DATA: to = m->datas.n ? mut_pick(t->m, m->datas.n) : NO_INDEX; break;
    case REF_KINDS: break;
    }
    t->failed |= to == NO_INDEX;
    *index = to;
}

/* Copies of n instructions that are valid in the body of `t`; NULL: not possible. */
static EditInstr *transplant(Transplant *t, const EditInstr *at, uint32_t n) {
    EditInstr *out = edit_seq_copy(t->m->a, (EditSeq){at, n});
    for (uint32_t i = 0; i < n && !t->failed; i++) {
        t->op = out[i].in.op;
        if (!mut_enabled(t->m, t->op)) return NULL;
        edit_instr_refs(t->m->a, &out[i], map_ref, t);
    }
    return t->failed ? NULL : out;
}

static uint32_t *no_locals(Mutator *m, const Edit *from, uint32_t body) {
    uint32_t n = edit_func_type(from, edit_func_of(from, body))->nparam + from->body[body].nlocal;
    uint32_t *local = ARENA_ARRAY(m->a, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) local[i] = NO_INDEX;
    return local;
}

/* -- Parts -------------------------------------------------------------------------------------------------- */

/* [start, at] of the donor, for `body`. */
static bool made_graft(Mutator *m, Made *c, uint32_t body, const Spot *d, uint32_t at) {
    uint32_t start = spot_start(d, at), n = at + 1 - start;
    Transplant t = {.m = m, .from = mut_donor(m), .from_body = d->body, .to_body = body};
    t.local = no_locals(m, mut_donor(m), d->body);
    if (n > MOST || code_escapes(d->code.at + start, n, true)) return false;
    const EditInstr *code = transplant(&t, d->code.at + start, n);
    if (!code) return false;
    made_copy(m, c, code, n);
    return true;
}

bool made_statement(Mutator *m, Made *c, uint32_t body) {
    Spot d;
    uint32_t from;
    return mut_choose_body(m, mut_donor(m), &from) && spot_find_in(m, mut_donor(m), from, &d, spot_statement) &&
           made_graft(m, c, body, &d, d.at);
}

bool mutate_splice_expression(Mutator *m) {
    Spot s, d;
    uint32_t body, n = 0, chosen = 0;
    if (!spot_find(m, &s, spot_expression) || !mut_choose_body(m, mut_donor(m), &body) ||
        !spot_find_in(m, mut_donor(m), body, &d, spot_expression))
        return false;
    ValType t = flow_value(&s.flow, s.at);
    for (uint32_t at = 0; at < d.code.n; at++)
        if (!d.flow.at[at].dead && flow_value(&d.flow, at) == t && spot_expression(m, &d, at) && mut_one_in(m, ++n))
            chosen = at;
    Made c = {0};
    if (!n || !made_graft(m, &c, s.body, &d, chosen)) return false;
    mut_replace(m, &s, spot_start(&s, s.at), s.at + 1, &c);
    return true;
}

bool mutate_splice_statement(Mutator *m) {
    Spot s;
    Made c = {0};
    if (!spot_find(m, &s, spot_any) || !made_statement(m, &c, s.body)) return false;
    mut_replace(m, &s, s.at, s.at, &c);
    return true;
}

/* -- Functions ------------------------------------------------------------------------------------------------ */

bool mutate_splice_function(Mutator *m) {
    Spot s;
    uint32_t body;
    Made c = {0};
    if (!mut_choose_body(m, mut_donor(m), &body) || !spot_find(m, &s, spot_any)) return false;
    const EditBody *b = &mut_donor(m)->body[body];
    const FuncType *type = edit_func_type(mut_donor(m), edit_func_of(mut_donor(m), body));
    if (b->code.n > MOST || !plain_func(type) || !plain(b->local, b->nlocal)) return false;
    Transplant t = {.m = m, .from = mut_donor(m), .from_body = body, .keep_locals = true};
    EditInstr *code = transplant(&t, b->code.at, b->code.n);
    if (!code) return false;
    uint32_t index = edit_type(&m->e, type->param, type->nparam, type->result, type->nresult);
    uint32_t func = edit_add_func(&m->e, index, (EditBody){b->local, b->nlocal, {code, b->code.n}});
    if (!made_call(m, &c, s.body, func)) return false;
    mut_replace(m, &s, s.at, s.at, &c);
    return true;
}
