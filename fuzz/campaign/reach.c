#include "fuzz/campaign/reach.h"
#include <inttypes.h>
#include <string.h>
#include "base/map.h"
#include "fuzz/campaign/panel.h"
#include "fuzz/edit/edit.h"
#include "ir/stage.h"
#include "wasm/validate.h"

/* -- Compilers -------------------------------------------------------------------------------- */

static void on_rewrite(void *user, const Rewrite *w) { ((Reach *)user)->rewrite[w->rule]++; }

/* What host and compiled code call each other by: of imports and of defined functions, each type once. */
static void compile_adaptors(Arena *a, const Module *m, const CompileOptions *o) {
    uint64_t done[ADAPTOR_KINDS] = {0};
    CompileError e;
    for (uint32_t i = 0; i < m->funcs.n; i++) {
        AdaptorKind kind = i < m->nimported[EXT_FUNC] ? ADAPTOR_HOST : ADAPTOR_ENTRY;
        uint64_t type = UINT64_C(1) << m->funcs.at[i].type % 64;
        if (!(done[kind] & type)) compile_adaptor(a, module_func_type(m, i), kind, o, &e);
        done[kind] |= type;
    }
}

void reach_compile(Reach *r, Arena *a, const Module *m, uint64_t number) {
    const Stages stages = {.user = r, .on_rewrite = on_rewrite};
    for (LegKind k = LEG_X64; k <= LEG_A64; k++) {
        LegSpec spec;
        CompileError e;
        panel_choose_leg(&spec, leg_kind_name(k), &number);
        CompileOptions o = leg_compile_options(&spec);
        Target t = leg_target(&spec);
        ArenaMark mark = arena_mark(a);
        o.target = &t;
        o.stages = &stages;
        o.to.rule_hits = k == LEG_X64 ? r->x64 : r->a64;
        compile_module(a, m, &o, NULL, &e);
        compile_adaptors(a, m, &o);
        arena_rewind(a, mark);
    }
}

/* -- Execution ------------------------------------------------------------------------------------- */

typedef struct Marker {
    Edit e;
    uint32_t global[OP_COUNT]; /* NO_INDEX: no marker */
    Op op[OP_COUNT];           /* by order of the globals */
    uint32_t n;
} Marker;

/* Control goes elsewhere, or the instruction closes or divides a construct, so that what follows is not it. */
static bool marked_before(Op op) {
    switch (op) {
    case OP_UNREACHABLE:
    case OP_BR:
    case OP_BR_TABLE:
    case OP_RETURN:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: return true;
    default: return false;
    }
}

static void put_marker(Marker *k, EditInstr *out, uint32_t *n, Op op) {
    edit_const(VT_I32, (Value){.i32 = 1}, &out[(*n)++]);
    out[(*n)++] = edit_op(OP_GLOBAL_SET, k->global[op]);
}

/* Nothing is set behind the last `end`; it is reached when anything is. */
static void mark_body(Marker *k, Arena *a, EditBody *b) {
    EditInstr *out = arena_alloc(a, (size_t)b->code.n * 3 * sizeof *out, _Alignof(EditInstr));
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->code.n; i++) {
        Op op = b->code.at[i].in.op;
        bool marked = k->global[op] != NO_INDEX && i + 1 < b->code.n;
        if (marked && marked_before(op)) put_marker(k, out, &n, op);
        out[n++] = b->code.at[i];
        if (marked && !marked_before(op)) put_marker(k, out, &n, op);
    }
    b->code = (EditSeq){out, n};
}

static bool add_markers(Marker *k, const Reach *r, Arena *a) {
    EditInstr zero;
    bool present[OP_COUNT] = {false};
    edit_const(VT_I32, (Value){.i32 = 0}, &zero);
    for (uint32_t b = 0; b < k->e.m.bodies.n; b++)
        for (uint32_t i = 0; i + 1 < k->e.body[b].code.n; i++) present[k->e.body[b].code.at[i].in.op] = true;
    for (uint32_t op = 0; op < OP_COUNT; op++) {
        k->global[op] = NO_INDEX;
        if (!present[op] || r->executed[op]) continue;
        k->global[op] = edit_add_global(&k->e, (GlobalType){VT_I32, true}, zero);
        k->op[k->n++] = (Op)op;
    }
    for (uint32_t b = 0; k->n && b < k->e.m.bodies.n; b++) mark_body(k, a, &k->e.body[b]);
    return k->n > 0;
}

