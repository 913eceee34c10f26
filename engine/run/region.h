/* Region: the memory of one store, at one fixed address in every process that uses it.
 *
 * A shared file mapped at `base`; so a store made here can be run by a worker process of another ISA,
 * where all pointers are the same.  Layout, offsets from base:
 *
 *   CONTROL  header, execution state, log of host calls
 *   HEAP     instances, tables, globals, segments: a bump allocator, reset with the store
 *   CODE     compiled code; the writer has an RW alias elsewhere, who executes maps it here RX
 *   STACK    native stack of compiled code, guard pages below
 *   SLOTS    linear memories, one a slot: 4 GiB of index + 4 GiB of offset + a page of slack, which the owner reserves
 *
 * A worker maps of a slot no more than has been used: what is not mapped faults as well, and an emulator records each
 * reserved page (8 GiB cost qemu-user 155 ms and 55 MB).
 *
 * CODE is handed out like a ring, since new code at new addresses needs no invalidation under qemu (store.c wraps it).
 * Of a slot [0, length) is accessible.
 *
 * Protection keeps to [0, length) under bounds=explicit too, so that a missing check is seen. */
#pragma once
#include <stdbool.h>
#include "wasm/store.h"

#define REGION_BASE UINT64_C(0x200000000000) /* of region 0: free in plain, ASan and qemu-user processes */
#define REGION_STRIDE (UINT64_C(1) << 40)
enum {
    REGION_ES = 4096,
    REGION_LOG = 64 * 1024,
    REGION_LOG_SIZE = 960 * 1024,
    REGION_HEAP = 1 << 20,
    REGION_HEAP_SIZE = 255 << 20,
    REGION_CODE = 256 << 20,
    REGION_CODE_SIZE = 128 << 20,
    REGION_STUBS_SIZE = 1 << 20, /* at the start of CODE: stubs and adaptors, which outlive stores */
    REGION_STACK = 512 << 20,
    REGION_STACK_SIZE = 64 << 20,
    REGION_GUARD_SIZE = 68 << 10, /* at its low end, inaccessible; STACK_GUARD_BYTES of code/target.h */
    REGION_SLOTS_MAX = 100
};
#define REGION_SLOT0 (UINT64_C(1) << 32)
#define REGION_SLOT_STRIDE (UINT64_C(9) << 30)
#define REGION_SLOT_SPAN ((UINT64_C(8) << 30) + 65536)
#define REGION_FILE_SIZE (REGION_SLOT0 + REGION_SLOT_STRIDE * REGION_SLOTS_MAX)

/* Shared by the processes; at the start of the region. */
typedef struct RegionHeader {
    /* mailbox of a worker (oracles/worker) */
    uint32_t request, reply; /* sequence numbers, futexes */
    uint32_t op, status;
    uint32_t flush_from, flush_to;       /* the range of CODE to flush */
    uint64_t batch;                      /* address of the Batch to run */
    uint64_t heap_at;                    /* next free byte of HEAP, as an offset from base */
    uint64_t nlog_calls;                 /* host calls made */
    uint64_t log_hash;                   /* of all of them */
    uint64_t host_failures;              /* growth the host could not give: the run then means nothing, and says so */
    uint64_t adaptors;                   /* address of MixedAdaptors by signature (run/mixed.h); 0: none */
    uint64_t log_used;                   /* words written to the log; it stops when full, the hash goes on */
    uint64_t slot_len[REGION_SLOTS_MAX]; /* bytes accessible, or SLOT_UNUSED */
} RegionHeader;

typedef struct Region {
    uint8_t *base;
    int fd;
    bool owner;                             /* made the file */
    bool executes;                          /* CODE is mapped RX at its place */
    uint8_t *code_rw;                       /* alias of CODE for writing; NULL in a worker */
    uint64_t slot_access[REGION_SLOTS_MAX]; /* this process: accessible bytes; SLOT_CLOSED: not used yet */
    uint64_t slot_mapped[REGION_SLOTS_MAX]; /* this process: bytes mapped, accessible or not */
    uint64_t slot_high[REGION_SLOTS_MAX];   /* owner: most bytes ever accessible since the last reset */
    uint64_t slot_user[REGION_SLOTS_MAX];   /* owner: number of the store that had it last; 0: none yet */
    uint64_t number;                        /* owner: of the store that is in the region, from 1 on */
    uint32_t code_at;                       /* owner: next free byte of CODE */
    uint32_t nparts;                        /* parts mapped so far: what region_free may unmap */
} Region;
#define SLOT_CLOSED UINT64_MAX
/* In the header: no memory of the store is there; each process leaves the slot as it was, for region_take_slot. */
#define SLOT_UNUSED UINT64_MAX

/* Make region number `number` and map it; `executes`: this process will run code of its own ISA there. */
bool region_make(Region *r, uint32_t number, bool executes);
/* Map an existing region's file `fd` at `base`, to execute (worker). */
bool region_join(Region *r, int fd, uint64_t base);
void region_free(Region *r);
/* Owner: forget all instances; memory reads as zero again.  Code and stubs stay. */
void region_reset(Region *r);

static inline RegionHeader *region_header(const Region *r) { return (RegionHeader *)(void *)r->base; }
static inline ExecState *region_es(const Region *r) { return (ExecState *)(void *)(r->base + REGION_ES); }
/* Zeroed memory of HEAP; NULL when it is full. */
void *region_alloc(const Region *r, uint64_t size, uint64_t align);
/* Owner: a slot for a memory of so many bytes, until region_reset; REGION_SLOTS_MAX: all are taken.  One that is as
 * large as that already, if there is one: changing the protection costs an emulator as much as translating many a
 * block. */
uint32_t region_take_slot(Region *r, uint64_t bytes);
static inline bool region_slot_taken(const Region *r, uint32_t slot) { return r->slot_user[slot] == r->number; }
/* Make exactly [0, bytes) of the slot accessible in this process, as the header has it or will have it. */
bool region_slot_resize(Region *r, uint32_t slot, uint64_t bytes);
/* The next part [*from, *to) of a slot, from *from on and below *to, that may be something else than zeros; false:
 * none. */
bool region_slot_data(const Region *r, uint32_t slot, uint64_t *from, uint64_t *to);
/* Bring this process's view of all slots in line with the header. */
bool region_sync_slots(Region *r);
static inline uint8_t *region_slot(const Region *r, uint32_t slot) {
    return r->base + REGION_SLOT0 + REGION_SLOT_STRIDE * slot;
}
static inline uint64_t *region_log(const Region *r) { return (uint64_t *)(void *)(r->base + REGION_LOG); }
/* Executing process: what has been written over old code at [from, to) of CODE is seen from now on.  The cost grows
 * with the range: an emulator takes 10 ns or more for each line of cache. */
void region_flush_code(Region *r, uint32_t from, uint32_t to);
