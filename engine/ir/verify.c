/* The IR's verifier: what every pass and every back end may rely on.
 *
 * Purpose: find a broken function where it was broken, not where it miscompiles.
 *
 * Checks, in this order: tables (sizes, entry parameters); places (each listed instruction stands in one place, the
 * last one ends the block, parameters know theirs); edges; operands (existence, type, dominance).  Blocks that
 * cannot be reached are checked in all but dominance, of which there is none.
 *
 * Dominance is computed here, by Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph"
 * (1979), simple version: nothing that cfg_build left behind is trusted, and no code is shared with it.
 *
 * Cost: O(n log n); scratch memory from the function's arena, given back. */
#include "ir/verify.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "ir/print.h"

#define NOWHERE UINT32_MAX

typedef struct Verifier {
    const Fn *f;
    char *msg;
    uint32_t size;
    bool failed;
    /* place of each value */
    BlkId *blk;    /* NOWHERE: in no block */
    uint32_t *pos; /* 0: parameter, else position in the list + 1 */
    /* dominator tree over reachable blocks: preorder number and the last one of the subtree; NOWHERE: unreachable */
    uint32_t *enter, *leave;
    /* the instruction being looked at, for messages */
    BlkId at_blk;
    Val at;
} Verifier;

__attribute__((format(printf, 2, 3))) static bool fail(Verifier *x, const char *fmt, ...) {
    if (x->failed) return false;
    x->failed = true;
    if (!x->size) return false;
    int n = 0;
    if (x->at_blk != NO_BLK) n = snprintf(x->msg, x->size, "b%" PRIu32 ": ", x->at_blk);
    if (x->at && n >= 0 && (uint32_t)n < x->size) {
        uint8_t op = x->f->ins.at[x->at].op;
        const char *name = op < IR_COUNT ? ir_info[op].name : "?";
        n += snprintf(x->msg + n, x->size - (uint32_t)n, "v%" PRIu32 " (%s): ", x->at, name);
    }
    if (n < 0 || (uint32_t)n >= x->size) return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(x->msg + n, x->size - (uint32_t)n, fmt, ap);
    va_end(ap);
    return false;
}

static const char *type_text(uint32_t t) { return t < T_COUNT ? ir_type_name[t] : "?"; }

/* -- Dominators ----------------------------------------------------------- */

typedef struct Dom {
    const Fn *f;
    uint32_t n;       /* reachable blocks, numbered 1.. in depth-first preorder */
    uint32_t *number; /* by BlkId; 0: unreachable */
    BlkId *blk;       /* by number, and so are all below */
    uint32_t *parent; /* in the depth-first tree */
    uint32_t *semi, *idom;
    uint32_t *ancestor, *label; /* the forest of link and eval */
    uint32_t *bucket, *next;    /* vertices whose semidominator this is, chained */
    uint32_t *stack;
} Dom;

static void dom_number(Dom *d) {
    uint32_t *edge = ARENA_ARRAY(d->f->arena, uint32_t, d->n + 1); /* next successor to look at */
    uint32_t depth = 0, count = 1;
    d->number[0] = 1;
    d->blk[1] = 0;
    d->stack[depth++] = 1;
    while (depth) {
        uint32_t v = d->stack[depth - 1];
        const Blk *b = &d->f->blk.at[d->blk[v]];
        if (edge[v] == b->succ.n) {
            depth--;
            continue;
        }
        BlkId to = b->succ.at[edge[v]++].to;
        if (d->number[to]) continue;
        d->number[to] = ++count;
        d->blk[count] = to;
        d->parent[count] = v;
        d->stack[depth++] = count;
    }
    d->n = count;
}

