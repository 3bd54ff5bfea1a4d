/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* encode.h: a packet on its way out through a parser. */

#ifndef VIREO_SOCKETIO_ENCODE_H
#define VIREO_SOCKETIO_ENCODE_H

#include "base/shared.h"
#include "base/str.h"
#include "payload/attachments.h"
#include "socketio/codec.h"
#include "socketio/packet.h"

/* The messages of one packet, as frames (ws/frame.h). Holds a reference to each. */
struct vireo_pieces {
    vireo__shared **frames;
    uint32_t count;
    uint32_t room;
    int error;
};

/* vireo__pieces_release lets go of them, and leaves it empty. */
void vireo__pieces_release(vireo_pieces *pieces);

/* vireo__pieces_copy takes references of its own to all of them. Returns 0 or VIREO_ENOMEM. */
int vireo__pieces_copy(vireo_pieces *to, const vireo_pieces *from);

/* vireo__sio_encode has the parser of |codec| write a packet.
 *
 * pieces  all zero; release it
 * ns      ended by a NUL, as |id|: digits, or NULL for none
 * json    its data, "" for none, with placeholders for the |count| |parts|
 * Returns 0, what the parser returned, VIREO_EINVAL if that has written nothing, VIREO_EJSON,
 * VIREO_EDEPTH, VIREO_EPROTO (more placeholders than parts), VIREO_ENOMEM. */
int vireo__sio_encode(vireo_pieces *pieces, const vireo__sio_codec *codec, vireo__sio_type type,
                      const char *ns, const char *id, vireo__str json,
                      const vireo__attachment *parts, size_t count);

#endif
