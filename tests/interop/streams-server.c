/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* streams-server: the server of workers-streams.test.mjs: --workers of them (4). WebSockets,
 * event streams and sockets of Socket.IO, and what reaches all of them.
 *
 *     /ws            subscribes to "topic", and is a guest of the room "square". It says, with a
 *                    text behind it: publish, others (publish, except itself), all (broadcast),
 *                    event (to all streams), room (to the streams in "half"), square
 *     /news          event streams with a history of 10,000; ?half joins "half"
 *     /plain         without a history
 *     /guests        a guest of "square"
 *     Socket.IO      joins "square"; "say" TEXT
 *
 * The first message of a WebSocket, the first event of a stream and "worker" tell where it is. */

#include <vireo/vireo.h>

#include "../../examples/cli.h"

#define ROOM "square"

/* What a worker has of its own. */
struct place {
    vireo_ws_endpoint *sockets;
    vireo_sse_endpoint *news, *plain;
};

static struct place *place_of(vireo_app *app)
{
    return vireo_app_user(app);
}

static void say(vireo_app *app, const char *text)
{
    vireo_broadcast(vireo_ns_room(vireo_of(app, "/"), ROOM), "said", "%s", text);
}

/* --- WebSockets ------------------------------------------------------------------------------- */

static void on_ws_open(vireo_ws *ws)
{
    vireo_app *app = vireo_ws_app(ws);
    vireo_ws_send_json(ws, "{worker:%u}", vireo_worker(app));
    vireo_ws_subscribe(ws, "topic");
    vireo_join_ws(vireo_of(app, "/"), ws, ROOM);
}

static void publish(vireo_ws *ws, const vireo_ws *except, const char *text)
{
    vireo_ws_publish(vireo_ws_app(ws), "topic", except, text, strlen(text), false);
}

static void on_ws_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    char line[1001];
    vireo_app *app = vireo_ws_app(ws);
    struct place *here = place_of(app);
    (void)binary;
    snprintf(line, sizeof line, "%.*s", (int)len, (const char *)data);
    char *text = strchr(line, ' ');
    if (text == NULL)
        return;
    *text++ = '\0';
    if (strcmp(line, "publish") == 0)
        publish(ws, NULL, text);
    else if (strcmp(line, "others") == 0)
        publish(ws, ws, text);
    else if (strcmp(line, "all") == 0)
        vireo_ws_broadcast(here->sockets, ws, text, strlen(text), false);
    else if (strcmp(line, "event") == 0)
        vireo_sse_publish_text(here->news, NULL, NULL, text);
    else if (strcmp(line, "room") == 0)
        vireo_sse_publish_text(here->news, "half", NULL, text);
    else if (strcmp(line, "plain") == 0)
        vireo_sse_publish_text(here->plain, NULL, NULL, text);
    else if (strcmp(line, "square") == 0)
        say(app, text);
}

/* --- event streams ---------------------------------------------------------------------------- */

static void tell_worker(vireo_sse *e, vireo_req *r)
{
    vireo_sse_send(e, "worker", "%u", vireo_worker(vireo_req_app(r)));
}

static void on_news_open(vireo_sse *e, vireo_req *r)
{
    if (vireo_query(r, "half") != NULL)
        vireo_sse_join(e, "half");
    tell_worker(e, r);
    if (vireo_sse_missed(e))
        vireo_sse_send(e, "missed", "true");
}

static void on_guest_open(vireo_sse *e, vireo_req *r)
{
    vireo_join_sse(vireo_of(vireo_req_app(r), "/"), e, ROOM);
    tell_worker(e, r);
}

/* --- Socket.IO -------------------------------------------------------------------------------- */

static void on_connect(vireo_socket *s)
{
    vireo_join(s, ROOM);
    vireo_emit(s, "worker", "%u", vireo_worker(vireo_app_of(s)));
}

static void on_say(vireo_socket *s, const vireo_msg *m)
{
    say(vireo_app_of(s), vireo_str_or(vireo_arg(m, 0), ""));
}

static const vireo_event_handler events[] = {{"say", on_say}, {0}};

static int setup(vireo_app *app, void *places)
{
    struct place *here = (struct place *)places + vireo_worker(app);
    vireo_app_set_user(app, here);
    here->sockets = vireo_websocket(app, "/ws", .on_open = on_ws_open, .on_message = on_ws_message);
    here->news = vireo_event_stream(app, "/news", .on_open = on_news_open, .history_events = 10000);
    here->plain = vireo_event_stream(app, "/plain", .on_open = tell_worker);
    vireo_event_stream(app, "/guests", .on_open = on_guest_open);
    vireo_namespace(app, "/", .on_connect = on_connect, .events = events);
    return 0;
}

int main(int argc, char **argv)
{
    struct cli_option more[] = {{"--workers", "how many (4)", "4"}, {0}};
    struct cli cli = cli_parse_more(argc, argv, 0, more);
    struct place places[VIREO_MAX_WORKERS] = {0};
    return vireo_run_workers(setup, places, .workers = (uint32_t)atoi(more[0].value),
                             .host = "127.0.0.1", .port = cli.port, .name = "streams-server");
}
