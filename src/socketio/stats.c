/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* stats.c: what a Socket.IO server counts: for the program, and for vireo_metrics. */

#include <string.h>

#include <vireo/metrics.h>
#include <vireo/workers.h>

#include "http/exposition.h"
#include "socketio/inside.h"

static size_t count_sockets(const vireo_io *io)
{
    uint32_t at = 0;
    size_t count = 0;
    for (const vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;)
        count += ns->sockets.len;
    return count;
}

void vireo_io_copy_stats(const vireo_io *io, vireo_io_stats *out, size_t size)
{
    const vireo__eio_counts *e = vireo__eio_server_counts(io->engine);
    const vireo__io_counts *c = &io->counts;
    vireo_io_stats all = {
        .sessions = vireo__eio_server_count(io->engine),
        .websocket = e->websockets,
        .namespaces = io->namespaces.len,
        .sockets = count_sockets(io),
        .sessions_opened = e->opened,
        .sessions_closed = vireo__sum(e->closed, VIREO__REASONS),
        .upgrades = e->upgrades,
        .refused = vireo__sum(e->refused, VIREO__REFUSALS),
        .connected = c->connected,
        .disconnected = vireo__sum(c->disconnected, VIREO__REASONS),
        .events_received = c->received,
        .events_sent = c->sent,
        .dropped = c->dropped,
        .too_slow = e->too_slow,
    };
    all.polling = all.sessions - all.websocket;
    memset(out, 0, size);
    memcpy(out, &all, size < sizeof all ? size : sizeof all);
}

/* Children of a pattern count together: clients choose their names. */
static void tell_namespaces(const vireo_io *io, vireo__exposition *x)
{
    static const vireo__metric namespaces = {"vireo_namespaces", "Namespaces.", VIREO__GAUGE,
                                             VIREO__UNITS},
                               sockets = {"vireo_sockets",
                                          "Clients in namespaces; those of a pattern together.",
                                          VIREO__GAUGE, VIREO__UNITS};
    uint32_t at = 0;
    if (vireo_worker(io->app) == 0) /* the others have the same */
        vireo__expose(x, &namespaces, io->namespaces.len, VIREO__LABELS("path", io->path));
    for (const vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;) {
        const char *name = ns->dynamic && ns->parent != NULL ? ns->parent->ns->name : ns->name;
        vireo__expose(x, &sockets, ns->sockets.len,
                      VIREO__LABELS("path", io->path, "namespace", name));
    }
}

static void tell_recoveries(const vireo_io *io, vireo__exposition *x)
{
    static const vireo__metric recoveries = {
        "vireo_recoveries_total", "Clients that wanted to be recovered, by what came of it.",
        VIREO__COUNTER, VIREO__UNITS};
    uint32_t at = 0;
    for (const vireo_ns *ns; (ns = vireo__map_next(&io->namespaces, &at)) != NULL;) {
        vireo_recovery_info info;
        if (ns->recovery->shared && vireo_worker(io->app) > 0) /* the others have the same */
            continue;
        vireo_ns_recovery(ns, &info);
        vireo__expose(x, &recoveries, info.recovered,
                      VIREO__LABELS("path", io->path, "result", "recovered"));
        vireo__expose(x, &recoveries, info.expired,
                      VIREO__LABELS("path", io->path, "result", "expired"));
        vireo__expose(x, &recoveries, info.unknown,
                      VIREO__LABELS("path", io->path, "result", "unknown"));
    }
}

void vireo__io_measure(const vireo_io *io, vireo__exposition *x)
{
    static const vireo__metric
        connected = {"vireo_sockets_connected_total", "Sockets admitted to their namespace.",
                     VIREO__COUNTER, VIREO__UNITS},
        disconnected = {"vireo_sockets_disconnected_total", "Sockets disconnected, by reason.",
                        VIREO__COUNTER, VIREO__UNITS},
        received = {"vireo_events_received_total", "Events of clients.", VIREO__COUNTER,
                    VIREO__UNITS},
        sent = {"vireo_events_sent_total",
                "Events and acknowledgements queued, counted for each receiver.", VIREO__COUNTER,
                VIREO__UNITS},
        dropped = {"vireo_events_dropped_total", "Volatile events that a socket could not take.",
                   VIREO__COUNTER, VIREO__UNITS};
    const vireo__io_counts *c = &io->counts;
    const char *const *path = VIREO__LABELS("path", io->path);
    tell_namespaces(io, x);
    if (io->options.recovery_ms > 0)
        tell_recoveries(io, x);
    vireo__expose(x, &connected, c->connected, path);
    vireo__expose(x, &received, c->received, path);
    vireo__expose(x, &sent, c->sent, path);
    vireo__expose(x, &dropped, c->dropped, path);
    for (size_t i = 0; i < VIREO__REASONS; i++)
        if (c->disconnected[i] > 0)
            vireo__expose(x, &disconnected, c->disconnected[i],
                          VIREO__LABELS("path", io->path, "reason", vireo__reason_text(i)));
}
