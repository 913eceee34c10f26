/* The generator makes structured control flow - sequences, ifs, switches, loops - so that what is in scope is a
 * stack of virtual registers, and layout order is a reverse postorder.  Operand constraints are drawn at random and
 * kept when the instruction still fits the registers by the counting rule (see fits).
 *
 * The interpreter is as hostile as the contract allows: DEF_EARLY is written before anything is read, clobbered
 * registers and scratch get garbage, narrow writes leave garbage in the rest of a register or slot. */
#include "machgen.h"
#include <assert.h>
#include <string.h>
#include "base/bits.h"
#include "base/map.h"

enum {
    SCRATCH = 30,  /* + REG_FLOAT for floats */
    RESERVED = 29, /* stands in operands as a physical register */
    FIXABLE = 28,  /* reserved, but named by fixed operands */
    OPS = 16
};

/* -- The target ---------------------------------------------------------------- */

static void print_reg(Text *t, uint32_t phys, uint32_t size) {
    (void)size;
    text_printf(t, phys < REG_FLOAT ? "r%u" : "f%u", (unsigned)(phys & 31));
}

static void print_insn(Text *t, const MFn *m, const MInsn *i, const uint32_t *loc) {
    static const char *const kind[] = {"", "late:", "def:", "early:"};
    const Opnd *o = insn_opnd(m, i);
    text_printf(t, "op%u%s", (unsigned)(i->op - M_TARGET), i->clobber ? "!" : "");
    for (uint32_t k = 0; k < i->nopnd; k++) {
        text_printf(t, "%s%s", k ? ", " : " ", kind[o[k].kind]);
        if (o[k].constraint == OC_SAME) text_printf(t, "(=%u)", (unsigned)o[k].fixed);
        if (o[k].constraint == OC_FIXED) text_printf(t, "(r%u)", (unsigned)o[k].fixed);
        if (reg_is_virtual(o[k].reg)) text_printf(t, "v%u", (unsigned)o[k].reg);
        if (loc)
            text_printf(t, loc_is_slot(loc[k]) ? "@s%u" : "@r%u",
                        (unsigned)(loc_is_slot(loc[k]) ? loc[k] - 64 : loc[k]));
    }
}

void machgen_target(MachTarget *t, const uint32_t nregs[RC_COUNT]) {
    static const MInsnInfo info[OPS] = {{"op", 0, 0}};
    *t = (MachTarget){0};
    t->target = (Target){.name = "test", .insn = info, .ninsn = OPS, .print_reg = print_reg, .print_insn = print_insn};
    RegSet all = 0, some = 0, most = 0;
    for (uint32_t c = 0; c < RC_COUNT; c++) {
        assert(nregs[c] >= 4 && nregs[c] <= 24);
        for (uint32_t k = 0; k < nregs[c]; k++) {
            uint32_t r = c * REG_FLOAT + k;
            t->order[c][k] = (uint8_t)r;
            all |= REG_BIT(r);
            if (k < nregs[c] / 2) some |= REG_BIT(r);
            if (k != 1) most |= REG_BIT(r);
            if (k >= nregs[c] / 2 + 1 && c == RC_INT) t->target.callee_saved |= REG_BIT(r);
        }
        t->target.order[c] = t->order[c];
        t->target.norder[c] = (uint8_t)nregs[c];
        t->target.scratch[c] = (uint8_t)(c * REG_FLOAT + SCRATCH);
        t->nfixable[c] = nregs[c];
    }
    t->clobber[1] = all & ~t->target.callee_saved;
    t->clobber[2] = most;
    t->clobber[3] = some;
    t->clobber[4] = all;
    t->target.clobber = t->clobber;
}

/* -- The generator ---------------------------------------------------------------- */

typedef struct Gen {
    Arena *arena;
    MFn *m;
    const MachTarget *t;
    uint64_t rng;
    VEC(Reg) scope;
    uint32_t budget, depth, loops, max_opnds;
    bool wide, local;
} Gen;

