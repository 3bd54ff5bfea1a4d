/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* respond.c: replies. Head and body of an ordinary one are one piece of memory and leave with one
 * system call. When memory for a reply runs out, the connection is closed: a client that sees it
 * end knows more than one that waits for ever. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/url.h"
#include "http/request.h"
#include "payload/template.h"

enum {
    WHOLE_REPLY = 256 * 1024, /* bytes; what is larger is sent in slices */
    ALLOW_SIZE = 512,
};

/* Can what follows the reply still be read as the next request? Not if a body of unknown or undue
 * length would have to be read first. */
static bool body_hinders(const vireo__parser *p)
{
    if (p->state == VIREO__PARSE_DONE)
        return false;
    return p->state == VIREO__PARSE_FAILED || p->state == VIREO__PARSE_HEAD || p->chunked ||
           p->expect_continue || p->content_length > p->max_body_bytes;
}

int vireo__req_head(vireo_req *r, vireo__reply_head *head, bool *last)
{
    vireo_app *app = r->conn->app;
    *last = r->conn->ending || app->stopping || !vireo__parser_keep_alive(&r->parse) ||
            body_hinders(&r->parse);
    if (*last)
        head->connection = VIREO__CONNECTION_CLOSE;
    else if (r->parse.llhttp.http_minor == 0)
        head->connection = VIREO__CONNECTION_KEEP;
    head->date = vireo__app_date(app);
    r->status = (uint16_t)head->status;
    head->extra = r->reply_headers.data;
    head->extra_len = r->reply_headers.len;
    vireo__buf_reset(&app->head, 16384);
    vireo__reply_head_write(&app->head, head);
    return app->head.error;
}

static bool bodyless(const vireo_req *r, int status)
{
    return vireo__req_is_head(r) || status == 204 || status == 304;
}

static int queue_reply(vireo_req *r, const void *body, size_t len)
{
    vireo__conn *c = r->conn;
    const vireo__buf *head = &c->app->head;
    if (len > VIREO__BUF_UNLIMITED - head->len)
        return VIREO_ENOMEM;
    vireo__shared *whole = vireo__shared_new(head->len + len);
    if (whole == NULL)
        return VIREO_ENOMEM;
    memcpy(whole->data, head->data, head->len);
    if (len > 0)
        memcpy(whole->data + head->len, body, len);
    if (whole->len > WHOLE_REPLY || whole->len > c->stream->max_queued / 4)
        return vireo__send_shared(c, whole);
    int error = vireo__stream_write(c->stream, whole, 0, whole->len, NULL, NULL);
    vireo__shared_unref(whole);
    return error;
}

static int answer(vireo_req *r, vireo__reply_head *head, const void *body, size_t len)
{
    vireo__conn *c = r->conn;
    bool last;
    int error = vireo__req_head(r, head, &last);
    if (error == 0)
        error = queue_reply(r, body, bodyless(r, head->status) ? 0 : len);
    if (error == VIREO_ENOMEM)
        vireo__stream_close(c->stream, error);
    vireo__conn_answered(c, r, last);
    return error == VIREO_ENOMEM ? error
                                 : 0; /* that the client has gone away is no news to act on */
}

int vireo_reply(vireo_req *r, int status, const char *type, const void *data, size_t len)
{
    if (r->answered)
        return VIREO_EANSWERED;
    if (status < 200 || status > 599 || (data == NULL && len > 0) ||
        (type != NULL && !vireo__header_value_valid(type)))
        return VIREO_EINVAL;
    vireo__reply_head head = {
        .status = status, .type = type, .length = len, .no_length = status == 304 && len == 0};
    return answer(r, &head, data, len);
}

int vireo_reply_text(vireo_req *r, int status, const char *text)
{
    return vireo_reply(r, status, "text/plain", text, strlen(text));
}

int vireo_reply_html(vireo_req *r, int status, const char *html)
{
    return vireo_reply(r, status, "text/html", html, strlen(html));
}

int vireo_reply_json(vireo_req *r, int status, const char *tmpl, ...)
{
    if (r->answered)
        return VIREO_EANSWERED;
    vireo__buf *body = vireo__loop_scratch(r->conn->app->loop);
    va_list args;
    va_start(args, tmpl);
    int n = vireo__template_write_one(body, NULL, tmpl, args);
    va_end(args);
    return n < 0 ? n : vireo_reply(r, status, "application/json", body->data, body->len);
}

