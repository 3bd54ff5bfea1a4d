/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-topics: raw WebSocket with topics. A client gives its name in the URL, /topics?name=anna, and
 * says one of
 *
 *     join TOPIC        leave TOPIC        say TOPIC TEXT
 *
 * What is said in a topic goes, compressed and framed once, to all who have joined it. */

#include <vireo/vireo.h>

#include "cli.h"

enum { LINE_MAX_BYTES = 1000 };

struct client {
    char name[32];
};

/* The name is there when the connection opens; without one there is no connection. */
static int on_upgrade(vireo_req *r)
{
    struct client *c = vireo_ws_upgrade_data(r);
    const char *name = vireo_query(r, "name");
    if (name == NULL || name[0] == '\0')
        return vireo_reply_text(r, 400, "say who you are: ?name=...");
    snprintf(c->name, sizeof c->name, "%s", name);
    return 0;
}

static void on_open(vireo_ws *ws)
{
    struct client *c = vireo_ws_data(ws);
    vireo_ws_send_json(ws, "{welcome:%s}", c->name);
}

static void say(vireo_ws *ws, char *line)
{
    struct client *c = vireo_ws_data(ws);
    char *text = strchr(line, ' ');
    if (text == NULL)
        return;
    *text++ = '\0';
    int count = vireo_ws_publish_json(vireo_ws_app(ws), line, NULL, "{topic:%s, from:%s, text:%s}",
                                      line, c->name, text);
    vireo_ws_send_json(ws, "{reached:%d}", count);
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    char line[LINE_MAX_BYTES + 1];
    if (binary)
        return;
    memcpy(line, data, len); /* max_message_bytes holds */
    line[len] = '\0';
    if (strncmp(line, "join ", 5) == 0)
        vireo_ws_send_json(ws, "{joined:%hhd}", (bool)(vireo_ws_subscribe(ws, line + 5) == 0));
    else if (strncmp(line, "leave ", 6) == 0)
        vireo_ws_unsubscribe(ws, line + 6);
    else if (strncmp(line, "say ", 4) == 0)
        say(ws, line + 4);
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_websocket(app, "/topics", .data_size = sizeof(struct client), .on_upgrade = on_upgrade,
                    .on_open = on_open, .on_message = on_message, .origins = "self",
                    .max_message_bytes = LINE_MAX_BYTES, .max_topics = 20,
                    .deflate = {.on = true, .threshold = 200});
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "ws-topics");
}
