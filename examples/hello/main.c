/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* hello: the smallest program: a page, and an event in each direction.
 *
 * server to page   hello(text)     on connection
 * page to server   message(text)   what socket.send(text) sends */

#include <vireo/vireo.h>

#include "cli.h"

static int send_page(vireo_req *r)
{
    return vireo_reply_file(r, PUBLIC_FOLDER "/index.html");
}

static void on_connect(vireo_socket *s)
{
    vireo_emit(s, "hello", "%s", "Hello from C!");
}

static void on_message(vireo_socket *s, const vireo_msg *m)
{
    char *text =
        vireo_json(vireo_arg(m, 0), NULL); /* as JSON: nothing in it can upset a terminal */
    printf("%s says %s\n", vireo_id(s), text ? text : "nothing");
    free(text);
}

static const vireo_event_handler events[] = {{"message", on_message}, {0}};

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_route(app, "GET", "/", send_page, NULL);
    vireo_namespace(app, "/", .on_connect = on_connect, .events = events);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "hello");
}