static bool is_own(const char *name)
{
    static const char *const own[] = {"content-length", "date", "connection", "transfer-encoding"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (vireo__str_equal_nocase(vireo__str_of(name), own[i]))
            return true;
    return false;
}

int vireo_reply_header(vireo_req *r, const char *name, const char *value)
{
    if (r->answered)
        return VIREO_EANSWERED;
    if (!vireo__http_token(name, strlen(name)) || is_own(name) || !vireo__header_value_valid(value))
        return VIREO_EINVAL;
    vireo__buf *b = &r->reply_headers;
    size_t before = b->len;
    vireo__buf_append_str(b, name);
    vireo__buf_append_str(b, ": ");
    vireo__buf_append_str(b, value);
    if (vireo__buf_append_str(b, "\r\n") == 0)
        return 0;
    b->len = before;
    b->error = 0;
    return VIREO_ENOMEM;
}

int vireo_redirect(vireo_req *r, int status, const char *location)
{
    if (status < 300 || status > 399 || status == 304)
        return VIREO_EINVAL;
    int error = vireo_reply_header(r, "Location", location);
    return error < 0 ? error : vireo_reply_text(r, status, vireo__status_text(status));
}

int vireo__req_reply_raw(vireo_req *r, const void *bytes, size_t len)
{
    if (r->answered)
        return VIREO_EANSWERED;
    vireo__conn *c = r->conn;
    int error = vireo__stream_write_copy(c->stream, bytes, len);
    r->status = len > 12 ? (uint16_t)atoi((const char *)bytes + 9) : 0; /* HTTP/1.1 400 .. */
    if (error == VIREO_ENOMEM)
        vireo__stream_close(c->stream, error);
    vireo__conn_answered(c, r, true);
    return error == VIREO_ENOMEM ? error : 0;
}

/* --- when there is no handler, or it failed --------------------------------------------------- */

void vireo__req_refuse(vireo_req *r, int status)
{
    vireo__conn *c = r->conn;
    void (*fn)(vireo_req *, void *) = r->abort_fn;
    const char *text = vireo__status_text(status);
    vireo__buf_reset(&r->reply_headers, 0);
    c->ending = true;
    r->abort_fn = NULL;
    r->handling = true; /* the request stays until its handler has been told */
    vireo_reply(r, status, "text/plain", text, strlen(text));
    if (fn != NULL)
        fn(r, r->abort_user);
    r->handling = false;
    vireo__conn_answered(c, r, true);
}

static int status_of(int result)
{
    switch (result) {
    case VIREO_ENOTFOUND:
    case -ENOENT:
    case -ENOTDIR:
        return 404;
    case VIREO_ETOOBIG:
        return 413;
    case VIREO_EINVAL:
    case VIREO_EJSON:
    case VIREO_EUTF8:
        return 400;
    default:
        return 500;
    }
}

void vireo__req_finish(vireo_req *r, int result)
{
    if (result >= 0 || r->answered)
        return;
    int status = status_of(result);
    vireo_app *app = r->conn->app;
    if (status == 500)
        vireo__log_line(&app->loop->log, VIREO_ERROR, "http", "%s %s failed: %s", vireo_method(r),
                        vireo_target(r), vireo_strerror(result));
    vireo__buf_reset(&r->reply_headers, 0);
    vireo_reply_text(r, status, vireo__status_text(status));
}

/* --- routes ----------------------------------------------------------------------------------- */

static bool method_fits(const vireo__route *route, const char *method)
{
    if (strcmp(route->method, "*") == 0 || strcmp(route->method, method) == 0)
        return true;
    return strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
}

/* A parameter with escapes that are none cannot be: the whole path was decoded before. */
static bool keep_params(vireo_req *r, const vireo__params *params)
{
    size_t n = params->count;
    r->param_count = 0;
    if (n == 0)
        return true;
    r->params = vireo__arena_take(&r->arena, n * sizeof *r->params, 16);
    if (r->params == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        vireo__str value = params->at[i].value;
        char *text = vireo__arena_take(&r->arena, value.len + 1, 1);
        if (text == NULL)
            return false;
        ptrdiff_t len = vireo__url_decode(text, value.at, value.len, false);
        text[len > 0 ? len : 0] = '\0';
        r->params[i] = (vireo__req_param){params->at[i].name, text};
    }
    r->param_count = n;
    return true;
}

static void call(vireo_req *r, const vireo__route *route, const vireo__params *params)
{
    r->user = route->user;
    vireo__req_finish(r, keep_params(r, params) ? route->handler(r) : VIREO_ENOMEM);
}

/* Allow lists each method once, in the order of the routes. */
static void allow(char *list, const char *method)
{
    if (vireo__str_has_token(vireo__str_of(list), method) ||
        strlen(list) + strlen(method) + 3 > ALLOW_SIZE)
        return;
    if (list[0] != '\0')
        strcat(list, ", ");
    strcat(list, method);
}

static void allow_route(char *list, const vireo__route *route)
{
    allow(list, route->method);
    if (strcmp(route->method, "GET") == 0)
        allow(list, "HEAD");
}

static void not_routed(vireo_req *r, char *allowed, bool upgradable)
{
    int status = 404;
    if (upgradable && (r->parse.llhttp.method == HTTP_GET || vireo__req_is_head(r))) {
        status = 426;
        vireo_reply_header(r, "Upgrade", "websocket");
    } else if (allowed[0] != '\0') {
        bool options = r->parse.llhttp.method == HTTP_OPTIONS;
        status = options ? 204 : 405;
        if (options)
            allow(allowed, "OPTIONS");
        vireo_reply_header(r, "Allow", allowed);
    } else if (r->raw_path.len == 1 && r->raw_path.at[0] == '*') {
        status = 204;
    }
    if (status == 204)
        vireo_reply(r, 204, NULL, NULL, 0);
    else
        vireo_reply_text(r, status, vireo__status_text(status));
}

/* Returns true when the folder has answered. */
static bool try_folder(vireo_req *r, const vireo__route *route)
{
    size_t n = strlen(route->pattern);
    vireo__str path = r->raw_path;
    if (!method_fits(route, vireo_method(r)))
        return false;
    if (path.len == n - 1 && memcmp(path.at, route->pattern, n - 1) == 0)
        return vireo_redirect(r, 301, route->pattern) == 0;
    if (path.len < n || memcmp(path.at, route->pattern, n) != 0)
        return false;
    int result = vireo__folder_serve(route->folder, r, (vireo__str){path.at + n, path.len - n});
    vireo__req_finish(r, result);
    return result <= 0;
}

bool vireo__req_route(vireo_req *r, bool upgrade)
{
    const vireo_app *app = r->conn->app;
    const char *method = vireo_method(r);
    char allowed[ALLOW_SIZE] = "";
    bool upgradable = false;
    if (r->bad_path) {
        vireo_reply_text(r, 400, vireo__status_text(400));
        return true;
    }
    for (const vireo__list *at = app->routes.next; at != &app->routes; at = at->next) {
        const vireo__route *route = vireo__container(at, vireo__route, node);
        vireo__params params;
        if (route->kind == VIREO__ROUTE_FOLDER) {
            if (!upgrade && try_folder(r, route))
                return true;
            continue;
        }
        if ((upgrade && route->kind == VIREO__ROUTE) ||
            !vireo__pattern_match(route->pattern, r->raw_path, &params))
            continue;
        if (method_fits(route, method) && (upgrade || route->kind == VIREO__ROUTE)) {
            call(r, route, &params);
            return true;
        }
        if (route->kind == VIREO__ROUTE_UPGRADE)
            upgradable = true;
        allow_route(allowed, route);
    }
    if (!upgrade)
        not_routed(r, allowed, upgradable);
    return !upgrade;
}

vireo__stream *vireo__req_take_stream(vireo_req *r, const char *type,
                                      const vireo__stream_events *events, void *owner)
{
    vireo__conn *c = r->conn;
    vireo__reply_head head = {.status = 200, .type = type, .no_length = true};
    bool last;
    if (r->answered || !r->handling)
        return NULL;
    c->ending = true;
    int error = vireo__req_head(r, &head, &last);
    if (error == 0)
        error = vireo__stream_write_copy(c->stream, c->app->head.data, c->app->head.len);
    if (error < 0)
        return NULL;
    r->answered = true;
    r->abort_fn = NULL;
    c->detached = true;
    vireo__stream_set_events(c->stream, events, owner);
    return c->stream;
}
