/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/advice.h"

enum {
    CONNECTING = 64,  /* of a worker's connections at a time */
    TICK_MS = 1,      /* how exact the clock is that sends */
    LATE_US = 2000,   /* what is sent so much later than it was due counts from there */
    MAX_TICK = 20000, /* messages in one turn: the rest are late, and count as that */
    STAMP = 20        /* digits in front of a message: when it was due */
};

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* --- messages --------------------------------------------------------------------------------- */

static bool corrects(const bench *b)
{
    return b->rate > 0 && b->mode == BENCH_ECHO;
}

/* So much of the measurement is a slot of |waiting|, in microseconds. */
static uint64_t slot_width(const bench *b)
{
    return (uint64_t)b->duration_ms * 1000 / BENCH_SLOTS + 1;
}

static uint32_t *slot_of(bench_worker *w, uint64_t due)
{
    uint64_t i = due > w->start ? (due - w->start) / slot_width(w->b) : 0;
    return &w->waiting[i < BENCH_SLOTS ? i : BENCH_SLOTS - 1];
}

/* At the end: they would have taken longer than they have waited so far. */
static void count_unanswered(bench_worker *w)
{
    uint64_t now = bench_now(w->b);
    for (size_t i = 0; i < BENCH_SLOTS; i++) {
        uint64_t due = w->start + i * slot_width(w->b);
        for (; w->waiting[i] > 0; w->waiting[i]--)
            cli_histogram_add(&w->latency, now > due ? now - due : 0);
    }
}

static void answered(bench_worker *w, uint64_t due)
{
    uint64_t now = bench_now(w->b);
    uint32_t *slot = slot_of(w, due);
    count(&w->received);
    *slot -= *slot > 0;
    if (w->measuring && now >= due)
        cli_histogram_add(&w->latency, now - due);
}

static void send_one(bench_conn *c, uint64_t due);

/* Without a rate: the next one, as soon as there is room for it. */
static void go_on(bench_conn *c)
{
    bench_worker *w = c->worker;
    if (w->measuring && w->b->mode == BENCH_ECHO && w->b->rate == 0 && c->open)
        send_one(c, bench_now(w->b));
}

static void on_ack(vireo_socket *s, int status, const vireo_value *values, void *user)
{
    bench_conn *c = vireo_client_user(s);
    (void)values;
    if (status < 0)
        return;
    answered(c->worker, (uint64_t)(uintptr_t)user);
    go_on(c);
}

/* A message is |text|, whose first twenty bytes say when it was due. */
static void write_stamp(char *text, uint64_t due)
{
    for (char *at = text + STAMP; at-- > text; due /= 10)
        *at = (char)('0' + due % 10);
}

/* False for what is somebody else's. */
static bool read_stamp(const char *text, size_t n, uint64_t *due)
{
    *due = 0;
    for (size_t i = 0; i < STAMP && n >= STAMP; i++) {
        unsigned digit = (unsigned)text[i] - '0';
        if (digit > 9)
            return false;
        *due = *due * 10 + digit;
    }
    return n >= STAMP;
}

static int send_to(bench_conn *c, uint64_t due)
{
    bench_worker *w = c->worker;
    const bench *b = w->b;
    if (c->socket != NULL && b->mode == BENCH_ECHO)
        return vireo_emit_ack(c->socket, 0, on_ack, (void *)(uintptr_t)due, b->event, "%s",
                              b->padding);
    write_stamp(w->text, due);
    return c->ws != NULL ? vireo_ws_send(c->ws, w->text, w->text_len, false)
                         : vireo_emit(c->socket, b->event, "%.*s", (int)w->text_len, w->text);
}

static void send_one(bench_conn *c, uint64_t due)
{
    bool good = c->open && send_to(c, due) == 0;
    if (good && corrects(c->worker->b))
        ++*slot_of(c->worker, due);
    count(good ? &c->worker->sent : &c->worker->unsent);
}

static void came(bench_conn *c, const char *text, size_t n)
{
    uint64_t due;
    if (!read_stamp(text, n, &due))
        return;
    answered(c->worker, due);
    go_on(c);
}

/* --- the clock -------------------------------------------------------------------------------- */

/* What is due by now, of the worker's part of the rate. A tick is not exact: only what is later
 * than that counts as late. */
