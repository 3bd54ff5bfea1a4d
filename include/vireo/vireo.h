/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* vireo.h includes the whole public interface.
 *
 * How to read these headers. Four words tell who owns what a pointer points to:
 *   borrows      the callee reads it and keeps nothing beyond the time that is named
 *   copies       the callee keeps a copy; the caller's memory is free at return
 *   takes        the callee owns it from now on, on failure too
 *   returns new  the caller owns it and frees it with the function that is named
 *
 * Threads: everything that lives belongs to one loop and so to one thread. Unless a comment says
 * "any thread", call a function only on its loop's thread, which is where every callback runs.
 *
 * Callbacks: what is started finishes exactly once, never before the starting call returned.
 * Closing is allowed inside any callback. A pointer that a callback receives is valid until it
 * returns, unless the comment says longer.
 */

#ifndef VIREO_VIREO_H
#define VIREO_VIREO_H

#include <vireo/api.h>
#include <vireo/app.h>
#include <vireo/build.h>
#include <vireo/client.h>
#include <vireo/cookie.h>
#include <vireo/env.h>
#include <vireo/error.h>
#include <vireo/http.h>
#include <vireo/log.h>
#include <vireo/metrics.h>
#include <vireo/middleware.h>
#include <vireo/negotiate.h>
#include <vireo/page.h>
#include <vireo/parser.h>
#include <vireo/proxy.h>
#include <vireo/rooms.h>
#include <vireo/session.h>
#include <vireo/socket.h>
#include <vireo/sse.h>
#include <vireo/tls.h>
#include <vireo/upload.h>
#include <vireo/value.h>
#include <vireo/version.h>
#include <vireo/workers.h>
#include <vireo/ws.h>

#endif
