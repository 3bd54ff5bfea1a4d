/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* endpoint.c: <vireo/ws.h>: an endpoint is a route for upgrades and the list of its connections. */

#include "ws/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "http/connlog.h"
#include "http/exposition.h"
#include "net/tls.h"
#include "payload/template.h"
#include "ws/inside.h"
#include "ws/local.h"

enum {
    DEFAULT_MESSAGE_BYTES = 1000000, /* as Socket.IO's maxHttpBufferSize */
    DEFAULT_FRAGMENTS = 131072,      /* as npm's ws: more is an attack on the bookkeeping */
    DEFAULT_CLOSE_TIMEOUT_MS = 30000,
    DEFAULT_IDLE_TIMEOUT_MS = 120000, /* as uWebSockets */
    DEFAULT_TOPICS = 1024,
    MAX_DATA_SIZE = 1 << 30
};

static vireo_ws *outer(vireo__ws *conn)
{
    return vireo__container(conn, vireo_ws, conn);
}

static const vireo_ws_options *options_of(vireo__ws *conn)
{
    return &outer(conn)->endpoint->options;
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_message(vireo__ws *conn, bool binary, uint8_t *data, size_t len)
{
    if (options_of(conn)->on_message != NULL)
        options_of(conn)->on_message(outer(conn), data, len, binary);
}

static void on_piece(vireo__ws *conn, bool binary, uint8_t *data, size_t len, bool last)
{
    options_of(conn)->on_piece(outer(conn), data, len, binary, last);
}

static void on_ping(vireo__ws *conn, const uint8_t *data, size_t len)
{
    if (options_of(conn)->on_ping != NULL)
        options_of(conn)->on_ping(outer(conn), data, len);
}

static void on_pong(vireo__ws *conn, const uint8_t *data, size_t len)
{
    if (options_of(conn)->on_pong != NULL)
        options_of(conn)->on_pong(outer(conn), data, len);
}

static void on_error(vireo__ws *conn, int error, const char *text)
{
    if (options_of(conn)->on_error != NULL)
        options_of(conn)->on_error(outer(conn), error, text);
}

static void on_drain(vireo__ws *conn)
{
    if (options_of(conn)->on_drain != NULL)
        options_of(conn)->on_drain(outer(conn));
}

static void on_closing(vireo__ws *conn)
{
    outer(conn)->endpoint->open--;
}

static void tell_log(const vireo_ws *ws, const vireo__conn_event *more)
{
    vireo__conn_event e = *more;
    if (!vireo__connlog_on(ws->endpoint->app))
        return;
    e.area = "ws";
    e.address = vireo__ws_address_of(ws);
    e.transport = "websocket";
    vireo__connlog_write(ws->endpoint->app, &e);
}

/* 1006: its stream broke, without a close frame. */
static const char *ended_by(const vireo__ws *conn, uint16_t code)
{
    if (code == VIREO__WS_ABNORMAL)
        return "network";
    return conn->peer_first ? "client" : "server";
}

static void on_close(vireo__ws *conn, uint16_t code, const char *reason)
{
    vireo_ws *ws = outer(conn);
    if (ws->endpoint->client != NULL) {
        vireo__ws_client_closed(ws->endpoint->client, code, reason);
        return;
    }
    tell_log(
        ws, &(vireo__conn_event){
                .event = "disconnect", .by = ended_by(conn, code), .reason = reason, .code = code});
    if (options_of(conn)->on_close != NULL)
        options_of(conn)->on_close(ws, code, reason);
    vireo__ws_leave_topics(ws);
    vireo__list_remove(&ws->node);
    free(ws);
}

const vireo__ws_events vireo__ws_user_events = {
    .on_message = on_message,
    .on_piece = on_piece,
    .on_ping = on_ping,
    .on_pong = on_pong,
    .on_error = on_error,
    .on_drain = on_drain,
    .on_closing = on_closing,
    .on_close = on_close,
};

/* --- opening ---------------------------------------------------------------------------------- */

static vireo_ws *new_connection(vireo_ws_endpoint *endpoint, const char *address,
                                vireo__str protocol)
{
    size_t address_size = strlen(address) + 1;
    vireo_ws *ws =
        calloc(1, sizeof *ws + endpoint->options.data_size + address_size + protocol.len + 1);
    if (ws == NULL)
        return NULL;
    ws->endpoint = endpoint;
    memcpy(vireo__ws_address_of(ws), address, address_size);
    memcpy(vireo__ws_address_of(ws) + address_size, protocol.at, protocol.len);
    return ws;
}

/* What can be said against it before the user is asked. Returns 0, or a negative number: answered.
 */
static int check(vireo_req *r, const vireo_ws_options *o, char accept[VIREO__WS_ACCEPT_SIZE],
                 vireo__str *protocol)
{
    int error = vireo__ws_check_request(r, accept);
    if (error < 0)
        return error;
    if (!vireo__ws_origin_allowed(vireo_header(r, "origin"), vireo_header(r, "host"), o->origins)) {
        vireo_reply_text(r, 403, "pages of this origin may not connect");
        return VIREO_EREFUSED;
    }
    error = vireo__ws_choose_protocol(vireo_header(r, "sec-websocket-protocol"), o->protocols,
                                      protocol);
    if (error < 0)
        vireo_reply_text(r, 400, "the Sec-WebSocket-Protocol is malformed");
    return error;
}

static int ask_user(vireo_req *r, vireo_ws *ws)
{
    vireo_ws_endpoint *endpoint = ws->endpoint;
    if (endpoint->options.on_upgrade == NULL)
        return 0;
    endpoint->upgrading = ws;
    int error = endpoint->options.on_upgrade(r);
    endpoint->upgrading = NULL;
    return error;
}

/* The 101; what cannot be done is answered. */
static int complete(vireo_req *r, vireo_ws *ws, const char *accept)
{
    const char *protocol = vireo_ws_protocol(ws);
    vireo__buf header;
    vireo__buf_init(&header, VIREO__BUF_UNLIMITED);
    if (protocol[0] != '\0') {
        vireo__buf_append_str(&header, "Sec-WebSocket-Protocol: ");
        vireo__buf_append_str(&header, protocol);
        vireo__buf_append_str(&header, "\r\n");
    }
    const char *text = vireo__buf_cstr(&header);
    int error = VIREO_ENOMEM;
    if (text == NULL)
        vireo_reply_text(r, 500, vireo_strerror(error));
    else
        error = vireo__ws_accept_checked(&ws->conn, r, accept, text, &ws->endpoint->limits,
                                         &vireo__ws_user_events);
    vireo__buf_deinit(&header);
    return error;
}

static int on_upgrade(vireo_req *r)
{
    vireo_ws_endpoint *endpoint = vireo_req_user(r);
    char accept[VIREO__WS_ACCEPT_SIZE];
    vireo__str protocol;
    if (vireo__app_leaving(endpoint->app))
        return vireo_reply_text(r, 503, "the server is going away");
    if (check(r, &endpoint->options, accept, &protocol) < 0)
        return 0;
    vireo_ws *ws = new_connection(endpoint, vireo_address(r), protocol);
    if (ws == NULL)
        return VIREO_ENOMEM;
    int error = ask_user(r, ws);
    if (error < 0 || vireo__req_answered(r)) {
        free(ws);
        return error;
    }
    if (complete(r, ws, accept) < 0) {
        free(ws);
        return 0;
    }
    vireo__list_append(&endpoint->connections, &ws->node);
    endpoint->open++;
    endpoint->opened++;
    tell_log(ws, &(vireo__conn_event){.event = "connect"});
    if (endpoint->options.on_open != NULL)
        endpoint->options.on_open(ws);
    return 0;
}

/* --- the application's end -------------------------------------------------------------------- */

/* Those that are on their way out stand at the end of the list. */
static size_t drain(void *owner, size_t keep)
{
    vireo_ws_endpoint *endpoint = owner;
    vireo__list *all = &endpoint->connections;
    while (endpoint->open > keep) {
        vireo_ws *ws = vireo__container(all->next, vireo_ws, node);
        vireo__list_remove(&ws->node);
        vireo__list_append(all, &ws->node);
        vireo__ws_close(&ws->conn, VIREO__WS_GOING_AWAY, NULL, 0);
    }
    return endpoint->open > 0 || vireo__list_empty(all) ? endpoint->open : 1;
}

static void on_stop(void *owner)
{
    vireo_ws_endpoint *endpoint = owner;
    vireo__list *end = &endpoint->connections;
    for (vireo__list *at = end->next; at != end; at = at->next)
        vireo__ws_go_away(&vireo__container(at, vireo_ws, node)->conn);
}

static void measure(void *owner, vireo__exposition *x)
{
    static const vireo__metric open = {"vireo_websockets", "Open WebSockets, without Socket.IO's.",
                                       VIREO__GAUGE, VIREO__UNITS},
                               opened = {"vireo_websockets_opened_total",
                                         "WebSockets opened, without Socket.IO's.", VIREO__COUNTER,
                                         VIREO__UNITS};
    const vireo_ws_endpoint *endpoint = owner;
    vireo__expose(x, &open, endpoint->open, NULL);
    vireo__expose(x, &opened, endpoint->opened, NULL);
}

void vireo__ws_unconfigure(vireo_ws_endpoint *endpoint)
{
    free((char *)endpoint->options.protocols);
    free((char *)endpoint->options.origins);
}

static void free_endpoint(vireo_ws_endpoint *endpoint)
{
    vireo__ws_unconfigure(endpoint);
    vireo__list_remove(&endpoint->local);
    free(endpoint->path);
    free(endpoint);
}

static void on_free(void *owner)
{
    free_endpoint(owner);
}

/* --- registering ------------------------------------------------------------------------------ */

static void set_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

static int copy_text(const char **text)
{
    if (*text == NULL)
        return 0;
    *text = strdup(*text);
    return *text != NULL ? 0 : VIREO_ENOMEM;
}

/* On failure nothing of |given| is held. */
static int fill_options(vireo_ws_options *own, const vireo_ws_options *given)
{
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    if (own->max_message_bytes == 0)
        own->max_message_bytes = DEFAULT_MESSAGE_BYTES;
    set_default(&own->max_fragments, DEFAULT_FRAGMENTS);
    set_default(&own->close_timeout_ms, DEFAULT_CLOSE_TIMEOUT_MS);
    set_default(&own->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS);
    set_default(&own->max_topics, DEFAULT_TOPICS);
    int protocols = copy_text(&own->protocols);
    int origins = copy_text(&own->origins);
    return protocols < 0 || origins < 0 ? VIREO_ENOMEM : 0;
}

static bool bits_valid(uint8_t bits)
{
    return bits == 0 || (bits >= VIREO__WS_BITS_MIN && bits <= VIREO__WS_BITS_MAX);
}

static bool valid(const vireo_ws_options *o)
{
    return o->data_size <= MAX_DATA_SIZE && bits_valid(o->deflate.server_max_window_bits) &&
           bits_valid(o->deflate.client_max_window_bits) && o->deflate.level <= 9 &&
           o->deflate.mem_level <= 9;
}

static vireo__ws_limits limits_of(const vireo_ws_options *o)
{
    return (vireo__ws_limits){
        .max_message_bytes = o->max_message_bytes,
        .max_fragments = o->max_fragments,
        .close_timeout_ms = o->close_timeout_ms,
        .pieces = o->on_piece != NULL,
        .deflate = o->deflate,
        .idle_timeout_ms = o->idle_timeout_ms != VIREO_WS_NEVER ? o->idle_timeout_ms : 0,
        .no_ping = o->no_ping,
        .max_lifetime_ms = o->max_lifetime_ms,
        .max_queued_bytes = o->max_queued_bytes,
        .skip_when_full = o->when_full == VIREO_WS_SKIP,
    };
}

int vireo__ws_configure(vireo_ws_endpoint *endpoint, const vireo_ws_options *options)
{
    if (fill_options(&endpoint->options, options) < 0)
        return VIREO_ENOMEM;
    if (!valid(&endpoint->options))
        return VIREO_EINVAL;
    endpoint->limits = limits_of(&endpoint->options);
    return 0;
}

/* Other workers' broadcasts find it by its path. */
static int become_known(vireo_ws_endpoint *endpoint, const char *path)
{
    vireo__ws_local *local;
    if (vireo__app_group(endpoint->app) == NULL)
        return 0;
    local = vireo__ws_local_of(vireo__app_loop(endpoint->app));
    endpoint->path = strdup(path);
    if (local == NULL || endpoint->path == NULL)
        return VIREO_ENOMEM;
    vireo__list_append(&local->endpoints, &endpoint->local);
    return 0;
}

static vireo_ws_endpoint *find_known(vireo_app *app, const char *path)
{
    const vireo__ws_local *local = vireo__ws_local_of(vireo__app_loop(app));
    if (local == NULL)
        return NULL;
    for (const vireo__list *at = local->endpoints.next; at != &local->endpoints; at = at->next) {
        vireo_ws_endpoint *endpoint = vireo__container((uintptr_t)at, vireo_ws_endpoint, local);
        if (strcmp(endpoint->path, path) == 0)
            return endpoint;
    }
    return NULL;
}

vireo_ws_endpoint *vireo_ws_register(vireo_app *app, const char *path,
                                     const vireo_ws_options *options)
{
    vireo_ws_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint == NULL)
        return NULL;
    endpoint->app = app;
    vireo__list_init(&endpoint->connections);
    vireo__list_init(&endpoint->local);
    if (vireo__ws_configure(endpoint, options) < 0 || become_known(endpoint, path) < 0 ||
        vireo__route_upgrade(app, path, on_upgrade, endpoint) < 0) {
        free_endpoint(endpoint);
        return NULL;
    }
    endpoint->part = (vireo__part){.owner = endpoint,
                                   .drain = drain,
                                   .measure = measure,
                                   .on_stop = on_stop,
                                   .on_free = on_free};
    vireo__app_add_part(app, &endpoint->part);
    return endpoint;
}

