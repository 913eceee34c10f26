/* A tiny machine that executes IR and writes down what can be observed: the oracle of the optimizer's tests.
 *
 * Its arithmetic is wasm/num.h, not opt/eval.c.  It is hostile where the IR leaves a choice or forbids something:
 *   NaNs      an arithmetic operation gives some NaN that depends on where it stands; with `default_nan` it gives the
 * canonical one and fcanon does nothing (as an ISA may have it); crashes   an access outside of all memory, or an
 * undefined division, is an event that no right function has; calls     scribble over everything that a call may
 * change. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/map.h"
#include "ir/ir.h"
#include "wasm/num.h"

enum { EVAL_CONST = 512, EVAL_MEM = 1024, EVAL_HEAP = 256, EVAL_OBJ = 32 };
#define EVAL_CONTEXT UINT64_C(0x10000)
#define EVAL_ES UINT64_C(0x20000)
#define EVAL_HEAP_AT UINT64_C(0x400000000)
#define EVAL_OBJ_AT UINT64_C(0x30000)
/* Layout of the context.  Below EVAL_CONST nothing changes. */
enum {
    CTX_HEAP = 0,
    CTX_ES = 8,
    CTX_RANDOM = 16,
    CTX_LENGTH = EVAL_CONST,
    CTX_OBJ = EVAL_CONST + 8,
    CTX_GLOBALS = EVAL_CONST + 16
};
enum { TRAP_OF_FUEL = 100, TRAP_OF_DEPTH = 101, TRAP_OF_FAULT = 102 };

typedef enum EventKind { EV_STORE, EV_CHARGE, EV_REFUND, EV_CALL, EV_TRAP, EV_RET, EV_CRASH, EV_STEPS } EventKind;

typedef struct Event {
    EventKind kind;
    uint32_t what, loc; /* trap kind, counter, callee */
    uint64_t x, y;      /* address and value; operands */
} Event;

typedef struct Machine {
    const Fn *f;
    Arena *arena;
    bool default_nan;
    uint64_t *value;
    VEC(Event) event;
    uint8_t context[EVAL_MEM], es[EVAL_MEM], heap[EVAL_HEAP], obj[EVAL_OBJ];
    uint32_t ncalls, steps;
    bool done;
} Machine;

static inline void machine_event(Machine *m, Event e) {
    vec_push(m->arena, &m->event, e);
    m->done |= e.kind >= EV_TRAP;
}

static inline void machine_init(Machine *m, Arena *a, uint64_t seed, int64_t fuel) {
    *m = (Machine){.arena = a};
    for (uint32_t k = 0; k < EVAL_MEM; k++) m->context[k] = (uint8_t)hash_mix(seed * 4096 + k);
    for (uint32_t k = 0; k < EVAL_HEAP; k++) m->heap[k] = (uint8_t)hash_mix(seed * 4096 + 2048 + k);
    for (uint32_t k = 0; k < EVAL_OBJ; k++) m->obj[k] = (uint8_t)hash_mix(seed * 4096 + 3072 + k);
    uint64_t at = EVAL_HEAP_AT, es = EVAL_ES, length = 32 + seed % 64, obj = seed % 4 ? EVAL_OBJ_AT : 0;
    memcpy(m->context + CTX_HEAP, &at, 8);
    memcpy(m->context + CTX_ES, &es, 8);
    memcpy(m->context + CTX_LENGTH, &length, 8);
    memcpy(m->context + CTX_OBJ, &obj, 8);
    memcpy(m->es, &fuel, 8);
    memcpy(m->es + 8, &fuel, 8);
}

/* Where `bytes` at an address are; NULL: nowhere. */
static inline uint8_t *machine_at(Machine *m, uint64_t a, uint32_t bytes) {
    const struct {
        uint64_t at, size;
        uint8_t *p;
    } region[] = {{EVAL_CONTEXT, EVAL_MEM, m->context},
                  {EVAL_ES, EVAL_MEM, m->es},
                  {EVAL_HEAP_AT, EVAL_HEAP, m->heap},
                  {EVAL_OBJ_AT, EVAL_OBJ, m->obj}};
    for (uint32_t k = 0; k < 4; k++)
        if (a >= region[k].at && a - region[k].at <= region[k].size - bytes) return region[k].p + (a - region[k].at);
    return NULL;
}

