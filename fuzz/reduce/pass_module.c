/* Passes over the parts of a module: functions as a whole, segments, imports, sizes, globals, types. */
#include <string.h>
#include "fuzz/reduce/pass.h"

/* -- Functions ------------------------------------------------------------------------------------ */

/* `unreachable`, or zeros of the result types. */
static bool plain_body(Edit *e, uint32_t body, bool trap) {
    const FuncType *t = edit_func_type(e, edit_func_of(e, body));
    EditInstr *out = ARENA_ARRAY(e->arena, EditInstr, t->nresult + 2);
    uint32_t n = 0;
    if (trap) out[n++] = edit_op(OP_UNREACHABLE, 0);
    for (uint32_t i = 0; i < t->nresult && !trap; i++)
        if (!edit_const(t->result[i], (Value){.u64x2 = {0, 0}}, &out[n++])) return false;
    out[n++] = edit_op(OP_END, 0);
    e->body[body] = (EditBody){.code = {out, n}};
    return true;
}

bool pass_functions(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t from, n, variant;
    if (!cursor_chunk(c, r->cur.m.bodies.n, 2, &from, &n, &variant)) return false;
    for (uint32_t i = from; i < from + n; i++)
        if (!plain_body(cand, i, variant == 1)) plain_body(cand, i, true);
    c->again = from + n;
    return true;
}

bool pass_start(Reducer *r, Cursor *c, Edit *cand) {
    if (c->at++ || r->cur.m.start == NO_INDEX) return false;
    cand->m.start = NO_INDEX;
    c->again = 1;
    return true;
}

bool pass_collect(Reducer *r, Cursor *c, Edit *cand) {
    for (; c->at <= REF_LOCAL; c->at++) {
        if (!edit_collect(cand, c->at == 0 ? ALL_KINDS : 1u << (c->at - 1))) continue;
        c->again = ++c->at;
        return true;
    }
    (void)r;
    return false;
}

/* -- Segments ---------------------------------------------------------------------------------------- */

/* One that is not active and that no code names is collected; else it is emptied. */
static void drop_elem(Edit *e, uint32_t i, bool empty) {
    e->m.elems.at[i].mode = SEG_PASSIVE;
    if (empty) e->m.elems.at[i].count = 0;
}
static void drop_data(Edit *e, uint32_t i, bool empty) {
    e->m.datas.at[i].mode = SEG_PASSIVE;
    if (empty) e->data[i].n = 0;
}

bool pass_segments(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t from, n, variant, elems = r->cur.m.elems.n;
    if (!cursor_chunk(c, elems + r->cur.m.datas.n, 2, &from, &n, &variant)) return false;
    for (uint32_t i = from; i < from + n; i++) {
        if (i < elems)
            drop_elem(cand, i, variant == 1);
        else
            drop_data(cand, i - elems, variant == 1);
    }
    edit_collect(cand, ALL_KINDS);
    c->again = from + n - (elems + r->cur.m.datas.n - cand->m.elems.n - cand->m.datas.n);
    return true;
}

/* Add to a constant offset; false: it is none. */
static bool move_offset(Edit *e, EditSeq *offset, uint32_t by) {
    if (offset->n != 2 || offset->at[0].in.op != OP_I32_CONST) return false;
    EditInstr *i = edit_seq_copy(e->arena, *offset);
    i[0].in.i32 += by;
    offset->at = i;
    return true;
}

/* Pieces of a segment to take away: all of it, half, a quarter ... one; from its end or its beginning. */
static bool piece(uint32_t variant, uint32_t count, uint32_t *n, bool *head) {
    uint32_t k = variant / 2;
    *head = variant % 2;
    if (!count || k > 31 || (k && (count - 1) >> (k - 1) == 0)) return false;
    *n = ((count - 1) >> k) + 1;
    return true;
}

static Try try_elem(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    ElemSegment *s = &cand->m.elems.at[i];
    uint32_t n;
    bool head;
    (void)r;
    (void)c;
    if (!piece(variant, s->count, &n, &head)) return TRY_DONE;
    if (head) {
        if (s->mode != SEG_ACTIVE || !move_offset(cand, &cand->elem[i].offset, n)) return TRY_SKIP;
        if (s->exprs)
            cand->elem[i].item += n;
        else
            s->funcs += n;
    }
    s->count -= n;
    edit_collect(cand, ALL_KINDS);
    return TRY_YES;
}

