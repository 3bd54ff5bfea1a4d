/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* client_websocket.c: the transport that is a WebSocket, opened as one or upgraded to from polling:
 *
 *     client: 2probe  ->  server: 3probe; the pending GET and POST come to their end
 *     client: 5       ->  the WebSocket is the transport
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engineio/client_inside.h"
#include "ws/endpoint.h"

enum { CLOSE_TIMEOUT_MS = 5000, TEXT_SIZE = 160 };

struct vireo__eio_wire {
    vireo__eio_client *c; /* NULL: it only waits for its end */
    vireo_ws *ws;
    bool probe;
    bool open;
};

/* --- sending ---------------------------------------------------------------------------------- */

static int send_text(vireo__eio_wire *w, const char *text)
{
    return vireo_ws_send(w->ws, text, strlen(text), false);
}

static int send_base64(vireo__eio_wire *w, vireo__shared *frame)
{
    vireo__buf text;
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    int error =
        vireo__eio_write_base64(&text, vireo__ws_payload(frame), vireo__ws_payload_len(frame));
    if (error == 0)
        error = vireo_ws_send(w->ws, text.data, text.len, false);
    vireo__buf_deinit(&text);
    return error;
}

int vireo__eio_wire_send(vireo__eio_wire *w, vireo__shared *frame)
{
    if (w->c->place->force_base64 && vireo__ws_frame_opcode(frame) == VIREO__WS_BINARY)
        return send_base64(w, frame);
    return vireo__ws_send(&w->ws->conn, frame, NULL, NULL);
}

bool vireo__eio_wire_stands(const vireo__eio_wire *w)
{
    return vireo__ws_ready_state(&w->ws->conn) == VIREO_WS_OPEN;
}

bool vireo__eio_wire_writable(const vireo__eio_wire *w)
{
    return w->open && !w->ws->conn.dead && vireo__stream_writable(w->ws->conn.stream);
}

size_t vireo__eio_wire_queued(const vireo__eio_wire *w)
{
    return vireo_ws_queued(w->ws);
}

/* --- the probe -------------------------------------------------------------------------------- */

/* It failed, which harms nobody: polling goes on, or begins again. */
static void end_probe(vireo__eio_client *c, int error, const char *text)
{
    bool paused = c->upgrading && c->get == NULL;
    c->probe = NULL;
    c->upgrading = false;
    c->websocket_works = false;
    if (c->state == VIREO__EIO_CLIENT_OPEN && paused && !c->taking)
        vireo__eio_client_poll(c);
    if (c->state == VIREO__EIO_CLIENT_OPEN)
        c->events->on_upgrade_error(c, error, text);
    vireo__eio_client_go_on(c);
}

static void take_probe_answer(vireo__eio_wire *w, const void *data, size_t len)
{
    vireo__eio_client *c = w->c;
    if (len == 6 && memcmp(data, "3probe", 6) == 0) {
        c->upgrading = true;
        if (c->state == VIREO__EIO_CLIENT_OPEN)
            c->events->on_upgrading(c);
        vireo__eio_client_go_on(c);
        return;
    }
    vireo__eio_wire_leave(w, false);
    end_probe(c, VIREO_EPROTO, "the server has answered the probe with something else");
}

void vireo__eio_wire_switch(vireo__eio_client *c)
{
    vireo__eio_wire *w = c->probe;
    c->upgrading = false;
    c->probe = NULL;
    c->wire = w;
    c->websocket_works = true;
    w->probe = false;
    if (send_text(w, "5") < 0)
        vireo__eio_client_lost(c, "websocket error", VIREO_ENOMEM, 0, vireo_strerror(VIREO_ENOMEM));
    else if (c->state == VIREO__EIO_CLIENT_OPEN)
        c->events->on_upgrade(c);
}

/* --- events of the WebSocket ------------------------------------------------------------------ */

static void on_open(vireo_ws *ws)
{
    vireo__eio_wire *w = vireo_ws_user(ws);
    w->open = true;
    if (w->c == NULL)
        vireo_ws_terminate(ws);
    else if (w->probe)
        send_text(w, "2probe");
}

