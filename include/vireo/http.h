/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http.h: routes, middleware, requests and their replies, static files.
 *
 *     static int user(vireo_req *r)
 *     {
 *         return vireo_reply_json(r, 200, "{id:%s}", vireo_param(r, "id"));
 *     }
 *
 *     static const vireo_route_entry api[] = {
 *         VIREO_USE("/", require_login),
 *         VIREO_GET("/users/:id", user),
 *         VIREO_POST("/users", add_user, .max_body_bytes = 4096),
 *         {0},
 *     };
 *     ...
 *     vireo_mount(app, "/api", api, NULL);
 *
 * A request goes along the application's list of middleware, routes and folders, in the order in
 * which they were registered, and calls what fits. A handler does one of four things:
 *
 *     it replies                              vireo_reply_json(r, 200, ..)
 *     it keeps r, returns 0, and does one of these later, on the same thread
 *     it passes the request on                return vireo_pass(r)
 *     it fails                                return a negative number, or vireo_fail(r, error, ..)
 *
 * Middleware is called when the head of the request has come, so that it can refuse before the
 * body is sent; a route's handler when the whole body has come (but see .stream). What no handler
 * takes is answered with 404, or with 405 where only the method does not fit.
 */

#ifndef VIREO_HTTP_H
#define VIREO_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <vireo/app.h>
#include <vireo/value.h>
#include <vireo/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A vireo_req is one request and its reply. It is valid until it has been replied to and the
 * handler has returned; after vireo_pass and vireo_fail it belongs to the next handler. If the
 * client goes away before that, it is valid until the abort callback (vireo_on_abort) has
 * returned. */
typedef struct vireo_req vireo_req;
typedef int (*vireo_handler)(vireo_req *r);

/* --- routes and middleware -------------------------------------------------------------------- */

/* vireo_route registers a handler.
 *
 * method   "GET" (answers HEAD too), "POST", .. or "*" for all; borrowed, static
 * pattern  "/users/:id/files/:name"; parts at the end may be optional, "/log/:year?/:month?"; a
 *          last part "*path" takes the rest, slashes included; copied
 * user     see vireo_req_user; borrowed as long as the application lives
 * The first route that matches wins, unless it passes the request on. A path that exists only for
 * other methods gives 405 with Allow; OPTIONS on such a path answers 204 with Allow. Returns 0,
 * VIREO_EINVAL (no leading slash, empty name), VIREO_ENOMEM. */
VIREO_API int vireo_route(vireo_app *app, const char *method, const char *pattern,
                          vireo_handler handler, void *user);

/* vireo_use registers middleware: it is called for every request at or below |prefix|, of every
 * method, before what was registered behind it. That holds for routes and folders, and for
 * WebSocket endpoints and Socket.IO as well, which take all middleware below their path first,
 * whenever it was registered.
 *
 * prefix   "/" for all; "/admin" for /admin and /admin/x but not /administrator; may hold :names
 * Returns as vireo_route. */
VIREO_API int vireo_use(vireo_app *app, const char *prefix, vireo_handler handler, void *user);

/* One line of a table of routes. Written with the macros below, which leave the rest zero. */
typedef struct vireo_route_entry {
    const char *method; /* as in vireo_route; "USE" for middleware; NULL: |routes| */
    const char *pattern;
    vireo_handler handler;
    const struct vireo_route_entry *routes; /* a table below this prefix */
    size_t max_body_bytes;                  /* beyond: 413; 0: the application's */
    /* the handler is called when the head has come, and takes the body with vireo_on_body */
    bool stream;
} vireo_route_entry;

/* VIREO_ROUTE is a line for any method; VIREO_MOUNT hangs another table below a prefix. Further
 * members follow by name: VIREO_POST("/notes", add_note, .max_body_bytes = 4096). */
#define VIREO_ROUTE(method_, pattern_, ...)                                                        \
    {                                                                                              \
        .method = (method_), .pattern = (pattern_), .handler = __VA_ARGS__                         \
    }
