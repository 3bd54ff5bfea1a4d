/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2_request.h: the fields of a request of HTTP/2, said again as a head of HTTP/1.1 (RFC 9113
 * section 8.3). A codec: no I/O, no clock.
 *
 *     :method     POST                  POST /chat?x=1 HTTP/1.1
 *     :scheme     https                 host: example.org
 *     :path       /chat?x=1             accept: text/html
 *     :authority  example.org    -->    cookie: a=1; b=2
 *     accept      text/html             transfer-encoding: chunked
 *     cookie      a=1
 *     cookie      b=2
 *
 * So what parse.h demands of a request, every later reader may rely on, whichever way it came.
 * Names, values and the order of fields were checked before (nghttp2 does it): here only what could
 * mean something else in the other notation.
 *
 * A WebSocket (RFC 8441: CONNECT with ":protocol: websocket") becomes the GET with "Upgrade" that
 * asks for the same thing.
 */

#ifndef VIREO_HTTP_H2_REQUEST_H
#define VIREO_HTTP_H2_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define VIREO__H2_FIELD_OVERHEAD                                                                   \
    32                           /* bytes that a field counts beside its texts (section 10.5.1) */
#define VIREO__H2_METHOD_SIZE 16 /* of the longest method that anybody knows, with its NUL */

typedef struct vireo__h2_request {
    vireo__buf path;
    vireo__buf authority;
    vireo__buf lines;  /* of the other fields, each ended by \r\n */
    vireo__buf cookie; /* its crumbs, joined (section 8.2.3) */
    vireo__buf host;   /* the field of this name */
    uint64_t bytes;    /* of all fields so far, as MAX_HEADER_LIST_SIZE counts them */
    uint32_t max_bytes;
    uint16_t status; /* 0, or with what to refuse the request */
    bool connect : 1;
    bool has_length : 1;
    bool has_protocol : 1; /* it is an extended CONNECT .. */
    bool websocket : 1;    /* .. for WebSocket */
    char method[VIREO__H2_METHOD_SIZE];
} vireo__h2_request;

/* vireo__h2_request_init prepares for one request; allocates nothing. Beyond |max_bytes| of fields
 * it is refused with 431. */
void vireo__h2_request_init(vireo__h2_request *q, uint32_t max_bytes);
void vireo__h2_request_deinit(vireo__h2_request *q);

/* vireo__h2_request_field takes the next field. Returns 0 or VIREO_ENOMEM. */
int vireo__h2_request_field(vireo__h2_request *q, const uint8_t *name, size_t name_len,
                            const uint8_t *value, size_t value_len);

/* vireo__h2_request_head appends the head of HTTP/1.1, when all fields have come. |ends|: no body
 * follows. Returns 0, the status to refuse the request with, or VIREO_ENOMEM. */
int vireo__h2_request_head(vireo__h2_request *q, bool ends, vireo__buf *out);

/* vireo__h2_request_chunked tells whether that head announces a body in chunks: its length was not
 * told. */
static inline bool vireo__h2_request_chunked(const vireo__h2_request *q, bool ends)
{
    return !ends && !q->has_length && !q->websocket;
}

#endif
