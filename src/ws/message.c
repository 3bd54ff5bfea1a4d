/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* message.c: RFC 6455 sections 5.4 to 5.6 and 8.1. Where a reader stands:
 *
 *                     head incomplete: kept in partial->head
 *                    /
 *     between frames --- control frame: whole in the bytes, or collected in partial->control
 *                    \
 *                     data frame: whole and alone: in place; else collected in partial->message
 */

#include "ws/message.h"

#include <stdlib.h>
#include <string.h>

#include <vireo/error.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ws/frame.h"

enum {
    HEAD_MAX = 14,
    NO_STATUS = 1005,
    PROTOCOL_ERROR = 1002,
    NOT_UTF8 = 1007,
    POLICY = 1008,
    TOO_BIG = 1009,
    INTERNAL_ERROR = 1011
};

typedef struct vireo__ws_partial {
    vireo__buf message;
    vireo__ws_head frame; /* whose payload is arriving, if in_frame */
    uint64_t frame_read;  /* bytes of that payload that have arrived */
    uint64_t total;       /* bytes of the message before that frame */
    uint32_t fragments;   /* frames of the message that began before that frame */
    vireo__utf8 utf8;
    uint8_t head_len;
    uint8_t head[HEAD_MAX];
    uint8_t control[VIREO__WS_CONTROL_MAX];
    bool in_frame;
    bool in_message; /* fragments have come, the last one has not */
    bool binary;     /* that message is no text */
} partial;

static bool is_control(const vireo__ws_head *frame)
{
    return frame->opcode >= VIREO__WS_CLOSE;
}

static bool fail(vireo__ws_event *event, uint16_t code, int error, const char *why)
{
    *event = (vireo__ws_event){.kind = VIREO__WS_ERROR, .code = code, .error = error, .why = why};
    return true;
}

static bool fail_protocol(vireo__ws_event *event, const char *why)
{
    return fail(event, PROTOCOL_ERROR, VIREO_EPROTO, why);
}

static bool fail_memory(vireo__ws_event *event)
{
    return fail(event, INTERNAL_ERROR, VIREO_ENOMEM, vireo_strerror(VIREO_ENOMEM));
}

/* "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not,
 * in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_." (section 8.1)
 */
static bool fail_utf8(vireo__ws_event *event)
{
    return fail(event, NOT_UTF8, VIREO_EUTF8, "invalid UTF-8");
}

/* --- memory ----------------------------------------------------------------------------------- */

static partial *need_partial(vireo__ws_reader *reader)
{
    if (reader->partial == NULL) {
        reader->partial = calloc(1, sizeof *reader->partial);
        if (reader->partial != NULL)
            vireo__buf_init(&reader->partial->message,
                            VIREO__BUF_UNLIMITED); /* check_frame holds the limit */
    }
    return reader->partial;
}