#define VIREO_USE(prefix_, ...)     VIREO_ROUTE("USE", prefix_, __VA_ARGS__)
#define VIREO_GET(pattern_, ...)    VIREO_ROUTE("GET", pattern_, __VA_ARGS__)
#define VIREO_POST(pattern_, ...)   VIREO_ROUTE("POST", pattern_, __VA_ARGS__)
#define VIREO_PUT(pattern_, ...)    VIREO_ROUTE("PUT", pattern_, __VA_ARGS__)
#define VIREO_PATCH(pattern_, ...)  VIREO_ROUTE("PATCH", pattern_, __VA_ARGS__)
#define VIREO_DELETE(pattern_, ...) VIREO_ROUTE("DELETE", pattern_, __VA_ARGS__)
#define VIREO_MOUNT(prefix_, routes_)                                                              \
    {                                                                                              \
        .pattern = (prefix_), .routes = (routes_)                                                  \
    }

/* vireo_mount registers a table, whose last entry is {0}, below |prefix|. The pattern "/" in it
 * stands for the prefix itself: below "/api" it is /api.
 *
 * routes   borrowed for the call; what its texts point to is static
 * user     of all its handlers, see vireo_req_user; borrowed as long as the application lives
 * Returns 0; VIREO_EINVAL for a line that vireo_route would refuse, or tables more than
 * VIREO_MOUNT_DEPTH deep; VIREO_ENOMEM. After an error nothing of it is registered. */
VIREO_API int vireo_mount(vireo_app *app, const char *prefix, const vireo_route_entry *routes,
                          void *user);
#define VIREO_MOUNT_DEPTH 16

/* vireo_pass passes the request on: what follows it in the list is called when the handler has
 * returned, or, if this is later, at the end of the loop's turn. Returns 0; VIREO_EANSWERED once
 * there is a reply; VIREO_EINVAL when nobody has the request to pass on, as after a call before. */
VIREO_API int vireo_pass(vireo_req *r);

/* vireo_fail ends the way of the request with an error, as a negative result of the handler does,
 * but at any time and with a text. Reply headers that the failing handler added are taken back.
 *
 * error   negative; VIREO_STATUS(403) for a status
 * text    told to the client if the status is below 500, else only logged; copied; NULL: the
 *         error's own
 * The error handlers are called when the handler has returned, or at the end of the turn. Returns
 * as vireo_pass. */
VIREO_API int vireo_fail(vireo_req *r, int error, const char *text);

/* VIREO_STATUS(403) is the error that is answered with this status (400..599). */
#define VIREO_STATUS(status) (-30000 - (status))

/* vireo_error_status returns the status with which an error is answered: 404 for VIREO_ENOTFOUND
 * and -ENOENT, 413 for VIREO_ETOOBIG, 400 for VIREO_EINVAL, VIREO_EJSON, VIREO_EUTF8 and
 * VIREO_EDEPTH and VIREO_EPROTO, the one of a VIREO_STATUS, 500 for all else. */
VIREO_API int vireo_error_status(int error);

/* vireo_on_error registers a handler of errors: negative results, vireo_fail, and what the library
 * itself would answer for a request (404, 405, a body that is too large). It answers, keeps the
 * request, or returns a negative number (the same or another) to pass it on. The one with the
 * longest prefix is asked first; at the end stands a default, which answers with the text.
 *
 * prefix   as in vireo_use
 * fn       text: what the client may know of it, never NULL
 * Returns as vireo_route. */
typedef int (*vireo_error_handler)(vireo_req *r, int error, const char *text);
VIREO_API int vireo_on_error(vireo_app *app, const char *prefix, vireo_error_handler fn,
                             void *user);

/* --- files ------------------------------------------------------------------------------------ */

/* Options of a folder of files. */
typedef struct vireo_static_options {
    size_t size;
    const char *index; /* file for a folder; default "index.html"; "" for none */
    /* serve files whose path has a part that begins with a dot; default: 404 */
    bool dotfiles;
    uint32_t max_age_s; /* Cache-Control: public, max-age=N; default 0 */
    /* further headers, each line ended by \r\n; borrowed as long as the application lives */
    const char *headers;
    /* a file name.br or name.gz beside a file, not older than it, is sent in its place to clients
     * that take that coding */
    bool precompressed;
    bool immutable; /* files never change while they are fresh: their names hold a hash */
} vireo_static_options;