static uint32_t roll(Gen *g, uint32_t n) {
    g->rng += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash_mix(g->rng) % n);
}

static IrType any_type(Gen *g) {
    static const uint8_t types[] = {T_I32, T_I64, T_I64, T_F64, T_I32, T_F32, T_V128};
    return (IrType)types[roll(g, g->wide ? 7 : 6)];
}

static Reg new_vreg(Gen *g, IrType t) {
    vec_push(g->arena, &g->m->vreg_type, (uint8_t)t);
    return REG_VIRTUAL + g->m->vreg_type.n - 1;
}

static uint32_t emit(Gen *g, uint32_t op) {
    MInsn i = {.op = (uint16_t)op, .opnd = g->m->opnd.n, .imm = (int64_t)hash_mix(g->rng), .loc = g->m->insn.n};
    vec_push(g->arena, &g->m->insn, i);
    if (g->budget) g->budget--;
    return g->m->insn.n - 1;
}

static void operand(Gen *g, Reg r, OpndKind k, OpndConstraint c, uint32_t fixed) {
    Opnd o = {.reg = r, .kind = (uint8_t)k, .constraint = (uint8_t)c, .fixed = (uint8_t)fixed};
    vec_push(g->arena, &g->m->opnd, o);
    g->m->insn.at[g->m->insn.n - 1].nopnd++;
}

/* A register in scope of type t (T_NONE: any), made when there is none. */
static Reg in_scope(Gen *g, IrType t) {
    for (uint32_t tries = 0; tries < 12 && g->scope.n; tries++) {
        uint32_t n = g->scope.n, k = roll(g, 2) ? n - 1 - roll(g, n < 6 ? n : 6) : roll(g, n);
        if (g->local) k = roll(g, 16) ? n - 1 - roll(g, n < 12 ? n : 12) : roll(g, n < 30 ? n : 30);
        if (t == T_NONE || vreg_type(g->m, g->scope.at[k]) == t) return g->scope.at[k];
    }
    if (t == T_NONE) t = any_type(g);
    Reg r = new_vreg(g, t);
    emit(g, roll(g, 4) ? M_TARGET : M_UNDEF);
    operand(g, r, OPND_DEF, OC_REG, 0);
    vec_push(g->arena, &g->scope, r);
    return r;
}

/* Does the instruction emitted last fit?  Fixed operands want their registers to themselves; of the others, those that
 * need a register in both halves, a tied pair, and those of one half have fewer to fewer restrictions. */
static bool fits_class(const Gen *g, const MInsn *i, RegClass c) {
    const Opnd *o = insn_opnd(g->m, i);
    RegSet all = 0, a = 0, b = 0, clobber = g->t->clobber[i->clobber];
    uint32_t both = 0, tied = 0, first = 0, second = 0;
    for (uint32_t k = 0; k < g->t->target.norder[c]; k++) all |= REG_BIT(g->t->order[c][k]);
    for (uint32_t k = 0; k < i->nopnd; k++) {
        if (!reg_is_virtual(o[k].reg) || type_class(vreg_type(g->m, o[k].reg)) != c) continue;
        const Opnd *by = o[k].constraint == OC_SAME ? &o[o[k].fixed] : &o[k];
        bool in_a = o[k].kind != OPND_DEF, in_b = o[k].kind != OPND_USE;
        if (by->constraint == OC_FIXED) {
            RegSet bit = REG_BIT(by->fixed);
            if ((in_a && (a & bit)) || (in_b && (b & bit))) return false;
            if (in_a) a |= bit;
            if (in_b) b |= bit;
        } else if (o[k].constraint == OC_SAME) {
            tied++;
            first--; /* its use was counted */
        } else if (in_a && in_b) {
            both++;
        } else if (in_a) {
            first++;
        } else {
            second++;
        }
    }
    return both <= bits_popcount64(all & ~a & ~b & ~clobber) && both + tied <= bits_popcount64(all & ~a & ~b) &&
           both + tied + first <= bits_popcount64(all & ~a) && both + tied + second <= bits_popcount64(all & ~b);
}

