/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* ws-server: the echo server of interop/ws-deflate.test.mjs: one endpoint for each set of
 * parameters of permessage-deflate.
 *
 *     /plain             no compression
 *     /S/C/T             windows of 2^S and 2^C bytes; T: takeover of the server (1), client (2)
 *     /bomb              messages of at most 100,000 bytes
 *     /limited           the same with takeover, and what is sent is not compressed
 */

#include <stdio.h>

#include <vireo/vireo.h>

#include "../../examples/cli.h"
#include "serve.h"

enum { LARGE = 17 * 1024 * 1024 };

static void on_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_send(ws, data, len, binary);
}

static bool add_endpoint(vireo_app *app, uint8_t server_bits, uint8_t client_bits, int takeover)
{
    char path[32];
    snprintf(path, sizeof path, "/%d/%d/%d", server_bits, client_bits, takeover);
    return vireo_websocket(app, path, .on_message = on_message, .max_message_bytes = LARGE,
                           .deflate = {.on = true,
                                       .server_max_window_bits = server_bits,
                                       .client_max_window_bits = client_bits,
                                       .server_context_takeover = takeover & 1,
                                       .client_context_takeover = takeover & 2}) != NULL;
}

static int setup(vireo_app *app, void *unused)
{
    (void)unused;
    vireo_websocket(app, "/plain", .on_message = on_message, .max_message_bytes = LARGE);
    vireo_websocket(app, "/bomb", .on_message = on_message, .max_message_bytes = 100000,
                    .deflate = {.on = true});
    vireo_websocket(app, "/limited", .on_message = on_message, .max_message_bytes = 100000,
                    .deflate = {.on = true,
                                .server_context_takeover = true,
                                .client_context_takeover = true,
                                .threshold = LARGE});
    for (uint8_t server_bits = 8; server_bits <= 15; server_bits++)
        for (uint8_t client_bits = 8; client_bits <= 15; client_bits++)
            for (int takeover = 0; takeover < 4; takeover++)
                if (!add_endpoint(app, server_bits, client_bits, takeover))
                    return VIREO_ENOMEM;
    return 0;
}

int main(int argc, char **argv)
{
    struct cli cli = cli_parse(argc, argv, 0);
    const vireo_app_options app = {.size = sizeof app, .max_queued_bytes = (size_t)4 * LARGE};
    return serve(setup, NULL, &app, .host = cli.host, .port = cli.port, .name = "ws-server");
}