/* vireo_static serves the files below |folder| under |prefix| for GET and HEAD: type by extension,
 * ETag and Last-Modified with all conditional requests (304, 412), ranges (206, 416; at most 16 of
 * them), no way out of the folder. A folder's URL without its last slash is redirected. What is not
 * there goes on to later routes (then 404).
 *
 * prefix, folder   copied; a relative folder is taken from the working directory now
 * Returns 0, VIREO_ENOTFOUND when there is no such folder, VIREO_EINVAL, VIREO_ENOMEM. */
#define vireo_static(app, prefix, folder, ...)                                                     \
    vireo_static_files(                                                                            \
        (app), (prefix), (folder),                                                                 \
        &(const vireo_static_options){.size = sizeof(vireo_static_options), __VA_ARGS__})
VIREO_API int vireo_static_files(vireo_app *app, const char *prefix, const char *folder,
                                 const vireo_static_options *options);

/* --- the request ------------------------------------------------------------------------------ */

/* Texts below are borrowed from the request, ended by a NUL, valid as long as it. */
VIREO_API const char *vireo_method(const vireo_req *r);
VIREO_API const char *vireo_path(const vireo_req *r);   /* percent-decoded, without query */
VIREO_API const char *vireo_target(const vireo_req *r); /* as it came: "/a%20b?x=1" */
/* the client's IP address; "" on a unix socket. Behind proxies: see proxy.h */
VIREO_API const char *vireo_address(const vireo_req *r);
/* "http" or "https", as the client sees it */
VIREO_API const char *vireo_protocol(const vireo_req *r);
VIREO_API bool vireo_secure(const vireo_req *r); /* vireo_protocol is "https" */
/* what the connection's TLS has agreed on, with the client's certificate; NULL without TLS */
VIREO_API const vireo_tls_info *vireo_req_tls(const vireo_req *r);
/* the host with its port that the client has in its URL: "a.example:3000"; "" if it names none */
VIREO_API const char *vireo_host(const vireo_req *r);

/* vireo_header returns a request header's value (names in any case; several are joined by ", "), or
 * NULL. */
VIREO_API const char *vireo_header(const vireo_req *r, const char *name);

/* vireo_param returns a part of the path that the route's pattern names, decoded, or NULL. */
VIREO_API const char *vireo_param(const vireo_req *r, const char *name);

/* vireo_query returns the first value of |name| in the query, decoded, or NULL. */
VIREO_API const char *vireo_query(vireo_req *r, const char *name);

/* vireo_body returns the body and its length in |*len| (may be NULL); never NULL, a NUL stands
 * behind it. */
VIREO_API const char *vireo_body(const vireo_req *r, size_t *len);

/* vireo_body_json returns the body read as JSON, NULL if it is none. Valid as long as the
 * request. */
VIREO_API const vireo_value *vireo_body_json(vireo_req *r, vireo_error *error);

/* vireo_body_form returns the body of a form (application/x-www-form-urlencoded) as an object of
 * strings, in which names with brackets nest: "a[b]=1&c[]=2&c[]=3" is {a: {b: "1"}, c: ["2", "3"]}.
 * Express' rules and limits: 1000 pairs, 32 brackets. NULL if it is none. Valid as long as the
 * request. vireo_query_form does the same with the query. */
VIREO_API const vireo_value *vireo_body_form(vireo_req *r, vireo_error *error);
VIREO_API const vireo_value *vireo_query_form(vireo_req *r, vireo_error *error);

/* vireo_on_body takes the body piece by piece, as it comes: in a handler with .stream (or in any
 * other, where it then comes from memory). Not before the handler has returned. gzip and deflate
 * are undone. A body that breaks off, or is too large, ends with the abort callback, and
 * vireo_reply_status tells what the client was answered.
 *
 * fn   data: borrowed for the call, never NULL; last: true exactly once, with the last piece, which
 *      may be empty
 * Returns 0, VIREO_EINVAL when the body has a reader already or this is no handler of a route,
 * VIREO_EANSWERED, VIREO_ENOMEM. */
VIREO_API int vireo_on_body(vireo_req *r,
                            void (*fn)(vireo_req *r, const void *data, size_t len, bool last,
                                       void *user),
                            void *user);

/* vireo_body_pause has no more pieces come until vireo_body_resume; meanwhile the client waits. */
VIREO_API void vireo_body_pause(vireo_req *r);
VIREO_API void vireo_body_resume(vireo_req *r);

