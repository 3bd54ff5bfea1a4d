/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* lines.h: header lines of many requests, kept for long: those of a Socket.IO client's handshake
 * can be asked for as long as it is connected.
 *
 * Browsers say about 600 bytes, and most of it as thousands of others do. A line that comes a
 * second time is kept once, and counted; from then on each who says it keeps four bytes. What is
 * kept of one request is a text of lines, in the order in which they came:
 *
 *     | name, NUL, value, NUL |      its own
 *     | 01 | number, 3 bytes |       shared: see vireo__lines.numbered
 *
 * The first byte tells them apart: names are tokens (RFC 9110 section 5.1), or made by us. */

#ifndef VIREO_ENGINEIO_LINES_H
#define VIREO_ENGINEIO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"

/* The lines that several share; of one loop. */
typedef struct vireo__lines {
    vireo__map shared; /* line -> struct vireo__line */
    struct vireo__line **numbered;
    uint32_t count; /* numbers given so far */
    uint32_t cap;
    uint32_t unused; /* one more than a number that is free again, from there on a chain; 0: none */
    uint32_t *seen;  /* hashes of lines that came of late; NULL until the first comes */
} vireo__lines;

void vireo__lines_init(vireo__lines *lines, vireo__hash_key key);
void vireo__lines_deinit(vireo__lines *lines); /* all must be dropped */

/* vireo__lines_add appends a line to |kept|. Returns kept->error: then all of |kept| must be
 * dropped, as far as it came. */
int vireo__lines_add(vireo__lines *lines, vireo__buf *kept, const char *name, const char *value);

/* vireo__lines_drop: |kept|, |n| bytes, is not needed any more. */
void vireo__lines_drop(vireo__lines *lines, const uint8_t *kept, size_t n);

/* vireo__lines_next moves |*kept| and |*n| behind the first line and tells it; valid as long as
 * that is kept. Returns false at the end. */
bool vireo__lines_next(const vireo__lines *lines, const uint8_t **kept, size_t *n,
                       const char **name, const char **value);

/* vireo__lines_get returns the value of the first line of that name, or NULL. */
const char *vireo__lines_get(const vireo__lines *lines, const uint8_t *kept, size_t n,
                             const char *name);

#endif
