/* Test helper: walks through a validated body as an interpreter does, by its side table alone, with
 * branches taken at random, and checks what it meets against the structure of the code itself:
 *   - every branch arrives at the `loop` or `end` that its label means;
 *   - what the segments have cost is what has been executed, when the function is left. */
#pragma once
#include <stdlib.h>
#include "base/leb128.h"
#include "wasm/decode.h"
#include "wasm/validate.h"

typedef struct Construct {
    uint32_t at, parent; /* index, 0 is the function */
    uint32_t otherwise, end;
    Op op;
} Construct;

typedef struct Walk {
    const Module *m;
    const Body *b;
    Construct *construct;
    uint32_t *inside; /* by offset from b->code: innermost construct that an instruction stands in */
    uint64_t random;
} Walk;

static uint32_t walk_random(Walk *w) {
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 32);
}

static void walk_prepare(Walk *w) {
    uint32_t size = w->b->end - w->b->code, n = 1, now = 0;
    w->construct = calloc(size + 1, sizeof *w->construct);
    w->inside = calloc(size + 1, sizeof *w->inside);
    Instr in;
    for (uint32_t at = w->b->code; at < w->b->end; at = in.next) {
        next_instr(w->m, at, &in);
        w->inside[at - w->b->code] = now;
        if (in.op == OP_BLOCK || in.op == OP_LOOP || in.op == OP_IF) {
            w->construct[n] = (Construct){.at = at, .parent = now, .op = in.op};
            now = n++;
        } else if (in.op == OP_ELSE) {
            w->construct[now].otherwise = in.next;
        } else if (in.op == OP_END) {
            w->construct[now].end = at;
            now = w->construct[now].parent;
        }
    }
}

/* Where a branch out of construct `in` to a label goes. */
static uint32_t walk_target(const Walk *w, uint32_t in, uint32_t label) {
    while (label--) in = w->construct[in].parent;
    return w->construct[in].op == OP_LOOP && in ? w->construct[in].at : w->construct[in].end;
}

/* One walk of at most `steps`; NULL, or what is wrong. */
static const char *walk_once(Walk *w, uint32_t steps) {
    const SideEntry *side = w->b->side;
    uint32_t pc = w->b->code, stp = 0;
    uint64_t charged = w->b->fuel, executed = 0;
    for (;;) {
        Instr in;
        next_instr(w->m, pc, &in);
        uint32_t here = w->inside[pc - w->b->code];
        const SideEntry *e = side + stp;
        bool more = stp < w->b->nside, branched = false;
        executed++;
        pc = in.next;
        switch (in.op) {
        case OP_LOOP:
            if (!more || e->pc != in.at) return "not a loop's entry";
            charged += e->fuel;
            stp++;
            break;
        case OP_IF: {
            if (stp + 2 > w->b->nside) return "no entries for if";
            if (walk_random(w) & 1) {
                charged += e->fuel;
                stp += 2;
                break;
            }
            uint32_t mine = here, self = 0;
            for (uint32_t k = mine + 1; !self; k++)
                if (w->construct[k].at == in.at) self = k;
            const Construct *c = &w->construct[self];
            if (e[1].pc != (c->otherwise ? c->otherwise : c->end)) return "if goes elsewhere";
            charged += e[1].fuel;
            pc = e[1].pc;
            stp = e[1].stp;
            break;
        }
        case OP_ELSE:
            if (!more || e->pc != w->construct[here].end) return "else goes elsewhere";
            pc = e->pc;
            stp = e->stp;
            break;
        case OP_END:
            if (here == 0) return executed == charged && stp == w->b->nside ? NULL : "charged otherwise than executed";
            if (w->construct[here].op == OP_LOOP) break;
            if (!more || e->pc != in.at) return "not an end's entry";
            charged += e->fuel;
            stp++;
            break;
        case OP_BR_IF:
        case OP_BR:
            if (!more || e->pc != walk_target(w, here, in.index)) return "branch goes elsewhere";
            if (in.op == OP_BR_IF && (walk_random(w) & 1)) {
                charged += e->fuel;
                stp++;
                break;
            }
            pc = e->pc;
            stp = e->stp;
            branched = true;
            break;
        case OP_BR_TABLE: {
            uint32_t k = walk_random(w) % (in.labels.count + 1), label = 0;
            const uint8_t *p = w->m->bytes + in.labels.at;
            for (uint32_t i = 0; i <= k; i++) label = leb_u32(&p);
            if (stp + in.labels.count + 1 > w->b->nside) return "no entries for br_table";
            if (e[k].pc != walk_target(w, here, label)) return "br_table goes elsewhere";
            pc = e[k].pc;
            stp = e[k].stp;
            branched = true;
            break;
        }
        case OP_RETURN:
        case OP_UNREACHABLE:
        case OP_RETURN_CALL:
        case OP_RETURN_CALL_INDIRECT: return executed == charged ? NULL : "charged otherwise than executed";
        default: break;
        }
        /* A branch to the function's end is a return: that `end` is free. */
        if (branched && pc == w->construct[0].end)
            return executed == charged && stp == w->b->nside ? NULL : "charged otherwise than executed";
        if (executed > charged) return "executed more than charged";
        if (executed >= steps) return NULL;
    }
}

static const char *walk_body(const Module *m, uint32_t body, uint32_t walks, uint32_t steps) {
    Walk w = {.m = m, .b = &m->bodies.at[body], .random = 88172645463325252u + body};
    const char *wrong = NULL;
    walk_prepare(&w);
    for (uint32_t i = 0; i < walks && !wrong; i++) wrong = walk_once(&w, steps);
    free(w.construct);
    free(w.inside);
    return wrong;
}