/* The vertex of least semidominator on the path from v up to below its root, compressing the path. */
static uint32_t dom_eval(Dom *d, uint32_t v) {
    if (!d->ancestor[v]) return v;
    uint32_t depth = 0;
    for (uint32_t u = v; d->ancestor[d->ancestor[u]]; u = d->ancestor[u]) d->stack[depth++] = u;
    while (depth) {
        uint32_t u = d->stack[--depth], a = d->ancestor[u];
        if (d->semi[d->label[a]] < d->semi[d->label[u]]) d->label[u] = d->label[a];
        d->ancestor[u] = d->ancestor[a];
    }
    return d->label[v];
}

/* Predecessors by number, as offsets into one array. */
static uint32_t *dom_preds(Dom *d, uint32_t *start) {
    Arena *a = d->f->arena;
    uint32_t total = 0;
    for (uint32_t v = 1; v <= d->n; v++) {
        const Blk *b = &d->f->blk.at[d->blk[v]];
        for (uint32_t k = 0; k < b->succ.n; k++) start[d->number[b->succ.at[k].to] + 1]++;
        total += b->succ.n;
    }
    for (uint32_t v = 1; v <= d->n + 1; v++) start[v] += start[v - 1];
    uint32_t *pred = ARENA_ARRAY(a, uint32_t, total), *fill = ARENA_ARRAY(a, uint32_t, d->n + 2);
    for (uint32_t v = 1; v <= d->n; v++) {
        const Blk *b = &d->f->blk.at[d->blk[v]];
        for (uint32_t k = 0; k < b->succ.n; k++) {
            uint32_t to = d->number[b->succ.at[k].to];
            pred[start[to] + fill[to]++] = v;
        }
    }
    return pred;
}

static void dom_solve(Dom *d) {
    uint32_t *start = ARENA_ARRAY(d->f->arena, uint32_t, d->n + 3);
    const uint32_t *pred = dom_preds(d, start);
    for (uint32_t v = 1; v <= d->n; v++) d->semi[v] = d->label[v] = v;
    for (uint32_t w = d->n; w >= 2; w--) {
        for (uint32_t k = start[w]; k < start[w + 1]; k++) {
            uint32_t u = dom_eval(d, pred[k]);
            if (d->semi[u] < d->semi[w]) d->semi[w] = d->semi[u];
        }
        d->next[w] = d->bucket[d->semi[w]];
        d->bucket[d->semi[w]] = w;
        uint32_t p = d->parent[w];
        d->ancestor[w] = p;
        for (uint32_t v = d->bucket[p]; v; v = d->next[v]) {
            uint32_t u = dom_eval(d, v);
            d->idom[v] = d->semi[u] < d->semi[v] ? u : p;
        }
        d->bucket[p] = 0;
    }
    for (uint32_t w = 2; w <= d->n; w++)
        if (d->idom[w] != d->semi[w]) d->idom[w] = d->idom[d->idom[w]];
}

/* Number the dominator tree so that a dominates b if and only if enter[a] <= enter[b] <= leave[a]. */
static void dom_intervals(Verifier *x, Dom *d) {
    Arena *a = x->f->arena;
    /* An immediate dominator has a smaller number: sizes add up backwards, places are given out forwards. */
    uint32_t *size = ARENA_ARRAY(a, uint32_t, d->n + 1), *used = ARENA_ARRAY(a, uint32_t, d->n + 1);
    for (uint32_t v = d->n; v >= 1; v--) {
        size[v]++;
        if (v > 1) size[d->idom[v]] += size[v];
    }
    for (uint32_t v = 1; v <= d->n; v++) {
        uint32_t at = 0;
        if (v > 1) {
            uint32_t up = d->idom[v];
            at = x->enter[d->blk[up]] + 1 + used[up];
            used[up] += size[v];
        }
        x->enter[d->blk[v]] = at;
        x->leave[d->blk[v]] = at + size[v] - 1;
    }
}

