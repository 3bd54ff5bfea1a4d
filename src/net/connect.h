/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* connect.h: a connection to somewhere: from a name, by whatever way leads there, to a stream.
 *
 *     name -> addresses -> the first that answers -> [through a proxy] -> [TLS] -> a stream
 *
 * Several addresses are tried side by side, each VIREO__CONNECT_STAGGER_MS after the one before it
 * (RFC 8305, without its finer points), so that a dead address costs a moment and not the time-out.
 */

#ifndef VIREO_NET_CONNECT_H
#define VIREO_NET_CONNECT_H

#include "net/dial.h"
#include "net/tls.h"
#include "net/tunnel.h"

#define VIREO__CONNECT_STAGGER_MS  250 /* RFC 8305 section 5 */
#define VIREO__CONNECT_MAX_ADDRESS 16  /* of one name that are tried */

typedef struct vireo__connect_options {
    const char *host;      /* a name, or an IPv4 or IPv6 address; copied */
    uint16_t port;         /* not 0 */
    const char *unix_path; /* instead of host and port, whatever they and the proxy are; copied */
    const vireo__proxy *proxy; /* NULL: directly; borrowed until the callback */
    vireo__tls_ctx *tls; /* NULL: without TLS; takes a reference of its own. |host| is verified */
    uint32_t timeout_ms; /* for all of it; not 0 */
} vireo__connect_options;

typedef struct vireo__connect vireo__connect;

/* The end, exactly once, never inside a call of ours. A stream that reads nothing yet: set its
 * events at once and start it. Or NULL with |error| (-errno, VIREO_ETIMEDOUT, VIREO_ENOTFOUND,
 * VIREO_EREFUSED, VIREO_ETLS, VIREO_ECANCELLED ..) and |text|, which tells it in words and is
 * borrowed for the call. */
typedef void (*vireo__connected_fn)(void *user, vireo__stream *s, int error, const char *text);

/* vireo__connect_start begins. Returns NULL when memory runs out. */
vireo__connect *vireo__connect_start(vireo_loop *loop, const vireo__connect_options *options,
                                     vireo__connected_fn fn, void *user);

/* vireo__connect_cancel gives it up: the callback comes at the end of this turn, with
 * VIREO_ECANCELLED. Must not be called after the callback. */
void vireo__connect_cancel(vireo__connect *c);

#endif
