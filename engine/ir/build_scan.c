/* The walk before SSA construction: which constructs there are, which of them branches target, and
 * where locals are written.
 *
 * SSA construction needs what a single pass forward cannot know: which locals a loop writes (Braun et al. give an
 * unsealed block a parameter for each variable read, and remove most of them later), and whether the end of a
 * block is a join.  Here both become facts that are looked up by position.
 *
 * Cost: linear in the body. Sees exactly the instructions that the builder builds: dead code is skipped by the same
 * rule (code is dead behind what ends a block, up to the next else or end that is reached otherwise). */
#include "base/leb128.h"
#include "ir/builder.h"

typedef struct ScanFrame {
    uint32_t scope;
    uint32_t inner, loop; /* of the instructions in it: innermost scope that is no loop, and loop */
    bool end_live;        /* something goes to its end, other than falling through */
} ScanFrame;

typedef struct ScanWrite {
    uint32_t local, pos, scope;
} ScanWrite;

typedef struct Scan {
    Build *b;
    VEC(ScanFrame) frame;
    VEC(ScanWrite) write;
    bool live;
} Scan;

static uint32_t open_scope(Scan *s, ScopeKind kind, uint32_t at) {
    ScanFrame *f = &s->frame.at[s->frame.n - 1];
    Scope new = {.kind = (uint8_t)kind, .start = at, .first = at, .loop = f->loop};
    new.up = kind == SCOPE_LOOP ? f->loop : kind == SCOPE_THEN ? s->b->scope.n - 1 : f->inner;
    vec_push(s->b->arena, &s->b->scope, new);
    return s->b->scope.n - 1;
}

static void open_construct(Scan *s, Op op, uint32_t at) {
    ScanFrame f = s->frame.at[s->frame.n - 1];
    f.end_live = false;
    if (op == OP_LOOP) {
        f.scope = f.loop = open_scope(s, SCOPE_LOOP, at);
    } else {
        f.scope = f.inner = open_scope(s, op == OP_IF ? SCOPE_IF : SCOPE_BLOCK, at);
        if (op == OP_IF) f.inner = open_scope(s, SCOPE_THEN, at);
    }
    vec_push(s->b->arena, &s->frame, f);
}

static void begin_else(Scan *s, uint32_t at) {
    ScanFrame *f = &s->frame.at[s->frame.n - 1];
    s->b->scope.at[f->scope].else_at = at;
    s->b->scope.at[f->inner].end = at;
    f->inner = f->scope;
    f->end_live |= s->live;
    s->live = true;
}

static void close_construct(Scan *s, uint32_t at) {
    ScanFrame *f = &s->frame.at[--s->frame.n];
    Scope *c = &s->b->scope.at[f->scope];
    if (c->kind == SCOPE_FUNC) return;
    c->end = at;
    if (c->kind == SCOPE_IF && !c->else_at) {
        s->b->scope.at[f->inner].end = at;
        f->end_live = true;
    }
    s->live |= f->end_live;
}

static void target(Scan *s, uint32_t label, uint32_t at) {
    ScanFrame *f = &s->frame.at[s->frame.n - 1 - label];
    Scope *c = &s->b->scope.at[f->scope];
    if (!c->targeted && c->kind == SCOPE_BLOCK) c->first = at;
    c->targeted = true;
    if (c->kind != SCOPE_LOOP) f->end_live = true;
}

static void scan_control(Scan *s, const Instr *in) {
    s->b->nblk++;
    switch (in->op) {
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: open_construct(s, in->op, in->at); break;
    case OP_ELSE: begin_else(s, in->at); break;
    case OP_END: close_construct(s, in->at); break;
    case OP_BR:
        target(s, in->index, in->at);
        s->live = false;
        break;
    case OP_BR_IF: target(s, in->index, in->at); break;
    case OP_BR_TABLE: {
        const uint8_t *p = s->b->m->bytes + in->labels.at;
        s->b->nblk += in->labels.count;
        for (uint32_t i = 0; i <= in->labels.count; i++) target(s, leb_u32(&p), in->at);
        s->live = false;
        break;
    }
    case OP_UNREACHABLE:
    case OP_RETURN:
    case OP_RETURN_CALL:
    case OP_RETURN_CALL_INDIRECT: s->live = false; break;
    default: break;
    }
}

/* Position of the else or end that ends the dead code at `at`. */
static uint32_t skip_dead(const Module *m, uint32_t at) {
    Instr in;
    for (uint32_t depth = 0;; at = in.next) {
        next_instr(m, at, &in);
        if (in.op == OP_BLOCK || in.op == OP_LOOP || in.op == OP_IF) {
            depth++;
        } else if (in.op == OP_END || (in.op == OP_ELSE && depth == 0)) {
            if (depth == 0) return at;
            depth--;
        }
    }
}

/* Take what is not needed out of the trees; parents come before children.  A node's jump pointer skips over
 * ancestors so that any of them is found in a logarithmic number of steps (Myers, "An applicative
 * random-access stack", 1983). */
static void link_scopes(Build *b) {
    Scope *all = b->scope.at;
    for (uint32_t i = 1; i < b->scope.n; i++) {
        Scope *s = &all[i];
        bool needed = s->kind == SCOPE_IF || (s->kind == SCOPE_THEN ? all[i - 1].else_at != 0 : s->targeted);
        s->loop = all[s->loop].self;
        s->up = all[s->up].self;
        s->self = needed ? i : s->up;
        const Scope *up = &all[s->up], *over = &all[up->jump];
        bool far = up->depth - over->depth == over->depth - all[over->jump].depth;
        s->depth = up->depth + 1;
        s->jump = far ? over->jump : s->up;
        s->jump_first = s->first;
        if (far && up->jump_first < s->jump_first) s->jump_first = up->jump_first;
        if (far && over->jump_first < s->jump_first) s->jump_first = over->jump_first;
    }
}

/* Sort the writes by local, each local's by position. */
static void sort_writes(Scan *s) {
    Build *b = s->b;
    uint32_t at = 0;
    b->local = ARENA_ARRAY(b->arena, Local, b->body->nlocal);
    b->write = ARENA_ARRAY(b->arena, Write, s->write.n);
    for (uint32_t i = 0; i < s->write.n; i++) b->local[s->write.at[i].local].end++;
    for (uint32_t v = 0; v < b->body->nlocal; v++) {
        Local *l = &b->local[v];
        l->first = l->next = at;
        at += l->end;
        l->end = l->first;
    }
    for (uint32_t i = 0; i < s->write.n; i++) {
        const ScanWrite *w = &s->write.at[i];
        b->write[b->local[w->local].end++] = (Write){.pos = w->pos, .scope = b->scope.at[w->scope].self};
    }
}

void build_scan(Build *b) {
    Scan s = {.b = b, .live = true};
    vec_push(b->arena, &b->scope, ((Scope){.kind = SCOPE_FUNC, .end = UINT32_MAX}));
    vec_push(b->arena, &s.frame, ((ScanFrame){0}));
    for (uint32_t at = b->body->code; s.frame.n;) {
        Instr in;
        if (!s.live) at = skip_dead(b->m, at);
        next_instr(b->m, at, &in);
        at = in.next;
        if (op_info[in.op].kind == KIND_CONTROL) {
            scan_control(&s, &in);
        } else if (in.op == OP_LOCAL_SET || in.op == OP_LOCAL_TEE) {
            ScanWrite w = {in.index, in.at, s.frame.at[s.frame.n - 1].inner};
            vec_push(b->arena, &s.write, w);
        }
    }
    link_scopes(b);
    sort_writes(&s);
}