static void find_dominators(Verifier *x) {
    Arena *a = x->f->arena;
    uint32_t n = x->f->blk.n;
    Dom d = {.f = x->f, .n = n};
    uint32_t **array[] = {&d.number,   &d.blk,   &d.parent, &d.semi, &d.idom,
                          &d.ancestor, &d.label, &d.bucket, &d.next, &d.stack};
    for (uint32_t k = 0; k < sizeof array / sizeof *array; k++) *array[k] = ARENA_ARRAY(a, uint32_t, n + 1);
    dom_number(&d);
    dom_solve(&d);
    x->enter = ARENA_ARRAY(a, uint32_t, n);
    x->leave = ARENA_ARRAY(a, uint32_t, n);
    for (BlkId b = 0; b < n; b++) x->enter[b] = x->leave[b] = NOWHERE;
    dom_intervals(x, &d);
}

/* -- Places and block ends ------------------------------------------------ */

static bool check_params(Verifier *x, BlkId b) {
    const Fn *f = x->f;
    const Blk *blk = &f->blk.at[b];
    for (uint32_t k = 0; k < blk->param.n; k++) {
        Val v = blk->param.at[k];
        if (v == 0 || v >= f->ins.n) return fail(x, "parameter %" PRIu32 " is no value", k);
        const Ins *i = &f->ins.at[v];
        if (i->op != IR_param || i->a != k || i->b != b) return fail(x, "v%" PRIu32 " is not parameter %" PRIu32, v, k);
        if (i->type == T_NONE || i->type >= T_COUNT) return fail(x, "parameter v%" PRIu32 " has no type", v);
        if (x->blk[v] != NOWHERE) return fail(x, "parameter v%" PRIu32 " is in two places", v);
        x->blk[v] = b;
        x->pos[v] = 0;
    }
    return true;
}

static bool check_places(Verifier *x, BlkId b) {
    const Fn *f = x->f;
    const Blk *blk = &f->blk.at[b];
    if (!check_params(x, b)) return false;
    if (!blk->list.n) return fail(x, "the block is empty");
    for (uint32_t k = 0; k < blk->list.n; k++) {
        Val v = blk->list.at[k];
        if (v == 0 || v >= f->ins.n) return fail(x, "instruction %" PRIu32 " does not exist", k);
        x->at = v;
        const Ins *i = &f->ins.at[v];
        if (i->op >= IR_COUNT || i->type >= T_COUNT) return fail(x, "unknown operation or type");
        if (i->op == IR_param) return fail(x, "a block parameter among the instructions");
        if (x->blk[v] != NOWHERE) return fail(x, "the instruction is in two places");
        x->blk[v] = b;
        x->pos[v] = k + 1;
        bool last = k + 1 == blk->list.n;
        if (ir_has(i->op, IRF_X) && !last) return fail(x, "it ends a block but is not the last instruction");
        if (!ir_has(i->op, IRF_X) && last) return fail(x, "the last instruction does not end the block");
    }
    x->at = 0;
    return true;
}

static bool check_edges(Verifier *x, BlkId b) {
    const Fn *f = x->f;
    const Blk *blk = &f->blk.at[b];
    x->at = blk->list.at[blk->list.n - 1];
    uint32_t n = blk->succ.n;
    switch (f->ins.at[x->at].op) {
    case IR_jump:
        if (n != 1) return fail(x, "%" PRIu32 " edges, must be 1", n);
        break;
    case IR_brif:
        if (n != 2) return fail(x, "%" PRIu32 " edges, must be 2", n);
        break;
    case IR_brtable:
        if (n == 0) return fail(x, "no edges, must be at least 1");
        break;
    default:
        if (n != 0) return fail(x, "%" PRIu32 " edges, must be none", n);
    }
    for (uint32_t k = 0; k < n; k++) {
        const Edge *e = &blk->succ.at[k];
        if (e->to >= f->blk.n) return fail(x, "edge %" PRIu32 " goes to no block", k);
        if (e->to == 0) return fail(x, "edge %" PRIu32 " goes to the entry", k);
        uint32_t want = f->blk.at[e->to].param.n;
        if (e->nargs != want)
            return fail(x, "edge %" PRIu32 " has %" PRIu32 " arguments, b%" PRIu32 " takes %" PRIu32, k, e->nargs,
                        e->to, want);
        if ((uint64_t)e->args + e->nargs > f->pool.n)
            return fail(x, "arguments of edge %" PRIu32 " outside the pool", k);
    }
    x->at = 0;
    return true;
}

