/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* one-room-three-ways: a room of Socket.IO sockets, raw WebSockets and event streams. Whatever
 * anybody says is broadcast once, and reaches all three. */

#include <vireo/vireo.h>

#include "cli.h"

#define ROOM "square"

static vireo_to everybody(vireo_app *app)
{
    return vireo_ns_room(vireo_of(app, "/"), ROOM);
}

static void say(vireo_app *app, const char *way, const char *text, size_t len)
{
    vireo_broadcast(everybody(app), "said", "{way:%s,text:%.*s}", way, (int)len, text);
}

/* --- Socket.IO -------------------------------------------------------------------------------- */

static void on_connect(vireo_socket *s)
{
    vireo_join(s, ROOM);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    const char *text = vireo_str_or(vireo_arg(m, 0), "");
    say(vireo_app_of(s), "Socket.IO", text, strlen(text));
}

/* --- raw WebSocket ---------------------------------------------------------------------------- */

static void on_ws_open(vireo_ws *ws)
{
    vireo_join_ws(vireo_of(vireo_ws_app(ws), "/"), ws, ROOM);
}

static void on_ws_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    if (!binary)
        say(vireo_ws_app(ws), "WebSocket", data, len);
}

/* --- an event stream, and a POST beside it ---------------------------------------------------- */

static void on_sse_open(vireo_sse *e, vireo_req *r)
{
    vireo_join_sse(vireo_of(vireo_req_app(r), "/"), e, ROOM);
}

static int on_post(vireo_req *r)
{
    size_t len;
    const char *text = vireo_body(r, &len);
    say(vireo_req_app(r), "HTTP", text, len);
    return vireo_reply(r, 204, NULL, NULL, 0);
}

int main(int argc, char **argv)
{
    static const vireo_event_handler events[] = {{"say", on_say}, {0}};
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_namespace(app, "/", .on_connect = on_connect, .events = events);
    vireo_websocket(app, "/ws", .on_open = on_ws_open, .on_message = on_ws_message);
    vireo_event_stream(app, "/events", .on_open = on_sse_open);
    vireo_route(app, "POST", "/say", on_post, NULL);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "one-room-three-ways");
}
