/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* conn.c: a connection's states.
 *
 *     OPEN --- our close frame ---> waits for the peer's --- it comes, or the time is over ---+
 *      |  \--- the peer's close frame: echoed ------------------------------------------------+
 *      |   \-- it broke the protocol: close frame with the code that says so ----------------+
 *      +------ terminate, end or error of the stream -----------------------------------------+
 *                                                                                             |
 *                                                          on_close <--- stream is closed <---+
 */

#include "ws/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/buf.h"
#include "base/random.h"
#include "base/utf8.h"
#include "ws/handshake.h"
#include "ws/local.h"
#include "ws/outgoing.h"

enum {
    GOING_AWAY = 1001,
    NO_STATUS = 1005,
    ABNORMAL = 1006,
    CLOSE_REASON_MAX = VIREO__WS_CONTROL_MAX - 2,
    /* Pongs queued at a time. A peer that floods us with pings, and reads nothing, gets an answer
     * to the newest only: 64 of 127 bytes is all that its pings can make us hold. */
    PONGS_MAX = 64
};

static void drop_stream(vireo__ws *ws, int error);

static void left_open(vireo__ws *ws, bool was_open)
{
    if (was_open && ws->events->on_closing != NULL)
        ws->events->on_closing(ws);
}

static bool is_open(const vireo__ws *ws)
{
    return !ws->dead && !ws->close_sent && !ws->close_received;
}

vireo_ws_state vireo__ws_ready_state(const vireo__ws *ws)
{
    return is_open(ws) ? VIREO_WS_OPEN : ws->stream == NULL ? VIREO_WS_CLOSED : VIREO_WS_CLOSING;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* "[A] client MUST mask all frames that it sends to the server", with "a fresh masking key from the
 * set of allowed 32-bit values. [..] The masking key needs to be unpredictable" (sections 5.1 and
 * 5.3) */
static int write_masked(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    uint8_t mask[4];
    vireo__random(mask, sizeof mask);
    vireo__shared *masked = vireo__ws_frame_masked(frame, mask);
    if (masked == NULL)
        return VIREO_ENOMEM;
    int error = vireo__stream_write(ws->stream, masked, 0, masked->len, done, user);
    vireo__shared_unref(masked);
    return error;
}

static int write_frame(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (ws->limits->from_server)
        return write_masked(ws, frame, done, user);
    size_t head = vireo__ws_head_size(vireo__ws_payload_len(frame));
    size_t offset = VIREO__WS_HEAD_ROOM - head;
    return vireo__stream_write(ws->stream, frame, offset, frame->len - offset, done, user);
}

/* "The application MUST NOT send any more data frames after sending a Close frame." (section
 * 5.5.1) */
static int send_now(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (!is_open(ws))
        return VIREO_ECLOSED;
    int error = write_frame(ws, frame, done, user);
    if (error == VIREO_EFULL)
        drop_stream(ws, error);
    return error;
}

/* A compressed frame that was not sent must not be referred to by the next ones. */
static int send_deflated(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    vireo__shared *deflated;
    vireo__ws_local *local = vireo__ws_local_of(ws->stream->loop);
    int error = vireo__ws_deflate_frame(ws->reader.deflate, frame, &deflated);
    if (error < 0)
        return error;
    vireo__turn_add(ws->stream->loop, &local->forget);
    error = send_now(ws, deflated, done, user);
    if (error < 0)
        vireo__ws_deflate_lost(ws->reader.deflate);
    vireo__shared_unref(deflated);
    return error;
}

static int send_message(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (ws->reader.deflate == NULL || !is_open(ws) || vireo__ws_frame_is_control(frame))
        return send_now(ws, frame, done, user);
    return send_deflated(ws, frame, done, user);
}

size_t vireo__ws_queued(const vireo__ws *ws)
{
    if (ws->stream == NULL)
        return 0;
    return vireo__stream_queued(ws->stream) + (ws->outgoing != NULL ? ws->outgoing->bytes : 0);
}

static int send_later(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    size_t queued = vireo__ws_queued(ws);
    size_t max = ws->stream->max_queued;
    if (!is_open(ws))
        return VIREO_ECLOSED;
    if (queued > max || frame->len > max - queued) {
        drop_stream(ws, VIREO_EFULL);
        return VIREO_EFULL;
    }
    return vireo__ws_outgoing_hold(ws->outgoing, frame, done, user);
}