static bool fits(const Gen *g, const MInsn *i) { return fits_class(g, i, RC_INT) && fits_class(g, i, RC_FLOAT); }

static uint32_t any_fixed(Gen *g, RegClass c) {
    if (!roll(g, 20)) return c * REG_FLOAT + FIXABLE;
    return g->t->order[c][roll(g, g->t->nfixable[c])];
}

/* Add a random operand; false when it does not fit and was taken back. */
static bool random_operand(Gen *g, uint32_t insn, OpndKind kind, Reg r) {
    RegClass c = type_class(vreg_type(g->m, r));
    OpndConstraint con = OC_REG;
    uint32_t fixed = 0, what = roll(g, 10);
    MInsn *i = &g->m->insn.at[insn];
    if (what < 3) {
        con = OC_FIXED;
        fixed = any_fixed(g, c);
    } else if (kind == OPND_DEF && what < 6) {
        const Opnd *o = insn_opnd(g->m, i);
        for (uint32_t k = 0; k < i->nopnd && con == OC_REG; k++) {
            bool taken = false;
            for (uint32_t j = 0; j < i->nopnd; j++) taken |= o[j].constraint == OC_SAME && o[j].fixed == k;
            if (o[k].kind == OPND_USE && !taken && reg_is_virtual(o[k].reg) &&
                type_class(vreg_type(g->m, o[k].reg)) == c) {
                con = OC_SAME;
                fixed = k;
            }
        }
    } else if (what == 9 && kind <= OPND_USE_LATE) {
        con = OC_ANY;
    }
    operand(g, r, kind, con, fixed);
    if (fits(g, i)) return true;
    i->nopnd--;
    g->m->opnd.n--;
    return false;
}

static void random_insn(Gen *g) {
    Reg use[8];
    uint32_t nuse = roll(g, g->max_opnds), ndef = roll(g, 3);
    for (uint32_t k = 0; k < nuse; k++) use[k] = in_scope(g, T_NONE);
    if (nuse > 1 && !roll(g, 4)) use[1] = use[0];
    if (nuse && !roll(g, 12)) {
        Reg d = new_vreg(g, vreg_type(g->m, use[0]));
        emit(g, M_MOVE);
        operand(g, d, OPND_DEF, OC_REG, 0);
        operand(g, use[0], OPND_USE, OC_REG, 0);
        vec_push(g->arena, &g->scope, d);
        return;
    }
    uint32_t insn = emit(g, M_TARGET + 1 + roll(g, OPS - 2));
    if (!roll(g, 6)) g->m->insn.at[insn].clobber = (uint8_t)(1 + roll(g, 4));
    for (uint32_t k = 0; k < nuse; k++) random_operand(g, insn, roll(g, 4) ? OPND_USE : OPND_USE_LATE, use[k]);
    if (!roll(g, 8)) operand(g, RESERVED, OPND_USE, OC_REG, 0);
    for (uint32_t k = 0; k < ndef; k++) {
        bool early = !roll(g, 4);
        Reg r = new_vreg(g, any_type(g));
        if (random_operand(g, insn, early ? OPND_DEF_EARLY : OPND_DEF, r) && (!early || roll(g, 2)))
            vec_push(g->arena, &g->scope, r);
    }
}

