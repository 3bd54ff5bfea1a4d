/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* endpoint.c: <vireo/ws.h>: an endpoint is a route for upgrades and the list of its connections. A
 * connection is one piece of memory:
 *
 *     | vireo_ws | data_size bytes of the user | address, NUL |
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/list.h"
#include "base/utf8.h"
#include "net/tls.h"
#include "payload/template.h"
#include "ws/conn.h"

enum {
    DEFAULT_MESSAGE_BYTES = 1000000, /* as Socket.IO's maxHttpBufferSize */
    DEFAULT_FRAGMENTS = 131072,      /* as npm's ws: more is an attack on the bookkeeping */
    DEFAULT_CLOSE_TIMEOUT_MS = 30000,
    MAX_DATA_SIZE = 1 << 30
};

struct vireo_ws_endpoint {
    vireo_app *app;
    vireo_ws_options options;
    vireo__ws_limits limits;
    vireo__list connections; /* until on_close has returned */
    size_t open;
    vireo__part part; /* of the application */
};

struct vireo_ws {
    vireo__ws conn;
    vireo__list node;
    vireo_ws_endpoint *endpoint;
    _Alignas(max_align_t) uint8_t data[];
};

_Static_assert(sizeof(vireo_ws) <= 150, "an idle connection is small");

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

static void on_close(vireo__ws *conn, uint16_t code, const char *reason)
{
    vireo_ws *ws = outer(conn);
    if (options_of(conn)->on_close != NULL)
        options_of(conn)->on_close(ws, code, reason);
    vireo__list_remove(&ws->node);
    free(ws);
}

static const vireo__ws_events events = {
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

static vireo_ws *new_connection(vireo_ws_endpoint *endpoint, const char *address)
{
    size_t size = endpoint->options.data_size;
    vireo_ws *ws = calloc(1, sizeof *ws + size + strlen(address) + 1);
    if (ws == NULL)
        return NULL;
    ws->endpoint = endpoint;
    strcpy((char *)ws->data + size, address);
    return ws;
}

static int on_upgrade(vireo_req *r)
{
    vireo_ws_endpoint *endpoint = vireo_req_user(r);
    const vireo_ws_options *o = &endpoint->options;
    if (vireo__app_stopping(endpoint->app))
        return vireo_reply_text(r, 503, "the server is going away");
    int error = o->on_upgrade != NULL ? o->on_upgrade(r) : 0;
    if (error < 0 || vireo__req_answered(r))
        return error;
    vireo_ws *ws = new_connection(endpoint, vireo_address(r));
    if (ws == NULL)
        return VIREO_ENOMEM;
    if (vireo__ws_accept(&ws->conn, r, NULL, &endpoint->limits, &events) < 0) {
        free(ws); /* the refusal is on its way */
        return 0;
    }
    vireo__list_append(&endpoint->connections, &ws->node);
    endpoint->open++;
    if (o->on_open != NULL)
        o->on_open(ws);
    return 0;
}

/* --- the application's end -------------------------------------------------------------------- */

static void on_stop(void *owner)
{
    vireo_ws_endpoint *endpoint = owner;
    vireo__list *end = &endpoint->connections;
    for (vireo__list *at = end->next; at != end; at = at->next)
        vireo__ws_go_away(&vireo__container(at, vireo_ws, node)->conn);
}

static void on_free(void *owner)
{
    free(owner);
}

/* --- registering ------------------------------------------------------------------------------ */

static void fill_options(vireo_ws_options *own, const vireo_ws_options *given)
{
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    if (own->max_message_bytes == 0)
        own->max_message_bytes = DEFAULT_MESSAGE_BYTES;
    if (own->max_fragments == 0)
        own->max_fragments = DEFAULT_FRAGMENTS;
    if (own->close_timeout_ms == 0)
        own->close_timeout_ms = DEFAULT_CLOSE_TIMEOUT_MS;
}

static bool bits_valid(uint8_t bits)
{
    return bits == 0 || (bits >= VIREO__WS_BITS_MIN && bits <= VIREO__WS_BITS_MAX);
}

static bool deflate_valid(const vireo_ws_deflate *d)
{
    return bits_valid(d->server_max_window_bits) && bits_valid(d->client_max_window_bits) &&
           d->level <= 9 && d->mem_level <= 9;
}

vireo_ws_endpoint *vireo_ws_register(vireo_app *app, const char *path,
                                     const vireo_ws_options *options)
{
    vireo_ws_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (endpoint == NULL)
        return NULL;
    fill_options(&endpoint->options, options);
    endpoint->app = app;
    endpoint->limits = (vireo__ws_limits){
        .max_message_bytes = endpoint->options.max_message_bytes,
        .max_fragments = endpoint->options.max_fragments,
        .close_timeout_ms = endpoint->options.close_timeout_ms,
        .pieces = endpoint->options.on_piece != NULL,
        .deflate = endpoint->options.deflate,
    };
    vireo__list_init(&endpoint->connections);
    if (endpoint->options.data_size > MAX_DATA_SIZE || !deflate_valid(&endpoint->options.deflate) ||
        vireo__route_upgrade(app, path, on_upgrade, endpoint) < 0) {
        free(endpoint);
        return NULL;
    }
    endpoint->part = (vireo__part){.owner = endpoint, .on_stop = on_stop, .on_free = on_free};
    vireo__app_add_part(app, &endpoint->part);
    return endpoint;
}

/* --- sending ---------------------------------------------------------------------------------- */

static int make_frame(const void *data, size_t len, bool binary, vireo__shared **frame)
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
    int error = make_frame(data, len, binary, &frame);
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

int vireo_ws_broadcast(vireo_ws_endpoint *endpoint, const vireo_ws *except, const void *data,
                       size_t len, bool binary)
{
    vireo__shared *frame;
    int count = make_frame(data, len, binary, &frame);
    if (count < 0)
        return count;
    vireo__list *end = &endpoint->connections;
    for (vireo__list *at = end->next; at != end; at = at->next) {
        vireo_ws *ws = vireo__container(at, vireo_ws, node);
        if (ws != except && vireo__ws_send(&ws->conn, frame, NULL, NULL) == 0)
            count++;
    }
    vireo__shared_unref(frame);
    return count;
}

int vireo_ws_ping(vireo_ws *ws, const void *data, size_t len)
{
    return vireo__ws_ping(&ws->conn, data, len);
}

int vireo_ws_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    return vireo__ws_close(&ws->conn, code, reason, reason != NULL ? strlen(reason) : 0);
}

void vireo_ws_terminate(vireo_ws *ws)
{
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
    return ws->endpoint;
}

const char *vireo_ws_address(const vireo_ws *ws)
{
    return (const char *)ws->data + ws->endpoint->options.data_size;
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