static bool check_entry(Verifier *x) {
    const Fn *f = x->f;
    if (f->ins.n != f->loc.n) return fail(x, "%" PRIu32 " instructions, but %" PRIu32 " locations", f->ins.n, f->loc.n);
    if (!f->blk.n) return fail(x, "no blocks");
    const Blk *e = &f->blk.at[0];
    if (e->param.n != f->sig.nparam)
        return fail(x, "the entry has %" PRIu32 " parameters, the signature %" PRIu32, e->param.n, f->sig.nparam);
    for (uint32_t k = 0; k < e->param.n; k++) {
        Val v = e->param.at[k];
        if (v < f->ins.n && f->ins.at[v].type != f->sig.param[k])
            return fail(x, "entry parameter %" PRIu32 " is %s, in the signature %s", k, type_text(f->ins.at[v].type),
                        type_text(f->sig.param[k]));
    }
    return true;
}

/* -- Operands ------------------------------------------------------------- */

/* Is v a value that stands here (before position `pos` of block b)? */
static bool check_use(Verifier *x, Val v, BlkId b, uint32_t pos) {
    const Fn *f = x->f;
    if (v == 0 || v >= f->ins.n) return fail(x, "operand v%" PRIu32 " does not exist", v);
    if (x->blk[v] == NOWHERE) return fail(x, "operand v%" PRIu32 " is in no block", v);
    BlkId d = x->blk[v];
    if (x->enter[b] == NOWHERE) return true;
    bool dominates =
        d == b ? x->pos[v] < pos : x->enter[d] != NOWHERE && x->enter[d] <= x->enter[b] && x->enter[b] <= x->leave[d];
    return dominates || fail(x, "operand v%" PRIu32 " (of b%" PRIu32 ") does not dominate its use", v, d);
}

static bool check_type(Verifier *x, Val v, uint32_t type) {
    uint32_t t = x->f->ins.at[v].type;
    return t == type || fail(x, "operand v%" PRIu32 " is %s, must be %s", v, type_text(t), type_text(type));
}

static bool check_list(Verifier *x, const char *what, const uint32_t *v, uint32_t n, const uint8_t *type,
                       uint32_t ntype) {
    if (n != ntype) return fail(x, "%" PRIu32 " %ss, must be %" PRIu32, n, what, ntype);
    for (uint32_t k = 0; k < n; k++) {
        if (v[k] == 0 || v[k] >= x->f->ins.n) return fail(x, "operand v%" PRIu32 " does not exist", v[k]);
        if (!check_type(x, v[k], type[k])) return false;
    }
    return true;
}

static bool is_int(uint32_t t) { return t == T_I32 || t == T_I64; }
static bool is_float(uint32_t t) { return t == T_F32 || t == T_F64; }

static bool check_signature(Verifier *x, const IrSig *s) {
    for (uint32_t k = 0; k < s->nparam; k++)
        if (s->param[k] == T_NONE || s->param[k] >= T_COUNT)
            return fail(x, "parameter %" PRIu32 " of the signature has no type", k);
    for (uint32_t k = 0; k < s->nresult; k++)
        if (s->result[k] == T_NONE || s->result[k] >= T_COUNT)
            return fail(x, "result %" PRIu32 " of the signature has no type", k);
    return true;
}

static bool check_lib_signature(Verifier *x, const IrSig *s) {
    if (s->nparam > 6 || s->nresult > 1)
        return fail(x, "a library call takes at most 6 arguments and gives at most 1 result");
    for (uint32_t k = 0; k < s->nparam; k++)
        if (!is_int(s->param[k])) return fail(x, "a library call takes integers only");
    return s->nresult == 0 || is_int(s->result[0]) || fail(x, "a library call gives an integer or nothing");
}

