/* The builder: a walk over a validated body that turns each instruction into operations.
 *
 * Algorithm: abstract interpretation of the operand stack, whose slots hold values; structured control makes every
 * block but a loop's head known with all its predecessors when it is begun.  Values of locals are build_local.c's.
 *
 * The side table is read in the order of the bytes, for its fuel.  Code that nothing reaches is skipped: behind
 * what ends a block the walk goes on at the else or end of the innermost construct, and is live again
 * only if something goes there; the next side table entry is then known from what went there.
 *
 * Invariants: while b->live, b->cur has no ending instruction; when not, it has one.  Each block made is reached.
 * Cost: linear in the body, but for lookups of locals. */
#include <assert.h>
#include <string.h>
#include "base/leb128.h"
#include "ir/builder.h"

enum { COUNTER_FUEL, COUNTER_DEPTH };

static const SideEntry *side(Build *b) {
    assert(b->stp < b->body->nside);
    return &b->body->side[b->stp];
}

static const SideEntry *next_side(Build *b) {
    const SideEntry *e = side(b);
    b->stp++;
    return e;
}

static void charge(Build *b, uint8_t counter, uint32_t amount, uint32_t loc) {
    if (!amount || (counter == COUNTER_FUEL && !b->o->fuel)) return;
    fn_ins(b->f, b->cur, loc, (Ins){.op = IR_charge, .aux = counter, .a = amount});
}

static void poll(Build *b, uint32_t loc) {
    if (b->o->epoch) fn_ins(b->f, b->cur, loc, (Ins){.op = IR_poll});
}

static Frame *top_frame(Build *b) { return &b->frame.at[b->frame.n - 1]; }

/* The n values on top of the stack, as arguments of an edge. */
static uint32_t carry(Build *b, uint32_t n) {
    uint32_t at = b->carried.n;
    vec_reserve(b->arena, &b->carried, at + n);
    for (uint32_t i = 0; i < n; i++) b->carried.at[at + i] = b->stack.at[b->stack.n - n + i];
    b->carried.n += n;
    return at;
}

/* -- Constructs ---------------------------------------------------------------- */

static Frame *open_frame(Build *b, const Instr *in) {
    ValType single;
    FuncType t = block_func_type(b->m, in, &single);
    Frame f = {.scope = b->nscope++, .inner = b->inner, .loop = b->loop, .nparam = t.nparam, .nresult = t.nresult};
    assert(b->scope.at[f.scope].start == in->at);
    f.height = b->stack.n - t.nparam;
    vec_push(b->arena, &b->frame, f);
    return top_frame(b);
}

static void open_block(Build *b, const Instr *in) {
    Frame *f = open_frame(b, in);
    Scope *s = &b->scope.at[f->scope];
    if (s->targeted) f->join = s->join = build_join(b, false);
    b->inner = s->self;
}

static void open_loop(Build *b, const Instr *in) {
    Frame *f = open_frame(b, in);
    Scope *s = &b->scope.at[f->scope];
    if (s->targeted) {
        f->join = s->join = build_join(b, true);
        build_join_pred(b, f->join, b->cur, carry(b, f->nparam));
        build_ins(b, (Ins){.op = IR_jump});
        build_loop_enter(b, f->join, f->nparam);
        b->loop = f->scope;
        poll(b, in->at);
    }
    charge(b, COUNTER_FUEL, next_side(b)->fuel, in->at);
}

static void open_if(Build *b, const Instr *in) {
    Val cond = build_pop(b);
    Frame *f = open_frame(b, in);
    Scope *s = &b->scope.at[f->scope];
    b->nscope++; /* the arm */
    const SideEntry *if_true = next_side(b), *if_false = next_side(b);
    f->join = s->join = build_join(b, false);
    f->then = true;
    f->params = carry(b, f->nparam);
    f->else_stp = f->end_stp = if_false->stp;
    f->else_fuel = if_false->fuel;
    BlkId from = b->cur, then = fn_block(b->f);
    build_ins(b, (Ins){.op = IR_brif, .a = cond});
    fn_edge(b->f, from, then, NULL, 0);
    if (s->else_at) {
        f->else_blk = fn_block(b->f);
        fn_edge(b->f, from, f->else_blk, NULL, 0);
    } else {
        build_join_pred(b, f->join, from, f->params);
    }
    b->cur = then;
    b->inner = b->scope.at[f->scope + 1].self;
    charge(b, COUNTER_FUEL, if_true->fuel, in->at);
}

/* Control falls through to the end of the construct. */
static void fall_through(Build *b, const Frame *f) {
    build_join_pred(b, f->join, b->cur, carry(b, f->nresult));
    build_ins(b, (Ins){.op = IR_jump});
}

static void begin_else(Build *b) {
    Frame *f = top_frame(b);
    if (b->live) {
        f->end_stp = next_side(b)->stp;
        fall_through(b, f);
    }
    f->then = false;
    b->live = true;
    b->cur = f->else_blk;
    b->stp = f->else_stp;
    b->inner = f->scope;
    b->stack.n = f->height;
    for (uint32_t i = 0; i < f->nparam; i++) build_push(b, b->carried.at[f->params + i]);
    charge(b, COUNTER_FUEL, f->else_fuel, b->scope.at[f->scope].start);
}

