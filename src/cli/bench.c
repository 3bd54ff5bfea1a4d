/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bench.c: vireo bench: starts the threads, watches them, and ends them. */

#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/show.h"

enum { MAX_THREADS = 64, LOOK_MS = 20, TELL_MS = 500, MAX_SIZE = 10000000, MAX_WINDOW = 1000 };

/* --- watching --------------------------------------------------------------------------------- */

typedef struct crew {
    bench *b;
    bench_worker *workers;
    size_t count, running;
    bool tell;
    uint64_t told, received; /* when, and how many there were */
} crew;

#define SUM(crew, field)                                                                           \
    ({                                                                                             \
        uint64_t sum_ = 0;                                                                         \
        for (size_t i_ = 0; i_ < (crew)->count; i_++)                                              \
            sum_ += atomic_load_explicit(&(crew)->workers[i_].field, memory_order_relaxed);        \
        sum_;                                                                                      \
    })

/* A line that the next one takes the place of. */
static void tell(crew *c, const char *what)
{
    uint64_t now = bench_now(c->b);
    if (!c->tell || now - c->told < TELL_MS * 1000)
        return;
    uint64_t received = SUM(c, received);
    double rate = (double)(received - c->received) * 1e6 / (double)(now - c->told);
    c->told = now;
    c->received = received;
    fprintf(stderr, "\r\033[K%s: %llu of %llu connected", what, (unsigned long long)SUM(c, opened),
            (unsigned long long)c->b->connections);
    if (SUM(c, sent) > 0)
        fprintf(stderr, ", %llu sent, %llu received, %.0f per second",
                (unsigned long long)SUM(c, sent), (unsigned long long)received, rate);
    if (SUM(c, lost) + SUM(c, refused) > 0)
        fprintf(stderr, ", %llu lost", (unsigned long long)(SUM(c, lost) + SUM(c, refused)));
}

static void look_away(void)
{
    usleep(LOOK_MS * 1000);
}

static bool interrupted(crew *c)
{
    return c->b->stopping || bench_worker_ending(&c->workers[0]);
}

static void wait_for_connections(crew *c)
{
    while (!interrupted(c) && SUM(c, opened) + SUM(c, refused) < c->b->connections) {
        tell(c, "connecting");
        look_away();
    }
}

static void wait_for_time(crew *c)
{
    uint64_t until = bench_now(c->b) + (uint64_t)c->b->duration_ms * 1000;
    bool measures = c->b->mode != BENCH_CONNECT;
    char what[64];
    while (measures && !interrupted(c) && bench_now(c->b) < until &&
           SUM(c, opened) > SUM(c, lost)) {
        snprintf(what, sizeof what, "%.0f of %.0f s",
                 (double)(bench_now(c->b) + c->b->duration_ms * UINT64_C(1000) - until) / 1e6,
                 (double)c->b->duration_ms / 1000);
        tell(c, what);
        look_away();
    }
}

/* --- the crew --------------------------------------------------------------------------------- */

static bool start(crew *c)
{
    bench *b = c->b;
    size_t given = 0;
    c->workers = calloc(b->threads, sizeof *c->workers);
    if (c->workers == NULL)
        return false;
    b->began = uv_hrtime();
    for (size_t i = 0; i < b->threads; i++) {
        bench_worker *w = &c->workers[i];
        size_t share = (size_t)((i + 1) * b->connections / b->threads) - given;
        given += share;
        if (!bench_worker_open(w, b, i, share))
            return false;
        c->count++;
    }
    for (; c->running < c->count; c->running++)
        if (uv_thread_create(&c->workers[c->running].thread, bench_worker_run,
                             &c->workers[c->running]) < 0)
            return false;
    return true;
}

static void each(crew *c, void (*fn)(bench_worker *w))
{
    for (size_t i = 0; i < c->count; i++)
        fn(&c->workers[i]);
}

static void join(crew *c)
{
    each(c, bench_worker_end);
    for (size_t i = 0; i < c->running; i++)
        uv_thread_join(&c->workers[i].thread);
    for (size_t i = c->running; i < c->count; i++)
        vireo_app_free(c->workers[i].app);
    each(c, bench_worker_close);
    if (c->tell)
        fprintf(stderr, "\r\033[K");
}