static void random_call(Gen *g) {
    Reg use[4];
    uint32_t n = roll(g, 4), at[RC_COUNT] = {0, 0};
    for (uint32_t k = 0; k < n; k++) use[k] = in_scope(g, T_NONE);
    bool ref = !roll(g, 3);
    Reg code = ref ? in_scope(g, T_I64) : REG_NONE;
    uint32_t insn = emit(g, M_TARGET + 1);
    g->m->insn.at[insn].flags = MF_CALL;
    g->m->insn.at[insn].clobber = 1;
    for (uint32_t k = 0; k < n; k++) {
        RegClass c = type_class(vreg_type(g->m, use[k]));
        if (at[c] < 3) operand(g, use[k], OPND_USE, OC_FIXED, g->t->order[c][at[c]++]);
    }
    if (ref) operand(g, code, OPND_USE, OC_REG, 0);
    for (uint32_t c = 0; c < RC_COUNT; c++) {
        if (!roll(g, 2)) continue;
        Reg r = new_vreg(g, c == RC_INT ? T_I32 : T_F64);
        operand(g, r, OPND_DEF, OC_FIXED, g->t->order[c][0]);
        vec_push(g->arena, &g->scope, r);
    }
}

static uint32_t open_block(Gen *g, bool head) {
    uint32_t b = g->m->block.n;
    vec_extend(g->arena, &g->m->block, 1);
    g->m->block.at[b].first = g->m->insn.n;
    g->m->block.at[b].loop_depth = (uint16_t)g->loops;
    g->m->block.at[b].loop_head = head;
    return b;
}

/* End the open block by a branch with `nuse` random uses; edges are added later. Returns the block. */
static uint32_t end_block(Gen *g, uint32_t nuse) {
    Reg use[3];
    for (uint32_t k = 0; k < nuse; k++) use[k] = in_scope(g, T_NONE);
    uint32_t insn = emit(g, M_TARGET + 2);
    g->m->insn.at[insn].flags = MF_BRANCH;
    for (uint32_t k = 0; k < nuse; k++) random_operand(g, insn, roll(g, 3) ? OPND_USE : OPND_USE_LATE, use[k]);
    if (nuse && !roll(g, 3)) random_operand(g, insn, OPND_DEF_EARLY, new_vreg(g, T_I64));
    g->m->block.at[g->m->block.n - 1].end = g->m->insn.n;
    return g->m->block.n - 1;
}

static void edge(Gen *g, uint32_t from, uint32_t to, const Reg *arg, uint32_t n) {
    MEdge e = {.to = to, .args = g->m->pool.n, .nargs = n};
    for (uint32_t k = 0; k < n; k++) vec_push(g->arena, &g->m->pool, arg[k]);
    vec_push(g->arena, &g->m->block.at[from].succ, e);
    vec_push(g->arena, &g->m->block.at[to].pred, from);
}

static void add_params(Gen *g, uint32_t b, const IrType *type, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) {
        Reg r = new_vreg(g, type[k]);
        vec_push(g->arena, &g->m->block.at[b].param, r);
        vec_push(g->arena, &g->scope, r);
    }
}

static void args_for(Gen *g, const IrType *type, uint32_t n, Reg *arg) {
    for (uint32_t k = 0; k < n; k++) arg[k] = in_scope(g, type[k]);
}

enum { MAX_ARGS = 8, MAX_ARMS = 5 };

static uint32_t some_types(Gen *g, IrType *type) {
    uint32_t n = roll(g, 3) ? roll(g, 4) : roll(g, MAX_ARGS);
    for (uint32_t k = 0; k < n; k++) type[k] = any_type(g);
    return n;
}

static void statements(Gen *g, uint32_t n);

