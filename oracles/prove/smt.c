/* Functions as terms: blocks in reverse postorder, each with the condition under which it is reached and the state in
 * which it is entered, merged over its edges. */
#include "oracles/prove/smt.h"
#include <stdio.h>
#include <string.h>

/* What execution has done so far. */
typedef struct State {
    Z3_ast trap;      /* 64 bits: 0, or kind + 1 and the position above */
    Z3_ast memory[2]; /* the context, linear memory: they do not overlap */
    Z3_ast counter[2];
} State;

typedef struct Exit {
    Z3_ast reached;
    State state;
    uint32_t values; /* in Side.value; of a ret */
} Exit;

typedef struct Entry { /* of a block, while its edges are being met */
    Z3_ast reached;    /* NULL: not yet */
    State state;
} Entry;

typedef struct Side { /* one of the two functions */
    Smt *s;
    const Fn *f;
    Arena *arena;
    Z3_ast *of; /* by Val */
    Entry *entry;
    Z3_ast defined; /* all divisions are */
    VEC(Exit) exit;
    VEC(Z3_ast) value;
    Z3_ast reached; /* of the block at hand */
    State begin, now;
} Side;

static Z3_ast same(Smt *s, Z3_ast a, Z3_ast b) { return Z3_mk_eq(s->z, a, b); }
static Z3_ast alive(Side *d) { return same(d->s, d->now.trap, smt_num(d->s, 64, 0)); }

static void unsupported(Smt *s, const char *what) {
    if (!s->unsupported[0]) snprintf(s->unsupported, sizeof s->unsupported, "%s", what);
}

static State state_if(Smt *s, Z3_ast condition, const State *a, const State *b) {
    State r = {.trap = Z3_mk_ite(s->z, condition, a->trap, b->trap)};
    for (uint32_t k = 0; k < 2; k++) {
        r.memory[k] = Z3_mk_ite(s->z, condition, a->memory[k], b->memory[k]);
        r.counter[k] = Z3_mk_ite(s->z, condition, a->counter[k], b->counter[k]);
    }
    return r;
}

/* -- Effects ------------------------------------------------------------------------------ */

static void trap_at(Side *d, Z3_ast condition, uint8_t kind, uint32_t loc) {
    Smt *s = d->s;
    Z3_ast code = smt_num(s, 64, kind + UINT64_C(1) + ((uint64_t)loc << 8));
    d->now.trap = Z3_mk_ite(s->z, smt_and(s, alive(d), condition), code, d->now.trap);
}

static void trap_if(Side *d, Z3_ast condition, uint8_t kind, Val v) { trap_at(d, condition, kind, d->f->loc.at[v]); }

static Z3_ast address_of(Side *d, const Ins *i) {
    uint32_t displacement = i->op == IR_load ? i->b : i->c;
    return Z3_mk_bvadd(d->s->z, d->of[i->a], smt_num(d->s, 64, displacement));
}

static void may_fault(Side *d, const Ins *i, Val v, Z3_ast address) {
    Smt *s = d->s;
    if (!(i->flags & MEM_TRAPS)) return;
    Z3_ast bytes = smt_num(s, 64, access_bytes[i->aux]);
    trap_if(d, Z3_mk_app(s->z, s->fault, 2, (Z3_ast[]){address, bytes}), 0, v);
}

static uint32_t which_memory(const Ins *i) { return (i->flags & MEM_HEAP) != 0; }

static Z3_ast load(Side *d, const Ins *i, Val v) {
    Smt *s = d->s;
    const State *from = i->flags & MEM_CONST ? &d->begin : &d->now;
    Z3_ast address = address_of(d, i), bits = NULL;
    uint32_t n = access_bytes[i->aux], w = smt_width(i->type);
    may_fault(d, i, v, address);
    for (uint32_t k = 0; k < n; k++) {
        Z3_ast byte = Z3_mk_select(s->z, from->memory[which_memory(i)], Z3_mk_bvadd(s->z, address, smt_num(s, 64, k)));
        bits = bits ? Z3_mk_concat(s->z, byte, bits) : byte;
    }
    if (i->c) /* what whoever made the load knows */
        Z3_solver_assert(s->z, s->solver, Z3_mk_bvuge(s->z, bits, smt_num(s, w, (uint64_t)i->c << LOAD_LEAST_SHIFT)));
    if (8 * n >= w) return bits;
    bool is_signed = i->aux == ACC_8S || i->aux == ACC_16S || i->aux == ACC_32S;
    return is_signed ? Z3_mk_sign_ext(s->z, w - 8 * n, bits) : Z3_mk_zero_ext(s->z, w - 8 * n, bits);
}

