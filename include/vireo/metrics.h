/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* metrics.h: what a server counts: for Prometheus, and for the program itself.
 *
 *     vireo_metrics(app, "/metrics");
 *
 * The counters are there in any case, plain integers that cost nothing to speak of;
 * docs/operation.md lists them.
 */

#ifndef VIREO_METRICS_H
#define VIREO_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/socket.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* vireo_metrics has GET |path| answered with the application's numbers in Prometheus' text format.
 * Whoever can reach the path can read them: let a middleware of that prefix (vireo_use), or the
 * proxy, decide who. From then on the loop's lag is measured twice a second.
 *
 * Returns as vireo_route. */
VIREO_API int vireo_metrics(vireo_app *app, const char *path);

/* What a Socket.IO server counts. The first are what is there now, the others what there was since
 * its begin. Fields are added at the end. */
typedef struct vireo_io_stats {
    size_t sessions;   /* connections of clients */
    size_t polling;    /* .. that poll now */
    size_t websocket;  /* .. over a WebSocket */
    size_t namespaces; /* children of dynamic ones included */
    size_t sockets;    /* clients in namespaces */

    uint64_t sessions_opened;
    uint64_t sessions_closed;
    uint64_t upgrades;  /* from polling to WebSocket */
    uint64_t refused;   /* requests without a session that were answered with an error */
    uint64_t connected; /* sockets that were admitted to their namespace */
    uint64_t disconnected;
    uint64_t events_received;
    uint64_t events_sent; /* and acknowledgements; a broadcast to ten sockets counts ten */
    uint64_t dropped;     /* volatile events, for sockets that were not writable */
    uint64_t too_slow;    /* sessions closed because too much was queued for them */
} vireo_io_stats;

/* vireo_io_read_stats fills in |out|. */
#define vireo_io_read_stats(io, out) vireo_io_copy_stats((io), (out), sizeof *(out))
VIREO_API void vireo_io_copy_stats(const vireo_io *io, vireo_io_stats *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
