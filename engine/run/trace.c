/* From machine addresses back to wasm: the trap site and the backtrace of compiled code.
 *
 * The first frame is where the trap is (a trap stub's return address, or a faulting instruction), the others are
 * return addresses on the frame-pointer chain.  Adaptors and
 * stubs have no wasm site and are left out by who walks the chain (exec.c). */
#include "run/store.h"

static const InstRec *find_code(const Store *s, uint64_t pc, uint32_t *offset) {
    uint64_t code = (uint64_t)(uintptr_t)s->region.base + REGION_CODE;
    for (uint32_t i = 0; i < s->insts.n; i++) {
        const InstRec *r = s->insts.at[i];
        if (r->code && pc - code - r->code_at <= r->code->size) {
            *offset = (uint32_t)(pc - code - r->code_at);
            return r;
        }
    }
    return NULL;
}

static void push_frame(Backtrace *bt, const InstRec *r, uint32_t func, uint32_t loc) {
    if (bt->n < BACKTRACE_MAX) bt->frame[bt->n++] = (TrapSite){r->inst->id, func, loc};
    bt->depth++;
}

/* The frame that the position is in; and before it the one that inlining has saved. */
static void push(Backtrace *bt, const InstRec *r, uint32_t offset, uint32_t loc) {
    /* a return address may be the first byte behind the function: look one byte before it */
    uint32_t func = code_find_func(r->code, offset ? offset - 1 : 0);
    if (loc & LOC_INLINED) {
        const Inlined *i = &r->code->inlined[loc & ~LOC_INLINED];
        push_frame(bt, r, i->func, i->loc);
        loc = i->call;
    }
    push_frame(bt, r, func, loc);
}

static bool in_memory(const Store *s, uint64_t addr) {
    for (uint32_t i = 0; i < REGION_SLOTS_MAX; i++)
        if (region_slot_taken(&s->region, i) &&
            addr - (uint64_t)(uintptr_t)region_slot(&s->region, i) < REGION_SLOT_SPAN)
            return true;
    return false;
}

/* Kind and location of a site's trap, and what was left of the counters; false: no reason to trap. */
static bool resolve(const Code *code, const CodeSite *site, const ExecCall *c, Outcome *out, uint32_t *loc) {
    out->trap = (TrapKind)site->trap;
    *loc = site->loc;
    if (!site->ncharge) return true;
    int64_t counter[2] = {c->fuel, c->depth_left};
    const ChargePart *p = code_first_charge(code->charge + site->loc, site->ncharge, counter);
    if (!p) return false;
    out->trap = p->counter ? TRAP_EXHAUSTION : TRAP_FUEL;
    out->fuel = counter[0];
    out->depth = counter[1];
    *loc = p->loc;
    return true;
}

static bool in_stack_guard(const Store *s, uint64_t addr) {
    return addr - (uint64_t)(uintptr_t)s->region.base - REGION_STACK < REGION_GUARD_SIZE;
}

/* Source position of the code at `offset`. */
static uint32_t loc_at(const Code *c, uint32_t offset) {
    uint32_t lo = 0, hi = c->nloc;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (c->loc[mid].offset <= offset)
            lo = mid;
        else
            hi = mid;
    }
    return c->nloc ? c->loc[lo].loc : 0;
}

/* The innermost frame.  False when the pc is in compiled code but is no trap. */
static bool first_frame(const Store *s, const ExecCall *c, Outcome *out) {
    uint32_t offset = 0, loc;
    const InstRec *r = find_code(s, c->trap_pc, &offset);
    if (!c->fault) {
        out->trap = (TrapKind)c->trap_kind;
        if (!r) return true; /* an adaptor's: the site is the call in wasm code */
        const CodeSite *site = code_find_site(r->code, offset, SITE_TRAP);
        if (!site || site->trap != c->trap_kind || !resolve(r->code, site, c, out, &loc)) return false;
        push(&out->trace, r, offset, loc);
        return true;
    }
    if (in_stack_guard(s, c->fault_addr)) { /* any access to the stack may be the one */
        out->trap = TRAP_EXHAUSTION;
        if (r) push(&out->trace, r, offset + 1, loc_at(r->code, offset));
        return true;
    }
    const CodeSite *site = r ? code_find_site(r->code, offset, SITE_FAULT) : NULL;
    if (!site || (site->trap == TRAP_MEMORY_BOUNDS && !in_memory(s, c->fault_addr))) return false;
    if (!resolve(r->code, site, c, out, &loc)) return false;
    push(&out->trace, r, offset + 1, loc);
    return true;
}

bool store_trace(const Store *s, const ExecCall *c, Outcome *out) {
    out->trace.n = out->trace.depth = 0;
    out->trap = TRAP_CRASH;
    out->crash_pc = c->trap_pc - (uint64_t)(uintptr_t)s->region.base - REGION_CODE;
    if (!first_frame(s, c, out)) return false;
    for (uint32_t i = 0; i < c->nframe; i++) {
        if (c->frame[i] == 0) {
            if (out->trace.n < BACKTRACE_MAX) out->trace.frame[out->trace.n++] = c->site[i];
            out->trace.depth++;
            continue;
        }
        uint32_t offset;
        const InstRec *r = find_code(s, c->frame[i], &offset);
        const CodeSite *site = r ? code_find_site(r->code, offset, SITE_CALL) : NULL;
        if (!site) return false; /* a return address that no call left */
        push(&out->trace, r, offset, site->loc);
    }
    out->trace.depth += c->depth - c->nframe;
    return true;
}
