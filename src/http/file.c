/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* file.c: a file as a reply: the whole of it, the ranges that were asked for (RFC 9110 section 14),
 * or nothing of it, under the conditions of section 13. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vireo/negotiate.h>

#include "base/random.h"
#include "http/conditions.h"
#include "http/mime.h"
#include "http/request.h"

enum {
    WHOLE_FILE = 65536, /* bytes; up to here head and body are one piece and one system call */
    ETAG_SIZE = 64,
    SETTLED_S = 2, /* seconds after which a file's time of change tells one state of it */
};

/* What is being answered. */
typedef struct reply {
    vireo_req *r;
    const vireo__file *file;
    struct stat st;
    char etag[ETAG_SIZE];
    vireo__validators validators;
    vireo__reply_head head;
    char type[80];     /* of several ranges */
    bool compressible; /* as it is sent: see vireo_compress */
    vireo__body body;
} reply;

/* --- validators ------------------------------------------------------------------------------- */

/* Size and time of change, which is what a file's state can be known by without reading it. Weak
 * (section 8.8.1) as long as another change could still have the same time. */
static void validate(reply *p)
{
    const struct stat *st = &p->st;
    const char *coding = p->file->coding;
    vireo__app_date(p->r->app);
    bool settled = st->st_mtim.tv_sec + SETTLED_S <= p->r->app->date_at;
    snprintf(p->etag, sizeof p->etag, "%s\"%llx-%llx%08lx%s%s\"", settled ? "" : "W/",
             (unsigned long long)st->st_size, (unsigned long long)st->st_mtim.tv_sec,
             (unsigned long)st->st_mtim.tv_nsec, coding != NULL ? "-" : "",
             coding != NULL ? coding : "");
    p->validators = (vireo__validators){
        .etag = p->etag, .modified = st->st_mtim.tv_sec, .has_modified = true, .settled = settled};
}

static int check_conditions(const reply *p)
{
    const vireo_req *r = p->r;
    const char *method = vireo_method(r);
    vireo__conditions c = {
        .if_match = vireo_header(r, "if-match"),
        .if_none_match = vireo_header(r, "if-none-match"),
        .if_modified_since = vireo_header(r, "if-modified-since"),
        .if_unmodified_since = vireo_header(r, "if-unmodified-since"),
        .reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0,
    };
    return vireo__conditions_check(&c, &p->validators);
}

/* --- headers ---------------------------------------------------------------------------------- */

static void add_header(vireo_req *r, const char *name, const char *value)
{
    vireo__buf *b = &r->reply_headers;
    vireo__buf_append_str(b, name);
    vireo__buf_append_str(b, ": ");
    vireo__buf_append_str(b, value);
    vireo__buf_append_str(b, "\r\n");
}

static void add_range_header(vireo_req *r, const vireo__range *range, uint64_t size)
{
    vireo__buf *b = &r->reply_headers;
    vireo__buf_append_str(b, "Content-Range: ");
    vireo__range_write(b, range, size);
    vireo__buf_append_str(b, "\r\n");
}

static bool has_type(const vireo_req *r)
{
    size_t from = 0;
    vireo__str value;
    return vireo__reply_header_next(&r->reply_headers, &from, "content-type:", &value);
}

/* Those of a 304 are what a cache needs to go on with what it has (section 15.4.5). */
static int add_headers(reply *p, bool fresh)
{
    char date[VIREO__HTTP_DATE_SIZE];
    vireo_req *r = p->r;
    vireo__http_date_write(date, p->st.st_mtim.tv_sec);
    add_header(r, "Last-Modified", date);
    if (p->file->cache != NULL)
        add_header(r, "Cache-Control", p->file->cache);
    add_header(r, "ETag", p->etag);
    if (p->file->vary || p->compressible)
        vireo_vary(r, "Accept-Encoding");
    if (fresh)
        return r->reply_headers.error;
    add_header(r, "Accept-Ranges", "bytes");
    if (p->file->coding != NULL)
        add_header(r, "Content-Encoding", p->file->coding);
    return r->reply_headers.error;
}

/* --- the body --------------------------------------------------------------------------------- */

static void add_piece(vireo__body *body, bool of_text, uint64_t at, uint64_t length)
{
    body->pieces[body->count++] = (vireo__piece){of_text, at, length};
}

