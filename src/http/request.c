/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

#include "http/request.h"

#include <stdlib.h>

#include "base/url.h"
#include "http/form.h"
#include "payload/json_read.h"

typedef void doc_reader(vireo_req *r, vireo__doc *doc, vireo_error *error);

/* What accessors have read as a tree, in the arena. */
typedef struct req_doc {
    struct req_doc *next;
    doc_reader *read;
    vireo__doc doc;
} req_doc;

/* --- life ------------------------------------------------------------------------------------- */

vireo_req *vireo__req_new(vireo__conn *c)
{
    vireo_app *app = c->app;
    vireo_req *r = vireo__pool_take(&app->requests);
    if (r == NULL)
        return NULL;
    memset(r, 0, sizeof *r);
    r->conn = c;
    r->app = app;
    vireo__list_init(&r->leaving);
    r->http2 = c->single;
    r->began = uv_hrtime();
    r->reply_length = UINT64_MAX;
    vireo__parser_init(&r->parse, app->options.max_head_bytes, app->options.max_headers);
    vireo__buf_init(&r->reply_headers, VIREO__BUF_UNLIMITED);
    vireo__arena_init(&r->arena);
    return r;
}

static void end_request(vireo_req *r)
{
    vireo__hooks_finish(r);
    vireo__intake_end(r);
    vireo__streaming_end(r);
    for (req_doc *d = r->docs; d != NULL; d = d->next)
        vireo__doc_deinit(&d->doc);
    vireo__arena_deinit(&r->arena);
    vireo__buf_deinit(&r->reply_headers);
    vireo__parser_deinit(&r->parse);
    vireo__list_remove(&r->leaving);
    vireo__pool_give(&r->app->requests, r);
}

void vireo__req_free(vireo_req *r)
{
    r->dropped = true;
    if (!r->answered)
        r->cut = true;
    if (r->pins == 0)
        end_request(r);
    else
        vireo__list_append(&r->conn->leaving, &r->leaving);
}

void vireo__req_lose_conn(vireo_req *r)
{
    vireo__list_remove(&r->leaving);
    r->conn = NULL;
}

void vireo__req_unpin(vireo_req *r, int status)
{
    if (status < 0)
        r->cut = true;
    if (--r->pins == 0 && r->dropped)
        end_request(r);
}

static void on_written(void *r, int status)
{
    vireo__req_unpin(r, status);
}

vireo__written_fn vireo__req_pin(vireo_req *r)
{
    if (!vireo__hooks_wait(r))
        return NULL;
    r->pins++;
    return on_written;
}

/* RFC 9112 section 3.2.2: "a server MUST accept the absolute-form in requests". What stands before
 * the path is taken off, and put into |authority|. */
static bool split_authority(vireo__str *target, vireo__str *authority)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (target->len > 0 && target->at[0] == '/')
        return true;
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(schemes[i]);
        if (target->len <= n || !vireo__str_equal_nocase((vireo__str){target->at, n}, schemes[i]))
            continue;
        const char *end = target->at + target->len;
        *authority = (vireo__str){target->at + n, 0};
        for (target->at += n; target->at < end && *target->at != '/' && *target->at != '?';)
            target->at++;
        target->len = (size_t)(end - target->at);
        authority->len = (size_t)(target->at - authority->at);
        return authority->len > 0; /* RFC 9110 section 4.2.1: invalid when it is empty */
    }
    return false;
}

/* RFC 9112 section 3.2: the Host of a request with an authority in its target is "identical to that
 * authority component, excluding any userinfo". Section 3.2.2 has a server ignore one that is not;
 * refused, it can mislead nobody. */
static bool host_agrees(const vireo_req *r, vireo__str authority)
{
    size_t size;
    const char *headers = vireo__req_headers(r, &size);
    const char *host = vireo__headers_get(headers, size, "host");
    return authority.len == 0 || host == NULL || vireo__str_equal_nocase(authority, host);
}

/* The decoded path stands behind the head, in the same block: it is never longer than the
 * target. */