static void store(Side *d, const Ins *i, Val v) {
    Smt *s = d->s;
    Z3_ast address = address_of(d, i), *at = &d->now.memory[which_memory(i)], memory = *at;
    may_fault(d, i, v, address);
    for (uint32_t k = 0; k < access_bytes[i->aux]; k++) {
        Z3_ast byte = Z3_mk_extract(s->z, 8 * k + 7, 8 * k, d->of[i->b]);
        memory = Z3_mk_store(s->z, memory, Z3_mk_bvadd(s->z, address, smt_num(s, 64, k)), byte);
    }
    *at = Z3_mk_ite(s->z, alive(d), memory, *at);
}

/* A counter that runs out is left negative. */
static void count(Side *d, const ChargePart *part, bool charge) {
    Smt *s = d->s;
    Z3_ast *c = &d->now.counter[part->counter & 1], by = smt_num(s, 64, part->amount);
    Z3_ast next = charge ? Z3_mk_bvsub(s->z, *c, by) : Z3_mk_bvadd(s->z, *c, by);
    *c = Z3_mk_ite(s->z, alive(d), next, *c);
    Z3_ast negative = Z3_mk_bvslt(s->z, *c, smt_num(s, 64, 0));
    if (charge) trap_at(d, negative, (uint8_t)(250 + part->counter), part->loc);
}

/* Several charges at once are as good as one after the other: the handler of the trap sees to that. */
static void count_all(Side *d, const Ins *i, Val v) {
    const ChargePart one = {i->aux, i->a, d->f->loc.at[v]};
    const ChargePart *part = i->op == IR_charges ? ins_charges(d->f, i) : &one;
    for (uint32_t k = 0; k < (i->op == IR_charges ? i->b : 1); k++) count(d, &part[k], i->op != IR_refund);
}

/* -- Instructions --------------------------------------------------------------------------- */

static void pure(Side *d, const Ins *i, Val v) {
    Smt *s = d->s;
    uint8_t type[3];
    Z3_ast x[3], defined = Z3_mk_true(s->z);
    for (uint32_t k = 0; k < ir_info[i->op].nargs; k++) {
        Val operand = (&i->a)[k];
        type[k] = d->f->ins.at[operand].type;
        x[k] = d->of[operand];
        if (type[k] == T_V128 || !x[k]) {
            unsupported(s, "a vector");
            return;
        }
    }
    if (i->type == T_V128) {
        unsupported(s, "a vector");
        return;
    }
    d->of[v] = smt_op(s, i, type, x, &defined);
    if (!d->of[v]) {
        unsupported(s, ir_info[i->op].name);
        return;
    }
    Z3_ast runs = smt_and(s, d->reached, alive(d));
    d->defined = smt_and(s, d->defined, smt_or(s, Z3_mk_not(s->z, runs), defined));
}

static void instruction(Side *d, Val v) {
    Smt *s = d->s;
    const Ins *i = &d->f->ins.at[v];
    switch (i->op) {
    case IR_iconst:
    case IR_fconst: d->of[v] = smt_num(s, smt_width(i->type), ins_imm(i)); break;
    case IR_es: d->of[v] = Z3_mk_const(s->z, Z3_mk_string_symbol(s->z, "es"), s->address); break;
    case IR_load:
        if (access_bytes[i->aux] > 8 || i->type == T_V128) {
            unsupported(s, "a vector");
            return;
        }
        d->of[v] = load(d, i, v);
        break;
    case IR_store:
        if (access_bytes[i->aux] > 8 || d->f->ins.at[i->b].type == T_V128) {
            unsupported(s, "a vector");
            return;
        }
        store(d, i, v);
        break;
    case IR_trapz: trap_if(d, Z3_mk_not(s->z, smt_nonzero(s, d->of[i->a])), i->aux, v); break;
    case IR_trapnz: trap_if(d, smt_nonzero(s, d->of[i->a]), i->aux, v); break;
    case IR_charge:
    case IR_charges:
    case IR_refund: count_all(d, i, v); break;
    default: pure(d, i, v);
    }
}

