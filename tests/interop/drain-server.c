/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* drain-server.c: a server that is drained on SIGTERM. Socket.IO's "/", the WebSocket endpoint /ws
 * and the event stream /events get "tick" with a number, counted from 1 for each client, five times
 * a second; GET /health is answered 200 "ok", or 503 "leaving".
 *
 *     --name NAME    told to each socket with the event "server"
 *     --drain MS     the window
 *
 * Observations: disconnect {id, sent, reason, ms}: |sent| ticks, |ms| of a clock */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

enum { TICK_MS = 200 };

typedef struct counter {
    int sent;
} counter;

typedef struct server {
    const char *name;
    vireo_ns *ns;
    vireo_ws_endpoint *ws;
    vireo_sse_endpoint *sse;
} server;

static void tick_socket(vireo_socket *s, void *user)
{
    counter *c = vireo_data(s);
    (void)user;
    if (vireo_emit(s, "tick", "%d", c->sent + 1) == 0)
        c->sent++;
}

static void tick_ws(vireo_ws *ws, void *user)
{
    counter *c = vireo_ws_data(ws);
    (void)user;
    vireo_ws_send_json(ws, "%d", ++c->sent);
}

static void tick_sse(vireo_sse *e, void *user)
{
    counter *c = vireo_sse_data(e);
    (void)user;
    vireo_sse_send(e, "tick", "%d", ++c->sent);
}

static void tick_all(vireo_timer *timer, void *user)
{
    server *own = user;
    (void)timer;
    vireo_each(vireo_all(own->ns), tick_socket, NULL);
    vireo_ws_each(own->ws, tick_ws, NULL);
    vireo_sse_each(own->sse, tick_sse, NULL);
}

static void on_connect(vireo_socket *s)
{
    server *own = vireo_ns_user(vireo_ns_of(s));
    vireo_emit(s, "server", "%s", own->name);
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    const counter *c = vireo_data(s);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char *line = vireo_format(NULL, "{event:%s, id:%s, sent:%d, reason:%s, ms:%lld}", "disconnect",
                              vireo_id(s), c->sent, why->reason,
                              (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    puts(line);
    free(line);
}

static int say_health(vireo_req *r)
{
    bool leaving = vireo_draining(vireo_req_app(r));
    return vireo_reply_text(r, leaving ? 503 : 200, leaving ? "leaving" : "ok");
}

static int setup(vireo_app *app, void *user)
{
    static server workers[VIREO_MAX_WORKERS];
    server *own = &workers[vireo_worker(app)];
    own->name = user;
    own->ns = vireo_namespace(app, "/", .data_size = sizeof(counter), .user = own,
                              .on_connect = on_connect, .on_disconnect = on_disconnect);
    own->ws = vireo_websocket(app, "/ws", .data_size = sizeof(counter));
    own->sse = vireo_event_stream(app, "/events", .data_size = sizeof(counter));
    vireo_route(app, "GET", "/health", say_health, NULL);
    vireo_every(app, TICK_MS, tick_all, own);
    return 0;
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {
        {"--name", "of the server", "a"}, {"--drain", "milliseconds of the window", "0"}, {0}};
    struct cli cli = cli_parse_more(argc, argv, 0, more);
    vireo_app_options o = {.size = sizeof o,
                           .drain_ms = (uint32_t)strtoul(more[1].value, NULL, 10)};
    return serve(setup, (void *)(uintptr_t)more[0].value, &o, .host = cli.host, .port = cli.port,
                 .name = "drain");
}
