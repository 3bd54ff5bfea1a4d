/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* websocket.c: the transport that is a WebSocket, opened as one or upgraded to from polling.
 *
 *     client: 2probe  ->  server: 3probe, and every 100 ms a NOOP for the pending GET, so that the
 *                         client can leave it
 *     client: 5       ->  the WebSocket becomes the transport, what is queued goes out over it
 */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "engineio/session.h"
#include "engineio/v3.h"

enum { NOOP_EVERY_MS = 100, MAX_PROTOCOL = 255 /* bytes of a sub-protocol that is answered */ };

struct vireo__eio_websocket {
    vireo__ws ws;
    vireo__list node;            /* in server->websockets */
    vireo__eio_session *session; /* NULL: it only waits for its end */
    struct probe *probe;         /* NULL once it is the transport */
    /* only where flushes are watched: what it was given since the last, in bytes and in packets */
    uint32_t unwritten_bytes;
    uint16_t unwritten;
};

/* What a WebSocket needs only until it has become the transport. */
struct probe {
    vireo__deadline timeout;
    vireo__deadline noop;
    vireo__eio_websocket *websocket;
    bool base64;
};

static const vireo__ws_events events;

/* Of the sub-protocols that a client offers, ws takes the first, and so do we. */
static void take_protocol(vireo_req *r)
{
    const char *offered = vireo_header(r, "sec-websocket-protocol");
    size_t n = offered != NULL ? strcspn(offered, ", \t") : 0;
    char name[MAX_PROTOCOL + 1];
    if (n == 0 || n > MAX_PROTOCOL)
        return;
    memcpy(name, offered, n);
    name[n] = '\0';
    vireo_reply_header(r, "Sec-WebSocket-Protocol", name);
}

/* The client asked for binary messages as text. */
static bool takes_text(const vireo_req *r)
{
    return vireo__req_query_value(r, "b64").len > 0;
}

static vireo__eio_websocket *accept_websocket(vireo__eio_server *server, vireo_req *r)
{
    vireo__eio_websocket *w = calloc(1, server->options.flushes_watched
                                            ? sizeof *w
                                            : offsetof(vireo__eio_websocket, unwritten_bytes));
    if (w == NULL) {
        vireo_reply_text(r, 500, "");
        return NULL;
    }
    if (server->events->on_headers != NULL)
        server->events->on_headers(server->owner, r, NULL);
    take_protocol(r);
    const char *headers = vireo__req_added_headers(r);
    if (headers == NULL)
        vireo_reply_text(r, 500, "");
    if (headers == NULL || vireo__ws_accept(&w->ws, r, headers, &server->ws_limits, &events) < 0) {
        free(w);
        return NULL;
    }
    vireo__list_append(&server->websockets, &w->node);
    return w;
}

static void become(vireo__eio_session *s, vireo__eio_websocket *w)
{
    s->ws = w;
    s->server->counts.websockets++;
}

static void cease(vireo__eio_session *s)
{
    s->ws = NULL;
    s->server->counts.websockets--;
}

/* --- sending ---------------------------------------------------------------------------------- */

static vireo__shared *as_text(const vireo__eio_websocket *w, vireo__shared *frame)
{
    vireo__buf text;
    const uint8_t *data = vireo__ws_payload(frame);
    size_t len = vireo__ws_payload_len(frame);
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error = w->session->v3 ? vireo__eio3_write_base64(&text, data, len)
                               : vireo__eio_write_base64(&text, data, len);
    vireo__shared *copy =
        error == 0 ? vireo__ws_frame_copy(VIREO__WS_TEXT, text.data, text.len) : NULL;
    vireo__buf_deinit(&text);
    return copy;
}

/* In v3 a binary message has its type in front. */
static vireo__shared *with_type(vireo__shared *frame)
{
    size_t len = vireo__ws_payload_len(frame);
    vireo__shared *copy = vireo__ws_frame_new(VIREO__WS_BINARY, len + 1);
    if (copy == NULL)
        return NULL;
    vireo__ws_payload(copy)[0] = VIREO__EIO_MESSAGE;
    if (len > 0)
        memcpy(vireo__ws_payload(copy) + 1, vireo__ws_payload(frame), len);
    return copy;
}

