/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* frame.c: the heads of frames, written and read. The drawing is in frame.h; the rules are those of
 * RFC 6455 section 5.2 and 5.5, each quoted where it is obeyed. */

#include "ws/frame.h"

#include <string.h>

#include <vireo/error.h>

enum {
    FIN = 0x80,
    RSV1 = 0x40,
    RSV2_RSV3 = 0x30,
    OPCODE = 0x0F,
    CONTROL = 0x08, /* bit of the opcodes of control frames */
    MASKED = 0x80,
    LENGTH = 0x7F,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    MASK_BYTES = 4
};

/* --- out -------------------------------------------------------------------------------------- */

static void write_big_endian(uint8_t *out, uint64_t value, unsigned bytes)
{
    while (bytes > 0) {
        out[--bytes] = (uint8_t)value;
        value >>= 8;
    }
}

/* A server's frames carry no mask:
 * "A server MUST NOT mask any frames that it sends to the client." (section 5.1) */
static void write_head(uint8_t *payload, unsigned first, size_t len)
{
    uint8_t *head = payload - vireo__ws_head_size(len);
    head[0] = (uint8_t)first;
    if (len < LENGTH_16) {
        head[1] = (uint8_t)len;
    } else if (len <= UINT16_MAX) {
        head[1] = LENGTH_16;
        write_big_endian(head + 2, len, 2);
    } else {
        head[1] = LENGTH_64;
        write_big_endian(head + 2, len, 8);
    }
}

vireo__shared *vireo__ws_frame_new(vireo__ws_opcode opcode, size_t len)
{
    if (len > SIZE_MAX / 4)
        return NULL;
    vireo__shared *frame = vireo__shared_new(VIREO__WS_HEAD_ROOM + len);
    if (frame != NULL)
        write_head(vireo__ws_payload(frame), (unsigned)FIN | opcode, len);
    return frame;
}

vireo__shared *vireo__ws_frame_copy(vireo__ws_opcode opcode, const void *payload, size_t len)
{
    vireo__shared *frame = vireo__ws_frame_new(opcode, len);
    if (frame != NULL && len > 0)
        memcpy(vireo__ws_payload(frame), payload, len);
    return frame;
}

static uint8_t *first_byte(vireo__shared *frame)
{
    return vireo__ws_payload(frame) - vireo__ws_head_size(vireo__ws_payload_len(frame));
}

void vireo__ws_frame_unfinish(vireo__shared *frame)
{
    *first_byte(frame) &= (uint8_t)~FIN;
}

void vireo__ws_frame_set_rsv1(vireo__shared *frame)
{
    *first_byte(frame) |= RSV1;
}

vireo__shared *vireo__ws_frame_masked(vireo__shared *frame, const uint8_t mask[4])
{
    size_t len = vireo__ws_payload_len(frame);
    size_t head = vireo__ws_head_size(len);
    vireo__shared *out = vireo__shared_new(head + MASK_BYTES + len);
    if (out == NULL)
        return NULL;
    uint8_t *payload = out->data + head + MASK_BYTES;
    memcpy(out->data, first_byte(frame), head);
    out->data[1] |= MASKED;
    memcpy(out->data + head, mask, MASK_BYTES);
    memcpy(payload, vireo__ws_payload(frame), len);
    vireo__ws_mask(payload, len, mask, 0);
    return out;
}

bool vireo__ws_frame_is_control(vireo__shared *frame)
{
    return *first_byte(frame) & CONTROL;
}

/* --- in --------------------------------------------------------------------------------------- */

