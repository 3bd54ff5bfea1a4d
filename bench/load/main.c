/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* main.c: the phases of the load program: see load.h and bench/README.md. */

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "load.h"

enum {
    EVENTS = 512,
    TURN_MS = 10, /* a turn's longest sleep */
    STALL_S = 10, /* without a message, or a connection */
    SHOWN = 5,    /* wrong messages */
};

/* --- small things ----------------------------------------------------------------------------- */

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL)
        die("out of memory");
    return p;
}

uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void load_wrong(load *l, const char *what, const uint8_t *got, size_t n)
{
    if (l->errors++ < SHOWN)
        fprintf(stderr, "load: %s: %.*s\n", what, (int)(n < 120 ? n : 120), (const char *)got);
}

/* --- preparing -------------------------------------------------------------------------------- */

/* Words without anything that JSON escapes, in no order that a compressor could learn by heart. */
static void make_filler(load *l)
{
    static const char *const words[] = {"vireo", "river", "lamp",  "stone", "message", "green",
                                        "room",  "seven", "paper", "north", "window",  "quiet"};
    uint32_t random = 1;
    size_t len = 0;
    l->filler = allocate(l->size + 32, 1);
    while (len < l->size) {
        random = random * 1103515245 + 12345;
        const char *word = words[(random >> 16) % (sizeof words / sizeof *words)];
        len += (size_t)snprintf(l->filler + len, l->size + 32 - len, "%s-%u ", word, random >> 26);
    }
    l->filler[l->size] = '\0';
}

static void prepare_tls(load *l)
{
    l->tls_context = SSL_CTX_new(TLS_client_method());
    if (l->tls_context == NULL)
        die("no TLS");
    SSL_CTX_set_mode(l->tls_context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void prepare(load *l)
{
    unsigned count = l->connections * (l->mode->polls ? 2 : 1);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN); /* TLS writes without MSG_NOSIGNAL */
    l->poll = epoll_create1(EPOLL_CLOEXEC);
    l->input = allocate(INPUT + 1, 1);
    l->conns = allocate(count, sizeof *l->conns);
    for (unsigned i = 0; i < count; i++)
        l->conns[i] = (conn){.l = l, .index = i};
    make_filler(l);
    if (l->tls)
        prepare_tls(l);
    protocol_prepare(l);
    if (l->mode->traffic->prepare != NULL)
        l->mode->traffic->prepare(l);
}

/* --- running ---------------------------------------------------------------------------------- */

/* One turn, which sleeps for at most |ns|. */
static void turn(load *l, int64_t ns)
{
    struct epoll_event events[EVENTS];
    if (ns < 0 || ns > TURN_MS * INT64_C(1000000))
        ns = TURN_MS * INT64_C(1000000);
    if (l->spin && l->running)
        ns = 0;
    struct timespec sleep = {.tv_nsec = ns};
    int n = epoll_pwait2(l->poll, events, EVENTS, &sleep, NULL);
    l->now = clock_ns();
    for (int i = 0; i < n; i++) {
        if (i > 0 && l->mode->traffic->on_turn != NULL) /* a turn can be long here */
            l->now = clock_ns();
        conn *c = events[i].data.ptr;
        if (c->stage != GONE)
            conn_on_event(c, events[i].events);
    }
}

static void watch_progress(load *l, uint64_t *seen)
{
    uint64_t all = l->messages + l->errors + l->ready;
    if (all != *seen || l->mode->traffic == &idle_traffic)
        l->progressed_at = l->now;
    *seen = all;
    if (l->now <= l->progressed_at + STALL_S * UINT64_C(1000000000))
        return;
    l->over = l->mode->traffic == &storm_traffic; /* who is not in now was refused */
    if (!l->over)
        die("nothing has happened for %d s: %u connections are ready, %u under way", STALL_S,
            l->ready, l->opening);
}

static void connect_all(load *l)
{
    uint64_t seen = 0;
    unsigned next = 0;
    l->now = l->progressed_at = clock_ns();
    while (l->ready < l->connections) {
        for (; next < l->connections && l->opening < l->ramp; next++) {
            l->opening++;
            conn_dial(&l->conns[next]);
        }
        turn(l, -1);
        watch_progress(l, &seen);
    }
}

/* Longer until there is a message: a measurement of none says nothing. */
static void run_for(load *l, double seconds)
{
    bool counts = l->mode->traffic != &idle_traffic;
    uint64_t seen = 0, until = clock_ns() + (uint64_t)(seconds * 1e9);
    l->now = l->progressed_at = clock_ns();
    while ((l->now < until || (counts && l->messages + l->errors == 0)) && !l->over) {
        int64_t sleep = -1;
        if (l->mode->traffic->on_turn != NULL)
            sleep = l->mode->traffic->on_turn(l);
        turn(l, sleep);
        watch_progress(l, &seen);
    }
}

static void forget_warm_up(load *l)
{
    l->messages = l->lost = 0;
    l->latency = l->median_latency = (cli_histogram){0};
}

static double own_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A program beside us says when, with a line on standard input. */
static void wait_for_line(void)
{
    int c = 0;
    while (c != '\n' && c != EOF)
        c = getchar();
}

static void begin_traffic(load *l)
{
    l->running = true;
    l->now = clock_ns();
    if (l->mode->traffic->begin != NULL)
        l->mode->traffic->begin(l);
}

/* A storm has no warm-up: it is measured from its beginning. */
static void measure(load *l, measured *m)
{
    bool storm = l->mode->traffic == &storm_traffic;
    m->before = process_look(l->pid);
    if (!l->mode->comes_and_goes)
        connect_all(l);
    fprintf(stderr, "load: %s, %u connections\n", l->mode->name, l->connections);
    if (l->waits)
        wait_for_line();
    if (!storm) {
        begin_traffic(l);
        run_for(l, l->warm_up);
    }
    forget_warm_up(l);
    m->begin = process_look(l->pid);
    double own = own_cpu_seconds();
    uint64_t began = clock_ns();
    if (storm)
        begin_traffic(l);
    run_for(l, l->seconds);
    m->seconds = (double)(clock_ns() - began) / 1e9;
    m->own_cpu_s = own_cpu_seconds() - own;
    m->end = process_look(l->pid);
    if (storm)
        l->refused = l->connections - l->messages;
}

int main(int argc, char **argv)
{
    static load l;
    measured m = {0};
    options_parse(&l, argc, argv);
    prepare(&l);
    measure(&l, &m);
    report(&l, &m);
    return l.errors + l.refused + l.lost > 0 ? 3 : 0;
}