static int send_binary(vireo__eio_websocket *w, vireo__shared *frame, vireo__written_fn done,
                       void *user)
{
    vireo__shared *copy = w->session->base64 ? as_text(w, frame) : with_type(frame);
    if (copy == NULL)
        return VIREO_ENOMEM;
    int error = vireo__ws_send(&w->ws, copy, done, user);
    vireo__shared_unref(copy);
    return error;
}

static void tell_flush(vireo__eio_websocket *w)
{
    if (!w->session->server->options.flushes_watched)
        return;
    vireo__eio_watch_flush(w->session, w->unwritten, w->unwritten_bytes);
    w->unwritten = 0;
    w->unwritten_bytes = 0;
}

/* A batch that cannot be counted any more is two. */
static void note_unwritten(vireo__eio_websocket *w, vireo__shared *frame)
{
    size_t len = vireo__ws_payload_len(frame);
    if (w->unwritten == UINT16_MAX || len > UINT32_MAX - w->unwritten_bytes)
        tell_flush(w);
    w->unwritten++;
    w->unwritten_bytes += (uint32_t)len;
    vireo__turn_add(w->session->server->loop, &w->session->turn);
}

int vireo__eio_websocket_send(vireo__eio_websocket *w, vireo__shared *frame, vireo__written_fn done,
                              void *user)
{
    bool converted =
        (w->session->base64 || w->session->v3) && vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY;
    int error =
        converted ? send_binary(w, frame, done, user) : vireo__ws_send(&w->ws, frame, done, user);
    if (error == 0 && w->session->server->options.flushes_watched)
        note_unwritten(w, frame);
    return error;
}

bool vireo__eio_websocket_writable(const vireo__eio_websocket *w)
{
    return !w->ws.dead && vireo__stream_writable(w->ws.stream);
}

size_t vireo__eio_websocket_queued(const vireo__eio_websocket *w)
{
    return vireo__ws_queued(&w->ws);
}

/* While the kernel takes nothing they wait: then they are told when it has taken all. */
void vireo__eio_websocket_written(vireo__eio_websocket *w)
{
    if (vireo__eio_websocket_writable(w))
        tell_flush(w);
}

/* --- opening ---------------------------------------------------------------------------------- */

static int send_text(vireo__eio_websocket *w, const void *text, size_t len)
{
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_TEXT, text, len);
    if (frame == NULL)
        return VIREO_ENOMEM;
    int error = vireo__ws_send(&w->ws, frame, NULL, NULL);
    vireo__shared_unref(frame);
    return error;
}

static int send_open(vireo__eio_websocket *w)
{
    const vireo__eio_server *server = w->session->server;
    vireo__buf *open = vireo__loop_scratch(server->loop);
    if (vireo__eio_session_write_open(w->session, true, open) < 0)
        return VIREO_ENOMEM;
    int error = send_text(w, open->data, open->len);
    if (error == 0 && server->initial_packet != NULL)
        error = send_text(w, server->initial_packet, strlen(server->initial_packet));
    return error;
}

void vireo__eio_websocket_open(vireo__eio_server *server, vireo_req *r, const char *id)
{
    vireo__eio_session *s = vireo__eio_session_new(server, r, id);
    if (s == NULL) {
        vireo_reply_text(r, 500, "");
        return;
    }
    if (server->events->on_headers != NULL)
        server->events->on_headers(server->owner, r, id);
    vireo__eio_websocket *w = accept_websocket(server, r);
    if (w == NULL) {
        s->refused = true;
        vireo__eio_session_end(s, "transport error", "the WebSocket handshake failed");
        return;
    }
    w->session = s;
    s->base64 = takes_text(r);
    become(s, w);
    int error = send_open(w);
    if (error < 0) {
        s->refused = true;
        vireo__eio_session_end(s, "transport error", vireo_strerror(error));
        return;
    }
    vireo__eio_session_start(s);
}

