/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* news: a timer for each client. Socket.IO stands under a path of its own.
 *
 * server to page   news({number, text})   every 3 seconds
 * page to server   reply(text)            its answer */

#include <vireo/vireo.h>

#include "cli.h"

#define INTERVAL_MS 3000

/* Lives, zeroed, in each socket. */
struct reader {
    vireo_timer *timer;
    int number;
};

static void send_news(vireo_timer *timer, void *user)
{
    vireo_socket *s = user;
    struct reader *reader = vireo_data(s);
    (void)timer;
    vireo_emit(s, "news", "{number:%d, text:%s}", ++reader->number, "all is well");
}

static void on_connect(vireo_socket *s)
{
    struct reader *reader = vireo_data(s);
    printf("connected: %s %s\n", vireo_handshake_address(s), vireo_id(s));
    reader->timer = vireo_every(vireo_app_of(s), INTERVAL_MS, send_news, s);
}

/* The socket is gone after this, and its timer must not outlive it. */
static void on_disconnect(vireo_socket *s, const vireo_disconnect_info *why)
{
    struct reader *reader = vireo_data(s);
    vireo_timer_stop(reader->timer);
    printf("disconnected: %s %s (%s)\n", vireo_handshake_address(s), vireo_id(s), why->reason);
}

static void on_error(vireo_socket *s, const char *text)
{
    printf("error: %s %s\n", vireo_id(s), text);
}

static void on_reply(vireo_socket *s, const vireo_msg *m)
{
    char *reply = vireo_json(vireo_arg(m, 0), NULL);
    printf("reply: %s %s\n", vireo_id(s), reply ? reply : "nothing");
    free(reply);
}

static const vireo_event_handler events[] = {{"reply", on_reply}, {0}};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_socketio(app, .path = "/news.io");
    vireo_namespace(app, "/", .data_size = sizeof(struct reader), .on_connect = on_connect,
                    .on_disconnect = on_disconnect, .on_error = on_error, .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "news");
}
