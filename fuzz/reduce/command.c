/* The oracle that is a command: its exit status for a file. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/os.h"
#include "fuzz/reduce/oracle.h"

enum { MAX_COMMANDS = 64, POLL_US = 200, SLOW_POLL_US = 5000 };

static bool file_of(const CommandOracle *o, uint32_t i, char *path, size_t size) {
    int n = snprintf(path, size, "%s/case-%u.wasm", o->dir, i);
    return n > 0 && (size_t)n < size;
}

static bool write_file(const char *path, ReduceBytes b) {
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    bool ok = fwrite(b.at, 1, b.n, f) == b.n;
    return fclose(f) == 0 && ok;
}

/* In a process group of its own, so that all of it can be ended. */
static pid_t start(const CommandOracle *o, const char *path) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    setpgid(0, 0);
    if (o->asked && (!freopen("/dev/null", "wb", stdout) || !freopen("/dev/null", "wb", stderr))) _exit(127);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char *line;
    if (asprintf(&line, "%s \"$1\"", o->command) < 0) _exit(127);
    execl("/bin/sh", "sh", "-c", line, "sh", path, (char *)NULL);
    _exit(127);
}

static bool finish(const CommandOracle *o, pid_t pid, uint64_t since) {
    int status;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (got < 0 && errno != EINTR) return false;
        uint64_t spent = os_now_ns() - since;
        if (o->timeout_ns && spent > o->timeout_ns) {
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            }
            return false;
        }
        usleep(spent > UINT64_C(100000000) ? SLOW_POLL_US : POLL_US);
    }
}

static void ask_command(void *user, const ReduceBytes *module, uint32_t n, ReduceBucket *shown) {
    CommandOracle *o = user;
    pid_t pid[MAX_COMMANDS];
    uint64_t since = os_now_ns();
    for (uint32_t i = 0; i < n; i++) {
        char path[128];
        pid[i] = file_of(o, i, path, sizeof path) && write_file(path, module[i]) ? start(o, path) : -1;
    }
    o->asked = true;
    for (uint32_t i = 0; i < n; i++) shown[i] = (ReduceBucket){.differs = pid[i] > 0 && finish(o, pid[i], since)};
}

static bool probe_command(void *user, ReduceBytes module, ProbeRun *run) {
    const CommandOracle *o = user;
    return o->probe->probe(o->probe->user, module, run);
}

bool oracle_command_open(CommandOracle *o, ReduceOracle *out, char *why, size_t why_size) {
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(o->dir, sizeof o->dir, "%s/parallax-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (n < 0 || !mkdtemp(o->dir)) {
        snprintf(why, why_size, "no temporary directory: %s", strerror(errno));
        return false;
    }
    if (!o->jobs) o->jobs = 1;
    if (o->jobs > MAX_COMMANDS) o->jobs = MAX_COMMANDS;
    *out = (ReduceOracle){o, o->jobs, ask_command, o->probe && o->probe->probe ? probe_command : NULL};
    return true;
}

void oracle_command_close(CommandOracle *o) {
    for (uint32_t i = 0; i < o->jobs; i++) {
        char path[128];
        if (file_of(o, i, path, sizeof path)) unlink(path);
    }
    rmdir(o->dir);
}