/* --- the upgrade ------------------------------------------------------------------------------ */

static void end_probe(vireo__eio_websocket *w)
{
    struct probe *p = w->probe;
    if (p == NULL)
        return;
    w->probe = NULL;
    if (w->session != NULL)
        w->session->probe = NULL;
    vireo__deadline_stop(&p->timeout);
    vireo__deadline_stop(&p->noop);
    free(p);
}

void vireo__eio_websocket_close(vireo__eio_websocket *w)
{
    vireo__ws_close(&w->ws, 0, NULL, 0);
}

void vireo__eio_websocket_detach(vireo__eio_websocket *w)
{
    end_probe(w);
    if (w->session != NULL && w->session->ws == w) {
        vireo__eio_websocket_written(w);
        cease(w->session);
    }
    w->session = NULL;
    vireo__eio_websocket_close(w);
}

/* Close handshakes that are under way must not hold up the end of the server. */
void vireo__eio_websockets_stop(vireo__eio_server *server)
{
    for (vireo__list *at = server->websockets.next, *next; at != &server->websockets; at = next) {
        next = at->next;
        vireo__ws_go_away(&vireo__container(at, vireo__eio_websocket, node)->ws);
    }
}

static void on_upgrade_overdue(vireo__deadline *d)
{
    vireo__eio_websocket_detach(vireo__container(d, struct probe, timeout)->websocket);
}

static void on_noop_due(vireo__deadline *d)
{
    vireo__eio_websocket *w = vireo__container(d, struct probe, noop)->websocket;
    if (vireo__outbox_empty(&w->session->outbox))
        vireo__eio_polling_noop(w->session);
    if (w->probe != NULL)
        vireo__deadline_start(w->session->server->loop, d, NOOP_EVERY_MS, on_noop_due);
}

static int start_probe(vireo__eio_websocket *w, vireo__eio_session *s, bool base64)
{
    struct probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return VIREO_ENOMEM;
    p->websocket = w;
    p->base64 = base64;
    w->probe = p;
    w->session = s;
    s->probe = w;
    return vireo__deadline_start(s->server->loop, &p->timeout,
                                 s->server->options.upgrade_timeout_ms, on_upgrade_overdue);
}

void vireo__eio_websocket_probe(vireo__eio_session *s, vireo_req *r)
{
    vireo__eio_websocket *w = accept_websocket(s->server, r);
    if (w == NULL)
        return;
    /* on_headers may have ended the session */
    bool unwanted = s->probe != NULL || s->ws != NULL || s->state == VIREO__EIO_STATE_CLOSED;
    if (unwanted || start_probe(w, s, takes_text(r)) < 0)
        vireo__eio_websocket_detach(w);
}

/* What a client must not miss is gone: that must not look as if nothing was. */
static void on_flush_failed(vireo__eio_session *s, int error)
{
    if (error == VIREO_EFULL)
        vireo__eio_session_too_slow(s);
    else if (error != VIREO_ECLOSED)
        vireo__eio_session_end(s, "transport error", vireo_strerror(error));
}

/* A transport's queue becomes another's: the order of messages is that of the outbox. */
void vireo__eio_websocket_flush(vireo__eio_session *s)
{
    vireo__outbox_item item;
    while (s->ws != NULL && vireo__outbox_pop(&s->outbox, s->server->loop, &item)) {
        int error = vireo__eio_websocket_send(s->ws, item.frame, item.done, item.user);
        if (error < 0 && item.done != NULL)
            item.done(item.user, error);
        vireo__shared_unref(item.frame);
        if (error < 0)
            on_flush_failed(s, error);
    }
}

static void become_transport(vireo__eio_websocket *w)
{
    vireo__eio_session *s = w->session;
    vireo__eio_polling_end(s, VIREO__EIO_NOOP_PACKET);
    if (w->session == NULL) /* .. which ended it, for want of memory */
        return;
    s->base64 = w->probe->base64;
    end_probe(w);
    become(s, w);
    s->server->counts.upgrades++;
    vireo__debug(s->server->loop, VIREO__DEBUG_ENGINE, "%.*s.. upgraded to websocket",
                 VIREO__DEBUG_ID, s->id);
    vireo__eio_websocket_flush(s);
    if (s->state == VIREO__EIO_STATE_CLOSING)
        vireo__eio_session_end(s, "forced close", "");
    else if (s->state == VIREO__EIO_STATE_OPEN && s->server->events->on_upgrade != NULL)
        s->server->events->on_upgrade(s);
}