int vireo__ws_send(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (ws->outgoing != NULL && !vireo__ws_frame_is_control(frame))
        return send_later(ws, frame, done, user);
    return send_message(ws, frame, done, user);
}

/* What waited behind the last piece. A refusal is told to |done|, as it cannot be returned any
 * more. */
static void send_held(vireo__ws *ws)
{
    vireo__ws_outgoing *o = ws->outgoing;
    ws->outgoing = NULL;
    for (vireo__ws_held h; vireo__ws_outgoing_next(o, &h);) {
        int error = send_message(ws, h.frame, h.done, h.user);
        if (error < 0 && h.done != NULL)
            h.done(h.user, error);
        vireo__shared_unref(h.frame);
    }
    free(o);
}

static int send_piece_frame(vireo__ws *ws, vireo__shared *frame, bool binary, bool last)
{
    vireo__ws_outgoing *o = ws->outgoing;
    vireo__utf8 before = o->utf8;
    int error = vireo__ws_outgoing_check(o, vireo__ws_payload(frame), vireo__ws_payload_len(frame),
                                         binary, last);
    if (error < 0)
        return error;
    error = send_now(ws, frame, NULL, NULL);
    if (error < 0)
        o->utf8 = before;
    return error;
}

int vireo__ws_send_piece(vireo__ws *ws, const void *data, size_t len, bool binary, bool last)
{
    bool first = ws->outgoing == NULL;
    if (!is_open(ws))
        return VIREO_ECLOSED;
    vireo__ws_opcode opcode = !first   ? VIREO__WS_CONTINUATION
                              : binary ? VIREO__WS_BINARY
                                       : VIREO__WS_TEXT;
    vireo__shared *frame = vireo__ws_frame_copy(opcode, data, len);
    if (frame == NULL)
        return VIREO_ENOMEM;
    if (!last)
        vireo__ws_frame_unfinish(frame);
    if (first)
        ws->outgoing = vireo__ws_outgoing_new(binary);
    int error = ws->outgoing != NULL ? send_piece_frame(ws, frame, binary, last) : VIREO_ENOMEM;
    vireo__shared_unref(frame);
    if (ws->outgoing != NULL && (error == 0 ? last : first)) /* it is over, or did not even begin */
        send_held(ws);
    return error;
}

int vireo__ws_ping(vireo__ws *ws, const void *data, size_t len)
{
    if (len > VIREO__WS_CONTROL_MAX)
        return VIREO_EINVAL;
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_PING, data, len);
    if (frame == NULL)
        return VIREO_ENOMEM;
    int error = send_now(ws, frame, NULL, NULL);
    vireo__shared_unref(frame);
    return error;
}

/* --- pongs ------------------------------------------------------------------------------------ */

static void send_pong(vireo__ws *ws, vireo__shared *frame);

static void on_pong_written(void *user, int status)
{
    vireo__ws *ws = user;
    ws->pongs_queued--;
    if (ws->pong == NULL || ws->pongs_queued > 0)
        return;
    vireo__shared *newest = ws->pong;
    ws->pong = NULL;
    if (status == 0)
        send_pong(ws, newest);
    vireo__shared_unref(newest);
}

static void send_pong(vireo__ws *ws, vireo__shared *frame)
{
    if (send_now(ws, frame, on_pong_written, ws) == 0)
        ws->pongs_queued++;
}

/* "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to previous
 * Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed
 * Ping frame." (section 5.5.3) A pong for which there is no memory is left out: the peer will ask
 * again. */
static void answer_ping(vireo__ws *ws, const vireo__ws_event *ping)
{
    if (!is_open(ws))
        return;
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_PONG, ping->data, ping->len);
    if (frame == NULL)
        return;
    if (ws->pongs_queued < PONGS_MAX && ws->pong == NULL) {
        send_pong(ws, frame);
        vireo__shared_unref(frame);
        return;
    }
    vireo__shared_unref(ws->pong);
    ws->pong = frame;
}

