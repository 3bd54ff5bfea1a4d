/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2_reply.h: our own reply, written as HTTP/1.1, read again so that it can be said in HTTP/2: its
 * status and fields, the pieces of its body, its trailers. A codec: no I/O, no clock.
 *
 *     HEAD --> [HEAD, after a 1xx] --> LENGTH or CHUNKED or OPEN --> DONE
 *
 * It reads what this server writes and no more: this is no parser for others' bytes (answer.h is).
 */

#ifndef VIREO_HTTP_H2_REPLY_H
#define VIREO_HTTP_H2_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

typedef enum vireo__h2_reply_state {
    VIREO__H2_HEAD,
    VIREO__H2_LENGTH,     /* |left| bytes of the body are to come */
    VIREO__H2_CHUNK_SIZE, /* the line that tells it */
    VIREO__H2_CHUNK,      /* |left| bytes of a chunk are to come */
    VIREO__H2_CHUNK_END,  /* its line end */
    VIREO__H2_TRAILERS,
    VIREO__H2_OPEN, /* all that comes, until the stream ends */
    VIREO__H2_DONE,
    VIREO__H2_FAILED /* it was none, or VIREO_ENOMEM: head.error tells */
} vireo__h2_reply_state;

typedef struct vireo__h2_reply {
    vireo__buf head; /* lines: of the head, when it was found; of the trailers, when DONE */
    uint64_t left;
    uint16_t status;
    uint8_t state; /* vireo__h2_reply_state */
    bool to_head;  /* it answers a HEAD request */
} vireo__h2_reply;

typedef enum vireo__h2_found {
    VIREO__H2_NOTHING,    /* all was taken, or there is no room */
    VIREO__H2_FOUND_HEAD, /* |status| and the fields */
    VIREO__H2_FOUND_BODY,
} vireo__h2_found;

/* vireo__h2_reply_init prepares for one reply; allocates nothing. |to_head| is the caller's to
 * set. */
void vireo__h2_reply_init(vireo__h2_reply *r);
void vireo__h2_reply_deinit(vireo__h2_reply *r);

/* vireo__h2_reply_take takes bytes off |*bytes| until something is found; of the body at most
 * |room| bytes, which |*body| views. */
vireo__h2_found vireo__h2_reply_take(vireo__h2_reply *r, vireo__str *bytes, size_t room,
                                     vireo__str *body);

/* vireo__h2_reply_next returns the next field of the head or the trailers, from |*at| (0 at first)
 * on, its name in lower case; those that only mean something in HTTP/1.1 are left out. False at the
 * end. */
bool vireo__h2_reply_next(vireo__h2_reply *r, size_t *at, vireo__str *name, vireo__str *value);

/* vireo__h2_reply_bodyless tells of a head that was found whether that was all. */
static inline bool vireo__h2_reply_bodyless(const vireo__h2_reply *r)
{
    return r->state == VIREO__H2_DONE;
}

#endif
