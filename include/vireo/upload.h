/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* upload.h: files and fields of a form that is sent as multipart/form-data (RFC 7578).
 *
 *     static int done(vireo_req *r, int error, void *user)
 *     {
 *         return error < 0 ? error : vireo_redirect(r, 303, "/");
 *     }
 *
 *     static int upload(vireo_req *r)
 *     {
 *         return vireo_multipart(r, .folder = "/var/uploads", .on_stored = stored, .on_end = done);
 *     }
 *     ...
 *     VIREO_POST("/upload", upload, .stream = true, .max_body_bytes = 100000000)
 *
 * With .stream, what arrives is passed on at once and never stands in memory as a whole. */

#ifndef VIREO_UPLOAD_H
#define VIREO_UPLOAD_H

#include <vireo/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file of a form. Texts are borrowed for the call they are given to. */
typedef struct vireo_file {
    const char *field; /* the field's name */
    /* what the client calls it: any text at all. Show it (escaped), never open it */
    const char *filename;
    const char *type; /* what the client takes it for; "" if it does not say */
    uint64_t size;    /* bytes so far */
    const char *path; /* where it is stored; NULL without a folder */
} vireo_file;

/* Options. A callback that returns a negative number ends the upload with that error. Limits: what
 * is beyond ends it with VIREO_ETOOBIG (413). */
typedef struct vireo_multipart_options {
    size_t size;
    void *user;
    /* a field is complete; |value| ends with a NUL. NULL: fields are passed over */
    int (*on_field)(vireo_req *r, const char *name, const char *value, size_t len, void *user);
    /* a file begins. NULL: every file is welcome */
    int (*on_file)(vireo_req *r, const vireo_file *file, void *user);
    /* a piece of it, len > 0. NULL: passed over, or stored in the folder */
    int (*on_data)(vireo_req *r, const vireo_file *file, const void *data, size_t len, void *user);
    /* it is complete */
    int (*on_stored)(vireo_req *r, const vireo_file *file, void *user);
    /* The form is over, told exactly once: 0 when all of it has come, else why not: VIREO_EPROTO
     * when it is malformed, VIREO_ECANCELLED after a reply of yours, VIREO_ECLOSED when the client
     * has gone away, or was answered for a body that cannot be read; then a reply has no effect.
     * Replies, or keeps the request, or returns a negative number as a handler does. Needed. */
    int (*on_end)(vireo_req *r, int error, void *user);
    /* files are stored here under random names, readable by this user alone. Those of an upload
     * that fails, or whose on_end returns a negative number, are removed again. Borrowed until
     * on_end */
    const char *folder;
    uint32_t max_parts;      /* fields and files; default 100 */
    uint32_t max_files;      /* default 10 */
    uint32_t max_head_bytes; /* of a part's header; default 4,096 */
    size_t max_field_bytes;  /* of a field's value; default 65,536 */
    uint64_t max_file_bytes; /* of each file; default: as much as the body may have */
} vireo_multipart_options;

/* vireo_multipart reads the body as a form; in a handler of a route. Uses vireo_on_body and
 * vireo_on_abort itself. vireo_body_pause and vireo_body_resume may be used. A file is written to
 * the folder on the loop's thread, piece by piece.
 *
 * Returns 0; VIREO_STATUS(415) if the body is no such form; VIREO_EINVAL without on_end or where
 * vireo_on_body would; VIREO_ENOMEM. */
#define vireo_multipart(r, ...)                                                                    \
    vireo_req_multipart((r), &(const vireo_multipart_options){                                     \
                                 .size = sizeof(vireo_multipart_options), __VA_ARGS__})
VIREO_API int vireo_req_multipart(vireo_req *r, const vireo_multipart_options *options);

#ifdef __cplusplus
}
#endif
#endif