/* Texts between the ranges stand in one piece of memory; the pieces are views into it. */
static int plan_parts(reply *p, const vireo__ranges *ranges)
{
    uint8_t random[(VIREO__BOUNDARY_SIZE - 1) / 2];
    char boundary[VIREO__BOUNDARY_SIZE];
    vireo__buf text;
    uint64_t size = (uint64_t)p->st.st_size;
    vireo__random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(boundary + 2 * i, 3, "%02x", random[i]);
    vireo__buf_init(&text, VIREO__BUF_UNLIMITED);
    for (size_t i = 0; i < ranges->count; i++) {
        size_t at = text.len;
        vireo__range_part(&text, boundary, p->head.type, &ranges->at[i], size);
        add_piece(&p->body, true, at, text.len - at);
        add_piece(&p->body, false, ranges->at[i].first, ranges->at[i].length);
    }
    size_t at = text.len;
    vireo__range_end(&text, boundary);
    add_piece(&p->body, true, at, text.len - at);
    p->body.text = text.error == 0 ? vireo__shared_copy(text.data, text.len) : NULL;
    vireo__buf_deinit(&text);
    snprintf(p->type, sizeof p->type, "multipart/byteranges; boundary=%s", boundary);
    p->head.type = p->type;
    return p->body.text != NULL ? 0 : VIREO_ENOMEM;
}

/* Section 14.2: "For this specification, GET is the only method for which range handling is
 * defined". */
static vireo__range_result wanted(const reply *p, vireo__ranges *ranges)
{
    const char *text = vireo_header(p->r, "range");
    if (text == NULL || p->r->parse.llhttp.method != HTTP_GET ||
        !vireo__if_range(vireo_header(p->r, "if-range"), &p->validators))
        return VIREO__RANGE_WHOLE;
    vireo__range_result result =
        vireo__range_read(vireo__str_of(text), (uint64_t)p->st.st_size, ranges);
    /* Several ranges need a type of their own, and it is taken. */
    bool other = result == VIREO__RANGE_PARTS && ranges->count > 1 && p->head.type == NULL;
    return other ? VIREO__RANGE_WHOLE : result;
}

