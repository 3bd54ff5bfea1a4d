/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* h2.h: HTTP/2 (RFC 9113), by nghttp2: one connection that carries many requests at a time.
 *
 * Each request is a stream of bytes of its own (net/stream.h), on which an ordinary connection of
 * HTTP/1.1 (conn.h) reads one head and one body, and writes one reply. What is said there in
 * HTTP/1.1 is translated at the border (h2_request.h, h2_reply.h). So routes, files, event streams,
 * uploads, WebSocket and Engine.IO need not know which of the two they serve.
 *
 *     routes, WebSocket ..   vireo__conn  vireo__conn  vireo__ws
 *                                 |            |           |       HTTP/1.1, or frames of WebSocket
 *     h2_stream.c            vireo__stream     |           |
 *                                 +------------+-----------+
 *     h2.c                             nghttp2                     frames of HTTP/2
 *                                         |
 *     net                       vireo__stream, with TLS            records
 */

#ifndef VIREO_HTTP_H2_H
#define VIREO_HTTP_H2_H

#include "http/app.h"

#define VIREO__H2_MAX_STREAMS                                                                      \
    100 /* requests of one connection at a time; further ones: refused                             \
         */

/* What a client may send before it is read: of one request, and of all of a connection. */
#define VIREO__H2_STREAM_WINDOW     (128 * 1024)
#define VIREO__H2_CONNECTION_WINDOW (1024 * 1024)

/* Streams that a client or its mistakes end early: so many at once, and then so many in a second
 * (CVE-2023-44487). Frames that only want an answer, or nothing: the same. Beyond:
 * ENHANCE_YOUR_CALM and the end of the connection. */
#define VIREO__H2_RESETS            500
#define VIREO__H2_RESETS_PER_SECOND 33
#define VIREO__H2_IDLE_FRAMES       10000
#define VIREO__H2_IDLE_PER_SECOND   330

typedef struct vireo__h2 vireo__h2;

/* vireo__h2_accept takes a new stream whose client has agreed on HTTP/2. Returns 0, or VIREO_ENOMEM
 * and has taken nothing. */
int vireo__h2_accept(vireo_app *app, vireo__stream *s);

/* vireo__h2_stop: the graceful end begins: no further requests, and when those that are under way
 * are answered the connection ends. */
void vireo__h2_stop(vireo__h2 *h2);

/* vireo__h2_stop_all does so with all of an application's. */
void vireo__h2_stop_all(vireo_app *app);

#endif
