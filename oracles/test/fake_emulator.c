/* An emulator that is wrong: it takes a worker's place, does what the mailbox asks without running any code, and says
 * that all results are 0.  For the test of what a verdict says about emulators. */
#include <stdlib.h>
#include <string.h>
#include "base/os.h"
#include "oracles/worker/worker.h"

static void pretend(const Region *r) {
    Batch *b = (Batch *)(uintptr_t)region_header(r)->batch;
    for (b->done = 0; b->done < b->n; b->done++) {
        ExecCall *c = &b->call[b->done];
        if (c->apply) *c->apply = (Apply){0};
        if (c->nresult) memset(c->results, 0, c->nresult * sizeof(Value));
        c->fuel = b->fuel;
        c->depth_left = b->depth;
        c->trap_kind = TRAP_NONE;
    }
}

/* BINARY BUILD FD BASE, as the worker's client calls it */
int main(int argc, char **argv) {
    Region r;
    if (argc != 5 || !region_join(&r, atoi(argv[3]), strtoull(argv[4], NULL, 16))) return 3;
    RegionHeader *h = region_header(&r);
    for (uint32_t seq = 0;;) {
        uint32_t now = __atomic_load_n(&h->request, __ATOMIC_ACQUIRE);
        if (now == seq) {
            os_futex_wait(&h->request, seq, 0);
            continue;
        }
        seq = now;
        if (h->op == WORKER_RUN) pretend(&r);
        __atomic_store_n(&h->reply, seq, __ATOMIC_RELEASE);
        os_futex_wake(&h->reply);
    }
}
