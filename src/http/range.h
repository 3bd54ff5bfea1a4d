/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* range.h: parts of a representation (RFC 9110 section 14). A codec.
 *
 *     Range: bytes=0-499, -500      of 10,000 bytes:   0 + 500, 9500 + 500
 *
 * Several parts are sent as one body of type multipart/byteranges, whose length is known before:
 *
 *     \r\n--B\r\nContent-Type: T\r\nContent-Range: bytes 0-499/10000\r\n\r\n  500 bytes
 *     \r\n--B\r\n ...
 *     \r\n--B--\r\n
 */

#ifndef VIREO_HTTP_RANGE_H
#define VIREO_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Of one request. Section 14.2 lets a server ignore Range for "many small ranges"; each costs a
 * head in the answer. */
#define VIREO__MAX_RANGES 16

typedef struct vireo__range {
    uint64_t first;
    uint64_t length; /* >= 1 */
} vireo__range;

typedef struct vireo__ranges {
    size_t count;
    vireo__range at[VIREO__MAX_RANGES];
} vireo__ranges;

typedef enum vireo__range_result {
    VIREO__RANGE_WHOLE, /* no Range that means anything: answer as if there were none */
    VIREO__RANGE_PARTS, /* 206 */
    VIREO__RANGE_NONE   /* none of them can be had: 416 */
} vireo__range_result;

/* vireo__range_read reads the value of a Range header against a representation of |size| bytes.
 * Parts that overlap or touch are made one, so that all parts together are never larger than the
 * whole; they stand in the order in which the client named them. */
vireo__range_result vireo__range_read(vireo__str text, uint64_t size, vireo__ranges *out);

/* vireo__range_write appends "bytes 0-499/10000", the value of Content-Range; for NULL "bytes
 * *\/10000", which goes with a 416. */
void vireo__range_write(vireo__buf *out, const vireo__range *range, uint64_t size);

#define VIREO__BOUNDARY_SIZE 25 /* of a boundary with its NUL */

/* vireo__range_part appends what stands before the bytes of a part, vireo__range_end what stands
 * behind the last one. |type| may be NULL. */
void vireo__range_part(vireo__buf *out, const char *boundary, const char *type,
                       const vireo__range *range, uint64_t size);
void vireo__range_end(vireo__buf *out, const char *boundary);

#endif