static bool check_call(Verifier *x, const Ins *i) {
    const Fn *f = x->f;
    if (i->c >= f->calls.n) return fail(x, "no such callee");
    const Callee *c = &f->calls.at[i->c];
    const IrSig *s = &c->sig;
    const uint32_t *v = f->pool.at + i->a;
    uint32_t n = i->b;
    if (!check_signature(x, s)) return false;
    if (c->kind == CALLEE_LIB) {
        if (i->op == IR_tailcall) return fail(x, "a library call is no tail call");
        if (!check_lib_signature(x, s)) return false;
    } else if (c->kind == CALLEE_REF) {
        if (n == 0) return fail(x, "no code address");
        if (!check_type(x, v[0], T_I64)) return false;
        v++, n--;
    } else if (c->kind != CALLEE_FUNC) {
        return fail(x, "unknown kind of callee");
    }
    if (!check_list(x, "argument", v, n, s->param, s->nparam)) return false;
    uint32_t type = i->op == IR_call && s->nresult == 1 ? s->result[0] : T_NONE;
    if (i->type != type) return fail(x, "the result is %s, must be %s", type_text(i->type), type_text(type));
    if (i->op == IR_call) return true;
    bool same = s->nresult == f->sig.nresult && (s->nresult == 0 || memcmp(s->result, f->sig.result, s->nresult) == 0);
    return same || fail(x, "the results of a tail call must be those of the function");
}

static bool check_proj(Verifier *x, const Ins *i, BlkId b, uint32_t pos) {
    const Fn *f = x->f;
    const Ins *call = &f->ins.at[i->a];
    if (call->op != IR_call || call->c >= f->calls.n) return fail(x, "operand v%" PRIu32 " is no call", i->a);
    const IrSig *s = &f->calls.at[call->c].sig;
    if (s->nresult < 2) return fail(x, "the call has no several results");
    if (i->b >= s->nresult) return fail(x, "the call has no result %" PRIu32, i->b);
    if (i->type != s->result[i->b])
        return fail(x, "type %s, must be %s", type_text(i->type), type_text(s->result[i->b]));
    if (x->blk[i->a] != b) return fail(x, "not in the call's block");
    /* Behind each other; whoever stands in front is the call or one of its projections, checked before. */
    Val before = f->blk.at[b].list.at[pos - 2];
    if (before == i->a) return true;
    const Ins *p = &f->ins.at[before];
    if (p->op != IR_proj || p->a != i->a) return fail(x, "not directly behind its call");
    return p->b < i->b || fail(x, "results out of order");
}

static bool access_fits(uint32_t type, uint32_t access, bool store) {
    switch (access) {
    case ACC_8S:
    case ACC_16S: return is_int(type) && !store;
    case ACC_8U:
    case ACC_16U: return is_int(type);
    case ACC_32S: return type == T_I64 && !store;
    case ACC_32U: return type == T_I64;
    case ACC_32: return type == T_I32;
    case ACC_64: return type == T_I64;
    case ACC_F32: return type == T_F32;
    case ACC_F64: return type == T_F64;
    case ACC_V128: return type == T_V128;
    case ACC_V32Z:
    case ACC_V64Z: return type == T_V128 && !store;
    default: return false;
    }
}