/* Item `variant` becomes another function that is there anyway. */
static Try try_same_item(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    ElemSegment *s = &cand->m.elems.at[i];
    (void)r;
    (void)c;
    if (s->exprs || variant / 2 >= s->count) return TRY_DONE;
    uint32_t item = variant / 2, by = variant % 2 ? s->funcs[s->count - 1] : s->funcs[0];
    if (s->funcs[item] == by) return TRY_SKIP;
    uint32_t *func = ARENA_ARRAY(cand->arena, uint32_t, s->count);
    memcpy(func, s->funcs, s->count * sizeof *func);
    func[item] = by;
    s->funcs = func;
    edit_collect(cand, ALL_KINDS);
    return TRY_YES;
}

bool pass_elems(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.elems.n, try_elem); }
bool pass_items(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.elems.n, try_same_item); }

static Try try_data(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    EditData *d = &cand->data[i];
    uint32_t n;
    bool head;
    (void)r;
    (void)c;
    if (!piece(variant, d->n, &n, &head)) return TRY_DONE;
    if (head) {
        if (cand->m.datas.at[i].mode != SEG_ACTIVE || !move_offset(cand, &d->offset, n)) return TRY_SKIP;
        d->bytes += n;
    }
    d->n -= n;
    return TRY_YES;
}

/* Chunks of zeros. */
bool pass_zeros(Reducer *r, Cursor *c, Edit *cand) {
    for (; c->body < r->cur.m.datas.n; c->body++, c->begun = false) {
        uint32_t from, n, variant;
        const EditData *d = &r->cur.data[c->body];
        while (cursor_chunk(c, d->n, 1, &from, &n, &variant)) {
            bool any = false;
            for (uint32_t k = from; k < from + n; k++) any |= d->bytes[k] != 0;
            if (!any) continue;
            uint8_t *bytes = (uint8_t *)arena_dup(cand->arena, d->bytes, d->n);
            memset(bytes + from, 0, n);
            cand->data[c->body].bytes = bytes;
            c->again = from + n;
            return true;
        }
    }
    return false;
}

bool pass_data(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.datas.n, try_data); }

/* -- Imports -------------------------------------------------------------------------------------------- */

typedef struct Move {
    RefKind kind;
    uint32_t from, to; /* an imported entity becomes the first that is defined; those between move down */
} Move;
static void move_ref(void *user, RefKind k, uint32_t *index) {
    const Move *m = user;
    if (k != m->kind || *index < m->from || *index > m->to) return;
    *index = *index == m->from ? m->to : *index - 1;
}

#define ROTATE(at, from, to)                          \
    do {                                              \
        for (uint32_t k_ = (from); k_ < (to); k_++) { \
            __typeof__((at)[0]) x_ = (at)[k_];        \
            (at)[k_] = (at)[k_ + 1];                  \
            (at)[k_ + 1] = x_;                        \
        }                                             \
    } while (0)

static bool define_func(Edit *e, uint32_t from, uint32_t to) {
    uint32_t n = e->m.bodies.n;
    EditBody *body = ARENA_ARRAY(e->arena, EditBody, n + 1);
    if (n) memcpy(body + 1, e->body, n * sizeof *body);
    e->body = body;
    vec_push(e->arena, &e->m.bodies, (Body){0});
    ROTATE(e->m.funcs.at, from, to);
    return true;
}

static bool define_global(Edit *e, uint32_t from, uint32_t to) {
    EditInstr *init = ARENA_ARRAY(e->arena, EditInstr, 2);
    if (!edit_const(e->m.globals.at[from].type.type, (Value){.u64x2 = {0, 0}}, &init[0])) return false;
    init[1] = edit_op(OP_END, 0);
    e->global[from] = (EditSeq){init, 2};
    ROTATE(e->m.globals.at, from, to);
    ROTATE(e->global, from, to);
    return true;
}

