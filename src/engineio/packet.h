/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* packet.h: Engine.IO v4 packets and polling payloads, no I/O.
 *
 * A packet is one digit and its text:   4hello
 * A binary message over polling:        b + base64, without a digit
 * A polling payload:                    packet 0x1E packet 0x1E ..
 */

#ifndef VIREO_ENGINEIO_PACKET_H
#define VIREO_ENGINEIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef enum vireo__eio_type {
    VIREO__EIO_OPEN,
    VIREO__EIO_CLOSE,
    VIREO__EIO_PING,
    VIREO__EIO_PONG,
    VIREO__EIO_MESSAGE,
    VIREO__EIO_UPGRADE,
    VIREO__EIO_NOOP
} vireo__eio_type;

#define VIREO__EIO_SEPARATOR 0x1e

typedef struct vireo__eio_packet {
    vireo__eio_type type;
    bool binary;   /* a MESSAGE of bytes */
    uint8_t *data; /* borrowed from what was decoded */
    size_t len;
} vireo__eio_packet;

/* vireo__eio_decode reads one text packet; base64 is decoded in place. Returns 0 or VIREO_EPROTO
 * (unknown type, empty, bad base64). */
int vireo__eio_decode(vireo__eio_packet *packet, uint8_t *text, size_t n);

/* vireo__eio_payload_next takes the next packet's text off the front of a payload. False at the
 * end; an empty payload holds one empty packet, which does not decode. Start with |*at| 0. */
bool vireo__eio_payload_next(uint8_t *payload, size_t n, size_t *at, uint8_t **text, size_t *len);

/* vireo__eio_payload_add appends a packet that is text already, or a binary message, to a payload.
 * Returns the buffer's sticky error. */
int vireo__eio_payload_add(vireo__buf *payload, bool binary, const uint8_t *data, size_t len);

/* vireo__eio_write_base64 appends a binary message as text: "b" and base64. */
int vireo__eio_write_base64(vireo__buf *out, const uint8_t *data, size_t len);

/* What the handshake tells the client. */
typedef struct vireo__eio_handshake_data {
    const char *sid;
    bool upgrade_to_websocket;
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    size_t max_payload;
} vireo__eio_handshake_data;

/* vireo__eio_write_open appends the OPEN packet: 0{"sid":..}. */
int vireo__eio_write_open(vireo__buf *out, const vireo__eio_handshake_data *data);

#endif
