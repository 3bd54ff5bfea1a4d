/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* message.c: RFC 6455 sections 5.4 to 5.6 and 8.1, RFC 7692 section 6. Where a reader stands:
 *
 *                     head incomplete: kept in partial->head
 *                    /
 *     between frames --- control frame: whole in the bytes, or collected in partial->control
 *                   |\
 *                   | data frame: whole and alone: in place; else collected in partial->message
 *                    \
 *                     data frame of a compressed message: inflated into partial->message
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
    INVALID_DATA = 1007,
    POLICY = 1008,
    TOO_BIG = 1009,
    INTERNAL_ERROR = 1011,
    /* What is inflated at a time: at first, and at most. */
    INFLATE_FIRST = 4096,
    INFLATE_MOST = 65536,
    /* Compressed data may be larger than what it stands for: zlib adds 5 bytes to each 127 at the
     * worst. More than an eighth is nobody's honest message. */
    LARGER_SHIFT = 3,
    LARGER_BYTES = 64,
    TAIL = 4
};

/* "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload" (RFC 7692 section 7.2.2)
 */
static const uint8_t tail[TAIL] = {0x00, 0x00, 0xFF, 0xFF};

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
    bool compressed; /* that message is: its bytes are inflated as they come */
    uint8_t tail_read;
    uint64_t inflated; /* bytes of the message so far */
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
    return fail(event, INVALID_DATA, VIREO_EUTF8, "invalid UTF-8");
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

static void drop_partial(vireo__ws_reader *reader)
{
    if (reader->partial == NULL)
        return;
    vireo__buf_deinit(&reader->partial->message);
    free(reader->partial);
    reader->partial = NULL;
}

