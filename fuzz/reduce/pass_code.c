/* Passes over straight code: dead code, ranges, statements, expressions, constants. */
#include "fuzz/reduce/pass.h"

/* -- Dead code -------------------------------------------------------------------------------------- */

/* Does this `end` or `else` belong to a construct that was entered in live code? */
static bool closes_live(const Flow *f, EditSeq code, uint32_t i) {
    Op op = code.at[i].in.op;
    if (op != OP_END && op != OP_ELSE) return false;
    uint32_t opener = op == OP_END ? f->at[i].match : f->at[f->at[i].match].match;
    return opener == NO_INDEX || !f->at[opener].dead;
}

static bool drop_dead(Reducer *r, uint32_t body, Edit *cand) {
    const Flow *f = reducer_flow(r, body);
    EditSeq code = body_code(r, body);
    EditInstr *out = ARENA_ARRAY(cand->arena, EditInstr, code.n);
    uint32_t n = 0;
    for (uint32_t i = 0; i < code.n; i++)
        if (!f->at[i].dead || closes_live(f, code, i)) out[n++] = code.at[i];
    cand->body[body].code = (EditSeq){out, n};
    return n != code.n;
}

/* Of all functions, then of one after the other. */
bool pass_dead(Reducer *r, Cursor *c, Edit *cand) {
    uint32_t n = r->cur.m.bodies.n;
    bool any = false;
    if (c->at == 0) {
        for (uint32_t b = 0; b < n; b++) any |= drop_dead(r, b, cand);
        c->again = c->at = 1;
    }
    while (!any && c->at <= n) {
        any = drop_dead(r, c->at - 1, cand);
        c->again = ++c->at;
    }
    return any;
}

/* Heads of straight code that were never passed, by body and instruction. */
static uint32_t unexecuted(Reducer *r, Arena *a, const ProbeSite ***out) {
    const Probe *p = reducer_probe(r);
    const ProbeSite **s = ARENA_ARRAY(a, const ProbeSite *, p->n);
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n; i++)
        if (p->site[i].type == VT_BOTTOM && p->site[i].count == 0) s[n++] = &p->site[i];
    *out = s;
    return n;
}

/* From the head to the end of its construct: `unreachable`.  False: it is that already. */
static bool cut(Reducer *r, const ProbeSite *s, uint32_t *to) {
    const Flow *f = reducer_flow(r, s->body);
    EditSeq code = body_code(r, s->body);
    uint32_t from = s->at + 1; /* NO_INDEX + 1: the beginning */
    if (from >= code.n || f->at[from].dead) return false;
    *to = flow_closed(f, &code, from, code.n);
    return *to > from && !(*to == from + 1 && code.at[from].in.op == OP_UNREACHABLE);
}

bool pass_unexecuted(Reducer *r, Cursor *c, Edit *cand) {
    const ProbeSite **s;
    uint32_t from, n, variant, count = unexecuted(r, cand->arena, &s);
    while (cursor_chunk(c, count, 1, &from, &n, &variant)) {
        bool any = false;
        uint32_t body = NO_INDEX, behind = 0; /* of the last cut */
        int64_t shift = 0;
        for (uint32_t i = from, to; i < from + n; i++) {
            uint32_t at = s[i]->at + 1;
            if (s[i]->body != body) body = s[i]->body, behind = 0, shift = 0;
            if (at < behind || !cut(r, s[i], &to)) continue; /* inside one that was cut */
            EditInstr trap = edit_op(OP_UNREACHABLE, 0);
            put_code(cand, body, (uint32_t)(at + shift), (uint32_t)(to + shift), &trap, 1);
            shift += 1 - (int64_t)(to - at);
            behind = to;
            any = true;
        }
        if (!any) continue;
        c->again = from + n;
        return true;
    }
    return false;
}

/* -- Ranges -------------------------------------------------------------------------------------------- */

enum { STAND_IN = 64 };

