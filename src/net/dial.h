/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* dial.h: an outgoing connection to one address. connect.h, which looks names up, tries several
 * addresses and passes proxies, stands on it. */

#ifndef VIREO_NET_DIAL_H
#define VIREO_NET_DIAL_H

#include <sys/socket.h>

#include "net/stream.h"

/* One of the two; borrowed for the call. */
typedef struct vireo__dial_address {
    const struct sockaddr *tcp;
    const char *unix_path; /* shorter than VIREO__UNIX_PATH_SIZE */
} vireo__dial_address;

#define VIREO__UNIX_PATH_SIZE 108 /* bytes of sun_path, the NUL included */

/* The stream is open: it may be started, written to and handed on. */
typedef void (*vireo__dialled_fn)(vireo__stream *s);

/* vireo__dial begins to connect, and calls either |on_open| or, when it fails,
 * events->on_close, neither before it returned. Until |on_open| the stream may only be closed.
 * Returns the stream, or NULL when memory runs out. */
vireo__stream *vireo__dial(vireo_loop *loop, const vireo__dial_address *to,
                           vireo__dialled_fn on_open, const vireo__stream_events *events,
                           void *owner);

#endif