/* --- closing ---------------------------------------------------------------------------------- */

static void drop_stream(vireo__ws *ws, int error)
{
    bool was_open = is_open(ws);
    ws->dead = true;
    vireo__deadline_stop(&ws->closing);
    if (ws->stream != NULL)
        vireo__stream_close(ws->stream, error);
    left_open(ws, was_open);
}

/* "After both sending and receiving a Close message, an endpoint considers the WebSocket connection
 * closed and MUST close the underlying TCP connection. The server MUST close the underlying TCP
 * connection immediately" (section 5.5.1). That is: behind the last byte that is queued we end our
 * direction. */
static void end_stream(vireo__ws *ws)
{
    bool was_open = is_open(ws);
    ws->dead = true;
    vireo__deadline_stop(&ws->closing);
    vireo__stream_end(ws->stream);
    left_open(ws, was_open);
}

static int send_close_frame(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len)
{
    uint8_t payload[VIREO__WS_CONTROL_MAX];
    size_t len = code == 0 ? 0 : 2 + reason_len;
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    if (reason_len > 0)
        memcpy(payload + 2, reason, reason_len);
    vireo__shared *frame = vireo__ws_frame_copy(VIREO__WS_CLOSE, payload, len);
    if (frame == NULL)
        return VIREO_ENOMEM;
    int error = write_frame(ws, frame, NULL, NULL);
    vireo__shared_unref(frame);
    return error;
}

static void on_close_timeout(vireo__deadline *d)
{
    drop_stream(vireo__container(d, vireo__ws, closing), VIREO_ETIMEDOUT);
}

static void await_close(vireo__ws *ws, uint32_t timeout_ms)
{
    if (vireo__deadline_start(ws->stream->loop, &ws->closing, timeout_ms, on_close_timeout) < 0)
        drop_stream(ws, VIREO_ENOMEM);
}

static int begin_close(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len,
                       uint32_t timeout_ms)
{
    int error = send_close_frame(ws, code, reason, reason_len);
    if (error < 0) {
        drop_stream(ws, error);
        return error;
    }
    ws->close_sent = true;
    await_close(ws, timeout_ms);
    left_open(ws, true);
    return 0;
}

static bool close_allowed(uint16_t code, const char *reason, size_t reason_len)
{
    if (code == 0)
        return reason_len == 0;
    return vireo__ws_close_code_valid(code) && reason_len <= CLOSE_REASON_MAX &&
           (reason_len == 0 || vireo__utf8_valid(reason, reason_len));
}

int vireo__ws_close(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len)
{
    if (!close_allowed(code, reason, reason_len))
        return VIREO_EINVAL;
    if (!is_open(ws))
        return VIREO_ECLOSED;
    return begin_close(ws, code, reason, reason_len, ws->limits->close_timeout_ms);
}

void vireo__ws_go_away(vireo__ws *ws)
{
    uint32_t ms = ws->limits->close_timeout_ms;
    if (ms > VIREO__WS_GO_AWAY_MS)
        ms = VIREO__WS_GO_AWAY_MS;
    if (is_open(ws))
        begin_close(ws, GOING_AWAY, NULL, 0, ms);
    else if (!ws->dead)
        await_close(ws, ms);
}

void vireo__ws_terminate(vireo__ws *ws)
{
    drop_stream(ws, 0);
}

/* "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint
 * MUST send a Close frame in response. (When sending a Close frame in response, the endpoint
 * typically echos the status code it received.)" (section 5.5.1) */
static void close_received(vireo__ws *ws, const vireo__ws_event *close)
{
    bool was_open = is_open(ws);
    ws->close_received = true;
    ws->code = close->code;
    if (close->len > 0)
        ws->reason = strndup((const char *)close->data,
                             close->len); /* lost where there is no memory; the code is not */
    if (!ws->close_sent) {
        ws->close_sent = true;
        int error = send_close_frame(ws, close->code == NO_STATUS ? 0 : close->code, NULL, 0);
        if (error < 0)
            drop_stream(ws, error);
    }
    if (!ws->dead)
        end_stream(ws);
    left_open(ws, was_open);
}