static bool decode_path(vireo_req *r)
{
    vireo__buf *head = &r->parse.head;
    char *out = (char *)vireo__buf_reserve(head, r->raw_path.len + 1);
    if (out == NULL)
        return false;
    ptrdiff_t n = vireo__url_decode(out, r->raw_path.at, r->raw_path.len, false);
    if (n < 0 || memchr(out, 0, (size_t)n) != NULL) {
        r->bad_path = true;
        memcpy(out, r->raw_path.at, r->raw_path.len);
        n = (ptrdiff_t)r->raw_path.len;
    }
    out[n] = '\0';
    r->path = out;
    return true;
}

int vireo__req_begin(vireo_req *r)
{
    /* Room for the path is made before anything points into the block. */
    if (vireo__buf_reserve(&r->parse.head, r->parse.headers_at + 1) == NULL)
        return 500;
    vireo__str target = vireo__str_of(vireo__parser_target(&r->parse)), authority = {"", 0};
    bool asterisk =
        target.len == 1 && target.at[0] == '*' && r->parse.llhttp.method == HTTP_OPTIONS;
    if (!asterisk && (!split_authority(&target, &authority) || !host_agrees(r, authority)))
        return 400;
    const char *mark = target.len > 0 ? memchr(target.at, '?', target.len) : NULL;
    size_t path_len = mark ? (size_t)(mark - target.at) : target.len;
    r->raw_path = path_len > 0 ? (vireo__str){target.at, path_len} : (vireo__str){"/", 1};
    r->query = mark ? (vireo__str){mark + 1, target.len - path_len - 1} : (vireo__str){"", 0};
    return decode_path(r) ? 0 : 500;
}

/* --- for the floors above --------------------------------------------------------------------- */

const char *vireo__req_headers(const vireo_req *r, size_t *size)
{
    *size = r->parse.head.len - r->parse.headers_at;
    return (const char *)r->parse.head.data + r->parse.headers_at;
}