/* -- Blocks ----------------------------------------------------------------------------------- */

static void take_edge(Side *d, const Edge *e, Z3_ast condition) {
    Smt *s = d->s;
    Entry *to = &d->entry[e->to];
    Z3_ast taken = smt_and(s, d->reached, condition);
    const Blk *b = &d->f->blk.at[e->to];
    for (uint32_t k = 0; k < e->nargs; k++) {
        Z3_ast arg = d->of[d->f->pool.at[e->args + k]], *param = &d->of[b->param.at[k]];
        if (!arg) {
            unsupported(s, "a vector");
            return;
        }
        *param = to->reached ? Z3_mk_ite(s->z, taken, arg, *param) : arg;
    }
    to->state = to->reached ? state_if(s, taken, &d->now, &to->state) : d->now;
    to->reached = to->reached ? smt_or(s, to->reached, taken) : taken;
}

static void end_block(Side *d, const Blk *b, Val v) {
    Smt *s = d->s;
    const Ins *i = &d->f->ins.at[v];
    Exit out = {.reached = d->reached, .values = d->value.n};
    switch (i->op) {
    case IR_jump: take_edge(d, &b->succ.at[0], Z3_mk_true(s->z)); return;
    case IR_brif: {
        Z3_ast condition = smt_nonzero(s, d->of[i->a]);
        take_edge(d, &b->succ.at[0], condition);
        take_edge(d, &b->succ.at[1], Z3_mk_not(s->z, condition));
        return;
    }
    case IR_brtable:
        for (uint32_t k = 0; k < b->succ.n; k++) {
            Z3_ast index = smt_num(s, 32, k), x = d->of[i->a];
            take_edge(d, &b->succ.at[k], k + 1 < b->succ.n ? same(s, x, index) : Z3_mk_bvuge(s->z, x, index));
        }
        return;
    case IR_ret:
        for (uint32_t k = 0; k < i->b; k++) {
            Z3_ast value = d->of[d->f->pool.at[i->a + k]];
            if (!value) {
                unsupported(s, "a vector");
                return;
            }
            vec_push(d->arena, &d->value, value);
        }
        break;
    case IR_trap: trap_if(d, Z3_mk_true(s->z), i->aux, v); break;
    default: unsupported(s, ir_info[i->op].name); return;
    }
    out.state = d->now;
    if (i->op == IR_trap) out.values = UINT32_MAX;
    vec_push(d->arena, &d->exit, out);
}

static void translate(Side *d, const Z3_ast *param, const State *begin) {
    const Fn *f = d->f;
    Smt *s = d->s;
    d->of = ARENA_ARRAY(d->arena, Z3_ast, f->ins.n);
    d->entry = ARENA_ARRAY(d->arena, Entry, f->blk.n);
    d->defined = Z3_mk_true(s->z);
    d->begin = *begin;
    d->entry[0] = (Entry){Z3_mk_true(s->z), *begin};
    for (uint32_t k = 0; k < f->blk.at[0].param.n; k++) d->of[f->blk.at[0].param.at[k]] = param[k];
    for (uint32_t r = 0; r < f->rpo.n && !s->unsupported[0]; r++) {
        const Blk *b = &f->blk.at[f->rpo.at[r]];
        if (b->loop_head) {
            unsupported(s, "a loop");
            return;
        }
        d->reached = d->entry[f->rpo.at[r]].reached;
        d->now = d->entry[f->rpo.at[r]].state;
        for (uint32_t k = 0; k + 1 < b->list.n && !s->unsupported[0]; k++) instruction(d, b->list.at[k]);
        if (!s->unsupported[0]) end_block(d, b, b->list.at[b->list.n - 1]);
    }
}