static bool check_memory(Verifier *x, const Ins *i) {
    const Fn *f = x->f;
    bool store = i->op == IR_store;
    uint32_t type = store ? f->ins.at[i->b].type : i->type;
    if (!check_type(x, i->a, T_I64)) return false;
    if (!access_fits(type, i->aux, store)) return fail(x, "the access kind does not fit type %s", type_text(type));
    if (i->flags & ~(MEM_CONST | MEM_CONTEXT | MEM_HEAP | MEM_TRAPS)) return fail(x, "unknown flags");
    if (store && (i->flags & MEM_CONST)) return fail(x, "a store to a constant location");
    if ((i->flags & MEM_CONTEXT) && (i->flags & MEM_HEAP)) return fail(x, "both context and heap");
    if ((store ? i->c : i->b) > INT32_MAX) return fail(x, "a displacement of 2^31 or more");
    return true;
}

static bool check_constant(Verifier *x, const Ins *i) {
    if (i->op == IR_vconst) {
        if (i->type != T_V128) return fail(x, "type %s, must be v128", type_text(i->type));
        return (uint64_t)i->a + 4 <= x->f->pool.n || fail(x, "the constant is outside the pool");
    }
    if (i->op == IR_iconst ? !is_int(i->type) : !is_float(i->type))
        return fail(x, "a constant of type %s", type_text(i->type));
    bool narrow = i->type == T_I32 || i->type == T_F32;
    return !narrow || i->b == 0 || fail(x, "a constant of 32 bits is not zero-extended");
}

/* A conversion by its operand's and its own type. */
static bool check_conversion(Verifier *x, const Ins *i, uint32_t from) {
    uint32_t to = i->type;
    bool ok = false;
    switch (i->op) {
    case IR_sext:
    case IR_zext: ok = from == T_I32 && to == T_I64; break;
    case IR_wrap: ok = from == T_I64 && to == T_I32; break;
    case IR_fdemote: ok = from == T_F64 && to == T_F32; break;
    case IR_fpromote: ok = from == T_F32 && to == T_F64; break;
    case IR_fcvt_s:
    case IR_fcvt_u: ok = is_float(from) && is_int(to); break;
    case IR_icvt_s:
    case IR_icvt_u: ok = is_int(from) && is_float(to); break;
    case IR_bitcast:
        ok = (from == T_I32 && to == T_F32) || (from == T_F32 && to == T_I32) || (from == T_I64 && to == T_F64) ||
             (from == T_F64 && to == T_I64);
        break;
    default: break;
    }
    return ok || fail(x, "no conversion from %s to %s", type_text(from), type_text(to));
}

static bool shape_fits(uint8_t op, uint8_t shape) {
    switch (op) {
    case IR_vunary: return shape == V_UNARY || shape == V_FUNARY;
    case IR_vbinary: return shape == V_BINARY || shape == V_FBINARY;
    case IR_vternary: return shape == V_TERNARY;
    case IR_vshift: return shape == V_SHIFT;
    case IR_vtest: return shape == V_TEST;
    case IR_vsplat: return shape == V_SPLAT;
    case IR_vextract: return shape == V_EXTRACT;
    case IR_vreplace: return shape == V_REPLACE;
    default: return false;
    }
}

static bool check_shuffle(Verifier *x, const Ins *i) {
    const Fn *f = x->f;
    if ((uint64_t)i->c + 4 > f->pool.n) return fail(x, "the lane numbers are outside the pool");
    for (uint32_t k = 0; k < 4; k++)
        if (f->pool.at[i->c + k] & UINT32_C(0xe0e0e0e0)) return fail(x, "a lane number above 31");
    return check_type(x, i->a, T_V128) && check_type(x, i->b, T_V128);
}

