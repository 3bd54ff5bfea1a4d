/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* gate.h: what stands between the accept of a connection and its owner: the head of the PROXY
 * protocol, the TLS handshake, or both.
 *
 *     accept -> HEAD -> SILENT -- first bytes --> [WAITING] -> WORKING -- handshake done -->
 * admitted
 *
 * A connection that says nothing costs a stream and a visitor of 136 bytes. Only with its first
 * bytes it gets a place among the handshakes in progress, and OpenSSL's memory; where there is no
 * place it waits in the order of arrival, and the kernel keeps what it sends further. One deadline
 * runs from the accept until it is admitted. To begin a handshake costs a signature: a wake-up
 * begins HANDSHAKES_PER_TURN, so that a flood of them delays those who are inside by that much and
 * no more.
 */

#ifndef VIREO_NET_GATE_H
#define VIREO_NET_GATE_H

#include <vireo/app.h>

#include "net/stream.h"
#include "net/tls.h"

#define VIREO__HANDSHAKES_PER_TURN 4
#define VIREO__GATE_MAX_PENDING    16384
#define VIREO__PROXY_HEAD_MS       10000 /* for a head of the PROXY protocol, without TLS */

typedef struct vireo__gate vireo__gate;

/* A stream is ready for its owner, and not reading; as vireo__accept_fn. */
typedef void (*vireo__admit_fn)(vireo__stream *s);

/* vireo__gate_new returns new in |*out|: a gate for |where|; NULL there when it needs none.
 *
 * Returns 0, or a negative number and where->error filled in. */
int vireo__gate_new(vireo__gate **out, vireo_loop *loop, const vireo_listen_options *where,
                    vireo__admit_fn admit);

/* vireo__gate_enter takes a new stream, which reads nothing yet. Beyond max_pending it is closed.
 */
void vireo__gate_enter(vireo__gate *gate, vireo__stream *s);

/* vireo__gate_close closes all streams that are not admitted yet; further ones are closed at
 * once. */
void vireo__gate_close(vireo__gate *gate);

/* vireo__gate_free frees it. All its streams are closed. NULL is allowed. */
void vireo__gate_free(vireo__gate *gate);

#endif
