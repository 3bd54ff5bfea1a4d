/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* polling.c: the transport that works everywhere: a GET that waits for messages, POSTs that bring
 * them. */

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "engineio/jsonp.h"
#include "engineio/session.h"
#include "engineio/v3.h"

#define NOOP_AND_CLOSE VIREO__EIO_NOOP_PACKET VIREO__EIO_CLOSE_PACKET

static void tell_headers(const vireo__eio_server *server, vireo_req *r, const char *new_id)
{
    if (server->events->on_headers == NULL)
        return;
    vireo__buf payload = vireo__loop_scratch_hide(server->loop);
    server->events->on_headers(server->owner, r, new_id);
    vireo__loop_scratch_show(server->loop, payload);
}

/* |plain|: not to be compressed. */
static int reply(vireo__eio_server *server, vireo_req *r, const char *type, vireo__str body,
                 bool plain)
{
    const char *agent = vireo_header(r, "user-agent");
    if (agent != NULL && (strstr(agent, ";MSIE") || strstr(agent, "Trident/")))
        vireo_reply_header(r, "X-XSS-Protection", "0");
    vireo_reply_header(r, "Content-Type", type);
    vireo_reply_header(r, "cache-control", "no-store");
    tell_headers(server, r, NULL);
    if (!plain)
        vireo__eio_compress(server, r, &body);
    return vireo_reply(r, 200, NULL, body.at, body.len);
}

static int reply_failure(vireo_req *r, int error)
{
    vireo_reply(r, 500, NULL, NULL, 0);
    return error;
}

/* --- payloads --------------------------------------------------------------------------------- */

static void add_packet(const vireo__eio_session *s, vireo__buf *payload, bool octets, bool binary,
                       const uint8_t *data, size_t len)
{
    if (s->v3)
        vireo__eio3_payload_add(payload, octets, binary, data, len);
    else
        vireo__eio_payload_add(payload, binary, data, len);
}

/* A v3 client gets octets where there is a binary message among them. */
static bool wants_octets(const vireo__eio_session *s, const vireo__outbox *sent)
{
    const struct vireo__outbox_node *at = NULL;
    if (s->octets)
        for (const vireo__outbox_item *item; (item = vireo__outbox_next(sent, &at)) != NULL;)
            if (vireo__ws_frame_opcode(item->frame) == VIREO__WS_BINARY)
                return true;
    return false;
}

/* One message that may be compressed is enough for the payload; our own packets, of one letter, are
 * not. */
static bool all_plain(const vireo__outbox *sent)
{
    const struct vireo__outbox_node *at = NULL;
    for (const vireo__outbox_item *item; (item = vireo__outbox_next(sent, &at)) != NULL;)
        if (!item->frame->plain)
            return false;
    return true;
}

/* write_packets appends all of |sent|, and |last| behind it: packets of one letter each. */
static void write_packets(const vireo__eio_session *s, vireo__buf *payload, bool octets,
                          const vireo__outbox *sent, const char *last)
{
    const struct vireo__outbox_node *at = NULL;
    for (const vireo__outbox_item *item; (item = vireo__outbox_next(sent, &at)) != NULL;)
        add_packet(s, payload, octets, vireo__ws_frame_opcode(item->frame) == VIREO__WS_BINARY,
                   vireo__ws_payload(item->frame), vireo__ws_payload_len(item->frame));
    for (; *last != '\0'; last++)
        add_packet(s, payload, octets, false, (const uint8_t *)last, 1);
}

static vireo__str str_of_buf(const vireo__buf *b)
{
    return (vireo__str){(const char *)b->data, b->len};
}

static int reply_script(const vireo__eio_session *s, vireo_req *r, const vireo__buf *payload,
                        bool plain)
{
    vireo__buf script;
    vireo__buf_init(&script, VIREO__BUF_UNLIMITED);
    int error =
        vireo__eio_jsonp_write(&script, vireo__req_query_value(r, "j"), str_of_buf(payload));
    error = error == 0
                ? reply(s->server, r, "text/plain; charset=UTF-8", str_of_buf(&script), plain)
                : reply_failure(r, error);
    vireo__buf_deinit(&script);
    return error;
}

/* reply_packets replies in any case: with a failure when the payload could not be written. */
static int reply_packets(const vireo__eio_session *s, vireo_req *r, bool octets,
                         const vireo__buf *payload, bool plain)
{
    if (payload->error < 0)
        return reply_failure(r, payload->error);
    if (s->jsonp)
        return reply_script(s, r, payload, plain);
    return reply(s->server, r, octets ? "application/octet-stream" : "text/plain; charset=UTF-8",
                 str_of_buf(payload), plain);
}