/* Put a stand-in for [from, to); the number of its instructions, or NO_INDEX when there is none that is shorter. */
static uint32_t replace(Reducer *r, Edit *cand, uint32_t body, uint32_t from, uint32_t to) {
    EditInstr by[STAND_IN];
    uint32_t n, max = to - from < STAND_IN ? to - from : STAND_IN;
    if (!flow_stand_in(reducer_flow(r, body), &r->cur, body, from, to, by, &n, max)) return NO_INDEX;
    put_code(cand, body, from, to, by, n);
    return n;
}

/* Take [from, to) away where what is on the stack has the same types before and behind it; false: it has not. */
static bool take_away(Reducer *r, Edit *cand, uint32_t body, uint32_t from, uint32_t to) {
    const Flow *f = reducer_flow(r, body);
    uint32_t x = f->at[from].top, y = f->at[to].top;
    if (f->at[from].dead || f->at[to].dead || x == y || flow_height(f, from) != flow_height(f, to)) return false;
    for (; x != y; x = f->slot.at[x].under, y = f->slot.at[y].under)
        if (f->slot.at[x].type != f->slot.at[y].type) return false;
    put_code(cand, body, from, to, NULL, 0);
    return true;
}

/* Chunks of a body as they come, each rounded to whole constructs: gone, where the stack allows it, or else what it
 * took is dropped and what it made is zero. */
bool pass_ranges(Reducer *r, Cursor *c, Edit *cand) {
    for (; c->body < r->cur.m.bodies.n; c->body++, c->begun = false) {
        EditSeq code = body_code(r, c->body);
        uint32_t from, n, variant;
        while (cursor_chunk(c, code.n - 1, 2, &from, &n, &variant)) {
            uint32_t to = flow_closed(reducer_flow(r, c->body), &code, from, from + n);
            if (to <= from) continue;
            if (variant == 0 && take_away(r, cand, c->body, from, to)) return true;
            if (variant == 0) continue;
            uint32_t left = replace(r, cand, c->body, from, to);
            if (left == NO_INDEX) continue;
            c->again = from + left;
            return true;
        }
    }
    return false;
}

static Try try_statement(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const Flow *f = reducer_flow(r, c->body);
    uint32_t start = f->at[i].start;
    bool opens = f->at[i].match != NO_INDEX && f->at[i].match > i;
    if (variant || i + 1 >= f->n || opens || f->at[start].dead) return TRY_DONE;
    if (f->at[start].depth != f->at[i + 1].depth) return TRY_DONE;
    uint32_t left = replace(r, cand, c->body, start, i + 1);
    if (left == NO_INDEX) return TRY_DONE;
    c->again = start + left + 1;
    return TRY_YES;
}
bool pass_statements(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_statement); }

/* A value that is dropped later on is not made, whatever stands between; or, kept in a local as well, it is just set.
 */
static Try try_drop(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const Flow *f = reducer_flow(r, c->body);
    EditSeq code = body_code(r, c->body);
    if (variant > 1 || code.at[i].in.op != OP_DROP || f->at[i].dead || !f->at[i].top) return TRY_DONE;
    uint32_t slot = f->at[i].top, start = f->slot.at[slot].start, behind = start;
    while (f->at[behind].top != slot || f->at[behind].dead) behind++;
    bool tee = behind > start && code.at[behind - 1].in.op == OP_LOCAL_TEE;
    if (behind == start || (variant && !tee)) return TRY_DONE; /* the first: a parameter of the construct */
    put_code(cand, c->body, i, i + 1, NULL, 0);
    if (variant == 0) {
        put_code(cand, c->body, start, behind, NULL, 0);
        c->again = start + i - behind;
        return TRY_YES;
    }
    EditInstr set = edit_op(OP_LOCAL_SET, code.at[behind - 1].in.index);
    put_code(cand, c->body, behind - 1, behind, &set, 1);
    return TRY_YES;
}
bool pass_drops(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_drop); }

/* -- Expressions ------------------------------------------------------------------------------------------ */