/* -- The question ----------------------------------------------------------------------------- */

/* All exits as one. */
static Exit merged(Side *d, uint32_t nresult, Z3_ast *result) {
    Smt *s = d->s;
    Exit all = {0};
    for (uint32_t e = 0; e < d->exit.n; e++) {
        const Exit *x = &d->exit.at[e];
        all.state = e ? state_if(s, x->reached, &x->state, &all.state) : x->state;
        for (uint32_t k = 0; x->values != UINT32_MAX && k < nresult; k++) {
            Z3_ast value = d->value.at[x->values + k];
            result[k] = result[k] ? Z3_mk_ite(s->z, x->reached, value, result[k]) : value;
        }
    }
    return all;
}

static Z3_ast same_outcome(Side *before, Side *after) {
    Smt *s = before->s;
    uint32_t n = before->f->sig.nresult;
    Z3_ast *x = ARENA_ARRAY(before->arena, Z3_ast, n + 1), *y = ARENA_ARRAY(before->arena, Z3_ast, n + 1);
    Exit a = merged(before, n, x), b = merged(after, n, y);
    Z3_ast equal = same(s, a.state.trap, b.state.trap);
    for (uint32_t k = 0; k < 2; k++) {
        equal = smt_and(s, equal, same(s, a.state.memory[k], b.state.memory[k]));
        equal = smt_and(s, equal, same(s, a.state.counter[k], b.state.counter[k]));
    }
    Z3_ast trapped = Z3_mk_not(s->z, same(s, a.state.trap, smt_num(s, 64, 0)));
    for (uint32_t k = 0; k < n; k++) { /* a side that never returns has no values */
        Z3_ast equal_value = x[k] && y[k] ? same(s, x[k], y[k]) : Z3_mk_false(s->z);
        equal = smt_and(s, equal, smt_or(s, trapped, equal_value));
    }
    return smt_and(s, after->defined, equal);
}

static Z3_ast fresh(Smt *s, const char *name, uint32_t k, Z3_sort sort) {
    char text[16];
    snprintf(text, sizeof text, "%s%u", name, k);
    return Z3_mk_const(s->z, Z3_mk_string_symbol(s->z, text), sort);
}

static Proof ask(Smt *s, Arena *a, const Fn *before, const Fn *after) {
    const Blk *entry = &before->blk.at[0];
    Z3_ast *param = ARENA_ARRAY(a, Z3_ast, entry->param.n + 1);
    for (uint32_t k = 0; k < entry->param.n; k++) {
        uint8_t type = before->ins.at[entry->param.at[k]].type;
        if (type == T_V128) unsupported(s, "a vector");
        param[k] = fresh(s, "p", k, Z3_mk_bv_sort(s->z, smt_width(type)));
    }
    State begin = {.trap = smt_num(s, 64, 0)};
    for (uint32_t k = 0; k < 2; k++) { /* what is left is at least 0 and far from the largest number */
        begin.memory[k] = fresh(s, "memory", k, s->memory);
        begin.counter[k] = fresh(s, "counter", k, s->address);
        Z3_ast limit = smt_num(s, 64, UINT64_C(1) << 46);
        Z3_solver_assert(s->z, s->solver, Z3_mk_bvult(s->z, begin.counter[k], limit));
    }
    Side x = {.s = s, .f = before, .arena = a}, y = {.s = s, .f = after, .arena = a};
    translate(&x, param, &begin);
    translate(&y, param, &begin);
    if (s->unsupported[0]) return PROOF_UNSUPPORTED;
    Z3_solver_assert(s->z, s->solver, x.defined);
    Z3_solver_assert(s->z, s->solver, Z3_mk_not(s->z, same_outcome(&x, &y)));
    switch (Z3_solver_check(s->z, s->solver)) {
    case Z3_L_FALSE: return PROOF_PROVED;
    case Z3_L_TRUE: return PROOF_REFUTED;
    default: return PROOF_UNKNOWN;
    }
}

