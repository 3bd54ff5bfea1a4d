/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* upload.c: a form with files, read as it comes. All it has hangs on the request as a value, so
 * that whatever ends the request closes and removes what was not finished. */

#include <vireo/upload.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vireo/error.h>

#include "base/random.h"
#include "http/multipart.h"
#include "http/request.h"

enum { NAME_BYTES = 16 }; /* of randomness in the name of a file */

/* A file that was stored, and may have to be removed again. */
typedef struct stored {
    struct stored *next;
    char path[];
} stored;

typedef struct upload {
    vireo_req *req;
    vireo_multipart_options options;
    vireo__multipart reader;
    vireo__buf value; /* of a field */
    vireo_file file;  /* filename NULL: a field is being read */
    const char *name; /* of the field */
    stored *files;
    uint32_t files_left;
    int fd;    /* of the file that is being stored; -1 */
    bool over; /* on_end was called */
    bool kept; /* .. and takes the files */
} upload;

static const char upload_key;

/* --- files ------------------------------------------------------------------------------------ */

static void close_file(upload *u)
{
    if (u->fd >= 0)
        close(u->fd);
    u->fd = -1;
}

static stored *new_path(upload *u)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[NAME_BYTES];
    size_t n = strlen(u->options.folder);
    stored *s = malloc(sizeof *s + n + 1 + 2 * NAME_BYTES + 1);
    if (s == NULL)
        return NULL;
    vireo__random(bytes, sizeof bytes);
    char *at = stpcpy(stpcpy(s->path, u->options.folder), "/");
    for (int i = 0; i < NAME_BYTES; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    return s;
}

static int open_file(upload *u)
{
    stored *s = new_path(u);
    if (s == NULL)
        return VIREO_ENOMEM;
    u->fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (u->fd < 0) {
        int error = errno == ENOENT || errno == ENOTDIR ? -EIO : -errno; /* no 404: not its fault */
        free(s);
        return error;
    }
    s->next = u->files;
    u->files = s;
    u->file.path = s->path;
    return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* --- what the reader finds -------------------------------------------------------------------- */

static int begin_file(upload *u, const vireo__form_part *part)
{
    u->file = (vireo_file){.field = part->name,
                           .filename = part->filename,
                           .type = part->type != NULL ? part->type : ""};
    if (u->files_left-- == 0)
        return VIREO_ETOOBIG;
    int error =
        u->options.on_file != NULL ? u->options.on_file(u->req, &u->file, u->options.user) : 0;
    return error == 0 && u->options.folder != NULL && !u->req->answered ? open_file(u) : error;
}

static int on_part(void *user, const vireo__form_part *part)
{
    upload *u = user;
    u->file.filename = NULL;
    u->name = part->name;
    vireo__buf_reset(&u->value, 0);
    return part->filename != NULL ? begin_file(u, part) : 0;
}

static int take_file(upload *u, const void *data, size_t len)
{
    uint64_t max = u->options.max_file_bytes;
    u->file.size += len;
    if (max > 0 && u->file.size > max)
        return VIREO_ETOOBIG;
    int error = u->fd >= 0 ? write_all(u->fd, data, len) : 0;
    if (error < 0 || u->options.on_data == NULL)
        return error;
    return u->options.on_data(u->req, &u->file, data, len, u->options.user);
}

static int on_data(void *user, const void *data, size_t len)
{
    upload *u = user;
    if (u->req->answered)
        return VIREO_ECANCELLED; /* nobody wants the rest */
    if (u->file.filename != NULL)
        return take_file(u, data, len);
    if (len > u->options.max_field_bytes - u->value.len)
        return VIREO_ETOOBIG;
    return vireo__buf_append(&u->value, data, len);
}

static int on_part_end(void *user)
{
    upload *u = user;
    const vireo_multipart_options *o = &u->options;
    if (u->req->answered)
        return VIREO_ECANCELLED;
    if (u->file.filename != NULL) {
        close_file(u);
        return o->on_stored != NULL ? o->on_stored(u->req, &u->file, o->user) : 0;
    }
    const char *value = vireo__buf_cstr(&u->value);
    if (value == NULL)
        return VIREO_ENOMEM;
    return o->on_field != NULL ? o->on_field(u->req, u->name, value, u->value.len, o->user) : 0;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void free_upload(void *user)
{
    upload *u = user;
    close_file(u);
    while (u->files != NULL) {
        stored *s = u->files;
        u->files = s->next;
        if (!u->kept)
            unlink(s->path);
        free(s);
    }
    vireo__multipart_deinit(&u->reader);
    vireo__buf_deinit(&u->value);
    free(u);
}

static void finish(upload *u, int error)
{
    if (u->over)
        return;
    u->over = true;
    vireo_on_abort(u->req, NULL, NULL);
    int result = u->options.on_end(u->req, error, u->options.user);
    u->kept = error == 0 && result >= 0;
    if (result < 0)
        vireo_fail(u->req, result, NULL);
}

static void on_abort(vireo_req *r, void *user)
{
    (void)r;
    finish(user, VIREO_ECLOSED);
}

static void on_body(vireo_req *r, const void *data, size_t len, bool last, void *user)
{
    upload *u = user;
    if (u->over)
        return;
    int error = vireo__multipart_feed(&u->reader, data, len);
    if (error == 0 && r->answered)
        error = VIREO_ECANCELLED;
    if (error == 0 && last && !vireo__multipart_complete(&u->reader))
        error = VIREO_EPROTO;
    if (error < 0 || last)
        finish(u, error);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void fill_in(vireo_multipart_options *o)
{
    if (o->max_parts == 0)
        o->max_parts = 100;
    if (o->max_files == 0)
        o->max_files = 10;
    if (o->max_head_bytes == 0)
        o->max_head_bytes = 4096;
    if (o->max_field_bytes == 0)
        o->max_field_bytes = 65536;
}

static upload *new_upload(vireo_req *r, const vireo_multipart_options *options, vireo__str boundary)
{
    static const vireo__multipart_events events = {
        .part = on_part, .data = on_data, .end = on_part_end};
    upload *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->req = r;
    u->options = *options;
    u->files_left = options->max_files;
    u->fd = -1;
    vireo__buf_init(&u->value, VIREO__BUF_UNLIMITED); /* max_field_bytes */
    vireo__multipart_init(&u->reader, boundary, &events, u);
    u->reader.max_head_bytes = options->max_head_bytes;
    u->reader.parts_left = options->max_parts;
    return u;
}

int vireo_req_multipart(vireo_req *r, const vireo_multipart_options *options)
{
    vireo_multipart_options o = {0};
    vireo__str boundary;
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    fill_in(&o);
    const char *type = vireo_header(r, "content-type");
    if (o.on_end == NULL || vireo_req_get(r, &upload_key) != NULL)
        return VIREO_EINVAL;
    if (type == NULL || !vireo__multipart_boundary(type, &boundary))
        return VIREO_STATUS(415);
    upload *u = new_upload(r, &o, boundary);
    if (u == NULL)
        return VIREO_ENOMEM;
    if (vireo_req_set(r, &upload_key, u, free_upload) < 0) {
        free_upload(u);
        return VIREO_ENOMEM;
    }
    int error = vireo_on_body(r, on_body, u);
    if (error < 0) {
        u->over = true;
        return error;
    }
    vireo_on_abort(r, on_abort, u);
    return 0;
}
