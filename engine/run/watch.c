/* The handler knows its execution state by a static, as a signal handler must. */
#define _GNU_SOURCE
#include "run/watch.h"
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static ExecState *volatile watched;

static void on_time(int sig) {
    (void)sig;
    if (watched) es_interrupt(watched);
}

static void set_timer(uint64_t ns) {
    uint64_t us = (ns + 999) / 1000;
    struct itimerval t = {.it_value = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)}};
    setitimer(ITIMER_VIRTUAL, &t, NULL);
}

void watch_arm(ExecState *es, uint64_t ns) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = on_time;
    a.sa_flags = SA_ONSTACK | SA_RESTART;
    sigemptyset(&a.sa_mask);
    sigaction(SIGVTALRM, &a, NULL);
    watched = es;
    set_timer(ns);
}

void watch_disarm(void) {
    set_timer(0);
    watched = NULL;
}
