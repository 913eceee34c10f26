#include "fuzz/explain/rework.h"
#include <assert.h>
#include <string.h>
#include "wasm/validate.h"

enum { NTYPES = 5 };
#define FUEL_MOST INT64_C(100000000)
static const ValType recorded[NTYPES] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
static const Op store_op[NTYPES] = {OP_I32_STORE, OP_I64_STORE, OP_F32_STORE, OP_F64_STORE, OP_V128_STORE};
_Static_assert(sizeof(Record) == 32, "known to the recorders");

/* -- Sites ------------------------------------------------------------------------------ */

static bool is_control(Op op) { return op == OP_IF || op == OP_BR_IF || op == OP_BR_TABLE; }

static bool can_be_outlined(Op op) {
    switch (op_info[op].kind) {
    case KIND_CONTROL: return op == OP_CALL || op == OP_CALL_INDIRECT;
    case KIND_NOP:
    case KIND_LOCAL:
    case KIND_CONST: return false;
    default: return op != OP_DROP;
    }
}

/* Types of the slots from `top` down to, not including, `end`; in the order they were pushed. */
static const ValType *types_above(Arena *a, const Flow *f, uint32_t top, uint32_t end, uint32_t *n) {
    *n = 0;
    for (uint32_t s = top; s != end; s = f->slot.at[s].under) ++*n;
    ValType *t = ARENA_ARRAY(a, ValType, *n);
    uint32_t k = *n;
    for (uint32_t s = top; s != end; s = f->slot.at[s].under) t[--k] = f->slot.at[s].type;
    return t;
}

/* What two stacks have in common: slots are numbered in the order they are pushed. */
static uint32_t common(const Flow *f, uint32_t a, uint32_t b) {
    while (a != b) {
        if (a > b)
            a = f->slot.at[a].under;
        else
            b = f->slot.at[b].under;
    }
    return a;
}

static void add_site(Rework *w, const Flow *f, uint32_t at, Op op) {
    Site s = {.at = at, .control = is_control(op)};
    uint32_t before = f->at[at].top;
    if (s.control) {
        if (!before) return;
        s.param = types_above(w->a, f, before, f->slot.at[before].under, &s.nparam);
    } else {
        uint32_t under = common(f, before, f->at[at + 1].top);
        s.param = types_above(w->a, f, before, under, &s.nparam);
        s.result = types_above(w->a, f, f->at[at + 1].top, under, &s.nresult);
    }
    vec_push(w->a, &w->site, s);
}

bool rework_open(Rework *w, Arena *a, const uint8_t *bytes, uint32_t n, Features features, uint32_t func) {
    Err err;
    Plan plan;
    const char *why;
    *w = (Rework){.a = a};
    Module *m = module_decode_valid(a, bytes, n, features, &err);
    if (!m || !plan_of(a, m, &plan, &why)) return false;
    w->body = func - m->nimported[EXT_FUNC];
    edit_open(&w->e, a, m, &plan);
    Flow f;
    flow_make(&f, a, &w->e, w->body);
    EditSeq code = w->e.body[w->body].code;
    for (uint32_t i = 0; i < code.n; i++) {
        Op op = code.at[i].in.op;
        if (!f.at[i].dead && (is_control(op) || can_be_outlined(op))) add_site(w, &f, i, op);
    }
    return true;
}

/* -- Copies ------------------------------------------------------------------------------ */

typedef struct Copy {
    const Rework *w;
    Edit e;
    Arena *a;
    VEC(EditInstr) out;
    uint32_t mem, record[NTYPES]; /* functions */
} Copy;

static void begin(Copy *c, const Rework *w, Arena *a) {
    *c = (Copy){.w = w, .a = a};
    edit_copy(&c->e, a, &w->e);
    c->e.m.features |= FEATURES_WASM3;
    StoreLimits *l = &c->e.plan.limits; /* what is put in has its cost */
    l->fuel = l->fuel < FUEL_MOST / REWORK_FUEL ? l->fuel * REWORK_FUEL : FUEL_MOST;
    l->depth = STORE_DEPTH_MAX;
}

static void put(Copy *c, EditInstr i) { vec_push(c->a, &c->out, i); }
static void put_op(Copy *c, Op op, uint32_t index) { put(c, edit_op(op, index)); }
static void put_const(Copy *c, uint32_t v) { put(c, edit_i32(v)); }
static EditSeq take(Copy *c) {
    EditSeq s = {c->out.at, c->out.n};
    c->out.at = NULL;
    c->out.n = c->out.cap = 0;
    return s;
}

static ReworkBytes finish(Copy *c) {
    ReworkBytes b = {.mem = c->mem};
    b.at = edit_encode(&c->e, &b.n);
    return b;
}

/* -- Outlining ----------------------------------------------------------------------------- */

static uint32_t add_helper(Copy *c, const Site *s, EditInstr op) {
    for (uint32_t i = 0; i < s->nparam; i++) put_op(c, OP_LOCAL_GET, i);
    put(c, op);
    put_op(c, OP_END, 0);
    uint32_t type = edit_type(&c->e, s->param, s->nparam, s->result, s->nresult);
    return edit_add_func(&c->e, type, (EditBody){.code = take(c)});
}