/* The bytes stand in the connection's own memory, which may be changed in place (ws/conn.h). */
static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo__eio_wire *w = vireo_ws_user(ws);
    uint8_t *bytes = (uint8_t *)(uintptr_t)data;
    vireo__eio_packet packet = {VIREO__EIO_MESSAGE, true, bytes, len};
    if (w->c == NULL)
        return;
    if (w->probe) {
        if (!w->c->upgrading)
            take_probe_answer(w, data, binary ? 0 : len);
    } else if (!binary && vireo__eio_decode(&packet, bytes, len) < 0) {
        vireo__eio_client_lost(w->c, "server error", VIREO_EPROTO, 0, "a packet cannot be read");
    } else {
        vireo__eio_client_packet(w->c, &packet);
    }
}

static void forget(vireo__eio_wire *w)
{
    if (w->probe)
        w->c->probe = NULL;
    else
        w->c->wire = NULL;
    w->c = NULL;
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    vireo__eio_wire *w = vireo_ws_user(ws);
    vireo__eio_client *c = w->c;
    if (c == NULL)
        return;
    forget(w);
    if (w->probe)
        end_probe(c, error, text);
    else
        vireo__eio_client_lost(c, "websocket error", error, 0, text);
}

static void on_drain(vireo_ws *ws)
{
    const vireo__eio_wire *w = vireo_ws_user(ws);
    if (w->c != NULL && w->c->wire == w && w->c->state == VIREO__EIO_CLIENT_OPEN)
        w->c->events->on_drain(w->c);
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    vireo__eio_wire *w = vireo_ws_user(ws);
    vireo__eio_client *c = w->c;
    char text[TEXT_SIZE];
    if (c != NULL) {
        forget(w);
        snprintf(text, sizeof text, "websocket connection closed (%u%s%s)", code,
                 *reason != '\0' ? ": " : "", reason);
        if (w->probe)
            end_probe(c, VIREO_ECLOSED, text);
        else
            vireo__eio_client_closed(c, text);
    }
    free(w);
}

/* --- opening, leaving ------------------------------------------------------------------------- */

static vireo_ws *dial(vireo__eio_client *c, vireo__eio_wire *w, const char *url,
                      const char *const *headers, vireo_error *error)
{
    const vireo__eio_place *place = c->place;
    return vireo_ws_connect(
        c->app, url, .user = w, .on_open = on_open, .on_message = on_message, .on_error = on_error,
        .on_close = on_close, .on_drain = on_drain, .max_message_bytes = place->max_message_bytes,
        .idle_timeout_ms = VIREO_WS_NEVER, .close_timeout_ms = CLOSE_TIMEOUT_MS,
        .max_queued_bytes = place->max_queued_bytes, .when_full = VIREO_WS_SKIP,
        .deflate = place->deflate, .protocols = place->protocols, .headers = headers,
        .proxy = place->proxy, .unix_path = place->unix_path, .tls = place->tls_client,
        .connect_timeout_ms = place->connect_timeout_ms, .error = error);
}

static vireo__eio_wire *new_wire(vireo__eio_client *c, bool probe, vireo_error *error)
{
    vireo__eio_wire *w = calloc(1, sizeof *w);
    char *url = vireo__eio_client_url(c, VIREO__EIO_KIND_WEBSOCKET);
    char **headers = vireo__eio_jar_headers(c, VIREO__EIO_KIND_WEBSOCKET, NULL);
    if (w != NULL && url != NULL && headers != NULL) {
        w->c = c;
        w->probe = probe;
        w->ws = dial(c, w, url, (const char *const *)headers, error);
    }
    vireo__eio_texts_free(headers);
    free(url);
    if (w == NULL || w->ws == NULL) {
        free(w);
        return NULL;
    }
    vireo__ws_client_hold(w->ws, true);
    return w;
}

void vireo__eio_client_dial(vireo__eio_client *c, bool probe)
{
    vireo_error error = {.code = VIREO_ENOMEM, .text = "out of memory"};
    vireo__eio_wire *w = new_wire(c, probe, &error);
    if (probe)
        c->probe = w;
    else
        c->wire = w;
    if (w == NULL && probe)
        c->events->on_upgrade_error(c, error.code, error.text);
    else if (w == NULL)
        vireo__eio_client_lost(c, "websocket error", error.code, 0, error.text);
}

void vireo__eio_wire_leave(vireo__eio_wire *w, bool cut)
{
    if (w == NULL)
        return;
    bool stopping = vireo__app_stopping(w->c->app);
    w->c = NULL;
    vireo__ws_client_hold(w->ws, false);
    if (cut || !w->open)
        vireo_ws_terminate(w->ws);
    else if (stopping)
        vireo__ws_go_away(&w->ws->conn);
    else
        vireo_ws_close(w->ws, 0, NULL);
}