/* A lane operation: its shape gives the types. */
static bool check_lanes(Verifier *x, const Ins *i) {
    bool splat = i->op == IR_vsplat, extract = i->op == IR_vextract, replace = i->op == IR_vreplace;
    if (i->op != IR_vshuffle) {
        if (i->aux >= VOP_COUNT) return fail(x, "unknown lane operation");
        if (!shape_fits(i->op, vop_info[i->aux].shape)) return fail(x, "%s is of another shape", vop_info[i->aux].name);
    }
    uint32_t scalar = vop_scalar((VOp)i->aux), type = extract             ? scalar
                                                      : i->op == IR_vtest ? (uint32_t)T_I32
                                                                          : (uint32_t)T_V128;
    if (i->type != type) return fail(x, "type %s, must be %s", type_text(i->type), type_text(type));
    if (i->op == IR_vshuffle) return check_shuffle(x, i);
    if (!check_type(x, i->a, splat ? scalar : T_V128)) return false;
    if (replace && !check_type(x, i->b, scalar)) return false;
    if (i->op == IR_vshift && !check_type(x, i->b, T_I32)) return false;
    if ((i->op == IR_vbinary || i->op == IR_vternary) && !check_type(x, i->b, T_V128)) return false;
    if (i->op == IR_vternary && !check_type(x, i->c, T_V128)) return false;
    if ((extract && i->b >= vop_lanes((VOp)i->aux)) || (replace && i->c >= vop_lanes((VOp)i->aux)))
        return fail(x, "no lane %" PRIu32, extract ? i->b : i->c);
    return true;
}

/* Operations whose operands are all of one type, with that type or i32 as their result. */
static bool check_plain(Verifier *x, const Ins *i, uint32_t type) {
    bool wants_float = i->op >= IR_fadd && i->op <= IR_fcmp;
    if (wants_float ? !is_float(type) : !is_int(type))
        return fail(x, "operand v%" PRIu32 " is %s, must be %s", i->a, type_text(type),
                    wants_float ? "a float" : "an integer");
    if (i->op == IR_sext32 && type != T_I64)
        return fail(x, "operand v%" PRIu32 " is %s, must be i64", i->a, type_text(type));
    if (ir_info[i->op].nargs == 2 && !check_type(x, i->b, type)) return false;
    if (i->op == IR_icmp && i->aux >= C_COUNT) return fail(x, "unknown condition");
    if (i->op == IR_fcmp && i->aux >= FC_COUNT) return fail(x, "unknown condition");
    uint32_t result = ir_info[i->op].result == RES_SAME ? type : T_I32;
    return i->type == result || fail(x, "type %s, must be %s", type_text(i->type), type_text(result));
}

static bool check_charges(Verifier *x, const Ins *i) {
    if ((uint64_t)i->a + (uint64_t)i->b * CHARGE_WORDS > x->f->pool.n) return fail(x, "charges outside the pool");
    uint64_t sum[2] = {0, 0};
    for (uint32_t k = 0; k < i->b; k++) {
        const ChargePart *p = &ins_charges(x->f, i)[k];
        if (p->counter > 1) return fail(x, "unknown counter");
        if ((sum[p->counter] += p->amount) > UINT32_MAX) return fail(x, "charges with too large a sum");
    }
    return i->b != 0 || fail(x, "no charges");
}

static bool check_types(Verifier *x, const Ins *i, BlkId b, uint32_t pos) {
    const Fn *f = x->f;
    uint32_t type = ir_info[i->op].nargs ? f->ins.at[i->a].type : T_NONE;
    switch (i->op) {
    case IR_iconst:
    case IR_fconst:
    case IR_vconst: return check_constant(x, i);
    case IR_proj: return check_proj(x, i, b, pos);
    case IR_es: return i->type == T_I64 || fail(x, "type %s, must be i64", type_text(i->type));
    case IR_sext:
    case IR_zext:
    case IR_wrap:
    case IR_fdemote:
    case IR_fpromote:
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u:
    case IR_bitcast: return check_conversion(x, i, type);
    case IR_mask:
        return (i->type == T_I32 || fail(x, "type %s, must be i32", type_text(i->type))) &&
               check_type(x, i->a, T_I32) && check_type(x, i->b, T_I32);
    case IR_select:
        if (i->type == T_NONE) return fail(x, "no type");
        return check_type(x, i->a, T_I32) && check_type(x, i->b, i->type) && check_type(x, i->c, i->type);
    case IR_load:
    case IR_store: return check_memory(x, i);
    case IR_vunary:
    case IR_vbinary:
    case IR_vternary:
    case IR_vshift:
    case IR_vtest:
    case IR_vsplat:
    case IR_vextract:
    case IR_vreplace:
    case IR_vshuffle: return check_lanes(x, i);
    case IR_trapz:
    case IR_trapnz:
    case IR_brif:
    case IR_brtable: return check_type(x, i->a, T_I32);
    case IR_charges: return check_charges(x, i);
    case IR_charge:
    case IR_refund: return i->aux < 2 || fail(x, "unknown counter");
    case IR_call:
    case IR_tailcall: return check_call(x, i);
    case IR_ret: return check_list(x, "result", f->pool.at + i->a, i->b, f->sig.result, f->sig.nresult);
    case IR_jump:
    case IR_poll:
    case IR_trap: return true;
    default: return check_plain(x, i, type);
    }
}

