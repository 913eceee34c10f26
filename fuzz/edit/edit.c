/* Opening, copying and encoding of an Edit.  Encoding writes all code behind each other into one buffer and lets
 * module_encode take it from there: so the binary format is known in one place only. */
#include "fuzz/edit/edit.h"
#include "wasm/encode.h"

/* -- Opening ------------------------------------------------------------------------------- */

#define DUP(a, T, from, count) ((T *)dup_items((a), (from), (size_t)(count) * sizeof(T)))
static void *dup_items(Arena *a, const void *from, size_t n) {
    void *p = arena_alloc(a, n, 16);
    if (n) memcpy(p, from, n);
    return p;
}
#define DUP_VEC(a, v) ((v)->at = dup_items((a), (v)->at, (size_t)(v)->n * sizeof *(v)->at), (v)->cap = (v)->n)

static EditSeq read_expr(Arena *a, const Module *m, ConstExpr x) { return edit_read_seq(a, m, x.at, x.end); }

static void open_elems(Edit *e, const Module *m) {
    Arena *a = e->arena;
    e->elem = ARENA_ARRAY(a, EditElem, m->elems.n);
    for (uint32_t i = 0; i < m->elems.n; i++) {
        const ElemSegment *s = &m->elems.at[i];
        if (s->mode == SEG_ACTIVE) e->elem[i].offset = read_expr(a, m, s->offset);
        if (!s->exprs) continue;
        EditSeq *item = ARENA_ARRAY(a, EditSeq, s->count);
        for (uint32_t k = 0; k < s->count; k++) item[k] = read_expr(a, m, s->exprs[k]);
        e->elem[i].item = item;
    }
}

static void open_datas(Edit *e, const Module *m) {
    e->data = ARENA_ARRAY(e->arena, EditData, m->datas.n);
    for (uint32_t i = 0; i < m->datas.n; i++) {
        const DataSegment *s = &m->datas.at[i];
        if (s->mode == SEG_ACTIVE) e->data[i].offset = read_expr(e->arena, m, s->offset);
        e->data[i].bytes = m->bytes + s->bytes_at;
        e->data[i].n = s->n;
    }
}

void edit_open(Edit *e, Arena *a, const Module *m, const Plan *plan) {
    *e = (Edit){.arena = a, .m = *m, .plan = *plan};
    e->m.customs.n = 0;
    e->m.func_names = NULL;
    e->body = ARENA_ARRAY(a, EditBody, m->bodies.n);
    for (uint32_t i = 0; i < m->bodies.n; i++) {
        const Body *b = &m->bodies.at[i];
        uint32_t nparam = module_func_type(m, m->nimported[EXT_FUNC] + i)->nparam;
        e->body[i] = (EditBody){b->local + nparam, b->nlocal - nparam, edit_read_seq(a, m, b->code, b->end)};
    }
    e->global = ARENA_ARRAY(a, EditSeq, m->globals.n);
    for (uint32_t i = m->nimported[EXT_GLOBAL]; i < m->globals.n; i++)
        e->global[i] = read_expr(a, m, m->globals.at[i].init);
    e->table = ARENA_ARRAY(a, EditSeq, m->tables.n);
    for (uint32_t i = 0; i < m->tables.n; i++)
        if (m->tables.at[i].has_init) e->table[i] = read_expr(a, m, m->tables.at[i].init);
    open_elems(e, m);
    open_datas(e, m);
}

void edit_copy(Edit *to, Arena *a, const Edit *from) {
    *to = *from;
    to->arena = a;
    Module *m = &to->m;
    m->arena = a;
    DUP_VEC(a, &m->types);
    DUP_VEC(a, &m->imports);
    DUP_VEC(a, &m->funcs);
    DUP_VEC(a, &m->tables);
    DUP_VEC(a, &m->memories);
    DUP_VEC(a, &m->globals);
    DUP_VEC(a, &m->tags);
    DUP_VEC(a, &m->exports);
    DUP_VEC(a, &m->elems);
    DUP_VEC(a, &m->datas);
    DUP_VEC(a, &m->bodies);
    to->body = DUP(a, EditBody, from->body, m->bodies.n);
    to->global = DUP(a, EditSeq, from->global, m->globals.n);
    to->table = DUP(a, EditSeq, from->table, m->tables.n);
    to->elem = DUP(a, EditElem, from->elem, m->elems.n);
    to->data = DUP(a, EditData, from->data, m->datas.n);
    DUP_VEC(a, &to->plan.step);
}

