/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* listener.h: accepts connections on a TCP port or a unix socket. */

#ifndef VIREO_NET_LISTENER_H
#define VIREO_NET_LISTENER_H

#include <stdatomic.h>

#include <vireo/app.h>

#include "net/stream.h"

typedef struct vireo__listener vireo__listener;

/* on_accept receives a new stream, which reads nothing yet: set its events and start it, or close
 * it (set its events first). */
typedef void (*vireo__accept_fn)(vireo__listener *listener, vireo__stream *s);

#define VIREO__DEFAULT_BACKLOG  4096 /* connections that wait to be accepted */
#define VIREO__ACCEPTS_PER_TURN 64
#define VIREO__ACCEPT_PAUSE_MS  100 /* when there is no descriptor for another one */

/* vireo__listener_open begins to accept.
 *
 * where   all of it but the name is read; cert_file and key_file are the caller's to make tls of
 * owner   vireo__listener_owner
 * Returns 0 and the listener in |*out|, or a negative number and where->error filled in. */
int vireo__listener_open(vireo__listener **out, vireo_loop *loop, const vireo_listen_options *where,
                         vireo__accept_fn on_accept, void *owner);

/* vireo__listener_open_fed makes one that has no socket of its own: it is given connections that
 * another loop has accepted. Of |where| only what happens to a new connection is read.
 *
 * load   borrowed: one is taken off it for each of its streams that ends, or cannot be adopted; who
 *        gives it a connection adds one
 * Returns as vireo__listener_open. */
int vireo__listener_open_fed(vireo__listener **out, vireo_loop *loop,
                             const vireo_listen_options *where, vireo__accept_fn on_accept,
                             void *owner, atomic_uint *load);

/* vireo__listener_adopt makes a stream of |parcel| (takes what is in it in any case, but |early| of
 * a parcel without a filter, which its owner gives to the events with vireo__stream_received).
 * Returns a stream that reads nothing yet, with no events but an on_close that does nothing; NULL
 * when that was not possible. */
vireo__stream *vireo__listener_adopt(vireo__listener *l, vireo__parcel *parcel);

/* vireo__listener_enter has a new stream treated as one that was just accepted. */
void vireo__listener_enter(vireo__listener *l, vireo__stream *s);

/* vireo__listener_close stops to accept; its streams go on. When its handle and its last stream are
 * closed the listener is freed, and then |on_gone| (may be NULL) is called with its owner. */
void vireo__listener_close(vireo__listener *l, void (*on_gone)(void *owner));

/* vireo__listener_close_streams closes all its streams at once. */
void vireo__listener_close_streams(vireo__listener *l);

/* vireo__listener_streams returns how many streams it has accepted that are not closed. */
size_t vireo__listener_streams(const vireo__listener *l);

void *vireo__listener_owner(const vireo__listener *l);
/* "" for TCP */
void vireo__listener_path(const vireo__listener *l, char *out, size_t size);
uint16_t vireo__listener_port(const vireo__listener *l); /* 0 for a unix socket */

#endif