static void on_tick(vireo_timer *timer, void *user)
{
    bench_worker *w = user;
    const bench *b = w->b;
    size_t senders = b->mode == BENCH_FANOUT ? 1 : b->threads;
    double interval = 1e6 * (double)senders / (double)b->rate;
    uint64_t now = bench_now(b);
    (void)timer;
    for (unsigned i = 0; w->measuring && w->count > 0 && i < MAX_TICK; i++) {
        uint64_t due = w->start + (uint64_t)((double)w->due_count * interval);
        if (due > now)
            break;
        w->due_count++;
        bench_conn *c = &w->conns[b->mode == BENCH_FANOUT ? 0 : w->turn++ % w->count];
        send_one(c, now - due > LATE_US ? due : now);
    }
}

static void begin(vireo_app *app, void *user)
{
    bench_worker *w = user;
    const bench *b = w->b;
    (void)app;
    w->measuring = true;
    w->start = bench_now(b);
    if (b->mode == BENCH_IDLE || b->mode == BENCH_CONNECT ||
        (b->mode == BENCH_FANOUT && w->index > 0))
        return;
    if (b->rate > 0)
        w->clock = vireo_every(w->app, TICK_MS, on_tick, w);
    for (size_t i = 0; b->rate == 0 && i < w->count; i++)
        for (uint64_t k = 0; k < b->window && w->conns[i].open; k++)
            send_one(&w->conns[i], bench_now(b));
}

static void stop_measuring(bench_worker *w)
{
    if (w->measuring && w->seconds <= 0)
        w->seconds = (double)(bench_now(w->b) - w->start) / 1e6;
    w->measuring = false;
}

/* The application is there as long as it has not told that it ends. */
static void post(bench_worker *w, void (*fn)(vireo_app *app, void *user))
{
    uv_mutex_lock(&w->lock);
    if (!w->ending)
        vireo_post(w->app, fn, w);
    uv_mutex_unlock(&w->lock);
}

static void on_stop(vireo_app *app, void *user)
{
    bench_worker *w = user;
    (void)app;
    uv_mutex_lock(&w->lock);
    w->ending = true;
    uv_mutex_unlock(&w->lock);
    w->b->stopping = true; /* all end with the first one */
    stop_measuring(w);
}

bool bench_worker_ending(bench_worker *w)
{
    uv_mutex_lock(&w->lock);
    bool ending = w->ending;
    uv_mutex_unlock(&w->lock);
    return ending;
}

void bench_worker_begin(bench_worker *w)
{
    post(w, begin);
}

static void quiet(vireo_timer *timer, void *user)
{
    bench_worker *w = user;
    (void)timer;
    count_unanswered(w);
    vireo_stop(w->app);
}

/* What is under way may arrive yet. */
static void end(vireo_app *app, void *user)
{
    enum { SETTLE_MS = 500 };
    bench_worker *w = user;
    if (w->measuring)
        w->seconds = (double)(bench_now(w->b) - w->start) / 1e6;
    vireo_timer_stop(w->clock);
    w->clock = NULL;
    bool under_way = w->b->rate > 0 && value(&w->sent) != value(&w->received);
    if (!under_way || vireo_after(app, SETTLE_MS, quiet, w) == NULL)
        quiet(NULL, w);
}

void bench_worker_end(bench_worker *w)
{
    post(w, end);
}

/* --- connections ------------------------------------------------------------------------------ */

static void connect_next(bench_worker *w);

static void opened(bench_conn *c)
{
    bench_worker *w = c->worker;
    uint64_t now = bench_now(w->b);
    c->open = true;
    cli_histogram_add(&w->connecting, now - c->asked);
    atomic_store_explicit(&w->last_open, now, memory_order_relaxed);
    count(&w->opened);
    connect_next(w);
}

static void refused(bench_conn *c, const char *text, const char *advice)
{
    bench_worker *w = c->worker;
    if (w->why[0] == '\0')
        snprintf(w->why, sizeof w->why, "%.300s%s", text, advice);
    count(&w->refused);
    connect_next(w);
}

static void lost(bench_conn *c)
{
    if (c->open && !c->worker->b->stopping)
        count(&c->worker->lost);
    c->open = false;
}

static void on_connect(vireo_socket *s)
{
    opened(vireo_client_user(s));
}

