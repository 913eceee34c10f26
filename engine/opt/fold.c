/* Folding: local simplification by named rules.
 *
 * Purpose: evaluate what is constant, and rewrite each instruction, looking at its operands' definitions, to a
 * cheaper one.
 *
 * Algorithm: one walk in reverse postorder, so operands are folded before their users; at each instruction the rules
 * of its operation are tried in the order of fold.def until none applies.  This is LuaJIT's FOLD (Pall,
 * lj_opt_fold.c) over a finished function instead of at emission.  Values that rules replace are forwarded and swept
 * at the end.
 *
 * Requires: pass.h.
 *
 * Guarantees: the same effects in the same order with the same operands; checks are removed only when they cannot
 * fire; code behind a check that always fires is removed.
 *
 * Cost: linear; rules look a bounded number of definitions deep. */
#include "opt/fold.h"
#include <assert.h>
#include <string.h>
#include "opt/eval.h"

enum { MAX_REFOLDS = 16, MAX_DEPTH = 5 };

/* Any pure operation on constants. */
static Val fold_constant(Fold *x, Val v, const Ins *i) {
    uint32_t n = ir_info[i->op].nargs;
    if (!ir_has(i->op, IRF_P) || n == 0 || i->op == IR_proj) return NO_FOLD;
    const uint32_t operand[3] = {i->a, i->b, i->c};
    uint8_t type[3];
    uint64_t value[3], result;
    for (uint32_t k = 0; k < n; k++) {
        const Ins *d = fold_def(x, operand[k]);
        if (d->op != IR_iconst && d->op != IR_fconst) return NO_FOLD;
        type[k] = d->type;
        value[k] = ins_imm(d);
    }
    if (!eval_ins(i, type, value, &result)) return NO_FOLD;
    bool is_float = i->type == T_F32 || i->type == T_F64;
    x->f->ins.at[v] = (Ins){
        .op = is_float ? IR_fconst : IR_iconst, .type = i->type, .a = (uint32_t)result, .b = (uint32_t)(result >> 32)};
    return v;
}

static Val fold_commute(Fold *x, Val v, const Ins *i) {
    if (!ir_has(i->op, IRF_C) || !ins_is_const(fold_def(x, i->a)) || ins_is_const(fold_def(x, i->b))) return NO_FOLD;
    return fold_set(x, v, i->op, i->aux, i->b, i->a);
}

/* -- For rules ------------------------------------------------------------ */

bool fold_is_fconst(const Fold *x, Val v, uint64_t *bits) {
    const Ins *i = fold_def(x, v);
    if (i->op != IR_fconst) return false;
    *bits = ins_imm(i);
    return true;
}

bool fold_is_test(const Fold *x, Val v, uint8_t op, Val *a) {
    const Ins *i = fold_def(x, v);
    uint64_t c;
    if (i->op != op || fold_def(x, i->a)->type != T_I32) return false;
    if (op == IR_icmp && (i->aux != C_NE || !fold_is_const(x, i->b, &c) || c != 0)) return false;
    *a = i->a;
    return true;
}

static const uint32_t *count_uses(const Fn *f) {
    uint32_t *uses = ARENA_ARRAY(f->scratch, uint32_t, f->ins.n);
    for (BlkId b = 0; b < f->blk.n; b++) {
        const Blk *blk = &f->blk.at[b];
        for (uint32_t k = 0; k < blk->list.n; k++) FOR_OPERANDS(f, &f->ins.at[blk->list.at[k]], v, { uses[v]++; });
        for (uint32_t k = 0; k < blk->succ.n; k++)
            for (uint32_t j = 0; j < blk->succ.at[k].nargs; j++) uses[edge_arg(f, &blk->succ.at[k], j)]++;
    }
    return uses;
}

bool fold_sole_use(Fold *x, Val v) {
    if (v >= x->fwd.n) return true;
    if (!x->uses) x->uses = count_uses(x->f);
    return x->uses[v] <= 1;
}

static Val append(Fold *x, Ins i) {
    Fn *f = x->f;
    Val v = f->ins.n;
    vec_push(f->arena, &f->ins, i);
    vec_push(f->arena, &f->loc, x->loc);
    vec_push(f->scratch, &x->out, v);
    if (!ins_is_const(&i)) f->changed |= CHANGED_MORE;
    return v;
}

Val fold_iconst(Fold *x, uint32_t type, uint64_t imm) {
    imm &= fold_ones(type);
    return append(x, (Ins){.op = IR_iconst, .type = (uint8_t)type, .a = (uint32_t)imm, .b = (uint32_t)(imm >> 32)});
}

