/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* app.c: what an application is made of, and its graceful end:
 *
 *     vireo_stop -> end of the turn: no listener accepts, hooks and parts' on_stop are called,
 *                   idle connections are closed
 *                -> busy connections finish their reply; after stop_timeout_ms they are cut
 *                -> the last stream of the last listener is closed: finished */

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <vireo/error.h>

#include "http/conn.h"
#include "http/group.h"
#include "http/h2.h"
#include "http/request.h"

enum {
    REQUESTS_KEPT = 256, /* freed vireo_req kept for the next ones */
    MIN_HEAD_BYTES = 64,
};

typedef struct stop_hook {
    vireo__list node;
    void (*fn)(vireo_app *app, void *user);
    void *user;
} stop_hook;

/* --- making ----------------------------------------------------------------------------------- */

static void set_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

static void fill_in(vireo_app_options *o)
{
    set_default(&o->max_connections, 1000000);
    set_default(&o->max_head_bytes, 16384);
    set_default(&o->max_headers, 100);
    set_default(&o->header_timeout_ms, 10000);
    set_default(&o->body_timeout_ms, 30000);
    set_default(&o->keep_alive_timeout_ms, 65000);
    set_default(&o->stop_timeout_ms, 8000);
    if (o->max_body_bytes == 0)
        o->max_body_bytes = 1000000;
    if (o->max_queued_bytes == 0)
        o->max_queued_bytes = (size_t)16 * 1024 * 1024;
    if (o->max_queued_total == 0)
        o->max_queued_total = (size_t)256 * 1024 * 1024;
    if (o->max_head_bytes < MIN_HEAD_BYTES)
        o->max_head_bytes = MIN_HEAD_BYTES;
}

/* A peer that closes while we write is an error of that write. Who has other plans with the signal
 * has set them already. */
static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

static void on_stop_turn(vireo__turn_task *task);

vireo_app *vireo_app_create(const vireo_app_options *options)
{
    vireo_app *app = calloc(1, sizeof *app);
    if (app == NULL)
        return NULL;
    memcpy(&app->options, options,
           options->size < sizeof app->options ? options->size : sizeof app->options);
    fill_in(&app->options);
    app->loop = vireo__loop_new(app->options.uv_loop);
    if (app->loop == NULL) {
        free(app);
        return NULL;
    }
    app->loop->log = (vireo__log){app->options.log, app->options.log_user};
    const char *debug = app->options.debug;
    app->loop->debug = vireo__debug_mask(debug != NULL ? debug : getenv("VIREO_DEBUG"));
    app->loop->max_backlog = app->options.max_queued_total;
    app->loop->io = app->options.io;
    vireo__list_init(&app->mounts);
    vireo__list_init(&app->parts);
    vireo__list_init(&app->routes);
    vireo__list_init(&app->error_routes);
    vireo__list_init(&app->conns);
    vireo__list_init(&app->h2);
    vireo__list_init(&app->listeners);
    vireo__list_init(&app->guests);
    vireo__list_init(&app->stop_hooks);
    vireo__pool_init(&app->requests, sizeof(vireo_req), REQUESTS_KEPT);
    vireo__buf_init(&app->head, VIREO__BUF_UNLIMITED);
    app->stop_task.run = on_stop_turn;
    ignore_sigpipe();
    return app;
}

/* --- parts ------------------------------------------------------------------------------------ */

void vireo_app_set_user(vireo_app *app, void *user)
{
    app->user = user;
}

void *vireo_app_user(const vireo_app *app)
{
    return app->user;
}

vireo_loop *vireo__app_loop(const vireo_app *app)
{
    return app->loop;
}

const vireo_app_options *vireo__app_options(const vireo_app *app)
{
    return &app->options;
}

struct vireo__group *vireo__app_group(const vireo_app *app)
{
    return app->group;
}

void **vireo__app_extension(vireo_app *app)
{
    return &app->extension;
}

bool vireo__app_stopping(const vireo_app *app)
{
    return app->stopping;
}

const char *vireo__app_date(vireo_app *app)
{
    time_t now = time(NULL);
    if (now != app->date_at) {
        app->date_at = now;
        vireo__http_date_write(app->date, now);
    }
    return app->date;
}

void vireo__app_mount(vireo_app *app, vireo__mount *mount)
{
    vireo__list *at = app->mounts.next;
    while (at != &app->mounts &&
           strlen(vireo__container(at, vireo__mount, node)->prefix) >= strlen(mount->prefix))
        at = at->next;
    vireo__list_append(at, &mount->node); /* before |at| */
}

