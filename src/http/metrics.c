/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* metrics.c: the route that a Prometheus server reads: what HTTP itself counts, and what the floors
 * above tell (vireo__part.measure). All is counted as it happens; nobody is walked over but what
 * the program has registered. Of a group of workers the numbers of all are added up. */

#include <stdlib.h>
#include <unistd.h>

#include <sys/resource.h>

#include <vireo/error.h>
#include <vireo/metrics.h>

#include "http/app.h"
#include "http/exposition.h"
#include "http/gather.h"

enum { PROBE_MS = 500 };

typedef struct metrics {
    vireo_app *app;
    vireo__deadline probe;
    uint64_t due_us;
    uint64_t lag_us; /* of the last probe */
    uint64_t max_us; /* since the last reading */
} metrics;

/* --- how late the loop is --------------------------------------------------------------------- */

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

static void on_probe(vireo__deadline *d);

static int await_probe(metrics *m)
{
    m->due_us = now_us() + (uint64_t)PROBE_MS * 1000;
    return vireo__deadline_start(m->app->loop, &m->probe, PROBE_MS, on_probe);
}

static void on_probe(vireo__deadline *d)
{
    metrics *m = vireo__container(d, metrics, probe);
    uint64_t now = now_us();
    m->lag_us = now > m->due_us ? now - m->due_us : 0;
    if (m->lag_us > m->max_us)
        m->max_us = m->lag_us;
    await_probe(m);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void tell_replies(const vireo_app *app, vireo__exposition *x)
{
    static const vireo__metric replies = {"vireo_http_requests_total",
                                          "Requests answered, by status; 101 are upgrades.",
                                          VIREO__COUNTER, VIREO__UNITS};
    for (size_t i = 0; i < VIREO__STATUSES; i++) {
        char code[8];
        snprintf(code, sizeof code, "%u", (unsigned)i + 100);
        if (app->replies[i] > 0)
            vireo__expose(x, &replies, app->replies[i], VIREO__LABELS("code", code));
    }
}

static void tell_traffic(const vireo_app *app, vireo__exposition *x)
{
    static const vireo__metric connections = {"vireo_connections",
                                              "Open connections, of all kinds.", VIREO__GAUGE,
                                              VIREO__UNITS},
                               received = {"vireo_received_bytes_total",
                                           "Bytes read from connections.", VIREO__COUNTER,
                                           VIREO__UNITS},
                               sent = {"vireo_sent_bytes_total",
                                       "Bytes that the system has taken from us.", VIREO__COUNTER,
                                       VIREO__UNITS},
                               queued = {"vireo_queued_bytes",
                                         "Bytes that wait for clients to take them.", VIREO__GAUGE,
                                         VIREO__UNITS};
    const vireo__traffic *t = &app->loop->traffic;
    vireo__expose(x, &connections, vireo__app_connections(app), NULL);
    vireo__expose(x, &received, t->received, NULL);
    vireo__expose(x, &sent, t->sent, NULL);
    vireo__expose(x, &queued, app->loop->backlog, NULL);
}

static void tell_loop(metrics *m, vireo__exposition *x)
{
    static const vireo__metric lag = {"vireo_loop_lag_seconds",
                                      "How late a timer of the loop was, when last measured.",
                                      VIREO__GAUGE, VIREO__MICROS},
                               max = {"vireo_loop_lag_max_seconds",
                                      "The most that it was, since these numbers were last read.",
                                      VIREO__GAUGE, VIREO__MICROS};
    char worker[12];
    snprintf(worker, sizeof worker, "%u", m->app->worker);
    const char *const labels[] = {m->app->group != NULL ? "worker" : NULL, worker, NULL};
    vireo__expose(x, &lag, m->lag_us, labels);
    vireo__expose(x, &max, m->max_us, labels);
    m->max_us = 0;
    if (!vireo__deadline_running(&m->probe)) /* for want of memory */
        await_probe(m);
}

static uint64_t micros(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* The resident set is the second number of /proc/self/statm, in pages. */
static uint64_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void tell_process(vireo__exposition *x)
{
    static const vireo__metric cpu = {"process_cpu_seconds_total",
                                      "Processor time, of user and system.", VIREO__COUNTER,
                                      VIREO__MICROS},
                               memory = {"process_resident_memory_bytes", "Resident memory.",
                                         VIREO__GAUGE, VIREO__UNITS},
                               build = {"vireo_build_info", "Always 1.", VIREO__GAUGE,
                                        VIREO__UNITS};
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    vireo__expose(x, &cpu, micros(usage.ru_utime) + micros(usage.ru_stime), NULL);
    vireo__expose(x, &memory, resident_bytes(), NULL);
    vireo__expose(x, &build, 1, VIREO__LABELS("version", VIREO_VERSION));
}

static void tell_draining(const vireo_app *app, vireo__exposition *x)
{
    static const vireo__metric draining = {"vireo_draining", "1 when the server is going away.",
                                           VIREO__GAUGE, VIREO__UNITS};
    vireo__expose(x, &draining, vireo__app_leaving(app), NULL);
}

static void tell_parts(const vireo_app *app, vireo__exposition *x)
{
    for (const vireo__list *at = app->parts.next; at != &app->parts; at = at->next) {
        const vireo__part *part = vireo__container(at, vireo__part, node);
        if (part->measure != NULL)
            part->measure(part->owner, x);
    }
}

/* What each worker tells. */
static void tell_own(metrics *m, vireo__exposition *x)
{
    tell_parts(m->app, x);
    tell_replies(m->app, x);
    tell_traffic(m->app, x);
    tell_loop(m, x);
}

/* --- the route -------------------------------------------------------------------------------- */

static void tell(vireo_app *app, const void *unused, void *part)
{
    (void)unused;
    vireo__exposition_init(part);
    if (app->metrics != NULL)
        tell_own(app->metrics, part);
}

static void add(void *sum, const void *part)
{
    vireo__exposition_add(sum, part);
}

static void free_part(void *part)
{
    vireo__exposition_deinit(part);
}

static int answer(vireo_req *r, const void *unused, void *sum)
{
    vireo__buf text;
    (void)unused;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    tell_draining(vireo_req_app(r), sum);
    tell_process(sum);
    int error = vireo__exposition_write(sum, &text);
    if (error == 0)
        error =
            vireo_reply(r, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
    vireo__buf_deinit(&text);
    return error;
}

static int on_request(vireo_req *r)
{
    static const vireo__gathering all = {.size = sizeof(vireo__exposition),
                                         .tell = tell,
                                         .add = add,
                                         .answer = answer,
                                         .free_part = free_part};
    return vireo__gather(r, &all, NULL);
}

static void free_metrics(void *user)
{
    metrics *m = user;
    m->app->metrics = NULL;
    vireo__deadline_stop(&m->probe);
    free(m);
}

int vireo_metrics(vireo_app *app, const char *path)
{
    metrics *m = calloc(1, sizeof *m);
    if (m == NULL)
        return VIREO_ENOMEM;
    m->app = app;
    app->metrics = m;
    int error = vireo__app_own(app, m, free_metrics);
    if (error == 0)
        error = await_probe(m);
    return error < 0 ? error : vireo_route(app, "GET", path, on_request, m);
}
