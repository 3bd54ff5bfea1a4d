/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* message.h: frames put together to messages: bytes in, events out, no I/O.
 *
 *     while (vireo__ws_next(&reader, &bytes, &n, &event))
 *         ... event.kind ...
 *
 * A frame that stands whole in the given bytes and is a message by itself is unmasked there and
 * delivered from there: no copy, no allocation. All else moves to memory of the reader, which grows
 * with the bytes that have arrived, never with a length that was announced, and is given back when
 * nothing is incomplete any more: a reader at rest is one pointer.
 */

#ifndef VIREO_WS_MESSAGE_H
#define VIREO_WS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/deflate.h"

/* Borrowed as long as its connections live: one for all connections of an endpoint. */
typedef struct vireo__ws_limits {
    size_t max_message_bytes;  /* beyond: 1009 */
    uint32_t max_fragments;    /* frames of one message; beyond: 1008 */
    uint32_t close_timeout_ms; /* for the peer's close frame after ours; conn.h */
    bool pieces;      /* deliver VIREO__WS_PIECE as bytes arrive, instead of VIREO__WS_MESSAGE */
    bool from_server; /* the peer is a server: its frames carry no mask, and ours do */
    vireo_ws_deflate deflate; /* what to agree to */
    /* conn.h alone looks at what follows. 0: none of it */
    uint32_t idle_timeout_ms; /* silence of the peer that ends the connection */
    uint32_t max_lifetime_ms;
    size_t max_queued_bytes; /* 0: as the stream was set */
    bool no_ping;            /* before the idle time is over */
    bool skip_when_full;     /* leave messages out, instead of closing */
} vireo__ws_limits;

typedef enum vireo__ws_kind {
    VIREO__WS_MESSAGE, /* |data|, |binary|; a text is valid UTF-8 */
    VIREO__WS_PIECE, /* the next bytes of a message: |data|, |binary|, |last|. May be empty when it
                        is the last; may end inside a character */
    VIREO__WS_PING_RECEIVED,  /* |data| */
    VIREO__WS_PONG_RECEIVED,  /* |data| */
    VIREO__WS_CLOSE_RECEIVED, /* |code| (1005: none), |data|: the reason */
    VIREO__WS_ERROR /* |code| to close with, |error| and |why|. The reader is at its end: only
                       vireo__ws_reader_deinit follows */
} vireo__ws_kind;

typedef struct vireo__ws_event {
    vireo__ws_kind kind;
    bool binary;
    bool last;
    uint16_t code;
    int error;       /* VIREO_EPROTO, VIREO_EUTF8, VIREO_ETOOBIG, VIREO_ENOMEM */
    const char *why; /* static */
    uint8_t *data;   /* never NULL where an event has data; may be changed in place; gone with the
                        next call for this reader */
    size_t len;
} vireo__ws_event;

/* All zero but |limits| and |deflate| before its first use. */
typedef struct vireo__ws_reader {
    const vireo__ws_limits *limits; /* borrowed */
    /* NULL: no compression was agreed. deflate->budget is lowered by each byte that is inflated. A
     * small frame can become a thousand times as many bytes: who must do other things meanwhile
     * sets a budget and goes on later */
    vireo__ws_deflate *deflate;        /* takes */
    struct vireo__ws_partial *partial; /* what has arrived incompletely; NULL while nothing has */
} vireo__ws_reader;

/* vireo__ws_next reads on to the next event.
 *
 * bytes, n   what has arrived and was not read yet; both are moved on. Changed in place.
 * Returns true and fills |*event|; or false when all bytes are read and more are needed, or when
 * the budget for inflating is used up: then set a new one, and call again with the bytes that are
 * left (perhaps none). An error comes with the first byte that shows it. */
bool vireo__ws_next(vireo__ws_reader *reader, uint8_t **bytes, size_t *n, vireo__ws_event *event);

/* vireo__ws_reader_deinit gives back what it holds. */
void vireo__ws_reader_deinit(vireo__ws_reader *reader);

#endif
