/* What the engine asks of the operating system (Linux); the only file with such calls. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OS_PAGE 4096u

enum { OS_NONE = 0, OS_READ = 1, OS_WRITE = 2, OS_EXEC = 4 };

/* Test hook: the n-th request for memory from now (1 = next) fails; 0 turns it off.  Requests are os_malloc, os_map,
 * os_memfd, and os_protect where it makes memory accessible.  While one is to fail, arenas take each allocation from
 * os_malloc by itself.  The engine's sole mutable static, tests alone set it. */
void os_fail_alloc_after(uint64_t n);
bool os_alloc_may_fail(void); /* one is to fail, and has not yet */
void *os_malloc(size_t n);    /* NULL when out of memory */
void os_free(void *p);

int os_memfd(const char *name, uint64_t size); /* -1 on failure */
/* Map `len` bytes of `fd` at `offset`; at == NULL: anywhere.  With `at`, exactly there, and
 * failing (NULL) when something is mapped there already.  fd -1: anonymous memory. */
void *os_map(void *at, uint64_t len, int prot, int fd, uint64_t offset);
bool os_protect(void *at, uint64_t len, int prot);
void os_unmap(void *at, uint64_t len);
/* Give the pages of [offset, offset + len) of a shared file back to the system; they read as zero afterwards.
 * By the file, not by madvise: emulators of other ISAs take advice as something they may ignore. */
bool os_punch(int fd, uint64_t offset, uint64_t len);
/* The next part [*from, *to) of a file, from *from on and below *to, that may be something else than zeros; false:
 * there is none.  Unlike reading, it makes no pages of what nobody has written. */
bool os_next_data(int fd, uint64_t *from, uint64_t *to);

uint64_t os_now_ns(void); /* monotonic clock */

/* What limits of time are measured by: the processor time of a process, which no other one on a busy machine takes from
 * it, and the monotonic clock for one that sleeps or is stopped, OS_PATIENCE times as much.  What it waits for a
 * processor is no sleep, as far as that is known. */
enum { OS_PATIENCE = 10 };
typedef struct OsTime {
    uint64_t cpu_ns, wall_ns;
    uint64_t wait_ns; /* for a processor, and 1; 0: not known */
} OsTime;
/* 0: of this process, quickly, without wait_ns; one that is gone has no processor time. */
OsTime os_time_of(int pid);
/* Between two times of a process: processor time, or the other over OS_PATIENCE where that is more. */
uint64_t os_spent_ns(OsTime from, OsTime to);

/* Shared (not process-private) futex on a word in shared memory. timeout_ns 0: no limit.
 * Returns false on timeout; true when woken or when *word != expected. */
bool os_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void os_futex_wake(uint32_t *word);