/* A call changes what it may: all but what is constant. */
static inline uint64_t machine_scribble(Machine *m, uint64_t h) {
    h = hash_mix(h ^ ++m->ncalls);
    uint64_t length;
    memcpy(&length, m->context + CTX_LENGTH, 8);
    length += h % 3;
    if (length > EVAL_HEAP - 64) length = EVAL_HEAP - 64;
    memcpy(m->context + CTX_LENGTH, &length, 8);
    m->context[CTX_GLOBALS + h % 64] ^= (uint8_t)(h >> 32);
    m->heap[h % EVAL_HEAP] ^= (uint8_t)(h >> 40);
    return h;
}

static inline uint64_t machine_nan(const Machine *m, Val v, uint32_t type) {
    uint64_t payload = m->default_nan ? 0 : hash_mix(v);
    uint64_t sign = m->default_nan ? 0 : payload >> 63;
    if (type == T_F32) return NUM_F32_NAN | (payload & 0x3fffff) | sign << 31;
    return NUM_F64_NAN | (payload & UINT64_C(0x7ffffffffffff)) | sign << 63;
}

#define EVAL_BOTH(op, fn) \
    case IR_##op:         \
        return type == T_I32 ? num_i32_##fn((uint32_t)a, (uint32_t)b) : num_i64_##fn(a, b);
#define EVAL_FLOAT2(op, fn)                                                              \
    case IR_##op:                                                                        \
        r = type == T_F32 ? num_f32_##fn((uint32_t)a, (uint32_t)b) : num_f64_##fn(a, b); \
        break;
#define EVAL_FLOAT1(op, fn)                                              \
    case IR_##op:                                                        \
        r = type == T_F32 ? num_f32_##fn((uint32_t)a) : num_f64_##fn(a); \
        break;
#define EVAL_DIV(op, fn) \
    case IR_##op: r = type == T_I32 ? num_i32_##fn((uint32_t)a, (uint32_t)b, &trap) : num_i64_##fn(a, b, &trap); break;

static inline uint64_t machine_int(Machine *m, const Ins *i, uint32_t type, uint64_t a, uint64_t b) {
    TrapKind trap = TRAP_NONE;
    uint64_t r = 0;
    switch (i->op) {
        EVAL_BOTH(iadd, add)
        EVAL_BOTH(isub, sub)
        EVAL_BOTH(imul, mul)
        EVAL_BOTH(iand, and)
        EVAL_BOTH(ior, or)
        EVAL_BOTH(ixor, xor)
        EVAL_BOTH(shl, shl)
        EVAL_BOTH(sshr, shr_s)
        EVAL_BOTH(ushr, shr_u)
        EVAL_BOTH(rotl, rotl)
        EVAL_BOTH(rotr, rotr)
        EVAL_DIV(sdiv, div_s)
        EVAL_DIV(udiv, div_u)
        EVAL_DIV(srem, rem_s)
        EVAL_DIV(urem, rem_u)
    default: break;
    }
    if (trap != TRAP_NONE) machine_event(m, (Event){.kind = EV_CRASH, .what = i->op});
    return r;
}

static inline uint64_t machine_icmp(const Ins *i, uint32_t type, uint64_t a, uint64_t b) {
    switch (i->aux) {
#define EVAL_COND(c, fn) \
    case C_##c: return type == T_I32 ? num_i32_##fn((uint32_t)a, (uint32_t)b) : num_i64_##fn(a, b);
        EVAL_COND(EQ, eq)
        EVAL_COND(NE, ne)
        EVAL_COND(SLT, lt_s)
        EVAL_COND(SGE, ge_s)
        EVAL_COND(SGT, gt_s)
        EVAL_COND(SLE, le_s)
        EVAL_COND(ULT, lt_u)
        EVAL_COND(UGE, ge_u)
        EVAL_COND(UGT, gt_u)
        EVAL_COND(ULE, le_u)
#undef EVAL_COND
    default: return 0;
    }
}

static inline uint64_t machine_fcmp(const Ins *i, uint32_t type, uint64_t a, uint64_t b) {
    switch (i->aux) {
#define EVAL_COND(c, fn) \
    case FC_##c: return type == T_F32 ? num_f32_##fn((uint32_t)a, (uint32_t)b) : num_f64_##fn(a, b);
        EVAL_COND(EQ, eq)
        EVAL_COND(NE, ne)
        EVAL_COND(LT, lt)
        EVAL_COND(GT, gt)
        EVAL_COND(LE, le)
        EVAL_COND(GE, ge)
#undef EVAL_COND
    default: return 0;
    }
}

