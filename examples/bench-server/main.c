/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bench-server: what a load generator talks to.
 *
 *     raw WebSocket   /echo   every message goes back to its sender
 *                     /bcast  every message goes to all of /bcast, the sender included
 *     Socket.IO       echo, ack, bcast, join, room (below) */

#include <vireo/vireo.h>

#include "cli.h"

static void raw_echo(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_send(ws, data, len, binary);
}

static void raw_bcast(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_broadcast(vireo_ws_endpoint_of(ws), NULL, data, len, binary);
}

/* echo(x): echo(x) to the sender */
static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    vireo_emit(s, "echo", "%p", vireo_arg(m, 0));
}

/* ack(x): acknowledged with x */
static void on_ack(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", vireo_arg(m, 0));
}

/* bcast(x): bcast(x) to all */
static void on_bcast(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_all(vireo_ns_of(s)), NULL, m);
}

/* join(room): joins and acknowledges */
static void on_join(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, vireo_str_or(vireo_arg(m, 0), ""));
    vireo_ack(m, NULL);
}

/* room(room, x): room(room, x) to all in the room */
static void on_room(vireo_socket *s, const vireo_msg *m)
{
    const char *room = vireo_str(vireo_arg(m, 0));
    if (room != NULL)
        vireo_relay(vireo_room(s, room), NULL, m);
}

static const vireo_event_handler events[] = {
    {"echo", on_echo}, {"ack", on_ack},   {"bcast", on_bcast},
    {"join", on_join}, {"room", on_room}, {0},
};

/* Once for each worker. */
static int setup(vireo_app *app, void *user)
{
    vireo_ws_deflate deflate = *(const vireo_ws_deflate *)user;
    vireo_websocket(app, "/echo", .on_message = raw_echo, .deflate = deflate);
    vireo_websocket(app, "/bcast", .on_message = raw_bcast, .deflate = deflate);
    vireo_socketio(app, .deflate = deflate);
    return vireo_namespace(app, "/", .events = events) != NULL ? 0 : VIREO_ENOMEM;
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {
        {"--cert", "FILE: speak TLS with this certificate", NULL},
        {"--key", "FILE: its private key", NULL},
        {"--deflate", "BYTES: compress messages from this length on", NULL},
        {"--workers", "how many loops; 0: one per processor (1)", "1"},
        {0},
    };
    struct cli cli = cli_parse_more(argc, argv, 9001, more);
    vireo_ws_deflate deflate = {.on = more[2].value != NULL};
    if (deflate.on)
        deflate.threshold = strtoul(more[2].value, NULL, 10);
    uint32_t workers = (uint32_t)strtoul(more[3].value, NULL, 10);
    if (workers != 1)
        return vireo_run_workers(setup, &deflate, .workers = workers, .host = cli.host,
                                 .port = cli.port, .name = "bench-server",
                                 .cert_file = more[0].value, .key_file = more[1].value);
    vireo_app *app = vireo_app_new();
    setup(app, &deflate);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "bench-server",
                     .cert_file = more[0].value, .key_file = more[1].value);
}
