/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* decode.h: the messages of one connection, put together to packets. */

#ifndef VIREO_SOCKETIO_DECODE_H
#define VIREO_SOCKETIO_DECODE_H

#include "payload/doc.h"
#include "socketio/codec.h"
#include "socketio/packet.h"
#include "socketio/partial.h"

/* What is known of a connection between two messages; all zero is the start. */
typedef struct vireo__sio_decoder {
    union {
        vireo__sio_partial *partial; /* a packet whose attachments are still arriving, or NULL */
        void *state; /* of a parser, where there is one; NULL until the first piece */
    };
} vireo__sio_decoder;

/* vireo__sio_decoder_feed takes one message.
 *
 * doc     where the packet's values are; borrowed until vireo__sio_decoder_done
 * packet  set when it is complete; valid until vireo__sio_decoder_done, as its views
 * why     on error, its text: what the official parser says, "invalid payload"
 * Returns 1: |packet| is complete; 0: more is to come; VIREO_EPROTO; VIREO_ENOMEM. Call
 * vireo__sio_decoder_done in each case. */
int vireo__sio_decoder_feed(vireo__sio_decoder *d, const vireo__sio_codec *codec, vireo__doc *doc,
                            const vireo_piece *piece, vireo__sio_packet *packet, vireo_error *why);

/* vireo__sio_decoder_done: the packet is handled, its values end. The decoder may have been
 * deinitialised meanwhile. */
void vireo__sio_decoder_done(vireo__sio_packet *packet, vireo__doc *doc);

/* vireo__sio_decoder_deinit: the connection is gone. */
void vireo__sio_decoder_deinit(vireo__sio_decoder *d, const vireo__sio_codec *codec);

#endif
