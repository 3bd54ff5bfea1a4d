/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* frame.h: the frames of RFC 6455 section 5, both directions, no I/O.
 *
 *      0               1               2 ..
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M|    length   |  16 or 64 bits of length, if  |
 *     |I|S|S|S|       |A|             |  length is 126 or 127         |
 *     |N|V|V|V|       |S|             |                               |
 *     | |1|2|3|       |K|             |  masking key, if M            |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 */

#ifndef VIREO_WS_FRAME_H
#define VIREO_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"

typedef enum vireo__ws_opcode {
    VIREO__WS_CONTINUATION = 0,
    VIREO__WS_TEXT = 1,
    VIREO__WS_BINARY = 2,
    VIREO__WS_CLOSE = 8,
    VIREO__WS_PING = 9,
    VIREO__WS_PONG = 10
} vireo__ws_opcode;

#define VIREO__WS_HEAD_ROOM   10  /* bytes of the longest head of a server's frame */
#define VIREO__WS_CONTROL_MAX 125 /* bytes of a control frame's payload */

/* --- out -------------------------------------------------------------------------------------- */

/* vireo__ws_frame_new returns new: a frame of a server (unmasked, final) with room for |len| bytes
 * of payload, to be filled in at vireo__ws_payload(frame). The head stands right in front of the
 * payload, so that both go out as one piece, and the payload alone can be used where it is wanted
 * without its head. NULL when memory runs out.
 *
 *     data: | unused | head (2, 4 or 10) | payload |
 *           |<----- HEAD_ROOM (10) ----->|
 */
vireo__shared *vireo__ws_frame_new(vireo__ws_opcode opcode, size_t len);
vireo__shared *vireo__ws_frame_copy(vireo__ws_opcode opcode, const void *payload, size_t len);

/* vireo__ws_frame_set_rsv1 marks a frame that was not yet handed on as compressed. */
void vireo__ws_frame_set_rsv1(vireo__shared *frame);

/* vireo__ws_frame_masked returns new: the bytes of |frame| as a client sends them, head and payload
 * alone (no HEAD_ROOM). NULL when memory runs out. */
vireo__shared *vireo__ws_frame_masked(vireo__shared *frame, const uint8_t mask[4]);

/* vireo__ws_frame_unfinish makes a frame that was not yet handed on one of several of its message,
 * and not the last. */
void vireo__ws_frame_unfinish(vireo__shared *frame);

static inline uint8_t *vireo__ws_payload(vireo__shared *frame)
{
    return frame->data + VIREO__WS_HEAD_ROOM;
}

static inline size_t vireo__ws_payload_len(const vireo__shared *frame)
{
    return frame->len - VIREO__WS_HEAD_ROOM;
}

/* vireo__ws_head_size returns the bytes of the head in front of |payload_len| bytes: the frame is
 * data[HEAD_ROOM - head_size .. len). */
static inline size_t vireo__ws_head_size(size_t payload_len)
{
    return payload_len < 126 ? 2 : payload_len <= UINT16_MAX ? 4 : 10;
}

static inline vireo__ws_opcode vireo__ws_frame_opcode(const vireo__shared *frame)
{
    size_t head = vireo__ws_head_size(vireo__ws_payload_len(frame));
    return (vireo__ws_opcode)(frame->data[VIREO__WS_HEAD_ROOM - head] & 15);
}

/* vireo__ws_frame_is_control tells whether a frame that we made is a close, a ping or a pong. */
bool vireo__ws_frame_is_control(vireo__shared *frame);

/* --- in --------------------------------------------------------------------------------------- */

/* One frame's head, decoded. */
typedef struct vireo__ws_head {
    vireo__ws_opcode opcode;
    bool fin;
    bool rsv1;
    bool masked;
    uint8_t mask[4];
    uint64_t payload_len;
    uint8_t head_len;
} vireo__ws_head;

/* vireo__ws_head_decode reads a head from the front of |bytes|.
 *
 * from_client   masks are demanded (section 5.1), else forbidden
 * allow_rsv1    an extension was negotiated that marks the first frame of a message with RSV1
 * why           on error, static text: "reserved opcode", "RSV bits without an extension", ..
 * Returns the head's length; 0 when more bytes are needed; or VIREO_EPROTO. An error is found with
 * the first byte that shows it. With 0, head->head_len is 0 too, unless all but the masking key is
 * known: a length over a limit can be refused without waiting for the key. */
int vireo__ws_head_decode(vireo__ws_head *head, const uint8_t *bytes, size_t n, bool from_client,
                          bool allow_rsv1, const char **why);

/* vireo__ws_mask applies the mask to |n| bytes in place, of which the first is byte |offset| of its
 * frame. */
void vireo__ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], size_t offset);

/* vireo__ws_close_code_valid: may this code stand in a close frame (section 7.4)? */
bool vireo__ws_close_code_valid(unsigned code);

#endif