static inline uint64_t machine_float(const Machine *m, const Ins *i, Val v, uint32_t type, uint64_t a, uint64_t b) {
    uint64_t r = 0;
    switch (i->op) {
        EVAL_FLOAT2(fadd, add)
        EVAL_FLOAT2(fsub, sub)
        EVAL_FLOAT2(fmul, mul)
        EVAL_FLOAT2(fdiv, div)
        EVAL_FLOAT2(fmin, min)
        EVAL_FLOAT2(fmax, max)
        EVAL_FLOAT1(fsqrt, sqrt)
        EVAL_FLOAT1(fceil, ceil)
        EVAL_FLOAT1(ffloor, floor)
        EVAL_FLOAT1(ftrunc, trunc)
        EVAL_FLOAT1(fnearest, nearest)
    case IR_fdemote: r = num_f32_demote_f64(a); break;
    case IR_fpromote: r = num_f64_promote_f32((uint32_t)a); break;
    default: break;
    }
    bool nan = i->type == T_F32 ? num_f32_is_nan((uint32_t)r) : num_f64_is_nan(r);
    return nan ? machine_nan(m, v, i->type) : r;
}

static inline uint64_t machine_convert(const Ins *i, uint32_t from, uint64_t a) {
    bool wide = i->type == T_I64 || i->type == T_F64, from32 = from == T_F32 || from == T_I32;
    switch (i->op) {
    case IR_fcvt_s:
        if (wide) return from32 ? num_i64_trunc_sat_f32_s((uint32_t)a) : num_i64_trunc_sat_f64_s(a);
        return from32 ? num_i32_trunc_sat_f32_s((uint32_t)a) : num_i32_trunc_sat_f64_s(a);
    case IR_fcvt_u:
        if (wide) return from32 ? num_i64_trunc_sat_f32_u((uint32_t)a) : num_i64_trunc_sat_f64_u(a);
        return from32 ? num_i32_trunc_sat_f32_u((uint32_t)a) : num_i32_trunc_sat_f64_u(a);
    case IR_icvt_s:
        if (wide) return from32 ? num_f64_convert_i32_s((uint32_t)a) : num_f64_convert_i64_s(a);
        return from32 ? num_f32_convert_i32_s((uint32_t)a) : num_f32_convert_i64_s(a);
    case IR_icvt_u:
        if (wide) return from32 ? num_f64_convert_i32_u((uint32_t)a) : num_f64_convert_i64_u(a);
        return from32 ? num_f32_convert_i32_u((uint32_t)a) : num_f32_convert_i64_u(a);
    case IR_sext: return num_i64_extend_i32_s((uint32_t)a);
    case IR_zext: return num_i64_extend_i32_u((uint32_t)a);
    case IR_wrap: return num_i32_wrap_i64(a);
    default: return a; /* bitcast */
    }
}

static inline uint64_t machine_unary(const Machine *m, const Ins *i, uint32_t type, uint64_t a) {
    bool narrow = type == T_I32 || type == T_F32;
    switch (i->op) {
    case IR_clz: return narrow ? num_i32_clz((uint32_t)a) : num_i64_clz(a);
    case IR_ctz: return narrow ? num_i32_ctz((uint32_t)a) : num_i64_ctz(a);
    case IR_popcnt: return narrow ? num_i32_popcnt((uint32_t)a) : num_i64_popcnt(a);
    case IR_sext8: return narrow ? num_i32_extend8_s((uint32_t)a) : num_i64_extend8_s(a);
    case IR_sext16: return narrow ? num_i32_extend16_s((uint32_t)a) : num_i64_extend16_s(a);
    case IR_sext32: return num_i64_extend32_s(a);
    case IR_eqz: return a == 0;
    case IR_fabs: return narrow ? num_f32_abs((uint32_t)a) : num_f64_abs(a);
    case IR_fneg: return narrow ? num_f32_neg((uint32_t)a) : num_f64_neg(a);
    default: /* fcanon */
        if (m->default_nan) return a;
        if (narrow) return num_f32_is_nan((uint32_t)a) ? NUM_F32_NAN : a;
        return num_f64_is_nan(a) ? NUM_F64_NAN : a;
    }
}