/* Go on behind the construct, if anything goes there. */
static void join_end(Build *b, const Frame *f) {
    if (!f->join) return;
    if (b->live)
        fall_through(b, f);
    else
        b->stp = f->end_stp;
    b->stack.n = f->height;
    b->live = b->join.at[f->join].npred > 0;
    if (b->live) build_join_enter(b, f->join, f->nresult);
}

static void emit_return(Build *b) {
    uint32_t n = b->type->nresult;
    build_refund(b);
    build_ins(b, (Ins){.op = IR_ret, .a = fn_pool(b->f, b->stack.at + b->stack.n - n, n), .b = n});
    b->live = false;
}

static void end_function(Build *b, const Frame *f) {
    if (!b->live || b->join.at[f->join].npred) join_end(b, f);
    if (b->live) emit_return(b);
}

static void end_construct(Build *b) {
    Frame f = b->frame.at[--b->frame.n];
    b->inner = f.inner;
    switch ((ScopeKind)b->scope.at[f.scope].kind) {
    case SCOPE_FUNC: end_function(b, &f); break;
    case SCOPE_LOOP: b->loop = f.loop; break;
    default:
        join_end(b, &f);
        if (b->live) charge(b, COUNTER_FUEL, next_side(b)->fuel, b->at);
        break;
    }
}

/* -- Branches ------------------------------------------------------------------ */

/* Number of values that a branch to the label carries. */
static uint32_t label_arity(Build *b, const Frame *f) {
    return b->scope.at[f->scope].kind == SCOPE_LOOP ? f->nparam : f->nresult;
}

static Frame *label_frame(Build *b, uint32_t label) { return &b->frame.at[b->frame.n - 1 - label]; }

/* An edge from the current block to the label; takes its side table entry. */
static const SideEntry *branch_edge(Build *b, uint32_t label, uint32_t args) {
    Frame *f = label_frame(b, label);
    const SideEntry *e = next_side(b);
    f->end_stp = e->stp;
    build_join_pred(b, f->join, b->cur, args);
    return e;
}

static void branch(Build *b, uint32_t label) {
    branch_edge(b, label, carry(b, label_arity(b, label_frame(b, label))));
    build_ins(b, (Ins){.op = IR_jump});
    b->live = false;
}

static void branch_if(Build *b, uint32_t label) {
    Val cond = build_pop(b);
    const SideEntry *e = branch_edge(b, label, carry(b, label_arity(b, label_frame(b, label))));
    BlkId next = fn_block(b->f);
    build_ins(b, (Ins){.op = IR_brif, .a = cond});
    fn_edge(b->f, b->cur, next, NULL, 0);
    b->cur = next;
    charge(b, COUNTER_FUEL, e->fuel, b->at);
}

static void branch_table(Build *b, const Instr *in) {
    Val index = build_pop(b);
    const uint8_t *p = b->m->bytes + in->labels.at, *first = p;
    uint32_t args = carry(b, label_arity(b, label_frame(b, leb_u32(&first))));
    for (uint32_t i = 0; i <= in->labels.count; i++) branch_edge(b, leb_u32(&p), args);
    build_ins(b, (Ins){.op = IR_brtable, .a = index});
    b->live = false;
}

static void build_control(Build *b, const Instr *in) {
    switch (in->op) {
    case OP_BLOCK: open_block(b, in); break;
    case OP_LOOP: open_loop(b, in); break;
    case OP_IF: open_if(b, in); break;
    case OP_ELSE: begin_else(b); break;
    case OP_END: end_construct(b); break;
    case OP_BR: branch(b, in->index); break;
    case OP_BR_IF: branch_if(b, in->index); break;
    case OP_BR_TABLE: branch_table(b, in); break;
    case OP_RETURN: emit_return(b); break;
    case OP_UNREACHABLE:
        build_ins(b, (Ins){.op = IR_trap, .aux = TRAP_UNREACHABLE});
        b->live = false;
        break;
    default: build_call(b, in); break;
    }
}

/* -- Driver -------------------------------------------------------------------- */

static void build_local(Build *b, const Instr *in) {
    if (in->op == OP_LOCAL_GET) {
        build_push(b, build_local_get(b, in->index));
    } else {
        build_local_set(b, in->index, b->stack.at[b->stack.n - 1]);
        b->stack.n -= in->op == OP_LOCAL_SET;
    }
}

