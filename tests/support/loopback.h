/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* loopback.h: a carrier of the cluster adapter (cluster/adapter.h) between servers of one process,
 * on one loop or on several threads. Everything goes through bytes, as on a wire, and is read by
 * the other side as if it had come from anywhere:
 *
 *     length (4 bytes)  JSON  number of parts (4)  { length (4)  bytes }...
 *
 * It can be slow, can cut a server off, and can be given bytes that no server has sent. */

#ifndef VIREO_TESTS_LOOPBACK_H
#define VIREO_TESTS_LOOPBACK_H

#include "base/shared.h"
#include "cluster/adapter.h"
#include "payload/doc.h"

#define LOOPBACK_SERVERS 4 /* at most */

typedef struct loopback loopback;

/* One server: the |adapter_user| of its loopback_adapter. */
typedef struct loopback_server {
    loopback *hub;
    int index;
} loopback_server;

loopback *loopback_new(const vireo__cluster_options *options);
void loopback_free(loopback *hub); /* when all applications are freed */

vireo_adapter *loopback_adapter(vireo_ns *ns, void *server);

/* What follows may be called on any thread. */

/* loopback_cut drops all that comes to |server|, and from it. */
void loopback_cut(loopback *hub, int server, bool cut);

/* loopback_lag delays each message by up to |ms|; those of one server stay in order. */
void loopback_lag(loopback *hub, int ms);

/* loopback_inject gives the servers but |from| these bytes. */
void loopback_inject(loopback *hub, int from, const char *ns, const void *data, size_t n);

/* loopback_decode reads a message into |doc|; returns as vireo__cluster_read, which it ends
 * with. */
int loopback_decode(vireo__cluster_message *m, vireo__doc *doc, vireo__arena *memory,
                    const uint8_t *data, size_t n);

/* loopback_encode returns new: the bytes of a message; NULL when memory runs out. */
vireo__shared *loopback_encode(const vireo__cluster_message *m);

#endif