static void gather(crew *c, bench_result *r)
{
    uint64_t last_open = 0;
    double all = (double)bench_now(c->b) / 1e6;
    for (size_t i = 0; i < c->count; i++) {
        bench_worker *w = &c->workers[i];
        cli_histogram_merge(&r->latency, &w->latency);
        cli_histogram_merge(&r->connecting, &w->connecting);
        r->busiest = w->cpu_seconds / all > r->busiest ? w->cpu_seconds / all : r->busiest;
        r->seconds = w->seconds > r->seconds ? w->seconds : r->seconds;
        last_open = w->last_open > last_open ? w->last_open : last_open;
    }
    r->sent = SUM(c, sent);
    r->received = SUM(c, received);
    r->opened = SUM(c, opened);
    r->refused = SUM(c, refused);
    r->lost = SUM(c, lost);
    r->unsent = SUM(c, unsent);
    if (c->b->mode == BENCH_CONNECT)
        r->seconds = (double)last_open / 1e6;
}

static const char *first_failure(const crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->workers[i].why[0] != '\0')
            return c->workers[i].why;
    return "interrupted";
}

/* Each connection is a descriptor. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* What the server has used, from |before| all connections over |connected| to |after| all. */
static void gather_server(const bench *b, bench_result *r, const bench_server_use *before,
                          const bench_server_use *connected, const bench_server_use *after)
{
    bool connecting = b->mode == BENCH_CONNECT;
    uint64_t done = connecting ? r->opened : r->received;
    double cpu =
        connecting ? connected->cpu_us - before->cpu_us : after->cpu_us - connected->cpu_us;
    r->server_bytes = (connected->bytes - before->bytes) / (double)r->opened;
    if (done > 0)
        r->server_cpu = cpu / (double)done;
    if (r->seconds > 0)
        r->server_load = cpu / 1e6 / r->seconds;
}

static int judge(const crew *c, const bench_result *r)
{
    const bench *b = c->b;
    bool asked = b->mode == BENCH_ECHO || b->mode == BENCH_FANOUT;
    if (r->opened == 0)
        return cli_fail(b->link.self, CLI_FAILED, "no connection: %s", first_failure(c));
    if (r->refused > 0)
        cli_fail(b->link.self, 0, "%llu connections could not be had: %s",
                 (unsigned long long)r->refused, first_failure(c));
    bool answered = !asked || r->received > 0 || b->interrupted;
    return r->refused > 0 || r->lost > 0 || !answered ? CLI_FAILED : CLI_OK;
}

static int measure(crew *c, bench_result *r)
{
    const bench *b = c->b;
    bench_server_use before = {0}, connected = {0}, after = {0};
    if (b->pid != 0 && !bench_look_at_server(b->pid, &before))
        return cli_fail(b->link.self, CLI_FAILED,
                        "--pid %llu: there is no such process on this machine; pidof tells which",
                        (unsigned long long)b->pid);
    if (!start(c)) {
        c->b->stopping = true;
        join(c);
        return cli_fail(b->link.self, CLI_FAILED,
                        "out of memory, or threads; fewer --connections?");
    }
    wait_for_connections(c);
    bench_look_at_server(b->pid, &connected);
    if (SUM(c, opened) > 0)
        each(c, bench_worker_begin);
    wait_for_time(c);
    c->b->interrupted = interrupted(c);
    bench_look_at_server(b->pid, &after);
    join(c);
    gather(c, r);
    if (r->opened > 0 && b->pid != 0)
        gather_server(b, r, &before, &connected, &after);
    return judge(c, r);
}

/* --- the command ------------------------------------------------------------------------------ */

static int check(const cli_command *self, bench *b)
{
    if (b->connections == 0)
        return cli_usage_error(self, "--connections wants 1 or more");
    if (b->threads == 0 || b->threads > MAX_THREADS)
        return cli_usage_error(self, "--threads wants 1 to %d", MAX_THREADS);
    if (b->window == 0 || b->window > MAX_WINDOW)
        return cli_usage_error(self, "--window wants 1 to %d", MAX_WINDOW);
    if (b->size > MAX_SIZE)
        return cli_usage_error(self, "--size wants at most %d bytes", MAX_SIZE);
    if (b->threads > b->connections)
        b->threads = b->connections;
    if (b->mode == BENCH_FANOUT && b->rate == 0)
        b->rate = 10;
    if (b->event == NULL)
        b->event = "bench";
    b->padding = malloc((size_t)b->size + 1);
    if (b->padding == NULL)
        return cli_fail(self, CLI_FAILED, "out of memory");
    memset(b->padding, 'x', (size_t)b->size);
    b->padding[b->size] = '\0';
    return -1;
}