/* The globals of our own are the last ones. */
static void read_markers(const Marker *k, const Observation *o, Reach *r) {
    uint32_t globals = 0;
    for (uint32_t i = 0; i < o->field.n; i++)
        if (o->field.at[i].kind == FIELD_GLOBAL) globals = o->field.at[i].index + 1;
    for (uint32_t i = 0; i < o->field.n; i++) {
        const Field *f = &o->field.at[i];
        if (f->kind != FIELD_GLOBAL || f->index + k->n < globals || !f->v[0]) continue;
        r->executed[k->op[f->index + k->n - globals]] = true;
    }
}

void reach_add(Reach *r, Differ *interp, const Case *c, uint64_t number) {
    enum { MORE_FUEL = 4 };
    Marker k = {0};
    uint32_t n;
    Case again;
    Arena a;
    r->cases++;
    arena_init(&a, NULL);
    reach_compile(r, &a, c->module, number);
    uint8_t *bytes = (uint8_t *)arena_dup(&a, c->bytes, c->size); /* the differ forgets the case */
    Plan plan;
    Err err;
    const char *why;
    Module *m = module_decode_valid(&a, bytes, c->size, interp->features, &err);
    if (m && plan_of(&a, m, &plan, &why)) {
        edit_open(&k.e, &a, m, &plan);
        k.e.plan.limits.fuel *= MORE_FUEL;
        if (add_markers(&k, r, &a)) {
            const uint8_t *marked = edit_encode(&k.e, &n);
            differ_run(interp, marked, n, &again);
            if (again.module && !again.plan_error) read_markers(&k, &again.obs[0], r), r->marked++;
        }
    }
    arena_free(&a);
}

/* -- Report ------------------------------------------------------------------------------------------ */

typedef const char *NameOf(uint32_t i);
static const char *x64_name(uint32_t i) { return x64_rule[i].name; }
static const char *a64_name(uint32_t i) { return a64_rule[i].name; }
static const char *rewrite_name(uint32_t i) { return opt_rule_name((OptRule)i); }

static void print_missing(FILE *f, const char *what, const uint32_t *hits, uint32_t n, NameOf *name) {
    uint32_t used = 0, shown = 0;
    for (uint32_t i = 0; i < n; i++) used += hits[i] != 0;
    fprintf(f, "%-16s %u of %u were used%s", what, used, n, used < n ? "; not these:" : "\n");
    for (uint32_t i = 0; i < n; i++)
        if (!hits[i]) fprintf(f, "%s%s", shown++ % 8 ? " " : "\n  ", name(i));
    if (shown) fputc('\n', f);
}

static void print_opcodes(FILE *f, const char *what, const bool *have) {
    uint32_t n = 0, shown = 0;
    for (uint32_t i = 0; i < OP_COUNT; i++) n += have[i];
    fprintf(f, "opcodes          %u of %u were %s%s", n, (uint32_t)OP_COUNT, what,
            n < OP_COUNT ? "; not these:" : "\n");
    for (uint32_t i = 0; i < OP_COUNT; i++)
        if (!have[i]) fprintf(f, "%s%s", shown++ % 8 ? " " : "\n  ", op_info[i].text);
    if (shown) fputc('\n', f);
}

void reach_print(FILE *f, const Reach *r, const uint64_t *generated) {
    bool have[OP_COUNT];
    for (uint32_t i = 0; i < OP_COUNT; i++) have[i] = generated[i] != 0;
    print_opcodes(f, "generated", have);
    print_opcodes(f, "executed", r->executed);
    print_missing(f, "rules of x64", r->x64, X64_RULE_COUNT, x64_name);
    print_missing(f, "rules of a64", r->a64, A64_RULE_COUNT, a64_name);
    print_missing(f, "rewrites", r->rewrite, OPT_RULE_COUNT, rewrite_name);
}
