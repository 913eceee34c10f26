/* stacks: scripts of calls, tail calls, returns, host calls and traps, run by the legs and by a model of the stack. How
 * each step ends, the kind of a trap, its place, every call that led there, and how many host calls there were must be
 * what the model says; so a mistake that all legs share is found, too. */
#include <string.h>
#include "fuzz/edit/edit.h"
#include "fuzz/gen/entropy.h"
#include "fuzz/targets/target.h"
#include "wasm/reader.h"
#include "wasm/validate.h"

TARGET_FAILURE(stacks__model)
TARGET_FAILURE(stacks__module)

/* What a function does, one behind the other.  ACTION(id, weight); the first is what exhausted input yields. */
#define ACTION_LIST(A)  \
    A(LOG, 6)           \
    A(CALL, 12)         \
    A(CALL_INDIRECT, 8) \
    A(TAIL, 3)          \
    A(TAIL_INDIRECT, 2) \
    A(RETURN, 1)        \
    A(UNREACHABLE, 1)   \
    A(DIVIDE, 1)        \
    A(LOAD, 1)          \
    A(CALL_NULL, 1)     \
    A(CALL_OTHER_TYPE, 1)

typedef enum ActionKind {
#define A(id, weight) ACT_##id,
    ACTION_LIST(A)
#undef A
        ACT_COUNT
} ActionKind;
static const uint8_t weight[ACT_COUNT] = {
#define A(id, weight) weight,
    ACTION_LIST(A)
#undef A
};

enum { MOST_FUNCS = 12, MAX_ACTIONS = 6, STEPS = 3, TYPES = 3, MOST_EVENTS = 4000, NULL_SLOT = MOST_FUNCS };

typedef struct Action {
    ActionKind kind;
    uint32_t func;      /* callee, among the defined ones */
    uint32_t instr, at; /* number of its last instruction in the body; byte offset in the module */
} Action;

typedef struct ScriptFunc {
    uint32_t type, nlocal, nactions;
    Action action[MAX_ACTIONS];
    uint32_t cost, first; /* of a frame; offset of the first instruction */
} ScriptFunc;

typedef struct Stacks {
    Arena *a;
    Entropy in;
    ScriptFunc func[MOST_FUNCS];
    uint32_t nfuncs;
    int64_t depth;
    uint64_t log; /* host calls so far, over all steps */
} Stacks;

/* Parameters that are passed in registers, and beyond them on the stack. */
static const ValType param[] = {VT_I32, VT_I64, VT_F64, VT_I64, VT_I32, VT_I64, VT_I64, VT_F32, VT_I64,
                                VT_I64, VT_I32, VT_F64, VT_I64, VT_I64, VT_I32, VT_I64, VT_I64, VT_F64};
static const uint32_t params_of[TYPES] = {0, 3, sizeof param / sizeof *param};

/* -- The module ---------------------------------------------------------------------------------- */

typedef struct Script {
    Arena *a;
    VEC(EditInstr) i;
} Script;

static void put(Script *c, Op op, uint32_t index) { vec_push(c->a, &c->i, edit_op(op, index)); }

static void put_const(Script *c, ValType t, uint64_t v) {
    EditInstr i;
    edit_const(t, (Value){.i64 = v}, &i);
    vec_push(c->a, &c->i, i);
}

static void put_args(Script *c, uint32_t type) {
    for (uint32_t i = 0; i < params_of[type]; i++) put_const(c, param[i], i + 1);
}

/* The last instruction is the one that calls, traps or returns.  Function 0 is the import; slot i of the table holds
 * defined function i. */