/* --- GET -------------------------------------------------------------------------------------- */

static int write_first(const vireo__eio_session *s, vireo__buf *payload)
{
    const char *initial = s->server->initial_packet;
    vireo__buf open;
    vireo__buf_init(&open, VIREO__BUF_UNLIMITED);
    int error = vireo__eio_session_write_open(s, false, &open);
    if (error == 0) {
        add_packet(s, payload, false, false, open.data, open.len);
        if (initial != NULL)
            add_packet(s, payload, false, false, (const uint8_t *)initial, strlen(initial));
        error = payload->error;
    }
    vireo__buf_deinit(&open);
    return error;
}

int vireo__eio_polling_open(vireo__eio_server *server, vireo_req *r, const char *id)
{
    vireo__eio_session *s = vireo__eio_session_new(server, r, id);
    if (s == NULL)
        return VIREO_ENOMEM;
    vireo__buf *payload = vireo__loop_scratch(server->loop);
    int error = write_first(s, payload);
    tell_headers(server, r, id);
    if (error == 0)
        error = reply_packets(s, r, false, payload, false);
    if (error < 0) {
        s->refused = true;
        vireo__eio_session_end(s, "transport error", vireo_strerror(error));
        return error;
    }
    vireo__eio_session_start(s);
    return 0;
}

static void on_get_aborted(vireo_req *r, void *user)
{
    vireo__eio_session *s = user;
    (void)r;
    s->poll = NULL;
    vireo__eio_leave(s, VIREO__EIO_CLOSE_PACKET, "transport error",
                     "poll connection closed prematurely");
}

/* answer_poll replies to the pending GET with all that is queued, and |last| behind it: packets of
 * one letter each, or "". */
static void answer_poll(vireo__eio_session *s, const char *last)
{
    vireo_req *r = s->poll;
    vireo__eio_watch_flush(s, vireo__outbox_count(&s->outbox), vireo__outbox_bytes(&s->outbox));
    vireo__outbox sent = s->outbox;
    vireo__buf *payload = vireo__loop_scratch(s->server->loop);
    bool octets = wants_octets(s, &sent);
    write_packets(s, payload, octets, &sent, last);
    s->outbox = (vireo__outbox){0};
    s->poll = NULL;
    vireo_on_abort(r, NULL, NULL);
    int error = reply_packets(s, r, octets, payload, all_plain(&sent));
    vireo__outbox_clear(&sent, s->server->loop, error);
    if (error < 0)
        vireo__eio_session_end(s, "transport error", vireo_strerror(error));
}

/* A closing session says so only with a GET of its own: a client that reads the end of its
 * connection behind a message of the same payload may never look at that message. */
void vireo__eio_polling_flush(vireo__eio_session *s)
{
    if (s->poll == NULL)
        return;
    if (!vireo__outbox_empty(&s->outbox))
        answer_poll(s, "");
    else if (s->state == VIREO__EIO_STATE_CLOSING)
        vireo__eio_session_end(s, "forced close", "");
}

void vireo__eio_polling_noop(vireo__eio_session *s)
{
    if (s->poll != NULL)
        answer_poll(s, VIREO__EIO_NOOP_PACKET);
}

int vireo__eio_polling_answer_post(vireo__eio_server *server, vireo_req *r)
{
    return reply(server, r, "text/html", vireo__str_of("ok"), true);
}

void vireo__eio_polling_end(vireo__eio_session *s, const char *last)
{
    vireo_req *post = s->post;
    s->post = NULL;
    if (post != NULL)
        vireo_on_abort(post, NULL, NULL);
    if (post != NULL && s->post_held)
        vireo__eio_polling_answer_post(s->server, post);
    if (s->poll != NULL)
        answer_poll(s, last);
}

int vireo__eio_polling_get(vireo__eio_session *s, vireo_req *r)
{
    if (s->poll != NULL) {
        vireo__eio_session_end(s, "transport error", "overlap from client");
        return vireo_reply(r, 400, NULL, NULL, 0);
    }
    s->poll = r;
    vireo_on_abort(r, on_get_aborted, s);
    if (s->state == VIREO__EIO_STATE_CLOSING && vireo__outbox_empty(&s->outbox)) {
        answer_poll(s, NOOP_AND_CLOSE);
        vireo__eio_session_end(s, "forced close", "");
        return 0;
    }
    vireo__turn_add(s->server->loop, &s->turn);
    if (s->server->events->on_drain != NULL && vireo__outbox_empty(&s->outbox))
        s->server->events->on_drain(s);
    return 0;
}

