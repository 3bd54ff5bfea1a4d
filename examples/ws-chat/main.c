/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-chat: raw WebSocket: what one client says goes to all others. */

#include <vireo/vireo.h>

#include "cli.h"

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_broadcast(vireo_ws_endpoint_of(ws), ws, data, len, binary);
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_websocket(app, "/chat", .on_message = on_message, .max_message_bytes = 10000);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "ws-chat");
}