static int plan_body(reply *p)
{
    vireo__ranges ranges;
    uint64_t size = (uint64_t)p->st.st_size;
    p->head.status = 200;
    switch (wanted(p, &ranges)) {
    case VIREO__RANGE_NONE:
        return VIREO_STATUS(416);
    case VIREO__RANGE_WHOLE:
        if (size > 0)
            add_piece(&p->body, false, 0, size);
        return 0;
    default:
        p->head.status = 206;
        if (ranges.count > 1)
            return plan_parts(p, &ranges);
        add_range_header(p->r, &ranges.at[0], size);
        add_piece(&p->body, false, ranges.at[0].first, ranges.at[0].length);
        return p->r->reply_headers.error;
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

static int read_piece(const vireo__body *body, const vireo__piece *piece, uint8_t *to)
{
    size_t n = (size_t)piece->length;
    if (piece->of_text)
        memcpy(to, body->text->data + piece->at, n);
    for (size_t at = 0; !piece->of_text && at < n;) {
        ssize_t got = pread(body->fd, to + at, n - at, (off_t)(piece->at + at));
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        at += (size_t)got;
    }
    return 0;
}

/* A small body is read before anything is answered: if it cannot be read, the handler can still say
 * so. */
static int send_small(reply *p)
{
    vireo_req *r = p->r;
    vireo__conn *c = r->conn;
    bool last;
    int error = vireo__req_head(r, &p->head, &last);
    const vireo__buf *text = &r->app->head;
    vireo__shared *whole =
        error == 0 ? vireo__shared_new(text->len + (size_t)p->head.length) : NULL;
    if (whole == NULL)
        error = VIREO_ENOMEM;
    uint8_t *to = whole != NULL ? whole->data + text->len : NULL;
    for (size_t i = 0; error == 0 && i < p->body.count; to += p->body.pieces[i++].length)
        error = read_piece(&p->body, &p->body.pieces[i], to);
    vireo__body_end(&p->body);
    if (error == 0) {
        memcpy(whole->data, text->data, text->len);
        if (whole->len > c->stream->max_queued / 4)
            error = vireo__send_shared(c, vireo__shared_ref(whole));
        else if (vireo__req_write(r, whole) == VIREO_ENOMEM)
            error = VIREO_ENOMEM;
    }
    vireo__shared_unref(whole);
    if (error == 0)
        vireo__conn_answered(c, r, last);
    return error;
}

static int send_large(reply *p)
{
    vireo__conn *c = p->r->conn;
    bool last;
    int error = vireo__req_head(p->r, &p->head, &last);
    if (error == 0)
        error = vireo__stream_write_copy(c->stream, p->r->app->head.data, p->r->app->head.len);
    if (error == 0)
        error = vireo__send_body(c, &p->body);
    else
        vireo__body_end(&p->body);
    if (error == VIREO_ENOMEM)
        vireo__stream_close(c->stream, error);
    vireo__conn_answered(c, p->r, last);
    return error == VIREO_ENOMEM ? error : 0;
}

/* What needs no bytes of the file. */
static int send_head(reply *p)
{
    bool last;
    vireo__body_end(&p->body);
    int error = vireo__req_head(p->r, &p->head, &last);
    if (error == 0)
        error = vireo__req_write_head(p->r);
    if (error == VIREO_ENOMEM)
        return error;
    vireo__conn_answered(p->r->conn, p->r, last);
    return 0;
}

/* The whole file is read and answered as any handler's reply, which is where it is compressed. */
static int send_compressible(reply *p)
{
    size_t n = (size_t)p->head.length;
    uint8_t *bytes = malloc(n);
    int error = bytes != NULL ? read_piece(&p->body, &p->body.pieces[0], bytes) : VIREO_ENOMEM;
    vireo__body_end(&p->body);
    if (error == 0)
        error = vireo_reply(p->r, 200, p->head.type, bytes, n);
    free(bytes);
    return error;
}

static int send_reply(reply *p)
{
    p->head.length = vireo__body_length(&p->body);
    if (p->compressible && p->head.status == 200 && !vireo__req_is_head(p->r))
        return send_compressible(p);
    bool empty = vireo__req_is_head(p->r) || p->head.length == 0;
    p->r->reply_bytes = empty ? 0 : p->head.length;
    if (empty)
        return send_head(p);
    return p->head.length <= WHOLE_FILE ? send_small(p) : send_large(p);
}

static int send_fresh(reply *p)
{
    p->head = (vireo__reply_head){.status = 304, .no_length = true};
    p->r->reply_bytes = 0;
    return send_head(p);
}

/* 412, 416: the headers of the file are taken back. */
static int refuse(reply *p, int status, size_t before)
{
    vireo_req *r = p->r;
    vireo__body_end(&p->body);
    r->reply_headers.len = before;
    if (status == 416)
        add_range_header(r, NULL, (uint64_t)p->st.st_size);
    return vireo_reply_text(r, status, vireo__status_text(status));
}

static int answer(reply *p, size_t before)
{
    validate(p);
    int status = check_conditions(p);
    if (status == 412)
        return refuse(p, 412, before);
    if (!has_type(p->r))
        p->head.type = vireo__mime_type(p->file->name);
    p->compressible =
        p->file->coding == NULL && vireo__compress_may(p->r, p->head.type, (uint64_t)p->st.st_size);
    int error = add_headers(p, status == 304);
    if (error == 0 && status == 304)
        return send_fresh(p);
    if (error == 0)
        error = plan_body(p);
    if (error == VIREO_STATUS(416))
        return refuse(p, 416, before);
    if (error == 0)
        return send_reply(p);
    vireo__body_end(&p->body);
    return error;
}

int vireo__reply_open_file(vireo_req *r, int fd, const vireo__file *file)
{
    reply p = {.r = r, .file = file, .body = {.fd = fd}};
    size_t before = r->reply_headers.len;
    if (fstat(fd, &p.st) < 0 || !S_ISREG(p.st.st_mode)) {
        close(fd);
        return VIREO_ENOTFOUND;
    }
    int error = answer(&p, before);
    if (error < 0 && !r->answered) {
        r->reply_headers.len = before;
        r->reply_headers.error = 0;
        r->status = 0;
    }
    return error;
}

/* O_NONBLOCK: a FIFO that nobody writes to must not stop the loop; it is then refused as no regular
 * file. */
int vireo_reply_file(vireo_req *r, const char *path)
{
    if (vireo__req_closed(r))
        return VIREO_EANSWERED;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int error = vireo__reply_open_file(r, fd, &(vireo__file){.name = path});
    return error == VIREO_ENOTFOUND ? -ENOENT : error;
}
