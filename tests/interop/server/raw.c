/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "server.h"

static void raw_open(vireo_ws *ws)
{
    observe(vireo_format(NULL, "{event:%s, path:%s}", "raw-open", (const char *)vireo_ws_user(ws)));
}

static void raw_close(vireo_ws *ws, uint16_t code, const char *reason)
{
    observe(vireo_format(NULL, "{event:%s, path:%s, code:%d, reason:%s}", "raw-close",
                         (const char *)vireo_ws_user(ws), code, reason));
}

/* "close:CODE:REASON"; the text is not ended by a NUL. */
static bool close_asked(vireo_ws *ws, const char *text, size_t len)
{
    char copy[160];
    int code;
    int at;
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (sscanf(copy, "close:%d:%n", &code, &at) != 1)
        return false;
    vireo_ws_close(ws, (uint16_t)code, copy + at);
    return true;
}

static void echo_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    if (!binary && len >= 5 && memcmp(data, "ping:", 5) == 0)
        vireo_ws_ping(ws, (const char *)data + 5, len - 5);
    else if (binary || !close_asked(ws, data, len))
        vireo_ws_send(ws, data, len, binary);
}

static void echo_pong(vireo_ws *ws, const void *data, size_t len)
{
    char text[5 + 125] = "pong:";
    memcpy(text + 5, data, len);
    vireo_ws_send(ws, text, 5 + len, false);
}

static void bcast_message(vireo_ws *ws, const void *data, size_t len, bool binary)
{
    vireo_ws_broadcast(vireo_ws_endpoint_of(ws), NULL, data, len, binary);
}

bool add_raw(vireo_app *app)
{
    return vireo_websocket(app, "/echo", .user = "/echo", .on_open = raw_open,
                           .on_message = echo_message, .on_pong = echo_pong,
                           .on_close = raw_close) != NULL &&
           vireo_websocket(app, "/bcast", .user = "/bcast", .on_open = raw_open,
                           .on_message = bcast_message, .on_close = raw_close) != NULL;
}
