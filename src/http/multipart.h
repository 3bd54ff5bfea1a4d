/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* multipart.h: multipart/form-data (RFC 7578, RFC 2046 section 5.1). A codec: bytes in, parts and
 * pieces of their content out.
 *
 *     --B\r\n
 *     Content-Disposition: form-data; name="photo"; filename="me.jpg"\r\n
 *     Content-Type: image/jpeg\r\n
 *     \r\n
 *     ..bytes..
 *     \r\n--B\r\n
 *     ..
 *     \r\n--B--\r\n
 *
 * Strict where two readers could differ: line ends are CR LF, each part has exactly one name, what
 * stands before the first boundary or behind the last is refused unless it is an empty line.
 * Content is passed on where it stands; what could still be the beginning of a boundary is held
 * back, and is never longer than one. */

#ifndef VIREO_HTTP_MULTIPART_H
#define VIREO_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define VIREO__BOUNDARY_MAX 70 /* bytes of a boundary; RFC 2046 section 5.1.1 */

/* What a part's header says; texts end with a NUL and are borrowed until its end. */
typedef struct vireo__form_part {
    const char *name;
    const char *filename; /* NULL: a field; as the client has it, never a path to be used */
    const char *type;     /* Content-Type, NULL if there is none */
} vireo__form_part;

/* Called in order: part, data*, end. A negative result ends the reading and is returned. */
typedef struct vireo__multipart_events {
    int (*part)(void *user, const vireo__form_part *part);
    int (*data)(void *user, const void *data, size_t len); /* len > 0 */
    int (*end)(void *user);
} vireo__multipart_events;

typedef struct vireo__multipart {
    const vireo__multipart_events *events;
    void *user;
    vireo__buf head; /* the part's lines, and behind them what they mean */
    uint32_t max_head_bytes;
    uint32_t parts_left;
    uint8_t state;
    uint8_t matched;                         /* bytes of the delimiter that have come */
    uint8_t delimiter_len;                   /* 4 + the boundary's */
    char delimiter[4 + VIREO__BOUNDARY_MAX]; /* CR LF - - boundary */
} vireo__multipart;

/* vireo__multipart_boundary finds the boundary in the value of a Content-Type header. False unless
 * it is multipart/form-data with one. |out| borrows from |type|. */
bool vireo__multipart_boundary(const char *type, vireo__str *out);

/* vireo__multipart_init prepares a reader; |boundary| is 1..VIREO__BOUNDARY_MAX bytes. */
void vireo__multipart_init(vireo__multipart *m, vireo__str boundary,
                           const vireo__multipart_events *events, void *user);
void vireo__multipart_deinit(vireo__multipart *m);

/* vireo__multipart_feed reads more. Returns 0; VIREO_EPROTO for what is not well-formed;
 * VIREO_ETOOBIG for more parts or a larger head than it may have; VIREO_ENOMEM; or what an event
 * returned. Not to be called again after an error. */
int vireo__multipart_feed(vireo__multipart *m, const void *data, size_t len);

/* vireo__multipart_complete tells whether the last boundary has come. */
bool vireo__multipart_complete(const vireo__multipart *m);

#endif
