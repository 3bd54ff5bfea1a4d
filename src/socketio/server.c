/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* server.c: one Socket.IO server of an application. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "http/cookies.h"
#include "socketio/adapter.h"
#include "socketio/inside.h"

/* A text may be nothing but numbers of one digit, and none of use is. */
uint32_t vireo__io_default_values(size_t message_bytes)
{
    enum { LEAST = 100000 };
    size_t values = message_bytes / 4;
    return values < LEAST ? LEAST : values < UINT32_MAX ? (uint32_t)values : UINT32_MAX;
}

/* The smallest event is 42["a"], with a separator. */
static uint32_t default_packets(size_t message_bytes)
{
    enum { LEAST = 1000 };
    size_t packets = message_bytes / 8;
    return packets < LEAST ? LEAST : packets < UINT32_MAX ? (uint32_t)packets : UINT32_MAX;
}

/* The defaults, with their units in the names of <vireo/socket.h>; those of the official server
 * where it has them. */
static vireo_io_options with_defaults(const vireo_io_options *given)
{
    vireo_io_options o = {0};
    memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
#define DEFAULT(field, value) o.field = o.field ? o.field : (value)
    DEFAULT(path, "/socket.io");
    DEFAULT(ping_interval_ms, 25000);
    DEFAULT(ping_timeout_ms, 20000);
    DEFAULT(upgrade_timeout_ms, 10000);
    DEFAULT(connect_timeout_ms, 45000);
    DEFAULT(max_message_bytes, 1000000);
    DEFAULT(transports, VIREO_POLLING | VIREO_WEBSOCKET);
    DEFAULT(max_attachments, 10);
    DEFAULT(max_namespaces, 100);
    DEFAULT(max_rooms, 10000);
    DEFAULT(max_values, vireo__io_default_values(o.max_message_bytes));
    DEFAULT(max_auth_bytes, 1000000);
    DEFAULT(max_child_namespaces, 10000);
    DEFAULT(max_owed, 10000);
    DEFAULT(max_payload_packets, default_packets(o.max_message_bytes));
    DEFAULT(max_fragments, 131072); /* as in ws */
    DEFAULT(http_compression.threshold, 1024);
    DEFAULT(http_compression.max_bytes, 1000000);
    DEFAULT(http_compression.level, 6);
    DEFAULT(recovery_bytes, (size_t)8 * 1024 * 1024);
    DEFAULT(recovery_clients, 100000);
    DEFAULT(recovery_client_bytes, (size_t)64 * 1024 * 1024);
#undef DEFAULT
    if (o.max_auth_bytes > UINT32_MAX) /* a connection counts in 32 bits */
        o.max_auth_bytes = UINT32_MAX;
    return o;
}

static bool options_valid(const vireo_io_options *o)
{
    return o->path[0] == '/' && (o->transports & ~(VIREO_POLLING | VIREO_WEBSOCKET)) == 0 &&
           o->http_compression.level <= 9 &&
           o->max_namespaces <= VIREO__NAMESPACES_PER_CONNECTION &&
           vireo__sio_parser_valid(o->parser);
}

static char *without_last_slash(const char *path)
{
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] == '/')
        n--;
    return strndup(path, n);
}

void vireo__io_bury(vireo_io *io)
{
    vireo__turn_remove(&io->bury);
    while (!vireo__list_empty(&io->graveyard))
        vireo__socket_free(vireo__container(io->graveyard.next, vireo_socket, in_ns));
    while (!vireo__list_empty(&io->empty_namespaces))
        vireo__ns_bury(vireo__container(io->empty_namespaces.next, vireo_ns, in_parent));
}

static void free_namespaces(vireo_io *io)
{
    uint32_t at = 0;
    for (vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;) {
        vireo__list_remove(&ns->in_parent);
        vireo__list_append(&io->empty_namespaces, &ns->in_parent);
    }
    vireo__map_deinit(&io->namespaces); /* nobody finds them any more */
    vireo__io_bury(io);
    while (!vireo__list_empty(&io->parents)) {
        vireo__parent *parent = vireo__container(io->parents.next, vireo__parent, node);
        vireo__list_remove(&parent->node);
        vireo__ns_free(parent->ns);
    }
}

