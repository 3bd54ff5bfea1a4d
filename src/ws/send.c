/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* send.c: what goes out: messages, whole or in pieces, pings and pongs. */

#include <stdlib.h>

#include <vireo/error.h>

#include "base/random.h"
#include "ws/inside.h"
#include "ws/local.h"
#include "ws/outgoing.h"

enum {
    /* Pongs queued at a time. A peer that floods us with pings, and reads nothing, gets an answer
     * to the newest only: 64 of 127 bytes is all that its pings can make us hold. */
    PONGS_MAX = 64
};

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

int vireo__ws_write(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (ws->reader.limits->from_server)
        return write_masked(ws, frame, done, user);
    size_t head = vireo__ws_head_size(vireo__ws_payload_len(frame));
    size_t offset = VIREO__WS_HEAD_ROOM - head;
    return vireo__stream_write(ws->stream, frame, offset, frame->len - offset, done, user);
}

/* "The application MUST NOT send any more data frames after sending a Close frame." (section
 * 5.5.1) */
static int send_now(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (!vireo__ws_is_open(ws))
        return VIREO_ECLOSED;
    int error = vireo__ws_write(ws, frame, done, user);
    if (error == VIREO_EFULL)
        vireo__ws_drop(ws, error);
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

/* Must this message be left out? */
static bool must_skip(const vireo__ws *ws, const vireo__shared *frame)
{
    if (!ws->reader.limits->skip_when_full || ws->stream == NULL)
        return false;
    size_t queued = vireo__ws_queued(ws), room = ws->stream->max_queued - VIREO__WS_CONTROL_ROOM;
    return queued > room || frame->len > room - queued;
}

static int send_message(vireo__ws *ws, vireo__shared *frame, vireo__written_fn done, void *user)
{
    if (must_skip(ws, frame))
        return vireo__ws_is_open(ws) ? VIREO_EFULL : VIREO_ECLOSED;
    if (ws->reader.deflate == NULL || !vireo__ws_is_open(ws) || vireo__ws_frame_is_control(frame))
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
    if (!vireo__ws_is_open(ws))
        return VIREO_ECLOSED;
    if (must_skip(ws, frame))
        return VIREO_EFULL;
    if (queued > max || frame->len > max - queued) {
        vireo__ws_drop(ws, VIREO_EFULL);
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
void vireo__ws_send_held(vireo__ws *ws)
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
    error = must_skip(ws, frame) ? VIREO_EFULL : send_now(ws, frame, NULL, NULL);
    if (error < 0)
        o->utf8 = before;
    return error;
}

int vireo__ws_send_piece(vireo__ws *ws, const void *data, size_t len, bool binary, bool last)
{
    bool first = ws->outgoing == NULL;
    if (!vireo__ws_is_open(ws))
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
        vireo__ws_send_held(ws);
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
void vireo__ws_answer_ping(vireo__ws *ws, const vireo__ws_event *ping)
{
    if (!vireo__ws_is_open(ws))
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