/* --- sending ---------------------------------------------------------------------------------- */

int vireo__ws_make_frame(const void *data, size_t len, bool binary, vireo__shared **frame)
{
    if (!binary && !vireo__utf8_valid(data, len))
        return VIREO_EUTF8;
    *frame = vireo__ws_frame_copy(binary ? VIREO__WS_BINARY : VIREO__WS_TEXT, data, len);
    return *frame != NULL ? 0 : VIREO_ENOMEM;
}

int vireo_ws_send(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo__shared *frame;
    if (vireo_ws_ready_state(ws) != VIREO_WS_OPEN)
        return VIREO_ECLOSED;
    int error = vireo__ws_make_frame(data, len, binary, &frame);
    if (error < 0)
        return error;
    error = vireo__ws_send(&ws->conn, frame, NULL, NULL);
    vireo__shared_unref(frame);
    return error;
}

int vireo_ws_send_text(vireo_ws *ws, const char *text)
{
    return vireo_ws_send(ws, text, strlen(text), false);
}

int vireo_ws_send_json(vireo_ws *ws, const char *tmpl, ...)
{
    vireo__buf *text = vireo__loop_scratch(vireo__app_loop(ws->endpoint->app));
    va_list args;
    va_start(args, tmpl);
    int error = vireo__template_write_one(text, NULL, tmpl, args);
    va_end(args);
    return error < 0 ? error : vireo_ws_send(ws, text->data, text->len, false);
}

