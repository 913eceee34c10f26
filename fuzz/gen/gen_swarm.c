/* Swarm: what one case uses, and its operations by what they yield.
 *
 * Groce et al., "Swarm testing" (ISSTA 2012): leaving features out at random finds more than having all of them in
 * every case, since what is left gets room to meet itself.  A quarter of the cases still have everything. */
#include <string.h>
#include "base/map.h"
#include "fuzz/gen/gen_impl.h"

/* -- Signatures ------------------------------------------------------------------------ */

static bool has_signature(Op op) { return op_info[op].sig[0] != '_'; }

/* The letters i l f d; 'v' is nothing; the one letter that is left is the vector. */
static inline bool letter_type(char c, Ti *t) {
    switch (c) {
    case 'i': *t = TI_I32; break;
    case 'l': *t = TI_I64; break;
    case 'f': *t = TI_F32; break;
    case 'd': *t = TI_F64; break;
    default: *t = TI_V128;
    }
    return c != 'v';
}

/* Reads parameters up to the '_', and returns what is behind it. */
static inline const char *read_params(Op op, Ti out[4], uint32_t *n) {
    const char *s = op_info[op].sig;
    for (*n = 0; *s != '_'; s++)
        if (*n < 4) *n += letter_type(*s, &out[*n]) ? 1 : 0;
    return s + 1;
}

uint32_t op_params(Op op, Ti out[4]) {
    uint32_t n;
    read_params(op, out, &n);
    return n;
}

bool op_result(Op op, Ti *out) {
    Ti param[4];
    uint32_t n;
    return letter_type(*read_params(op, param, &n), out);
}

/* -- Operations ---------------------------------------------------------------------------- */

static uint8_t kind_weight(uint32_t kind) {
    switch (kind) {
    case KIND_BINARY:
    case KIND_FBINARY: return 40;
    case KIND_UNARY: return 16;
    case KIND_FUNARY:
    case KIND_ICMP:
    case KIND_DIVIDE: return 12;
    case KIND_FCMP: return 8;
    case KIND_TRUNC: return 6;
    case KIND_TEST: return 4;
    default: return 12;
    }
}

static void add_op(Gen *g, Op op, Ti result) {
    TypeOps *t = &g->ops.of[result];
    uint32_t kind = op_info[op].kind, k = 0;
    while (k < t->nkinds && t->kind[k].kind != kind) k++;
    if (k == GEN_MAX_KINDS) return;
    if (k == t->nkinds) {
        t->kind[k] = (KindOps){.kind = (uint8_t)kind};
        t->weight[k] = kind_weight(kind);
        t->nkinds++;
    }
    vec_push(g->a, &t->kind[k].op, (uint16_t)op);
}

/* What folds two values into one, or turns a type into another: total, and losing few bits. */
static void add_fold(Gen *g, Op op, const Ti *param, uint32_t n, Ti result) {
    const OpInfo *i = &op_info[op];
    if (i->kind == KIND_DIVIDE || i->kind == KIND_TRUNC || i->kind == KIND_TEST || i->kind == KIND_ICMP ||
        i->kind == KIND_FCMP)
        return;
    if (n == 2 && i->imm == IMM_NONE && param[0] == result && param[1] == result)
        vec_push(g->a, &g->ops.binary[result], (uint16_t)op);
    if (n != 1 || param[0] == result) return;
    if (param[0] == TI_V128 ? i->kind == KIND_VEXTRACT : i->imm == IMM_NONE)
        vec_push(g->a, &g->ops.convert[param[0]][result], (uint16_t)op);
}

static bool is_access(const OpInfo *i) { return i->imm == IMM_MEMARG || i->imm == IMM_MEMARG_LANE; }

/* Instructions that are made by hand. */
static bool by_hand(uint32_t kind) {
    return kind == KIND_CONTROL || kind == KIND_NOP || kind == KIND_TABLE || kind == KIND_MEMORY || kind == KIND_CONST;
}

static bool takes_part(const Swarm *s, Op op) { return (hash_mix(s->op_seed + op) & 0xff) < s->op_density; }

static void classify(Gen *g, Op op) {
    const OpInfo *i = &op_info[op];
    Ti param[4], result;
    uint32_t n;
    if (!has_signature(op) || !gen_has(g, (Feature)i->feature)) return;
    if (op == OP_V128_CONST) g->ops.v128_const = op;
    if (op == OP_I64X2_EXTRACT_LANE) g->ops.v128_half = op;
    if (by_hand(i->kind)) return;
    bool yields = letter_type(*read_params(op, param, &n), &result);
    bool used = g->swarm.op_density == 255 || takes_part(&g->swarm, op);
    if (is_access(i)) {
        if (!yields)
            vec_push(g->a, &g->ops.store, (uint16_t)op);
        else if (used)
            vec_push(g->a, &g->ops.load[result], (uint16_t)op);
        return;
    }
    if (!yields) return;
    add_fold(g, op, param, n, result);
    for (uint32_t k = 0; k < n; k++) used = used && g->swarm.type[param[k]];
    if (used) add_op(g, op, result);
}

