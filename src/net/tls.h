/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* tls.h (net): TLS as a filter of a stream.
 *
 *     owner      on_data  ^        | vireo__stream_write            plaintext, counted in s->out
 *                         |        v end of the turn
 *     filter         SSL_read    SSL_write
 *                         |        |
 *     io         received ^        v try_write                      records
 *
 * The owner of the stream notices nothing of it: what it writes before the handshake is over waits,
 * what the queue holds is counted in plaintext until the kernel has taken the last byte of its
 * record, the peer's close_notify is on_end, and vireo__stream_end sends ours. New to the owner are
 * two errors of on_close: VIREO_ETLS, for which vireo__tls_problem has words, and VIREO_ETRUNCATED,
 * when the peer's bytes end without close_notify: what came may not be all that was sent.
 */

#ifndef VIREO_NET_TLS_H
#define VIREO_NET_TLS_H

#include <vireo/tls.h>

#include "net/stream.h"

/* --- contexts (tls_context.c, tls_server.c, tls_client.c) --- */

/* A vireo__tls_ctx is what connections are made from: immutable, counted, for any thread. */
typedef struct vireo__tls_ctx vireo__tls_ctx;

vireo__tls_ctx *vireo__tls_ctx_ref(vireo__tls_ctx *ctx);
void vireo__tls_ctx_unref(vireo__tls_ctx *ctx); /* NULL is allowed */

/* vireo__tls_server_ctx returns a new reference to what new connections get now; NULL where the
 * object is broken, and |error| (may be NULL) says why. */
vireo__tls_ctx *vireo__tls_server_ctx(vireo_tls *tls, vireo_error *error);

/* vireo__tls_ref returns |tls| with one reference more. */
vireo_tls *vireo__tls_ref(vireo_tls *tls);

uint32_t vireo__tls_max_handshakes(const vireo_tls *tls);
uint32_t vireo__tls_handshake_ms(const vireo_tls *tls);

/* vireo__tls_client_ctx returns a new reference to the context of |client|, or of the loop's own
 * for NULL, which trusts the system's CAs and is made when it is first asked for. NULL, and |error|
 * (may be NULL) says why. */
vireo__tls_ctx *vireo__tls_client_ctx(vireo_loop *loop, vireo_tls_client *client,
                                      vireo_error *error);

/* --- the filter (tls.c) --- */

/* The handshake is over: with 0, or with a negative number (VIREO_ETLS). After a failure the stream
 * is closed with that error when this returns, unless the owner ends or closes it here. */
typedef void (*vireo__tls_done_fn)(vireo__stream *s, void *user, int error);

/* vireo__tls_accept puts TLS, as a server, on a stream that has begun to read and has written
 * nothing. The first bytes are given to vireo__stream_io_received.
 *
 * ctx    takes a reference of its own
 * done   called once, unless the stream is closed before
 * Returns 0 or VIREO_ENOMEM; then nothing has changed. */
int vireo__tls_accept(vireo__stream *s, vireo__tls_ctx *ctx, vireo__tls_done_fn done, void *user);

/* vireo__tls_connect puts TLS, as a client, on a connected stream whose events are set and that has
 * neither begun to read nor written anything; it begins to read and sends the first message. The
 * owner may write at once: that is sent when the handshake is over.
 *
 * ctx    takes a reference of its own
 * host   name or IP address (IPv6 with or without brackets): asked for (SNI) and verified, unless
 *        .server_name overrides it; copied
 * done   may be NULL; never called before this returned, nor after the stream was closed
 * Returns 0, VIREO_EINVAL (a host that can be no name), VIREO_ENOMEM; then nothing has changed. */
int vireo__tls_connect(vireo__stream *s, vireo__tls_ctx *ctx, const char *host,
                       vireo__tls_done_fn done, void *user);

/* vireo__tls_problem returns what went wrong with the TLS of |s|, in words; "" if nothing, or no
 * TLS. Valid until on_close has returned. */
const char *vireo__tls_problem(const vireo__stream *s);

/* vireo__tls_agreed_on tells whether the TLS of |s| has agreed on this application protocol. */
bool vireo__tls_agreed_on(const vireo__stream *s, const char *protocol);

/* vireo__tls_info returns what the TLS of |s| has agreed on; NULL without TLS, before the handshake
 * is over, and when memory runs out. Valid as long as |s|. */
const vireo_tls_info *vireo__tls_info(vireo__stream *s);

#endif
