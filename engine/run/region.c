#include "run/region.h"
#include <string.h>
#include <unistd.h>
#include "base/bits.h"
#include "base/os.h"

/* Above this many dirty bytes, giving the pages back beats clearing them. */
enum { CLEAR_BY_HAND = 1 << 20 };
enum { OPEN_SLOTS = 24 };            /* so many are kept for memories of the sizes that were there */
enum { WORKER_SLOT_STEP = 4 << 20 }; /* a worker maps so much of a slot at a time: as large as most memories */

typedef struct Part {
    uint64_t offset, size;
    int prot;
} Part;
/* What is mapped from the start; slots follow when they are used. */
static const Part part[] = {
    {0, REGION_HEAP + REGION_HEAP_SIZE, OS_READ | OS_WRITE},
    {REGION_CODE, REGION_CODE_SIZE, OS_READ}, /* and OS_EXEC, in a process that executes */
    {REGION_STACK, REGION_GUARD_SIZE, OS_NONE},
    {REGION_STACK + REGION_GUARD_SIZE, REGION_STACK_SIZE - REGION_GUARD_SIZE, OS_READ | OS_WRITE},
};
enum { NPARTS = sizeof part / sizeof *part };

/* Something else may be mapped there (another region of the same number): what was mapped until then is ours, no more.
 */
static bool map_parts(Region *r) {
    for (r->nparts = 0; r->nparts < NPARTS; r->nparts++) {
        const Part *p = &part[r->nparts];
        int prot = p->offset == REGION_CODE && r->executes ? OS_READ | OS_EXEC : p->prot;
        if (!os_map(r->base + p->offset, p->size, prot, r->fd, p->offset)) return false;
    }
    return true;
}

static void close_slots(Region *r) {
    for (uint32_t i = 0; i < REGION_SLOTS_MAX; i++) r->slot_access[i] = SLOT_CLOSED;
}

bool region_make(Region *r, uint32_t number, bool executes) {
    *r = (Region){.base = (uint8_t *)(uintptr_t)(REGION_BASE + REGION_STRIDE * number),
                  .owner = true,
                  .executes = executes,
                  .number = 1,
                  .code_at = REGION_STUBS_SIZE};
    close_slots(r);
    r->fd = os_memfd("parallax-region", REGION_FILE_SIZE);
    if (r->fd < 0) return false;
    r->code_rw = os_map(NULL, REGION_CODE_SIZE, OS_READ | OS_WRITE, r->fd, REGION_CODE);
    if (!r->code_rw || !map_parts(r)) {
        region_free(r);
        return false;
    }
    region_header(r)->heap_at = REGION_HEAP;
    return true;
}

bool region_join(Region *r, int fd, uint64_t base) {
    *r = (Region){.base = (uint8_t *)(uintptr_t)base, .fd = fd, .executes = true};
    close_slots(r);
    return map_parts(r);
}

void region_free(Region *r) {
    for (uint32_t i = 0; i < r->nparts; i++) os_unmap(r->base + part[i].offset, part[i].size);
    for (uint32_t i = 0; r->base && i < REGION_SLOTS_MAX; i++)
        if (r->slot_mapped[i]) os_unmap(region_slot(r, i), r->slot_mapped[i]);
    if (r->code_rw) os_unmap(r->code_rw, REGION_CODE_SIZE);
    if (r->owner && r->fd >= 0) close(r->fd);
    *r = (Region){.fd = -1};
}

static void clear(const Region *r, uint8_t *at, uint64_t n) {
    if (n <= CLEAR_BY_HAND || !os_punch(r->fd, (uint64_t)(at - r->base), bits_align(n, OS_PAGE))) memset(at, 0, n);
}

void region_reset(Region *r) {
    RegionHeader *h = region_header(r);
    for (uint32_t i = 0; i < REGION_SLOTS_MAX; i++) {
        if (r->slot_access[i] == SLOT_CLOSED) continue;
        if (h->slot_len[i] != SLOT_UNUSED && h->slot_len[i] > r->slot_high[i]) r->slot_high[i] = h->slot_len[i];
        h->slot_len[i] = SLOT_UNUSED;
        if (!r->slot_high[i]) continue;
        uint8_t *at = region_slot(r, i);
        if (region_slot_resize(r, i, r->slot_high[i]))
            clear(r, at, r->slot_high[i]);
        else
            os_punch(r->fd, (uint64_t)(at - r->base),
                     r->slot_high[i]); /* what is not accessible goes by the file alone */
        r->slot_high[i] = 0;
    }
    clear(r, r->base + REGION_HEAP, h->heap_at - REGION_HEAP);
    h->heap_at = REGION_HEAP;
    r->number++;
    h->nlog_calls = h->log_hash = h->log_used = h->host_failures = h->adaptors = 0;
}