static int answer_probe(vireo__eio_websocket *w)
{
    int error = send_text(w, "3probe", 6);
    return error < 0 ? error
                     : vireo__deadline_start(w->session->server->loop, &w->probe->noop,
                                             NOOP_EVERY_MS, on_noop_due);
}

static void on_probe_message(vireo__eio_websocket *w, const uint8_t *data, size_t len)
{
    if (len == 1 && data[0] == '5')
        become_transport(w);
    else if (len != 6 || memcmp(data, "2probe", 6) != 0 || answer_probe(w) < 0)
        vireo__eio_websocket_detach(w);
}

/* A binary message of v4 is one as it stands. */
static int decode(const vireo__eio_websocket *w, vireo__eio_packet *packet, bool binary)
{
    if (!w->session->v3)
        return binary ? 0 : vireo__eio_decode(packet, packet->data, packet->len);
    return binary ? vireo__eio3_decode_bytes(packet, packet->data, packet->len)
                  : vireo__eio3_decode(packet, packet->data, packet->len);
}

/* --- events of the WebSocket ------------------------------------------------------------------ */

static void on_message(vireo__ws *ws, bool binary, uint8_t *data, size_t len)
{
    vireo__eio_websocket *w = vireo__container(ws, vireo__eio_websocket, ws);
    vireo__eio_packet packet = {VIREO__EIO_MESSAGE, true, data, len};
    if (w->session == NULL)
        return;
    if (w->probe != NULL)
        on_probe_message(w, data, binary ? 0 : len);
    else if (decode(w, &packet, binary) < 0)
        vireo__eio_session_end(w->session, "parse error", "");
    else if (packet.type ==
             VIREO__EIO_CLOSE) /* the official server waits for the close frame instead */
        vireo__eio_session_end(w->session, "transport close", "");
    else
        vireo__eio_session_packet(w->session, &packet);
}

/* The session lets go of the WebSocket before it ends, so that the close frame stays the one that
 * tells the error. */
static void on_error(vireo__ws *ws, int error, const char *text)
{
    vireo__eio_websocket *w = vireo__container(ws, vireo__eio_websocket, ws);
    vireo__eio_session *s = w->session;
    bool was_transport = w->probe == NULL;
    end_probe(w);
    w->session = NULL;
    if (s == NULL || !was_transport)
        return;
    cease(s);
    s->server->counts.too_slow += error == VIREO_EFULL;
    vireo__eio_session_end(s, "transport error", text);
}

static void on_drain(vireo__ws *ws)
{
    vireo__eio_session *s = vireo__container(ws, vireo__eio_websocket, ws)->session;
    if (s == NULL || s->ws == NULL)
        return;
    tell_flush(s->ws);
    vireo__eio_websocket_flush(s);
    if (s->ws != NULL && s->server->events->on_drain != NULL)
        s->server->events->on_drain(s);
}

static void on_close(vireo__ws *ws, uint16_t code, const char *reason)
{
    vireo__eio_websocket *w = vireo__container(ws, vireo__eio_websocket, ws);
    vireo__eio_session *s = w->session;
    bool was_transport = w->probe == NULL;
    (void)reason;
    end_probe(w);
    if (s != NULL && was_transport) {
        s->close_code = code;
        cease(s);
        vireo__eio_session_end(
            s, s->state == VIREO__EIO_STATE_CLOSING ? "forced close" : "transport close", "");
    }
    vireo__list_remove(&w->node);
    free(w);
}

static const vireo__ws_events events = {
    .on_message = on_message,
    .on_error = on_error,
    .on_drain = on_drain,
    .on_close = on_close,
};