VIREO_API void *vireo_req_user(const vireo_req *r);
VIREO_API vireo_app *vireo_req_app(const vireo_req *r);

/* vireo_on_abort has |fn| called if the client goes away before the reply was given; |r| is gone
 * after it. */
VIREO_API void vireo_on_abort(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user);

/* vireo_req_set keeps a pointer with the request, for the handlers behind this one.
 *
 * key      the address of something static of yours, so that no two users meet
 * free_fn  called with the pointer when the request ends or another one takes its place; may be
 *          NULL
 * Returns 0 or VIREO_ENOMEM; then free_fn was not called. */
VIREO_API int vireo_req_set(vireo_req *r, const void *key, void *pointer, void (*free_fn)(void *));

/* vireo_req_get returns what was set, or NULL. */
VIREO_API void *vireo_req_get(const vireo_req *r, const void *key);

/* vireo_on_headers has |fn| called once, just before the head of the reply is written: the last
 * chance for vireo_reply_header. vireo_reply_status tells the status. The last one registered is
 * called first. Returns 0 or VIREO_ENOMEM. */
VIREO_API int vireo_on_headers(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user);

/* What became of a request. */
typedef struct vireo_finish {
    int status; /* of the reply; 0 if there was none */
    /* the client went away before all of the reply was handed to the system */
    bool aborted;
    uint64_t body_bytes;   /* of the reply, as they went out */
    uint64_t microseconds; /* since the first byte of the request */
} vireo_finish;

/* vireo_on_finish has |fn| called once, when the last byte of the reply was handed to the system or
 * never will be. |r| can still be read, and is gone when the last such function has returned.
 * Returns 0 or VIREO_ENOMEM. */
VIREO_API int vireo_on_finish(vireo_req *r,
                              void (*fn)(vireo_req *r, const vireo_finish *what, void *user),
                              void *user);

/* --- the reply -------------------------------------------------------------------------------- */

/* vireo_reply_header adds a header to the reply; before the reply. Content-Length, Date, Connection
 * and Transfer-Encoding are the library's own and refused, as is a name or value with a control
 * character. Copies. Returns 0, VIREO_EINVAL, VIREO_EANSWERED, VIREO_ENOMEM. */
VIREO_API int vireo_reply_header(vireo_req *r, const char *name, const char *value);

/* vireo_reply answers.
 *
 * status   200..599
 * type     Content-Type; a text type without charset gets "; charset=utf-8"; NULL: none
 * data     copied; for HEAD, 204 and 304 its length counts but it is not sent
 * Returns 0, VIREO_EANSWERED, VIREO_EINVAL, VIREO_ENOMEM. */
VIREO_API int vireo_reply(vireo_req *r, int status, const char *type, const void *data, size_t len);

/* vireo_reply_text answers with plain text, vireo_reply_html with HTML, ended by a NUL each. */
VIREO_API int vireo_reply_text(vireo_req *r, int status, const char *text);
VIREO_API int vireo_reply_html(vireo_req *r, int status, const char *html);

/* vireo_reply_json answers with a template of one value (value.h). */
VIREO_API int vireo_reply_json(vireo_req *r, int status, const char *tmpl, ...) VIREO_PRINTF(3, 4);

/* vireo_reply_value answers with a value as JSON; NULL is null. */
VIREO_API int vireo_reply_value(vireo_req *r, int status, const vireo_value *value);

/* vireo_reply_file answers with a file, as Express' sendFile: type by extension,
 * conditional requests and ranges as vireo_static has them. The path is yours and is not checked
 * against a folder: never build it from what a client sent (vireo_static is for that). Returns 0,
 * or -ENOENT and the like with nothing answered, so that a handler can return it as it is. */
VIREO_API int vireo_reply_file(vireo_req *r, const char *path);

/* --- compression ------------------------------------------------------------------------------ */

/* Options. What is 0 has the default. */
typedef struct vireo_compress_options {
    size_t size;
    size_t threshold; /* bytes; smaller replies stay as they are; default 1,024 */
    /* larger ones too, since the loop stands still meanwhile; default 1,000,000. A reply in pieces
     * has no such limits */
    size_t max_bytes;
    uint32_t level; /* 1 (fast) .. 9 (small); default 6 */
} vireo_compress_options;