static void on_connect_error(vireo_socket *s, const vireo_connect_error *e)
{
    const char *text = *e->description ? e->description : e->message;
    refused(vireo_client_user(s), text,
            e->refused ? cli_advice_refused(text)
                       : cli_advice_connect(e->code, e->status, text, false));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    (void)why;
    lost(vireo_client_user(s));
}

static void on_any(vireo_socket *s, const vireo_msg *m)
{
    bench_conn *c = vireo_client_user(s);
    size_t n = 0;
    const char *text = vireo_str_len(vireo_arg(m, 0), &n);
    if (c->worker->b->mode == BENCH_FANOUT && text != NULL)
        came(c, text, n);
}

static void on_ws_open(vireo_ws *ws)
{
    opened(vireo_ws_user(ws));
}

static void on_ws_message(vireo_ws *ws, const void *data, size_t n, bool binary)
{
    if (!binary)
        came(vireo_ws_user(ws), data, n);
}

static void on_ws_error(vireo_ws *ws, int error, const char *text)
{
    bench_conn *c = vireo_ws_user(ws);
    if (!c->open)
        refused(c, text, cli_advice_connect(error, 0, text, true));
}

static void on_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    bench_conn *c = vireo_ws_user(ws);
    (void)code;
    (void)reason;
    c->ws = NULL;
    lost(c);
}

static bool connect_one(bench_conn *c, vireo_error *error)
{
    const bench *b = c->worker->b;
    const cli_target *t = &b->target;
    c->asked = bench_now(b);
    if (b->link.raw)
        c->ws = vireo_ws_connect(c->worker->app, b->link.url, .user = c, .on_open = on_ws_open,
                                 .on_message = on_ws_message, .on_error = on_ws_error,
                                 .on_close = on_ws_close, .headers = b->link.headers,
                                 .protocols = t->protocols, .proxy = t->proxy,
                                 .unix_path = t->unix_path, .tls = b->link.tls,
                                 .connect_timeout_ms = t->connect_timeout_ms, .error = error);
    else
        c->socket = vireo_connect(
            c->worker->app, b->link.url, .user = c, .on_connect = on_connect, .on_any = on_any,
            .on_connect_error = on_connect_error, .on_disconnect = on_disconnect, .auth = t->auth,
            .path = t->path, .parser = t->msgpack ? vireo_parser_msgpack() : NULL,
            .headers = b->link.headers, .transports = t->transports ? t->transports : "websocket",
            .protocols = t->protocols, .proxy = t->proxy, .unix_path = t->unix_path,
            .tls = b->link.tls, .timeout_ms = t->connect_timeout_ms, .force_new = true,
            .no_reconnect = true, .error = error);
    return c->ws != NULL || c->socket != NULL;
}

static void connect_next(bench_worker *w)
{
    vireo_error error = {.text = "out of memory"};
    while (w->asked < w->count && !w->b->stopping) {
        bench_conn *c = &w->conns[w->asked++];
        if (connect_one(c, &error))
            return;
        if (w->why[0] == '\0')
            snprintf(w->why, sizeof w->why, "%s", error.text);
        count(&w->refused);
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

bool bench_worker_open(bench_worker *w, bench *b, size_t index, size_t count_of)
{
    *w = (bench_worker){.b = b, .index = index, .count = count_of};
    if (uv_mutex_init(&w->lock) < 0)
        return false;
    w->conns = calloc(count_of + 1, sizeof *w->conns);
    w->text_len = b->size > STAMP ? (size_t)b->size : STAMP;
    w->text = malloc(w->text_len);
    if (w->text == NULL)
        return false;
    memset(w->text, 'x', w->text_len);
    for (size_t i = 0; w->conns != NULL && i < count_of; i++)
        w->conns[i].worker = w;
    if (w->conns != NULL && uv_loop_init(&w->uv) == 0)
        w->app = vireo_app_new(.uv_loop = &w->uv, .stop_timeout_ms = 2000);
    return w->app != NULL && vireo_on_stop(w->app, on_stop, w) == 0;
}

void bench_worker_close(bench_worker *w)
{
    uv_loop_close(&w->uv);
    uv_mutex_destroy(&w->lock);
    free(w->conns);
    free(w->text);
}

void bench_worker_run(void *user)
{
    bench_worker *w = user;
    for (size_t i = 0; i < CONNECTING; i++)
        connect_next(w);
    vireo_run_loop(w->app);
    uv_run(&w->uv, UV_RUN_DEFAULT);
    w->cpu_seconds = cpu_seconds();
}
