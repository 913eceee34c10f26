/* The one place with per-thread static state: a signal handler is given nothing else to find its store by. */
#define _GNU_SOURCE
#include "run/signals.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include "base/os.h"

static _Thread_local ExecState *current_es;
static _Thread_local const Region *current_region;
static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum { NCAUGHT = sizeof caught / sizeof *caught, ALT_STACK = 64 * 1024 };
static struct sigaction previous[NCAUGHT];
static bool installed;

typedef struct Context {
    uint64_t pc, fp;
} Context;

#if defined(__x86_64__)
static Context context_get(const ucontext_t *u) {
    return (Context){(uint64_t)u->uc_mcontext.gregs[REG_RIP], (uint64_t)u->uc_mcontext.gregs[REG_RBP]};
}
static void context_go(ucontext_t *u, const void *pc, ExecState *es) {
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)pc;
    u->uc_mcontext.gregs[REG_R15] = (greg_t)(uintptr_t)es;
    u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)0x400; /* C expects the direction flag clear */
}
#elif defined(__aarch64__)
static Context context_get(const ucontext_t *u) { return (Context){u->uc_mcontext.pc, u->uc_mcontext.regs[29]}; }
static void context_go(ucontext_t *u, const void *pc, ExecState *es) {
    u->uc_mcontext.pc = (uint64_t)(uintptr_t)pc;
    u->uc_mcontext.regs[28] = (uint64_t)(uintptr_t)es;
}
#else
#error "no signal context for this ISA"
#endif

static void chain(int sig, siginfo_t *info, void *context) {
    for (uint32_t i = 0; i < NCAUGHT; i++) {
        if (caught[i] != sig) continue;
        const struct sigaction *p = &previous[i];
        if (p->sa_flags & SA_SIGINFO) {
            p->sa_sigaction(sig, info, context);
        } else if (p->sa_handler == SIG_DFL || p->sa_handler == SIG_IGN) {
            signal(sig, SIG_DFL); /* the instruction runs again and ends the process as it should */
        } else {
            p->sa_handler(sig);
        }
    }
}

static void on_signal(int sig, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    ExecState *es = current_es;
    Context c = context_get(u);
    if (es && info->si_code > 0) { /* the processor's, not one that a process sent */
        uint64_t code = (uint64_t)(uintptr_t)current_region->base + REGION_CODE;
        if (c.pc - code < REGION_CODE_SIZE) {
            es->fault = 1;
            es->trap_kind = TRAP_CRASH;
            es->trap_pc = c.pc;
            es->trap_fp = c.fp;
            es->fault_addr = (uint64_t)(uintptr_t)info->si_addr;
            context_go(u, es->exit_stub, es);
            return;
        }
    }
    chain(sig, info, context);
}

static void install(void) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = on_signal;
    a.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&a.sa_mask);
    for (uint32_t i = 0; i < NCAUGHT; i++) {
        struct sigaction old;
        sigaction(caught[i], &a, &old);
        if (old.sa_sigaction != on_signal) previous[i] = old;
    }
}

bool signals_init(void) {
    stack_t have;
    if (sigaltstack(NULL, &have) == 0 && (have.ss_flags & SS_DISABLE)) {
        stack_t s = {.ss_sp = os_map(NULL, ALT_STACK, OS_READ | OS_WRITE, -1, 0), .ss_size = ALT_STACK};
        if (!s.ss_sp) return false;
        sigaltstack(&s, NULL);
    }
    if (!installed) install();
    installed = true;
    return true;
}

void signals_reinstall(void) { install(); }

ExecState *signals_enter(ExecState *es, const Region *r, const Region **before) {
    ExecState *old = current_es;
    *before = current_region;
    current_es = es;
    current_region = r;
    return old;
}

void signals_leave(ExecState *es, const Region *r) {
    current_es = es;
    current_region = r;
}
