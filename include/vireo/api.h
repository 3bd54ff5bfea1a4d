/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* api.h: a Socket.IO server driven by HTTP, for programs that hold no connection to its clients: a
 * shop that tells a customer's browser that his parcel has left, a script that ends a session.
 *
 *     vireo_io_api(io, "/api", .authorize = check_token);
 *
 *     POST /api/emit        {"event": "news", "args": ["hello"], "rooms": ["readers"]}
 *     POST /api/join        {"rooms": ["cFxLDxbVQ_AAA1aaAAAB"], "join": ["readers"]}
 *     POST /api/leave       {"rooms": ["readers"], "leave": ["readers"]}
 *     POST /api/disconnect  {"rooms": ["cFxLDxbVQ_AAA1aaAAAB"], "close": true}
 *     GET  /api/sockets?namespace=/&room=readers
 *     GET  /api/namespaces
 *
 * Who is meant is said as in a vireo_to: "namespace" ("/" if it is missing), "rooms" (ids of
 * sockets are rooms too), "except", "volatile", "local". Without "rooms" an event goes to all of
 * the namespace; join, leave and disconnect want "all": true for that. With an adapter it reaches
 * the clients of all servers. Several workers of a process are one server here, for "local" too.
 *
 * Answers are JSON: {"sent": 3}, the number of this server's sockets; {"ok": true}; {"sockets":
 * [{"id", "rooms", "data"}], "complete": true}, complete unless another server has not answered in
 * time; {"namespaces": [{"name", "sockets"}]}. Errors are those of any route: 404 for a namespace
 * that is not there, 422 for a body that says nothing of use.
 */

#ifndef VIREO_API_H
#define VIREO_API_H

#include <stddef.h>
#include <stdint.h>

#include <vireo/http.h>
#include <vireo/socket.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vireo_io_api_options {
    size_t size;
    /* Middleware of these routes; not optional: whoever gets through it can do all of the above.
     * `return vireo_pass(r)` allows a request, a negative number refuses it (VIREO_STATUS(403)). */
    vireo_handler authorize;
    void *user;            /* vireo_req_user in |authorize|; borrowed as long as the application */
    size_t max_body_bytes; /* default: the application's */
    uint32_t timeout_ms;   /* for other servers' answers about sockets; default 5,000 */
} vireo_io_api_options;

/* vireo_io_api registers these routes below |prefix|.
 *
 * Returns as vireo_route; VIREO_EINVAL without |authorize|. */
#define vireo_io_api(io, prefix, ...)                                                              \
    vireo_io_add_api(                                                                              \
        (io), (prefix),                                                                            \
        &(const vireo_io_api_options){.size = sizeof(vireo_io_api_options), __VA_ARGS__})
VIREO_API int vireo_io_add_api(vireo_io *io, const char *prefix,
                               const vireo_io_api_options *options);

#ifdef __cplusplus
}
#endif
#endif