/* A pure operation on bits. */
static inline uint64_t machine_pure(Machine *m, const Ins *i, Val v, const uint8_t *type, const uint64_t *x) {
    switch (i->op) {
    case IR_iconst:
    case IR_fconst: return ins_imm(i);
    case IR_es: return EVAL_ES;
    case IR_mask: return x[0] < x[1] ? x[0] : 0;
    case IR_icmp: return machine_icmp(i, type[0], x[0], x[1]);
    case IR_fcmp: return machine_fcmp(i, type[0], x[0], x[1]);
    case IR_select: return x[0] ? x[1] : x[2];
    case IR_fcopysign:
        return type[0] == T_F32 ? num_f32_copysign((uint32_t)x[0], (uint32_t)x[1]) : num_f64_copysign(x[0], x[1]);
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
    case IR_eqz:
    case IR_fabs:
    case IR_fneg:
    case IR_fcanon: return machine_unary(m, i, type[0], x[0]);
    case IR_fcvt_s:
    case IR_fcvt_u:
    case IR_icvt_s:
    case IR_icvt_u:
    case IR_sext:
    case IR_zext:
    case IR_wrap:
    case IR_bitcast: return machine_convert(i, type[0], x[0]);
    default: break;
    }
    if (i->op >= IR_iadd && i->op <= IR_rotr) return machine_int(m, i, type[0], x[0], x[1]);
    return machine_float(m, i, v, type[0], x[0], x[1]);
}

static inline void machine_load(Machine *m, const Ins *i, Val v, uint64_t address) {
    uint32_t n = access_bytes[i->aux];
    uint64_t raw = 0;
    const uint8_t *p = machine_at(m, address, n);
    if (!p) {
        bool traps = i->flags & MEM_TRAPS;
        machine_event(m, (Event){.kind = traps ? EV_TRAP : EV_CRASH, .what = TRAP_OF_FAULT, .loc = m->f->loc.at[v]});
        return;
    }
    memcpy(&raw, p, n < 8 ? n : 8);
    uint64_t sign = UINT64_C(1) << (8 * n - 1);
    if (i->aux == ACC_8S || i->aux == ACC_16S || i->aux == ACC_32S) raw = (raw ^ sign) - sign;
    m->value[v] = i->type == T_I32 || i->type == T_F32 ? (uint32_t)raw : raw;
}

static inline void machine_store(Machine *m, const Ins *i, Val v, uint64_t address, uint64_t value) {
    uint32_t n = access_bytes[i->aux];
    uint8_t *p = machine_at(m, address, n);
    if (!p) {
        bool traps = i->flags & MEM_TRAPS;
        machine_event(m, (Event){.kind = traps ? EV_TRAP : EV_CRASH, .what = TRAP_OF_FAULT, .loc = m->f->loc.at[v]});
        return;
    }
    memcpy(p, &value, n < 8 ? n : 8);
    uint64_t seen = n < 8 ? value & ((UINT64_C(1) << (8 * n)) - 1) : value;
    machine_event(m, (Event){.kind = EV_STORE, .what = n, .x = address, .y = seen});
}

static inline void machine_counter(Machine *m, const Ins *i, Val v) {
    int64_t left;
    uint8_t *p = m->es + 8 * i->aux;
    memcpy(&left, p, 8);
    left += i->op == IR_charge ? -(int64_t)i->a : (int64_t)i->a;
    memcpy(p, &left, 8);
    machine_event(m, (Event){.kind = i->op == IR_charge ? EV_CHARGE : EV_REFUND, .what = i->aux, .x = i->a});
    if (i->op == IR_charge && left < 0)
        machine_event(m,
                      (Event){.kind = EV_TRAP, .what = i->aux ? TRAP_OF_DEPTH : TRAP_OF_FUEL, .loc = m->f->loc.at[v]});
}

static inline void machine_charge(Machine *m, const ChargePart *p) {
    int64_t left;
    uint8_t *at = m->es + 8 * p->counter;
    memcpy(&left, at, 8);
    left -= p->amount;
    memcpy(at, &left, 8);
    machine_event(m, (Event){.kind = EV_CHARGE, .what = p->counter, .x = p->amount});
    if (left < 0)
        machine_event(m, (Event){.kind = EV_TRAP, .what = p->counter ? TRAP_OF_DEPTH : TRAP_OF_FUEL, .loc = p->loc});
}

static inline uint64_t machine_hash(const Machine *m, uint32_t at, uint32_t n) {
    uint64_t h = n;
    for (uint32_t k = 0; k < n; k++) h = hash_mix(h * 31 + m->value[m->f->pool.at[at + k]]);
    return h;
}

static inline uint64_t machine_fit(uint64_t h, uint32_t type) {
    if (type == T_F32) return num_f32_canon((float)(h % 1000)); /* no NaN: whose bits would it have? */
    if (type == T_F64) return num_f64_canon((double)(h % 1000));
    return type == T_I32 ? (uint32_t)h : h;
}