static void bury(vireo__turn_task *task)
{
    vireo__io_bury(vireo__container(task, vireo_io, bury));
}

/* The servers of an application stand in a chain that begins in its extension. */
static vireo_io *first_of(vireo_app *app)
{
    return *vireo__app_extension(app);
}

static void enter_chain(vireo_io *io)
{
    vireo_io *at = first_of(io->app);
    while (at != NULL && at->next != NULL)
        at = at->next;
    if (at != NULL)
        at->next = io;
    else
        *vireo__app_extension(io->app) = io;
}

static void leave_chain(const vireo_io *io)
{
    vireo_io *at = first_of(io->app);
    while (at != NULL && at != io && at->next != io)
        at = at->next;
    if (at == io)
        *vireo__app_extension(io->app) = io->next;
    else if (at != NULL)
        at->next = io->next;
}

static bool path_taken(vireo_app *app, const char *path)
{
    const vireo_io *io = first_of(app);
    while (io != NULL && strcmp(io->path, path) != 0)
        io = io->next;
    return io != NULL;
}

void vireo__io_free(vireo_io *io)
{
    vireo__later_free_all(io);
    free_namespaces(io);
    leave_chain(io);
    vireo__doc_deinit(&io->doc);
    free(io->path);
    free(io);
}

static int enter_common(vireo_io *io)
{
    bool needed;
    io->common = vireo__io_common_of(io->app, &needed);
    return io->common != NULL || !needed ? 0 : VIREO_ENOMEM;
}

static int start_engine(vireo_io *io)
{
    const vireo_io_options *o = &io->options;
    _Static_assert(VIREO_ID_SIZE == VIREO__ID_SIZE, "the same ids");
    _Static_assert(VIREO_POLLING == VIREO__EIO_POLLING && VIREO_WEBSOCKET == VIREO__EIO_WEBSOCKET,
                   "the same bits");
    io->engine = vireo__eio_server_new(io->app,
                                       &(vireo__eio_options){
                                           .path = io->path,
                                           .no_trailing_slash = o->no_trailing_slash,
                                           .ping_interval_ms = o->ping_interval_ms,
                                           .ping_timeout_ms = o->ping_timeout_ms,
                                           .upgrade_timeout_ms = o->upgrade_timeout_ms,
                                           .max_payload = o->max_message_bytes,
                                           .max_payload_packets = o->max_payload_packets,
                                           .max_fragments = o->max_fragments,
                                           .max_queued_bytes = o->max_queued_bytes,
                                           .owner_size = sizeof(vireo__sio_conn),
                                           .transports = o->transports,
                                           .no_upgrades = o->no_upgrades,
                                           .allow_request = o->allow_request,
                                           .watched = o->on_packet != NULL,
                                           .flushes_watched = o->on_flush != NULL,
                                           .generate_id = o->generate_id,
                                           .deflate = o->deflate,
                                           .http_compression = o->http_compression,
                                           .allow_v3 = o->allow_eio3,
                                           .initial_packet = o->initial_packet,
                                       },
                                       &vireo__sio_engine_events, io);
    return io->engine != NULL ? 0 : VIREO_ENOMEM;
}

void vireo__io_init(vireo_io *io, vireo_app *app, const vireo__sio_end *end)
{
    io->end = end;
    io->app = app;
    io->loop = vireo__app_loop(app);
    io->codec.loop = io->loop;
    io->bury.run = bury;
    io->settle.run = vireo__later_settle_all;
    vireo__list_init(&io->graveyard);
    vireo__list_init(&io->empty_namespaces);
    vireo__list_init(&io->undecided);
    vireo__list_init(&io->decided);
    vireo__list_init(&io->parents);
    vireo__doc_init(&io->doc);
    vireo__map_init(&io->namespaces, io->loop->hash_key);
}

