/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* log.h: where an application's own log lines go. */

#ifndef VIREO_LOG_H
#define VIREO_LOG_H

#include <vireo/version.h>

typedef enum vireo_level { VIREO_DEBUG, VIREO_INFO, VIREO_WARN, VIREO_ERROR } vireo_level;

/* A vireo_log_fn receives one line without its line end.
 *
 * user   the pointer that was given beside the function
 * area   static: "http", "ws", "sse", "engine.io", "socket.io"; of VIREO_DEBUG its own names
 * text   borrowed for the call; control characters of peers are escaped in it
 * Loop thread. */
typedef void (*vireo_log_fn)(void *user, vireo_level level, const char *area, const char *text);

/* How vireo_log_connections (app.h) writes its lines. */
typedef enum vireo_connections_format {
    VIREO_CONNECTIONS_OFF,
    VIREO_CONNECTIONS_TEXT, /* disconnect ns=/chat id=.. by=client reason="transport close" .. */
    VIREO_CONNECTIONS_JSON  /* {"event":"disconnect","ns":"/chat",..} */
} vireo_connections_format;

#endif