static inline void machine_call(Machine *m, const Ins *i, Val v) {
    const Callee *c = &m->f->calls.at[i->c];
    uint64_t h = machine_hash(m, i->a, i->b);
    machine_event(m,
                  (Event){.kind = EV_CALL, .what = (uint32_t)c->kind * 100 + c->index, .loc = m->f->loc.at[v], .x = h});
    if (i->op == IR_tailcall) {
        m->done = true;
        return;
    }
    m->value[v] = machine_scribble(m, h);
    if (c->sig.nresult == 1) m->value[v] = machine_fit(m->value[v], c->sig.result[0]);
}

/* Everything but the ends of blocks. */
static inline void machine_step(Machine *m, Val v) {
    const Fn *f = m->f;
    const Ins *i = &f->ins.at[v];
    if (ir_has(i->op, IRF_P) && i->op != IR_proj) {
        uint64_t x[3] = {0};
        uint8_t type[3] = {0};
        const uint32_t operand[3] = {i->a, i->b, i->c};
        for (uint32_t k = 0; k < ir_info[i->op].nargs; k++) {
            x[k] = m->value[operand[k]];
            type[k] = f->ins.at[operand[k]].type;
        }
        m->value[v] = machine_pure(m, i, v, type, x);
        return;
    }
    switch (i->op) {
    case IR_proj: m->value[v] = machine_fit(hash_mix(m->value[i->a] + i->b), i->type); break;
    case IR_load: machine_load(m, i, v, m->value[i->a] + i->b); break;
    case IR_store: machine_store(m, i, v, m->value[i->a] + i->c, m->value[i->b]); break;
    case IR_trapz:
    case IR_trapnz:
        if ((m->value[i->a] == 0) == (i->op == IR_trapz))
            machine_event(m, (Event){.kind = EV_TRAP, .what = i->aux, .loc = f->loc.at[v]});
        break;
    case IR_charge:
    case IR_refund: machine_counter(m, i, v); break;
    case IR_charges:
        for (uint32_t k = 0; k < i->b && !m->done; k++) machine_charge(m, &ins_charges(f, i)[k]);
        break;
    case IR_call: machine_call(m, i, v); break;
    default: break;
    }
}

/* The end of block b; the next block. */
static inline BlkId machine_end(Machine *m, BlkId b, Val v) {
    const Fn *f = m->f;
    const Blk *blk = &f->blk.at[b];
    const Ins *i = &f->ins.at[v];
    uint32_t k = 0;
    switch (i->op) {
    case IR_ret: machine_event(m, (Event){.kind = EV_RET, .x = machine_hash(m, i->a, i->b)}); return b;
    case IR_trap: machine_event(m, (Event){.kind = EV_TRAP, .what = i->aux, .loc = f->loc.at[v]}); return b;
    case IR_tailcall: machine_call(m, i, v); return b;
    case IR_brif: k = m->value[i->a] ? 0 : 1; break;
    case IR_brtable: k = m->value[i->a] < blk->succ.n ? (uint32_t)m->value[i->a] : blk->succ.n - 1; break;
    default: break;
    }
    const Edge *e = &blk->succ.at[k];
    uint64_t *args = ARENA_ARRAY(m->arena, uint64_t, e->nargs);
    for (uint32_t j = 0; j < e->nargs; j++) args[j] = m->value[f->pool.at[e->args + j]];
    for (uint32_t j = 0; j < e->nargs; j++) m->value[f->blk.at[e->to].param.at[j]] = args[j];
    return e->to;
}

static inline void machine_run(Machine *m, const Fn *f, const uint64_t *args, uint32_t max_steps) {
    m->f = f;
    m->value = ARENA_ARRAY(m->arena, uint64_t, f->ins.n);
    for (uint32_t k = 0; k < f->sig.nparam; k++) m->value[f->blk.at[0].param.at[k]] = args[k];
    BlkId b = 0;
    while (!m->done) {
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k + 1 < blk->list.n && !m->done; k++) machine_step(m, blk->list.at[k]);
        if (!m->done) b = machine_end(m, b, blk->list.at[blk->list.n - 1]);
        m->steps += blk->list.n;
        if (m->steps > max_steps) machine_event(m, (Event){.kind = EV_STEPS});
    }
}

static inline bool machine_same(const Machine *a, const Machine *b) {
    if (a->event.n != b->event.n) return false;
    for (uint32_t k = 0; k < a->event.n; k++) {
        const Event *x = &a->event.at[k], *y = &b->event.at[k];
        if (x->kind != y->kind || x->what != y->what || x->loc != y->loc || x->x != y->x || x->y != y->y) return false;
    }
    return memcmp(a->context, b->context, sizeof a->context) == 0 && memcmp(a->heap, b->heap, sizeof a->heap) == 0 &&
           memcmp(a->es, b->es, sizeof a->es) == 0;
}
