#define _GNU_SOURCE
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t fail_after; /* tests only: see os_fail_alloc_after */

void os_fail_alloc_after(uint64_t n) { fail_after = n; }
bool os_alloc_may_fail(void) { return fail_after != 0; }
static bool fails(void) { return fail_after && --fail_after == 0; }

void *os_malloc(size_t n) { return fails() ? NULL : malloc(n); }

void os_free(void *p) { free(p); }

int os_memfd(const char *name, uint64_t size) {
    if (fails()) return -1;
    int fd = memfd_create(name, 0); /* inherited by a worker across exec */
    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int prot_bits(int prot) {
    return (prot & OS_READ ? PROT_READ : 0) | (prot & OS_WRITE ? PROT_WRITE : 0) | (prot & OS_EXEC ? PROT_EXEC : 0);
}

void *os_map(void *at, uint64_t len, int prot, int fd, uint64_t offset) {
    if (fails()) return NULL;
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED | MAP_NORESERVE;
    if (at) flags |= MAP_FIXED_NOREPLACE;
    void *p = mmap(at, len, prot_bits(prot), flags, fd, (off_t)offset);
    if (p == MAP_FAILED) return NULL;
    if (at && p != at) { /* kernels without MAP_FIXED_NOREPLACE take it as a hint */
        munmap(p, len);
        return NULL;
    }
    return p;
}

bool os_protect(void *at, uint64_t len, int prot) {
    if (prot != OS_NONE && fails()) return false;
    return mprotect(at, len, prot_bits(prot)) == 0;
}
void os_unmap(void *at, uint64_t len) { munmap(at, len); }

bool os_punch(int fd, uint64_t offset, uint64_t len) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) == 0;
}

bool os_next_data(int fd, uint64_t *from, uint64_t *to) {
    off_t data = lseek(fd, (off_t)*from, SEEK_DATA);
    if (data < 0 && errno != ENXIO) return *from < *to; /* the file system does not know: it may be all of it */
    if (data < 0 || (uint64_t)data >= *to) return false;
    off_t hole = lseek(fd, data, SEEK_HOLE);
    *from = (uint64_t)data;
    if (hole >= 0 && (uint64_t)hole < *to) *to = (uint64_t)hole;
    return true;
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) return 0;
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t os_now_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

/* Of its first thread, the second number of /proc/PID/schedstat; 0: the kernel does not say. */
static uint64_t waited_ns(int pid) {
    char path[40], text[100];
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) + 1 : 0;
}

OsTime os_time_of(int pid) {
    clockid_t clock;
    bool there = clock_getcpuclockid(pid, &clock) == 0;
    return (OsTime){there ? nanoseconds(clock) : 0, os_now_ns(), pid ? waited_ns(pid) : 0};
}

uint64_t os_spent_ns(OsTime from, OsTime to) {
    uint64_t cpu = to.cpu_ns > from.cpu_ns ? to.cpu_ns - from.cpu_ns : 0;
    uint64_t wall = to.wall_ns > from.wall_ns ? to.wall_ns - from.wall_ns : 0;
    uint64_t wait = from.wait_ns && to.wait_ns > from.wait_ns ? to.wait_ns - from.wait_ns : 0;
    wall = wall > wait ? (wall - wait) / OS_PATIENCE : 0;
    return cpu > wall ? cpu : wall;
}

bool os_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns) {
    struct timespec t = {(time_t)(timeout_ns / UINT64_C(1000000000)), (long)(timeout_ns % UINT64_C(1000000000))};
    long r = syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout_ns ? &t : NULL, NULL, 0);
    return r == 0 || errno != ETIMEDOUT;
}

void os_futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }
