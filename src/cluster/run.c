/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* run.c: vireo_run_workers: a thread for each worker, and the main thread, which accepts and hears
 * signals.
 *
 *     main      set up 0 .. n-1, one after the other --> begin --> accept ..... --> join --> free
 *     worker    create, join, setup --> wait --> run its loop --> wait for all --> free
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/workers.h>

#include "cluster/workers.h"
#include "http/app.h"

typedef struct program {
    vireo_workers_options options;
    vireo_setup_fn setup;
    void *user;
    vireo__group *group;
    vireo__workers *workers;
    struct thread *threads;
    unsigned begun;    /* threads */
    unsigned running;  /* .. whose workers have not finished; the main thread's */
    unsigned patience; /* signals that have come */
    bool failed;
    uv_signal_t signals[2];
    unsigned open_signals;
} program;

typedef struct thread {
    program *program;
    unsigned index;
    vireo_app *app;
    uv_thread_t id;
} thread;

/* --- a worker --------------------------------------------------------------------------------- */

static void tell_problem(const program *p, const char *text)
{
    const char *name = p->options.name;
    fprintf(stderr, "%s%s%s\n", name != NULL ? name : "", name != NULL ? ": " : "", text);
}

static int listen_at(const program *p, vireo_app *app)
{
    const vireo_workers_options *o = &p->options;
    vireo_error problem = {0};
    int error = vireo_listen(app, .host = o->host, .port = o->port, .unix_path = o->unix_path,
                             .tls = o->tls, .cert_file = o->cert_file, .key_file = o->key_file,
                             .http2 = o->http2, .error = &problem);
    if (error < 0)
        tell_problem(p, problem.text);
    return error;
}

static vireo_app *create(const program *p)
{
    static const vireo_app_options defaults = {.size = sizeof defaults};
    const vireo_app_options *o = p->options.app != NULL ? p->options.app : &defaults;
    return o->uv_loop == NULL ? vireo_app_create(o) : NULL;
}

static int set_up(thread *t)
{
    const program *p = t->program;
    t->app = create(p);
    if (t->app == NULL)
        return VIREO_ENOMEM;
    vireo__group_join(p->group, t->index, t->app);
    if (t->index == 0)
        p->group->loop->io = t->app->loop->io;
    int error = vireo__workers_join(p->workers, t->app);
    if (error == 0)
        error = p->setup(t->app, p->user);
    if (error == 0 && t->app->ports == 0)
        error = listen_at(p, t->app);
    if (error == 0 && t->index == 0)
        vireo__system_prepare(t->app, 0);
    return error;
}

static void on_finished(void *program_, void *unused)
{
    program *p = program_;
    (void)unused;
    p->running--;
}

static void run_thread(void *user)
{
    thread *t = user;
    program *p = t->program;
    if (set_up(t) < 0)
        p->failed = true;
    vireo__group_set_up(p->group);
    if (vireo__group_await(p->group))
        vireo__app_run_loop(t->app);
    while (vireo__loop_post(p->group->loop, on_finished, p, NULL) == VIREO_ENOMEM)
        uv_sleep(1);
    vireo__group_finish(p->group);
    vireo_app_free(t->app);
}

/* --- the main thread -------------------------------------------------------------------------- */

static void stop_there(vireo_app *app, void *unused)
{
    (void)unused;
    vireo_stop(app);
}

static void drain_there(vireo_app *app, void *unused)
{
    (void)unused;
    vireo_drain(app, app->options.drain_ms);
}

static void cut_there(vireo_app *app, void *unused)
{
    (void)unused;
    vireo__app_end_now(app);
}

/* As in vireo_run: each further signal has less patience. To all of them: one may be busy. */
static void on_signal(uv_signal_t *handle, int number)
{
    program *p = handle->data;
    const vireo_app_options *o = &p->group->apps[0]->options;
    void (*what)(vireo_app * app, void *unused) = cut_there;
    if (p->patience == 0 && number == SIGTERM && o->drain_ms > 0)
        what = drain_there;
    else if (!atomic_load(&p->group->stopping))
        what = stop_there;
    p->patience++;
    for (unsigned i = 0; i < p->group->count; i++)
        vireo__group_post(p->group, i, what, NULL);
}

static void watch_signals(program *p)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        uv_signal_init(p->group->loop->uv, &p->signals[i]);
        p->signals[i].data = p;
        p->open_signals++;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
}

static void on_signal_closed(uv_handle_t *handle)
{
    ((program *)handle->data)->open_signals--;
}

static void unwatch_signals(program *p)
{
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&p->signals[i], on_signal_closed);
    while (p->open_signals > 0)
        uv_run(p->group->loop->uv, UV_RUN_ONCE);
}

/* Returns whether all are set up. */
static bool set_up_all(program *p)
{
    while (p->begun < p->group->count && !p->failed) {
        thread *t = &p->threads[p->begun];
        *t = (thread){.program = p, .index = p->begun};
        if (uv_thread_create(&t->id, run_thread, t) < 0) {
            tell_problem(p, "cannot start a thread");
            return false;
        }
        p->begun++;
        vireo__group_serve(p->group);
    }
    return !p->failed;
}

static void tell_address(const program *p)
{
    const vireo_workers_options *o = &p->options;
    if (o->name == NULL || vireo__list_empty(&p->group->ports))
        return;
    const vireo__port *port = vireo__container(p->group->ports.next, vireo__port, node);
    vireo__app_tell_address(port->listener, &(vireo_listen_options){.name = o->name,
                                                                    .host = o->host,
                                                                    .tls = o->tls,
                                                                    .cert_file = o->cert_file});
}

static int run(program *p)
{
    bool good = set_up_all(p);
    p->running = p->begun;
    if (good)
        watch_signals(p);
    if (good)
        tell_address(p);
    vireo__group_begin(p->group, p->begun, good);
    while (good && (p->running > 0 || p->group->open_ports > 0))
        uv_run(p->group->loop->uv, UV_RUN_ONCE);
    if (good)
        vireo__group_finish_main(p->group);
    for (unsigned i = 0; i < p->begun; i++)
        uv_thread_join(&p->threads[i].id);
    if (good)
        unwatch_signals(p);
    return good ? 0 : 1;
}

static unsigned count_of(const vireo_workers_options *o)
{
    unsigned count = o->workers > 0 ? o->workers : uv_available_parallelism();
    return count < VIREO_MAX_WORKERS ? count : VIREO_MAX_WORKERS;
}

int vireo_workers_run(vireo_setup_fn setup, void *user, const vireo_workers_options *options)
{
    program p = {.setup = setup, .user = user};
    int result = 1;
    memcpy(&p.options, options,
           options->size < sizeof p.options ? options->size : sizeof p.options);
    p.group = vireo__group_new(count_of(&p.options));
    p.workers = p.group != NULL ? vireo__workers_new(p.group, 0, 0) : NULL;
    p.threads = p.group != NULL ? calloc(p.group->count, sizeof *p.threads) : NULL;
    if (p.workers != NULL && p.threads != NULL)
        result = run(&p);
    else
        tell_problem(&p, "out of memory");
    free(p.threads);
    vireo__workers_free(p.workers);
    vireo__group_free(p.group);
    return result;
}

unsigned vireo_worker(const vireo_app *app)
{
    return app->worker;
}

unsigned vireo_worker_count(const vireo_app *app)
{
    return app->group != NULL ? app->group->count : 1;
}