static const char *check_first_byte(uint8_t byte, bool allow_rsv1)
{
    unsigned opcode = byte & OPCODE;
    /* "[RSV1, RSV2, RSV3] MUST be 0 unless an extension is negotiated that defines meanings for
     * non-zero values." (5.2) "An endpoint MUST NOT set the "Per-Message Compressed" bit of control
     * frames and non-first fragments of a data message." (RFC 7692 section 6.1) */
    bool first_of_data = opcode == VIREO__WS_TEXT || opcode == VIREO__WS_BINARY;
    if ((byte & RSV2_RSV3) || ((byte & RSV1) && !(allow_rsv1 && first_of_data)))
        return "RSV bits without an extension";
    /* "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
     * Connection_." (5.2) */
    if (opcode > VIREO__WS_PONG || (opcode > VIREO__WS_BINARY && opcode < VIREO__WS_CLOSE))
        return "reserved opcode";
    /* "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
     * fragmented." (5.5) */
    if ((opcode & CONTROL) && !(byte & FIN))
        return "fragmented control frame";
    return NULL;
}

static const char *check_second_byte(uint8_t byte, bool control, bool from_client)
{
    /* "The server MUST close the connection upon receiving a frame that is not masked." (5.1) */
    if (from_client && !(byte & MASKED))
        return "frame of a client without a mask";
    /* "A client MUST close a connection if it detects a masked frame." (5.1) */
    if (!from_client && (byte & MASKED))
        return "frame of a server with a mask";
    if (control && (byte & LENGTH) > VIREO__WS_CONTROL_MAX) /* 5.5, above */
        return "control frame of more than 125 bytes";
    return NULL;
}

/* "[..] a 64-bit unsigned integer (the most significant bit MUST be 0)", "Note that in all cases,
 * the minimal number of bytes MUST be used to encode the length" (5.2). |have| bytes of the |size|
 * that the length takes are there. */
static const char *check_length(const uint8_t *length, size_t have, unsigned size)
{
    if (size == 2 && have == 2 && length[0] == 0 && length[1] < LENGTH_16)
        return "length not in its shortest form";
    if (size != 8)
        return NULL;
    if (have > 0 && (length[0] & 0x80))
        return "length of more than 63 bits";
    for (size_t i = 0; i < 6; i++)
        if (i == have || length[i] != 0)
            return NULL;
    return "length not in its shortest form";
}

static uint64_t read_big_endian(const uint8_t *bytes, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

int vireo__ws_head_decode(vireo__ws_head *head, const uint8_t *bytes, size_t n, bool from_client,
                          bool allow_rsv1, const char **why)
{
    head->head_len = 0;
    if (n < 1)
        return 0;
    *why = check_first_byte(bytes[0], allow_rsv1);
    if (*why != NULL)
        return VIREO_EPROTO;
    if (n < 2)
        return 0;
    *why = check_second_byte(bytes[1], bytes[0] & CONTROL, from_client);
    if (*why != NULL)
        return VIREO_EPROTO;

    unsigned short_length = bytes[1] & LENGTH;
    unsigned length_size = short_length == LENGTH_64 ? 8 : short_length == LENGTH_16 ? 2 : 0;
    *why = check_length(bytes + 2, n - 2 < length_size ? n - 2 : length_size, length_size);
    if (*why != NULL)
        return VIREO_EPROTO;

    if (n < 2 + length_size)
        return 0;
    unsigned head_len = 2 + length_size + (from_client ? 4 : 0);
    *head = (vireo__ws_head){
        .opcode = (vireo__ws_opcode)(bytes[0] & OPCODE),
        .fin = bytes[0] & FIN,
        .rsv1 = bytes[0] & RSV1,
        .masked = from_client,
        .payload_len = length_size > 0 ? read_big_endian(bytes + 2, length_size) : short_length,
        .head_len = (uint8_t)head_len,
    };
    if (n < head_len)
        return 0;
    if (from_client)
        memcpy(head->mask, bytes + 2 + length_size, sizeof head->mask);
    return (int)head_len;
}

/* Sections 7.4.1 and 7.4.2: 1000..1003 and 1007..1011 are defined there, 1012..1014 were registered
 * with IANA since. 1004 is reserved; 1005, 1006 and 1015: "[..] is a reserved value and MUST NOT be
 * set as a status code in a Close control frame by an endpoint." 3000..4999 belong to libraries and
 * applications; all else is not used, or undefined. */
bool vireo__ws_close_code_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