/* if and switch: a branch with several successors, each of one predecessor; arms that return do not reach the join. */
static void branch(Gen *g, uint32_t arms) {
    IrType type[MAX_ARGS], own[MAX_ARGS];
    Reg arg[MAX_ARMS][MAX_ARGS], given[MAX_ARMS][MAX_ARGS];
    uint32_t n = some_types(g, type), from[MAX_ARMS], nfrom = 0, nown[MAX_ARMS];
    for (uint32_t k = 0; k < arms; k++) {
        nown[k] = roll(g, 4) ? 0 : roll(g, 3);
        for (uint32_t j = 0; j < nown[k]; j++) given[k][j] = in_scope(g, T_NONE);
    }
    uint32_t head = end_block(g, 1 + roll(g, 2)), mark = g->scope.n;
    for (uint32_t k = 0; k < arms; k++) {
        uint32_t b = open_block(g, false);
        for (uint32_t j = 0; j < nown[k]; j++) own[j] = vreg_type(g->m, given[k][j]);
        add_params(g, b, own, nown[k]);
        edge(g, head, b, given[k], nown[k]);
        statements(g, roll(g, 4));
        if (k && !roll(g, 5)) {
            end_block(g, roll(g, 3));
        } else {
            args_for(g, type, n, arg[nfrom]);
            from[nfrom++] = end_block(g, 0);
        }
        g->scope.n = mark;
    }
    uint32_t join = open_block(g, false);
    add_params(g, join, type, n);
    for (uint32_t k = 0; k < nfrom; k++) edge(g, from[k], join, arg[k], n);
}

static void loop(Gen *g) {
    IrType type[MAX_ARGS];
    Reg arg[MAX_ARGS];
    uint32_t n = some_types(g, type);
    args_for(g, type, n, arg);
    uint32_t before = end_block(g, 0), mark = g->scope.n;
    g->loops++;
    uint32_t head = open_block(g, true);
    edge(g, before, head, arg, n);
    add_params(g, head, type, n);
    statements(g, 1 + roll(g, 5));
    args_for(g, type, n, arg);
    uint32_t latch = end_block(g, 1), back = open_block(g, false);
    if (n > 1 && !roll(g, 3)) { /* a permutation of the parameters, as far as types agree */
        for (uint32_t k = 0; k < n; k++)
            for (uint32_t j = 0; j < n; j++)
                if (type[(k + j + 1) % n] == type[k]) {
                    arg[k] = g->m->block.at[head].param.at[(k + j + 1) % n];
                    break;
                }
    }
    edge(g, latch, back, NULL, 0);
    uint32_t in_body = g->scope.n;
    if (!roll(g, 2)) random_insn(g);
    end_block(g, 0);
    g->scope.n = in_body;
    edge(g, back, head, arg, n);
    g->loops--;
    if (roll(g, 2)) g->scope.n = mark; /* what the loop defined is in scope behind it as well */
    uint32_t exit = open_block(g, false);
    edge(g, latch, exit, NULL, 0);
}

static void statements(Gen *g, uint32_t n) {
    for (uint32_t k = 0; k < n && g->budget; k++) {
        uint32_t what = roll(g, 20);
        if (what >= 16 && g->depth < 6) {
            g->depth++;
            if (what < 18)
                branch(g, 2);
            else if (what < 19)
                branch(g, 3 + roll(g, MAX_ARMS - 2));
            else
                loop(g);
            g->depth--;
        } else if (what == 0) {
            random_call(g);
        } else {
            for (uint32_t j = roll(g, 4); j-- > 0;) random_insn(g);
        }
    }
}

MFn *machgen_fn(Arena *a, const MachTarget *t, uint64_t seed, uint32_t size, bool wide, bool local) {
    Gen g = {.arena = a,
             .m = ARENA_NEW(a, MFn),
             .t = t,
             .rng = hash_mix(seed),
             .budget = size,
             .wide = wide,
             .local = local};
    *g.m = (MFn){.arena = a, .name = "random", .frame_cost = 100000};
    vec_reserve(a, &g.m->opnd, size);
    vec_reserve(a, &g.m->pool, size);
    g.max_opnds = 3 + roll(&g, 4);
    open_block(&g, false);
    emit(&g, M_PARAMS);
    uint32_t at[RC_COUNT] = {0, 0};
    for (uint32_t k = roll(&g, 6); k-- > 0;) {
        IrType type = any_type(&g);
        RegClass c = type_class(type);
        if (at[c] == 3) continue;
        Reg r = new_vreg(&g, type);
        operand(&g, r, OPND_DEF, OC_FIXED, t->order[c][at[c]++]);
        vec_push(a, &g.scope, r);
    }
    while (g.budget) statements(&g, 10);
    end_block(&g, roll(&g, 3));
    return g.m;
}

