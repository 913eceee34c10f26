/* Choosing places, and what is known of them. */
#include <string.h>
#include "fuzz/mutate/mutate_impl.h"

enum { BODIES = 4 /* that are looked at for a place */ };

bool mut_choose_body(Mutator *m, const Edit *e, uint32_t *body) {
    uint32_t total = 0, i = 0;
    for (uint32_t k = 0; k < e->m.bodies.n; k++) total += e->body[k].code.n;
    if (!total) return false;
    uint32_t at = mut_pick(m, total);
    while (at >= e->body[i].code.n) at -= e->body[i++].code.n;
    *body = i;
    return true;
}

bool spot_find_in(Mutator *m, const Edit *e, uint32_t body, Spot *s, SpotTest *test) {
    *s = (Spot){.body = body, .code = e->body[body].code};
    flow_make(&s->flow, m->a, e, body);
    uint32_t n = 0;
    for (uint32_t at = 0; at < s->code.n; at++)
        if (!s->flow.at[at].dead && test(m, s, at) && mut_one_in(m, ++n)) s->at = at;
    return n > 0;
}

bool spot_find(Mutator *m, Spot *s, SpotTest *test) {
    uint32_t body;
    for (int i = 0; i < BODIES; i++)
        if (mut_choose_body(m, &m->e, &body) && spot_find_in(m, &m->e, body, s, test)) return true;
    return false;
}

/* -- Tests ------------------------------------------------------------------------------------ */

bool spot_any(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    (void)s;
    (void)at;
    return true;
}

/* Is [start, at] whole: the same depth at both ends, nothing opened and left open? */
static bool whole(const Spot *s, uint32_t at) {
    uint32_t from = s->flow.at[at].start;
    return at + 1 < s->code.n && !s->flow.at[from].dead && !s->flow.at[at + 1].dead &&
           s->flow.at[from].depth == s->flow.at[at + 1].depth &&
           flow_closed(&s->flow, &s->code, from, at + 1) == at + 1;
}

bool spot_expression(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return flow_value(&s->flow, at) != VT_BOTTOM && whole(s, at);
}

bool spot_statement(Mutator *m, const Spot *s, uint32_t at) {
    (void)m;
    return whole(s, at) && s->flow.at[s->flow.at[at].start].top == s->flow.at[at + 1].top;
}

/* -- Labels --------------------------------------------------------------------------------------- */

/* Openers of the constructs around `at`, the innermost first. */
static uint32_t *openers(Mutator *m, const Spot *s, uint32_t at) {
    uint32_t n = 0, depth = s->flow.at[at].depth, *stack = ARENA_ARRAY(m->a, uint32_t, depth + 1);
    for (uint32_t k = 0; k < at; k++) {
        Op op = s->code.at[k].in.op;
        if (op == OP_BLOCK || op == OP_LOOP || op == OP_IF) {
            if (n <= depth) stack[n] = k;
            n++;
        } else if (op == OP_END) {
            n--;
        }
    }
    for (uint32_t i = 0; i < depth / 2; i++) {
        uint32_t x = stack[i];
        stack[i] = stack[depth - 1 - i];
        stack[depth - 1 - i] = x;
    }
    return stack;
}

uint32_t spot_labels(const Spot *s, uint32_t at) { return s->flow.at[at].depth + 1; }

Types spot_label(Mutator *m, const Spot *s, uint32_t at, uint32_t label) {
    uint32_t depth = s->flow.at[at].depth;
    if (label >= depth) {
        const FuncType *t = edit_func_type(&m->e, edit_func_of(&m->e, s->body));
        return (Types){t->result, t->nresult};
    }
    const EditInstr *i = &s->code.at[openers(m, s, at)[label]];
    ValType single = VT_BOTTOM;
    FuncType t = edit_block_type(&m->e, i, &single);
    if (i->in.op == OP_LOOP) return (Types){t.param, t.nparam};
    if (t.result != &single) return (Types){t.result, t.nresult};
    ValType *kept = ARENA_ARRAY(m->a, ValType, 1); /* beyond this frame */
    *kept = single;
    return (Types){kept, 1};
}

bool types_same(Types a, Types b) { return a.n == b.n && (!a.n || memcmp(a.at, b.at, a.n * sizeof *a.at) == 0); }

