/* A record in the probe's memory, STRIDE bytes a site: the number of times (u32), then PROBE_VALUES values of 16 bytes:
 * the first ones, and in the last place the latest. */
#include "fuzz/reduce/probe.h"
#include "fuzz/edit/flow.h"

enum { HEAD = 16, STRIDE = HEAD + 16 * PROBE_VALUES, MAX_SITES = 16384, NTYPES = 5 };
#define FUEL_MORE 40
#define FUEL_MOST 400000000

typedef struct Maker {
    Edit e; /* the copy */
    Arena *a;
    uint32_t mem, hit, record[NTYPES]; /* indices of functions */
    VEC(ProbeSite) site;
    VEC(EditInstr) out;
} Maker;

static const ValType recorded[NTYPES] = {VT_I32, VT_I64, VT_F32, VT_F64, VT_V128};
static const Op store_op[NTYPES] = {OP_I32_STORE, OP_I64_STORE, OP_F32_STORE, OP_F64_STORE, OP_V128_STORE};

static EditInstr access(const Maker *k, Op op, uint32_t offset) { return edit_access(op, k->mem, offset); }

/* count += 1; the address of the site is local `at`. */
static void put_count(Maker *k, uint32_t at) {
    const EditInstr code[] = {edit_op(OP_LOCAL_GET, at), edit_op(OP_LOCAL_GET, at),
                              access(k, OP_I32_LOAD, 0), edit_i32(1),
                              edit_op(OP_I32_ADD, 0),    access(k, OP_I32_STORE, 0)};
    for (uint32_t i = 0; i < sizeof code / sizeof *code; i++) vec_push(k->a, &k->out, code[i]);
}

static EditSeq take_code(Maker *k) {
    EditSeq s = {k->out.at, k->out.n};
    k->out.at = NULL;
    k->out.n = k->out.cap = 0;
    return s;
}

static void add_hit(Maker *k) {
    static const ValType param = VT_I32;
    put_count(k, 0);
    vec_push(k->a, &k->out, edit_op(OP_END, 0));
    uint32_t type = edit_type(&k->e, &param, 1, NULL, 0);
    k->hit = edit_add_func(&k->e, type, (EditBody){.code = take_code(k)});
}

/* (value, site) -> value: store it in slot min(count, PROBE_VALUES - 1). */
static void add_record(Maker *k, uint32_t t) {
    const EditInstr code[] = {edit_op(OP_LOCAL_GET, 1), access(k, OP_I32_LOAD, 0),   edit_i32(PROBE_VALUES - 1),
                              edit_op(OP_LOCAL_GET, 1), access(k, OP_I32_LOAD, 0),   edit_i32(PROBE_VALUES - 1),
                              edit_op(OP_I32_LT_U, 0),  edit_op(OP_SELECT, 0),       edit_i32(16),
                              edit_op(OP_I32_MUL, 0),   edit_op(OP_LOCAL_GET, 1),    edit_op(OP_I32_ADD, 0),
                              edit_op(OP_LOCAL_GET, 0), access(k, store_op[t], HEAD)};
    for (uint32_t i = 0; i < sizeof code / sizeof *code; i++) vec_push(k->a, &k->out, code[i]);
    put_count(k, 1);
    vec_push(k->a, &k->out, edit_op(OP_LOCAL_GET, 0));
    vec_push(k->a, &k->out, edit_op(OP_END, 0));
    const ValType param[2] = {recorded[t], VT_I32};
    uint32_t type = edit_type(&k->e, param, 2, param, 1);
    k->record[t] = edit_add_func(&k->e, type, (EditBody){.code = take_code(k)});
}

/* NO_INDEX: values of this type are not recorded. */
static uint32_t recorder(const Maker *k, ValType t) {
    for (uint32_t i = 0; i < NTYPES; i++)
        if (recorded[i] == t) return k->record[i];
    return NO_INDEX;
}

static void put_call(Maker *k, ProbeSite s, uint32_t func) {
    vec_push(k->a, &k->out, edit_i32(k->site.n * STRIDE));
    vec_push(k->a, &k->out, edit_op(OP_CALL, func));
    vec_push(k->a, &k->site, s);
}

