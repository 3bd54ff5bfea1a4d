/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* v3.h: Engine.IO v3 packets and polling payloads, which Socket.IO 1 and 2 clients speak, no I/O.
 *
 * A packet as text:   4hello       b4 + base64 for a binary message
 * A packet as bytes:  04 .. for a binary message
 * A text payload:     length ":" packet ..     length in UTF-16 code units
 * A binary payload:   00 or 01, the length's digits as bytes 0 to 9, FF, packet ..
 *
 *     00 05 FF 34 35 31 2D 5B     "451-["
 *     01 04 FF 04 01 02 03        the binary message 01 02 03
 */

#ifndef VIREO_ENGINEIO_V3_H
#define VIREO_ENGINEIO_V3_H

#include "engineio/packet.h"

/* vireo__eio3_decode reads a text packet; base64 is decoded in place. Returns 0 or VIREO_EPROTO. */
int vireo__eio3_decode(vireo__eio_packet *packet, uint8_t *text, size_t n);

/* vireo__eio3_decode_bytes reads a binary packet: a WebSocket's binary message. Returns the same.
 */
int vireo__eio3_decode_bytes(vireo__eio_packet *packet, uint8_t *bytes, size_t n);

/* vireo__eio3_payload_next takes the next packet off the front of a payload. Start with |*at| 0.
 *
 * octets   it is a binary payload
 * Returns 1, 0 at the end, VIREO_EPROTO; an empty text payload is none. */
int vireo__eio3_payload_next(vireo__eio_packet *packet, uint8_t *payload, size_t n, bool octets,
                             size_t *at);

/* vireo__eio3_payload_add appends a packet that is text already, or a binary message.
 *
 * octets   to a binary payload
 * Returns the buffer's sticky error. */
int vireo__eio3_payload_add(vireo__buf *payload, bool octets, bool binary, const uint8_t *data,
                            size_t len);

/* vireo__eio3_write_base64 appends a binary message as text: "b4" and base64. */
int vireo__eio3_write_base64(vireo__buf *out, const uint8_t *data, size_t len);

#endif
