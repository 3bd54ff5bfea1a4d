/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* file.c: a file as a reply, with the conditions of RFC 9110 section 13 under which it need not be
 * sent again. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/mime.h"
#include "http/request.h"

enum {
    WHOLE_FILE = 65536, /* bytes; up to here head and file are one piece and one system call */
    ETAG_SIZE = 48,
};

/* Size and time of change, which is what a file's state can be known by without reading it. Weak
 * (section 8.8.1), since two changes within the clock's grain look the same. */
static void make_etag(char out[ETAG_SIZE], const struct stat *st)
{
    snprintf(out, ETAG_SIZE, "W/\"%llx-%llx%08lx\"", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec);
}

static const char *opaque(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* Section 13.1.2: "A recipient MUST use the weak comparison function when comparing entity tags for
 * If-None-Match". A tag may hold commas, so the list is cut at its quotes. */
static bool tag_listed(const char *list, const char *etag)
{
    const char *wanted = opaque(etag);
    size_t n = strlen(wanted);
    if (strcmp(list, "*") == 0)
        return true;
    for (const char *open; (open = strchr(list, '"')) != NULL;) {
        const char *end = strchr(open + 1, '"');
        if (end == NULL)
            return false;
        if ((size_t)(end - open) + 1 == n && memcmp(open, wanted, n) == 0)
            return true;
        list = end + 1;
    }
    return false;
}

/* Section 13.1.3: "A recipient MUST ignore If-Modified-Since if the request contains an
 * If-None-Match header field". */
static bool not_modified(const vireo_req *r, const char *etag, int64_t mtime)
{
    const char *tags = vireo_header(r, "if-none-match");
    if (tags != NULL)
        return tag_listed(tags, etag);
    const char *since = vireo_header(r, "if-modified-since");
    int64_t seconds;
    return since != NULL && vireo__http_date_read(since, &seconds) && mtime <= seconds;
}

static int add_header(vireo_req *r, const char *name, const char *value)
{
    vireo__buf *b = &r->reply_headers;
    vireo__buf_append_str(b, name);
    vireo__buf_append_str(b, ": ");
    vireo__buf_append_str(b, value);
    return vireo__buf_append_str(b, "\r\n");
}

static int read_whole(int fd, uint8_t *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = pread(fd, to + at, n - at, (off_t)at);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        at += (size_t)got;
    }
    return 0;
}

/* A small file is read before anything is answered: if it cannot be read, the handler can still say
 * so. */
static int send_small(vireo_req *r, vireo__reply_head *head, int fd)
{
    vireo__conn *c = r->conn;
    size_t n = (size_t)head->length;
    bool last;
    int error = vireo__req_head(r, head, &last);
    const vireo__buf *text = &c->app->head;
    vireo__shared *whole = error == 0 ? vireo__shared_new(text->len + n) : NULL;
    error = whole == NULL ? VIREO_ENOMEM : read_whole(fd, whole->data + text->len, n);
    close(fd);
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

static int send_large(vireo_req *r, vireo__reply_head *head, int fd)
{
    vireo__conn *c = r->conn;
    bool last;
    int error = vireo__req_head(r, head, &last);
    if (error == 0)
        error = vireo__stream_write_copy(c->stream, c->app->head.data, c->app->head.len);
    if (error == 0)
        error = vireo__send_file(c, fd, head->length);
    else
        close(fd);
    if (error == VIREO_ENOMEM)
        vireo__stream_close(c->stream, error);
    vireo__conn_answered(c, r, last);
    return error == VIREO_ENOMEM ? error : 0;
}

/* What needs no bytes of the file. */
static int send_head(vireo_req *r, vireo__reply_head *head)
{
    vireo__conn *c = r->conn;
    bool last;
    int error = vireo__req_head(r, head, &last);
    if (error == 0)
        error = vireo__req_write_head(r);
    if (error == VIREO_ENOMEM)
        return error;
    vireo__conn_answered(c, r, last);
    return 0;
}

static int add_file_headers(vireo_req *r, const char *etag, int64_t mtime, const char *cache)
{
    char date[VIREO__HTTP_DATE_SIZE];
    vireo__http_date_write(date, mtime);
    add_header(r, "Last-Modified", date);
    if (cache != NULL)
        add_header(r, "Cache-Control", cache);
    return add_header(r, "ETag", etag);
}

static bool has_type(const vireo_req *r)
{
    const vireo__buf *b = &r->reply_headers;
    static const char name[] = "\r\nContent-Type:";
    if (b->len >= sizeof name &&
        vireo__str_equal_nocase((vireo__str){(const char *)b->data, sizeof name - 3}, name + 2))
        return true;
    for (size_t i = 0; i + sizeof name <= b->len; i++)
        if (vireo__str_equal_nocase((vireo__str){(const char *)b->data + i, sizeof name - 1}, name))
            return true;
    return false;
}

int vireo__reply_open_file(vireo_req *r, int fd, const char *path, const char *cache)
{
    struct stat st;
    char etag[ETAG_SIZE];
    size_t before = r->reply_headers.len;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return VIREO_ENOTFOUND;
    }
    make_etag(etag, &st);
    int error = add_file_headers(r, etag, st.st_mtim.tv_sec, cache);
    bool fresh = not_modified(r, etag, st.st_mtim.tv_sec);
    vireo__reply_head head = {
        .status = fresh ? 304 : 200, .length = (uint64_t)st.st_size, .no_length = fresh};
    if (!fresh && !has_type(r))
        head.type = vireo__mime_type(path);
    bool empty = fresh || vireo__req_is_head(r) || st.st_size == 0;
    r->reply_bytes = empty ? 0 : head.length;
    if (empty || error < 0)
        close(fd);
    if (error == 0 && empty)
        error = send_head(r, &head);
    else if (error == 0)
        error = st.st_size <= WHOLE_FILE ? send_small(r, &head, fd) : send_large(r, &head, fd);
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
    int error = vireo__reply_open_file(r, fd, path, NULL);
    return error == VIREO_ENOTFOUND ? -ENOENT : error;
}
