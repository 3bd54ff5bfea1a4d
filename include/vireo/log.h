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
 * area   static: "http", "ws", "engine.io", "socket.io"
 * text   borrowed for the call; control characters of peers are escaped in it
 * Loop thread. */
typedef void (*vireo_log_fn)(void *user, vireo_level level, const char *area, const char *text);

#endif