/* The parameters' values in the model. */
static void explain(Smt *s, const Fn *f, char *why, uint32_t size) {
    Z3_model m = Z3_solver_get_model(s->z, s->solver);
    uint32_t n = 0;
    Z3_model_inc_ref(s->z, m);
    for (uint32_t k = 0; k < f->blk.at[0].param.n && n < size; k++) {
        uint8_t type = f->ins.at[f->blk.at[0].param.at[k]].type;
        Z3_ast value = NULL;
        Z3_model_eval(s->z, m, fresh(s, "p", k, Z3_mk_bv_sort(s->z, smt_width(type))), true, &value);
        int wrote = snprintf(why + n, size - n, "%sp%u = %s", k ? ", " : "", k, Z3_ast_to_string(s->z, value));
        n += wrote > 0 ? (uint32_t)wrote : 0;
    }
    Z3_model_dec_ref(s->z, m);
}

/* Float operations that one side has more of than the other. */
static uint64_t changed_operations(const Fn *before, const Fn *after) {
    int32_t count[IR_COUNT] = {0};
    uint64_t changed = 0;
    for (uint32_t side = 0; side < 2; side++) {
        const Fn *f = side ? after : before;
        for (uint32_t r = 0; r < f->rpo.n; r++) {
            const Blk *b = &f->blk.at[f->rpo.at[r]];
            for (uint32_t k = 0; k < b->list.n; k++) count[f->ins.at[b->list.at[k]].op] += side ? 1 : -1;
        }
    }
    for (uint32_t op = IR_fadd; op <= IR_icvt_u; op++)
        if (count[op]) changed |= UINT64_C(1) << (op - IR_fadd);
    return changed;
}

static Proof smt_try(const Fn *before, const Fn *after, uint64_t exact, uint32_t timeout_ms, char *why, uint32_t size) {
    Smt s = {.exact = exact};
    Arena arena;
    arena_init(&arena, NULL);
    Z3_config c = Z3_mk_config();
    s.z = Z3_mk_context(c);
    Z3_del_config(c);
    s.solver = Z3_mk_solver(s.z);
    Z3_solver_inc_ref(s.z, s.solver);
    Z3_params p = Z3_mk_params(s.z);
    Z3_params_inc_ref(s.z, p);
    Z3_params_set_uint(s.z, p, Z3_mk_string_symbol(s.z, "timeout"), timeout_ms);
    Z3_solver_set_params(s.z, s.solver, p);
    s.bit = Z3_mk_bool_sort(s.z);
    s.address = Z3_mk_bv_sort(s.z, 64);
    s.memory = Z3_mk_array_sort(s.z, s.address, Z3_mk_bv_sort(s.z, 8));
    Z3_sort domain[] = {s.address, s.address};
    s.fault = Z3_mk_func_decl(s.z, Z3_mk_string_symbol(s.z, "fault"), 2, domain, s.bit);
    Proof r = ask(&s, &arena, before, after);
    if (r == PROOF_REFUTED) explain(&s, before, why, size);
    if (r == PROOF_UNSUPPORTED) snprintf(why, size, "%s is not modelled", s.unsupported);
    Z3_params_dec_ref(s.z, p);
    Z3_solver_dec_ref(s.z, s.solver);
    Z3_del_context(s.z);
    arena_free(&arena);
    return r;
}

Proof smt_same(const Fn *before, const Fn *after, uint32_t timeout_ms, char *why, uint32_t size) {
    char unwanted[8];
    const uint64_t exact[] = {0, changed_operations(before, after), UINT64_MAX};
    Proof r = PROOF_UNKNOWN;
    if (!why) why = unwanted, size = sizeof unwanted;
    /* Only the last one's refutation counts: the functions before may be wrong for floats. */
    for (uint32_t k = 0; k < 3 && r != PROOF_PROVED && r != PROOF_UNSUPPORTED; k++) {
        why[0] = 0;
        if (k == 0 || k == 2 || exact[k] != exact[k - 1])
            r = smt_try(before, after, exact[k], k < 2 ? timeout_ms / 2 : timeout_ms, why, size);
    }
    return r;
}