/* vireo_compress has replies of handlers compressed with brotli (if the library was built with it),
 * gzip or deflate, for clients that accept it, where the type is text of some kind. Adds Vary, makes an ETag weak. Left alone: what has a
 * Content-Encoding or Content-Range, "Cache-Control: no-transform", event streams, replies in
 * pieces whose length was told or for HTTP/1.0. A file is compressed each time it is sent whole:
 * see vireo_static for files that are compressed beforehand. A secret in the same reply as
 * something that a client chose can be guessed from its length: leave such replies alone.
 *
 * Returns 0, VIREO_EINVAL, VIREO_ENOMEM. */
#define vireo_compress(app, ...)                                                                   \
    vireo_app_compress((app), &(const vireo_compress_options){                                     \
                                  .size = sizeof(vireo_compress_options), __VA_ARGS__})
VIREO_API int vireo_app_compress(vireo_app *app, const vireo_compress_options *options);

/* --- replies in pieces ------------------------------------------------------------------------ */

/* vireo_reply_begin begins a reply that is written piece by piece; what is written in one turn of
 * the loop leaves together at its end. If the client goes away before the end, the abort callback
 * tells so.
 *
 *     vireo_reply_begin(r, 200, "text/csv");
 *     vireo_reply_write(r, "a,b\n", 4);
 *     vireo_reply_end(r);
 *
 * status   200..599 but 204 and 304
 * type     as in vireo_reply
 * Returns 0, VIREO_EANSWERED, VIREO_EINVAL, VIREO_ENOMEM. */
VIREO_API int vireo_reply_begin(vireo_req *r, int status, const char *type);

/* vireo_reply_length tells the length of a reply that will be begun: it goes out as Content-Length,
 * and exactly so many bytes must be written. Returns 0, VIREO_EINVAL, VIREO_EANSWERED. */
VIREO_API int vireo_reply_length(vireo_req *r, uint64_t bytes);

/* vireo_reply_write queues a piece; copies. For HEAD it is not sent.
 *
 * Returns 0; 1 when much is queued, and a writer who has more should wait for vireo_on_drain;
 * VIREO_EINVAL before vireo_reply_begin, VIREO_EANSWERED after the end, VIREO_ETOOBIG over
 * vireo_reply_length, VIREO_EFULL over the application's max_queued_bytes, VIREO_ECLOSED,
 * VIREO_ENOMEM; after the last three the connection ends. */
VIREO_API int vireo_reply_write(vireo_req *r, const void *data, size_t len);

/* vireo_reply_trailer adds a header behind the body, before vireo_reply_end. Clients of HTTP/1.0,
 * and of replies whose length was told, do not get it. Copies. Returns as vireo_reply_header. */
VIREO_API int vireo_reply_trailer(vireo_req *r, const char *name, const char *value);

/* vireo_reply_end ends it. Returns 0; VIREO_EINVAL when less was written than vireo_reply_length
 * told, and the connection is cut, so that the client knows; VIREO_EANSWERED, VIREO_ENOMEM. */
VIREO_API int vireo_reply_end(vireo_req *r);

/* vireo_reply_queued returns the bytes that the system has not yet taken of what was written. */
VIREO_API size_t vireo_reply_queued(const vireo_req *r);

/* vireo_on_drain has |fn| called each time that little is queued again after vireo_reply_write
 * returned 1. Returns 0, or VIREO_EINVAL before vireo_reply_begin. */
VIREO_API int vireo_on_drain(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user);

/* vireo_attachment has the browser save the reply to a file, by Content-Disposition (RFC 6266).
 *
 * filename   a name in any language; only what is behind its last slash counts; NULL: the browser
 *            finds one
 * Returns as vireo_reply_header, or VIREO_EUTF8. */
VIREO_API int vireo_attachment(vireo_req *r, const char *filename);

/* vireo_reply_download is vireo_reply_file with vireo_attachment; |filename| NULL: the file's. */
VIREO_API int vireo_reply_download(vireo_req *r, const char *path, const char *filename);

/* vireo_reply_status returns the status of the reply; 0 while there is none. */
VIREO_API int vireo_reply_status(const vireo_req *r);

/* vireo_redirect answers with 302 (or another 3xx |status|) and a Location. */
VIREO_API int vireo_redirect(vireo_req *r, int status, const char *location);

#ifdef __cplusplus
}
#endif
#endif