void vireo__ws_reader_deinit(vireo__ws_reader *reader)
{
    drop_partial(reader);
    vireo__ws_deflate_free(reader->deflate);
    reader->deflate = NULL;
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool fragments_allowed(const vireo__ws_limits *limits, const partial *p)
{
    return (p != NULL && p->in_message ? p->fragments : 0) < limits->max_fragments;
}

static bool fail_size(vireo__ws_event *event)
{
    return fail(event, TOO_BIG, VIREO_ETOOBIG, "Max payload size exceeded");
}

/* So far from the end of the numbers that a sum with it does not overflow. */
static uint64_t max_bytes(const vireo__ws_reader *reader)
{
    uint64_t max = reader->limits->max_message_bytes;
    return max < UINT64_MAX / 2 ? max : UINT64_MAX / 2;
}

/* The bytes that the frames of a message may have. What a compressed one is inflated to is limited
 * as it is inflated. */
static uint64_t max_on_the_wire(const vireo__ws_reader *reader, const vireo__ws_head *frame)
{
    uint64_t max = max_bytes(reader);
    const partial *p = reader->partial;
    bool compressed = frame->rsv1 || (p != NULL && p->in_message && p->compressed);
    return compressed ? max + (max >> LARGER_SHIFT) + LARGER_BYTES
                      : reader->limits->max_message_bytes;
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
    uint64_t max = max_on_the_wire(reader, frame);
    if (before > max || frame->payload_len > max - before)
        return fail_size(event);
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
    int used = vireo__ws_head_decode(frame, bytes, n, !reader->limits->from_server,
                                     reader->deflate != NULL, &why);
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

static int begin_frame(vireo__ws_reader *reader, const vireo__ws_head *frame)
{
    partial *p = need_partial(reader);
    if (p == NULL)
        return VIREO_ENOMEM;
    if (frame->rsv1 && vireo__ws_inflate_begin(reader->deflate) < 0)
        return VIREO_ENOMEM;
    p->frame = *frame;
    p->frame_read = 0;
    p->in_frame = true;
    if (is_control(frame))
        return 0;
    if (frame->opcode != VIREO__WS_CONTINUATION) {
        p->in_message = true;
        p->binary = frame->opcode == VIREO__WS_BINARY; /* all else is zero: see rest() */
        p->compressed = frame->rsv1;
    }
    p->fragments++;
    return 0;
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

/* --- compressed payloads ---------------------------------------------------------------------- */

/* Room for the next bytes: enough to see one byte beyond the limit, within the budget; a piece is
 * delivered when it is full. 0 in |*room|: budget or piece is used up. NULL: no memory. */
static uint8_t *inflate_room(const vireo__ws_reader *reader, size_t *room)
{
    partial *p = reader->partial;
    size_t most = p->message.len < INFLATE_FIRST  ? INFLATE_FIRST
                  : p->message.len < INFLATE_MOST ? p->message.len
                                                  : INFLATE_MOST;
    if (reader->limits->pieces && most > INFLATE_MOST - p->message.len)
        most = INFLATE_MOST - p->message.len;
    uint64_t allowed = max_bytes(reader) - p->inflated + 1;
    if (most > allowed)
        most = (size_t)allowed;
    if (most > reader->deflate->budget)
        most = reader->deflate->budget;
    *room = most;
    return vireo__buf_reserve(&p->message, most);
}

/* |n| bytes were inflated. True: they are wrong, and the event says so. What is said does not
 * depend on how many came at a time. */
static bool inflated_fails(vireo__ws_reader *reader, const uint8_t *data, size_t n,
                           vireo__ws_event *event)
{
    partial *p = reader->partial;
    uint64_t allowed = max_bytes(reader) - p->inflated;
    size_t within = n < allowed ? n : (size_t)allowed;
    reader->deflate->budget -= n;
    p->inflated += n;
    p->message.len += n;
    if (!p->binary && vireo__utf8_feed(&p->utf8, data, within) < within)
        return fail_utf8(event);
    return n > within && fail_size(event);
}

typedef enum inflate_result { INFLATED_ALL, INFLATE_LATER, INFLATE_FAILED } inflate_result;

/* Inflates from |*in| until there is no more, or the budget or the piece is used up. */
static inflate_result inflate_some(vireo__ws_reader *reader, const uint8_t **in, size_t *n,
                                   vireo__ws_event *event)
{
    for (;;) {
        size_t room;
        uint8_t *out = inflate_room(reader, &room);
        if (out == NULL) {
            fail_memory(event);
            return INFLATE_FAILED;
        }
        if (room == 0)
            return INFLATE_LATER;
        size_t got = room;
        int error = vireo__ws_inflate(reader->deflate, in, n, out, &got);
        if (error == VIREO_ENOMEM)
            fail_memory(event);
        else if (error < 0)
            fail(event, INVALID_DATA, VIREO_EPROTO, "invalid compressed data");
        if (error < 0 || inflated_fails(reader, out, got, event))
            return INFLATE_FAILED;
        if (got < room)
            return INFLATED_ALL;
    }
}

/* What was not inflated is masked again, as if it had not been touched. */
static inflate_result inflate_payload(vireo__ws_reader *reader, uint8_t **bytes, size_t *n,
                                      vireo__ws_event *event)
{
    partial *p = reader->partial;
    uint64_t missing = p->frame.payload_len - p->frame_read;
    size_t take = missing < *n ? (size_t)missing : *n;
    size_t left = take;
    const uint8_t *in = *bytes;
    unmask(&p->frame, *bytes, take, p->frame_read);
    inflate_result result = inflate_some(reader, &in, &left, event);
    p->frame_read += take - left;
    *bytes += take - left;
    *n -= take - left;
    unmask(&p->frame, *bytes, left, p->frame_read);
    return result;
}

static inflate_result inflate_tail(vireo__ws_reader *reader, vireo__ws_event *event)
{
    partial *p = reader->partial;
    if (p->tail_read == 0 && vireo__ws_inflate_complete(reader->deflate))
        return INFLATED_ALL;
    const uint8_t *in = tail + p->tail_read;
    size_t left = TAIL - (size_t)p->tail_read;
    inflate_result result = inflate_some(reader, &in, &left, event);
    p->tail_read = (uint8_t)(TAIL - left);
    return result;
}

static bool end_compressed(vireo__ws_reader *reader, vireo__ws_event *event)
{
    partial *p = reader->partial;
    p->in_frame = p->in_message = false;
    if (vireo__ws_inflate_end(reader->deflate) < 0)
        return fail(event, INVALID_DATA, VIREO_EPROTO, "compressed data is cut off");
    if (!p->binary && !vireo__utf8_complete(&p->utf8))
        return fail_utf8(event);
    end_message(p, event);
    if (event->kind == VIREO__WS_MESSAGE && reader->limits->pieces)
        event->kind = VIREO__WS_PIECE;
    return true;
}

/* What is collected is a piece; the memory is used again for the next one. */
static bool inflated_piece(partial *p, vireo__ws_event *event)
{
    size_t len = p->message.len;
    p->message.len = 0;
    return len > 0 && piece_event(p, p->message.data, len, false, event);
}

/* Takes what the bytes hold of the current frame's payload. True when there is an event. */
static bool read_compressed(vireo__ws_reader *reader, uint8_t **bytes, size_t *n,
                            vireo__ws_event *event)
{
    partial *p = reader->partial;
    inflate_result result = inflate_payload(reader, bytes, n, event);
    bool frame_ends = result == INFLATED_ALL && p->frame_read == p->frame.payload_len;
    if (frame_ends && p->frame.fin)
        result = inflate_tail(reader, event);
    if (result == INFLATE_FAILED)
        return true;
    if (frame_ends && result == INFLATED_ALL) {
        if (p->frame.fin)
            return end_compressed(reader, event);
        p->in_frame = false;
        p->total += p->frame.payload_len;
    }
    return reader->limits->pieces && inflated_piece(p, event);
}

/* --- both ------------------------------------------------------------------------------------- */

/* Takes what the bytes hold of the current frame's payload. True when there is an event. */
static bool read_payload(vireo__ws_reader *reader, uint8_t **bytes, size_t *n,
                         vireo__ws_event *event)
{
    partial *p = reader->partial;
    if (p->compressed && !is_control(&p->frame))
        return read_compressed(reader, bytes, n, event);
    uint64_t missing = p->frame.payload_len - p->frame_read;
    size_t take = missing < *n ? (size_t)missing : *n;
    uint8_t *payload = *bytes;
    *bytes += take;
    *n -= take;
    unmask(&p->frame, payload, take, p->frame_read);
    p->frame_read += take;
    if (is_control(&p->frame))
        return control_arrived(p, payload, take, event);
    return data_arrived(p, payload, take, reader->limits->pieces, event);
}

/* --- all together ----------------------------------------------------------------------------- */

static bool stands_whole(const vireo__ws_head *frame, size_t n)
{
    return frame->payload_len <= n &&
           (is_control(frame) ||
            (frame->fin && !frame->rsv1 && frame->opcode != VIREO__WS_CONTINUATION));
}

/* If nothing is incomplete, let go of the memory: what the last event showed of it has been
 * used. */
static void rest(vireo__ws_reader *reader)
{
    const partial *p = reader->partial;
    if (p != NULL && !p->in_frame && !p->in_message && p->head_len == 0)
        drop_partial(reader);
}

static bool budget_is_spent(const vireo__ws_reader *reader)
{
    return reader->deflate != NULL && reader->deflate->budget == 0;
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
            if (begin_frame(reader, &frame) < 0)
                return fail_memory(event);
        }
        if (read_payload(reader, bytes, n, event))
            return true;
        if (*n == 0 || budget_is_spent(reader))
            return false;
    }
}