static Try try_import(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    static const RefKind kind[] = {
        [EXT_FUNC] = REF_FUNC, [EXT_TABLE] = REF_TABLE, [EXT_MEMORY] = REF_MEMORY, [EXT_GLOBAL] = REF_GLOBAL};
    const Import *x = &r->cur.m.imports.at[i];
    if (variant || x->kind == EXT_TAG) return TRY_DONE;
    Move move = {kind[x->kind], x->index, r->cur.m.nimported[x->kind] - 1};
    switch (x->kind) {
    case EXT_FUNC: define_func(cand, move.from, move.to); break;
    case EXT_TABLE:
        ROTATE(cand->m.tables.at, move.from, move.to);
        ROTATE(cand->table, move.from, move.to);
        break;
    case EXT_MEMORY: ROTATE(cand->m.memories.at, move.from, move.to); break;
    default:
        if (!define_global(cand, move.from, move.to)) return TRY_DONE;
    }
    cand->m.nimported[x->kind]--;
    memmove(&cand->m.imports.at[i], &cand->m.imports.at[i + 1], (cand->m.imports.n - i - 1) * sizeof(Import));
    cand->m.imports.n--;
    for (uint32_t k = 0; k < cand->m.imports.n; k++)
        if (cand->m.imports.at[k].kind == x->kind && cand->m.imports.at[k].index > move.from)
            cand->m.imports.at[k].index--;
    edit_number(cand);
    edit_refs(cand, move_ref, &move);
    if (x->kind == EXT_FUNC && !plain_body(cand, 0, false)) plain_body(cand, 0, true);
    c->again = i;
    return TRY_YES;
}
bool pass_imports(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.imports.n, try_import); }

/* -- Sizes, globals, types ---------------------------------------------------------------------------------- */

static Try plainer_limits(Limits *l, uint32_t variant) {
    switch (variant) {
    case 0:
        if (l->min == 0) return TRY_SKIP;
        l->min = 0;
        return TRY_YES;
    case 1:
        if (l->min <= 1) return TRY_SKIP;
        l->min = 1;
        return TRY_YES;
    case 2:
    case 3:
        if (l->min < 4) return TRY_SKIP;
        l->min = variant == 2 ? (l->min + 1) / 2 : l->min - 1;
        return TRY_YES;
    case 4:
        if (!l->has_max) return TRY_SKIP;
        l->has_max = false;
        l->max = 0;
        return TRY_YES;
    default: return TRY_DONE;
    }
}

static Try try_size(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    (void)r;
    (void)c;
    uint32_t mems = cand->m.memories.n;
    return plainer_limits(i < mems ? &cand->m.memories.at[i].limits : &cand->m.tables.at[i - mems].limits, variant);
}
bool pass_sizes(Reducer *r, Cursor *c, Edit *cand) {
    return walk_list(r, c, cand, r->cur.m.memories.n + r->cur.m.tables.n, try_size);
}

static Try try_global(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    (void)c;
    GlobalType *t = &cand->m.globals.at[i].type;
    const EditSeq *s = &r->cur.global[i];
    Value old, v;
    if (variant == 0) {
        if (!t->mutable) return TRY_SKIP;
        t->mutable = false;
        return TRY_YES;
    }
    if (i < r->cur.m.nimported[EXT_GLOBAL]) return TRY_DONE;
    if (s->n != 2 || !edit_is_const(&s->at[0], &old)) old = (Value){.u64x2 = {0, 0}};
    if (!plainer(t->type, old, variant - 1, &v)) return TRY_DONE;
    EditInstr *init = ARENA_ARRAY(cand->arena, EditInstr, 2);
    if (!edit_const(t->type, v, &init[0])) return TRY_DONE;
    init[1] = edit_op(OP_END, 0);
    cand->global[i] = (EditSeq){init, 2};
    return TRY_YES;
}
bool pass_globals(Reducer *r, Cursor *c, Edit *cand) { return walk_list(r, c, cand, r->cur.m.globals.n, try_global); }

static void merge_ref(void *user, RefKind k, uint32_t *index) {
    const uint32_t *map = user;
    if (k == REF_TYPE) *index = map[*index];
}

/* Equal types become one, all at once. */
bool pass_types(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t n = cand->m.types.n, *map = ARENA_ARRAY(cand->arena, uint32_t, n + 1);
    bool any = false;
    (void)r;
    if (c->at++) return false;
    c->again = 1;
    for (uint32_t i = 0; i < n; i++) {
        const TypeDef *t = &cand->m.types.at[i];
        map[i] = i;
        if (t->kind != TYPE_FUNC || !t->final || t->super != NO_INDEX || t->group_size != 1) continue;
        map[i] = edit_type(cand, t->func.param, t->func.nparam, t->func.result, t->func.nresult);
        any |= map[i] != i;
    }
    if (!any) return false;
    edit_refs(cand, merge_ref, map);
    edit_collect(cand, 1u << REF_TYPE);
    return true;
}
