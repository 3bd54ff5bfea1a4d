/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* metrics-server.c: something of everything that is counted. Socket.IO on /socket.io with "/",
 * "/extra" and all that match ^/room-, on /second with "/"; a WebSocket endpoint /ws, an event
 * stream /events; the numbers under /metrics, and of the first server as JSON under /stats.
 *
 * "say" ..: to all in the namespace, and acknowledged; "flood" N: to this socket N volatile events;
 * "fill": an event of 4 MB, more than may be queued; "leave": disconnects; "block" MS: the loop
 * stands still. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

enum { FILL_BYTES = 4000000, MAX_QUEUED = 1000000 };

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_all(vireo_ns_of(s)), "said", m);
    vireo_ack(m, NULL);
}

static void on_flood(vireo_socket *s, const vireo_msg *m)
{
    vireo_to to = {.ns = vireo_ns_of(s), .rooms = {vireo_id(s)}, .flags = VIREO_VOLATILE};
    for (long long i = 0; i < vireo_int(vireo_arg(m, 0), 0); i++)
        vireo_broadcast(to, "drop", "%lld", i);
    vireo_ack(m, NULL);
}

static void on_fill(vireo_socket *s, const vireo_msg *m)
{
    static char text[FILL_BYTES + 1];
    (void)m;
    memset(text, 'x', FILL_BYTES);
    vireo_emit(s, "full", "%s", text);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_disconnect(s, false);
}

static void on_block(vireo_socket *s, const vireo_msg *m)
{
    long long ms = vireo_int(vireo_arg(m, 0), 0);
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)s;
    nanosleep(&t, NULL);
    vireo_ack(m, NULL);
}

static const vireo_event_handler events[] = {{"say", on_say},     {"flood", on_flood},
                                             {"fill", on_fill},   {"leave", on_leave},
                                             {"block", on_block}, {0}};

static int say_stats(vireo_req *r)
{
    vireo_io_stats s;
    vireo_io_read_stats(vireo_ns_io(vireo_of(vireo_req_app(r), "/")), &s);
    return vireo_reply_json(
        r, 200,
        "{sessions:%zu,polling:%zu,websocket:%zu,namespaces:%zu,sockets:%zu,opened:%llu,"
        "closed:%llu,upgrades:%llu,refused:%llu,connected:%llu,disconnected:%llu,received:%llu,"
        "sent:%llu,dropped:%llu,slow:%llu}",
        s.sessions, s.polling, s.websocket, s.namespaces, s.sockets,
        (unsigned long long)s.sessions_opened, (unsigned long long)s.sessions_closed,
        (unsigned long long)s.upgrades, (unsigned long long)s.refused,
        (unsigned long long)s.connected, (unsigned long long)s.disconnected,
        (unsigned long long)s.events_received, (unsigned long long)s.events_sent,
        (unsigned long long)s.dropped, (unsigned long long)s.too_slow);
}

static int setup(vireo_app *app, void *user)
{
    (void)user;
    vireo_io *first = vireo_socketio(app, .recovery_ms = 60000);
    vireo_io *second = vireo_socketio(app, .path = "/second");
    vireo_io_namespace(first, "/", .events = events);
    vireo_io_namespace(first, "/extra", .events = events);
    vireo_io_namespace_matching(first, "^/room-", .events = events);
    vireo_io_namespace(second, "/", .events = events);
    vireo_websocket(app, "/ws");
    vireo_event_stream(app, "/events");
    vireo_route(app, "GET", "/stats", say_stats, NULL);
    return vireo_metrics(app, "/metrics");
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 0);
    vireo_app_options o = {.size = sizeof o, .max_queued_bytes = MAX_QUEUED};
    return serve(setup, NULL, &o, .host = cli.host, .port = cli.port, .name = "metrics");
}
