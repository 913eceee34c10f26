#include "run/exec.h"
#include <string.h>
#include "base/bits.h"
#include "base/os.h"
#include "run/signals.h"
#include "run/watch.h"

typedef uint32_t Enter(ExecState *es, const void *code, void *ctx);

void exec_attach(Region *r, LibHost *host) {
    ExecState *es = region_es(r);
    host->region = r;
    es->host = host;
    es->lib = lib_calls;
}

/* Return addresses on the frame-pointer chain: [fp] caller's fp, [fp + 8] return address, fp 0 at the enter stub. Wrong
 * code may leave anything in fp: nothing outside of the stack is looked at, nor its guard page. */
static void walk_frames(const Region *r, uint64_t fp, ExecCall *c) {
    uint64_t low = (uint64_t)(uintptr_t)r->base + REGION_STACK + REGION_GUARD_SIZE, last = 0;
    uint64_t code = (uint64_t)(uintptr_t)r->base + REGION_CODE + REGION_STUBS_SIZE;
    while (fp > last && fp - low <= REGION_STACK_SIZE - REGION_GUARD_SIZE - 16 && !(fp & 7)) {
        uint64_t pc = bits_load_u64((const void *)(uintptr_t)(fp + 8));
        if (pc - code < REGION_CODE_SIZE - REGION_STUBS_SIZE) {
            if (c->nframe < BACKTRACE_MAX) c->frame[c->nframe++] = pc;
            c->depth++;
        }
        last = fp;
        fp = bits_load_u64((const void *)(uintptr_t)fp);
    }
}

void exec_record_trap(const Region *r, ExecCall *c) {
    const ExecState *es = region_es(r);
    if (c->trap_kind == TRAP_NONE) {
        c->trap_kind = es->trap_kind;
        c->fault = es->fault;
        c->trap_pc = es->trap_pc;
        c->fault_addr = es->fault_addr;
    }
    walk_frames(r, es->trap_fp, c);
}

uint32_t exec_enter(const Region *r, const void *code, void *ctx) {
    ExecState *es = region_es(r);
    /* the enter stub is the first thing in CODE; ISO C has no cast from data to function pointer */
    Enter *enter;
    const void *at = r->base + REGION_CODE;
    memcpy(&enter, &at, sizeof enter);
    es->trap_kind = TRAP_NONE;
    es->fault = 0;
    enter(es, code, ctx);
    return es->trap_kind;
}

static void run_call(Region *r, const Batch *b, ExecCall *c) {
    ExecState *es = region_es(r);
    LibHost *host = (LibHost *)es->host;
    const RegionHeader *h = region_header(r);
    if (c->nargs) memcpy(es->args, c->args, c->nargs * sizeof(Value));
    es->fuel = b->fuel;
    es->depth = b->depth;
    es->entry_sp = NULL;
    c->trap_kind = TRAP_NONE;
    c->fault = c->nframe = c->depth = 0;
    c->trap_pc = c->fault_addr = 0;
    c->site = NULL;
    host->call = c;
    es->deadline = __atomic_load_n(&es->epoch, __ATOMIC_RELAXED) + 1;
    if (b->time_ns) watch_arm(es, b->time_ns);
    if (exec_enter(r, c->code, c->apply ? (void *)c->apply : c->func) != TRAP_NONE)
        exec_record_trap(r, c);
    else if (c->nresult)
        memcpy(c->results, es->results, c->nresult * sizeof(Value));
    if (b->time_ns) watch_disarm();
    host->call = NULL;
    c->fuel = es->fuel;
    c->depth_left = es->depth;
    c->host_failures = h->host_failures;
    c->nlog = h->nlog_calls;
    c->log_hash = h->log_hash;
}

void exec_here(Region *r, Batch *b) {
    const Region *region_before;
    ExecState *es_before = signals_enter(region_es(r), r, &region_before);
    for (b->done = 0; b->done < b->n; b->done++) run_call(r, b, &b->call[b->done]);
    signals_leave(es_before, region_before);
}

static ExecStatus run_here(void *user, Region *r, Batch *b) {
    (void)user;
    exec_here(r, b);
    return EXEC_DONE;
}

static void flush_here(void *user, Region *r, uint32_t from, uint32_t to) {
    (void)user;
    region_flush_code(r, from, to);
}

const Executor executor_here = {.run = run_here, .flush = flush_here};
