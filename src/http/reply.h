/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* reply.h: the head of a reply, written; dates, read and written. A codec: no I/O, no clock. */

#ifndef VIREO_HTTP_REPLY_H
#define VIREO_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define VIREO__HTTP_DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

/* vireo__http_date_write writes |seconds| since 1970 as RFC 9110 section 5.6.7 wants it; never
 * depends on the locale. */
void vireo__http_date_write(char out[VIREO__HTTP_DATE_SIZE], int64_t seconds);

/* vireo__http_date_read reads the three forms of section 5.6.7. False for anything else. */
bool vireo__http_date_read(const char *text, int64_t *seconds);

/* vireo__status_text returns the reason phrase of a status; "" for one that has none. Static. */
const char *vireo__status_text(int status);

typedef enum vireo__reply_connection {
    VIREO__CONNECTION_PLAIN, /* no Connection header */
    VIREO__CONNECTION_CLOSE,
    VIREO__CONNECTION_KEEP /* for HTTP/1.0 */
} vireo__reply_connection;

typedef struct vireo__reply_head {
    int status;
    const char *type; /* Content-Type; a text type without a charset gets utf-8; may be NULL */
    const char *date;
    const void *extra; /* further headers, each line ended by \r\n */
    size_t extra_len;
    uint64_t length; /* of the body */
    bool no_length;  /* no Content-Length, as for a 304 without a body to measure */
    bool chunked;    /* with no_length: Transfer-Encoding: chunked */
    vireo__reply_connection connection;
} vireo__reply_head;

/* vireo__reply_head_write appends status line, headers and the empty line. A failure sticks in
 * |out|. */
void vireo__reply_head_write(vireo__buf *out, const vireo__reply_head *head);

/* vireo__header_value_valid tells whether |value| may stand in a header: no control characters but
 * the tab. */
bool vireo__header_value_valid(const char *value);

#endif