Val fold_fconst(Fold *x, uint32_t type, uint64_t bits) {
    return append(x, (Ins){.op = IR_fconst, .type = (uint8_t)type, .a = (uint32_t)bits, .b = (uint32_t)(bits >> 32)});
}

Val fold_new(Fold *x, uint8_t op, uint32_t type, Val a, Val b) {
    return append(x, (Ins){.op = op, .type = (uint8_t)type, .a = a, .b = b});
}

Val fold_set(Fold *x, Val v, uint8_t op, uint8_t aux, Val a, Val b) {
    Ins *i = &x->f->ins.at[v];
    *i = (Ins){.op = op, .type = i->type, .aux = aux, .a = a, .b = b};
    return v;
}

/* All bits up to the highest one of v. */
static uint64_t fill_down(uint64_t v) {
    for (uint32_t k = 1; k < 64; k *= 2) v |= v >> k;
    return v;
}

static uint64_t possible_load(const Ins *i) {
    switch (i->aux) {
    case ACC_8U: return 0xff;
    case ACC_16U: return 0xffff;
    case ACC_32U: return UINT32_MAX;
    default: return fold_ones(i->type);
    }
}

static uint64_t possible(const Fold *x, Val v, uint32_t depth) {
    const Ins *i = fold_def(x, v);
    uint64_t all = fold_ones(i->type), c, p;
    if (i->op == IR_iconst) return ins_imm(i);
    if (depth == 0) return all;
    depth--;
    switch (i->op) {
    case IR_icmp:
    case IR_fcmp:
    case IR_eqz: return 1;
    case IR_load: return possible_load(i);
    case IR_clz:
    case IR_ctz:
    case IR_popcnt: return 2 * (uint64_t)fold_width(i->type) - 1;
    case IR_zext: return possible(x, i->a, depth);
    case IR_wrap: return possible(x, i->a, depth) & UINT32_MAX;
    case IR_iand: return possible(x, i->a, depth) & possible(x, i->b, depth);
    case IR_ior:
    case IR_ixor: return possible(x, i->a, depth) | possible(x, i->b, depth);
    case IR_select: return possible(x, i->b, depth) | possible(x, i->c, depth);
    case IR_shl:
        return fold_is_const(x, i->b, &c) ? possible(x, i->a, depth) << (c & (fold_width(i->type) - 1)) & all : all;
    case IR_ushr:
        p = possible(x, i->a, depth);
        return fold_is_const(x, i->b, &c) ? p >> (c & (fold_width(i->type) - 1)) : fill_down(p);
    case IR_udiv: return fill_down(possible(x, i->a, depth));
    case IR_urem: return fold_is_const(x, i->b, &c) && c ? fill_down(c - 1) : fill_down(possible(x, i->a, depth));
    case IR_iadd: {
        uint64_t a = possible(x, i->a, depth), b = possible(x, i->b, depth);
        return a > all - b ? all : fill_down(a + b);
    }
    default: return all;
    }
}

uint64_t fold_possible(const Fold *x, Val v) { return possible(x, v, MAX_DEPTH); }

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static uint32_t signed_bits(const Fold *x, Val v, uint32_t depth) {
    const Ins *i = fold_def(x, v);
    uint32_t w = fold_width(i->type), n = w;
    uint64_t c;
    if (depth == 0) return w;
    depth--;
    switch (i->op) {
    case IR_iconst: {
        uint64_t sign = w == 64 ? ins_imm(i) : (uint64_t)(int64_t)(int32_t)i->a;
        uint64_t magnitude = sign >> 63 ? ~sign : sign;
        for (n = 1; magnitude; magnitude >>= 1) n++;
        return n;
    }
    case IR_load: n = i->aux == ACC_8S ? 8 : i->aux == ACC_16S ? 16 : i->aux == ACC_32S ? 32 : w; break;
    case IR_sext8: n = least(8, signed_bits(x, i->a, depth)); break;
    case IR_sext16: n = least(16, signed_bits(x, i->a, depth)); break;
    case IR_sext32: n = least(32, signed_bits(x, i->a, depth)); break;
    case IR_sext: n = signed_bits(x, i->a, depth); break;
    case IR_sshr:
        n = signed_bits(x, i->a, depth);
        if (fold_is_const(x, i->b, &c)) {
            c &= w - 1;
            n = n > c + 1 ? n - (uint32_t)c : 1;
        }
        break;
    case IR_select: {
        uint32_t other = signed_bits(x, i->c, depth);
        n = signed_bits(x, i->b, depth);
        if (other > n) n = other;
        break;
    }
    default: break;
    }
    uint64_t p = possible(x, v, depth);
    uint32_t unsigned_n = 1;
    for (; p; p >>= 1) unsigned_n++;
    return least(n, unsigned_n);
}

