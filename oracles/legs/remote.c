#define _GNU_SOURCE
#include "oracles/legs/remote.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "wasm/validate.h"

typedef enum MsgKind {
    MSG_OPEN,
    MSG_RESET,
    MSG_LOAD,
    MSG_INSTANTIATE,
    MSG_REGISTER,
    MSG_INVOKE,
    MSG_GLOBAL,
    MSG_OBSERVE
} MsgKind;

typedef struct Msg { /* followed by `payload` bytes */
    uint32_t kind, payload;
    uint32_t a, b;
    int32_t inst;
    uint32_t name_len; /* the payload starts with a name */
    StoreLimits limits;
    LegSpec spec;
} Msg;

typedef struct Reply { /* followed by `payload` bytes */
    uint32_t ok, number;
    int32_t inst;
    uint32_t type, payload;
    uint32_t crashed;
    Value value;
    StepResult step;
} Reply;

struct Remote {
    LegSpec spec;
    pid_t pid;
    int fd;
    int timeout_ms;   /* for a call */
    bool hung;        /* the last call did not come back in time */
    bool second;      /* run it under the second emulator */
    bool other_build; /* it ended since its binary is of another build */
    uint8_t *buf;
    size_t cap;
};

/* Below the time that a whole module has: the leg reports the hang, not its parent. */
enum { REMOTE_TIMEOUT_MS = 100000, SLICE_MS = 20 };

/* -- Bytes over the socket ----------------------------------------------------- */