static void put_action(Stacks *s, Script *c, const Action *x) {
    uint32_t type = s->func[x->func].type;
    EditInstr i;
    switch (x->kind) {
    case ACT_LOG: put(c, OP_CALL, 0); return;
    case ACT_CALL:
    case ACT_TAIL:
        put_args(c, type);
        put(c, x->kind == ACT_CALL ? OP_CALL : OP_RETURN_CALL, 1 + x->func);
        return;
    case ACT_RETURN: put(c, OP_RETURN, 0); return;
    case ACT_UNREACHABLE: put(c, OP_UNREACHABLE, 0); return;
    case ACT_DIVIDE:
        put_const(c, VT_I32, 1);
        put_const(c, VT_I32, 0);
        put(c, OP_I32_DIV_U, 0);
        put(c, OP_DROP, 0);
        return;
    case ACT_LOAD:
        put_const(c, VT_I32, UINT32_MAX);
        put(c, OP_I32_LOAD, 0);
        c->i.at[c->i.n - 1].in.mem.memory = 0;
        c->i.at[c->i.n - 1].in.mem.align = 0;
        c->i.at[c->i.n - 1].in.mem.offset = 0;
        put(c, OP_DROP, 0);
        return;
    default: break;
    }
    if (x->kind == ACT_CALL_OTHER_TYPE) type = (type + 1) % TYPES;
    put_args(c, type);
    put_const(c, VT_I32, x->kind == ACT_CALL_NULL ? NULL_SLOT : x->func);
    i = edit_op(x->kind == ACT_TAIL_INDIRECT ? OP_RETURN_CALL_INDIRECT : OP_CALL_INDIRECT, 0);
    i.in.index = type;
    i.in.index2 = 0;
    vec_push(c->a, &c->i, i);
}

/* Instructions behind the one that counts. */
static uint32_t behind(ActionKind k) { return k == ACT_DIVIDE || k == ACT_LOAD; }

static void add_func(Stacks *s, Edit *e, ScriptFunc *f) {
    Script c = {.a = s->a};
    ValType *local = ARENA_ARRAY(s->a, ValType, f->nlocal);
    for (uint32_t i = 0; i < f->nlocal; i++) local[i] = param[i % (sizeof param / sizeof *param)];
    for (uint32_t i = 0; i < f->nactions; i++) {
        put_action(s, &c, &f->action[i]);
        f->action[i].instr = c.i.n - 1 - behind(f->action[i].kind);
    }
    put(&c, OP_END, 0);
    edit_add_func(e, f->type, (EditBody){local, f->nlocal, {c.i.at, c.i.n}});
}

static void choose(Stacks *s) {
    s->nfuncs = 2 + entropy_pick(&s->in, MOST_FUNCS - 1);
    s->depth = 256 + (int64_t)entropy_pick(&s->in, 8192);
    for (uint32_t i = 0; i < s->nfuncs; i++) {
        ScriptFunc *f = &s->func[i];
        f->type = i < STEPS ? 0 : entropy_pick(&s->in, TYPES);
        f->nlocal = entropy_chance(&s->in, 64) ? entropy_pick(&s->in, 200) : entropy_pick(&s->in, 4);
        f->nactions = 1 + entropy_pick(&s->in, MAX_ACTIONS);
        for (uint32_t k = 0; k < f->nactions; k++) {
            f->action[k].kind = (ActionKind)entropy_weighted(&s->in, weight, ACT_COUNT);
            f->action[k].func = entropy_pick(&s->in, s->nfuncs);
        }
    }
}

static void add_entities(Stacks *s, Edit *e) {
    for (uint32_t t = 0; t < TYPES; t++) edit_type(e, param, params_of[t], NULL, 0);
    vec_push(s->a, &e->m.imports, ((Import){{"env", 3}, {"log", 3}, EXT_FUNC, 0, 0}));
    vec_push(s->a, &e->m.funcs, ((Func){.type = 0, .import = 0, .body = NO_INDEX}));
    e->m.nimported[EXT_FUNC] = 1;
    edit_add_memory(e, (Limits){.min = 1, .max = 1, .has_max = true});
    vec_push(s->a, &e->m.tables, ((Table){.type = VT_FUNCREF, .limits = {.min = MOST_FUNCS + 1}, .import = NO_INDEX}));
    uint32_t *func = ARENA_ARRAY(s->a, uint32_t, s->nfuncs);
    for (uint32_t i = 0; i < s->nfuncs; i++) func[i] = 1 + i;
    ElemSegment x = {.mode = SEG_ACTIVE, .type = VT_FUNCREF, .count = s->nfuncs, .funcs = func};
    vec_push(s->a, &e->m.elems, x);
    e->elem = ARENA_ARRAY(s->a, EditElem, 1);
    EditInstr *offset = ARENA_ARRAY(s->a, EditInstr, 2);
    edit_const(VT_I32, (Value){.i32 = 0}, &offset[0]);
    offset[1] = edit_op(OP_END, 0);
    e->elem[0].offset = (EditSeq){offset, 2};
    e->table = ARENA_ARRAY(s->a, EditSeq, 1);
}