/* -- Encoding ---------------------------------------------------------------------------------- */

static ConstExpr put_expr(Buffer *b, EditSeq s) {
    ConstExpr x = {.at = b->bytes.n};
    edit_put_seq(b, s);
    x.end = b->bytes.n;
    return x;
}

/* Does code name data segments?  Then their number must stand before it. */
static bool names_data(const Edit *e) {
    for (uint32_t i = 0; i < e->m.bodies.n; i++)
        for (uint32_t k = 0; k < e->body[i].code.n; k++) {
            uint8_t imm = op_info[e->body[i].code.at[k].in.op].imm;
            if (imm == IMM_DATA || imm == IMM_DATA_MEMORY) return true;
        }
    return false;
}

static void put_bodies(Edit *e, Buffer *b) {
    for (uint32_t i = 0; i < e->m.bodies.n; i++) {
        const FuncType *t = edit_func_type(e, edit_func_of(e, i));
        const EditBody *from = &e->body[i];
        ValType *local = ARENA_ARRAY(e->arena, ValType, t->nparam + from->nlocal);
        if (t->nparam) memcpy(local, t->param, t->nparam * sizeof *local);
        if (from->nlocal) memcpy(local + t->nparam, from->local, from->nlocal * sizeof *local);
        ConstExpr x = put_expr(b, from->code);
        e->m.bodies.at[i] = (Body){.code = x.at, .end = x.end, .nlocal = t->nparam + from->nlocal, .local = local};
    }
}

static void put_segments(Edit *e, Buffer *b) {
    for (uint32_t i = 0; i < e->m.elems.n; i++) {
        ElemSegment *s = &e->m.elems.at[i];
        if (s->mode == SEG_ACTIVE) s->offset = put_expr(b, e->elem[i].offset);
        if (!s->exprs) continue;
        ConstExpr *x = ARENA_ARRAY(e->arena, ConstExpr, s->count + 1); /* never NULL: that would mean indices */
        for (uint32_t k = 0; k < s->count; k++) x[k] = put_expr(b, e->elem[i].item[k]);
        s->exprs = x;
    }
    for (uint32_t i = 0; i < e->m.datas.n; i++) {
        DataSegment *s = &e->m.datas.at[i];
        if (s->mode == SEG_ACTIVE) s->offset = put_expr(b, e->data[i].offset);
        s->bytes_at = b->bytes.n;
        s->n = e->data[i].n;
        buffer_put_bytes(b, e->data[i].bytes, s->n);
    }
}

static void put_plan(Edit *e, Buffer *b) {
    enum { LAST = 0xff }; /* Custom.before */
    uint32_t n;
    const uint8_t *plan = plan_encode(e->arena, &e->plan, &n);
    Custom c = {.name = {PLAN_SECTION, sizeof PLAN_SECTION - 1}, .at = b->bytes.n, .n = n, .before = LAST};
    buffer_put_bytes(b, plan, n);
    e->m.customs.n = e->m.customs.cap = 0;
    vec_push(e->arena, &e->m.customs, c);
}

uint8_t *edit_encode(Edit *e, uint32_t *size) {
    Buffer b = {.arena = e->arena};
    vec_reserve(e->arena, &b.bytes, e->m.size + 64);
    put_bodies(e, &b);
    for (uint32_t i = e->m.nimported[EXT_GLOBAL]; i < e->m.globals.n; i++)
        e->m.globals.at[i].init = put_expr(&b, e->global[i]);
    for (uint32_t i = 0; i < e->m.tables.n; i++)
        if (e->m.tables.at[i].has_init) e->m.tables.at[i].init = put_expr(&b, e->table[i]);
    put_segments(e, &b);
    put_plan(e, &b);
    Module m = e->m;
    m.bytes = b.bytes.at;
    m.size = b.bytes.n;
    m.has_data_count = names_data(e);
    return module_encode(e->arena, &m, size);
}

uint64_t edit_instructions(const Edit *e) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < e->m.bodies.n; i++) n += e->body[i].code.n;
    return n;
}

/* -- Parts ---------------------------------------------------------------------------------------- */

