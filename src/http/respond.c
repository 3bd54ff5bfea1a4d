/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* respond.c: replies. Head and body of an ordinary one are one piece of memory and leave with one
 * system call. When memory for a reply runs out, the connection is closed: a client that sees it
 * end knows more than one that waits for ever. */

#include <stdarg.h>
#include <stdlib.h>

#include "http/request.h"
#include "payload/template.h"

enum {
    WHOLE_REPLY = 256 * 1024, /* bytes; what is larger is sent in slices */
};

/* Can what follows the reply still be read as the next request? Not if a body of unknown or undue
 * length would have to be read first. */
static bool body_hinders(const vireo_req *r)
{
    const vireo__parser *p = &r->parse;
    if (p->state == VIREO__PARSE_DONE)
        return false;
    if (p->state == VIREO__PARSE_FAILED || p->state == VIREO__PARSE_HEAD)
        return true;
    bool read = r->stage == VIREO__STAGE_HELD && vireo__intake_takes(r);
    return (!read && (p->chunked || p->expect_continue)) || p->content_length > p->max_body_bytes;
}

int vireo__req_head(vireo_req *r, vireo__reply_head *head, bool *last)
{
    vireo_app *app = r->app;
    r->status = (uint16_t)head->status;
    vireo__app_count(app, r->status);
    vireo__debug(app->loop, VIREO__DEBUG_HTTP, "%s %s %d", vireo_method(r), vireo_path(r),
                 head->status);
    if (r->hooks != NULL)
        vireo__hooks_headers(r);
    *last = r->conn->single || r->conn->ending || app->stopping ||
            !vireo__parser_keep_alive(&r->parse) || body_hinders(r);
    if (*last)
        head->connection = VIREO__CONNECTION_CLOSE;
    else if (r->parse.llhttp.http_minor == 0)
        head->connection = VIREO__CONNECTION_KEEP;
    head->date = vireo__app_date(app);
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

int vireo__req_write(vireo_req *r, vireo__shared *bytes)
{
    vireo__written_fn done = vireo__req_pin(r);
    int error = vireo__stream_write(r->conn->stream, bytes, 0, bytes->len, done, r);
    if (error < 0 && done != NULL)
        vireo__req_unpin(r, error);
    return error;
}

int vireo__req_write_head(vireo_req *r)
{
    const vireo__buf *head = &r->app->head;
    vireo__shared *copy = vireo__shared_copy(head->data, head->len);
    int error = copy != NULL ? vireo__req_write(r, copy) : VIREO_ENOMEM;
    vireo__shared_unref(copy);
    return error;
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
    r->reply_bytes = len;
    if (whole->len > WHOLE_REPLY || whole->len > c->stream->max_queued / 4)
        return vireo__send_shared(c, whole);
    int error = vireo__req_write(r, whole);
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
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    if (status < 200 || status > 599 || (data == NULL && len > 0) ||
        (type != NULL && !vireo__header_value_valid(type)))
        return VIREO_EINVAL;
    vireo__reply_head head = {
        .status = status, .type = type, .no_length = status == 304 && len == 0};
    if (r->hooks != NULL || r->app->compression != NULL) {
        r->status = (uint16_t)status;
        vireo__hooks_headers(r); /* what they add decides too */
        vireo__compress_whole(r, status, type, &data, &len);
    }
    head.length = len;
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
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    r->status = (uint16_t)status;
    vireo__hooks_headers(r); /* before the scratch buffer is filled: they may use it */
    vireo__buf *body = vireo__loop_scratch(r->app->loop);
    va_list args;
    va_start(args, tmpl);
    int n = vireo__template_write_one(body, NULL, tmpl, args);
    va_end(args);
    int error = n < 0 ? n : vireo_reply(r, status, "application/json", body->data, body->len);
    if (error < 0 && !r->answered)
        r->status = 0;
    return error;
}

int vireo_reply_value(vireo_req *r, int status, const vireo_value *value)
{
    return vireo_reply_json(r, status, "%p", (const void *)value);
}

bool vireo__reply_header_next(const vireo__buf *b, size_t *from, const char *name,
                              vireo__str *value)
{
    size_t n = strlen(name);
    for (const char *data = (const char *)b->data; *from < b->len;) {
        const char *end = memmem(data + *from, b->len - *from, "\r\n", 2);
        vireo__str line = {data + *from, (size_t)(end - data) - *from};
        *from += line.len + 2;
        if (line.len < n || !vireo__str_equal_nocase((vireo__str){line.at, n}, name))
            continue;
        *value = (vireo__str){line.at + n, line.len - n};
        return true;
    }
    return false;
}

static bool is_own(const char *name)
{
    static const char *const own[] = {"content-length", "date", "connection", "transfer-encoding"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (vireo__str_equal_nocase(vireo__str_of(name), own[i]))
            return true;
    return false;
}

bool vireo__reply_header_valid(const char *name, const char *value)
{
    return vireo__http_token(name, strlen(name)) && !is_own(name) &&
           vireo__header_value_valid(value);
}

int vireo__reply_header_append(vireo__buf *b, const char *name, const char *value)
{
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

int vireo_reply_header(vireo_req *r, const char *name, const char *value)
{
    if (r->answered || r->streaming != NULL)
        return VIREO_EANSWERED;
    if (!vireo__reply_header_valid(name, value))
        return VIREO_EINVAL;
    return vireo__reply_header_append(&r->reply_headers, name, value);
}

int vireo_reply_status(const vireo_req *r)
{
    return r->status;
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
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    vireo__conn *c = r->conn;
    int error = vireo__stream_write_copy(c->stream, bytes, len);
    r->status = len > 12 ? (uint16_t)atoi((const char *)bytes + 9) : 0; /* HTTP/1.1 400 .. */
    vireo__app_count(r->app, r->status);
    if (error == VIREO_ENOMEM)
        vireo__stream_close(c->stream, error);
    vireo__conn_answered(c, r, true);
    return error == VIREO_ENOMEM ? error : 0;
}

/* --- when the request cannot be read ---------------------------------------------------------- */

static void refuse_and_tell(vireo_req *r, int status)
{
    void (*fn)(vireo_req *, void *) = r->abort_fn;
    const char *text = vireo__status_text(status);
    vireo__buf_reset(&r->reply_headers, 0);
    r->abort_fn = NULL;
    vireo_reply(r, status, "text/plain", text, strlen(text));
    if (fn != NULL)
        fn(r, r->abort_user);
}

/* Of a request whose route waits for the body it is an error as any other. A reply that has begun
 * can only be cut. */
void vireo__req_refuse(vireo_req *r, int status)
{
    vireo__conn *c = r->conn;
    if (r->streaming != NULL) {
        vireo__stream_close(c->stream, VIREO_EPROTO);
        return;
    }
    c->ending = true;
    r->handling = true; /* the request stays until its handler has been told */
    if (r->stage == VIREO__STAGE_BODY && r->mount == NULL)
        vireo__chain_fail(r, status == 413 ? VIREO_ETOOBIG : VIREO_STATUS(status));
    else
        refuse_and_tell(r, status);
    r->handling = false;
    if (r->answered)
        vireo__conn_answered(c, r, true);
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
