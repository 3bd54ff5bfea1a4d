/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* http.h: routes, requests and their replies, static files.
 *
 *     static int user(vireo_req *r)
 *     {
 *         return vireo_reply_json(r, 200, "{id:%s}", vireo_param(r, "id"));
 *     }
 *     ...
 *     vireo_route(app, "GET", "/users/:id", user, NULL);
 *
 * A handler runs when the whole request has arrived. It replies at once, or keeps the vireo_req and
 * replies later on the same thread; until then the client waits. A handler that returns a negative
 * number without having replied causes a 500 (404 for VIREO_ENOTFOUND and -ENOENT, 413 for
 * VIREO_ETOOBIG, 400 for VIREO_EINVAL, VIREO_EJSON and VIREO_EUTF8).
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
 * handler has returned; if the client goes away before that, until the abort callback
 * (vireo_on_abort) has returned. */
typedef struct vireo_req vireo_req;
typedef int (*vireo_handler)(vireo_req *r);

/* vireo_route registers a handler.
 *
 * method   "GET" (answers HEAD too), "POST", .. or "*" for all; borrowed, static
 * pattern  "/users/:id/files/:name"; a last part "*path" takes the rest, slashes included; copied
 * user     see vireo_req_user; borrowed as long as the application lives
 * The first route that matches wins. A path that exists only for other methods gives 405 with
 * Allow; OPTIONS on such a path answers 204 with Allow. Returns 0, VIREO_EINVAL (no leading slash,
 * empty name), VIREO_ENOMEM. */
VIREO_API int vireo_route(vireo_app *app, const char *method, const char *pattern,
                          vireo_handler handler, void *user);

/* Options of a folder of files. */
typedef struct vireo_static_options {
    size_t size;
    const char *index; /* file for a folder; default "index.html"; "" for none */
    /* serve files whose path has a part that begins with a dot; default: 404 */
    bool dotfiles;
    uint32_t max_age_s; /* Cache-Control: public, max-age=N; default 0 */
    /* further headers, each line ended by \r\n; borrowed as long as the application lives */
    const char *headers;
} vireo_static_options;

/* vireo_static serves the files below |folder| under |prefix| for GET and HEAD: type by extension,
 * ETag, Last-Modified, 304, no way out of the folder. A folder's URL without its last slash is
 * redirected. What is not there goes on to later routes (then 404).
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

VIREO_API void *vireo_req_user(const vireo_req *r);
VIREO_API vireo_app *vireo_req_app(const vireo_req *r);

/* vireo_on_abort has |fn| called if the client goes away before the reply was given; |r| is gone
 * after it. */
VIREO_API void vireo_on_abort(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user);

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

/* vireo_reply_file answers with a file, as Express' sendFile: type by extension, ETag,
 * Last-Modified, 304, HEAD. The path is yours and is not checked against a folder: never build it
 * from what a client sent (vireo_static is for that). Returns 0, or -ENOENT and the like with
 * nothing answered, so that a handler can return it as it is. */
VIREO_API int vireo_reply_file(vireo_req *r, const char *path);

/* vireo_redirect answers with 302 (or another 3xx |status|) and a Location. */
VIREO_API int vireo_redirect(vireo_req *r, int status, const char *location);

#ifdef __cplusplus
}
#endif
#endif