void vireo__app_add_part(vireo_app *app, vireo__part *part)
{
    vireo__list_append(&app->parts, &part->node);
}

const vireo__mount *vireo__app_find_mount(const vireo_app *app, vireo__str path)
{
    for (const vireo__list *at = app->mounts.next; at != &app->mounts; at = at->next) {
        const vireo__mount *mount = vireo__container(at, vireo__mount, node);
        size_t n = strlen(mount->prefix);
        if (path.len >= n && memcmp(path.at, mount->prefix, n) == 0)
            return mount;
    }
    return NULL;
}

int vireo_on_stop(vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user)
{
    stop_hook *hook = malloc(sizeof *hook);
    if (hook == NULL)
        return VIREO_ENOMEM;
    *hook = (stop_hook){.fn = fn, .user = user};
    vireo__list_append(&app->stop_hooks, &hook->node);
    return 0;
}

vireo_timer *vireo_every(vireo_app *app, uint32_t interval_ms, vireo_timer_fn fn, void *user)
{
    return vireo__timer_new(app->loop, interval_ms, true, fn, user);
}

vireo_timer *vireo_after(vireo_app *app, uint32_t delay_ms, vireo_timer_fn fn, void *user)
{
    return vireo__timer_new(app->loop, delay_ms, false, fn, user);
}

/* --- work from other threads ------------------------------------------------------------------ */

typedef struct app_post {
    void (*fn)(vireo_app *app, void *user);
    void *user;
} app_post;

static void run_post(void *app, void *post)
{
    app_post p = *(app_post *)post;
    free(post);
    p.fn(app, p.user);
}

int vireo_post(vireo_app *app, void (*fn)(vireo_app *app, void *user), void *user)
{
    app_post *p = malloc(sizeof *p);
    if (p == NULL)
        return VIREO_ENOMEM;
    *p = (app_post){fn, user};
    int error = vireo__loop_post(app->loop, run_post, app, p);
    if (error < 0)
        free(p);
    return error;
}

/* --- listening -------------------------------------------------------------------------------- */

static void finish_if_over(vireo_app *app)
{
    if (!app->stopped || !vireo__list_empty(&app->listeners) || !vireo__list_empty(&app->guests))
        return;
    app->finished = true;
    uv_async_send(&app->loop->wake); /* uv_run may be about to wait for something else */
    vireo__deadline_stop(&app->time_box);
}

void vireo__app_enter(vireo_app *app, vireo__guest *guest)
{
    vireo__list_append(&app->guests, &guest->node);
}

void vireo__app_leave(vireo_app *app, vireo__guest *guest)
{
    vireo__list_remove(&guest->node);
    finish_if_over(app);
}

static void on_listener_gone(void *owner)
{
    vireo__listening *l = owner;
    vireo_app *app = l->app;
    vireo__list_remove(&l->node);
    free(l);
    finish_if_over(app);
}

static int listen_here(vireo_app *app, const vireo_listen_options *o)
{
    if (app->group != NULL)
        return vireo__group_listen(app, o);
    vireo__listening *l = malloc(sizeof *l);
    if (l == NULL)
        return vireo__error_set(o->error, VIREO_ENOMEM, "%s", vireo_strerror(VIREO_ENOMEM));
    *l = (vireo__listening){.app = app, .http2 = o->http2 && o->tls == NULL};
    int error = vireo__listener_open(&l->listener, app->loop, o, vireo__conn_accept, l);
    if (error < 0) {
        free(l);
        return error;
    }
    vireo__list_append(&app->listeners, &l->node);
    if (app->port == 0)
        app->port = vireo__listener_port(l->listener);
    return 0;
}

int vireo_app_listen(vireo_app *app, const vireo_listen_options *options)
{
    vireo_listen_options o = {0};
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.cert_file == NULL)
        return listen_here(app, &o);
    if (o.tls != NULL)
        return vireo__error_set(o.error, VIREO_EINVAL, "give tls or cert_file, not both");
    o.tls = vireo_tls_new(.cert_file = o.cert_file, .key_file = o.key_file, .http2 = o.http2);
    int error = listen_here(app, &o);
    vireo_tls_free(o.tls);
    return error;
}

uint16_t vireo_port(const vireo_app *app)
{
    return app->port;
}