int vireo_ws_send_piece(vireo_ws *ws, const void *data, size_t len, bool binary, bool last)
{
    return vireo__ws_send_piece(&ws->conn, data, len, binary, last);
}

static int broadcast_here(vireo_ws_endpoint *endpoint, const vireo_ws *except, vireo__shared *frame)
{
    int count = 0;
    vireo__list *end = &endpoint->connections;
    for (vireo__list *at = end->next; at != end; at = at->next) {
        vireo_ws *ws = vireo__container(at, vireo_ws, node);
        if (ws != except && vireo__ws_send(&ws->conn, frame, NULL, NULL) == 0)
            count++;
    }
    return count;
}

static void broadcast_there(vireo_app *app, const vireo__news *news)
{
    vireo_ws_endpoint *endpoint = find_known(app, news->name);
    if (endpoint != NULL)
        broadcast_here(endpoint, NULL, news->bytes);
}

int vireo_ws_broadcast(vireo_ws_endpoint *endpoint, const vireo_ws *except, const void *data,
                       size_t len, bool binary)
{
    vireo__shared *frame;
    int error = vireo__ws_make_frame(data, len, binary, &frame);
    if (error < 0)
        return error;
    if (endpoint->path != NULL)
        vireo__ws_tell_others(endpoint->app, broadcast_there, endpoint->path, frame);
    int count = broadcast_here(endpoint, except, frame);
    vireo__shared_unref(frame);
    return count;
}