/* Slots of the construct around `at` alone. */
static uint32_t own_height(Mutator *m, const Spot *s, uint32_t at) {
    uint32_t depth = s->flow.at[at].depth, height = flow_height(&s->flow, at);
    if (!depth) return height;
    uint32_t opener = openers(m, s, at)[0];
    ValType single;
    FuncType t = edit_block_type(&m->e, &s->code.at[opener], &single);
    uint32_t under = flow_height(&s->flow, opener) - t.nparam - (s->code.at[opener].in.op == OP_IF);
    return height - under;
}

bool spot_has(Mutator *m, const Spot *s, uint32_t at, Types t) {
    if (own_height(m, s, at) < t.n) return false;
    uint32_t slot = s->flow.at[at].top;
    for (uint32_t i = t.n; i--; slot = s->flow.slot.at[slot].under)
        if (s->flow.slot.at[slot].type != t.at[i]) return false;
    return true;
}

/* -- Ranges ------------------------------------------------------------------------------------------- */

static Types slots(Mutator *m, const Flow *f, uint32_t top, uint32_t base) {
    uint32_t n = 0;
    for (uint32_t s = top; s != base; s = f->slot.at[s].under) n++;
    ValType *t = ARENA_ARRAY(m->a, ValType, n);
    for (uint32_t s = top, i = n; s != base; s = f->slot.at[s].under) t[--i] = f->slot.at[s].type;
    return (Types){t, n};
}

void spot_effect(Mutator *m, const Spot *s, uint32_t from, uint32_t to, Types *take, Types *leave) {
    const Flow *f = &s->flow;
    uint32_t x = f->at[from].top, y = f->at[to].top;
    while (x != y) {
        uint32_t hx = x ? f->slot.at[x].height : 0, hy = y ? f->slot.at[y].height : 0;
        if (hx >= hy) x = f->slot.at[x].under;
        if (hy >= hx) y = f->slot.at[y].under;
    }
    *take = slots(m, f, f->at[from].top, x);
    *leave = slots(m, f, f->at[to].top, x);
}

bool spot_reaches_below(Mutator *m, const Spot *s, uint32_t from, uint32_t to) {
    const Flow *f = &s->flow;
    for (uint32_t k = from; k < to; k++) {
        if (s->code.at[k].in.op != OP_BR_IF || f->at[k].dead) continue;
        uint32_t n = 1 + spot_label(m, s, k, s->code.at[k].in.index).n;
        for (uint32_t slot = f->at[k].top; n--; slot = f->slot.at[slot].under)
            if (f->slot.at[slot].start < from) return true;
    }
    return false;
}

static bool out_of(const EditInstr *i, uint32_t depth) {
    switch (op_info[i->in.op].imm) {
    case IMM_LABEL: return i->in.index >= depth;
    case IMM_LABELS:
        for (uint32_t k = 0; k <= i->in.labels.count; k++)
            if (i->label[k] >= depth) return true;
        return false;
    default: return false;
    }
}

bool code_escapes(const EditInstr *at, uint32_t n, bool returns) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < n; i++) {
        Op op = at[i].in.op;
        if (out_of(&at[i], depth)) return true;
        if (returns && (op == OP_RETURN || op == OP_RETURN_CALL || op == OP_RETURN_CALL_INDIRECT)) return true;
        if (op == OP_BLOCK || op == OP_LOOP || op == OP_IF) depth++;
        if (op == OP_END) {
            if (!depth) return true;
            depth--;
        }
    }
    return false;
}

void code_shift_labels(Arena *a, EditInstr *at, uint32_t n, int32_t by) {
    uint32_t depth = 0;
    for (uint32_t i = 0; i < n; i++) {
        Op op = at[i].in.op;
        if (op_info[op].imm == IMM_LABEL && at[i].in.index >= depth) {
            at[i].in.index += (uint32_t)by;
        } else if (op_info[op].imm == IMM_LABELS) {
            uint32_t count = at[i].in.labels.count + 1, *label = ARENA_ARRAY(a, uint32_t, count);
            for (uint32_t k = 0; k < count; k++)
                label[k] = at[i].label[k] + (at[i].label[k] >= depth ? (uint32_t)by : 0);
            at[i].label = label;
        }
        if (op == OP_BLOCK || op == OP_LOOP || op == OP_IF) depth++;
        if (op == OP_END) depth--;
    }
}
