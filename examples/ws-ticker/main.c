/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-ticker: raw WebSocket on the port of the HTTP server: every 3 seconds a message to each
 * client. */

#include <vireo/vireo.h>

#include "cli.h"

#define INTERVAL_MS 3000

/* The message is framed once for all of them. */
static void tick(vireo_timer *timer, void *user)
{
    vireo_ws_endpoint *endpoint = user;
    char text[64];
    (void)timer;
    int len = snprintf(text, sizeof text, "tick, %zu connected", vireo_ws_count(endpoint));
    vireo_ws_broadcast(endpoint, NULL, text, (size_t)len, false);
}

static void on_open(vireo_ws *ws)
{
    printf("open: %s\n", vireo_ws_address(ws));
    vireo_ws_send_text(ws, "welcome");
}

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    (void)data;
    printf("message: %s %zu bytes of %s\n", vireo_ws_address(ws), len, binary ? "binary" : "text");
}

static void on_error(vireo_ws *ws, int error, const char *text)
{
    printf("error: %s %s (%s)\n", vireo_ws_address(ws), text, vireo_errname(error));
}

static void on_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    (void)reason; /* the peer's own words: to be escaped where they are shown */
    printf("close: %s %u\n", vireo_ws_address(ws), code);
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 3000);
    vireo_app *app = vireo_app_new();
    vireo_static(app, "/", PUBLIC_FOLDER);
    vireo_ws_endpoint *endpoint =
        vireo_websocket(app, "/ticker", .on_open = on_open, .on_message = on_message,
                        .on_error = on_error, .on_close = on_close);
    vireo_every(app, INTERVAL_MS, tick, endpoint);
    return vireo_run(app, .host = cli.host, .port = cli.port, .name = "ws-ticker");
}
