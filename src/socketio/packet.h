/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* packet.h: the head of a Socket.IO v5 packet, no I/O.
 *
 *     <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]
 *
 *     2["hello",1]          51-/admin,12["up",{"_placeholder":true,"num":0}]
 */

#ifndef VIREO_SOCKETIO_PACKET_H
#define VIREO_SOCKETIO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/value.h>

#include "base/buf.h"
#include "base/str.h"

typedef enum vireo__sio_type {
    VIREO__SIO_CONNECT,
    VIREO__SIO_DISCONNECT,
    VIREO__SIO_EVENT,
    VIREO__SIO_ACK,
    VIREO__SIO_CONNECT_ERROR,
    VIREO__SIO_BINARY_EVENT,
    VIREO__SIO_BINARY_ACK
} vireo__sio_type;

#define VIREO__ACK_ID_MAX  20 /* digits of any number; no client counts further */
#define VIREO__ACK_ID_SIZE (VIREO__ACK_ID_MAX + 1) /* with their NUL */

/* A packet. The views borrow from the text. */
typedef struct vireo__sio_packet {
    vireo__sio_type type;
    uint32_t attachments;             /* of the binary types: at least 1 */
    vireo__str ns;                    /* "/" where the packet names none */
    vireo__str id;                    /* digits; empty: no acknowledgement is asked for */
    vireo__str json;                  /* empty: none */
    const vireo_value *payload;       /* what stands in it; NULL: not read yet, or nothing */
    struct vireo__sio_partial *whole; /* what the views point into, if it is not the text itself */
    char digits[VIREO__ACK_ID_SIZE];  /* of |id|, where they do not stand in a text */
} vireo__sio_packet;

/* vireo__sio_decode reads the head of |text|.
 *
 * why   on error the official parser's text: "unknown packet type 9", "Illegal attachments", "too
 * many attachments" (written to |why|) Returns 0 or VIREO_EPROTO. */
int vireo__sio_decode(vireo__sio_packet *packet, const char *text, size_t n,
                      uint32_t max_attachments, char why[64]);

/* vireo__sio_payload_valid tells whether the packet's JSON (NULL: it has none) is what its type
 * demands. */
bool vireo__sio_payload_valid(vireo__sio_type type, const vireo_value *payload);

/* vireo__sio_reserved: events that neither side may send. */
bool vireo__sio_reserved(const char *event);

/* vireo__sio_write_head appends the head.
 *
 * ns      with its slash
 * id      ended by a NUL: digits; NULL for none
 * Returns the buffer's sticky error. */
int vireo__sio_write_head(vireo__buf *out, vireo__sio_type type, size_t attachments, const char *ns,
                          const char *id);

#endif
