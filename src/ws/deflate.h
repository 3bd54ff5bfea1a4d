/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* deflate.h: the payloads of permessage-deflate (RFC 7692 section 7.2) on zlib, no I/O.
 *
 *     message --deflate, sync flush--> .. 00 00 FF FF   the last four bytes are not sent
 *                                      '-> frame: RSV1 set
 *
 * zlib's states are large (a compressor 256 KiB, a decompressor 7 KiB and its window). A connection
 * owns one only for a direction with context takeover. All else is done with those in |zlib|, which
 * all connections of a thread share: a compressor for the length of one call, a decompressor while
 * a message is in work.
 */

#ifndef VIREO_WS_DEFLATE_H
#define VIREO_WS_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shared.h"
#include "ws/extension.h"

typedef struct vireo__ws_zlib vireo__ws_zlib;

/* vireo__ws_zlib_new returns new: what the connections of one thread share. NULL when memory runs
 * out. */
vireo__ws_zlib *vireo__ws_zlib_new(void);
void vireo__ws_zlib_free(vireo__ws_zlib *zlib); /* NULL is allowed */

/* vireo__ws_zlib_forget drops the frame that was compressed last: see vireo__ws_deflate_frame. */
void vireo__ws_zlib_forget(vireo__ws_zlib *zlib);

/* A connection's part; exists only where compression was agreed. */
typedef struct vireo__ws_deflate {
    vireo__ws_zlib *zlib;             /* borrowed */
    const vireo_ws_deflate *settings; /* borrowed */
    struct z_stream_s *out;           /* its own, with takeover, from the first message on */
    struct z_stream_s *in; /* its own; without takeover: one of |zlib|'s, while in work */
    size_t budget; /* bytes that may be inflated until the caller gives more: see message.h */
    vireo__ws_agreed agreed;
    bool in_ended;    /* the compressed data has said that nothing follows */
    bool in_complete; /* the bytes of this message so far may be all: it is between two blocks */
    bool in_full;     /* the room was not enough: there may be more without further input */
} vireo__ws_deflate;

/* vireo__ws_deflate_new returns new; |zlib| and |settings| must live as long. NULL when memory runs
 * out. */
vireo__ws_deflate *vireo__ws_deflate_new(vireo__ws_zlib *zlib, const vireo_ws_deflate *settings,
                                         const vireo__ws_agreed *agreed);
void vireo__ws_deflate_free(vireo__ws_deflate *d); /* NULL is allowed */

/* vireo__ws_deflate_frame makes of a whole message's frame (frame.h) the one that is sent.
 *
 * Messages that are plain (base/shared.h), those below the threshold, and those that do not get
 * smaller without takeover, stay as they are. Without takeover the result is remembered: asked again for the same frame, on any connection
 * of |zlib| with the same parameters, it is given again. So a broadcast is compressed once.
 *
 * Returns 0 and a reference in |*out|, of |frame| itself perhaps; or VIREO_ENOMEM. */
int vireo__ws_deflate_frame(vireo__ws_deflate *d, vireo__shared *frame, vireo__shared **out);

/* vireo__ws_deflate_lost: the frame that was made last will not be sent, and the next one must not
 * refer to it. */
void vireo__ws_deflate_lost(vireo__ws_deflate *d);

/* --- in --------------------------------------------------------------------------------------- */

/* vireo__ws_inflate_begin begins a message. Returns 0 or VIREO_ENOMEM. */
int vireo__ws_inflate_begin(vireo__ws_deflate *d);

/* vireo__ws_inflate goes on with it.
 *
 * in, n   compressed bytes; both are moved on by what was read
 * out     |*room| bytes; *room becomes what was written. It is all of the room when more is to come
 *         even without further input; with less, all input was read
 * Returns 0, VIREO_EINVAL when the bytes are no compressed data, VIREO_ENOMEM. */
int vireo__ws_inflate(vireo__ws_deflate *d, const uint8_t **in, size_t *n, uint8_t *out,
                      size_t *room);

/* vireo__ws_inflate_complete tells whether the compressed data may end here: behind a block, at a
 * byte's border. What a sender has shortened by four bytes is not complete without them; what is
 * (an empty message, a final block, a sender that has not shortened it) must not get them. */
bool vireo__ws_inflate_complete(const vireo__ws_deflate *d);

/* vireo__ws_inflate_end ends the message. Returns 0; VIREO_EINVAL when it stops in the middle of
 * the compressed data. */
int vireo__ws_inflate_end(vireo__ws_deflate *d);

#endif
