/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* bridge.h: a stream that cannot go to another loop, one request of HTTP/2, has its bytes carried
 * there and back:
 *
 *     worker 0                                        worker 1
 *       h2 --- stream --bridge-- stream ===========> stream, an ordinary connection of HTTP/1.1
 *                                       socket pair
 *
 * So what happens there need not know of it; the kernel wakes who has something to read, and keeps
 * what is not read yet. It is a guest of the application (server.h) until both ends are closed. */

#ifndef VIREO_HTTP_BRIDGE_H
#define VIREO_HTTP_BRIDGE_H

#include "http/server.h"

/* What waits for one side at most, beside what one reading brings: then the other is not read. */
#define VIREO__BRIDGE_ROOM 65536

/* vireo__bridge_open takes over the events of |s|, which must be started. Returns 0 and the
 * descriptor of the far end, the caller's; VIREO_ENOMEM, also for want of descriptors, and has
 * taken nothing. */
int vireo__bridge_open(vireo_app *app, vireo__stream *s, int *far);

#endif