static const uint8_t *make_module(Stacks *s, uint32_t *n) {
    static const uint8_t empty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    static const char name[STEPS][2] = {"a", "b", "c"};
    Err err;
    Edit e;
    Plan plan = {.limits = {.fuel = 1000000, .depth = s->depth, .max_pages = 1, .max_elems = 100, .synthesize = true}};
    Module *m = module_decode_valid(s->a, empty, sizeof empty, FEATURES_WASM3, &err);
    if (!m) parallax_finding__stacks__module(err.text);
    edit_open(&e, s->a, m, &plan);
    add_entities(s, &e);
    for (uint32_t i = 0; i < s->nfuncs; i++) add_func(s, &e, &s->func[i]);
    for (uint32_t i = 0; i < STEPS && i < s->nfuncs; i++) {
        vec_push(s->a, &e.m.exports, ((Export){.name = {name[i], 1}, .kind = EXT_FUNC, .index = 1 + i}));
        vec_push(s->a, &e.plan.step, ((PlanStep){.name = {name[i], 1}}));
    }
    return edit_encode(&e, n);
}

/* Frame costs and byte offsets are what decoding and validation say. */
static void read_module(Stacks *s, const uint8_t *bytes, uint32_t n) {
    Err err;
    Module *m = module_decode_valid(s->a, bytes, n, FEATURES_WASM3, &err);
    if (!m) parallax_finding__stacks__module(err.text);
    for (uint32_t i = 0; i < s->nfuncs; i++) {
        ScriptFunc *f = &s->func[i];
        const Body *b = &m->bodies.at[i];
        f->cost = FRAME_COST(b->nlocal, b->max_height);
        f->first = b->code;
        uint32_t at = b->code;
        for (uint32_t k = 0, action = 0; at < b->end; k++) {
            Instr in;
            next_instr(m, at, &in);
            if (action < f->nactions && k == f->action[action].instr) f->action[action++].at = at;
            at = in.next;
        }
    }
}

/* -- The model ------------------------------------------------------------------------------------------ */

typedef struct Frame {
    uint32_t func, next; /* next action */
} Frame;

typedef struct Model {
    VEC(Frame) frame;
    int64_t left;
    TrapKind trap;
    uint32_t events;
    Outcome out;
} Model;

/* The trap's place, then the calls. */
static void trap(Stacks *s, Model *m, TrapKind kind, uint32_t func, uint32_t at) {
    Backtrace *t = &m->out.trace;
    m->trap = kind;
    t->frame[t->n++] = (TrapSite){0, 1 + func, at};
    t->depth = m->frame.n;
    for (uint32_t i = m->frame.n - 1; i-- > 0 && t->n < BACKTRACE_MAX;) {
        const Frame *f = &m->frame.at[i];
        t->frame[t->n++] = (TrapSite){0, 1 + f->func, s->func[f->func].action[f->next - 1].at};
    }
}

static void enter(Stacks *s, Model *m, uint32_t func) {
    vec_push(s->a, &m->frame, ((Frame){func, 0}));
    m->left -= s->func[func].cost;
    if (m->left < 0) trap(s, m, TRAP_EXHAUSTION, func, s->func[func].first);
}

static void leave(const Stacks *s, Model *m) { m->left += s->func[m->frame.at[--m->frame.n].func].cost; }

static void act(Stacks *s, Model *m, const Action *x, uint32_t func) {
    switch (x->kind) {
    case ACT_LOG: s->log++; break;
    case ACT_CALL:
    case ACT_CALL_INDIRECT: enter(s, m, x->func); break;
    case ACT_TAIL:
    case ACT_TAIL_INDIRECT:
        leave(s, m);
        enter(s, m, x->func);
        break;
    case ACT_RETURN: leave(s, m); break;
    case ACT_UNREACHABLE: trap(s, m, TRAP_UNREACHABLE, func, x->at); break;
    case ACT_DIVIDE: trap(s, m, TRAP_DIV_ZERO, func, x->at); break;
    case ACT_LOAD: trap(s, m, TRAP_MEMORY_BOUNDS, func, x->at); break;
    case ACT_CALL_NULL: trap(s, m, TRAP_UNINITIALIZED_ELEMENT, func, x->at); break;
    case ACT_CALL_OTHER_TYPE: trap(s, m, TRAP_INDIRECT_TYPE, func, x->at); break;
    case ACT_COUNT: break;
    }
}