enum { MOST_PARTS = 24, MOST_LOCALS = 3, MOST_CONVERTED = 3 };

/* Part number k of the expression [start, i] that has its type: first its operands, then all that is in it. */
static bool part(const Flow *f, uint32_t start, uint32_t i, ValType t, uint32_t k, uint32_t *from, uint32_t *to) {
    uint32_t end = i;
    for (uint32_t s = f->at[i].top; s && f->slot.at[s].start >= start && end > start; s = f->slot.at[s].under) {
        *from = f->slot.at[s].start;
        *to = end;
        end = *from;
        if (f->slot.at[s].type == t && *from < *to && k-- == 0) return true;
    }
    for (uint32_t j = i; j-- > start;) {
        if (flow_value(f, j) != t || k-- != 0) continue;
        *from = f->at[j].start;
        *to = j + 1;
        return *from >= start;
    }
    return false;
}

static Try put_part(Reducer *r, Cursor *c, uint32_t start, uint32_t i, ValType t, uint32_t k, Edit *cand) {
    uint32_t from, to;
    EditSeq code = body_code(r, c->body);
    if (!part(reducer_flow(r, c->body), start, i, t, k, &from, &to) || to - from > i - start) return TRY_SKIP;
    put_code(cand, c->body, start, i + 1, code.at + from, to - from);
    c->again = start + (to - from);
    return TRY_YES;
}

/* Part number k of another type, made t by one instruction. */
static Try put_converted(Reducer *r, Cursor *c, uint32_t start, uint32_t i, ValType t, uint32_t k, Edit *cand) {
    static const struct {
        ValType to, from;
        Op op;
    } by[] = {{VT_I64, VT_I32, OP_I64_EXTEND_I32_U},    {VT_I32, VT_I64, OP_I32_WRAP_I64},
              {VT_I32, VT_F32, OP_I32_REINTERPRET_F32}, {VT_F32, VT_I32, OP_F32_REINTERPRET_I32},
              {VT_I64, VT_F64, OP_I64_REINTERPRET_F64}, {VT_F64, VT_I64, OP_F64_REINTERPRET_I64},
              {VT_F64, VT_I32, OP_F64_CONVERT_I32_S},   {VT_F64, VT_F32, OP_F64_PROMOTE_F32},
              {VT_F32, VT_F64, OP_F32_DEMOTE_F64}};
    EditSeq code = body_code(r, c->body);
    for (uint32_t x = 0; x < sizeof by / sizeof *by; x++) {
        uint32_t from, to;
        if (by[x].to != t) continue;
        if (k >= MOST_CONVERTED) {
            k -= MOST_CONVERTED;
            continue;
        }
        if (!part(reducer_flow(r, c->body), start, i, by[x].from, k, &from, &to) || to - from + 1 > i - start)
            return TRY_SKIP;
        EditInstr convert = edit_op(by[x].op, 0);
        put_code(cand, c->body, start, i + 1, code.at + from, to - from);
        put_code(cand, c->body, start + (to - from), start + (to - from), &convert, 1);
        c->again = start + (to - from) + 1;
        return TRY_YES;
    }
    return TRY_DONE;
}

static Try put_const(Cursor *c, uint32_t start, uint32_t i, ValType t, Value v, Edit *cand) {
    EditInstr by;
    if (!edit_const(t, v, &by)) return TRY_SKIP;
    put_code(cand, c->body, start, i + 1, &by, 1);
    c->again = start;
    return TRY_YES;
}

/* Local number k of the type. */
static Try put_local(Reducer *r, Cursor *c, uint32_t start, uint32_t i, ValType t, uint32_t k, Edit *cand) {
    const EditBody *b = &r->cur.body[c->body];
    uint32_t n = edit_func_type(&r->cur, edit_func_of(&r->cur, c->body))->nparam + b->nlocal;
    for (uint32_t x = 0; x < n; x++) {
        if (edit_local_type(&r->cur, c->body, x) != t || k-- != 0) continue;
        EditInstr get = edit_op(OP_LOCAL_GET, x);
        put_code(cand, c->body, start, i + 1, &get, 1);
        c->again = start;
        return TRY_YES;
    }
    return TRY_SKIP;
}

