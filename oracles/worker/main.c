/* parallax-worker-ISA BUILD FD BASE: map the region in file FD at address BASE (hex) and run what is asked for.
 * parallax-worker-ISA BUILD full FD: the whole engine, for `a64!full` (oracles/legs/remote.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/os.h"
#include "oracles/legs/remote.h"
#include "oracles/worker/worker.h"
#include "run/signals.h"

/* Until it is killed: by its client, or when that goes. */
static _Noreturn void serve(Region *r) {
    RegionHeader *h = region_header(r);
    for (uint32_t seq = 0;;) {
        uint32_t now = __atomic_load_n(&h->request, __ATOMIC_ACQUIRE);
        if (now == seq) {
            os_futex_wait(&h->request, seq, 0);
            continue;
        }
        seq = now;
        if (h->op == WORKER_FLUSH) {
            if (h->flush_to) region_flush_code(r, h->flush_from, h->flush_to);
        } else if (!region_sync_slots(r)) {
            h->host_failures++;
        } else {
            exec_here(r, (Batch *)(uintptr_t)h->batch);
        }
        __atomic_store_n(&h->reply, seq, __ATOMIC_RELEASE);
        os_futex_wake(&h->reply);
    }
}

int main(int argc, char **argv) {
    if (argc < 2 || strtoul(argv[1], NULL, 16) != worker_build()) return WORKER_OTHER_BUILD;
    if (argc == 4 && strcmp(argv[2], "full") == 0) return remote_serve(atoi(argv[3]));
    Region r;
    LibHost host = {0};
    if (argc != 4 || !region_join(&r, atoi(argv[2]), strtoull(argv[3], NULL, 16))) {
        fprintf(stderr, "parallax-worker: cannot map the region\n");
        return 3;
    }
    exec_attach(&r, &host);
    if (!signals_init()) return 3;
    serve(&r);
}