void vireo_ws_pause(vireo_ws *ws)
{
    vireo__ws_pause(&ws->conn);
}

void vireo_ws_resume(vireo_ws *ws)
{
    vireo__ws_resume(&ws->conn);
}

int vireo_ws_ping(vireo_ws *ws, const void *data, size_t len)
{
    return vireo__ws_ping(&ws->conn, data, len);
}

int vireo_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    struct vireo__ws_client *client = ws->endpoint->client;
    bool connecting = client != NULL && vireo__ws_client_connecting(client);
    int error = connecting
                    ? 0
                    : vireo__ws_close(&ws->conn, code, reason, reason != NULL ? strlen(reason) : 0);
    if (client != NULL && error != VIREO_EINVAL)
        vireo__ws_client_leave(client);
    return error;
}

void vireo_ws_terminate(vireo_ws *ws)
{
    if (ws->endpoint->client != NULL)
        vireo__ws_client_leave(ws->endpoint->client);
    vireo__ws_terminate(&ws->conn);
}

/* --- looking at them -------------------------------------------------------------------------- */

/* Nobody leaves the list, and nobody enters it, inside |fn|: connections end and begin with events
 * of the loop only. */
void vireo_ws_each(vireo_ws_endpoint *endpoint, void (*fn)(vireo_ws *ws, void *user), void *user)
{
    vireo__list *end = &endpoint->connections;
    for (vireo__list *at = end->next; at != end; at = at->next) {
        vireo_ws *ws = vireo__container(at, vireo_ws, node);
        if (vireo_ws_ready_state(ws) == VIREO_WS_OPEN)
            fn(ws, user);
    }
}