/* --- POST ------------------------------------------------------------------------------------- */

static void on_post_aborted(vireo_req *r, void *user)
{
    vireo__eio_session *s = user;
    s->post = NULL;
    if (s->post_held)
        return; /* it has said all */
    if (vireo__req_status(r) !=
        413) /* that one was refused for its size, and the session goes on */
        vireo__eio_session_end(s, "transport error", "data request connection closed prematurely");
}

static bool announced_too_large(const vireo__eio_session *s, const vireo_req *r)
{
    const char *length = vireo_header(r, "content-length");
    return length != NULL && strtoull(length, NULL, 10) > s->server->options.max_payload;
}

static bool is_octets(const vireo_req *r)
{
    const char *type = vireo_header(r, "content-type");
    return type != NULL && strcmp(type, "application/octet-stream") == 0;
}

void vireo__eio_polling_post_head(vireo__eio_session *s, vireo_req *r)
{
    const char *fault = NULL;
    if (s->post != NULL)
        fault = "data request overlap from client";
    else if (!s->v3 && is_octets(r))
        fault = "invalid content";
    if (fault != NULL) {
        vireo__eio_session_end(s, "transport error", fault);
        vireo_reply(r, 400, NULL, NULL, 0);
        return;
    }
    if (announced_too_large(s, r)) {
        vireo_reply(r, 413, NULL, NULL, 0);
        return;
    }
    s->post = r;
    vireo_on_abort(r, on_post_aborted, s);
}

/* take_packet acts on one packet of a payload. False ends the payload. */
static bool take_packet(vireo__eio_session *s, const vireo__eio_packet *packet)
{
    if (packet->type == VIREO__EIO_CLOSE) {
        s->post_held = vireo__eio_leave(s, VIREO__EIO_NOOP_PACKET, "transport close", "");
        return false;
    }
    vireo__eio_session_packet(s, packet);
    return s->state != VIREO__EIO_STATE_CLOSED;
}

/* Packets may be so small that the handling of one payload takes long, and others wait. */
static bool one_too_many(vireo__eio_session *s, uint32_t *count)
{
    if ((*count)++ < s->server->options.max_payload_packets)
        return false;
    vireo__eio_session_end(s, "transport error", "too many packets in a payload");
    return true;
}

static void take_payload_v3(vireo__eio_session *s, uint8_t *body, size_t n, bool octets)
{
    size_t at = 0;
    int more;
    uint32_t count = 0;
    vireo__eio_packet packet;
    while ((more = vireo__eio3_payload_next(&packet, body, n, octets, &at)) > 0)
        if (one_too_many(s, &count) || !take_packet(s, &packet))
            return;
    if (more < 0)
        vireo__eio_session_end(s, "parse error", "");
}

static void take_payload(vireo__eio_session *s, uint8_t *body, size_t n)
{
    size_t len, at = 0;
    uint8_t *text;
    uint32_t count = 0;
    vireo__eio_packet packet;
    while (vireo__eio_payload_next(body, n, &at, &text, &len)) {
        if (one_too_many(s, &count))
            return;
        if (vireo__eio_decode(&packet, text, len) < 0) {
            vireo__eio_session_end(s, "parse error", "");
            return;
        }
        if (!take_packet(s, &packet))
            return;
    }
}

/* A form without a payload says nothing. */
static void take_body(vireo__eio_session *s, const vireo_req *r, uint8_t *body, size_t n)
{
    vireo__str payload;
    bool octets = s->v3 && is_octets(r);
    if (s->jsonp && !octets) {
        if (!vireo__eio_jsonp_read(body, n, &payload))
            return;
        body = (uint8_t *)(uintptr_t)payload.at;
        n = payload.len;
    }
    if (s->v3)
        take_payload_v3(s, body, n, octets);
    else
        take_payload(s, body, n);
}

int vireo__eio_polling_post(vireo__eio_session *s, vireo_req *r)
{
    size_t n;
    if (r != s->post) /* the session began after its head: it is not this session's client */
        return vireo_reply(r, 400, NULL, NULL, 0);
    /* base64 is decoded in place: the body is ours now */
    uint8_t *body = (uint8_t *)(uintptr_t)vireo_body(r, &n);
    s->post = NULL;
    vireo_on_abort(r, NULL, NULL);
    take_body(s, r, body, n);
    if (!s->post_held)
        return vireo__eio_polling_answer_post(s->server, r);
    s->post = r;
    vireo_on_abort(r, on_post_aborted, s);
    return 0;
}