/* One that could not be set is a mistake to be told now, and not with each session. */
static bool take_cookie(vireo_io *io, const vireo_cookie_options *given)
{
    vireo__buf text;
    io->cookie = (vireo_cookie_options){.size = sizeof io->cookie,
                                        .path = "/",
                                        .http_only = true,
                                        .same_site = VIREO_SAME_SITE_LAX};
    if (given != NULL) {
        io->cookie = (vireo_cookie_options){0};
        memcpy(&io->cookie, given,
               given->size < sizeof io->cookie ? given->size : sizeof io->cookie);
        io->cookie.size = sizeof io->cookie;
    }
    if (io->options.cookie == NULL)
        return true;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error = vireo__cookie_write(&text, io->options.cookie, vireo__str_of(""), &io->cookie);
    vireo__buf_deinit(&text);
    return error == 0;
}

vireo_io *vireo_io_create(vireo_app *app, const vireo_io_options *options)
{
    vireo_io_options o = with_defaults(options);
    vireo_io *io = options_valid(&o) ? calloc(1, sizeof *io) : NULL;
    if (io == NULL)
        return NULL;
    vireo__io_init(io, app, &vireo__sio_server_end);
    io->options = o;
    io->codec.parser = o.parser;
    io->codec.user = o.parser_user;
    io->codec.max_values = o.max_values;
    io->codec.max_attachments = o.max_attachments;
    if (o.max_queued_bytes == 0)
        io->options.max_queued_bytes = vireo__app_options(app)->max_queued_bytes;
    io->path = without_last_slash(o.path);
    if (io->path == NULL || path_taken(app, io->path) || !take_cookie(io, o.cookie_options) ||
        enter_common(io) < 0 || start_engine(io) < 0) {
        vireo__io_free(io);
        return NULL;
    }
    io->options.path = io->path;
    enter_chain(io);
    return io;
}

vireo_io *vireo__io_of(vireo_app *app)
{
    vireo_io *first = first_of(app);
    return first != NULL ? first : vireo_socketio(app);
}

vireo_app *vireo_io_app(const vireo_io *io)
{
    return io->app;
}

const char *vireo_io_path(const vireo_io *io)
{
    return io->path;
}

/* A handler that is on the stack may be closing one of them already: that one is passed over. */
static vireo_socket *first_open(const vireo_ns *ns)
{
    for (const vireo__list *at = ns->list.next; at != &ns->list; at = at->next) {
        vireo_socket *s = vireo__container(at, vireo_socket, in_ns);
        if (!s->closed)
            return s;
    }
    return NULL;
}

static bool has_requests(const vireo_ns *ns)
{
    return !vireo__list_empty(&ns->requests);
}

static bool someone_is_away(const vireo_ns *ns)
{
    const vireo__recovery *r = ns->recovery;
    return r != NULL && (!vireo__list_empty(&r->away) || !vireo__list_empty(&r->moves));
}

/* To cancel a namespace's last request, or to forget who was in it last, may be its end: the search
 * begins anew each time. */
static vireo_ns *first_with(const vireo_io *io, bool (*it)(const vireo_ns *ns))
{
    uint32_t at = 0;
    vireo_ns *ns;
    do
        ns = vireo__map_next(&io->namespaces, &at);
    while (ns != NULL && !it(ns));
    return ns;
}

void vireo__io_close_sockets(vireo_io *io, const char *reason)
{
    uint32_t at = 0;
    for (vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;)
        for (vireo_socket *s; (s = first_open(ns)) != NULL;)
            vireo__socket_close(s, reason, "");
    for (vireo_ns *ns; (ns = first_with(io, someone_is_away)) != NULL;)
        vireo__recovery_forget_all(ns);
    for (vireo_ns *ns; (ns = first_with(io, has_requests)) != NULL;)
        vireo__requests_cancel(ns);
    at = 0;
    for (vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;)
        if (ns->adapter != NULL && ns->adapter->ops->close != NULL)
            ns->adapter->ops->close(ns->adapter);
}

void vireo_io_each_conn(vireo_io *io, void (*fn)(const vireo_conn_info *c, void *user), void *user)
{
    vireo__eio_server_each(io->engine, fn, user);
}
