/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* trail.c: lines about sockets that come and go: vireo_log_connections, and VIREO_DEBUG. */

#include <string.h>

#include "base/clock.h"
#include "http/connlog.h"
#include "socketio/inside.h"

/* Whose doing it was: by the official text. */
static const char *ended_by(const char *reason, const char *description)
{
    static const char *const clients[] = {"transport close", "client namespace disconnect"};
    static const char *const networks[] = {"transport error", "ping timeout"};
    if (strstr(description, "too slowly") != NULL)
        return "server";
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(reason, clients[i]) == 0)
            return "client";
        if (strcmp(reason, networks[i]) == 0)
            return "network";
    }
    return "server";
}

static vireo__conn_event event_of(const vireo_socket *s, const char *event)
{
    const vireo_ns *ns = s->ns;
    return (vireo__conn_event){.area = "socket.io",
                               .event = event,
                               .path = ns->io->path,
                               .namespace = ns->name,
                               .id = s->id,
                               .address = vireo_handshake_address(s),
                               .transport = vireo_transport(s)};
}

/* A client's sockets (<vireo/client.h>) are no server's. */
static bool wanted(const vireo_socket *s)
{
    return s->ns->io->engine != NULL && vireo__connlog_on(s->ns->io->app);
}

void vireo__trail_connect(vireo_socket *s)
{
    vireo__debug(s->ns->io->loop, VIREO__DEBUG_SOCKET, "%.*s.. is connected to %s", VIREO__DEBUG_ID,
                 s->id, s->ns->name);
    if (!wanted(s))
        return;
    vireo__conn_event e = event_of(s, "connect");
    vireo__connlog_write(s->ns->io->app, &e);
}

void vireo__trail_disconnect(vireo_socket *s, const char *reason, const char *description)
{
    vireo__debug(s->ns->io->loop, VIREO__DEBUG_SOCKET, "%.*s.. is disconnected: %s",
                 VIREO__DEBUG_ID, s->id, reason);
    if (!wanted(s))
        return;
    vireo__conn_event e = event_of(s, "disconnect");
    const vireo_io *io = s->ns->io;
    const vireo__eio_close_info *why = io->ending == s->conn ? io->why : NULL;
    int64_t ms = vireo__wall_clock_ms() - vireo_handshake_issued(s);
    e.by = ended_by(reason, description);
    e.reason = reason;
    e.description = description;
    e.over = true;
    e.code = why != NULL ? why->code : 0;
    e.queued = why != NULL ? why->queued : vireo_queued(s);
    e.ms = ms > 0 ? (uint64_t)ms : 0;
    vireo__connlog_write(s->ns->io->app, &e);
}