size_t vireo__app_connections(const vireo_app *app)
{
    size_t n = 0;
    for (const vireo__list *at = app->listeners.next; at != &app->listeners; at = at->next)
        n += vireo__listener_streams(vireo__container(at, vireo__listening, node)->listener);
    return n;
}

bool vireo__app_full(const vireo_app *app)
{
    size_t n =
        app->group != NULL ? vireo__group_connections(app->group) : vireo__app_connections(app);
    return n > app->options.max_connections;
}

/* --- the end ---------------------------------------------------------------------------------- */

void vireo__app_end_now(vireo_app *app)
{
    for (vireo__list *at = app->listeners.next; at != &app->listeners; at = at->next)
        vireo__listener_close_streams(vireo__container(at, vireo__listening, node)->listener);
    for (vireo__list *at = app->guests.next; at != &app->guests; at = at->next) {
        vireo__guest *guest = vireo__container(at, vireo__guest, node);
        guest->on_cut(guest);
    }
}

static void on_time_box(vireo__deadline *d)
{
    vireo__app_end_now(vireo__container(d, vireo_app, time_box));
}

static void run_stop_hooks(vireo_app *app)
{
    while (!vireo__list_empty(&app->stop_hooks)) {
        stop_hook *hook = vireo__container(app->stop_hooks.next, stop_hook, node);
        vireo__list_remove(&hook->node);
        hook->fn(app, hook->user);
        free(hook);
    }
}

static void stop_conns(vireo_app *app)
{
    for (vireo__list *at = app->conns.next, *next; at != &app->conns; at = next) {
        next = at->next;
        vireo__conn_stop(vireo__container(at, vireo__conn, node));
    }
}

static void stop_now(vireo_app *app)
{
    if (app->stopped)
        return;
    vireo__deadline_stop(&app->drain.tick);
    for (vireo__list *at = app->listeners.next; at != &app->listeners; at = at->next)
        vireo__listener_close(vireo__container(at, vireo__listening, node)->listener,
                              on_listener_gone);
    run_stop_hooks(app);
    for (vireo__list *at = app->parts.next; at != &app->parts; at = at->next) {
        const vireo__part *part = vireo__container(at, vireo__part, node);
        if (part->on_stop != NULL)
            part->on_stop(part->owner);
    }
    for (vireo__list *at = app->guests.next; at != &app->guests; at = at->next) {
        vireo__guest *guest = vireo__container(at, vireo__guest, node);
        guest->on_stop(guest);
    }
    app->stopped = true;
    stop_conns(app);
    vireo__h2_stop_all(app);
    if (vireo__deadline_start(app->loop, &app->time_box, app->options.stop_timeout_ms,
                              on_time_box) < 0)
        vireo__app_end_now(app);
    finish_if_over(app);
}

static void on_stop_turn(vireo__turn_task *task)
{
    stop_now(vireo__container(task, vireo_app, stop_task));
}

static void stop_here(vireo_app *app, void *unused)
{
    (void)unused;
    if (app->stopping)
        return;
    app->stopping = true;
    vireo__turn_add(app->loop, &app->stop_task);
}

void vireo_stop(vireo_app *app)
{
    if (app->group != NULL && vireo__group_stop(app->group))
        vireo__group_others(app, stop_here, NULL);
    stop_here(app, NULL);
}

static void free_parts(vireo_app *app)
{
    while (!vireo__list_empty(&app->parts)) {
        vireo__part *part = vireo__container(app->parts.prev, vireo__part, node);
        vireo__list_remove(&part->node);
        if (part->on_free != NULL)
            part->on_free(part->owner);
    }
}

void vireo_app_free(vireo_app *app)
{
    if (app == NULL)
        return;
    vireo_stop(app);
    vireo__turn_remove(&app->stop_task);
    stop_now(app);
    uv_run(app->loop->uv, UV_RUN_NOWAIT); /* last words leave */
    vireo__app_end_now(app);
    while (!app->finished)
        uv_run(app->loop->uv, UV_RUN_ONCE);
    vireo__loop_end_posts(app->loop);
    free_parts(app);
    vireo__app_free_routes(app);
    vireo__compression_free(app->compression);
    vireo__loop_free(app->loop);
    free(app->agent);
    vireo__pool_deinit(&app->requests);
    vireo__buf_deinit(&app->head);
    vireo__secrets_free(app->secrets);
    free(app->trust);
    free(app);
}
