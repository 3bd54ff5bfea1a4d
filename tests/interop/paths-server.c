/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* paths-server.c: two Socket.IO servers on paths of their own, beside a route and an ordinary
 * WebSocket endpoint. It keeps the contract at the head of paths-reference.mjs. */

#include <stdio.h>
#include <string.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

/* The server's name, which is the namespace's user pointer. */
static const char *name_of(const vireo_socket *s)
{
    return vireo_ns_user(vireo_ns_of(s));
}

static void on_connect(vireo_socket *s)
{
    const char *forwarded = vireo_handshake_header(s, "x-forwarded-for");
    vireo_emit(s, "who", "{server:%s, namespace:%s, address:%s, forwarded:%s}", name_of(s),
               vireo_ns_name(vireo_ns_of(s)), vireo_handshake_address(s), forwarded);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_all(vireo_ns_of(s)), "said", m);
    vireo_ack(m, "%s", name_of(s));
}

static void on_count(vireo_socket *s, const vireo_msg *m)
{
    vireo_io *io = vireo_ns_io(vireo_ns_of(s));
    vireo_ack(m, "%zu, %s", vireo_ns_count(vireo_io_of(io, "/")), vireo_io_path(io));
}

static const vireo_event_handler events[] = {{"say", on_say}, {"count", on_count}, {0}};

static int say_hello(vireo_req *r)
{
    return vireo_reply_text(r, 200, "hello");
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_send(ws, data, len, binary);
}

static bool add_servers(vireo_app *app)
{
    static char one_name[] = "one", two_name[] = "two";
    vireo_io *one = vireo_socketio(app, .path = "/one");
    vireo_io *two =
        vireo_socketio(app, .path = "/two", .transports = VIREO_WEBSOCKET, .no_client = true);
    return one != NULL && two != NULL && vireo_socketio(app, .path = "/one/") == NULL &&
           vireo_io_app(two) == app &&
           vireo_namespace(app, "/", .user = one_name, .on_connect = on_connect,
                           .events = events) == vireo_io_of(one, "/") &&
           vireo_io_namespace(one, "/extra", .user = one_name, .on_connect = on_connect,
                              .events = events) != NULL &&
           vireo_io_namespace(two, "/", .user = two_name, .on_connect = on_connect,
                              .events = events) != NULL &&
           vireo_io_namespace_matching(two, "^/room-[0-9]+$", .user = two_name,
                                       .on_connect = on_connect, .events = events) != NULL;
}

static int setup(vireo_app *app, void *user)
{
    const char *trusted = user;
    if (!add_servers(app) || vireo_route(app, "GET", "/hello", say_hello, NULL) < 0 ||
        vireo_websocket(app, "/echo", .on_message = on_message) == NULL)
        return VIREO_ENOMEM;
    return trusted != NULL ? vireo_trust_proxy(app, .addresses = trusted) : 0;
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--trust", "proxies to believe", NULL},
                                {"--proxy", "connections begin with a PROXY head", NULL},
                                {0}};
    struct cli cli = cli_parse_more(argc, argv, 0, more);
    return serve(setup, (char *)(uintptr_t)more[0].value, NULL, .host = cli.host, .port = cli.port,
                 .name = "paths", .proxy_protocol = more[1].value != NULL);
}
