/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bench.h: vireo bench: several threads, each with a loop and its share of the connections
 * (bench_worker.c); one that starts, watches and ends them (bench.c); what they have measured, in
 * words and as JSON (bench_report.c); what the server's process has used (bench_server.c).
 *
 * Latency counts from the moment at which a message was due, not from when it was at last sent: a
 * server that stands still for a second would otherwise be asked nothing in that second, and look
 * fast ("coordinated omission"). With --rate, messages are due in regular intervals whatever the
 * server does; one that is not answered at all counts as the time for which it has waited. Without
 * it each connection sends when it was answered, which measures throughput; the latencies are then
 * those of a server under full load.
 */

#ifndef VIREO_CLI_BENCH_H
#define VIREO_CLI_BENCH_H

#include <stdatomic.h>

#include "cli/histogram.h"
#include "cli/link.h"

typedef enum bench_mode { BENCH_ECHO, BENCH_FANOUT, BENCH_CONNECT, BENCH_IDLE } bench_mode;

typedef struct bench {
    cli_target target;
    unsigned mode; /* bench_mode, the words of --mode */
    uint64_t connections, threads, rate, size, window, pid;
    uint32_t duration_ms;
    const char *event;
    bool json, quiet;
    bool interrupted; /* by a signal: what was under way is lost, and says nothing */
    cli_link link;    /* its URL, headers and TLS; it connects nowhere */
    char *padding;    /* |size| bytes */
    uint64_t began;   /* all times count from here; nanoseconds of uv_hrtime */
    _Atomic bool stopping;
} bench;

typedef struct bench_worker bench_worker;

typedef struct bench_conn {
    bench_worker *worker;
    vireo_ws *ws;
    vireo_socket *socket;
    uint64_t asked; /* when it began to connect, in microseconds */
    bool open;
} bench_conn;

#define BENCH_SLOTS 10000

/* Atomic is what the watching thread reads while it runs. */
struct bench_worker {
    bench *b;
    uv_thread_t thread;
    uv_loop_t uv;
    vireo_app *app;
    vireo_timer *clock;
    uv_mutex_t lock;     /* of |ending| */
    bool ending;         /* a signal, or we: nothing can be posted any more */
    size_t index, count; /* of connections */
    bench_conn *conns;
    char *text; /* of a message that is sent; |text_len| bytes */
    size_t text_len;
    size_t asked, turn; /* how many began to connect; who sends next */
    uint64_t start, due_count;
    uint32_t waiting[BENCH_SLOTS]; /* messages without an answer, by when they were due */
    bool measuring;
    char why[512]; /* the first failure */
    cli_histogram latency, connecting;
    _Atomic uint64_t sent, received, opened, refused, lost, unsent;
    _Atomic uint64_t last_open; /* microseconds */
    double cpu_seconds, seconds;
};

/* bench_worker_run is the thread: connects, and runs until it is told to end. */
void bench_worker_run(void *worker);

/* bench_worker_open prepares one. False when memory runs out. bench_worker_close frees it; the
 * thread has ended. */
bool bench_worker_open(bench_worker *w, bench *b, size_t index, size_t count);
void bench_worker_close(bench_worker *w);

/* bench_worker_begin and _end have it begin to measure, and end. Any thread; nothing happens when
 * it is ending by a signal. */
void bench_worker_begin(bench_worker *w);
void bench_worker_end(bench_worker *w);
bool bench_worker_ending(bench_worker *w);

/* What a process uses. */
typedef struct bench_server_use {
    double bytes, cpu_us;
} bench_server_use;

/* bench_look_at_server reads what the process has used so far. False when there is none. */
bool bench_look_at_server(uint64_t pid, bench_server_use *use);

/* What all have done. */
typedef struct bench_result {
    uint64_t sent, received, opened, refused, lost, unsent;
    double seconds; /* of measuring; of connecting in that mode */
    double busiest; /* part of a thread's time that was its own work, the busiest one's */
    /* with --pid */
    double server_bytes; /* for each connection */
    double server_cpu;   /* microseconds for each message; for each connection in that mode */
    double server_load;  /* part of one processor's time; above 1 with several threads */
    cli_histogram latency, connecting;
} bench_result;

/* bench_report writes it. */
void bench_report(const bench *b, const bench_result *r);

static inline uint64_t bench_now(const bench *b) /* microseconds */
{
    return (uv_hrtime() - b->began) / 1000;
}

#endif