vireo_ws_state vireo_ws_ready_state(const vireo_ws *ws)
{
    if (ws->endpoint->client != NULL && vireo__ws_client_connecting(ws->endpoint->client))
        return VIREO_WS_CONNECTING;
    return vireo__ws_ready_state(&ws->conn);
}

void *vireo_ws_data(vireo_ws *ws)
{
    return ws->endpoint->options.data_size > 0 ? ws->data : NULL;
}

void *vireo_ws_user(const vireo_ws *ws)
{
    return ws->endpoint->options.user;
}

vireo_app *vireo_ws_app(const vireo_ws *ws)
{
    return ws->endpoint->app;
}

vireo_ws_endpoint *vireo_ws_endpoint_of(const vireo_ws *ws)
{
    return ws->endpoint->client == NULL ? ws->endpoint : NULL;
}

const char *vireo_ws_address(const vireo_ws *ws)
{
    return vireo__ws_address_of(ws);
}

const char *vireo_ws_protocol(const vireo_ws *ws)
{
    return vireo__ws_address_of(ws) + strlen(vireo__ws_address_of(ws)) + 1;
}

void *vireo_ws_upgrade_data(const vireo_req *r)
{
    vireo_ws_endpoint *endpoint = vireo_req_user(r);
    return endpoint->upgrading != NULL ? vireo_ws_data(endpoint->upgrading) : NULL;
}

const vireo_tls_info *vireo_ws_tls(const vireo_ws *ws)
{
    return ws->conn.stream != NULL ? vireo__tls_info(ws->conn.stream) : NULL;
}

size_t vireo_ws_queued(const vireo_ws *ws)
{
    return vireo__ws_queued(&ws->conn);
}

size_t vireo_ws_count(const vireo_ws_endpoint *endpoint)
{
    return endpoint->open;
}
