/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* middleware.h: ready-made middleware: access log, CORS, rate limits. Each is registered for a
 * prefix, as vireo_use does it, and so holds for routes, folders, WebSocket endpoints and Socket.IO
 * below it. The order of registration is the order of work: the log first, then CORS, then limits.
 *
 *     vireo_access_log(app, "/", .format = VIREO_LOG_COMBINED);
 *     vireo_cors(app, "/socket.io/", .origins = (const char *[]){"https://a.example", NULL});
 *     vireo_rate_limit(app, "/login", .limit = 5, .window_ms = 60000);
 *
 * All of them return 0, VIREO_EINVAL or VIREO_ENOMEM. What they are given is borrowed as long as
 * the application lives, where nothing else is said.
 */

#ifndef VIREO_MIDDLEWARE_H
#define VIREO_MIDDLEWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vireo/app.h>
#include <vireo/http.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- access log ------------------------------------------------------------------------------- */

typedef enum vireo_access_format {
    VIREO_LOG_DEV,      /* GET /a 200 1.234 ms - 12, coloured on a terminal */
    VIREO_LOG_COMMON,   /* Apache's common log format */
    VIREO_LOG_COMBINED, /* the same with Referer and User-Agent */
} vireo_access_format;

/* Options of an access log. */
typedef struct vireo_access_options {
    size_t size;
    vireo_access_format format;
    /* writes a line of yours to |out|, as snprintf does, instead of |format|; a negative result:
     * none */
    int (*line)(const vireo_req *r, const vireo_finish *what, char *out, size_t size);
    /* takes each line, ended by a line feed and a NUL; NULL: stdout */
    void (*write)(const char *line, size_t len, void *user);
    void *user;  /* of |write| */
    int colours; /* of VIREO_LOG_DEV: 1 always, -1 never, 0: if stdout is a terminal */
} vireo_access_options;

/* vireo_access_log writes a line for each request, when its reply is out or its client has gone
 * away. What a client sent stands in it with quotes, backslashes and control characters escaped
 * (\" \\ \x0a), so that a line is a line. */
#define vireo_access_log(app, prefix, ...)                                                         \
    vireo_access_log_use(                                                                          \
        (app), (prefix),                                                                           \
        &(const vireo_access_options){.size = sizeof(vireo_access_options), __VA_ARGS__})
VIREO_API int vireo_access_log_use(vireo_app *app, const char *prefix,
                                   const vireo_access_options *options);

/* --- CORS ------------------------------------------------------------------------------------- */

/* Options of CORS, which are those of the npm package cors, and of Socket.IO's option of that name.
 */
typedef struct vireo_cors_options {
    size_t size;
    /* origins whose pages may read the replies: "https://a.example"; a star in one stands for at
     * least one letter, digit, '-' or '.', so
     * that a site's subdomains need one line. Ended by NULL. NULL: all, answered with "*" */
    const char *const *origins;
    /* decides instead of the list */
    bool (*allow)(const vireo_req *r, const char *origin);
    /* cookies too; only with |origins| or |allow|, since "*" would not be obeyed */
    bool credentials;
    const char *methods;         /* default "GET,HEAD,PUT,PATCH,POST,DELETE" */
    const char *allowed_headers; /* "X-One,X-Two"; NULL: all that the page asks for */
    const char *exposed_headers; /* of the reply, that the page may read; NULL: the usual ones */
    uint32_t max_age_s;          /* for which the browser may remember this; 0: not said */
    bool pass_preflight; /* OPTIONS goes on to later handlers; else it is answered with 204 */
} vireo_cors_options;

/* vireo_cors lets pages of other origins read the replies. A page of an origin that is not allowed
 * is not told so: its browser refuses. That protects what a page may read, not what it may send:
 * for that, check where a request comes from, or use SameSite cookies. */
#define vireo_cors(app, prefix, ...)                                                               \
    vireo_cors_use((app), (prefix),                                                                \
                   &(const vireo_cors_options){.size = sizeof(vireo_cors_options), __VA_ARGS__})
VIREO_API int vireo_cors_use(vireo_app *app, const char *prefix, const vireo_cors_options *options);

/* --- rate limits ------------------------------------------------------------------------------ */

/* Options of a rate limit. */
typedef struct vireo_rate_options {
    size_t size;
    uint32_t limit;     /* requests of one client in any |window_ms|; default 60 */
    uint32_t window_ms; /* default 60,000 */
    /* whom to count for; NULL: vireo_address, of IPv6 the first 64 bits, as one client has all of
     * the rest. NULL from it: this request is not counted */
    const char *(*key)(vireo_req *r);
    /* clients that are remembered (about 150 bytes each); default 100,000; beyond, the one that was
     * seen longest ago is forgotten */
    uint32_t max_clients;
    bool silent; /* no RateLimit headers */
} vireo_rate_options;

/* vireo_rate_limit lets only so many requests of each client through. The window slides: the count
 * of the window before still counts for the part of it that lies within the last |window_ms|.
 * Beyond the limit the request fails with VIREO_STATUS(429), a Retry-After header, and is not
 * counted. RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) tell what is left.
 * Behind proxies see proxy.h, or all clients count as one. */
#define vireo_rate_limit(app, prefix, ...)                                                         \
    vireo_rate_limit_use(                                                                          \
        (app), (prefix),                                                                           \
        &(const vireo_rate_options){.size = sizeof(vireo_rate_options), __VA_ARGS__})
VIREO_API int vireo_rate_limit_use(vireo_app *app, const char *prefix,
                                   const vireo_rate_options *options);

#ifdef __cplusplus
}
#endif
#endif
