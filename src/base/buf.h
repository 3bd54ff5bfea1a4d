/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* buf.h: the one growable buffer. Everything that is built or collected byte by byte uses it.
 *
 * A buffer has a maximum from its start, so that no peer decides how large it grows. A failed
 * append (out of memory, over the maximum) sticks in |error| and later appends do nothing: a writer
 * appends all its parts and looks at |error| once at the end.
 */

#ifndef VIREO_BASE_BUF_H
#define VIREO_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

typedef struct vireo__buf {
    uint8_t *data; /* NULL while nothing was appended */
    size_t len;
    size_t cap;
    size_t max; /* bytes |len| may reach */
    int error;  /* 0, VIREO_ENOMEM or VIREO_ETOOBIG */
} vireo__buf;

#define VIREO__BUF_UNLIMITED (SIZE_MAX / 2)

/* vireo__buf_init prepares an empty buffer; allocates nothing. */
void vireo__buf_init(vireo__buf *b, size_t max);

/* vireo__buf_deinit frees its memory and leaves an empty buffer with the same maximum. */
void vireo__buf_deinit(vireo__buf *b);

/* vireo__buf_reset empties it and forgets its error; keeps the memory unless more than |keep| bytes
 * are allocated. */
void vireo__buf_reset(vireo__buf *b, size_t keep);

/* vireo__buf_reserve makes room for |extra| more bytes and returns where they go (data + len); the
 * caller writes there and adds to len. NULL on failure, which sticks. |extra| 0 is allowed. */
uint8_t *vireo__buf_reserve(vireo__buf *b, size_t extra);

/* The appends return the sticky error. */
int vireo__buf_append(vireo__buf *b, const void *data, size_t n);
int vireo__buf_append_str(vireo__buf *b, const char *text);
int vireo__buf_append_byte(vireo__buf *b, uint8_t byte);
int vireo__buf_append_u64(vireo__buf *b, uint64_t n); /* in decimal */

/* vireo__buf_consume removes |n| bytes (at most len) from the front. */
void vireo__buf_consume(vireo__buf *b, size_t n);

/* vireo__buf_cstr appends a NUL that does not count in len, and returns the text; NULL on
 * failure. */
const char *vireo__buf_cstr(vireo__buf *b);

#endif