static bool check_ins(Verifier *x, Val v, BlkId b, uint32_t pos) {
    const Fn *f = x->f;
    const Ins *i = &f->ins.at[v];
    x->at = v;
    bool pooled = i->op == IR_call || i->op == IR_tailcall || i->op == IR_ret;
    if (pooled && (uint64_t)i->a + i->b > f->pool.n) return fail(x, "operands outside the pool");
    FOR_OPERANDS(f, i, u, {
        if (!check_use(x, u, b, pos)) return false;
        if (f->ins.at[u].type == T_NONE && i->op != IR_proj) return fail(x, "operand v%" PRIu32 " has no value", u);
    });
    if (ir_info[i->op].result == RES_NONE && i->type != T_NONE)
        return fail(x, "type %s, must be none", type_text(i->type));
    return check_types(x, i, b, pos);
}

static bool check_edge_args(Verifier *x, BlkId b) {
    const Fn *f = x->f;
    const Blk *blk = &f->blk.at[b];
    x->at = blk->list.at[blk->list.n - 1];
    for (uint32_t k = 0; k < blk->succ.n; k++) {
        const Edge *e = &blk->succ.at[k];
        for (uint32_t j = 0; j < e->nargs; j++) {
            Val v = f->pool.at[e->args + j];
            if (!check_use(x, v, b, blk->list.n)) return false;
            uint32_t want = f->ins.at[f->blk.at[e->to].param.at[j]].type, is = f->ins.at[v].type;
            if (is != want)
                return fail(x, "argument v%" PRIu32 " to b%" PRIu32 " is %s, must be %s", v, e->to, type_text(is),
                            type_text(want));
        }
    }
    return true;
}

static bool verify(Verifier *x) {
    const Fn *f = x->f;
    if (!check_entry(x)) return false;
    x->blk = ARENA_ARRAY(f->arena, BlkId, f->ins.n);
    x->pos = ARENA_ARRAY(f->arena, uint32_t, f->ins.n);
    for (Val v = 0; v < f->ins.n; v++) x->blk[v] = NOWHERE;
    for (BlkId b = 0; b < f->blk.n; b++) {
        x->at_blk = b;
        if (!check_places(x, b)) return false;
    }
    for (BlkId b = 0; b < f->blk.n; b++) {
        x->at_blk = b;
        if (!check_edges(x, b)) return false;
    }
    find_dominators(x);
    for (BlkId b = 0; b < f->blk.n; b++) {
        x->at_blk = b;
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->list.n; k++)
            if (!check_ins(x, blk->list.at[k], b, k + 1)) return false;
        if (!check_edge_args(x, b)) return false;
    }
    return true;
}

bool ir_verify(const Fn *f, char *msg, uint32_t size) {
    if (size) msg[0] = 0;
    Verifier x = {.f = f, .msg = msg, .size = size, .at_blk = NO_BLK};
    ArenaMark mark = arena_mark(f->arena);
    bool ok = verify(&x);
    arena_rewind(f->arena, mark);
    return ok;
}
