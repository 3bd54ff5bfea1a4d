/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* run.c: vireo_run, the program around an application: it listens, says so, runs until a signal or
 * vireo_stop, and ends cleanly. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "http/app.h"

typedef struct runner {
    vireo_app *app;
    uv_signal_t signals[2];
    int open; /* of them */
} runner;

/* The first signal asks for a graceful end, or a slow one; each further one has less patience. */
static void on_signal(uv_signal_t *handle, int number)
{
    vireo_app *app = ((runner *)handle->data)->app;
    if (app->stopping)
        vireo__app_end_now(app);
    else if (number == SIGTERM && app->options.drain_ms > 0 && !app->drain.on)
        vireo_drain(app, app->options.drain_ms);
    else
        vireo_stop(app);
}

static void watch_signals(runner *run)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        uv_signal_init(run->app->loop->uv, &run->signals[i]);
        run->signals[i].data = run;
        run->open++;
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
}

static void on_signal_closed(uv_handle_t *handle)
{
    ((runner *)handle->data)->open--;
}

static void unwatch_signals(runner *run)
{
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&run->signals[i], on_signal_closed);
    while (run->open > 0)
        uv_run(run->app->loop->uv, UV_RUN_ONCE);
}

void vireo__app_tell_address(const vireo__listener *l, const vireo_listen_options *o)
{
    char path[256];
    bool v6 = o->host != NULL && strchr(o->host, ':') != NULL;
    bool secure = o->tls != NULL || o->cert_file != NULL;
    vireo__listener_path(l, path, sizeof path);
    if (path[0] != '\0')
        printf("%s: listening on unix:%s\n", o->name, path);
    else
        printf("%s: listening on http%s://%s%s%s:%u\n", o->name, secure ? "s" : "", v6 ? "[" : "",
               o->host ? o->host : "localhost", v6 ? "]" : "", vireo__listener_port(l));
    fflush(stdout);
}

static const vireo__listener *newest_of(const vireo_app *app)
{
    return vireo__container(app->listeners.prev, vireo__listening, node)->listener;
}

int vireo__app_run_loop(vireo_app *app)
{
    int error = vireo__loop_begin(app->loop);
    if (error < 0) {
        vireo__log_line(&app->loop->log, VIREO_ERROR, "loop", "cannot run after fork: %s",
                        vireo_strerror(error));
        return error;
    }
    while (!app->finished)
        uv_run(app->loop->uv, UV_RUN_ONCE);
    return 0;
}

/* Returns what vireo_run does. */
static int run_until_stopped(runner *run)
{
    int error = vireo__app_run_loop(run->app);
    unwatch_signals(run);
    vireo_app_free(run->app);
    return error < 0;
}

int vireo_app_run(vireo_app *app, const vireo_listen_options *options)
{
    vireo_error problem = {0};
    vireo_listen_options o = {0};
    runner run = {.app = app};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    bool tell = o.error == NULL;
    if (tell)
        o.error = &problem;
    if (vireo_app_listen(app, &o) < 0) {
        if (tell)
            fprintf(stderr, "%s%s%s\n", o.name ? o.name : "", o.name ? ": " : "", problem.text);
        vireo_app_free(app);
        return 1;
    }
    vireo__system_prepare(app, o.backlog);
    watch_signals(&run);
    if (o.name != NULL)
        vireo__app_tell_address(newest_of(app), &o);
    return run_until_stopped(&run);
}

void vireo_run_loop(vireo_app *app)
{
    runner run = {.app = app};
    watch_signals(&run);
    run_until_stopped(&run);
}

/* --- a thread of its own ---------------------------------------------------------------------- */

static void run_thread(void *user)
{
    vireo__app_run_loop(user);
}

int vireo_thread_start(vireo_app *app)
{
    if (app->threaded || app->loop->own == NULL)
        return VIREO_EINVAL;
    app->threaded = true;
    int error = uv_thread_create(&app->thread, run_thread, app);
    app->threaded = error == 0;
    return error;
}

static void stop_there(vireo_app *app, void *user)
{
    (void)user;
    vireo_stop(app);
}

/* Without memory for the message there is nothing to do but to try again. */
void vireo_thread_end(vireo_app *app)
{
    if (app == NULL)
        return;
    if (app->threaded) {
        while (vireo_post(app, stop_there, NULL) == VIREO_ENOMEM)
            uv_sleep(1);
        uv_thread_join(&app->thread);
    }
    vireo_app_free(app);
}
