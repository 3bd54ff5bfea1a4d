/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* coding.h: content codings (RFC 9110 section 8.4.1): gzip, and "deflate", which is the zlib format
 * of RFC 1950; on the way out also brotli (RFC 7932), where its library was found. A codec: bytes
 * in, bytes out, as many as there is room for. */

#ifndef VIREO_HTTP_CODING_H
#define VIREO_HTTP_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef enum vireo__coding {
    VIREO__CODING_NONE, /* no header, an empty one, or "identity" */
    VIREO__CODING_GZIP,
    VIREO__CODING_DEFLATE,
    VIREO__CODING_BROTLI, /* not read */
    VIREO__CODING_UNKNOWN /* another one, or several on top of each other */
} vireo__coding;

/* vireo__coding_read reads the value of a Content-Encoding header; NULL: there is none. */
vireo__coding vireo__coding_read(const char *value);

/* vireo__coding_name returns "gzip", "deflate" or "br". */
const char *vireo__coding_name(vireo__coding coding);

/* Bytes on their way in or out; moved on by the steps below. */
typedef struct vireo__coding_io {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len; /* room left */
} vireo__coding_io;

/* vireo__inflater_new returns new: memory to decode one body; NULL when memory runs out. */
typedef struct vireo__inflater vireo__inflater;
vireo__inflater *vireo__inflater_new(vireo__coding coding);
void vireo__inflater_free(vireo__inflater *inflater); /* NULL is allowed */

/* vireo__inflater_step decodes until the input is used up or the room is full. Returns 0,
 * VIREO_EPROTO for what is not well-formed, VIREO_ENOMEM. */
int vireo__inflater_step(vireo__inflater *inflater, vireo__coding_io *io);

/* vireo__inflater_ended tells whether the input so far is whole. */
bool vireo__inflater_ended(const vireo__inflater *inflater);

/* vireo__encodes tells whether there is an encoder for |coding|. */
bool vireo__encodes(vireo__coding coding);

/* vireo__encoder_new returns new: memory to encode one body; NULL when memory runs out.
 *
 * level   1 (fast) .. 9 (small) */
typedef struct vireo__encoder vireo__encoder;
vireo__encoder *vireo__encoder_new(vireo__coding coding, int level);
void vireo__encoder_free(vireo__encoder *encoder); /* NULL is allowed */

typedef enum vireo__encode_mode {
    VIREO__ENCODE_MORE,  /* collect for a better result */
    VIREO__ENCODE_FLUSH, /* the receiver can read all that came so far */
    VIREO__ENCODE_END
} vireo__encode_mode;

/* vireo__encoder_step encodes. Call it again while there is no room left behind it. */
void vireo__encoder_step(vireo__encoder *encoder, vireo__coding_io *io, vireo__encode_mode mode);

/* vireo__encode_whole encodes one body into |out|, which is emptied first and keeps memory for the
 * next. False when that would be no smaller, or memory runs out. */
bool vireo__encode_whole(vireo__buf *out, vireo__coding coding, int level, const void *body,
                         size_t len);

#endif
