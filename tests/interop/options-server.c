/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* options-server.c: a Socket.IO server with what few use: cookie, hooks for headers, clients of
 * Socket.IO 2. It keeps the contract at the head of options-reference.mjs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

static void observe(const char *event, const char *id, const char *reason)
{
    char *line = vireo_format(NULL, "{event:%s, id:%s, reason:%s}", event, id, reason);
    puts(line);
    fflush(stdout);
    free(line);
}

/* --- headers ---------------------------------------------------------------------------------- */

static void on_initial_headers(vireo_io *io, vireo_req *r)
{
    (void)io;
    vireo_reply_header(r, "x-first", "yes");
    vireo_reply_header(r, "set-cookie", "mine=1");
}

static void on_headers(vireo_io *io, vireo_req *r)
{
    (void)io;
    vireo_reply_header(r, "x-each", "yes");
}

/* --- namespaces ------------------------------------------------------------------------------- */

static int guard(vireo_socket *s, const vireo_value *auth)
{
    const char *token = vireo_str(vireo_get(auth, "token"));
    if (token != NULL && strcmp(token, "data") == 0)
        return vireo_refuse(s, "refused", "{code:%d}", 42);
    if (token != NULL && strcmp(token, "bad") == 0)
        return vireo_refuse(s, "refused", NULL);
    return 0;
}

static void on_connect(vireo_socket *s)
{
    observe("connect", vireo_id(s), NULL);
    vireo_emit(s, "welcome", "%s, %p", vireo_id(s), (const void *)vireo_handshake_auth(s));
}

static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    observe("disconnect", vireo_id(s), why->reason);
}

static void on_echo(vireo_socket *s, const vireo_msg *m)
{
    vireo_relay(vireo_ns_room(vireo_ns_of(s), vireo_id(s)), "echo", m);
}

static void on_ask(vireo_socket *s, const vireo_msg *m)
{
    (void)s;
    vireo_ack(m, "%p", (const void *)vireo_arg(m, 0));
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_disconnect(s, false);
}

static const vireo_event_handler events[] = {
    {"echo", on_echo}, {"ask", on_ask}, {"leave", on_leave}, {0}};

static int setup(vireo_app *app, void *user)
{
    (void)user;
    vireo_socketio(app, .allow_eio3 = true, .cookie = "sid", .deflate = {.on = true},
                   .on_headers = on_headers, .on_initial_headers = on_initial_headers);
    vireo_namespace(app, "/", .on_connect = on_connect, .on_disconnect = on_disconnect,
                    .events = events);
    vireo_namespace(app, "/guarded", .guard = guard, .on_connect = on_connect,
                    .on_disconnect = on_disconnect, .events = events);
    return 0;
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 0);
    return serve(setup, NULL, NULL, .host = cli.host, .port = cli.port, .name = "options");
}