ValType edit_local_type(const Edit *e, uint32_t body, uint32_t local) {
    const FuncType *t = edit_func_type(e, edit_func_of(e, body));
    return local < t->nparam ? t->param[local] : e->body[body].local[local - t->nparam];
}

uint32_t edit_type(Edit *e, const ValType *param, uint32_t nparam, const ValType *result, uint32_t nresult) {
    FuncType t = {param, result, nparam, nresult};
    for (uint32_t i = 0; i < e->m.types.n; i++) {
        const TypeDef *d = &e->m.types.at[i];
        if (d->kind == TYPE_FUNC && d->final && d->super == NO_INDEX && d->group_size == 1 &&
            functype_equal(&d->func, &t))
            return i;
    }
    TypeDef d = {.kind = TYPE_FUNC, .final = true, .super = NO_INDEX, .group = e->m.types.n, .group_size = 1};
    d.func =
        (FuncType){DUP(e->arena, ValType, param, nparam), DUP(e->arena, ValType, result, nresult), nparam, nresult};
    vec_push(e->arena, &e->m.types, d);
    return e->m.types.n - 1;
}

uint32_t edit_add_func(Edit *e, uint32_t type, EditBody body) {
    uint32_t n = e->m.bodies.n;
    vec_push(e->arena, &e->m.funcs, ((Func){.type = type, .import = NO_INDEX, .body = n}));
    vec_push(e->arena, &e->m.bodies, (Body){0});
    EditBody *all = ARENA_ARRAY(e->arena, EditBody, n + 1);
    if (n) memcpy(all, e->body, n * sizeof *all);
    all[n] = body;
    e->body = all;
    return e->m.funcs.n - 1;
}

uint32_t edit_add_local(Edit *e, uint32_t body, ValType t) {
    EditBody *b = &e->body[body];
    ValType *local = ARENA_ARRAY(e->arena, ValType, b->nlocal + 1);
    if (b->nlocal) memcpy(local, b->local, b->nlocal * sizeof *local);
    local[b->nlocal++] = t;
    b->local = local;
    return edit_func_type(e, edit_func_of(e, body))->nparam + b->nlocal - 1;
}

/* An array of n items with room for one more. */
#define GROWN(a, T, from, n) ((T *)grown((a), (from), (size_t)(n) * sizeof(T), sizeof(T)))
static void *grown(Arena *a, const void *from, size_t n, size_t item) {
    void *p = arena_zalloc(a, n + item, 16);
    if (n) memcpy(p, from, n);
    return p;
}

static EditSeq seq_of(Arena *a, EditInstr i) {
    EditInstr *at = ARENA_ARRAY(a, EditInstr, 2);
    at[0] = i;
    at[1] = edit_op(OP_END, 0);
    return (EditSeq){at, 2};
}

uint32_t edit_add_global(Edit *e, GlobalType type, EditInstr init) {
    uint32_t n = e->m.globals.n;
    e->global = GROWN(e->arena, EditSeq, e->global, n);
    e->global[n] = seq_of(e->arena, init);
    vec_push(e->arena, &e->m.globals, ((Global){.type = type, .import = NO_INDEX}));
    return n;
}

uint32_t edit_add_memory(Edit *e, Limits limits) {
    vec_push(e->arena, &e->m.memories, ((Memory){.limits = limits, .import = NO_INDEX}));
    return e->m.memories.n - 1;
}

uint32_t edit_add_data(Edit *e, uint32_t memory, uint32_t offset, const uint8_t *bytes, uint32_t n) {
    uint32_t count = e->m.datas.n;
    EditInstr at;
    edit_const(VT_I32, (Value){.i32 = offset}, &at);
    e->data = GROWN(e->arena, EditData, e->data, count);
    e->data[count] = (EditData){seq_of(e->arena, at), bytes, n};
    vec_push(e->arena, &e->m.datas, ((DataSegment){.mode = SEG_ACTIVE, .memory = memory}));
    return count;
}

void edit_remove_export(Edit *e, uint32_t i) {
    Export *x = e->m.exports.at;
    memmove(x + i, x + i + 1, (e->m.exports.n - i - 1) * sizeof *x);
    e->m.exports.n--;
}

void edit_remove_steps(Edit *e, uint32_t from, uint32_t n) {
    PlanStep *s = e->plan.step.at;
    memmove(s + from, s + from + n, (e->plan.step.n - from - n) * sizeof *s);
    e->plan.step.n -= n;
}