static void gen_ops(Gen *g) {
    g->ops.v128_const = g->ops.v128_half = OP_NONE;
    for (uint32_t op = 0; op < OP_COUNT; op++) classify(g, (Op)op);
    /* Without its constant there is no such type yet. */
    if (g->ops.v128_const == OP_NONE || g->ops.v128_half == OP_NONE) g->swarm.type[TI_V128] = false;
}

/* -- Choice ------------------------------------------------------------------------------------ */

static void scale(uint64_t *rng, uint8_t *weight, uint32_t n, uint32_t keep) {
    for (uint32_t i = keep; i < n; i++) {
        uint64_t r = splitmix(rng) % 8;
        weight[i] = (uint8_t)(r < 2 ? 0 : r < 6 ? weight[i] : weight[i] * 2);
    }
}

/* One of eight: each optional feature left out with this chance. */
static void choose_features(Swarm *s, uint64_t *rng) {
    for (uint32_t i = FEAT_MVP + 1; i < FEAT_COUNT; i++)
        if (splitmix(rng) % 6 == 0) s->features &= ~(1u << i);
    for (uint32_t i = TI_F32; i < TI_COUNT; i++) s->type[i] = splitmix(rng) % 4 != 0;
}

static void everything(Swarm *s) {
    static const Swarm all = {
        .features = FEATURES_WASM3,
        .type = {true, true, true, true, true, true, true},
        .stmt =
            {
#define S(id, weight, what) weight,
                GEN_STMT_LIST(S)
#undef S
            },
        .expr =
            {
#define X(id, weight, what) weight,
                GEN_EXPR_LIST(X)
#undef X
            },
        .addr =
            {
#define A(id, weight, what) weight,
                GEN_ADDR_LIST(A)
#undef A
            },
        .risk = 12,
        .constants = 60,
        .max_depth = 5,
        .max_nest = 6,
        .op_density = 255,
        .focus = {(uint16_t)OP_NONE, (uint16_t)OP_NONE, (uint16_t)OP_NONE},
    };
    *s = all;
}

static void choose(Gen *g, uint64_t *rng) {
    static const uint8_t risks[] = {0, 3, 6, 10, 14, 20, 28, 40}, constants[] = {20, 40, 60, 60, 90, 130};
    Swarm *s = &g->swarm;
    s->risk = risks[splitmix(rng) % sizeof risks];
    s->constants = constants[splitmix(rng) % sizeof constants];
    s->max_depth = (uint8_t)(3 + splitmix(rng) % 7);
    s->max_nest = (uint8_t)(3 + splitmix(rng) % 8);
    s->trips = (uint8_t)(splitmix(rng) % 3);
    s->op_seed = splitmix(rng);
    if (splitmix(rng) % 4 == 0) return;
    choose_features(s, rng);
    /* what comes first is needed by all */
    scale(rng, s->stmt, GEN_STMT_COUNT, GEN_STMT_STORE + 1);
    scale(rng, s->expr, GEN_EXPR_COUNT, GEN_EXPR_NUMERIC + 1);
    scale(rng, s->addr, GEN_ADDR_COUNT, GEN_ADDR_CONST + 1);
    static const uint8_t density[] = {255, 255, 200, 128, 128, 64};
    s->op_density = density[splitmix(rng) % sizeof density];
}

static void choose_focus(Gen *g, uint64_t *rng) {
    if (splitmix(rng) % 3 != 0) return;
    for (uint32_t i = 0; i < 3; i++) {
        const TypeOps *t = &g->ops.of[splitmix(rng) % TI_FUNC];
        if (!t->nkinds) continue;
        const KindOps *k = &t->kind[splitmix(rng) % t->nkinds];
        g->swarm.focus[i] = k->op.at[splitmix(rng) % k->op.n];
    }
}

void gen_swarm(Gen *g) {
    Entropy *e = &g->stream[STREAM_SWARM];
    bool chosen = !entropy_empty(e);
    uint64_t rng = hash_bytes(e->at, (uint64_t)(e->end - e->at), GEN_VERSION);
    everything(&g->swarm);
    if (chosen) choose(g, &rng);
    gen_ops(g);
    if (chosen) choose_focus(g, &rng);
}