/* -- The interpreter ---------------------------------------------------------------- */

typedef struct Value {
    uint64_t lo, hi;
} Value;

typedef struct Run {
    const MFn *m;
    const Target *t;
    const Alloc *ra;
    Value *virt, reg[64];
    uint8_t *slot;
    uint64_t garbage, hash;
    RegSet all;
} Run;

static uint64_t garbage(Run *r) { return hash_mix(r->garbage += 0x1234567); }

static Value cut(Value v, IrType t) {
    if (type_bytes((IrType)t) < 16) v.hi = 0;
    if (type_bytes((IrType)t) < 8) v.lo = (uint32_t)v.lo;
    return v;
}

/* Fill up what a narrow write leaves undefined. */
static Value pad(Run *r, Value v, IrType t) {
    v = cut(v, t);
    if (type_bytes((IrType)t) < 8) v.lo |= garbage(r) << 32;
    if (type_bytes((IrType)t) < 16) v.hi = garbage(r);
    return v;
}

static Value read_loc(Run *r, Loc l, IrType t) {
    Value v = {0, 0};
    if (!loc_is_slot(l)) return cut(r->reg[l], t);
    memcpy(&v, r->slot + (size_t)(l - LOC_SLOT) * 8, type_bytes((IrType)t));
    return v;
}

static void write_loc(Run *r, Loc l, IrType t, Value v) {
    v = pad(r, v, t);
    if (loc_is_slot(l))
        memcpy(r->slot + (size_t)(l - LOC_SLOT) * 8, &v, t == T_V128 ? 16 : 8);
    else
        r->reg[l] = v;
}

static Value read_opnd(Run *r, const MInsn *i, uint32_t k) {
    const Opnd *o = &insn_opnd(r->m, i)[k];
    if (!reg_is_virtual(o->reg)) return r->reg[o->reg];
    IrType t = vreg_type(r->m, o->reg);
    return r->ra ? read_loc(r, r->ra->opnd[i->opnd + k], t) : cut(r->virt[o->reg - REG_VIRTUAL], t);
}

static void write_opnd(Run *r, const MInsn *i, uint32_t k, Value v) {
    const Opnd *o = &insn_opnd(r->m, i)[k];
    if (!reg_is_virtual(o->reg)) return;
    IrType t = vreg_type(r->m, o->reg);
    if (r->ra)
        write_loc(r, r->ra->opnd[i->opnd + k], t, v);
    else
        r->virt[o->reg - REG_VIRTUAL] = cut(v, t);
}

static void note(Run *r, uint64_t x) { r->hash = hash_mix(r->hash * 31 + x); }

static void read_uses(Run *r, const MInsn *i, bool late) {
    const Opnd *o = insn_opnd(r->m, i);
    for (uint32_t k = 0; k < i->nopnd; k++) {
        if (o[k].kind > OPND_USE_LATE) continue;
        if (late && (o[k].kind == OPND_USE || o[k].constraint == OC_FIXED)) continue;
        Value v = read_opnd(r, i, k);
        note(r, v.lo);
        note(r, v.hi);
    }
}

/* What operand k becomes: a function of the instruction and of all it has read. */
static Value result(uint64_t basis, uint32_t k) {
    uint64_t h = hash_mix(basis + k * UINT64_C(0x9e3779b97f4a7c15) + 1);
    return (Value){h, hash_mix(h + 1)};
}