void *region_alloc(const Region *r, uint64_t size, uint64_t align) {
    RegionHeader *h = region_header(r);
    uint64_t at = bits_align(h->heap_at, align);
    uint64_t end = (uint64_t)REGION_HEAP + REGION_HEAP_SIZE;
    if (size > end || at > end - size) return NULL;
    h->heap_at = at + size;
    return r->base + at;
}

uint32_t region_take_slot(Region *r, uint64_t bytes) {
    uint32_t best = REGION_SLOTS_MAX, open = 0;
    for (uint32_t i = 0; i < REGION_SLOTS_MAX; i++) {
        open += r->slot_access[i] != SLOT_CLOSED;
        if (region_slot_taken(r, i)) continue;
        if (r->slot_access[i] == bytes) {
            best = i;
            break;
        }
        /* Else another one while there are few; or the one that has not been wanted for the longest time. */
        if (r->slot_access[i] == SLOT_CLOSED && open >= OPEN_SLOTS && best < REGION_SLOTS_MAX) continue;
        if (best == REGION_SLOTS_MAX || r->slot_user[i] < r->slot_user[best]) best = i;
    }
    if (best < REGION_SLOTS_MAX) r->slot_user[best] = r->number;
    return best;
}

/* Have [0, bytes) of the slot mapped in this process. */
static bool map_slot(Region *r, uint32_t slot, uint64_t bytes) {
    uint64_t *mapped = &r->slot_mapped[slot];
    uint64_t n = r->owner ? REGION_SLOT_SPAN : bits_align(bytes, WORKER_SLOT_STEP);
    uint8_t *at = region_slot(r, slot) + *mapped;
    if (n <= *mapped) return true;
    if (!os_map(at, n - *mapped, OS_NONE, r->fd, (uint64_t)(at - r->base))) return false;
    *mapped = n;
    return true;
}

bool region_slot_resize(Region *r, uint32_t slot, uint64_t bytes) {
    uint8_t *at = region_slot(r, slot);
    uint64_t *have = &r->slot_access[slot];
    if (!map_slot(r, slot, bytes)) return false;
    if (*have == SLOT_CLOSED) *have = 0;
    if (bytes > *have && !os_protect(at + *have, bytes - *have, OS_READ | OS_WRITE)) return false;
    if (bytes < *have && !os_protect(at + bytes, *have - bytes, OS_NONE)) return false;
    *have = bytes;
    if (r->owner && bytes > r->slot_high[slot]) r->slot_high[slot] = bytes;
    return true;
}

bool region_slot_data(const Region *r, uint32_t slot, uint64_t *from, uint64_t *to) {
    uint64_t offset = (uint64_t)(region_slot(r, slot) - r->base), at = offset + *from, end = offset + *to;
    if (*from >= *to || !os_next_data(r->fd, &at, &end)) return false;
    *from = at - offset;
    *to = end - offset;
    return true;
}

bool region_sync_slots(Region *r) {
    const RegionHeader *h = region_header(r);
    for (uint32_t i = 0; i < REGION_SLOTS_MAX; i++)
        if (h->slot_len[i] != SLOT_UNUSED && (h->slot_len[i] || r->slot_access[i] != SLOT_CLOSED) &&
            r->slot_access[i] != h->slot_len[i] && !region_slot_resize(r, i, h->slot_len[i]))
            return false;
    return true;
}

void region_flush_code(Region *r, uint32_t from, uint32_t to) {
    uint8_t *at = r->base + REGION_CODE + (from & ~(uint32_t)(OS_PAGE - 1));
    uint64_t n = bits_align((uint64_t)to, OS_PAGE) - (uint64_t)(at - r->base - REGION_CODE);
    /* Changing the protection makes an emulator drop its translations; a real processor wants its
     * instruction cache cleared. */
    os_protect(at, n, OS_NONE);
    os_protect(at, n, OS_READ | OS_EXEC);
    __builtin___clear_cache((char *)at, (char *)at + n);
}