static Value one_of(ValType t) {
    Value v = {.u64x2 = {0, 0}};
    plainer(t, v, 1, &v);
    return v;
}

static Try try_expression(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const Flow *f = reducer_flow(r, c->body);
    const EditInstr *last = &body_code(r, c->body).at[i];
    uint32_t start = f->at[i].start;
    ValType t = flow_value(f, i);
    Value v;
    if (t == VT_BOTTOM || (start == i && edit_is_const(last, &v))) return TRY_DONE;
    if (variant == 0) return put_const(c, start, i, t, (Value){.u64x2 = {0, 0}}, cand);
    if (variant == 1) return vt_is_num(t) ? put_const(c, start, i, t, one_of(t), cand) : TRY_SKIP;
    variant -= 2;
    if (start == i) return TRY_DONE;
    if (variant < MOST_PARTS) return put_part(r, c, start, i, t, variant, cand);
    variant -= MOST_PARTS;
    if (variant < MOST_LOCALS) return put_local(r, c, start, i, t, variant, cand);
    return put_converted(r, c, start, i, t, variant - MOST_LOCALS, cand);
}
bool pass_expressions(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_expression); }

/* Values that the expression was seen to have: the first, the last, the others. */
static Try try_value(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const Flow *f = reducer_flow(r, c->body);
    ValType t = flow_value(f, i);
    Value v;
    if (t == VT_BOTTOM || edit_is_const(&body_code(r, c->body).at[i], &v)) return TRY_DONE;
    const ProbeSite *s = probe_find(reducer_probe(r), c->body, i, NO_INDEX);
    if (!s || variant >= s->nvalue) return TRY_DONE;
    uint32_t k = variant == 1 ? s->nvalue - 1 : variant > 1 ? variant - 1 : 0;
    return put_const(c, f->at[i].start, i, t, s->value[k], cand);
}
bool pass_values(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_value); }

/* -- Constants -------------------------------------------------------------------------------------------- */

static Try try_access(Cursor *c, const EditInstr *in, uint32_t i, uint32_t variant, Edit *cand) {
    EditInstr by = *in;
    switch (variant) {
    case 0: by.in.mem.offset = 0; break;
    case 1: by.in.mem.align = 0; break;
    case 2: by.in.mem.offset /= 2; break;
    case 3: by.in.mem.memory = 0; break;
    case 4: by.in.lane = 0; break;
    default: return TRY_DONE;
    }
    put_code(cand, c->body, i, i + 1, &by, 1);
    return TRY_YES;
}

static ValType const_type(const EditInstr *i) {
    switch (i->in.op) {
    case OP_I32_CONST: return VT_I32;
    case OP_I64_CONST: return VT_I64;
    case OP_F32_CONST: return VT_F32;
    case OP_F64_CONST: return VT_F64;
    default: return VT_V128;
    }
}

static Try try_constant(Reducer *r, Cursor *c, uint32_t i, uint32_t variant, Edit *cand) {
    const EditInstr *in = &body_code(r, c->body).at[i];
    Value v, by;
    uint8_t imm = op_info[in->in.op].imm;
    if (imm == IMM_MEMARG || imm == IMM_MEMARG_LANE) return try_access(c, in, i, variant, cand);
    if (imm == IMM_LANE) return variant ? TRY_DONE : try_access(c, in, i, 4, cand);
    if (in->in.op == OP_REF_NULL || !edit_is_const(in, &v)) return TRY_DONE;
    if (!plainer(const_type(in), v, variant, &by)) return TRY_DONE;
    Try t = put_const(c, i, i, const_type(in), by, cand);
    c->again = i + 1;
    return t;
}
bool pass_constants(Reducer *r, Cursor *c, Edit *cand) { return walk_code(r, c, cand, try_constant); }