void vireo__ws_reader_deinit(vireo__ws_reader *reader)
{
    if (reader->partial == NULL)
        return;
    vireo__buf_deinit(&reader->partial->message);
    free(reader->partial);
    reader->partial = NULL;
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool fragments_allowed(const vireo__ws_limits *limits, const partial *p)
{
    return (p != NULL && p->in_message ? p->fragments : 0) < limits->max_fragments;
}

/* Is a data frame allowed here, and can its message be taken? True: no, and the event says why. */
static bool data_frame_fails(const vireo__ws_reader *reader, const vireo__ws_head *frame,
                             vireo__ws_event *event)
{
    const partial *p = reader->partial;
    bool in_message = p != NULL && p->in_message;
    uint64_t before = in_message ? p->total : 0;
    /* "The fragments of one message MUST NOT be interleaved between the fragments of another
     * message unless an extension has been negotiated that can interpret the interleaving." (5.4)
     */
    if (in_message && frame->opcode != VIREO__WS_CONTINUATION)
        return fail_protocol(event, "new message inside a fragmented one");
    if (!in_message && frame->opcode == VIREO__WS_CONTINUATION)
        return fail_protocol(event, "continuation of nothing");
    if (!fragments_allowed(reader->limits, p))
        return fail(event, POLICY, VIREO_ETOOBIG, "too many fragments");
    if (before > reader->limits->max_message_bytes ||
        frame->payload_len > reader->limits->max_message_bytes - before)
        return fail(event, TOO_BIG, VIREO_ETOOBIG, "Max payload size exceeded");
    return false;
}

static bool frame_fails(const vireo__ws_reader *reader, const vireo__ws_head *frame,
                        vireo__ws_event *event)
{
    if (!is_control(frame))
        return data_frame_fails(reader, frame, event);
    /* "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer"
     * (5.5.1) */
    if (frame->opcode == VIREO__WS_CLOSE && frame->payload_len == 1)
        return fail_protocol(event, "close frame of one byte");
    return false;
}

typedef enum head_result { HEAD_INCOMPLETE, HEAD_READ, HEAD_FAILED } head_result;

static head_result decode_head(const vireo__ws_reader *reader, const uint8_t *bytes, size_t n,
                               vireo__ws_head *frame, vireo__ws_event *event)
{
    const char *why;
    int used = vireo__ws_head_decode(frame, bytes, n, !reader->limits->from_server, false, &why);
    if (used < 0) {
        fail_protocol(event, why);
        return HEAD_FAILED;
    }
    if (frame->head_len > 0 && frame_fails(reader, frame, event))
        return HEAD_FAILED;
    return used > 0 ? HEAD_READ : HEAD_INCOMPLETE;
}

/* The head began in bytes of an earlier call: add one byte after the other until it is complete. */
static head_result continue_head(partial *p, const vireo__ws_reader *reader, uint8_t **bytes,
                                 size_t *n, vireo__ws_head *frame, vireo__ws_event *event)
{
    head_result result = HEAD_INCOMPLETE;
    while (*n > 0 && result == HEAD_INCOMPLETE) {
        p->head[p->head_len++] = *(*bytes)++;
        (*n)--;
        result = decode_head(reader, p->head, p->head_len, frame, event);
    }
    if (result == HEAD_READ)
        p->head_len = 0;
    return result;
}

/* Fewer than HEAD_MAX bytes are left, all of them of one head. */
static head_result keep_head(vireo__ws_reader *reader, uint8_t **bytes, size_t *n,
                             vireo__ws_event *event)
{
    if (*n == 0)
        return HEAD_INCOMPLETE;
    partial *p = need_partial(reader);
    if (p == NULL) {
        fail_memory(event);
        return HEAD_FAILED;
    }
    memcpy(p->head, *bytes, *n);
    p->head_len = (uint8_t)*n;
    *bytes += *n;
    *n = 0;
    return HEAD_INCOMPLETE;
}

static head_result read_head(vireo__ws_reader *reader, uint8_t **bytes, size_t *n,
                             vireo__ws_head *frame, vireo__ws_event *event)
{
    partial *p = reader->partial;
    if (p != NULL && p->head_len > 0)
        return continue_head(p, reader, bytes, n, frame, event);
    head_result result = decode_head(reader, *bytes, *n, frame, event);
    if (result == HEAD_INCOMPLETE)
        return keep_head(reader, bytes, n, event);
    if (result == HEAD_READ) {
        *bytes += frame->head_len;
        *n -= frame->head_len;
    }
    return result;
}

/* --- control frames --------------------------------------------------------------------------- */

static bool close_event(uint8_t *payload, size_t len, vireo__ws_event *event)
{
    uint16_t code = NO_STATUS;
    if (len >= 2) {
        code = (uint16_t)(payload[0] << 8 | payload[1]);
        if (!vireo__ws_close_code_valid(code))
            return fail_protocol(event, "invalid close code");
        payload += 2;
        len -= 2;
        if (!vireo__utf8_valid(payload, len))
            return fail_utf8(event);
    }
    *event = (vireo__ws_event){
        .kind = VIREO__WS_CLOSE_RECEIVED, .code = code, .data = payload, .len = len};
    return true;
}

static bool control_event(const vireo__ws_head *frame, uint8_t *payload, vireo__ws_event *event)
{
    size_t len = (size_t)frame->payload_len;
    if (frame->opcode == VIREO__WS_CLOSE)
        return close_event(payload, len, event);
    vireo__ws_kind kind =
        frame->opcode == VIREO__WS_PING ? VIREO__WS_PING_RECEIVED : VIREO__WS_PONG_RECEIVED;
    *event = (vireo__ws_event){.kind = kind, .data = payload, .len = len};
    return true;
}

/* --- payloads --------------------------------------------------------------------------------- */

static void unmask(const vireo__ws_head *frame, uint8_t *payload, size_t n, uint64_t offset)
{
    if (frame->masked)
        vireo__ws_mask(payload, n, frame->mask, (size_t)(offset & 3));
}

/* A frame that stands whole in the bytes: a control frame, or a message of one frame. */
static bool whole_frame(const vireo__ws_head *frame, uint8_t *payload, bool pieces,
                        vireo__ws_event *event)
{
    size_t len = (size_t)frame->payload_len;
    unmask(frame, payload, len, 0);
    if (is_control(frame))
        return control_event(frame, payload, event);
    if (frame->opcode == VIREO__WS_TEXT && !vireo__utf8_valid(payload, len))
        return fail_utf8(event);
    *event = (vireo__ws_event){.kind = pieces ? VIREO__WS_PIECE : VIREO__WS_MESSAGE,
                               .binary = frame->opcode == VIREO__WS_BINARY,
                               .last = true,
                               .data = payload,
                               .len = len};
    return true;
}

static void begin_frame(partial *p, const vireo__ws_head *frame)
{
    p->frame = *frame;
    p->frame_read = 0;
    p->in_frame = true;
    if (is_control(frame))
        return;
    if (frame->opcode != VIREO__WS_CONTINUATION) {
        p->in_message = true;
        p->binary = frame->opcode == VIREO__WS_BINARY; /* all else is zero: see rest() */
    }
    p->fragments++;
}

/* The next call gives the message's memory back: rest(). */
static bool end_message(partial *p, vireo__ws_event *event)
{
    if (vireo__buf_reserve(&p->message, 0) ==
        NULL) /* so that an empty message has an address too */
        return fail_memory(event);
    *event = (vireo__ws_event){.kind = VIREO__WS_MESSAGE,
                               .binary = p->binary,
                               .last = true,
                               .data = p->message.data,
                               .len = p->message.len};
    return true;
}

static bool piece_event(const partial *p, uint8_t *data, size_t len, bool last,
                        vireo__ws_event *event)
{
    *event = (vireo__ws_event){
        .kind = VIREO__WS_PIECE, .binary = p->binary, .last = last, .data = data, .len = len};
    return true;
}

/* |take| unmasked bytes of a data frame. True when there is an event. */
static bool data_arrived(partial *p, uint8_t *payload, size_t take, bool pieces,
                         vireo__ws_event *event)
{
    bool frame_ends = p->frame_read == p->frame.payload_len;
    bool last = frame_ends && p->frame.fin;
    /* Checked as it arrives, so that nobody waits for the end of a text that is wrong already. */
    if (!p->binary && (vireo__utf8_feed(&p->utf8, payload, take) < take ||
                       (last && !vireo__utf8_complete(&p->utf8))))
        return fail_utf8(event);
    if (!pieces && vireo__buf_append(&p->message, payload, take) < 0)
        return fail_memory(event);
    if (frame_ends) {
        p->in_frame = false;
        p->total += p->frame.payload_len;
    }
    if (last)
        p->in_message = false;
    if (pieces)
        return (take > 0 || last) && piece_event(p, payload, take, last, event);
    return last && end_message(p, event);
}

static bool control_arrived(partial *p, const uint8_t *payload, size_t take, vireo__ws_event *event)
{
    memcpy(p->control + (size_t)p->frame_read - take, payload, take);
    if (p->frame_read < p->frame.payload_len)
        return false;
    p->in_frame = false;
    return control_event(&p->frame, p->control, event);
}

/* Takes what the bytes hold of the current frame's payload. True when there is an event. */
static bool read_payload(partial *p, bool pieces, uint8_t **bytes, size_t *n,
                         vireo__ws_event *event)
{
    uint64_t missing = p->frame.payload_len - p->frame_read;
    size_t take = missing < *n ? (size_t)missing : *n;
    uint8_t *payload = *bytes;
    *bytes += take;
    *n -= take;
    unmask(&p->frame, payload, take, p->frame_read);
    p->frame_read += take;
    if (is_control(&p->frame))
        return control_arrived(p, payload, take, event);
    return data_arrived(p, payload, take, pieces, event);
}

/* --- all together ----------------------------------------------------------------------------- */

static bool stands_whole(const vireo__ws_head *frame, size_t n)
{
    return frame->payload_len <= n &&
           (is_control(frame) || (frame->fin && frame->opcode != VIREO__WS_CONTINUATION));
}

/* If nothing is incomplete, let go of the memory: what the last event showed of it has been
 * used. */
static void rest(vireo__ws_reader *reader)
{
    const partial *p = reader->partial;
    if (p != NULL && !p->in_frame && !p->in_message && p->head_len == 0)
        vireo__ws_reader_deinit(reader);
}

bool vireo__ws_next(vireo__ws_reader *reader, uint8_t **bytes, size_t *n, vireo__ws_event *event)
{
    bool pieces = reader->limits->pieces;
    for (;;) {
        rest(reader);
        if (reader->partial == NULL || !reader->partial->in_frame) {
            vireo__ws_head frame;
            head_result result = read_head(reader, bytes, n, &frame, event);
            if (result != HEAD_READ)
                return result == HEAD_FAILED;
            if (stands_whole(&frame, *n)) {
                uint8_t *payload = *bytes;
                *bytes += frame.payload_len;
                *n -= (size_t)frame.payload_len;
                return whole_frame(&frame, payload, pieces, event);
            }
            if (need_partial(reader) == NULL)
                return fail_memory(event);
            begin_frame(reader->partial, &frame);
        }
        if (read_payload(reader->partial, pieces, bytes, n, event))
            return true;
        if (*n == 0)
            return false;
    }
}