static const char *next_header(const char *headers, size_t size, const char *after,
                               const char *name)
{
    const char *at = after ? after + strlen(after) + 1 : headers;
    while (at < headers + size) {
        const char *value = at + strlen(at) + 1;
        if (*at == *name && strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

const char *vireo__headers_get(const char *headers, size_t size, const char *name)
{
    return next_header(headers, size, NULL, name);
}

bool vireo__req_answered(const vireo_req *r)
{
    return r->answered;
}

int vireo__req_status(const vireo_req *r)
{
    return r->status;
}

vireo__stream *vireo__req_detach(vireo_req *r)
{
    if (!r->upgrading || r->answered)
        return NULL;
    r->answered = true;
    r->abort_fn = NULL;
    vireo__app_count(r->app, 101);
    vireo__debug(r->app->loop, VIREO__DEBUG_HTTP, "%s %s 101", vireo_method(r), vireo_path(r));
    r->conn->detached = true;
    return r->conn->stream;
}

void vireo__req_abort(vireo_req *r)
{
    void (*fn)(vireo_req *, void *) = r->abort_fn;
    r->abort_fn = NULL;
    bool was_answered = r->answered;
    r->cut |= !was_answered;
    r->answered = true; /* a reply now would go to nobody */
    if (fn != NULL && !was_answered)
        fn(r, r->abort_user);
}

/* --- for users -------------------------------------------------------------------------------- */

/* The accessors decode when they are asked, and remember in the request. */
static vireo_req *writable(const vireo_req *r)
{
    return (vireo_req *)(uintptr_t)r;
}

const char *vireo_method(const vireo_req *r)
{
    return vireo__parser_method(&r->parse);
}

const char *vireo_path(const vireo_req *r)
{
    return r->path;
}

const char *vireo_target(const vireo_req *r)
{
    return vireo__parser_target(&r->parse);
}

static const char *join(vireo_req *r, const char *headers, size_t size, const char *name,
                        size_t total)
{
    char *out = vireo__arena_take(&r->arena, total + 1, 1);
    if (out == NULL)
        return NULL;
    char *at = out;
    for (const char *value = NULL; (value = next_header(headers, size, value, name)) != NULL;) {
        if (at != out)
            at = stpcpy(at, ", ");
        at = stpcpy(at, value);
    }
    return out;
}

const char *vireo_header(const vireo_req *r, const char *name)
{
    char lower[128];
    size_t n = strlen(name), size;
    if (n >= sizeof lower)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        lower[i] = vireo__ascii_lower(name[i]);
    const char *headers = vireo__req_headers(r, &size);
    const char *first = next_header(headers, size, NULL, lower);
    size_t count = 0, total = 0;
    for (const char *value = first; value != NULL;
         value = next_header(headers, size, value, lower)) {
        count++;
        total += strlen(value) + 2;
    }
    return count > 1 ? join(writable(r), headers, size, lower, total) : first;
}

const char *vireo_param(const vireo_req *r, const char *name)
{
    for (size_t i = 0; i < r->param_count; i++)
        if (vireo__str_equal(r->params[i].name, name))
            return r->params[i].value;
    return NULL;
}

static const char *decode_value(vireo_req *r, vireo__str value)
{
    char *out = vireo__arena_take(&r->arena, value.len + 1, 1);
    if (out == NULL)
        return NULL;
    ptrdiff_t n = vireo__url_decode(out, value.at, value.len, true);
    out[n > 0 ? n : 0] = '\0';
    return out;
}

const char *vireo_query(vireo_req *r, const char *name)
{
    vireo__str rest = r->query, key, value;
    while (vireo__url_next_pair(&rest, &key, &value))
        if (vireo__url_name_is(key, name))
            return decode_value(r, value);
    return NULL;
}

vireo__str vireo__req_query_value(const vireo_req *r, const char *name)
{
    vireo__str value;
    if (!vireo__url_query(r->query, name, &value))
        return (vireo__str){NULL, 0};
    if (memchr(value.at, '%', value.len) == NULL && memchr(value.at, '+', value.len) == NULL)
        return value;
    const char *decoded = decode_value((vireo_req *)(uintptr_t)r, value);
    return decoded != NULL ? vireo__str_of(decoded) : (vireo__str){NULL, 0};
}

const char *vireo_body(const vireo_req *r, size_t *len)
{
    const vireo__buf *body = &r->parse.body;
    bool here = vireo__intake_over(r) && body->len > 0;
    if (len != NULL)
        *len = here ? body->len : 0;
    return here ? (const char *)body->data : "";
}

/* The document that |read| has made, or makes now; NULL when memory runs out. */
static const vireo_value *read_once(vireo_req *r, doc_reader *read, vireo_error *error)
{
    req_doc *d = r->docs;
    while (d != NULL && d->read != read)
        d = d->next;
    if (d == NULL && (d = vireo__arena_take(&r->arena, sizeof *d, 16)) != NULL) {
        *d = (req_doc){.next = r->docs, .read = read};
        r->docs = d;
        vireo__doc_init(&d->doc);
        read(r, &d->doc, error);
    }
    return d != NULL ? vireo__doc_root(&d->doc) : NULL;
}

static void read_json(vireo_req *r, vireo__doc *doc, vireo_error *error)
{
    size_t n;
    const char *text = vireo_body(r, &n);
    vireo__json_read(doc, text, n, NULL, error);
}

static void read_form(vireo_req *r, vireo__doc *doc, vireo_error *error)
{
    size_t n;
    const char *text = vireo_body(r, &n);
    vireo__form_read(doc, (vireo__str){text, n}, error);
}

static void read_query(vireo_req *r, vireo__doc *doc, vireo_error *error)
{
    vireo__form_read(doc, r->query, error);
}

const vireo_value *vireo_body_json(vireo_req *r, vireo_error *error)
{
    return read_once(r, read_json, error);
}

const vireo_value *vireo_body_form(vireo_req *r, vireo_error *error)
{
    return read_once(r, read_form, error);
}

const vireo_value *vireo_query_form(vireo_req *r, vireo_error *error)
{
    return read_once(r, read_query, error);
}

void *vireo_req_user(const vireo_req *r)
{
    return r->user;
}

vireo_app *vireo_req_app(const vireo_req *r)
{
    return r->app;
}

void vireo_on_abort(vireo_req *r, void (*fn)(vireo_req *r, void *user), void *user)
{
    if (r->answered)
        return;
    r->abort_fn = fn;
    r->abort_user = user;
}