static void put_entry(Maker *k, uint32_t body) {
    const FuncType *t = edit_func_type(&k->e, edit_func_of(&k->e, body));
    put_call(k, (ProbeSite){.body = body, .at = NO_INDEX, .local = NO_INDEX}, k->hit);
    for (uint32_t i = 0; i < t->nparam; i++) {
        if (recorder(k, t->param[i]) == NO_INDEX) continue;
        vec_push(k->a, &k->out, edit_op(OP_LOCAL_GET, i));
        put_call(k, (ProbeSite){.body = body, .at = NO_INDEX, .local = i, .type = t->param[i]},
                 recorder(k, t->param[i]));
        vec_push(k->a, &k->out, edit_op(OP_DROP, 0));
    }
}

static bool starts_straight_code(Op op) {
    return op == OP_BLOCK || op == OP_LOOP || op == OP_IF || op == OP_ELSE || op == OP_END || op == OP_BR_IF;
}

static void add_sites(Maker *k, const Edit *e, uint32_t body) {
    EditSeq code = e->body[body].code;
    Flow f;
    Value v;
    flow_make(&f, k->a, e, body);
    put_entry(k, body);
    for (uint32_t i = 0; i < code.n; i++) {
        vec_push(k->a, &k->out, code.at[i]);
        if (f.at[i + 1].dead || i + 1 == code.n || k->site.n + 2 > MAX_SITES) continue;
        ValType t = flow_value(&f, i);
        if (t != VT_BOTTOM && recorder(k, t) != NO_INDEX && !edit_is_const(&code.at[i], &v))
            put_call(k, (ProbeSite){.body = body, .at = i, .local = NO_INDEX, .type = t}, recorder(k, t));
        if (starts_straight_code(code.at[i].in.op))
            put_call(k, (ProbeSite){.body = body, .at = i, .local = NO_INDEX}, k->hit);
    }
    k->e.body[body].code = take_code(k);
}

static void read_site(ProbeSite *s, const uint8_t *record) {
    s->count = bits_load_u32(record);
    s->nvalue = s->type == VT_BOTTOM ? 0 : s->count < PROBE_VALUES ? s->count : PROBE_VALUES;
    for (uint32_t i = 0; i < s->nvalue; i++) memcpy(s->value[i].bytes, record + HEAD + 16 * i, 16);
}

bool probe_run(Probe *p, Arena *a, const Edit *e, const ReduceOracle *oracle) {
    *p = (Probe){0};
    if (!oracle->probe) return false;
    Maker k = {.a = a, .mem = e->m.memories.n};
    edit_copy(&k.e, a, e);
    k.e.m.features |= FEATURES_WASM3;
    uint32_t nbody = e->m.bodies.n;
    vec_push(a, &k.e.m.memories, ((Memory){.import = NO_INDEX}));
    add_hit(&k);
    for (uint32_t t = 0; t < NTYPES; t++) add_record(&k, t);
    for (uint32_t i = 0; i < nbody && k.site.n + 64 < MAX_SITES; i++) add_sites(&k, e, i);
    uint32_t need = k.site.n * STRIDE;
    k.e.m.memories.at[k.mem].limits.min = need / WASM_PAGE + 1;
    StoreLimits *l = &k.e.plan.limits;
    l->fuel = l->fuel < FUEL_MOST / FUEL_MORE ? l->fuel * FUEL_MORE : FUEL_MOST;
    if (l->max_pages < need / WASM_PAGE + 1) l->max_pages = need / WASM_PAGE + 1;
    ProbeRun run = {.mem = k.mem, .out = arena_zalloc(a, need, 16), .n = need};
    ReduceBytes module;
    module.at = edit_encode(&k.e, &module.n);
    if (!oracle->probe(oracle->user, module, &run)) return false;
    for (uint32_t i = 0; i < k.site.n; i++) read_site(&k.site.at[i], run.out + (size_t)i * STRIDE);
    *p = (Probe){k.site.at, k.site.n, true};
    return true;
}

const ProbeSite *probe_find(const Probe *p, uint32_t body, uint32_t at, uint32_t local) {
    uint32_t lo = 0, hi = p->n;
    while (lo < hi) { /* first site of the body */
        uint32_t mid = (lo + hi) / 2;
        if (p->site[mid].body < body)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < p->n && p->site[lo].body == body; lo++) {
        const ProbeSite *s = &p->site[lo];
        if (s->type != VT_BOTTOM && s->at == at && s->local == local) return s;
    }
    return NULL;
}