static int run(const cli_command *self, int argc, char **argv)
{
    bench b = {.connections = 100, .size = 32, .window = 1, .duration_ms = 10000};
    bench_result *r = calloc(1, sizeof *r);
    cli_words words;
    b.threads = uv_available_parallelism() > 4 ? 4 : uv_available_parallelism();
    int status = r ? cli_parse(self, argc, argv, &b, &words) : CLI_FAILED;
    if (status < 0)
        status = cli_link_prepare(&b.link, self, &b.target, words.at[0]);
    if (status < 0 && (status = check(self, &b)) >= 0)
        cli_link_release(&b.link);
    if (status >= 0) {
        free(r);
        return status;
    }
    crew c = {.b = &b, .tell = !b.quiet && isatty(STDERR_FILENO)};
    allow_descriptors();
    status = measure(&c, r);
    if (r->opened > 0)
        bench_report(&b, r);
    cli_link_release(&b.link);
    free(c.workers);
    free(b.padding);
    free(r);
    return status;
}

static const cli_option options[] = {
    {"mode", 'm', CLI_CHOICE, offsetof(bench, mode), "echo|fanout|connect|idle",
     "what to measure (echo), see above"},
    {"connections", 'c', CLI_COUNT, offsetof(bench, connections), "N", "how many (100)"},
    {"threads", 0, CLI_COUNT, offsetof(bench, threads), "N",
     "that share them (one for each core, at most 4)"},
    {"duration", 'd', CLI_TIME, offsetof(bench, duration_ms), "TIME",
     "of the measurement, when all are connected (10s)"},
    {"rate", 'r', CLI_COUNT, offsetof(bench, rate), "N",
     "messages a second, of all together (as fast as it can; fanout: 10)"},
    {"size", 's', CLI_COUNT, offsetof(bench, size), "BYTES", "of a message (32)"},
    {"window", 'w', CLI_COUNT, offsetof(bench, window), "N",
     "without --rate: under way on each connection (1)"},
    {"event", 'e', CLI_TEXT, offsetof(bench, event), "NAME", "of Socket.IO (bench)"},
    {"pid", 0, CLI_COUNT, offsetof(bench, pid), "N",
     "the server's process, on this machine: its memory and CPU"},
    {"json", 'j', CLI_FLAG, offsetof(bench, json), NULL, "one object of JSON"},
    {"quiet", 'q', CLI_FLAG, offsetof(bench, quiet), NULL, "no progress"},
    {0},
};

static const cli_group groups[] = {{"Options", options, 0}, CLI_TARGET_GROUP(bench), {0}};

const cli_command cli_cmd_bench = {
    .name = "bench",
    .words = "URL",
    .summary = "how fast a server is: throughput, latency, fan-out, connections",
    .text = "echo     each connection sends; the server acknowledges the event, or sends a raw "
            "message back (vireo serve --echo does both)\n"
            "fanout   the first connection sends; the server tells all others (vireo serve "
            "--chat)\n"
            "connect  how fast connections are made\n"
            "idle     connections that do nothing; with --pid what each costs\n\n"
            "With --rate, messages are due at regular times, and a latency counts from when its "
            "message was due: a server that stands still looks as slow as it is. Without it, each "
            "connection sends when it was answered, which measures the throughput.",
    .examples = "vireo bench localhost:3000 --rate 5k\n"
                "vireo bench ws://localhost:3000/echo -c 1k --window 10 --duration 30s\n"
                "vireo bench localhost:3000 --mode fanout -c 1k --rate 100 --json\n"
                "vireo bench localhost:3000 --mode idle -c 10k --pid $(pidof chat)",
    .min_words = 1,
    .max_words = 1,
    .groups = groups,
    .run = run,
};