uint32_t fold_signed_bits(const Fold *x, Val v) { return signed_bits(x, v, MAX_DEPTH); }

Val fold_low_bits(const Fold *x, Val v, uint32_t n) {
    uint64_t mask = n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1, c;
    for (uint32_t depth = MAX_DEPTH; depth; depth--) {
        const Ins *i = fold_def(x, v);
        bool skip = false;
        switch (i->op) {
        case IR_iand: skip = fold_is_const(x, i->b, &c) && (c & mask) == mask; break;
        case IR_ior:
        case IR_ixor: skip = fold_is_const(x, i->b, &c) && (c & mask) == 0; break;
        case IR_sext8: skip = n <= 8; break;
        case IR_sext16: skip = n <= 16; break;
        case IR_sext32: skip = n <= 32; break;
        default: break;
        }
        if (!skip) break;
        v = i->a;
    }
    return v;
}

/* -- The walk ------------------------------------------------------------- */

/* Operations that have rules of their own. */
static const bool has_own[IR_COUNT] = {
#define FOLD_OF(op) [IR_##op] = true,
#define FOLD(op, id, fn, text)
#include "opt/fold.def"
#undef FOLD
};

/* What a rule has made of v. */
static Val done(Fold *x, OptRule rule, Val v, Val r) {
    if (r == NO_FOLD) return r;
    x->f->changed |= r == DROP_INS ? CHANGED_EFFECTS : CHANGED_CODE;
    opt_rewrote(x->f, rule, v);
    return r;
}

/* The rules of the operation in their order.  They are called by name: the processor cannot foresee where calls through
 * a table go. */
static Val try_own(Fold *x, Val v, const Ins *i) {
    Val r;
    switch (i->op) {
    default:
#define FOLD_OF(op) \
    break;          \
    case IR_##op:
#define FOLD(of, id, fn, text) \
    assert(i->op == IR_##of);  \
    if ((r = fold_##fn(x, v, i)) != NO_FOLD) return done(x, FOLD_##id, v, r);
#include "opt/fold.def"
#undef FOLD
    }
    return NO_FOLD;
}

static Val fold_once(Fold *x, Val v) {
    const Ins i = *fold_def(x, v);
    Val r = NO_FOLD;
    /* The rules for all operations want a constant on the left. */
    if (ir_info[i.op].nargs && ins_is_const(fold_def(x, i.a))) {
        r = done(x, FOLD_constant, v, fold_constant(x, v, &i));
        if (r == NO_FOLD) r = done(x, FOLD_commute, v, fold_commute(x, v, &i));
    }
    return r == NO_FOLD ? try_own(x, v, &i) : r;
}

/* Can there be a rule for i?  Quick: most have none. */
static bool has_rules(const Fold *x, const Ins *i) {
    return has_own[i->op] || (ir_info[i->op].nargs && ins_is_const(fold_def(x, i->a)));
}

/* False: v is gone. */
static bool fold_ins(Fold *x, Val v) {
    x->loc = x->f->loc.at[v];
    for (uint32_t n = 0; n < MAX_REFOLDS && opt_may_rewrite(x->f); n++) {
        Val r = fold_once(x, v);
        if (r == NO_FOLD) break;
        if (r == DROP_INS) return false;
        if (r != v) {
            forward_set(&x->fwd, v, r);
            return false;
        }
    }
    return true;
}

static void fold_block(Fold *x, BlkId b) {
    x->blk = b;
    x->cut = false;
    x->out.n = 0;
    Blk *blk = &x->f->blk.at[b]; /* no rule makes a block */
    const Val *v = blk->list.at, *end = v + blk->list.n;
    vec_reserve(x->f->scratch, &x->out, blk->list.n + 4);
    for (; v < end && !x->cut; v++) {
        Ins *i = &x->f->ins.at[*v];
        forward_operands(&x->fwd, i);
        if (!has_rules(x, i) || fold_ins(x, *v)) vec_push(x->f->scratch, &x->out, *v);
    }
    blk->list.n = 0; /* nothing to keep when it grows */
    vec_reserve(x->f->arena, &blk->list, x->out.n);
    if (x->out.n) memcpy(blk->list.at, x->out.at, x->out.n * sizeof(Val));
    blk->list.n = x->out.n;
    if (x->cut) {
        blk->succ.n = 0;
        x->cfg = true;
        x->f->changed |= CHANGED_BLOCKS;
    }
}

void opt_fold(Fn *f) {
    pass_begin(f);
    Fold x = {.f = f};
    forward_init(&x.fwd, f);
    for (uint32_t i = 0; i < f->rpo.n; i++) fold_block(&x, f->rpo.at[i]);
    forward_apply_args(&x.fwd);
    if (x.cfg) blk_clean(f);
}