static void build_instr(Build *b, const Instr *in) {
    switch ((OpKind)op_info[in->op].kind) {
    case KIND_CONTROL: build_control(b, in); break;
    case KIND_NOP: break;
    case KIND_PARAM:
        if (in->op == OP_DROP)
            build_pop(b);
        else
            build_select(b);
        break;
    case KIND_LOCAL: build_local(b, in); break;
    case KIND_GLOBAL: build_global(b, in); break;
    case KIND_TABLE: build_table(b, in); break;
    case KIND_MEMORY: build_memory(b, in); break;
    case KIND_LOAD:
    case KIND_STORE:
    case KIND_VLOAD_ZERO: build_access(b, in); break;
    case KIND_REF: build_ref(b, in); break;
    case KIND_CONST:
        if (in->op == OP_V128_CONST)
            build_simd(b, in);
        else
            build_num(b, in);
        break;
    case KIND_TEST:
    case KIND_ICMP:
    case KIND_FCMP:
    case KIND_UNARY:
    case KIND_BINARY:
    case KIND_FUNARY:
    case KIND_FBINARY:
    case KIND_DIVIDE:
    case KIND_TRUNC: build_num(b, in); break;
    case KIND_VLOAD_EXTEND:
    case KIND_VLOAD_SPLAT:
    case KIND_VLOAD_LANE:
    case KIND_VSTORE_LANE:
    case KIND_VSHUFFLE:
    case KIND_VSPLAT:
    case KIND_VEXTRACT:
    case KIND_VREPLACE:
    case KIND_VUNARY:
    case KIND_VFUNARY:
    case KIND_VBINARY:
    case KIND_VFBINARY:
    case KIND_VTERNARY:
    case KIND_VSHIFT:
    case KIND_VTEST: build_simd(b, in); break;
    }
}

/* Where dead code ends that began in the innermost construct. */
static uint32_t dead_end(Build *b) {
    const Frame *f = top_frame(b);
    const Scope *s = &b->scope.at[f->scope];
    if (s->kind == SCOPE_FUNC) return b->body->end - 1;
    return f->then && s->else_at ? s->else_at : s->end;
}

static Val zero_value(Build *b, IrType t) {
    static const uint32_t zeros[4] = {0};
    if (t == T_I32 || t == T_I64) return build_iconst(b, t, 0);
    Ins i = {.op = t == T_V128 ? IR_vconst : IR_fconst, .type = (uint8_t)t};
    if (t == T_V128) i.a = fn_pool(b->f, zeros, 4);
    return build_ins(b, i);
}

/* The entry block: parameters, charges, default values. */
static void enter(Build *b) {
    const Body *body = b->body;
    b->cur = fn_block(b->f);
    b->live = true;
    b->at = body->code;
    b->ctx = fn_param(b->f, b->cur, T_I64);
    for (uint32_t i = 0; i < b->type->nparam; i++) fn_param(b->f, b->cur, ir_type_of(body->local[i]));
    charge(b, COUNTER_DEPTH, body->frame_cost, body->code);
    charge(b, COUNTER_FUEL, body->fuel, body->code);
    poll(b, body->code);
    for (uint32_t i = b->type->nparam; i < body->nlocal; i++) {
        IrType t = ir_type_of(body->local[i]);
        if (!b->zero[t]) b->zero[t] = zero_value(b, t);
    }
    build_join(b, false); /* number 0 stands for none */
    Frame f = {.nresult = b->type->nresult, .join = build_join(b, false)};
    vec_push(b->arena, &b->frame, f);
    b->nscope = 1;
}

/* For dumps: a name that prints as it is. */
static const char *func_label(Arena *a, const Module *m, uint32_t func) {
    Name n = module_func_name(m, func);
    bool plain = n.n > 0;
    for (uint32_t i = 0; i < n.n; i++)
        if (n.at[i] <= ' ' || n.at[i] > '~' || n.at[i] == '"' || n.at[i] == '\\') plain = false;
    if (plain) return arena_dup(a, n.at, n.n);
    char text[11], *end = text + sizeof text, *at = end; /* as snprintf would, in a tenth of the time */
    do *--at = (char)('0' + func % 10);
    while (func /= 10);
    *--at = 'f';
    return arena_dup(a, at, (size_t)(end - at));
}

Fn *ir_build(Arena *a, Arena *scratch, const Module *m, const InstLayout *layout, uint32_t func,
             const BuildOptions *o) {
    const Body *body = &m->bodies.at[m->funcs.at[func].body];
    const FuncType *type = module_func_type(m, func);
    IrSig sig = build_sig(a, type);
    Build b = {.f = fn_new(a, func_label(a, m, func), func, &sig), .arena = scratch, .m = m, .layout = layout, .o = o};
    b.body = body;
    b.type = type;
    uint32_t bytes = body->end - body->code;
    vec_reserve(a, &b.f->ins, bytes / 8 * 5 + 32); /* what it takes as a rule: half of that to all */
    vec_reserve(a, &b.f->loc, bytes / 8 * 5 + 32);
    vec_reserve(scratch, &b.stack, 16); /* so that the operand stack is never at NULL */
    b.f->frame_cost = body->frame_cost;
    b.f->internal = build_is_internal(&b, func);
    b.base.blk = NO_BLK;
    map_init(&b.known, scratch);
    map_init(&b.callee, scratch);
    build_scan(&b);
    vec_reserve(a, &b.f->blk, b.nblk + 8);
    enter(&b);
    for (uint32_t at = body->code; b.frame.n;) {
        Instr in;
        next_instr(m, b.live ? at : dead_end(&b), &in);
        b.at = in.at;
        at = in.next;
        build_instr(&b, &in);
    }
    build_joins_finish(&b);
    return b.f;
}