static void step(Run *r, uint32_t at) {
    const MInsn *i = &r->m->insn.at[at];
    const Opnd *o = insn_opnd(r->m, i);
    uint64_t early = hash_mix((uint64_t)i->imm + at);
    note(r, at);
    for (uint32_t k = 0; k < i->nopnd; k++)
        if (o[k].kind == OPND_DEF_EARLY) write_opnd(r, i, k, result(early, k));
    Value moved = i->op == M_MOVE ? read_opnd(r, i, 1) : (Value){0, 0};
    read_uses(r, i, false);
    RegSet kept = 0; /* fixed operands may sit in clobbered registers until the end */
    for (uint32_t k = 0; k < i->nopnd; k++)
        if (o[k].constraint == OC_FIXED && o[k].kind == OPND_DEF_EARLY) kept |= REG_BIT(o[k].fixed);
    for (RegSet s = r->t->clobber[i->clobber] & ~kept; s; s &= s - 1)
        if (r->ra) r->reg[bits_ctz64(s)] = (Value){garbage(r), garbage(r)};
    read_uses(r, i, true);
    uint64_t basis = i->op == M_PARAMS || i->op == M_UNDEF ? early : hash_mix(r->hash);
    for (uint32_t k = 0; k < i->nopnd; k++)
        if (o[k].kind == OPND_DEF) write_opnd(r, i, k, i->op == M_MOVE ? moved : result(basis, k));
    for (uint32_t c = 0; c < RC_COUNT; c++) r->reg[r->t->scratch[c]] = (Value){garbage(r), garbage(r)};
}

static void run_edits(Run *r, uint32_t *edit, uint32_t at) {
    for (; *edit < r->ra->edit.n && r->ra->edit.at[*edit].at == at; ++*edit) {
        const Edit *e = &r->ra->edit.at[*edit];
        Value v = read_loc(r, e->from, (IrType)e->type);
        if (e->from != e->to) write_loc(r, e->to, (IrType)e->type, v);
    }
}

static void cross(Arena *a, Run *r, const MEdge *e) {
    Value *v = ARENA_ARRAY(a, Value, e->nargs);
    for (uint32_t k = 0; k < e->nargs; k++) v[k] = r->virt[r->m->pool.at[e->args + k] - REG_VIRTUAL];
    for (uint32_t k = 0; k < e->nargs; k++) r->virt[r->m->block.at[e->to].param.at[k] - REG_VIRTUAL] = v[k];
}

static uint32_t first_edit(const Alloc *ra, uint32_t at) {
    uint32_t lo = 0, hi = ra->edit.n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (ra->edit.at[mid].at < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

MachTrace machgen_run(Arena *a, const MFn *m, const Target *t, const Alloc *ra, uint64_t seed, uint32_t max_steps) {
    ArenaMark mark = arena_mark(a);
    Run r = {.m = m, .t = t, .ra = ra, .garbage = hash_mix(seed + 99), .hash = seed};
    MachTrace trace = {0, 0, true};
    r.virt = ARENA_ARRAY(a, Value, m->vreg_type.n);
    r.slot = ARENA_ARRAY(a, uint8_t, ra ? (size_t)ra->nslots * 8 + 16 : 1);
    Value start[64];
    for (uint32_t k = 0; k < 64; k++) start[k] = r.reg[k] = (Value){hash_mix(k + 5), hash_mix(k + 500)};
    for (uint32_t b = 0;;) {
        const MBlock *mb = &m->block.at[b];
        uint32_t edit = ra ? first_edit(ra, mb->first) : 0;
        for (uint32_t i = mb->first; i < mb->end; i++, trace.steps++) {
            if (ra) run_edits(&r, &edit, i);
            step(&r, i);
        }
        if (!mb->succ.n || trace.steps > max_steps) break;
        const MEdge *e = &mb->succ.at[hash_mix(r.hash ^ trace.steps) % mb->succ.n];
        if (!ra) cross(a, &r, e);
        b = e->to;
    }
    for (RegSet s = ra ? t->callee_saved & ~ra->saved : 0; s; s &= s - 1) {
        uint32_t k = bits_ctz64(s);
        trace.preserved &= r.reg[k].lo == start[k].lo && r.reg[k].hi == start[k].hi;
    }
    trace.hash = r.hash;
    arena_rewind(a, mark);
    return trace;
}