static bool send_all(int fd, const void *p, size_t n) {
    const char *at = p;
    while (n) {
        ssize_t k = send(fd, at, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

/* A limit of the time (os_spent_ns) that the process at the other end takes for the next bytes. */
typedef struct Limit {
    pid_t pid;
    int ms;
    bool late; /* it has run out */
} Limit;

/* Wait for bytes; false: there will be none, or not in time.  `limit`: NULL for none. */
static bool wait_input(int fd, Limit *limit) {
    OsTime since = limit ? os_time_of(limit->pid) : (OsTime){0};
    for (;;) {
        struct pollfd pf = {.fd = fd, .events = POLLIN};
        int ready = poll(&pf, 1, limit ? SLICE_MS : -1);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
        if (!limit || os_spent_ns(since, os_time_of(limit->pid)) < (uint64_t)limit->ms * 1000000) continue;
        limit->late = true;
        return false;
    }
}

static bool recv_all(int fd, void *p, size_t n, Limit *limit) {
    char *at = p;
    while (n) {
        if (!wait_input(fd, limit)) return false;
        ssize_t k = recv(fd, at, n, 0);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

static bool room(uint8_t **buf, size_t *cap, size_t n) {
    if (n <= *cap) return true;
    uint8_t *p = realloc(*buf, n);
    if (!p) return false;
    *buf = p;
    *cap = n;
    return true;
}

/* -- Client ------------------------------------------------------------------------ */

static void end(Remote *r) {
    if (r->fd >= 0) close(r->fd);
    r->fd = -1;
    if (r->pid > 0) {
        int status = 0;
        kill(r->pid, SIGKILL);
        while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR) {
        }
        r->other_build = WIFEXITED(status) && WEXITSTATUS(status) == WORKER_OTHER_BUILD;
    }
    r->pid = 0;
}

/* Send a message, get its reply; false when the process is gone or hangs: it is ended then. */
static bool call(Remote *r, Msg *m, Name name, const void *payload, uint32_t n, Reply *reply) {
    m->name_len = name.n;
    m->payload = name.n + n;
    Limit limit = {r->pid, r->timeout_ms, false};
    bool ok = r->fd >= 0 && send_all(r->fd, m, sizeof *m) && send_all(r->fd, name.at, name.n) &&
              send_all(r->fd, payload, n) && recv_all(r->fd, reply, sizeof *reply, &limit) &&
              room(&r->buf, &r->cap, reply->payload) && recv_all(r->fd, r->buf, reply->payload, &limit);
    r->hung = limit.late;
    if (!ok) end(r);
    return ok;
}

static void lost(const Remote *r, StepResult *s) {
    *s = (StepResult){.kind = r->hung ? OUT_HANG : OUT_CRASH, .site = {NO_INDEX, NO_INDEX, 0}};
}

static bool spawn(Remote *r, char *why, size_t why_size) {
    char emulator[256], binary[256];
    const char *isa = leg_kind_name(r->spec.kind);
    if (!worker_command(isa, emulator, binary, why, why_size)) return false;
    if (r->second && !worker_second_emulator(isa, emulator, why, why_size)) return false;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        snprintf(why, why_size, "socketpair: %s", strerror(errno));
        return false;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        char build[16], fd[16];
        int child = dup(pair[1]);
        close(pair[0]);
        close(pair[1]);
        snprintf(build, sizeof build, "%x", worker_build());
        snprintf(fd, sizeof fd, "%d", child);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        signal(SIGINT, SIG_IGN);
        worker_exec(isa, emulator, binary, (const char *const[]){build, "full", fd}, 3);
    }
    close(pair[1]);
    r->fd = pair[0];
    r->pid = pid;
    Msg m = {.kind = MSG_OPEN, .spec = r->spec};
    m.spec.full = false;
    Reply reply;
    if (pid > 0 && call(r, &m, (Name){NULL, 0}, NULL, 0, &reply) && reply.ok) return true;
    end(r);
    snprintf(
        why, why_size,
        r->other_build ? "%.100s is of another build than this program: build it again" : "%.100s does not run here",
        binary);
    return false;
}

Remote *remote_open(const LegSpec *spec, char *why, size_t why_size) {
    Remote *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->spec = *spec;
    r->fd = -1;
    r->timeout_ms = REMOTE_TIMEOUT_MS;
    if (spawn(r, why, why_size)) return r;
    free(r);
    return NULL;
}

void remote_renew(Remote *r, bool second) {
    end(r);
    r->second = second;
}

void remote_set_timeout(Remote *r, int ms) { r->timeout_ms = ms; }

void remote_limit_time(Remote *r, uint64_t ns) {
    if (ns / 1000000 < (uint64_t)r->timeout_ms) r->timeout_ms = (int)(ns / 1000000);
}

void remote_close(Remote *r) {
    end(r);
    free(r->buf);
    free(r);
}

bool remote_reset(Remote *r, const StoreLimits *limits) {
    char why[200];
    if (r->fd < 0 && !spawn(r, why, sizeof why)) return false;
    Msg m = {.kind = MSG_RESET, .limits = *limits};
    Reply reply;
    return call(r, &m, (Name){NULL, 0}, NULL, 0, &reply) && reply.ok;
}

bool remote_load(Remote *r, const Module *module, uint32_t *number, StepResult *fail) {
    Msg m = {.kind = MSG_LOAD, .a = module->features};
    Reply reply;
    if (!call(r, &m, (Name){NULL, 0}, module->bytes, module->size, &reply)) {
        lost(r, fail);
        return false;
    }
    *fail = reply.step;
    *number = reply.number;
    return reply.ok != 0;
}

int32_t remote_instantiate(Remote *r, uint32_t module, StepResult *out) {
    Msg m = {.kind = MSG_INSTANTIATE, .a = module};
    Reply reply;
    if (!call(r, &m, (Name){NULL, 0}, NULL, 0, &reply)) {
        lost(r, out);
        return -1;
    }
    *out = reply.step;
    return reply.inst;
}

bool remote_register(Remote *r, Name name, int32_t inst) {
    Msg m = {.kind = MSG_REGISTER, .inst = inst};
    Reply reply;
    return call(r, &m, name, NULL, 0, &reply) && reply.ok;
}

bool remote_invoke(Remote *r, int32_t inst, Name name, const Value *args, uint32_t nargs, StepResult *out) {
    Msg m = {.kind = MSG_INVOKE, .inst = inst, .a = nargs};
    Reply reply;
    if (!call(r, &m, name, args, nargs * (uint32_t)sizeof *args, &reply)) {
        lost(r, out);
        return true;
    }
    *out = reply.step;
    return reply.ok != 0;
}

bool remote_global(Remote *r, int32_t inst, Name name, Value *v, ValType *type) {
    Msg m = {.kind = MSG_GLOBAL, .inst = inst};
    Reply reply;
    if (!call(r, &m, name, NULL, 0, &reply)) return false;
    *v = reply.value;
    *type = reply.type;
    return reply.ok != 0;
}

void remote_observe(Remote *r, Observation *o) {
    Msg m = {.kind = MSG_OBSERVE};
    Reply reply;
    if (!call(r, &m, (Name){NULL, 0}, NULL, 0, &reply)) {
        StepResult step;
        lost(r, &step);
        observe_step(o, STEP_STATE, &step);
        return;
    }
    const Field *f = (const Field *)(const void *)r->buf;
    for (uint32_t i = 0; i < reply.payload / sizeof *f; i++) {
        Field field;
        memcpy(&field, f + i, sizeof field);
        vec_push(o->arena, &o->field, field);
    }
}

/* -- Server --------------------------------------------------------------------------- */

typedef struct Server {
    Leg leg;
    Arena arena; /* modules and code of the case */
    VEC(LegModule) modules;
    uint8_t *buf;
    size_t cap;
    Observation obs;
} Server;

static void serve_load(Server *s, const Msg *m, Reply *reply) {
    Err err;
    const uint8_t *bytes = (const uint8_t *)arena_dup(&s->arena, s->buf, m->payload);
    Module *module = module_decode_valid(&s->arena, bytes, m->payload, m->a, &err);
    LegModule lm;
    if (!module) {
        reply->step = (StepResult){.kind = OUT_UNLINKABLE, .err = err};
    } else if (leg_load(&s->leg, &s->arena, module, &lm, &reply->step)) {
        reply->ok = 1;
        reply->number = s->modules.n;
        vec_push(&s->arena, &s->modules, lm);
    }
}

static void serve_message(Server *s, const Msg *m, Reply *reply) {
    char why[200];
    Name name = {(const char *)s->buf, m->name_len};
    switch ((MsgKind)m->kind) {
    case MSG_OPEN: reply->ok = leg_open(&s->leg, &m->spec, 0, why, sizeof why); break;
    case MSG_RESET:
        arena_reset(&s->arena);
        memset(&s->modules, 0, sizeof s->modules);
        reply->ok = leg_reset(&s->leg, &m->limits);
        break;
    case MSG_LOAD: serve_load(s, m, reply); break;
    case MSG_INSTANTIATE: reply->inst = leg_instantiate(&s->leg, &s->modules.at[m->a], &reply->step); break;
    case MSG_REGISTER:
        name.at = arena_dup(&s->arena, name.at, name.n);
        reply->ok = leg_register(&s->leg, name, m->inst);
        break;
    case MSG_INVOKE: {
        Value *args = ARENA_ARRAY(&s->arena, Value, m->a);
        memcpy(args, s->buf + m->name_len, m->a * sizeof *args);
        reply->ok = leg_invoke(&s->leg, m->inst, name, args, m->a, &reply->step);
        break;
    }
    case MSG_GLOBAL: reply->ok = leg_global(&s->leg, m->inst, name, &reply->value, &reply->type); break;
    case MSG_OBSERVE:
        observation_init(&s->obs, &s->arena);
        leg_observe(&s->leg, &s->obs);
        reply->payload = s->obs.field.n * (uint32_t)sizeof(Field);
        break;
    }
}

int remote_serve(int fd) {
    Server *s = calloc(1, sizeof *s);
    Msg m;
    if (!s) return 3;
    arena_init(&s->arena, NULL);
    while (recv_all(fd, &m, sizeof m, NULL)) {
        if (!room(&s->buf, &s->cap, m.payload) || !recv_all(fd, s->buf, m.payload, NULL)) return 1;
        Reply reply = {.inst = -1};
        serve_message(s, &m, &reply);
        if (!send_all(fd, &reply, sizeof reply) || !send_all(fd, s->obs.field.at, reply.payload)) return 1;
    }
    return 0;
}
