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

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/utf8.h"
#include "ws/inside.h"
#include "ws/local.h"

enum { CLOSE_REASON_MAX = VIREO__WS_CONTROL_MAX - 2 };

static void left_open(vireo__ws *ws, bool was_open)
{
    if (was_open && ws->events->on_closing != NULL)
        ws->events->on_closing(ws);
}

vireo_ws_state vireo__ws_ready_state(const vireo__ws *ws)
{
    return vireo__ws_is_open(ws) ? VIREO_WS_OPEN
           : ws->stream == NULL  ? VIREO_WS_CLOSED
                                 : VIREO_WS_CLOSING;
}

/* --- closing ---------------------------------------------------------------------------------- */

void vireo__ws_drop(vireo__ws *ws, int error)
{
    bool was_open = vireo__ws_is_open(ws);
    ws->dead = true;
    vireo__deadline_stop(&ws->timer);
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
    bool was_open = vireo__ws_is_open(ws);
    ws->dead = true;
    vireo__deadline_stop(&ws->timer);
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
    int error = vireo__ws_write(ws, frame, NULL, NULL);
    vireo__shared_unref(frame);
    return error;
}

static void on_close_timeout(vireo__deadline *d)
{
    vireo__ws_drop(vireo__container(d, vireo__ws, timer), VIREO_ETIMEDOUT);
}

static void await_close(vireo__ws *ws, uint32_t timeout_ms)
{
    if (vireo__deadline_start(ws->stream->loop, &ws->timer, timeout_ms, on_close_timeout) < 0)
        vireo__ws_drop(ws, VIREO_ENOMEM);
}

int vireo__ws_begin_close(vireo__ws *ws, uint16_t code, const char *reason, size_t reason_len,
                          uint32_t timeout_ms)
{
    int error = send_close_frame(ws, code, reason, reason_len);
    if (error < 0) {
        vireo__ws_drop(ws, error);
        return error;
    }
    ws->close_sent = true;
    await_close(ws, timeout_ms);
    left_open(ws, true);
    vireo__ws_resume(ws); /* the peer's close frame may stand behind what was not read */
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
    if (!vireo__ws_is_open(ws))
        return VIREO_ECLOSED;
    return vireo__ws_begin_close(ws, code, reason, reason_len, ws->reader.limits->close_timeout_ms);
}

void vireo__ws_go_away(vireo__ws *ws)
{
    uint32_t ms = ws->reader.limits->close_timeout_ms;
    if (ms > VIREO__WS_GO_AWAY_MS)
        ms = VIREO__WS_GO_AWAY_MS;
    if (vireo__ws_is_open(ws))
        vireo__ws_begin_close(ws, VIREO__WS_GOING_AWAY, NULL, 0, ms);
    else if (!ws->dead)
        await_close(ws, ms);
}

void vireo__ws_terminate(vireo__ws *ws)
{
    vireo__ws_drop(ws, 0);
}

/* "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint
 * MUST send a Close frame in response. (When sending a Close frame in response, the endpoint
 * typically echos the status code it received.)" (section 5.5.1) */
void vireo__ws_closed_by_peer(vireo__ws *ws, const vireo__ws_event *close)
{
    bool was_open = vireo__ws_is_open(ws);
    ws->close_received = true;
    ws->code = close->code;
    if (close->len > 0)
        ws->reason = strndup((const char *)close->data,
                             close->len); /* lost where there is no memory; the code is not */
    if (!ws->close_sent) {
        ws->close_sent = true;
        ws->peer_first = true;
        int error =
            send_close_frame(ws, close->code == VIREO__WS_NO_STATUS ? 0 : close->code, NULL, 0);
        if (error < 0)
            vireo__ws_drop(ws, error);
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
void vireo__ws_fail(vireo__ws *ws, const vireo__ws_event *event)
{
    if (!ws->close_sent && send_close_frame(ws, event->code, NULL, 0) < 0)
        vireo__ws_drop(ws, event->error);
    if (!ws->dead)
        end_stream(ws);
    if (ws->events->on_error != NULL)
        ws->events->on_error(ws, event->error, event->why);
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
    if (vireo__ws_is_open(ws) && ws->events->on_drain != NULL)
        ws->events->on_drain(ws);
}

static void on_stream_close(vireo__stream *s, int error)
{
    vireo__ws *ws = s->owner;
    bool was_open = vireo__ws_is_open(ws);
    uint16_t code = ws->code;
    char *reason = ws->reason;
    assert(ws->pongs_queued == 0);
    ws->dead = true;
    ws->stream = NULL;
    ws->reason = NULL;
    vireo__ws_live_no_more(ws);
    vireo__ws_forget_unread(ws);
    vireo__ws_reader_deinit(&ws->reader);
    vireo__shared_unref(ws->pong);
    ws->pong = NULL;
    left_open(ws, was_open);
    if (ws->outgoing != NULL)
        vireo__ws_send_held(ws); /* it is not open: each |done| hears of it */
    if (error == VIREO_EFULL && ws->events->on_error != NULL)
        ws->events->on_error(ws, error, vireo_strerror(error));
    ws->events->on_close(ws, code, reason != NULL ? reason : "");
    free(reason);
}

/* --- life ------------------------------------------------------------------------------------- */

static const vireo__stream_events stream_events = {
    .on_data = vireo__ws_received,
    .on_end = on_end,
    .on_drain = on_drain,
    .on_close = on_stream_close,
};

int vireo__ws_init(vireo__ws *ws, vireo_loop *loop, const vireo__ws_agreed *agreed,
                   const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    *ws = (vireo__ws){.events = events, .reader.limits = limits, .code = VIREO__WS_ABNORMAL};
    if (!agreed->deflate)
        return 0;
    vireo__ws_local *local = vireo__ws_local_of(loop);
    if (local != NULL)
        ws->reader.deflate = vireo__ws_deflate_new(local->zlib, &limits->deflate, agreed);
    return ws->reader.deflate != NULL ? 0 : VIREO_ENOMEM;
}

void vireo__ws_begin(vireo__ws *ws, vireo__stream *stream)
{
    const vireo__ws_limits *limits = ws->reader.limits;
    vireo__stream_set_events(stream, &stream_events, ws);
    ws->stream = stream;
    if (limits->max_queued_bytes != 0)
        stream->max_queued = limits->max_queued_bytes;
    if (limits->skip_when_full)
        stream->max_queued = stream->max_queued < SIZE_MAX - VIREO__WS_CONTROL_ROOM
                                 ? stream->max_queued + VIREO__WS_CONTROL_ROOM
                                 : SIZE_MAX;
    vireo__stream_start(stream);
    vireo__ws_live(ws);
}

int vireo__ws_attach(vireo__ws *ws, vireo__stream *stream, const vireo__ws_agreed *agreed,
                     const vireo__ws_limits *limits, const vireo__ws_events *events)
{
    int error = vireo__ws_init(ws, stream->loop, agreed, limits, events);
    if (error == 0)
        vireo__ws_begin(ws, stream);
    return error;
}
