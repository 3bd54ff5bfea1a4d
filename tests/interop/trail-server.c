/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* trail-server.c: what a server logs. Socket.IO with "/" and "/chat", the WebSocket endpoint /ws,
 * the event stream /events; each line of the log is an observation log {level, area, text}.
 *
 * "leave": disconnects; "fill": 4 MB, more than may be queued. A text "close": the WebSocket is
 * closed with 4000 "enough".
 *
 *     --log text|json|off   the log of connections
 *     --plain yes           no logger: lines go to stderr */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#include "serve.h"

enum { FILL_BYTES = 4000000, MAX_QUEUED = 1000000 };

static void log_line(void *user, vireo_level level, const char *area, const char *text)
{
    (void)user;
    char *line =
        vireo_format(NULL, "{event:%s, level:%d, area:%s, text:%s}", "log", (int)level, area, text);
    puts(line);
    free(line);
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    vireo_join(s, "room");
    vireo_relay(vireo_all(vireo_ns_of(s)), "said", m);
}

static void on_leave(vireo_socket *s, const vireo_msg *m)
{
    (void)m;
    vireo_disconnect(s, false);
}

static void on_fill(vireo_socket *s, const vireo_msg *m)
{
    static char text[FILL_BYTES + 1];
    (void)m;
    vireo_emit(s, "small", "%s", "x");
    memset(text, 'x', FILL_BYTES);
    vireo_emit(s, "full", "%s", text);
}

static const vireo_event_handler events[] = {
    {"say", on_say}, {"leave", on_leave}, {"fill", on_fill}, {0}};

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    (void)data;
    (void)len;
    (void)binary;
    vireo_ws_close(ws, 4000, "enough");
}

static int setup(vireo_app *app, void *user)
{
    const char *log = user;
    vireo_socketio(app, .allow_eio3 = true);
    vireo_namespace(app, "/", .events = events);
    vireo_namespace(app, "/chat", .events = events);
    vireo_websocket(app, "/ws", .on_message = on_message);
    vireo_event_stream(app, "/events");
    if (strcmp(log, "off") != 0)
        vireo_log_connections(app, strcmp(log, "json") == 0 ? VIREO_CONNECTIONS_JSON
                                                            : VIREO_CONNECTIONS_TEXT);
    return 0;
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--log", "text, json or off", "off"},
                                {"--plain", "no logger", NULL},
                                {"--debug", "areas; overrides VIREO_DEBUG", NULL},
                                {0}};
    struct cli cli = cli_parse_more(argc, argv, 0, more);
    vireo_app_options o = {.size = sizeof o,
                           .log = more[1].value == NULL ? log_line : NULL,
                           .max_queued_bytes = MAX_QUEUED,
                           .debug = more[2].value};
    return serve(setup, (void *)(uintptr_t)more[0].value, &o, .host = cli.host, .port = cli.port,
                 .name = "trail");
}