ReworkBytes rework_outline(const Rework *w, Arena *a, const uint8_t *which) {
    Copy c;
    begin(&c, w, a);
    uint32_t helper = c.e.m.funcs.n;
    EditInstr *code = edit_seq_copy(a, w->e.body[w->body].code);
    for (uint32_t i = 0; i < w->site.n; i++) {
        const Site *s = &w->site.at[i];
        if (!which[i] || s->control) continue;
        uint32_t at = code[s->at].in.at;
        code[s->at] = edit_op(OP_CALL, add_helper(&c, s, code[s->at]));
        code[s->at].in.at = at;
    }
    c.e.body[w->body].code.at = code;
    ReworkBytes b = finish(&c);
    b.helper = helper;
    b.nhelper = c.e.m.funcs.n - helper;
    return b;
}

/* -- Recording ------------------------------------------------------------------------------- */

static EditInstr access(const Copy *c, Op op, uint32_t offset) { return edit_access(op, c->mem, offset); }

/* (value, site, index and whether a result) -> (): local 3 is where the record goes, as long as there is room. */
static void add_recorder(Copy *c, uint32_t t) {
    const ValType param[] = {recorded[t], VT_I32, VT_I32}, local = VT_I32;
    uint32_t room = RECORD_PAGES * WASM_PAGE - RECORD_HEAD - sizeof(Record);
    put_const(c, 0);
    put(c, access(c, OP_I32_LOAD, 0));
    put_op(c, OP_LOCAL_TEE, 3);
    put_const(c, room);
    put_op(c, OP_I32_LT_U, 0);
    put(c, edit_block(OP_IF, VT_BOTTOM));
    put_op(c, OP_LOCAL_GET, 3);
    put_op(c, OP_LOCAL_GET, 0);
    put(c, access(c, store_op[t], RECORD_HEAD));
    for (uint32_t k = 0; k < 2; k++) {
        put_op(c, OP_LOCAL_GET, 3);
        put_op(c, OP_LOCAL_GET, 1 + k);
        put(c, access(c, OP_I32_STORE, RECORD_HEAD + 16 + 4 * k));
    }
    put_const(c, 0);
    put_op(c, OP_LOCAL_GET, 3);
    put_const(c, sizeof(Record));
    put_op(c, OP_I32_ADD, 0);
    put(c, access(c, OP_I32_STORE, 0));
    put_op(c, OP_END, 0);
    put_op(c, OP_END, 0);
    ValType *declared = ARENA_ARRAY(c->a, ValType, 1);
    *declared = local;
    EditBody b = {.local = declared, .nlocal = 1, .code = take(c)};
    c->record[t] = edit_add_func(&c->e, edit_type(&c->e, param, 3, NULL, 0), b);
}

/* Values on the stack go through new locals, so that they can be recorded, and are there again. */
static void put_records(Copy *c, uint32_t site, const ValType *type, uint32_t n, bool result) {
    uint32_t *local = ARENA_ARRAY(c->a, uint32_t, n);
    for (uint32_t i = n; i-- > 0;) {
        local[i] = edit_add_local(&c->e, c->w->body, type[i]);
        put_op(c, OP_LOCAL_SET, local[i]);
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t t = 0; t < NTYPES; t++) {
            if (recorded[t] != type[i]) continue; /* references are not recorded */
            put_op(c, OP_LOCAL_GET, local[i]);
            put_const(c, site);
            put_const(c, i | (uint32_t)result << 16);
            put_op(c, OP_CALL, c->record[t]);
        }
    for (uint32_t i = 0; i < n; i++) put_op(c, OP_LOCAL_GET, local[i]);
}

/* References that cannot be null have no default value, so no local. */
static bool has_locals(const ValType *type, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (vt_is_ref(type[i]) && type[i] != VT_FUNCREF && type[i] != VT_EXTERNREF) return false;
    return true;
}

ReworkBytes rework_record(const Rework *w, Arena *a, const uint8_t *which, bool whole) {
    Copy c;
    begin(&c, w, a);
    c.mem = c.e.m.memories.n;
    vec_push(a, &c.e.m.memories, ((Memory){.import = NO_INDEX, .limits = {.min = RECORD_PAGES}}));
    if (c.e.plan.limits.max_pages < RECORD_PAGES) c.e.plan.limits.max_pages = RECORD_PAGES;
    for (uint32_t t = 0; t < NTYPES; t++) add_recorder(&c, t);
    EditSeq code = w->e.body[w->body].code;
    for (uint32_t i = 0, k = 0; i < code.n; i++) {
        while (k < w->site.n && w->site.at[k].at < i) k++;
        const Site *s = k < w->site.n && w->site.at[k].at == i && which[k] ? &w->site.at[k] : NULL;
        if (s && (!has_locals(s->param, s->nparam) || !has_locals(s->result, s->nresult))) s = NULL;
        if (s && (whole || s->nresult == 0)) put_records(&c, k, s->param, s->nparam, false);
        put(&c, code.at[i]);
        if (s && s->nresult) put_records(&c, k, s->result, s->nresult, true);
    }
    c.e.body[w->body].code = take(&c);
    return finish(&c);
}