/* "[..] if _The WebSocket Connection is Established_ prior to the point where the endpoint is
 * required to _Fail the WebSocket Connection_, the endpoint SHOULD send a Close frame with an
 * appropriate status code before proceeding to _Close the WebSocket Connection_ [and] MUST NOT
 * continue to attempt to process data (including a responding Close frame) from the remote
 * endpoint." (section 7.1.7) */
static void fail(vireo__ws *ws, const vireo__ws_event *event)
{
    if (!ws->close_sent && send_close_frame(ws, event->code, NULL, 0) < 0)
        drop_stream(ws, event->error);
    if (!ws->dead)
        end_stream(ws);
    if (ws->events->on_error != NULL)
        ws->events->on_error(ws, event->error, event->why);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void handle(vireo__ws *ws, vireo__ws_event *event)
{
    switch (event->kind) {
    case VIREO__WS_MESSAGE:
        if (!ws->close_sent)
            ws->events->on_message(ws, event->binary, event->data, event->len);
        break;
    case VIREO__WS_PIECE:
        if (!ws->close_sent)
            ws->events->on_piece(ws, event->binary, event->data, event->len, event->last);
        break;
    case VIREO__WS_PING_RECEIVED:
        answer_ping(ws, event);
        if (ws->events->on_ping != NULL && !ws->close_sent)
            ws->events->on_ping(ws, event->data, event->len);
        break;
    case VIREO__WS_PONG_RECEIVED:
        if (ws->events->on_pong != NULL && !ws->close_sent)
            ws->events->on_pong(ws, event->data, event->len);
        break;
    case VIREO__WS_CLOSE_RECEIVED:
        close_received(ws, event);
        break;
    case VIREO__WS_ERROR:
        fail(ws, event);
        break;
    }
}

/* One call handles the bytes of one read, and with them at most as many frames as these can
 * hold. */
static void on_data(vireo__stream *s, uint8_t *bytes, size_t n)
{
    vireo__ws *ws = s->owner;
    vireo__ws_event event;
    while (!ws->dead && vireo__ws_next(&ws->reader, &bytes, &n, &event))
        handle(ws, &event);
}

static void on_end(vireo__stream *s)
{
    vireo__ws *ws = s->owner;
    if (!ws->dead)
        end_stream(ws);
}

static void on_drain(vireo__stream *s)
{
    vireo__ws *ws = s->owner;
    if (is_open(ws) && ws->events->on_drain != NULL)
        ws->events->on_drain(ws);
}

static void on_stream_close(vireo__stream *s, int error)
{
    vireo__ws *ws = s->owner;
    bool was_open = is_open(ws);
    uint16_t code = ws->code;
    char *reason = ws->reason;
    assert(ws->pongs_queued == 0);
    ws->dead = true;
    ws->stream = NULL;
    ws->reason = NULL;
    vireo__deadline_stop(&ws->closing);
    vireo__ws_reader_deinit(&ws->reader);
    vireo__shared_unref(ws->pong);
    ws->pong = NULL;
    left_open(ws, was_open);
    if (ws->outgoing != NULL)
        send_held(ws); /* it is not open: each |done| hears of it */
    if (error == VIREO_EFULL && ws->events->on_error != NULL)
        ws->events->on_error(ws, error, vireo_strerror(error));
    ws->events->on_close(ws, code, reason != NULL ? reason : "");
    free(reason);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static const vireo__stream_events stream_events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_close = on_stream_close,
};

static void forget(vireo__stream *s, int error)
{
    (void)s;
    (void)error;
}

static const vireo__stream_events no_events = {.on_close = forget};

static int refuse(vireo_req *r, int status, const char *why)
{
    vireo_reply_header(r, "Sec-WebSocket-Version", "13");
    if (status == 426)
        vireo_reply_header(r, "Upgrade", "websocket");
    if (status == 405)
        vireo_reply_header(r, "Allow", "GET");
    vireo_reply_text(r, status, why);
    return VIREO_EREFUSED;
}

static vireo__shared *make_101(const char *accept, const char *extensions, const char *headers)
{
    vireo__buf head;
    vireo__buf_init(&head, VIREO__BUF_UNLIMITED);
    vireo__buf_append_str(&head, "HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: ");
    vireo__buf_append_str(&head, accept);
    if (extensions != NULL) {
        vireo__buf_append_str(&head, "\r\nSec-WebSocket-Extensions: ");
        vireo__buf_append_str(&head, extensions);
    }
    vireo__buf_append_str(&head, "\r\n");
    if (headers != NULL)
        vireo__buf_append_str(&head, headers);
    vireo__buf_append_str(&head, "\r\n");
    vireo__shared *answer = head.error ? NULL : vireo__shared_copy(head.data, head.len);
    vireo__buf_deinit(&head);
    return answer;
}

static int init(vireo__ws *ws, vireo_loop *loop, const vireo__ws_agreed *agreed,
                const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    *ws =
        (vireo__ws){.events = events, .limits = limits, .reader.limits = limits, .code = ABNORMAL};
    if (!agreed->deflate)
        return 0;
    vireo__ws_local *local = vireo__ws_local_of(loop);
    if (local != NULL)
        ws->reader.deflate = vireo__ws_deflate_new(local->zlib, &limits->deflate, agreed);
    return ws->reader.deflate != NULL ? 0 : VIREO_ENOMEM;
}

static void begin(vireo__ws *ws, vireo__stream *stream)
{
    vireo__stream_set_events(stream, &stream_events, ws);
    ws->stream = stream;
    vireo__stream_start(stream);
}

int vireo__ws_attach(vireo__ws *ws, vireo__stream *stream, const vireo__ws_agreed *agreed,
                     const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    int error = init(ws, stream->loop, agreed, limits, events);
    if (error == 0)
        begin(ws, stream);
    return error;
}

static int take_stream(vireo__ws *ws, vireo_req *r, vireo__shared *answer)
{
    vireo__stream *stream = vireo__req_detach(r);
    if (stream == NULL)
        return VIREO_ENOMEM;
    vireo__stream_set_events(stream, &no_events, NULL);
    int error = vireo__stream_write(stream, answer, 0, answer->len, NULL, NULL);
    if (error < 0) {
        vireo__stream_close(stream, error);
        return error;
    }
    begin(ws, stream);
    return 0;
}

/* Agrees on the extensions and takes the stream. What could not be done is answered. */
static int accept_checked(vireo__ws *ws, vireo_req *r, const char *accept, const char *headers,
                          const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    vireo__ws_agreed agreed = {0};
    vireo__buf *extensions = vireo__loop_scratch(vireo__app_loop(vireo_req_app(r)));
    if (limits->deflate.on &&
        vireo__ws_extension_accept(vireo_header(r, "sec-websocket-extensions"), &limits->deflate,
                                   &agreed, extensions) < 0)
        return refuse(r, 400, "the Sec-WebSocket-Extensions is malformed");
    const char *text = agreed.deflate ? vireo__buf_cstr(extensions) : NULL;
    if (agreed.deflate && text == NULL)
        return refuse(r, 500, vireo_strerror(VIREO_ENOMEM));
    vireo__shared *answer = make_101(accept, text, headers);
    if (answer == NULL)
        return refuse(r, 500, vireo_strerror(VIREO_ENOMEM));
    int error = init(ws, vireo__app_loop(vireo_req_app(r)), &agreed, limits, events);
    if (error < 0)
        refuse(r, 500, vireo_strerror(error));
    else
        error = take_stream(ws, r, answer);
    if (error < 0)
        vireo__ws_reader_deinit(&ws->reader);
    vireo__shared_unref(answer);
    return error;
}

int vireo__ws_accept(vireo__ws *ws, vireo_req *r, const char *headers,
                     const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    char accept[VIREO__WS_ACCEPT_SIZE];
    const char *why;
    vireo__ws_request request = {
        .method = vireo_method(r),
        .http_minor = 1, /* an upgrade by HTTP/1.0 is none, and does not get here */
        .connection = vireo_header(r, "connection"),
        .upgrade = vireo_header(r, "upgrade"),
        .key = vireo_header(r, "sec-websocket-key"),
        .version = vireo_header(r, "sec-websocket-version"),
    };
    int status = vireo__ws_check(&request, accept, &why);
    if (status != 101)
        return refuse(r, status, why);
    return accept_checked(ws, r, accept, headers, limits, events);
}