/* False: it takes too long. */
static bool run_model(Stacks *s, Model *m, uint32_t func) {
    *m = (Model){.left = s->depth};
    enter(s, m, func);
    while (m->frame.n && m->trap == TRAP_NONE) {
        Frame *f = &m->frame.at[m->frame.n - 1];
        const ScriptFunc *x = &s->func[f->func];
        if (++m->events > MOST_EVENTS) return false;
        if (f->next == x->nactions)
            leave(s, m);
        else
            act(s, m, &x->action[f->next++], (uint32_t)(x - s->func));
    }
    m->out.kind = m->trap == TRAP_NONE ? OUT_RETURN : OUT_TRAP;
    m->out.trap = m->trap;
    m->out.nlog = s->log;
    return true;
}

/* -- Comparison --------------------------------------------------------------------------------------------- */

static void expect(const Field *f, FieldKind kind, uint64_t a, uint64_t b, const LegSpec *leg) {
    char text[300];
    if (f->kind != kind || (f->v[0] == a && f->v[1] == b)) return;
    snprintf(text, sizeof text, "%s of step %u on %.80s: 0x%llx 0x%llx, and the model says 0x%llx 0x%llx",
             field_name(kind), f->step, leg->text, (unsigned long long)f->v[0], (unsigned long long)f->v[1],
             (unsigned long long)a, (unsigned long long)b);
    parallax_finding__stacks__model(text);
}

/* The instance is called what the leg calls it. */
static void compare_step(const Observation *o, uint32_t step, Model *m, const LegSpec *leg) {
    StepResult r;
    for (uint32_t i = 0; i < o->field.n; i++)
        if (o->field.at[i].step == step && o->field.at[i].kind == FIELD_SITE)
            for (uint32_t k = 0; k < m->out.trace.n; k++)
                m->out.trace.frame[k].instance = (uint32_t)(o->field.at[i].v[0] >> 32);
    step_result_from(&r, &m->out);
    for (uint32_t i = 0; i < o->field.n; i++) {
        const Field *f = &o->field.at[i];
        if (f->step != step) continue;
        expect(f, FIELD_OUTCOME, r.kind, 0, leg);
        expect(f, FIELD_TRAP, r.trap, 0, leg);
        expect(f, FIELD_SITE, (uint64_t)r.site.instance << 32 | r.site.func, r.site.offset, leg);
        expect(f, FIELD_BACKTRACE, r.depth, r.trace, leg);
        if (f->kind == FIELD_HOST_CALLS) expect(f, FIELD_HOST_CALLS, r.nlog, f->v[1], leg);
    }
}

const bool target_takes_malformed = true; /* a module is any bytes here */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Case c;
    Panel *p = size <= TARGET_MAX_INPUT ? target_panel() : NULL;
    if (!p) return 0;
    uint32_t n;
    Arena *a = target_arena();
    Stacks *s = ARENA_NEW(a, Stacks);
    s->a = a;
    s->in = entropy_of(data, (uint32_t)size, true);
    choose(s);
    const uint8_t *bytes = make_module(s, &n);
    read_module(s, bytes, n);
    Model model[STEPS];
    bool bounded = true;
    uint32_t steps = s->nfuncs < STEPS ? s->nfuncs : STEPS;
    for (uint32_t i = 0; i < steps && bounded; i++) bounded = run_model(s, &model[i], i);
    if (bounded) {
        panel_choose(p, case_number(data, (uint32_t)size));
        panel_run(p, bytes, n, &c);
        if (verdict_differs(c.verdict.kind)) target_report("stacks", bytes, n, p, &c);
        for (uint32_t leg = 0; leg < panel_legs(&c); leg++)
            for (uint32_t i = 0; i < steps && !c.obs[leg].resource; i++)
                compare_step(&c.obs[leg], i, &model[i], &p->spec[leg]);
    }
    return 0;
}
